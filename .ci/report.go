// Report reads what `go test -json` wrote into a file: it prints what failed,
// with its output, and the tests that skipped, with their reasons. It fails if
// anything did, and for a package with tests of which none ran: that all is well
// there is then not known.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
)

// event is one line of `go help test2json`.
type event struct{ Action, Package, Test, Output, ImportPath, FailedBuild string }

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run .ci/report.go FILE")
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	failed, err := report(os.Stdout, json.NewDecoder(file))
	if err != nil {
		log.Fatalf("%s: %v", os.Args[1], err)
	}
	if failed {
		os.Exit(1)
	}
}

// report goes through the events. A test is named as package and test; what a
// package prints itself, or its build, has no test.
func report(w io.Writer, events *json.Decoder) (failed bool, err error) {
	type name struct{ pkg, test string }
	output := map[name]*strings.Builder{}
	say := func(n name, text string) {
		if output[n] == nil {
			output[n] = &strings.Builder{}
		}
		output[n].WriteString(text)
	}
	var skipped []string
	packages, ran := 0, map[string]bool{}
	for {
		var e event
		if err := events.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return true, err
		}
		n := name{e.Package, e.Test}
		switch e.Action {
		case "output":
			say(n, e.Output)
		case "build-output":
			say(name{e.ImportPath, "build"}, e.Output)
		case "fail":
			failed = true
			title := strings.TrimSpace(e.Package + " " + e.Test)
			fmt.Fprintf(w, "FAILED: %s\n", title)
			for _, from := range []name{n, {e.FailedBuild, "build"}} {
				if output[from] != nil {
					fmt.Fprint(w, output[from])
				}
			}
		}
		switch {
		case e.Test != "" && (e.Action == "pass" || e.Action == "fail"):
			ran[e.Package] = true
		case e.Test != "" && e.Action == "skip":
			skipped = append(skipped, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(output[n].String())))
		case e.Test == "" && e.Action == "pass": // "skip" is a package without test files
			packages++
			if !ran[e.Package] {
				failed = true
				fmt.Fprintf(w, "FAILED: %s: no test ran\n", e.Package)
			}
		}
	}
	slices.Sort(skipped)
	for _, line := range skipped {
		fmt.Fprintf(w, "skipped: %s\n", line)
	}
	if packages == 0 && !failed {
		return true, fmt.Errorf("no package was tested")
	}
	fmt.Fprintf(w, "%d packages passed, %d tests skipped\n", packages, len(skipped))
	return failed, nil
}

// reason is what a test logged before it skipped, in one line.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}
