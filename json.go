package hipflask

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hipflask/hipflask/internal/jsontext"
)

// JSON as replies, sessions and configuration have it.

// marshal is json.Marshal without its escapes for HTML: no browser takes
// application/json for a page, and in a cookie they cost six bytes for one.
func marshal(value any) ([]byte, error) { return appendJSON(nil, value, 0) }

// maxPlainDepth is how deep appendJSON goes by itself. What is deeper may have no
// end, which encoding/json finds out.
const maxPlainDepth = 100

// appendJSON appends a value as marshal writes it. The usual kinds are written
// here, and all others by encoding/json.
func appendJSON(dst []byte, value any, depth int) ([]byte, error) {
	if depth > maxPlainDepth {
		return appendOtherJSON(dst, value)
	}
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return jsontext.AppendString(dst, v, false), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		if written, ok := jsontext.AppendFloat(dst, v); ok {
			return written, nil
		}
	case []string:
		if v != nil {
			return appendJSONList(dst, v, func(dst []byte, text string) ([]byte, error) {
				return jsontext.AppendString(dst, text, false), nil
			})
		}
	case []any:
		if v != nil {
			return appendJSONList(dst, v, func(dst []byte, item any) ([]byte, error) { return appendJSON(dst, item, depth+1) })
		}
	case []map[string]any:
		if v != nil {
			return appendJSONList(dst, v, func(dst []byte, item map[string]any) ([]byte, error) { return appendJSON(dst, item, depth+1) })
		}
	case Data:
		return appendJSON(dst, map[string]any(v), depth)
	case map[string]any:
		if v != nil {
			return appendJSONMap(dst, v, depth)
		}
	}
	return appendOtherJSON(dst, value)
}

func appendJSONList[T any](dst []byte, list []T, add func(dst []byte, item T) ([]byte, error)) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, item := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = add(dst, item); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendJSONMap(dst []byte, m map[string]any, depth int) (_ []byte, err error) {
	var few [16]string // most have no more
	keys := few[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendString(dst, key, false), ':')
		if dst, err = appendJSON(dst, m[key], depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// jsonWriter is a json.Encoder and what it writes to.
type jsonWriter struct {
	text    bytes.Buffer
	encoder *json.Encoder
}

var jsonWriters = sync.Pool{New: func() any {
	w := &jsonWriter{}
	w.encoder = json.NewEncoder(&w.text)
	w.encoder.SetEscapeHTML(false)
	return w
}}

func appendOtherJSON(dst []byte, value any) ([]byte, error) {
	w := jsonWriters.Get().(*jsonWriter)
	defer func() {
		if w.text.Cap() <= buffers.most {
			jsonWriters.Put(w)
		}
	}()
	w.text.Reset()
	if err := w.encoder.Encode(value); err != nil {
		return dst, err
	}
	return append(dst, bytes.TrimSuffix(w.text.Bytes(), []byte("\n"))...), nil
}

// unmarshal is json.Unmarshal, but in an any, or a map or list of them, whole
// numbers become int, as in Python, and lose no digit.
func unmarshal(content []byte, dst any) error {
	switch dst.(type) {
	case *any, *map[string]any, *Data, *[]any:
	default:
		return json.Unmarshal(content, dst)
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if err := d.Decode(dst); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the first value")
	}
	var err error
	switch dst := dst.(type) {
	case *any:
		*dst, err = plainNumbers(*dst)
	case *map[string]any:
		_, err = plainNumbers(*dst)
	case *Data:
		_, err = plainNumbers(map[string]any(*dst))
	case *[]any:
		_, err = plainNumbers(*dst)
	}
	return err
}

// errTooLarge is unmarshal's error for a number that became an infinity; all else
// is in place.
var errTooLarge = errors.New("a number is too large")

// plainNumbers replaces each json.Number in v by an int, or by a float64 if it
// has a fraction or an exponent. A whole number beyond an int stays as it is. One
// that no float64 holds is an infinity, as in Python, and errTooLarge: no JSON could
// say it again.
func plainNumbers(v any) (_ any, err error) {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n, nil
		}
		if strings.ContainsAny(v.String(), ".eE") {
			f, err := v.Float64()
			if err != nil {
				err = fmt.Errorf("%w: %.40s", errTooLarge, v)
			}
			return f, err
		}
	case []any:
		for i := range v {
			var tooLarge error
			v[i], tooLarge = plainNumbers(v[i])
			err = cmp.Or(err, tooLarge)
		}
	case map[string]any:
		for key := range v {
			var tooLarge error
			v[key], tooLarge = plainNumbers(v[key])
			err = cmp.Or(err, tooLarge)
		}
	}
	return v, err
}
