package hipflask

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrNoSecretKey is the error of a request that changes its session, or
// flashes a message, in an app without [Config].SecretKey. Reading needs no
// key: such a session is empty. It is Flask's "The session is unavailable".
var ErrNoSecretKey = errors.New("hipflask: the session is unavailable because no secret key was set. " +
	"Set Config.SecretKey to something long, random and secret, and the same at every start " +
	"(openssl rand -hex 32 prints one)")

// Session is what the app remembers of one visitor between requests: values by
// key, Flask's session. [Context.Session] returns the request's.
//
// A value is kept as a JSON copy. Changing a slice or a map after Set, or after
// Get, changes nothing in the session: set what you changed.
//
// Its methods may be called from several goroutines. What has to hold across
// two calls (a counter read and set again) is the caller's to lock. Two
// requests of one visitor have each a Session of their own; if both change it,
// the reply that arrives last wins, as in Flask.
//
// A change that cannot be made is not lost in silence: a value that JSON cannot
// hold, a missing secret key ([ErrNoSecretKey]) or a session too large for its
// cookie make the reply a 500 before anything is sent, and leave the visitor's
// session as it was. A change after the reply was sent goes to the log.
//
// Keys that begin with an underscore belong to the framework, as in Flask:
// _flashes and _permanent.
type Session struct {
	c *Context

	mu       sync.Mutex
	opened   openedSession // as the store gave it; never changed
	values   sessionValues
	room     [4]sessionValue // backs those of opened, as most have no more
	started  int64           // what was kept under startedKey, in microseconds since 1970; 0 for a new session
	err      error           // the first thing that went wrong; save returns it
	template map[string]any  // templateMap's answer, until the next change
	flashed  []Message       // this request's flashes, once read; flash.go
	flashing *[]byte         // the list of flashes as it grows, newer than that in values, or nil

	loaded      bool
	checked     bool // Config.SessionsValidSince was asked
	owned       bool // values is no longer opened.values, but a copy
	touched     bool // read or changed: the reply varies with the cookie
	written     bool // changed by some method, though perhaps to what it was
	renewed     bool // Renew was called
	late        bool // a change after the reply was logged
	flashesRead bool

	// What the reply needs, once saved. Only the goroutine that serves has to do with it.
	vary      bool      // it depends on the cookie
	setCookie string    // or empty
	header    [2]string // backs the values of Set-Cookie and Vary
}

// openedSession is what a store gave for a cookie.
type openedSession struct {
	values sessionValues
	issued int64 // in seconds since 1970, 0 if the store keeps the time itself
	state  any   // SessionData.State
	resave bool  // SessionData.Resave
}

// SessionStore keeps sessions between requests. Config.SessionStore takes one;
// nil means the signed cookie. It is Flask's SessionInterface, less what is the
// same for every store: hipflask itself reads and writes the cookie and its
// attributes, decides when a session is saved, and checks its age and size.
//
// A store sees the cookie's value only: the session itself, or an id under
// which the store finds it. Its methods are called by many requests at a time,
// and by one request only when it needs the session.
//
// An error is for what is no visitor's doing, such as a database that does not
// answer. It becomes the reply: an [HTTPError] as it stands, so
// hipflask.Error(503, "").Wrap(err) is a good one; any other as a 500.
//
// A store that also has the method Configure(*Config) error is shown the App's
// configuration when setup ends, for its keys above all. An error is a mistake
// of setup.
type SessionStore interface {
	// Open returns the session that a cookie's value holds or names. Found is
	// false, without an error, for a value that is none of the store's:
	// forged, damaged, unknown, ended.
	//
	// A request may carry several cookies of one name. Open is called for one
	// after the other until one is found that is not too old.
	Open(ctx context.Context, cookie string) (data SessionData, found bool, err error)

	// Save keeps data and returns the cookie's new value, of bytes that a
	// cookie may hold. Data without Values ends the session: the store forgets
	// what it has of it, and the value is not used, since the browser is told
	// to drop the cookie.
	//
	// A session that another request ended or renewed since it was opened must not
	// come back, or who signed out would be signed in again. If this request
	// changed or renewed it, Save returns an [HTTPError] of 409, as the change is
	// lost; if not, an empty value, which leaves the browser's cookie as it is. And
	// who ends a session that was renewed meanwhile ends the renewed one, too. A
	// store that holds the session in the cookie cannot know of either, and need not.
	//
	// Save may be called again with fewer Values when the cookie is too large.
	Save(ctx context.Context, data SessionData) (cookie string, err error)
}

// SessionData is a session on its way from or to a [SessionStore]. The store
// must not change its maps and slices.
type SessionData struct {
	// Values are the session's values by key, each one JSON text. Permanent
	// sessions have true under _permanent; flashed messages are a list of
	// [category, text] under _flashes.
	Values map[string]json.RawMessage

	// State is the store's own. What Open sets, Save finds: an id, or the
	// values in the store's own notation, to write back what did not change.
	// It is nil for a new session.
	State any

	// Issued is when the session was last saved. Open sets it, and hipflask
	// refuses a session older than Config.PermanentSessionLifetime or more
	// than a minute in the future; the zero time means that the store keeps
	// the time itself. For Save it is the present.
	Issued time.Time

	// Expires tells Save when the session will be too old.
	Expires time.Time

	// Resave, set by Open, asks for a Save though nothing changes: the session
	// was signed with a retired key, say.
	Resave bool

	// Renew tells Save to give the session a new identity and to forget the
	// old one; see [Session.Renew].
	Renew bool
}

// The framework's own session keys, which are Flask's.
const (
	permanentKey = "_permanent"
	flashesKey   = "_flashes"
)

// startedKey is where a saved session has the time it began, in microseconds,
// if Config.SessionsValidSince is set. It is ours alone, and no value of the
// opened session.
const startedKey = "_started"

// Session returns the request's session, never nil. It is loaded at the first
// call of one of its methods. For a request that calls none it costs nothing, but
// that a permanent session is sent again with each reply: a signed cookie says
// that it is permanent and is opened for it alone, while a Config.SessionStore is
// asked once for every session cookie, permanent or not. With
// Config.DisableSessionRefresh neither is.
//
// A stale, forged or expired cookie is an empty session, as in Flask; of several
// cookies of the name the first valid one counts. The
// session is saved when the reply is sent, also that of an error, if it is not
// what it was; a session without values ends, and its cookie with it. A reply
// for which it was read or changed has Vary: Cookie. Its Cache-Control is the
// handler's, as in Flask.
func (c *Context) Session() *Session {
	if s := c.session.Load(); s != nil {
		return s
	}
	c.session.CompareAndSwap(nil, &Session{c: c})
	return c.session.Load()
}

// Get decodes a value into dst, a pointer, and reports whether it did. A value
// that is absent or does not fit leaves dst as it was. Into an any, whole
// numbers are int.
//
// It panics if dst is not a pointer.
func (s *Session) Get(key string, dst any) bool {
	mustPoint("Get", key, dst)
	raw, ok := s.raw(key)
	return ok && decodeValue(raw, dst)
}

// GetString returns a value that is a string, else "".
func (s *Session) GetString(key string) string { return typedValue[string](s, key) }

// GetInt returns a value that is a whole number, else 0.
func (s *Session) GetInt(key string) int { return typedValue[int](s, key) }

// GetBool returns a value that is a bool, else false.
func (s *Session) GetBool(key string) bool { return typedValue[bool](s, key) }

func typedValue[T any](s *Session, key string) (value T) {
	if raw, ok := s.raw(key); ok {
		decodeValue(raw, &value)
	}
	return value
}

// Has reports whether the session has a value for key.
func (s *Session) Has(key string) bool {
	_, ok := s.raw(key)
	return ok
}

// Keys returns the keys, sorted; the framework's own are among them.
func (s *Session) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	s.settleFlashes()
	keys := make([]string, len(s.values))
	for i, value := range s.values {
		keys[i] = value.key
	}
	return keys
}

// Set stores a copy of value, as encoding/json writes it. A value that cannot
// be written so makes the reply a 500. One that is there already changes
// nothing, and the cookie is not sent for it, as it would be in Flask.
func (s *Session) Set(key string, value any) {
	raw, err := encodeValue(key, value)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable(key) {
		return
	}
	if err != nil {
		s.fail(err)
		return
	}
	s.put(key, raw)
}

// Pop is Get and Delete in one step. The value is removed even if it does not
// fit dst; a nil dst is for a value of no interest. It reports what Get
// reports; with a nil dst, whether there was a value.
func (s *Session) Pop(key string, dst any) bool {
	if dst != nil {
		mustPoint("Pop", key, dst)
	}
	s.mu.Lock()
	raw, ok := s.take(key)
	s.mu.Unlock()
	return ok && (dst == nil || decodeValue(raw, dst))
}

// Delete removes a value, if there is one.
func (s *Session) Delete(key string) { s.Pop(key, nil) }

// Clear removes every value, and so ends the session. What is set after it begins
// another one, as after [Session.Renew].
func (s *Session) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writable("") {
		s.values, s.owned, s.renewed = nil, true, true
		s.flashing = nil
		s.changed()
	}
}

// SetPermanent chooses how long the browser keeps the session: for
// Config.PermanentSessionLifetime after the last request (after the last
// change, with Config.DisableSessionRefresh), or until the browser is closed.
// It is Flask's session.permanent.
func (s *Session) SetPermanent(permanent bool) { s.Set(permanentKey, permanent) }

// Permanent reports whether the session is permanent.
func (s *Session) Permanent() bool { return s.GetBool(permanentKey) }

// Renew gives the session a new identity and keeps its values. Call it where a
// visitor signs in: a session id that somebody planted or copied before is then
// worth nothing. The signed cookie has no id; it is signed anew. For
// Config.SessionsValidSince the session begins with it.
func (s *Session) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writable("") {
		s.renewed = true
	}
}

// raw returns a value's JSON text.
func (s *Session) raw(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	if key == flashesKey {
		s.settleFlashes()
	}
	return s.values.get(key)
}

// The methods from here on need the lock.

// put stores a value's JSON text; the session must be writable.
func (s *Session) put(key, raw string) {
	if key == flashesKey {
		s.flashing = nil
	}
	s.own()
	s.values = s.values.with(key, raw)
	s.changed()
}

// take removes a value and returns it. Taking what is not there changes nothing.
func (s *Session) take(key string) (string, bool) {
	if !s.writable(key) {
		return "", false
	}
	if key == flashesKey {
		s.settleFlashes()
	}
	raw, ok := s.values.get(key)
	if ok {
		s.own()
		s.values = s.values.without(key)
		s.changed()
	}
	return raw, ok
}

// writable loads the session and reports whether a change can still be made.
// If not, it takes care that this does not go unnoticed.
func (s *Session) writable(key string) bool {
	if s.c.state.Load()&sessionSaved != 0 {
		s.logLate(key)
		return false
	}
	if s.c.app.sessions == nil {
		s.fail(ErrNoSecretKey)
		return false
	}
	s.touch()
	return true
}

func (s *Session) logLate(key string) {
	if !s.late {
		s.late = true
		s.c.app.Logger().Error("hipflask: the session was changed after the reply was sent: the change is lost", "key", key)
	}
}

// own makes values a copy of the store's, once.
func (s *Session) own() {
	if s.owned {
		return
	}
	s.owned = true
	s.values = s.values.copied()
}

func (s *Session) changed() {
	s.written = true
	s.template = nil
}

func (s *Session) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// failLookup is fail for a look-up. If it failed because the visitor has gone,
// nobody reads a reply, and nothing is to be put right: the log is silent.
func (s *Session) failLookup(err error) {
	if errors.Is(s.c.Request.Context().Err(), context.Canceled) && errors.Is(err, context.Canceled) {
		err = http.ErrAbortHandler
	}
	s.fail(err)
}

// touch loads the session and remembers that the reply depends on the cookie.
// Without a secret key it does not: there is no session to depend on.
func (s *Session) touch() {
	s.load()
	if !s.checked {
		s.checked = true
		s.checkRevoked()
	}
	s.touched = s.c.app.sessions != nil
}

// maxSessionCookies bounds how many cookies of the session's name are tried: a
// request may carry thousands, and each can cost a store a look-up.
const maxSessionCookies = 8

// load opens the session, once.
//
// Flask takes the first cookie of the name. We take the first that is valid, so
// that a neighbour on the same domain, or an old cookie for another path, which
// browsers may send before ours, cannot sign a visitor out.
func (s *Session) load() {
	if s.loaded || s.c.app.sessions == nil {
		return
	}
	s.loaded = true
	tried := 0
	for cookie := range cookieValues(s.c.Request.Header, s.c.app.Config.sessionCookieName()) {
		if tried++; s.open(cookie) || s.err != nil {
			return
		}
		if tried == maxSessionCookies {
			break
		}
	}
	if tried > 0 {
		s.c.app.Logger().Debug("hipflask: the session cookie is not valid (changed, expired or signed with another key): the session is empty")
	}
}

// open takes the session from one cookie's value, if it is valid. A blank
// beside the value is no part of it.
func (s *Session) open(cookie string) bool {
	opened, found, err := openSession(s.c.Request.Context(), s.c.app.sessions, trimBlanks(cookie), s.room[:])
	if err != nil {
		s.failLookup(err)
		return false
	}
	if !found || !s.c.app.Config.sessionAgeValid(opened.issued) {
		return false
	}
	s.opened, s.values = opened, opened.values
	s.takeStarted()
	return true
}

// openSession opens a session. The signed cookie, which most Apps have, is read
// without the maps of a SessionData.
func openSession(ctx context.Context, store SessionStore, cookie string, room sessionValues) (opened openedSession, found bool, err error) {
	if cs, ok := store.(*cookieStore); ok {
		opened, found = cs.open(cookie, room)
		return opened, found, nil
	}
	if !isCookieValue(cookie) {
		return opened, false, nil
	}
	data, found, err := store.Open(ctx, cookie)
	if !found || err != nil {
		return opened, false, err
	}
	opened = openedSession{values: valuesOf(data.Values), state: data.State, resave: data.Resave}
	if !data.Issued.IsZero() {
		opened.issued = cmp.Or(data.Issued.Unix(), -1)
	}
	return opened, true, nil
}

// cookieValues are the values of the cookies of a name, those included that
// [http.Request.CookiesNamed] leaves out because no cookie may have them.
func cookieValues(h http.Header, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range h["Cookie"] {
			for part := range strings.SplitSeq(line, ";") {
				own, value, _ := strings.Cut(trimBlanks(part), "=")
				if trimBlanks(own) != name {
					continue
				}
				if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
					value = value[1 : n-1]
				}
				if !yield(value) {
					return
				}
			}
		}
	}
}

// trimBlanks is textproto.TrimString.
func trimBlanks(s string) string {
	for len(s) > 0 && isBlank(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// isCookieValue reports whether a cookie may have this value.
func isCookieValue(value string) bool {
	for i := range len(value) {
		if b := value[i]; b < ' ' || b > '~' || b == '"' || b == ';' || b == '\\' {
			return false
		}
	}
	return true
}

// takeStarted moves the time the session began out of its values. A session that
// was saved without it is as old as can be.
func (s *Session) takeStarted() {
	if s.c.app.Config.SessionsValidSince == nil {
		return
	}
	raw, _ := s.values.get(startedKey)
	var micros int64
	if json.Unmarshal([]byte(raw), &micros) != nil {
		micros = 0
	}
	s.started = cmp.Or(micros, 1) // 0 is for a new session
	s.values = s.values.copied().without(startedKey)
	s.opened.values = s.values
}

// checkRevoked asks Config.SessionsValidSince about an opened session. Until the
// answer is there the session is empty, also if there is none but a panic.
func (s *Session) checkRevoked() {
	validSince := s.c.app.Config.SessionsValidSince
	if validSince == nil || len(s.values) == 0 {
		return
	}
	opened, values := s.opened, s.values
	s.opened, s.values = openedSession{}, nil
	view := &Session{c: s.c, loaded: true, checked: true, opened: opened, values: values}
	since, err := validSince(s.c.Request.Context(), view)
	switch {
	case err != nil:
		s.failLookup(Error(http.StatusServiceUnavailable, "").Wrap(fmt.Errorf("hipflask: Config.SessionsValidSince: %w", err)))
	case time.UnixMicro(s.started).Before(since):
		s.started = 0
		s.c.app.Logger().Debug("hipflask: the session began before Config.SessionsValidSince: it is empty")
	default:
		s.opened, s.values = opened, values
	}
}

// sessionAgeValid reports whether a session saved at issued is neither too old
// nor from the future. A minute of grace is for servers whose clocks disagree.
func (cfg *Config) sessionAgeValid(issued int64) bool {
	age := time.Now().Unix() - issued
	return issued == 0 || age >= -60 && age <= int64(cfg.sessionLifetime()/time.Second)
}

// Saving.

// saveSession saves the session when the reply is about to be sent. It works
// once.
func (c *Context) saveSession() error {
	if c.state.Load()&sessionSaved != 0 {
		return nil
	}
	c.state.Or(sessionSaved)
	if c.session.Load() == nil && !c.mayRefreshSession() {
		return nil
	}
	return c.Session().save()
}

// endSession marks the reply as sent, and the session with it. A session that was
// first used while the reply was going out has come too late.
func (c *Context) endSession() {
	saved := c.state.Load()&sessionSaved != 0
	c.state.Store(sessionSaved | ended)
	if s := c.session.Load(); s != nil && !saved {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.written || s.renewed {
			s.logLate("")
		}
	}
}

// addSessionHeader says in the reply's header what saving the session found,
// once: the reply may be prepared anew after that.
func (c *Context) addSessionHeader() {
	s := c.session.Load()
	if s == nil {
		return
	}
	h := c.w.Header()
	if set := h["Set-Cookie"]; s.setCookie != "" && !slices.Contains(set, s.setCookie) {
		if c.seldom().proxied {
			dropSetCookie(h, c.app.Config.sessionCookieName())
			set = h["Set-Cookie"]
		}
		if len(set) == 0 {
			set = s.header[0:0:1]
		}
		h["Set-Cookie"] = append(set, s.setCookie)
	}
	switch {
	case !s.vary:
	case len(h["Vary"]) == 0:
		h["Vary"] = append(s.header[1:1:2], "Cookie")
	default:
		addVaryCookie(h)
	}
}

// mayRefreshSession reports whether a request that did not touch its session
// must look at it all the same, since a permanent one is sent again each time.
// It is only a quick look: what it looks for may stand anywhere in the header.
// The signed cookie says by itself that it is permanent, so that no other
// session is opened without need.
func (c *Context) mayRefreshSession() bool {
	if c.app.sessions == nil || c.app.Config.DisableSessionRefresh || c.seldom().file != nil || c.seldom().proxied {
		return false // a file may be kept by caches that serve others, and another application does it itself
	}
	look := c.app.Config.sessionCookieName()
	if cs, ok := c.app.sessions.(*cookieStore); ok {
		look = cs.permanent
	}
	return slices.ContainsFunc(c.Request.Header["Cookie"], func(line string) bool {
		return strings.Contains(line, look)
	})
}

// SessionTransaction opens the session that r carries, runs f on it, and saves
// it to w's header as Set-Cookie, all outside of a request's own life: for
// tests, which prepare or inspect a session with it, and tools. It is the
// session_transaction of Flask's test client. It ends setup.
func (a *App) SessionTransaction(w http.ResponseWriter, r *http.Request, f func(s *Session)) error {
	if err := a.endSetup(); err != nil {
		return err
	}
	if a.sessions == nil {
		return ErrNoSecretKey
	}
	c := &Context{Request: r, app: a, w: w}
	f(c.Session())
	err := c.saveSession()
	c.addSessionHeader()
	return err
}

// save settles what the reply must say of the session.
func (s *Session) save() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	s.settleFlashes()
	switch {
	case s.ended() && s.err == nil:
		s.setCookie, err = s.remove()
	case s.needsSave() && s.err == nil:
		s.setCookie, err = s.store()
	default:
		err = s.err
	}
	if err != nil && s.loaded && !s.touched {
		// Only the refresh failed: the page has nothing to do with it.
		if !errors.Is(err, http.ErrAbortHandler) {
			s.c.app.Logger().Error("hipflask: the session was not refreshed", "error", err)
		}
		return nil
	}
	s.vary = s.touched || s.setCookie != ""
	return err
}

// ended reports whether the session has been emptied. One that was empty all
// the time is none to end; Clear ends even that, as in Flask, and so takes an
// invalid cookie away.
func (s *Session) ended() bool { return s.written && len(s.values) == 0 }

func (s *Session) needsSave() bool {
	if len(s.values) == 0 {
		return false
	}
	return s.renewed || s.opened.resave ||
		s.permanent() && !s.c.app.Config.DisableSessionRefresh && s.c.seldom().file == nil && !s.c.seldom().proxied ||
		s.written && !slices.Equal(s.values, s.opened.values)
}

func (s *Session) permanent() bool { return s.values.permanent() }

func (v sessionValues) permanent() bool {
	raw, _ := v.get(permanentKey)
	return raw == "true"
}

// remove ends the session in the store and in the browser.
func (s *Session) remove() (setCookie string, err error) {
	if _, err := s.keep(nil, nil, time.Now()); err != nil {
		return "", err
	}
	cookie := s.c.app.Config.sessionCookie(s.c.secure())
	cookie.Expires = time.Unix(0, 0)
	cookie.MaxAge = -1 // written as Max-Age=0
	return cookieText(cookie)
}

// store saves the session and sends its cookie. Flashed messages give way if it
// is too large: they are the only part that grows by itself, when page after
// page flashes and none shows the messages, and a session that cannot be saved
// any more would shut the visitor out.
func (s *Session) store() (setCookie string, err error) {
	buffer := smallBuffers.get()
	value := (*buffer)[:0]
	defer func() { smallBuffers.keep(buffer, value) }()
	cfg, now := &s.c.app.Config, time.Now()
	name, values, lost := cfg.sessionCookieName(), s.values, false
	for {
		value, err = s.keep(value[:0], values, now)
		if err != nil || len(value) == 0 {
			return "", err
		}
		excess := cfg.cookieExcess(len(name) + len(value))
		if excess <= 0 {
			if lost {
				s.warnDropped(values)
			}
			var expires time.Time
			if s.permanent() {
				expires = now.Add(cfg.sessionLifetime())
			}
			size := len(value)
			value, err = s.c.app.sessionCookies.appendText(value, expires, s.c.secure())
			return string(value[size:]), err
		}
		fewer, dropped := values.withoutOldestFlashes(excess / 2)
		if !dropped {
			return "", cfg.tooLarge(name, len(value), values)
		}
		if values, lost = fewer, true; len(values) == 0 {
			s.warnDropped(values)
			return s.remove()
		}
	}
}

// keep has the store save values, which may be fewer than the session's, and
// appends the cookie's value.
func (s *Session) keep(dst []byte, values sessionValues, now time.Time) ([]byte, error) {
	if s.c.app.Config.SessionsValidSince != nil && len(values) > 0 {
		started := s.started
		if s.renewed || started == 0 {
			started = now.UnixMicro()
		}
		values = values.copied().with(startedKey, strconv.FormatInt(started, 10))
	}
	if cs, ok := s.c.app.sessions.(*cookieStore); ok {
		return cs.save(dst, values, now)
	}
	cookie, err := s.c.app.sessions.Save(s.c.Request.Context(), SessionData{
		Values:  values.asMap(),
		State:   s.opened.state,
		Issued:  now,
		Expires: now.Add(s.c.app.Config.sessionLifetime()),
		Renew:   s.renewed,
	})
	return append(dst, cookie...), err
}

// sessionCookies is the Set-Cookie of the session but for its value, made once.
type sessionCookies struct {
	cfg           *Config
	own           bool // the values are the signed cookie's, and fit
	plain, secure cookieFrame
}

// cookieFrame is what stands around the value of a cookie and its expiry.
type cookieFrame struct{ begin, middle, end string }

func newSessionCookies(cfg *Config, store SessionStore) *sessionCookies {
	_, own := store.(*cookieStore)
	return &sessionCookies{cfg, own, newCookieFrame(cfg.sessionCookie(false)), newCookieFrame(cfg.sessionCookie(true))}
}

// newCookieFrame takes a cookie apart. It is empty for one that cannot be sent.
func newCookieFrame(cookie *http.Cookie) (f cookieFrame) {
	cookie.Value, cookie.Expires = "value", time.Unix(0, 0)
	text, err := cookieText(cookie)
	if err != nil {
		return f
	}
	expires := "; Expires=" + cookie.Expires.UTC().Format(http.TimeFormat)
	f.begin = cookie.Name + "="
	f.middle, f.end, _ = strings.Cut(strings.TrimPrefix(text, f.begin+cookie.Value), expires)
	return f
}

// appendText appends the whole Set-Cookie to the value; the zero time is no expiry.
func (sc *sessionCookies) appendText(value []byte, expires time.Time, secure bool) ([]byte, error) {
	f := &sc.plain
	if secure {
		f = &sc.secure
	}
	if f.begin == "" || !sc.own && (!isCookieValue(string(value)) || bytes.ContainsAny(value, " ,")) { // which need care
		cookie := sc.cfg.sessionCookie(secure)
		cookie.Value, cookie.Expires = string(value), expires
		text, err := cookieText(cookie)
		return append(value, text...), err
	}
	text := append(append(append(value, f.begin...), value...), f.middle...)
	if !expires.IsZero() {
		text = expires.UTC().AppendFormat(append(text, "; Expires="...), http.TimeFormat)
	}
	return append(text, f.end...), nil
}

// cookieText is the cookie's Set-Cookie. net/http would drop what a cookie cannot
// hold in silence.
func cookieText(cookie *http.Cookie) (string, error) {
	if err := cookie.Valid(); err != nil {
		return "", fmt.Errorf("hipflask: the session cookie cannot be sent: %w", err)
	}
	return cookie.String(), nil
}

// tooLarge names what fills the cookie, largest first.
func (cfg *Config) tooLarge(name string, size int, values sessionValues) error {
	values = values.copied()
	slices.SortStableFunc(values, func(a, b sessionValue) int { return len(b.json) - len(a.json) })
	sizes := make([]string, len(values))
	for i, value := range values {
		sizes[i] = fmt.Sprintf("%q %d bytes", value.key, len(value.json))
	}
	return fmt.Errorf("hipflask: the session is too large for its cookie %q: name and value are %d bytes, the limit is %d "+
		"(Config.MaxCookieSize; browsers drop larger ones without a word). In it, before signing: %s. "+
		"Store less, such as an id instead of the thing, or keep sessions on the server with Config.SessionStore",
		name, len(name)+size, cfg.maxCookieSize(), strings.Join(sizes, ", "))
}

// addVaryCookie says, once, that the reply depends on the request's cookies.
func addVaryCookie(h http.Header) {
	for _, line := range h["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Cookie") {
				return
			}
		}
	}
	h.Set("Vary", strings.Join(append(h["Vary"], "Cookie"), ", "))
}

// templateMap returns the values as a page sees them, {{session.name}}. The map
// is the session's as it is now, and not to be changed.
func (s *Session) templateMap() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	s.settleFlashes()
	if s.template == nil {
		s.template = s.values.templateValues()
	}
	return s.template
}

// templateValue is one of the values of templateMap.
func (s *Session) templateValue(key string) (value any, ok bool) {
	raw, ok := s.raw(key)
	if !ok {
		return nil, false
	}
	decodeValue(raw, &value)
	return value, true
}

// Configuration.

// cookieExcess returns by how many bytes the cookie is larger than browsers
// keep. A negative MaxCookieSize is no limit.
func (cfg *Config) cookieExcess(size int) int {
	limit := cfg.maxCookieSize()
	if limit < 0 {
		return 0
	}
	return size - limit
}

// sessionCookie returns the session cookie without a value. Browsers take a
// partitioned cookie only if it is secure.
func (cfg *Config) sessionCookie(secure bool) *http.Cookie {
	return &http.Cookie{
		Name:        cfg.sessionCookieName(),
		Domain:      cfg.SessionCookieDomain,
		Path:        cfg.sessionCookiePath(),
		HttpOnly:    !cfg.DisableSessionCookieHTTPOnly,
		Secure:      cfg.sessionCookieSecure(secure),
		SameSite:    cfg.sessionCookieSameSite(),
		Partitioned: cfg.SessionCookiePartitioned,
	}
}

// newSessionStore returns the store that cfg asks for, nil if it has neither a
// store nor a secret key.
func newSessionStore(cfg *Config) (SessionStore, error) {
	switch {
	case cfg.SessionStore != nil:
		if store, ok := cfg.SessionStore.(interface{ Configure(*Config) error }); ok {
			return cfg.SessionStore, store.Configure(cfg)
		}
		return cfg.SessionStore, nil
	case cfg.SecretKey == "":
		return nil, nil
	}
	return newCookieStore(cfg)
}
