package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rows are the benchmarks in the order of the table, with what each one does.
var rows = [][2]string{
	{"Text", "a line of text"},
	{"Param", "a route with an int"},
	{"JSON", "a list as JSON"},
	{"Page", "a page in its layout, with the session and a place for flash messages"},
	{"ShowFlash", "the same page, showing a flash message"},
	{"PostRedirectGet", "a form that writes the session, flashes and redirects"},
}

const head = "| request | hipflask | by hand | times as fast | allocations, by hand |\n| --- | --- | --- | --- | --- |\n"

// main makes the table of README.md's "What it costs" of what the benchmarks beside
// code by hand print, each figure the median of its runs:
//
//	go test -run '^$' -benchtime 2s -count 7 . -bench \
//		'^Benchmark(Text|Param|JSON|Page|ShowFlash|PostRedirectGet)$' |
//		go run .ci/costs.go README.md
func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go test -bench … | go run .ci/costs.go FILE.md")
	}
	table, err := costs(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	old := regexp.MustCompile(regexp.QuoteMeta(head) + `(\|.*\n)*`)
	if !old.Match(text) {
		log.Fatalf("%s has no table that begins with\n%s", os.Args[1], head)
	}
	if err := os.WriteFile(os.Args[1], old.ReplaceAllLiteral(text, []byte(table)), 0o644); err != nil {
		log.Fatal(err)
	}
}

// costs reads the benchmarks and returns the table.
func costs(r io.Reader) (string, error) {
	figures := map[string][]float64{} // by "Text/hipflask ns/op"
	for lines := bufio.NewScanner(r); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(words[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i >= 0 { // the number of processors
			name = name[:i]
		}
		for i := 2; i+1 < len(words); i += 2 {
			if n, err := strconv.ParseFloat(words[i], 64); err == nil {
				figures[name+" "+words[i+1]] = append(figures[name+" "+words[i+1]], n)
			}
		}
	}
	table := head
	for _, row := range rows {
		var medians []float64
		for _, of := range []string{"/hipflask ns/op", "/by_hand ns/op", "/ratio x-by-hand", "/hipflask allocs/op", "/by_hand allocs/op"} {
			all := figures[row[0]+of]
			if len(all) == 0 {
				return "", fmt.Errorf("no %s%s among the benchmarks", row[0], of)
			}
			slices.Sort(all)
			medians = append(medians, all[len(all)/2])
		}
		table += fmt.Sprintf("| %s | %s | %s | %s | %.0f, %.0f |\n", row[1],
			short(medians[0]/1000), short(medians[1]/1000), short(medians[2]), medians[3], medians[4])
	}
	return table, nil
}

// short is a number with two digits that count.
func short(n float64) string {
	digits := 0
	switch {
	case n < 1:
		digits = 2
	case n < 10:
		digits = 1
	}
	return strconv.FormatFloat(n, 'f', digits, 64)
}
