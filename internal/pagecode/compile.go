package pagecode

import (
	"fmt"
	"reflect"
	"strings"
	"text/template/parse"
)

// compiler turns the trees of a source into closures.
type compiler struct {
	Source
	templates map[string]*template
	functions map[string]*function

	// Of the template that is being compiled:
	tmpl *template
	vars []string // the variables in scope; the place of one is its slot
}

// unknown is the panic that ends a compilation.
type unknown struct{ error }

// Compile compiles the template entry of src and all that it calls. An error says
// what the compiler does not know; the template may be right for all that.
func Compile(src Source, entry string) (p *Program, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case unknown:
			p, err = nil, r
		default:
			panic(r)
		}
	}()
	c := &compiler{Source: src, templates: map[string]*template{}, functions: map[string]*function{}}
	main := c.template(entry)
	if main == nil {
		return nil, fmt.Errorf("there is no template %q", entry)
	}
	return &Program{main: main, asMap: src.AsMap}, nil
}

func (c *compiler) unknown(node parse.Node, what string) {
	location, _ := c.tmpl.tree.ErrorContext(node)
	panic(unknown{fmt.Errorf("%s: %s", location, what)})
}

// template returns a compiled template, nil if there is none of the name. One
// that calls itself gets its body later.
func (c *compiler) template(name string) *template {
	if t := c.templates[name]; t != nil {
		return t
	}
	tree := c.Trees[name]
	if tree == nil || tree.Root == nil {
		return nil
	}
	t := &template{name: name, tree: tree, slots: 1}
	c.templates[name] = t
	outer := *c
	c.tmpl, c.vars = t, []string{"$"}
	t.body = c.list(tree.Root)
	c.tmpl, c.vars = outer.tmpl, outer.vars
	return t
}

// declare gives a variable its slot.
func (c *compiler) declare(name string) (slot int) {
	c.vars = append(c.vars, name)
	c.tmpl.slots = max(c.tmpl.slots, len(c.vars))
	return len(c.vars) - 1
}

// slot returns where a variable is, -1 if it is not in scope.
func (c *compiler) slot(name string) int {
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i] == name {
			return i
		}
	}
	return -1
}

// scope compiles a list whose variables end with it. To the parser they are in
// scope up to the end of the action, but the list before an else has not run there.
func (c *compiler) scope(list *parse.ListNode) block {
	defer c.endScope(len(c.vars))
	return c.list(list)
}

func (c *compiler) endScope(vars int) { c.vars = c.vars[:vars] }

func (c *compiler) list(list *parse.ListNode) block {
	if list == nil {
		return nil
	}
	b := make(block, 0, len(list.Nodes))
	for _, node := range list.Nodes {
		if step := c.node(node); step != nil {
			b = append(b, step)
		}
	}
	return b
}

func (c *compiler) node(node parse.Node) step {
	switch node := node.(type) {
	case *parse.TextNode:
		text := node.Text
		return func(s *run) control {
			s.out = append(s.out, text...)
			s.wrote()
			return goOn
		}
	case *parse.ActionNode:
		return c.action(node)
	case *parse.CommentNode:
		return nil
	case *parse.IfNode:
		return c.branch(&node.BranchNode, false)
	case *parse.WithNode:
		return c.branch(&node.BranchNode, true)
	case *parse.RangeNode:
		return c.loop(node)
	case *parse.BreakNode:
		return func(*run) control { return breakLoop }
	case *parse.ContinueNode:
		return func(*run) control { return continueLoop }
	case *parse.TemplateNode:
		return c.callTemplate(node)
	case *parse.ListNode:
		return c.list(node).run
	}
	c.unknown(node, fmt.Sprintf("a node of the type %T", node))
	return nil
}

// action prints a value or declares a variable.
func (c *compiler) action(node *parse.ActionNode) step {
	if len(node.Pipe.Decl) > 0 {
		value := c.pipeline(node.Pipe).value
		return func(s *run) control {
			value(s)
			return goOn
		}
	}
	cmds := node.Pipe.Cmds
	n := len(cmds)
	for n > 1 && isEscaper(cmds[n-1]) {
		n--
	}
	escapers := cmds[n:]
	filter := c.nilFilter(cmds[n-1])
	if n > 1 && filter != nil {
		n--
	}
	e := c.commands(node.Pipe, cmds[:n])
	switch {
	case len(escapers) > 0:
		return newEscaping(escapers, filter).print(e)
	case e.text != nil:
		return func(s *run) control {
			s.out = append(s.out, e.text(s)...)
			s.wrote()
			return goOn
		}
	}
	return func(s *run) control {
		v := e.value(s)
		if filter != nil {
			v.rv = filter.apply(v.rv)
		}
		s.at = node
		s.print(v)
		return goOn
	}
}

// nilFilter returns the filter that a command is, if it is one.
func (c *compiler) nilFilter(cmd *parse.CommandNode) NilFilter {
	ident, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok || len(cmd.Args) > 1 {
		return nil
	}
	filter, _ := c.Funcs[ident.Ident].(NilFilter)
	return filter
}

// apply is the filter of a value that is no longer in an interface{}.
func (filter NilFilter) apply(rv reflect.Value) reflect.Value {
	switch rv.Kind() {
	case reflect.Invalid, reflect.Pointer, reflect.Interface:
		return filter(rv)
	}
	return rv
}

// branch is an if or a with.
func (c *compiler) branch(node *parse.BranchNode, with bool) step {
	defer c.endScope(len(c.vars))
	value := c.pipeline(node.Pipe).value
	list, elseList := c.scope(node.List), c.scope(node.ElseList)
	if !with {
		return func(s *run) control {
			if value(s).truth() {
				return list.run(s)
			}
			return elseList.run(s)
		}
	}
	return func(s *run) control {
		v := value(s)
		if !v.truth() {
			return elseList.run(s)
		}
		outer := s.dot
		s.dot = v
		ctl := list.run(s)
		s.dot = outer
		return ctl
	}
}

func (c *compiler) callTemplate(node *parse.TemplateNode) step {
	var dot func(s *run) value
	if node.Pipe == nil {
		dot = func(*run) value { return value{} }
	} else {
		dot = c.pipeline(node.Pipe).value
	}
	t := c.template(node.Name)
	if t == nil {
		return func(s *run) control {
			s.at = node
			s.errorf("template %q not defined", node.Name)
			return goOn
		}
	}
	return func(s *run) control {
		s.at = node
		if s.depth == maxDepth {
			s.errorf("exceeded maximum template depth (%v)", maxDepth)
		}
		v := dot(s)
		tmpl, dot, frame := s.tmpl, s.dot, s.frame
		s.tmpl, s.dot, s.frame = t, v, len(s.vars)
		s.depth++
		for range t.slots {
			s.vars = append(s.vars, value{})
		}
		s.vars[s.frame] = v
		t.body.run(s)
		s.vars = s.vars[:s.frame]
		s.depth--
		s.tmpl, s.dot, s.frame = tmpl, dot, frame
		return goOn
	}
}

// expr is a compiled expression.
type expr struct {
	value func(s *run) value
	text  func(s *run) string // the value, if it is always a string, else nil
}

func textExpr(text func(s *run) string) expr {
	return expr{value: func(s *run) value { return value{rv: reflect.ValueOf(text(s))} }, text: text}
}

// failing is an expression that only ends the run with an error, once it has
// evaluated what comes before it.
func failing(before func(s *run), format string, args ...any) expr {
	return expr{value: func(s *run) value {
		before(s)
		s.errorf(format, args...)
		return value{}
	}}
}

// pipeline compiles a pipeline whole: its commands and the variables it sets.
func (c *compiler) pipeline(pipe *parse.PipeNode) expr {
	e := c.commands(pipe, pipe.Cmds)
	for _, variable := range pipe.Decl {
		e = c.set(variable.Ident[0], pipe.IsAssign, e.value)
	}
	return e
}

// set is value, which becomes that of a variable as well.
func (c *compiler) set(name string, assign bool, get func(s *run) value) expr {
	slot := -1
	if !assign {
		slot = c.declare(name)
	} else if slot = c.slot(name); slot < 0 {
		return failing(func(s *run) { get(s) }, "undefined variable: %s", name)
	}
	return expr{value: func(s *run) value {
		v := get(s)
		s.vars[s.frame+slot] = v
		return v
	}}
}

// commands compiles the commands of a pipeline, each of which gets what the one
// before it gave.
func (c *compiler) commands(pipe *parse.PipeNode, cmds []*parse.CommandNode) (e expr) {
	e = c.command(pipe, cmds[0], nil)
	for _, cmd := range cmds[1:] {
		final := e
		e = c.command(pipe, cmd, &final)
	}
	return e
}

// command compiles one command of a pipeline. What it gives is no longer in an
// interface{}.
func (c *compiler) command(pipe *parse.PipeNode, cmd *parse.CommandNode, final *expr) expr {
	if node, ok := cmd.Args[0].(*parse.FieldNode); ok && len(node.Ident) == 1 && len(cmd.Args) == 1 && final == nil {
		f := newField(node.Ident[0], node)
		return expr{value: func(s *run) value { // the most common of all, in one step
			s.at = node
			return f.get(s, s.dot, nil).unwrapped()
		}}
	}
	e := c.wrapped(pipe, cmd, final)
	if e.text != nil {
		return e
	}
	get := e.value
	return expr{value: func(s *run) value { return get(s).unwrapped() }}
}

// wrapped is command whose value may be in an interface{}.
func (c *compiler) wrapped(pipe *parse.PipeNode, cmd *parse.CommandNode, final *expr) expr {
	first := cmd.Args[0]
	hasArgs := len(cmd.Args) > 1 || final != nil
	switch node := first.(type) {
	case *parse.FieldNode:
		return c.field(node, cmd.Args, final)
	case *parse.ChainNode:
		return c.chain(node, cmd.Args, final)
	case *parse.VariableNode:
		return c.variable(node, cmd.Args, final)
	case *parse.IdentifierNode:
		return c.call(node, cmd, cmd.Args[1:], final)
	case *parse.PipeNode:
		switch {
		case final != nil:
			return failing(before(final, nil), notAFunction, first)
		case hasArgs:
			return failing(before(nil, pipe), notAFunction, first)
		}
		return c.nested(node)
	}
	if hasArgs {
		return failing(before(final, first), notAFunction, first)
	}
	switch node := first.(type) {
	case *parse.DotNode:
		return expr{value: func(s *run) value {
			s.at = node
			return s.dot
		}}
	case *parse.BoolNode, *parse.NumberNode, *parse.StringNode:
		return c.constant(node)
	case *parse.NilNode:
		return failing(before(nil, node), "nil is not a command")
	}
	c.unknown(first, fmt.Sprintf("a command that is a %T", first))
	return expr{}
}

const notAFunction = "can't give argument to non-function %s"

// before evaluates what a pipeline hands over and moves to a node.
func before(final *expr, node parse.Node) func(s *run) {
	return func(s *run) {
		if final != nil {
			final.value(s)
		}
		if node != nil {
			s.at = node
		}
	}
}

// nested is a pipeline in parentheses. A variable declared there may be left
// unset, if an "or" before it has its answer; only text/template can say what its
// name means then.
func (c *compiler) nested(pipe *parse.PipeNode) expr {
	if len(pipe.Decl) > 0 {
		c.unknown(pipe, "a variable declared in parentheses")
	}
	return c.commands(pipe, pipe.Cmds)
}

// constant is a literal that stands for itself.
func (c *compiler) constant(node parse.Node) expr {
	rv, p := ideal(node)
	if p != nil {
		return failing(before(nil, node), p.format, p.args...)
	}
	e := expr{value: func(s *run) value {
		s.at = node
		return value{rv: rv}
	}}
	if rv.Kind() == reflect.String {
		text := rv.String()
		e.text = func(*run) string { return text }
	}
	return e
}

// ideal is the value of a literal where no type is asked for.
func ideal(node parse.Node) (rv reflect.Value, p *problem) {
	switch node := node.(type) {
	case *parse.BoolNode:
		return reflect.ValueOf(node.True), nil
	case *parse.StringNode:
		return reflect.ValueOf(node.Text), nil
	case *parse.NumberNode:
		n := int(node.Int64)
		switch {
		case node.IsComplex:
			return reflect.ValueOf(node.Complex128), nil
		case node.IsFloat && isFloatText(node.Text):
			return reflect.ValueOf(node.Float64), nil
		case node.IsInt && int64(n) == node.Int64:
			return reflect.ValueOf(n), nil
		case node.IsInt || node.IsUint:
			return rv, newProblem("%s overflows int", node.Text)
		}
	}
	return rv, nil
}

// isFloatText reports whether a number is written as a float: 1.0 is one, 1 and
// '.' and 0xe are none.
func isFloatText(text string) bool {
	isHex := len(text) > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && !strings.ContainsAny(text, "pP")
	return !isHex && !strings.HasPrefix(text, "'") && strings.ContainsAny(text, ".eEpP")
}

// variable is $x or $x.Field.
func (c *compiler) variable(node *parse.VariableNode, args []parse.Node, final *expr) expr {
	name := node.Ident[0]
	slot := c.slot(name)
	if slot < 0 {
		return failing(before(final, node), "undefined variable: %s", name)
	}
	get := func(s *run) value {
		s.at = node
		return s.vars[s.frame+slot]
	}
	if len(node.Ident) > 1 {
		return c.fields(node, get, node.Ident[1:], args, final)
	}
	if len(args) > 1 || final != nil {
		return failing(before(final, node), notAFunction, args[0])
	}
	return expr{value: get}
}

// field is .Field.
func (c *compiler) field(node *parse.FieldNode, args []parse.Node, final *expr) expr {
	return c.fields(node, func(s *run) value {
		s.at = node
		return s.dot
	}, node.Ident, args, final)
}

// chain is (pipeline).Field.
func (c *compiler) chain(node *parse.ChainNode, args []parse.Node, final *expr) expr {
	var inner expr
	switch of := node.Node.(type) {
	case *parse.PipeNode:
		inner = c.nested(of)
	case *parse.IdentifierNode:
		if fn, ok := c.Funcs[of.Ident].(Func); ok && fn.Entry != nil && (len(node.Field) > 1 || len(args) <= 1 && final == nil) {
			return c.entry(node, of, fn, args, final)
		}
		inner = c.call(of, of, nil, nil)
	default:
		c.unknown(node, fmt.Sprintf("fields of a %T", of))
	}
	return c.fields(node, func(s *run) value {
		s.at = node.Node
		return inner.value(s)
	}, node.Field, args, final)
}

// entry is a chain that begins with an entry of the map that a function returns.
func (c *compiler) entry(node *parse.ChainNode, ident *parse.IdentifierNode, fn Func, args []parse.Node, final *expr) expr {
	at, name := &callee{ident.Ident, ident}, node.Field[0]
	get := func(s *run) value {
		s.at = ident
		s.calling = at
		v, found := fn.Entry(s.env, name)
		s.calling = nil
		if !found {
			return value{}
		}
		return box(v)
	}
	if len(node.Field) == 1 {
		return expr{value: get}
	}
	return c.fields(node, get, node.Field[1:], args, final)
}

// fields is a chain of names, each a field, key or method of what the one before
// it gave. The arguments are the last one's.
func (c *compiler) fields(node parse.Node, get func(s *run) value, names []string, args []parse.Node, final *expr) expr {
	for _, name := range names[:len(names)-1] {
		get = newField(name, node).of(get)
	}
	last := newField(names[len(names)-1], node)
	if len(args) > 1 {
		last.args = c.arguments(args[1:])
	}
	last.handed = final != nil
	if final == nil {
		return expr{value: last.of(get)}
	}
	return expr{value: func(s *run) value {
		handed := final.value(s)
		return last.get(s, get(s), &handed)
	}}
}
