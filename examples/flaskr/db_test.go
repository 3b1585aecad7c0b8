package main

import (
	"bufio"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

// TestMain makes the test binary the program itself where command asks for it.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_PROGRAM") != "" {
		main()
		return
	}
	for _, variable := range os.Environ() { // what configures the program outside of the tests
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "FLASKR_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// command returns the program with arguments, ready to be started in a folder.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RUN_AS_PROGRAM=1", "GOCOVERDIR="+t.TempDir())
	return cmd
}

func TestInitDBCommand(t *testing.T) {
	app, db := openTestApp(t, filepath.Join(t.TempDir(), "flaskr.sqlite"))
	result := hipflasktest.RunCommand(t, app, "init-db")
	if result.ExitCode != 0 || result.Output != "Initialized the database.\n" {
		t.Errorf("got %s", result)
	}
	if n := read[int](t, db, "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('user', 'post')"); n != 2 {
		t.Errorf("got %d tables, want 2", n)
	}
}

func TestInitDBCommandFails(t *testing.T) {
	app, _ := openTestApp(t, t.TempDir()) // a folder
	result := hipflasktest.RunCommand(t, app, "init-db")
	if result.ExitCode != 1 || !strings.Contains(result.Output, "unable to open database file") {
		t.Errorf("got %s", result)
	}
}

// TestCommandsThatFail: with a sentence and the exit code 1.
func TestCommandsThatFail(t *testing.T) {
	for _, test := range []struct{ variable, want string }{
		{"FLASKR_SECRET_KEY=", "flaskr: SECRET_KEY is empty"},
		{"FLASKR_DATABASE=.", "unable to open database file"},
	} {
		cmd := command(t, t.TempDir(), "init-db")
		cmd.Env = append(cmd.Env, test.variable)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: got %v and %q, want exit code 1 and %q", test.variable, err, out, test.want)
		}
	}
}

// TestRun: the program serves, and when it is told to stop it closes the
// database: the last connection takes the write-ahead log with it.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	if out, err := command(t, dir, "init-db").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := command(t, dir, "run")
	cmd.Env = append(cmd.Env, "HIPFLASK_RUN_PORT=0")
	address := start(t, cmd)
	visitor := newBrowser(t, address)
	visitor.must("GET", "/", nil, 200, "Log In")
	log := filepath.Join(dir, "instance", "flaskr.sqlite-wal")
	if _, err := os.Stat(log); err != nil {
		t.Errorf("while it serves: %v; want a write-ahead log", err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if _, err := os.Stat(log); !os.IsNotExist(err) {
		t.Errorf("the database was not closed: its write-ahead log is there (%v)", err)
	}
}

// start starts a server that prints where it runs, and returns the address.
func start(t *testing.T, cmd *exec.Cmd) (address string) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if _, address, found := strings.Cut(lines.Text(), "Running on "); found {
			go io.Copy(io.Discard, stderr)
			return strings.TrimSpace(address)
		}
	}
	t.Fatalf("%v ended, and printed:\n%s", cmd.Args, strings.Join(seen, "\n"))
	return ""
}

func TestInitDBClears(t *testing.T) {
	app, db := newTestApp(t)
	if err := initDB(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"user", "post"} {
		if n := read[int](t, db, "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("got %d rows in %s, want none", n, table)
		}
	}
	wantPage(t, hipflasktest.New(t, app).Get("/"), 200, "Posts")
}

// TestClosedDB: the handle is one for all requests, and closed is closed.
func TestClosedDB(t *testing.T) {
	app, db := newTestApp(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantPage(t, hipflasktest.New(t, app).Get("/"), 500)
	if err := initDB(t.Context(), db); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v, want an error that says closed", err)
	}
}

// TestNoTables: whoever serves before init-db is told so.
func TestNoTables(t *testing.T) {
	app, _ := openTestApp(t, filepath.Join(t.TempDir(), "new.sqlite"))
	visitor := hipflasktest.New(t, app)
	wantPage(t, visitor.Get("/hello"), 200, "Hello, World!")
	for _, page := range []*hipflasktest.Response{
		visitor.Get("/"),
		login(visitor, "a", "a"),
		visitor.PostForm("/auth/register", fields("username", "a", "password", "a")),
	} {
		wantPage(t, page, 500, "The database has no tables yet.", "flaskr init-db")
	}
}

// TestOtherDBErrors: whatever else fails in the database is the usual 500, whose
// page says nothing of it.
func TestOtherDBErrors(t *testing.T) {
	written := fields("title", "a", "body", "b")
	for _, test := range []struct {
		broken, method, path string
		form                 url.Values
	}{
		{"CREATE TRIGGER t BEFORE INSERT ON post BEGIN SELECT RAISE(ABORT, 'secret'); END", "POST", "/create", written},
		{"CREATE TRIGGER t BEFORE UPDATE ON post BEGIN SELECT RAISE(ABORT, 'secret'); END", "POST", "/1/update", written},
		{"CREATE TRIGGER t BEFORE DELETE ON post BEGIN SELECT RAISE(ABORT, 'secret'); END", "POST", "/1/delete", nil},
		{"CREATE TRIGGER t BEFORE INSERT ON user BEGIN SELECT RAISE(ABORT, 'secret'); END", "POST", "/auth/register",
			fields("username", "a", "password", "a")},
		{"UPDATE post SET created = 'secret'", "GET", "/", nil},
		{"UPDATE post SET created = 'secret'", "GET", "/1/update", nil},
		{"ALTER TABLE user RENAME COLUMN username TO secret", "GET", "/hello", nil},
	} {
		app, db := newTestApp(t)
		visitor := loggedIn(t, app)
		execute(t, db, test.broken)
		r := visitor.NewRequest(test.method, test.path, strings.NewReader(test.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page := visitor.Do(r)
		wantPage(t, page, 500)
		if strings.Contains(page.Body, "secret") || strings.Contains(page.Body, "username") {
			t.Errorf("got %s", page)
		}
	}
}

// TestDataSource: a path is a file's name and nothing else, and every connection
// has its settings.
func TestDataSource(t *testing.T) {
	for _, name := range []string{"a.sqlite", "with space?and=query#and 100%.sqlite", "äöü.sqlite", ":memory:"} {
		file := filepath.Join(t.TempDir(), name)
		_, db := openTestApp(t, file)
		if err := initDB(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
		db.SetMaxIdleConns(0) // each statement on a new connection
		for range 2 {
			mode, timeout := read[string](t, db, "PRAGMA journal_mode"), read[int](t, db, "PRAGMA busy_timeout")
			if keys := read[bool](t, db, "PRAGMA foreign_keys"); mode != "wal" || timeout != 10000 || !keys {
				t.Errorf("%s: got journal_mode %s, busy_timeout %d, foreign_keys %t", name, mode, timeout, keys)
			}
		}
	}
}

// TestCreated: the times that this program, Python's sqlite3 and people write.
func TestCreated(t *testing.T) {
	app, db := newTestApp(t)
	for _, created := range []string{
		"2024-02-29 23:59:59", "2024-02-29 23:59:59.123456", "2024-02-29T23:59:59", "2024-02-29 23:59", "2024-02-29",
		"2024-02-29 23:59:59+00:00",
	} {
		execute(t, db, "UPDATE post SET created = ?", created)
		wantPage(t, hipflasktest.New(t, app).Get("/"), 200, "by test on 2024-02-29")
	}
}
