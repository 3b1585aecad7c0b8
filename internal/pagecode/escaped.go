package pagecode

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strconv"
	"strings"
	"sync"
	"text/template/parse"
)

// An Escaper gets from html/template the trees that it executes, with its escapers
// in their pipelines. The zero value is ready, and may be used by many at a time.
//
// html/template escapes a template once for each context it is called in, a title
// or a script say, and keeps those for other contexts than HTML's text to itself,
// under names that are made of the context. But where a template of such a name is
// there already it takes that. So a set is escaped, asked for the names, and
// escaped again with templates of these names in it. An Escaper remembers them, so
// that most sets are escaped once.
type Escaper struct {
	mu    sync.Mutex
	names map[string]bool
}

var errStopped = errors.New("pagecode: stopped")

const stop = "_stop"

// Escape returns the trees of a set as html/template executes them, escaped from
// the template entry on. Its error is html/template's, which calls the page that
// cannot be escaped by the name given. The trees of set stay as they are.
func (e *Escaper) Escape(name string, set map[string]*parse.Tree, entry string) (map[string]*parse.Tree, error) {
	for {
		escaped, names, err := escape(name, e.withKnown(set), entry)
		if err != nil || !e.learn(names) {
			return escaped, err
		}
	}
}

// withKnown copies a set and adds a template for each name that html/template made.
func (e *Escaper) withKnown(set map[string]*parse.Tree) map[string]*parse.Tree {
	all := make(map[string]*parse.Tree, len(set))
	for name, tree := range set {
		all[name] = tree.Copy()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for name := range e.names {
		if tree := set[name[:strings.LastIndex(name, contextMark)]]; tree != nil {
			all[name] = &parse.Tree{Name: name, Root: tree.Root.CopyList()} // as html/template makes it
		}
	}
	return all
}

// maxNames is how many names an Escaper remembers, which looks at all of them for each
// set. A set that needs more of them is escaped again once more.
const maxNames = 256

// contextMark is in the names that html/template makes.
const contextMark = "$htmltemplate_"

// learn remembers names and reports whether one is new.
func (e *Escaper) learn(names []string) (isNew bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range names {
		if !e.names[name] {
			if e.names == nil || len(e.names) >= maxNames {
				e.names = map[string]bool{}
			}
			e.names[name], isNew = true, true
		}
	}
	return isNew
}

// escape has html/template escape trees, in place. It returns the names that it
// made besides.
//
// html/template escapes a template whole before it runs the first action. So it is
// made to run one that stops at once and would call entry then.
func escape(name string, trees map[string]*parse.Tree, entry string) (_ map[string]*parse.Tree, made []string, err error) {
	source := fmt.Sprintf("{{%s}}{{template %q .}}", stop, entry)
	guard, err := parse.Parse(name, source, "", "", map[string]any{stop: true})
	if err != nil {
		panic(err) // the text is ours
	}
	t := htmltemplate.New(name).Funcs(htmltemplate.FuncMap{stop: func() (string, error) { return "", errStopped }})
	for each, tree := range trees {
		if _, err := t.AddParseTree(each, tree); err != nil {
			return nil, nil, err
		}
	}
	if _, err := t.AddParseTree(name, guard[name]); err != nil {
		return nil, nil, err
	}
	if err := t.ExecuteTemplate(io.Discard, name, nil); !errors.Is(err, errStopped) {
		return nil, nil, err
	}
	for _, each := range definedNames(t.DefinedTemplates()) {
		if trees[each] == nil && strings.Contains(each, contextMark) {
			made = append(made, each)
		}
	}
	return trees, made, nil
}

// definedNames reads the names out of what DefinedTemplates says.
func definedNames(text string) (names []string) {
	for {
		_, rest, found := strings.Cut(text, `"`)
		if !found {
			return names
		}
		quoted, err := strconv.QuotedPrefix(`"` + rest)
		if err != nil {
			return names
		}
		name, _ := strconv.Unquote(quoted)
		names = append(names, name)
		text = rest[len(quoted)-1:]
	}
}
