package hipflask

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Host makes the route answer on one host only, or on those of a pattern with
// variables as in a rule: "api.example.com", "<user>.example.com". A variable
// may hold dots. It is Flask's host, without host_matching to switch on.
//
// Among the routes of several hosts literal text wins over a variable, and
// routes without a host, which answer on every one, come last. A host that only
// routes of others have is answered with 404.
//
// The port takes no part: a pattern has none, and the request's does not count.
// URLFor gives a path on the same host, and a URL with scheme and host for
// another, with the port of Config.ServerName or else of the request.
//
// Behind a proxy the host is the one the proxy passes on. Host panics for what
// is no host, and if the route has one already.
func (r *Route) Host(pattern string) *Route { return r.setHost("Host", pattern, false) }

// Subdomain is [Route.Host] for the hosts below Config.ServerName, which must be
// set: "api" or "<user>". An empty pattern is ServerName itself. It is Flask's
// subdomain.
//
// Once a route has a Subdomain, those with neither Subdomain nor Host answer on
// ServerName alone, as with Flask's subdomain_matching.
func (r *Route) Subdomain(pattern string) *Route { return r.setHost("Subdomain", pattern, true) }

func (r *Route) setHost(what, pattern string, sub bool) *Route {
	r.owner.setup("Route." + what)
	if r.host != nil {
		panic(fmt.Sprintf("hipflask: %s(%q): the route has a host already:\n\t%s", what, pattern, r))
	}
	if err := r.refine(func(r *Route) error { return r.addHost(pattern, sub) }); err != nil {
		panic(fmt.Sprintf("hipflask: %s(%q): %v", what, pattern, err))
	}
	return r
}

func (r *Route) addHost(pattern string, sub bool) error {
	h, err := (&place{pattern, sub}).parse(r.owner.app.converters)
	if err != nil {
		return err
	}
	return r.takeHost(h)
}

// takeHost makes the route answer on a host; its variables are the route's.
func (r *Route) takeHost(h *hostPattern) error {
	if r.host != nil { // of a blueprint's route, which had none when it was asked for
		return fmt.Errorf("the route has a host already: %s", r)
	}
	for _, v := range h.vars {
		if slices.Contains(r.rule.names(), v.name) {
			return fmt.Errorf("the rule %s has a variable %q, too; give each its own name", r.rule.text, v.name)
		}
	}
	r.host, r.rule.vars = h, append(r.rule.vars, h.vars...)
	return nil
}

// place is the pattern of a Host, or of a Subdomain, before it is parsed.
type place struct {
	pattern string
	sub     bool
}

// below joins the place of a blueprint to that of the one around it. Either may
// be nil; what is empty adds nothing.
func (p *place) below(around *place) *place {
	switch {
	case p == nil:
		return around
	case around == nil || !p.sub:
		return p
	}
	return &place{strings.Trim(p.pattern+"."+around.pattern, "."), around.sub}
}

func (p *place) parse(converters map[string]func(ConverterArgs) (Converter, error)) (*hostPattern, error) {
	if p.pattern == "" && !p.sub {
		return nil, errors.New("the host is empty")
	}
	h, err := parseHost(p.pattern, converters)
	if err != nil {
		return nil, err
	}
	h.sub = p.sub
	return h, nil
}

// A hostPattern is what Host or Subdomain was given. A nil one is that of a
// route for every host.
type hostPattern struct {
	text   string
	pieces []piece
	vars   []*variable
	sub    bool // below Config.ServerName
}

// String is the text, as it stands before the rule in messages.
func (h *hostPattern) String() string {
	switch {
	case h == nil:
		return ""
	case h.sub:
		return h.text + "."
	}
	return h.text
}

// fullText is the text with the ServerName.
func (h *hostPattern) fullText(serverName string) string {
	if h == nil || !h.sub {
		return h.String()
	}
	return strings.TrimPrefix(h.text+"."+hostName(serverName), ".")
}

var hostLiteral = regexp.MustCompile(`\A[a-z0-9._-]+\z`)

// parseHost parses the pattern of a host; converters are the user's own.
func parseHost(text string, converters map[string]func(ConverterArgs) (Converter, error)) (*hostPattern, error) {
	h := &hostPattern{text: text}
	r := &rule{text: text}
	for pos := 0; pos < len(text); {
		if text[pos] == '<' {
			v, length, err := r.variable(pos, converters)
			if err != nil {
				return nil, err
			}
			r.vars = append(r.vars, v)
			h.pieces = append(h.pieces, piece{v: v})
			pos += length
			continue
		}
		end := pos + 1
		for end < len(text) && text[end] != '<' {
			end++
		}
		literal := strings.ToLower(text[pos:end])
		if !hostLiteral.MatchString(literal) {
			return nil, fmt.Errorf("%q is no part of a host; give a name such as api.example.com or <user>.example.com, "+
				"with no scheme, port or path", literal)
		}
		h.pieces = append(h.pieces, piece{literal: literal})
		pos = end
	}
	h.vars = r.vars
	return h, nil
}

// compile makes the part that matches the host, below serverName for a
// subdomain.
func (h *hostPattern) compile(serverName string) (*part, error) {
	p := &part{pieces: slices.Clone(h.pieces), vars: h.vars}
	if h.sub {
		below := hostName(serverName)
		if len(p.pieces) > 0 {
			below = "." + below
		}
		p.pieces = append(p.pieces, piece{literal: below})
	}
	return p, p.compile(h.text)
}

// setHosts gives every target its host. Its error is a Subdomain without a
// ServerName.
func (rt *router) setHosts() error {
	var missing, errs []error
	serverName, subdomains := "", false
	for _, t := range rt.targets {
		h := t.Route.host
		if h == nil {
			continue
		}
		rt.hosts = true
		if h.sub {
			serverName, subdomains = t.owner.app.Config.ServerName, true
			if serverName == "" {
				missing = append(missing, fmt.Errorf("hipflask: Subdomain needs Config.ServerName (SERVER_NAME), the host that it is below:\n\t%s", t.Route))
			}
		}
		var err error
		t.host, err = h.compile(serverName)
		errs = append(errs, err)
	}
	if subdomains && len(missing) == 0 {
		apex, err := (&hostPattern{sub: true}).compile(serverName)
		errs = append(errs, err)
		for _, t := range rt.targets {
			t.host = cmp.Or(t.host, apex)
		}
	}
	return errors.Join(append(missing, errs...)...)
}

// table returns the table of a host, which it makes if it is the first.
func (rt *router) table(host *part) *table {
	i := slices.IndexFunc(rt.tables, func(t *table) bool {
		return t.host == host || t.host != nil && host != nil && t.host.key == host.key
	})
	if i < 0 {
		i = len(rt.tables)
		rt.tables = append(rt.tables, &table{host: host, literals: map[string][]*entry{}})
	}
	return rt.tables[i]
}

// compareTables is the order in which hosts are tried: as the parts of a rule,
// and the routes of every host last.
func compareTables(a, b *table) int {
	switch {
	case a.host == nil && b.host == nil:
		return 0
	case a.host == nil:
		return 1
	case b.host == nil:
		return -1
	}
	return compareParts(a.host, b.host)
}

// hostOf is the host of a request, for match; empty where no route asks for it.
func (rt *router) hostOf(r *http.Request) string {
	if !rt.hosts {
		return ""
	}
	return hostName(r.Host)
}

// hostName is a host in lower case and without its port, or "" if it is none.
func hostName(host string) string {
	return strings.TrimSuffix((&url.URL{Host: requestHost(host, false)}).Hostname(), ".")
}

// isHostName reports whether text is a host in lower case, without a port.
func isHostName(text string) bool {
	return hostLiteral.MatchString(text) && hostSyntax.MatchString(text)
}

// portOf is the port of a host, with its colon, or "".
func portOf(host string) string {
	if port := (&url.URL{Host: host}).Port(); port != "" {
		return ":" + port
	}
	return ""
}

// hostFrom returns the host of t for the values of m, or "" if it is the
// request's own; ok is false if the values make no host.
func (t *target) hostFrom(m *match, request string) (host string, ok bool) {
	if t.host == nil {
		return "", true
	}
	var b strings.Builder
	for _, p := range t.host.pieces {
		b.WriteString(p.literal)
		if p.v != nil {
			text, _ := m.param(p.v.name)
			b.WriteString(p.v.canonical(text))
		}
	}
	if host = strings.ToLower(b.String()); host == request {
		return "", true
	}
	return host, isHostName(host)
}

// buildHost is the host of t for the values, or "" for a route of every host.
func (t *target) buildHost(u *urlValues) (string, error) {
	if t.host == nil {
		return "", nil
	}
	text, err := t.rule.build(nil, t.host.pieces, u, t.defaults)
	if err != nil {
		return "", err
	}
	host := strings.ToLower(string(text))
	if !isHostName(host) {
		return "", fmt.Errorf("its values make %q, which is no host", host)
	}
	return host, nil
}

// currentHost is the host that a path alone would be on: the request's, or
// outside of requests the ServerName.
func (a *App) currentHost(c *Context) string {
	if c == nil {
		return hostName(a.Config.ServerName)
	}
	return hostName(c.Request.Host)
}
