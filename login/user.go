package login

import (
	"errors"
	"reflect"
)

// User is what a Manager needs of a user: an id, which never changes, is never
// empty and is never given to another user, also when the account is deleted: what a
// browser has kept would sign in the new one. (In SQLite that takes AUTOINCREMENT.)
// It is Flask-Login's get_id. A user may have more methods: see [Activer],
// [Authenticator] and [Stamper].
type User interface {
	// LoginID returns the id that the user loader finds the user by.
	LoginID() string
}

// Activer is a [User] that can be switched off: Flask-Login's is_active. An
// inactive user cannot sign in, and one who is signed in is nobody from the next
// request on.
type Activer interface {
	// IsActive reports whether the account may be used.
	IsActive() bool
}

// Authenticator is a [User] that says itself whether it counts as signed in:
// Flask-Login's is_authenticated. Without it, a user counts who is no [Activer] or
// is active, as with Flask-Login's UserMixin. With it, a user who signed in with
// [Force] can count though inactive.
type Authenticator interface {
	// IsAuthenticated reports whether the user counts as signed in.
	IsAuthenticated() bool
}

// Stamper is a [User] whose remember cookies end when its stamp changes. A good
// stamp is the password's hash. The stamp itself stands in no cookie, only a keyed
// hash of it. Config.SessionsValidSince ends remember cookies, too, and needs no
// stamp. Flask-Login has no such thing: there the id has to change.
type Stamper interface {
	// LoginStamp returns a text that changes whenever remember cookies are to end.
	LoginStamp() string
}

// ErrNoUser is what a user loader or a request loader returns where there is no
// such user: Flask-Login's None. A zero user without an error means the same.
var ErrNoUser = errors.New("login: no such user")

// ErrInactive is what [Manager.LoginUser] returns for a user who is not active,
// where Flask-Login's login_user returns False.
var ErrInactive = errors.New("login: the user is not active")

func isActive(user any) bool {
	u, ok := user.(Activer)
	return !ok || u.IsActive()
}

func isAuthenticated(user any) bool {
	if u, ok := user.(Authenticator); ok {
		return u.IsAuthenticated()
	}
	return isActive(user)
}

func stampOf(user any) string {
	if u, ok := user.(Stamper); ok {
		return u.LoginStamp()
	}
	return ""
}

// isZero reports whether a user is none: a nil pointer, say.
func isZero[U User](user U) bool {
	v := reflect.ValueOf(&user).Elem()
	if v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	return v.IsZero()
}
