package hipflask_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func theme(c *hipflask.Context) error {
	chosen := "light"
	if cookie, err := c.Request.Cookie("theme"); err == nil {
		chosen = cookie.Value
	}
	return c.HTML("Theme: %s", chosen)
}

func chooseTheme(c *hipflask.Context) error {
	c.SetCookie(&http.Cookie{Name: "theme", Value: c.Param("name"), Path: "/", MaxAge: 3600})
	return c.RedirectTo("theme")
}

func forgetTheme(c *hipflask.Context) error {
	c.DeleteCookie("theme")
	return c.RedirectTo("theme")
}

func ExampleContext_DeleteCookie() {
	app := hipflask.New("cookies")
	app.Get("/", theme)
	app.Post("/forget", forgetTheme)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("POST", "/forget", nil))
	fmt.Println(w.Header().Get("Set-Cookie"))

	// Output:
	// theme=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0
}

// Cookies of your own are net/http's. What the visitor must not change belongs
// into the session.
func ExampleContext_SetCookie() {
	app := hipflask.New("cookies")
	app.Get("/", theme)
	app.Post("/theme/<any(light, dark):name>", chooseTheme)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("POST", "/theme/dark", nil))
	fmt.Println(w.Header().Get("Set-Cookie"))

	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Body)

	// Output:
	// theme=dark; Path=/; Max-Age=3600
	// Theme: dark
}
