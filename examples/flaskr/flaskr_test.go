package main

import (
	"database/sql"
	_ "embed"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

//go:embed testdata/data.sql
var testData string

// newTestApp makes an app with a database of its own that holds testData.
func newTestApp(t *testing.T) (*hipflask.App, *sql.DB) {
	t.Helper()
	app, db := openTestApp(t, filepath.Join(t.TempDir(), "flaskr.sqlite"))
	if err := initDB(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	execute(t, db, testData)
	return app, db
}

// openTestApp makes an app with the database in a file.
func openTestApp(t *testing.T, file string) (*hipflask.App, *sql.DB) {
	t.Helper()
	app, db, err := newApp(map[string]any{"TESTING": true, "DATABASE": file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return app, db
}

func execute(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// read scans the first column of the only row of a query.
func read[T any](t *testing.T, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// fields makes a form of names and values in turn.
func fields(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// login posts the form of the login page.
func login(visitor *hipflasktest.Client, name, password string) *hipflasktest.Response {
	return visitor.PostForm("/auth/login", fields("username", name, "password", password))
}

// loggedIn returns a visitor who is logged in as the user test.
func loggedIn(t *testing.T, app *hipflask.App) *hipflasktest.Client {
	t.Helper()
	visitor := hipflasktest.New(t, app)
	if page := login(visitor, "test", "test"); page.StatusCode != 302 {
		t.Fatalf("got %s", page)
	}
	return visitor
}

func wantRedirect(t *testing.T, page *hipflasktest.Response, location string) {
	t.Helper()
	if got := page.Header.Get("Location"); page.StatusCode != 302 || got != location {
		t.Errorf("got %s\nwant a redirect to %s", page, location)
	}
}

func wantPage(t *testing.T, page *hipflasktest.Response, status int, texts ...string) {
	t.Helper()
	for _, text := range append(texts, "") {
		if page.StatusCode != status || !strings.Contains(page.Body, text) {
			t.Errorf("got %s\nwant %d with %q", page, status, text)
		}
	}
}

func TestCheck(t *testing.T) {
	app, _ := newTestApp(t)
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestHello(t *testing.T) {
	app, _ := newTestApp(t)
	page := hipflasktest.New(t, app).Get("/hello")
	if page.StatusCode != 200 || page.Body != "Hello, World!" {
		t.Errorf("got %s", page)
	}
}

// TestConfig: the defaults, then the instance's file, then the environment; and
// a test's configuration in the place of both.
func TestConfig(t *testing.T) {
	const file = `{"SECRET_KEY": "from the file", "DATABASE": "file.sqlite", "OTHER": 7}`
	for _, test := range []struct {
		name     string
		file     string
		env      map[string]string
		given    map[string]any
		key      string
		database string
		testing  bool
	}{
		{name: "defaults", key: "dev", database: filepath.Join("instance", "flaskr.sqlite")},
		{name: "file", file: file, key: "from the file", database: "file.sqlite"},
		{name: "environment", env: map[string]string{"FLASKR_SECRET_KEY": "from outside", "FLASKR_DATABASE": "data/env.sqlite"},
			key: "from outside", database: "data/env.sqlite"},
		{name: "environment over file", file: file, env: map[string]string{"FLASKR_SECRET_KEY": "from outside"},
			key: "from outside", database: "file.sqlite"},
		{name: "test", file: file, env: map[string]string{"FLASKR_SECRET_KEY": "from outside"}, given: map[string]any{"TESTING": true},
			key: "dev", database: filepath.Join("instance", "flaskr.sqlite"), testing: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			inInstance(t, test.file)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			app, db, err := newApp(test.given)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if app.Config.SecretKey != test.key || app.Config.Get("DATABASE") != test.database || app.Config.Testing != test.testing {
				t.Errorf("got key %q, database %v, testing %t; want %q, %q, %t", app.Config.SecretKey,
					app.Config.Get("DATABASE"), app.Config.Testing, test.key, test.database, test.testing)
			}
		})
	}
}

// TestConfigMistakes: what is wrong is said before the app serves.
func TestConfigMistakes(t *testing.T) {
	for _, test := range []struct {
		name, file, variable, value, want string
	}{
		{"no secret key", "", "FLASKR_SECRET_KEY", "", "flaskr: SECRET_KEY is empty"},
		{"no database", "", "FLASKR_DATABASE", "", `flaskr: DATABASE is ""`},
		{"a number", "", "FLASKR_DATABASE", "7", "flaskr: DATABASE is 7; it must be the path of a file"},
		{"a folder that cannot be", "", "FLASKR_DATABASE", "instance/config.json/flaskr.sqlite", "flaskr: the folder of DATABASE: "},
		{"a key's type", "", "FLASKR_DEBUG", "perhaps", "DEBUG"},
		{"a broken file", "{", "", "", "config.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.file == "" {
				test.file = "{}"
			}
			inInstance(t, test.file)
			if test.variable != "" {
				t.Setenv(test.variable, test.value)
			}
			_, _, err := newApp(nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

// inInstance changes into an empty folder, where instance/config.json holds
// config; there is none if that is empty.
func inInstance(t *testing.T, config string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if config == "" {
		return
	}
	if err := os.Mkdir("instance", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("instance/config.json", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}
