package hipflask

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestReplies holds replies to Flask's (flask-behaviour §9) where Go has the
// same kind of value.
func TestReplies(t *testing.T) {
	for _, test := range []struct {
		name        string
		view        HandlerFunc
		status      int
		contentType string
		length      string
		body        string
	}{
		{"text", func(c *Context) error { return c.Text("Hällo") }, 200, "text/plain; charset=utf-8", "6", "Hällo"},
		{"empty text", func(c *Context) error { return c.Text("") }, 200, "text/plain; charset=utf-8", "0", ""},
		{"HTML", func(c *Context) error { return c.HTML("<p>Hällo</p>") }, 200, htmlType, "13", "<p>Hällo</p>"},
		{"HTML escapes its arguments", func(c *Context) error {
			return c.HTML("<b>%s %d %v %s %5.1f %q</b>", "<&>", 7, errors.New("<e>"), template.HTML("<i>"), 1.25, "<")
		}, 200, htmlType, "57", "<b>&lt;&amp;&gt; 7 &lt;e&gt; <i>   1.2 &#34;&lt;&#34;</b>"},
		{"HTML without arguments is verbatim", func(c *Context) error { return c.HTML("<p style='width: 100%'>") }, 200, htmlType, "23", "<p style='width: 100%'>"},
		{"bytes", func(c *Context) error { return c.Bytes("image/png", []byte("\x89PNG")) }, 200, "image/png", "4", "\x89PNG"},
		{"JSON", func(c *Context) error {
			return c.JSON(map[string]any{"b": 1, "a": "é", "n": nil, "h": "<&>"})
		}, 200, "application/json", "36", `{"a":"é","b":1,"h":"<&>","n":null}` + "\n"}, // Flask writes é as \u00e9
		{"JSON list", func(c *Context) error { return c.JSON([]any{1, "a", nil}) }, 200, "application/json", "13", "[1,\"a\",null]\n"},
		{"JSON with a status", func(c *Context) error { return c.Status(201).JSON(map[string]int{"a": 1}) }, 201, "application/json", "8", "{\"a\":1}\n"},
		{"unserialisable JSON", func(c *Context) error { return c.JSON(func() {}) }, 500, htmlType, "", "<h1>Internal Server Error</h1>"},
		{"no content", func(c *Context) error { c.Text("gone"); return c.NoContent() }, 204, "", "", ""},
		{"a body with 204", func(c *Context) error { return c.Status(204).Text("gone") }, 204, "", "", ""},
		{"a body with 304", func(c *Context) error { return c.Status(304).Text("gone") }, 304, "", "", ""},
		{"an unusual status", func(c *Context) error { return c.Status(999).Text("x") }, 999, "text/plain; charset=utf-8", "1", "x"},
		{"101 without Writer", func(c *Context) error { return c.Status(101).Text("x") }, 500, htmlType, "", "<h1>Internal Server Error</h1>"},
		{"no status at all", func(c *Context) error { return c.Status(99).Text("x") }, 500, htmlType, "", "<h1>Internal Server Error</h1>"},
		{"a type chosen before", func(c *Context) error {
			c.Header().Set("Content-Type", "application/problem+json")
			return c.JSON(1)
		}, 200, "application/problem+json", "2", "1\n"},
		{"the last reply counts", func(c *Context) error { c.JSON(1); return c.Text("x") }, 200, "text/plain; charset=utf-8", "1", "x"},
		{"page", func(c *Context) error { return c.Render("page.html", Data{"name": "<Ada>"}) }, 200, htmlType, "36", "<title>base</title>Hello &lt;Ada&gt;"},
		{"block", func(c *Context) error { return c.RenderBlock("page.html", "content", Data{"name": "Ada"}) }, 200, htmlType, "9", "Hello Ada"},
		{"text page", func(c *Context) error { return c.Render("mail.txt", Data{"name": "<Ada>"}) }, 200, "text/plain; charset=utf-8", "10", "Dear <Ada>"},
		{"page from a string", func(c *Context) error { return c.RenderString("{{.name}}", Data{"name": "<Ada>"}) }, 200, htmlType, "11", "&lt;Ada&gt;"},
		{"missing page", func(c *Context) error { return c.Render("nope.html", nil) }, 500, htmlType, "", "<h1>Internal Server Error</h1>"},
		{"page with a mistake", func(c *Context) error { return c.Render("error.html", Data{"list": []int{}}) }, 500, htmlType, "", "<h1>Internal Server Error</h1>"},
	} {
		app, _ := newTestApp(t)
		app.Get("/", test.view)
		w := ask(app, "GET", "/")
		if w.Code != test.status || w.Header().Get("Content-Type") != test.contentType || !strings.Contains(w.Body.String(), test.body) {
			t.Errorf("%s: got %d %q %q\nwant %d %q %q", test.name, w.Code, w.Header().Get("Content-Type"), w.Body, test.status, test.contentType, test.body)
		}
		head := ask(app, "HEAD", "/")
		length := head.Header().Get("Content-Length")
		if bodyless := w.Code == 204 || w.Code == 304; head.Code != w.Code || head.Body.Len() != 0 || !bodyless && length != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: HEAD got %d, length %q, body %q; want GET's without the body", test.name, head.Code, length, head.Body)
		}
		if test.length != "" && length != test.length {
			t.Errorf("%s: Content-Length %q, want %q", test.name, length, test.length)
		}
	}
}

func TestHTMLWrongVerbs(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		format := template.HTML("%p %w %d %T %z %[5]s") // not a constant, for vet
		return c.HTML(format, "<p>", "<w>", "<d>", "<T>")
	})
	if body := ask(app, "GET", "/").Body.String(); strings.ContainsAny(body, "<>") {
		t.Errorf("an argument came out unescaped: %s", body)
	}
}

func TestJSONInDebug(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Debug = true
	app.Get("/", func(c *Context) error { return c.JSON(map[string]any{"a": []int{1}, "b": map[string]int{}}) })
	want := "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}\n"
	if got := ask(app, "GET", "/").Body.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestStatusOutOfRange: in Flask, too, a status that HTTP has not is a mistake of
// the program's.
func TestStatusOutOfRange(t *testing.T) {
	for code, want := range map[int]int{-1: 500, 0: 500, 99: 500, 100: 500, 199: 500, 200: 200, 299: 299, 999: 999, 1000: 500} {
		app, log := newTestApp(t)
		app.Get("/", func(c *Context) error { return c.Status(code).Text("hello") })
		app.Get("/fails", func(c *Context) error { return errors.New("it fails") })
		app.ErrorHandler(500, func(c *Context, err error) error { return c.Status(code).Text("hello") })
		for _, path := range []string{"/", "/fails"} {
			log.Reset()
			w := ask(app, "GET", path)
			if w.Code != want {
				t.Errorf("Status(%d) at %s: got %d, want %d", code, path, w.Code, want)
			}
			if mentions := strings.Contains(log.String(), fmt.Sprintf("%d is no status of a reply", code)); mentions != (want == 500) {
				t.Errorf("Status(%d) at %s: the log says %s", code, path, log)
			}
		}
	}
}

// TestRedirect holds redirect to Flask's (§6). The text of the page is ours.
func TestRedirect(t *testing.T) {
	for _, test := range []struct {
		target, location string
	}{
		{"/login", "/login"},
		{"rel", "rel"},
		{`http://x.com/a b?c=<d>&e="f"`, "http://x.com/a%20b?c=%3Cd%3E&e=%22f%22"},
		{"/é?q=ü", "/%C3%A9?q=%C3%BC"},
		{"/a%20b", "/a%20b"},
		{"/x#f é", "/x#f%20%C3%A9"},
		{"//evil", "//evil"}, // no protection here, as in Flask: that is SafeRedirect
		{`/\evil`, "/%5Cevil"},
	} {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error { return c.Redirect(test.target) })
		w := ask(app, "GET", "/")
		if w.Code != 302 || w.Header().Get("Location") != test.location || w.Header().Get("Content-Type") != htmlType {
			t.Errorf("Redirect(%q): got %d %q, want 302 %q", test.target, w.Code, w.Header().Get("Location"), test.location)
		}
		escaped := strings.ReplaceAll(test.location, "&", "&amp;")
		if !strings.Contains(w.Body.String(), `<a href="`+escaped+`">`+escaped+`</a>`) {
			t.Errorf("Redirect(%q): the page %s does not link the target, escaped", test.target, w.Body)
		}
	}
	for _, target := range []string{"/a\r\nSet-Cookie: x=1", "/a\nb", "/a\x00b", "/a\tb"} {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error { return c.Redirect(target) })
		if w := ask(app, "GET", "/"); w.Code != 500 || len(w.Header()["Location"]) != 0 {
			t.Errorf("Redirect(%q): got %d %v, want 500", target, w.Code, w.Header())
		}
	}
}

func TestRedirectStatus(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/303", func(c *Context) error { return c.Status(303).Redirect("/x") })
	app.Get("/post/<int:id>", sayOK).Name("post")
	app.Get("/to", func(c *Context) error { return c.RedirectTo("post", "id", 7, "page", 2) })
	app.Get("/nowhere", func(c *Context) error { return c.RedirectTo("pots", "id", 7) })
	app.Get("/script", func(c *Context) error { return c.Redirect("javascript:alert(1)") })
	app.Get("/404", func(c *Context) error { return c.Status(404).Redirect("/x") })
	app.ErrorHandler(410, func(c *Context, err error) error { return c.Redirect("/x") })
	app.Get("/gone", func(c *Context) error { return Abort(410) })
	for _, path := range []string{"/404", "/gone"} { // a browser follows no 404
		if w := ask(app, "GET", path); w.Code != 302 || w.Header().Get("Location") != "/x" {
			t.Errorf("%s: got %d %q, want 302 /x", path, w.Code, w.Header().Get("Location"))
		}
	}
	if w := ask(app, "GET", "/303"); w.Code != 303 {
		t.Errorf("Status(303).Redirect: got %d", w.Code)
	}
	if w := ask(app, "GET", "/to"); w.Code != 302 || w.Header().Get("Location") != "/post/7?page=2" {
		t.Errorf("RedirectTo: got %d %q", w.Code, w.Header().Get("Location"))
	}
	if w := ask(app, "GET", "/nowhere"); w.Code != 500 {
		t.Errorf("RedirectTo an endpoint that is none: got %d, want 500", w.Code)
	}
	if w := ask(app, "GET", "/script"); strings.Contains(w.Body.String(), "<a ") {
		t.Errorf("the page links a script: %s", w.Body)
	}
}

// hostileTargets are what a next parameter may hold to lead a visitor away.
var hostileTargets = []string{
	"", "evil.com", "http://evil.com", "https://evil.com/", "//evil.com", "///evil.com", "////evil.com",
	`/\evil.com`, `\/evil.com`, `\\evil.com`, `\evil.com`, "/\t/evil.com", "/\n/evil.com", "/\r/evil.com",
	"\t//evil.com", " //evil.com", "\x00//evil.com", "/\x00/evil.com", "https:evil.com", "http:/evil.com", "https:/evil.com",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil.com\\@example.com",
	"//example.com@evil.com", "http://example.com@evil.com", "/%zz", "/\x7f/evil.com", "//[::1]", "//%65vil.com", "mailto:x@evil.com",
}

func TestSafeRedirect(t *testing.T) {
	serve := func(target string) string {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error { return c.SafeRedirect(target, "/home") })
		return ask(app, "GET", "/").Header().Get("Location")
	}
	for _, target := range hostileTargets {
		if got := serve(target); got != "/home" {
			t.Errorf("SafeRedirect(%q) went to %q, want the fallback", target, got)
		}
	}
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error { return c.SafeRedirect("/ok", "home") })
	if w := ask(app, "GET", "/"); w.Code != 500 {
		t.Errorf("a fallback that is no path: got %d, want 500 even where it is not needed", w.Code)
	}
	for _, target := range []string{"/", "/post/7", "/a?b=c&d=//evil.com", "/a#top", "/%5cevil.com", "/%09/x", "/é", "/a//b", "/?next=http://x"} {
		if got := serve(target); got != encodeLocation(target) {
			t.Errorf("SafeRedirect(%q) went to %q, want the target", target, got)
		}
	}
}

// FuzzSafeRedirect: what is followed stays on the site, read as a browser reads
// it: tabs and line breaks dropped, spaces at the ends too, a backslash for a slash.
func FuzzSafeRedirect(f *testing.F) {
	for _, target := range hostileTargets {
		f.Add(target)
	}
	f.Add("/post/7?a=b")
	app := New("fuzz")
	f.Fuzz(func(t *testing.T, target string) {
		c := &Context{app: app, Request: httptest.NewRequest("GET", "/", nil), w: httptest.NewRecorder()}
		if err := c.SafeRedirect(target, "/fallback"); err != nil {
			t.Fatalf("SafeRedirect(%q): %v", target, err)
		}
		location := c.Header().Get("Location")
		asBrowser := strings.NewReplacer("\t", "", "\r", "", "\n", "", `\`, "/").Replace(strings.Trim(location, " \x00\t\r\n\f"))
		base, _ := url.Parse("http://site.example/dir/page")
		u, err := base.Parse(asBrowser)
		if err != nil {
			t.Fatalf("SafeRedirect(%q) went to %q, which is no URL: %v", target, location, err)
		}
		if u.Scheme != "http" || u.Host != "site.example" || strings.HasPrefix(asBrowser, "//") {
			t.Errorf("SafeRedirect(%q) left the site for %q", target, location)
		}
	})
}

func TestHeaderRefusesLineBreaks(t *testing.T) {
	for _, test := range []struct{ name, value string }{
		{"X-A", "a\r\nSet-Cookie: x=1"}, {"X-A", "a\nb"}, {"X-A", "a\rb"}, {"X-A", "a\x00b"},
		{"X A", "x"}, {"", "x"}, {"X:A", "x"}, {"X\nA", "x"},
	} {
		for _, where := range []string{"view", "after", "stream"} {
			app, log := newTestApp(t)
			if where == "after" {
				app.AfterRequest(func(c *Context) error { c.Header()[test.name] = []string{test.value}; return nil })
			}
			app.Get("/", func(c *Context) error {
				if where != "after" {
					c.Header()[test.name] = []string{test.value}
				}
				if where == "stream" {
					_, err := c.Writer().Write([]byte("x"))
					return err
				}
				return c.Text("x")
			})
			w := ask(app, "GET", "/")
			if w.Code != 500 {
				t.Errorf("%s: header %q: %q gave %d, want 500", where, test.name, test.value, w.Code)
			}
			if _, there := w.Header()[test.name]; there {
				t.Errorf("%s: header %q: %q was sent", where, test.name, test.value)
			}
			if !strings.Contains(log.String(), "header") {
				t.Errorf("%s: the log %s does not say which header", where, log)
			}
		}
	}
}

func TestSetCookie(t *testing.T) {
	for _, test := range []struct {
		cookie http.Cookie
		want   string // empty: a 500
	}{
		{http.Cookie{Name: "a", Value: "b"}, "a=b; Path=/"},
		{http.Cookie{Name: "a", Value: "b", Path: "/p", MaxAge: 60, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}, "a=b; Path=/p; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
		{http.Cookie{Name: "a", Value: "b c", Quoted: true}, `a="b c"; Path=/`},
		{http.Cookie{Name: "", Value: "b"}, ""},
		{http.Cookie{Name: "a b", Value: "b"}, ""},
		{http.Cookie{Name: "a", Value: "b\r\nc"}, ""},
		{http.Cookie{Name: "a", Value: "b;c"}, ""},
		{http.Cookie{Name: "a", Value: "é"}, ""},
		{http.Cookie{Name: "a", Value: "b", Path: "/;x"}, ""},
	} {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error {
			c.SetCookie(&test.cookie)
			return c.Text("ok")
		})
		w := ask(app, "GET", "/")
		if got := w.Header().Get("Set-Cookie"); got != test.want || (w.Code == 500) != (test.want == "") {
			t.Errorf("%q=%q: got %d %q, want %q", test.cookie.Name, test.cookie.Value, w.Code, got, test.want)
		}
	}
}

func TestAfterRequestChangesTheReply(t *testing.T) {
	app, _ := newTestApp(t)
	app.AfterRequest(func(c *Context) error {
		res := c.Response()
		if res.Status != 200 || string(res.Body) != "ok" {
			t.Errorf("the hook sees %d %q", res.Status, res.Body)
		}
		res.Status, res.Body = 203, append(res.Body, " changed"...)
		c.Header().Set("X-A", "1")
		return nil
	})
	app.Get("/", sayOK)
	if w := ask(app, "GET", "/"); w.Code != 203 || w.Body.String() != "ok changed" || w.Header().Get("X-A") != "1" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
}

// TestDefaultPages: every status has a page that says its number and name.
func TestDefaultPages(t *testing.T) {
	for code := range statusMessages {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error { return Abort(code) })
		w := ask(app, "GET", "/")
		name := template.HTMLEscapeString(http.StatusText(code))
		for _, want := range []string{
			fmt.Sprintf("<title>%d %s</title>", code, name), "<h1>" + name + "</h1>", "<p>" + template.HTMLEscapeString(statusMessages[code]) + "</p>",
		} {
			if w.Code != code || w.Header().Get("Content-Type") != htmlType || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%d: got %d %s, want %s in it", code, w.Code, w.Body, want)
			}
		}
	}
}

// TestReplyOfLastResort: an after-hook that spoils every reply, the error's too,
// gets a bare 500; and teardown runs.
func TestReplyOfLastResort(t *testing.T) {
	for name, spoil := range map[string]func(c *Context){
		"status":      func(c *Context) { c.Status(42) },
		"header":      func(c *Context) { c.Header().Set("X-A", "a\r\nb") },
		"panic":       func(c *Context) { panic("argh") },
		"bad cookie":  func(c *Context) { c.SetCookie(&http.Cookie{Name: "a b"}) },
		"from middle": func(c *Context) { c.more().outer = http.Header{"X-A": {"a\nb"}}; c.Header().Set("X-A", "a\nb") },
	} {
		app, _ := newTestApp(t)
		app.AfterRequest(func(c *Context) error { spoil(c); return nil })
		tornDown := false
		app.Teardown(func(c *Context, err error) { tornDown = err != nil })
		app.Get("/", func(c *Context) error {
			c.Session().Set("name", "Ada")
			return c.Text("ok")
		})
		w := ask(app, "GET", "/")
		if w.Code != 500 || len(w.Header()["X-A"]) != 0 || !strings.Contains(w.Body.String(), "Internal Server Error") || !tornDown {
			t.Errorf("%s: got %d %v %s, teardown with the error %v", name, w.Code, w.Header(), w.Body, tornDown)
		}
	}
}

// TestSessionOutlivesTheReply: a session saved for a reply that could not be sent
// goes out with the error's.
func TestSessionOutlivesTheReply(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		c.Session().Set("name", "Ada")
		_, _, err := http.NewResponseController(c.Writer()).Hijack() // which a recorder cannot
		if err == nil {
			t.Error("hijacked a recorder")
		}
		return c.Text("no upgrade")
	})
	app.Get("/fail", func(c *Context) error {
		c.Session().Set("name", "Ada")
		_, _, err := http.NewResponseController(c.Writer()).Hijack()
		return err
	})
	for path, status := range map[string]int{"/": 200, "/fail": 500} {
		w := ask(app, "GET", path)
		if got := w.Header()["Set-Cookie"]; w.Code != status || len(got) != 1 || !strings.Contains(w.Header().Get("Vary"), "Cookie") {
			t.Errorf("%s: got %d, %q, Vary %q; want %d with the session once", path, w.Code, got, w.Header().Get("Vary"), status)
		}
	}
}

func TestContentLengthIsOurs(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		c.Header().Set("Content-Length", "5")
		return c.Text("0123456789")
	})
	if w := ask(app, "GET", "/"); w.Header().Get("Content-Length") != "10" {
		t.Errorf("Content-Length %s of a body of 10 bytes", w.Header().Get("Content-Length"))
	}
}

func TestTrailers(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		w := c.Writer()
		w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
		_, err := w.Write([]byte("x"))
		return err
	})
	server := httptest.NewServer(app)
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	if res.StatusCode != 200 || res.Trailer.Get("X-Sum") != "1" {
		t.Errorf("got %d with trailers %v", res.StatusCode, res.Trailer)
	}
}

// TestSendFileIsPrepared: like every helper it can be changed and replaced until
// the handler and the after-hooks are done.
func TestSendFileIsPrepared(t *testing.T) {
	app, _ := newTestApp(t)
	send := func(c *Context) error { return c.SendFile(app.Config.Root, "static/style.css") }
	app.AfterRequest(func(c *Context) error {
		c.Header().Set("X-Status", strconv.Itoa(c.Response().Status))
		return nil
	})
	app.Get("/", func(c *Context) error {
		err := send(c)
		c.Session().Set("name", "Ada")
		return err
	})
	app.Get("/replaced", func(c *Context) error { send(c); return c.Text("text") })
	app.Get("/failed", func(c *Context) error { send(c); return Abort(403) })
	app.Get("/large", func(c *Context) error { c.Form("a"); return send(c) }).Name("large")
	app.ErrorHandler(403, func(c *Context, err error) error { return send(c) })
	etag := ask(app, "GET", "/").Header().Get("Etag")
	for _, test := range []struct {
		path, header, value string
		status              int
		body                string
	}{
		{"/", "", "", 200, "body{}"},
		{"/", "If-None-Match", etag, 304, ""},
		{"/", "Range", "bytes=0-3", 206, "body"},
		{"/", "Range", "bytes=90-", 416, "Requested Range Not Satisfiable"},
		{"/replaced", "", "", 200, "text"},
		{"/failed", "", "", 403, "body{}"},
	} {
		w := ask(app, "GET", test.path, test.header, test.value)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || w.Header().Get("X-Status") != strconv.Itoa(test.status) {
			t.Errorf("%s %s: got %d %q, the after-hook saw %s; want %d %q", test.path, test.header, w.Code, w.Body, w.Header().Get("X-Status"), test.status, test.body)
		}
		if test.path == "/" && len(w.Header()["Set-Cookie"]) != 1 {
			t.Errorf("%s %s: the session set after SendFile was lost", test.path, test.header)
		}
	}
}

// TestFileKeepsSessionOut: what caches may keep for others has no cookie unless
// the handler itself changed the session.
func TestFileKeepsSessionOut(t *testing.T) {
	app, _ := newTestApp(t)
	w := httptest.NewRecorder()
	if err := app.SessionTransaction(w, httptest.NewRequest("GET", "/", nil), func(s *Session) { s.SetPermanent(true) }); err != nil {
		t.Fatal(err)
	}
	cookie := strings.Split(w.Header().Get("Set-Cookie"), ";")[0]
	if w := ask(app, "GET", "/static/style.css", "Cookie", cookie); w.Code != 200 || len(w.Header()["Set-Cookie"])+len(w.Header()["Vary"]) != 0 {
		t.Errorf("a static file: got %d %v, want no trace of the session", w.Code, w.Header())
	}
}

// TestErrorPageKeepsItsHeader: an after-hook that fails for the error's reply too
// does not take away what is there, as in Flask.
func TestErrorPageKeepsItsHeader(t *testing.T) {
	app, _ := newTestApp(t)
	app.AfterRequest(func(c *Context) error { return errors.New("always") })
	app.AfterRequest(func(c *Context) error { c.Header().Set("X-Frame-Options", "DENY"); return nil })
	app.ErrorHandler(500, func(c *Context, err error) error { return c.Text("our page") })
	app.Get("/", func(c *Context) error { c.Session().Set("name", "Ada"); return c.Text("ok") })
	w := ask(app, "GET", "/")
	if w.Code != 500 || w.Body.String() != "our page" || w.Header().Get("X-Frame-Options") != "DENY" || len(w.Header()["Set-Cookie"]) != 1 {
		t.Errorf("got %d %s %v, want our page with header and session", w.Code, w.Body, w.Header())
	}
}

// TestErrorHandlersThatStream: they may, also for an error in finishing a reply;
// what fails after the first byte is cut.
func TestErrorHandlersThatStream(t *testing.T) {
	for _, test := range []struct {
		path string
		want string
		cut  bool
	}{
		{"/abort", "streamed 403", false},
		{"/large", "streamed 500", false},
		{"/fail", "streamed 403", true},
	} {
		app, log := newTestApp(t)
		app.ErrorHandler(403, func(c *Context, err error) error {
			io.WriteString(c.Writer(), "streamed 403")
			if c.Request.URL.Path == "/fail" {
				return errors.New("half way")
			}
			return nil
		})
		app.ErrorHandler(500, func(c *Context, err error) error {
			io.WriteString(c.Writer(), "streamed 500")
			return nil
		})
		app.Get("/abort", func(c *Context) error { return Abort(403) }).Name("abort")
		app.Get("/fail", func(c *Context) error { return Abort(403) }).Name("fail")
		app.Get("/large", func(c *Context) error {
			c.Session().Set("a", strings.Repeat("x", 5000))
			return c.Text("ok")
		}).Name("large")
		r, w := httptest.NewRequest("GET", test.path, nil), httptest.NewRecorder()
		cut := panicText(func() { app.ServeHTTP(w, r) }) != ""
		if w.Body.String() != test.want || cut != test.cut {
			t.Errorf("%s: got %q, cut %v; want %q, %v; log %s", test.path, w.Body, cut, test.want, test.cut, log)
		}
	}
}

// TestStreamingHandlerThatAlwaysFails ends, however the parts call each other.
func TestStreamingHandlerThatAlwaysFails(t *testing.T) {
	app, _ := newTestApp(t)
	app.AfterRequest(func(c *Context) error { return errors.New("always") })
	app.ErrorHandler(500, func(c *Context, _ error) error {
		_, err := io.WriteString(c.Writer(), "streamed")
		return err
	})
	app.Get("/", sayOK)
	if w := ask(app, "GET", "/"); w.Code != 500 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestAfterHookOnFiles: a hook may change the status of a file, or replace it.
func TestAfterHookOnFiles(t *testing.T) {
	etag := func() string {
		app, _ := newTestApp(t)
		return ask(app, "GET", "/static/style.css").Header().Get("Etag")
	}()
	for _, test := range []struct {
		name          string
		hook          func(c *Context)
		header, value string
		status        int
		body, length  string
	}{
		{"a part sent whole", func(c *Context) { c.Status(203) }, "Range", "bytes=2-3", 203, "body{}", "6"},
		{"304 made 200", func(c *Context) { c.Status(200) }, "If-None-Match", etag, 200, "body{}", "6"},
		{"200 made 204", func(c *Context) { c.Status(204) }, "", "", 204, "", ""},
		{"a part replaced", func(c *Context) { c.Response().Body = []byte("new") }, "Range", "bytes=2-3", 200, "new", ""},
		{"untouched part", func(c *Context) {}, "Range", "bytes=2-3", 206, "dy", "2"},
	} {
		app, _ := newTestApp(t)
		app.AfterRequest(func(c *Context) error { test.hook(c); return nil })
		w := ask(app, "GET", "/static/style.css", test.header, test.value)
		if w.Code != test.status || w.Body.String() != test.body || w.Header().Get("Content-Length") != test.length {
			t.Errorf("%s: got %d %q of length %s; want %d %q, %s", test.name, w.Code, w.Body, w.Header().Get("Content-Length"), test.status, test.body, test.length)
		}
		if w.Code != 206 && len(w.Header()["Content-Range"]) > 0 {
			t.Errorf("%s: a Content-Range with %d", test.name, w.Code)
		}
	}
}

// TestFailedHijack: the reply after it is as if it had not been tried.
func TestFailedHijack(t *testing.T) {
	app, _ := newTestApp(t)
	app.AfterRequest(func(c *Context) error { c.Header().Add("X-N", "1"); return nil })
	app.Get("/", func(c *Context) error {
		c.Session().Set("a", 1)
		if _, _, err := http.NewResponseController(c.Writer()).Hijack(); err == nil {
			t.Error("hijacked a recorder")
		}
		c.Session().Set("b", 2)
		return c.Text("fallback")
	})
	app.Get("/session", func(c *Context) error { return c.JSON(c.Session().Keys()) })
	w := ask(app, "GET", "/")
	if w.Code != 200 || w.Body.String() != "fallback" || len(w.Header()["X-N"]) != 1 || len(w.Header()["Set-Cookie"]) != 1 {
		t.Fatalf("got %d %s %v", w.Code, w.Body, w.Header())
	}
	cookie := w.Result().Cookies()[0]
	if got := ask(app, "GET", "/session", "Cookie", cookie.Name+"="+cookie.Value).Body.String(); got != "[\"a\",\"b\"]\n" {
		t.Errorf("the session has %s", got)
	}
	if got := ask(app, "GET", "/session").Body.String(); got != "[]\n" {
		t.Errorf("an empty session has the keys %s", got)
	}
}

// TestEventStream: each event is on its way when it is written.
func TestEventStream(t *testing.T) {
	app, _ := newTestApp(t)
	next := make(chan bool)
	app.Get("/", func(c *Context) error {
		c.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(c.Writer(), "data: 1\n\n")
		<-next
		return nil
	})
	server := httptest.NewServer(app)
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	event := make([]byte, len("data: 1\n\n"))
	if _, err := io.ReadFull(res.Body, event); err != nil || string(event) != "data: 1\n\n" {
		t.Errorf("got %q, %v", event, err)
	}
	close(next)
	res.Body.Close()
}

// TestEventStreamCopied: the same for events that io.Copy writes.
func TestEventStreamCopied(t *testing.T) {
	app, _ := newTestApp(t)
	from, to := io.Pipe()
	app.Get("/", func(c *Context) error {
		c.Header().Set("Content-Type", "text/event-stream")
		_, err := io.Copy(c.Writer(), from)
		return err
	})
	server := httptest.NewServer(app)
	defer server.Close()
	defer to.Close() // before it: the server waits for the stream
	go io.WriteString(to, "data: 1\n\n")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("nothing arrives while the pipe is open: %v", err)
	}
	defer res.Body.Close()
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if line != "data: 1\n" {
		t.Errorf("while the pipe is open: got %q, %v", line, err)
	}
}

// TestConditional holds Conditional to Flask's add_etag and make_conditional, as
// 3.1 answers.
func TestConditional(t *testing.T) {
	const tag = `"2cf24dba5fb0a30e26e83b2ac5b9e29e"` // of hello
	for _, test := range []struct {
		method, path, name, value string
		status                    int
		tag                       string
	}{
		{"GET", "/", "", "", 200, tag},
		{"GET", "/", "If-None-Match", tag, 304, tag},
		{"GET", "/", "If-None-Match", "W/" + tag, 304, tag},
		{"GET", "/", "If-None-Match", `"x", ` + tag, 304, tag},
		{"GET", "/", "If-None-Match", "*", 304, tag},
		{"GET", "/", "If-None-Match", `"x"`, 200, tag},
		{"HEAD", "/", "If-None-Match", tag, 304, tag},
		{"GET", "/", "If-Match", `"x"`, 412, ""}, // in Flask with the page as the body
		{"GET", "/", "If-Match", tag, 200, tag},
		{"GET", "/", "Range", "bytes=0-1", 200, tag},
		{"GET", "/", "Range", "bytes=9-", 200, tag},
		{"GET", "/etag", "If-None-Match", `"mine"`, 304, `"mine"`},
		{"GET", "/etag", "If-None-Match", tag, 200, `"mine"`},
		{"GET", "/modified", "If-Modified-Since", "Thu, 02 Jan 2020 03:04:05 GMT", 304, tag}, // in Flask without the tag
		{"GET", "/modified", "If-Modified-Since", "Wed, 02 Jan 2019 03:04:05 GMT", 200, tag},
		{"GET", "/404", "If-None-Match", "*", 404, ""},
		{"POST", "/", "If-None-Match", tag, 200, ""},
		{"GET", "/stream", "If-None-Match", "*", 200, ""},
		{"GET", "/hook", "If-None-Match", tag, 304, tag},
		{"GET", "/unasked", "If-None-Match", "*", 200, ""},
	} {
		app, _ := newTestApp(t)
		app.Route("/", func(c *Context) error {
			c.Session().Set("name", "Ada")
			return c.Conditional().Text("hello")
		}, "GET", "POST").Name("index")
		app.Get("/etag", func(c *Context) error {
			c.Header().Set("ETag", `"mine"`)
			return c.Conditional().Text("hello")
		})
		app.Get("/modified", func(c *Context) error {
			c.Header().Set("Last-Modified", "Thu, 02 Jan 2020 03:04:05 GMT")
			return c.Conditional().Text("hello")
		})
		app.Get("/404", func(c *Context) error { return c.Conditional().Status(404).Text("hello") })
		app.Get("/stream", func(c *Context) error {
			_, err := io.WriteString(c.Conditional().Writer(), "hello")
			return err
		})
		app.Get("/hook", func(c *Context) error { return c.Text("to be changed") })
		app.Get("/unasked", func(c *Context) error { return c.Text("hello") })
		app.AfterRequest(func(c *Context) error {
			if c.Request.URL.Path == "/hook" {
				c.Conditional().Response().Body = []byte("hello")
			}
			return nil
		})

		w := ask(app, test.method, test.path, test.name, test.value)
		h := w.Header()
		if w.Code != test.status || h.Get("ETag") != test.tag {
			t.Errorf("%s %s with %s: %s: got %d %s, want %d %s", test.method, test.path, test.name, test.value, w.Code, h.Get("ETag"), test.status, test.tag)
		}
		if w.Code == 304 && (w.Body.Len() > 0 || len(h["Content-Type"])+len(h["Content-Length"]) > 0) {
			t.Errorf("%s with %s: a 304 with %v %q", test.path, test.name, h, w.Body)
		}
		if w.Code == 200 && test.method == "GET" && w.Body.String() != "hello" {
			t.Errorf("%s with %s: got %q", test.path, test.name, w.Body)
		}
		if test.path == "/" && len(h["Set-Cookie"]) != 1 {
			t.Errorf("%s %s: the session is not there: %v", test.method, test.name, h)
		}
	}
}

func TestDeleteCookie(t *testing.T) {
	for name, want := range map[string]string{
		"d":         "d=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
		"__Host-d":  "__Host-d=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure",
		"bad\r\nxy": "",
	} {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error {
			c.DeleteCookie(name)
			return c.Text("ok")
		})
		if w := ask(app, "GET", "/"); w.Header().Get("Set-Cookie") != want || (w.Code == 500) != (want == "") {
			t.Errorf("%q: got %d %q, want %q", name, w.Code, w.Header().Get("Set-Cookie"), want)
		}
	}
}

type component func(ctx context.Context, w io.Writer) error

func (f component) Render(ctx context.Context, w io.Writer) error { return f(ctx, w) }

func TestRenderComponent(t *testing.T) {
	app, log := newTestApp(t)
	app.Get("/whole", func(c *Context) error {
		return c.Status(201).RenderComponent(component(func(ctx context.Context, w io.Writer) error {
			if ctx != c.Request.Context() {
				t.Error("the context is not the request's")
			}
			_, err := io.WriteString(w, "<p>é")
			return err
		}))
	})
	app.Get("/half", func(c *Context) error {
		return c.RenderComponent(component(func(_ context.Context, w io.Writer) error {
			io.WriteString(w, "half a page")
			return errors.New("no more")
		}))
	})
	app.Get("/nil", func(c *Context) error { return c.RenderComponent(nil) })
	if w := ask(app, "GET", "/whole"); w.Code != 201 || w.Body.String() != "<p>é" || w.Header().Get("Content-Type") != htmlType {
		t.Errorf("got %d %v %q", w.Code, w.Header(), w.Body)
	}
	if w := ask(app, "GET", "/half"); w.Code != 500 || strings.Contains(w.Body.String(), "half") || !strings.Contains(log.String(), "hipflask.component: no more") {
		t.Errorf("got %d %q, log %s", w.Code, w.Body, log)
	}
	if w := ask(app, "GET", "/nil"); w.Code != 500 {
		t.Errorf("nil: got %d", w.Code)
	}
}

// TestJSONValues holds what JSON makes of values to jsonify's (flask-behaviour
// §9) where Go has the same kind; the form is encoding/json's.
func TestJSONValues(t *testing.T) {
	day := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		value any
		want  string // empty: a 500
	}{
		{nil, "null"},
		{[]any{1, "a", nil}, `[1,"a",null]`},
		{map[string]int{}, "{}"},
		{[]int{}, "[]"},
		{map[int]string{10: "b", 9: "a"}, `{"10":"b","9":"a"}`}, // sorted as text
		{day, `"2020-01-02T03:04:05Z"`},                         // Flask: "Thu, 02 Jan 2020 03:04:05 GMT"
		{day.Format(http.TimeFormat), `"Thu, 02 Jan 2020 03:04:05 GMT"`},
		{twoBytes{0xab, 0xcd}, `"ab-cd"`}, // UUID, Decimal: as text
		{struct {
			B int `json:"b"`
			A string
		}{1, "x"}, `{"b":1,"A":"x"}`}, // a dataclass; fields keep their order
		{math.Inf(1), ""}, // Flask: Infinity, which is no JSON
	} {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error { return c.JSON(test.value) })
		w := ask(app, "GET", "/")
		if test.want == "" && w.Code != 500 || test.want != "" && w.Body.String() != test.want+"\n" {
			t.Errorf("%#v: got %d %s, want %s", test.value, w.Code, w.Body, test.want)
		}
	}
}

type twoBytes [2]byte

func (v twoBytes) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x-%x", v[0], v[1]), nil }

// TestLoneContentTypeIsChecked: the header that most replies have alone is
// looked at by itself.
func TestLoneContentTypeIsChecked(t *testing.T) {
	app := New("test")
	app.Get("/", func(c *Context) error { return c.Bytes("text/plain\r\nX: y", nil) }).Name("index")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || w.Header().Get("X") != "" {
		t.Errorf("got %d with %v, want 500", w.Code, w.Header())
	}
}

// TestContentLength: every reply that is whole says how long it is, small or large,
// over a real connection.
func TestContentLength(t *testing.T) {
	app := New("test")
	app.Config.Root = pages(map[string]string{"page.html": `{{.}}`})
	size := func(c *Context) string { return strings.Repeat("x", c.ParamInt("n")) }
	app.Get("/text/<int:n>", func(c *Context) error { return c.Text(size(c)) })
	app.Get("/page/<int:n>", func(c *Context) error {
		return c.RenderString(`{{.text}}`, Data{"text": size(c)})
	})
	app.Get("/bytes/<int:n>", func(c *Context) error { return c.Bytes("text/plain", []byte(size(c))) })
	app.Get("/shown/<int:n>", func(c *Context) error {
		if err := c.RenderString(`{{.text}}`, Data{"text": size(c)}); err != nil {
			return err
		}
		c.Response().Body = append(c.Response().Body, "!"...)
		return nil
	})
	server := httptest.NewServer(app)
	defer server.Close()
	for _, kind := range []string{"text", "page", "bytes", "shown"} {
		for _, n := range []int{0, 1, 2047, 2048, 2049, 5000, 100_000} {
			for _, method := range []string{"GET", "HEAD"} {
				r, _ := http.NewRequest(method, fmt.Sprintf("%s/%s/%d", server.URL, kind, n), nil)
				res, err := server.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				want := n
				if kind == "shown" {
					want++
				}
				if err != nil || res.ContentLength != int64(want) || res.TransferEncoding != nil || method == "GET" && len(body) != want || method == "HEAD" && len(body) != 0 {
					t.Errorf("%s %s of %d: Content-Length %d, %d bytes, %v, %v", method, kind, want, res.ContentLength, len(body), res.TransferEncoding, err)
				}
			}
		}
	}
}

// TestContentLengthForMiddleware: a middleware sees the length of small replies too.
func TestContentLengthForMiddleware(t *testing.T) {
	app, _ := newTestApp(t)
	var length string
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			length = w.Header().Get("Content-Length")
		})
	})
	app.Get("/", sayOK)
	app.Get("/page", func(c *Context) error { return c.RenderString("<p>", nil) })
	for path, want := range map[string]string{"/": "2", "/page": "3"} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
		if length != want {
			t.Errorf("%s: got %q, want %s", path, length, want)
		}
	}
}

// TestStatusIsNamed: the error about a status says which one it was.
func TestStatusIsNamed(t *testing.T) {
	for _, code := range []int{-5, 0, 199, 1000, 70000} {
		app, log := newTestApp(t)
		app.Get("/", func(c *Context) error { return c.Status(code).Text("ok") })
		want := fmt.Sprintf("%d is no status of a reply", code)
		if w := ask(app, "GET", "/"); w.Code != 500 || !strings.Contains(log.String(), want) {
			t.Errorf("got %d and the log %q, want %q in it", w.Code, log, want)
		}
	}
}

// TestBodyIsTheRequests: a page's buffer serves another request only when nobody
// can look at it any more.
func TestBodyIsTheRequests(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Root = pages(map[string]string{"page.html": `<p>{{.x}}</p>`})
	app.AfterRequest(func(c *Context) error {
		if c.Query("after") != "" {
			c.Response().Body = append(c.Response().Body, " after"...)
		}
		return nil
	})
	kept := make(chan []byte, 1)
	app.Teardown(func(c *Context, err error) {
		if c.Query("kept") != "" {
			kept <- c.Response().Body
		}
	})
	app.Get("/page", func(c *Context) error {
		if c.Query("twice") != "" {
			if err := c.Render("page.html", Data{"x": "first"}); err != nil {
				return err
			}
		}
		switch err := c.Render("page.html", Data{"x": c.Query("x")}); c.Query("then") {
		case "text":
			return c.Text("text " + c.Query("x"))
		case "error":
			return Abort(400)
		case "panic":
			panic("after the page was rendered")
		default:
			return err
		}
	})
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			for j := range 50 {
				x := fmt.Sprintf("%d-%d", i, j)
				for _, tt := range []struct{ query, want string }{
					{"", "<p>" + x + "</p>"},
					{"&twice=1", "<p>" + x + "</p>"},
					{"&after=1", "<p>" + x + "</p> after"},
					{"&twice=1&after=1", "<p>" + x + "</p> after"},
					{"&then=text&after=1", "text " + x + " after"},
					{"&then=text", "text " + x},
				} {
					if w := ask(app, "GET", "/page?x="+x+tt.query); w.Body.String() != tt.want {
						t.Errorf("%s: got %q, want %q", tt.query, w.Body, tt.want)
					}
				}
				for query, code := range map[string]int{"&then=error": 400, "&then=panic": 500} {
					if w := ask(app, "GET", "/page?x="+x+query); w.Code != code || strings.Contains(w.Body.String(), x) {
						t.Errorf("%s: got %d %q", query, w.Code, w.Body)
					}
				}
			}
		})
	}
	group.Wait()
	ask(app, "GET", "/page?x=mine&kept=1")
	body := <-kept
	for range 50 {
		ask(app, "GET", "/page?x=other")
	}
	if string(body) != "<p>mine</p>" {
		t.Errorf("a teardown hook kept %q, want its own page", body)
	}
}
