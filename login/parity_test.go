package login_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestParity: every name of Flask-Login's stands in docs/flask-login.md once, with
// an answer, and the tests that are named there for it exist. What is named there of
// ours exists, and all that is ours is named.
func TestParity(t *testing.T) {
	const file, mostNotInGo = "../docs/flask-login.md", 3
	tests, exported := declared(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	ourName := regexp.MustCompile(`^(Manager\.|User\.)?[A-Z]\w*$`)
	seen, named, notInGo := map[string]int{}, map[string]bool{}, 0
	for i, line := range strings.Split(read(t, file), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name, ours, kind := strings.Trim(cells[1], "`"), cells[2], cells[3]
		if first := seen[name]; first > 0 {
			t.Errorf("%s:%d: %s stands in line %d already", file, i+1, name, first)
		}
		seen[name] = i + 1
		shows := quoted.FindAllStringSubmatch(cells[4], -1)
		switch {
		case kind == "*not in Go*":
			if notInGo++; len(strings.Fields(ours)) < 4 {
				t.Errorf("%s:%d: %s: %q gives no reason", file, i+1, name, ours)
			}
		case kind != "*same*" && kind != "*Go form*":
			t.Errorf("%s:%d: %s: %q is no kind of answer", file, i+1, name, kind)
		case ours == "" || len(shows) == 0:
			t.Errorf("%s:%d: %s has no answer, or no test", file, i+1, name)
		}
		example := false
		for _, m := range shows {
			example = example || strings.HasPrefix(m[1], "Example")
			if !slices.Contains(tests, m[1]) {
				t.Errorf("%s:%d: %s: there is no test %s", file, i+1, name, m[1])
			}
		}
		if kind == "*Go form*" && !example {
			t.Errorf("%s:%d: %s: a Go form needs an Example", file, i+1, name)
		}
		for _, m := range quoted.FindAllStringSubmatch(ours, -1) {
			if !ourName.MatchString(m[1]) {
				continue
			}
			if named[m[1]] = true; !slices.Contains(exported, m[1]) {
				t.Errorf("%s:%d: %s: package login has no %s", file, i+1, name, m[1])
			}
		}
	}
	if notInGo > mostNotInGo {
		t.Errorf("%s: %d rows are *not in Go*, at most %d may be", file, notInGo, mostNotInGo)
	}
	for _, name := range strings.Split(strings.TrimSpace(read(t, "testdata/flask-login-names.txt")), "\n") {
		if seen[name] == 0 {
			t.Errorf("%s: %s is missing", file, name)
		}
		delete(seen, name)
	}
	for name, line := range seen {
		t.Errorf("%s:%d: Flask-Login has no %s", file, line, name)
	}
	for _, name := range exported {
		if !named[name] {
			t.Errorf("%s does not name %s", file, name)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// declared returns the tests and examples of this package, and its exported names:
// functions, types, variables and constants, and what belongs to the Manager.
func declared(t *testing.T) (tests, exported []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		isTest := strings.HasSuffix(file, "_test.go")
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				name := decl.Name.Name
				switch {
				case isTest && (strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Example")) && len(decl.Body.List) > 0:
					tests = append(tests, name)
				case isTest || !decl.Name.IsExported():
				case decl.Recv == nil:
					exported = append(exported, name)
				default:
					exported = append(exported, "Manager."+name)
				}
			case *ast.GenDecl:
				if !isTest {
					exported = append(exported, exportedOf(decl)...)
				}
			}
		}
	}
	return tests, exported
}

func exportedOf(decl *ast.GenDecl) (names []string) {
	add := func(prefix string, idents []*ast.Ident) {
		for _, ident := range idents {
			if ident.IsExported() {
				names = append(names, prefix+ident.Name)
			}
		}
	}
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			add("", spec.Names)
		case *ast.TypeSpec:
			add("", []*ast.Ident{spec.Name})
			if s, ok := spec.Type.(*ast.StructType); ok && spec.Name.Name == "Manager" {
				for _, field := range s.Fields.List {
					add("Manager.", field.Names)
				}
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && spec.Name.Name == "User" {
				for _, method := range i.Methods.List {
					add("User.", method.Names)
				}
			}
		}
	}
	return names
}
