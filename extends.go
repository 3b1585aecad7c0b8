package hipflask

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
)

// How the files of templates/ become pages. A page is one file with all it
// needs, in a set of its own, so that the blocks of two pages never meet:
//
//  1. The chain: the file, the file it extends, and so on to the layout. The
//     layout's content is what runs.
//  2. The includes: every file that {{template "file.html" .}} names, in the
//     chain or in another include.
//  3. The blocks: for each define and block name the chain's own, nearest to the
//     page first, then an include's. The first is the one that shows. Where it
//     says {{super}}, the next comes in under a name of its own, as an ordinary
//     {{template}}, so html/template escapes it for the place where it stands.

// templateFile is one parsed file of templates/.
type templateFile struct {
	name    string
	source  string
	main    *parse.Tree            // what stands outside every define
	defines map[string]*parse.Tree // the bodies of define and block, by name
	parent  string                 // the file it extends, or ""
	extends *parse.ActionNode      // the action that says so, or nil
	texts   []*parse.TextNode      // all that stands between actions, in order
	prints  bool                   // whether it prints a value
	err     error                  // what is wrong in the file itself
}

// parseTemplate parses one file. What is wrong with it is in the file's err.
//
// One newline at the end of the source is dropped, as Jinja does, so that a file
// can be included in the middle of a line.
func parseTemplate(name, source string, funcs texttemplate.FuncMap) *templateFile {
	source = strings.TrimPrefix(source, "\ufeff")
	source = strings.TrimSuffix(strings.TrimSuffix(source, "\n"), "\r")
	f := &templateFile{name: name, source: source}
	trees, err := parse.Parse(name, source, "", "", funcs, goFuncs)
	if err != nil {
		f.err = fmt.Errorf("%w%s", templateError{err}, parseHint(err.Error(), funcs))
		return f
	}
	f.main = trees[name]
	delete(trees, name)
	f.defines = trees
	f.findExtends()
	f.err = errors.Join(f.checkKeywords(), f.checkJinja())
	f.findTexts()
	if isXML(name) {
		f.keepXML()
	}
	return f
}

// isXML reports whether a browser reads the file as XML, where html/template
// knows only HTML.
func isXML(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml", ".svg", ".xhtml":
		return true
	}
	return false
}

var (
	unknownFunction = regexp.MustCompile(`function "(\w+)" not defined$`)
	jinjaTag        = regexp.MustCompile(`\{%-?\s*(extends|block|endblock|if|elif|else|endif|for|endfor|include|import|from|macro|set|with)\b|\{#[^\n]*#\}`)
)

// parseHint says what to write to who is used to Jinja, or has misspelt.
func parseHint(mistake string, funcs texttemplate.FuncMap) string {
	unknown := unknownFunction.FindStringSubmatch(mistake)
	switch {
	case unknown != nil:
		return cmp.Or(didYouMean(unknown[1], slices.Sorted(maps.Keys(funcs))),
			fmt.Sprintf("; a value that Render was given is written {{.%s}}", unknown[1]))
	case strings.Contains(mistake, `unexpected "("`):
		return `; the values of a function follow it without brackets: {{url_for "index"}}`
	}
	return ""
}

// checkJinja reports Jinja's tags, which would be text and go to the visitor.
func (f *templateFile) checkJinja() (err error) {
	for _, tree := range f.trees() {
		walk(tree.Root, func(node parse.Node) {
			text, ok := node.(*parse.TextNode)
			if !ok || err != nil {
				return
			}
			if at := jinjaTag.FindIndex(text.Text); at != nil {
				tag := text.Text[at[0]:at[1]]
				here := text.Copy().(*parse.TextNode)
				here.Pos += parse.Pos(at[0])
				err = mistake(tree, here, `%s is Jinja, and only text here: write {{extends "base.html"}}, {{define "name"}}, {{if .x}}, `+
					`{{range .list}}, {{end}}, {{/* comment */}}; a text that must show it is written {{"{%%"}}`, tag)
			}
		})
	}
	return err
}

// findExtends looks for {{extends "file"}} at the start of the file, where only
// white space and comments may stand before it.
func (f *templateFile) findExtends() {
	for _, node := range f.main.Root.Nodes {
		if text, ok := node.(*parse.TextNode); ok && len(bytes.TrimSpace(text.Text)) == 0 {
			continue
		}
		action, ok := node.(*parse.ActionNode)
		if !ok || !isCall(action.Pipe, "extends", 2) {
			return
		}
		if parent, ok := action.Pipe.Cmds[0].Args[1].(*parse.StringNode); ok {
			f.parent, f.extends = parent.Text, action
		}
		return
	}
}

// checkKeywords reports an extends or super that findExtends and addBlocks
// would not understand.
func (f *templateFile) checkKeywords() error {
	understood := map[parse.Node]bool{}
	for _, tree := range f.trees() {
		var err error
		walk(tree.Root, func(node parse.Node) {
			switch node := node.(type) {
			case *parse.ActionNode:
				if node == f.extends || isSuper(node) && tree != f.main {
					understood[node.Pipe.Cmds[0].Args[0]] = true
				}
			case *parse.IdentifierNode:
				switch {
				case err != nil || understood[node]:
				case node.Ident == "extends":
					err = mistake(tree, node, `{{extends "file.html"}} stands once, before everything else, with the file's name in quotes`)
				case node.Ident == "super":
					err = mistake(tree, node, `{{super}} stands inside a define or block, alone between its braces`)
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trees returns the file's content and what it defines, in a fixed order.
func (f *templateFile) trees() []*parse.Tree {
	trees := []*parse.Tree{f.main}
	for _, name := range slices.Sorted(maps.Keys(f.defines)) {
		trees = append(trees, f.defines[name])
	}
	return trees
}

// composition is a page in the making.
type composition struct {
	files    map[string]*templateFile
	chain    []*templateFile
	included []*templateFile
	levels   map[string][]level // by block name, the one that shows first

	entry string                 // the template to run: the layout's name
	trees map[string]*parse.Tree // what html/template or text/template gets

	mistakes []error // wrong wherever the file is used
	missing  []error // names nobody defines: wrong if the file is a page on its own
}

// level is one file's version of a block.
type level struct {
	file *templateFile
	tree *parse.Tree
}

// compose puts the page of f together. Its mistakes are in the composition.
func compose(f *templateFile, files map[string]*templateFile) *composition {
	p := &composition{files: files, levels: map[string][]level{}, trees: map[string]*parse.Tree{}}
	if err := p.addChain(f); err != nil {
		p.mistakes = append(p.mistakes, err)
		return p
	}
	p.addIncludes()
	p.addBlocks()
	p.checkUnused()
	return p
}

// checkUnused reports a define of a page that nothing shows and that looks like
// a misspelt block of its layout. Others may be there for RenderBlock.
func (p *composition) checkUnused() {
	shown := map[string]bool{}
	for _, f := range append(slices.Clone(p.chain), p.included...) {
		for _, tree := range f.trees() {
			walk(tree.Root, func(node parse.Node) {
				if n, ok := node.(*parse.TemplateNode); ok {
					shown[n.Name] = true
				}
			})
		}
	}
	page := p.chain[0]
	for name, tree := range page.defines {
		if shown[name] || page.extends == nil {
			continue
		}
		if meant := nearest(name, slices.Sorted(maps.Keys(shown))); page.defines[meant] == nil && similarity(name, meant) > 0.7 {
			p.mistakes = append(p.mistakes, mistake(tree, tree.Root, "it defines %q, which no layout shows; did you mean %q?", name, meant))
		}
	}
}

// addChain follows extends from f to the layout.
func (p *composition) addChain(f *templateFile) error {
	for {
		if f.err != nil {
			return f.err
		}
		p.chain = append(p.chain, f)
		if f.extends == nil {
			break
		}
		next := p.files[f.parent]
		if next == nil {
			return mistake(f.main, f.extends, "it extends %w", missingTemplate(f.parent, p.files))
		}
		if slices.Contains(p.chain, next) {
			return mistake(f.main, f.extends, "%s extends itself: %s", next.name, chainText(append(p.chain, next)))
		}
		f = next
	}
	for _, f := range p.chain {
		for name, tree := range f.defines {
			p.levels[name] = append(p.levels[name], level{f, tree})
		}
	}
	p.entry = f.name
	p.trees[f.name] = f.main.Copy()
	return nil
}

func chainText(chain []*templateFile) string {
	var names []string
	for _, f := range chain {
		names = append(names, f.name)
	}
	return strings.Join(names, " -> ")
}

// addIncludes finds every file the page includes and checks that every name in
// a {{template}} is defined. A block of the chain goes before a file of its name.
func (p *composition) addIncludes() {
	inChain := maps.Clone(p.levels)
	type reference struct {
		tree *parse.Tree
		node *parse.TemplateNode
	}
	var later []reference // perhaps defined by an include not yet seen
	var follow func(tree *parse.Tree)
	follow = func(tree *parse.Tree) {
		walk(tree.Root, func(node parse.Node) {
			n, ok := node.(*parse.TemplateNode)
			if !ok || inChain[n.Name] != nil {
				return
			}
			f := p.files[n.Name]
			if f == nil {
				later = append(later, reference{tree, n})
			} else if p.include(f, tree, n) {
				for _, tree := range f.trees() {
					follow(tree)
				}
			}
		})
	}
	for _, f := range p.chain {
		if f.extends == nil {
			follow(f.main)
		}
		for _, tree := range f.trees()[1:] {
			follow(tree)
		}
	}
	for _, r := range later {
		if p.levels[r.node.Name] == nil {
			p.missing = append(p.missing, mistake(r.tree, r.node, "%w", undefinedTemplate(r.node.Name, p.files)))
		}
	}
}

// include adds a file that n includes and reports whether it is a new one.
func (p *composition) include(f *templateFile, tree *parse.Tree, n *parse.TemplateNode) bool {
	switch {
	case slices.Contains(p.included, f):
		return false
	case f.err != nil:
		p.mistakes = append(p.mistakes, f.err)
		return false
	case f.extends != nil:
		p.mistakes = append(p.mistakes, mistake(tree, n,
			"%s extends %s and so is a page of its own: it cannot be included", f.name, f.parent))
		return false
	}
	p.included = append(p.included, f)
	if p.trees[f.name] == nil {
		p.trees[f.name] = f.main.Copy()
	}
	if slices.Contains(p.chain, f) {
		return true // its blocks are the chain's already
	}
	for name, tree := range f.defines {
		levels := p.levels[name]
		if len(levels) > 0 && slices.Contains(p.included, levels[len(levels)-1].file) {
			p.mistakes = append(p.mistakes, mistake(tree, tree.Root,
				"it defines %q, and so does %s, which the same page includes: rename one", name, levels[len(levels)-1].file.name))
			continue
		}
		p.levels[name] = append(levels, level{f, tree})
	}
	return true
}

// addBlocks adds for each block the version that shows, and as many of the
// versions behind it as {{super}} reaches.
func (p *composition) addBlocks() {
	for name, levels := range p.levels {
		as := name
		for i, l := range levels {
			tree, super := l.tree.Copy(), ""
			if i+1 < len(levels) {
				super = fmt.Sprintf("%s (%s)", name, levels[i+1].file.name)
			}
			p.trees[as] = tree
			at := replaceSuper(l.file, tree, super)
			if at == nil {
				break
			}
			if super == "" {
				p.mistakes = append(p.mistakes, mistake(tree, at, "{{super}}: no parent has a block %q", name))
				break
			}
			as = super
		}
	}
}

// replaceSuper makes each {{super}} a {{template name $}}: the parent's block
// gets what this block was given, even inside a range. It returns the last
// {{super}} it found.
func replaceSuper(f *templateFile, tree *parse.Tree, name string) (at parse.Node) {
	walk(tree.Root, func(node parse.Node) {
		list, ok := node.(*parse.ListNode)
		if !ok {
			return
		}
		for i, node := range list.Nodes {
			if isSuper(node) {
				at = node
				list.Nodes[i] = f.nodeAt(node.Position(), fmt.Sprintf("{{template %q $}}", name))
			}
		}
	})
	return at
}

// nodeAt returns the action as if it stood at pos in the file. It is parsed from
// a text as long as the file's up to there, because a node made by hand has no
// file and line to name in an error.
func (f *templateFile) nodeAt(pos parse.Pos, action string) parse.Node {
	before := []byte(f.source[:pos])
	for i, b := range before {
		if b != '\n' {
			before[i] = ' '
		}
	}
	trees, err := parse.Parse(f.name, string(before)+action, "", "", map[string]any{"safe": true})
	if err != nil {
		panic(err) // the text is ours
	}
	nodes := trees[f.name].Root.Nodes
	return nodes[len(nodes)-1]
}

var (
	xmlMarkup = regexp.MustCompile(`<\?|<!\[CDATA\[`)
	openRaw   = regexp.MustCompile(`(?i)<(script|style)\b`)
	closeRaw  = regexp.MustCompile(`(?i)</(script|style)\b`)
)

// findTexts finds the file's texts, in the order of the file, and whether it prints.
func (f *templateFile) findTexts() {
	for _, tree := range f.trees() {
		walk(tree.Root, func(node parse.Node) {
			switch node := node.(type) {
			case *parse.TextNode:
				f.texts = append(f.texts, node)
			case *parse.ActionNode:
				f.prints = f.prints || node != f.extends && len(node.Pipe.Decl) == 0
			}
		})
	}
	slices.SortFunc(f.texts, func(a, b *parse.TextNode) int { return cmp.Compare(a.Pos, b.Pos) })
}

// What a browser that reads XML and html/template understand differently: an
// element that closes itself, of those whose content html/template does not read
// as markup, and a script or style with a prefix.
var (
	closesItself = regexp.MustCompile(`(?i)<(script|style|textarea|title)(?:[\s/](?:[^>"']|"[^"]*"|'[^']*')*)?/>`)
	prefixed     = regexp.MustCompile(`(?i)<[^\s<>/!?"'=]+:(?:script|style)\b`)
	xmlComment   = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// checkXML finds the elements after or in which html/template would escape values
// for the wrong place. In a page that prints none they do no harm.
func (p *composition) checkXML() (errs []error) {
	prints := false
	for _, f := range slices.Concat(p.chain, p.included) {
		prints = prints || f.prints
		errs = append(errs, f.checkXML()...)
	}
	if !prints {
		return nil
	}
	return errs
}

func (f *templateFile) checkXML() (errs []error) {
	var b strings.Builder
	for _, text := range f.texts {
		b.Write(text.Text)
	}
	markup := xmlComment.ReplaceAllStringFunc(b.String(), func(comment string) string { return strings.Repeat(" ", len(comment)) })
	for _, at := range closesItself.FindAllStringSubmatchIndex(markup, -1) {
		name := markup[at[2]:at[3]]
		errs = append(errs, mistake(f.main, f.textAt(at[0]), "values after <%s/> would not be escaped for their place: write <%s></%s>", name, name, name))
	}
	for _, at := range prefixed.FindAllStringIndex(markup, -1) {
		name := markup[at[0]+1 : at[1]]
		_, local, _ := strings.Cut(name, ":")
		errs = append(errs, mistake(f.main, f.textAt(at[0]), "values in <%s> would not be escaped for a %s: write it without the prefix", name, local))
	}
	return errs
}

// textAt returns a node that stands where byte i of the file's texts does.
func (f *templateFile) textAt(i int) parse.Node {
	for _, text := range f.texts {
		if i < len(text.Text) {
			at := *text
			at.Pos += parse.Pos(i)
			return &at
		}
		i -= len(text.Text)
	}
	return f.main.Root
}

// keepXML keeps <?xml … ?> and <![CDATA[ in a file of XML as they are.
// html/template knows only HTML and would escape them, except in a script or
// style, where they pass.
func (f *templateFile) keepXML() {
	for _, tree := range f.trees() {
		walk(tree.Root, func(node parse.Node) {
			if list, ok := node.(*parse.ListNode); ok {
				var nodes []parse.Node
				for _, n := range list.Nodes {
					nodes = append(nodes, f.splitXML(n)...)
				}
				list.Nodes = nodes
			}
		})
	}
}

func (f *templateFile) splitXML(node parse.Node) (nodes []parse.Node) {
	text, ok := node.(*parse.TextNode)
	if !ok {
		return []parse.Node{node}
	}
	add := func(from, to int) {
		part := text.Copy().(*parse.TextNode)
		part.Pos, part.Text = text.Pos+parse.Pos(from), text.Text[from:to]
		nodes = append(nodes, part)
	}
	done := 0
	for _, at := range xmlMarkup.FindAllIndex(text.Text, -1) {
		pos := text.Pos + parse.Pos(at[0])
		before := f.source[:pos]
		if len(openRaw.FindAllString(before, -1)) > len(closeRaw.FindAllString(before, -1)) {
			continue
		}
		add(done, at[0])
		nodes = append(nodes, f.nodeAt(pos, fmt.Sprintf("{{safe %q}}", text.Text[at[0]:at[1]])))
		done = at[1]
	}
	add(done, len(text.Text))
	return nodes
}

// isCall reports whether the pipeline is one call of the function, alone, with
// so many words.
func isCall(pipe *parse.PipeNode, function string, words int) bool {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != words {
		return false
	}
	ident, ok := pipe.Cmds[0].Args[0].(*parse.IdentifierNode)
	return ok && ident.Ident == function
}

func isSuper(node parse.Node) bool {
	action, ok := node.(*parse.ActionNode)
	return ok && isCall(action.Pipe, "super", 1)
}

// walk visits node and all below it, a node before its children.
func walk(node parse.Node, visit func(parse.Node)) {
	visit(node)
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			walk(command, visit)
		}
	case *parse.CommandNode:
		for _, word := range n.Args {
			walk(word, visit)
		}
	case *parse.ChainNode:
		walk(n.Node, visit)
	}
}

func walkBranch(n *parse.BranchNode, visit func(parse.Node)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	if n.ElseList != nil {
		walk(n.ElseList, visit)
	}
}

// mistake is an error at a node: "hipflask: template base.html:3:5: …".
func mistake(tree *parse.Tree, node parse.Node, format string, args ...any) error {
	where, _ := tree.ErrorContext(node)
	return templateError{fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...))}
}

// templateError gives the errors of text/template, html/template and our own one
// beginning: "hipflask: template base.html:3: …".
type templateError struct{ err error }

func (e templateError) Error() string {
	text := e.err.Error()
	for _, prefix := range []string{"html/template:", "template:"} {
		text = strings.TrimPrefix(text, prefix)
	}
	text = errorNoise.Replace(text)
	return "hipflask: template " + strings.TrimSpace(text)
}

// errorNoise takes out of an error what printValues added to the page, and the
// beginnings of errors inside another.
var errorNoise = strings.NewReplacer(" | "+printHTML, "", " | "+printText, "", ": hipflask: ", ": ", ": template: ", ": ")

func (e templateError) Unwrap() error { return e.err }

// missingTemplate is the error for a file that is not there.
func missingTemplate(name string, files map[string]*templateFile) error {
	return fmt.Errorf("%q: %w in templates/%s", name, fs.ErrNotExist, didYouMean(name, slices.Sorted(maps.Keys(files))))
}

// undefinedTemplate is missingTemplate for a name that could be a define's too.
// It tells who comes from plain html/template, where all defines are in one set.
func undefinedTemplate(name string, files map[string]*templateFile) error {
	for _, other := range slices.Sorted(maps.Keys(files)) {
		if files[other].defines[name] != nil {
			return fmt.Errorf("no template %q in this page: %s defines it; include that file first, {{template %q .}}", name, other, other)
		}
	}
	return missingTemplate(name, files)
}

// didYouMean says which name looks most like the one asked for, if any does.
func didYouMean(name string, names []string) string {
	if len(names) == 0 {
		return ", which is empty or missing"
	}
	const alike = 0.6 // as Python's get_close_matches
	near := nearest(name, names)
	if similarity(strings.TrimSuffix(name, path.Ext(name)), strings.TrimSuffix(near, path.Ext(near))) >= alike {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
