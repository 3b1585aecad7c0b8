package hipflask

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
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
