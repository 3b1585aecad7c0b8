package hipflask_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func home(c *hipflask.Context) error {
	name := c.Session().GetString("username")
	if name == "" {
		return c.HTML("You are not logged in.")
	}
	visits := c.Session().GetInt("visits") + 1
	c.Session().Set("visits", visits)
	return c.HTML("Welcome back, %s! Visit %d.", name, visits)
}

func signIn(c *hipflask.Context) error {
	c.Session().Renew() // a new identity, for stores that have one
	c.Session().Set("username", c.Form("username"))
	c.Session().SetPermanent(true) // until PermanentSessionLifetime, 31 days
	return c.SafeRedirect(c.Form("next"), "/")
}

func signOut(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("home")
}

// A session is Flask's: values by key, kept in a signed cookie, which the
// visitor can read but not change.
func ExampleContext_Session() {
	app := hipflask.New("session")
	app.Config.SecretKey = "change me"
	app.Get("/", home)
	app.Post("/login", signIn)
	app.Post("/logout", signOut)

	server := httptest.NewServer(app)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}

	show := func(reply *http.Response, err error) {
		if err != nil {
			fmt.Println(err)
			return
		}
		defer reply.Body.Close()
		body, _ := io.ReadAll(reply.Body)
		fmt.Println(string(body))
	}
	show(browser.Get(server.URL))
	show(browser.PostForm(server.URL+"/login", map[string][]string{"username": {"Ada"}}))
	show(browser.Get(server.URL))
	show(browser.PostForm(server.URL+"/logout", nil))

	// Output:
	// You are not logged in.
	// Welcome back, Ada! Visit 1.
	// Welcome back, Ada! Visit 2.
	// You are not logged in.
}
