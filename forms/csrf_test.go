package forms_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

// csrfApp shows a form with a token, takes it, and has routes that are exempt.
func csrfApp(cfg forms.CSRFConfig) (*hipflask.App, *forms.CSRF) {
	app := newApp()
	csrf := forms.NewCSRF(app, cfg)
	fine := func(c *hipflask.Context) error { return c.Text("fine") }
	app.Get("/form", func(c *hipflask.Context) error {
		var in struct{ Name string }
		return c.RenderString("{{.form.HiddenTag}}|{{csrf_token}}", hipflask.Data{"form": forms.New(c, &in)})
	}).Name("form")
	app.Route("/", fine, "GET", "POST", "PUT", "PATCH", "DELETE").Name("index")
	app.Post("/hook", fine).Name("hook")
	app.Post("/manual", func(c *hipflask.Context) error {
		if err := csrf.Protect(c); err != nil {
			return err
		}
		return c.Text("fine")
	}).Name("manual")
	bp := hipflask.NewBlueprint("api", "/api")
	bp.Post("/", fine).Name("post")
	app.Register(bp)
	csrf.Exempt("hook").ExemptBlueprint("api")
	return app, csrf
}

var tokenTag = regexp.MustCompile(`^<input type="hidden" name="csrf_token" value="([\w-]+)">\n\|([\w-]+)$`)

func tokenOf(t *testing.T, client *hipflasktest.Client) string {
	t.Helper()
	page := client.Get("/form")
	m := tokenTag.FindStringSubmatch(page.Body)
	if m == nil || m[1] != m[2] {
		t.Fatalf("got %s, want one token twice", page)
	}
	return m[1]
}

// TestCSRF: what is refused, with Flask-WTF's words, and what is not.
func TestCSRF(t *testing.T) {
	app, _ := csrfApp(forms.CSRFConfig{})
	client := hipflasktest.New(t, app)
	if page := client.PostForm("/", url.Values{"csrf_token": {"x"}}); page.StatusCode != 400 || !strings.Contains(page.Body, "The CSRF session token is missing.") {
		t.Errorf("got %s", page)
	}
	token := tokenOf(t, client)
	other := tokenOf(t, hipflasktest.New(t, app))
	flipped := []byte(token)
	if flipped[20] != 'A' {
		flipped[20] = 'A'
	} else {
		flipped[20] = 'B'
	}
	for _, test := range []struct{ method, path, field, header, want string }{
		{"POST", "/", "", "", "The CSRF token is missing."},
		{"PUT", "/", "", "", "The CSRF token is missing."},
		{"PATCH", "/", "", "", "The CSRF token is missing."},
		{"DELETE", "/", "", "", "The CSRF token is missing."},
		{"GET", "/", "", "", "fine"},
		{"POST", "/", token, "", "fine"},
		{"POST", "/", "", token, "fine"},
		{"DELETE", "/", "", token, "fine"},
		{"POST", "/", token, "bad", "The CSRF token is invalid."},
		{"POST", "/", "bad", "", "The CSRF token is invalid."},
		{"POST", "/", token + "AAAA", "", "The CSRF token is invalid."},
		{"POST", "/", strings.Repeat("A", 100_000), "", "The CSRF token is invalid."},
		{"POST", "/", other, "", "The CSRF tokens do not match."},
		{"POST", "/", string(flipped), "", "The CSRF tokens do not match."},
		{"POST", "/hook", "", "", "fine"},
		{"POST", "/api/", "", "", "fine"},
		{"POST", "/nowhere", "", "", "Not Found"},
	} {
		r := client.NewRequest(test.method, test.path, strings.NewReader(url.Values{"csrf_token": {test.field}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if test.header != "" {
			r.Header.Set("X-Csrf-Token", test.header)
		}
		page := client.Do(r)
		if !strings.Contains(page.Body, test.want) || strings.HasPrefix(test.want, "The") != (page.StatusCode == 400) {
			t.Errorf("%v: got %s", test, page)
		}
	}
}

// TestCSRFTime: a token ends after a while, here an hour, or as the config says.
func TestCSRFTime(t *testing.T) {
	for _, test := range []struct {
		limit, age time.Duration
		want       string
	}{
		{0, 59 * time.Minute, "fine"},
		{0, 61 * time.Minute, "The CSRF token has expired."},
		{time.Minute, 2 * time.Minute, "The CSRF token has expired."},
		{-1, 1000 * time.Hour, "fine"},
	} {
		app, csrf := csrfApp(forms.CSRFConfig{TimeLimit: test.limit})
		client := hipflasktest.New(t, app)
		token := tokenOf(t, client)
		csrf.SetClock(func() time.Time { return time.Now().Add(test.age) })
		if page := client.PostForm("/", url.Values{"csrf_token": {token}}); !strings.Contains(page.Body, test.want) {
			t.Errorf("%v: got %s", test, page)
		}
	}
}

// TestCSRFKeys: a token of an old key is good while that is a fallback; without a key
// there are no tokens.
func TestCSRFKeys(t *testing.T) {
	app, _ := csrfApp(forms.CSRFConfig{})
	client := hipflasktest.New(t, app)
	token := tokenOf(t, client)
	app.Config.SecretKey, app.Config.SecretKeyFallbacks = "another key that everybody may know", []string{app.Config.SecretKey}
	restarted := func(fallbacks []string) *hipflasktest.Client {
		next, _ := csrfApp(forms.CSRFConfig{})
		next.Config.SecretKey, next.Config.SecretKeyFallbacks = app.Config.SecretKey, fallbacks
		visitor := hipflasktest.New(t, next)
		session, _ := client.Cookie("session")
		visitor.SetCookie(&http.Cookie{Name: "session", Value: session})
		return visitor
	}
	if page := restarted(app.Config.SecretKeyFallbacks).PostForm("/", url.Values{"csrf_token": {token}}); page.Body != "fine" {
		t.Errorf("got %s", page)
	}
	if page := restarted(nil).PostForm("/", url.Values{"csrf_token": {token}}); page.StatusCode != 400 {
		t.Errorf("got %s, want a 400", page)
	}
	keyless, _ := csrfApp(forms.CSRFConfig{})
	keyless.Config.SecretKey = ""
	if page := hipflasktest.New(t, keyless).Get("/form"); page.StatusCode != 500 {
		t.Errorf("got %s, want a 500", page)
	}
}

// TestCSRFOff: by the config, and by Flask-WTF's key.
func TestCSRFOff(t *testing.T) {
	for name, off := range map[string]func() *hipflask.App{
		"Disabled": func() *hipflask.App { app, _ := csrfApp(forms.CSRFConfig{Disabled: true}); return app },
		"key": func() *hipflask.App {
			app, _ := csrfApp(forms.CSRFConfig{})
			app.Config.Set("WTF_CSRF_ENABLED", false)
			return app
		},
		"Manual": func() *hipflask.App { app, _ := csrfApp(forms.CSRFConfig{Manual: true}); return app },
	} {
		if page := hipflasktest.New(t, off()).PostForm("/", nil); page.Body != "fine" {
			t.Errorf("%s: got %s", name, page)
		}
	}
	app, _ := csrfApp(forms.CSRFConfig{Manual: true})
	if page := hipflasktest.New(t, app).PostForm("/manual", nil); page.StatusCode != 400 {
		t.Errorf("got %s, want a 400", page)
	}
}

// TestCSRFNames: another field and another header.
func TestCSRFNames(t *testing.T) {
	app := newApp()
	forms.Setup(app, forms.Config{CSRF: &forms.CSRFConfig{FieldName: "_token", Headers: []string{"X-Token"}}})
	app.Route("/", func(c *hipflask.Context) error {
		token, err := forms.CSRFToken(c)
		if err != nil {
			return err
		}
		return c.JSON(hipflask.Data{"token": token})
	}, "GET", "POST").Name("index")
	client := hipflasktest.New(t, app)
	var got struct{ Token string }
	if err := json.Unmarshal([]byte(client.Get("/").Body), &got); err != nil {
		t.Fatal(err)
	}
	if page := client.PostForm("/", url.Values{"_token": {got.Token}}); page.StatusCode != 200 {
		t.Errorf("got %s", page)
	}
	for header, status := range map[string]int{"X-Token": 200, "X-CSRFToken": 400} {
		r := client.NewRequest("POST", "/", nil)
		r.Header.Set(header, got.Token)
		if page := client.Do(r); page.StatusCode != status {
			t.Errorf("%s: got %s, want %d", header, page, status)
		}
	}
}

// TestCSRFError: a page of one's own for a token that was refused.
func TestCSRFError(t *testing.T) {
	app, _ := csrfApp(forms.CSRFConfig{})
	hipflask.OnError(app, func(c *hipflask.Context, err *forms.CSRFError) error {
		return c.Text("Again, please: " + err.Reason)
	})
	page := hipflasktest.New(t, app).PostForm("/", nil)
	if page.StatusCode != 400 || page.Body != "Again, please: The CSRF token is missing." {
		t.Errorf("got %s", page)
	}
}

// TestCSRFTokenWithout: an App without tokens has none to give, and none in its forms.
func TestCSRFTokenWithout(t *testing.T) {
	app := newApp()
	app.Get("/", func(c *hipflask.Context) error {
		var in struct{ Name string }
		tag, err := forms.New(c, &in).HiddenTag()
		_, none := forms.CSRFToken(c)
		return c.Text(fmt.Sprint(tag, err, none))
	}).Name("index")
	if got := hipflasktest.New(t, app).Get("/").Body; got != "<nil> forms: CSRFToken: the App has no tokens; call NewCSRF" {
		t.Errorf("got %s", got)
	}
}

// TestCrossOrigin: with or without tokens, the App refuses a form of another site, even
// one with a good token, and the struct is not filled.
func TestCrossOrigin(t *testing.T) {
	for name, cfg := range map[string]forms.Config{"without": {}, "with": {CSRF: &forms.CSRFConfig{}}} {
		app := newApp()
		forms.Setup(app, cfg)
		var in struct{ Name string }
		app.Route("/", func(c *hipflask.Context) error {
			in.Name = "nobody"
			form := forms.New(c, &in)
			if form.ValidateOnSubmit() {
				return c.Text("took " + in.Name)
			}
			return c.RenderString("{{.form.HiddenTag}}", hipflask.Data{"form": form})
		}, "GET", "POST").Name("index")
		client := hipflasktest.New(t, app)
		sent := url.Values{"name": {"ada"}}
		if m := regexp.MustCompile(`value="([^"]+)"`).FindStringSubmatch(client.Get("/").Body); m != nil {
			sent.Set("csrf_token", m[1])
		}
		for _, test := range []struct {
			origin string
			status int
			name   string
		}{{"https://evil.example", 403, "nobody"}, {"null", 403, "nobody"}, {"http://localhost", 200, "ada"}} {
			in.Name = "nobody"
			r := client.NewRequest("POST", "/", strings.NewReader(sent.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", test.origin)
			if page := client.Do(r); page.StatusCode != test.status || in.Name != test.name {
				t.Errorf("%s, from %s: got %s and the name %q, want %d and %q", name, test.origin, page, in.Name, test.status, test.name)
			}
		}
	}
}

// TestCSRFCurrentKey: fallbacks after the key that signed do not spoil its token.
func TestCSRFCurrentKey(t *testing.T) {
	app, _ := csrfApp(forms.CSRFConfig{})
	app.Config.SecretKeyFallbacks = []string{"an older key that everybody may know", "one that is older still, and known too"}
	client := hipflasktest.New(t, app)
	if page := client.PostForm("/", url.Values{"csrf_token": {tokenOf(t, client)}}); page.Body != "fine" {
		t.Errorf("got %s", page)
	}
}

// TestCSRFHeaders: the first of the headers that has a token counts.
func TestCSRFHeaders(t *testing.T) {
	app, _ := csrfApp(forms.CSRFConfig{})
	client := hipflasktest.New(t, app)
	token := tokenOf(t, client)
	for _, test := range []struct {
		first, second string
		status        int
	}{{token, "bad", 200}, {"bad", token, 400}, {"", token, 200}} {
		r := client.NewRequest("POST", "/", nil)
		r.Header.Set("X-CSRFToken", test.first)
		r.Header.Set("X-CSRF-Token", test.second)
		if page := client.Do(r); page.StatusCode != test.status {
			t.Errorf("%q, %q: got %s, want %d", test.first, test.second, page, test.status)
		}
	}
}

// TestExemptUnknown: the log has what is exempt and not there, once.
func TestExemptUnknown(t *testing.T) {
	app, csrf := csrfApp(forms.CSRFConfig{})
	var log strings.Builder
	app.Config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	csrf.Exempt("hok", "api.post").ExemptBlueprint("apj")
	client := hipflasktest.New(t, app)
	client.Get("/")
	client.Get("/")
	for _, want := range []string{`msg="forms: Exempt: no route has this endpoint" endpoint=hok`,
		`msg="forms: ExemptBlueprint: no blueprint with routes has this name" blueprint=apj`} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("got %s, want once %s", log.String(), want)
		}
	}
	if n := strings.Count(log.String(), "msg=\"forms: "); n != 2 {
		t.Errorf("got %d lines, want 2: %s", n, log.String())
	}
}
