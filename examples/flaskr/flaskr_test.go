package main

import (
	"database/sql"
	_ "embed"
	"net/url"
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
