package hipflask

import (
	"fmt"
	"io/fs"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// HandlerFunc answers a request: it prepares a reply with the Context's helpers
// and returns nil, or returns an error. It is Flask's view function, and the
// type of its before_request and after_request hooks.
type HandlerFunc func(c *Context) error

// ErrorHandlerFunc answers in place of a handler that returned err. It starts
// with the error's status and headers; see [App.ErrorHandler].
type ErrorHandlerFunc func(c *Context, err error) error

// scaffold is what App and Blueprint share, named after Flask's own: routes,
// hooks and error handlers. Its methods are promoted to both.
type scaffold struct {
	app        *App
	name       string // the blueprint's name; "" for the App
	before     []HandlerFunc
	after      []HandlerFunc
	teardown   []func(c *Context, err error)
	byCode     map[int]ErrorHandlerFunc
	byType     []typeHandler
	processors []func(c *Context) Data
}

// A Registrar takes what an App takes: hooks and error handlers. It is
// implemented by [App] only.
type Registrar interface{ registrar() *scaffold }

func (s *scaffold) registrar() *scaffold { return s }

// setup panics once setup has ended, as Flask does.
func (s *scaffold) setup(method string) {
	if s.app.setupEnded.Load() {
		panic(fmt.Sprintf("hipflask: %s was called after setup ended (at the first request, or at Check or Run): "+
			"it could no longer apply to every request. Call it before", method))
	}
}

// Route is one registered rule. Its methods refine it, each returning the Route
// again, and belong to setup.
type Route struct {
	owner     *scaffold
	rule      *rule // parsed; router.go
	methods   []string
	endpoint  string
	handler   HandlerFunc
	function  string // the handler function's full name
	mounted   bool   // an http.Handler, which may end without a reply
	wraps     []func(HandlerFunc) HandlerFunc
	defaults  map[string]any
	lenient   bool   // StrictSlashes(false)
	noOptions bool   // no automatic OPTIONS
	where     string // file:line of the registration
}

// (methods Name, Wrap, Defaults, StrictSlashes follow; being written)

func (s *scaffold) add(ruleText string, h HandlerFunc, methods []string) *Route {
	rule, err := parseRule(ruleText, s.app.converters)
	if err != nil {
		panic(err.Error())
	}
	r := &Route{owner: s, rule: rule, methods: methods, handler: h}
	s.app.routes = append(s.app.routes, r)
	return r
}

// Get registers a rule for GET, and so for HEAD.
func (s *scaffold) Get(rule string, h HandlerFunc) *Route { return s.add(rule, h, []string{"GET"}) }

// Route registers a rule for the given methods; none means GET.
func (s *scaffold) Route(rule string, h HandlerFunc, methods ...string) *Route {
	if len(methods) == 0 {
		methods = []string{"GET"}
	}
	return s.add(rule, h, methods)
}

type typeHandler struct {
	target reflect.Type
	handle func(c *Context, err error) (bool, error)
}

var _ = []any{http.StatusOK, strings.ToUpper, slices.Sort[[]string], runtime.Caller, fs.ValidPath}
