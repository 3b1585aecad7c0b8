package pagecode

import (
	"reflect"
	"sync/atomic"
	"text/template/parse"
)

// field is a name behind a dot, at one place of a template: .Name. What it means
// depends on the value it is taken of, and is looked up once for each type.
type field struct {
	callee
	args   []argument // of a method
	handed bool       // the pipeline hands it a value, as a method's last argument
	key    reflect.Value
	known  atomic.Pointer[meaning]
}

// meaning is what the name of a field is for values of a type.
type meaning struct {
	typ  reflect.Type // without pointers and interfaces
	addr bool         // such values are variables, whose pointer's methods count
	is   meaningKind

	next *meaning // for another type

	index   []int        // of a struct's field, as reflect says it
	method  int          // its number
	fn      reflect.Type // of the method, without its receiver
	problem *problem     // why it cannot be called
}

type meaningKind uint8

const (
	noMeaning meaningKind = iota
	aMethod
	aField    // of a struct
	aHidden   // a field that is not exported
	aPromoted // a field of an embedded struct
	aKey      // of a map
)

// maxMeanings is how many types a place remembers, so that one with ever new
// types does not grow for ever.
const maxMeanings = 16

func newField(name string, node parse.Node) *field {
	return &field{callee: callee{name, node}, key: reflect.ValueOf(name)}
}

func (f *field) hasArgs() bool { return len(f.args) > 0 || f.handed }

// of returns the field of a value.
func (f *field) of(get func(s *run) value) func(s *run) value {
	return func(s *run) value { return f.get(s, get(s), nil) }
}

// get returns the field of v. A method is called, with what the pipeline handed
// over as its last argument, if that is not nil.
func (f *field) get(s *run, v value, handed *value) value {
	// Most values are the entry of a map or the field of a struct, of the same type as
	// the last time.
	if v.rv.Kind() == reflect.Map && !f.hasArgs() {
		if m, ok := s.mapOf(v.rv); ok {
			return entry(m, f.name)
		}
	}
	if m := f.known.Load(); m != nil && m.is == aField && v.rv.Kind() == reflect.Struct && v.rv.Type() == m.typ && v.rv.CanAddr() == m.addr && !f.hasArgs() {
		return value{rv: v.rv.Field(m.index[0])}
	}
	if !v.rv.IsValid() {
		if v.boxed {
			s.errorf("nil pointer evaluating %s.%s", anyType, f.name)
		}
		return value{}
	}
	rv, isNil := indirect(v.rv)
	if isNil && rv.Kind() == reflect.Interface {
		s.errorf("nil pointer evaluating %s.%s", v.staticType(), f.name)
	}
	m := f.meaning(rv)
	switch m.is {
	case aMethod:
		if m.addr {
			rv = rv.Addr()
		}
		return f.call(s, rv.Method(m.method), m, handed)
	case aHidden:
		s.errorf("%s is an unexported field of struct type %s", f.name, v.staticType())
	case aField:
		if f.hasArgs() {
			s.errorf("%s has arguments but cannot be invoked as function", f.name)
		}
		return value{rv: rv.Field(m.index[0])}
	case aPromoted:
		found, err := rv.FieldByIndexErr(m.index)
		if err != nil {
			s.errorf("%v", err)
		}
		if f.hasArgs() {
			s.errorf("%s has arguments but cannot be invoked as function", f.name)
		}
		return value{rv: found}
	case aKey:
		if f.hasArgs() {
			s.errorf("%s is not a method but has arguments", f.name)
		}
		if m, ok := s.mapOf(rv); ok { // behind a pointer
			return entry(m, f.name)
		}
		return value{rv: rv.MapIndex(f.key)}
	}
	if isNil && !f.missingIn(rv.Type().Elem()) {
		s.errorf("nil pointer evaluating %s.%s", v.staticType(), f.name)
	}
	s.errorf("can't evaluate field %s in type %s", f.name, v.staticType())
	return value{}
}

// mapOf returns a map as it is, if it is a map[string]any or known to be one.
func (s *run) mapOf(rv reflect.Value) (m map[string]any, ok bool) {
	v := rv.Interface()
	if m, ok = v.(map[string]any); !ok && s.asMap != nil {
		m, ok = s.asMap(v)
	}
	return m, ok
}

// entry is that of a map, or nothing if it has none.
func entry(m map[string]any, key string) value {
	x, ok := m[key]
	if !ok {
		return value{}
	}
	return box(x)
}

// missingIn reports whether a nil pointer to typ is no reason for an error, since
// there is no such field in any case.
func (f *field) missingIn(typ reflect.Type) bool {
	if typ.Kind() != reflect.Struct {
		return false
	}
	_, ok := typ.FieldByName(f.name)
	return !ok
}

func (f *field) meaning(rv reflect.Value) *meaning {
	typ, addr := rv.Type(), rv.Kind() != reflect.Pointer && rv.CanAddr()
	first := f.known.Load()
	n := 0
	for m := first; m != nil; m = m.next {
		if m.typ == typ && m.addr == addr {
			return m
		}
		n++
	}
	m := f.lookUp(typ, addr)
	if n < maxMeanings {
		m.next = first
	}
	f.known.Store(m) // of two at the same time one is looked up again
	return m
}

func (f *field) lookUp(typ reflect.Type, addr bool) *meaning {
	m := &meaning{typ: typ, addr: addr}
	of := typ
	if addr {
		of = reflect.PointerTo(typ)
	}
	if method, ok := of.MethodByName(f.name); ok {
		m.is, m.method, m.fn = aMethod, method.Index, reflect.Zero(of).Method(method.Index).Type()
		m.problem = checkArity(f.name, m.fn, len(f.args), f.handed)
		if err := checkResults(f.name, m.fn); err != nil && m.problem == nil {
			m.problem = newProblem("%v", err)
		}
		return m
	}
	switch typ.Kind() {
	case reflect.Struct:
		found, ok := typ.FieldByName(f.name)
		switch m.index = found.Index; {
		case !ok:
		case !found.IsExported():
			m.is = aHidden
		case len(found.Index) == 1:
			m.is = aField
		default:
			m.is = aPromoted
		}
	case reflect.Map:
		if stringType.AssignableTo(typ.Key()) {
			m.is = aKey
		}
	}
	return m
}

// call calls a method.
func (f *field) call(s *run, method reflect.Value, m *meaning, handed *value) value {
	if p := m.problem; p != nil {
		s.errorf(p.format, p.args...)
	}
	first := len(s.args)
	for i := range f.args {
		v := f.args[i].get(s, parameter(m.fn, i))
		s.args = append(s.args, v)
	}
	if handed != nil {
		s.args = append(s.args, s.fit(*handed, parameter(m.fn, len(f.args))))
	}
	return s.callReflect(&f.callee, method, first)
}
