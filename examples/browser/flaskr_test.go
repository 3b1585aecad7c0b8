package browser

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestFlaskr is the life of a post: its author registers, writes, edits and
// deletes it.
func TestFlaskr(t *testing.T) {
	v := newVisitor(t, program(t, "../flaskr", []string{
		"FLASKR_DATABASE=" + filepath.Join(t.TempDir(), "flaskr.sqlite"),
		"FLASKR_SECRET_KEY=a key that is for this test alone",
	}, "init-db"))

	v.open("/")
	v.sees("Flaskr", "Posts", "Register", "Log In")
	v.seesNot("New")

	// Registered, but not logged in yet: a stranger to /create.
	v.follow("Register")
	v.at("/auth/register")
	v.fits("flaskr-register")
	v.enter("Register", "ada", "analytical engine")
	v.at("/auth/login")
	v.open("/create")
	v.at("/auth/login")

	// The name is taken for the next one.
	v.open("/auth/register")
	v.enter("Register", "ada", "difference engine")
	v.sees("User ada is already registered.")

	// A message is shown once.
	v.follow("Log In")
	v.seesNot("already registered")
	v.enter("Log In", "ada", "difference engine")
	v.at("/auth/login")
	v.sees("Incorrect password.")
	v.fits("flaskr-login")
	v.do(chromedp.Navigate(v.base + "/auth/login"))
	v.seesNot("Incorrect password.")

	v.enter("Log In", "ada", "analytical engine")
	v.at("/")
	v.sees("ada", "Log Out", "New")

	v.follow("New")
	v.at("/create")
	v.fill("title", "Notes by the translator")
	v.fill("body", "It weaves algebraic patterns,\n<em>just as the loom weaves</em> flowers and leaves.")
	v.fits("flaskr-create")
	v.press("Save")
	v.at("/")
	v.sees("Notes by the translator", "by ada on 20", "It weaves algebraic patterns,", "<em>just as the loom weaves</em>")

	v.follow("New")
	v.fill("title", "A second post")
	v.fill("body", "The engine can arrange and combine its numerical quantities exactly as if they were letters.")
	v.press("Save")
	v.fits("flaskr-index")

	v.open("/1/update")
	v.fill("title", "Notes")
	v.press("Save")
	v.at("/")
	v.sees("Notes", "It weaves algebraic patterns,")
	v.seesNot("by the translator")

	v.open("/1/update")
	v.fits("flaskr-update")
	v.press("Delete") // the page asks whether that is meant, and the visitor says yes
	v.at("/")
	v.sees("A second post")
	v.seesNot("Notes")

	v.follow("Log Out")
	v.at("/")
	v.sees("A second post", "Log In")
	v.seesNot("Log Out", "Edit")
}

// enter gives a name and a password and presses the button below them.
func (v *visitor) enter(button, username, password string) {
	v.t.Helper()
	v.fill("username", username)
	v.fill("password", password)
	v.press(button)
}
