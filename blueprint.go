package hipflask

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// HandlerFunc answers a request: it prepares a reply with the Context's helpers
// and returns nil, or it returns an error. It is Flask's view function, and the
// type of the before_request and after_request hooks.
type HandlerFunc func(c *Context) error

// ErrorHandlerFunc answers in place of a handler that returned err. See
// [App.ErrorHandler].
type ErrorHandlerFunc func(c *Context, err error) error

// A Registrar takes hooks and error handlers: an [App].
type Registrar interface{ registrar() *scaffold }

// scaffold is what takes routes, hooks and error handlers, named after Flask's
// own. App embeds it.
type scaffold struct {
	app        *App
	name       string // the blueprint's name; empty for the App itself
	before     []HandlerFunc
	after      []HandlerFunc
	teardown   []func(c *Context, err error)
	byCode     map[int]ErrorHandlerFunc
	byType     []typeHandler
	processors []func(c *Context) Data
}

func (s *scaffold) registrar() *scaffold { return s }

// setup panics once setup has ended.
func (s *scaffold) setup(method string) {
	if s.app.setupEnded.Load() {
		panic(fmt.Sprintf("hipflask: %s was called after setup ended, which is at the first request, Check or Run. "+
			"It could not apply to the requests already served; call it earlier.", method))
	}
}

func mustNotBeNil(method string, isNil bool) {
	if isNil {
		panic(fmt.Sprintf("hipflask: %s: the function is nil", method))
	}
}

// Get registers a handler for GET requests, and so for HEAD.
func (s *scaffold) Get(rule string, h HandlerFunc) *Route {
	return s.add("Get", rule, h, "GET")
}

// Post registers a handler for POST requests.
func (s *scaffold) Post(rule string, h HandlerFunc) *Route {
	return s.add("Post", rule, h, "POST")
}

// Put registers a handler for PUT requests.
func (s *scaffold) Put(rule string, h HandlerFunc) *Route {
	return s.add("Put", rule, h, "PUT")
}

// Patch registers a handler for PATCH requests.
func (s *scaffold) Patch(rule string, h HandlerFunc) *Route {
	return s.add("Patch", rule, h, "PATCH")
}

// Delete registers a handler for DELETE requests.
func (s *scaffold) Delete(rule string, h HandlerFunc) *Route {
	return s.add("Delete", rule, h, "DELETE")
}

// Route registers a handler for a rule and the methods given; none means GET.
// The case of a method does not matter. GET brings HEAD with it, and OPTIONS is
// answered by itself unless a route lists it. It is Flask's app.route.
//
// A rule is Flask's: "/post/<int:id>" matches /post/7, and [Context.Param] and
// [Context.ParamInt] read its variables. A variable without a converter is a
// string: text without a slash. The other converters are int, float, path, uuid
// and any, and what [App.Converter] adds. Rules need no order: at each part of
// the path literal text wins over a variable, and an int over a string.
//
// The route's endpoint, its name in [Context.URLFor], is the name of the
// function; [Route.Name] changes it. One function may have several rules under
// its one endpoint; two values' methods of one name count as one function, so
// give them Names.
//
// Route panics if the rule, a method or the handler is unusable. [App.Check]
// reports two functions under one endpoint, and a rule that an earlier one hides
// because it matches the same paths and methods.
func (s *scaffold) Route(rule string, h HandlerFunc, methods ...string) *Route {
	return s.add("Route", rule, h, methods...)
}

// Handle mounts an http.Handler at a rule, for the methods given; none means
// all of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS. The handler sees the
// whole path. It writes through [Context.Writer], so hooks and session work as
// for other routes, and [From] finds the Context inside it.
//
// The route has no endpoint until it is given one with [Route.Name].
func (s *scaffold) Handle(rule string, h http.Handler, methods ...string) *Route {
	if h == nil {
		panic(fmt.Sprintf("hipflask: Handle(%q): the handler is nil", rule))
	}
	if len(methods) == 0 {
		methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	}
	r := s.add("Handle", rule, func(c *Context) error {
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), contextKey{}, c))
		h.ServeHTTP(c.Writer(), c.Request)
		return nil
	}, methods...)
	r.mounted, r.endpoint, r.function, r.code = true, "", fmt.Sprintf("%T", h), 0
	return r
}

// BeforeRequest adds a hook that runs before the handler, in the order added,
// also where no route matched; but not for a request that the cross-origin check
// refuses, see Config.TrustedOrigins. If it prepares a reply or
// returns an error, the hooks after it and the handler do not run. It is
// Flask's before_request.
func (s *scaffold) BeforeRequest(h HandlerFunc) {
	s.setup("BeforeRequest")
	mustNotBeNil("BeforeRequest", h == nil)
	s.before = append(s.before, h)
}

// AfterRequest adds a hook that runs when the reply is prepared and not yet
// sent, the last added first, on every request and for every reply. It may
// change the reply: see [Context.Response]. An error from it becomes the reply
// in its place, and the after-hooks run again from the first, for that reply; if
// one fails again, a bare 500 is sent. It is Flask's after_request.
func (s *scaffold) AfterRequest(h HandlerFunc) {
	s.setup("AfterRequest")
	mustNotBeNil("AfterRequest", h == nil)
	s.after = append(s.after, h)
}

// Teardown adds a function that runs after the reply was sent, the last added
// first, on every request: for closing what the request opened. It gets the
// error that made the reply a 500 or cut it short, also where the handler of 500
// answered it, or nil. It is Flask's teardown_request.
func (s *scaffold) Teardown(f func(c *Context, err error)) {
	s.setup("Teardown")
	mustNotBeNil("Teardown", f == nil)
	s.teardown = append(s.teardown, f)
}

// ErrorHandler makes h answer for errors with a status from 400 to 599; others
// panic. The reply starts with the error's status and headers, so that a 404
// page is sent as 404 without a word; [Context.Status] changes it. It is
// Flask's errorhandler with a code; [OnError] picks by type.
//
// The handler of 500 also gets every error that has no status and no handler of
// its type, inside an [HTTPError]: errors.As and errors.Is find it. In Debug the
// developer sees the debug page in its place, as in Flask: a browser on this
// machine that no proxy stands before.
//
// A handler that returns err itself declines: the default page is sent. One that
// fails with another error is answered by that error's handler, which Flask does
// not look for, or by the handler of 500; a third is not tried.
func (s *scaffold) ErrorHandler(code int, h ErrorHandlerFunc) {
	s.setup("ErrorHandler")
	mustNotBeNil("ErrorHandler", h == nil)
	if code < 400 || code > 599 {
		panic(fmt.Sprintf("hipflask: ErrorHandler(%d): an error's status is between 400 and 599", code))
	}
	if s.byCode == nil {
		s.byCode = map[int]ErrorHandlerFunc{}
	}
	s.byCode[code] = h
}

// OnError makes h answer for errors of type E, found with errors.As: it is
// Flask's errorhandler with an exception class. For an error with a status, a
// handler of the code comes first. Among the types a concrete one wins over an
// interface, wherever in the chain it fits, and of two such types the one that
// fits the outer error. OnError[error] gets every error that has no handler of
// its own.
func OnError[E error](on Registrar, h func(c *Context, err E) error) {
	s := on.registrar()
	s.setup("OnError")
	mustNotBeNil("OnError", h == nil)
	s.byType = append(s.byType, typeHandler{rank: typeRank(reflect.TypeFor[E]()), bind: func(err error) ErrorHandlerFunc {
		e, ok := err.(E)
		if !ok {
			return nil
		}
		return func(c *Context, _ error) error { return h(c, e) }
	}})
}

// Route is one registered rule. Its methods refine it and return it again; they
// belong to setup.
type Route struct {
	owner     *scaffold
	rule      *rule
	methods   []string // upper case, as registered: HEAD and OPTIONS only if listed
	endpoint  string
	handler   HandlerFunc
	wraps     []func(HandlerFunc) HandlerFunc
	defaults  map[string]any
	lenient   bool // StrictSlashes(false)
	noOptions bool
	mounted   bool    // an http.Handler: may end without a reply
	function  string  // the handler's full name
	code      uintptr // where its code begins: that of two instances of a generic function differs
	where     string  // file:line of the registration

	host      *hostPattern // of Host or Subdomain; nil means every host
	alias     bool
	buildOnly bool
	redirect  *redirectTarget // of scaffold.Redirect
	view      any             // of View

	serve HandlerFunc // handler inside wraps, made when setup ends
}

// add registers a rule. what is the method the user called.
func (s *scaffold) add(what, ruleText string, h HandlerFunc, methods ...string) *Route {
	s.setup(what)
	if h == nil {
		panic(fmt.Sprintf("hipflask: %s(%q): the handler is nil", what, ruleText))
	}
	rule, err := parseRule(ruleText, s.app.converters)
	if err != nil {
		panic(err.Error())
	}
	if len(methods) == 0 {
		methods = []string{"GET"}
	}
	r := &Route{owner: s, rule: rule, handler: h, where: callerOutside()}
	for _, m := range methods {
		m = strings.ToUpper(m)
		if !validToken(m) {
			panic(fmt.Sprintf("hipflask: %s(%q): %q is no HTTP method", what, ruleText, m))
		}
		if !slices.Contains(r.methods, m) {
			r.methods = append(r.methods, m)
		}
	}
	r.code = reflect.ValueOf(h).Pointer()
	r.function = runtime.FuncForPC(r.code).Name()
	r.endpoint = endpointName(r.function)
	s.app.routes = append(s.app.routes, r)
	return r
}

// Name sets the endpoint, in place of the handler function's name.
func (r *Route) Name(endpoint string) *Route {
	r.owner.setup("Route.Name")
	r.endpoint = endpoint
	return r
}

// Wrap puts decorators around the handler, the first outermost: Flask's
// login_required and its kind. The endpoint stays the handler's.
func (r *Route) Wrap(decorators ...func(HandlerFunc) HandlerFunc) *Route {
	r.owner.setup("Route.Wrap")
	r.wraps = append(r.wraps, decorators...)
	return r
}

// Defaults gives variables a value, as name and value pairs: for the handler
// where the rule does not have the variable, and for URLFor, which picks the
// rule whose defaults fit. A longer rule of the same endpoint that is asked with
// a default's value redirects to the shorter one. It panics if the pairs are no
// pairs.
func (r *Route) Defaults(pairs ...any) *Route {
	r.owner.setup("Route.Defaults")
	if len(pairs)%2 != 0 {
		panic(fmt.Sprintf("hipflask: Defaults of %s: a name has no value", r))
	}
	if r.defaults == nil {
		r.defaults = map[string]any{}
	}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			panic(fmt.Sprintf("hipflask: Defaults of %s: %v (%T) stands where a name is due", r, pairs[i], pairs[i]))
		}
		r.defaults[name] = pairs[i+1]
	}
	return r
}

// StrictSlashes(false) serves the rule with and without a slash at its end. The
// default, true, redirects to a rule that ends in one, and answers 404 for a
// slash too many.
func (r *Route) StrictSlashes(strict bool) *Route {
	r.owner.setup("Route.StrictSlashes")
	r.lenient = !strict
	return r
}

// Endpoint returns the route's name for URLFor; empty for a function literal
// that was given none.
func (r *Route) Endpoint() string { return r.endpoint }

// Rule returns the rule as it was registered.
func (r *Route) Rule() string { return r.rule.text }

// String returns the rule, its handler and where it was registered.
func (r *Route) String() string {
	return fmt.Sprintf("%s %s (%s, %s)", strings.Join(r.methods, ","), r.host.String()+r.rule.text, r.function, r.where)
}

// build puts the decorators around the handler.
func (r *Route) build() error {
	r.serve = r.handler
	for _, wrap := range slices.Backward(r.wraps) {
		if r.serve = wrap(r.serve); r.serve == nil {
			return fmt.Errorf("hipflask: a decorator of %s returned nil", r)
		}
	}
	return nil
}

// sameEndpoint reports different functions under one endpoint. It waits for the
// end of setup because a Name may still follow the registration.
func sameEndpoint(routes []*Route) error {
	first := map[string]*Route{}
	var mistakes []error
	for _, r := range routes {
		other, taken := first[r.endpoint]
		switch {
		case r.endpoint == "" || r.buildOnly || r.redirect != nil:
		case !taken:
			first[r.endpoint] = r
		case other.function != r.function || other.code != r.code || !sameView(other.view, r.view):
			mistakes = append(mistakes, fmt.Errorf("hipflask: two functions under the endpoint %q:\n\t%s\n\t%s\ngive one of them a Name of its own",
				r.endpoint, other, r))
		}
	}
	return errors.Join(mistakes...)
}

// endpointName turns a function's full name, such as example.com/blog.show,
// example.com/blog.(*Blog).Show-fm or main.main.func1, into an endpoint. A
// function literal has none.
func endpointName(function string) string {
	name := function[strings.LastIndexByte(function, '/')+1:]
	name, method := strings.CutSuffix(name, "-fm")
	name, _, _ = strings.Cut(name, "[") // a generic function's "[...]"
	parts := strings.Split(name, ".")
	if len(parts) != 2 && !method {
		return ""
	}
	return parts[len(parts)-1]
}

// callerOutside returns file:line of the nearest caller outside this package's
// own files.
func callerOutside() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		inside := strings.HasPrefix(frame.Function, "github.com/hipflask/hipflask.(*scaffold).") ||
			strings.HasPrefix(frame.Function, "github.com/hipflask/hipflask.(*App).")
		if !inside || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
	}
}

// validToken reports whether s may be a method or a header's name.
func validToken(s string) bool {
	for i := range len(s) {
		if !tokenChars[s[i]] {
			return false
		}
	}
	return s != ""
}

// tokenChars are the characters of a token in HTTP.
var tokenChars = newCharset("!#$%&'*+^`|")
