package hipflasktest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
)

// TestSessionStore tests a [hipflask.SessionStore]: what its contract says, and
// what a visitor may rely on whatever the store. A store's own test is
//
//	func TestStore(t *testing.T) {
//		backend := …
//		hipflasktest.TestSessionStore(t, func(cfg *hipflask.Config) {
//			cfg.SessionStore = newStore(backend, cfg.SecretKey, cfg.SecretKeyFallbacks)
//		})
//	}
//
// use makes an App keep its sessions in the store; if it changes nothing, the
// default one is tested. It is called for each App of the tests, with the keys
// that App has. The stores it makes must see each other's sessions, as those of
// several processes would, and may hold sessions already.
//
// Whether the cookie holds the session or an id of it is found out. A store that
// holds the session in the cookie cannot end one that was copied, and the cases
// that ask for this are skipped; so are those that call the store itself where
// Config.SessionStore stays nil. The tests take some seconds.
func TestSessionStore(t *testing.T, use func(cfg *hipflask.Config)) {
	s := &storeTest{use: use}
	s.onServer = s.keepsOnServer(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"values come back", s.valuesComeBack},
		{"keys come back", s.keysComeBack},
		{"changes", s.changes},
		{"permanence and flashed messages", s.flaskKeys},
		{"two visitors", s.twoVisitors},
		{"two processes", s.twoProcesses},
		{"invented cookies", s.inventedCookies},
		{"altered cookies", s.alteredCookies},
		{"the end", s.end},
		{"the end, and a copy of the cookie", s.endOfCopy},
		{"renewing", s.renew},
		{"renewing, and a copy of the cookie", s.renewedCopy},
		{"a slow request after the end", s.slowAfterEnd},
		{"a slow request after renewing", s.slowAfterRenew},
		{"a slow sign-out", s.slowSignOut},
		{"expiry", s.expiry},
		{"large sessions", s.large},
		{"concurrency", s.concurrency},
		{"revocation", s.revocation},
		{"a new key", s.newKey},
		{"a key removed", s.removedKey},
		{"a malformed key", s.malformedKey},
		{"Open and Save", s.direct},
		{"times of Open and Save", s.directTimes},
		{"a cancelled context", s.cancelled},
	} {
		t.Run(test.name, test.run)
	}
}

// TestSessionStoreFailure tests what a visitor sees while the place that a store
// keeps sessions in does not answer. use is that of [TestSessionStore]; stop
// makes the place fail, start makes it work again, perhaps without the sessions
// it had. The App is the same before, during and after.
func TestSessionStoreFailure(t *testing.T, use func(cfg *hipflask.Config), stop, start func()) {
	var log syncBuffer
	s := &storeTest{use: use}
	app := s.app(t, func(cfg *hipflask.Config) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	client := New(t, app)
	s.visit(client, set("user", "ada"))
	before, _ := s.cookie(client)

	stop()
	for _, test := range []struct {
		name string
		view view
		want int
	}{
		{"a page that reads the session", func(c *hipflask.Context) error { return c.Text("user: " + c.Session().GetString("user")) }, 503},
		{"a page that changes the session", set("user", "grace"), 503},
		{"a sign-out", func(c *hipflask.Context) error { c.Session().Clear(); return c.Text("bye") }, 503},
		{"a stream", func(c *hipflask.Context) error {
			c.Session().Set("user", "grace")
			_, err := io.WriteString(c.Writer(), "some of it")
			return err
		}, 503},
		{"a page without the session", func(c *hipflask.Context) error { return c.Text("about us") }, 200},
	} {
		page := s.visit(client, test.view)
		if page.StatusCode != test.want {
			t.Errorf("%s: got %s, want %d", test.name, page, test.want)
		}
		if test.want == 503 && (strings.Contains(page.Body, "user: ") || strings.Contains(page.Body, "some of it") || page.Header["Set-Cookie"] != nil) {
			t.Errorf("%s: got %s with %v, want nothing of the page and no cookie", test.name, page, page.Header)
		}
	}
	if page := s.visit(New(t, app), set("user", "grace")); page.StatusCode != 503 || page.Header["Set-Cookie"] != nil {
		t.Errorf("a new session: got %s with %v, want 503 and no cookie", page, page.Header)
	}
	if after, _ := s.cookie(client); after != before {
		t.Error("the visitor's cookie changed, though nothing could be saved")
	}
	if text := log.String(); !strings.Contains(text, "error=") || strings.Contains(text, before) {
		t.Errorf("the log must have the cause, and not the cookie; got %s", text)
	}

	start()
	var page *Response
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if page = s.visit(client, set("user", "ada")); page.StatusCode == 200 {
			break
		}
	}
	if got := s.values(client)["user"]; page.StatusCode != 200 || got != "ada" {
		t.Errorf("once it works again: got %s and then the user %v, want 200 and ada", page, got)
	}
}

// storeTest is one run of the suite.
type storeTest struct {
	use      func(cfg *hipflask.Config)
	onServer bool // the cookie holds an id
}

// A view is what a test wants a request's handler to do.
type view func(c *hipflask.Context) error

type viewKey struct{}

const (
	suiteKey    = "the key of the store's tests, 32 bytes"
	suiteNewKey = "another key of the store's tests, newer"
)

// app makes an App that keeps its sessions in the store.
func (s *storeTest) app(t testing.TB, change ...func(cfg *hipflask.Config)) *hipflask.App {
	t.Helper()
	app := hipflask.New("sessions")
	app.Config.SecretKey = suiteKey
	app.Config.Logger = slog.New(slog.DiscardHandler)
	for _, f := range change {
		f(&app.Config)
	}
	s.use(&app.Config)
	app.Get("/", func(c *hipflask.Context) error {
		v, _ := c.Request.Context().Value(viewKey{}).(view)
		return v(c)
	})
	return app
}

// visit runs a view as the handler of a visitor's request.
func (s *storeTest) visit(client *Client, v view) *Response {
	client.tb.Helper()
	r := client.NewRequest("GET", "/", nil)
	return client.Do(r.WithContext(context.WithValue(r.Context(), viewKey{}, v)))
}

func set(key string, value any) view {
	return func(c *hipflask.Context) error {
		c.Session().Set(key, value)
		return c.Text("saved")
	}
}

func clear(c *hipflask.Context) error {
	c.Session().Clear()
	return c.Text("cleared")
}

func renew(c *hipflask.Context) error {
	c.Session().Renew()
	return c.Text("renewed")
}

func nothing(c *hipflask.Context) error { return c.Text("a page") }

// values reads the visitor's session in a request of its own.
func (s *storeTest) values(client *Client) map[string]any {
	client.tb.Helper()
	got := map[string]any{}
	page := s.visit(client, func(c *hipflask.Context) error {
		for _, key := range c.Session().Keys() {
			var value any
			c.Session().Get(key, &value)
			got[key] = value
		}
		return c.Text("read")
	})
	if page.StatusCode != 200 {
		client.tb.Errorf("reading the session: got %s, want 200", page)
	}
	return got
}

func (s *storeTest) cookieName(client *Client) string {
	name, _ := client.app.Config.Get("SESSION_COOKIE_NAME").(string)
	return name
}

func (s *storeTest) cookie(client *Client) (value string, found bool) {
	return client.Cookie(s.cookieName(client))
}

// with returns a visitor of the App whose session cookie is value.
func (s *storeTest) with(t testing.TB, app *hipflask.App, value string) *Client {
	client := New(t, app)
	client.SetCookie(&http.Cookie{Name: s.cookieName(client), Value: value, Path: "/"})
	return client
}

// store returns the store itself.
func (s *storeTest) store(t *testing.T) hipflask.SessionStore {
	t.Helper()
	app := s.app(t)
	if err := app.Check(); err != nil { // a store may be configured by it
		t.Fatal(err)
	}
	if app.Config.SessionStore == nil {
		t.Skip("Config.SessionStore is nil: only an App can call the default store")
	}
	return app.Config.SessionStore
}

func (s *storeTest) needsServer(t *testing.T) {
	t.Helper()
	if !s.onServer {
		t.Skip("the cookie holds the session itself, so a copy of it cannot be ended; Config.SessionsValidSince can")
	}
}

// keepsOnServer finds out whether the cookie holds the session or an id of it.
func (s *storeTest) keepsOnServer(t *testing.T) bool {
	t.Helper()
	client := New(t, s.app(t))
	page := s.visit(client, set("k", randomText(1000)))
	value, found := s.cookie(client)
	if !found {
		t.Fatalf("a session of 1000 bytes: got %s and no cookie", page)
	}
	return len(value) < 500
}

// randomText cannot be compressed.
func randomText(size int) string {
	half := make([]byte, size/2)
	rand.Read(half)
	return hex.EncodeToString(half)
}

// syncBuffer is a log that several requests write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
