package main

import (
	"slices"

	"github.com/hipflask/hipflask"
)

// account is who is signed in. Roles say what they may do.
type account struct {
	Name  string
	Roles []string
}

// accounts would be a table, with hashes of passwords.
var accounts = map[string]account{
	"ada":   {Name: "Ada", Roles: []string{"staff"}},
	"grace": {Name: "Grace"},
}

// currentUser is g.user, with its type.
var currentUser = hipflask.NewKey[account]("user")

// loadUser finds the account of the session before every request. Whoever is not
// found is a stranger: an account may have been deleted since.
func loadUser(c *hipflask.Context) error {
	if user, ok := accounts[c.Session().GetString("user")]; ok {
		currentUser.Set(c, user)
	}
	return nil
}

// loginRequired sends strangers to the form, and from there back to where they
// wanted to go.
func loginRequired(next hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(c *hipflask.Context) error {
		if _, ok := currentUser.Get(c); !ok {
			return c.RedirectTo("loginForm", "next", c.Request.URL.RequestURI())
		}
		return next(c)
	}
}

// needsRole is a decorator with an argument.
func needsRole(role string) func(hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(next hipflask.HandlerFunc) hipflask.HandlerFunc {
		return func(c *hipflask.Context) error {
			user, _ := currentUser.Get(c)
			if !slices.Contains(user.Roles, role) {
				return hipflask.Error(403, "This page is for "+role+" only.")
			}
			return next(c)
		}
	}
}

func loginForm(c *hipflask.Context) error {
	return c.Render("login.html", hipflask.Data{"next": c.Query("next"), "name": ""})
}

func login(c *hipflask.Context) error {
	name := c.Form("name")
	if _, ok := accounts[name]; !ok {
		c.FlashAs("error", "Nobody of that name has an account.")
		page := hipflask.Data{"next": c.Form("next"), "name": name}
		return c.Status(422).Render("login.html", page)
	}
	c.Session().Renew() // a new identity where the rights change
	c.Session().Set("user", name)
	c.Flash("Welcome back!")
	return c.SafeRedirect(c.Form("next"), "/")
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}

func settings(c *hipflask.Context) error {
	user, _ := currentUser.Get(c)
	return c.HTML("<p>Settings of %s</p>", user.Name)
}

func staff(c *hipflask.Context) error { return c.HTML("<p>For staff</p>") }
