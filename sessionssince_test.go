package hipflask_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// newSinceApp has a page for each thing a request does to its session.
func newSinceApp(since func(ctx context.Context, s *hipflask.Session) (time.Time, error)) *hipflask.App {
	app := hipflask.New("since")
	app.Config.SecretKey = "the key of the tests of revocation"
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Config.SessionsValidSince = since
	app.Get("/in", func(c *hipflask.Context) error {
		c.Session().Renew()
		c.Session().Set("user", "ada")
		return c.Text("signed in")
	}).Name("in")
	app.Get("/tutorial", func(c *hipflask.Context) error { // as the login of Flask's tutorial
		c.Session().Clear()
		c.Session().Set("user", "ada")
		return c.Text("signed in")
	}).Name("tutorial")
	app.Get("/stay", func(c *hipflask.Context) error { c.Session().SetPermanent(true); return c.Text("") }).Name("stay")
	app.Get("/write", func(c *hipflask.Context) error {
		c.Session().Set("n", c.Session().GetInt("n")+1)
		return c.Text(c.Session().GetString("user"))
	}).Name("write")
	app.Get("/read", func(c *hipflask.Context) error {
		return c.Text(c.Session().GetString("user") + strings.Join(c.Session().Keys(), ","))
	}).Name("read")
	app.Get("/apart", func(c *hipflask.Context) error { return c.Text("apart") }).Name("apart")
	app.ErrorHandler(500, func(c *hipflask.Context, err error) error { return c.Text("500 " + c.Session().GetString("user")) })
	app.ErrorHandler(503, func(c *hipflask.Context, err error) error { return c.Text("503 " + c.Session().GetString("user")) })
	return app
}

// TestSessionsValidSinceCalls: who asks for no session pays nothing.
func TestSessionsValidSinceCalls(t *testing.T) {
	calls := 0
	app := newSinceApp(func(_ context.Context, s *hipflask.Session) (time.Time, error) {
		calls++
		s.Set("user", "changed by the hook")
		s.Clear()
		return time.Time{}, nil
	})
	client := hipflasktest.New(t, app)
	for _, step := range []struct {
		path string
		want int
	}{
		{"/apart", 0}, {"/read", 0}, {"/in", 0}, {"/apart", 0}, {"/read", 1}, {"/write", 1}, {"/stay", 1}, {"/apart", 0}, {"/in", 1},
	} {
		calls = 0
		client.Get(step.path)
		if calls != step.want {
			t.Errorf("%s: got %d calls, want %d", step.path, calls, step.want)
		}
	}
	if got, want := client.Get("/read").Body, "ada_permanent,n,user"; got != want {
		t.Errorf("afterwards: got %q, want %q: the time of the beginning is no key, and the hook changes nothing", got, want)
	}
}

// TestSessionsValidSince: what begins a session anew, and what does not.
func TestSessionsValidSince(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after string // pages visited before and after the revocation
		want          string
	}{
		{"signed in before", "/in", "", ""},
		{"signed in before, then read", "/in", "/read", ""},
		{"permanent, then refreshed", "/in /stay", "/apart", ""},
		{"permanent, then refreshed twice", "/in /stay", "/apart /apart", ""},
		{"written to afterwards, which begins an anonymous one", "/in", "/write", ""},
		{"signed in again", "/in", "/in", "ada"},
		{"signed in again, and written to", "/in", "/in /write /write", "ada"},
		{"signed in again as in the tutorial", "/tutorial", "/tutorial", "ada"},
		{"anonymous before, signed in afterwards", "/write", "/in", "ada"},
		{"anonymous before, signed in as in the tutorial", "/write", "/tutorial", "ada"},
		{"signed in afterwards only", "", "/in", "ada"},
	} {
		var since time.Time
		client := hipflasktest.New(t, newSinceApp(func(_ context.Context, s *hipflask.Session) (time.Time, error) {
			if s.GetString("user") == "" {
				return time.Time{}, nil
			}
			return since, nil
		}))
		for _, path := range strings.Fields(test.before) {
			client.Get(path)
		}
		since = time.Now()
		for _, path := range strings.Fields(test.after) {
			client.Get(path)
		}
		if got := client.Get("/write").Body; got != test.want {
			t.Errorf("%s: got the user %q, want %q", test.name, got, test.want)
		}
	}
}

// TestSessionsValidSinceLater: a session from before the hook counts until its
// user is signed out everywhere, whatever happens to it meanwhile.
func TestSessionsValidSinceLater(t *testing.T) {
	for _, between := range []string{"", "/read", "/write", "/stay", "/stay /apart"} {
		old := hipflasktest.New(t, newSinceApp(nil))
		old.Get("/in")
		var since time.Time
		app := newSinceApp(func(context.Context, *hipflask.Session) (time.Time, error) { return since, nil })
		client := hipflasktest.New(t, app)
		value, _ := old.Cookie("session")
		client.SetCookie(sessionCookie(value))
		for _, path := range strings.Fields(between) {
			client.Get(path)
		}
		if got := client.Get("/write").Body; got != "ada" {
			t.Errorf("%q: nothing revoked: got %q, want ada", between, got)
		}
		since = time.Now().Add(-time.Hour)
		if got := client.Get("/write").Body; got != "" {
			t.Errorf("%q: revoked an hour ago: got %q, want an empty session", between, got)
		}
	}
}

// TestSessionsValidSinceFails: a hook that fails lets nobody in, on the error page
// neither.
func TestSessionsValidSinceFails(t *testing.T) {
	var fail func() error
	client := hipflasktest.New(t, newSinceApp(func(context.Context, *hipflask.Session) (time.Time, error) {
		return time.Time{}, fail()
	}))
	client.Get("/in")
	before, _ := client.Cookie("session")
	for _, test := range []struct {
		name string
		fail func() error
		want string
	}{
		{"an error", func() error { return errors.New("no answer") }, "503 "},
		{"an error with a status", func() error { return hipflask.Abort(404) }, "503 "},
		{"a panic", func() error { panic("no database") }, "500 "},
	} {
		fail = test.fail
		for _, path := range []string{"/read", "/write"} {
			if page := client.Get(path); page.Body != test.want || fmt.Sprint(page.StatusCode, " ") != test.want {
				t.Errorf("%s, %s: got %s, want %q", test.name, path, page, test.want)
			}
		}
		if page := client.Get("/apart"); page.StatusCode != 200 {
			t.Errorf("%s, a page without the session: got %s, want 200", test.name, page)
		}
	}
	fail = func() error { return nil }
	if after, _ := client.Cookie("session"); after != before || client.Get("/write").Body != "ada" {
		t.Error("once the hook answers again, the visitor is not signed in")
	}
}

// One stored time signs a user out everywhere, though his sessions are in cookies.
func ExampleConfig_sessionsValidSince() {
	signedOut := map[string]time.Time{} // a column of the table of users

	app := hipflask.New("everywhere")
	app.Config.SecretKey = "change me"
	app.Config.SessionsValidSince = func(ctx context.Context, s *hipflask.Session) (time.Time, error) {
		return signedOut[s.GetString("user")], nil
	}
	app.Post("/login", func(c *hipflask.Context) error {
		c.Session().Renew()
		c.Session().Set("user", "ada")
		return c.RedirectTo("index")
	})
	app.Post("/sign-out-everywhere", func(c *hipflask.Context) error {
		signedOut[c.Session().GetString("user")] = time.Now()
		c.Session().Clear()
		return c.RedirectTo("index")
	})
	app.Get("/", func(c *hipflask.Context) error {
		return c.Text("user: " + c.Session().GetString("user"))
	}).Name("index")

	visit := func(method, path, cookie string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
		r.Header.Set("Cookie", cookie)
		app.ServeHTTP(w, r)
		return w
	}
	phone := visit("POST", "/login", "").Result().Cookies()[0].String()
	laptop := visit("POST", "/login", "").Result().Cookies()[0].String()
	fmt.Println(visit("GET", "/", phone).Body)
	visit("POST", "/sign-out-everywhere", laptop)
	fmt.Println(visit("GET", "/", phone).Body)

	// Output:
	// user: ada
	// user:
}
