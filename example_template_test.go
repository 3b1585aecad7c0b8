package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/hipflask/hipflask"
)

const layoutPage = `<!doctype html>
<title>{{block "title" .}}My site{{end}}</title>
<main>{{block "content" .}}{{end}}</main>
<footer>{{.year}}</footer>
`

const postsPage = `{{extends "layout.html"}}
{{define "title"}}Posts - {{super}}{{end}}
{{define "content"}}
  <ul>
  {{range .posts}}
    <li>{{.Title | shout}}</li>
  {{else}}
    <li>Nothing yet.</li>
  {{end}}
  </ul>
{{end}}
`

type blogPost struct{ Title string }

func posts(c *hipflask.Context) error {
	all := []blogPost{{"Hello"}, {"<b>Bold</b>"}}
	return c.Render("posts.html", hipflask.Data{"posts": all})
}

// A page extends a layout and fills its blocks; {{super}} is the layout's own
// text. In a program the files are in the folder templates.
func ExampleContext_Render() {
	app := hipflask.New("templates")
	app.Config.Root = fstest.MapFS{
		"templates/layout.html": {Data: []byte(layoutPage)},
		"templates/posts.html":  {Data: []byte(postsPage)},
	}
	app.TemplateFunc("shout", func(s string) string { return strings.ToUpper(s) + "!" })
	app.ContextProcessor(func(c *hipflask.Context) hipflask.Data {
		return hipflask.Data{"year": 2026}
	})
	app.Get("/posts", posts)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/posts", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.TrimSpace(line) != "" {
			fmt.Print(line)
		}
	}

	// Output:
	// <!doctype html>
	// <title>Posts - My site</title>
	// <main>
	//   <ul>
	//     <li>HELLO!</li>
	//     <li>&lt;B&gt;BOLD&lt;/B&gt;!</li>
	//   </ul>
	// </main>
	// <footer>2026</footer>
}
