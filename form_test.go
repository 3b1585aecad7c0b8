package hipflask

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestFormReadAgain: a form that was read can be read once more, by a library that
// is given the Request or by a page.
func TestFormReadAgain(t *testing.T) {
	root := pages(map[string]string{
		"form.html": `{{request.PostForm.Get "a"}} {{request.PostFormValue "b"}} {{request.FormValue "q"}}`,
	})
	const body = "a=1&b=x%3Cy&a=2"
	views := map[string]struct {
		view HandlerFunc
		want string
	}{
		"the Request's": {func(c *Context) error {
			return c.Text(c.Form("b") + c.Request.FormValue("b") + fmt.Sprint(c.Request.PostForm["a"]) + c.Request.FormValue("q"))
		}, "x<yx<y[1 2]3"},
		"the Request's alone": {func(c *Context) error {
			return c.Text(c.Request.FormValue("b") + c.Form("b") + fmt.Sprint(c.FormValues()["a"]))
		}, "x<yx<y[1 2]"},
		"the body's": {func(c *Context) error {
			first := c.Form("b")
			text, err := io.ReadAll(c.Request.Body)
			rest, _ := io.ReadAll(c.Request.Body)
			return errors.Join(c.Text(first+" "+string(text)+string(rest)), err)
		}, "x<y " + body},
		"a page's": {func(c *Context) error {
			c.Form("b")
			return c.Render("form.html", nil)
		}, "1 x&lt;y 3"},
		"a page's alone": {func(c *Context) error { return c.Render("form.html", nil) }, " x&lt;y 3"},
	}
	for name, test := range views {
		app, _ := newTestApp(t)
		app.Config.Root = root
		r := post(urlencoded, body)
		r.URL.RawQuery = "q=3"
		if w := request(t, app, r, test.view); w.Code != 200 || w.Body.String() != test.want {
			t.Errorf("%s: got %d %q, want %q", name, w.Code, w.Body, test.want)
		}
	}
}

// TestFormBeyondGoLimit: net/http's own limit for forms does not count where Config has
// one, whoever reads the form.
func TestFormBeyondGoLimit(t *testing.T) {
	body := "a=" + strings.Repeat("x", 11<<20)
	for _, own := range []int64{0, 12 << 20, -1} {
		app, _ := newTestApp(t)
		app.Post("/", func(c *Context) error {
			if err := c.Request.ParseForm(); err != nil {
				return err
			}
			return c.Text(strconv.Itoa(len(c.Request.PostForm.Get("a"))))
		}).MaxContentLength(own)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, post(urlencoded, body))
		if own < 0 { // no limit of ours, so Go's
			if w.Code != 500 {
				t.Errorf("without a limit: got %d %.40s", w.Code, w.Body)
			}
		} else if w.Body.String() != strconv.Itoa(11<<20) {
			t.Errorf("limit %d: got %d %.40s", own, w.Code, w.Body)
		}
	}
}

// TestManyFields: how the fields are kept does not show.
func TestManyFields(t *testing.T) {
	for _, n := range []int{1, 2, 3, maxListed - 1, maxListed, maxListed + 1, 500} {
		var pairs []string
		for i := range n {
			pairs = append(pairs, fmt.Sprintf("k%d=v%d", i%40, i))
		}
		var f fields
		f.parse(strings.Join(pairs, "&"))
		for i := range min(n, 40) {
			key := fmt.Sprintf("k%d", i)
			var want []string
			for j := i; j < n; j += 40 {
				want = append(want, fmt.Sprintf("v%d", j))
			}
			if got, found := f.get(key); got != want[0] || !found {
				t.Errorf("%d fields: %s is %q, %v, want %q", n, key, got, found, want[0])
			}
			if got := f.values()[key]; !slices.Equal(got, want) {
				t.Errorf("%d fields: %s is %q, want %q", n, key, got, want)
			}
		}
		if got, found := f.get("gone"); found {
			t.Errorf("%d fields: gone is %q", n, got)
		}
	}
}

// TestBrokenBody: a body that does not arrive whole is a 400, however it is read, and no
// form with blank fields. It is asked for over a connection that ends early.
func TestBrokenBody(t *testing.T) {
	app, _ := newTestApp(t)
	readers := map[string]HandlerFunc{
		"form":   func(c *Context) error { return c.Text("a=" + c.Form("a")) },
		"values": func(c *Context) error { return c.Text(fmt.Sprint(c.FormValues())) },
		"need": func(c *Context) error {
			a, err := c.RequireForm("a")
			return errors.Join(c.Text(a), err)
		},
		"file": func(c *Context) error {
			_, err := c.File("a")
			return errors.Join(c.Text("a file"), err)
		},
		"body": func(c *Context) error {
			body, err := io.ReadAll(c.Request.Body)
			return errors.Join(c.Text(string(body)), err)
		},
	}
	for name, view := range readers {
		app.Post("/"+name, view).Name(name)
	}
	server := httptest.NewServer(app)
	defer server.Close()
	const multi = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"
	for name := range readers {
		for _, tt := range []struct{ head, body string }{
			{"Content-Type: " + urlencoded + "\r\nContent-Length: 20", "a=1&b=2"},
			{"Content-Type: " + urlencoded + "\r\nTransfer-Encoding: chunked", "zz\r\n"},
			{"Content-Type: " + urlencoded + "\r\nTransfer-Encoding: chunked", "3\r\na=1\r\n"},
			{"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 200", multi},
		} {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n%s", name, server.Listener.Addr(), tt.head, tt.body)
			conn.(*net.TCPConn).CloseWrite()
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, tt.head, err)
			}
			if res.StatusCode != 400 {
				text, _ := io.ReadAll(res.Body)
				t.Errorf("%s, %s: got %d %.80s, want 400", name, tt.head, res.StatusCode, text)
			}
			conn.Close()
		}
	}
}

// TestTooLongToBegin: a body that says it is above the limit is a 413 at once, without
// waiting for it or asking for it.
func TestTooLongToBegin(t *testing.T) {
	app, _ := newTestApp(t)
	app.Post("/form", func(c *Context) error { return c.Text(c.Form("a")) })
	app.Post("/json", func(c *Context) error { return c.BindJSON(new(any)) })
	app.Post("/body", func(c *Context) error { _, err := io.ReadAll(c.Request.Body); return err })
	server := httptest.NewServer(app)
	defer server.Close()
	for _, tt := range []struct {
		path, contentType string
		length, want      int
	}{
		{"/form", urlencoded, 99999999, 413},
		{"/form", urlencoded, 500_001, 413},
		{"/form", "multipart/form-data; boundary=x", 99999999, 413},
		{"/json", "application/json", 99999999, 413},
		{"/body", "text/plain", 99999999, 413},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second)) // the body never comes
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
			tt.path, server.Listener.Addr(), tt.contentType, tt.length)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != tt.want {
			t.Errorf("%s, %d bytes of %s: got %v, %v, want %d", tt.path, tt.length, tt.contentType, res, err, tt.want)
		}
		conn.Close()
	}
}

// TestUTF8: what a handler gets of a query string or a form is UTF-8, whatever was sent.
func TestUTF8(t *testing.T) {
	multi := "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\xff\r\n--x\r\nContent-Disposition: form-data; name=\"b\xff\"\r\n\r\n2\r\n--x--\r\n"
	for _, tt := range []struct{ query, contentType, body, want string }{
		{"a=%zz\xff", "", "", `map["a":["%zz�"]] map[]`},
		{"a=%ff&\xff=1", "", "", `map["a":["�"] "�":["1"]] map[]`},
		{"", urlencoded, "a=%zz\xff&b=+\xff", `map[] map["a":["%zz�"] "b":[" �"]]`},
		{"", "multipart/form-data; boundary=x", multi, `map[] map["a":["1�"] "b�":["2"]]`},
	} {
		app, _ := newTestApp(t)
		r := post(tt.contentType, tt.body)
		r.URL.RawQuery = tt.query
		got := ""
		request(t, app, r, func(c *Context) error {
			got = fmt.Sprintf("%q %q", c.QueryValues(), c.FormValues())
			return c.NoContent()
		})
		if got != tt.want {
			t.Errorf("?%q %q: got %s, want %s", tt.query, tt.body, got, tt.want)
		}
	}
}

// TestTooManyFields: what a form has too much of is not dropped in silence.
func TestTooManyFields(t *testing.T) {
	for _, tt := range []struct {
		body string
		want int
	}{
		{strings.Repeat("a=1&", maxPairs-1) + "z=2", 200},
		{strings.Repeat("a=1&", maxPairs) + "z=2", 413},
		{strings.Repeat("&", 400_000) + "z=2", 200},
	} {
		app, _ := newTestApp(t)
		w := request(t, app, post(urlencoded, tt.body), func(c *Context) error { return c.Text("z" + c.Form("z")) })
		if w.Code != tt.want || tt.want == 200 && w.Body.String() != "z2" {
			t.Errorf("%d bytes: got %d %.40s, want %d", len(tt.body), w.Code, w.Body, tt.want)
		}
	}
}
