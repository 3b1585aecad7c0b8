// Login signs a visitor in by name, counts visits, remembers for seven days on
// request, and flashes messages with categories. It writes the session itself, which is
// what its tutorial is about; package login does that for programs with accounts.
//
//	go run ./examples/login
package main

import (
	"embed"
	"fmt"
	"log"
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
	app := hipflask.New("login")
	app.Config.Root = files
	app.Config.SecretKey = "dev-secret-key"
	app.Config.PermanentSessionLifetime = 7 * 24 * time.Hour

	app.Get("/", index)
	app.Route("/login", login, "GET", "POST")
	app.Get("/logout", logout)
	app.Post("/login-remember", loginRemember)
	app.Route("/post", createPost, "GET", "POST")
	app.Get("/flash-demo", flashDemo)
	return app
}

func index(c *hipflask.Context) error {
	if c.Session().Has("username") {
		c.Session().Set("visits", c.Session().GetInt("visits")+1)
	}
	return c.Render("index.html", nil)
}

// loginForm is a struct with a tag for each rule. The second button is the page's.
type loginForm struct {
	Username string `validate:"required" autocomplete:"username" attrs:"autocapitalize=none"`
	Login    forms.Submit
}

func login(c *hipflask.Context) error {
	var in loginForm
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		c.Session().Set("username", in.Username)
		c.Session().Set("visits", 0)
		return c.RedirectTo("index")
	}
	return c.Render("login.html", hipflask.Data{"form": form})
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}

func loginRemember(c *hipflask.Context) error {
	var in loginForm
	if forms.New(c, &in).ValidateOnSubmit() {
		c.Session().Set("username", in.Username)
		c.Session().SetPermanent(true)
	}
	return c.RedirectTo("index")
}

type postForm struct {
	Title   string `filter:"trim" validate:"required" message:"Title cannot be empty" autocomplete:"off"`
	Publish forms.Submit
}

func createPost(c *hipflask.Context) error {
	var in postForm
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		c.FlashAs("success", fmt.Sprintf(`Article "%s" published successfully!`, in.Title))
		return c.RedirectTo("createPost")
	}
	if form.IsSubmitted() {
		for _, message := range form.Field("title").Errors() {
			c.FlashAs("error", message)
		}
		return c.RedirectTo("createPost")
	}
	return c.Render("create_post.html", hipflask.Data{"form": form})
}

func flashDemo(c *hipflask.Context) error {
	return c.Render("flash_demo.html", hipflask.Data{"messages": c.FlashedMessages()})
}
