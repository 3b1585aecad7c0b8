package hipflask

import (
	"fmt"
	"strings"
	"testing"
)

// testRoute is a route as the tables of this file write it.
type testRoute struct {
	Rule      string
	Methods   string // "GET,POST"; "" means GET
	Endpoint  string // "" means the rule's text
	Defaults  map[string]any
	Lenient   bool // StrictSlashes(false)
	NoOptions bool
}

// testRouter builds a router over rules: texts such as "/a" or "POST /a", or testRoutes.
func testRouter(tb testing.TB, rules ...any) *router {
	tb.Helper()
	routes, err := testRoutes(nil, rules...)
	if err != nil {
		tb.Fatal(err)
	}
	rt, err := newRouter(routes)
	if err != nil {
		tb.Fatal(err)
	}
	return rt
}

func testRoutes(converters map[string]func(ConverterArgs) (Converter, error), rules ...any) ([]*Route, error) {
	var routes []*Route
	for i, r := range rules {
		var tr testRoute
		switch r := r.(type) {
		case testRoute:
			tr = r
		case string:
			var spaced bool
			if tr.Methods, tr.Rule, spaced = strings.Cut(r, " /"); spaced {
				tr.Rule = "/" + tr.Rule
			} else {
				tr.Methods, tr.Rule = "", r
			}
		}
		if tr.Methods == "" {
			tr.Methods = "GET"
		}
		if tr.Endpoint == "" {
			tr.Endpoint = tr.Rule
		}
		parsed, err := parseRule(tr.Rule, converters)
		if err != nil {
			return nil, err
		}
		routes = append(routes, &Route{
			owner: &scaffold{}, rule: parsed, methods: strings.Split(tr.Methods, ","), endpoint: tr.Endpoint,
			defaults: tr.Defaults, lenient: tr.Lenient, noOptions: tr.NoOptions,
			function: fmt.Sprintf("main.view%d", i), where: fmt.Sprintf("main.go:%d", i+1),
		})
	}
	return routes, nil
}

// show writes a match as the tables do: "/a/<b> {b:x}", "308 /a/", "405 GET, HEAD" or "404".
func show(m match) string {
	switch {
	case m.redirect != "":
		return "308 " + m.redirect
	case m.route == nil && len(m.allow) > 0:
		return "405 " + strings.Join(m.allow, ", ")
	case m.route == nil:
		return "404"
	}
	var values []string
	for _, v := range m.route.rule.vars {
		text, ok := m.param(v.name)
		if !ok {
			text = "(none)"
		}
		values = append(values, v.name+":"+text)
	}
	for name := range m.route.defaults {
		text, _ := m.param(name)
		values = append(values, name+":"+text)
	}
	text := m.route.rule.text
	if len(values) > 0 {
		text += " {" + strings.Join(values, " ") + "}"
	}
	if m.automaticOptions {
		text += " options"
	}
	return text
}

// get matches "/path" as a GET, or "POST /path".
func get(rt *router, request string) string {
	method, path, spaced := strings.Cut(request, " /")
	if !spaced || strings.Contains(method, "/") {
		return show(rt.match("GET", request))
	}
	return show(rt.match(method, "/"+path))
}

type routingRow struct {
	rules []any
	// request, result, request, result ...
	requests []string
}

func checkRouting(t *testing.T, table []routingRow) {
	t.Helper()
	for _, row := range table {
		rt := testRouter(t, row.rules...)
		for i := 0; i < len(row.requests); i += 2 {
			if got, want := get(rt, row.requests[i]), row.requests[i+1]; got != want {
				t.Errorf("rules %v\n  %s\n  got  %s\n  want %s", row.rules, row.requests[i], got, want)
			}
		}
	}
}

func rules(texts ...string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

const aUUID = "12345678-1234-1234-1234-1234567890AB"

// Which rule wins: flask-behaviour §1.
func TestPrecedence(t *testing.T) {
	checkRouting(t, []routingRow{
		{rules("/<path:p>", "/<s>", "/<any(a,b):n>", "/<uuid:u>", "/<float:f>", "/<int:i>", "/about"), []string{
			"/about", "/about",
			"/12", "/<int:i> {i:12}",
			"/1.5", "/<float:f> {f:1.5}",
			"/a", "/<s> {s:a}",
			"/" + aUUID, "/<s> {s:" + aUUID + "}",
			"/x/y", "/<path:p> {p:x/y}",
		}},
		{rules("/about", "/<int:i>", "/<float:f>", "/<uuid:u>", "/<any(a,b):n>", "/<s>", "/<path:p>"), []string{
			"/about", "/about",
			"/12", "/<int:i> {i:12}",
			"/1.5", "/<float:f> {f:1.5}",
			"/a", "/<any(a,b):n> {n:a}",
			"/" + aUUID, "/<uuid:u> {u:" + aUUID + "}",
			"/x/y", "/<path:p> {p:x/y}",
		}},
		{rules("/<s>", "/<any(a,b):n>"), []string{"/a", "/<s> {s:a}"}},
		{rules("/<any(a,b):n>", "/<s>"), []string{"/a", "/<any(a,b):n> {n:a}"}},
		{rules("/<a>/x", "/<path:p>/y"), []string{
			"/1/x", "/<a>/x {a:1}",
			"/1/y", "/<path:p>/y {p:1}",
			"/1/2/y", "/<path:p>/y {p:1/2}",
			"/1/2/x", "404",
		}},
		{rules("/<path:p>/c", "/<path:p>/<a>/<b>"), []string{
			"/a/b/c", "/<path:p>/c {p:a/b}",
			"/a/b/d", "/<path:p>/<a>/<b> {p:a a:b b:d}",
		}},
		{rules("/static/<path:p>", "/<a>/<b>"), []string{
			"/static/x", "/static/<path:p> {p:x}",
			"/other/x", "/<a>/<b> {a:other b:x}",
		}},
		{rules("/<a>/edit", "/new/<b>"), []string{
			"/new/edit", "/new/<b> {b:edit}",
			"/x/edit", "/<a>/edit {a:x}",
		}},
		{rules("/<name>.<ext>", "/<name>"), []string{
			"/a.b", "/<name>.<ext> {name:a ext:b}",
			"/a.b.c", "/<name>.<ext> {name:a.b ext:c}",
			"/a", "/<name> {name:a}",
			"/.b", "/<name> {name:.b}",
			"/a.", "/<name> {name:a.}",
		}},
		{rules("/v<int:a>.<int:b>"), []string{
			"/v1.2", "/v<int:a>.<int:b> {a:1 b:2}",
			"/v1.2.3", "404",
			"/v1", "404",
			"/vx.2", "404",
		}},
		{rules("/<a>-<b>"), []string{
			"/x-y-z", "/<a>-<b> {a:x-y b:z}",
			"/x", "404",
			"/-y", "404",
			"/x-", "404",
		}},
		{rules("/User:<u>", "/<n>"), []string{
			"/User:bob", "/User:<u> {u:bob}",
			"/User:", "/<n> {n:User:}",
		}},
		{rules("/<int:y>-<int:m>", "/<slug>"), []string{
			"/2020-01", "/<int:y>-<int:m> {y:2020 m:01}",
			"/2020-x", "/<slug> {slug:2020-x}",
		}},
		{rules("/file-<n>.txt", "/<n>.txt", "/<n>"), []string{
			"/file-a.txt", "/file-<n>.txt {n:a}",
			"/b.txt", "/<n>.txt {n:b}",
			"/c", "/<n> {n:c}",
		}},
		{rules("/a<x>", "/ab<x>", "/<x>"), []string{"/abc", "/ab<x> {x:c}"}},
		{rules("POST /a", "/<s>"), []string{
			"GET /a", "/<s> {s:a}",
			"POST /a", "/a",
			"DELETE /a", "405 GET, HEAD, OPTIONS, POST",
		}},
		{rules("POST /<int:i>", "/<s>"), []string{
			"GET /5", "/<s> {s:5}",
			"POST /5", "/<int:i> {i:5}",
			"POST /x", "405 GET, HEAD, OPTIONS",
		}},
		{[]any{testRoute{Rule: "/", Endpoint: "f", Defaults: map[string]any{"test": "a"}}, testRoute{Rule: "/<test>/", Endpoint: "f"}}, []string{
			"/", "/ {test:a}",
			"/b/", "/<test>/ {test:b}",
			"/b", "308 /b/",
		}},
		// Not in the table: Flask's own tutorial, which httprouter refuses.
		{rules("/", "GET,POST /create", "GET,POST /<int:id>/update", "POST /<int:id>/delete"), []string{
			"/create", "/create",
			"/5/update", "/<int:id>/update {id:5}",
			"GET /5/delete", "405 OPTIONS, POST",
			"/create/update", "404",
		}},
		// Signs that mean something to httprouter mean nothing in a rule.
		{rules("/a:b", "/a*b", "/:x/<y>", "/<z>"), []string{
			"/a:b", "/a:b",
			"/a*b", "/a*b",
			"/:x/1", "/:x/<y> {y:1}",
			"/x/1", "404",
			"/a:c", "/<z> {z:a:c}",
		}},
	})
}

// Decoding is net/http's; the router gets the decoded path.
func TestPathText(t *testing.T) {
	checkRouting(t, []routingRow{
		{rules("/u/<name>"), []string{
			"/u/a b", "/u/<name> {name:a b}",
			"/u/é", "/u/<name> {name:é}",
			"/u/a+b", "/u/<name> {name:a+b}",
			"/u/a%b", "/u/<name> {name:a%b}",
			"/u/\xff", "/u/<name> {name:\ufffd}",
			"/u/a;b=1", "/u/<name> {name:a;b=1}",
			"/u/a/b", "404", // a decoded slash is a slash
		}},
		{rules("/Foo"), []string{
			"/foo", "404",
			"/Foo", "/Foo",
			"/Foo ", "404",
			"/./Foo", "404", // dots are not cleaned
		}},
		{rules("/é"), []string{"/é", "/é"}},
		{rules("/hello", "/<x>"), []string{"/hello\n", "/<x> {x:hello\n}"}},
	})
}

// §2
func TestConverters(t *testing.T) {
	for _, tt := range []struct {
		converter       string
		matches, others []string
	}{
		// A number too large for Go's int is a 404: Flask takes any length. Only
		// ASCII digits: Flask takes those of other scripts. So ParamInt cannot fail.
		{"int", []string{"1", "01", "007", "0", "00", "9223372036854775807"}, []string{"-1", "+1", "1.0", "1e5", "", "9223372036854775808", "٣"}},
		{"int(signed=True)", []string{"-3", "3", "-0", "-9223372036854775808"}, []string{"+3", "--3", "-", "-9223372036854775809"}},
		{"int(min=1,max=9)", []string{"1", "9"}, []string{"0", "10"}},
		{"int(min=-2, signed=true)", []string{"-2", "0"}, []string{"-3"}}, // Werkzeug cannot read -2 in a rule
		{"int(fixed_digits=3)", []string{"001"}, []string{"01", "0001"}},
		{"float", []string{"1.0", "1.5"}, []string{"1", "1.", ".5", "-1.5", "1e5", "1.5.5"}},
		{"float(min=1.5,max=2.5)", []string{"1.5", "2.5"}, []string{"1.4", "2.6", "2"}},
		{"float(signed=True)", []string{"-1.5", "1.5"}, []string{"--1.5"}},
		{"string(length=2)", []string{"ab", "éü"}, []string{"a", "abc"}},
		{"string(minlength=2,maxlength=3)", []string{"ab", "abc"}, []string{"a", "abcd"}},
		{"string(minlength=2)", []string{"ab", "abcdefgh"}, []string{"a"}},
		{"string(maxlength=2)", []string{"a", "ab"}, []string{"abc"}},
		{"uuid", []string{aUUID, strings.ToLower(aUUID)}, []string{strings.ReplaceAll(aUUID, "-", ""), "{" + aUUID + "}", aUUID + "0", "g" + aUUID[1:]}},
		{`any(about, help, "foo,bar", 'x y')`, []string{"about", "help", "foo,bar", "x y"}, []string{"foo", "aboutx"}},
		{"path", []string{"a", "a/b/", "a//b", "a/b"}, []string{""}},
	} {
		rule := "/x/<" + tt.converter + ":v>"
		rt := testRouter(t, rule)
		for _, text := range tt.matches {
			if got, want := get(rt, "/x/"+text), rule+" {v:"+text+"}"; got != want {
				t.Errorf("%q: got %s, want %s", text, got, want)
			}
		}
		for _, text := range tt.others {
			if got := get(rt, "/x/"+text); got != "404" {
				t.Errorf("rule %s, %q: got %s, want 404", rule, text, got)
			}
		}
	}
}

// A value of the right form that the converter rejects ends the search.
func TestRejectedValue(t *testing.T) {
	checkRouting(t, []routingRow{
		{rules("/<int(max=5):i>", "/<s>"), []string{
			"/3", "/<int(max=5):i> {i:3}",
			"/9", "404",
			"/x", "/<s> {s:x}",
		}},
		{rules("/<int(fixed_digits=4):i>", "/<s>"), []string{"/42", "404"}},
		{rules("/<int:i>", "/<s>"), []string{"/99999999999999999999", "404"}}, // out of Go's int
		// Of two rejections the method decides, as in Werkzeug.
		{rules("POST /<int(max=5):i>", "/<s>"), []string{"/9", "/<s> {s:9}", "POST /9", "404", "PUT /9", "405 GET, HEAD, OPTIONS, POST"}},
		{rules("POST /<int:i>", "/<string(length=1):a>", "/<s>/<int(max=5):i>"), []string{"/9", "/<string(length=1):a> {a:9}"}},
		{rules("/<int(max=5):a>-<int:b>", "/<s>"), []string{"/3-9", "/<int(max=5):a>-<int:b> {a:3 b:9}", "/9-9", "404"}},
	})
}

// §3
func TestSlashes(t *testing.T) {
	page1 := map[string]any{"page": 1}
	id1 := map[string]any{"id": 1}
	checkRouting(t, []routingRow{
		{rules("/projects/", "/about"), []string{
			"/projects", "308 /projects/",
			"/about/", "404",
			"HEAD /projects", "308 /projects/",
			"POST /projects", "404",
			"POST /projects/", "405 GET, HEAD, OPTIONS",
		}},
		{rules("GET,POST /p/"), []string{
			"POST /p", "308 /p/",
			"OPTIONS /p", "308 /p/",
			"DELETE /p", "404",
		}},
		{rules("/a", "/a/"), []string{"/a", "/a", "/a/", "/a/"}},
		{rules("/bar/", "POST /bar"), []string{
			"GET /bar", "308 /bar/",
			"POST /bar", "/bar",
			"POST /bar/", "405 GET, HEAD, OPTIONS",
		}},
		{[]any{testRoute{Rule: "/x", Lenient: true}}, []string{"/x", "/x", "/x/", "/x"}},
		{[]any{testRoute{Rule: "/x/", Lenient: true}}, []string{"/x", "/x/", "/x/", "/x/"}},
		{rules("/<s>", "/about/"), []string{"/about", "308 /about/", "/x", "/<s> {s:x}"}},
		{rules("/<path:p>", "/about/"), []string{"/about", "308 /about/", "/x", "/<path:p> {p:x}"}},
		{rules("/<s>/", "/about"), []string{
			"/about", "/about",
			"/about/", "/<s>/ {s:about}",
			"/zzz", "308 /zzz/",
		}},
		{rules("/<int:i>/", "/<s>"), []string{"/5", "308 /5/", "/x", "/<s> {s:x}"}},
		{rules("/wiki/<path:p>/"), []string{
			"/wiki/a/b", "308 /wiki/a/b/",
			"/wiki/a/b/", "/wiki/<path:p>/ {p:a/b}",
			"/wiki/", "404",
		}},
		{rules("/öäü/"), []string{"/öäü", "308 /öäü/"}},
		{rules("/<n>/"), []string{"/a b", "308 /a b/", "/a%;:@&=+$,", "308 /a%;:@&=+$,/"}},
		{rules("/a/b", "/d/<x>/e", "/tail/", "/"), []string{
			"/a//b", "308 /a/b",
			"/a///b", "308 /a/b",
			"/d//x//e", "308 /d/x/e",
			"/tail//", "308 /tail/",
			"///a////b", "308 /a/b",
			"//a/b", "/a/b", // leading slashes collapse silently
			"//", "/",
			"", "/",
			"/a/b//", "404",
			"/d//e", "404",
			"//tail", "308 /tail/",
		}},
		// merge_slashes=False is left out: nobody asked httprouter's users for it.
		{rules("/wiki/<path:p>"), []string{
			"/wiki//a", "308 /wiki/a",
			"/wiki/a//b", "/wiki/<path:p> {p:a//b}", // slashes inside a path value stay
		}},
		{rules("/<x>/"), []string{"//evil.com", "308 /evil.com/", `/\evil.com`, `308 /\evil.com/`}}, // encoded in the Location
		{[]any{testRoute{Rule: "/users/", Endpoint: "u", Defaults: page1}, testRoute{Rule: "/users/page/<int:page>", Endpoint: "u"}}, []string{
			"/users/", "/users/ {page:1}",
			"/users/page/1", "308 /users/",
			"/users/page/01", "308 /users/",
			"/users/page/2", "/users/page/<int:page> {page:2}",
			"/users", "308 /users/",
		}},
		{[]any{testRoute{Rule: "/users/page/<int:page>", Endpoint: "u"}, testRoute{Rule: "/users/", Endpoint: "u", Defaults: page1}}, []string{
			"/users/page/1", "308 /users/", // the order does not matter
		}},
		{[]any{testRoute{Rule: "/region/", Endpoint: "r", Defaults: id1}, testRoute{Rule: "/region/<int:id>", Endpoint: "r", Methods: "GET,POST"}}, []string{
			"POST /region/1", "/region/<int:id> {id:1}", // the default rule lacks POST
			"GET /region/1", "308 /region/",
		}},
		{[]any{testRoute{Rule: "/region/", Endpoint: "r", Methods: "GET,POST", Defaults: id1}, testRoute{Rule: "/region/<int:id>", Endpoint: "r", Methods: "GET,POST"}}, []string{
			"POST /region/1", "308 /region/",
		}},
		{[]any{testRoute{Rule: "/<cat>", Endpoint: "c", Defaults: page1}, testRoute{Rule: "/<cat>/page/<int:page>", Endpoint: "c"}}, []string{
			"/foo bar/page/1", "308 /foo bar",
		}},
		{[]any{testRoute{Rule: "/d", Defaults: map[string]any{"x": "q"}}}, []string{"/d", "/d {x:q}"}},
		// redirect_to, alias and build_only have no counterpart: a handler that
		// calls c.RedirectTo says the same.
	})
}

// The Location of a redirect. Flask's is absolute, made from the Host header;
// ours names no host, so the rows on Host, scheme and port have no meaning here.
func TestRedirectLocation(t *testing.T) {
	for _, tt := range []struct{ root, path, query, want string }{
		{"", "/projects/", "", "/projects/"},
		{"", "/projects/", "x=1&y=a%20b", "/projects/?x=1&y=a%20b"},
		{"/app", "/projects/", "a=1", "/app/projects/?a=1"},
		{"/app/", "/projects/", "", "/app/projects/"},
		{"/", "/p/", "", "/p/"},
		{"", "/öäü/", "", "/%C3%B6%C3%A4%C3%BC/"},
		{"", "/a b/", "x=%C3%B6", "/a%20b/?x=%C3%B6"},
		{"", "/a%;:@&=+$,/", "", "/a%25;:@&=+$,/"},
		{"", `/\evil.com/`, "", "/%5Cevil.com/"},
		{"", "//evil.com/", "", "/evil.com/"},
		{"//evil.com", "//evil.com/", "", "/evil.com/evil.com/"},
		{"", "evil.com", "", "/evil.com"},
	} {
		if got := redirectLocation(tt.root, tt.path, tt.query); got != tt.want {
			t.Errorf("redirectLocation(%q, %q, %q) = %q, want %q", tt.root, tt.path, tt.query, got, tt.want)
		}
	}
}

// §4
func TestMethods(t *testing.T) {
	checkRouting(t, []routingRow{
		{rules("/g"), []string{
			"HEAD /g", "/g",
			"OPTIONS /g", "/g options",
			"POST /g", "405 GET, HEAD, OPTIONS",
			"DELETE /g", "405 GET, HEAD, OPTIONS",
			"FOO /g", "405 GET, HEAD, OPTIONS",
			"get /g", "/g", // compared in upper case
		}},
		{rules("POST /p"), []string{
			"GET /p", "405 OPTIONS, POST",
			"HEAD /p", "405 OPTIONS, POST",
			"OPTIONS /p", "/p options",
		}},
		{rules("OPTIONS /o"), []string{"OPTIONS /o", "/o", "GET /o", "405 OPTIONS"}},
		{rules("HEAD /h"), []string{"GET /h", "405 HEAD, OPTIONS"}},
		{[]any{testRoute{Rule: "/n", NoOptions: true}}, []string{"OPTIONS /n", "405 GET, HEAD"}},
		{rules("/two", "PUT /two"), []string{
			"GET /two", "/two",
			"PUT /two", "/two",
			"DELETE /two", "405 GET, HEAD, OPTIONS, PUT",
			"OPTIONS /two", "/two options",
		}},
		{rules("/g"), []string{"OPTIONS /x", "404", "POST /x", "404"}},
		// methods=[] has no counterpart (none means GET), nor required_methods
		// (no view attributes); a rule without a view, or a view that does not take
		// the rule's variables, cannot be written in Go.
	})
	rt := testRouter(t, "/two", "PUT /two", "/<s>", "POST /x/")
	for path, want := range map[string]string{"/two": "GET, HEAD, OPTIONS, PUT", "/x": "GET, HEAD, OPTIONS", "/x/": "OPTIONS, POST", "/a/b": ""} {
		if got := strings.Join(rt.allowed(path), ", "); got != want {
			t.Errorf("allowed(%q) = %s, want %s", path, got, want)
		}
	}
}

// The default of a variable that the rule holds goes before the path's text.
func TestMatchValues(t *testing.T) {
	rt := testRouter(t,
		testRoute{Rule: "/<int:i>/<s>/<float:f>", Defaults: map[string]any{"page": 3, "name": "x", "big": uint64(1 << 63)}})
	m := rt.match("GET", "/007/8/1.5")
	for _, tt := range []struct {
		name string
		text string
		n    int
		ok   bool
	}{
		{"i", "007", 7, true},
		{"s", "8", 0, false}, // a string, whatever it looks like
		{"f", "1.5", 0, false},
		{"page", "3", 3, true},
		{"name", "x", 0, false},
		{"big", "9223372036854775808", 0, false},
		{"other", "", 0, false},
	} {
		text, _ := m.param(tt.name)
		if text != tt.text {
			t.Errorf("param(%q) = %q, want %q", tt.name, text, tt.text)
		}
		if n, ok := m.int(tt.name); n != tt.n || ok != tt.ok {
			t.Errorf("int(%q) = %d, %v, want %d, %v", tt.name, n, ok, tt.n, tt.ok)
		}
	}
}
