package hipflask

import (
	"fmt"
	"strings"
	"testing"
)

type getPost struct{ name string }

func (v *getPost) Get(c *Context) error  { return c.Text(v.name + " get " + c.Request.Method) }
func (v *getPost) Post(c *Context) error { return c.Text(v.name + " post") }

type everything struct{}

func (everything) Get(c *Context) error     { return c.Text("get") }
func (everything) Head(c *Context) error    { c.Header().Set("X-By", "head"); return c.NoContent() }
func (everything) Post(c *Context) error    { return c.Text("post") }
func (everything) Put(c *Context) error     { return c.Text("put") }
func (everything) Patch(c *Context) error   { return c.Text("patch") }
func (everything) Delete(c *Context) error  { return c.Text("delete") }
func (everything) Options(c *Context) error { return c.Text("options") }
func (everything) Trace(c *Context) error   { return c.Text("trace") }
func (everything) Helper() string           { return "no method of HTTP" }

type generic[T any] struct{}

func (generic[T]) Get(c *Context) error { return c.Text(fmt.Sprintf("%T", *new(T))) }

// embedding inherits, as a class does.
type embedding struct{ *getPost }

func (embedding) Put(c *Context) error { return c.Text("put") }

// TestView holds what a view answers to Flask's MethodView (flask-behaviour §16).
func TestView(t *testing.T) {
	app, _ := newTestApp(t)
	v := &getPost{"v"}
	app.View("/v", v)
	app.View("/v/<int:id>", v) // one value, two rules, one endpoint
	app.View("/narrow", v, "get").Name("narrow")
	app.View("/post", v, "POST").Name("post")
	app.View("/all", everything{})
	app.View("/generic", generic[int]{})
	app.View("/embedding", embedding{v})
	app.View("/wrapped", v).Name("wrapped").Wrap(func(next HandlerFunc) HandlerFunc {
		return func(c *Context) error { c.Header().Set("X-By", "wrap"); return next(c) }
	})
	for _, tt := range []struct{ request, want string }{
		{"GET /v", "200 v get GET"},
		{"GET /v/7", "200 v get GET"},
		{"POST /v", "200 v post"},
		{"HEAD /v", "200 "}, // Get answers it
		{"PUT /v", "405 GET, HEAD, OPTIONS, POST"},
		{"OPTIONS /v", "200 GET, HEAD, OPTIONS, POST"},
		{"GET /narrow", "200 v get GET"},
		{"POST /narrow", "405 GET, HEAD, OPTIONS"},
		{"GET /post", "405 OPTIONS, POST"},
		{"GET /all", "200 get"},
		{"HEAD /all", "204 by head"},
		{"PUT /all", "200 put"},
		{"PATCH /all", "200 patch"},
		{"DELETE /all", "200 delete"},
		{"OPTIONS /all", "200 options"},
		{"TRACE /all", "200 trace"},
		{"GET /generic", "200 int"},
		{"POST /embedding", "200 v post"},
		{"PUT /embedding", "200 put"},
		{"POST /wrapped", "200 by wrapv post"},
	} {
		method, path, _ := strings.Cut(tt.request, " ")
		w := ask(app, method, path)
		got := fmt.Sprint(w.Code, " ")
		if by := w.Header().Get("X-By"); by != "" {
			got += "by " + by
		}
		if allow := w.Header().Get("Allow"); allow != "" {
			got += allow
		} else {
			got += w.Body.String()
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.request, got, tt.want)
		}
	}
	var endpoints []string
	for _, r := range app.Routes() {
		if !strings.Contains(strings.Join(endpoints, " "), r.Endpoint) {
			endpoints = append(endpoints, r.Endpoint)
		}
	}
	if got, want := strings.Join(endpoints, " "), "getPost narrow post everything generic embedding wrapped static"; got != want {
		t.Errorf("endpoints: got %s, want %s", got, want)
	}
}

// TestViewMethodChanged: a method that a before-hook writes into the request comes
// too late, as for every other route.
func TestViewMethodChanged(t *testing.T) {
	app, log := newTestApp(t)
	app.View("/", &getPost{"v"})
	app.BeforeRequest(func(c *Context) error {
		if method := c.Query("_method"); method != "" {
			c.Request.Method = method
		}
		return nil
	})
	for request, want := range map[string]string{
		"GET /?_method=DELETE":  "200 v get DELETE",
		"GET /?_method=POST":    "200 v get POST",
		"POST /?_method=PATCH":  "200 v post",
		"POST /?_method=nobody": "200 v post",
	} {
		method, path, _ := strings.Cut(request, " ")
		w := ask(app, method, path)
		if got := fmt.Sprint(w.Code, " ", w.Body); got != want {
			t.Errorf("%s: got %s, want %s; logged %s", request, got, want, log)
		}
	}
}

type wrong struct{}

func (wrong) Get(name string) {}

// Flask answers 500 for a method that is declared and missing.
func TestViewMistakes(t *testing.T) {
	for _, tt := range []struct {
		call func(app *App)
		want string
	}{
		{func(app *App) { app.View("/", nil) }, `hipflask: View("/", <nil>): the value is nil`},
		{func(app *App) { app.View("/", 7) }, `hipflask: View("/", int): it has none of the methods Get, Head, Post, Put, Patch, Delete, Options, Trace`},
		{func(app *App) { app.View("/", wrong{}) }, `hipflask: View("/", hipflask.wrong): its method Get is a func(string); one that answers requests is a func(*hipflask.Context) error`},
		{func(app *App) { app.View("/", getPost{}) }, `hipflask: View("/", hipflask.getPost): its methods belong to the pointer; give &getPost{}`},
		{func(app *App) { app.View("/", &getPost{}, "GET", "PUT") }, `hipflask: View("/", *hipflask.getPost): PUT is asked for, but the value has no method for it`},
	} {
		func() {
			defer func() {
				if got := recover(); got != tt.want {
					t.Errorf("got panic %v\nwant      %s", got, tt.want)
				}
			}()
			app, _ := newTestApp(t)
			tt.call(app)
		}()
	}
	app, _ := newTestApp(t)
	app.View("/a", &getPost{"a"})
	app.View("/b", &getPost{"b"})
	if err := app.Check(); err == nil || !strings.Contains(err.Error(), `two functions under the endpoint "getPost"`) {
		t.Errorf("two values of one type under one endpoint: %v", err)
	}
}
