package hipflask

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What a client would rather have: the header Accept and those like it.

// Accept is what a client takes, by the header that one of the functions below
// reads. It is Werkzeug's Accept, behind Flask's request.accept_mimetypes and
// its like. The zero value is that of a request without the header, which asks
// for nothing.
//
// Its ranges are values such as text/html or en-GB, or wildcards, each with a
// quality from 0 to 1. A range whose quality is no such number is left out. Of a
// header the first 256 ranges count, and of each the first 16 parameters; Werkzeug
// reads all of them.
type Accept struct {
	ranges []acceptRange // the more specific before others, then the better
	rules  acceptRules
}

type acceptRange struct {
	value       string
	quality     float64
	specificity string // the greater, the more specific
}

// acceptRules are what the headers differ in.
type acceptRules struct {
	specificity func(value string) string
	takes       func(value, offer string) bool      // whether a client's value takes an offer
	check       func(offer string)                  // panics for what is no offer; may be nil
	fallback    func(a Accept, offers []string) int // where best finds nothing; may be nil
}

// AcceptMimetypes reads the header Accept: Flask's request.accept_mimetypes.
//
// A range without parameters takes a type without them only, as in Werkzeug. An
// offer that is no media type, such as "json", is a mistake in the program, and
// [Accept.BestMatch] and [Accept.Quality] panic.
func AcceptMimetypes(r *http.Request) Accept {
	return parseAccept(r.Header["Accept"], acceptRules{mimetypeSpecificity, takesMimetype, mustBeMimetype, nil})
}

// AcceptLanguages reads the header Accept-Language: Flask's
// request.accept_languages. Where no range takes an offer as it is,
// [Accept.BestMatch] compares the part before the first hyphen: first that of
// the ranges, so that en-GB takes en, then that of the offers, so that en takes
// en-US.
func AcceptLanguages(r *http.Request) Accept {
	return parseAccept(r.Header["Accept-Language"], acceptRules{anyOrNamed, takesAs(languageTag), nil, primaryLanguage})
}

// AcceptCharsets reads the header Accept-Charset, which browsers no longer send:
// Flask's request.accept_charsets. Hyphens in the name do not count.
func AcceptCharsets(r *http.Request) Accept {
	return parseAccept(r.Header["Accept-Charset"], acceptRules{anyOrNamed, takesAs(charsetName), nil, nil})
}

// AcceptEncodings reads the header Accept-Encoding, such as gzip: Flask's
// request.accept_encodings.
func AcceptEncodings(r *http.Request) Accept {
	return parseAccept(r.Header["Accept-Encoding"], acceptRules{anyOrNamed, takesAs(strings.ToLower), nil, nil})
}

// BestMatch returns the offer that the client likes best, as it is written
// here, or "" if it takes none or did not say; [cmp.Or] gives a default. The
// quality decides, then how closely a range names the offer, then the order of
// the offers. Set the reply's Vary to the header's name, for caches.
func (a Accept) BestMatch(offers ...string) string {
	best := a.best(offers)
	if best < 0 && a.rules.fallback != nil {
		best = a.rules.fallback(a, offers)
	}
	if best < 0 {
		return ""
	}
	return offers[best]
}

// best is BestMatch without a fallback. It returns an index, or -1.
func (a Accept) best(offers []string) int {
	best, found := -1, acceptRange{}
	for i, offer := range offers {
		r := a.rangeOf(offer)
		if r.quality > found.quality || best >= 0 && r.quality == found.quality && r.specificity > found.specificity {
			best, found = i, r
		}
	}
	return best
}

// Quality returns the quality of a value, 0 for one that the client does not
// take: the most specific range counts.
func (a Accept) Quality(value string) float64 { return a.rangeOf(value).quality }

// Values returns the ranges without their qualities, the more specific before
// others and those of equal rank by quality. The first is Werkzeug's best.
func (a Accept) Values() []string {
	values := make([]string, len(a.ranges))
	for i, r := range a.ranges {
		values[i] = r.value
	}
	return values
}

// rangeOf returns the range that speaks for an offer, or none.
func (a Accept) rangeOf(offer string) acceptRange {
	if a.rules.check != nil {
		a.rules.check(offer)
	}
	for _, r := range a.ranges {
		if a.rules.takes(r.value, offer) {
			return r
		}
	}
	return acceptRange{}
}

func (a Accept) sort() {
	slices.SortStableFunc(a.ranges, func(x, y acceptRange) int {
		if x.specificity != y.specificity {
			return strings.Compare(y.specificity, x.specificity)
		}
		switch {
		case x.quality > y.quality:
			return -1
		case x.quality < y.quality:
			return 1
		}
		return 0
	})
}

// --- the rules of each header

// anyOrNamed is the specificity where the only wildcard is a star.
func anyOrNamed(value string) string {
	if value == "*" {
		return "0"
	}
	return "1"
}

func takesAs(normal func(string) string) func(value, offer string) bool {
	return func(value, offer string) bool { return value == "*" || normal(value) == normal(offer) }
}

func languageTag(tag string) string { return strings.ReplaceAll(strings.ToLower(tag), "_", "-") }

// primaryTag is the part of a language tag before the first - or _.
func primaryTag(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		return tag[:i]
	}
	return tag
}

func primaryLanguage(a Accept, offers []string) int {
	primary := Accept{slices.Clone(a.ranges), acceptRules{anyOrNamed, takesAs(strings.ToLower), nil, nil}}
	for i := range primary.ranges {
		r := &primary.ranges[i]
		r.value = primaryTag(r.value)
		r.specificity = anyOrNamed(r.value)
	}
	primary.sort()
	if best := primary.best(offers); best >= 0 {
		return best
	}
	tags := make([]string, len(offers))
	for i, offer := range offers {
		tags[i] = primaryTag(offer)
	}
	return a.best(tags)
}

// charsetName lets utf8 be UTF-8, and knows the two other names in use.
func charsetName(name string) string {
	name = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
	switch name {
	case "latin1":
		return "iso88591"
	case "ascii":
		return "usascii"
	}
	return name
}

// mimetypeParts are type, subtype and then the parameters, in lower case.
func mimetypeParts(value string) (parts []string) {
	for part := range strings.SplitSeq(strings.ToLower(value), ";") {
		parts = append(parts, strings.Split(strings.TrimSpace(part), "/")...)
	}
	return parts
}

// mimetypeSpecificity has a 1 for each part that is no star: "00" is */*.
func mimetypeSpecificity(value string) string {
	var b strings.Builder
	for _, part := range mimetypeParts(value) {
		b.WriteString(anyOrNamed(part))
	}
	return b.String()
}

func takesMimetype(value, offer string) bool {
	if !strings.Contains(value, "/") {
		return false
	}
	v, o := mimetypeParts(value), mimetypeParts(offer)
	switch {
	case v[0] == "*" || o[0] == "*":
		return v[0] == "*" && v[1] == "*" || o[0] == "*" && v[0] != "*"
	case v[0] != o[0]:
		return false
	case v[1] == "*" || o[1] == "*":
		return true
	}
	slices.Sort(v[2:])
	slices.Sort(o[2:])
	return slices.Equal(v[1:], o[1:])
}

func mustBeMimetype(offer string) {
	if parts := mimetypeParts(offer); !strings.Contains(offer, "/") || parts[0] == "*" && parts[1] != "*" {
		panic(fmt.Sprintf("hipflask: Accept: the offer %q is no media type, such as application/json or text/*", offer))
	}
}

// --- reading the header

// What is read of a header. Every error page looks at one, so that it must not
// cost more the more a visitor writes; browsers send about ten ranges.
const (
	maxRanges     = 256
	maxParameters = 16 // of one range
)

// parseAccept reads the lines of a header as Werkzeug does: what is broken in an
// item costs this item or this parameter, an open quote the whole header.
func parseAccept(lines []string, rules acceptRules) Accept {
	a := Accept{rules: rules}
	for _, item := range listItems(strings.Join(lines, ",")) {
		value, options, _ := strings.Cut(item, ";")
		value = strings.TrimSpace(value)
		if value == "" {
			continue
		}
		quality, valid := 1.0, true
		full := []string{value}
		for _, p := range parameters(options) {
			if p[0] == "q" {
				quality, valid = parseQuality(p[1])
			} else {
				full = append(full, p[0]+"="+quoted(p[1]))
			}
		}
		if valid {
			value = strings.Join(full, "; ")
			a.ranges = append(a.ranges, acceptRange{value, quality, rules.specificity(value)})
		}
	}
	a.sort()
	return a
}

// listItems splits a header at the commas that stand in no quotes, into maxRanges
// items at most. An item that is in quotes as a whole loses them.
func listItems(header string) (items []string) {
	start, inQuotes := 0, false
	add := func(item string) {
		if item = strings.TrimSpace(item); len(item) > 1 && item[0] == '"' && item[len(item)-1] == '"' {
			item = unescaped(item[1 : len(item)-1])
		}
		if item != "" && len(items) < maxRanges {
			items = append(items, item)
		}
	}
	for i := 0; i < len(header); i++ {
		switch ch := header[i]; {
		case ch == '\\' && inQuotes:
			i++
		case ch == '"':
			inQuotes = !inQuotes
		case ch == ',' && !inQuotes:
			add(header[start:i])
			start = i + 1
		}
	}
	if inQuotes {
		return nil
	}
	add(header[start:])
	return items
}

// parameters reads name=value pairs between semicolons, maxParameters of them, the
// names in lower case and each once, with the last value. One with white space at
// the = is no pair.
func parameters(text string) (pairs [][2]string) {
	for range maxParameters {
		text = strings.TrimSpace(text)
		name := token(text)
		if value, ok := strings.CutPrefix(text[len(name):], "="); ok && name != "" {
			text = value
			if value = token(text); value == "" {
				value = quotedText(text)
				text = text[len(value):]
			}
			if value != "" {
				pairs = setPair(pairs, strings.ToLower(name), value)
			}
		}
		i := strings.IndexByte(text, ';')
		if i < 0 {
			return pairs
		}
		text = text[i+1:]
	}
	return pairs
}

func setPair(pairs [][2]string, name, value string) [][2]string {
	if value[0] == '"' {
		value = strings.NewReplacer(`\\`, `\`, `\"`, `"`, "%22", `"`).Replace(value[1 : len(value)-1])
	}
	for i := range pairs {
		if pairs[i][0] == name {
			pairs[i][1] = value
			return pairs
		}
	}
	return append(pairs, [2]string{name, value})
}

// token returns the token that text begins with.
func token(text string) string {
	i := 0
	for i < len(text) && tokenChars[text[i]] {
		i++
	}
	return text[:i]
}

// quotedText returns the text in quotes that text begins with, with its quotes.
func quotedText(text string) string {
	if text == "" || text[0] != '"' {
		return ""
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[:i+1]
		}
	}
	return ""
}

// unescaped is text without the backslashes before other characters.
func unescaped(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// quoted puts what is no token in quotes.
func quoted(value string) string {
	if validToken(value) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

var qualityForm = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// parseQuality takes digits with a fraction or without, from 0 to 1.
func parseQuality(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	q, err := strconv.ParseFloat(text, 64)
	return q, err == nil && q >= 0 && q <= 1 && qualityForm.MatchString(text)
}
