package pagecode

import (
	"testing"
)

func TestFirst(t *testing.T) {
	data := func() any {
		return map[string]any{"name": "A <b>", "n": 7, "list": []string{"a", "b<"}, "m": map[string]int{"x": 1, "a": 2}, "nil": nil}
	}
	for _, src := range []string{
		"hello {{.name}}", "{{.n}} {{.nil}} {{.gone}} {{.nil.x}}", "{{range $i, $x := .list}}{{$i}}={{$x}},{{end}}",
		"<a href='/x/{{.name}}?q={{.name}}' title={{.name}}>{{range $k, $v := .m}}{{$k}}{{$v}}{{end}}",
		"<title>{{block `t` .}}{{.name}}{{template `u` .}}{{end}}</title>{{define `u`}}{{.n.x}}{{end}}",
		"<script>x = {{.name}}; y = '{{.name}}'; z = {{.n}}</script>",
		"{{if and .name (eq .n 7)}}yes{{else}}no{{end}}{{with .name}}{{.}}{{end}}{{printf `%v-%d` .name .n}}",
		"{{index .list 5}}", "{{.name.Foo}}", "{{len .n}}", "{{template `x`}}{{define `x`}}{{template `x`}}{{end}}",
	} {
		for _, html := range []bool{false, true} {
			t.Logf("%v %s\n%s", html, src, subject{"page", src, html, testFuncs}.compare(t, data))
		}
	}
}
