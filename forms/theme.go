package forms

import (
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"sync"
)

// Themes: the templates that fields are shown with.

// Theme is a set of templates that a form is shown with, one for each part: label,
// input, textarea, select, choices (radio buttons and checkboxes), checkbox, file,
// submit, help, errors, row, checkboxrow, submitrow, group, formerrors and form. Each
// gets a [Widget], formerrors and form a [FormWidget].
type Theme struct {
	sources []string
	parsed  func() (*template.Template, error)
}

var (
	//go:embed themes/plain.html
	plainSource string
	//go:embed themes/bootstrap5.html
	bootstrap5Source string
)

// The themes of this package.
var (
	// Plain has no classes but field and errors. It is the theme of an App that
	// chooses none.
	Plain = newTheme(plainSource)

	// Bootstrap5 has the classes of Bootstrap 5: form-control, is-invalid,
	// invalid-feedback, form-check and so on. The page brings its style sheet. It
	// is Bootstrap-Flask's render_form.
	Bootstrap5 = newTheme(plainSource, bootstrap5Source)
)

func newTheme(sources ...string) *Theme {
	return &Theme{sources: sources, parsed: sync.OnceValues(func() (*template.Template, error) {
		t := template.New("theme")
		for _, source := range sources {
			if _, err := t.Parse(source); err != nil {
				return nil, err
			}
		}
		return t, nil
	})}
}

// With returns a theme that differs in the templates that are defined in source, which
// is html/template's language:
//
//	theme := forms.Plain.With(`
//		{{define "row"}}<p>{{.Label}} {{.Input}}{{.Help}}{{.ErrorList}}</p>{{end}}`)
//
// It panics if source cannot be parsed.
func (t *Theme) With(source string) *Theme {
	theme := newTheme(append(slices.Clip(t.sources), source)...)
	if _, err := theme.parsed(); err != nil {
		panic(fmt.Sprintf("forms: Theme.With: %v", err))
	}
	return theme
}
