package hipflask

import (
	"fmt"
	"net/http"
)

// HTTPError is an error that knows its reply. [Abort] and [Error] make one; a
// handler returns it. It is Flask's HTTPException.
//
// Message goes to the visitor, Err to the log only.
type HTTPError struct {
	Code    int         // the reply's status, 400 to 599
	Message string      // what the default page says; empty means the status's usual text
	Err     error       // the private cause, or nil
	Header  http.Header // sent with the reply, such as Allow or Retry-After; may be nil
}

// Abort returns the error for a status, with the usual text: return
// hipflask.Abort(404). A code outside 400 to 599 becomes 500, and the log says
// which code it was.
func Abort(code int) *HTTPError { return Error(code, "") }

// Error is [Abort] with a message for the visitor. The default page escapes it.
func Error(code int, message string) *HTTPError {
	if code < 400 || code > 599 {
		return &HTTPError{Code: 500, Err: fmt.Errorf("hipflask: %d is no error status", code)}
	}
	return &HTTPError{Code: code, Message: message}
}

// Wrap returns a copy of e with a private cause: it is logged, found by
// errors.Is and errors.As, and never shown to the visitor.
func (e *HTTPError) Wrap(err error) *HTTPError {
	wrapped := *e
	wrapped.Err = err
	return &wrapped
}

// StatusCode returns e.Code.
func (e *HTTPError) StatusCode() int { return e.Code }

// Unwrap returns the private cause.
func (e *HTTPError) Unwrap() error { return e.Err }

func (e *HTTPError) Error() string {
	text := fmt.Sprintf("%d %s", e.Code, statusName(e.Code))
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func statusName(code int) string { return http.StatusText(code) }
