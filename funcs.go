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
	if _, own := (&requestFuncs{}).funcs()[name]; own || slices.Contains(goFuncs, name) {
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

// goFuncs are the functions and words of Go's templates, which html/template's
// escaping relies on.
var goFuncs = []string{
	"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or",
	"print", "printf", "println", "slice", "urlquery",
	"block", "break", "continue", "define", "else", "end", "false", "if", "nil", "range", "template", "true", "with",
}

// requestFuncs are the functions bound to a request. Each copy of a page has
// its own and sets c for as long as it runs.
type requestFuncs struct {
	c      *Context
	w      io.Writer // what the page is written to
	config func() map[string]any
	g      map[string]any
}

// funcs returns all that hipflask itself defines.
func (r *requestFuncs) funcs() texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"session":              func() map[string]any { return r.c.Session().templateMap() },
		"get_flashed_messages": r.flashedMessages,
		"url_for":              func(endpoint string, values ...any) (string, error) { return r.c.URLFor(endpoint, values...) },
		"request":              func() *http.Request { return r.c.Request },
		"g":                    r.contextValues,
		"config":               func() map[string]any { return r.config() },
		"safe":                 func(markup any) template.HTML { return template.HTML(asText(markup)) },
		"flush":                r.flush,
		"len":                  length,
		"tojson":               tojson,
		"extends":              misplaced, // gone before a page runs: extends.go
		"super":                misplaced,
		printHTML:              htmlValue,
		printText:              textValue,
		stopPage:               func() (string, error) { return "", errStopped },
	}
}

// flush sends what a streamed page has written. What it returns prints nothing
// anywhere, in a script neither.
func (r *requestFuncs) flush() (template.JS, error) {
	if s, streams := r.w.(*pageStream); streams {
		return "", s.Flush()
	}
	return "", nil
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

// set points the functions at a request and its page; nil clears them.
func (r *requestFuncs) set(c *Context, w io.Writer) { r.c, r.w, r.g = c, w, nil }

func (r *requestFuncs) contextValues() map[string]any {
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
func (r *requestFuncs) flashedMessages(options ...any) ([]Message, error) {
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
	stopPage  = "_hipflask_stop"
)

// htmlValue turns a nil pointer into a plain nil, which html/template prints as
// nothing, and as null in a script.
func htmlValue(v any) any {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && nilValue(r) {
		return nil
	}
	return v
}

// textValue takes and returns a reflect.Value so that text/template still finds
// a String method with a pointer receiver.
func textValue(v reflect.Value) reflect.Value {
	if nilValue(v) {
		return reflect.ValueOf("")
	}
	return v
}

func nilValue(v reflect.Value) bool {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return !v.IsValid()
}

// bind makes fn ready for a copy of a page: it gets the *Context of r if it takes
// one, and its parameters are as lenient as TemplateFunc says. The common
// signatures are bound without reflection, which would be slower.
func bind(fn any, r *requestFuncs) any {
	switch fn := fn.(type) {
	case func(string) string:
		return func(s any) string { return fn(asText(s)) }
	case func(string) bool:
		return func(s any) bool { return fn(asText(s)) }
	case func(string, string) string:
		return func(a, b any) string { return fn(asText(a), asText(b)) }
	case func(string, string) bool:
		return func(a, b any) bool { return fn(asText(a), asText(b)) }
	case func(string, string) ([]string, error):
		return func(a, b any) ([]string, error) { return fn(asText(a), asText(b)) }
	case func(string, any) (string, error):
		return func(a, b any) (string, error) { return fn(asText(a), b) }
	case func(string, any) string:
		return func(a, b any) string { return fn(asText(a), b) }
	case func(string, string, string) string:
		return func(a, b, c any) string { return fn(asText(a), asText(b), asText(c)) }
	case func(string, string, string) (string, error):
		return func(a, b, c any) (string, error) { return fn(asText(a), asText(b), asText(c)) }
	case func(int) string:
		return lenient1(fn)
	case func(int64) string:
		return lenient1(fn)
	case func(float64) string:
		return lenient1(fn)
	case func(int, string) string:
		return lenient2(fn)
	case func(int, string) (string, error):
		return func(n, s any) (string, error) {
			i, err := asType[int](n)
			if err != nil {
				return "", err
			}
			return fn(i, asText(s))
		}
	case func(map[string]any, string) any: // get
		return lenient2(fn)
	case func(map[string]any, string) bool: // hasKey
		return lenient2(fn)
	}
	return bindReflect(reflect.ValueOf(fn), r)
}

func lenient1[A, R any](fn func(A) R) func(a any) (R, error) {
	return func(a any) (result R, err error) {
		given, err := asType[A](a)
		if err != nil {
			return result, err
		}
		return fn(given), nil
	}
}

func lenient2[A, R any](fn func(A, string) R) func(a, b any) (R, error) {
	return func(a, b any) (result R, err error) {
		given, err := asType[A](a)
		if err != nil {
			return result, err
		}
		return fn(given, asText(b)), nil
	}
}

// bindReflect is bind for any signature.
func bindReflect(fn reflect.Value, r *requestFuncs) any {
	t := fn.Type()
	params := slices.Collect(t.Ins())
	withContext := len(params) > 0 && params[0] == reflect.TypeFor[*Context]()
	if withContext {
		params = params[1:]
	}
	in := make([]reflect.Type, len(params))
	for i, param := range params {
		in[i] = lenientType(param, t.IsVariadic() && i == len(params)-1)
	}
	if !withContext && slices.Equal(in, params) {
		return fn.Interface()
	}
	call := fn.Call
	if t.IsVariadic() {
		call = fn.CallSlice
	}
	out := []reflect.Type{t.Out(0), reflect.TypeFor[error]()}
	return reflect.MakeFunc(reflect.FuncOf(in, out, t.IsVariadic()), func(given []reflect.Value) []reflect.Value {
		args := make([]reflect.Value, 0, len(given)+1)
		if withContext {
			args = append(args, reflect.ValueOf(r.c))
		}
		for i, v := range given {
			v, err := convert(v, params[i])
			if err != nil {
				return []reflect.Value{reflect.Zero(out[0]), reflect.ValueOf(&err).Elem()}
			}
			args = append(args, v)
		}
		results := call(args)
		if len(results) == 1 {
			results = append(results, reflect.Zero(out[1]))
		}
		return results
	}).Interface()
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

// convert returns v as a t, if need be one by one for a variadic parameter.
func convert(v reflect.Value, t reflect.Type) (reflect.Value, error) {
	switch {
	case v.Type() == t:
		return v, nil
	case v.Kind() == reflect.Interface:
		return convertOne(v.Elem(), t)
	}
	list := reflect.MakeSlice(t, 0, v.Len())
	for i := range v.Len() {
		item, err := convertOne(v.Index(i).Elem(), t.Elem())
		if err != nil {
			return v, err
		}
		list = reflect.Append(list, item)
	}
	return list, nil
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
