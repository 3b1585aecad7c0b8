package main

import (
	"database/sql"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

var places = []struct {
	name    string
	address func(testing.TB) string
}{
	{"memory", memoryAddress},
	{"SQLite", sqliteAddress},
	{"Redis", redisAddress},
	{"PostgreSQL", postgresAddress},
}

func open(tb testing.TB, address string) hipflask.SessionBackend {
	tb.Helper()
	backend, err := openBackend(address)
	if err != nil {
		tb.Fatal(err)
	}
	return backend
}

// TestStores holds every place to the contract, and tries the program with it.
func TestStores(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			address := place.address(t)
			one := open(t, address)
			hipflasktest.TestSessionStore(t, func(cfg *hipflask.Config) {
				cfg.SessionStore = hipflask.ServerSessions(one)
			})
			client := hipflasktest.New(t, newApp(one)).FollowRedirects()
			client.PostForm("/login", url.Values{"user": {"Ada"}})
			if got, want := client.Get("/").Body, "Hello, Ada! Visit 2.\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if got, want := client.PostForm("/logout", nil).Body, "You are not logged in.\n"; got != want {
				t.Errorf("logged out: got %q, want %q", got, want)
			}
		})
	}
}

// TestServerDown kills the server in the middle and starts it again. The App is
// not started again, and reports what happens in the meantime.
func TestServerDown(t *testing.T) {
	for _, place := range []struct {
		name  string
		start func(testing.TB) (string, *server)
	}{{"Redis", startRedis}, {"PostgreSQL", startPostgres}} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			address, server := place.start(t)
			backend := open(t, address)
			hipflasktest.TestSessionStoreFailure(t, func(cfg *hipflask.Config) {
				cfg.SessionStore = hipflask.ServerSessions(backend)
			}, server.stop, server.start)
		})
	}
}

// TestPostgresHangs: a table that somebody locked is an error, not a page that
// never comes.
func TestPostgresHangs(t *testing.T) {
	address := postgresAddress(t)
	backend := open(t, address)
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, _, err := backend.Find("key")
		failed <- err
	}()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("Find in a locked table: got no error")
		}
	case <-time.After(10 * time.Second):
		t.Error("Find in a locked table still waits after 10 seconds")
	}
}

// The stores in one run: what a request pays for reading its session, and for
// changing it.
func BenchmarkSession(b *testing.B) {
	run := func(b *testing.B, use func(cfg *hipflask.Config)) {
		app := hipflask.New("benchmark")
		app.Config.SecretKey = "the key of the benchmarks, long enough"
		use(&app.Config)
		app.Get("/read", func(c *hipflask.Context) error { return c.Text(c.Session().GetString("user")) }).Name("read")
		n := 0
		app.Get("/write", func(c *hipflask.Context) error {
			n++
			c.Session().Set("visits", n)
			return c.Text(c.Session().GetString("user"))
		}).Name("write")
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/read", nil)
		if err := app.SessionTransaction(w, r, func(s *hipflask.Session) {
			s.Set("user", "Ada Lovelace")
			s.Set("theme", "dark")
		}); err != nil {
			b.Fatal(err)
		}
		cookie := w.Result().Cookies()[0]
		for _, path := range []string{"/read", "/write"} {
			b.Run(path[1:], func(b *testing.B) {
				r := httptest.NewRequest("GET", path, nil)
				r.AddCookie(cookie)
				b.ReportAllocs()
				for b.Loop() {
					w := httptest.NewRecorder()
					if app.ServeHTTP(w, r); w.Code != 200 || w.Body.String() != "Ada Lovelace" {
						b.Fatalf("got %d %s", w.Code, w.Body)
					}
				}
			})
		}
	}
	b.Run("cookie", func(b *testing.B) { run(b, func(*hipflask.Config) {}) })
	for _, place := range places {
		b.Run(place.name, func(b *testing.B) {
			backend := open(b, place.address(b))
			run(b, func(cfg *hipflask.Config) { cfg.SessionStore = hipflask.ServerSessions(backend) })
		})
	}
}
