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
		fmt.Fprintln(hipflask.Output(ctx), "Hello,", args[0])
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

// A blueprint's commands are a group of their own, as if typed: site admin invite Ada
func ExampleBlueprint_Command() {
	admin := hipflask.NewBlueprint("admin", "/admin")
	admin.Command("invite", "Invite somebody.", func(ctx context.Context, args []string) error {
		fmt.Fprintln(hipflask.Output(ctx), "invited:", args)
		return nil
	})
	app := hipflask.New("site")
	app.Register(admin)

	app.RunCommand(context.Background(), os.Stdout, os.Stderr, "admin", "invite", "Ada")
	app.RunCommand(context.Background(), os.Stdout, os.Stderr, "admin", "--help")

	// Output:
	// invited: [Ada]
	// Usage: site admin COMMAND [ARGS]...
	//
	// Commands:
	//   invite  Invite somebody.
	//
	// Try 'site admin COMMAND --help' for the help of a command.
}
