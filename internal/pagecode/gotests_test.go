package pagecode

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// leftOut are the tests of Go's that look into its templates or that are of its
// parser and escaper, and not of execution.
var leftOut = map[string][]string{
	"text/template": {"TestMultiParse", "TestClone", "TestAddParseTree", "TestNew", "TestAddToZeroTemplate", "TestEmptyTemplate"},
	"html/template": {"TestEscapeText", "TestEnsurePipelineContains", "TestRedundantFuncs", "TestOrphanedTemplate"},
}

// TestGoTests runs the tests of text/template and html/template, from the Go that
// is installed, on templates that both Go and this package execute; see
// testdata/gotests. A difference fails the test that made it.
func TestGoTests(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the tests of two packages; not with -short")
	}
	for of, shim := range map[string]string{"text/template": "text.go", "html/template": "html.go"} {
		t.Run(of, func(t *testing.T) {
			dir := t.TempDir()
			goTests(t, dir, of, shim)
			run := exec.Command("go", "test", "-vet=off", "-v", ".")
			run.Dir, run.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
			out, err := run.CombinedOutput()
			text := strings.ReplaceAll(string(out), "compiled: yes\n", "")
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			compiled := strings.Count(string(out), "compiled: yes\n")
			if t.Logf("%d templates were compiled", compiled); compiled < 500 || strings.Contains(text, "compiled: no") {
				t.Errorf("want at least 500, and none that was not:\n%s", text)
			}
		})
	}
}

// goTests makes a module of the tests of a package and what stands in for it.
func goTests(t *testing.T, dir, of, shim string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// A path below ours, so that it may import what is internal.
	const module = "github.com/hipflask/hipflask/gotests"
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module "+module+"\n\ngo 1.26\n\nrequire github.com/hipflask/hipflask v0.0.0\n\nreplace github.com/hipflask/hipflask => "+root+"\n")
	write("go.sum", read(t, filepath.Join(root, "go.sum")))
	write("template.go", strings.ReplaceAll(read(t, "testdata/gotests/template.go"), "PACKAGE", of))
	write("shim.go", read(t, filepath.Join("testdata/gotests", shim)))

	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	src := filepath.Join(strings.TrimSpace(string(goroot)), "src", of)
	if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS(filepath.Join(src, "testdata"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"clone_test.go", "content_test.go", "escape_test.go", "exec_test.go", "multi_test.go", "template_test.go"} {
		if _, err := os.Stat(filepath.Join(src, name)); err == nil {
			text := without(t, filepath.Join(src, name), leftOut[of])
			write(name, strings.ReplaceAll(text, `. "`+of+`"`, `. "`+module+`"`))
		}
	}
}

// without is a file of Go without some of its functions.
func without(t *testing.T, file string, functions []string) string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && slices.Contains(functions, fn.Name.Name)
	})
	used := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	for _, spec := range f.Imports {
		if spec.Name == nil && !used[path.Base(strings.Trim(spec.Path.Value, `"`))] {
			spec.Name = ast.NewIdent("_")
		}
	}
	var b bytes.Buffer
	if err := format.Node(&b, fset, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
