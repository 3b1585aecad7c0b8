package pagecode

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"io"
	"maps"
	"testing"
	texttemplate "text/template"
	"text/template/parse"
)

// outcome is what a template did: what it wrote, and how it ended.
type outcome struct {
	written string
	err     string
	panics  string
}

func (o outcome) String() string {
	return fmt.Sprintf("wrote  %q\nerror  %s\npanic  %s", o.written, o.err, o.panics)
}

// outcomeOf runs execute with a writer that fails after limit bytes, if that is not negative.
func outcomeOf(limit int, execute func(w io.Writer) error) (o outcome) {
	w := &shortWriter{left: limit}
	defer func() {
		o.written = w.String()
		if r := recover(); r != nil {
			o.panics = fmt.Sprint(r)
		}
	}()
	var err error
	if limit < 0 {
		err = execute(&w.Buffer)
	} else {
		err = execute(w)
	}
	if err != nil {
		o.err = fmt.Sprintf("%T: %v", err, err)
	}
	return o
}

type shortWriter struct {
	bytes.Buffer
	left int
}

func (w *shortWriter) Write(b []byte) (int, error) {
	if len(b) > w.left {
		n, _ := w.Buffer.Write(b[:w.left])
		w.left = 0
		return n, io.ErrShortWrite
	}
	w.left -= len(b)
	return w.Buffer.Write(b)
}

// subject is a template to be executed by Go and by us.
type subject struct {
	name   string
	source string
	html   bool
	funcs  map[string]any
}

// parsed returns the trees of the source.
func (sub subject) parsed() (map[string]*parse.Tree, error) {
	t, err := texttemplate.New(sub.name).Funcs(sub.funcs).Parse(sub.source)
	if err != nil {
		return nil, err
	}
	trees := map[string]*parse.Tree{}
	for _, each := range t.Templates() {
		trees[each.Name()] = each.Tree
	}
	return trees, nil
}

type executable interface {
	Execute(w io.Writer, data any) error
}

// theirs is the template as Go executes it; the error is that of escaping.
func (sub subject) theirs() (executable, error) {
	if !sub.html {
		return texttemplate.New(sub.name).Funcs(sub.funcs).Parse(sub.source)
	}
	return htmltemplate.New(sub.name).Funcs(sub.funcs).Parse(sub.source)
}

func (sub subject) ours() (*Program, error) {
	trees, err := sub.parsed()
	if err == nil && sub.html {
		trees, err = new(Escaper).Escape("guard", trees, sub.name)
	}
	if err != nil {
		return nil, err
	}
	funcs := maps.Clone(sub.funcs)
	maps.Copy(funcs, fastFuncs)
	return Compile(Source{Trees: trees, Funcs: funcs}, sub.name)
}

// compare reports the first difference between Go's way and ours; data is made
// anew for each. It returns what happened, "" if there is nothing to execute.
func (sub subject) compare(t testing.TB, data func() any) string {
	t.Helper()
	theirs, err := sub.theirs()
	if err != nil {
		return ""
	}
	want := outcomeOf(-1, func(w io.Writer) error { return theirs.Execute(w, data()) })
	ours, err := sub.ours()
	if err != nil {
		if want.err == "" || want.written != "" {
			t.Errorf("%s\nis not compiled: %v\nGo: %s", sub.source, err, want)
		}
		return ""
	}
	got := outcomeOf(-1, func(w io.Writer) error { return ours.Execute(w, nil, data()) })
	if got != want {
		t.Errorf("%s\nin Go: %s\nhere:  %s", sub.source, want, got)
	}
	got = outcomeOf(-1, func(w io.Writer) error {
		written, err := ours.Append([]byte("before "), nil, data())
		w.Write(bytes.TrimPrefix(written, []byte("before ")))
		return err
	})
	if want.panics != "" {
		got.written = want.written // which a panic loses
	}
	if got != want {
		t.Errorf("%s\nin Go: %s\nappended: %s", sub.source, want, got)
	}
	// A writer that fails half way.
	for _, limit := range []int{0, len(want.written) / 2, len(want.written) - 1} {
		if limit < 0 {
			continue
		}
		short := outcomeOf(limit, func(w io.Writer) error { return theirs.Execute(w, data()) })
		if got := outcomeOf(limit, func(w io.Writer) error { return ours.Execute(w, nil, data()) }); got != short {
			t.Errorf("%s\nto a writer that takes %d bytes, in Go: %s\nhere:  %s", sub.source, limit, short, got)
		}
	}
	return got.written + got.err + got.panics
}
