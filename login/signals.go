package login

import (
	"net/http"

	"github.com/hipflask/hipflask"
)

// The signals of Flask-Login, under its names. They tell those who watch, such as
// a log of sign-ins, and change nothing.
var (
	// UserLoggedIn is sent with the user whom [Manager.LoginUser] signed in.
	UserLoggedIn = hipflask.NewSignal[User]("logged-in")

	// UserLoggedOut is sent with the user whom [Manager.LogoutUser] signed out, nil
	// if nobody was signed in.
	UserLoggedOut = hipflask.NewSignal[User]("logged-out")

	// UserLoadedFromCookie is sent with the user whom a remember cookie signed in.
	UserLoadedFromCookie = hipflask.NewSignal[User]("loaded-from-cookie")

	// UserLoadedFromRequest is sent with the user whom the request loader found.
	UserLoadedFromRequest = hipflask.NewSignal[User]("loaded-from-request")

	// UserLoginConfirmed is sent with the user for whom [Manager.ConfirmLogin] was
	// called.
	UserLoginConfirmed = hipflask.NewSignal[User]("login-confirmed")

	// UserUnauthorized is sent when a page is refused since nobody is signed in.
	UserUnauthorized = hipflask.NewSignal[*http.Request]("unauthorized")

	// UserNeedsRefresh is sent when a page is refused to a user whose sign-in is
	// not fresh.
	UserNeedsRefresh = hipflask.NewSignal[User]("needs-refresh")

	// UserAccessed is sent when a request asks for its user, the first time.
	UserAccessed = hipflask.NewSignal[*http.Request]("accessed")

	// SessionProtected is sent when a session comes from another browser or address
	// than it was begun in, and so is no longer fresh or was ended.
	SessionProtected = hipflask.NewSignal[*http.Request]("session-protected")
)
