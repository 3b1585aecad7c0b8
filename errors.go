package hipflask

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
)

// ErrNoReply is the error, and so the 500, of a handler that returned nil
// without preparing a reply; the error that wraps it names the route. An empty
// reply is [Context.NoContent], said on purpose.
var ErrNoReply = errors.New("hipflask: no reply")

// ErrReplySent is what a Context's writer returns once the reply is complete.
var ErrReplySent = errors.New("hipflask: the reply was already sent")

// HTTPError is an error that knows its reply. [Abort] and [Error] make one and
// a handler returns it. It is Flask's HTTPException.
//
// Message is for the visitor; Err is for the log and never shown.
type HTTPError struct {
	Code    int         // the reply's status, 400 to 599
	Message string      // what the default page says; empty means Code's usual text
	Err     error       // the private cause, or nil
	Header  http.Header // added to the reply, such as Retry-After; may be nil
}

// Abort returns the error for a status with its usual text. Other than Flask's
// it does not stop the handler, which must return it: return
// hipflask.Abort(404). A code outside 400 to 599 is a mistake, and as in Flask an
// error without a status: a 500 whose cause says so.
func Abort(code int) *HTTPError { return Error(code, "") }

// Error is [Abort] with a message for the visitor, which the default page
// escapes. An empty message means the usual text.
func Error(code int, message string) *HTTPError {
	if code < 400 || code > 599 {
		return &HTTPError{Code: http.StatusInternalServerError, Err: noErrorStatus(code)}
	}
	return &HTTPError{Code: code, Message: cmp.Or(message, statusMessage(code))}
}

// noErrorStatus is a status outside 400 to 599 that Abort or Error was given.
type noErrorStatus int

func (code noErrorStatus) Error() string {
	return fmt.Sprintf("hipflask: Abort or Error with %d, which is no error status", int(code))
}

// Wrap returns a copy of e with a private cause, which errors.Is and errors.As
// find.
func (e *HTTPError) Wrap(err error) *HTTPError {
	wrapped := *e
	wrapped.Err = err
	return &wrapped
}

// WithHeader returns a copy of e with a header added to its reply:
//
//	return hipflask.Abort(429).WithHeader("Retry-After", "30")
//
// It is for what belongs to a status: Retry-After with 429 and 503,
// WWW-Authenticate with 401, Allow with 405, Content-Range with 416. The default
// page carries it, and an error handler's reply starts with it.
func (e *HTTPError) WithHeader(name, value string) *HTTPError {
	changed := *e
	changed.Header = e.Header.Clone()
	if changed.Header == nil {
		changed.Header = http.Header{}
	}
	name = http.CanonicalHeaderKey(name)
	values := append(changed.Header[name], value)
	changed.Header[name] = slices.Clip(values) // or two requests could append to one array
	return &changed
}

// StatusCode returns e.Code.
func (e *HTTPError) StatusCode() int { return e.orMistake().Code }

// Unwrap returns the private cause.
func (e *HTTPError) Unwrap() error { return e.orMistake().Err }

// orMistake is e, or the 500 that a nil e is answered with: a nil *HTTPError,
// returned as an error, is no nil error.
func (e *HTTPError) orMistake() *HTTPError {
	if e == nil {
		return &HTTPError{Code: http.StatusInternalServerError,
			Err: errors.New("hipflask: the error is a nil *HTTPError; a function that may return none must return error")}
	}
	return e
}

// Error returns code, message and cause: text for the log.
func (e *HTTPError) Error() string {
	e = e.orMistake()
	text := fmt.Sprintf("%d %s", e.Code, statusName(e.Code))
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// StatusCode returns the status an error is answered with: that of the first
// error in its chain with a method StatusCode() int, 413 for a body over the
// limit, else 500.
func StatusCode(err error) int {
	failure, _ := asHTTPError(err)
	return failure.Code
}

// PanicError is the error a panic in a handler or a hook becomes.
type PanicError struct {
	Value any    // what the handler panicked with
	Stack []byte // where, as debug.Stack prints it
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// catch, deferred, turns a panic into an error. http.ErrAbortHandler, which asks
// net/http to cut the connection, stays what it is; see App.end.
func catch(err *error) {
	if value := recover(); value != nil {
		*err = panicError(value)
	}
}

// panicError is the error of a panic.
func panicError(value any) error {
	if value == http.ErrAbortHandler {
		return http.ErrAbortHandler
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// asHTTPError returns the reply an error asks for. known is false for an error
// that has no status, which becomes a 500 with it as the cause.
func asHTTPError(err error) (failure *HTTPError, known bool) {
	var coded interface {
		error
		StatusCode() int
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &coded):
		failure, ok := coded.(*HTTPError)
		if !ok {
			return Abort(coded.StatusCode()).Wrap(err), true
		}
		failure = failure.orMistake()
		if failure.Code < 400 || failure.Code > 599 {
			failure = Abort(failure.Code)
		}
		_, mistake := failure.Err.(noErrorStatus)
		return failure, !mistake
	case errors.As(err, &tooLarge):
		return Abort(http.StatusRequestEntityTooLarge).Wrap(err), true
	}
	return Abort(http.StatusInternalServerError).Wrap(err), false
}

// typeHandler is a handler that OnError registered. bind returns it holding err,
// or nil if err itself, without what it wraps, is of another type.
type typeHandler struct {
	rank int // 0 for a concrete type, 1 for an interface, 2 for error itself
	bind func(err error) ErrorHandlerFunc
}

// handleError answers err. An error that no handler was registered for is kept
// for the teardown hooks.
func (a *App) handleError(c *Context, err error) {
	switch {
	case c.phase == begun:
		a.handleLate(c, err)
		return
	case c.abandoned(err):
		return
	}

	// 1. An error handler, or the default page of an error that has a status.
	// A handler may fail with another error that has a handler; but only once,
	// so that two handlers cannot call each other for ever.
	left, declined := a.answerError(c, err)
	if left != nil && !declined {
		left, declined = a.answerError(c, left)
	}

	// 2. Every other error is a 500, which has a handler too.
	if left != nil {
		a.answerUnhandled(c, left, declined)
	}
}

// answerError has err answered by its handler, or by the default page if it has
// a status. It returns the error that is left to answer, or nil: another one that
// the handler failed with, or err itself, which has no handler or one that declined.
func (a *App) answerError(c *Context, err error) (left error, declined bool) {
	failure, known := asHTTPError(err)
	if known {
		a.logCause(c, failure)
	}
	handler := c.errorHandler(failure, known, err)
	if handler != nil {
		left = a.attempt(c, failure, handler, withStatus(failure, known, err))
		declined = same(left, err) || same(left, failure)
		if left == nil || !declined {
			return left, false
		}
	}
	if known {
		c.defaultPage(failure)
		return nil, false
	}
	return err, declined
}

// answerUnhandled answers an error that nobody has answered, with the handler of
// 500 or the default page. Where the error's own handler declined, those of 500 by
// type are not asked: it may be one of them. The developer sees the debug page in
// their place.
func (a *App) answerUnhandled(c *Context, err error, declined bool) {
	c.more().unhandled = cmp.Or(c.seldom().unhandled, err)
	GotRequestException.Send(c, err)
	a.logError(c, "unhandled error", err)
	failure := Abort(http.StatusInternalServerError).Wrap(err)
	var handler ErrorHandlerFunc
	if !c.showsDetail() {
		handler = c.codeHandler(failure.Code)
		if handler == nil && !declined {
			handler = c.errorHandler(failure, true, failure)
		}
	}
	if handler != nil {
		left := a.attempt(c, failure, handler, failure)
		if left == nil {
			return
		}
		if !same(left, failure) {
			a.logError(c, "the handler of the 500 failed too", left)
		}
	}
	c.defaultPage(failure)
}

// attempt has an error handler answer err. It returns the error that is left to
// answer, or nil if none can be: there is a reply, or the connection is cut.
func (a *App) attempt(c *Context, failure *HTTPError, h ErrorHandlerFunc, err error) error {
	left := c.answer(failure, h, err)
	switch {
	case left == nil:
		return nil
	case c.phase == begun: // the handler streamed its reply, and failed then
		a.handleLate(c, left)
		return nil
	case c.abandoned(left):
		return nil
	}
	return left
}

// withStatus is the error that a handler gets: err, inside an HTTPError if it has a
// status and there is none in it.
func withStatus(failure *HTTPError, known bool, err error) error {
	if known && !errors.Is(err, failure) && !errors.As(err, new(*HTTPError)) {
		return failure
	}
	return err
}

// handleLate is handleError once the header is out: no page can be sent.
func (a *App) handleLate(c *Context, err error) {
	switch {
	case c.abandoned(err):
	case errors.Is(c.seldom().streamErr, ErrReplySent): // an error page took the stream's place
	default:
		if c.Request.Context().Err() == nil { // else the client has gone, which is no failure
			GotRequestException.Send(c, err)
			a.logError(c, "the handler failed after its reply had begun", err)
		}
		c.more().unhandled = err
		c.rare.cut = c.rare.streamErr == nil // a hijacked connection is the handler's to close
	}
}

// abandoned reports whether err asks for the connection to be cut.
func (c *Context) abandoned(err error) bool {
	if !errors.Is(err, http.ErrAbortHandler) {
		return false
	}
	c.more().cut, c.phase = true, begun
	return true
}

// same reports whether a and b are one error; == alone panics for errors of a
// type that cannot be compared.
func same(a, b error) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// errorHandler chooses the handler for err: by code where it has one, in which a type
// of its own goes before the code; then by any type. In each, the blueprint's own
// comes before those around it and the App's. It returns nil if there is none.
func (c *Context) errorHandler(failure *HTTPError, known bool, err error) ErrorHandlerFunc {
	if known {
		if h := c.prefixHandler(failure.Code); h != nil {
			return h
		}
		own := ownStatus(err, failure.Code)
		for s := c.scaffold(); s != nil; s = s.parent {
			if h := s.handlerOfOwn(own); h != nil {
				return h
			}
			if h := s.byCode[failure.Code]; h != nil {
				return h
			}
		}
	}
	var chain []error
	for s := c.scaffold(); s != nil; s = s.parent {
		if len(s.byType) == 0 {
			continue
		}
		if chain == nil {
			chain = errorChain(nil, err)
			if known {
				chain = append(chain, failure) // OnError[*HTTPError] gets what has a status by another type, too
			}
		}
		if h := s.handlerByType(chain); h != nil {
			return h
		}
	}
	return nil
}

// ownStatus is the error in err's chain whose status it is answered with, if that
// is of a type of the program's own, as a subclass of Flask's NotFound is; else nil.
func ownStatus(err error, code int) error {
	var coded interface {
		error
		StatusCode() int
	}
	if !errors.As(err, &coded) || coded.StatusCode() != code {
		return nil
	}
	if _, generic := coded.(*HTTPError); generic {
		return nil
	}
	return coded
}

// handlerOfOwn is the scaffold's own handler for the type of err, which ownStatus
// returned. It may be nil.
func (s *scaffold) handlerOfOwn(err error) ErrorHandlerFunc {
	if err == nil {
		return nil
	}
	for _, candidate := range s.byType {
		if candidate.rank != 0 {
			continue
		}
		if h := candidate.bind(err); h != nil {
			return h
		}
	}
	return nil
}

// codeHandler is the handler for a code, the blueprint's before the App's.
func (c *Context) codeHandler(code int) ErrorHandlerFunc {
	for s := c.scaffold(); s != nil; s = s.parent {
		if h := s.byCode[code]; h != nil {
			return h
		}
	}
	return nil
}

// handlerByType is the scaffold's own handler for the first error of the chain
// that has one, a concrete type before an interface.
func (s *scaffold) handlerByType(chain []error) ErrorHandlerFunc {
	for rank := range 3 {
		for _, e := range chain {
			for _, candidate := range s.byType {
				if candidate.rank != rank {
					continue
				}
				if h := candidate.bind(e); h != nil {
					return h
				}
			}
		}
	}
	return nil
}

// prefixHandler is the handler for a 404 or 405 of the router's, of the blueprint
// whose prefix the path has: the longest, if several have a handler for the
// code. One with a host has it on that host only. Flask has only the App's for
// what no rule matched.
func (c *Context) prefixHandler(code int) (h ErrorHandlerFunc) {
	if c.match.route != nil || code != http.StatusNotFound && code != http.StatusMethodNotAllowed {
		return nil
	}
	longest := 0
	for _, s := range c.app.blueprints {
		if s.host != nil {
			if _, here := s.host.split(hostName(c.Request.Host), nil); !here {
				continue
			}
		}
		if own := s.byCode[code]; own != nil && len(s.prefix) > longest && hasPrefix(c.Request.URL.Path, s.prefix) {
			h, longest = own, len(s.prefix)
		}
	}
	return h
}

// hasPrefix reports whether a path begins with a blueprint's prefix, part by
// part; a part with a variable has any text.
func hasPrefix(path, prefix string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	want := strings.Split(strings.Trim(prefix, "/"), "/")
	if len(parts) < len(want) {
		return false
	}
	for i, part := range want {
		if part != parts[i] && !strings.Contains(part, "<") {
			return false
		}
	}
	return true
}

// errorChain appends err and all it wraps, in the order of errors.As.
func errorChain(chain []error, err error) []error {
	chain = append(chain, err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if wrapped := e.Unwrap(); wrapped != nil {
			chain = errorChain(chain, wrapped)
		}
	case interface{ Unwrap() []error }:
		for _, wrapped := range e.Unwrap() {
			chain = errorChain(chain, wrapped)
		}
	}
	return chain
}

// answer calls an error handler with the reply set to the error's status.
func (c *Context) answer(failure *HTTPError, h ErrorHandlerFunc, err error) (handlerErr error) {
	defer catch(&handlerErr)
	c.startOver(failure)
	if err := c.firstError(h(c, err)); err != nil {
		return err
	}
	if !c.replied {
		return fmt.Errorf("%w: the error handler for %d returned nil and prepared nothing", ErrNoReply, failure.Code)
	}
	return nil
}

// defaultPage prepares the page of an error that has no handler: HTML, or JSON
// for a client that would rather have it. In Debug, and to a visitor on this
// machine only, the HTML tells what went wrong: see debugPage.
func (c *Context) defaultPage(failure *HTTPError) {
	c.startOver(failure)
	c.w.Header().Add("Vary", "Accept")
	name, message := statusName(failure.Code), cmp.Or(failure.Message, statusMessage(failure.Code))
	if prefersJSON(c.Request) {
		c.JSON(struct {
			Code        int    `json:"code"`
			Name        string `json:"name"`
			Description string `json:"description"`
		}{failure.Code, name, message})
		return
	}
	if failure.Err != nil && c.showsDetail() {
		if page, err := c.debugHTML(failure, message); err == nil {
			c.reply(htmlType, string(page))
			return
		}
	}
	name = html.EscapeString(name)
	page := fmt.Sprintf("<!doctype html>\n<html lang=en>\n<meta name=viewport content=\"width=device-width\">\n<meta name=color-scheme content=\"light dark\">\n<title>%d %s</title>\n<h1>%s</h1>\n<p>%s</p>\n",
		failure.Code, name, name, strings.ReplaceAll(html.EscapeString(message), "\n", "<br>"))
	c.reply(htmlType, page)
}

// prefersJSON reports whether a client takes JSON rather than HTML. A browser
// does not, nor does one that takes anything. JSON has no charset to choose, but
// clients that ask for one are common.
func prefersJSON(r *http.Request) bool {
	const data = "application/json"
	best := AcceptMimetypes(r).BestMatch("text/html", data, data+"; charset=utf-8")
	return strings.HasPrefix(best, data)
}

// showsDetail reports whether the one who asks is the developer.
func (c *Context) showsDetail() bool { return c.app.Config.Debug && isLocal(c.Request) }

// isLocal reports whether a browser on this machine asks by a name of this
// machine. A proxy here would make every visitor's address local, and a page
// somewhere else could point a name of its own here.
func isLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// logError logs an error that no handler answered, with the route and the stack
// of a panic.
func (a *App) logError(c *Context, message string, err error) {
	attrs := []slog.Attr{
		slog.String("method", c.Request.Method),
		slog.String("path", c.Request.URL.Path),
		slog.Any("error", err),
	}
	if r := c.match.route; r != nil {
		attrs = append(attrs, slog.String("route", r.rule.text), slog.String("endpoint", r.endpoint))
	}
	var p *PanicError
	switch {
	case !errors.As(err, &p):
	case a.accessLog != nil: // Run in Debug: on lines of their own, for a person
		defer a.accessLog.Write(p.Stack)
	default:
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	a.Logger().LogAttrs(c.Request.Context(), slog.LevelError, message, attrs...)
}

// logCause logs what an HTTPError keeps from the visitor: as an error from 500
// on, else for debugging.
func (a *App) logCause(c *Context, failure *HTTPError) {
	switch {
	case failure.Err == nil:
	case failure.Code >= 500:
		a.logError(c, "error reply", failure)
	default:
		a.Logger().DebugContext(c.Request.Context(), "error reply", "path", c.Request.URL.Path, "error", failure)
	}
}

// statusName returns the words that go with a code.
func statusName(code int) string {
	if name := http.StatusText(code); name != "" {
		return name
	}
	return "Error"
}

// statusMessage returns what the default page of a code says.
func statusMessage(code int) string {
	if message, ok := statusMessages[code]; ok {
		return message
	}
	if code >= 500 {
		return "The server could not answer this request."
	}
	return "The server does not accept this request."
}

var statusMessages = map[int]string{
	400: "The server could not make sense of this request.",
	401: "This page needs a sign-in, and what was given does not open it.",
	403: "You may not open this page.",
	404: "There is no page at this address. If you typed it, check the spelling.",
	405: "This address does not accept that method.",
	406: "There is no version of this page that your browser accepts.",
	408: "The request took too long to arrive.",
	409: "The request conflicts with another change. Load the page again and repeat it.",
	410: "The page that was here is gone for good.",
	411: "The request must say how long its body is.",
	412: "A condition of the request does not hold.",
	413: "The request is larger than the server accepts.",
	414: "The address is longer than the server accepts.",
	415: "The server does not accept data of this type.",
	416: "The file does not have the part asked for.",
	417: "The server cannot meet what the request expects.",
	418: "This is a teapot. It does not make coffee.",
	422: "The request was understood, but its content does not fit.",
	423: "This resource is locked.",
	424: "The request depends on another one that failed.",
	428: "The request must be conditional. Load the page again and repeat it.",
	429: "Too many requests. Wait a while before the next one.",
	431: "The headers of the request are larger than the server accepts.",
	451: "This page is not available for legal reasons.",
	500: "Something went wrong on the server. It has been logged.",
	501: "The server cannot do what was asked.",
	502: "The server behind this one gave no proper answer.",
	503: "The server cannot answer at the moment. Try again later.",
	504: "The server behind this one did not answer in time.",
	505: "The server does not speak this version of HTTP.",
}

// typeRank orders the types of OnError, the more specific first.
func typeRank(t reflect.Type) int {
	switch {
	case t == reflect.TypeFor[error]():
		return 2
	case t.Kind() == reflect.Interface:
		return 1
	}
	return 0
}
