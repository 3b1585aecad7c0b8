package hipflask_test

import (
	"fmt"
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

func requireStaff(c *hipflask.Context) error {
	if c.Request.Header.Get("X-Staff") == "" {
		return hipflask.Abort(403)
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
	app.Get("/", func(c *hipflask.Context) error { return c.RedirectTo("admin.adminIndex") }).Name("home")
	app.Register(newAdmin())

	show := func(path, staff string) {
		r := httptest.NewRequest("GET", path, nil)
		if staff != "" {
			r.Header.Set("X-Staff", staff)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		switch w.Code {
		case 200:
			fmt.Println(path, w.Code, w.Body)
		case 302:
			fmt.Println(path, w.Code, w.Header().Get("Location"))
		default:
			fmt.Println(path, w.Code)
		}
	}
	show("/", "")
	show("/admin/", "")
	show("/admin/", "Ada")
	show("/admin/users/7", "Ada")

	// Output:
	// / 302 /admin/
	// /admin/ 403
	// /admin/ 200 users begin at /admin/users/1
	// /admin/users/7 200 user 7
}
