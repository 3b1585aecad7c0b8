package forms

import (
	"cmp"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Files: how large they are, and what they are.

// checkFile checks the size and the type of an uploaded file: Flask-WTF's FileSize and
// FileAllowed.
func (f *Field) checkFile(file *multipart.FileHeader) {
	s := f.spec
	switch {
	case s.maxSize > 0 && file.Size > s.maxSize, file.Size < s.minSize:
		if s.maxSize == 0 {
			f.fail("size", msg("File must be at least %(min_size)s bytes.", "min_size", s.minSize))
			return
		}
		f.fail("size", msg("File must be between %(min_size)s and %(max_size)s bytes.", "min_size", s.minSize, "max_size", s.maxSize))
		return
	case len(s.accept) == 0:
		return
	}
	sniffed, err := sniff(file)
	if err != nil {
		f.form.take(err, f.addMessage)
		return
	}
	ending := strings.ToLower(path.Ext(file.Filename))
	if !slices.ContainsFunc(s.accept, func(item string) bool { return accepts(item, ending, strings.ToLower(file.Filename), sniffed) }) {
		f.fail("accept", msg("File does not have an approved extension: %(extensions)s", "extensions", strings.Join(s.accept, ", ")))
	}
}

// sniff returns the type that the first bytes tell.
func sniff(file *multipart.FileHeader) (string, error) {
	in, err := file.Open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", err
	}
	sniffed, _, _ := mime.ParseMediaType(http.DetectContentType(head[:n]))
	return sniffed, nil
}

// accepts reports whether a file is what an item of the tag accept allows. The name and
// the content must agree: a page called cat.png is no picture, and a picture called
// cat.html would be served as a page.
func accepts(item, ending, name, sniffed string) bool {
	says := typeOf(ending)
	if strings.HasPrefix(item, ".") {
		return strings.HasSuffix(name, item) && fits(sniffed, says)
	}
	if says == "" && ending == "" {
		says = sniffed // a name without an ending, such as a clipboard's, says nothing
	}
	return isType(item, says) && fits(sniffed, says)
}

func isType(item, typ string) bool {
	item = cmp.Or(aliases[item], item)
	if family, ok := strings.CutSuffix(item, "/*"); ok {
		return strings.HasPrefix(typ, family+"/")
	}
	return typ == item
}

// fits reports whether the first bytes may be those of a type. Types that net/http
// recognizes must be recognized; of the others the bytes may be text, an archive
// or unknown, but nothing else.
func fits(sniffed, typ string) bool {
	if sniffed == typ {
		return true
	}
	if slices.Contains(recognized, typ) {
		return false
	}
	switch sniffed {
	case "application/octet-stream", "text/plain":
		return true
	case "application/zip", "application/x-gzip":
		return !strings.HasPrefix(typ, "text/") && !strings.HasPrefix(typ, "image/")
	case "text/xml":
		return strings.HasSuffix(typ, "xml")
	}
	return false
}

// aliases are other words for what http.DetectContentType says.
var aliases = map[string]string{
	"audio/wav": "audio/wave", "audio/x-wav": "audio/wave", "image/vnd.microsoft.icon": "image/x-icon", "application/gzip": "application/x-gzip",
	"application/xml": "text/xml", "application/javascript": "text/javascript", "video/x-msvideo": "video/avi", "image/jpg": "image/jpeg",
}

// recognized are the types that http.DetectContentType tells for sure.
var recognized = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/x-icon", "application/pdf",
	"application/zip", "application/x-gzip", "audio/wave", "audio/aiff", "audio/midi", "video/webm", "video/avi",
	"application/ogg", "application/postscript", "application/x-rar-compressed", "application/wasm", "font/woff", "font/woff2", "font/ttf", "font/otf"}

// typeOf returns the type of an ending, the same on every machine for the usual ones, in
// the words of http.DetectContentType.
func typeOf(ending string) string {
	known := map[string]string{
		".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp",
		".ico": "image/x-icon", ".svg": "image/svg+xml", ".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/x-gzip",
		".mp3": "audio/mpeg", ".wav": "audio/wave", ".mp4": "video/mp4", ".webm": "video/webm", ".avi": "video/avi", ".ogg": "application/ogg",
		".txt": "text/plain", ".md": "text/markdown", ".csv": "text/csv", ".json": "application/json", ".xml": "text/xml",
		".html": "text/html", ".htm": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm",
		".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	}
	system, _, _ := mime.ParseMediaType(mime.TypeByExtension(ending))
	return cmp.Or(known[ending], aliases[system], system)
}
