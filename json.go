package hipflask

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// JSON as replies, sessions and configuration have it.

// marshal is json.Marshal without its escapes for HTML: no browser takes
// application/json for a page, and in a cookie they cost six bytes for one.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
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
	switch dst := dst.(type) {
	case *any:
		*dst = plainNumbers(*dst)
	case *map[string]any:
		plainNumbers(*dst)
	case *Data:
		plainNumbers(map[string]any(*dst))
	case *[]any:
		plainNumbers(*dst)
	}
	return nil
}

// plainNumbers replaces each json.Number in v by an int, or by a float64 if it
// has a fraction or an exponent. A whole number beyond an int stays as it is.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64() // out of range is an infinity, as in Python
			return f
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	}
	return v
}
