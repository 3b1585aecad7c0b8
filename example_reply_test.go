package hipflask_test

import (
	"fmt"
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
