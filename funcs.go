package hipflask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	texttemplate "text/template"
)

// TemplateFunc makes fn callable in every page, {{name .x}} or {{.x | name}}.
// It is Flask's template_filter, template_global and template_test in one.
//
// fn returns one value, or a value and an error, which stops the page. If its
// first parameter is a *Context it gets the request's, and the page does not
// pass it. Pages run at the same time, so fn must not change what they share.
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
		"safe":                 func(markup string) template.HTML { return template.HTML(markup) },
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
// pairs: "with_categories" true, "category_filter" "error". The messages always
// carry their category, so with_categories changes nothing. category_filter
// takes a name or a list of names, and may be repeated.
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

// withContext binds the functions that take a *Context to the request of r.
func withContext(fn any, r *requestFuncs) any {
	v := reflect.ValueOf(fn)
	t := v.Type()
	if t.NumIn() == 0 || t.In(0) != reflect.TypeFor[*Context]() {
		return fn
	}
	var in, out []reflect.Type
	for i := 1; i < t.NumIn(); i++ {
		in = append(in, t.In(i))
	}
	for i := range t.NumOut() {
		out = append(out, t.Out(i))
	}
	call := v.Call
	if t.IsVariadic() {
		call = v.CallSlice
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, t.IsVariadic()), func(args []reflect.Value) []reflect.Value {
		return call(append([]reflect.Value{reflect.ValueOf(r.c)}, args...))
	}).Interface()
}

// maxRepeat and maxRepeated bound what one call of a sprig function may make, so
// that a number from a visitor cannot fill the memory.
const (
	maxRepeat   = 10_000  // items, or times
	maxRepeated = 1 << 20 // bytes
)

// sprigFuncs picks from sprig's functions those of sprigAllowed. Some are
// replaced by a version with a limit, or one that leaves its argument alone.
func sprigFuncs(all map[string]any) texttemplate.FuncMap {
	funcs := texttemplate.FuncMap{}
	for _, name := range sprigAllowed {
		funcs[name] = all[name]
	}
	for _, name := range []string{"randAlphaNum", "randAlpha", "randAscii", "randNumeric"} {
		random := all[name].(func(int) string)
		funcs[name] = func(n int) (string, error) {
			if err := checkCount(name, float64(n)); err != nil {
				return "", err
			}
			return random(n), nil
		}
	}
	indent := all["indent"].(func(int, string) string)
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
	untilStep := all["untilStep"].(func(int, int, int) []int)
	funcs["untilStep"] = func(start, stop, step int) ([]int, error) {
		if err := checkRange("untilStep", start, stop, step); err != nil {
			return nil, err
		}
		return untilStep(start, stop, step), nil
	}
	until := all["until"].(func(int) []int)
	funcs["until"] = func(n int) ([]int, error) {
		if err := checkCount("until", math.Abs(float64(n))); err != nil {
			return nil, err
		}
		return until(n), nil
	}
	seq := all["seq"].(func(...int) string)
	funcs["seq"] = func(params ...int) (string, error) {
		start, step, end := seqRange(params)
		if err := checkRange("seq", start, end, step); err != nil {
			return "", err
		}
		return seq(params...), nil
	}
	sortAlpha := all["sortAlpha"].(func(any) []string)
	funcs["sortAlpha"] = func(list any) []string {
		if own, ok := list.([]string); ok {
			list = slices.Clone(own) // sprig sorts the caller's slice, which pages may share
		}
		return sortAlpha(list)
	}
	return funcs
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
	if n*size > maxRepeated { // size is a string's: no overflow with n this small
		return fmt.Errorf("hipflask: %s: the result would have more than %d bytes", name, maxRepeated)
	}
	return nil
}

// sprigAllowed are the functions of sprig 3.3.0 that pages may use: those that
// compute a value from their arguments and nothing else, the clock and random
// numbers apart. It is a list of what is allowed, so that a function which a
// later sprig adds stays out until somebody has looked at it.
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
	// regular expressions
	"mustRegexFind", "mustRegexFindAll", "mustRegexMatch", "mustRegexReplaceAll", "mustRegexReplaceAllLiteral",
	"mustRegexSplit", "regexFind", "regexFindAll", "regexMatch", "regexQuoteMeta", "regexReplaceAll",
	"regexReplaceAllLiteral", "regexSplit",
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
