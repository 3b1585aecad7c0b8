// Package hipflasktest drives an App in tests, without a network: Flask's test
// client. A Client keeps cookies as a browser does, follows redirects when asked
// to, and opens the visitor's session from outside.
//
//	func TestSave(t *testing.T) {
//		client := hipflasktest.New(t, newApp())
//		page := client.FollowRedirects().PostForm("/save", nil)
//		if !strings.Contains(page.Body, "Note saved.") {
//			t.Errorf("got %s", page)
//		}
//	}
//
// A test that needs a real connection, for a WebSocket or a deadline, uses
// net/http/httptest's NewServer: an App is an http.Handler.
package hipflasktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
)

// maxRedirects is where FollowRedirects takes a chain for a loop.
const maxRedirects = 20

// Client is one visitor of an App. Two Clients share nothing, as two browsers.
// What goes wrong in a Client itself, such as a path that is none, ends the test.
// A Client is not safe for concurrent use.
type Client struct {
	tb     testing.TB
	app    *hipflask.App
	jar    http.CookieJar
	base   *url.URL
	follow bool
}

// New returns a visitor without cookies, who asks http://localhost.
func New(tb testing.TB, app *hipflask.App) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Client{tb: tb, app: app, jar: jar, base: &url.URL{Scheme: "http", Host: "localhost", Path: "/"}}
}

// FollowRedirects returns the same visitor following redirects: a 303, or a 301
// or 302 after POST, with a GET, a 307 or 308 with the same method and body.
// [Response.History] has the redirects. A chain of more than 20, or one that
// leaves the App's host, ends the test.
func (c *Client) FollowRedirects() *Client {
	following := *c
	following.follow = true
	return &following
}

// At returns the same visitor asking another scheme and host, such as
// "https://example.com".
func (c *Client) At(base string) *Client {
	c.tb.Helper()
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "" || u.Host == "" {
		c.tb.Fatalf("hipflasktest: At(%q): want a scheme and a host, such as https://example.com", base)
	}
	elsewhere := *c
	elsewhere.base = u
	return &elsewhere
}

// Get asks for a path, which may have a query.
func (c *Client) Get(path string) *Response {
	c.tb.Helper()
	return c.Do(c.NewRequest("GET", path, nil))
}

// PostForm sends a form. A nil form is an empty one.
func (c *Client) PostForm(path string, form url.Values) *Response {
	c.tb.Helper()
	r := c.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(r)
}

// File is a file to be uploaded with [Client.PostMultipart].
type File struct {
	Field   string // the name of the form's field
	Name    string // the file's own name, as a browser would send it
	Content string
}

// PostMultipart sends a form with files, as a browser does for
// enctype="multipart/form-data".
func (c *Client) PostMultipart(path string, form url.Values, files ...File) *Response {
	c.tb.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, value := range values {
			w.WriteField(name, value) // a bytes.Buffer takes everything
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f.Field, f.Name)
		if err != nil {
			c.tb.Fatalf("hipflasktest: PostMultipart(%q): %v", path, err)
		}
		io.WriteString(part, f.Content)
	}
	w.Close()
	r := c.NewRequest("POST", path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return c.Do(r)
}

// PostJSON sends v as JSON.
func (c *Client) PostJSON(path string, v any) *Response {
	c.tb.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		c.tb.Fatalf("hipflasktest: PostJSON(%q): %v", path, err)
	}
	r := c.NewRequest("POST", path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return c.Do(r)
}

// NewRequest makes a request for Do, to be changed first.
func (c *Client) NewRequest(method, path string, body io.Reader) *http.Request {
	c.tb.Helper()
	u, err := c.base.Parse(path)
	if err != nil {
		c.tb.Fatalf("hipflasktest: %s %q: %v", method, path, err)
	}
	r, err := http.NewRequest(method, u.String(), body)
	if err != nil {
		c.tb.Fatalf("hipflasktest: %s %q: %v", method, path, err)
	}
	return r
}

// Do sends a request with the visitor's cookies added to its own.
func (c *Client) Do(r *http.Request) *Response {
	c.tb.Helper()
	var history []*Response
	for {
		body := c.takeBody(r)
		response := c.roundTrip(r, body)
		response.History = history
		if !c.follow || !response.isRedirect() {
			return response
		}
		history = append(history, response)
		if len(history) > maxRedirects {
			c.tb.Fatalf("hipflasktest: more than %d redirects, the last to %s", maxRedirects, response.Header.Get("Location"))
		}
		r = c.next(r, response, body)
	}
}

func (c *Client) takeBody(r *http.Request) []byte {
	c.tb.Helper()
	if r.Body == nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.tb.Fatalf("hipflasktest: reading the request's body: %v", err)
	}
	return body
}

// roundTrip hands the App a request as its server would.
func (c *Client) roundTrip(r *http.Request, body []byte) *Response {
	c.tb.Helper()
	served := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body)).WithContext(r.Context())
	served.Header = r.Header.Clone()
	served.Host = r.Host
	served.RemoteAddr = "127.0.0.1:1234"
	served.RequestURI = r.URL.RequestURI()
	for _, cookie := range c.jar.Cookies(r.URL) {
		served.AddCookie(cookie)
	}
	recorder := finalRecorder{httptest.NewRecorder()}
	func() {
		defer func() {
			if value := recover(); value == http.ErrAbortHandler {
				c.tb.Fatalf("hipflasktest: %s %s: the App cut the connection after %d bytes of the reply; its log says why",
					r.Method, r.URL, recorder.Body.Len())
			} else if value != nil {
				panic(value)
			}
		}()
		c.app.ServeHTTP(recorder, served)
	}()
	response := &Response{Response: recorder.Result(), Body: recorder.Body.String()}
	response.Request = r
	if allowed := response.StatusCode >= 200 && response.StatusCode != 204 && response.StatusCode != 304; allowed &&
		response.ContentLength < 0 && r.Method != "HEAD" && !recorder.Flushed && len(response.Body) <= 2048 {
		// As net/http does for a small reply.
		response.ContentLength = int64(len(response.Body))
		response.Header.Set("Content-Length", strconv.Itoa(len(response.Body)))
	}
	if said := response.ContentLength; r.Method != "HEAD" && said > 0 && said != int64(len(response.Body)) && response.StatusCode != 304 {
		c.tb.Fatalf("hipflasktest: %s %s: Content-Length is %d, but the body has %d bytes; a browser would not take it", r.Method, r.URL, said, len(response.Body))
	}
	c.jar.SetCookies(r.URL, response.Cookies())
	return response
}

// finalRecorder records the final status of a reply, not the informational ones
// before it.
type finalRecorder struct{ *httptest.ResponseRecorder }

func (w finalRecorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.ResponseRecorder.WriteHeader(status)
	}
}

// next is the request that a redirect asks for.
func (c *Client) next(r *http.Request, response *Response, body []byte) *http.Request {
	c.tb.Helper()
	target, err := response.Location()
	if err != nil {
		c.tb.Fatalf("hipflasktest: %d without a Location: %v", response.StatusCode, err)
	}
	if siteOf(target) != siteOf(r.URL) {
		c.tb.Fatalf("hipflasktest: %s redirects to another host, %s, which this test does not serve", r.URL, target)
	}
	target.Host = r.URL.Host
	method, keepBody := r.Method, true
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		keepBody = false
		if method != "HEAD" {
			method = "GET"
		}
	}
	next := c.NewRequest(method, target.String(), nil)
	if keepBody {
		next = c.NewRequest(method, target.String(), bytes.NewReader(body))
		if ct := r.Header.Get("Content-Type"); ct != "" {
			next.Header.Set("Content-Type", ct)
		}
	}
	return next
}

// siteOf is a URL's host in one spelling, with its port.
func siteOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// SessionTransaction opens the visitor's session outside a request, runs f and
// keeps what f changed: to begin a test signed in, or to look at what a request
// left. It is Flask's session_transaction.
func (c *Client) SessionTransaction(f func(s *hipflask.Session)) {
	c.tb.Helper()
	r := httptest.NewRequest("GET", c.base.String(), nil)
	for _, cookie := range c.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	if err := c.app.SessionTransaction(recorder, r, f); err != nil {
		c.tb.Fatalf("hipflasktest: SessionTransaction: %v", err)
	}
	c.jar.SetCookies(r.URL, recorder.Result().Cookies())
}

// Cookie returns the value of a cookie the visitor holds for the App's address,
// and whether there is one.
func (c *Client) Cookie(name string) (value string, ok bool) {
	for _, cookie := range c.jar.Cookies(c.base) {
		if cookie.Name == name {
			return cookie.Value, true
		}
	}
	return "", false
}

// SetCookie puts a cookie into the visitor's browser, as a reply would.
func (c *Client) SetCookie(cookie *http.Cookie) {
	c.jar.SetCookies(c.base, []*http.Cookie{cookie})
}

// DeleteCookie takes a cookie out of the visitor's browser.
func (c *Client) DeleteCookie(name string) {
	c.jar.SetCookies(c.base, []*http.Cookie{{Name: name, Path: "/", MaxAge: -1}})
}

// Response is a reply, read to its end.
type Response struct {
	*http.Response // its Body is read; use the text below

	Body    string
	History []*Response // the redirects that led here, the first one first
}

// JSON decodes the body into dst.
func (r *Response) JSON(dst any) error {
	if err := json.Unmarshal([]byte(r.Body), dst); err != nil {
		return fmt.Errorf("hipflasktest: %w in %s", err, r)
	}
	return nil
}

// String returns the reply as a failing test should show it: what was asked,
// the status, the Location if there is one, and the body.
func (r *Response) String() string {
	text := fmt.Sprintf("%s %s: %s", r.Request.Method, r.Request.URL, r.Status)
	if location := r.Header.Get("Location"); location != "" {
		text += " to " + location
	}
	return text + "\n" + r.Body
}

func (r *Response) isRedirect() bool {
	switch r.StatusCode {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}
