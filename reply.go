package hipflask

import "net/http"

// Response is the reply as it stands.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}
