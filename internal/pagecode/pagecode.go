// Package pagecode runs templates that text/template or html/template parsed,
// several times as fast as those do and to the byte as they do: output, errors,
// and what was written before an error.
//
// [Compile] turns parse trees, for HTML those that html/template has escaped,
// into Go closures, once. A [Program] has no state of its own, so that one serves
// all requests at a time; what belongs to a request is the env of its run, which
// every [Func] is given.
//
// The rules are text/template's: what a field is, which types fit an argument,
// what is true, where an error says it happened. Where they are rare, html/template
// itself is asked (see hidden in escape.go). What the compiler does not know is an
// error of Compile, and the caller executes the template as ever.
package pagecode

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	texttemplate "text/template"
	"text/template/parse"
)

// Source is a set of templates and what they call.
type Source struct {
	// Trees has the templates by name. They must not change any more.
	Trees map[string]*parse.Tree

	// Funcs are the functions that templates call by name, each one a Go function
	// as text/template takes it, or a Func. Those of Go's templates are known.
	Funcs map[string]any

	// AsMap, if not nil, says which types besides map[string]any are one, so that
	// their entries are found without reflection.
	AsMap func(v any) (map[string]any, bool)
}

// Func is a function that is called without reflection, with the env of the run.
type Func struct {
	// Type is the function that a template sees: how many arguments of which
	// types, and one result or a result and an error.
	Type reflect.Type

	// Call calls it. Each argument fits its parameter; one for an interface is
	// what is in it, or a nil of the interface's type. The slice is valid during
	// the call only.
	Call func(env any, args []reflect.Value) (reflect.Value, error)

	// Text is Call for a function whose result is a string; one of the two is set.
	Text func(env any, args []reflect.Value) (string, error)
}

// Program is a compiled template. It may be executed by many at a time.
type Program struct {
	main  *template
	asMap func(v any) (map[string]any, bool)
}

// template is one of the templates that a program consists of.
type template struct {
	name  string
	tree  *parse.Tree
	body  block
	slots int // how many variables it has at most
}

// block is what stands between two actions: its parts, in order.
type block []step

// step is one node of a template.
type step func(s *run) control

// control says how a step ended.
type control uint8

const (
	goOn control = iota
	breakLoop
	continueLoop
)

func (b block) run(s *run) control {
	for _, step := range b {
		if ctl := step(s); ctl != goOn {
			return ctl
		}
	}
	return goOn
}

// run is one execution of a program.
type run struct {
	w     io.Writer
	buf   *bytes.Buffer // w, if it is one
	env   any
	asMap func(v any) (map[string]any, bool)

	tmpl    *template
	at      parse.Node // where an error would be, kept as text/template does
	dot     value
	vars    []value // those of all templates under way, one frame behind the other
	frame   int     // where the frame of tmpl begins
	depth   int     // how many templates are under way
	args    []reflect.Value
	calling *callee // the function under way, whose panic is an error
	tmp     [2][]byte
}

// callee is a function at the place of its call.
type callee struct {
	name string
	node parse.Node
}

var runs = sync.Pool{New: func() any { return new(run) }}

// Execute runs the program with data as its dot and writes to w. Its errors are
// those of text/template's Execute: an ExecError, or that of a Write. It panics
// where that panics.
func (p *Program) Execute(w io.Writer, env, data any) (err error) {
	s := runs.Get().(*run)
	s.w, s.env, s.asMap, s.tmpl = w, env, p.asMap, p.main
	s.buf, _ = w.(*bytes.Buffer)
	defer s.end(&err)
	dot, ok := data.(reflect.Value)
	if !ok {
		dot = reflect.ValueOf(data)
	}
	s.dot = value{rv: dot}
	s.vars = append(s.vars, make([]value, p.main.slots)...)
	s.vars[0] = s.dot
	p.main.body.run(s)
	return nil
}

// end makes the error of what ended a run early, and keeps the run for another.
func (s *run) end(err *error) {
	switch r := recover().(type) {
	case nil:
	case stopped:
		*err = r.err
	default:
		if s.calling == nil {
			panic(r)
		}
		*err = s.callPanic(s.calling, r)
	}
	if cap(s.vars) > maxKept || cap(s.args) > maxKept || cap(s.tmp[0])+cap(s.tmp[1]) > maxKeptText {
		return
	}
	clear(s.vars[:cap(s.vars)])
	clear(s.args[:cap(s.args)])
	*s = run{vars: s.vars[:0], args: s.args[:0], tmp: s.tmp}
	runs.Put(s)
}

// How far a run may have grown to be kept for another: in values, and in bytes.
const (
	maxKept     = 1 << 8
	maxKeptText = 1 << 16
)

// stopped is the panic that ends a run with an error.
type stopped struct{ err error }

// errorf ends the run with an error at the present node.
func (s *run) errorf(format string, args ...any) { panic(stopped{s.failure(format, args...)}) }

// failure is an error at the present node, worded as text/template's.
func (s *run) failure(format string, args ...any) error {
	name := doublePercent(s.tmpl.name)
	location, context := s.tmpl.tree.ErrorContext(s.at)
	format = fmt.Sprintf("template: %s: executing %q at <%s>: %s", location, name, doublePercent(context), format)
	return texttemplate.ExecError{Name: s.tmpl.name, Err: fmt.Errorf(format, args...)}
}

func doublePercent(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// callFailure is the error of a function that returned one.
func (s *run) callFailure(f *callee, err error) error {
	s.at = f.node
	return s.failure("error calling %s: %w", f.name, err)
}

// callPanic is the error of a function that panicked.
func (s *run) callPanic(f *callee, r any) error {
	err, ok := r.(error)
	if !ok {
		err = fmt.Errorf("%v", r)
	}
	return s.callFailure(f, err)
}

func (s *run) write(b []byte) {
	if s.buf != nil {
		s.buf.Write(b)
		return
	}
	if _, err := s.w.Write(b); err != nil {
		panic(stopped{err})
	}
}

func (s *run) writeString(text string) {
	if s.buf != nil {
		s.buf.WriteString(text)
		return
	}
	s.tmp[0] = append(s.tmp[0][:0], text...)
	s.write(s.tmp[0])
}

// maxDepth is how many templates may be under way at a time, text/template's limit.
var maxDepth = func() int {
	if runtime.GOARCH == "wasm" {
		return 1000
	}
	return 100_000
}()
