package hipflasktest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/hipflask/hipflask"
)

// Result is what a command left.
type Result struct {
	ExitCode int    // of the program: 0, 1 if the command failed, 2 if it was called wrongly
	Output   string // what it printed, and then its error as a person sees it
	Err      error  // what the command returned
}

// RunCommand runs a command of the App, its own or a built-in one, as if typed
// behind the program's name: RunCommand(t, app, "init-db"). It is Flask's
// test_cli_runner().invoke(args=…).
//
// Output has what the command printed to [hipflask.Output]. What it prints to
// os.Stdout goes there: to catch that, all tests would have to wait for each
// other. The context of the command ends with the test, so run, which serves
// until then, does not return; a [Client] needs no server.
func RunCommand(tb testing.TB, app *hipflask.App, args ...string) *Result {
	tb.Helper()
	var output bytes.Buffer
	code, err := app.RunCommand(tb.Context(), &output, &output, args...)
	return &Result{ExitCode: code, Output: output.String(), Err: err}
}

// String returns the result as a failing test should show it.
func (r *Result) String() string {
	return fmt.Sprintf("exit code %d\n%s", r.ExitCode, r.Output)
}
