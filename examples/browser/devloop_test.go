//go:build unix

package browser

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReloads: a page that stays open shows each edit of the program, and what
// the compiler says, without being touched.
func TestReloads(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program and drives a browser through it; not with -short")
	}
	browser(t)
	dir := developed(t)
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HIPFLASK_DEBUG=1", "HIPFLASK_RUN_HOST="+host, "HIPFLASK_RUN_PORT="+port, "GOFLAGS=-mod=mod", "GOWORK=off", "PWD="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		_ = cmd.Wait() // go run says 1 after Ctrl-C
	})
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/")
		if err == nil {
			resp.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the program does not answer: %v", err)
		}
	}

	v := newVisitor(t, "http://"+address)
	v.open("/")
	v.comesToSee("hello one")
	main := filepath.Join(dir, "main.go")
	edit(t, main, "one", "two")
	v.comesToSee("hello two")
	edit(t, main, `"two"`, `two`)
	v.comesToSee("undefined: two")
	v.fits("compile-error")
	edit(t, main, `two`, `"three"`)
	v.comesToSee("hello three")
	edit(t, filepath.Join(dir, "templates", "index.html"), "hello", "goodbye")
	v.comesToSee("goodbye three")
}

// comesToSee waits until the page shows words, and does nothing for it.
func (v *visitor) comesToSee(words string) {
	v.t.Helper()
	var page string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if page = v.text(); strings.Contains(page, words) {
			return
		}
	}
	v.t.Fatalf("the page does not come to show %q; it is\n%s", words, page)
}

// developed is the folder of a small program of its own module.
func developed(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/developed\n\ngo 1.26\n\nrequire github.com/hipflask/hipflask v0.0.0\n\n" +
			"replace github.com/hipflask/hipflask => " + repository + "\n",
		"templates/index.html": "<!doctype html>\n<title>Developed</title>\n<p>hello {{.word}}</p>\n",
		"main.go": `package main

import (
	"log"

	"github.com/hipflask/hipflask"
)

func main() {
	app := hipflask.New("developed")
	app.Get("/", index)
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

func index(c *hipflask.Context) error {
	return c.Render("index.html", hipflask.Data{"word": "one"})
}
`,
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, []string{"GOWORK=off", "PWD=" + dir}, "go", "mod", "tidy")
	return dir
}

func edit(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}
