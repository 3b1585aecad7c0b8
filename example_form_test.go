package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/hipflask/hipflask"
)

func search(c *hipflask.Context) error {
	return c.HTML("Results for %s", c.Query("q"))
}

func register(c *hipflask.Context) error {
	name, err := c.RequireForm("username") // a missing field is a 400 that names it
	if err != nil {
		return err
	}
	if name == "" {
		return c.HTML("Username is required.")
	}
	newsletter := c.Form("newsletter") == "on" // a missing field is ""
	return c.HTML("Hello, %s! Newsletter: %t", name, newsletter)
}

// Query and Form read one value. The query is no part of the form.
func ExampleContext_Form() {
	app := hipflask.New("form")
	app.Get("/search", search)
	app.Post("/register", register)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/search?q=a+<b>", nil))
	fmt.Println(w.Code, w.Body)

	for _, form := range []url.Values{
		{"username": {"Ada"}, "newsletter": {"on"}},
		{"username": {""}},
		{"user": {"Ada"}},
	} {
		r := httptest.NewRequest("POST", "/register", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		fmt.Println(w.Code, lines[len(lines)-1])
	}

	// Output:
	// 200 Results for a &lt;b&gt;
	// 200 Hello, Ada! Newsletter: true
	// 200 Username is required.
	// 400 <p>The form has no field &#34;username&#34;.</p>
}
