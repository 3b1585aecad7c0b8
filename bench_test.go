package hipflask

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/julienschmidt/httprouter"
)

// The benchmarks here time whole requests, each beside the same work written by
// hand on httprouter, securecookie and html/template in the same run. What the
// parts cost by themselves is measured beside them.

// benchWriter is a ResponseWriter that costs nothing itself.
type benchWriter struct{ header http.Header }

func (w *benchWriter) Header() http.Header               { return w.header }
func (w *benchWriter) Write(b []byte) (int, error)       { return len(b), nil }
func (w *benchWriter) WriteString(s string) (int, error) { return len(s), nil }
func (w *benchWriter) WriteHeader(int)                   {}

// benchRequest is a request to be served again and again.
type benchRequest struct {
	handler http.Handler
	request *http.Request
	body    *benchBody
	w       *benchWriter
}

// benchBody is the body of a request, again and again.
type benchBody struct {
	strings.Reader
	text string
}

func (b *benchBody) Close() error { return nil }

func newBenchRequest(b *testing.B, h http.Handler, r *http.Request, body string) *benchRequest {
	b.Helper()
	br := &benchRequest{h, r, &benchBody{text: body}, &benchWriter{header: http.Header{}}}
	check := httptest.NewRecorder()
	h.ServeHTTP(check, br.fresh())
	if check.Code >= 400 {
		b.Fatalf("%s %s: %d %s", r.Method, r.URL, check.Code, check.Body)
	}
	return br
}

// fresh makes the request fit for another serving, which is what net/http does.
func (br *benchRequest) fresh() *http.Request {
	if br.body.text != "" {
		br.body.Reset(br.body.text)
		br.request.Body = br.body
		br.request.Form, br.request.PostForm = nil, nil
	}
	return br.request
}

func (br *benchRequest) serve() {
	clear(br.w.header)
	br.handler.ServeHTTP(br.w, br.fresh())
}

// benchmarkBeside times a request served by hipflask and the same one served by
// hand: each for itself, and then both in turns, for the ratio of the medians.
// More than 1 means that hipflask is faster.
func benchmarkBeside(b *testing.B, own, hand *benchRequest) {
	b.Run("hipflask", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			own.serve()
		}
	})
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			hand.serve()
		}
	})
	b.Run("ratio", func(b *testing.B) {
		// As long as this, each pays for the garbage that it makes itself.
		const turn = 10 * time.Millisecond
		measure := func(br *benchRequest) float64 {
			start, n := time.Now(), 0
			for time.Since(start) < turn {
				for range 100 {
					br.serve()
				}
				n += 100
			}
			return float64(time.Since(start)) / float64(n)
		}
		var owns, hands []float64
		for b.Loop() {
			owns, hands = append(owns, measure(own)), append(hands, measure(hand))
		}
		for len(owns) < 7 { // the time was too short
			owns, hands = append(owns, measure(own)), append(hands, measure(hand))
		}
		slices.Sort(owns)
		slices.Sort(hands)
		b.ReportMetric(hands[len(hands)/2]/owns[len(owns)/2], "x-by-hand")
		b.ReportMetric(0, "ns/op") // which would be that of both together
	})
}

func BenchmarkText(b *testing.B) {
	app := New("bench")
	app.Get("/hello", func(c *Context) error { return c.Text("Hello, World!") })

	router := httprouter.New()
	router.GET("/hello", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "Hello, World!")
	})

	benchmarkBeside(b,
		newBenchRequest(b, app, httptest.NewRequest("GET", "/hello", nil), ""),
		newBenchRequest(b, router, httptest.NewRequest("GET", "/hello", nil), ""))
}

func BenchmarkParam(b *testing.B) {
	app := New("bench")
	app.Get("/post/<int:id>", func(c *Context) error { return c.Text("post " + strconv.Itoa(c.ParamInt("id"))) })

	router := httprouter.New()
	router.GET("/post/:id", func(w http.ResponseWriter, r *http.Request, params httprouter.Params) {
		id, err := strconv.Atoi(params.ByName("id"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "post "+strconv.Itoa(id))
	})

	benchmarkBeside(b,
		newBenchRequest(b, app, httptest.NewRequest("GET", "/post/42", nil), ""),
		newBenchRequest(b, router, httptest.NewRequest("GET", "/post/42", nil), ""))
}

// BenchmarkJSON replies with a list.
func BenchmarkJSON(b *testing.B) {
	app := New("bench")
	app.Get("/items", func(c *Context) error { return c.JSON(Data{"title": "Items", "items": benchItems}) })

	router := httprouter.New()
	router.GET("/items", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{"title": "Items", "items": benchItems}); err != nil {
			http.Error(w, err.Error(), 500)
		}
	})

	benchmarkBeside(b,
		newBenchRequest(b, app, httptest.NewRequest("GET", "/items", nil), ""),
		newBenchRequest(b, router, httptest.NewRequest("GET", "/items", nil), ""))
}

const benchKey = "a key for benchmarks, 32 bytes.."

// benchSession is what the pages below keep of a visitor.
type benchSession struct {
	Name    string      `json:"name"`
	Visits  int         `json:"visits"`
	Flashes [][2]string `json:"_flashes,omitempty"`
}

// handMade is the sessions, pages and routes of the benchmarks without hipflask.
type handMade struct {
	*httprouter.Router
	codec *securecookie.SecureCookie
	page  *template.Template
}

func newHandMade() *handMade {
	h := &handMade{Router: httprouter.New(), codec: securecookie.New([]byte(benchKey), nil).SetSerializer(securecookie.NopEncoder{})}
	h.page = template.Must(template.New("page").Parse(strings.NewReplacer(
		`{{extends "base.html"}}`, "", `{{define "content"}}`, "", `{{end}}{{/*content*/}}`, "").Replace(
		strings.Replace(benchBase, `{{block "content" .}}{{end}}`, benchPage, 1))))
	return h
}

func (h *handMade) load(r *http.Request) (s benchSession) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return s
	}
	var payload []byte
	if h.codec.Decode("session", cookie.Value, &payload) == nil {
		json.Unmarshal(payload, &s)
	}
	return s
}

func (h *handMade) save(w http.ResponseWriter, s benchSession) error {
	payload, err := json.Marshal(s)
	if err != nil {
		return err
	}
	value, err := h.codec.Encode("session", payload)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Cookie")
	http.SetCookie(w, &http.Cookie{Name: "session", Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return nil
}

const benchBase = `<!doctype html>
<html lang=en>
<title>Bench</title>
<nav><a href="/">Home</a>{{with .session}}{{with .name}}<b>{{.}}</b>{{end}}{{end}}</nav>
{{range .flashes}}<p class="flash">{{.}}</p>{{end}}
<main>{{block "content" .}}{{end}}</main>
</html>
`

const benchPage = `{{extends "base.html"}}{{define "content"}}<h1>{{.title}}</h1>
<ul>{{range .items}}<li><a href="/item/{{.ID}}">{{.Name}}</a></li>{{end}}</ul>
{{end}}{{/*content*/}}`

type benchItem struct {
	ID   int
	Name string
}

var benchItems = func() (items []benchItem) {
	for i := range 10 {
		items = append(items, benchItem{i, "Item <" + strconv.Itoa(i) + ">"})
	}
	return items
}()

// benchPageApp has a page and a form; benchPageByHand has the same.
func benchPageApp() *App {
	app := New("bench")
	app.Config.SecretKey = benchKey
	base := strings.NewReplacer(`{{with .session}}{{with .name}}<b>{{.}}</b>{{end}}{{end}}`, `{{with session.name}}<b>{{.}}</b>{{end}}`,
		`{{range .flashes}}`, `{{range get_flashed_messages}}`).Replace(benchBase)
	app.Config.Root = fstest.MapFS{
		"templates/base.html": {Data: []byte(base)},
		"templates/page.html": {Data: []byte(benchPage)},
	}
	app.Get("/", func(c *Context) error {
		return c.Render("page.html", Data{"title": "Items", "items": benchItems})
	}).Name("index")
	app.Post("/save", func(c *Context) error {
		c.Session().Set("name", c.Form("name"))
		c.Flash("Saved.")
		return c.RedirectTo("index")
	})
	return app
}

func benchPageByHand() *handMade {
	h := newHandMade()
	h.GET("/", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
		s := h.load(r)
		var page strings.Builder
		err := h.page.Execute(&page, map[string]any{
			"title": "Items", "items": benchItems, "session": map[string]any{"name": s.Name}, "flashes": s.Flashes})
		if err == nil && len(s.Flashes) > 0 {
			s.Flashes = nil
			err = h.save(w, s)
		} else {
			w.Header().Add("Vary", "Cookie")
		}
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, page.String())
	})
	h.POST("/save", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
		s := h.load(r)
		s.Name = r.PostFormValue("name")
		s.Flashes = append(s.Flashes, [2]string{"message", "Saved."})
		if err := h.save(w, s); err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		http.Redirect(w, r, "/", http.StatusFound)
	})
	return h
}

// BenchmarkPage renders a page in its layout, with the session and a place for
// flashes.
func BenchmarkPage(b *testing.B) {
	app, h := benchPageApp(), benchPageByHand()
	benchmarkBeside(b,
		newBenchRequest(b, app, signedIn(b, app, "GET", "/"), ""),
		newBenchRequest(b, h, h.signedIn(b, "GET", "/"), ""))
}

// BenchmarkShowFlash renders the page that shows a flash, which takes it out of the
// session.
func BenchmarkShowFlash(b *testing.B) {
	app, h := benchPageApp(), benchPageByHand()
	benchmarkBeside(b,
		newBenchRequest(b, app, signedIn(b, app, "GET", "/", "Saved."), ""),
		newBenchRequest(b, h, h.signedIn(b, "GET", "/", [2]string{"message", "Saved."}), ""))
}

// BenchmarkPostRedirectGet takes a form, writes the session, flashes and
// redirects.
func BenchmarkPostRedirectGet(b *testing.B) {
	form := func(r *http.Request) *http.Request {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	app, h := benchPageApp(), benchPageByHand()
	benchmarkBeside(b,
		newBenchRequest(b, app, form(signedIn(b, app, "POST", "/save")), "name=Grace+Hopper"),
		newBenchRequest(b, h, form(h.signedIn(b, "POST", "/save")), "name=Grace+Hopper"))
}

// signedIn makes a request of a visitor who has a session.
func signedIn(b *testing.B, app *App, method, target string, flashes ...string) *http.Request {
	w := httptest.NewRecorder()
	err := app.SessionTransaction(w, httptest.NewRequest("GET", "/", nil), func(s *Session) {
		s.Set("name", "Ada Lovelace")
		s.Set("visits", 3)
		for _, text := range flashes {
			s.flash(Message{"message", text})
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	return withCookies(httptest.NewRequest(method, target, nil), w)
}

func (h *handMade) signedIn(b *testing.B, method, target string, flashes ...[2]string) *http.Request {
	w := httptest.NewRecorder()
	if err := h.save(w, benchSession{"Ada Lovelace", 3, flashes}); err != nil {
		b.Fatal(err)
	}
	return withCookies(httptest.NewRequest(method, target, nil), w)
}

func withCookies(r *http.Request, w *httptest.ResponseRecorder) *http.Request {
	for _, cookie := range w.Result().Cookies() {
		r.AddCookie(cookie)
	}
	return r
}
