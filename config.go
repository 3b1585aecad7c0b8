package hipflask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Config is an App's configuration: Flask's keys as typed fields, and keys of
// your own through [Config.Set] and [Config.Get].
//
// The zero value of every field is a good default. A switch that is on in Flask
// is therefore turned round and begins with Disable; its key keeps Flask's name
// and sense, so SESSION_COOKIE_HTTPONLY=false sets
// DisableSessionCookieHTTPOnly.
//
// Set it during setup, in code or with [Config.FromEnv], [Config.FromDotEnv],
// [Config.FromFile] and [Config.FromMap], the last one winning. Requests read it
// without a lock, so it must not change once the App serves; [App.Check] reports
// values that cannot work.
type Config struct {
	// Root holds the folders templates and static. Nil means the folder of the
	// source file that called [New], where that exists, else the folder of the
	// executable. In Debug the source file's folder wins over an embed.FS, so
	// that an edit shows on reload.
	Root fs.FS

	// Debug shows errors in the browser, and has [App.Run] reload code, templates
	// and pages. Never turn it on
	// where strangers can reach the App. Key: DEBUG.
	Debug bool

	// Testing says that a test runs the App, for the program's own use: hipflask
	// itself behaves the same. Key: TESTING.
	Testing bool

	// Logger is what [App.Logger] returns; nil means slog.Default() with the App's
	// name as the attribute "app". It has no key.
	Logger *slog.Logger

	// SecretKey signs the session cookie; without one, writing a session is
	// [ErrNoSecretKey]. Make it long and random, and keep it out of the source.
	// Key: SECRET_KEY.
	SecretKey string

	// SecretKeyFallbacks are former values of SecretKey. They are accepted when
	// a cookie is read, never used to sign. Key: SECRET_KEY_FALLBACKS.
	SecretKeyFallbacks []string

	// SessionCookieName is the session cookie's name; empty means "session".
	// Key: SESSION_COOKIE_NAME.
	SessionCookieName string

	// SessionCookieDomain is the cookie's Domain, which includes subdomains;
	// empty means the host that set it and no other. Key: SESSION_COOKIE_DOMAIN.
	SessionCookieDomain string

	// SessionCookiePath is the cookie's Path; empty means ApplicationRoot.
	// Key: SESSION_COOKIE_PATH.
	SessionCookiePath string

	// DisableSessionCookieHTTPOnly lets scripts in the page read the cookie.
	// Key: SESSION_COOKIE_HTTPONLY, reversed.
	DisableSessionCookieHTTPOnly bool

	// SessionCookieSecure sends the cookie as Secure always; false means exactly
	// when the request came over https. Key: SESSION_COOKIE_SECURE.
	SessionCookieSecure bool

	// SessionCookieSameSite is the cookie's SameSite; zero means Lax, and
	// http.SameSiteDefaultMode sends none, as Flask does unless told.
	// Key: SESSION_COOKIE_SAMESITE, as Lax, Strict, None or null.
	SessionCookieSameSite http.SameSite

	// SessionCookiePartitioned keeps a cookie per embedding site (CHIPS); it
	// implies Secure. Key: SESSION_COOKIE_PARTITIONED.
	SessionCookiePartitioned bool

	// SessionCookieEncrypt hides the session from the visitor as well as signing
	// it. Flask has no such key. Key: SESSION_COOKIE_ENCRYPT.
	SessionCookieEncrypt bool

	// PermanentSessionLifetime is how long a permanent session lasts; zero means
	// 31 days. Key: PERMANENT_SESSION_LIFETIME, in seconds or as "168h".
	PermanentSessionLifetime time.Duration

	// DisableSessionRefresh sends a permanent session's cookie only when the
	// session changed, so that it ends a fixed time after that. Otherwise each
	// reply begins its lifetime again. Key: SESSION_REFRESH_EACH_REQUEST, reversed.
	DisableSessionRefresh bool

	// MaxCookieSize is the most bytes of a session cookie, its name included; a
	// larger one is an error. Zero means 4093, which every browser takes;
	// negative means no limit, which the key writes as 0. Key: MAX_COOKIE_SIZE.
	MaxCookieSize int

	// SessionStore keeps the sessions; nil means in the signed cookie itself. It
	// has no key.
	SessionStore SessionStore

	// SessionsValidSince says since when the sessions of s's user count: one that
	// began before, or was not renewed since, is empty. So one stored time signs
	// a user out everywhere, whatever the SessionStore. The zero time means that
	// all count. Nil asks nothing and costs nothing. It has no key.
	//
	// It is called once in each request that reads or changes a session which its
	// visitor brought, mostly for a look-up in a database, and not for others;
	// again for a session that [ProxyTo] brought back.
	// What it changes in s is dropped. Its error makes the reply a 503 and the
	// session empty. A session begins when it is first saved, and again with
	// [Session.Renew] and [Session.Clear]; being saved or refreshed does not make
	// it younger. One that was saved before this field was set is older than any
	// time. A stored time that is rounded to seconds should be rounded up, or what
	// began earlier in that second goes on; so does what a machine whose clock is
	// ahead began just before, unless its lead is added to the time, too.
	SessionsValidSince func(ctx context.Context, s *Session) (time.Time, error)

	// ServerName is the host, with its port if it has one, of external URLs, such
	// as "example.com:8443". Empty means the request's Host, which the client
	// chose; outside a request there is none then. Key: SERVER_NAME.
	ServerName string

	// ApplicationRoot is the path the App is mounted under, as with
	// http.StripPrefix("/app", app): URLs and redirects begin with it, and it is
	// the session cookie's path. Empty means "/". Key: APPLICATION_ROOT.
	ApplicationRoot string

	// PreferredURLScheme is the scheme of URLs built outside a request, http or
	// https; empty means http. Key: PREFERRED_URL_SCHEME.
	PreferredURLScheme string

	// MaxContentLength is the most bytes of a request's body; reading more is
	// 413. Zero means 16 MiB, where Flask has no limit; negative means no limit,
	// which the key writes as null. Key: MAX_CONTENT_LENGTH.
	MaxContentLength int64

	// MaxFormMemorySize is the most bytes of one field of a multipart form that
	// is no file, and of a whole urlencoded form; more is 413. Zero means
	// 500000; negative means no limit, which the key writes as null.
	// Key: MAX_FORM_MEMORY_SIZE.
	MaxFormMemorySize int64

	// MaxFormParts is the most parts of a multipart form; more is 413. Zero
	// means 1000; negative means no limit, which the key writes as null. Go has
	// a limit of its own, of 1000, that GODEBUG=multipartmaxparts=N raises, and
	// keeps 11 MiB of fields at most. Key: MAX_FORM_PARTS.
	MaxFormParts int

	// SendFileMaxAge is how long a browser may use a file, one of [App.Static]'s
	// too, without asking again, in whole seconds. Zero means that it asks each
	// time, and gets a 304 if nothing changed.
	// Key: SEND_FILE_MAX_AGE_DEFAULT, in seconds or as "1h".
	SendFileMaxAge time.Duration

	// TrustedOrigins may send forms from other sites, each as
	// "https://example.com". See [http.CrossOriginProtection], which refuses all
	// others. Flask has no such key. Key: TRUSTED_ORIGINS.
	TrustedOrigins []string

	// TrustedHosts are the hosts that requests may name: example.com for that
	// one, .example.com for it and all below it. Port and case do not count. A
	// request for another host matches no route and is a 400. Empty means any
	// host. Key: TRUSTED_HOSTS.
	TrustedHosts []string

	// TrustedProxies says which X-Forwarded headers to believe; zero means none.
	// Flask has no such key but the middleware ProxyFix. Key: TRUSTED_PROXIES, as
	// a map: {"for": 1, "proto": 1, "host": 1, "peers": ["10.0.0.0/8"]}.
	TrustedProxies TrustedProxies

	// TemplatesAutoReload reads a template again when its file changed; Debug
	// does so too. Key: TEMPLATES_AUTO_RELOAD.
	TemplatesAutoReload bool

	// ExplainTemplateLoading logs for each template where it was looked for, in
	// the App's folder and in those of blueprints, and which one counts: when
	// templates are read, which is when setup ends, and when a missing one is
	// asked for. It says too which page is not compiled, and why. Key:
	// EXPLAIN_TEMPLATE_LOADING.
	ExplainTemplateLoading bool

	// DisableAutomaticOptions leaves OPTIONS to your own routes; otherwise it is
	// answered with the methods that a path allows.
	// Key: PROVIDE_AUTOMATIC_OPTIONS, reversed.
	DisableAutomaticOptions bool

	own map[string]any // keys that are no field's
}

// The defaults behind the fields' zero values, where a zero is not the default itself.
const (
	defaultSessionCookieName  = "session"
	defaultSessionLifetime    = 31 * 24 * time.Hour
	defaultMaxCookieSize      = 4093
	defaultApplicationRoot    = "/"
	defaultPreferredURLScheme = "http"
	defaultMaxContentLength   = 16 << 20
	defaultMaxFormMemorySize  = 500_000
	defaultMaxFormParts       = 1000
)

// What the fields mean once their defaults are in. A negative limit is none.

func (cfg *Config) sessionCookieName() string {
	return cmp.Or(cfg.SessionCookieName, defaultSessionCookieName)
}

func (cfg *Config) sessionCookiePath() string {
	return cmp.Or(cfg.SessionCookiePath, cfg.applicationRoot())
}

func (cfg *Config) sessionCookieSameSite() http.SameSite {
	return cmp.Or(cfg.SessionCookieSameSite, http.SameSiteLaxMode)
}

// sessionCookieSecure says whether the cookie is Secure on a reply over https or http.
func (cfg *Config) sessionCookieSecure(https bool) bool {
	return https || cfg.SessionCookieSecure || cfg.SessionCookiePartitioned
}

func (cfg *Config) sessionLifetime() time.Duration {
	return cmp.Or(cfg.PermanentSessionLifetime, defaultSessionLifetime)
}

func (cfg *Config) maxCookieSize() int { return cmp.Or(cfg.MaxCookieSize, defaultMaxCookieSize) }

func (cfg *Config) applicationRoot() string {
	return cmp.Or(cfg.ApplicationRoot, defaultApplicationRoot)
}

func (cfg *Config) urlScheme() string {
	return cmp.Or(cfg.PreferredURLScheme, defaultPreferredURLScheme)
}

func (cfg *Config) maxContentLength() int64 {
	return cmp.Or(cfg.MaxContentLength, defaultMaxContentLength)
}

func (cfg *Config) maxFormMemorySize() int64 {
	return cmp.Or(cfg.MaxFormMemorySize, defaultMaxFormMemorySize)
}

func (cfg *Config) maxFormParts() int { return cmp.Or(cfg.MaxFormParts, defaultMaxFormParts) }

// Set gives a key its value: a field's key, such as SECRET_KEY, sets the field,
// any other is a key of your own. It is Flask's app.config["KEY"] = value.
//
// A field takes its own type, what JSON can hold, and text; a number for a
// duration means seconds. A value that the field cannot take is a mistake in the
// program, and Set panics; the loaders return an error.
func (cfg *Config) Set(key string, value any) {
	if err := cfg.put("Config.Set", key, value); err != nil {
		panic(err.Error())
	}
}

// Get returns a key's value: for a field's key what holds, so that
// PERMANENT_SESSION_LIFETIME is 31 days where nobody set it and a limit turned
// off is nil; for a key of your own what was set, nil if nothing was. It is
// Flask's app.config.get("KEY").
func (cfg *Config) Get(key string) any {
	if s := cfg.setting(key); s != nil {
		return s.get()
	}
	return cfg.own[key]
}

// put is Set with an error that says where the value came from.
func (cfg *Config) put(source, key string, value any) error {
	s := cfg.setting(key)
	if s == nil {
		if cfg.own == nil {
			cfg.own = map[string]any{}
		}
		cfg.own[key] = value
		return nil
	}
	if !s.set(value) {
		return fmt.Errorf("hipflask: %s: %s cannot be %s; give %s", source, key, describeRefused(key, value), s.accepts())
	}
	return nil
}

// describeRefused shows a value that was refused, but only the type of a secret one.
func describeRefused(key string, v any) string {
	switch t := v.(type) {
	case nil:
		return "null"
	case []any, []string:
		return "such a list"
	case map[string]any:
		return "a map"
	case string:
		if !looksSecret(key) {
			return strconv.Quote(t)
		}
	case bool, int, int64, float64, time.Duration:
		if !looksSecret(key) {
			return fmt.Sprint(v)
		}
	}
	return fmt.Sprintf("of type %T", v)
}

// looksSecret says whether a key's value must stay out of pages, logs and errors.
func looksSecret(key string) bool {
	key = strings.ToUpper(key)
	for _, word := range []string{"SECRET", "PASS", "PWD", "TOKEN", "CREDENTIAL", "PRIVATE", "DSN", "SALT"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return strings.HasSuffix(key, "KEY") || strings.HasSuffix(key, "KEYS")
}

// public is the configuration for pages, {{config.DEBUG}}: every key with its
// value but those that look secret. It is made anew each time; keep it.
func (cfg *Config) public() map[string]any {
	all := withoutSecrets(cfg.own)
	for _, k := range configKeys {
		if !looksSecret(k.name) {
			all[k.name] = k.field(cfg).get()
		}
	}
	return all
}

func withoutSecrets(m map[string]any) map[string]any {
	kept := make(map[string]any, len(m)+len(configKeys))
	for key, value := range m {
		if looksSecret(key) {
			continue
		}
		switch v := value.(type) {
		case string:
			if u, err := url.Parse(v); err == nil && u.User != nil {
				continue // postgres://user:password@host/name
			}
		case map[string]any:
			value = withoutSecrets(v)
		case bool, int, int64, float64, nil:
		default:
			continue // what it holds cannot be told
		}
		kept[key] = value
	}
	return kept
}

// debugFromEnv reads HIPFLASK_DEBUG. Flask takes any text but 0, false and no for
// on; here a text that is no clear yes is off: debug is the wrong side to guess on.
func debugFromEnv() bool {
	on, ok := switchedOn(os.Getenv("HIPFLASK_DEBUG"))
	return on && ok
}

// validate returns every value that cannot work, joined.
func (cfg *Config) validate() error {
	return errors.Join(
		cfg.checkURLs(),
		cfg.checkTrusted(),
		cfg.checkCookie(),
		cfg.checkKeys(),
		notNegative("PermanentSessionLifetime (PERMANENT_SESSION_LIFETIME)", cfg.PermanentSessionLifetime),
		notNegative("SendFileMaxAge (SEND_FILE_MAX_AGE_DEFAULT)", cfg.SendFileMaxAge),
	)
}

func (cfg *Config) checkURLs() error {
	var errs []error
	if scheme := cfg.urlScheme(); scheme != "http" && scheme != "https" {
		errs = append(errs, fmt.Errorf("hipflask: Config.PreferredURLScheme (PREFERRED_URL_SCHEME) is %q; give http or https", scheme))
	}
	if name := cfg.ServerName; name != "" {
		if u, err := url.Parse("//" + name); err != nil || u.Host != name || u.Hostname() == "" || strings.HasSuffix(name, ":") {
			errs = append(errs, fmt.Errorf("hipflask: Config.ServerName (SERVER_NAME) is %q; "+
				"give a host such as example.com or localhost:5000, with no scheme and no path", name))
		}
	}
	if root := cfg.applicationRoot(); !absolutePath(root) {
		errs = append(errs, fmt.Errorf("hipflask: Config.ApplicationRoot (APPLICATION_ROOT) is %q; "+
			"give a path such as /app: it begins with one slash and has no ? or #", root))
	}
	return errors.Join(errs...)
}

func absolutePath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, `?#\`)
}

func (cfg *Config) checkCookie() error {
	name, path := cfg.sessionCookieName(), cfg.sessionCookiePath()
	secure := cfg.sessionCookieSecure(false)
	var errs []error
	complain := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("hipflask: Config."+format, args...))
	}
	switch cookie := (http.Cookie{Name: name, Path: path, Domain: cfg.SessionCookieDomain}); {
	case (&http.Cookie{Name: name}).Valid() != nil:
		complain("SessionCookieName (SESSION_COOKIE_NAME) is %q; give letters, digits, - and _", name)
	case !strings.HasPrefix(path, "/") || (&http.Cookie{Name: name, Path: path}).Valid() != nil:
		complain("SessionCookiePath (SESSION_COOKIE_PATH) is %q; give a path that begins with a slash and has no semicolon", path)
	case cookie.Valid() != nil:
		complain("SessionCookieDomain (SESSION_COOKIE_DOMAIN) is %q; give a host such as example.com, with no scheme and no port", cfg.SessionCookieDomain)
	}
	switch mode := cfg.sessionCookieSameSite(); {
	case mode < http.SameSiteDefaultMode || mode > http.SameSiteNoneMode:
		complain("SessionCookieSameSite is %d; give one of net/http's constants", mode)
	case mode == http.SameSiteNoneMode && !secure:
		complain("SessionCookieSameSite (SESSION_COOKIE_SAMESITE) is None, which browsers take from Secure cookies only; " +
			"set SessionCookieSecure (SESSION_COOKIE_SECURE) too")
	}
	prefix := strings.ToLower(name) // browsers look at it in any case
	host := strings.HasPrefix(prefix, "__host-")
	if (host || strings.HasPrefix(prefix, "__secure-")) && !secure {
		complain("SessionCookieName (SESSION_COOKIE_NAME) is %q, a name that browsers take from Secure cookies only; "+
			"set SessionCookieSecure (SESSION_COOKIE_SECURE) too", name)
	}
	if host && (path != "/" || cfg.SessionCookieDomain != "") {
		complain("SessionCookieName (SESSION_COOKIE_NAME) is %q, a name that browsers take only with the path / and no domain", name)
	}
	return errors.Join(errs...)
}

func (cfg *Config) checkKeys() error {
	var errs []error
	if len(cfg.SecretKeyFallbacks) > 0 && cfg.SecretKey == "" {
		errs = append(errs, errors.New("hipflask: Config.SecretKeyFallbacks (SECRET_KEY_FALLBACKS) is set without SecretKey "+
			"(SECRET_KEY); fallbacks are never used to sign, so set both"))
	}
	seen := map[string]bool{cfg.SecretKey: true}
	for i, key := range cfg.SecretKeyFallbacks {
		switch {
		case key == "":
			errs = append(errs, fmt.Errorf("hipflask: Config.SecretKeyFallbacks[%d] (SECRET_KEY_FALLBACKS) is empty, "+
				"a key which everybody knows; remove it", i))
		case seen[key]:
			errs = append(errs, fmt.Errorf("hipflask: Config.SecretKeyFallbacks[%d] (SECRET_KEY_FALLBACKS) is SecretKey or "+
				"an earlier fallback again; is the new key in SecretKey?", i))
		}
		seen[key] = true
	}
	return errors.Join(errs...)
}

// newCrossOriginProtection trusts the origins of TrustedOrigins.
func (cfg *Config) newCrossOriginProtection() (*http.CrossOriginProtection, error) {
	protection := http.NewCrossOriginProtection()
	var errs []error
	for _, origin := range cfg.TrustedOrigins {
		u, err := url.Parse(origin)
		if err == nil && u.Scheme+"://"+u.Host == strings.ToLower(origin) {
			err = protection.AddTrustedOrigin(origin)
		} else {
			err = errors.New("no origin")
		}
		if err != nil || strings.ToLower(origin) != origin {
			errs = append(errs, fmt.Errorf("hipflask: Config.TrustedOrigins (TRUSTED_ORIGINS) holds %q; "+
				"give each as browsers send it: https://example.com, in lower case, with no path and no slash at the end", origin))
		}
	}
	return protection, errors.Join(errs...)
}

func notNegative(name string, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("hipflask: Config.%s is %v; give a duration above zero, or zero for the default", name, d)
	}
	return nil
}
