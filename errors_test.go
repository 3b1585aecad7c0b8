package hipflask

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// myError is an error without a status, which knows Unwrap.
type myError struct{ cause error }

func (e *myError) Error() string { return "mine" }
func (e *myError) Unwrap() error { return e.cause }

// TestErrorHandlers holds the choice of a handler to Flask's (flask-behaviour
// §10). What Flask finds by class is found by type here. An error's handlers of
// blueprints come with blueprints.
// TestAbortWithNoErrorStatus: a mistake is no answer to a visitor. As in Flask, the
// signal is sent and the teardown gets it.
func TestAbortWithNoErrorStatus(t *testing.T) {
	for _, code := range []int{-1, 0, 200, 301, 399, 600, 999} {
		for name, failure := range map[string]error{"Abort": Abort(code), "Error": Error(code, "x"), "HTTPError": &HTTPError{Code: code}} {
			app, log := newTestApp(t)
			var signalled, torn error
			GotRequestException.Connect(app, func(c *Context, err error) { signalled = err })
			app.Teardown(func(c *Context, err error) { torn = err })
			app.Get("/", func(c *Context) error { return failure })
			w := ask(app, "GET", "/")
			if w.Code != 500 || signalled != failure || torn != failure {
				t.Errorf("%s(%d): got %d, the signal %v, the teardown %v; want 500 and the error", name, code, w.Code, signalled, torn)
			}
			if name != "HTTPError" && strings.Count(log.String(), fmt.Sprintf("with %d, which is no error status", code)) != 1 {
				t.Errorf("%s(%d): the log says %s", name, code, log)
			}
		}
	}
	app, _ := newTestApp(t)
	app.Teardown(func(c *Context, err error) {
		if err != nil {
			t.Errorf("Abort(500): the teardown got %v, want nil as in Flask", err)
		}
	})
	app.Get("/", func(c *Context) error { return Abort(500) })
	ask(app, "GET", "/")
}

// TestErrorOfAnAfterHook: an error is answered as that of a handler, and the session
// is saved with its page.
func TestErrorOfAnAfterHook(t *testing.T) {
	for code, failure := range map[int]error{403: Abort(403), 500: errors.New("it fails")} {
		app, _ := newTestApp(t)
		var torn error
		app.Get("/", func(c *Context) error {
			c.Session().Set("name", "Ada")
			return c.Text("hello")
		})
		app.AfterRequest(func(c *Context) error { return failure })
		RequestTearingDown.Connect(app, func(c *Context, err error) { torn = err })
		w := ask(app, "GET", "/")
		if w.Code != code || len(w.Header()["Set-Cookie"]) != 1 {
			t.Errorf("%v: got %d %v, want %d and the session", failure, w.Code, w.Header(), code)
		}
		if unhandled := torn != nil; unhandled != (code == 500) {
			t.Errorf("%v: the teardown got %v", failure, torn)
		}
	}
}

func TestErrorHandlers(t *testing.T) {
	say := func(name string) ErrorHandlerFunc {
		return func(c *Context, err error) error { return c.Text(name) }
	}
	code := func(code int) func(*App) {
		return func(a *App) { a.ErrorHandler(code, say(fmt.Sprint(code))) }
	}
	generic := func(a *App) { OnError(a, func(c *Context, err error) error { return c.Text("error") }) }
	httpError := func(a *App) {
		OnError(a, func(c *Context, err *HTTPError) error { return c.Text(fmt.Sprintf("*HTTPError %d", err.Code)) })
	}
	mine := func(a *App) { OnError(a, func(c *Context, err *myError) error { return c.Text("*myError") }) }
	ownStatus := func(a *App) { OnError(a, func(c *Context, err conflict) error { return c.Text("conflict") }) }
	timeout := func(a *App) {
		OnError(a, func(c *Context, err interface {
			error
			Unwrap() error
		}) error {
			return c.Text("Unwrap")
		})
	}
	plain := errors.New("plain")
	tests := []struct {
		name     string
		handlers []func(*App)
		raised   error
		status   int
		body     string
	}{
		{"a 404 handler that gives only text keeps the status (Flask: 200)", []func(*App){code(404)}, Abort(404), 404, "404"},
		{"code before type", []func(*App){httpError, code(404)}, Abort(404), 404, "404"},
		{"My404 before 404", []func(*App){code(409), ownStatus}, conflict{plain}, 409, "conflict"},
		{"My404, wrapped, before 404", []func(*App){ownStatus, code(409)}, fmt.Errorf("saving: %w", conflict{plain}), 409, "conflict"},
		{"404 before the class of what My404 wraps", []func(*App){code(409), mine}, conflict{&myError{}}, 409, "409"},
		{"404 before My404 that is only the cause", []func(*App){ownStatus, code(404)}, Abort(404).Wrap(conflict{plain}), 404, "404"},
		{"404 before HTTPException, for My404", []func(*App){httpError, generic, code(409)}, conflict{plain}, 409, "409"},
		{"type of the HTTP error", []func(*App){httpError}, Abort(404), 404, "*HTTPError 404"},
		{"HTTPException and Exception", []func(*App){generic, httpError}, Abort(404), 404, "*HTTPError 404"},
		{"500 handler for a plain error", []func(*App){code(500)}, plain, 500, "500"},
		{"type before 500", []func(*App){code(500), mine}, &myError{}, 500, "*myError"},
		{"Exception and 500", []func(*App){code(500), generic}, plain, 500, "error"},
		{"HTTPException gets a plain error as 500", []func(*App){httpError}, plain, 500, "*HTTPError 500"},
		{"abort(500) goes to 500", []func(*App){code(500)}, Abort(500), 500, "500"},
		{"the concrete type before an interface, wherever it is in the chain", []func(*App){timeout, generic, mine}, fmt.Errorf("outer: %w", &myError{}), 500, "*myError"},
		{"an interface before error", []func(*App){generic, timeout}, &myError{plain}, 500, "Unwrap"},
		{"joined errors", []func(*App){mine}, errors.Join(plain, &myError{}), 500, "*myError"},
		{"no handler, status", nil, Abort(410), 410, "<h1>Gone</h1>"},
		{"no handler, plain", nil, plain, 500, "<h1>Internal Server Error</h1>"},
		{"status of a wrapped HTTPError", nil, fmt.Errorf("saving: %w", Abort(409)), 409, "<h1>Conflict</h1>"},
		{"a body over the limit", nil, fmt.Errorf("reading: %w", &http.MaxBytesError{}), 413, "<h1>Request Entity Too Large</h1>"},
		{"an error of another package with StatusCode", nil, teapot{}, 418, "<h1>I&#39;m a teapot</h1>"},
		{"HTTPException gets what has a status by another type", []func(*App){httpError}, fmt.Errorf("reading: %w", &http.MaxBytesError{}), 413, "*HTTPError 413"},
		{"the first status in the chain counts", nil, conflict{Abort(404)}, 409, "<h1>Conflict</h1>"},
		{"a code that is no error's", nil, Abort(200), 500, "<h1>Internal Server Error</h1>"},
		{"no code at all", nil, &HTTPError{Message: "x"}, 500, "<h1>Internal Server Error</h1>"},
		{"a nil *HTTPError, which is no nil error", []func(*App){httpError}, (*HTTPError)(nil), 500, "*HTTPError 500"},

		{"a handler that fails", []func(*App){failing(404), code(500)}, Abort(404), 500, "500"},
		{"a handler that fails, no 500 handler", []func(*App){failing(404)}, Abort(404), 500, "<h1>Internal Server Error</h1>"},
		{"the 500 handler fails too", []func(*App){failing(404), failing(500)}, Abort(404), 500, "<h1>Internal Server Error</h1>"},
		{"a handler that panics", []func(*App){func(a *App) {
			a.ErrorHandler(404, func(*Context, error) error { panic("argh") })
		}}, Abort(404), 500, "<h1>Internal Server Error</h1>"},
		{"a handler without a reply", []func(*App){func(a *App) {
			a.ErrorHandler(404, func(*Context, error) error { return nil })
		}}, Abort(404), 500, "<h1>Internal Server Error</h1>"},
		{"a handler that declines", []func(*App){func(a *App) {
			a.ErrorHandler(405, func(_ *Context, err error) error { return err })
		}}, &HTTPError{Code: 405, Header: http.Header{"Allow": {"PUT"}}}, 405, "<h1>Method Not Allowed</h1>"},
		{"a handler that declines a wrapped error", []func(*App){func(a *App) {
			a.ErrorHandler(404, func(_ *Context, err error) error { return err })
		}}, fmt.Errorf("no post 7: %w", Abort(404)), 404, "<h1>Not Found</h1>"},
		{"a type's handler that declines", []func(*App){func(a *App) {
			calls := 0
			OnError(a, func(_ *Context, err *myError) error {
				calls++
				return fmt.Errorf("call %d: %w", calls, Abort(400+calls))
			})
		}, func(a *App) {
			OnError(a, func(_ *Context, err error) error { return err })
		}}, errors.New("plain"), 500, "<h1>Internal Server Error</h1>"},
		{"an error that cannot be compared", []func(*App){func(a *App) {
			OnError(a, func(_ *Context, err sliceError) error { return err })
		}}, sliceError{"a"}, 500, "<h1>Internal Server Error</h1>"},
		// In Flask an abort inside a handler is a 500; an error value asks for its reply.
		{"a type's handler that aborts", []func(*App){func(a *App) {
			OnError(a, func(c *Context, err *myError) error { return Abort(404) })
		}, code(404)}, &myError{}, 404, "404"},
		{"two handlers that call each other end", []func(*App){func(a *App) {
			a.ErrorHandler(404, func(*Context, error) error { return Abort(403) })
			a.ErrorHandler(403, func(*Context, error) error { return Abort(404) })
		}}, Abort(404), 500, "<h1>Internal Server Error</h1>"},
	}
	for _, test := range tests {
		app, _ := newTestApp(t)
		for _, register := range test.handlers {
			register(app)
		}
		app.Get("/", func(c *Context) error {
			c.Header().Set("X-View", "1")
			c.Text("half a reply")
			return test.raised
		})
		w := ask(app, "GET", "/")
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || strings.Contains(w.Body.String(), "half") {
			t.Errorf("%s: got %d %s\nwant %d %s", test.name, w.Code, w.Body, test.status, test.body)
		}
		if w.Header().Get("X-View") != "" {
			t.Errorf("%s: the failed view's header was sent", test.name)
		}
	}
}

func failing(code int) func(*App) {
	return func(a *App) {
		a.ErrorHandler(code, func(*Context, error) error { return errors.New("the handler is broken") })
	}
}

// sliceError is of a type for which == panics.
type sliceError []string

func (sliceError) Error() string { return "a list" }

// conflict is an error with a status around another.
type conflict struct{ error }

func (conflict) StatusCode() int { return 409 }
func (c conflict) Unwrap() error { return c.error }

type teapot struct{}

func (teapot) Error() string   { return "short and stout" }
func (teapot) StatusCode() int { return 418 }

func TestErrorHandlerStatusAndHeader(t *testing.T) {
	app, _ := newTestApp(t)
	app.ErrorHandler(503, func(c *Context, err error) error { return c.Text("busy") })
	app.ErrorHandler(404, func(c *Context, err error) error { return c.Status(200).Text("fine") })
	app.ErrorHandler(403, func(c *Context, err error) error { return c.Redirect("/login") })
	app.Get("/busy", func(c *Context) error {
		return &HTTPError{Code: 503, Header: http.Header{"Retry-After": {"30"}}}
	})
	app.Get("/private", func(c *Context) error { return Abort(403) })
	if w := ask(app, "GET", "/busy"); w.Code != 503 || w.Header().Get("Retry-After") != "30" {
		t.Errorf("got %d %v, want 503 with Retry-After", w.Code, w.Header())
	}
	if w := ask(app, "GET", "/nowhere"); w.Code != 200 {
		t.Errorf("Status in an error handler: got %d, want 200", w.Code)
	}
	if w := ask(app, "GET", "/private"); w.Code != 302 || w.Header().Get("Location") != "/login" {
		t.Errorf("Redirect in an error handler: got %d %v, want 302 to /login", w.Code, w.Header())
	}
}

func TestCauseStaysPrivate(t *testing.T) {
	app, log := newTestApp(t)
	cause := fmt.Errorf("dial db.internal: %w", fs.ErrPermission)
	var seen error
	app.ErrorHandler(500, func(c *Context, err error) error { seen = err; return err })
	app.Get("/", func(c *Context) error { return Error(503, "Try <later>.\nPlease.").Wrap(cause) })
	app.Get("/plain", func(c *Context) error { return cause })
	w := ask(app, "GET", "/")
	if body := w.Body.String(); !strings.Contains(body, "<p>Try &lt;later&gt;.<br>Please.</p>") || strings.Contains(body, "db.internal") {
		t.Errorf("got %s, want the message escaped and not the cause", body)
	}
	if !strings.Contains(log.String(), "db.internal") {
		t.Errorf("the log %s lacks the cause", log)
	}
	ask(app, "GET", "/plain")
	if !errors.Is(seen, fs.ErrPermission) || StatusCode(seen) != 500 {
		t.Errorf("the 500 handler got %v (%d), want the cause inside a 500", seen, StatusCode(seen))
	}
}

// TestDebugPage is threat 34: what went wrong is shown in Debug, to a browser on
// this machine that asks by a name of this machine, and always escaped.
func TestDebugPage(t *testing.T) {
	for _, test := range []struct {
		name               string
		debug              bool
		peer, host, header string
		detail             bool
	}{
		{"local", true, "127.0.0.1:9", "127.0.0.1:5000", "", true},
		{"localhost", true, "127.0.0.1:9", "localhost:5000", "", true},
		{"IPv6", true, "[::1]:9", "[::1]:5000", "", true},
		{"not in debug", false, "127.0.0.1:9", "localhost:5000", "", false},
		{"from elsewhere", true, "192.0.2.1:9", "localhost:5000", "", false},
		{"a name that was pointed here", true, "127.0.0.1:9", "evil.example", "", false},
		{"a proxy on this machine", true, "127.0.0.1:9", "127.0.0.1:5000", "X-Forwarded-For", false},
		{"a proxy that keeps the host", true, "127.0.0.1:9", "example.com", "", false},
	} {
		app, _ := newTestApp(t)
		app.Config.Debug = test.debug
		app.Get("/", func(c *Context) error { return errors.New("<script>alert(1)</script>") })
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Host = test.peer, test.host
		if test.header != "" {
			r.Header.Set(test.header, "192.0.2.1")
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		body := w.Body.String()
		if got := strings.Contains(body, "&lt;script&gt;"); got != test.detail || strings.Contains(body, "<script>") {
			t.Errorf("%s: the page tells the error: %v, want %v, and escaped:\n%s", test.name, got, test.detail, body)
		}
	}
}

// TestDebugPageBeforeOwn: the developer sees what went wrong in place of the
// App's own page, as in Flask; other visitors see that.
func TestDebugPageBeforeOwn(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Debug = true
	app.ErrorHandler(500, func(c *Context, err error) error { return c.Text("our page") })
	app.ErrorHandler(404, func(c *Context, err error) error { return c.Text("our 404") })
	app.Get("/post/<int:id>", func(c *Context) error { return errors.New("no such table") }).Name("post")
	r := httptest.NewRequest("GET", "/post/7", nil)
	r.RemoteAddr, r.Host = "127.0.0.1:9", "localhost:5000"
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	for _, want := range []string{"no such table", "GET /post/7", "/post/&lt;int:id&gt;", "errors_test.go:"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the debug page lacks %q: %s", want, w.Body)
		}
	}
	if got := ask(app, "GET", "/post/7").Body.String(); got != "our page" {
		t.Errorf("another visitor sees %s", got)
	}
	r.URL.Path = "/nowhere"
	w = httptest.NewRecorder()
	if app.ServeHTTP(w, r); w.Body.String() != "our 404" {
		t.Errorf("an error with a status shows %s, want the App's page in debug too", w.Body)
	}
}

func TestPanicError(t *testing.T) {
	app, log := newTestApp(t)
	var caught *PanicError
	OnError(app, func(c *Context, err *PanicError) error { caught = err; return c.Text("caught") })
	app.Get("/", func(c *Context) error { panic(fs.ErrExist) })
	if w := ask(app, "GET", "/"); w.Code != 500 || w.Body.String() != "caught" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if !errors.Is(caught, fs.ErrExist) || !strings.Contains(string(caught.Stack), "errors_test.go") {
		t.Errorf("got %v with stack %s, want the value and the place", caught, caught.Stack)
	}
	if log.Len() > 0 {
		t.Errorf("a handled panic was logged: %s", log)
	}
}

func TestPanicIsLoggedWithStack(t *testing.T) {
	app, log := newTestApp(t)
	app.Get("/post/<int:id>", func(c *Context) error { panic("argh") }).Name("post")
	ask(app, "GET", "/post/7?secret=1")
	for _, want := range []string{"argh", "method=GET", "path=/post/7", "route=/post/<int:id>", "endpoint=post", "stack=", "errors_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("the log has the query string")
	}
}

// TestStackInDebug: Run in Debug shows a panic's stack as it stands, once.
func TestStackInDebug(t *testing.T) {
	app, log := newTestApp(t)
	app.Get("/", func(c *Context) error { panic("argh") })
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	var terminal bytes.Buffer
	app.accessLog = &terminal
	ask(app, "GET", "/")
	if !strings.Contains(terminal.String(), "\n\t") || !strings.Contains(terminal.String(), "errors_test.go:") || strings.Contains(log.String(), "stack=") {
		t.Errorf("the terminal shows %s\nand the log %s", terminal.String(), log)
	}
}

func TestLogger(t *testing.T) {
	for _, debug := range []bool{false, true} {
		app := New("blog")
		app.Config.Debug = debug
		if got := app.Logger().Enabled(t.Context(), slog.LevelDebug); got != debug {
			t.Errorf("Debug %v: debug messages are logged: %v", debug, got)
		}
	}
	app, log := newTestApp(t)
	app.Logger().Info("hello")
	if !strings.Contains(log.String(), "hello") {
		t.Errorf("Config.Logger was not used: %s", log)
	}
}

func TestAbortHandlerPasses(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error { panic(http.ErrAbortHandler) })
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("recovered %v, want http.ErrAbortHandler to reach net/http", got)
		}
	}()
	ask(app, "GET", "/")
	t.Error("the panic did not pass")
}

// TestErrorHandlersThatCut: an error handler asks for it as well as any other,
// the one of the handler's own error too.
func TestErrorHandlersThatCut(t *testing.T) {
	for _, fails := range [][]int{{404}, {404, 403}, {404, 403, 500}} {
		app, log := newTestApp(t)
		for i, code := range fails {
			var err error = http.ErrAbortHandler
			switch next := i + 1; {
			case next == len(fails):
			case fails[next] == 500:
				err = errors.New("neither")
			default:
				err = Abort(fails[next])
			}
			app.ErrorHandler(code, func(*Context, error) error { return err })
		}
		var value any
		func() {
			defer func() { value = recover() }()
			w := ask(app, "GET", "/nothing")
			t.Errorf("handlers %v: got a reply, %d", fails, w.Code)
		}()
		if value != http.ErrAbortHandler {
			t.Errorf("handlers %v: recovered %v, want http.ErrAbortHandler to reach net/http", fails, value)
		}
		if got := strings.Count(log.String(), "unhandled error"); got != max(0, len(fails)-2) {
			t.Errorf("handlers %v: logged %s", fails, log)
		}
	}
}

// TestErrorPageByAccept: which Accept gets the default page as JSON. The choice
// is that of Werkzeug's accept_mimetypes.best_match(["text/html",
// "application/json"]), but for what is marked.
func TestErrorPageByAccept(t *testing.T) {
	for _, test := range []struct {
		accept string
		json   bool
	}{
		{"", false},
		{"*/*", false}, // curl, fetch, htmx
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", false},
		{"application/json", true},
		{"Application/JSON; charset=utf-8", true},   // Werkzeug: neither
		{"application/json, text/plain, */*", true}, // axios
		{"application/json, text/javascript, */*; q=0.01", true},
		{"text/html, application/json", false}, // both alike: HTML
		{"application/json, text/html", false},
		{"text/html;q=0.5, application/json", true},
		{"text/html, application/json;q=0.9", false},
		{"text/html;q=0.9, application/json;Q=0.95", true},
		{"text/*, application/json", true}, // named more closely
		{"text/html, application/*", false},
		{"application/*", true},
		{"application/json;q=0", false},
		{"application/json;q=0, */*", false},
		{"text/html;q=0, */*", true},
		{"application/json;q=high", false},
		{"application/json;q=2, text/html", false},
		{"application/json;version=1;q=0.1, text/html;q=0.2", false},
		{"image/png", false},
		{"json", false},
		{";;,,;q=1", false},
	} {
		app, _ := newTestApp(t)
		header := []string{"Accept", test.accept}
		if test.accept == "" {
			header = nil
		}
		w := ask(app, "GET", "/nowhere", header...)
		want, wantBody := htmlType, "<h1>Not Found</h1>"
		if test.json {
			want, wantBody = "application/json", `{"code":404,"name":"Not Found","description":"There is no page at this address.`
		}
		if got := w.Header().Get("Content-Type"); w.Code != 404 || got != want || !strings.Contains(w.Body.String(), wantBody) {
			t.Errorf("Accept: %s: got %d %s %s, want %s", test.accept, w.Code, got, w.Body, want)
		}
		if got := w.Header()["Vary"]; len(got) != 1 || got[0] != "Accept" {
			t.Errorf("Accept: %s: Vary %q, want Accept", test.accept, got)
		}
		head := ask(app, "HEAD", "/nowhere", header...)
		if head.Code != 404 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("Accept: %s: HEAD got %d %v %q", test.accept, head.Code, head.Header(), head.Body)
		}
	}
}

// TestErrorPageJSON: what the JSON says is for the visitor, and only that.
func TestErrorPageJSON(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Debug = true
	app.ErrorHandler(410, func(c *Context, err error) error { return c.Text("own") })
	app.Get("/<int:code>", func(c *Context) error {
		return Error(c.ParamInt("code"), "custom <b>\nline2 \"é").Wrap(errors.New("secret"))
	})
	app.Get("/plain", func(c *Context) error { return errors.New("secret") })
	for path, want := range map[string]string{
		"/404":   "{\n  \"code\": 404,\n  \"name\": \"Not Found\",\n  \"description\": \"custom <b>\\nline2 \\\"é\"\n}\n",
		"/599":   "{\n  \"code\": 599,\n  \"name\": \"Error\",\n  \"description\": \"custom <b>\\nline2 \\\"é\"\n}\n",
		"/plain": "{\n  \"code\": 500,\n  \"name\": \"Internal Server Error\",\n  \"description\": \"" + statusMessages[500] + "\"\n}\n",
		"/410":   "own", // negotiation is for the default pages
	} {
		r := httptest.NewRequest("GET", "http://localhost"+path, nil)
		r.RemoteAddr = "127.0.0.1:5000"
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Body.String() != want {
			t.Errorf("%s: got %s, want %s", path, w.Body, want)
		}
		if vary := w.Header().Get("Vary"); (vary == "") != (path == "/410") {
			t.Errorf("%s: Vary %q", path, vary)
		}
	}
}

// TestErrorHeaders holds the headers that go with a status to Flask's
// (flask-behaviour §10), on the default page and on a handler's.
func TestErrorHeaders(t *testing.T) {
	for _, test := range []struct {
		err         *HTTPError
		name, value string
	}{
		{Abort(405).WithHeader("Allow", "GET, PUT"), "Allow", "GET, PUT"},
		{Abort(416).WithHeader("Content-Range", "bytes */10"), "Content-Range", "bytes */10"},
		{Abort(429).WithHeader("Retry-After", "30"), "Retry-After", "30"},
		{Abort(503).WithHeader("retry-after", "Thu, 02 Jan 2020 03:04:05 GMT"), "Retry-After", "Thu, 02 Jan 2020 03:04:05 GMT"},
		{Abort(401).WithHeader("WWW-Authenticate", "Basic realm=r"), "Www-Authenticate", "Basic realm=r"},
		{Abort(401).WithHeader("WWW-Authenticate", "Basic realm=r").WithHeader("WWW-Authenticate", "Bearer").Wrap(errors.New("x")),
			"Www-Authenticate", "Basic realm=r|Bearer"},
	} {
		for _, own := range []bool{false, true} {
			app, _ := newTestApp(t)
			if own {
				OnError(app, func(c *Context, err *HTTPError) error { return c.JSON(err.Message) })
			}
			app.Get("/", func(c *Context) error { return fmt.Errorf("wrapped: %w", test.err) })
			w := ask(app, "GET", "/")
			if got := strings.Join(w.Header()[test.name], "|"); w.Code != test.err.Code || got != test.value {
				t.Errorf("%v, own page %v: got %d, %s: %q; want %q", test.err, own, w.Code, test.name, got, test.value)
			}
		}
	}
}

func TestWithHeaderCopies(t *testing.T) {
	first := Abort(401).WithHeader("A", "1").WithHeader("A", "2").WithHeader("A", "3")
	second, third := first.WithHeader("A", "4"), first.WithHeader("A", "5")
	if got := fmt.Sprint(first.Header, second.Header, third.Header); got != "map[A:[1 2 3]] map[A:[1 2 3 4]] map[A:[1 2 3 5]]" {
		t.Errorf("got %s", got)
	}
	if values := first.Header["A"]; cap(values) != len(values) {
		t.Errorf("cap %d of %d values: requests that add to them would write to one array", cap(values), len(values))
	}
}
