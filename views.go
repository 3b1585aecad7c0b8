package hipflask

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// viewMethods are the names of methods that answer requests.
var viewMethods = [...]string{"Get", "Head", "Post", "Put", "Patch", "Delete", "Options", "Trace"}

// viewMethod returns the index in viewMethods of a request's method, -1 for none.
func viewMethod(method string) int8 {
	return int8(slices.IndexFunc(viewMethods[:], func(name string) bool { return strings.EqualFold(name, method) }))
}

// View registers a value whose methods Get, Post, Put, Patch, Delete, Head,
// Options and Trace answer the requests of their name. Each is a
// func(c *Context) error. It is Flask's MethodView:
//
//	type itemAPI struct{ store *Store }
//
//	func (v *itemAPI) Get(c *hipflask.Context) error    { … }
//	func (v *itemAPI) Delete(c *hipflask.Context) error { … }
//
//	app.View("/items/<int:id>", &itemAPI{store})
//
// The route takes the methods that the value has, or of those only the ones
// given. HEAD falls to Get where there is no Head. The endpoint is the name of
// the type; a second value of it needs another, see [Route.Name].
//
// The one value serves all requests, at the same time: what belongs to a request
// stays in the Context. (Flask makes a new one each time unless
// init_every_request is false.)
//
// View panics if the value has none of these methods or not one asked for, or
// if one of them has another signature.
func (s *scaffold) View(rule string, view any, methods ...string) *Route {
	what := fmt.Sprintf("hipflask: View(%q, %T)", rule, view)
	answers := viewHandlers(what, view)
	if len(methods) == 0 {
		for _, name := range viewMethods {
			if answers[strings.ToUpper(name)] != nil {
				methods = append(methods, name)
			}
		}
	}
	for _, m := range methods {
		m = strings.ToUpper(m)
		if answers[m] == nil && !(m == http.MethodHead && answers[http.MethodGet] != nil) {
			panic(fmt.Sprintf("%s: %s is asked for, but the value has no method for it", what, m))
		}
	}
	if get := answers[http.MethodGet]; get != nil && answers[http.MethodHead] == nil {
		answers[http.MethodHead] = get
	}
	var byIndex [len(viewMethods)]HandlerFunc
	for method, answer := range answers {
		byIndex[viewMethod(method)] = answer
	}
	// Not by c.Request.Method: a before-hook may have changed it, and what was
	// matched and checked as a GET stays one, as for every other route.
	r := s.add("View", rule, func(c *Context) error { return byIndex[c.viewMethod](c) }, methods...)
	t := reflect.TypeOf(view)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	r.endpoint, _, _ = strings.Cut(t.Name(), "[") // a generic type's arguments
	r.function, r.code, r.view = fmt.Sprintf("%T", view), 0, view
	return r
}

// viewHandlers finds the methods of view that answer requests, by HTTP method.
func viewHandlers(what string, view any) map[string]HandlerFunc {
	v := reflect.ValueOf(view)
	if !v.IsValid() {
		panic(what + ": the value is nil")
	}
	answers := map[string]HandlerFunc{}
	for _, name := range viewMethods {
		method := v.MethodByName(name)
		if !method.IsValid() {
			continue
		}
		answer, ok := method.Interface().(func(*Context) error)
		if !ok {
			panic(fmt.Sprintf("%s: its method %s is a %s; one that answers requests is a func(*hipflask.Context) error",
				what, name, method.Type()))
		}
		answers[strings.ToUpper(name)] = answer
	}
	if len(answers) > 0 {
		return answers
	}
	if t := v.Type(); t.Kind() != reflect.Pointer && slices.ContainsFunc(viewMethods[:], func(name string) bool {
		_, has := reflect.PointerTo(t).MethodByName(name)
		return has
	}) {
		panic(fmt.Sprintf("%s: its methods belong to the pointer; give &%s{}", what, t.Name()))
	}
	panic(what + ": it has none of the methods " + strings.Join(viewMethods[:], ", "))
}

// sameInstance reports whether a and b are one value, or both none.
func sameInstance(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
