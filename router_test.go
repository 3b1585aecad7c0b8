package hipflask

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
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
		return show(rt.match("GET", "", request))
	}
	return show(rt.match(method, "", "/"+path))
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
			"/" + aUUID, "/<uuid:u> {u:" + strings.ToLower(aUUID) + "}",
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
		{rules("/<x>.txt", "/a<x>-<y>"), []string{"/a1-2.txt", "/a<x>-<y> {x:1 y:2.txt}"}}, // more literal runs before longer ones
		// Not in the table: Flask's own tutorial, which httprouter refuses.
		{rules("/", "GET,POST /create", "GET,POST /<int:id>/update", "POST /<int:id>/delete"), []string{
			"/create", "/create",
			"/5/update", "/<int:id>/update {id:5}",
			"GET /5/delete", "405 OPTIONS, POST",
			"/create/update", "404",
		}},
		// Signs that mean something to httprouter mean nothing in a rule.
		{rules("/a:b", "/a*b", "/:x:/<y>", "/<z>"), []string{
			"/a:b", "/a:b",
			"/a*b", "/a*b",
			"/:x:/1", "/:x:/<y> {y:1}",
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
			value := text
			if tt.converter == "uuid" {
				value = strings.ToLower(text) // either case is one value
			}
			if got, want := get(rt, "/x/"+text), rule+" {v:"+value+"}"; got != want {
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
		// Flask lets the HEAD and OPTIONS that come by themselves hide a later
		// route of that method. Here the one that was written goes first.
		{rules("/own/<a>", "OPTIONS /own/<b>", "HEAD /own/<c>"), []string{
			"OPTIONS /own/x", "/own/<b> {b:x}",
			"HEAD /own/x", "/own/<c> {c:x}",
			"GET /own/x", "/own/<a> {a:x}",
			"PUT /own/x", "405 GET, HEAD, OPTIONS",
		}},
		// methods=[] has no counterpart (none means GET), nor required_methods
		// (no view attributes); a rule without a view, or a view that does not take
		// the rule's variables, cannot be written in Go.
	})
	rt := testRouter(t, "/two", "PUT /two", "/<s>", "POST /x/")
	for path, want := range map[string]string{"/two": "GET, HEAD, OPTIONS, PUT", "/x": "GET, HEAD, OPTIONS", "/x/": "OPTIONS, POST", "/a/b": ""} {
		if got := strings.Join(rt.match("no method", "", path).allow, ", "); got != want {
			t.Errorf("allowed(%q) = %s, want %s", path, got, want)
		}
	}
}

// TestOptionsWithoutSlash: Flask's Allow is empty there, though GET is answered.
func TestOptionsWithoutSlash(t *testing.T) {
	app, _ := newTestApp(t)
	app.Route("/ns/", sayOK, "GET", "POST").StrictSlashes(false)
	app.Get("/leaf", sayOK).StrictSlashes(false)
	for path, want := range map[string]string{
		"/ns": "GET, HEAD, OPTIONS, POST", "/ns/": "GET, HEAD, OPTIONS, POST", "//ns": "GET, HEAD, OPTIONS, POST",
		"/leaf": "GET, HEAD, OPTIONS", "/leaf/": "GET, HEAD, OPTIONS",
	} {
		if w := ask(app, "OPTIONS", path); w.Code != 200 || w.Header().Get("Allow") != want {
			t.Errorf("OPTIONS %s: got %d, Allow: %s; want 200, %s", path, w.Code, w.Header().Get("Allow"), want)
		}
	}
	if w := ask(app, "DELETE", "/ns"); w.Code != 404 { // as in Flask
		t.Errorf("DELETE /ns: got %d, want 404", w.Code)
	}
}

// What a handler reads: texts, ints, and the defaults of the route.
func TestMatchValues(t *testing.T) {
	rt := testRouter(t,
		testRoute{Rule: "/<int:i>/<s>/<float:f>", Defaults: map[string]any{"page": 3, "name": "x", "big": uint64(1 << 63)}})
	m := rt.match("GET", "", "/007/8/1.5")
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

func TestRuleErrors(t *testing.T) {
	converters := map[string]func(ConverterArgs) (Converter, error){
		"slug": func(args ConverterArgs) (Converter, error) { return nil, errors.New("hipflask: slug is broken") },
		"none": func(args ConverterArgs) (Converter, error) { return nil, nil },
	}
	many := strings.Builder{}
	for i := range 33 {
		fmt.Fprintf(&many, "/<v%d>", i)
	}
	for _, tt := range []struct{ rule, want string }{
		{"foo", `rule "foo" must start with a slash`},
		{"", `rule "" must start with a slash`},
		{"/<x", `rule "/<x" is malformed at "<x" (byte 1): a variable is written <name>, <converter:name> or <converter(arguments):name>`},
		{"/a/<int:>", `rule "/a/<int:>" is malformed at "<int:>" (byte 3): a variable is written <name>, <converter:name> or <converter(arguments):name>`},
		{"/<1x>", `rule "/<1x>" is malformed at "<1x>" (byte 1): a variable is written <name>, <converter:name> or <converter(arguments):name>`},
		{"/post/{id}", `rule "/post/{id}": a variable is written <id> here, not {id}`},
		{"/files/{path...}", `rule "/files/{path...}": a variable is written <path> here, not {path...}`},
		{"/post/:id/edit", `rule "/post/:id/edit": a variable is written <id> here, not :id`},
		{"/<id:int>", `rule "/<id:int>": the converter stands before the name: <int:id>`},
		{"/<nope:x>", `rule "/<nope:x>": there is no converter "nope"; did you mean "none"? There are any, default, float, int, none, path, slug, string, uuid. App.Converter adds one, and goes before the rules that use it`},
		{"/<integer:x>", `rule "/<integer:x>": there is no converter "integer"; did you mean "int"? There are any, default, float, int, none, path, slug, string, uuid. App.Converter adds one, and goes before the rules that use it`},
		{"/<a>/<int:a>", `rule "/<a>/<int:a>" has two variables named "a"; give each its own name`},
		{many.String(), `rule "` + many.String() + `" has 33 variables; 32 is the most`},
		{strings.Repeat("/:", 201), `rule "` + strings.Repeat("/:", 201) + `" has 201 parts; 200 is the most`},
		{"/<slug:x>", `slug is broken`},
		{"/<none:x>", `rule "/<none:x>": converter none: its function made no converter`},
		{"/<int(min=x):i>", `rule "/<int(min=x):i>": converter int: argument min must be a whole number, not "x"`},
		{"/<int(mni=1):i>", `rule "/<int(mni=1):i>": converter int: there is no argument mni; it takes fixed_digits, max, min, signed`},
		{"/<int(signed=yes):i>", `rule "/<int(signed=yes):i>": converter int: argument signed must be True or False, not "yes"`},
		{"/<int(min=2,max=1):i>", `rule "/<int(min=2,max=1):i>": converter int: no number fits these arguments`},
		{"/<int(min=2,min=1):i>", `rule "/<int(min=2,min=1):i>": converter int: argument min is given twice`},
		{"/<float(min=nan):f>", `rule "/<float(min=nan):f>": converter float: no number fits these arguments`},
		{"/<string(length=0):s>", `rule "/<string(length=0):s>": converter string: lengths start at 1, and the longest is not below the shortest`},
		{"/<path(length=2):p>", `rule "/<path(length=2):p>": converter path: there is no argument length; it takes none`},
		{"/<any():p>", `rule "/<any():p>": converter any: it needs words to choose from, as in any(about, help)`},
		{`/<any("a/b"):p>`, `rule "/<any(\"a/b\"):p>": converter any: "a/b" has a slash, and any matches one part`},
		{"/<any(a b):p>", `rule "/<any(a b):p>": converter any: cannot read its arguments at "a b": write them as name=value or "text", with commas between`},
		// Flask takes arguments by position too; here they need their names.
		{"/<int(4):i>", `rule "/<int(4):i>": converter int: argument "4" needs a name; it takes fixed_digits, max, min, signed`},
		{"/<string(maxlength=2000):a>-<b>", `rule "/<string(maxlength=2000):a>-<b>": "<[^/]{1,2000}>-<[^/]+>" cannot be matched beside another variable: error parsing regexp: invalid repeat count: ` + "`{1,2000}`"},
	} {
		r, err := parseRule(tt.rule, converters)
		if err == nil {
			t.Errorf("parseRule(%q) = %v, want an error", tt.rule, r)
		} else if got := strings.TrimPrefix(err.Error(), "hipflask: "); got != tt.want {
			t.Errorf("parseRule(%q)\n  got  %s\n  want %s", tt.rule, got, tt.want)
		}
	}
}

// Flask 3.1 lets the first of two such rules win, silently; the next Flask
// raises DuplicateRuleError. A page that can never answer is a mistake: an error.
func TestSamePaths(t *testing.T) {
	same := func(method, first, second string) string {
		return "hipflask: two routes match the same paths for " + method + ":\n\t" + first + "\n\t" + second +
			"\nonly the first would ever answer; change a rule or its methods"
	}
	for _, tt := range []struct {
		rules []any
		want  string
	}{
		{rules("/a", "/a"), same("GET", "GET /a (main.view0, main.go:1)", "GET /a (main.view1, main.go:2)")},
		{rules("/<a>/x", "GET,POST /<b>/x"), same("GET", "GET /<a>/x (main.view0, main.go:1)", "GET,POST /<b>/x (main.view1, main.go:2)")},
		{rules("POST /<int:a>", "/x", "POST /<int(max=5):b>"), same("POST", "POST /<int:a> (main.view0, main.go:1)", "POST /<int(max=5):b> (main.view2, main.go:3)")},
		{rules("/a//b", "/a/b"), same("GET", "GET /a//b (main.view0, main.go:1)", "GET /a/b (main.view1, main.go:2)")},
		{rules("/a", "/a", "/b", "/b"), same("GET", "GET /a (main.view0, main.go:1)", "GET /a (main.view1, main.go:2)") + "\n" +
			same("GET", "GET /b (main.view2, main.go:3)", "GET /b (main.view3, main.go:4)")},
		{rules("/a", "POST /a", "/a/", "/<string(length=1):x>", "/<x>", "/<int:i>"), ""},
		{rules("/a", "HEAD /a", "OPTIONS /a"), ""},
	} {
		routes, err := testRoutes(nil, tt.rules...)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if _, err := newRouter(routes); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("rules %v\n  got  %s\n  want %s", tt.rules, got, tt.want)
		}
	}
}

// hexConverter is a converter of a user's own: 0x2a is 42, and 0xff has no page.
type hexConverter struct{ digits int }

func (h hexConverter) Match(text string) (bool, error) {
	if !strings.HasPrefix(text, "0x") || len(text) != 2+h.digits {
		return false, nil
	}
	n, err := strconv.ParseUint(text[2:], 16, 64)
	if err == nil && n == 255 {
		err = errors.New("255 has no page")
	}
	return true, err
}

func (h hexConverter) Text(value any) (string, error) {
	n, ok := value.(int)
	if !ok {
		return "", fmt.Errorf("%v is not an int", value)
	}
	return fmt.Sprintf("0x%0*x", h.digits, n), nil
}

func (h hexConverter) Weight() int { return 40 }

func newHexConverter(args ConverterArgs) (Converter, error) {
	digits, err := args.Int("digits", 2)
	return hexConverter{digits}, err
}

func TestOwnConverter(t *testing.T) {
	app := New("test")
	app.Converter("hex", newHexConverter)
	app.Converter("float", newHexConverter) // takes a built-in name over
	routes, err := testRoutes(app.converters, "/<hex:n>", "/<hex(digits=4):n>", "/<int:i>", "/<s>", "/at/<hex:x>,<hex:y>",
		testRoute{Rule: "/f/", Endpoint: "f", Defaults: map[string]any{"f": 1}}, testRoute{Rule: "/f/<float:f>", Endpoint: "f"})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := newRouter(routes)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, want string }{
		{"/0x2a", "/<hex:n> {n:0x2a}"},
		{"/0x002a", "/<hex(digits=4):n> {n:0x002a}"},
		{"/0xff", "404"},
		{"/0xzz", "404"},
		{"/0x2", "/<s> {s:0x2}"},
		{"/7", "/<int:i> {i:7}"},
		{"/at/0x01,0x02", "/at/<hex:x>,<hex:y> {x:0x01 y:0x02}"},
		{"/at/0x01,2", "404"},
		{"/f/0x02", "/f/<float:f> {f:0x02}"},
		{"/f/0x01", "308 /f/"}, // compared as texts
	} {
		if got := get(rt, tt.path); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.path, got, tt.want)
		}
	}
	got, err := buildPath(rt, "/<hex:n>", urlValues{list: []urlValue{{"n", 42}}})
	if got != "/0x2a" || err != nil {
		t.Errorf("built %q, %v, want /0x2a", got, err)
	}
}

// A function literal has no endpoint: its routes have nothing in common.
func TestNoEndpoint(t *testing.T) {
	routes, err := testRoutes(nil, testRoute{Rule: "/a/", Defaults: map[string]any{"n": 1}}, "/a/<int:n>")
	if err != nil {
		t.Fatal(err)
	}
	routes[0].endpoint, routes[1].endpoint = "", ""
	rt, err := newRouter(routes)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := get(rt, "/a/1"), "/a/<int:n> {n:1}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, endpoint := range []string{"", "x"} {
		_, err := buildPath(rt, endpoint, urlValues{})
		want := fmt.Sprintf("hipflask: cannot build a URL for endpoint %q: there is no such endpoint", endpoint)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestConverterArgsZero(t *testing.T) {
	if conv, err := newHexConverter(ConverterArgs{}); conv != (hexConverter{2}) || err != nil {
		t.Errorf("got %v, %v, want the default", conv, err)
	}
}

func TestConverterPanics(t *testing.T) {
	app := New("test")
	for _, tt := range []struct {
		call func()
		want string
	}{
		{func() { app.Converter("a-b", newHexConverter) }, `hipflask: Converter: "a-b" is no name for a converter: a rule could not say it. Use letters, digits and underscores`},
		{func() { app.Converter("hex", nil) }, `hipflask: Converter "hex": the function is nil`},
		{func() { app.setupEnded.Store(true); app.Converter("hex", newHexConverter) }, `hipflask: Converter was called after setup ended`},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, tt.want) {
					t.Errorf("panic\n  got  %s\n  want %s", got, tt.want)
				}
			}()
			tt.call()
		}()
	}
}

func TestRoutes(t *testing.T) {
	app := testApp(t, testRoute{Rule: "/b/<int:i>", Endpoint: "b", Methods: "POST,GET"}, testRoute{Rule: "/a", Endpoint: "a", NoOptions: true})
	got := fmt.Sprintf("%+v", app.Routes())
	want := "[{Rule:/b/<int:i> Endpoint:b Methods:[GET HEAD OPTIONS POST] Handler:main.view0 Host: Arguments:[i]} {Rule:/a Endpoint:a Methods:[GET HEAD] Handler:main.view1 Host: Arguments:[]}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// No path leads from a redirect of ours to another site. A browser reads a
// backslash as a slash, and drops tabs and line ends.
func TestRedirectStaysHere(t *testing.T) {
	hosts := []string{"//evil.com", `/\evil.com`, `\\evil.com`, `\/evil.com`, "///evil.com", "////evil.com", "/\t/evil.com", "/\n//evil.com",
		"/\x00/evil.com", "//evil.com//", `/\/\evil.com/`, "/evil.com//..", "//evil.com/..//", "/.//evil.com", "/%5cevil.com", "/%2f/evil.com",
		"https:evil.com", "https://evil.com", "/https://evil.com", "javascript:alert(1)", "/;@evil.com", "//user@evil.com", "/\u2028/evil.com", "//[::1]", "/?//evil.com", "/#//evil.com"}
	shapes := []any{
		"/<x>/", "/<x>/<y>/", "/<path:p>/", "/<x>/<path:p>/", "/a<x>/", "/<x>.<y>/", "/<x>/b", "/<path:p>/edit/",
		testRoute{Rule: "/<x>/d", Endpoint: "d", Defaults: map[string]any{"n": 1}}, testRoute{Rule: "/<x>/d/<int:n>", Endpoint: "d"},
		testRoute{Rule: "/<path:p>/e", Endpoint: "e", Defaults: map[string]any{"n": 1}}, testRoute{Rule: "/<path:p>/e/<int:n>", Endpoint: "e"},
	}
	redirects := 0
	for _, shape := range append([]any{shapes}, shapes...) {
		all, ok := shape.([]any)
		if !ok {
			all = []any{shape}
		}
		rt := testRouter(t, all...)
		for _, host := range hosts {
			for _, tail := range []string{"", "/", "/b", "//b", "/edit", "/d/1", "/e/1", "/..", "/x.y"} {
				m := rt.match("GET", "", host+tail)
				if m.redirect == "" {
					continue
				}
				redirects++
				for _, root := range []string{"", "/", "/app", "//evil.com", `\\evil.com`} {
					location := redirectLocation(root, m.redirect, "")
					if !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.ContainsAny(location, "\\\t\r\n\x00") {
						t.Errorf("rule %v: %q redirects to %q", shape, host+tail, location)
					}
				}
			}
		}
	}
	if redirects < 500 {
		t.Errorf("only %d redirects seen", redirects)
	}
}

// A guard that compares paths sees what the router sees: one decoding, no case
// folding, no cleaning.
func TestNoSecondSpelling(t *testing.T) {
	rt := testRouter(t, "/admin/x", "/admin/<name>")
	for path, want := range map[string]string{
		"/ADMIN/x": "404", "/admin%2fx": "404", "/./admin/x": "404", "/a/../admin/x": "404", "/admin/x/": "404", "/admin/x ": "/admin/<name> {name:x }",
		"//admin//x": "308 /admin/x",
	} {
		if got := get(rt, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// FuzzRule: a rule is refused with an error that names it, or it prints and
// parses again to the same, and matches and builds without a panic.
func FuzzRule(f *testing.F) {
	for _, seed := range []string{"/", "/a/<b>", "/<path:p>/c/", "/v<int:a>.<int:b>", `/<any(about, "foo,bar", 'x y'):n>`, "/<int(min=1,max=9):i>",
		"/<string(minlength=2,maxlength=3):s>", "/<float(signed=True):f>-<uuid:u>", "/a//b", "/User:<u>", "/*/:x:", "/<x", "foo", "/<nope:x>", "/<a>/<a>", "/é x/<n>", "/<int(fixed_digits=4):n>"} {
		f.Add(seed, "/a/b")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		r, err := parseRule(text, nil)
		if err != nil {
			if !strings.Contains(err.Error(), fmt.Sprintf("rule %q", text)) {
				t.Fatalf("the error does not name rule %q: %v", text, err)
			}
			return
		}
		var printed strings.Builder
		for _, p := range r.pieces {
			if printed.WriteString(p.literal); p.v != nil {
				printed.WriteString("<" + p.v.spec + ":" + p.v.name + ">")
			}
		}
		again, err := parseRule(printed.String(), nil)
		if err != nil {
			t.Fatalf("rule %q prints as %q: %v", text, printed.String(), err)
		}
		for i, p := range r.parts {
			if again.parts[i].key != p.key {
				t.Fatalf("rule %q, part %d: %q became %q", text, i, p.key, again.parts[i].key)
			}
		}
		for _, lenient := range []bool{false, true} {
			rt, err := newRouter([]*Route{{rule: r, methods: []string{"GET"}, endpoint: "e", lenient: lenient}})
			if err != nil {
				t.Fatal(err)
			}
			if m := rt.match("GET", "", path); m.route != nil && len(m.values) != len(r.vars) {
				t.Fatalf("rule %q, path %q: %d values", text, path, len(m.values))
			} else if m.redirect != "" && rt.match("GET", "", m.redirect).redirect == m.redirect {
				t.Fatalf("rule %q, path %q: redirects to itself", text, path)
			}
		}
	})
}

// The same over a real connection, with what a client may put in a request line.
func TestRedirectOverTheWire(t *testing.T) {
	app := New("test")
	page := func(c *Context) error { return c.Text("here") }
	app.Get("/<x>/", page)
	app.Get("/<x>/<y>/", page).Name("two")
	app.Get("/p/<path:x>/", page).Name("path")
	server := httptest.NewServer(app)
	defer server.Close()
	for _, tt := range []struct{ target, status, location string }{
		{"//evil.com", "308", "/evil.com/"},
		{`/\evil.com`, "308", "/%5Cevil.com/"},
		{"/%5cevil.com", "308", "/%5Cevil.com/"},
		{"/%09/evil.com", "308", "/%09/evil.com/"},
		{"/%2f/evil.com", "308", "/evil.com/"},
		{"//evil.com/%2e%2e", "308", "/evil.com/../"},
		{"///evil.com//x?q=//evil.com", "308", "/evil.com/x/?q=//evil.com"},
		{"/p//evil.com", "308", "/p/evil.com/"},
		{"/p/%2f%2fevil.com", "308", "/p/evil.com/"},
		{"/p/a//evil.com", "308", "/p/a//evil.com/"},
		{"http://evil.com/x", "308", "/x/"},
		{"//evil.com/", "200", ""},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n", tt.target)
		reply, err := io.ReadAll(conn)
		conn.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, status, _ := strings.Cut(string(reply), " ")
		location := ""
		if _, after, ok := strings.Cut(string(reply), "\r\nLocation: "); ok {
			location, _, _ = strings.Cut(after, "\r\n")
		}
		if got := status[:3]; got != tt.status || location != tt.location {
			t.Errorf("%s: got %s, Location %q, want %s, %q", tt.target, got, location, tt.status, tt.location)
		}
	}
}

// One router serves all requests.
func TestMatchConcurrently(t *testing.T) {
	rt := testRouter(t, "/create", "/<int:id>/update", "/wiki/<path:p>/", "/<a>.<b>", "/<s>")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 200 {
				for path, want := range map[string]string{
					"/create":                     "/create",
					fmt.Sprintf("/%d/update", i):  fmt.Sprintf("/<int:id>/update {id:%d}", i),
					fmt.Sprintf("/wiki/%d/x", i):  fmt.Sprintf("308 /wiki/%d/x/", i),
					fmt.Sprintf("/wiki/%d/x/", i): fmt.Sprintf("/wiki/<path:p>/ {p:%d/x}", i),
					fmt.Sprintf("/%d.txt", i):     fmt.Sprintf("/<a>.<b> {a:%d b:txt}", i),
					fmt.Sprintf("/n%d", i):        fmt.Sprintf("/<s> {s:n%d}", i),
				} {
					if got := get(rt, path); got != want {
						t.Errorf("%s: got %s, want %s", path, got, want)
					}
				}
			}
		})
	}
	group.Wait()
}

// httprouter counts parameters in a byte; a literal with a colon is one to it.
func TestLongestRule(t *testing.T) {
	rule := strings.Repeat("/:", maxParts-maxVariables)
	for i := range maxVariables {
		rule += fmt.Sprintf("/<v%d>", i)
	}
	path := strings.Repeat("/:", maxParts-maxVariables) + strings.Repeat("/x", maxVariables)
	m := testRouter(t, rule).match("GET", "", path)
	if m.route == nil || len(m.values) != maxVariables {
		t.Errorf("got %s", show(m))
	}
}

// buildPath builds the path of an endpoint.
func buildPath(rt *router, endpoint string, u urlValues) (string, error) {
	t := rt.choose(endpoint, &u)
	if t == nil {
		return "", rt.buildError(endpoint, u.method, u.names())
	}
	return t.build(endpoint, u, "", "")
}
