package pagecode

import (
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// loop is a range as it runs.
type loop struct {
	index      int // the slots of its variables, -1 for none
	elem       int
	variables  int
	body, none block
}

func (c *compiler) loop(node *parse.RangeNode) step {
	defer c.endScope(len(c.vars))
	get := c.pipeline(node.Pipe).value
	l := &loop{index: -1, elem: -1, variables: len(node.Pipe.Decl)}
	switch slots := c.slots(node.Pipe); l.variables {
	case 1:
		l.elem = slots[0]
	case 2:
		l.index, l.elem = slots[0], slots[1]
	}
	l.body, l.none = c.scope(node.List), c.scope(node.ElseList)
	return func(s *run) control {
		rv, _ := indirect(get(s).rv)
		outer := s.dot
		ran := l.run(s, rv)
		s.dot = outer
		if !ran && l.none.run(s) == continueLoop {
			return continueLoop // a break ends nothing there, in text/template neither
		}
		return goOn
	}
}

// slots are those of the variables that a loop declared or assigns to.
func (c *compiler) slots(pipe *parse.PipeNode) (slots []int) {
	for i, variable := range pipe.Decl {
		if pipe.IsAssign {
			slots = append(slots, c.slot(variable.Ident[0]))
		} else {
			slots = append(slots, len(c.vars)-len(pipe.Decl)+i)
		}
	}
	return slots
}

// once runs the body for one element. It reports whether the loop goes on.
func (l *loop) once(s *run, index, elem value) bool {
	if l.index >= 0 {
		s.vars[s.frame+l.index] = index
	}
	if l.elem >= 0 {
		s.vars[s.frame+l.elem] = elem
	}
	s.dot = elem
	return l.body.run(s) != breakLoop
}

// run runs the body for each element. It reports whether there was one.
func (l *loop) run(s *run, rv reflect.Value) (ran bool) {
	switch rv.Kind() {
	case reflect.Slice, reflect.Array:
		for i := 0; i < rv.Len(); i++ {
			ran = true
			if !l.once(s, l.number(i), value{rv: rv.Index(i)}) {
				break
			}
		}
		return ran
	case reflect.Map:
		return l.runMap(s, rv)
	case reflect.Invalid:
		return false
	case reflect.Chan:
		return l.runChan(s, rv)
	case reflect.Func:
		typ := rv.Type()
		switch {
		case typ.CanSeq() && l.variables > 1:
			s.errorf("can't use %v iterate over more than one variable", rv)
		case typ.CanSeq():
			return l.runSeq(s, rv)
		case typ.CanSeq2():
			return l.runSeq2(s, rv)
		}
	}
	if rv.CanInt() || rv.CanUint() {
		if l.variables > 1 {
			s.errorf("can't use %v to iterate over more than one variable", rv)
		}
		return l.runSeq(s, rv)
	}
	s.errorf("range can't iterate over %v", rv)
	return false
}

// number is an index, if the loop wants one.
func (l *loop) number(i int) value {
	if l.index < 0 {
		return value{}
	}
	return value{rv: reflect.ValueOf(i)}
}

func (l *loop) runMap(s *run, rv reflect.Value) (ran bool) {
	if rv.Len() == 0 {
		return false
	}
	// What the body does to the map changes nothing: the entries are those of now.
	if m, ok := s.mapOf(rv); ok {
		type pair struct {
			key   string
			value any
		}
		pairs := make([]pair, 0, len(m))
		for key, value := range m {
			pairs = append(pairs, pair{key, value})
		}
		slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
		for _, p := range pairs {
			var key value
			if l.index >= 0 {
				key.rv = reflect.ValueOf(p.key)
			}
			if !l.once(s, key, box(p.value)) {
				break
			}
		}
		return true
	}
	pairs := make([][2]reflect.Value, 0, rv.Len())
	for iter := rv.MapRange(); iter.Next(); {
		pairs = append(pairs, [2]reflect.Value{iter.Key(), iter.Value()})
	}
	slices.SortStableFunc(pairs, func(a, b [2]reflect.Value) int { return compareKeys(a[0], b[0]) })
	for _, p := range pairs {
		if !l.once(s, value{rv: p[0]}, value{rv: p[1]}) {
			break
		}
	}
	return true
}

func (l *loop) runChan(s *run, rv reflect.Value) (ran bool) {
	if rv.IsNil() {
		return false
	}
	if rv.Type().ChanDir() == reflect.SendDir {
		s.errorf("range over send-only channel %v", rv)
	}
	for i := 0; ; i++ {
		elem, ok := rv.Recv()
		if !ok {
			return i > 0
		}
		if !l.once(s, l.number(i), value{rv: elem}) {
			return true
		}
	}
}

func (l *loop) runSeq(s *run, rv reflect.Value) (ran bool) {
	for elem := range rv.Seq() {
		ran = true
		if !l.once(s, value{}, value{rv: elem}) {
			break
		}
	}
	return ran
}

func (l *loop) runSeq2(s *run, rv reflect.Value) (ran bool) {
	for index, elem := range rv.Seq2() {
		ran = true
		if l.variables < 2 {
			index, elem = reflect.Value{}, index
		}
		if !l.once(s, value{rv: index}, value{rv: elem}) {
			break
		}
	}
	return ran
}
