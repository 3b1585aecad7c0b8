package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

type account struct{ Name string }

// currentUser is Flask's g.user, with its type.
var currentUser = hipflask.NewKey[*account]("user")

func loadUser(c *hipflask.Context) error {
	if name := c.Session().GetString("username"); name != "" {
		currentUser.Set(c, &account{Name: name})
	}
	return nil
}

// loginRequired is the decorator of Flask's tutorial.
func loginRequired(next hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(c *hipflask.Context) error {
		if _, ok := currentUser.Get(c); !ok {
			return c.RedirectTo("loginForm", "next", c.Request.URL.Path)
		}
		return next(c)
	}
}

func settings(c *hipflask.Context) error {
	return c.RenderString("Settings of {{g.user.Name}}", nil)
}

func loginForm(c *hipflask.Context) error { return c.Text("Who are you?") }

// A hook finds the user, a decorator asks for one, and a page shows it.
func ExampleKey() {
	app := hipflask.New("login")
	app.Config.SecretKey = "change me"
	app.BeforeRequest(loadUser)
	app.Get("/login", loginForm)
	app.Get("/settings", settings).Wrap(loginRequired)

	stranger := httptest.NewRecorder()
	app.ServeHTTP(stranger, httptest.NewRequest("GET", "/settings", nil))
	fmt.Println(stranger.Code, stranger.Header().Get("Location"))

	r, w := httptest.NewRequest("GET", "/settings", nil), httptest.NewRecorder()
	app.SessionTransaction(w, r, func(s *hipflask.Session) { s.Set("username", "Ada") })
	for _, cookie := range w.Result().Cookies() {
		r.AddCookie(cookie)
	}
	known := httptest.NewRecorder()
	app.ServeHTTP(known, r)
	fmt.Println(known.Code, known.Body)

	// Output:
	// 302 /login?next=/settings
	// 200 Settings of Ada
}
