package forms

import (
	"encoding"
	"fmt"
	"math/big"
	"mime/multipart"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// From what was sent to values, and back to text.

// maxText bounds the text of a value that reads itself.
const maxText = 4096

// read takes what was sent for a field that is no struct and no list. A field that is
// fixed keeps its value.
func (f *Field) read() {
	if f.spec.fixed == "" {
		f.readSent()
		return
	}
	before := reflect.New(f.value.Type()).Elem()
	before.Set(f.value)
	was := valueTexts(f.spec, f.value)
	f.readSent()
	sent := f.form.values.Has(f.name)
	f.problem = nil
	switch {
	case f.spec.fixed == "disabled" && sent:
		f.problem = new(msg("This field is disabled and cannot have a value."))
	case sent && !slices.Equal(valueTexts(f.spec, f.value), was) && !slices.Equal(lineEnds(f.raw), lineEnds(was)):
		f.problem = new(msg("This field cannot be edited."))
	}
	f.value.Set(before)
	f.raw = nil
}

// lineEnds writes texts with one kind of line end: a browser sends \r\n for each.
func lineEnds(texts []string) (same []string) {
	for _, text := range texts {
		same = append(same, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	}
	return same
}

func (f *Field) readSent() {
	s := f.spec
	switch s.kind {
	case fileKind, filesKind:
		if f.form.fromQuery {
			return
		}
		files := f.form.c.Files(f.name)
		if s.kind == filesKind {
			f.value.Set(reflect.ValueOf(slices.Clone(files)))
		} else if f.value.SetZero(); len(files) > 0 {
			f.value.Set(reflect.ValueOf(files[0]))
		}
		return
	case manyKind:
		f.readMany()
		return
	}
	sent := f.form.values[f.name]
	for _, text := range sent[:min(len(sent), 1)] { // what is sent again does not count
		f.raw = append(f.raw, clean(text))
	}
	switch {
	case s.kind == submitKind, s.widget == "checkbox", s.kind == boolKind && s.widget == "hidden":
		setTo := len(sent) > 0 && sent[0] != "" && sent[0] != "false" // WTForms' false_values
		target(f.value, s).SetBool(setTo)
		return
	case len(sent) == 0:
		return
	}
	text := sent[0]
	if s.widget == "textarea" { // sent with \r\n, but counted with \n by maxlength
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	if s.kind == textKind {
		text = f.filter(text)
	}
	if s.null && strings.TrimSpace(text) == "" {
		f.value.SetZero()
		return
	}
	if problem := s.parse(target(f.value, s), text); problem != "" {
		f.value.SetZero()
		if s.hasChoices() {
			problem = "Invalid Choice: could not coerce."
		}
		f.problem = new(msg(problem))
	}
}

// target is where the value stands: behind the pointer of one that may be missing, which
// is made if that is wanted.
func target(v reflect.Value, s *spec) reflect.Value {
	if !s.null {
		return v
	}
	v.Set(reflect.New(s.typ))
	return v.Elem()
}

func (f *Field) filter(text string) string {
	for _, filter := range f.spec.filters {
		text = filter(text)
	}
	if f.spec.ownFilter {
		text = f.owner.Addr().MethodByName("Filter" + f.spec.goName).Call([]reflect.Value{reflect.ValueOf(text)})[0].String()
	}
	return text
}

func (f *Field) readMany() {
	one := f.spec.element()
	list := reflect.MakeSlice(f.spec.typ, 0, 0)
	for _, text := range f.form.values[f.name] {
		f.raw = append(f.raw, clean(text))
		v := reflect.New(one.typ).Elem()
		if one.parse(v, text) != "" {
			f.problem = new(msg("Invalid choice(s): one or more data inputs could not be coerced."))
			continue
		}
		list = reflect.Append(list, v)
	}
	if f.problem != nil {
		list = reflect.Zero(f.spec.typ)
	}
	f.value.Set(list)
}

// readEntries makes the entries of a list: those that were sent, in the order of their
// numbers, or those of the struct.
func (f *Field) readEntries() {
	s := f.spec
	var numbers []int
	if f.form.submitted {
		numbers = f.form.entriesOf(f.name, s.entry.kind == groupKind)
		left := max(0, max(maxAllEntries, s.maxEntries)-f.form.entries)
		if most := min(s.maxEntries, left); len(numbers) > most {
			numbers = numbers[:most]
			f.problem = new(msg("There can be at most %(max)d entries.", "max", s.maxEntries))
		}
	} else {
		for i := range f.value.Len() {
			numbers = append(numbers, i)
		}
	}
	for len(numbers) < s.minEntries {
		next := 0
		if n := len(numbers); n > 0 {
			next = numbers[n-1] + 1
		}
		numbers = append(numbers, next)
	}
	list := reflect.MakeSlice(s.typ, len(numbers), len(numbers))
	reflect.Copy(list, f.value)
	if len(numbers) == 0 {
		list = reflect.Zero(s.typ)
	}
	f.value.Set(list)
	f.form.entries += len(numbers)
	for i, number := range numbers {
		f.addEntry(i, number)
	}
}

// entriesOf returns the numbers that were sent below a name, sorted: 0 and 2 for
// items-0-name, items-2-name and items-x.
func (form *Form) entriesOf(name string, structs bool) (numbers []int) {
	for _, key := range form.keysBelow(name) {
		digits, _, within := strings.Cut(key[len(name)+1:], "-")
		n, err := strconv.Atoi(digits)
		if within != structs || err != nil || n < 0 || n >= 1e9 || strconv.Itoa(n) != digits {
			continue
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// keysBelow returns the names that begin with a name and a dash.
func (form *Form) keysBelow(name string) []string {
	if form.keys == nil {
		form.keys = []string{}
		for key := range form.values {
			form.keys = append(form.keys, key)
		}
		if sent := form.c.Request.MultipartForm; sent != nil && !form.fromQuery {
			for key := range sent.File {
				form.keys = append(form.keys, key)
			}
		}
		slices.Sort(form.keys)
	}
	from, _ := slices.BinarySearch(form.keys, name+"-")
	to, _ := slices.BinarySearch(form.keys, name+".") // which comes after the dash
	return form.keys[from:to]
}

// clean is a text as it can be shown: UTF-8, without the NUL that no page may have.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}

// parse reads a text into a value. It returns "" if it could, else the message that says
// why not.
func (s *spec) parse(dst reflect.Value, text string) (problem string) {
	if s.kind != textKind {
		text = strings.TrimSpace(text)
	}
	switch s.kind {
	case textKind:
		text = strings.ToValidUTF8(text, "\ufffd")
		if strings.Contains(text, "\x00") { // no database keeps it, and no page shows it
			return "Invalid input."
		}
		dst.SetString(text)
	case intKind:
		if dst.CanInt() {
			n, err := strconv.ParseInt(text, 10, dst.Type().Bits())
			if err != nil {
				return "Not a valid integer value."
			}
			dst.SetInt(n)
			return ""
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, dst.Type().Bits())
		if err != nil {
			return "Not a valid integer value."
		}
		dst.SetUint(n)
	case floatKind:
		n, err := strconv.ParseFloat(text, dst.Type().Bits())
		if err != nil || !isDecimalText.MatchString(text) { // no NaN, and no 0x1p-2
			if s.widget == "decimal" {
				return "Not a valid decimal value."
			}
			return "Not a valid float value."
		}
		dst.SetFloat(n)
	case decimalKind:
		// An exponent of six digits is a number of a million.
		if len(text) > 200 || !isDecimalText.MatchString(text) || unmarshalText(dst, text) != nil {
			return "Not a valid decimal value."
		}
	case ownKind:
		if len(text) > maxText || clean(text) != text || unmarshalText(dst, text) != nil {
			return "Invalid input."
		}
	case boolKind:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return "Not a valid choice."
		}
		dst.SetBool(b)
	case timeKind:
		t, ok := s.parseTime(text)
		if !ok {
			return timeMessages[s.widget]
		}
		dst.Set(reflect.ValueOf(t))
	default:
		panic(fmt.Sprintf("forms: no value of kind %d is read from text", s.kind))
	}
	return ""
}

var isDecimalText = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

func unmarshalText(dst reflect.Value, text string) error {
	return dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
}

// layouts are how browsers write each kind of time, the one we write first.
var layouts = map[string][]string{
	"datetime-local": {"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"},
	"datetime":       {"2006-01-02 15:04:05"},
	"date":           {"2006-01-02"},
	"time":           {"15:04:05", "15:04"},
	"month":          {"2006-01"},
	"week":           {"week"},
	"hidden":         {time.RFC3339Nano},
}

var timeMessages = map[string]string{
	"datetime-local": "Not a valid datetime value.", "datetime": "Not a valid datetime value.", "hidden": "Not a valid datetime value.",
	"date": "Not a valid date value.", "month": "Not a valid date value.",
	"time": "Not a valid time value.", "week": "Not a valid week value.",
}

func (s *spec) parseTime(text string) (time.Time, bool) {
	for _, layout := range s.layouts {
		if layout == "week" {
			return parseWeek(text)
		}
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseWeek reads 2026-W07 as the Monday of that week.
func parseWeek(text string) (time.Time, bool) {
	year, week, ok := strings.Cut(text, "-W")
	y, err1 := strconv.Atoi(year)
	w, err2 := strconv.Atoi(week)
	if !ok || len(year) != 4 || len(week) != 2 || err1 != nil || err2 != nil || y < 1 || w < 1 {
		return time.Time{}, false
	}
	fourth := time.Date(y, 1, 4, 0, 0, 0, 0, time.UTC) // always in the first week
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7+7*(w-1))
	gotYear, gotWeek := monday.ISOWeek()
	return monday, gotYear == y && gotWeek == w
}

// valueTexts is a value as it is shown, and as it would be sent: none for a missing one.
func valueTexts(s *spec, v reflect.Value) []string {
	if s.null {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch s.kind {
	case textKind:
		return []string{v.String()}
	case timeKind:
		t := v.Interface().(time.Time)
		if s.widget == "datetime-local" || s.widget == "datetime" {
			t = t.UTC() // as what is sent is read
		}
		switch {
		case t.IsZero():
			return nil
		case s.layouts[0] == "week":
			year, week := t.ISOWeek()
			return []string{fmt.Sprintf("%04d-W%02d", year, week)}
		case t.Second() == 0 && len(s.layouts) > 1 && (s.widget == "datetime-local" || s.widget == "time"):
			return []string{t.Format(s.layouts[1])} // without the seconds
		}
		return []string{t.Format(s.layouts[0])}
	case floatKind:
		return []string{strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits())}
	case decimalKind, ownKind:
		return []string{valueText(v)}
	case manyKind:
		var texts []string
		one := s.element()
		for i := range v.Len() {
			texts = append(texts, valueTexts(one, v.Index(i))...)
		}
		return texts
	case fileKind, filesKind, groupKind, listKind:
		return nil
	}
	return []string{fmt.Sprint(v.Interface())}
}

func valueText(v reflect.Value) string {
	if r, ok := v.Interface().(big.Rat); ok { // 1/4 is no number in a page
		if digits, exact := r.FloatPrec(); exact {
			return r.FloatString(digits)
		}
	}
	if m, ok := v.Addr().Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
		return ""
	}
	return fmt.Sprint(v.Interface())
}

// uploads returns the files of a field.
func (f *Field) uploads() []*multipart.FileHeader {
	switch v := f.value.Interface().(type) {
	case []*multipart.FileHeader:
		return v
	case *multipart.FileHeader:
		if v != nil {
			return []*multipart.FileHeader{v}
		}
	}
	return nil
}
