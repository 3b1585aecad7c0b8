package hipflasktest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
)

// The store itself.

func texts(pairs ...string) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return values
}

func sameTexts(a, b map[string]json.RawMessage) bool {
	return maps.EqualFunc(a, b, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

// now is a session as the framework gives it to Save.
func now(values map[string]json.RawMessage, state any) hipflask.SessionData {
	t := time.Now()
	return hipflask.SessionData{Values: values, State: state, Issued: t, Expires: t.Add(time.Hour)}
}

func (s *storeTest) direct(t *testing.T) {
	store, ctx := s.store(t), context.Background()
	open := func(what, cookie string, want map[string]json.RawMessage) (data hipflask.SessionData) {
		t.Helper()
		data, found, err := store.Open(ctx, cookie)
		if err != nil || found != (want != nil) || !sameTexts(data.Values, want) {
			t.Errorf("%s: Open: got %s, %v, %v; want %s", what, data.Values, found, err, want)
		}
		return data
	}
	save := func(what string, data hipflask.SessionData) (cookie string) {
		t.Helper()
		before := maps.Clone(data.Values)
		cookie, err := store.Save(ctx, data)
		if err != nil || len(data.Values) > 0 && (&http.Cookie{Name: "session", Value: cookie}).Valid() != nil {
			t.Errorf("%s: Save: got %q, %v; want a cookie's value", what, cookie, err)
		}
		if !sameTexts(data.Values, before) {
			t.Errorf("%s: Save changed the values it was given", what)
		}
		return cookie
	}
	values := texts("a", "1", "b", `"two"`, "c", `{"d":[1,null]}`)
	cookie := save("a new session", now(values, nil))
	first := open("a new session", cookie, values)
	second := open("opened twice", cookie, values)
	if first.Resave {
		t.Error("a session saved just now asks to be saved again")
	}

	// Nothing changed: the cookie may be new, but it must be good.
	cookie = save("saved unchanged", now(first.Values, first.State))
	third := open("saved unchanged", cookie, values)

	changed := maps.Clone(third.Values)
	changed["a"] = json.RawMessage("2")
	cookie = save("changed", now(changed, third.State))
	open("changed", cookie, changed)
	if !sameTexts(second.Values, values) {
		t.Error("what Open returned changed when the session was saved")
	}

	data := now(changed, open("changed", cookie, changed).State)
	data.Renew = true
	renewed := save("renewed", data)
	state := open("renewed", renewed, changed).State
	if s.onServer {
		open("renewed, the old cookie", cookie, nil)
	}
	save("ended", now(nil, state))
	if s.onServer {
		open("ended", renewed, nil)
	}
	save("ended twice", now(nil, state))
	save("ended, though it never began", now(nil, nil))
	if s.onServer && renewed == save("a new session", now(values, nil)) {
		t.Error("a new session has the id of an ended one")
	}
}

// directTimes: either the store keeps a session's time itself, or Issued says
// when it was saved, so that hipflask can.
func (s *storeTest) directTimes(t *testing.T) {
	store, ctx := s.store(t), context.Background()
	for name, age := range map[string]time.Duration{"now": 0, "two hours ago": 2 * time.Hour, "a year ago": 365 * 24 * time.Hour} {
		issued := time.Now().Add(-age)
		cookie, err := store.Save(ctx, hipflask.SessionData{Values: texts("a", "1"), Issued: issued, Expires: issued.Add(time.Hour)})
		if err != nil {
			t.Errorf("saved %s: %v", name, err)
		}
		data, found, err := store.Open(ctx, cookie)
		off := data.Issued.Sub(issued).Abs()
		switch {
		case err != nil:
			t.Errorf("saved %s: Open: %v", name, err)
		case age == 0 && (!found || !data.Issued.IsZero() && off > 2*time.Second):
			t.Errorf("saved %s: Open: got %v, issued %v; want it, issued %v", name, found, data.Issued, issued)
		case age > 0 && found && off > 2*time.Second:
			t.Errorf("saved %s, for one hour: Open: got it, issued %v; want it gone, or issued %v", name, data.Issued, issued)
		}
	}
}

// cancelled: a request whose visitor has gone may fail, but must not find that
// there is no session, and must not leave half a change.
func (s *storeTest) cancelled(t *testing.T) {
	store, ctx := s.store(t), context.Background()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	values, changed := texts("a", "1"), texts("a", "2", "b", "3")
	cookie, err := store.Save(ctx, now(values, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, found, err := store.Open(gone, cookie); !found && err == nil {
		t.Error("Open: got no session and no error; want the session or an error")
	}
	opened, _, err := store.Open(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	want := values
	if next, err := store.Save(gone, now(changed, opened.State)); err == nil {
		cookie, want = next, changed
	}
	data, found, err := store.Open(ctx, cookie)
	if !found || err != nil || !sameTexts(data.Values, want) {
		t.Errorf("after Save: got %s, %v, %v; want %s", data.Values, found, err, want)
	}
	_, ended := store.Save(gone, now(nil, data.State))
	if _, found, err := store.Open(ctx, cookie); s.onServer && (err != nil || found != (ended != nil)) {
		t.Errorf("ended with %v: got %v, %v", ended, found, err)
	}
}
