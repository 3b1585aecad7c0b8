package hipflask_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
)

type tagged struct{ tags map[string]int }

func (p *tagged) count(tag string) { p.tags[tag]++ }

// brokenError panics when it is printed.
type brokenError struct{}

func (brokenError) Error() string { panic("no text") }

// hidesBroken can be printed; what it wraps cannot.
type hidesBroken struct{}

func (hidesBroken) Error() string { return "the outer error" }
func (hidesBroken) Unwrap() error { return brokenError{} }

// debugPageOf is the page that the developer sees of the error that a handler of
// the path ended with.
func debugPageOf(t *testing.T, path string, handler hipflask.HandlerFunc) string {
	t.Helper()
	app := hipflask.New("blog")
	app.Config.Debug = true
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Get("/post/<title>", handler).Name("post")
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:9", "localhost:5000"
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != 500 {
		t.Errorf("%s: got %d, want 500", path, w.Code)
	}
	return w.Body.String()
}

// TestDebugPageOfPanic: the error first, then the program's own calls, and all the
// others where they do not stand in the way.
func TestDebugPageOfPanic(t *testing.T) {
	page := debugPageOf(t, "/post/go", func(c *hipflask.Context) error {
		new(tagged).count(c.Param("title"))
		return c.NoContent()
	})
	rest := page
	for _, want := range []string{
		"<p>500 Internal Server Error</p>",
		"<h1>panic: assignment to entry in nil map</h1>",
		"GET /post/go",
		"GET /post/&lt;title&gt;",
		"<li class=own><code>github.com/hipflask/hipflask_test.(*tagged).count</code>",
		"debugpage_test.go:19</code>",
		"<li class=own><code>github.com/hipflask/hipflask_test.TestDebugPageOfPanic.func1</code>",
		"<details>",
		"runtime/debug.Stack()",
		"hipflask.(*App).serve",
		"A visitor reads: Something went wrong",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("the page lacks %q, or has it too early:\n%s", want, page)
			continue
		}
		rest = after
	}
	for _, other := range []string{"runtime.", "panic(", "net/http.", "testing.", "hipflask."} {
		if strings.Contains(page, "<li class=own><code>"+other) || strings.Contains(page, "<li class=own><code>github.com/hipflask/"+other) {
			t.Errorf("a call of %s stands among the program's own:\n%s", other, page)
		}
	}
}

// TestDebugPageOwnFrames: hipflask beside the program is not the program, and
// neither is Go, where -trimpath took the folders from the files.
func TestDebugPageOwnFrames(t *testing.T) {
	for name, goroot := range map[string]string{"as built": "/usr/lib/go/src/", "-trimpath": ""} {
		home := map[string]string{"/usr/lib/go/src/": "/srv/ada/", "": ""}[goroot]
		modules := map[string]string{"/usr/lib/go/src/": "/srv/ada/go/pkg/mod/", "": ""}[goroot]
		var stack strings.Builder
		stack.WriteString("goroutine 7 [running]:\n")
		for _, call := range [][2]string{
			{"runtime/debug.Stack()", goroot + "runtime/debug/stack.go:26"},
			{"panic({0x7a2b40?, 0x8f1c60?})", goroot + "runtime/panic.go:783"},
			{"main.less(0x1)", home + "example.com/shop/sort.go:9"},
			{"sort.insertionSort_func({0xc0001})", goroot + "sort/zsortfunc.go:12"},
			{"example.org/dep.Sort({0xc0001})", modules + "example.org/dep@v1.2.3/sort.go:4"},
			{"example.com/shop/views.(*Shop).Index(0xc0002)", home + "example.com/shop/views/index.go:20"},
			{"github.com/hipflask/hipflask_test.index(0xc0002)", home + "github.com/hipflask/hipflask/x_test.go:20"},
			{"github.com/hipflask/hipflask/flaskcompat.Untag({0x1})", home + "github.com/hipflask/hipflask/flaskcompat/tags.go:20"},
			{"github.com/hipflask/hipflask.(*App).serve(0xc0003)", home + "github.com/hipflask/hipflask/app.go:20"},
			{"github.com/hipflask/hipflask/hipflasktest.(*Client).Do(0xc0003)", home + "github.com/hipflask/hipflask/hipflasktest/client.go:20"},
			{"testing.tRunner(0xc0003)", goroot + "testing/testing.go:1934"},
			{"created by testing.(*T).Run in goroutine 1", goroot + "testing/testing.go:1997"},
		} {
			fmt.Fprintf(&stack, "%s\n\t%s +0x1d\n", call[0], call[1])
		}
		want := []string{"main.less", "example.com/shop/views.(*Shop).Index", "github.com/hipflask/hipflask_test.index"}
		if got := hipflask.OwnFrames(stack.String()); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestDebugPageOfError: what an error wraps is listed with its types.
func TestDebugPageOfError(t *testing.T) {
	page := debugPageOf(t, "/post/go", func(c *hipflask.Context) error {
		return fmt.Errorf("loading: %w", errors.Join(&fs.PathError{Op: "open", Path: "posts.db", Err: fs.ErrNotExist}, errors.New("gone")))
	})
	for _, want := range []string{
		"<h1>loading: open posts.db: file does not exist\ngone</h1>",
		"<code class=file>*fs.PathError</code><code>open posts.db: file does not exist</code>",
		"<code class=file>*errors.errorString</code><code>gone</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "<details>") {
		t.Errorf("a page without a stack has a place for one:\n%s", page)
	}
}

// TestDebugPageRunsNothing: whatever an error says, the page has no markup but its
// own, and none that runs, loads or sends anything.
func TestDebugPageRunsNothing(t *testing.T) {
	const hostile = `</title></style></h1></pre><script>alert(1)</script><img src=x onerror=alert(1)>"'` + "`"
	for name, handler := range map[string]hipflask.HandlerFunc{
		"error":   func(*hipflask.Context) error { return errors.New(hostile) },
		"wrapped": func(*hipflask.Context) error { return fmt.Errorf("x: %w", errors.New(hostile)) },
		"panic":   func(*hipflask.Context) error { panic(hostile) },
		"message": func(*hipflask.Context) error { return hipflask.Error(500, hostile).Wrap(errors.New(hostile)) },
	} {
		page := debugPageOf(t, "/post/%3Cscript%3E", handler)
		if !strings.Contains(page, "&lt;img src=x onerror=") {
			t.Errorf("%s: the page does not tell the error:\n%s", name, page)
		}
		for _, bad := range []string{"<script", "<img", "<form", "<a ", "<link", "<iframe", "url" + "("} {
			if strings.Contains(strings.ToLower(page), bad) {
				t.Errorf("%s: the page has %s:\n%s", name, bad, page)
			}
		}
		for _, once := range []string{"</title>", "</style>", "</h1>"} {
			if n := strings.Count(page, once); n != 1 {
				t.Errorf("%s: the page has %s %d times", name, once, n)
			}
		}
	}
}

// TestDebugPageOfBrokenError: an error that cannot be printed has the page that
// visitors see.
func TestDebugPageOfBrokenError(t *testing.T) {
	page := debugPageOf(t, "/post/go", func(*hipflask.Context) error { return hidesBroken{} })
	if !strings.Contains(page, "<h1>Internal Server Error</h1>") {
		t.Errorf("got %s", page)
	}
}

// TestDebugPageSource: the lines around a call of the program's own, the line
// itself marked.
func TestDebugPageSource(t *testing.T) {
	page := debugPageOf(t, "/post/go", func(c *hipflask.Context) error {
		panic("<here>") // the marked line
	})
	for _, want := range []string{
		"panic(&#34;&lt;here&gt;&#34;) // the marked line</mark>\n",
		"func TestDebugPageSource(t *testing.T) {\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

type stackError struct{ stack []byte }

func (stackError) Error() string   { return "an error with a stack" }
func (e stackError) Stack() []byte { return e.stack }

// TestDebugPageOfErrorWithStack: an error that keeps its stack has its frames
// shown as a panic has.
func TestDebugPageOfErrorWithStack(t *testing.T) {
	page := debugPageOf(t, "/post/go", func(c *hipflask.Context) error {
		return fmt.Errorf("outer: %w", stackError{debug.Stack()})
	})
	if !strings.Contains(page, "<li class=own><code>github.com/hipflask/hipflask_test.TestDebugPageOfErrorWithStack.func1</code>") {
		t.Errorf("the page lacks the frame:\n%s", page)
	}
}

// TestDebugPageHidesSecrets: request, session and configuration are shown, what
// their names say is secret is not.
func TestDebugPageHidesSecrets(t *testing.T) {
	app := hipflask.New("blog")
	app.Config.Debug = true
	app.Config.SecretKey = "hush-1-hush-hush-hush-hush"
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Config.Set("API_TOKEN", "hush-2")
	app.Config.Set("DATABASE", "postgres://ada:hush-3@db/blog")
	app.Config.Set("COLOUR", "<i>blue")
	app.Post("/save", func(c *hipflask.Context) error {
		c.Session().Set("user", "<b>ada")
		c.Session().Set("csrf_token", "hush-4")
		c.Session().Set("account", hipflask.Data{"name": "shown-1", "password": "hush-5"})
		c.Form("title")
		return errors.New("not saved")
	}).Name("save")
	r := httptest.NewRequest("POST", "/save?page=7&reset_token=hush-6&code=hush-13&state=hush-14", strings.NewReader("title=hush-7&<u>=1&password=hush-8"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer hush-9")
	r.Header.Set("Cookie", "session=hush-10")
	r.Header.Set("X-Api-Key", "hush-11")
	r.Header.Set("Referer", "http://localhost/?token=hush-12&q=shown-2")
	r.Header.Set("Hx-Current-Url", "https://ada:hush-15@shop.example/cart?code_verifier=hush-16&sort=shown-4#access=hush-17")
	r.Header["X-Original-Url"] = []string{"/callback?code=hush-18", "/b?signature=hush-19&size=shown-5"}
	r.Header.Set("X-Broken", "http://localhost/%zz?token=hush-20")
	r.Header.Set("X-Upstream", "HTTPS://db.example/?token=hush-21;x=1&%zz=hush-22")
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	r.Header.Set("User-Agent", "<script>shown-3 (+http://bot.example/)")
	r.RemoteAddr, r.Host = "127.0.0.1:9", "localhost:5000"
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	page := w.Body.String()
	if strings.Contains(page, "hush") {
		t.Errorf("the page tells a secret:\n%s", page)
	}
	for _, want := range []string{
		"<dt>URL<dd>/save?page=7&amp;reset_token=‹hidden›&amp;code=‹hidden›&amp;state=‹hidden›", "<dt>Form<dd>&lt;u&gt;, password, title",
		"<dt>Authorization<dd>‹hidden›", "<dt>Cookie<dd>‹hidden›", "<dt>X-Api-Key<dd>‹hidden›",
		"<dt>Referer<dd>http://localhost/?token=‹hidden›&amp;q=shown-2", "<dt>User-Agent<dd>&lt;script&gt;shown-3 (&#43;http://bot.example/)",
		"<dt>Hx-Current-Url<dd>https://‹hidden›@shop.example/cart?code_verifier=‹hidden›&amp;sort=shown-4#‹hidden›",
		"<dt>X-Original-Url<dd>/callback?code=‹hidden›, /b?signature=‹hidden›&amp;size=shown-5", "<dt>X-Broken<dd>‹hidden›",
		"<dt>Accept<dd>text/html,*/*;q=0.8",
		"<dt>user<dd>&lt;b&gt;ada", "<dt>csrf_token<dd>‹hidden›", "name:shown-1",
		"<dt>SECRET_KEY<dd>‹hidden›", "<dt>API_TOKEN<dd>‹hidden›", "<dt>DATABASE<dd>‹hidden›", "<dt>COLOUR<dd>&lt;i&gt;blue",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
