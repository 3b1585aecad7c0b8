package login_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
	"github.com/hipflask/hipflask/login"
)

// backend keeps sessions in a map.
type backend struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (b *backend) Find(key string) ([]byte, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, found := b.kept[key]
	return text, found, nil
}

func (b *backend) Commit(key string, text []byte, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept[key] = append([]byte{}, text...)
	return nil
}

func (b *backend) Delete(key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.kept, key)
	return nil
}

func hipflasktestStore() hipflask.SessionStore {
	return hipflask.ServerSessions(&backend{kept: map[string][]byte{}})
}

func TestRemember(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	cookie := setCookie(client.PostForm("/login", form("id", "1", "remember", "y")), "remember_token")
	if cookie == nil {
		t.Fatal("no cookie was set")
	}
	year := 365 * 24 * 3600
	if cookie.MaxAge != year || !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" ||
		time.Until(cookie.Expires).Round(time.Hour) != time.Duration(year)*time.Second {
		t.Errorf("got %v", cookie)
	}
	if got := who(client); got != "ada fresh=true remembered=true" {
		t.Errorf("got %q", got)
	}
	client.DeleteCookie("session")
	for range 2 {
		if got := who(client); got != "ada fresh=false remembered=true" {
			t.Errorf("remembered: got %q", got)
		}
	}
	if page := client.Get("/fresh"); page.StatusCode != 302 {
		t.Errorf("remembered is fresh: got %s", page)
	}
	cookie = setCookie(client.PostForm("/logout", nil), "remember_token")
	if cookie == nil || cookie.MaxAge >= 0 || cookie.Value != "" || who(client) != "nobody" {
		t.Errorf("signed out: got %v", cookie)
	}
	// The handler's own failure keeps nobody signed in.
	client.PostForm("/login", form("id", "1", "remember", "y"))
	if page := client.PostForm("/logout", form("fail", "y")); page.StatusCode != 500 || setCookie(page, "remember_token") == nil || who(client) != "nobody" {
		t.Errorf("signed out by a handler that fails: got %s", page)
	}
}

func TestRememberSettings(t *testing.T) {
	for _, tt := range []struct {
		name, base, form string
		set              func(s *site)
		want             string
	}{
		{"https", "https://example.com", "", func(*site) {}, "remember_token; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"},
		{"the session's", "http://example.com", "", func(s *site) {
			s.app.Config.SessionCookieSecure, s.app.Config.SessionCookieSameSite = true, http.SameSiteStrictMode
		}, "remember_token; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Strict"},
		{"all", "http://www.example.com", "", func(s *site) {
			s.users.RememberCookieName, s.users.RememberCookieDomain, s.users.RememberCookiePath = "again", "example.com", "/who"
			s.users.RememberCookieDuration, s.users.RememberCookieSecure, s.users.RememberCookieSameSite = time.Hour, true, http.SameSiteNoneMode
		}, "again; Path=/who; Domain=example.com; Max-Age=3600; HttpOnly; Secure; SameSite=None"},
		{"For", "http://example.com", "90m", func(*site) {}, "remember_token; Path=/; Max-Age=5400; HttpOnly; SameSite=Lax"},
	} {
		s := newSite(tt.set)
		page := s.visitor(t).At(tt.base).PostForm("/login", form("id", "1", "remember", "y", "for", tt.form))
		var got []string
		for _, line := range page.Header["Set-Cookie"] {
			name, rest, _ := strings.Cut(line, "=")
			if name == "session" {
				continue
			}
			parts := strings.Split(rest, "; ")
			line = name
			for _, part := range parts[1:] {
				if !strings.HasPrefix(part, "Expires=") {
					line += "; " + part
				}
			}
			got = append(got, line)
		}
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRememberExpiry: the server looks at the time, whatever the browser keeps.
func TestRememberExpiry(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "for", "1s"))
	value, _ := client.Cookie("remember_token")
	client.DeleteCookie("session")
	if got := who(client); got != "ada fresh=false remembered=true" {
		t.Errorf("got %q", got)
	}
	time.Sleep(1100 * time.Millisecond)
	old := s.visitor(t)
	old.SetCookie(&http.Cookie{Name: "remember_token", Value: value})
	if got := who(old); got != "nobody" {
		t.Errorf("a second later: got %q", got)
	}
}

// TestRememberStamp: a new password ends the cookies made before it.
func TestRememberStamp(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	value, _ := client.Cookie("remember_token")
	said, _, _ := strings.Cut(value, ".")
	if text, err := base64.RawURLEncoding.DecodeString(said); err != nil || strings.Contains(string(text), "tea") || !strings.Contains(string(text), `"s":`) {
		t.Errorf("the cookie says %s, %v", text, err)
	}
	client.DeleteCookie("session")
	s.accounts["1"].Stamp = "hash of coffee"
	if got := who(client); got != "nobody" {
		t.Errorf("after a new password: got %q", got)
	}
	s.accounts["1"].Stamp = ""
	if got := who(client); got != "nobody" {
		t.Errorf("without a stamp: got %q", got)
	}
	s.accounts["1"].Stamp = "hash of tea"
	if got := who(client); got != "ada fresh=false remembered=true" {
		t.Errorf("with the old one: got %q", got)
	}
	// Who had no stamp when the cookie was made has none in it.
	client = s.visitor(t)
	client.PostForm("/login", form("id", "2", "remember", "y"))
	client.DeleteCookie("session")
	s.accounts["2"].Stamp = "hash of milk"
	if got := who(client); got != "nobody" {
		t.Errorf("with a first stamp: got %q", got)
	}
}

func TestRememberKeys(t *testing.T) {
	cookieOf := func(key, name, id string) string {
		s := newSite(func(s *site) { s.app.Config.SecretKey, s.users.RememberCookieName = key, name })
		client := s.visitor(t)
		client.PostForm("/login", form("id", id, "remember", "y"))
		value, _ := client.Cookie(name)
		return value
	}
	for _, tt := range []struct {
		name, value string
		fallbacks   []string
		want        string
	}{
		{"the key", cookieOf("now", "remember_token", "1"), nil, "ada fresh=false remembered=true"},
		{"an old key", cookieOf("old", "remember_token", "1"), []string{"older", "old"}, "ada fresh=false remembered=true"},
		{"a retired key", cookieOf("old", "remember_token", "1"), []string{"older"}, "nobody"},
		{"another key", cookieOf("foreign", "remember_token", "1"), nil, "nobody"},
		{"another cookie's", cookieOf("now", "admin_token", "1"), nil, "nobody"},
	} {
		s := newSite(func(s *site) { s.app.Config.SecretKey, s.app.Config.SecretKeyFallbacks = "now", tt.fallbacks })
		client := s.visitor(t)
		client.SetCookie(&http.Cookie{Name: "remember_token", Value: tt.value})
		if got := who(client); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRememberForged: whatever a visitor makes of a cookie, it is nobody's.
func TestRememberForged(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	value, _ := client.Cookie("remember_token")
	said, sum, _ := strings.Cut(value, ".")
	bob := base64.RawURLEncoding.EncodeToString([]byte(`{"i":"2","t":1,"e":99999999999}`))
	forged := []string{"", ".", "..", value + ".", value + "=", "." + value, said, said + ".", "." + sum, said + "." + sum[1:], bob + "." + sum, bob + ".",
		"1|" + strings.Repeat("0", 128), strings.Repeat("x", 100_000), said + "\u00e9." + sum, strings.ToUpper(value), said + "." + sum + "AAAA"}
	for i := 0; i < len(value); i++ {
		forged = append(forged, value[:i], value[:i]+string(value[i]^1)+value[i+1:])
	}
	for _, text := range forged {
		r := client.NewRequest("GET", "/who", nil)
		r.Header.Set("Cookie", "remember_token="+text)
		if page := s.visitor(t).Do(r); page.StatusCode != 200 || page.Body != "nobody" || len(page.Cookies()) > 0 {
			t.Errorf("%q: got %s, %v", text, page, page.Cookies())
		}
	}
	// One that is valid counts behind others of its name.
	r := client.NewRequest("GET", "/who", nil)
	r.Header.Set("Cookie", "remember_token=x; remember_token="+value)
	if got := s.visitor(t).Do(r).Body; got != "ada fresh=false remembered=true" {
		t.Errorf("behind another: got %q", got)
	}
	r.Header.Set("Cookie", strings.Repeat("remember_token=x; ", 1000)+"remember_token="+value)
	if got := s.visitor(t).Do(r).Body; got != "nobody" {
		t.Errorf("behind a thousand: got %q", got)
	}
}

func TestRememberRefresh(t *testing.T) {
	for _, on := range []bool{true, false} {
		s := newSite(func(s *site) { s.users.RememberCookieRefreshEachRequest = on })
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "for", "2h"))
		before, _ := client.Cookie("remember_token")
		cookie := setCookie(client.Get("/who"), "remember_token")
		if (cookie != nil) != on || on && (cookie.MaxAge != 7200 || cookie.Value == "") {
			t.Errorf("on %v: got %v", on, cookie)
		}
		if cookie := setCookie(client.Get("/plain"), "remember_token"); cookie != nil {
			t.Errorf("on %v, a page that asks for nobody: got %v", on, cookie)
		}
		if after, _ := client.Cookie("remember_token"); expiresOf(t, after) < expiresOf(t, before) {
			t.Errorf("on %v: it ends sooner", on)
		}
		// Who did not ask to be remembered is not.
		other := s.visitor(t)
		other.PostForm("/login", form("id", "2"))
		if cookie := setCookie(other.Get("/who"), "remember_token"); cookie != nil {
			t.Errorf("on %v, not remembered: got %v", on, cookie)
		}
		// Signing out wins.
		if cookie := setCookie(client.PostForm("/logout", nil), "remember_token"); cookie == nil || cookie.MaxAge >= 0 {
			t.Errorf("on %v, signing out: got %v", on, cookie)
		}
	}
}

func expiresOf(t *testing.T, value string) int64 {
	t.Helper()
	said, _, _ := strings.Cut(value, ".")
	text, err := base64.RawURLEncoding.DecodeString(said)
	if err != nil {
		t.Fatal(err)
	}
	var token struct {
		Expires int64 `json:"e"`
	}
	if err := json.Unmarshal(text, &token); err != nil {
		t.Fatal(err)
	}
	return token.Expires
}

func TestNoSecretKey(t *testing.T) {
	s := newSite(func(s *site) { s.app.Config.SecretKey = "" })
	client := s.visitor(t)
	client.SetCookie(&http.Cookie{Name: "remember_token", Value: "a.b"})
	if got := who(client); got != "nobody" {
		t.Errorf("got %q", got)
	}
	for _, data := range []string{"", "y"} {
		if page := client.PostForm("/login", form("id", "1", "remember", data)); page.StatusCode != 500 {
			t.Errorf("got %s", page)
		}
	}
	c := s.app.NewContext(nil, mustRequest("GET", "/"))
	if err := s.users.LoginUser(c, s.accounts["1"], login.Remember()); !errors.Is(err, hipflask.ErrNoSecretKey) {
		t.Errorf("got %v", err)
	}
}

// TestRememberOfTwoManagers: customers and staff, each with a cookie; see doc of
// RememberCookieName.
func TestRememberOfTwoManagers(t *testing.T) {
	s := newSite(nil)
	staff := login.New(s.app, s.load)
	staff.RememberCookieName = "staff_token"
	s.app.Get("/staff", func(c *hipflask.Context) error {
		_, ok := staff.CurrentUser(c)
		return c.Text(fmt.Sprint(ok))
	}).Name("staff")
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	value, _ := client.Cookie("remember_token")
	thief := hipflasktest.New(t, s.app)
	thief.SetCookie(&http.Cookie{Name: "staff_token", Value: value})
	if got := thief.Get("/staff").Body; got != "false" {
		t.Errorf("a customer's cookie signs in as staff: %s", got)
	}
}

// TestRememberRevoked: who is signed out everywhere is not remembered either.
func TestRememberRevoked(t *testing.T) {
	var since time.Time
	var fail error
	s := newSite(func(s *site) {
		s.app.Config.SessionsValidSince = func(_ context.Context, session *hipflask.Session) (time.Time, error) {
			if id := session.GetString("_user_id"); id != "1" {
				return time.Time{}, fmt.Errorf("asked for the user %q", id)
			}
			return since, fail
		}
	})
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	client.DeleteCookie("session")
	if got := who(client); got != "ada fresh=false remembered=true" {
		t.Errorf("got %q", got)
	}
	client.DeleteCookie("session")
	fail = errors.New("no connection")
	if page := client.Get("/who"); page.StatusCode != 503 {
		t.Errorf("it cannot be told: got %s", page)
	}
	fail, since = nil, time.Now()
	for range 2 {
		if page := client.Get("/who"); page.Body != "nobody" || len(page.Cookies()) > 0 {
			t.Errorf("signed out everywhere: got %s, %v", page, page.Cookies())
		}
	}
	client.PostForm("/login", form("id", "1", "remember", "y"))
	client.DeleteCookie("session")
	if got := who(client); got != "ada fresh=false remembered=true" {
		t.Errorf("signed in again: got %q", got)
	}
}

// TestRememberedAtOnce: of two requests at once that sign in by one remember cookie,
// both do so. If they bring a session of a store on the server, which each of them
// renews, the slower one cannot: the store says 409, and nothing is lost but it.
func TestRememberedAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		basket bool
		store  hipflask.SessionStore
		slower int
	}{
		{"no session, on a server", false, hipflasktestStore(), 200},
		{"a session in the cookie", true, nil, 200},
		{"a session on a server", true, hipflasktestStore(), 409},
	} {
		var meanwhile func()
		s := newSite(func(s *site) {
			s.app.Config.SessionStore = tt.store
			s.app.Get("/slow", func(c *hipflask.Context) error {
				user, ok := s.users.CurrentUser(c)
				if !ok {
					return c.Text("nobody")
				}
				meanwhile()
				return c.Text(user.Name)
			}).Name("slow")
		})
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "remember", "y"))
		client.DeleteCookie("session")
		if tt.basket {
			client.PostForm("/basket", nil)
		}
		session, _ := client.Cookie("session")
		token, _ := client.Cookie("remember_token")
		other := s.visitor(t)
		other.SetCookie(&http.Cookie{Name: "remember_token", Value: token})
		if session != "" {
			other.SetCookie(&http.Cookie{Name: "session", Value: session})
		}
		meanwhile = func() {
			if got := who(other); got != "ada fresh=false remembered=true" {
				t.Errorf("%s, the faster one: got %q", tt.name, got)
			}
		}
		if page := client.Get("/slow"); page.StatusCode != tt.slower {
			t.Errorf("%s, the slower one: got %s, want %d", tt.name, page, tt.slower)
		}
		if got := who(other); got != "ada fresh=false remembered=true" {
			t.Errorf("%s, afterwards: got %q", tt.name, got)
		}
	}
}

// since is a Config.SessionsValidSince of everybody.
type since struct {
	time  time.Time
	asked func() // is called by validSince, once it knows what to say
}

func (s *since) now() { s.time = time.Now() }

func (s *since) validSince(context.Context, *hipflask.Session) (time.Time, error) {
	if s.asked != nil {
		defer s.asked()
	}
	return s.time, nil
}

// TestRefreshAfterRevoked: the refresh of a remember cookie never makes one of after a
// sign-out everywhere out of one of before.
func TestRefreshAfterRevoked(t *testing.T) {
	var ended since
	var meanwhile func()
	s := newSite(func(s *site) {
		s.users.RememberCookieRefreshEachRequest = true
		s.app.Config.SessionsValidSince = ended.validSince
		s.app.Post("/everywhere", func(c *hipflask.Context) error {
			s.users.CurrentUser(c)
			ended.now()
			return c.NoContent()
		}).Name("everywhere").Wrap(s.users.Required)
		s.app.Get("/slow", func(c *hipflask.Context) error {
			user, _ := s.users.CurrentUser(c)
			meanwhile()
			return c.Text(user.Name)
		}).Name("slow")
	})
	signIn := func() *hipflasktest.Client {
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "remember", "y"))
		return client
	}
	client := signIn()
	page := client.PostForm("/everywhere", nil)
	client.DeleteCookie("session")
	if got := who(client); page.StatusCode != 204 || got != "nobody" {
		t.Errorf("the reply of the sign-out: got %s, and then %q", page, got)
	}
	client = signIn()
	meanwhile = ended.now
	page = client.Get("/slow")
	client.DeleteCookie("session")
	if got := who(client); page.Body != "ada" || got != "nobody" {
		t.Errorf("a request at the time of the sign-out: got %s, and then %q", page, got)
	}
	for _, session := range []bool{true, false} {
		client = signIn()
		if !session {
			client.DeleteCookie("session")
		}
		left := 1
		if session {
			left = 2 // it is asked for itself first
		}
		ended.asked = func() {
			if left--; left == 0 {
				ended.now()
				time.Sleep(time.Millisecond) // cookies have microseconds
			}
		}
		page = client.Get("/who")
		ended.asked = nil
		client.DeleteCookie("session")
		if got := who(client); !strings.HasPrefix(page.Body, "ada ") || setCookie(page, "remember_token") == nil || got != "nobody" {
			t.Errorf("a sign-out while it is asked for, a session %v: got %s, and then %q", session, page, got)
		}
	}
	client = signIn()
	ended.now()
	client.PostForm("/login", form("id", "1"))
	page = client.Get("/who")
	if want := "ada fresh=true remembered=false"; page.Body != want || setCookie(page, "remember_token") != nil {
		t.Errorf("a new session beside an ended cookie: got %s and %v, want %q", page, page.Cookies(), want)
	}
	client.DeleteCookie("session")
	if got := who(client); got != "nobody" {
		t.Errorf("a new session made the ended cookie a valid one: got %q", got)
	}
	// Who signs in right after the sign-out, or is known to be of after it, is remembered.
	client = signIn()
	for range 2 {
		client.DeleteCookie("session")
		if page := client.Get("/who"); page.Body != "ada fresh=false remembered=true" || setCookie(page, "remember_token") == nil {
			t.Errorf("signed in after it: got %s", page)
		}
	}
}

// TestBegunWhileRevoked: a session that a remember cookie begins, in a request at the
// time of a sign-out everywhere, does not outlive that.
func TestBegunWhileRevoked(t *testing.T) {
	for _, refresh := range []bool{true, false} {
		var ended since
		var fail error
		do := map[string]func(s *site, c *hipflask.Context) error{
			"nothing":        func(*site, *hipflask.Context) error { return nil },
			"sign out":       func(*site, *hipflask.Context) error { ended.now(); return nil },
			"sign out, fail": func(*site, *hipflask.Context) error { ended.now(); return hipflask.Abort(418) },
			"no connection":  func(*site, *hipflask.Context) error { fail = errors.New("no connection"); return nil },
			"password": func(s *site, c *hipflask.Context) error {
				ended.now()
				return s.users.LoginUser(c, s.accounts["1"])
			},
			"confirmed": func(s *site, c *hipflask.Context) error { ended.now(); s.users.ConfirmLogin(c); return nil },
		}
		s := newSite(func(s *site) {
			s.users.RememberCookieRefreshEachRequest = refresh
			s.app.Config.SessionsValidSince = func(ctx context.Context, session *hipflask.Session) (time.Time, error) {
				if fail != nil {
					return time.Time{}, fail
				}
				return ended.validSince(ctx, session)
			}
			s.app.Get("/slow", func(c *hipflask.Context) error {
				if _, ok := s.users.CurrentUser(c); !ok {
					return errors.New("nobody was remembered")
				}
				if err := do[c.Query("do")](s, c); err != nil {
					return err
				}
				return c.NoContent()
			})
		})
		for _, tt := range []struct {
			do, want string
			status   int
		}{
			{"nothing", "ada fresh=false", 204}, {"sign out", "nobody", 204}, {"sign out, fail", "nobody", 418},
			{"password", "ada fresh=true", 204}, {"confirmed", "ada fresh=true", 204}, {"no connection", "nobody", 503},
		} {
			client := s.visitor(t)
			client.PostForm("/login", form("id", "1", "remember", "y"))
			client.DeleteCookie("session")
			page := client.Get("/slow?do=" + url.QueryEscape(tt.do))
			fail = nil
			client.DeleteCookie("remember_token")
			if got := who(client); page.StatusCode != tt.status || !strings.HasPrefix(got, tt.want) {
				t.Errorf("refresh %v, %s: got %s and then %q, want %d and %q", refresh, tt.do, page, got, tt.status, tt.want)
			}
		}
	}
}

// TestLoginRememberedFails: where it cannot be told whether the cookie counts, the
// reply is a 503, and the handler hears that it does not.
func TestLoginRememberedFails(t *testing.T) {
	for _, refresh := range []bool{true, false} {
		asked, told := 0, true
		s := newSite(func(s *site) {
			s.users.RememberCookieRefreshEachRequest = refresh
			s.app.Config.SessionsValidSince = func(context.Context, *hipflask.Session) (time.Time, error) {
				if asked++; asked > 1 { // the first is the session's own
					return time.Time{}, errors.New("no connection")
				}
				return time.Time{}, nil
			}
			s.app.Get("/remembered", func(c *hipflask.Context) error {
				told = s.users.LoginRemembered(c)
				return c.Text("done")
			}).Name("remembered")
		})
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "remember", "y"))
		asked = 0
		if page := client.Get("/remembered"); page.StatusCode != 503 || told || setCookie(page, "remember_token") != nil {
			t.Errorf("refresh %v: got %s, %v", refresh, page, told)
		}
	}
}

// TestRefreshOnlyOwn: a remember cookie of another user, or with an old stamp, is not
// exchanged for one of the user who is signed in.
func TestRefreshOnlyOwn(t *testing.T) {
	s := newSite(func(s *site) { s.users.RememberCookieRefreshEachRequest = true })
	ada := s.visitor(t)
	for _, stamp := range []string{"", "hash of tea"} { // bob has none
		s.accounts["1"].Stamp = stamp
		ada.PostForm("/login", form("id", "1", "remember", "y"))
		token, _ := ada.Cookie("remember_token")
		bob := s.visitor(t)
		bob.PostForm("/login", form("id", "2"))
		bob.SetCookie(&http.Cookie{Name: "remember_token", Value: token})
		if page := bob.Get("/who"); page.Body != "bob fresh=true remembered=false" || setCookie(page, "remember_token") != nil {
			t.Errorf("another's, with the stamp %q: got %s and %v", stamp, page, page.Cookies())
		}
	}
	s.accounts["1"].Stamp = "hash of coffee"
	if page := ada.Get("/who"); page.Body != "ada fresh=true remembered=false" || setCookie(page, "remember_token") != nil {
		t.Errorf("an old stamp: got %s and %v", page, page.Cookies())
	}
}

// TestSignOutHowever: who signs out is not remembered, wherever in a request that is
// and whatever becomes of the reply.
func TestSignOutHowever(t *testing.T) {
	teapot := func(*hipflask.Context) error { return hipflask.Abort(418) }
	for _, tt := range []struct {
		name     string
		set      func(s *site)
		status   int
		inHeader bool // the cookie is taken away with the reply
	}{
		{"a handler", func(s *site) {
			s.app.Get("/bye", func(c *hipflask.Context) error {
				s.users.LogoutUser(c)
				return c.NoContent()
			})
		}, 204, true},
		{"a handler that fails", func(s *site) {
			s.app.Get("/bye", func(c *hipflask.Context) error {
				s.users.LogoutUser(c)
				return teapot(c)
			})
		}, 418, true},
		{"an earlier after-hook that fails", func(s *site) {
			s.app.Get("/bye", func(c *hipflask.Context) error {
				c.AfterThisRequest(teapot)
				s.users.LogoutUser(c)
				return c.NoContent()
			})
		}, 418, false},
		{"a later after-hook that fails", func(s *site) {
			s.app.Get("/bye", func(c *hipflask.Context) error {
				s.users.LogoutUser(c)
				return c.NoContent()
			})
			s.app.AfterRequest(func(c *hipflask.Context) error {
				if c.Request.URL.Path == "/bye" {
					return teapot(c)
				}
				return nil
			})
		}, 418, true},
		{"an after-hook", func(s *site) {
			s.app.Get("/bye", func(c *hipflask.Context) error { return c.NoContent() })
			s.app.AfterRequest(func(c *hipflask.Context) error {
				if c.Request.URL.Path == "/bye" {
					s.users.LogoutUser(c)
				}
				return nil
			})
		}, 204, true},
		{"a page that shows the user before", func(s *site) {
			s.users.RememberCookieRefreshEachRequest = true
			s.app.Get("/bye", func(c *hipflask.Context) error {
				s.users.CurrentUser(c)
				s.users.LogoutUser(c)
				return c.NoContent()
			})
		}, 204, true},
		{"a second sign-in in the same request", func(s *site) {
			s.app.Get("/bye", func(c *hipflask.Context) error {
				if err := s.users.LoginUser(c, s.accounts["1"], login.Remember()); err != nil {
					return err
				}
				s.users.LogoutUser(c)
				return c.NoContent()
			})
		}, 204, true},
	} {
		s := newSite(tt.set)
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "remember", "y"))
		page := client.Get("/bye")
		var lines []string
		for _, line := range page.Header["Set-Cookie"] {
			if strings.HasPrefix(line, "remember_token=") {
				lines = append(lines, line)
			}
		}
		if want := map[bool]int{true: 1}[tt.inHeader]; page.StatusCode != tt.status || len(lines) != want ||
			want == 1 && !strings.HasPrefix(lines[0], "remember_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0") {
			t.Errorf("%s: got %s with %q", tt.name, page, lines)
		}
		for range 2 {
			if got := who(client); got != "nobody" {
				t.Errorf("%s: then got %q", tt.name, got)
			}
		}
		if token, found := client.Cookie("remember_token"); found {
			t.Errorf("%s: the browser still has %q", tt.name, token)
		}
		client.SessionTransaction(func(session *hipflask.Session) {
			if got := session.Keys(); len(got) > 0 {
				t.Errorf("%s: the session has %q", tt.name, got)
			}
		})
		// And can be again.
		client.PostForm("/login", form("id", "1", "remember", "y"))
		client.DeleteCookie("session")
		if got := who(client); got != "ada fresh=false remembered=true" {
			t.Errorf("%s: signed in again: got %q", tt.name, got)
		}
	}
}

// TestSignOutThenIn: the cookie that a visitor signed out of does not count for the
// next sign-in, also where no reply could take it away.
func TestSignOutThenIn(t *testing.T) {
	s := newSite(func(s *site) {
		s.app.Get("/bye", func(c *hipflask.Context) error {
			c.AfterThisRequest(func(*hipflask.Context) error { return hipflask.Abort(418) })
			s.users.LogoutUser(c)
			return c.NoContent()
		})
	})
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	client.Get("/bye")
	if _, found := client.Cookie("remember_token"); !found {
		t.Fatal("the reply took the cookie away")
	}
	page := client.PostForm("/login", form("id", "1"))
	if cookie := setCookie(page, "remember_token"); cookie == nil || cookie.MaxAge >= 0 {
		t.Errorf("got %v, want it taken away", cookie)
	}
	if got := who(client); got != "ada fresh=true remembered=false" {
		t.Errorf("got %q", got)
	}
}

// TestSignInTwice: the last sign-in of a request decides on the cookie.
func TestSignInTwice(t *testing.T) {
	for _, tt := range []struct {
		first, last []login.Option
		out         bool // between them
		want        string
	}{
		{[]login.Option{login.Remember()}, nil, false, "nobody"},
		{[]login.Option{login.Remember()}, nil, true, "nobody"},
		{nil, []login.Option{login.Remember()}, false, "bob fresh=false remembered=true"},
		{nil, []login.Option{login.Remember()}, true, "bob fresh=false remembered=true"},
	} {
		s := newSite(func(s *site) {
			s.app.Get("/twice", func(c *hipflask.Context) error {
				first := s.users.LoginUser(c, s.accounts["1"], tt.first...)
				if tt.out {
					s.users.LogoutUser(c)
				}
				if err := errors.Join(first, s.users.LoginUser(c, s.accounts["2"], tt.last...)); err != nil {
					return err
				}
				return c.NoContent()
			})
		})
		client := s.visitor(t)
		if page := client.Get("/twice"); page.StatusCode != 204 || !strings.HasPrefix(who(client), "bob ") {
			t.Errorf("%+v: got %s, and then %s", tt, page, who(client))
		}
		client.DeleteCookie("session")
		if got := who(client); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}

// TestSignOutTooLate: a sign-out after the reply is sent can only be told to the log.
func TestSignOutTooLate(t *testing.T) {
	var log strings.Builder
	s := newSite(func(s *site) {
		s.app.Config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		s.app.Teardown(func(c *hipflask.Context, _ error) {
			if c.Request.URL.Path == "/plain" {
				s.users.LogoutUser(c)
			}
		})
	})
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1"))
	if page := client.Get("/plain"); page.StatusCode != 200 || !strings.Contains(log.String(), "after the reply was sent") {
		t.Errorf("got %s and the log %q", page, log.String())
	}
}

// TestSignOutElsewhere: a sign-out takes the cookie away at a page that the browser
// does not send it to.
func TestSignOutElsewhere(t *testing.T) {
	s := newSite(func(s *site) { s.users.RememberCookiePath = "/who" })
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	client.DeleteCookie("session")
	if got := who(client); got != "ada fresh=false remembered=true" {
		t.Fatalf("got %q", got)
	}
	cookie := setCookie(client.PostForm("/logout", nil), "remember_token")
	if cookie == nil || cookie.MaxAge >= 0 || cookie.Path != "/who" || who(client) != "nobody" {
		t.Errorf("got %v, and then %q", cookie, who(client))
	}
}
