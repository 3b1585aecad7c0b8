package hipflask

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Data holds the values a page is rendered with, by name: {{.name}}.
type Data map[string]any

// Response is the reply as prepared so far; nothing of it has been sent. An
// after-hook gets it with [Context.Response] and may change all of it.
type Response struct {
	Status int         // 0 until a helper or Context.Status sets it; then 200 is sent
	Header http.Header // the same map as Context.Header; change it, do not replace it
	Body   []byte      // nil while the reply is streamed
}

// Response returns the reply as prepared so far.
func (c *Context) Response() *Response { return &c.res }

// Header returns the reply's header. A name or a value that HTTP does not allow,
// such as one with a line break, makes the reply a 500 instead of being sent.
func (c *Context) Header() http.Header { return c.res.Header }

// Status sets the reply's status and returns c, to be followed by the reply:
// return c.Status(201).JSON(post). The status must be between 200 and 999.
func (c *Context) Status(code int) *Context {
	c.res.Status = code
	return c
}

// SetCookie adds a cookie to the reply. A cookie with a name or a value that a
// browser would not get back unchanged makes the reply a 500.
func (c *Context) SetCookie(cookie *http.Cookie) {
	if err := cookie.Valid(); err != nil {
		c.fail(fmt.Errorf("hipflask: SetCookie(%q): %w", cookie.Name, err))
		return
	}
	c.res.Header.Add("Set-Cookie", cookie.String())
}

// Render prepares a page: Flask's render_template. The name is a file's path
// under templates/ in Config.Root, and its ending chooses the Content-Type;
// data may be nil. The error of a broken or missing template names it.
func (c *Context) Render(name string, data Data) error {
	page, err := c.app.renderer.render(c, name, data)
	if err != nil {
		return err
	}
	return c.reply(pageType(name), page)
}

// RenderBlock is [Context.Render] for one block of a page, without its layout:
// for a script that replaces a part of the page.
func (c *Context) RenderBlock(name, block string, data Data) error {
	page, err := c.app.renderer.renderBlock(c, name, block, data)
	if err != nil {
		return err
	}
	return c.reply(pageType(name), page)
}

// RenderString is [Context.Render] with the template's text in place of its
// name, always as HTML. Never put what a visitor sent into the source; that is
// what data is for.
func (c *Context) RenderString(source string, data Data) error {
	page, err := c.app.renderer.renderString(c, source, data)
	if err != nil {
		return err
	}
	return c.reply(htmlType, page)
}

// Text prepares a reply of plain text.
func (c *Context) Text(text string) error {
	return c.reply("text/plain; charset=utf-8", []byte(text))
}

// HTML prepares a reply of HTML from a format as fmt.Sprintf takes it. What an
// argument prints is escaped, except for a template.HTML.
func (c *Context) HTML(format template.HTML, args ...any) error {
	escaped := make([]any, len(args))
	for i, arg := range args {
		escaped[i] = escapedArg{arg}
	}
	return c.reply(htmlType, fmt.Appendf(nil, string(format), escaped...))
}

// escapedArg prints as its value does, with HTML's characters escaped.
type escapedArg struct{ value any }

func (a escapedArg) Format(f fmt.State, verb rune) {
	text := fmt.Sprintf(fmt.FormatString(f, verb), a.value)
	if _, trusted := a.value.(template.HTML); !trusted {
		text = html.EscapeString(text)
	}
	io.WriteString(f, text)
}

// JSON prepares a reply of v as JSON, with the keys of maps sorted and a line
// break at the end: Flask's jsonify. In Debug it is indented. The error is that
// of a v that JSON cannot hold.
func (c *Context) JSON(v any) error {
	var body strings.Builder
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // no browser takes application/json for a page
	if c.app.Config.Debug {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("hipflask: JSON: %w", err)
	}
	return c.reply("application/json", []byte(body.String()))
}

// Bytes prepares a reply of any type. It keeps data, which must not change
// until the reply is sent.
func (c *Context) Bytes(contentType string, data []byte) error {
	return c.reply(contentType, data)
}

// NoContent prepares the reply 204, without a body.
func (c *Context) NoContent() error {
	c.res.Status, c.res.Body = http.StatusNoContent, nil
	c.replied = true
	return nil
}

// Redirect prepares a redirect to a location, a path or a whole URL: 302, or the
// status from 300 to 399 that [Context.Status] set. Characters that a URL cannot
// hold are percent-encoded. A line break in it is an error. The location is not
// checked; for one that came with the request there is [Context.SafeRedirect].
func (c *Context) Redirect(location string) error {
	if i := strings.IndexFunc(location, isControl); i >= 0 {
		return fmt.Errorf("hipflask: Redirect(%q): a control character in the location", location)
	}
	if c.res.Status < 300 || c.res.Status > 399 {
		c.res.Status = http.StatusFound
	}
	location = encodeLocation(location)
	c.res.Header.Set("Location", location)
	shown := html.EscapeString(location)
	if u, err := url.Parse(location); err == nil && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https") {
		shown = fmt.Sprintf(`<a href="%s">%[1]s</a>`, shown)
	}
	return c.reply(htmlType, fmt.Appendf(nil,
		"<!doctype html>\n<html lang=en>\n<meta name=viewport content=\"width=device-width\">\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>This page is at %s.</p>\n", shown))
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
// one slash, is followed; anything else leads to fallback.
func (c *Context) SafeRedirect(target, fallback string) error {
	if !isLocalPath(target) {
		target = fallback
	}
	return c.Redirect(target)
}

// isLocalPath reports whether a browser takes target for a path on this site.
// Browsers read a backslash as a slash and skip tabs and line breaks, so that
// any of them could make a host of what follows.
func isLocalPath(target string) bool {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsRune(target, '\\') || strings.ContainsFunc(target, isControl) {
		return false
	}
	_, err := url.Parse(target)
	return err == nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// encodeLocation percent-encodes what a URL cannot hold. A % stays: the location
// is a URL, encoded where its maker thought of it.
func encodeLocation(location string) string {
	var b strings.Builder
	for _, ch := range []byte(location) {
		if ch <= ' ' || ch >= 0x7f || strings.IndexByte("\"<>\\^`{|}", ch) >= 0 {
			fmt.Fprintf(&b, "%%%02X", ch)
		} else {
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// redirectPath prepares the router's own redirect.
func (c *Context) redirectPath(path string) error {
	location := redirectLocation(c.app.Config.ApplicationRoot, path, c.Request.URL.RawQuery)
	return c.Status(http.StatusPermanentRedirect).Redirect(location)
}

// allowed prepares the reply to an OPTIONS request.
func (c *Context) allowed(methods []string) error {
	c.res.Header.Set("Allow", strings.Join(methods, ", "))
	return c.reply(htmlType, nil)
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

const htmlType = "text/html; charset=utf-8"

// pageType returns the Content-Type of a template. One that html/template does
// not escape is never called HTML.
func pageType(name string) string {
	switch path.Ext(name) {
	case ".html", ".htm":
		return htmlType
	case ".xhtml":
		return "application/xhtml+xml; charset=utf-8"
	case ".xml":
		return "application/xml; charset=utf-8"
	case ".svg":
		return "image/svg+xml; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	case ".csv":
		return "text/csv; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// reply prepares a body. A Content-Type that the handler chose itself stays.
func (c *Context) reply(contentType string, body []byte) error {
	if chosen := c.res.Header["Content-Type"]; len(chosen) == 0 || chosen[0] == c.values[0] {
		c.values[0] = contentType
		c.res.Header["Content-Type"] = c.values[0:1:1]
	}
	c.res.Body = body
	c.replied = true
	return nil
}

// send finishes the reply and sends it, unless it was streamed.
func (c *Context) send() (unhandled error) {
	if c.streaming {
		return nil
	}
	_, unhandled = c.commit()
	c.write()
	return unhandled
}

// commit makes the prepared reply final: after-hooks, then the session. If one
// of them fails, the reply becomes the error's, and the after-hooks run once
// more for that; failed then says so.
func (c *Context) commit() (failed, unhandled error) {
	c.committing = true
	defer func() { c.committing = false }()
	failed = c.finish()
	if failed == nil {
		return nil, nil
	}
	unhandled = c.app.handleError(c, failed)
	if err := c.finish(); err != nil {
		c.app.logError(c, "the error's own reply could not be finished", err)
	}
	return failed, unhandled
}

// finish runs the after-hooks, saves the session and checks the header.
func (c *Context) finish() (err error) {
	defer catch(&err)
	if c.res.Status == 0 {
		c.res.Status = http.StatusOK
	}
	for _, hook := range slices.Backward(c.app.after) {
		if err := c.firstError(hook(c)); err != nil {
			return err
		}
	}
	if c.noSession {
		addVaryCookie(c.res.Header) // this reply is the failed session's doing
	} else if err := c.saveSession(); err != nil {
		c.noSession = true
		return err
	}
	return c.checkHeader()
}

// checkHeader refuses what would split the reply or be changed on its way.
func (c *Context) checkHeader() error {
	if c.res.Status < 200 || c.res.Status > 999 {
		return fmt.Errorf("hipflask: %d is no status of a reply", c.res.Status)
	}
	for name, values := range c.res.Header {
		if !validToken(name) {
			return fmt.Errorf("hipflask: %q is no name of a header", name)
		}
		for _, v := range values {
			if splitsHeader(v) {
				return fmt.Errorf("hipflask: the header %s has a line break or NUL in its value %q", name, v)
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

// write sends the prepared reply.
func (c *Context) write() {
	status := c.res.Status
	if status == http.StatusNoContent || status == http.StatusNotModified {
		c.res.Header.Del("Content-Type")
		c.w.WriteHeader(status)
		return
	}
	if len(c.res.Header["Content-Length"]) == 0 {
		c.values[1] = strconv.Itoa(len(c.res.Body))
		c.res.Header["Content-Length"] = c.values[1:2:2]
	}
	c.w.WriteHeader(status)
	if c.Request.Method != http.MethodHead {
		// A failed write means that the client has gone; nobody is left to tell.
		c.w.Write(c.res.Body)
	}
}

// Writer returns the way to stream a reply, or to hand it to an http.Handler.
// Its first byte, or a Flush, makes the reply final: the after-hooks run, the
// session is saved, and status and header go out as they then stand. It takes
// the place of a reply prepared before. Flush, Hijack and the deadlines of
// http.ResponseController work through it.
//
// An error of the handler after the first byte is logged and cuts the
// connection. Once the request has ended, writing returns [ErrReplySent].
func (c *Context) Writer() http.ResponseWriter { return replyWriter{c} }

type replyWriter struct{ c *Context }

// begin makes the reply final and sends its header, once.
func (w replyWriter) begin(status int) error {
	c := w.c
	switch {
	case c.ended.Load():
		return ErrReplySent
	case c.streaming:
		return c.streamErr
	case c.committing:
		return errors.New("hipflask: an after-hook cannot stream; it can change Context.Response")
	}
	if status != 0 {
		c.res.Status = status
	}
	c.res.Body = nil
	c.replied = true
	failed, _ := c.commit()
	c.streaming = true
	if failed != nil {
		c.streamErr = fmt.Errorf("%w as an error page: %w", ErrReplySent, failed)
		c.write()
		return c.streamErr
	}
	c.w.WriteHeader(c.res.Status)
	return nil
}

func (w replyWriter) Header() http.Header { return w.c.res.Header }

func (w replyWriter) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.c.w.WriteHeader(status) // informational; the reply itself follows
		return
	}
	w.begin(status)
}

func (w replyWriter) Write(b []byte) (int, error) {
	if err := w.begin(0); err != nil {
		return 0, err
	}
	return w.c.w.Write(b)
}

func (w replyWriter) WriteString(s string) (int, error) {
	if err := w.begin(0); err != nil {
		return 0, err
	}
	return io.WriteString(w.c.w, s)
}

func (w replyWriter) ReadFrom(r io.Reader) (int64, error) {
	if err := w.begin(0); err != nil {
		return 0, err
	}
	return io.Copy(w.c.w, r)
}

func (w replyWriter) Flush() { w.FlushError() }

func (w replyWriter) FlushError() error {
	if err := w.begin(0); err != nil {
		return err
	}
	return http.NewResponseController(w.c.w).Flush()
}

// Hijack makes the session and the after-hooks final too; what they put into
// the header is in Header, for whoever writes the handshake.
func (w replyWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := w.c
	if c.ended.Load() || c.streaming {
		return nil, nil, ErrReplySent
	}
	c.replied = true
	if failed, _ := c.commit(); failed != nil {
		c.write()
		c.streaming, c.streamErr = true, ErrReplySent
		return nil, nil, failed
	}
	conn, rw, err := http.NewResponseController(c.w).Hijack()
	if err == nil {
		c.streaming, c.streamErr = true, http.ErrHijacked
	}
	return conn, rw, err
}

func (w replyWriter) Unwrap() http.ResponseWriter { return w.c.w }
