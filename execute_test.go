package hipflask

import (
	"fmt"
	"net/http/httptest"
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
