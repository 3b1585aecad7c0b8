package hipflask_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func newAdmin() *hipflask.Blueprint {
	admin := hipflask.NewBlueprint("admin", "/admin")
	admin.BeforeRequest(requireStaff)
	admin.Get("/", adminIndex)
	admin.Get("/users/<int:id>", adminUser)
	return admin
}

// requireStaff is for those who signed in as staff. Others are sent to the login,
// and the handler does not run.
func requireStaff(c *hipflask.Context) error {
	if c.Session().GetString("staff") == "" {
		return c.RedirectTo("login", "next", c.Request.URL.Path)
	}
	return nil
}

func adminIndex(c *hipflask.Context) error {
	first, err := c.URLFor(".adminUser", "id", 1) // relative to the blueprint
	if err != nil {
		return err
	}
	return c.Text("users begin at " + first)
}

func adminUser(c *hipflask.Context) error {
	return c.Text(fmt.Sprint("user ", c.ParamInt("id")))
}

// A Blueprint is a part of an application that is written apart: here with a
// hook that guards its own routes.
func ExampleBlueprint() {
	app := hipflask.New("site")
	app.Config.SecretKey = "change me"
	app.Get("/", func(c *hipflask.Context) error { return c.RedirectTo("admin.adminIndex") }).Name("home")
	app.Get("/login", func(c *hipflask.Context) error {
		c.Session().Set("staff", "Ada")
		return c.Text("Welcome!")
	}).Name("login")
	app.Register(newAdmin())

	var cookies []*http.Cookie
	show := func(path string) {
		r := httptest.NewRequest("GET", path, nil)
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code == 302 {
			fmt.Println(path, w.Code, w.Header().Get("Location"))
		} else {
			fmt.Println(path, w.Code, w.Body)
		}
		cookies = w.Result().Cookies()
	}
	show("/")
	show("/admin/users/7")
	show("/login")
	show("/admin/users/7")

	// Output:
	// / 302 /admin/
	// /admin/users/7 302 /login?next=/admin/users/7
	// /login 200 Welcome!
	// /admin/users/7 200 user 7
}
