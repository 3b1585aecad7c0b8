package hipflask_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hipflask/hipflask/internal/tree"
)

// The rules of the house, as tests: what is exported is documented, and what the
// framework depends on stays in its place. The pages have their own in
// docs/docs_test.go.

var update = flag.Bool("update", false, "TestAPI rewrites testdata/api.txt")

// TestPackageComments: one file of each package has the package comment.
func TestPackageComments(t *testing.T) {
	for dir, files := range packages(t) {
		var commented []string
		for name, f := range files {
			if f.Doc != nil {
				commented = append(commented, name)
			}
		}
		if len(commented) != 1 {
			t.Errorf("package in %s: got package comments in %q, want exactly one", dir, commented)
		}
	}
}

// TestGoMod: what a program takes on that requires the framework, and so no
// database.
func TestGoMod(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Module  struct{ Path string }
		Go      string
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []any
		Exclude []any
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if mod.Module.Path != "github.com/hipflask/hipflask" || mod.Go != "1.26" || len(mod.Replace)+len(mod.Exclude) > 0 {
		t.Errorf("go.mod: got module %s, go %s, replace %v, exclude %v; want github.com/hipflask/hipflask, go 1.26 and neither",
			mod.Module.Path, mod.Go, mod.Replace, mod.Exclude)
	}
	var direct []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	if want := slices.Sorted(maps.Keys(homes)); !slices.Equal(direct, want) {
		t.Errorf("go.mod: got the direct requirements %q, want %q", direct, want)
	}
}

// TestWorkspace: go.work has every module of the repository, so that one command
// tests all. An example that needs a library is a module of its own.
func TestWorkspace(t *testing.T) {
	out, err := exec.Command("go", "work", "edit", "-json", "go.work").Output()
	if err != nil {
		t.Fatal(err)
	}
	var work struct{ Use []struct{ DiskPath string } }
	if err := json.Unmarshal(out, &work); err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, u := range work.Use {
		used = append(used, path.Clean(u.DiskPath))
	}
	slices.Sort(used)
	if want := modules(t); !slices.Equal(used, want) {
		t.Errorf("go.work: got the modules %q, want %q", used, want)
	}
}

// modules returns the folders that have a go.mod, sorted.
func modules(t *testing.T) (dirs []string) {
	t.Helper()
	for _, file := range tree.Files(t) {
		if path.Base(file) == "go.mod" {
			dirs = append(dirs, path.Dir(file))
		}
	}
	slices.Sort(dirs)
	return dirs
}

// homes has the one file that may import each library, by its module, so that
// it can be replaced there.
var homes = map[string]string{
	"github.com/Masterminds/sprig/v3":     "render.go",
	"github.com/gorilla/securecookie":     "signedcookie.go",
	"github.com/joho/godotenv":            "configload.go",
	"github.com/julienschmidt/httprouter": "router.go",
	"golang.org/x/crypto":                 "flaskcompat/password.go", // scrypt alone
}

// homeOf returns the file that may import a package of a library, "" for none.
func homeOf(imported string) string {
	for module, file := range homes {
		if imported == module || strings.HasPrefix(imported, module+"/") {
			return file
		}
	}
	return ""
}

func TestImports(t *testing.T) {
	others := slices.DeleteFunc(modules(t), func(dir string) bool { return dir == "." })
	for dir, files := range packages(t) {
		if slices.ContainsFunc(others, func(module string) bool { return strings.HasPrefix(dir+"/", module+"/") }) {
			continue
		}
		for name, f := range files {
			for _, spec := range f.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				file, home := path.Join(dir, name), homeOf(imported)
				foreign := strings.Contains(strings.Split(imported, "/")[0], ".") && !strings.HasPrefix(imported, "github.com/hipflask/hipflask")
				switch {
				case foreign && home == "":
					t.Errorf("%s imports %s, which no rule allows", file, imported)
				case foreign && file != home:
					t.Errorf("%s imports %s, which belongs into %s alone", file, imported, home)
				}
			}
		}
	}
}

// TestAPI pins the public names. A change of testdata/api.txt is a change for
// every user: `go test -run TestAPI -update` writes it, and it is reviewed.
func TestAPI(t *testing.T) {
	var lines []string
	for _, dir := range []string{".", "flaskcompat", "forms", "hipflasktest", "login"} {
		lines = append(lines, publicAPI(packageDoc(t, dir))...)
	}
	got := strings.Join(lines, "\n") + "\n"
	const file = "testdata/api.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Split(strings.TrimSpace(tree.Text(t, file)), "\n")
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("new, and not in %s: %s", file, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("gone, but in %s: %s", file, line)
		}
	}
}

// TestDocComments: every exported name says what it is, with every option of
// Config and every method of an interface. The method Error needs no words.
func TestDocComments(t *testing.T) {
	for _, dir := range []string{".", "flaskcompat", "forms", "hipflasktest", "login"} {
		p := packageDoc(t, dir)
		need := func(name, comment string) {
			if strings.TrimSpace(comment) == "" && !strings.HasSuffix(name, ".Error") {
				t.Errorf("%s.%s has no doc comment", p.Name, name)
			}
		}
		for _, v := range slices.Concat(p.Vars, p.Consts) {
			need(strings.Join(v.Names, ", "), v.Doc)
		}
		for _, f := range p.Funcs {
			need(f.Name, f.Doc)
		}
		for _, typ := range p.Types {
			need(typ.Name, typ.Doc)
			for _, v := range slices.Concat(typ.Vars, typ.Consts) {
				need(strings.Join(v.Names, ", "), v.Doc)
			}
			for _, f := range slices.Concat(typ.Funcs, typ.Methods) {
				need(typ.Name+"."+f.Name, f.Doc)
			}
			for _, m := range members(typ) {
				if typ.Name == "Config" || m.kind == "interface method" {
					need(typ.Name+"."+m.name, m.comment)
				}
			}
		}
	}
}

// TestTree: nothing in the repository waits to be done, or knows the machine it
// was written on.
func TestTree(t *testing.T) {
	unwanted := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|(^|[\s"'=(` + "`" + `])(/home|/Users|/root|/tmp|/work)/|[A-Z]:\\Users`)
	for _, file := range tree.Files(t) {
		switch path.Ext(file) {
		case ".png", ".ico", ".sum":
			continue
		}
		if strings.Contains(file, "/static/bootstrap/") { // as others made it
			continue
		}
		for i, line := range strings.Split(tree.Text(t, file), "\n") {
			if found := unwanted.FindString(line); found != "" {
				t.Errorf("%s:%d: %q does not belong here: %s", file, i+1, found, strings.TrimSpace(line))
			}
		}
	}
}

// TestCommentWidth: a comment can be read without scrolling. Those of tests may
// hold a line of output.
func TestCommentWidth(t *testing.T) {
	for _, file := range tree.Files(t) {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for i, line := range strings.Split(tree.Text(t, file), "\n") {
			if n := utf8.RuneCountInString(line); n > 100 && strings.HasPrefix(strings.TrimSpace(line), "//") {
				t.Errorf("%s:%d: a comment of %d characters; break it at 80 or so", file, i+1, n)
			}
		}
	}
}

// Reading the repository.

// packages returns the files of each package, without its tests, by folder and
// name.
func packages(t *testing.T) map[string]map[string]*ast.File {
	t.Helper()
	all := map[string]map[string]*ast.File{}
	for _, file := range tree.Files(t) {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "testdata/") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir, name := path.Split(file)
		dir = path.Clean(dir)
		if all[dir] == nil {
			all[dir] = map[string]*ast.File{}
		}
		all[dir][name] = f
	}
	return all
}

// The public API.

func packageDoc(t *testing.T, dir string) *doc.Package {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, e := range entries {
		name := e.Name()
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, path.Join("github.com/hipflask/hipflask", dir))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// publicAPI returns a sorted line for each exported name. Methods that App takes
// from what it embeds are among them. Names of parameters are no part of the API.
func publicAPI(p *doc.Package) (lines []string) {
	add := func(format string, args ...any) {
		lines = append(lines, p.Name+": "+fmt.Sprintf(format, args...))
	}
	values := func(kind string, all []*doc.Value) {
		for _, v := range all {
			for _, name := range v.Names {
				add("%s %s", kind, name)
			}
		}
	}
	values("const", p.Consts)
	values("var", p.Vars)
	for _, f := range p.Funcs {
		add("func %s%s", f.Name, signature(f.Decl.Type))
	}
	for _, typ := range p.Types {
		spec := typ.Decl.Specs[0].(*ast.TypeSpec)
		add("type %s%s %s", typ.Name, typeParams(spec.TypeParams), kindOf(spec.Type))
		values("const", typ.Consts)
		values("var", typ.Vars)
		for _, f := range typ.Funcs {
			add("func %s%s", f.Name, signature(f.Decl.Type))
		}
		for _, f := range typ.Methods {
			add("method (%s) %s%s", f.Recv, f.Name, signature(f.Decl.Type))
		}
		for _, f := range members(typ) {
			add("%s %s.%s%s", f.kind, typ.Name, f.name, f.text)
		}
	}
	slices.Sort(lines)
	return lines
}

// member is an exported field of a struct or method of an interface.
type member struct {
	kind, name, text, comment string
}

func members(typ *doc.Type) (all []member) {
	spec := typ.Decl.Specs[0].(*ast.TypeSpec)
	var list *ast.FieldList
	kind := "field"
	switch t := spec.Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list, kind = t.Methods, "interface method"
	default:
		return nil
	}
	for _, f := range list.List {
		m := member{kind: kind, text: " " + source(f.Type), comment: f.Doc.Text() + f.Comment.Text()}
		if ft, ok := f.Type.(*ast.FuncType); ok && kind != "field" {
			m.text = signature(ft)
		}
		for _, name := range f.Names {
			m.name = name.Name
			all = append(all, m)
		}
		if len(f.Names) == 0 {
			m.kind, m.name = "embedded", strings.TrimLeft(source(f.Type), "*")
			all = append(all, m)
		}
	}
	return all
}

func signature(f *ast.FuncType) string {
	text := typeParams(f.TypeParams) + "(" + fieldTypes(f.Params) + ")"
	switch results := fieldTypes(f.Results); {
	case strings.Contains(results, ", "):
		text += " (" + results + ")"
	case results != "":
		text += " " + results
	}
	return text
}

func fieldTypes(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var types []string
	for _, f := range list.List {
		for range max(1, len(f.Names)) {
			if ft, ok := f.Type.(*ast.FuncType); ok {
				types = append(types, "func"+signature(ft))
			} else {
				types = append(types, source(f.Type))
			}
		}
	}
	return strings.Join(types, ", ")
}

func typeParams(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var params []string
	for _, f := range list.List {
		for _, name := range f.Names {
			params = append(params, name.Name+" "+source(f.Type))
		}
	}
	return "[" + strings.Join(params, ", ") + "]"
}

func kindOf(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StructType:
		return "struct"
	case *ast.InterfaceType:
		return "interface"
	case *ast.FuncType:
		return "func" + signature(typ)
	default:
		return source(typ)
	}
}

func source(node ast.Node) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), node); err != nil {
		return err.Error()
	}
	return b.String()
}
