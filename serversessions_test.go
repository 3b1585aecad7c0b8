package hipflask_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// serverApp is an App with a page for each thing a test does to a session.
func serverApp(store *hipflask.ServerSessionStore) *hipflask.App {
	app := hipflask.New("server")
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Config.SessionStore = store
	page := func(path string, do func(s *hipflask.Session)) {
		app.Get(path, func(c *hipflask.Context) error {
			do(c.Session())
			return c.Text(c.Session().GetString("user"))
		}).Name(path[1:])
	}
	page("/in", func(s *hipflask.Session) { s.Renew(); s.Set("user", "ada") })
	page("/stay", func(s *hipflask.Session) { s.SetPermanent(true) })
	page("/read", func(s *hipflask.Session) {})
	page("/same", func(s *hipflask.Session) { s.Set("user", s.GetString("user")) })
	page("/out", func(s *hipflask.Session) { s.Clear() })
	app.Get("/apart", func(c *hipflask.Context) error { return c.Text("") }).Name("apart")
	return app
}

// What is not changed is not written, but to move the end of its time.
func TestServerSessionsWrites(t *testing.T) {
	type step struct {
		after   time.Duration
		path    string
		commits int // made by this request
	}
	for _, test := range []struct {
		name  string
		idle  time.Duration
		steps []step
	}{
		{"until the browser is closed", 0, []step{
			{0, "/in", 1}, {0, "/read", 0}, {time.Hour, "/read", 0}, {time.Hour, "/same", 0}, {0, "/apart", 0},
		}},
		{"permanent: a minute of 31 days", 0, []step{
			{0, "/in", 1}, {0, "/stay", 1}, {0, "/read", 0}, {59 * time.Second, "/read", 0}, {time.Second, "/read", 1},
			{59 * time.Second, "/apart", 0}, {time.Second, "/apart", 1},
		}},
		{"idle: a tenth of the time", 5 * time.Minute, []step{
			{0, "/in", 1}, {29 * time.Second, "/read", 0}, {time.Second, "/read", 1}, {29 * time.Second, "/apart", 0}, {time.Second, "/apart", 1},
		}},
		{"idle and permanent", 5 * time.Minute, []step{
			{0, "/in", 1}, {0, "/stay", 1}, {29 * time.Second, "/read", 0}, {time.Second, "/read", 1},
		}},
		{"idle: a minute of a long time", 24 * time.Hour, []step{
			{0, "/in", 1}, {59 * time.Second, "/read", 0}, {time.Second, "/read", 1},
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			place := &backend{}
			store := hipflask.ServerSessions(place)
			store.IdleTimeout = test.idle
			client := hipflasktest.New(t, serverApp(store))
			for i, step := range test.steps {
				time.Sleep(step.after)
				before := place.commits
				if page := client.Get(step.path); page.StatusCode != 200 || step.path != "/apart" && page.Body != "ada" {
					t.Errorf("%s: step %d: got %s, want ada", test.name, i, page)
				}
				if got := place.commits - before; got != step.commits {
					t.Errorf("%s: step %d, %s: got %d writes, want %d", test.name, i, step.path, got, step.commits)
				}
			}
		})
	}
}

func TestServerSessionsTimes(t *testing.T) {
	type step struct {
		after time.Duration
		path  string
		want  string
	}
	const minute, hour = time.Minute, time.Hour
	for _, test := range []struct {
		name           string
		idle, lifetime time.Duration
		steps          []step
	}{
		{"unused for too long", 10 * minute, 0, []step{{10*minute + 1, "/read", ""}}},
		{"used in time", 10 * minute, 0, []step{{9 * minute, "/read", "ada"}, {9 * minute, "/apart", ""}, {9 * minute, "/read", "ada"}, {11 * minute, "/read", ""}}},
		{"permanent and unused", 10 * minute, 0, []step{{0, "/stay", "ada"}, {11 * minute, "/read", ""}}},
		{"permanent and used", 10 * minute, 0, []step{{0, "/stay", "ada"}, {9 * minute, "/apart", ""}, {9 * minute, "/read", "ada"}}},
		{"used all the time", 0, hour, []step{{40 * minute, "/stay", "ada"}, {20*minute - 1, "/read", "ada"}, {2, "/read", ""}}},
		{"renewed", 0, hour, []step{{40 * minute, "/in", "ada"}, {40 * minute, "/read", "ada"}, {21 * minute, "/read", ""}}},
		{"permanent, as in Flask", 0, 0, []step{{0, "/stay", "ada"}, {30 * 24 * hour, "/apart", ""}, {30 * 24 * hour, "/read", "ada"}, {32 * 24 * hour, "/read", ""}}},
		{"until the browser is closed, as in Flask", 0, 0, []step{{30 * 24 * hour, "/read", "ada"}, {2 * 24 * hour, "/read", ""}}},
		{"an idle time beyond the lifetime of all", 90 * 24 * hour, 0, []step{{32 * 24 * hour, "/read", ""}}},
	} {
		for _, forgets := range []bool{true, false} { // the backend does so in time, or never
			synctest.Test(t, func(t *testing.T) {
				store := hipflask.ServerSessions(&backend{keeps: !forgets})
				store.IdleTimeout, store.Lifetime = test.idle, test.lifetime
				client := hipflasktest.New(t, serverApp(store))
				client.Get("/in")
				for i, step := range test.steps {
					time.Sleep(step.after)
					if got := client.Get(step.path).Body; got != step.want {
						t.Errorf("%s: step %d, %s: got %q, want %q", test.name, i, step.path, got, step.want)
					}
				}
			})
		}
	}
}

// Whoever reads the backend finds no id that a cookie could hold.
func TestServerSessionsKeys(t *testing.T) {
	place := &backend{}
	app := serverApp(hipflask.ServerSessions(place))
	ids := map[string]bool{}
	for range 20 {
		client := hipflasktest.New(t, app)
		client.Get("/in")
		id, _ := client.Cookie("session")
		if len(id) != 43 || ids[id] {
			t.Errorf("got the id %q, want 43 digits that no other has", id)
		}
		ids[id] = true
	}
	renewed := hipflasktest.New(t, app)
	for range 2 {
		renewed.Get("/in")
	}
	if got, want := len(place.items), 21+2; got != want { // two marks of the session that was renewed
		t.Errorf("got %d texts in the backend, want %d", got, want)
	}
	for key, it := range place.items {
		if len(key) != 43 {
			t.Errorf("the key %q has %d bytes, want 43", key, len(key))
		}
		for id := range ids {
			if strings.Contains(key+string(it.text), id) {
				t.Errorf("the id %q is in the backend", id)
			}
		}
		client := hipflasktest.New(t, app)
		client.SetCookie(sessionCookie(key))
		if got := client.Get("/read").Body; got != "" {
			t.Errorf("a key as the cookie: got %q, want an empty session", got)
		}
	}
}

func TestServerSessionsDamaged(t *testing.T) {
	for _, text := range []string{"", "1", "null", "[]", "{", `{"v":1}`, `{"b":"x"}`, "\x00\xff", `{"b":1,"t":1,"v":{"user":"ada"}}`} {
		place := &backend{}
		client := hipflasktest.New(t, serverApp(hipflask.ServerSessions(place)))
		client.Get("/in")
		for key, it := range place.items {
			place.items[key] = item{[]byte(text), it.expiry}
		}
		if page := client.Get("/read"); page.StatusCode != 200 || page.Body != "" {
			t.Errorf("%q in the backend: got %s, want an empty session", text, page)
		}
	}
}

// Of two requests at a time, one of which ends the session, none brings it back,
// in whatever order their calls reach the backend.
func TestServerSessionsEveryOrder(t *testing.T) {
	end := func(data hipflask.SessionData) hipflask.SessionData { data.Values = nil; return data }
	renew := func(data hipflask.SessionData) hipflask.SessionData { data.Renew = true; return data }
	change := func(data hipflask.SessionData) hipflask.SessionData {
		data.Values = maps.Clone(data.Values)
		data.Values["late"] = json.RawMessage("1")
		return data
	}
	type action func(hipflask.SessionData) hipflask.SessionData
	for _, test := range []struct {
		name string
		a, b action
		live func(n int) bool // how many sessions there may be afterwards
	}{
		{"a change and the end", change, end, func(n int) bool { return n == 0 }},
		{"renewing and the end", renew, end, func(n int) bool { return n == 0 }},
		{"two ends", end, end, func(n int) bool { return n == 0 }},
		{"a change and renewing", change, renew, func(n int) bool { return n == 1 }},
		{"renewing twice", renew, renew, func(n int) bool { return n == 1 || n == 2 }},
	} {
		orders := 0
		for order, more := []bool(nil), true; more; order, more = nextOrder(order) {
			orders++
			place := &backend{}
			old, err := hipflask.ServerSessions(place).Save(context.Background(), sessionOf("ada", nil))
			if err != nil {
				t.Fatal(err)
			}
			var taken []bool
			cookies := inOrder(place, order, &taken, func(gated hipflask.SessionBackend, first bool) string {
				act := test.b
				if first {
					act = test.a
				}
				store := hipflask.ServerSessions(gated)
				opened, _, _ := hipflask.ServerSessions(place).Open(context.Background(), old)
				cookie, err := store.Save(context.Background(), act(sessionOf("ada", opened.State)))
				if err != nil && hipflask.StatusCode(err) != 409 {
					t.Errorf("%s: %v", test.name, err)
				}
				return cookie
			})
			order = taken
			live := 0
			for _, cookie := range slices.Compact(slices.Sorted(slices.Values(append(cookies, old)))) {
				if _, found, _ := hipflask.ServerSessions(place).Open(context.Background(), cookie); found {
					live++
					if cookie == old {
						t.Errorf("%s, in the order %v: the old id opens a session", test.name, order)
					}
				}
			}
			if !test.live(live) {
				t.Errorf("%s, in the order %v: got %d sessions that live", test.name, order, live)
			}
		}
		t.Logf("%s: %d orders", test.name, orders)
		if orders < 20 {
			t.Errorf("%s: tried only %d orders", test.name, orders)
		}
	}
}

func sessionOf(user string, state any) hipflask.SessionData {
	now := time.Now()
	return hipflask.SessionData{Values: map[string]json.RawMessage{"user": json.RawMessage(`"` + user + `"`)},
		State: state, Issued: now, Expires: now.Add(time.Hour)}
}

// nextOrder is the order to try after one that was taken: its last turn of the
// first actor that can be the second's becomes so.
func nextOrder(taken []bool) ([]bool, bool) {
	for i := len(taken) - 1; i >= 0; i-- {
		if !taken[i] {
			return append(slices.Clone(taken[:i]), true), true
		}
	}
	return nil, false
}

// inOrder runs two actors, whose calls of the backend take turns: order says
// which of them is the second's, false, or all that are not in it, the first's.
// The turns taken while there was a choice are added to taken.
func inOrder(place *backend, order []bool, taken *[]bool, act func(gated hipflask.SessionBackend, first bool) string) (cookies []string) {
	type actor struct {
		turn chan bool   // the backend may be called
		done chan string // closed when the actor waits for its turn, or has a cookie
	}
	var actors [2]actor
	waiting := [2]chan bool{make(chan bool), make(chan bool)}
	for i := range actors {
		actors[i] = actor{make(chan bool), make(chan string, 1)}
		go func() {
			gated := gate{place, func() { waiting[i] <- true; <-actors[i].turn }}
			actors[i].done <- act(gated, i == 0)
			close(waiting[i])
		}()
	}
	live := [2]bool{<-waiting[0], <-waiting[1]}
	for live[0] || live[1] {
		i := 0
		if live[0] && live[1] {
			second := len(*taken) < len(order) && order[len(*taken)]
			*taken = append(*taken, second)
			if second {
				i = 1
			}
		} else if live[1] {
			i = 1
		}
		actors[i].turn <- true
		live[i] = <-waiting[i]
	}
	for i := range actors {
		if cookie := <-actors[i].done; cookie != "" {
			cookies = append(cookies, cookie)
		}
	}
	return cookies
}

// gate is a backend each of whose calls waits for its turn.
type gate struct {
	*backend
	wait func()
}

func (g gate) Find(key string) ([]byte, bool, error) { g.wait(); return g.backend.Find(key) }
func (g gate) Commit(key string, text []byte, expiry time.Time) error {
	g.wait()
	return g.backend.Commit(key, text, expiry)
}
func (g gate) Delete(key string) error { g.wait(); return g.backend.Delete(key) }

// ctxBackend has the methods with a context, and no others that work.
type ctxBackend struct {
	*backend
	hang bool // calls end with their context only
	ctx  context.Context
}

func (b *ctxBackend) Find(string) ([]byte, bool, error)      { panic("Find") }
func (b *ctxBackend) Commit(string, []byte, time.Time) error { panic("Commit") }
func (b *ctxBackend) Delete(string) error                    { panic("Delete") }

func (b *ctxBackend) use(ctx context.Context) error {
	b.ctx = ctx
	if b.hang {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (b *ctxBackend) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	if err := b.use(ctx); err != nil {
		return nil, false, err
	}
	return b.backend.Find(key)
}

func (b *ctxBackend) CommitCtx(ctx context.Context, key string, text []byte, expiry time.Time) error {
	return errors.Join(b.use(ctx), b.backend.Commit(key, text, expiry))
}

func (b *ctxBackend) DeleteCtx(ctx context.Context, key string) error {
	return errors.Join(b.use(ctx), b.backend.Delete(key))
}

func TestServerSessionsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &ctxBackend{backend: &backend{}}
		store := hipflask.ServerSessions(place)
		type mark struct{}
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), mark{}, 1))
		cookie, err := store.Save(ctx, sessionOf("ada", nil))
		if err != nil || place.ctx.Value(mark{}) != 1 {
			t.Errorf("Save: got %v with the context %v, want the request's", err, place.ctx)
		}
		opened, found, err := store.Open(ctx, cookie)
		if !found || err != nil || place.ctx.Value(mark{}) != 1 {
			t.Errorf("Open: got %v, %v with the context %v, want the request's", found, err, place.ctx)
		}
		cancel()
		if _, found, err := store.Open(ctx, cookie); found || !errors.Is(err, context.Canceled) {
			t.Errorf("Open once the visitor has gone: got %v, %v; want its error", found, err)
		}
		// A visitor who closes the page while he signs out is signed out.
		opened.Values = nil
		if _, err := store.Save(ctx, opened); err != nil || len(place.items) != 1 {
			t.Errorf("ended once the visitor has gone: got %v, %d texts left; want the mark alone", err, len(place.items))
		}
		place.hang = true
		begin := time.Now()
		if _, err := store.Save(context.Background(), sessionOf("ada", nil)); hipflask.StatusCode(err) != 503 || time.Since(begin) != 10*time.Second {
			t.Errorf("a backend that hangs: got %v after %v, want a 503 after 10s", err, time.Since(begin))
		}
		begin = time.Now()
		if _, _, err := store.Open(context.Background(), cookie); hipflask.StatusCode(err) != 503 || time.Since(begin) != 10*time.Second {
			t.Errorf("a backend that hangs when it is read: got %v after %v, want a 503 after 10s", err, time.Since(begin))
		}
	})
}

// TestServerSessionsVisitorGone: a look-up that its visitor's leaving interrupts is
// nobody's failure; one that a time limit does is.
func TestServerSessionsVisitorGone(t *testing.T) {
	place := &ctxBackend{backend: &backend{}}
	var log bytes.Buffer
	app := hipflask.New("gone")
	app.Config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	app.Config.SessionStore = hipflask.ServerSessions(place)
	app.Get("/set", func(c *hipflask.Context) error {
		c.Session().SetPermanent(true)
		return c.Text("")
	})
	app.Get("/read", func(c *hipflask.Context) error { return c.Text(c.Session().GetString("user")) })
	app.Get("/apart", func(c *hipflask.Context) error { return c.Text("apart") })
	set := httptest.NewRecorder()
	app.ServeHTTP(set, httptest.NewRequest("GET", "/set", nil))

	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithTimeout(context.Background(), -time.Second)
	defer cancel()
	for _, test := range []struct {
		name, path string
		ctx        context.Context
		status     int // 0 for a connection that is cut
		logged     string
	}{
		{"gone", "/read", canceled, 0, ""},
		{"gone from a page that only refreshes", "/apart", canceled, 200, ""},
		{"a time limit", "/read", late, 503, "deadline exceeded"},
		{"a time limit, where it only refreshes", "/apart", late, 200, "deadline exceeded"},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		status := func() (status int) {
			defer func() {
				if value := recover(); value != nil && value != http.ErrAbortHandler {
					panic(value)
				}
			}()
			r := httptest.NewRequestWithContext(test.ctx, "GET", test.path, nil)
			r.AddCookie(set.Result().Cookies()[0])
			app.ServeHTTP(w, r)
			return w.Code
		}()
		if status != test.status || (test.logged == "") != (log.Len() == 0) || !strings.Contains(log.String(), test.logged) {
			t.Errorf("%s: got %d and the log %q, want %d and %q", test.name, status, log.String(), test.status, test.logged)
		}
	}
}

func TestServerSessionsSize(t *testing.T) {
	store, ctx := hipflask.ServerSessions(&backend{}), context.Background()
	message := `["message","` + strings.Repeat("x", 1000) + `"]`
	data := sessionOf("ada", nil)
	data.Values["_flashes"] = json.RawMessage("[" + strings.Repeat(message+",", 1999) + `["message","last"]]`)
	cookie, err := store.Save(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	opened, _, _ := store.Open(ctx, cookie)
	var left [][2]string
	if err := json.Unmarshal(opened.Values["_flashes"], &left); err != nil || len(left) < 900 || len(left) > 1100 || left[len(left)-1][1] != "last" {
		t.Errorf("2,000 messages of a kilobyte: got %d of them, %v; want about 1,000, the last ones", len(left), err)
	}
	if string(opened.Values["user"]) != `"ada"` {
		t.Errorf("got %s, want ada", opened.Values["user"])
	}
	data.Values["large"] = json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	if _, err := store.Save(ctx, data); err == nil || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("a value of a mebibyte: got %v, want an error that says the limit", err)
	}
}

func TestServerSessionsMistakes(t *testing.T) {
	func() {
		defer func() {
			if got := fmt.Sprint(recover()); !strings.Contains(got, "Find, Commit and Delete") {
				t.Errorf("ServerSessions(nil): got %q, want what to give", got)
			}
		}()
		hipflask.ServerSessions(nil)
	}()
	store := hipflask.ServerSessions(&backend{})
	store.IdleTimeout, store.Lifetime = -1, -time.Hour
	if err := serverApp(store).Check(); err == nil || !strings.Contains(err.Error(), "IdleTimeout") || !strings.Contains(err.Error(), "Lifetime") {
		t.Errorf("negative times: got %v, want an error that names both", err)
	}
	if err := serverApp(&hipflask.ServerSessionStore{IdleTimeout: time.Hour}).Check(); err == nil || !strings.Contains(err.Error(), "make it with ServerSessions(backend)") {
		t.Errorf("a literal: got %v, want an error that says how to make one", err)
	}
}

// A permanent session's cookie is not sent again for a session that another
// request has ended.
func TestServerSessionsEndedDuringRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := serverApp(hipflask.ServerSessions(&backend{}))
		slow := hipflasktest.New(t, app)
		app.Get("/slow", func(c *hipflask.Context) error {
			user := c.Session().GetString("user")
			slow.Get("/out")
			return c.Text(user)
		})
		slow.Get("/in")
		slow.Get("/stay")
		time.Sleep(time.Hour)
		if page := slow.Get("/slow"); page.Body != "ada" || len(page.Cookies()) != 0 {
			t.Errorf("got %s with %v, want ada and no cookie", page, page.Cookies())
		}
	})
}

// A session that is gone without a mark, as an hour after it ended or when
// somebody cleared the backend, is not written either.
func TestServerSessionsGone(t *testing.T) {
	for name, renew := range map[string]bool{"changed": false, "renewed": true} {
		place := &backend{}
		store, ctx := hipflask.ServerSessions(place), context.Background()
		cookie, _ := store.Save(ctx, sessionOf("ada", nil))
		opened, _, _ := store.Open(ctx, cookie)
		clear(place.items)
		data := sessionOf("grace", opened.State)
		data.Renew = renew
		if _, err := store.Save(ctx, data); hipflask.StatusCode(err) != 409 || len(place.items) != 0 {
			t.Errorf("%s: got %v and %d texts in the backend, want a 409 and none", name, err, len(place.items))
		}
	}
}

// hijackless is the writer of a middleware that lets everybody try.
type hijackless struct{ http.ResponseWriter }

func (hijackless) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

// TestFailedHijackRenewed: a session that moves to a new id in the request whose
// Hijack fails does so once, and the visitor keeps it. Where no writer has a
// Hijack at all, the after-hooks see only the reply that is sent.
func TestFailedHijackRenewed(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrap  func(w http.ResponseWriter) http.ResponseWriter
		hooks string
	}{
		{"none", func(w http.ResponseWriter) http.ResponseWriter { return w }, "[200]"},
		{"one that fails", func(w http.ResponseWriter) http.ResponseWriter { return hijackless{w} }, "[101 200]"},
	} {
		app := serverApp(hipflask.ServerSessions(&backend{}))
		var hooks, finished []int
		app.AfterRequest(func(c *hipflask.Context) error { hooks = append(hooks, c.Response().Status); return nil })
		hipflask.RequestFinished.Connect(app, func(_ *hipflask.Context, res *hipflask.Response) { finished = append(finished, res.Status) })
		app.Get("/upgrade", func(c *hipflask.Context) error {
			c.Session().Renew()
			if _, _, err := http.NewResponseController(c.Writer()).Hijack(); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: got the error %v", test.name, err)
			}
			return c.Text("no upgrade")
		})

		get := func(path, cookie string) *httptest.ResponseRecorder {
			hooks, finished = nil, nil
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Cookie", cookie)
			w := httptest.NewRecorder()
			app.ServeHTTP(test.wrap(w), r)
			return w
		}
		first, _, _ := strings.Cut(get("/in", "").Header().Get("Set-Cookie"), ";")
		w := get("/upgrade", first)
		sawHooks, sawFinished := fmt.Sprint(hooks), fmt.Sprint(finished)
		if w.Code != 200 || w.Body.String() != "no upgrade" || len(w.Result().Cookies()) != 1 {
			t.Errorf("%s: got %d %s with %q", test.name, w.Code, w.Body, w.Header()["Set-Cookie"])
			continue
		}
		if sawHooks != test.hooks || sawFinished != test.hooks {
			t.Errorf("%s: the after-hooks saw %s and RequestFinished %s, want %s", test.name, sawHooks, sawFinished, test.hooks)
		}
		moved, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		if got := get("/read", moved).Body.String(); got != "ada" {
			t.Errorf("%s: the session has the user %q", test.name, got)
		}
		if got := get("/read", first).Body.String(); got != "" {
			t.Errorf("%s: the old id still leads to %q", test.name, got)
		}
	}
}

// TestServerSessionsUntouched: a request that does not touch its session asks the
// backend once, to refresh one that is permanent; see Context.Session.
func TestServerSessionsUntouched(t *testing.T) {
	for _, test := range []struct {
		name           string
		disableRefresh bool
		cookie         bool
		finds          int
	}{
		{"no session", false, false, 0},
		{"a session", false, true, 1},
		{"a session, DisableSessionRefresh", true, true, 0},
	} {
		place := &countedFinds{}
		app := serverApp(hipflask.ServerSessions(place))
		app.Config.DisableSessionRefresh = test.disableRefresh
		client := hipflasktest.New(t, app)
		if test.cookie {
			client.Get("/in")
		}
		place.finds.Store(0)
		client.Get("/apart")
		if got := int(place.finds.Load()); got != test.finds {
			t.Errorf("%s: got %d look-ups, want %d", test.name, got, test.finds)
		}
	}
}

type countedFinds struct {
	backend
	finds atomic.Int64
}

func (b *countedFinds) Find(key string) ([]byte, bool, error) {
	b.finds.Add(1)
	return b.backend.Find(key)
}
