package devloop

import (
	"bufio"
	"context"
	"fmt"
	"hash/fnv"
	"html"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The paths that the browser asks, before the program sees them.
const (
	scriptPath = "/__hipflask__/reload.js"
	streamPath = "/__hipflask__/reload"
)

// script reloads the page when the stream tells of another build, or of files of
// another state, than the page was made of. A page that nobody sees holds no
// connection: a browser has few for one host.
const script = `(() => {
  const made = document.currentScript.dataset.id;
  let stream;
  const close = () => { if (stream) stream.close(); stream = null; };
  const open = () => {
    if (stream) return;
    stream = new EventSource("` + streamPath + `");
    stream.onmessage = e => { if (e.data !== made) { close(); location.reload(); } };
    stream.onerror = () => { if (stream && stream.readyState === 2) { close(); setTimeout(open, 1000); } };
  };
  document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
  addEventListener("pagehide", close);
  addEventListener("pageshow", () => { if (!document.hidden) open(); });
  if (!document.hidden) open();
})();
`

// Reloader has the browser reload when something has changed.
type Reloader struct {
	ctx     context.Context // streams end with it
	build   string
	folders []string

	mu     sync.Mutex
	id     string
	looked time.Time
}

// NewReloader returns a Reloader for a build and for the files in folders. Its
// streams end with ctx.
func NewReloader(ctx context.Context, build string, folders ...string) *Reloader {
	return &Reloader{ctx: ctx, build: build, folders: folders}
}

// version names the build and the state of the files.
func (r *Reloader) version() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.id != "" && time.Since(r.looked) < pollTime/2 {
		return r.id
	}
	hash := fnv.New64a()
	for _, dir := range r.folders {
		walk(dir, func(file string) {
			if info, err := os.Stat(file); err == nil {
				fmt.Fprintln(hash, file, info.ModTime().UnixNano(), info.Size())
			}
		})
	}
	r.id, r.looked = fmt.Sprintf("%s-%x", r.build, hash.Sum64()), time.Now()
	return r.id
}

// Wrap returns next with the stream before it, and with the script at the end of
// each page that the browser goes to.
func (r *Reloader) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == scriptPath:
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			fmt.Fprint(w, script)
		case req.URL.Path == streamPath:
			r.stream(w, req)
		case isNavigation(req):
			page := &pageWriter{ResponseWriter: w, reloader: r}
			next.ServeHTTP(page, req)
			page.finish()
		default:
			next.ServeHTTP(w, req)
		}
	})
}

// isNavigation reports whether the browser asks for a page to show. Older ones do
// not say so, but ask for HTML by name.
func isNavigation(r *http.Request) bool {
	if r.Method != http.MethodGet || r.Header.Get("Hx-Request") != "" {
		return false
	}
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" {
		return dest == "document"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// stream sends the version, and each other one.
func (r *Reloader) stream(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, "retry: 300\n")
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	for sent := ""; ; {
		if now := r.version(); now != sent {
			sent = now
			fmt.Fprintf(w, "data: %s\n\n", now)
			if http.NewResponseController(w).Flush() != nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			return
		case <-req.Context().Done():
			return
		}
	}
}

// tag is the script's element.
func (r *Reloader) tag() string {
	return `<script src="` + scriptPath + `" data-id="` + html.EscapeString(r.version()) + `"></script>` + "\n"
}

// pageWriter adds the script behind a page: where that ends, no text of the page
// can be taken apart by it, and browsers take what is behind </html> into the body.
type pageWriter struct {
	http.ResponseWriter
	reloader *Reloader
	begun    bool
	tag      string // "" if the reply is left alone
}

func (w *pageWriter) WriteHeader(status int) {
	if status >= 200 && !w.begun {
		w.begun = true
		if isWholePage(status, w.Header()) {
			w.settle()
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func isWholePage(status int, h http.Header) bool {
	switch status {
	case http.StatusNoContent, http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	encoded := h.Get("Content-Encoding") != "" && h.Get("Content-Encoding") != "identity"
	return err == nil && kind == "text/html" && !encoded && !strings.HasPrefix(h.Get("Content-Disposition"), "attachment")
}

// settle makes room for the script. A browser that kept the page would reload it
// for ever.
func (w *pageWriter) settle() {
	h := w.Header()
	w.tag = w.reloader.tag()
	if length, err := strconv.Atoi(h.Get("Content-Length")); err == nil {
		h.Set("Content-Length", strconv.Itoa(length+len(w.tag)))
	}
	for _, name := range []string{"Etag", "Last-Modified", "Accept-Ranges"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
}

func (w *pageWriter) Write(b []byte) (int, error) {
	if !w.begun {
		if len(w.Header()["Content-Type"]) == 0 {
			w.Header().Set("Content-Type", http.DetectContentType(b)) // as net/http would
		}
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// finish adds the script, once the handler has returned.
func (w *pageWriter) finish() {
	if w.tag != "" {
		fmt.Fprint(w.ResponseWriter, w.tag)
	}
}

func (w *pageWriter) FlushError() error {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *pageWriter) Flush() { w.FlushError() }

func (w *pageWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.begun, w.tag = true, ""
	}
	return conn, rw, err
}

func (w *pageWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
