package hipflask

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
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
	if a.templateFuncs == nil {
		a.templateFuncs = map[string]any{}
	}
	a.templateFuncs[name] = fn
}

// ContextProcessor adds values to every page, as Flask's context_processor
// does: an App's to all pages, a Blueprint's to those of its own routes. fn is
// called once for each page. Under the same name a later processor wins over an
// earlier one, a blueprint's over the App's, and the data given to
// [Context.Render] over all.
func (s *scaffold) ContextProcessor(fn func(c *Context) Data) {
	s.setup("ContextProcessor")
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
		"len":                  length,
		"tojson":               tojson,
		"extends":              misplaced, // gone before a page runs: extends.go
		"super":                misplaced,
		printHTML:              htmlValue,
		printText:              textValue,
		stopPage:               func() (string, error) { return "", errStopped },
	}
}

func misplaced(...any) (string, error) {
	return "", fmt.Errorf("hipflask: extends and super are no functions")
}

// set points the functions at a request; nil clears them.
func (r *requestFuncs) set(c *Context) { r.c, r.g = c, nil }

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

// What one call of a sprig function may take or make, so that neither a number
// nor a text nor a list from a visitor fills the memory.
const (
	maxRepeat   = 10_000  // items, or times
	maxRepeated = 1 << 20 // bytes
	maxDepth    = 100     // lists and objects inside each other in JSON
)

// sprigFuncs picks from sprig's functions those of sprigAllowed. Some are
// replaced: by a version with a limit, one that takes what is missing for an
// empty list, or one that leaves its argument alone. The must… of a list is what
// it is called without the must, since an error stops the page either way.
func sprigFuncs(all map[string]any) texttemplate.FuncMap {
	funcs := texttemplate.FuncMap{}
	for _, name := range sprigAllowed {
		funcs[name] = all[name]
	}
	limitTexts(funcs)
	limitCounts(funcs)
	limitJSON(funcs)
	limitLists(funcs)
	printNoDate(funcs)
	for _, name := range sprigAllowed {
		plain, must := strings.CutPrefix(name, "must")
		plain = strings.ToLower(plain[:1]) + plain[1:]
		if must && slices.Contains(sprigListFuncs, plain) {
			funcs[name] = funcs[plain]
		}
	}
	funcs["toString"] = asText // sprig's makes "<nil>" of what is missing
	funcs["dig"] = dig
	return funcs
}

// limitTexts limits the functions whose text can be many times as long as what
// they are given.
func limitTexts(funcs texttemplate.FuncMap) {
	indent := funcs["indent"].(func(int, string) string)
	limitedIndent := func(n int, s string) (string, error) {
		if err := checkRepeat("indent", n, strings.Count(s, "\n")+1); err != nil {
			return "", err
		}
		return indent(n, s), nil
	}
	funcs["indent"] = limitedIndent
	funcs["nindent"] = func(n int, s string) (string, error) {
		s, err := limitedIndent(n, s)
		return "\n" + s, err
	}
	funcs["repeat"] = func(n int, s string) (string, error) {
		if err := checkRepeat("repeat", n, len(s)); err != nil {
			return "", err
		}
		return strings.Repeat(s, n), nil
	}
	funcs["replace"] = func(old, new, s string) (string, error) {
		if size := len(s) + strings.Count(s, old)*(len(new)-len(old)); size > len(s) {
			if err := checkSize("replace", size); err != nil {
				return "", err
			}
		}
		return strings.ReplaceAll(s, old, new), nil
	}
	wrapWith := funcs["wrapWith"].(func(int, string, string) string)
	funcs["wrapWith"] = func(width int, sep, s string) (string, error) {
		lines := 2*len(s)/max(width, 1) + 1 // two that follow each other are wider than width
		if err := checkSize("wrapWith", len(s)+lines*len(sep)); err != nil {
			return "", err
		}
		return wrapWith(width, sep, s), nil
	}
	funcs["substr"] = substr
}

// substr is sprig's, which panics where the text is shorter.
func substr(start, end int, s string) string {
	if end < 0 && start >= 0 || end > len(s) {
		end = len(s)
	}
	start, end = max(start, 0), max(end, 0)
	return s[min(start, end):end]
}

// limitCounts limits the functions that make as many of something as they are
// told, or as there are pieces in a text.
func limitCounts(funcs texttemplate.FuncMap) {
	for _, name := range []string{"randAlphaNum", "randAlpha", "randAscii", "randNumeric"} {
		random := funcs[name].(func(int) string)
		funcs[name] = func(n int) (string, error) {
			if err := checkCount(name, float64(n)); err != nil {
				return "", err
			}
			return random(n), nil
		}
	}
	untilStep := funcs["untilStep"].(func(int, int, int) []int)
	funcs["untilStep"] = func(start, stop, step int) ([]int, error) {
		if err := checkRange("untilStep", start, stop, step); err != nil {
			return nil, err
		}
		return untilStep(start, stop, step), nil
	}
	until := funcs["until"].(func(int) []int)
	funcs["until"] = func(n int) ([]int, error) {
		if err := checkCount("until", math.Abs(float64(n))); err != nil {
			return nil, err
		}
		return until(n), nil
	}
	seq := funcs["seq"].(func(...int) string)
	funcs["seq"] = func(params ...int) (string, error) {
		start, step, end := seqRange(params)
		if err := checkRange("seq", start, end, step); err != nil {
			return "", err
		}
		return seq(params...), nil
	}
	split := funcs["split"].(func(string, string) map[string]string)
	funcs["split"] = func(sep, s string) (map[string]string, error) {
		if err := checkCount("split", float64(strings.Count(s, sep)+1)); err != nil {
			return nil, err
		}
		return split(sep, s), nil
	}
	funcs["splitList"] = func(sep, s string) ([]string, error) {
		if err := checkCount("splitList", float64(strings.Count(s, sep)+1)); err != nil {
			return nil, err
		}
		return strings.Split(s, sep), nil
	}
	splitn := funcs["splitn"].(func(string, int, string) map[string]string)
	funcs["splitn"] = func(sep string, n int, s string) (map[string]string, error) {
		parts := strings.Count(s, sep) + 1
		if n >= 0 {
			parts = min(n, parts)
		}
		if err := checkCount("splitn", float64(parts)); err != nil {
			return nil, err
		}
		return splitn(sep, n, s), nil
	}
}

// limitJSON limits how deep fromJson reads, and how long toPrettyJson gets, whose
// indentation can be many times the JSON.
func limitJSON(funcs texttemplate.FuncMap) {
	mustFromJSON := funcs["mustFromJson"].(func(string) (any, error))
	fromJSON := func(name, s string) (v any, invalid, err error) {
		if _, depth := jsonShape([]byte(s)); depth > maxDepth {
			return nil, nil, fmt.Errorf("hipflask: %s: more than %d lists and objects inside each other", name, maxDepth)
		}
		v, invalid = mustFromJSON(s)
		return v, invalid, nil
	}
	funcs["fromJson"] = func(s string) (any, error) {
		v, _, err := fromJSON("fromJson", s) // nil for what is no JSON
		return v, err
	}
	funcs["mustFromJson"] = func(s string) (any, error) {
		v, invalid, err := fromJSON("mustFromJson", s)
		return v, cmp.Or(err, invalid)
	}
	pretty := func(name string, v any) (text string, invalid, err error) {
		b, invalid := json.Marshal(v)
		lines, depth := jsonShape(b)
		if err := checkSize(name, len(b)+lines*(2*depth+2)); err != nil {
			return "", nil, err
		}
		var out bytes.Buffer
		if invalid == nil {
			invalid = json.Indent(&out, b, "", "  ")
		}
		return out.String(), invalid, nil
	}
	funcs["toPrettyJson"] = func(v any) (string, error) {
		text, _, err := pretty("toPrettyJson", v)
		return text, err
	}
	funcs["mustToPrettyJson"] = func(v any) (string, error) {
		text, invalid, err := pretty("mustToPrettyJson", v)
		return text, cmp.Or(err, invalid)
	}
}

// jsonShape returns how many lines the JSON takes at most if each item has its
// own, and how deep it goes.
func jsonShape(b []byte) (lines, depth int) {
	quoted, now := false, 0
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
			if c == '\\' {
				i++
			}
		case c == '[' || c == '{':
			lines++
			now++
			depth = max(depth, now)
		case c == ']' || c == '}':
			lines++
			now--
		case c == ',':
			lines++
		}
	}
	return lines, depth
}

// sprigListFuncs are those of sprig's functions that also have a must….
var sprigListFuncs = []string{
	"append", "chunk", "compact", "first", "has", "initial", "last", "prepend", "push", "rest", "reverse", "uniq", "without",
}

// limitLists limits the lists that are copied or searched, and takes what is
// missing for an empty one.
func limitLists(funcs texttemplate.FuncMap) {
	for _, name := range []string{"first", "last"} {
		fn := funcs[name].(func(any) any)
		funcs[name] = func(list any) any { return fn(emptyList(list)) }
	}
	for _, name := range []string{"rest", "initial", "reverse", "compact"} {
		funcs[name] = limitList(name, funcs[name].(func(any) []any))
	}
	for _, name := range []string{"toStrings", "sortAlpha"} {
		funcs[name] = limitList(name, funcs[name].(func(any) []string))
	}
	sortAlpha := funcs["sortAlpha"].(func(any) ([]string, error))
	funcs["sortAlpha"] = func(list any) ([]string, error) {
		if own, ok := list.([]string); ok {
			list = slices.Clone(own) // sprig sorts the caller's slice, which pages may share
		}
		return sortAlpha(list)
	}
	for _, name := range []string{"append", "push", "prepend"} {
		add := funcs[name].(func(any, any) []any)
		funcs[name] = func(list, item any) ([]any, error) {
			return limitList(name, func(list any) []any { return add(list, item) })(list)
		}
	}
	without := funcs["without"].(func(any, ...any) []any)
	funcs["without"] = func(list any, items ...any) ([]any, error) {
		return limitList("without", func(list any) []any { return without(list, items...) })(list)
	}
	has := funcs["has"].(func(any, any) bool)
	funcs["has"] = func(item, list any) (bool, error) {
		return limitList("has", func(list any) bool { return has(item, list) })(list)
	}
	mustSlice := funcs["mustSlice"].(func(any, ...any) (any, error))
	funcs["mustSlice"] = func(list any, indices ...any) (any, error) { return mustSlice(emptyList(list), indices...) }
	chunk := funcs["chunk"].(func(int, any) [][]any)
	funcs["chunk"] = func(size int, list any) ([][]any, error) {
		if size < 1 {
			return nil, fmt.Errorf("hipflask: chunk: %d is no size", size)
		}
		return limitList("chunk", func(list any) [][]any { return chunk(size, list) })(list)
	}
	funcs["uniq"] = limitList("uniq", uniq)
	limitJoins(funcs)
}

func limitJoins(funcs texttemplate.FuncMap) {
	concat := funcs["concat"].(func(...any) any)
	funcs["concat"] = func(lists ...any) (any, error) {
		items := 0
		for i := range lists {
			lists[i] = emptyList(lists[i])
			items += itemCount(lists[i])
		}
		if err := checkCount("concat", float64(items)); err != nil {
			return nil, err
		}
		return concat(lists...), nil
	}
	toStrings := funcs["toStrings"].(func(any) ([]string, error))
	funcs["join"] = func(sep string, list any) (string, error) {
		texts, err := toStrings(list)
		if err != nil {
			return "", err
		}
		size := len(sep) * len(texts)
		for _, text := range texts {
			size += len(text)
		}
		if err := checkSize("join", size); err != nil {
			return "", err
		}
		return strings.Join(texts, sep), nil
	}
}

func limitList[R any](name string, fn func(list any) R) func(list any) (R, error) {
	return func(list any) (result R, err error) {
		list = emptyList(list)
		if err := checkCount(name, float64(itemCount(list))); err != nil {
			return result, err
		}
		return fn(list), nil
	}
}

func emptyList(list any) any {
	if nilValue(reflect.ValueOf(list)) {
		return []any{}
	}
	return list
}

// itemCount is 0 for what is no list, which sprig refuses.
func itemCount(list any) int {
	if v := reflect.ValueOf(list); v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		return v.Len()
	}
	return 0
}

// uniq is sprig's, which compares every item with every other.
func uniq(list any) []any {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		panic(fmt.Errorf("hipflask: uniq takes a list, not %s", v.Type()))
	}
	found, seen := []any{}, map[any]bool{}
	for i := range v.Len() {
		item := v.Index(i).Interface()
		key := item
		if kind := reflect.ValueOf(item).Kind(); kind != reflect.String && kind != reflect.Bool && !isNumber(kind) {
			key = [1]string{fmt.Sprintf("%#v", item)}
		}
		if !seen[key] {
			seen[key] = true
			found = append(found, item)
		}
	}
	return found
}

// printNoDate makes the functions of dates print nothing for a missing one. Sprig
// takes the present time.
func printNoDate(funcs texttemplate.FuncMap) {
	dateInZone := funcs["dateInZone"].(func(string, any, string) string)
	inZone := func(layout string, t any, zone string) string {
		if nilValue(reflect.ValueOf(t)) {
			return ""
		}
		return dateInZone(layout, t, zone)
	}
	funcs["dateInZone"], funcs["date_in_zone"] = inZone, inZone
	funcs["date"] = func(layout string, t any) string { return inZone(layout, t, "Local") }
	funcs["htmlDate"] = func(t any) string { return inZone(time.DateOnly, t, "Local") }
	funcs["htmlDateInZone"] = func(t any, zone string) string { return inZone(time.DateOnly, t, zone) }
	ago := funcs["ago"].(func(any) string)
	funcs["ago"] = func(t any) string {
		if nilValue(reflect.ValueOf(t)) {
			return ""
		}
		return ago(t)
	}
}

// dig is sprig's, which panics where a step is no map or missing.
func dig(words ...any) (any, error) {
	if len(words) < 3 {
		return nil, fmt.Errorf("hipflask: dig takes keys, a default and a map")
	}
	last := len(words) - 2
	value, def := words[last+1], words[last]
	for _, key := range words[:last] {
		step, err := asType[map[string]any](value)
		if err != nil {
			return nil, err
		}
		next, ok := step[asText(key)]
		if !ok {
			return def, nil
		}
		value = next
	}
	return value, nil
}

// seqRange reads sprig's seq: seq end, seq start end, or seq start step end.
func seqRange(params []int) (start, step, end int) {
	switch start = 1; len(params) {
	case 1:
		end = params[0]
	case 2:
		start, end = params[0], params[1]
	case 3:
		return params[0], params[1], params[2]
	default:
		return 0, 1, 0 // sprig returns ""
	}
	if step = 1; end < start {
		step = -1
	}
	return start, step, end
}

func checkRange(name string, start, stop, step int) error {
	if step == 0 || (stop < start) != (step < 0) {
		return nil // sprig returns an empty list
	}
	// As floats: the difference of two ints may be no int.
	return checkCount(name, (float64(stop)-float64(start))/float64(step))
}

func checkCount(name string, n float64) error {
	if n > maxRepeat {
		return fmt.Errorf("hipflask: %s: %.0f is above the limit of %d", name, n, maxRepeat)
	}
	return nil
}

func checkRepeat(name string, n, size int) error {
	if n < 0 {
		return fmt.Errorf("hipflask: %s: %d is negative", name, n)
	}
	if err := checkCount(name, float64(n)); err != nil {
		return err
	}
	return checkSize(name, n*size) // size is a string's: no overflow with n this small
}

func checkSize(name string, size int) error {
	if size > maxRepeated {
		return fmt.Errorf("hipflask: %s: the result would have more than %d bytes", name, maxRepeated)
	}
	return nil
}

// sprigAllowed are the functions of sprig 3.3.0 that pages may use: those that
// compute a value from their arguments and nothing else, the clock and random
// numbers apart. It is a list of what is allowed, so that a function which a
// later sprig adds stays out until somebody has looked at it.
//
// The regex… functions are not: they compile their expression at every call, and
// their result can be as large as a visitor likes. A TemplateFunc with an
// expression compiled once does the same, and Jinja has none either.
var sprigAllowed = []string{
	// dates
	"ago", "date", "date_in_zone", "date_modify", "dateInZone", "dateModify", "duration", "durationRound",
	"htmlDate", "htmlDateInZone", "must_date_modify", "mustDateModify", "mustToDate", "now", "toDate", "unixEpoch",
	// strings
	"abbrev", "abbrevboth", "camelcase", "cat", "contains", "hasPrefix", "hasSuffix", "indent", "initials",
	"kebabcase", "lower", "nindent", "nospace", "plural", "quote", "randAlpha", "randAlphaNum", "randAscii",
	"randNumeric", "repeat", "replace", "shuffle", "snakecase", "squote", "substr", "swapcase", "title", "toString",
	"trim", "trimAll", "trimall", "trimPrefix", "trimSuffix", "trunc", "untitle", "upper", "uuidv4", "wrap", "wrapWith",
	"adler32sum", "sha1sum", "sha256sum", "sha512sum",
	"b32dec", "b32enc", "b64dec", "b64enc",
	// numbers
	"add", "add1", "add1f", "addf", "atoi", "biggest", "ceil", "div", "divf", "float64", "floor", "int", "int64",
	"max", "maxf", "min", "minf", "mod", "mul", "mulf", "randInt", "round", "seq", "sub", "subf", "toDecimal",
	"until", "untilStep",
	// lists
	"append", "chunk", "compact", "concat", "first", "has", "initial", "join", "last", "list", "mustAppend",
	"mustChunk", "mustCompact", "mustFirst", "mustHas", "mustInitial", "mustLast", "mustPrepend", "mustPush",
	"mustRest", "mustReverse", "mustSlice", "mustUniq", "mustWithout", "prepend", "push", "rest", "reverse",
	"sortAlpha", "split", "splitList", "splitn", "toStrings", "tuple", "uniq", "without",
	// maps
	"dict", "dig", "get", "hasKey", "keys", "omit", "pick", "pluck", "values",
	// defaults, choices, types
	"all", "any", "coalesce", "deepEqual", "default", "empty", "kindIs", "kindOf", "ternary", "typeIs", "typeIsLike", "typeOf",
	// JSON, paths in URLs, versions
	"fromJson", "mustFromJson", "mustToJson", "mustToPrettyJson", "mustToRawJson", "toJson", "toPrettyJson", "toRawJson",
	"base", "clean", "dir", "ext", "isAbs", "urlJoin", "urlParse",
	"semver", "semverCompare",
}
