package hipflask

import (
	"net/http"
	"sync/atomic"
)

// Context is one request and the reply being prepared for it.
type Context struct {
	Request *http.Request

	app   *App
	w     http.ResponseWriter
	match match
	res   Response
	vars  []contextVar

	session      atomic.Pointer[Session] // made at the first call of Session
	sessionSaved atomic.Bool             // the reply has its Set-Cookie, or needs none
}

type contextVar struct {
	key   any
	name  string
	value any
}

// Data is the values a page is rendered with.
type Data map[string]any

// App returns the App that serves this request.
func (c *Context) App() *App { return c.app }

// Route returns the matched Route, nil if no rule matched.
func (c *Context) Route() *Route { return c.match.route }

// Header returns the reply's header.
func (c *Context) Header() http.Header { return c.w.Header() }

// SetCookie adds a cookie to the reply.
func (c *Context) SetCookie(cookie *http.Cookie) { c.Header().Add("Set-Cookie", cookie.String()) }

// g returns the values of the request's Keys by name, for {{g.user}} in a page.
func (c *Context) g() map[string]any {
	all := make(map[string]any, len(c.vars))
	for _, v := range c.vars {
		all[v.name] = v.value
	}
	return all
}

// secure reports whether the request came over https.
func (c *Context) secure() bool { return c.Request.TLS != nil }
