package hipflask

import (
	"cmp"
	"math"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How the keys that loaders know become fields of Config, and what each takes.

// configKeys are the keys of the fields, in the order of flask.Flask.default_config,
// ours last. Loaders, Set, Get and public know fields by this table only.
var configKeys = []configKey{
	{"DEBUG", func(c *Config) setting { return boolSetting{&c.Debug, false} }},
	{"TESTING", func(c *Config) setting { return boolSetting{&c.Testing, false} }},
	{"SECRET_KEY", func(c *Config) setting { return textSetting{&c.SecretKey, ""} }},
	{"SECRET_KEY_FALLBACKS", func(c *Config) setting { return listSetting{&c.SecretKeyFallbacks} }},
	{"PERMANENT_SESSION_LIFETIME", func(c *Config) setting { return durationSetting{&c.PermanentSessionLifetime, defaultSessionLifetime} }},
	{"TRUSTED_HOSTS", func(c *Config) setting { return listSetting{&c.TrustedHosts} }},
	{"SERVER_NAME", func(c *Config) setting { return textSetting{&c.ServerName, ""} }},
	{"APPLICATION_ROOT", func(c *Config) setting { return textSetting{&c.ApplicationRoot, defaultApplicationRoot} }},
	{"SESSION_COOKIE_NAME", func(c *Config) setting { return textSetting{&c.SessionCookieName, defaultSessionCookieName} }},
	{"SESSION_COOKIE_DOMAIN", func(c *Config) setting { return domainSetting{textSetting{&c.SessionCookieDomain, ""}} }},
	{"SESSION_COOKIE_PATH", func(c *Config) setting { return textSetting{&c.SessionCookiePath, c.applicationRoot()} }},
	{"SESSION_COOKIE_HTTPONLY", func(c *Config) setting { return boolSetting{&c.DisableSessionCookieHTTPOnly, true} }},
	{"SESSION_COOKIE_SECURE", func(c *Config) setting { return boolSetting{&c.SessionCookieSecure, false} }},
	{"SESSION_COOKIE_PARTITIONED", func(c *Config) setting { return boolSetting{&c.SessionCookiePartitioned, false} }},
	{"SESSION_COOKIE_SAMESITE", func(c *Config) setting { return sameSiteSetting{&c.SessionCookieSameSite} }},
	{"SESSION_REFRESH_EACH_REQUEST", func(c *Config) setting { return boolSetting{&c.DisableSessionRefresh, true} }},
	{"MAX_CONTENT_LENGTH", func(c *Config) setting { return limitSetting[int64]{&c.MaxContentLength, defaultMaxContentLength} }},
	{"MAX_FORM_MEMORY_SIZE", func(c *Config) setting { return limitSetting[int64]{&c.MaxFormMemorySize, defaultMaxFormMemorySize} }},
	{"MAX_FORM_PARTS", func(c *Config) setting { return limitSetting[int]{&c.MaxFormParts, defaultMaxFormParts} }},
	{"SEND_FILE_MAX_AGE_DEFAULT", func(c *Config) setting { return durationSetting{&c.SendFileMaxAge, 0} }},
	{"EXPLAIN_TEMPLATE_LOADING", func(c *Config) setting { return boolSetting{&c.ExplainTemplateLoading, false} }},
	{"PREFERRED_URL_SCHEME", func(c *Config) setting { return textSetting{&c.PreferredURLScheme, defaultPreferredURLScheme} }},
	{"TEMPLATES_AUTO_RELOAD", func(c *Config) setting { return boolSetting{&c.TemplatesAutoReload, false} }},
	{"MAX_COOKIE_SIZE", func(c *Config) setting {
		return cookieSizeSetting{limitSetting[int]{&c.MaxCookieSize, defaultMaxCookieSize}}
	}},
	{"PROVIDE_AUTOMATIC_OPTIONS", func(c *Config) setting { return boolSetting{&c.DisableAutomaticOptions, true} }},

	{"SESSION_COOKIE_ENCRYPT", func(c *Config) setting { return boolSetting{&c.SessionCookieEncrypt, false} }},
	{"TRUSTED_ORIGINS", func(c *Config) setting { return listSetting{&c.TrustedOrigins} }},
	{"TRUSTED_PROXIES", func(c *Config) setting { return proxiesSetting{&c.TrustedProxies} }},

	// Flask's keys that have no field yet. To take them and do nothing would
	// leave a TRAP_HTTP_EXCEPTIONS that traps nothing.
	{"PROPAGATE_EXCEPTIONS", missing},
	{"TRAP_HTTP_EXCEPTIONS", missing},
	{"TRAP_BAD_REQUEST_ERRORS", missing},
	{"USE_X_SENDFILE", missing},
}

type configKey struct {
	name  string
	field func(*Config) setting
}

// setting returns the field of a key, nil if it is a key of the App's own.
func (cfg *Config) setting(key string) setting {
	for _, k := range configKeys {
		if k.name == key {
			return k.field(cfg)
		}
	}
	return nil
}

// A setting is a field as the outside sees it.
type setting interface {
	get() any            // the value that holds, defaults applied
	set(v any) (ok bool) // from Go, JSON or text; if v is no such value, nothing changes
	accepts() string     // what set takes, for the error
}

// boolSetting is a switch; reversed says that the field is the opposite of its key.
type boolSetting struct {
	p        *bool
	reversed bool
}

func (s boolSetting) get() any        { return *s.p != s.reversed }
func (s boolSetting) accepts() string { return "true or false" }
func (s boolSetting) set(v any) bool {
	on, ok := switchedOn(v)
	if ok {
		*s.p = on != s.reversed
	}
	return ok
}

// switchedOn reads a switch. Python calls every text but the empty one true;
// SESSION_COOKIE_SECURE="off" should not be a guess, so only plain words count.
func switchedOn(v any) (on, ok bool) {
	switch v := v.(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "1", "yes", "on":
			return true, true
		case "false", "0", "no", "off", "":
			return false, true
		}
		return false, false
	}
	n, ok := wholeNumber(v)
	return n == 1, ok && (n == 0 || n == 1)
}

type textSetting struct {
	p        *string
	fallback string
}

func (s textSetting) get() any        { return cmp.Or(*s.p, s.fallback) }
func (s textSetting) accepts() string { return "text" }
func (s textSetting) set(v any) bool {
	switch v := v.(type) {
	case nil:
		*s.p = ""
	case string:
		*s.p = v
	case []byte: // Flask's SECRET_KEY is often bytes
		*s.p = string(v)
	default:
		return false
	}
	return true
}

type listSetting struct{ p *[]string }

func (s listSetting) get() any        { return slices.Clone(*s.p) }
func (s listSetting) accepts() string { return "a list of texts, in the environment as JSON or a,b" }
func (s listSetting) set(v any) bool {
	switch v := v.(type) {
	case nil:
		*s.p = nil
	case string:
		*s.p = splitList(v)
	case []string:
		*s.p = slices.Clone(v)
	case []any:
		all := make([]string, len(v))
		for i, item := range v {
			item, ok := item.(string)
			if !ok {
				return false
			}
			all[i] = item
		}
		*s.p = all
	default:
		return false
	}
	return true
}

func splitList(s string) []string {
	var all []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

// domainSetting takes false, too, as Flask does: for a cookie without a domain,
// which is the default.
type domainSetting struct{ textSetting }

func (s domainSetting) accepts() string { return "a host, or false for none" }
func (s domainSetting) set(v any) bool {
	if text, ok := v.(string); v == false || ok && strings.EqualFold(strings.TrimSpace(text), "false") {
		v = nil
	}
	return s.textSetting.set(v)
}

// durationSetting takes numbers as seconds, as Flask does. Where there is a
// default, zero is refused: in the field it would mean the default.
type durationSetting struct {
	p        *time.Duration
	fallback time.Duration
}

func (s durationSetting) get() any { return cmp.Or(*s.p, s.fallback) }
func (s durationSetting) accepts() string {
	if s.fallback > 0 {
		return `seconds above 0, or text such as "168h"`
	}
	return `seconds, or text such as "168h"`
}
func (s durationSetting) set(v any) bool {
	if v == nil {
		*s.p = 0
		return true
	}
	d, ok := duration(v)
	if !ok || d < 0 || d == 0 && s.fallback > 0 {
		return false
	}
	*s.p = d
	return true
}

func duration(v any) (time.Duration, bool) {
	switch v := v.(type) {
	case time.Duration:
		return v, true
	case string:
		v = strings.TrimSpace(v)
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return duration(n)
		}
		d, err := time.ParseDuration(v)
		return d, err == nil
	case float64:
		ns := v * float64(time.Second)
		return time.Duration(ns), math.Abs(ns) < math.MaxInt64 // false for NaN
	}
	n, ok := wholeNumber(v)
	const most = math.MaxInt64 / int64(time.Second)
	return time.Duration(n) * time.Second, ok && -most <= n && n <= most
}

// limitSetting is a number of bytes or parts, or null for none, Flask's None,
// which is negative in the field. Zero and less are refused: Flask would take
// nothing at all, others mean no limit by it, and zero in the field is the default.
type limitSetting[T int | int64] struct {
	p        *T
	fallback T
}

func (s limitSetting[T]) accepts() string { return "a number above 0, or null for no limit" }
func (s limitSetting[T]) get() any {
	if *s.p < 0 {
		return nil
	}
	return cmp.Or(*s.p, s.fallback)
}
func (s limitSetting[T]) set(v any) bool {
	n, ok := wholeNumber(v)
	if v == nil {
		n, ok = -1, true
	}
	if !ok || n == 0 || v != nil && n < 0 || int64(T(n)) != n {
		return false
	}
	*s.p = T(n)
	return true
}

// cookieSizeSetting is a limit that Flask turns off with 0.
type cookieSizeSetting struct{ limitSetting[int] }

func (s cookieSizeSetting) accepts() string { return "a number above 0, or 0 for no limit" }
func (s cookieSizeSetting) get() any        { return max(cmp.Or(*s.p, s.fallback), 0) }
func (s cookieSizeSetting) set(v any) bool {
	if n, ok := wholeNumber(v); ok && n == 0 {
		v = nil
	}
	return s.limitSetting.set(v)
}

type sameSiteSetting struct{ p *http.SameSite }

var sameSiteNames = map[http.SameSite]string{
	http.SameSiteLaxMode: "Lax", http.SameSiteStrictMode: "Strict", http.SameSiteNoneMode: "None",
}

func (s sameSiteSetting) accepts() string { return "Lax, Strict, None, or null for no SameSite" }
func (s sameSiteSetting) get() any {
	if name, ok := sameSiteNames[cmp.Or(*s.p, http.SameSiteLaxMode)]; ok {
		return name
	}
	return nil
}
func (s sameSiteSetting) set(v any) bool {
	switch v := v.(type) {
	case nil:
		*s.p = http.SameSiteDefaultMode
		return true
	case http.SameSite:
		*s.p = v
		return true
	case string:
		for mode, name := range sameSiteNames {
			if strings.EqualFold(strings.TrimSpace(v), name) {
				*s.p = mode
				return true
			}
		}
	}
	return false
}

// proxiesSetting is TrustedProxies as a map, {"for": 1, "proto": 1, "peers":
// ["10.0.0.0/8"]}: the arguments of Flask's ProxyFix without their x_.
type proxiesSetting struct{ p *TrustedProxies }

func (s proxiesSetting) accepts() string {
	return `a map with numbers of proxies, such as {"for": 1, "proto": 1, "host": 1, "port": 1, "prefix": 1, "peers": ["10.0.0.0/8"]}`
}
func (s proxiesSetting) get() any {
	all := map[string]any{}
	for name, n := range s.p.counts() {
		if *n != 0 {
			all[name] = *n
		}
	}
	if len(s.p.Peers) > 0 {
		peers := make([]string, len(s.p.Peers))
		for i, p := range s.p.Peers {
			peers[i] = p.String()
		}
		all["peers"] = peers
	}
	return all
}
func (s proxiesSetting) set(v any) bool {
	var read TrustedProxies
	switch v := v.(type) {
	case nil:
	case TrustedProxies:
		read = v
	case map[string]any:
		for name, value := range v {
			if name == "peers" && read.setPeers(value) {
				continue
			}
			n, ok := wholeNumber(value)
			count := read.counts()[name]
			if !ok || count == nil || n < 0 || n > math.MaxInt32 {
				return false
			}
			*count = int(n)
		}
	default:
		return false
	}
	*s.p = read
	return true
}

func (p *TrustedProxies) counts() map[string]*int {
	return map[string]*int{"for": &p.For, "proto": &p.Proto, "host": &p.Host, "port": &p.Port, "prefix": &p.Prefix}
}

func (p *TrustedProxies) setPeers(v any) bool {
	var texts []string
	if !(listSetting{&texts}).set(v) {
		return false
	}
	for _, text := range texts {
		peers, err := netip.ParsePrefix(text)
		if err != nil {
			return false
		}
		p.Peers = append(p.Peers, peers)
	}
	return true
}

// missing is a key of Flask's that does nothing here: only Flask's default for it is taken.
func missing(*Config) setting { return missingSetting{} }

type missingSetting struct{}

func (missingSetting) get() any { return nil }
func (missingSetting) accepts() string {
	return "null or false: hipflask does not have this key of Flask's"
}
func (missingSetting) set(v any) bool {
	on, ok := switchedOn(v)
	return ok && !on
}

func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return n, err == nil
	case float64:
		n := int64(v)
		return n, float64(n) == v && math.Abs(v) < math.MaxInt64
	}
	rv := reflect.ValueOf(v)
	if !rv.CanInt() {
		return 0, false
	}
	return rv.Int(), true
}
