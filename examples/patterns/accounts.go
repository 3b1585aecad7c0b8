package main

import (
	"context"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/login"
)

// account is who may sign in. Roles say what they may do.
type account struct {
	Name      string
	Hash      string // of the password
	Roles     []string
	SignedOut time.Time // sessions that began before do not count
}

// LoginID is what the session keeps of a user.
func (user *account) LoginID() string { return user.Name }

// LoginStamp ends the remember cookies of a user whose password changes.
func (user *account) LoginStamp() string { return user.Hash }

// accounts is a table of them, and who of them is signed in. A program would have
// the table in a database, with the same methods.
type accounts struct {
	*login.Manager[*account]
	mu     sync.Mutex
	byName map[string]account
}

// demoHash is of the password "green tea".
const demoHash = "scrypt:32768:8:1$lLr50qYLwv53ww9x$0c7d9b9a6404f5c9011bfcda2143d3d4dd6ba551c921419ed04d1f337d00e1f3dbcc3815767fb450bf858831c03d4c6475085097b01bf262cd1ecdc1599dfeaf"

func newAccounts(app *hipflask.App) *accounts {
	a := &accounts{byName: map[string]account{
		"ada":   {Name: "ada", Hash: demoHash, Roles: []string{"staff"}},
		"grace": {Name: "grace", Hash: demoHash},
	}}
	a.Manager = login.New(app, func(_ *hipflask.Context, id string) (*account, error) {
		return a.find(id), nil // nil is nobody: an account may have been deleted since
	})
	a.LoginView, a.LoginMessage = "login", ""
	return a
}

// find returns an account, or nil.
func (a *accounts) find(name string) *account {
	a.mu.Lock()
	defer a.mu.Unlock()
	if user, found := a.byName[name]; found {
		return &user
	}
	return nil
}

// add keeps a new account. It reports false for a name that is taken, which only
// the table can tell, as two may register one name at once: in SQL it is UNIQUE.
func (a *accounts) add(user *account) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, taken := a.byName[user.Name]; taken {
		return false
	}
	a.byName[user.Name] = *user
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

// check returns the account of this name and password, or nil. An unknown name
// takes as long as a wrong password, so that the time does not tell which names
// exist.
func (a *accounts) check(name, password string) *account {
	user, hash := a.find(name), demoHash
	if user != nil {
		hash = user.Hash
	}
	if !flaskcompat.CheckPasswordHash(hash, password) {
		return nil
	}
	return user
}

// registration is the form of a new account.
type registration struct {
	Name     string `label:"Your name" filter:"trim" validate:"required,max=40" autocomplete:"username"`
	Password string `widget:"password" validate:"required,min=8" autocomplete:"new-password"`
	Register forms.Submit
}

func (a *accounts) register(c *hipflask.Context) error {
	var in registration
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		user := &account{Name: in.Name, Hash: flaskcompat.GeneratePasswordHash(in.Password)}
		if a.add(user) {
			if err := a.LoginUser(c, user); err != nil {
				return err
			}
			c.Flash("Welcome!")
			return c.RedirectTo("account.showAccount")
		}
		form.Field("name").AddError("The name is taken.")
	}
	return showForm(c, "register.html", form)
}

// showForm shows a page with a form: again, with the status 422, if it was sent and
// something is wrong with it.
func showForm(c *hipflask.Context, page string, form *forms.Form) error {
	if form.IsSubmitted() {
		c.Status(422)
	}
	return c.Render(page, hipflask.Data{"form": form})
}

// newBlueprint has the pages of whoever is signed in. One hook guards all of them.
func (a *accounts) newBlueprint() *hipflask.Blueprint {
	bp := hipflask.NewBlueprint("account", "/account")
	bp.BeforeRequest(a.RequiredHook)
	bp.Get("/", a.showAccount)
	bp.Post("/password", a.changePassword)
	bp.Post("/sign-out-everywhere", a.signOutEverywhere)
	return bp
}

// passwordForm is the form of a new password. What is not exported is no field of it.
type passwordForm struct {
	accounts *accounts
	Old      string       `label:"Your password" widget:"password" validate:"required" autocomplete:"current-password"`
	New      string       `label:"A new one" widget:"password" validate:"required,min=8" autocomplete:"new-password"`
	Change   forms.Submit `label:"Change it"`
}

// ValidateOld is a check of the field Old.
func (p *passwordForm) ValidateOld(c *hipflask.Context, _ *forms.Field) error {
	user, _ := p.accounts.CurrentUser(c)
	if p.accounts.check(user.Name, p.Old) == nil {
		return forms.Invalid("That is not your password.")
	}
	return nil
}

func (a *accounts) showAccount(c *hipflask.Context) error {
	return showForm(c, "account.html", forms.New(c, &passwordForm{accounts: a}))
}

// changePassword ends the user's other sessions: who knew the old password may
// have one.
func (a *accounts) changePassword(c *hipflask.Context) error {
	in := passwordForm{accounts: a}
	form := forms.New(c, &in)
	if !form.ValidateOnSubmit() {
		return showForm(c, "account.html", form)
	}
	user, _ := a.CurrentUser(c)
	hash := flaskcompat.GeneratePasswordHash(in.New)
	a.change(user.Name, func(stored *account) { stored.Hash, stored.SignedOut = hash, time.Now() })
	a.ConfirmLogin(c) // this one stays
	c.FlashAs("success", "Your password is changed.")
	return c.RedirectTo(".showAccount")
}

func (a *accounts) signOutEverywhere(c *hipflask.Context) error {
	user, _ := a.CurrentUser(c)
	a.change(user.Name, func(stored *account) { stored.SignedOut = time.Now() })
	return a.logout(c)
}

// validSince is Config.SessionsValidSince. The user's id stands under _user_id, as
// in Flask-Login.
func (a *accounts) validSince(_ context.Context, s *hipflask.Session) (time.Time, error) {
	if user := a.find(s.GetString("_user_id")); user != nil {
		return user.SignedOut, nil
	}
	return time.Time{}, nil
}
