package hipflask_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
	"github.com/hipflask/hipflask/internal/tree"
)

// docs/from-flask.md: it has every public name, and what it says of Jinja is
// what both print.

const fromFlask = "docs/from-flask.md"

// TestFromFlaskNames: testdata/flask-names.txt has the public names of Flask
// 3.1.3's module and classes as Python's dir lists them, and of Jinja 3.1's
// filters and tests.
func TestFromFlaskNames(t *testing.T) {
	page := tree.Text(t, fromFlask)
	named := map[string]bool{}
	for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(page, -1) {
		named[code[1]] = true
	}
	for _, name := range strings.Fields(tree.Text(t, "testdata/flask-names.txt")) {
		kind, word, _ := strings.Cut(name, ":")
		found := named[word]
		switch kind {
		case "filter":
			found = regexp.MustCompile(`\\\|` + word + `\b`).MatchString(page)
		case "test":
			found = regexp.MustCompile(`\bis ` + word + `\b`).MatchString(page)
		}
		if !found {
			t.Errorf("%s does not say what becomes of %s %s", fromFlask, kind, word)
		}
	}
}

// jinjaRow is a row of the page that says what both sides print.
type jinjaRow struct {
	line         int
	jinja        []string
	ours, prints string
}

func TestJinjaTable(t *testing.T) {
	values, rows := jinjaTable(t)
	app := hipflask.New("jinja")
	current := ""
	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(current, values)
	}).Name("index")
	client := hipflasktest.New(t, app)
	for _, row := range rows {
		current = row.ours
		if got := client.Get("/").Body; got != row.prints {
			t.Errorf("%s:%d: %s: got %q, want %q", fromFlask, row.line, row.ours, got, row.prints)
		}
	}
	if len(rows) < 60 {
		t.Errorf("%s: found %d rows that print, the test looks in the wrong place", fromFlask, len(rows))
	}
}

// TestJinjaTableRuns: what the page says of templates without saying what it
// prints is rendered too, but for the tags that join files.
func TestJinjaTableRuns(t *testing.T) {
	values, _ := jinjaTable(t)
	app := hipflask.New("jinja")
	current := ""
	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(current, values)
	}).Name("index")
	app.Get("/user/<name>", func(c *hipflask.Context) error { return c.NoContent() }).Name("user")
	client := hipflasktest.New(t, app)

	files := regexp.MustCompile(`{{(extends|block|define|super|template) ?[^|]*`)
	rendered := 0
	for i, line := range strings.Split(tree.Text(t, fromFlask), "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 5 || strings.Contains(cells[3], "`") {
			continue
		}
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			current = strings.ReplaceAll(code[1], "\x00", "|")
			if !strings.Contains(current, "{{") || files.MatchString(current) {
				continue
			}
			if strings.HasPrefix(current, "{{if ") {
				current += "yes{{end}}" // the row shows the condition alone
			}
			rendered++
			if page := client.Get("/"); page.StatusCode != 200 {
				t.Errorf("%s:%d: %s: got %d, want it to be rendered", fromFlask, i+1, current, page.StatusCode)
			}
		}
	}
	if rendered < 10 {
		t.Errorf("%s: rendered %d, the test looks in the wrong place", fromFlask, rendered)
	}
}

// TestJinjaTableInJinja holds the left side against Jinja itself.
func TestJinjaTableInJinja(t *testing.T) {
	if err := exec.Command("python3", "-c", "import jinja2").Run(); err != nil {
		t.Skip("no python3 with jinja2 here to hold the left side of the table against:", err)
	}
	values, rows := jinjaTable(t)
	var templates []string
	for _, row := range rows {
		templates = append(templates, row.jinja...)
	}
	input, err := json.Marshal(map[string]any{"values": values, "templates": templates})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-c", `
import jinja2, json, sys
given = json.load(sys.stdin)
env = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.loopcontrols"])
print(json.dumps([env.from_string(t).render(**given["values"]) for t in given["templates"]]))
`)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("Jinja: %v\n%s", err, stderr.Bytes())
	}
	var printed []string
	if err := json.Unmarshal(out, &printed); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, template := range row.jinja {
			if got := printed[0]; got != row.prints {
				t.Errorf("%s:%d: Jinja prints %q for %s, the table says %q", fromFlask, row.line, got, template, row.prints)
			}
			printed = printed[1:]
		}
	}
}

// jinjaTable reads the page's values and those of its rows that have a third
// column. There ⏎ stands for the end of a line.
func jinjaTable(t *testing.T) (hipflask.Data, []jinjaRow) {
	t.Helper()
	page := tree.Text(t, fromFlask)
	_, rest, _ := strings.Cut(page, "```json\n")
	text, _, _ := strings.Cut(rest, "```")
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		t.Fatalf("%s: the values: %v", fromFlask, err)
	}

	code := regexp.MustCompile("`([^`]+)`")
	var rows []jinjaRow
	for i, line := range strings.Split(page, "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 5 || !strings.Contains(cells[3], "`") {
			continue
		}
		row := jinjaRow{line: i + 1}
		for n, cell := range cells[1:4] {
			for _, m := range code.FindAllStringSubmatch(strings.ReplaceAll(cell, "\x00", "|"), -1) {
				switch n {
				case 0:
					row.jinja = append(row.jinja, m[1])
				case 1:
					row.ours = m[1]
				case 2:
					row.prints = strings.ReplaceAll(m[1], "⏎", "\n")
				}
			}
		}
		if strings.Contains(row.ours, "{{") {
			rows = append(rows, row)
		}
	}
	return hipflask.Data(plainNumbers(values).(map[string]any)), rows
}

// plainNumbers has the ints of Python's JSON as Go's.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	}
	return v
}
