package hipflask_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/hipflask/hipflask"
)

// What every rule does by itself.
func ExampleApp_Get() {
	app := hipflask.New("paths")
	app.Get("/a/b", func(c *hipflask.Context) error { return c.Text("b") }).Name("b")
	app.Get("/say/<text>", func(c *hipflask.Context) error { return c.Text(c.Param("text")) }).Name("say")
	show(app, "GET", "/a//b") // one address for one page
	show(app, "GET", "/say/sch%C3%B6n%20%2541")
	show(app, "HEAD", "/a/b")

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("OPTIONS", "/a/b", nil))
	fmt.Println(w.Code, w.Header().Get("Allow"))

	// Output:
	// GET /a//b 308 /a/b
	// GET /say/sch%C3%B6n%20%2541 200 schön %41
	// HEAD /a/b 200
	// 200 GET, HEAD, OPTIONS
}

// Routes is Flask's url_map.
func ExampleApp_Routes() {
	app := newNotes()
	app.Register(newAdmin())
	for _, r := range app.Routes() {
		fmt.Println(r.Endpoint, r.Rule, strings.Join(r.Methods, ","))
	}

	// Output:
	// index / GET,HEAD,OPTIONS
	// save /save OPTIONS,POST
	// note /note/<int:id> GET,HEAD,OPTIONS
	// admin.adminIndex /admin/ GET,HEAD,OPTIONS
	// admin.adminUser /admin/users/<int:id> GET,HEAD,OPTIONS
}

// A rule that can never be reached, and two blueprints of one name.
func ExampleApp_Check_routes() {
	app := hipflask.New("twice")
	app.Get("/user/<name>", profile).Name("profile")
	app.Get("/user/<id>", archive).Name("archive")
	app.Register(newAdmin())
	app.Register(newAdmin()).Prefix("/again")

	for line := range strings.Lines(app.Check().Error()) {
		if text, names, _ := strings.Cut(line, "hipflask: "); text == "" {
			what, _, _ := strings.Cut(names, ", at ") // the files and lines follow
			fmt.Println(strings.TrimSpace(what))
		}
	}

	// Output:
	// two blueprints are registered as "admin"
	// two routes match the same paths for GET:
}

// catalog is what the handlers of a part of the program share.
type catalog struct{ items []string }

func (s *catalog) list(c *hipflask.Context) error { return c.JSON(s.items) }

// A handler may be a method of what it needs. Its endpoint is the method's name.
func ExampleHandlerFunc() {
	loud := func(next hipflask.HandlerFunc) hipflask.HandlerFunc {
		return func(c *hipflask.Context) error {
			fmt.Println("asked for", c.Route().Endpoint())
			return next(c)
		}
	}
	app := hipflask.New("shop")
	app.Get("/", (&catalog{items: []string{"tea"}}).list).Wrap(loud)
	show(app, "GET", "/")

	// Output:
	// asked for list
	// GET / 200 ["tea"]
}

// Two Apps under one address, each of which knows where it is.
func ExampleConfig_applicationRoot() {
	site := http.NewServeMux()
	for _, root := range []string{"/blog", "/shop"} {
		app := hipflask.New(root)
		app.Config.ApplicationRoot = root
		app.Get("/", func(c *hipflask.Context) error { return c.RedirectTo("item", "id", 7) }).Name("index")
		app.Get("/item/<int:id>", func(c *hipflask.Context) error { return c.Text("item") }).Name("item")
		site.Handle(root+"/", http.StripPrefix(root, app))
	}
	show(site, "GET", "/blog/")
	show(site, "GET", "/shop/item/7")

	// Output:
	// GET /blog/ 302 /blog/item/7
	// GET /shop/item/7 200 item
}
