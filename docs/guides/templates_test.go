package guides_test

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
)

// TestTemplateTable renders the middle column of each table in templates.md with
// the head "Jinja | here | prints", with the values that the page names.
func TestTemplateTable(t *testing.T) {
	page, err := os.ReadFile("templates.md")
	if err != nil {
		t.Fatal(err)
	}
	app := hipflask.New("table")
	app.Config.SecretKey = "a key for the tests"
	app.Get("/tea/<name>", func(c *hipflask.Context) error { return c.NoContent() }).Name("tea")
	data := hipflask.Data{
		"name": "ada", "html": "<b>tea</b>", "empty": "", "n": 7, "price": 1999999.99,
		"list": []string{"b", "a", "b"}, "user": struct{ Name string }{"Ada"},
		"map": map[string]any{"k": "v", "l": "w"},
	}

	rows, inTable := 0, false
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "| Jinja | here | prints |":
			inTable = true
			continue
		case !strings.HasPrefix(line, "|"):
			inTable = false
		}
		if !inTable || strings.HasPrefix(line, "| ---") {
			continue
		}
		rows++
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 5 {
			t.Errorf("%s has %d cells, want 3", line, len(cells)-2)
			continue
		}
		source, want := cell(cells[2]), cell(cells[3])

		c := app.NewContext(nil, httptest.NewRequest("GET", "/tea/green", nil))
		if err := c.RenderString(source, data); err != nil {
			t.Errorf("%s: %v", source, err)
		} else if got := string(c.Response().Body); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", source, got, want)
		}
	}
	if rows < 40 {
		t.Errorf("found %d rows: the test looks in the wrong place", rows)
	}
}

// cell is the text of a table's cell, without the marks of code.
func cell(text string) string {
	return strings.Trim(strings.TrimSpace(strings.ReplaceAll(text, "\x00", "|")), "`")
}
