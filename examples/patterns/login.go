package main

import (
	"net/http"
	"slices"

	"github.com/hipflask/hipflask"
)

// currentUser is g.user, with its type.
var currentUser = hipflask.NewKey[account]("user")

// loadUser finds the account of the session before every request. Whoever is not
// found is a stranger: an account may have been deleted since.
func (a *accounts) loadUser(c *hipflask.Context) error {
	if user, ok := a.find(c.Session().GetString("user")); ok {
		currentUser.Set(c, user)
	}
	return nil
}

// requireLogin is a hook that guards a blueprint: the reply that it prepares for
// strangers is sent, and the handler does not run.
func requireLogin(c *hipflask.Context) error {
	if _, ok := currentUser.Get(c); !ok {
		return toLogin(c)
	}
	return nil
}

// loginRequired is the same for one route.
func loginRequired(next hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(c *hipflask.Context) error {
		if _, ok := currentUser.Get(c); !ok {
			return toLogin(c)
		}
		return next(c)
	}
}

// toLogin sends strangers to the form, and from there back to the page that they
// wanted. What they sent to it is lost, so there is no way back to a POST.
func toLogin(c *hipflask.Context) error {
	if c.Request.Method != http.MethodGet {
		return c.RedirectTo("loginForm")
	}
	return c.RedirectTo("loginForm", "next", c.Request.URL.RequestURI())
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

func (a *accounts) login(c *hipflask.Context) error {
	user, ok := a.check(c.Form("name"), c.Form("password"))
	if !ok {
		c.FlashAs("error", "The name or the password is wrong.")
		page := hipflask.Data{"next": c.Form("next"), "name": c.Form("name")}
		return c.Status(422).Render("login.html", page)
	}
	signIn(c, user)
	c.Session().SetPermanent(c.Form("remember") != "")
	c.Flash("Welcome back!")
	return c.SafeRedirect(c.Form("next"), "/")
}

// signIn makes the session one of the user.
func signIn(c *hipflask.Context, user account) {
	c.Session().Renew() // a new identity where the rights change
	c.Session().Set("user", user.Name)
}

func logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}

func staff(c *hipflask.Context) error { return c.HTML("<p>For staff</p>") }
