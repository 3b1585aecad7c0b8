package flaskcompat

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Types for what Flask's sessions hold beyond JSON. In JSON, and so in a
// session, each is an object with one key, its tag.

// Flask's tags. The first is for an object with one key that is a tag itself: it
// has two underscores behind it there.
const (
	tagDict   = " di"
	tagTuple  = " t"
	tagBytes  = " b"
	tagMarkup = " m"
	tagUUID   = " u"
	tagTime   = " d"
)

var tags = []string{tagDict, tagTuple, tagBytes, tagMarkup, tagUUID, tagTime}

// Bytes is Python's bytes. A []byte in a session is a str for Flask, its base64.
type Bytes []byte

// Time is Python's datetime. A time.Time in a session is a str for Flask. As in
// Flask, it is kept in UTC and to the second.
type Time struct{ time.Time }

// UUID is Python's uuid.UUID. One of another package becomes it by conversion,
// UUID(u), and the other way.
type UUID [16]byte

// Tuple is Python's tuple. What is read into it has elements as of [Untag].
type Tuple []any

// Markup is MarkupSafe's Markup: text that is HTML. A page escapes it like any
// other text; [Markup.HTML] is what it takes as it stands.
type Markup string

// Dict is a dict, whatever its keys. A map with one key that looks like one of
// Flask's tags, such as " t", would be taken for what the tag says: use a Dict
// where a visitor chooses the keys. What is read into it has values as of
// [Untag].
type Dict map[string]any

// HTML returns the text as HTML: trust it as you trust what put it there.
func (m Markup) HTML() template.HTML { return template.HTML(m) }

// String returns the usual form with hyphens.
func (u UUID) String() string {
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// MarshalJSON writes {" b": base64}.
func (b Bytes) MarshalJSON() ([]byte, error) {
	return marshalTag(tagBytes, base64.StdEncoding.EncodeToString(b))
}

// MarshalJSON writes {" d": an HTTP date}. A year before 100 or after 9999 is an
// error: Flask would read another one, or none.
func (t Time) MarshalJSON() ([]byte, error) {
	utc := t.UTC()
	if year := utc.Year(); year < 100 || year > 9999 {
		return nil, fmt.Errorf("flaskcompat: a Time in the year %d is none that Flask can read; leave a time that is not set out of the session", year)
	}
	return marshalTag(tagTime, utc.Format(http.TimeFormat))
}

// MarshalJSON writes {" u": 32 digits}.
func (u UUID) MarshalJSON() ([]byte, error) { return marshalTag(tagUUID, hex.EncodeToString(u[:])) }

// MarshalJSON writes {" t": [elements]}.
func (t Tuple) MarshalJSON() ([]byte, error) {
	if t == nil {
		t = Tuple{}
	}
	return marshalTag(tagTuple, []any(t))
}

// MarshalJSON writes {" m": text}.
func (m Markup) MarshalJSON() ([]byte, error) { return marshalTag(tagMarkup, string(m)) }

// MarshalJSON writes the object, behind Flask's guard {" di": …} where it needs
// one.
func (d Dict) MarshalJSON() ([]byte, error) {
	if key, value, ok := onlyTag(d); ok {
		return marshalTag(tagDict, map[string]any{key + "__": value})
	}
	return marshal(map[string]any(d))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (b *Bytes) UnmarshalJSON(data []byte) error { return unmarshalTag(data, b) }

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(data []byte) error { return unmarshalTag(data, t) }

// UnmarshalJSON reads what MarshalJSON writes.
func (u *UUID) UnmarshalJSON(data []byte) error { return unmarshalTag(data, u) }

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Tuple) UnmarshalJSON(data []byte) error { return unmarshalTag(data, t) }

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Markup) UnmarshalJSON(data []byte) error { return unmarshalTag(data, m) }

// UnmarshalJSON reads any object but one that is something else by its tag.
func (d *Dict) UnmarshalJSON(data []byte) error {
	if v, err := parseJSON(string(data)); err == nil {
		if object, ok := Untag(v).(map[string]any); ok {
			*d = object
			return nil
		}
	}
	return unmarshalTag(data, d)
}

// marshalTag writes a tagged value.
func marshalTag(tag string, value any) ([]byte, error) {
	return marshal(map[string]any{tag: value})
}

// marshal is json.Marshal without its escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// unmarshalTag reads a tagged value. As everywhere in Go, null changes nothing.
func unmarshalTag[T any](data []byte, dst *T) error {
	v, err := parseJSON(string(data))
	if err != nil {
		return fmt.Errorf("flaskcompat: %.100s cannot be read: %w", data, err)
	}
	if v == nil {
		return nil
	}
	value, ok := Untag(v).(T)
	if !ok {
		return fmt.Errorf("flaskcompat: %.100s is no %T", data, *dst)
	}
	*dst = value
	return nil
}

// Untag turns what [hipflask.Session.Get] put into an any, or what a page has as
// {{session.key}}, into Go's values: tagged objects, however deep, become a
// [Tuple], [Bytes], [Markup], [UUID], [Time] or [Dict]; the rest stays what it
// is. For pages, make it a function of their own:
//
//	app.TemplateFunc("untag", flaskcompat.Untag)
//
// and {{(untag session.seen).Year}} prints the year of a datetime.
func Untag(v any) any {
	switch v := v.(type) {
	case json.Number:
		return plainNumber(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = Untag(v[i])
		}
		return list
	case map[string]any:
		if tag, content, ok := onlyTag(v); ok {
			if value, ok := untagged(tag, content); ok {
				return value
			}
		}
		object := make(map[string]any, len(v))
		for key := range v {
			object[key] = Untag(v[key])
		}
		return object
	}
	return v
}

// plainNumber returns an int, or a float64 for a number with a fraction or an
// exponent; as it is, one that is neither.
func plainNumber(n json.Number) any {
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil && strings.ContainsAny(n.String(), ".eENy") {
		return f
	}
	return n
}

// onlyTag returns the one key of an object, if that is a tag, and its value.
func onlyTag(object map[string]any) (tag string, value any, ok bool) {
	if len(object) != 1 {
		return "", nil, false
	}
	for tag, value = range object {
	}
	return tag, value, slices.Contains(tags, tag)
}

// untagged returns the value that content is by its tag, and whether it is one:
// Flask fails on some content that its tag does not fit.
func untagged(tag string, content any) (any, bool) {
	switch content := content.(type) {
	case []any:
		if tag == tagTuple {
			return Tuple(Untag(content).([]any)), true
		}
	case map[string]any:
		if key, value, ok := guarded(content); ok && tag == tagDict {
			return Dict{key: Untag(value)}, true
		}
	case string:
		return untaggedText(tag, content)
	}
	return nil, false
}

// guarded returns the key and value that stand behind Flask's guard.
func guarded(object map[string]any) (key string, value any, ok bool) {
	for key, value = range object {
		key, ok = strings.CutSuffix(key, "__")
	}
	return key, value, ok && len(object) == 1
}

func untaggedText(tag, text string) (any, bool) {
	switch tag {
	case tagBytes:
		b, err := base64.StdEncoding.DecodeString(text)
		return Bytes(b), err == nil
	case tagMarkup:
		return Markup(text), true
	case tagUUID:
		var u UUID
		if len(text) != hex.EncodedLen(len(u)) {
			return nil, false
		}
		_, err := hex.Decode(u[:], []byte(text))
		return u, err == nil
	case tagTime:
		t, err := time.Parse(http.TimeFormat, text)
		if err != nil {
			t, err = mail.ParseDate(text)
		}
		return Time{t.UTC()}, err == nil
	}
	return nil, false
}

// guard puts Flask's guard around every object that looks tagged but is not: a
// session must not end in an error when Flask reads it.
func guard(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = guard(v[i])
		}
	case map[string]any:
		tag, content, tagged := onlyTag(v)
		for key := range v {
			v[key] = guard(v[key])
		}
		if tagged && !fits(tag, content) {
			return map[string]any{tagDict: map[string]any{tag + "__": v[tag]}}
		}
	}
	return v
}

// unguard takes Flask's guard off where it is needed for Flask alone: a map comes
// back as it was set. It stays on an object that without it would be another type
// for [Untag].
func unguard(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = unguard(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = unguard(v[key])
		}
		content, _ := v[tagDict].(map[string]any)
		tag, inner, ok := guarded(content)
		if ok && len(v) == 1 && slices.Contains(tags, tag) && !fits(tag, inner) {
			return map[string]any{tag: inner}
		}
	}
	return v
}

// fits reports whether untagged would return a value.
func fits(tag string, content any) bool {
	switch content := content.(type) {
	case []any:
		return tag == tagTuple
	case map[string]any:
		_, _, ok := guarded(content)
		return ok && tag == tagDict
	case string:
		_, ok := untaggedText(tag, content)
		return ok
	}
	return false
}
