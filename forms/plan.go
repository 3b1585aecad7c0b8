package forms

import (
	"cmp"
	"encoding"
	"fmt"
	"math/big"
	"mime/multipart"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hipflask/hipflask"
)

// From a struct to its plan: what its fields are called, how they are shown and
// what is checked. It is made once for each type, and only read afterwards.

// plan is what New knows of a type.
type plan struct {
	typ      reflect.Type
	specs    []*spec
	validate bool // it has the method Validate
}

// spec is one field of a struct.
type spec struct {
	name   string // in the form
	goName string // in the struct
	index  []int
	typ    reflect.Type // without the pointer of a value that may be missing
	null   bool         // there was a pointer
	kind   kind
	widget string

	label, help, placeholder string
	attrs                    []attr
	messages                 reflect.StructTag // where message and message_required stand
	choices                  []Choice
	anyChoice                bool
	filters                  []func(string) string
	ownFilter                bool // the method FilterName
	ownCheck                 bool // the method ValidateName

	optional      bool
	required      bool // DataRequired, the rule of validator
	inputRequired bool
	fixed         string // readonly or disabled
	rules         []rule
	layouts       []string // of a time

	accept           []string
	maxSize, minSize int64

	group                  *plan // of a struct
	entry                  *spec // of each entry of a list
	minEntries, maxEntries int
	isEntry                bool // of a list of simple values, whose tags are its own too
}

// kind is how a field's text and its value belong together.
type kind int

const (
	textKind kind = iota
	intKind
	floatKind
	decimalKind // a type with UnmarshalText that is a number
	ownKind     // any other type with UnmarshalText
	boolKind
	timeKind
	manyKind // several of the choices
	fileKind
	filesKind
	submitKind
	groupKind // a struct
	listKind  // entries
)

// Submit is the type of a submit button: true if it was the one that was pressed. It
// is WTForms' SubmitField.
type Submit bool

// widgets are those that a kind of field can have, its default first.
var widgets = map[kind][]string{
	textKind:    {"text", "password", "email", "url", "tel", "search", "color", "textarea", "hidden", "select", "radio"},
	intKind:     {"number", "int", "range", "hidden", "text", "tel", "select", "radio"},
	floatKind:   {"number", "float", "decimal", "range", "hidden", "text", "select", "radio"},
	decimalKind: {"decimal", "number", "range", "hidden", "text", "select", "radio"},
	ownKind:     {"text", "password", "email", "url", "tel", "search", "color", "textarea", "hidden", "select", "radio"},
	boolKind:    {"checkbox", "hidden", "select", "radio"},
	timeKind:    {"datetime-local", "datetime", "date", "time", "month", "week", "hidden"},
	manyKind:    {"multiselect", "checkboxes"},
	fileKind:    {"file"},
	filesKind:   {"files"},
	submitKind:  {"submit"},
	groupKind:   {"group"},
	listKind:    {"list"},
}

// maxEntries bounds a list without a tag maxentries, and maxAllEntries all lists of a form
// together, since lists of lists multiply; a tag may ask for more.
const maxEntries, maxAllEntries = 100, 1000

// knownTags are what New reads; one that is a slip of these is refused.
var knownTags = []string{"form", "label", "widget", "validate", "help", "placeholder", "autocomplete", "choices", "choice", "filter",
	"pattern", "step", "layout", "attrs", "accept", "maxsize", "minsize", "minentries", "maxentries", "message"}

var (
	timeType    = reflect.TypeFor[time.Time]()
	fileType    = reflect.TypeFor[*multipart.FileHeader]()
	filesType   = reflect.TypeFor[[]*multipart.FileHeader]()
	submitType  = reflect.TypeFor[Submit]()
	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
	numberTypes = []reflect.Type{reflect.TypeFor[big.Int](), reflect.TypeFor[big.Float](), reflect.TypeFor[big.Rat]()}
	contextType = reflect.TypeFor[*hipflask.Context]()
	errorType   = reflect.TypeFor[error]()
)

var plans sync.Map // reflect.Type → *plan

// planOf returns the plan of a struct. It panics with what is wrong with the type.
func planOf(typ reflect.Type) *plan {
	if p, ok := plans.Load(typ); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(typ, newPlan(typ, nil))
	return p.(*plan)
}

func newPlan(typ reflect.Type, within []reflect.Type) *plan {
	if slices.Contains(within, typ) {
		panic(fmt.Sprintf("forms: %s contains itself, so its form would have no end", typ))
	}
	p := &plan{typ: typ}
	p.add(typ, nil, append(slices.Clip(within), typ))
	if len(p.specs) == 0 {
		panic(fmt.Sprintf("forms: %s has no fields that a form could have", typ))
	}
	p.findMethods(len(within) > 0)
	for _, s := range p.specs {
		for _, r := range s.rules {
			if r.other != "" {
				p.checkOther(s, r)
			}
		}
	}
	return p
}

// add appends the fields of a struct, with those of the structs embedded in it.
func (p *plan) add(typ reflect.Type, index []int, within []reflect.Type) {
	for i := range typ.NumField() {
		sf := typ.Field(i)
		at := append(slices.Clip(index), i)
		where := fmt.Sprintf("forms: %s.%s", typ, sf.Name)
		name, tagged := sf.Tag.Lookup("form")
		if name == "-" {
			continue
		}
		if sf.Anonymous && !tagged && sf.Type.Kind() == reflect.Struct && !isSimple(sf.Type) {
			p.add(sf.Type, at, within)
			continue
		}
		if !sf.IsExported() {
			for _, tag := range knownTags {
				if _, ok := sf.Tag.Lookup(tag); ok {
					panic(fmt.Sprintf("%s has the tag %s, but begins with a small letter, so a form cannot set it", where, tag))
				}
			}
			continue
		}
		s := newSpec(sf, where, within, false)
		s.index = at
		s.name = cmp.Or(name, snakeCase(sf.Name))
		if !isName.MatchString(s.name) {
			panic(fmt.Sprintf("%s: %q is no name of a field; give letters, digits and _, and no -, which is between the parts of a name", where, s.name))
		}
		for _, other := range p.specs {
			if other.name == s.name || other.goName == s.goName {
				panic(fmt.Sprintf("forms: %s has two fields called %q, %s and %s", p.typ, s.name, other.goName, s.goName))
			}
		}
		s.label = cmp.Or(s.label, titled(s.name))
		if s.entry != nil {
			s.entry.label = s.label
		}
		p.specs = append(p.specs, s)
	}
}

var isName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func newSpec(sf reflect.StructField, where string, within []reflect.Type, isEntry bool) *spec {
	tag := sf.Tag
	s := &spec{
		isEntry: isEntry,
		goName:  sf.Name, typ: sf.Type, messages: tag,
		label: tag.Get("label"), help: tag.Get("help"), placeholder: tag.Get("placeholder"),
	}
	fail := func(format string, args ...any) {
		panic(where + ": " + fmt.Sprintf(format, args...))
	}
	checkTag(tag, fail)
	widget, hasWidget := tag.Lookup("widget")
	choices, hasChoices := tag.Lookup("choices")

	if s.typ.Kind() == reflect.Pointer && s.typ != fileType && !reflect.PointerTo(s.typ).Implements(textType) {
		s.typ, s.null = s.typ.Elem(), true
		if k := simpleKind(s.typ); k < 0 || k == submitKind {
			fail("a %s is no value that a form knows", sf.Type)
		}
	}
	switch k := simpleKind(s.typ); {
	case k >= 0:
		s.kind = k
	case s.typ == fileType:
		s.kind = fileKind
	case s.typ == filesType:
		s.kind = filesKind
	case s.typ.Kind() == reflect.Struct:
		s.kind, s.group = groupKind, newPlan(s.typ, within)
	case s.typ.Kind() == reflect.Slice && (hasChoices || widget == "multiselect" || widget == "checkboxes"):
		if k := simpleKind(s.typ.Elem()); k < 0 || k > ownKind {
			fail("a %s cannot be a choice of several", sf.Type)
		}
		s.kind = manyKind
	case s.typ.Kind() == reflect.Slice && s.typ.Elem().Kind() == reflect.Struct && simpleKind(s.typ.Elem()) < 0:
		s.kind = listKind
		s.entry = &spec{goName: sf.Name, typ: s.typ.Elem(), kind: groupKind, widget: widgets[groupKind][0], group: newPlan(s.typ.Elem(), within)}
	case s.typ.Kind() == reflect.Slice && simpleKind(s.typ.Elem()) >= 0 && simpleKind(s.typ.Elem()) != submitKind:
		s.kind = listKind
		element := sf
		element.Type = s.typ.Elem()
		if s.typ.Elem().Kind() == reflect.Uint8 {
			fail("a %s is no list of values; take a string", sf.Type)
		}
		s.entry = newSpec(element, where, within, true)
		widget, hasWidget = "", false
	default:
		fail("a %s is no value that a form knows; leave it out by `form:\"-\"`", sf.Type)
	}

	s.widget = widgets[s.kind][0]
	if hasChoices && s.kind != manyKind && s.kind != listKind {
		s.widget = "select"
	}
	if hasWidget {
		if !slices.Contains(widgets[s.kind], widget) {
			fail("there is no widget %q for a %s; there are %s", widget, sf.Type, strings.Join(widgets[s.kind], ", "))
		}
		s.widget = widget
	}
	if s.kind == timeKind {
		s.layouts = layouts[s.widget]
		if own, ok := tag.Lookup("layout"); ok {
			if s.widget != "datetime" && s.widget != "hidden" {
				fail("a layout is for the widget datetime alone; a browser sends %q in its own", s.widget)
			}
			s.layouts = strings.Split(own, "|")
		}
	}
	if hasChoices && s.kind != listKind {
		if !s.hasChoices() {
			fail("choices are for the widgets select, radio, multiselect and checkboxes, not for %q", s.widget)
		}
		list, err := parseChoices(choices)
		if err == nil {
			err = s.checkChoices(list)
		}
		if err != nil {
			fail("%v", err)
		}
		s.choices = list
	}
	switch text, ok := tag.Lookup("choice"); {
	case ok && text != "any":
		fail("the tag choice can only be any, which lets a visitor send what is no choice")
	case ok:
		s.anyChoice = true
	}
	s.parseSizes(tag, fail)
	s.parseFilters(tag, fail)
	s.parseAttrs(tag, fail)
	if s.entry == nil || s.entry.kind == groupKind { // the rules of simple values are those of each
		s.parseRules(tag.Get("validate"), fail)
	}
	return s
}

// checkTag refuses keys that are slips of ours. Any other one is another package's.
func checkTag(tag reflect.StructTag, fail func(string, ...any)) {
	for _, key := range tagKeys(tag) {
		head, _, _ := strings.Cut(key, "_")
		if slices.Contains(knownTags, key) || head == "message" {
			continue
		}
		for _, known := range knownTags {
			if slip(key, known) || known == "message" && head != key && slip(head, known) {
				fail("the tag %q is none of a form; is it %q?", key, known)
			}
		}
	}
}

var isTagPair = regexp.MustCompile(`^ *([^\x00-\x20":]+):"(?:[^"\\]|\\.)*"`)

// tagKeys returns the keys of a tag as far as package reflect can read it.
func tagKeys(tag reflect.StructTag) (keys []string) {
	rest := string(tag)
	for m := isTagPair.FindStringSubmatch(rest); m != nil; m = isTagPair.FindStringSubmatch(rest) {
		keys = append(keys, m[1])
		rest = rest[len(m[0]):]
	}
	return keys
}

// slip reports whether a key is near a known one: one letter missing, added, changed or
// swapped with the next one, and two of these if the word is long.
func slip(key, known string) bool {
	a, b := strings.ToLower(key), known
	most := 1
	if len(known) > 5 {
		most = 2
	}
	// d[i][j] is how far the first i bytes of a are from the first j of b.
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			if i == 0 || j == 0 {
				d[i][j] = i + j
				continue
			}
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)] <= most
}

func (s *spec) parseSizes(tag reflect.StructTag, fail func(string, ...any)) {
	number := func(name string, otherwise int) int {
		text, ok := tag.Lookup(name)
		if !ok {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 10_000 {
			fail("%s:%q is no number of entries from 0 to 10000", name, text)
		}
		if s.kind != listKind && !s.isEntry {
			fail("%s is for a list, such as a []T", name)
		}
		return n
	}
	s.minEntries = number("minentries", 0)
	s.maxEntries = number("maxentries", max(maxEntries, s.minEntries))
	if s.minEntries > s.maxEntries {
		fail("minentries is above maxentries")
	}
	size := func(name string) int64 {
		text, ok := tag.Lookup(name)
		if !ok {
			return 0
		}
		n, err := parseSize(text)
		if err != nil {
			fail("%s: %v", name, err)
		}
		if s.kind != fileKind && s.kind != filesKind {
			fail("%s is for a file", name)
		}
		return n
	}
	s.maxSize, s.minSize = size("maxsize"), size("minsize")
	if text, ok := tag.Lookup("accept"); ok {
		if s.kind != fileKind && s.kind != filesKind {
			fail("accept is for a file")
		}
		for item := range strings.SplitSeq(text, ",") {
			item = strings.ToLower(strings.TrimSpace(item))
			if !isAccept.MatchString(item) {
				fail("accept: %q is neither a type, such as image/png or image/*, nor an ending, such as .png", item)
			}
			s.accept = append(s.accept, item)
		}
	}
}

var isAccept = regexp.MustCompile(`^(\.[a-z0-9.]+|[a-z0-9.+-]+/([a-z0-9.+-]+|\*))$`)

// parseSize reads 300, 20KB, 5MB or 1GB, each 1024 of the one before.
func parseSize(text string) (int64, error) {
	digits, factor := strings.TrimSpace(text), int64(1)
	for i, unit := range []string{"KB", "MB", "GB"} {
		if rest, ok := strings.CutSuffix(strings.ToUpper(digits), unit); ok {
			digits, factor = strings.TrimSpace(rest), int64(1)<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no size such as 300, 20KB or 5MB", text)
	}
	return n * factor, nil
}

func (s *spec) parseFilters(tag reflect.StructTag, fail func(string, ...any)) {
	text, ok := tag.Lookup("filter")
	if !ok {
		return
	}
	if s.kind != textKind && (s.kind != listKind || s.entry.kind != textKind) {
		fail("a filter is for text")
	}
	for name := range strings.SplitSeq(text, ",") {
		f, ok := filters[strings.TrimSpace(name)]
		if !ok {
			fail("there is no filter %q; there are trim, squeeze, lower and upper, and a method Filter%s of yours", name, s.goName)
		}
		s.filters = append(s.filters, f)
	}
}

// filters change a text before it is checked.
var filters = map[string]func(string) string{
	"trim":    strings.TrimSpace,
	"squeeze": func(s string) string { return strings.Join(strings.Fields(s), " ") },
	"lower":   strings.ToLower,
	"upper":   strings.ToUpper,
}

func (s *spec) parseAttrs(tag reflect.StructTag, fail func(string, ...any)) {
	for _, name := range []string{"autocomplete", "step", "pattern"} {
		if value, ok := tag.Lookup(name); ok {
			s.attrs = append(s.attrs, attr{name, value})
		}
	}
	if text, ok := tag.Lookup("attrs"); ok {
		for pair := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if err := checkAttr(name); err != nil {
				fail("attrs: %v", err)
			}
			s.attrs = append(s.attrs, attr{name, value})
		}
	}
}

// simpleKind returns the kind of a single value, or -1.
func simpleKind(typ reflect.Type) kind {
	switch {
	case typ == timeType:
		return timeKind
	case typ == submitType:
		return submitKind
	case slices.Contains(numberTypes, typ), isDecimal(typ):
		return decimalKind
	case reflect.PointerTo(typ).Implements(textType):
		return ownKind
	}
	switch typ.Kind() {
	case reflect.String:
		return textKind
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if typ == reflect.TypeFor[time.Duration]() {
			return -1
		}
		return intKind
	case reflect.Float32, reflect.Float64:
		return floatKind
	case reflect.Bool:
		return boolKind
	}
	return -1
}

// isDecimal reports whether a type with UnmarshalText is a number, such as the
// Decimal of a library.
func isDecimal(typ reflect.Type) bool {
	return typ.Kind() == reflect.Struct && typ.Name() == "Decimal" && reflect.PointerTo(typ).Implements(textType)
}

func isSimple(typ reflect.Type) bool { return simpleKind(typ) >= 0 }

func (s *spec) hasChoices() bool {
	return s.kind == manyKind || s.widget == "select" || s.widget == "radio"
}

// hasFile reports whether the field is a file, or has one within.
func (s *spec) hasFile() bool {
	switch {
	case s.group != nil:
		return slices.ContainsFunc(s.group.specs, (*spec).hasFile)
	case s.entry != nil:
		return s.entry.hasFile()
	}
	return s.kind == fileKind || s.kind == filesKind
}

func (p *plan) byGoName(name string) *spec {
	for _, s := range p.specs {
		if s.goName == name {
			return s
		}
	}
	return nil
}

// findMethods finds Validate, and ValidateX and FilterX for the field X. A struct within a
// form may have a Validate that is about something else.
func (p *plan) findMethods(within bool) {
	typ := reflect.PointerTo(p.typ)
	for m := range typ.Methods() {
		where := fmt.Sprintf("forms: %s.%s", p.typ, m.Name)
		check := func(want reflect.Type) {
			if m.Type != want {
				panic(fmt.Sprintf("%s is %s; want %s", where, m.Type, want))
			}
		}
		fn := func(out reflect.Type, in ...reflect.Type) reflect.Type {
			return reflect.FuncOf(append([]reflect.Type{typ}, in...), []reflect.Type{out}, false)
		}
		if m.Name == "Validate" {
			want := fn(errorType, contextType, reflect.TypeFor[*Form]())
			if within {
				want = fn(errorType, contextType, reflect.TypeFor[*Field]())
				if !takesOurs(m.Type) {
					continue
				}
			}
			check(want)
			p.validate = true
			continue
		}
		for prefix, want := range map[string]reflect.Type{
			"Validate": fn(errorType, contextType, reflect.TypeFor[*Field]()),
			"Filter":   fn(reflect.TypeFor[string](), reflect.TypeFor[string]()),
		} {
			name, ok := strings.CutPrefix(m.Name, prefix)
			if !ok || name == "" || !unicode.IsUpper(rune(name[0])) {
				continue
			}
			s := p.byGoName(name)
			switch {
			case s == nil && m.Type != want:
				continue // it is about something else
			case s == nil:
				panic(fmt.Sprintf("%s belongs to no field: there is no %s", where, name))
			}
			check(want)
			if prefix == "Filter" {
				if s.kind != textKind {
					panic(where + ": a filter is for text")
				}
				s.ownFilter = true
			} else {
				s.ownCheck = true
			}
		}
	}
}

// takesOurs reports whether a method takes something that only a form has to give.
func takesOurs(method reflect.Type) bool {
	for in := range method.Ins() {
		if slices.Contains([]reflect.Type{contextType, reflect.TypeFor[*Form](), reflect.TypeFor[*Field]()}, in) {
			return true
		}
	}
	return false
}

// snakeCase is the name that a Python programmer would give a field: PostCode is
// post_code, and ID is id.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) {
			after := i > 0 && !unicode.IsUpper(runes[i-1]) && runes[i-1] != '_'
			before := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && runes[i-1] != '_'
			if after || before {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// titled is WTForms' label for a name: post_code is Post Code.
func titled(name string) string {
	words := strings.Fields(strings.ReplaceAll(name, "_", " "))
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + strings.ToLower(w[1:])
	}
	return strings.Join(words, " ")
}
