package flaskcompat_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

// BenchmarkSession reads and writes a visitor's session, in the framework's own
// cookie and in Flask's: a small one, which zlib would make longer, and a cart,
// which it halves and more.
func BenchmarkSession(b *testing.B) {
	cart := []map[string]any{}
	for i := range 20 {
		cart = append(cart, map[string]any{"id": i, "name": fmt.Sprint("item ", i), "qty": 1})
	}
	for _, store := range []string{"cookie", "flaskcompat"} {
		for _, size := range []string{"small", "cart"} {
			app := hipflask.New("bench")
			app.Config.SecretKey = strings.Repeat("k", 32)
			if store == "flaskcompat" {
				app.Config.SessionStore = flaskcompat.NewSessionStore()
			}
			n := 100
			app.Get("/read", func(c *hipflask.Context) error {
				if c.Session().GetString("name") == "" {
					return hipflask.Abort(500)
				}
				return c.NoContent()
			}).Name("read")
			app.Get("/write", func(c *hipflask.Context) error {
				n++
				c.Session().Set("visits", n)
				return c.NoContent()
			}).Name("write")
			app.Get("/begin", func(c *hipflask.Context) error {
				c.Session().Set("name", "Ada Lovelace")
				if size == "cart" {
					c.Session().Set("cart", cart)
				}
				return c.NoContent()
			}).Name("begin")
			begun := httptest.NewRecorder()
			app.ServeHTTP(begun, httptest.NewRequest("GET", "/begin", nil))
			cookie := begun.Result().Cookies()[0]
			for _, what := range []string{"read", "write"} {
				b.Run(what+"/"+size+"/"+store, func(b *testing.B) {
					r := httptest.NewRequest("GET", "/"+what, nil)
					r.AddCookie(cookie)
					w := httptest.NewRecorder()
					b.ReportAllocs()
					for b.Loop() {
						clear(w.Header())
						app.ServeHTTP(w, r)
					}
					b.ReportMetric(float64(len(cookie.Value)), "cookie-bytes")
					if w.Code != 204 {
						b.Fatal(w.Code)
					}
				})
			}
		}
	}
}
