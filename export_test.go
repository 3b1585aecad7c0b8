package hipflask

// NewCookieStore lets the contract tests call the default store by itself.
func NewCookieStore(cfg *Config) (SessionStore, error) { return newCookieStore(cfg) }
