package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// table is a backend in the program's own memory. A real one is a table of a
// database, or one of the stores of alexedwards/scs.
type table struct {
	mu   sync.Mutex
	rows map[string]row
}

type row struct {
	text   []byte
	expiry time.Time
}

func (t *table) Find(key string) ([]byte, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, found := t.rows[key]
	return r.text, found && time.Now().Before(r.expiry), nil
}

func (t *table) Commit(key string, text []byte, expiry time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[key] = row{text, expiry}
	return nil
}

func (t *table) Delete(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rows, key)
	return nil
}

// With sessions on a server, a copy of the cookie is worth nothing once its
// owner has signed out.
func ExampleServerSessions() {
	sessions := hipflask.ServerSessions(&table{rows: map[string]row{}})
	sessions.IdleTimeout = 30 * time.Minute
	sessions.Lifetime = 12 * time.Hour

	app := hipflask.New("server")
	app.Config.SessionStore = sessions
	app.Post("/login", func(c *hipflask.Context) error {
		c.Session().Renew()
		c.Session().Set("user", "ada")
		return c.NoContent()
	})
	app.Post("/logout", func(c *hipflask.Context) error {
		c.Session().Clear()
		return c.NoContent()
	})
	app.Get("/", func(c *hipflask.Context) error {
		return c.Text("user: " + c.Session().GetString("user"))
	})

	visit := func(method, path, cookie string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
		r.Header.Set("Cookie", cookie)
		app.ServeHTTP(w, r)
		return w
	}
	cookie := visit("POST", "/login", "").Result().Cookies()[0]
	fmt.Println(len(cookie.Value), visit("GET", "/", cookie.String()).Body)
	visit("POST", "/logout", cookie.String())
	fmt.Println(visit("GET", "/", cookie.String()).Body)

	// Output:
	// 43 user: ada
	// user:
}
