package login

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// Manager signs the users of an App in and out: Flask-Login's LoginManager. Its
// fields are settings, which must not change once the App serves. Its methods may
// be called by many requests at a time.
//
// U is the program's own type of users, usually a pointer to a struct.
type Manager[U User] struct {
	// LoginView is where strangers are sent by [Manager.Required]: an endpoint, a
	// path that begins with a slash, or a whole URL. Empty means that they get a
	// 401. It is Flask-Login's login_view.
	LoginView string

	// BlueprintLoginViews has the LoginView of pages in a blueprint, by the
	// blueprint's name; an empty one is a 401. It is Flask-Login's
	// blueprint_login_views.
	BlueprintLoginViews map[string]string

	// LoginMessage is flashed to who is sent to LoginView, under
	// LoginMessageCategory. New sets "Please log in to access this page." and
	// "message". Empty means that nothing is flashed.
	LoginMessage, LoginMessageCategory string

	// RefreshView is where users are sent whose sign-in is not fresh, by
	// [Manager.FreshRequired], in the forms that LoginView has. Empty means that
	// they get a 401. It is Flask-Login's refresh_view.
	RefreshView string

	// NeedsRefreshMessage is flashed to who is sent to RefreshView, under
	// NeedsRefreshMessageCategory. New sets "Please reauthenticate to access this
	// page." and "message". Empty means that nothing is flashed.
	NeedsRefreshMessage, NeedsRefreshMessageCategory string

	// Localize translates the two messages; nil leaves them as they are. It is
	// Flask-Login's localize_callback.
	Localize func(c *hipflask.Context, message string) string

	// UnauthorizedHandler answers strangers in place of LoginView, for API requests
	// too. It is Flask-Login's unauthorized_handler.
	UnauthorizedHandler hipflask.HandlerFunc

	// NeedsRefreshHandler answers users whose sign-in is not fresh in place of
	// RefreshView. It is Flask-Login's needs_refresh_handler.
	NeedsRefreshHandler hipflask.HandlerFunc

	// RequestLoader finds the user of a request that has neither a session nor a
	// remember cookie with one: by a token in its Authorization header, say. Its
	// errors are those of the user loader. The sign-in is for this request alone
	// and never fresh: it stands in no session. It is Flask-Login's request_loader.
	RequestLoader func(c *hipflask.Context) (U, error)

	// UseSessionForNext keeps the page to return to in the session, under "next",
	// and not in the address. Key: USE_SESSION_FOR_NEXT.
	UseSessionForNext bool

	// SessionProtection says what happens to a session that comes from another
	// browser or address. Key: SESSION_PROTECTION, as basic, strong or off.
	SessionProtection Protection

	// SessionIdentifier is what SessionProtection compares. Nil means Flask-Login's:
	// a hash of the visitor's address and User-Agent. Where addresses change often,
	// as those of phones do, let it leave out the address.
	SessionIdentifier func(c *hipflask.Context) string

	// RememberCookieName is the remember cookie's name; empty means
	// "remember_token". Two Managers of an App need two names. Key:
	// REMEMBER_COOKIE_NAME.
	RememberCookieName string

	// RememberCookieDuration is how long the cookie signs a user in, unless [For]
	// says otherwise; zero means 365 days. The server checks it, too. Key:
	// REMEMBER_COOKIE_DURATION, in seconds or as "168h".
	RememberCookieDuration time.Duration

	// RememberCookieDomain is the cookie's Domain; empty means the host that set it
	// and no other. Key: REMEMBER_COOKIE_DOMAIN.
	RememberCookieDomain string

	// RememberCookiePath is the cookie's Path; empty means "/". Key:
	// REMEMBER_COOKIE_PATH.
	RememberCookiePath string

	// RememberCookieSecure sends the cookie as Secure always. False means when the
	// request came over https, and always if the session cookie is Secure always.
	// Key: REMEMBER_COOKIE_SECURE.
	RememberCookieSecure bool

	// RememberCookieSameSite is the cookie's SameSite; zero means the session
	// cookie's. Key: REMEMBER_COOKIE_SAMESITE.
	RememberCookieSameSite http.SameSite

	// RememberCookieRefreshEachRequest sends the cookie again, with its whole
	// duration, with each reply for which the user was asked. Only who has one gets
	// it; Flask-Login gives one to every user. Key:
	// REMEMBER_COOKIE_REFRESH_EACH_REQUEST.
	RememberCookieRefreshEachRequest bool

	app    *hipflask.App
	loader func(c *hipflask.Context, id string) (U, error)
	key    hipflask.Key[*state[U]]
	keys   func() ([][]byte, error) // for the remember cookie, the one that signs first
}

// Protection is a mode of [Manager.SessionProtection].
type Protection int

// The modes of session protection, as in Flask-Login.
const (
	// ProtectBasic makes such a session no longer fresh.
	ProtectBasic Protection = iota

	// ProtectStrong ends the sign-in, and takes the remember cookie away. For a
	// permanent session it is ProtectBasic.
	ProtectStrong

	// ProtectOff does nothing.
	ProtectOff
)

// New returns the Manager of an App, and gives its pages the function
// current_user: the user as loader returned it, or nil. Loader finds a user by the
// id; it is Flask-Login's user_loader. It returns [ErrNoUser] or a zero user where
// there is none, and the visitor is then a stranger. Any other error is no
// visitor's doing and becomes the reply: an [hipflask.HTTPError] as it stands, any
// other as a 503.
//
// What app.Config has by then of Flask-Login's keys, such as
// REMEMBER_COOKIE_DURATION, is in the fields that New returns. New panics if one
// has a value it cannot have, or if app or loader is nil.
func New[U User](app *hipflask.App, loader func(c *hipflask.Context, id string) (U, error)) *Manager[U] {
	if app == nil || loader == nil {
		panic("login: New needs an App and a function that finds a user by an id")
	}
	m := &Manager[U]{
		LoginMessage:                "Please log in to access this page.",
		LoginMessageCategory:        "message",
		NeedsRefreshMessage:         "Please reauthenticate to access this page.",
		NeedsRefreshMessageCategory: "message",

		app:    app,
		loader: loader,
		key:    hipflask.NewKey[*state[U]]("_login_user"),
	}
	m.keys = sync.OnceValues(m.deriveKeys)
	m.configure(&app.Config)
	app.TemplateFunc("current_user", func(c *hipflask.Context) any {
		if user, ok := m.CurrentUser(c); ok {
			return user
		}
		return nil
	})
	return m
}

// configure takes Flask-Login's keys over.
func (m *Manager[U]) configure(cfg *hipflask.Config) {
	httpOnly, disabled := true, false
	setKey(cfg, "REMEMBER_COOKIE_NAME", &m.RememberCookieName, textOf)
	setKey(cfg, "REMEMBER_COOKIE_DURATION", &m.RememberCookieDuration, durationOf)
	setKey(cfg, "REMEMBER_COOKIE_DOMAIN", &m.RememberCookieDomain, textOf)
	setKey(cfg, "REMEMBER_COOKIE_PATH", &m.RememberCookiePath, textOf)
	setKey(cfg, "REMEMBER_COOKIE_SECURE", &m.RememberCookieSecure, boolOf)
	setKey(cfg, "REMEMBER_COOKIE_SAMESITE", &m.RememberCookieSameSite, sameSiteOf)
	setKey(cfg, "REMEMBER_COOKIE_REFRESH_EACH_REQUEST", &m.RememberCookieRefreshEachRequest, boolOf)
	setKey(cfg, "SESSION_PROTECTION", &m.SessionProtection, protectionOf)
	setKey(cfg, "USE_SESSION_FOR_NEXT", &m.UseSessionForNext, boolOf)
	setKey(cfg, "REMEMBER_COOKIE_HTTPONLY", &httpOnly, boolOf)
	setKey(cfg, "LOGIN_DISABLED", &disabled, boolOf)
	if !httpOnly {
		panic("login: REMEMBER_COOKIE_HTTPONLY is false, which is not to be had: no script needs this cookie")
	}
	if disabled {
		panic("login: LOGIN_DISABLED is true, which is not to be had: a test signs its visitor in with Manager.SignInForTest")
	}
}

// setKey sets dst to the value of a key, if it has one.
func setKey[T any](cfg *hipflask.Config, key string, dst *T, convert func(any) (T, bool)) {
	value := cfg.Get(key)
	if value == nil {
		return
	}
	converted, ok := convert(value)
	if !ok {
		panic(fmt.Sprintf("login: New: %s cannot be %#v", key, value))
	}
	*dst = converted
}

func textOf(value any) (string, bool) {
	text, ok := value.(string)
	return text, ok
}

func boolOf(value any) (bool, bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		on, err := strconv.ParseBool(v)
		return on, err == nil
	}
	return false, false
}

// durationOf takes a number for seconds, as Flask-Login does.
func durationOf(value any) (d time.Duration, ok bool) {
	const most = float64(1<<63-1) / float64(time.Second)
	var seconds float64
	switch v := value.(type) {
	case time.Duration:
		return v, v > 0
	case int:
		seconds = float64(v)
	case int64:
		seconds = float64(v)
	case float64:
		seconds = v
	case string:
		number, err := strconv.Atoi(v)
		if err != nil {
			d, err = time.ParseDuration(v)
			return d, err == nil && d > 0
		}
		seconds = float64(number)
	}
	return time.Duration(seconds * float64(time.Second)), seconds > 0 && seconds < most
}

func sameSiteOf(value any) (http.SameSite, bool) {
	switch v := value.(type) {
	case http.SameSite:
		return v, v >= http.SameSiteDefaultMode && v <= http.SameSiteNoneMode
	case string:
		mode, ok := map[string]http.SameSite{
			"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode,
		}[strings.ToLower(v)]
		return mode, ok
	}
	return 0, false
}

func protectionOf(value any) (Protection, bool) {
	switch v := value.(type) {
	case Protection:
		return v, v >= ProtectBasic && v <= ProtectOff
	case bool:
		return ProtectOff, !v
	case string:
		mode, ok := map[string]Protection{"basic": ProtectBasic, "strong": ProtectStrong, "off": ProtectOff, "": ProtectOff}[strings.ToLower(v)]
		return mode, ok
	}
	return 0, false
}

// What the fields mean once their defaults are in.

func (m *Manager[U]) cookieName() string { return cmp.Or(m.RememberCookieName, "remember_token") }

func (m *Manager[U]) cookieDuration() time.Duration {
	return cmp.Or(m.RememberCookieDuration, 365*24*time.Hour)
}
