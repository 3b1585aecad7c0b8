package hipflask

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Converter is the type of a variable in a rule: it says which texts the
// variable matches, and how [App.URLFor] writes a value of it. It is Flask's
// BaseConverter. [App.Converter] gives one a name.
//
// Built in are string (the default: any text without a slash), int, float,
// path (slashes too), any(...) and uuid.
//
// A Converter is shared by all requests.
type Converter interface {
	// Match judges the text of one part of a request's path, decoded and never
	// empty. With ok false the rule does not match, and other rules are tried.
	// An error says that the text has the right form but is no valid value:
	// that ends the search, and the reply is 404. The error itself is not shown.
	Match(text string) (ok bool, err error)

	// Text writes a value given to URLFor, before it is percent-encoded.
	Text(value any) (string, error)

	// Weight orders rules that match the same path: the lighter goes first. int
	// and float weigh 50, string, any and uuid 100, path 200.
	Weight() int
}

// Converter adds a converter under a name, for rules registered after it:
//
//	app.Converter("slug", func(hipflask.ConverterArgs) (hipflask.Converter, error) {
//		return slugConverter{}, nil
//	})
//	app.Get("/post/<slug:name>", post)
//
// build runs once for each variable that names the converter, with the arguments
// written there; its error becomes the panic of the registration. A built-in
// name may be taken over. Converter is Flask's app.url_map.converters, and
// panics after setup.
func (a *App) Converter(name string, build func(args ConverterArgs) (Converter, error)) {
	a.setup("Converter")
	if !converterName.MatchString(name) {
		panic(fmt.Sprintf("hipflask: Converter: %q is no name for a converter: "+
			"a rule could not say it. Use letters, digits and underscores", name))
	}
	if build == nil {
		panic(fmt.Sprintf("hipflask: Converter %q: the function is nil", name))
	}
	if a.converters == nil {
		a.converters = map[string]func(ConverterArgs) (Converter, error){}
	}
	a.converters[name] = build
}

var converterName = regexp.MustCompile(`\A[a-zA-Z_][a-zA-Z0-9_]*\z`)

// newConverter makes the converter of one variable.
func newConverter(rule, name, arguments string, own map[string]func(ConverterArgs) (Converter, error)) (Converter, error) {
	args, err := parseConverterArgs(rule, name, arguments)
	if err != nil {
		return nil, err
	}
	newOne := own[name]
	if newOne == nil {
		newOne = builtinConverters[name]
	}
	if newOne == nil {
		return nil, unknownConverter(rule, name, own)
	}
	conv, err := newOne(args)
	if err != nil {
		return nil, err
	}
	if conv == nil {
		return nil, args.errorf("its function made no converter")
	}
	return conv, args.unread()
}

func unknownConverter(rule, name string, own map[string]func(ConverterArgs) (Converter, error)) error {
	known := slices.AppendSeq(slices.Collect(maps.Keys(own)), maps.Keys(builtinConverters))
	slices.Sort(known)
	known = slices.Compact(known)
	return fmt.Errorf("hipflask: rule %q: there is no converter %q; did you mean %q? There are %s. "+
		"App.Converter adds one, and goes before the rules that use it",
		rule, name, nearest(name, known), strings.Join(known, ", "))
}

// ConverterArgs are the arguments of a converter in a rule: those of
// <int(min=1, max=9):n> or <any(about, "x y"):page>. Its methods read them by
// name; an argument that nobody read is an error at registration. The zero value
// has no arguments.
type ConverterArgs struct {
	rule, converter string
	positional      []string
	named           map[string]string
	read            map[string]bool // by name; "" for the positional ones
}

// argumentSyntax is one argument and the comma behind it.
var argumentSyntax = regexp.MustCompile(
	`^\s*(?:([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s,=()"']+))\s*(?:,|$)`)

func parseConverterArgs(rule, converter, text string) (ConverterArgs, error) {
	args := ConverterArgs{rule: rule, converter: converter, named: map[string]string{}, read: map[string]bool{}}
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := argumentSyntax.FindStringSubmatch(rest)
		if m == nil {
			return args, args.errorf("cannot read its arguments at %q: write them as name=value or \"text\", with commas between", rest)
		}
		name, value := m[1], m[2]+m[3]+m[4]
		if _, twice := args.named[name]; twice {
			return args, args.errorf("argument %s is given twice", name)
		}
		if name == "" {
			args.positional = append(args.positional, value)
		} else {
			args.named[name] = value
		}
		rest = rest[len(m[0]):]
	}
	return args, nil
}

func (a ConverterArgs) errorf(format string, values ...any) error {
	return fmt.Errorf("hipflask: rule %q: converter %s: %s", a.rule, a.converter, fmt.Sprintf(format, values...))
}

// ask notes that the converter knows the argument.
func (a ConverterArgs) ask(name string) {
	if a.read != nil { // nil in a ConverterArgs{} of a test
		a.read[name] = true
	}
}

// Positional returns the arguments without a name, in order and without their quotes.
func (a ConverterArgs) Positional() []string {
	a.ask("")
	return slices.Clone(a.positional)
}

// Text returns the argument called name, or unset if the rule does not give it.
func (a ConverterArgs) Text(name, unset string) string {
	a.ask(name)
	if text, ok := a.named[name]; ok {
		return text
	}
	return unset
}

// Int is [ConverterArgs.Text] for a whole number.
func (a ConverterArgs) Int(name string, unset int) (int, error) {
	return readArg(a, name, unset, "a whole number", strconv.Atoi)
}

// Float is [ConverterArgs.Text] for a number.
func (a ConverterArgs) Float(name string, unset float64) (float64, error) {
	return readArg(a, name, unset, "a number", func(text string) (float64, error) { return strconv.ParseFloat(text, 64) })
}

// Bool is [ConverterArgs.Text] for True or False; true and false are read too.
func (a ConverterArgs) Bool(name string, unset bool) (bool, error) {
	return readArg(a, name, unset, "True or False", strconv.ParseBool)
}

func readArg[T any](a ConverterArgs, name string, unset T, want string, parse func(string) (T, error)) (T, error) {
	a.ask(name)
	text, ok := a.named[name]
	if !ok {
		return unset, nil
	}
	value, err := parse(text)
	if err != nil {
		return unset, a.errorf("argument %s must be %s, not %q", name, want, text)
	}
	return value, nil
}

// unread is the error of an argument that the converter never asked for.
func (a ConverterArgs) unread() error {
	if len(a.positional) > 0 && !a.read[""] {
		return a.errorf("argument %q needs a name%s", a.positional[0], a.known())
	}
	for _, name := range slices.Sorted(maps.Keys(a.named)) {
		if !a.read[name] {
			return a.errorf("there is no argument %s%s", name, a.known())
		}
	}
	return nil
}

// known lists the arguments the converter did ask for.
func (a ConverterArgs) known() string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(a.read)), func(name string) bool { return name == "" })
	if len(names) == 0 {
		return "; it takes none"
	}
	return "; it takes " + strings.Join(names, ", ")
}

// patterned is a built-in converter: its texts can be told by a regular
// expression, so that it can share a part with other variables.
type patterned interface{ pattern() string }

var builtinConverters = map[string]func(ConverterArgs) (Converter, error){
	"string":  newStringConverter,
	"default": newStringConverter, // Werkzeug's other name for it
	"int":     newIntConverter,
	"float":   newFloatConverter,
	"path":    func(ConverterArgs) (Converter, error) { return pathConverter{}, nil },
	"any":     newAnyConverter,
	"uuid":    func(ConverterArgs) (Converter, error) { return uuidConverter{}, nil },
}

// errNoValue is a text of the right form that is no valid value: 404.
var errNoValue = errors.New("hipflask: not a valid value")

// stringConverter counts characters, not bytes. max < 0 means no limit.
type stringConverter struct{ min, max int }

func newStringConverter(args ConverterArgs) (Converter, error) {
	least, err1 := args.Int("minlength", 1)
	most, err2 := args.Int("maxlength", -1)
	exact, err3 := args.Int("length", -1)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if exact != -1 {
		least, most = exact, exact
	}
	if least < 1 || most != -1 && most < least {
		return nil, args.errorf("lengths start at 1, and the longest is not below the shortest")
	}
	return stringConverter{least, most}, nil
}

func (s stringConverter) Match(text string) (bool, error) {
	if s.min == 1 && s.max < 0 {
		return text != "", nil
	}
	n := utf8.RuneCountInString(text)
	return n >= s.min && (s.max < 0 || n <= s.max), nil
}

func (s stringConverter) Text(value any) (string, error) { return valueText(value) }
func (s stringConverter) Weight() int                    { return 100 }

func (s stringConverter) pattern() string {
	switch {
	case s.min == 1 && s.max < 0:
		return `[^/]+`
	case s.max < 0:
		return fmt.Sprintf(`[^/]{%d,}`, s.min)
	default:
		return fmt.Sprintf(`[^/]{%d,%d}`, s.min, s.max)
	}
}

// intConverter matches ASCII digits. A number that does not fit Go's int is no
// valid value.
type intConverter struct {
	digits   int // the exact length of the text; 0 means any
	min, max int
	signed   bool
}

func newIntConverter(args ConverterArgs) (Converter, error) {
	var c intConverter
	var errs [4]error
	c.digits, errs[0] = args.Int("fixed_digits", 0)
	c.min, errs[1] = args.Int("min", math.MinInt)
	c.max, errs[2] = args.Int("max", math.MaxInt)
	c.signed, errs[3] = args.Bool("signed", false)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if c.digits < 0 || c.max < c.min {
		return nil, args.errorf("no number fits these arguments")
	}
	return c, nil
}

func (c intConverter) Match(text string) (bool, error) {
	if !isDigits(unsigned(text, c.signed)) {
		return false, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < c.min || n > c.max || c.digits > 0 && len(text) != c.digits {
		return true, errNoValue
	}
	return true, nil
}

// maxShortInt is a length of digits that an int always holds.
const maxShortInt = 9

func (c intConverter) Text(value any) (string, error) {
	if n, ok := value.(int); ok && c.digits == 0 {
		return strconv.Itoa(n), nil
	}
	n, err := wholeValue(value)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", c.digits, n), nil
}

func (c intConverter) Weight() int     { return 50 }
func (c intConverter) pattern() string { return signPattern(c.signed) + `[0-9]+` }

// wholeValue reads a value for an int variable: any whole number, its text, or
// a float, cut towards zero.
func wholeValue(value any) (any, error) {
	switch v := indirect(value); v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return v.Uint(), nil
	case reflect.Float32, reflect.Float64:
		if f := math.Trunc(v.Float()); f >= math.MinInt64 && f < math.MaxInt64 {
			return int64(f), nil
		}
	case reflect.String:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		return nil, fmt.Errorf("%q is not a whole number", v.String())
	}
	return nil, fmt.Errorf("%v (%T) is not a whole number", value, value)
}

type floatConverter struct {
	min, max float64
	signed   bool
}

func newFloatConverter(args ConverterArgs) (Converter, error) {
	var c floatConverter
	var errs [3]error
	c.min, errs[0] = args.Float("min", math.Inf(-1))
	c.max, errs[1] = args.Float("max", math.Inf(1))
	c.signed, errs[2] = args.Bool("signed", false)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if !(c.min <= c.max) {
		return nil, args.errorf("no number fits these arguments")
	}
	return c, nil
}

func (c floatConverter) Match(text string) (bool, error) {
	whole, fraction, point := strings.Cut(unsigned(text, c.signed), ".")
	if !point || !isDigits(whole) || !isDigits(fraction) {
		return false, nil
	}
	// An error here means out of range, and f is then an infinity, as in Python.
	if f, _ := strconv.ParseFloat(text, 64); f < c.min || f > c.max {
		return true, errNoValue
	}
	return true, nil
}

// Text writes no exponent, unlike Python's str: Match would refuse it.
func (c floatConverter) Text(value any) (string, error) {
	f, bits := 0.0, 64
	switch v := indirect(value); {
	case v.CanFloat():
		f, bits = v.Float(), v.Type().Bits()
	case v.CanInt():
		f = float64(v.Int())
	case v.CanUint():
		f = float64(v.Uint())
	case v.Kind() == reflect.String:
		var err error
		if f, err = strconv.ParseFloat(v.String(), 64); err != nil {
			return "", fmt.Errorf("%q is not a number", v.String())
		}
	default:
		return "", fmt.Errorf("%v (%T) is not a number", value, value)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "", fmt.Errorf("%v has no place in a path", f)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text, nil
}

func (c floatConverter) Weight() int     { return 50 }
func (c floatConverter) pattern() string { return signPattern(c.signed) + `[0-9]+\.[0-9]+` }

func signPattern(signed bool) string {
	if signed {
		return "-?"
	}
	return ""
}

// unsigned cuts the minus sign that a signed converter allows.
func unsigned(text string, signed bool) string {
	if signed {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// pathConverter takes slashes too, and so the rest of the path. As in Flask, it
// does not begin with a slash, and has no line feed behind its first character.
type pathConverter struct{}

func (pathConverter) Match(text string) (bool, error) {
	return text != "" && text[0] != '/' && strings.IndexByte(text[1:], '\n') < 0, nil
}

func (pathConverter) Text(value any) (string, error) { return valueText(value) }
func (pathConverter) Weight() int                    { return 200 }
func (pathConverter) pattern() string                { return `[^/].*?` }

type anyConverter []string

func newAnyConverter(args ConverterArgs) (Converter, error) {
	words := args.Positional()
	if len(words) == 0 || slices.Contains(words, "") {
		return nil, args.errorf("it needs words to choose from, as in any(about, help)")
	}
	for _, word := range words {
		if strings.Contains(word, "/") {
			return nil, args.errorf("%q has a slash, and any matches one part", word)
		}
	}
	return anyConverter(words), nil
}

func (words anyConverter) Match(text string) (bool, error) {
	return slices.Contains(words, text), nil
}

func (words anyConverter) Text(value any) (string, error) {
	text, err := valueText(value)
	if err == nil && !slices.Contains(words, text) {
		err = fmt.Errorf("%q is not one of %q", text, []string(words))
	}
	return text, err
}

func (words anyConverter) Weight() int { return 100 }

func (words anyConverter) pattern() string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = regexp.QuoteMeta(word)
	}
	return "(?:" + strings.Join(quoted, "|") + ")"
}

type uuidConverter struct{}

// Match takes 8-4-4-4-12 hexadecimal digits of either case.
func (uuidConverter) Match(text string) (bool, error) {
	if len(text) != 36 {
		return false, nil
	}
	for i := range len(text) {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false, nil
			}
		default:
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false, nil
			}
		}
	}
	return true, nil
}

func (uuidConverter) Text(value any) (string, error) { return valueText(value) }
func (uuidConverter) Weight() int                    { return 100 }
func (uuidConverter) pattern() string {
	return `[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`
}

// valueText writes a value into a URL.
func valueText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case []byte:
		return string(v), nil
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err
	case fmt.Stringer:
		return v.String(), nil
	}
	v := reflect.ValueOf(value)
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return valueText(v.Elem().Interface())
	case v.Kind() == reflect.String:
		return v.String(), nil
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), nil
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), nil
	case v.CanFloat():
		return floatText(v.Float(), v.Type().Bits()), nil
	}
	return "", fmt.Errorf("a %T cannot be written into a URL; give a text, a number, or something with a String method", value)
}

// floatText is Python's str(float): 1.0, 0.25, 1e-05.
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'f', -1, 64)), "+")
	case f != 0 && (math.Abs(f) < 1e-4 || math.Abs(f) >= 1e16):
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// indirect is reflect.ValueOf, through pointers.
func indirect(value any) reflect.Value {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v
}
