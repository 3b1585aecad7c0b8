package hipflask

import "net/http"

// Response is the reply as it stands.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Writer: being written. It is the request's ResponseWriter, whose first byte
// runs the after-hooks and saves the session.
func (c *Context) Writer() http.ResponseWriter { return c.w }
