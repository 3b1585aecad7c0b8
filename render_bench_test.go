package hipflask

import (
	"bytes"
	htmltemplate "html/template"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

var benchPages = map[string]string{
	"base.html": `<!doctype html>
<html><head><title>{{block "title" .}}stocks{{end}}</title></head>
<body>
<nav><a href="/">Home</a> <a href="/stocks/">Stocks</a></nav>
{{with session.name}}<p>Signed in as {{.}}.</p>{{end}}
{{range get_flashed_messages}}<div class="alert {{.Category}}">{{.}}</div>{{end}}
{{block "content" .}}{{end}}
</body></html>
`,
	"stocks.html": `{{extends "base.html"}}
{{define "title"}}{{.title}} - {{super}}{{end}}
{{define "content"}}
<h1>{{.title}}</h1>
<table>{{range .stocks}}
<tr class="{{.kind}}"><td>{{.name}}</td><td>{{.shares}}</td><td><a href="/stocks/{{.id}}">more</a></td></tr>{{end}}
</table>
{{end}}
`,
}

// benchByHand is the same page as one would write it for html/template.
const benchByHand = `<!doctype html>
<html><head><title>{{.data.title}} - stocks</title></head>
<body>
<nav><a href="/">Home</a> <a href="/stocks/">Stocks</a></nav>
{{with .session.name}}<p>Signed in as {{.}}.</p>{{end}}
{{range .messages}}<div class="alert {{.Category}}">{{.}}</div>{{end}}

<h1>{{.data.title}}</h1>
<table>{{range .data.stocks}}
<tr class="{{.kind}}"><td>{{.name}}</td><td>{{.shares}}</td><td><a href="/stocks/{{.id}}">more</a></td></tr>{{end}}
</table>

</body></html>`

func benchData() Data {
	var stocks []map[string]any
	for i := range 10 {
		stocks = append(stocks, map[string]any{"id": i, "kind": "tech", "name": "A & B", "shares": 10 * i})
	}
	return Data{"title": "Your <stocks>", "stocks": stocks}
}

func benchContext(tb testing.TB) *Context {
	app := New("bench")
	app.Config.Root = pages(benchPages)
	app.Config.SecretKey = "a secret of thirty-two bytes or so"
	c := app.NewContext(nil, httptest.NewRequest("GET", "/", nil))
	c.Session().Set("name", "Ada")
	c.Flash("Stock added.")
	return c
}

func BenchmarkRender(b *testing.B) {
	c := benchContext(b)
	data := benchData()

	b.Run("hipflask", func(b *testing.B) { benchmarkPage(b, c, "stocks.html", data) })
	b.Run("by hand", func(b *testing.B) {
		t := htmltemplate.Must(htmltemplate.New("page").Parse(benchByHand))
		w := new(bytes.Buffer)
		b.ReportAllocs()
		for b.Loop() {
			w.Reset()
			err := t.Execute(w, map[string]any{
				"data":     data,
				"session":  c.Session().templateMap(),
				"messages": c.FlashedMessages(),
			})
			if err != nil {
				b.Fatal(err)
			}
			_ = bytes.Clone(w.Bytes())
		}
	})
}

func benchmarkPage(b *testing.B, c *Context, name string, data Data) {
	p, err := c.app.renderer.page(c, name)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.appendTo(nil, c, data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBenchmarkPages(t *testing.T) {
	c := benchContext(t)
	got, err := c.app.renderer.render(c, "stocks.html", benchData())
	if err != nil {
		t.Fatal(err)
	}
	w := new(bytes.Buffer)
	htmltemplate.Must(htmltemplate.New("page").Parse(benchByHand)).Execute(w, map[string]any{
		"data":     benchData(),
		"session":  c.Session().templateMap(),
		"messages": c.FlashedMessages(),
	})
	if string(got) != w.String() {
		t.Errorf("the two benchmarked pages differ:\n%s\n%s", got, w)
	}
}

// BenchmarkFunctions prints a value twenty times through a function.
func BenchmarkFunctions(b *testing.B) {
	for _, print := range []string{".name", ".zero", ".name | upper", ".name | trunc 3", "len .name", "first .tags", "join `,` .tags", "own .name", "own_sum .n .name"} {
		b.Run(print, func(b *testing.B) {
			c := pageContext(b, map[string]string{"a.html": "{{range .list}}{{" + print + "}}{{end}}"}, func(a *App) {
				a.TemplateFunc("own", func(s string) string { return s })
				a.TemplateFunc("own_sum", func(n float64, s string) string { return s })
			})
			item := map[string]any{"name": "Ada Lovelace", "tags": []string{"a", "b"}, "n": 1.5, "zero": 0}
			data := Data{"list": slices.Repeat([]map[string]any{item}, 20)}
			benchmarkPage(b, c, "a.html", data)
		})
	}
}

// BenchmarkStart makes 500 pages ready and runs each once, compiled and as html/template
// executes them, which escapes them only then. It reports the memory that a page keeps.
func BenchmarkStart(b *testing.B) {
	c := pageContext(b, nil)
	rd := c.app.renderer
	start := func(b *testing.B, newExecutor func(name, entry string, trees map[string]*parse.Tree) (executor, error)) (set []*page) {
		for i := range 500 {
			files := map[string]*templateFile{"base.html": parseTemplate("base.html", benchPages["base.html"], rd.funcs)}
			f := parseTemplate("stocks.html", strings.ReplaceAll(benchPages["stocks.html"], "more", "more of "+strconv.Itoa(i)), rd.funcs)
			parts := compose(f, files)
			printValues(parts.trees, true, rd.funcs)
			run, err := newExecutor(f.name, parts.entry, parts.trees)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := run.appendTo(nil, c, Data{"title": "", "stocks": nil}); err != nil {
				b.Fatal(err)
			}
			set = append(set, &page{name: f.name, parts: parts, run: run})
		}
		return set
	}
	measure := func(b *testing.B, newExecutor func(name, entry string, trees map[string]*parse.Tree) (executor, error)) {
		before := heapInUse()
		set := start(b, newExecutor)
		held := heapInUse() - before
		runtime.KeepAlive(set)
		set = nil
		b.ReportAllocs()
		for b.Loop() {
			start(b, newExecutor)
		}
		b.ReportMetric(float64(held)/500, "held-B/page")
	}
	b.Run("compiled", func(b *testing.B) { measure(b, rd.newExecutor) })
	b.Run("html-template", func(b *testing.B) {
		measure(b, func(name, entry string, trees map[string]*parse.Tree) (executor, error) {
			return newClonePool(name, entry, trees, rd)
		})
	})
}

// heapInUse is the memory in use once the garbage is gone.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
