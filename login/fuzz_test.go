package login

import (
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
)

type fuzzUser struct{ id, stamp string }

func (u fuzzUser) LoginID() string    { return u.id }
func (u fuzzUser) LoginStamp() string { return u.stamp }

func newFuzzManager() *Manager[fuzzUser] {
	app := hipflask.New("fuzz")
	app.Config.SecretKey = "a key for tests, which everybody may know"
	return New(app, func(_ *hipflask.Context, id string) (fuzzUser, error) { return fuzzUser{id: id}, nil })
}

// FuzzRememberCookie: a cookie that was not made here is nobody's, and each has one
// spelling.
func FuzzRememberCookie(f *testing.F) {
	m := newFuzzManager()
	now := time.Unix(1_800_000_000, 0)
	made, err := m.encode(fuzzUser{"1", "stamp"}, now, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{made, "", ".", "a.b", "e30." + strings.Repeat("A", 43), "1|abc", made + ".", made[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got, ok := m.decode(value, now); ok && value != made {
			t.Errorf("%q is taken for %+v", value, got)
		}
	})
}

// FuzzRememberUser: whatever the id and the stamp, the cookie says it, until it
// expires, and no other stamp fits.
func FuzzRememberUser(f *testing.F) {
	m := newFuzzManager()
	f.Add("1", "hash", "other", int64(60))
	f.Add("é|.\x00", "", "x", int64(1))
	f.Add("a\x00b", "c", "b\x00c", int64(1<<40))
	f.Fuzz(func(t *testing.T, id, stamp, other string, seconds int64) {
		now := time.Unix(1_800_000_000, 0)
		duration := time.Duration(seconds) * time.Second
		if id == "" || seconds < 1 || seconds > 1<<32 || strings.ToValidUTF8(id, "") != id {
			return
		}
		value, err := m.encode(fuzzUser{id, stamp}, now, duration)
		if err != nil {
			if len(id) < 500 {
				t.Fatal(err)
			}
			return
		}
		got, ok := m.decode(value, now)
		if !ok || got.ID != id || got.duration() != duration {
			t.Fatalf("got %+v, %v for %q", got, ok, id)
		}
		if !got.stamped(fuzzUser{id, stamp}) || other != stamp && got.stamped(fuzzUser{id, other}) {
			t.Errorf("the stamp %q fits: %v, and %q: %v", stamp, got.stamped(fuzzUser{id, stamp}), other, got.stamped(fuzzUser{id, other}))
		}
		if _, ok := m.decode(value, now.Add(duration)); ok {
			t.Errorf("it is valid after %v", duration)
		}
		if _, ok := m.decode(value, now.Add(-2*time.Minute)); ok {
			t.Error("it is valid before it was made")
		}
	})
}
