package hipflask

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// The signals of an App, in the order of a request: they tell those who watch,
// such as a test, a metric or an error reporter, and change nothing. What is to
// change a request or its reply is a hook. They are Flask's, under its names;
// those of the application context have no counterpart, because there is none.
var (
	// RequestStarted is sent before the before-hooks, with the route known.
	RequestStarted = NewSignal[*http.Request]("request_started")

	// BeforeRenderTemplate is sent before a page is rendered.
	BeforeRenderTemplate = NewSignal[Rendering]("before_render_template")

	// TemplateRendered is sent once a page is rendered, if that did not fail.
	TemplateRendered = NewSignal[Rendering]("template_rendered")

	// MessageFlashed is sent when a message was flashed.
	MessageFlashed = NewSignal[Message]("message_flashed")

	// GotRequestException is sent with an error that no error handler answers,
	// or a panic as a [*PanicError], before the handler of 500. It is not sent
	// for errors that have a status.
	GotRequestException = NewSignal[error]("got_request_exception")

	// RequestFinished is sent with the reply, after the after-hooks and the
	// session, and before its first byte. A change of it now has no defined
	// effect.
	RequestFinished = NewSignal[*Response]("request_finished")

	// RequestTearingDown is sent after the teardown functions, with the error
	// that they got, or nil.
	RequestTearingDown = NewSignal[error]("request_tearing_down")
)

// Rendering is what [BeforeRenderTemplate] and [TemplateRendered] tell of a
// page.
type Rendering struct {
	Name string // the template's name; "<string>" for RenderString
	Data Data   // what the view and the context processors gave; not to be changed
}

// A Signal tells functions that were connected to it about one thing that
// happens in an App, with a value of type T. It is a signal of Flask and
// blinker; the App is the sender. All methods are safe for concurrent use.
type Signal[T any] struct{ id *string }

// NewSignal returns a signal of the application's own, sent with
// [Signal.Send]. The name is for people: two signals are different even under
// one name.
func NewSignal[T any](name string) Signal[T] { return Signal[T]{id: &name} }

// Connect calls f whenever the signal is sent in app, until disconnect is
// called. Both may be done at any time, also while the App serves. Functions are
// called one after the other, in the order connected, in the goroutine of the
// request; so f must not keep c. A panic in f is logged and ends nothing else.
//
// A test that listens until its end writes
//
//	t.Cleanup(hipflask.TemplateRendered.Connect(app, f))
func (s Signal[T]) Connect(app *App, f func(c *Context, value T)) (disconnect func()) {
	mustNotBeNil("Signal.Connect", "function", f == nil)
	receiver := &f // tells f from itself connected twice
	app.signals.change(s.id, func(old any) any {
		receivers, _ := old.([]*func(*Context, T))
		return append(slices.Clip(receivers), receiver)
	})
	return func() {
		app.signals.change(s.id, func(old any) any {
			receivers, _ := old.([]*func(*Context, T))
			return slices.DeleteFunc(slices.Clone(receivers), func(r *func(*Context, T)) bool { return r == receiver })
		})
	}
}

// Send calls the functions connected to the signal in the App of c. Flask's own
// signals are sent by the App.
func (s Signal[T]) Send(c *Context, value T) {
	connected := c.app.signals.connected.Load()
	if connected == nil {
		return
	}
	receivers, _ := (*connected)[s.id].([]*func(*Context, T))
	for _, f := range receivers {
		if err := s.call(*f, c, value); err != nil {
			c.app.logError(c, "a function connected to "+s.String()+" failed", err)
		}
	}
}

// String returns the signal's name.
func (s Signal[T]) String() string { return *s.id }

func (s Signal[T]) call(f func(*Context, T), c *Context, value T) (err error) {
	defer catch(&err)
	f(c, value)
	return nil
}

// signals holds what is connected to the signals of an App. The map is nil until
// something is, and replaced as a whole, so that sending takes no lock.
type signals struct {
	mu        sync.Mutex
	connected atomic.Pointer[map[*string]any] // by Signal.id: []*func(*Context, T)
}

// any reports whether something may be connected.
func (s *signals) any() bool { return s.connected.Load() != nil }

func (s *signals) change(id *string, with func(old any) any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[*string]any{}
	if old := s.connected.Load(); old != nil {
		maps.Copy(next, *old)
	}
	next[id] = with(next[id])
	s.connected.Store(&next)
}
