package hipflask_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCIReport: .ci/report.go says what failed and what skipped of a real run
// of go test, and is not content with packages in which nothing ran.
func TestCIReport(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go test in modules of its own; not with -short")
	}
	report := filepath.Join(t.TempDir(), "report")
	if out, err := exec.Command("go", "build", "-o", report, ".ci/report.go").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const head = "package p\nimport \"testing\"\n"
	for _, test := range []struct {
		name   string
		source string
		fails  bool
		want   []string
		not    string
	}{
		{"all is well", head + "func TestA(t *testing.T) { t.Log(\"quiet\") }", false,
			[]string{"1 packages passed, 0 tests skipped"}, "quiet"},
		{"a failure", head + "func TestA(t *testing.T) { t.Run(\"case\", func(t *testing.T) { t.Error(\"got 1, want 2\") }) }\nfunc TestB(t *testing.T) { t.Log(\"quiet\") }", true,
			[]string{"FAILED: p TestA/case\n", "got 1, want 2"}, "quiet"},
		{"a panic", head + "func TestA(t *testing.T) { panic(\"out of order\") }", true,
			[]string{"FAILED: p TestA\n", "out of order"}, ""},
		{"no build", head + "func TestA(t *testing.T) { undefinedName() }", true,
			[]string{"FAILED: p\n", "undefined: undefinedName"}, ""},
		{"a skip", head + "func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) { t.Skip(\"no such\\nprogram here\") }", false,
			[]string{"skipped: p TestB: p_test.go:4: no such program here\n", "1 packages passed, 1 tests skipped"}, ""},
		{"nothing but skips", head + "func TestA(t *testing.T) { t.Skip(\"no program\") }", true,
			[]string{"FAILED: p: no test ran", "skipped: p TestA: p_test.go:3: no program"}, ""},
		{"no tests", "package p\n", true,
			[]string{"FAILED: p: no test ran"}, ""},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"go.mod": "module p\n\ngo 1.26\n", "p.go": "package p\n", "p_test.go": test.source} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run := exec.Command("go", "test", "-json", "./...")
		run.Dir, run.Env = dir, append(os.Environ(), "GOWORK=off")
		events, err := run.Output()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "events")
		if err := os.WriteFile(file, events, 0o644); err != nil {
			t.Fatal(err)
		}
		text, err := exec.Command(report, file).CombinedOutput()
		if fails := err != nil; fails != test.fails {
			t.Errorf("%s: got the error %v, want one: %v\n%s", test.name, err, test.fails, text)
		}
		for _, want := range test.want {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: got\n%s\nwant %q in it", test.name, text, want)
			}
		}
		if test.not != "" && strings.Contains(string(text), test.not) {
			t.Errorf("%s: got\n%s\nwant no %q in it", test.name, text, test.not)
		}
	}
}
