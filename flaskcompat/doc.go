// Package flaskcompat lets an application move from Flask piece by piece: it
// reads and writes Flask's own session cookie, and Werkzeug's password hashes.
//
//	app := hipflask.New("shop")
//	app.Config.SecretKey = os.Getenv("SECRET_KEY") // the Flask application's
//	app.Config.SessionStore = flaskcompat.NewSessionStore()
//
// # Sessions
//
// With one SECRET_KEY, a Flask application and a hipflask App share their
// visitors' sessions, flashed messages and permanence, in both directions. For
// the rest of the cookie, give both the same SESSION_COOKIE_NAME, _PATH and
// _DOMAIN, and the same PERMANENT_SESSION_LIFETIME, if they are not the defaults.
//
// What JSON can hold is in the session as ever: c.Session().GetString("name").
// What it cannot hold stands there in Flask's notation, an object with a tag for
// its key, and has a type in this package. Get into that type reads it, Set of
// that type stores it:
//
//	session["seen"] = datetime.now(UTC)      Set("seen", flaskcompat.Time{Time: time.Now()})
//	session["id"] = uuid4()                  Set("id", flaskcompat.UUID(id))
//	session["key"] = b"\x00\x01"             Set("key", flaskcompat.Bytes{0, 1})
//	session["pair"] = (1, "a")               Set("pair", flaskcompat.Tuple{1, "a"})
//	session["note"] = Markup("<b>hi</b>")    Set("note", flaskcompat.Markup("<b>hi</b>"))
//	session["any"] = {key: value}            Set("any", flaskcompat.Dict{key: value})
//
// They are also types for the fields of a struct. [Untag] is for values of which
// one does not know what they are, and for pages.
//
// A value that nobody sets goes back to Flask as it came, to the byte, whatever
// it is. One that is read into an any or a map and set again keeps its tags; it
// loses what Go's JSON does not know: that 1.0 is no 1, and NaN, which is null
// here.
//
// Flashed messages are the same on both sides. A message that is Markup in Flask
// is escaped in a hipflask page, and still Markup if Flask shows it.
//
// # Passwords
//
// [CheckPasswordHash] and [GeneratePasswordHash] are those of werkzeug.security,
// so both applications can use one table of users.
package flaskcompat
