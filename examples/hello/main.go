// Hello asks for a name, remembers it in the session and wonders aloud when it
// changes: a form, Post/Redirect/Get, a flash message and a 404 page of its own.
// The files of Bootstrap are in the program, so it works without a network.
//
//	go run ./examples/hello
package main

import (
	"embed"
	"html/template"
	"log"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
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
	forms.Setup(app, forms.Config{Theme: forms.Bootstrap5})
	app.TemplateFunc("moment", moment)

	// Flask's decorators run from the lowest up, so @app.route("/") above
	// @app.route("/index") registers /index first, and url_for("index") is /index.
	app.Route("/index", index, "GET", "POST")
	app.Route("/", index, "GET", "POST")
	app.Get("/user/<flask_name>", user)
	app.ErrorHandler(404, pageNotFound)
	return app
}

// nameForm is what the page asks for. The limit keeps the session's cookie small.
type nameForm struct {
	FlaskName string       `label:"What is your name?" autocomplete:"given-name" validate:"required,max=100"`
	Submit    forms.Submit `label:"Apologize"`
}

func index(c *hipflask.Context) error {
	var in nameForm
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		if old := c.Session().GetString("flask_name"); old != "" && old != in.FlaskName {
			c.Flash("You have multiple names?")
		}
		c.Session().Set("flask_name", in.FlaskName)
		return c.RedirectTo("index")
	}
	return c.Render("index.html", hipflask.Data{"form": form, "current_time": time.Now()})
}

func user(c *hipflask.Context) error {
	return c.Render("user.html", hipflask.Data{"name": c.Param("flask_name")})
}

func pageNotFound(c *hipflask.Context, err error) error {
	return c.Render("404.html", nil) // the status is 404 already
}

var momentTag = template.Must(template.New("moment").Parse(
	`<time datetime="{{.Format "2006-01-02T15:04:05Z"}}" data-moment="fromNow">{{.Format "on 2 January 2006 at 15:04:05 UTC"}}</time>`))

// moment shows a time. What it writes is in UTC; static/moment.js puts how long
// ago that was in its place, and keeps it right.
func moment(t time.Time) (template.HTML, error) {
	var b strings.Builder
	err := momentTag.Execute(&b, t.UTC())
	return template.HTML(b.String()), err
}
