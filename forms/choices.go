package forms

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// Choices of a select, of radio buttons and of lists of checkboxes.

// Choice is one of those a visitor can choose from. Its Value is what is sent, as
// fmt.Sprint writes it; a value that writes itself by MarshalText is taken by that.
// An empty Label means the value. Choices with the same Group, one after the
// other, stand under its heading. It is a pair of WTForms' choices.
type Choice struct {
	Value any
	Label string
	Group string
}

// Choices makes a list of values and labels in turn: WTForms' choices=[("r", "Red")].
//
//	form.Field("color").SetChoices(forms.Choices("r", "Red", "g", "Green")...)
//
// It panics if a label is missing.
func Choices(pairs ...string) []Choice {
	if len(pairs)%2 != 0 {
		panic(fmt.Sprintf("forms: Choices takes values and labels in turn; %q has no label", pairs[len(pairs)-1]))
	}
	list := []Choice{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, Choice{Value: pairs[i], Label: pairs[i+1]})
	}
	return list
}

// parseChoices reads the tag: r=Red,g=Green; with groups Warm:r=Red,o=Orange;Cold:b=Blue.
func parseChoices(tag string) (list []Choice, err error) {
	if strings.TrimSpace(tag) == "" {
		return []Choice{}, nil
	}
	for part := range strings.SplitSeq(tag, ";") {
		group := ""
		if heading, rest, ok := strings.Cut(part, ":"); ok && !strings.ContainsAny(heading, "=,") {
			group, part = strings.TrimSpace(heading), rest
			if group != "" && isAmbiguous(group, rest) {
				return nil, fmt.Errorf("choices has %q, which may be a heading or the start of a value; begin with a colon, as in :%s:%s, for no heading", heading, heading, rest)
			}
		}
		for pair := range strings.SplitSeq(part, ",") {
			value, label, _ := strings.Cut(strings.TrimSpace(pair), "=")
			for _, c := range list {
				if c.Value == value {
					return nil, fmt.Errorf("choices has %q twice", value)
				}
			}
			list = append(list, Choice{Value: value, Label: label, Group: group})
		}
	}
	return list, nil
}

// isAmbiguous says whether what stands before the first colon looks like a part of the
// first value: later values have a colon too, or there are digits on both sides.
func isAmbiguous(heading, rest string) bool {
	for i, pair := range strings.Split(rest, ",") {
		value, _, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.Contains(value, ":") {
			return i > 0
		}
		if i == 0 && strings.Trim(heading, "0123456789") == "" && strings.Trim(value, "0123456789:") == "" {
			return true
		}
	}
	return false
}

// text is the value as it is sent.
func (c Choice) text() string {
	if m, ok := c.Value.(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(c.Value)
}

// checkChoices says which choice is no value of the field. An empty one may stand for
// none.
func (s *spec) checkChoices(list []Choice) error {
	one := s
	if s.kind == manyKind {
		one = s.element()
	}
	for _, c := range list {
		text := c.text()
		if text == "" && (s.null || s.optional || s.kind != manyKind) {
			continue
		}
		if err := one.parse(reflect.New(one.typ).Elem(), text); err != "" {
			return fmt.Errorf("the choice %q is no %s", text, one.typ)
		}
	}
	return nil
}

// element is the spec of one of many chosen values.
func (s *spec) element() *spec {
	return &spec{name: s.name, goName: s.goName, typ: s.typ.Elem(), kind: simpleKind(s.typ.Elem()), widget: "select"}
}

// SetChoices gives a select, radio buttons or checkboxes their choices, in place of
// those of the tag, for this form: WTForms' form.color.choices = [...]. Call it
// before [Form.ValidateOnSubmit]. It panics if the field has no choices, or if a
// value is none of the field's type.
func (f *Field) SetChoices(choices ...Choice) *Field {
	if !f.spec.hasChoices() {
		panic(fmt.Sprintf("forms: %s: SetChoices: a %s has no choices", f.name, f.spec.widget))
	}
	if err := f.spec.checkChoices(choices); err != nil {
		panic(fmt.Sprintf("forms: %s: SetChoices: %v", f.name, err))
	}
	f.choices = append([]Choice{}, choices...)
	return f
}

// Option is a [Choice] as a page shows it.
type Option struct {
	Value, Label string
	Selected     bool
	ID           string // for a radio button or a checkbox
}

// OptionGroup is the options under one heading, which is empty for none.
type OptionGroup struct {
	Label   string
	Options []Option
}

// Options returns the choices with what is selected, in groups: WTForms' iter_choices
// and iter_groups. It panics if the field has none.
func (f *Field) Options() []OptionGroup {
	f.needChoices()
	selected := map[string]bool{}
	for _, text := range f.texts() {
		selected[text] = true
	}
	groups := []OptionGroup{}
	for i, c := range f.choices {
		if len(groups) == 0 || groups[len(groups)-1].Label != f.translate(c.Group) {
			groups = append(groups, OptionGroup{Label: f.translate(c.Group)})
		}
		label := c.Label
		if label == "" {
			label = c.text()
		}
		g := &groups[len(groups)-1]
		g.Options = append(g.Options, Option{c.text(), f.translate(label), selected[c.text()], fmt.Sprintf("%s-%d", f.id, i)})
	}
	return groups
}

func (f *Field) needChoices() {
	if f.choices == nil {
		panic(fmt.Sprintf("forms: the field %s has no choices; give it the tag choices, or call SetChoices", f.name))
	}
}

// checkChoice adds an error if what was sent is no choice.
func (f *Field) checkChoice() bool {
	f.needChoices()
	if f.spec.anyChoice {
		return true
	}
	known := map[string]bool{}
	for _, c := range f.choices {
		known[c.text()] = true
	}
	texts := valueTexts(f.spec, f.value)
	if f.spec.kind != manyKind {
		if len(texts) == 1 && known[texts[0]] || len(f.raw) > 0 && known[f.raw[0]] {
			return true
		}
		f.fail("choice", msg("Not a valid choice."))
		return false
	}
	var wrong []string
	for _, text := range texts {
		if !known[text] {
			known[text] = true // said once
			wrong = append(wrong, text)
		}
	}
	if len(wrong) == 0 {
		return true
	}
	f.fail("choice", Message{
		ID: "'%(value)s' is not a valid choice for this field.", Plural: "'%(value)s' are not valid choices for this field.",
		N: len(wrong), Params: map[string]any{"value": strings.Join(cut(wrong), "', '")},
	})
	return false
}

// cut keeps a message short, whatever was sent.
func cut(texts []string) (short []string) {
	for _, text := range texts[:min(len(texts), 5)] {
		if runes := []rune(text); len(runes) > 50 {
			text = string(runes[:50]) + "…"
		}
		short = append(short, text)
	}
	return short
}
