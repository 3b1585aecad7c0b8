package pagecode

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"text/template/parse"
	"unicode/utf8"

	"github.com/hipflask/hipflask/internal/jsontext"
)

// What html/template has put behind each pipeline that prints: functions that make
// a value safe for its place, one after the other.
//
// Most values are texts and numbers in which none of them has anything to do. That
// is seen byte by byte, and they are written as they are. Of those that need more,
// texts in HTML and in URLs are escaped here, and the rest by html/template.

const (
	hiddenPrefix = "_html_template_"
	evalArgs     = "_eval_args_"
)

func isHidden(name string) bool { return strings.HasPrefix(name, hiddenPrefix) || name == evalArgs }

func isEscaper(cmd *parse.CommandNode) bool {
	ident, ok := cmd.Args[0].(*parse.IdentifierNode)
	return ok && len(cmd.Args) == 1 && strings.HasPrefix(ident.Ident, hiddenPrefix)
}

// class has a bit for each kind of escaping, set for the bytes it does not leave alone.
type class uint16

const (
	inHTML class = 1 << iota // and in an attribute in quotes
	inUnquoted
	inURL   // a part of one, in which an & or a / may stay
	inQuery // a value in its query
	atScheme
	inScriptString
	inScriptTemplate
	inScriptRegexp
	inStyleString
	inStyleValue
	always // a text that only html/template can judge
)

// escapers are html/template's by what follows their prefix.
var escapers = map[string]struct {
	class  class
	append func(dst, text []byte) []byte // nil where html/template is asked
}{
	"htmlescaper":      {inHTML, appendHTML[[]byte]},
	"attrescaper":      {inHTML, appendHTML[[]byte]},
	"rcdataescaper":    {inHTML, appendHTML[[]byte]},
	"nospaceescaper":   {inUnquoted, nil},
	"urlnormalizer":    {inURL, appendURL},
	"urlescaper":       {inQuery, appendQuery},
	"urlfilter":        {atScheme, appendSafeURL},
	"jsstrescaper":     {inScriptString, nil},
	"jstmpllitescaper": {inScriptTemplate, nil},
	"jsregexpescaper":  {inScriptRegexp, nil},
	"cssescaper":       {inStyleString, nil},
	"cssvaluefilter":   {inStyleValue, nil},
}

// classes has the class of each byte.
var classes = func() (of [256]class) {
	mark := func(bits class, bytes string) {
		for i := range len(bytes) {
			of[bytes[i]] |= bits
		}
	}
	mark(inHTML|inUnquoted, "\x00\"&'+<>")
	mark(inUnquoted, "\t\n\v\f\r =`")
	mark(atScheme, ":")
	mark(inScriptString|inScriptTemplate, "\"`&'+/<>\\")
	mark(inScriptTemplate, "${}")
	mark(inScriptRegexp, "\"$&'()*+-./<>?[\\]^{|}")
	mark(inStyleString, "\x00\t\n\f\r\"&'()+/:;<>\\{}")
	for i := range of {
		b := byte(i)
		isWord := '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		if b >= utf8.RuneSelf {
			of[b] |= inUnquoted | inScriptString | inScriptTemplate | inScriptRegexp
		}
		if b < ' ' {
			of[b] |= inScriptString | inScriptTemplate | inScriptRegexp
		}
		if !isWord && !strings.ContainsRune("-._~", rune(b)) {
			of[b] |= inQuery
		}
		if !isWord && !strings.ContainsRune("-._~!#$&*+,/:;=?@[]", rune(b)) {
			of[b] |= inURL
		}
		if !isWord && !strings.ContainsRune("#%., _!", rune(b)) {
			of[b] |= inStyleValue
		}
		of[b] |= always
	}
	return of
}()

// escaping is the escapers behind one pipeline.
type escaping struct {
	cmds   []*parse.CommandNode
	filter NilFilter // what the value goes through before, or nil
	class  class
	steps  []func(dst, text []byte) []byte // nil if html/template has to be asked

	html    bool // there is only the escaper of HTML's text: a template.HTML is written as it stands
	markup  bool // there is only one of HTML's escapers
	script  bool // the first makes a value of JavaScript
	style   bool // the first looks at words
	comment bool // nothing is written
	empty   bool // an empty text is not
	numbers bool // the digits and the minus of a whole number are left as they are
}

func newEscaping(cmds []*parse.CommandNode, filter NilFilter) *escaping {
	e := &escaping{cmds: cmds, filter: filter, steps: make([]func(dst, text []byte) []byte, 0, len(cmds))}
	for i := range cmds {
		name := e.name(i)
		known, ok := escapers[strings.TrimPrefix(name, hiddenPrefix)]
		switch {
		case i == 0 && name == hiddenPrefix+"jsvalescaper":
			e.script = true
			continue
		case name == hiddenPrefix+"commentescaper":
			e.comment = len(cmds) == 1
			known.class = always
		case !ok:
			known.class = always
		}
		e.class |= known.class
		e.empty = e.empty || known.class == inUnquoted || known.class == inScriptRegexp || known.class == always
		if known.append != nil && e.steps != nil {
			e.steps = append(e.steps, known.append)
		} else {
			e.steps = nil
		}
	}
	e.html = len(cmds) == 1 && e.name(0) == hiddenPrefix+"htmlescaper"
	e.markup = len(cmds) == 1 && e.class == inHTML
	e.style = e.class&inStyleValue != 0
	e.numbers = e.leaves("-0") && !e.script && !e.style
	return e
}

func (e *escaping) name(i int) string { return e.cmds[i].Args[0].(*parse.IdentifierNode).Ident }

// print compiles the printing of an expression.
func (e *escaping) print(x expr) step {
	if x.text != nil {
		return func(s *run) control {
			e.text(s, x.text(s))
			return goOn
		}
	}
	return func(s *run) control {
		v := x.value(s).rv
		if e.filter != nil {
			v = e.filter.apply(v)
		}
		e.value(s, v)
		return goOn
	}
}

var htmlType = reflect.TypeFor[htmltemplate.HTML]()

// trusted are the types whose values html/template does not take for plain texts.
var trusted = map[reflect.Type]bool{
	htmlType:                                 true,
	reflect.TypeFor[htmltemplate.CSS]():      true,
	reflect.TypeFor[htmltemplate.HTMLAttr](): true,
	reflect.TypeFor[htmltemplate.JS]():       true,
	reflect.TypeFor[htmltemplate.JSStr]():    true,
	reflect.TypeFor[htmltemplate.Srcset]():   true,
	reflect.TypeFor[htmltemplate.URL]():      true,
}

// value writes a value of any type.
func (e *escaping) value(s *run, rv reflect.Value) {
	if rv.Kind() == reflect.Interface {
		rv = rv.Elem()
	}
	switch kind := rv.Kind(); {
	case kind == reflect.Invalid:
		e.nothing(s)
		return
	case kind == reflect.String && rv.Type() == stringType:
		e.text(s, rv.String())
		return
	case kind == reflect.Int && rv.Type() == intType && e.numbers:
		s.out = strconv.AppendInt(s.out, rv.Int(), 10)
		s.wrote()
		return
	case rv.Type().NumMethod() > 0: // it may know how to print itself
	case kind == reflect.String && !trusted[rv.Type()]:
		e.text(s, rv.String())
		return
	case kind == reflect.String && e.html && rv.Type() == htmlType:
		s.out = append(s.out, rv.String()...)
		s.wrote()
		return
	case reflect.Int <= kind && kind <= reflect.Int64 && e.numbers:
		s.out = strconv.AppendInt(s.out, rv.Int(), 10)
		s.wrote()
		return
	case reflect.Int <= kind && kind <= reflect.Int64:
		e.word(s, strconv.AppendInt(s.tmp[1][:0], rv.Int(), 10))
		return
	case reflect.Uint <= kind && kind <= reflect.Uintptr:
		e.word(s, strconv.AppendUint(s.tmp[1][:0], rv.Uint(), 10))
		return
	case kind == reflect.Bool:
		e.word(s, strconv.AppendBool(s.tmp[1][:0], rv.Bool()))
		return
	case rv.CanFloat() && !e.script: // which has notations of its own
		e.word(s, strconv.AppendFloat(s.tmp[1][:0], rv.Float(), 'g', -1, rv.Type().Bits()))
		return
	}
	if !e.script && !e.comment {
		if text, ok := asText(rv); ok {
			e.text(s, text)
			return
		}
	}
	e.ask(s, rv.Interface(), 0)
}

// asText is a value as html/template prints it, unless it is one of a type that it
// trusts. A pointer counts as what it leads to, unless it can print itself.
func asText(rv reflect.Value) (text string, ok bool) {
	last := rv
	for last.Kind() == reflect.Pointer && !last.IsNil() {
		last = last.Elem()
	}
	if last.Kind() == reflect.String {
		if last.Type() == stringType {
			return last.String(), true
		}
		if trusted[last.Type()] {
			return "", false
		}
	}
	if last.Kind() == reflect.Interface {
		return "", false // a pointer to one, which html/template looks into
	}
	for rv.Kind() == reflect.Pointer && !rv.IsNil() && !prints(rv.Type()) {
		rv = rv.Elem()
	}
	return fmt.Sprint(rv.Interface()), true
}

// nothing writes what is missing.
func (e *escaping) nothing(s *run) {
	if !e.script {
		e.text(s, "")
		return
	}
	s.tmp[0] = append(s.tmp[0][:0], " null "...)
	e.written(s)
}

// word writes a number or a bool, which is in s.tmp[1]. JavaScript wants blanks
// around it, so that it does not run into a word.
func (e *escaping) word(s *run, text []byte) {
	s.tmp[1] = text
	if e.script {
		s.tmp[0] = append(append(append(s.tmp[0][:0], ' '), text...), ' ')
	} else {
		s.tmp[0] = append(s.tmp[0][:0], text...)
	}
	e.written(s)
}

// text writes a plain text.
func (e *escaping) text(s *run, text string) {
	switch {
	case e.markup:
		s.out = appendHTML(s.out, text)
		s.wrote()
	case e.script:
		s.tmp[0] = jsontext.AppendString(s.tmp[0][:0], text, true)
		e.written(s)
	case e.leaves(text):
		s.out = append(s.out, text...)
		s.wrote()
	default:
		s.tmp[0] = append(s.tmp[0][:0], text...)
		e.escape(s)
	}
}

// leaves reports whether the escapers leave a text as it is.
func (e *escaping) leaves(text string) bool {
	for i := range len(text) {
		if classes[text[i]]&e.class != 0 {
			return false
		}
	}
	return e.leavesLength(len(text))
}

// leavesLength reports whether a text may be so long that the escapers leave it,
// if they leave each byte. Those for styles look for two words of ten letters.
func (e *escaping) leavesLength(n int) bool { return (n > 0 || !e.empty) && (n < 10 || !e.style) }

// written writes what is in s.tmp[0], escaped if need be.
func (e *escaping) written(s *run) {
	plain := e.leavesLength(len(s.tmp[0]))
	for _, b := range s.tmp[0] {
		plain = plain && classes[b]&e.class == 0
	}
	if plain {
		s.out = append(s.out, s.tmp[0]...)
		s.wrote()
	} else {
		e.escape(s)
	}
}

// escape escapes and writes what is in s.tmp[0].
func (e *escaping) escape(s *run) {
	if e.steps == nil {
		from := 0
		if e.script {
			from = 1
		}
		e.ask(s, string(s.tmp[0]), from)
		return
	}
	last := len(e.steps) - 1
	for _, step := range e.steps[:last] {
		s.tmp[1] = step(s.tmp[1][:0], s.tmp[0])
		s.tmp[0], s.tmp[1] = s.tmp[1], s.tmp[0]
	}
	s.out = e.steps[last](s.out, s.tmp[0])
	s.wrote()
}

// ask has html/template escape a value, with the escapers from one on.
func (e *escaping) ask(s *run, v any, from int) {
	if e.comment {
		s.wrote()
		return
	}
	for i := from; i < len(e.cmds); i++ {
		text, err := askHidden(e.name(i), v)
		if err != nil {
			panic(stopped{s.callFailure(&callee{e.name(i), e.cmds[i]}, err)})
		}
		v = text
	}
	s.out = append(s.out, v.(string)...)
	s.wrote()
}

func appendHTML[T string | []byte](dst []byte, text T) []byte {
	done := 0
	for i := range len(text) {
		b := text[i]
		if classes[b]&inHTML == 0 {
			continue
		}
		dst = append(dst, text[done:i]...)
		done = i + 1
		switch b {
		case 0:
			dst = append(dst, "\ufffd"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		default: // a quote or a plus
			dst = append(strconv.AppendInt(append(dst, "&#"...), int64(b), 10), ';')
		}
	}
	return append(dst, text[done:]...)
}

func appendURL(dst, text []byte) []byte {
	for i, b := range text {
		isEncoded := b == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2])
		if classes[b]&inURL == 0 || isEncoded {
			dst = append(dst, b)
		} else {
			dst = appendPercent(dst, b)
		}
	}
	return dst
}

func appendQuery(dst, text []byte) []byte {
	for _, b := range text {
		if classes[b]&inQuery == 0 {
			dst = append(dst, b)
		} else {
			dst = appendPercent(dst, b)
		}
	}
	return dst
}

const hexDigits = "0123456789abcdef"

func appendPercent(dst []byte, b byte) []byte {
	return append(dst, '%', hexDigits[b>>4], hexDigits[b&15])
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// appendSafeURL lets URLs pass that have no scheme or that of a page or a mail.
func appendSafeURL(dst, text []byte) []byte {
	scheme, _, found := strings.Cut(string(text), ":")
	if found && !strings.Contains(scheme, "/") && !strings.EqualFold(scheme, "http") &&
		!strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "mailto") {
		return append(dst, "#ZgotmplZ"...)
	}
	return append(dst, text...)
}

// html/template's own functions have names, but nobody can get at them. So a
// template is made that calls one.

var hiddenType = reflect.TypeFor[func(args ...any) string]()

// hidden is a call of one of html/template's functions.
func (k *call) hidden() expr {
	return textExpr(func(s *run) string {
		first := k.push(s, hiddenType)
		text, err := askHidden(k.name, anys(s.args[first:])...)
		s.args = s.args[:first]
		if err != nil {
			panic(stopped{s.callFailure(&k.callee, err)})
		}
		return text
	})
}

// askers are the templates, by name of the function and number of arguments.
var askers sync.Map

type askerKey struct {
	name string
	args int
}

// askHidden calls a function of html/template.
func askHidden(name string, args ...any) (string, error) {
	key := askerKey{name, len(args)}
	asker, ok := askers.Load(key)
	if !ok {
		asker, _ = askers.LoadOrStore(key, newAsker(key))
	}
	var answer strings.Builder
	err := asker.(*htmltemplate.Template).Execute(&answer, args)
	if err != nil {
		return "", causeOf(err)
	}
	return answer.String(), nil
}

// newAsker makes a template that prints what the function returns. It stands in
// HTML, where a template.HTML is printed as it is.
func newAsker(key askerKey) *htmltemplate.Template {
	var source strings.Builder
	fmt.Fprintf(&source, "{{_asHTML (%s", key.name)
	for i := range key.args {
		fmt.Fprintf(&source, " (index . %d)", i)
	}
	source.WriteString(")}}")
	tree := parse.New("asker")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(source.String(), "", "", map[string]*parse.Tree{}); err != nil {
		panic(err) // the text is ours
	}
	asHTML := func(text string) htmltemplate.HTML { return htmltemplate.HTML(text) }
	t := htmltemplate.New("asker").Funcs(htmltemplate.FuncMap{"_asHTML": asHTML})
	return htmltemplate.Must(t.AddParseTree("asker", tree))
}

// causeOf is the error of a function inside that of a template.
func causeOf(err error) error {
	for range 2 { // the ExecError, and what says where
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
	}
	return err
}
