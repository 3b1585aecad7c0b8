package hipflask

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"
)

// SessionBackend is where [ServerSessions] keeps sessions: texts by key, each
// with a time to forget it. The stores of alexedwards/scs are such, for Redis,
// PostgreSQL, SQLite and more; nothing of scs needs to be imported for it.
//
// Find reports false, and no error, for a key that is not there or has expired.
// Commit replaces what is there. Delete of what is not there is no error.
// Methods are called by many requests at a time. What one call has stored or
// deleted, every later Find must see, whatever process asks: a replica that lags
// behind its primary is no backend.
//
// A backend that also has FindCtx, CommitCtx and DeleteCtx, each with a
// context.Context as first parameter, as scs has them, is asked by these. Without
// them it needs time limits of its own: a Find that hangs keeps its request.
type SessionBackend interface {
	// Find returns what Commit stored under key.
	Find(key string) (text []byte, found bool, err error)

	// Commit stores text under key until expiry.
	Commit(key string, text []byte, expiry time.Time) error

	// Delete forgets what is stored under key.
	Delete(key string) error
}

// contextBackend is a SessionBackend's other form.
type contextBackend interface {
	FindCtx(ctx context.Context, key string) (text []byte, found bool, err error)
	CommitCtx(ctx context.Context, key string, text []byte, expiry time.Time) error
	DeleteCtx(ctx context.Context, key string) error
}

// ServerSessionStore is a [SessionStore] that keeps sessions on a server;
// [ServerSessions] makes one. Its fields are set during setup.
type ServerSessionStore struct {
	// IdleTimeout ends a session that no request has used for so long. Zero
	// means that Config.PermanentSessionLifetime alone does, as for the signed
	// cookie; an IdleTimeout longer than that changes nothing.
	//
	// To notice, a session in use is written again now and then: after a tenth
	// of the time, or after a minute if that is shorter. By so much it may end
	// early.
	IdleTimeout time.Duration

	// Lifetime ends a session so long after it began or was last renewed,
	// however much it is used. Zero means no such end.
	Lifetime time.Duration

	backend contextBackend
}

// ServerSessions keeps sessions in backend, and in the cookie only an id: 256
// random bits, made here and nowhere else. It is for Config.SessionStore, and
// panics if backend is nil.
//
// The backend's keys are hashes of the ids, so that whoever reads the backend
// cannot use what it holds to sign in. An id that is not found there is never
// adopted. [Session.Renew] moves the values to a new id and ends the old one, and
// [Session.Clear] ends the session for good: a request that began before either
// and is slower cannot bring it back, and if it changed the session, its reply
// is a 409. What an ended session needs for that, two short texts under keys of
// their own, the backend keeps for an hour.
//
// The id is not signed, as there is nothing in it to forge: Config.SecretKey is
// not needed, and changing it signs nobody out.
//
// A session that did not change is not written, but for IdleTimeout. A backend
// that fails makes the reply of a request that uses its session a 503, with the
// cause in the log; it is given ten seconds to read, and ten to write. What a
// request writes is written even if its visitor has gone, or a sign-out could be
// interrupted. A session
// holds a mebibyte at most: above that, its oldest flashed messages go, and
// after them it is an error.
func ServerSessions(backend SessionBackend) *ServerSessionStore {
	if backend == nil {
		panic("hipflask: ServerSessions(nil): give a store with Find, Commit and Delete, such as one of alexedwards/scs")
	}
	if withContext, ok := backend.(contextBackend); ok {
		return &ServerSessionStore{backend: withContext}
	}
	return &ServerSessionStore{backend: withoutContext{backend}}
}

type withoutContext struct{ SessionBackend }

func (b withoutContext) FindCtx(_ context.Context, key string) ([]byte, bool, error) {
	return b.Find(key)
}

func (b withoutContext) CommitCtx(_ context.Context, key string, text []byte, expiry time.Time) error {
	return b.Commit(key, text, expiry)
}

func (b withoutContext) DeleteCtx(_ context.Context, key string) error { return b.Delete(key) }

const (
	maxServerSession = 1 << 20          // bytes of one session as text
	backendPatience  = 10 * time.Second // for what one request reads, or writes
	markAge          = time.Hour        // how long a backend remembers that a session ended
)

// serverRecord is a session as the backend has it.
type serverRecord struct {
	Began  int64                      `json:"b"` // milliseconds since 1970: made, or renewed
	Saved  int64                      `json:"t"` // the same: written last
	Values map[string]json.RawMessage `json:"v"`
}

// serverSession is what Save needs to know of what Open found.
type serverSession struct {
	id, key string
	serverRecord
}

// Open implements [SessionStore].
func (s *ServerSessionStore) Open(ctx context.Context, cookie string) (SessionData, bool, error) {
	if !isSessionID(cookie) {
		return SessionData{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, backendPatience)
	defer cancel()
	opened := &serverSession{id: cookie, key: backendKey("", cookie)}
	text, found, err := s.backend.FindCtx(ctx, opened.key)
	if err != nil {
		return SessionData{}, false, backendFailed(err)
	}
	if !found || json.Unmarshal(text, &opened.serverRecord) != nil {
		return SessionData{}, false, nil
	}
	// The backend has an expiry too; but its clock may differ, and the fields of
	// s may have changed since.
	idle := time.Since(time.UnixMilli(opened.Saved))
	if s.IdleTimeout > 0 && idle > s.IdleTimeout || s.Lifetime > 0 && time.Since(time.UnixMilli(opened.Began)) > s.Lifetime {
		return SessionData{}, false, nil
	}
	return SessionData{
		Values: opened.Values,
		State:  opened,
		Issued: time.UnixMilli(opened.Saved),
		// The refresh of a permanent session is the framework's, by each request.
		Resave: s.IdleTimeout > 0 && idle >= refreshAfter(s.IdleTimeout) && string(opened.Values[permanentKey]) != "true",
	}, true, nil
}

// refreshAfter is how long a session that does not change is not written.
func refreshAfter(idle time.Duration) time.Duration { return min(idle/10, time.Minute) }

// Save implements [SessionStore].
func (s *ServerSessionStore) Save(ctx context.Context, data SessionData) (string, error) {
	opened, _ := data.State.(*serverSession)
	switch {
	case len(data.Values) > 0 && opened != nil && !data.Renew:
		return s.update(ctx, opened, data)
	case len(data.Values) > 0:
		return s.begin(ctx, opened, data)
	case opened != nil:
		ctx, cancel := uninterrupted(ctx)
		defer cancel()
		return "", s.end(ctx, opened.key)
	}
	return "", nil
}

// uninterrupted is a context for what must be written though the visitor has gone.
func uninterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), backendPatience)
}

// A backend has no "replace this if it is still there". So a session that ends
// leaves a mark under a key of its own, which nothing overwrites, and whoever
// writes a session looks for the mark afterwards:
//
//	end:    Commit(ended mark)   Delete(session)
//	update: Commit(session)      Find(ended mark): there? Delete(session)
//
// In whatever order the steps of two requests mix, the session is gone: if update
// finds no mark, it had written before the mark was made, so that end's Delete
// comes later. The same holds for a session that is renewed while another
// request ends it, with the mark that says under which key it goes on:
//
//	end:    Commit(ended mark)   Find(next mark): there? end that session
//	renew:  Commit(next mark)    Find(ended mark): there? end the new session
//
// What is left: between the two steps of an update the session is there once
// more, and stays, for as long as it would have lived, if program or backend
// fail just then. That update looked whether the session is still there before
// it wrote, so the end must also have come in that moment.

// update writes an opened session. If nothing changed, it does so only to move
// the end of its time.
func (s *ServerSessionStore) update(ctx context.Context, opened *serverSession, data SessionData) (string, error) {
	unchanged := maps.EqualFunc(data.Values, opened.Values, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
	if unchanged && data.Issued.Sub(time.UnixMilli(opened.Saved)) < refreshAfter(s.idleTime(data)) {
		return opened.id, nil
	}
	ctx, cancel := uninterrupted(ctx)
	defer cancel()
	_, alive, err := s.backend.FindCtx(ctx, opened.key)
	if err != nil {
		return "", backendFailed(err)
	}
	if alive {
		if err := s.write(ctx, opened.key, time.UnixMilli(opened.Began), data); err != nil {
			return "", err
		}
		_, ended, err := s.backend.FindCtx(ctx, backendKey("ended", opened.key))
		if err != nil {
			return "", backendFailed(err)
		}
		if ended {
			alive = false
			if err := s.backend.DeleteCtx(ctx, opened.key); err != nil {
				return "", backendFailed(err)
			}
		}
	}
	switch {
	case alive:
		return opened.id, nil
	case unchanged:
		return "", nil // nothing is lost; the browser has been told already
	}
	return "", errSessionGone
}

// begin writes a session under a new id: one that is new, or opened renewed.
func (s *ServerSessionStore) begin(ctx context.Context, opened *serverSession, data SessionData) (string, error) {
	ctx, cancel := uninterrupted(ctx)
	defer cancel()
	if opened != nil {
		_, alive, err := s.backend.FindCtx(ctx, opened.key)
		if err != nil {
			return "", backendFailed(err)
		}
		if !alive {
			return "", errSessionGone
		}
	}
	id := newSessionID()
	key := backendKey("", id)
	if err := s.write(ctx, key, data.Issued, data); err != nil {
		return "", err
	}
	if opened != nil {
		// The new session is written before the old one ends: if the backend
		// fails in between, the visitor still has the old one.
		if err := s.replace(ctx, opened.key, key); err != nil {
			return "", err
		}
	}
	return id, nil
}

// replace ends the session under old, which goes on under next.
func (s *ServerSessionStore) replace(ctx context.Context, old, next string) error {
	expiry := time.Now().Add(markAge)
	if err := s.backend.CommitCtx(ctx, backendKey("next", old), []byte(next), expiry); err != nil {
		return backendFailed(err)
	}
	_, ended, err := s.backend.FindCtx(ctx, backendKey("ended", old))
	if err != nil {
		return backendFailed(err)
	}
	if ended {
		if err := s.end(ctx, next); err != nil {
			return err
		}
		return errSessionGone
	}
	return s.endOne(ctx, old)
}

// end ends the session under key, and what it was renewed to meanwhile.
func (s *ServerSessionStore) end(ctx context.Context, key string) error {
	for range 8 { // far more renewals than happen during a request
		if err := s.endOne(ctx, key); err != nil {
			return err
		}
		next, renewed, err := s.backend.FindCtx(ctx, backendKey("next", key))
		if err != nil {
			return backendFailed(err)
		}
		if !renewed {
			return nil
		}
		key = string(next)
	}
	return nil
}

func (s *ServerSessionStore) endOne(ctx context.Context, key string) error {
	if err := s.backend.CommitCtx(ctx, backendKey("ended", key), []byte("1"), time.Now().Add(markAge)); err != nil {
		return backendFailed(err)
	}
	if err := s.backend.DeleteCtx(ctx, key); err != nil {
		return backendFailed(err)
	}
	return nil
}

// write writes a session. Where it is too large, its oldest flashed messages go:
// they are what grows by itself, and a session that cannot be written any more
// would shut the visitor out.
func (s *ServerSessionStore) write(ctx context.Context, key string, began time.Time, data SessionData) error {
	expiry := data.Issued.Add(s.idleTime(data))
	if end := began.Add(s.Lifetime); s.Lifetime > 0 && end.Before(expiry) {
		expiry = end
	}
	record := serverRecord{Began: began.UnixMilli(), Saved: data.Issued.UnixMilli(), Values: data.Values}
	for {
		text, err := marshal(record)
		if err != nil {
			return fmt.Errorf("hipflask: the session cannot be encoded: %w", err)
		}
		if len(text) <= maxServerSession {
			if err := s.backend.CommitCtx(ctx, key, text, expiry); err != nil {
				return backendFailed(err)
			}
			return nil
		}
		fewer, dropped := valuesOf(record.Values).withoutOldestFlashes(len(text) - maxServerSession)
		if record.Values = fewer.asMap(); !dropped {
			return fmt.Errorf("hipflask: the session is too large: %d bytes, and the limit is %d. "+
				"Store less, such as an id instead of the thing", len(text), maxServerSession)
		}
	}
}

// idleTime is how long data is to be kept.
func (s *ServerSessionStore) idleTime(data SessionData) time.Duration {
	idle := data.Expires.Sub(data.Issued)
	if s.IdleTimeout > 0 {
		idle = min(idle, s.IdleTimeout)
	}
	return idle
}

// Configure returns a mistake in the fields, or that [ServerSessions] did not make s.
func (s *ServerSessionStore) Configure(*Config) error {
	if s.backend == nil {
		return errors.New("hipflask: Config.SessionStore is a ServerSessionStore without a backend; make it with ServerSessions(backend), and set its fields then")
	}
	return errors.Join(
		notNegative("SessionStore's IdleTimeout", s.IdleTimeout),
		notNegative("SessionStore's Lifetime", s.Lifetime),
	)
}

// errSessionGone is for a request whose change of the session is lost.
var errSessionGone = Error(409, "Your session ended while this page was being made. Please try again.").
	Wrap(errors.New("hipflask: the session was ended or renewed by another request; this one's change is lost"))

func backendFailed(err error) error {
	return Error(503, "").Wrap(fmt.Errorf("hipflask: the session store failed: %w", err))
}

// newSessionID returns 256 random bits as text.
func newSessionID() string {
	var id [32]byte
	rand.Read(id[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// isSessionID reports whether text may be an id, so that nothing else is looked
// for. There is one text for each id.
func isSessionID(text string) bool {
	id, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(id) == 32 && len(text) == 43 // the decoder skips line breaks
}

// backendKey is the key under which the backend keeps a session, for its id and
// no kind, or a mark of the session under another key. It is 43 bytes long, as
// the keys that scs makes.
func backendKey(kind, of string) string {
	sum := sha256.Sum256([]byte(kind + " " + of))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
