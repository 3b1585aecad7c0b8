package forms

import (
	"fmt"
	"reflect"
	"slices"
)

// Field is one field of a [Form]: a value, what was typed for it, and what is wrong.
// It is WTForms' Field, and FormField and FieldList for what has fields itself.
type Field struct {
	form     *Form
	spec     *spec
	value    reflect.Value // in the struct
	owner    reflect.Value // the struct
	siblings []*Field
	fields   []*Field // of a struct, or the entries of a list
	name, id string
	label    string
	choices  []Choice
	attrs    []attr // of SetAttr
	at       int    // in a list, from 1

	raw     []string // what was sent, with U+FFFD for what is no text
	problem *Message // why that is no value
	errors  []string
}

// Name returns the name that the field has in the form, as it is sent:
// items-0-name in a list of structs.
func (f *Field) Name() string { return f.name }

// ShortName returns the name within its struct: WTForms' short_name.
func (f *Field) ShortName() string { return f.spec.name }

// ID returns the id of the input, which is its name.
func (f *Field) ID() string { return f.id }

// Widget returns what the field is shown as, such as "text" or "select".
func (f *Field) Widget() string { return f.spec.widget }

// Value returns the value as it stands in the struct: WTForms' data.
func (f *Field) Value() any { return f.value.Interface() }

// Raw returns what was sent for the field, nil for nothing: WTForms' raw_data.
func (f *Field) Raw() []string { return slices.Clone(f.raw) }

// Text returns what an input shows: what the visitor typed, else the value as text.
// A password and a file show nothing.
func (f *Field) Text() string {
	texts := f.texts()
	if len(texts) == 0 || f.spec.widget == "password" {
		return ""
	}
	return texts[0]
}

func (f *Field) texts() []string {
	if len(f.raw) > 0 && f.spec.kind != boolKind && (f.spec.kind != textKind || f.problem != nil) {
		if f.spec.kind == manyKind {
			return f.raw
		}
		return f.raw[:1]
	}
	return valueTexts(f.spec, f.value)
}

// Checked reports whether a checkbox is checked.
func (f *Field) Checked() bool { return f.spec.kind == boolKind && f.Text() == "true" }

// LabelText returns the text of the label, translated. An entry of a list has its
// number.
func (f *Field) LabelText() string { return f.form.translate(Message{ID: f.label}) + f.number() }

// SetLabel gives the field another label, for this form.
func (f *Field) SetLabel(text string) *Field {
	f.label = text
	return f
}

// SetAttr gives the input an attribute more, for this form, or another value: WTForms'
// render_kw. It panics if a name is none that [Field.Input] takes.
func (f *Field) SetAttr(name, value string) *Field {
	if err := checkAttr(name); err != nil {
		panic(err.Error())
	}
	f.attrs = append(f.attrs, attr{name, value})
	return f
}

// HelpText returns the text of the tag help, translated: WTForms' description.
func (f *Field) HelpText() string { return f.translate(f.spec.help) }

// Errors returns the messages, translated: WTForms' errors. Those of a struct's or a
// list's fields are theirs.
func (f *Field) Errors() []string { return slices.Clone(f.errors) }

// AddError adds a message to the field, with params as [Invalid] takes them. The form is
// then not valid.
func (f *Field) AddError(message string, params ...any) {
	f.addMessage(msg(message, params...))
}

func (f *Field) addMessage(m Message) { f.errors = append(f.errors, f.form.translate(m)) }

// Required reports whether the field must be filled in: WTForms' flags.required.
func (f *Field) Required() bool { return f.spec.required || f.spec.inputRequired }

// Hidden reports whether the field is a hidden input, which has no row.
func (f *Field) Hidden() bool { return f.spec.widget == "hidden" }

// Field returns the field of a name in a struct: WTForms' FormField. It panics if there
// is none.
func (f *Field) Field(name string) *Field {
	if f.spec.kind != groupKind {
		panic(fmt.Sprintf("forms: %s: only a struct has fields; entries of a list are {{range .Entries}}", f.name))
	}
	return find(f.fields, name, "the struct "+f.name)
}

// Fields returns the fields of a struct, or nil.
func (f *Field) Fields() []*Field {
	if f.spec.kind != groupKind {
		return nil
	}
	return slices.Clone(f.fields)
}

// Entries returns the entries of a list, each a field: WTForms' FieldList.entries. It is
// nil for anything else.
func (f *Field) Entries() []*Field {
	if f.spec.kind != listKind {
		return nil
	}
	return slices.Clone(f.fields)
}

// AppendEntry adds an empty entry to a list, as for a button that asks for one more, and
// returns it. It returns nil if the list has as many as it may have, and panics if
// the field is no list. It is WTForms' append_entry.
func (f *Field) AppendEntry() *Field {
	f.mustBeList("AppendEntry")
	if len(f.fields) >= f.spec.maxEntries {
		return nil
	}
	next := 0
	if n := len(f.fields); n > 0 {
		fmt.Sscanf(f.fields[n-1].name[len(f.name)+1:], "%d", &next)
		next++
	}
	f.value.Set(reflect.Append(f.value, reflect.Zero(f.spec.typ.Elem())))
	f.rebind()
	sent := f.form.submitted
	f.form.submitted = false // nothing was sent for it
	entry := f.addEntry(f.value.Len()-1, next)
	f.form.submitted = sent
	return entry
}

// PopEntry takes the last entry from a list, if there is one. It panics if the field is
// no list. It is WTForms' pop_entry.
func (f *Field) PopEntry() {
	f.mustBeList("PopEntry")
	if n := len(f.fields); n > 0 {
		f.fields = f.fields[:n-1]
		f.value.Set(f.value.Slice(0, n-1))
	}
}

func (f *Field) mustBeList(method string) {
	if f.spec.kind != listKind {
		panic(fmt.Sprintf("forms: %s: %s is for a list", f.name, method))
	}
}

// addEntry makes the field of an entry of the slice.
func (f *Field) addEntry(at, number int) *Field {
	entry := f.form.field(f.spec.entry, f.value.Index(at), fmt.Sprintf("%s-%d", f.name, number), f.owner)
	f.fields = append(f.fields, entry)
	entry.at = len(f.fields)
	return entry
}

// rebind leads the entries to the slice, which moved.
func (f *Field) rebind() {
	for i, entry := range f.fields {
		entry.moveTo(f.value.Index(i))
	}
}

func (f *Field) moveTo(v reflect.Value) {
	f.value = v
	for i, sub := range f.fields {
		switch f.spec.kind {
		case groupKind:
			sub.owner = v
			sub.moveTo(v.FieldByIndex(sub.spec.index))
		case listKind:
			sub.moveTo(v.Index(i))
		}
	}
}

// number tells the entries of a list apart, from 1.
func (f *Field) number() string {
	if f.at == 0 {
		return ""
	}
	return fmt.Sprintf(" %d", f.at)
}

func (f *Field) invalid() bool {
	return len(f.errors) > 0 || slices.ContainsFunc(f.fields, (*Field).invalid)
}
