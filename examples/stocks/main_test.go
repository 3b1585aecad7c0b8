package main

import (
	"fmt"
	"html"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/hipflasktest"
)

func TestCheck(t *testing.T) {
	if err := newApp().Check(); err != nil {
		t.Fatal(err)
	}
}

type stored map[string]string

// TestTutorial walks through the tutorial as one visitor.
func TestTutorial(t *testing.T) {
	apple := stored{"stock_symbol": "AAPL", "number_of_shares": "15", "purchase_price": "302.17"}
	visitor := hipflasktest.New(t, newApp())
	for _, step := range []struct {
		request  string
		form     stored
		status   int
		location string
		shows    []string
		session  stored // afterwards
	}{
		{"GET /", nil, 200, "", []string{`href="/add_stock"`}, nil},
		{"GET /stocks/", nil, 200, "", []string{"<h1>List of Stocks</h1>", "<td></td>", "<td>$</td>"}, nil},
		{"GET /add_stock", nil, 200, "", []string{"Stock Symbol", "Number of Shares", "Purchase Price ($)"}, nil},
		{"POST /add_stock", apple, 302, "/stocks/", nil, apple},
		{"GET /stocks/", nil, 200, "", []string{"<td>AAPL</td>", "<td>15</td>", "<td>$302.17</td>"}, apple},
		{"GET /stocks", nil, 308, "/stocks/", nil, apple},
		{"GET /stocks?page=2", nil, 308, "/stocks/?page=2", nil, apple},
		{"GET /blog_posts/17", nil, 200, "", []string{"<h1>Blog Post #17...</h1>"}, apple},
		{"GET /blog_posts/seventeen", nil, 404, "", nil, apple},
	} {
		page := request(visitor, step.request, step.form)
		if page.StatusCode != step.status || page.Header.Get("Location") != step.location {
			t.Errorf("got %s\nwant %d %s", page, step.status, step.location)
		}
		for _, want := range step.shows {
			if !strings.Contains(page.Body, want) {
				t.Errorf("got %s\nwant %q in it", page, want)
			}
		}
		if got := sessionOf(visitor); !maps.Equal(got, step.session) {
			t.Errorf("%s left the session %v, want %v", step.request, got, step.session)
		}
	}
}

// TestWrongField: what is wrong is said beside its field, with a 400 as in Flask, where
// request.form['...'] raises; but nothing is stored unless all is right.
func TestWrongField(t *testing.T) {
	const required = "This field is required."
	for _, test := range []struct {
		form  stored
		wrong stored // the message beside a field
	}{
		{stored{}, stored{"stock_symbol": required, "number_of_shares": required, "purchase_price": required}},
		{stored{"stock_symbol": "SBUX"}, stored{"number_of_shares": required, "purchase_price": required}},
		{stored{"stock_symbol": "SBUX", "number_of_shares": "", "purchase_price": "87.56"}, stored{"number_of_shares": required}},
		{stored{"stock_symbol": "SBUX", "number_of_shares": "many", "purchase_price": "87.56"},
			stored{"number_of_shares": "Not a valid integer value."}},
		{stored{"stock_symbol": "SBUX", "number_of_shares": "0", "purchase_price": "cheap"},
			stored{"number_of_shares": "Number must be at least 1.", "purchase_price": "Write it as 302.17."}},
	} {
		visitor := hipflasktest.New(t, newApp())
		page := request(visitor, "POST /add_stock", test.form)
		if page.StatusCode != 400 || strings.Count(page.Body, "<li>") != len(test.wrong) {
			t.Errorf("%v: got %s\nwant 400 and %d messages", test.form, page, len(test.wrong))
		}
		for field, message := range test.wrong {
			if want := `id="` + field + `--errors"><li>` + message; !strings.Contains(page.Body, want) {
				t.Errorf("%v: got %s\nwant %q in it", test.form, page, want)
			}
		}
		if got := sessionOf(visitor); len(got) > 0 {
			t.Errorf("%v left the session %v, want none", test.form, got)
		}
	}
}

func TestTwoBrowsers(t *testing.T) {
	app := newApp()
	chrome, firefox := hipflasktest.New(t, app), hipflasktest.New(t, app)
	request(chrome, "POST /add_stock", stored{"stock_symbol": "AAPL", "number_of_shares": "15", "purchase_price": "302.17"})
	if page := firefox.Get("/stocks/"); strings.Contains(page.Body, "AAPL") {
		t.Errorf("another browser's stock: got %s", page)
	}
	request(firefox, "POST /add_stock", stored{"stock_symbol": "SBUX", "number_of_shares": "100", "purchase_price": "87.56"})
	if page := firefox.Get("/stocks/"); !strings.Contains(page.Body, "<td>SBUX</td>") {
		t.Errorf("got %s\nwant SBUX", page)
	}
	if page := chrome.Get("/stocks/"); !strings.Contains(page.Body, "<td>AAPL</td>") {
		t.Errorf("got %s\nwant AAPL", page)
	}
}

func TestCellsAreEscaped(t *testing.T) {
	const hostile = `<script>alert("&'")</script>`
	visitor := hipflasktest.New(t, newApp()).FollowRedirects()
	again := request(visitor, "POST /add_stock", stored{"stock_symbol": hostile, "number_of_shares": hostile, "purchase_price": hostile})
	page := request(visitor, "POST /add_stock", stored{"stock_symbol": hostile, "number_of_shares": "1", "purchase_price": "1"})
	for shown, want := range map[*hipflasktest.Response]int{again: 3, page: 1} {
		if n := strings.Count(shown.Body, html.EscapeString(hostile)); n != want || strings.Contains(shown.Body, "<script") {
			t.Errorf("got %s\nwant what was typed escaped, %d times", shown, want)
		}
	}
}

func TestURLForBlogPost(t *testing.T) {
	c := newApp().NewContext(nil, httptest.NewRequest("GET", "/", nil))
	got, err := c.URLFor("displayBlogPost", "post_id", 17)
	if err != nil || got != "/blog_posts/17" {
		t.Errorf("got %q and error %v, want /blog_posts/17", got, err)
	}
}

// request sends "GET /path", or "POST /path" with the form.
func request(visitor *hipflasktest.Client, line string, form stored) *hipflasktest.Response {
	method, path, _ := strings.Cut(line, " ")
	if method != "POST" {
		return visitor.Get(path)
	}
	values := url.Values{}
	for field, value := range form {
		values.Set(field, value)
	}
	return visitor.PostForm(path, values)
}

func sessionOf(visitor *hipflasktest.Client) stored {
	all := stored{}
	visitor.SessionTransaction(func(s *hipflask.Session) {
		for _, key := range s.Keys() {
			var value any
			s.Get(key, &value)
			all[key] = fmt.Sprint(value)
		}
	})
	return all
}
