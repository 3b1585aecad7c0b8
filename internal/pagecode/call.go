package pagecode

import (
	"fmt"
	"reflect"
	"text/template/parse"
)

// function is what a name in front of arguments stands for.
type function struct {
	typ     reflect.Type
	fn      reflect.Value // called by reflection; or
	fast    Func          // without; or
	builtin builtin       // one of Go's own
	hidden  bool          // one of html/template's own, which only it can call
}

// function finds a function as text/template does: those of the source first.
func (c *compiler) function(name string) *function {
	if f, ok := c.functions[name]; ok {
		return f
	}
	var f *function
	switch fn := c.Funcs[name].(type) {
	case nil:
		if isHidden(name) {
			f = &function{typ: hiddenType, hidden: true}
		} else if b, ok := builtins[name]; ok {
			f = &function{typ: reflect.TypeOf(b.like), builtin: b}
		}
	case Func:
		f = &function{typ: fn.Type, fast: fn}
	default:
		f = &function{typ: reflect.TypeOf(fn), fn: reflect.ValueOf(fn)}
	}
	c.functions[name] = f
	return f
}

// call compiles the call of a function. node is what an error of the function
// names, the command or the name alone.
func (c *compiler) call(ident *parse.IdentifierNode, node parse.Node, args []parse.Node, final *expr) expr {
	name := ident.Ident
	f := c.function(name)
	if f == nil {
		return failing(before(final, ident), "%q is not a defined function", name)
	}
	if p := checkArity(name, f.typ, len(args), final != nil); p != nil {
		return failing(before(final, ident), p.format, p.args...)
	}
	call := &call{callee: callee{name, node}, ident: ident, args: c.arguments(args), final: final}
	switch fn := c.Funcs[name].(type) {
	case NilFilter:
		return call.of(func(v value) (reflect.Value, error) { return fn(v.passed().real()), nil })
	case func(reflect.Value) (int, error):
		return call.of(func(v value) (reflect.Value, error) {
			n, err := fn(v.passed().real())
			return reflect.ValueOf(n), err
		})
	}
	switch {
	case f.builtin.compile != nil:
		return f.builtin.compile(call)
	case f.hidden:
		return call.hidden()
	case f.fast.Text != nil:
		return call.text(f)
	case f.fast.Call != nil:
		return call.fast(f)
	}
	return call.reflect(f)
}

// call is a call of a function at its place.
type call struct {
	callee
	ident parse.Node
	args  []argument
	final *expr // what the pipeline hands over as the last argument, or nil
}

// push evaluates the arguments for the parameters of typ and puts them on the
// stack, which began at first before.
func (k *call) push(s *run, typ reflect.Type) (first int) {
	var final value
	if k.final != nil {
		final = k.final.value(s)
	}
	s.at = k.ident
	first = len(s.args)
	for i := range k.args {
		s.args = append(s.args, k.args[i].get(s, parameter(typ, i)))
	}
	if k.final != nil {
		s.args = append(s.args, s.fit(final, parameter(typ, len(k.args))))
	}
	return first
}

func (k *call) fast(f *function) expr {
	return expr{value: func(s *run) value {
		first := k.push(s, f.typ)
		s.calling = &k.callee
		result, err := f.fast.Call(s.env, s.args[first:len(s.args):len(s.args)])
		s.calling = nil
		s.args = s.args[:first]
		if err != nil {
			panic(stopped{s.callFailure(&k.callee, err)})
		}
		return s.result(result, f.typ.Out(0))
	}}
}

func (k *call) text(f *function) expr {
	return textExpr(func(s *run) string {
		first := k.push(s, f.typ)
		s.calling = &k.callee
		text, err := f.fast.Text(s.env, s.args[first:len(s.args):len(s.args)])
		s.calling = nil
		s.args = s.args[:first]
		if err != nil {
			panic(stopped{s.callFailure(&k.callee, err)})
		}
		return text
	})
}

// of is a function of one argument as it is.
func (k *call) of(fn func(v value) (reflect.Value, error)) expr {
	return expr{value: func(s *run) (v value) {
		if k.final != nil {
			v = k.final.value(s)
		}
		s.at = k.ident
		if k.final == nil {
			v = k.args[0].value(s)
		}
		s.calling = &k.callee
		rv, err := fn(v)
		s.calling = nil
		if err != nil {
			panic(stopped{s.callFailure(&k.callee, err)})
		}
		return value{rv: rv}
	}}
}

func (k *call) reflect(f *function) expr {
	return expr{value: func(s *run) value { return s.callReflect(&k.callee, f.fn, k.push(s, f.typ)) }}
}

// callReflect calls fn with the arguments that are on the stack from first on.
func (s *run) callReflect(f *callee, fn reflect.Value, first int) value {
	s.calling = f
	results := fn.Call(s.args[first:])
	s.calling = nil
	s.args = s.args[:first]
	if len(results) == 2 && !results[1].IsNil() {
		panic(stopped{s.callFailure(f, results[1].Interface().(error))})
	}
	return s.result(results[0], results[0].Type())
}

// result is what a function whose result has the type typ returned.
func (s *run) result(rv reflect.Value, typ reflect.Type) value {
	switch {
	case typ == valueType && rv.IsValid() && rv.Type() == valueType:
		return value{rv: rv.Interface().(reflect.Value)}
	case typ == anyType && rv.Kind() == reflect.Interface:
		return value{rv.Elem(), true} // nil too
	}
	return value{rv: rv, boxed: typ == anyType}
}

// parameter is the type of the i-th argument of a function.
func parameter(typ reflect.Type, i int) reflect.Type {
	if last := typ.NumIn() - 1; typ.IsVariadic() && i >= last {
		return typ.In(last).Elem()
	}
	return typ.In(i)
}

// problem is why a call cannot be made: the format and the arguments of an error.
type problem struct {
	format string
	args   []any
}

func newProblem(format string, args ...any) *problem { return &problem{format, args} }

// checkArity says what is wrong with so many arguments, besides the handed one.
func checkArity(name string, typ reflect.Type, args int, handed bool) *problem {
	given := args
	if handed {
		given++
	}
	want := typ.NumIn()
	switch {
	case !typ.IsVariadic() && given != want:
		return newProblem("wrong number of args for %s: want %d got %d", name, want, given)
	case typ.IsVariadic() && given < want-1:
		return newProblem("wrong number of args for %s: want at least %d got %d", name, want-1, args)
	}
	return nil
}

// checkResults says what is wrong with the results of a function.
func checkResults(name string, typ reflect.Type) error {
	switch n := typ.NumOut(); {
	case n == 1 || n == 2 && typ.Out(1) == errorType:
		return nil
	case n == 2:
		return fmt.Errorf("invalid function signature for %s: second return value should be error; is %s", name, typ.Out(1))
	default:
		return fmt.Errorf("function %s has %d return values; should be 1 or 2", name, n)
	}
}

// argument is an argument of a call: something to evaluate, or a literal.
type argument struct {
	node    parse.Node
	eval    func(s *run) value // nil for a literal
	literal reflect.Value      // the literal where any type will do
	problem *problem           // why there is none
}

func (c *compiler) arguments(nodes []parse.Node) []argument {
	args := make([]argument, len(nodes))
	for i, node := range nodes {
		args[i] = c.argument(node)
	}
	return args
}

func (c *compiler) argument(node parse.Node) argument {
	a := argument{node: node}
	switch node := node.(type) {
	case *parse.DotNode:
		a.eval = func(s *run) value { return s.dot }
	case *parse.FieldNode:
		a.eval = c.field(node, nil, nil).value
	case *parse.VariableNode:
		a.eval = c.variable(node, nil, nil).value
	case *parse.PipeNode:
		a.eval = c.nested(node).value
	case *parse.IdentifierNode:
		a.eval = c.call(node, node, nil, nil).value
	case *parse.ChainNode:
		a.eval = c.chain(node, nil, nil).value
	case *parse.NilNode:
	case *parse.BoolNode, *parse.NumberNode, *parse.StringNode:
		a.literal, a.problem = ideal(node)
	default:
		c.unknown(node, fmt.Sprintf("an argument that is a %T", node))
	}
	return a
}

// get evaluates an argument for a parameter of type typ.
func (a *argument) get(s *run, typ reflect.Type) reflect.Value {
	s.at = a.node
	switch {
	case a.eval != nil:
		return s.fit(a.eval(s), typ)
	case a.literal.IsValid() && (typ == anyType || typ == a.literal.Type()):
		return a.literal
	}
	return a.convert(s, typ)
}

// value evaluates an argument that may be of any type.
func (a *argument) value(s *run) value {
	s.at = a.node
	if a.eval != nil {
		return a.eval(s)
	}
	if p := a.problem; p != nil {
		s.errorf(p.format, p.args...)
	}
	return value{rv: a.literal}
}

// convert is the literal as a value of typ, if one can be written so.
func (a *argument) convert(s *run, typ reflect.Type) reflect.Value {
	if _, isNil := a.node.(*parse.NilNode); isNil {
		if !canBeNil(typ) {
			s.errorf("cannot assign nil to %s", typ)
		}
		return reflect.Zero(typ)
	}
	number, _ := a.node.(*parse.NumberNode)
	rv := reflect.New(typ).Elem()
	expected := ""
	switch typ.Kind() {
	case reflect.Bool:
		expected = "bool"
		if n, ok := a.node.(*parse.BoolNode); ok {
			rv.SetBool(n.True)
			return rv
		}
	case reflect.String:
		expected = "string"
		if n, ok := a.node.(*parse.StringNode); ok {
			rv.SetString(n.Text)
			return rv
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		expected = "integer"
		if number != nil && number.IsInt {
			rv.SetInt(number.Int64)
			return rv
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		expected = "unsigned integer"
		if number != nil && number.IsUint {
			rv.SetUint(number.Uint64)
			return rv
		}
	case reflect.Float32, reflect.Float64:
		expected = "float"
		if number != nil && number.IsFloat {
			rv.SetFloat(number.Float64)
			return rv
		}
	case reflect.Complex64, reflect.Complex128:
		expected = "complex"
		if number != nil && number.IsComplex {
			rv.SetComplex(number.Complex128)
			return rv
		}
	default:
		switch {
		case typ == valueType:
			return reflect.ValueOf(a.value(s).rv)
		case typ.Kind() == reflect.Interface && typ.NumMethod() == 0:
			return a.value(s).rv
		}
		s.errorf("can't handle %s for arg of type %s", a.node, typ)
	}
	s.errorf("expected "+expected+"; found %s", a.node)
	return rv
}
