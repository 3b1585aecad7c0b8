package hipflask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// App is a web application and an http.Handler: its configuration, routes,
// hooks, error handlers and templates. It is Flask's Flask.
//
// Setting it up and serving are two times of its life. Setup ends at the first
// request or at what comes before one: [App.Check], [App.Run], [App.Serve],
// [App.NewContext] or [App.SessionTransaction]. A setup method called later
// panics. After setup an App is safe for concurrent use.
type App struct {
	scaffold

	// Config is read when setup ends. Later changes of its fields have no
	// defined effect.
	Config Config

	name       string
	sourceFile string   // the file that called New; Config.Root starts there
	routes     []*Route // with those of blueprints, once setup has ended
	converters map[string]func(args ConverterArgs) (Converter, error)

	registrations []*Registration
	middleware    []func(http.Handler) http.Handler
	fallback      http.Handler // of Fallback, or nil; proxy.go

	templateFuncs map[string]any // of TemplateFunc; render.go
	signals       signals

	commands []*command // of Command; cli.go

	setupOnce  sync.Once
	setupErr   error
	setupEnded atomic.Bool

	// Everything below is made when setup ends and only read afterwards.
	root            fs.FS
	blueprints      []*scaffold
	addsURLDefaults bool // there are URLDefaults functions
	router          *router
	renderer        *renderer
	sessions        SessionStore
	sessionCookies  *sessionCookies
	crossOrigin     *http.CrossOriginProtection
	handler         http.Handler // the middleware around serve
	embedded        sync.Map     // embed.FS → *fileTags; static.go
	logger          *slog.Logger
	accessLog       io.Writer // one line a request, or nil
}

// New returns an App. The name, usually the program's, appears in the start-up
// lines and in the log; it is the import_name of Flask's constructor.
//
// Config.Debug starts as the environment variable HIPFLASK_DEBUG says.
func New(name string) *App {
	a := &App{name: name}
	a.scaffold.app = a
	a.Config.Debug = debugFromEnv()
	_, a.sourceFile, _, _ = runtime.Caller(1)
	return a
}

// Use adds net/http middleware. The first added is the outermost; all of it
// runs before the App looks at the request.
func (a *App) Use(middleware ...func(http.Handler) http.Handler) {
	a.setup("Use")
	for _, m := range middleware {
		mustNotBeNil("Use", "middleware", m == nil)
	}
	a.middleware = append(a.middleware, middleware...)
}

// Logger returns the App's logger: Config.Logger, or slog.Default() with the
// App's name as the attribute "app". In Debug that logs from [slog.LevelDebug]
// on, to the standard error if slog.Default does not. A goroutine that the program
// started may call it while setup ends. It is Flask's app.logger.
func (a *App) Logger() *slog.Logger {
	if a.setupEnded.Load() {
		return a.logger
	}
	return a.newLogger()
}

func (a *App) newLogger() *slog.Logger {
	if a.Config.Logger != nil {
		return a.Config.Logger
	}
	logger := slog.Default()
	if a.Config.Debug && !logger.Enabled(context.Background(), slog.LevelDebug) {
		logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return logger.With("app", a.name)
}

// Check ends setup and returns every mistake in it, joined: in routes,
// configuration and templates, down to each literal url_for that fits no route
// and each field of request that it does not have.
// A test that calls it finds at once what a visitor would find one by one.
func (a *App) Check() error {
	err := a.endSetup()
	if a.router == nil {
		return err
	}
	return errors.Join(err, errors.Join(a.renderer.check(a.router)...))
}

// endSetup settles everything a request needs, once. Its error is a mistake
// that no request can be served with.
func (a *App) endSetup() error {
	a.setupOnce.Do(func() {
		a.setupErr = errors.New("hipflask: the end of setup panicked, at the first request or before") // until it has not
		a.logger = a.newLogger()
		a.setupErr = a.build()
		a.setupEnded.Store(true)
	})
	return a.setupErr
}

func (a *App) build() error {
	mistakes := []error{a.Config.validate()}
	keep := func(err error) { mistakes = append(mistakes, err) }

	a.root = a.Config.resolveRoot(a.sourceFile)
	if a.Config.Root != nil {
		if _, err := fs.Stat(a.root, "."); err != nil {
			keep(fmt.Errorf("hipflask: Config.Root cannot be read: %w", err))
		}
	}
	a.autoStatic()
	x := a.expand()
	keep(errors.Join(x.mistakes...))
	a.adoptWide(x)
	a.gather()
	a.addsURLDefaults = len(a.urlDefaults) > 0
	for _, s := range x.scaffolds {
		s.gather()
		a.addsURLDefaults = a.addsURLDefaults || len(s.urlDefaults) > 0
	}
	a.routes, a.blueprints = x.routes, x.scaffolds
	for _, r := range a.routes {
		r.noOptions = r.noOptions || a.Config.DisableAutomaticOptions
		keep(r.build())
	}
	keep(sameEndpoint(a.routes))

	var err error
	a.router, err = newRouter(a.routes)
	keep(err)
	keep(a.router.checkKinds())
	a.sessions, err = newSessionStore(&a.Config)
	keep(err)
	a.sessionCookies = newSessionCookies(&a.Config, a.sessions)
	a.crossOrigin, err = a.Config.newCrossOriginProtection()
	keep(err)
	// A broken page is the failure of that page, and of Check.
	a.renderer = newRenderer(a, a.root, a.Config.Debug || a.Config.TemplatesAutoReload, x.templates...)

	var handler http.Handler = http.HandlerFunc(a.serve)
	for _, wrap := range slices.Backward(a.middleware) {
		handler = wrap(handler)
	}
	a.handler = handler
	return errors.Join(mistakes...)
}

// ServeHTTP answers a request. The first one ends setup, and panics if setup
// left a mistake; call [App.Check] or [App.Run] to learn of it earlier.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.setupEnded.Load() || a.setupErr != nil {
		if err := a.endSetup(); err != nil {
			panic(err)
		}
	}
	if a.Config.TrustedProxies.any() {
		r = a.behindProxies(r)
	}
	if a.accessLog == nil {
		a.serveBehindMiddleware(w, r)
		return
	}
	logged, done := a.logAccess(w, r)
	defer done()
	a.serveBehindMiddleware(logged, r)
}

func (a *App) serveBehindMiddleware(w http.ResponseWriter, r *http.Request) {
	if len(a.middleware) == 0 {
		a.serve(w, r) // findRoute makes it canonical
		return
	}
	a.handler.ServeHTTP(w, canonical(r))
}

// canonical gives a request the form in which it is matched, before anybody
// looks at it: a guard that compares path or method must not be passed by
// //admin or get. As in Flask, slashes at the front count as one and the case of
// the method does not count.
func canonical(r *http.Request) *http.Request {
	if (r.Method == http.MethodGet || r.Method == http.MethodPost) && isCanonicalPath(r.URL.Path) {
		return r
	}
	path, method := requestPath(r.URL.Path), strings.ToUpper(r.Method)
	if path == r.URL.Path && method == r.Method {
		return r
	}
	same := *r
	same.Method, same.URL = method, new(*r.URL)
	same.URL.Path, same.URL.RawPath = path, ""
	return &same
}

// serve is the life of a request, once the middleware has run. Each step names the
// file it is in.
func (a *App) serve(w http.ResponseWriter, r *http.Request) {
	c := a.newContext(w, r) // context.go
	defer a.end(c)          // what a panic left to do, and the teardown hooks: below

	a.reply(c, a.dispatch(c)) // before-hooks and the handler: below
}

// reply sends what dispatch prepared, or what answers its error.
func (a *App) reply(c *Context, err error) {
	c.dispatching = false
	if err != nil {
		a.handleError(c, err) // an error handler or the default page: errors.go
	}
	c.send() // after-hooks, the session, header and body: reply.go
}

// dispatch runs the request up to its reply or its error. If it panics, end goes on
// with a *PanicError.
func (a *App) dispatch(c *Context) error {
	c.dispatching = true

	// 1. The path is matched. A failure waits for the before-hooks, which may
	// answer in its place.
	c.findRoute()
	if c.match.route != nil {
		c.Request.Pattern = c.match.route.rule.text
	}
	if a.signals.any() {
		RequestStarted.Send(c, c.Request)
	}

	// 2. A request that another site's page sent in the visitor's name. The
	// fallback judges its own.
	if err := a.crossOrigin.Check(c.Request); err != nil && !c.fallsBack() {
		return Error(http.StatusForbidden, "This request came from another site.").Wrap(err)
	}

	// 3. The before-hooks, the App's before the blueprint's. A reply or an error
	// ends the dispatch.
	hooks := &c.scaffold().all
	for _, look := range hooks.preprocess {
		look(c)
	}
	for _, hook := range hooks.before {
		if err := hook(c); err != nil || c.replied {
			return c.firstError(err)
		}
	}

	// 4. The kept failure, or the fallback in its place, or the handler.
	switch {
	case c.match.route == nil && c.missed().redirect != "":
		return c.redirectMatched() // reply.go
	case a.fallback != nil && c.fallsBack():
		return c.fallBack() // proxy.go
	case c.match.route == nil:
		return c.routingFailure()
	case c.automaticOptions:
		return c.allowed(a.router.allowed(c.Request))
	}
	if err := c.firstError(c.match.route.serve(c)); err != nil {
		return err
	}
	if !c.replied && !c.match.route.mounted {
		return fmt.Errorf("%w: %s returned nil and prepared nothing; return c.Render, c.NoContent or another reply",
			ErrNoReply, c.match.route)
	}
	return nil
}

// end is deferred, so that a panic in dispatch is an error like others, and so that a
// request is torn down however it ended.
func (a *App) end(c *Context) {
	if c.dispatching {
		if value := recover(); value != nil { // nil after runtime.Goexit
			defer a.tearDown(c)
			a.reply(c, panicError(value))
			return
		}
	}
	a.tearDown(c)
}

// tearDown runs the teardown hooks, the blueprint's before the App's and the last
// added first, with the error that no error handler answered.
func (a *App) tearDown(c *Context) {
	c.endSession()
	for _, hook := range slices.Backward(c.scaffold().all.teardown) {
		if err := callTeardown(hook, c); err != nil {
			a.logError(c, "teardown failed", err)
		}
	}
	if a.signals.any() {
		RequestTearingDown.Send(c, c.seldom().unhandled)
	}
	c.freeBuffer()
	if c.Request.MultipartForm != nil {
		c.removeUploads()
	}
	if c.rare == nil {
		return
	}
	c.dropFile()
	if c.rare.cut {
		// The reply had begun when the handler failed, or the handler asked for
		// it: cutting the connection tells the client that the reply is not whole.
		panic(http.ErrAbortHandler)
	}
}

func callTeardown(hook func(*Context, error), c *Context) (err error) {
	defer catch(&err)
	hook(c, c.seldom().unhandled)
	return nil
}
