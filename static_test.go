package hipflask

import (
	"archive/zip"
	"bytes"
	"embed"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

const digits = "0123456789"

var staticFiles = map[string]string{
	"style.css":     "body { margin: 0 }",
	"num.bin":       digits,
	"empty.txt":     "",
	"noextension":   "x",
	"sub/app.js":    "let x",
	"sub/.hidden":   "secret",
	".env":          "secret",
	".git/config":   "secret",
	"a.tar.gz":      "x",
	"f é b.txt":     "x",
	`a"b.txt`:       "x",
	"页.html":        "x",
	"it's 100%.txt": "x",
	"con.css":       "secret", // devices on Windows, so files nowhere
	"Com1":          "secret",
	"sub/LPT³.x":    "secret",
	"conout$":       "secret",
	"nul .txt":      "secret",
	"a:b.txt":       "secret",
	`a\b.txt`:       "secret",
	"dot.":          "secret",
	"space /x":      "secret",
	"line\nbreak":   "secret",
	"c1\u0085":      "secret",
}

var staticTime = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// staticRoots holds staticFiles in a folder, in a map (without times, like an
// embed.FS) and in a zip archive (whose files cannot seek).
func staticRoots(t *testing.T) map[string]fs.FS {
	if runtime.GOOS == "windows" {
		t.Skip("its folders cannot hold most of the names in staticFiles")
	}
	dir, inMemory := t.TempDir(), fstest.MapFS{}
	var archive bytes.Buffer
	zipped := zip.NewWriter(&archive)
	for name, content := range staticFiles {
		file := filepath.Join(dir, filepath.FromSlash(name))
		err := errors.Join(
			os.MkdirAll(filepath.Dir(file), 0o700),
			os.WriteFile(file, []byte(content), 0o600),
			os.Chtimes(file, staticTime, staticTime))
		if err != nil {
			t.Fatal(err)
		}
		inMemory[name] = &fstest.MapFile{Data: []byte(content)}
		w, err := zipped.CreateHeader(&zip.FileHeader{Name: name, Modified: staticTime, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	reader, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]fs.FS{"folder": openFolder(dir), "map": inMemory, "zip": reader}
}

// sendFile sends name out of fsys as Static would, and an HTTPError as the App would.
func sendFile(t *testing.T, app *App, fsys fs.FS, tags *fileTags, method, name string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/static/x", nil)
	r.Header = header
	w := httptest.NewRecorder()
	c := app.NewContext(w, r)
	if err := c.sendFile(fsys, name, tags); err != nil {
		if _, known := asHTTPError(err); !known {
			t.Fatalf("%s %q: %v", method, name, err)
		}
		app.handleError(c, err)
		c.Response().Body = []byte{} // these tables are not about error pages
		c.send()
		app.end(c)
		res := w.Result()
		res.Header.Del("Content-Type")
		res.Header.Del("Content-Length")
		return res
	}
	c.send()
	app.end(c)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// flask-behaviour.md §13: the header of a file.
func TestStaticHeader(t *testing.T) {
	for root, fsys := range staticRoots(t) {
		t.Run(root, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				res := sendFile(t, New("test"), fsys, new(fileTags), method, "style.css", nil)
				want := http.Header{
					"Content-Disposition": {"inline; filename=style.css"},
					"Content-Type":        {"text/css; charset=utf-8"},
					"Content-Length":      {"18"},
					"Last-Modified":       {"Tue, 02 Jan 2024 03:04:05 GMT"},
					"Cache-Control":       {"no-cache"},
					"Etag":                {`"17a668b730013200-12"`}, // Flask: time, size and a checksum of the path
					"Accept-Ranges":       {"bytes"},
				}
				if root == "map" {
					want["Etag"] = []string{`"997faceca2605a983126895af39c5da4"`} // no time, so a hash
					delete(want, "Last-Modified")
				}
				if !reflect.DeepEqual(res.Header, want) || res.StatusCode != 200 {
					t.Errorf("%s: %d\n got %v\nwant %v", method, res.StatusCode, res.Header, want)
				}
				wantBody := staticFiles["style.css"]
				if method == "HEAD" {
					wantBody = ""
				}
				if got := body(t, res); got != wantBody {
					t.Errorf("%s: body %q, want %q", method, got, wantBody)
				}
			}
		})
	}
}

// Conditions and ranges on the ten bytes of num.bin; flask-behaviour.md §13.
func TestStaticConditionsAndRanges(t *testing.T) {
	const later, earlier = "Wed, 03 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"
	exactly := staticTime.Format(http.TimeFormat)
	for _, tt := range []struct {
		name   string
		header string // E stands for the file's ETag
		want   int
		bytes  string // of the body; for 206 the Content-Range tells the place
		ranged string
		flask  string // where Flask differs, and why we do
	}{
		{"no condition", "", 200, digits, "", ""},
		{"If-None-Match equal", "If-None-Match: E", 304, "", "", ""},
		{"If-None-Match weak", "If-None-Match: W/E", 304, "", "", ""},
		{"If-None-Match in a list", `If-None-Match: "x", E`, 304, "", "", ""},
		{"If-None-Match *", "If-None-Match: *", 304, "", "", ""},
		{"If-None-Match different", `If-None-Match: "x"`, 200, digits, "", ""},
		{"If-None-Match different, time equal", `If-None-Match: "x"; If-Modified-Since: ` + exactly, 200, digits, "", ""},
		{"If-Modified-Since equal", "If-Modified-Since: " + exactly, 304, "", "", ""},
		{"If-Modified-Since later", "If-Modified-Since: " + later, 304, "", "", ""},
		{"If-Modified-Since earlier", "If-Modified-Since: " + earlier, 200, digits, "", ""},
		{"If-Modified-Since garbage", "If-Modified-Since: yesterday", 200, digits, "", ""},
		{"If-Match equal", "If-Match: E", 200, digits, "", ""},
		{"If-Match different", `If-Match: "x"`, 412, "", "", "412 with the file as body: a refusal is an error page"},
		{"If-Unmodified-Since earlier", "If-Unmodified-Since: " + earlier, 412, "", "", "ignored: RFC 9110 13.1.4 says 412 (net/http)"},
		{"If-Unmodified-Since later", "If-Unmodified-Since: " + later, 200, digits, "", ""},

		{"the first four", "Range: bytes=0-3", 206, "0123", "bytes 0-3/10", ""},
		{"from the fourth", "Range: bytes=3-", 206, "3456789", "bytes 3-9/10", ""},
		{"the last three", "Range: bytes=-3", 206, "789", "bytes 7-9/10", ""},
		{"one", "Range: bytes=0-0", 206, "0", "bytes 0-0/10", ""},
		{"more than there are", "Range: bytes=5-100", 206, "56789", "bytes 5-9/10", ""},
		{"from the end on", "Range: bytes=10-", 416, "", "bytes */10", ""},
		{"behind the end", "Range: bytes=20-30", 416, "", "bytes */10", ""},
		{"no numbers", "Range: bytes=abc", 416, "", "bytes */10", ""},
		{"no unit", "Range: abc", 416, "", "bytes */10", ""},
		{"another unit", "Range: items=0-1", 200, digits, "", "416: RFC 9110 14.2 says that a server ignores it"},
		{"the unit in capitals", "Range: Bytes=0-3", 206, "0123", "bytes 0-3/10", ""},
		{"backwards", "Range: bytes=3-1", 416, "", "bytes */10", ""},
		{"the last none", "Range: bytes=-0", 416, "", "bytes */10", "the whole file: RFC 9110 14.1.2 says that it cannot be had"},
		{"the last none and the first two", "Range: bytes=-00, 0-1", 206, "01", "bytes 0-1/10", "416, as for all lists"},
		{"the last hundred", "Range: bytes=-100", 206, digits, "bytes 0-9/10", "416: RFC 9110 14.1.2 says the whole file (net/http)"},
		{"empty", "Range: ", 200, digits, "", "416: an empty header asks for nothing (net/http)"},
		{"If-Range equal", "Range: bytes=0-3; If-Range: E", 206, "0123", "bytes 0-3/10", ""},
		{"If-Range equal time", "Range: bytes=0-3; If-Range: " + exactly, 206, "0123", "bytes 0-3/10", ""},
		{"If-Range other", `Range: bytes=0-3; If-Range: "x"`, 200, digits, "", ""},
		{"If-Range other time", "Range: bytes=0-3; If-Range: " + earlier, 200, digits, "", ""},
		{"a range of what the browser has", "Range: bytes=0-3; If-None-Match: E", 304, "", "", "206: RFC 9110 13.2.2 asks the condition first (net/http)"},
	} {
		for root, fsys := range staticRoots(t) {
			if root == "map" && (strings.Contains(tt.header, "odified") || strings.Contains(tt.name, "equal time")) {
				continue // its files have no time
			}
			t.Run(tt.name+" from a "+root, func(t *testing.T) {
				tags, app := new(fileTags), New("test")
				tag := sendFile(t, app, fsys, tags, "HEAD", "num.bin", nil).Header.Get("Etag")
				header := http.Header{}
				for line := range strings.SplitSeq(tt.header, "; ") {
					key, value, _ := strings.Cut(line, ": ")
					header.Set(key, strings.ReplaceAll(value, "E", tag))
				}
				res := sendFile(t, app, fsys, tags, "GET", "num.bin", header)
				if got := body(t, res); res.StatusCode != tt.want || got != tt.bytes || res.Header.Get("Content-Range") != tt.ranged {
					t.Errorf("got %d %q %q, want %d %q %q", res.StatusCode, got, res.Header.Get("Content-Range"), tt.want, tt.bytes, tt.ranged)
				}
			})
		}
	}
}

// Several ranges in one request: Flask says 416, net/http sends each (RFC 9110 15.3.7.2).
func TestStaticSeveralRanges(t *testing.T) {
	for root, fsys := range staticRoots(t) {
		res := sendFile(t, New("test"), fsys, new(fileTags), "GET", "num.bin", http.Header{"Range": {"bytes=0-1,3-4"}})
		if got := res.Header.Get("Content-Type"); res.StatusCode != 206 || !strings.HasPrefix(got, "multipart/byteranges; boundary=") {
			t.Errorf("%s: %d %s", root, res.StatusCode, got)
		}
	}
}

func TestStaticWhatRemains(t *testing.T) {
	fsys := staticRoots(t)["folder"]
	for _, tt := range []struct {
		name   string
		header http.Header
		want   http.Header
	}{
		{"304", http.Header{"If-None-Match": {"*"}}, http.Header{
			"Content-Disposition": {"inline; filename=num.bin"},
			"Cache-Control":       {"no-cache"},
			"Etag":                {`"17a668b730013200-a"`},
		}},
		{"416", http.Header{"Range": {"bytes=10-"}}, http.Header{
			"Content-Range": {"bytes */10"},
			"Vary":          {"Accept"}, // the error page is HTML or JSON
		}},
	} {
		res := sendFile(t, New("test"), fsys, nil, "GET", "num.bin", tt.header)
		if !reflect.DeepEqual(res.Header, tt.want) {
			t.Errorf("%s\n got %v\nwant %v", tt.name, res.Header, tt.want)
		}
	}
	// HEAD answers a range without its bytes; an empty file has no ranges.
	res := sendFile(t, New("test"), fsys, nil, "HEAD", "num.bin", http.Header{"Range": {"bytes=0-3"}})
	if got := body(t, res); res.StatusCode != 206 || got != "" || res.Header.Get("Content-Length") != "4" {
		t.Errorf("HEAD with a range: %d %q %v", res.StatusCode, got, res.Header)
	}
	for _, asked := range []string{"bytes=0-3", "bytes=-3", "bytes=-0"} {
		res = sendFile(t, New("test"), fsys, nil, "GET", "empty.txt", http.Header{"Range": {asked}})
		if res.StatusCode != 200 || res.Header.Get("Content-Length") != "0" || res.Header.Get("Content-Range") != "" {
			t.Errorf("%s of an empty file: %d %v", asked, res.StatusCode, res.Header)
		}
	}
}

// TestStaticRefusals: a condition that fails and a range that cannot be had are
// errors like every other, with a page or a handler.
func TestStaticRefusals(t *testing.T) {
	for _, handled := range []bool{false, true} {
		app, _ := newTestApp(t)
		app.Static("/files", fstest.MapFS{"num.bin": {Data: []byte(digits), ModTime: staticTime}})
		if handled {
			app.ErrorHandler(412, func(c *Context, err error) error { return c.Text("changed meanwhile") })
			app.ErrorHandler(416, func(c *Context, err error) error { return c.Text("no such bytes") })
		}
		for _, test := range []struct {
			name, value string
			status      int
			page, own   string
		}{
			{"If-Match", `"zz"`, 412, "<h1>Precondition Failed</h1>", "changed meanwhile"},
			{"If-Unmodified-Since", "Mon, 01 Jan 2018 00:00:00 GMT", 412, "<h1>Precondition Failed</h1>", "changed meanwhile"},
			{"Range", "bytes=-0", 416, "<h1>Requested Range Not Satisfiable</h1>", "no such bytes"},
		} {
			want, wantType := test.page, htmlType
			if handled {
				want, wantType = test.own, "text/plain; charset=utf-8"
			}
			w := ask(app, "GET", "/files/num.bin", test.name, test.value)
			if w.Code != test.status || !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Type") != wantType {
				t.Errorf("%s: %s: got %d %s %q, want %d %s %q", test.name, test.value, w.Code, w.Header().Get("Content-Type"), w.Body, test.status, wantType, want)
			}
		}
	}
}

func TestStaticTypes(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		flask      string // where Flask differs, and why we do
	}{
		{"x.css", "text/css; charset=utf-8", ""},
		{"x.js", "text/javascript; charset=utf-8", ""},
		{"x.JS", "text/javascript; charset=utf-8", ""},
		{"x.json", "application/json", ""},
		{"x.svg", "image/svg+xml; charset=utf-8", ""},
		{"x.html", "text/html; charset=utf-8", ""},
		{"x.txt", "text/plain; charset=utf-8", ""},
		{"x.png", "image/png", ""},
		{"x", "application/octet-stream", ""},
		{"x.hipflask", "application/octet-stream", ""},
		{"x.min.css", "text/css; charset=utf-8", ""},
		{"a.tar.gz", "application/gzip", "application/x-tar with Content-Encoding: gzip, " +
			"on which browsers unpack a download that is named .gz"},
	} {
		if got := contentType(tt.name); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestStaticDisposition(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		flask      string // where Flask differs, and why we do
	}{
		{"style.css", "inline; filename=style.css", ""},
		{"b c.txt", `inline; filename="b c.txt"`, ""},
		{`a"b.txt`, `inline; filename="a\"b.txt"`, ""},
		{"a;b.txt", `inline; filename="a;b.txt"`, ""},
		{"it's 100%.txt", `inline; filename="it's 100%.txt"`, ""},
		{"f é b.txt", `inline; filename="f _ b.txt"; filename*=UTF-8''f%20%C3%A9%20b.txt`,
			`filename="f e b.txt": Go's library cannot take accents off, and browsers use the second form`},
		{"页.html", `inline; filename=_.html; filename*=UTF-8''%E9%A1%B5.html`, "filename=.html"},
		{"é'*%.txt", `inline; filename=_'*%.txt; filename*=UTF-8''%C3%A9%27%2A%25.txt`, ""},
	} {
		if got := disposition("inline", tt.name); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestStaticMaxAge(t *testing.T) {
	for _, tt := range []struct {
		age   time.Duration
		want  string
		flask string // where Flask differs, and why we do
	}{
		{0, "no-cache", "0 in Flask adds max-age=0 and Expires, which say the same"},
		{time.Hour, "public, max-age=3600", "Expires too, which every browser of this century ignores beside max-age"},
		{1500 * time.Millisecond, "public, max-age=1", ""},
		{time.Millisecond, "no-cache", ""},
	} {
		app := New("test")
		app.Config.SendFileMaxAge = tt.age
		res := sendFile(t, app, staticRoots(t)["map"], nil, "GET", "style.css", nil)
		if got := res.Header.Get("Cache-Control"); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.age, got, tt.want)
		}
	}
}

// What a handler set before wins: Flask's as_attachment, mimetype, max_age, etag and (send_file(...), 404).
func TestSendFileOverrides(t *testing.T) {
	app, fsys := New("test"), staticRoots(t)["zip"]
	mine := http.Header{
		"Content-Disposition": {"attachment; filename=report.pdf"},
		"Content-Type":        {"application/pdf"},
		"Cache-Control":       {"private, max-age=60"},
		"Etag":                {`"mine"`},
	}
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	c := app.NewContext(w, r)
	for key := range mine {
		c.Header().Set(key, mine.Get(key))
	}
	if err := c.SendFile(fsys, "num.bin"); err != nil {
		t.Fatal(err)
	}
	c.send()
	for key := range mine {
		if got := w.Header().Get(key); got != mine.Get(key) {
			t.Errorf("%s: %s, want %s", key, got, mine.Get(key))
		}
	}

	for _, method := range []string{"GET", "HEAD"} {
		r, w := httptest.NewRequest(method, "/", nil), httptest.NewRecorder()
		r.Header.Set("If-None-Match", "*")
		r.Header.Set("Range", "bytes=0-3")
		c := app.NewContext(w, r)
		c.Response().Status = 404
		if err := c.SendFile(fsys, "num.bin"); err != nil {
			t.Fatal(err)
		}
		c.send()
		wantBody := map[string]string{"GET": digits}[method]
		if w.Code != 404 || w.Body.String() != wantBody || w.Header().Get("Content-Length") != "10" || w.Header().Get("Etag") != "" {
			t.Errorf("%s with the status 404: %d %q %v", method, w.Code, w.Body, w.Header())
		}
	}
}

// Every name that is no plain file inside the root is 404, in each kind of root
// and in whatever way it is written. flask-behaviour.md §13, and the names of
// the directory traversal lists that circulate.
func TestStaticHostileNames(t *testing.T) {
	names := []string{
		// §13. Flask resolves the dots inside the root and serves sub/../style.css,
		// ./style.css and style.css/; here one file has one name.
		"", ".", "/", "./", "missing", "sub", "sub/", "../secret.txt", "..", "sub/../../secret.txt",
		"sub/../style.css", "./style.css", "style.css/", "/style.css", "//style.css", "style.css//", "sub//app.js", "/etc/passwd",
		"style.css\x00", "style.css\x00.png", "../secret.txt\x00.css", `..\secret.txt`, `sub\app.js`, `sub\..\..\secret.txt`,
		// dotfiles
		".env", ".git/config", ".git", "sub/.hidden", "sub/.hidden/x", "...", ".../x", "....//....//etc/passwd", ".../...//", "..style.css",
		// up and out, in every spelling that survives one decoding
		"../", "../../../../../../etc/passwd", "sub/../../../../etc/passwd", "..//..//etc/passwd", "/../../etc/passwd",
		".././.././etc/passwd", "../.../.././etc/passwd", "..;/..;/etc/passwd", "..%2fetc/passwd", "%2e%2e/etc/passwd", "%2e%2e%2fetc%2fpasswd",
		"..%252fetc/passwd", "%252e%252e%252f", "..%c0%afetc/passwd", "%c0%ae%c0%ae/etc/passwd", "..%u2216etc/passwd",
		"\xc0\xae\xc0\xae/etc/passwd", "..\xc0\xafetc/passwd", "..\xe0\x80\xafetc/passwd", "\xff", "．．/etc/passwd", "..∕etc/passwd", "..⁄etc/passwd",
		"..%5csecret.txt", `..\..\..\windows\win.ini`, `..\/..\/etc/passwd`, `\..\secret.txt`, `\\server\share\x`, "//server/share/x", `\\?\C:\x`, `\\.\NUL`,
		"C:/windows/win.ini", `C:\windows\win.ini`, "C:style.css", "c:", "file:///etc/passwd", "style.css::$DATA", "style.css:stream", "a:b.txt", `a\b.txt`,
		// devices
		"con.css", "CON", "con", "nul", "NUL.txt", "aux.js", "prn", "COM1", "Com1", "com1.txt", "lpt9.tar.gz", "COM¹", "sub/LPT³.x", "nul .txt", "CONIN$", "conout$", "sub/nul", "nul/x", "con .css",
		// dots and spaces that Windows drops
		"style.css.", "style.css ", "style.css. .", "sub./app.js", "sub /app.js", "dot.", "space /x",
		// control characters
		"line\nbreak", "style.css\r\nSet-Cookie: x=1", "style.css\n", "\t", "a\x7f", "c1\u0085",
		// a file as a folder, wildcards, the far too long
		"style.css/x", "style.css/../style.css", "*", "*.css", "?", "~", "~/x", "~root/x", "$HOME", "%", "%00", strings.Repeat("a", 5000), strings.Repeat("a/", 3000) + "a",
	}
	encodings := map[string]func(string) string{
		"plain":         func(s string) string { return s },
		"encoded":       url.PathEscape,
		"encoded twice": func(s string) string { return url.PathEscape(url.PathEscape(s)) },
		"dots encoded":  func(s string) string { return strings.ReplaceAll(s, ".", "%2e") },
		"slashes as backslashes": func(s string) string {
			return strings.ReplaceAll(s, "/", `\`)
		},
		"in front of a file": func(s string) string { return s + "/../style.css" },
		"behind a folder":    func(s string) string { return "sub/../" + s },
	}
	served := map[string]bool{} // spellings of names that files have
	for name := range staticFiles {
		served[name] = true
	}
	for root, fsys := range staticRoots(t) {
		app, asked := New("test"), 0
		for _, name := range names {
			for how, encode := range encodings {
				name := encode(name)
				if how != "plain" && served[name] {
					continue
				}
				asked++
				res := sendFile(t, app, fsys, new(fileTags), "GET", name, nil)
				if content := body(t, res); res.StatusCode != 404 || content != "" {
					t.Errorf("%s: %.60q (%s): %d %q, want 404", root, name, how, res.StatusCode, content)
				}
			}
		}
		if asked < 600 {
			t.Errorf("%s: only %d names were asked for", root, asked)
		}
	}
}

// A name that is only a little like a device is a file.
func TestStaticNamesThatAreFine(t *testing.T) {
	for _, name := range []string{"style.css", "sub/app.js", "console.js", "com.js", "com10.js", "lpt.css", "COMx", "auxiliary", "null", "a..b", "~x", "a b"} {
		if !safeFileName(name) {
			t.Errorf("%q is refused", name)
		}
	}
}

func FuzzStaticName(f *testing.F) {
	for name := range staticFiles {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !safeFileName(name) {
			return
		}
		if !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains("/"+name, "/.") {
			t.Errorf("%q is taken", name)
		}
		// What we say of its name, the standard library reads back.
		base := path.Base(name)
		header := disposition("attachment", base)
		kind, parameters, err := mime.ParseMediaType(header)
		if err != nil || kind != "attachment" || parameters["filename"] != base {
			t.Errorf("%q: %s reads as %q %v", base, header, parameters["filename"], err)
		}
	})
}

// A link may point inside the root and never out of it; users-and-security.md M10.
func TestStaticLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write := func(path ...string) string {
		file := filepath.Join(path...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("content"), 0o600)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	secret := write(outside, "secret.txt")
	write(dir, "main.go")
	write(dir, "static", "page.css")
	for name, target := range map[string]string{
		"inside.css": "page.css", "absolute.css": secret, "up.css": "../main.go", "outside": outside, "loop": "loop", "gone": "nothing",
	} {
		if err := os.Symlink(target, filepath.Join(dir, "static", name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	static, err := fs.Sub(openFolder(dir), "static")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		"page.css": 200, "inside.css": 200,
		"absolute.css": 404, "up.css": 404, "outside/secret.txt": 404, "outside": 404, "loop": 404, "gone": 404,
	} {
		if res := sendFile(t, New("test"), static, nil, "GET", name, nil); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, want)
		}
	}
	if _, err := fs.Sub(openFolder(dir), "../outside"); err == nil {
		t.Error("Sub left the root")
	}
	if _, err := openFolder(filepath.Join(dir, "gone")).Open("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v, want fs.ErrNotExist", err)
	}
}

// A named pipe must not be opened: that waits for somebody to write.
func TestStaticPipe(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).Run(); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if res := sendFile(t, New("test"), openFolder(dir), nil, "GET", "pipe", nil); res.StatusCode != 404 {
		t.Errorf("a pipe: %d, want 404", res.StatusCode)
	}
}

// countingFS counts the bytes that are read.
type countingFS struct {
	fs.FS
	read int
	err  error
}

type countingFile struct {
	fs.File
	fsys *countingFS
}

func (f *countingFS) Open(name string) (fs.File, error) {
	if f.err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
	}
	file, err := f.FS.Open(name)
	return countingFile{file, f}, err
}

func (f countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.fsys.read += n
	return n, err
}

func (f countingFile) Seek(offset int64, whence int) (int64, error) {
	return f.File.(io.Seeker).Seek(offset, whence)
}

func TestStaticHashesOnce(t *testing.T) {
	fsys := &countingFS{FS: staticRoots(t)["map"]}
	app, tags := New("test"), new(fileTags)
	for i, want := range []int{10, 10, 10} {
		sendFile(t, app, fsys, tags, "HEAD", "num.bin", nil)
		if fsys.read != want {
			t.Errorf("after request %d %d bytes had been read, want %d", i+1, fsys.read, want)
		}
	}
	// A file of another size is another file.
	files := fstest.MapFS{"x": {Data: []byte("one")}}
	before := sendFile(t, app, files, tags, "HEAD", "x", nil).Header.Get("Etag")
	files["x"] = &fstest.MapFile{Data: []byte("three")}
	if after := sendFile(t, app, files, tags, "HEAD", "x", nil).Header.Get("Etag"); after == before {
		t.Errorf("a file that grew keeps its ETag %s", after)
	}
	// Without a place to keep it no hash is made.
	fsys.read = 0
	if res := sendFile(t, app, fsys, nil, "HEAD", "num.bin", nil); fsys.read != 0 || res.Header.Get("Etag") != "" {
		t.Errorf("%d bytes read, ETag %s; want none", fsys.read, res.Header.Get("Etag"))
	}
	// Reproducible builds stamp each file with the same second.
	for _, stamp := range []int64{0, 1} {
		fsys := fstest.MapFS{"x": {Data: []byte("x"), ModTime: time.Unix(stamp, 0)}}
		res := sendFile(t, app, fsys, new(fileTags), "GET", "x", nil)
		if got := res.Header.Get("Etag"); len(got) != 34 || res.Header.Get("Last-Modified") != "" {
			t.Errorf("a file of second %d: %v, want a hash and no time", stamp, res.Header)
		}
	}
}

//go:embed static.go
var embeddedStatic embed.FS

func TestSendFileEmbedded(t *testing.T) {
	app := New("test")
	send := func(header http.Header) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header = header
		c := app.NewContext(w, r)
		if err := c.SendFile(embeddedStatic, "static.go"); err != nil {
			t.Fatal(err)
		}
		c.send()
		return w
	}
	tag := send(nil).Header().Get("Etag")
	if len(tag) != 34 {
		t.Fatalf("ETag %s", tag)
	}
	if w := send(http.Header{"If-None-Match": {tag}}); w.Code != 304 {
		t.Errorf("the same ETag again: %d, want 304", w.Code)
	}
	if tags := app.embeddedTags(embeddedStatic); tags != app.embeddedTags(embeddedStatic) {
		t.Error("an embed.FS has two sets of tags")
	}
	if app.embeddedTags(fstest.MapFS{}) != nil {
		t.Error("a map has tags")
	}
}

// A machine in trouble is a 500 that is logged, not a missing file.
func TestStaticOpenErrors(t *testing.T) {
	for err, want := range map[error]int{
		syscall.EMFILE: 500,
		syscall.ENOENT: 404, syscall.EACCES: 404, syscall.ENOTDIR: 404, syscall.ENAMETOOLONG: 404, syscall.ELOOP: 404,
		errors.New("path escapes from parent"): 404,
	} {
		c := New("test").NewContext(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		got := c.SendFile(&countingFS{err: err}, "x")
		var httpError *HTTPError
		code := 500
		if errors.As(got, &httpError) {
			code = httpError.Code
		}
		if code != want || !errors.Is(got, err) {
			t.Errorf("%v: %v, want %d around it", err, got, want)
		}
	}
}

func TestStaticRegistration(t *testing.T) {
	for prefix, want := range map[string]string{
		"/static": "static", "/assets": "assets", "/assets/": "assets", "/assets/img": "assets_img", "/v1.2/x": "v1_2_x",
		"": "static", "/": "static", "/<tenant>": "static", "/<tenant>/files": "files",
	} {
		if got := New("test").Static(prefix, fstest.MapFS{}).endpoint; got != want {
			t.Errorf("Static(%q): endpoint %q, want %q", prefix, got, want)
		}
	}
	defer func() {
		if got := recover(); got == nil || !strings.HasPrefix(got.(string), `hipflask: Static("/x", nil): give the files`) {
			t.Errorf("Static without files: %v", got)
		}
	}()
	New("test").Static("/x", nil)
}

func TestAutoStatic(t *testing.T) {
	file := &fstest.MapFile{}
	for _, tt := range []struct {
		name  string
		root  fs.FS
		taken bool
		want  int // routes
	}{
		{"a folder static", fstest.MapFS{"static/x.css": file}, false, 1},
		{"no folder static", fstest.MapFS{"templates/x.html": file}, false, 1}, // Flask registers it too
		{"a file static", fstest.MapFS{"static": file}, false, 1},
		{"the endpoint is taken", fstest.MapFS{"static/x.css": file}, true, 1},
	} {
		app := New("test")
		app.root = tt.root
		if tt.taken {
			app.Static("/assets", fstest.MapFS{}).endpoint = "static"
		}
		app.autoStatic()
		if len(app.routes) != tt.want || app.routes[0].endpoint != "static" {
			t.Errorf("%s: %d routes, want %d", tt.name, len(app.routes), tt.want)
		}
	}
}

func BenchmarkSendFile(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "style.css"), bytes.Repeat([]byte("x"), 4096), 0o600); err != nil {
		b.Fatal(err)
	}
	app := New("bench")
	for _, bb := range []struct {
		name string
		fsys fs.FS
		file string
		etag string
	}{
		{"folder 200", openFolder(dir), "style.css", ""},
		{"folder 304", openFolder(dir), "style.css", "*"},
		{"embed 304", embeddedStatic, "static.go", "*"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			if bb.etag != "" {
				r.Header.Set("If-None-Match", bb.etag)
			}
			b.ReportAllocs()
			for b.Loop() {
				c := app.NewContext(httptest.NewRecorder(), r)
				if err := c.SendFile(bb.fsys, bb.file); err != nil {
					b.Fatal(err)
				}
				c.send()
				app.end(c)
			}
		})
	}
	// The same by hand: what net/http does alone.
	b.Run("folder 200, http.FileServerFS", func(b *testing.B) {
		h := http.FileServerFS(openFolder(dir))
		r := httptest.NewRequest("GET", "/style.css", nil)
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}

// flask-behaviour.md §13, through the front door.
func TestStaticThroughApp(t *testing.T) {
	app := New("test")
	app.Config.Root = fstest.MapFS{
		"static/style.css":  {Data: []byte("body"), ModTime: staticTime},
		"static/sub/app.js": {Data: []byte("let x")},
		"static/404.html":   {Data: []byte("<h1>lost</h1>")},
		"secret.txt":        {Data: []byte("secret")},
	}
	app.Static("/assets/", fstest.MapFS{"x.css": {Data: []byte("x")}})
	app.ErrorHandler(404, func(c *Context, err error) error { return c.SendFile(app.Config.Root, "static/404.html") })

	for _, tt := range []struct {
		method, path string
		want         int
		content      string
		flask        string // where Flask differs, and why we do
	}{
		{"GET", "/static/style.css", 200, "body", ""},
		{"GET", "/static/sub/app.js", 200, "let x", ""},
		{"HEAD", "/static/style.css", 200, "", ""},
		{"OPTIONS", "/static/style.css", 200, "", ""},
		{"POST", "/static/style.css", 405, "Method Not Allowed", ""},
		{"GET", "/assets/x.css", 200, "x", ""},
		{"GET", "/static", 404, "lost", ""},
		{"GET", "/static/", 404, "lost", ""},
		{"GET", "/static/sub", 404, "lost", ""},
		{"GET", "/static/sub/", 404, "lost", ""},
		{"GET", "/static/missing", 404, "lost", ""},
		{"GET", "/static/../secret.txt", 404, "lost", ""},
		{"GET", "/static/%2e%2e/secret.txt", 404, "lost", ""},
		{"GET", "/static/..%2fsecret.txt", 404, "lost", ""},
		{"GET", "/static/sub/../../secret.txt", 404, "lost", ""},
		{"GET", "/static/style.css%00", 404, "lost", ""},
		{"GET", "/static/..%5csecret.txt", 404, "lost", ""},
		{"GET", "/static/sub/../style.css", 404, "lost", "200: there the path is made plain first; here a file has one URL, and browsers ask for no other"},
		{"GET", "/static/./style.css", 404, "lost", "200: as above"},
		{"GET", "/static/style.css/", 404, "lost", "200: as above"},
		{"GET", "/static//style.css", 308, "/static/style.css", ""},
		{"GET", "/static/%2fetc/passwd", 308, "/static/etc/passwd", ""},
	} {
		r, w := httptest.NewRequest(tt.method, tt.path, nil), httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.content) || tt.method != "GET" && tt.want == 200 && w.Body.Len() > 0 {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, w.Code, w.Body, tt.want, tt.content)
		}
		if w.Header()["Set-Cookie"] != nil || strings.Contains(w.Header().Get("Vary"), "Cookie") {
			t.Errorf("%s %s touches the session: %v", tt.method, tt.path, w.Header())
		}
	}

	// A range that cannot be had is an error page, without the file's header.
	r, w := httptest.NewRequest("GET", "/static/style.css", nil), httptest.NewRecorder()
	r.Header.Set("Range", "bytes=10-")
	app.ServeHTTP(w, r)
	if w.Code != 416 || w.Header().Get("Content-Range") != "bytes */4" || w.Header().Get("Etag") != "" ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("416: %d %v %s", w.Code, w.Header(), w.Body)
	}

	for _, tt := range []struct {
		endpoint string
		values   []any
		want     string
	}{
		{"static", []any{"filename", "a b/é.css", "v", 3}, "/static/a%20b/%C3%A9.css?v=3"},
		{"assets", []any{"filename", "x.css"}, "/assets/x.css"},
	} {
		if got, err := app.URLFor(tt.endpoint, append(tt.values, "_external", false)...); err != nil || got != tt.want {
			t.Errorf("URLFor(%q): %q %v, want %q", tt.endpoint, got, err, tt.want)
		}
	}
}

// TestAttachment holds as_attachment and download_name to Flask's (§13).
func TestAttachment(t *testing.T) {
	files := fstest.MapFS{"dir/num.bin": {Data: []byte("0123456789")}}
	file := func(c *Context) error { return c.SendFile(files, "dir/num.bin") }
	content := func(c *Context) error { return c.SendContent("num.bin", time.Time{}, strings.NewReader("0123456789")) }
	for _, tt := range []struct {
		name                     string
		reply                    HandlerFunc
		disposition, contentType string
	}{
		{"", file, "attachment; filename=num.bin", "application/octet-stream"},
		{"", content, "attachment; filename=num.bin", "application/octet-stream"},
		{"", sayOK, "attachment", "text/plain; charset=utf-8"},
		{"b c.txt", file, `attachment; filename="b c.txt"`, "text/plain; charset=utf-8"},
		{"b c.txt", content, `attachment; filename="b c.txt"`, "text/plain; charset=utf-8"},
		{"noext", file, "attachment; filename=noext", "application/octet-stream"},
		{`a"b.csv`, file, `attachment; filename="a\"b.csv"`, "text/csv; charset=utf-8"},
		{"f é.txt", file, `attachment; filename="f _.txt"; filename*=UTF-8''f%20%C3%A9.txt`, "text/plain; charset=utf-8"}, // Flask: "f e.txt"
		{"a/b\\c.txt", file, "attachment; filename=a_b_c.txt", "text/plain; charset=utf-8"},                               // Flask: as it is
		{"a\r\nX: y\x00.txt", file, `attachment; filename="a__X: y_.txt"`, "text/plain; charset=utf-8"},                   // Flask: 500
		{"a\xff.txt", file, "attachment; filename=a_.txt", "text/plain; charset=utf-8"},
		{"page.html", sayOK, "attachment; filename=page.html", "text/plain; charset=utf-8"}, // the reply's own type
		{"a.pdf", func(c *Context) error { return c.Bytes("application/x-mine", nil) }, "attachment; filename=a.pdf", "application/x-mine"},
		{"a.pdf", func(c *Context) error {
			c.Header().Set("Content-Type", "application/x-mine")
			return file(c)
		}, "attachment; filename=a.pdf", "application/x-mine"},
	} {
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error { return tt.reply(c.Attachment(tt.name)) })
		h := ask(app, "GET", "/").Header()
		if h.Get("Content-Disposition") != tt.disposition || h.Get("Content-Type") != tt.contentType {
			t.Errorf("%q: got %q, %q\nwant %q, %q", tt.name, h.Get("Content-Disposition"), h.Get("Content-Type"), tt.disposition, tt.contentType)
		}
	}

	app, _ := newTestApp(t)
	app.Get("/", func(c *Context) error { return c.Attachment("a.bin").SendFile(files, "missing") })
	if w := ask(app, "GET", "/"); w.Code != 404 || w.Header().Get("Content-Disposition") != "" || w.Header().Get("Content-Type") != htmlType {
		t.Errorf("a missing file: got %d %v, want a page", w.Code, w.Header())
	}
}

// closing is content that knows whether it was closed.
type closing struct {
	io.ReadSeeker
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

type noSeeker struct{ io.Reader }

func (noSeeker) Seek(int64, int) (int64, error) { return 0, errors.New("no way back") }

// TestSendContent: as Flask's send_file with a file object (§13).
func TestSendContent(t *testing.T) {
	day := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		method, name, value string
		modified            time.Time
		status              int
		body                string
	}{
		{"GET", "", "", time.Time{}, 200, "0123456789"},
		{"HEAD", "", "", time.Time{}, 200, ""},
		{"GET", "Range", "bytes=0-3", time.Time{}, 206, "0123"},
		{"GET", "Range", "bytes=10-", time.Time{}, 416, "<h1>"},
		{"GET", "If-Modified-Since", day.Format(http.TimeFormat), day, 304, ""},
		{"GET", "If-Modified-Since", day.Format(http.TimeFormat), time.Time{}, 200, "0123456789"},
	} {
		content := &closing{ReadSeeker: strings.NewReader("0123456789")}
		app, _ := newTestApp(t)
		app.Get("/", func(c *Context) error {
			content.Seek(3, io.SeekStart) // where it stands does not count
			return c.SendContent("num.txt", tt.modified, content)
		})
		w := ask(app, tt.method, "/", tt.name, tt.value)
		if got := w.Body.String(); w.Code != tt.status || got != tt.body && (tt.status != 416 || !strings.Contains(got, tt.body)) {
			t.Errorf("%s %s: got %d %q, want %d %q", tt.method, tt.value, w.Code, w.Body, tt.status, tt.body)
		}
		if h := w.Header(); tt.status == 200 && (h.Get("Content-Length") != "10" || h.Get("Etag") != "" || (h.Get("Last-Modified") == "") != tt.modified.IsZero() ||
			h.Get("Content-Disposition") != "inline; filename=num.txt" || h.Get("Content-Type") != "text/plain; charset=utf-8") {
			t.Errorf("%s %s: got %v", tt.method, tt.value, h)
		}
		if content.closed != 1 {
			t.Errorf("%s %s: closed %d times", tt.method, tt.value, content.closed)
		}
	}

	app, _ := newTestApp(t)
	app.Get("/none", func(c *Context) error { return c.SendContent("a", time.Time{}, noSeeker{}) })
	app.Get("/unnamed", func(c *Context) error { return c.SendContent("", time.Time{}, strings.NewReader("x")) })
	if w := ask(app, "GET", "/none"); w.Code != 500 {
		t.Errorf("content that cannot seek: got %d, want 500", w.Code)
	}
	if w := ask(app, "GET", "/unnamed"); w.Code != 200 || w.Header().Get("Content-Disposition") != "" || w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("without a name: got %d %v", w.Code, w.Header())
	}
}
