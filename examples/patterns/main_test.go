package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// newTestApp is the site as a test needs it: a folder of its own for uploads,
// and no log.
func newTestApp(t *testing.T) *hipflask.App {
	t.Helper()
	app, err := newApp(map[string]any{
		"SECRET_KEY":    "a key for the tests",
		"UPLOAD_FOLDER": t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	app.Config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	return app
}

// signedIn is a visitor who need not fill in the form first: package login keeps
// who it is under _user_id.
func signedIn(t *testing.T, app *hipflask.App, user string) *hipflasktest.Client {
	t.Helper()
	client := hipflasktest.New(t, app)
	client.SessionTransaction(func(s *hipflask.Session) { s.Set("_user_id", user) })
	return client
}

func TestCheck(t *testing.T) {
	if err := newTestApp(t).Check(); err != nil {
		t.Fatal(err)
	}
}

func TestPages(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	for _, test := range []struct {
		path   string
		status int
		shows  string
	}{
		{"/", 200, "<h1>3 teas</h1>"},
		{"/", 200, `<li class="first">`},
		{"/", 200, "DARJEELING, 6.95 € (new at Tea)"},
		{"/", 200, "<small>malty, strong</small>"},
		{"/", 200, "<small>nothing noted</small>"},
		{"/", 200, `<a href="/" class="active">Teas</a>`},
		{"/news/", 200, `<a href="/">Teas</a>`},
		{"/nowhere", 404, "<h1>Not Found</h1>"},
		{"/app/", 200, `data-notes="/api/notes" data-settings="{&#34;maxLength&#34;:200}"`},
		{"/app/notes/7", 200, "<script"},
		{"/login?next=/staff", 200, `<form method="post">`}, // so it is sent to the address with next
		{"/login", 200, `<input id="name" name="name" type="text" value="" autocomplete="username">`},
		{"/register", 200, `<input id="password" name="password" type="password" value="" required autocomplete="new-password" minlength="8">`},
		{"/reviews", 200, "Nobody has written one yet."},
		{"/teas.csv", 200, "Assam,4.50 €\nDarjeeling,6.95 €\nEarl Grey,5.20 €\n"},
		{"/report", 200, "<p>3 teas, as of "},
		{"/en/hello", 200, `<p>Good morning!</p><a href="/en/bye">`},
		{"/de/hello", 200, `<p>Guten Morgen!</p><a href="/de/bye">`},
		{"/fr/hello", 404, "<h1>Not Found</h1>"},
		{"/news/", 200, `<a href="/news/rain">Rain</a>`},
		{"/news/rain", 200, "All of the tea news"},
		{"/news/snow", 404, "There is no such article."},
		{"/news/a/b", 404, "There is no such article."},
		{"/news/static/news.css", 200, "square"},
		{"/archive/", 200, `<a href="/archive/rain">Rain</a>`},
		{"/archive/", 200, `href="/archive/static/news.css"`},
	} {
		page := client.Get(test.path)
		if page.StatusCode != test.status || !strings.Contains(page.Body, test.shows) {
			t.Errorf("got %s\nwant %d with %q", page, test.status, test.shows)
		}
	}
}

func TestRedirects(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	for path, want := range map[string]string{
		"/favicon.ico":     "/static/favicon.svg",
		"/account/?tab=2":  "/login?next=%2Faccount%2F%3Ftab%3D2",
		"/de/bye":          "/en/hello",
		"/news":            "/news/",
		"/app":             "/app/",
		"/theme/dark":      "/",
		"/uploads?x=1#top": "",
	} {
		if got := client.Get(path).Header.Get("Location"); got != want {
			t.Errorf("%s: got the location %q, want %q", path, got, want)
		}
	}
	if got, _ := client.Cookie("theme"); got != "dark" {
		t.Errorf("got the theme %q, want dark", got)
	}
}

func TestRoles(t *testing.T) {
	app := newTestApp(t)
	for user, want := range map[string]int{"ada": 200, "grace": 403, "deleted": 302, "": 302} {
		if got := signedIn(t, app, user).Get("/staff").StatusCode; got != want {
			t.Errorf("%q: got %d, want %d", user, got, want)
		}
	}
}

func TestBasket(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t)).FollowRedirects()
	for _, test := range []struct {
		path  string
		shows string
		hides string
	}{
		{"/basket/Assam", "Assam is in the basket.", "Nothing yet."},
		{"/basket/Earl%20Grey", "<li>1 Assam</li>\n  \n    <li>1 Earl Grey</li>", "Assam is in the basket."},
		{"/checkout", "Thank you! Ordered: 2", "<li>1 Assam</li>"},
		{"/checkout", "The basket is empty.", "Thank you"},
	} {
		page := client.PostForm(test.path, nil)
		if !strings.Contains(page.Body, test.shows) || strings.Contains(page.Body, test.hides) {
			t.Errorf("got %s\nwant %q and not %q", page, test.shows, test.hides)
		}
	}
	client.SessionTransaction(func(s *hipflask.Session) { s.Set("basket", make([]item, maxItems)) })
	if page := client.PostForm("/basket/Assam", nil); !strings.Contains(page.Body, "The basket is full.") {
		t.Errorf("got %s", page)
	}
}

func TestSecurityHeaders(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	for _, path := range []string{"/", "/nowhere", "/static/style.css", "/teas.csv", "/api/notes"} {
		if got := client.Get(path).Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: got %q", path, got)
		}
	}
}

// TestProgress reads the stream while it is written.
func TestProgress(t *testing.T) {
	defer func(d time.Duration) { stepTime = d }(stepTime)
	stepTime = time.Millisecond
	server := httptest.NewServer(newTestApp(t))
	defer server.Close()
	reply, err := http.Get(server.URL + "/progress")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if string(body) != "25 %\n50 %\n75 %\n100 %\n" || err != nil {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestCountLines(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	big := strings.Repeat("a line of text\n", 2<<20) // 30 MiB, above the site's limit
	reply := client.Do(client.NewRequest("POST", "/count", strings.NewReader(big)))
	if want := `{"lines":2097152}`; strings.TrimSpace(reply.Body) != want {
		t.Errorf("got %s, want %s", reply, want)
	}
	reply = client.Do(client.NewRequest("POST", "/count", strings.NewReader(strings.Repeat("x", 1<<20)+"\nend\n")))
	if want := `{"lines":2}`; strings.TrimSpace(reply.Body) != want {
		t.Errorf("a line of 1 MiB: got %s, want %s", reply, want)
	}
}

func TestCached(t *testing.T) {
	calls := 0
	app := hipflask.New("cached")
	app.Get("/<int:status>", func(c *hipflask.Context) error {
		calls++
		if c.ParamInt("status") == 500 {
			return hipflask.Abort(500)
		}
		return c.Status(c.ParamInt("status")).Text("made")
	}).Wrap(cached(1 << 40))
	client := hipflasktest.New(t, app)
	for _, test := range []struct {
		path  string
		calls int
	}{{"/200", 1}, {"/200", 1}, {"/200?page=2", 2}, {"/201", 3}, {"/201", 4}, {"/500", 5}, {"/500", 6}} {
		page := client.Get(test.path)
		if calls != test.calls || test.path < "/5" && (page.Body != "made" || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/plain")) {
			t.Errorf("got %s\nafter %d calls, want %d", page, calls, test.calls)
		}
	}
}

// TestCachedHeaders: what is kept has its headers, and what depends on the
// visitor or changes something is not kept.
func TestCachedHeaders(t *testing.T) {
	calls := 0
	app := hipflask.New("cached")
	app.Route("/<name>/<value>", func(c *hipflask.Context) error {
		calls++
		c.Header().Set(c.Param("name"), c.Param("value"))
		return c.HTML("%d", calls)
	}, "GET", "POST").Name("page").Wrap(cached(1 << 40))
	client := hipflasktest.New(t, app)
	for _, test := range []struct{ method, path, first, second string }{
		{"GET", "/Cache-Control/private", "1", "1"},
		{"GET", "/Vary/Accept", "2", "3"},
		{"GET", "/Set-Cookie/a=1", "4", "5"},
		{"POST", "/Cache-Control/private", "6", "7"},
		{"GET", "/Cache-Control/private", "1", "1"},
	} {
		for _, want := range []string{test.first, test.second} {
			reply := client.Do(client.NewRequest(test.method, test.path, nil))
			name, value, _ := strings.Cut(test.path[1:], "/")
			if got := reply.Header.Values(name); reply.Body != want || len(got) != 1 || got[0] != value {
				t.Errorf("%s: got %s\nwant the page %s with %q", test.path, reply, want, value)
			}
		}
	}
}

func TestAPI(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))

	reply := client.PostJSON("/api/notes", note{Text: "Buy tea"})
	var made note
	if err := reply.JSON(&made); err != nil || reply.StatusCode != 201 || made != (note{1, "Buy tea"}) {
		t.Errorf("got %s, %+v, %v", reply, made, err)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/notes", "", 200, `{"notes":[{"id":1,"text":"Buy tea"}]}`},
		{"POST", "/api/notes", `{"text":""}`, 422, `{"error":"A note has 1 to 200 bytes."}`},
		{"POST", "/api/notes", `{"text":`, 400, `"error":`},
		{"PUT", "/api/notes", "", 405, `{"error":"405 for /api/notes"}`},
		{"DELETE", "/api/notes/9", "", 404, `{"error":"404 for /api/notes/9"}`},
		{"GET", "/api/other", "", 404, `{"error":"404 for /api/other"}`},
		{"POST", "/api/notes/1?method=delete", "", 204, ""},
		{"POST", "/api/notes/1?method=TRACE", "", 405, `{"error":"405 for /api/notes/1"}`},
	} {
		r := client.NewRequest(test.method, test.path, strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		reply := client.Do(r)
		if reply.StatusCode != test.status || !strings.Contains(reply.Body, test.want) {
			t.Errorf("got %s\nwant %d with %s", reply, test.status, test.want)
		}
	}
}

func TestUpload(t *testing.T) {
	app := newTestApp(t)
	client := hipflasktest.New(t, app).FollowRedirects()
	for _, test := range []struct {
		name, content string
		status        int
		shows         string
	}{
		{"My tea.txt", "green", 200, "My_tea.txt is saved."},
		{"My tea.txt", "black", 200, "There is a file My_tea.txt already."},
		{"page.html", "<script>", 415, "Send one of .txt .pdf .png .jpg."},
		{"page.txt", "<script>", 415, "Send one of"},
		{"../../../.txt", "", 415, "Give the file another name."},
		{"large.txt", strings.Repeat("x", 6<<20), 413, ""},
	} {
		page := client.PostMultipart("/uploads", nil, hipflasktest.File{Field: "photo", Name: test.name, Content: test.content})
		if page.StatusCode != test.status || !strings.Contains(page.Body, test.shows) {
			t.Errorf("%s: got %d\n%s\nwant %d with %q", test.name, page.StatusCode, page, test.status, test.shows)
		}
	}
	file := client.Get("/uploads/My_tea.txt")
	if got := file.Header.Get("Content-Disposition"); file.Body != "green" || got != "attachment; filename=My_tea.txt" {
		t.Errorf("got %s with %q", file, got)
	}
	for _, name := range []string{"other.txt", "..%2fmain.go", ".hidden"} {
		if page := client.Get("/uploads/" + name); page.StatusCode != 404 {
			t.Errorf("got %s, want 404", page)
		}
	}
	if page := client.PostMultipart("/uploads", nil); page.StatusCode != 400 || !strings.Contains(page.Body, "This field is required.") {
		t.Errorf("got %s\nwant 400 without a file", page)
	}
	if entries, _ := os.ReadDir(uploadFolder(app)); len(entries) != 1 {
		t.Errorf("got %v in the folder, want one file", entries)
	}
}

// TestWhatWasRendered asks for the data of a page instead of searching its text.
func TestWhatWasRendered(t *testing.T) {
	app := newTestApp(t)
	var names []string
	t.Cleanup(hipflask.TemplateRendered.Connect(app, func(c *hipflask.Context, r hipflask.Rendering) {
		for _, each := range r.Data["teas"].([]tea) {
			names = append(names, each.Name)
		}
	}))
	hipflasktest.New(t, app).Get("/")
	if want := []string{"Assam", "Darjeeling", "Earl Grey"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestEuro(t *testing.T) {
	for cents, want := range map[int]string{0: "0.00 €", 5: "0.05 €", 450: "4.50 €", 10000: "100.00 €"} {
		if got := euro(cents); got != want {
			t.Errorf("euro(%d): got %q, want %q", cents, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	const file = `{"UPLOAD_FOLDER": "from the file", "PAGE_SIZE": 10, "MAX_CONTENT_LENGTH": 1048576}`
	if err := os.WriteFile("patterns.json", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATTERNS_PAGE_SIZE", "50")
	t.Setenv("PATTERNS_SESSION_COOKIE_SECURE", "on")

	app, err := newApp(map[string]any{"SESSION_COOKIE_NAME": "test"})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"UPLOAD_FOLDER": "from the file", "PAGE_SIZE": 50, "MAX_CONTENT_LENGTH": int64(1 << 20),
		"SESSION_COOKIE_SECURE": true, "SESSION_COOKIE_NAME": "test",
	} {
		if got := app.Config.Get(key); got != want {
			t.Errorf("%s: got %T %v, want %T %v", key, got, got, want, want)
		}
	}
	if app.Config.SecretKey == "" {
		t.Error("no secret key was made up")
	}

	t.Setenv("PATTERNS_MAX_COOKIE_SIZE", "big")
	if _, err := newApp(nil); err == nil || !strings.Contains(err.Error(), "PATTERNS_MAX_COOKIE_SIZE") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
}

func TestTwoApps(t *testing.T) {
	admin := hipflask.New("admin")
	admin.Get("/", func(c *hipflask.Context) error { return c.RedirectTo("users") }).Name("home")
	admin.Get("/users", func(c *hipflask.Context) error { return c.Text("users") }).Name("users")
	site := newSite(newTestApp(t), admin)
	for path, want := range map[string]string{"/": "200 ", "/admin/": "302 /admin/users", "/admin/users": "200 ", "/users": "404 "} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if got := fmt.Sprint(w.Code, " ", w.Header().Get("Location")); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestServer(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(newTestApp(t))
	server.Start()
	defer server.Close()
	reply, err := http.Get(server.URL + "/report")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != 200 {
		t.Errorf("got %s", reply.Status)
	}
}

func TestLogAsJSON(t *testing.T) {
	var log bytes.Buffer
	app := newTestApp(t)
	logAsJSON(app, &log)
	hipflasktest.New(t, app).Get("/nowhere")

	var line struct {
		Msg, App, Method, Path, From string
		Status                       int
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, log.String())
	}
	if line.Msg != "request" || line.App != "patterns" || line.Method != "GET" || line.Path != "/nowhere" || line.Status != 404 || line.From == "" {
		t.Errorf("got %s", log.String())
	}
}

// TestLogBeforeHooks: a reply that came before the hooks has no beginning to
// reckon from, such as the year 1.
func TestLogBeforeHooks(t *testing.T) {
	var log bytes.Buffer
	app := newTestApp(t)
	logAsJSON(app, &log)
	client := hipflasktest.New(t, app)
	r := client.NewRequest("POST", "/login", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if reply := client.Do(r); reply.StatusCode != 403 {
		t.Errorf("got %s, want 403", reply)
	}
	if line := log.String(); !strings.Contains(line, `"status":403`) || !regexp.MustCompile(`"took":"[0-9.]+(ns|µs|ms)"`).MatchString(line) {
		t.Errorf("got %s\nwant the status 403, and less than a second", line)
	}
}
