package hipflask_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// memory keeps sessions in the program, under random ids. It forgets them at the
// next start, and never drops the old ones: it is here to show the contract.
type memory struct {
	mu       sync.Mutex
	sessions map[string]hipflask.SessionData
}

func (m *memory) Open(ctx context.Context, cookie string) (hipflask.SessionData, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, found := m.sessions[cookie]
	if !found || time.Now().After(data.Expires) {
		return hipflask.SessionData{}, false, nil // an id that is not ours is never adopted
	}
	data.State = cookie // Save finds the id here
	return data, true, nil
}

func (m *memory) Save(ctx context.Context, data hipflask.SessionData) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, known := data.State.(string)
	if known && (data.Renew || len(data.Values) == 0) {
		delete(m.sessions, id)
	}
	if len(data.Values) == 0 {
		return "", nil
	}
	if !known || data.Renew {
		id = rand.Text()
	}
	m.sessions[id] = data
	return id, nil
}

// A SessionStore keeps sessions in another place than the cookie, which then
// holds an id.
func ExampleSessionStore() {
	store := &memory{sessions: map[string]hipflask.SessionData{}}
	app := hipflask.New("store")
	app.Config.SessionStore = store
	app.Post("/login", func(c *hipflask.Context) error {
		c.Session().Renew()
		c.Session().Set("username", "Ada")
		return c.NoContent()
	})
	app.Get("/", func(c *hipflask.Context) error {
		return c.Text("Hello, " + c.Session().GetString("username"))
	})

	signedIn := httptest.NewRecorder()
	app.ServeHTTP(signedIn, httptest.NewRequest("POST", "/login", nil))
	cookie := signedIn.Result().Cookies()[0]

	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.AddCookie(cookie)
	app.ServeHTTP(w, r)
	fmt.Println(w.Body, len(store.sessions), len(cookie.Value) < 40)

	// Output:
	// Hello, Ada 1 true
}
