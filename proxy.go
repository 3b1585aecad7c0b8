package hipflask

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Beside another application: what no route of the App answers is passed on to
// it, and the visitor has one site and one session.

// Fallback sets who answers what no route matches: the application that this one
// is to replace, route by route.
//
//	app.Fallback(hipflask.ProxyTo("http://127.0.0.1:8000"))
//
// The fallback gets a request in place of the App's own 404 and 405. So a path
// may be divided: with app.Get("/page", page) alone, a POST to /page is the
// fallback's, until app.Post("/page", save) is there. It gets what a
// [App.Static] folder does not have, too, so both applications may have files
// under /static. It does not get a 404 that a handler returns; OPTIONS for a
// path that a route has, which the App answers with that route's methods; a path
// that a route has with a slash more or less, which is redirected; nor a host
// that is not in Config.TrustedHosts.
//
// Everything around it is as for a 404: the App's hooks run, and [Context.Route]
// is nil in them. What has limits of its own is left to the fallback:
// MaxContentLength and the cross-origin check do not hold for it. For a part of
// the other application they do if it is mounted with [App.Handle].
//
// A second Fallback panics. The fallback writes through [Context.Writer], and
// [From] finds the Context inside it.
func (a *App) Fallback(h http.Handler) {
	a.setup("Fallback")
	mustNotBeNil("Fallback", "handler", h == nil)
	if a.fallback != nil {
		panic(fmt.Sprintf("hipflask: Fallback(%T): the App has a fallback already, a %T", h, a.fallback))
	}
	a.fallback = h
}

// fallsBack reports whether a request is the fallback's.
func (c *Context) fallsBack() bool {
	return c.app.fallback != nil && c.match.route == nil && c.missed().redirect == "" && c.app.Config.trustsHost(c.Request.Host)
}

// fallBack has the fallback answer.
func (c *Context) fallBack() error {
	c.limitBody(-1)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), contextKey{}, c))
	c.app.fallback.ServeHTTP(c.Writer(), c.Request)
	if !c.replied {
		c.setBody(nil) // what net/http sends for a handler that wrote nothing
	}
	return c.seldom().failure
}

// orFallback is the answer of a folder of files: one that is not there may be
// the fallback's.
func (c *Context) orFallback(err error) error {
	if err != nil && c.app.fallback != nil && StatusCode(err) == http.StatusNotFound {
		return c.fallBack()
	}
	return err
}

// ProxyTo returns a handler that passes requests on to another application, for
// [App.Fallback], or for [App.Handle] and a part of it. The target is its
// address, such as http://127.0.0.1:8000. The path of a request is appended to
// that of the target. ProxyTo panics if the target is no such address; nothing
// in a request can lead to another one.
//
// The other application sees the request as the visitor sent it, with the Host
// too, so that its redirects and absolute URLs lead here. Who asks is in
// X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, and in X-Real-IP if
// the request has that: one value each, the one that Config.TrustedProxies
// settles. Flask reads them with ProxyFix(app.wsgi_app, x_for=1, x_proto=1),
// however many proxies stand before the App. X-Forwarded-Prefix is sent if the
// App is below a prefix. Whatever else a request says of this kind is dropped.
//
// Bodies are streamed both ways and never held, WebSockets and other upgrades
// pass, but not one to HTTP/2, and headers set before, as by a before-hook, go out
// with the reply.
//
// # The session
//
// The Cookie header is passed as it came, with one exception: a session that
// was changed before, as by a hook that flashed a message, is saved first and
// passed as it now is. Set-Cookie comes back as it was sent, and an after-hook
// that then uses the session finds the one that was set. Each goes on from where
// the one before it left off, and the visitor gets the last one. So an
// application that shares the session loses nothing. The App does not send a
// permanent session again here, since the other application does.
//
// # Errors
//
// If there is no reply, or none that HTTP allows, the request fails with 502, which
// an error handler can answer and the log explains. A reply that breaks off cuts
// the connection and is logged. A visitor who leaves is no error, and a body that
// does not arrive whole is a 400. A connection must be made within 5 seconds; a
// reply may take any time. A target that leads back to this program is 508.
//
// A hook that reads the body, as a form or as JSON, takes it away, which makes the
// request a 500: let it ask for [Context.Route] first.
func ProxyTo(target string) http.Handler {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		panic(fmt.Sprintf("hipflask: ProxyTo(%q): give the address of the other application, http or https with a host and perhaps a path: http://127.0.0.1:8000", target))
	}
	return &proxy{
		target: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/"), RawPath: strings.TrimRight(u.EscapedPath(), "/")},
		via:    "1.1 hipflask-" + rand.Text()[:12],
		transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 100,
			// Shorter than the other side's, which is 2 seconds in Gunicorn: a
			// POST that meets the end of its connection cannot be sent again.
			IdleConnTimeout:       time.Second,
			ExpectContinueTimeout: time.Second,
			DisableCompression:    true, // the visitor and the other application settle it
		},
	}
}

// A proxy passes requests on to one target.
type proxy struct {
	target    *url.URL // its paths end without a slash
	via       string   // this proxy in the header Via
	transport *http.Transport
}

// A transfer is one request that a proxy passes on.
type transfer struct {
	*proxy
	c      *Context // nil outside of an App
	w      http.ResponseWriter
	header http.Header // what the reply's header held before
	body   *visitorBody
}

// ServeHTTP implements [http.Handler].
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := &transfer{proxy: p, c: From(r), w: w, header: w.Header().Clone()}

	// 1. What cannot be passed on.
	if err := t.refuse(r); err != nil {
		t.fail(err)
		return
	}

	// 2. The session, if a hook changed it.
	r = r.WithContext(r.Context()) // a copy
	if t.c != nil {
		cookie, err := t.c.passSession()
		if err != nil {
			t.fail(err)
			return
		}
		if cookie != nil {
			r.Header = withCookie(r.Header, cookie)
		}
	}

	// 3. There and back.
	if r.Body != nil {
		t.body = &visitorBody{ReadCloser: r.Body, left: r.ContentLength}
		r.Body = t.body
	}
	defer t.recoverReplaced()
	(&httputil.ReverseProxy{
		Rewrite:        t.rewrite,
		Transport:      p.transport,
		ModifyResponse: t.received,
		ErrorHandler:   func(_ http.ResponseWriter, r *http.Request, err error) { t.fail(t.reason(r, err)) },
		BufferPool:     copyBuffers{},
		ErrorLog:       nowhereLog, // see replyBody
	}).ServeHTTP(w, r)
}

var nowhereLog = log.New(io.Discard, "", 0)

// copyBuffers are what bodies are copied through; each would be 32 KiB of garbage.
type copyBuffers struct{}

type copyBuffer [32 << 10]byte

var copyBufferPool = sync.Pool{New: func() any { return new(copyBuffer) }}

func (copyBuffers) Get() []byte  { return copyBufferPool.Get().(*copyBuffer)[:] }
func (copyBuffers) Put(b []byte) { copyBufferPool.Put((*copyBuffer)(b)) }

// refuse returns the error of a request that is not to be passed on.
func (t *transfer) refuse(r *http.Request) error {
	switch {
	case r.Method == http.MethodConnect:
		return Abort(http.StatusMethodNotAllowed) // asks for a tunnel
	case slices.Contains(r.Header["Via"], t.via):
		return Error(http.StatusLoopDetected, "").Wrap(fmt.Errorf("hipflask: ProxyTo(%q) leads back to this program; is the other application running, on a port of its own?", t.target))
	case t.target.Path != "" && climbs(r.URL.Path):
		return Error(http.StatusBadRequest, "The path leads out of its folder.")
	case t.c != nil && t.c.sent != nil && t.c.sent.bodyRead || len(r.PostForm) > 0 || r.MultipartForm != nil:
		return errBodyRead
	}
	return nil
}

var errBodyRead = errors.New("hipflask: ProxyTo: a hook or a middleware has read the body, so that it cannot be passed on; " +
	"let it do so only where Context.Route is not nil")

// climbs reports whether a path has a part that leads upwards, for any server
// that might read it: some take a backslash for a slash, and Java's drop what
// follows a semicolon.
func climbs(path string) bool {
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if name, _, _ := strings.Cut(part, ";"); name == ".." {
			return true
		}
	}
	return false
}

// rewrite makes the request that goes out. Its URL is a new one: a request can
// hold a whole URL in place of a path, with a host and a user.
func (t *transfer) rewrite(pr *httputil.ProxyRequest) {
	in, out := pr.In, pr.Out
	out.URL = &url.URL{
		Scheme: t.target.Scheme, Host: t.target.Host,
		Path: t.target.Path + in.URL.Path, RawPath: t.target.RawPath + in.URL.EscapedPath(),
		RawQuery: in.URL.RawQuery, ForceQuery: in.URL.ForceQuery,
	}

	if upgradesToHTTP2(out.Header) {
		out.Header.Del("Connection")
		out.Header.Del("Upgrade")
	}
	out.Header.Del("Http2-Settings")

	hadRealIP := len(in.Header["X-Real-Ip"]) > 0
	maps.DeleteFunc(out.Header, func(name string, _ []string) bool { return !plainName(name) || saysWhoAsks(name) })
	visitor := t.c
	if visitor == nil {
		visitor = &Context{app: noApp, Request: in}
	}
	set := func(name, value string) {
		if value != "" {
			out.Header.Set(name, value)
		}
	}
	set("X-Forwarded-For", visitor.RemoteAddr())
	set("X-Forwarded-Host", in.Host)
	set("X-Forwarded-Proto", visitor.scheme())
	set("X-Forwarded-Prefix", strings.TrimRight(visitor.root(), "/"))
	if hadRealIP {
		set("X-Real-Ip", visitor.RemoteAddr())
	}
	out.Header.Add("Via", t.via)
}

// noApp has the configuration of a proxy outside of an App: nobody is trusted.
var noApp = new(App)

func (c *Context) scheme() string {
	if c.secure() {
		return "https"
	}
	return "http"
}

// upgradesToHTTP2 reports whether a request asks for HTTP/2 on its connection.
// Requests behind that would pass unseen, so it is not asked for.
func upgradesToHTTP2(h http.Header) bool {
	return slices.ContainsFunc(h["Upgrade"], func(line string) bool {
		return strings.Contains(strings.ToLower(line), "h2c")
	})
}

// plainName reports whether a header has a name that means the same everywhere.
func plainName(name string) bool {
	return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// saysWhoAsks reports whether a header is one by which proxies say who asks, for
// what, and how.
func saysWhoAsks(name string) bool {
	switch name = strings.ToLower(name); name {
	case "forwarded", "x-real-ip", "front-end-https", "x-scheme", "x-url-scheme",
		"x-script-name", "x-original-url", "x-rewrite-url", // the path, to some frameworks
		"proxy": // HTTP_PROXY to CGI, which HTTP clients take for their own proxy
		return true
	}
	name, is := strings.CutPrefix(name, "x-forwarded-")
	switch name {
	case "for", "host", "port", "prefix", "proto", "protocol", "scheme", "server", "ssl":
		return is
	}
	return false // X-Forwarded-User and the like say what the proxy that set them knows
}

// received looks at the reply before it is passed back.
func (t *transfer) received(res *http.Response) error {
	if err := checkHead(res.StatusCode, res.Header); err != nil {
		return err
	}
	maps.Copy(t.w.Header(), t.header) // a reply 1xx has taken it away
	if t.c != nil {
		t.c.takeSession(res)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = &replyBody{ReadCloser: res.Body, t: t, ctx: res.Request.Context()}
	}
	return nil
}

// reason is the error of a request that got no reply.
func (t *transfer) reason(r *http.Request, err error) error {
	var broken error
	if t.body != nil {
		broken = t.body.broken()
	}
	if _, known := asHTTPError(broken); broken != nil && known {
		return broken // over a limit
	}
	switch {
	case r.Context().Err() != nil: // the visitor has gone
		return http.ErrAbortHandler
	case broken != nil:
		return Error(http.StatusBadRequest, "The body of the request did not arrive whole.").Wrap(broken)
	case t.body != nil && t.body.missing.Load():
		return errBodyRead
	}
	return Error(http.StatusBadGateway, "").Wrap(fmt.Errorf("hipflask: ProxyTo(%q): %w", t.target, err))
}

// fail makes err the request's error. Without an App there is nobody to answer it
// but the proxy.
func (t *transfer) fail(err error) {
	switch {
	case t.c != nil:
		t.c.fail(err)
	case errors.Is(err, http.ErrAbortHandler):
		panic(http.ErrAbortHandler)
	default:
		t.log("the request could not be passed on", err)
		code := StatusCode(err)
		http.Error(t.w, statusName(code), code)
	}
}

func (t *transfer) log(message string, err error) {
	if t.c == nil {
		slog.Error(message, "error", err)
		return
	}
	t.c.app.logError(t.c, message, err)
}

// recoverReplaced keeps a connection that httputil wants cut because it could
// not write: an error page, as of an after-hook, has taken the reply's place.
func (t *transfer) recoverReplaced() {
	value := recover()
	if value != nil && (t.c == nil || !errors.Is(t.c.seldom().streamErr, ErrReplySent)) {
		panic(value)
	}
}

// A visitorBody remembers that reading the request's body failed, or ended before
// its Content-Length since somebody else had read of it, to tell that from a
// failure of the other application.
type visitorBody struct {
	io.ReadCloser
	left    int64 // to come, of the Content-Length; nothing for -1
	err     atomic.Pointer[error]
	missing atomic.Bool
}

func (b *visitorBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	switch {
	case err == io.EOF && b.left > 0:
		b.missing.Store(true)
	case err != nil && err != io.EOF:
		b.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

func (b *visitorBody) broken() error {
	if err := b.err.Load(); err != nil {
		return *err
	}
	return nil
}

// A replyBody logs that the other application broke its reply off.
type replyBody struct {
	io.ReadCloser
	t   *transfer
	ctx context.Context
}

func (b *replyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && b.ctx.Err() == nil {
		b.t.log("the reply broke off", fmt.Errorf("hipflask: ProxyTo(%q): %w", b.t.target, err))
	}
	return n, err
}

// The session on its way through another application.

// passSession saves a session that was used so far, and returns the cookie to
// pass on in place of the request's, or nil if that is as it was.
func (c *Context) passSession() (*http.Cookie, error) {
	c.more().proxied = true
	s := c.session.Load()
	if s == nil {
		return nil, nil
	}
	if err := s.save(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	text := s.setCookie
	s.mu.Unlock()
	if text == "" {
		return nil, nil
	}
	cookie, err := http.ParseSetCookie(text)
	if err != nil {
		return nil, fmt.Errorf("hipflask: the session cookie cannot be passed on: %w", err)
	}
	c.carrySession(cookie, text)
	return cookie, nil
}

// takeSession makes the session that a reply sets the request's.
func (c *Context) takeSession(res *http.Response) {
	if c.app.sessions == nil || len(res.Header["Set-Cookie"]) == 0 {
		return
	}
	for _, cookie := range res.Cookies() {
		if cookie.Name == c.app.Config.sessionCookieName() {
			c.carrySession(cookie, "")
		}
	}
}

// carrySession makes the request one that came with this cookie, so that whoever
// uses the session next goes on from there. setCookie is what the reply must
// say of it if nobody does.
func (c *Context) carrySession(cookie *http.Cookie, setCookie string) {
	r := c.Request.WithContext(c.Request.Context())
	r.Header = withCookie(r.Header, cookie)
	c.Request = r
	if s := c.session.Load(); s != nil {
		s.reopen(setCookie)
	}
}

// reopen has the session read again from the request when it is next used.
func (s *Session) reopen(setCookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded, s.opened, s.values, s.owned = false, openedSession{}, nil, false
	s.checked, s.started = false, 0 // SessionsValidSince is asked about this one, too
	s.written, s.renewed, s.template, s.flashing = false, false, nil, nil
	s.setCookie = setCookie
}

// withCookie returns a header with this cookie in place of all of its name, or
// without one, if the cookie is one that is taken away.
func withCookie(h http.Header, cookie *http.Cookie) http.Header {
	var pairs []string
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.TrimSpace(pair)
			if name, _, _ := strings.Cut(pair, "="); pair != "" && strings.TrimSpace(name) != cookie.Name {
				pairs = append(pairs, pair)
			}
		}
	}
	if gone := cookie.MaxAge < 0 || cookie.MaxAge == 0 && !cookie.Expires.IsZero() && cookie.Expires.Before(time.Now()); !gone {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	h = maps.Clone(h)
	delete(h, "Cookie")
	if len(pairs) > 0 {
		h["Cookie"] = []string{strings.Join(pairs, "; ")}
	}
	return h
}

// dropSetCookie takes a reply's cookies of this name out of its header.
func dropSetCookie(h http.Header, name string) {
	h["Set-Cookie"] = slices.DeleteFunc(h["Set-Cookie"], func(line string) bool {
		own, _, _ := strings.Cut(line, "=")
		return strings.TrimSpace(own) == name
	})
}
