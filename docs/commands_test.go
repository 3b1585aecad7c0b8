//go:build unix

package docs_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hipflask/hipflask/internal/tree"
)

// TestCommands follows every page from an empty folder: it writes the files
// that the page writes, runs the commands that it runs, and compares what they
// print with what the page says. docs_test.go has the rules.
func TestCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("following the pages takes minutes, so not with -short")
	}
	for _, tool := range []string{"bash", "curl", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the pages' commands need %s: %v", tool, err)
		}
	}
	before := tree.Files(t)
	var sh, console, notRun atomic.Int64
	t.Run("pages", func(t *testing.T) {
		together := map[string][]block{}
		for _, b := range blocks(t) {
			name := b.file
			if path.Dir(name) == "docs/tutorial" {
				name = path.Dir(name)
			}
			together[name] = append(together[name], b)
		}
		for name, all := range together {
			if !slices.ContainsFunc(all, func(b block) bool { return b.language == "sh" || b.language == "console" }) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newReader(t)
				for _, b := range all {
					if reason, told := b.directive("not run"); told {
						notRun.Add(1)
						t.Logf("%s:%d: not run: %s", b.file, b.line, reason)
						continue
					}
					r.read(b)
					switch b.language {
					case "sh":
						sh.Add(1)
					case "console":
						console.Add(1)
					}
				}
			})
		}
	})
	t.Logf("ran %d sh and %d console blocks; %d not run", sh.Load(), console.Load(), notRun.Load())
	for _, file := range tree.Files(t) {
		if !slices.Contains(before, file) {
			t.Errorf("the pages left %s in the clone; write into the page's own folder", file)
		}
	}
}

// reader follows a page.
type reader struct {
	t      *testing.T
	folder string // the page's own
	aside  string // the test's, for what the page does not see
	port   string
	in     io.Writer // bash's
	out    *os.File
	lines  *bufio.Reader // of out
	server int           // its process group; 0 if there is none
}

const limit = 3 * time.Minute // for one command, or for a server to start

func newReader(t *testing.T) *reader {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	clone, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(clone, filepath.Join(folder, "hipflask")); err != nil {
		t.Fatal(err)
	}
	out, printed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, folder: folder, aside: t.TempDir(), port: freePort(t), out: out, lines: bufio.NewReader(out)}
	// At a terminal, curl shows no progress among what it prints.
	if err := os.WriteFile(filepath.Join(r.aside, ".curlrc"), []byte("no-progress-meter\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	bash := exec.Command("bash", "--norc")
	bash.Dir, bash.Env = folder, r.environment()
	bash.Stdout, bash.Stderr = printed, printed
	bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if r.in, err = bash.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := bash.Start(); err != nil {
		t.Fatal(err)
	}
	printed.Close()
	t.Cleanup(func() {
		r.endServer()
		_ = syscall.Kill(-bash.Process.Pid, syscall.SIGKILL) // with what hangs in it
		_ = bash.Wait()
		out.Close()
	})
	return r
}

// environment is the one of the test without what would change an app.
func (r *reader) environment() []string {
	own := regexp.MustCompile(`^(HIPFLASK_|FLASK|SECRET_KEY=|PWD=|OLDPWD=)`)
	env := slices.DeleteFunc(os.Environ(), own.MatchString)
	return append(env, "HIPFLASK_RUN_PORT="+r.port, "PWD="+r.folder, "CURL_HOME="+r.aside, "NO_PROXY=127.0.0.1,"+os.Getenv("NO_PROXY"))
}

// read does what a block says, and ends the test where that is not possible.
func (r *reader) read(b block) {
	r.t.Helper()
	where := fmt.Sprintf("%s:%d", b.file, b.line)
	if dir, told := b.directive("dir"); told {
		r.must(where, "cd -P "+quote(filepath.Join(r.folder, dir)))
	}
	if file, told := b.directive("file"); told {
		r.write(where, file, b.text)
	}
	_, serve := b.directive("serve")
	switch b.language {
	case "sh":
		setup := b.text
		if serve {
			commands := joinLines(b.text)
			last := len(commands) - 1
			setup = strings.Join(commands[:last], "\n")
			defer r.serve(where, commands[last], "")
		}
		r.must(where, setup)
	case "console":
		steps := consoleSteps(b.text)
		if len(steps) == 0 {
			r.t.Fatalf(`%s: a console block has commands, after "$ "`, where)
		}
		for i, step := range steps {
			if serve && i == len(steps)-1 {
				r.serve(where, step.command, step.prints)
				break
			}
			got, _, err := r.run(step.command)
			if err != nil {
				r.t.Fatalf("%s: %s\n%v; it printed:\n%s", where, step.command, err, got)
			}
			if !step.pattern().MatchString(steady(got)) {
				r.t.Errorf("%s: $ %s\nprinted:\n%s\nwant:\n%s", where, step.command, got, step.prints)
			}
		}
	}
}

// must runs commands of which each has to succeed.
func (r *reader) must(where, commands string) {
	r.t.Helper()
	got, status, err := r.run("set -e\n" + commands + "\nset +e")
	if err != nil || status != "0" {
		r.t.Fatalf("%s: %s\n%v (%s); it printed:\n%s", where, commands, err, status, got)
	}
}

// run returns what the commands print, and the last one's exit status.
func (r *reader) run(commands string) (printed, status string, err error) {
	const mark = "-- end of the command, status "
	commands = strings.ReplaceAll(commands, ":5000", ":"+r.port)
	// printf begins a line, since a command need not end its last one.
	fmt.Fprintf(r.in, "eval %s </dev/null\nprintf '\\n%s%%d\\n' $?\n", quote(commands), mark)
	if err := r.out.SetReadDeadline(time.Now().Add(limit)); err != nil {
		r.t.Fatal(err)
	}
	for {
		line, err := r.lines.ReadString('\n')
		if end, found := strings.CutPrefix(line, mark); found {
			return strings.TrimSuffix(printed, "\n"), strings.TrimSpace(end), nil
		}
		printed += strings.ReplaceAll(line, ":"+r.port, ":5000")
		if err == io.EOF {
			return printed, "", errors.New("a command failed, or ended bash")
		} else if err != nil {
			return printed, "", err
		}
	}
}

// serve starts a server, in a process group of its own, and waits until it
// answers and has printed what it should.
func (r *reader) serve(where, command, prints string) {
	r.t.Helper()
	r.endServer()
	log := filepath.Join(r.aside, "server.log")
	if err := os.WriteFile(log, nil, 0o644); err != nil {
		r.t.Fatal(err)
	}
	// Job control (set -m) makes the group.
	started, _, err := r.run(fmt.Sprintf("set -m; ( eval %s ) </dev/null >%s 2>&1 & echo $!; disown; set +m", quote(command), quote(log)))
	if err != nil {
		r.t.Fatalf("%s: %v", where, err)
	}
	if r.server, err = strconv.Atoi(strings.TrimSpace(started)); err != nil {
		r.t.Fatalf("%s: %v", where, err)
	}
	want := step{prints: strings.TrimRight(prints, "\n") + "\n…\n"}.pattern()
	deadline := time.Now().Add(limit)
	for {
		conn, dialed := net.Dial("tcp", "127.0.0.1:"+r.port)
		if dialed == nil {
			conn.Close()
		}
		printed, err := os.ReadFile(log)
		if err != nil {
			r.t.Fatal(err)
		}
		got := strings.ReplaceAll(string(printed), ":"+r.port, ":5000")
		if dialed == nil && want.MatchString(steady(got)) {
			return
		}
		ended := syscall.Kill(-r.server, 0) != nil
		if ended || time.Now().After(deadline) {
			r.t.Fatalf("%s: the server %s\nended: %t, answers: %t; it printed:\n%s\nwant:\n%s", where, command, ended, dialed == nil, got, prints)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// endServer asks the server to end, and makes it.
func (r *reader) endServer() {
	if r.server == 0 {
		return
	}
	_ = syscall.Kill(-r.server, syscall.SIGTERM)
	for deadline := time.Now().Add(15 * time.Second); syscall.Kill(-r.server, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(-r.server, syscall.SIGKILL)
		}
	}
	r.server = 0
}

// write follows the directive file: "NAME", "NAME append", "NAME before TEXT" or
// "NAME instead of TEXT".
func (r *reader) write(where, to, text string) {
	r.t.Helper()
	dir, _, err := r.run("pwd -P")
	if err != nil {
		r.t.Fatalf("%s: %v", where, err)
	}
	name, how, _ := strings.Cut(to, " ")
	file := filepath.Join(strings.TrimSpace(dir), name)
	var old []byte
	if how != "" {
		if old, err = os.ReadFile(file); err != nil {
			r.t.Fatalf("%s: %v", where, err)
		}
	}
	line, isBefore := strings.CutPrefix(how, "before ")
	line, isInstead := strings.CutPrefix(line, "instead of ")
	switch {
	case how == "append":
		text = string(old) + "\n" + text
	case isBefore || isInstead:
		at := strings.Index(string(old), line)
		if at < 0 {
			r.t.Fatalf("%s: %s has no line with %q", where, name, line)
		}
		at = 1 + strings.LastIndex(string(old[:at]), "\n")
		rest := string(old[at:])
		if isInstead {
			var ends bool
			if _, rest, ends = strings.Cut(rest, "\n}\n"); !ends {
				r.t.Fatalf("%s: %s: below %q, no line is }", where, name, line)
			}
		}
		text = string(old[:at]) + text + rest
	case how != "":
		r.t.Fatalf("%s: file: %q is not to be understood", where, to)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// step is a command of a console block, with what it prints.
type step struct{ command, prints string }

func consoleSteps(text string) (steps []step) {
	inCommand := false
	for line := range strings.Lines(text) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch last := len(steps) - 1; {
		case inCommand:
			steps[last].command += line
		case isCommand:
			steps = append(steps, step{command: command})
		case last >= 0:
			steps[last].prints += line
		}
		inCommand = (inCommand || isCommand) && strings.HasSuffix(line, "\\\n")
	}
	return steps
}

// pattern is the expected output as a regular expression.
func (s step) pattern() *regexp.Regexp {
	text := regexp.QuoteMeta(steady(s.prints))
	text = regexp.MustCompile(`(?m)^[ \t]*…\n`).ReplaceAllString(text, `(?:.*\n)*`)
	text = strings.ReplaceAll(text, "…", `.*`)
	return regexp.MustCompile(`^` + text + `$`)
}

// varying is what differs from one run to the next.
var varying = []struct {
	name  string
	value *regexp.Regexp
}{
	{"session=<value>", regexp.MustCompile(`\bsession=[\w=.-]+`)},
	{"<base64>", regexp.MustCompile(`\b(?:eyJ|MTc|MTg|MTk)[\w-]{30,}=*`)}, // of JSON, and of a Unix time
	{"<date>", regexp.MustCompile(`\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4}\b|\b\d\d/[A-Z][a-z]{2}/\d{4}\b|\b\d{4}[-/]\d\d[-/]\d\d\b|\b\d{1,2} [A-Z][a-z]{2,8} \d{4}\b`)},
	{"<time>", regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`)},
	{"<unix time>", regexp.MustCompile(`\b1[7-9]\d{8}\b`)},
	{"<duration>", regexp.MustCompile(`\b\d+\.\d+s\b|\(cached\)`)},
}

// steady returns output without what varies, and without white space at
// the ends of lines and of the whole.
func steady(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \t\r\n") + "\n")
	}
	text = strings.Trim(b.String(), "\n") + "\n"
	for _, v := range varying {
		text = v.value.ReplaceAllString(text, v.name)
	}
	return text
}

// joinLines returns the commands of a sh block; one that ends in a backslash
// goes on in the next line.
func joinLines(text string) (commands []string) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\\\n", "\x00")
	for line := range strings.Lines(text) {
		commands = append(commands, strings.ReplaceAll(line, "\x00", "\\\n"))
	}
	return commands
}

func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestPattern: what counts as the same output.
func TestPattern(t *testing.T) {
	for _, test := range []struct {
		want, got string
		same      bool
	}{
		{"Hello\n", "Hello\n", true},
		{"Hello\n", "Hello", true}, // without a line break at the end
		{"Hello\n", "Hello \n\n", true},
		{"Hello\n", "hello\n", false},
		{"Hello\n", "Hello\nWorld\n", false},
		{"", "Hello\n", false},
		{"", "", true},
		{"a.b\n", "aXb\n", false}, // text, no expression
		{"a\n…\nd\n", "a\nb\nc\nd\n", true},
		{"a\n  …\nd\n", "a\nd\n", true},
		{"a\n…\nd\n", "a\nb\n", false},
		{"a…d\n", "abcd\n", true},
		{"a…d\n", "ab\ncd\n", false}, // in a line, no other line
		{"2026/11/21 03:00:04 WARN x\n", "2027/01/02 13:10:14 WARN x\n", true},
		{"2026/11/21 03:00:04 WARN x\n", "2027/01/02 13:10:14 WARN y\n", false},
		{"Date: Sat, 21 Nov 2026 03:00:05 GMT\n", "Date: Mon, 01 Feb 2027 13:00:05 GMT\n", true},
		{"ok  \tx\t0.012s\n", "ok  \tx\t(cached)\n", true},
		{"session=MTc5-_; Path=/\n", "session=p.MTc5==; Path=/\n", true},
		{"session=; Path=/\n", "session=p.MTc5==; Path=/\n", false}, // deleted
		{`{"t":1795230005,"v":{"n":1}}`, `{"t":1801230005,"v":{"n":1}}`, true},
		{`{"t":1795230005,"v":{"n":1}}`, `{"t":1801230005,"v":{"n":2}}`, false},
	} {
		if got := (step{prints: test.want}).pattern().MatchString(steady(test.got)); got != test.same {
			t.Errorf("%q printed for %q: got the same: %t, want %t", test.got, test.want, got, test.same)
		}
	}
}
