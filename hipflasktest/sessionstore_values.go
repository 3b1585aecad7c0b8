package hipflasktest

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
)

// Values.

func (s *storeTest) valuesComeBack(t *testing.T) {
	app := s.app(t)
	for name, value := range map[string]any{
		"text": "Grüße, 世界", "no text": "", "a NUL": "a\x00b", "lines": "a\r\n\tb\u2028c",
		"what HTML and JSON escape": `<b title="x">&amp;</b> \ ' "`,
		"0":                         0, "a negative int": -1, "the largest int": math.MaxInt64, "the smallest int": math.MinInt64,
		"an int no float64 holds": 1<<53 + 1, "a fraction": 0.1, "a small fraction": -2.5e-9,
		"true": true, "false": false, "nil": nil,
		"an empty list": []any{}, "an empty map": map[string]any{},
		"a list": []any{"a", 1, 0.5, true, nil, []any{1}, map[string]any{"b": 2}},
		"a map":  map[string]any{"a": map[string]any{"b": map[string]any{"c": []any{1, 2}}}, "": 1},
		// Flask's JSON has tags for other types, which a value may look like.
		"what looks like a tuple": map[string]any{" t": []any{1}}, "what looks like bytes": map[string]any{" b": "YQ=="},
		"what looks like a date": map[string]any{" d": "Sat, 21 Nov 2026 03:00:00 GMT"}, "what looks like a tag": map[string]any{" di__": 1},
	} {
		client := New(t, app)
		if page := s.visit(client, set("k", value)); page.StatusCode != 200 {
			t.Errorf("%s: got %s", name, page)
		}
		if got := s.values(client)["k"]; !reflect.DeepEqual(got, value) {
			t.Errorf("%s: got %#v, want %#v", name, got, value)
		}
	}
}

func (s *storeTest) keysComeBack(t *testing.T) {
	app := s.app(t)
	for _, key := range []string{"a", "", " ", " t", "a.b", "a b", "ключ", `"`, "_own", "k=v;", strings.Repeat("long", 50)} {
		client := New(t, app)
		s.visit(client, set(key, 1))
		if got, want := s.values(client), map[string]any{key: 1}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// changes: each request finds what the one before left, a request that changes
// nothing included.
func (s *storeTest) changes(t *testing.T) {
	client := New(t, s.app(t))
	for i, step := range []struct {
		view view
		want map[string]any
	}{
		{nothing, map[string]any{}},
		{set("a", 1), map[string]any{"a": 1}},
		{nothing, map[string]any{"a": 1}},
		{set("b", []int{1}), map[string]any{"a": 1, "b": []any{1}}},
		{set("a", "two"), map[string]any{"a": "two", "b": []any{1}}},
		{set("a", "two"), map[string]any{"a": "two", "b": []any{1}}},
		{func(c *hipflask.Context) error { c.Session().Delete("b"); return c.Text("") }, map[string]any{"a": "two"}},
		{func(c *hipflask.Context) error { return errors.New("a handler that fails") }, map[string]any{"a": "two"}},
		{func(c *hipflask.Context) error { c.Session().Set("c", 3); return hipflask.Abort(404) }, map[string]any{"a": "two", "c": 3}},
		{func(c *hipflask.Context) error { c.Session().Set("d", func() {}); return c.Text("") }, map[string]any{"a": "two", "c": 3}},
		{func(c *hipflask.Context) error { c.Session().Clear(); c.Session().Set("e", 5); return c.Text("") }, map[string]any{"e": 5}},
		{clear, map[string]any{}},
		{set("f", 6), map[string]any{"f": 6}},
	} {
		s.visit(client, step.view)
		if got := s.values(client); !reflect.DeepEqual(got, step.want) {
			t.Fatalf("after step %d: got %v, want %v", i, got, step.want)
		}
	}
}

func (s *storeTest) flaskKeys(t *testing.T) {
	client := New(t, s.app(t))
	page := s.visit(client, func(c *hipflask.Context) error {
		c.Session().Set("a", 1)
		c.Session().SetPermanent(true)
		c.Flash("plain")
		c.FlashAs("error", "bad <b>")
		return c.Text("")
	})
	if cookies := page.Cookies(); len(cookies) != 1 || time.Until(cookies[0].Expires) < 30*24*time.Hour {
		t.Errorf("a permanent session: got %v, want a cookie that expires in 31 days", cookies)
	}
	s.visit(client, nothing)
	s.visit(client, func(c *hipflask.Context) error {
		messages := c.FlashedMessages()
		if len(messages) != 2 || messages[0].Text != "plain" || messages[1].Category != "error" || messages[1].Text != "bad <b>" {
			t.Errorf("flashed: got %v", messages)
		}
		if !c.Session().Permanent() {
			t.Error("the session is no longer permanent")
		}
		return c.Text("")
	})
	s.visit(client, func(c *hipflask.Context) error {
		if messages := c.FlashedMessages(); len(messages) != 0 {
			t.Errorf("a second time: got %v, want no message", messages)
		}
		return c.Text("")
	})
	page = s.visit(client, func(c *hipflask.Context) error { c.Session().SetPermanent(false); return c.Text("") })
	if cookies := page.Cookies(); len(cookies) != 1 || !cookies[0].Expires.IsZero() {
		t.Errorf("permanent no more: got %v, want a cookie until the browser is closed", cookies)
	}
}

func (s *storeTest) twoVisitors(t *testing.T) {
	app := s.app(t)
	ada, grace := New(t, app), New(t, app)
	s.visit(ada, set("name", "Ada"))
	s.visit(grace, set("name", "Grace"))
	s.visit(ada, set("name", "Ada L."))
	if a, g := s.values(ada)["name"], s.values(grace)["name"]; a != "Ada L." || g != "Grace" {
		t.Errorf("got %v and %v, want each its own", a, g)
	}
	s.visit(ada, clear)
	if got := s.values(grace)["name"]; got != "Grace" {
		t.Errorf("after another visitor signed out: got %v, want Grace", got)
	}
}

func (s *storeTest) twoProcesses(t *testing.T) {
	client := New(t, s.app(t))
	s.visit(client, set("name", "Ada"))
	value, _ := s.cookie(client)
	second := s.with(t, s.app(t), value)
	if got := s.values(second)["name"]; got != "Ada" {
		t.Errorf("what one App saved, another reads as %v, want Ada", got)
	}
}
