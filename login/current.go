package login

import (
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
)

// Flask-Login's keys in the session.
const (
	userKey  = "_user_id"
	freshKey = "_fresh"
	identKey = "_id"
	nextKey  = "next"

	flashesKey = "_flashes" // Flask's

	// rememberKey is "clear" until a reply has taken the remember cookie away. If
	// none can, since an after-hook fails, the cookie counts for nothing all the same.
	rememberKey, rememberClear = "_remember", "clear"
)

// state is what a Manager knows of a request.
type state[U User] struct {
	user     U
	signedIn bool  // user is there and counts
	loaded   bool  // user was looked for
	bySelf   bool  // the user is that of the session, and not the request loader's
	err      error // why it could not be told

	from    *token       // the remember cookie that signed in, if one did in this request
	since   time.Time    // when the user was looked for, or signed in
	cookie  *http.Cookie // what the reply does to the remember cookie, nil for nothing
	failure error        // what becomes the reply
	failed  bool         // there was a failure
	hooked  bool         // finish is an after-hook of the request
}

func (m *Manager[U]) state(c *hipflask.Context) *state[U] {
	st, ok := m.key.Get(c)
	if !ok {
		st = &state[U]{}
		m.key.Set(c, st)
	}
	return st
}

// atEnd has finish run when the reply is made final, of an error's reply too, which
// begins with an empty header.
func (m *Manager[U]) atEnd(c *hipflask.Context, st *state[U]) {
	if !st.hooked {
		st.hooked = true
		c.AfterThisRequest(func(c *hipflask.Context) error { return m.finish(c, st) })
	}
}

func (m *Manager[U]) finish(c *hipflask.Context, st *state[U]) error {
	if err := st.failure; err != nil {
		st.failure = nil
		return err
	}
	if err := m.checkBegun(c, st); err != nil {
		return err
	}
	m.putCookie(c, st)
	if st.cookie != nil && st.cookie.MaxAge < 0 {
		c.Session().Delete(rememberKey)
	}
	return nil
}

// checkBegun asks again whether the remember cookie counts that began the session. The
// session is as young as the reply, and would outlive a sign-out everywhere that came
// while the request went on.
func (m *Manager[U]) checkBegun(c *hipflask.Context, st *state[U]) error {
	if st.from == nil {
		return nil
	}
	ended, err := m.revoked(c, *st.from)
	st.from = nil
	if ended || err != nil {
		c.Session().Clear()
	}
	if ended {
		m.clearRemember(c, st)
	}
	return err
}

// CurrentUser returns the user who is signed in, and whether one is: Flask-Login's
// current_user and its is_authenticated. The user is looked for at the first call,
// once in a request: in the session, then by the remember cookie, then by
// RequestLoader. A request that never asks pays nothing.
//
// If a loader fails there is no user, and its error becomes the reply whatever the
// handler makes of it. A handler that must not go on calls [Manager.Load], and so
// does an after-hook that is the first to ask, since by then the reply stands.
func (m *Manager[U]) CurrentUser(c *hipflask.Context) (user U, ok bool) {
	user, ok, err := m.Load(c)
	if err != nil {
		m.fail(c, err)
	}
	return user, ok
}

// fail makes err the reply.
func (m *Manager[U]) fail(c *hipflask.Context, err error) {
	st := m.state(c)
	if !st.failed {
		st.failed, st.failure = true, err
		m.atEnd(c, st)
	}
}

// Load is [Manager.CurrentUser] with the error of a loader that failed, to be
// returned by the handler.
func (m *Manager[U]) Load(c *hipflask.Context) (user U, ok bool, err error) {
	st := m.state(c)
	if !st.loaded {
		st.loaded, st.since = true, time.Now()
		UserAccessed.Send(c, c.Request)
		st.err = m.find(c, st)
	}
	if st.err != nil || !st.signedIn {
		return user, false, st.err
	}
	return st.user, true, nil
}

// find looks for the user in all places.
func (m *Manager[U]) find(c *hipflask.Context, st *state[U]) error {
	if m.cleared(c) {
		m.clearRemember(c, st)
	}
	// 1. The session; a RequestLoader is asked last.
	if id := c.Session().GetString(userKey); id != "" {
		if !m.protect(c, st) {
			return nil
		}
		user, found, err := m.byID(c, id)
		if err != nil {
			return err
		}
		if found {
			st.user, st.signedIn, st.bySelf = user, isAuthenticated(user), true
			return m.refreshRemember(c, st)
		}
	}
	// 2. The remember cookie.
	if t, ok := m.remembered(c); ok {
		user, found, err := m.byID(c, t.ID)
		if err != nil {
			return err
		}
		if found && t.stamped(user) && isAuthenticated(user) {
			if ended, err := m.revoked(c, t); err != nil {
				return err
			} else if ended {
				return m.byRequest(c, st)
			}
			m.begin(c, t.ID, false)
			if m.app.Config.SessionsValidSince != nil {
				st.from = &t
				m.atEnd(c, st)
			}
			st.user, st.signedIn, st.bySelf = user, true, true
			UserLoadedFromCookie.Send(c, user)
			if m.RememberCookieRefreshEachRequest {
				return m.setRemember(c, st, user, t.duration())
			}
			return nil
		}
	}
	return m.byRequest(c, st)
}

// byRequest asks the request loader.
func (m *Manager[U]) byRequest(c *hipflask.Context, st *state[U]) error {
	if m.RequestLoader == nil {
		return nil
	}
	user, err := m.RequestLoader(c)
	found, err := isFound(user, err)
	if err != nil {
		return loaderError("the request loader", err)
	}
	if found {
		st.user, st.signedIn = user, isAuthenticated(user)
		UserLoadedFromRequest.Send(c, user)
	}
	return nil
}

func (m *Manager[U]) byID(c *hipflask.Context, id string) (user U, found bool, err error) {
	user, err = m.loader(c, id)
	if found, err = isFound(user, err); err != nil {
		return user, false, loaderError("the user loader", err)
	}
	return user, found, nil
}

func isFound[U User](user U, err error) (bool, error) {
	switch {
	case errors.Is(err, ErrNoUser):
		return false, nil
	case err != nil:
		return false, err
	}
	return !isZero(user), nil
}

// loaderError is a failure that is no visitor's doing, as it becomes the reply.
func loaderError(what string, err error) error {
	var known *hipflask.HTTPError
	if errors.As(err, &known) {
		return err
	}
	return hipflask.Error(http.StatusServiceUnavailable, "").Wrap(fmt.Errorf("login: %s: %w", what, err))
}

// protect reports whether the session may sign its user in, and has it pay for
// coming from elsewhere.
//
// Flask-Login does this to every session with anything in it, and so a stranger
// with a basket can lose the remember cookie. Here it is for those with a user. A
// session without an identifier is bound to where it is first seen: no visitor can
// make one, but SignInForTest, and a Flask application whose user was remembered.
func (m *Manager[U]) protect(c *hipflask.Context, st *state[U]) (ok bool) {
	if m.SessionProtection == ProtectOff {
		return true
	}
	s, now := c.Session(), m.identifier(c)
	switch was := s.GetString(identKey); {
	case was == "":
		s.Set(identKey, now)
		return true
	case subtle.ConstantTimeCompare([]byte(was), []byte(now)) == 1:
		return true
	}
	SessionProtected.Send(c, c.Request)
	if m.SessionProtection == ProtectBasic || s.Permanent() {
		s.Set(freshKey, false)
		return true
	}
	s.Clear()
	m.clearRemember(c, st)
	return false
}

// identifier is what session protection compares.
func (m *Manager[U]) identifier(c *hipflask.Context) string {
	if m.SessionIdentifier != nil {
		return m.SessionIdentifier(c)
	}
	text := pythonBytes(c.RemoteAddr(), c.RemoteAddr() != "") + "|" +
		pythonBytes(c.Request.UserAgent(), c.Request.Header["User-Agent"] != nil)
	sum := sha512.Sum512([]byte(text))
	return hex.EncodeToString(sum[:])
}

// pythonBytes is a header's text as Flask-Login 0.6 hashes it: Python's way to write
// its bytes, after they were taken for Latin-1 and made UTF-8.
func pythonBytes(text string, there bool) string {
	if !there {
		return "None"
	}
	quote := byte('\'')
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		quote = '"'
	}
	b := []byte{'b', quote}
	for i := range len(text) {
		switch ch := text[i]; {
		case ch == quote || ch == '\\':
			b = append(b, '\\', ch)
		case ch == '\t':
			b = append(b, `\t`...)
		case ch >= 0x80:
			for _, part := range []byte(string(rune(ch))) {
				b = fmt.Appendf(b, `\x%02x`, part)
			}
		case ch < ' ' || ch == 0x7f:
			b = fmt.Appendf(b, `\x%02x`, ch)
		default:
			b = append(b, ch)
		}
	}
	return string(append(b, quote))
}

// begin makes the session one of the user. It gets a new identity, so that one that
// was planted or copied before is worth nothing, and keeps what a stranger put into
// it, but nothing of another user.
func (m *Manager[U]) begin(c *hipflask.Context, id string, fresh bool) {
	s := c.Session()
	enter(s, id, fresh)
	s.Set(identKey, m.identifier(c))
}

// enter is begin, but for where the session is bound to.
func enter(s *hipflask.Session, id string, fresh bool) {
	if old := s.GetString(userKey); old != "" && old != id {
		permanent := s.Permanent()
		s.Clear()
		if permanent {
			s.SetPermanent(true)
		}
	} else {
		s.Renew()
	}
	s.Set(userKey, id)
	s.Set(freshKey, fresh)
}

// refreshRemember is RememberCookieRefreshEachRequest for a user of the session. It
// gives no cookie to who has none that counts.
func (m *Manager[U]) refreshRemember(c *hipflask.Context, st *state[U]) error {
	if !m.RememberCookieRefreshEachRequest || !st.signedIn {
		return nil
	}
	t, ok, err := m.rememberedAs(c, st.user)
	if err != nil || !ok {
		return err
	}
	return m.setRemember(c, st, st.user, t.duration())
}
