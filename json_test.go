package hipflask

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// byEncodingJSON is what marshal must write.
func byEncodingJSON(value any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func checkJSON(t *testing.T, value any) {
	t.Helper()
	want, wantErr := byEncodingJSON(value)
	got, err := appendJSON([]byte("before "), value, 0)
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Errorf("%#v: got error %v, want %v", value, err, wantErr)
	} else if err == nil && string(got) != "before "+want {
		t.Errorf("%#v: got %s, want %s", value, got, want)
	}
}

type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

// TestAppendJSON: what is written without encoding/json is what encoding/json
// writes, errors included.
func TestAppendJSON(t *testing.T) {
	var nilMap map[string]any
	var nilData Data
	loop := map[string]any{}
	loop["loop"] = loop
	for _, value := range []any{
		nil, true, "é<>&\u2028\"\xff", 7, int64(-7), uint8(7), 1.5, 1e21, 1e-7, math.Inf(1), math.NaN(), float32(1.1),
		[]string{}, []string(nil), []string{"a", "<b>"}, []any{}, []any(nil), []any{1, nil, "x", []any{2.5}, map[string]any{"k": false}},
		map[string]any{}, nilMap, nilData, Data{"b": 1, "a": Data{"c": nil}, "<": "é"}, map[string]string{"b": "x", "a": "y"}, map[int]string{2: "b", 1: "a"},
		[]map[string]any{}, []map[string]any(nil), []map[string]any{{"a": 1}, nil, {}},
		struct {
			A int    `json:"a,omitempty"`
			B []byte `json:"b"`
		}{0, []byte("x")},
		jsonText(`{"x": 1}`), jsonText(`{`), json.RawMessage(`[1, 2]`), json.Number("12"), []any{jsonText(`{`)}, map[string]any{"f": func() {}}, []any{make(chan int)}, map[string]any{"n": math.NaN()}, loop,
		Message{"error", "Wrong <name>."}, []Message{{"a", "b"}},
		nested(99), nested(100), nested(101), nested(2000),
	} {
		checkJSON(t, value)
	}
}

func nested(depth int) (value any) {
	for range depth {
		value = []any{map[string]any{"k": value}}
	}
	return value
}

// FuzzAppendJSON writes again whatever JSON can say.
func FuzzAppendJSON(f *testing.F) {
	for _, text := range []string{`null`, `[1,-0.5,1e300,"\u2028<",{"b":[],"a":{}}]`, `{"":{"\ud800":true}}`, `"\u0000"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var value any
		if json.Unmarshal([]byte(text), &value) == nil {
			checkJSON(t, value)
		}
		if unmarshal([]byte(text), &value) == nil {
			checkJSON(t, value)
		}
		checkJSON(t, map[string]any{text: text})
	})
}
