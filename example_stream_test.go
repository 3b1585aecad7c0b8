package hipflask_test

import (
	"encoding/json"
	"fmt"
	"iter"
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

// price is an event of a stream.
type price struct {
	Stock string  `json:"stock"`
	Euro  float64 `json:"euro"`
}

func ticker(prices <-chan price) hipflask.HandlerFunc {
	return func(c *hipflask.Context) error {
		c.Header().Set("Content-Type", "text/event-stream")
		w := c.Writer()
		for id := 1; ; id++ {
			select {
			case <-c.Request.Context().Done():
				return nil // the visitor has gone, or the server stops
			case p, open := <-prices:
				if !open {
					return nil
				}
				data, err := json.Marshal(p) // never more than one line
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintf(w, "id: %d\nevent: price\ndata: %s\n\n", id, data); err != nil {
					return err
				}
			}
		}
	}
}

// Server-sent events need no helper: a Writer flushes text/event-stream after
// each Write, JSON keeps data on its line, and the request's context ends when
// the visitor leaves.
func ExampleContext_Writer_events() {
	prices := make(chan price, 2)
	prices <- price{"GOOG", 12.5}
	prices <- price{"AAPL", 7}
	close(prices)
	app := hipflask.New("ticker")
	app.Get("/ticker", ticker(prices)).Name("ticker")

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/ticker", nil))
	fmt.Print(w.Body)

	// Output:
	// id: 1
	// event: price
	// data: {"stock":"GOOG","euro":12.5}
	//
	// id: 2
	// event: price
	// data: {"stock":"AAPL","euro":7}
	//
}

const listPage = `<ul>{{flush}}
{{range .lines}}<li>{{.}}</li>{{flush}}
{{end}}</ul>
`

func listSlowly(c *hipflask.Context) error {
	lines := func(yield func(string) bool) { // as from a slow query
		for _, line := range []string{"one", "two"} {
			if !yield(line) {
				return // the visitor has gone
			}
		}
	}
	return c.Stream().RenderString(listPage, hipflask.Data{"lines": iter.Seq[string](lines)})
}

// A page that is sent while it is made: Flask's stream_template and
// stream_template_string. The visitor sees each line as soon as it is there.
func ExampleContext_Stream() {
	app := hipflask.New("report")
	app.Get("/", listSlowly)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Body)
	fmt.Println("flushed:", w.Flushed)

	// Output:
	// <ul>
	// <li>one</li>
	// <li>two</li>
	// </ul>
	// flushed: true
}
