package forms_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/forms"
)

// BenchmarkForm is a request with a form of seven fields: read and checked, and shown.
func BenchmarkForm(b *testing.B) {
	type contact struct {
		Name  string `validate:"required,max=20"`
		Email string `widget:"email" validate:"required,email"`
		Age   int    `validate:"optional,min=1"`
		Tea   string `choices:"a=Assam,s=Sencha"`
		Text  string `widget:"textarea"`
		Agree bool   `validate:"required"`
		Send  forms.Submit
	}
	app := newApp()
	body := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "age": {"36"}, "tea": {"a"}, "text": {"Hello"}, "agree": {"y"}}.Encode()
	for _, show := range []bool{false, true} {
		b.Run(map[bool]string{false: "check", true: "show"}[show], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("POST", "/", strings.NewReader(body))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				var in contact
				form := forms.New(app.NewContext(httptest.NewRecorder(), r), &in)
				if !form.ValidateOnSubmit() {
					b.Fatal(form.Errors())
				}
				if show {
					if _, err := form.QuickForm(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
