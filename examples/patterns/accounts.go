package main

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

// account is who may sign in. Roles say what they may do.
type account struct {
	Name      string
	Hash      string // of the password
	Roles     []string
	SignedOut time.Time // sessions that began before do not count
}

// accounts is a table of them. A program would have it in a database, with the
// same methods.
type accounts struct {
	mu     sync.Mutex
	byName map[string]account
}

// demoHash is of the password "green tea".
const demoHash = "scrypt:32768:8:1$lLr50qYLwv53ww9x$0c7d9b9a6404f5c9011bfcda2143d3d4dd6ba551c921419ed04d1f337d00e1f3dbcc3815767fb450bf858831c03d4c6475085097b01bf262cd1ecdc1599dfeaf"

func newAccounts() *accounts {
	return &accounts{byName: map[string]account{
		"ada":   {Name: "ada", Hash: demoHash, Roles: []string{"staff"}},
		"grace": {Name: "grace", Hash: demoHash},
	}}
}

func (a *accounts) find(name string) (account, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	user, found := a.byName[name]
	return user, found
}

// add keeps a new account. It reports false for a name that is taken, which only
// the table can tell, as two may register one name at once: in SQL it is UNIQUE.
func (a *accounts) add(user account) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, taken := a.byName[user.Name]; taken {
		return false
	}
	a.byName[user.Name] = user
	return true
}

// change changes an account that is there.
func (a *accounts) change(name string, f func(*account)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if user, found := a.byName[name]; found {
		f(&user)
		a.byName[name] = user
	}
}

// check returns the account of this name and password. An unknown name takes as
// long as a wrong password, so that the time does not tell which names exist.
func (a *accounts) check(name, password string) (account, bool) {
	user, found := a.find(name)
	matches := flaskcompat.CheckPasswordHash(cmp.Or(user.Hash, demoHash), password)
	return user, found && matches
}

func registerForm(c *hipflask.Context) error {
	return c.Render("register.html", nil)
}

func (a *accounts) register(c *hipflask.Context) error {
	name, password := strings.TrimSpace(c.Form("name")), c.Form("password")
	problems := map[string]string{}
	if name == "" || len(name) > 40 {
		problems["name"] = "A name has 1 to 40 bytes."
	}
	if len(password) < minPassword {
		problems["password"] = shortPassword
	}
	if len(problems) == 0 {
		user := account{Name: name, Hash: flaskcompat.GeneratePasswordHash(password)}
		if a.add(user) {
			signIn(c, user)
			c.Flash("Welcome!")
			return c.RedirectTo("account.showAccount")
		}
		problems["name"] = "The name is taken."
	}
	page := hipflask.Data{"name": name, "problems": problems} // and never the password
	return c.Status(422).Render("register.html", page)
}

const (
	minPassword   = 8
	shortPassword = "A password has 8 bytes or more."
)

// newBlueprint has the pages of whoever is signed in. One hook guards all of them.
func (a *accounts) newBlueprint() *hipflask.Blueprint {
	bp := hipflask.NewBlueprint("account", "/account")
	bp.BeforeRequest(requireLogin)
	bp.Get("/", showAccount)
	bp.Post("/password", a.changePassword)
	bp.Post("/sign-out-everywhere", a.signOutEverywhere)
	return bp
}

func showAccount(c *hipflask.Context) error {
	return c.Render("account.html", nil) // which shows g.user
}

// changePassword ends the user's other sessions: who knew the old password may
// have one.
func (a *accounts) changePassword(c *hipflask.Context) error {
	user, _ := currentUser.Get(c)
	problems := map[string]string{}
	if _, ok := a.check(user.Name, c.Form("old")); !ok {
		problems["old"] = "That is not your password."
	}
	if len(c.Form("new")) < minPassword {
		problems["new"] = shortPassword
	}
	if len(problems) > 0 {
		return c.Status(422).Render("account.html", hipflask.Data{"problems": problems})
	}
	hash := flaskcompat.GeneratePasswordHash(c.Form("new"))
	a.change(user.Name, func(stored *account) { stored.Hash, stored.SignedOut = hash, time.Now() })
	c.Session().Renew() // this one stays
	c.FlashAs("success", "Your password is changed.")
	return c.RedirectTo(".showAccount")
}

func (a *accounts) signOutEverywhere(c *hipflask.Context) error {
	user, _ := currentUser.Get(c)
	a.change(user.Name, func(stored *account) { stored.SignedOut = time.Now() })
	c.Session().Clear()
	return c.RedirectTo("index")
}

// validSince is Config.SessionsValidSince.
func (a *accounts) validSince(_ context.Context, s *hipflask.Session) (time.Time, error) {
	user, _ := a.find(s.GetString("user"))
	return user.SignedOut, nil
}
