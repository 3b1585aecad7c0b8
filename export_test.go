package hipflask

// NewCookieStore lets the contract tests call the default store by itself.
func NewCookieStore(cfg *Config) (SessionStore, error) { return newCookieStore(cfg) }

// OwnFrames are the functions that the debug page shows of a stack.
func OwnFrames(stack string) (functions []string) {
	for _, f := range ownFrames(stack) {
		functions = append(functions, f.Function)
	}
	return functions
}
