package hipflask

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
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

// TestLimitedBody holds a limited body to http.MaxBytesReader.
func TestLimitedBody(t *testing.T) {
	readAll := func(r io.Reader, size int) (text string, err error) {
		buffer := make([]byte, size)
		for err == nil {
			var n int
			n, err = r.Read(buffer)
			text += string(buffer[:n])
		}
		_, again := r.Read(buffer)
		return fmt.Sprintf("%s, then %v", text, again), err
	}
	for _, limit := range []int64{0, 1, 4, 9, 10, 11} {
		for _, size := range []int{1, 3, 10, 64} {
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"plain": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with the end": iotest.DataErrReader,
				"broken": func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(io.ErrUnexpectedEOF)) },
			} {
				body := func() io.ReadCloser { return io.NopCloser(wrap(strings.NewReader("0123456789"))) }
				c := &Context{w: httptest.NewRecorder()}
				got, gotErr := readAll(&limitedBody{whole: body(), c: c, limit: limit}, size)
				want, wantErr := readAll(http.MaxBytesReader(httptest.NewRecorder(), body(), limit), size)
				if got != want || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Errorf("limit %d, reads of %d, %s: got %q, %v, want %q, %v", limit, size, name, got, gotErr, want, wantErr)
				}
			}
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
