package hipflask_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/hipflask/hipflask"
)

// exchange asks with cookies and returns those that the reply sets.
func exchange(app http.Handler, target string, cookies ...*http.Cookie) []*http.Cookie {
	r, w := httptest.NewRequest("GET", target, nil), httptest.NewRecorder()
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	app.ServeHTTP(w, r)
	return w.Result().Cookies()
}

// Get decodes a value into a variable of your type: a copy, which is set again
// when it has changed.
func ExampleSession_Get() {
	app := hipflask.New("cart")
	app.Config.SecretKey = "change me"
	app.Get("/add/<item>", func(c *hipflask.Context) error {
		var cart []string
		c.Session().Get("cart", &cart) // false and no change where there is none
		cart = append(cart, c.Param("item"))
		c.Session().Set("cart", cart)
		return c.NoContent()
	})
	app.Get("/", func(c *hipflask.Context) error {
		var cart []string
		fmt.Println(c.Session().Get("cart", &cart), cart, c.Session().Keys())
		return c.NoContent()
	})
	cookies := exchange(app, "/add/tea")
	cookies = exchange(app, "/add/milk", cookies...)
	fmt.Println(len(exchange(app, "/", cookies...)), "cookies: nothing changed")

	// Output:
	// true [tea milk] [cart]
	// 0 cookies: nothing changed
}

// What the session's cookie says and how it is sent. A permanent session is sent
// again with every reply but a file, so that it lasts while it is used.
func ExampleConfig_sessionCookie() {
	app := hipflask.New("cookie")
	app.Config.Root = fstest.MapFS{"static/style.css": {Data: []byte("body {}")}}
	app.Config.SecretKey = "change me"
	app.Get("/", func(c *hipflask.Context) error {
		c.Session().SetPermanent(true)
		c.Session().Set("name", "Zoë")
		c.Session().Set("age", 7)
		return c.NoContent()
	})
	app.Get("/other", func(c *hipflask.Context) error { return c.Text(c.Session().GetString("name")) })

	cookie := exchange(app, "https://example.com/")[0]
	fmt.Println(cookie.Secure, cookie.HttpOnly, cookie.SameSite == http.SameSiteLaxMode)
	signed, _ := base64.URLEncoding.DecodeString(strings.TrimPrefix(cookie.Value, "p."))
	payload, _ := base64.URLEncoding.DecodeString(strings.Split(string(signed), "|")[1])
	_, values, _ := strings.Cut(string(payload), `"v":`)
	fmt.Println(strings.TrimSuffix(values, "}")) // signed, and for everybody to read
	fmt.Println(len(exchange(app, "/other", cookie)), len(exchange(app, "/static/style.css", cookie)))

	app = hipflask.New("secret")
	app.Config.SecretKey = "change me"
	app.Config.SessionCookieEncrypt = true
	app.Config.SessionCookieSecure = true
	app.Config.SessionCookieSameSite = http.SameSiteStrictMode
	app.Config.DisableSessionCookieHTTPOnly = true
	app.Get("/", func(c *hipflask.Context) error {
		c.Session().Set("name", "Zoë")
		return c.NoContent()
	})
	cookie = exchange(app, "/")[0]
	fmt.Println(cookie.Secure, cookie.HttpOnly, cookie.SameSite == http.SameSiteStrictMode)

	// Output:
	// true true true
	// {"_permanent":true,"age":7,"name":"Zoë"}
	// 1 0
	// true false true
}

// A session signed with the old key is read, and signed with the new one.
func ExampleConfig_secretKeyFallbacks() {
	newApp := func(key string, old ...string) *hipflask.App {
		app := hipflask.New("keys")
		app.Config.SecretKey, app.Config.SecretKeyFallbacks = key, old
		app.Get("/set", func(c *hipflask.Context) error { c.Session().Set("name", "Ada"); return c.NoContent() })
		app.Get("/", func(c *hipflask.Context) error {
			fmt.Printf("%q\n", c.Session().GetString("name"))
			return c.NoContent()
		})
		return app
	}
	cookies := exchange(newApp("last year's key"), "/set")
	exchange(newApp("this year's key"), "/", cookies...)
	renewed := exchange(newApp("this year's key", "last year's key"), "/", cookies...)
	exchange(newApp("this year's key"), "/", renewed...)

	// Output:
	// ""
	// "Ada"
	// "Ada"
}

// Messages that no page has shown must not sign the visitor out: the oldest give
// way, and the log says so.
func ExampleContext_Flash_many() {
	app := hipflask.New("flood")
	app.Config.SecretKey = "change me"
	app.Config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	app.Get("/flash", func(c *hipflask.Context) error {
		for n := range 1000 {
			c.Flash(fmt.Sprint("message ", n))
		}
		c.Session().Set("name", "Ada")
		return c.NoContent()
	})
	app.Get("/", func(c *hipflask.Context) error {
		all := c.FlashedMessages()
		fmt.Println(len(all) < 1000, all[len(all)-1], c.Session().GetString("name"))
		return c.NoContent()
	})
	exchange(app, "/", exchange(app, "/flash")...)

	// Output:
	// true message 999 Ada
}
