package pagecode

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	htmltemplate "html/template"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Random templates over random data. Each decision takes a byte of the input, so
// that the fuzzer can lead it.

var pages = flag.Int("pages", 2000, "how many pages TestRandomPages makes")

// TestRandomPages compares what Go and this package make of random pages.
func TestRandomPages(t *testing.T) {
	ran, failed, written := 0, 0, 0
	for seed := range *pages {
		rng := rand.New(rand.NewPCG(uint64(seed), 0))
		choices := make([]byte, 100+rng.IntN(1500))
		for i := range choices {
			choices[i] = byte(rng.Uint32())
		}
		switch outcome := comparePage(t, choices); {
		case t.Failed():
			t.Fatalf("page %d", seed)
		case strings.Contains(outcome, "template.ExecError") || strings.Contains(outcome, "panic"):
			failed++
			fallthrough
		case outcome != "":
			ran++
			written += len(outcome)
		}
	}
	t.Logf("%d pages: %d could be executed, %d of them ended with an error, %d bytes", *pages, ran, failed, written)
	if ran < *pages/2 || failed < ran/20 || failed > ran*9/10 {
		t.Error("these pages show too little")
	}
}

func FuzzPages(f *testing.F) {
	for seed := range 20 {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		choices := make([]byte, 300)
		for i := range choices {
			choices[i] = byte(rng.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) { comparePage(t, choices) })
}

func comparePage(t *testing.T, choices []byte) string {
	t.Helper()
	g := &generator{choices: choices}
	sub := g.page()
	dataSeed := g.take()
	if g.tame {
		dataSeed = 7
	}
	return sub.compare(t, func() any { return randomData(dataSeed) })
}

// generator makes a page of choices.
type generator struct {
	choices  []byte
	b        strings.Builder
	html     bool
	scope    []string // variables
	loops    int
	defines  []string
	callable []string // what may be called here
	blocks   int
	inside   bool // another place than HTML's text
	tame     bool // what it writes has no errors, so that pages get long
}

func (g *generator) take() int {
	if len(g.choices) == 0 {
		return 0
	}
	c := g.choices[0]
	g.choices = g.choices[1:]
	return int(c)
}

func (g *generator) pick(from ...string) string { return from[g.take()%len(from)] }

// chance is true n times of 256.
func (g *generator) chance(n int) bool { return g.take() < n }

func (g *generator) page() subject {
	g.html = !g.chance(64)
	g.tame = g.chance(170)
	g.defines = []string{"one", "two", "three"}[:g.take()%4]
	g.callable = g.defines
	g.nodes(0)
	for i, name := range g.defines {
		g.scope, g.callable = nil, g.defines[i+1:] // or pages would not end
		fmt.Fprintf(&g.b, "{{define %q}}", name)
		g.nodes(1)
		g.b.WriteString("{{end}}")
	}
	name := g.pick("page.html", "page.html", "page.html", "50%% off.html", "a%sb")
	return subject{name: name, source: g.b.String(), html: g.html, funcs: testFuncs}
}

func (g *generator) nodes(depth int) {
	scope := len(g.scope)
	for range g.take() % 6 {
		g.node(depth)
	}
	g.scope = g.scope[:scope]
}

// contexts are pieces of HTML around an action, at %s, or around more nodes, at %n.
var contexts = []string{
	"%s", "%s", "%s", "<p>%n</p>", "<b title=\"%s\">", "<b title='%s'>", "<b title=%s>", "<b title=a%s>", "<a href=\"%s\">x</a>", "<a href='/%s/b'>",
	"<a href=\"/x?q=%s&amp;r=%s#%s\">", "<a href=%s>", "<a href=\"mailto:%s\">", "<img srcset=\"%s\">", "<img srcset='a.png 2x, %s'>",
	"<p style=\"color: %s\">", "<p style='background: url(\"%s\")'>", "<p style='background: url(%s)'>", "<style>a { color: %s; width: %spx } b:before { content: '%s' }</style>",
	"<script>var x = %s;</script>", "<script>f('%s', \"%s\", [%s])</script>", "<script>x = `a${ %s }b`; y = `%s`</script>", "<script>/%s/.test(x)</script>",
	"<script>/* %s */ // %s\n</script>", "<button onclick=\"f(%s)\">", "<button onclick='f(\"%s\")'>", "<title>%n</title>", "<textarea>%s</textarea>", "<!-- %s -->",
	"<input %s>", "<input %s=\"%s\">", "<p data-x='%s'>", "<script type=\"application/json\">{\"a\": %s}</script>", "<script type='text/plain'>%s</script>",
	"<meta name=x content=\"%s\">", "<meta http-equiv=refresh content=\"0; url=%s\">", "<svg xlink:href=\"%s\">", "<iframe srcdoc=\"%s\">", "<script>%n</script>",
	"<ul>%n</ul>", "<a href=\"%n\">", "<p title='%n'>", "<style>%n</style>",
}

func (g *generator) node(depth int) {
	if len(g.choices) == 0 || g.b.Len() > 4000 {
		return
	}
	kind := g.take() % 20
	if depth > 4 && kind > 9 {
		kind %= 10
	}
	switch kind {
	case 0, 1, 2, 3, 4:
		context := "%s"
		if g.html && !g.inside {
			context = contexts[g.take()%len(contexts)]
		}
		inside := g.inside
		g.inside = g.inside || !strings.HasPrefix(context, "<p>") && !strings.HasPrefix(context, "<ul>")
		for context != "" {
			text, rest, _ := strings.Cut(context, "%")
			g.b.WriteString(text)
			if rest == "" {
				break
			}
			if rest[0] == 'n' {
				g.nodes(depth + 1)
			} else {
				g.action(g.pipeline(0))
			}
			context = rest[1:]
		}
		g.inside = inside
	case 5, 6:
		g.b.WriteString(g.pick(" ", "text", "\n", "a &amp; b", "é", "x\ty", "%d ", "1", "'", "\\"))
	case 7:
		if len(g.scope) > 0 && g.chance(100) {
			g.action(g.variable() + " = " + g.pipeline(0))
		} else {
			name := g.pick("$x", "$y", "$z")
			g.action(name + " := " + g.pipeline(0))
			g.scope = append(g.scope, name)
		}
	case 8:
		if len(g.callable) > 0 {
			pipe := g.pick("", " .", " "+g.pipeline(1))
			if g.tame {
				pipe = " $"
			}
			g.action(fmt.Sprintf("template %q%s", g.callable[g.take()%len(g.callable)], pipe))
		} else {
			g.action("/* nothing */")
		}
	case 9:
		if g.loops > 0 {
			if g.chance(128) {
				g.action("if " + g.pipeline(0))
				g.action(g.pick("break", "continue"))
				g.action("end")
			} else {
				g.action(g.pick("break", "continue"))
			}
		}
	case 10, 11, 12:
		g.branch("if", depth)
	case 13, 14:
		g.branch("with", depth)
	case 15, 16, 17, 18:
		g.loop(depth)
	case 19:
		g.blocks++
		name := fmt.Sprint("block", g.blocks)
		pipe := g.pipeline(1)
		if g.tame {
			pipe = "$"
		}
		g.action(fmt.Sprintf("block %q %s", name, pipe))
		scope, loops := g.scope, g.loops
		g.scope, g.loops = nil, 0
		g.nodes(depth + 1)
		g.scope, g.loops = scope, loops
		g.action("end")
	}
}

func (g *generator) action(text string) {
	g.b.WriteString(g.pick("{{", "{{", "{{", "{{- "))
	g.b.WriteString(text)
	g.b.WriteString(g.pick("}}", "}}", "}}", " -}}"))
}

func (g *generator) branch(word string, depth int) {
	scope := len(g.scope)
	declared := ""
	if g.chance(60) {
		declared = "$b"
		g.action(word + " $b := " + g.pipeline(0))
	} else {
		g.action(word + " " + g.pipeline(0))
	}
	if declared != "" {
		g.scope = append(g.scope, declared)
	}
	g.nodes(depth + 1)
	for range g.take() % 3 {
		if g.chance(80) {
			g.action("else " + word + " " + g.pipeline(0))
			g.nodes(depth + 1)
			continue
		}
		g.action("else")
		g.nodes(depth + 1)
		break
	}
	g.action("end")
	g.scope = g.scope[:scope]
}

func (g *generator) loop(depth int) {
	scope := len(g.scope)
	over := g.pick(lists...)
	if g.tame {
		over = g.typed(aList, 0)
	} else if g.chance(60) {
		over = g.pipeline(0)
	}
	forms := 5
	if g.tame {
		forms = 1 // two variables do not go with every list
	}
	switch g.take() % forms {
	case 0:
		g.action("range $e := " + over)
		g.scope = append(g.scope, "$e")
	case 1:
		g.action("range $i, $e := " + over)
		g.scope = append(g.scope, "$i", "$e")
	case 2:
		if scope > 0 {
			g.action("range " + g.variable() + ", " + g.variable() + " = " + over)
		} else {
			g.action("range " + over)
		}
	default:
		g.action("range " + over)
	}
	g.loops++
	g.nodes(depth + 1)
	g.loops--
	if g.chance(100) {
		g.action("else")
		g.nodes(depth + 1)
	}
	g.action("end")
	g.scope = g.scope[:scope]
}

func (g *generator) variable() string {
	if len(g.scope) == 0 {
		return "$"
	}
	return g.scope[g.take()%len(g.scope)]
}

var lists = []string{".list", ".ints", ".anys", ".m", ".mi", ".structs", ".ptrs", ".maps", ".chan", ".seq", ".seq2", ".n", "3", ".S.List", ".arr", ".gone", ".nilList",
	".mstruct", ".mmixed", ".bools", ".T.Many", ".nilChan", ".strs"}

var names = []string{".s", ".nasty", ".n", ".big", ".f", ".b", ".nil", ".gone", ".url", ".js", ".html", ".css", ".attr", ".jsstr", ".srcset", ".color", ".list", ".ints",
	".anys", ".m", ".mi", ".structs", ".ptrs", ".S", ".P", ".nilP", ".T", ".PT", ".err", ".stringer", ".pstringer", ".marshal", ".badmarshal", ".ptr", ".pp", ".fn", ".fn1",
	".chan", ".c", ".u8", ".named", ".namedn", ".value", ".empty", ".zero", ".time", ".bytes", ".iface", ".panics", ".word", ".utf8", ".neg"}

var fields = []string{".Name", ".N", ".Get", ".Add", ".Fail", ".Panic", ".PGet", ".List", ".Inner", ".X", ".Deep", ".hidden", ".Any", ".Err", ".Any.Name", ".s", ".k", ".Many", ".M",
	".M.k", ".F", ".String", ".Two", ".None", ".Str", ".Inner.Name", ".Ptr", ".Ptr.Name", ".Variadic", ".Wants", ".HTML"}

// operand is one word of a command.
func (g *generator) operand(depth int) string {
	switch g.take() % 16 {
	case 0, 1, 2, 3, 4:
		return g.pick(names...)
	case 5:
		return g.pick(names...) + g.pick(fields...)
	case 6:
		return g.variable()
	case 7:
		return g.variable() + g.pick(fields...)
	case 8:
		return "."
	case 9:
		return g.pick(fields...)
	case 10:
		return g.pick("1", "0", "-3", "2.5", "'a'", "0x1F", "1e3", "true", "false", "1i", "300", "18446744073709551615")
	case 11:
		return g.pick(`"text"`, "`<raw>`", `""`, `"k"`, `"/a b"`, `"javascript:x"`, `"é\u2028"`)
	case 12:
		return g.pick("nil", "true", "$", "$.s", "$.n")
	case 13, 14:
		if depth < 3 {
			return "(" + g.pipeline(depth+1) + ")"
		}
	case 15:
		if depth < 3 {
			return "(" + g.pipeline(depth+1) + ")" + g.pick(fields...)
		}
	}
	return g.pick("noargs", "list3")
}

var calls = []string{"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "len", "index", "slice", "print", "printf \"%v-%s\"", "printf \"%5v\"", "println", "html", "js", "urlquery",
	"call .fn", "call .fn1", "upper", "join2", "anyof", "variadic", "fails", "panics", "panicserr", "asvalue", "fast", "fasttext", "fastfail", "takesint", "takesptr", "takeserr", "rawvalue",
	"trusted", "nilreturn", "takesmap", "takesfloat", "undefined"}

// pipeline makes a pipeline of up to three commands.
func (g *generator) pipeline(depth int) string {
	if g.tame {
		return g.typed(anything, depth)
	}
	p := g.command(depth)
	for range []int{0, 0, 0, 1, 1, 2}[g.take()%6] {
		p += " | " + g.function(depth, g.take()%2)
	}
	return p
}

func (g *generator) command(depth int) string {
	if g.chance(150) {
		return g.operand(depth)
	}
	if g.chance(40) {
		return g.pick(names...) + g.pick(fields...) + " " + g.operand(depth)
	}
	return g.function(depth, 1+g.take()%3)
}

func (g *generator) function(depth, args int) string {
	word := g.pick(calls...)
	if g.chance(30) {
		word = g.pick(names...) + g.pick(fields...)
	}
	for range args {
		word += " " + g.operand(depth)
	}
	return word
}

// What a tame page writes, by type; $a is an operand of type a, in parentheses.
const (
	anything = "any"
	aText    = "text"
	aNumber  = "number"
	aBoolean = "bool"
	aList    = "list"
)

var typed = map[string][]string{
	aText: {"$.s", "$.nasty", "$.s", "$.nasty", "$.empty", "$.word", "$.utf8", "$.S.Name", "$.P.Name", "$.P.Get", "$.P.PGet", "$.T.Inner.Name", "$.m.k", "$.PT.Name", "$.S.Any.Name",
		`"text"`, "`<raw>`", `""`, "upper TEXT", "TEXT | upper", "join2 TEXT TEXT", "TEXT | join2 TEXT", `printf "%v-%s" ANY TEXT`, "print ANY ANY", "ANY | print", "ANY | println NUMBER",
		"html TEXT", "js TEXT", "urlquery TEXT", "index $.list 1", "index $.m TEXT | print", "slice $.list 1 | print", "slice `abcdef` 1 3", "variadic TEXT ANY ANY", "fasttext ANY",
		"noargs", "call $.fn", "call $.fn1 NUMBER", "call $.fn1 2 TEXT TEXT", "index $.mi 3", "$.P.Variadic TEXT TEXT", "TEXT | $.P.Wants NUMBER", "$.S.Str.String", "$.S.M.k", "index $.S.List 0"},
	aNumber: {"$.n", "$.big", "$.neg", "$.zero", "$.u8", "3", "300", "-7", "len LIST2", "len TEXT", "$.P.Add NUMBER", "NUMBER | $.S.Add", "takesint NUMBER", "index $.ints 2", "$.S.N", "$.value | rawvalue", "0x1F", "'a'"},
	aBoolean: {"$.b", "true", "false", "eq NUMBER NUMBER", "ne TEXT TEXT", "lt NUMBER NUMBER", "le TEXT TEXT", "gt NUMBER NUMBER", "ge TEXT TEXT", "not ANY", "and BOOL BOOL", "or BOOL BOOL",
		"eq TEXT TEXT `<raw>` \"text\"", "eq $.nil $.gone", "eq $.nil nil"},
	aList: {"$.list", "$.ints", "$.anys", "$.m", "$.mi", "$.structs", "$.ptrs", "$.maps", "$.chan", "$.seq", "$.seq2", "$.n", "4", "$.S.List", "$.arr", "$.gone", "$.nilList",
		"$.mstruct", "$.bools", "$.P.Many", "$.nilChan", "$.strs", "list3", "slice $.ints 1", "index $.anys 4"},
	"list2": {"$.list", "$.ints", "$.m", "$.anys", "$.nilList", "$.arr", "list3", "$.S.M"},
	anything: {"TEXT", "TEXT", "TEXT", "TEXT", "NUMBER", "NUMBER", "BOOL", "LIST2", "$.nil", "$.gone", "$.gone.more", "$.url", "$.js", "$.html", "$.css", "$.attr", "$.jsstr", "$.srcset", "$.color",
		"$.err", "$.stringer", "$.pstringer", "$.marshal", "$.badmarshal", "$.ptr", "$.c", "$.named", "$.namedn", "$.bytes", "$.iface", "$.panics", "$.f", "$.S.Err", "$.S.Str", "$.S.HTML",
		"anyof ANY", "ANY | anyof", "asvalue ANY", "fast ANY NUMBER", "and ANY ANY", "or ANY ANY", "or ANY ANY TEXT", "trusted TEXT", "nilreturn", "undefined ANY", ".", "$e", "$x"},
}

// typed is an expression of a type.
func (g *generator) typed(typ string, depth int) string {
	if g.chance(20) && len(g.scope) > 0 && typ == anything {
		return g.variable()
	}
	form := g.pick(typed[typ]...)
	for form == "$e" || form == "$x" {
		if slices.Contains(g.scope, form) {
			return form
		}
		form = "$.s"
	}
	if depth > 3 && strings.ContainsAny(form, "ABELMNOT") {
		return map[string]string{aText: "$.nasty", aNumber: "$.n", aBoolean: "$.b", aList: "$.list", "list2": "$.list", anything: "$.s"}[typ]
	}
	words := strings.Split(form, " ")
	for i, word := range words {
		of := map[string]string{"TEXT": aText, "NUMBER": aNumber, "BOOL": aBoolean, "LIST2": "list2", "ANY": anything}[word]
		if of == "" {
			continue
		}
		words[i] = g.typed(of, depth+1)
		if len(words) > 1 {
			words[i] = "(" + words[i] + ")"
		}
	}
	return strings.Join(words, " ")
}

// The functions and the data.

var testFuncs = map[string]any{
	"upper":      strings.ToUpper,
	"join2":      func(a, b string) string { return a + "," + b },
	"anyof":      func(v any) any { return v },
	"variadic":   func(s string, rest ...any) string { return s + fmt.Sprint(rest...) },
	"fails":      func(any) (string, error) { return "lost", errors.New("it failed") },
	"panics":     func(any) string { panic("it panicked") },
	"panicserr":  func(any) string { panic(errors.New("it panicked with an error")) },
	"asvalue":    func(v reflect.Value) reflect.Value { return v },
	"rawvalue":   func(v reflect.Value) (int, error) { return int(v.Kind()), nil },
	"takesint":   func(n int) int { return n + 1 },
	"takesptr":   func(p *thing) string { return p.Name },
	"takeserr":   func(err error) error { return err },
	"takesmap":   func(m map[string]any) int { return len(m) },
	"takesfloat": func(f float32) float32 { return f / 3 },
	"trusted":    func(s string) htmltemplate.HTML { return htmltemplate.HTML(s) },
	"nilreturn":  func() any { return nil },
	"noargs":     func() string { return "no<args" },
	"list3":      func() []string { return []string{"x", "<y>", "z"} },
	"undefined":  func(any) (any, error) { return nil, nil },
	"fast":       func(v any, more ...any) (any, error) { return v, nil },
	"fasttext":   func(v any) string { return fmt.Sprint("fast ", v) },
	"fastfail":   func(v any) (string, error) { return "", errors.New("fast failed") },
}

// fastFuncs are some of them as a Func or a NilFilter.
var fastFuncs = map[string]any{
	"asvalue": NilFilter(func(v reflect.Value) reflect.Value { return v }),
	"fast": Func{Type: reflect.TypeOf(testFuncs["fast"]), Call: func(_ any, args []reflect.Value) (reflect.Value, error) {
		return reflect.ValueOf(asAny(args[0])), nil
	}},
	"fasttext": Func{Type: reflect.TypeOf(testFuncs["fasttext"]), Text: func(_ any, args []reflect.Value) (string, error) {
		return fmt.Sprint("fast ", asAny(args[0])), nil
	}},
	"fastfail": Func{Type: reflect.TypeOf(testFuncs["fastfail"]), Text: func(any, []reflect.Value) (string, error) {
		return "", errors.New("fast failed")
	}},
}

type inner struct {
	X    int
	Name string
}

type deep struct{ Deep string }

type thing struct {
	Name   string
	N      int
	Any    any
	Err    error
	hidden string //lint:ignore U1000 a template may name it, and is told off
	Inner  inner
	Ptr    *inner
	inner2
	*deep
	List []string
	M    map[string]string
	F    func(int) string
	Str  fmt.Stringer
	HTML htmltemplate.HTML
}

type inner2 struct{ Promoted string }

func (t thing) Get() string                  { return "got " + t.Name }
func (t thing) Add(n int) int                { return t.N + n }
func (t thing) Fail() (string, error)        { return "", errors.New("thing failed") }
func (t thing) Panic() string                { panic("thing panicked") }
func (t *thing) PGet() string                { return "pointer to " + t.Name }
func (t thing) Many() []thing                { return []thing{{Name: "m1"}, {Name: "m2", N: 2}} }
func (t thing) Two() (string, string)        { return "a", "b" }
func (t thing) None()                        {}
func (t thing) Variadic(s ...string) string  { return strings.Join(s, "+") }
func (t thing) Wants(a any, b string) string { return fmt.Sprint(a, b) }

type stringer struct{ s string }

func (s stringer) String() string { return "<" + s.s + ">" }

type pstringer struct{ s string }

func (p *pstringer) String() string { return "p<" + p.s + ">" }

type panicker struct{}

func (panicker) String() string { panic("no string") }

type marshaler struct{ fail bool }

func (m marshaler) MarshalJSON() ([]byte, error) {
	if m.fail {
		return nil, errors.New("</script>*/")
	}
	return json.Marshal("<" + "m" + ">")
}

type (
	named  string
	namedN int
	color  uint8
)

func (c color) String() string { return fmt.Sprintf("#%02x", uint8(c)) }

func ptr[T any](v T) *T { return &v }

// randomData is the data of a page, which differs from seed to seed. Twice the same
// differs in the channel only, which a page may empty.
func randomData(seed int) any {
	data := pageData[seed%len(pageData)]
	if m, ok := data.(map[string]any); ok {
		ch := make(feed, 3)
		ch <- "c1"
		ch <- "<c2>"
		close(ch)
		m["chan"] = ch
	}
	return data
}

// feed prints the same wherever it is.
type feed chan string

func (feed) String() string { return "feed" }

var pageData = func() (all [8]any) {
	for i := range all {
		all[i] = makeData(i)
	}
	return all
}()

// counted tells how often it was printed.
type counted struct{ times *int }

func (c counted) String() string {
	*c.times++
	return fmt.Sprint("printed ", *c.times)
}

func (c counted) MarshalJSON() ([]byte, error) { return json.Marshal(*c.times) }

func makeData(seed int) any {
	th := thing{Name: "th<i>ng", N: 4, Any: map[string]any{"Name": "any"}, Err: errors.New("err&or"), Inner: inner{1, "in"}, List: []string{"l1", "l2"},
		M: map[string]string{"k": "v"}, F: func(n int) string { return fmt.Sprint("f", n) }, Str: stringer{"s"}, HTML: "<i>"}
	data := map[string]any{
		"s": "plain", "nasty": "<a href='x'>\"&+`\x00\\</script>é\u2028\xff", "n": 7, "big": 70000, "f": 2.5, "b": true, "nil": nil, "neg": -12,
		"url": htmltemplate.URL("javascript:a b"), "js": htmltemplate.JS("f(1)"), "html": htmltemplate.HTML("<b>'h'</b>"), "css": htmltemplate.CSS("a:b"),
		"attr": htmltemplate.HTMLAttr("dir=ltr"), "jsstr": htmltemplate.JSStr(`a\'b`), "srcset": htmltemplate.Srcset("a b, c"), "color": color(200),
		"list": []string{"a", "<b>", "c&d"}, "ints": []int{3, 1, 300}, "anys": []any{1, "two", nil, 2.5, []int{1}, map[string]any{"k": "v"}, &th},
		"strs": []named{"n1", "n<2"}, "bools": map[bool]string{true: "t", false: "f"},
		"m": map[string]any{"k": "v", "a": 1, "z": nil, "Name": "mname"}, "mi": map[int]string{3: "c", 1: "a"}, "mstruct": map[inner]int{{2, "b"}: 1, {1, "z"}: 2, {1, "a"}: 3},
		"mmixed": map[any]int{"a": 1, 2: 2, 2.5: 3}, "structs": []thing{th, {Name: "x"}}, "ptrs": []*thing{&th, {Name: "p"}}, "maps": []map[string]any{{"Name": "one", "k": 1}, {"k": nil}},
		"S": th, "P": &th, "nilP": (*thing)(nil), "T": th, "PT": ptr(ptr(th)), "err": errors.New("e<r>r"), "stringer": stringer{"st"}, "pstringer": &pstringer{"ps"},
		"anyHTML": ptr(any(htmltemplate.HTML("<b>any"))), "anyText": ptr(any("<any>")), "anyURL": ptr(any(htmltemplate.URL("javascript:any"))),
		"anyNil": ptr(any(nil)), "anyAny": ptr(any(ptr(any("<deep>")))),
		"marshal": marshaler{}, "badmarshal": marshaler{true}, "ptr": ptr("to<text>"), "pp": ptr(ptr(5)), "fn": func() string { return "fn<" }, "fn1": func(n int, s ...string) (string, error) {
			if n == 3 {
				return "", errors.New("three")
			}
			return fmt.Sprint(n, s), nil
		},
		"c": complex(1, 2), "u8": uint8(200), "named": named("na<med"), "namedn": namedN(9), "value": reflect.ValueOf(42), "empty": "", "zero": 0,
		"bytes": []byte("by<tes"), "iface": fmt.Stringer(stringer{"if"}), "panics": panicker{}, "word": "expression(1)", "utf8": "日本\xfe", "arr": [2]string{"r1", "r2"},
		"nilList": []string(nil), "nilChan": (chan int)(nil), "time": [3]any{1, "x", nil}, "k": "key",
		"seq":  iter.Seq[int](func(yield func(int) bool) { _ = yield(1) && yield(2) }),
		"seq2": iter.Seq2[string, int](func(yield func(string, int) bool) { _ = yield("a", 1) && yield("b", 2) }),
	}
	switch seed {
	case 0:
		th.Ptr, th.deep = &inner{2, "ptr"}, &deep{"deep"}
		data["S"] = th
	case 1:
		return &th
	case 2:
		return nil
	}
	return data
}
