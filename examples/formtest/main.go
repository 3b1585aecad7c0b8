// Formtest carries a form's data from the route that takes it to the route that
// shows it. It reads the two fields itself, without package forms: the way of the data is
// what its tutorial is about.
//
//	go run ./examples/formtest
package main

import (
	"embed"
	"log"

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
	app := hipflask.New("formtest")
	app.Config.Root = files
	app.Config.SecretKey = "ThisIsSecret"

	app.Get("/", index)
	app.Post("/users", createUser)
	app.Get("/show", showUser)
	return app
}

func index(c *hipflask.Context) error {
	return c.Render("index.html", nil)
}

func createUser(c *hipflask.Context) error {
	// Each name is that of an input in the page's form, and then the session's.
	for _, field := range []string{"name", "email"} {
		value, err := c.RequireForm(field)
		if err != nil {
			return err
		}
		c.Session().Set(field, value)
	}
	return c.Redirect("/show")
}

func showUser(c *hipflask.Context) error {
	return c.Render("user.html", nil)
}
