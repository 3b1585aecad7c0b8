// Strangler stands before a guest book written in Flask and takes it over page
// by page. One page, the profile, has moved, with a copy of the stylesheet; the
// rest is still in old/app.py. Both share the session.
//
//	SECRET_KEY=… flask --app examples/strangler/old/app.py run --port 8000
//	SECRET_KEY=… go run ./examples/strangler
package main

import (
	"cmp"
	"embed"
	"log"
	"os"
	"strings"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

//go:embed templates static
var files embed.FS

func main() {
	app := newApp(cmp.Or(os.Getenv("OLD_APP"), "http://127.0.0.1:8000"))
	app.Config.SecretKey = os.Getenv("SECRET_KEY")
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

func newApp(old string) *hipflask.App {
	app := hipflask.New("guest book")
	app.Config.Root = files
	app.Config.SessionStore = flaskcompat.NewSessionStore()

	app.Route("/profile", profile, "GET", "POST")

	// What has not moved. The rules are only here for url_for.
	app.Fallback(hipflask.ProxyTo(old))
	app.BuildOnly("/").Name("index")
	app.BuildOnly("/login").Name("login")
	app.BuildOnly("/logout").Name("logout")
	app.ErrorHandler(502, closed)
	return app
}

func profile(c *hipflask.Context) error {
	if !c.Session().Has("name") {
		c.Flash("Log in to see your name.")
		return c.RedirectTo("login")
	}
	if c.Request.Method == "POST" {
		if name := strings.TrimSpace(c.Form("nickname")); name != "" {
			c.Session().Set("nickname", name)
			c.Flash("You are " + name + " now.")
			return c.RedirectTo("index")
		}
	}
	return c.Render("profile.html", nil)
}

// closed is shown in place of the old application's pages while that one is down.
func closed(c *hipflask.Context, err error) error {
	return c.Render("closed.html", nil) // the status is 502 already
}
