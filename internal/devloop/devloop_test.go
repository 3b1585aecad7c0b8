//go:build unix

package devloop

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const patience = 90 * time.Second // for a build on a busy machine

const testProgram = `package main

import (
	"log"
	"os"

	"github.com/hipflask/hipflask"
)

func main() {
	app := hipflask.New("loop")
	if err := app.Config.FromDotEnv(".env"); err != nil {
		log.Print(err)
	}
	crash()
	app.Get("/", index)
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

func crash() {}

func index(c *hipflask.Context) error {
	return c.Render("index.html", hipflask.Data{"word": "first", "colour": os.Getenv("HIPFLASK_COLOUR")})
}
`

// TestLoop is an afternoon of a developer's: each kind of edit is seen, none costs
// a request its reply, and nothing is left at the end.
func TestLoop(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs again and again; not with -short")
	}
	l := newLoop(t)
	l.start()
	l.until("first", "green", 200)

	// An edit of the code, while a client asks all the time.
	var asked atomic.Int64
	stop, asking := make(chan bool), sync.WaitGroup{}
	asking.Go(func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for {
			select {
			case <-stop:
				return
			default:
			}
			resp, err := client.Get(l.base)
			if err != nil {
				t.Errorf("a request failed while the program was built anew: %v", err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			asked.Add(1)
			time.Sleep(5 * time.Millisecond)
		}
	})
	l.edit("main.go", `"first"`, `"second"`)
	l.until("second", "green", 200)

	// A mistake, and its end.
	l.edit("main.go", `"second"`, `"second" + missing`)
	l.until("undefined: missing", "<mark>   25      return c.Render", 500)
	l.edit("main.go", `"second" + missing`, `"third"`)
	l.until("third", "green", 200)
	close(stop)
	asking.Wait()
	if asked.Load() < 20 {
		t.Errorf("the client asked %d times only", asked.Load())
	}

	// A template is told to the browser, by the same process.
	events := l.events()
	before := <-events
	l.edit("templates/index.html", "<p>", "<p>edited ")
	select {
	case after, ok := <-events:
		if !ok || after == before {
			t.Errorf("after the edit of a template got the version %q, before it %q", after, before)
		}
	case <-time.After(patience):
		t.Error("the edit of a template is no event")
	}
	l.until("edited third", "green", 200)

	// .env begins the program anew.
	l.edit(".env", "green", "blue")
	l.until("third", "blue", 200)

	// A program that panics is waited for, and not started again and again.
	l.edit("main.go", "func crash() {}", `func crash() { panic("no <wheels>") }`)
	l.until("no &lt;wheels&gt;", "func crash() { panic(", 500)
	time.Sleep(4 * pollTime)
	if n := strings.Count(l.log.String(), "panic: no <wheels>"); n != 1 {
		t.Errorf("the program that panics was started %d times", n)
	}
	l.edit("main.go", `func crash() { panic("no <wheels>") }`, "func crash() {}")
	l.until("third", "blue", 200)

	l.interrupt()
}

// TestLoopMoves: where the program asks for another address the loop goes there
// with it. One binary is kept, and none once the terminal has been closed.
func TestLoopMoves(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs again and again; not with -short")
	}
	l := newLoop(t)
	l.start()
	l.until("first", "green", 200)
	old := l.base
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	l.edit("main.go", "app.Run()", `app.Run("`+address+`")`)
	l.base = "http://" + address + "/"
	l.until("first", "green", 200)
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.Trim(old, "htp:/"))
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(end) {
			t.Fatal("the old address is still listened on")
		}
	}
	l.edit("main.go", `"first"`, `"first" + missing`) // the supervisor's own page
	l.until("undefined: missing", "<mark>", 500)
	l.edit("main.go", `"first" + missing`, `"second"`)
	l.until("second", "green", 200)
	l.edit("main.go", `"os"`, "\"os\"\n\n\t_ \"example.com/loop/later\"") // which is not there yet
	l.until("example.com/loop/later", "does not compile", 500)
	l.write("later/later.go", "package later\n")
	l.until("second", "green", 200)
	if found, _ := filepath.Glob(filepath.Join(l.temp, "hipflask-run-*", "*")); len(found) != 1 {
		t.Errorf("got the builds %q, want one", found)
	}

	if err := syscall.Kill(-l.cmd.Process.Pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); syscall.Kill(-l.cmd.Process.Pid, 0) == nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("SIGHUP does not end the program")
		}
	}
	if n := l.binaries(); n > 0 {
		t.Errorf("%d folders with binaries are left behind", n)
	}
}

// loop is a program that is being developed.
type loop struct {
	t         *testing.T
	dir, temp string
	base      string
	cmd       *exec.Cmd
	log       *lockedBuffer
	exited    chan error
}

func newLoop(t *testing.T) *loop {
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	l := &loop{t: t, dir: t.TempDir(), temp: t.TempDir(), log: &lockedBuffer{}, exited: make(chan error, 1)}
	sum, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(mod), "module github.com/hipflask/hipflask", "module example.com/loop", 1) +
		"\nrequire github.com/hipflask/hipflask v0.0.0\n\nreplace github.com/hipflask/hipflask => " + repository + "\n"
	l.write("go.mod", text)
	l.write("go.sum", string(sum))
	l.write("main.go", testProgram)
	l.write(".env", "HIPFLASK_COLOUR=green\n")
	l.write("templates/index.html", "<p>{{.word}} {{.colour}}</p>\n")
	return l
}

func (l *loop) write(name, text string) {
	l.t.Helper()
	file := filepath.Join(l.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

func (l *loop) edit(name, old, new string) {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		l.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		l.t.Fatalf("%s has no %q", name, old)
	}
	l.write(name, strings.Replace(string(text), old, new, 1))
}

func (l *loop) start() {
	l.t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	l.base = "http://" + net.JoinHostPort(host, port) + "/"
	l.cmd = exec.Command("go", "run", ".")
	l.cmd.Dir = l.dir
	l.cmd.Env = append(os.Environ(), "HIPFLASK_DEBUG=1", "HIPFLASK_RUN_HOST="+host, "HIPFLASK_RUN_PORT="+port,
		"TMPDIR="+l.temp, "GOFLAGS=-mod=mod", "GOWORK=off", "PWD="+l.dir)
	l.cmd.Stdout, l.cmd.Stderr = l.log, l.log
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() { l.exited <- l.cmd.Wait() }()
	l.t.Cleanup(func() {
		_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) // if the test has failed
		if l.t.Failed() {
			l.t.Logf("the program printed:\n%s", l.log)
		}
	})
}

// until asks until the page has both texts and the status.
func (l *loop) until(one, other string, status int) {
	l.t.Helper()
	var got string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(l.base)
		if err != nil {
			got = err.Error()
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		got = fmt.Sprintf("%d %v\n%s", resp.StatusCode, err, body)
		if resp.StatusCode == status && strings.Contains(string(body), one) && strings.Contains(string(body), other) {
			return
		}
	}
	l.t.Fatalf("got %s\nwant %d with %q and %q", got, status, one, other)
}

// events are the versions that a page in the browser is told.
func (l *loop) events() <-chan string {
	l.t.Helper()
	resp, err := http.Get(l.base + streamPath[1:])
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { resp.Body.Close() })
	versions := make(chan string)
	go func() {
		defer close(versions)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if version, found := strings.CutPrefix(lines.Text(), "data: "); found {
				select {
				case versions <- version:
				case <-l.t.Context().Done():
					return
				}
			}
		}
	}()
	return versions
}

// interrupt is a Ctrl-C at the terminal, which all processes get.
func (l *loop) interrupt() {
	l.t.Helper()
	if n := l.binaries(); n == 0 {
		l.t.Error("the program's binary is not where the test looks for it")
	}
	if err := syscall.Kill(-l.cmd.Process.Pid, syscall.SIGINT); err != nil {
		l.t.Fatal(err)
	}
	select {
	case <-l.exited: // by Ctrl-C go run itself ends with 1; of a program that fails it says so
		if strings.Contains(l.log.String(), "exit status 1") {
			l.t.Error("after Ctrl-C the program failed")
		}
	case <-time.After(patience):
		l.t.Fatal("Ctrl-C does not end the program")
	}
	if err := syscall.Kill(-l.cmd.Process.Pid, 0); err != syscall.ESRCH {
		l.t.Errorf("a process is left behind: %v", err)
	}
	if n := l.binaries(); n > 0 {
		l.t.Errorf("%d folders with binaries are left behind", n)
	}
}

func (l *loop) binaries() int {
	found, err := filepath.Glob(filepath.Join(l.temp, "hipflask-run-*"))
	if err != nil {
		l.t.Fatal(err)
	}
	return len(found)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
