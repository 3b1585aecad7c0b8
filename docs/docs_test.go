// The pages of the documentation, README.md and docs/**/*.md, are executed:
// whatever a page shows was compiled, parsed or run, as it stands there.
//
//	```go         an excerpt of a .go file, which `go vet ./...` compiles
//	```html       an excerpt of a template: a file of an example, or a string
//	              in a .go file; both are parsed
//	```sh         commands, run in order; they must succeed
//	```console    lines with "$ " before them are commands, run too; the lines
//	              below each are what it prints. "…" stands for anything, alone
//	              on a line for any lines. Dates, times, durations, Unix times
//	              and the value of a session cookie, also inside of it, need
//	              not agree. A command goes on behind a backslash.
//	```text       what a program prints, not checked
//	```jinja      Flask's side, not checked
//
// A block of another language (json, toml, ini, nginx, dockerfile, python,
// sql, css, …) is an excerpt of some file of the repository. In excerpts, blank
// lines and the width of white space do not count.
//
// The commands of a page run in one bash, in a folder of the page's own that is
// empty but for "hipflask", which is the clone (leave no files in it). They need
// bash, curl and what they call. A page shows the port 5000; the test takes a
// free one in its place, in commands and in HIPFLASK_RUN_PORT, and writes 5000
// into what is printed. ("| head" may end a program that still writes, which go
// run then reports; "| sed -n 1,4p" reads to the end.) The pages of docs/tutorial
// are followed as one, in order of their names.
//
// Comments on the lines above a block, which a reader does not see, direct it:
//
//	<!-- file: main.go -->                   write the block to this file, in the
//	                                         folder where the page is at
//	<!-- file: main.go append -->            add it to the file's end
//	<!-- file: main.go before return app --> put it above the first line with
//	                                         this text
//	<!-- file: main.go instead of // newApp is -->
//	                                         put it in the place of what begins
//	                                         with the first line with this text
//	                                         and ends with the next line }
//	<!-- dir: hipflask -->                   go to this folder, from the page's
//	                                         own; "." is that itself
//	<!-- serve -->                           the last command is a server: start
//	                                         it, and go on when it answers on
//	                                         the port. It ends with the next
//	                                         one, or with the page. Expected
//	                                         output is what it prints first
//	<!-- not run: REASON -->                 for sh and console
//	<!-- not checked: REASON -->             for an excerpt of no file, but not
//	                                         for go and html
//
// A reason has four words or more.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"unicode"

	"github.com/hipflask/hipflask/internal/tree"
)

// TestMain goes to the root of the repository, from where files are named here.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestDocBlocks: what a page shows of a file is in the file.
func TestDocBlocks(t *testing.T) {
	sources := map[string][]string{"go": goTexts(t), "html": templateTexts(t)}
	files := fileTexts(t)
	checked := map[string]int{}
	for _, b := range blocks(t) {
		switch b.language {
		case "sh", "console", "text", "jinja":
			continue
		case "":
			t.Errorf("%s:%d: name the language of this block behind its ```; output is text", b.file, b.line)
			continue
		}
		texts, own := sources[b.language]
		if _, told := b.directive("not checked"); told && !own {
			checked["not checked"]++
			continue
		}
		if !own {
			texts = files
		}
		checked[b.language]++
		if excerpt := normal(b.text); !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, excerpt) }) {
			t.Errorf("%s:%d: this %s block is no excerpt of a file:%s", b.file, b.line, b.language, excerpt)
		}
	}
	if checked["go"] < 20 || checked["html"] < 2 {
		t.Errorf("found %v blocks: the test looks in the wrong place", checked)
	}
	t.Logf("checked blocks: %v", checked)
}

// TestDirectives: a comment that directs a block is one the tests know, and
// has its block below it.
func TestDirectives(t *testing.T) {
	for _, b := range blocks(t) {
		for _, d := range b.directives {
			reason := d.name == "not run" || d.name == "not checked"
			commands := b.language == "sh" || b.language == "console"
			switch {
			case d.name == "":
				t.Errorf("%s:%d: %q directs nothing; see docs/docs_test.go", b.file, b.line, d.value)
			case reason && len(strings.Fields(d.value)) < 4:
				t.Errorf("%s:%d: %s: %q is no reason; say it in four words or more", b.file, b.line, d.name, d.value)
			case !commands && (d.name == "serve" || d.name == "not run"):
				t.Errorf("%s:%d: %q is for sh and console", b.file, b.line, d.name)
			case commands && (d.name == "file" || d.name == "not checked"):
				t.Errorf("%s:%d: %q is not for commands", b.file, b.line, d.name)
			case (d.name == "serve") != (d.value == ""):
				t.Errorf("%s:%d: %q, got the value %q", b.file, b.line, d.name, d.value)
			}
		}
	}
}

// TestReadmeCommands: the README's two commands stand alone on a line of a sh
// block, to be copied as they are.
func TestReadmeCommands(t *testing.T) {
	for _, command := range []string{"go run ./examples/hello", "go test work"} {
		found := slices.ContainsFunc(blocks(t), func(b block) bool {
			return b.file == "README.md" && b.language == "sh" && strings.Contains("\n"+b.text, "\n"+command+"\n")
		})
		if !found {
			t.Errorf("README.md: no sh block has a line %q", command)
		}
	}
}

// TestReadmeNames: the README links to each library that go.mod requires, to
// each file of the framework, and to each package beside it and example.
func TestReadmeNames(t *testing.T) {
	text := tree.Text(t, "README.md")
	want := map[string]bool{}
	for _, file := range tree.Files(t) {
		dir, name := path.Split(file)
		parts := strings.Split(dir, "/")
		switch {
		case dir == "" && path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go"):
			want["("+name+")"] = true
		case parts[0] == "examples" && len(parts) > 2:
			want["(examples/"+parts[1]+")"] = true
		case parts[0] != "docs" && parts[0] != ".ci" && path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !strings.Contains(dir, "testdata/"):
			want["("+path.Clean(dir)+")"] = true
		}
	}
	_, requires, _ := strings.Cut(tree.Text(t, "go.mod"), "require (")
	for line := range strings.Lines(requires) {
		if line == ")\n" {
			break // the next block has what they require themselves
		}
		if fields := strings.Fields(line); len(fields) > 1 {
			want[strings.TrimSuffix(fields[0], "/v3")+")"] = true
		}
	}
	for _, link := range slices.Sorted(maps.Keys(want)) {
		if !strings.Contains(text, link) {
			t.Errorf("README.md: no link to %s", strings.Trim(link, "()"))
		}
	}
	if len(want) < 40 {
		t.Errorf("found %d names: the test looks in the wrong place", len(want))
	}
}

// TestDocLinks: a link to a file of the repository leads to one, and to a heading
// that is there; and to each page there is a link on another one. (Links to the
// web are not followed.)
func TestDocLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	linked := map[string]bool{"README.md": true}
	for _, file := range pages(t) {
		text := withoutBlocks(tree.Text(t, file))
		for _, m := range link.FindAllStringSubmatchIndex(text, -1) {
			target := text[m[2]:m[3]]
			if strings.Contains(target, ":") {
				continue
			}
			line := 1 + strings.Count(text[:m[0]], "\n")
			name, anchor, hasAnchor := strings.Cut(target, "#")
			name = path.Join(path.Dir(file), name)
			if strings.HasPrefix(target, "#") {
				name = file
			}
			linked[name] = linked[name] || name != file
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s:%d: the link to %q leads nowhere", file, line, target)
			} else if hasAnchor && !slices.Contains(headings(withoutBlocks(tree.Text(t, name))), anchor) {
				t.Errorf("%s:%d: %s has no heading #%s", file, line, name, anchor)
			}
		}
	}
	for _, file := range pages(t) {
		if !linked[file] {
			t.Errorf("%s: no page links to this one; docs/README.md lists them", file)
		}
	}
}

// Reading the repository.

// pages are the README and everything below docs.
func pages(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(tree.Files(t), func(file string) bool {
		return file != "README.md" && (!strings.HasPrefix(file, "docs/") || path.Ext(file) != ".md")
	})
}

// block is one fenced block of a page.
type block struct {
	file       string
	line       int
	language   string
	text       string // ends in a line break
	directives []directive
}

type directive struct {
	name  string // "" for one that is not known
	value string
}

func (b block) directive(name string) (value string, found bool) {
	for _, d := range b.directives {
		if d.name == name {
			return d.value, true
		}
	}
	return "", false
}

var (
	comment = regexp.MustCompile(`^<!--.*-->$`)
	known   = regexp.MustCompile(`^<!-- (file|dir|serve|not run|not checked)(?:: (.+))? -->$`)
)

// blocks returns the blocks of all pages, in order.
func blocks(t *testing.T) (all []block) {
	t.Helper()
	for _, file := range pages(t) {
		all = append(all, pageBlocks(t, file)...)
	}
	return all
}

func pageBlocks(t *testing.T, file string) (all []block) {
	t.Helper()
	var inside *block
	var indent string
	var directives []directive
	for i, line := range strings.Split(tree.Text(t, file), "\n") {
		trimmed := strings.TrimSpace(line)
		fence, isFence := strings.CutPrefix(trimmed, "```")
		switch {
		case isFence && inside == nil:
			inside = &block{file: file, line: i + 1, language: fence, directives: directives}
			indent, _, _ = strings.Cut(line, "```")
			directives = nil
		case isFence:
			all = append(all, *inside)
			inside = nil
		case inside != nil:
			inside.text += strings.TrimPrefix(line, indent) + "\n"
		case comment.MatchString(trimmed):
			if m := known.FindStringSubmatch(trimmed); m != nil {
				directives = append(directives, directive{m[1], m[2]})
			} else {
				directives = append(directives, directive{"", trimmed})
			}
		default:
			if slices.ContainsFunc(directives, func(d directive) bool { return d.name != "" }) {
				t.Errorf("%s:%d: there is no block below this comment", file, i)
			}
			directives = nil
		}
	}
	if inside != nil {
		t.Errorf("%s:%d: the block is not closed", file, inside.line)
	}
	return all
}

// withoutBlocks returns text with its fenced blocks emptied, line for line.
func withoutBlocks(text string) string {
	lines, inside := strings.Split(text, "\n"), false
	for i, line := range lines {
		isFence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if inside || isFence {
			lines[i] = ""
		}
		inside = inside != isFence
	}
	return strings.Join(lines, "\n")
}

// normal returns the lines of text that are not blank, each run of white space
// as one space, with a line break before and after each.
func normal(text string) string {
	var b strings.Builder
	b.WriteString("\n")
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			b.WriteString(strings.Join(words, " ") + "\n")
		}
	}
	return b.String()
}

// fileTexts returns the text of every file that is no page.
func fileTexts(t *testing.T) (texts []string) {
	t.Helper()
	for _, file := range tree.Files(t) {
		if path.Ext(file) != ".md" {
			texts = append(texts, normal(tree.Text(t, file)))
		}
	}
	return texts
}

// goTexts returns the text of every .go file that is always compiled.
func goTexts(t *testing.T) (texts []string) {
	t.Helper()
	for _, file := range tree.Files(t) {
		if text := tree.Text(t, file); path.Ext(file) == ".go" && !strings.Contains(text, "\n//go:build") {
			texts = append(texts, normal(text))
		}
	}
	return texts
}

// templateTexts returns the templates of the examples, and every string of a
// .go file that is one.
func templateTexts(t *testing.T) (texts []string) {
	t.Helper()
	for _, file := range tree.Files(t) {
		switch {
		case strings.HasPrefix(file, "examples/") && strings.Contains(file, "/templates/"):
			text := tree.Text(t, file)
			if !isTemplate(text) {
				t.Errorf("%s: the template cannot be parsed", file)
			}
			texts = append(texts, normal(text))
		case path.Ext(file) == ".go":
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && isTemplate(text) {
						texts = append(texts, normal(text))
					}
				}
				return true
			})
		}
	}
	return texts
}

func isTemplate(text string) bool {
	tree := parse.New("text")
	tree.Mode = parse.SkipFuncCheck
	_, err := tree.Parse(text, "", "", map[string]*parse.Tree{})
	return err == nil
}

// headings returns the anchors that GitHub makes of a page's headings.
func headings(text string) (anchors []string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		title := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
		anchors = append(anchors, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return r
			}
			return -1
		}, title))
	}
	return anchors
}
