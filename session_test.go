package hipflask

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/securecookie"
)

// visitor is a browser: it keeps its cookies from one request to the next.
type visitor struct {
	tb  testing.TB
	app *App
	jar http.CookieJar
}

// sessionReply is what a visitor gets to see of the session.
type sessionReply struct {
	setCookie []string
	vary      []string
	err       error // the reply would be a 500, or the status of an HTTPError
}

func newVisitor(tb testing.TB, app *App) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &visitor{tb: tb, app: app, jar: jar}
}

var homeURL = &url.URL{Scheme: "http", Host: "localhost", Path: "/"}

// visit runs view as a request's handler.
func (v *visitor) visit(view func(c *Context)) sessionReply {
	v.tb.Helper()
	r := httptest.NewRequest("GET", homeURL.String(), nil)
	for _, cookie := range v.jar.Cookies(homeURL) {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	reply := runView(v.app, w, r, view)
	v.jar.SetCookies(homeURL, w.Result().Cookies())
	return reply
}

// runView serves a request whose view is given, nil for one that does nothing.
func runView(app *App, w http.ResponseWriter, r *http.Request, view func(c *Context)) sessionReply {
	var reply sessionReply
	ctx := context.WithValue(r.Context(), viewKey{}, view)
	ctx = context.WithValue(ctx, replyKey{}, &reply)
	app.ServeHTTP(w, r.WithContext(ctx))
	reply.setCookie, reply.vary = w.Header()["Set-Cookie"], w.Header()["Vary"]
	return reply
}

type (
	viewKey  struct{}
	replyKey struct{}
)

// givenView is the one route of a sessionApp.
func givenView(c *Context) error {
	if view, _ := c.Request.Context().Value(viewKey{}).(func(c *Context)); view != nil {
		view(c)
	}
	return c.NoContent()
}

func keepError(c *Context, err error) error {
	c.Request.Context().Value(replyKey{}).(*sessionReply).err = err
	return c.NoContent()
}

// values reads the visitor's session as the next request would.
func (v *visitor) values() map[string]any {
	v.tb.Helper()
	var got map[string]any
	v.visit(func(c *Context) { got = c.Session().templateMap() })
	return got
}

// sessionApp is an App with a secret key whose setup has ended.
func sessionApp(tb testing.TB, change ...func(cfg *Config)) *App {
	tb.Helper()
	app := New("test")
	app.Config.SecretKey = "secret"
	app.Get("/", givenView)
	app.Get("/<path:p>", givenView)
	OnError(app, keepError)
	for _, f := range change {
		f(&app.Config)
	}
	if err := app.endSetup(); err != nil {
		tb.Fatal(err)
	}
	return app
}

// kind says what a reply's Set-Cookie does: "no", "yes", "deletion".
func (r sessionReply) kind() string {
	switch {
	case len(r.setCookie) == 0:
		return "no"
	case len(r.setCookie) > 1:
		return "several"
	case strings.Contains(r.setCookie[0], "Max-Age=0"):
		return "deletion"
	}
	return "yes"
}

// Flask's table "When is it sent", row by row. Where we answer differently,
// flask has its answer and why the reason.
func TestSessionWhenIsItSent(t *testing.T) {
	type view = func(c *Context)
	set := func(key string, value any) view { return func(c *Context) { c.Session().Set(key, value) } }
	permanent := func(c *Context) { c.Session().SetPermanent(true); c.Session().Set("a", 1) }
	noRefresh := func(cfg *Config) { cfg.DisableSessionRefresh = true }

	tests := []struct {
		name   string
		before view // an earlier request of the same visitor
		config func(cfg *Config)
		view   view
		cookie string
		vary   bool
		flask  string
		why    string
	}{
		{name: "nothing", view: nil, cookie: "no"},
		{name: "nothing, with a session", before: set("a", 1), view: nil, cookie: "no"},
		{name: "c.Session alone", before: set("a", 1), view: func(c *Context) { c.Session() }, cookie: "no"},

		{name: "Get", view: func(c *Context) { var v any; c.Session().Get("a", &v) }, cookie: "no", vary: true},
		{name: "GetString", view: func(c *Context) { c.Session().GetString("a") }, cookie: "no", vary: true},
		{name: "GetInt", view: func(c *Context) { c.Session().GetInt("a") }, cookie: "no", vary: true},
		{name: "GetBool", view: func(c *Context) { c.Session().GetBool("a") }, cookie: "no", vary: true},
		{name: "Has", view: func(c *Context) { c.Session().Has("a") }, cookie: "no", vary: true},
		{name: "Keys", view: func(c *Context) { c.Session().Keys() }, cookie: "no", vary: true},
		{name: "Permanent", view: func(c *Context) { c.Session().Permanent() }, cookie: "no", vary: true},
		{name: "session.a in a template", view: func(c *Context) { c.Session().templateMap() }, cookie: "no", vary: true},
		{name: "FlashedMessages", view: func(c *Context) { c.FlashedMessages() }, cookie: "no", vary: true},
		{name: "every read, with a session", before: set("a", 1), cookie: "no", vary: true, view: func(c *Context) {
			c.Session().GetInt("a")
			c.Session().Keys()
			c.Session().templateMap()
			c.FlashedMessages()
		}},

		{name: "Pop of a missing key", view: func(c *Context) { c.Session().Pop("x", nil) }, cookie: "no", vary: true},
		{name: "Delete of a missing key", view: func(c *Context) { c.Session().Delete("x") }, cookie: "no", vary: true},
		{name: "Clear of an empty session", view: func(c *Context) { c.Session().Clear() }, cookie: "deletion", vary: true},
		{name: "set a key", view: set("a", 1), cookie: "yes", vary: true},
		{name: "set it to the same value", before: set("a", 1), view: set("a", 1), cookie: "no", vary: true,
			flask: "yes", why: "what did not change need not be sent, and cannot overwrite what another request changes meanwhile"},
		{name: "set it to the same value of another type", before: set("a", map[string]int{"x": 1, "b": 2}), cookie: "no", vary: true,
			view: set("a", struct {
				B int `json:"b"`
				X int `json:"x"`
			}{2, 1}),
			flask: "yes", why: "as above"},
		{name: "set it away and back", before: set("a", 1), cookie: "no", vary: true,
			view:  func(c *Context) { c.Session().Set("a", 2); c.Session().Set("a", 1) },
			flask: "yes", why: "as above"},
		{name: "update", before: set("a", 1), view: func(c *Context) { c.Session().Set("a", 2); c.Session().Set("b", 2) }, cookie: "yes", vary: true},
		{name: "setdefault of an existing key", before: set("a", 1), cookie: "no", vary: true,
			view: func(c *Context) {
				if !c.Session().Has("a") {
					c.Session().Set("a", 2)
				}
			}},
		{name: "setdefault of a new key", cookie: "yes", vary: true,
			view: func(c *Context) {
				if !c.Session().Has("a") {
					c.Session().Set("a", 2)
				}
			}},
		{name: "append to a list", before: set("l", []int{1}), cookie: "no", vary: true,
			view: func(c *Context) {
				var l []int
				c.Session().Get("l", &l)
				_ = append(l, 2)
			}},
		{name: "append to a list and set it", before: set("l", []int{1}), cookie: "yes", vary: true,
			view: func(c *Context) {
				var l []int
				c.Session().Get("l", &l)
				c.Session().Set("l", append(l, 2))
			}},
		{name: "last key popped", before: set("a", 1), view: func(c *Context) { c.Session().Pop("a", nil) }, cookie: "deletion", vary: true},
		{name: "last key deleted", before: set("a", 1), view: func(c *Context) { c.Session().Delete("a") }, cookie: "deletion", vary: true},
		{name: "one of two keys popped", before: func(c *Context) { set("a", 1)(c); set("b", 1)(c) },
			view: func(c *Context) { c.Session().Pop("a", nil) }, cookie: "yes", vary: true},
		{name: "set and popped in a fresh browser", view: func(c *Context) { set("a", 1)(c); c.Session().Pop("a", nil) }, cookie: "deletion", vary: true},
		// "set a key, then session.modified = False": there is no such switch.

		{name: "has a permanent session, view does nothing", before: permanent, view: nil, cookie: "yes", vary: true},
		{name: "has a permanent session, view reads it", before: permanent, view: func(c *Context) { c.Session().GetInt("a") }, cookie: "yes", vary: true},
		{name: "the same with DisableSessionRefresh", before: permanent, config: noRefresh, view: nil, cookie: "no"},
		{name: "the same, view reads it", before: permanent, config: noRefresh, view: func(c *Context) { c.Session().GetInt("a") }, cookie: "no", vary: true},
		{name: "the same, view changes it", before: permanent, config: noRefresh, view: set("a", 2), cookie: "yes", vary: true},
		{name: "permanent cleared", before: permanent, view: func(c *Context) { c.Session().Clear() }, cookie: "deletion", vary: true},
		{name: "permanent = false afterwards", before: permanent, view: func(c *Context) { c.Session().SetPermanent(false) }, cookie: "yes", vary: true},

		// Not in Flask.
		{name: "Renew", before: set("a", 1), view: func(c *Context) { c.Session().Renew() }, cookie: "yes", vary: true},
		{name: "Renew of an empty session", view: func(c *Context) { c.Session().Renew() }, cookie: "no", vary: true},
		// "set a key, then abort(404)", an exception, after_request: saveSession
		// is called for these too; app.go's tests have them.
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if (tt.flask == "") != (tt.why == "") {
				t.Fatal("a row that differs from Flask needs its reason")
			}
			v := newVisitor(t, sessionApp(t, func(cfg *Config) {
				if tt.config != nil {
					tt.config(cfg)
				}
			}))
			if tt.before != nil {
				v.visit(tt.before)
			}
			reply := v.visit(tt.view)
			if reply.err != nil {
				t.Fatal(reply.err)
			}
			if got := reply.kind(); got != tt.cookie {
				t.Errorf("Set-Cookie: got %s %q, want %s", got, reply.setCookie, tt.cookie)
			}
			want := []string(nil)
			if tt.vary {
				want = []string{"Cookie"}
			}
			if !slices.Equal(reply.vary, want) {
				t.Errorf("Vary: got %q, want %q", reply.vary, want)
			}
		})
	}
}

// Flask's table "Set-Cookie". The order of the attributes is net/http's.
func TestSessionSetCookie(t *testing.T) {
	tests := []struct {
		name   string
		config func(cfg *Config)
		https  bool
		view   func(c *Context)
		want   string
	}{
		{name: "a value", want: "session=VALUE; Path=/; HttpOnly; SameSite=Lax"},
		{name: "permanent", view: func(c *Context) { c.Session().SetPermanent(true) },
			want: "session=VALUE; Path=/; Expires=Tue, 01 Feb 2000 00:00:00 GMT; HttpOnly; SameSite=Lax"},
		{name: "permanent, two days", view: func(c *Context) { c.Session().SetPermanent(true) },
			config: func(cfg *Config) { cfg.PermanentSessionLifetime = 48 * time.Hour },
			want:   "session=VALUE; Path=/; Expires=Mon, 03 Jan 2000 00:00:00 GMT; HttpOnly; SameSite=Lax"},
		{name: "permanent, then not", view: func(c *Context) { c.Session().SetPermanent(true); c.Session().SetPermanent(false) },
			want: "session=VALUE; Path=/; HttpOnly; SameSite=Lax"},
		{name: "cleared", view: func(c *Context) { c.Session().Clear() },
			want: "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; SameSite=Lax"},
		{name: "NAME", config: func(cfg *Config) { cfg.SessionCookieName = "sid" },
			want: "sid=VALUE; Path=/; HttpOnly; SameSite=Lax"},
		{name: "DOMAIN", config: func(cfg *Config) { cfg.SessionCookieDomain = ".example.com" },
			want: "session=VALUE; Path=/; Domain=example.com; HttpOnly; SameSite=Lax"},
		{name: "PATH", config: func(cfg *Config) { cfg.SessionCookiePath = "/x"; cfg.ApplicationRoot = "/app" },
			want: "session=VALUE; Path=/x; HttpOnly; SameSite=Lax"},
		{name: "APPLICATION_ROOT", config: func(cfg *Config) { cfg.ApplicationRoot = "/app" },
			want: "session=VALUE; Path=/app; HttpOnly; SameSite=Lax"},
		{name: "HTTPONLY=False", config: func(cfg *Config) { cfg.DisableSessionCookieHTTPOnly = true },
			want: "session=VALUE; Path=/; SameSite=Lax"},
		{name: "SECURE=True", config: func(cfg *Config) { cfg.SessionCookieSecure = true },
			want: "session=VALUE; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{name: "https", https: true, want: "session=VALUE; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{name: "SAMESITE=strict", config: func(cfg *Config) { cfg.SessionCookieSameSite = http.SameSiteStrictMode },
			want: "session=VALUE; Path=/; HttpOnly; SameSite=Strict"},
		{name: "SAMESITE=None", config: func(cfg *Config) {
			cfg.SessionCookieSameSite, cfg.SessionCookieSecure = http.SameSiteNoneMode, true
		}, want: "session=VALUE; Path=/; HttpOnly; Secure; SameSite=None"},
		{name: "no SAMESITE", config: func(cfg *Config) { cfg.SessionCookieSameSite = http.SameSiteDefaultMode },
			want: "session=VALUE; Path=/; HttpOnly"}, // Flask's default; ours is Lax
		{name: "PARTITIONED=True", config: func(cfg *Config) { cfg.SessionCookiePartitioned = true },
			want: "session=VALUE; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned"},
		{name: "every attribute on the deletion cookie", view: func(c *Context) { c.Session().Clear() },
			config: func(cfg *Config) {
				cfg.SessionCookieDomain, cfg.SessionCookiePath = "example.com", "/x"
				cfg.SessionCookiePartitioned, cfg.SessionCookieSameSite = true, http.SameSiteStrictMode
			},
			want: "session=; Path=/x; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Strict; Partitioned"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // it is 2000-01-01 00:00:00 UTC in there
				app := sessionApp(t, func(cfg *Config) {
					if tt.config != nil {
						tt.config(cfg)
					}
				})
				scheme := "http"
				if tt.https {
					scheme = "https"
				}
				r := httptest.NewRequest("GET", scheme+"://localhost/", nil)
				reply := runView(app, httptest.NewRecorder(), r, func(c *Context) {
					c.Session().Set("name", "Ada")
					if tt.view != nil {
						tt.view(c)
					}
				})
				if reply.err != nil || len(reply.setCookie) != 1 {
					t.Fatalf("got Set-Cookie %q, error %v", reply.setCookie, reply.err)
				}
				if got := hideValue(reply.setCookie[0]); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}

// hideValue replaces a cookie's value, if any, by VALUE.
func hideValue(setCookie string) string {
	nameValue, attributes, _ := strings.Cut(setCookie, ";")
	name, value, _ := strings.Cut(nameValue, "=")
	return name + "=" + strings.Repeat("VALUE", min(1, len(value))) + ";" + attributes
}

// The bytes of a cookie: other builds of the framework must read it.
func TestSessionCookieFormat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(t, sessionApp(t))
		got := v.visit(func(c *Context) { c.Session().Set("name", "Ada"); c.Session().Set("a", "<&>") }).setCookie[0]
		const want = "session=OTQ2Njg0ODAwfGV5SjBJam81TkRZMk9EUTRNREFzSW5ZaU9uc2lZU0k2SWp3bVBpSXNJbTVoYldVaU9pSkJaR0VpZlgwPXyqUolY7YkYY5QsF0TpZaCfUzhKRpji0YraBMccs0p7rw==; Path=/; HttpOnly; SameSite=Lax"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		inner := decodeBase64(t, strings.TrimSuffix(strings.TrimPrefix(got, "session="), "; Path=/; HttpOnly; SameSite=Lax"))
		payload := string(decodeBase64(t, string(bytes.Split(inner, []byte("|"))[1])))
		if want := `{"t":946684800,"v":{"a":"<&>","name":"Ada"}}`; payload != want {
			t.Errorf("payload: got %s, want %s", payload, want)
		}
	})
}

func decodeBase64(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := base64.URLEncoding.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// cookieFor returns a session cookie's value with the app's own key, issued at
// a time of choice.
func cookieFor(tb testing.TB, app *App, issued time.Time, values map[string]json.RawMessage) string {
	tb.Helper()
	cookie, err := app.sessions.Save(context.Background(), SessionData{Values: values, Issued: issued})
	if err != nil {
		tb.Fatal(err)
	}
	return cookie
}

// Flask's table "Reading".
func TestSessionReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		const day = 24 * time.Hour
		app := sessionApp(t, func(cfg *Config) { cfg.SecretKeyFallbacks = []string{"older", "oldest"} })
		ada := map[string]json.RawMessage{"name": json.RawMessage(`"Ada"`)}
		eve := map[string]json.RawMessage{"name": json.RawMessage(`"Eve"`)}
		good := cookieFor(t, app, now, ada)
		aged := func(age time.Duration) string { return cookieFor(t, app, now.Add(-age), ada) }
		with := func(f func(cfg *Config)) string { return cookieFor(t, sessionApp(t, f), now, ada) }
		signed := func(text string) string { return signedText(t, text) }
		flip := func(i int) string { b := []byte(good); b[i] ^= 1; return string(b) }

		tests := []struct {
			name   string
			cookie string // the Cookie header
			want   string // the session's name
			sent   string // Set-Cookie; "" means "no"
			why    string // the answer is not Flask's
		}{
			{name: "valid", cookie: "session=" + good, want: "Ada"},
			{name: "among others", cookie: "a=1; session=" + good + "; b=2", want: "Ada"},
			{name: "missing", cookie: ""},
			{name: "empty", cookie: "session="},
			{name: "no cookie at all", cookie: "session"},
			{name: "nonsense", cookie: "session=nonsense"},
			{name: "altered at the start", cookie: "session=" + flip(0)},
			{name: "altered in the middle", cookie: "session=" + flip(len(good)/2)},
			{name: "altered at the end", cookie: "session=" + flip(len(good)-9)},
			{name: "another key", cookie: "session=" + with(func(cfg *Config) { cfg.SecretKey = "other" })},
			{name: "another name", cookie: "session=" + with(func(cfg *Config) { cfg.SessionCookieName = "sid" })},
			{name: "encrypted where signed is meant", cookie: "session=" + with(func(cfg *Config) { cfg.SessionCookieEncrypt = true })},

			{name: "31 days", cookie: "session=" + aged(31*day), want: "Ada"},
			{name: "31 days and a second", cookie: "session=" + aged(31*day+time.Second)},
			{name: "a second in the future", cookie: "session=" + aged(-time.Second), want: "Ada",
				why: "a minute of grace: clocks of several servers disagree"},
			{name: "a minute in the future", cookie: "session=" + aged(-time.Minute), want: "Ada", why: "as above"},
			{name: "a minute and a second in the future", cookie: "session=" + aged(-time.Minute-time.Second)},
			{name: "from 1970", cookie: "session=" + cookieFor(t, app, time.Unix(0, 0), ada)},
			{name: "from before 1970", cookie: "session=" + cookieFor(t, app, time.Unix(-1<<40, 0), ada)},
			{name: "from the end of time", cookie: "session=" + signed(`{"t":9223372036854775807,"v":{"name":"Ada"}}`)},

			{name: "in double quotes", cookie: `session="` + good + `"`, want: "Ada"},
			{name: "with a leading space", cookie: "session= " + good, want: "Ada"},
			{name: "with line breaks in it", cookie: "session=" + good[:8] + "\n\r\n\n" + good[8:]},
			{name: "two, both good", cookie: "session=" + good + "; session=" + cookieFor(t, app, now, eve), want: "Ada"},
			{name: "two, the first bad", cookie: "session=bad; session=" + good, want: "Ada",
				why: "Flask takes the first: a neighbour's or an old cookie would sign the visitor out"},
			{name: "two, the first too old", cookie: "session=" + aged(32*day) + "; session=" + cookieFor(t, app, now, eve), want: "Eve", why: "as above"},
			{name: "eight, the last good", cookie: strings.Repeat("session=bad; ", 7) + "session=" + good, want: "Ada", why: "as above"},
			{name: "nine, the last good", cookie: strings.Repeat("session=bad; ", 8) + "session=" + good},
			{name: "four thousand", cookie: strings.Repeat("session=x; ", 4000) + "session=" + good},
			{name: "a nameless cookie that looks like ours", cookie: "=session=" + good},

			{name: "signed, not JSON", cookie: "session=" + signed("nonsense"), why: "Flask: 500"},
			{name: "signed, nothing", cookie: "session=" + signed(""), why: "Flask: 500"},
			{name: "signed, not an object", cookie: "session=" + signed("[1]"), why: "Flask: 500"},
			{name: "signed, values not an object", cookie: "session=" + signed(`{"t":946684800,"v":[1]}`), why: "Flask: 500"},
			{name: "signed, null", cookie: "session=" + signed("null")},
			{name: "signed, null values", cookie: "session=" + signed(`{"t":946684800,"v":null}`)},
			{name: "signed, no time", cookie: "session=" + signed(`{"v":{"name":"Ada"}}`)},

			{name: "a fallback key", cookie: "session=" + with(func(cfg *Config) { cfg.SecretKey = "older" }), want: "Ada", sent: "yes",
				why: "Flask signs anew only at the next write: a visitor who only reads would lose the session when the old key goes"},
			{name: "the oldest fallback key", cookie: "session=" + with(func(cfg *Config) { cfg.SecretKey = "oldest" }), want: "Ada", sent: "yes", why: "as above"},
		}
		time.Sleep(time.Second / 2) // cookies know whole seconds
		for _, tt := range tests {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Cookie", tt.cookie)
			var got string
			reply := runView(app, httptest.NewRecorder(), r, func(c *Context) { got = c.Session().GetString("name") })
			if reply.err != nil || got != tt.want {
				t.Errorf("%s: got %q, error %v, want %q", tt.name, got, reply.err, tt.want)
			}
			if got, want := reply.kind(), cmp.Or(tt.sent, "no"); got != want {
				t.Errorf("%s: Set-Cookie: got %s, want %s", tt.name, got, want)
			}
			if !slices.Equal(reply.vary, []string{"Cookie"}) {
				t.Errorf("%s: Vary: got %q", tt.name, reply.vary)
			}
		}
	})
}

// What a fallback key signed is signed with the new key afterwards.
func TestSessionFallbackSignsAnew(t *testing.T) {
	v := newVisitor(t, sessionApp(t, func(cfg *Config) { cfg.SecretKey = "old" }))
	v.visit(func(c *Context) { c.Session().Set("name", "Ada") })

	v.app = sessionApp(t, func(cfg *Config) { cfg.SecretKey, cfg.SecretKeyFallbacks = "new", []string{"old"} })
	if got := v.values()["name"]; got != "Ada" {
		t.Fatalf("with the fallback: got %v", got)
	}
	v.app = sessionApp(t, func(cfg *Config) { cfg.SecretKey = "new" })
	if got := v.values()["name"]; got != "Ada" {
		t.Errorf("without the fallback: got %v", got)
	}
}

// Permanent sessions move on with each request; others end with their time too.
func TestSessionLifetime(t *testing.T) {
	const day = 24 * time.Hour
	permanent := func(c *Context) { c.Session().SetPermanent(true); c.Session().Set("a", 1) }
	tests := []struct {
		name   string
		config func(cfg *Config)
		first  func(c *Context)
		days   int // between the visits
		visits int
		want   bool
	}{
		{"permanent, visited every 30 days", nil, permanent, 30, 6, true},
		{"permanent, after 32 days", nil, permanent, 32, 1, false},
		{"permanent without refresh, on the 30th day", func(cfg *Config) { cfg.DisableSessionRefresh = true }, permanent, 30, 1, true},
		{"permanent without refresh, on the 60th day", func(cfg *Config) { cfg.DisableSessionRefresh = true }, permanent, 30, 2, false},
		{"seven days", func(cfg *Config) { cfg.PermanentSessionLifetime = 7 * day }, permanent, 8, 1, false},
		{"not permanent, a browser open for 32 days", nil, func(c *Context) { c.Session().Set("a", 1) }, 32, 1, false},
		{"not permanent, a browser open for 31 days", nil, func(c *Context) { c.Session().Set("a", 1) }, 31, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVisitor(t, sessionApp(t, func(cfg *Config) {
					if tt.config != nil {
						tt.config(cfg)
					}
				}))
				v.visit(tt.first)
				for range tt.visits - 1 {
					time.Sleep(time.Duration(tt.days) * day)
					v.visit(nil)
				}
				time.Sleep(time.Duration(tt.days) * day)
				if _, got := v.values()["a"]; got != tt.want {
					t.Errorf("session still there: %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// permanent=False leaves Flask's own key.
func TestSessionPermanentOff(t *testing.T) {
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) { c.Session().SetPermanent(true) })
	v.visit(func(c *Context) { c.Session().SetPermanent(false) })
	if got, want := v.values(), map[string]any{"_permanent": false}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Without a secret key: Flask's paragraph.
func TestSessionWithoutSecretKey(t *testing.T) {
	app := sessionApp(t, func(cfg *Config) { cfg.SecretKey = "" })
	reads := map[string]func(c *Context) bool{
		"Get":             func(c *Context) bool { var v any; return c.Session().Get("a", &v) },
		"GetString":       func(c *Context) bool { return c.Session().GetString("a") != "" },
		"Has":             func(c *Context) bool { return c.Session().Has("a") },
		"Keys":            func(c *Context) bool { return len(c.Session().Keys()) > 0 },
		"Permanent":       func(c *Context) bool { return c.Session().Permanent() },
		"template":        func(c *Context) bool { return len(c.Session().templateMap()) > 0 },
		"FlashedMessages": func(c *Context) bool { return len(c.FlashedMessages()) > 0 },
	}
	for name, read := range reads {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "session=x")
		reply := runView(app, httptest.NewRecorder(), r, func(c *Context) {
			if read(c) {
				t.Errorf("%s: got something", name)
			}
		})
		if reply.err != nil || reply.vary != nil || reply.setCookie != nil {
			t.Errorf("%s: got error %v, Vary %q, Set-Cookie %q", name, reply.err, reply.vary, reply.setCookie)
		}
	}
	writes := map[string]func(c *Context){
		"Set":          func(c *Context) { c.Session().Set("a", 1) },
		"Pop":          func(c *Context) { c.Session().Pop("a", nil) },
		"Delete":       func(c *Context) { c.Session().Delete("a") },
		"Clear":        func(c *Context) { c.Session().Clear() },
		"SetPermanent": func(c *Context) { c.Session().SetPermanent(true) },
		"Renew":        func(c *Context) { c.Session().Renew() },
		"Flash":        func(c *Context) { c.Flash("a") },
		"FlashAs":      func(c *Context) { c.FlashAs("error", "a") },
	}
	for name, write := range writes {
		if reply := newVisitor(t, app).visit(write); !errors.Is(reply.err, ErrNoSecretKey) || reply.setCookie != nil {
			t.Errorf("%s: got error %v, Set-Cookie %q", name, reply.err, reply.setCookie)
		}
	}
	if !strings.Contains(ErrNoSecretKey.Error(), "Config.SecretKey") {
		t.Errorf("the error does not say what to set: %v", ErrNoSecretKey)
	}
}

type person struct {
	Name string
	Age  int
}

// A value in, the same value out, in the same request and in the next.
func TestSessionGet(t *testing.T) {
	tests := []struct {
		name  string
		value any
		dst   any // a pointer to the type to read into
		want  any // nil: it does not fit
	}{
		{"string", "Ada", new(string), "Ada"},
		{"text with markup", "<b>&\u2028é\x00", new(string), "<b>&\u2028é\x00"},
		{"int", 17, new(int), 17},
		{"large int", int64(1<<53 + 1), new(int64), int64(1<<53 + 1)},
		{"largest uint", uint64(1<<64 - 1), new(uint64), uint64(1<<64 - 1)},
		{"float", 1.5, new(float64), 1.5},
		{"bool", true, new(bool), true},
		{"list", []string{"a", "b"}, new([]string), []string{"a", "b"}},
		{"struct", person{"Ada", 36}, new(person), person{"Ada", 36}},
		{"pointer", &person{"Ada", 36}, new(*person), &person{"Ada", 36}},
		{"time", time.Unix(1700000000, 5).UTC(), new(time.Time), time.Unix(1700000000, 5).UTC()},
		{"raw JSON", json.RawMessage(` {"a" : 1} `), new(json.RawMessage), json.RawMessage(`{"a":1}`)},
		{"any: int", 17, new(any), 17},
		{"any: float", 1.5, new(any), 1.5},
		{"any: float with exponent", 1e30, new(any), 1e30},
		{"any: int too large", json.RawMessage("123456789012345678901234567890"), new(any), json.Number("123456789012345678901234567890")},
		{"any: nested", map[string]any{"l": []int{1}, "f": 1.5}, new(any), map[string]any{"l": []any{1}, "f": 1.5}},
		{"map: nested", map[string]any{"l": []int{1}}, new(map[string]any), map[string]any{"l": []any{1}}},
		{"list of any", []any{1, "a", nil}, new([]any), []any{1, "a", nil}},

		{"a string is no int", "17", new(int), nil},
		{"a fraction is no int", 1.5, new(int), nil},
		{"300 is no int8", 300, new(int8), nil},
		{"an int is no string", 17, new(string), nil},
		{"an object is no map of ints", map[string]any{"a": 1, "b": "x"}, new(map[string]int), nil},
		{"half a struct", map[string]any{"Name": "Ada", "Age": "x"}, new(person), nil},
		{"an int is no list of any", 17, new([]any), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := func(c *Context) {
				dst := reflect.New(reflect.TypeOf(tt.dst).Elem())
				ok := c.Session().Get("key", dst.Interface())
				got := dst.Elem().Interface()
				if tt.want == nil {
					if ok || !dst.Elem().IsZero() {
						t.Errorf("got %v %v, want false and dst untouched", ok, got)
					}
				} else if !ok || !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got %v %#v, want %#v", ok, got, tt.want)
				}
			}
			v := newVisitor(t, sessionApp(t))
			if reply := v.visit(func(c *Context) { c.Session().Set("key", tt.value); check(c) }); reply.err != nil {
				t.Fatal(reply.err)
			}
			v.visit(check)
		})
	}
}

func TestSessionTypedReads(t *testing.T) {
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) {
		s := c.Session()
		s.Set("s", "x")
		s.Set("i", 7)
		s.Set("b", true)
		s.Set("null", nil)
	})
	v.visit(func(c *Context) {
		s := c.Session()
		if got := s.GetString("s"); got != "x" {
			t.Errorf("GetString: got %q", got)
		}
		if got := s.GetInt("i"); got != 7 {
			t.Errorf("GetInt: got %d", got)
		}
		if !s.GetBool("b") {
			t.Error("GetBool: got false")
		}
		if s.GetString("i") != "" || s.GetInt("s") != 0 || s.GetBool("s") || s.GetInt("none") != 0 {
			t.Error("a value of another type, or none, is not the zero value")
		}
		if !s.Has("null") || s.Has("none") {
			t.Error("Has: null is a value, none is none")
		}
		if got, want := s.Keys(), []string{"b", "i", "null", "s"}; !slices.Equal(got, want) {
			t.Errorf("Keys: got %q, want %q", got, want)
		}
	})
}

func TestSessionPop(t *testing.T) {
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) {
		s := c.Session()
		s.Set("a", "x")
		s.Set("b", "x")
		s.Set("c", "x")
	})
	v.visit(func(c *Context) {
		s := c.Session()
		var text string
		if !s.Pop("a", &text) || text != "x" || s.Has("a") {
			t.Errorf("got %q", text)
		}
		if s.Pop("a", &text) {
			t.Error("popped twice")
		}
		number := 5
		if s.Pop("b", &number) || number != 5 || s.Has("b") {
			t.Errorf("a value that does not fit: got %d, still there %v", number, s.Has("b"))
		}
		if !s.Pop("c", nil) || s.Pop("c", nil) {
			t.Error("a nil dst does not report whether there was a value")
		}
	})
	if got := v.values(); len(got) != 0 {
		t.Errorf("afterwards: %v", got)
	}
}

// A copy goes in and a copy comes out.
func TestSessionCopies(t *testing.T) {
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) {
		list := []string{"a"}
		c.Session().Set("list", list)
		list[0] = "changed after Set"
		var got []string
		c.Session().Get("list", &got)
		got[0] = "changed after Get"
	})
	if got, want := v.values()["list"], []any{"a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSessionGetWantsPointer(t *testing.T) {
	var nilPointer *string
	for _, dst := range []any{"", nil, 5, nilPointer} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, `Session.Get("name"`) {
					t.Errorf("Get into %#v: got %s, want a panic that names the call", dst, text)
				}
			}()
			sessionApp(t).NewContext(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)).Session().Get("name", dst)
		}()
	}
}

// What cannot be stored is an error, and the old session stays.
func TestSessionCannotStore(t *testing.T) {
	tests := []struct {
		name  string
		key   string
		value any
		want  []string
	}{
		{"channel", "ch", make(chan int), []string{`"ch"`, "chan int"}},
		{"function", "f", func() {}, []string{`"f"`, "func()"}},
		{"no number", "nan", jsonFails{}, []string{`"nan"`, "not today"}},
		{"bad raw JSON", "raw", json.RawMessage("{"), []string{`"raw"`}},
		{"key not UTF-8", "\xff", 1, []string{`"\xff"`, "UTF-8"}},
		{"cookie too large", "big", strings.Repeat("x", 3000), []string{`"big" 3002 bytes, "a" 1 bytes`, "4093", "Config.MaxCookieSize", "Config.SessionStore"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisitor(t, sessionApp(t))
			v.visit(func(c *Context) { c.Session().Set("a", 1) })
			reply := v.visit(func(c *Context) {
				c.Session().Set(tt.key, tt.value)
				c.Session().Set("b", 2)
			})
			if reply.err == nil || reply.setCookie != nil {
				t.Fatalf("got error %v, Set-Cookie %q", reply.err, reply.setCookie)
			}
			for _, want := range tt.want {
				if !strings.Contains(reply.err.Error(), want) {
					t.Errorf("the error does not have %s: %v", want, reply.err)
				}
			}
			if got, want := v.values(), map[string]any{"a": 1}; !reflect.DeepEqual(got, want) {
				t.Errorf("afterwards: got %v, want %v", got, want)
			}
		})
	}
}

type jsonFails struct{}

func (jsonFails) MarshalJSON() ([]byte, error) { return nil, errors.New("not today") }

// The limit counts name and value, to the byte.
func TestSessionCookieLimit(t *testing.T) {
	size := func(setCookie string) int {
		nameValue, _, _ := strings.Cut(setCookie, ";")
		return len(nameValue) - len("=")
	}
	set := func(c *Context) { c.Session().Set("text", strings.Repeat("x", 1000)) }
	at := func(limit int) sessionReply {
		return newVisitor(t, sessionApp(t, func(cfg *Config) { cfg.MaxCookieSize = limit })).visit(set)
	}
	exact := size(at(0).setCookie[0])
	for limit, want := range map[int]string{exact - 1: "no", exact: "yes", exact + 1: "yes", -1: "yes"} {
		if reply := at(limit); reply.kind() != want || (reply.err != nil) != (want == "no") {
			t.Errorf("%d bytes, limit %d: got %s, error %v, want %s", exact, limit, reply.kind(), reply.err, want)
		}
	}
	largest := 0
	for n := range 2400 {
		reply := newVisitor(t, sessionApp(t)).visit(func(c *Context) { c.Session().Set("t", strings.Repeat("x", n)) })
		if reply.err != nil {
			break
		}
		largest = size(reply.setCookie[0])
	}
	if largest > 4093 || largest < 4080 {
		t.Errorf("the largest cookie sent has %d bytes, the limit is 4093", largest)
	}
}

// A change after the reply is logged once, with its key.
func TestSessionChangeAfterReply(t *testing.T) {
	logged := captureLog(t)
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) { c.Session().Set("a", 1) })
	for _, touch := range []bool{true, false} {
		logged.Reset()
		var c *Context
		v.visit(func(ctx *Context) {
			if c = ctx; touch {
				c.Session().GetInt("a")
			}
		})
		c.Session().Set("secret-plan", "value")
		c.Session().Delete("other")
		if got := logged.String(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "key=secret-plan") || strings.Contains(got, "value") {
			t.Errorf("touched before: %v: got log %q, want one error with the key", touch, got)
		}
		if got := c.Session().GetInt("a"); got != 1 {
			t.Errorf("reading after the reply: got %d, want 1", got)
		}
		if err := c.saveSession(); err != nil {
			t.Error(err)
		}
	}
	if got, want := v.values(), map[string]any{"a": 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// captureLog catches what the App logs.
func captureLog(tb testing.TB) *bytes.Buffer {
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	tb.Cleanup(func() { slog.SetDefault(old) })
	return &b
}

// A refused cookie is one debug line, without the cookie.
func TestSessionRefusedIsLogged(t *testing.T) {
	logged := captureLog(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "session=a-forged-one")
	runView(sessionApp(t), httptest.NewRecorder(), r, func(c *Context) { c.Session().Keys(); c.Session().Has("a") })
	if got := logged.String(); strings.Count(got, "level=DEBUG") != 1 || strings.Contains(got, "forged-one") {
		t.Errorf("got %q", got)
	}
}

func TestSessionVaryMerges(t *testing.T) {
	tests := []struct{ have, want []string }{
		{nil, []string{"Cookie"}},
		{[]string{"Accept-Encoding"}, []string{"Accept-Encoding, Cookie"}},
		{[]string{"Accept", "Origin"}, []string{"Accept, Origin, Cookie"}},
		{[]string{"cookie"}, []string{"cookie"}},
		{[]string{"Accept, COOKIE ,Origin"}, []string{"Accept, COOKIE ,Origin"}},
		{[]string{"X-Cookie"}, []string{"X-Cookie, Cookie"}},
		{[]string{"*"}, []string{"*"}},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		w.Header()["Vary"] = tt.have
		reply := runView(sessionApp(t), w, httptest.NewRequest("GET", "/", nil), func(c *Context) { c.Session().Set("a", 1) })
		if !slices.Equal(reply.vary, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.have, reply.vary, tt.want)
		}
	}
}

func TestSessionTemplateMap(t *testing.T) {
	newVisitor(t, sessionApp(t)).visit(func(c *Context) {
		s := c.Session()
		s.Set("stocks", []map[string]any{{"name": "ACME", "shares": 10, "price": 1.5}})
		want := map[string]any{"stocks": []any{map[string]any{"name": "ACME", "shares": 10, "price": 1.5}}}
		first := s.templateMap()
		if !reflect.DeepEqual(first, want) {
			t.Errorf("got %#v, want %#v", first, want)
		}
		if again := s.templateMap(); reflect.ValueOf(again).Pointer() != reflect.ValueOf(first).Pointer() {
			t.Error("decoded twice though nothing changed")
		}
		s.Set("n", 1)
		if got := s.templateMap()["n"]; got != 1 {
			t.Errorf("after a change: got %v", got)
		}
		if first["n"] != nil {
			t.Error("a map given out before changed")
		}
	})
}

// Switching encryption accepts nothing of the other kind, and hides the text.
func TestSessionEncrypt(t *testing.T) {
	encrypt := func(cfg *Config) { cfg.SessionCookieEncrypt = true }
	v := newVisitor(t, sessionApp(t, encrypt))
	setCookie := v.visit(func(c *Context) { c.Session().Set("name", "Ada Lovelace") }).setCookie[0]
	value := strings.TrimPrefix(strings.SplitN(setCookie, ";", 2)[0], "session=")
	text := decodeBase64(t, string(bytes.Split(decodeBase64(t, value), []byte("|"))[1]))
	if bytes.Contains(text, []byte("Ada")) {
		t.Errorf("the text is readable: %q", text)
	}
	if got := v.values()["name"]; got != "Ada Lovelace" {
		t.Errorf("got %v", got)
	}
	plain := sessionApp(t)
	if _, ok := plain.sessions.(*cookieStore).codecs[0].decode("session", value); ok {
		t.Error("the signature of an encrypted cookie is good for a signed one")
	}
	v.app = plain
	if got := v.values(); len(got) != 0 {
		t.Errorf("a signing app took an encrypted cookie: %v", got)
	}
	v.visit(func(c *Context) { c.Session().Set("name", "Ada") })
	v.app = sessionApp(t, encrypt)
	if got := v.values(); len(got) != 0 {
		t.Errorf("an encrypting app took a signed cookie: %v", got)
	}
}

func TestSessionTransaction(t *testing.T) {
	app := New("test")
	app.Config.SecretKey = "secret"
	w := httptest.NewRecorder()
	err := app.SessionTransaction(w, httptest.NewRequest("GET", "/", nil), func(s *Session) { s.Set("name", "Ada") })
	if err != nil || len(w.Result().Cookies()) != 1 {
		t.Fatalf("got %q, error %v", w.Result().Cookies(), err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	var got string
	w = httptest.NewRecorder()
	if err := app.SessionTransaction(w, r, func(s *Session) { got = s.GetString("name") }); err != nil || got != "Ada" {
		t.Errorf("got %q, error %v", got, err)
	}
	if got := w.Header()["Set-Cookie"]; got != nil {
		t.Errorf("reading only: got Set-Cookie %q", got)
	}
	if err := app.SessionTransaction(w, r, func(s *Session) { s.Set("c", make(chan int)) }); err == nil {
		t.Error("a value that cannot be stored: no error")
	}

	keyless := New("test")
	if err := keyless.SessionTransaction(w, r, func(*Session) {}); !errors.Is(err, ErrNoSecretKey) {
		t.Errorf("without a key: got %v, want ErrNoSecretKey", err)
	}
	wrong := New("test")
	wrong.Config.SessionCookieName = "a b"
	if err := wrong.SessionTransaction(w, r, func(*Session) {}); err == nil {
		t.Error("a mistake in the setup: no error")
	}
}

func TestSessionConfigMistakes(t *testing.T) {
	tests := []struct {
		name   string
		config Config
		want   string // part of the error; "" if it is none
	}{
		{"zero", Config{}, ""},
		{"key", Config{SecretKey: "k", SecretKeyFallbacks: []string{"a", "b"}}, ""},
		{"name with space", Config{SessionCookieName: "a b"}, "SessionCookieName"},
		{"name with =", Config{SessionCookieName: "a=b"}, "SessionCookieName"},
		{"name not ASCII", Config{SessionCookieName: "café"}, "SessionCookieName"},
		{"__Host-", Config{SessionCookieName: "__Host-session"}, "SessionCookieSecure"},
		{"__Host-, secure", Config{SessionCookieName: "__Host-session", SessionCookieSecure: true}, ""},
		{"__Host-, with a domain", Config{SessionCookieName: "__Host-session", SessionCookieSecure: true, SessionCookieDomain: "example.com"}, "domain"},
		{"__Host-, with a path", Config{SessionCookieName: "__host-session", SessionCookieSecure: true, SessionCookiePath: "/x"}, "path"},
		{"__Secure-", Config{SessionCookieName: "__Secure-session"}, "SessionCookieSecure"},
		{"domain with port", Config{SessionCookieDomain: "localhost:5000"}, "SessionCookieDomain"},
		{"domain with scheme", Config{SessionCookieDomain: "http://example.com"}, "SessionCookieDomain"},
		{"path with semicolon", Config{SessionCookiePath: "/a;b"}, "SessionCookiePath"},
		{"path without slash", Config{ApplicationRoot: "app"}, "ApplicationRoot"},
		{"SameSite=None", Config{SessionCookieSameSite: http.SameSiteNoneMode}, "SessionCookieSecure"},
		{"SameSite=None, secure", Config{SessionCookieSameSite: http.SameSiteNoneMode, SessionCookieSecure: true}, ""},
		{"SameSite=None, partitioned", Config{SessionCookieSameSite: http.SameSiteNoneMode, SessionCookiePartitioned: true}, ""},
		{"SameSite=9", Config{SessionCookieSameSite: 9}, "SessionCookieSameSite"},
		{"negative lifetime", Config{PermanentSessionLifetime: -1}, "PermanentSessionLifetime"},
		{"fallbacks without key", Config{SecretKeyFallbacks: []string{"old"}}, "without SecretKey"},
		{"empty fallback", Config{SecretKey: "k", SecretKeyFallbacks: []string{"a", ""}}, "SecretKeyFallbacks[1]"},
		{"fallback is the key", Config{SecretKey: "k", SecretKeyFallbacks: []string{"k"}}, "SecretKeyFallbacks[0]"},
		{"fallback twice", Config{SecretKey: "k", SecretKeyFallbacks: []string{"a", "a"}}, "SecretKeyFallbacks[1]"},
		{"with a store too", Config{SessionStore: &memoryStore{}, SessionCookieName: "a b"}, "SessionCookieName"},
	}
	for _, tt := range tests {
		err := tt.config.validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got error %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), `"k"`) {
			t.Errorf("%s: the error shows the key: %v", tt.name, err)
		}
	}
	err := (&Config{SessionCookieName: "a b", SecretKeyFallbacks: []string{""}}).validate()
	if err == nil || !strings.Contains(err.Error(), "SessionCookieName") || !strings.Contains(err.Error(), "Fallbacks") {
		t.Errorf("two mistakes: got %v, want both", err)
	}
}

// memoryStore keeps sessions on the server, under ids of its own. It shows that
// the seam is wide enough.
type memoryStore struct {
	mu       sync.Mutex
	sessions map[string]map[string]json.RawMessage
	ids      int
	err      error
	opens    int
}

func (m *memoryStore) Open(_ context.Context, cookie string) (SessionData, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opens++
	values, found := m.sessions[cookie]
	return SessionData{Values: maps.Clone(values), State: cookie}, found, m.err
}

func (m *memoryStore) Save(_ context.Context, data SessionData) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, _ := data.State.(string)
	if data.Renew || len(data.Values) == 0 {
		delete(m.sessions, id)
		id = ""
	}
	if len(data.Values) == 0 || m.err != nil {
		return "", m.err
	}
	if id == "" {
		m.ids++
		id = fmt.Sprint("id", m.ids)
	}
	m.sessions[id] = maps.Clone(data.Values)
	return id, nil
}

func (m *memoryStore) keys() []string { return slices.Sorted(maps.Keys(m.sessions)) }

func TestSessionStoreOnServer(t *testing.T) {
	store := &memoryStore{sessions: map[string]map[string]json.RawMessage{}}
	v := newVisitor(t, sessionApp(t, func(cfg *Config) { cfg.SecretKey, cfg.SessionStore = "", store }))

	v.visit(func(c *Context) { c.Session().Set("big", strings.Repeat("x", 10000)) })
	if got, want := store.keys(), []string{"id1"}; !slices.Equal(got, want) {
		t.Fatalf("saved: got %q, want %q", got, want)
	}
	reply := v.visit(func(c *Context) { c.Session().Renew() })
	if got, want := store.keys(), []string{"id2"}; !slices.Equal(got, want) || !strings.HasPrefix(reply.setCookie[0], "session=id2;") {
		t.Errorf("renewed: got %q %q, want %q", got, reply.setCookie, want)
	}
	if got := len(v.values()["big"].(string)); got != 10000 {
		t.Errorf("read: got %d bytes", got)
	}
	v.visit(func(c *Context) { c.Flash("hello") })
	v.visit(func(c *Context) {
		if got := c.FlashedMessages(); len(got) != 1 {
			t.Errorf("flashed: got %q", got)
		}
	})

	opens := store.opens
	v.visit(nil)
	if store.opens != opens+1 {
		t.Errorf("an untouched request with a cookie: %d look-ups, want the one for a permanent session", store.opens-opens)
	}
	newVisitor(t, v.app).visit(nil)
	if store.opens != opens+1 {
		t.Error("an untouched request without a cookie asked the store")
	}

	store.err = Error(503, "").Wrap(errors.New("no connection"))
	var e *HTTPError
	reply = v.visit(func(c *Context) {
		if c.Session().Has("big") {
			t.Error("a failing store gave a value")
		}
	})
	if !errors.As(reply.err, &e) || e.Code != 503 || reply.setCookie != nil {
		t.Errorf("a store that fails: got %v", reply.err)
	}
	if reply := v.visit(nil); reply.err != nil {
		t.Errorf("a store that fails where nobody asked for the session: got %v", reply.err)
	}
	store.err = nil

	if reply := v.visit(func(c *Context) { c.Session().Clear() }); reply.kind() != "deletion" || len(store.sessions) != 0 {
		t.Errorf("cleared: got %q, %q left in the store", reply.setCookie, store.keys())
	}
	// An id that we did not give out is never taken over.
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "session=chosen")
	if reply := runView(v.app, httptest.NewRecorder(), r, func(c *Context) { c.Session().Set("a", 1) }); !strings.HasPrefix(reply.setCookie[0], "session=id3;") {
		t.Errorf("a chosen id: got %q", reply.setCookie)
	}
}

// net/http drops what a cookie cannot hold; we do not send it.
func TestSessionStoreCookieBytes(t *testing.T) {
	for _, value := range []string{"a;b", "a\r\nSet-Cookie: x=1", "a\x00", "é"} {
		reply := newVisitor(t, sessionApp(t, func(cfg *Config) { cfg.SessionStore = fixedStore(value) })).
			visit(func(c *Context) { c.Session().Set("a", 1) })
		if reply.err == nil || reply.setCookie != nil {
			t.Errorf("%q: got Set-Cookie %q, error %v", value, reply.setCookie, reply.err)
		}
	}
}

type fixedStore string

func (fixedStore) Open(context.Context, string) (d SessionData, ok bool, err error) { return }
func (f fixedStore) Save(context.Context, SessionData) (string, error)              { return string(f), nil }

// Every way to change a valid cookie, and every cookie of another purpose, is
// refused.
func TestSessionForgery(t *testing.T) {
	for _, encrypt := range []bool{false, true} {
		app := sessionApp(t, func(cfg *Config) { cfg.SessionCookieEncrypt = encrypt })
		// Of different lengths, so that padding is cut in different places.
		for _, name := range []string{"Ada", "Ada L", "Ada Lo"} {
			forge(t, app,
				cookieFor(t, app, time.Now(), map[string]json.RawMessage{"name": json.RawMessage(`"` + name + `"`)}),
				cookieFor(t, app, time.Now().Add(-time.Hour), map[string]json.RawMessage{"name": json.RawMessage(`"Eve"`), "admin": json.RawMessage("true")}))
		}
	}
}

func forge(t *testing.T, app *App, a, b string) {
	t.Helper()
	tried := 0
	refused := func(what, cookie string) {
		t.Helper()
		tried++
		if cookie == a || cookie == b {
			return
		}
		if _, found, err := app.sessions.Open(context.Background(), cookie); found || err != nil {
			t.Errorf("%s: accepted %q (error %v), made from %q", what, cookie, err, a)
		}
	}
	for i := range a {
		for bit := range 8 {
			flipped := []byte(a)
			flipped[i] ^= 1 << bit
			refused("bit flip", string(flipped))
		}
		refused("truncation", a[:i])
		refused("truncation at the front", a[i+1:])
		refused("a byte less", a[:i]+a[i+1:])
		for _, extra := range []string{"\n", "\r", "\n\n\n\n", "\r\n\r\n", "=", "A", " "} {
			refused("a byte more", a[:i]+extra+a[i:])
		}
		for j := range b {
			refused("splice", a[:i]+b[j:])
		}
	}
	for j := range b {
		for i := range a {
			refused("splice", b[:j]+a[i:])
		}
	}
	for _, extra := range []string{"\n", "=", "====", "AAAA", a} {
		refused("appended", a+extra)
	}
	if tried < 10000 {
		t.Errorf("only %d forgeries tried", tried)
	}

	store := app.sessions.(*cookieStore)
	if _, found, _ := (&cookieStore{name: "sessioN", codecs: store.codecs}).Open(context.Background(), a); found {
		t.Error("accepted under another name")
	}
	text := []byte(`{"t":` + fmt.Sprint(time.Now().Unix()) + `,"v":{}}`)
	for _, purpose := range []string{"session", "flash", "csrf", "session/encryption", "session/Signed"} {
		key, err := deriveKey("secret", purpose)
		if err != nil {
			t.Fatal(err)
		}
		refused("purpose "+purpose, encodeWith(t, key, text))
	}
	refused("the raw key", encodeWith(t, []byte("secret"), text))
}

func encodeWith(tb testing.TB, key, text []byte) string {
	tb.Helper()
	cookie, err := securecookie.New(key, nil).SetSerializer(securecookie.NopEncoder{}).MaxLength(0).Encode("session", bytes.Clone(text))
	if err != nil {
		tb.Fatal(err)
	}
	return cookie
}

// signedText is a cookie of a sessionApp's that holds any text.
func signedText(tb testing.TB, text string) string {
	tb.Helper()
	key, err := deriveKey("secret", "session/signed")
	if err != nil {
		tb.Fatal(err)
	}
	return encodeWith(tb, key, []byte(text))
}

// What somebody who knows the key could send breaks nothing.
func TestSessionSignedBombs(t *testing.T) {
	app := sessionApp(t)
	now := fmt.Sprint(time.Now().Unix())
	bombs := map[string]string{
		"deep list":     `{"t":` + now + `,"v":{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}`,
		"deeper list":   `{"t":` + now + `,"v":{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}}`,
		"deep object":   `{"t":` + now + `,"v":{"a":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000) + `}}`,
		"huge number":   `{"t":` + now + `,"v":{"a":1e999999999,"b":` + strings.Repeat("9", 10000) + `}}`,
		"huge time":     `{"t":1e999,"v":{"a":1}}`,
		"many keys":     `{"t":` + now + `,"v":{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, 5000), ",") + `}}`,
		"many flashes":  `{"t":` + now + `,"v":{"_flashes":[` + strings.TrimSuffix(strings.Repeat(`["",""],`, 4000), ",") + `]}}`,
		"odd flashes":   `{"t":` + now + `,"v":{"_flashes":{"a":[[[]]]}}}`,
		"odd permanent": `{"t":` + now + `,"v":{"_permanent":[1]}}`,
	}
	for name, text := range bombs {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Cookie", "session="+signedText(t, text))
			runView(app, httptest.NewRecorder(), r, func(c *Context) {
				var v any
				c.Session().Get("a", &v)
				c.Session().templateMap()
				c.FlashedMessages()
				c.Session().Permanent()
				c.Session().Set("b", 1)
				c.Flash("x")
			})
		})
	}
}

// One Session in the hands of a hundred goroutines, for the race detector.
func TestSessionRace(t *testing.T) {
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) { c.Session().Set("old", 1) })
	v.visit(func(c *Context) {
		var group sync.WaitGroup
		for i := range 100 {
			group.Go(func() { hammer(c, fmt.Sprint("k", i%10), i) })
		}
		group.Wait()
		c.Session().Set("done", true)
	})
	if got := v.values()["done"]; got != true {
		t.Errorf("got %v", got)
	}

	// Goroutines that outlive the handler: the reply is sent under them.
	captureLog(t)
	var group sync.WaitGroup
	v.visit(func(c *Context) {
		for i := range 20 {
			group.Go(func() { hammer(c, "k", i) })
		}
	})
	group.Wait()
}

func hammer(c *Context, key string, i int) {
	s := c.Session()
	s.Set(key, i)
	s.GetInt(key)
	s.Has("old")
	s.Keys()
	s.templateMap()
	c.Flash(key)
	if i%3 == 0 {
		c.FlashedMessages()
		s.Pop(key, nil)
	}
	if i%10 == 0 {
		s.SetPermanent(i%20 == 0)
		s.Renew()
		s.Clear()
	}
}

// Two requests at a time: the one that only reads overwrites nothing.
func TestSessionReadOnlyRequestKeepsOthersChange(t *testing.T) {
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) { c.Session().Set("n", 1) })
	reply := v.visit(func(c *Context) {
		c.Session().GetInt("n")
		v.visit(func(c *Context) { c.Session().Set("n", 2) }) // meanwhile
	})
	if got := v.values()["n"]; reply.kind() != "no" || got != 2 {
		t.Errorf("got %v, Set-Cookie %s", got, reply.kind())
	}
}

// A request that does not use its session pays nothing for it.
func TestSessionUntouchedAllocates(t *testing.T) {
	refresh, noRefresh := sessionApp(t), sessionApp(t, func(cfg *Config) { cfg.DisableSessionRefresh = true })
	for _, tt := range []struct {
		app    *App
		cookie string
	}{
		{refresh, ""},
		{refresh, "other=1; more=2"},
		{noRefresh, "session=" + cookieFor(t, refresh, time.Now(), map[string]json.RawMessage{"a": json.RawMessage("1")})},
	} {
		c := untouchedContext(tt.app, tt.cookie)
		if n := testing.AllocsPerRun(100, func() {
			c.session.Store(nil)
			c.state.And(^uint32(sessionSaved))
			if err := c.saveSession(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("Cookie %q: %v allocations, want 0", tt.cookie, n)
		}
	}
}

func untouchedContext(app *App, cookie string) *Context {
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return app.NewContext(httptest.NewRecorder(), r)
}

// Accepted means issued by us, byte for byte.
func FuzzSessionCookie(f *testing.F) {
	app := sessionApp(f)
	issued := map[string]bool{}
	for _, text := range []string{`1`, `"Ada"`, `[1,2,"3"]`, `{"a":{"b":null}}`} {
		cookie := cookieFor(f, app, time.Unix(1700000000, 0), map[string]json.RawMessage{"a": json.RawMessage(text)})
		issued[cookie] = true
		f.Add(cookie)
		f.Add(cookie + "\n")
		f.Add(strings.TrimRight(cookie, "="))
	}
	f.Add("")
	f.Add("MTcwMDAwMDAwMHxhfGI=")
	f.Fuzz(func(t *testing.T, cookie string) {
		if data, found, err := app.sessions.Open(context.Background(), cookie); err != nil || found && !issued[cookie] {
			t.Errorf("accepted %q as %s (error %v)", cookie, data.Values, err)
		}
		// And through the header, where a browser's quotes and blanks go away.
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "session="+cookie)
		if reply := runView(app, httptest.NewRecorder(), r, func(c *Context) { c.Session().Keys() }); reply.err != nil || reply.setCookie != nil {
			t.Errorf("%q: got %q, error %v", cookie, reply.setCookie, reply.err)
		}
	})
}

// Any JSON value under any key: the same comes back in the next request.
func FuzzSessionRoundTrip(f *testing.F) {
	plain := sessionApp(f, func(cfg *Config) { cfg.MaxCookieSize = -1 })
	encrypted := sessionApp(f, func(cfg *Config) { cfg.MaxCookieSize, cfg.SessionCookieEncrypt = -1, true })
	for _, text := range []string{`1`, `-0`, `1e5`, `"é\u2028<&>"`, `null`, `[]`, `{"a":[1,{"b":null}]}`, ` [ 1 , 2 ] `, "\"\xff\"", `"\ud800"`} {
		f.Add("key", text)
	}
	f.Add("_permanent", "true")
	f.Add("_flashes", `[["a","b"]]`)
	f.Add("\"\\", `""`)
	f.Add("\xff", `1`)
	f.Fuzz(func(t *testing.T, key, text string) {
		for _, app := range []*App{plain, encrypted} {
			v := newVisitor(t, app)
			var set json.RawMessage
			reply := v.visit(func(c *Context) {
				c.Session().Set(key, json.RawMessage(text))
				c.Session().Get(key, &set)
			})
			if reply.err != nil {
				if json.Valid([]byte(text)) && strings.ToValidUTF8(key, "") == key {
					t.Errorf("refused: %v", reply.err)
				}
				continue
			}
			var got json.RawMessage
			reply = v.visit(func(c *Context) {
				if !c.Session().Get(key, &got) || !slices.Equal(c.Session().Keys(), []string{key}) {
					t.Errorf("lost: keys %q, want %q", c.Session().Keys(), key)
				}
				c.Session().Set(key, got)
			})
			if !bytes.Equal(got, set) || !sameJSON(got, []byte(text)) {
				t.Errorf("got %s, set as %s, from %s", got, set, text)
			}
			if want := key == "_permanent" && text == "true"; !want && reply.setCookie != nil && string(got) != "true" {
				t.Errorf("set to what it was: got Set-Cookie %q", reply.setCookie)
			}
		}
	})
}

func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil &&
		strings.NewReplacer("\u2028", `\u2028`, "\u2029", `\u2029`).Replace(y.String()) == x.String()
}

// The figures to compare are securecookie's own for the same values.

var benchmarkValues = map[string]any{"name": "Ada Lovelace", "visits": 17, "theme": "dark"}

func benchmarkRequest(b *testing.B, app *App) *http.Request {
	b.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	if err := app.SessionTransaction(w, r, func(s *Session) {
		for key, value := range benchmarkValues {
			s.Set(key, value)
		}
	}); err != nil {
		b.Fatal(err)
	}
	r.AddCookie(w.Result().Cookies()[0])
	return r
}

func BenchmarkSessionRead(b *testing.B) {
	app := sessionApp(b)
	r := benchmarkRequest(b, app)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		c := app.NewContext(w, r)
		if c.Session().GetString("name") == "" || c.saveSession() != nil {
			b.Fatal("not read")
		}
	}
}

func BenchmarkSessionReadByHand(b *testing.B) {
	codec, r := byHand(b)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		cookie, err := r.Cookie("session")
		if err != nil {
			b.Fatal(err)
		}
		var values map[string]any
		if err := codec.Decode("session", cookie.Value, &values); err != nil || values["name"] == "" {
			b.Fatal(err)
		}
		w.Header().Add("Vary", "Cookie")
	}
}

func BenchmarkSessionWrite(b *testing.B) {
	app := sessionApp(b)
	r := benchmarkRequest(b, app)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		clear(w.Header())
		c := app.NewContext(w, r)
		c.Session().Set("visits", 100+i)
		if err := c.saveSession(); err != nil {
			b.Fatal(err)
		}
		if c.addSessionHeader(); w.Header()["Set-Cookie"] == nil {
			b.Fatal("not written")
		}
	}
}

func BenchmarkSessionWriteByHand(b *testing.B) {
	codec, r := byHand(b)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		clear(w.Header())
		cookie, err := r.Cookie("session")
		if err != nil {
			b.Fatal(err)
		}
		var values map[string]any
		if err := codec.Decode("session", cookie.Value, &values); err != nil {
			b.Fatal(err)
		}
		values["visits"] = 100 + i
		value, err := codec.Encode("session", values)
		if err != nil {
			b.Fatal(err)
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		w.Header().Add("Vary", "Cookie")
	}
}

// byHand is what a program without a framework would have.
func byHand(b *testing.B) (*securecookie.SecureCookie, *http.Request) {
	b.Helper()
	codec := securecookie.New(bytes.Repeat([]byte("k"), 32), nil).SetSerializer(securecookie.JSONEncoder{})
	value, err := codec.Encode("session", benchmarkValues)
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: value})
	return codec, r
}

func BenchmarkSessionUntouched(b *testing.B) {
	app := sessionApp(b)
	with := benchmarkRequest(b, app).Header.Get("Cookie")
	v := newVisitor(b, app)
	permanent, _, _ := strings.Cut(v.visit(func(c *Context) { c.Session().SetPermanent(true) }).setCookie[0], ";")
	for name, cookie := range map[string]string{"no cookie": "", "other cookie": "other=1; more=2", "session cookie": with, "permanent": permanent} {
		b.Run(name, func(b *testing.B) {
			c := untouchedContext(app, cookie)
			b.ReportAllocs()
			for b.Loop() {
				c.session.Store(nil)
				c.state.And(^uint32(sessionSaved))
				if c.saveSession() != nil {
					b.Fatal("error")
				}
			}
		})
	}
}

// The rest of Flask's table "When is it sent": replies that are none of a view's.
func TestSessionOfOtherEndings(t *testing.T) {
	newApp := func() *App {
		app, _ := newTestApp(t)
		change := func(c *Context) { c.Session().Set("a", "changed") }
		app.Get("/nothing", func(c *Context) error { return c.NoContent() }).Name("nothing")
		app.Get("/slash/", func(c *Context) error { return c.NoContent() }).Name("slash")
		app.Get("/page", func(c *Context) error { return c.Render("page.html", nil) }).Name("page")
		app.Get("/abort", func(c *Context) error { change(c); return Abort(404) }).Name("abort")
		app.Get("/fail", func(c *Context) error { change(c); return errors.New("boom") }).Name("fail")
		app.Get("/panic", func(c *Context) error { change(c); panic("boom") }).Name("panic")
		app.Get("/field", func(c *Context) error { change(c); _, err := c.RequireForm("x"); return err }).Name("field")
		app.Get("/flash", func(c *Context) error { c.Flash("kept"); return Abort(404) }).Name("flash")
		app.Get("/large", func(c *Context) error { c.Session().Set("a", strings.Repeat("x", 5000)); return c.Text("ok") }).Name("large")
		app.AfterRequest(func(c *Context) error {
			if c.Query("after") != "" {
				change(c)
			}
			return nil
		})
		return app
	}
	for _, test := range []struct {
		method, path string
		permanent    bool // the visitor has a permanent session
		status       int
		kind         string // of Set-Cookie
		vary         bool
	}{
		{"GET", "/nothing", false, 204, "no", false},
		{"GET", "/page", false, 200, "no", false},
		{"GET", "/nowhere", false, 404, "no", false},
		{"GET", "/abort", false, 404, "yes", true},
		{"GET", "/fail", false, 500, "yes", true},
		{"GET", "/panic", false, 500, "yes", true},
		{"GET", "/field", false, 400, "yes", true},
		{"GET", "/flash", false, 404, "yes", true},
		{"GET", "/nothing?after=1", false, 204, "yes", true},
		{"GET", "/nowhere?after=1", false, 404, "yes", true},
		{"GET", "/large", false, 500, "no", true},

		{"GET", "/nothing", true, 204, "yes", true},
		{"GET", "/nowhere", true, 404, "yes", true},
		{"POST", "/nothing", true, 405, "yes", true},
		{"GET", "/slash", true, 308, "yes", true},
		{"OPTIONS", "/nothing", true, 200, "yes", true},
		{"GET", "/large", true, 500, "no", true},
	} {
		app := newApp()
		v := newVisitor(t, app)
		if test.permanent {
			w := httptest.NewRecorder()
			if err := app.SessionTransaction(w, httptest.NewRequest("GET", "/", nil), func(s *Session) {
				s.SetPermanent(true)
				s.Set("a", "b")
			}); err != nil {
				t.Fatal(err)
			}
			v.jar.SetCookies(homeURL, w.Result().Cookies())
		}
		r := httptest.NewRequest(test.method, "http://localhost"+test.path, nil)
		for _, cookie := range v.jar.Cookies(homeURL) {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		got := sessionReply{setCookie: w.Header()["Set-Cookie"], vary: w.Header()["Vary"]}
		if w.Code != test.status || got.kind() != test.kind || strings.Contains(strings.Join(got.vary, ", "), "Cookie") != test.vary {
			t.Errorf("%s %s, permanent %v: got %d, cookie %s, Vary %q; want %d, %s, %v",
				test.method, test.path, test.permanent, w.Code, got.kind(), got.vary, test.status, test.kind, test.vary)
		}
	}
}

// TestPermanentMark: what says that a cookie is permanent is signed too, and
// only such a cookie is opened by a request that does not use its session.
func TestPermanentMark(t *testing.T) {
	app := sessionApp(t)
	value := func(permanent bool) string {
		reply := newVisitor(t, app).visit(func(c *Context) {
			c.Session().Set("name", "Ada")
			c.Session().SetPermanent(permanent)
		})
		value, _, _ := strings.Cut(strings.TrimPrefix(reply.setCookie[0], "session="), ";")
		return value
	}
	plain, permanent := value(false), value(true)
	for _, test := range []struct {
		name, cookie string
		read         string // the name in the session
		refreshed    bool   // by a view that does nothing
	}{
		{"plain", plain, "Ada", false},
		{"permanent", permanent, "Ada", true},
		{"plain with the mark", permanentMark + plain, "", false},
		{"permanent without it", strings.TrimPrefix(permanent, permanentMark), "", false},
		{"marked twice", permanentMark + permanent, "", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "other=1; session="+test.cookie)
		if reply := runView(app, httptest.NewRecorder(), r, nil); (reply.kind() == "yes") != test.refreshed {
			t.Errorf("%s: a view that does nothing sends %s, want it refreshed %v", test.name, reply.kind(), test.refreshed)
		}
		var got string
		runView(app, httptest.NewRecorder(), r, func(c *Context) { got = c.Session().GetString("name") })
		if got != test.read {
			t.Errorf("%s: got %q, want %q", test.name, got, test.read)
		}
	}
}
