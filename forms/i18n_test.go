package forms_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

// TestTranslations: messages, labels, helps and choices in the language of a request.
func TestTranslations(t *testing.T) {
	app := newApp()
	forms.Setup(app, forms.Config{Translations: forms.Catalogs(map[string]map[string]string{"de": {
		"This field is required.":                         "Dieses Feld wird benötigt.",
		"Field must be at least %(min)d characters long.": "Mindestens %(min)d Zeichen.",
		"Name": "Ihr Name", "As on your card.": "Wie auf der Karte.", "Red": "Rot", "Taken: %(name)s": "Vergeben: %(name)s",
	}}, func(c *hipflask.Context) string { return c.Query("lang") })})
	app.Post("/", func(c *hipflask.Context) error {
		var in struct {
			Name  string `validate:"min=3" help:"As on your card."`
			Email string `validate:"required"`
			Color string `choices:"r=Red"`
			Other string `validate:"max=1"`
		}
		form := forms.New(c, &in)
		form.ValidateOnSubmit()
		name := form.Field("name")
		name.AddError("Taken: %(name)s", "name", "%(min)d")
		return c.Text(fmt.Sprintf("%q %v %v %v %q %v", name.Errors(), form.Field("email").Errors(), name.LabelText(), name.HelpText(),
			form.Field("color").Options()[0].Options[0].Label, form.Field("other").Errors()))
	}).Name("index")
	client := hipflasktest.New(t, app)
	for lang, want := range map[string]string{
		"de": `["Mindestens 3 Zeichen." "Vergeben: %(min)d"] [Dieses Feld wird benötigt.] Ihr Name Wie auf der Karte. "Rot" [Field cannot be longer than 1 character.]`,
		"en": `["Field must be at least 3 characters long." "Taken: %(min)d"] [This field is required.] Name As on your card. "Red" [Field cannot be longer than 1 character.]`,
	} {
		if got := client.PostForm("/?lang="+lang, url.Values{"name": {"ab"}, "other": {"ab"}}).Body; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", lang, got, want)
		}
	}
}

// TestMessage: the texts of a message.
func TestMessage(t *testing.T) {
	m := forms.Message{ID: "one %(n)d", Plural: "%(n)s of them", N: 1, Params: map[string]any{"n": 1}}
	if got := m.English(); got != "one 1" {
		t.Errorf("got %q", got)
	}
	m.N, m.Params["n"] = 2, 2
	if got := m.English(); got != "2 of them" {
		t.Errorf("got %q", got)
	}
	if err := forms.Invalid("No %(what)s.", "what", "way"); err.Error() != "No way." {
		t.Errorf("got %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Invalid took a name without a value")
		}
	}()
	//lint:ignore SA5012 this is what panics
	forms.Invalid("x", "name")
}
