package hipflask

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// request serves one request to a view and returns the reply.
func request(t *testing.T, app *App, r *http.Request, view HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	app.Route("/", view, "GET", "POST", "PUT").Name("view")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

const urlencoded = "application/x-www-form-urlencoded"

// TestValues holds the reading of query strings and forms to Flask's
// (flask-behaviour §12, first paragraph).
func TestValues(t *testing.T) {
	for _, test := range []struct{ text, name, want string }{
		{"a=1&a=2", "a", `["1" "2"]`},
		{"a", "a", `[""]`},
		{"a=", "a", `[""]`},
		{"=b", "", `["b"]`},
		{"a=1&&b=2", "b", `["2"]`},
		{"a=1;b=2", "a", `["1;b=2"]`},
		{"a=%zz", "a", `["%zz"]`},
		{"a=b+c%2Bd", "a", `["b c+d"]`},
		{"a=b=c", "a", `["b=c"]`},
		{"a[]=1", "a[]", `["1"]`},
		// Flask keeps %FF encoded; a byte that is no UTF-8 is U+FFFD here, as in paths.
		{"a=%ff", "a", `["\ufffd"]`},
	} {
		for _, more := range []string{"", strings.Repeat("&other=x", maxListed)} {
			var query fields
			query.parse(test.text + more)
			if got := fmt.Sprintf("%+q", query.values()[test.name]); got != test.want {
				t.Errorf("query %q: %q is %s, want %s", test.text+more, test.name, got, test.want)
			}
			if first, found := query.get(test.name); !found || first != query.values()[test.name][0] {
				t.Errorf("query %q: the first %q is %q, %v", test.text+more, test.name, first, found)
			}
		}
		app, _ := newTestApp(t)
		request(t, app, post(urlencoded, test.text), func(c *Context) error {
			if got := fmt.Sprintf("%+q", []string{c.Form(test.name)}); got != strings.SplitAfter(test.want, `"`)[0]+strings.SplitAfter(test.want, `"`)[1]+"]" {
				t.Errorf("form %q: Form(%q) is %s, want the first of %s", test.text, test.name, got, test.want)
			}
			return c.NoContent()
		})
	}
}

func TestQuery(t *testing.T) {
	app, _ := newTestApp(t)
	r := httptest.NewRequest("GET", "/?a=1&b=%C3%A9", nil)
	request(t, app, r, func(c *Context) error {
		if c.Query("a") != "1" || c.Query("b") != "é" || c.Query("c") != "" || c.Form("a") != "" {
			t.Errorf("got a=%q b=%q c=%q, form a=%q", c.Query("a"), c.Query("b"), c.Query("c"), c.Form("a"))
		}
		return c.NoContent()
	})
}

func multipartBody(t *testing.T, parts map[string]string, files map[string]string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range parts {
		w.WriteField(name, value)
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name+".txt")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, content)
	}
	w.Close()
	return w.FormDataContentType(), b.String()
}

// TestForms holds bodies to Flask's (§12, the table of bodies).
func TestForms(t *testing.T) {
	multi, body := multipartBody(t, map[string]string{"a": "1"}, map[string]string{"doc": "text"})
	for _, test := range []struct {
		name, contentType, body, want string
	}{
		{"urlencoded", urlencoded, "a=1", "1"},
		{"urlencoded with a charset", urlencoded + "; charset=latin-1", "a=%C3%A9", "é"},
		{"no type", "", "a=1", ""},
		{"plain text", "text/plain", "a=1", ""},
		{"JSON", "application/json", `{"a":1}`, ""},
		{"multipart", multi, body, "1"},
		{"multipart without boundary", "multipart/form-data", body, ""},
		{"multipart garbage", multi, "garbage", ""},
		{"multipart cut off", multi, body[:len(body)-20], ""},
	} {
		app, _ := newTestApp(t)
		w := request(t, app, post(test.contentType, test.body), func(c *Context) error { return c.Text(c.Form("a")) })
		if w.Code != 200 || w.Body.String() != test.want {
			t.Errorf("%s: got %d %q, want 200 %q", test.name, w.Code, w.Body, test.want)
		}
	}
}

// TestFormBesideBadQuery: a query string that net/url does not like is none of
// the form's business.
func TestFormBesideBadQuery(t *testing.T) {
	contentType, body := multipartBody(t, map[string]string{"a": "1"}, map[string]string{"doc": "text"})
	for _, query := range []string{"?a=1;b=2", "?q=100%"} {
		app, _ := newTestApp(t)
		r := post(contentType, body)
		r.URL.RawQuery = query[1:]
		request(t, app, r, func(c *Context) error {
			if _, err := c.File("doc"); err != nil || c.Form("a") != "1" {
				t.Errorf("%s: Form %q, File %v", query, c.Form("a"), err)
			}
			return c.NoContent()
		})
	}
}

func TestRequireForm(t *testing.T) {
	app, _ := newTestApp(t)
	w := request(t, app, post(urlencoded, "a=1&empty="), func(c *Context) error {
		for _, test := range []struct{ field, want string }{{"a", "1"}, {"empty", ""}} {
			if got, err := c.RequireForm(test.field); got != test.want || err != nil {
				t.Errorf("RequireForm(%q) = %q, %v; want %q", test.field, got, err, test.want)
			}
		}
		_, err := c.RequireForm("stock_symbol")
		return err
	})
	if w.Code != 400 || !strings.Contains(w.Body.String(), "stock_symbol") {
		t.Errorf("got %d %s, want a 400 that names the field", w.Code, w.Body)
	}
}

func TestFile(t *testing.T) {
	contentType, body := multipartBody(t, nil, map[string]string{"doc": strings.Repeat("x", 2<<20)})
	app, _ := newTestApp(t)
	var onDisk string
	w := request(t, app, post(contentType, body), func(c *Context) error {
		header, err := c.File("doc")
		if err != nil {
			return err
		}
		f, err := header.Open()
		if err != nil {
			return err
		}
		defer f.Close()
		if disk, ok := f.(*os.File); ok {
			onDisk = disk.Name()
		}
		n, _ := io.Copy(io.Discard, f)
		if header.Filename != "doc.txt" || n != 2<<20 {
			t.Errorf("got %q of %d bytes", header.Filename, n)
		}
		_, err = c.File("other")
		return err
	})
	if w.Code != 400 || !strings.Contains(w.Body.String(), "other") {
		t.Errorf("got %d %s, want a 400 that names the file", w.Code, w.Body)
	}
	if onDisk == "" {
		t.Fatal("a file of 2 MiB was kept in memory")
	}
	if _, err := os.Stat(onDisk); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there after the request: %v", onDisk, err)
	}
}

// TestLimits holds limits to Flask's (§12, the table of limits).
func TestLimits(t *testing.T) {
	form := func(c *Context) error { return c.Text(fmt.Sprint(len(c.Form("a")))) }
	require := func(c *Context) error {
		_, err := c.RequireForm("a")
		return err
	}
	field := func(size int) (string, string) {
		return multipartBody(t, map[string]string{"a": strings.Repeat("x", size)}, nil)
	}
	ok100000, okBody := field(100_000)
	over100000, overBody := field(100_001)
	two, twoBody := multipartBody(t, map[string]string{"a": strings.Repeat("x", 60_000), "b": strings.Repeat("x", 60_000)}, nil)
	parts4, parts4Body := multipartBody(t, map[string]string{"a": "1", "b": "2"}, map[string]string{"c": "3", "d": "4"})
	parts5, parts5Body := multipartBody(t, map[string]string{"a": "1", "b": "2", "e": "5"}, map[string]string{"c": "3", "d": "4"})
	for _, test := range []struct {
		name              string
		config            Config
		contentType, body string
		view              HandlerFunc
		want              int
	}{
		{"MAX_CONTENT_LENGTH 10, body 10", Config{MaxContentLength: 10}, urlencoded, "a=34567890", form, 200},
		{"body 11", Config{MaxContentLength: 10}, urlencoded, "a=345678901", form, 413},
		{"body 11, required field", Config{MaxContentLength: 10}, urlencoded, "a=345678901", require, 413},
		{"body 11, JSON", Config{MaxContentLength: 10}, "application/json", `"345678901"`, func(c *Context) error { var v any; return c.BindJSON(&v) }, 413},
		{"body 11, read by hand", Config{MaxContentLength: 10}, "", "12345678901", func(c *Context) error { _, err := io.ReadAll(c.Request.Body); return err }, 413},
		{"body 11, multipart", Config{MaxContentLength: 10}, ok100000, okBody, form, 413},
		{"body 11, not read", Config{MaxContentLength: 10}, urlencoded, "a=345678901", sayOK, 200},
		{"no limit", Config{MaxContentLength: -1, MaxFormMemorySize: -1}, urlencoded, "a=" + strings.Repeat("x", 17<<20), form, 200},
		{"the default limit of 16 MiB", Config{MaxFormMemorySize: -1}, urlencoded, "a=" + strings.Repeat("x", 16<<20), form, 413},
		{"MAX_FORM_MEMORY_SIZE, a field of it", Config{MaxFormMemorySize: 100_000}, ok100000, okBody, form, 200},
		{"a field above it", Config{MaxFormMemorySize: 100_000}, over100000, overBody, form, 413},
		{"it holds for each field", Config{MaxFormMemorySize: 100_000}, two, twoBody, form, 200},
		{"urlencoded: the whole body", Config{MaxFormMemorySize: 100_000}, urlencoded, "a=" + strings.Repeat("x", 99_998), form, 200},
		{"urlencoded above", Config{MaxFormMemorySize: 100_000}, urlencoded, "a=" + strings.Repeat("x", 99_999), form, 413},
		{"its default of 500000", Config{}, urlencoded, "a=" + strings.Repeat("x", 499_999), form, 413},
		{"MAX_FORM_PARTS 4, 4 parts", Config{MaxFormParts: 4}, parts4, parts4Body, form, 200},
		{"5 parts", Config{MaxFormParts: 4}, parts5, parts5Body, form, 413},
		{"urlencoded parts are not limited", Config{MaxFormParts: 4}, urlencoded, "a=1&b=2&c=3&d=4&e=5", form, 200},
	} {
		app, _ := newTestApp(t)
		root, logger := app.Config.Root, app.Config.Logger
		app.Config = test.config
		app.Config.Root, app.Config.Logger = root, logger
		w := request(t, app, post(test.contentType, test.body), test.view)
		if w.Code != test.want && !(test.want == 200 && w.Code == 204) {
			t.Errorf("%s: got %d %.80s, want %d", test.name, w.Code, w.Body, test.want)
		}
	}
}

// TestBindJSON holds JSON bodies to Flask's (§12, the table of get_json).
func TestBindJSON(t *testing.T) {
	type post struct {
		Title string `json:"title"`
		Stars int    `json:"stars"`
	}
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"valid", "application/json", `{"title":"x","stars":2}`, 200, "{x 2}"},
		{"with a charset", "application/json; charset=utf-8", `{"title":"é"}`, 200, "{é 0}"},
		{"vendor type", "application/vnd.api+json", `{"title":"x"}`, 200, "{x 0}"},
		{"repeated key: the last wins", "application/json", `{"title":"x","title":"y"}`, 200, "{y 0}"},
		{"null", "application/json", `null`, 200, "{ 0}"},
		{"with a byte order mark", "application/json", "\ufeff{}", 200, "{ 0}"},
		{"broken", "application/json", `{"title":`, 400, "JSON"},
		{"empty", "application/json", ``, 400, "JSON"},
		{"two values", "application/json", `{} {}`, 400, "JSON"},
		{"bad UTF-8", "application/json", "{\"title\":\"\xff\"}", 400, "JSON"},
		{"another type", "application/json", `{"stars":"many"}`, 400, "stars"},
		{"text/plain", "text/plain", `{}`, 415, "application/json"},
		{"no type", "", `{}`, 415, "application/json"},
		// Flask accepts NaN, which is no JSON.
		{"NaN", "application/json", `{"stars":NaN}`, 400, "JSON"},
	} {
		app, _ := newTestApp(t)
		r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
		r.Header.Set("Content-Type", test.contentType)
		w := request(t, app, r, func(c *Context) error {
			var p post
			if err := c.BindJSON(&p); err != nil {
				return err
			}
			return c.Text(fmt.Sprint(p))
		})
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s: got %d %s, want %d %s", test.name, w.Code, w.Body, test.status, test.want)
		}
	}
}

func TestBindJSONAny(t *testing.T) {
	app, _ := newTestApp(t)
	request(t, app, post("application/json", `{"id":123456789012345678,"price":1.5}`), func(c *Context) error {
		var v Data
		if err := c.BindJSON(&v); err != nil {
			return err
		}
		if got := fmt.Sprintf("%#v", v); got != `hipflask.Data{"id":123456789012345678, "price":1.5}` {
			t.Errorf("got %s, want whole numbers whole", got)
		}
		return c.NoContent()
	})
}

// TestBindJSONTooLarge: Flask reads 1e400 as an infinity; a handler that echoes it
// would be a 500, for which the visitor were to blame.
func TestBindJSONTooLarge(t *testing.T) {
	echo := func(dst any) func(c *Context) error {
		return func(c *Context) error {
			if err := c.BindJSON(dst); err != nil {
				return err
			}
			return c.JSON(dst)
		}
	}
	for _, test := range []struct {
		body string
		dst  any
		want int
	}{
		{`1e400`, new(any), 400},
		{`-1e400`, new(any), 400},
		{`[1, [{"x": 1.5e309}]]`, new([]any), 400},
		{`{"a": {"b": 1E999}}`, new(map[string]any), 400},
		{`{"a": [1e400]}`, new(Data), 400},
		{`1e400`, new(float64), 400},
		{`{"a": 1e400}`, &struct{ A any }{}, 400},
		{`1e308`, new(any), 200},
		{`1e-400`, new(any), 200},                             // 0
		{`[` + strings.Repeat("9", 400) + `]`, new(any), 200}, // a whole number loses no digit
	} {
		app, log := newTestApp(t)
		if w := request(t, app, post("application/json", test.body), echo(test.dst)); w.Code != test.want {
			t.Errorf("%.40s into %T: got %d %s, want %d", test.body, test.dst, w.Code, w.Body, test.want)
		}
		if strings.Contains(log.String(), "ERROR") {
			t.Errorf("%.40s into %T: a visitor's number is logged as an error: %s", test.body, test.dst, log)
		}
	}
}

// TestParsersOfNetHTTP holds what docs/differences.md says of multipart bodies and
// of cookies, which net/http reads in another way than Werkzeug.
func TestParsersOfNetHTTP(t *testing.T) {
	for _, test := range []struct{ header, content, want string }{
		{`Content-Disposition: form-data; name="a"`, "x", `map[a:[x]]`},
		{`Content-Disposition: form-data; name="a"; filename=""`, "", `map[a:[]]`}, // an empty text
		{`Content-Disposition: form-data; name="a"; filename="../../etc/passwd"`, "x", `map[] passwd`},
		{`Content-Disposition: form-data; name="a"; filename="b%22c.txt"`, "x", `map[] b%22c.txt`},
		{"Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: quoted-printable", "x=3Dy", `map[a:[x=y]]`},
		{`Content-Disposition: attachment; name="a"`, "x", `map[]`},
		{`Content-Disposition: form-data; name=""`, "x", `map[]`},
	} {
		app, _ := newTestApp(t)
		body := "--B\r\n" + test.header + "\r\n\r\n" + test.content + "\r\n--B--\r\n"
		w := request(t, app, post("multipart/form-data; boundary=B", body), func(c *Context) error {
			text := fmt.Sprint(c.FormValues())
			if file, err := c.File("a"); err == nil {
				text += " " + file.Filename
			}
			return c.Text(text)
		})
		if w.Code != 200 || w.Body.String() != test.want {
			t.Errorf("%q: got %d %s, want %s", test.header, w.Code, w.Body, test.want)
		}
	}
	for cookie, want := range map[string]string{
		`a=x y,z`: "x y,z", `a="q"`: "q", `a={"k":1}`: "", "a=é": "", `a="x\073y"`: "",
	} {
		app, _ := newTestApp(t)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", cookie)
		w := request(t, app, r, func(c *Context) error {
			found, err := c.Request.Cookie("a")
			if err != nil {
				return c.Text("")
			}
			return c.Text(found.Value)
		})
		if w.Body.String() != want {
			t.Errorf("Cookie: %s: got %q, want %q", cookie, w.Body, want)
		}
	}
}

func TestParam(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/post/<int:id>/<title>", func(c *Context) error {
		return c.Text(fmt.Sprintf("%d %s %s %d %q", c.ParamInt("id"), c.Param("id"), c.Param("title"), c.ParamInt("other"), c.Param("other")))
	})
	app.Get("/page", func(c *Context) error { return c.Text(fmt.Sprint(c.ParamInt("page"), " ", c.Param("page"))) }).Defaults("page", 3)
	app.Get("/name/<name>", func(c *Context) error { return c.Text(fmt.Sprint(c.ParamInt("name"))) })
	for _, test := range []struct {
		path   string
		status int
		want   string
	}{
		{"/post/007/a%20b", 200, `7 007 a b 0 ""`},
		{"/page", 200, "3 3"},
		{"/post/99999999999999999999/x", 404, ""},
		// The programmer's mistake shows whatever the visitor sends.
		{"/name/12", 500, ""},
		{"/name/x", 500, ""},
	} {
		if w := ask(app, "GET", test.path); w.Code != test.status || w.Code == 200 && w.Body.String() != test.want {
			t.Errorf("%s: got %d %s, want %d %s", test.path, w.Code, w.Body, test.status, test.want)
		}
	}
}

func TestKey(t *testing.T) {
	user, other := NewKey[string]("user"), NewKey[int]("user")
	app, _ := newTestApp(t)
	app.BeforeRequest(func(c *Context) error {
		if _, ok := user.Get(c); ok {
			t.Error("a new request has a value")
		}
		user.Set(c, "Ada")
		user.Set(c, "Grace")
		return nil
	})
	app.Get("/", func(c *Context) error {
		name, ok := user.Get(c)
		_, otherOK := other.Get(c)
		return c.RenderString(`{{g.user}} {{.ok}} {{.other}} {{g.missing}}.`, Data{"ok": ok && name == "Grace", "other": otherOK})
	})
	for range 2 {
		if got := ask(app, "GET", "/").Body.String(); got != "Grace true false ." {
			t.Errorf("got %q", got)
		}
	}
}

func TestKeyOfInterface(t *testing.T) {
	failure := NewKey[error]("failure")
	app, _ := newTestApp(t)
	c := app.NewContext(nil, httptest.NewRequest("GET", "/", nil))
	failure.Set(c, nil)
	if err, ok := failure.Get(c); err != nil || !ok {
		t.Errorf("got %v, %v; want the nil that was set", err, ok)
	}
}

func TestRequestWithoutBody(t *testing.T) {
	app, _ := newTestApp(t)
	r, _ := http.NewRequest("POST", "/", nil) // its Body is nil, unlike a server's
	for _, contentType := range []string{urlencoded, "multipart/form-data; boundary=x", "application/json"} {
		r.Header.Set("Content-Type", contentType)
		c := app.NewContext(nil, r)
		var v any
		if got, err := c.Form("a"), c.BindJSON(&v); got != "" || StatusCode(err) < 400 || StatusCode(err) == 500 {
			t.Errorf("%s: Form %q, BindJSON %v", contentType, got, err)
		}
	}
}

func TestNewContext(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/post/<int:id>", sayOK).Name("post")
	app.BeforeRequest(func(*Context) error { t.Error("a hook ran"); return nil })
	c := app.NewContext(nil, httptest.NewRequest("GET", "/post/7", nil))
	if c.ParamInt("id") != 7 || c.Route().Endpoint() != "post" {
		t.Errorf("got id %d, route %v", c.ParamInt("id"), c.Route())
	}
	if err := c.Render("mail.txt", Data{"name": "Ada <ada@example.com>"}); err != nil || string(c.Response().Body) != "Dear Ada <ada@example.com>" {
		t.Errorf("got %q, %v", c.Response().Body, err)
	}
}

func TestAllValues(t *testing.T) {
	app, _ := newTestApp(t)
	r := post(urlencoded, "tag=x&tag=y&empty=")
	r.URL.RawQuery = "tag=1&tag=2&bad=%zz"
	request(t, app, r, func(c *Context) error {
		for name, test := range map[string]struct{ got, want string }{
			"query":   {fmt.Sprintf("%q", c.QueryValues()), `map["bad":["%zz"] "tag":["1" "2"]]`},
			"form":    {fmt.Sprintf("%q", c.FormValues()), `map["empty":[""] "tag":["x" "y"]]`},
			"in form": {fmt.Sprint(c.FormValues().Has("empty"), c.FormValues().Has("other")), "true false"},
		} {
			if test.got != test.want {
				t.Errorf("%s: got %s, want %s", name, test.got, test.want)
			}
		}
		return c.NoContent()
	})

	app, _ = newTestApp(t)
	request(t, app, post("application/json", "{}"), func(c *Context) error {
		if got := c.FormValues(); len(got) != 0 || got.Has("a") {
			t.Errorf("no form has the values %v", got)
		}
		return c.NoContent()
	})
}

// TestQueryInt is Flask's request.args.get(name, 7, type=int), whose int is Python's.
func TestQueryInt(t *testing.T) {
	app, _ := newTestApp(t)
	for _, test := range []struct {
		query string
		want  int
	}{
		{"n=5", 5}, {"n=-5", -5}, {"n=%2B5", 5}, {"n=+5+", 5}, {"n=5&n=6", 5},
		{"n=x", 7}, {"n=", 7}, {"", 7}, {"n=5.0", 7}, {"n=x&n=6", 7},
		// Python's int has no end, and takes 1_000.
		{"n=99999999999999999999", 7}, {"n=1_000", 7},
	} {
		c := app.NewContext(nil, httptest.NewRequest("GET", "/?"+test.query, nil))
		if got := c.QueryInt("n", 7); got != test.want {
			t.Errorf("%s: got %d, want %d", test.query, got, test.want)
		}
	}
}

func TestBindJSONDebug(t *testing.T) {
	for _, debug := range []bool{false, true} {
		app, _ := newTestApp(t)
		app.Config.Debug = debug
		w := request(t, app, post("application/json", `{"a":oops}`), func(c *Context) error {
			var v any
			return c.BindJSON(&v)
		})
		if told := strings.Contains(w.Body.String(), "invalid character"); w.Code != 400 || told != debug {
			t.Errorf("Debug %t: got %d %s", debug, w.Code, w.Body)
		}
	}
}
