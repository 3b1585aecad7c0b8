package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func countdown(c *hipflask.Context) error {
	c.Header().Set("Content-Type", "text/event-stream")
	w := c.Writer() // its first byte sends the session and the header
	for n := 3; n > 0; n-- {
		if _, err := fmt.Fprintf(w, "data: %d\n\n", n); err != nil {
			return err // the visitor has gone
		}
	}
	return nil
}

// A reply is sent when the handler has returned; Writer is the way to send it
// piece by piece.
func ExampleContext_Writer() {
	app := hipflask.New("stream")
	app.Get("/countdown", countdown)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/countdown", nil))
	fmt.Print(w.Header().Get("Content-Type"), "\n", w.Body)

	// Output:
	// text/event-stream
	// data: 3
	//
	// data: 2
	//
	// data: 1
	//
}
