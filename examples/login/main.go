// Login signs a visitor in by name, counts visits, remembers for seven days on
// request, and flashes messages with categories.
//
//	go run ./examples/login
package main

import (
	"embed"
	"fmt"
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

func login(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		if username := c.Form("username"); username != "" {
			c.Session().Set("username", username)
			c.Session().Set("visits", 0)
			return c.RedirectTo("index")
		}
	}
	return c.Render("login.html", nil)
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}

func loginRemember(c *hipflask.Context) error {
	if username := c.Form("username"); username != "" {
		c.Session().Set("username", username)
		c.Session().SetPermanent(true)
	}
	return c.RedirectTo("index")
}

func createPost(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		title := strings.TrimSpace(c.Form("title"))
		if title == "" {
			c.FlashAs("error", "Title cannot be empty")
			return c.RedirectTo("createPost")
		}
		c.FlashAs("success", fmt.Sprintf(`Article "%s" published successfully!`, title))
		return c.RedirectTo("createPost")
	}
	return c.Render("create_post.html", nil)
}

func flashDemo(c *hipflask.Context) error {
	return c.Render("flash_demo.html", hipflask.Data{"messages": c.FlashedMessages()})
}
