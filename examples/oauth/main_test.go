package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
	"golang.org/x/oauth2"
)

// world is the program, its provider and a visitor of both.
type world struct {
	*testing.T
	p       *provider
	visitor *hipflasktest.Client // of the program
	there   *hipflasktest.Client // of the provider
	later   atomic.Int64         // by how much the provider's clock is ahead
}

func newWorld(t *testing.T) *world {
	p := newProvider()
	w := &world{T: t, p: p}
	p.now = func() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }
	providerApp := p.app()
	server := httptest.NewServer(providerApp)
	t.Cleanup(server.Close)
	app := newApp(p.client(server.URL), "a key for the tests, which is long")
	for _, app := range []*hipflask.App{app, providerApp} {
		if err := app.Check(); err != nil {
			t.Fatal(err)
		}
	}
	w.visitor, w.there = hipflasktest.New(t, app), hipflasktest.New(t, providerApp)
	return w
}

// begin begins a sign-in and returns the address at the provider.
func (w *world) begin(next string) *url.URL {
	w.Helper()
	return w.location(w.visitor.PostForm("/sign-in", url.Values{"next": {next}}))
}

// consent answers the provider's question and returns the way back.
func (w *world) consent(at *url.URL, user string) *url.URL {
	w.Helper()
	return w.location(w.there.PostForm(at.RequestURI(), url.Values{"user": {user}}))
}

func (w *world) location(r *hipflasktest.Response) *url.URL {
	w.Helper()
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.StatusCode != 302 {
		w.Fatalf("got %s, want a redirect", r)
	}
	return u
}

func (w *world) signIn() {
	w.Helper()
	back := w.consent(w.begin(""), "ada")
	if got := w.location(w.visitor.Get(back.RequestURI())).String(); got != "/profile" {
		w.Fatalf("signed in, got to %s", got)
	}
}

func (w *world) shows(r *hipflasktest.Response, text string) {
	w.Helper()
	if !strings.Contains(r.Body, text) {
		w.Errorf("got %s\nwant %q in it", r, text)
	}
}

func TestSignInAndOut(t *testing.T) {
	w := newWorld(t)
	w.shows(w.visitor.FollowRedirects().Get("/profile"), "Please sign in first.")
	w.shows(w.there.Get(w.begin("").RequestURI()), "Allow as Ada")
	w.signIn()
	w.shows(w.visitor.Get("/profile"), "Ada Lovelace")
	w.visitor.SessionTransaction(func(s *hipflask.Session) {
		var token oauth2.Token
		if !s.Get("token", &token) || s.Has("pending") {
			t.Errorf("the session has %q, want a token and nothing pending", s.Keys())
		}
		if cookie, _ := w.visitor.Cookie("session"); strings.Contains(cookie, token.AccessToken) {
			t.Error("the token can be read in the cookie")
		}
	})
	w.shows(w.visitor.FollowRedirects().PostForm("/sign-out", nil), "You are signed out.")
	if got := w.visitor.Get("/profile"); got.StatusCode != 302 {
		t.Errorf("signed out, got %s", got)
	}
}

func TestNextStaysHere(t *testing.T) {
	for next, want := range map[string]string{
		"/?a=b": "/?a=b", "": "/profile", "https://example.com": "/profile", "//example.com": "/profile",
		`/\example.com`: "/profile", "/" + strings.Repeat("x", 500): "/profile",
	} {
		w := newWorld(t)
		back := w.consent(w.begin(next), "ada")
		if got := w.location(w.visitor.Get(back.RequestURI())).String(); got != want {
			t.Errorf("next %q led to %q, want %q", next, got, want)
		}
	}
}

func TestState(t *testing.T) {
	w := newWorld(t)
	back := w.consent(w.begin(""), "ada")
	wrong := *back
	query := wrong.Query()
	query.Set("state", "x")
	wrong.RawQuery = query.Encode()
	stranger := hipflasktest.New(t, newApp(w.p.client("http://127.0.0.1:1"), "another key for the tests"))
	for _, step := range []struct {
		what string
		got  *hipflasktest.Response
	}{
		{"another visitor", stranger.Get(back.RequestURI())},
		{"wrong state", w.visitor.Get(wrong.RequestURI())},
		{"no state", w.visitor.Get("/callback?code=x")},
		{"an error of another", w.visitor.Get("/callback?error=access_denied&state=x")},
	} {
		if step.got.StatusCode != 400 {
			t.Errorf("%s: got %s, want 400", step.what, step.got)
		}
	}
	if got := w.location(w.visitor.Get(back.RequestURI())).String(); got != "/profile" {
		t.Errorf("the right one, after wrong ones: got to %s, want /profile", got)
	}
	back = w.consent(w.begin(""), "ada")
	w.visitor.SessionTransaction(func(s *hipflask.Session) {
		var p pending
		s.Get("pending", &p)
		p.Until = time.Now().Add(-time.Second)
		s.Set("pending", p)
	})
	if got := w.visitor.Get(back.RequestURI()); got.StatusCode != 400 {
		t.Errorf("too late: got %s, want 400", got)
	}
	w.signIn()
	if got := w.visitor.Get(back.RequestURI()); got.StatusCode != 400 {
		t.Errorf("once more: got %s, want 400", got)
	}
}

func TestProviderSaysNo(t *testing.T) {
	w := newWorld(t)
	denied := w.consent(w.begin(""), "")
	w.shows(w.visitor.FollowRedirects().Get(denied.RequestURI()), "You did not allow the sign-in.")

	state := w.begin("").Query().Get("state")
	w.shows(w.visitor.FollowRedirects().Get("/callback?error=%3Cb%3E&state="+state), "The provider could not sign you in.")

	state = w.begin("").Query().Get("state")
	w.shows(w.visitor.FollowRedirects().Get("/callback?code=wrong&state="+state), "did not confirm the sign-in")
}

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	token := func() (token oauth2.Token) {
		w.visitor.SessionTransaction(func(s *hipflask.Session) { s.Get("token", &token) })
		return token
	}
	w.p.lifetime = time.Second // which is as good as expired
	w.signIn()
	w.p.lifetime = time.Minute
	before := token()
	w.shows(w.visitor.Get("/profile"), "Ada Lovelace")
	after := token()
	if before.AccessToken == after.AccessToken || after.RefreshToken != before.RefreshToken {
		t.Errorf("got %v, then %v; want another access token alone", before, after)
	}
	w.shows(w.visitor.Get("/profile"), "Ada Lovelace")
	if token().AccessToken != after.AccessToken {
		t.Error("a fresh token was refreshed")
	}
	w.later.Store(int64(2 * time.Minute)) // the provider has forgotten the token, and the program does not know
	w.shows(w.visitor.FollowRedirects().Get("/profile"), "Your sign-in has ended.")

	w.later.Store(0)
	w.p.lifetime = time.Second
	w.signIn()
	w.later.Store(int64(25 * time.Hour)) // and the refresh token too
	w.shows(w.visitor.FollowRedirects().Get("/profile"), "Your sign-in has ended.")
}

func TestAuthorizeRefuses(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ name, value, want string }{
		{"client_id", "other", ""},
		{"redirect_uri", "https://example.com/callback", ""},
		{"redirect_uri", "http://localhost/callback/", ""},
		{"redirect_uri", "", ""},
		{"response_type", "token", "unsupported_response_type"},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
	} {
		at := w.begin("")
		query := at.Query()
		query.Set(test.name, test.value)
		at.RawQuery = query.Encode()
		got := w.there.PostForm(at.RequestURI(), url.Values{"user": {"ada"}})
		location, _ := url.Parse(got.Header.Get("Location"))
		if refused := got.StatusCode == 400; refused != (test.want == "") || location.Query().Get("error") != test.want || location.Query().Has("code") {
			t.Errorf("%s=%q: got %s, want the error %q", test.name, test.value, got, test.want)
		}
	}
}

func TestIsRegistered(t *testing.T) {
	for uri, want := range map[string]bool{
		"http://127.0.0.1/callback":       true,
		"http://127.0.0.1:5000/callback":  true,
		"http://127.0.0.1:5877/callback":  true,
		"http://localhost:5877/callback":  true,
		"http://[::1]:5877/callback":      true,
		"https://127.0.0.1:5877/callback": true,

		"":                                           false,
		"/callback":                                  false,
		"//127.0.0.1/callback":                       false,
		"ftp://127.0.0.1/callback":                   false,
		"javascript://127.0.0.1/callback":            false,
		"http://127.0.0.1:5000/":                     false,
		"http://127.0.0.1:5000/callback/":            false,
		"http://127.0.0.1:5000/callback?a=b":         false,
		"http://127.0.0.1:5000/callback?":            false,
		"http://127.0.0.1:5000/callback#a":           false,
		"http://127.0.0.1:5000/%63allback":           false,
		"http://127.0.0.1:x/callback":                false,
		"http://127.0.0.1@example.com/callback":      false,
		"http://example.com@127.0.0.1/callback":      false,
		"http://127.0.0.1:5000@example.com/callback": false,
		"http://127.0.0.1.example.com/callback":      false,
		`http://example.com\@127.0.0.1/callback`:     false,
		"http://example.com/callback":                false,
		"http://[127.0.0.1]/callback":                false,
		"http://192.168.0.1/callback":                false,
	} {
		if got := isRegistered(uri); got != want {
			t.Errorf("%q: got %t, want %t", uri, got, want)
		}
	}
}

// TestDemo: the provider starts with the first request, takes the App at the port
// where it is, and ends.
func TestDemo(t *testing.T) {
	settings := &client{}
	app := newApp(settings, "a key for the tests, which is long")
	end := demo(app, settings)
	if got := hipflasktest.RunCommand(t, app, "routes"); got.ExitCode != 0 || settings.oauth.ClientID != "" {
		t.Fatalf("got %s with the provider at %q, want none to list routes", got, settings.apiURL)
	}
	server := httptest.NewServer(app) // 127.0.0.1, and any port
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	visitor := &http.Client{Jar: jar}
	send := func(method, at string, form url.Values) *http.Response {
		req, err := http.NewRequest(method, at, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := visitor.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	asked := send("POST", server.URL+"/sign-in", nil)
	base := settings.apiURL
	if asked.StatusCode != 200 || asked.Request.URL.Path != "/authorize" {
		t.Fatalf("got %s at %s, want the provider's question", asked.Status, asked.Request.URL)
	}
	in := send("POST", asked.Request.URL.String(), url.Values{"user": {"ada"}})
	if in.StatusCode != 200 || in.Request.URL.String() != server.URL+"/profile" {
		t.Errorf("got %s at %s, want the profile", in.Status, in.Request.URL)
	}
	if settings.apiURL != base {
		t.Errorf("a second provider started at %s, beside %s", settings.apiURL, base)
	}
	visitor.CloseIdleConnections()
	end()
	if resp, err := visitor.Get(base); err == nil {
		resp.Body.Close()
		t.Errorf("ended, the provider answers %s", resp.Status)
	}

	settings = &client{}
	demo(newApp(settings, "a key for the tests, which is long"), settings)() // it never started
}

func TestTokenRefuses(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		what        string
		change      url.Values
		secret      string
		wait        time.Duration
		status      int
		description string
	}{
		{"good", nil, w.p.secret, 0, 200, ""},
		{"wrong secret", nil, "x", 0, 401, "invalid_client"},
		{"missing verifier", url.Values{"code_verifier": nil}, w.p.secret, 0, 400, "invalid_grant"},
		{"wrong verifier", url.Values{"code_verifier": {"x"}}, w.p.secret, 0, 400, "invalid_grant"},
		{"other redirect_uri", url.Values{"redirect_uri": {"http://localhost/"}}, w.p.secret, 0, 400, "invalid_grant"},
		{"redirect_uri of another port", url.Values{"redirect_uri": {"http://localhost:81/callback"}}, w.p.secret, 0, 400, "invalid_grant"},
		{"old code", nil, w.p.secret, time.Minute, 400, "invalid_grant"},
		{"unknown code", url.Values{"code": {"x"}}, w.p.secret, 0, 400, "invalid_grant"},
		{"unknown type", url.Values{"grant_type": {"password"}}, w.p.secret, 0, 400, "unsupported_grant_type"},
		{"a code to refresh", url.Values{"grant_type": {"refresh_token"}}, w.p.secret, 0, 400, "invalid_grant"},
	} {
		w.later.Store(0)
		at := w.begin("")
		var p pending
		w.visitor.SessionTransaction(func(s *hipflask.Session) { s.Get("pending", &p) })
		code := w.consent(at, "ada").Query().Get("code")
		form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "refresh_token": {code},
			"code_verifier": {p.Verifier}, "redirect_uri": {at.Query().Get("redirect_uri")}}
		for name, values := range test.change {
			form[name] = values
		}
		w.later.Store(int64(test.wait))
		send := func() *hipflasktest.Response {
			req := w.there.NewRequest("POST", "/token", strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.SetBasicAuth(w.p.clientID, test.secret)
			return w.there.Do(req)
		}
		got := send()
		var reply struct {
			Error       string
			AccessToken string `json:"access_token"`
		}
		if err := got.JSON(&reply); err != nil || got.StatusCode != test.status || reply.Error != test.description || (reply.AccessToken != "") != (test.status == 200) {
			t.Errorf("%s: got %s, want %d %s", test.what, got, test.status, test.description)
		}
		if again := send(); again.StatusCode == 200 {
			t.Errorf("%s: the code was good a second time", test.what)
		}
	}
	for _, header := range []string{"", "Bearer ", "Bearer x", "Basic x"} {
		req := w.there.NewRequest("GET", "/userinfo", nil)
		req.Header.Set("Authorization", header)
		if got := w.there.Do(req); got.StatusCode != 401 {
			t.Errorf("%q: got %s, want 401", header, got)
		}
	}
}

func TestProviderDoesNotAnswer(t *testing.T) {
	w := newWorld(t)
	w.signIn()
	app := newApp(w.p.client("http://127.0.0.1:1"), "a key for the tests, which is long")
	visitor := hipflasktest.New(t, app)
	visitor.SessionTransaction(func(s *hipflask.Session) { s.Set("token", oauth2.Token{AccessToken: "x"}) })
	if got := visitor.Get("/profile"); got.StatusCode != 502 {
		t.Errorf("got %s, want 502", got)
	}
}
