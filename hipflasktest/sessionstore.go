package hipflasktest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
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

// Values.

func (s *storeTest) valuesComeBack(t *testing.T) {
	app := s.app(t)
	for name, value := range map[string]any{
		"text": "Grüße, 世界", "no text": "", "a NUL": "a\x00b", "lines": "a\r\n\tb\u2028c",
		"what HTML and JSON escape": `<b title="x">&amp;</b> \ ' "`,
		"0":                         0, "a negative int": -1, "the largest int": math.MaxInt64, "the smallest int": math.MinInt64,
		"an int no float64 holds": 1<<53 + 1, "a fraction": 0.1, "a small fraction": -2.5e-9,
		"true": true, "false": false, "nil": nil,
		"an empty list": []any{}, "an empty map": map[string]any{},
		"a list": []any{"a", 1, 0.5, true, nil, []any{1}, map[string]any{"b": 2}},
		"a map":  map[string]any{"a": map[string]any{"b": map[string]any{"c": []any{1, 2}}}, "": 1},
		// Flask's JSON has tags for other types, which a value may look like.
		"what looks like a tuple": map[string]any{" t": []any{1}}, "what looks like bytes": map[string]any{" b": "YQ=="},
		"what looks like a date": map[string]any{" d": "Sat, 21 Nov 2026 03:00:00 GMT"}, "what looks like a tag": map[string]any{" di__": 1},
	} {
		client := New(t, app)
		if page := s.visit(client, set("k", value)); page.StatusCode != 200 {
			t.Errorf("%s: got %s", name, page)
		}
		if got := s.values(client)["k"]; !reflect.DeepEqual(got, value) {
			t.Errorf("%s: got %#v, want %#v", name, got, value)
		}
	}
}

func (s *storeTest) keysComeBack(t *testing.T) {
	app := s.app(t)
	for _, key := range []string{"a", "", " ", " t", "a.b", "a b", "ключ", `"`, "_own", "k=v;", strings.Repeat("long", 50)} {
		client := New(t, app)
		s.visit(client, set(key, 1))
		if got, want := s.values(client), map[string]any{key: 1}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// changes: each request finds what the one before left, a request that changes
// nothing included.
func (s *storeTest) changes(t *testing.T) {
	client := New(t, s.app(t))
	for i, step := range []struct {
		view view
		want map[string]any
	}{
		{nothing, map[string]any{}},
		{set("a", 1), map[string]any{"a": 1}},
		{nothing, map[string]any{"a": 1}},
		{set("b", []int{1}), map[string]any{"a": 1, "b": []any{1}}},
		{set("a", "two"), map[string]any{"a": "two", "b": []any{1}}},
		{set("a", "two"), map[string]any{"a": "two", "b": []any{1}}},
		{func(c *hipflask.Context) error { c.Session().Delete("b"); return c.Text("") }, map[string]any{"a": "two"}},
		{func(c *hipflask.Context) error { return errors.New("a handler that fails") }, map[string]any{"a": "two"}},
		{func(c *hipflask.Context) error { c.Session().Set("c", 3); return hipflask.Abort(404) }, map[string]any{"a": "two", "c": 3}},
		{func(c *hipflask.Context) error { c.Session().Set("d", func() {}); return c.Text("") }, map[string]any{"a": "two", "c": 3}},
		{func(c *hipflask.Context) error { c.Session().Clear(); c.Session().Set("e", 5); return c.Text("") }, map[string]any{"e": 5}},
		{clear, map[string]any{}},
		{set("f", 6), map[string]any{"f": 6}},
	} {
		s.visit(client, step.view)
		if got := s.values(client); !reflect.DeepEqual(got, step.want) {
			t.Fatalf("after step %d: got %v, want %v", i, got, step.want)
		}
	}
}

func (s *storeTest) flaskKeys(t *testing.T) {
	client := New(t, s.app(t))
	page := s.visit(client, func(c *hipflask.Context) error {
		c.Session().Set("a", 1)
		c.Session().SetPermanent(true)
		c.Flash("plain")
		c.FlashAs("error", "bad <b>")
		return c.Text("")
	})
	if cookies := page.Cookies(); len(cookies) != 1 || time.Until(cookies[0].Expires) < 30*24*time.Hour {
		t.Errorf("a permanent session: got %v, want a cookie that expires in 31 days", cookies)
	}
	s.visit(client, nothing)
	s.visit(client, func(c *hipflask.Context) error {
		messages := c.FlashedMessages()
		if len(messages) != 2 || messages[0].Text != "plain" || messages[1].Category != "error" || messages[1].Text != "bad <b>" {
			t.Errorf("flashed: got %v", messages)
		}
		if !c.Session().Permanent() {
			t.Error("the session is no longer permanent")
		}
		return c.Text("")
	})
	s.visit(client, func(c *hipflask.Context) error {
		if messages := c.FlashedMessages(); len(messages) != 0 {
			t.Errorf("a second time: got %v, want no message", messages)
		}
		return c.Text("")
	})
	page = s.visit(client, func(c *hipflask.Context) error { c.Session().SetPermanent(false); return c.Text("") })
	if cookies := page.Cookies(); len(cookies) != 1 || !cookies[0].Expires.IsZero() {
		t.Errorf("permanent no more: got %v, want a cookie until the browser is closed", cookies)
	}
}

func (s *storeTest) twoVisitors(t *testing.T) {
	app := s.app(t)
	ada, grace := New(t, app), New(t, app)
	s.visit(ada, set("name", "Ada"))
	s.visit(grace, set("name", "Grace"))
	s.visit(ada, set("name", "Ada L."))
	if a, g := s.values(ada)["name"], s.values(grace)["name"]; a != "Ada L." || g != "Grace" {
		t.Errorf("got %v and %v, want each its own", a, g)
	}
	s.visit(ada, clear)
	if got := s.values(grace)["name"]; got != "Grace" {
		t.Errorf("after another visitor signed out: got %v, want Grace", got)
	}
}

func (s *storeTest) twoProcesses(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("name", "Ada"))
	value, _ := s.cookie(client)
	second := s.with(t, s.app(t), value)
	if got := s.values(second)["name"]; got != "Ada" {
		t.Errorf("what one App saved, another reads as %v, want Ada", got)
	}
}

// Cookies that are not the store's.

func (s *storeTest) inventedCookies(t *testing.T) {
	app := s.app(t)
	for _, value := range []string{
		"", "x", "admin", "0", "null", "true", "{}", "../../etc/passwd", "*", "%00", "a'--",
		"e30.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", ".eJw.aa.bb", "....", "p.", "==", "MTIz|x|y",
		strings.Repeat("A", 26), strings.Repeat("A", 32), strings.Repeat("A", 43), strings.Repeat("A", 44), strings.Repeat("A", 64),
		strings.Repeat("A", 3000), randomText(64), randomText(128),
	} {
		client := s.with(t, app, value)
		if got := s.values(client); len(got) != 0 {
			t.Errorf("the cookie %.20q: got %v, want an empty session", value, got)
		}
		s.visit(client, set("mine", true))
		if got, found := s.cookie(client); !found || got == value {
			t.Errorf("the cookie %.20q was adopted: the visitor has %.20q now", value, got)
		}
		if got := s.values(s.with(t, app, value)); len(got) != 0 {
			t.Errorf("the cookie %.20q: whoever has it finds %v, want an empty session", value, got)
		}
	}
}

func (s *storeTest) alteredCookies(t *testing.T) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	app := s.app(t)
	client := New(t, app)
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	altered := []string{value[1:], value[:len(value)-1], value[:len(value)/2], value + "A", "A" + value, value + value, value + "." + value}
	for i := range value {
		// The digit on the other side of the alphabet differs in its first bit; the
		// last bits of a last digit may be worth nothing.
		digit := byte('A')
		if at := strings.IndexByte(digits, value[i]); at >= 0 {
			digit = digits[(at+32)%64]
		}
		altered = append(altered, value[:i]+string(digit)+value[i+1:])
	}
	for _, value := range altered {
		if got := s.values(s.with(t, app, value)); len(got) != 0 {
			t.Errorf("the altered cookie %q: got %v, want an empty session", value, got)
		}
	}
	if got := s.values(client)["user"]; got != "ada" {
		t.Errorf("afterwards, the cookie as it was: got %v, want ada", got)
	}
}

// The end of a session.

func (s *storeTest) end(t *testing.T) {
	app := s.app(t)
	client := New(t, app)
	s.visit(client, set("user", "ada"))
	page := s.visit(client, clear)
	if left, found := s.cookie(client); found || page.StatusCode != 200 {
		t.Errorf("got %s, and the visitor has the cookie %q; want 200 and none", page, left)
	}
	if got := s.values(client); len(got) != 0 {
		t.Errorf("got %v, want an empty session", got)
	}
	if page := s.visit(New(t, app), clear); page.StatusCode != 200 {
		t.Errorf("ending a session that never began: got %s, want 200", page)
	}
}

func (s *storeTest) endOfCopy(t *testing.T) {
	s.needsServer(t)
	app := s.app(t)
	client := New(t, app)
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	s.visit(client, clear)
	if got := s.values(s.with(t, app, value)); len(got) != 0 {
		t.Errorf("a copy of the cookie: got %v, want an empty session", got)
	}
}

func (s *storeTest) renew(t *testing.T) {
	app := s.app(t)
	client := New(t, app)
	s.visit(client, set("cart", 3))
	s.visit(client, func(c *hipflask.Context) error {
		c.Session().Renew()
		c.Session().Set("user", "ada")
		return c.Text("signed in")
	})
	if got, want := s.values(client), (map[string]any{"cart": 3, "user": "ada"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if page := s.visit(New(t, app), renew); page.StatusCode != 200 || page.Header["Set-Cookie"] != nil {
		t.Errorf("renewing an empty session: got %s with %q, want 200 and no cookie", page, page.Header["Set-Cookie"])
	}
}

func (s *storeTest) renewedCopy(t *testing.T) {
	s.needsServer(t)
	app := s.app(t)
	client := New(t, app)
	s.visit(client, set("cart", 3))
	value, _ := s.cookie(client)
	s.visit(client, renew)
	if now, _ := s.cookie(client); now == value {
		t.Error("the cookie is what it was")
	}
	if got := s.values(s.with(t, app, value)); len(got) != 0 {
		t.Errorf("the old cookie: got %v, want an empty session", got)
	}
	// Clear ends the session, and what is set after it begins another.
	value, _ = s.cookie(client)
	s.visit(client, func(c *hipflask.Context) error {
		c.Session().Clear()
		c.Session().Set("user", "grace")
		return c.Text("signed in as somebody else")
	})
	if now, _ := s.cookie(client); now == value {
		t.Error("after Clear and Set the cookie is what it was")
	}
}

// during runs first as a visitor's request, and in the middle of it, when the
// session is open, second as another request with the same cookie. It returns the
// two visitors, and what first got.
func (s *storeTest) during(t *testing.T, first, second view) (app *hipflask.App, cookie string, slow, quick *Client, page *Response) {
	t.Helper()
	app = s.app(t)
	slow = New(t, app)
	s.visit(slow, set("user", "ada"))
	cookie, _ = s.cookie(slow)
	quick = s.with(t, app, cookie)
	page = s.visit(slow, func(c *hipflask.Context) error {
		if got := c.Session().GetString("user"); got != "ada" {
			t.Errorf("the slow request: got the user %q, want ada", got)
		}
		if page := s.visit(quick, second); page.StatusCode != 200 {
			t.Errorf("the request during the slow one: got %s, want 200", page)
		}
		return first(c)
	})
	return app, cookie, slow, quick, page
}

func (s *storeTest) slowAfterEnd(t *testing.T) {
	s.needsServer(t)
	for name, first := range map[string]view{
		"that changes the session": set("late", 1),
		"that renews it":           renew,
		"that makes it permanent":  set("_permanent", true),
		"that flashes":             func(c *hipflask.Context) error { c.Flash("late"); return c.Text("") },
	} {
		app, cookie, slow, _, page := s.during(t, first, clear)
		if page.StatusCode < 400 {
			t.Errorf("a request %s: got %s, want an error: its change is lost", name, page)
		}
		for _, value := range slices.Concat([]string{cookie}, setCookies(page)) {
			if got := s.values(s.with(t, app, value)); len(got) != 0 {
				t.Errorf("a request %s brought back %v", name, got)
			}
		}
		if got := s.values(slow); len(got) != 0 {
			t.Errorf("a request %s left its visitor %v", name, got)
		}
	}
	_, _, slow, _, page := s.during(t, func(c *hipflask.Context) error { return c.Text("read") }, clear)
	if page.StatusCode != 200 || len(s.values(slow)) != 0 {
		t.Errorf("a request that only reads: got %s, want 200, and no session afterwards", page)
	}
}

func setCookies(page *Response) (values []string) {
	for _, cookie := range page.Cookies() {
		values = append(values, cookie.Value)
	}
	return values
}

func (s *storeTest) slowAfterRenew(t *testing.T) {
	s.needsServer(t)
	app, cookie, _, quick, _ := s.during(t, set("late", 1), func(c *hipflask.Context) error {
		c.Session().Renew()
		c.Session().Set("admin", true)
		return c.Text("")
	})
	if got := s.values(s.with(t, app, cookie)); len(got) != 0 {
		t.Errorf("the old cookie is worth %v again", got)
	}
	if got, want := s.values(quick), (map[string]any{"user": "ada", "admin": true}); !reflect.DeepEqual(got, want) {
		t.Errorf("the renewed session: got %v, want %v", got, want)
	}
}

// slowSignOut: a visitor who signs out while another of his requests renews the
// session does not stay signed in.
func (s *storeTest) slowSignOut(t *testing.T) {
	s.needsServer(t)
	_, _, slow, quick, page := s.during(t, clear, renew)
	if page.StatusCode != 200 {
		t.Errorf("got %s, want 200", page)
	}
	for _, client := range []*Client{slow, quick} {
		if got := s.values(client); len(got) != 0 {
			t.Errorf("after the sign-out: got %v, want an empty session", got)
		}
	}
}

func (s *storeTest) expiry(t *testing.T) {
	app := s.app(t, func(cfg *hipflask.Config) { cfg.PermanentSessionLifetime = time.Second })
	cookies := map[string]string{}
	for name, permanent := range map[string]bool{"permanent": true, "until the browser is closed": false} {
		client := New(t, app)
		s.visit(client, func(c *hipflask.Context) error {
			c.Session().Set("a", 1)
			c.Session().SetPermanent(permanent)
			return c.Text("")
		})
		cookies[name], _ = s.cookie(client)
		if got := s.values(s.with(t, app, cookies[name]))["a"]; got != 1 {
			t.Errorf("%s: at once: got %v, want 1", name, got)
		}
	}
	time.Sleep(2200 * time.Millisecond) // the time may be kept in whole seconds
	for name, value := range cookies {
		if got := s.values(s.with(t, app, value)); len(got) != 0 {
			t.Errorf("%s: after its lifetime: got %v, want an empty session", name, got)
		}
	}
}

// large: a store on a server takes what a cookie cannot; the cookie refuses it,
// and what was there stays.
func (s *storeTest) large(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("a", 1))
	text := randomText(100_000)
	page := s.visit(client, set("large", text))
	got := s.values(client)
	switch {
	case s.onServer && (page.StatusCode != 200 || got["large"] != text || got["a"] != 1):
		t.Errorf("100,000 bytes: got %s and then %d values, want them back", page, len(got))
	case !s.onServer && (page.StatusCode != 500 || !reflect.DeepEqual(got, map[string]any{"a": 1})):
		t.Errorf("100,000 bytes: got %s and then %d values, want 500 and the session as it was", page, len(got))
	}
}

func (s *storeTest) concurrency(t *testing.T) {
	app := s.app(t)
	shared := New(t, app)
	s.visit(shared, set("k", -1))
	cookie, _ := s.cookie(shared)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := New(t, app)
			for n := range 5 {
				s.visit(own, set("k", i*100+n))
				if got := s.values(own)["k"]; got != i*100+n {
					t.Errorf("visitor %d: got %v, want %d", i, got, i*100+n)
				}
				if page := s.visit(s.with(t, app, cookie), set("k", i)); page.StatusCode != 200 {
					t.Errorf("several requests of one visitor: got %s, want 200", page)
				}
				if got, ok := s.values(s.with(t, app, cookie))["k"].(int); !ok || got < -1 || got > 7 {
					t.Errorf("several requests of one visitor: got %v, want what one of them set", got)
				}
			}
		})
	}
	wg.Wait()
}

// revocation: Config.SessionsValidSince ends sessions in every store.
func (s *storeTest) revocation(t *testing.T) {
	var since time.Time
	var failure error
	app := s.app(t, func(cfg *hipflask.Config) {
		cfg.SessionsValidSince = func(_ context.Context, session *hipflask.Session) (time.Time, error) {
			if session.GetString("user") != "ada" {
				return time.Time{}, nil
			}
			return since, failure
		}
	})
	signIn := func(user string) *Client {
		client := New(t, app)
		s.visit(client, func(c *hipflask.Context) error {
			c.Session().Renew()
			c.Session().SetPermanent(true)
			c.Session().Set("user", user)
			return c.Text("")
		})
		return client
	}
	phone, laptop, grace := signIn("ada"), signIn("ada"), signIn("grace")
	since = time.Now()
	if page := s.visit(phone, nothing); len(page.Cookies()) != 1 {
		t.Errorf("a permanent session: got %v, want it sent again", page.Cookies())
	}
	for name, client := range map[string]*Client{"refreshed": phone, "as it was": laptop} {
		if got := s.values(client); len(got) != 0 {
			t.Errorf("a revoked session, %s: got %v, want it empty", name, got)
		}
	}
	if got := s.values(grace)["user"]; got != "grace" {
		t.Errorf("another user's session: got %v, want grace", got)
	}
	again := signIn("ada")
	if got := s.values(again); got["user"] != "ada" || len(got) != 2 {
		t.Errorf("signed in again: got %v, want the user ada and _permanent", got)
	}
	failure = errors.New("no answer")
	if page := s.visit(again, set("a", 1)); page.StatusCode != 503 {
		t.Errorf("a hook that fails: got %s, want 503", page)
	}
}

// Keys.

func (s *storeTest) newKey(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	rotated := s.app(t, func(cfg *hipflask.Config) {
		cfg.SecretKey, cfg.SecretKeyFallbacks = suiteNewKey, []string{"an unrelated older key, long enough", suiteKey}
	})
	later := s.with(t, rotated, value)
	if got := s.values(later)["user"]; got != "ada" {
		t.Errorf("with the old key as a fallback: got %v, want ada", got)
	}
	// One that only reads must have been given what the new key alone opens.
	value, _ = s.cookie(later)
	final := s.app(t, func(cfg *hipflask.Config) { cfg.SecretKey = suiteNewKey })
	if got := s.values(s.with(t, final, value))["user"]; got != "ada" {
		t.Errorf("after that, without the old key: got %v, want ada", got)
	}
}

func (s *storeTest) removedKey(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	other := s.app(t, func(cfg *hipflask.Config) { cfg.SecretKey = suiteNewKey })
	got := s.values(s.with(t, other, value))
	if s.onServer && got["user"] == "ada" {
		t.Skip("the cookie holds an id and no key matters: the sessions are in the store's place, whatever the key")
	}
	if len(got) != 0 {
		t.Errorf("signed with a key that is gone: got %v, want an empty session", got)
	}
}

func (s *storeTest) malformedKey(t *testing.T) {
	for name, fallbacks := range map[string][]string{"empty": {""}, "the key itself": {suiteKey}, "twice the same": {suiteNewKey, suiteNewKey}} {
		app := s.app(t, func(cfg *hipflask.Config) { cfg.SecretKeyFallbacks = fallbacks })
		if err := app.Check(); err == nil || !strings.Contains(err.Error(), "SecretKeyFallbacks") {
			t.Errorf("%s: Check: got %v, want an error that names SecretKeyFallbacks", name, err)
		}
	}
}

// The store itself.

func texts(pairs ...string) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return values
}

func sameTexts(a, b map[string]json.RawMessage) bool {
	return maps.EqualFunc(a, b, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

// now is a session as the framework gives it to Save.
func now(values map[string]json.RawMessage, state any) hipflask.SessionData {
	t := time.Now()
	return hipflask.SessionData{Values: values, State: state, Issued: t, Expires: t.Add(time.Hour)}
}

func (s *storeTest) direct(t *testing.T) {
	store, ctx := s.store(t), context.Background()
	open := func(what, cookie string, want map[string]json.RawMessage) (data hipflask.SessionData) {
		t.Helper()
		data, found, err := store.Open(ctx, cookie)
		if err != nil || found != (want != nil) || !sameTexts(data.Values, want) {
			t.Errorf("%s: Open: got %s, %v, %v; want %s", what, data.Values, found, err, want)
		}
		return data
	}
	save := func(what string, data hipflask.SessionData) (cookie string) {
		t.Helper()
		before := maps.Clone(data.Values)
		cookie, err := store.Save(ctx, data)
		if err != nil || len(data.Values) > 0 && (&http.Cookie{Name: "session", Value: cookie}).Valid() != nil {
			t.Errorf("%s: Save: got %q, %v; want a cookie's value", what, cookie, err)
		}
		if !sameTexts(data.Values, before) {
			t.Errorf("%s: Save changed the values it was given", what)
		}
		return cookie
	}
	values := texts("a", "1", "b", `"two"`, "c", `{"d":[1,null]}`)
	cookie := save("a new session", now(values, nil))
	first := open("a new session", cookie, values)
	second := open("opened twice", cookie, values)
	if first.Resave {
		t.Error("a session saved just now asks to be saved again")
	}

	// Nothing changed: the cookie may be new, but it must be good.
	cookie = save("saved unchanged", now(first.Values, first.State))
	third := open("saved unchanged", cookie, values)

	changed := maps.Clone(third.Values)
	changed["a"] = json.RawMessage("2")
	cookie = save("changed", now(changed, third.State))
	open("changed", cookie, changed)
	if !sameTexts(second.Values, values) {
		t.Error("what Open returned changed when the session was saved")
	}

	data := now(changed, open("changed", cookie, changed).State)
	data.Renew = true
	renewed := save("renewed", data)
	state := open("renewed", renewed, changed).State
	if s.onServer {
		open("renewed, the old cookie", cookie, nil)
	}
	save("ended", now(nil, state))
	if s.onServer {
		open("ended", renewed, nil)
	}
	save("ended twice", now(nil, state))
	save("ended, though it never began", now(nil, nil))
	if s.onServer && renewed == save("a new session", now(values, nil)) {
		t.Error("a new session has the id of an ended one")
	}
}

// directTimes: either the store keeps a session's time itself, or Issued says
// when it was saved, so that hipflask can.
func (s *storeTest) directTimes(t *testing.T) {
	store, ctx := s.store(t), context.Background()
	for name, age := range map[string]time.Duration{"now": 0, "two hours ago": 2 * time.Hour, "a year ago": 365 * 24 * time.Hour} {
		issued := time.Now().Add(-age)
		cookie, err := store.Save(ctx, hipflask.SessionData{Values: texts("a", "1"), Issued: issued, Expires: issued.Add(time.Hour)})
		if err != nil {
			t.Errorf("saved %s: %v", name, err)
		}
		data, found, err := store.Open(ctx, cookie)
		off := data.Issued.Sub(issued).Abs()
		switch {
		case err != nil:
			t.Errorf("saved %s: Open: %v", name, err)
		case age == 0 && (!found || !data.Issued.IsZero() && off > 2*time.Second):
			t.Errorf("saved %s: Open: got %v, issued %v; want it, issued %v", name, found, data.Issued, issued)
		case age > 0 && found && off > 2*time.Second:
			t.Errorf("saved %s, for one hour: Open: got it, issued %v; want it gone, or issued %v", name, data.Issued, issued)
		}
	}
}

// cancelled: a request whose visitor has gone may fail, but must not find that
// there is no session, and must not leave half a change.
func (s *storeTest) cancelled(t *testing.T) {
	store, ctx := s.store(t), context.Background()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	values, changed := texts("a", "1"), texts("a", "2", "b", "3")
	cookie, err := store.Save(ctx, now(values, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, found, err := store.Open(gone, cookie); !found && err == nil {
		t.Error("Open: got no session and no error; want the session or an error")
	}
	opened, _, err := store.Open(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	want := values
	if next, err := store.Save(gone, now(changed, opened.State)); err == nil {
		cookie, want = next, changed
	}
	data, found, err := store.Open(ctx, cookie)
	if !found || err != nil || !sameTexts(data.Values, want) {
		t.Errorf("after Save: got %s, %v, %v; want %s", data.Values, found, err, want)
	}
	_, ended := store.Save(gone, now(nil, data.State))
	if _, found, err := store.Open(ctx, cookie); s.onServer && (err != nil || found != (ended != nil)) {
		t.Errorf("ended with %v: got %v, %v", ended, found, err)
	}
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
