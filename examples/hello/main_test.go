package main

import (
	"html"
	"net/url"
	"regexp"
	"slices"
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
	long := strings.Repeat("<", 100)
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
		{"POST /", strings.Repeat("é", 101), 200, "", "Field cannot be longer than 100 characters.", false, ""},
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
		{"POST /", long, 302, "/index", "", false, long}, // and the message fit into the cookie
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
	visitor := hipflasktest.New(t, newApp())
	for _, test := range []struct {
		request, name string
		want          []string
	}{
		{"GET /", "", []string{
			`<label for="flask_name" class="form-label">What is your name?</label>`,
			`<input id="flask_name" name="flask_name" type="text" value="" required autocomplete="given-name" maxlength="100" class="form-control">`,
			`class="btn btn-primary">Apologize</button>`,
		}},
		{"POST /", " ", []string{
			`value=" " required`, // as it was typed
			`class="form-control is-invalid"`,
			`aria-invalid="true"`,
			`<div>This field is required.</div>`,
		}},
	} {
		page := request(visitor, test.request, url.Values{"flask_name": {test.name}})
		for _, want := range test.want {
			if !strings.Contains(page.Body, want) {
				t.Errorf("got %s\nwant %q in it", page, want)
			}
		}
	}
}

// TestOwnFiles: what a page needs comes from the program, and is there.
func TestOwnFiles(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	page := visitor.Get("/")
	var found []string
	for _, tag := range regexp.MustCompile(`<(?:link rel="stylesheet"|script)[^>]*>`).FindAllString(page.Body, -1) {
		_, address, _ := strings.Cut(tag, `="/`)
		address, _, _ = strings.Cut("/"+address, `"`)
		file := visitor.Get(address)
		if file.StatusCode != 200 || file.Body == "" || strings.Contains(file.Body, "sourceMappingURL") {
			t.Errorf("%s: got status %d and %d bytes, want a file that asks for no other", tag, file.StatusCode, len(file.Body))
		}
		found = append(found, address)
	}
	want := []string{"/static/bootstrap/bootstrap.min.css", "/static/bootstrap/bootstrap.min.js", "/static/moment.js"}
	if !slices.Equal(found, want) {
		t.Errorf("got the files %q, want %q; the page was %s", found, want, page)
	}
}

func TestMoment(t *testing.T) {
	const want = `<time datetime="2026-11-21T03:00:05Z" data-moment="fromNow">on 21 November 2026 at 03:00:05 UTC</time>`
	for _, when := range []time.Time{
		time.Date(2026, 11, 21, 3, 0, 5, 0, time.UTC),
		time.Date(2026, 11, 21, 3, 0, 5, 999, time.UTC),
		time.Date(2026, 11, 20, 22, 0, 5, 0, time.FixedZone("EST", -5*60*60)),
	} {
		if got, err := moment(when); string(got) != want || err != nil {
			t.Errorf("moment(%s): got %s, %v\nwant %s", when, got, err, want)
		}
	}
	page := hipflasktest.New(t, newApp()).Get("/")
	if now := `<time datetime="` + time.Now().UTC().Format("2006-01-02T"); !strings.Contains(page.Body, now) {
		t.Errorf("got %s\nwant %q in it", page, now)
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
