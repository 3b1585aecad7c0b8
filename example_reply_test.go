package hipflask_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

// Every reply a handler can prepare is one call, returned.
func ExampleContext_Status() {
	app := hipflask.New("replies")
	app.Get("/text", func(c *hipflask.Context) error { return c.Text("plain <text>") })
	app.Get("/html", func(c *hipflask.Context) error { return c.HTML("<b>%s</b>", "<escaped>") })
	app.Get("/json", func(c *hipflask.Context) error { return c.JSON([]int{1, 2}) })
	app.Get("/made", func(c *hipflask.Context) error {
		c.Header().Set("Location", "/made/1")
		return c.Status(201).Text("made")
	})
	app.Get("/gone", func(c *hipflask.Context) error { return c.Status(303).Redirect("/text") })
	app.Get("/none", func(c *hipflask.Context) error { return c.NoContent() })

	for _, path := range []string{"/text", "/html", "/json", "/made", "/none"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Printf("%d %q %q\n", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/gone", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))

	// Output:
	// 200 "text/plain; charset=utf-8" "plain <text>"
	// 200 "text/html; charset=utf-8" "<b>&lt;escaped&gt;</b>"
	// 200 "application/json" "[1,2]\n"
	// 201 "text/plain; charset=utf-8" "made"
	// 204 "" ""
	// 303 /text
}

// What follows a sign-in came with the request, so it is not followed blindly.
func ExampleContext_SafeRedirect() {
	app := hipflask.New("next")
	app.Post("/login", func(c *hipflask.Context) error {
		return c.SafeRedirect(c.Query("next"), "/")
	})

	for _, next := range []string{"/settings", "https://evil.example", "//evil.example", "/%5Cevil.example", ""} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("POST", "/login?next="+next, nil))
		fmt.Printf("%q leads to %s\n", next, w.Header().Get("Location"))
	}

	// Output:
	// "/settings" leads to /settings
	// "https://evil.example" leads to /
	// "//evil.example" leads to /
	// "/%5Cevil.example" leads to /
	// "" leads to /
}

// Conditional saves the way to a browser that has the page already.
func ExampleContext_Conditional() {
	app := hipflask.New("news")
	app.Get("/", func(c *hipflask.Context) error { return c.Conditional().HTML("<h1>News</h1>") })

	first := httptest.NewRecorder()
	app.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	fmt.Println(first.Code, first.Body)

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("If-None-Match", first.Header().Get("ETag"))
	second := httptest.NewRecorder()
	app.ServeHTTP(second, r)
	fmt.Println(second.Code, second.Body)

	// Output:
	// 200 <h1>News</h1>
	// 304
}

// greeting has the method that a component of templ has.
type greeting string

func (name greeting) Render(ctx context.Context, w io.Writer) error {
	_, err := fmt.Fprintf(w, "<h1>Hello, %s!</h1>", html.EscapeString(string(name)))
	return err
}

func ExampleContext_RenderComponent() {
	app := hipflask.New("components")
	app.Get("/<name>", func(c *hipflask.Context) error {
		return c.RenderComponent(greeting(c.Param("name")))
	})

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/Ada", nil))
	fmt.Println(w.Body)

	// Output:
	// <h1>Hello, Ada!</h1>
}
