package hipflask

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// watch connects to every signal of app and writes down what comes.
func watch(app *App, note func(format string, args ...any)) {
	RequestStarted.Connect(app, func(c *Context, r *http.Request) { note("started(%s %v)", r.Method, c.Route() != nil) })
	BeforeRenderTemplate.Connect(app, func(c *Context, r Rendering) { note("before_render(%s)", r.Name) })
	TemplateRendered.Connect(app, func(c *Context, r Rendering) { note("rendered(%s %v)", r.Name, r.Data) })
	MessageFlashed.Connect(app, func(c *Context, m Message) { note("flashed(%s: %s)", m.Category, m.Text) })
	GotRequestException.Connect(app, func(c *Context, err error) { note("exception(%v)", err) })
	RequestFinished.Connect(app, func(c *Context, r *Response) {
		note("finished(%d %v)", r.Status, c.Header()["Set-Cookie"] != nil)
	})
	RequestTearingDown.Connect(app, func(c *Context, err error) { note("tearing_down(%v)", err) })
}

// TestSignals holds what is sent, and when, to Flask's order (flask-behaviour §11).
func TestSignals(t *testing.T) {
	tests := []struct {
		request string
		want    string
	}{
		{"GET /ok", "started(GET true) before view after finished(200 false) teardown tearing_down(<nil>)"},
		{"GET /page", "started(GET true) before before_render(page.html) rendered(page.html map[name:Ann shop:ours]) " +
			"after finished(200 false) teardown tearing_down(<nil>)"},
		{"GET /string", "started(GET true) before before_render(<string>) rendered(<string> map[name:Bob shop:ours]) " +
			"after finished(200 false) teardown tearing_down(<nil>)"},
		// The session is saved when the reply is finished.
		{"GET /flash", "started(GET true) before flashed(error: no) after finished(200 true) teardown tearing_down(<nil>)"},
		// An error that nobody answers comes before the after-hooks.
		{"GET /boom", "started(GET true) before exception(boom) after finished(500 false) teardown tearing_down(boom)"},
		{"GET /panic", "started(GET true) before exception(panic: argh) after finished(500 false) teardown tearing_down(panic: argh)"},
		// One with a status, one with a handler, and what the router answers do not.
		{"GET /nowhere", "started(GET false) before after finished(404 false) teardown tearing_down(<nil>)"},
		{"POST /ok", "started(POST false) before after finished(405 false) teardown tearing_down(<nil>)"},
		{"GET /slash", "started(GET false) before after finished(308 false) teardown tearing_down(<nil>)"},
		{"GET /abort", "started(GET true) before after finished(500 false) teardown tearing_down(<nil>)"},
		{"GET /handled", "started(GET true) before after finished(418 false) teardown tearing_down(<nil>)"},
		// A page that fails was not rendered.
		{"GET /broken", "started(GET true) before before_render(error.html) exception(broken) after finished(500 false) teardown tearing_down(broken)"},
		// A reply that is written piece by piece is finished before its first byte.
		{"GET /stream", "started(GET true) before after finished(200 false) wrote teardown tearing_down(<nil>)"},
		{"GET /late", "started(GET true) before after finished(200 false) exception(late) teardown tearing_down(late)"},
		// One failing after-hook: one reply, one signal.
		{"GET /after", "started(GET true) before view after exception(after) after finished(500 false) teardown tearing_down(after)"},
		// The cross-origin check is no part of Flask; what starts also finishes.
		{"POST /ok cross-site", "started(POST false) after finished(403 false) teardown tearing_down(<nil>)"},
	}
	for _, tt := range tests {
		app, _ := newTestApp(t)
		var trace []string
		note := func(format string, args ...any) { trace = append(trace, fmt.Sprintf(format, args...)) }
		watch(app, note)
		app.ContextProcessor(func(c *Context) Data { return Data{"shop": "ours"} })
		app.BeforeRequest(func(c *Context) error { note("before"); return nil })
		failed := false
		app.AfterRequest(func(c *Context) error {
			note("after")
			if c.Request.URL.Path == "/after" && !failed {
				failed = true
				return errors.New("after")
			}
			return nil
		})
		app.Teardown(func(c *Context, err error) { note("teardown") })
		view := func(c *Context) error { note("view"); return c.Text("ok") }
		app.Get("/ok", view)
		app.Get("/after", view)
		app.Get("/slash/", view)
		app.Get("/page", func(c *Context) error { return c.Render("page.html", Data{"name": "Ann"}) })
		app.Get("/string", func(c *Context) error { return c.RenderString("{{.name}}", Data{"name": "Bob"}) })
		app.Get("/broken", func(c *Context) error {
			if err := c.Render("error.html", Data{"list": []int{}}); err == nil {
				t.Error("error.html was rendered")
			}
			return errors.New("broken")
		})
		app.Get("/flash", func(c *Context) error { c.FlashAs("error", "no"); return c.Text("ok") })
		app.Get("/boom", func(c *Context) error { return errors.New("boom") })
		app.Get("/panic", func(c *Context) error { panic("argh") })
		app.Get("/abort", func(c *Context) error { return Abort(500) })
		app.Get("/handled", func(c *Context) error { return context.Canceled })
		app.Get("/stream", func(c *Context) error { fmt.Fprint(c.Writer(), "x"); note("wrote"); return nil })
		app.Get("/late", func(c *Context) error { fmt.Fprint(c.Writer(), "x"); return errors.New("late") })
		OnError(app, func(c *Context, err error) error {
			if errors.Is(err, context.Canceled) {
				return c.Status(418).Text("handled")
			}
			return err
		})
		fields := strings.Fields(tt.request)
		func() {
			defer func() { recover() }() // the late one cuts the connection
			if len(fields) == 3 {
				ask(app, fields[0], fields[1], "Sec-Fetch-Site", "cross-site")
			} else {
				ask(app, fields[0], fields[1])
			}
		}()
		if got := strings.Join(trace, " "); got != tt.want {
			t.Errorf("%s\n  got  %s\n  want %s", tt.request, got, tt.want)
		}
	}
}

func TestSignalConnect(t *testing.T) {
	app, log := newTestApp(t)
	other, _ := newTestApp(t)
	app.Get("/", sayOK)
	other.Get("/", sayOK)
	var trace []string
	note := func(s string) func(*Context, *Response) {
		return func(*Context, *Response) { trace = append(trace, s) }
	}
	check := func(what, want string) {
		t.Helper()
		trace = nil
		if w := ask(app, "GET", "/"); w.Code != 200 || w.Body.String() != "ok" {
			t.Errorf("%s: got %d %s", what, w.Code, w.Body)
		}
		if got := strings.Join(trace, " "); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	check("nobody listens", "")
	f := note("a")
	first := RequestFinished.Connect(app, f)
	check("while it serves", "a")
	second := RequestFinished.Connect(app, f)
	RequestFinished.Connect(app, note("b"))
	RequestFinished.Connect(other, note("other"))
	check("in order; only of this App", "a a b")
	first()
	first()
	check("one of two of a kind, once", "a b")
	RequestFinished.Connect(app, func(*Context, *Response) { panic("argh") })
	RequestFinished.Connect(app, note("c"))
	check("a panic is logged", "a b c")
	if got := log.String(); !strings.Contains(got, "a function connected to request_finished failed") || !strings.Contains(got, "panic: argh") {
		t.Errorf("the log has no panic: %s", got)
	}
	var once func()
	once = RequestFinished.Connect(app, func(*Context, *Response) { trace = append(trace, "once"); once() })
	check("it disconnects itself", "a b c once")
	check("and is gone", "a b c")
	second()
	check("the last of a kind", "b c")

	want := "hipflask: Signal.Connect: the function is nil"
	defer func() {
		if got := recover(); got != want {
			t.Errorf("got panic %v, want %s", got, want)
		}
	}()
	RequestFinished.Connect(app, nil)
}

// A signal of one's own, with a name that is taken.
func TestNewSignal(t *testing.T) {
	app, _ := newTestApp(t)
	saved := NewSignal[int]("request_started")
	got := 0
	saved.Connect(app, func(c *Context, n int) { got += n })
	saved.Send(app.NewContext(nil, httptest.NewRequest("GET", "/", nil)), 7)
	if got != 7 || saved.String() != "request_started" {
		t.Errorf("got %d from %s, want 7", got, saved)
	}
}

func TestSignalsConcurrent(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", sayOK)
	ask(app, "GET", "/")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				heard := 0
				disconnect := RequestStarted.Connect(app, func(*Context, *http.Request) {})
				mine := NewSignal[int]("mine")
				mine.Connect(app, func(_ *Context, n int) { heard += n })
				mine.Send(app.NewContext(nil, httptest.NewRequest("GET", "/", nil)), 1)
				ask(app, "GET", "/")
				disconnect()
				if heard != 1 {
					t.Errorf("heard %d, want 1", heard)
				}
			}
		})
	}
	wg.Wait()
}

func TestSignalsCostNothing(t *testing.T) {
	app, _ := newTestApp(t)
	c := app.NewContext(nil, httptest.NewRequest("GET", "/", nil))
	if n := testing.AllocsPerRun(100, func() {
		RequestStarted.Send(c, c.Request)
		RequestFinished.Send(c, c.Response())
		TemplateRendered.Send(c, Rendering{"page.html", nil})
	}); n != 0 {
		t.Errorf("%v allocations where nobody listens", n)
	}
}
