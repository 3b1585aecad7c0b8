package hipflask

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
)

// Which of sprig's functions pages may call, and how much they may make. The
// library itself is imported by render.go.

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
