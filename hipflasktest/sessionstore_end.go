package hipflasktest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
)

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
	const lifetime = time.Second
	app := s.app(t, func(cfg *hipflask.Config) { cfg.PermanentSessionLifetime = lifetime })
	cookies := map[string]string{}
	for name, permanent := range map[string]bool{"permanent": true, "until the browser is closed": false} {
		for try := 1; ; try++ {
			began := time.Now()
			client := New(t, app)
			s.visit(client, func(c *hipflask.Context) error {
				c.Session().Set("a", 1)
				c.Session().SetPermanent(permanent)
				return c.Text("")
			})
			cookies[name], _ = s.cookie(client)
			got := s.values(s.with(t, app, cookies[name]))["a"]
			if got == 1 {
				break
			}
			if took := time.Since(began); took < lifetime { // else the machine was too slow to tell
				t.Errorf("%s: %v after it was saved: got %v, want 1", name, took, got)
				break
			}
			if try == 20 {
				t.Fatalf("%s: to save a session and to read it took more than its lifetime of %v, %d times: nothing can be told", name, lifetime, try)
			}
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
