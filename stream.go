package hipflask

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
)

// Stream has the page that follows sent while it is made, and returns c: Flask's
// stream_template and stream_template_string. It is for pages that are large, or
// that range over a channel or an iterator that takes its time.
//
//	return c.Stream().Render("report.html", hipflask.Data{"rows": rows})
//
// The page is sent in pieces of 4 KiB or more. In a template {{flush}} sends at once what
// there is, and does nothing in a page that is not streamed; a [Component] may
// call Flush() error of its writer.
//
// The first piece makes the reply final, as with [Context.Writer]: the
// after-hooks run and the session is saved, with the messages that the page has
// shown until then; put {{flush}} after them. If the page fails before its first
// piece, that is a clean 500; later, the error is logged and the connection
// cut, so that the client knows. If the client leaves, the page ends at the next
// piece. HEAD gets the header and makes no page.
//
// Other replies than Render and its kind are sent whole as ever.
func (c *Context) Stream() *Context {
	c.more().streams = true
	return c
}

// streamPiece is how much of a stream is collected before it is sent.
const streamPiece = 4 << 10

// pageStream collects what a page writes.
type pageStream struct {
	buffer *bufio.Writer // before the reply's Writer
	c      *Context
}

func (s *pageStream) Write(b []byte) (int, error)       { return s.buffer.Write(b) }
func (s *pageStream) WriteString(t string) (int, error) { return s.buffer.WriteString(t) }

// Flush sends what there is.
func (s *pageStream) Flush() error {
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	err := replyWriter{s.c}.FlushError()
	if errors.Is(err, errors.ErrUnsupported) { // by a middleware that collects the reply
		return nil
	}
	return err
}

// stream sends what render writes.
func (c *Context) stream(contentType string, render func(w io.Writer) error) error {
	c.more().streams = false // the next page is for another Stream
	c.setType(contentType)
	w := replyWriter{c}
	if c.Request.Method == http.MethodHead {
		return w.begin(0)
	}
	s := &pageStream{bufio.NewWriterSize(w, streamPiece), c}
	if err := render(s); err != nil {
		return err
	}
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	return w.begin(0) // the reply of an empty page begins too
}

// Writer returns the way to stream a reply, or to hand it to an http.Handler.
// Its first byte, or a Flush, makes the reply final: the after-hooks run, the
// session is saved, and status and header go out as they then stand. It takes
// the place of a body prepared before. net/http collects some kilobytes before
// it sends them; Flush sends what there is, and text/event-stream is flushed
// after each Write. Flush, Hijack and the deadlines of
// http.ResponseController work through it.
//
// If the Content-Type is text/event-stream by then, the context of c.Request ends
// from here on also when [App.Run] or [App.Serve] begin to shut down: such a
// stream has no end of its own to wait for.
//
// An error of the handler after the first byte is logged and cuts the
// connection. Once the request has ended, writing returns [ErrReplySent].
func (c *Context) Writer() http.ResponseWriter {
	if isEventStream(c.Header()) {
		c.Request = endsWithServer(c.Request) // run.go
	}
	return replyWriter{c}
}

func isEventStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

type replyWriter struct{ c *Context }

// begin makes the reply final and sends its header, once.
func (w replyWriter) begin(status int) error {
	c := w.c
	switch {
	case c.state.Load()&ended != 0:
		return ErrReplySent
	case c.phase == begun:
		return c.seldom().streamErr
	case c.phase == committing:
		return errors.New("hipflask: an after-hook cannot stream; it can change Context.Response")
	}
	if status != 0 {
		c.setStatus(status)
	}
	c.setBody(nil)
	if failed := c.commit(); failed != nil {
		c.write()
		c.more().streamErr = fmt.Errorf("%w as an error page: %w", ErrReplySent, failed)
		return c.rare.streamErr
	}
	c.phase = begun
	c.state.Or(sessionSaved)
	c.w.WriteHeader(c.status())
	return nil
}

func (w replyWriter) Header() http.Header { return w.c.Header() }

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
	n, err := w.c.w.Write(b)
	if err == nil && isEventStream(w.Header()) {
		err = http.NewResponseController(w.c.w).Flush()
	}
	return n, err
}

func (w replyWriter) ReadFrom(r io.Reader) (int64, error) {
	if err := w.begin(0); err != nil {
		return 0, err
	}
	if isEventStream(w.Header()) {
		return io.Copy(struct{ io.Writer }{w}, r) // by Write, which flushes
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

// Hijack makes the session and the after-hooks final too, unless a 101 did so
// before it; what they put into the header is in Header, for whoever writes the
// handshake. Where there is none to be had, as in HTTP/2, nothing of that happens,
// and a reply can still be prepared.
func (w replyWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := w.c
	switch {
	case c.state.Load()&ended != 0 || c.seldom().streamErr != nil:
		return nil, nil, ErrReplySent
	case c.phase == committing:
		return nil, nil, errors.New("hipflask: an after-hook cannot take the connection")
	case !hasHijack(c.w):
		return http.NewResponseController(c.w).Hijack() // its error says so
	}
	before, res := c.Header().Clone(), *c.Response()
	if c.phase == preparing {
		c.setStatus(http.StatusSwitchingProtocols)
		c.setBody(nil)
		if failed := c.commit(); failed != nil {
			c.write()
			c.more().streamErr = ErrReplySent
			return nil, nil, failed
		}
	}
	conn, rw, err := http.NewResponseController(c.w).Hijack()
	if err != nil && c.phase == committing {
		// A middleware's writer has promised too much. Nothing is out yet, so that
		// another reply can take the place of this one; but the session is saved,
		// and its cookie goes out with that.
		clear(c.Header())
		maps.Copy(c.Header(), before)
		c.phase, c.replied, c.rare.res = preparing, false, res
	}
	if err != nil {
		return nil, nil, err
	}
	c.state.Or(sessionSaved)
	c.phase, c.more().streamErr = begun, http.ErrHijacked
	return conn, rw, nil
}

// hasHijack reports whether a Hijack of an [http.ResponseController] comes to a
// writer that has one.
func hasHijack(w http.ResponseWriter) bool {
	for {
		switch inner := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = inner.Unwrap()
		default:
			return false
		}
	}
}

func (w replyWriter) Unwrap() http.ResponseWriter { return w.c.w }
