package flaskcompat

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/hipflask/hipflask"
)

// What a cookie may ask for before it is an empty session. Whoever can sign one,
// or put text into a session of Flask's, could otherwise have the memory of a
// thousand times its length.
const (
	maxPayload = 64 << 10             // bytes of JSON, decompressed
	maxCookie  = 4*maxPayload/3 + 100 // bytes of the whole
)

// SessionStore keeps sessions in the cookie of Flask's own
// SecureCookieSessionInterface. Make it with [NewSessionStore].
type SessionStore struct {
	// Salt is that of the Flask application's session interface; empty means
	// Flask's own, "cookie-session". Set it before the App's setup ends.
	Salt string

	keys atomic.Pointer[[]signingKey]
}

var _ hipflask.SessionStore = (*SessionStore)(nil)

// NewSessionStore returns the store for one App's Config.SessionStore. Its keys
// are Config.SecretKey, which signs, and Config.SecretKeyFallbacks, which are
// only read with: those of the Flask application. An App without a secret key
// does not start.
func NewSessionStore() *SessionStore { return new(SessionStore) }

// signingKey is what itsdangerous derives from a secret key.
type signingKey [sha1.Size]byte

func newSigningKey(secret, salt string) signingKey {
	return signingKey(hmacSHA1([]byte(secret), salt))
}

func (k signingKey) sign(text string) []byte { return hmacSHA1(k[:], text) }

func hmacSHA1(key []byte, text string) []byte {
	mac := hmac.New(sha1.New, key)
	io.WriteString(mac, text)
	return mac.Sum(nil)
}

// Configure takes the keys from cfg. The App calls it when its setup ends; see
// [hipflask.SessionStore]. It is an error if there is no secret key, if
// SessionCookieEncrypt asks for what Flask cannot read, or if the store serves
// an App with other keys.
func (s *SessionStore) Configure(cfg *hipflask.Config) error {
	switch {
	case cfg.SecretKey == "":
		return errors.New("flaskcompat: the session store needs Config.SecretKey (SECRET_KEY), the same as the Flask application's")
	case cfg.SessionCookieEncrypt:
		return errors.New("flaskcompat: Config.SessionCookieEncrypt (SESSION_COOKIE_ENCRYPT) is set, but Flask cannot read an encrypted session")
	}
	salt := cmp.Or(s.Salt, "cookie-session")
	keys := []signingKey{newSigningKey(cfg.SecretKey, salt)}
	for _, secret := range cfg.SecretKeyFallbacks {
		keys = append(keys, newSigningKey(secret, salt))
	}
	if !s.keys.CompareAndSwap(nil, &keys) && !slices.Equal(*s.keys.Load(), keys) {
		return errors.New("flaskcompat: the session store serves another App, with other keys; make each its own with NewSessionStore")
	}
	return nil
}

// signingKeys returns the keys, the one that signs first.
func (s *SessionStore) signingKeys() ([]signingKey, error) {
	if keys := s.keys.Load(); keys != nil {
		return *keys, nil
	}
	return nil, errors.New("flaskcompat: the session store has no keys; set it as Config.SessionStore, or call Configure")
}

// Open implements [hipflask.SessionStore]. Where Flask answers with a 500, since
// what is signed is no session, it finds none. It finds none either in a cookie
// whose JSON is above 64 KiB or more than 400 levels deep.
func (s *SessionStore) Open(_ context.Context, cookie string) (data hipflask.SessionData, found bool, err error) {
	keys, err := s.signingKeys()
	if err != nil {
		return data, false, err
	}
	payload, issued, key := unsign(keys, cookie)
	if key < 0 || issued.After(time.Now()) {
		return data, false, nil
	}
	text, err := decodePayload(payload)
	if err != nil {
		return data, false, nil
	}
	data.Values, data.State, err = openValues(text)
	data.Issued, data.Resave = issued, key > 0
	return data, err == nil, nil
}

// Save implements [hipflask.SessionStore]. What did not change since Open is
// written as Flask wrote it.
func (s *SessionStore) Save(_ context.Context, data hipflask.SessionData) (cookie string, err error) {
	keys, err := s.signingKeys()
	if err != nil || len(data.Values) == 0 {
		return "", err
	}
	was, _ := data.State.(*original)
	text, err := saveValues(data.Values, was)
	if err != nil {
		return "", err
	}
	signed := encodePayload(text) + "." + encodeTime(data.Issued)
	return signed + "." + base64.RawURLEncoding.EncodeToString(keys[0].sign(signed)), nil
}

// The signature: payload.timestamp.signature

// unsign returns the payload and its time, and which key signed them; -1 for
// none.
func unsign(keys []signingKey, cookie string) (payload string, issued time.Time, key int) {
	signed, signature, ok := cutLast(cookie)
	payload, timestamp, ok2 := cutLast(signed)
	if !ok || !ok2 || len(cookie) > maxCookie {
		return "", issued, -1
	}
	mac, err := decodeBase64(signature)
	if err != nil {
		return "", issued, -1
	}
	key = slices.IndexFunc(keys, func(k signingKey) bool { return hmac.Equal(k.sign(signed), mac) })
	if issued, ok = decodeTime(timestamp); !ok {
		return "", issued, -1
	}
	return payload, issued, key
}

// cutLast is strings.Cut around the last dot.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// decodeBase64 takes padding, and spare bits in the last character, as Flask
// does; not the line breaks that Go's decoder skips, and not all the other
// characters that Python's skips.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

func encodeTime(t time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(t.Unix()))
	return base64.RawURLEncoding.EncodeToString(bytes.TrimLeft(b, "\x00"))
}

// decodeTime reads seconds since 1970, of up to five bytes: more would be after
// the year 36000.
func decodeTime(s string) (t time.Time, ok bool) {
	b, err := decodeBase64(s)
	if b = bytes.TrimLeft(b, "\x00"); err != nil || len(b) > 5 {
		return t, false
	}
	var seconds int64
	for _, c := range b {
		seconds = seconds<<8 | int64(c)
	}
	return time.Unix(seconds, 0), true
}

// The payload: base64 of JSON, or a dot and base64 of its zlib

var errTooLong = errors.New("it is too long")

func decodePayload(payload string) (string, error) {
	payload, compressed := strings.CutPrefix(payload, ".")
	text, err := decodeBase64(payload)
	if err == nil && compressed {
		text, err = inflate(text)
	}
	switch {
	case err != nil:
		return "", err
	case len(text) > maxPayload:
		return "", errTooLong
	case !utf8.Valid(text):
		return "", errSyntax
	}
	return string(text), nil
}

// encodePayload compresses where Flask would. Longer text than Open reads stays
// as it is, too long for a cookie: the framework then says so.
func encodePayload(text []byte) string {
	if len(text) <= maxPayload {
		if small := deflate(text); len(small) < len(text)-1 {
			return "." + base64.RawURLEncoding.EncodeToString(small)
		}
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Compressors and decompressors are much larger than sessions.
var (
	inflaters sync.Pool // of io.ReadCloser
	deflaters = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}
)

// inflate returns at most one byte more than maxPayload.
func inflate(data []byte) ([]byte, error) {
	r, reused := inflaters.Get().(io.ReadCloser)
	var err error
	if reused {
		err = r.(zlib.Resetter).Reset(bytes.NewReader(data), nil)
	} else {
		r, err = zlib.NewReader(bytes.NewReader(data))
	}
	if err != nil {
		return nil, err
	}
	defer inflaters.Put(r)
	return io.ReadAll(io.LimitReader(r, maxPayload+1))
}

func deflate(text []byte) []byte {
	var b bytes.Buffer
	w := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(w)
	w.Reset(&b)
	w.Write(text) // into memory: there is no error
	w.Close()
	return b.Bytes()
}

// The values

const flashesKey = "_flashes"

// original is what Open found, for Save to write what did not change as it was.
type original struct {
	values  map[string]originalValue
	flashes []originalValue // the list under flashesKey, if it is one of messages
}

type originalValue struct {
	shown json.RawMessage // what Open made of it
	key   string          // Flask's text of its key, and of itself
	text  string
}

// openValues reads Flask's text of a session. The framework's flashed messages
// are lists where Flask's are tuples; all else keeps its tags, but for what [unguard]
// takes off.
func openValues(text string) (map[string]json.RawMessage, *original, error) {
	members, err := parseObject(text)
	if err == nil && len(members) == 1 && slices.Contains(tags, members[0].key) {
		members, err = openGuard(members[0])
	}
	if err != nil {
		return nil, nil, err
	}
	values := make(map[string]json.RawMessage, len(members))
	was := &original{values: make(map[string]originalValue, len(members))}
	for _, m := range members {
		var shown json.RawMessage
		if m.key == flashesKey {
			if list, ok := openFlashes(m.value); ok {
				shown, was.flashes = showFlashes(list), list
			}
		}
		if shown == nil {
			shown = forGo.append(nil, unguard(m.value))
		}
		values[m.key] = shown
		was.values[m.key] = originalValue{shown, m.keyText, m.rawText}
	}
	return values, was, nil
}

// openGuard reads a session whose only key is a tag. Flask writes one whose own
// only key looks so behind its guard; any other is no session to it.
func openGuard(m member) ([]member, error) {
	if m.key != tagDict {
		return nil, errSyntax
	}
	inner, err := parseObject(m.rawText)
	if err != nil {
		return nil, err
	}
	if len(inner) != 1 || !strings.HasSuffix(inner[0].key, "__") {
		return nil, errSyntax
	}
	inner[0].key = strings.TrimSuffix(inner[0].key, "__")
	inner[0].keyText = string(forPython.appendString(nil, inner[0].key))
	return inner, nil
}

// saveGuard puts Flask's guard around a session whose only key is a tag.
func saveGuard(values map[string]json.RawMessage, text []byte) []byte {
	for key := range values {
		if len(values) == 1 && slices.Contains(tags, key) {
			text = bytes.Replace(text, []byte(key), []byte(key+"__"), 1)
			return slices.Concat([]byte(`{"`+tagDict+`":`), text, []byte{'}'})
		}
	}
	return text
}

// saveValues writes Flask's text of a session.
func saveValues(values map[string]json.RawMessage, was *original) ([]byte, error) {
	if was == nil {
		was = &original{}
	}
	b := []byte{'{'}
	for i, key := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			b = append(b, ',')
		}
		old, ok := was.values[key]
		if ok && bytes.Equal(old.shown, values[key]) {
			b = append(append(append(b, old.key...), ':'), old.text...)
			continue
		}
		v, err := parseNew(string(values[key]))
		if err != nil {
			return nil, fmt.Errorf("flaskcompat: the value for session key %q cannot be stored: %w", key, err)
		}
		b = append(forPython.appendString(b, key), ':')
		if list, ok := v.([]any); ok && key == flashesKey {
			b = appendFlashes(b, list, was.flashes)
		} else {
			b = forPython.append(b, guard(v))
		}
	}
	return saveGuard(values, append(b, '}')), nil
}

// openFlashes returns Flask's flashed messages, unless they are anything else
// than a list of pairs.
func openFlashes(v any) ([]originalValue, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	messages := make([]originalValue, len(list))
	for i, element := range list {
		pair, ok := element.([]any)
		if object, isObject := element.(map[string]any); isObject {
			pair, ok = object[tagTuple].([]any)
		}
		if !ok || len(pair) != 2 {
			return nil, false
		}
		messages[i] = originalValue{
			shown: forGo.append(nil, []any{messageText(pair[0]), messageText(pair[1])}),
			text:  string(forPython.append(nil, element)),
		}
	}
	return messages, true
}

// messageText returns the text of a message as Flask's page would have it. It is
// mostly a string.
func messageText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case map[string]any:
		if text, ok := v[tagMarkup].(string); ok && len(v) == 1 {
			return text
		}
	}
	return string(forGo.append(nil, v))
}

// showFlashes returns the messages as the framework has them.
func showFlashes(messages []originalValue) json.RawMessage {
	b := []byte{'['}
	for i, m := range messages {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, m.shown...)
	}
	return append(b, ']')
}

// appendFlashes writes the framework's messages as Flask's. Old ones can only
// have gone, and new ones follow them, so that the old ones among them are found
// in their order: a Markup stays a Markup.
func appendFlashes(b []byte, list []any, was []originalValue) []byte {
	b = append(b, '[')
	for i, message := range list {
		if i > 0 {
			b = append(b, ',')
		}
		shown := forGo.append(nil, message)
		old := slices.IndexFunc(was, func(m originalValue) bool { return bytes.Equal(m.shown, shown) })
		if old >= 0 {
			b = append(b, was[old].text...)
			was = was[old+1:]
			continue
		}
		if pair, ok := message.([]any); ok && len(pair) == 2 {
			message = map[string]any{tagTuple: pair}
		}
		b = forPython.append(b, guard(message))
	}
	return append(b, ']')
}
