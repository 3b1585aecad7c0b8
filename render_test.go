package hipflask

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// pages makes a root folder with these templates.
func pages(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, source := range files {
		root["templates/"+name] = &fstest.MapFile{Data: []byte(source)}
	}
	return root
}

// pageContext returns a Context of an App with these templates, changed by setup.
func pageContext(t testing.TB, files map[string]string, setup ...func(a *App)) *Context {
	t.Helper()
	a := New("test")
	a.Config.Root = pages(files)
	a.Config.SecretKey = "a secret of thirty-two bytes or so"
	for _, f := range setup {
		f(a)
	}
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	return a.NewContext(nil, httptest.NewRequest("GET", "/", nil))
}

// render, renderBlock and renderString are pages without a reply around them.

func (rd *renderer) render(c *Context, name string, data Data) ([]byte, error) {
	p, err := rd.page(c, name)
	if err != nil {
		return nil, err
	}
	return p.appendToBoth(p.parts.entry, c, data)
}

func (rd *renderer) renderBlock(c *Context, name, block string, data Data) ([]byte, error) {
	p, err := rd.block(c, name, block)
	if err != nil {
		return nil, err
	}
	return p.appendToBoth(block, c, data)
}

func (rd *renderer) renderString(c *Context, source string, data Data) ([]byte, error) {
	p := rd.fromString(source)
	return p.appendToBoth(p.parts.entry, c, data)
}

func renderPage(t *testing.T, c *Context, name string, data Data) string {
	t.Helper()
	page, err := c.app.renderer.render(c, name, data)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

type account struct{ Name string }

type pointerNamed struct{ name string }

func (p *pointerNamed) String() string { return "*" + p.name }

// TestRender is a page at a time: one file, and what it shows.
func TestRender(t *testing.T) {
	var noAccount *account
	data := Data{
		"name":    "Ada",
		"hostile": `</script><b a="'">javascript:alert(1)`,
		"markup":  template.HTML("<i>"),
		"nil":     nil,
		"nobody":  noAccount,
		"box":     map[string]any{"n": 3, "nil": nil, "nobody": noAccount},
		"named":   []pointerNamed{{"x"}},
		"list":    []string{"b", "a"},
		"zero":    0, "false": false, "empty": "", "none": []string{},
	}
	tests := []struct{ name, source, want string }{
		{"a.html", "Hello, {{.name}}!\n", "Hello, Ada!"}, // one newline at the end is dropped, as in Jinja
		{"a.html", "Hello\r\n", "Hello"},
		{"a.html", "Hello\n\n", "Hello\n"},
		{"a.html", "\ufeffHello", "Hello"}, // the mark some editors put first

		// Values print as Go prints them; Jinja has True, 1.0 and ['b', 'a'].
		{"a.html", "{{true}} {{1.0}} {{.list}}", "true 1 [b a]"},
		{"a.html", "a<!-- b -->c", "ac"}, // html/template drops comments, Jinja keeps them

		// What is missing or nil prints nothing, nor does a key of what is missing,
		// which Jinja calls undefined, a 500.
		{"a.html", "[{{.gone}}{{.gone.gone}}{{.box.gone}}]", "[]"},
		{"a.html", "[{{.nil}}{{.nobody}}{{.box.nil}}{{.box.nobody}}]", "[]"},
		{"a.html", "[{{.nil.Name}}{{.nobody.Name}}{{range .nil.Items}}x{{end}}]", "[]"}, // a form for a post that is not there yet
		{"a.html", `<a title="{{.nobody}}" href="/{{.nobody}}?q={{.gone}}">`, `<a title="" href="/?q=">`},
		{"a.html", `<script>x = {{.nobody}}; y = "{{.gone}}"</script>`, `<script>x =  null ; y = ""</script>`},
		{"a.html", "[{{.gone | urlquery}}{{.nobody | html}}]", "[]"},
		{"a.html", "[{{index .box `gone`}}{{or .nil .gone}}{{.box | dig `a` `b` nil}}]", "[]"},
		{"a.html", "{{if .gone}}yes{{else}}no{{end}}{{with .gone}}yes{{else}}no{{end}}{{range .gone}}yes{{else}}no{{end}}", "nonono"},
		{"a.txt", "[{{.gone}}{{.gone.gone}}{{.box.gone}}]", "[]"},
		{"a.txt", "[{{.nil}}{{.nobody}}{{.box.nil}}{{.box.nobody}}]", "[]"},
		{"a.txt", "[{{.gone | urlquery}}{{.nobody | html}}{{.gone | print}}]", "[]"},
		{"a.txt", "[{{index .box `gone`}}{{or .nil .gone}}{{(.box).gone}}]", "[]"},
		{"a.txt", "{{if .gone}}yes{{else}}no{{end}}{{with .gone}}yes{{else}}no{{end}}{{range .gone}}yes{{else}}no{{end}}", "nonono"},
		{"a.txt", "{{$x := .gone}}[{{$x}}]{{$x = .name}}{{$x}}", "[]Ada"},
		{"a.txt", "{{range .named}}{{.}}{{end}}", "*x"},                                          // as text/template does by itself
		{"a.txt", "{{printf `%s` .gone}}", "%!s(<nil>)"},                                         // in Jinja nothing; what it is to print, the page said itself
		{"a.html", "{{0}}{{.zero}}{{.false}}[{{.empty}}{{.none}}]{{len .list}}", "00false[[]]2"}, // false is not missing
		{"a.html", "{{$x := .name}}{{$x}}{{$x | upper}}{{range .list}}{{$x}}{{$x = .}}{{end}}{{$x}}", "AdaADAAdaba"},
		{"a.svg", `<script href="x.js"></script><a href="{{"javascript:alert(1)"}}"/>`, `<script href="x.js"></script><a href="#ZgotmplZ"/>`},

		// Escaping is on by the extensions that Flask has, and safe turns it off.
		{"a.html", "<p>{{.hostile}}", `<p>&lt;/script&gt;&lt;b a=&#34;&#39;&#34;&gt;javascript:alert(1)`},
		{"a.html", `<a href="{{.hostile}}">`, `<a href="%3c/script%3e%3cb%20a=%22%27%22%3ejavascript:alert%281%29">`},
		{"a.html", `<a href="{{"javascript:alert(1)"}}">`, `<a href="#ZgotmplZ">`},
		{"a.html", `<a title='{{.hostile}}'>`, `<a title='&lt;/script&gt;&lt;b a=&#34;&#39;&#34;&gt;javascript:alert(1)'>`},
		{"a.html", `<script>x = {{.hostile}}</script>`, `<script>x = "\u003c/script\u003e\u003cb a=\"'\"\u003ejavascript:alert(1)"</script>`},
		{"a.html", `<style>a { color: {{.hostile}} }</style>`, `<style>a { color: ZgotmplZ }</style>`},
		{"a.html", "{{.markup}}{{`<b>` | safe}}", "<i><b>"},
		{"a.htm", "{{`<`}}", "&lt;"}, {"a.xhtml", "{{`<`}}", "&lt;"}, {"a.xml", "{{`<`}}", "&lt;"}, {"a.svg", "{{`<`}}", "&lt;"},
		{"a.HTML", "{{`<`}}", "&lt;"}, // Flask escapes nothing here; the name of a file is no reason to be unsafe
		{"a.txt", "{{`<`}}{{`<b>` | safe}}", "<<b>"}, {"a.js", "{{`<`}}", "<"}, {"a.json", "{{`<`}}", "<"}, {"a.md", "{{`<`}}", "<"},

		// tojson: Jinja puts spaces after : and , and writes non-ASCII as \u.
		{"a.html", `<script>x = {{dict "b" "</script>'&" "a" (list 1 nil) | tojson}}</script>`,
			`<script>x = {"a":[1,null],"b":"\u003c/script\u003e\u0027\u0026"}</script>`},
		{"a.html", `<p data-x='{{dict "a" "'" | tojson}}'>`, `<p data-x='{&#34;a&#34;:&#34;\u0027&#34;}'>`},
		{"a.html", `<script>x = "{{tojson "\""}}"</script>`, `<script>x = "\u0022\\\u0022\u0022"</script>`},

		// XML that is no HTML stays as it is.
		{"a.xml", "<?xml version=\"1.0\"?>\n<a><![CDATA[{{.hostile}}]]></a>",
			"<?xml version=\"1.0\"?>\n<a><![CDATA[&lt;/script&gt;&lt;b a=&#34;&#39;&#34;&gt;javascript:alert(1)]]></a>"},
		{"a.svg", "<?xml version=\"{{print `1.0`}}\"?><svg><style><![CDATA[ a {} ]]></style><g id=\"{{.name}}\"/></svg>",
			"<?xml version=\"1.0\"?><svg><style><![CDATA[ a {} ]]></style><g id=\"Ada\"/></svg>"},
		{"a.html", "a <? b", "a &lt;? b"},

		// sprig, and Go's own.
		{"a.html", "{{.name | upper}}{{.gone | default `nobody`}}{{slice .name 1}}{{join `+` .list}}", "ADAnobodyda" + "b&#43;a"},
		{"a.txt", "{{sortAlpha .list}}{{.list}}", "[a b][b a]"}, // sprig's own sorts the page's list
		{"a.txt", "{{until 3}}{{untilStep 3 0 -1}}{{seq 3}} {{seq 2 5}} {{seq 0 2 4}}{{seq}}", "[0 1 2][3 2 1]1 2 3 2 3 4 5 0 2 4"},
		{"a.txt", "{{repeat 3 `ab`}}{{indent 2 `x\ny`}}{{nindent 2 `x`}}", "ababab  x\n  y\n  x"},
		{"a.txt", "{{len (randAlpha 7)}}{{len (until -3)}}", "73"},
		{"a.txt", "{{substr 1 2 .name}}{{substr 1 -1 .name}}{{substr -1 2 .name}}{{substr 2 9 .name}}", "ddaAda"},
		{"a.txt", "{{uniq (list 1 `1` 1 nil 1.0 (dict `a` 1) nil (dict `a` 1) (list) (list 1))}}", "[1 1 <nil> 1 map[a:1] [] [1]]"},
		{"a.txt", "{{toPrettyJson (dict `a` (list 1 `,`))}}", "{\n  \"a\": [\n    1,\n    \",\"\n  ]\n}"},
		{"a.txt", "{{fromJson `{\"a\":[1]}`}}{{fromJson `{`}}{{join `-` (list 1 nil `b`)}}{{wrapWith 2 `-` `abcd`}}{{chunk 2 (list 1 2 3)}}", "map[a:[1]]1-bab-cd[[1 2] [3]]"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.source, func(t *testing.T) {
			c := pageContext(t, map[string]string{tt.name: tt.source})
			if got := renderPage(t, c, tt.name, data); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	if list := data["list"]; !reflect.DeepEqual(list, []string{"b", "a"}) {
		t.Errorf("a page changed its data: %q", list)
	}
}

// TestMissing is what Jinja prints when a filter is given what is missing:
// nothing, or what it makes of nothing. It is what a visitor without a session
// sees first.
func TestMissing(t *testing.T) {
	type color string
	var noText *string
	text, number := "Ada", uint8(7)
	data := Data{"nil": nil, "noText": noText, "text": &text, "html": template.HTML("<i>a</i>"), "color": color("red"),
		"number": &number, "half": 2.5, "named": &pointerNamed{"x"}, "list": []string{"a"}, "noList": []string(nil),
		"box": map[string]any{"nil": nil}, "data": Data{"a": Data{"b": 1}}}
	tests := []struct{ source, want string }{
		// Texts.
		{"{{session.name | upper}}{{session.name | lower}}{{session.name | trim}}{{session.name | title}}", ""},
		// Jinja makes NONE of none | upper; here what is nil is missing.
		{"{{.gone | upper}}{{.nil | upper}}{{.noText | upper}}{{.box.nil | upper}}{{upper nil}}{{.gone.gone | upper | lower}}", ""},
		{"{{.gone | replace `a` `b`}}{{.gone | trunc 3}}{{.gone | abbrev 5}}{{.gone | substr 2 5}}{{.gone | repeat 3}}{{.gone | nospace}}", ""},
		{"{{.gone | default `x` | upper}}{{.gone | default .nil | upper}}{{coalesce .nil .gone `y` | upper}}", "XY"},
		{"{{if contains `a` .gone}}a{{end}}{{if hasPrefix .gone `b`}}b{{end}}", "b"},
		{"{{.gone | replace .gone .gone}}{{replace .gone `-` `ab`}}", "-a-b-"},
		{"{{.gone | safe}}{{.gone | toString}}{{.gone | quote}}{{cat .gone `a` .nil}}", "a"},
		{"{{.gone | b64enc}}{{.gone | indent 2}}{{.gone | date `2006`}}{{.gone | htmlDate}}{{.gone | ago}}", "  "},
		{"{{html .gone}}{{html .noText}}{{urlquery .gone}}{{urlquery session.name}}{{js .gone}}{{print .gone}}{{(print .gone)}}", ""},
		{"{{print .gone `a` 1 (.nil) $.gone}}{{$x := .gone | print}}{{$x}}{{if eq (print .nil) ``}}e{{end}}", "a1e"},
		{"{{.gone | fromJson}}{{.gone | regex}}", ""},
		{"{{.gone | tojson}}{{.gone | toJson}}", "nullnull"}, // Jinja's tojson is a 500 there

		// Lists and maps.
		{"{{len session.l}}{{len .gone}}{{len .nil}}{{len .noText}}{{len .noList}}{{len .list}}{{len .text}}{{session.l | len}}", "00000130"},
		{"{{first session.l}}{{last .gone}}{{first .noList}}{{range rest .gone}}x{{end}}{{range initial .nil}}x{{end}}", ""},
		{"{{join `, ` .gone}}{{.nil | join .gone}}{{range reverse .gone}}x{{end}}{{range uniq .gone}}x{{end}}{{range compact .gone}}x{{end}}", ""},
		{"{{range split `,` .gone}}[{{.}}]{{end}}{{range splitList `,` .gone}}[{{.}}]{{end}}{{(splitn `,` 2 .gone)._0}}", "[][]"}, // as in Python
		{"{{append .gone 1}}{{prepend .nil 1}}{{push .noList 1}}{{without .gone 1}}{{concat .gone .list .nil}}{{chunk 2 .gone}}", "[1][1][1][][a][]"},
		{"{{has 1 .gone}}{{sortAlpha .gone}}{{toStrings .gone}}{{mustFirst .gone}}{{mustHas `a` .list}}", "false[][]true"},
		{"{{get .gone `a`}}{{hasKey .nil `a`}}{{keys .gone}}{{values .nil}}{{pluck `a` .gone .nil}}{{pick .gone `a`}}{{omit .gone `a`}}", "false[][][]map[]map[]"},
		{"{{dig `a` `b` `default` .gone}}{{dig `nil` `b` `default` .box}}{{dig `a` `b` 0 .data}}{{dig `a` `gone` 0 .data}}", "defaultdefault10"},
		{"{{range $i, $x := .gone}}x{{else}}none{{end}}", "none"},

		// Numbers and conditions.
		{"{{add .gone 1}}{{int .nil}}{{until .gone}}{{seq .gone}}{{plural `one` `many` .gone}}{{ternary 1 2 .gone}}{{round .gone 1}}", "10[]1 0many20"},

		// A text is what a value prints, as in Jinja.
		{"{{5 | upper}}{{.number | upper}}{{.half | trunc 2}}{{.text | upper}}{{.color | upper}}{{.named | upper}}{{true | upper}}", "572.ADARED*XTRUE"},
		{"{{.html | upper}}{{.html | safe}}{{5 | safe}}{{.list | upper}}", "<I>A</I><i>a</i>5[A]"},
		{"{{trunc 2.0 .text}}{{trunc .number `12345678`}}{{trunc (add 1 1) .text}}{{until (len .list)}}", "Ad1234567Ad[0]"},
	}
	for _, name := range []string{"a.txt", "a.html"} {
		for _, tt := range tests {
			t.Run(name+tt.source, func(t *testing.T) {
				c := pageContext(t, map[string]string{name: tt.source}, func(a *App) {
					a.TemplateFunc("regex", func(s string) string { return regexp.MustCompile("a").ReplaceAllString(s, "b") })
				})
				want := tt.want
				if name == "a.html" {
					want = strings.ReplaceAll(want, "<I>A</I>", "&lt;I&gt;A&lt;/I&gt;") // a function's text is no HTML
				}
				if got := renderPage(t, c, name, data); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

// TestMissingToEachFunction calls every function of sprig's with nothing at all.
func TestMissingToEachFunction(t *testing.T) {
	refuses := map[string][]string{
		"divides by zero":                 {"div", "mod", "randInt"},
		"says that it must":               {"mustFromJson", "mustDateModify", "must_date_modify"},
		"has no meaning for an empty one": {"chunk", "mustChunk", "semver", "semverCompare", "dig"},
	}
	var refused []string
	for _, names := range refuses {
		refused = append(refused, names...)
	}
	for name, fn := range sprigFuncs(sprig.GenericFuncMap()) {
		v := reflect.ValueOf(goFunc(bind(fn), nil))
		var args []reflect.Value
		for in := range v.Type().Ins() {
			if !v.Type().IsVariadic() || len(args) < v.Type().NumIn()-1 {
				args = append(args, reflect.Zero(in))
			}
			switch in.Kind() {
			case reflect.String, reflect.Slice, reflect.Map, reflect.Int:
				if !v.Type().IsVariadic() {
					t.Errorf("%s takes %s and so nothing missing", name, in)
				}
			}
		}
		err := call(v, args)
		if (err != nil) != slices.Contains(refused, name) {
			t.Errorf("%s: got %v, want an error: %v", name, err, err == nil)
		}
	}
}

// call is a call as text/template makes it.
func call(fn reflect.Value, args []reflect.Value) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	results := fn.Call(args)
	if len(results) == 2 {
		err, _ = results[1].Interface().(error)
	}
	return err
}

// TestEscapedAsServed: what is served as HTML or XML is escaped as such, and
// nothing else, in any case of its name.
func TestEscapedAsServed(t *testing.T) {
	for _, ext := range append(slices.Collect(maps.Keys(webTypes)), ".html", ".htm", ".xhtml", ".xml", ".svg", ".txt", ".jinja") {
		for _, name := range []string{"a" + ext, "A" + strings.ToUpper(ext)} {
			served := pageType(name)
			markup := strings.Contains(served, "html") || strings.Contains(served, "xml")
			if isHTML(name) != markup {
				t.Errorf("%s is served as %s, and escaped: %v", name, served, isHTML(name))
			}
		}
	}
}

// TestExtends is what Jinja does with extends, block, super and include.
func TestExtends(t *testing.T) {
	const layout = `<title>{{block "title" .}}hello{{end}}</title>{{block "content" .}}nothing{{end}}`
	tests := []struct {
		name  string
		files map[string]string
		want  string // of page.html
	}{
		{"a block not overridden keeps its default",
			map[string]string{"base.html": layout, "page.html": `{{extends "base.html"}}`},
			"<title>hello</title>nothing"},
		{"define overrides",
			map[string]string{"base.html": layout, "page.html": `{{extends "base.html"}}{{define "content"}}{{.x}}{{end}}`},
			"<title>hello</title>1 &lt; 2"},
		{"so does block, as in Jinja",
			map[string]string{"base.html": layout, "page.html": `{{extends "base.html"}}{{block "content" .}}{{.x}}{{end}}`},
			"<title>hello</title>1 &lt; 2"},
		{"an empty block overrides",
			map[string]string{"base.html": layout, "page.html": `{{extends "base.html"}}{{define "content"}}{{end}}`},
			"<title>hello</title>"},
		{"white space and comments may come first, backquotes will do",
			map[string]string{"base.html": layout, "page.html": "\n {{- /* a page */ -}}\n{{ extends `base.html` }}"},
			"<title>hello</title>nothing"},
		{"what stands outside a block is not shown, as in Jinja",
			map[string]string{"base.html": layout, "page.html": `{{extends "base.html"}}text {{.x}} {{template "gone.html"}}`},
			"<title>hello</title>nothing"},
		{"three levels, super through all",
			map[string]string{
				"base.html": layout,
				"mid.html":  `{{extends "base.html"}}{{define "title"}}mid {{super}}{{end}}{{define "content"}}mid{{end}}`,
				"low.html":  `{{extends "mid.html"}}{{define "title"}}low {{super}}{{end}}`,
				"page.html": `{{extends "low.html"}}{{define "title"}}page {{super}}, {{super}}{{end}}`},
			"<title>page low mid hello, low mid hello</title>mid"},
		{"super skips a level that does not have the block",
			map[string]string{
				"base.html": layout,
				"mid.html":  `{{extends "base.html"}}`,
				"page.html": `{{extends "mid.html"}}{{define "title"}}page {{super}}{{end}}`},
			"<title>page hello</title>nothing"},
		{"super sees the data of the block, also inside range and if",
			map[string]string{
				"base.html": `{{block "content" .}}({{.x}}){{end}}`,
				"page.html": `{{extends "base.html"}}{{define "content"}}{{range .list}}{{.}}{{if true}}{{super}}{{end}}{{end}}{{end}}`},
			"a(1 &lt; 2)b(1 &lt; 2)"},
		{"a block inside a block",
			map[string]string{
				"base.html": `{{block "outer" .}}[{{block "inner" .}}base{{end}}]{{end}}`,
				"page.html": `{{extends "base.html"}}{{define "inner"}}page {{super}}{{end}}`},
			"[page base]"},
		{"a block in a loop gets the item",
			map[string]string{
				"base.html": `{{range .list}}{{block "item" .}}{{.}}{{end}}{{end}}`,
				"page.html": `{{extends "base.html"}}{{define "item"}}<{{super}}>{{end}}`},
			"&lt;a>&lt;b>"},
		{"blocks and super are escaped for where they stand",
			map[string]string{
				"base.html": `<p title="{{block "t" .}}{{.evil}}{{end}}">{{template "t" .}}<script>var x = {{block "s" .}}{{.evil}}{{end}}</script><a href="{{block "u" .}}{{.evil}}{{end}}">`,
				"page.html": `{{extends "base.html"}}{{define "t"}}{{super}}{{.evil}}{{end}}{{define "s"}}[{{super}},{{.evil}}]{{end}}{{define "u"}}/x?{{super}}{{end}}`},
			`<p title="&lt;&#34;&#39;&lt;&#34;&#39;">&lt;&#34;&#39;&lt;&#34;&#39;` +
				`<script>var x = ["\u003c\"'","\u003c\"'"]</script><a href="/x?%3c%22%27">`},
		{"template includes a file, with the values it is given",
			map[string]string{"page.html": `[{{template "parts/row.html" .x}}]{{template "parts/row.html"}}`, "parts/row.html": "<td>{{.}}</td>\n"},
			"[<td>1 &lt; 2</td>]<td></td>"},
		{"an include includes, a layout includes, a block includes",
			map[string]string{
				"base.html": `{{template "a.html" .}}{{block "content" .}}{{end}}`,
				"page.html": `{{extends "base.html"}}{{define "content"}}{{template "b.html" .}}{{end}}`,
				"a.html":    `a{{template "b.html" .}}`,
				"b.html":    `b{{template "c.html" .}}`,
				"c.html":    `{{.x}};`},
			"ab1 &lt; 2;b1 &lt; 2;"},
		{"what an include defines can be used in the page, and overridden by it",
			map[string]string{
				"page.html":  `{{template "forms.html" .}}{{template "field" "name"}}{{define "label"}}page {{super}}{{end}}`,
				"forms.html": `{{define "field"}}{{template "label" .}}<input name="{{.}}">{{end}}{{define "label"}}label {{.}}{{end}}`},
			`page label name<input name="name">`},
		{"a file that includes itself",
			map[string]string{"page.html": `{{template "tree.html" .tree}}`, "tree.html": `<li>{{.n}}{{range .kids}}{{template "tree.html" .}}{{end}}</li>`},
			`<li>1<li>2<li>3</li></li><li>4</li></li>`},
		{"an include that leaves a tag open",
			map[string]string{"page.html": `{{template "head.html" .}}"{{template "foot.html" .}}`, "head.html": `<p title="{{.x}}`, "foot.html": `>{{.x}}`},
			`<p title="1 &lt; 2">1 &lt; 2`},
		{"a layout without the block it shows",
			map[string]string{"base.html": `{{template "content" .}}`, "page.html": `{{extends "base.html"}}{{define "content"}}c{{end}}`},
			"c"},
		{"a text layout under an HTML page escapes",
			map[string]string{"base.txt": `{{block "content" .}}{{end}}`, "page.html": `{{extends "base.txt"}}{{define "content"}}{{.x}}{{end}}`},
			"1 &lt; 2"},
	}
	tree := map[string]any{"n": 1, "kids": []map[string]any{{"n": 2, "kids": []map[string]any{{"n": 3}}}, {"n": 4}}}
	data := Data{"x": "1 < 2", "evil": `<"'`, "list": []string{"a", "b"}, "tree": tree}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := renderPage(t, pageContext(t, tt.files), "page.html", data); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBlocksOfTwoPages(t *testing.T) {
	c := pageContext(t, map[string]string{
		"base.html": `{{block "content" .}}{{end}}`,
		"one.html":  `{{extends "base.html"}}{{define "content"}}one{{end}}`,
		"two.html":  `{{extends "base.html"}}{{define "content"}}two{{end}}`,
	})
	for name, want := range map[string]string{"one.html": "one", "two.html": "two", "base.html": ""} {
		if got := renderPage(t, c, name, nil); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestTemplateMistakes: every mistake names the file and the line at start, and
// a page that has it is an error.
func TestTemplateMistakes(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string // page.html is the one that cannot be rendered
		want  []string          // each error, or its beginning up to …
	}{
		{"syntax", map[string]string{"page.html": "a\n{{if}}"},
			[]string{`hipflask: template page.html:2: missing value for if`}},
		{"unknown function", map[string]string{"page.html": "a\n\n{{nonsense .x}}"},
			[]string{`hipflask: template page.html:3: function "nonsense" not defined; a value that Render was given is written {{.nonsense}}`}},
		{"function misspelt", map[string]string{"page.html": "{{url_fro `a`}}{{.x | uper}}"},
			[]string{`hipflask: template page.html:1: function "url_fro" not defined; did you mean "url_for"?`}},
		{"function left out of sprig's", map[string]string{"page.html": `{{expandenv "$HOME"}}`},
			[]string{`hipflask: template page.html:1: function "expandenv" not defined; a value that Render was given is written {{.expandenv}}`}},
		{"Jinja's call", map[string]string{"page.html": `{{ url_for("index") }}`},
			[]string{`hipflask: template page.html:1: unexpected "(" in operand; the values of a function follow it without brackets: {{url_for "index"}}`}},
		{"Jinja's tag", map[string]string{"page.html": "a\n{% if x %}b{% endif %}"},
			[]string{`hipflask: template page.html:2:0: {% if is Jinja, and only text here: …`}},
		{"Jinja's comment", map[string]string{"page.html": "{# secret #}"},
			[]string{`hipflask: template page.html:1:0: {# secret #} is Jinja, and only text here: …`}},
		{"Jinja's tag in a define", map[string]string{"page.html": `{{define "a"}}{%- for x in y %}{{end}}{{template "a"}}`},
			[]string{`hipflask: template page.html:1:14: {%- for is Jinja, and only text here: …`}},
		{"block of the layout misspelt", map[string]string{"base.html": `{{block "content" .}}{{end}}`,
			"page.html": `{{extends "base.html"}}{{define "contnet"}}{{end}}{{define "row"}}{{end}}`},
			[]string{`hipflask: template page.html:1:43: it defines "contnet", which no layout shows; did you mean "content"?`}},
		{"block defined twice", map[string]string{"page.html": `{{define "a"}}1{{end}}{{define "a"}}2{{end}}`},
			[]string{`hipflask: template page.html:1: multiple definition of template "a"`}},
		{"parent missing", map[string]string{"base.html": "", "page.html": "\n{{extends \"bsae.html\"}}"},
			[]string{`hipflask: template page.html:2:2: it extends "bsae.html": file does not exist in templates/; did you mean "base.html"?`}},
		{"parent's parent missing", map[string]string{"mid.html": `{{extends "x/gone.html"}}`, "page.html": `{{extends "mid.html"}}`},
			[]string{`hipflask: template mid.html:1:2: it extends "x/gone.html": file does not exist in templates/`}},
		{"extends itself", map[string]string{"page.html": `{{extends "page.html"}}`},
			[]string{`hipflask: template page.html:1:2: page.html extends itself: page.html -> page.html`}},
		{"extends in a circle", map[string]string{"a.html": `{{extends "b.html"}}`, "b.html": `{{extends "a.html"}}`, "page.html": `{{extends "a.html"}}`},
			[]string{
				`hipflask: template b.html:1:2: a.html extends itself: a.html -> b.html -> a.html`,
				`hipflask: template a.html:1:2: b.html extends itself: b.html -> a.html -> b.html`,
				`hipflask: template b.html:1:2: a.html extends itself: page.html -> a.html -> b.html -> a.html`}},
		{"extends late", map[string]string{"base.html": "", "page.html": `<p>{{extends "base.html"}}`},
			[]string{`hipflask: template page.html:1:5: {{extends "file.html"}} stands once, before everything else, with the file's name in quotes`}},
		{"extends twice", map[string]string{"base.html": "", "page.html": `{{extends "base.html"}}{{extends "base.html"}}`},
			[]string{`hipflask: template page.html:1:25: {{extends "file.html"}} stands once…`}},
		{"extends a variable", map[string]string{"page.html": `{{extends .layout}}`},
			[]string{`hipflask: template page.html:1:2: {{extends "file.html"}} stands once…`}},
		{"extends in a condition", map[string]string{"page.html": `{{if .x}}{{extends "base.html"}}{{end}}`},
			[]string{`hipflask: template page.html:1:11: {{extends "file.html"}} stands once…`}},
		{"super without parent", map[string]string{"page.html": "{{block `a` .}}\n{{super}}{{end}}"},
			[]string{`hipflask: template page.html:2:2: {{super}}: no parent has a block "a"`}},
		{"super in the layout of a page", map[string]string{"page.html": "{{block `a` .}}\n{{super}}{{end}}", "x.html": `{{extends "page.html"}}{{define "a"}}{{end}}`},
			[]string{`hipflask: template page.html:2:2: {{super}}: no parent has a block "a"`}},
		{"super outside a block", map[string]string{"page.html": "{{super}}"},
			[]string{`hipflask: template page.html:1:2: {{super}} stands inside a define or block, alone between its braces`}},
		{"super in a pipeline", map[string]string{"base.html": `{{block "a" .}}{{end}}`, "page.html": `{{extends "base.html"}}{{define "a"}}{{super | upper}}{{end}}`},
			[]string{`hipflask: template page.html:1:39: {{super}} stands inside a define or block, alone between its braces`}},
		{"include missing", map[string]string{"rows.html": "", "page.html": `{{template "row.html" .}}`},
			[]string{`hipflask: template page.html:1:11: "row.html": file does not exist in templates/; did you mean "rows.html"?`}},
		{"missing in an include of a layout, told once", map[string]string{
			"base.html": `{{template "nav.html"}}{{block "b" .}}{{end}}`, "nav.html": "\n{{template `gone`}}", "x.html": `{{extends "base.html"}}`, "page.html": `{{extends "base.html"}}`},
			[]string{`hipflask: template nav.html:2:11: "gone": file does not exist in templates/`}},
		{"define of another file", map[string]string{"forms.html": `{{define "field"}}{{end}}`, "page.html": `{{template "field" .}}`},
			[]string{`hipflask: template page.html:1:11: no template "field" in this page: forms.html defines it; include that file first, {{template "forms.html" .}}`}},
		{"include that extends", map[string]string{"base.html": "", "card.html": `{{extends "base.html"}}`, "page.html": `{{template "card.html" .}}`},
			[]string{`hipflask: template page.html:1:11: card.html extends base.html and so is a page of its own: it cannot be included`}},
		{"two includes define a name", map[string]string{"a.html": `{{define "x"}}a{{end}}`, "b.html": "\n{{define `x`}}b{{end}}", "page.html": `{{template "a.html"}}{{template "b.html"}}`},
			[]string{`hipflask: template b.html:2:14: it defines "x", and so does a.html, which the same page includes: rename one`}},
		{"broken include, told once", map[string]string{"a.html": "{{", "page.html": `{{template "a.html"}}`},
			[]string{`hipflask: template a.html:1: unclosed action`}},
		{"HTML that does not end", map[string]string{"page.html": `<a href="`},
			[]string{`hipflask: template page.html as a page: ends in a non-text context: …`}},
		{"value where html/template cannot escape it", map[string]string{"page.html": "\n<a href=\"{{if .x}}/a{{else}}?b={{end}}{{.y}}\">"},
			[]string{`hipflask: template page.html:2:40: {{.y}} appears in an ambiguous context within a URL`}},
		{"an element that closes itself, before a value", map[string]string{"page.svg": "<svg>\n<script href=\"x.js\"/><a href=\"{{.u}}\"/><script></script></svg>", "page.html": "{{super}}"},
			[]string{`hipflask: template page.html:1:2: …`,
				`hipflask: template page.svg:2:0: values after <script/> would not be escaped for their place: write <script></script>`}},
		{"the same with a value inside, in a block, in an include, in any case", map[string]string{
			"base.xml": "<a>{{template \"style.html\"}}{{block `b` .}}<Script a='>{{.y}}' {{if .z}}b{{end}} />{{end}}</a>", "style.html": "<title/>",
			"page.xhtml": "{{extends `base.xml`}}{{define `c`}}<textarea/>{{.x}}{{end}}", "page.html": "{{super}}"},
			[]string{
				`hipflask: template base.xml:1:43: values after <Script/> would not be escaped…`,
				`hipflask: template style.html:1:0: values after <title/> would not be escaped…`,
				`hipflask: template page.html:1:2: …`,
				`hipflask: template page.xhtml:1:36: values after <textarea/> would not be escaped…`}},
		{"a script with a prefix", map[string]string{"page.svg": "<svg xmlns:s=\"http://www.w3.org/2000/svg\"><s:script>\n{{.x}}</s:script><s:STYLE/></svg>", "page.html": "{{super}}"},
			[]string{`hipflask: template page.html:1:2: …`,
				`hipflask: template page.svg:1:42: values in <s:script> would not be escaped for a script: write it without the prefix`,
				`hipflask: template page.svg:2:17: values in <s:STYLE> would not be escaped for a STYLE: write it without the prefix`}},
		{"where they do no harm: without values, in a comment, in HTML, with an end", map[string]string{
			"a.svg": "<?xml version='1.0'?><svg><script href='x.js'/><script></script><s:script></s:script></svg>", "b.svg": "{{extends `a.svg`}}", "c.svg": "<!-- <script/> <s:script> -->{{.x}}",
			"d.svg": "<script href='/>'></script><styles/><title>a</title><g/>{{.x}}<a:scripts/>", "page.html": "{{.x}}<script></script>{{super}}"},
			[]string{`hipflask: template page.html:1:25: {{super}}…`}},
		{"several at once", map[string]string{"page.html": "{{super}}", "a.html": "{{", "b.html": `{{extends "gone"}}`},
			[]string{
				`hipflask: template a.html:1: unclosed action`,
				`hipflask: template b.html:1:2: it extends "gone": …`,
				`hipflask: template page.html:1:2: {{super}} stands inside…`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := New("test")
			rd := newRenderer(a, pages(tt.files), false)
			var got []string
			for _, err := range rd.check(&router{}) {
				got = append(got, err.Error())
			}
			if !slices.EqualFunc(got, tt.want, beginsAs) {
				t.Errorf("check:\ngot  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
			c := &Context{app: a}
			if page, err := rd.render(c, "page.html", nil); err == nil {
				t.Errorf("render: got %q, want an error", page)
			}
		})
	}
}

// beginsAs compares up to the … in want.
func beginsAs(got, want string) bool {
	beginning, cut := strings.CutSuffix(want, "…")
	return got == want || cut && strings.HasPrefix(got, beginning)
}

// TestRenderErrors is what goes wrong only while a page runs.
func TestRenderErrors(t *testing.T) {
	c := pageContext(t, map[string]string{
		"base.html":  "<p>\n{{block `content` .}}{{end}}",
		"index.html": "{{extends `base.html`}}\n{{define `content`}}\n{{.account.Nmae}}{{end}}",
		"nil.html":   "{{.box.nobody.Name}}",
		"caps.html":  "{{repeat .n .s}}",
		"filter.txt": "{{get_flashed_messages `categories` `x`}}",
		"fail.txt":   "{{fail_here}}",
		"panic.txt":  "{{panic_here}}",
		"loop.html":  "{{template `loop.html`}}",
	}, func(a *App) {
		a.TemplateFunc("fail_here", func() (string, error) { return "", fs.ErrClosed })
		a.TemplateFunc("panic_here", func() string { panic("no!") })
	})
	tests := []struct {
		name string
		data Data
		want string
	}{
		{"indx.html", nil, `hipflask: template "indx.html": file does not exist in templates/; did you mean "index.html"?`},
		{"completely/other", nil, `hipflask: template "completely/other": file does not exist in templates/`},
		{"", nil, `hipflask: template "": file does not exist in templates/`},
		{"index.html", Data{"account": account{"Ada"}}, `hipflask: template index.html:3:10: executing "content" at <.account.Nmae>: can't evaluate field Nmae in type interface {}`},
		{"nil.html", Data{"box": map[string]any{"nobody": (*account)(nil)}}, `hipflask: template nil.html:1:6: executing "nil.html" at <.box.nobody.Name>: nil pointer evaluating interface {}.Name`},
		{"filter.txt", nil, `hipflask: template filter.txt:1:2: executing "filter.txt" at <get_flashed_messages ` + "`categories` `x`" + `>: error calling get_flashed_messages: get_flashed_messages has no option categories, only with_categories and category_filter`},
		{"fail.txt", nil, `hipflask: template fail.txt:1:2: executing "fail.txt" at <fail_here>: error calling fail_here: file already closed`},
		{"panic.txt", nil, `hipflask: template panic.txt:1:2: executing "panic.txt" at <panic_here>: error calling panic_here: no!`},
		{"loop.html", nil, `hipflask: template loop.html:1:11: executing "loop.html" at <{{template "loop.html"}}>: exceeded maximum template depth (100000)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page, err := c.app.renderer.render(c, tt.name, tt.data)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %q, %v\nwant %v", page, err, tt.want)
			}
		})
	}
	if _, err := c.app.renderer.render(c, "gone.html", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing template: got %v, want fs.ErrNotExist inside", err)
	}
	if _, err := c.app.renderer.render(c, "fail.txt", nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a function's error: got %v, want it inside", err)
	}
}

// TestCaps: a number from a visitor cannot fill the memory.
func TestCaps(t *testing.T) {
	const most, over, huge = 10_000, 10_001, 1 << 62
	tests := []struct {
		source string
		x      any
		ok     bool
	}{
		{"{{repeat .x `a`}}", most, true}, {"{{repeat .x `a`}}", over, false}, {"{{repeat .x ``}}", huge, false}, {"{{repeat .x `a`}}", -1, false},
		{"{{repeat 10000 (repeat .x `a`)}}", 104, true}, {"{{repeat 10000 (repeat .x `a`)}}", 105, false},
		{"{{until .x}}", most, true}, {"{{until .x}}", over, false}, {"{{until .x}}", -over, false},
		{"{{untilStep 0 .x 1}}", most, true}, {"{{untilStep 0 .x 1}}", over, false}, {"{{untilStep 0 .x 2}}", over, true},
		{"{{untilStep .x 0 -1}}", over, false}, {"{{untilStep (sub 0 .x | int) .x 1}}", huge, false},
		{"{{untilStep 0 .x 0}}", huge, true}, {"{{untilStep 0 .x -1}}", huge, true}, // empty
		{"{{seq .x}}", most, true}, {"{{seq .x}}", over + 1, false}, {"{{seq 0 .x}}", over, false}, {"{{seq 0 5 .x}}", over, true},
		{"{{seq .x}}", -over, false}, {"{{seq .x 1}}", huge, false}, {"{{seq 0 1 .x 9}}", huge, true}, // empty
		{"{{indent .x `a`}}", most, true}, {"{{indent .x `a`}}", over, false}, {"{{nindent .x `a`}}", over, false}, {"{{indent .x `a`}}", -1, false},
		{"{{indent .x (repeat 1000 `\n`)}}", 1000, true}, {"{{indent .x (repeat 1000 `\n`)}}", 2000, false},
		{"{{randAlpha .x}}", most, true}, {"{{randAlpha .x}}", over, false}, {"{{randAlphaNum .x}}", over, false},
		{"{{randAscii .x}}", over, false}, {"{{randNumeric .x}}", over, false},
		{"{{replace `a` (repeat 1048 `b`) .x}}", strings.Repeat("a", 1000), true}, {"{{replace `a` (repeat 1050 `b`) .x}}", strings.Repeat("a", 1000), false},
		{"{{replace `` (repeat 1050 `b`) .x}}", strings.Repeat("a", 1000), false},
		{"{{replace `a` `` .x}}", strings.Repeat("a", 2<<20), true}, // gets no longer
		{"{{wrapWith 1 (repeat 500 `b`) .x}}", strings.Repeat("a", 1000), true}, {"{{wrapWith 1 .x .x}}", strings.Repeat("a", 1000), false},
		{"{{wrapWith 1000 (repeat 1000 `b`) .x}}", strings.Repeat("a", 100_000), true},
		{"{{join (repeat 100 `b`) .x}}", make([]int, most), true}, {"{{join (repeat 105 `b`) .x}}", make([]int, most), false},
		{"{{join `` .x}}", make([]int, over), false}, {"{{join `` .x}}", []string{strings.Repeat("a", 1<<20), "a"}, false},
		{"{{split `,` .x}}", strings.Repeat(",", most-1), true}, {"{{split `,` .x}}", strings.Repeat(",", most), false}, {"{{split `` .x}}", strings.Repeat("a", over), false},
		{"{{splitList `,` .x}}", strings.Repeat(",", most-1), true}, {"{{splitList `,` .x}}", strings.Repeat(",", most), false},
		{"{{splitn `,` 3 .x}}", strings.Repeat(",", most), true}, {"{{splitn `,` -1 .x}}", strings.Repeat(",", most), false},
		{"{{fromJson .x}}", strings.Repeat("[", 100) + strings.Repeat("]", 100), true}, {"{{fromJson .x}}", strings.Repeat("[", 101), false},
		{"{{mustFromJson .x}}", strings.Repeat(`{"a":`, 101), false}, {"{{mustFromJson .x}}", `"` + strings.Repeat("[", 101) + `\""`, true},
		{"{{fromJson .x | toPrettyJson}}", strings.Repeat("[", 100) + strings.Repeat("1,", 4_900) + "1" + strings.Repeat("]", 100), true},
		{"{{fromJson .x | toPrettyJson}}", strings.Repeat("[", 100) + strings.Repeat("1,", 5_300) + "1" + strings.Repeat("]", 100), false},
		{"{{toPrettyJson .x}}", strings.Repeat("a", 1<<20), false}, {"{{mustToPrettyJson .x}}", strings.Repeat("a", 1<<20), false},
		{"{{uniq .x}}", make([]int, most), true}, {"{{uniq .x}}", make([]int, over), false}, {"{{mustUniq .x}}", make([]int, over), false},
		{"{{has 1 .x}}", make([]int, most), true}, {"{{has 1 .x}}", make([]int, over), false}, {"{{without .x 1}}", make([]int, over), false},
		{"{{reverse .x}}", make([]int, over), false}, {"{{rest .x}}", make([]int, over), false}, {"{{append .x 1}}", make([]int, over), false},
		{"{{chunk 1 .x}}", make([]int, over), false}, {"{{chunk 0 .x}}", []int{1}, false}, {"{{concat .x .x}}", make([]int, most/2+1), false},
		{"{{sortAlpha .x}}", make([]int, over), false}, {"{{sortAlpha .x}}", make([]string, over), false},
		{"{{first .x}}{{last .x}}{{len .x}}", make([]int, over), true}, // copy nothing
		{"{{substr 3 9 .x}}{{substr 2 1 .x}}{{substr -1 9 .x}}{{substr 9 -1 .x}}{{substr 1 -5 .x}}{{substr -1 -1 .x}}", "ab", true},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			c := pageContext(t, map[string]string{"a.txt": tt.source})
			_, err := c.app.renderer.render(c, "a.txt", Data{"x": tt.x})
			if (err == nil) != tt.ok {
				t.Errorf("got %v, want success: %v", err, tt.ok)
			}
		})
	}
}

// sprigRefused are the functions that pages do not get, with the reason.
var sprigRefused = map[string][]string{
	"shows the server":            {"env", "expandenv", "getHostByName", "osBase", "osClean", "osDir", "osExt", "osIsAbs"},
	"changes what it is given":    {"set", "unset", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite", "deepCopy", "mustDeepCopy"},
	"is costly, or secrets' work": {"bcrypt", "htpasswd", "derivePassword", "encryptAES", "decryptAES", "randBytes", "buildCustomCert", "genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey"},
	"compiles at every call":      {"regexFind", "regexFindAll", "regexMatch", "regexQuoteMeta", "regexReplaceAll", "regexReplaceAllLiteral", "regexSplit", "mustRegexFind", "mustRegexFindAll", "mustRegexMatch", "mustRegexReplaceAll", "mustRegexReplaceAllLiteral", "mustRegexSplit"},
	"has no use in a page":        {"hello", "fail"},
	"hides Go's own":              {"slice"},
}

// TestSprig fails when sprig adds or drops a function, so that somebody decides.
func TestSprig(t *testing.T) {
	known := map[string]bool{}
	for _, name := range slices.Concat(slices.Collect(maps.Values(sprigRefused))...) {
		known[name] = true
	}
	for _, name := range sprigAllowed {
		if known[name] {
			t.Errorf("%s is listed twice", name)
		}
		known[name] = true
	}
	all := sprig.GenericFuncMap()
	for name := range all {
		if !known[name] {
			t.Errorf("sprig has a function %s: allow or refuse it", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("sprig has no function %s any more", name)
	}
	funcs := sprigFuncs(all)
	for reason, names := range sprigRefused {
		for _, name := range names {
			if funcs[name] != nil {
				t.Errorf("pages have %s, which %s", name, reason)
			}
		}
	}
}

func TestTemplateFunc(t *testing.T) {
	c := pageContext(t, map[string]string{
		"a.html": "{{shout .x}} {{.x | upper}} {{even 2}} {{path}} {{add_path `a` `b`}} {{nobody}}",
	}, func(a *App) {
		a.TemplateFunc("shout", func(s string) string { return s + "!" })
		a.TemplateFunc("upper", func(s string) string { return "mine over sprig's" })
		a.TemplateFunc("even", func(n int) (bool, error) { return n%2 == 0, nil })
		a.TemplateFunc("path", func(c *Context) string { return c.Request.URL.Path })
		a.TemplateFunc("add_path", func(c *Context, more ...string) string { return c.Request.URL.Path + strings.Join(more, "+") })
		a.TemplateFunc("nobody", func() *account { return nil })
	})
	if got, want := renderPage(t, c, "a.html", Data{"x": "<"}), "&lt;! mine over sprig&#39;s true / /a&#43;b "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTemplateFuncArguments: what a program's own function gets.
func TestTemplateFuncArguments(t *testing.T) {
	type color string
	var noText *string
	number := 7
	data := Data{"nil": nil, "noText": noText, "number": &number, "color": color("red"), "big": 300, "minus": -1, "half": 2.5, "list": []string{"a"}, "html": template.HTML("<i>")}
	tests := []struct{ source, want string }{
		{"{{text .gone}}{{text .nil}}{{text .noText}}{{text .color}}{{text 5}}{{text .number}}", "[][][][red][5][7]"},
		{"{{kinds .gone .gone .gone .gone .gone .gone}}", "0 0 false [] map[]  "},
		{"{{kinds 5 2 true .list nil `a`}}{{kinds 5.0 .half .nil nil nil `b`}}", "5 2 false [a] map[] a 5 2.5 false [] map[] b "},
		{"{{texts}}{{texts .gone}}{{texts .nil 1 `a`}}{{.gone | texts 2}}", `[][""]["" "1" "a"]["2" ""]`},
		{"{{with_context .gone}}{{with_context 1}}", "/:/:1"},
		{"{{account .gone}}", "<nil>"},
		{"{{markup `<b>`}}", "<b>"}, // in quotes it is the page's own
		{"{{markup .color}}", "wrong type for value; expected template.HTML; got hipflask.color"},
		{"{{kinds `5` 2 true .list nil nil}}", "wrong type for value; expected int; got string"},
		{"{{kinds .half 2 true .list nil nil}}", "wrong type for value; expected int; got float64"},
		{"{{small .big}}", "wrong type for value; expected uint8; got int"},
		{"{{small .minus}}", "wrong type for value; expected uint8; got int"},
		{"{{kinds 1 2 true (list 1) nil nil}}", "wrong type for value; expected []string; got []interface {}"},
		{"{{fails .gone}}", "it fails"},
	}
	for _, tt := range tests {
		c := pageContext(t, map[string]string{"a.txt": tt.source}, func(a *App) {
			a.TemplateFunc("text", func(s string) string { return "[" + s + "]" })
			a.TemplateFunc("kinds", func(i int, f float64, b bool, list []string, m map[string]int, s string) string {
				return fmt.Sprint(i, " ", f, " ", b && f == 0, " ", list, " ", m, " ", s, " ")
			})
			a.TemplateFunc("texts", func(s ...string) string { return fmt.Sprintf("%q", s) })
			a.TemplateFunc("with_context", func(c *Context, s string) string { return c.Request.URL.Path + ":" + s })
			a.TemplateFunc("account", func(a *account) string { return fmt.Sprint(a) })
			a.TemplateFunc("markup", func(s template.HTML) template.HTML { return s })
			a.TemplateFunc("small", func(n uint8) uint8 { return n })
			a.TemplateFunc("fails", func(n int) (int, error) { return n, errors.New("it fails") })
		})
		page, err := c.app.renderer.render(c, "a.txt", data)
		got := string(page)
		if err != nil {
			got = err.Error()[max(0, len(err.Error())-len(tt.want)):]
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s %v\nwant %s", tt.source, got, err, tt.want)
		}
	}
}

func TestTemplateFuncMistakes(t *testing.T) {
	var nilFunc func() string
	tests := []struct {
		name string
		fn   any
		want string
	}{
		{"url_for", strings.ToUpper, `hipflask: TemplateFunc("url_for"): the name is taken by a built-in function; choose another`},
		{"session", strings.ToUpper, `hipflask: TemplateFunc("session"): the name is taken by a built-in function; choose another`},
		{"len", strings.ToUpper, `hipflask: TemplateFunc("len"): the name is taken by a built-in function; choose another`},
		{"range", strings.ToUpper, `hipflask: TemplateFunc("range"): the name is taken by a built-in function; choose another`},
		{"f", nil, `hipflask: TemplateFunc("f"): value for f not a function`},
		{"f", "text", `hipflask: TemplateFunc("f"): value for f not a function`},
		{"f", nilFunc, `hipflask: TemplateFunc("f"): the function is nil`},
		{"f", func() {}, `hipflask: TemplateFunc("f"): function f has 0 return values; should be 1 or 2`},
		{"f", func() (int, int) { return 0, 0 }, `hipflask: TemplateFunc("f"): invalid function signature for f: second return value should be error; is int`},
		{"my-func", strings.ToUpper, `hipflask: TemplateFunc("my-func"): function name "my-func" is not a valid identifier`},
	}
	for _, tt := range tests {
		if got := panicText(func() { New("test").TemplateFunc(tt.name, tt.fn) }); got != tt.want {
			t.Errorf("TemplateFunc(%q, %T):\ngot  %s\nwant %s", tt.name, tt.fn, got, tt.want)
		}
	}
	a := pageContext(t, nil).app
	for method, call := range map[string]func(){
		"TemplateFunc":     func() { a.TemplateFunc("f", strings.ToUpper) },
		"ContextProcessor": func() { a.ContextProcessor(func(*Context) Data { return nil }) },
	} {
		if got := panicText(call); !strings.HasPrefix(got, "hipflask: "+method+" was called after setup ended") {
			t.Errorf("%s after setup: got %q", method, got)
		}
	}
}

// TestContextProcessors: view over blueprint over App, later over earlier.
func TestContextProcessors(t *testing.T) {
	blueprint := &scaffold{}
	c := pageContext(t, map[string]string{"a.txt": "{{.a}} {{.b}} {{.c}} {{.d}} {{.e}}"}, func(a *App) {
		blueprint.app = a
		a.ContextProcessor(func(*Context) Data { return Data{"a": "app", "b": "app", "c": "app", "d": "app", "e": "app"} })
		a.ContextProcessor(func(c *Context) Data { return Data{"b": "app2 " + c.Request.Method} })
		a.ContextProcessor(func(*Context) Data { return nil })
		blueprint.ContextProcessor(func(*Context) Data { return Data{"c": "bp", "d": "bp"} })
	})
	data := Data{"d": "view", "e": nil}
	if got, want := renderPage(t, c, "a.txt", data), "app app2 GET app view "; got != want {
		t.Errorf("outside the blueprint: got %q, want %q", got, want)
	}
	blueprint.parent = &c.app.scaffold
	blueprint.gather()
	c.match.route = &Route{owner: blueprint}
	if got, want := renderPage(t, c, "a.txt", data), "app app2 GET bp view "; got != want {
		t.Errorf("inside the blueprint: got %q, want %q", got, want)
	}
	if !maps.Equal(data, Data{"d": "view", "e": nil}) {
		t.Errorf("the view's data was changed: %v", data)
	}
}

func TestRenderBlock(t *testing.T) {
	c := pageContext(t, map[string]string{
		"base.html": `<title>{{block "title" .}}base{{end}}</title>{{block "open" .}}<p class="{{end}}x">{{block "content" .}}{{end}}`,
		"page.html": `{{extends "base.html"}}{{define "content"}}{{.x}}{{template "row.html" .}}{{end}}`,
		"row.html":  `{{define "cell"}}cell {{.x}}{{end}}{{template "cell" .}}`,
	})
	for block, want := range map[string]string{"content": "&lt;cell &lt;", "title": "base", "cell": "cell &lt;"} {
		got, err := c.app.renderer.renderBlock(c, "page.html", block, Data{"x": "<"})
		if err != nil || string(got) != want {
			t.Errorf("block %q: got %q, %v, want %q", block, got, err, want)
		}
	}
	// A block that cannot stand alone is an error by itself and none in its page.
	for range 2 {
		_, err := c.app.renderer.renderBlock(c, "page.html", "open", nil)
		if want := "hipflask: template page.html as a page: ends in a non-text context"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if got, want := renderPage(t, c, "page.html", nil), `<title>base</title><p class="x">cell `; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	_, err := c.app.renderer.renderBlock(c, "page.html", "contents", nil)
	if want := `hipflask: template page.html has no block "contents", only ["cell" "content" "open" "title"]`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestRenderString(t *testing.T) {
	c := pageContext(t, map[string]string{"base.html": `[{{block "content" .}}{{end}}]`, "x.html": "x"})
	tests := []struct{ source, want string }{
		{"Hello {{.x}}", "Hello &lt;"},
		{`{{extends "base.html"}}{{define "content"}}{{.x}}{{template "x.html"}}{{end}}`, "[&lt;x]"},
		{"", ""},
	}
	for _, tt := range tests {
		for range 2 {
			got, err := c.app.renderer.renderString(c, tt.source, Data{"x": "<"})
			if err != nil || string(got) != tt.want {
				t.Errorf("%q: got %q, %v, want %q", tt.source, got, err, tt.want)
			}
		}
	}
	_, err := c.app.renderer.renderString(c, "a\n{{nonsense}}", nil)
	if want := `hipflask: template <string>:2: function "nonsense" not defined; a value that Render was given is written {{.nonsense}}`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for i := range 2 * maxStrings {
		c.app.renderer.renderString(c, fmt.Sprint(i), nil)
	}
	if n := len(c.app.renderer.current().strings); n != maxStrings {
		t.Errorf("%d sources are kept, want %d", n, maxStrings)
	}
}

// TestReload: a changed, added or removed file shows at the next page, and only
// where that was asked for.
func TestReload(t *testing.T) {
	start := time.Now()
	for _, reload := range []bool{true, false} {
		root := pages(map[string]string{"base.html": `1{{block "b" .}}{{end}}`, "page.html": `{{extends "base.html"}}`})
		a := New("test")
		rd := newRenderer(a, root, reload)
		c := &Context{app: a}
		show := func(name string) string {
			page, err := rd.render(c, name, nil)
			if err != nil {
				return err.Error()
			}
			return string(page)
		}
		write := func(name, source string) {
			start = start.Add(time.Second)
			root["templates/"+name] = &fstest.MapFile{Data: []byte(source), ModTime: start}
		}
		step := func(page, changed, unchanged string) {
			t.Helper()
			want := map[bool]string{true: changed, false: unchanged}[reload]
			if got := show(page); got != want {
				t.Errorf("reload %v: got %q, want %q", reload, got, want)
			}
		}
		step("page.html", "1", "1")
		set := rd.current()
		if rd.current() != set {
			t.Errorf("reload %v: unchanged files were read again", reload)
		}
		write("base.html", `2{{block "b" .}}{{end}}`)
		step("page.html", "2", "1")
		write("base.html", `2{{if}}`)
		step("page.html", "hipflask: template base.html:1: missing value for if", "1")
		write("base.html", `3`)
		step("page.html", "3", "1")
		write("new.html", `new`)
		step("new.html", "new", `hipflask: template "new.html": file does not exist in templates/`)
		delete(root, "templates/base.html")
		step("page.html", `hipflask: template page.html:1:2: it extends "base.html": file does not exist in templates/`, "1")
	}
}

func TestTemplatesFolder(t *testing.T) {
	root := pages(map[string]string{"a.html": "a", "blog/b.html": "b", ".a.html.swp": "{{", "a.html~": "{{", ".git/x": "{{"})
	root["elsewhere/c.html"] = &fstest.MapFile{Data: []byte("{{")}
	rd := newRenderer(New("test"), root, false)
	for _, err := range rd.check(&router{}) {
		t.Error(err)
	}
	if got, want := slices.Sorted(maps.Keys(rd.current().pages)), []string{"a.html", "blog/b.html"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, root := range []fs.FS{nil, fstest.MapFS{}} {
		rd := newRenderer(New("test"), root, true)
		for _, err := range rd.check(&router{}) {
			t.Error(err)
		}
		_, err := rd.render(&Context{app: New("test")}, "a.html", nil)
		if want := `hipflask: template "a.html": file does not exist in templates/, which is empty or missing`; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestRequestFunctions: the built-in functions, and that each page sees the
// request it is rendered for.
func TestRequestFunctions(t *testing.T) {
	user := NewKey[*account]("user")
	c := pageContext(t, map[string]string{
		"session.txt": `{{session.name}} {{session.gone}}{{session.cart.total}}{{session.gone.gone}} {{with session.cart}}{{add .total 1}}{{end}} {{printf "%T" session.cart.total}}`,
		"request.txt": `{{request.Method}} {{request.URL.Path}} {{request.FormValue "q"}}`,
		"g.txt":       `{{g.user.Name}}{{g.gone}}{{if g.gone}}gone{{end}}`,
		"config.txt":  `{{config.DEBUG}} {{config.SECRET_KEY}}{{config.GREETING}}`,
	}, func(a *App) { a.Config.Set("GREETING", "hello") })
	c.Request = httptest.NewRequest("POST", "/a/b?q=c", nil)
	c.Session().Set("name", "Ada")
	c.Session().Set("cart", map[string]any{"total": 3})
	user.Set(c, &account{"Ada"})
	for name, want := range map[string]string{
		"session.txt": "Ada 3 4 int",
		"request.txt": "POST /a/b c",
		"g.txt":       "Ada",
		"config.txt":  "false hello",
	} {
		if got := renderPage(t, c, name, nil); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestGetFlashedMessages(t *testing.T) {
	tests := []struct{ source, want string }{
		{`{{range get_flashed_messages}}{{.}},{{end}}`, "a,b,c,"},
		{`{{range get_flashed_messages "with_categories" true}}{{.Category}}:{{.Text}},{{end}}`, "message:a,error:b,info:c,"},
		{`{{range get_flashed_messages "with_categories" false}}{{.}},{{end}}`, "a,b,c,"},
		{`{{range get_flashed_messages "category_filter" "error"}}{{.}},{{end}}`, "b,"},
		{`{{range get_flashed_messages "category_filter" "info" "category_filter" "message"}}{{.}},{{end}}`, "a,c,"},
		{`{{range get_flashed_messages "category_filter" (list "info" "message")}}{{.}},{{end}}`, "a,c,"},
		{`{{range get_flashed_messages "category_filter" .names "with_categories" true}}{{.Category}},{{end}}`, "message,info,"},
		{`{{range get_flashed_messages "category_filter" list}}{{.}},{{end}}`, "a,b,c,"}, // no filter
		{`{{range get_flashed_messages "category_filter" "none"}}{{.}}{{else}}none{{end}}`, "none"},
		{`{{with get_flashed_messages}}{{len .}}{{end}}{{len get_flashed_messages}}`, "33"},
		{`{{get_flashed_messages "with_categories"}}`, `takes pairs: "with_categories" true, "category_filter" "error"`},
		{`{{get_flashed_messages true "x"}}`, `has no option true, only with_categories and category_filter`},
		{`{{get_flashed_messages "with_categories" "yes"}}`, `with_categories is true or false, not yes`},
		{`{{get_flashed_messages "category_filter" (list 1)}}`, `category_filter is a name or a list of names, not [1]`},
		{`{{get_flashed_messages "category_filter" .gone}}`, `category_filter is a name or a list of names, not <nil>`},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			c := pageContext(t, map[string]string{"a.txt": tt.source})
			c.Flash("a")
			c.FlashAs("error", "b")
			c.FlashAs("info", "c")
			page, err := c.app.renderer.render(c, "a.txt", Data{"names": []string{"info", "message"}})
			if err != nil {
				page = []byte(err.Error())
			}
			if got := string(page); got != tt.want && (err == nil || !strings.HasSuffix(got, tt.want)) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCheckOfFlashes: Flask's loop over categories and messages, which numbers
// the messages in Go.
func TestCheckOfFlashes(t *testing.T) {
	tests := []struct {
		loop  string
		wrong bool
	}{
		{`range $c, $m := get_flashed_messages "with_categories" true`, true},
		{`range $c, $m := get_flashed_messages "category_filter" "a" "with_categories" .x`, true},
		{`range $i, $m := get_flashed_messages "with_categories" false`, false},
		{`range $i, $m := get_flashed_messages`, false}, // numbers, it may be on purpose
		{`range $i, $m := get_flashed_messages "category_filter" "with_categories"`, false},
		{`range $m := get_flashed_messages "with_categories" true`, false},
		{`range get_flashed_messages "with_categories" true`, false},
		{`range $i, $m := list "with_categories" true`, false},
	}
	for _, tt := range tests {
		a := New("test")
		a.Config.Root = pages(map[string]string{"page.html": "\n<p>{{if true}}{{" + tt.loop + "}}{{end}}{{end}}"})
		const want = "hipflask: template page.html:2:22: a loop with two variables numbers the messages: " +
			"write {{range get_flashed_messages}}…{{.Category}} {{.Text}}…{{end}}"
		err := a.Check()
		if (err != nil) != tt.wrong || err != nil && err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s: %v", tt.loop, err, want, tt.wrong)
		}
	}
}

func viewPost(c *Context) error { return nil }

func TestTemplateURLFor(t *testing.T) {
	routes := func(a *App) { a.Get("/post/<int:id>", viewPost).Name("post") }
	c := pageContext(t, map[string]string{
		"a.html":    `<a href="{{url_for "post" "id" .id "q" "a b" "r" "<"}}">`,
		"fail.html": `{{url_for .endpoint}}`,
	}, routes)
	if got, want := renderPage(t, c, "a.html", Data{"id": 7}), `<a href="/post/7?q=a&#43;b&amp;r=%3C">`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err := c.app.renderer.render(c, "fail.html", Data{"endpoint": "posts"})
	if err == nil || !strings.Contains(err.Error(), `error calling url_for`) || !strings.Contains(err.Error(), `"posts"`) {
		t.Errorf("got %v, want an error that names posts", err)
	}
}

// TestCheckURLFor: which calls Check looks at, and where it says they are.
// TestCheckOfRequest: request is net/http's, and a page that takes it for Flask's
// is found before anybody visits it.
func TestCheckOfRequest(t *testing.T) {
	for _, tt := range []struct{ page, want string }{
		{`{{request.URL.Path}}{{request.Method}}{{request.Host}}{{request.Referer}}{{request.UserAgent}}{{request.RemoteAddr}}`, ""},
		{`{{request.URL.Query.Get "q"}}{{request.Header.Get "Accept"}}{{request.URL.RequestURI}}`, ""},
		{`{{request.Header.Accept}}{{request.Body.Close}}{{request.Context.Err}}{{.request.path}}`, ""}, // only values can tell
		{`{{with request}}{{.URL}}{{end}}`, ""},
		{`{{request.path}}`, `template page.html:1:9: request is net/http's and has no path: write request.URL.Path`},
		{`{{if eq request.method "POST"}}x{{end}}`, `template page.html:1:15: request is net/http's and has no method: write request.Method`},
		{`{{request.args.get "q"}}`, `template page.html:1:9: request is net/http's and has no args: write request.URL.Query.Get "name"`},
		{`{{request.URL.Pat}}`, `template page.html:1:9: request is net/http's and has no Pat: go doc net/http.Request lists what there is`},
		{`{{request.ctx}}`, `template page.html:1:9: request is net/http's and has no ctx: go doc net/http.Request lists what there is`},
	} {
		a := New("check")
		a.Config.Root = fstest.MapFS{"templates/page.html": {Data: []byte(tt.page)}}
		got := ""
		if err := a.Check(); err != nil {
			got = err.Error()
		}
		if want := tt.want; strings.TrimPrefix(got, "hipflask: ") != want {
			t.Errorf("%s\n  got  %s\n  want %s", tt.page, got, want)
		}
	}
	for name, hint := range flaskRequest {
		written, isField := strings.CutPrefix(strings.Split(hint, ",")[0], "write request.")
		fields := strings.Split(strings.Fields(written + " ")[0], ".")
		if unknown := unknownField(reflect.TypeFor[*http.Request](), fields); isField && unknown != "" {
			t.Errorf("%s: the hint %q has an unknown %s", name, hint, unknown)
		}
	}
}

func TestCheckOfURLFor(t *testing.T) {
	a := New("test")
	a.Get("/post/<int:id>", viewPost).Name("post")
	a.Config.Root = pages(map[string]string{"page.html": `{{url_for "post" "id" .id}}
{{url_for "posts"}}
{{if (url_for "gone" "id" 1)}}{{end}}
{{define "b"}}{{.id | url_for "lost" "id"}}{{end}}
<a href="{{printf "%s" (url_for "far" | upper)}}">
{{url_for .x}}{{url_for ".near"}}{{url_for "odd" .name 1}}{{"post" | url_for}}
{{url_for "post"}}`})
	err := a.Check()
	if err == nil {
		t.Fatal("got no error")
	}
	var got []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if where, ok := strings.CutPrefix(line, "hipflask: template page.html:"); ok {
			at, _, _ := strings.Cut(where, ": ")
			got = append(got, at)
		}
	}
	if want := []string{"2:2", "3:6", "5:24", "6:16", "7:2", "4:22"}; !slices.Equal(got, want) {
		t.Errorf("got mistakes at %q, want %q\n%v", got, want, err)
	}
}

// TestRenderResultIsOwn: a later page does not write over an earlier one.
func TestRenderResultIsOwn(t *testing.T) {
	c := pageContext(t, map[string]string{"a.txt": "{{.x}}"})
	first, err := c.app.renderer.render(c, "a.txt", Data{"x": "first"})
	if err != nil {
		t.Fatal(err)
	}
	first = append(first, "!"...)
	renderPage(t, c, "a.txt", Data{"x": "other"})
	if string(first) != "first!" {
		t.Errorf("got %q, want first!", first)
	}
}

// FuzzExtends: any set of small files either renders or says why not.
func FuzzExtends(f *testing.F) {
	f.Add([]byte("Ebab Dbabs Ebba Dx"))
	f.Add([]byte("Eb Ec Ea"))
	f.Add([]byte("Ebx Dxssb b Bxy a Dys Tbx"))
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 64 {
			return
		}
		files := map[string]string{}
		for i, source := range bytes.SplitN(program, []byte(" "), 4) {
			files[string("abcd"[i])] = fuzzTemplate(source)
		}
		rd := newRenderer(New("test"), pages(files), false)
		c := &Context{app: rd.app, Request: httptest.NewRequest(http.MethodGet, "/", nil)}
		for name := range files {
			page := rd.current().pages[name]
			if page.err == nil && page.run == nil {
				t.Errorf("%q has neither an error nor a way to run, in %q", name, files)
			}
			if page.err == nil && !recursive(page.parts) {
				if _, err := rd.render(c, name, nil); err != nil {
					t.Errorf("%q was found right and failed: %v, in %q", name, err, files)
				}
			}
		}
	})
}

// fuzzTemplate turns letters into a template: E extends, D defines and B shows a
// block under the next letter, T includes, s is super; others are text.
func fuzzTemplate(source []byte) string {
	var b strings.Builder
	open := 0
	next := func(i int) string {
		if i+1 < len(source) {
			return string("abcdxy"[source[i+1]%6])
		}
		return "x"
	}
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case 'E':
			fmt.Fprintf(&b, "{{extends %q}}", next(i))
			i++
		case 'D':
			if open == 0 {
				fmt.Fprintf(&b, "{{define %q}}", next(i))
				open++
			}
			i++
		case 'B':
			fmt.Fprintf(&b, "{{block %q .}}", next(i))
			open++
			i++
		case 'T':
			fmt.Fprintf(&b, "{{template %q .}}", next(i))
			i++
		case 's':
			b.WriteString("{{super}}")
		default:
			if open > 0 {
				b.WriteString("{{end}}")
				open--
			}
			b.WriteString("text")
		}
	}
	return b.String() + strings.Repeat("{{end}}", open)
}

// recursive reports whether a page includes itself without end.
func recursive(p *composition) bool {
	var visit func(name string, path []string) bool
	visit = func(name string, path []string) bool {
		if slices.Contains(path, name) {
			return true
		}
		for _, next := range templateNames(p.trees[name]) {
			if visit(next, append(path, name)) {
				return true
			}
		}
		return false
	}
	return visit(p.entry, nil)
}

func templateNames(tree *parse.Tree) (names []string) {
	walk(tree.Root, func(node parse.Node) {
		if n, ok := node.(*parse.TemplateNode); ok {
			names = append(names, n.Name)
		}
	})
	return names
}

// TestExplainTemplateLoading: for each template every place in its order, and
// which one counts, as Flask's explain_template_loading_attempts tells it.
func TestExplainTemplateLoading(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, on := range []bool{false, true} {
		app, log := newTestApp(t)
		app.Config.Set("EXPLAIN_TEMPLATE_LOADING", on)
		app.Config.Root = fstest.MapFS{
			"templates/both.html": file(`{{block "part" .}}{{end}}`),
			"templates/bad.html":  file(`{{extends "layout.html"}}{{template "nav.html"}}`),
		}
		shop, admin := NewBlueprint("shop", "/shop"), NewBlueprint("admin", "/admin")
		shop.Templates(fstest.MapFS{"two.html": file("shop's"), "gone.html/x.html": file("")})
		admin.Templates(fstest.MapFS{"two.html": file("admin's"), "both.html": file("admin's")})
		shop.Get("/<name>", func(c *Context) error { return c.Render(c.Param("name"), nil) }).Name("show")
		app.Get("/block/<name>", func(c *Context) error { return c.RenderBlock(c.Param("name"), "part", nil) }).Name("part")
		app.Register(shop)
		app.Register(admin)
		logged := func() []string {
			var lines []string
			for line := range strings.Lines(log.String()) {
				if rest, ok := strings.CutPrefix(line[strings.Index(line, "level="):], `level=INFO msg="locating template" template=`); ok {
					lines = append(lines, strings.TrimSpace(rest))
				}
			}
			log.Reset()
			return lines
		}
		want := func(when string, want ...string) {
			t.Helper()
			if !on {
				want = nil
			}
			if got := logged(); !slices.Equal(got, want) {
				t.Errorf("%v, %s: got\n%s\nwant\n%s", on, when, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}

		app.endSetup()
		want("at the end of setup",
			`bad.html places.1="application test: found (templates/bad.html)" places.2="blueprint shop: no match" places.3="blueprint admin: no match"`,
			`both.html places.1="application test: found (templates/both.html)" places.2="blueprint shop: no match" places.3="blueprint admin: found (both.html), hidden by an earlier place" warning="several places have the template; the first is used"`,
			`gone.html/x.html places.1="application test: no match" places.2="blueprint shop: found (gone.html/x.html)" places.3="blueprint admin: no match"`,
			`two.html places.1="application test: no match" places.2="blueprint shop: found (two.html)" places.3="blueprint admin: found (two.html), hidden by an earlier place" warning="several places have the template; the first is used"`,
			`layout.html places.1="application test: no match" places.2="blueprint shop: no match" places.3="blueprint admin: no match" error="the template could not be found"`,
			`nav.html places.1="application test: no match" places.2="blueprint shop: no match" places.3="blueprint admin: no match" error="the template could not be found"`,
		)
		for _, tt := range []struct{ target, body, want string }{
			{"/shop/two.html", "shop's", ""},
			{"/shop/both.html", "", ""},
			{"/shop/gone.html", "<!doctype", `gone.html places.1="application test: no match" places.2="blueprint shop: no match" places.3="blueprint admin: no match" error="the template could not be found" blueprint=shop hint="is it in the right folder?"`},
			{"/block/none.html", "<!doctype", `none.html places.1="application test: no match" places.2="blueprint shop: no match" places.3="blueprint admin: no match" error="the template could not be found"`},
		} {
			w := ask(app, "GET", tt.target)
			if !strings.HasPrefix(w.Body.String(), tt.body) {
				t.Errorf("%s: got %q", tt.target, w.Body)
			}
			if tt.want == "" {
				want(tt.target)
			} else {
				want(tt.target, tt.want)
			}
		}
	}
}
