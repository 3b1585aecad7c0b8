package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/hipflask/hipflask"
)

// A page extends a layout, uses a function of the program's own and a value
// that every page gets.
func ExampleApp_TemplateFunc() {
	app := hipflask.New("shop")
	app.Config.Root = fstest.MapFS{
		"templates/base.html": {Data: []byte(`<title>{{block "title" .}}{{.shop}}{{end}}</title>{{block "content" .}}{{end}}`)},
		"templates/item.html": {Data: []byte(`{{extends "base.html"}}
			{{define "title"}}{{.name}} - {{super}}{{end}}
			{{define "content"}}<p class="{{active "/item"}}">{{.name | shout}}{{end}}`)},
	}
	app.TemplateFunc("shout", func(text string) string { return strings.ToUpper(text) + "!" })
	app.TemplateFunc("active", func(c *hipflask.Context, path string) string {
		if c.Request.URL.Path == path {
			return "active"
		}
		return ""
	})
	app.ContextProcessor(func(c *hipflask.Context) hipflask.Data {
		return hipflask.Data{"shop": "Tea & Co"}
	})
	app.Get("/item", func(c *hipflask.Context) error {
		return c.Render("item.html", hipflask.Data{"name": "cup"})
	}).Name("item")

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/item", nil))
	fmt.Println(w.Body)
	// Output: <title>cup - Tea &amp; Co</title><p class="active">CUP!
}
