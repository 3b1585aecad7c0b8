package hipflask

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/internal/devloop"
)

func TestReloadingFromEnv(t *testing.T) {
	for text, want := range map[string]string{"": "nil", "1": "true", "off": "false", "perhaps": "nil"} {
		t.Setenv("HIPFLASK_RUN_RELOAD", text)
		got := "nil"
		if r := reloadingFromEnv().reload; r != nil {
			got = map[bool]string{true: "true", false: "false"}[*r]
		}
		if got != want {
			t.Errorf("HIPFLASK_RUN_RELOAD=%s: got %s, want %s", text, got, want)
		}
	}
	t.Setenv("HIPFLASK_RUN_EXTRA_FILES", strings.Join([]string{"a.toml", "", "b"}, string(filepath.ListSeparator)))
	if got := reloadingFromEnv().extra; !slices.Equal(got, []string{"a.toml", "b"}) {
		t.Errorf("got the extra files %q", got)
	}
}

// TestReloadInDebugOnly: the App itself adds nothing to a page, in debug mode or
// not; only what Run serves does.
func TestReloadInDebugOnly(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.Debug = true
	ran := 0
	app.BeforeRequest(func(*Context) error { ran++; return nil })
	app.Get("/", func(c *Context) error { return c.HTML("<p>hello") }).Name("index")
	if w := ask(app, "GET", "/", "Accept", "text/html"); w.Body.String() != "<p>hello" {
		t.Errorf("the App alone answers %q", w.Body)
	}
	served := app.withReload(t.Context())
	if w := ask(served, "GET", "/", "Accept", "text/html"); !strings.HasPrefix(w.Body.String(), "<p>hello<script src=") {
		t.Errorf("what Run serves answers %q", w.Body)
	}
	ran = 0
	if w := ask(served, "GET", "/__hipflask__/reload.js"); w.Code != 200 || !strings.Contains(w.Body.String(), "EventSource") || ran != 0 {
		t.Errorf("got %d and %q, and %d hooks ran", w.Code, w.Body, ran)
	}
}

// TestRunReloadsInDebugOnly: no page of a Run without Debug has the script, and the
// script is not there to be asked for.
func TestRunReloadsInDebugOnly(t *testing.T) {
	for _, debug := range []bool{true, false} {
		app := newCommandApp(t)
		app.Config.Debug = debug
		app.Get("/page", func(c *Context) error { return c.HTML("<p>hello") }).Name("page")
		lines, rest, stop := start(t, app, "run", "--port", "0")
		base := listensOn(t, lines)
		go func() { // a line for each request
			for rest.Scan() {
			}
		}()
		for path, want := range map[string]string{"/page": "<p>hello<script src=", "/__hipflask__/reload.js": "EventSource"} {
			req, err := http.NewRequest("GET", base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept", "text/html")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || strings.Contains(string(body), want) != debug {
				t.Errorf("debug %t: %s: got %v and %q", debug, path, err, body)
			}
		}
		stop()
	}
}

// TestLoopTellsThisMachineOnly: what the compiler says shows source.
func TestLoopTellsThisMachineOnly(t *testing.T) {
	app, _ := newTestApp(t)
	local := app.loopOptions(serving{}, nil, nil).Local
	if local == nil {
		t.Fatal("there is no Local")
	}
	for from, want := range map[string]bool{"127.0.0.1:9": true, "192.0.2.7:9": false} {
		r := httptest.NewRequest("GET", "http://localhost:5000/", nil)
		r.RemoteAddr = from
		if got := local(r); got != want {
			t.Errorf("%s: got %t, want %t", from, got, want)
		}
	}
}

// TestLoopWarnsOfKey: with HIPFLASK_RUN_RELOAD=1 and no Debug strangers may come.
func TestLoopWarnsOfKey(t *testing.T) {
	app, log := newTestApp(t)
	app.Config.SecretKey = "short"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := app.supervise(ctx, serving{address: "127.0.0.1:0", stderr: io.Discard}, &devloop.Program{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "short enough to be guessed") {
		t.Errorf("the log has no warning of the key: %s", log)
	}
}
