package main

import (
	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
)

// newForm is forms.New for a form of which browsers send every field, empty or
// not. Its error is a 400 for a request without one.
func newForm(c *hipflask.Context, target any) (*forms.Form, error) {
	form := forms.New(c, target)
	if !form.IsSubmitted() {
		return form, nil
	}
	for _, f := range form.Fields() {
		if _, err := c.RequireForm(f.Name()); err != nil {
			return nil, err
		}
	}
	return form, nil
}

// flashProblem flashes the first message of a form that is not valid: Flask's
// tutorial shows one at a time, above the form. The inputs refer to that place.
func flashProblem(c *hipflask.Context, form *forms.Form) {
	flashed := false
	for _, f := range form.Fields() {
		problems := f.Errors()
		if len(problems) == 0 {
			continue
		}
		f.SetAttr("aria-describedby", "messages")
		if !flashed {
			c.Flash(problems[0])
			flashed = true
		}
	}
}
