package hipflask_test

import (
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func profile(c *hipflask.Context) error { return c.Text(c.Param("username")) }

// An endpoint is the name of the handler's function; values that the rule has
// no variable for become the query.
func ExampleContext_URLFor() {
	app := hipflask.New("urls")
	app.Get("/user/<username>", profile)
	app.Get("/search", func(c *hipflask.Context) error { return c.NoContent() }).Name("search")

	c := app.NewContext(nil, httptest.NewRequest("GET", "/", nil))
	show := func(url string, err error) {
		var build *hipflask.BuildError
		if errors.As(err, &build) {
			fmt.Println(err)
			return
		}
		fmt.Println(url)
	}
	show(c.URLFor("profile", "username", "John Doe"))
	show(c.URLFor("search", "q", "go & flask", "tag", []string{"a", "b"}))
	show(c.URLFor("profile", "username", "ada", "_anchor", "posts", "_external", true))
	show(c.URLFor("profile"))
	show(c.URLFor("profle", "username", "ada"))

	// Output:
	// /user/John%20Doe
	// /search?q=go+%26+flask&tag=a&tag=b
	// http://example.com/user/ada#posts
	// hipflask: cannot build a URL for endpoint "profile": its rule /user/<username> needs the missing values ["username"]
	// hipflask: cannot build a URL for endpoint "profle": there is no such endpoint; did you mean "profile"?
}
