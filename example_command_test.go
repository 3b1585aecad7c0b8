package hipflask_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hipflask/hipflask"
)

// A command of the program's own, as if typed: hello greet Ada
func ExampleApp_Command() {
	defer func(args []string) { os.Args = args }(os.Args)
	os.Args = []string{"hello", "greet", "Ada"}

	app := hipflask.New("hello")
	app.Command("greet", "Greet somebody.", func(ctx context.Context, args []string) error {
		if len(args) != 1 {
			return errors.New("whom? Give one name")
		}
		fmt.Println("Hello,", args[0])
		return nil
	})
	app.Main()

	// Output:
	// Hello, Ada
}

// The routes, as if typed: notes routes --sort rule
func ExampleApp_Main() {
	defer func(args []string) { os.Args = args }(os.Args)
	os.Args = []string{"notes", "routes", "--sort", "rule"}

	newNotes().Main()

	// Output:
	// Endpoint  Methods  Rule
	// --------  -------  -----------------------
	// index     GET      /
	// note      GET      /note/<int:id>
	// save      POST     /save
	// static    GET      /static/<path:filename>
}
