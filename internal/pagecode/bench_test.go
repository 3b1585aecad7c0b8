package pagecode

import (
	"bytes"
	"testing"
)

func BenchmarkExecute(b *testing.B) {
	type item struct {
		ID   int
		Name string
	}
	var structs []item
	var maps []map[string]any
	for i := range 10 {
		structs = append(structs, item{i, "Item <1>"})
		maps = append(maps, map[string]any{"ID": i, "Name": "Item <1>"})
	}
	for _, sub := range []subject{
		{"structs", `<h1>{{.title}}</h1><ul>{{range .structs}}<li><a href="/item/{{.ID}}">{{.Name}}</a></li>{{end}}</ul>`, true, testFuncs},
		{"maps", `<h1>{{.title}}</h1><ul>{{range .maps}}<li><a href="/item/{{.ID}}">{{.Name}}</a></li>{{end}}</ul>`, true, testFuncs},
		{"calls", `{{range .maps}}{{.Name | upper}}{{fasttext .ID}}{{if eq .ID 3}}three{{end}}{{end}}`, true, testFuncs},
	} {
		data := map[string]any{"title": "Items", "structs": structs, "maps": maps}
		w, out := new(bytes.Buffer), []byte(nil)
		ours, err := sub.ours()
		if err != nil {
			b.Fatal(err)
		}
		theirs, err := sub.theirs()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(sub.name+"/here", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out, _ = ours.Append(out[:0], nil, data)
			}
		})
		b.Run(sub.name+"/Go", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.Reset()
				theirs.Execute(w, data)
			}
		})
	}
}
