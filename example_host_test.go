package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

// Every customer has a host of their own, and the URL of another's names it.
func ExampleRoute_Subdomain() {
	app := hipflask.New("shops")
	app.Config.ServerName = "example.com"
	app.Get("/", func(c *hipflask.Context) error {
		url, err := c.URLFor("shop", "name", "tea")
		if err != nil {
			return err
		}
		return c.Text("all shops, such as " + url)
	}).Name("index")
	app.Get("/", func(c *hipflask.Context) error {
		return c.Text("the shop " + c.Param("name"))
	}).Name("shop").Subdomain("<name>")

	for _, host := range []string{"example.com", "tea.example.com", "example.org"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "http://"+host+"/", nil))
		if w.Code != 200 {
			fmt.Println(host, w.Code)
			continue
		}
		fmt.Println(host, w.Body)
	}
	// Output:
	// example.com all shops, such as http://tea.example.com/
	// tea.example.com the shop tea
	// example.org 404
}

func ExampleRoute_Host() {
	app := hipflask.New("hosts")
	app.Get("/status", func(c *hipflask.Context) error { return c.Text("the API") }).Host("api.example.com")
	app.Get("/status", func(c *hipflask.Context) error { return c.Text("every other host") })

	for _, host := range []string{"api.example.com", "www.example.com"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "http://"+host+"/status", nil))
		fmt.Println(host, "answers for", w.Body)
	}
	// Output:
	// api.example.com answers for the API
	// www.example.com answers for every other host
}

// An address that has moved, another spelling of one, and one elsewhere.
func ExampleApp_Redirect() {
	app := hipflask.New("kinds")
	app.Get("/posts/<slug>", func(c *hipflask.Context) error { return c.Text("post") }).Name("post")
	app.Redirect("/old/<slug>", "/posts/<slug>")
	app.Get("/", projects)
	app.Get("/index.html", projects).Alias()
	app.BuildOnly("/<path:filename>").Host("cdn.example.com").Name("asset")

	for _, target := range []string{"/old/hello", "/index.html?page=2", "/app.js"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Printf("%s %d %q\n", target, w.Code, w.Header().Get("Location"))
	}
	fmt.Println(app.URLFor("asset", "filename", "app.js"))
	// Output:
	// /old/hello 308 "/posts/hello"
	// /index.html?page=2 308 "/?page=2"
	// /app.js 404 ""
	// http://cdn.example.com/app.js <nil>
}

// A blueprint on a subdomain, and one nested in it. The rule of a route and its
// host together make the URL.
func ExampleRegistration_Subdomain() {
	app := hipflask.New("site")
	app.Config.ServerName = "example.com"
	api, v2 := hipflask.NewBlueprint("api", ""), hipflask.NewBlueprint("v2", "")
	api.Get("/users", func(c *hipflask.Context) error { return c.Text("users") }).Name("users")
	v2.Get("/users", func(c *hipflask.Context) error { return c.Text("users, better") }).Name("users")
	api.Register(v2).Subdomain("v2")
	app.Register(api).Subdomain("api")

	for _, endpoint := range []string{"api.users", "api.v2.users"} {
		fmt.Println(app.URLFor(endpoint, "_external", true))
	}

	// Output:
	// http://api.example.com/users <nil>
	// http://v2.api.example.com/users <nil>
}
