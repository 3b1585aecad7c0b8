package hipflask

import "net/http"

func (a *App) autoStatic()                              {}
func newSessionStore(cfg *Config) (SessionStore, error) { return nil, nil }
func (m *match) param(name string) (string, bool)       { return "", false }
func (m *match) int(name string) (int, bool)            { return 0, false }
func (m match) automaticOptions() bool                  { return false }
func redirectLocation(root, path, q string) string      { return "" }
func (a *App) SessionTransaction(w http.ResponseWriter, r *http.Request, f func(s *Session)) error {
	return nil
}
