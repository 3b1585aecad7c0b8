package hipflask

import (
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"strings"
)

// HandlerFunc answers a request: it prepares a reply with the Context's helpers
// and returns nil, or it returns an error. It is Flask's view function, and the
// type of the before_request and after_request hooks.
type HandlerFunc func(c *Context) error

// ErrorHandlerFunc answers in place of a handler that returned err. See
// [App.ErrorHandler].
type ErrorHandlerFunc func(c *Context, err error) error

// A Registrar takes hooks and error handlers: an [App] or a [Blueprint].
type Registrar interface{ registrar() *scaffold }

// scaffold is what takes routes, hooks and error handlers, named after Flask's
// own. App embeds it.
//
// When setup ends, each registration of a Blueprint gets a scaffold of its own:
// a copy with its name, its place and what the scaffolds around it add.
type scaffold struct {
	app      *App      // nil in a Blueprint
	parent   *scaffold // the blueprint, or the App, that this one is registered on
	name     string    // the blueprint's dotted name; empty for the App itself
	prefix   string    // the blueprint's
	hosts    *place    // the blueprint's, nil where nothing says one
	host     *part     // what it matches, once registered
	recorded *recorded // a Blueprint's setup, until it is registered

	hooks
	byCode      map[int]ErrorHandlerFunc
	byType      []typeHandler
	urlDefaults []func(c *Context, endpoint string, values Data)

	all hooks // these behind those around, made when setup ends
}

// hooks are what runs for the requests of a scaffold, in the order added; after
// and teardown run backwards.
type hooks struct {
	preprocess []func(c *Context)
	before     []HandlerFunc
	after      []HandlerFunc
	teardown   []func(c *Context, err error)
	processors []func(c *Context) Data
}

// add puts more behind the hooks, as if they were added now.
func (h *hooks) add(more *hooks) {
	h.preprocess = append(h.preprocess, more.preprocess...)
	h.before = append(h.before, more.before...)
	h.after = append(h.after, more.after...)
	h.teardown = append(h.teardown, more.teardown...)
	h.processors = append(h.processors, more.processors...)
}

func (s *scaffold) registrar() *scaffold { return s }

// setup panics once setup has ended.
func (s *scaffold) setup(method string) {
	if s.recorded != nil {
		s.recorded.setup(method, s.name)
		return
	}
	if s.app.setupEnded.Load() {
		panic(fmt.Sprintf("hipflask: %s was called after setup ended, which is at the first request, Check or Run. "+
			"It could not apply to the requests already served; call it earlier.", method))
	}
}

// mustNotBeNil panics if what a method was given, a "function" or so, is nil.
func mustNotBeNil(method, what string, isNil bool) {
	if isNil {
		panic(fmt.Sprintf("hipflask: %s: the %s is nil", method, what))
	}
}

// BeforeRequest adds a hook that runs before the handler, in the order added,
// also where no route matched; but not for a request that the cross-origin check
// refuses, see Config.TrustedOrigins. If it prepares a reply or
// returns an error, the hooks after it and the handler do not run. It is
// Flask's before_request.
func (s *scaffold) BeforeRequest(h HandlerFunc) {
	s.setup("BeforeRequest")
	mustNotBeNil("BeforeRequest", "function", h == nil)
	s.before = append(s.before, h)
}

// AfterRequest adds a hook that runs when the reply is prepared and not yet
// sent, the last added first, on every request and for every reply. It may
// change the reply: see [Context.Response]. An error from it becomes the reply
// in its place, and the after-hooks run again from the first, for that reply; if
// one fails again, a bare 500 is sent. It is Flask's after_request.
func (s *scaffold) AfterRequest(h HandlerFunc) {
	s.setup("AfterRequest")
	mustNotBeNil("AfterRequest", "function", h == nil)
	s.after = append(s.after, h)
}

// Teardown adds a function that runs after the reply was sent, the last added
// first, on every request: for closing what the request opened. It gets the
// error that made the reply a 500 or cut it short, also where the handler of 500
// answered it, or nil. It is Flask's teardown_request.
func (s *scaffold) Teardown(f func(c *Context, err error)) {
	s.setup("Teardown")
	mustNotBeNil("Teardown", "function", f == nil)
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
	mustNotBeNil("ErrorHandler", "function", h == nil)
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
// handler of the code comes first, unless E is the concrete type whose StatusCode it
// is, other than [*HTTPError]: that is as specific as the code, and in one Blueprint
// or App goes before it. Among the types a concrete one wins over an
// interface, wherever in the chain it fits, and of two such types the one that
// fits the outer error. OnError[error] gets every error that has no handler of
// its own.
func OnError[E error](on Registrar, h func(c *Context, err E) error) {
	s := on.registrar()
	s.setup("OnError")
	mustNotBeNil("OnError", "function", h == nil)
	s.byType = append(s.byType, typeHandler{rank: typeRank(reflect.TypeFor[E]()), bind: func(err error) ErrorHandlerFunc {
		e, ok := err.(E)
		if !ok {
			return nil
		}
		return func(c *Context, _ error) error { return h(c, e) }
	}})
}

// URLValuePreprocessor adds a function that runs before the before-hooks of a
// request, to look at the variables of the matched rule: for a prefix such as
// "/<lang>" that many rules share. It is Flask's url_value_preprocessor.
func (s *scaffold) URLValuePreprocessor(f func(c *Context)) {
	s.setup("URLValuePreprocessor")
	mustNotBeNil("URLValuePreprocessor", "function", f == nil)
	s.preprocess = append(s.preprocess, f)
}

// URLDefaults adds a function that may add to the values of every
// [Context.URLFor], such as the language of the request. What it adds is used
// where a rule of the endpoint has a variable of that name, and forgotten where
// not; a value that was given wins. A blueprint's is asked for its own endpoints.
// It is Flask's url_defaults.
func (s *scaffold) URLDefaults(f func(c *Context, endpoint string, values Data)) {
	s.setup("URLDefaults")
	mustNotBeNil("URLDefaults", "function", f == nil)
	s.urlDefaults = append(s.urlDefaults, f)
}

// Blueprint is a part of an application: routes, hooks, error handlers,
// templates and files that are written apart and registered together under a
// prefix. It is Flask's Blueprint.
//
// Its endpoints begin with its name, "admin.index"; in a page or a handler of
// its own ".index" is enough. Its hooks run for its own routes, the App's around
// them: the App's before-hooks first, its after-hooks and teardown last. Its
// error handlers come before the App's.
type Blueprint struct{ scaffold }

// recorded is what a Blueprint keeps until it is registered.
type recorded struct {
	routes     []*Route
	children   []*Registration
	templates  []fs.FS
	commands   []*command // of Command; cli.go
	wide       scaffold   // what is meant for the whole App
	funcs      map[string]any
	registered bool
}

func (rec *recorded) setup(method, name string) {
	if rec.registered {
		panic(fmt.Sprintf("hipflask: %s was called on the blueprint %q after it was registered. "+
			"It would miss in what is already registered; call it earlier.", method, name))
	}
}

// NewBlueprint returns a Blueprint. The name must not be empty and has no dot;
// others panic. The prefix, such as "/admin", stands before all its rules,
// joined by exactly one slash; it may have variables, and "" means none. The rule
// "" in a Blueprint is the prefix itself.
func NewBlueprint(name, prefix string) *Blueprint {
	if name == "" || strings.Contains(name, ".") {
		panic(fmt.Sprintf("hipflask: NewBlueprint(%q): a name must not be empty and has no dot", name))
	}
	bp := &Blueprint{scaffold{name: name, prefix: prefix, recorded: &recorded{}}}
	return bp
}

// Registration is a Blueprint registered on an App or on another Blueprint. Its
// methods change how, and belong to setup.
type Registration struct {
	bp       *Blueprint
	on       *scaffold
	name     string
	prefix   string
	hosts    *place
	group    *string // of CommandGroup, nil for the name
	defaults map[string]any
	at       int // how many of the routes of on come before its own
	where    string
}

// Register adds a Blueprint's routes, hooks and all it has, at this place among
// the App's routes. A Blueprint may be registered several times, each under a
// name of its own, see [Registration.Name]. After it the Blueprint takes no more.
func (a *App) Register(bp *Blueprint) *Registration {
	a.setup("Register")
	reg := a.scaffold.newRegistration(bp, len(a.routes))
	a.registrations = append(a.registrations, reg)
	return reg
}

// Register nests a Blueprint in this one: its names and prefixes come behind
// this one's, and this one's hooks and error handlers stand around its own. It
// panics for a Blueprint in itself.
func (bp *Blueprint) Register(child *Blueprint) *Registration {
	bp.setup("Register")
	if child == bp {
		panic(fmt.Sprintf("hipflask: the blueprint %q is registered on itself", bp.name))
	}
	reg := bp.scaffold.newRegistration(child, len(bp.recorded.routes))
	bp.recorded.children = append(bp.recorded.children, reg)
	return reg
}

func (s *scaffold) newRegistration(bp *Blueprint, at int) *Registration {
	mustNotBeNil("Register", "blueprint", bp == nil)
	bp.recorded.registered = true
	return &Registration{bp: bp, on: s, name: bp.name, prefix: bp.prefix, hosts: bp.hosts, at: at, where: callerOutside()}
}

// Name registers under another name than the Blueprint's own. It has no dot.
func (reg *Registration) Name(name string) *Registration {
	reg.on.setup("Registration.Name")
	reg.name = name
	return reg
}

// Prefix replaces the Blueprint's own prefix.
func (reg *Registration) Prefix(prefix string) *Registration {
	reg.on.setup("Registration.Prefix")
	reg.prefix = prefix
	return reg
}

// Subdomain replaces the Blueprint's own subdomain or host, as Flask's
// register_blueprint(subdomain=…). See [Blueprint.Subdomain].
func (reg *Registration) Subdomain(pattern string) *Registration {
	reg.on.setup("Registration.Subdomain")
	reg.hosts = &place{pattern, true}
	return reg
}

// Host replaces the Blueprint's own host or subdomain. See [Blueprint.Host].
func (reg *Registration) Host(pattern string) *Registration {
	reg.on.setup("Registration.Host")
	reg.hosts = &place{pattern, false}
	return reg
}

// CommandGroup names the group of the Blueprint's commands; "" puts them among
// the App's own. It is Flask's cli_group. See [Blueprint.Command].
func (reg *Registration) CommandGroup(name string) *Registration {
	reg.on.setup("Registration.CommandGroup")
	reg.group = &name
	return reg
}

// Defaults is [Route.Defaults] for every route of the registration; a route's
// own win. It panics if the pairs are no pairs.
func (reg *Registration) Defaults(pairs ...any) *Registration {
	reg.on.setup("Registration.Defaults")
	values := defaultPairs(fmt.Sprintf("Defaults of the blueprint %q (%s)", reg.name, reg.where), pairs)
	if reg.defaults == nil {
		reg.defaults = map[string]any{}
	}
	maps.Copy(reg.defaults, values)
	return reg
}

// Subdomain is [Route.Subdomain] for every route of the Blueprint that has
// neither Subdomain nor Host of its own; a nested Blueprint's comes before it, as
// in "v1.api". It is the subdomain of Flask's Blueprint.
func (bp *Blueprint) Subdomain(pattern string) {
	bp.setup("Subdomain")
	bp.hosts = &place{pattern, true}
}

// Host is [Route.Host] for every route of the Blueprint that has neither Host nor
// Subdomain of its own. A nested Blueprint's Subdomain comes before it, a nested
// one's Host replaces it. Flask has a host on routes only.
func (bp *Blueprint) Host(pattern string) {
	bp.setup("Host")
	bp.hosts = &place{pattern, false}
}

// Templates adds a folder of templates, found below those of the App and those
// of Blueprints registered earlier: a page of the App with the same name wins.
// fsys holds the files themselves; put them in a folder named like the Blueprint,
// "admin/index.html", so that names do not meet.
func (bp *Blueprint) Templates(fsys fs.FS) {
	bp.setup("Templates")
	mustNotBeNil("Templates", "file system", fsys == nil)
	bp.recorded.templates = append(bp.recorded.templates, fsys)
}

// BeforeAppRequest is [App.BeforeRequest] of the App it is registered on.
func (bp *Blueprint) BeforeAppRequest(h HandlerFunc) {
	bp.setup("BeforeAppRequest")
	bp.wide().BeforeRequest(h)
}

// AfterAppRequest is [App.AfterRequest] of the App it is registered on.
func (bp *Blueprint) AfterAppRequest(h HandlerFunc) {
	bp.setup("AfterAppRequest")
	bp.wide().AfterRequest(h)
}

// TeardownAppRequest is [App.Teardown] of the App it is registered on.
func (bp *Blueprint) TeardownAppRequest(f func(c *Context, err error)) {
	bp.setup("TeardownAppRequest")
	bp.wide().Teardown(f)
}

// AppErrorHandler is [App.ErrorHandler] of the App it is registered on.
func (bp *Blueprint) AppErrorHandler(code int, h ErrorHandlerFunc) {
	bp.setup("AppErrorHandler")
	bp.wide().ErrorHandler(code, h)
}

// OnAppError is [OnError] of the App that bp is registered on.
func OnAppError[E error](bp *Blueprint, h func(c *Context, err E) error) {
	bp.setup("OnAppError")
	OnError(bp.wide(), h)
}

// AppContextProcessor is [App.ContextProcessor] of the App it is registered on.
func (bp *Blueprint) AppContextProcessor(f func(c *Context) Data) {
	bp.setup("AppContextProcessor")
	bp.wide().ContextProcessor(f)
}

// AppTemplateFunc is [App.TemplateFunc] of the App it is registered on; a
// function of the App's own under that name wins.
func (bp *Blueprint) AppTemplateFunc(name string, fn any) {
	bp.setup("AppTemplateFunc")
	checkTemplateFunc(name, fn)
	if bp.recorded.funcs == nil {
		bp.recorded.funcs = map[string]any{}
	}
	bp.recorded.funcs[name] = fn
}

// AppURLValuePreprocessor is [App.URLValuePreprocessor] of the App it is
// registered on.
func (bp *Blueprint) AppURLValuePreprocessor(f func(c *Context)) {
	bp.setup("AppURLValuePreprocessor")
	bp.wide().URLValuePreprocessor(f)
}

// AppURLDefaults is [App.URLDefaults] of the App it is registered on.
func (bp *Blueprint) AppURLDefaults(f func(c *Context, endpoint string, values Data)) {
	bp.setup("AppURLDefaults")
	bp.wide().URLDefaults(f)
}

// wide collects what is meant for the App.
func (bp *Blueprint) wide() *scaffold {
	bp.recorded.wide.recorded = bp.recorded
	bp.recorded.wide.name = bp.name
	return &bp.recorded.wide
}

// scaffold is what the request belongs to: its route's blueprint, or the App.
func (c *Context) scaffold() *scaffold {
	if r := c.match.route; r != nil {
		return r.owner
	}
	return &c.app.scaffold
}
