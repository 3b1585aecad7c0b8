package hipflasktest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// The results are those of Flask 3.1.3's test_cli_runner, but for the texts.
func TestRunCommand(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
		err  error
	}{
		{[]string{"greet", "--loud", "Ada"}, "exit code 0\nADA!\ntorn down\n", nil},
		{[]string{"greet"}, "exit code 1\ntorn down\nError: whom?: file does not exist\n", fs.ErrNotExist},
		{[]string{"greet", "--nope"}, "exit code 1\nflag provided but not defined: -nope\nUsage of greet:\n  -loud\n    \tshout\ntorn down\nError: flag provided but not defined: -nope\n", nil},
		{[]string{"greet", "--help"}, "exit code 0\nUsage: try greet [ARGS]...\n\n  Greet somebody.\n", nil},
		{[]string{"gret"}, "exit code 2\nUsage: try [COMMAND] [ARGS]...\nTry 'try --help' for help.\n\nError: No such command 'gret'. Did you mean 'greet'?\n\n" +
			"Commands:\n  greet   Greet somebody.\n  help    Show the help of a command.\n  routes  Show the routes of the app.\n  run     Serve the app.\n", nil},
		{[]string{"routes"}, "exit code 0\nEndpoint  Methods  Rule\n--------  -------  -----------------------\nstatic    GET      /static/<path:filename>\n", nil},
	} {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			t.Parallel() // nothing is shared
			app := hipflask.New("try")
			app.Config.Root = fstest.MapFS{"static/style.css": {}}
			app.Command("greet", "Greet somebody.", func(ctx context.Context, args []string) error {
				defer fmt.Fprintln(hipflask.Output(ctx), "torn down")
				flags := flag.NewFlagSet("greet", flag.ContinueOnError)
				flags.SetOutput(hipflask.Output(ctx))
				loud := flags.Bool("loud", false, "shout")
				if err := flags.Parse(args); err != nil {
					return err
				}
				if flags.NArg() == 0 {
					return fmt.Errorf("whom?: %w", fs.ErrNotExist)
				}
				if *loud {
					fmt.Fprintln(hipflask.Output(ctx), "ADA!")
				}
				return ctx.Err()
			})
			got := hipflasktest.RunCommand(t, app, test.args...)
			if got.String() != test.want || (got.Err == nil) != (got.ExitCode == 0) || test.err != nil && !errors.Is(got.Err, test.err) {
				t.Errorf("got %q and %v, want %q and %v", got, got.Err, test.want, test.err)
			}
		})
	}
}
