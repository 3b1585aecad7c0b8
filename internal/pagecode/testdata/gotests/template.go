// Package template stands in for text/template or html/template in front of their
// own tests: PACKAGE is replaced by one of the two. What it is asked to execute,
// both Go and pagecode execute; the tests see what pagecode did, and a difference
// is a panic.
package template

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"sync"
	"text/template/parse"

	std "PACKAGE"

	"github.com/hipflask/hipflask/internal/pagecode"
)

type FuncMap = std.FuncMap

var (
	IsTrue          = std.IsTrue
	HTMLEscape      = std.HTMLEscape
	HTMLEscaper     = std.HTMLEscaper
	JSEscape        = std.JSEscape
	JSEscapeString  = std.JSEscapeString
	JSEscaper       = std.JSEscaper
	URLQueryEscaper = std.URLQueryEscaper
)

// Template is a template of std, and what pagecode needs to know of it.
type Template struct {
	*parse.Tree
	text *std.Template
	*set
}

// set is what associated templates share.
type set struct {
	mu       sync.Mutex
	trees    map[string]*parse.Tree // as they were before they were escaped
	funcs    map[string]any
	wrappers map[*std.Template]*Template
	options  bool // those pagecode does not know
}

func newSet() *set {
	return &set{trees: map[string]*parse.Tree{}, funcs: map[string]any{}, wrappers: map[*std.Template]*Template{}}
}

func (s *set) wrap(t *std.Template) *Template {
	if t == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.wrappers[t]
	if w == nil {
		w = &Template{text: t, set: s}
		s.wrappers[t] = w
	}
	w.Tree = t.Tree
	return w
}

// sync takes over what t's set looks like after a change.
func (s *set) sync(t *std.Template, err error) (*Template, error) {
	if err != nil {
		return nil, err
	}
	for _, each := range t.Templates() {
		if each.Tree != nil {
			s.mu.Lock()
			s.trees[each.Name()] = each.Tree.Copy()
			s.mu.Unlock()
		}
		s.wrap(each)
	}
	return s.wrap(t), nil
}

func (t *Template) init() *std.Template {
	if t.text == nil {
		t.text, t.set = new(std.Template), newSet()
		t.wrappers[t.text] = t
	}
	return t.text
}

func New(name string) *Template { return newSet().wrap(std.New(name)) }

func Must(t *Template, err error) *Template {
	if err != nil {
		panic(err)
	}
	return t
}

func ParseFiles(names ...string) (*Template, error) {
	t, err := std.ParseFiles(names...)
	return newSet().sync(t, err)
}

func ParseGlob(pattern string) (*Template, error) {
	t, err := std.ParseGlob(pattern)
	return newSet().sync(t, err)
}

func ParseFS(fsys fs.FS, patterns ...string) (*Template, error) {
	t, err := std.ParseFS(fsys, patterns...)
	return newSet().sync(t, err)
}

func (t *Template) New(name string) *Template { return t.wrap(t.init().New(name)) }
func (t *Template) Name() string              { return t.init().Name() }
func (t *Template) DefinedTemplates() string  { return t.init().DefinedTemplates() }

func (t *Template) Parse(source string) (*Template, error) {
	parsed, err := t.init().Parse(source)
	return t.sync(parsed, err)
}

func (t *Template) ParseFiles(names ...string) (*Template, error) {
	parsed, err := t.init().ParseFiles(names...)
	return t.sync(parsed, err)
}

func (t *Template) ParseGlob(pattern string) (*Template, error) {
	parsed, err := t.init().ParseGlob(pattern)
	return t.sync(parsed, err)
}

func (t *Template) ParseFS(fsys fs.FS, patterns ...string) (*Template, error) {
	parsed, err := t.init().ParseFS(fsys, patterns...)
	return t.sync(parsed, err)
}

func (t *Template) AddParseTree(name string, tree *parse.Tree) (*Template, error) {
	added, err := t.init().AddParseTree(name, tree)
	return t.sync(added, err)
}

func (t *Template) Funcs(funcs FuncMap) *Template {
	t.init().Funcs(funcs)
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(t.funcs, funcs)
	return t
}

func (t *Template) Delims(left, right string) *Template {
	t.init().Delims(left, right)
	return t
}

func (t *Template) Option(options ...string) *Template {
	t.init().Option(options...)
	t.options = true
	return t
}

func (t *Template) Lookup(name string) *Template { return t.wrap(t.init().Lookup(name)) }

func (t *Template) Templates() (all []*Template) {
	for _, each := range t.init().Templates() {
		all = append(all, t.wrap(each))
	}
	return all
}

func (t *Template) Clone() (*Template, error) {
	cloned, err := t.init().Clone()
	if err != nil {
		return nil, err
	}
	s := newSet()
	t.mu.Lock()
	s.trees, s.funcs, s.options = maps.Clone(t.trees), maps.Clone(t.funcs), t.options
	t.mu.Unlock()
	return s.wrap(cloned), nil
}

func (t *Template) Execute(w io.Writer, data any) error {
	return t.run(w, t.Name(), data, func(w io.Writer) error { return t.init().Execute(w, data) })
}

func (t *Template) ExecuteTemplate(w io.Writer, name string, data any) error {
	return t.run(w, name, data, func(w io.Writer) error { return t.init().ExecuteTemplate(w, name, data) })
}

// run has pagecode execute the template for the test, and Go for comparison.
func (t *Template) run(w io.Writer, name string, data any, execute func(w io.Writer) error) error {
	p := t.compile(name)
	if p == nil {
		return execute(w)
	}
	got, returned := outcome(w, func(w io.Writer) error { return p.Execute(w, nil, data) })
	want, _ := outcome(io.Discard, execute)
	if got != want {
		// Data that changes when it is used, such as a channel, looks the same to both
		// the next time.
		if got, _ = outcome(io.Discard, func(w io.Writer) error { return p.Execute(w, nil, data) }); got != want {
			panic(fmt.Sprintf("template %q\nin Go: %s\nhere:  %s", name, want, got))
		}
	}
	return returned()
}

func outcome(w io.Writer, execute func(w io.Writer) error) (text string, returned func() error) {
	var written bytes.Buffer
	var err error
	defer func() {
		returned = func() error { return err }
		if r := recover(); r != nil {
			text = fmt.Sprintf("%q panic %v", written.String(), r)
			returned = func() error { panic(r) }
		}
	}()
	err = execute(io.MultiWriter(w, &written))
	return fmt.Sprintf("%q error %v", written.String(), err), nil
}

// compile returns nil where Go alone is to answer: a template that does not exist
// or cannot be escaped. It prints what it did, for the driver to count.
func (t *Template) compile(name string) *pagecode.Program {
	t.init()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.options || t.trees[name] == nil {
		return nil
	}
	trees := t.trees
	if escapes {
		var err error
		if trees, err = new(pagecode.Escaper).Escape("guard", trees, name); err != nil {
			return nil
		}
	}
	p, err := pagecode.Compile(pagecode.Source{Trees: trees, Funcs: t.funcs}, name)
	if err != nil {
		fmt.Fprintf(os.Stdout, "compiled: no: %v\n", err)
		return nil
	}
	fmt.Fprintln(os.Stdout, "compiled: yes")
	return p
}
