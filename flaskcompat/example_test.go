package flaskcompat_test

import (
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

// The cookie is what a Flask application with this SECRET_KEY reads as its own
// session, message included.
func ExampleNewSessionStore() {
	app := hipflask.New("shop")
	app.Config.SecretKey = "the Flask application's SECRET_KEY"
	app.Config.SessionStore = flaskcompat.NewSessionStore()
	app.Post("/login", func(c *hipflask.Context) error {
		c.Session().Set("username", "Ada")
		c.Flash("You were logged in")
		return c.NoContent()
	}).Name("login")

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("POST", "/login", nil))

	payload, _, _ := strings.Cut(w.Result().Cookies()[0].Value, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	fmt.Println(string(text), err)

	// Output:
	// {"_flashes":[{" t":["message","You were logged in"]}],"username":"Ada"} <nil>
}

// A password that Werkzeug hashed is checked here, and the other way round.
func ExampleCheckPasswordHash() {
	const hash = "pbkdf2:sha256:1000$NaCl$1ea4bde72df884b5633aedd11c24ae57fe57cbe2e2fd28b9bfb76229dc75b0a2"
	fmt.Println(flaskcompat.CheckPasswordHash(hash, "hunter2"))
	fmt.Println(flaskcompat.CheckPasswordHash(hash, "Hunter2"))
	fmt.Println(flaskcompat.CheckPasswordHash("no hash", "hunter2"))

	// Output:
	// true
	// false
	// false
}

func ExampleGeneratePasswordHash() {
	hash := flaskcompat.GeneratePasswordHash("hunter2")
	method, _, _ := strings.Cut(hash, "$")
	fmt.Println(method, flaskcompat.CheckPasswordHash(hash, "hunter2"))

	// Output:
	// scrypt:32768:8:1 true
}

// Python's types go through a session under their own names. Here one request
// sets them and the next reads them; either could be Flask's.
func Example_types() {
	app := hipflask.New("types")
	app.Config.SecretKey = "the Flask application's SECRET_KEY"
	app.Config.SessionStore = flaskcompat.NewSessionStore()
	app.Post("/", func(c *hipflask.Context) error {
		c.Session().Set("seen", flaskcompat.Time{Time: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)})
		c.Session().Set("pair", flaskcompat.Tuple{1, flaskcompat.Bytes("a")})
		return c.NoContent()
	}).Name("set")
	app.Get("/", func(c *hipflask.Context) error {
		var seen flaskcompat.Time
		var pair flaskcompat.Tuple
		c.Session().Get("seen", &seen)
		c.Session().Get("pair", &pair)
		return c.Text(fmt.Sprintf("%d %T %T", seen.Year(), pair[0], pair[1]))
	}).Name("get")

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Body)

	// Output:
	// 2024 int flaskcompat.Bytes
}

func ExampleUntag() {
	app := hipflask.New("page")
	app.Config.SecretKey = "the Flask application's SECRET_KEY"
	app.Config.SessionStore = flaskcompat.NewSessionStore()
	app.TemplateFunc("untag", flaskcompat.Untag)
	app.Get("/", func(c *hipflask.Context) error {
		c.Session().Set("seen", flaskcompat.Time{Time: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)})
		return c.RenderString(`Last seen {{(untag session.seen).Format "2 January 2006"}}.`, nil)
	}).Name("index")

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Body)

	// Output:
	// Last seen 29 February 2024.
}
