package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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

func (a *auth) register(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		username, password, err := credentials(c)
		if err != nil {
			return err
		}
		problem, err := a.addUser(c.Request.Context(), username, password)
		switch {
		case err != nil:
			return err
		case problem == "":
			return c.RedirectTo("auth.login")
		}
		c.Flash(problem)
	}
	return c.Render("auth/register.html", nil)
}

// addUser keeps a new user, or returns the problem that the visitor can mend.
func (a *auth) addUser(ctx context.Context, username, password string) (problem string, err error) {
	switch {
	case username == "":
		return "Username is required.", nil
	case password == "":
		return "Password is required.", nil
	}
	_, err = a.db.ExecContext(ctx, "INSERT INTO user (username, password) VALUES (?, ?)",
		username, flaskcompat.GeneratePasswordHash(password))
	if isTaken(err) { // only the table can tell, as two may register one name at once
		return fmt.Sprintf("User %s is already registered.", username), nil
	}
	return "", err
}

func (a *auth) login(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		username, password, err := credentials(c)
		if err != nil {
			return err
		}
		id, problem, err := a.checkPassword(c.Request.Context(), username, password)
		switch {
		case err != nil:
			return err
		case problem == "":
			c.Session().Clear()
			c.Session().Set("user_id", id)
			return c.RedirectTo("index")
		}
		c.Flash(problem)
	}
	return c.Render("auth/login.html", nil)
}

// checkPassword returns the id of the user with this name and password, or the
// problem that the visitor can mend.
func (a *auth) checkPassword(ctx context.Context, username, password string) (id int, problem string, err error) {
	var hash string
	err = a.db.QueryRowContext(ctx, "SELECT id, password FROM user WHERE username = ?", username).Scan(&id, &hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, "Incorrect username.", nil
	case err != nil:
		return 0, "", err
	case !flaskcompat.CheckPasswordHash(hash, password):
		return 0, "Incorrect password.", nil
	}
	return id, "", nil
}

func (a *auth) logout(c *hipflask.Context) error {
	c.Session().Clear()
	return c.RedirectTo("index")
}

// credentials reads the form of both pages. Its error is a 400.
func credentials(c *hipflask.Context) (username, password string, err error) {
	username, err = c.RequireForm("username")
	if err != nil {
		return "", "", err
	}
	password, err = c.RequireForm("password")
	return username, password, err
}
