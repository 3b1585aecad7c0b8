package main

import (
	"io"
	"log/slog"
	"time"

	"github.com/hipflask/hipflask"
)

var started = hipflask.NewKey[time.Time]("started")

// logAsJSON writes the log as JSON, one object a line, and a line for each
// request.
func logAsJSON(app *hipflask.App, w io.Writer) {
	app.Config.Logger = slog.New(slog.NewJSONHandler(w, nil)).With("app", "patterns")
	app.BeforeRequest(func(c *hipflask.Context) error {
		started.Set(c, time.Now())
		return nil
	})
	hipflask.RequestFinished.Connect(app, func(c *hipflask.Context, reply *hipflask.Response) {
		fields := []any{"method", c.Request.Method, "path", c.Request.URL.Path,
			"status", reply.Status, "from", c.RemoteAddr()}
		if start, ok := started.Get(c); ok { // not for a reply that came before the hooks
			fields = append(fields, "took", time.Since(start).String())
		}
		app.Logger().Info("request", fields...)
	})
}
