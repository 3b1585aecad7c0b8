// Package browser tries the examples as a visitor does: it starts their
// programs and drives a headless Chromium through them.
//
// The tests need a Chromium or Chrome on the PATH and skip without one.
// -screenshots FOLDER keeps pictures of the pages there.
package browser

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "the folder to keep pictures of the pages in")

// patience is how long a page or a program may take. A busy machine is slow.
const patience = 60 * time.Second

// program builds the example in folder and runs it until the test ends, with
// env added to its environment. It returns the address of its pages. Commands
// are run before it serves, as in "init-db".
func program(t *testing.T, folder string, env []string, commands ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program and drives a browser through it; not with -short")
	}
	browser(t) // before anything is built
	binary := filepath.Join(t.TempDir(), filepath.Base(folder))
	run(t, folder, nil, "go", "build", "-o", binary, ".")
	for _, command := range commands {
		run(t, folder, env, binary, command)
	}

	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	server := exec.Command(binary)
	server.Dir = folder
	server.Env = append(append(os.Environ(), env...), "HIPFLASK_RUN_HOST="+host, "HIPFLASK_RUN_PORT="+port)
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		if err := server.Wait(); err != nil {
			t.Errorf("%s ended with %v:\n%s", folder, err, log.Bytes())
		}
	})

	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/")
		if err == nil {
			resp.Body.Close()
			return "http://" + address
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not answer: %v", folder, err)
		}
	}
}

func run(t *testing.T, folder string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// visitor is a person at a browser with no cookies yet. What does not work ends
// the test.
type visitor struct {
	t    *testing.T
	ctx  context.Context
	base string
}

// browser returns the path of a Chromium, or skips the test.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium or Chrome on the PATH; Debian's package is chromium")
	return ""
}

// newVisitor opens a browser whose window is of a desk's width. The visitor
// says yes to what a page asks for in a dialog.
func newVisitor(t *testing.T, base string) *visitor {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser(t)), chromedp.WindowSize(1000, 800))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox refuses root
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(cancel)
	dialogs := chromedp.Events(ctx, page.JavascriptDialogOpening)
	go func() {
		for range dialogs {
			chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	}()
	return &visitor{t, ctx, base}
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.t.Fatalf("%v\nThe page was:\n%s", err, v.text())
	}
}

// open goes to a path.
func (v *visitor) open(path string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.base + path))
}

// fill types text into the field of that name, in the place of what is there.
func (v *visitor) fill(name, text string) {
	v.t.Helper()
	field := chromedp.CSS(`[name="` + name + `"]`)
	v.do(chromedp.Focus(field))
	if _, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool]("document.activeElement.select(), true")); err != nil {
		v.t.Fatal(err)
	}
	v.do(chromedp.SendKeys(field, text))
}

// press presses the button with that text, follow follows the link, and both
// wait for the page that it leads to.
func (v *visitor) press(text string) {
	v.t.Helper()
	v.click(`//button[normalize-space()="` + text + `"] | //input[@type="submit" and @value="` + text + `"]`)
}

func (v *visitor) follow(text string) {
	v.t.Helper()
	v.click(`//a[normalize-space()="` + text + `"]`)
}

func (v *visitor) click(xpath string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(xpath)); err != nil {
		v.t.Fatalf("clicking %s: %v\nThe page was:\n%s", xpath, err, v.text())
	}
}

// text is what the page shows.
func (v *visitor) text() string {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return text
}

// sees and seesNot look for words on the page, at looks at its path.
func (v *visitor) sees(words ...string) {
	v.t.Helper()
	page := v.text()
	for _, word := range words {
		if !strings.Contains(page, word) {
			v.t.Fatalf("got the page\n%s\nwant %q on it", page, word)
		}
	}
}

func (v *visitor) seesNot(words ...string) {
	v.t.Helper()
	page := v.text()
	for _, word := range words {
		if strings.Contains(page, word) {
			v.t.Fatalf("got the page\n%s\nwant no %q on it", page, word)
		}
	}
}

func (v *visitor) at(path string) {
	v.t.Helper()
	url, err := chromedp.Run(v.ctx, chromedp.Location())
	if err != nil {
		v.t.Fatal(err)
	}
	if got := strings.TrimPrefix(url, v.base); got != path {
		v.t.Fatalf("got to %s, want %s", got, path)
	}
}

// js runs a script in the page, which must find what it looks for: it is true.
func (v *visitor) js(script string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); err != nil || !found {
		v.t.Fatalf("%s\ngot %t, %v, want true\nThe page was:\n%s", script, found, err, v.text())
	}
}

// fits holds the page against the width of a desk's screen and of a phone's:
// nothing of it may lie outside. With -screenshots it keeps both pictures.
func (v *visitor) fits(name string) {
	v.t.Helper()
	for _, screen := range []struct {
		suffix        string
		width, height int64
	}{{"", 1000, 700}, {"-phone", 390, 780}} {
		v.do(chromedp.EmulateViewport(screen.width, screen.height))
		content, err := chromedp.Run(v.ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
		if err != nil {
			v.t.Fatal(err)
		}
		picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			v.t.Fatal(err)
		}
		if content > screen.width {
			v.t.Errorf("%s%s: the page is %d pixels wide, the screen %d", name, screen.suffix, content, screen.width)
		}
		if *screenshots == "" {
			continue
		}
		if err := os.MkdirAll(*screenshots, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			v.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*screenshots, name+screen.suffix+".png"), picture, 0o644); err != nil {
			v.t.Fatal(err)
		}
	}
	v.do(chromedp.EmulateViewport(1000, 800))
}
