package hipflask

import (
	"io/fs"
	"net/http"
)

func (a *App) autoStatic()                                                     {}
func newSessionStore(cfg *Config) (SessionStore, error)                        { return nil, nil }
func newRenderer(a *App, root fs.FS) (*renderer, error)                        { return nil, nil }
func (rd *renderer) check(rt *router) []error                                  { return nil }
func (rd *renderer) render(c *Context, name string, data Data) ([]byte, error) { return nil, nil }
func (rd *renderer) renderBlock(c *Context, name, block string, data Data) ([]byte, error) {
	return nil, nil
}
func (rd *renderer) renderString(c *Context, source string, data Data) ([]byte, error) {
	return nil, nil
}
func (m *match) param(name string) (string, bool)  { return "", false }
func (m *match) int(name string) (int, bool)       { return 0, false }
func (m match) automaticOptions() bool             { return false }
func redirectLocation(root, path, q string) string { return "" }
func (a *App) SessionTransaction(w http.ResponseWriter, r *http.Request, f func(s *Session)) error {
	return nil
}
