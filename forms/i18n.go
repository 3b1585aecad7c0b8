package forms

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hipflask/hipflask"
)

// Messages, and their languages.

// Message is a text for a visitor before it is translated. Its ID is the text in
// English, with WTForms' own words where it has them, so that WTForms' catalogs
// fit; Plural is the same for an N that is not 1, or empty. %(name)s and %(name)d
// stand for the Params.
type Message struct {
	ID, Plural string
	N          int
	Params     map[string]any
}

// English returns the text with its params, as it is without [Translations].
func (m Message) English() string {
	if m.Plural != "" && m.N != 1 {
		return m.fill(m.Plural)
	}
	return m.fill(m.ID)
}

func (m Message) fill(text string) string {
	if len(m.Params) == 0 {
		return text
	}
	var pairs []string
	for name, value := range m.Params {
		pairs = append(pairs, "%("+name+")s", fmt.Sprint(value), "%("+name+")d", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Translations returns a message in the language of a request, with %(min)d and the
// like still in it, or "" where it has none: the English one is then taken. It
// gets the messages of the rules, those of [Invalid] and the labels, helps,
// placeholders and choices. It is what WTForms calls translations, and Flask-WTF
// takes from Flask-Babel.
type Translations func(c *hipflask.Context, m Message) string

// Catalogs makes Translations of texts by language and ID. A plural is found by its
// own text and stands for every N that is not 1. The language of a request is
// what choose returns.
func Catalogs(texts map[string]map[string]string, choose func(c *hipflask.Context) string) Translations {
	return func(c *hipflask.Context, m Message) string {
		texts := texts[choose(c)]
		if m.Plural != "" && m.N != 1 {
			return texts[m.Plural]
		}
		return texts[m.ID]
	}
}

// ValidationError is a visitor's mistake: its message is shown beside the field. It is
// what [Invalid] returns, and WTForms' ValidationError.
type ValidationError struct {
	Message Message
}

// Error returns the message in English.
func (e *ValidationError) Error() string { return e.Message.English() }

// Invalid returns the error of a visitor's mistake. Pairs of names and values are
// params of the message:
//
//	return forms.Invalid("Only %(left)d are left.", "left", 3)
//
// It is WTForms' raise ValidationError. Any other error that a validator returns is
// a failure of the program, see [Form.Err].
func Invalid(message string, params ...any) error {
	return &ValidationError{msg(message, params...)}
}

func msg(id string, params ...any) Message {
	if len(params)%2 != 0 {
		panic(fmt.Sprintf("forms: the message %q: params are names and values in turn", id))
	}
	m := Message{ID: id}
	for i := 0; i < len(params); i += 2 {
		if m.Params == nil {
			m.Params = map[string]any{}
		}
		m.Params[fmt.Sprint(params[i])] = params[i+1]
	}
	return m
}

// mistakes sorts an error into the visitor's and the program's.
func mistakes(err error) (messages []Message, failure error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			more, fails := mistakes(err)
			messages = append(messages, more...)
			failure = errors.Join(failure, fails)
		}
		return messages, failure
	}
	var invalid *ValidationError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &invalid):
		return []Message{invalid.Message}, nil
	}
	return nil, err
}

// translate returns a message in the language of the request.
func (form *Form) translate(m Message) string {
	if m.ID == "" {
		return ""
	}
	if t := form.settings.translations; t != nil {
		if text := t(form.c, m); text != "" {
			return m.fill(text)
		}
	}
	return m.English()
}

func (f *Field) translate(text string) string { return f.form.translate(Message{ID: text}) }
