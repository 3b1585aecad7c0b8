package hipflask

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
