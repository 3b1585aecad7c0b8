package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/hipflask/hipflask"
)

func projects(c *hipflask.Context) error { return c.Text("the projects") }

func about(c *hipflask.Context) error { return c.Text("about us") }

func userProfile(c *hipflask.Context) error {
	return c.Text("user " + c.Param("username"))
}

func showPost(c *hipflask.Context) error {
	return c.HTML("post %d", c.ParamInt("post_id"))
}

func wiki(c *hipflask.Context) error {
	return c.Text("page " + c.Param("page"))
}

func login(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		return c.Text("signed in")
	}
	return c.Text("the form")
}

// Rules are Flask's, with its converters, its order of precedence and its
// redirects to the one right spelling of a path.
func ExampleApp_Route() {
	app := hipflask.New("routing")
	app.Get("/projects/", projects)
	app.Get("/about", about)
	app.Get("/user/<username>", userProfile)
	app.Get("/post/<int:post_id>", showPost)
	app.Get("/wiki/<path:page>", wiki)
	app.Route("/login", login, "GET", "POST")

	for _, request := range []string{
		"GET /user/ada",
		"GET /post/7",
		"GET /post/seven",
		"GET /wiki/go/net/http",
		"GET /projects",
		"GET /about/",
		"POST /login",
		"PUT /login",
	} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		switch w.Code {
		case 200:
			fmt.Printf("%s: %s\n", request, w.Body)
		case 308:
			fmt.Printf("%s: 308, go to %s\n", request, w.Header().Get("Location"))
		case 405:
			fmt.Printf("%s: 405, allowed are %s\n", request, w.Header().Get("Allow"))
		default:
			fmt.Printf("%s: %d\n", request, w.Code)
		}
	}

	// Output:
	// GET /user/ada: user ada
	// GET /post/7: post 7
	// GET /post/seven: 404
	// GET /wiki/go/net/http: page go/net/http
	// GET /projects: 308, go to /projects/
	// GET /about/: 404
	// POST /login: signed in
	// PUT /login: 405, allowed are GET, HEAD, OPTIONS, POST
}
