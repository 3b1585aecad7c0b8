package pagecode

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	texttemplate "text/template"
	"text/template/parse"
)

// TestPages compares pages that a reader would think of, one thing each; the random
// ones have the rest.
func TestPages(t *testing.T) {
	for name, source := range map[string]string{
		"text":               `hello`,
		"field":              `{{.s}} {{.n}} {{.f}} {{.b}}`,
		"missing":            `{{.gone}} {{.nil}}`,
		"field of nil":       `before {{.nil.x}}`,
		"field of a number":  `before {{.n.x}}`,
		"struct":             `{{.S.Name}} {{.S.Inner.X}} {{.S.Promoted}} {{.P.Name}} {{.PT.Name}}`,
		"hidden field":       `before {{.S.hidden}}`,
		"nil pointer":        `before {{.nilP.Name}}`,
		"method":             `{{.S.Get}} {{.S.Add 3}} {{.P.PGet}} {{.S.Variadic "a" "b"}}`,
		"method fails":       `before {{.S.Fail}}`,
		"method panics":      `before {{.S.Panic}}`,
		"wrong argument":     `before {{.S.Add "x"}}`,
		"too many":           `before {{.S.Add 1 2}}`,
		"variables":          `{{$x := .n}}{{$x}}{{$x = 8}}{{$x}}{{with $y := .s}}{{$y}}{{end}}`,
		"loop over list":     `{{range $i, $x := .list}}{{$i}}={{$x}},{{else}}none{{end}}`,
		"loop over nothing":  `{{range .nilList}}x{{else}}none{{end}}`,
		"loop over map":      `{{range $k, $v := .m}}{{$k}}{{$v}}{{end}}{{range .mmixed}}{{.}}{{end}}`,
		"loop over number":   `{{range 3}}{{.}}{{end}}{{range $i := .n}}{{$i}}{{end}}`,
		"loop over channel":  `{{range $i, $x := .chan}}{{$i}}{{$x}}{{end}}`,
		"loop over iterator": `{{range .seq}}{{.}}{{end}}{{range $k, $v := .seq2}}{{$k}}{{$v}}{{end}}`,
		"loop over text":     `before {{range .s}}{{.}}{{end}}`,
		"break, continue":    `{{range .ints}}{{if eq . 1}}{{continue}}{{end}}{{if eq . 300}}{{break}}{{end}}{{.}}{{end}}`,
		"break inside":       `{{range .list}}{{range $.ints}}{{.}}{{break}}{{end}}{{.}}{{end}}`,
		"if, else if":        `{{if .empty}}1{{else if .zero}}2{{else if .n}}3{{else}}4{{end}}`,
		"with, else with":    `{{with .nil}}1{{else with .s}}{{.}}{{else}}3{{end}}`,
		"and, or, not":       `{{and .n .s}} {{or .empty .s}} {{not .n}} {{and .zero (fails 1)}}`,
		"comparisons":        `{{eq .n 7 8}} {{lt .f 3.0}} {{ge .s "a"}} {{ne .b true}} {{eq .named "na<med"}}`,
		"incomparable":       `before {{eq .list .list}}`,
		"other kinds":        `before {{lt .n 2.5}}`,
		"functions":          `{{len .list}} {{index .list 1}} {{index .m "k"}} {{slice .s 1 3}} {{call .fn}} {{printf "%05d|%v" .n .list}}`,
		"index too large":    `before {{index .list 5}}`,
		"len of a number":    `before {{len .n}}`,
		"call fails":         `before {{call .fn1 3}}`,
		"pipeline":           `{{.s | upper | printf "%q" | len}}`,
		"template":           `{{template "x" .S}}{{define "x"}}{{.Name}}{{end}}`,
		"block":              `{{block "x" .S}}{{.Name}}{{end}}`,
		"without end":        `before {{template "x"}}{{define "x"}}{{template "x"}}{{end}}`,
		"prints badly":       `before {{.panics}}`,
		"prints a function":  `before {{.fn}}`,
		"attributes":         `<a href="/x/{{.nasty}}?q={{.nasty}}" title={{.nasty}} onclick="f({{.nasty}})" style="color: {{.nasty}}">`,
		"any attribute":      `<a {{.s}}="{{.nasty}}" {{.attr}}>`,
		"scripts":            `<script>x = {{.nasty}}; y = '{{.nasty}}'; z = {{.S.Inner}}; w = {{.marshal}}</script>`,
		"trusted":            `{{.html}}<a href="{{.url}}" style="{{.css}}"><script>{{.js}}</script>`,
		"pointer to any":     `{{.anyHTML}} {{.anyText}} <a href="{{.anyURL}}">{{.anyNil}}{{.anyAny}}`,
		"title":              `<title>{{block "t" .}}{{.nasty}}{{end}}</title><p title="{{template "t" .}}">`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, html := range []bool{false, true} {
				sub := subject{"page", source, html, testFuncs}
				if sub.compare(t, func() any { return randomData(0) }) == "" {
					t.Errorf("%s\nhas no outcome", source)
				}
				if _, err := sub.ours(); err != nil {
					t.Errorf("%s\nis not compiled: %v", source, err)
				}
			}
		})
	}
}

// TestNotPrinted: where a script or a comment takes a value, nobody prints it, which a
// map that holds itself would not survive.
func TestNotPrinted(t *testing.T) {
	for _, source := range []string{
		`<script>x = {{.cycle}}</script>`,
		`<!-- {{.cycle}} --><style>/* {{.cycle}} */</style><script>/* {{.cycle}} */</script>`,
		`<script>x = {{.counted}}; y = {{.list}}</script>{{.counted}}<!-- {{.counted}} -->`,
	} {
		got := subject{"page", source, true, testFuncs}.compare(t, func() any {
			cycle := map[string]any{}
			cycle["self"] = cycle
			return map[string]any{"cycle": cycle, "counted": counted{new(int)}, "list": []counted{{new(int)}}}
		})
		if got == "" {
			t.Errorf("%s\nhas no outcome", source)
		}
	}
}

// TestNoTemplate: text/template finds out when it gets there, html/template before.
func TestNoTemplate(t *testing.T) {
	sub := subject{"page", `before {{template "gone"}}`, false, testFuncs}
	if got := sub.compare(t, func() any { return nil }); !strings.Contains(got, `template "gone" not defined`) {
		t.Errorf("text/template: got %s", got)
	}
	sub.html = true
	if _, err := sub.ours(); err == nil || !strings.Contains(err.Error(), `no such template "gone"`) {
		t.Errorf("html/template: got %v", err)
	}
}

// TestNotCompiled: what is not known is an error, not a wrong page.
func TestNotCompiled(t *testing.T) {
	for _, source := range []string{
		`{{($x := 1)}}`,
		`{{if ($x := .n)}}{{end}}`,
	} {
		if _, err := (subject{"page", source, false, testFuncs}).ours(); err == nil {
			t.Errorf("%s\nis compiled", source)
		}
	}
	type newNode struct{ *parse.CommentNode } // as a later Go may have
	node := newNode{&parse.CommentNode{NodeType: 200}}
	trees := map[string]*parse.Tree{"page": {Name: "page", Root: &parse.ListNode{Nodes: []parse.Node{node}}}}
	if _, err := Compile(Source{Trees: trees}, "page"); err == nil {
		t.Error("a node that is unknown is compiled")
	}
	if _, err := Compile(Source{Trees: trees}, "gone"); err == nil {
		t.Error("a template that is not there is compiled")
	}
}

// TestEnv: each run has its own env, and 100 may run at a time.
func TestEnv(t *testing.T) {
	type env struct{ name string }
	funcs := map[string]any{
		"name": Func{Type: reflect.TypeFor[func() string](), Text: func(e any, _ []reflect.Value) (string, error) { return e.(*env).name, nil }},
		"all": Func{
			Type: reflect.TypeFor[func() map[string]any](),
			Call: func(e any, _ []reflect.Value) (reflect.Value, error) {
				return reflect.ValueOf(map[string]any{"name": e.(*env).name}), nil
			},
			Entry: func(e any, key string) (any, bool) { return "entry " + e.(*env).name, key == "name" },
		},
		"fails": Func{Type: reflect.TypeFor[func() string](), Text: func(e any, _ []reflect.Value) (string, error) { return "", errors.New(e.(*env).name) }},
	}
	known := texttemplate.FuncMap{"name": func() string { return "" }, "all": func() map[string]any { return nil }, "fails": func() string { return "" }}
	const source = `{{name}}{{range .}}<{{.}} {{name}} {{all.name}}{{all.gone}} {{index all "name"}}>{{end}}{{if not .}}{{fails}}{{end}}`
	parsed := texttemplate.Must(texttemplate.New("page").Funcs(known).Parse(source))
	program, err := Compile(Source{Trees: map[string]*parse.Tree{"page": parsed.Tree}, Funcs: funcs}, "page")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			e := &env{fmt.Sprint("run", i)}
			for range 20 {
				got, err := program.Append(nil, e, []int{i, i + 1})
				want := e.name
				for _, n := range []int{i, i + 1} {
					want += fmt.Sprintf("<%d %s entry %[2]s<no value> %[2]s>", n, e.name)
				}
				if err != nil || string(got) != want {
					t.Errorf("got %s, %v, want %s", got, err, want)
				}
				got, err = program.Append(nil, e, nil)
				if string(got) != e.name || err == nil || !strings.HasSuffix(err.Error(), "error calling fails: "+e.name) {
					t.Errorf("got %s, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}
