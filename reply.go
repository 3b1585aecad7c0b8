package hipflask

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hipflask/hipflask/internal/localpath"
)

// Data holds the values a page is rendered with, by name: {{.name}}.
type Data map[string]any

// Response is status and body of the reply as prepared so far; nothing of it has
// been sent. An after-hook may change both. The header is [Context.Header].
type Response struct {
	Status int    // 0 until a helper or Context.Status sets it; 200 is sent then
	Body   []byte // nil while a stream or a file is sent; setting it replaces a file
}

// Response returns the reply as prepared so far.
func (c *Context) Response() *Response {
	more := c.more()
	if !more.exposed {
		c.expose()
		more.res.Status, more.exposed = int(c.code), true
	}
	return &more.res
}

// bodyKind says where the reply's body is. As long as nobody asks for Response, it
// may be where it costs least.
type bodyKind uint8

const (
	noBody     bodyKind = iota
	textBody            // in Context.text
	pooledBody          // in Context.buffer
	bytesBody           // in rare.res
)

// expose moves the body to where Response shows it.
func (c *Context) expose() {
	switch c.body {
	case textBody:
		c.rare.res.Body = []byte(c.text)
	case pooledBody:
		c.rare.res.Body = append([]byte{}, *c.buffer...)
	default:
		return
	}
	c.freeBuffer()
	c.text, c.body = "", bytesBody
}

// setText makes text the reply's body, in place of what was prepared before.
func (c *Context) setText(text string) {
	if c.rare != nil || c.body == pooledBody {
		c.setBody(nil)
	}
	c.replied, c.text, c.body = true, text, textBody
	if c.rare != nil && c.rare.exposed {
		c.expose()
	}
}

// setBuffer makes a buffer of the pool the reply's body, in place of what was
// prepared before. It is the reply's until the request ends.
func (c *Context) setBuffer(buffer *[]byte) {
	c.setBody(nil)
	c.buffer, c.body = buffer, pooledBody
	if c.rare != nil && c.rare.exposed {
		c.expose()
	}
}

func (c *Context) freeBuffer() {
	if c.body == pooledBody {
		buffers.keep(c.buffer, *c.buffer)
		c.buffer, c.body = nil, noBody
	}
}

// setBody makes body the reply's, in place of what was prepared before.
func (c *Context) setBody(body []byte) {
	c.dropFile()
	c.freeBuffer()
	c.replied, c.text, c.body = true, "", noBody
	if body != nil {
		c.more().res.Body, c.body = body, bytesBody
	} else if c.rare != nil {
		c.rare.res.Body = nil
	}
}

// hasBody reports whether there is a body, if an empty one.
func (c *Context) hasBody() bool {
	return c.body == textBody || c.body == pooledBody || c.seldom().res.Body != nil
}

func (c *Context) status() int {
	if c.rare != nil && c.rare.exposed {
		return c.rare.res.Status
	}
	return int(c.code)
}

func (c *Context) setStatus(code int) {
	if c.rare != nil && c.rare.exposed {
		c.rare.res.Status = code
	}
	c.code = int32(max(-1, min(code, 1000))) // of what is no status, one is as good as another
}

// Header returns the reply's header. A name or a value that HTTP does not allow,
// such as one with a line break, makes the reply a 500 instead of being sent.
func (c *Context) Header() http.Header {
	c.open = true
	return c.w.Header()
}

// Status sets the reply's status and returns c, to be followed by the reply:
// return c.Status(201).JSON(post). The status must be between 200 and 999; any
// other makes the reply a 500.
func (c *Context) Status(code int) *Context {
	if code == 0 || code < 0 || code > 999 { // 0 would mean that nothing was set
		c.fail(fmt.Errorf("hipflask: %d is no status of a reply", code))
	}
	c.setStatus(code)
	return c
}

// SetCookie adds a cookie to the reply. An empty Path means "/", as in Flask. A
// cookie with a name or a value that would not come back from a browser
// unchanged makes the reply a 500.
func (c *Context) SetCookie(cookie *http.Cookie) {
	sent := *cookie
	if sent.Path == "" {
		sent.Path = "/"
	}
	if err := sent.Valid(); err != nil {
		c.fail(fmt.Errorf("hipflask: SetCookie(%q): %w", cookie.Name, err))
		return
	}
	c.w.Header().Add("Set-Cookie", sent.String())
}

// DeleteCookie makes the browser forget the cookie that [Context.SetCookie] set
// with the path "/" and without a domain. One with others is forgotten by a
// SetCookie with the same Name, Path and Domain, and MaxAge -1.
func (c *Context) DeleteCookie(name string) {
	c.SetCookie(&http.Cookie{
		Name: name, MaxAge: -1, Expires: time.Unix(0, 0),
		Secure: strings.HasPrefix(name, "__Host-") || strings.HasPrefix(name, "__Secure-"), // or browsers ignore it
	})
}

// Render prepares a page: Flask's render_template. The name is a file's path
// under templates/ in Config.Root, and its ending chooses the Content-Type;
// data may be nil. The error of a broken or missing template names it.
func (c *Context) Render(name string, data Data) error {
	p, err := c.app.renderer.page(c, name)
	if err != nil {
		return err
	}
	return c.renderPage(p, pageType(name), data)
}

// RenderBlock is [Context.Render] for one block of a page, without its layout:
// for a script that replaces a part of the page.
func (c *Context) RenderBlock(name, block string, data Data) error {
	p, err := c.app.renderer.block(c, name, block)
	if err != nil {
		return err
	}
	return c.renderPage(p, pageType(name), data)
}

// RenderString is [Context.Render] with the template's text in place of its
// name, always as HTML. Never put what a visitor sent into the source; that is
// what data is for.
func (c *Context) RenderString(source string, data Data) error {
	return c.renderPage(c.app.renderer.fromString(source), htmlType, data)
}

func (c *Context) renderPage(p *page, contentType string, data Data) error {
	if c.seldom().streams && p.err == nil {
		return c.stream(contentType, func(w io.Writer) error { return p.stream(w, c, data) })
	}
	buffer := buffers.get()
	body, err := p.appendTo((*buffer)[:0], c, data)
	return c.replyBuffer(contentType, buffer, body, err)
}

// Component is a page or a part of one that writes itself, such as a component
// of templ.
type Component interface {
	// Render writes the component as HTML. What it writes before it returns an
	// error is thrown away, but for a stream's.
	Render(ctx context.Context, w io.Writer) error
}

// RenderComponent is [Context.Render] for a [Component], always as HTML. It is
// given the request's context. If it fails nothing of it is sent.
func (c *Context) RenderComponent(component Component) error {
	render := func(w io.Writer) error {
		if err := component.Render(c.Request.Context(), w); err != nil {
			return fmt.Errorf("hipflask: rendering %T: %w", component, err)
		}
		return nil
	}
	if c.seldom().streams {
		return c.stream(htmlType, render)
	}
	var page bytes.Buffer
	if err := render(&page); err != nil {
		return err
	}
	return c.reply(htmlType, page.String())
}

// Text prepares a reply of plain text.
func (c *Context) Text(text string) error {
	return c.reply(textType, text)
}

// HTML prepares a reply of HTML from a format as fmt.Sprintf takes it. What an
// argument prints is escaped, except for a template.HTML. Without arguments the
// format is the text as it stands, and a % in it is nothing special.
func (c *Context) HTML(format template.HTML, args ...any) error {
	if len(args) == 0 {
		return c.reply(htmlType, string(format))
	}
	escaped := make([]any, len(args))
	for i, arg := range args {
		escaped[i] = escapedArg(func(format string) string {
			text := fmt.Sprintf(format, arg)
			if _, trusted := arg.(template.HTML); !trusted {
				text = html.EscapeString(text)
			}
			return text
		})
	}
	return c.reply(htmlType, fmt.Sprintf(string(format), escaped...))
}

// escapedArg prints a value with HTML's characters escaped. It is a function so
// that even a wrong verb, for which fmt prints what it finds, shows no value.
type escapedArg func(format string) string

func (a escapedArg) Format(f fmt.State, verb rune) {
	io.WriteString(f, a(fmt.FormatString(f, verb)))
}

// JSON prepares a reply of v as JSON, with the keys of maps sorted and a line
// break at the end: Flask's jsonify. In Debug it is indented. The error is that
// of a v that JSON cannot hold.
func (c *Context) JSON(v any) error {
	buffer := buffers.get()
	body, err := appendJSON((*buffer)[:0], v, 0)
	if err == nil && c.app.Config.Debug {
		var indented bytes.Buffer
		err = json.Indent(&indented, body, "", "  ")
		body = append(body[:0], indented.Bytes()...)
	}
	if err != nil {
		err = fmt.Errorf("hipflask: JSON: %w", err)
	}
	return c.replyBuffer("application/json", buffer, append(body, '\n'), err)
}

// Bytes prepares a reply of any type. It keeps data, which must not change
// until the reply is sent.
func (c *Context) Bytes(contentType string, data []byte) error {
	c.open = true
	c.setType(contentType)
	c.setBody(data)
	return nil
}

// NoContent prepares the reply 204, without a body.
func (c *Context) NoContent() error {
	c.setStatus(http.StatusNoContent)
	c.setBody(nil)
	return nil
}

// Conditional has a GET's reply 200 answered with 304 and no body where the
// browser has it already, and returns c, to be followed by the reply: Flask's
// add_etag and make_conditional.
//
//	return c.Conditional().Render("index.html", nil)
//
// The ETag is a hash of the body as it is after the after-hooks, unless the
// header has one. A Last-Modified in the header counts too. The page is still
// made, so what is saved is its way to the browser. In an after-hook it is for
// every reply. Files have conditions of their own, and streams have none.
func (c *Context) Conditional() *Context {
	c.more().condition = true
	return c
}

// applyCondition answers a conditional request for the prepared body.
func (c *Context) applyCondition() error {
	method := c.Request.Method
	if c.status() != http.StatusOK || !c.hasBody() || c.rare.file != nil || method != http.MethodGet && method != http.MethodHead {
		return nil
	}
	h, res := c.Header(), c.Response()
	if len(h["Etag"]) == 0 {
		sum := sha256.Sum256(res.Body)
		h.Set("Etag", `"`+hex.EncodeToString(sum[:16])+`"`)
	}
	if !isConditional(c.Request.Header) {
		return nil
	}
	modified, _ := http.ParseTime(h.Get("Last-Modified"))
	switch trialStatus(c, c.Request, "", modified, bytes.NewReader(res.Body)) {
	case http.StatusNotModified:
		res.Status, res.Body = http.StatusNotModified, nil
	case http.StatusPreconditionFailed:
		return Abort(http.StatusPreconditionFailed)
	}
	return nil
}

// Redirect prepares a redirect to a location, a path or a whole URL: 302, or the
// status from 300 to 399 that [Context.Status] set; any other that was set, such as
// an error handler's 404, gives way to the 302. Characters that a URL cannot
// hold are percent-encoded. A control character in it, such as a line break, is an
// error. The location is not checked; for one that came with the request there is
// [Context.SafeRedirect].
func (c *Context) Redirect(location string) error {
	shown, link := location, true
	if !isCanonicalPath(location) || !plainPath.holds(location) {
		if strings.ContainsFunc(location, isControl) {
			return fmt.Errorf("hipflask: Redirect(%q): a control character in the location", location)
		}
		location = encodeLocation(location)
		shown, link = html.EscapeString(location), isLink(location)
	}
	if code := c.status(); code < 300 || code > 399 {
		c.setStatus(http.StatusFound)
	}
	buffer := buffers.get()
	page := append((*buffer)[:0], redirectPage...)
	if link {
		page = append(append(append(page, `<a href="`...), shown...), `">`...)
		page = append(append(page, shown...), "</a>"...)
	} else {
		page = append(page, shown...)
	}
	c.replyBuffer(htmlType, buffer, append(page, ".</p>\n"...), nil)
	c.w.Header()["Location"] = []string{location}
	return nil
}

const redirectPage = "<!doctype html>\n<html lang=en>\n<meta name=viewport content=\"width=device-width\">\n" +
	"<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>This page is at "

// isLink reports whether a location may be followed from a page.
func isLink(location string) bool {
	u, err := url.Parse(location)
	return err == nil && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https")
}

// RedirectTo is [Context.Redirect] to a route, as [Context.URLFor] finds it:
// Flask's redirect(url_for(...)).
func (c *Context) RedirectTo(endpoint string, values ...any) error {
	location, err := c.URLFor(endpoint, values...)
	if err != nil {
		return err
	}
	return c.Redirect(location)
}

// SafeRedirect is [Context.Redirect] to a target that came with the request,
// such as the next of a login form. Only a path on this site, beginning with
// one slash, is followed; anything else leads to fallback, which must be such a
// path too.
func (c *Context) SafeRedirect(target, fallback string) error {
	switch {
	case !localpath.Is(fallback):
		return fmt.Errorf("hipflask: SafeRedirect: the fallback %q is no path on this site, such as /home; URLFor makes one of an endpoint", fallback)
	case !localpath.Is(target):
		target = fallback
	}
	return c.Redirect(target)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// encodeLocation percent-encodes what a URL cannot hold. A % stays: the location
// is a URL, encoded where its maker thought of it.
func encodeLocation(location string) string {
	if locationSafe.holds(location) {
		return location
	}
	return string(appendQuoted(nil, location, &locationSafe))
}

var (
	locationSafe = newCharset("!#$%&'()*+,/:;=?@[]")
	plainPath    = newCharset("/") // means itself in HTML too
)

// redirectMatched prepares the router's own redirect.
func (c *Context) redirectMatched() error {
	root, to, prefix := c.root(), c.missed().redirect, ""
	switch c.missed().redirectKind {
	case toURL:
		if to[0] == '/' {
			to = strings.TrimSuffix(redirectLocation(root, "", ""), "/") + to
		}
		return c.Status(http.StatusPermanentRedirect).Redirect(to)
	case toHost:
		host, path, _ := strings.Cut(to, "/")
		var err error
		if prefix, err = c.app.urlPrefix(c, nil, host); err != nil {
			return err
		}
		to = path
	}
	location := prefix + redirectLocation(root, to, c.Request.URL.RawQuery)
	return c.Status(http.StatusPermanentRedirect).Redirect(location)
}

// allowed prepares the reply to an OPTIONS request.
func (c *Context) allowed(methods []string) error {
	c.w.Header().Set("Allow", strings.Join(methods, ", "))
	return c.reply(htmlType, "")
}

// failure is the error of a request that no route answers.
func (m *match) failure() error {
	if len(m.allow) == 0 {
		return Abort(http.StatusNotFound)
	}
	e := Abort(http.StatusMethodNotAllowed)
	e.Header = http.Header{"Allow": {strings.Join(m.allow, ", ")}}
	return e
}

const (
	htmlType = "text/html; charset=utf-8"
	textType = "text/plain; charset=utf-8"
)

// pageType returns the Content-Type of a template. One that html/template does
// not escape is never called HTML.
func pageType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	switch {
	case ext == ".xhtml":
		return "application/xhtml+xml; charset=utf-8"
	case webTypes[ext] != "":
		return webTypes[ext]
	}
	return textType
}

// reply prepares a body. A Content-Type that the handler chose itself stays.
func (c *Context) reply(contentType, text string) error {
	c.setType(contentType)
	c.setText(text)
	return nil
}

// replyBuffer prepares a body that was written to a buffer of the pool, or puts the
// buffer back if that failed.
func (c *Context) replyBuffer(contentType string, buffer *[]byte, body []byte, err error) error {
	if err != nil {
		buffers.keep(buffer, body)
		return err
	}
	*buffer = body
	c.setType(contentType)
	c.setBuffer(buffer)
	return nil
}

func (c *Context) setType(contentType string) {
	h := c.w.Header()
	if len(h) > 0 {
		if chosen := h["Content-Type"]; len(chosen) > 0 && chosen[0] != c.values[0] {
			return
		}
	}
	c.values[0] = contentType
	h["Content-Type"] = c.values[0:1:1]
}

// A reply is prepared, then committed, then begun. Handlers, error handlers and
// after-hooks prepare it; what they prepare can be replaced until the first byte
// of its header is out.
type phase uint8

const (
	preparing  phase = iota
	committing       // the after-hooks run
	begun            // the header is out, or the connection was given away
)

// send makes the reply final and sends it, unless a stream has begun.
func (c *Context) send() {
	if c.phase == begun {
		return
	}
	if s := c.status(); s == http.StatusSwitchingProtocols {
		c.fail(fmt.Errorf("hipflask: the status %d is for Writer and Hijack", s))
	}
	c.commit()
	c.write()
}

// commit makes the prepared reply final: after-hooks, then the session. If that
// fails, the reply becomes the error's, for which the after-hooks run once more;
// commit then returns why.
func (c *Context) commit() (failed error) {
	c.phase = committing
	if failed = c.finish(); failed != nil {
		c.commitFailed(failed)
	}
	if c.phase != begun && c.app.signals.any() {
		RequestFinished.Send(c, c.Response())
	}
	return failed
}

// commitFailed makes the error's reply final, in place of the one that failed.
func (c *Context) commitFailed(failed error) {
	if more := c.more(); !more.retried {
		more.retried = true
		c.phase = preparing
		c.app.handleError(c, failed)
		if c.phase == begun { // cut, or streamed by the error's handler
			return
		}
		c.phase = committing
		failing := c.finish()
		if failing == nil {
			return
		}
		c.app.logError(c, "the error's own reply could not be finished", failing)
		if c.abandoned(failing) {
			return
		}
	}
	c.lastResort()
}

// lastResort makes the reply final without asking anybody any more: as it stands,
// like Flask, or as a bare page if it cannot be sent so.
func (c *Context) lastResort() {
	if more := c.more(); more.failure != nil || checkHead(c.status(), c.w.Header()) != nil {
		more.outer = nil
		c.defaultPage(Abort(http.StatusInternalServerError))
	}
	if err := c.saveSessionSafely(); err != nil {
		c.app.logError(c, "the session could not be saved", err)
	}
	c.addSessionHeader()
}

func (c *Context) saveSessionSafely() (err error) {
	defer catch(&err)
	return c.saveSession()
}

// finish runs the after-hooks, checks the header and saves the session.
func (c *Context) finish() error {
	if c.rare != nil && c.rare.failure != nil {
		return c.rare.failure
	}
	if c.status() == 0 {
		c.setStatus(http.StatusOK)
	}
	if c.rare != nil || len(c.scaffold().all.after) > 0 {
		if err := c.afterHooks(); err != nil {
			return err
		}
	}
	if code := c.status(); c.open || code < 200 || code > 999 { // else only the framework wrote to the header
		if err := checkHead(code, c.w.Header()); err != nil {
			return err
		}
	}
	if c.session.Load() == nil && (c.app.sessions == nil || !c.mayRefreshSession()) {
		return nil // a stream marks it as saved, and App.tearDown
	}
	err := c.saveSessionSafely()
	c.addSessionHeader()
	return err
}

func (c *Context) afterHooks() (err error) {
	defer catch(&err)
	if h := c.seldom().afterThis; h != nil {
		if err := c.firstError(h(c)); err != nil {
			return err
		}
	}
	for _, hook := range slices.Backward(c.scaffold().all.after) {
		if err := c.firstError(hook(c)); err != nil {
			return err
		}
	}
	if c.seldom().condition {
		return c.applyCondition()
	}
	return nil
}

// checkHead refuses what would split a reply or be changed on its way.
func checkHead(status int, h http.Header) error {
	if status < 200 && status != http.StatusSwitchingProtocols || status > 999 {
		return fmt.Errorf("hipflask: %d is no status of a reply", status)
	}
	for name, values := range h {
		if !validToken(strings.TrimPrefix(name, http.TrailerPrefix)) {
			return fmt.Errorf("hipflask: %q is no name of a header", name)
		}
		for _, v := range values {
			if splitsHeader(v) {
				return fmt.Errorf("hipflask: the header %s has a line break or NUL in its value", name) // which may be a secret
			}
		}
	}
	return nil
}

// splitsHeader reports whether a header's value has what would end it early.
func splitsHeader(v string) bool {
	for i := range len(v) {
		if ch := v[i]; ch == '\r' || ch == '\n' || ch == 0 {
			return true
		}
	}
	return false
}

func (c *Context) bodySize() int {
	switch c.body {
	case textBody:
		return len(c.text)
	case pooledBody:
		return len(*c.buffer)
	}
	return len(c.seldom().res.Body)
}

// maxCounted is the size up to which net/http counts the bytes of a reply itself. It
// sends a larger one in chunks unless it is told its Content-Length, which a middleware
// may look for in any case.
const maxCounted = 2048

// write sends the committed reply.
func (c *Context) write() {
	if c.phase == begun {
		return
	}
	c.phase = begun
	if c.rare != nil && c.rare.file != nil && c.writeFile() {
		return
	}
	status := c.status()
	if status == http.StatusNoContent || status == http.StatusNotModified {
		c.w.Header().Del("Content-Type")
		c.w.WriteHeader(status)
		return
	}
	head := c.Request.Method == http.MethodHead
	if size := c.bodySize(); size > maxCounted || head || len(c.app.middleware) > 0 || c.open && len(c.w.Header()["Content-Length"]) > 0 {
		c.w.Header()["Content-Length"] = []string{strconv.Itoa(size)}
	}
	c.w.WriteHeader(status)
	// A failed write means that the client has gone; nobody is left to tell.
	switch {
	case head:
	case c.body == textBody:
		io.WriteString(c.w, c.text)
	case c.body == pooledBody:
		c.w.Write(*c.buffer)
	default:
		c.w.Write(c.seldom().res.Body)
	}
}

// writeFile sends the file that is the reply's body, unless a body took its place
// or its status has none.
func (c *Context) writeFile() (done bool) {
	if c.hasBody() {
		c.replaceFile()
	}
	file := c.rare.file
	if status := c.status(); file == nil || status != file.status && (status == http.StatusNoContent || status == http.StatusNotModified) {
		return false
	}
	file.send(c)
	return true
}
