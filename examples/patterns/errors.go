package main

import (
	"net/http"

	"github.com/hipflask/hipflask"
)

// errorPage is the page of every error, as HTML. To whoever would rather have
// JSON it leaves the default page, which is JSON for them.
func errorPage(c *hipflask.Context, err *hipflask.HTTPError) error {
	if wantsJSON(c) {
		return err
	}
	page := hipflask.Data{"name": http.StatusText(err.Code), "message": err.Message}
	return c.Render("error.html", page) // the status is the error's already
}

// wantsJSON reports whether a client would rather have JSON than a page. What it
// gets depends on a header of the request, and Vary tells caches so.
func wantsJSON(c *hipflask.Context) bool {
	c.Header().Add("Vary", "Accept")
	best := hipflask.AcceptMimetypes(c.Request).BestMatch("text/html", "application/json")
	return best == "application/json"
}
