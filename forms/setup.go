package forms

import (
	"github.com/hipflask/hipflask"
)

// Config is how an App shows its forms. Its zero value is a good default.
type Config struct {
	// Theme is what fields are shown with; nil means [Plain].
	Theme *Theme

	// Translations are the languages of the messages; nil means English.
	Translations Translations

	// CSRF asks every form for a token, as [NewCSRF] does; nil for no tokens. It
	// is a second lock: the App itself refuses forms of other sites, by what
	// browsers since 2023 say of where a request comes from.
	CSRF *CSRFConfig
}

// settingsKey is where an App keeps what Setup was given.
const settingsKey = "HIPFLASK_FORMS"

// settings are of an App.
type settings struct {
	theme        *Theme
	translations Translations
	csrf         *CSRF
}

// String keeps a page that prints its config from saying more.
func (s *settings) String() string { return "forms" }

// Setup tells how an App shows its forms. An App without it has the plain theme,
// English messages and no tokens. It panics when called twice for one App. It is what
// init_app of Flask-WTF and Bootstrap-Flask are.
func Setup(app *hipflask.App, cfg Config) {
	s := &settings{theme: cfg.Theme, translations: cfg.Translations}
	if s.theme == nil {
		s.theme = Plain
	}
	if old, ok := app.Config.Get(settingsKey).(*settings); ok {
		if old.theme != nil {
			panic("forms: Setup was called before for this App")
		}
		s.csrf = old.csrf // of NewCSRF
	}
	app.Config.Set(settingsKey, s)
	if cfg.CSRF != nil {
		NewCSRF(app, *cfg.CSRF)
	}
}

var noSettings = &settings{theme: Plain}

func settingsOf(app *hipflask.App) *settings {
	s, ok := app.Config.Get(settingsKey).(*settings)
	if !ok {
		return noSettings
	}
	return s
}
