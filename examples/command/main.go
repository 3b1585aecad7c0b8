// Command is the first program of docs/quickstart.md with a command of its own
// beside the server.
//
//	go run ./examples/command            serves
//	go run ./examples/command greet Ada  runs the command
//	go run ./examples/command routes     lists the routes
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hipflask/hipflask"
)

func main() {
	newApp().Main()
}

func newApp() *hipflask.App {
	app := hipflask.New("hello")
	app.Get("/", helloWorld)
	app.Command("greet", "Greet somebody.", greet)
	return app
}

func helloWorld(c *hipflask.Context) error {
	return c.HTML("<p>Hello, World!</p>")
}

func greet(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("whom? Give one name")
	}
	fmt.Fprintln(hipflask.Output(ctx), "Hello,", args[0])
	return nil
}
