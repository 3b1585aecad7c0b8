package hipflask

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// What the request says of itself: who sent it, from which address, to which
// host; and whom to believe.

// TrustedProxies says how many proxies stand before the App and set each of the
// X-Forwarded headers. It is Werkzeug's ProxyFix as configuration, and the zero
// value ignores all of them: without a proxy that sets it, a header is the
// visitor's word.
//
// With a count of n the n-th value from the right is taken, which the n-th proxy
// away wrote; what a visitor put in front of it never counts. A header with
// fewer values, or whose value is not what it should be, is ignored. Trust
// only headers that your proxy sets itself, not those it passes on.
//
// The effects are those of a request that came without proxies. The Host and
// RemoteAddr of the http.Request are the visitor's, for middleware and the log as
// well; the scheme decides whether the session cookie is Secure, and it, the
// host and the prefix make [Context.URL], URLFor and redirects.
type TrustedProxies struct {
	For    int // of X-Forwarded-For, the visitor's address
	Proto  int // of X-Forwarded-Proto, http or https
	Host   int // of X-Forwarded-Host
	Port   int // of X-Forwarded-Port, which takes the place of the host's port
	Prefix int // of X-Forwarded-Prefix, the path before the App's; it takes the place of Config.ApplicationRoot in URLs

	// Peers are the addresses that the nearest proxy may connect from; requests
	// from others have their headers ignored. Empty means any address, as in
	// Flask: then nobody must reach the App but through the proxy.
	Peers []netip.Prefix
}

func (p *TrustedProxies) any() bool { return p.For|p.Proto|p.Host|p.Port|p.Prefix != 0 }

// trustsPeer reports whether the one who connected may be the nearest proxy.
func (p *TrustedProxies) trustsPeer(remoteAddr string) bool {
	addr, ok := parseAddr(remoteAddr)
	for _, peers := range p.Peers {
		if ok && peers.Contains(addr.WithZone("")) {
			return true
		}
	}
	return len(p.Peers) == 0
}

func (p *TrustedProxies) check() error {
	switch {
	case min(p.For, p.Proto, p.Host, p.Port, p.Prefix) < 0:
		return errors.New("hipflask: Config.TrustedProxies (TRUSTED_PROXIES) has a number below 0; give how many proxies set the header")
	case len(p.Peers) > 0 && !p.any():
		return errors.New("hipflask: Config.TrustedProxies (TRUSTED_PROXIES) has Peers but trusts no header; set For, Proto, Host, Port or Prefix")
	}
	for _, peers := range p.Peers {
		if !peers.IsValid() {
			return errors.New("hipflask: Config.TrustedProxies (TRUSTED_PROXIES) has a peer that is no network; give netip.MustParsePrefix(\"10.0.0.0/8\")")
		}
	}
	return nil
}

// forwarded is what trusted proxies say and an http.Request has no field for.
type forwarded struct {
	scheme string // http, https or "" for what the connection is
	prefix string // begins with a slash, or ""
}

type forwardedKey struct{}

// behindProxies gives a request the address and host that trusted proxies
// report. It is done at once, so that middleware and log see the visitor too;
// an App without TrustedProxies keeps the request as it is.
func (a *App) behindProxies(r *http.Request) *http.Request {
	p := &a.Config.TrustedProxies
	if !p.any() || !p.trustsPeer(r.RemoteAddr) {
		return r
	}
	var f forwarded
	if proto := strings.ToLower(fromRight(r.Header["X-Forwarded-Proto"], p.Proto)); proto == "http" || proto == "https" {
		f.scheme = proto
	}
	if prefix := fromRight(r.Header["X-Forwarded-Prefix"], p.Prefix); absolutePath(prefix) && !strings.ContainsFunc(prefix, isControl) {
		f.prefix = prefix
	}
	r = r.WithContext(context.WithValue(r.Context(), forwardedKey{}, &f))
	if addr, ok := parseAddr(fromRight(r.Header["X-Forwarded-For"], p.For)); ok && addr.Zone() == "" {
		r.RemoteAddr = netip.AddrPortFrom(addr, 0).String() // which port, nobody said
	}
	if host := fromRight(r.Header["X-Forwarded-Host"], p.Host); requestHost(host, false) != "" {
		r.Host = host
	}
	port := fromRight(r.Header["X-Forwarded-Port"], p.Port)
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 && requestHost(r.Host, false) != "" {
		r.Host = withoutPort(r.Host) + ":" + strconv.FormatUint(n, 10)
	}
	return r
}

// fromRight returns the n-th value from the right of a header that lists values;
// "" if there are fewer, or n is 0. Every comma counts, unlike in Werkzeug: if
// a quote could hide one, or an empty value at the end did not count, a visitor
// who begins the header could move what the proxies append.
func fromRight(lines []string, n int) string {
	if n == 0 || len(lines) == 0 {
		return ""
	}
	values := strings.Split(strings.Join(lines, ","), ",")
	if len(values) < n {
		return ""
	}
	return strings.TrimSpace(values[len(values)-n])
}

// parseAddr reads an IP address, with or without a port.
func parseAddr(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap(), true
	}
	addr, err := netip.ParseAddrPort(text)
	return addr.Addr().Unmap(), err == nil
}

// withoutPort is a valid host without its port; an IPv6 address keeps its brackets.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i]
	}
	return host
}

// forwarded returns what trusted proxies reported, or nil.
func (c *Context) forwarded() *forwarded {
	if !c.app.Config.TrustedProxies.any() {
		return nil
	}
	f, _ := c.Request.Context().Value(forwardedKey{}).(*forwarded)
	return f
}

// secure reports whether the visitor's request came over https.
func (c *Context) secure() bool {
	if f := c.forwarded(); f != nil && f.scheme != "" {
		return f.scheme == "https"
	}
	return c.Request.TLS != nil
}

// host is the request's host in lower case and without the scheme's own port, or
// "" if it is not the name of a host or not a trusted one.
func (c *Context) host() string {
	if !c.app.Config.trustsHost(c.Request.Host) {
		return ""
	}
	return requestHost(c.Request.Host, c.secure())
}

// root is the path before the App's own ones, or "".
func (c *Context) root() string {
	if f := c.forwarded(); f != nil && f.prefix != "" {
		return f.prefix
	}
	return c.app.Config.ApplicationRoot
}

// RemoteAddr returns the visitor's IP address, without a port: Flask's
// request.remote_addr. Behind a proxy it is the proxy's, unless
// Config.TrustedProxies says whom to believe. It is "" for a connection without
// an address, such as a Unix socket.
func (c *Context) RemoteAddr() string {
	addr, ok := parseAddr(c.Request.RemoteAddr)
	if !ok {
		return ""
	}
	return addr.String()
}

// URL returns the whole URL that the visitor asked for, with scheme and host,
// and with the prefix that ApplicationRoot or a trusted proxy adds to the path:
// Flask's request.url, scheme, host, script_root + path and query string in one.
// Without its RawQuery it is the base_url. It is the caller's to change.
//
// The Host is in lower case, without the scheme's own port, and empty if the
// request's is not the name of a host, or not in Config.TrustedHosts. Without
// TrustedHosts it is the visitor's word: build a URL for a mail with URLFor.
func (c *Context) URL() *url.URL {
	asked := c.Request.URL
	root := strings.Trim(c.root(), "/")
	if root != "" {
		root = "/" + root
	}
	u := &url.URL{Scheme: "http", Host: c.host(), Path: root + asked.Path, RawQuery: asked.RawQuery, ForceQuery: asked.ForceQuery}
	if c.secure() {
		u.Scheme = "https"
	}
	if asked.RawPath != "" {
		u.RawPath = (&url.URL{Path: root}).EscapedPath() + asked.RawPath
	}
	return u
}

// trustsHost reports whether a Host header is one of TrustedHosts, if there are any.
func (cfg *Config) trustsHost(host string) bool {
	if len(cfg.TrustedHosts) == 0 {
		return true
	}
	host = withoutPort(requestHost(host, false))
	for _, trusted := range cfg.TrustedHosts {
		name, isSuffix := strings.CutPrefix(strings.ToLower(trusted), ".")
		name = withoutPort(name)
		if host == name || isSuffix && strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	return false
}

func (cfg *Config) checkTrusted() error {
	errs := []error{cfg.TrustedProxies.check()}
	for _, trusted := range cfg.TrustedHosts {
		if requestHost(strings.TrimPrefix(trusted, "."), false) == "" {
			errs = append(errs, fmt.Errorf("hipflask: Config.TrustedHosts (TRUSTED_HOSTS) holds %q; give a host such as example.com, "+
				"or .example.com for it and all below it, with no scheme, no path and no *, and in ASCII: xn--… for other letters", trusted))
		}
	}
	return errors.Join(errs...)
}

// findRoute matches the request. For a host that is not trusted nothing matches.
func (c *Context) findRoute() {
	if cfg := &c.app.Config; len(cfg.TrustedHosts) > 0 && !cfg.trustsHost(c.Request.Host) {
		c.Request = canonical(c.Request)
		return
	}
	r := c.app.router.matchLiteral(c.Request)
	if r != nil {
		c.match.route = r
	} else {
		c.Request = canonical(c.Request)
		r = c.app.router.matchPlain(c.Request, &c.match)
	}
	if r == nil {
		m := c.app.router.matchRequest(c.Request)
		c.match, c.automaticOptions = m.found, m.automaticOptions
		if r = m.route; r == nil {
			c.more().miss = &m
			return
		}
	}
	if r.maxBody != 0 {
		c.limitBody(r.maxBody)
	}
	if r.view != nil {
		c.viewMethod = viewMethod(c.Request.Method)
	}
}

// missed is the router's answer to a request that no route answers.
func (c *Context) missed() *match {
	if miss := c.seldom().miss; miss != nil {
		return miss
	}
	return &match{}
}

// routingFailure is the error of a request that no route answers.
func (c *Context) routingFailure() error {
	if !c.app.Config.trustsHost(c.Request.Host) {
		return Error(http.StatusBadRequest, fmt.Sprintf("The host %q is not trusted.", c.Request.Host))
	}
	return c.missed().failure()
}

// --- the limit of the body

// MaxContentLength sets the most bytes of a body for this route, in place of
// Config.MaxContentLength: more for uploads, less for everything else. Reading
// more is 413. Zero means the App's limit, negative none. It holds for
// before-hooks too. A urlencoded form has Config.MaxFormMemorySize as its limit
// as well. It is Flask's request.max_content_length.
func (r *Route) MaxContentLength(bytes int64) *Route {
	r.owner.setup("Route.MaxContentLength")
	r.maxBody = bytes
	return r
}
