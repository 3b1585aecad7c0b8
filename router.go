package hipflask

import "github.com/julienschmidt/httprouter"

// Converter and ConverterArgs: being written.
type Converter interface {
	Match(text string) (ok bool, err error)
	Text(value any) (string, error)
	Weight() int
}
type ConverterArgs struct{}
type rule struct{ text string }
type router struct{ _ *httprouter.Router }
type match struct {
	route    *Route
	redirect string
	allow    []string
}

func parseRule(text string, conv map[string]func(args ConverterArgs) (Converter, error)) (*rule, error) {
	return &rule{}, nil
}
func newRouter(routes []*Route) (*router, error)   { return &router{}, nil }
func (rt *router) match(method, path string) match { return match{} }
func (rt *router) allowed(path string) []string    { return nil }
