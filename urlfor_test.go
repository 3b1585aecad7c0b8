package hipflask

import (
	"crypto/tls"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// testApp is an App with these routes (see testRouter), as after setup.
func testApp(tb testing.TB, rules ...any) *App {
	tb.Helper()
	routes, err := testRoutes(nil, rules...)
	if err != nil {
		tb.Fatal(err)
	}
	app := New("test")
	app.routes = routes
	for _, r := range routes {
		r.owner = &app.scaffold
	}
	if app.router, err = newRouter(routes); err != nil {
		tb.Fatal(err)
	}
	app.setupOnce.Do(func() {}) // the router is all there is
	app.setupEnded.Store(true)
	return app
}

// at returns a Context of a request to app.
func at(app *App, method, target string) *Context {
	c := &Context{app: app, Request: httptest.NewRequest(method, target, nil)}
	c.match = app.router.match(method, "", c.Request.URL.Path).found
	return c
}

// shown is the URL, or the error behind "error: ".
func builtURL(url string, err error) string {
	if err != nil {
		return "error: " + strings.TrimPrefix(err.Error(), "hipflask: ")
	}
	return url
}

type userID int

type status int

func (s status) String() string { return "on hold" }

// §5, the values: in a request to /, so that endpoints are relative to the App.
func TestURLForValues(t *testing.T) {
	app := testApp(t,
		testRoute{Rule: "/", Endpoint: "index"}, testRoute{Rule: "/login", Endpoint: "login"},
		testRoute{Rule: "/user/<username>", Endpoint: "user"}, testRoute{Rule: "/p/<path:p>", Endpoint: "path"},
		testRoute{Rule: "/i/<int:i>", Endpoint: "int"}, testRoute{Rule: "/i4/<int(fixed_digits=4):i>", Endpoint: "int4"},
		testRoute{Rule: "/i59/<int(min=5,max=9):i>", Endpoint: "int59"}, testRoute{Rule: "/s2/<string(length=2):s>", Endpoint: "s2"},
		testRoute{Rule: "/any/<any(a,b):v>", Endpoint: "any"}, testRoute{Rule: "/uuid/<uuid:v>", Endpoint: "uuid"},
		testRoute{Rule: "/f/<float:v>", Endpoint: "float"}, testRoute{Rule: "/é x/<n>", Endpoint: "text"},
		testRoute{Rule: "/<s>", Endpoint: "top"})
	seven, text := 7, "x"
	var nilInt *int
	for _, tt := range []struct {
		endpoint string
		values   []any
		want     string
	}{
		{"user", []any{"username", "John Doe"}, "/user/John%20Doe"},
		{"user", []any{"username", "é"}, "/user/%C3%A9"},
		{"user", []any{"username", "a?b#c%d"}, "/user/a%3Fb%23c%25d"},
		{"user", []any{"username", "a/b"}, "/user/a/b"},
		{"user", []any{"username", "!$&'()*+,:;=@~-._"}, "/user/!$&'()*+,:;=@~-._"},
		{"user", []any{"username", "\"<>[]\\^`{|}"}, "/user/%22%3C%3E%5B%5D%5C%5E%60%7B%7C%7D"},
		{"user", []any{"username", 42}, "/user/42"},
		{"user", []any{"username", true}, "/user/true"}, // Flask: True. Go's own spelling reads back with strconv.ParseBool
		{"user", []any{"username", ""}, "/user/"},
		{"path", []any{"p", "a/b c/é"}, "/p/a/b%20c/%C3%A9"},
		{"path", []any{"p", "/lead"}, "/p//lead"},
		{"path", []any{"p", "a//b"}, "/p/a//b"},
		{"path", []any{"p", "a?b"}, "/p/a%3Fb"},
		{"int", []any{"i", 5}, "/i/5"},
		{"int", []any{"i", "5"}, "/i/5"},
		{"int", []any{"i", 5.9}, "/i/5"},
		{"int", []any{"i", -3}, "/i/-3"},
		{"int", []any{"i", true}, `error: cannot build a URL for endpoint "int": value "i" of rule /i/<int:i>: true (bool) is not a whole number`}, // Flask: 1. In Go a bool is no number
		{"int", []any{"i", "x"}, `error: cannot build a URL for endpoint "int": value "i" of rule /i/<int:i>: "x" is not a whole number`},
		{"int", []any{"i", uint8(9)}, "/i/9"},
		{"int", []any{"i", userID(9)}, "/i/9"},
		{"int", []any{"i", &seven}, "/i/7"},
		{"int", []any{"i", uint64(math.MaxUint64)}, "/i/18446744073709551615"},
		{"int", []any{"i", math.NaN()}, `error: cannot build a URL for endpoint "int": value "i" of rule /i/<int:i>: NaN (float64) is not a whole number`},
		{"int4", []any{"i", 7}, "/i4/0007"},
		{"int4", []any{"i", 12345}, "/i4/12345"},
		{"int59", []any{"i", 100}, "/i59/100"},
		{"s2", []any{"s", "abc"}, "/s2/abc"},
		{"any", []any{"v", "a"}, "/any/a"},
		{"any", []any{"v", "z"}, `error: cannot build a URL for endpoint "any": value "v" of rule /any/<any(a,b):v>: "z" is not one of ["a" "b"]`},
		{"uuid", []any{"v", "any text"}, "/uuid/any%20text"}, // as given, but percent-encoded: Werkzeug leaves the space
		{"float", []any{"v", 1}, "/f/1.0"},
		{"float", []any{"v", 1.5}, "/f/1.5"},
		{"float", []any{"v", float32(0.1)}, "/f/0.1"},
		{"float", []any{"v", "2.50"}, "/f/2.5"},
		{"float", []any{"v", 1e-05}, "/f/0.00001"}, // 3.1: 1e-05, which the converter does not match
		{"float", []any{"v", math.Inf(1)}, `error: cannot build a URL for endpoint "float": value "v" of rule /f/<float:v>: +Inf has no place in a path`},
		{"text", []any{"n", "n"}, "/%C3%A9%20x/n"},
		{"top", []any{"s", "/evil.com"}, "/evil.com"}, // one slash in front, always
		{"top", []any{"s", `\evil.com`}, "/%5Cevil.com"},

		{"index", []any{"a", 1, "b", "x y", "c", "é", "d", "a&b=c", "e", "a+b"}, "/?a=1&b=x+y&c=%C3%A9&d=a%26b%3Dc&e=a%2Bb"},
		{"index", []any{"l", []int{1, 2, 3}}, "/?l=1&l=2&l=3"},
		{"index", []any{"l", [2]int{1, 2}}, "/?l=1&l=2"},
		{"index", []any{"l", []string{}}, "/"},
		{"index", []any{"l", []any{nil, 1}}, "/?l=1"},
		{"index", []any{"n", nil}, "/"},
		{"index", []any{"n", nilInt}, "/"},
		{"index", []any{"e", ""}, "/?e="},
		{"index", []any{"b", true}, "/?b=true"}, // Flask: True, as above
		{"index", []any{"f", 1.0}, "/?f=1.0"},
		{"index", []any{"f", 1e-05}, "/?f=1e-05"},
		{"index", []any{"f", 1e16, "g", 123456789.5, "h", -0.25}, "/?f=1e%2B16&g=123456789.5&h=-0.25"},
		{"index", []any{"f", math.Inf(-1), "g", math.Inf(1), "h", math.NaN()}, "/?f=-inf&g=inf&h=nan"},
		{"index", []any{"z", 1, "a", 2, "m", 3}, "/?z=1&a=2&m=3"},
		{"index", []any{"q", "/path?x=1;y:2@,!$'()*"}, "/?q=/path?x%3D1;y:2@,!$'()*"},
		{"index", []any{"q", `~-._"<>`}, "/?q=~-._%22%3C%3E"},
		{"index", []any{"q", "%20"}, "/?q=%2520"},
		{"login", []any{"next", "/"}, "/login?next=/"},
		{"index", []any{"u", &text, "s", status(1), "d", time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), "b", []byte("x")}, "/?u=x&s=on+hold&d=2020-01-02T00:00:00Z&b=x"},
		{"index", []any{"ip", []netip.Addr{netip.MustParseAddr("::1")}}, "/?ip=::1"},
		{"index", []any{"m", map[string]int{}}, `error: cannot build a URL for endpoint "index": value "m": a map[string]int cannot be written into a URL; give a text, a number, or something with a String method`},

		{"index", []any{"_anchor", "x y"}, "/#x%20y"},
		{"index", []any{"_anchor", "a/b?c#d%é"}, "/#a/b?c#d%%C3%A9"},
		{"index", []any{"_anchor", ""}, "/#"},
		{"index", []any{"_anchor", nil}, "/"},
		{"index", []any{"_anchor", "top", "a", 1}, "/?a=1#top"},
		{"index", []any{"_external", true}, "http://example.com/"},
		{"index", []any{"_external", true, "_scheme", "https"}, "https://example.com/"},
		{"index", []any{"_scheme", "https"}, "https://example.com/"},
		{"index", []any{"_scheme", "https", "_external", false}, `error: URLFor("index"): "_scheme" asks for an external URL, but "_external" is false`},
		{"index", []any{"_scheme", ""}, "//example.com/"},
		{"index", []any{"_scheme", "ftp"}, "http://example.com/"},
		{"index", []any{"_external", "yes"}, `error: URLFor("index"): "_external" must be true or false, not yes (string)`},

		// Go's form of keyword arguments has mistakes of its own.
		{"index", []any{"a"}, `error: URLFor("index"): values are names and values in turn, but there are 1: the last, a, has no partner`},
		{"index", []any{1, "a"}, `error: URLFor("index"): value 1 must be the name of a value, a string, not 1 (int)`},
		{"index", []any{"a", 1, "a", 2}, `error: URLFor("index"): value "a" is given twice; a slice repeats a name in the query`},
	} {
		if got := builtURL(at(app, "GET", "/").URLFor(tt.endpoint, tt.values...)); got != tt.want {
			t.Errorf("URLFor(%q, %v)\n  got  %s\n  want %s", tt.endpoint, tt.values, got, tt.want)
		}
	}
}

// §5, which rule of an endpoint is built.
func TestURLForChoice(t *testing.T) {
	lang, page1 := map[string]any{"lang": "en"}, map[string]any{"page": 1}
	for _, tt := range []struct {
		rules []any
		calls []any // values, URL, values, URL ...
	}{
		{[]any{testRoute{Rule: "/hello/", Endpoint: "e"}, testRoute{Rule: "/hello/<name>", Endpoint: "e"}}, []any{
			[]any{}, "/hello/",
			[]any{"name", "x"}, "/hello/x",
			[]any{"other", 1}, "/hello/?other=1",
		}},
		{[]any{testRoute{Rule: "/z/<a>", Endpoint: "e"}, testRoute{Rule: "/z", Endpoint: "e"}, testRoute{Rule: "/z/<a>/<b>", Endpoint: "e"}}, []any{
			[]any{}, "/z",
			[]any{"a", 1}, "/z/1",
			[]any{"a", 1, "b", 2}, "/z/1/2",
			[]any{"b", 2}, "/z?b=2",
		}},
		// The first registered. Flask's decorators run bottom-up, so that its
		// stacked routes give the lowest; ours are read from top to bottom.
		{[]any{testRoute{Rule: "/y", Endpoint: "e"}, testRoute{Rule: "/w", Endpoint: "e"}}, []any{[]any{}, "/y"}},
		{[]any{testRoute{Rule: "/aa/<a>", Endpoint: "e"}, testRoute{Rule: "/bb/<b>", Endpoint: "e"}}, []any{[]any{"a", 1, "b", 2}, "/aa/1?b=2"}},
		{[]any{testRoute{Rule: "/users/", Endpoint: "e", Defaults: page1}, testRoute{Rule: "/users/page/<int:page>", Endpoint: "e"}}, []any{
			[]any{}, "/users/",
			[]any{"page", 1}, "/users/",
			[]any{"page", int64(1)}, "/users/",
			[]any{"page", 1.0}, "/users/",
			[]any{"page", nil}, "/users/",
			[]any{"page", 2}, "/users/page/2",
			[]any{"page", "1"}, "/users/page/1",
		}},
		{[]any{testRoute{Rule: "/opt", Endpoint: "e", Defaults: lang}, testRoute{Rule: "/<lang>/opt", Endpoint: "e"}}, []any{
			[]any{}, "/opt",
			[]any{"lang", "en"}, "/opt",
			[]any{"lang", "de"}, "/de/opt",
		}},
		{[]any{testRoute{Rule: "/sg", Endpoint: "e"}, testRoute{Rule: "/sp", Endpoint: "e", Methods: "POST"}}, []any{
			[]any{}, "/sg",
			[]any{"_method", "POST"}, "/sp",
			[]any{"_method", "post"}, "/sp",
		}},
		{[]any{testRoute{Rule: "/only", Endpoint: "e", Methods: "POST"}}, []any{[]any{}, "/only"}},
		{[]any{testRoute{Rule: "/c/<a>", Endpoint: "e", Defaults: map[string]any{"a": "x"}}}, []any{
			[]any{}, "/c/x",
			[]any{"a", "y"}, `error: cannot build a URL for endpoint "e": the values differ from the defaults of its rule /c/<a>`,
		}},
		// Rows about alias have no counterpart.
	} {
		app := testApp(t, tt.rules...)
		for i := 0; i < len(tt.calls); i += 2 {
			if got := builtURL(at(app, "GET", "/").URLFor("e", tt.calls[i].([]any)...)); got != tt.calls[i+1] {
				t.Errorf("rules %v, values %v\n  got  %s\n  want %s", tt.rules, tt.calls[i], got, tt.calls[i+1])
			}
		}
	}
	app := testApp(t, testRoute{Rule: "/sg", Endpoint: "e"}, testRoute{Rule: "/sp", Endpoint: "e", Methods: "POST"})
	if got := builtURL(at(app, "POST", "/").URLFor("e")); got != "/sp" {
		t.Errorf("in a POST request: got %s, want /sp", got)
	}
}

// §5, where a URL is rooted.
func TestURLForHost(t *testing.T) {
	for _, tt := range []struct {
		config  Config
		host    string // "" means outside a request
		secure  bool
		options []any
		want    string
	}{
		{Config{ApplicationRoot: "/sub/app"}, "h.example", true, nil, "/sub/app/a"},
		{Config{ApplicationRoot: "/sub/app"}, "h.example:8443", true, []any{"_external", true}, "https://h.example:8443/sub/app/a"},
		{Config{ServerName: "other.example"}, "h.example", false, []any{"_external", true}, "http://other.example/a"},
		{Config{}, "H.Example:80", false, []any{"_external", true}, "http://h.example/a"},
		{Config{}, "h.example:443", true, []any{"_external", true}, "https://h.example/a"},
		{Config{}, "h.example:443", false, []any{"_external", true}, "http://h.example:443/a"},
		{Config{}, "[::1]:5000", false, []any{"_external", true}, "http://[::1]:5000/a"},
		// Flask builds http:///a for these.
		{Config{}, "evil.com/x", false, []any{"_external", true}, `error: URLFor("a"): the request's Host "evil.com/x" is not the name of a host; Config.ServerName goes before it`},
		{Config{}, `a"b`, false, []any{"_external", true}, `error: URLFor("a"): the request's Host "a\"b" is not the name of a host; Config.ServerName goes before it`},
		{Config{}, `a"b`, false, nil, "/a"},

		{Config{ServerName: "example.com"}, "", false, nil, "http://example.com/a"},
		{Config{ServerName: "example.com"}, "", false, []any{"_external", false}, "/a"},
		{Config{ServerName: "example.com", ApplicationRoot: "/app", PreferredURLScheme: "https"}, "", false, nil, "https://example.com/app/a"},
		{Config{}, "", false, nil, `error: URLFor("a"): a URL built outside a request needs Config.ServerName (and ApplicationRoot and PreferredURLScheme where they differ from "/" and "http"); for a path alone, give "_external", false`},
		{Config{ApplicationRoot: "/app"}, "", false, []any{"_external", false}, "/app/a"}, // Flask fails without SERVER_NAME even so
	} {
		app := testApp(t, testRoute{Rule: "/a", Endpoint: "a"})
		app.Config = tt.config
		build := app.URLFor
		if tt.host != "" {
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = tt.host
			if tt.secure {
				r.TLS = &tls.ConnectionState{}
			}
			build = app.NewContext(httptest.NewRecorder(), r).URLFor
		}
		if got := builtURL(build("a", tt.options...)); got != tt.want {
			t.Errorf("%+v, host %q, %v\n  got  %s\n  want %s", tt.config, tt.host, tt.options, got, tt.want)
		}
	}
}

// §5, names that belong to the blueprint of the current route.
func TestURLForBlueprint(t *testing.T) {
	app := testApp(t,
		testRoute{Rule: "/", Endpoint: "index"}, testRoute{Rule: "/admin/", Endpoint: "admin.index"},
		testRoute{Rule: "/admin/child/", Endpoint: "admin.child.index"})
	app.routes[1].owner = &scaffold{app: app, name: "admin"}
	app.routes[2].owner = &scaffold{app: app, name: "admin.child"}
	for _, tt := range []struct{ at, endpoint, want string }{
		{"/admin/", ".index", "/admin/"},
		{"/admin/", ".child.index", "/admin/child/"},
		{"/admin/child/", ".index", "/admin/child/"},
		{"/admin/", "index", "/"},
		{"/", ".index", "/"},
		{"/nowhere", ".index", "/"},
		{"/admin/child/", "..index", `error: cannot build a URL for endpoint "admin.child..index": there is no such endpoint; did you mean "admin.child.index"?`},
	} {
		if got := builtURL(at(app, "GET", tt.at).URLFor(tt.endpoint)); got != tt.want {
			t.Errorf("at %s: URLFor(%q)\n  got  %s\n  want %s", tt.at, tt.endpoint, got, tt.want)
		}
	}
}

// §5, BuildError.
func TestBuildError(t *testing.T) {
	profile := testRoute{Rule: "/user/<username>/<int:id>", Endpoint: "profile"}
	login := testRoute{Rule: "/login", Endpoint: "login"}
	for _, tt := range []struct {
		rules     []any
		endpoint  string
		values    []any
		want      string
		suggested string
	}{
		{nil, "nope", nil, `"nope": there is no such endpoint`, ""},
		{[]any{profile}, "nope", nil, `"nope": there is no such endpoint; did you mean "profile"?`, "profile"},
		{[]any{profile, login}, "profile", nil, `"profile": its rule /user/<username>/<int:id> needs the missing values ["id" "username"]`, ""},
		{[]any{profile, login}, "profile", []any{"username", "x", "zz", 1}, `"profile": its rule /user/<username>/<int:id> needs the missing values ["id"] beside ["username" "zz"]`, ""},
		{[]any{profile, login}, "profile", []any{"username", "x", "id", nil}, `"profile": its rule /user/<username>/<int:id> needs the missing values ["id"] beside ["username"]`, ""},
		{[]any{profile, login}, "login", []any{"_method", "POST"}, `"login": it does not take POST, only GET, HEAD, OPTIONS`, ""},
		{[]any{profile, login}, "bp.login", []any{"b", 2, "a", 1}, `"bp.login": there is no such endpoint; did you mean "login"?`, "login"},
		// Of endpoints equally alike, values and method decide.
		{[]any{testRoute{Rule: "/a1", Endpoint: "edit1"}, testRoute{Rule: "/a2/<id>", Endpoint: "edit2"}}, "edit", []any{"id", 1}, `"edit": there is no such endpoint; did you mean "edit2"?`, "edit2"},
	} {
		_, err := at(testApp(t, tt.rules...), "GET", "/").URLFor(tt.endpoint, tt.values...)
		var build *BuildError
		if !errors.As(err, &build) {
			t.Errorf("%s: got %v, want a *BuildError", tt.endpoint, err)
			continue
		}
		if got, want := err.Error(), "hipflask: cannot build a URL for endpoint "+tt.want; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if build.Endpoint != tt.endpoint || build.Suggested != tt.suggested {
			t.Errorf("%s: Endpoint %q, Suggested %q, want %q", tt.endpoint, build.Endpoint, build.Suggested, tt.suggested)
		}
	}
}

func TestCheckURLFor(t *testing.T) {
	rt := testRouter(t,
		testRoute{Rule: "/", Endpoint: "index"}, testRoute{Rule: "/user/<name>", Endpoint: "user"},
		testRoute{Rule: "/users/", Endpoint: "users", Defaults: map[string]any{"page": 1}}, testRoute{Rule: "/users/<int:page>", Endpoint: "users"},
		testRoute{Rule: "/admin/", Endpoint: "admin.child.list"})
	for _, tt := range []struct {
		endpoint string
		names    []string
		want     string
	}{
		{"index", nil, ""},
		{"index", []string{"q", "_anchor"}, ""},
		{"user", []string{"name"}, ""},
		{"users", nil, ""},
		{"users", []string{"page"}, ""},
		{"user", []string{"id", "_external"}, `"user": its rule /user/<name> needs the missing values ["name"] beside ["id"]`},
		{"usr", []string{"name"}, `"usr": there is no such endpoint; did you mean "user"?`},
		{".list", nil, ""},       // in the blueprint admin.child
		{".child.list", nil, ""}, // in the blueprint admin
		{".index", nil, ""},      // outside of blueprints
		{".user", nil, ""},       // a hook or a blueprint's defaults may add the name
		{".lst", nil, `".lst": neither a blueprint nor the App has such an endpoint; did you mean ".list"?`},
		{".min.list", nil, `".min.list": neither a blueprint nor the App has such an endpoint; did you mean ".list"?`},
		{"..list", nil, `"..list": neither a blueprint nor the App has such an endpoint; did you mean ".list"?`},
	} {
		got := ""
		if err := rt.checkURLFor(tt.endpoint, tt.names); err != nil {
			got = strings.TrimPrefix(err.Error(), "hipflask: cannot build a URL for endpoint ")
		}
		if got != tt.want {
			t.Errorf("checkURLFor(%q, %q)\n  got  %s\n  want %s", tt.endpoint, tt.names, got, tt.want)
		}
	}
}

// During setup URLFor knows the routes registered so far, and does not end it.
func TestURLForDuringSetup(t *testing.T) {
	app := testApp(t, testRoute{Rule: "/a", Endpoint: "a"})
	app.router = nil
	app.setupEnded.Store(false)
	if got := builtURL(app.URLFor("a", "_external", false)); got != "/a" {
		t.Errorf("got %s, want /a", got)
	}
	if app.setupEnded.Load() {
		t.Error("URLFor ended the setup")
	}
}

func TestSimilarity(t *testing.T) {
	for _, tt := range []struct { // from Python's difflib
		a, b string
		want float64
	}{
		{"profile", "nope", 0.364}, {"login", "bp.login", 0.769}, {"abcd", "bcde", 0.75}, {"", "", 1}, {"a", "", 0},
	} {
		if got := similarity(tt.a, tt.b); math.Abs(got-tt.want) > 0.001 {
			t.Errorf("similarity(%q, %q) = %.3f, want %.3f", tt.a, tt.b, got, tt.want)
		}
	}
}

// A URL that was built for a value is matched with that value.
func FuzzMatchBuild(f *testing.F) {
	endpoints := []string{"/s/<v>", "/p/<path:v>", "/w/<path:v>/", "/i/<int(signed=True):v>", "/f/<float(signed=True):v>",
		"/pre-<v>.txt", "/e/<path:v>/edit", "/any/<any(a, b, \"x y\", 'c:d'):v>", "/<string(length=2):v>"}
	routes := make([]any, len(endpoints))
	for i, e := range endpoints {
		routes[i] = e
	}
	app := testApp(f, routes...)
	for _, seed := range []string{"John Doe", "é", "a?b#c%d", "a/b c/é", "!$&'()*+,:;=@~-._", "\"<>[]\\^`{|}", "42", "-7", "1.50", "x y", "a//b", "..", "\xff", "%2F", "ab"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, target := range app.router.targets {
			v := target.rule.vars[0]
			_, isPath := v.conv.(pathConverter)
			if fits, err := v.match(value); !fits || err != nil || !isPath && strings.Contains(value, "/") {
				continue
			}
			built, err := app.URLFor(target.endpoint, "v", value, "_external", false)
			if err != nil {
				t.Fatalf("%s: %v", target.endpoint, err)
			}
			if built[0] != '/' || len(built) > 1 && built[1] == '/' || strings.Contains(built, `\`) {
				t.Fatalf("%s: built %q", target.endpoint, built)
			}
			parsed, err := url.Parse(built)
			if err != nil || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.Host != "" {
				t.Fatalf("%s: built %q, parsed as %#v, %v", target.endpoint, built, parsed, err)
			}
			m := app.router.match(http.MethodGet, "", parsed.Path)
			if m.route != target.Route {
				if endsInSlash(target.rule, value) {
					continue
				}
				t.Fatalf("%s: built %q, which matched %s", target.endpoint, built, show(m))
			}
			if got, want := m.values[0].Value, v.canonical(string([]rune(value))); got != want {
				t.Fatalf("%s: %q came back as %q", target.endpoint, want, got)
			}
		}
	})
}

// endsInSlash: no path stands for such a value of /w/<path:v>/, in Flask either.
func endsInSlash(r *rule, value string) bool {
	return r.parts[len(r.parts)-1].isEmpty() && strings.HasSuffix(value, "/")
}

func BenchmarkURLFor(b *testing.B) {
	app := testApp(b, testRoute{Rule: "/", Endpoint: "index"}, testRoute{Rule: "/post/<int:id>", Endpoint: "post"})
	c := at(app, "GET", "/")
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.URLFor("index")
		}
	})
	b.Run("int", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.URLFor("post", "id", 1234)
		}
	})
	b.Run("query", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.URLFor("post", "id", 1234, "q", "a b", "page", 3)
		}
	})
}
