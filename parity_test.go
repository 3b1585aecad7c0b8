package hipflask_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
	"github.com/hipflask/hipflask/internal/tree"
)

// docs/parity.md and the tests of what no other test shows.

// parityRow is a row of the table in docs/parity.md.
type parityRow struct {
	line                  int
	id, flask, ours, kind string
	tests                 []string
	sections              []string // of docs that the row links to
}

var ran = flag.String("ran", "", "a `file` of go test -json ./...: TestParity looks whether the tests that docs/parity.md names ran")

// TestParity: every feature of Flask's stands in docs/parity.md once, with an
// answer, the test that is named there for it exists and runs, and a Go form has
// an example. With -ran the tests did run, none of them skipped, in any part.
func TestParity(t *testing.T) {
	const file, mostNotInGo = "docs/parity.md", 15
	tests, rows, events := testFuncs(t), parityRows(t, file), testEvents(t)
	seen, kinds := map[string]int{}, map[string]int{}
	for _, row := range rows {
		fail := func(format string, args ...any) {
			t.Helper()
			t.Errorf("%s:%d: %s: %s", file, row.line, row.id, fmt.Sprintf(format, args...))
		}
		if first := seen[row.id]; first > 0 {
			fail("it stands in line %d already", first)
		}
		seen[row.id] = row.line
		kinds[row.kind]++
		switch {
		case row.flask == "" || row.ours == "":
			fail("Flask's name or ours is empty")
		case row.kind == "*same*" || row.kind == "*Go form*":
			if len(row.tests) == 0 {
				fail("no test shows it")
			}
		case row.kind != "*not in Go*":
			fail("%q is none of *same*, *Go form*, *not in Go*", row.kind)
		case len(strings.Fields(row.ours)) < 4:
			fail("%q gives no reason", row.ours)
		}
		for _, name := range row.tests {
			if problem, found := tests[name]; !found {
				fail("there is no test %s", name)
			} else if problem != "" {
				fail("%s %s", name, problem)
			} else if action := events[name]; *ran != "" && action != "pass" {
				fail("%s did not run: go test says %q", name, action)
			}
		}
		// That a section is there is for TestDocLinks.
		if row.kind == "*Go form*" && len(row.sections) == 0 && !slices.ContainsFunc(row.tests, isExample) {
			fail("a Go form needs an Example, or a link to a section of docs that shows how it is done")
		}
	}
	if n := kinds["*not in Go*"]; n > mostNotInGo {
		t.Errorf("%s: %d rows are *not in Go*, at most %d may be", file, n, mostNotInGo)
	}
	for _, id := range strings.Fields(tree.Text(t, "testdata/flask-surface-ids.txt")) {
		if seen[id] == 0 {
			t.Errorf("%s: %s is missing", file, id)
		}
		delete(seen, id)
	}
	for id, line := range seen {
		t.Errorf("%s:%d: there is no feature %s", file, line, id)
	}
	t.Logf("%d rows: %v", len(rows), kinds)
}

func parityRows(t *testing.T, file string) (rows []parityRow) {
	t.Helper()
	isID := regexp.MustCompile(`^[A-Z][0-9]+$`)
	isTest := regexp.MustCompile("`([^`]+)`")
	isSection := regexp.MustCompile(`\]\(([a-z/-]+\.md#[^)]+)\)`)
	for i, line := range strings.Split(tree.Text(t, file), "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(strings.ReplaceAll(cells[i], "\x00", `\|`))
		}
		if len(cells) < 2 || !isID.MatchString(cells[1]) {
			continue
		}
		if len(cells) != 7 {
			t.Errorf("%s:%d: %s has %d columns, want 5", file, i+1, cells[1], len(cells)-2)
			continue
		}
		row := parityRow{line: i + 1, id: cells[1], flask: cells[2], ours: cells[3], kind: cells[4]}
		for _, m := range isTest.FindAllStringSubmatch(cells[5], -1) {
			row.tests = append(row.tests, m[1])
		}
		for _, m := range isSection.FindAllStringSubmatch(cells[5], -1) {
			row.sections = append(row.sections, m[1])
		}
		rows = append(rows, row)
	}
	return rows
}

func isExample(test string) bool {
	return strings.HasPrefix(test[strings.LastIndexByte(test, '.')+1:], "Example")
}

// testEvents returns how each test of -ran ended: pass, fail or skip, which goes
// before pass for a test that skips a part of itself. It names them as testFuncs.
func testEvents(t *testing.T) map[string]string {
	t.Helper()
	ended := map[string]string{}
	if *ran == "" {
		return ended
	}
	file, err := os.Open(*ran)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for events := json.NewDecoder(file); ; {
		var event struct{ Action, Package, Test string }
		if err := events.Decode(&event); err == io.EOF {
			return ended
		} else if err != nil {
			t.Fatalf("%s: %v", *ran, err)
		}
		name, _, _ := strings.Cut(event.Test, "/")
		if dir := strings.TrimPrefix(event.Package, "github.com/hipflask/hipflask"); dir != "" {
			name = dir[1:] + "." + name
		}
		switch event.Action {
		case "pass", "fail", "skip":
			if ended[name] == "" || ended[name] == "pass" {
				ended[name] = event.Action
			}
		}
	}
}

// testFuncs returns what keeps each test and example from running, "" for
// nothing. Those outside of the root's folder have it in front: examples/hello.TestForm.
func testFuncs(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range tree.Files(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			name := fn.Name.Name
			if dir := path.Dir(file); dir != "." {
				name = dir + "." + name
			}
			switch {
			case strings.HasPrefix(fn.Name.Name, "Test"):
				found[name] = ""
				if len(fn.Body.List) == 0 {
					found[name] = "is empty"
				} else if skips(fn.Body.List[0]) {
					found[name] = "begins with a skip"
				}
			case strings.HasPrefix(fn.Name.Name, "Example"):
				found[name] = "has no output to compare, so it does not run"
				for _, c := range f.Comments {
					if fn.Body.Pos() < c.Pos() && c.End() < fn.Body.End() && strings.HasPrefix(c.Text(), "Output:") {
						found[name] = ""
					}
				}
			}
		}
	}
	return found
}

func skips(s ast.Stmt) bool {
	expr, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasPrefix(method.Sel.Name, "Skip")
}

// parityApp is an App that keeps its log to itself.
func parityApp() *hipflask.App {
	app := hipflask.New("parity")
	app.Config.Root = fstest.MapFS{"schema.sql": {Data: []byte("create table post")}, "static/css/site.css": {Data: []byte("body {}")}}
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Config.SecretKey = "a key for tests, which everybody may know"
	return app
}

func parityOK(c *hipflask.Context) error { return c.Text("ok") }

// TestParityMethods: one method for each shortcut, and in Route in any case.
func TestParityMethods(t *testing.T) {
	app := parityApp()
	for method, register := range map[string]func(string, hipflask.HandlerFunc) *hipflask.Route{
		"GET": app.Get, "POST": app.Post, "PUT": app.Put, "PATCH": app.Patch, "DELETE": app.Delete,
	} {
		register("/"+method, parityOK)
	}
	app.Route("/route", parityOK, "post", "Put")
	client := hipflasktest.New(t, app)
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		for _, target := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "route"} {
			want := 405
			if method == target || target == "route" && (method == "POST" || method == "PUT") {
				want = 200
			}
			if page := client.Do(client.NewRequest(method, "/"+target, nil)); page.StatusCode != want {
				t.Errorf("got %s, want %d", page, want)
			}
		}
	}
}

func TestParityCatchAll(t *testing.T) {
	app := parityApp()
	page := func(c *hipflask.Context) error { return c.Text("page " + c.Param("path")) }
	app.Get("/", page).Defaults("path", "index").Name("page")
	app.Get("/<path:path>", page).Name("page")
	app.Get("/api/ping", parityOK)
	client := hipflasktest.New(t, app)
	for path, want := range map[string]string{"/": "page index", "/a/b.html": "page a/b.html", "/api/ping": "ok", "/api/other": "page api/other"} {
		if got := client.Get(path).Body; got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestParityStrictSlashes(t *testing.T) {
	app := parityApp()
	app.Get("/branch/", parityOK).StrictSlashes(false)
	app.Get("/leaf", parityOK).StrictSlashes(false)
	client := hipflasktest.New(t, app)
	for _, path := range []string{"/branch", "/branch/", "/leaf", "/leaf/"} {
		if page := client.Get(path); page.StatusCode != 200 {
			t.Errorf("got %s, want it served", page)
		}
	}
}

func TestParityURLForStatic(t *testing.T) {
	app := parityApp()
	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(`{{url_for "static" "filename" "css/site.css"}}`, nil)
	})
	client := hipflasktest.New(t, app)
	if got := client.Get("/").Body; got != "/static/css/site.css" {
		t.Errorf("got %s", got)
	}
	if page := client.Get("/static/css/site.css"); page.Body != "body {}" {
		t.Errorf("got %s", page)
	}
}

// TestParityApp: what Flask has in current_app and open_resource comes with the Context.
func TestParityApp(t *testing.T) {
	app := parityApp()
	app.Get("/", func(c *hipflask.Context) error {
		if c.App() != app {
			t.Error("c.App is another App")
		}
		schema, err := fs.ReadFile(c.App().Config.Root, "schema.sql")
		if err != nil {
			return err
		}
		return c.Bytes("application/sql", schema)
	})
	if page := hipflasktest.New(t, app).Get("/"); page.Body != "create table post" {
		t.Errorf("got %s", page)
	}
	if c := hipflask.From(httptest.NewRequest("GET", "/", nil)); c != nil {
		t.Error("From finds a Context where no App serves")
	}
}

// TestParityRequest: what Flask's request has and net/http's too.
func TestParityRequest(t *testing.T) {
	app := parityApp()
	app.Put("/docs/<name>", func(c *hipflask.Context) error {
		r := c.Request
		user, password, _ := r.BasicAuth()
		cookie, err := r.Cookie("lang")
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		got := fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.URL.RawQuery, " ", r.URL.Query()["a"], " ", r.Host, " ", r.TLS != nil, "\n",
			r.Header.Get("x-custom"), " ", r.Header.Get("Content-Type"), " ", r.ContentLength, " ", r.UserAgent(), " ", r.Referer(), " ", user, ":", password, "\n",
			cookie.Value, " ", string(data), " ", r.RemoteAddr != "")
		return c.Text(got)
	})
	client := hipflasktest.New(t, app).At("https://example.com:8443")
	r := client.NewRequest("PUT", "/docs/x?a=1&a=2", strings.NewReader("raw"))
	for key, value := range map[string]string{
		"X-Custom": "yes", "Content-Type": "text/markdown", "User-Agent": "test/1", "Referer": "/before", "Cookie": "lang=de",
	} {
		r.Header.Set(key, value)
	}
	r.SetBasicAuth("ada", "secret")
	want := "PUT /docs/x a=1&a=2 [1 2] example.com:8443 true\nyes text/markdown 3 test/1 /before ada:secret\nde raw true"
	if page := client.Do(r); page.Body != want {
		t.Errorf("got  %s\nwant %s", page.Body, want)
	}
}

// TestParityMatch: endpoint, rule, values and blueprint of a request; no route
// where none matched.
func TestParityMatch(t *testing.T) {
	app := parityApp()
	admin := hipflask.NewBlueprint("admin", "/admin")
	admin.Get("/post/<int:id>", func(c *hipflask.Context) error {
		return c.Text(fmt.Sprint(c.Route().Endpoint(), " ", c.Route().Rule(), " ", c.Route().Blueprint(), " ", c.ParamInt("id")))
	}).Name("post")
	app.Register(admin)
	app.ErrorHandler(404, func(c *hipflask.Context, err error) error { return c.Text(fmt.Sprint(c.Route() == nil)) })
	client := hipflasktest.New(t, app)
	for path, want := range map[string]string{"/admin/post/7": "admin.post /admin/post/<int:id> admin 7", "/nowhere": "true"} {
		if got := client.Get(path).Body; got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// TestParityCodes: the codes that Flask's abort knows.
func TestParityCodes(t *testing.T) {
	app := parityApp()
	app.Get("/<int:code>", func(c *hipflask.Context) error { return hipflask.Abort(c.ParamInt("code")) })
	client := hipflasktest.New(t, app)
	for _, code := range []int{400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
		421, 422, 423, 424, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505} {
		name := strings.ReplaceAll(http.StatusText(code), "'", "&#39;")
		if page := client.Get(fmt.Sprint("/", code)); page.StatusCode != code || name == "" || !strings.Contains(page.Body, "<h1>"+name+"</h1>") {
			t.Errorf("got %s, want the page of %d", page, code)
		}
	}
}

// grade is a type that says itself how it stands in JSON.
type grade int

func (g grade) MarshalJSON() ([]byte, error) { return json.Marshal(strings.Repeat("*", int(g))) }

// TestParityJSON: types write themselves, in a reply as in json.Marshal.
func TestParityJSON(t *testing.T) {
	type post struct {
		Title   string    `json:"title"`
		Created time.Time `json:"created"`
		Grade   grade     `json:"grade"`
		Price   *big.Int  `json:"price"`
		Draft   bool      `json:"draft,omitempty"`
	}
	value := post{"A & B", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 3, big.NewInt(1 << 62), false}
	const want = `{"title":"A & B","created":"2026-01-02T03:04:05Z","grade":"***","price":4611686018427387904}`
	app := parityApp()
	app.Get("/", func(c *hipflask.Context) error { return c.JSON(value) })
	if got := hipflasktest.New(t, app).Get("/").Body; got != want+"\n" {
		t.Errorf("got %s, want %s", got, want)
	}
	var again post
	if text, err := json.Marshal(value); err != nil || strings.ReplaceAll(string(text), `\u0026`, "&") != want {
		t.Errorf("json.Marshal: got %s, %v", text, err)
	} else if err := json.Unmarshal([]byte(`{"title":"x"}`), &again); err != nil || again.Title != "x" {
		t.Errorf("json.Unmarshal: got %v, %v", again, err)
	}
}

// TestParityMounted: two Apps under prefixes of one server, and a middleware
// that changes the method.
func TestParityMounted(t *testing.T) {
	mux := http.NewServeMux()
	for _, name := range []string{"blog", "shop"} {
		app := parityApp()
		app.Config.ApplicationRoot = "/" + name
		app.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if method := r.Header.Get("X-HTTP-Method-Override"); method == "DELETE" && r.Method == "POST" {
					r.Method = method
				}
				next.ServeHTTP(w, r)
			})
		})
		app.Get("/", func(c *hipflask.Context) error {
			url, err := c.URLFor("item", "id", 7)
			if err != nil {
				return err
			}
			return c.Text(name + " " + url)
		}).Name("index")
		app.Delete("/item/<int:id>", func(c *hipflask.Context) error { return c.RedirectTo("index") }).Name("item")
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, app))
	}
	for _, test := range []struct{ method, path, override, body, location string }{
		{"GET", "/blog/", "", "blog /blog/item/7", ""},
		{"GET", "/shop/", "", "shop /shop/item/7", ""},
		{"POST", "/shop/item/7", "DELETE", "", "/shop/"},
	} {
		r, w := httptest.NewRequest(test.method, test.path, nil), httptest.NewRecorder()
		r.Header.Set("X-HTTP-Method-Override", test.override)
		mux.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), test.body) || w.Header().Get("Location") != test.location {
			t.Errorf("%s %s: got %d %q %s", test.method, test.path, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
}

// TestParityResource: a connection is opened at its first use in a request, once,
// and closed at the request's end.
func TestParityResource(t *testing.T) {
	type conn struct{ open bool }
	var all []*conn
	key := hipflask.NewKey[*conn]("db")
	db := func(c *hipflask.Context) *conn {
		if opened, ok := key.Get(c); ok {
			return opened
		}
		opened := &conn{open: true}
		all = append(all, opened)
		key.Set(c, opened)
		return opened
	}
	app := parityApp()
	app.Teardown(func(c *hipflask.Context, err error) {
		if opened, ok := key.Get(c); ok {
			opened.open = false
		}
	})
	app.Get("/uses", func(c *hipflask.Context) error {
		first := db(c)
		return c.Text(fmt.Sprint(first.open && first == db(c)))
	})
	app.Get("/fails", func(c *hipflask.Context) error {
		db(c)
		return errors.New("a query failed")
	})
	app.Get("/none", parityOK)
	client := hipflasktest.New(t, app)
	if page := client.Get("/uses"); page.Body != "true" {
		t.Errorf("got %s", page)
	}
	client.Get("/fails")
	client.Get("/none")
	if len(all) != 2 || slices.ContainsFunc(all, func(c *conn) bool { return c.open }) {
		t.Errorf("%d connections were opened, want 2, each of them closed", len(all))
	}
}

// TestParitySessionOnErrors: what changed before an error is kept.
func TestParitySessionOnErrors(t *testing.T) {
	app := parityApp()
	app.Get("/<what>", func(c *hipflask.Context) error {
		c.Session().Set("last", c.Param("what"))
		switch c.Param("what") {
		case "abort":
			return hipflask.Abort(404)
		case "error":
			return errors.New("plain")
		}
		panic("argh")
	})
	client := hipflasktest.New(t, app)
	for path, status := range map[string]int{"abort": 404, "error": 500, "panic": 500} {
		page := client.Get("/" + path)
		client.SessionTransaction(func(s *hipflask.Session) {
			if got := s.GetString("last"); got != path || page.StatusCode != status {
				t.Errorf("got %s with the session's %q, want %d and %q", page, got, status, path)
			}
		})
	}
}

// TestParityLogger: what an App logs carries its name.
func TestParityLogger(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	app := hipflask.New("blog")
	app.Logger().Info("hello")
	app.Logger().Debug("not in production")
	if got := log.String(); !strings.Contains(got, "msg=hello app=blog") || strings.Contains(got, "production") {
		t.Errorf("got %s", got)
	}
}

// TestParityMissingKeys: a key of Flask's that would do nothing is refused.
func TestParityMissingKeys(t *testing.T) {
	for _, key := range []string{"USE_X_SENDFILE", "PROPAGATE_EXCEPTIONS", "TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS"} {
		var cfg hipflask.Config
		if err := cfg.FromMap(map[string]any{key: true}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: got %v, want it refused", key, err)
		}
		if err := cfg.FromMap(map[string]any{key: nil}); err != nil {
			t.Errorf("%s with Flask's default: %v", key, err)
		}
	}
}

// TestParityXSendfile: a proxy that sends the file itself is told so by a header.
func TestParityXSendfile(t *testing.T) {
	app := parityApp()
	app.Get("/report", func(c *hipflask.Context) error {
		c.Header().Set("X-Accel-Redirect", "/internal/report.pdf")
		return c.Attachment("report.pdf").Bytes("application/pdf", nil)
	})
	page := hipflasktest.New(t, app).Get("/report")
	if h := page.Header; page.Body != "" || h.Get("X-Accel-Redirect") != "/internal/report.pdf" ||
		h.Get("Content-Disposition") != "attachment; filename=report.pdf" || h.Get("Content-Type") != "application/pdf" {
		t.Errorf("got %s with %v", page, h)
	}
}
