package forms_test

import (
	"log/slog"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

// newApp is an App without files that keeps its log to itself.
func newApp() *hipflask.App {
	app := hipflask.New("forms")
	app.Config.Root = fstest.MapFS{}
	app.Config.Logger = slog.New(slog.DiscardHandler)
	app.Config.SecretKey = "a key for tests, which everybody may know"
	return app
}

// send sends values to a form of in, by POST unless they are nil, and returns what
// became of it. Do sees the form before it is validated.
func send(t testing.TB, in any, values url.Values, do ...func(*forms.Form)) *forms.Form {
	t.Helper()
	var form *forms.Form
	app := newApp()
	app.Route("/", func(c *hipflask.Context) error {
		form = forms.New(c, in)
		for _, do := range do {
			do(form)
		}
		form.ValidateOnSubmit()
		return c.NoContent()
	}, "GET", "POST").Name("index")
	client := hipflasktest.New(t, app)
	if values == nil {
		client.Get("/")
	} else {
		client.PostForm("/", values)
	}
	if form == nil {
		t.Fatal("the handler did not get as far as New")
	}
	return form
}

// show returns a page that gets the form of in.
func show(t testing.TB, app *hipflask.App, in any, page string) string {
	t.Helper()
	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(page, hipflask.Data{"form": forms.New(c, in)})
	}).Name("index")
	answer := hipflasktest.New(t, app).Get("/")
	if answer.StatusCode != 200 {
		t.Fatalf("got %s", answer)
	}
	return answer.Body
}
