package hipflasktest

import (
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
)

// Cookies that are not the store's.

func (s *storeTest) inventedCookies(t *testing.T) {
	app := s.app(t)
	for _, value := range []string{
		"", "x", "admin", "0", "null", "true", "{}", "../../etc/passwd", "*", "%00", "a'--",
		"e30.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", ".eJw.aa.bb", "....", "p.", "==", "MTIz|x|y",
		strings.Repeat("A", 26), strings.Repeat("A", 32), strings.Repeat("A", 43), strings.Repeat("A", 44), strings.Repeat("A", 64),
		strings.Repeat("A", 3000), randomText(64), randomText(128),
	} {
		client := s.with(t, app, value)
		if got := s.values(client); len(got) != 0 {
			t.Errorf("the cookie %.20q: got %v, want an empty session", value, got)
		}
		s.visit(client, set("mine", true))
		if got, found := s.cookie(client); !found || got == value {
			t.Errorf("the cookie %.20q was adopted: the visitor has %.20q now", value, got)
		}
		if got := s.values(s.with(t, app, value)); len(got) != 0 {
			t.Errorf("the cookie %.20q: whoever has it finds %v, want an empty session", value, got)
		}
	}
}

func (s *storeTest) alteredCookies(t *testing.T) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	app := s.app(t)
	client := New(t, app)
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	altered := []string{value[1:], value[:len(value)-1], value[:len(value)/2], value + "A", "A" + value, value + value, value + "." + value}
	for i := range value {
		// The digit on the other side of the alphabet differs in its first bit; the
		// last bits of a last digit may be worth nothing.
		digit := byte('A')
		if at := strings.IndexByte(digits, value[i]); at >= 0 {
			digit = digits[(at+32)%64]
		}
		altered = append(altered, value[:i]+string(digit)+value[i+1:])
	}
	for _, value := range altered {
		if got := s.values(s.with(t, app, value)); len(got) != 0 {
			t.Errorf("the altered cookie %q: got %v, want an empty session", value, got)
		}
	}
	if got := s.values(client)["user"]; got != "ada" {
		t.Errorf("afterwards, the cookie as it was: got %v, want ada", got)
	}
}

// Keys.

func (s *storeTest) newKey(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	rotated := s.app(t, func(cfg *hipflask.Config) {
		cfg.SecretKey, cfg.SecretKeyFallbacks = suiteNewKey, []string{"an unrelated older key, long enough", suiteKey}
	})
	later := s.with(t, rotated, value)
	if got := s.values(later)["user"]; got != "ada" {
		t.Errorf("with the old key as a fallback: got %v, want ada", got)
	}
	// One that only reads must have been given what the new key alone opens.
	value, _ = s.cookie(later)
	final := s.app(t, func(cfg *hipflask.Config) { cfg.SecretKey = suiteNewKey })
	if got := s.values(s.with(t, final, value))["user"]; got != "ada" {
		t.Errorf("after that, without the old key: got %v, want ada", got)
	}
}

func (s *storeTest) removedKey(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("user", "ada"))
	value, _ := s.cookie(client)
	other := s.app(t, func(cfg *hipflask.Config) { cfg.SecretKey = suiteNewKey })
	got := s.values(s.with(t, other, value))
	if s.onServer && got["user"] == "ada" {
		t.Skip("the cookie holds an id and no key matters: the sessions are in the store's place, whatever the key")
	}
	if len(got) != 0 {
		t.Errorf("signed with a key that is gone: got %v, want an empty session", got)
	}
}

func (s *storeTest) malformedKey(t *testing.T) {
	for name, fallbacks := range map[string][]string{"empty": {""}, "the key itself": {suiteKey}, "twice the same": {suiteNewKey, suiteNewKey}} {
		app := s.app(t, func(cfg *hipflask.Config) { cfg.SecretKeyFallbacks = fallbacks })
		if err := app.Check(); err == nil || !strings.Contains(err.Error(), "SecretKeyFallbacks") {
			t.Errorf("%s: Check: got %v, want an error that names SecretKeyFallbacks", name, err)
		}
	}
}
