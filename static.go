package hipflask

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Static serves the files of fsys for GET and HEAD under prefix, as
// [Context.SendFile] does:
//
//	app.Static("/assets", assets)   // /assets/css/site.css
//	{{url_for "assets" "filename" "css/site.css"}}
//
// The endpoint is the prefix without its slashes, those inside turned into
// underscores, and "static" where nothing is left; [Route.Name] changes it.
//
// An App serves the folder static of its [Config.Root] at /static by itself,
// under the endpoint "static", unless a route of that name exists. Where there
// is no such folder, each of its files is 404.
func (s *scaffold) Static(prefix string, fsys fs.FS) *Route {
	if fsys == nil {
		panic(fmt.Sprintf("hipflask: Static(%q, nil): give the files to serve, such as an embed.FS or os.DirFS", prefix))
	}
	prefix = strings.TrimRight(prefix, "/")
	tags := new(fileTags)
	route := s.Get(prefix+"/<path:filename>", func(c *Context) error {
		return c.orFallback(c.sendFile(fsys, c.Param("filename"), tags))
	})
	route.endpoint = staticEndpoint(prefix)
	return route
}

func staticEndpoint(prefix string) string {
	var parts []string
	for part := range strings.SplitSeq(prefix, "/") {
		if part != "" && !strings.Contains(part, "<") {
			parts = append(parts, part)
		}
	}
	return cmp.Or(strings.ReplaceAll(strings.Join(parts, "_"), ".", "_"), "static") // a dot would name a blueprint
}

// autoStatic registers /static as [scaffold.Static] says, at the end of setup.
func (a *App) autoStatic() {
	for _, r := range a.routes {
		if r.owner == &a.scaffold && r.endpoint == "static" {
			return
		}
	}
	files, err := fs.Sub(a.root, "static")
	if err != nil {
		files = noFolder{err} // 404 for each; url_for "static" works all the same
	}
	a.Static("/static", files)
}

// SendFile prepares a reply of the file called name in fsys, as Flask's
// send_from_directory does: with its type, an ETag, 304 for a browser that has
// it, 206 for a range, and Cache-Control by [Config.SendFileMaxAge].
//
// Everything that is no regular file inside fsys is 404, so name may come from
// the visitor: missing names, folders, names with "..", a backslash, a colon or
// a control character, the names Windows gives to devices, and files or folders
// whose name begins with a dot. For a folder on disk give os.OpenRoot(dir)'s FS:
// links cannot lead out of it, as they can with os.DirFS.
//
// A header set before wins, and so does a status, such as an error handler's
// 404: the file is then sent whole, with neither 304 nor 206. A download is
// c.Attachment("report.pdf").SendFile(fsys, name).
//
// The ETag comes from the modification time and size. Files of an embed.FS have
// no time; their content is hashed once. A file without a time in another kind
// of fsys has no ETag here, but has one through [App.Static].
func (c *Context) SendFile(fsys fs.FS, name string) error {
	return c.sendFile(fsys, name, c.app.embeddedTags(fsys))
}

func (c *Context) sendFile(fsys fs.FS, name string, tags *fileTags) error {
	// 1. The file, or 404.
	f, err := openFile(fsys, name)
	if err != nil {
		return err
	}

	// 2. Its ETag, and the reply.
	tag, err := f.tag(tags)
	if err != nil {
		f.Close()
		return fmt.Errorf("hipflask: sending %q: %w", name, err)
	}
	return c.replyFile(f, tag)
}

// Attachment makes the reply a download, which the browser saves under name,
// and returns c, to be followed by the reply: Flask's as_attachment and
// download_name.
//
//	return c.Attachment("report.csv").SendFile(files, "2026.csv")
//	return c.Attachment("report.pdf").Bytes("application/pdf", page)
//
// The name may have any characters; control characters, slashes and backslashes
// become underscores. An empty one means the name of the file that is sent. The
// type of a file goes by the name of the download.
func (c *Context) Attachment(name string) *Context {
	h := c.Header()
	if name == "" {
		h.Set("Content-Disposition", attachment)
		return c
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '/' || r == '\\' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	h.Set("Content-Disposition", disposition(attachment, name))
	if chosen := h["Content-Type"]; len(chosen) == 0 || chosen[0] == c.values[0] {
		c.values[0] = contentType(name) // until a reply with a type of its own
		h["Content-Type"] = c.values[0:1:1]
	}
	return c
}

const attachment = "attachment"

// SendContent prepares a reply of what is no file of an fs.FS, such as a bytes.Reader
// or an upload, as [Context.SendFile] does: with ranges, and with 304 where
// modified is known. Its arguments are those of [http.ServeContent]. The name
// gives the type, and may be empty; modified may be zero. An ETag is sent only if
// the header has one. It is Flask's send_file with a file object.
//
// The content is read when the reply is sent, after the handler has returned,
// and then closed if it is an io.Closer: do not close it yourself.
func (c *Context) SendContent(name string, modified time.Time, content io.ReadSeeker) error {
	f := &fileReply{Closer: io.NopCloser(nil), name: name, content: content, modified: modified}
	if closer, ok := content.(io.Closer); ok {
		f.Closer = closer
	}
	size, err := content.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("hipflask: SendContent(%q): %w", name, err)
	}
	f.size = size
	return c.replyFile(f, "")
}

// replyFile prepares a reply of f, with what the handler did not set itself.
func (c *Context) replyFile(f *fileReply, tag string) error {
	h := c.Header()
	setDefault(h, "Content-Type", contentType(f.name))
	if base := path.Base(f.name); f.name != "" {
		setDefault(h, "Content-Disposition", disposition("inline", base))
		if h["Content-Disposition"][0] == attachment {
			h.Set("Content-Disposition", disposition(attachment, base))
		}
	}
	setDefault(h, "Cache-Control", cacheControl(c.app.Config.SendFileMaxAge))

	// The reply, which net/http knows best: whole, a part, or not at all.
	c.setBody(nil)
	c.more().file = f
	if code := c.status(); code != 0 && code != http.StatusOK {
		return nil
	}
	setDefault(h, "Etag", tag)
	return f.settle(c)
}

// fileReply is a file that is the reply's body.
type fileReply struct {
	io.Closer
	name     string
	content  io.ReadSeeker // the file, or what it holds
	size     int64
	modified time.Time
	request  *http.Request // what settle asked for
	status   int           // what settle found; 0 if the handler had chosen another
}

// openFile opens a file that a visitor named, or returns 404.
func openFile(fsys fs.FS, name string) (*fileReply, error) {
	file, info, err := openRegular(fsys, name)
	if err != nil {
		return nil, err
	}
	content, err := seekable(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("hipflask: sending %q: %w", name, err)
	}
	return &fileReply{Closer: file, name: name, content: content, size: info.Size(), modified: modTime(info)}, nil
}

// settle finds the reply's status before it is sent, for the after-hooks and so
// that a range that cannot be had is an error page like every other. It asks
// net/http, as a HEAD request would.
func (f *fileReply) settle(c *Context) error {
	f.status = http.StatusOK
	f.request = c.Request
	if isConditional(c.Request.Header) {
		f.request = withRange(c.Request, f.size)
		f.status = trialStatus(c, f.request, f.name, f.modified, f.content)
		switch f.status {
		case http.StatusRequestedRangeNotSatisfiable:
			return Abort(f.status).WithHeader("Content-Range", fmt.Sprintf("bytes */%d", f.size))
		case http.StatusPreconditionFailed:
			return Abort(f.status)
		}
	}
	c.setStatus(f.status)
	return nil
}

// withRange is the request with its Range as http.ServeContent reads it rightly: it
// knows bytes only by these letters, answers 416 for a unit it should ignore, and
// sends ranges of no bytes at all.
func withRange(r *http.Request, size int64) *http.Request {
	asked := r.Header.Get("Range")
	mended := rangeOfBytes(asked, size)
	if mended == asked {
		return r
	}
	same := *r
	same.Header = r.Header.Clone()
	same.Header.Set("Range", mended)
	return &same
}

// rangeOfBytes is a Range header of bytes, and "" for another unit and for a file
// that has none. The last no bytes (RFC 9110 14.1.2) lie behind the end.
func rangeOfBytes(asked string, size int64) string {
	unit, list, isRange := strings.Cut(asked, "=")
	switch {
	case !isRange:
		return asked
	case size == 0 || !strings.EqualFold(strings.TrimSpace(unit), "bytes"):
		return ""
	}
	ranges := strings.Split(list, ",")
	for i, r := range ranges {
		length, isSuffix := strings.CutPrefix(strings.TrimSpace(r), "-")
		if isSuffix && length != "" && strings.Trim(length, "0") == "" {
			ranges[i] = fmt.Sprintf("%d-", size)
		}
	}
	return "bytes=" + strings.Join(ranges, ",")
}

// trialStatus is the status of http.ServeContent's reply to r, which is not sent.
func trialStatus(c *Context, r *http.Request, name string, modified time.Time, content io.ReadSeeker) int {
	head := *r
	head.Method = http.MethodHead
	trial := &trialWriter{header: c.Header().Clone()}
	http.ServeContent(trial, &head, name, modified, content)
	return trial.status
}

func isConditional(h http.Header) bool {
	for _, name := range []string{"Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"} {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// trialWriter keeps status and header of a reply that is not sent.
type trialWriter struct {
	header http.Header
	status int
}

func (w *trialWriter) Header() http.Header         { return w.header }
func (w *trialWriter) WriteHeader(status int)      { w.status = status }
func (w *trialWriter) Write(p []byte) (int, error) { return len(p), nil }

// send sends the file with the reply's status. Where that is not what settle
// found, the file goes out whole. Like http.ServeContent it ends quietly where
// the browser has gone.
func (f *fileReply) send(c *Context) {
	if c.status() == f.status {
		http.ServeContent(c.w, f.request, f.name, f.modified, f.content)
		return
	}
	f.content.Seek(0, io.SeekStart) // settle may have left it at a range
	c.Header().Set("Content-Length", strconv.FormatInt(f.size, 10))
	c.w.WriteHeader(c.status())
	if c.Request.Method != http.MethodHead {
		io.CopyN(c.w, f.content, f.size)
	}
}

// replaceFile makes the body that an after-hook set the reply's, in place of the
// file it found.
func (c *Context) replaceFile() {
	if c.status() == c.rare.file.status {
		c.setStatus(http.StatusOK) // which may have been that of a part
	}
	c.Header().Del("Etag")
	c.dropFile()
}

// dropFile closes a file that another reply took the place of, or that was sent.
func (c *Context) dropFile() {
	if file := c.seldom().file; file != nil {
		file.Close()
		c.rare.file = nil
	}
}

// setDefault leaves alone what the handler set.
func setDefault(h http.Header, name, value string) {
	if value != "" && len(h[name]) == 0 {
		h.Set(name, value)
	}
}

// openRegular opens a file that a visitor named, or returns 404. It asks for the
// kind first: opening a named pipe would wait for its writer.
func openRegular(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	if !safeFileName(name) {
		return nil, nil, Abort(http.StatusNotFound)
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, nil, openError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, Abort(http.StatusNotFound)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, nil, openError(name, err)
	}
	if info, err = file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, nil, Abort(http.StatusNotFound).Wrap(err)
	}
	return file, info, nil
}

// openError is 404 for whatever the name is to blame for: a missing file, one
// that may not be read, a link that leads out, a name too long. A machine out
// of file descriptors is our trouble.
func openError(name string, err error) error {
	var cause interface {
		error
		Temporary() bool
	} // syscall.Errno
	if errors.As(err, &cause) && cause.Temporary() {
		return fmt.Errorf("hipflask: sending %q: %w", name, err)
	}
	return Abort(http.StatusNotFound).Wrap(err)
}

// safeFileName refuses names that mean something else on some system than they
// say, on every system: what works on one machine works on all.
func safeFileName(name string) bool {
	if !fs.ValidPath(name) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part[0] == '.' || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") || isDevice(part) {
			return false
		}
	}
	return true
}

// isDevice reports the names that Windows takes for devices in every folder and
// with any extension, such as con or LPT1.txt.
func isDevice(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, isPort := strings.CutPrefix(stem, "COM")
	if !isPort {
		port, isPort = strings.CutPrefix(stem, "LPT")
	}
	return isPort && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// seekable is the file itself if it can seek; others, such as those of a zip
// archive, are read into memory.
func seekable(file fs.File) (io.ReadSeeker, error) {
	if content, ok := file.(io.ReadSeeker); ok {
		return content, nil
	}
	content, err := io.ReadAll(file)
	return bytes.NewReader(content), err
}

// modTime is the zero time where the file has none. Builds that must be
// reproducible stamp every file with the epoch or a second later, and then an
// old and a new file look the same.
func modTime(info fs.FileInfo) time.Time {
	if t := info.ModTime(); t.Unix() > 1 {
		return t
	}
	return time.Time{}
}

// fileTags remembers the ETags of files that have no modification time and so
// are taken never to change: the content of each is hashed once.
type fileTags struct{ byName sync.Map } // string → hashedTag

type hashedTag struct {
	size int64
	tag  string
}

// embeddedTags returns the tags of an embed.FS, which lives as long as the
// program, and nil for other kinds: they may be made anew for each request, or
// be no key of a map.
func (a *App) embeddedTags(fsys fs.FS) *fileTags {
	files, ok := fsys.(embed.FS)
	if !ok {
		return nil
	}
	tags, ok := a.embedded.Load(files)
	if !ok {
		tags, _ = a.embedded.LoadOrStore(files, new(fileTags))
	}
	return tags.(*fileTags)
}

// tag is the file's ETag, "" if it can have none.
func (f *fileReply) tag(tags *fileTags) (string, error) {
	switch {
	case !f.modified.IsZero():
		return fmt.Sprintf(`"%x-%x"`, f.modified.UnixNano(), f.size), nil
	case tags == nil:
		return "", nil
	}
	if known, ok := tags.byName.Load(f.name); ok && known.(hashedTag).size == f.size {
		return known.(hashedTag).tag, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f.content); err != nil {
		return "", err
	}
	tag := `"` + hex.EncodeToString(hash.Sum(nil)[:16]) + `"`
	tags.byName.Store(f.name, hashedTag{f.size, tag})
	_, err := f.content.Seek(0, io.SeekStart)
	return tag, err
}

func cacheControl(maxAge time.Duration) string {
	if maxAge < time.Second {
		return "no-cache"
	}
	return "public, max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10)
}

// webTypes come before the machine's own list, so that a reply does not depend
// on what is installed where the App runs.
var webTypes = map[string]string{
	".avif":        "image/avif",
	".css":         "text/css; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".gif":         "image/gif",
	".gz":          "application/gzip",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".md":          "text/markdown; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".mp3":         "audio/mpeg",
	".mp4":         "video/mp4",
	".ogg":         "audio/ogg",
	".otf":         "font/otf",
	".pdf":         "application/pdf",
	".png":         "image/png",
	".svg":         "image/svg+xml; charset=utf-8",
	".tar":         "application/x-tar",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".wav":         "audio/wav",
	".webm":        "video/webm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xml":         "application/xml; charset=utf-8",
	".zip":         "application/zip",
}

func contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	return cmp.Or(webTypes[ext], mime.TypeByExtension(ext), "application/octet-stream")
}

// disposition is RFC 6266: the name as it is where ASCII can hold it; else a
// plain one for old clients, and the true one in the second form.
func disposition(kind, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '_'
		}
		return r
	}, name)
	header := kind + "; filename=" + quoteParameter(plain)
	if plain != name {
		header += "; filename*=UTF-8''" + string(appendQuoted(nil, name, &parameterSafe))
	}
	return header
}

func quoteParameter(s string) string {
	if validToken(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// parameterSafe are the characters of RFC 8187 that stand for themselves.
var parameterSafe = newCharset("!#$&+^`|")

// resolveRoot settles Root, as documented there; sourceFile is the file that called New.
func (cfg *Config) resolveRoot(sourceFile string) fs.FS {
	source := sourceFolder(sourceFile)
	switch cfg.Root.(type) {
	case nil:
		return openFolder(cmp.Or(source, executableFolder()))
	case embed.FS:
		if cfg.Debug && source != "" && (isFolder(source, "templates") || isFolder(source, "static")) {
			return openFolder(source)
		}
	}
	return cfg.Root
}

// sourceFolder is the folder of a source file, "" if this machine does not have
// it. A build with -trimpath leaves a relative name, which says nothing here.
func sourceFolder(file string) string {
	if dir := filepath.Dir(file); filepath.IsAbs(file) && isFolder(dir) {
		return dir
	}
	return ""
}

func executableFolder() string {
	file, err := os.Executable()
	if err != nil {
		return "."
	}
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	return filepath.Dir(file)
}

func isFolder(path ...string) bool {
	info, err := os.Stat(filepath.Join(path...))
	return err == nil && info.IsDir()
}

// folder is a folder on disk that no link leads out of, nor out of a folder
// inside it: fs.Sub opens that as a root of its own.
type folder struct {
	fs.FS
	root *os.Root
}

func openFolder(path string) fs.FS {
	root, err := os.OpenRoot(path)
	if err != nil {
		return noFolder{err}
	}
	return folder{root.FS(), root}
}

// noFolder is a folder that could not be opened: each use says why.
type noFolder struct{ err error }

func (f noFolder) Open(string) (fs.File, error) { return nil, f.err }

func (f folder) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.FS, name) }

func (f folder) Sub(name string) (fs.FS, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "sub", Path: name, Err: fs.ErrInvalid}
	}
	root, err := f.root.OpenRoot(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	return folder{root.FS(), root}, nil
}
