// Hello asks for a name, remembers it in the session and wonders aloud when it
// changes: a form, Post/Redirect/Get, a flash message and a 404 page of its own.
//
//	go run ./examples/hello
package main

import (
	"embed"
	"log"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
)

//go:embed templates static
var files embed.FS

func main() {
	if err := newApp().Run(); err != nil {
		log.Fatal(err)
	}
}

func newApp() *hipflask.App {
	app := hipflask.New("hello")
	app.Config.Root = files
	app.Config.SecretKey = "give it a try"

	// Flask's decorators run from the lowest up, so @app.route("/") above
	// @app.route("/index") registers /index first, and url_for("index") is /index.
	app.Route("/index", index, "GET", "POST")
	app.Route("/", index, "GET", "POST")
	app.Get("/user/<flask_name>", user)
	app.ErrorHandler(404, pageNotFound)
	return app
}

func index(c *hipflask.Context) error {
	page := hipflask.Data{"current_time": time.Now().UTC()}
	if c.Request.Method == "POST" {
		if name := c.Form("flask_name"); strings.TrimSpace(name) != "" {
			if old := c.Session().GetString("flask_name"); old != "" && old != name {
				c.Flash("You have multiple names?")
			}
			c.Session().Set("flask_name", name)
			return c.RedirectTo("index")
		}
		page["problem"] = "This field is required."
	}
	return c.Render("index.html", page)
}

func user(c *hipflask.Context) error {
	return c.Render("user.html", hipflask.Data{"name": c.Param("flask_name")})
}

func pageNotFound(c *hipflask.Context, err error) error {
	return c.Render("404.html", nil) // the status is 404 already
}
