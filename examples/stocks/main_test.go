package main

import (
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

// TestMissingField: as in Flask, where request.form['...'] raises, what came
// before the missing field is stored.
func TestMissingField(t *testing.T) {
	for _, test := range []struct {
		form    stored
		names   string // the field the 400 names
		session stored
	}{
		{stored{}, "stock_symbol", nil},
		{stored{"stock_symbol": "SBUX"}, "number_of_shares", stored{"stock_symbol": "SBUX"}},
		{stored{"stock_symbol": "SBUX", "number_of_shares": "100"}, "purchase_price",
			stored{"stock_symbol": "SBUX", "number_of_shares": "100"}},
		{stored{"number_of_shares": "100", "purchase_price": "87.56"}, "stock_symbol", nil},
	} {
		visitor := hipflasktest.New(t, newApp())
		page := request(visitor, "POST /add_stock", test.form)
		if page.StatusCode != 400 || !strings.Contains(page.Body, test.names) {
			t.Errorf("%v: got %s\nwant 400 naming %s", test.form, page, test.names)
		}
		if got := sessionOf(visitor); !maps.Equal(got, test.session) {
			t.Errorf("%v left the session %v, want %v", test.form, got, test.session)
		}
	}
}

func TestEmptyFieldIsNotMissing(t *testing.T) {
	form := stored{"stock_symbol": "", "number_of_shares": "", "purchase_price": ""}
	visitor := hipflasktest.New(t, newApp())
	if page := request(visitor, "POST /add_stock", form); page.StatusCode != 302 {
		t.Errorf("got %s\nwant 302", page)
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
	page := request(visitor, "POST /add_stock",
		stored{"stock_symbol": hostile, "number_of_shares": hostile, "purchase_price": hostile})
	if n := strings.Count(page.Body, html.EscapeString(hostile)); n != 3 || strings.Contains(page.Body, "<script") {
		t.Errorf("got %s\nwant the three cells escaped", page)
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
			all[key] = s.GetString(key)
		}
	})
	return all
}
