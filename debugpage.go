package hipflask

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hipflask/hipflask/internal/devloop"
)

// debugPage is what the page for the developer shows. It only shows: there is no
// script in it but the one that reloads any page in debug mode, and nothing to send.
type debugPage struct {
	Status  string // 500 Internal Server Error
	Error   string
	Causes  []cause // what the error wraps
	Request string  // GET /post/7
	Route   string
	Message string       // what a visitor reads
	Own     []frame      // of a panic's stack, those of the program itself
	Stack   string       // all of it
	Tables  []debugTable // of the request, the session and the configuration
}

// A debugTable shows values by their names.
type debugTable struct {
	Title string
	Rows  [][2]string
}

// A cause is an error inside another.
type cause struct{ Type, Text string }

// A frame is a call of a stack.
type frame struct {
	Function, File string
	Lines          []devloop.SourceLine // around it, where this machine has the file
}

// debugHTML is the debug page of a failure with a cause. Its error is that of a
// cause whose own methods panic.
func (c *Context) debugHTML(failure *HTTPError, message string) (page []byte, err error) {
	defer catch(&err)
	var b bytes.Buffer
	err = debugTemplate().Execute(&b, c.newDebugPage(failure, message))
	return b.Bytes(), err
}

func (c *Context) newDebugPage(failure *HTTPError, message string) *debugPage {
	p := &debugPage{
		Status:  fmt.Sprintf("%d %s", failure.Code, statusName(failure.Code)),
		Error:   failure.Err.Error(),
		Request: c.Request.Method + " " + c.Request.URL.Path,
		Message: message,
	}
	if r := c.match.route; r != nil {
		p.Route = r.String()
	}
	for _, err := range errorChain(nil, failure.Err)[1:] {
		p.Causes = append(p.Causes, cause{reflect.TypeOf(err).String(), err.Error()})
	}
	var panicked *PanicError
	if errors.As(failure.Err, &panicked) {
		p.Stack = string(panicked.Stack)
		p.Own = ownFrames(p.Stack)
	} else if stack := stackOf(failure.Err); stack != "" {
		p.Stack, p.Own = stack, ownFrames(stack)
	}
	for i := range p.Own {
		p.Own[i].Lines = sourceOf(p.Own[i].File)
	}
	p.Tables = c.debugTables()
	return p
}

// stackOf is the stack of an error that keeps one, as debug.Stack prints it, else "".
func stackOf(err error) string {
	var kept interface {
		error
		Stack() []byte
	}
	if errors.As(err, &kept) {
		return string(kept.Stack())
	}
	return ""
}

// sourceOf is the source around a place such as /srv/main.go:7.
func sourceOf(place string) []devloop.SourceLine {
	i := strings.LastIndexByte(place, ':')
	if i < 0 || !filepath.IsAbs(place) {
		return nil
	}
	line, err := strconv.Atoi(place[i+1:])
	if err != nil {
		return nil
	}
	return devloop.Source(place[:i], line)
}

// hidden stands for a value that is nobody's business.
const hidden = "‹hidden›"

// hides reports whether the value of a name must not be shown.
func hides(name string) bool {
	name = strings.ToUpper(name)
	for _, word := range []string{"KEY", "COOKIE", "AUTH", "SESSION", "CSRF", "CODE", "STATE", "VERIFIER", "SIGNATURE"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return looksSecret(name)
}

// debugTables are what the page tells of the request: of a form the names alone,
// and only what was read of it.
func (c *Context) debugTables() (all []debugTable) {
	r := c.Request
	headers := debugTable{Title: "Header"}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		var values []string
		for _, value := range r.Header[name] {
			values = append(values, shownHeader(name, value))
		}
		headers.Rows = append(headers.Rows, [2]string{name, strings.Join(values, ", ")})
	}
	request := debugTable{Title: "Request", Rows: [][2]string{{"Method", r.Method}, {"URL", shownURL(r.URL)}, {"Host", r.Host}, {"From", r.RemoteAddr}}}
	c.showForm()
	names := slices.Sorted(maps.Keys(r.PostForm))
	if r.MultipartForm != nil {
		names = slices.AppendSeq(names, maps.Keys(r.MultipartForm.Value))
		names = slices.AppendSeq(names, maps.Keys(r.MultipartForm.File))
		slices.Sort(names)
	}
	if names = slices.Compact(names); len(names) > 0 {
		request.Rows = append(request.Rows, [2]string{"Form", strings.Join(names, ", ")})
	}
	session := debugTable{Title: "Session"}
	if s := c.session.Load(); s != nil { // else nothing has asked for it
		for _, key := range s.Keys() {
			session.Rows = append(session.Rows, [2]string{key, shownValue(s, key)})
		}
	}
	config := debugTable{Title: "Configuration"}
	public := c.app.Config.public()
	for _, k := range configKeys {
		if _, found := public[k.name]; !found {
			public[k.name] = hidden
		}
	}
	for key := range c.app.Config.own {
		if _, found := public[key]; !found {
			public[key] = hidden
		}
	}
	for _, key := range slices.Sorted(maps.Keys(public)) {
		config.Rows = append(config.Rows, [2]string{key, fmt.Sprint(public[key])})
	}
	for _, t := range []debugTable{request, headers, session, config} {
		if len(t.Rows) > 0 {
			all = append(all, t)
		}
	}
	return all
}

func shownValue(s *Session, key string) string {
	var value any
	switch {
	case hides(key):
		return hidden
	case !s.Get(key, &value):
		return ""
	}
	return fmt.Sprint(hideWithin(value))
}

// hideWithin is a value of JSON without what its keys say is secret.
func hideWithin(value any) any {
	switch v := value.(type) {
	case map[string]any:
		shown := map[string]any{}
		for key, inner := range v {
			if shown[key] = any(hidden); !hides(key) {
				shown[key] = hideWithin(inner)
			}
		}
		return shown
	case []any:
		shown := make([]any, len(v))
		for i, inner := range v {
			shown[i] = hideWithin(inner)
		}
		return shown
	}
	return value
}

// shownHeader is a value of a header. Those that are a URL or a path, as many
// proxies and scripts send them, hide what a URL hides.
func shownHeader(name, value string) string {
	if hides(name) {
		return hidden
	}
	if !strings.Contains(value, "://") && !strings.HasPrefix(value, "/") {
		return value
	}
	u, err := url.Parse(value)
	switch {
	case err != nil && strings.ContainsAny(value, "?#@"):
		return hidden
	case err != nil || u.Host == "" && !strings.HasPrefix(value, "/"):
		return value
	}
	return shownURL(u)
}

// shownURL is a URL whose query hides the values that its names say are secret.
// Who the user is and what stands behind # are hidden whole.
func shownURL(u *url.URL) (shown string) {
	if u.Scheme != "" {
		shown = u.Scheme + ":"
	}
	if u.Host != "" {
		shown += "//"
		if u.User != nil {
			shown += hidden + "@"
		}
		shown += u.Host
	}
	shown += u.EscapedPath() + shownQuery(u.RawQuery)
	if u.Fragment != "" {
		shown += "#" + hidden
	}
	return shown
}

func shownQuery(query string) (shown string) {
	if query == "" {
		return ""
	}
	for i, pair := range strings.Split(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err != nil || hides(plain) {
			pair = name + "=" + hidden
		}
		if i > 0 {
			shown += "&"
		}
		shown += pair
	}
	return "?" + shown
}

// ownFrames returns the frames of a stack, as debug.Stack prints it, that belong to
// neither Go, nor hipflask, nor another module.
func ownFrames(stack string) (own []frame) {
	lines := strings.Split(stack, "\n")
	goroot := ""
	for i := 1; i+1 < len(lines); i += 2 { // behind the goroutine's line: a function, and where it stands
		function, file := lines[i], strings.TrimSpace(lines[i+1])
		file, _, _ = strings.Cut(file, " +0x")
		if function == "runtime/debug.Stack()" { // the first
			goroot, _, _ = strings.Cut(file, "runtime/debug/")
		}
		if isOwn(function, file, goroot) {
			own = append(own, frame{Function: withoutArguments(function), File: file})
		}
	}
	return own
}

// notOwn are the beginnings of functions that are never the program's, also where
// hipflask is a clone beside it.
var notOwn = []string{
	"panic(", "runtime.", "runtime/", "net/http.", "created by ",
	"github.com/hipflask/hipflask.", "github.com/hipflask/hipflask/hipflasktest.", "github.com/hipflask/hipflask/flaskcompat.",
}

// isOwn reports whether a frame is the program's. goroot is empty in a program
// that was built with -trimpath.
func isOwn(function, file, goroot string) bool {
	for _, other := range notOwn {
		if strings.HasPrefix(function, other) {
			return false
		}
	}
	if goroot == "" {
		return isOwnTrimmed(file)
	}
	return !strings.HasPrefix(file, goroot) && !strings.Contains(file, "/pkg/mod/")
}

// isOwnTrimmed is isOwn for a file that begins with its module's path, and that of
// a dependency with @ and its version, or with its package of Go's. The path of a
// program's module may have no dot; then only the build knows that it is none of
// Go's.
func isOwnTrimmed(file string) bool {
	if strings.Contains(file, "@v") {
		return false
	}
	if build, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(file, build.Main.Path+"/") {
		return true
	}
	first, _, _ := strings.Cut(file, "/")
	return strings.Contains(first, ".")
}

// withoutArguments is a function without the numbers that a stack has for its
// arguments.
func withoutArguments(function string) string {
	if i := strings.LastIndexByte(function, '('); i > 0 {
		return function[:i]
	}
	return function
}

var debugTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("debug").Parse(debugSource))
})

const debugSource = `<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<meta name=color-scheme content="light dark">
<title>{{.Error}} ({{.Status}})</title>
<style>
:root { --quiet: light-dark(#5c5c5c, #a6a6a6); --line: light-dark(#dcdcdc, #444); --mark: light-dark(#b3261e, #ff8a80); --back: light-dark(#f6f6f6, #262626) }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 1.25rem; color: var(--mark) }
h2 { font-size: 1rem; margin: 1.75rem 0 .5rem }
h1, p, dd, li, pre { overflow-wrap: anywhere; white-space: pre-wrap }
p, dt, .file { color: var(--quiet) }
p { margin: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 }
dd { margin: 0 }
ol { list-style: none; margin: 0; padding: 0 }
li { border-left: 4px solid var(--line); background: var(--back); padding: .4rem .75rem; margin: .3rem 0 }
.own { border-color: var(--mark) }
code, pre, dd { font: .875rem/1.5 ui-monospace, monospace }
code { display: block }
pre { background: var(--back); padding: .75rem; margin: .5rem 0 0 }
mark { color: var(--mark); background: none; font-weight: bold }
summary { cursor: pointer }
details, footer { margin-top: 1.75rem }
</style>
<p>{{.Status}}</p>
<h1>{{.Error}}</h1>
<dl><dt>Request<dd>{{.Request}}{{with .Route}}<dt>Route<dd>{{.}}{{end}}</dl>
{{with .Own}}<h2>Your code, the last call first</h2>
<ol>{{range .}}<li class=own><code>{{.Function}}</code><code class=file>{{.File}}</code>{{with .Lines}}<pre>{{range .}}{{if .Marked}}<mark>{{printf "%5d" .Number}}  {{.Text}}</mark>{{else}}{{printf "%5d" .Number}}  {{.Text}}{{end}}
{{end}}</pre>{{end}}</li>{{end}}</ol>
{{end}}{{with .Causes}}<h2>What it wraps</h2>
<ol>{{range .}}<li><code class=file>{{.Type}}</code><code>{{.Text}}</code></li>{{end}}</ol>
{{end}}{{if .Stack}}<details{{if not .Own}} open{{end}}>
<summary>The whole stack, with the calls of Go and hipflask</summary>
<pre>{{.Stack}}</pre>
</details>
{{end}}{{range .Tables}}<details class=table>
<summary>{{.Title}}</summary>
<dl>{{range .Rows}}<dt>{{index . 0}}<dd>{{index . 1}}{{end}}</dl>
</details>
{{end}}<footer><p>Shown in debug mode, to a browser on this machine. A visitor reads: {{.Message}}</p></footer>
`
