package hipflask

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/hipflask/hipflask/internal/jsontext"
)

// sessionValues are the values of a session, sorted by key. They are what a signed
// cookie holds and what most requests touch one or two of, which a map would make
// dear.
type sessionValues []sessionValue

// sessionValue is one value as JSON.
type sessionValue struct{ key, json string }

// valuesOf takes the values of a SessionData over.
func valuesOf(m map[string]json.RawMessage) sessionValues {
	values := make(sessionValues, 0, len(m)+1)
	for key, raw := range m {
		values = append(values, sessionValue{key, string(raw)})
	}
	slices.SortFunc(values, func(a, b sessionValue) int { return cmp.Compare(a.key, b.key) })
	return values
}

// asMap is the values as a SessionData has them.
func (v sessionValues) asMap() map[string]json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	m := make(map[string]json.RawMessage, len(v))
	for _, value := range v {
		m[value.key] = json.RawMessage(value.json)
	}
	return m
}

// at returns where a key is, or where it would be.
func (v sessionValues) at(key string) (i int, found bool) {
	if len(v) > 16 {
		return slices.BinarySearchFunc(v, key, func(value sessionValue, key string) int { return cmp.Compare(value.key, key) })
	}
	for i = range v {
		if v[i].key >= key {
			return i, v[i].key == key
		}
	}
	return len(v), false
}

func (v sessionValues) get(key string) (raw string, found bool) {
	if i, found := v.at(key); found {
		return v[i].json, true
	}
	return "", false
}

// with returns the values with one of them set. It may change v.
func (v sessionValues) with(key, raw string) sessionValues {
	i, found := v.at(key)
	if !found {
		return slices.Insert(v, i, sessionValue{key, raw})
	}
	v[i].json = raw
	return v
}

// without returns the values less one of them. It may change v.
func (v sessionValues) without(key string) sessionValues {
	if i, found := v.at(key); found {
		return slices.Delete(v, i, i+1)
	}
	return v
}

// copied returns values of one's own, with room for another.
func (v sessionValues) copied() sessionValues {
	return append(make(sessionValues, 0, len(v)+1), v...)
}

// encodeValue is a value as the session keeps it.
func encodeValue(key string, value any) (string, error) {
	if !utf8.ValidString(key) {
		return "", fmt.Errorf("hipflask: session key %q cannot be stored: it is not UTF-8", key)
	}
	if text, ok := value.(string); ok {
		return jsontext.Quote(text), nil
	}
	raw, err := appendJSON(nil, value, 0)
	if err != nil {
		return "", fmt.Errorf("hipflask: the value for session key %q, a %T, cannot be stored as JSON: %w", key, value, err)
	}
	return string(raw), nil
}

// decodeValue decodes into a fresh value first: a JSON decoder that fails may
// have filled its target by half.
func decodeValue(raw string, dst any) bool {
	switch dst := dst.(type) {
	case *string:
		if text, ok := jsontext.PlainString(raw); ok {
			*dst = text
			return true
		}
	case *int:
		if n, ok := jsontext.Int(raw); ok {
			*dst = n
			return true
		}
	case *bool:
		if raw == "true" || raw == "false" {
			*dst = raw == "true"
			return true
		}
	case *any:
		if value, ok := plainValue(raw); ok {
			*dst = value
			return true
		}
	}
	target := reflect.ValueOf(dst).Elem()
	fresh := reflect.New(target.Type())
	if err := unmarshal([]byte(raw), fresh.Interface()); err != nil && !errors.Is(err, errTooLarge) { // Flask has put it there
		return false
	}
	target.Set(fresh.Elem())
	return true
}

// plainValue is what unmarshal makes of the simplest values.
func plainValue(raw string) (value any, ok bool) {
	switch raw {
	case "null":
		return nil, true
	case "true":
		return true, true
	case "false":
		return false, true
	}
	if text, ok := jsontext.PlainString(raw); ok {
		return text, true
	}
	if n, ok := jsontext.Int(raw); ok {
		return n, true
	}
	return nil, false
}

// mustPoint panics unless dst can take a value, as errors.As does.
func mustPoint(method, key string, dst any) {
	switch dst := dst.(type) {
	case *string:
		if dst != nil {
			return
		}
	case *int:
		if dst != nil {
			return
		}
	}
	if v := reflect.ValueOf(dst); v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("hipflask: Session.%s(%q, %T): the second argument must be a pointer to a variable, such as &name", method, key, dst))
	}
}

// templateValues are the values as a page sees them.
func (v sessionValues) templateValues() map[string]any {
	m := make(map[string]any, len(v))
	for _, value := range v {
		var decoded any
		decodeValue(value.json, &decoded)
		m[value.key] = decoded
	}
	return m
}
