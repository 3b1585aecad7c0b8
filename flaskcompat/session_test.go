package flaskcompat_test

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/hipflasktest"
)

// vector is one of testdata/cookie-vectors.json: what Flask made of a session,
// and what it answers to a cookie.
type vector struct {
	Name         string
	SecretKeyHex string `json:"secret_key_hex"`
	Salt         string
	Timestamp    int64
	Now          int64 // 0 for the time of the stamp
	Cookie       string
	Valid        bool
	Compressed   bool
	Payload      string
	Note         string
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	readJSON(t, "cookie-vectors.json", &all)
	return all
}

// configure sets the keys of the vector's App.
func (v vector) configure(t testing.TB, cfg *hipflask.Config) {
	t.Helper()
	key, err := hex.DecodeString(v.SecretKeyHex)
	if err != nil {
		t.Fatal(err)
	}
	cfg.SecretKey = string(key)
	if v.Name == "fallback-key" {
		cfg.SecretKey, cfg.SecretKeyFallbacks = "newkey", []string{"older", "secret"}
	}
	store := flaskcompat.NewSessionStore()
	if v.Salt != "cookie-session" {
		store.Salt = v.Salt
	}
	cfg.SessionStore = store
}

// TestVectorsFrontDoor: each accepted cookie is the session it holds, each
// refused one an empty session and a 200, at the time the vector names.
func TestVectorsFrontDoor(t *testing.T) {
	count := map[bool]int{}
	for _, v := range vectors(t) {
		now := time.Unix(max(v.Now, v.Timestamp), 0)
		if v.Now != 0 {
			now = time.Unix(v.Now, 0)
		}
		synctest.Test(t, func(t *testing.T) {
			if now.Before(time.Now()) {
				return // before 2000, where no test's clock goes; TestVectorsRebuilt reads it
			}
			time.Sleep(time.Until(now))
			count[v.Valid]++
			var session map[string]any
			var flashes [][2]string
			app := newApp(t, v.configure, func(c *hipflask.Context) {
				session = contents(c.Session())
				for _, m := range c.FlashedMessages() {
					flashes = append(flashes, [2]string{m.Category, m.Text})
				}
			})
			w := visit(app, "session="+v.Cookie)
			want, wantFlashes := map[string]any{}, [][2]string(nil)
			if v.Valid {
				want, wantFlashes = plain(t, v.Payload)
			}
			if w.Code != 200 || !reflect.DeepEqual(session, want) || !reflect.DeepEqual(flashes, wantFlashes) {
				t.Errorf("%s (%s): got %d, %v, flashed %v; want 200, %v, flashed %v", v.Name, v.Note, w.Code, session, flashes, want, wantFlashes)
			}
		})
	}
	t.Logf("%d accepted, %d refused", count[true], count[false])
	if count[true] < 53 || count[false] != 16 {
		t.Error("these are too few")
	}
}

// plain returns a payload as a handler sees it: tags as they stand, null for
// NaN, and Flask's messages taken out.
func plain(t *testing.T, payload string) (session map[string]any, flashes [][2]string) {
	t.Helper()
	payload = regexp.MustCompile(`:(NaN|-?Infinity)`).ReplaceAllString(payload, ":null")
	if err := json.Unmarshal([]byte(payload), &session); err != nil {
		t.Fatal(err)
	}
	list, _ := session["_flashes"].([]any)
	delete(session, "_flashes")
	for _, message := range list {
		pair := message.(map[string]any)[" t"].([]any)
		if markup, ok := pair[1].(map[string]any); ok {
			pair[1] = markup[" m"]
		}
		flashes = append(flashes, [2]string{pair[0].(string), pair[1].(string)})
	}
	return session, flashes
}

// contents returns a session's values without its messages.
func contents(s *hipflask.Session) map[string]any {
	all := map[string]any{}
	for _, key := range s.Keys() {
		var raw json.RawMessage
		if s.Get(key, &raw) && key != "_flashes" {
			var value any
			json.Unmarshal(raw, &value)
			all[key] = value
		}
	}
	return all
}

// TestVectorsRebuilt: what was read is written again as Flask wrote it, byte for
// byte where it is not compressed. The same if every value were new, but for
// what Go's JSON has no word for.
func TestVectorsRebuilt(t *testing.T) {
	changed := map[string]string{
		"non-finite":              `{"a":null,"b":null,"c":null}`,
		"int-keys":                `{"d":{"10":"a","2":"b"}}`, // Flask sorts numbers before they become text
		"flash-markup":            `{"_flashes":[{" t":["info","<b>ok</b>"]}]}`,
		"foreign-spaces-unsorted": `{"a":"\u00e9<","b":1}`,
	}
	kept := map[string]string{
		"foreign-spaces-unsorted": `{"a":"é<","b":1}`, // the values as they were
	}
	count := map[string]int{}
	for _, v := range vectors(t) {
		if !v.Valid {
			continue
		}
		var cfg hipflask.Config
		v.configure(t, &cfg)
		store := cfg.SessionStore.(*flaskcompat.SessionStore)
		if err := store.Configure(&cfg); err != nil {
			t.Fatal(err)
		}
		data, found, err := store.Open(t.Context(), v.Cookie)
		if v.Name == "time-2e32" { // in the year 2106; TestVectorsFrontDoor reads it there
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Unix(v.Timestamp, 0)))
				data, found, err = store.Open(t.Context(), v.Cookie)
			})
		}
		if err != nil || !found || data.Issued.Unix() != v.Timestamp || data.Resave != (v.Name == "fallback-key") {
			t.Errorf("%s: got found %v, issued %d, resave %v, error %v", v.Name, found, data.Issued.Unix(), data.Resave, err)
			continue
		}
		for _, what := range []string{"kept", "new"} {
			want := cmp.Or(kept[v.Name], v.Payload)
			if what == "new" {
				want, data.State = cmp.Or(changed[v.Name], v.Payload), nil
			}
			cookie, err := store.Save(t.Context(), data)
			if got := payloadOf(t, cookie); err != nil || got != want {
				t.Errorf("%s, %s: got %s, error %v; want %s", v.Name, what, got, err, want)
			}
			count[what]++
			if !v.Compressed && want == v.Payload && v.Name != "fallback-key" {
				count[what+" byte for byte"]++
				if want := canonical(v.Cookie); cookie != want {
					t.Errorf("%s, %s: got %s, want %s", v.Name, what, cookie, want)
				}
			}
		}
	}
	t.Logf("%v", count)
}

// canonical undoes what the two lenient vectors did to their signature.
func canonical(cookie string) string {
	cookie = strings.TrimSuffix(cookie, "=")
	return strings.TrimSuffix(cookie, "2ip") + map[bool]string{true: "2io"}[strings.HasSuffix(cookie, "2ip")]
}

// payloadOf returns the JSON of a cookie, whoever signed it.
func payloadOf(t *testing.T, cookie string) string {
	t.Helper()
	cookie, compressed := strings.CutPrefix(cookie, ".")
	payload, _, _ := strings.Cut(cookie, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Errorf("%s: %v", cookie, err)
	}
	if !compressed {
		return string(text)
	}
	r, err := zlib.NewReader(bytes.NewReader(text))
	if err == nil {
		text, err = io.ReadAll(r)
	}
	if err != nil {
		t.Errorf("%s: %v", cookie, err)
	}
	return string(text)
}

// sign signs what is between the quotes of an itsdangerous cookie, written down
// once more from its documentation.
func sign(secret, payload string, issued time.Time) string {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha1.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stamp, _ := hex.DecodeString(fmt.Sprintf("%010x", issued.Unix()))
	encode := base64.RawURLEncoding.EncodeToString
	signed := payload + "." + encode(bytes.TrimLeft(stamp, "\x00"))
	return signed + "." + encode(mac(mac([]byte(secret), "cookie-session"), signed))
}

// signJSON signs a session's text.
func signJSON(text string) string {
	return sign("secret", base64.RawURLEncoding.EncodeToString([]byte(text)), time.Now())
}

// TestStore: the contract of every session store.
func TestStore(t *testing.T) {
	hipflasktest.TestSessionStore(t, func(cfg *hipflask.Config) {
		store := flaskcompat.NewSessionStore()
		if err := store.Configure(cfg); err != nil { // for what the suite asks the store without an App
			t.Error(err)
		}
		cfg.SessionStore = store
	})
}

// TestSignedNonsense: what is signed and still no session, or asks for too much,
// is an empty session and a 200.
func TestSignedNonsense(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	bomb := func(text string) string { return "." + encode(deflate(text)) }
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	var most uint64
	var mostIn string
	for _, tt := range []struct {
		name, payload string
		found         bool
	}{
		{"a session", encode([]byte(`{"a":1}`)), true},
		{"none", "", false},
		{"a dot", ".", false},
		{"a list", encode([]byte(`[1]`)), false},
		{"a text after it", encode([]byte(`{"a":1}x`)), false},
		{"a comma at the end", encode([]byte(`{"a":1,}`)), false},
		{"no colon", encode([]byte(`{"a"}`)), false},
		{"a key that is no text", encode([]byte(`{1:1}`)), false},
		{"open", encode([]byte(`{"a":[1`)), false},
		{"an open text", encode([]byte(`{"a":"`)), false},
		{"a backslash at the end", encode([]byte(`{"a":"\`)), false},
		{"half an escape", encode([]byte(`{"a":"\u12"}`)), false},
		{"an unknown escape", encode([]byte(`{"a":"\x12"}`)), false},
		{"a line break in a text", encode([]byte("{\"a\":\"\n\"}")), false},
		{"a zero byte behind it", encode([]byte("{\"a\":1}\x00")), false},
		{"no UTF-8", encode([]byte("{\"a\":\"\xff\"}")), false},
		{"a byte order mark", encode([]byte("\ufeff{\"a\":1}")), false},
		{"a number with a zero before it", encode([]byte(`{"a":01}`)), false},
		{"a number without digits", encode([]byte(`{"a":-}`)), false},
		{"NaN", encode([]byte(`{"a":NaN}`)), true},
		{"a word", encode([]byte(`{"a":undefined}`)), false},
		{"one key twice", encode([]byte(`{"a":1,"a":2}`)), true},
		{"no base64", "a!b", false},
		{"no zlib", ".abcd", false},
		{"zlib", bomb(`{"a":1}`), true},
		{"half of zlib", "." + encode(deflate(`{"a":1}`)[:10]), false},
		{"64 KiB", bomb(`{"a":"` + strings.Repeat("x", 64<<10-8) + `"}`), true},
		{"64 KiB and a byte", bomb(`{"a":"` + strings.Repeat("x", 64<<10-7) + `"}`), false},
		{"100 MB of blanks", bomb(strings.Repeat(" ", 100e6)), false},
		{"399 levels and the session's own", encode([]byte(deep(399))), true},
		{"a level more", encode([]byte(deep(400))), false},
		{"a million levels", bomb(deep(1e6)), false},
		{"30,000 levels, in a cookie of 64 KiB", encode([]byte(deep(30000))), false},
		{"20,000 lists", bomb(`{"a":[[]` + strings.Repeat(",[]", 20000) + `]}`), true},
		{"10,000 objects", bomb(`{"a":[{"":{}}` + strings.Repeat(`,{"":{}}`, 7000) + `]}`), true},
		{"30,000 numbers", bomb(`{"a":[1` + strings.Repeat(",1", 30000) + `]}`), true},
		{"a number of 60,000 digits", bomb(`{"a":` + strings.Repeat("1", 60000) + `}`), true},
		{"9,000 keys", bomb(keys(6000)), true},
		{"20,000 messages", bomb(`{"_flashes":[["",""]` + strings.Repeat(`,["",""]`, 8000) + `]}`), true},
		{"escapes", bomb(`{"a":"` + strings.Repeat(`\u00e9`, 10000) + `"}`), true},
		{"halves of surrogate pairs", bomb(`{"a":"` + strings.Repeat(`\ud800`, 10000) + `"}`), true},
	} {
		store := newStore(t)
		cookie := sign("secret", tt.payload, time.Now())
		var found bool
		used := allocated(func() { _, found, _ = store.Open(t.Context(), cookie) })
		if most < used {
			most, mostIn = used, tt.name
		}
		if used > openLimit {
			t.Errorf("%s: Open took %d bytes of memory, want at most %d", tt.name, used, openLimit)
		}
		if found != tt.found {
			t.Errorf("%s: got found %v, want %v", tt.name, found, tt.found)
		}
		empty := true
		app := newApp(t, nil, func(c *hipflask.Context) { empty = len(c.Session().Keys()) == 0 })
		if w := visit(app, "session="+cookie); w.Code != 200 || empty == tt.found {
			t.Errorf("%s: got %d, an empty session %v; want 200, %v", tt.name, w.Code, empty, !tt.found)
		}
	}
	t.Logf("at most %d bytes of memory, for %s", most, mostIn)
}

// openLimit is the memory that reading a cookie may take. The worst is many small
// values, at 16 bytes and more for two of their text.
const openLimit = 6 << 20

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d":1`, i)
	}
	return "{" + b.String()[1:] + "}"
}

func deflate(text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

// TestForgery: no change to a cookie is accepted, but the two spellings of a
// signature that Flask accepts too.
func TestForgery(t *testing.T) {
	store := newStore(t)
	cookie := signJSON(`{"user":"ada","admin":false}`)
	open := func(cookie string) bool {
		_, found, err := store.Open(t.Context(), cookie)
		if err != nil {
			t.Errorf("%q: %v", cookie, err)
		}
		return found
	}
	if !open(cookie) {
		t.Fatalf("%s is not accepted", cookie)
	}
	last := cookie[len(cookie)-1]
	for i := range cookie {
		for bit := range 8 {
			changed := []byte(cookie)
			changed[i] ^= 1 << bit
			spare := i == len(cookie)-1 && sameBits(last, changed[i])
			if open(string(changed)) && !spare {
				t.Errorf("accepted: %q", changed)
			}
		}
		if open(cookie[:i]) {
			t.Errorf("accepted: %q", cookie[:i])
		}
		if open(cookie[:i] + "\n" + cookie[i:]) {
			t.Errorf("accepted with a line break at %d", i)
		}
	}
	other := signJSON(`{"user":"eve","admin":true}`)
	payload, _, _ := strings.Cut(other, ".")
	_, rest, _ := strings.Cut(cookie, ".")
	for _, spliced := range []string{payload + "." + rest, cookie + "." + cookie, other + cookie, "." + cookie, cookie + "."} {
		if open(spliced) {
			t.Errorf("accepted: %q", spliced)
		}
	}
}

// sameBits reports whether two last characters of a signature differ in their
// two spare bits alone.
func sameBits(a, b byte) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i, j := strings.IndexByte(alphabet, a), strings.IndexByte(alphabet, b)
	return b == '=' || j >= 0 && i>>2 == j>>2
}

// TestUntouchedStays: what our side does not change, Flask finds as it left it,
// whatever it is.
func TestUntouchedStays(t *testing.T) {
	for _, text := range []string{
		`"n":NaN`, `"n":[1.0,-0.0,1e999,Infinity]`, `"n":123456789012345678901234567890`,
		`"s":"\ud800"`, `"\udfff":"a key"`, `"s":"\ud83d\ude00"`, `"s":"` + "\u007f" + `é"`,
		`"o":{"b":1, "a":2}`, `"o":{" t":1}`, `"o":{" di":{" t__":[1,2]}}`, `"o":{" x":1}`, `"o":{" b":"no base64"}`,
		`"t":{" t":[{" d":"Thu, 29 Feb 2024 12:34:56 GMT"},{" u":"12345678123456781234567812345678"}]}`,
		`"_flashes":"not messages"`, `"_flashes":[[1]]`, `"_flashes":[{" t":["message",{" m":"<b>x</b>"}]},["error",5]]`,
	} {
		app := newApp(t, nil, func(c *hipflask.Context) { c.Session().Set("zz", 1) })
		w := visit(app, "session="+signJSON("{"+text+"}"))
		want := "{" + text + `,"zz":1}`
		if strings.HasPrefix(text, `"\udfff"`) {
			want = `{"zz":1,` + text + "}"
		}
		if got := payloadOf(t, sessionCookie(t, w)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestFlashes: messages of both sides share the session, in their order, and a
// Markup stays one.
func TestFlashes(t *testing.T) {
	const markup, text, number = `{" t":["info",{" m":"<b>x</b>"}]}`, `{" t":["error","y"]}`, `{" t":["message",5]}`
	before := `{"_flashes":[` + markup + "," + text + "," + number + `]}`
	t.Run("shown", func(t *testing.T) {
		var got []hipflask.Message
		w := visit(newApp(t, nil, func(c *hipflask.Context) { got = c.FlashedMessages() }), "session="+signJSON(before))
		want := []hipflask.Message{{Category: "info", Text: "<b>x</b>"}, {Category: "error", Text: "y"}, {Category: "message", Text: "5"}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if cookie := w.Header().Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=0") {
			t.Errorf("got the cookie %q, want it dropped", cookie)
		}
	})
	for _, tt := range []struct {
		name, before string
		view         func(c *hipflask.Context)
		want         string
	}{
		{"one of ours", `{}`, func(c *hipflask.Context) { c.Flash("z") }, `{"_flashes":[{" t":["message","z"]}]}`},
		{"one of ours behind", before, func(c *hipflask.Context) { c.FlashAs("ok", "<é>") },
			`{"_flashes":[` + markup + "," + text + "," + number + `,{" t":["ok","<\u00e9>"]}]}`},
		{"ours, like an old one", before, func(c *hipflask.Context) { c.FlashAs("error", "y") },
			`{"_flashes":[` + markup + "," + text + "," + number + "," + text + `]}`},
		{"the oldest gone", before, func(c *hipflask.Context) {
			c.Session().Set("_flashes", []any{[]any{"error", "y"}, []any{"message", "5"}})
		},
			`{"_flashes":[` + text + "," + number + `]}`},
		{"ours instead", before, func(c *hipflask.Context) { c.FlashedMessages(); c.Flash("z") }, `{"_flashes":[{" t":["message","z"]}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := visit(newApp(t, nil, tt.view), "session="+signJSON(tt.before))
			if got := payloadOf(t, sessionCookie(t, w)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestFlashesGiveWay: messages that nobody shows end in a session that still fits,
// as with the framework's own cookie.
func TestFlashesGiveWay(t *testing.T) {
	app := newApp(t, nil, func(c *hipflask.Context) {
		c.Session().Set("user", "ada")
		for i := range 3000 {
			c.Flash(fmt.Sprintf("message %d of many, which differ so that they are hard to compress: %x", i, sha1.Sum([]byte{byte(i), byte(i >> 8)})))
		}
	})
	w := visit(app, "")
	got := payloadOf(t, sessionCookie(t, w))
	if w.Code != 200 || !strings.Contains(got, "message 2999 ") || !strings.Contains(got, `"user":"ada"`) || strings.Contains(got, "message 0 ") {
		t.Errorf("got %d, %.200s…; want 200 and the latest messages", w.Code, got)
	}
}

// TestFallbacks: what an old key signed is read, and signed with the new one.
func TestFallbacks(t *testing.T) {
	rotated := func(t testing.TB, cfg *hipflask.Config) {
		cfg.SecretKey, cfg.SecretKeyFallbacks = "new", []string{"older", "oldest"}
	}
	for key, want := range map[string]struct {
		name string
		sent bool
	}{"new": {"ada", false}, "older": {"ada", true}, "oldest": {"ada", true}, "removed": {"", false}, "": {"", false}} {
		var got string
		app := newApp(t, rotated, func(c *hipflask.Context) { got = c.Session().GetString("name") })
		payload := base64.RawURLEncoding.EncodeToString([]byte(`{"name":"ada"}`))
		w := visit(app, "session="+sign(key, payload, time.Now()))
		if sent := w.Header().Get("Set-Cookie") != ""; got != want.name || sent != want.sent {
			t.Errorf("signed with %q: got %q, cookie sent %v; want %q, %v", key, got, sent, want.name, want.sent)
		} else if sent {
			if again := sessionCookie(t, w); payloadOf(t, again) != `{"name":"ada"}` || !opens(t, "new", again) {
				t.Errorf("signed with %q: got %s, want it signed with the new key", key, again)
			}
		}
	}
}

func opens(t *testing.T, key, cookie string) bool {
	t.Helper()
	store := flaskcompat.NewSessionStore()
	if err := store.Configure(&hipflask.Config{SecretKey: key}); err != nil {
		t.Fatal(err)
	}
	_, found, err := store.Open(t.Context(), cookie)
	return found && err == nil
}

// TestConfigure: what cannot work stops the start.
func TestConfigure(t *testing.T) {
	used := newStore(t)
	for name, tt := range map[string]struct {
		config hipflask.Config
		want   string // of the error
	}{
		"one key":              {hipflask.Config{SecretKey: "a"}, ""},
		"the same App's again": {hipflask.Config{SecretKey: "secret", SessionStore: used}, ""},
		"no key":               {hipflask.Config{}, "needs Config.SecretKey (SECRET_KEY)"},
		"encrypted":            {hipflask.Config{SecretKey: "a", SessionCookieEncrypt: true}, "SESSION_COOKIE_ENCRYPT"},
		"an empty fallback":    {hipflask.Config{SecretKey: "a", SecretKeyFallbacks: []string{""}}, "SecretKeyFallbacks[0]"},
		"a fallback twice":     {hipflask.Config{SecretKey: "a", SecretKeyFallbacks: []string{"b", "b"}}, "SecretKeyFallbacks[1]"},
		"another App's store":  {hipflask.Config{SecretKey: "a", SessionStore: used}, "serves another App"},
	} {
		app := hipflask.New("configure")
		app.Config = tt.config
		if app.Config.SessionStore == nil {
			app.Config.SessionStore = flaskcompat.NewSessionStore()
		}
		err := app.Check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got the error %v, want %q", name, err, tt.want)
		}
	}

	store := flaskcompat.NewSessionStore()
	if _, _, err := store.Open(t.Context(), "a.b.c"); err == nil {
		t.Error("Open without keys: got no error")
	}
	if _, err := store.Save(t.Context(), hipflask.SessionData{}); err == nil {
		t.Error("Save without keys: got no error")
	}
}

// TestTooMuch: a session that does not fit is the framework's error, which names
// its keys; so is one nested too deep to be read again.
func TestTooMuch(t *testing.T) {
	deep := func(n int) any {
		var v any
		for range n {
			v = []any{v}
		}
		return v
	}
	random := func(n int) string {
		var b strings.Builder
		for i := range n / 40 {
			fmt.Fprintf(&b, "%x", sha1.Sum(fmt.Append(nil, i)))
		}
		return b.String()
	}
	for _, tt := range []struct {
		name   string
		value  any
		status int
	}{
		{"compressed, it fits", strings.Repeat("x", 60000), 200},
		{"more than is read again", strings.Repeat("x", 70000), 500},
		{"random", random(8000), 500},
		{"100 levels", deep(100), 200},
		{"101 levels", deep(101), 500},
	} {
		w := visit(newApp(t, nil, func(c *hipflask.Context) { c.Session().Set("a", tt.value) }), "")
		if w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.status)
		}
	}
}

func FuzzSessionCookie(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Cookie, false)
		payload, _, _ := strings.Cut(v.Cookie, ".ZVPxAA")
		f.Add(payload, true)
	}
	store := newStore(f)
	f.Fuzz(func(t *testing.T, cookie string, signed bool) {
		if signed {
			cookie = sign("secret", cookie, time.Now())
		}
		var data hipflask.SessionData
		var found bool
		var err error
		if used := allocated(func() { data, found, err = store.Open(context.Background(), cookie) }); used > openLimit+uint64(8*len(cookie)) {
			t.Fatalf("Open took %d bytes of memory", used)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !found || len(data.Values) == 0 {
			return
		}
		for key, raw := range data.Values {
			if !json.Valid(raw) {
				t.Errorf("%q: %q is no JSON", key, raw)
			}
		}
		again, err := store.Save(context.Background(), hipflask.SessionData{Values: data.Values, State: data.State, Issued: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		data2, found, err := store.Open(context.Background(), again)
		if !found || err != nil || !reflect.DeepEqual(data.Values, data2.Values) {
			t.Errorf("saved and opened again: got %s, %v, %v; want %s", data2.Values, found, err, data.Values)
		}
	})
}

// newStore returns a store with the key "secret".
func newStore(t testing.TB) *flaskcompat.SessionStore {
	t.Helper()
	store := flaskcompat.NewSessionStore()
	if err := store.Configure(&hipflask.Config{SecretKey: "secret"}); err != nil {
		t.Fatal(err)
	}
	return store
}

// newApp returns an App with one view, the key "secret" and a store, if
// configure sets no others.
func newApp(t testing.TB, configure func(testing.TB, *hipflask.Config), view func(c *hipflask.Context)) *hipflask.App {
	t.Helper()
	app := hipflask.New("flaskcompat")
	app.Config.SecretKey = "secret"
	app.Config.SessionStore = flaskcompat.NewSessionStore()
	app.Config.Logger = slog.New(slog.DiscardHandler)
	if configure != nil {
		configure(t, &app.Config)
	}
	app.Get("/", func(c *hipflask.Context) error {
		view(c)
		return c.Text("ok")
	}).Name("index")
	return app
}

// visit asks for the view with a Cookie header; "" is none.
func visit(app *hipflask.App, cookie string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	app.ServeHTTP(w, r)
	return w
}

// sessionCookie returns the value of the session cookie that w sets.
func sessionCookie(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == "session" {
			return cookie.Value
		}
	}
	t.Errorf("got %d and no session cookie", w.Code)
	return ""
}
