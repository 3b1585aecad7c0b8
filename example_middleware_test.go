package hipflask_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// Middleware is net/http's, an App is an http.Handler, and any http.Handler can
// answer a route.
func ExampleApp_Use() {
	app := hipflask.New("middleware")
	app.Use(noSniff)
	app.Get("/", func(c *hipflask.Context) error { return c.Text("the page") })
	app.Handle("/legacy/<path:rest>", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s, %q", r.URL.Path, hipflask.From(r).Param("rest"))
	}))

	site := http.NewServeMux() // an App inside another handler
	site.Handle("/", app)

	for _, path := range []string{"/", "/legacy/a/b"} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Header().Get("X-Content-Type-Options"), w.Body)
	}

	// Output:
	// nosniff the page
	// nosniff /legacy/a/b, "a/b"
}
