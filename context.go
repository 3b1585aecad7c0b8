package hipflask

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
)

// Context is one request and the reply being prepared for it: what Flask keeps
// in request, session, g and the current response.
//
// A Context is made for every request and never used again, and it belongs to
// the goroutine that serves the request. It is not a context.Context; that one
// is c.Request.Context(). What net/http does already, such as reading a header
// or a cookie, is done with Request.
type Context struct {
	// Request is the request as net/http made it, with its body limited to
	// Config.MaxContentLength or the route's, and with the Host and RemoteAddr
	// that Config.TrustedProxies report.
	Request *http.Request

	app   *App
	match found
	sent  *sent // nil until some of it is needed, without a body; form.go
	rare  *rare // nil until some of it is needed

	session atomic.Pointer[Session] // made at the first call of Session
	state   atomic.Uint32           // sessionSaved, ended

	automaticOptions bool // of the match
	viewMethod       int8 // which of viewMethods answers, if the route is a View; -1 for none

	// The reply; reply.go.
	phase       phase
	dispatching bool // what panics now is an error
	replied     bool // a helper prepared a reply
	open        bool // Header was called: what is in it has to be checked
	body        bodyKind
	code        int32     // the status set so far, or 0
	text        string    // the body, if it is a text
	buffer      *[]byte   // the body, if it is in a buffer of the pool
	values      [1]string // backs the value of Content-Type
	w           http.ResponseWriter
}

// rare is what most requests do without: a Context is made for each, and the less
// there is to make, the less there is to clear away.
type rare struct {
	// Of the request:
	vars []contextVar // what Key.Set stored
	miss *match       // the router's answer, where it is no route

	// Of the reply:
	res       Response    // the reply, if exposed; otherwise its Body may be
	outer     http.Header // what the middleware had set before the App began
	file      *fileReply  // takes the place of the reply's body; static.go
	afterThis HandlerFunc // what AfterThisRequest added
	failure   error       // the first mistake of a helper that returns no error
	unhandled error       // the error without a handler, for the log and the teardown hooks
	streamErr error       // why the stream takes no more

	proxied   bool // another application has or had the request; proxy.go
	exposed   bool // Response was called: the reply is in res from there on
	condition bool // Conditional was called
	streams   bool // Stream was called
	retried   bool // the reply is that of an error in finishing another
	cut       bool // the connection is to be cut, since the reply cannot be made whole
}

// The bits of Context.state.
const (
	sessionSaved = 1 << iota // the session takes no more changes
	ended                    // so does the reply
)

// more is what is rarely needed, to be changed.
func (c *Context) more() *rare {
	if c.rare == nil {
		c.rare = &rare{}
	}
	return c.rare
}

// seldom is what is rarely needed, to be looked at. It must not be changed: for most
// requests it is the same.
func (c *Context) seldom() *rare {
	if c.rare == nil {
		return &nothingRare
	}
	return c.rare
}

var nothingRare rare

// newContext begins a request.
func (a *App) newContext(w http.ResponseWriter, r *http.Request) *Context {
	var c *Context
	if r.Body == nil || reflect.TypeOf(r.Body) == noBodyType {
		c = &Context{Request: r, app: a, w: w}
	} else {
		both := &withBody{Context: Context{Request: r, app: a, w: w}}
		c, both.Context.sent = &both.Context, &both.sent
		c.sent.body = sentBody{ReadCloser: r.Body, c: c}
		c.limitBody(a.Config.maxContentLength())
	}
	if h := w.Header(); len(h) > 0 {
		c.more().outer, c.open = h.Clone(), true
	}
	return c
}

// noBodyType is the type of http.NoBody. Comparing types is faster than comparing bodies.
var noBodyType = reflect.TypeOf(http.NoBody)

// withBody is a Context together with what its handler is sure to read.
type withBody struct {
	Context
	sent sent
}

// NewContext makes a Context outside the App's own serving, with the route that
// r matches: for tests and commands that render a page or build a URL. No hook
// runs and nothing is sent, but for what is written to its Writer. A nil w keeps
// the reply's header to itself. It ends setup, and panics if that left a mistake.
// It is Flask's test_request_context.
func (a *App) NewContext(w http.ResponseWriter, r *http.Request) *Context {
	if err := a.endSetup(); err != nil {
		panic(err)
	}
	if w == nil {
		w = &nowhere{header: http.Header{}}
	}
	c := a.newContext(w, canonical(a.behindProxies(r)))
	c.findRoute()
	return c
}

// nowhere is a ResponseWriter without a client.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}

type contextKey struct{}

// From returns the Context of a request inside an http.Handler that was mounted
// with [App.Handle], and nil anywhere else.
func From(r *http.Request) *Context {
	c, _ := r.Context().Value(contextKey{}).(*Context)
	return c
}

// AfterThisRequest adds an after-hook for this request only. Such hooks run in
// the order added, before those of [App.AfterRequest]. It is Flask's
// after_this_request.
func (c *Context) AfterThisRequest(h HandlerFunc) {
	earlier := c.more().afterThis
	if earlier == nil {
		c.rare.afterThis = h
		return
	}
	c.rare.afterThis = func(c *Context) error {
		if err := earlier(c); err != nil {
			return err
		}
		return h(c)
	}
}

// App returns the App that serves the request: Flask's current_app.
func (c *Context) App() *App { return c.app }

// Route returns the route that matched, or nil where none did.
func (c *Context) Route() *Route { return c.match.route }

// Param returns the text of a variable of the matched rule, decoded, or of a
// route's default; empty if there is no such variable.
func (c *Context) Param(name string) string {
	text, _ := c.match.param(name)
	return text
}

// ParamInt returns the value of an int variable of the matched rule, or of a
// route's default; 0 if the rule that matched does not have it. It cannot fail
// on what a visitor sends, since a path with another text does not match. It
// panics if the variable is there and no int: write <int:name> in the rule.
func (c *Context) ParamInt(name string) int {
	n, ok := c.match.int(name)
	if !ok {
		if _, there := c.match.param(name); there {
			panic(fmt.Sprintf("hipflask: ParamInt(%q): in the rule %q it is no int; write <int:%s>", name, c.match.route.rule.text, name))
		}
	}
	return n
}

// Key names a value of type T that a handler, a hook or a decorator leaves for
// later ones of the same request: Flask's g, with types. In a page, {{g.user}}
// reads the value of the Key named "user".
type Key[T any] struct{ id *string }

// NewKey returns a new Key. Two Keys are different even under one name, of
// which a page then sees the value set last.
func NewKey[T any](name string) Key[T] { return Key[T]{id: &name} }

// Set stores v for the rest of the request.
func (k Key[T]) Set(c *Context, v T) {
	vars := c.more().vars
	for i := range vars {
		if vars[i].id == k.id {
			vars[i].value = v
			return
		}
	}
	c.rare.vars = append(vars, contextVar{id: k.id, value: v})
}

// Get returns the value stored in this request, and whether there is one.
func (k Key[T]) Get(c *Context) (v T, ok bool) {
	for _, stored := range c.seldom().vars {
		if stored.id == k.id {
			v, _ = stored.value.(T) // a nil error is no error to a type assertion
			return v, true
		}
	}
	return v, false
}

// String returns the Key's name.
func (k Key[T]) String() string { return *k.id }

type contextVar struct {
	id    *string // identifies the Key and points to its name
	value any
}

// g returns the values of the request's Keys by name.
func (c *Context) g() map[string]any {
	all := make(map[string]any, len(c.seldom().vars))
	for _, v := range c.seldom().vars {
		if !isNil(v.value) {
			all[*v.id] = v.value
		}
	}
	return all
}

// contextValue is one of the values of g: that of the Key of the name which was
// first set last.
func (c *Context) contextValue(name string) (value any, ok bool) {
	for _, v := range slices.Backward(c.seldom().vars) {
		if *v.id == name && !isNil(v.value) {
			return v.value, true
		}
	}
	return nil, false
}

// startOver forgets the reply prepared so far and begins the one of an error.
func (c *Context) startOver(failure *HTTPError) {
	h, more := c.w.Header(), c.more()
	clear(h)
	maps.Copy(h, more.outer)
	maps.Copy(h, failure.Header)
	c.open = c.open || len(h) > 0
	c.setBody(nil)
	c.setStatus(failure.Code)
	more.failure, more.streams, c.replied = nil, false, false
}

// fail remembers the first mistake of a helper that cannot return it.
func (c *Context) fail(err error) {
	if more := c.more(); more.failure == nil {
		more.failure = err
	}
}

// firstError returns err, else what a helper left with fail.
func (c *Context) firstError(err error) error {
	if err == nil {
		err = c.seldom().failure
	}
	return err
}
