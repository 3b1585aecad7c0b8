package hipflask

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// sayMatch answers with the endpoint and the variables.
func sayMatch(c *Context) error {
	text := c.Route().Endpoint()
	for _, v := range c.Route().rule.vars {
		text += " " + v.name + "=" + c.Param(v.name)
	}
	return c.Text(text)
}

// askHost returns status and body, Location or Allow.
func askHost(app *App, method, host, target string) string {
	r := httptest.NewRequest(method, target, nil)
	r.Host = host
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	switch {
	case w.Header().Get("Location") != "":
		return fmt.Sprint(w.Code, " ", w.Header().Get("Location"))
	case w.Code == 404:
		return "404"
	case w.Code == 405:
		return "405 " + w.Header().Get("Allow")
	}
	return fmt.Sprint(w.Code, " ", w.Body)
}

type hostRow struct{ request, want string } // "GET host /path"

func checkHosts(t *testing.T, app *App, rows []hostRow) {
	t.Helper()
	for _, tt := range rows {
		f := strings.Fields(tt.request)
		if got := askHost(app, f[0], f[1], f[2]); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.request, got, tt.want)
		}
	}
}

// TestHost: flask-behaviour §16, and Flask 3.1.3 asked for the rest.
func TestHost(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", sayMatch).Host("A.test").Name("a")
	app.Get("/", sayMatch).Host("<n>.b.test").Name("b")
	app.Get("/", sayMatch).Host("v<int:major>-<name>.b.test").Name("version")
	app.Get("/max", sayMatch).Host("<int(max=5):i>.c.test").Name("max")
	app.Post("/o", sayMatch).Host("a.test").Name("o1")
	app.Get("/o", sayMatch).Host("<n>.test").Name("o2")
	app.Get("/user/<name>", sayMatch).Host("<n>.b.test").Name("user")
	app.Get("/s/", sayMatch).Host("a.test").Name("s")
	app.Get("/any", sayMatch).Name("any")
	app.Get("/o", sayMatch).Name("o3")
	checkHosts(t, app, []hostRow{
		{"GET a.test /", "200 a"},
		{"GET A.TEST /", "200 a"},
		{"GET x.b.test /", "200 b n=x"},
		{"GET x.y.b.test /", "200 b n=x.y"},
		{"GET .b.test /", "404"},
		{"GET ...b.test /", "404"}, // n would be ".."
		{"GET x..b.test /", "404"},
		{"GET x.b.test.. /", "404"},
		{"GET .. /any", "200 any"},
		{"GET b.test /", "404"},
		{"GET v3-beta.b.test /", "200 version major=3 name=beta"}, // more literal text goes first
		{"GET vx-beta.b.test /", "200 b n=vx-beta"},
		{"GET 5.c.test /max", "200 max i=5"},
		{"GET 6.c.test /max", "404"},
		{"GET c.test /", "404"}, // a host that nobody has
		{"GET x.b.test /user/y", "200 user name=y n=x"},
		// Where the host's own routes do not fit, those of a wider one may.
		{"POST a.test /o", "200 o1"},
		{"GET a.test /o", "200 o2 n=a"},
		{"GET other /o", "200 o3"},
		{"PUT a.test /o", "405 GET, HEAD, OPTIONS, POST"},
		{"PUT x.test /o", "405 GET, HEAD, OPTIONS"},
		{"GET a.test /s?x=1", "308 /s/?x=1"},
		{"GET a.test //s//", "308 /s/"},
		{"GET b.test /s", "404"},
		// Flask gives no rule without a host to anybody, and compares the port.
		{"GET a.test /any", "200 any"},
		{"GET whatever /any", "200 any"},
		{"GET a.test:5000 /", "200 a"},
		{"GET a.test. /", "200 a"},
		{"GET a_b<> /any", "200 any"},
		{"GET a_b<> /", "404"},
	})
}

func TestHostURLs(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", sayMatch).Host("a.test").Name("a")
	app.Get("/x", sayMatch).Host("<n>.b.test").Name("b")
	app.Get("/any", sayMatch).Name("any")
	for _, tt := range []struct {
		host     string
		endpoint string
		values   []any
		want     string
	}{
		{"a.test", "a", nil, "/"},
		{"A.test", "a", nil, "/"},
		{"a.test", "b", []any{"n", "x"}, "http://x.b.test/x"},
		{"a.test", "b", []any{"n", "X", "q", 1, "_anchor", "t"}, "http://x.b.test/x?q=1#t"},
		{"x.b.test", "b", []any{"n", "x"}, "/x"},
		{"x.b.test", "b", []any{"n", "y"}, "http://y.b.test/x"},
		{"x.b.test", "a", []any{"_external", false}, "http://a.test/"},
		{"x.b.test", "a", []any{"_scheme", "https"}, "https://a.test/"},
		{"x.b.test", "a", []any{"_scheme", ""}, "//a.test/"},
		{"a.test", "a", []any{"_external", true}, "http://a.test/"},
		{"x.b.test", "any", nil, "/any"},
		// The port is that of the request.
		{"a.test:5000", "a", nil, "/"},
		{"a.test:5000", "b", []any{"n", "x"}, "http://x.b.test:5000/x"},
		{"no host <>", "a", nil, "http://a.test/"},
		// No value makes another host than the pattern allows.
		{"a.test", "b", nil, `error: cannot build a URL for endpoint "b": its rule /x needs the missing values ["n"]`},
		{"a.test", "b", []any{"n", "evil.com/"}, `error: cannot build a URL for endpoint "b": its values make "evil.com/.b.test", which is no host`},
		{"a.test", "b", []any{"n", "evil.com?"}, `error: cannot build a URL for endpoint "b": its values make "evil.com?.b.test", which is no host`},
		{"a.test", "b", []any{"n", ".."}, `error: cannot build a URL for endpoint "b": its values make "...b.test", which is no host`},
		{"a.test", "b", []any{"n", "me@you"}, `error: cannot build a URL for endpoint "b": its values make "me@you.b.test", which is no host`},
	} {
		r := httptest.NewRequest("GET", "/any", nil)
		r.Host = tt.host
		if got := builtURL(app.NewContext(nil, r).URLFor(tt.endpoint, tt.values...)); got != tt.want {
			t.Errorf("at %s: %s %v: got %s, want %s", tt.host, tt.endpoint, tt.values, got, tt.want)
		}
	}
	// Outside of requests a host of its own needs no ServerName.
	if got := builtURL(app.URLFor("b", "n", "x")); got != "http://x.b.test/x" {
		t.Errorf("outside a request: got %s", got)
	}
	app.Config.ServerName = "a.test:8000"
	for _, tt := range []struct{ endpoint, want string }{{"a", "/"}, {"b", "http://x.b.test:8000/x?_=1"}} {
		values := map[string][]any{"a": {"_external", false}, "b": {"n", "x", "_", 1}}[tt.endpoint]
		if got := builtURL(app.URLFor(tt.endpoint, values...)); got != tt.want {
			t.Errorf("with a ServerName: got %s, want %s", got, tt.want)
		}
	}
}

// TestSubdomain: flask-behaviour §16, and Flask 3.1.3 asked for the rest.
func TestSubdomain(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.ServerName = "ex.test:5000"
	app.Get("/", sayMatch).Name("root")
	app.Get("/", sayMatch).Subdomain("<u>").Name("user")
	app.Get("/about", sayMatch).Name("about")
	app.Get("/s/", sayMatch).Subdomain("<u>").Name("s")
	app.Get("/", sayMatch).Host("other.test").Name("other")
	app.Get("/apex", sayMatch).Subdomain("").Name("apex")
	app.Get("/to", func(c *Context) error {
		var urls []string
		for _, values := range [][]any{{"user", "u", "bob"}, {"user", "u", "joe"}, {"root"}, {"other"}} {
			u, err := c.URLFor(values[0].(string), values[1:]...)
			if err != nil {
				return err
			}
			urls = append(urls, u)
		}
		return c.Text(strings.Join(urls, " "))
	}).Host("<any>").Name("to")
	checkHosts(t, app, []hostRow{
		{"GET ex.test:5000 /", "200 root"},
		{"GET joe.ex.test:5000 /", "200 user u=joe"},
		{"GET a.b.ex.test:5000 /", "200 user u=a.b"},
		{"GET joe.ex.test:5000 /about", "404"},
		{"GET joe.ex.test:5000 /s?x=1", "308 /s/?x=1"},
		{"GET localhost /about", "404"},
		{"GET ex.test:5000 /apex", "200 apex"},
		{"GET joe.ex.test:5000 /apex", "404"},
		{"GET other.test /", "200 other"},
		{"GET ex.test:5000 /to", "200 http://bob.ex.test:5000/ http://joe.ex.test:5000/ / http://other.test:5000/"},
		{"GET joe.ex.test:5000 /to", "200 http://bob.ex.test:5000/ / http://ex.test:5000/ http://other.test:5000/"},
		// Flask compares the port: 404.
		{"GET ex.test /about", "200 about"},
	})
	if got, want := app.Routes()[1].Host, "<u>.ex.test"; got != want {
		t.Errorf("Routes: got host %s, want %s", got, want)
	}
}

func TestHostMistakes(t *testing.T) {
	for _, tt := range []struct {
		call func(app *App)
		want string
	}{
		{func(app *App) { app.Get("/", sayOK).Host("a.test:80") }, `hipflask: Host("a.test:80"): "a.test:80" is no part of a host; give a name such as`},
		{func(app *App) { app.Get("/", sayOK).Host("http://a.test") }, `hipflask: Host("http://a.test"): "http://a.test" is no part of a host`},
		{func(app *App) { app.Get("/", sayOK).Host("") }, `hipflask: Host(""): the host is empty`},
		{func(app *App) { app.Get("/", sayOK).Host("<nope:x>.test") }, `hipflask: Host("<nope:x>.test"): hipflask: rule "<nope:x>.test"`},
		{func(app *App) { app.Get("/<x>", sayOK).Host("<x>.test") }, `hipflask: Host("<x>.test"): the rule /<x> has a variable "x", too`},
		{func(app *App) { app.Get("/", sayOK).Host("a.test").Subdomain("b") }, `hipflask: Subdomain("b"): the route has a host already`},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, tt.want) {
					t.Errorf("got panic %v\nwant      %s", got, tt.want)
				}
			}()
			app, _ := newTestApp(t)
			tt.call(app)
		}()
	}
	for _, tt := range []struct {
		call func(app *App)
		want string
	}{
		{func(app *App) { app.Get("/", sayOK).Subdomain("api") }, "hipflask: Subdomain needs Config.ServerName (SERVER_NAME)"},
		{func(app *App) { app.Get("/", sayOK).Host("a.test"); app.Get("/", sayMatch).Host("A.test") }, "hipflask: two routes match the same paths for GET:\n\tGET a.test/"},
		{func(app *App) {
			bp := NewBlueprint("bp", "/bp")
			bp.Get("/", sayOK).Host("a.test").Subdomain("b")
			app.Register(bp)
		}, "hipflask: GET a.test/bp/ ("},
		{func(app *App) { app.BuildOnly("/x") }, "hipflask: no URL can be built for a route that is for nothing else; give it a Name"},
		{func(app *App) { app.Get("/x", sayOK).Alias() }, `hipflask: an alias whose endpoint "sayOK" has no rule of its variables [] to redirect to`},
		{func(app *App) { app.Get("/<n>", sayOK); app.Get("/x", sayOK).Alias() }, `hipflask: an alias whose endpoint "sayOK" has no rule of its variables [] to redirect to`},
	} {
		app, _ := newTestApp(t)
		tt.call(app)
		if err := app.Check(); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// TestRuleKinds: flask-behaviour §3, and Flask 3.1.3 asked for the rest. Flask's
// Locations are absolute.
func TestRuleKinds(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", sayMatch).Name("index")
	app.Get("/index.html", sayMatch).Name("index").Alias()
	app.Get("/users/", sayOK).Defaults("page", 1)
	app.Get("/users/page/<int:page>", sayOK)
	app.Get("/u/<int:page>.html", sayOK).Alias()
	app.Get("/at/<n>", sayMatch).Name("home").Alias()
	app.Get("/home", sayMatch).Name("home").Host("<n>.b.test")
	app.BuildOnly("/cdn/<path:f>").Name("cdn").Host("cdn.test")
	app.BuildOnly("/bo").Name("bo")
	app.Redirect("/old/<slug>", "/foo/<slug>")
	app.Redirect("/rel/<slug>", "foo/<slug>")
	app.Redirect("/ext/<path:p>", "https://o.test/<p>?a=1").Name("ext")
	app.Redirect("/fold/<a>/", "/x%20y/<a>/é?b=<a>#c", "GET", "POST")
	app.Redirect("/int/<int:i>", "<i>")
	app.Redirect("/evil/<x>", "/<x>")
	var seen []bool
	app.BeforeRequest(func(c *Context) error { seen = append(seen, c.Route() == nil); return nil })
	checkHosts(t, app, []hostRow{
		{"GET h /index.html?x=1&y=a%20b", "308 /?x=1&y=a%20b"},
		{"OPTIONS h /index.html", "308 /"},
		{"POST h /index.html", "405 GET, HEAD, OPTIONS"},
		{"GET h /u/1.html", "308 /users/"},
		{"GET h /u/2.html?q=1", "308 /users/page/2?q=1"},
		{"GET h /u/0002.html", "308 /users/page/2"},
		{"GET h:81 /at/joe?q=1", "308 http://joe.b.test:81/home?q=1"},
		{"GET h /at/e@vil", "200 home n=e@vil"}, // makes no host, so the alias answers
		{"GET h /bo", "404"},
		{"GET cdn.test /cdn/x", "404"},
		{"GET h /old/x%20y?q=1", "308 /foo/x%20y"},
		{"GET h /rel/x", "308 /foo/x"},
		{"GET h /ext/a%20b/c?q=1", "308 https://o.test/a%20b/c?a=1"},
		{"HEAD h /old/x", "308 /foo/x"},
		{"OPTIONS h /old/x", "308 /foo/x"},
		{"POST h /old/x", "405 GET, HEAD, OPTIONS"},
		{"GET h /fold/x?q=1", "308 /fold/x/?q=1"}, // first the slash
		{"POST h /fold/x/", "308 /x%20y/x/%C3%A9?b=x#c"},
		{"GET h /int/007", "308 /7"},
		{"GET h /evil/%5Cevil.com", "308 /%5Cevil.com"},
		{"GET h /evil/evil.com%3Fa%23b", "308 /evil.com%3Fa%23b"},
	})
	if slices.Index(seen, true) < 0 || slices.Index(seen[:7], false) >= 0 {
		t.Errorf("hooks of the App run, and without a route: %v", seen)
	}
	c := app.NewContext(nil, httptest.NewRequest("GET", "http://h/", nil))
	for _, tt := range []struct {
		want   string
		values []any
	}{
		{"/", []any{"index"}}, // never the alias
		{"/bo", []any{"bo"}},
		{"http://cdn.test/cdn/a/b.js", []any{"cdn", "f", "a/b.js"}},
		{"/ext/a", []any{"ext", "p", "a"}},
	} {
		if got := builtURL(c.URLFor(tt.values[0].(string), tt.values[1:]...)); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.values, got, tt.want)
		}
	}
}

func TestRedirectBelowRoot(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.ApplicationRoot = "/app"
	app.Redirect("/old/<x>", "/new/<x>?a=%41")
	app.Redirect("/out", "HTTPS://o.test")
	checkHosts(t, app, []hostRow{{"GET h /old/1", "308 /app/new/1?a=%41"}, {"GET h /out", "308 HTTPS://o.test"}})
	for target, want := range map[string]string{
		"/new/<y>":               `the rule has no variable "y", only ["x"]`,
		"https://<x>.test/":      "a variable cannot stand in the host of a redirect",
		"http://o.test<x>/":      "a variable cannot stand in the host of a redirect",
		`https://o.test\<x>/a`:   "a variable cannot stand in the host of a redirect",
		"https://user@<x>/":      "a variable cannot stand in the host of a redirect",
		"HTTPS://<x>/":           "a variable cannot stand in the host of a redirect",
		"https://o.test/<x>/<z>": `the rule has no variable "z", only ["x"]`,
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasSuffix(got, want) {
					t.Errorf("%s: got %v, want %s", target, got, want)
				}
			}()
			app, _ := newTestApp(t)
			app.Redirect("/old/<x>", target)
		}()
	}
}

// One handler for every path, as for a page that routes by itself (Flask's
// pattern for single-page applications).
func TestCatchAll(t *testing.T) {
	app, _ := newTestApp(t)
	spa := func(c *Context) error { return c.Text("spa " + c.Param("path")) }
	app.Get("/", spa).Name("spa").Defaults("path", "")
	app.Get("/<path:path>", spa).Name("spa")
	app.Get("/api/<int:id>", sayMatch).Name("api")
	checkHosts(t, app, []hostRow{
		{"GET h /", "200 spa "},
		{"GET h /a/b", "200 spa a/b"},
		{"GET h /api/7", "200 api id=7"},
		{"GET h /api/x", "200 spa api/x"},
	})
}

// TestBlueprintSubdomain: the hosts of a blueprint's route and of a nested
// one's, as Flask 3.1.3 gives them.
func TestBlueprintSubdomain(t *testing.T) {
	type given struct{ parent, registered, rule, child, nested, childRule string }
	for _, tt := range []struct {
		given given // "-" where nothing is said
		want  string
	}{
		{given{"-", "-", "-", "-", "-", "-"}, "ex.test ex.test"},
		{given{"a", "-", "-", "-", "-", "-"}, "a.ex.test a.ex.test"},
		{given{"-", "r", "-", "-", "-", "-"}, "r.ex.test r.ex.test"},
		{given{"a", "r", "-", "-", "-", "-"}, "r.ex.test r.ex.test"},
		{given{"a", "-", "x", "-", "-", "-"}, "x.ex.test a.ex.test"},
		{given{"-", "r", "x", "-", "-", "-"}, "x.ex.test r.ex.test"},
		{given{"a", "-", "-", "b", "-", "-"}, "a.ex.test b.a.ex.test"},
		{given{"a", "-", "-", "-", "n", "-"}, "a.ex.test n.a.ex.test"},
		{given{"a", "r", "-", "b", "n", "-"}, "r.ex.test n.r.ex.test"},
		{given{"-", "-", "-", "b", "-", "-"}, "ex.test b.ex.test"},
		{given{"-", "-", "-", "-", "n", "-"}, "ex.test n.ex.test"},
		{given{"a", "-", "-", "b", "-", "x"}, "a.ex.test x.ex.test"},
		{given{"a", "-", "", "-", "-", "-"}, "ex.test a.ex.test"},
		{given{"a", "", "-", "-", "-", "-"}, "ex.test ex.test"},
		{given{"-", "<u>", "-", "-", "www", "-"}, "<u>.ex.test www.<u>.ex.test"},
		// Flask makes "b." and ".a" of these, which match no request.
		{given{"", "-", "-", "b", "-", "-"}, "ex.test b.ex.test"},
		{given{"a", "-", "-", "", "-", "-"}, "a.ex.test a.ex.test"},
	} {
		app, _ := newTestApp(t)
		app.Config.ServerName = "ex.test"
		app.Get("/apex", sayOK).Subdomain("") // as Flask's subdomain_matching
		parent, child := NewBlueprint("p", ""), NewBlueprint("c", "")
		said := func(pattern string, say func(pattern string)) {
			if pattern != "-" {
				say(pattern)
			}
		}
		said(tt.given.parent, parent.Subdomain)
		said(tt.given.child, child.Subdomain)
		rule, childRule := parent.Get("/p", sayOK), child.Get("/c", sayOK)
		said(tt.given.rule, func(s string) { rule.Subdomain(s) })
		said(tt.given.childRule, func(s string) { childRule.Subdomain(s) })
		nested := parent.Register(child)
		said(tt.given.nested, func(s string) { nested.Subdomain(s) })
		registered := app.Register(parent)
		said(tt.given.registered, func(s string) { registered.Subdomain(s) })
		if err := app.Check(); err != nil {
			t.Errorf("%q: %v", tt.given, err)
			continue
		}
		hosts := map[string]string{}
		for _, r := range app.Routes() {
			hosts[r.Rule] = cmp.Or(r.Host, "ex.test")
		}
		if got := hosts["/p"] + " " + hosts["/c"]; got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.given, got, tt.want)
		}
	}
}

func TestBlueprintHost(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.ServerName = "ex.test"
	api, docs, other := NewBlueprint("api", "/v1"), NewBlueprint("docs", "/docs"), NewBlueprint("other", "")
	api.Get("/<name>", sayMatch).Name("show")
	api.ErrorHandler(404, func(c *Context, err error) error { return c.Status(200).Text("the blueprint's 404") })
	docs.Subdomain("docs")
	docs.Get("/", func(c *Context) error {
		u, err := c.URLFor("api.show", "tenant", "ada", "name", "x")
		if err != nil {
			return err
		}
		return c.Text(u)
	}).Name("index")
	other.Host("other.test")
	other.Get("/", sayMatch).Name("index")
	api.Register(docs)
	api.Register(other)
	app.Register(api).Host("<tenant>.api.test")
	app.Get("/v1/<name>", sayMatch).Name("plain")
	checkHosts(t, app, []hostRow{
		{"GET ada.api.test:81 /v1/x", "200 api.show name=x tenant=ada"},
		{"GET ex.test /v1/x", "200 plain name=x"},
		{"GET docs.ada.api.test /v1/docs/", "200 http://ada.api.test/v1/x"}, // nested, a Subdomain goes before
		{"GET ada.api.test /v1/a/b", "200 the blueprint's 404"},
		{"GET ex.test /v1/a/b", "404"}, // not the blueprint's place
		{"GET other.test /v1/", "200 api.other.index"},
		{"GET api.test /", "404"},
	})
	for _, tt := range []struct {
		call func(app *App, bp *Blueprint)
		want string
	}{
		{func(app *App, bp *Blueprint) { app.Register(bp).Host("a.test:80") }, `hipflask: the host "a.test:80" of the blueprint "bp" (hosts_test.go:`},
		{func(app *App, bp *Blueprint) { app.Register(bp).Host("") }, `hipflask: the host "" of the blueprint "bp" (hosts_test.go:`},
		{func(app *App, bp *Blueprint) { app.Register(bp).Host("<x>.test").Prefix("/<x>") }, `hipflask: the host of GET /<x>/ (`},
		{func(app *App, bp *Blueprint) { app.Register(bp).Subdomain("api") }, "hipflask: Subdomain needs Config.ServerName (SERVER_NAME)"},
	} {
		app, _ := newTestApp(t)
		bp := NewBlueprint("bp", "")
		bp.Get("/", sayOK)
		tt.call(app, bp)
		if err := app.Check(); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}
