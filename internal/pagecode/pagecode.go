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
	// as text/template takes it, a Func or a NilFilter. Those of Go's templates are
	// known. A func(reflect.Value) (int, error) is called without reflection.
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

	// Entry, if not nil, returns an entry of the map[string]any that Call would
	// return, for a template that wants no other. Such a function has no arguments.
	Entry func(env any, key string) (value any, found bool)
}

// NilFilter is a function that returns what it is given, unless that is nothing or a
// pointer or an interface. It is not called for anything else.
type NilFilter func(v reflect.Value) reflect.Value

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
	out   []byte    // what was written, or what of it is not yet in w
	w     io.Writer // nil for a run that only appends
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
	pieces  []byte // out, for a run that has a writer
}

// callee is a function at the place of its call.
type callee struct {
	name string
	node parse.Node
}

var runs = sync.Pool{New: func() any { return new(run) }}

// Append runs the program with data as its dot, and appends what it writes to dst,
// up to an error if there is one. Errors are those of text/template's Execute, and
// it panics where that panics.
func (p *Program) Append(dst []byte, env, data any) (written []byte, err error) {
	s := runs.Get().(*run)
	s.out = dst
	err = s.execute(p, env, data)
	written = s.out
	s.free()
	return written, err
}

// Execute is Append to a writer, with a Write for each text and each value. An
// error of w ends it.
func (p *Program) Execute(w io.Writer, env, data any) (err error) {
	s := runs.Get().(*run)
	s.out, s.w = s.pieces[:0], w
	err = s.execute(p, env, data)
	s.pieces = s.out
	s.free()
	return err
}

func (s *run) execute(p *Program, env, data any) (err error) {
	defer s.stop(&err)
	s.env, s.asMap, s.tmpl = env, p.asMap, p.main
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

// stop makes the error of what ended a run early.
func (s *run) stop(err *error) {
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
}

// free keeps the run for another.
func (s *run) free() {
	if cap(s.vars) > maxKept || cap(s.args) > maxKept || cap(s.tmp[0])+cap(s.tmp[1])+cap(s.pieces) > maxKeptText {
		return
	}
	clear(s.vars[:cap(s.vars)])
	clear(s.args[:cap(s.args)])
	*s = run{vars: s.vars[:0], args: s.args[:0], tmp: s.tmp, pieces: s.pieces}
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

// wrote is called behind each text and each value that was appended to out.
func (s *run) wrote() {
	if s.w != nil {
		s.flush()
	}
}

func (s *run) flush() {
	_, err := s.w.Write(s.out)
	s.out = s.out[:0]
	if err != nil {
		panic(stopped{err})
	}
}

// maxDepth is how many templates may be under way at a time, text/template's limit.
var maxDepth = func() int {
	if runtime.GOARCH == "wasm" {
		return 1000
	}
	return 100_000
}()
