package main

import (
	"database/sql"
	"errors"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

// user is who is logged in.
type user struct {
	ID       int
	Username string
}

// currentUser is the user of a request, who is nil while nobody is logged in:
// g.user in a page.
var currentUser = hipflask.NewKey[*user]("user")

// auth has the pages for registering, logging in and logging out.
type auth struct {
	db *sql.DB
}

func authBlueprint(db *sql.DB) *hipflask.Blueprint {
	a := &auth{db}
	bp := hipflask.NewBlueprint("auth", "/auth")
	bp.BeforeAppRequest(a.loadLoggedInUser)
	bp.Route("/register", a.register, "GET", "POST")
	bp.Route("/login", a.login, "GET", "POST")
	bp.Get("/logout", a.logout)
	return bp
}

// loginRequired sends anonymous visitors to the login page.
func loginRequired(view hipflask.HandlerFunc) hipflask.HandlerFunc {
	return func(c *hipflask.Context) error {
		if u, _ := currentUser.Get(c); u == nil {
			return c.RedirectTo("auth.login")
		}
		return view(c)
	}
}

// loadLoggedInUser runs before every request, also those of other blueprints.
func (a *auth) loadLoggedInUser(c *hipflask.Context) error {
	if !c.Session().Has("user_id") {
		return nil
	}
	var u user
	err := a.db.QueryRowContext(c.Request.Context(), "SELECT id, username FROM user WHERE id = ?",
		c.Session().GetInt("user_id")).Scan(&u.ID, &u.Username)
	switch {
	case errors.Is(err, sql.ErrNoRows): // the account is gone since
		return nil
	case err != nil:
		return err
	}
	currentUser.Set(c, &u)
	return nil
}

// registration is the form of the page for registering.
type registration struct {
	Username string `validate:"input_required" message:"Username is required." autocomplete:"username" attrs:"autocapitalize=none"`
	Password string `widget:"password" validate:"input_required" message:"Password is required." autocomplete:"new-password"`
}

func (a *auth) register(c *hipflask.Context) error {
	var in registration
	form, err := newForm(c, &in)
	if err != nil {
		return err
	}
	if form.ValidateOnSubmit() {
		_, err := a.db.ExecContext(c.Request.Context(), "INSERT INTO user (username, password) VALUES (?, ?)",
			in.Username, flaskcompat.GeneratePasswordHash(in.Password))
		if err == nil {
			return c.RedirectTo("auth.login")
		}
		if !isTaken(err) { // only the table can tell, as two may register one name at once
			return err
		}
		form.Field("username").AddError("User %(name)s is already registered.", "name", in.Username)
	}
	flashProblem(c, form)
	return c.Render("auth/register.html", hipflask.Data{"form": form})
}

// credentials is the form of the page for logging in. An empty name is a wrong
// one, and an empty password too.
type credentials struct {
	Username string `autocomplete:"username" attrs:"autocapitalize=none,required"`
	Password string `widget:"password" autocomplete:"current-password" attrs:"required"`
}

func (a *auth) login(c *hipflask.Context) error {
	var in credentials
	form, err := newForm(c, &in)
	if err != nil {
		return err
	}
	if form.ValidateOnSubmit() {
		var id int
		var hash string
		err := a.db.QueryRowContext(c.Request.Context(), "SELECT id, password FROM user WHERE username = ?", in.Username).Scan(&id, &hash)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			form.Field("username").AddError("Incorrect username.")
		case err != nil:
			return err
		case !flaskcompat.CheckPasswordHash(hash, in.Password):
			form.Field("password").AddError("Incorrect password.")
		default:
			c.Session().Clear()
			c.Session().Set("user_id", id)
			return c.RedirectTo("index")
		}
	}
	flashProblem(c, form)
	return c.Render("auth/login.html", hipflask.Data{"form": form})
}

func (a *auth) logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}
