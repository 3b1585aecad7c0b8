package browser

import (
	"context"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/login"
)

// bootstrap is the file of Bootstrap's style sheet, for a picture of the form. The
// theme is the plain one without.
var bootstrap = os.Getenv("BOOTSTRAP_CSS")

// newMember is the form to sign up with.
type newMember struct {
	Name     string                `label:"Your name" validate:"required,max=20"`
	Email    string                `widget:"email" validate:"required,email"`
	Password string                `widget:"password" validate:"required,min=8"`
	Again    string                `label:"Password, again" widget:"password" validate:"eqfield=Password"`
	Age      *int                  `validate:"required,min=16,max=120"`
	Tea      string                `choices:"g=Green,b=Black" widget:"select"`
	Rules    bool                  `label:"I keep the rules" validate:"required"`
	Picture  *multipart.FileHeader `accept:"image/png" maxsize:"20KB"`
	Join     forms.Submit
}

type returning struct {
	Name       string `validate:"required"`
	Password   string `widget:"password" validate:"required"`
	RememberMe bool
	SignIn     forms.Submit
}

type member struct {
	Name, Email, Hash, Tea, Picture string
	Age                             int
}

func (m *member) LoginID() string    { return m.Name }
func (m *member) LoginStamp() string { return m.Hash }

var clubPages = fstest.MapFS{
	"templates/form.html": {Data: []byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Club</title>
<link rel="stylesheet" href="/style.css"><body class="container p-3" style="max-width: 40rem"><h1>{{.title}}</h1>
{{range get_flashed_messages}}<p>{{.}}</p>{{end}}{{.form.QuickForm "novalidate" true}}</body></html>`)},
	"templates/index.html": {Data: []byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Club</title>
{{with current_user}}<p>Hello, {{.Name}} ({{.Email}}, {{.Age}}, {{.Tea}}, {{.Picture}}).</p>
<form method="post" action="/sign-out"><button>Sign Out</button></form>{{else}}<p>Hello, stranger.</p>{{end}}</html>`)},
}

// newClub is an application whose members sign up and in.
func newClub() *hipflask.App {
	var mu sync.Mutex
	members := map[string]*member{}
	find := func(name string) *member {
		mu.Lock()
		defer mu.Unlock()
		return members[name]
	}

	app := hipflask.New("club")
	app.Config.Root = clubPages
	app.Config.SecretKey = "a key that is for this test alone"
	theme := forms.Plain
	if bootstrap != "" {
		theme = forms.Bootstrap5
		app.Get("/style.css", func(c *hipflask.Context) error {
			http.ServeFile(c.Writer(), c.Request, bootstrap)
			return nil
		})
	}
	forms.Setup(app, forms.Config{Theme: theme})
	users := login.New(app, func(_ *hipflask.Context, id string) (*member, error) { return find(id), nil })
	users.LoginView, users.RefreshView = "signIn", "signIn"

	app.Get("/", func(c *hipflask.Context) error { return c.Render("index.html", nil) }).Name("index")
	app.Route("/sign-up", func(c *hipflask.Context) error {
		var in newMember
		form := forms.New(c, &in)
		if form.ValidateOnSubmit() {
			m := &member{Name: in.Name, Email: in.Email, Hash: flaskcompat.GeneratePasswordHash(in.Password), Tea: in.Tea, Age: *in.Age}
			if in.Picture != nil {
				m.Picture = in.Picture.Filename
			}
			mu.Lock()
			members[in.Name] = m
			mu.Unlock()
			return c.RedirectTo("signIn")
		}
		return c.Render("form.html", hipflask.Data{"title": "Sign up", "form": form})
	}, "GET", "POST").Name("signUp")
	app.Route("/sign-in", func(c *hipflask.Context) error {
		var in returning
		form := forms.New(c, &in)
		if form.ValidateOnSubmit() {
			if m := find(in.Name); m != nil && flaskcompat.CheckPasswordHash(m.Hash, in.Password) {
				var options []login.Option
				if in.RememberMe {
					options = append(options, login.Remember())
				}
				if err := users.LoginUser(c, m, options...); err != nil {
					return err
				}
				return users.RedirectNext(c, "index")
			}
			form.AddError("The name or the password is wrong.")
		}
		return c.Render("form.html", hipflask.Data{"title": "Sign in", "form": form})
	}, "GET", "POST").Name("signIn")
	app.Get("/secret", func(c *hipflask.Context) error { return c.Text("The secret page.") }).Wrap(users.FreshRequired)
	app.Post("/sign-out", func(c *hipflask.Context) error {
		users.LogoutUser(c)
		return c.RedirectTo("index")
	})
	return app
}

// TestAccounts is the life of a member: signs up with mistakes, signs in, comes
// back with a browser that was closed, and signs out.
func TestAccounts(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser; not with -short")
	}
	browser(t)
	server := httptest.NewServer(newClub())
	t.Cleanup(server.Close)
	profile := t.TempDir()

	v, closeBrowser := returnVisitor(t, server.URL, profile)
	v.open("/sign-up")
	v.fill("name", "ada")
	v.fill("email", "nowhere")
	v.fill("password", "green tea")
	v.fill("again", "black tea")
	v.fill("age", "7")
	v.press("Join")
	v.at("/sign-up")
	for name, want := range map[string]string{
		"email":    "Invalid email address.",
		"again":    "Field must be equal to password.",
		"age":      "Number must be between 16 and 120.",
		"rules":    "This field is required.",
		"name":     "",
		"password": "",
		"picture":  "",
	} {
		if got := v.problem(name); got != want {
			t.Errorf("the message beside %s: got %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"name": "ada", "email": "nowhere", "age": "7", "password": "", "again": ""} {
		if got := v.says(`document.querySelector('[name="` + name + `"]').value`); got != want {
			t.Errorf("the value of %s: got %q, want %q", name, got, want)
		}
	}
	v.fits("form-errors")

	v.fill("email", "ada@example.com")
	v.fill("password", "green tea")
	v.fill("again", "green tea")
	v.fill("age", "36")
	v.says(`document.querySelector('[name="tea"]').value = "b"`)
	v.says(`String(document.querySelector('[name="rules"]').click())`)
	picture := filepath.Join(t.TempDir(), "ada.png")
	if err := os.WriteFile(picture, []byte("\x89PNG\r\n\x1a\n and the rest"), 0o644); err != nil {
		t.Fatal(err)
	}
	v.do(chromedp.SetUploadFiles(chromedp.CSS(`[name="picture"]`), []string{picture}))
	v.press("Join")
	v.at("/sign-in")

	v.fill("name", "ada")
	v.fill("password", "black tea")
	v.press("Sign In")
	v.sees("The name or the password is wrong.")
	v.fill("password", "green tea")
	v.says(`String(document.querySelector('[name="remember_me"]').click())`)
	v.press("Sign In")
	v.at("/")
	v.sees("Hello, ada (ada@example.com, 36, b, ada.png).")
	v.open("/secret")
	v.sees("The secret page.")

	// A form of another site cannot sign her out.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<form method="post" action="` + server.URL + `/sign-out"><button>Win</button></form>`))
	}))
	t.Cleanup(other.Close)
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	tab, closeTab := chromedp.NewContext(v.ctx)
	second := &visitor{t, tab, "http://localhost:" + port}
	if err := chromedp.Do(tab); err != nil { // opens the tab
		t.Fatal(err)
	}
	second.open("/")
	second.refused("Win")
	closeTab()
	v.open("/")
	v.waits("Hello, ada")
	closeBrowser()

	// The session ended with the browser. The cookie that remembers did not, but it
	// is no fresh sign-in.
	v, closeBrowser = returnVisitor(t, server.URL, profile)
	v.open("/")
	v.waits("Hello, ada")
	v.open("/secret")
	v.at("/sign-in?next=%2Fsecret")
	v.sees("Please reauthenticate to access this page.")
	v.fill("name", "ada")
	v.fill("password", "green tea")
	v.press("Sign In")
	v.at("/secret")
	v.open("/")
	v.press("Sign Out")
	v.waits("Hello, stranger.")
	closeBrowser()

	v, closeBrowser = returnVisitor(t, server.URL, profile)
	v.open("/")
	v.waits("Hello, stranger.")
	closeBrowser()
}

// returnVisitor is newVisitor with a browser that keeps its cookies in a folder,
// and the function that closes it.
func returnVisitor(t *testing.T, base, profile string) (*visitor, func()) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser(t)),
		chromedp.WindowSize(1000, 800), chromedp.UserDataDir(profile))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts the browser, which lives as long as ctx
		t.Fatal(err)
	}
	return &visitor{t, ctx, base}, func() {
		t.Helper()
		if err := chromedp.Cancel(ctx); err != nil { // gracefully, so that it writes its cookies
			t.Fatal(err)
		}
	}
}

// says is what a script says, a text.
func (v *visitor) says(script string) string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
	if err != nil {
		v.t.Fatalf("%s: %v", script, err)
	}
	return text
}

// waits looks for words until the page shows all of them. It may change or load
// itself anew meanwhile.
func (v *visitor) waits(words ...string) {
	v.t.Helper()
	page := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithDeadline(v.ctx, end)
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
		cancel()
		if err != nil {
			continue // between two pages
		}
		page = text
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(page, word) }) {
			return
		}
	}
	v.t.Fatalf("after %s the page is\n%s\nwant %q on it", patience, page, words)
}

// problem is the text that a field refers to as its message, "" for a field that
// is not said to be invalid.
func (v *visitor) problem(name string) string {
	v.t.Helper()
	return strings.TrimSpace(v.says(`(() => {
		const field = document.querySelector('[name="` + name + `"]')
		if (field.getAttribute("aria-invalid") != "true") return ""
		return field.getAttribute("aria-describedby").split(" ").map(id => document.getElementById(id).innerText).join(" ")
	})()`))
}

// refused presses a button whose request must be a 403.
func (v *visitor) refused(button string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	resp, err := chromedp.RunResponse(ctx, chromedp.Click(`//button[.="`+button+`"]`))
	if err != nil {
		v.t.Fatal(err)
	}
	if resp.Status != http.StatusForbidden {
		v.t.Fatalf("a form of another site: got %d, want 403", resp.Status)
	}
}
