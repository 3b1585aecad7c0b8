package flaskcompat

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// JSON as Python reads and writes it. It differs from Go's in what a session may
// well hold: NaN and the infinities, halves of surrogate pairs, and numbers of
// any length, whose text stays as it is. encoding/json would refuse the first
// and change the others.
//
// A value is nil, a bool, a json.Number, a string, a []any or a map[string]any.
// Half of a surrogate pair stands in a string as the three bytes that UTF-8
// would have for it.

// How deep values may be nested. Flask writes 320 levels, and reads not many
// more than maxDepth. What is new gets 100: guards may make three levels of one.
const (
	maxDepth    = 400
	maxNewDepth = 100
)

var (
	errSyntax = errors.New("it is not JSON")
	errDepth  = errors.New("it is nested too deep")
)

// parseJSON reads one value.
func parseJSON(text string) (any, error) { return (&parser{text: text}).all() }

// parseNew reads a value for a session to be written.
func parseNew(text string) (any, error) {
	return (&parser{text: text, depth: maxDepth - maxNewDepth}).all()
}

func (p *parser) all() (any, error) {
	v, err := p.value()
	if err == nil && p.next() != 0 {
		err = errSyntax
	}
	return v, err
}

// member is a key of an object, with its value and the text of both.
type member struct {
	key              string
	value            any
	keyText, rawText string
}

// parseObject reads an object and returns its members in their order.
func parseObject(text string) ([]member, error) {
	p := parser{text: text}
	if p.next() != '{' {
		return nil, errSyntax
	}
	var members []member
	err := p.object(func(m member) { members = append(members, m) })
	if err == nil && p.next() != 0 {
		err = errSyntax
	}
	return members, err
}

type parser struct {
	text  string
	pos   int
	depth int
}

// next skips white space and returns the byte that follows, 0 at the end. (No
// JSON has a zero byte outside of a string, and none inside.)
func (p *parser) next() byte {
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\n', '\r':
		case 0:
			return 1 // as wrong here as any other
		default:
			return c
		}
	}
	return 0
}

// take skips c, if it comes next.
func (p *parser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.pos++
	return true
}

func (p *parser) value() (any, error) {
	switch p.next() {
	case '{':
		object := map[string]any{}
		err := p.object(func(m member) { object[m.key] = m.value })
		return object, err
	case '[':
		return p.list()
	case '"':
		return p.string()
	}
	for _, w := range words {
		if strings.HasPrefix(p.text[p.pos:], w.text) {
			p.pos += len(w.text)
			return w.value, nil
		}
	}
	return p.number()
}

var words = []struct {
	text  string
	value any
}{
	{"null", nil}, {"true", true}, {"false", false},
	{"NaN", json.Number("NaN")}, {"Infinity", json.Number("Infinity")}, {"-Infinity", json.Number("-Infinity")},
}

// nested runs read inside of a list or an object.
func (p *parser) nested(read func() error) error {
	if p.depth++; p.depth > maxDepth {
		return errDepth
	}
	p.pos++ // the bracket
	err := read()
	p.depth--
	return err
}

func (p *parser) list() ([]any, error) {
	list := []any{}
	err := p.nested(func() error {
		if p.take(']') {
			return nil
		}
		for {
			v, err := p.value()
			if err != nil {
				return err
			}
			list = append(list, v)
			if p.take(']') {
				return nil
			}
			if !p.take(',') {
				return errSyntax
			}
		}
	})
	return list, err
}

func (p *parser) object(add func(member)) error {
	return p.nested(func() error {
		if p.take('}') {
			return nil
		}
		for {
			m, err := p.member()
			if err != nil {
				return err
			}
			add(m)
			if p.take('}') {
				return nil
			}
			if !p.take(',') {
				return errSyntax
			}
		}
	})
}

func (p *parser) member() (m member, err error) {
	if p.next() != '"' {
		return m, errSyntax
	}
	start := p.pos
	if m.key, err = p.string(); err != nil {
		return m, err
	}
	m.keyText = p.text[start:p.pos]
	if !p.take(':') {
		return m, errSyntax
	}
	p.next()
	start = p.pos
	if m.value, err = p.value(); err != nil {
		return m, err
	}
	m.rawText = p.text[start:p.pos]
	return m, nil
}

// number reads a number and keeps its text.
func (p *parser) number() (any, error) {
	start := p.pos
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > from
	}
	has := func(set string) bool {
		if p.pos < len(p.text) && strings.IndexByte(set, p.text[p.pos]) >= 0 {
			p.pos++
			return true
		}
		return false
	}
	has("-")
	if !has("0") && !digits() {
		return nil, errSyntax
	}
	if has(".") && !digits() {
		return nil, errSyntax
	}
	if has("eE") {
		has("+-")
		if !digits() {
			return nil, errSyntax
		}
	}
	return json.Number(p.text[start:p.pos]), nil
}

// string reads a string. One without escapes is a piece of the text.
func (p *parser) string() (string, error) {
	p.pos++ // the quote
	start, escaped := p.pos, false
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			content := p.text[start:p.pos]
			p.pos++
			if escaped {
				return unescape(content)
			}
			return content, nil
		case c == '\\':
			escaped = true
			p.pos++
		case c < ' ':
			return "", errSyntax
		}
	}
	return "", errSyntax
}

// unescape resolves the escapes of a string.
func unescape(s string) (string, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++ // string found no lone backslash at the end
		if at := strings.IndexByte(`"\/bfnrt`, s[i]); at >= 0 {
			b = append(b, "\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, ok := hexRune(s[i:])
		if !ok {
			return "", errSyntax
		}
		i += len("uXXXX") - 1
		if high := r &^ 0x3ff; high == 0xd800 && strings.HasPrefix(s[i+1:], `\`) {
			if low, ok := hexRune(s[i+2:]); ok && low&^0x3ff == 0xdc00 {
				r = 0x10000 + (r&0x3ff)<<10 + low&0x3ff
				i += len(`\uXXXX`)
			}
		}
		b = appendRune(b, r)
	}
	return string(b), nil
}

// hexRune reads the uXXXX of an escape.
func hexRune(s string) (r rune, ok bool) {
	var digits [2]byte
	if len(s) < len("uXXXX") || s[0] != 'u' {
		return 0, false
	}
	_, err := hex.Decode(digits[:], []byte(s[1:5]))
	return rune(digits[0])<<8 | rune(digits[1]), err == nil
}

// appendRune is utf8.AppendRune, but for half of a surrogate pair.
func appendRune(b []byte, r rune) []byte {
	if isSurrogate(r) {
		return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(b, r)
}

// decodeRune is utf8.DecodeRuneInString, but for half of a surrogate pair.
func decodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, size
}

func isSurrogate(r rune) bool { return 0xd800 <= r && r < 0xe000 }

// A dialect is how JSON is written: both without spaces, with sorted keys.
type dialect bool

const (
	forPython dialect = true  // as json.dumps writes it: all ASCII, NaN
	forGo     dialect = false // as the framework writes it, and encoding/json reads it
)

// append writes v. Where Go knows no NaN, it has null.
func (d dialect) append(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case json.Number:
		if d == forGo && strings.ContainsAny(string(v), "Ny") {
			return append(b, "null"...)
		}
		return append(b, v...)
	case string:
		return d.appendString(b, v)
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = d.append(b, element)
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		// The order of bytes is that of code points, Python's.
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(d.appendString(b, key), ':')
			b = d.append(b, v[key])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func (d dialect) appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if ' ' <= c && c < 0x7f && c != '"' && c != '\\' {
			b = append(b, c)
			i++
			continue
		}
		r, size := decodeRune(s[i:])
		b = d.appendSpecial(b, r)
		i += size
	}
	return append(b, '"')
}

// appendSpecial writes a character that is not simply itself.
func (d dialect) appendSpecial(b []byte, r rune) []byte {
	if r < ' ' || r == '"' || r == '\\' {
		if at := strings.IndexByte("\"\\\b\f\n\r\t", byte(r)); at >= 0 {
			return append(b, '\\', `"\bfnrt`[at])
		}
		return appendEscape(b, r)
	}
	switch {
	case d == forGo && isSurrogate(r):
		return utf8.AppendRune(b, utf8.RuneError)
	case d == forGo && r != '\u2028' && r != '\u2029':
		return utf8.AppendRune(b, r)
	case r > 0xffff:
		b = appendEscape(b, 0xd800+(r-0x10000)>>10)
		return appendEscape(b, 0xdc00+(r-0x10000)&0x3ff)
	}
	return appendEscape(b, r)
}

func appendEscape(b []byte, r rune) []byte {
	return hex.AppendEncode(append(b, '\\', 'u'), []byte{byte(r >> 8), byte(r)})
}
