package main

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

func TestCheck(t *testing.T) {
	if err := newApp().Check(); err != nil {
		t.Fatal(err)
	}
}

// TestTutorial walks through the tutorial as one visitor.
func TestTutorial(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	for _, step := range []struct {
		request  string
		name     string // what the form holds
		status   int
		location string
		shows    string
		flashed  bool
		session  string // flask_name afterwards
	}{
		{"GET /", "", 200, "", "Hello, Stranger!", false, ""},
		{"POST /", "", 200, "", "This field is required.", false, ""},
		{"POST /", "  ", 200, "", "This field is required.", false, ""},
		{"POST /", "Ann", 302, "/index", "", false, "Ann"},
		{"GET /index", "", 200, "", "Hello, Ann!", false, "Ann"},
		{"POST /index", "Ann", 302, "/index", "", false, "Ann"},
		{"GET /", "", 200, "", "Hello, Ann!", false, "Ann"},
		{"POST /", "Bob", 302, "/index", "", false, "Bob"},
		{"GET /index", "", 200, "", "Hello, Bob!", true, "Bob"},
		{"GET /index", "", 200, "", "Hello, Bob!", false, "Bob"},
		{"POST /", "", 200, "", "Hello, Bob!", false, "Bob"},
		{"GET /user/Ada", "", 200, "", "Hello, Ada!", false, "Bob"},
		{"GET /nowhere", "", 404, "", "<title>Not Found · hello</title>", false, "Bob"}, // the App's own page
		{"GET /index/", "", 404, "", "<h1>Not Found</h1>", false, "Bob"},
	} {
		page := request(visitor, step.request, url.Values{"flask_name": {step.name}})
		flashed := strings.Contains(page.Body, "You have multiple names?")
		if page.StatusCode != step.status || page.Header.Get("Location") != step.location ||
			!strings.Contains(page.Body, step.shows) || flashed != step.flashed {
			t.Errorf("got %s\nwant %d %s showing %q, flashed %t",
				page, step.status, step.location, step.shows, step.flashed)
		}
		if got := nameOf(visitor); got != step.session {
			t.Errorf("%s left flask_name %q, want %q", step.request, got, step.session)
		}
	}
}

func TestForm(t *testing.T) {
	page := hipflasktest.New(t, newApp()).Get("/")
	for _, want := range []string{
		`<label for="flask_name">What is your name?</label>`,
		`name="flask_name"`,
		`<button>Apologize</button>`,
		`<time datetime="` + time.Now().UTC().Format("2006-01-02T"),
	} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("got %s\nwant %q in it", page, want)
		}
	}
}

func TestOldNamesAreMissedOnlyByTheirOwner(t *testing.T) {
	app := newApp()
	ann, bob := hipflasktest.New(t, app).FollowRedirects(), hipflasktest.New(t, app).FollowRedirects()
	ann.PostForm("/", url.Values{"flask_name": {"Ann"}})

	page := bob.PostForm("/", url.Values{"flask_name": {"Bob"}})
	if strings.Contains(page.Body, "multiple names") || !strings.Contains(page.Body, "Hello, Bob!") {
		t.Errorf("the first visit of another browser: got %s", page)
	}
	page = ann.PostForm("/", url.Values{"flask_name": {"Anne"}})
	if !strings.Contains(page.Body, "You have multiple names?") || !strings.Contains(page.Body, "Hello, Anne!") {
		t.Errorf("a changed name: got %s", page)
	}
}

func TestNamesAreEscaped(t *testing.T) {
	const hostile = `<img src=x onerror=alert(1)>"'&`
	visitor := hipflasktest.New(t, newApp()).FollowRedirects()
	for _, page := range []*hipflasktest.Response{
		visitor.PostForm("/", url.Values{"flask_name": {hostile}}),
		visitor.Get("/user/" + url.PathEscape(hostile)),
	} {
		if strings.Contains(page.Body, "<img") || !strings.Contains(page.Body, "Hello, "+html.EscapeString(hostile)+"!") {
			t.Errorf("got %s", page)
		}
	}
	if got := nameOf(visitor); got != hostile {
		t.Errorf("the session holds %q, want the name as it was typed", got)
	}
}

// request sends "GET /path", or "POST /path" with the form.
func request(visitor *hipflasktest.Client, line string, form url.Values) *hipflasktest.Response {
	method, path, _ := strings.Cut(line, " ")
	if method == "POST" {
		return visitor.PostForm(path, form)
	}
	return visitor.Get(path)
}

func nameOf(visitor *hipflasktest.Client) (name string) {
	visitor.SessionTransaction(func(s *hipflask.Session) { name = s.GetString("flask_name") })
	return name
}
