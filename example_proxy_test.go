package hipflask_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func besideOld(address string) *hipflask.App {
	app := hipflask.New("shop")
	app.Get("/about", func(c *hipflask.Context) error { return c.Text("the new page") })
	app.Fallback(hipflask.ProxyTo(address))
	app.ErrorHandler(502, func(c *hipflask.Context, err error) error {
		return c.Text("This part of the shop is closed for a moment.")
	})
	return app
}

// A site moves page by page: what has no route yet is the old application's.
func ExampleApp_Fallback() {
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "the old %s, for a visitor of %s", r.URL.Path, r.Host)
	}))
	app := besideOld(old.URL)

	get := func(path string) {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "http://shop.example"+path, nil))
		fmt.Println(w.Code, w.Body)
	}
	get("/about")
	get("/cart")
	old.Close()
	get("/cart")
	get("/about")

	// Output:
	// 200 the new page
	// 200 the old /cart, for a visitor of shop.example
	// 502 This part of the shop is closed for a moment.
	// 200 the new page
}

func mountReports(app *hipflask.App) {
	reports := hipflask.ProxyTo("http://127.0.0.1:8001")
	app.Handle("/reports/<path:rest>", reports).MaxContentLength(-1)
}

// A part of a site that another program serves is a route: with a name, with
// decorators, and with the checks that routes have.
func ExampleProxyTo() {
	app := hipflask.New("shop")
	mountReports(app)
	for _, route := range app.Routes() {
		fmt.Println(route.Rule, route.Methods)
	}

	// Output:
	// /reports/<path:rest> [DELETE GET HEAD OPTIONS PATCH POST PUT]
}
