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
	"htmlescaper":      {inHTML, appendHTML},
	"attrescaper":      {inHTML, appendHTML},
	"rcdataescaper":    {inHTML, appendHTML},
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
	cmds  []*parse.CommandNode
	class class
	steps []func(dst, text []byte) []byte // nil if html/template has to be asked

	html    bool // a template.HTML is written as it stands
	script  bool // the first makes a value of JavaScript
	style   bool // the first looks at words
	comment bool // nothing is written
	empty   bool // an empty text is not
}

func newEscaping(cmds []*parse.CommandNode) *escaping {
	e := &escaping{cmds: cmds, steps: make([]func(dst, text []byte) []byte, 0, len(cmds))}
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
	e.style = e.class&inStyleValue != 0
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
		e.value(s, x.value(s).rv)
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
	if !rv.IsValid() {
		e.nothing(s)
		return
	}
	typ := rv.Type()
	switch {
	case typ == stringType:
		e.text(s, rv.String())
		return
	case typ == htmlType && e.html:
		s.writeString(rv.String())
		return
	case typ.NumMethod() > 0: // it may know how to print itself
	case rv.Kind() == reflect.String && !trusted[typ]:
		e.text(s, rv.String())
		return
	case rv.CanInt():
		e.number(s, strconv.AppendInt(s.tmp[0][:0], rv.Int(), 10))
		return
	case rv.CanUint():
		e.number(s, strconv.AppendUint(s.tmp[0][:0], rv.Uint(), 10))
		return
	case rv.Kind() == reflect.Bool:
		e.number(s, strconv.AppendBool(s.tmp[0][:0], rv.Bool()))
		return
	case rv.CanFloat() && !e.script: // which has notations of its own
		e.number(s, strconv.AppendFloat(s.tmp[0][:0], rv.Float(), 'g', -1, typ.Bits()))
		return
	}
	e.ask(s, rv.Interface(), 0)
}

// nothing writes what is missing.
func (e *escaping) nothing(s *run) {
	if e.script {
		e.bytes(s, append(s.tmp[0][:0], " null "...))
		return
	}
	e.text(s, "")
}

// number writes a number or a bool. JavaScript wants blanks around it, so that it
// does not run into a word.
func (e *escaping) number(s *run, text []byte) {
	s.tmp[0] = text
	if e.script {
		padded := append(append(append(s.tmp[1][:0], ' '), text...), ' ')
		s.tmp[0], s.tmp[1] = padded, s.tmp[0]
		text = padded
	}
	e.bytes(s, text)
}

// text writes a plain text.
func (e *escaping) text(s *run, text string) {
	switch {
	case e.script:
		s.tmp[0] = jsontext.AppendString(s.tmp[0][:0], text, true)
		e.bytes(s, s.tmp[0])
	case !e.leaves(text):
		s.tmp[0] = append(s.tmp[0][:0], text...)
		e.bytes(s, s.tmp[0])
	default:
		s.writeString(text)
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

// bytes escapes and writes what is in s.tmp[0].
func (e *escaping) bytes(s *run, text []byte) {
	plain := e.leavesLength(len(text))
	for _, b := range text {
		plain = plain && classes[b]&e.class == 0
	}
	switch {
	case plain:
		s.write(text)
	case e.steps == nil:
		from := 0
		if e.script {
			from = 1
		}
		e.ask(s, string(text), from)
	default:
		for _, step := range e.steps {
			s.tmp[1] = step(s.tmp[1][:0], s.tmp[0])
			s.tmp[0], s.tmp[1] = s.tmp[1], s.tmp[0]
		}
		s.write(s.tmp[0])
	}
}

// ask has html/template escape a value, with the escapers from one on.
func (e *escaping) ask(s *run, v any, from int) {
	if e.comment {
		s.write(nil)
		return
	}
	for i := from; i < len(e.cmds); i++ {
		text, err := askHidden(e.name(i), v)
		if err != nil {
			panic(stopped{s.callFailure(&callee{e.name(i), e.cmds[i]}, err)})
		}
		v = text
	}
	s.writeString(v.(string))
}

func appendHTML(dst, text []byte) []byte {
	done := 0
	for i, b := range text {
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
