package devloop

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScriptIsAdded: to whole pages that the browser goes to, and to nothing else.
func TestScriptIsAdded(t *testing.T) {
	const page = "<!doctype html><body><p>hello</body></html>\n"
	html := func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html; charset=utf-8") }
	plain := func(w http.ResponseWriter, r *http.Request) { html(w); io.WriteString(w, page) }
	accept := []string{"Accept", "text/html,*/*"}
	for _, test := range []struct {
		name    string
		method  string
		header  []string
		handler http.HandlerFunc
		added   bool
	}{
		{"a page", "GET", accept, plain, true},
		{"a document", "GET", []string{"Sec-Fetch-Dest", "document"}, plain, true},
		{"a frame", "GET", []string{"Sec-Fetch-Dest", "iframe", "Accept", "text/html"}, plain, false},
		{"fetch", "GET", []string{"Sec-Fetch-Dest", "empty", "Accept", "text/html"}, plain, false},
		{"curl", "GET", []string{"Accept", "*/*"}, plain, false},
		{"HTMX", "GET", append([]string{"HX-Request", "true"}, accept...), plain, false},
		{"a form", "POST", accept, plain, false},
		{"HEAD", "HEAD", accept, plain, false},
		{"with a length", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(page)))
			io.WriteString(w, page)
		}, true},
		{"in pieces", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			html(w)
			io.WriteString(w, page[:20])
			http.NewResponseController(w).Flush()
			io.WriteString(w, page[20:])
		}, true},
		{"flushed first", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(page)))
			http.NewResponseController(w).Flush()
			io.WriteString(w, page)
		}, true},
		{"without a type", "GET", accept, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) }, true},
		{"an error page", "GET", accept, func(w http.ResponseWriter, r *http.Request) { html(w); w.WriteHeader(404); io.WriteString(w, page) }, true},
		{"a file", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"x"`)
			http.ServeContent(w, r, "a.html", time.Now(), strings.NewReader(page))
		}, true},
		{"a part", "GET", append([]string{"Range", "bytes=0-3"}, accept...), func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.html", time.Now(), strings.NewReader(page))
		}, false},
		{"compressed", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			html(w)
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, page)
			z.Close()
		}, false},
		{"a download", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Disposition", `attachment; filename="a.html"`)
			plain(w, r)
		}, false},
		{"text", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, page)
		}, false},
		{"events", "GET", accept, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: 1\n\n")
			http.NewResponseController(w).Flush()
		}, false},
		{"nothing new", "GET", accept, func(w http.ResponseWriter, r *http.Request) { html(w); w.WriteHeader(304) }, false},
	} {
		got := answer(t, NewReloader(t.Context(), "7").Wrap(test.handler), test.method, test.header...)
		bare := answer(t, test.handler, test.method, test.header...)
		added := strings.Contains(got.body, scriptPath)
		if added != test.added {
			t.Errorf("%s: the script was added: %t, want %t:\n%s", test.name, added, test.added, got.body)
		}
		if !added && got.body != bare.body {
			t.Errorf("%s: got the body %q, want %q", test.name, got.body, bare.body)
		}
		if added && (!strings.HasPrefix(got.body, bare.body+"<script src=") || !strings.HasSuffix(got.body, "></script>\n")) {
			t.Errorf("%s: got %q, want the page and then the script", test.name, got.body)
		}
		if added && (got.header.Get("Cache-Control") != "no-store" || got.header.Get("Etag") != "") {
			t.Errorf("%s: a browser may keep the page: %v", test.name, got.header)
		}
	}
}

// TestScriptIsNotAddedToWhatIsCut: the browser is to know that a page is not whole.
func TestScriptIsNotAddedToWhatIsCut(t *testing.T) {
	server := httptest.NewServer(NewReloader(t.Context(), "7").Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<p>one")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})))
	defer server.Close()
	req, _ := http.NewRequest("GET", server.URL, nil)
	req.Header.Set("Accept", "text/html")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil || strings.Contains(string(body), "script") {
		t.Errorf("got %q and %v, want the connection cut", body, err)
	}
}

type answered struct {
	body   string
	header http.Header
}

// answer goes through a real connection, which holds the length to what is sent.
func answer(t *testing.T, h http.Handler, method string, header ...string) answered {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	req, err := http.NewRequest(method, server.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{string(body), resp.Header}
}

// TestStream: the version at once, another one when a file has changed, and the
// end with the server.
func TestStream(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(NewReloader(ctx, "7", dir).Wrap(http.NotFoundHandler()))
	defer server.Close()
	resp, err := http.Get(server.URL + streamPath)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	next := func() string {
		var retry, data string
		b := make([]byte, 1)
		var text strings.Builder
		for !strings.HasSuffix(text.String(), "\n\n") {
			if _, err := resp.Body.Read(b); err != nil {
				return err.Error()
			}
			text.Write(b)
		}
		retry, data, _ = strings.Cut(text.String(), "data: ")
		_ = retry
		return strings.TrimSpace(data)
	}
	first := next()
	if !strings.HasPrefix(first, "7-") {
		t.Errorf("got the version %q, want one of build 7", first)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.html"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if second := next(); second == first || !strings.HasPrefix(second, "7-") {
		t.Errorf("after a change got %q, before %q", second, first)
	}
	cancel()
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Errorf("at the end: %v", err)
	}
}

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		pattern, file string
		want          bool
	}{
		{"*_gen.go", "/srv/app/a_gen.go", true},
		{"/srv/*.go", "/srv/app/a.go", true},
		{"*/vendor/*", "/srv/vendor/x/a.go", true},
		{"*.txt", "/srv/a.go", false},
		{"[", "/srv/a.go", false},
	} {
		if got := matches(test.pattern, test.file); got != test.want {
			t.Errorf("%s for %s: got %t, want %t", test.pattern, test.file, got, test.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	var source strings.Builder
	for i := range 30 {
		fmt.Fprintf(&source, "line %d\n", i+1)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	got := places("# example.com/x\n./main.go:12:4: undefined: <x>\n./gone.go:1:1: gone\n./main.go:99:1: behind the end\n"+
		"goroutine 1 [running]:\nmain.main()\n\t"+dir+"/main.go:2 +0x1d\n", dir)
	if len(got) != 2 {
		t.Fatalf("got %d places, want 2: %+v", len(got), got)
	}
	if p := got[0]; p.Line != 12 || p.Column != "4" || p.Message != "undefined: <x>" || len(p.Lines) != 11 || !p.Lines[5].Marked || p.Lines[5].Text != "line 12" {
		t.Errorf("got %+v", p)
	}
	if p := got[1]; p.Line != 2 || p.Lines[0].Number != 1 {
		t.Errorf("got %+v", p)
	}
}

// TestFailurePage: nothing that a compiler says is markup, and another machine
// learns nothing.
func TestFailurePage(t *testing.T) {
	f := &Failure{Title: "<b>title", Text: "<script>", Places: []Place{{File: "<f>", Line: 1, Message: "<m>", Lines: []SourceLine{{1, "<s>", true}}}}}
	always := func(answer bool) func(*http.Request) bool { return func(*http.Request) bool { return answer } }
	for _, test := range []struct {
		name  string
		local func(*http.Request) bool
		want  bool
	}{
		{"local", always(true), true},
		{"not local", always(false), false},
		{"not known", nil, false},
	} {
		f.local = test.local
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		page := w.Body.String()
		if w.Code != 500 || strings.Contains(page, "<script>") || strings.Contains(page, "&lt;s&gt;") != test.want || strings.Contains(page, "&lt;script&gt;") != test.want {
			t.Errorf("%s: got %d and\n%s", test.name, w.Code, page)
		}
	}
}
