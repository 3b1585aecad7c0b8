package login_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// signedIn is a request for a path by ada, who is remembered.
func signedIn(t testing.TB, s *site, path string) *http.Request {
	client := hipflasktest.New(t, s.app)
	client.PostForm("/login", form("id", "1", "remember", "y"))
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = "127.0.0.1:1234"
	for _, name := range []string{"session", "remember_token"} {
		value, _ := client.Cookie(name)
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func serve(app http.Handler, r *http.Request) func() {
	w := &discard{http.Header{}}
	return func() {
		clear(w.header)
		app.ServeHTTP(w, r)
	}
}

// TestNotAskedCostsNothing: a request that does not ask for the user makes nothing
// more than it does in an App without a Manager.
func TestNotAskedCostsNothing(t *testing.T) {
	s := newSite(func(s *site) { s.users.RememberCookieRefreshEachRequest = true })
	r := signedIn(t, s, "/plain")
	bare := hipflask.New("bare")
	bare.Config.SecretKey = "a key for tests, which everybody may know"
	bare.Get("/plain", func(c *hipflask.Context) error { return c.Text("plain") }).Name("plain")
	want, got := testing.AllocsPerRun(200, serve(bare, r)), testing.AllocsPerRun(200, serve(s.app, r))
	if got > want {
		t.Errorf("got %v allocations, and %v without a Manager", got, want)
	}
}

func BenchmarkNotAsked(b *testing.B) { benchmark(b, "/plain") }
func BenchmarkAsked(b *testing.B)    { benchmark(b, "/guarded") }

func benchmark(b *testing.B, path string) {
	s := newSite(nil)
	do := serve(s.app, signedIn(b, s, path))
	b.ReportAllocs()
	for b.Loop() {
		do()
	}
}

func BenchmarkRemembered(b *testing.B) {
	s := newSite(nil)
	r := signedIn(b, s, "/guarded")
	token, err := r.Cookie("remember_token")
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Del("Cookie")
	r.AddCookie(token)
	do := serve(s.app, r)
	b.ReportAllocs()
	for b.Loop() {
		do()
	}
}
