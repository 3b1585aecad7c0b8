package hipflask

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"reflect"
	"slices"
	texttemplate "text/template"
	"text/template/parse"

	"github.com/hipflask/hipflask/internal/pagecode"
)

// TemplateFunc makes fn callable in every page, {{name .x}} or {{.x | name}}.
// It is Flask's template_filter, template_global and template_test in one.
//
// fn returns one value, or a value and an error, which stops the page. If its
// first parameter is a *Context it gets the request's, and the page does not
// pass it. Pages run at the same time, so fn must not change what they share.
//
// As Flask's filters get an undefined value, fn gets one that is missing: as the
// zero value of a bool, number, slice or map. A string parameter takes any value
// as it prints, "" for a missing one, and a number any number that it can hold.
// For parameters of other types a value must have that type.
//
// A function takes the place of a sprig function or an earlier one of its name.
// TemplateFunc panics if fn is no such function, or if name is one that
// hipflask or Go's templates define themselves, such as url_for or len.
func (a *App) TemplateFunc(name string, fn any) {
	a.setup("TemplateFunc")
	checkTemplateFunc(name, fn)
	if a.templateFuncs == nil {
		a.templateFuncs = map[string]any{}
	}
	a.templateFuncs[name] = fn
}

// checkTemplateFunc panics as TemplateFunc says.
func checkTemplateFunc(name string, fn any) {
	if ownFuncs[name] != nil || goFuncs[name] != nil || slices.Contains(goWords, name) {
		panic(fmt.Sprintf("hipflask: TemplateFunc(%q): the name is taken by a built-in function; choose another", name))
	}
	if v := reflect.ValueOf(fn); v.Kind() == reflect.Func && v.IsNil() {
		panic(fmt.Sprintf("hipflask: TemplateFunc(%q): the function is nil", name))
	}
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("hipflask: TemplateFunc(%q): %v", name, r))
		}
	}()
	texttemplate.New("").Funcs(texttemplate.FuncMap{name: fn}) // panics if it cannot be called
}

// ContextProcessor adds values to every page, as Flask's context_processor
// does: an App's to all pages, a Blueprint's to those of its own routes. fn is
// called once for each page. Under the same name a later processor wins over an
// earlier one, a blueprint's over the App's, and the data given to
// [Context.Render] over all.
func (s *scaffold) ContextProcessor(fn func(c *Context) Data) {
	s.setup("ContextProcessor")
	mustNotBeNil("ContextProcessor", "function", fn == nil)
	s.processors = append(s.processors, fn)
}

// goFuncs are the functions of Go's templates, which html/template's escaping relies
// on, as the parser takes them.
var goFuncs = map[string]any{
	"and": true, "call": true, "eq": true, "ge": true, "gt": true, "html": true, "index": true, "js": true, "le": true, "len": true, "lt": true,
	"ne": true, "not": true, "or": true, "print": true, "printf": true, "println": true, "slice": true, "urlquery": true,
}

// goWords are the words of Go's templates that are no functions.
var goWords = []string{"block", "break", "continue", "define", "else", "end", "false", "if", "nil", "range", "template", "true", "with"}

// pageRequest is a page being rendered for a request: what its functions know.
type pageRequest struct {
	c      *Context
	w      io.Writer // what the page is written to
	config func() map[string]any
	g      map[string]any
}

// ownFuncs are the functions that hipflask itself defines, as pages call them.
var ownFuncs = map[string]any{
	"session": withEntries(requestFunc(func(r *pageRequest) map[string]any { return r.c.Session().templateMap() }),
		func(r *pageRequest, key string) (any, bool) { return r.c.Session().templateValue(key) }),
	"g": withEntries(requestFunc((*pageRequest).contextValues),
		func(r *pageRequest, key string) (any, bool) { return r.c.contextValue(key) }),
	"config":  requestFunc(func(r *pageRequest) map[string]any { return r.config() }),
	"request": requestFunc((*pageRequest).request),
	"get_flashed_messages": pagecode.Func{
		Type: reflect.TypeFor[func(...any) ([]Message, error)](),
		Call: func(env any, args []reflect.Value) (reflect.Value, error) {
			messages, err := env.(*pageRequest).flashedMessages(anys(args)...)
			return reflect.ValueOf(messages), err
		},
	},
	"url_for": pagecode.Func{
		Type: reflect.TypeFor[func(string, ...any) (string, error)](),
		Text: func(env any, args []reflect.Value) (string, error) {
			return env.(*pageRequest).c.URLFor(args[0].String(), anys(args[1:])...)
		},
	},
	"flush": pagecode.Func{
		Type: reflect.TypeFor[func() (template.JS, error)](),
		Call: func(env any, _ []reflect.Value) (reflect.Value, error) { return noScript, env.(*pageRequest).flush() },
	},
	"safe":    bind(func(markup any) template.HTML { return template.HTML(asText(markup)) }),
	"len":     length,
	"tojson":  bind(tojson),
	"extends": misplaced, // gone before a page runs: extends.go
	"super":   misplaced,
	printHTML: pagecode.NilFilter(htmlValue),
	printText: pagecode.NilFilter(textValue),
}

// requestFunc is a function without arguments that knows the request.
func requestFunc[R any](fn func(r *pageRequest) R) pagecode.Func {
	return pagecode.Func{
		Type: reflect.TypeFor[func() R](),
		Call: func(env any, _ []reflect.Value) (reflect.Value, error) {
			return reflect.ValueOf(fn(env.(*pageRequest))), nil
		},
	}
}

// withEntries adds the way to one entry of what the function returns.
func withEntries(f pagecode.Func, entry func(r *pageRequest, key string) (any, bool)) pagecode.Func {
	f.Entry = func(env any, key string) (any, bool) { return entry(env.(*pageRequest), key) }
	return f
}

// noScript is what prints nothing anywhere, in a script neither.
var noScript = reflect.ValueOf(template.JS(""))

// flush sends what a streamed page has written.
func (r *pageRequest) flush() error {
	if s, streams := r.w.(*pageStream); streams {
		return s.Flush()
	}
	return nil
}

// checkRequest finds the fields of request that it does not have, such as those
// of Flask's: {{request.path}}.
func checkRequest(tree *parse.Tree) (errs []error) {
	walk(tree.Root, func(node parse.Node) {
		chain, ok := node.(*parse.ChainNode)
		if !ok {
			return
		}
		function, ok := chain.Node.(*parse.IdentifierNode)
		if !ok || function.Ident != "request" {
			return
		}
		if name := unknownField(reflect.TypeFor[*http.Request](), chain.Field); name != "" {
			hint := cmp.Or(flaskRequest[name], "go doc net/http.Request lists what there is")
			errs = append(errs, mistake(tree, chain, "request is net/http's and has no %s: %s", name, hint))
		}
	})
	return errs
}

// flaskRequest says what to write for the names that Flask's pages use most.
var flaskRequest = map[string]string{
	"args":        `write request.URL.Query.Get "name"`,
	"endpoint":    "give it to the page by a function with a *Context, App.TemplateFunc",
	"form":        `give the value to the page, or write request.PostForm.Get "name"`,
	"full_path":   "write request.URL.RequestURI",
	"headers":     `write request.Header.Get "Name"`,
	"host":        "write request.Host",
	"method":      "write request.Method",
	"path":        "write request.URL.Path",
	"referrer":    "write request.Referer",
	"remote_addr": "write request.RemoteAddr, or behind a proxy give Context.RemoteAddr to the page",
	"user_agent":  "write request.UserAgent",
}

// unknownField returns the first of the names, each a field or a method of what
// the one before it is, that does not exist; "" if all do, or if only a value
// can tell.
func unknownField(t reflect.Type, names []string) string {
	for _, name := range names {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Interface {
			return ""
		}
		if method, found := reflect.PointerTo(t).MethodByName(name); found {
			if method.Type.NumOut() == 0 {
				return ""
			}
			t = method.Type.Out(0)
			continue
		}
		if t.Kind() != reflect.Struct {
			return "" // a map may have any name
		}
		field, isField := t.FieldByName(name)
		if !isField || !field.IsExported() {
			return name
		}
		t = field.Type
	}
	return ""
}

func misplaced(...any) (string, error) {
	return "", fmt.Errorf("hipflask: extends and super are no functions")
}

// request is the http.Request, with the form if the handler has read it.
func (r *pageRequest) request() *http.Request {
	r.c.showForm()
	return r.c.Request
}

func (r *pageRequest) contextValues() map[string]any {
	if r.g == nil {
		r.g = r.c.g()
	}
	return r.g
}

// flashedMessages is get_flashed_messages with Flask's keyword arguments as
// pairs: "with_categories" true, "category_filter" "error". category_filter takes
// a name or a list of names, and may be repeated.
//
// The messages always carry their category, so with_categories changes nothing:
//
//	{{range get_flashed_messages}}<p class="{{.Category}}">{{.Text}}</p>{{end}}
//
// Flask's loop over pairs, {{range $category, $message := …}}, would number the
// messages in Go, so Check refuses it together with with_categories.
func (r *pageRequest) flashedMessages(options ...any) ([]Message, error) {
	var categories []string
	if len(options)%2 != 0 {
		return nil, fmt.Errorf(`hipflask: get_flashed_messages takes pairs: "with_categories" true, "category_filter" "error"`)
	}
	for i := 0; i < len(options); i += 2 {
		switch name, value := options[i], options[i+1]; name {
		case "with_categories":
			if _, ok := value.(bool); !ok {
				return nil, fmt.Errorf("hipflask: get_flashed_messages: with_categories is true or false, not %v", value)
			}
		case "category_filter":
			names, ok := stringList(value)
			if !ok {
				return nil, fmt.Errorf("hipflask: get_flashed_messages: category_filter is a name or a list of names, not %v", value)
			}
			categories = append(categories, names...)
		default:
			return nil, fmt.Errorf("hipflask: get_flashed_messages has no option %v, only with_categories and category_filter", name)
		}
	}
	return r.c.FlashedMessages(categories...), nil
}

// stringList takes a string, a []string, or the []any that sprig's list makes.
func stringList(value any) (list []string, ok bool) {
	switch value := value.(type) {
	case string:
		return []string{value}, true
	case []string:
		return value, true
	case []any:
		for _, v := range value {
			s, ok := v.(string)
			if !ok {
				return nil, false
			}
			list = append(list, s)
		}
		return list, true
	}
	return nil, false
}

// tojson is Jinja's: JSON for a script or a data attribute. In a <script>,
// {{.x}} alone does the same; sprig's toJson there makes a quoted string.
func tojson(v any) (template.JS, error) {
	b, err := json.Marshal(v) // which escapes < > & already
	return template.JS(bytes.ReplaceAll(b, []byte("'"), []byte(`\u0027`))), err
}

// A value that is missing or nil prints nothing. html/template sees to it except
// for nil pointers, text/template not at all; so printValues ends the pipelines
// that could print one with htmlValue or textValue.
const (
	printHTML = "_hipflask_html"
	printText = "_hipflask_text"
)

// htmlValue turns a nil pointer into a plain nil, which html/template prints as
// nothing, and as null in a script. Like textValue it takes and returns a
// reflect.Value, which costs the executor nothing.
func htmlValue(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer && nilValue(v) {
		return reflect.Value{}
	}
	return v
}

// textValue turns what is missing into "". A reflect.Value keeps what is a variable
// one, so that text/template still finds a String method with a pointer receiver.
func textValue(v reflect.Value) reflect.Value {
	if nilValue(v) {
		return noText
	}
	return v
}

var noText = reflect.ValueOf("")

func nilValue(v reflect.Value) bool {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return !v.IsValid()
}

// bind makes a function ready for pages: it gets the *Context of the request if it
// takes one, and its parameters are as lenient as TemplateFunc says. Functions of
// the common types are called without reflection, which would be slower.
func bind(fn any) any {
	switch fn := fn.(type) {
	case func(string) string:
		return call1(fn)
	case func(any) string:
		return call1(fn)
	case func(any) (string, error):
		return call1Err(fn)
	case func(any) template.HTML:
		return call1(fn)
	case func(any) (template.JS, error):
		return call1Err(fn)
	case func(string) bool:
		return call1(fn)
	case func(any) bool:
		return call1(fn)
	case func(any) any:
		return call1(fn)
	case func(any) ([]any, error):
		return call1Err(fn)
	case func(any) ([]string, error):
		return call1Err(fn)
	case func(any) int:
		return call1(fn)
	case func(any) int64:
		return call1(fn)
	case func(any) float64:
		return call1(fn)
	case func(int) string:
		return call1(fn)
	case func(int) ([]int, error):
		return call1Err(fn)
	case func(int64) string:
		return call1(fn)
	case func(float64) string:
		return call1(fn)
	case func(string, string) string:
		return call2(fn)
	case func(string, string) bool:
		return call2(fn)
	case func(string, string) ([]string, error):
		return call2Err(fn)
	case func(string, any) string:
		return call2(fn)
	case func(string, any) (string, error):
		return call2Err(fn)
	case func(string, any) bool:
		return call2(fn)
	case func(int, string) string:
		return call2(fn)
	case func(int, string) (string, error):
		return call2Err(fn)
	case func(any, any) int64:
		return call2(fn)
	case func(any, any) (bool, error):
		return call2Err(fn)
	case func(any, any) ([]any, error):
		return call2Err(fn)
	case func(map[string]any, string) any:
		return call2(fn)
	case func(map[string]any, string) bool:
		return call2(fn)
	case func(string, string, string) string:
		return call3(fn)
	case func(string, string, string) (string, error):
		return call3Err(fn)
	case func(string, any, string) string:
		return call3(fn)
	case func(string, string, int) string:
		return call3(fn)
	case func(any, any, bool) any:
		return call3(fn)
	case func(...any) string:
		return callAll(fn)
	case func(...any) int64:
		return callAll(fn)
	case func(...any) any:
		return callAll(fn)
	case func(...any) []any:
		return callAll(fn)
	case func(...any) map[string]any:
		return callAll(fn)
	case func(any, ...any) any:
		return callRest(fn)
	case func(any, ...any) int64:
		return callRest(fn)
	}
	return bindReflect(reflect.ValueOf(fn))
}

func call1[A, R any](fn func(A) R) pagecode.Func {
	return call1Err(func(a A) (R, error) { return fn(a), nil })
}

func call1Err[A, R any](fn func(A) (R, error)) pagecode.Func {
	return lenientFunc(fn, func(args []reflect.Value) (r R, err error) {
		a, err := take[A](args[0])
		if err != nil {
			return r, err
		}
		return fn(a)
	})
}

func call2[A, B, R any](fn func(A, B) R) pagecode.Func {
	return call2Err(func(a A, b B) (R, error) { return fn(a, b), nil })
}

func call2Err[A, B, R any](fn func(A, B) (R, error)) pagecode.Func {
	return lenientFunc(fn, func(args []reflect.Value) (r R, err error) {
		a, err := take[A](args[0])
		if err != nil {
			return r, err
		}
		b, err := take[B](args[1])
		if err != nil {
			return r, err
		}
		return fn(a, b)
	})
}

func call3[A, B, C, R any](fn func(A, B, C) R) pagecode.Func {
	return call3Err(func(a A, b B, c C) (R, error) { return fn(a, b, c), nil })
}

func call3Err[A, B, C, R any](fn func(A, B, C) (R, error)) pagecode.Func {
	return lenientFunc(fn, func(args []reflect.Value) (r R, err error) {
		a, err := take[A](args[0])
		if err != nil {
			return r, err
		}
		b, err := take[B](args[1])
		if err != nil {
			return r, err
		}
		c, err := take[C](args[2])
		if err != nil {
			return r, err
		}
		return fn(a, b, c)
	})
}

func callAll[R any](fn func(...any) R) pagecode.Func {
	return lenientFunc(fn, func(args []reflect.Value) (R, error) { return fn(anys(args)...), nil })
}

func callRest[R any](fn func(any, ...any) R) pagecode.Func {
	return lenientFunc(fn, func(args []reflect.Value) (R, error) { return fn(asAny(args[0]), anys(args[1:])...), nil })
}

// lenientFunc is a Func of the type of fn, but for lenient parameters.
func lenientFunc[R any](fn any, call func(args []reflect.Value) (R, error)) pagecode.Func {
	t := reflect.TypeOf(fn)
	f := pagecode.Func{Type: reflect.FuncOf(lenientTypes(t), []reflect.Type{t.Out(0), reflect.TypeFor[error]()}, t.IsVariadic())}
	if text, ok := any(call).(func(args []reflect.Value) (string, error)); ok {
		f.Text = func(_ any, args []reflect.Value) (string, error) { return text(args) }
		return f
	}
	f.Call = func(_ any, args []reflect.Value) (reflect.Value, error) {
		result, err := call(args)
		return reflect.ValueOf(result), err
	}
	return f
}

// take is an argument as a value of type T.
func take[T any](arg reflect.Value) (value T, err error) {
	switch p := any(&value).(type) {
	case *string:
		*p = textOf(arg)
	case *any:
		*p = asAny(arg)
	default:
		return asType[T](asAny(arg))
	}
	return value, nil
}

// textOf is asText for a reflect.Value.
func textOf(v reflect.Value) string {
	if v.Kind() == reflect.String && v.Type() == reflect.TypeFor[string]() {
		return v.String()
	}
	return asText(asAny(v))
}

func asAny(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}

func anys(args []reflect.Value) []any {
	all := make([]any, len(args))
	for i, arg := range args {
		all[i] = asAny(arg)
	}
	return all
}

// bindReflect is bind for any signature.
func bindReflect(fn reflect.Value) any {
	t := fn.Type()
	params := slices.Collect(t.Ins())
	withContext := len(params) > 0 && params[0] == reflect.TypeFor[*Context]()
	if withContext {
		params = params[1:]
	}
	in := lenientTypes(t)
	if withContext {
		in = in[1:]
	} else if slices.Equal(in, params) {
		return fn.Interface()
	}
	return pagecode.Func{
		Type: reflect.FuncOf(in, []reflect.Type{t.Out(0), reflect.TypeFor[error]()}, t.IsVariadic()),
		Call: func(env any, given []reflect.Value) (result reflect.Value, err error) {
			args := make([]reflect.Value, 0, len(given)+1)
			if withContext {
				args = append(args, reflect.ValueOf(env.(*pageRequest).c))
			}
			for i, arg := range given {
				param, seen := params[min(i, len(params)-1)], in[min(i, len(params)-1)]
				if t.IsVariadic() && i >= len(params)-1 {
					param, seen = param.Elem(), seen.Elem()
				}
				if seen != param {
					if arg, err = convert(arg, param); err != nil {
						return reflect.Zero(t.Out(0)), err
					}
				}
				args = append(args, arg)
			}
			results := fn.Call(args)
			if len(results) == 2 {
				err, _ = results[1].Interface().(error)
			}
			return results[0], err
		},
	}
}

// goFunc makes a function of a page an ordinary one, as html/template takes it, for
// the request of r. It is for pages that are not compiled.
func goFunc(fn any, r *pageRequest) any {
	f, ok := fn.(pagecode.Func)
	if filter, ok := fn.(pagecode.NilFilter); ok {
		return (func(reflect.Value) reflect.Value)(filter)
	}
	if !ok {
		return fn
	}
	out := slices.Collect(f.Type.Outs())
	return reflect.MakeFunc(f.Type, func(args []reflect.Value) []reflect.Value {
		if last := len(args) - 1; f.Type.IsVariadic() {
			rest := args[last]
			args = args[:last:last]
			for i := range rest.Len() {
				args = append(args, rest.Index(i))
			}
		}
		for i, arg := range args {
			if arg.Kind() == reflect.Interface && !arg.IsNil() {
				args[i] = arg.Elem()
			}
		}
		var result reflect.Value
		var err error
		if f.Text != nil {
			var text string
			text, err = f.Text(r, args)
			result = reflect.ValueOf(text)
		} else {
			result, err = f.Call(r, args)
		}
		returned := reflect.New(out[0]).Elem()
		if result.IsValid() {
			returned.Set(result)
		}
		if len(out) == 1 {
			return []reflect.Value{returned}
		}
		return []reflect.Value{returned, reflect.ValueOf(&err).Elem()}
	}).Interface()
}

// lenientTypes are the types of the parameters that pages see in place of t's.
func lenientTypes(t reflect.Type) []reflect.Type {
	in := slices.Collect(t.Ins())
	for i, param := range in {
		in[i] = lenientType(param, t.IsVariadic() && i == len(in)-1)
	}
	return in
}

// lenientType returns the type that a page's function has in place of t: any
// where convert knows what to do with a value that is no t.
func lenientType(t reflect.Type, variadic bool) reflect.Type {
	if variadic {
		return reflect.SliceOf(lenientType(t.Elem(), false))
	}
	kind := t.Kind()
	if t == reflect.TypeFor[string]() || kind == reflect.Bool || isNumber(kind) || kind == reflect.Slice || kind == reflect.Map {
		return reflect.TypeFor[any]()
	}
	return t
}

func isNumber(kind reflect.Kind) bool { return kind >= reflect.Int && kind <= reflect.Float64 }

// convert returns v, in an interface or not, as a t.
func convert(v reflect.Value, t reflect.Type) (reflect.Value, error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return convertOne(v, t)
}

func convertOne(v reflect.Value, t reflect.Type) (reflect.Value, error) {
	if nilValue(v) {
		return reflect.Zero(t), nil
	}
	if v.Type() == t {
		return v, nil
	}
	if t == reflect.TypeFor[string]() {
		return reflect.ValueOf(asText(v.Interface())), nil
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Type().AssignableTo(t) || v.Kind() == reflect.Bool && t.Kind() == reflect.Bool {
		return v.Convert(t), nil
	}
	if isNumber(v.Kind()) && isNumber(t.Kind()) && holds(t, v) {
		return v.Convert(t), nil
	}
	return v, fmt.Errorf("wrong type for value; expected %s; got %s", t, v.Type())
}

// holds reports whether the number v is one of type t. Only a float may round it.
func holds(t reflect.Type, v reflect.Value) bool {
	n := v.Convert(t)
	if n.CanFloat() {
		return true
	}
	float := reflect.TypeFor[float64]()
	sameSign := (n.Convert(float).Float() < 0) == (v.Convert(float).Float() < 0)
	return sameSign && n.Convert(v.Type()).Equal(v)
}

// asText returns a value as it prints: nothing if it is missing or nil.
func asText(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	v := reflect.ValueOf(value)
	if nilValue(v) {
		return ""
	}
	switch value := value.(type) {
	case error:
		return value.Error()
	case fmt.Stringer:
		return value.String()
	case []byte:
		return string(value)
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	return fmt.Sprint(v.Interface())
}

// asType is convertOne for a type known here.
func asType[T any](value any) (T, error) {
	if t, ok := value.(T); ok {
		return t, nil
	}
	var t T
	v, err := convertOne(reflect.ValueOf(value), reflect.TypeFor[T]())
	if err == nil {
		reflect.ValueOf(&t).Elem().Set(v)
	}
	return t, err
}

// length is Go's len, which refuses what is missing: that is of length 0.
func length(v reflect.Value) (int, error) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Invalid:
		return 0, nil
	case reflect.Array, reflect.Chan, reflect.Map, reflect.Slice, reflect.String:
		return v.Len(), nil
	}
	return 0, fmt.Errorf("len of type %s", v.Type())
}
