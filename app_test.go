package hipflask

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

// newTestApp returns an App that has templates and a key, and the text of its log.
func newTestApp(t testing.TB) (*App, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	app := New("test")
	app.Config.SecretKey = "a key for tests, thirty-two bytes"
	app.Config.Root = fstest.MapFS{
		"templates/base.html":  {Data: []byte(`<title>{{block "title" .}}base{{end}}</title>{{block "content" .}}{{end}}`)},
		"templates/page.html":  {Data: []byte(`{{extends "base.html"}}{{define "content"}}Hello {{.name}}{{end}}`)},
		"templates/error.html": {Data: []byte(`{{extends "base.html"}}{{define "content"}}{{index .list 9}}{{end}}`)},
		"templates/mail.txt":   {Data: []byte(`Dear {{.name}}`)},
		"static/style.css":     {Data: []byte("body{}"), ModTime: time.Unix(1_700_000_000, 0)},
	}
	app.Config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	return app, &log
}

// ask sends a request to the App and returns the recorded reply.
func ask(app http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

// TestMain looks, once all tests have run, whether what stands for the rare parts of
// every request is as it was.
func TestMain(m *testing.M) {
	code := m.Run()
	if !reflect.DeepEqual(nothingRare, rare{}) {
		fmt.Printf("nothingRare was changed: %+v\n", nothingRare)
		code = 1
	}
	os.Exit(code)
}

func sayOK(c *Context) error { return c.Text("ok") }

// TestLifeOfRequest holds the order of hooks to Flask's (flask-behaviour §11).
func TestLifeOfRequest(t *testing.T) {
	const all = "before1 before2 "
	tests := []struct {
		request string
		status  int
		trace   string
	}{
		{"GET /ok", 200, all + "view after2 after1 teardown2(nil) teardown1(nil)"},
		{"HEAD /ok", 200, all + "view after2 after1 teardown2(nil) teardown1(nil)"},
		// App-level hooks run where no rule matches, for a wrong method, and for
		// the router's own redirect.
		{"GET /nowhere", 404, all + "after2 after1 teardown2(nil) teardown1(nil)"},
		{"POST /ok", 405, all + "after2 after1 teardown2(nil) teardown1(nil)"},
		{"GET /slash", 308, all + "after2 after1 teardown2(nil) teardown1(nil)"},
		// Automatic OPTIONS runs all hooks, and not the view.
		{"OPTIONS /ok", 200, all + "after2 after1 teardown2(nil) teardown1(nil)"},
		// A before-hook that replies or fails ends the dispatch; the rest runs.
		{"GET /ok?before1=reply", 202, "before1 after2 after1 teardown2(nil) teardown1(nil)"},
		{"GET /nowhere?before1=reply", 202, "before1 after2 after1 teardown2(nil) teardown1(nil)"},
		{"GET /ok?before1=fail", 500, "before1 after2 after1 teardown2(boom) teardown1(boom)"},
		{"GET /ok?before1=abort", 403, "before1 after2 after1 teardown2(nil) teardown1(nil)"},
		// An error handler answered: teardown gets nil. None did: it gets the error.
		{"GET /abort", 403, all + "view after2 after1 teardown2(nil) teardown1(nil)"},
		{"GET /handled", 418, all + "view after2 after1 teardown2(nil) teardown1(nil)"},
		{"GET /boom", 500, all + "view after2 after1 teardown2(boom) teardown1(boom)"},
		{"GET /panic", 500, all + "view after2 after1 teardown2(panic: argh) teardown1(panic: argh)"},
		// A failing after-hook makes a 500, for which the after-hooks start again.
		{"GET /ok?after1=fail", 500, all + "view after2 after1 after2 after1 teardown2(boom) teardown1(boom)"},
		{"GET /ok?after2=fail", 500, all + "view after2 after2 teardown2(boom) teardown1(boom)"},
		{"GET /nothing", 500, all + "view after2 after1 teardown2(ErrNoReply) teardown1(ErrNoReply)"},
		// A streamed reply runs the after-hooks at its first byte.
		{"GET /stream", 200, all + "view after2 after1 streamed teardown2(nil) teardown1(nil)"},
		{"GET /mounted", 200, all + "view after2 after1 teardown2(nil) teardown1(nil)"},
	}
	for _, test := range tests {
		app, _ := newTestApp(t)
		var trace []string
		note := func(s string) { trace = append(trace, s) }
		boom := errors.New("boom")
		hook := func(name string) HandlerFunc {
			return func(c *Context) error {
				note(name)
				switch c.Query(name) {
				case "reply":
					return c.Status(202).Text("from " + name)
				case "fail":
					return boom
				case "abort":
					return Abort(403)
				}
				return nil
			}
		}
		teardown := func(name string) func(*Context, error) {
			return func(c *Context, err error) {
				if errors.Is(err, ErrNoReply) {
					err = errors.New("ErrNoReply")
				} else if err == nil {
					err = errors.New("nil")
				}
				note(fmt.Sprintf("%s(%v)", name, err))
			}
		}
		app.BeforeRequest(hook("before1"))
		app.BeforeRequest(hook("before2"))
		app.AfterRequest(hook("after1"))
		app.AfterRequest(hook("after2"))
		app.Teardown(teardown("teardown1"))
		app.Teardown(teardown("teardown2"))
		OnError(app, func(c *Context, err *PanicErrorForTest) error { return c.Status(418).Text("handled") })
		view := func(f HandlerFunc) HandlerFunc {
			return func(c *Context) error { note("view"); return f(c) }
		}
		app.Get("/ok", view(sayOK)).Name("ok")
		app.Get("/slash/", view(sayOK)).Name("slash")
		app.Get("/abort", view(func(c *Context) error { return Abort(403) })).Name("abort")
		app.Get("/handled", view(func(c *Context) error { return fmt.Errorf("wrapped: %w", &PanicErrorForTest{}) })).Name("handled")
		app.Get("/boom", view(func(c *Context) error { return boom })).Name("boom")
		app.Get("/panic", view(func(c *Context) error { panic("argh") })).Name("panic")
		app.Get("/nothing", view(func(c *Context) error { return nil })).Name("nothing")
		app.Get("/stream", view(func(c *Context) error {
			io.WriteString(c.Writer(), "first")
			note("streamed")
			return nil
		})).Name("stream")
		app.Handle("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if From(r) == nil {
				t.Error("From in a mounted handler is nil")
			}
			note("view")
		}))

		method, target, _ := strings.Cut(test.request, " ")
		w := ask(app, method, target)
		if got := strings.Join(trace, " "); w.Code != test.status || got != test.trace {
			t.Errorf("%s: got %d %s\nwant %d %s", test.request, w.Code, got, test.status, test.trace)
		}
	}
}

// PanicErrorForTest is an error type without a status.
type PanicErrorForTest struct{}

func (*PanicErrorForTest) Error() string { return "an error with a handler of its own" }

func TestNoReplyNamesTheRoute(t *testing.T) {
	app, log := newTestApp(t)
	app.Get("/x", func(c *Context) error { return nil })
	if w := ask(app, "GET", "/x"); w.Code != 500 || strings.Contains(w.Body.String(), "/x") {
		t.Errorf("got %d %s, want a 500 that does not tell the visitor why", w.Code, w.Body)
	}
	for _, want := range []string{"no reply", "/x", "app_test.go", "level=ERROR"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log %s lacks %q", log, want)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("got %d log lines, want 1", n)
	}
}

func TestSetupEnds(t *testing.T) {
	methods := map[string]func(*App){
		"Use":           func(a *App) { a.Use() },
		"Get":           func(a *App) { a.Get("/y", sayOK) },
		"Post":          func(a *App) { a.Post("/y", sayOK) },
		"Put":           func(a *App) { a.Put("/y", sayOK) },
		"Patch":         func(a *App) { a.Patch("/y", sayOK) },
		"Delete":        func(a *App) { a.Delete("/y", sayOK) },
		"Route":         func(a *App) { a.Route("/y", sayOK) },
		"Handle":        func(a *App) { a.Handle("/y", http.NotFoundHandler()) },
		"BeforeRequest": func(a *App) { a.BeforeRequest(sayOK) },
		"AfterRequest":  func(a *App) { a.AfterRequest(sayOK) },
		"Teardown":      func(a *App) { a.Teardown(func(*Context, error) {}) },
		"ErrorHandler":  func(a *App) { a.ErrorHandler(404, func(*Context, error) error { return nil }) },
		"OnError":       func(a *App) { OnError(a, func(*Context, error) error { return nil }) },
		"TemplateFunc":  func(a *App) { a.TemplateFunc("f", strings.ToUpper) },
		"ContextProcessor": func(a *App) {
			a.ContextProcessor(func(*Context) Data { return nil })
		},
		"Register":             func(a *App) { a.Register(NewBlueprint("late", "")) },
		"URLDefaults":          func(a *App) { a.URLDefaults(func(*Context, string, Data) {}) },
		"URLValuePreprocessor": func(a *App) { a.URLValuePreprocessor(func(*Context) {}) },
		"Converter":            func(a *App) { a.Converter("c", nil) },
		"Route.Name":           func(a *App) { a.routes[0].Name("other") },
	}
	for name, call := range methods {
		app, _ := newTestApp(t)
		app.Get("/x", sayOK)
		ask(app, "GET", "/x")
		message := panicText(func() { call(app) })
		if !strings.Contains(message, name) || !strings.Contains(message, "setup ended") {
			t.Errorf("%s after the first request: got panic %q, want one that names it", name, message)
		}
	}
}

func panicText(f func()) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprint(value)
		}
	}()
	f()
	return ""
}

func index(c *Context) error { return c.Text("index") }

type blog struct{}

func (blog) index(c *Context) error { return c.Text("blog index") }

func TestEndpoints(t *testing.T) {
	app, _ := newTestApp(t)
	for _, test := range []struct {
		route *Route
		want  string
	}{
		{app.Get("/", index), "index"},
		{app.Get("/index", index), "index"},
		{app.Get("/blog", blog{}.index).Name("blog.index"), "blog.index"},
		{app.Get("/literal", func(c *Context) error { return nil }), ""},
		{app.Get("/wrapped", sayOK).Wrap(func(next HandlerFunc) HandlerFunc { return func(c *Context) error { return next(c) } }), "sayOK"},
		{app.Handle("/mounted", http.NotFoundHandler()), ""},
	} {
		if got := test.route.Endpoint(); got != test.want {
			t.Errorf("endpoint of %s: got %q, want %q", test.route, got, test.want)
		}
	}
	if err := app.Check(); err != nil {
		t.Error(err)
	}
	for function, want := range map[string]string{
		"main.index":                          "index",
		"example.com/blog.show":               "show",
		"example.com/blog.(*Blog).Show-fm":    "Show",
		"example.com/blog.Blog.Show-fm":       "Show",
		"main.main.func1":                     "",
		"main.glob..func1":                    "",
		"example.com/yaml%2ev3.show":          "show",
		"main.page[...]":                      "page",
		"main.(*App).routes.func1":            "",
		"example.com/x.y/blog.(*Blog).Del-fm": "Del",
	} {
		if got := endpointName(function); got != want {
			t.Errorf("endpointName(%q) = %q, want %q", function, got, want)
		}
	}
}

// TestEndpointTaken: Flask refuses a second function under an endpoint too. We
// cannot say so at registration, because a Name may follow it.
func TestEndpointTaken(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", index)
	app.Get("/blog", blog{}.index)
	err := app.Check()
	for _, want := range []string{`"index"`, "hipflask.index", "hipflask.blog.index", "app_test.go:", " / ", " /blog "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	if message := panicText(func() { ask(app, "GET", "/") }); !strings.Contains(message, "two functions") {
		t.Errorf("serving all the same: got panic %q, want the mistake", message)
	}
}

// TestEndpointTakenByHandler: http.Handlers are told apart as functions are.
func TestEndpointTakenByHandler(t *testing.T) {
	type list struct{ http.Handler }
	type uncomparable struct {
		http.Handler
		_ []string
	}
	site, admin := fstest.MapFS{"a": {}}, fstest.MapFS{"b": {}}
	files, notFound := http.FileServerFS(site), http.HandlerFunc(http.NotFound)
	for _, test := range []struct {
		name          string
		first, second http.Handler
		taken         bool
	}{
		{"one pointer", files, files, false},
		{"two file servers", files, http.FileServerFS(admin), true},
		{"one function", notFound, http.HandlerFunc(http.NotFound), false},
		{"two functions", notFound, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), true},
		{"equal values", list{files}, list{files}, false},
		{"values that differ", list{files}, list{notFound}, true}, // not comparable inside
		{"values of no equality", uncomparable{Handler: files}, uncomparable{Handler: files}, true},
		{"a function and a pointer", notFound, files, true},
	} {
		app, _ := newTestApp(t)
		app.Handle("/first", test.first).Name("files")
		app.Handle("/second", test.second).Name("files")
		err := app.Check()
		if taken := err != nil && strings.Contains(err.Error(), `two functions under the endpoint "files"`); taken != test.taken {
			t.Errorf("%s: got %v, want a mistake: %v", test.name, err, test.taken)
		}
	}
}

func TestRegistrationPanics(t *testing.T) {
	odd := []any{"page"} // in a variable: staticcheck sees through a literal
	for _, test := range []struct {
		name string
		call func(a *App)
		want string
	}{
		{"no leading slash", func(a *App) { a.Get("x", sayOK) }, `"x"`},
		{"nil handler", func(a *App) { a.Get("/x", nil) }, "handler is nil"},
		{"nil http.Handler", func(a *App) { a.Handle("/x", nil) }, "handler is nil"},
		{"bad method", func(a *App) { a.Route("/x", sayOK, "GET POST") }, `"GET POST"`},
		{"unknown converter", func(a *App) { a.Get("/<nope:x>", sayOK) }, "nope"},
		{"defaults without a value", func(a *App) { a.Get("/x", sayOK).Defaults(odd...) }, "/x"},
		{"defaults without a name", func(a *App) { a.Get("/x", sayOK).Defaults(1, 2) }, "/x"},
		{"nil hook", func(a *App) { a.BeforeRequest(nil) }, "BeforeRequest: the function is nil"},
		{"nil error handler", func(a *App) { a.ErrorHandler(404, nil) }, "ErrorHandler: the function is nil"},
		{"nil type handler", func(a *App) { OnError[error](a, nil) }, "OnError: the function is nil"},
		{"nil middleware", func(a *App) { a.Use(nil) }, "Use: the middleware is nil"},
		{"nil among middleware", func(a *App) { a.Use(func(h http.Handler) http.Handler { return h }, nil) }, "Use: the middleware is nil"},
		{"nil decorator", func(a *App) { a.Get("/x", sayOK).Wrap(nil) }, "hipflask.sayOK, app_test.go:"},
		{"nil blueprint", func(a *App) { a.Register(nil) }, "Register: the blueprint is nil"},
		{"nil in a blueprint", func(a *App) { NewBlueprint("b", "").Register(nil) }, "Register: the blueprint is nil"},
		{"nil templates", func(a *App) { NewBlueprint("b", "").Templates(nil) }, "Templates: the file system is nil"},
		{"nil context processor", func(a *App) { a.ContextProcessor(nil) }, "ContextProcessor: the function is nil"},
		{"error handler for 200", func(a *App) { a.ErrorHandler(200, func(*Context, error) error { return nil }) }, "200"},
		{"error handler for 999", func(a *App) { a.ErrorHandler(999, func(*Context, error) error { return nil }) }, "999"},
	} {
		app, _ := newTestApp(t)
		if message := panicText(func() { test.call(app) }); !strings.HasPrefix(message, "hipflask: ") || !strings.Contains(message, test.want) {
			t.Errorf("%s: got panic %q, want one of ours with %q", test.name, message, test.want)
		}
	}
}

func TestDecoratorThatReturnsNil(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", sayOK).Wrap(func(HandlerFunc) HandlerFunc { return nil })
	if err := app.Check(); err == nil || !strings.Contains(err.Error(), "decorator") {
		t.Errorf("got %v, want the decorator named", err)
	}
}

func TestUse(t *testing.T) {
	app, _ := newTestApp(t)
	var order []string
	layer := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				w.Header().Set("X-"+name, "1")
				next.ServeHTTP(w, r)
			})
		}
	}
	app.Use(layer("a"), layer("b"))
	app.Use(layer("c"))
	app.Get("/", func(c *Context) error {
		c.Header().Set("X-View", "1")
		return Abort(403)
	})
	w := ask(app, "GET", "/")
	if got := strings.Join(order, ""); got != "abc" {
		t.Errorf("middleware order: got %s, want abc", got)
	}
	// What middleware set survives an error; what the failed view set does not.
	if w.Header().Get("X-A") != "1" || w.Header().Get("X-View") != "" {
		t.Errorf("header after an error: got %v, want the middleware's and not the view's", w.Header())
	}
}

func TestWrapOrder(t *testing.T) {
	app, _ := newTestApp(t)
	var order []string
	deco := func(name string) func(HandlerFunc) HandlerFunc {
		return func(next HandlerFunc) HandlerFunc {
			return func(c *Context) error { order = append(order, name); return next(c) }
		}
	}
	app.Get("/", sayOK).Wrap(deco("outer"), deco("inner")).Wrap(deco("innermost"))
	ask(app, "GET", "/")
	if got := strings.Join(order, " "); got != "outer inner innermost" {
		t.Errorf("got %s", got)
	}
}

// TestCrossOrigin is threat 16: every Sec-Fetch-Site and Origin, by method.
func TestCrossOrigin(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.TrustedOrigins = []string{"https://friend.example"}
	hooks := 0
	app.BeforeRequest(func(c *Context) error { hooks++; return nil })
	app.Route("/", sayOK, "GET", "POST", "DELETE")
	for _, test := range []struct {
		method, site, origin string
		want                 int
	}{
		{"GET", "cross-site", "https://evil.example", 200},
		{"POST", "", "", 200},
		{"POST", "same-origin", "", 200},
		{"POST", "none", "", 200},
		{"POST", "same-site", "http://sub.example.com", 403},
		{"POST", "cross-site", "https://evil.example", 403},
		{"POST", "cross-site", "https://friend.example", 200},
		{"POST", "", "http://example.com", 200}, // the Host of the request
		{"POST", "", "https://evil.example", 403},
		{"POST", "", "null", 403},
		{"DELETE", "cross-site", "https://evil.example", 403},
	} {
		hooks = 0
		w := ask(app, test.method, "/", "Sec-Fetch-Site", test.site, "Origin", test.origin)
		if w.Code != test.want {
			t.Errorf("%s from %q %q: got %d, want %d", test.method, test.site, test.origin, w.Code, test.want)
		}
		if ran := hooks == 1; ran != (test.want == 200) {
			t.Errorf("%s from %q %q: hooks ran %v, want them to see only what is let through", test.method, test.site, test.origin, ran)
		}
	}
}

func TestServeAndShutdown(t *testing.T) {
	app, _ := newTestApp(t)
	began, finish := make(chan bool), make(chan bool)
	app.Get("/slow", func(c *Context) error {
		began <- true
		<-finish
		return c.Text("done")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- app.Serve(ctx, l) }()

	reply := make(chan string)
	go func() {
		res, err := http.Get("http://" + l.Addr().String() + "/slow")
		if err != nil {
			reply <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		reply <- string(body)
	}()
	<-began
	cancel()
	select {
	case err := <-served:
		t.Fatalf("Serve returned %v while a request was open", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	if got := <-reply; got != "done" {
		t.Errorf("the open request got %q, want done", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve returned %v, want nil", err)
	}
	if _, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
		t.Error("the listener is still open")
	}
}

// An event stream hears of the end. What will end by itself does not, and is
// waited for.
func TestShutdownOfStreams(t *testing.T) {
	app, _ := newTestApp(t)
	began, ended, finish := make(chan bool), make(chan error, 2), make(chan bool)
	app.Get("/events", func(c *Context) error {
		c.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		fmt.Fprint(c.Writer(), "data: 1\n\n")
		fmt.Fprint(c.Writer(), "data: 2\n\n")
		began <- true
		<-c.Request.Context().Done()
		ended <- c.Request.Context().Err()
		return nil
	}).Name("events")
	app.Get("/export", func(c *Context) error {
		w := c.Writer()
		io.WriteString(w, "a")
		began <- true
		<-finish
		io.WriteString(w, "b")
		return c.Request.Context().Err()
	}).Name("export")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- app.Serve(ctx, l) }()
	bodies := make(chan string)
	get := func(path string) {
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			bodies <- err.Error()
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		bodies <- fmt.Sprintf("%s %v", body, err)
	}
	go get("/events")
	<-began
	go get("/export")
	<-began
	cancel()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the event stream does not hear of the end")
	}
	if got := <-bodies; got != "data: 1\n\ndata: 2\n\n <nil>" {
		t.Errorf("events: got %q", got)
	}
	close(finish)
	if got := <-bodies; got != "ab <nil>" {
		t.Errorf("export: got %q, want both parts", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}

	// However often Writer is asked for.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	request := httptest.NewRequestWithContext(context.WithValue(t.Context(), stoppingKey{}, ctx), "GET", "/", nil)
	if again := endsWithServer(endsWithServer(request)); again == request || again != endsWithServer(again) {
		t.Error("a request's context is tied to the server more than once, or not")
	}
	if plain := httptest.NewRequest("GET", "/", nil); endsWithServer(plain) != plain {
		t.Error("a request of another server changes")
	}
}

func TestServeReportsMistakes(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.ServerName = "https://not.a.host/"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Serve(context.Background(), l); err == nil || !strings.Contains(err.Error(), "SERVER_NAME") {
		t.Errorf("got %v, want the mistake in SERVER_NAME", err)
	}
}

// strictListener counts how often it is closed.
type strictListener struct {
	net.Listener
	closed atomic.Int32
}

func (l *strictListener) Close() error {
	l.closed.Add(1)
	return l.Listener.Close()
}

// TestServeClosesOnce: a listener may close a channel of its own, which panics the
// second time.
func TestServeClosesOnce(t *testing.T) {
	for name, mistake := range map[string]string{"at the end": "", "after a mistake": "https://not.a.host/"} {
		app, _ := newTestApp(t)
		app.Config.ServerName = mistake
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := &strictListener{Listener: inner}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- app.Serve(ctx, l) }()
		if mistake == "" {
			if resp, err := http.Get("http://" + l.Addr().String() + "/"); err != nil {
				t.Error(err)
			} else {
				resp.Body.Close()
			}
		}
		cancel()
		if err := <-served; (err != nil) != (mistake != "") {
			t.Errorf("%s: Serve returned %v", name, err)
		}
		if n := l.closed.Load(); n != 1 {
			t.Errorf("%s: the listener was closed %d times, want once", name, n)
		}
	}
}

// TestDebugEndsAtOnce: a connection that a browser opened in advance does not keep
// the next build waiting.
func TestDebugEndsAtOnce(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Debug = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- app.Serve(ctx, l) }()
	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	resp, err := http.Get("http://" + l.Addr().String() + "/") // silent is accepted by now
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	began := time.Now()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve returned %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Serve took %v to end", took)
	}
}

func TestRunAddress(t *testing.T) {
	for _, test := range []struct {
		host, port string
		given      []string
		want       string
		fails      bool
	}{
		{"", "", nil, "127.0.0.1:5000", false},
		{"0.0.0.0", "8000", nil, "0.0.0.0:8000", false},
		{"::1", "", nil, "[::1]:5000", false},
		{"0.0.0.0", "8000", []string{":9000"}, ":9000", false},
		{"", "five", nil, "", true},
		{"", "70000", nil, "", true},
		{"", "", []string{":1", ":2"}, "", true},
	} {
		t.Setenv("HIPFLASK_RUN_HOST", test.host)
		t.Setenv("HIPFLASK_RUN_PORT", test.port)
		got, err := runAddress(test.given)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("host %q, port %q, given %q: got %q, %v; want %q", test.host, test.port, test.given, got, err, test.want)
		}
	}
}

func TestRunPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	app, _ := newTestApp(t)
	if err := app.Run(l.Addr().String()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want an error that says the address is in use", err)
	}
}

func TestRunMistakes(t *testing.T) {
	app, _ := newTestApp(t)
	if err := app.Run("5000"); err == nil || !strings.Contains(err.Error(), ":5000") {
		t.Errorf("Run without a colon: got %v, want an error that shows how", err)
	}
	app, _ = newTestApp(t)
	app.Config.Root = os.DirFS(t.TempDir() + "/nowhere")
	if err := app.Run("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "Config.Root") {
		t.Errorf("Run with a Root that is not there: got %v", err)
	}
}

func TestStartLines(t *testing.T) {
	app, _ := newTestApp(t)
	var out strings.Builder
	app.printStart(&out, "http", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000})
	want := " * Serving hipflask app 'test'\n * Debug mode: off\n * Running on http://127.0.0.1:5000\nPress CTRL+C to quit\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	app.Config.Debug = true
	out.Reset()
	app.printStart(&out, "http", &net.TCPAddr{IP: net.IPv6zero, Port: 80})
	for _, line := range []string{" * Debug mode: on\n", " * Running on all addresses (::)\n", " * Running on http://127.0.0.1:80\n"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("got\n%swant the line %q", out.String(), line)
		}
	}
}

// TestAccessLog holds the line to the one the tutorials show.
func TestAccessLog(t *testing.T) {
	app, _ := newTestApp(t)
	var out bytes.Buffer
	app.Post("/add_stock", func(c *Context) error { return c.Redirect("/stocks/") })
	app.Handle("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	app.accessLog = &out
	for _, test := range []struct{ method, target, want string }{
		{"POST", "/add_stock", `"POST /add_stock HTTP/1.1" 302 -`},
		{"GET", "/nope?x=1", `"GET /nope?x=1 HTTP/1.1" 404 -`},
		{"GET", "/mounted", `"GET /mounted HTTP/1.1" 204 -`},
		{"GET", "/%0a%1b%22", `"GET /%0a%1b%22 HTTP/1.1" 404 -`},
	} {
		out.Reset()
		ask(app, test.method, test.target)
		line := out.String()
		stamp := time.Now().Format("02/Jan/2006 15:04")
		if !strings.HasPrefix(line, "192.0.2.1 - - ["+stamp[:11]) || !strings.HasSuffix(line, "] "+test.want+"\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("got %q, want one line that ends in %s", line, test.want)
		}
	}
}

// TestStreaming goes through a real connection: Flush, Hijack and deadlines.
func TestStreaming(t *testing.T) {
	app, log := newTestApp(t)
	app.AfterRequest(func(c *Context) error { c.Header().Set("X-After", "ran"); return nil })
	step := make(chan bool)
	app.Get("/stream", func(c *Context) error {
		c.Session().Set("seen", true)
		w := c.Writer()
		io.WriteString(w, "one")
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		<-step
		io.WriteString(w, "two")
		c.Session().Set("late", true)
		return nil
	})
	app.Get("/deadline", func(c *Context) error {
		if err := http.NewResponseController(c.Writer()).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			return err
		}
		return c.Text("set")
	})
	app.Get("/hijack", func(c *Context) error {
		conn, rw, err := http.NewResponseController(c.Writer()).Hijack()
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nX-After: %s\r\n\r\nhello", c.Header().Get("X-After"))
		return rw.Flush()
	})
	app.Get("/cut", func(c *Context) error {
		io.WriteString(c.Writer(), "half")
		http.NewResponseController(c.Writer()).Flush()
		return errors.New("no more")
	})
	server := httptest.NewServer(app)
	defer server.Close()

	res, err := http.Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "one" {
		t.Errorf("the first flush: got %q, %v", first, err)
	}
	if res.Header.Get("X-After") != "ran" || !strings.HasPrefix(res.Header.Get("Set-Cookie"), "session=") {
		t.Errorf("the first byte did not commit hooks and session: header %v", res.Header)
	}
	close(step)
	if rest, _ := io.ReadAll(res.Body); string(rest) != "two" {
		t.Errorf("the rest: got %q", rest)
	}
	res.Body.Close()

	if res, err := http.Get(server.URL + "/deadline"); err != nil || res.StatusCode != 200 {
		t.Errorf("deadline: got %v, %v", res, err)
	}

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /hijack HTTP/1.1\r\nHost: x\r\n\r\n")
	all, _ := io.ReadAll(bufio.NewReader(conn))
	if got := string(all); !strings.HasPrefix(got, "HTTP/1.1 101") || !strings.HasSuffix(got, "X-After: ran\r\n\r\nhello") {
		t.Errorf("hijack: got %q", got)
	}

	res, err = http.Get(server.URL + "/cut")
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("a stream that failed was read to its end, %q: the client cannot tell that it is not whole", body)
	}
	server.Close()
	if !strings.Contains(log.String(), "no more") {
		t.Errorf("the log %s lacks the stream's error", log)
	}
}

// TestStreamRefused: what fails before the first byte is still a clean 500.
func TestStreamRefused(t *testing.T) {
	app, _ := newTestApp(t)
	var writeErr error
	app.Get("/", func(c *Context) error {
		c.Session().Set("huge", strings.Repeat("x", 8000))
		_, writeErr = io.WriteString(c.Writer(), "data")
		return writeErr
	})
	w := ask(app, "GET", "/")
	if w.Code != 500 || !strings.Contains(w.Body.String(), "<h1>Internal Server Error</h1>") || strings.Contains(w.Body.String(), "data") {
		t.Errorf("got %d %s, want a whole error page and nothing else", w.Code, w.Body)
	}
	if !errors.Is(writeErr, ErrReplySent) {
		t.Errorf("writing returned %v, want ErrReplySent", writeErr)
	}
}

func TestWriterAfterTheReply(t *testing.T) {
	app, _ := newTestApp(t)
	var stale *Context
	app.Get("/", func(c *Context) error { stale = c; return c.Text("ok") })
	ask(app, "GET", "/")
	if _, err := io.WriteString(stale.Writer(), "late"); !errors.Is(err, ErrReplySent) {
		t.Errorf("got %v, want ErrReplySent", err)
	}
}

func TestTeardownPanic(t *testing.T) {
	app, log := newTestApp(t)
	ran := false
	app.Teardown(func(*Context, error) { ran = true })
	app.Teardown(func(*Context, error) { panic("in teardown") })
	app.Get("/", sayOK)
	if w := ask(app, "GET", "/"); w.Code != 200 || !ran || !strings.Contains(log.String(), "in teardown") {
		t.Errorf("got %d, the other teardown ran %v, log %s", w.Code, ran, log)
	}
}

func TestPattern(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/post/<int:id>", sayOK)
	r := httptest.NewRequest("GET", "/post/7", nil)
	app.ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "/post/<int:id>" {
		t.Errorf("r.Pattern = %q, want the rule", r.Pattern)
	}
}

// TestRoutedReplies looks at what the router's answers become on the wire
// (flask-behaviour §3 and §4). Our Locations have no host.
func TestRoutedReplies(t *testing.T) {
	for _, test := range []struct {
		request, root  string
		status         int
		header, value  string
		location, body string
	}{
		{request: "GET /projects", status: 308, location: "/projects/", body: `<a href="/projects/">`},
		{request: "GET /projects?x=1&y=a%20b", status: 308, location: "/projects/?x=1&y=a%20b"},
		{request: "GET /projects?", status: 308, location: "/projects/"},
		{request: "GET /projects", root: "/app", status: 308, location: "/app/projects/"},
		{request: "HEAD /projects", status: 308, location: "/projects/"},
		{request: "POST /projects", status: 404},
		{request: "POST /projects/", status: 405, header: "Allow", value: "GET, HEAD, OPTIONS"},
		{request: "GET /deep/about/", status: 404},
		{request: "GET //evil.com", status: 308, location: "/evil.com/"},
		{request: "GET /%5Cevil.com", status: 308, location: "/%5Cevil.com/"},
		{request: "GET /about", status: 200, body: "ok"},
		{request: "HEAD /about", status: 200, header: "Content-Length", value: "2"},
		{request: "OPTIONS /about", status: 200, header: "Allow", value: "GET, HEAD, OPTIONS"},
		{request: "OPTIONS /about", status: 200, header: "Content-Type", value: htmlType},
		{request: "OPTIONS /nowhere/at/all", status: 404},
		{request: "DELETE /about", status: 405, header: "Allow", value: "GET, HEAD, OPTIONS", body: "<h1>Method Not Allowed</h1>"},
		{request: "FOO /about", status: 405},
	} {
		app, _ := newTestApp(t)
		app.Config.ApplicationRoot = test.root
		app.Get("/projects/", sayOK)
		app.Get("/about", sayOK)
		app.Get("/<name>/", sayOK)
		app.Get("/deep/about", sayOK)
		method, target, _ := strings.Cut(test.request, " ")
		r := httptest.NewRequest(method, "/", nil)
		r.URL, _ = url.ParseRequestURI(target)
		if path, host, found := strings.Cut(target, "//"); found && path == "" {
			r.URL = &url.URL{Path: "//" + host}
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != test.status || w.Header().Get("Location") != test.location || !strings.Contains(w.Body.String(), test.body) {
			t.Errorf("%s: got %d %q %s\nwant %d %q %s", test.request, w.Code, w.Header().Get("Location"), w.Body, test.status, test.location, test.body)
		}
		if got := w.Header().Get(test.header); test.header != "" && got != test.value {
			t.Errorf("%s: %s is %q, want %q", test.request, test.header, got, test.value)
		}
		if method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("%s: a body, %s", test.request, w.Body)
		}
	}
}

func TestDisableAutomaticOptions(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.DisableAutomaticOptions = true
	app.Get("/", sayOK)
	if w := ask(app, "OPTIONS", "/"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("got %d, Allow %q; want 405, GET, HEAD", w.Code, w.Header().Get("Allow"))
	}
}

// TestFirstRequestsAtOnce is for the race detector: many first
// requests at once.
func TestFirstRequestsAtOnce(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		c.Session().Set("n", 1)
		return c.Render("page.html", Data{"name": "Ada"})
	})
	done := make(chan int)
	for range 20 {
		go func() { done <- ask(app, "GET", "/").Code }()
	}
	for range 20 {
		if code := <-done; code != 200 {
			t.Errorf("got %d", code)
		}
	}
}

// TestLoggerWhileSetupEnds: a worker that the program started logs, and the race
// detector has nothing to say.
func TestLoggerWhileSetupEnds(t *testing.T) {
	app, log := newTestApp(t)
	logged := make(chan bool)
	go func() {
		app.Logger().Info("the worker is up")
		close(logged)
	}()
	if err := app.Check(); err != nil {
		t.Error(err)
	}
	<-logged
	if !strings.Contains(log.String(), "the worker is up") {
		t.Errorf("logged %s", log)
	}
}

// TestSetupThatPanics: no request may pass a door that was not finished.
func TestSetupThatPanics(t *testing.T) {
	app, _ := newTestApp(t)
	app.Use(func(http.Handler) http.Handler { panic("no connection") })
	app.Get("/", sayOK)
	for i := range 2 {
		if message := panicText(func() { ask(app, "GET", "/") }); message == "" {
			t.Errorf("request %d was served", i+1)
		}
	}
	if app.Check() == nil {
		t.Error("Check finds nothing wrong")
	}
}

// TestEndRunsAlways: teardown and the removal of uploads, however a request ends.
func TestEndRunsAlways(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	contentType, body := multipartBody(t, nil, map[string]string{"doc": strings.Repeat("x", 12<<20)})
	for name, view := range map[string]http.HandlerFunc{
		"returns":  func(w http.ResponseWriter, r *http.Request) {},
		"cuts":     func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"panics":   func(w http.ResponseWriter, r *http.Request) { panic("argh") },
		"half way": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "half"); panic("argh") },
	} {
		app, _ := newTestApp(t)
		tornDown := 0
		app.Teardown(func(*Context, error) { tornDown++ })
		app.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1 << 20); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			view(w, r)
		}))
		panicText(func() { app.ServeHTTP(httptest.NewRecorder(), post(contentType, body)) })
		if left, _ := os.ReadDir(os.TempDir()); len(left) != 0 || tornDown != 1 {
			t.Errorf("%s: %d files left, teardown ran %d times; want 0 and 1", name, len(left), tornDown)
		}
	}
}

// TestTeardownErrors: the error that no handler answered, whatever kind of reply.
func TestTeardownErrors(t *testing.T) {
	app, _ := newTestApp(t)
	var got error
	app.Teardown(func(_ *Context, err error) { got = err })
	app.AfterRequest(func(c *Context) error {
		if c.Query("hook") != "" {
			return errors.New("hook")
		}
		return nil
	})
	app.Get("/text", sayOK).Name("text")
	app.Get("/fail", func(c *Context) error { return errors.New("view") })
	app.Get("/stream", func(c *Context) error { _, err := io.WriteString(c.Writer(), "x"); return err })
	for path, want := range map[string]string{
		"/text": "<nil>", "/text?hook=1": "hook", "/fail": "view", "/fail?hook=1": "view",
		"/stream": "<nil>", "/stream?hook=1": "hook", "/static/style.css?hook=1": "hook", "/nowhere": "<nil>",
	} {
		got = nil
		if ask(app, "GET", path); fmt.Sprint(got) != want {
			t.Errorf("%s: teardown got %v, want %s", path, got, want)
		}
	}
}

// TestUpgrade is what WebSocket libraries do: the status first, then Hijack.
func TestUpgrade(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		w := c.Writer()
		w.Header().Set("Upgrade", "x")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return err
		}
		defer conn.Close()
		rw.WriteString("hello")
		return rw.Flush()
	})
	server := httptest.NewServer(app)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	all, _ := io.ReadAll(conn)
	if got := string(all); !strings.HasPrefix(got, "HTTP/1.1 101") || !strings.HasSuffix(got, "\r\n\r\nhello") {
		t.Errorf("got %q", got)
	}
}

// TestCanonicalRequest: what a guard sees is what is matched.
func TestCanonicalRequest(t *testing.T) {
	app, _ := newTestApp(t)
	guard := func(seen func(r *http.Request)) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen(r); next.ServeHTTP(w, r) })
		}
	}
	var path, method string
	app.Use(guard(func(r *http.Request) { path, method = r.URL.Path, r.Method }))
	app.BeforeRequest(func(c *Context) error {
		if c.Request.URL.Path != path || c.Request.Method != method {
			t.Errorf("the hook sees %s %s, the middleware %s %s", c.Request.Method, c.Request.URL.Path, method, path)
		}
		return nil
	})
	app.Route("/admin/users", func(c *Context) error { return c.Text(c.Request.Method + " " + c.Request.URL.Path) }, "GET", "POST").Name("users")
	for _, test := range []struct{ method, path string }{
		{"GET", "//admin/users"}, {"GET", "///admin/users"}, {"get", "/admin/users"}, {"pOsT", "//admin/users"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL = test.method, &url.URL{Path: test.path}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if want := strings.ToUpper(test.method) + " /admin/users"; w.Code != 200 || w.Body.String() != want || method+" "+path != want {
			t.Errorf("%s %s: got %d %s, middleware saw %s %s; want %s", test.method, test.path, w.Code, w.Body, method, path, want)
		}
		if r.Method != test.method || r.URL.Path != test.path {
			t.Error("the caller's request was changed")
		}
	}
}

// TestClientGone: a client that leaves in the middle of a stream is no error in
// the log, but the teardown learns of it.
func TestClientGone(t *testing.T) {
	app, log := newTestApp(t)
	tornDown := make(chan error, 1)
	app.Teardown(func(_ *Context, err error) { tornDown <- err })
	app.Get("/", func(c *Context) error {
		w := c.Writer()
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<10)); err != nil {
				return err
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
		}
	})
	server := httptest.NewServer(app)
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if err := <-tornDown; err == nil {
		t.Error("teardown got no error")
	}
	server.Close()
	if log.Len() > 0 {
		t.Errorf("the log has %s", log)
	}
}

// TestAfterHookThatCuts: http.ErrAbortHandler means the same wherever it is.
func TestAfterHookThatCuts(t *testing.T) {
	app, _ := newTestApp(t)
	hooks, tornDown := 0, 0
	app.AfterRequest(func(c *Context) error { hooks++; panic(http.ErrAbortHandler) })
	app.Teardown(func(*Context, error) { tornDown++ })
	app.Get("/", sayOK)
	message := panicText(func() {
		if w := ask(app, "GET", "/"); w.Body.Len() > 0 {
			t.Errorf("a reply was sent: %s", w.Body)
		}
	})
	if hooks != 1 || tornDown != 1 || message != http.ErrAbortHandler.Error() {
		t.Errorf("hooks ran %d times, teardown %d, panic %q", hooks, tornDown, message)
	}
}

// TestTeardownAfterPanics: a request is torn down even if the reply to a panic panics.
func TestTeardownAfterPanics(t *testing.T) {
	for _, path := range []string{"/panics", "/fine"} {
		app, _ := newTestApp(t)
		app.Get("/panics", func(c *Context) error { panic("the handler") })
		app.Get("/fine", sayOK)
		torn := 0
		app.Teardown(func(c *Context, err error) { torn++ })
		func() {
			defer func() {
				if r := recover(); r != "the writer" {
					t.Errorf("%s: got the panic %v", path, r)
				}
			}()
			app.ServeHTTP(panickingWriter{httptest.NewRecorder()}, httptest.NewRequest("GET", path, nil))
		}()
		if torn != 1 {
			t.Errorf("%s: torn down %d times", path, torn)
		}
	}
}

type panickingWriter struct{ http.ResponseWriter }

func (panickingWriter) Write([]byte) (int, error)       { panic("the writer") }
func (panickingWriter) WriteString(string) (int, error) { panic("the writer") }
