package forms

import (
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/hipflask/hipflask"
)

// What is checked of a value, and what a visitor is told.

// rule is one rule of a tag validate.
type rule struct {
	tag     string // as validator takes it, such as min=3,max=20
	name    string // the part before =
	other   string // the Go name of the field to compare with
	message Message
	own     RuleFunc // of AddRule, in the place of validator
	param   string   // for it
}

// RuleFunc checks a field for a rule of [AddRule]. Its error is one of [Invalid] for a
// mistake, anything else for a failure.
type RuleFunc func(c *hipflask.Context, f *Field, param string) error

var (
	ownRules      sync.Map // name → RuleFunc
	isRuleName    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	validatorOnce = sync.OnceValue(func() *validator.Validate { return validator.New() })
)

// AddRule makes a rule for the tag validate, for every form of the program:
// `validate:"required,color"`, or color=dark, which calls it with the param "dark". Call
// it before the first form of a struct that has it, as from init. A validator of
// WTForms that is a function or a class of one's own is this.
//
// AddRule panics if the name is taken, by another rule of yours, of this package or of
// validator, or is none of small letters, digits and _.
func AddRule(name string, rule RuleFunc) {
	if !isRuleName.MatchString(name) || rule == nil {
		panic(fmt.Sprintf("forms: AddRule(%q): give a name of small letters, digits and _, and a function", name))
	}
	if slices.Contains(handled, name) || slices.Contains(checks, name) || refused.MatchString(name) || ofValidator(name) {
		panic(fmt.Sprintf("forms: AddRule(%q): there is such a rule", name))
	}
	if _, taken := ownRules.LoadOrStore(name, rule); taken {
		panic(fmt.Sprintf("forms: AddRule(%q): there is such a rule", name))
	}
}

// ofValidator reports whether validator has a rule: of one that it does not know it
// panics with these words, and it has no list.
func ofValidator(name string) (known bool) {
	defer func() {
		p := recover()
		known = p == nil || !strings.Contains(fmt.Sprint(p), "Undefined validation function")
	}()
	_ = validatorOnce().Var("", name)
	return true
}

// checks are those that have a message, and so a tag message_NAME, without being rules.
var checks = []string{"type", "choice", "bounds", "pattern", "size", "accept"}

// handled are the rules that are not left to validator.
var handled = []string{"required", "input_required", "optional", "omitempty", "omitnil", "omitzero", "noneof", "readonly", "disabled"}

// forOthers are the rules of validator for values that are no text: the others of its
// rules take them, and never hold.
var forOthers = map[kind][]string{
	intKind:   append([]string{"eq", "ne", "len", "oneof", "number", "numeric", "port", "latitude", "longitude"}, comparisons...),
	floatKind: append([]string{"eq", "ne", "len", "number", "numeric", "latitude", "longitude"}, comparisons...),
	timeKind:  append([]string{"gt", "gte", "lt", "lte"}, comparisons...),
	manyKind:  {"eq", "ne", "unique", "eqfield", "nefield"},
}

var comparisons = []string{"eqfield", "nefield", "gtfield", "gtefield", "ltfield", "ltefield"}

// fits reports whether a kind of field can have a rule of validator, or several with |.
func (k kind) fits(part string) bool {
	known, some := forOthers[k]
	for one := range strings.SplitSeq(part, "|") {
		name, _, _ := strings.Cut(one, "=")
		if some && !slices.Contains(known, name) {
			return false
		}
	}
	return some || k == textKind
}

// refused are those of validator's that need the whole struct.
var refused = regexp.MustCompile(`^(required_|excluded_|skip_unless|dive$|keys$|endkeys$|structonly$|nostructlevel$|isdefault$|.*csfield$|fieldcontains|fieldexcludes)`)

// parseRules reads the tag validate.
func (s *spec) parseRules(tag string, fail func(string, ...any)) {
	bounds, sides := map[string]string{}, map[string]string{}
	for part := range strings.SplitSeq(tag, ",") {
		part = strings.TrimSpace(part)
		name, param, _ := strings.Cut(part, "=")
		own, isOwn := ownRules.Load(name)
		file := s.kind == fileKind || s.kind == filesKind
		switch {
		case part == "" || part == "-":
		case name == "required":
			s.required = true
		case name == "input_required":
			s.inputRequired = true
		case slices.Contains([]string{"optional", "omitempty", "omitnil", "omitzero"}, name):
			s.optional = true
		case (name == "readonly" || name == "disabled") && !file && s.kind < groupKind && s.kind != submitKind:
			s.fixed = name
			s.attrs = append(s.attrs, attr{name, ""})
		case s.kind == groupKind || s.kind == listKind:
			fail("the rule %q is for a single value; a list has minentries and maxentries, and a struct its method Validate", part)
		case isOwn:
			s.rules = append(s.rules, rule{tag: part, name: name, own: own.(RuleFunc), param: param})
		case file:
			fail("there is no rule %q for a file; there are required and optional, and the tags accept, maxsize and minsize", part)
		case refused.MatchString(name):
			fail("the rule %q looks at the whole struct; write a method Validate%s instead", name, s.goName)
		case s.isBound(name):
			for _, side := range sidesOf[name] {
				if other, ok := sides[side]; ok {
					fail("%s and %s both say what is the %s; leave one out", other, part, side)
				}
				sides[side] = part
			}
			bounds[name] = param
		case name == "noneof":
			s.rules = append(s.rules, noneOf(param))
		case slices.Contains(comparisons, name) && s.isEntry:
			fail("the rule %q has no field to compare the entries of a list with; write a method Validate%s", part, s.goName)
		case !s.kind.fits(part):
			fail("the rule %q is none that a %s can have; write a method Validate%s", part, s.typ, s.goName)
		default:
			s.rules = append(s.rules, s.newRule(part, name, param))
		}
	}
	if (s.kind == groupKind || s.kind == listKind || s.kind == submitKind) && (s.required || s.optional && !s.null) {
		fail("a %s is neither required nor optional itself", s.typ)
	}
	if s.required && s.optional && !s.null {
		fail("it is required and optional at once")
	}
	s.optional = s.optional || s.null && !s.required && !s.inputRequired
	if len(bounds) > 0 && s.kind == timeKind {
		s.rules = append(s.rules, s.timesRule(bounds, fail))
	} else if len(bounds) > 0 {
		s.rules = append([]rule{s.boundsRule(bounds, fail)}, s.rules...)
	}
	for _, a := range s.attrs {
		if a.name == "pattern" {
			s.rules = append(s.rules, patternRule(a.value, fail))
		}
	}
	for _, r := range s.rules {
		if r.own == nil && r.other == "" {
			s.try(r, fail)
		}
	}
	s.checkMessages(fail)
}

// checkMessages refuses a message for a rule that the field does not have.
func (s *spec) checkMessages(fail func(string, ...any)) {
	names := []string{"type", "required", "input_required", "choice", "size", "accept", "readonly", "disabled"}
	for _, r := range s.rules {
		names = append(names, r.name)
	}
	for _, key := range tagKeys(s.messages) {
		name, ok := strings.CutPrefix(key, "message_")
		switch {
		case !ok || slices.Contains(names, name) && s.hasMessage(name):
		case s.isBound(name):
			fail("there is no %s; the bounds have one message together, message_bounds", key)
		default:
			fail("there is a tag %s, but no rule %q whose message it could be", key, name)
		}
	}
}

// hasMessage reports whether a check that is no rule is made of the field.
func (s *spec) hasMessage(name string) bool {
	switch name {
	case "required":
		return s.required
	case "input_required":
		return s.inputRequired
	case "readonly", "disabled":
		return s.fixed == name
	case "choice":
		return s.hasChoices()
	case "size":
		return s.minSize > 0 || s.maxSize > 0
	case "accept":
		return len(s.accept) > 0
	}
	return true
}

// checkOther refuses a comparison that can never hold.
func (p *plan) checkOther(s *spec, r rule) {
	other := p.byGoName(r.other)
	switch {
	case other == nil:
		panic(fmt.Sprintf("forms: %s.%s: the rule %s needs the field %s of the same struct, which is not there", p.typ, s.goName, r.tag, r.other))
	case other.kind != s.kind || other.typ.Kind() != s.typ.Kind():
		panic(fmt.Sprintf("forms: %s.%s: the rule %s compares a %s with %s, a %s; give both one type", p.typ, s.goName, r.tag, s.typ, r.other, other.typ))
	}
}

// try runs a rule once, so that one that validator does not know, or not for this type, is
// found when the form is made for the first time.
func (s *spec) try(r rule, fail func(string, ...any)) {
	defer func() {
		if p := recover(); p != nil {
			fail("the rule %q is none that a %s can have (validator says: %v)", r.tag, s.typ, p)
		}
	}()
	_ = validatorOnce().Var(reflect.Zero(s.typ).Interface(), r.tag) // that zero fails is no matter
}

// sidesOf are the bounds that a rule sets.
var sidesOf = map[string][]string{"min": {"least"}, "gt": {"least"}, "gte": {"least"}, "max": {"most"}, "lt": {"most"}, "lte": {"most"},
	"len": {"least", "most"}}

// isBound reports whether a rule is part of WTForms' Length or NumberRange.
func (s *spec) isBound(name string) bool {
	switch s.kind {
	case textKind, manyKind:
		return slices.Contains([]string{"min", "max", "len", "gt", "gte", "lt", "lte"}, name)
	case timeKind:
		return name == "min" || name == "max"
	case intKind, floatKind, decimalKind:
		return slices.Contains([]string{"min", "max", "gt", "gte", "lt", "lte"}, name)
	}
	return false
}

// boundsRule makes one rule of all bounds, since one message tells both, and has the
// browser know them.
func (s *spec) boundsRule(bounds map[string]string, fail func(string, ...any)) rule {
	var least, most string
	var tags []string
	whole := s.kind == textKind || s.kind == manyKind || s.kind == intKind
	for name, param := range bounds {
		if _, ok := new(big.Rat).SetString(param); !ok || len(param) > 50 {
			fail("%s=%s is no number", name, param)
		}
		if !whole && (name == "gt" || name == "lt") {
			fail("%s is for whole numbers; take min or max", name)
		}
		n, isWhole := new(big.Int).SetString(param, 10)
		if whole && !isWhole {
			fail("%s=%s is no whole number", name, param)
		}
		switch name {
		case "gt":
			param, name = n.Add(n, big.NewInt(1)).String(), "min"
		case "lt":
			param, name = n.Sub(n, big.NewInt(1)).String(), "max"
		}
		if name == "min" || name == "gte" || name == "len" {
			least = param
		}
		if name == "max" || name == "lte" || name == "len" {
			most = param
		}
	}
	if least != "" {
		tags = append(tags, "min="+least)
	}
	if most != "" {
		tags = append(tags, "max="+most)
	}
	r := rule{tag: strings.Join(tags, ","), name: "bounds"}
	if s.kind == textKind || s.kind == manyKind {
		r.message = lengthMessage(s.kind, least, most)
		if s.kind == textKind {
			s.bound("minlength", least)
			s.bound("maxlength", most)
		}
		return r
	}
	switch {
	case most == "":
		r.message = msg("Number must be at least %(min)s.", "min", least)
	case least == "":
		r.message = msg("Number must be at most %(max)s.", "max", most)
	default:
		r.message = msg("Number must be between %(min)s and %(max)s.", "min", least, "max", most)
	}
	s.bound("min", least)
	s.bound("max", most)
	if s.kind == decimalKind { // validator knows no such number
		r.own = func(_ *hipflask.Context, f *Field, _ string) error {
			n, ok := new(big.Rat).SetString(valueTexts(f.spec, f.value)[0])
			low, hasLow := new(big.Rat).SetString(least)
			high, hasHigh := new(big.Rat).SetString(most)
			if !ok || hasLow && n.Cmp(low) < 0 || hasHigh && n.Cmp(high) > 0 {
				return &ValidationError{r.message}
			}
			return nil
		}
	}
	return r
}

func (s *spec) bound(name, value string) {
	if value != "" {
		s.attrs = append(s.attrs, attr{name, value})
	}
}

// timesRule is WTForms' DateRange, with bounds as the field's own text.
func (s *spec) timesRule(bounds map[string]string, fail func(string, ...any)) rule {
	times := map[string]time.Time{}
	for name, text := range bounds {
		t, ok := s.parseTime(text)
		if !ok {
			fail("%s=%s is no value of the widget %s, as a browser writes it", name, text, s.widget)
		}
		times[name] = t
		s.bound(name, text)
	}
	low, hasLow := times["min"]
	high, hasHigh := times["max"]
	m := msg("Date must be between %(min)s and %(max)s.", "min", bounds["min"], "max", bounds["max"])
	switch {
	case !hasHigh:
		m.ID = "Date must be at least %(min)s."
	case !hasLow:
		m.ID = "Date must be at most %(max)s."
	}
	return rule{tag: "min,max", name: "bounds", own: func(_ *hipflask.Context, f *Field, _ string) error {
		v := f.value
		if f.spec.null {
			v = v.Elem()
		}
		if t := v.Interface().(time.Time); hasLow && t.Before(low) || hasHigh && t.After(high) {
			return &ValidationError{m}
		}
		return nil
	}}
}

func lengthMessage(k kind, least, most string) Message {
	low, _ := strconv.Atoi(least)
	high, _ := strconv.Atoi(most)
	m := Message{Params: map[string]any{"min": low, "max": high}}
	switch {
	case k == manyKind && most == "":
		m.ID, m.N = "Choose at least %(min)d.", low
	case k == manyKind && least == "":
		m.ID, m.N = "Choose at most %(max)d.", high
	case k == manyKind:
		m.ID, m.N = "Choose %(min)d to %(max)d.", high
	case most == "":
		m.ID, m.Plural, m.N = "Field must be at least %(min)d character long.", "Field must be at least %(min)d characters long.", low
	case least == "":
		m.ID, m.Plural, m.N = "Field cannot be longer than %(max)d character.", "Field cannot be longer than %(max)d characters.", high
	case low == high:
		m.ID, m.Plural, m.N = "Field must be exactly %(max)d character long.", "Field must be exactly %(max)d characters long.", high
	default:
		m.ID = "Field must be between %(min)d and %(max)d characters long."
	}
	return m
}

// newRule makes a rule that validator checks.
func (s *spec) newRule(part, name, param string) rule {
	r := rule{tag: part, name: name, message: msg("Invalid input.")}
	switch name {
	case "email":
		r.message = msg("Invalid email address.")
	case "url", "http_url", "https_url", "uri":
		r.message = msg("Invalid URL.")
	case "ip", "ipv4", "ipv6":
		r.message = msg("Invalid IP address.")
	case "mac":
		r.message = msg("Invalid Mac address.")
	case "uuid", "uuid3", "uuid4", "uuid5", "uuid_rfc4122", "uuid3_rfc4122", "uuid4_rfc4122", "uuid5_rfc4122":
		r.message = msg("Invalid UUID.")
	case "oneof", "oneofci":
		r.message = msg("Invalid value, must be one of: %(values)s.", "values", strings.Join(words(param), ", "))
	case "eqfield", "nefield", "gtfield", "gtefield", "ltfield", "ltefield":
		r.tag, r.other = name, param
		r.message = msg(compareMessages[name])
	}
	return r
}

// The first is WTForms', the others are of its kind.
var compareMessages = map[string]string{
	"eqfield":  "Field must be equal to %(other_name)s.",
	"nefield":  "Field must not be equal to %(other_name)s.",
	"gtfield":  "Field must be greater than %(other_name)s.",
	"gtefield": "Field must not be less than %(other_name)s.",
	"ltfield":  "Field must be less than %(other_name)s.",
	"ltefield": "Field must not be greater than %(other_name)s.",
}

var isWord = regexp.MustCompile(`'[^']*'|\S+`)

// words splits a param as validator's oneof does: with ” around a word with blanks.
func words(param string) []string {
	list := isWord.FindAllString(param, -1)
	for i := range list {
		list[i] = strings.Trim(list[i], "'")
	}
	return list
}

// noneOf is WTForms' validator, which validator lacks.
func noneOf(param string) rule {
	list := words(param)
	return rule{tag: "noneof=" + param, name: "noneof", own: func(_ *hipflask.Context, f *Field, _ string) error {
		for _, text := range valueTexts(f.spec, f.value) {
			if slices.Contains(list, text) {
				return Invalid("Invalid value, can't be any of: %(values)s.", "values", strings.Join(list, ", "))
			}
		}
		return nil
	}}
}

// patternRule checks what the browser does with the attribute pattern: the whole value.
func patternRule(pattern string, fail func(string, ...any)) rule {
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		fail("pattern: %v", err)
	}
	return rule{tag: "pattern", name: "pattern", own: func(_ *hipflask.Context, f *Field, _ string) error {
		if texts := valueTexts(f.spec, f.value); len(texts) == 1 && !re.MatchString(texts[0]) {
			return Invalid("Invalid input.")
		}
		return nil
	}}
}

// fail adds the message of a rule, or the one that the struct has in its place.
func (f *Field) fail(rule string, m Message) {
	for _, tag := range []string{"message_" + rule, "message"} {
		if own, ok := f.spec.messages.Lookup(tag); ok {
			m.ID, m.Plural = own, ""
			break
		}
	}
	f.errors = append(f.errors, f.form.translate(m))
}

// validate checks a field, in the order that WTForms has: whether there is anything,
// whether it is a value, whether it is a choice, the rules, and the struct's own
// method, if all else is right.
func (f *Field) validate() {
	s := f.spec
	for _, sub := range f.fields {
		sub.validate()
	}
	if s.kind == groupKind && s.group.validate && !f.invalid() && f.form.failure == nil {
		f.form.take(f.form.call(f.value, "Validate", reflect.ValueOf(f)), f.addMessage)
	}
	if s.fixed != "" { // the value is not the visitor's
		if f.problem != nil {
			f.fail(s.fixed, *f.problem)
		}
		return
	}
	blank, empty := f.blank(), f.empty()
	switch {
	case s.optional && blank:
		return
	case s.inputRequired && f.unsent(), s.required && empty && (f.problem == nil || blank):
		rule := "required"
		if !s.required {
			rule = "input_required"
		}
		f.fail(rule, msg("This field is required."))
		return
	case f.problem != nil:
		f.fail("type", *f.problem)
		return
	case s.hasChoices() && !f.checkChoice():
		return
	}
	if !s.null || !f.value.IsNil() {
		for _, r := range s.rules {
			f.check(r)
		}
	}
	for _, file := range f.uploads() {
		f.checkFile(file)
	}
	if s.ownCheck && !f.invalid() && f.form.failure == nil {
		f.form.take(f.form.call(f.owner, "Validate"+s.goName, reflect.ValueOf(f)), f.addMessage)
	}
}

// blank reports whether nothing was sent, or only white space.
func (f *Field) blank() bool {
	switch f.spec.kind {
	case fileKind, filesKind:
		return len(f.uploads()) == 0
	case groupKind, listKind:
		return false
	}
	if !f.form.submitted {
		return f.empty()
	}
	return len(f.raw) == 0 || strings.TrimSpace(f.raw[0]) == ""
}

// unsent reports whether nothing at all was sent: white space is something.
func (f *Field) unsent() bool {
	return f.blank() && (len(f.raw) == 0 || f.raw[0] == "")
}

// empty reports whether the value is none: what Python takes for false, and blanks.
func (f *Field) empty() bool {
	v := f.value
	if f.spec.null && !v.IsNil() {
		switch {
		case f.spec.kind == textKind:
			return strings.TrimSpace(v.Elem().String()) == ""
		case f.spec.kind == boolKind && !f.spec.hasChoices(): // a box, of which nothing is sent if unchecked
			return !v.Elem().Bool()
		}
		return false
	}
	switch f.spec.kind {
	case textKind:
		return f.spec.null || strings.TrimSpace(v.String()) == ""
	case manyKind, filesKind, listKind:
		return v.Len() == 0
	case groupKind:
		return false
	}
	return v.IsZero()
}

// check runs one rule.
func (f *Field) check(r rule) {
	if r.own != nil {
		err := r.own(f.form.c, f, r.param)
		messages, failure := mistakes(err)
		for _, m := range messages {
			f.fail(r.name, m)
		}
		f.form.take(failure, f.addMessage)
		return
	}
	value := f.value
	if f.spec.null {
		value = value.Elem()
	}
	if r.other == "" {
		if validatorOnce().Var(value.Interface(), r.tag) != nil {
			f.fail(r.name, r.message)
		}
		return
	}
	for _, other := range f.siblings {
		if other.spec.goName != r.other || other.problem != nil {
			continue
		}
		m := r.message
		m.Params = map[string]any{"other_name": other.spec.name, "other_label": other.LabelText()}
		against := other.value
		if other.spec.null && against.IsNil() {
			if r.name != "eqfield" && r.name != "nefield" { // there is nothing to be greater or less than
				continue
			}
		} else if other.spec.null {
			against = against.Elem()
		}
		if f.spec.kind == manyKind { // of which validator compares the lengths
			if slices.Equal(valueTexts(f.spec, value), valueTexts(other.spec, against)) != (r.name == "eqfield") {
				f.fail(r.name, m)
			}
			continue
		}
		if validatorOnce().VarWithValue(value.Interface(), against.Interface(), r.tag) != nil {
			f.fail(r.name, m)
		}
	}
}
