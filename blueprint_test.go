package hipflask

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

// TestPrefixJoin is flask-behaviour §16, the prefix join.
func TestPrefixJoin(t *testing.T) {
	for _, test := range []struct{ prefix, rule, want string }{
		{"", "/", "/"}, {"/", "", "/"}, {"/", "/", "/"}, {"/foo", "", "/foo"}, {"/foo/", "", "/foo/"},
		{"/foo/", "/bar", "/foo/bar"}, {"/foo/", "bar", "/foo/bar"}, {"/foo", "/bar", "/foo/bar"},
		{"/foo/", "//bar", "/foo/bar"}, {"/foo//", "/bar", "/foo/bar"}, {"/foo", "/", "/foo/"},
	} {
		app, _ := newTestApp(t)
		bp := NewBlueprint("bp", test.prefix)
		bp.Get(test.rule, sayOK)
		app.Register(bp)
		if got := app.Routes()[0].Rule; got != test.want {
			t.Errorf("prefix %q, rule %q: got %q, want %q", test.prefix, test.rule, got, test.want)
		}
		if err := app.Check(); err != nil {
			t.Errorf("prefix %q, rule %q: %v", test.prefix, test.rule, err)
		}
	}
}

// nestedApp is an App with a blueprint in a blueprint, each with two of each hook.
func nestedApp(t *testing.T) (*App, *[]string) {
	t.Helper()
	app, _ := newTestApp(t)
	trace := &[]string{}
	note := func(s string) { *trace = append(*trace, s) }
	hook := func(name string) HandlerFunc { return func(*Context) error { note(name); return nil } }
	parent, child := NewBlueprint("parent", "/parent"), NewBlueprint("child", "/child")
	for _, s := range []struct {
		name string
		on   *scaffold
	}{{"app", &app.scaffold}, {"parent", &parent.scaffold}, {"child", &child.scaffold}} {
		for i := 1; i <= 2; i++ {
			n := fmt.Sprint(s.name, "_")
			s.on.BeforeRequest(hook(fmt.Sprint(n, "before", i)))
			s.on.AfterRequest(hook(fmt.Sprint(n, "after", i)))
			s.on.Teardown(func(*Context, error) { note(fmt.Sprint(n, "td", i)) })
		}
		s.on.URLValuePreprocessor(func(*Context) { note(s.name + "_values") })
	}
	child.BeforeAppRequest(hook("wide_before"))
	child.AfterAppRequest(hook("wide_after"))
	child.TeardownAppRequest(func(*Context, error) { note("wide_td") })
	child.Get("/", func(c *Context) error {
		c.AfterThisRequest(hook("this1"))
		c.AfterThisRequest(hook("this2"))
		note("view")
		return c.Text("ok")
	}).Name("index")
	parent.Register(child)
	app.Register(parent)
	return app, trace
}

// TestBlueprintHooks is flask-behaviour §11, the order with nested blueprints. An
// after-hook recorded by a blueprint for the App stands behind the App's own, so
// it runs before them.
func TestBlueprintHooks(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"/parent/child/", "app_values parent_values child_values app_before1 app_before2 wide_before parent_before1 parent_before2 child_before1 child_before2 view " +
			"this1 this2 child_after2 child_after1 parent_after2 parent_after1 wide_after app_after2 app_after1 " +
			"child_td2 child_td1 parent_td2 parent_td1 wide_td app_td2 app_td1"},
		// Where no rule matches, and for a slash redirect, only the App's run.
		{"/parent/child/nowhere", "app_values app_before1 app_before2 wide_before wide_after app_after2 app_after1 wide_td app_td2 app_td1"},
		{"/parent/child", "app_values app_before1 app_before2 wide_before wide_after app_after2 app_after1 wide_td app_td2 app_td1"},
	} {
		app, trace := nestedApp(t)
		ask(app, "GET", test.path)
		if got := strings.Join(*trace, " "); got != test.want {
			t.Errorf("%s: got  %s\nwant %s", test.path, got, test.want)
		}
	}
	app, trace := nestedApp(t)
	ask(app, "OPTIONS", "/parent/child/")
	if got := strings.Join(*trace, " "); !strings.Contains(got, "child_before1") || strings.Contains(got, "view") {
		t.Errorf("automatic OPTIONS runs the hooks of the rule and not the view: got %s", got)
	}
}

// TestBlueprintEndpoints is flask-behaviour §5 and §16: names, nesting, and
// registering under another name.
func TestBlueprintEndpoints(t *testing.T) {
	app, _ := newTestApp(t)
	admin, child := NewBlueprint("admin", "/admin"), NewBlueprint("child", "/child")
	build := func(c *Context) error {
		var all []string
		for _, endpoint := range []string{".index", ".child.index", "index", "admin.index"} {
			u, err := c.URLFor(endpoint)
			if err != nil {
				u = "error"
			}
			all = append(all, u)
		}
		return c.Text(c.Route().Blueprint() + ": " + strings.Join(all, " "))
	}
	child.Get("/", build).Name("index")
	admin.Get("/", build).Name("index")
	admin.Register(child)
	app.Get("/", build).Name("index")
	app.Register(admin)
	app.Register(admin).Name("second").Prefix("/second")
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/":              ": / error / /admin/",
		"/admin/":        "admin: /admin/ /admin/child/ / /admin/",
		"/admin/child/":  "admin.child: /admin/child/ error / /admin/",
		"/second/":       "second: /second/ /second/child/ / /admin/",
		"/second/child/": "second.child: /second/child/ error / /admin/",
	} {
		if got := ask(app, "GET", path).Body.String(); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestBlueprintOrder(t *testing.T) {
	app, _ := newTestApp(t)
	bp := NewBlueprint("bp", "")
	app.Get("/first", sayOK).Name("first")
	bp.Get("/second", sayOK).Name("second")
	app.Register(bp)
	bpRoutes := func() (rules []string) {
		for _, r := range app.Routes() {
			rules = append(rules, r.Rule)
		}
		return rules
	}
	app.Get("/third", sayOK).Name("third")
	before := fmt.Sprint(bpRoutes())
	if before != "[/first /second /third]" {
		t.Errorf("routes: got %s, want those of the blueprint where it was registered", before)
	}
	if u, err := app.URLFor("bp.second", "_external", false); u != "/second" || err != nil {
		t.Errorf("URLFor during setup: %q, %v", u, err)
	}
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	if after := fmt.Sprint(bpRoutes()); after != "[/first /second /third /static/<path:filename>]" {
		t.Errorf("routes after setup: %s", after)
	}
}

// TestBlueprintErrors is flask-behaviour §10, the rows with blueprints, and our
// step beyond Flask: a blueprint with a prefix and a handler for 404 or 405 owns
// them below the prefix.
func TestBlueprintErrors(t *testing.T) {
	say := func(name string) ErrorHandlerFunc {
		return func(c *Context, err error) error { return c.Text(name) }
	}
	plain := errors.New("plain")
	for _, test := range []struct {
		name  string
		setup func(app *App, parent, child *Blueprint)
		raise error
		path  string
		want  string
	}{
		{"app: 404, bp: HTTPException", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(404, say("app:404"))
			OnError(child, func(c *Context, err *HTTPError) error { return c.Text("bp:*HTTPError") })
		}, Abort(404), "", "app:404"},
		{"app: HTTPException, bp: Exception", func(app *App, parent, child *Blueprint) {
			OnError(app, func(c *Context, err *HTTPError) error { return c.Text("app:*HTTPError") })
			OnError(child, func(c *Context, err error) error { return c.Text("bp:error") })
		}, Abort(404), "", "bp:error"},
		{"app and bp: 404", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(404, say("app:404"))
			child.ErrorHandler(404, say("bp:404"))
		}, Abort(404), "", "bp:404"},
		{"app: My404 and 404", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(409, say("app:409"))
			OnError(app, func(c *Context, err conflict) error { return c.Text("app:conflict") })
		}, conflict{plain}, "", "app:conflict"},
		{"app: My404, bp: 404", func(app *App, parent, child *Blueprint) {
			OnError(app, func(c *Context, err conflict) error { return c.Text("app:conflict") })
			child.ErrorHandler(409, say("bp:409"))
		}, conflict{plain}, "", "bp:409"},
		{"app: 404, parent: My404", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(409, say("app:409"))
			OnError(parent, func(c *Context, err conflict) error { return c.Text("parent:conflict") })
		}, conflict{plain}, "", "parent:conflict"},
		{"child lacks 403, parent has, app has", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(403, say("app:403"))
			parent.ErrorHandler(403, say("parent:403"))
		}, Abort(403), "", "parent:403"},
		{"bp: 500, app: Exception", func(app *App, parent, child *Blueprint) {
			child.ErrorHandler(500, say("bp:500"))
			OnError(app, func(c *Context, err error) error { return c.Text("app:error") })
		}, plain, "", "app:error"},
		{"bp: 500", func(app *App, parent, child *Blueprint) {
			child.ErrorHandler(500, say("bp:500"))
			app.ErrorHandler(500, say("app:500"))
		}, plain, "", "bp:500"},
		{"AppErrorHandler and OnAppError", func(app *App, parent, child *Blueprint) {
			child.AppErrorHandler(404, say("wide:404"))
		}, nil, "/elsewhere", "wide:404"},
		{"OnAppError", func(app *App, parent, child *Blueprint) {
			OnAppError(child, func(c *Context, err *HTTPError) error { return c.Text("wide:*HTTPError") })
		}, nil, "/elsewhere", "wide:*HTTPError"},
		{"bp: 404, unknown URL under its prefix (Flask: the app's)", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(404, say("app:404"))
			child.ErrorHandler(404, say("bp:404"))
		}, nil, "/parent/child/nowhere", "bp:404"},
		{"the longest prefix that has a handler", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(404, say("app:404"))
			parent.ErrorHandler(404, say("parent:404"))
		}, nil, "/parent/child/nowhere", "parent:404"},
		{"parent and child have one: the longer prefix", func(app *App, parent, child *Blueprint) {
			parent.ErrorHandler(404, say("parent:404"))
			child.ErrorHandler(404, say("bp:404"))
		}, nil, "/parent/child/nowhere", "bp:404"},
		{"a blueprint without a prefix owns nothing", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(404, say("app:404"))
			bare := NewBlueprint("bare", "")
			bare.ErrorHandler(404, say("bare:404"))
			app.Register(bare)
		}, nil, "/", "app:404"},
		{"outside the prefix", func(app *App, parent, child *Blueprint) {
			app.ErrorHandler(404, say("app:404"))
			parent.ErrorHandler(404, say("parent:404"))
		}, nil, "/parents", "app:404"},
		{"405 under the prefix", func(app *App, parent, child *Blueprint) {
			child.ErrorHandler(405, say("bp:405"))
		}, nil, "POST /parent/child/", "bp:405"},
	} {
		app, _ := newTestApp(t)
		parent, child := NewBlueprint("parent", "/parent"), NewBlueprint("child", "/child")
		test.setup(app, parent, child)
		child.Get("/", func(c *Context) error { return test.raise }).Name("index")
		parent.Register(child)
		app.Register(parent)
		method, path := "GET", test.path
		if m, p, ok := strings.Cut(test.path, " "); ok {
			method, path = m, p
		}
		if path == "" {
			path = "/parent/child/"
		}
		if got := ask(app, method, path).Body.String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// TestBlueprintPrefixVariable is flask-behaviour §11, the url processors: the
// language stands in the prefix, is taken from it, and comes into every URL.
func TestBlueprintPrefixVariable(t *testing.T) {
	lang := NewKey[string]("lang")
	app, _ := newTestApp(t)
	bp := NewBlueprint("site", "/<lang>")
	bp.URLValuePreprocessor(func(c *Context) { lang.Set(c, c.Param("lang")) })
	bp.URLDefaults(func(c *Context, endpoint string, values Data) {
		if code, ok := lang.Get(c); ok && values["lang"] == nil {
			values["lang"] = code
			values["not_expected"] = "gone"
		}
	})
	view := func(c *Context) error {
		here, err := c.URLFor("site.about")
		if err != nil {
			return err
		}
		french, err := c.URLFor(".about", "lang", "fr", "page", 2)
		if err != nil {
			return err
		}
		home, err := c.URLFor("home")
		if err != nil {
			return err
		}
		return c.Text(here + " " + french + " " + home)
	}
	bp.Get("/", view).Name("index")
	bp.Get("/about", view).Name("about")
	app.Get("/", sayOK).Name("home")
	app.Register(bp)
	if got, want := ask(app, "GET", "/de/").Body.String(), "/de/about /fr/about?page=2 /"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBlueprintDefaultsAtRegistration(t *testing.T) {
	app, _ := newTestApp(t)
	bp := NewBlueprint("bp", "")
	view := func(c *Context) error { return c.Text(c.Param("site") + " " + c.Param("page")) }
	bp.Get("/", view).Name("index").Defaults("page", "1")
	app.Register(bp).Prefix("/a").Name("a").Defaults("site", "A", "page", "9")
	app.Register(bp).Prefix("/b").Name("b").Defaults("site", "B")
	for path, want := range map[string]string{"/a/": "A 1", "/b/": "B 1"} {
		if got := ask(app, "GET", path).Body.String(); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// TestBlueprintTemplates: the App's template wins, then the blueprint registered
// first; context processors of the App, the parent and the blueprint, and the
// view's values above all (flask-behaviour §11 and §14).
func TestBlueprintTemplates(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	app, _ := newTestApp(t)
	app.Config.Root = fstest.MapFS{
		"templates/layout.html": file(`{{block "content" .}}{{end}} {{.who}} {{.view}}`),
		"templates/both.html":   file("the app's"),
		"templates/funcs.html":  file(`{{shout "a"}} {{own}}`),
	}
	app.ContextProcessor(func(*Context) Data { return Data{"who": "app", "view": "app"} })
	first, second := NewBlueprint("first", "/first"), NewBlueprint("second", "/second")
	first.Templates(fstest.MapFS{
		"both.html":       file("the first's"),
		"two.html":        file("the first's two"),
		"first/page.html": file(`{{extends "layout.html"}}{{define "content"}}{{url_for ".page"}}{{end}}`),
	})
	first.AppTemplateFunc("shout", strings.ToUpper)
	first.AppTemplateFunc("own", func() string { return "the blueprint's" })
	app.TemplateFunc("own", func() string { return "the app's" })
	second.Templates(fstest.MapFS{"two.html": file("the second's two")})
	first.ContextProcessor(func(*Context) Data { return Data{"who": "bp"} })
	render := func(name string) HandlerFunc {
		return func(c *Context) error { return c.Render(name, Data{"view": "view"}) }
	}
	first.Get("/page", render("first/page.html")).Name("page")
	first.Get("/both", render("both.html")).Name("both")
	second.Get("/two", render("two.html")).Name("two")
	app.Get("/layout", render("layout.html")).Name("layout")
	app.Get("/funcs", render("funcs.html")).Name("funcs")
	app.Register(first)
	app.Register(second)
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/first/page": "/first/page bp view", "/first/both": "the app&#39;s", "/second/two": "the first&#39;s two", "/layout": " app view", "/funcs": "A the app&#39;s",
	} {
		if got := strings.ReplaceAll(ask(app, "GET", path).Body.String(), "'", "&#39;"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestBlueprintStatic(t *testing.T) {
	app, _ := newTestApp(t)
	bp := NewBlueprint("adm", "/adm")
	bp.Static("/sub", fstest.MapFS{"x.css": {Data: []byte("body{}")}}).Name("static")
	app.Register(bp)
	if u, err := app.URLFor("adm.static", "filename", "x.css", "_external", false); u != "/adm/sub/x.css" || err != nil {
		t.Errorf("got %q, %v", u, err)
	}
	if w := ask(app, "GET", "/adm/sub/x.css"); w.Code != 200 || w.Body.String() != "body{}" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := ask(app, "GET", "/static/style.css"); w.Code != 200 {
		t.Errorf("the App's own file: got %d", w.Code)
	}
}

func TestBlueprintMistakes(t *testing.T) {
	odd := []any{"x"} // in a variable: staticcheck sees through a literal
	for name, test := range map[string]struct {
		call func()
		want string
	}{
		"empty name":       {func() { NewBlueprint("", "") }, "empty"},
		"dot in the name":  {func() { NewBlueprint("a.b", "") }, "dot"},
		"nil blueprint":    {func() { New("x").Register(nil) }, "nil"},
		"on itself":        {func() { bp := NewBlueprint("a", ""); bp.Register(bp) }, "itself"},
		"after it":         {func() { bp := NewBlueprint("bp9", ""); New("x").Register(bp); bp.Get("/", sayOK) }, `Get was called on the blueprint "bp9" after`},
		"wide after it":    {func() { bp := NewBlueprint("bp9", ""); New("x").Register(bp); bp.BeforeAppRequest(sayOK) }, "BeforeAppRequest"},
		"nil hook":         {func() { NewBlueprint("a", "").AfterAppRequest(nil) }, "nil"},
		"defaults no pair": {func() { New("x").Register(NewBlueprint("a", "")).Defaults(odd...) }, `Defaults of the blueprint "a" (blueprint_test.go:`},
		"defaults no name": {func() { New("x").Register(NewBlueprint("a", "")).Defaults(1, 2) }, "1 (int) stands where a name is due"},
	} {
		if got := panicText(test.call); !strings.HasPrefix(got, "hipflask: ") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got panic %q, want %q in it", name, got, test.want)
		}
	}
	for name, test := range map[string]struct {
		setup func(app *App)
		want  string
	}{
		"the same name twice":         {func(app *App) { bp := NewBlueprint("bp", "/bp"); app.Register(bp); app.Register(bp).Prefix("/x") }, `registered as "bp"`},
		"a different one of the name": {func(app *App) { app.Register(NewBlueprint("bp", "")); app.Register(NewBlueprint("bp", "")) }, `registered as "bp"`},
		"a name with a dot":           {func(app *App) { app.Register(NewBlueprint("bp", "")).Name("a.b") }, "dot"},
		"an endpoint with a dot":      {func(app *App) { bp := NewBlueprint("bp", ""); bp.Get("/", sayOK).Name("a.b"); app.Register(bp) }, "dot"},
		"a bad rule":                  {func(app *App) { bp := NewBlueprint("bp", "/p"); bp.Get("/<nope:x>", sayOK); app.Register(bp) }, "nope"},
		"a bad prefix":                {func(app *App) { bp := NewBlueprint("bp", "p"); bp.Get("/", sayOK); app.Register(bp) }, "slash"},
	} {
		app, _ := newTestApp(t)
		test.setup(app)
		if err := app.Check(); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "blueprint_test.go:") {
			t.Errorf("%s: got %v, want %q and the place", name, err, test.want)
		}
	}
}

// TestNestedBlueprintMistake: a nested registration is named by the line of the
// program that made it.
func TestNestedBlueprintMistake(t *testing.T) {
	app, _ := newTestApp(t)
	outer := NewBlueprint("outer", "/outer")
	_, _, line, _ := runtime.Caller(0)
	outer.Register(NewBlueprint("inner", "/a"))
	outer.Register(NewBlueprint("inner", "/b"))
	app.Register(outer)
	want := fmt.Sprintf(`two blueprints are registered as "outer.inner", at blueprint_test.go:%d and blueprint_test.go:%d;`, line+1, line+2)
	if err := app.Check(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestBlueprintsAreReusable: two Apps of one factory share a Blueprint.
func TestBlueprintsAreReusable(t *testing.T) {
	bp := NewBlueprint("bp", "/bp")
	bp.Get("/", sayOK).Name("index")
	bp.BeforeAppRequest(func(c *Context) error { c.Header().Add("X-Wide", "1"); return nil })
	for range 2 {
		app, _ := newTestApp(t)
		app.Register(bp)
		w := ask(app, "GET", "/bp/")
		if w.Code != 200 || len(w.Header()["X-Wide"]) != 1 {
			t.Errorf("got %d %v", w.Code, w.Header())
		}
	}
}

func TestAfterThisRequest(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error {
		c.AfterThisRequest(func(c *Context) error {
			c.SetCookie(&http.Cookie{Name: "lang", Value: "de"})
			return nil
		})
		return c.Text("ok")
	})
	app.Get("/fail", func(c *Context) error {
		c.AfterThisRequest(func(c *Context) error { return Abort(403) })
		return c.Text("ok")
	})
	if w := ask(app, "GET", "/"); w.Header().Get("Set-Cookie") != "lang=de; Path=/" {
		t.Errorf("got %v", w.Header())
	}
	if w := ask(app, "GET", "/fail"); w.Code != 403 {
		t.Errorf("got %d", w.Code)
	}
}

type pingView struct{}

func (pingView) Get(c *Context) error  { return c.Text("get") }
func (pingView) Post(c *Context) error { return c.Text("post") }

// TestBlueprintRuleKinds: what waits for the rule is done for each registration.
func TestBlueprintRuleKinds(t *testing.T) {
	app, _ := newTestApp(t)
	bp := NewBlueprint("bp", "/bp")
	bp.Redirect("/old/<slug>", "/new/<slug>")
	bp.View("/ping", pingView{})
	bp.BuildOnly("/<path:filename>").Host("cdn.example.com").Name("asset")
	bp.Get("/here", func(c *Context) error { return c.Text("host " + c.Param("user")) }).Name("here").Host("<user>.example.com")
	app.Register(bp)
	app.Register(bp).Name("again").Prefix("/again")
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"/bp", "/again"} {
		if w := ask(app, "GET", prefix+"/old/a"); w.Code != 308 || w.Header().Get("Location") != "/new/a" {
			t.Errorf("%s: redirect got %d %q", prefix, w.Code, w.Header().Get("Location"))
		}
		if got := ask(app, "POST", prefix+"/ping").Body.String(); got != "post" {
			t.Errorf("%s: view got %s", prefix, got)
		}
		if got := ask(app, "GET", "http://ada.example.com"+prefix+"/here").Body.String(); got != "host ada" {
			t.Errorf("%s: host got %s", prefix, got)
		}
		if w := ask(app, "GET", "http://other.test"+prefix+"/here"); w.Code != 404 {
			t.Errorf("%s: another host got %d", prefix, w.Code)
		}
	}
	c := app.NewContext(nil, httptest.NewRequest("GET", "/", nil))
	if u, err := c.URLFor("again.asset", "filename", "a/b.css"); u != "http://cdn.example.com/again/a/b.css" || err != nil {
		t.Errorf("build only: %q, %v", u, err)
	}
	bad := NewBlueprint("bad", "/bad")
	bad.Redirect("/x", "/<nope>")
	other, _ := newTestApp(t)
	other.Register(bad)
	if err := other.Check(); err == nil || !strings.Contains(err.Error(), "nope") {
		t.Errorf("a redirect to a variable that is not there: %v", err)
	}
}
