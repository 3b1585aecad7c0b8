package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

func TestRegister(t *testing.T) {
	app, db := newTestApp(t)
	visitor := hipflasktest.New(t, app)
	wantPage(t, visitor.Get("/auth/register"), 200, `name="username"`, `name="password"`, `value="Register"`)

	page := visitor.PostForm("/auth/register", fields("username", "a", "password", "a"))
	wantRedirect(t, page, "/auth/login")
	if hash := read[string](t, db, "SELECT password FROM user WHERE username = 'a'"); !strings.HasPrefix(hash, "scrypt:32768:8:1$") {
		t.Errorf("got the password %q, want Werkzeug's hash of it", hash)
	}
	wantRedirect(t, login(visitor, "a", "a"), "/")
}

func TestRegisterValidatesInput(t *testing.T) {
	app, db := newTestApp(t)
	for _, test := range []struct{ username, password, want string }{
		{"", "", "Username is required."},
		{"", "a", "Username is required."},
		{"a", "", "Password is required."},
		{"test", "test", "User test is already registered."},
	} {
		page := hipflasktest.New(t, app).PostForm("/auth/register", fields("username", test.username, "password", test.password))
		wantPage(t, page, 200, test.want, `value="Register"`)
		if n := strings.Count(page.Body, `class="flash"`); n != 1 {
			t.Errorf("%q with password %q: got %d messages, want the first: %s", test.username, test.password, n, page)
		}
	}
	if n := read[int](t, db, "SELECT COUNT(id) FROM user"); n != 2 {
		t.Errorf("got %d users, want the 2 from before", n)
	}
}

// TestMessageDescribesItsInput: who listens to the page hears the message with the
// input; nobody sees what was typed into a password.
func TestMessageDescribesItsInput(t *testing.T) {
	app, _ := newTestApp(t)
	page := login(hipflasktest.New(t, app), "test", "guess")
	wantPage(t, page, 200, `<div id="messages">`, `autocomplete="current-password" required aria-invalid="true" aria-describedby="messages">`,
		`autocomplete="username" autocapitalize="none" required>`)
	if strings.Contains(page.Body, "guess") {
		t.Errorf("the password is in %s", page)
	}
	page = hipflasktest.New(t, app).PostForm("/auth/register", fields("username", "", "password", ""))
	if n := strings.Count(page.Body, `aria-describedby="messages"`); page.StatusCode != 200 || n != 2 || strings.Contains(page.Body, "--errors") {
		t.Errorf("got %s\nwant both inputs described by the messages", page)
	}
}

// TestRegisterRace: of several who register one name at the same time, one gets
// it and the others are told.
func TestRegisterRace(t *testing.T) {
	app, db := newTestApp(t)
	pages := make([]*hipflasktest.Response, 4)
	var running sync.WaitGroup
	for i := range pages {
		running.Go(func() {
			pages[i] = hipflasktest.New(t, app).PostForm("/auth/register", fields("username", "ada", "password", "lovelace"))
		})
	}
	running.Wait()
	registered := 0
	for _, page := range pages {
		if page.StatusCode == 302 {
			registered++
			wantRedirect(t, page, "/auth/login")
		} else {
			wantPage(t, page, 200, "User ada is already registered.")
		}
	}
	if n := read[int](t, db, "SELECT COUNT(id) FROM user WHERE username = 'ada'"); registered != 1 || n != 1 {
		t.Errorf("got %d registrations and %d users, want one of each", registered, n)
	}
}

func TestLogin(t *testing.T) {
	app, _ := newTestApp(t)
	visitor := hipflasktest.New(t, app)
	wantPage(t, visitor.Get("/auth/login"), 200, `name="username"`, `name="password"`, `value="Log In"`)
	visitor.SessionTransaction(func(s *hipflask.Session) { s.Set("before", true) })

	wantRedirect(t, login(visitor, "test", "test"), "/")
	visitor.SessionTransaction(func(s *hipflask.Session) {
		if s.GetInt("user_id") != 1 || s.Has("before") {
			t.Errorf("got the session keys %q, want user_id alone", s.Keys())
		}
	})
	wantPage(t, visitor.Get("/"), 200, "<span>test</span>", "Log Out")
}

func TestLoginValidatesInput(t *testing.T) {
	app, _ := newTestApp(t)
	for _, test := range []struct{ username, password, want string }{
		{"a", "test", "Incorrect username."},
		{"", "", "Incorrect username."},
		{"TEST", "test", "Incorrect username."},
		{"test", "a", "Incorrect password."},
		{"test", "", "Incorrect password."},
		{"a", "", "Incorrect username."},
		{"test' --", "test", "Incorrect username."},
	} {
		visitor := hipflasktest.New(t, app)
		wantPage(t, login(visitor, test.username, test.password), 200, test.want, `value="Log In"`)
		if page := visitor.Get("/auth/login"); strings.Contains(page.Body, test.want) {
			t.Errorf("the message is shown twice: %s", page)
		}
		visitor.SessionTransaction(func(s *hipflask.Session) {
			if s.Has("user_id") {
				t.Errorf("%q with password %q is logged in", test.username, test.password)
			}
		})
	}
}

// TestLoginWithBrokenHash: a password that is no hash opens nothing.
func TestLoginWithBrokenHash(t *testing.T) {
	app, db := newTestApp(t)
	execute(t, db, "UPDATE user SET password = 'test' WHERE id = 1")
	wantPage(t, login(hipflasktest.New(t, app), "test", "test"), 200, "Incorrect password.")
}

func TestFormsNeedTheirFields(t *testing.T) {
	app, _ := newTestApp(t)
	for _, path := range []string{"/auth/register", "/auth/login"} {
		wantPage(t, hipflasktest.New(t, app).PostForm(path, nil), 400)
		wantPage(t, hipflasktest.New(t, app).PostForm(path, fields("username", "a")), 400)
	}
	for _, path := range []string{"/create", "/1/update"} {
		wantPage(t, loggedIn(t, app).PostForm(path, nil), 400)
		wantPage(t, loggedIn(t, app).PostForm(path, fields("title", "a")), 400)
	}
}

func TestLogout(t *testing.T) {
	app, _ := newTestApp(t)
	visitor := loggedIn(t, app)
	wantRedirect(t, visitor.Get("/auth/logout"), "/")
	visitor.SessionTransaction(func(s *hipflask.Session) {
		if s.Has("user_id") {
			t.Error("the session still has user_id")
		}
	})
	wantPage(t, visitor.Get("/"), 200, "Log In")
}

// TestUserIsGone: who was deleted while logged in is a visitor like any other.
func TestUserIsGone(t *testing.T) {
	app, db := newTestApp(t)
	visitor := loggedIn(t, app)
	execute(t, db, "DELETE FROM post")
	execute(t, db, "DELETE FROM user WHERE id = 1")
	wantPage(t, visitor.Get("/"), 200, "Log In")
	wantRedirect(t, visitor.Get("/create"), "/auth/login")
}
