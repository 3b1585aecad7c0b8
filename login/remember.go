package login

import (
	"cmp"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
)

// The remember cookie: what it says in base64, a dot, and the MAC of that.

// token is what a remember cookie says.
type token struct {
	ID      string `json:"i"`
	Issued  int64  `json:"t"` // in microseconds since 1970
	Expires int64  `json:"e"`
	Stamp   string `json:"s,omitempty"` // a keyed hash of Stamper's, "" if the user has none

	key []byte // the key that signed it
}

const (
	maxRememberCookie  = 4000        // bytes of a value; browsers keep 4096 with the name
	maxRememberCookies = 4           // of one name, which are tried
	clockSkew          = time.Minute // by which the clocks of servers may disagree
)

var base64url = base64.RawURLEncoding.Strict() // one text for one token

// deriveKeys makes the keys of the remember cookie from those of the App. They are
// good for nothing else, and for no cookie of another name.
func (m *Manager[U]) deriveKeys() (keys [][]byte, err error) {
	if m.app.Config.SecretKey == "" {
		return nil, hipflask.ErrNoSecretKey
	}
	for _, secret := range append([]string{m.app.Config.SecretKey}, m.app.Config.SecretKeyFallbacks...) {
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, "hipflask login remember cookie "+m.cookieName(), sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("login: deriving the key of the remember cookie: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// encode returns the value of a new remember cookie.
func (m *Manager[U]) encode(user U, now time.Time, duration time.Duration) (string, error) {
	keys, err := m.keys()
	if err != nil {
		return "", err
	}
	id := user.LoginID()
	text, err := json.Marshal(token{
		ID: id, Issued: now.UnixMicro(), Expires: now.Add(duration).UnixMicro(), Stamp: stampHash(keys[0], id, stampOf(user)),
	})
	if err != nil {
		return "", fmt.Errorf("login: the remember cookie: %w", err)
	}
	said := base64url.EncodeToString(text)
	value := said + "." + base64url.EncodeToString(macOf(keys[0], said))
	if len(value) > maxRememberCookie {
		return "", fmt.Errorf("login: the remember cookie of a user whose id has %d bytes is too large for browsers", len(id))
	}
	return value, nil
}

// decode returns what a remember cookie says, if a Manager with these keys made it
// and it has not expired. Whether there is such a user is another question.
func (m *Manager[U]) decode(value string, now time.Time) (t token, ok bool) {
	said, sum, found := strings.Cut(value, ".")
	if !found || len(value) > maxRememberCookie {
		return token{}, false
	}
	mac, err := base64url.DecodeString(sum)
	if err != nil {
		return token{}, false
	}
	keys, err := m.keys()
	if err != nil {
		return token{}, false // nothing can be signed, so nothing was
	}
	for _, key := range keys {
		if hmac.Equal(mac, macOf(key, said)) {
			t.key = key
			break
		}
	}
	if t.key == nil {
		return token{}, false
	}
	text, err := base64url.DecodeString(said)
	if err != nil || json.Unmarshal(text, &t) != nil || t.ID == "" {
		return token{}, false
	}
	if t.Issued > now.Add(clockSkew).UnixMicro() || t.Expires <= now.UnixMicro() {
		return token{}, false
	}
	return t, true
}

// stamped reports whether the user's stamp is what it was when the cookie was made.
func (t token) stamped(user any) bool {
	return hmac.Equal([]byte(t.Stamp), []byte(stampHash(t.key, t.ID, stampOf(user))))
}

// duration is what the cookie was made for.
func (t token) duration() time.Duration { return time.Duration(t.Expires-t.Issued) * time.Microsecond }

// revoked reports whether Config.SessionsValidSince has ended what the user began
// before, and so the cookie. It is asked with a session of the user's that is nobody's.
func (m *Manager[U]) revoked(c *hipflask.Context, t token) (bool, error) {
	if m.app.Config.SessionsValidSince == nil {
		return false, nil
	}
	ctx := c.Request.Context()
	blank, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return false, err
	}
	s := m.app.NewContext(nil, blank).Session()
	s.Set(userKey, t.ID)
	since, err := m.app.Config.SessionsValidSince(ctx, s)
	if err != nil {
		return false, loaderError("Config.SessionsValidSince", err)
	}
	return time.UnixMicro(t.Issued).Before(since), nil
}

// macOf signs a text of base64, which never holds a NUL as stampHash's does.
func macOf(key []byte, said string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(said))
	return h.Sum(nil)
}

// stampHash tells stamps apart and says nothing of them.
func stampHash(key []byte, id, stamp string) string {
	if stamp == "" {
		return ""
	}
	return base64url.EncodeToString(macOf(key, "stamp\x00"+id+"\x00"+stamp))
}

// rememberCookie returns the cookie without a value.
func (m *Manager[U]) rememberCookie(c *hipflask.Context) *http.Cookie {
	cfg := &m.app.Config
	return &http.Cookie{
		Name:     m.cookieName(),
		Domain:   m.RememberCookieDomain,
		Path:     cmp.Or(m.RememberCookiePath, "/"),
		HttpOnly: true,
		Secure: m.RememberCookieSecure || cfg.SessionCookieSecure || cfg.SessionCookiePartitioned ||
			c.URL().Scheme == "https",
		SameSite:    cmp.Or(m.RememberCookieSameSite, cfg.SessionCookieSameSite, http.SameSiteLaxMode),
		Partitioned: cfg.SessionCookiePartitioned,
	}
}

// remembered returns the first valid remember cookie of the request. A neighbour on
// the same domain may have set others of the name.
func (m *Manager[U]) remembered(c *hipflask.Context) (t token, ok bool) {
	if m.cleared(c) {
		return token{}, false
	}
	for i, cookie := range c.Request.CookiesNamed(m.cookieName()) {
		if i == maxRememberCookies {
			break
		}
		if t, ok = m.decode(cookie.Value, time.Now()); ok {
			return t, true
		}
	}
	return token{}, false
}

// rememberedAs returns the remember cookie of the request, if it would sign this
// user in.
func (m *Manager[U]) rememberedAs(c *hipflask.Context, user U) (t token, ok bool, err error) {
	t, ok = m.remembered(c)
	if !ok || t.ID != user.LoginID() || !t.stamped(user) {
		return token{}, false, nil
	}
	ended, err := m.revoked(c, t)
	return t, !ended && err == nil, err
}

// cleared reports whether the visitor has signed out of the remember cookie.
func (m *Manager[U]) cleared(c *hipflask.Context) bool {
	return c.Session().GetString(rememberKey) == rememberClear
}

// setRemember has the reply set the cookie. It is as old as what is known of the
// user, and not as the reply: a sign-out everywhere in between ends it.
func (m *Manager[U]) setRemember(c *hipflask.Context, st *state[U], user U, duration time.Duration) error {
	value, err := m.encode(user, st.since, duration)
	if err != nil {
		return err
	}
	cookie := m.rememberCookie(c)
	cookie.Value, cookie.Expires, cookie.MaxAge = value, st.since.Add(duration), int(duration/time.Second)
	m.sendCookie(c, st, cookie)
	return nil
}

// clearRemember has the reply take the cookie away, also where the request has none:
// it may have another path, and a page of another site sends no SameSite=Strict.
func (m *Manager[U]) clearRemember(c *hipflask.Context, st *state[U]) {
	c.Session().Set(rememberKey, rememberClear)
	cookie := m.rememberCookie(c)
	cookie.Expires, cookie.MaxAge = time.Unix(0, 0), -1
	m.sendCookie(c, st, cookie)
}

// sendCookie puts the cookie into the reply at once, since the reply may be past its
// own after-hooks, and again when it is made final. Nil is for none.
func (m *Manager[U]) sendCookie(c *hipflask.Context, st *state[U], cookie *http.Cookie) {
	st.cookie = cookie
	m.putCookie(c, st)
	m.atEnd(c, st)
}

// putCookie makes the reply's header say once what is to become of the cookie.
func (m *Manager[U]) putCookie(c *hipflask.Context, st *state[U]) {
	h := c.Header()
	var others []string
	for _, line := range h["Set-Cookie"] {
		if !strings.HasPrefix(line, m.cookieName()+"=") {
			others = append(others, line)
		}
	}
	if len(others) > 0 {
		h["Set-Cookie"] = others
	} else {
		delete(h, "Set-Cookie")
	}
	if st.cookie != nil {
		c.SetCookie(st.cookie)
	}
}
