package hipflask

import (
	"bytes"
	htmltemplate "html/template"
	"io"
	"log/slog"
	"maps"
	"path"
	"runtime"
	"strings"
	texttemplate "text/template"
	"text/template/parse"

	"github.com/hipflask/hipflask/internal/pagecode"
)

// How a page runs. html/template escapes it, internal/pagecode compiles what comes
// of that, and one compiled page serves all requests. What pagecode does not know is
// executed by html/template itself.

// executor runs a page into w. This is the seam behind which pagecode,
// html/template and text/template stand: nothing in front of it knows them, and
// nothing behind it knows of files, extends or reloading.
//
// Pages run at the same time, each with the request of its c; an executor keeps
// nothing of a request once it has returned.
type executor interface {
	// appendTo appends the page to dst.
	appendTo(dst []byte, c *Context, data Data) ([]byte, error)

	// execute writes the page to w, a pageStream, whose client may be slow.
	execute(w io.Writer, c *Context, data Data) error
}

// newExecutor makes the executor for one template of a page. The error is
// html/template's: what it cannot escape.
func (rd *renderer) newExecutor(name, entry string, trees map[string]*parse.Tree) (executor, error) {
	escaped := trees
	if isHTML(name) {
		var err error
		if escaped, err = rd.escaper.Escape(guardName(name), trees, entry); err != nil {
			return nil, templateError{err}
		}
	}
	program, err := pagecode.Compile(pagecode.Source{Trees: escaped, Funcs: rd.calls, AsMap: dataAsMap}, entry)
	if err == nil {
		return &compiledPage{program, rd}, nil
	}
	if rd.explains() {
		rd.app.Logger().Info("executing a template by html/template, as it cannot be compiled",
			slog.String("template", name), slog.Any("reason", err))
	}
	return newClonePool(name, entry, trees, rd)
}

// isHTML reports whether html/template escapes a file: by Flask's list of
// extensions, in any case, and for RenderString.
func isHTML(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".xml", ".svg":
		return true
	}
	return name == "<string>"
}

// guardName is seen in html/template's error about a page that does not end.
func guardName(page string) string { return page + " as a page" }

// compiledPage is a page that was compiled.
type compiledPage struct {
	program *pagecode.Program
	rd      *renderer
}

func (p *compiledPage) appendTo(dst []byte, c *Context, data Data) ([]byte, error) {
	page, err := p.program.Append(dst, &pageRequest{c: c, config: p.rd.config}, data)
	return page, asTemplateError(err)
}

func (p *compiledPage) execute(w io.Writer, c *Context, data Data) error {
	return asTemplateError(p.program.Execute(w, &pageRequest{c: c, w: w, config: p.rd.config}, data))
}

func asTemplateError(err error) error {
	if err != nil {
		return templateError{err}
	}
	return nil
}

func dataAsMap(v any) (map[string]any, bool) {
	data, ok := v.(Data)
	return data, ok
}

// clonePool is the executor of a page that cannot be compiled: copies of its
// template, escaped, each with functions of its own that know the request it runs
// for. They are in a channel and not in a sync.Pool, because the garbage collector
// empties a Pool.
type clonePool struct {
	name  string
	entry string
	trees map[string]*parse.Tree
	rd    *renderer
	free  chan *clone
}

// clone is one copy, used by one request at a time.
type clone struct {
	request  pageRequest
	template interface {
		ExecuteTemplate(w io.Writer, name string, data any) error
	}
}

// newClonePool makes the executor with its first copy.
func newClonePool(name, entry string, trees map[string]*parse.Tree, rd *renderer) (*clonePool, error) {
	p := &clonePool{
		name:  name,
		entry: entry,
		trees: maps.Clone(trees),
		rd:    rd,
		// A page mostly computes; a few more than there are processors are enough.
		free: make(chan *clone, 4*runtime.GOMAXPROCS(0)),
	}
	first, err := p.newClone()
	if err != nil {
		return nil, templateError{err}
	}
	p.free <- first
	return p, nil
}

func (p *clonePool) appendTo(dst []byte, c *Context, data Data) ([]byte, error) {
	w := bytes.NewBuffer(dst)
	err := p.execute(w, c, data)
	return w.Bytes(), err
}

func (p *clonePool) execute(w io.Writer, c *Context, data Data) error {
	var cl *clone
	select {
	case cl = <-p.free:
	default:
		var err error
		if cl, err = p.newClone(); err != nil {
			return templateError{err}
		}
	}
	err := cl.execute(w, p.entry, pageRequest{c: c, w: w, config: p.rd.config}, data)
	select {
	case p.free <- cl:
	default: // there are enough
	}
	return asTemplateError(err)
}

func (cl *clone) execute(w io.Writer, entry string, r pageRequest, data Data) error {
	cl.request = r
	defer func() { cl.request = pageRequest{} }()
	return cl.template.ExecuteTemplate(w, entry, data)
}

func (p *clonePool) newClone() (*clone, error) {
	cl := &clone{}
	funcs := texttemplate.FuncMap{}
	for _, tree := range p.trees {
		walk(tree.Root, func(node parse.Node) {
			if n, ok := node.(*parse.IdentifierNode); ok && p.rd.calls[n.Ident] != nil && funcs[n.Ident] == nil {
				funcs[n.Ident] = goFunc(p.rd.calls[n.Ident], &cl.request)
			}
		})
	}
	if !isHTML(p.name) {
		t := texttemplate.New(p.name).Funcs(funcs)
		cl.template = t
		return cl, addTrees(t.AddParseTree, p.trees)
	}
	t := htmltemplate.New(p.name).Funcs(funcs)
	cl.template = t
	return cl, addTrees(t.AddParseTree, p.trees)
}

// addTrees gives a template copies of the trees.
func addTrees[T any](add func(name string, tree *parse.Tree) (T, error), trees map[string]*parse.Tree) error {
	for name, tree := range trees {
		if _, err := add(name, tree.Copy()); err != nil {
			return err
		}
	}
	return nil
}
