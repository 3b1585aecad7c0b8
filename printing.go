package hipflask

import (
	"reflect"
	"slices"
	texttemplate "text/template"
	"text/template/parse"
)

// printValues has every pipeline that may print a value which is missing or nil
// print nothing for it.
func printValues(trees map[string]*parse.Tree, html bool, funcs texttemplate.FuncMap) {
	printer := printText
	if html {
		printer = printHTML
	}
	for _, tree := range trees {
		var lists []*parse.ListNode
		walk(tree.Root, func(node parse.Node) {
			switch node := node.(type) {
			case *parse.ListNode:
				lists = append(lists, node)
			case *parse.PipeNode:
				for i := len(node.Cmds) - 1; i > 0; i-- {
					if formatsAny(node.Cmds[i]) {
						node.Cmds = slices.Insert(node.Cmds, i, callNode(tree, node, printText))
					}
				}
			case *parse.CommandNode:
				if formatsAny(node) {
					printArguments(tree, node, funcs)
				}
			}
		})
		for _, list := range lists {
			for _, node := range list.Nodes {
				if action, ok := node.(*parse.ActionNode); ok && mayPrintNil(action.Pipe, funcs) {
					action.Pipe.Cmds = append(action.Pipe.Cmds, callNode(tree, action, printer))
				}
			}
		}
	}
}

func mayPrintNil(pipe *parse.PipeNode, funcs texttemplate.FuncMap) bool {
	return len(pipe.Decl) == 0 && !neverNil(pipe.Cmds[len(pipe.Cmds)-1], funcs)
}

// printArguments makes {{html .x}} into {{html (.x | printText)}}.
func printArguments(tree *parse.Tree, command *parse.CommandNode, funcs texttemplate.FuncMap) {
	for i, arg := range command.Args[1:] {
		value := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: arg.Position(), Args: []parse.Node{arg}}
		if arg.Type() != parse.NodeNil && !neverNil(value, funcs) {
			command.Args[i+1] = &parse.PipeNode{NodeType: parse.NodePipe, Pos: arg.Position(),
				Cmds: []*parse.CommandNode{value, callNode(tree, arg, printText)}}
		}
	}
}

func callNode(tree *parse.Tree, at parse.Node, function string) *parse.CommandNode {
	ident := parse.NewIdentifier(function).SetPos(at.Position()).SetTree(tree)
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: at.Position(), Args: []parse.Node{ident}}
}

// formatsAny reports whether the command is one of Go's functions that make text
// of anything, of nil too: {{.x | urlquery}}.
func formatsAny(command *parse.CommandNode) bool {
	ident, ok := command.Args[0].(*parse.IdentifierNode)
	return ok && slices.Contains([]string{"html", "js", "urlquery", "print", "println"}, ident.Ident)
}

// neverNil reports whether the command is a literal or a function whose result
// cannot be nil.
func neverNil(command *parse.CommandNode, funcs texttemplate.FuncMap) bool {
	switch word := command.Args[0].(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return true
	case *parse.IdentifierNode:
		fn, ok := funcs[word.Ident]
		if !ok {
			// One of Go's own; these four return what they are given.
			return !slices.Contains([]string{"and", "or", "index", "call"}, word.Ident)
		}
		kind := reflect.TypeOf(fn).Out(0).Kind()
		return kind != reflect.Interface && kind != reflect.Pointer
	}
	return false
}
