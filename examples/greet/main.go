// Greet is the session, a redirect and a flash message in as few lines as they
// take, with the secret key kept out of the source.
//
//	go run ./examples/greet
//
// and open http://127.0.0.1:5000/greet; as in the tutorial, / is no page. The only
// form is a button without a field, which needs no package forms.
package main

import (
	"cmp"
	"embed"
	"errors"
	"io/fs"
	"log"
	"os"

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
	app := hipflask.New("greet")
	app.Config.Root = files

	// load_dotenv(). The file is read from the working directory; see .env.example.
	if err := app.Config.FromDotEnv(".env"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Fatal(err)
	}
	app.Config.SecretKey = os.Getenv("SECRET_KEY")
	if app.Config.SecretKey == "" {
		app.Config.SecretKey = "dev-only-change-me"
		app.Logger().Warn("SECRET_KEY is not set, so sessions are signed with a key that everybody knows")
	}

	app.Get("/set", setName)
	app.Get("/greet", greet)
	app.Get("/old-home", oldHome)
	app.Post("/save", save)
	app.Get("/note", note)
	return app
}

func setName(c *hipflask.Context) error {
	c.Session().Set("name", "Ada")
	return c.RedirectTo("greet")
}

func greet(c *hipflask.Context) error {
	name := cmp.Or(c.Session().GetString("name"), "stranger")
	return c.Render("greet.html", hipflask.Data{"name": name})
}

func oldHome(c *hipflask.Context) error {
	return c.RedirectTo("greet") // not c.Redirect("/greet")
}

func save(c *hipflask.Context) error {
	// ... do the work ...
	c.Flash("Note saved.")
	return c.RedirectTo("note")
}

func note(c *hipflask.Context) error {
	return c.Render("note.html", nil)
}
