package hipflask

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// The keys, their defaults and their units; flask-surface.md C01 to C29.
func TestConfigDefaults(t *testing.T) {
	for _, tt := range []struct {
		key   string
		want  any
		flask string // where Flask differs, and why
	}{
		{"DEBUG", false, ""},
		{"TESTING", false, ""},
		{"PROPAGATE_EXCEPTIONS", nil, ""},
		{"TRAP_HTTP_EXCEPTIONS", nil, "False; no such field yet, nil is as false"},
		{"TRAP_BAD_REQUEST_ERRORS", nil, ""},
		{"SECRET_KEY", "", "None; a Go string, as false in a page"},
		{"SECRET_KEY_FALLBACKS", []string(nil), ""},
		{"SESSION_COOKIE_NAME", "session", ""},
		{"SESSION_COOKIE_DOMAIN", "", "None; a Go string"},
		{"SESSION_COOKIE_PATH", "/", "None, which means APPLICATION_ROOT; Get says what holds"},
		{"SESSION_COOKIE_HTTPONLY", true, ""},
		{"SESSION_COOKIE_SECURE", false, ""},
		{"SESSION_COOKIE_SAMESITE", "Lax", "None: a cookie should be safe on the first day"},
		{"SESSION_COOKIE_PARTITIONED", false, ""},
		{"PERMANENT_SESSION_LIFETIME", 31 * 24 * time.Hour, ""},
		{"SESSION_REFRESH_EACH_REQUEST", true, ""},
		{"USE_X_SENDFILE", nil, "False; no such field yet"},
		{"SEND_FILE_MAX_AGE_DEFAULT", time.Duration(0), "None; both send no-cache"},
		{"TRUSTED_HOSTS", []string(nil), ""},
		{"SERVER_NAME", "", "None; a Go string"},
		{"APPLICATION_ROOT", "/", ""},
		{"PREFERRED_URL_SCHEME", "http", ""},
		{"MAX_CONTENT_LENGTH", int64(16 << 20), "None: a body without end fills the machine"},
		{"MAX_FORM_MEMORY_SIZE", int64(500_000), ""},
		{"MAX_FORM_PARTS", 1000, ""},
		{"TEMPLATES_AUTO_RELOAD", false, "None, which follows DEBUG; so does false here"},
		{"EXPLAIN_TEMPLATE_LOADING", false, ""},
		{"MAX_COOKIE_SIZE", 4093, ""},
		{"PROVIDE_AUTOMATIC_OPTIONS", true, ""},

		{"SESSION_COOKIE_ENCRYPT", false, "no such key"},
		{"TRUSTED_ORIGINS", []string(nil), "no such key"},
		{"TRUSTED_PROXIES", map[string]any{}, "no such key; the arguments of ProxyFix"},
	} {
		if got := new(Config).Get(tt.key); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Get(%q) = %#v, want %#v", tt.key, got, tt.want)
		}
	}
}

// Text, as the environment and .env give it, into each kind of field.
func TestConfigFieldsFromText(t *testing.T) {
	for _, tt := range []struct {
		key, text string
		want      any // of Get
	}{
		{"DEBUG", "true", true},
		{"DEBUG", "True", true},
		{"DEBUG", "1", true},
		{"DEBUG", "on", true},
		{"DEBUG", "YES", true},
		{"DEBUG", "false", false},
		{"DEBUG", "0", false},
		{"DEBUG", "no", false},
		{"DEBUG", "off", false}, // Flask: "off" is text, so true
		{"DEBUG", "", false},
		{"DEBUG", "null", false},
		{"SESSION_COOKIE_HTTPONLY", "false", false},
		{"SESSION_COOKIE_HTTPONLY", "true", true},
		{"SESSION_REFRESH_EACH_REQUEST", "0", false},
		{"PROVIDE_AUTOMATIC_OPTIONS", "False", false},

		{"SECRET_KEY", "give it a try", "give it a try"},
		{"SECRET_KEY", "123", "123"}, // Flask: a number, which cannot sign
		{"SECRET_KEY", "true", "true"},
		{"SECRET_KEY", "123456789012345678901234567890", "123456789012345678901234567890"},
		{"SECRET_KEY", `"in quotes"`, "in quotes"},
		{"SECRET_KEY", "{not json", "{not json"},
		{"SECRET_KEY", "", ""},
		{"SECRET_KEY", "null", ""},
		{"SESSION_COOKIE_NAME", "sid", "sid"},
		{"SESSION_COOKIE_NAME", "", "session"},
		{"SESSION_COOKIE_DOMAIN", "example.com", "example.com"},
		{"SESSION_COOKIE_DOMAIN", "False", ""},
		{"SERVER_NAME", "example.com:8443", "example.com:8443"},

		{"SECRET_KEY_FALLBACKS", `["a,b", "c"]`, []string{"a,b", "c"}},
		{"SECRET_KEY_FALLBACKS", "a, b,,c ", []string{"a", "b", "c"}},
		{"SECRET_KEY_FALLBACKS", "one", []string{"one"}},
		{"SECRET_KEY_FALLBACKS", "42", []string{"42"}},
		{"SECRET_KEY_FALLBACKS", "", []string(nil)},
		{"TRUSTED_ORIGINS", "https://a.example,https://b.example", []string{"https://a.example", "https://b.example"}},

		{"PERMANENT_SESSION_LIFETIME", "42", 42 * time.Second},
		{"PERMANENT_SESSION_LIFETIME", "1.5", 1500 * time.Millisecond},
		{"PERMANENT_SESSION_LIFETIME", "168h", 168 * time.Hour},
		{"PERMANENT_SESSION_LIFETIME", `"168h"`, 168 * time.Hour},
		{"PERMANENT_SESSION_LIFETIME", "null", 31 * 24 * time.Hour},
		{"SEND_FILE_MAX_AGE_DEFAULT", "3600", time.Hour},
		{"SEND_FILE_MAX_AGE_DEFAULT", "0", time.Duration(0)},

		{"MAX_CONTENT_LENGTH", "1024", int64(1024)},
		{"MAX_CONTENT_LENGTH", "null", nil},
		{"MAX_FORM_PARTS", "null", nil},
		{"MAX_FORM_MEMORY_SIZE", "9000000000", int64(9000000000)},
		{"MAX_FORM_PARTS", "5", 5},
		{"MAX_COOKIE_SIZE", "0", 0}, // no limit, as in Flask
		{"MAX_COOKIE_SIZE", "2000", 2000},

		{"SESSION_COOKIE_SAMESITE", "strict", "Strict"},
		{"SESSION_COOKIE_SAMESITE", "None", "None"},
		{"SESSION_COOKIE_SAMESITE", "null", nil},

		{"TRUSTED_HOSTS", "null", []string(nil)},
		{"TRUSTED_HOSTS", "example.com,.example.org", []string{"example.com", ".example.org"}},
		{"TRUSTED_PROXIES", "null", map[string]any{}},
		{"TRUSTED_PROXIES", `{"for": 1, "proto": 2, "peers": ["10.0.0.0/8"]}`, map[string]any{"for": 1, "proto": 2, "peers": []string{"10.0.0.0/8"}}},
		{"USE_X_SENDFILE", "false", nil},
	} {
		t.Run(tt.key+"="+tt.text, func(t *testing.T) {
			var cfg Config
			t.Setenv("HFTEST_"+tt.key, tt.text)
			if err := cfg.FromEnv("HFTEST"); err != nil {
				t.Fatal(err)
			}
			if got := cfg.Get(tt.key); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

// Values of the program and of JSON, through Set.
func TestConfigSet(t *testing.T) {
	var cfg Config
	for _, tt := range []struct {
		key   string
		value any
		field func() any
		want  any
	}{
		{"DEBUG", true, func() any { return cfg.Debug }, true},
		{"TESTING", 1, func() any { return cfg.Testing }, true},
		{"SECRET_KEY", []byte("bytes"), func() any { return cfg.SecretKey }, "bytes"},
		{"SECRET_KEY", "k", func() any { return cfg.SecretKey }, "k"},
		{"SESSION_COOKIE_HTTPONLY", false, func() any { return cfg.DisableSessionCookieHTTPOnly }, true},
		{"SESSION_REFRESH_EACH_REQUEST", false, func() any { return cfg.DisableSessionRefresh }, true},
		{"SESSION_REFRESH_EACH_REQUEST", true, func() any { return cfg.DisableSessionRefresh }, false},
		{"PROVIDE_AUTOMATIC_OPTIONS", false, func() any { return cfg.DisableAutomaticOptions }, true},
		{"PERMANENT_SESSION_LIFETIME", 42, func() any { return cfg.PermanentSessionLifetime }, 42 * time.Second},
		{"PERMANENT_SESSION_LIFETIME", 0.5, func() any { return cfg.PermanentSessionLifetime }, time.Second / 2},
		{"PERMANENT_SESSION_LIFETIME", 7 * 24 * time.Hour, func() any { return cfg.PermanentSessionLifetime }, 168 * time.Hour},
		{"MAX_CONTENT_LENGTH", 1 << 20, func() any { return cfg.MaxContentLength }, int64(1 << 20)},
		{"MAX_CONTENT_LENGTH", nil, func() any { return cfg.MaxContentLength }, int64(-1)},
		{"MAX_COOKIE_SIZE", 0, func() any { return cfg.MaxCookieSize }, -1},
		{"MAX_FORM_PARTS", 10.0, func() any { return cfg.MaxFormParts }, 10},
		{"SECRET_KEY_FALLBACKS", []any{"a"}, func() any { return cfg.SecretKeyFallbacks }, []string{"a"}},
		{"TRUSTED_ORIGINS", []string{"https://a.example"}, func() any { return cfg.TrustedOrigins }, []string{"https://a.example"}},
		{"SESSION_COOKIE_SAMESITE", http.SameSiteStrictMode, func() any { return cfg.SessionCookieSameSite }, http.SameSiteStrictMode},
		{"SESSION_COOKIE_SAMESITE", "none", func() any { return cfg.SessionCookieSameSite }, http.SameSiteNoneMode},
		{"SESSION_COOKIE_SAMESITE", nil, func() any { return cfg.SessionCookieSameSite }, http.SameSiteDefaultMode},
		{"MAIL_SERVER", "localhost", func() any { return cfg.Get("MAIL_SERVER") }, "localhost"},
		{"debug", "a key of one's own", func() any { return cfg.Debug }, true}, // keys are case-sensitive, as in Flask
	} {
		cfg.Set(tt.key, tt.value)
		if got := tt.field(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Set(%q, %#v): field is %#v, want %#v", tt.key, tt.value, got, tt.want)
		}
	}
	if got := cfg.Get("NOBODY_SET_THIS"); got != nil {
		t.Errorf("Get of an unset key = %#v, want nil", got)
	}
}

func TestConfigRefusesValues(t *testing.T) {
	const secretText = "hunter2"
	for _, tt := range []struct {
		key   string
		value any
		want  string // all that the message must say after the key
	}{
		{"DEBUG", "maybe", `"maybe"; give true or false`},
		{"DEBUG", 2, "2; give true or false"},
		{"DEBUG", []any{}, "such a list; give true or false"},
		{"SERVER_NAME", 80, "80; give text"},
		{"SERVER_NAME", map[string]any{}, "a map; give text"},
		{"SECRET_KEY", 31337, "of type int; give text"},
		{"SECRET_KEY", map[string]any{"a": secretText}, "a map; give text"},
		{"SECRET_KEY_FALLBACKS", []any{secretText, 1}, "such a list; give a list of texts"},
		{"SECRET_KEY_FALLBACKS", true, "of type bool; give a list of texts"},
		{"PERMANENT_SESSION_LIFETIME", "7 days", `"7 days"; give seconds above 0, or text such as "168h"`},
		{"PERMANENT_SESSION_LIFETIME", 0, "0; give seconds above 0"},
		{"PERMANENT_SESSION_LIFETIME", -1, "-1; give seconds above 0"},
		{"PERMANENT_SESSION_LIFETIME", "NaN", `"NaN"; give seconds`},
		{"PERMANENT_SESSION_LIFETIME", 1e300, "1e+300; give seconds"},
		{"PERMANENT_SESSION_LIFETIME", int64(18446744074), "18446744074; give seconds"}, // 0.3 s, if it were to overflow
		{"PERMANENT_SESSION_LIFETIME", true, "true; give seconds"},
		{"SEND_FILE_MAX_AGE_DEFAULT", -time.Second, "-1s; give seconds"},
		{"MAX_CONTENT_LENGTH", 0, "0; give a number above 0, or null for no limit"},       // Flask: every body is too large
		{"MAX_CONTENT_LENGTH", "-1", `"-1"; give a number above 0, or null for no limit`}, // the same in Flask
		{"MAX_FORM_PARTS", -1, "-1; give a number above 0, or null"},
		{"MAX_COOKIE_SIZE", -1, "-1; give a number above 0, or 0 for no limit"},
		{"MAX_CONTENT_LENGTH", "16MB", `"16MB"; give a number`},
		{"MAX_CONTENT_LENGTH", 1.5, "1.5; give a number"},
		{"MAX_CONTENT_LENGTH", 1e19, "1e+19; give a number"},
		{"MAX_FORM_PARTS", "", `""; give a number`},
		{"MAX_COOKIE_SIZE", "big", `"big"; give a number above 0, or 0 for no limit`},
		{"SESSION_COOKIE_SAMESITE", "Laxx", `"Laxx"; give Lax, Strict, None, or null`}, // Flask: ValueError at the first reply
		{"SESSION_COOKIE_SAMESITE", "", `""; give Lax`},
		{"TRAP_HTTP_EXCEPTIONS", []any{"example.com"}, "such a list; give null or false: hipflask does not have this key of Flask's"},
		{"TRUSTED_PROXIES", 1, "1; give a map with numbers of proxies"},
		{"TRUSTED_PROXIES", map[string]any{"for": -1}, "a map; give a map with numbers of proxies"},
		{"TRUSTED_PROXIES", map[string]any{"fro": 1}, "a map; give a map with numbers of proxies"},
		{"TRUSTED_PROXIES", map[string]any{"for": 1, "peers": []any{"10.0.0.1"}}, "a map; give a map with numbers of proxies"},
		{"PROPAGATE_EXCEPTIONS", true, "true; give null or false"},
	} {
		t.Run(tt.key, func(t *testing.T) {
			cfg := Config{SecretKey: "before", MaxContentLength: 7, PermanentSessionLifetime: 7, Debug: true}
			cfg.Set("OWN", 1)
			before := cfg
			before.own = map[string]any{"OWN": 1}
			err := cfg.FromMap(map[string]any{tt.key: tt.value, "AAA": 1, "ZZZ": 1})
			if err == nil {
				t.Fatalf("%#v was taken", tt.value)
			}
			if want := "hipflask: Config.FromMap: " + tt.key + " cannot be " + tt.want; !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error\n got %s\nwant %s", err, want)
			}
			if strings.Contains(err.Error(), secretText) || strings.Contains(err.Error(), "31337") {
				t.Errorf("the error shows the secret: %s", err)
			}
			if !reflect.DeepEqual(cfg, before) {
				t.Errorf("the config changed: %+v", cfg)
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("Set did not panic")
					}
				}()
				cfg.Set(tt.key, tt.value)
			}()
			if !reflect.DeepEqual(cfg, before) {
				t.Errorf("a Set that panicked changed the config: %+v", cfg)
			}
		})
	}
}

// What Get returns, Set takes, for every key and in every state.
func TestConfigGetThenSet(t *testing.T) {
	full := Config{
		Debug: true, Testing: true, SecretKey: "k", SecretKeyFallbacks: []string{"old"}, SessionCookieName: "sid",
		SessionCookieDomain: "example.com", SessionCookiePath: "/app", DisableSessionCookieHTTPOnly: true,
		SessionCookieSecure: true, SessionCookieSameSite: http.SameSiteDefaultMode, SessionCookiePartitioned: true,
		SessionCookieEncrypt: true, PermanentSessionLifetime: time.Minute, DisableSessionRefresh: true, MaxCookieSize: -1,
		ServerName: "example.com", ApplicationRoot: "/app", PreferredURLScheme: "https", MaxContentLength: -1,
		MaxFormMemorySize: -1, MaxFormParts: -1, SendFileMaxAge: time.Hour, TrustedOrigins: []string{"https://a.example"},
		TemplatesAutoReload: true, ExplainTemplateLoading: true, DisableAutomaticOptions: true, TrustedHosts: []string{".example.com"},
		TrustedProxies: TrustedProxies{For: 1, Proto: 1, Host: 2, Port: 1, Prefix: 1, Peers: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	}
	for _, from := range []Config{{}, full} {
		var to Config
		for _, k := range configKeys {
			want := from.Get(k.name)
			to.Set(k.name, want)
			if got := to.Get(k.name); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: Get after Set(Get) = %#v, want %#v", k.name, got, want)
			}
		}
		if from.Debug && !reflect.DeepEqual(to, from) {
			t.Errorf("copying every key:\n got %+v\nwant %+v", to, from)
		}
	}
	// The full config proves the table complete only if it is full.
	for i, v := 0, reflect.ValueOf(full); i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() && !slices.Contains([]string{"Root", "Logger", "SessionStore", "SessionsValidSince", "own"}, name) {
			t.Errorf("Config.%s is missing in this test", name)
		}
	}
}

// Whatever the environment holds, a key takes it or the config stays as it was;
// and what it took it can say and take again.
func FuzzConfigVariable(f *testing.F) {
	for i, text := range []string{"true", "off", "42", "1.5", "168h", "null", `"q"`, "[1]", `["a,b"]`, "a,b", `{"k":1}`, "-1", "1e400", "Lax", "\xff", ""} {
		f.Add(i, text)
		f.Add(i+10, text)
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		key := configKeys[uint(i)%uint(len(configKeys))].name
		var cfg, again Config
		if err := cfg.putVariable("test", key, text); err != nil {
			if !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("%s=%q is an error and changed the config: %+v", key, text, cfg)
			}
			return
		}
		again.Set(key, cfg.Get(key))
		if got, want := again.Get(key), cfg.Get(key); !reflect.DeepEqual(got, want) {
			t.Errorf("%s=%q: Get after Set(Get) = %#v, want %#v", key, text, got, want)
		}
	})
}

func FuzzDotEnv(f *testing.F) {
	for _, content := range []string{"A=1", "export A='x'", "A=\"x\\ny\"", "A=$B", "A: 1", "A", "=", "#", "A=\"", "\ufeffA=1\r\nB=${A}"} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content string) {
		variables, err := parseDotEnv(content)
		if _, nameless := variables[""]; nameless || err != nil && variables != nil {
			t.Errorf("%q: %v %v", content, variables, err)
		}
	})
}

// flask-behaviour.md §15, from_prefixed_env: values of keys of one's own.
func TestFromEnvOwnKeys(t *testing.T) {
	for _, tt := range []struct {
		text string
		want any
	}{
		{"value", "value"},
		{"true", true},
		{"True", "True"},
		{"1", 1},
		{"-0", 0},
		{"1.2", 1.2},
		{"1.0", 1.0},
		{"1e3", 1000.0},
		{"[1, 2]", []any{1, 2}},
		{`{"k": "v"}`, map[string]any{"k": "v"}},
		{`{"k": [1, {"n": 2.5}]}`, map[string]any{"k": []any{1, map[string]any{"n": 2.5}}}},
		{`"q"`, "q"},
		{"null", nil},
		{"007", "007"},
		{"", ""},
		{" 1 ", 1},
		{"1 2", "1 2"},
		{"{", "{"},
		{"a=b=c", "a=b=c"},
		{"NaN", "NaN"}, // Python's JSON has a NaN; JSON has none
		{"123456789012345678901234567890", json.Number("123456789012345678901234567890")}, // Python's int has no end
	} {
		t.Run(tt.text, func(t *testing.T) {
			var cfg Config
			t.Setenv("HFTEST_OWN", tt.text)
			if err := cfg.FromEnv("HFTEST"); err != nil {
				t.Fatal(err)
			}
			if got := cfg.Get("OWN"); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestFromEnvNested(t *testing.T) {
	inner := map[string]any{"ok": 1}
	existing := map[string]any{"inner": inner, "flag": false}
	for _, tt := range []struct {
		name, value, key string
		want             any
	}{
		{"NEW__K", "v", "NEW", map[string]any{"K": "v"}},
		{"NEW__A__B", "[1]", "NEW", map[string]any{"A": map[string]any{"B": []any{1}}}},
		{"EX__inner__ik", "2", "EX", map[string]any{"inner": map[string]any{"ok": 1, "ik": 2}, "flag": false}},
		{"EX__flag", "true", "EX", map[string]any{"inner": map[string]any{"ok": 1}, "flag": true}},
		{"lower_case", "x", "lower_case", "x"},
		{"_X", "1", "_X", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{}
			cfg.Set("EX", existing)
			t.Setenv("HFTEST_"+tt.name, tt.value)
			if err := cfg.FromEnv("HFTEST"); err != nil {
				t.Fatal(err)
			}
			if got := cfg.Get(tt.key); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
			if len(inner) != 1 || existing["flag"] != false {
				t.Errorf("the map that was there has changed: %v", existing)
			}
		})
	}
}

// TestFromEnvProxies: the arguments of ProxyFix one by one, over what was set.
func TestFromEnvProxies(t *testing.T) {
	t.Setenv("HFTEST_TRUSTED_PROXIES__FOR", "1")
	t.Setenv("HFTEST_TRUSTED_PROXIES__host", "2")
	t.Setenv("HFTEST_TRUSTED_PROXIES__PEERS", "10.0.0.0/8,::1/128")
	for given, proto := range map[string]int{`{"for": 7, "proto": 3}`: 3, "null": 0} {
		t.Setenv("HFTEST_TRUSTED_PROXIES", given)
		var cfg Config
		if err := cfg.FromEnv("HFTEST"); err != nil {
			t.Fatal(err)
		}
		want := TrustedProxies{For: 1, Host: 2, Proto: proto, Peers: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
		if !reflect.DeepEqual(cfg.TrustedProxies, want) {
			t.Errorf("%s: got %+v, want %+v", given, cfg.TrustedProxies, want)
		}
	}
}

func TestFromEnvErrors(t *testing.T) {
	t.Setenv("HFTEST_DEBUG", "perhaps")
	t.Setenv("HFTEST_MAX_FORM_PARTS", "many")
	t.Setenv("HFTEST_SECRET_KEY__X", "1")
	t.Setenv("HFTEST_TAKEN__X", "1")
	t.Setenv("HFTEST_TRUSTED_PROXIES__FOR", "one")
	t.Setenv("HFTEST_TRUSTED_PROXIES__FRO", "1")
	t.Setenv("HFTEST_TRUSTED_PROXIES__FOR__X", "1")
	t.Setenv("HFTEST_TESTING", "true")
	cfg := Config{}
	cfg.Set("TAKEN", "text")
	err := cfg.FromEnv("HFTEST")
	if err == nil {
		t.Fatal("no error")
	}
	const proxies = `TRUSTED_PROXIES takes a map with numbers of proxies, such as {"for": 1, "proto": 1, "host": 1, "port": 1, "prefix": 1, "peers": ["10.0.0.0/8"]}`
	want := strings.Join([]string{
		`hipflask: the environment's HFTEST_DEBUG: DEBUG cannot be "perhaps"; give true or false`,
		`hipflask: the environment's HFTEST_MAX_FORM_PARTS: MAX_FORM_PARTS cannot be "many"; give a number above 0, or null for no limit`,
		`hipflask: the environment's HFTEST_SECRET_KEY__X: SECRET_KEY is no map, so nothing can be set inside it`,
		`hipflask: the environment's HFTEST_TAKEN__X: TAKEN is set already and no map, so nothing can be set inside it`,
		`hipflask: the environment's HFTEST_TRUSTED_PROXIES__FOR: TRUSTED_PROXIES__FOR cannot be "one"; ` + proxies,
		`hipflask: the environment's HFTEST_TRUSTED_PROXIES__FOR__X: TRUSTED_PROXIES__FOR is no map, so nothing can be set inside it`,
		`hipflask: the environment's HFTEST_TRUSTED_PROXIES__FRO: TRUSTED_PROXIES__FRO cannot be 1; ` + proxies,
	}, "\n")
	if err.Error() != want {
		t.Errorf("error\n got %s\nwant %s", err, want)
	}
	if cfg.Testing {
		t.Error("a load with mistakes was applied in part")
	}
}

func TestFromEnvPrefix(t *testing.T) {
	t.Setenv("HIPFLASK_OWN", "default prefix")
	t.Setenv("HFTEST_OWN", "prefix")
	t.Setenv("HFTESTOWN", "no underscore")
	t.Setenv("HFTEST_", "no key")
	for prefix, want := range map[string]string{"": "default prefix", "HFTEST": "prefix", "HFTEST_": "prefix"} {
		var cfg Config
		if err := cfg.FromEnv(prefix); err != nil {
			t.Fatal(err)
		}
		if got := cfg.Get("OWN"); got != want {
			t.Errorf("FromEnv(%q): OWN = %v, want %v", prefix, got, want)
		}
		if _, ok := cfg.own[""]; ok {
			t.Errorf("FromEnv(%q) took an empty key", prefix)
		}
	}
}

// from_mapping({'A':1,'b':2,'Cc':3,'D_1':4}, E=5, f=6) keeps A, D_1, E; `_Z` is upper case too.
func TestFromMapTakesUpperCase(t *testing.T) {
	var cfg Config
	err := cfg.FromMap(map[string]any{"A": 1, "b": 2, "Cc": 3, "D_1": 4, "E": 5, "f": 6, "_Z": 7, "_1": 8, "debug": "nonsense", "DEBUG": true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"A": 1, "D_1": 4, "E": 5, "_Z": 7}
	if !reflect.DeepEqual(cfg.own, want) || !cfg.Debug {
		t.Errorf("own keys %v, Debug %v; want %v, true", cfg.own, cfg.Debug, want)
	}
}

func TestFromFile(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		file, content string
		want          string // the error's end; "" for none
	}{
		{"ok.json", `{"SECRET_KEY": "k", "PERMANENT_SESSION_LIFETIME": 60, "MAIL": {"PORT": 25}, "lower": 1}`, ""},
		{"OK.JSON", `{}`, ""},
		{"syntax.json", "{\n\"DEBUG\": true,\n}", "syntax.json is not JSON: line 3: invalid character '}' looking for beginning of object key string"},
		{"empty.json", "", "empty.json is not JSON: EOF"},
		{"two.json", "{} {}", "two.json is not JSON: something follows the first value"},
		{"tail.json", "{} }", "tail.json is not JSON: something follows the first value"},
		{"list.json", "[1]", `list.json: the top level must be an object, {"KEY": value}`},
		{"wrong.json", `{"DEBUG": "maybe"}`, `wrong.json: DEBUG cannot be "maybe"; give true or false`},
		{"secret.json", `{"SECRET_KEY": ["hunter2"]}`, `secret.json: SECRET_KEY cannot be such a list; give text`},
		{"config.yaml", "DEBUG: true", `config.yaml"): without a function to load it the file is JSON, and its name ends in .json; for others give one, such as toml.Unmarshal`},
		{"config", "DEBUG", `its name ends in .json; for others give one, such as toml.Unmarshal`},
	} {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join(dir, tt.file)
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			err := new(Config).FromFile(path)
			if tt.want == "" && err != nil {
				t.Fatal(err)
			}
			if tt.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "hipflask: ")) {
				t.Errorf("error\n got %v\nwant hipflask: … %s", err, tt.want)
			}
		})
	}
	var cfg Config
	if err := cfg.FromFile(filepath.Join(dir, "ok.json")); err != nil {
		t.Fatal(err)
	}
	if cfg.SecretKey != "k" || cfg.PermanentSessionLifetime != time.Minute ||
		!reflect.DeepEqual(cfg.own, map[string]any{"MAIL": map[string]any{"PORT": 25}}) {
		t.Errorf("loaded %+v", cfg)
	}
	if err := cfg.FromFile(filepath.Join(dir, "missing.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want fs.ErrNotExist", err)
	}
}

// TestFromFileLoad: a file of any form, by the Unmarshal of a library. What the
// libraries for TOML make of theirs is in examples/config.
func TestFromFileLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.conf")
	if err := os.WriteFile(path, []byte(`{"SECRET_KEY": "k", "lower": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	load := func(values map[string]any, err error) func([]byte, any) error {
		return func(data []byte, v any) error {
			if string(data) != `{"SECRET_KEY": "k", "lower": 1}` {
				t.Errorf("the file came as %q", data)
			}
			maps.Copy(*v.(*map[string]any), values)
			return err
		}
	}
	for _, tt := range []struct {
		name string
		load []func([]byte, any) error
		want map[string]any
		err  string // how it ends
	}{
		{"encoding/json", []func([]byte, any) error{json.Unmarshal}, map[string]any{"SECRET_KEY": "k", "lower": nil}, ""},
		{"types", []func([]byte, any) error{load(map[string]any{
			"PERMANENT_SESSION_LIFETIME": int64(60), "SEND_FILE_MAX_AGE_DEFAULT": 1.5, "TRUSTED_HOSTS": []any{"a.example"},
			"TRUSTED_PROXIES": map[string]any{"for": int64(1)}, "DAY": day, "N": int64(1) << 53, "F": 1.0,
			"LIST": []any{int64(1), []any{int64(2)}}, "TABLES": []map[string]any{{"n": int64(3)}}, "TABLE": map[string]any{"n": int64(4)},
		}, nil)}, map[string]any{
			"PERMANENT_SESSION_LIFETIME": time.Minute, "SEND_FILE_MAX_AGE_DEFAULT": 1500 * time.Millisecond, "TRUSTED_HOSTS": []string{"a.example"},
			"TRUSTED_PROXIES": map[string]any{"for": 1}, "DAY": day, "N": 1 << 53, "F": 1.0,
			"LIST": []any{1, []any{2}}, "TABLES": []any{map[string]any{"n": 3}}, "TABLE": map[string]any{"n": 4},
		}, ""},
		{"a mistake in the file", []func([]byte, any) error{load(nil, io.ErrUnexpectedEOF)}, nil, "config.conf: unexpected EOF"},
		{"one with its place", []func([]byte, any) error{load(nil, placedError{})}, nil, "config.conf: line 3: no value"},
		{"a wrong value", []func([]byte, any) error{load(map[string]any{"DEBUG": day, "A": 1}, nil)}, nil, "DEBUG cannot be of type time.Time; give true or false"},
		{"two functions", []func([]byte, any) error{json.Unmarshal, json.Unmarshal}, nil, "2 functions to load it; give one"},
		{"a list", []func([]byte, any) error{func(_ []byte, v any) error { return json.Unmarshal([]byte("[1]"), v) }}, nil,
			"json: cannot unmarshal array into Go value of type map[string]interface {}"},
		{"nothing", []func([]byte, any) error{func(_ []byte, v any) error { return json.Unmarshal([]byte("null"), v) }}, map[string]any{"A": nil}, ""},
	} {
		var cfg Config
		err := cfg.FromFile(path, tt.load...)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "hipflask: ")) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.err)
		}
		for key, want := range tt.want {
			if got := cfg.Get(key); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is %#v, want %#v", tt.name, key, got, want)
			}
		}
		if tt.err != "" && !reflect.DeepEqual(cfg, Config{}) {
			t.Errorf("%s: the config has changed: %+v", tt.name, cfg)
		}
	}
	if err := new(Config).FromFile(path+".gone", json.Unmarshal); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want fs.ErrNotExist", err)
	}
}

// placedError is an error as github.com/pelletier/go-toml/v2 has them.
type placedError struct{}

func (placedError) Error() string        { return "no value" }
func (placedError) Position() (int, int) { return 3, 1 }

// unsetEnv makes sure that the variables are unset now and put back afterwards.
func unsetEnv(t *testing.T, names ...string) {
	for _, name := range names {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
}

func TestFromDotEnv(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	content := strings.Join([]string{
		"\ufeff# the greet tutorial's file",
		"SECRET_KEY='a$b#c'",
		"export HFTEST_HOME = http://${HFTEST_HOST}/ # a comment",
		"HFTEST_HOST=example.com",
		`HFTEST_LINES="one\ntwo"`,
		"HFTEST_NUMBER=10",
		"HFTEST_WINS=file",
		"HFTEST_MAIL__PORT=25",
		"hftest_lower=x",
		"DEBUG=yes",
	}, "\r\n")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	unsetEnv(t, "SECRET_KEY", "DEBUG", "HFTEST_HOME", "HFTEST_HOST", "HFTEST_LINES", "HFTEST_NUMBER", "HFTEST_MAIL__PORT", "hftest_lower")
	t.Setenv("HFTEST_WINS", "environment")
	t.Setenv("TESTING", "true") // not named in the file, so not taken

	var cfg Config
	if err := cfg.FromDotEnv(path); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key         string
		config      any
		environment string
	}{
		{"SECRET_KEY", "a$b#c", "a$b#c"},
		{"HFTEST_HOME", "http:///", "http:///"}, // HFTEST_HOST comes further down
		{"HFTEST_LINES", "one\ntwo", "one\ntwo"},
		{"HFTEST_NUMBER", 10, "10"},
		{"HFTEST_WINS", "environment", "environment"},
		{"HFTEST_MAIL", map[string]any{"PORT": 25}, ""},
		{"HFTEST_MAIL__PORT", nil, "25"},
		{"hftest_lower", nil, "x"},
		{"DEBUG", true, "yes"},
		{"TESTING", false, "true"},
	} {
		if got := cfg.Get(tt.key); !reflect.DeepEqual(got, tt.config) {
			t.Errorf("Get(%q) = %#v, want %#v", tt.key, got, tt.config)
		}
		if got := os.Getenv(tt.key); got != tt.environment {
			t.Errorf("Getenv(%q) = %q, want %q", tt.key, got, tt.environment)
		}
	}
}

func TestFromDotEnvErrors(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          string
	}{
		{"no equals sign", "HFTEST_A=1\n\nhunter2 hunter2\nHFTEST_B=2\n", "line 3, or a quote opened there, is no KEY=value; a comment begins with #"},
		{"no equals sign at the end", "HFTEST_A=1\nhunter2", "line 2, or a quote opened there, is no KEY=value; a comment begins with #"},
		{"a quote left open", "HFTEST_A=1\nHFTEST_B=\"hunter2\nHFTEST_C=3\n", "line 2, or a quote opened there, is no KEY=value; a comment begins with #"},
		{"a minus in a name", "HFTEST-A=hunter2\n", "line 1, or a quote opened there, is no KEY=value; a comment begins with #"},
		{"a field's value", "HFTEST_A=1\nMAX_FORM_PARTS=many\n", `MAX_FORM_PARTS cannot be "many"; give a number above 0, or null for no limit`},
		{"a field's value from the environment", "TESTING=1\n",
			`wrong.env: TESTING cannot be "nonsense"; give true or false`},
		{"binary", "HFTEST_A=\x00\n", "a NUL byte or text that is not UTF-8; save it as UTF-8"},
		{"UTF-16", "\xff\xfeH\x00", "a NUL byte or text that is not UTF-8; save it as UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			unsetEnv(t, "HFTEST_A", "HFTEST_B", "HFTEST_C", "MAX_FORM_PARTS")
			t.Setenv("TESTING", "nonsense")
			path := filepath.Join(t.TempDir(), "wrong.env")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			var cfg Config
			err := cfg.FromDotEnv(path)
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) || !strings.Contains(err.Error(), "wrong.env") {
				t.Fatalf("error\n got %v\nwant … wrong.env … %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows what the file holds: %s", err)
			}
			if _, set := os.LookupEnv("HFTEST_A"); set || !reflect.DeepEqual(cfg, Config{}) {
				t.Error("a load with mistakes was applied in part")
			}
		})
	}
	if err := new(Config).FromDotEnv(filepath.Join(t.TempDir(), ".env")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want fs.ErrNotExist", err)
	}
}

func TestDebugFromEnv(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"", false}, {"0", false}, {"false", false}, {"False", false}, {"no", false}, {"No", false},
		{"1", true}, {"true", true}, {"yes", true}, {"on", true},
		{"off", false}, {"x", false}, {"maybe", false}, // Flask: on. Debug is the wrong side to guess on
	} {
		t.Setenv("HIPFLASK_DEBUG", tt.text)
		if got := debugFromEnv(); got != tt.want {
			t.Errorf("HIPFLASK_DEBUG=%q: %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestConfigPublic(t *testing.T) {
	cfg := Config{Debug: true, SecretKey: "hunter2", SecretKeyFallbacks: []string{"hunter2"}}
	for key, value := range map[string]any{
		"MAIL_SERVER": "localhost", "MAIL_PASSWORD": "hunter2", "STRIPE_API_KEY": "hunter2", "SIGNING_KEYS": "hunter2",
		"github_token": "hunter2", "CLIENT_SECRET_FILE": "hunter2", "KEYBOARD": "qwerty",
		"DB": map[string]any{"HOST": "db", "PASSWORD": "hunter2"},
	} {
		cfg.Set(key, value)
	}
	all := cfg.public()
	if strings.Contains(fmt.Sprint(all), "hunter2") {
		t.Errorf("a secret is public: %v", all)
	}
	for key, want := range map[string]any{
		"DEBUG": true, "SESSION_COOKIE_NAME": "session", "SESSION_COOKIE_HTTPONLY": true, "MAIL_SERVER": "localhost",
		"KEYBOARD": "qwerty", "DB": map[string]any{"HOST": "db"},
	} {
		if got := all[key]; !reflect.DeepEqual(got, want) {
			t.Errorf("public()[%q] = %#v, want %#v", key, got, want)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	const key = "k"
	for _, tt := range []struct {
		name string
		cfg  Config
		want []string // what the error says, in order; none means valid
	}{
		{"the zero Config", Config{}, nil},
		{"all at once", Config{PreferredURLScheme: "gopher", ServerName: "http://x"}, []string{
			`Config.PreferredURLScheme (PREFERRED_URL_SCHEME) is "gopher"; give http or https`,
			`Config.ServerName (SERVER_NAME) is "http://x"; give a host`}},

		{"https", Config{PreferredURLScheme: "https"}, nil},
		{"a host", Config{ServerName: "example.com"}, nil},
		{"a host with a port", Config{ServerName: "localhost:5000"}, nil},
		{"an IPv6 host with a port", Config{ServerName: "[::1]:5000"}, nil},
		{"a path behind the host", Config{ServerName: "example.com/app"}, []string{"ServerName"}},
		{"a user before the host", Config{ServerName: "me@example.com"}, []string{"ServerName"}},
		{"a port alone", Config{ServerName: ":5000"}, []string{"ServerName"}},
		{"a port that is none", Config{ServerName: "example.com:http"}, []string{"ServerName"}},
		{"an empty port", Config{ServerName: "example.com:"}, []string{"ServerName"}},
		{"a space", Config{ServerName: "exa mple.com"}, []string{"ServerName"}},

		{"a root", Config{ApplicationRoot: "/app"}, nil},
		{"a root without a slash", Config{ApplicationRoot: "app"}, []string{`ApplicationRoot (APPLICATION_ROOT) is "app"; give a path such as /app`, "SessionCookiePath"}},
		{"a root that is a host", Config{ApplicationRoot: "//evil.example"}, []string{"ApplicationRoot"}},
		{"a root with a query", Config{ApplicationRoot: "/app?x"}, []string{"ApplicationRoot"}},

		{"a cookie name with a space", Config{SessionCookieName: "my session"}, []string{"SessionCookieName"}},
		{"a cookie path without a slash", Config{SessionCookiePath: "app"}, []string{"SessionCookiePath"}},
		{"a cookie path with a semicolon", Config{SessionCookiePath: "/; Domain=x"}, []string{"SessionCookiePath"}},
		{"a cookie domain", Config{SessionCookieDomain: ".example.com"}, nil},
		{"a cookie domain with a scheme", Config{SessionCookieDomain: "https://example.com"}, []string{"SessionCookieDomain"}},
		{"a cookie domain with a port", Config{SessionCookieDomain: "example.com:443"}, []string{"SessionCookieDomain"}},

		{"SameSite=None", Config{SessionCookieSameSite: http.SameSiteNoneMode}, []string{"set SessionCookieSecure (SESSION_COOKIE_SECURE) too"}},
		{"SameSite=None with Secure", Config{SessionCookieSameSite: http.SameSiteNoneMode, SessionCookieSecure: true}, nil},
		{"SameSite=None with Partitioned", Config{SessionCookieSameSite: http.SameSiteNoneMode, SessionCookiePartitioned: true}, nil},
		{"no SameSite", Config{SessionCookieSameSite: http.SameSiteDefaultMode}, nil},
		{"a SameSite that is none", Config{SessionCookieSameSite: 9}, []string{"SessionCookieSameSite is 9"}},
		{"__Host- without Secure", Config{SessionCookieName: "__Host-session"}, []string{"SessionCookieName"}},
		{"__Host-", Config{SessionCookieName: "__Host-session", SessionCookieSecure: true}, nil},
		{"__Host- with a domain", Config{SessionCookieName: "__Host-session", SessionCookieSecure: true, SessionCookieDomain: "example.com"}, []string{"only with the path / and no domain"}},
		{"__Secure- without Secure", Config{SessionCookieName: "__Secure-session"}, []string{"SessionCookieName"}},

		{"fallbacks", Config{SecretKey: key, SecretKeyFallbacks: []string{"old"}}, nil},
		{"fallbacks without a key", Config{SecretKeyFallbacks: []string{"old"}}, []string{"without SecretKey"}},
		{"an empty fallback", Config{SecretKey: key, SecretKeyFallbacks: []string{""}}, []string{"is empty, a key which everybody knows"}},

		{"an origin", Config{TrustedOrigins: []string{"https://a.example", "http://localhost:3000"}}, nil},
		{"an origin without a scheme", Config{TrustedOrigins: []string{"a.example"}}, []string{`holds "a.example"; give each as browsers send it: https://example.com`}},
		{"an origin with a slash", Config{TrustedOrigins: []string{"https://a.example/"}}, []string{"TrustedOrigins"}},
		{"an origin in capitals", Config{TrustedOrigins: []string{"https://A.example"}}, []string{"TrustedOrigins"}},
		{"an origin for all", Config{TrustedOrigins: []string{"*"}}, []string{"TrustedOrigins"}},
		{"an origin with a user", Config{TrustedOrigins: []string{"https://me@a.example"}}, []string{"TrustedOrigins"}},

		{"a negative lifetime", Config{PermanentSessionLifetime: -1}, []string{"PermanentSessionLifetime (PERMANENT_SESSION_LIFETIME) is -1ns"}},
		{"a negative age", Config{SendFileMaxAge: -time.Second}, []string{"SendFileMaxAge (SEND_FILE_MAX_AGE_DEFAULT) is -1s"}},
		{"hosts", Config{TrustedHosts: []string{"example.com", ".example.com", "example.com:8080", "[::1]"}}, nil},
		{"a host with a scheme", Config{TrustedHosts: []string{"https://example.com"}}, []string{"TrustedHosts (TRUSTED_HOSTS) holds \"https://example.com\""}},
		{"any host", Config{TrustedHosts: []string{"*"}}, []string{"TrustedHosts (TRUSTED_HOSTS) holds \"*\""}},
		{"every host below the root", Config{TrustedHosts: []string{"."}}, []string{"TrustedHosts (TRUSTED_HOSTS) holds \".\""}},
		{"a host that is not ASCII", Config{TrustedHosts: []string{"bücher.example"}}, []string{"xn--"}},
		{"a negative proxy", Config{TrustedProxies: TrustedProxies{For: -1}}, []string{"TrustedProxies (TRUSTED_PROXIES) has a number below 0"}},
		{"peers without a header", Config{TrustedProxies: TrustedProxies{Peers: []netip.Prefix{{}}}}, []string{"has Peers but trusts no header"}},
		{"a peer that is none", Config{TrustedProxies: TrustedProxies{For: 1, Peers: []netip.Prefix{{}}}}, []string{"has a peer that is no network"}},
		{"no limits", Config{MaxContentLength: -1, MaxFormMemorySize: -1, MaxFormParts: -1, MaxCookieSize: -1}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, origins := tt.cfg.newCrossOriginProtection()
			err := errors.Join(tt.cfg.validate(), origins)
			var lines []string
			if err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("got %d mistakes, want %d:\n%v", len(lines), len(tt.want), err)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, "hipflask: Config.") || !strings.Contains(line, tt.want[i]) {
					t.Errorf("mistake %d\n got %s\nwant %s", i, line, tt.want[i])
				}
			}
		})
	}
}

//go:embed config.go
var embeddedRoot embed.FS

func TestResolveRoot(t *testing.T) {
	bare, site := t.TempDir(), t.TempDir()
	for _, dir := range []string{bare, site} {
		if err := os.WriteFile(filepath.Join(dir, "on-disk"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(site, "templates"), 0o700); err != nil {
		t.Fatal(err)
	}
	other := fstest.MapFS{"other": {}}
	executable := filepath.Base(os.Args[0])
	if runtime.GOOS == "plan9" || executable == "" {
		t.Skip("the executable's name is not known")
	}
	for _, tt := range []struct {
		name   string
		root   fs.FS
		debug  bool
		source string
		want   string // a file that the root holds
	}{
		{"none: the source file's folder", nil, false, filepath.Join(bare, "main.go"), "on-disk"},
		{"none, built elsewhere: the executable's folder", nil, false, filepath.Join(bare, "gone", "main.go"), executable},
		{"none, built with -trimpath: the executable's folder", nil, false, "example.com/hello/main.go", executable},
		{"none, a relative name that is there by chance: the executable's folder", nil, false, "config.go", executable},
		{"embedded", embeddedRoot, false, filepath.Join(site, "main.go"), "config.go"},
		{"embedded, in Debug: the source file's folder", embeddedRoot, true, filepath.Join(site, "main.go"), "on-disk"},
		{"embedded, in Debug, but nothing to show there", embeddedRoot, true, filepath.Join(bare, "main.go"), "config.go"},
		{"embedded, in Debug, built elsewhere", embeddedRoot, true, filepath.Join(site, "gone", "main.go"), "config.go"},
		{"another kind, in Debug, is meant as it is", other, true, filepath.Join(site, "main.go"), "other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Root: tt.root, Debug: tt.debug}
			if _, err := fs.Stat(cfg.resolveRoot(tt.source), tt.want); err != nil {
				t.Errorf("the root is another: %v", err)
			}
		})
	}
}
