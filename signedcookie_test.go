package hipflask

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
)

// FuzzSigner: securecookie reads what signer writes, and signer what securecookie
// writes; what one of the two refuses, so does the other.
func FuzzSigner(f *testing.F) {
	key := bytes.Repeat([]byte("k"), 32)
	own := &signer{key: key}
	library := securecookie.New(key, nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0).MaxLength(0)
	for _, text := range []string{"", "{}", `{"t":1,"v":{"a":"|é<>"}}`, strings.Repeat("x", 1<<16)} {
		cookie, err := library.Encode("session", []byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add("session", text, cookie)
		f.Add("session;permanent", text, cookie[1:])
	}
	f.Add("", "", "fHw=")
	f.Add("session", "", "MXx8")
	f.Add("a|b", "1", "MXwyfDM=")
	f.Fuzz(func(t *testing.T, name, value, cookie string) {
		var read []byte
		issued := time.Unix(1_800_000_000, 0)
		values := sessionValues{{"key", `"` + value + `"`}}
		written, err := own.appendEncoded([]byte("before "), name, values, issued)
		if err != nil {
			t.Fatal(err)
		}
		written = bytes.TrimPrefix(written, []byte("before "))
		payload := string(appendPayload(nil, values, issued))
		if err := library.Decode(name, string(written), &read); err != nil || string(read) != payload {
			t.Errorf("securecookie reads %q, %v, want %q", read, err, payload)
		}
		if got, ok := own.decode(name, string(written)); !ok || got != payload {
			t.Errorf("read back: got %q, %v, want %q", got, ok, payload)
		}
		if got, ok := own.decode(name+"2", string(written)); ok {
			t.Errorf("under another name: got %q", got)
		}
		theirs, err := library.Encode(name, []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := own.decode(name, theirs); !ok || got != value {
			t.Errorf("of securecookie: got %q, %v, want %q", got, ok, value)
		}

		// Anything at all.
		got, ok := own.decode(name, cookie)
		if err := library.Decode(name, cookie, &read); ok != (err == nil) || ok && got != string(read) {
			t.Errorf("%q: got %q, %v, and securecookie says %q, %v", cookie, got, ok, read, err)
		}
		// Each byte of a cookie counts, but for the spare bits of its last group.
		changed := bytes.Clone(written)
		at := len(value) % (len(changed) - 4)
		changed[at] ^= 1
		if got, ok := own.decode(name, string(changed)); ok {
			t.Errorf("with byte %d changed: got %q", at, got)
		}
	})
}

// FuzzPayload: the fast reader of a payload takes what encoding/json takes, in
// the same sense.
func FuzzPayload(f *testing.F) {
	for _, text := range []string{`{"t":1,"v":{}}`, `{"t":1,"v":{"a":1,"b":[1,{"c":"}"}],"é":"\"x"}}`, `{"v":{"a":1},"t":2}`, `{"t":-5,"v":{"b":1,"a":2}}`,
		`{"t":1,"v":{"a":1,"a":2}}`, `{"t": 1,"v":{"a":1}}`, `{"t":01,"v":{}}`, `{"t":+1,"v":{}}`, `{"t":1,"v":{"a":1}`, `{"t":1,"v":{"a":1}}}`, `{"t":1,"v":{"a":1,}}`,
		`{"t":1,"v":{"a"}}`, `{"t":1,"v":{"a":}}`, `{"t":1,"v":{,}}`, `{"t":1,"v":{"\u0061":1}}`, `{"t":1,"v":null}`, `{"t":9223372036854775808,"v":{}}`, `{"t":1,"v":{"a`, `{"t":1`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parsePlainPayload(text, nil)
		var want cookiePayload
		var compact bytes.Buffer
		if !ok || json.Unmarshal([]byte(text), &want) != nil || json.Compact(&compact, []byte(text)) != nil || compact.String() != text {
			return // not what appendPayload writes, and nothing else is ever signed
		}
		if got.issued != want.Issued && !(want.Issued == 0 && got.issued == -1) {
			t.Errorf("%s: issued %d, want %d", text, got.issued, want.Issued)
		}
		if !maps.EqualFunc(got.values.asMap(), want.Values, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%s: got %q, want %q", text, got.values.asMap(), want.Values)
		}
		if !slices.IsSortedFunc(got.values, func(a, b sessionValue) int { return strings.Compare(a.key, b.key) }) {
			t.Errorf("%s: not in order: %q", text, got.values)
		}
	})
}

// TestPayload: what appendPayload writes is what encoding/json writes, and is read
// without it.
func TestPayload(t *testing.T) {
	issued := time.Unix(1_800_000_000, 0)
	for _, want := range []map[string]json.RawMessage{
		{},
		{"a": json.RawMessage(`1`)},
		{"": json.RawMessage(`""`), "a": json.RawMessage(`{"x":[1,2,{"y":"}]"}]}`), "b": json.RawMessage(`null`), "é": json.RawMessage(`"\""`)},
		{"_flashes": json.RawMessage(`[["message","Saved."]]`), "_permanent": json.RawMessage(`true`)},
	} {
		text := string(appendPayload(nil, valuesOf(want), issued))
		var byJSON bytes.Buffer
		enc := json.NewEncoder(&byJSON)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(cookiePayload{issued.Unix(), want}); err != nil || text+"\n" != byJSON.String() {
			t.Errorf("got %s, want %s (%v)", text, byJSON.String(), err)
		}
		got, ok := parsePlainPayload(text, make(sessionValues, 0, 4))
		if !ok || got.issued != issued.Unix() || !maps.EqualFunc(got.values.asMap(), want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%s: got %q, %d, %v", text, got.values, got.issued, ok)
		}
	}
	// A key that must be escaped is read by encoding/json.
	text := string(appendPayload(nil, sessionValues{{"a\"\n", "1"}}, issued))
	if _, plain := parsePlainPayload(text, nil); plain {
		t.Errorf("%s is read as plain", text)
	}
	if got, ok := parsePayload(text, nil); !ok || got.values[0] != (sessionValue{"a\"\n", "1"}) {
		t.Errorf("%s: got %q, %v", text, got.values, ok)
	}
}

// FuzzCookieHeader: cookieValues finds what net/http finds, and besides only what
// no cookie may be.
func FuzzCookieHeader(f *testing.F) {
	for _, line := range []string{"session=a", "a=b; session=c; session=d", `session="a b"`, "session=", "session", " session = x ;", "session=a;;session=b", "session=\"", "session=a\x00b", "x=session=1", "session=é", "Session=a", "session=a=b"} {
		f.Add(line, "")
	}
	f.Add("a=1", "session=2")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := &http.Request{Header: http.Header{"Cookie": {first, second}}}
		if !validField(first) || !validField(second) {
			return // net/http lets no such header in
		}
		var want []string
		for _, cookie := range r.CookiesNamed("session") {
			want = append(want, cookie.Value)
		}
		var got []string
		for value := range cookieValues(r.Header, "session") {
			if isCookieValue(value) || slices.Contains(want, value) {
				got = append(got, value)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q, %q: got %q, want %q", first, second, got, want)
		}
	})
}

// validField reports whether a header may have a value.
func validField(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
