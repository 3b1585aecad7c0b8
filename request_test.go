package hipflask

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// TestTrustedHosts holds hosts to Flask's (§12, the row TRUSTED_HOSTS; more of
// them asked of Flask 3.1.3 with Werkzeug 3.1.8).
func TestTrustedHosts(t *testing.T) {
	for _, test := range []struct {
		host string
		want int
	}{
		{"example.test", 200},
		{"example.test:8080", 200},
		{"a.other.test", 200},
		{"a.b.other.test", 200},
		{"other.test", 200},
		{"bad.test", 400},
		{"a.example.test", 400},
		{"xother.test", 400},
		{"example.test.", 400},
		{"example.test:80:90", 400},
		{"<b>", 400},
		{"", 400},
		{"x@y.other.test", 400},
		{".other.test", 400},
		{"..other.test", 400},
		{".a.other.test", 400},
		{"a..other.test", 400},
		{".example.test", 400},
		{".", 400},
		{"...other.test", 400},
		// Flask minds the case, and cannot name an IPv6 address.
		{"EXAMPLE.test", 200},
		{"[::1]:80", 200},
	} {
		app, _ := newTestApp(t)
		app.Config.TrustedHosts = []string{"example.test", ".other.test", "[::1]"}
		hooked := false
		app.BeforeRequest(func(c *Context) error {
			hooked = true
			if _, err := c.URLFor("index", "_external", true); (err == nil) != (test.want == 200) {
				t.Errorf("host %q: the external URL's error is %v", test.host, err)
			}
			if got := c.URL().Host; (got != "") != (test.want == 200) {
				t.Errorf("host %q: URL has the host %q", test.host, got)
			}
			return nil
		})
		app.Get("/", index)
		for path, ok := range map[string]int{"/": 200, "/missing": 404} {
			hooked = false
			r := httptest.NewRequest("GET", path, nil)
			r.Host = test.host
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			want := test.want
			if want == 200 {
				want = ok
			}
			if w.Code != want || !hooked {
				t.Errorf("host %q, %s: got %d, want %d; the before-hook ran: %t", test.host, path, w.Code, want, hooked)
			}
		}
	}
}

func TestUntrustedHostIsNamed(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.TrustedHosts = []string{"example.test"}
	app.Get("/", index)
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "<b>bad"
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), "The host &#34;&lt;b&gt;bad&#34; is not trusted.") {
		t.Errorf("got %s, want a page that names the host, escaped", w.Body)
	}

	// An error handler and a hook may answer, as for any routing failure.
	app, _ = newTestApp(t)
	app.Config.TrustedHosts = []string{"example.test"}
	app.Get("/", index)
	app.ErrorHandler(400, func(c *Context, err error) error { return c.Text(fmt.Sprint("mine ", c.Route())) })
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != 400 || w.Body.String() != "mine <nil>" {
		t.Errorf("got %d %s, want the error handler's page", w.Code, w.Body)
	}
}

// behind serves one request to an App behind proxies and tells what it saw.
func behind(t *testing.T, proxies TrustedProxies, r *http.Request) (seen string, w *httptest.ResponseRecorder) {
	t.Helper()
	app, _ := newTestApp(t)
	app.Config.SecretKey = "give it a try"
	app.Config.TrustedProxies = proxies
	app.Get("/u/", func(c *Context) error {
		c.Session().Set("a", 1)
		external, err := c.URLFor("u", "_external", true)
		if err != nil {
			return err
		}
		path, err := c.URLFor("u")
		if err != nil {
			return err
		}
		return c.Text(strings.Join([]string{c.RemoteAddr(), c.URL().String(), path, external}, " "))
	}).Name("u")
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w.Body.String(), w
}

func forwardedRequest(headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "/u/?q=%C3%A9", nil)
	r.RemoteAddr, r.Host = "10.0.0.9:4000", "inner.test"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add("X-Forwarded-"+headers[i], headers[i+1])
	}
	return r
}

// TestProxyFix is the observation of §16.
func TestProxyFix(t *testing.T) {
	r := forwardedRequest("For", "9.9.9.9, 1.2.3.4", "Proto", "https", "Host", "pub.example", "Prefix", "/pre")
	seen, w := behind(t, TrustedProxies{For: 1, Proto: 1, Host: 1, Prefix: 1}, r)
	// Flask's request.url is decoded, ?q=é; this one can be asked for as it is.
	if want := "1.2.3.4 https://pub.example/pre/u/?q=%C3%A9 /pre/u/ https://pub.example/pre/u/"; seen != want {
		t.Errorf("\n got %s\nwant %s", seen, want)
	}
	cookie := w.Result().Cookies()[0]
	if !cookie.Secure || cookie.Path != "/" {
		t.Errorf("the session cookie is %v; want it Secure, and its Path / as APPLICATION_ROOT says", cookie)
	}

	r = forwardedRequest("Proto", "https", "Host", "pub.example", "Prefix", "/pre")
	r.URL.Path = "/u"
	_, w = behind(t, TrustedProxies{Proto: 1, Host: 1, Prefix: 1}, r)
	// Flask's is absolute.
	if got := w.Header().Get("Location"); w.Code != 308 || got != "/pre/u/?q=%C3%A9" {
		t.Errorf("the slash redirect is %d %s", w.Code, got)
	}
}

func TestProxiesAreNotTrustedUnlessListed(t *testing.T) {
	all := forwardedRequest("For", "1.2.3.4", "Proto", "https", "Host", "pub.example", "Port", "99", "Prefix", "/pre")
	const untouched = "10.0.0.9 http://inner.test/u/?q=%C3%A9 /u/ http://inner.test/u/"
	everything := TrustedProxies{For: 1, Proto: 1, Host: 1, Port: 1, Prefix: 1}
	peers := func(text string) TrustedProxies {
		p := everything
		p.Peers = []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix(text)}
		return p
	}
	const fixed = "1.2.3.4 https://pub.example:99/pre/u/?q=%C3%A9 /pre/u/ https://pub.example:99/pre/u/"
	for _, test := range []struct {
		name    string
		proxies TrustedProxies
		remote  string
		want    string
	}{
		{"none", TrustedProxies{}, "10.0.0.9:4000", untouched},
		{"all", everything, "10.0.0.9:4000", fixed},
		{"more proxies than values", TrustedProxies{2, 2, 2, 2, 2, nil}, "10.0.0.9:4000", untouched},
		{"a peer", peers("10.0.0.0/8"), "10.0.0.9:4000", fixed},
		{"a peer as IPv6 writes it", peers("10.0.0.0/8"), "[::ffff:10.0.0.9]:4000", fixed},
		{"another peer", peers("10.1.0.0/16"), "10.0.0.9:4000", untouched},
		{"a peer without an address", peers("10.0.0.0/8"), "@", strings.TrimPrefix(untouched, "10.0.0.9")},
		{"a socket, any peer", everything, "@", fixed},
	} {
		r := all.Clone(t.Context())
		r.RemoteAddr = test.remote
		got, w := behind(t, test.proxies, r)
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if secure := w.Result().Cookies()[0].Secure; secure != strings.Contains(test.want, "https") {
			t.Errorf("%s: the session cookie's Secure is %t", test.name, secure)
		}
	}
}

// TestForwardedFor was run beside Werkzeug's ProxyFix.
func TestForwardedFor(t *testing.T) {
	const peer = "10.0.0.9"
	for _, test := range []struct {
		trusted int
		header  string
		want    string
	}{
		{1, "", peer},
		{1, "1.1.1.1", "1.1.1.1"},
		{1, " 1.1.1.1 ", "1.1.1.1"},
		{2, "1.1.1.1", peer},
		{1, "9.9.9.9, 1.2.3.4", "1.2.3.4"},
		{2, "9.9.9.9, 1.2.3.4", "9.9.9.9"},
		{1, "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5", "5.5.5.5"},
		{3, "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5", "3.3.3.3"},
		{5, "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5", "1.1.1.1"},
		{6, "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5", peer},
		{1, "2001:db8::1", "2001:db8::1"},
		{1, "::ffff:1.2.3.4", "1.2.3.4"},
		// Werkzeug makes the address whatever the header says.
		{1, "unknown", peer},
		{1, "_hidden", peer},
		{1, "fe80::1%<script>", peer},
		{1, "1.2.3.4:99", "1.2.3.4"},
		{1, "[2001:db8::1]:99", "2001:db8::1"},
		// Werkzeug does not count an empty value at the end or in the middle, and
		// takes a quote for the beginning of a text that hides commas.
		{1, "9.9.9.9,", peer},
		{2, "9.9.9.9,,2.2.2.2", peer},
		{1, `"9.9.9.9, 1.2.3.4`, "1.2.3.4"},
	} {
		got, _ := behind(t, TrustedProxies{For: test.trusted}, forwardedRequest("For", test.header))
		if got, _, _ := strings.Cut(got, " "); got != test.want {
			t.Errorf("%d trusted, X-Forwarded-For: %s: got %s, want %s", test.trusted, test.header, got, test.want)
		}
	}
	// Two lines of a header are one list.
	got, _ := behind(t, TrustedProxies{For: 2}, forwardedRequest("For", "9.9.9.9, 1.1.1.1", "For", "2.2.2.2"))
	if !strings.HasPrefix(got, "1.1.1.1 ") {
		t.Errorf("two lines: got %s, want 1.1.1.1", got)
	}
}

// TestForwardedURL was run beside Werkzeug's ProxyFix.
func TestForwardedURL(t *testing.T) {
	trusted := TrustedProxies{Proto: 1, Host: 1, Port: 1, Prefix: 1}
	for _, test := range []struct{ header, value, want string }{
		{"Proto", "https", "https://inner.test/u/"},
		{"Proto", "http", "http://inner.test/u/"},
		{"Proto", "https, http", "http://inner.test/u/"},
		{"Proto", "HTTPS", "https://inner.test/u/"},
		{"Proto", "gopher", "http://inner.test/u/"}, // Flask's request.url is gopher://
		{"Host", "pub.example", "http://pub.example/u/"},
		{"Host", "pub.example:8443", "http://pub.example:8443/u/"},
		{"Host", "pub.example:80", "http://pub.example/u/"},
		{"Host", "pub.example:443", "http://pub.example:443/u/"},
		{"Host", "a.example, b.example", "http://b.example/u/"},
		{"Host", "[::1]:80", "http://[::1]/u/"},
		{"Host", "<b>", "http://inner.test/u/"}, // Flask's has no host then
		{"Host", "evil.example/x", "http://inner.test/u/"},
		{"Port", "8443", "http://inner.test:8443/u/"},
		{"Port", "80", "http://inner.test/u/"},
		{"Port", "x", "http://inner.test/u/"},     // Flask's has no host then
		{"Port", "0", "http://inner.test/u/"},     // Flask: port 0
		{"Port", "99999", "http://inner.test/u/"}, // Flask: 500
		{"Port", "+80", "http://inner.test/u/"},
		{"Prefix", "/pre", "http://inner.test/pre/u/"},
		{"Prefix", "/pre/", "http://inner.test/pre/u/"},
		{"Prefix", "/", "http://inner.test/u/"},
		{"Prefix", "/a, /b", "http://inner.test/b/u/"},
		{"Prefix", "/a b", "http://inner.test/a%20b/u/"},
		{"Prefix", "pre", "http://inner.test/u/"},    // Flask: http://inner.testpre/u/
		{"Prefix", "//evil", "http://inner.test/u/"}, // Flask's url_for leads to //evil/u/
		{"Prefix", `/\evil`, "http://inner.test/u/"},
		{"Prefix", "/a\tb", "http://inner.test/u/"},
	} {
		got, _ := behind(t, trusted, forwardedRequest(test.header, test.value))
		words := strings.Split(got, " ")
		if len(words) != 4 || words[1] != test.want+"?q=%C3%A9" || words[3] != test.want {
			t.Errorf("X-Forwarded-%s: %s\n got %s\nwant %s", test.header, test.value, got, test.want)
		}
	}
}

// TestProxiesEverywhere: middleware, the cross-origin check and TrustedHosts see
// the visitor's request, too.
func TestProxiesEverywhere(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.TrustedProxies = TrustedProxies{For: 1, Host: 1}
	app.Config.TrustedHosts = []string{"pub.example"}
	var seen string
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = r.Host + " " + r.RemoteAddr
			next.ServeHTTP(w, r)
		})
	})
	app.Post("/u/", sayOK)
	r := forwardedRequest("For", "1.2.3.4", "Host", "pub.example")
	r.Method = "POST"
	r.Header.Set("Origin", "https://pub.example")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != 200 || seen != "pub.example 1.2.3.4:0" {
		t.Errorf("got %d %s, the middleware saw %s", w.Code, w.Body, seen)
	}
	if r.Host != "inner.test" || r.RemoteAddr != "10.0.0.9:4000" {
		t.Errorf("the server's own request was changed: %s %s", r.Host, r.RemoteAddr)
	}
}

func TestURL(t *testing.T) {
	for _, test := range []struct {
		target, host string
		https        bool
		root, want   string
	}{
		{"/u/3/a/b?x=1&y=%C3%A9", "localhost", false, "", "http://localhost/u/3/a/b?x=1&y=%C3%A9"},
		{"/", "LOCALHOST:80", false, "", "http://localhost/"},
		{"/", "localhost:443", true, "", "https://localhost/"},
		{"/?", "localhost:5000", false, "", "http://localhost:5000/?"},
		{"/a%2Fb", "localhost", false, "/my app", "http://localhost/my%20app/a%2Fb"},
		{"/é", "localhost", false, "/app/", "http://localhost/app/%C3%A9"},
		{"http://user:pass@other.test/x", "localhost", false, "", "http://localhost/x"},
		{"/", "no host", false, "", "http:///"}, // as Flask's request.url
	} {
		app, _ := newTestApp(t)
		app.Config.ApplicationRoot = test.root
		r := httptest.NewRequest("GET", test.target, nil)
		r.Host = test.host
		r.TLS = nil
		if test.https {
			r.TLS = &tls.ConnectionState{}
		}
		if got := app.NewContext(nil, r).URL().String(); got != test.want {
			t.Errorf("%s at %s: got %s, want %s", test.target, test.host, got, test.want)
		}
	}
}

func TestRemoteAddr(t *testing.T) {
	app, _ := newTestApp(t)
	for remote, want := range map[string]string{
		"1.2.3.4:5": "1.2.3.4", "[2001:db8::1]:5": "2001:db8::1", "[::ffff:1.2.3.4]:5": "1.2.3.4",
		"1.2.3.4": "1.2.3.4", // as some middleware leaves it
		"@":       "", "": "",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		if got := app.NewContext(nil, r).RemoteAddr(); got != want {
			t.Errorf("%q: got %q, want %q", remote, got, want)
		}
	}
}

// TestRouteMaxContentLength is Flask's request.max_content_length (§12, the
// table of limits).
func TestRouteMaxContentLength(t *testing.T) {
	read := func(c *Context) error {
		n, err := io.Copy(io.Discard, c.Request.Body)
		if err != nil {
			return err
		}
		return c.Text(fmt.Sprint(n))
	}
	for _, test := range []struct {
		app, route int64
		body, want int
	}{
		{10, 0, 10, 200}, {10, 0, 11, 413},
		{10, 1000, 1000, 200}, {10, 1000, 1001, 413},
		{1000, 10, 10, 200}, {1000, 10, 11, 413},
		{10, -1, 100_000, 200}, {-1, 10, 11, 413},
		{-1, 0, 100_000, 200},
	} {
		for _, early := range []bool{false, true} { // read by the handler, or by a hook before it
			app, _ := newTestApp(t)
			app.Config.MaxContentLength = test.app
			if early {
				app.BeforeRequest(read)
			}
			app.Post("/upload", read).Name("upload").MaxContentLength(test.route)
			app.Post("/other", read).Name("other").MaxContentLength(5)
			r := httptest.NewRequest("POST", "/upload", strings.NewReader(strings.Repeat("x", test.body)))
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("App %d, route %d, body %d, in a hook %t: got %d, want %d", test.app, test.route, test.body, early, w.Code, test.want)
			}
		}
	}
}
