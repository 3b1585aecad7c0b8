package forms_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

func init() {
	forms.AddRule("even", func(c *hipflask.Context, f *forms.Field, param string) error {
		if n := f.Value().(int); n%2 != 0 {
			return forms.Invalid("%(n)d is not even%(mark)s", "n", n, "mark", param)
		}
		return nil
	})
}

// TestRules: rules beyond those that TestAgainstWTForms compares.
func TestRules(t *testing.T) {
	type ruled struct {
		Even   int       `validate:"optional,even=!"`
		Above  int       `validate:"optional,gt=3,lt=6"`
		Uint   uint8     `validate:"optional,gte=250"`
		Words  string    `validate:"optional,oneof='two words' one"`
		Hex    string    `validate:"optional,hexcolor|rgb" message:"That is no color."`
		Own    string    `validate:"required,min=3,alpha" message_required:"Tell us." message_bounds:"At least %(min)d, please."`
		Many   []string  `choices:"a=A,b=B,c=C" validate:"optional,min=2,max=2"`
		From   time.Time `widget:"date" validate:"optional,min=2026-01-01,max=2026-12-31"`
		To     time.Time `widget:"date" validate:"optional,gtefield=From"`
		Both   string    `validate:"optional,min=5,alpha"`
		Free   string    `choices:"a=A" choice:"any" validate:"optional"`
		Floaty *float64  `validate:"min=0.5"`
		Stars  *int      `validate:"required,min=1"`
		Zero   *int      `validate:"input_required"`
	}
	for _, test := range []struct{ name, value, want string }{
		{"even", "3", "[3 is not even!]"},
		{"even", "4", "[]"},
		{"above", "3", "[Number must be between 4 and 5.]"},
		{"above", "5", "[]"},
		{"uint", "7", "[Number must be at least 250.]"},
		{"words", "two words", "[]"},
		{"words", "two", "[Invalid value, must be one of: two words, one.]"},
		{"hex", "#fff", "[]"},
		{"hex", "rgb(1,2,3)", "[]"},
		{"hex", "red", "[That is no color.]"},
		{"own", "", "[Tell us.]"},
		{"own", "ab", "[At least 3, please.]"},
		{"own", "a1", "[At least 3, please. Invalid input.]"},
		{"many", "a", "[Choose 2 to 2.]"},
		{"from", "2025-12-31", "[Date must be between 2026-01-01 and 2026-12-31.]"},
		{"from", "2026-12-31", "[]"},
		{"to", "2026-01-01", "[]"},
		{"to", "2025-01-01", "[Field must not be less than from.]"},
		{"both", "a1", "[Field must be at least 5 characters long. Invalid input.]"},
		{"free", "z", "[]"},
		{"floaty", "0.4", "[Number must be at least 0.5.]"},
		{"floaty", "", "[]"},
		{"stars", "", "[This field is required.]"},
		{"stars", " ", "[This field is required.]"},
		{"stars", "0", "[Number must be at least 1.]"},
		{"stars", "1", "[]"},
		{"zero", "", "[This field is required.]"},
		{"zero", "0", "[]"},
	} {
		sent := url.Values{test.name: {test.value}}
		if test.name == "to" {
			sent.Set("from", "2026-01-01")
		}
		var in ruled
		if got := fmt.Sprint(send(t, &in, sent).Field(test.name).Errors()); got != test.want {
			t.Errorf("%s=%s: got %s, want %s", test.name, test.value, got, test.want)
		}
	}
}

// TestAddRulePanics: a rule has one meaning.
func TestAddRulePanics(t *testing.T) {
	for _, name := range []string{"even", "required", "Even", "", "a,b"} {
		func() {
			defer func() {
				if r := recover(); r == nil {
					t.Errorf("AddRule(%q) did not panic", name)
				}
			}()
			forms.AddRule(name, func(*hipflask.Context, *forms.Field, string) error { return nil })
		}()
	}
}

// signup asks a database, here a function.
type signup struct {
	Name  string `filter:"trim" validate:"required,max=10"`
	Again string
	Inner signupPart
}

type signupPart struct{ From, To int }

func (p *signupPart) Validate(c *hipflask.Context, f *forms.Field) error {
	if p.From > p.To {
		f.Field("to").AddError("Not before %(from)d.", "from", p.From)
	}
	return nil
}

type usersKey struct{}

func (s *signup) ValidateName(c *hipflask.Context, f *forms.Field) error {
	taken, err := c.Request.Context().Value(usersKey{}).(func(string) (bool, error))(s.Name)
	if taken {
		return forms.Invalid("%(name)s is taken.", "name", s.Name)
	}
	return err
}

func (s *signup) FilterAgain(text string) string { return strings.ToUpper(text) }

func (s *signup) Validate(c *hipflask.Context, form *forms.Form) error {
	if s.Name == s.Again {
		return errors.Join(forms.Invalid("Both are one."), forms.Invalid("Really."))
	}
	return nil
}

// TestOwnValidators: methods of the struct, their mistakes and their failures.
func TestOwnValidators(t *testing.T) {
	asked := 0
	down := errors.New("the database is down")
	users := func(name string) (bool, error) {
		asked++
		if name == "down" {
			return false, down
		}
		return name == "taken", nil
	}
	app := newApp()
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), usersKey{}, users)))
		})
	})
	app.Post("/", func(c *hipflask.Context) error {
		var in signup
		form := forms.New(c, &in)
		return c.Text(fmt.Sprint(form.ValidateOnSubmit(), form.Errors(), form.FormErrors()))
	}).Name("forgets")
	app.Post("/asks", func(c *hipflask.Context) error {
		var in signup
		form := forms.New(c, &in)
		if form.ValidateOnSubmit() {
			return c.Text("fine")
		}
		if err := form.Err(); err != nil {
			return c.Status(503).Text(fmt.Sprint(errors.Is(err, down), form.Errors()))
		}
		return c.Text("not fine")
	}).Name("asks")
	client := hipflasktest.New(t, app)
	for _, test := range []struct {
		path   string
		form   url.Values
		status int
		want   string
		asked  int
	}{
		{"/", url.Values{"name": {" ada "}, "again": {"x"}}, 200, "true map[] []", 1},
		{"/", url.Values{"name": {""}}, 200, "false map[name:[This field is required.]] []", 0},
		{"/", url.Values{"name": {"much too long"}}, 200, "false map[name:[Field cannot be longer than 10 characters.]] []", 0},
		{"/", url.Values{"name": {"taken"}}, 200, "false map[name:[taken is taken.]] []", 1},
		{"/", url.Values{"name": {"ADA"}, "again": {"ada"}}, 200, "false map[:[Both are one. Really.]] [Both are one. Really.]", 1},
		{"/", url.Values{"name": {"ada"}, "inner-from": {"3"}, "inner-to": {"2"}}, 200, "false map[inner-to:[Not before 3.]] []", 1},
		{"/", url.Values{"name": {"down"}}, 500, "", 1},
		{"/asks", url.Values{"name": {"down"}}, 503, "true map[]", 1},
		{"/asks", url.Values{"name": {"taken"}}, 200, "not fine", 1},
	} {
		asked = 0
		page := client.PostForm(test.path, test.form)
		if page.StatusCode != test.status || test.status != 500 && page.Body != test.want || asked != test.asked {
			t.Errorf("%s %v: got %s, asked %d times; want %d %s, %d", test.path, test.form, page, asked, test.status, test.want, test.asked)
		}
		if strings.Contains(page.Body, "database is down") {
			t.Errorf("the visitor is told what happened within: %s", page)
		}
	}
}

// TestAddError: a handler may find more that is wrong.
func TestAddError(t *testing.T) {
	var in struct{ From, To int }
	form := send(t, &in, url.Values{"from": {"1"}, "to": {"2"}})
	if !form.Validate() || len(form.Errors()) != 0 {
		t.Fatalf("got %v", form.Errors())
	}
	form.Field("from").AddError("Too %(what)s.", "what", "soon")
	form.AddError("Come again.")
	if got := fmt.Sprint(form.Errors()); form.Validate() || got != "map[:[Come again.] from:[Too soon.]]" {
		t.Errorf("got %s", got)
	}
}

// TestSetChoices: choices that only the request knows.
func TestSetChoices(t *testing.T) {
	type order struct {
		Tea int `widget:"select" validate:"required"`
	}
	choices := func(form *forms.Form) {
		form.Field("tea").SetChoices(forms.Choice{Value: 7, Label: "Assam", Group: "Black"}, forms.Choice{Value: 8, Group: "Green"})
	}
	var in order
	if form := send(t, &in, url.Values{"tea": {"8"}}, choices); len(form.Errors()) > 0 || in.Tea != 8 {
		t.Errorf("got %v, %v", form.Errors(), in)
	}
	form := send(t, &in, url.Values{"tea": {"9"}}, choices)
	if got := fmt.Sprint(form.Errors()); got != "map[tea:[Not a valid choice.]]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(form.Field("tea").Options()); got != "[{Black [{7 Assam false tea-0}]} {Green [{8 8 false tea-1}]}]" {
		t.Errorf("got %s", got)
	}
	odd := func() {
		//lint:ignore SA5012 this is what panics
		forms.Choices("x")
	}
	c := newApp().NewContext(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("tea=1")))
	for want, f := range map[string]func(){
		"forms: the field tea has no choices; give it the tag choices, or call SetChoices": func() { forms.New(c, &order{Tea: 1}).Validate() },
		`forms: tea: SetChoices: the choice "x" is no int`:                                 func() { forms.New(c, &in).Field("tea").SetChoices(forms.Choices("x", "X")...) },
		`forms: Choices takes values and labels in turn; "x" has no label`:                 odd,
		`forms: the form of forms_test.order has no field "coffee"; it has ["tea"]`:        func() { forms.New(c, &in).Field("coffee") },
		"forms: name: SetChoices: a text has no choices":                                   func() { forms.New(c, &signup{}).Field("name").SetChoices() },
		"forms: name: only a struct has fields; entries of a list are {{range .Entries}}":  func() { forms.New(c, &signup{}).Field("name").Field("x") },
		"forms: name: AppendEntry is for a list":                                           func() { forms.New(c, &signup{}).Field("name").AppendEntry() },
		`forms: NewPrefixed: "a-b" is no prefix; give letters, digits and _`:               func() { forms.NewPrefixed(c, "a-b", &in) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got  %v\nwant %s", got, want)
				}
			}()
			f()
		}()
	}
}
