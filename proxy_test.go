package hipflask

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// old starts an application of another kind and returns its address.
func old(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// beside starts an App with a fallback. lock reads its log safely.
func beside(t testing.TB, fallback http.Handler, setup func(app *App)) (address string, logged func() string) {
	t.Helper()
	app, _ := newTestApp(t)
	var log lockedBuffer
	app.Config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	app.Fallback(fallback)
	if setup != nil {
		setup(app)
	}
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return server.URL, log.String
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// send sends a request as it is, without following redirects, and reads the reply.
func send(t testing.TB, method, address string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v after %q", method, address, err, text)
	}
	return res, string(text)
}

// TestFallback: who answers what, seen from outside.
func TestFallback(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/folder" {
			http.Redirect(w, r, "http://"+r.Host+"/folder/", http.StatusPermanentRedirect)
			return
		}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "old %s %s", r.Method, r.RequestURI)
	})
	address, _ := beside(t, ProxyTo(target), func(app *App) {
		app.Config.TrustedHosts = []string{"127.0.0.1", "www.example.com"}
		app.Get("/", sayOK)
		app.Get("/page", sayOK)
		app.Post("/only-post", sayOK)
		app.Get("/about/", sayOK)
		app.Get("/<int(max=5):n>", sayOK)
		app.Get("/gone", func(*Context) error { return Abort(404) })
		app.Get("/folder/in", sayOK)
		bp := NewBlueprint("shop", "/shop")
		bp.Get("/cart", sayOK)
		bp.ErrorHandler(404, func(c *Context, err error) error { return c.Text("no such thing in the shop") })
		app.Register(bp)
	})
	tests := []struct {
		request string
		status  int
		body    string // or the Location
		why     string
	}{
		{"GET /", 200, "ok", ""},
		{"GET /page", 200, "ok", ""},
		{"GET /nowhere?a=1&b=%zz;c", 418, "old GET /nowhere?a=1&b=%zz;c", "the query as it came"},
		{"GET /a%2Fb/%C3%A9%20x", 418, "old GET /a%2Fb/%C3%A9%20x", "the path as it came"},
		{"GET /a//b/../c", 418, "old GET /a//b/../c", "the same"},
		{"GET //evil.example/x", 418, "old GET /evil.example/x", "slashes in front are one, as in Flask"},
		{"GET /x?", 418, "old GET /x?", ""},
		{"PURGE /nowhere", 418, "old PURGE /nowhere", "any method"},
		{"POST /page", 418, "old POST /page", "our 405 may be a page of the other's"},
		{"GET /only-post", 418, "old GET /only-post", "the same"},
		{"HEAD /page", 200, "", "HEAD goes with GET"},
		{"HEAD /only-post", 418, "", "and so does the other's"},
		{"OPTIONS /page", 200, "", "the route is there, so the App says which methods it has"},
		{"OPTIONS /nowhere", 418, "old OPTIONS /nowhere", ""},
		{"GET /about", 308, "/about/", "a page of ours, misspelt"},
		{"POST /about", 418, "old POST /about", "which takes no POST"},
		{"GET /about//", 308, "/about/", "the same with doubled slashes"},
		{"GET /5", 200, "ok", ""},
		{"GET /6", 418, "old GET /6", "a value that the rule refuses is no match"},
		{"GET /gone", 404, "There is no page", "a handler's own 404 is an answer"},
		{"GET /static/style.css", 200, "body{}", "our file"},
		{"GET /static/old.css", 418, "old GET /static/old.css", "a file that we do not have"},
		{"GET /static/.env", 418, "old GET /static/.env", "nor would we send it"},
		{"POST /static/style.css", 418, "old POST /static/style.css", ""},
		{"GET /shop/cart", 200, "ok", ""},
		{"GET /shop/nothing", 418, "old GET /shop/nothing", "before the 404 of a blueprint"},
		{"GET /folder", 308, "http://www.example.com/folder/", "the other's redirect, made of the visitor's host"},
	}
	for _, test := range tests {
		method, path, _ := strings.Cut(test.request, " ")
		res, body := send(t, method, address+path, nil, "Host", "www.example.com")
		got := body
		if location := res.Header.Get("Location"); location != "" {
			got = location
		}
		if res.StatusCode != test.status || !strings.Contains(got, test.body) || test.body == "" && got != "" {
			t.Errorf("%s: got %d %q, want %d %q (%s)", test.request, res.StatusCode, got, test.status, test.body, test.why)
		}
	}
	if res, body := send(t, "GET", address+"/nowhere", nil, "Host", "evil.example"); res.StatusCode != 400 || strings.Contains(body, "old") {
		t.Errorf("a host that is not trusted: got %d %q, want our 400", res.StatusCode, body)
	}
	if res, _ := send(t, "OPTIONS", address+"/page", nil); res.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("OPTIONS /page: got Allow %q, want the methods of the route", res.Header.Get("Allow"))
	}
}

// TestFallbackHooks: what surrounds the fallback is what surrounds a 404.
func TestFallbackHooks(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Old", "yes")
		io.Copy(w, r.Body)
	})
	ended := make(chan error, 20)
	address, _ := beside(t, ProxyTo(target), func(app *App) {
		app.BeforeRequest(func(c *Context) error {
			if c.Route() != nil {
				t.Errorf("%s: the hook sees the route %s", c.Request.URL, c.Route())
			}
			c.Header().Set("X-Before", "yes")
			switch c.Request.URL.Path {
			case "/closed":
				return Abort(403)
			case "/reads":
				c.Form("a")
			}
			return nil
		})
		app.AfterRequest(func(c *Context) error {
			if c.Request.URL.Path == "/broken" {
				return errors.New("the after-hook failed")
			}
			c.Header().Set("X-After", c.Header().Get("X-Old"))
			return nil
		})
		app.Teardown(func(c *Context, err error) { ended <- err })
	})
	const form, formType = "a=1", "application/x-www-form-urlencoded"
	tests := []struct {
		path   string
		header []string
		status int
		body   string
		after  string // X-After
	}{
		{"/form", nil, 200, form, "yes"},
		{"/cross", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 200, form, "yes"}, // the other's to refuse
		{"/closed", nil, 403, "You may not open", ""},
		{"/broken", nil, 500, "Something went wrong", ""},
		{"/reads", nil, 500, "Something went wrong", ""}, // its body is gone
	}
	for _, test := range tests {
		res, body := send(t, "POST", address+test.path, strings.NewReader(form), append(test.header, "Content-Type", formType)...)
		if res.StatusCode != test.status || !strings.Contains(body, test.body) || res.Header.Get("X-After") != test.after {
			t.Errorf("POST %s: got %d %q, X-After %q; want %d %q, %q", test.path, res.StatusCode, body, res.Header.Get("X-After"), test.status, test.body, test.after)
		}
		if test.status == 200 && res.Header.Get("X-Before") != "yes" {
			t.Errorf("POST %s: the header of the before-hook is lost", test.path)
		}
		<-ended
	}
}

// TestFallbackMounted: with Handle a part of the other application has what
// routes have: the cross-origin check and the limit of the body.
func TestFallbackMounted(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	app, _ := newTestApp(t)
	app.Config.MaxContentLength = 4
	app.Handle("/<path:rest>", ProxyTo(target)).Name("old")
	server := httptest.NewServer(app)
	defer server.Close()
	tests := []struct {
		body   string
		site   string
		status int
	}{
		{"1234", "same-origin", 200},
		{"1234", "cross-site", 403},
		{"12345", "same-origin", 413},
	}
	for _, test := range tests {
		res, body := send(t, "POST", server.URL+"/x", strings.NewReader(test.body), "Sec-Fetch-Site", test.site)
		if res.StatusCode != test.status || test.status == 200 && body != test.body {
			t.Errorf("%q from %s: got %d %q, want %d", test.body, test.site, res.StatusCode, body, test.status)
		}
	}
}

// TestProxyHeaders: what the other application is told of the visitor, whatever
// the visitor says of himself. Requests come from 127.0.0.1.
func TestProxyHeaders(t *testing.T) {
	seen := make(chan http.Header, 1)
	host := make(chan string, 1)
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Clone()
		host <- r.Host
	})
	one := TrustedProxies{For: 1, Proto: 1, Host: 1, Port: 1, Prefix: 1}
	tests := []struct {
		name    string
		proxies TrustedProxies
		sent    []string
		host    string
		want    map[string]string // "" for none
	}{
		{"a plain request", TrustedProxies{}, nil, "www.example.com", map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "www.example.com", "X-Forwarded-Proto": "http",
			"X-Forwarded-Prefix": "", "X-Forwarded-Port": "", "X-Real-Ip": "", "Forwarded": "", "Accept-Encoding": "", "User-Agent": ""}},
		{"a visitor's inventions", TrustedProxies{}, []string{
			"X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "7.7.7.7", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https",
			"X-Forwarded-Port", "1", "X-Forwarded-Prefix", "/evil", "X-Forwarded-Ssl", "on", "X-Forwarded-Protocol", "ssl", "X-Forwarded-Scheme", "https",
			"Forwarded", "for=6.6.6.6", "X-Real-Ip", "6.6.6.6", "Front-End-Https", "on",
		}, "www.example.com", map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "www.example.com", "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "", "X-Forwarded-Port": "",
			"X-Forwarded-Ssl": "", "X-Forwarded-Protocol": "", "X-Forwarded-Scheme": "", "Forwarded": "", "X-Real-Ip": "127.0.0.1", "Front-End-Https": ""}},
		{"the same to WSGI", TrustedProxies{}, []string{"X_Forwarded_For", "6.6.6.6", "x-forwarded_proto", "https", "X_REAL_IP", "6.6.6.6"},
			"www.example.com", map[string]string{"X-Forwarded-For": "127.0.0.1", "X_forwarded_for": "", "X-Forwarded_proto": "", "X_real_ip": "", "X-Real-Ip": ""}},
		{"what another server would take for a header of its own", TrustedProxies{}, []string{
			"SCRIPT_NAME", "/x", "X-Script-Name", "/x", "X-Original-Url", "/x", "X-Rewrite-URL", "/x", "Proxy", "http://evil.example",
			"X_User", "root", "X-User", "joe", "X.User", "root", "X-User_", "root", "x-user-2", "joe",
		}, "www.example.com", map[string]string{
			"Script_name": "", "X-Script-Name": "", "X-Original-Url": "", "X-Rewrite-Url": "", "Proxy": "",
			"X_user": "", "X-User": "joe", "X.user": "", "X-User_": "", "X-User-2": "joe"}},
		{"named as headers of one hop, which are dropped before ours are set", TrustedProxies{}, []string{"Connection", "X-Forwarded-For, X-Forwarded-Proto"},
			"www.example.com", map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "Connection": ""}},
		{"a trusted proxy", one, []string{
			"X-Forwarded-For", "6.6.6.6, 192.0.2.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "shop.example.com", "X-Forwarded-Port", "8443",
			"X-Forwarded-Prefix", "/shop", "X-Real-Ip", "192.0.2.7",
		}, "shop.example.com:8443", map[string]string{
			"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example.com:8443", "X-Forwarded-Port": "",
			"X-Forwarded-Prefix": "/shop", "X-Real-Ip": "192.0.2.7"}},
		{"two of them", TrustedProxies{For: 2, Proto: 1}, []string{"X-Forwarded-For", "6.6.6.6, 192.0.2.7", "X-Forwarded-For", "10.0.0.1", "X-Forwarded-Proto", "https"},
			"www.example.com", map[string]string{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example.com"}},
		{"trusted for the address alone", TrustedProxies{For: 1}, []string{"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "/evil"},
			"www.example.com", map[string]string{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "www.example.com", "X-Forwarded-Prefix": ""}},
		{"trusted, but somebody else connects", TrustedProxies{For: 1, Proto: 1, Peers: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
			[]string{"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https"}, "www.example.com", map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"}},
		{"what is the other application's", TrustedProxies{}, []string{"Cookie", "a=1; session=x", "Authorization", "Basic eDp5", "X-Forwarded-User", "joe", "Accept-Encoding", "br", "Origin", "null"},
			"www.example.com", map[string]string{"Cookie": "a=1; session=x", "Authorization": "Basic eDp5", "X-Forwarded-User": "joe", "Accept-Encoding": "br", "Origin": "null"}},
		{"an upgrade to HTTP/2", TrustedProxies{}, []string{"Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "HTTP2-Settings", "AAMAAABkAAQAAP__"},
			"www.example.com", map[string]string{"Connection": "", "Upgrade": "", "Http2-Settings": ""}},
		{"the same, less plainly", TrustedProxies{}, []string{"Connection", "upgrade", "Upgrade", "websocket, H2C", "HTTP2-Settings", "AAMAAABkAAQAAP__"},
			"www.example.com", map[string]string{"Connection": "", "Upgrade": "", "Http2-Settings": ""}},
		{"of one hop", TrustedProxies{}, []string{"Connection", "X-Hop", "X-Hop", "1", "Keep-Alive", "1", "Proxy-Authorization", "x", "Te", "gzip"},
			"www.example.com", map[string]string{"X-Hop": "", "Keep-Alive": "", "Proxy-Authorization": "", "Te": "", "Connection": ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address, _ := beside(t, ProxyTo(target), func(app *App) { app.Config.TrustedProxies = test.proxies })
			sent := append([]string{"Host", "www.example.com"}, test.sent...)
			raw := "GET /x HTTP/1.1\r\n" // as it is: http.Request would spell and add headers
			for i := 0; i < len(sent); i += 2 {
				raw += sent[i] + ": " + sent[i+1] + "\r\n"
			}
			if res := sendRaw(t, address, raw+"\r\n"); res.StatusCode != 200 {
				t.Fatalf("got %d", res.StatusCode)
			}
			header := <-seen
			if got := <-host; got != test.host {
				t.Errorf("Host: got %q, want %q", got, test.host)
			}
			for name, want := range test.want {
				if got := strings.Join(header[name], "|"); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// sendRaw sends a request as text and returns the reply's header.
func sendRaw(t *testing.T, address, raw string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, raw)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestProxyTarget: the target's path comes first, and nothing in a request leads
// anywhere else.
func TestProxyTarget(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.RequestURI+" "+r.Host+" "+r.Header.Get("Authorization"))
	})
	stranger := old(t, func(http.ResponseWriter, *http.Request) { t.Error("a request reached a server that it named itself") })
	strangerHost := strings.TrimPrefix(stranger, "http://")
	tests := []struct {
		below   string // the path of the target
		request string
		status  int
		seen    string
	}{
		{"", "GET / HTTP/1.1\r\nHost: a.example", 200, "/ a.example "},
		{"/", "GET /x HTTP/1.1\r\nHost: a.example", 200, "/x a.example "},
		{"/old", "GET /x HTTP/1.1\r\nHost: a.example", 200, "/old/x a.example "},
		{"/old/", "GET / HTTP/1.1\r\nHost: a.example", 200, "/old/ a.example "},
		{"/o%2Fd", "GET /x%2Fy HTTP/1.1\r\nHost: a.example", 200, "/o%2Fd/x%2Fy a.example "},
		{"/old", "GET /../x HTTP/1.1\r\nHost: a.example", 400, ""},
		{"/old", "GET /a/%2e%2e/%2E./x HTTP/1.1\r\nHost: a.example", 400, ""},
		{"/old", "GET /a/..%5cx HTTP/1.1\r\nHost: a.example", 400, ""},
		{"/old", "GET /a/..;/x HTTP/1.1\r\nHost: a.example", 400, ""},
		{"/old", "GET /a/..;v=1/x HTTP/1.1\r\nHost: a.example", 400, ""},
		{"/old", "GET /a/%2e%2e%3b/x HTTP/1.1\r\nHost: a.example", 400, ""},
		{"/old", "GET /..a;../b;..;c HTTP/1.1\r\nHost: a.example", 200, "/old/..a;../b;..;c a.example "},
		{"/old", "GET /..a/b..c HTTP/1.1\r\nHost: a.example", 200, "/old/..a/b..c a.example "},
		{"", "GET http://STRANGER/x HTTP/1.1\r\nHost: a.example", 200, "/x STRANGER "},
		{"", "GET http://joe:secret@STRANGER/x HTTP/1.1\r\nHost: a.example", 200, "/x STRANGER "},
		{"", "GET http:STRANGER/x HTTP/1.1\r\nHost: a.example", 200, "/ "}, // has no path
		{"", "GET //STRANGER/x HTTP/1.1\r\nHost: a.example", 200, "/STRANGER/x a.example "},
		{"", "GET /x HTTP/1.1\r\nHost: STRANGER", 200, "/x STRANGER "},
		{"", "CONNECT STRANGER HTTP/1.1\r\nHost: STRANGER", 405, ""},
	}
	for _, test := range tests {
		address, _ := beside(t, ProxyTo(target+test.below), nil)
		fill := strings.NewReplacer("STRANGER", strangerHost)
		res := sendRaw(t, address, fill.Replace(test.request)+"\r\nConnection: close\r\n\r\n")
		if seen := res.Header.Get("X-Seen"); res.StatusCode != test.status || !strings.HasPrefix(seen+" ", fill.Replace(test.seen)) {
			t.Errorf("%q below %q: got %d, seen %q; want %d, %q", test.request, test.below, res.StatusCode, seen, test.status, test.seen)
		}
	}
}

func TestProxyToMistakes(t *testing.T) {
	for _, target := range []string{"", "127.0.0.1:5000", "localhost:5000", "//localhost", "ftp://localhost", "http://", "http://:5000", "http:///x", "http://localhost?a=1", "http://localhost?",
		"http://localhost#a", "http://joe:secret@localhost", "http://local host", "http://localhost:port", "unix:/run/old.sock"} {
		if message := panicText(func() { ProxyTo(target) }); !strings.HasPrefix(message, fmt.Sprintf("hipflask: ProxyTo(%q): give the address", target)) {
			t.Errorf("ProxyTo(%q): got the panic %q", target, message)
		}
	}
	app := New("test")
	for _, test := range []struct {
		call func()
		want string
	}{
		{func() { app.Fallback(nil) }, "hipflask: Fallback: the handler is nil"},
		{func() { app.Fallback(http.NotFoundHandler()); app.Fallback(ProxyTo("http://localhost")) },
			"hipflask: Fallback(*hipflask.proxy): the App has a fallback already, a http.HandlerFunc"},
		{func() { app.Check(); app.Fallback(http.NotFoundHandler()) }, "hipflask: Fallback"},
	} {
		if message := panicText(test.call); !strings.HasPrefix(message, test.want) {
			t.Errorf("got the panic %q, want %q", message, test.want)
		}
	}
}

// TestProxySession: two applications share the session. What each of them does
// to it reaches the visitor, and the other.
func TestProxySession(t *testing.T) {
	// Both read and write the same cookie, as flaskcompat's store and Flask do.
	other, _ := newTestApp(t)
	other.Config.DisableSessionRefresh = true
	other.Get("/reads", func(c *Context) error { return c.Text(strings.Join(c.Session().Keys(), " ")) })
	other.Get("/ignores", func(c *Context) error { return c.Text(c.Request.Header.Get("Cookie")) })
	other.Get("/sets", func(c *Context) error { c.Session().Set("old", 1); return c.Text("set") })
	other.Get("/clears", func(c *Context) error { c.Session().Clear(); return c.Text("cleared") })
	server := httptest.NewServer(other)
	t.Cleanup(server.Close)

	address, logged := beside(t, ProxyTo(server.URL), func(app *App) {
		act := func(c *Context, when string) {
			switch c.Query(when) {
			case "reads":
				c.Session().Has("x")
			case "sets":
				c.Session().Set(when, 1)
			case "clears":
				c.Session().Clear()
			}
		}
		app.BeforeRequest(func(c *Context) error { act(c, "before"); return nil })
		app.AfterRequest(func(c *Context) error { act(c, "after"); return nil })
	})
	const none = "none" // no Set-Cookie
	tests := []struct {
		path    string
		with    []string // the session's keys before
		body    string
		session string // its keys in the cookie that is set
		vary    string
	}{
		// Nobody or one of them touches it.
		{"/ignores", []string{"a"}, "COOKIE", none, ""},
		{"/ignores", []string{"a", "_permanent"}, "COOKIE", none, ""}, // the other one would send it again
		{"/ignores?before=reads", []string{"a", "_permanent"}, "COOKIE", none, "Cookie"},
		{"/reads", []string{"a"}, "a", none, "Cookie"},
		{"/reads", nil, "", none, "Cookie"},
		{"/sets", nil, "set", "old", "Cookie"},
		{"/sets", []string{"a"}, "set", "a old", "Cookie"},
		{"/clears", []string{"a"}, "cleared", "", "Cookie"},

		// A before-hook changes it: the other one sees that, and either's Set-Cookie has both.
		{"/reads?before=sets", nil, "before", "before", "Cookie"},
		{"/reads?before=sets", []string{"a"}, "a before", "a before", "Cookie"},
		{"/sets?before=sets", []string{"a"}, "set", "a before old", "Cookie"},
		{"/reads?before=clears", []string{"a"}, "", "", "Cookie"},
		{"/sets?before=clears", []string{"a"}, "set", "old", "Cookie"},
		{"/clears?before=sets", []string{"a"}, "cleared", "", "Cookie"},

		// An after-hook goes on from what the other one set.
		{"/reads?after=sets", []string{"a"}, "a", "a after", "Cookie"},
		{"/sets?after=sets", []string{"a"}, "set", "a after old", "Cookie"},
		{"/sets?after=reads", []string{"a"}, "set", "a old", "Cookie"},
		{"/sets?before=sets&after=sets", []string{"a"}, "set", "a after before old", "Cookie"},
		{"/sets?before=reads&after=sets", []string{"a"}, "set", "a after old", "Cookie"},
		{"/clears?after=sets", []string{"a"}, "cleared", "after", "Cookie"},
		{"/sets?after=clears", []string{"a"}, "set", "", "Cookie"},
		{"/ignores?before=sets&after=clears", []string{"a"}, "session=", "", "Cookie"},
	}
	for _, test := range tests {
		request := httptest.NewRequest("GET", "/", nil)
		cookie := "other=1"
		if len(test.with) > 0 {
			w := httptest.NewRecorder()
			other.SessionTransaction(w, request, func(s *Session) {
				for _, key := range test.with {
					s.Set(key, true)
				}
			})
			cookie += "; session=" + w.Result().Cookies()[0].Value
		}
		res, body := send(t, "GET", address+test.path, nil, "Cookie", cookie)
		if body != test.body && !(test.body == "COOKIE" && body == cookie) && !(test.body == "session=" && strings.HasPrefix(body, "other=1; session=")) {
			t.Errorf("%s with %q: got the body %q, want %q", test.path, test.with, body, test.body)
		}
		set := slices.DeleteFunc(res.Cookies(), func(c *http.Cookie) bool { return c.Name != "session" })
		got := none
		if len(set) > 0 {
			request := httptest.NewRequest("GET", "/", nil)
			request.AddCookie(set[0])
			other.SessionTransaction(httptest.NewRecorder(), request, func(s *Session) { got = strings.Join(s.Keys(), " ") })
		}
		if got != test.session || len(set) > 1 {
			t.Errorf("%s with %q: got %d cookies with %q, want one with %q", test.path, test.with, len(set), got, test.session)
		}
		if vary := res.Header.Get("Vary"); vary != test.vary {
			t.Errorf("%s with %q: got Vary %q, want %q", test.path, test.with, vary, test.vary)
		}
	}
	if log := logged(); log != "" {
		t.Errorf("logged %s", log)
	}
}

// TestProxyRevoked: a session that was signed out everywhere stays empty, even if
// the other application, which does not ask, sends it again.
func TestProxyRevoked(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie("session"); err == nil && r.URL.Path == "/again" {
			http.SetCookie(w, cookie)
		}
	})
	since := time.Now().Add(-time.Hour)
	address, _ := beside(t, ProxyTo(target), func(app *App) {
		app.Config.SessionsValidSince = func(context.Context, *Session) (time.Time, error) { return since, nil }
		app.Get("/in", func(c *Context) error { c.Session().Set("user", "ann"); return c.Text("") })
		app.BeforeRequest(func(c *Context) error {
			c.Header().Set("X-Before", c.Session().GetString("user"))
			return nil
		})
		app.AfterRequest(func(c *Context) error {
			c.Header().Set("X-Late", c.Session().GetString("user"))
			return nil
		})
	})
	res, _ := send(t, "GET", address+"/in", nil)
	cookie := res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	for _, test := range []struct {
		path, want string
		since      time.Time
	}{
		{"/again", "ann", since},
		{"/other", "ann", since},
		{"/again", "", time.Now().Add(time.Hour)},
		{"/other", "", time.Now().Add(time.Hour)},
	} {
		since = test.since
		res, _ := send(t, "GET", address+test.path, nil, "Cookie", cookie)
		if before, after := res.Header.Get("X-Before"), res.Header.Get("X-Late"); before != test.want || after != test.want {
			t.Errorf("%s: got the user %q before and %q after, want %q", test.path, before, after, test.want)
		}
	}
}

// TestProxyCookies: cookies of the other application come back as they were
// sent, and those of hooks beside them.
func TestProxyCookies(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = []string{`odd="a b,c"; Path=/x; Max-Age="1"`, "second=2; SameSite=Nonsense"}
	})
	address, _ := beside(t, ProxyTo(target), func(app *App) {
		app.BeforeRequest(func(c *Context) error {
			c.SetCookie(&http.Cookie{Name: "ours", Value: "1"})
			return nil
		})
	})
	res, _ := send(t, "GET", address+"/", nil)
	want := []string{"ours=1; Path=/", `odd="a b,c"; Path=/x; Max-Age="1"`, "second=2; SameSite=Nonsense"}
	if got := res.Header["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestProxyDead: without a reply the visitor gets the App's own page.
func TestProxyDead(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent := listener.Addr().String() // takes connections and closes them
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	defer listener.Close()
	closed, _ := net.Listen("tcp", "127.0.0.1:0")
	closed.Close()

	for _, target := range []string{"http://" + closed.Addr().String(), "http://" + silent} {
		address, logged := beside(t, ProxyTo(target), func(app *App) {
			app.Get("/ours", sayOK)
			app.BeforeRequest(func(c *Context) error { c.Flash("hello"); return nil })
			app.AfterRequest(func(c *Context) error { c.Header().Set("X-After", "yes"); return nil })
			app.ErrorHandler(502, func(c *Context, err error) error {
				return c.Text(fmt.Sprintf("Back soon. %v", c.FlashedMessages()))
			})
		})
		res, body := send(t, "GET", address+"/old", nil)
		if res.StatusCode != 502 || body != "Back soon. [hello]" || res.Header.Get("X-After") != "yes" {
			t.Errorf("%s: got %d %q, X-After %q; want the 502 page", target, res.StatusCode, body, res.Header.Get("X-After"))
		}
		for _, cookie := range res.Cookies() {
			if cookie.MaxAge >= 0 {
				t.Errorf("the message that was shown is still in the cookie: %s", cookie)
			}
		}
		if log := logged(); strings.Count(log, "\n") != 1 || !strings.Contains(log, `ProxyTo(\"`+target) || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "path=/old") {
			t.Errorf("%s: logged %q, want one error that names the target", target, log)
		}
		if res, body := send(t, "GET", address+"/ours", nil); res.StatusCode != 200 || body != "ok" {
			t.Errorf("our own page: got %d %q", res.StatusCode, body)
		}
	}
}

// TestProxyBadReply: what is no reply of HTTP is the other application's mistake.
func TestProxyBadReply(t *testing.T) {
	for _, reply := range []string{
		"HTTP/1.1 200 OK\r\nX A: b\r\n", "HTTP/1.1 200 OK\r\nX-A : b\r\n", "HTTP/1.1 200 OK\r\nX-A: b\x00\r\n",
		"HTTP/1.1 099 What\r\n", "HTTP/1.1 000 What\r\n", "HTTP/1.1 20 OK\r\n", "hello\r\n",
	} {
		target := old(t, func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, reply+"Content-Length: 0\r\n\r\n")
		})
		address, logged := beside(t, ProxyTo(target), nil)
		if res, _ := send(t, "GET", address+"/x", nil); res.StatusCode != 502 || !strings.Contains(logged(), "ProxyTo") {
			t.Errorf("%q: got %d and the log %q, want 502 and the reason", reply, res.StatusCode, logged())
		}
	}
}

// TestProxyLoop: a target that is this program itself.
func TestProxyLoop(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	app, log := newTestApp(t)
	app.Fallback(ProxyTo("http://" + server.Listener.Addr().String()))
	server.Config.Handler = app
	server.Start()
	defer server.Close()
	if res, _ := send(t, "GET", server.URL+"/x", nil); res.StatusCode != 508 {
		t.Errorf("got %d, want 508", res.StatusCode)
	}
	if !strings.Contains(log.String(), "leads back to this program") {
		t.Errorf("logged %q", log)
	}
}

// TestProxyBreaksOff: a reply that is not whole does not look as if it were.
func TestProxyBreaksOff(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "the beginning")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	address, logged := beside(t, ProxyTo(target), nil)
	res, err := http.Get(address + "/x")
	if err == nil {
		defer res.Body.Close()
		if text, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("got all of %q, want an error", text)
		}
	}
	eventually(t, func() bool {
		return strings.Count(logged(), "\n") == 1 && strings.Contains(logged(), "the reply broke off")
	}, func() string { return "logged " + logged() })
}

func eventually(t *testing.T, ok func() bool, got func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(got())
		}
	}
}

// TestProxyVisitorLeaves: before the reply, during it, and in the middle of an
// upload. The other application learns of it, and nothing is logged.
func TestProxyVisitorLeaves(t *testing.T) {
	began, ended := make(chan string, 9), make(chan string, 9)
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- r.URL.Path }()
		switch r.URL.Path {
		case "/during":
			io.WriteString(w, "some")
			http.NewResponseController(w).Flush()
		case "/upload":
			began <- ""
			io.Copy(io.Discard, r.Body)
			return
		}
		began <- ""
		<-r.Context().Done()
	})
	torn := make(chan error, 9)
	address, logged := beside(t, ProxyTo(target), func(app *App) {
		app.Teardown(func(c *Context, err error) { torn <- err })
	})
	for _, path := range []string{"/before", "/during", "/upload"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		reply := bufio.NewReader(conn)
		length := 0
		if path == "/upload" {
			length = 1000
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, length, strings.Repeat("x", length/2))
		<-began
		if path == "/during" {
			for line := ""; !strings.Contains(line, "some"); { // a chunk of its own
				if line, err = reply.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
		}
		conn.Close()
		for _, done := range []func() bool{
			func() bool { return <-ended == path },
			func() bool { <-torn; return true },
		} {
			finished := make(chan bool, 1)
			go func() { finished <- done() }()
			select {
			case ok := <-finished:
				if !ok {
					t.Errorf("%s: another request ended", path)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: the request did not end with its visitor", path)
			}
		}
	}
	if log := logged(); log != "" {
		t.Errorf("logged %s", log)
	}
}

// TestProxyStreams: each event arrives when it was sent, not when the next does.
func TestProxyStreams(t *testing.T) {
	next := make(chan bool)
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		for n := range 3 {
			fmt.Fprintf(w, "data: %d\n", n)
			http.NewResponseController(w).Flush()
			<-next
		}
	})
	address, _ := beside(t, ProxyTo(target), nil)
	for _, kind := range []string{"text/event-stream", "text/plain"} {
		res, err := http.Get(address + "/events?type=" + url.QueryEscape(kind))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(res.Body)
		for n := range 3 {
			// If it were held back this would wait for ever: next comes after it.
			if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", n) {
				t.Fatalf("%s: got %q", kind, lines.Text())
			}
			next <- true
		}
		res.Body.Close()
	}
}

// TestProxyTrailers: what follows the body, announced or not.
func TestProxyTrailers(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "text")
		http.NewResponseController(w).Flush()
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "7")
	})
	address, _ := beside(t, ProxyTo(target), nil)
	res, body := send(t, "GET", address+"/", nil)
	if body != "text" || res.Trailer.Get("X-Sum") != "42" || res.Trailer.Get("X-Late") != "7" {
		t.Errorf("got %q with the trailer %v", body, res.Trailer)
	}
}

// TestProxyEarlyHints: a reply 1xx passes, and what a hook set is not lost by it.
func TestProxyEarlyHints(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		io.WriteString(w, "page")
	})
	address, _ := beside(t, ProxyTo(target), func(app *App) {
		app.BeforeRequest(func(c *Context) error { c.Header().Set("X-Before", "yes"); return nil })
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	replies := bufio.NewReader(conn)
	hints, err := http.ReadResponse(replies, nil)
	if err != nil || hints.StatusCode != 103 || hints.Header.Get("Link") == "" {
		t.Fatalf("got %v, %v; want 103 with a Link", hints, err)
	}
	page, err := http.ReadResponse(replies, nil)
	if err != nil || page.StatusCode != 200 || page.Header.Get("X-Before") != "yes" || page.Header.Get("Link") != "" {
		t.Errorf("got %v, %v; want 200 with X-Before", page, err)
	}
}

// TestProxyUpgrade: a WebSocket, here a line protocol, passes in both
// directions; hooks and session are settled before.
func TestProxyUpgrade(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "echo" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			t.Errorf("the other application is asked for the upgrade %q", r.Header.Get("Upgrade"))
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			rw.WriteString("echo " + line)
			rw.Flush()
		}
	})
	ended := make(chan error, 1)
	address, logged := beside(t, ProxyTo(target), func(app *App) {
		app.BeforeRequest(func(c *Context) error { c.Session().Set("a", 1); return nil })
		app.AfterRequest(func(c *Context) error { c.Header().Set("X-After", "yes"); return nil })
		app.Teardown(func(c *Context, err error) { ended <- err })
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Upgrade") != "echo" || res.Header.Get("X-After") != "yes" || len(res.Cookies()) != 1 {
		t.Errorf("got %d %v, want 101 with the session and X-After", res.StatusCode, res.Header)
	}
	for _, word := range []string{"one", "two"} {
		io.WriteString(conn, word+"\n")
		if line, err := reader.ReadString('\n'); err != nil || line != "echo "+word+"\n" {
			t.Errorf("got %q, %v", line, err)
		}
	}
	conn.Close()
	if err := <-ended; err != nil {
		t.Errorf("torn down with %v", err)
	}
	if log := logged(); log != "" {
		t.Errorf("logged %s", log)
	}
}

// TestProxyUpload: 256 MiB go through, above MaxContentLength, and are nowhere
// held on the way: the other application has read the beginning while the end is
// not yet made.
func TestProxyUpload(t *testing.T) {
	if testing.Short() {
		t.Skip("sends 256 MiB; not with -short")
	}
	const size = 256 << 20
	var most uint64
	target := old(t, func(w http.ResponseWriter, r *http.Request) {
		var m runtime.MemStats
		buffer := make([]byte, 1<<20)
		total := 0
		for i := 0; ; i++ {
			n, err := r.Body.Read(buffer)
			if total += n; err != nil {
				break
			}
			if i%256 == 0 {
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		fmt.Fprint(w, total, " of ", r.ContentLength)
	})
	address, _ := beside(t, ProxyTo(target), func(app *App) { app.Post("/ours", sayOK) })
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := http.NewRequest("POST", address+"/upload", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if want := fmt.Sprint(size, " of ", size); res.StatusCode != 200 || string(text) != want {
		t.Errorf("got %d %q, want %q", res.StatusCode, text, want)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB for an upload of %d", grown>>20, size>>20)
	} else {
		t.Logf("the heap grew by at most %d KiB for an upload of %d MiB", grown>>10, size>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestProxyBodyFails: a body that is no body is the visitor's mistake.
func TestProxyBodyFails(t *testing.T) {
	target := old(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	address, logged := beside(t, ProxyTo(target), nil)
	res := sendRaw(t, address, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n")
	if res.StatusCode != 400 {
		t.Errorf("got %d, want 400", res.StatusCode)
	}
	if log := logged(); log != "" {
		t.Errorf("logged %s", log)
	}
}

// TestProxyBodyTaken: who has read a body is told so, and the other application is
// not blamed.
func TestProxyBodyTaken(t *testing.T) {
	const form, many, json = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json"
	readForm := func(c *Context) { c.Form("name") }
	for name, test := range map[string]struct {
		read        func(c *Context)
		contentType string
		body        string
		status      int
	}{
		"a form":                 {readForm, form, "name=Ada", 500},
		"a form of nothing":      {readForm, form, "&&&", 500},
		"an empty form":          {readForm, form, "", 200},
		"a form that is JSON":    {readForm, json, `{"name":"Ada"}`, 200},
		"a broken multipart":     {readForm, many, "--b", 500},
		"JSON":                   {func(c *Context) { c.BindJSON(new(any)) }, json, `{"name":"Ada"}`, 500},
		"broken JSON":            {func(c *Context) { c.BindJSON(new(any)) }, json, `{`, 500},
		"JSON that is none":      {func(c *Context) { c.BindJSON(new(any)) }, form, "name=Ada", 200},
		"net/http's form":        {func(c *Context) { c.Request.ParseForm() }, form, "&&&", 500},
		"some of it, by itself":  {func(c *Context) { c.Request.Body.Read(make([]byte, 3)) }, json, `{"name":"Ada"}`, 500},
		"nobody, but the header": {func(c *Context) { c.Query("name") }, form, "name=Ada", 200},
	} {
		target := old(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		})
		address, logged := beside(t, ProxyTo(target), func(app *App) {
			app.BeforeRequest(func(c *Context) error { test.read(c); return nil })
		})
		res, body := send(t, "POST", address, strings.NewReader(test.body), "Content-Type", test.contentType)
		blamed := strings.Contains(logged(), "a hook or a middleware has read the body")
		if res.StatusCode != test.status || blamed != (test.status == 500) || test.status == 200 && body != test.body {
			t.Errorf("%s: got %d %q, want %d; logged %s", name, res.StatusCode, body, test.status, logged())
		}
	}
}

// TestProxyAlone: outside of an App the handler is one of net/http.
func TestProxyAlone(t *testing.T) {
	address := old(t, ProxyTo(old(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RequestURI, " ", r.Header.Get("X-Forwarded-For"), " ", r.Header.Get("X-Forwarded-Proto"))
	})).ServeHTTP)
	if res, body := send(t, "GET", address+"/x?y", nil, "X-Forwarded-For", "6.6.6.6"); res.StatusCode != 200 || body != "/x?y 127.0.0.1 http" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	dead := old(t, ProxyTo("http://127.0.0.1:1").ServeHTTP)
	if res, body := send(t, "GET", dead, nil); res.StatusCode != 502 || body != "Bad Gateway\n" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
}

// TestFallbackHandler: any http.Handler may be the fallback.
func TestFallbackHandler(t *testing.T) {
	app, _ := newTestApp(t)
	app.Config.MaxContentLength = 2
	app.Fallback(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := From(r); c == nil || c.Route() != nil {
			t.Error("From does not find the Context of a request without a route")
		}
		switch r.URL.Path {
		case "/writes":
			From(r).Session().Set("a", 1)
			io.Copy(w, r.Body)
		case "/panics":
			panic("the fallback panicked")
		}
	}))
	for _, test := range []struct {
		path   string
		status int
		body   string
	}{
		{"/writes", 200, "12345"},
		{"/silent", 200, ""},
		{"/static/silent", 200, ""},
		{"/panics", 500, "Something went wrong"},
	} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("POST", test.path, strings.NewReader("12345")))
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || test.body == "" && w.Body.Len() > 0 {
			t.Errorf("%s: got %d %q, want %d %q", test.path, w.Code, w.Body, test.status, test.body)
		}
		if test.path == "/writes" && len(w.Result().Cookies()) != 1 {
			t.Error("the session that the fallback changed was not saved")
		}
	}
}

// TestProxyIgnoresEnvironment: HTTP_PROXY is for the way out into the world.
func TestProxyIgnoresEnvironment(t *testing.T) {
	if p := ProxyTo("http://old.example").(*proxy); p.transport.Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

// BenchmarkProxy is a request through a proxy and back, without its own network.
func BenchmarkProxy(b *testing.B) {
	address := old(b, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	for _, through := range []bool{false, true} {
		b.Run(map[bool]string{false: "direct", true: "through"}[through], func(b *testing.B) {
			to := address
			if through {
				to, _ = beside(b, ProxyTo(address), nil)
			}
			client := &http.Client{Transport: &http.Transport{}}
			for b.Loop() {
				res, err := client.Get(to)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
	}
}
