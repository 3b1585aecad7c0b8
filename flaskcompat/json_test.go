package flaskcompat

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzJSON: text that is read and written is read as the same again, and what Go
// is shown of it is JSON.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		`null`, `true`, `{}`, `[]`, `""`, `[1,-0.0,1e-07,NaN,-Infinity]`, `{"b":1, "a" : [ ] }`, `"\ud800\udc00\ud800x\udfff"`,
		`"\u2028<&>\u007f\u0000\"\\\/"`, `{" t":[1,{" di":{" b__":1}}]}`, `{" t":1}`, `{"a":{" b":"AQ=="}}`, "\"é\x7f\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseJSON(strings.ToValidUTF8(text, "?"))
		if err != nil {
			return
		}
		python := forPython.append(nil, v)
		again, err := parseJSON(string(python))
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Fatalf("%q: wrote %s, and read %#v, %v; want %#v", text, python, again, err, v)
		}
		if !isASCII(python) {
			t.Errorf("%q: wrote %q, want ASCII", text, python)
		}
		if shown := forGo.append(nil, v); !json.Valid(shown) {
			t.Errorf("%q: showed %q, which is no JSON", text, shown)
		}
		once := forPython.append(nil, guard(v))
		if v, err = parseJSON(string(once)); err != nil {
			return // guards may nest it too deep
		}
		if twice := forPython.append(nil, guard(v)); string(twice) != string(once) {
			t.Errorf("%q: guarded twice it is %s, want %s", text, twice, once)
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// TestShownAsGoWritesIt: the framework compares texts to see what a handler
// changed, so ours is encoding/json's.
func TestShownAsGoWritesIt(t *testing.T) {
	for _, v := range []any{"", "a\"\\\b\f\n\r\t\x00\x1f\x7f", "é\u2028\u2029😀<>&", []any{nil, true, false}, map[string]any{"b": 1, "a": "x", "é": 2, "z": 3}} {
		want, err := marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parseJSON(string(want))
		if got := forGo.append(nil, parsed); err != nil || string(got) != string(want) {
			t.Errorf("%q: got %s, %v; want %s", v, got, err, want)
		}
	}
}

// FuzzTaggedJSON: what goes into a session comes out of it, of every type and
// however nested. The input is a recipe for a value.
func FuzzTaggedJSON(f *testing.F) {
	for _, recipe := range []string{"", "0", "1x", "2abc", "3\x05", "4\x01\x02", "51234567890123456", "6abcdefgh", "7<b>", "8\x03123", "9\x021a2b", ":\x01 t1x", ":\x01 di:\x01 b1y", "A1"} {
		f.Add([]byte(recipe))
	}
	f.Fuzz(func(t *testing.T, recipe []byte) {
		cook := cook{rest: recipe}
		value := cook.value(0)
		raw, err := marshal(value)
		if err != nil {
			t.Fatalf("%#v: %v", value, err)
		}
		text, err := saveValues(map[string]json.RawMessage{"v": raw}, nil)
		if err != nil {
			t.Fatalf("%#v: %v", value, err)
		}
		values, _, err := openValues(string(text))
		if err != nil {
			t.Fatalf("%#v: %s: %v", value, text, err)
		}
		parsed, _ := parseJSON(string(values["v"]))
		// A Dict whose content its tag does not fit comes back as the map that it
		// is; TestUntag has which.
		if got := Untag(parsed); !reflect.DeepEqual(withoutDicts(got), withoutDicts(value)) {
			t.Errorf("got %#v, want %#v; the session was %s", got, value, text)
		}
	})
}

// withoutDicts returns v with a plain map in the place of each Dict.
func withoutDicts(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutDicts(v[i])
		}
	case Tuple:
		for i := range v {
			v[i] = withoutDicts(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = withoutDicts(v[key])
		}
	case Dict:
		return withoutDicts(map[string]any(v))
	}
	return v
}

// cook makes a value of the types that Untag returns.
type cook struct{ rest []byte }

func (c *cook) take(n int) []byte {
	n = min(n, len(c.rest))
	taken := c.rest[:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *cook) byte() int {
	for _, b := range c.take(1) {
		return int(b)
	}
	return 0
}

func (c *cook) text() string { return strings.ToValidUTF8(string(c.take(c.byte()%8)), "?") }

func (c *cook) value(depth int) any {
	kind := c.byte() % 11
	if depth > 20 {
		kind %= 7
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return c.text()
	case 2:
		return c.byte()%2 == 0
	case 3:
		return c.byte() << (c.byte() % 50)
	case 4:
		return append(Bytes{}, c.take(c.byte()%8)...)
	case 5:
		var u UUID
		copy(u[:], c.take(16))
		return u
	case 6:
		const from, to = -59e9, 253e9 // the years 100 to 9987
		return Time{time.Unix((from+int64(c.byte())<<30+int64(c.byte())<<16)%to, 0).UTC()}
	case 7:
		return Markup(c.text())
	case 8:
		list := []any{}
		for range c.byte() % 4 {
			list = append(list, c.value(depth+1))
		}
		return list
	case 9:
		tuple := Tuple{}
		for range c.byte() % 4 {
			tuple = append(tuple, c.value(depth+1))
		}
		return tuple
	}
	object := map[string]any{}
	for range c.byte() % 4 {
		key := c.text()
		if c.byte()%2 == 0 {
			key = tags[c.byte()%len(tags)]
		}
		object[key] = c.value(depth + 1)
	}
	if _, _, ok := onlyTag(object); ok {
		return Dict(object)
	}
	return object
}
