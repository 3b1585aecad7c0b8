package main

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	burntsushi "github.com/BurntSushi/toml"
	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
	"github.com/pelletier/go-toml/v2"
)

// loaders are the two libraries for TOML: the Unmarshal of each fits as it is.
var loaders = map[string]func([]byte, any) error{
	"github.com/pelletier/go-toml/v2": toml.Unmarshal,
	"github.com/BurntSushi/toml":      burntsushi.Unmarshal,
}

// TestTOML: what the file says arrives in the fields and in Get, with the same
// types from both libraries.
func TestTOML(t *testing.T) {
	for name, load := range loaders {
		var cfg hipflask.Config
		if err := cfg.FromFile("config.toml", load); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := hipflask.Config{
			SecretKey:                "change me, openssl rand -hex 32 prints a good one",
			PermanentSessionLifetime: 7 * 24 * time.Hour,
			TrustedHosts:             []string{"localhost", "127.0.0.1", ".example.com"},
			TrustedProxies:           hipflask.TrustedProxies{For: 1, Peers: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		}
		want.Set("GREETINGS", []any{"Hello", "Hallo", "Salut"})
		want.Set("MAIL", map[string]any{"SERVER": "localhost", "PORT": 25})
		want.Set("SHELVES", []any{map[string]any{"NAME": "novels", "BOOKS": 12}})
		opens, _ := cfg.Get("OPENS").(time.Time)
		if !opens.Equal(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: OPENS is %#v", name, cfg.Get("OPENS"))
		}
		want.Set("OPENS", cfg.Get("OPENS")) // whose zone is a pointer
		if !reflect.DeepEqual(cfg, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, cfg, want)
		}
	}
}

// TestTOMLTypes: every type of TOML, for a field that takes it and for Get.
func TestTOMLTypes(t *testing.T) {
	for _, tt := range []struct {
		line string
		want any
	}{
		{`DEBUG = true`, true},
		{`DEBUG = "off"`, false},
		{`PERMANENT_SESSION_LIFETIME = 60`, time.Minute},
		{`PERMANENT_SESSION_LIFETIME = 1.5`, 1500 * time.Millisecond},
		{`PERMANENT_SESSION_LIFETIME = "168h"`, 168 * time.Hour},
		{`MAX_CONTENT_LENGTH = 0x10`, int64(16)},
		{`SECRET_KEY_FALLBACKS = []`, []string{}},
		{`N = 9_007_199_254_740_993`, 9_007_199_254_740_993},
		{`F = 1.0`, 1.0},
		{`S = '''a\b'''`, `a\b`},
		{`LIST = [1, [2, 3.5], "x"]`, []any{1, []any{2, 3.5}, "x"}},
		{`INLINE = {a = 1, b.c = [2]}`, map[string]any{"a": 1, "b": map[string]any{"c": []any{2}}}},
		{`EMPTY = {}`, map[string]any{}},
	} {
		for name, load := range loaders {
			cfg, err := loadText(t, tt.line, load)
			if err != nil {
				t.Errorf("%s: %s: %v", name, tt.line, err)
				continue
			}
			key, _, _ := strings.Cut(tt.line, " ")
			if got := cfg.Get(key); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s: %s: got %#v, want %#v", name, tt.line, got, tt.want)
			}
		}
	}
}

// TestTOMLErrors: a mistake names the file and its line, or the key, never what
// is secret; and nothing has changed.
func TestTOMLErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"A = 1\nB = = 2\n", "line 2"},
		{"A = 1\nA = 2\n", "A"},
		{"DEBUG = 2026-01-01", "DEBUG cannot be of type "},
		{"PERMANENT_SESSION_LIFETIME = 07:32:00", "PERMANENT_SESSION_LIFETIME cannot be of type "},
		{"SECRET_KEY = ['hunter2']", "SECRET_KEY cannot be such a list; give text"},
		{"SECRET_KEY = 'hunter2\n", "line 1"},
	} {
		for name, load := range loaders {
			cfg, err := loadText(t, tt.text, load)
			if err == nil || !strings.HasPrefix(err.Error(), "hipflask: ") || !strings.Contains(err.Error(), "test.toml: ") ||
				!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %q: got %v, want %q", name, tt.text, err, tt.want)
			}
			if !reflect.DeepEqual(cfg, hipflask.Config{}) {
				t.Errorf("%s: %q: the config has changed: %+v", name, tt.text, cfg)
			}
		}
	}
	if _, err := newApp("missing.toml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want fs.ErrNotExist", err)
	}
}

func loadText(t *testing.T, text string, load func([]byte, any) error) (cfg hipflask.Config, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err = cfg.FromFile(file, load)
	return cfg, err
}

// TestProgram: the environment goes over the file, down into its tables.
func TestProgram(t *testing.T) {
	t.Setenv("CONFIG_MAIL__PORT", "2525")
	app, err := newApp("config.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	if page := hipflasktest.New(t, app).Get("/"); page.Body != "<p>Hello! Mail goes to localhost, port 2525.</p>" {
		t.Errorf("got %s", page)
	}
}
