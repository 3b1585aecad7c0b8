package main

import (
	"slices"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/login"
)

// signIn is the form of who has an account.
type signIn struct {
	Name     string       `label:"Your name" autocomplete:"username"`
	Password string       `widget:"password" autocomplete:"current-password"`
	Remember bool         `label:"Remember me on this computer"`
	Send     forms.Submit `label:"Sign in"`
}

func (a *accounts) login(c *hipflask.Context) error {
	var in signIn
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		if user := a.check(in.Name, in.Password); user != nil {
			var opts []login.Option
			if in.Remember {
				opts = append(opts, login.Remember())
			}
			if err := a.LoginUser(c, user, opts...); err != nil {
				return err
			}
			c.Flash("Welcome back!")
			return a.RedirectNext(c, "index")
		}
		c.FlashAs("error", "The name or the password is wrong.")
	}
	return showForm(c, "login.html", form)
}

func (a *accounts) logout(c *hipflask.Context) error {
	a.LogoutUser(c)
	return c.RedirectTo("index")
}

// needsRole is a decorator with an argument. It goes below Required, so there is
// a user.
func (a *accounts) needsRole(role string) func(hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(next hipflask.HandlerFunc) hipflask.HandlerFunc {
		return func(c *hipflask.Context) error {
			if user, ok := a.CurrentUser(c); !ok || !slices.Contains(user.Roles, role) {
				return hipflask.Error(403, "This page is for "+role+" only.")
			}
			return next(c)
		}
	}
}

func staff(c *hipflask.Context) error { return c.HTML("<p>For staff</p>") }
