package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

const key = "a key that both applications have"

func newTestApp(old string) *hipflask.App {
	app := newApp(old)
	app.Config.SecretKey = key
	return app
}

func TestCheck(t *testing.T) {
	if err := newTestApp("http://127.0.0.1:8000").Check(); err != nil {
		t.Fatal(err)
	}
}

// TestMove walks through both applications as one visitor.
func TestMove(t *testing.T) {
	address, stop := startFlask(t)
	visitor := hipflasktest.New(t, newTestApp(address)).FollowRedirects()
	login := func(password string) url.Values { return url.Values{"name": {"ann"}, "password": {password}} }

	for _, step := range []struct {
		request string
		form    url.Values
		status  int
		by      string // who answers in the end
		shows   []string
	}{
		{"GET /", nil, 200, "Flask", []string{"<h1>Guest book</h1>", "Log in"}},
		{"GET /profile", nil, 200, "Flask", []string{"<h1>Log in</h1>", "Log in to see your name."}}, // flashed in Go
		{"POST /login", login("wrong"), 200, "Flask", []string{"Wrong name or password."}},
		{"POST /login", login("correct horse"), 200, "Flask", []string{"You are logged in.", "<h1>Guest book</h1>"}},
		{"GET /profile", nil, 200, "Go", []string{"<h1>Your name, ann</h1>"}},                                                      // signed in by Flask
		{"POST /sign", url.Values{"text": {"Hello"}}, 200, "Go", []string{"<h1>Your name, ann</h1>", "Thank you for your entry."}}, // flashed in Flask
		{"POST /profile", url.Values{"nickname": {"Ann, née <b>"}}, 200, "Flask", []string{"You are Ann, née &lt;b&gt; now.", "<strong>ann:</strong> Hello"}},
		{"POST /sign", url.Values{"text": {"Hello again"}}, 200, "Go", []string{"Your name, Ann, née &lt;b&gt;"}},
		{"GET /", nil, 200, "Flask", []string{"<strong>Ann, née &lt;b&gt;:</strong> Hello again"}},
		{"GET /static/style.css", nil, 200, "Go", []string{".flash"}},
		{"GET /static/moved-later.css", nil, 404, "Flask", []string{"Not Found"}}, // a file that Go does not have
		{"GET /nowhere", nil, 404, "Flask", []string{"Not Found"}},
		{"POST /nowhere", nil, 404, "Flask", []string{"Not Found"}},
		{"DELETE /profile", nil, 404, "Flask", []string{"Not Found"}}, // Go has no DELETE; Flask has the rule for URLs only
		{"POST /logout", nil, 200, "Flask", []string{"You are logged out."}},
		{"GET /profile", nil, 200, "Flask", []string{"<h1>Log in</h1>"}}, // signed out in Go as well
		{"POST /login", login("correct horse"), 200, "Flask", []string{"You are logged in."}},
		{"stop", nil, 0, "", nil},
		{"GET /", nil, 502, "Go", []string{"<h1>Closed for a moment</h1>", ">ann</a>"}},
		{"GET /profile", nil, 200, "Go", []string{"<h1>Your name, ann</h1>"}},
		{"GET /static/style.css", nil, 200, "Go", []string{".flash"}},
		{"POST /logout", nil, 502, "Go", []string{"<h1>Closed for a moment</h1>"}},
		{"GET /profile", nil, 200, "Go", []string{"<h1>Your name, ann</h1>"}},
	} {
		if step.request == "stop" {
			stop()
			continue
		}
		method, path, _ := strings.Cut(step.request, " ")
		r := visitor.NewRequest(method, path, strings.NewReader(step.form.Encode()))
		if step.form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		page := visitor.Do(r)
		by := "Go"
		if strings.Contains(page.Header.Get("Server"), "Werkzeug") {
			by = "Flask"
		}
		if page.StatusCode != step.status || by != step.by {
			t.Errorf("%s: got %d by %s, want %d by %s:\n%s", step.request, page.StatusCode, by, step.status, step.by, page)
		}
		for _, text := range step.shows {
			if !strings.Contains(page.Body, text) {
				t.Errorf("%s: got\n%s\nwhich does not show %q", step.request, page, text)
			}
		}
	}
}

// startFlask runs the old application on a free port, and returns its address
// and what stops it.
func startFlask(t *testing.T) (address string, stop func()) {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import flask").CombinedOutput(); err != nil {
		t.Skipf("needs python3 with Flask for the old application: %v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()

	var log strings.Builder
	flask := exec.Command("python3", "-m", "flask", "--app", "old/app.py", "run", "--port", fmt.Sprint(port))
	flask.Env = append(os.Environ(), "SECRET_KEY="+key, "PYTHONDONTWRITEBYTECODE=1")
	flask.Stdout, flask.Stderr = &log, &log
	if err := flask.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- flask.Wait() }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			flask.Process.Kill()
			<-ended
		}
	}
	t.Cleanup(stop)

	address = fmt.Sprintf("http://127.0.0.1:%d", port)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		res, err := http.Get(address + "/login")
		if err == nil {
			res.Body.Close()
			return address, stop
		}
		select {
		case err := <-ended:
			stopped = true
			t.Fatalf("Flask ended: %v\n%s", err, log.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatal("Flask does not answer")
		}
	}
}
