package pagecode

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	texttemplate "text/template"
)

// builtin is a function of Go's templates.
type builtin struct {
	like    any // a function of the same type, for the number of its arguments
	compile func(k *call) expr
}

var builtins = map[string]builtin{
	"and": {variadicLike, func(k *call) expr { return k.logic(false) }},
	"or":  {variadicLike, func(k *call) expr { return k.logic(true) }},
	"not": {func(reflect.Value) (_ bool) { return }, func(k *call) expr {
		return k.compute(func(args []reflect.Value) (reflect.Value, error) { return reflect.ValueOf(!truth(args[0])), nil })
	}},

	"eq": {variadicLike, (*call).equal},
	"ne": {compareLike, func(k *call) expr {
		return k.compare(func(a, b reflect.Value) (bool, error) { return not(equal(a, b)) })
	}},
	"lt": {compareLike, func(k *call) expr { return k.compare(less) }},
	"le": {compareLike, func(k *call) expr { return k.compare(lessOrEqual) }},
	"gt": {compareLike, func(k *call) expr {
		return k.compare(func(a, b reflect.Value) (bool, error) { return not(lessOrEqual(a, b)) })
	}},
	"ge": {compareLike, func(k *call) expr {
		return k.compare(func(a, b reflect.Value) (bool, error) { return not(less(a, b)) })
	}},

	"len":   {func(reflect.Value) (_ int) { return }, func(k *call) expr { return k.of(length) }},
	"index": {variadicLike, func(k *call) expr { return k.compute(index) }},
	"slice": {variadicLike, func(k *call) expr { return k.computeOf(asPassed, slice) }},
	"call":  {variadicLike, (*call).callValue},

	"print":    {fmt.Sprint, func(k *call) expr { return k.format(fmt.Sprint) }},
	"println":  {fmt.Sprintln, func(k *call) expr { return k.format(fmt.Sprintln) }},
	"printf":   {fmt.Sprintf, (*call).printf},
	"html":     {fmt.Sprint, func(k *call) expr { return k.format(texttemplate.HTMLEscaper) }},
	"js":       {fmt.Sprint, func(k *call) expr { return k.format(texttemplate.JSEscaper) }},
	"urlquery": {fmt.Sprint, func(k *call) expr { return k.format(texttemplate.URLQueryEscaper) }},
}

func variadicLike(reflect.Value, ...reflect.Value) (_ reflect.Value) { return }
func compareLike(_, _ reflect.Value) (_ bool)                        { return }

// asHeld is how most functions look at a value: out of its interface.
func asHeld(v value) reflect.Value { return v.passed().held() }

// asPassed is how slice looks at its indexes, which it refuses in an interface.
func asPassed(v value) reflect.Value { return v.passed().real() }

// operands evaluates the arguments and puts them on the stack, which began at
// first before.
func (k *call) operands(s *run, as func(v value) reflect.Value) (first int) {
	var final value
	if k.final != nil {
		final = k.final.value(s)
	}
	s.at = k.ident
	first = len(s.args)
	for i := range k.args {
		v := as(k.args[i].value(s))
		s.args = append(s.args, v)
	}
	if k.final != nil {
		s.args = append(s.args, as(final))
	}
	return first
}

// compute is a function of its operands.
func (k *call) compute(f func(args []reflect.Value) (reflect.Value, error)) expr {
	return k.computeOf(asHeld, f)
}

func (k *call) computeOf(as func(v value) reflect.Value, f func(args []reflect.Value) (reflect.Value, error)) expr {
	return expr{value: func(s *run) value {
		first := k.operands(s, as)
		s.calling = &k.callee
		rv, err := f(s.args[first:])
		s.calling = nil
		s.args = s.args[:first]
		if err != nil {
			panic(stopped{s.callFailure(&k.callee, err)})
		}
		return value{rv: rv}
	}}
}

// compare is a function of two operands.
func (k *call) compare(f func(a, b reflect.Value) (bool, error)) expr {
	return k.compute(func(args []reflect.Value) (reflect.Value, error) {
		is, err := f(args[0], args[1])
		return reflect.ValueOf(is), err
	})
}

// logic is "and" or "or": the first operand that settles it, or the last. Those
// behind it are not evaluated.
func (k *call) logic(settles bool) expr {
	return expr{value: func(s *run) (v value) {
		if k.final != nil {
			v = k.final.value(s)
		}
		final := v
		s.at = k.ident
		for i := range k.args {
			if v = k.args[i].value(s).passed(); v.truth() == settles {
				return v
			}
		}
		if k.final != nil {
			return final.passed()
		}
		return v
	}}
}

func not(is bool, err error) (bool, error) { return !is, err }

// equal is "eq": whether the first operand is one of the others.
func (k *call) equal() expr {
	return k.compute(func(args []reflect.Value) (reflect.Value, error) {
		if len(args) == 1 {
			return reflect.ValueOf(false), errors.New("missing argument for comparison")
		}
		for _, arg := range args[1:] {
			if is, err := equal(args[0], arg); is || err != nil {
				return reflect.ValueOf(is), err
			}
		}
		return reflect.ValueOf(false), nil
	})
}

// basic is what kinds have in common that can be compared.
type basic uint8

const (
	notBasic basic = iota
	aBool
	anInt
	aUint
	aFloat
	aComplex
	aString
)

func basicOf(rv reflect.Value) basic {
	switch {
	case rv.Kind() == reflect.String:
		return aString
	case rv.Kind() == reflect.Bool:
		return aBool
	case rv.CanInt():
		return anInt
	case rv.CanUint():
		return aUint
	case rv.CanFloat():
		return aFloat
	case rv.CanComplex():
		return aComplex
	}
	return notBasic
}

func equal(a, b reflect.Value) (bool, error) {
	kind := basicOf(a)
	switch other := basicOf(b); {
	case kind == anInt && other == aUint:
		return a.Int() >= 0 && uint64(a.Int()) == b.Uint(), nil
	case kind == aUint && other == anInt:
		return b.Int() >= 0 && a.Uint() == uint64(b.Int()), nil
	case kind != other && a.IsValid() && b.IsValid():
		return false, incompatible(a, b)
	case kind != other:
		return false, nil
	}
	switch kind {
	case aString:
		return a.String() == b.String(), nil
	case aBool:
		return a.Bool() == b.Bool(), nil
	case anInt:
		return a.Int() == b.Int(), nil
	case aUint:
		return a.Uint() == b.Uint(), nil
	case aFloat:
		return a.Float() == b.Float(), nil
	case aComplex:
		return a.Complex() == b.Complex(), nil
	}
	if a.Kind() != b.Kind() && a.IsValid() && b.IsValid() {
		return false, fmt.Errorf("non-comparable types %s: %v, %s: %v", a, a.Type(), b.Type(), b)
	}
	if isNil(a) || isNil(b) {
		return isNil(a) == isNil(b), nil
	}
	if !b.Type().Comparable() {
		return false, fmt.Errorf("non-comparable type %s: %v", b, b.Type())
	}
	return a.Interface() == b.Interface(), nil
}

func incompatible(a, b reflect.Value) error {
	return fmt.Errorf("incompatible types for comparison: %v and %v", a.Type(), b.Type())
}

func isNil(rv reflect.Value) bool {
	switch rv.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return rv.IsNil()
	}
	return !rv.IsValid()
}

var errNotComparable = errors.New("invalid type for comparison")

func less(a, b reflect.Value) (bool, error) {
	kind, other := basicOf(a), basicOf(b)
	switch {
	case kind == notBasic || other == notBasic:
		return false, errNotComparable
	case kind == anInt && other == aUint:
		return a.Int() < 0 || uint64(a.Int()) < b.Uint(), nil
	case kind == aUint && other == anInt:
		return b.Int() >= 0 && a.Uint() < uint64(b.Int()), nil
	case kind != other:
		return false, incompatible(a, b)
	}
	switch kind {
	case aString:
		return a.String() < b.String(), nil
	case anInt:
		return a.Int() < b.Int(), nil
	case aUint:
		return a.Uint() < b.Uint(), nil
	case aFloat:
		return a.Float() < b.Float(), nil
	}
	return false, errNotComparable
}

func lessOrEqual(a, b reflect.Value) (bool, error) {
	if is, err := less(a, b); is || err != nil {
		return is, err
	}
	return equal(a, b)
}

func length(v value) (rv reflect.Value, err error) {
	item, isNil := indirect(v.passed().rv)
	switch item.Kind() {
	case reflect.Array, reflect.Chan, reflect.Map, reflect.Slice, reflect.String:
		return reflect.ValueOf(item.Len()), nil
	}
	if isNil || v.boxed && !item.IsValid() {
		return rv, errors.New("len of nil pointer")
	}
	return rv, fmt.Errorf("len of type %s", item.Type()) // which panics for nothing, as in text/template
}

func index(args []reflect.Value) (rv reflect.Value, err error) {
	item := args[0]
	if !item.IsValid() {
		return rv, errors.New("index of untyped nil")
	}
	for _, at := range args[1:] {
		var isNil bool
		if item, isNil = indirect(item); isNil {
			return rv, errors.New("index of nil pointer")
		}
		switch item.Kind() {
		case reflect.Array, reflect.Slice, reflect.String:
			i, err := position(at, item.Len())
			if err != nil {
				return rv, err
			}
			item = item.Index(i)
		case reflect.Map:
			key, err := passable(at, item.Type().Key())
			if err != nil {
				return rv, err
			}
			found := item.MapIndex(key)
			if !found.IsValid() {
				found = reflect.Zero(item.Type().Elem())
			}
			item = found
		default:
			return rv, fmt.Errorf("can't index item of type %s", item.Type())
		}
	}
	return item, nil
}

// position is a value as an index up to limit.
func position(at reflect.Value, limit int) (int, error) {
	var i int64
	switch {
	case at.CanInt():
		i = at.Int()
	case at.CanUint():
		i = int64(at.Uint())
	case !at.IsValid():
		return 0, errors.New("cannot index slice/array with nil")
	default:
		return 0, fmt.Errorf("cannot index slice/array with type %s", at.Type())
	}
	if i < 0 || int(i) < 0 || int(i) > limit {
		return 0, fmt.Errorf("index out of range: %d", i)
	}
	return int(i), nil
}

// passable is a value as one of type typ: a key, or the argument of a function.
func passable(rv reflect.Value, typ reflect.Type) (reflect.Value, error) {
	if !rv.IsValid() {
		if !canBeNil(typ) {
			return rv, fmt.Errorf("value is nil; should be of type %s", typ)
		}
		rv = reflect.Zero(typ)
	}
	switch {
	case rv.Type().AssignableTo(typ):
		return rv, nil
	case isInteger(rv.Kind()) && isInteger(typ.Kind()):
		return rv.Convert(typ), nil
	}
	return rv, fmt.Errorf("value has type %s; should be %s", rv.Type(), typ)
}

func isInteger(kind reflect.Kind) bool { return kind >= reflect.Int && kind <= reflect.Uintptr }

func slice(args []reflect.Value) (rv reflect.Value, err error) {
	item, indexes := value{rv: args[0]}.held(), args[1:]
	if !item.IsValid() {
		return rv, errors.New("slice of untyped nil")
	}
	item, isNil := indirect(item)
	if isNil {
		return rv, errors.New("slice of nil pointer")
	}
	if len(indexes) > 3 {
		return rv, fmt.Errorf("too many slice indexes: %d", len(indexes))
	}
	var limit int
	switch item.Kind() {
	case reflect.String:
		if len(indexes) == 3 {
			return rv, errors.New("cannot 3-index slice a string")
		}
		limit = item.Len()
	case reflect.Array, reflect.Slice:
		limit = item.Cap()
	default:
		return rv, fmt.Errorf("can't slice item of type %s", item.Type())
	}
	at := [3]int{0, item.Len()}
	for i, index := range indexes {
		if at[i], err = position(index, limit); err != nil {
			return rv, err
		}
	}
	switch {
	case at[0] > at[1]:
		return rv, fmt.Errorf("invalid slice index: %d > %d", at[0], at[1])
	case len(indexes) < 3:
		return item.Slice(at[0], at[1]), nil
	case at[1] > at[2]:
		return rv, fmt.Errorf("invalid slice index: %d > %d", at[1], at[2])
	}
	return item.Slice3(at[0], at[1], at[2]), nil
}

// callValue is "call": it calls the first operand with the others.
func (k *call) callValue() expr {
	return k.compute(func(args []reflect.Value) (rv reflect.Value, err error) {
		fn, args := args[0], args[1:]
		if !fn.IsValid() {
			return rv, errors.New("call of nil")
		}
		name, typ := fn.String(), fn.Type()
		if len(k.args) > 0 {
			name = k.args[0].node.String()
		}
		if typ.Kind() != reflect.Func {
			return rv, fmt.Errorf("non-function %s of type %s", name, typ)
		}
		if err := checkResults(name, typ); err != nil {
			return rv, err
		}
		switch want := typ.NumIn(); {
		case typ.IsVariadic() && len(args) < want-1:
			return rv, fmt.Errorf("wrong number of args for %s: got %d want at least %d", name, len(args), want-1)
		case !typ.IsVariadic() && len(args) != want:
			return rv, fmt.Errorf("wrong number of args for %s: got %d want %d", name, len(args), want)
		}
		passed := make([]reflect.Value, len(args))
		for i, arg := range args {
			if passed[i], err = passable(arg, parameter(typ, i)); err != nil {
				return rv, fmt.Errorf("arg %d: %w", i, err)
			}
		}
		results := fn.Call(passed)
		if len(results) == 2 {
			err, _ = results[1].Interface().(error)
		}
		return results[0], err
	})
}

// format is a function that makes text of any arguments.
func (k *call) format(f func(args ...any) string) expr {
	typ := reflect.TypeOf(f)
	return k.makeText(typ, func(args []reflect.Value) string { return f(anys(args)...) })
}

func (k *call) printf() expr {
	return k.makeText(reflect.TypeOf(fmt.Sprintf), func(args []reflect.Value) string {
		return fmt.Sprintf(args[0].String(), anys(args[1:])...)
	})
}

func (k *call) makeText(typ reflect.Type, f func(args []reflect.Value) string) expr {
	return textExpr(func(s *run) string {
		first := k.push(s, typ)
		s.calling = &k.callee
		text := f(s.args[first:])
		s.calling = nil
		s.args = s.args[:first]
		return text
	})
}

func anys(args []reflect.Value) []any {
	all := make([]any, len(args))
	for i, arg := range args {
		all[i] = asAny(arg)
	}
	return all
}

// compareKeys is the order in which a range goes over a map: that in which fmt
// prints one.
func compareKeys(a, b reflect.Value) int {
	if a.Type() != b.Type() {
		return -1
	}
	switch basicOf(a) {
	case aString:
		return cmp.Compare(a.String(), b.String())
	case anInt:
		return cmp.Compare(a.Int(), b.Int())
	case aUint:
		return cmp.Compare(a.Uint(), b.Uint())
	case aFloat:
		return cmp.Compare(a.Float(), b.Float())
	case aComplex:
		x, y := a.Complex(), b.Complex()
		return cmp.Or(cmp.Compare(real(x), real(y)), cmp.Compare(imag(x), imag(y)))
	case aBool:
		switch {
		case a.Bool() == b.Bool():
			return 0
		case a.Bool():
			return 1
		}
		return -1
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if order := compareKeys(a.Field(i), b.Field(i)); order != 0 {
				return order
			}
		}
		return 0
	case reflect.Array:
		for i := range a.Len() {
			if order := compareKeys(a.Index(i), b.Index(i)); order != 0 {
				return order
			}
		}
		return 0
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return compareNil(a, b)
		}
		a, b = a.Elem(), b.Elem()
		if order := compareKeys(reflect.ValueOf(a.Type()), reflect.ValueOf(b.Type())); order != 0 {
			return order
		}
		return compareKeys(a, b)
	}
	return cmp.Compare(a.Pointer(), b.Pointer()) // a channel or a pointer; nil is the lowest
}

func compareNil(a, b reflect.Value) int {
	switch {
	case a.IsNil() && b.IsNil():
		return 0
	case a.IsNil():
		return -1
	}
	return 1
}
