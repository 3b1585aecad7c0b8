package hipflask

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// Pages that are sent while they are made: Context.Stream.

// streamApp has one page, which ranges over what a handler gives it.
func streamApp(t *testing.T, page string) (*App, fmt.Stringer) {
	app, log := newTestApp(t)
	app.Config.Root = fstest.MapFS{"templates/page.html": {Data: []byte(page)}}
	return app, log
}

// TestStreamArrives: each row is with the visitor before the next is made, over
// a real connection; the header came with the first one.
func TestStreamArrives(t *testing.T) {
	app, log := streamApp(t, `<ul>{{range .rows}}<li>{{.}}</li>{{"\n"}}{{flush}}{{end}}</ul>`)
	rows := make(chan string, 1)
	app.Get("/", func(c *Context) error {
		c.Session().Set("seen", true)
		return c.Stream().Render("page.html", Data{"rows": rows})
	})
	app.AfterRequest(func(c *Context) error { c.Header().Set("X-After", "ran"); return nil })
	server := httptest.NewServer(app)
	defer server.Close()

	send := func(row string) {
		select {
		case rows <- row:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody takes the row")
		}
	}
	send("<1>")
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	h := res.Header
	if h.Get("Content-Type") != htmlType || h.Get("X-After") != "ran" || h.Get("Vary") != "Cookie" || len(res.Cookies()) != 1 || res.ContentLength != -1 {
		t.Errorf("the header is %v", h)
	}
	lines := bufio.NewReader(res.Body)
	for _, want := range []string{"<ul><li>&lt;1&gt;</li>\n", "<li>two</li>\n", "<li>three</li>\n"} {
		line, err := lines.ReadString('\n') // the next row is not made yet
		if err != nil || line != want {
			t.Fatalf("got %q, %v; want %q", line, err, want)
		}
		switch want {
		case "<li>three</li>\n":
			close(rows)
		case "<li>two</li>\n":
			send("three")
		default:
			send("two")
		}
	}
	if rest, err := io.ReadAll(lines); string(rest) != "</ul>" || err != nil {
		t.Errorf("the page ends %q, %v", rest, err)
	}
	if log.String() != "" {
		t.Errorf("logged: %s", log)
	}
}

// pieceRecorder keeps what is written piece by piece, and where it was flushed.
type pieceRecorder struct {
	httptest.ResponseRecorder
	pieces []string
}

func (w *pieceRecorder) Write(b []byte) (int, error) {
	w.pieces = append(w.pieces, fmt.Sprint(len(b)))
	return w.ResponseRecorder.Write(b)
}
func (w *pieceRecorder) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func (w *pieceRecorder) Flush() { w.pieces = append(w.pieces, "flush") }

// TestStreamPieces: without {{flush}} a page goes out in pieces of 4 KiB and
// nothing is flushed; with it, at once. What is sent is what Render sends.
func TestStreamPieces(t *testing.T) {
	row := strings.Repeat("x", 1000)
	for _, tt := range []struct {
		page   string
		rows   int
		pieces string
	}{
		{`{{range .rows}}{{.}}{{end}}`, 3, "3000"},
		{`{{range .rows}}{{.}}{{end}}`, 10, "4096 4096 1808"},
		{`a{{flush}}{{range .rows}}{{.}}{{end}}`, 3, "1 flush 3000"},
		{`{{range .rows}}{{.}}{{flush}}{{end}}`, 2, "1000 flush 1000 flush"},
		{`{{flush}}{{range .rows}}{{.}}{{end}}`, 1, "flush 1000"},
		{`{{range .rows}}{{.}}{{end}}`, 0, ""},
		{`<script>let x = [{{flush}}]</script>`, 0, "17 flush 10"}, // it is no value
		{`<p title="{{flush}}">{{flush}}</p>`, 0, "10 flush 2 flush 4"},
	} {
		app, log := streamApp(t, tt.page)
		data := Data{"rows": slices.Repeat([]string{row}, tt.rows)}
		app.Get("/whole", func(c *Context) error { return c.Render("page.html", data) })
		app.Get("/stream", func(c *Context) error { return c.Stream().Render("page.html", data) })
		w := &pieceRecorder{ResponseRecorder: *httptest.NewRecorder()}
		app.ServeHTTP(w, httptest.NewRequest("GET", "/stream", nil))
		if got := strings.Join(w.pieces, " "); got != tt.pieces || w.Code != 200 {
			t.Errorf("%s: got %d %s, want %s; log %s", tt.page, w.Code, got, tt.pieces, log)
		}
		whole := ask(app, "GET", "/whole")
		if w.Body.String() != whole.Body.String() || w.Header().Get("Content-Type") != whole.Header().Get("Content-Type") {
			t.Errorf("%s: streamed %q, else %q", tt.page, w.Body, whole.Body)
		}
	}
}

// helloComponent flushes as components of templ do.
type helloComponent struct{ err error }

func (h helloComponent) Render(ctx context.Context, w io.Writer) error {
	io.WriteString(w, "<p>Hello</p>")
	if f, ok := w.(interface{ Flush() error }); ok {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	io.WriteString(w, "<p>there</p>")
	return h.err
}

// TestStreamForms: what can be rendered can be streamed.
func TestStreamForms(t *testing.T) {
	for name, tt := range map[string]struct {
		reply  func(c *Context) error
		pieces string
	}{
		"Render":          {func(c *Context) error { return c.Render("page.html", Data{"name": "Ann"}) }, "3 flush 18"},
		"RenderBlock":     {func(c *Context) error { return c.RenderBlock("page.html", "who", Data{"name": "Ann"}) }, "18"},
		"RenderString":    {func(c *Context) error { return c.RenderString("a{{flush}}{{.x}}", Data{"x": "<"}) }, "1 flush 4"},
		"RenderComponent": {func(c *Context) error { return c.RenderComponent(helloComponent{}) }, "12 flush 12"},
		"Text":            {func(c *Context) error { return c.Text("whole") }, "5"},
	} {
		app, log := streamApp(t, `<p>{{flush}}{{block "who" .}}Hello {{.name}}, welcome{{end}}`)
		app.Get("/stream", func(c *Context) error { return tt.reply(c.Status(201).Stream()) })
		app.Get("/whole", func(c *Context) error { return tt.reply(c) })
		w := &pieceRecorder{ResponseRecorder: *httptest.NewRecorder()}
		app.ServeHTTP(w, httptest.NewRequest("GET", "/stream", nil))
		if got := strings.Join(w.pieces, " "); got != tt.pieces || w.Code != 201 {
			t.Errorf("%s: got %d %s, want %s; log %s", name, w.Code, got, tt.pieces, log)
		}
		if whole := ask(app, "GET", "/whole"); w.Body.String() != whole.Body.String() {
			t.Errorf("%s: streamed %q, else %q", name, w.Body, whole.Body)
		}
	}
}

// TestStreamFails: before the first piece that is a clean error page, later the
// connection is cut; the log has it once, and the teardown hooks get it.
func TestStreamFails(t *testing.T) {
	boom := errors.New("boom")
	rows := func(n int) iter.Seq[string] {
		return func(yield func(string) bool) {
			for range n {
				if !yield(strings.Repeat("x", 1000)) {
					return
				}
			}
		}
	}
	for _, tt := range []struct {
		name  string
		reply HandlerFunc
		cut   bool
		want  string // in the reply
		lines int    // of the log
	}{
		{"before the first piece", func(c *Context) error {
			return c.Stream().RenderString("secret {{.f.Fail}}", Data{"f": breaks{boom}})
		}, false, "<h1>Internal Server Error</h1>", 1},
		{"after 4 KiB", func(c *Context) error {
			return c.Stream().RenderString("{{range .rows}}{{.}}{{end}}{{.f.Fail}}", Data{"rows": rows(5), "f": breaks{boom}})
		}, true, "xxxx", 1},
		{"after a flush", func(c *Context) error {
			return c.Stream().RenderString("begun{{flush}}{{.f.Fail}}", Data{"f": breaks{boom}})
		}, true, "begun", 1},
		{"a panic", func(c *Context) error {
			return c.Stream().RenderString("begun{{flush}}{{.f.Panic}}", Data{"f": breaks{boom}})
		}, true, "begun", 1},
		{"a component, late", func(c *Context) error { return c.Stream().RenderComponent(helloComponent{boom}) }, true, "<p>Hello</p>", 1},
		{"no such template", func(c *Context) error { return c.Stream().Render("gone.html", nil) }, false, "<h1>Internal Server Error</h1>", 1},
		{"a broken template", func(c *Context) error { return c.Stream().RenderString("{{nonsense}}", nil) }, false, "<h1>Internal Server Error</h1>", 1},
		{"another reply in its place", func(c *Context) error {
			if err := c.Stream().RenderString("{{.f.Fail}}", Data{"f": breaks{boom}}); err != nil {
				return c.RenderString("instead{{flush}}", nil)
			}
			return nil
		}, false, "instead", 0},
		{"an after-hook that fails", func(c *Context) error {
			c.AfterThisRequest(func(c *Context) error {
				if c.Response().Status == 200 {
					return boom
				}
				return nil
			})
			return c.Stream().RenderString("begun{{flush}} and more", nil)
		}, false, "<h1>Internal Server Error</h1>", 1},
		{"the error handler streams", func(c *Context) error { return Abort(418) }, false, "tea, piece by piece", 0},
	} {
		app, log := streamApp(t, "")
		app.Get("/", tt.reply)
		app.ErrorHandler(418, func(c *Context, err error) error { return c.Stream().RenderString("tea, {{flush}}piece by piece", nil) })
		var unhandled error
		app.Teardown(func(c *Context, err error) { unhandled = err })
		w := httptest.NewRecorder()
		cut := panicText(func() { app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) }) != ""
		body := w.Body.String()
		if cut != tt.cut || !strings.Contains(body, tt.want) || !tt.cut && strings.Contains(body, "secret") {
			t.Errorf("%s: got %d %q, cut %v; want %q, %v", tt.name, w.Code, body, cut, tt.want, tt.cut)
		}
		if lines := strings.Count(log.String(), "level=ERROR"); lines != tt.lines {
			t.Errorf("%s: %d lines of log, want %d: %s", tt.name, lines, tt.lines, log)
		}
		if tt.cut && unhandled == nil {
			t.Errorf("%s: the teardown hooks got no error", tt.name)
		}
	}
}

type breaks struct{ err error }

func (f breaks) Fail() (string, error) { return "", f.err }
func (f breaks) Panic() string         { panic(f.err) }

// TestStreamIsCut: what fails late reaches a client as a reply that is not whole.
func TestStreamIsCut(t *testing.T) {
	app, log := streamApp(t, `begun{{flush}}{{.f.Fail}}`)
	app.Get("/", func(c *Context) error { return c.Stream().Render("page.html", Data{"f": breaks{io.ErrNoProgress}}) })
	server := httptest.NewServer(app)
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != 200 || string(body) != "begun" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d %q, %v; want the beginning and an unexpected EOF", res.StatusCode, body, err)
	}
	server.Close() // waits for the handler
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d lines of log, want 1: %s", n, log)
	}
}

// TestStreamHead: HEAD has the header of the page and its hooks, and no page is made.
func TestStreamHead(t *testing.T) {
	app, log := streamApp(t, `{{.f.Fail}}`)
	app.Get("/", func(c *Context) error {
		c.Session().Set("seen", true)
		return c.Stream().Render("page.html", Data{"f": breaks{io.EOF}})
	})
	app.AfterRequest(func(c *Context) error { c.Header().Set("X-After", "ran"); return nil })
	w := ask(app, "HEAD", "/")
	h := w.Header()
	if w.Code != 200 || h.Get("Content-Type") != htmlType || h.Get("X-After") != "ran" || h.Get("Set-Cookie") == "" || h.Get("Content-Length") != "" {
		t.Errorf("got %d %v, want 200, the header and no length; log %s", w.Code, h, log)
	}
}

// TestStreamLeft: when the visitor leaves, the page ends, and nobody is blamed.
func TestStreamLeft(t *testing.T) {
	app, log := streamApp(t, `{{range .rows}}{{.}}{{flush}}{{end}}`)
	ended := make(chan int, 1)
	app.Get("/", func(c *Context) error {
		made := 0
		rows := func(yield func(string) bool) {
			for ; yield("row"); made++ {
				time.Sleep(time.Millisecond)
			}
		}
		err := c.Stream().Render("page.html", Data{"rows": iter.Seq[string](rows)})
		ended <- made
		return err
	})
	server := httptest.NewServer(app)
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the page goes on for nobody")
	}
	server.Close()
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("logged: %s", log)
	}
}

// TestStreamsTogether: streams of one page that are under way at the same time
// each have their own request, more of them than there are copies kept.
func TestStreamsTogether(t *testing.T) {
	const n = 100
	app, log := streamApp(t, `{{request.URL.Path}}{{flush}}{{range .wait}}{{end}} {{request.URL.Path}}`)
	wait, begun := make(chan int), make(chan bool, n)
	app.Get("/<int:id>", func(c *Context) error {
		c.AfterThisRequest(func(c *Context) error { begun <- true; return nil })
		return c.Stream().Render("page.html", Data{"wait": wait})
	})
	done := make(chan string, n)
	for i := range n {
		go func() {
			path := fmt.Sprint("/", i)
			if got, want := ask(app, "GET", path).Body.String(), path+" "+path; got != want {
				done <- fmt.Sprintf("got %q, want %q", got, want)
			} else {
				done <- ""
			}
		}()
	}
	for range n {
		<-begun
	}
	close(wait)
	for range n {
		if problem := <-done; problem != "" {
			t.Errorf("%s; log %s", problem, log)
		}
	}
}

// TestStreamSession: the session is saved with the first piece. What the page
// changes after it comes too late, and the log says so.
func TestStreamSession(t *testing.T) {
	for _, tt := range []struct {
		page string
		late bool
	}{
		{`{{range get_flashed_messages}}{{.}}{{end}}{{flush}}`, false},
		{`{{flush}}{{range get_flashed_messages}}{{.}}{{end}}`, true},
	} {
		app, log := streamApp(t, tt.page)
		app.Get("/", func(c *Context) error { return c.Stream().Render("page.html", nil) })
		app.Get("/flash", func(c *Context) error { c.Flash("Saved."); return c.NoContent() })
		cookie := ask(app, "GET", "/flash").Result().Cookies()[0]
		w := ask(app, "GET", "/", "Cookie", cookie.Name+"="+cookie.Value)
		if w.Body.String() != "Saved." {
			t.Errorf("%s: got %q", tt.page, w.Body)
		}
		if kept := w.Header().Get("Set-Cookie") == ""; kept != tt.late || (log.String() != "") != tt.late {
			t.Errorf("%s: got the message kept %v, log %q; want %v", tt.page, kept, log, tt.late)
		}
	}
}

// TestStreamLateSession: a change of the session that has come too late is logged with
// its key, whatever was streamed before, and is none.
func TestStreamLateSession(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *Context)
		want   string
		noKey  bool
	}{
		"a value":             {func(c *Context) { c.Session().Set("cart", 1) }, "key=cart", false},
		"a value of no kind":  {func(c *Context) { c.Session().Set("cart", make(chan int)) }, "key=cart", false},
		"without a SecretKey": {func(c *Context) { c.Session().Set("cart", 1) }, "key=cart", true},
		"a message":           {func(c *Context) { c.Flash("Saved.") }, "key=_flashes", false},
	} {
		app, log := newTestApp(t)
		if tt.noKey {
			app.Config.SecretKey = ""
		}
		flashed := 0
		MessageFlashed.Connect(app, func(c *Context, m Message) { flashed++ })
		app.Get("/", func(c *Context) error {
			io.WriteString(c.Writer(), "begun")
			tt.change(c)
			if got := c.Session().GetInt("cart"); got != 0 {
				t.Errorf("%s: it is there: %d", name, got)
			}
			return nil
		})
		w := ask(app, "GET", "/")
		if w.Body.String() != "begun" || w.Header().Get("Set-Cookie") != "" || flashed != 0 {
			t.Errorf("%s: got %q, Set-Cookie %q, %d signals", name, w.Body, w.Header().Get("Set-Cookie"), flashed)
		}
		if got := log.String(); strings.Count(got, "the change is lost") != 1 || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got the log %q, want %s in it, once", name, got, tt.want)
		}
	}
}

// TestStreamSignals: both signals of a page, and the reply's between them.
func TestStreamSignals(t *testing.T) {
	app, _ := streamApp(t, `a{{flush}}b`)
	app.Get("/", func(c *Context) error { return c.Stream().Render("page.html", nil) })
	var got []string
	BeforeRenderTemplate.Connect(app, func(c *Context, r Rendering) { got = append(got, "before "+r.Name) })
	RequestFinished.Connect(app, func(c *Context, r *Response) { got = append(got, "finished") })
	TemplateRendered.Connect(app, func(c *Context, r Rendering) { got = append(got, "rendered "+r.Name) })
	ask(app, "GET", "/")
	if want := []string{"before page.html", "finished", "rendered page.html"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestStreamUnflushable: {{flush}} is a wish; a middleware that collects the
// reply may refuse it.
func TestStreamUnflushable(t *testing.T) {
	app, log := streamApp(t, `a{{flush}}b`)
	app.Get("/", func(c *Context) error { return c.Stream().Render("page.html", nil) })
	app.Use(func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Minute, "") })
	if w := ask(app, "GET", "/"); w.Code != 200 || w.Body.String() != "ab" {
		t.Errorf("got %d %q; log %s", w.Code, w.Body, log)
	}
}
