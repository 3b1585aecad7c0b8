package hipflask

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/hipflask/hipflask/internal/jsontext"
)

// cookieStore is the default SessionStore: the session itself is the cookie,
// signed, so that a visitor can read but not change it, or encrypted too.
//
// What is signed is JSON: the time of issue and the values. Age and size are
// checked by hipflask, so securecookie, where it encrypts, has no limits of its own.
//
// The cookie of a permanent session begins with permanentMark, which is signed
// with it; see mayRefreshSession.
type cookieStore struct {
	name      string
	permanent string        // how a permanent session's cookie begins, name and all
	codecs    []cookieCodec // the first signs; the others, for the fallback keys, only read
}

// cookieCodec makes a cookie's value of a payload, for a name that is signed with it.
type cookieCodec interface {
	appendEncoded(dst []byte, name string, values sessionValues, issued time.Time) ([]byte, error)
	decode(name, value string) (payload string, ok bool)
}

const permanentMark = "p."

// signedName is the name that is signed with the value; one with a semicolon
// cannot be that of another cookie.
func (cs *cookieStore) signedName(permanent bool) string {
	if permanent {
		return cs.name + ";permanent"
	}
	return cs.name
}

// cookiePayload is the signed text.
type cookiePayload struct {
	Issued int64                      `json:"t"` // seconds since 1970
	Values map[string]json.RawMessage `json:"v"`
}

func newCookieStore(cfg *Config) (*cookieStore, error) {
	name := cfg.sessionCookieName()
	store := &cookieStore{name: name, permanent: name + "=" + permanentMark}
	for _, secret := range append([]string{cfg.SecretKey}, cfg.SecretKeyFallbacks...) {
		codec, err := newSessionCodec(secret, cfg.SessionCookieEncrypt)
		if err != nil {
			return nil, err
		}
		store.codecs = append(store.codecs, codec)
	}
	return store, nil
}

// newSessionCodec makes the codec for one secret. Signed and encrypted cookies
// have different keys for their signatures too: neither is ever taken for the
// other, and switching Config.SessionCookieEncrypt begins every session anew. A
// reader that tried both would let a signed cookie in where only encrypted ones
// were meant to count.
func newSessionCodec(secret string, encrypt bool) (cookieCodec, error) {
	if !encrypt {
		key, err := deriveKey(secret, "session/signed")
		return &signer{key: key}, err
	}
	block, err := deriveKey(secret, "session/encryption")
	if err != nil {
		return nil, err
	}
	mac, err := deriveKey(secret, "session/encrypted")
	if err != nil {
		return nil, err
	}
	return encrypter{securecookie.New(mac, block).SetSerializer(securecookie.NopEncoder{}).MaxAge(0).MaxLength(0)}, nil
}

// deriveKey makes a key of 32 bytes for one purpose from the secret, so that
// what is signed for one is worth nothing for another.
func deriveKey(secret, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "hipflask/"+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("hipflask: Config.SecretKey: %w", err)
	}
	return key, nil
}

// Open implements [SessionStore].
func (cs *cookieStore) Open(_ context.Context, cookie string) (SessionData, bool, error) {
	opened, found := cs.open(cookie, nil)
	return SessionData{Values: opened.values.asMap(), Issued: time.Unix(opened.issued, 0), Resave: opened.resave}, found, nil
}

// Save implements [SessionStore].
func (cs *cookieStore) Save(_ context.Context, data SessionData) (string, error) {
	cookie, err := cs.save(nil, valuesOf(data.Values), data.Issued)
	return string(cookie), err
}

// open reads a cookie, its values into room if they fit.
func (cs *cookieStore) open(cookie string, room sessionValues) (opened openedSession, found bool) {
	cookie, permanent := strings.CutPrefix(cookie, permanentMark)
	if !isCanonical(cookie) {
		return opened, false
	}
	for i, codec := range cs.codecs {
		text, ok := codec.decode(cs.signedName(permanent), cookie)
		if !ok {
			continue
		}
		opened, found = parsePayload(text, room)
		opened.resave = i > 0
		return opened, found
	}
	return opened, false
}

// save appends the cookie's value.
func (cs *cookieStore) save(dst []byte, values sessionValues, issued time.Time) ([]byte, error) {
	permanent := values.permanent()
	if permanent {
		dst = append(dst, permanentMark...)
	}
	return cs.codecs[0].appendEncoded(dst, cs.signedName(permanent), values, issued)
}

// appendPayload writes a cookiePayload, as encoding/json would.
func appendPayload(dst []byte, values sessionValues, issued time.Time) []byte {
	dst = strconv.AppendInt(append(dst, `{"t":`...), issued.Unix(), 10)
	dst = append(dst, `,"v":{`...)
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendString(dst, value.key, false), ':')
		dst = append(dst, value.json...)
	}
	return append(dst, "}}"...)
}

// parsePayload reads a cookiePayload. One that was not written by appendPayload is
// read by encoding/json.
func parsePayload(text string, room sessionValues) (opened openedSession, ok bool) {
	if opened, ok = parsePlainPayload(text, room); ok {
		return opened, true
	}
	var payload cookiePayload
	if json.Unmarshal([]byte(text), &payload) != nil {
		return openedSession{}, false
	}
	return openedSession{values: valuesOf(payload.Values), issued: cmp.Or(payload.Issued, -1)}, true
}

func parsePlainPayload(text string, room sessionValues) (opened openedSession, ok bool) {
	rest, ok := strings.CutPrefix(text, `{"t":`)
	if !ok {
		return opened, false
	}
	seconds, rest, _ := strings.Cut(rest, ",")
	issued, err := strconv.ParseInt(seconds, 10, 64)
	if rest, ok = strings.CutPrefix(rest, `"v":{`); !ok || err != nil {
		return opened, false
	}
	opened.issued = cmp.Or(issued, -1)
	if rest == "}}" {
		return opened, true
	}
	opened.values = room[:0]
	for i := 0; i < len(rest); i++ {
		colon := i + 1 + strings.IndexByte(rest[i+1:], '"') + 1
		key, plain := jsontext.PlainString(rest[i:colon])
		end := jsontext.End(rest, colon+1)
		if n := len(opened.values); !plain || end < 0 || rest[colon] != ':' || n > 0 && opened.values[n-1].key >= key {
			return opened, false
		}
		opened.values = append(opened.values, sessionValue{key, rest[colon+1 : end]})
		if i = end; i >= len(rest) || rest[i] != ',' {
			return opened, rest[i:] == "}}"
		}
	}
	return opened, false
}

// isCanonical reports whether text is how base64 is written. The decoder also
// takes line breaks, and any spare bits in the last group: several texts for
// one cookie, where a list of ended sessions might look for one.
func isCanonical(text string) bool {
	if len(text) == 0 || len(text)%4 != 0 || strings.IndexByte(text, '\r') >= 0 || strings.IndexByte(text, '\n') >= 0 {
		return false
	}
	var last [3]byte
	_, err := strictBase64.Decode(last[:], []byte(text[len(text)-4:]))
	return err == nil
}

var strictBase64 = base64.URLEncoding.Strict()

// signer signs a cookie just as securecookie does, which reads what it writes and
// the other way round. It keeps the state of its HMAC, which securecookie makes
// anew each time, and the buffers; both took longer than the signing.
type signer struct {
	key  []byte
	free sync.Pool // of *signing
}

// signing is what a cookie is signed with, and where.
type signing struct {
	mac          hash.Hash
	text, signed []byte
}

func (s *signer) begin() *signing {
	if w, ok := s.free.Get().(*signing); ok {
		return w
	}
	return &signing{mac: hmac.New(sha256.New, s.key)}
}

func (s *signer) end(w *signing) {
	if cap(w.text)+cap(w.signed) <= 64<<10 {
		s.free.Put(w)
	}
}

// appendEncoded makes the value: base64 of the time, the payload in base64, and the
// MAC of name, time and payload, with a bar between each two.
func (s *signer) appendEncoded(dst []byte, name string, values sessionValues, issued time.Time) ([]byte, error) {
	w := s.begin()
	defer s.end(w)
	w.text = appendPayload(w.text[:0], values, issued)
	// 1. What is signed: name|time|payload.
	signed := append(append(w.signed[:0], name...), '|')
	signed = append(strconv.AppendInt(signed, issued.Unix(), 10), '|')
	signed = base64.URLEncoding.AppendEncode(signed, w.text)
	// 2. The MAC takes the place of the name, behind the rest.
	w.signed = w.appendMAC(append(signed, '|'), signed)
	// 3. All of it in base64.
	return base64.URLEncoding.AppendEncode(dst, w.signed[len(name)+1:]), nil
}

func (s *signer) decode(name, value string) (payload string, ok bool) {
	w := s.begin()
	defer s.end(w)
	w.text = append(w.text[:0], value...)
	signed, err := base64.URLEncoding.AppendDecode(append(append(w.signed[:0], name...), '|'), w.text)
	w.signed = signed
	if err != nil {
		return "", false
	}
	_, rest, _ := bytes.Cut(signed[len(name)+1:], []byte("|"))
	encoded, mac, found := bytes.Cut(rest, []byte("|"))
	if !found {
		return "", false
	}
	w.text = w.appendMAC(w.text[:0], signed[:len(signed)-len(mac)-1])
	if !hmac.Equal(mac, w.text) {
		return "", false
	}
	w.text, err = base64.URLEncoding.AppendDecode(w.text[:0], encoded)
	return string(w.text), err == nil
}

func (w *signing) appendMAC(dst, signed []byte) []byte {
	w.mac.Reset()
	w.mac.Write(signed)
	return w.mac.Sum(dst)
}

// encrypter is securecookie.
type encrypter struct{ *securecookie.SecureCookie }

func (e encrypter) appendEncoded(dst []byte, name string, values sessionValues, issued time.Time) ([]byte, error) {
	cookie, err := e.Encode(name, appendPayload(nil, values, issued))
	return append(dst, cookie...), err
}

func (e encrypter) decode(name, value string) (string, bool) {
	var payload []byte
	err := e.Decode(name, value, &payload)
	return string(payload), err == nil
}
