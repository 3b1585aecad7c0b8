package login_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/login"
)

// Tests against real Flask-Login: testdata/flask-login-app.py, run by the first
// python3 that has it. They are skipped where none has.

type python struct {
	t       *testing.T
	ask     *json.Encoder
	answers *bufio.Scanner
}

func startPython(t *testing.T) *python {
	t.Helper()
	if testing.Short() {
		t.Skip("it drives Python; run it without -short")
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import flask_login").Run() != nil {
			continue
		}
		cmd := exec.Command(name, "testdata/flask-login-app.py")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			stdin.Close()
			cmd.Wait()
			if t.Failed() {
				t.Logf("Python's log:\n%s", log.String())
			}
		})
		p := &python{t: t, ask: json.NewEncoder(stdin), answers: bufio.NewScanner(stdout)}
		p.answers.Buffer(nil, 1<<20)
		var version map[string]string
		p.answer(&version)
		t.Logf("Flask-Login %s", version["flask_login"])
		return p
	}
	t.Skip("no python3 here has Flask-Login; on Debian, apt-get install python3-flask-login")
	return nil
}

func (p *python) answer(dst any) {
	p.t.Helper()
	if !p.answers.Scan() {
		p.t.Fatalf("Python ended: %v", p.answers.Err())
	}
	if err := json.Unmarshal(p.answers.Bytes(), dst); err != nil {
		p.t.Fatalf("Python said %s: %v", p.answers.Bytes(), err)
	}
}

// liveRequest is what both sites are asked.
type liveRequest struct {
	method, path, form, agent string
	drop                      string // a cookie that the browser loses before
	hold                      string // one that it does not send
}

func (r liveRequest) headers(cookies map[string]string) map[string]string {
	h := map[string]string{"User-Agent": r.agent}
	if r.method == "POST" {
		h["Content-Type"] = "application/x-www-form-urlencoded"
	}
	var all []string
	for name, value := range cookies {
		if name != r.hold {
			all = append(all, name+"="+value)
		}
	}
	if len(all) > 0 {
		h["Cookie"] = strings.Join(all, "; ")
	}
	return h
}

// liveReply is a reply as the two are compared.
type liveReply struct {
	Status    int
	Body      string
	Location  string
	SetCookie []string `json:"set_cookie"`
}

// take keeps the reply's cookies, and leaves of them what can be compared.
func (r *liveReply) take(t *testing.T, cookies map[string]string) string {
	t.Helper()
	text := fmt.Sprint(r.Status)
	if r.Status == 200 {
		text += " " + r.Body
	}
	if r.Location != "" {
		u, err := url.Parse(r.Location)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprint(" to ", u.Path, " ", u.Query())
	}
	for _, line := range r.SetCookie {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if cookie.MaxAge < 0 || cookie.Value == "" {
			if cookies[cookie.Name] != "" { // or it changes nothing: ours always says so
				text += " drops " + cookie.Name
			}
			delete(cookies, cookie.Name)
			continue
		}
		cookies[cookie.Name] = cookie.Value
		if cookie.Name != "session" {
			text += fmt.Sprint(" sets ", cookie.Name, " for ", cookie.Domain, cookie.Path, " ", cookie.HttpOnly, cookie.Secure)
			// Both say when; ours says Max-Age too.
			if cookie.Expires.IsZero() {
				text += " for this session of the browser"
			}
		}
	}
	return strings.ReplaceAll(text, " drops session", "") // of an empty one, which both do or need not
}

func TestLiveSignIn(t *testing.T) {
	p := startPython(t)
	get := func(path string) liveRequest { return liveRequest{method: "GET", path: path, agent: "a"} }
	post := func(path, form string) liveRequest {
		return liveRequest{method: "POST", path: path, form: form, agent: "a"}
	}
	from := func(agent string, r liveRequest) liveRequest { r.agent = agent; return r }
	without := func(cookie string, r liveRequest) liveRequest { r.drop = cookie; return r }
	for _, tt := range []struct {
		name            string
		config, manager map[string]any
		set             func(s *site)
		steps           []liveRequest
	}{
		{name: "signing in and out", steps: []liveRequest{
			get("/who"), get("/guarded?a=1&b=%2Fx"), get("/login"), get("/login"), post("/login", "id=1"), get("/who"), get("/guarded"), get("/fresh"),
			post("/logout", ""), get("/who"), get("/guarded"), get("/login"), post("/logout", "")}},
		{name: "inactive", steps: []liveRequest{post("/login", "id=3"), get("/who"), post("/login", "id=3&force=y"), get("/who"), get("/guarded")}},
		{name: "not fresh", steps: []liveRequest{
			post("/login", "id=2&fresh=no"), get("/who"), get("/fresh?x=y"), get("/login"), post("/confirm", ""), get("/fresh"), get("/who")}},
		{name: "OPTIONS", steps: []liveRequest{{method: "OPTIONS", path: "/guarded", agent: "a"}}},
		{name: "remembered", steps: []liveRequest{
			post("/login", "id=1&remember=y"), get("/who"), without("session", get("/who")), get("/who"), get("/fresh"), get("/login"), post("/logout", ""), get("/who")}},
		{name: "basic protection", steps: []liveRequest{
			post("/login", "id=1"), get("/who"), from("b", get("/who")), from("b", get("/fresh")), get("/who")}},
		{name: "strong protection", manager: map[string]any{"session_protection": "strong"},
			set:   func(s *site) { s.users.SessionProtection = login.ProtectStrong },
			steps: []liveRequest{post("/login", "id=1&remember=y"), get("/who"), from("b", get("/who")), from("b", get("/who"))}},
		{name: "no protection", manager: map[string]any{"session_protection": nil},
			set:   func(s *site) { s.users.SessionProtection = login.ProtectOff },
			steps: []liveRequest{post("/login", "id=1"), from("b", get("/who")), from("b", get("/fresh"))}},
		{name: "messages", manager: map[string]any{"login_message": "Bitte!", "login_message_category": "info", "needs_refresh_message": "Nochmal!", "needs_refresh_message_category": "warn"},
			set: func(s *site) {
				s.users.LoginMessage, s.users.LoginMessageCategory = "Bitte!", "info"
				s.users.NeedsRefreshMessage, s.users.NeedsRefreshMessageCategory = "Nochmal!", "warn"
			},
			steps: []liveRequest{get("/guarded"), get("/login"), post("/login", "id=1&fresh=no"), get("/fresh"), get("/login")}},
		{name: "no views", manager: map[string]any{"login_view": nil, "refresh_view": nil, "login_message": nil},
			set:   func(s *site) { s.users.LoginView, s.users.RefreshView, s.users.LoginMessage = "", "", "" },
			steps: []liveRequest{get("/guarded"), post("/login", "id=1&fresh=no"), get("/fresh"), get("/login")}},
		{name: "a path for a view", manager: map[string]any{"login_view": "/sso?b=1&next=old"},
			set:   func(s *site) { s.users.LoginView = "/sso?b=1&next=old" },
			steps: []liveRequest{get("/guarded?q=a%26b")}},
		{name: "another host", manager: map[string]any{"login_view": "https://sso.example/in"},
			set:   func(s *site) { s.users.LoginView = "https://sso.example/in" },
			steps: []liveRequest{get("/guarded?q=1")}},
		{name: "next in the session", config: map[string]any{"USE_SESSION_FOR_NEXT": true},
			set: func(s *site) { s.users.UseSessionForNext = true }, steps: []liveRequest{get("/guarded?q=1"), get("/login")}},
		{name: "the cookie's settings", config: map[string]any{"REMEMBER_COOKIE_NAME": "again", "REMEMBER_COOKIE_PATH": "/who", "REMEMBER_COOKIE_SECURE": true},
			set: func(s *site) {
				s.users.RememberCookieName, s.users.RememberCookiePath, s.users.RememberCookieSecure = "again", "/who", true
			},
			steps: []liveRequest{post("/login", "id=1&remember=y"), without("session", get("/who"))}},
		{name: "refreshed", config: map[string]any{"REMEMBER_COOKIE_REFRESH_EACH_REQUEST": true},
			set:   func(s *site) { s.users.RememberCookieRefreshEachRequest = true },
			steps: []liveRequest{post("/login", "id=1&remember=y"), get("/who"), get("/guarded"), post("/logout", ""), get("/who")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(tt.set)
			theirs, ours := map[string]string{}, map[string]string{}
			for i, step := range tt.steps {
				delete(theirs, step.drop)
				delete(ours, step.drop)
				want := p.do(tt.config, tt.manager, step, theirs)
				got := askOurs(s.app, step, ours)
				if got := got.take(t, ours); got != want {
					t.Errorf("step %d, %s %s %s: got %s, and Flask-Login says %s", i, step.method, step.path, step.form, got, want)
				}
			}
		})
	}
}

// TestLiveDiffers: where we do other than Flask-Login, it still does what
// docs/flask-login.md says of it.
func TestLiveDiffers(t *testing.T) {
	p := startPython(t)
	strong := func(s *site) { s.users.SessionProtection = login.ProtectStrong }
	for _, tt := range []struct {
		name            string
		config, manager map[string]any
		set             func(s *site)
		steps           []liveRequest
		theirs, ours    string // the reply to the last step
	}{
		{name: "remembered under strong protection", manager: map[string]any{"session_protection": "strong"}, set: strong,
			steps: []liveRequest{{method: "POST", path: "/login", form: "id=1&remember=y"}, {method: "GET", path: "/who", drop: "session"},
				{method: "GET", path: "/who"}},
			theirs: "200 nobody drops remember_token", ours: "200 ada fresh=false remembered=true"},
		{name: "a form as a page to return to", steps: []liveRequest{{method: "POST", path: "/guarded"}},
			theirs: "302 to /login map[next:[/guarded]]", ours: "302 to /login map[]"},
		{name: "the cookie of another user", steps: []liveRequest{{method: "POST", path: "/login", form: "id=1&remember=y"},
			{method: "POST", path: "/login", form: "id=2"}},
			theirs: "302 to / map[]", ours: "302 to / map[] drops remember_token"},
		{name: "what the user left", steps: []liveRequest{{method: "POST", path: "/login", form: "id=1"}, {method: "POST", path: "/basket"},
			{method: "POST", path: "/logout"}, {method: "GET", path: "/keys"}},
			theirs: `200 ["basket"]`, ours: "200 []"},
		{name: "a sign-out where the cookie is not sent", config: map[string]any{"REMEMBER_COOKIE_PATH": "/who"},
			set: func(s *site) { s.users.RememberCookiePath = "/who" },
			steps: []liveRequest{{method: "POST", path: "/login", form: "id=1&remember=y"}, {method: "POST", path: "/logout", hold: "remember_token"},
				{method: "GET", path: "/who", drop: "session"}},
			theirs: "200 ada fresh=false remembered=true", ours: "200 nobody"},
		{name: "refreshed for all", config: map[string]any{"REMEMBER_COOKIE_REFRESH_EACH_REQUEST": true},
			set:    func(s *site) { s.users.RememberCookieRefreshEachRequest = true },
			steps:  []liveRequest{{method: "POST", path: "/login", form: "id=1"}, {method: "GET", path: "/who"}},
			theirs: "200 ada fresh=true remembered=true sets remember_token for / true false", ours: "200 ada fresh=true remembered=false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(tt.set)
			theirs, ours := map[string]string{}, map[string]string{}
			var want, got string
			for _, step := range tt.steps {
				step.agent = "a"
				delete(theirs, step.drop)
				delete(ours, step.drop)
				want = p.do(tt.config, tt.manager, step, theirs)
				got = askOurs(s.app, step, ours).take(t, ours)
			}
			if want != tt.theirs || got != tt.ours {
				t.Errorf("Flask-Login says %s, we say %s; want %s, and %s", want, got, tt.theirs, tt.ours)
			}
		})
	}
}

// do asks the Flask application with a visitor's cookies.
func (p *python) do(config, manager map[string]any, step liveRequest, cookies map[string]string) string {
	p.t.Helper()
	if err := p.ask.Encode(map[string]any{"config": config, "manager": manager,
		"method": step.method, "path": step.path, "form": step.form, "headers": step.headers(cookies)}); err != nil {
		p.t.Fatal(err)
	}
	var reply liveReply
	p.answer(&reply)
	return reply.take(p.t, cookies)
}

func askOurs(app http.Handler, step liveRequest, cookies map[string]string) *liveReply {
	r, w := httptest.NewRequest(step.method, "http://localhost"+step.path, strings.NewReader(step.form)), httptest.NewRecorder()
	r.RemoteAddr = "127.0.0.1:1234"
	for name, value := range step.headers(cookies) {
		r.Header.Set(name, value)
	}
	app.ServeHTTP(w, r)
	return &liveReply{w.Code, w.Body.String(), w.Header().Get("Location"), w.Header()["Set-Cookie"]}
}

// TestLiveSharedSession: who signs in at one application is signed in at the other,
// as fresh, and signed out of both.
func TestLiveSharedSession(t *testing.T) {
	p := startPython(t)
	for _, agent := range []string{"Mozilla/5.0 (X11)", "", "it's", `it's "quoted" \`, "tab\there", "\xe9t\xe9"} {
		t.Run(agent, func(t *testing.T) { testSharedSession(t, p, agent) })
	}
}

func testSharedSession(t *testing.T, p *python, agent string) {
	s := newSite(func(s *site) { s.app.Config.SessionStore = flaskcompat.NewSessionStore() })
	cookies := map[string]string{}
	flask := func(method, path, form string) string {
		step := liveRequest{method: method, path: path, form: form, agent: agent}
		step.agent = strings.ReplaceAll(agent, "\xe9", "\u00e9") // which Python's client sends as one byte
		return p.do(map[string]any{}, map[string]any{"session_protection": "strong"}, step, cookies)
	}
	here := func(method, path, form string) string {
		return askOurs(s.app, liveRequest{method: method, path: path, form: form, agent: agent}, cookies).take(t, cookies)
	}
	s.users.SessionProtection = login.ProtectStrong
	for i, step := range []struct {
		ask                      func(method, path, form string) string
		method, path, form, want string
	}{
		{flask, "POST", "/login", "id=1", "302 to / map[]"},
		{here, "GET", "/who", "", "200 ada fresh=true remembered=false"},
		{here, "GET", "/fresh", "", "200 ada fresh=true remembered=false"},
		{here, "POST", "/logout", "", "302 to / map[]"},
		{flask, "GET", "/who", "", "200 nobody"},
		{here, "POST", "/login", "id=2&fresh=no", "302 to / map[]"},
		{flask, "GET", "/who", "", "200 bob fresh=false remembered=false"},
		{flask, "POST", "/confirm", "", "200 confirmed"},
		{here, "GET", "/who", "", "200 bob fresh=true remembered=false"},
		{flask, "POST", "/logout", "", "302 to / map[]"},
		{here, "GET", "/who", "", "200 nobody"},
	} {
		if got := step.ask(step.method, step.path, step.form); got != step.want {
			t.Errorf("step %d: got %s, want %s", i, got, step.want)
		}
	}
}
