package flaskcompat_test

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

var (
	leapDay = flaskcompat.Time{Time: time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC)}
	aUUID   = flaskcompat.UUID{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78}
)

// TestTags: what a handler sets is what Flask's cookie says, and what a handler
// then gets.
func TestTags(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		text  string
	}{
		{"bytes", flaskcompat.Bytes("\xff\x00bin"), `{" b":"/wBiaW4="}`},
		{"no bytes", flaskcompat.Bytes{}, `{" b":""}`},
		{"time", leapDay, `{" d":"Thu, 29 Feb 2024 12:34:56 GMT"}`},
		{"uuid", aUUID, `{" u":"12345678123456781234567812345678"}`},
		{"markup", flaskcompat.Markup("<b>é & 'x'</b>"), `{" m":"<b>\u00e9 & 'x'</b>"}`},
		{"tuple", flaskcompat.Tuple{1, "a", flaskcompat.Tuple{2}, nil, true, 1.5}, `{" t":[1,"a",{" t":[2]},null,true,1.5]}`},
		{"empty tuple", flaskcompat.Tuple{}, `{" t":[]}`},
		{"dict", flaskcompat.Dict{"b": 1, "a": leapDay}, `{"a":{" d":"Thu, 29 Feb 2024 12:34:56 GMT"},"b":1}`},
		{"dict with a tag for a key", flaskcompat.Dict{" t": []any{1, 2}}, `{" di":{" t__":[1,2]}}`},
		{"dict with the guard for a key", flaskcompat.Dict{" di": flaskcompat.Bytes("x")}, `{" di":{" di__":{" b":"eA=="}}}`},
		{"dict with a tag among its keys", flaskcompat.Dict{" t": 1, "x": 2}, `{" t":1,"x":2}`},
		{"nested", flaskcompat.Tuple{flaskcompat.Dict{" m": "x"}, []any{aUUID}, map[string]any{"k": flaskcompat.Bytes{1}}},
			`{" t":[{" di":{" m__":"x"}},[{" u":"12345678123456781234567812345678"}],{"k":{" b":"AQ=="}}]}`},
		{"struct", visitor{Seen: leapDay, ID: aUUID, Roles: flaskcompat.Tuple{"admin"}},
			`{"ID":{" u":"12345678123456781234567812345678"},"Roles":{" t":["admin"]},"Seen":{" d":"Thu, 29 Feb 2024 12:34:56 GMT"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := visit(newApp(t, nil, func(c *hipflask.Context) { c.Session().Set("v", tt.value) }), "")
			cookie := sessionCookie(t, w)
			if got, want := payloadOf(t, cookie), `{"v":`+tt.text+`}`; got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			got := reflect.New(reflect.TypeOf(tt.value))
			ok := false
			visit(newApp(t, nil, func(c *hipflask.Context) { ok = c.Session().Get("v", got.Interface()) }), "session="+cookie)
			if !ok || !reflect.DeepEqual(got.Elem().Interface(), tt.value) {
				t.Errorf("got %v, %#v; want %#v", ok, got.Elem(), tt.value)
			}
		})
	}
}

// TestMapsThatLookTagged: a map whose content its tag does not fit is a dict for
// Flask, and what it was for us.
func TestMapsThatLookTagged(t *testing.T) {
	type object = map[string]any
	for _, tt := range []struct {
		value any
		text  string
	}{
		{object{" t": "x"}, `{" di":{" t__":"x"}}`},
		{object{" b": "no base64"}, `{" di":{" b__":"no base64"}}`},
		{object{" d": nil}, `{" di":{" d__":null}}`},
		{object{" m": 5}, `{" di":{" m__":5}}`},
		{object{" di": "x"}, `{" di":{" di__":"x"}}`},
		{object{" di": object{" t": "x"}}, `{" di":{" di__":{" di":{" t__":"x"}}}}`},
		{object{" t": object{" u": true}}, `{" di":{" t__":{" di":{" u__":true}}}}`},
		{[]any{object{"k": object{" u": "12"}}}, `[{"k":{" di":{" u__":"12"}}}]`},
		{object{" t": "x", "y": 1}, `{" t":"x","y":1}`},
		{object{" t": []any{1}}, `{" t":[1]}`}, // this one is a tuple for Flask
	} {
		cookie := sessionCookie(t, visit(newApp(t, nil, func(c *hipflask.Context) { c.Session().Set("v", tt.value) }), ""))
		if got, want := payloadOf(t, cookie), `{"v":`+tt.text+`}`; got != want {
			t.Errorf("%v: Flask reads %s, want %s", tt.value, got, want)
		}
		var got any
		again := sessionCookie(t, visit(newApp(t, nil, func(c *hipflask.Context) {
			c.Session().Get("v", &got)
			c.Session().Set("v", []any{got})
		}), "session="+cookie))
		if !reflect.DeepEqual(got, tt.value) {
			t.Errorf("got %v, want %v", got, tt.value)
		}
		if got, want := payloadOf(t, again), `{"v":[`+tt.text+`]}`; got != want {
			t.Errorf("%v, set again: Flask reads %s, want %s", tt.value, got, want)
		}
	}
}

type visitor struct {
	Seen  flaskcompat.Time
	ID    flaskcompat.UUID
	Roles flaskcompat.Tuple
}

// TestTagsOfOtherGoTypes: values without a type of this package are what JSON
// makes of them, and an object is never a tag that Flask would fail on.
func TestTagsOfOtherGoTypes(t *testing.T) {
	for _, tt := range []struct {
		value any
		text  string
	}{
		{[]byte("x"), `"eA=="`},
		{leapDay.Time, `"2024-02-29T12:34:56Z"`},
		{map[string]any{" t": 1}, `{" di":{" t__":1}}`},
		{map[string]any{" b": "no base64"}, `{" di":{" b__":"no base64"}}`},
		{map[string]any{" u": "1234"}, `{" di":{" u__":"1234"}}`},
		{map[string]any{" d": "soon"}, `{" di":{" d__":"soon"}}`},
		{map[string]any{" m": nil}, `{" di":{" m__":null}}`},
		{map[string]any{" di": "x"}, `{" di":{" di__":"x"}}`},
		{map[string]any{" di": map[string]any{"x": 1}}, `{" di":{" di__":{"x":1}}}`},
		{[]any{map[string]any{" t": map[string]any{" b": 1}}}, `[{" di":{" t__":{" di":{" b__":1}}}}]`},
		{map[string]any{" x": 1}, `{" x":1}`},
		{struct{ Z, A int }{1, 2}, `{"A":2,"Z":1}`},
		{"<é😀\u2028\x7f>", `"<\u00e9\ud83d\ude00\u2028\u007f>"`},
		{1e21, `1e+21`},
	} {
		w := visit(newApp(t, nil, func(c *hipflask.Context) { c.Session().Set("v", tt.value) }), "")
		if got, want := payloadOf(t, sessionCookie(t, w)), `{"v":`+tt.text+`}`; got != want {
			t.Errorf("%#v: got %s, want %s", tt.value, got, want)
		}
	}
}

// TestTagsOfOtherForms: a value of another type leaves its variable alone.
func TestTagsOfOtherForms(t *testing.T) {
	text := `{"s":"x","n":1,"l":[1],"b":{" b":"eA=="},"u":{" u":"12"},"d":{" d":"soon"},"t":{" t":1},"null":null}`
	visit(newApp(t, nil, func(c *hipflask.Context) {
		for _, key := range []string{"s", "n", "l", "u", "d", "t", "absent"} {
			b, tm, u, tu, m := flaskcompat.Bytes("was"), leapDay, aUUID, flaskcompat.Tuple{"was"}, flaskcompat.Markup("was")
			if s := c.Session(); s.Get(key, &b) || s.Get(key, &tm) || s.Get(key, &u) || s.Get(key, &tu) || s.Get(key, &m) {
				t.Errorf("%s: got a value, want none", key)
			}
			if string(b) != "was" || tm != leapDay || u != aUUID || tu[0] != "was" || m != "was" {
				t.Errorf("%s: a variable was changed", key)
			}
		}
		var d flaskcompat.Dict
		if c.Session().Get("b", &d) || c.Session().Get("l", &d) {
			t.Errorf("got the Dict %v of bytes or a list", d)
		}
		var b flaskcompat.Bytes
		if !c.Session().Get("null", &b) || b != nil {
			t.Errorf("null: got %v, want no bytes", b)
		}
	}), "session="+signJSON(text))
}

func TestTimeThatFlaskCannotRead(t *testing.T) {
	for _, tm := range []time.Time{{}, time.Date(99, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if text, err := json.Marshal(flaskcompat.Time{Time: tm}); err == nil || !strings.Contains(err.Error(), "flaskcompat: a Time in the year") {
			t.Errorf("%v: got %s, %v; want an error", tm, text, err)
		}
	}
	cet := time.FixedZone("CET", 3600)
	text, err := json.Marshal(flaskcompat.Time{Time: time.Date(2024, 1, 1, 0, 30, 0, 999, cet)})
	if want := `{" d":"Sun, 31 Dec 2023 23:30:00 GMT"}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v; want %s", text, err, want)
	}
}

func TestUntag(t *testing.T) {
	text := `{"t":{" t":[{" u":"12345678123456781234567812345678"},{"k":[{" d":"Thu, 29 Feb 2024 12:34:56 GMT"}]}]},
		"di":{" di":{" b__":"eA=="}},"m":{" m":"<b>"},"n":[1,1.0,9223372036854775808,1e400],"no":{" u":"12"},"other":{" x":1}}`
	var got map[string]any
	app := newApp(t, nil, func(c *hipflask.Context) {
		got = map[string]any{}
		for _, key := range c.Session().Keys() {
			var v any
			c.Session().Get(key, &v)
			got[key] = flaskcompat.Untag(v)
		}
	})
	visit(app, "session="+signJSON(text))
	want := map[string]any{
		"t":     flaskcompat.Tuple{aUUID, map[string]any{"k": []any{leapDay}}},
		"di":    flaskcompat.Dict{" b": "eA=="},
		"m":     flaskcompat.Markup("<b>"),
		"no":    map[string]any{" u": "12"},
		"other": map[string]any{" x": 1},
	}
	n := got["n"].([]any)
	delete(got, "n")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
	if n[0] != 1 || n[1] != 1.0 || n[2] != json.Number("9223372036854775808") {
		t.Errorf("got the numbers %#v", n)
	}
}

// TestTagsInPages: a page sees Flask's notation, and Go's values with untag. A
// Markup is escaped unless the page asks for its HTML.
func TestTagsInPages(t *testing.T) {
	app := newApp(t, nil, nil)
	app.TemplateFunc("untag", flaskcompat.Untag)
	app.Get("/page", func(c *hipflask.Context) error {
		return c.RenderString(`{{with untag session.seen}}{{.Year}}{{end}} {{range untag session.tuple}}{{.}},{{end}} `+
			`{{untag session.id}} {{untag session.mark}} {{(untag session.mark).HTML}} {{session.name}}`, nil)
	}).Name("page")
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/page", nil)
	r.Header.Set("Cookie", "session="+signJSON(`{"id":{" u":"12345678123456781234567812345678"},"mark":{" m":"<b>"},"name":"ada",`+
		`"seen":{" d":"Thu, 29 Feb 2024 12:34:56 GMT"},"tuple":{" t":[1,"a"]}}`))
	app.ServeHTTP(w, r)
	if want := "2024 1,a, 12345678-1234-5678-1234-567812345678 &lt;b&gt; <b> ada"; w.Body.String() != want {
		t.Errorf("got %s, want %s", w.Body, want)
	}
}
