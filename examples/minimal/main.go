// Minimal is the first program of docs/quickstart.md.
//
//	go run ./examples/minimal
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
	return app
}

func helloWorld(c *hipflask.Context) error {
	return c.HTML("<p>Hello, World!</p>")
}
