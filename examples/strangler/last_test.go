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
	const page = "{{range get_flashed_messages}}{{.}} {{end}}{{with session.name}}for {{.}}{{end}}"
	app := newLastApp()
	app.Config.SecretKey = key
	app.Config.Root = fstest.MapFS{
		"templates/index.html":   {Data: []byte(page)},
		"templates/login.html":   {Data: []byte(page)},
		"templates/profile.html": {Data: []byte(page)},
	}
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	visitor := hipflasktest.New(t, app).FollowRedirects()
	for _, step := range []struct{ path, password, shows string }{
		{"/login", "wrong", "Wrong name or password. "},
		{"/login", "correct horse", "You are logged in. for ann"},
		{"/logout", "", "You are logged out. "},
	} {
		page := visitor.PostForm(step.path, url.Values{"name": {"ann"}, "password": {step.password}})
		if page.StatusCode != 200 || page.Body != step.shows {
			t.Errorf("%s with %q: got %s, want 200 %q", step.path, step.password, page, step.shows)
		}
	}
}
