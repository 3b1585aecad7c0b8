// Quickstart is the program of docs/quickstart.md.
//
//	go run ./examples/quickstart
package main

import (
	"log"

	"github.com/hipflask/hipflask"
)

func main() {
	if err := newApp().Run(); err != nil {
		log.Fatal(err)
	}
}

func newApp() *hipflask.App {
	app := hipflask.New("hello")
	app.Get("/", helloWorld)
	app.Get("/hello/", hello)
	app.Get("/hello/<name>", hello)
	return app
}

func helloWorld(c *hipflask.Context) error {
	return c.HTML("<p>Hello, World!</p>")
}

func hello(c *hipflask.Context) error {
	return c.Render("hello.html", hipflask.Data{"person": c.Param("name")})
}
