package forms

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// Showing fields and forms. What a visitor typed goes through html/template, or through
// its escaping of attributes.

// attr is an attribute of HTML; one with a false value is not written.
type attr struct{ name, value string }

// booleans are attributes without a value.
var booleans = []string{"required", "checked", "selected", "multiple", "disabled", "readonly", "autofocus", "hidden", "novalidate", "formnovalidate"}

var (
	isAttr = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]*$`)
	// A script or a style would be the value of these, or an address to go to.
	refusedAttr = regexp.MustCompile(`(?i)^(on.*|style|srcdoc|src|href|formaction|xlink:href|xmlns.*|ping|background|data)$`)
)

func checkAttr(name string) error {
	switch {
	case !isAttr.MatchString(name):
		return fmt.Errorf("forms: %q is no name of an attribute", name)
	case refusedAttr.MatchString(name):
		return fmt.Errorf("forms: the attribute %s may hold a script, a style or an address, whose values are not checked here; "+
			"write the tag in the page", name)
	}
	return nil
}

// attrsOf makes attributes of pairs, as a page or a theme gives them.
func attrsOf(pairs []any) (attrs []attr, err error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("forms: attributes are names and values in turn; %v has no value", pairs[len(pairs)-1])
	}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("forms: the name of an attribute is text, not a %T", pairs[i])
		}
		if err := checkAttr(name); err != nil {
			return nil, err
		}
		if on, ok := pairs[i+1].(bool); ok {
			if !on {
				name = "-" + name
			}
			attrs = append(attrs, attr{name, ""})
			continue
		}
		attrs = append(attrs, attr{name, fmt.Sprint(pairs[i+1])})
	}
	return attrs, nil
}

// write joins attributes: a later one takes the place of an earlier one of its name, but
// classes are added, and -name takes one away.
func write(attrs []attr) template.HTMLAttr {
	var kept []attr
	for _, a := range attrs {
		name, away := strings.CutPrefix(a.name, "-")
		name = strings.ToLower(name)
		at := slices.IndexFunc(kept, func(k attr) bool { return k.name == name })
		switch {
		case away && at >= 0:
			kept = slices.Delete(kept, at, at+1)
		case away:
		case at < 0:
			kept = append(kept, attr{name, a.value})
		case name == "class":
			kept[at].value = strings.TrimSpace(kept[at].value + " " + a.value)
		default:
			kept[at].value = a.value
		}
	}
	var b strings.Builder
	for _, a := range kept {
		if a.name == "class" && a.value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(a.name)
		if a.value == "" && slices.Contains(booleans, a.name) {
			continue
		}
		b.WriteString(`="` + template.HTMLEscapeString(clean(a.value)) + `"`)
	}
	return template.HTMLAttr(b.String())
}

// Widget is what a template of a [Theme] gets: a field, to be shown.
type Widget struct {
	Field *Field

	defaults []attr // what the input needs
	extra    []attr // what the page gives
}

// Attrs returns the attributes of the tag: those that it needs, then pairs of the theme,
// then those that the page gave. Classes are added up, others replaced.
func (w *Widget) Attrs(pairs ...any) (template.HTMLAttr, error) {
	of, err := attrsOf(pairs)
	return write(slices.Concat(w.defaults, of, w.extra)), err
}

// OptionAttrs returns the attributes of one radio button or checkbox of several.
func (w *Widget) OptionAttrs(o Option, pairs ...any) (template.HTMLAttr, error) {
	f := w.Field
	attrs := []attr{{"type", "checkbox"}, {"id", o.ID}, {"name", f.name}, {"value", o.Value}}
	if f.spec.widget == "radio" {
		attrs[0].value = "radio"
		if f.Required() {
			attrs = append(attrs, attr{"required", ""})
		}
	}
	if o.Selected {
		attrs = append(attrs, attr{"checked", ""})
	}
	if f.spec.fixed == "disabled" {
		attrs = append(attrs, attr{"disabled", ""})
	}
	of, err := attrsOf(pairs)
	return write(append(attrs, of...)), err
}

// Class returns a class, with is-invalid if the field has errors.
func (w *Widget) Class(class string) string {
	if len(w.Field.errors) > 0 {
		return strings.TrimSpace(class + " is-invalid")
	}
	return class
}

// InputClass is the class that Bootstrap has for this kind of input.
func (w *Widget) InputClass() string {
	switch w.Field.spec.widget {
	case "range":
		return w.Class("form-range")
	case "color":
		return w.Class("form-control form-control-color")
	case "hidden":
		return ""
	}
	return w.Class("form-control")
}

// LabelClass is the class that Bootstrap has for the label of this kind of input.
func (w *Widget) LabelClass() string {
	if w.Field.spec.widget == "checkbox" {
		return "form-check-label"
	}
	return "form-label"
}

// HasFor reports whether the label belongs to one input, and not to several.
func (w *Widget) HasFor() bool { return !w.Field.isSet() }

// LabelID, HelpID and ErrorsID are the ids of the parts around an input, which it
// refers to by aria-describedby. With two dashes they are no field's name.
func (w *Widget) LabelID() string { return w.Field.id + "--label" }

// HelpID is the id of the help.
func (w *Widget) HelpID() string { return w.Field.id + "--help" }

// ErrorsID is the id of the messages.
func (w *Widget) ErrorsID() string { return w.Field.id + "--errors" }

// Label returns the field's label, for a row.
func (w *Widget) Label() (template.HTML, error) { return w.Field.Label() }

// Input returns the field's input with the attributes that the page gave, for a row.
func (w *Widget) Input() (template.HTML, error) { return w.Field.input(w.extra) }

// Help returns the field's help, for a row.
func (w *Widget) Help() (template.HTML, error) { return w.Field.Help() }

// ErrorList returns the field's messages, for a row.
func (w *Widget) ErrorList() (template.HTML, error) { return w.Field.ErrorList() }

// Rows returns the rows of a struct's fields or of a list's entries.
func (w *Widget) Rows() (template.HTML, error) { return rows(w.Field.fields) }

// isSet reports whether the field is several inputs under one label.
func (f *Field) isSet() bool {
	return slices.Contains([]string{"radio", "checkboxes", "group", "list"}, f.spec.widget)
}

func (f *Field) show(name string, w *Widget) (template.HTML, error) { return f.form.execute(name, w) }

func (form *Form) execute(name string, data any) (template.HTML, error) {
	theme := form.settings.theme
	if theme == nil {
		theme = Plain
	}
	t, err := theme.parsed()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("forms: the template %q of the theme: %w", name, err)
	}
	return template.HTML(b.String()), nil
}

// Label returns the label, for the field's input, or the heading of several inputs,
// with attributes in pairs: {{(.form.Field "name").Label "class" "wide"}}. It is
// WTForms' form.name.label.
func (f *Field) Label(pairs ...any) (template.HTML, error) {
	extra, err := attrsOf(pairs)
	if err != nil {
		return "", err
	}
	return f.show("label", &Widget{Field: f, extra: extra})
}

// Input returns the field's input, or its inputs, with more attributes in pairs, which
// take the place of its own; classes are added, true writes the name alone and false
// leaves an attribute out: {{(.form.Field "name").Input "class" "wide" "autofocus"
// true}}. It is calling a field in WTForms.
//
// Names of attributes that could hold a script, a style or an address are refused, as
// the values of others are not checked for those.
func (f *Field) Input(pairs ...any) (template.HTML, error) {
	extra, err := attrsOf(pairs)
	if err != nil {
		return "", err
	}
	return f.input(extra)
}

func (f *Field) input(extra []attr) (template.HTML, error) {
	w := &Widget{Field: f, defaults: f.inputAttrs(), extra: extra}
	switch f.spec.widget {
	case "group", "list":
		return f.show("group", w)
	case "select", "multiselect":
		return f.show("select", w)
	case "radio", "checkboxes":
		return f.show("choices", w)
	case "file", "files":
		return f.show("file", w)
	case "textarea", "checkbox", "submit":
		return f.show(f.spec.widget, w)
	}
	return f.show("input", w)
}

// inputTypes are the types of inputs that are not called as the widget.
var inputTypes = map[string]string{"int": "number", "float": "number", "decimal": "number", "datetime": "text", "files": "file"}

// inputAttrs are the attributes that the tag needs.
func (f *Field) inputAttrs() []attr {
	s := f.spec
	attrs := []attr{{"id", f.id}}
	add := func(name, value string) { attrs = append(attrs, attr{name, value}) }
	typ := s.widget
	if t, ok := inputTypes[typ]; ok {
		typ = t
	}
	described := func() {
		var ids []string
		w := &Widget{Field: f}
		if s.help != "" {
			ids = append(ids, w.HelpID())
		}
		if len(f.errors) > 0 {
			ids = append(ids, w.ErrorsID())
		}
		if len(ids) > 0 {
			add("aria-describedby", strings.Join(ids, " "))
		}
	}
	switch s.widget {
	case "group", "list":
		described()
		return append(attrs, f.attrs...)
	case "radio", "checkboxes":
		if s.widget == "radio" {
			add("role", "radiogroup")
		} else {
			add("role", "group")
		}
		add("aria-labelledby", (&Widget{Field: f}).LabelID())
	case "submit":
		attrs = append(attrs, attr{"name", f.name}, attr{"type", "submit"}, attr{"value", "y"})
		return slices.Concat(attrs, s.attrs, f.attrs)
	case "select", "multiselect", "textarea":
		add("name", f.name)
		if s.widget == "multiselect" {
			add("multiple", "")
		}
	default:
		add("name", f.name)
		add("type", typ)
		switch {
		case s.widget == "checkbox":
			add("value", "y")
			if f.Checked() {
				add("checked", "")
			}
		case typ == "file":
			if s.widget == "files" {
				add("multiple", "")
			}
			if len(s.accept) > 0 {
				add("accept", strings.Join(s.accept, ","))
			}
		default:
			add("value", f.Text())
		}
		if typ == "number" && (s.kind == floatKind || s.kind == decimalKind) {
			add("step", "any")
		}
	}
	if f.Required() && s.widget != "hidden" && !f.isSet() {
		add("required", "")
	}
	if s.placeholder != "" {
		add("placeholder", f.translate(s.placeholder))
	}
	for _, a := range s.attrs {
		if typ == "hidden" && slices.Contains([]string{"minlength", "maxlength", "min", "max", "step", "pattern"}, a.name) {
			continue
		}
		add(a.name, a.value)
	}
	if len(f.errors) > 0 && s.widget != "hidden" {
		add("aria-invalid", "true")
	}
	if s.widget != "hidden" {
		described()
	}
	return append(attrs, f.attrs...)
}

// Help returns the help below the input, "" if there is none.
func (f *Field) Help() (template.HTML, error) { return f.show("help", &Widget{Field: f}) }

// ErrorList returns the messages as the theme shows them, with the id that the input
// refers to; "" if there are none.
func (f *Field) ErrorList() (template.HTML, error) { return f.show("errors", &Widget{Field: f}) }

// Row returns the field with its label, help and messages, and attributes for its input:
// Bootstrap-Flask's render_field. A struct and a list are all their fields. A hidden
// field has no row; [Form.HiddenTag] has it, also those of structs.
func (f *Field) Row(pairs ...any) (template.HTML, error) {
	extra, err := attrsOf(pairs)
	if err != nil {
		return "", err
	}
	w := &Widget{Field: f, extra: extra}
	switch f.spec.widget {
	case "hidden":
		return "", nil
	case "group", "list":
		return f.input(extra)
	case "checkbox", "submit":
		return f.show(f.spec.widget+"row", w)
	}
	return f.show("row", w)
}

func rows(fields []*Field) (template.HTML, error) {
	var all strings.Builder
	for _, f := range fields {
		row, err := f.Row()
		if err != nil {
			return "", err
		}
		all.WriteString(string(row))
	}
	return template.HTML(all.String()), nil
}

// HiddenTag returns the hidden fields and, if the App has [NewCSRF], the token; a
// message of a hidden field stands in [Form.ErrorList]. Put it into each form that is
// not a [Form.QuickForm]. It is Flask-WTF's hidden_tag.
func (form *Form) HiddenTag() (template.HTML, error) {
	var all strings.Builder
	if csrf := form.settings.csrf; csrf != nil && !form.fromQuery {
		token, err := csrf.token(form.c)
		if err != nil {
			return "", err
		}
		name := csrf.cfg.FieldName
		fmt.Fprintf(&all, "<input %s>\n", write([]attr{{"type", "hidden"}, {"name", name}, {"value", token}}))
	}
	for _, f := range form.hidden() {
		input, err := f.Input()
		if err != nil {
			return "", err
		}
		all.WriteString(string(input) + "\n")
	}
	return template.HTML(all.String()), nil
}

func (form *Form) hidden() (hidden []*Field) {
	var walk func(fields []*Field)
	walk = func(fields []*Field) {
		for _, f := range fields {
			if f.Hidden() {
				hidden = append(hidden, f)
			}
			walk(f.fields)
		}
	}
	walk(form.fields)
	return hidden
}

// FormWidget is what the templates form and formerrors of a [Theme] get.
type FormWidget struct {
	Form *Form

	extra []attr
}

// Attrs returns the attributes of the form: its method, enctype where it has a file, and
// those that the page gave.
func (w *FormWidget) Attrs(pairs ...any) (template.HTMLAttr, error) {
	attrs := []attr{{"method", "post"}}
	if w.Form.fromQuery {
		attrs[0].value = "get"
	}
	if w.Form.Multipart() {
		attrs = append(attrs, attr{"enctype", "multipart/form-data"})
	}
	of, err := attrsOf(pairs)
	return write(slices.Concat(attrs, of, w.extra)), err
}

// Errors returns the messages of the form and of its hidden fields, which are beside no
// input that one could see.
func (w *FormWidget) Errors() []string {
	all := w.Form.FormErrors()
	for _, f := range w.Form.hidden() {
		all = append(all, f.errors...)
	}
	return all
}

// HiddenTag is [Form.HiddenTag].
func (w *FormWidget) HiddenTag() (template.HTML, error) { return w.Form.HiddenTag() }

// ErrorList is [Form.ErrorList].
func (w *FormWidget) ErrorList() (template.HTML, error) { return w.Form.ErrorList() }

// Rows returns the rows of all fields.
func (w *FormWidget) Rows() (template.HTML, error) { return rows(w.Form.fields) }

// ErrorList returns the messages of the form itself and of hidden fields as the theme
// shows them, "" if there are none.
func (form *Form) ErrorList() (template.HTML, error) {
	return form.execute("formerrors", &FormWidget{Form: form})
}

// QuickForm returns the whole form, with its submit buttons, and attributes in pairs:
// {{.form.QuickForm "class" "wide"}}. The action is the page's own address; another
// one, as action, must be a path. It is Bootstrap-Flask's render_form, and
// Flask-Bootstrap's quick_form.
func (form *Form) QuickForm(pairs ...any) (template.HTML, error) {
	extra, err := attrsOf(pairs)
	if err != nil {
		return "", err
	}
	for _, a := range extra {
		if strings.EqualFold(a.name, "action") && !isPath(a.value) {
			return "", fmt.Errorf("forms: QuickForm: the action %q is no path, such as url_for gives", a.value)
		}
		if strings.EqualFold(a.name, "method") && !strings.EqualFold(a.value, "post") && !form.fromQuery {
			return "", fmt.Errorf("forms: QuickForm: the method %q would put the token into the address; see NewQuery", a.value)
		}
	}
	return form.execute("form", &FormWidget{Form: form, extra: extra})
}

// isPath says whether an address stays on this site. A browser drops tabs and line ends,
// so /\t/host is another one.
func isPath(address string) bool {
	odd := func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }
	return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.ContainsFunc(address, odd)
}
