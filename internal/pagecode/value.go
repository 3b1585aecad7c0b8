package pagecode

import (
	"fmt"
	"reflect"
)

// value is what text/template has as a reflect.Value.
//
// An entry of a map[string]any is there a Value of kind Interface, which costs an
// allocation to make. Here it is the Value of what is in the interface{}, and
// boxed says that it is in one: a nil is then not the same as nothing.
type value struct {
	rv    reflect.Value
	boxed bool
}

func box(v any) value { return value{reflect.ValueOf(v), true} }

var (
	anyType      = reflect.TypeFor[any]()
	valueType    = reflect.TypeFor[reflect.Value]()
	errorType    = reflect.TypeFor[error]()
	stringerType = reflect.TypeFor[fmt.Stringer]()
	stringType   = reflect.TypeFor[string]()
	intType      = reflect.TypeFor[int]()

	nilAny = reflect.Zero(anyType)
)

// unwrapped takes a value out of an interface{}.
func (v value) unwrapped() value {
	v.boxed = false
	if v.rv.Kind() == reflect.Interface && v.rv.NumMethod() == 0 {
		v.rv = v.rv.Elem()
	}
	return v
}

// held takes a value out of any interface.
func (v value) held() reflect.Value {
	if v.rv.Kind() == reflect.Interface {
		return v.rv.Elem()
	}
	return v.rv
}

// real is the reflect.Value that text/template has.
func (v value) real() reflect.Value {
	if !v.boxed {
		return v.rv
	}
	if !v.rv.IsValid() {
		return nilAny
	}
	return reflect.ValueOf(struct{ V any }{v.rv.Interface()}).Field(0)
}

// passed is the value as a function gets it whose parameter is a reflect.Value: one
// that is a reflect.Value itself is not put into another.
func (v value) passed() value {
	if !v.boxed && v.rv.Kind() == reflect.Struct && v.rv.Type() == valueType {
		v.rv = v.rv.Interface().(reflect.Value)
	}
	return v
}

// staticType is the type that text/template names in an error.
func (v value) staticType() reflect.Type {
	if v.boxed {
		return anyType
	}
	return v.rv.Type()
}

// truth is what if and with think of a value.
func (v value) truth() bool { return truth(v.held()) }

func truth(rv reflect.Value) bool {
	switch rv.Kind() {
	case reflect.Invalid:
		return false
	case reflect.Bool:
		return rv.Bool()
	case reflect.String, reflect.Slice, reflect.Map, reflect.Array:
		return rv.Len() > 0
	case reflect.Struct:
		return true
	}
	return !rv.IsZero()
}

// indirect follows pointers and interfaces up to a nil.
func indirect(rv reflect.Value) (_ reflect.Value, isNil bool) {
	for rv.Kind() == reflect.Pointer || rv.Kind() == reflect.Interface {
		if rv.IsNil() {
			return rv, true
		}
		rv = rv.Elem()
	}
	return rv, false
}

// asAny is the value as an interface{}.
func asAny(rv reflect.Value) any {
	if !rv.IsValid() {
		return nil
	}
	return rv.Interface()
}

// fit makes a value one of type typ, or ends the run if it cannot be. It goes one
// step from or to a pointer for it, as text/template does.
func (s *run) fit(v value, typ reflect.Type) reflect.Value {
	rv := v.rv
	if v.boxed {
		switch {
		case typ == anyType && rv.IsValid():
			return rv
		case typ == anyType:
			return nilAny
		case typ == valueType:
			return reflect.ValueOf(v.real())
		case !rv.IsValid():
			s.errorf("wrong type for value; expected %s; got %s", typ, anyType)
		}
	}
	switch {
	case !rv.IsValid():
		if !canBeNil(typ) {
			s.errorf("invalid value; expected %s", typ)
		}
		return reflect.Zero(typ)
	case typ == valueType && rv.Type() != typ:
		return reflect.ValueOf(rv)
	case rv.Type().AssignableTo(typ):
		return rv
	case rv.Kind() == reflect.Interface && !rv.IsNil():
		rv = rv.Elem()
		if rv.Type().AssignableTo(typ) {
			return rv
		}
	}
	switch {
	case rv.Kind() == reflect.Pointer && rv.Type().Elem().AssignableTo(typ):
		if rv = rv.Elem(); !rv.IsValid() {
			s.errorf("dereference of nil pointer of type %s", typ)
		}
	case reflect.PointerTo(rv.Type()).AssignableTo(typ) && rv.CanAddr():
		rv = rv.Addr()
	default:
		s.errorf("wrong type for value; expected %s; got %s", typ, rv.Type())
	}
	return rv
}

func canBeNil(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return true
	}
	return typ == valueType
}

// print writes a value of a text template.
func (s *run) print(v value) {
	if v.rv.Kind() == reflect.String && v.rv.Type() == stringType {
		s.out = append(s.out, v.rv.String()...)
		s.wrote()
		return
	}
	printed, ok := printable(v.rv)
	if !ok {
		s.errorf("can't print %s of type %s", s.at, v.rv.Type())
	}
	s.out = fmt.Append(s.out, printed)
	s.wrote()
}

// printable is a value as fmt should get it: what a pointer leads to, but a
// pointer where that has the methods to print itself.
func printable(rv reflect.Value) (_ any, ok bool) {
	if rv.Kind() == reflect.Pointer {
		rv, _ = indirect(rv)
	}
	if !rv.IsValid() {
		return "<no value>", true
	}
	if prints(rv.Type()) {
		return rv.Interface(), true
	}
	switch {
	case rv.CanAddr() && prints(reflect.PointerTo(rv.Type())):
		return rv.Addr().Interface(), true
	case rv.Kind() == reflect.Chan || rv.Kind() == reflect.Func:
		return nil, false
	}
	return rv.Interface(), true
}

func prints(typ reflect.Type) bool { return typ.Implements(errorType) || typ.Implements(stringerType) }
