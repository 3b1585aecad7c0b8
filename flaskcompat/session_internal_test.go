package flaskcompat

import (
	"encoding/json"
	"maps"
	"testing"
)

// TestOnlyKeyIsTag: a session whose only key looks like a tag stands behind
// Flask's guard, as Flask 3.1.3 writes it. With a second key it does not.
func TestOnlyKeyIsTag(t *testing.T) {
	for _, test := range []struct{ flask, key, value string }{
		{`{" di":{" t__":1}}`, " t", "1"},
		{`{" di":{" di__":{"a":1}}}`, " di", `{"a":1}`},
		{`{" di":{" d__":"x"}}`, " d", `"x"`},
		{`{" x":1}`, " x", "1"},
	} {
		values, was, err := openValues(test.flask)
		if err != nil || len(values) != 1 || string(values[test.key]) != test.value {
			t.Errorf("%s: got %s, %v, want %q: %s", test.flask, values, err, test.key, test.value)
			continue
		}
		for _, from := range []*original{was, nil} {
			if text, err := saveValues(values, from); err != nil || string(text) != test.flask {
				t.Errorf("%s: got %s, %v back", test.flask, text, err)
			}
		}
		more := maps.Clone(values)
		more["zz"] = json.RawMessage("2")
		text, err := saveValues(more, was)
		if want := `{"` + test.key + `":` + test.value + `,"zz":2}`; err != nil || string(text) != want {
			t.Errorf("%s and zz: got %s, %v, want %s", test.flask, text, err, want)
		}
	}
	for _, nonsense := range []string{`{" t":[1]}`, `{" b":"YQ=="}`, `{" di":1}`, `{" di":{"a":1}}`, `{" di":{" t__":1,"b":2}}`} {
		if values, _, err := openValues(nonsense); err == nil {
			t.Errorf("%s: got %s, want an error: it is no session to Flask", nonsense, values)
		}
	}
}
