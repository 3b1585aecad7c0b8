package main

import (
	"bytes"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// TestMain runs the tests with a key, so that none of them warns.
func TestMain(m *testing.M) {
	os.Setenv("SECRET_KEY", "a key for the tests")
	m.Run()
}

func TestCheck(t *testing.T) {
	if err := newApp().Check(); err != nil {
		t.Fatal(err)
	}
}

// TestTutorial walks through the tutorial as one visitor.
func TestTutorial(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	for _, step := range []struct {
		request  string
		status   int
		location string
		shows    string
		cookie   bool   // the reply sets it
		session  string // its keys afterwards
	}{
		{"GET /greet", 200, "", "Hello, stranger!", false, ""},
		{"GET /set", 302, "/greet", "", true, "name"},
		{"GET /greet", 200, "", "Hello, Ada!", false, "name"},
		{"GET /old-home", 302, "/greet", "", false, "name"},
		{"POST /save", 302, "/note", "", true, "_flashes name"},
		{"GET /note", 200, "", "Note saved.", true, "name"},
		{"GET /note", 200, "", "<h1>Note</h1>", false, "name"},
		{"GET /save", 405, "", "", false, "name"},
		{"GET /greet", 200, "", "Hello, Ada!", false, "name"},
	} {
		method, path, _ := strings.Cut(step.request, " ")
		page := visitor.Do(visitor.NewRequest(method, path, nil))
		cookie := len(page.Cookies()) > 0
		if page.StatusCode != step.status || page.Header.Get("Location") != step.location ||
			!strings.Contains(page.Body, step.shows) || cookie != step.cookie {
			t.Errorf("got %s\nwith cookies %v; want %d %s showing %q, a cookie: %t",
				page, page.Cookies(), step.status, step.location, step.shows, step.cookie)
		}
		var keys []string
		visitor.SessionTransaction(func(s *hipflask.Session) { keys = s.Keys() })
		if got := strings.Join(keys, " "); got != step.session {
			t.Errorf("%s left the session keys %q, want %q", step.request, got, step.session)
		}
	}
}

func TestNoteIsSaidOnce(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	first := visitor.FollowRedirects().PostForm("/save", nil)
	second := visitor.Get("/note")
	if n := strings.Count(first.Body, "Note saved."); n != 1 || len(first.History) != 1 {
		t.Errorf("got %s\nwant it to say once that the note is saved, behind one redirect", first)
	}
	if strings.Contains(second.Body, "Note saved.") {
		t.Errorf("got %s\nwant the message gone", second)
	}
}

func TestVary(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	for path, want := range map[string]string{"/greet": "Cookie", "/set": "Cookie", "/note": "Cookie", "/old-home": ""} {
		if got := visitor.Get(path).Header.Get("Vary"); got != want {
			t.Errorf("Vary of %s: got %q, want %q", path, got, want)
		}
	}
}

func TestOtherVisitorsStayStrangers(t *testing.T) {
	app := newApp()
	hipflasktest.New(t, app).Get("/set")
	if page := hipflasktest.New(t, app).Get("/greet"); !strings.Contains(page.Body, "Hello, stranger!") {
		t.Errorf("got %s", page)
	}
}

func TestNameIsEscaped(t *testing.T) {
	visitor := hipflasktest.New(t, newApp())
	visitor.SessionTransaction(func(s *hipflask.Session) { s.Set("name", "<b>Ada</b>") })
	if page := visitor.Get("/greet"); !strings.Contains(page.Body, "Hello, &lt;b&gt;Ada&lt;/b&gt;!") {
		t.Errorf("got %s", page)
	}
}

func TestSecretKey(t *testing.T) {
	example, err := os.ReadFile(".env.example")
	if err != nil {
		t.Fatal(err)
	}
	const fallback = "dev-only-change-me"
	for _, test := range []struct {
		what        string
		environment string
		dotEnv      string
		want        string
	}{
		{"nothing set", "", "", fallback},
		{"from .env", "", "SECRET_KEY=from the file\n", "from the file"},
		{".env.example, copied", "", string(example), "replace-this-with-a-long-random-string"},
		{"from the environment", "from outside", "", "from outside"},
		{"the environment wins", "from outside", "SECRET_KEY=from the file\n", "from outside"},
		{"an .env without a key", "", "OTHER=1\n", fallback},
		{"a number is a key too", "", "SECRET_KEY=0815\n", "0815"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("SECRET_KEY", test.environment)
			t.Setenv("OTHER", "") // restored afterwards
			if test.environment == "" {
				os.Unsetenv("SECRET_KEY")
			}
			if test.dotEnv != "" {
				if err := os.WriteFile(".env", []byte(test.dotEnv), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var logged bytes.Buffer
			log.SetOutput(&logged)
			defer log.SetOutput(os.Stderr)

			app := newApp()
			if got := app.Config.SecretKey; got != test.want {
				t.Errorf("got the key %q, want %q", got, test.want)
			}
			warned := strings.Contains(logged.String(), "SECRET_KEY is not set")
			if want := test.want == fallback; warned != want {
				t.Errorf("warned %t, want %t; the log says %q", warned, want, logged.String())
			}
		})
	}
}
