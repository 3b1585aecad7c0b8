// Package login keeps users signed in: Flask-Login's surface on hipflask's
// sessions. It knows nothing of passwords or tables: the program checks who
// somebody is, and finds a user by an id.
//
//	users := login.New(app, func(c *hipflask.Context, id string) (*account, error) {
//		return accounts.ByID(c.Request.Context(), id) // login.ErrNoUser if there is none
//	})
//	users.LoginView = "login"
//	app.Get("/account", showAccount).Wrap(users.Required)
//
// A view signs a user in with [Manager.LoginUser] and out with
// [Manager.LogoutUser], and asks for the user with [Manager.CurrentUser]. A page
// has {{with current_user}}{{.Name}}{{end}}.
//
// # What it keeps
//
// In the session stand Flask-Login's own keys: _user_id, _fresh and _id. So with
// the store of package flaskcompat, a Flask application with Flask-Login and an
// App share who is signed in. The remember_token cookie is another one than
// Flask-Login's: it expires on the server too, and ends with the user's [Stamper].
// A sign-out takes it from the browser and ends no copy of it, which
// Config.SessionsValidSince does.
//
// # What is safer than in Flask-Login
//
// A sign-in gives the session a new identity, and drops what another user left in
// it; a sign-out clears the session. A sign-in without [Remember] takes away another
// user's remember cookie. A next leads to a path on this site only. A user loader
// that fails makes the reply a 503, and signs nobody out. Config.SessionsValidSince,
// which signs a user out everywhere, ends remember cookies too. docs/flask-login.md
// has the whole table.
package login
