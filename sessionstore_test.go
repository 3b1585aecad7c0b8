package hipflask_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/hipflasktest"
)

// The contract of every session store, held to those of this package.
func TestSessionStores(t *testing.T) {
	example := newMemory()
	for name, use := range map[string]func(cfg *hipflask.Config){
		"default":   func(*hipflask.Config) {},
		"encrypted": func(cfg *hipflask.Config) { cfg.SessionCookieEncrypt = true },
		"cookie store by itself": func(cfg *hipflask.Config) {
			store, err := hipflask.NewCookieStore(cfg)
			if err != nil {
				t.Error(err)
			}
			cfg.SessionStore = store
		},
		"Flask's cookie": func(cfg *hipflask.Config) { cfg.SessionStore = flaskcompat.NewSessionStore() },
		"the example's":  func(cfg *hipflask.Config) { cfg.SessionStore = example },
		"server":         onServer(&backend{}),
		"server with times": func(cfg *hipflask.Config) {
			sessions := hipflask.ServerSessions(shared)
			sessions.IdleTimeout, sessions.Lifetime = time.Hour, 24*time.Hour
			cfg.SessionStore = sessions
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hipflasktest.TestSessionStore(t, use)
		})
	}
}

func TestServerSessionsFailure(t *testing.T) {
	place := &backend{}
	hipflasktest.TestSessionStoreFailure(t, onServer(place),
		func() { place.fail(errors.New("connection refused")) }, func() { place.fail(nil) })
}

var shared = &backend{}

func onServer(place *backend) func(cfg *hipflask.Config) {
	return func(cfg *hipflask.Config) { cfg.SessionStore = hipflask.ServerSessions(place) }
}

// backend keeps sessions in the program's memory.
type backend struct {
	mu      sync.Mutex
	items   map[string]item
	err     error
	commits int
	keeps   bool // it never forgets what has expired
}

type item struct {
	text   []byte
	expiry time.Time
}

func (b *backend) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *backend) Find(key string) ([]byte, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	it, found := b.items[key]
	if b.err != nil || !found || !b.keeps && time.Now().After(it.expiry) {
		return nil, false, b.err
	}
	return it.text, true, nil
}

func (b *backend) Commit(key string, text []byte, expiry time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.commits++
	if b.err != nil {
		return b.err
	}
	if b.items == nil {
		b.items = map[string]item{}
	}
	b.items[key] = item{text, expiry}
	return nil
}

func (b *backend) Delete(key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		delete(b.items, key)
	}
	return b.err
}

func sessionCookie(value string) *http.Cookie {
	return &http.Cookie{Name: "session", Value: value, Path: "/"}
}

// What a request pays for its session, by store; examples/stores has the servers.
func BenchmarkSessionStores(b *testing.B) {
	for _, store := range []struct {
		name string
		use  func(cfg *hipflask.Config)
	}{
		{"cookie", func(*hipflask.Config) {}},
		{"encrypted cookie", func(cfg *hipflask.Config) { cfg.SessionCookieEncrypt = true }},
		{"Flask's cookie", func(cfg *hipflask.Config) { cfg.SessionStore = flaskcompat.NewSessionStore() }},
		{"server, in memory", onServer(&backend{})},
	} {
		app := hipflask.New("benchmark")
		app.Config.SecretKey = "the key of the benchmarks, long enough"
		store.use(&app.Config)
		app.Get("/read", func(c *hipflask.Context) error { return c.Text(c.Session().GetString("user")) }).Name("read")
		n := 0
		app.Get("/write", func(c *hipflask.Context) error {
			n++
			c.Session().Set("visits", n)
			return c.Text(c.Session().GetString("user"))
		}).Name("write")
		w := httptest.NewRecorder()
		if err := app.SessionTransaction(w, httptest.NewRequest("GET", "/", nil), func(s *hipflask.Session) {
			s.Set("user", "Ada Lovelace")
			s.Set("theme", "dark")
		}); err != nil {
			b.Fatal(err)
		}
		cookie := w.Result().Cookies()[0]
		for _, path := range []string{"/read", "/write"} {
			b.Run(store.name+path, func(b *testing.B) {
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
}
