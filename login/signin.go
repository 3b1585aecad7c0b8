package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/hipflask/hipflask"
)

// An Option changes how [Manager.LoginUser] signs in.
type Option func(*options)

type options struct {
	remember, force, fresh bool
	duration               time.Duration
	hasDuration            bool
}

// Remember signs the user in again when the session has ended, by a cookie: the
// remember=True of Flask-Login.
func Remember() Option { return func(o *options) { o.remember = true } }

// For is how long the remember cookie signs the user in, in place of
// RememberCookieDuration, and asks for one as [Remember] does. It is Flask-Login's
// duration.
func For(d time.Duration) Option {
	return func(o *options) { o.remember, o.duration, o.hasDuration = true, d, true }
}

// Fresh says whether the sign-in is fresh, as one with a password is, which is the
// default. It is Flask-Login's fresh.
func Fresh(fresh bool) Option { return func(o *options) { o.fresh = fresh } }

// Force signs in a user who is not active: the force=True of Flask-Login. Such a
// user does not count as signed in unless it is an [Authenticator] that says so.
func Force() Option { return func(o *options) { o.force = true } }

// LoginUser signs a user in, whom the caller has made sure of: Flask-Login's
// login_user. From there on CurrentUser returns the user, in this request too. The
// error is [ErrInactive] for a user who is not active, and else a mistake: no
// user, an empty id, a duration that is none.
//
// The session gets a new identity, against who planted one. It keeps its values,
// such as a basket, unless another user was signed in: then it is cleared first.
// Without [Remember], the remember cookie of another user is taken away.
func (m *Manager[U]) LoginUser(c *hipflask.Context, user U, opts ...Option) error {
	o := options{fresh: true, duration: m.cookieDuration()}
	for _, set := range opts {
		set(&o)
	}
	if isZero(user) {
		return errors.New("login: LoginUser was given no user")
	}
	id := user.LoginID()
	switch {
	case id == "" || !utf8.ValidString(id):
		return fmt.Errorf("login: LoginUser: the LoginID of the %T is %q; give a text of UTF-8 that is not empty", user, id)
	case o.remember && o.duration < time.Second:
		return fmt.Errorf("login: LoginUser: a remember cookie cannot last %v", o.duration)
	case !o.force && !isActive(user):
		return ErrInactive
	}
	st := m.state(c)
	st.since = time.Now()
	t, remembered := m.remembered(c)
	clears := m.cleared(c) || remembered && t.ID != id
	if o.remember {
		if err := m.setRemember(c, st, user, o.duration); err != nil {
			return err
		}
	}
	m.begin(c, id, o.fresh)
	switch {
	case o.remember:
		c.Session().Delete(rememberKey)
	case clears:
		m.clearRemember(c, st)
	case st.cookie != nil: // of who was signed in before
		m.sendCookie(c, st, nil)
	}
	st.user, st.signedIn, st.loaded, st.bySelf = user, isAuthenticated(user), true, true
	st.err, st.failure, st.from = nil, nil, nil
	UserLoggedIn.Send(c, user)
	return nil
}

// LogoutUser signs the user out, takes the remember cookie away and clears the
// session: Flask-Login's logout_user, which leaves in the session what else it holds.
// Here only flashed messages stay, so that nothing of the user is there for who
// comes next. A user loader that fails keeps nobody signed in.
//
// It counts whatever becomes of the reply, and so no Session.Clear should follow it: if
// no header can take the cookie away, a value of the session says that it is worth
// nothing. After the reply is sent it is too late, and the log says so.
//
// It ends this session and this browser's cookies. Whoever has a copy of them can go
// on: Config.SessionsValidSince ends those.
func (m *Manager[U]) LogoutUser(c *hipflask.Context) {
	user, ok, _ := m.Load(c)
	s := c.Session()
	var flashes json.RawMessage
	flashed := s.Get(flashesKey, &flashes)
	s.Clear()
	if flashed {
		s.Set(flashesKey, flashes)
	}
	var nobody U
	st := m.state(c)
	m.clearRemember(c, st)
	st.user, st.signedIn, st.loaded, st.bySelf = nobody, false, true, false
	st.err, st.failure, st.from = nil, nil, nil
	if ok {
		UserLoggedOut.Send(c, user)
	} else {
		UserLoggedOut.Send(c, nil)
	}
}

// ConfirmLogin makes the sign-in fresh again, after the user has given the password
// once more: Flask-Login's confirm_login. The session gets a new identity. For who
// is not signed in by the session it does nothing.
func (m *Manager[U]) ConfirmLogin(c *hipflask.Context) {
	user, ok := m.CurrentUser(c)
	if st := m.state(c); !ok || !st.bySelf {
		return
	}
	m.begin(c, user.LoginID(), true)
	m.state(c).from = nil
	UserLoginConfirmed.Send(c, user)
}

// LoginFresh reports whether the user who is signed in gave the password in this
// session, and was not remembered: Flask-Login's login_fresh.
func (m *Manager[U]) LoginFresh(c *hipflask.Context) bool {
	_, ok := m.CurrentUser(c)
	return ok && m.state(c).bySelf && c.Session().GetBool(freshKey)
}

// LoginRemembered reports whether the request has a remember cookie that would
// sign in the user of [Manager.CurrentUser]: Flask-Login's login_remembered. It asks
// Config.SessionsValidSince, whose error becomes the reply.
func (m *Manager[U]) LoginRemembered(c *hipflask.Context) bool {
	user, ok := m.CurrentUser(c)
	if !ok {
		return false
	}
	_, ok, err := m.rememberedAs(c, user)
	if err != nil {
		m.fail(c, err)
	}
	return ok
}

// SignInForTest writes a user into a session outside of a request, for a test's
// client: it is Flask-Login's FlaskLoginClient. It checks nothing of the user. Of
// the options only [Fresh] can be had; it panics for [Remember] and [For], since a
// session brings no cookie, and for a user without an id. A program signs in with
// [Manager.LoginUser].
//
//	client := hipflasktest.New(t, app)
//	client.SessionTransaction(func(s *hipflask.Session) { users.SignInForTest(s, ada) })
//
// The session is bound to where it is first used from, if SessionProtection is on.
func (m *Manager[U]) SignInForTest(s *hipflask.Session, user U, opts ...Option) {
	o := options{fresh: true}
	for _, set := range opts {
		set(&o)
	}
	switch {
	case o.remember:
		panic("login: SignInForTest sets no remember cookie: sign in by the program's own form")
	case isZero(user) || user.LoginID() == "":
		panic("login: SignInForTest was given no user, or one without an id")
	}
	enter(s, user.LoginID(), o.fresh)
	s.Delete(identKey)
}
