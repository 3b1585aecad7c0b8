package hipflask

import (
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

// pages makes the file system of an App with these templates.
func pages(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, source := range files {
		root["templates/"+name] = &fstest.MapFile{Data: []byte(source)}
	}
	return root
}

func testContext(app *App) *Context {
	return app.NewContext(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestRender(t *testing.T) {
	var nilPtr *int
	tests := []struct {
		name  string
		files map[string]string
		page  string
		data  Data
		want  string
	}{
		{"plain", map[string]string{"a.html": "<b>{{.x}}</b>\n"}, "a.html", Data{"x": "<i>"}, "<b>&lt;i&gt;</b>"},
		{"missing", map[string]string{"a.html": "[{{.x}}{{.x.y}}{{.p}}]<script>{{.p}}</script>"}, "a.html", Data{"p": nilPtr}, "[]<script> null </script>"},
		{"missing text", map[string]string{"a.txt": "[{{.x}}{{.x.y}}{{.p}}{{.n}}]<>"}, "a.txt", Data{"p": nilPtr, "n": nil}, "[]<>"},
		{"layout", map[string]string{
			"base.html": `<title>{{block "title" .}}hello{{end}}</title>{{block "content" .}}{{end}}`,
			"mid.html":  `{{extends "base.html"}}{{define "title"}}mid {{super}}{{end}}`,
			"page.html": `{{extends "mid.html"}}{{define "title"}}page {{super}}{{end}}{{define "content"}}{{range .l}}{{.}}{{super}}{{end}}{{end}}`,
		}, "page.html", Data{"l": []int{1, 2}}, "<title>page mid hello</title>12"},
		{"xml", map[string]string{"a.xml": `<?xml version="1.0"?><a><![CDATA[{{.x}}]]></a>`}, "a.xml", Data{"x": "<"}, `<?xml version="1.0"?><a><![CDATA[&lt;]]></a>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := New("test")
			rd, err := newRenderer(app, pages(tt.files), false)
			if err != nil {
				t.Fatal(err)
			}
			got, err := rd.render(testContext(app), tt.page, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
