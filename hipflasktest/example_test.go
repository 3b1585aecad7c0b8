package hipflasktest_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// t is the *testing.T of a test, which an example has not.
var t testing.TB = outside{}

type outside struct{ testing.TB }

func (outside) Helper()                           {}
func (outside) Context() context.Context          { return context.Background() }
func (outside) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// newDesk has a form, a JSON reply, a session and a command.
func newDesk() *hipflask.App {
	app := hipflask.New("desk")
	app.Config.SecretKey = "a key for tests, which everybody may know"
	app.Get("/", func(c *hipflask.Context) error {
		return c.JSON(hipflask.Data{"user": c.Session().GetString("user"), "host": c.URL().Host})
	}).Name("index")
	app.Post("/login", func(c *hipflask.Context) error {
		c.Session().Set("user", c.Form("user"))
		return c.RedirectTo("index")
	}).Name("login")
	app.Command("init-db", "Make new tables.", func(ctx context.Context, args []string) error {
		if len(args) == 0 {
			return errors.New("which file?")
		}
		fmt.Fprintln(hipflask.Output(ctx), "made", args[0])
		return nil
	})
	return app
}

// A visitor signs in and keeps the cookie; the test then looks into the session.
func ExampleClient() {
	client := hipflasktest.New(t, newDesk())
	page := client.FollowRedirects().PostForm("/login", url.Values{"user": {"Ada"}})
	fmt.Println(page.StatusCode, len(page.History), strings.TrimSpace(page.Body))

	client.SessionTransaction(func(s *hipflask.Session) { s.Set("user", "Grace") })
	var reply struct{ User, Host string }
	if err := client.At("https://desk.example").Get("/").JSON(&reply); err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Printf("%+v\n", reply) // another address, so without the cookie
	if err := client.Get("/").JSON(&reply); err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Printf("%+v\n", reply)

	client.DeleteCookie("session")
	r := client.NewRequest("HEAD", "/", nil)
	r.Header.Set("Accept", "application/json")
	fmt.Println(client.Do(r).Status)

	// Output:
	// 200 1 {"host":"localhost","user":"Ada"}
	// {User: Host:desk.example}
	// {User:Grace Host:localhost}
	// 200 OK
}

// What a command prints, its exit code and its error.
func ExampleRunCommand() {
	result := hipflasktest.RunCommand(t, newDesk(), "init-db", "desk.db")
	fmt.Println(result.ExitCode, strings.TrimSpace(result.Output))
	fmt.Println(hipflasktest.RunCommand(t, newDesk(), "init-db"))

	// Output:
	// 0 made desk.db
	// exit code 1
	// Error: which file?
}
