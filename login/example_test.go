package login_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/login"
)

// member is a user. A program has them in a table.
type member struct{ Name, Hash string }

func (m *member) LoginID() string    { return m.Name }
func (m *member) LoginStamp() string { return m.Hash } // a new password ends remember cookies

// The whole of signing in: a page for members, which a stranger is sent away from
// and comes back to.
func Example() {
	members := map[string]*member{"ada": {"ada", flaskcompat.GeneratePasswordHash("green tea")}}
	app := hipflask.New("club")
	app.Config.SecretKey = "change me"
	users := login.New(app, func(_ *hipflask.Context, id string) (*member, error) {
		return members[id], nil // nil is nobody
	})
	users.LoginView = "signIn"

	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString(`{{with current_user}}Hello, {{.Name}}.{{else}}Hello, stranger.{{end}}`, nil)
	}).Name("index")
	app.Get("/members", func(c *hipflask.Context) error {
		user, _ := users.CurrentUser(c) // there is one, since Required let it pass
		return c.Text("The members' page, for " + user.Name + ".")
	}).Name("members").Wrap(users.Required)
	app.Route("/login", func(c *hipflask.Context) error {
		user := members[c.Form("name")]
		if c.Request.Method == "POST" && user != nil && flaskcompat.CheckPasswordHash(user.Hash, c.Form("password")) {
			if err := users.LoginUser(c, user, login.Remember()); err != nil {
				return err
			}
			return users.RedirectNext(c, "index")
		}
		return c.RenderString(`{{range get_flashed_messages}}{{.}}{{end}}`, nil) // and the form
	}, "GET", "POST").Name("signIn")
	app.Post("/logout", func(c *hipflask.Context) error {
		users.LogoutUser(c)
		return c.RedirectTo("index")
	}).Name("signOut")

	server := httptest.NewServer(app)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	show := func(response *http.Response, err error) {
		if err != nil {
			fmt.Println(err)
			return
		}
		defer response.Body.Close()
		var text [100]byte
		n, _ := response.Body.Read(text[:])
		fmt.Println(response.Request.URL.RequestURI(), string(text[:n]))
	}
	show(browser.Get(server.URL + "/members"))
	show(browser.PostForm(server.URL+"/login?next=/members", url.Values{"name": {"ada"}, "password": {"green tea"}}))
	show(browser.Get(server.URL + "/"))
	show(browser.PostForm(server.URL+"/logout", nil))

	// Output:
	// /login?next=%2Fmembers Please log in to access this page.
	// /members The members' page, for ada.
	// / Hello, ada.
	// / Hello, stranger.
}

// newClub has ada, who has a token for scripts.
func newClub() (*hipflask.App, *login.Manager[*member], *member) {
	app := hipflask.New("club")
	app.Config.SecretKey = "change me"
	ada := &member{"ada", "a hash"}
	users := login.New(app, func(_ *hipflask.Context, id string) (*member, error) {
		if id != "ada" {
			return nil, login.ErrNoUser
		}
		return ada, nil
	})
	return app, users, ada
}

// ask prints the status of a reply and its body or where it leads to.
func ask(app http.Handler, r *http.Request, cookies ...*http.Cookie) []*http.Cookie {
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	text := w.Body.String()
	if location := w.Header().Get("Location"); location != "" {
		text = "to " + location
	} else if strings.HasPrefix(text, "<!doctype") {
		text = http.StatusText(w.Code)
	}
	fmt.Println(w.Code, text)
	return w.Result().Cookies()
}

// A script sends a token, and has no session.
func ExampleManager_requestLoader() {
	app, users, ada := newClub()
	users.RequestLoader = func(c *hipflask.Context) (*member, error) {
		if c.Request.Header.Get("Authorization") != "Bearer a-long-random-token" {
			return nil, login.ErrNoUser
		}
		return ada, nil
	}
	app.Get("/api/me", func(c *hipflask.Context) error {
		user, _ := users.CurrentUser(c)
		return c.Text(user.Name)
	}).Name("me").Wrap(users.Required)

	r := httptest.NewRequest("GET", "/api/me", nil)
	ask(app, r) // without a login view: 401
	r = httptest.NewRequest("GET", "/api/me", nil)
	r.Header.Set("Authorization", "Bearer a-long-random-token")
	fmt.Println(len(ask(app, r)), "cookies")

	// Output:
	// 401 Unauthorized
	// 200 ada
	// 0 cookies
}

// One hook guards a blueprint, and lets its login page pass.
func ExampleManager_RequiredHook() {
	app, users, _ := newClub()
	users.LoginView = "admin.signIn"
	admin := hipflask.NewBlueprint("admin", "/admin")
	admin.BeforeRequest(users.RequiredHook)
	admin.Get("/", func(c *hipflask.Context) error { return c.Text("secrets") }).Name("index")
	admin.Get("/login", func(c *hipflask.Context) error { return c.Text("who are you?") }).Name("signIn")
	app.Register(admin)

	ask(app, httptest.NewRequest("GET", "/admin/?page=2", nil))
	ask(app, httptest.NewRequest("GET", "/admin/login", nil))

	// Output:
	// 302 to /admin/login?next=%2Fadmin%2F%3Fpage%3D2
	// 200 who are you?
}

// What is dangerous needs the password once more of who was remembered.
func ExampleManager_FreshRequired() {
	app, users, ada := newClub()
	users.RefreshView = "confirm"
	app.Get("/delete", func(c *hipflask.Context) error { return c.Text("deleted") }).Name("delete").Wrap(users.FreshRequired)
	app.Post("/in", func(c *hipflask.Context) error {
		if err := users.LoginUser(c, ada, login.Fresh(false)); err != nil {
			return err
		}
		return c.Text("in")
	}).Name("in")
	app.Post("/confirm", func(c *hipflask.Context) error { // having checked the password
		users.ConfirmLogin(c)
		return c.Text("confirmed")
	}).Name("confirm")

	cookies := ask(app, httptest.NewRequest("POST", "/in", nil))
	ask(app, httptest.NewRequest("GET", "/delete", nil), cookies...)
	cookies = ask(app, httptest.NewRequest("POST", "/confirm", nil), cookies...)
	ask(app, httptest.NewRequest("GET", "/delete", nil), cookies...)

	// Output:
	// 200 in
	// 302 to /confirm?next=%2Fdelete
	// 200 confirmed
	// 200 deleted
}

// A test begins signed in: hipflasktest's SessionTransaction does what is done here.
func ExampleManager_SignInForTest() {
	app, users, ada := newClub()
	app.Get("/", func(c *hipflask.Context) error {
		user, ok := users.CurrentUser(c)
		return c.Text(fmt.Sprintf("%s %v %v", user.Name, ok, users.LoginFresh(c)))
	}).Name("index")

	w := httptest.NewRecorder()
	err := app.SessionTransaction(w, httptest.NewRequest("GET", "/", nil), func(s *hipflask.Session) { users.SignInForTest(s, ada) })
	fmt.Println(err)
	ask(app, httptest.NewRequest("GET", "/", nil), w.Result().Cookies()...)

	// Output:
	// <nil>
	// 200 ada true true
}

// Flask-Login's signals: a log of who signs in and out.
func ExampleUserLoggedIn() {
	app, users, ada := newClub()
	login.UserLoggedIn.Connect(app, func(_ *hipflask.Context, user login.User) { fmt.Println(user.LoginID(), "is here") })
	login.UserLoggedOut.Connect(app, func(_ *hipflask.Context, user login.User) { fmt.Println(user.LoginID(), "has gone") })
	app.Post("/", func(c *hipflask.Context) error {
		if err := users.LoginUser(c, ada); err != nil {
			return err
		}
		users.LogoutUser(c)
		return c.NoContent()
	}).Name("index")
	ask(app, httptest.NewRequest("POST", "/", nil))

	// Output:
	// ada is here
	// ada has gone
	// 204
}
