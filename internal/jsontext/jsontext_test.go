package jsontext

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

var texts = []string{"", "plain", "é日本\U0001F600", `"\/`, "<a href='x'>&", "\x00\x01\x1f\x7f\b\f\n\r\t", "\u2028\u2029\u202a", "a\xffb\xe2\x80", "\xed\xa0\x80", "\ufffd"}

func stdString(t testing.TB, text string, html bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if err := enc.Encode(text); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func checkString(t testing.TB, text string) {
	t.Helper()
	for _, html := range []bool{true, false} {
		want := stdString(t, text, html)
		if got := string(AppendString([]byte("x"), text, html)); got != "x"+want {
			t.Errorf("%q, for HTML %v: got %s, want %s", text, html, got[1:], want)
		}
		if got := string(AppendString(nil, []byte(text), html)); got != want {
			t.Errorf("%q, for HTML %v: got %s, want %s", text, html, got, want)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkString(t, text)
		var want string
		isString := json.Unmarshal([]byte(text), &want) == nil && strings.HasPrefix(text, `"`)
		if got, ok := PlainString(text); ok && (!isString || got != want) {
			t.Errorf("PlainString(%s): got %q, want %q, %v", text, got, want, isString)
		}
		plain := `"` + text + `"`
		_, ok := PlainString(plain)
		if isPlain := json.Unmarshal([]byte(plain), &want) == nil && want == text; ok != isPlain {
			t.Errorf("PlainString(%s): got %v, want %v", plain, ok, isPlain)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, n := range []float64{0, math.Copysign(0, -1), 1, -1.5, 1e6, 1e20, 1e21, 1e-6, 1e-7, 9.99e-7, 123456789.123, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN(), 1e-10, 1e100} {
		f.Add(n, "12")
	}
	for _, text := range []string{"0", "-0", "01", "-", "", "+1", "1.0", "1e3", "9223372036854775807", "9223372036854775808", "-9223372036854775808", " 1", "0x1", "1_000"} {
		f.Add(1.0, text)
	}
	f.Fuzz(func(t *testing.T, n float64, text string) {
		want, err := json.Marshal(n)
		got, ok := AppendFloat(nil, n)
		if ok != (err == nil) || ok && string(got) != string(want) {
			t.Errorf("AppendFloat(%v): got %s, %v, want %s, %v", n, got, ok, want, err)
		}
		var whole int
		isInt := json.Unmarshal([]byte(text), &whole) == nil && text != "null" && strings.TrimSpace(text) == text
		if got, ok := Int(text); ok && (!isInt || got != whole) || !ok && isInt && text != "-0" {
			t.Errorf("Int(%q): got %d, %v, want %d, %v", text, got, ok, whole, isInt)
		}
	})
}

func FuzzEnd(f *testing.F) {
	for _, text := range []string{`1`, `"a"`, `"a\"]"`, `[]`, `{}`, `[1,[2,{"a":"]"}],null]`, `{"a":{"b":[true]},"c":"\\"}`, `-1.5e3`, `null`, `[`, `"`, `]`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		if json.Compact(&b, []byte(text)) != nil {
			if end := End(text, 0); end > len(text) {
				t.Errorf("End(%q): got %d, behind its end", text, end)
			}
			return
		}
		compact := b.String()
		for _, rest := range []string{"", ",1", "}", `]"`} {
			if got := End("x:"+compact+rest, 2); got != 2+len(compact) {
				t.Errorf("End(%s%s): got %d, want %d", compact, rest, got-2, len(compact))
			}
		}
	})
}
