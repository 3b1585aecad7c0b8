package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// Two other places for a form's data, which docs/tutorials/5-passing-data.md
// tells about: one that is a mistake, and one that everybody can read.

var lastName, lastEmail string

func createInVariables(c *hipflask.Context) error {
	lastName, lastEmail = c.Form("name"), c.Form("email")
	return c.RedirectTo("showVariables")
}

func showVariables(c *hipflask.Context) error {
	return c.HTML("%s, %s", lastName, lastEmail)
}

func createInQuery(c *hipflask.Context) error {
	return c.RedirectTo("showQuery", "name", c.Form("name"), "email", c.Form("email"))
}

func showQuery(c *hipflask.Context) error {
	return c.HTML("%s, %s", c.Query("name"), c.Query("email"))
}

func TestElsewhere(t *testing.T) {
	app := hipflask.New("elsewhere")
	app.Post("/variables", createInVariables)
	app.Get("/variables", showVariables)
	app.Post("/query", createInQuery)
	app.Get("/query", showQuery)

	for _, test := range []struct {
		path  string
		other string // what another visitor sees
		query string // of the page's address
	}{
		{"/variables", "Jay, jay@example.com", ""},
		{"/query", ", ", "name=Jay&email=jay@example.com"},
	} {
		jay, kim := hipflasktest.New(t, app).FollowRedirects(), hipflasktest.New(t, app)
		page := jay.PostForm(test.path, url.Values{"name": {"Jay"}, "email": {"jay@example.com"}})
		if page.Body != "Jay, jay@example.com" || len(page.History) != 1 {
			t.Errorf("%s: got %s\nwant what was sent, behind one redirect", test.path, page)
		} else if _, query, _ := strings.Cut(page.History[0].Header.Get("Location"), "?"); query != test.query {
			t.Errorf("%s: got the query %q, want %q", test.path, query, test.query)
		}
		if page := kim.Get(test.path); page.Body != test.other {
			t.Errorf("%s: another visitor got %s\nwant %q", test.path, page, test.other)
		}
	}
}
