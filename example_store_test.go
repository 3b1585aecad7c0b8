package hipflask_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// memory keeps sessions in the program, under random ids. It forgets them at the
// next start, and never drops the old ones: it is here to show the contract.
type memory struct {
	mu       sync.Mutex
	sessions map[string]hipflask.SessionData
	renewed  map[string]string // the id that came after an id
}

// opened is what Save needs to know of what Open found.
type opened struct {
	id     string
	values map[string]json.RawMessage
}

func (m *memory) Open(ctx context.Context, cookie string) (hipflask.SessionData, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, found := m.sessions[cookie]
	if !found || time.Now().After(data.Expires) {
		return hipflask.SessionData{}, false, nil // an id that is not ours is never adopted
	}
	data.State = opened{cookie, data.Values}
	return data, true, nil
}

func (m *memory) Save(ctx context.Context, data hipflask.SessionData) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was, known := data.State.(opened)
	id := was.id
	if len(data.Values) == 0 {
		for ; id != ""; id = m.renewed[id] { // it may have been renewed meanwhile
			delete(m.sessions, id)
		}
		return "", nil
	}
	if _, alive := m.sessions[id]; known && !alive {
		if !data.Renew && reflect.DeepEqual(data.Values, was.values) {
			return "", nil // nothing is lost
		}
		return "", hipflask.Error(409, "Your session ended meanwhile. Please try again.")
	}
	if !known || data.Renew {
		delete(m.sessions, id)
		id = rand.Text()
		m.renewed[was.id] = id
	}
	m.sessions[id] = hipflask.SessionData{Values: data.Values, Issued: data.Issued, Expires: data.Expires}
	return id, nil
}

func newMemory() *memory {
	return &memory{sessions: map[string]hipflask.SessionData{}, renewed: map[string]string{}}
}

// A SessionStore keeps sessions in another place than the cookie, which then
// holds an id.
func ExampleSessionStore() {
	store := newMemory()
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
