package hipflask_test

import (
	"errors"
	"fmt"
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

// TestCosts: .ci/costs.go makes the README's table of what the benchmarks print, and
// leaves what stands around it.
func TestCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a Go program; not with -short")
	}
	const head = "| request | hipflask | by hand | times as fast | allocations, by hand |\n| --- | --- | --- | --- | --- |\n"
	if readme, err := os.ReadFile("README.md"); err != nil || !strings.Contains(string(readme), head) {
		t.Fatalf("README.md has no table of costs (%v)", err)
	}
	var lines strings.Builder
	for i, name := range []string{"Text", "Param", "JSON", "Page", "ShowFlash", "PostRedirectGet"} {
		for run := range 3 {
			fmt.Fprintf(&lines, "Benchmark%s/hipflask-2 \t 100 \t %d ns/op \t 144 B/op \t %d allocs/op\n", name, 100*(i+1)+run, i)
			fmt.Fprintf(&lines, "Benchmark%s/by_hand-2 \t 100 \t %d ns/op \t 16 B/op \t 7 allocs/op\n", name, 20_000-run)
			fmt.Fprintf(&lines, "Benchmark%s/ratio-2 \t 58 \t %d.504 x-by-hand\n", name, i*5+run)
		}
	}
	file := filepath.Join(t.TempDir(), "README.md")
	table := func(benchmarks string) (string, error) {
		if err := os.WriteFile(file, []byte("before\n\n"+head+"| old | 1 |\n\nafter\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		run := exec.Command("go", "run", ".ci/costs.go", file)
		run.Stdin = strings.NewReader(benchmarks)
		out, err := run.CombinedOutput()
		text, _ := os.ReadFile(file)
		return string(text) + string(out), err
	}
	const want = "before\n\n" + head + `| a line of text | 0.10 | 20 | 1.5 | 0, 7 |
| a route with an int | 0.20 | 20 | 6.5 | 1, 7 |
| a list as JSON | 0.30 | 20 | 12 | 2, 7 |
| a page in its layout, with the session and a place for flash messages | 0.40 | 20 | 17 | 3, 7 |
| the same page, showing a flash message | 0.50 | 20 | 22 | 4, 7 |
| a form that writes the session, flashes and redirects | 0.60 | 20 | 27 | 5, 7 |

after
`
	if got, err := table("goos: linux\n" + lines.String() + "PASS\n"); err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	if got, err := table(strings.ReplaceAll(lines.String(), "JSON", "XML")); err == nil || !strings.Contains(got, "| old |") || !strings.Contains(got, "no JSON/hipflask ns/op") {
		t.Errorf("without a benchmark: got %v\n%s", err, got)
	}
}
