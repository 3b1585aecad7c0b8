package forms

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/hipflask/hipflask"
)

// The life of a form: made for a request, checked, shown.

// Form is a struct as a form, for one request. It is Flask-WTF's FlaskForm.
type Form struct {
	c         *hipflask.Context
	settings  *settings
	target    reflect.Value // the struct
	plan      *plan
	prefix    string
	fields    []*Field
	values    url.Values
	keys      []string // of values, sorted, once a list asked
	submitted bool
	fromQuery bool
	entries   int // of all lists

	checked  bool
	messages []string // of the form itself
	failure  error
	asked    bool // somebody took the failure over
	hooked   bool // the request will fail with it otherwise
}

// New returns the form of a struct, to which target points. What stands in the struct
// are the initial values, as WTForms' obj and default. If the form was submitted, by
// POST, PUT, PATCH or DELETE, the struct has what was sent as soon as New returns;
// what could not be read is zero, and its field has an error once it is validated.
// A field that was not sent keeps its initial value, as in WTForms, but a checkbox
// and choices of several, of which a browser sends nothing if none is chosen.
//
// Every exported field of the struct that is not tagged form:"-" can be set by a
// visitor. So have a struct for the form; do not give the row of a database.
//
// New panics if target is no pointer to a struct, or if the struct is no form, and
// says what is wrong; a test that gets the page once finds it.
func New(c *hipflask.Context, target any) *Form { return newForm(c, target, "", false) }

// NewPrefixed is [New] for a page with several forms: the name of each field begins
// with the prefix and a dash, as with WTForms' prefix. Which one was sent shows in
// its submit button, [Form.Pressed].
func NewPrefixed(c *hipflask.Context, prefix string, target any) *Form {
	if !isName.MatchString(prefix) {
		panic(fmt.Sprintf("forms: NewPrefixed: %q is no prefix; give letters, digits and _", prefix))
	}
	return newForm(c, target, prefix+"-", false)
}

// NewQuery is [New] for a form that is sent by GET, such as a search: it reads the
// query string and counts as submitted if any of its fields is there. It is
// FlaskForm(request.args). It has no csrf token.
func NewQuery(c *hipflask.Context, target any) *Form { return newForm(c, target, "", true) }

func newForm(c *hipflask.Context, target any, prefix string, fromQuery bool) *Form {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("forms: New takes a pointer to a struct, not a %T", target))
	}
	form := &Form{c: c, settings: settingsOf(c.App()), target: v.Elem(), plan: planOf(v.Type().Elem()), prefix: prefix, fromQuery: fromQuery}
	if fromQuery {
		form.values = c.QueryValues()
		form.submitted = form.hasAny(form.plan, prefix)
	} else if slices.Contains(submitMethods, c.Request.Method) {
		form.submitted = true
		form.values = c.FormValues()
		_, form.failure = requireForm(c, "csrf_token")
	}
	form.fields = form.build(form.plan, form.target, prefix)
	return form
}

// requireForm returns a field of the form, if it was sent. The error is that of a form
// which could not be read: it reads as empty, and may not count as one.
func requireForm(c *hipflask.Context, name string) (string, error) {
	value, err := c.RequireForm(name)
	if hipflask.StatusCode(err) == http.StatusBadRequest && errors.Unwrap(err) == nil {
		return "", nil // the field is missing; a body that broke off has a cause
	}
	return value, err
}

var submitMethods = []string{"POST", "PUT", "PATCH", "DELETE"}

// hasAny reports whether the query string has one of the form's fields.
func (form *Form) hasAny(p *plan, prefix string) bool {
	for _, s := range p.specs {
		name := prefix + s.name
		switch {
		case s.kind == groupKind && form.hasAny(s.group, name+"-"):
			return true
		case s.kind == listKind && len(form.keysBelow(name)) > 0:
			return true
		case form.values.Has(name):
			return true
		}
	}
	return false
}

// build makes the fields of a struct, and reads what was sent.
func (form *Form) build(p *plan, v reflect.Value, prefix string) []*Field {
	fields := make([]*Field, len(p.specs))
	for i, s := range p.specs {
		fields[i] = form.field(s, v.FieldByIndex(s.index), prefix+s.name, v)
	}
	for _, f := range fields {
		f.siblings = fields
	}
	return fields
}

func (form *Form) field(s *spec, value reflect.Value, name string, owner reflect.Value) *Field {
	f := &Field{form: form, spec: s, value: value, name: name, id: name, owner: owner, label: s.label, choices: s.choices}
	switch {
	case s.kind == groupKind:
		f.fields = form.build(s.group, value, name+"-")
	case s.kind == listKind:
		f.readEntries()
	case form.submitted:
		f.read()
	}
	return f
}

// IsSubmitted reports whether the form was sent: by POST, PUT, PATCH or DELETE, or
// with a field in the query string for one of [NewQuery]. It is Flask-WTF's
// is_submitted.
func (form *Form) IsSubmitted() bool { return form.submitted }

// ValidateOnSubmit reports whether the form was submitted and all of it is right; the
// struct then has the values. Otherwise show the page: it has what the visitor
// typed, with the messages. It is Flask-WTF's validate_on_submit.
//
// If a validator of yours failed, as for a database that is down, the form is not
// valid, and the request fails with that error; see [Form.Err].
func (form *Form) ValidateOnSubmit() bool { return form.submitted && form.Validate() }

// Validate checks the values as they are, submitted or not: WTForms' validate. It does
// so once; later calls return the same, less what [Form.AddError] and
// [Field.AddError] found.
//
// The checks are those of each field, in the order of the struct, and then the
// struct's own Validate, which is called if no field has an error. A struct within the
// form has a Validate with its field in the place of the form, which is called after
// its fields if none of these has an error; what it returns is a message of that field.
func (form *Form) Validate() bool {
	if !form.checked && form.failure == nil {
		form.checked = true
		for _, f := range form.fields {
			f.validate()
		}
		if form.plan.validate && form.failure == nil && form.valid() {
			form.take(form.call(form.target, "Validate", reflect.ValueOf(form)), form.addMessage)
		}
	}
	if form.failure != nil && !form.hooked {
		form.hooked = true
		form.c.AfterThisRequest(func(*hipflask.Context) error {
			if form.asked {
				return nil
			}
			return form.failure
		})
	}
	return form.failure == nil && form.valid()
}

// call calls a method of a struct with the Context and one argument.
func (form *Form) call(owner reflect.Value, method string, arg reflect.Value) error {
	out := owner.Addr().MethodByName(method).Call([]reflect.Value{reflect.ValueOf(form.c), arg})
	err, _ := out[0].Interface().(error)
	return err
}

// take notes what a validator returned: mistakes by add, anything else as a failure.
func (form *Form) take(err error, add func(Message)) {
	messages, failure := mistakes(err)
	for _, m := range messages {
		add(m)
	}
	if failure != nil {
		form.failure = errors.Join(form.failure, failure)
	}
}

func (form *Form) valid() bool {
	return len(form.messages) == 0 && !slices.ContainsFunc(form.fields, (*Field).invalid)
}

// Err returns what kept the form from being checked, nil for nothing: an error of a
// validator that is not made by [Invalid], or the 413 of a form over the limits of
// the Config. It is right to return from the handler.
//
// A handler need not ask: the reply is then that of the error, whatever the handler
// prepared. Once Err returned an error, it is the handler's to answer.
func (form *Form) Err() error {
	form.asked = form.asked || form.failure != nil
	return form.failure
}

// Errors returns the messages by the full name of a field, such as address-street,
// and those of the form itself by "": WTForms' errors. It is empty for a form that
// is valid, or that was not validated.
func (form *Form) Errors() map[string][]string {
	all := map[string][]string{}
	var walk func(fields []*Field)
	walk = func(fields []*Field) {
		for _, f := range fields {
			if len(f.errors) > 0 {
				all[f.name] = f.Errors()
			}
			walk(f.fields)
		}
	}
	walk(form.fields)
	if len(form.messages) > 0 {
		all[""] = form.FormErrors()
	}
	return all
}

// FormErrors returns the messages of the form itself: WTForms' form_errors.
func (form *Form) FormErrors() []string { return slices.Clone(form.messages) }

// AddError adds a message to the form itself, with params as [Invalid] takes them. The
// form is then not valid.
func (form *Form) AddError(message string, params ...any) {
	form.addMessage(msg(message, params...))
}

func (form *Form) addMessage(m Message) { form.messages = append(form.messages, form.translate(m)) }

// Fields returns the fields in the order of the struct, those of embedded structs where
// they are embedded. It is iterating over a form in WTForms.
func (form *Form) Fields() []*Field { return slices.Clone(form.fields) }

// Field returns the field of a name, without the form's prefix: WTForms' form.name. It
// panics if there is none, which in a page is the page's error.
func (form *Form) Field(name string) *Field {
	return find(form.fields, name, "the form of "+form.plan.typ.String())
}

func find(fields []*Field, name, where string) *Field {
	var names []string
	for _, f := range fields {
		if f.spec.name == name {
			return f
		}
		names = append(names, f.spec.name)
	}
	panic(fmt.Sprintf("forms: %s has no field %q; it has %q", where, name, names))
}

// Pressed returns the name of the submit button that was pressed, without the form's
// prefix, or "": a form that was sent by the enter key may have none. A button of a
// struct or a list has its full name, such as items-0-remove.
func (form *Form) Pressed() string {
	if !form.submitted {
		return ""
	}
	return strings.TrimPrefix(pressed(form.fields), form.prefix)
}

func pressed(fields []*Field) string {
	for _, f := range fields {
		if f.spec.kind == submitKind && f.value.Bool() {
			return f.name
		}
		if name := pressed(f.fields); name != "" {
			return name
		}
	}
	return ""
}

// Multipart reports whether the form has a file, and so needs
// enctype="multipart/form-data". A list that has none yet counts by what an entry has.
func (form *Form) Multipart() bool { return slices.ContainsFunc(form.plan.specs, (*spec).hasFile) }
