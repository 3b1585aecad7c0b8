package forms_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestParity: every public name of WTForms and Flask-WTF, which testdata/names.txt lists,
// stands in docs/flask-wtf.md with an answer, and the tests named there are there.
func TestParity(t *testing.T) {
	const file = "../docs/flask-wtf.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tests := testNames(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	found, kinds := map[string]bool{}, map[string]int{}
	for i, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || strings.Contains(line, "---") || strings.Contains(line, "| answer |") {
			continue
		}
		fail := func(why string) { t.Errorf("%s:%d: %s", file, i+1, why) }
		if len(cells) != 6 {
			fail("a row has four columns")
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			found[m[1]] = true
		}
		shown := quoted.FindAllStringSubmatch(cells[4], -1)
		kind := strings.TrimSpace(cells[3])
		kinds[kind]++
		switch {
		case kind == "*same*" || kind == "*Go form*":
			if len(shown) == 0 {
				fail("no test shows it")
			}
		case kind != "*none*":
			fail(kind + " is none of *same*, *Go form*, *none*")
		case len(strings.Fields(cells[2])) < 4 || len(shown) > 0:
			fail("give a reason, and no test")
		}
		for _, m := range shown {
			if !tests[m[1]] {
				fail("there is no test " + m[1])
			}
		}
	}
	names, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Fields(string(names))
	for _, name := range listed {
		// wtforms.fields.StringField is StringField, and Field.errors is itself.
		short := name
		if strings.HasPrefix(name, "wtforms.") || strings.HasPrefix(name, "flask_wtf.") {
			short = name[strings.LastIndexByte(name, '.')+1:]
		}
		if !found[name] && !found[short] {
			t.Errorf("%s: %s is missing", file, name)
		}
	}
	if len(listed) < 200 || kinds["*none*"] == 0 {
		t.Errorf("%d names and %v: the test looks in the wrong place", len(listed), kinds)
	}
	t.Logf("%d names, %v", len(listed), kinds)
}

// testNames returns the tests and examples of the package, of which an example has an
// output to compare.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			switch name := fn.Name.Name; {
			case strings.HasPrefix(name, "Test"):
				names[name] = len(fn.Body.List) > 0
			case strings.HasPrefix(name, "Example"):
				for _, c := range f.Comments {
					if fn.Body.Pos() < c.Pos() && c.End() < fn.Body.End() && strings.HasPrefix(c.Text(), "Output:") {
						names[name] = true
					}
				}
			}
		}
	}
	return names
}
