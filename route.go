package hipflask

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

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
	if v := reflect.ValueOf(h); v.Kind() == reflect.Func {
		r.code = v.Pointer() // functions cannot be compared
	} else {
		r.mount = h
	}
	return r
}

// Route is one registered rule. Its methods refine it and return it again; they
// belong to setup.
type Route struct {
	owner     *scaffold
	text      string                 // as registered; the rule has a blueprint's prefix before it
	rule      *rule                  // nil until the blueprint is registered
	later     []func(r *Route) error // what waits for the rule
	methods   []string               // upper case, as registered: HEAD and OPTIONS only if listed
	endpoint  string
	handler   HandlerFunc
	wraps     []func(HandlerFunc) HandlerFunc
	defaults  map[string]any
	lenient   bool // StrictSlashes(false)
	noOptions bool
	maxBody   int64   // of MaxContentLength; 0 is the App's
	mounted   bool    // an http.Handler: may end without a reply
	function  string  // the handler's full name
	code      uintptr // where its code begins: that of two instances of a generic function differs
	where     string  // file:line of the registration

	host      *hostPattern // of Host or Subdomain; nil means every host
	alias     bool
	buildOnly bool
	redirect  *redirectTarget // of scaffold.Redirect
	view      any             // of View
	mount     http.Handler    // of Handle, if it is no function

	serve HandlerFunc // handler inside wraps, made when setup ends
	plain *entry      // how the router enters the rule as it stands; nil if that needs more than matching
}

// add registers a rule. what is the method the user called.
func (s *scaffold) add(what, ruleText string, h HandlerFunc, methods ...string) *Route {
	s.setup(what)
	if h == nil {
		panic(fmt.Sprintf("hipflask: %s(%q): the handler is nil", what, ruleText))
	}
	if len(methods) == 0 {
		methods = []string{"GET"}
	}
	r := &Route{owner: s, text: ruleText, handler: h, where: callerOutside()}
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
	if s.recorded != nil {
		s.recorded.routes = append(s.recorded.routes, r)
		return r
	}
	if err := r.parse(ruleText, s.app); err != nil {
		panic(err.Error())
	}
	s.app.routes = append(s.app.routes, r)
	return r
}

// parse sets the rule and does what waited for it.
func (r *Route) parse(text string, app *App) (err error) {
	if r.rule, err = parseRule(text, app.converters); err != nil {
		return err
	}
	for _, f := range r.later {
		if err := f(r); err != nil {
			return fmt.Errorf("hipflask: %s: %w", r, err)
		}
	}
	return nil
}

// refine does what needs the rule: now, or when there is one.
func (r *Route) refine(f func(r *Route) error) error {
	if r.rule == nil {
		r.later = append(r.later, f)
		return nil
	}
	return f(r)
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
	for _, decorate := range decorators {
		mustNotBeNil("Wrap of "+r.String(), "decorator", decorate == nil)
	}
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
	values := defaultPairs(fmt.Sprintf("Defaults of %s", r), pairs)
	if r.defaults == nil {
		r.defaults = map[string]any{}
	}
	maps.Copy(r.defaults, values)
	return r
}

// defaultPairs makes a map of pairs; it panics for what are none, and says what
// they were given to.
func defaultPairs(what string, pairs []any) map[string]any {
	if len(pairs)%2 != 0 {
		panic(fmt.Sprintf("hipflask: %s: a name has no value", what))
	}
	values := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			panic(fmt.Sprintf("hipflask: %s: %v (%T) stands where a name is due", what, pairs[i], pairs[i]))
		}
		values[name] = pairs[i+1]
	}
	return values
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

// Rule returns the rule, with the prefix of the route's blueprint once that is
// registered.
func (r *Route) Rule() string {
	if r.rule == nil {
		return r.text
	}
	return r.rule.text
}

// Blueprint returns the dotted name under which the route's blueprint is
// registered, and "" for a route of the App's own. It is Flask's
// request.blueprint.
func (r *Route) Blueprint() string { return r.owner.name }

// String returns the rule, its handler and where it was registered.
func (r *Route) String() string {
	return fmt.Sprintf("%s %s (%s, %s)", strings.Join(r.methods, ","), r.host.String()+r.Rule(), r.function, r.where)
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
		case other.function != r.function || other.code != r.code || !sameInstance(other.view, r.view) || !sameInstance(other.mount, r.mount):
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
		inside := func(receiver string) bool {
			return strings.HasPrefix(frame.Function, "github.com/hipflask/hipflask.(*"+receiver+").")
		}
		if !more || !inside("scaffold") && !inside("App") && !inside("Blueprint") {
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
