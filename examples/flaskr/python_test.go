package main

import (
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

// TestFileFromPython: testdata/python.sqlite was made by the Flaskr in Python,
// by its pages. Ada's password has Werkzeug's usual hash, Grace's one of pbkdf2.
func TestFileFromPython(t *testing.T) {
	app, _ := openTestApp(t, copyOf(t, "testdata/python.sqlite"))
	ada, grace := hipflasktest.New(t, app), hipflasktest.New(t, app)
	wantRedirect(t, login(ada, "ada", "analytical"), "/")
	wantRedirect(t, login(grace, "grace", "nanosecond"), "/")
	wantPage(t, login(hipflasktest.New(t, app), "ada", "nanosecond"), 200, "Incorrect password.")
	wantPage(t, ada.Get("/"), 200, "by ada on 2024-02-29", "From Python", "A body\n  with two lines, é and &lt;tags&gt;.",
		"by grace on 2024-03-01", "Grace&#39;s", `href="/1/update"`)
	wantPage(t, ada.PostForm("/2/delete", nil), 403)

	wantRedirect(t, ada.PostForm("/1/update", fields("title", "From Go", "body", "")), "/")
	wantRedirect(t, grace.PostForm("/2/delete", nil), "/")
	wantRedirect(t, grace.PostForm("/create", fields("title", "Third", "body", "")), "/")
	wantPage(t, grace.Get("/"), 200, "From Go", `href="/3/update"`)
}

func copyOf(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// readAsPython reads a database as the Flaskr in Python does: times as datetime,
// passwords with Werkzeug.
const readAsPython = `
import sqlite3, sys
from datetime import datetime
from werkzeug.security import check_password_hash
sqlite3.register_converter("timestamp", lambda v: datetime.fromisoformat(v.decode()))
db = sqlite3.connect(sys.argv[1], detect_types=sqlite3.PARSE_DECLTYPES)
for name, password in db.execute("SELECT username, password FROM user ORDER BY id"):
    print(name, check_password_hash(password, name), check_password_hash(password, "no"))
for created, title, name in db.execute("SELECT created, title, username FROM post p JOIN user u ON u.id = author_id ORDER BY p.id"):
    print(created.strftime("%Y-%m-%d"), title, name)
`

// TestPythonReadsOurs: a database that this program made and wrote, and still
// has open, is one for Python.
func TestPythonReadsOurs(t *testing.T) {
	python := findPython(t)
	file := filepath.Join(t.TempDir(), "flaskr.sqlite")
	app, db := openTestApp(t, file)
	if err := initDB(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	visitor := hipflasktest.New(t, app)
	visitor.PostForm("/auth/register", fields("username", "Ünal", "password", "Ünal"))
	wantRedirect(t, login(visitor, "Ünal", "Ünal"), "/")
	wantRedirect(t, visitor.PostForm("/create", fields("title", "Größe", "body", "")), "/")
	execute(t, db, "UPDATE post SET created = '2024-02-29 23:59:59'")

	cmd := exec.CommandContext(t.Context(), python, "-c", readAsPython, file)
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
	out, err := cmd.CombinedOutput()
	if want := "Ünal True False\n2024-02-29 Größe Ünal\n"; err != nil || string(out) != want {
		t.Errorf("got %v and\n%swant\n%s", err, out, want)
	}
}

// findPython returns a Python that has Flask, and skips the test where there is
// none.
func findPython(t *testing.T) string {
	t.Helper()
	const needed = "import flask, werkzeug.security as s; s.generate_password_hash('', 'scrypt')"
	out, err := exec.CommandContext(t.Context(), "python3", "-c", needed).CombinedOutput()
	if err != nil {
		t.Skipf("needs python3 with Flask and Werkzeug 2.3, the first that knows scrypt: %v\n%s", err, out)
	}
	return "python3"
}

// sideBySide are two programs on one database file, the Flaskr in Python and
// this one.
type sideBySide struct{ python, ours *browser }

// TestSideBySide asks both programs the same, on one database file. It needs the
// original, the folder examples/tutorial of Flask's repository, in PYTHON_FLASKR.
func TestSideBySide(t *testing.T) {
	both := startBoth(t)
	for _, test := range []struct {
		request string
		form    url.Values
	}{
		// Nobody is logged in.
		{"GET /hello", nil},
		{"GET /", nil},
		{"GET /auth/login", nil},
		{"GET /auth/register", nil},
		{"GET /create", nil},
		{"POST /create", nil},
		{"GET /1/update", nil},
		{"POST /1/update", nil},
		{"POST /1/delete", nil},
		{"GET /1/delete", nil},
		{"GET /nowhere", nil},
		{"GET /auth/login/", nil},
		{"POST /hello", nil},
		{"GET /static/style.css", nil},
		{"GET /static/none.css", nil},

		// Registering and logging in.
		{"POST /auth/register", nil},
		{"POST /auth/register", fields("username", "x")},
		{"POST /auth/register", fields("username", "", "password", "")},
		{"POST /auth/register", fields("username", "x", "password", "")},
		{"POST /auth/register", fields("username", "grace", "password", "x")},
		{"POST /auth/login", nil},
		{"POST /auth/login", fields("username", "nobody", "password", "x")},
		{"POST /auth/login", fields("username", "grace", "password", "x")},
		{"POST /auth/login", fields("username", "nobody", "password", "")},
		{"POST /auth/login", fields("username", "grace", "password", "")},
		{"POST /auth/login", fields("username", "", "password", "x")},
		{"POST /auth/login", fields("username", "<b>&\"'", "password", "x")},
		{"POST /auth/login", fields("username", "grace", "password", "nanosecond")},

		// Grace is logged in.
		{"GET /", nil},
		{"GET /auth/login", nil},
		{"GET /create", nil},
		{"POST /create", nil},
		{"POST /create", fields("title", "x")},
		{"POST /create", fields("title", "", "body", "")},
		{"POST /create", fields("title", "", "body", "typed <i>\n\nbody")},
		{"GET /2/update", nil},
		{"POST /2/update", nil},
		{"POST /2/update", fields("title", "", "body", "")},
		{"POST /2/update", fields("title", "", "body", "typed")},
		{"POST /2/update", fields("title", " ", "body", "")},
		{"GET /2/update", nil},
		{"POST /2/update", fields("title", "Grace's & \"two\"", "body", "  as\n\twritten ")},
		{"GET /2/update", nil},
		{"POST /2/update", fields("title", "bad \xff bytes", "body", "")},
		{"GET /", nil},
		{"GET /1/update", nil},
		{"POST /1/update", nil},
		{"POST /1/delete", nil},
		{"GET /99/update", nil},
		{"POST /99/delete", nil},
		{"POST /x/delete", nil},
		{"POST /create", fields("title", "One more", "body", "")},
	} {
		both.ask(t, test.request, test.form)
	}
	// Two new posts of one second, which Python leaves in any order.
	both.python.must("POST", "/3/delete", nil, 302)
	both.ours.must("POST", "/3/delete", nil, 404)
	both.ask(t, "GET /", nil)
	both.ask(t, "GET /auth/logout", nil)
	both.ask(t, "GET /", nil)
}

// ask sends both programs a request and compares status, Location, and of pages
// what can be seen.
func (both sideBySide) ask(t *testing.T, request string, form url.Values) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	python, err := both.python.send(method, path, form)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := both.ours.send(method, path, form)
	if err != nil {
		t.Fatal(err)
	}
	if ours.status != python.status || ours.location != python.location {
		t.Errorf("%s %v: got %d %q, want %d %q", request, form, ours.status, ours.location, python.status, python.location)
	}
	if ours.status != 200 || strings.HasPrefix(path, "/static/") { // an error page and a stylesheet are our own
		return
	}
	if got, want := visible(ours.body), visible(python.body); got != want {
		t.Errorf("%s %v: got\n%s\nwant\n%s", request, form, got, want)
	}
}

var (
	tag       = regexp.MustCompile(`(?s)<(/?)(\w+)([^>]*)>`)
	attribute = regexp.MustCompile(`\s(name|type|value|action|method|href|required|onclick)(?:="([^"]*)"|\b)`)
)

// visible returns what a page shows and what can be done with it: its texts, and
// its links and fields.
func visible(page string) string {
	text := tag.ReplaceAllStringFunc(page, func(element string) string {
		m := tag.FindStringSubmatch(element)
		switch m[2] {
		case "a", "form", "input", "textarea":
		default:
			return "\n"
		}
		var attributes []string
		for _, a := range attribute.FindAllStringSubmatch(m[3], -1) {
			if a := a[1] + "=" + a[2]; a != "type=text" && a != "value=" { // an input without them is the same
				attributes = append(attributes, a)
			}
		}
		slices.Sort(attributes) // their order has no meaning
		return "\n<" + m[1] + m[2] + " " + strings.Join(attributes, " ") + ">\n"
	})
	var lines []string
	for line := range strings.Lines(html.UnescapeString(text)) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestUsersOfBoth: who registers with one program logs in with the other, sees
// the posts of both, and edits with one what was written with the other.
func TestUsersOfBoth(t *testing.T) {
	both := startBoth(t)
	for _, test := range []struct {
		name     string
		from, to *browser
	}{
		{"from Python to Go", both.python, both.ours},
		{"from Go to Python", both.ours, both.python},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.from.t, test.to.t = t, t
			account := fields("username", test.name, "password", "secret of "+test.name)
			test.from.must("POST", "/auth/register", account, 302)
			test.to.must("POST", "/auth/register", account, 200, "User "+test.name+" is already registered.")
			for _, b := range []*browser{test.from, test.to} {
				b.must("POST", "/auth/login", fields("username", test.name, "password", "x"), 200, "Incorrect password.")
				b.must("POST", "/auth/login", account, 302)
			}
			test.from.must("POST", "/create", fields("title", "written "+test.name, "body", "ä\n  b"), 302)
			page := test.to.must("GET", "/", nil, 200, "written "+test.name, "by "+test.name+" on 20", "ä\n  b")
			link := editLink.FindStringSubmatch(page.body)
			if link == nil {
				t.Fatalf("no link to edit in\n%s", page.body)
			}
			test.to.must("POST", "/"+link[1]+"/update", fields("title", "edited "+test.name, "body", ""), 302)
			test.from.must("GET", "/", nil, 200, "edited "+test.name)
			test.from.must("POST", "/"+link[1]+"/delete", nil, 302)
			test.to.must("GET", "/"+link[1]+"/update", nil, 404)
		})
	}
}

// startBoth starts the Flaskr in Python and this program on a copy of
// testdata/python.sqlite.
func startBoth(t *testing.T) sideBySide {
	t.Helper()
	original := os.Getenv("PYTHON_FLASKR")
	if original == "" {
		t.Skip("needs the original: PYTHON_FLASKR=.../flask/examples/tutorial, from a clone of github.com/pallets/flask")
	}
	python := findPython(t)
	dir := t.TempDir() // its folder instance is the one of the package beside it
	if err := os.CopyFS(filepath.Join(dir, "flaskr"), os.DirFS(filepath.Join(original, "flaskr"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "instance"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copyOf(t, "testdata/python.sqlite"), filepath.Join(dir, "instance", "flaskr.sqlite")); err != nil {
		t.Fatal(err)
	}
	theirs := exec.CommandContext(t.Context(), python, "-m", "flask", "--app", "flaskr", "run", "--port", "0")
	theirs.Dir = dir
	ours := command(t, dir, "run", "--port", "0")
	return sideBySide{python: newBrowser(t, start(t, theirs)), ours: newBrowser(t, start(t, ours))}
}
