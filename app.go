package hipflask

import (
	"io/fs"
	"log/slog"
	"net/http"
	"sync/atomic"
)

// App is a web application: an http.Handler made of routes, hooks, error handlers and templates.
type App struct {
	scaffold
	Config Config

	name       string
	routes     []*Route
	converters map[string]func(args ConverterArgs) (Converter, error)
	setupEnded atomic.Bool

	templateFuncs map[string]any // TemplateFunc's

	root     fs.FS // Config.Root, settled when setup ends
	router   *router
	renderer *renderer
	sessions SessionStore
	logger   *slog.Logger
}

// New makes an App; name is the logger's, and the start-up line's.
func New(name string) *App {
	a := &App{name: name}
	a.scaffold.app = a
	return a
}

// Logger is the App's logger.
func (a *App) Logger() *slog.Logger { return slog.Default() }

// NewContext makes a Context outside a request's own life: for tests and commands.
func (a *App) NewContext(w http.ResponseWriter, r *http.Request) *Context {
	return &Context{Request: r, app: a, w: w}
}
