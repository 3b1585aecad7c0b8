package hipflask

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
)

// cookieStore is the default SessionStore: the session itself is the cookie,
// signed, so that a visitor can read but not change it, or encrypted too.
//
// What is signed is JSON: the time of issue and the values. Age and size are
// checked by hipflask, so securecookie's own limits are off.
//
// The cookie of a permanent session begins with permanentMark, which is signed
// with it; see mayRefreshSession.
type cookieStore struct {
	name      string
	permanent string                       // how a permanent session's cookie begins, name and all
	codecs    []*securecookie.SecureCookie // the first signs; the others, for the fallback keys, only read
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
func newSessionCodec(secret string, encrypt bool) (*securecookie.SecureCookie, error) {
	purpose, block := "session/signed", []byte(nil)
	if encrypt {
		purpose = "session/encrypted"
		var err error
		if block, err = deriveKey(secret, "session/encryption"); err != nil {
			return nil, err
		}
	}
	mac, err := deriveKey(secret, purpose)
	if err != nil {
		return nil, err
	}
	return securecookie.New(mac, block).SetSerializer(securecookie.NopEncoder{}).MaxAge(0).MaxLength(0), nil
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
	cookie, permanent := strings.CutPrefix(cookie, permanentMark)
	if !isCanonical(cookie) {
		return SessionData{}, false, nil
	}
	for i, codec := range cs.codecs {
		var text []byte
		if codec.Decode(cs.signedName(permanent), cookie, &text) != nil {
			continue
		}
		var payload cookiePayload
		if json.Unmarshal(text, &payload) != nil {
			return SessionData{}, false, nil
		}
		return SessionData{Values: payload.Values, Issued: time.Unix(payload.Issued, 0), Resave: i > 0}, true, nil
	}
	return SessionData{}, false, nil
}

// Save implements [SessionStore].
func (cs *cookieStore) Save(_ context.Context, data SessionData) (string, error) {
	text, err := marshal(cookiePayload{data.Issued.Unix(), data.Values})
	if err != nil {
		return "", fmt.Errorf("hipflask: the session cannot be encoded: %w", err)
	}
	permanent := isTrue(data.Values[permanentKey])
	// Encrypting overwrites text, which nobody else has.
	cookie, err := cs.codecs[0].Encode(cs.signedName(permanent), text)
	if permanent {
		cookie = permanentMark + cookie
	}
	return cookie, err
}

// isCanonical reports whether text is how base64 is written. The decoder also
// takes line breaks, and any spare bits in the last group: several texts for
// one cookie, where a list of ended sessions might look for one.
func isCanonical(text string) bool {
	if len(text) == 0 || len(text)%4 != 0 || strings.ContainsAny(text, "\r\n") {
		return false
	}
	_, err := base64.URLEncoding.Strict().DecodeString(text[len(text)-4:])
	return err == nil
}
