package hipflasktest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

func newApp() *hipflask.App {
	app := hipflask.New("test")
	app.Config.SecretKey = "a key for the client's own tests"
	echo := func(c *hipflask.Context) error {
		return c.Text(fmt.Sprintf("%s %s form=%q", c.Request.Method, c.Request.URL, c.Form("a")))
	}
	redirect := func(code int, location string) hipflask.HandlerFunc {
		return func(c *hipflask.Context) error { return c.Status(code).Redirect(location) }
	}
	app.Route("/echo", echo, "GET", "POST", "PUT").Name("echo")
	for _, code := range []int{301, 302, 303, 307, 308} {
		app.Route(fmt.Sprintf("/%d", code), redirect(code, "/echo?x=1"), "GET", "POST", "PUT").Name(fmt.Sprint(code))
	}
	app.Get("/twice", redirect(302, "303")).Name("twice")
	app.Get("/loop", redirect(302, "/loop")).Name("loop")
	app.Get("/spelt", redirect(302, "http://LOCALHOST:80/echo?x=1")).Name("spelt")
	app.Get("/away", redirect(302, "http://elsewhere.example/")).Name("away")
	app.Post("/slash/", echo).Name("slash")
	app.Get("/visit", func(c *hipflask.Context) error {
		s := c.Session()
		s.Set("visits", s.GetInt("visits")+1)
		return c.JSON(map[string]any{"visits": s.GetInt("visits"), "https": c.Request.TLS != nil})
	})
	app.Post("/json", func(c *hipflask.Context) error {
		var v any
		if err := c.BindJSON(&v); err != nil {
			return err
		}
		return c.JSON(v)
	})
	app.Get("/cut", func(c *hipflask.Context) error {
		c.Writer().Write([]byte("half"))
		return fmt.Errorf("the rest is lost")
	})
	return app
}

// TestFollowRedirects holds the client to Flask's (flask-behaviour §17, and the
// row of §0 on what follows a 301 or 302).
func TestFollowRedirects(t *testing.T) {
	form := url.Values{"a": {"b"}}
	for _, test := range []struct {
		method, path, want string
		history            int
	}{
		{"POST", "/301", `GET /echo?x=1 form=""`, 1},
		{"POST", "/302", `GET /echo?x=1 form=""`, 1},
		{"POST", "/303", `GET /echo?x=1 form=""`, 1},
		{"POST", "/307", `POST /echo?x=1 form="b"`, 1},
		{"POST", "/308", `POST /echo?x=1 form="b"`, 1},
		{"PUT", "/303", `GET /echo?x=1 form=""`, 1},
		{"GET", "/302", `GET /echo?x=1 form=""`, 1},
		{"HEAD", "/302", "", 1},
		{"GET", "/twice", `GET /echo?x=1 form=""`, 2},
		{"GET", "/spelt", `GET /echo?x=1 form=""`, 1},
		{"POST", "/slash", `POST /slash/ form="b"`, 1},
		{"GET", "/echo", `GET /echo form="b"`, 0}, // a form is read whatever the method, as in Flask
	} {
		client := hipflasktest.New(t, newApp()).FollowRedirects()
		r := client.NewRequest(test.method, test.path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page := client.Do(r)
		want := strings.Replace(test.want, " /", " http://localhost/", 1)
		if got := strings.Replace(page.Body, " /", " http://localhost/", 1); page.StatusCode != 200 || got != want && page.Body != test.want {
			t.Errorf("%s %s: got %s, want %s", test.method, test.path, page, test.want)
		}
		if len(page.History) != test.history || test.method == "HEAD" && page.Request.Method != "HEAD" {
			t.Errorf("%s %s: got %d redirects and then %s, want %d", test.method, test.path, len(page.History), page.Request.Method, test.history)
		}
	}
}

func TestWithoutFollowing(t *testing.T) {
	page := hipflasktest.New(t, newApp()).Get("/twice")
	if page.StatusCode != 302 || page.Header.Get("Location") != "303" || len(page.History) != 0 {
		t.Errorf("got %s, want the redirect itself", page)
	}
}

func TestCookies(t *testing.T) {
	app := newApp()
	ada, grace := hipflasktest.New(t, app), hipflasktest.New(t, app)
	ada.Get("/visit")
	for _, test := range []struct {
		client *hipflasktest.Client
		want   int
	}{{ada, 2}, {grace, 1}, {ada.FollowRedirects(), 3}, {ada, 4}} {
		var got struct{ Visits int }
		if err := test.client.Get("/visit").JSON(&got); err != nil || got.Visits != test.want {
			t.Errorf("got %d visits, %v; want %d", got.Visits, err, test.want)
		}
	}
	if _, ok := ada.Cookie("session"); !ok {
		t.Error("Cookie finds no session")
	}
	grace.SetCookie(&http.Cookie{Name: "session", Value: "forged"})
	var got struct{ Visits int }
	if err := grace.Get("/visit").JSON(&got); err != nil || got.Visits != 1 {
		t.Errorf("with a forged cookie: got %d visits, %v; want 1", got.Visits, err)
	}
}

func TestDeleteCookie(t *testing.T) {
	client := hipflasktest.New(t, newApp())
	client.Get("/visit")
	client.DeleteCookie("session")
	if value, ok := client.Cookie("session"); ok {
		t.Errorf("the visitor still has %q", value)
	}
}

func TestPostMultipart(t *testing.T) {
	app := hipflask.New("test")
	app.Post("/upload", func(c *hipflask.Context) error {
		header, err := c.File("doc")
		if err != nil {
			return err
		}
		f, err := header.Open()
		if err != nil {
			return err
		}
		defer f.Close()
		content, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		return c.Text(c.Form("title") + ": " + header.Filename + ": " + string(content))
	})
	client := hipflasktest.New(t, app)
	page := client.PostMultipart("/upload", url.Values{"title": {"Notes"}}, hipflasktest.File{Field: "doc", Name: "notes.txt", Content: "some text"})
	if page.Body != "Notes: notes.txt: some text" {
		t.Errorf("got %s", page)
	}
	if page := client.PostMultipart("/upload", nil); page.StatusCode != 400 {
		t.Errorf("without the file: got %s", page)
	}
}

func TestSessionTransaction(t *testing.T) {
	client := hipflasktest.New(t, newApp())
	client.SessionTransaction(func(s *hipflask.Session) { s.Set("visits", 41) })
	client.Get("/visit")
	client.SessionTransaction(func(s *hipflask.Session) {
		if got := s.GetInt("visits"); got != 42 {
			t.Errorf("got %d visits, want 42", got)
		}
		s.Clear()
	})
	if value, ok := client.Cookie("session"); ok {
		t.Errorf("after Clear the visitor still has the cookie %q", value)
	}
}

func TestAt(t *testing.T) {
	client := hipflasktest.New(t, newApp()).At("https://example.com")
	page := client.Get("/visit")
	if cookie := page.Cookies()[0]; !cookie.Secure || page.Request.URL.Host != "example.com" {
		t.Errorf("got %s with %s, want a secure cookie of example.com", page, cookie)
	}
	if !strings.Contains(page.Body, `"https":true`) {
		t.Errorf("got %s, want a request with TLS", page)
	}
}

func TestPostJSON(t *testing.T) {
	var got map[string]int
	page := hipflasktest.New(t, newApp()).PostJSON("/json", map[string]int{"a": 1})
	if err := page.JSON(&got); err != nil || got["a"] != 1 {
		t.Errorf("got %s, %v", page, err)
	}
	if err := hipflasktest.New(t, newApp()).Get("/echo").JSON(&got); err == nil || !strings.Contains(err.Error(), "GET http://localhost/echo") {
		t.Errorf("JSON of a text: got %v, want an error that shows the reply", err)
	}
}

// fatalTB is a test that fails loudly instead of ending.
type fatalTB struct{ testing.TB }

func (fatalTB) Helper()                      {}
func (fatalTB) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
func (fatalTB) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }

// TestFatal: what goes wrong in the client itself ends the test, and says why.
func TestFatal(t *testing.T) {
	noKey := hipflask.New("test")
	for _, test := range []struct {
		name string
		call func(c *hipflasktest.Client)
		want string
	}{
		{"a loop", func(c *hipflasktest.Client) { c.FollowRedirects().Get("/loop") }, "more than 20 redirects"},
		{"another host", func(c *hipflasktest.Client) { c.FollowRedirects().Get("/away") }, "elsewhere.example"},
		{"a path that is none", func(c *hipflasktest.Client) { c.Get("http://%zz") }, "%zz"},
		{"a cut connection", func(c *hipflasktest.Client) { c.Get("/cut") }, "after 4 bytes"},
		{"a base that is none", func(c *hipflasktest.Client) { c.At("example.com") }, "scheme"},
		{"what JSON cannot hold", func(c *hipflasktest.Client) { c.PostJSON("/json", func() {}) }, "json"},
		{"no secret key", func(*hipflasktest.Client) {
			hipflasktest.New(fatalTB{t}, noKey).SessionTransaction(func(*hipflask.Session) {})
		}, "SecretKey"},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, test.want) {
					t.Errorf("%s: got %q, want %q in it", test.name, got, test.want)
				}
			}()
			test.call(hipflasktest.New(fatalTB{t}, newApp()))
		}()
	}
}

func TestResponseString(t *testing.T) {
	want := "GET http://localhost/302: 302 Found to /echo?x=1\n"
	if got := hipflasktest.New(t, newApp()).Get("/302").String(); !strings.HasPrefix(got, want) || !strings.Contains(got, "Redirecting") {
		t.Errorf("got %s, want it to begin with %s and show the body", got, want)
	}
}

// TestShelf: the example's backend passes the suite it shows.
func TestShelf(t *testing.T) {
	t.Parallel()
	hipflasktest.TestSessionStore(t, onShelf(&shelf{}))
}
