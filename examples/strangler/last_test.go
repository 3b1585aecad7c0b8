package main

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/hipflasktest"
)

// How it ends: signing in and out have moved too, nothing falls back any more,
// and the old application can be turned off. The hashes of passwords stay.

var users = map[string]string{
	"ann": "pbkdf2:sha256:260000$EYBhXQzJpFlYCpye$827ca3ce5beefea96079d4121bdc0e95922ae9e12deffc3bc40ef1ee81901bf4",
}

const loginPage = `{{extends "base.html"}}
{{define "title"}}Log in{{end}}
{{define "content"}}
  <h1>Log in</h1>
  <form method="post">
    <label>Name <input name="name" required autofocus></label>
    <label>Password <input name="password" type="password" required></label>
    <button>Log in</button>
  </form>
{{end}}
`

func newLastApp() *hipflask.App {
	app := hipflask.New("guest book")
	app.Config.SessionStore = flaskcompat.NewSessionStore()

	app.Get("/", index)
	app.Route("/login", login, "GET", "POST")
	app.Post("/logout", logout)
	app.Route("/profile", profile, "GET", "POST")
	return app
}

func index(c *hipflask.Context) error { return c.Render("index.html", nil) }

func login(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		name := c.Form("name")
		if flaskcompat.CheckPasswordHash(users[name], c.Form("password")) {
			c.Session().Renew()
			c.Session().Set("name", name)
			c.Flash("You are logged in.")
			return c.RedirectTo("index")
		}
		c.Flash("Wrong name or password.")
	}
	return c.Render("login.html", nil)
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	c.Flash("You are logged out.")
	return c.RedirectTo("index")
}

// TestLastPage signs in with the password that the old application hashed.
func TestLastPage(t *testing.T) {
	if source, err := os.ReadFile("old/app.py"); err != nil || !strings.Contains(string(source), users["ann"]) {
		t.Errorf("the hash is not the old application's: %v", err)
	}
	base, err := files.ReadFile("templates/base.html")
	if err != nil {
		t.Fatal(err)
	}
	const page = `{{extends "base.html"}}`
	app := newLastApp()
	app.Config.SecretKey = key
	app.Config.Root = fstest.MapFS{
		"templates/base.html":    {Data: base},
		"templates/index.html":   {Data: []byte(page)},
		"templates/login.html":   {Data: []byte(loginPage)},
		"templates/profile.html": {Data: []byte(page)},
	}
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	visitor := hipflasktest.New(t, app).FollowRedirects()
	for _, step := range []struct{ path, password, says, shows string }{
		{"/login", "wrong", "Wrong name or password.", "<h1>Log in</h1>"},
		{"/login", "correct horse", "You are logged in.", `<a href="/profile">ann</a>`},
		{"/logout", "", "You are logged out.", `<a href="/login">Log in</a>`},
	} {
		page := visitor.PostForm(step.path, url.Values{"name": {"ann"}, "password": {step.password}})
		says := `<p class="flash" role="status">` + step.says + "</p>"
		if page.StatusCode != 200 || !strings.Contains(page.Body, says) || !strings.Contains(page.Body, step.shows) {
			t.Errorf("%s with %q: got %s, want 200 with %s and %s", step.path, step.password, page, says, step.shows)
		}
	}
}
