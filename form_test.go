package hipflask

import (
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
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
