package forms_test

import (
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
)

// newPanics returns what New panics with, "" if it does not.
func newPanics(in any) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	c := newApp().NewContext(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	forms.New(c, in)
	return ""
}

type loop struct{ Inner []loop }

type wrongMethod struct{ Name string }

func (*wrongMethod) ValidateName(f *forms.Field) error { return nil }

type strayMethod struct{ Name string }

func (*strayMethod) ValidateNmae(c *hipflask.Context, f *forms.Field) error { return nil }

type otherMethod struct{ Name string }

func (*otherMethod) ValidateNothing() bool { return true }

// TestNewPanics: what is wrong with a struct is said when its form is first made.
func TestNewPanics(t *testing.T) {
	for _, test := range []struct {
		in   any
		want string // "" for a struct that is right
	}{
		{struct{ Name string }{}, "forms: New takes a pointer to a struct, not a struct { Name string }"},
		{new(int), "forms: New takes a pointer to a struct, not a *int"},
		{(*wrongMethod)(nil), "forms: New takes a pointer to a struct"},
		{nil, "forms: New takes a pointer to a struct, not a <nil>"},
		{&struct{}{}, "has no fields"},
		{&struct {
			Name string `widget:"txt"`
		}{}, `Name: there is no widget "txt" for a string; there are text, password`},
		{&struct {
			Name string `widget:"date"`
		}{}, `there is no widget "date" for a string`},
		{&struct {
			A string `form:"x"`
			B string `form:"x"`
		}{}, `two fields called "x", A and B`},
		{&struct {
			Size int `choices:"s=Small"`
		}{}, `Size: the choice "s" is no int`},
		{&struct {
			Name string `widget:"text" choices:"s=Small"`
		}{}, "choices are for the widgets select"},
		{&struct {
			Color string `choices:"r=Red,r=Rose"`
		}{}, `choices has "r" twice`},
		{&struct {
			Color string `choices:"r=Red" choice:"none"`
		}{}, "the tag choice can only be any"},
		{&struct {
			Name string
			name string `validate:"required"`
		}{}, ".name has the tag validate, but begins with a small letter"},
		{&struct {
			Name string `form:"first-name"`
		}{}, `"first-name" is no name of a field`},
		{&struct {
			Name string `validate:"requird"`
		}{}, `the rule "requird" is none that a string can have`},
		{&struct {
			Agree bool `validate:"email"`
		}{}, `the rule "email" is none that a bool can have`},
		{&struct {
			Name string `validate:"min=x"`
		}{}, "min=x is no number"},
		{&struct {
			Name string `validate:"required,optional"`
		}{}, "required and optional at once"},
		{&struct {
			Name string `validate:"required_if=Other x"`
		}{}, "looks at the whole struct; write a method ValidateName instead"},
		{&struct {
			Name string `validate:"eqfield=Nmae"`
		}{}, "needs the field Nmae of the same struct"},
		{&struct {
			Name string `pattern:"("`
		}{}, "pattern: error parsing regexp"},
		{&struct {
			Name string `filter:"strip"`
		}{}, `there is no filter "strip"; there are trim`},
		{&struct {
			Age int `filter:"trim"`
		}{}, "a filter is for text"},
		{&struct {
			Day time.Time `widget:"date" layout:"02.01.2006"`
		}{}, "a layout is for the widget datetime alone"},
		{&struct {
			Day time.Time `widget:"date" validate:"min=tomorrow"`
		}{}, "min=tomorrow is no value of the widget date"},
		{&struct{ Wait time.Duration }{}, "a time.Duration is no value that a form knows"},
		{&struct{ Map map[string]string }{}, "a map[string]string is no value that a form knows"},
		{&struct{ Any any }{}, "a interface {} is no value"},
		{&struct{ Raw []byte }{}, "a []uint8 is no list of values"},
		{&struct{ Inner **int }{}, "a **int is no value"},
		{&loop{}, "contains itself"},
		{&struct {
			Items []struct{ A string } `minentries:"5" maxentries:"2"`
		}{}, "minentries is above maxentries"},
		{&struct {
			Items []struct{ A string } `maxentries:"many"`
		}{}, "is no number of entries"},
		{&struct {
			A string `maxentries:"2"`
		}{}, "maxentries is for a list"},
		{&struct {
			Items []struct{ A string } `validate:"required"`
		}{}, "is neither required nor optional itself"},
		{&struct {
			File *multipart.FileHeader `maxsize:"2 cats"`
		}{}, "is no size"},
		{&struct {
			File *multipart.FileHeader `accept:"png"`
		}{}, `accept: "png" is neither a type`},
		{&struct {
			File *multipart.FileHeader `validate:"max=2"`
		}{}, `there is no rule "max=2" for a file`},
		{&struct {
			Name string `maxsize:"2MB"`
		}{}, "maxsize is for a file"},
		{&struct {
			Name string `attrs:"onclick=alert(1)"`
		}{}, "the attribute onclick may hold a script"},
		{&struct {
			Name string `attrs:"a b=1"`
		}{}, `"a b" is no name of an attribute`},
		{&wrongMethod{}, "ValidateName is func(*forms_test.wrongMethod, *forms.Field) error; want func(*forms_test.wrongMethod, *hipflask.Context, *forms.Field) error"},
		{&strayMethod{}, "ValidateNmae belongs to no field: there is no Nmae"},

		{&otherMethod{}, ""},
		{&struct {
			Map  map[string]string `form:"-"`
			Name string
			seen bool
		}{}, ""},
		{&probe{}, ""},
	} {
		got := newPanics(test.in)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%T\ngot  %q\nwant %q", test.in, got, test.want)
		}
	}
}

// TestNames: the names and labels of fields without tags, as in Python.
func TestNames(t *testing.T) {
	type base struct{ CreatedBy string }
	type all struct {
		base
		Name, PostCode, ID, UserID, HTMLText, A1 string
		Own                                      string `form:"mine" label:"My own"`
	}
	form := send(t, &all{}, nil)
	var got []string
	for _, f := range form.Fields() {
		got = append(got, f.Name()+"="+f.LabelText())
	}
	want := "created_by=Created By name=Name post_code=Post Code id=Id user_id=User Id html_text=Html Text a1=A1 mine=My own"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// TestConcurrentPlans: many requests may need a struct for the first time at once.
func TestConcurrentPlans(t *testing.T) {
	type fresh struct {
		Name  string `validate:"required,min=2"`
		Items []probeItem
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			var in fresh
			if form := send(t, &in, map[string][]string{"items-0-name": {"x"}}); len(form.Errors()["name"]) != 1 || in.Items[0].Name != "x" {
				t.Errorf("got %v, %v", form.Errors(), in)
			}
		})
	}
	all.Wait()
}
