package forms_test

import (
	"errors"
	"fmt"
	"mime/multipart"
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

// TestRequiredPointers: required wants something sent, and of a box that it is checked;
// a pointer to false from two choices is an answer.
func TestRequiredPointers(t *testing.T) {
	type ask struct {
		Agree *bool `validate:"required"`
		Sure  *bool `widget:"radio" choices:"true=Yes,false=No" validate:"required"`
		Age   *int  `validate:"required"`
	}
	for _, test := range []struct {
		sent url.Values
		want string
	}{
		{url.Values{"sure": {"false"}, "age": {"0"}}, "map[agree:[This field is required.]]"},
		{url.Values{"agree": {"false"}, "sure": {"true"}, "age": {"1"}}, "map[agree:[This field is required.]]"},
		{url.Values{"agree": {"y"}, "sure": {"false"}, "age": {"0"}}, "map[]"},
		{url.Values{"agree": {"y"}}, "map[age:[This field is required.] sure:[This field is required.]]"},
	} {
		var in ask
		if got := fmt.Sprint(send(t, &in, test.sent).Errors()); got != test.want {
			t.Errorf("%v: got %s, want %s", test.sent, got, test.want)
		}
	}
}

var errDown = errors.New("the database is down")

// failing has a check that fails, and two that must not run after it.
type failing struct{ Name, Other string }

func (*failing) ValidateName(c *hipflask.Context, f *forms.Field) error { return errDown }

func (*failing) ValidateOther(c *hipflask.Context, f *forms.Field) error {
	return forms.Invalid("ValidateOther ran.")
}

func (*failing) Validate(c *hipflask.Context, form *forms.Form) error {
	return forms.Invalid("Validate ran.")
}

// TestErrTooEarly: to ask before there is a failure does not take it over.
func TestErrTooEarly(t *testing.T) {
	app := newApp()
	app.Post("/", func(c *hipflask.Context) error {
		var in failing
		form := forms.New(c, &in)
		if err := form.Err(); err != nil {
			return err
		}
		form.ValidateOnSubmit()
		return c.Text(fmt.Sprint(form.Errors()))
	}).Name("early")
	app.Post("/late", func(c *hipflask.Context) error {
		var in failing
		form := forms.New(c, &in)
		form.ValidateOnSubmit()
		return c.Text(fmt.Sprint(errors.Is(form.Err(), errDown), form.Errors()))
	}).Name("late")
	client := hipflasktest.New(t, app)
	if page := client.PostForm("/", nil); page.StatusCode != 500 {
		t.Errorf("got %s, want a 500", page)
	}
	if page := client.PostForm("/late", nil); page.Body != "true map[]" {
		t.Errorf("got %s", page)
	}
}

// plural returns a mistake with a plural, as a validator with a catalog does.
type plural struct{ Left int }

func (p *plural) ValidateLeft(c *hipflask.Context, f *forms.Field) error {
	return &forms.ValidationError{Message: forms.Message{ID: "%(n)d is left.", Plural: "%(n)d are left.", N: p.Left, Params: map[string]any{"n": p.Left}}}
}

// TestPluralMistake: the plural of a validator's own message is kept.
func TestPluralMistake(t *testing.T) {
	for left, want := range map[string]string{"1": "1 is left.", "3": "3 are left."} {
		var in plural
		if got := send(t, &in, url.Values{"left": {left}}).Field("left").Errors(); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// span is part of a form, and checks itself.
type span struct{ From, To int }

func (s *span) Validate(c *hipflask.Context, f *forms.Field) error {
	if s.From > s.To {
		return forms.Invalid("%(name)s ends before it begins.", "name", f.Name())
	}
	return nil
}

// foreign has the Validate that other packages look for.
type foreign struct{ Name string }

func (foreign) Validate() error { return errDown }

type formInside struct{ Name string }

func (*formInside) Validate(c *hipflask.Context, form *forms.Form) error { return nil }

// TestStructsValidate: what a struct's own Validate says is said of that struct.
func TestStructsValidate(t *testing.T) {
	var in struct {
		Open  span
		Spans []span
		Other foreign
	}
	form := send(t, &in, url.Values{
		"open-from": {"1"}, "open-to": {"0"},
		"spans-0-from": {"1"}, "spans-0-to": {"2"},
		"spans-4-from": {"3"}, "spans-4-to": {"2"},
		"spans-5-from": {"x"}, "spans-5-to": {"-1"},
	})
	want := "map[open:[open ends before it begins.] spans-4:[spans-4 ends before it begins.] spans-5-from:[Not a valid integer value.]]"
	if got := fmt.Sprint(form.Errors()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := form.Field("spans").Entries()[1].Errors(); len(got) != 1 {
		t.Errorf("got %q", got)
	}
	for in, want := range map[any]string{
		&struct{ In formInside }{}: "formInside.Validate is func(*forms_test.formInside, *hipflask.Context, *forms.Form) error; want func(*forms_test.formInside, *hipflask.Context, *forms.Field) error",
		&span{}:                    "span.Validate is func(*forms_test.span, *hipflask.Context, *forms.Field) error; want func(*forms_test.span, *hipflask.Context, *forms.Form) error",
		&foreign{}:                 "foreign.Validate is func(*forms_test.foreign) error; want",
	} {
		if got := newPanics(in); !strings.Contains(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestListsCount: buttons and files of a list are the form's too.
func TestListsCount(t *testing.T) {
	type item struct {
		Name   string
		Scan   *multipart.FileHeader
		Remove forms.Submit
	}
	type basket struct {
		Items []item
		Save  forms.Submit
	}
	for _, test := range []struct{ button, want string }{
		{"items-0-remove", ""}, {"b-items-1-remove", "items-1-remove"}, {"b-save", "save"}, {"b-other", ""},
	} {
		app := newApp()
		app.Post("/", func(c *hipflask.Context) error {
			var in basket
			form := forms.NewPrefixed(c, "b", &in)
			return c.Text(form.Pressed())
		}).Name("index")
		page := hipflasktest.New(t, app).PostForm("/", url.Values{"b-items-0-name": {"a"}, "b-items-1-name": {"b"}, test.button: {"1"}})
		if page.StatusCode != 200 || page.Body != test.want {
			t.Errorf("%s: got %s, want %q", test.button, page, test.want)
		}
	}
	var none struct{ Items []struct{ Name string } }
	var files struct{ Scans []*multipart.FileHeader }
	for _, test := range []struct {
		in   any
		want bool
	}{{&basket{}, true}, {&none, false}, {&files, true}, {&struct {
		In struct{ A *multipart.FileHeader }
	}{}, true}} {
		if got := send(t, test.in, nil).Multipart(); got != test.want {
			t.Errorf("%T: got %v", test.in, got)
		}
	}
}

// TestMoved: a validator of an entry looks at the entry, though the list moved.
func TestMoved(t *testing.T) {
	in := struct{ Spans []ownSpan }{}
	form := send(t, &in, url.Values{"spans-0-from": {"1"}}, func(form *forms.Form) {
		list := form.Field("spans")
		for range 20 {
			list.AppendEntry()
		}
		for i := range in.Spans {
			in.Spans[i].From = i + 1
		}
	})
	if errs := form.Errors(); len(errs) != 20 || fmt.Sprint(errs["spans-20-from"]) != "[21 is too many.]" {
		t.Errorf("got %v", errs)
	}
}

type ownSpan struct{ From int }

func (s *ownSpan) ValidateFrom(c *hipflask.Context, f *forms.Field) error {
	if s.From > 1 {
		return forms.Invalid("%(n)d is too many.", "n", s.From)
	}
	return nil
}

// TestUnreadable: with tokens or without, a form that is too large or broke off says so.
func TestUnreadable(t *testing.T) {
	for _, cfg := range []*forms.CSRFConfig{nil, {}} {
		app := newApp()
		app.Config.MaxFormMemorySize = 100
		forms.Setup(app, forms.Config{CSRF: cfg})
		app.Post("/", func(c *hipflask.Context) error {
			var in struct{ Name string }
			form := forms.New(c, &in)
			return c.Text(fmt.Sprint(form.ValidateOnSubmit(), form.Err()))
		}).Name("index")
		client := hipflasktest.New(t, app)
		large := url.Values{"name": {strings.Repeat("x", 200)}}
		if page := client.PostForm("/", large); page.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%v: got %s, want a 413", cfg, page)
		}
		if page := client.PostMultipart("/", large); page.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%v: got %s, want a 413", cfg, page)
		}
		r := httptest.NewRequest("POST", "/", &brokenBody{"name=ada"})
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "did not arrive whole") {
			t.Errorf("%v: got %d %s, want a 400 of the body", cfg, w.Code, w.Body)
		}
	}
}

// brokenBody ends before its time.
type brokenBody struct{ text string }

func (b *brokenBody) Read(p []byte) (n int, err error) {
	n = copy(p, b.text)
	b.text = b.text[n:]
	if n == 0 {
		return 0, errors.New("the connection was lost")
	}
	return n, nil
}

// TestSlips: what is misspelt, or can never hold, is said when the form is made.
func TestSlips(t *testing.T) {
	for _, test := range []struct {
		in   any
		want string // "" for a struct that is right
	}{
		{&struct {
			Name string `lable:"x"`
		}{}, `Name: the tag "lable" is none of a form; is it "label"?`},
		{&struct {
			Name string `json:"name" validat:"required"`
		}{}, `the tag "validat" is none of a form; is it "validate"?`},
		{&struct {
			Name string `choises:"a=A"`
		}{}, `the tag "choises" is none of a form; is it "choices"?`},
		{&struct {
			Name string `Label:"a"`
		}{}, `the tag "Label" is none of a form; is it "label"?`},
		{&struct {
			Name string `label:"a \" b" widgte:"textarea"`
		}{}, `the tag "widgte" is none of a form; is it "widget"?`},
		{&struct {
			Name string `validate:"required" mesage_required:"x"`
		}{}, `the tag "mesage_required" is none of a form; is it "message"?`},
		{&struct {
			Name string `validate:"required" message_requird:"x"`
		}{}, `there is a tag message_requird, but no rule "requird"`},
		{&struct {
			Name string `message_required:"x"`
		}{}, `there is a tag message_required, but no rule "required"`},
		{&struct {
			Tags []string `validate:"max=3" message_email:"x"`
		}{}, `there is a tag message_email, but no rule "email"`},
		{&struct {
			Name string `validate:"min=3" message_min:"x"`
		}{}, "there is no message_min; the bounds have one message together, message_bounds"},
		{&struct {
			Name string `validate:"readonly" message_disabled:"x"`
		}{}, `there is a tag message_disabled, but no rule "disabled"`},
		{&struct {
			Name string `json:"name" db:"name" xml:"a" toml:"a" yaml:"a" bson:"a" format:"a" default:"a" name:"a" query:"a" binding:"a"`
		}{}, ""},
		{&struct {
			Name  string                `pattern:"a" validate:"required,min=3,email,even" message:"a" message_required:"b" message_bounds:"c" message_email:"d" message_pattern:"e" message_type:"f" message_even:"g"`
			Color string                `choices:"a=A" validate:"disabled" message_choice:"a" message_disabled:"b"`
			File  *multipart.FileHeader `accept:".png" maxsize:"1KB" message_accept:"a" message_size:"b"`
			Tags  []string              `maxentries:"3" validate:"max=3" message_bounds:"a" message_type:"b"`
		}{}, ""},

		{&struct {
			A int `validate:"min=1,gt=5"`
		}{}, "min=1 and gt=5 both say what is the least; leave one out"},
		{&struct {
			A string `validate:"max=5,len=3"`
		}{}, "max=5 and len=3 both say what is the most"},
		{&struct {
			A string `validate:"min=5,min=6"`
		}{}, "min=5 and min=6 both say what is the least"},
		{&struct {
			A uint64 `validate:"gt=9223372036854775807,lte=18446744073709551615"`
		}{}, ""},

		{&struct {
			A int64
			B int `validate:"eqfield=A"`
		}{}, "B: the rule eqfield compares a int with A, a int64; give both one type"},
		{&struct {
			A struct{ X string }
			B string `validate:"eqfield=A"`
		}{}, "the rule eqfield compares a string with A"},
		{&struct {
			A *int
			B int `validate:"gtfield=A"`
		}{}, ""},
		{&struct {
			A string
			B []string `validate:"eqfield=A"`
		}{}, "has no field to compare the entries of a list with"},
		{&struct {
			A []string `choices:"a=A"`
			B []string `choices:"a=A" validate:"gtfield=A"`
		}{}, `the rule "gtfield=A" is none that a []string can have`},
		{&struct {
			A int `validate:"startswith=1"`
		}{}, `the rule "startswith=1" is none that a int can have`},
		{&struct {
			A float64 `validate:"number|json"`
		}{}, `the rule "number|json" is none that a float64 can have`},
		{&struct {
			A int     `validate:"oneof=1 2"`
			B int     `validate:"eq=1|eq=3"`
			C uint16  `validate:"port"`
			D float64 `validate:"latitude"`
			E string  `validate:"startswith=a|endswith=b"`
		}{}, ""},
	} {
		got := newPanics(test.in)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%T\ngot  %q\nwant %q", test.in, got, test.want)
		}
	}
}

// TestTakenRules: the names of the rules there are, wherever they come from.
func TestTakenRules(t *testing.T) {
	for _, name := range []string{"url", "min", "eqfield", "iscolor", "dive", "isdefault", "required_if", "noneof", "pattern", "bounds", "type"} {
		func() {
			defer func() {
				if got, want := fmt.Sprint(recover()), fmt.Sprintf("forms: AddRule(%q): there is such a rule", name); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}()
			forms.AddRule(name, func(*hipflask.Context, *forms.Field, string) error { return nil })
		}()
	}
}

// TestComparisons: with what is not there, and of several choices.
func TestComparisons(t *testing.T) {
	type pairs struct {
		From  *time.Time `widget:"date"`
		To    *time.Time `widget:"date" validate:"gtefield=From"`
		Low   *int
		High  int      `validate:"optional,gtfield=Low"`
		Pass  *string  `widget:"password"`
		Again *string  `widget:"password" validate:"eqfield=Pass"`
		Some  []string `choices:"a=A,b=B,c=C"`
		Same  []string `choices:"a=A,b=B,c=C" validate:"optional,eqfield=Some"`
		Not   []string `choices:"a=A,b=B,c=C" validate:"optional,nefield=Some"`
	}
	for _, test := range []struct{ sent, want string }{
		{"to=2026-01-01&high=5", "map[]"},
		{"to=2026-01-01&from=2026-01-02&high=5&low=5", "map[high:[Field must be greater than low.] to:[Field must not be less than from.]]"},
		{"again=x", "map[again:[Field must be equal to pass.]]"},
		{"pass=x&again=", "map[]"}, // which is why a confirmation is no pointer
		{"some=a&same=b", "map[same:[Field must be equal to some.]]"},
		{"some=a&same=a", "map[]"},
		{"some=a&some=b&not=a&not=b", "map[not:[Field must not be equal to some.]]"},
		{"some=a&some=b&not=a&not=c", "map[]"},
	} {
		var in pairs
		sent, _ := url.ParseQuery(test.sent)
		if got := fmt.Sprint(send(t, &in, sent).Errors()); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.sent, got, test.want)
		}
	}
}
