package hipflask

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// acceptHeaders are the headers and what reads them.
var acceptHeaders = map[string]func(*http.Request) Accept{
	"Accept":          AcceptMimetypes,
	"Accept-Language": AcceptLanguages,
	"Accept-Charset":  AcceptCharsets,
	"Accept-Encoding": AcceptEncodings,
}

// acceptTable is what Werkzeug 3.1.8 answers for each row, asked with
// request.accept_mimetypes and its like. Some 59,000 random headers of such
// pieces were held against it in the same way, and none differed but those
// below.
var acceptTable = []struct {
	header, value, offers, best string
	quality                     float64 // of the best
}{
	// quality, then closeness, then the order of the offers
	{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html application/json", "text/html", 1},
	{"Accept", "application/json, text/plain, */*", "text/html application/json", "application/json", 1},
	{"Accept", "text/html;q=0.5, application/json;q=0.9", "text/html application/json", "application/json", 0.9},
	{"Accept", "text/html, application/json", "text/html application/json", "text/html", 1},
	{"Accept", "application/json, text/html", "text/html application/json", "text/html", 1},
	{"Accept", "*/*", "text/html application/json", "text/html", 1},
	{"Accept", "*/*", "application/json text/html", "application/json", 1},
	{"Accept", "text/*, application/json", "text/html application/json", "application/json", 1},
	{"Accept", "text/*;q=0.9, application/json;q=0.8", "text/html application/json", "text/html", 0.9},
	{"Accept", "application/json;q=0.1, application/*", "text/html application/json", "application/json", 0.1},
	{"Accept", "text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5", "text/plain text/html image/jpeg", "text/html", 0.7},
	{"Accept", "text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5", "text/html text/html;level=1", "text/html;level=1", 1},
	// none
	{"Accept", "", "text/html application/json", "", 0},
	{"Accept", "image/png", "text/html application/json", "", 0},
	{"Accept", "text/html;q=0", "text/html application/json", "", 0},
	{"Accept", "text/html;q=0, */*", "text/html application/json", "application/json", 1},
	{"Accept", "application/json", "", "", 0},
	// parameters and case
	{"Accept", "Text/HTML", "text/html", "text/html", 1},
	{"Accept", "text/html; charset=utf-8", "text/html", "", 0},
	{"Accept", `text/html; b="2"; a=1`, "text/html;A=1;B=2", "text/html;A=1;B=2", 1},
	{"Accept", "text/html", "text/html;level=1", "", 0},
	{"Accept", "text/html;level=1", "text/*", "text/*", 1},
	{"Accept", "text/html", "*/*", "*/*", 1},
	// broken
	{"Accept", "json", "text/html application/json", "", 0},
	{"Accept", "*", "text/html application/json", "", 0},
	{"Accept", "*/json", "text/html application/json", "", 0},
	{"Accept", "text/, /html, /", "text/html application/json", "", 0},
	{"Accept", ";;,,;q=1", "text/html application/json", "", 0},
	{"Accept", "text/html;q=high, application/json;q=0.1", "text/html application/json", "application/json", 0.1},
	{"Accept", "text/html;q=1.1, application/json;q=0.1", "text/html application/json", "application/json", 0.1},
	{"Accept", "text/html;q=-1, application/json;q=0.1", "text/html application/json", "application/json", 0.1},
	{"Accept", "text/html;q=.5, application/json;q=0.1", "text/html application/json", "application/json", 0.1},
	{"Accept", "text/html;q=1e0, application/json;q=0.1", "text/html application/json", "application/json", 0.1},
	{"Accept", "text/html;q=, application/json;q=0.9", "text/html application/json", "text/html", 1},
	{"Accept", "text/html;q = 0.1, application/json;q=0.9", "text/html application/json", "text/html", 1},
	{"Accept", `text/html;q="0.1", application/json;q=0.2`, "text/html application/json", "application/json", 0.2},
	{"Accept", "text/html;q=0.9;q=0.1, application/json;q=0.2", "text/html application/json", "application/json", 0.2},
	{"Accept", `text/html;a="x,y;q=0.1", application/json;q=0.2`, `text/html;a="x,y;q=0.1" application/json`, `text/html;a="x,y;q=0.1"`, 1},
	{"Accept", `text/html;a="x, application/json`, "text/html application/json", "", 0},
	{"Accept", `"text/html", application/json;q=0.5`, "text/html application/json", "text/html", 1},
	// languages: the tag as it is, then its first part
	{"Accept-Language", "de-AT,de;q=0.9,en;q=0.5", "en de", "de", 0.9},
	{"Accept-Language", "de_at", "de-AT de", "de-AT", 1},
	{"Accept-Language", "en-GB", "de en", "en", 0},
	{"Accept-Language", "en", "de en-US en-GB", "en-US", 0},
	{"Accept-Language", "en-GB", "de en-US", "", 0},
	{"Accept-Language", "en-GB, de;q=0.5", "de en", "de", 0.5},
	{"Accept-Language", "fr, *;q=0.1", "de en", "de", 0.1},
	{"Accept-Language", "fr-CA;q=0.5, *;q=0.1", "en fr", "en", 0.1},
	{"Accept-Language", "fr", "de en", "", 0},
	{"Accept-Language", "zh-Hant-TW", "zh-Hans zh", "zh", 0},
	{"Accept-Language", "en-US, en;q=0", "en", "en", 0},
	{"Accept-Language", "", "en", "", 0},
	// charsets and encodings
	{"Accept-Charset", "ISO-8859-1, utf-8;q=0.7", "utf-8 latin1", "latin1", 1},
	{"Accept-Charset", "UTF8", "utf-8", "utf-8", 1},
	{"Accept-Charset", "*;q=0.1, ascii", "utf-8 us-ascii", "us-ascii", 1},
	{"Accept-Charset", "utf-16", "utf-8", "", 0},
	{"Accept-Encoding", "gzip, deflate, br", "br gzip", "br", 1},
	{"Accept-Encoding", "gzip;q=0.5, *;q=0.9", "br gzip", "br", 0.9},
	{"Accept-Encoding", "GZIP", "gzip", "gzip", 1},
	{"Accept-Encoding", "gzip;q=0, *", "gzip br", "br", 1},
	{"Accept-Encoding", "identity", "gzip", "", 0},
}

func TestAccept(t *testing.T) {
	for _, tt := range acceptTable {
		app, _ := newTestApp(t)
		var got Accept
		app.Get("/", func(c *Context) error {
			got = acceptHeaders[tt.header](c.Request)
			return c.NoContent()
		})
		header := []string{tt.header, tt.value}
		if tt.value == "" {
			header = nil
		}
		ask(app, "GET", "/", header...)
		if best := got.BestMatch(strings.Fields(tt.offers)...); best != tt.best {
			t.Errorf("%s: %s: of %s the best is %q, want %q", tt.header, tt.value, tt.offers, best, tt.best)
		}
		if tt.best == "" {
			continue
		}
		if quality := got.Quality(tt.best); quality != tt.quality {
			t.Errorf("%s: %s: %s has the quality %v, want %v", tt.header, tt.value, tt.best, quality, tt.quality)
		}
	}
}

// Where we answer something else than Werkzeug 3.1.8.
func TestAcceptDiffers(t *testing.T) {
	for _, tt := range []struct{ header, value, offers, best, werkzeug string }{
		{"Accept-Language", "en", "eng-x en-US", "en-US", "eng-x: it takes the first offer that begins with en"},
		{"Accept", "text/html;q*=0.1", "text/html", "", "text/html: RFC 2231's star makes a quality there"},
		{"Accept-Charset", "cp819", "iso-8859-1", "", "iso-8859-1: Python has a table of names"},
	} {
		r := &http.Request{Header: http.Header{tt.header: {tt.value}}}
		if got := acceptHeaders[tt.header](r).BestMatch(strings.Fields(tt.offers)...); got != tt.best {
			t.Errorf("%s: %s: of %s the best is %q, want %q (Werkzeug: %s)", tt.header, tt.value, tt.offers, got, tt.best, tt.werkzeug)
		}
	}
}

// TestAcceptLines: a header sent in several lines is one list, and what it says
// can be listed: the more specific first, then by quality.
func TestAcceptLines(t *testing.T) {
	r := &http.Request{Header: http.Header{"Accept": {"*/*;q=0.1, text/html;q=0.5", `text/*, text/html; Level="1"`}}}
	got := AcceptMimetypes(r)
	if want := []string{"text/html; level=1", "text/html", "text/*", "*/*"}; !slices.Equal(got.Values(), want) {
		t.Errorf("got the ranges %q, want %q", got.Values(), want)
	}
	for value, want := range map[string]float64{"text/html": 0.5, "text/plain": 1, "image/png": 0.1} {
		if q := got.Quality(value); q != want {
			t.Errorf("%s has the quality %v, want %v", value, q, want)
		}
	}
	var none Accept
	if none.BestMatch("text/html") != "" || none.Quality("text/html") != 0 || len(none.Values()) != 0 {
		t.Error("the zero Accept takes something")
	}
}

// TestAcceptBounds: what a header costs does not grow with it for ever. Each of
// these is as long as net/http lets a header be.
func TestAcceptBounds(t *testing.T) {
	var parameters strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&parameters, ";%d=1", i)
	}
	for header, read := range acceptHeaders {
		for name, value := range map[string]string{
			"parameters": "text/html" + parameters.String(),
			"ranges":     strings.Repeat("text/html,", 100_000),
			"both":       strings.Repeat("text/html"+parameters.String()[:1000]+",", 1000),
			"quotes":     "text/html" + strings.Repeat(`;a="b;c"`, 100_000),
		} {
			got := read(&http.Request{Header: http.Header{header: {value}}}).Values()
			if len(got) == 0 || len(got) > 256 {
				t.Errorf("%s, many %s: got %d ranges, want 256 at most", header, name, len(got))
			}
			for _, value := range got {
				if n := strings.Count(value, "="); n > 16 {
					t.Fatalf("%s, many %s: a range with %d parameters, want 16 at most", header, name, n)
				}
			}
		}
	}
}

// TestAcceptOffers: an offer that can never match is the program's mistake, with
// and without a header. Werkzeug raises only where it comes to compare.
func TestAcceptOffers(t *testing.T) {
	for _, offer := range []string{"json", "*/json", "", "*"} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "is no media type, such as application/json") {
					t.Errorf("the offer %q: recovered %q", offer, text)
				}
			}()
			AcceptMimetypes(&http.Request{}).BestMatch("text/html", offer)
		}()
	}
}

// FuzzAccept: whatever is sent, what comes back is an offer, and the client does
// not like another one better.
func FuzzAccept(f *testing.F) {
	for _, tt := range acceptTable {
		f.Add(tt.value)
	}
	offers := map[string][]string{
		"Accept":          {"text/html", "application/json", "text/html;level=1", "text/*", "*/*"},
		"Accept-Language": {"en", "de-AT", "zh_Hant", "EN-us"},
		"Accept-Charset":  {"utf-8", "latin1"},
		"Accept-Encoding": {"gzip", "br"},
	}
	f.Fuzz(func(t *testing.T, value string) {
		for name, offers := range offers {
			got := acceptHeaders[name](&http.Request{Header: http.Header{name: {value}}})
			best := got.BestMatch(offers...)
			if best != "" && !slices.Contains(offers, best) {
				t.Fatalf("%s: %s: the best is %q, which was not offered", name, value, best)
			}
			for _, offer := range offers {
				q := got.Quality(offer)
				if q < 0 || q > 1 || q > 0 && (best == "" || q > got.Quality(best)) {
					t.Fatalf("%s: %s: the best is %q, but %q has the quality %v", name, value, best, offer, q)
				}
			}
			for _, r := range got.Values() {
				if r == "" {
					t.Fatalf("%s: %s: a range is empty", name, value)
				}
			}
		}
	})
}
