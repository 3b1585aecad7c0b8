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
	username := func(name string) url.Values { return url.Values{"username": {name}} }
	title := func(title string) url.Values { return url.Values{"title": {title}} }
	for _, step := range []struct {
		request  string
		form     url.Values
		status   int
		location string
		shows    string
		cookie   string // what the reply does with it
		session  string // its keys afterwards
	}{
		{"GET /", nil, 200, "", "You are not logged in.", "", ""},

		// Signing in and out.
		{"GET /login", nil, 200, "", `name="username"`, "", ""},
		{"POST /login", username(""), 200, "", "This field is required.", "", ""},
		{"POST /login", nil, 200, "", "This field is required.", "", ""},
		{"POST /login", username("joe"), 302, "/", "", "set", "username visits"},
		{"GET /", nil, 200, "", "Your visit count: 1", "set", "username visits"},
		{"GET /", nil, 200, "", "Welcome back, joe!", "set", "username visits"},
		{"GET /", nil, 200, "", "Your visit count: 3", "set", "username visits"},
		{"GET /login", nil, 200, "", `name="username"`, "", "username visits"},
		{"GET /logout", nil, 302, "/", "", "deleted", ""},
		{"GET /", nil, 200, "", "You are not logged in.", "", ""},

		// A permanent session, sent again with every reply.
		{"POST /login-remember", username(""), 302, "/", "", "", ""},
		{"POST /login-remember", username("joe"), 302, "/", "", "7 days", "_permanent username"},
		{"GET /", nil, 200, "", "Your visit count: 1", "7 days", "_permanent username visits"},
		{"GET /login-remember", nil, 405, "", "", "7 days", "_permanent username visits"},
		{"GET /nowhere", nil, 404, "", "", "7 days", "_permanent username visits"},
		{"GET /logout", nil, 302, "/", "", "deleted", ""},

		// Messages wait for the page that shows them, and are shown once.
		{"POST /post", title("  "), 302, "/post", "", "set", "_flashes"},
		{"POST /post", title(" Go "), 302, "/post", "", "set", "_flashes"},
		{"GET /flash-demo", nil, 200, "", "<strong>error</strong> Title cannot be empty", "deleted", ""},
		{"GET /flash-demo", nil, 200, "", "No messages are waiting.", "", ""},
		{"POST /post", title("Go"), 302, "/post", "", "set", "_flashes"},
		{"GET /post", nil, 200, "", `class="flash success"`, "deleted", ""},
		{"GET /flash-demo", nil, 200, "", "No messages are waiting.", "", ""},
	} {
		page := request(visitor, step.request, step.form)
		if page.StatusCode != step.status || page.Header.Get("Location") != step.location ||
			!strings.Contains(page.Body, step.shows) || cookieOf(page) != step.cookie {
			t.Errorf("got %s\nwith cookies %v; want %d %s showing %q, cookie %q",
				page, page.Cookies(), step.status, step.location, step.shows, step.cookie)
		}
		var keys []string
		visitor.SessionTransaction(func(s *hipflask.Session) { keys = s.Keys() })
		if got := strings.Join(keys, " "); got != step.session {
			t.Errorf("%s left the session keys %q, want %q", step.request, got, step.session)
		}
	}
}

func TestFlashDemoShowsAllInOrder(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	visitor.PostForm("/post", nil)
	visitor.PostForm("/post", url.Values{"title": {"Go"}})
	page := visitor.Get("/flash-demo")
	_, rest, found := strings.Cut(page.Body, `<p class="flash error"><strong>error</strong> Title cannot be empty</p>`)
	if !found || !strings.Contains(rest, `<p class="flash success"><strong>success</strong> Article &#34;Go&#34; published successfully!</p>`) {
		t.Errorf("got %s", page)
	}
	if n := strings.Count(page.Body, "Title cannot be empty"); n != 1 {
		t.Errorf("the page shows the first message %d times, want once", n)
	}
}

func TestVisitorsAreCountedApart(t *testing.T) {
	app := newApp()
	ada, joe, nobody := hipflasktest.New(t, app), hipflasktest.New(t, app), hipflasktest.New(t, app)
	ada.FollowRedirects().PostForm("/login", url.Values{"username": {"ada"}})
	ada.Get("/")
	joe.FollowRedirects().PostForm("/login", url.Values{"username": {"joe"}})
	for _, test := range []struct {
		who   *hipflasktest.Client
		shows []string
	}{
		{ada, []string{"Welcome back, ada!", "Your visit count: 3"}},
		{joe, []string{"Welcome back, joe!", "Your visit count: 2"}},
		{nobody, []string{"You are not logged in."}},
	} {
		page := test.who.Get("/")
		for _, want := range test.shows {
			if !strings.Contains(page.Body, want) {
				t.Errorf("got %s\nwant %q in it", page, want)
			}
		}
	}
}

func TestWhatVisitorsTypeIsEscaped(t *testing.T) {
	const hostile = `<script>alert("&'")</script>`
	visitor := hipflasktest.New(t, newApp()).FollowRedirects()
	for _, page := range []*hipflasktest.Response{
		visitor.PostForm("/login", url.Values{"username": {hostile}}),
		visitor.PostForm("/post", url.Values{"title": {hostile}}),
	} {
		if strings.Contains(page.Body, "<script") || !strings.Contains(page.Body, html.EscapeString(hostile)) {
			t.Errorf("got %s", page)
		}
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

// cookieOf says what a reply does with the session cookie.
func cookieOf(page *hipflasktest.Response) string {
	cookies := page.Cookies()
	if len(cookies) == 0 {
		return ""
	}
	left := time.Until(cookies[0].Expires).Round(time.Minute)
	switch {
	case cookies[0].MaxAge < 0:
		return "deleted"
	case cookies[0].Expires.IsZero():
		return "set"
	case left == 7*24*time.Hour:
		return "7 days"
	}
	return left.String()
}
