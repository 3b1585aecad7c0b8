package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// TestErrorPage: every error has a page for people, and JSON for programs.
func TestErrorPage(t *testing.T) {
	app := newTestApp(t)
	app.Get("/teapot", func(c *hipflask.Context) error { return hipflask.Error(418, "Short <and> stout.") }).Name("teapot")
	app.Get("/broken", func(c *hipflask.Context) error { return errors.New("private") }).Name("broken")
	app.Get("/panics", func(c *hipflask.Context) error { panic("private") }).Name("panics")
	client := hipflasktest.New(t, app)
	for _, test := range []struct {
		method, path string
		status       int
		html, json   string
	}{
		{"GET", "/nowhere", 404, "<h1>Not Found</h1>", `"name":"Not Found"`},
		{"PUT", "/report", 405, "<h1>Method Not Allowed</h1>", `{"code":405,"name":"Method Not Allowed"`},
		{"GET", "/teapot", 418, "<p>Short &lt;and&gt; stout.</p>", `"description":"Short <and> stout."`},
		{"GET", "/broken", 500, "<h1>Internal Server Error</h1>", `"code":500`},
		{"GET", "/panics", 500, "<h1>Internal Server Error</h1>", `"code":500`},
	} {
		for accept, want := range map[string]string{
			"text/html,*/*;q=0.8": test.html, "": test.html, "application/json": test.json,
		} {
			r := client.NewRequest(test.method, test.path, nil)
			r.Header.Set("Accept", accept)
			reply := client.Do(r)
			if reply.StatusCode != test.status || !strings.Contains(reply.Body, want) || strings.Contains(reply.Body, "private") {
				t.Errorf("Accept %q: got %s\nwant %d with %s", accept, reply, test.status, want)
			}
			isPage := strings.Contains(reply.Body, "<nav>")
			if vary := strings.Join(reply.Header.Values("Vary"), ", "); strings.Count(vary, "Accept") != 1 || isPage != (want == test.html) {
				t.Errorf("Accept %q: got %s\nwith Vary %q; want Accept in it once, and the layout if it is a page", accept, reply, vary)
			}
		}
	}
}

// TestBoth: one address, as a page and as JSON.
func TestBoth(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	for accept, want := range map[string]string{
		"text/html": "<h1>3 teas</h1>", "": "<h1>3 teas</h1>", "*/*": "<h1>3 teas</h1>",
		"application/json": `{"teas":[{"Name":"Assam"`, "application/json, text/html;q=0.5": `{"teas":[`,
	} {
		r := client.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		reply := client.Do(r)
		if vary := reply.Header.Values("Vary"); !strings.Contains(reply.Body, want) || !strings.Contains(strings.Join(vary, ","), "Accept") {
			t.Errorf("Accept %q: got %s\nVary %q; want %s", accept, reply, vary, want)
		}
	}
}
