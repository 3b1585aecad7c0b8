package hipflask

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// notCompiled is what no page compiles, for tests of the other way to run one.
const notCompiled = `{{if false}}{{($y := 1)}}{{end}}`

// TestConcurrentRender: pages of one App at the same time, each with the request
// it belongs to.
func TestConcurrentRender(t *testing.T) {
	const page = `{{extends "base.html"}}{{define "content"}}{{request.URL.Path}} {{wait}}{{.x}}{{range .list}}{{.Name}}{{g.path}}{{end}}{{end}}`
	c := pageContext(t, map[string]string{
		"base.html": `{{block "content" .}}{{end}} {{session.name}} {{request.URL.Path}}`,
		"page.html": page,
		"clone.txt": notCompiled + `{{request.URL.Path}} {{wait}}{{.x}}{{range .list}}{{.Name}}{{g.path}}{{end}} {{session.name}} {{request.URL.Path}}`,
	}, func(a *App) {
		a.TemplateFunc("wait", func(c *Context) string { time.Sleep(time.Millisecond); return c.Request.URL.Path })
	})
	if _, is := c.app.renderer.current().pages["page.html"].run.(*compiledPage); !is {
		t.Error("page.html is not compiled")
	}
	pool, is := c.app.renderer.current().pages["clone.txt"].run.(*clonePool)
	if !is {
		t.Fatal("clone.txt is compiled")
	}
	path := NewKey[string]("path")
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			at := fmt.Sprintf("/%d", i)
			c := c.app.NewContext(nil, httptest.NewRequest("GET", at, nil))
			c.Session().Set("name", at)
			path.Set(c, at)
			for range 5 {
				for _, name := range []string{"page.html", "clone.txt"} {
					got := renderPage(t, c, name, Data{"x": at, "list": []account{{at}, {at}}})
					if want := strings.Join([]string{at, strings.Repeat(at, 6), at, at}, " "); got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				}
			}
		})
	}
	group.Wait()
	for range len(pool.free) {
		if cl := <-pool.free; cl.request.c != nil || cl.request.g != nil {
			t.Error("a copy at rest still holds a request")
		}
	}
}

// TestRenderReusesCopies: a page that is not compiled is parsed and escaped once
// all the same.
func TestRenderReusesCopies(t *testing.T) {
	c := pageContext(t, map[string]string{
		"base.html": `<p>{{block "content" .}}{{end}}</p>`,
		"page.html": `{{extends "base.html"}}{{define "content"}}{{.x}}{{super}}` + notCompiled + `{{end}}`,
		"fail.html": notCompiled + `{{.x.Gone}}`,
	})
	for _, name := range []string{"page.html", "fail.html"} {
		pool := c.app.renderer.current().pages[name].run.(*clonePool)
		first := <-pool.free
		pool.free <- first
		for range 10 {
			c.app.renderer.render(c, name, Data{"x": account{}})
		}
		if n := len(pool.free); n != 1 {
			t.Errorf("%s: %d copies, want 1", name, n)
		}
		if <-pool.free != first {
			t.Errorf("%s: the copy was made anew", name)
		}
	}
}

// TestRenderLeavesSession: a page that does not use the session does not load it.
func TestRenderLeavesSession(t *testing.T) {
	c := pageContext(t, map[string]string{"page.html": `{{.x}}`})
	renderPage(t, c, "page.html", Data{"x": 1})
	if vary := c.Header().Get("Vary"); vary != "" {
		t.Errorf("got Vary %q, want none", vary)
	}
}

// TestNotCompiledIsSaid: the log says which page html/template executes, and why,
// and the page is what it would be.
func TestNotCompiledIsSaid(t *testing.T) {
	for _, on := range []bool{false, true} {
		app, log := newTestApp(t)
		app.Config.Set("EXPLAIN_TEMPLATE_LOADING", on)
		app.Config.Root = pages(map[string]string{"odd.html": notCompiled + `<p>{{.x}}</p>`, "plain.html": `{{.x}}`})
		app.Get("/<name>", func(c *Context) error { return c.Render(c.Param("name"), Data{"x": "<"}) })
		if w := ask(app, "GET", "/odd.html"); w.Body.String() != "<p>&lt;</p>" {
			t.Errorf("got %q", w.Body)
		}
		var lines []string
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "html/template") {
				lines = append(lines, line[strings.Index(line, "msg="):])
			}
		}
		var want []string
		if on {
			want = []string{`msg="executing a template by html/template, as it cannot be compiled" template=odd.html reason="odd.html:1:15: a variable declared in parentheses"` + "\n"}
		}
		if !slices.Equal(lines, want) {
			t.Errorf("%v: got %q, want %q", on, lines, want)
		}
	}
}

// TestPageFailures: what goes wrong while a page runs is an error of the request and
// hurts no other.
func TestPageFailures(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Root = pages(map[string]string{
		"panic.html": `<p>{{.v.Panic}}`,
		"loop.html":  `<p>{{template "again" .}}{{define "again"}}{{template "again" .}}{{end}}`,
		"fine.html":  `<p>{{.v.Name}}`,
		"exit.html":  `<p>{{.v.Goexit}}`,
	})
	var failure error
	app.Teardown(func(c *Context, err error) { failure = err })
	app.Get("/<name>", func(c *Context) error { return c.Render(c.Param("name"), Data{"v": brittle{"Ada"}}) })
	for name, want := range map[string]string{
		"panic.html": `executing "panic.html" at <.v.Panic>: error calling Panic: a panic of the value's`,
		"loop.html":  "exceeded maximum template depth (100000)",
	} {
		w := ask(app, "GET", "/"+name)
		if w.Code != 500 || strings.Contains(w.Body.String(), "Ada") || failure == nil || !strings.Contains(failure.Error(), want) {
			t.Errorf("%s: got %d, %v, want %s", name, w.Code, failure, want)
		}
		if w := ask(app, "GET", "/fine.html"); w.Code != 200 || w.Body.String() != "<p>Ada" || failure != nil {
			t.Errorf("after %s: got %d %q, %v", name, w.Code, w.Body, failure)
		}
	}
	// A goroutine that ends itself in the midst of a page.
	done := make(chan bool)
	go func() {
		defer close(done)
		ask(app, "GET", "/exit.html")
		t.Error("the goroutine went on")
	}()
	<-done
	if w := ask(app, "GET", "/fine.html"); w.Body.String() != "<p>Ada" {
		t.Errorf("after a goroutine's end: got %q", w.Body)
	}
}

type brittle struct{ Name string }

func (brittle) Panic() string  { panic("a panic of the value's") }
func (brittle) Goexit() string { runtime.Goexit(); return "" }
