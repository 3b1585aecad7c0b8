package hipflask

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
)

// appendToBoth is appendTo by the executor of the page and by html/template's or
// text/template's own; it is an error if they differ.
func (p *page) appendToBoth(entry string, c *Context, data Data) ([]byte, error) {
	if _, compiled := p.run.(*compiledPage); !compiled {
		return p.appendTo(nil, c, data)
	}
	pool, err := newClonePool(p.name, entry, p.parts.trees, p.set.rd)
	if err != nil {
		return nil, fmt.Errorf("compiled, and not by Go: %w", err)
	}
	got, gotErr := p.appendTo(nil, c, data)
	want, wantErr := pool.appendTo(nil, c, contextData(c, data))
	if string(got) != string(want) && !p.isRandom() || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
		return nil, fmt.Errorf("%s: got %q, %v\nin Go %q, %v", p.name, got, gotErr, want, wantErr)
	}
	return got, gotErr
}

// isRandom reports whether a page calls one of sprig's random functions.
func (p *page) isRandom() (random bool) {
	for _, tree := range p.parts.trees {
		walk(tree.Root, func(node parse.Node) {
			if ident, ok := node.(*parse.IdentifierNode); ok && strings.HasPrefix(ident.Ident, "rand") {
				random = true
			}
		})
	}
	return random
}

// repositoryTemplates are the templates of the examples, a set for each folder, and
// those that the documentation shows, each a set of its own.
func repositoryTemplates(t *testing.T) (sets map[string]map[string]string) {
	t.Helper()
	sets = map[string]map[string]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if folder, name, ok := strings.Cut(filepath.ToSlash(file), "/templates/"); ok {
			if sets[folder] == nil {
				sets[folder] = map[string]string{}
			}
			sets[folder][name] = string(text)
		} else if filepath.Ext(file) == ".md" {
			for i, block := range regexp.MustCompile("(?s)```html\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(block[1], "{{") {
					sets[fmt.Sprintf("%s, block %d", file, i+1)] = map[string]string{"page.html": block[1]}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

var leftOut = regexp.MustCompile(`function "(\w+)" not defined|"([\w./]+)": file does not exist|URL for endpoint "([\w.]+)"`)

// loaded makes an App of a set of templates. What the rest of the program would
// bring is made up: functions, files that a page of the documentation leaves out,
// and routes.
func loaded(t *testing.T, files map[string]string) *App {
	t.Helper()
	funcs, endpoints := map[string]any{}, map[string]bool{}
	for {
		a := New("test")
		a.Config.Root = pages(files)
		a.Config.SecretKey = "a secret of thirty-two bytes or so"
		for name, fn := range funcs {
			a.TemplateFunc(name, fn)
		}
		for name := range endpoints {
			a.Get("/"+name, func(c *Context) error { return nil }).Name(name)
		}
		err := a.Check()
		if err == nil {
			return a
		}
		found := false
		for _, name := range leftOut.FindAllStringSubmatch(err.Error(), -1) {
			switch {
			case name[1] != "" && funcs[name[1]] == nil:
				funcs[name[1]] = func(args ...any) string { return fmt.Sprint(name[1], args) }
			case strings.HasSuffix(name[2], "base.html") || name[2] == "layout.html":
				files[name[2]] = "<title>{{block `title` .}}{{end}}</title>{{block `header` .}}{{end}}{{block `content` .}}{{end}}{{block `scripts` .}}{{end}}"
			case name[2] != "":
				files[name[2]] = name[2]
			case name[3] != "" && name[3][0] != '.' && !endpoints[name[3]]:
				endpoints[name[3]] = true
			default:
				continue
			}
			found = true
		}
		if !found {
			return a
		}
	}
}

// TestRepositoryTemplates executes every template of the repository, compiled and by
// Go, with data made up of the names it uses.
func TestRepositoryTemplates(t *testing.T) {
	executed, failed := 0, 0
	for of, files := range repositoryTemplates(t) {
		a := loaded(t, files)
		for name, p := range a.renderer.current().pages {
			if p.err != nil {
				t.Errorf("%s: %v", of, p.err)
				continue
			}
			if _, compiled := p.run.(*compiledPage); !compiled {
				t.Errorf("%s: %s is not compiled", of, name)
			}
			names := namesOf(p.parts.trees)
			for seed := range uint64(30) {
				c := a.NewContext(nil, httptest.NewRequest("GET", "/", nil))
				r := rand.New(rand.NewPCG(seed, 0))
				c.Session().Set("user_id", r.IntN(3))
				c.Flash("message <b>")
				_, err := p.appendToBoth(p.parts.entry, c, names.data(r, 0))
				executed++
				switch {
				case errors.As(err, new(templateError)):
					failed++
				case err != nil:
					t.Errorf("%s: %v", of, err)
				}
			}
		}
	}
	t.Logf("%d times a template, %d of them ended with an error", executed, failed)
	if executed < 1000 || failed > executed/2 {
		t.Errorf("%d times a template and %d errors; want more and fewer", executed, failed)
	}
}

// pageNames are the names in a page: those that have fields, those that are
// looped over, and all.
type pageNames struct{ parents, lists, all map[string]bool }

func namesOf(trees map[string]*parse.Tree) pageNames {
	n := pageNames{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	add := func(names []string) {
		for i, name := range names {
			n.all[name] = true
			if i < len(names)-1 {
				n.parents[name] = true
			}
		}
	}
	for _, tree := range trees {
		walk(tree.Root, func(node parse.Node) {
			switch node := node.(type) {
			case *parse.FieldNode:
				add(node.Ident)
			case *parse.VariableNode:
				add(node.Ident[1:])
			case *parse.ChainNode:
				add(node.Field)
			case *parse.RangeNode:
				for _, cmd := range node.Pipe.Cmds {
					if field, ok := cmd.Args[0].(*parse.FieldNode); ok {
						n.lists[field.Ident[len(field.Ident)-1]] = true
					}
				}
			}
		})
	}
	return n
}

// data makes up a map with all the names.
func (n pageNames) data(r *rand.Rand, depth int) Data {
	data := Data{}
	for _, name := range slices.Sorted(maps.Keys(n.all)) {
		switch {
		case r.IntN(20) == 0: // missing
		case n.lists[name]:
			list := []any{}
			for range r.IntN(4) {
				list = append(list, n.value(r, depth, true))
			}
			data[name] = list
		default:
			data[name] = n.value(r, depth, n.parents[name])
		}
	}
	return data
}

func (n pageNames) value(r *rand.Rand, depth int, parent bool) any {
	if parent && depth < 3 {
		return n.data(r, depth+1)
	}
	switch r.IntN(7) {
	case 0:
		return r.IntN(100)
	case 1:
		return ""
	case 2:
		return r.Float64()
	case 3:
		return r.IntN(2) == 0
	}
	return []string{"Ada", `<b a="'">&`, "javascript:alert(1)", "\x00é\xff", "1"}[r.IntN(5)]
}
