package hipflask

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	texttemplate "text/template"
	"text/template/parse"

	"github.com/Masterminds/sprig/v3"

	"github.com/hipflask/hipflask/internal/pagecode"
)

// renderer renders the pages of templates/. It parses, escapes and compiles every
// file once, when setup ends. extends.go has how files become pages, execute.go how
// a page runs, funcs.go what it can call.
type renderer struct {
	app     *App
	root    fs.FS                 // holds templates/; nil means there are none
	others  []templateFolder      // of blueprints
	funcs   texttemplate.FuncMap  // all there are, as they were written
	calls   map[string]any        // the same, as pages call them
	config  func() map[string]any // {{config}}; made when first asked for
	escaper pagecode.Escaper

	reload  bool
	loading sync.Mutex // held by the one who looks for changed files
	set     atomic.Pointer[templateSet]
}

// templateFolder is what [Blueprint.Templates] added; fsys holds the files themselves.
type templateFolder struct {
	blueprint string
	fsys      fs.FS
}

// templateSet is all pages as of one reading of the files.
type templateSet struct {
	rd    *renderer
	stamp string // names, sizes and times of the files
	files map[string]*templateFile
	pages map[string]*page
	errs  []error

	mu      sync.Mutex
	blocks  map[pageBlock]*page // RenderBlock's, made when first asked for
	strings map[string]*page    // RenderString's, by source
}

type pageBlock struct{ page, block string }

// page is one page, or one block of a page, ready to run.
type page struct {
	name  string
	set   *templateSet
	parts *composition
	err   error // why it cannot run
	run   executor
}

// newRenderer reads and parses templates/ in root, which may be nil. A mistake
// is the error of the page that has it, and of check, so that the rest of the
// App works.
//
// With reload the files are looked at before every page, and read again if one
// has changed. Without, nothing is read or parsed after newRenderer.
func newRenderer(a *App, root fs.FS, reload bool, others ...templateFolder) *renderer {
	rd := &renderer{app: a, root: root, others: others, reload: reload}
	rd.config = sync.OnceValue(a.Config.public)
	rd.funcs = sprigFuncs(sprig.GenericFuncMap())
	maps.Copy(rd.funcs, a.templateFuncs)
	rd.calls = make(map[string]any, len(rd.funcs)+len(ownFuncs))
	for name, fn := range rd.funcs {
		rd.calls[name] = bind(fn)
	}
	for name, fn := range ownFuncs {
		rd.calls[name] = fn
		rd.funcs[name] = goFunc(fn, nil)
	}
	sources, stamp, err := rd.scan()
	set := rd.load(sources, stamp)
	if err != nil {
		set.errs = append(set.errs, err)
	}
	rd.set.Store(set)
	return rd
}

// page returns the page of a file.
func (rd *renderer) page(c *Context, name string) (*page, error) {
	p, err := rd.current().page(name)
	if err != nil && rd.explains() {
		rd.explainMissing(name, c)
	}
	return p, err
}

// block returns one block of a page, as the page would show it.
func (rd *renderer) block(c *Context, name, block string) (*page, error) {
	p, err := rd.page(c, name)
	if err != nil {
		return nil, err
	}
	return p.set.block(p, block)
}

// fromString returns source as an HTML page, which may extend and include
// files. Some sources are kept parsed, up to maxStrings; one more takes the place
// of any of them. So source is the program's text, never a visitor's, who could
// call every function with it.
func (rd *renderer) fromString(source string) *page { return rd.current().fromString(source) }

// bufferPool keeps buffers for what is sent or stored soon, up to a size.
type bufferPool struct {
	pool sync.Pool
	most int
}

// Pages, replies and forms have other buffers than cookies and messages, so that no
// small text holds a large buffer while a page begins in a small one.
var (
	buffers      = bufferPool{most: 1 << 20}
	smallBuffers = bufferPool{most: 16 << 10}
)

func (p *bufferPool) get() *[]byte {
	if buffer, ok := p.pool.Get().(*[]byte); ok {
		return buffer
	}
	return new([]byte)
}

// keep puts a buffer back, as it has grown meanwhile.
func (p *bufferPool) keep(buffer *[]byte, grown []byte) {
	if cap(grown) <= p.most {
		*buffer = grown
		p.pool.Put(buffer)
	}
}

// appendTo renders a page whole.
func (p *page) appendTo(dst []byte, c *Context, data Data) ([]byte, error) {
	if p.err != nil {
		return dst, p.err
	}
	data = contextData(c, data)
	BeforeRenderTemplate.Send(c, Rendering{p.name, data})
	dst, err := p.run.appendTo(dst, c, data)
	if err == nil {
		TemplateRendered.Send(c, Rendering{p.name, data})
	}
	return dst, err
}

// stream is appendTo into a reply that is sent meanwhile.
func (p *page) stream(w io.Writer, c *Context, data Data) error {
	data = contextData(c, data)
	BeforeRenderTemplate.Send(c, Rendering{p.name, data})
	if err := p.run.execute(w, c, data); err != nil {
		return err
	}
	TemplateRendered.Send(c, Rendering{p.name, data})
	return nil
}

// contextData adds what the context processors give to what the view gave,
// which wins. The view's map stays as it is.
func contextData(c *Context, data Data) Data {
	processors := c.scaffold().all.processors
	if len(processors) == 0 {
		return withoutNil(data)
	}
	all := Data{}
	for _, processor := range processors {
		maps.Copy(all, processor(c))
	}
	maps.Copy(all, data)
	return withoutNil(all)
}

// withoutNil leaves out what is nil, so that {{.post.Title}} prints nothing
// where post is nil, as it does where it is missing.
func withoutNil(data Data) Data {
	for _, value := range data {
		if isNil(value) {
			data = maps.Clone(data)
			maps.DeleteFunc(data, func(_ string, value any) bool { return isNil(value) })
			break
		}
	}
	return data
}

// check returns every mistake in the templates, each url_for with a literal
// endpoint that fits no route, each loop over flashes that means Flask's, and each
// field of request that it does not have.
func (rd *renderer) check(rt *router) []error {
	set := rd.current()
	errs := slices.Clone(set.errs)
	for _, name := range slices.Sorted(maps.Keys(set.files)) {
		if f := set.files[name]; f.main != nil {
			for _, tree := range f.trees() {
				errs = append(errs, checkURLs(tree, rt)...)
				errs = append(errs, checkFlashes(tree)...)
				errs = append(errs, checkRequest(tree)...)
			}
		}
	}
	return errs
}

// checkURLs checks the calls of url_for whose endpoint and value names are all
// literal.
func checkURLs(tree *parse.Tree, rt *router) (errs []error) {
	walk(tree.Root, func(node parse.Node) {
		command, ok := node.(*parse.CommandNode)
		if !ok || len(command.Args) < 2 {
			return
		}
		function, ok := command.Args[0].(*parse.IdentifierNode)
		if !ok || function.Ident != "url_for" {
			return
		}
		endpoint, ok := command.Args[1].(*parse.StringNode)
		if !ok {
			return
		}
		var names []string
		for i := 2; i < len(command.Args); i += 2 {
			name, ok := command.Args[i].(*parse.StringNode)
			if !ok {
				return
			}
			names = append(names, name.Text)
		}
		if err := rt.checkURLFor(endpoint.Text, names); err != nil {
			errs = append(errs, mistake(tree, command, "%w", err))
		}
	})
	return errs
}

// checkFlashes finds Flask's loop over categories and messages, whose first
// variable would be a number here.
func checkFlashes(tree *parse.Tree) (errs []error) {
	walk(tree.Root, func(node parse.Node) {
		loop, ok := node.(*parse.RangeNode)
		if !ok || len(loop.Pipe.Decl) < 2 || !withCategories(loop.Pipe.Cmds[0]) {
			return
		}
		errs = append(errs, mistake(tree, loop, "a loop with two variables numbers the messages: "+
			"write {{range get_flashed_messages}}…{{.Category}} {{.Text}}…{{end}}"))
	})
	return errs
}

// withCategories reports whether the command is get_flashed_messages with
// with_categories that is not literally false.
func withCategories(command *parse.CommandNode) bool {
	function, ok := command.Args[0].(*parse.IdentifierNode)
	if !ok || function.Ident != "get_flashed_messages" {
		return false
	}
	for i := 1; i+1 < len(command.Args); i += 2 {
		if name, ok := command.Args[i].(*parse.StringNode); ok && name.Text == "with_categories" {
			value, literal := command.Args[i+1].(*parse.BoolNode)
			return !literal || value.True
		}
	}
	return false
}

// Reading the files.

const templatesFolder = "templates"

// templateSource is a file to be read.
type templateSource struct {
	name string // as pages say it
	fsys fs.FS
	path string
}

// scan lists the files of templates/ and of the blueprints' folders; of two with
// one name the first counts.
func (rd *renderer) scan() (sources []templateSource, stamp string, err error) {
	var b strings.Builder
	if rd.root != nil {
		sources, err = scanFolder(sources, rd.root, templatesFolder, &b)
	}
	for _, folder := range rd.others {
		if err == nil {
			sources, err = scanFolder(sources, folder.fsys, ".", &b)
		}
	}
	return sources, b.String(), err
}

// scanFolder appends the files of a folder, without those that editors and
// systems leave about: .name and name~. A missing folder is an empty one.
func scanFolder(sources []templateSource, fsys fs.FS, folder string, stamp *strings.Builder) ([]templateSource, error) {
	err := fs.WalkDir(fsys, folder, func(file string, d fs.DirEntry, err error) error {
		if file == folder && errors.Is(err, fs.ErrNotExist) {
			return fs.SkipAll
		}
		if err != nil {
			return err
		}
		if name := d.Name(); file != folder && (strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~")) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := fs.Stat(fsys, file) // not d.Info: a link counts as what it leads to
		if err != nil {
			return err
		}
		if info.IsDir() {
			return nil
		}
		name := strings.TrimPrefix(file, folder+"/")
		if !slices.ContainsFunc(sources, func(s templateSource) bool { return s.name == name }) {
			sources = append(sources, templateSource{name, fsys, file})
			fmt.Fprintf(stamp, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("hipflask: reading %s/: %w", folder, err)
	}
	return sources, err
}

// current returns the pages, read again first if that is wanted and needed.
func (rd *renderer) current() *templateSet {
	if !rd.reload {
		return rd.set.Load()
	}
	rd.loading.Lock()
	defer rd.loading.Unlock()
	set := rd.set.Load()
	// A file that cannot be read just now, halfway through being saved, is no
	// reason to lose the pages we have.
	if sources, stamp, err := rd.scan(); err == nil && stamp != set.stamp {
		set = rd.load(sources, stamp)
		rd.set.Store(set)
	}
	return set
}

// load reads and parses the files and makes their pages.
func (rd *renderer) load(sources []templateSource, stamp string) *templateSet {
	s := &templateSet{
		rd:      rd,
		stamp:   stamp,
		files:   make(map[string]*templateFile, len(sources)),
		pages:   make(map[string]*page, len(sources)),
		blocks:  map[pageBlock]*page{},
		strings: map[string]*page{},
	}
	for _, source := range sources {
		text, err := fs.ReadFile(source.fsys, source.path)
		if err != nil {
			s.files[source.name] = &templateFile{name: source.name, err: templateError{err}}
			continue
		}
		s.files[source.name] = parseTemplate(source.name, string(text), rd.funcs)
	}
	used := s.usedByOthers()
	if s.rd.explains() {
		s.explain(used)
	}
	reported := map[string]bool{} // a layout's mistake is in all its pages
	for _, source := range sources {
		name := source.name
		p, mistakes, incomplete := s.newPage(s.files[name])
		s.pages[name] = p
		if !used[name] {
			mistakes = append(mistakes, incomplete...)
		}
		for _, err := range mistakes {
			if !reported[err.Error()] {
				reported[err.Error()] = true
				s.errs = append(s.errs, err)
			}
		}
	}
	return s
}

// usedByOthers returns the files that another extends or includes. Such a file
// may be no page by itself, a layout without its content or a part that leaves
// a tag open; then it is an error to render it but none to have it.
func (s *templateSet) usedByOthers() map[string]bool {
	used := map[string]bool{}
	for name, f := range s.files {
		if f.main == nil {
			continue
		}
		if f.parent != name {
			used[f.parent] = true
		}
		for _, tree := range f.trees() {
			walk(tree.Root, func(node parse.Node) {
				if n, ok := node.(*parse.TemplateNode); ok && n.Name != name {
					used[n.Name] = true
				}
			})
		}
	}
	return used
}

// newPage makes a page of a file. mistakes are what is wrong in any case,
// incomplete what is wrong only if the file is to be a page by itself.
func (s *templateSet) newPage(f *templateFile) (p *page, mistakes, incomplete []error) {
	parts := compose(f, s.files)
	if len(parts.mistakes) == 0 && isXML(f.name) {
		parts.mistakes = parts.checkXML()
	}
	mistakes, incomplete = parts.mistakes, parts.missing
	p = &page{name: f.name, set: s, parts: parts}
	if len(mistakes)+len(incomplete) == 0 {
		printValues(parts.trees, isHTML(f.name), s.rd.funcs)
		run, err := s.rd.newExecutor(f.name, parts.entry, parts.trees)
		if err != nil {
			incomplete = append(incomplete, err)
		}
		p.run = run
	}
	p.err = errors.Join(slices.Concat(mistakes, incomplete)...)
	return p, mistakes, incomplete
}

func (s *templateSet) page(name string) (*page, error) {
	if p := s.pages[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("hipflask: template %w", missingTemplate(name, s.files))
}

// block returns one block of p as a page. It is escaped by itself: html/template
// gives up a block that cannot stand alone.
func (s *templateSet) block(p *page, name string) (*page, error) {
	if p.err != nil {
		return p, nil
	}
	if p.parts.levels[name] == nil {
		return nil, fmt.Errorf("hipflask: template %s has no block %q, only %q",
			p.name, name, slices.Sorted(maps.Keys(p.parts.levels)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blocks[pageBlock{p.name, name}]
	if b == nil {
		b = &page{name: p.name, set: s, parts: p.parts}
		b.run, b.err = s.rd.newExecutor(p.name, name, p.parts.trees)
		s.blocks[pageBlock{p.name, name}] = b
	}
	return b, nil
}

// maxStrings is how many sources RenderString keeps parsed.
const maxStrings = 128

// fromString returns the page for a source, from the kept ones if it is there.
func (s *templateSet) fromString(source string) *page {
	s.mu.Lock()
	p := s.strings[source]
	s.mu.Unlock()
	if p != nil {
		return p
	}
	p, _, _ = s.newPage(parseTemplate("<string>", source, s.rd.funcs))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.strings) >= maxStrings {
		for other := range s.strings {
			delete(s.strings, other)
			break
		}
	}
	s.strings[source] = p
	return p
}
