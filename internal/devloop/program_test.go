//go:build unix

package devloop

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

func newProgram(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		addFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

func addFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	testMod  = "module example.com/loop\n\ngo 1.26\n"
	testMain = "package main\n\nfunc main() {}\n"
)

// TestFind: the loop builds the program that runs, and not another one beside it.
func TestFind(t *testing.T) {
	dir := newProgram(t, map[string]string{
		"go.mod":      testMod,
		"main.go":     testMain,
		"tool.go":     "//go:build ignore\n\n" + testMain,
		"lib/lib.go":  "package lib\n",
		"lib/tool.go": "//go:build ignore\n\n" + testMain,
	})
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "")
	for _, test := range []struct{ file, path, problem string }{
		{"main.go", "example.com/loop", ""},
		{"main.go", "command-line-arguments", ""}, // go run main.go
		{"tool.go", "command-line-arguments", "tool.go does not belong to the program"},
		{"lib/tool.go", "command-line-arguments", "is package lib, not main"},
	} {
		p, err := find(filepath.Join(dir, test.file), &debug.BuildInfo{Path: test.path})
		switch {
		case test.problem != "":
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s: got %v, want %s", test.file, err, test.problem)
			}
		case err != nil:
			t.Errorf("%s: %v", test.file, err)
		case p.Dir != dir:
			t.Errorf("%s: got the folder %s, want %s", test.file, p.Dir, dir)
		}
	}
}

// TestBuildInCloneOfAnother: git tells nothing of a folder that belongs to somebody
// else, and the go command then refuses to build.
func TestBuildInCloneOfAnother(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	dir := newProgram(t, map[string]string{"go.mod": testMod, "main.go": testMain})
	if out, err := exec.Command("git", "init", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-buildvcs=auto") // as it is by itself
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	plain := exec.Command("go", "build", "-o", os.DevNull, ".")
	plain.Dir = dir
	if out, _ := plain.CombinedOutput(); !strings.Contains(string(out), "buildvcs") {
		t.Skipf("git does not mind here: %s", out)
	}
	p, err := find(filepath.Join(dir, "main.go"), &debug.BuildInfo{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := p.build(t.Context(), filepath.Join(t.TempDir(), "loop")); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFilesOfWorkspace: a go.work counts that stands above the module.
func TestFilesOfWorkspace(t *testing.T) {
	dir := newProgram(t, map[string]string{"go.work": "go 1.26\n\nuse ./loop\n", "loop/go.mod": testMod, "loop/main.go": testMain})
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	p, err := find(filepath.Join(dir, "loop/main.go"), &debug.BuildInfo{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.files(t.Context(), nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if work := filepath.Join(dir, "go.work"); files.snapshot()[work] == (state{}) {
		t.Errorf("%s is not looked at: %q", work, files.files)
	}
}

// TestFilesOfBroken: a package that is imported before it is there is seen once it
// is.
func TestFilesOfBroken(t *testing.T) {
	dir := newProgram(t, map[string]string{"go.mod": testMod, "main.go": "package main\n\nimport _ \"example.com/loop/later/still\"\n\nfunc main() {}\n"})
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "")
	p, err := find(filepath.Join(dir, "main.go"), &debug.BuildInfo{})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := p.files(t.Context(), nil, nil, nil)
	later := filepath.Join(dir, "later/still/still.go")
	for _, broken := range []bool{false, true} {
		os.RemoveAll(filepath.Join(dir, "later"))
		files.broken = broken
		before := files.snapshot()
		addFile(t, later, "package still\n")
		addFile(t, filepath.Join(dir, "later/still/notes.txt"), "x")
		if got := before.differs(files.snapshot()) == later; got != broken {
			t.Errorf("broken %t: the new package is seen: %t", broken, got)
		}
	}
}

// TestFilesOfEditors: what an editor keeps for itself is no change.
func TestFilesOfEditors(t *testing.T) {
	dir := newProgram(t, map[string]string{
		"a/index.html": "x", "a/.index.html.swp": "x", "a/index.html~": "x", "a/.#index.html": "x",
		"a/.env": "x", "a/.env.local": "x", "a/.env.swp": "x", "a/.env~": "x", "a/.git/x": "x",
		"main.go": "x", ".#main.go": "x", ".main.go": "x",
	})
	fs := &fileSet{folders: []string{dir}, trees: []string{filepath.Join(dir, "a")}}
	var got []string
	for _, file := range slices.Sorted(maps.Keys(fs.snapshot())) {
		got = append(got, strings.TrimPrefix(file, dir+"/"))
	}
	if want := []string{"a/.env", "a/.env.local", "a/index.html", "main.go"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
