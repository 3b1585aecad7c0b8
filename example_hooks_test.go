package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

// Hooks run around every request: before the handler, on the prepared reply,
// and when everything is over.
func ExampleApp_BeforeRequest() {
	app := hipflask.New("hooks")
	app.BeforeRequest(func(c *hipflask.Context) error {
		if c.Query("token") == "" {
			return hipflask.Abort(401) // the handler does not run
		}
		return nil
	})
	app.AfterRequest(func(c *hipflask.Context) error {
		c.Header().Set("Cache-Control", "no-store") // on every reply, an error page too
		return nil
	})
	app.Teardown(func(c *hipflask.Context, err error) {
		fmt.Println("closing what the request opened")
	})
	app.Get("/", func(c *hipflask.Context) error { return c.Text("welcome") })

	for _, target := range []string{"/?token=1", "/"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(w.Code, w.Header().Get("Cache-Control"))
	}

	// Output:
	// closing what the request opened
	// 200 no-store
	// closing what the request opened
	// 401 no-store
}
