package login_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
	"github.com/hipflask/hipflask/login"
)

// account is the user of these tests.
type account struct {
	ID, Name, Stamp string
	Inactive        bool
}

func (a *account) LoginID() string    { return a.ID }
func (a *account) IsActive() bool     { return !a.Inactive }
func (a *account) LoginStamp() string { return a.Stamp }

// site is an App with users, and what its loader did.
type site struct {
	app   *hipflask.App
	users *login.Manager[*account]

	mu       sync.Mutex
	accounts map[string]*account
	fail     error // what the loader returns, if anything
	loads    int
}

func (s *site) load(_ *hipflask.Context, id string) (*account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	if s.fail != nil {
		return nil, s.fail
	}
	found, ok := s.accounts[id]
	if !ok {
		return nil, login.ErrNoUser
	}
	return found, nil
}

// newSite has the pages of these tests; set changes the settings.
func newSite(set func(s *site)) *site {
	s := &site{app: hipflask.New("site"), accounts: map[string]*account{
		"1": {ID: "1", Name: "ada", Stamp: "hash of tea"},
		"2": {ID: "2", Name: "bob"},
		"3": {ID: "3", Name: "eve", Inactive: true},
	}}
	s.app.Config.SecretKey = "a key for tests, which everybody may know"
	s.app.Config.Logger = slog.New(slog.DiscardHandler)
	s.users = login.New(s.app, s.load)
	s.users.LoginView, s.users.RefreshView = "signIn", "confirm"
	if set != nil {
		set(s)
	}
	s.app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(`{{with current_user}}{{.Name}}{{else}}nobody{{end}}`, nil)
	}).Name("index")
	s.app.Get("/plain", func(c *hipflask.Context) error { return c.Text("plain") }).Name("plain")
	who := func(c *hipflask.Context) error {
		user, ok := s.users.CurrentUser(c)
		if !ok {
			return c.Text("nobody")
		}
		return c.Text(fmt.Sprint(user.Name, " fresh=", s.users.LoginFresh(c), " remembered=", s.users.LoginRemembered(c)))
	}
	s.app.Get("/who", who).Name("who")
	s.app.Route("/guarded", who, "GET", "POST", "OPTIONS").Name("guarded").Wrap(s.users.Required)
	s.app.Get("/fresh", who).Name("fresh").Wrap(s.users.FreshRequired)
	s.app.Get("/login", func(c *hipflask.Context) error {
		return c.RenderString(`{{range get_flashed_messages}}[{{.Category}}: {{.}}]{{end}}`, nil)
	}).Name("signIn")
	s.app.Post("/login", func(c *hipflask.Context) error {
		s.mu.Lock()
		user := s.accounts[c.Form("id")]
		s.mu.Unlock()
		opts := []login.Option{login.Fresh(c.Form("fresh") != "no")}
		if c.Form("remember") != "" {
			opts = append(opts, login.Remember())
		}
		if d, err := time.ParseDuration(c.Form("for")); err == nil {
			opts = append(opts, login.For(d))
		}
		if c.Form("force") != "" {
			opts = append(opts, login.Force())
		}
		if err := s.users.LoginUser(c, user, opts...); errors.Is(err, login.ErrInactive) {
			return c.Status(403).Text("inactive")
		} else if err != nil {
			return err
		}
		return s.users.RedirectNext(c, "index")
	}).Name("signInPost")
	s.app.Post("/logout", func(c *hipflask.Context) error {
		s.users.LogoutUser(c)
		if c.Form("fail") != "" {
			return errors.New("the handler failed after signing out")
		}
		return c.RedirectTo("index")
	}).Name("logout")
	s.app.Post("/confirm", func(c *hipflask.Context) error {
		s.users.ConfirmLogin(c)
		return c.Text("confirmed")
	}).Name("confirm")
	s.app.Post("/basket", func(c *hipflask.Context) error {
		c.Session().Set("basket", "tea")
		return c.NoContent()
	}).Name("basket")
	s.app.Get("/keys", func(c *hipflask.Context) error { return c.Text(fmt.Sprintf("%q", c.Session().Keys())) }).Name("keys")
	return s
}

func (s *site) visitor(t testing.TB) *hipflasktest.Client { return hipflasktest.New(t, s.app) }

func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func who(client *hipflasktest.Client) string { return client.Get("/who").Body }

func setCookie(page *hipflasktest.Response, name string) *http.Cookie {
	for _, cookie := range page.Cookies() {
		if cookie.Name == name {
			return cookie
		}
	}
	return nil
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	if got := who(client); got != "nobody" {
		t.Errorf("a stranger: got %q", got)
	}
	if got := client.Get("/").Body; got != "nobody" {
		t.Errorf("current_user of a stranger: got %q", got)
	}
	page := client.PostForm("/login", form("id", "1"))
	if page.StatusCode != 302 || page.Header.Get("Location") != "/" || setCookie(page, "remember_token") != nil {
		t.Errorf("signing in: got %s", page)
	}
	if got, want := who(client), "ada fresh=true remembered=false"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if page := client.Get("/"); page.Body != "ada" || !strings.Contains(page.Header.Get("Vary"), "Cookie") {
		t.Errorf("current_user: got %s, Vary %q", page, page.Header.Get("Vary"))
	}
	client.SessionTransaction(func(session *hipflask.Session) {
		if got, want := session.Keys(), []string{"_fresh", "_id", "_user_id"}; !slices.Equal(got, want) {
			t.Errorf("the session: got %q, want %q", got, want)
		}
	})
	client.PostForm("/basket", nil)
	client.PostForm("/logout", nil)
	if got := who(client); got != "nobody" {
		t.Errorf("signed out: got %q", got)
	}
	client.SessionTransaction(func(session *hipflask.Session) {
		if got := session.Keys(); len(got) > 0 {
			t.Errorf("the session after signing out: got %q, want nothing", got)
		}
	})
}

// TestSignOutKeepsFlashes: a sign-out drops what the user left, but not what the next
// page is to say, whether flashed before or after it.
func TestSignOutKeepsFlashes(t *testing.T) {
	s := newSite(func(s *site) {
		s.app.Post("/bye", func(c *hipflask.Context) error {
			c.Flash("before")
			s.users.LogoutUser(c)
			c.FlashAs("info", "after")
			return c.NoContent()
		}).Name("bye")
	})
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1"))
	client.PostForm("/basket", nil)
	client.PostForm("/bye", nil)
	client.SessionTransaction(func(session *hipflask.Session) {
		if got, want := session.Keys(), []string{"_flashes"}; !slices.Equal(got, want) {
			t.Errorf("the session: got %q, want %q", got, want)
		}
	})
	if got, want := client.Get("/login").Body, "[message: before][info: after]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOncePerRequest: the loader is asked once in a request, and not at all by one
// that does not ask.
func TestOncePerRequest(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1"))
	for path, want := range map[string]int{"/plain": 0, "/who": 1, "/guarded": 1, "/fresh": 1} {
		s.loads = 0
		if client.Get(path); s.loads != want {
			t.Errorf("%s: got %d loads, want %d", path, s.loads, want)
		}
	}
}

func TestInactive(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	if page := client.PostForm("/login", form("id", "3")); page.StatusCode != 403 || who(client) != "nobody" {
		t.Errorf("got %s", page)
	}
	// As in Flask-Login, a user who is forced in is not authenticated either.
	if page := client.PostForm("/login", form("id", "3", "force", "y")); page.StatusCode != 302 || who(client) != "nobody" {
		t.Errorf("forced: got %s", page)
	}
	client.PostForm("/login", form("id", "1", "remember", "y"))
	s.accounts["1"].Inactive = true
	if got := who(client); got != "nobody" {
		t.Errorf("switched off while signed in: got %q", got)
	}
	client.DeleteCookie("session")
	if got := who(client); got != "nobody" {
		t.Errorf("switched off and remembered: got %q", got)
	}
	s.accounts["1"].Inactive = false
	if got := who(client); got != "ada fresh=false remembered=true" {
		t.Errorf("switched on again: got %q", got)
	}
}

// guest counts as signed in though inactive.
type guest struct{ account }

func (g *guest) IsAuthenticated() bool { return true }

func TestForce(t *testing.T) {
	app := hipflask.New("force")
	app.Config.SecretKey = "a key for tests, which everybody may know"
	user := &guest{account{ID: "g", Inactive: true}}
	users := login.New(app, func(*hipflask.Context, string) (*guest, error) { return user, nil })
	app.Get("/in", func(c *hipflask.Context) error {
		if err := users.LoginUser(c, user); err != login.ErrInactive {
			return fmt.Errorf("got %v", err)
		}
		if err := users.LoginUser(c, user, login.Force()); err != nil {
			return err
		}
		_, ok := users.CurrentUser(c)
		return c.Text(fmt.Sprint(ok))
	})
	if page := hipflasktest.New(t, app).Get("/in"); page.Body != "true" {
		t.Errorf("got %s", page)
	}
}

func TestLoginUserMistakes(t *testing.T) {
	s := newSite(nil)
	c := s.app.NewContext(nil, mustRequest("GET", "/"))
	for name, err := range map[string]error{
		"no user":            s.users.LoginUser(c, nil),
		"no id":              s.users.LoginUser(c, &account{}),
		"no text":            s.users.LoginUser(c, &account{ID: "\xff"}),
		"no duration":        s.users.LoginUser(c, s.accounts["1"], login.For(0)),
		"too large an id":    s.users.LoginUser(c, &account{ID: strings.Repeat("x", 5000)}, login.Remember()),
		"inactive, remember": s.users.LoginUser(c, s.accounts["3"], login.Remember()),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, ok := s.users.CurrentUser(c); ok {
		t.Error("somebody is signed in all the same")
	}
}

func mustRequest(method, target string) *http.Request {
	r, err := http.NewRequest(method, target, nil)
	if err != nil {
		panic(err)
	}
	return r
}

// TestLoaderFails: a database that does not answer is a 503, signs nobody out and
// sends nobody to the login page.
func TestLoaderFails(t *testing.T) {
	for _, tt := range []struct {
		fail   error
		status int
	}{
		{errors.New("no connection"), 503},
		{hipflask.Error(500, "").Wrap(errors.New("no connection")), 500},
		{fmt.Errorf("looking: %w", hipflask.Abort(504)), 504},
	} {
		s := newSite(nil)
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "remember", "y"))
		s.fail = tt.fail
		for _, path := range []string{"/who", "/guarded", "/fresh", "/"} {
			page := client.Get(path)
			if page.StatusCode != tt.status || len(page.Cookies()) > 0 || strings.Contains(page.Body, "no connection") {
				t.Errorf("%v: got %s with the cookies %v, want %d", tt.fail, page, page.Cookies(), tt.status)
			}
		}
		client.DeleteCookie("session")
		if page := client.Get("/who"); page.StatusCode != tt.status || setCookie(page, "remember_token") != nil {
			t.Errorf("%v, remembered: got %s", tt.fail, page)
		}
		s.fail = nil
		if got := who(client); got != "ada fresh=false remembered=true" {
			t.Errorf("when it answers again: got %q", got)
		}
		// Who signs out meanwhile is signed out.
		s.fail = tt.fail
		if page := client.PostForm("/logout", nil); page.StatusCode != 302 {
			t.Errorf("signing out: got %s", page)
		}
		s.fail = nil
		if got := who(client); got != "nobody" {
			t.Errorf("signed out meanwhile: got %q", got)
		}
	}
}

// TestLoaderFailsOnErrorPage: the page of the failure may ask for the user, too.
func TestLoaderFailsOnErrorPage(t *testing.T) {
	s := newSite(func(s *site) {
		s.app.ErrorHandler(503, func(c *hipflask.Context, err error) error {
			return c.RenderString(`{{with current_user}}{{.Name}}{{else}}come back later{{end}}`, nil)
		})
		s.app.AfterRequest(func(c *hipflask.Context) error {
			c.Header().Set("X-After", "yes")
			return nil
		})
	})
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1"))
	s.fail = errors.New("no connection")
	if page := client.Get("/who"); page.StatusCode != 503 || page.Body != "come back later" || page.Header.Get("X-After") != "yes" {
		t.Errorf("got %s", page)
	}
}

func TestDeletedAccount(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	client.PostForm("/login", form("id", "2", "remember", "y"))
	delete(s.accounts, "2")
	if got := who(client); got != "nobody" {
		t.Errorf("got %q", got)
	}
	client.DeleteCookie("session")
	if got := who(client); got != "nobody" {
		t.Errorf("remembered: got %q", got)
	}
}

func TestRequired(t *testing.T) {
	for _, tt := range []struct {
		name, method, target, accept string
		set                          func(s *site)
		status                       int
		location, flashed            string
	}{
		{name: "a page", target: "/guarded?a=1&b=/x", status: 302, location: "/login?next=%2Fguarded%3Fa%3D1%26b%3D%2Fx",
			flashed: "[message: Please log in to access this page.]"},
		{name: "a form", method: "POST", target: "/guarded", status: 302, location: "/login",
			flashed: "[message: Please log in to access this page.]"},
		{name: "OPTIONS", method: "OPTIONS", target: "/guarded", status: 200},
		{name: "JSON", target: "/guarded", accept: "application/json", status: 401},
		{name: "a browser", target: "/guarded", accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
			status: 302, location: "/login?next=%2Fguarded", flashed: "[message: Please log in to access this page.]"},
		{name: "no view", target: "/guarded", status: 401, set: func(s *site) { s.users.LoginView = "" }},
		{name: "a path", target: "/guarded", status: 302, location: "/sso?a=1&next=%2Fguarded",
			set: func(s *site) { s.users.LoginView = "/sso?next=old&a=1" }, flashed: "[message: Please log in to access this page.]"},
		{name: "another host", target: "/guarded", status: 302, location: "https://sso.example/?next=http%3A%2F%2Flocalhost%2Fguarded",
			set: func(s *site) { s.users.LoginView = "https://sso.example/" }, flashed: "[message: Please log in to access this page.]"},
		{name: "the message", target: "/guarded", status: 302, location: "/login?next=%2Fguarded", flashed: "[info: Bitte!]",
			set: func(s *site) {
				s.users.LoginMessageCategory = "info"
				s.users.Localize = func(_ *hipflask.Context, text string) string {
					return map[string]string{"Please log in to access this page.": "Bitte!"}[text]
				}
			}},
		{name: "no message", target: "/guarded", status: 302, location: "/login?next=%2Fguarded",
			set: func(s *site) { s.users.LoginMessage = "" }},
		{name: "a handler", target: "/guarded", status: 418, set: func(s *site) {
			s.users.UnauthorizedHandler = func(c *hipflask.Context) error { return c.Status(418).Text("no") }
		}},
		{name: "next in the session", target: "/guarded", status: 302, location: "/login",
			set: func(s *site) { s.users.UseSessionForNext = true }, flashed: "[message: Please log in to access this page.]"},
		{name: "an unknown view", target: "/guarded", status: 500, set: func(s *site) { s.users.LoginView = "nowhere" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(tt.set)
			client := s.visitor(t)
			method := tt.method
			if method == "" {
				method = "GET"
			}
			r := client.NewRequest(method, tt.target, nil)
			if tt.accept != "" {
				r.Header.Set("Accept", tt.accept)
			}
			page := client.Do(r)
			if page.StatusCode != tt.status || page.Header.Get("Location") != tt.location {
				t.Errorf("got %s, want %d to %q", page, tt.status, tt.location)
			}
			if got := client.Get("/login").Body; got != tt.flashed {
				t.Errorf("flashed: got %q, want %q", got, tt.flashed)
			}
		})
	}
}

func TestBlueprintLoginViews(t *testing.T) {
	s := newSite(func(s *site) {
		s.users.BlueprintLoginViews = map[string]string{"admin": "admin.signIn", "api": ""}
		for _, name := range []string{"admin", "api", "shop"} {
			bp := hipflask.NewBlueprint(name, "/"+name)
			bp.BeforeRequest(s.users.RequiredHook)
			ok := func(c *hipflask.Context) error { return c.Text("in " + name) }
			bp.Get("/", ok).Name("index")
			bp.Get("/login", ok).Name("signIn")
			s.app.Register(bp)
		}
	})
	client := s.visitor(t)
	for path, want := range map[string]string{
		"/admin/": "302 /admin/login?next=%2Fadmin%2F", "/admin/login": "200 ", "/api/": "401 ", "/shop/": "302 /login?next=%2Fshop%2F",
	} {
		page := client.Get(path)
		if got := fmt.Sprint(page.StatusCode, " ", page.Header.Get("Location")); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	client.PostForm("/login", form("id", "1"))
	if page := client.Get("/admin/"); page.Body != "in admin" {
		t.Errorf("signed in: got %s", page)
	}
}

// TestRequiredHook: a hook of the App locks nobody out, and lets nobody else in.
func TestRequiredHook(t *testing.T) {
	for _, tt := range []struct {
		name, method, target string
		set                  func(users *login.Manager[*account])
		want                 string
	}{
		{name: "the login view", method: "GET", target: "/login", want: "200 "},
		{name: "another route with its path", method: "POST", target: "/login", want: "302 /"},
		{name: "any method", method: "DELETE", target: "/login", want: "405 "},
		{name: "with a query", method: "POST", target: "/login?next=/who", want: "302 /who"},
		{name: "in another spelling", method: "GET", target: "/%6cogin", want: "200 "},
		{name: "a page", method: "GET", target: "/who", want: "302 /login?next=%2Fwho"},
		{name: "a page below it", method: "POST", target: "/login/x", want: "302 /login"},
		{name: "one that is another with a slash", method: "GET", target: "/in%2Fside", want: "302 /in/side?next=%2Fin%252Fside",
			set: func(users *login.Manager[*account]) { users.LoginView = "/in/side" }},
		{name: "a path", method: "POST", target: "/login", want: "302 /",
			set: func(users *login.Manager[*account]) { users.LoginView = "/login?a=b" }},
		{name: "the path of another host", method: "GET", target: "/who", want: "302 http://sso.example/who?next=http%3A%2F%2Flocalhost%2Fwho",
			set: func(users *login.Manager[*account]) { users.LoginView = "http://sso.example/who" }},
		{name: "the visitor says it is that host", method: "GET", target: "http://sso.example/who", want: "302 http://sso.example/who?next=%2Fwho",
			set: func(users *login.Manager[*account]) { users.LoginView = "http://sso.example/who" }},
		{name: "no view", method: "POST", target: "/login", want: "401 ", set: func(users *login.Manager[*account]) { users.LoginView = "" }},
		{name: "no such view", method: "GET", target: "/login", want: "500 ", set: func(users *login.Manager[*account]) { users.LoginView = "nowhere" }},
		{name: "a blueprint's own", method: "GET", target: "/shop/login", want: "200 ", set: dotted},
		{name: "a route with its path", method: "POST", target: "/shop/login", want: "200 ", set: dotted},
		{name: "a page of it", method: "GET", target: "/shop/", want: "302 /shop/login?next=%2Fshop%2F", set: dotted},
		{name: "one outside of the blueprint", method: "POST", target: "/login", want: "302 /", set: func(users *login.Manager[*account]) {
			users.LoginView, users.BlueprintLoginViews = "", map[string]string{"shop": "signIn"}
		}},
		{name: "the App's for a blueprint that has another", method: "GET", target: "/shop/login", want: "302 /login?next=%2Fshop%2Flogin",
			set: func(users *login.Manager[*account]) {
				users.LoginView, users.BlueprintLoginViews = ".signIn", map[string]string{"shop": "signIn"}
			}},
		{name: "the App's in that blueprint", method: "POST", target: "/shop/login", want: "200 ", set: func(users *login.Manager[*account]) {
			users.LoginView, users.BlueprintLoginViews = "shop.signIn", map[string]string{"shop": "signIn"}
		}},
		{name: "the own one of another blueprint", method: "GET", target: "/shop/login", want: "302 /login?next=%2Fshop%2Flogin",
			set: func(users *login.Manager[*account]) {
				users.BlueprintLoginViews = map[string]string{"admin": ".signIn"}
			}},
	} {
		s := newSite(func(s *site) {
			if tt.set != nil {
				tt.set(s.users)
			}
			s.app.BeforeRequest(s.users.RequiredHook)
			ok := func(c *hipflask.Context) error { return c.Text("ok") }
			s.app.Post("/login/x", ok)
			s.app.Get("/<name>", ok).Name("any")
			bp := hipflask.NewBlueprint("shop", "/shop")
			bp.Get("/", ok).Name("index")
			bp.Get("/login", ok).Name("signIn")
			bp.Post("/login", ok).Name("signInPost")
			s.app.Register(bp)
		})
		client := s.visitor(t)
		r := client.NewRequest(tt.method, tt.target, strings.NewReader("id=1"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page := client.Do(r)
		if got := fmt.Sprint(page.StatusCode, " ", page.Header.Get("Location")); got != tt.want {
			t.Errorf("%s: %s %s: got %s, want %s", tt.name, tt.method, tt.target, got, tt.want)
		}
	}
}

func dotted(users *login.Manager[*account]) { users.LoginView = ".signIn" }

func TestFreshRequired(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	if page := client.Get("/fresh"); page.Header.Get("Location") != "/login?next=%2Ffresh" {
		t.Errorf("a stranger: got %s", page)
	}
	client.Get("/login") // shows the message
	client.PostForm("/login", form("id", "1", "fresh", "no"))
	page := client.Get("/fresh")
	if page.StatusCode != 302 || page.Header.Get("Location") != "/confirm?next=%2Ffresh" {
		t.Errorf("not fresh: got %s", page)
	}
	if got := client.Get("/login").Body; got != "[message: Please reauthenticate to access this page.]" {
		t.Errorf("flashed: got %q", got)
	}
	client.PostForm("/confirm", nil)
	if page := client.Get("/fresh"); page.StatusCode != 200 {
		t.Errorf("confirmed: got %s", page)
	}
	s = newSite(func(s *site) {
		s.users.NeedsRefreshHandler = func(c *hipflask.Context) error { return c.Status(403).Text("password, please") }
	})
	client = s.visitor(t)
	client.PostForm("/login", form("id", "1", "fresh", "no"))
	if page := client.Get("/fresh"); page.StatusCode != 403 {
		t.Errorf("a handler: got %s", page)
	}
	stranger := s.visitor(t)
	stranger.PostForm("/confirm", nil)
	if got := who(stranger); got != "nobody" {
		t.Errorf("a stranger confirms: got %q", got)
	}
}

// nextTargets says which next is followed.
var nextTargets = map[string]bool{
	"/guarded": true, "/a?b=c#d": true, "/a//b": true, "/%2f%2fevil.example": true, "/é": true, "/?u=http://evil.example": true,
	"": false, "guarded": false, "//evil.example": false, "///evil.example": false, "/\\evil.example": false, "\\\\evil.example": false,
	"http://evil.example/": false, "https:evil.example": false, "HTTPS://evil.example": false, "javascript:alert(1)": false,
	"/\tevil.example": false, "\t//evil.example": false, " //evil.example": false, "/\n/evil.example": false, "/\r\nSet-Cookie: a=b": false,
	"/\x00": false, "/%zz": false, "http:///evil.example": false, "//localhost/x": false, "http://localhost/x": false,
	"/a\\b": false, "/./\\evil.example": false, "\u00a0//evil.example": false, "data:text/html,x": false, "?next=x": false, "#x": false,
}

func TestNext(t *testing.T) {
	for target, followed := range nextTargets {
		for _, place := range []string{"form", "query", "session"} {
			s := newSite(func(s *site) { s.users.UseSessionForNext = place == "session" })
			client := s.visitor(t)
			path, data := "/login", form("id", "1")
			switch place {
			case "form":
				data.Set("next", target)
			case "query":
				path += "?next=" + url.QueryEscape(target)
			default:
				client.SessionTransaction(func(session *hipflask.Session) { session.Set("next", target) })
			}
			page := client.PostForm(path, data)
			want := "/"
			if followed {
				want = strings.ReplaceAll(target, "é", "%C3%A9")
			}
			if page.StatusCode != 302 || page.Header.Get("Location") != want {
				t.Errorf("next %q in the %s: got %s, want a redirect to %q", target, place, page, want)
			}
		}
		// The framework's own check says the same.
		c := newSite(nil).app.NewContext(nil, mustRequest("GET", "/"))
		if err := c.SafeRedirect(target, "/fallback"); err != nil {
			t.Fatal(err)
		}
		if safe := c.Header().Get("Location") != "/fallback"; safe != followed {
			t.Errorf("SafeRedirect(%q) is followed: %v, and Next: %v", target, safe, followed)
		}
	}
}

// TestNextRoundTrip: whoever is sent to sign in comes back to the page.
func TestNextRoundTrip(t *testing.T) {
	for _, inSession := range []bool{false, true} {
		s := newSite(func(s *site) { s.users.UseSessionForNext = inSession })
		client := s.visitor(t)
		const asked = "/guarded?q=a%26b&next=%2Fx"
		page := client.Get(asked)
		page = client.PostForm(page.Header.Get("Location"), form("id", "1"))
		if got := page.Header.Get("Location"); got != asked {
			t.Errorf("in the session %v: got %q, want %q", inSession, got, asked)
		}
		client.SessionTransaction(func(session *hipflask.Session) {
			if session.Has("next") {
				t.Errorf("the session keeps the next")
			}
		})
	}
}

func TestRequestLoader(t *testing.T) {
	s := newSite(func(s *site) {
		s.users.RequestLoader = func(c *hipflask.Context) (*account, error) {
			switch token := strings.TrimPrefix(c.Request.Header.Get("Authorization"), "Bearer "); token {
			case "":
				return nil, login.ErrNoUser
			case "broken":
				return nil, errors.New("no connection")
			case "bob's":
				return s.accounts["2"], nil
			case "eve's":
				return s.accounts["3"], nil
			}
			return nil, nil
		}
	})
	for _, tt := range []struct {
		path, token, want string
		status            int
	}{
		{"/who", "bob's", "bob fresh=false remembered=false", 200}, {"/guarded", "bob's", "bob fresh=false remembered=false", 200},
		{"/fresh", "bob's", "", 302}, {"/who", "eve's", "nobody", 200}, {"/who", "unknown", "nobody", 200}, {"/who", "", "nobody", 200},
		{"/who", "broken", "", 503},
	} {
		client := s.visitor(t)
		r := client.NewRequest("GET", tt.path, nil)
		r.Header.Set("Authorization", "Bearer "+tt.token)
		page := client.Do(r)
		if page.StatusCode != tt.status || tt.want != "" && page.Body != tt.want || tt.status == 200 && len(page.Cookies()) > 0 {
			t.Errorf("%s with %q: got %s and the cookies %v", tt.path, tt.token, page, page.Cookies())
		}
	}
	// The session goes first.
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1"))
	r := client.NewRequest("GET", "/who", nil)
	r.Header.Set("Authorization", "Bearer bob's")
	if got := client.Do(r).Body; !strings.HasPrefix(got, "ada") {
		t.Errorf("got %q", got)
	}
	// What is fresh is the session's sign-in, and not the token's.
	delete(s.accounts, "1")
	r = client.NewRequest("GET", "/fresh", nil)
	r.Header.Set("Authorization", "Bearer bob's")
	if page := client.Do(r); page.StatusCode != 302 {
		t.Errorf("a token beside the fresh session of nobody: got %s", page)
	}
}

// TestSessionIdentity: a session on a server gets a new id where rights change.
func TestSessionIdentity(t *testing.T) {
	s := newSite(func(s *site) { s.app.Config.SessionStore = hipflasktestStore() })
	client := s.visitor(t)
	client.PostForm("/basket", nil)
	planted, _ := client.Cookie("session")
	seen := []string{planted}
	for _, path := range []string{"/login", "/confirm", "/logout"} {
		client.SessionTransaction(func(session *hipflask.Session) {
			if got := session.GetString("basket"); got != "tea" {
				t.Errorf("the basket before %s: got %q", path, got)
			}
		})
		client.PostForm(path, form("id", "1"))
		now, _ := client.Cookie("session")
		if (now == "") != (path == "/logout") || slices.Contains(seen, now) {
			t.Errorf("after %s: got the cookie %q", path, now)
		}
		seen = append(seen, now)
	}
	for _, old := range seen[:3] {
		thief := s.visitor(t)
		thief.SetCookie(&http.Cookie{Name: "session", Value: old})
		if got := who(thief); got != "nobody" {
			t.Errorf("an old cookie signs in %q", got)
		}
	}
}

// TestNothingOfAnother: what a user left in the session is not there for the next one,
// however the first has gone.
func TestNothingOfAnother(t *testing.T) {
	for name, leave := range map[string]func(s *site, client *hipflasktest.Client){
		"signing out":       func(_ *site, client *hipflasktest.Client) { client.PostForm("/logout", nil) },
		"signing in as bob": func(*site, *hipflasktest.Client) {},
		"a deleted account": func(s *site, client *hipflasktest.Client) { delete(s.accounts, "1"); client.Get("/who") },
		"one switched off":  func(s *site, client *hipflasktest.Client) { s.accounts["1"].Inactive = true; client.Get("/who") },
		"strong protection": func(s *site, client *hipflasktest.Client) { getAs(client, "another browser") },
	} {
		s := newSite(func(s *site) { s.users.SessionProtection = login.ProtectStrong })
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1"))
		client.PostForm("/basket", nil)
		if leave(s, client); name != "signing in as bob" && who(client) != "nobody" {
			t.Errorf("%s: ada is still here", name)
		}
		client.PostForm("/login", form("id", "2"))
		client.SessionTransaction(func(session *hipflask.Session) {
			if session.Has("basket") || session.GetString("_user_id") != "2" {
				t.Errorf("%s: bob has %q", name, session.Keys())
			}
		})
	}
}

func getAs(client *hipflasktest.Client, agent string) *hipflasktest.Response {
	r := client.NewRequest("GET", "/who", nil)
	r.Header.Set("User-Agent", agent)
	return client.Do(r)
}

// TestAnotherUser: who signs in after another gets nothing of that one's.
func TestAnotherUser(t *testing.T) {
	s := newSite(nil)
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	client.PostForm("/basket", nil)
	page := client.PostForm("/login", form("id", "2"))
	if cookie := setCookie(page, "remember_token"); cookie == nil || cookie.MaxAge >= 0 {
		t.Errorf("the remember cookie of the other: got %v, want it taken away", cookie)
	}
	client.SessionTransaction(func(session *hipflask.Session) {
		if session.Has("basket") {
			t.Error("the basket of the other is still there")
		}
	})
	// The same user again keeps both.
	client.PostForm("/login", form("id", "2", "remember", "y"))
	client.PostForm("/basket", nil)
	if page := client.PostForm("/login", form("id", "2")); setCookie(page, "remember_token") != nil {
		t.Errorf("the same user again: got %v", page.Cookies())
	}
	client.SessionTransaction(func(session *hipflask.Session) {
		if !session.Has("basket") {
			t.Error("the basket of the same user is gone")
		}
	})
}

func TestSessionProtection(t *testing.T) {
	shorter := func(c *hipflask.Context) string { return "the same everywhere" }
	for _, tt := range []struct {
		mode      login.Protection
		permanent bool
		ident     func(c *hipflask.Context) string
		want      string
		cleared   bool
	}{
		{login.ProtectBasic, false, nil, "ada fresh=false remembered=true", false},
		{login.ProtectStrong, false, nil, "nobody", true},
		{login.ProtectStrong, true, nil, "ada fresh=false remembered=true", false},
		{login.ProtectOff, false, nil, "ada fresh=true remembered=true", false},
		{login.ProtectStrong, false, shorter, "ada fresh=true remembered=true", false},
	} {
		s := newSite(func(s *site) { s.users.SessionProtection, s.users.SessionIdentifier = tt.mode, tt.ident })
		client := s.visitor(t)
		client.PostForm("/login", form("id", "1", "remember", "y"))
		if tt.permanent {
			client.SessionTransaction(func(session *hipflask.Session) { session.SetPermanent(true) })
		}
		sent := 0
		login.SessionProtected.Connect(s.app, func(*hipflask.Context, *http.Request) { sent++ })
		if got := who(client); got != "ada fresh=true remembered=true" || sent != 0 {
			t.Errorf("mode %d, the same browser: got %q", tt.mode, got)
		}
		r := client.NewRequest("GET", "/who", nil)
		r.Header.Set("User-Agent", "another browser")
		page := client.Do(r)
		cookie := setCookie(page, "remember_token")
		if page.Body != tt.want || (cookie != nil) != tt.cleared || tt.cleared && cookie.MaxAge >= 0 {
			t.Errorf("mode %d, permanent %v, another browser: got %q and %v, want %q", tt.mode, tt.permanent, page.Body, cookie, tt.want)
		}
		if want := tt.mode != login.ProtectOff && tt.ident == nil; (sent > 0) != want {
			t.Errorf("mode %d: the signal was sent %d times", tt.mode, sent)
		}
	}
}

// TestStrongRemembered: who was remembered stays signed in under strong
// protection, which in Flask-Login ends with the next request.
func TestStrongRemembered(t *testing.T) {
	s := newSite(func(s *site) { s.users.SessionProtection = login.ProtectStrong })
	client := s.visitor(t)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	client.DeleteCookie("session")
	for range 3 {
		if got := who(client); got != "ada fresh=false remembered=true" {
			t.Errorf("got %q", got)
		}
	}
	stranger := s.visitor(t)
	stranger.PostForm("/basket", nil)
	if page := stranger.Get("/who"); setCookie(page, "remember_token") != nil || page.Body != "nobody" {
		t.Errorf("a stranger with a basket: got %s, %v", page, page.Cookies())
	}
}

func TestSignals(t *testing.T) {
	s := newSite(func(s *site) {
		s.users.RequestLoader = func(c *hipflask.Context) (*account, error) {
			return s.accounts[c.Request.Header.Get("Authorization")], nil
		}
	})
	var sent []string
	watch := func(signal hipflask.Signal[login.User]) {
		signal.Connect(s.app, func(_ *hipflask.Context, user login.User) {
			name := "nobody"
			if user != nil {
				name = user.(*account).Name
			}
			sent = append(sent, signal.String()+" "+name)
		})
	}
	for _, signal := range []hipflask.Signal[login.User]{login.UserLoggedIn, login.UserLoggedOut, login.UserLoadedFromCookie,
		login.UserLoadedFromRequest, login.UserLoginConfirmed, login.UserNeedsRefresh} {
		watch(signal)
	}
	for _, signal := range []hipflask.Signal[*http.Request]{login.UserUnauthorized, login.UserAccessed, login.SessionProtected} {
		signal.Connect(s.app, func(*hipflask.Context, *http.Request) { sent = append(sent, signal.String()) })
	}
	client := s.visitor(t)
	steps := []struct {
		do   func()
		want []string
	}{
		{func() { client.Get("/plain") }, nil},
		{func() { client.Get("/guarded") }, []string{"accessed", "unauthorized"}},
		{func() { client.PostForm("/login", form("id", "1", "remember", "y")) }, []string{"logged-in ada"}},
		{func() { client.DeleteCookie("session"); client.Get("/fresh") }, []string{"accessed", "loaded-from-cookie ada", "needs-refresh ada"}},
		{func() { client.PostForm("/confirm", nil) }, []string{"accessed", "login-confirmed ada"}},
		{func() {
			r := client.NewRequest("GET", "/who", nil)
			r.Header.Set("User-Agent", "other")
			client.Do(r)
		}, []string{"accessed", "session-protected"}},
		{func() { client.PostForm("/logout", nil) }, []string{"accessed", "logged-out ada"}},
		{func() { client.PostForm("/logout", nil) }, []string{"accessed", "logged-out nobody"}},
		{func() {
			r := client.NewRequest("GET", "/who", nil)
			r.Header.Set("Authorization", "2")
			client.Do(r)
		}, []string{"accessed", "loaded-from-request bob"}},
	}
	for i, step := range steps {
		sent = nil
		if step.do(); !reflect.DeepEqual(sent, step.want) {
			t.Errorf("step %d: got %q, want %q", i, sent, step.want)
		}
	}
}

func TestSignInForTests(t *testing.T) {
	for _, fresh := range []bool{true, false} {
		for _, mode := range []login.Protection{login.ProtectBasic, login.ProtectStrong, login.ProtectOff} {
			s := newSite(func(s *site) { s.users.SessionProtection = mode })
			client := s.visitor(t)
			client.SessionTransaction(func(session *hipflask.Session) { s.users.SignInForTest(session, s.accounts["1"], login.Fresh(fresh)) })
			for range 2 {
				if got, want := who(client), fmt.Sprintf("ada fresh=%v remembered=false", fresh); got != want {
					t.Errorf("mode %d: got %q, want %q", mode, got, want)
				}
			}
			r := client.NewRequest("GET", "/who", nil)
			r.Header.Set("User-Agent", "another browser")
			if got := client.Do(r).Body; mode == login.ProtectStrong && got != "nobody" {
				t.Errorf("mode %d, another browser: got %q", mode, got)
			}
		}
	}
}

// TestSignInForTestIdentity: it gives the session a new identity and drops what
// another user left, as LoginUser does.
func TestSignInForTestIdentity(t *testing.T) {
	s := newSite(func(s *site) { s.app.Config.SessionStore = hipflasktestStore() })
	client := s.visitor(t)
	client.PostForm("/basket", nil)
	planted, _ := client.Cookie("session")
	for _, id := range []string{"1", "2"} {
		client.SessionTransaction(func(session *hipflask.Session) { s.users.SignInForTest(session, s.accounts[id]) })
		if now, _ := client.Cookie("session"); now == "" || now == planted {
			t.Errorf("user %s: got the cookie %q again", id, now)
		}
		client.SessionTransaction(func(session *hipflask.Session) {
			if got := session.Has("basket"); got != (id == "1") {
				t.Errorf("user %s: the basket is there: %v", id, got)
			}
		})
	}
	thief := s.visitor(t)
	thief.SetCookie(&http.Cookie{Name: "session", Value: planted})
	if got := who(thief); got != "nobody" {
		t.Errorf("the planted cookie signs in %q", got)
	}
	session := s.app.NewContext(nil, mustRequest("GET", "/")).Session()
	for name, sign := range map[string]func(){
		"Remember": func() { s.users.SignInForTest(session, s.accounts["1"], login.Remember()) },
		"For":      func() { s.users.SignInForTest(session, s.accounts["1"], login.For(time.Hour)) },
		"no user":  func() { s.users.SignInForTest(session, nil) },
		"no id":    func() { s.users.SignInForTest(session, &account{Name: "x"}) },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "login: SignInForTest ") {
					t.Errorf("%s: got %s, want a panic that says so", name, text)
				}
			}()
			sign()
		}()
	}
}

// TestConfig: Flask-Login's keys, as code, files and the environment have them.
func TestConfig(t *testing.T) {
	app := hipflask.New("config")
	for key, value := range map[string]any{
		"REMEMBER_COOKIE_NAME": "again", "REMEMBER_COOKIE_DURATION": 60, "REMEMBER_COOKIE_DOMAIN": "example.com", "REMEMBER_COOKIE_PATH": "/app",
		"REMEMBER_COOKIE_SECURE": "true", "REMEMBER_COOKIE_HTTPONLY": true, "REMEMBER_COOKIE_SAMESITE": "Strict",
		"REMEMBER_COOKIE_REFRESH_EACH_REQUEST": true, "SESSION_PROTECTION": "strong", "USE_SESSION_FOR_NEXT": true, "LOGIN_DISABLED": false,
	} {
		app.Config.Set(key, value)
	}
	m := login.New(app, func(*hipflask.Context, string) (*account, error) { return nil, nil })
	got := []any{m.RememberCookieName, m.RememberCookieDuration, m.RememberCookieDomain, m.RememberCookiePath, m.RememberCookieSecure,
		m.RememberCookieSameSite, m.RememberCookieRefreshEachRequest, m.SessionProtection, m.UseSessionForNext}
	want := []any{"again", time.Minute, "example.com", "/app", true, http.SameSiteStrictMode, true, login.ProtectStrong, true}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for key, values := range map[string][]any{
		"REMEMBER_COOKIE_NAME": {7}, "REMEMBER_COOKIE_DURATION": {0, -1, "soon", 1e300, true, time.Duration(-1)}, "REMEMBER_COOKIE_SAMESITE": {"loose", 77},
		"REMEMBER_COOKIE_SECURE": {"perhaps", 2}, "REMEMBER_COOKIE_HTTPONLY": {false}, "SESSION_PROTECTION": {"stong", true}, "LOGIN_DISABLED": {true},
	} {
		for _, value := range values {
			app := hipflask.New("config")
			app.Config.Set(key, value)
			func() {
				defer func() {
					if text := fmt.Sprint(recover()); !strings.Contains(text, key) {
						t.Errorf("%s %v: got %q, want a panic that names it", key, value, text)
					}
				}()
				login.New(app, func(*hipflask.Context, string) (*account, error) { return nil, nil })
			}()
		}
	}
	for key, values := range map[string][]any{"REMEMBER_COOKIE_DURATION": {"3600", "1h", 3600.0, int64(3600), time.Hour}} {
		for _, value := range values {
			app := hipflask.New("config")
			app.Config.Set(key, value)
			if m := login.New(app, func(*hipflask.Context, string) (*account, error) { return nil, nil }); m.RememberCookieDuration != time.Hour {
				t.Errorf("%#v: got %v", value, m.RememberCookieDuration)
			}
		}
	}
}

// TestConcurrent: many visitors at once, each the user that it signed in as.
func TestConcurrent(t *testing.T) {
	s := newSite(func(s *site) { s.users.RememberCookieRefreshEachRequest = true })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			client := s.visitor(t)
			id, name := "1", "ada"
			if i%2 == 0 {
				id, name = "2", "bob"
			}
			client.PostForm("/login", form("id", id, "remember", "y"))
			for range 10 {
				client.DeleteCookie("session")
				if got := who(client); got != name+" fresh=false remembered=true" {
					t.Errorf("got %q, want %s", got, name)
				}
			}
		})
	}
	wg.Wait()
}

// TestBelowRoot: next has the path as the browser sees it, below the App's root.
func TestBelowRoot(t *testing.T) {
	s := newSite(func(s *site) { s.app.Config.ApplicationRoot = "/app" })
	ask := func(method, target string, body string) string {
		r, w := httptest.NewRequest(method, target, strings.NewReader(body)), httptest.NewRecorder()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		http.StripPrefix("/app", s.app).ServeHTTP(w, r)
		return w.Header().Get("Location")
	}
	if got, want := ask("GET", "/app/guarded?a=1", ""), "/app/login?next=%2Fapp%2Fguarded%3Fa%3D1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := ask("POST", "/app/login?next=%2Fapp%2Fguarded%3Fa%3D1", "id=1"), "/app/guarded?a=1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := ask("POST", "/app/login?next=//evil.example", "id=1"), "/app/"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s = newSite(func(s *site) {
		s.app.Config.ApplicationRoot = "/app"
		s.app.BeforeRequest(s.users.RequiredHook)
	})
	if got, want := ask("POST", "/app/login?next=/app/who", "id=1"), "/app/who"; got != want {
		t.Errorf("behind a hook: got %q, want %q", got, want)
	}
}

// TestZeroUsers: what a loader may return for nobody, whatever the type of users.
func TestZeroUsers(t *testing.T) {
	for name, load := range map[string]func(*hipflask.Context, string) (login.User, error){
		"nil":             func(*hipflask.Context, string) (login.User, error) { return nil, nil },
		"a nil *account":  func(*hipflask.Context, string) (login.User, error) { return (*account)(nil), nil },
		"ErrNoUser":       func(*hipflask.Context, string) (login.User, error) { return nil, login.ErrNoUser },
		"wrapped":         func(*hipflask.Context, string) (login.User, error) { return nil, fmt.Errorf("%w: 7", login.ErrNoUser) },
		"user and no one": func(*hipflask.Context, string) (login.User, error) { return &account{ID: "7"}, login.ErrNoUser },
	} {
		app := hipflask.New("zero")
		app.Config.SecretKey = "a key for tests, which everybody may know"
		users := login.New(app, load)
		app.Get("/", func(c *hipflask.Context) error {
			_, ok := users.CurrentUser(c)
			return c.Text(fmt.Sprint(ok))
		}).Name("index")
		client := hipflasktest.New(t, app)
		client.SessionTransaction(func(s *hipflask.Session) { users.SignInForTest(s, &account{ID: "7"}) })
		if page := client.Get("/"); page.Body != "false" {
			t.Errorf("%s: got %s", name, page)
		}
	}
}
