package main

import (
	"html"
	"net/url"
	"strings"
	"testing"

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
		request     string
		form        url.Values
		status      int
		location    string
		shows       []string
		name, email string // in the session afterwards
	}{
		{"GET /", nil, 200, "", []string{`action="/users"`, `name="name"`, `name="email"`}, "", ""},
		{"GET /show", nil, 200, "", []string{"<h1>User:</h1>", "<h3></h3>"}, "", ""},
		{"GET /users", nil, 405, "", nil, "", ""},
		{"POST /users", url.Values{"email": {"jay@example.com"}}, 400, "", []string{"name"}, "", ""},
		{"POST /users", url.Values{"name": {"Jay"}}, 400, "", []string{"email"}, "Jay", ""}, // the name is kept, as in Flask
		{"GET /show", nil, 200, "", []string{"<h3>Jay</h3>", "<h3></h3>"}, "Jay", ""},
		{"POST /users", url.Values{"name": {"Kim"}, "email": {"kim@example.com"}}, 302, "/show", nil, "Kim", "kim@example.com"},
		{"GET /show", nil, 200, "", []string{"User:", "<h3>Kim</h3>", "<h3>kim@example.com</h3>"}, "Kim", "kim@example.com"},
	} {
		page := request(visitor, step.request, step.form)
		if page.StatusCode != step.status || page.Header.Get("Location") != step.location {
			t.Errorf("got %s\nwant %d %s", page, step.status, step.location)
		}
		for _, want := range step.shows {
			if !strings.Contains(page.Body, want) {
				t.Errorf("got %s\nwant %q in it", page, want)
			}
		}
		visitor.SessionTransaction(func(s *hipflask.Session) {
			if name, email := s.GetString("name"), s.GetString("email"); name != step.name || email != step.email {
				t.Errorf("%s left name %q and email %q, want %q and %q", step.request, name, email, step.name, step.email)
			}
		})
	}
}

func TestUsersAreSeenByThemselvesOnly(t *testing.T) {
	app := newApp()
	hipflasktest.New(t, app).PostForm("/users", url.Values{"name": {"Jay"}, "email": {"jay@example.com"}})
	if page := hipflasktest.New(t, app).Get("/show"); strings.Contains(page.Body, "Jay") {
		t.Errorf("another browser's user: got %s", page)
	}
}

func TestUserIsEscaped(t *testing.T) {
	const hostile = `<script>alert("&'")</script>`
	visitor := hipflasktest.New(t, newApp()).FollowRedirects()
	page := visitor.PostForm("/users", url.Values{"name": {hostile}, "email": {hostile}})
	if n := strings.Count(page.Body, html.EscapeString(hostile)); n != 2 || strings.Contains(page.Body, "<script") {
		t.Errorf("got %s\nwant name and email escaped", page)
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
