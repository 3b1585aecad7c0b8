// Package jsontext writes and reads the simple kinds of JSON without reflection, to
// the byte as encoding/json does. What it does not know it says, and encoding/json
// is asked.
package jsontext

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends text as a JSON string. With html it can stand in a page: <,
// > and & are escaped too.
func AppendString[T string | []byte](dst []byte, text T, html bool) []byte {
	stands := &plainBytes
	if html {
		stands = &plainInHTML
	}
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(text); {
		b := text[i]
		if stands[b] {
			i++
			continue
		}
		size, escape := 1, ""
		if b < utf8.RuneSelf {
			escape = escapes[b]
		} else {
			size, escape = escapeRune(string(text[i:min(i+utf8.UTFMax, len(text))]))
		}
		if escape != "" {
			dst = append(append(dst, text[done:i]...), escape...)
			done = i + size
		}
		i += size
	}
	return append(append(dst, text[done:]...), '"')
}

// plainBytes are the bytes that stand in a JSON string as they are, and plainInHTML
// those that do so in a page.
var plainBytes, plainInHTML = func() (json, html [256]bool) {
	for b := byte(' '); b < utf8.RuneSelf; b++ {
		json[b] = b != '"' && b != '\\'
		html[b] = json[b] && b != '<' && b != '>' && b != '&'
	}
	return json, html
}()

// escapes are how the bytes below 0x80 are written that cannot stand as they are.
var escapes = func() (of [utf8.RuneSelf]string) {
	for b := range of {
		of[b] = `\u00` + string(hexDigits[b>>4]) + string(hexDigits[b&15])
	}
	of['"'], of['\\'] = `\"`, `\\`
	of['\b'], of['\f'], of['\n'], of['\r'], of['\t'] = `\b`, `\f`, `\n`, `\r`, `\t`
	return of
}()

// escapeRune returns the length of the first rune, and how it is written if not as
// it is.
func escapeRune(text string) (size int, escape string) {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case r == utf8.RuneError && size == 1:
		return 1, `\ufffd`
	case r == '\u2028':
		return size, `\u2028`
	case r == '\u2029':
		return size, `\u2029`
	}
	return size, ""
}

// AppendFloat appends a number as JavaScript writes it. It reports false for an
// infinity and for what is no number, which JSON does not have.
func AppendFloat(dst []byte, f float64) ([]byte, bool) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return dst, false
	}
	format, size := byte('f'), math.Abs(f)
	if size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is e-9
		dst = dst[:n-1]
	}
	return dst, true
}

// PlainString returns the text of a JSON string in which nothing is escaped.
func PlainString(json string) (text string, ok bool) {
	if len(json) < 2 || json[0] != '"' || json[len(json)-1] != '"' {
		return "", false
	}
	text = json[1 : len(json)-1]
	plain, ascii := isPlain(text)
	return text, plain && (ascii || utf8.ValidString(text))
}

// isPlain reports whether a text has nothing that must be escaped in JSON.
func isPlain(text string) (plain, ascii bool) {
	ascii = true
	for i := range len(text) {
		if b := text[i]; !plainBytes[b] {
			if b < utf8.RuneSelf {
				return false, false
			}
			ascii = false
		}
	}
	return true, ascii
}

// Quote returns text as a JSON string, as AppendString writes it.
func Quote(text string) string {
	if plain, ascii := isPlain(text); plain && ascii {
		return `"` + text + `"`
	}
	return string(AppendString(make([]byte, 0, len(text)+len(`""`)), text, false))
}

// Int returns the number that JSON writes as a whole one, if an int holds it.
func Int(json string) (n int, ok bool) {
	digits := strings.TrimPrefix(json, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && len(json) > 1 {
		return 0, false
	}
	n, err := strconv.Atoi(json)
	return n, err == nil
}

// End returns where the JSON value ends that begins at i in valid JSON without
// blanks, -1 if it cannot tell.
func End(json string, i int) int {
	depth := 0
	for ; i < len(json); i++ {
		switch json[i] {
		case '"':
			if i = endOfString(json, i); i < 0 {
				return -1
			}
		case '[', '{':
			depth++
			continue
		case ']', '}':
			depth--
		case ',', ':':
			continue
		default:
			for i+1 < len(json) && !endsScalar(json[i+1]) {
				i++
			}
		}
		if depth <= 0 {
			if depth < 0 {
				return -1
			}
			return i + 1
		}
	}
	return -1
}

func endsScalar(b byte) bool { return b == ',' || b == ':' || b == ']' || b == '}' }

// endOfString returns where the last quote of the string is that begins at i.
func endOfString(json string, i int) int {
	for i++; i < len(json); i++ {
		switch json[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}
