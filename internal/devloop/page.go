package devloop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"html/template"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Failure is why there is no program to run.
type Failure struct {
	Title  string
	Text   string // what the compiler or the program said
	Places []Place
	local  func(*http.Request) bool // nil means nobody
}

// Place is a line of source that a failure names.
type Place struct {
	File    string
	Line    int
	Column  string // as it was said, or ""
	Message string
	Lines   []SourceLine
}

// SourceLine is a line of a file.
type SourceLine struct {
	Number int
	Text   string
	Marked bool
}

const (
	mostPlaces  = 20
	linesAround = 5
	mostBytes   = 200 // of a line
)

var placePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\s*([^\s:][^\n:]*\.go):(\d+)(?::(\d+))?(?:: (.*)| \+0x.*|)$`)
})

// places finds what a compiler's messages or a stack point to. Names of files are
// relative to dir.
func places(text, dir string) (all []Place) {
	for _, m := range placePattern().FindAllStringSubmatch(text, -1) {
		file := m[1]
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		line, _ := strconv.Atoi(m[2])
		lines := Source(file, line)
		if len(lines) == 0 || strings.Contains(filepath.ToSlash(file), "/pkg/mod/") || isGoroot(file) {
			continue
		}
		all = append(all, Place{m[1], line, m[3], m[4], lines})
		if len(all) == mostPlaces {
			break
		}
	}
	return all
}

// isGoroot reports whether a file is one of Go's own, which has src/runtime beside
// it somewhere above.
func isGoroot(file string) bool {
	i := strings.LastIndex(filepath.ToSlash(file), "/src/")
	if i < 0 {
		return false
	}
	_, err := os.Stat(filepath.Join(file[:i], "src", "runtime", "panic.go"))
	return err == nil
}

// Source returns the lines around one of a file, nil if this machine does not have
// them.
func Source(file string, line int) (lines []SourceLine) {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	scanner := bufio.NewScanner(f)
	found := false
	for n := 1; n <= line+linesAround && scanner.Scan(); n++ {
		if n < line-linesAround {
			continue
		}
		text := strings.ReplaceAll(scanner.Text(), "\t", "    ")
		if len(text) > mostBytes {
			text = strings.ToValidUTF8(text[:mostBytes], "") + "…"
		}
		found = found || n == line
		lines = append(lines, SourceLine{n, text, n == line})
	}
	if !found {
		return nil
	}
	return lines
}

// pageServer answers every request with a failure.
type pageServer struct {
	server *http.Server
	silent Silent
	own    net.Listener
	cancel context.CancelFunc
	done   chan struct{}
}

func servePage(shared *os.File, certificate *tls.Certificate, f *Failure, build string) (*pageServer, error) {
	l, err := net.FileListener(shared)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &pageServer{own: l, cancel: cancel, done: make(chan struct{})}
	reloader := NewReloader(ctx, build)
	p.server = &http.Server{Handler: reloader.Wrap(f), ReadHeaderTimeout: 10 * time.Second, ConnState: p.silent.ConnState}
	go func() {
		defer close(p.done)
		if certificate != nil {
			p.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
			p.server.ServeTLS(l, "", "")
			return
		}
		p.server.Serve(l)
	}()
	return p, nil
}

// end ends the server. The listener stays.
func (p *pageServer) end() {
	if p == nil {
		return
	}
	p.cancel()
	p.own.Close()
	<-p.done // what was accepted is known to Shutdown now
	p.silent.End()
	wait, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if p.server.Shutdown(wait) != nil {
		p.server.Close()
	}
}

// ServeHTTP answers with the page. Somebody at another machine learns nothing of
// the source.
func (f *Failure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.local == nil || !f.local(r) {
		f = &Failure{Title: f.Title, Text: "shown to a browser on the developer's machine"}
	}
	var b bytes.Buffer
	if err := failurePage().Execute(&b, f); err != nil {
		http.Error(w, f.Title+"\n\n"+f.Text, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusInternalServerError)
	w.Write(b.Bytes())
}

var failurePage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("failure").Parse(`<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<meta name=color-scheme content="light dark">
<title>{{.Title}}</title>
<style>
:root { --quiet: light-dark(#5c5c5c, #a6a6a6); --mark: light-dark(#b3261e, #ff8a80); --back: light-dark(#f6f6f6, #262626) }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.4rem; line-height: 1.3; color: var(--mark) }
h2 { font-size: 1rem; margin: 1.75rem 0 .25rem }
h1, h2, p { overflow-wrap: anywhere }
p { margin: 0; color: var(--quiet) }
pre { font: .875rem/1.5 ui-monospace, monospace; background: var(--back); padding: .75rem; margin: .5rem 0 0; overflow-x: auto }
pre.said { white-space: pre-wrap; overflow-wrap: anywhere }
mark { color: var(--mark); background: none; font-weight: bold }
</style>
<h1>{{.Title}}</h1>
{{range .Places}}<h2>{{or .Message "Called here"}}</h2>
<p>{{.File}}:{{.Line}}{{with .Column}}:{{.}}{{end}}</p>
<pre>{{range .Lines}}{{if .Marked}}<mark>{{printf "%5d" .Number}}  {{.Text}}</mark>{{else}}{{printf "%5d" .Number}}  {{.Text}}{{end}}
{{end}}</pre>
{{end}}<h2>What it said</h2>
<pre class=said>{{or .Text "nothing"}}</pre>
<p>Once a change of the source has mended it, a page that a link led to comes back by itself. After a form, go back and send it again.</p>
`))
})
