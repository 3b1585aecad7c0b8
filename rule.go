package hipflask

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of one rule. Nobody writes so much by hand, and httprouter counts the
// parameters of a path in a byte.
const (
	maxVariables = 32
	maxParts     = 200
)

// A rule is a parsed URL rule, such as /post/<int:id>.
type rule struct {
	text   string      // as registered
	pieces []piece     // the whole rule in order: what URLFor joins
	parts  []*part     // the same, cut at the slashes: what the router matches
	vars   []*variable // in the order they stand in the rule
}

// names returns the names of the rule's variables, in order.
func (r *rule) names() []string {
	names := make([]string, len(r.vars))
	for i, v := range r.vars {
		names[i] = v.name
	}
	return names
}

// hasTail reports whether the rule has a path converter.
func (r *rule) hasTail() bool {
	return slices.ContainsFunc(r.parts, func(p *part) bool { return p.tail })
}

// path is the path that a rule without variables matches.
func (r *rule) path() string {
	var b strings.Builder
	for _, p := range r.parts {
		b.WriteString("/" + p.prefix)
	}
	return b.String()
}

// A piece is literal text or, where v is set, a variable.
type piece struct {
	literal string
	v       *variable
}

// A variable is <converter(arguments):name>.
type variable struct {
	name string
	spec string // "int(max=5)"; "string" where the rule names no converter
	conv Converter

	anyInt bool // <int:name>: digits match, if they are not too many
}

// pattern is the regular expression of the variable's text. A converter of the
// user's own gets any text without a slash, and judges it in Match.
func (v *variable) pattern() string {
	if p, ok := v.conv.(patterned); ok {
		return p.pattern()
	}
	return `[^/]+`
}

// key is equal for variables that match the same texts.
func (v *variable) key() string {
	if p, ok := v.conv.(patterned); ok {
		return p.pattern()
	}
	return v.spec
}

// A part is what stands between two slashes. A part that holds a path takes
// everything up to the end of the rule, slashes included: it is the tail.
type part struct {
	pieces []piece
	vars   []*variable
	tail   bool
	slash  bool // a tail that ends in a slash: /wiki/<path:page>/

	// Set by compile.
	key    string         // parts with equal keys match the same texts
	prefix string         // literal text before a lone variable; a literal part's whole text
	suffix string         // literal text after a lone variable
	expr   *regexp.Regexp // for two variables and more; else nil
	runs   []int          // characters in each literal run, for the precedence
}

// literal reports whether the part has no variables.
func (p *part) literal() bool { return len(p.vars) == 0 }

// lone reports whether the part is one variable and nothing else.
func (p *part) lone() bool { return len(p.pieces) == 1 && len(p.vars) == 1 && !p.slash }

// variableSyntax is <name>, <converter:name> or <converter(arguments):name>.
var variableSyntax = regexp.MustCompile(
	`^<(?:([a-zA-Z_][a-zA-Z0-9_]*)(?:\((.*?)\))?:)?([a-zA-Z_][a-zA-Z0-9_]*)>`)

// foreignVariable finds a variable as httprouter or net/http write it, which
// would be literal text here that no request has.
var foreignVariable = regexp.MustCompile(`/(:([a-zA-Z_]\w*)|\{([a-zA-Z_]\w*)(?:\.\.\.)?\})(?:/|$)`)

// parseRule parses the text of a rule. converters are the user's own, which go
// before the built-in ones of the same name.
func parseRule(text string, converters map[string]func(ConverterArgs) (Converter, error)) (*rule, error) {
	if !strings.HasPrefix(text, "/") {
		return nil, fmt.Errorf("hipflask: rule %q must start with a slash", text)
	}
	if other := foreignVariable.FindStringSubmatch(text); other != nil {
		return nil, fmt.Errorf("hipflask: rule %q: a variable is written <%s> here, not %s", text, other[2]+other[3], other[1])
	}
	r := &rule{text: text}
	p := &part{}
	for pos := 1; pos < len(text); {
		switch text[pos] {
		case '/':
			if text[pos-1] != '/' { // doubled slashes count as one, as in a request
				p = r.slash(p)
			}
			pos++
		case '<':
			v, length, err := r.variable(pos, converters)
			if err != nil {
				return nil, err
			}
			r.vars = append(r.vars, v)
			p.add(v)
			pos += length
		default:
			end := pos + 1
			for end < len(text) && text[end] != '<' && text[end] != '/' {
				end++
			}
			p.pieces = append(p.pieces, piece{literal: text[pos:end]})
			pos = end
		}
	}
	if len(r.vars) > maxVariables {
		return nil, fmt.Errorf("hipflask: rule %q has %d variables; %d is the most", text, len(r.vars), maxVariables)
	}
	if r.end(p); len(r.parts) > maxParts {
		return nil, fmt.Errorf("hipflask: rule %q has %d parts; %d is the most", text, len(r.parts), maxParts)
	}
	return r, r.compile()
}

// slash goes on to the next part, except within a tail.
func (r *rule) slash(p *part) *part {
	if p.tail {
		p.pieces = append(p.pieces, piece{literal: "/"})
		return p
	}
	r.parts = append(r.parts, p)
	return &part{}
}

// end takes the last part. The slash behind a tail is a part of its own, empty.
func (r *rule) end(p *part) {
	r.parts = append(r.parts, p)
	last := len(p.pieces) - 1
	if p.tail && p.pieces[last].literal == "/" {
		p.slash = true
		p.pieces = p.pieces[:last]
		r.parts = append(r.parts, &part{})
	}
}

// compile compiles every part, and lists the pieces of the whole rule.
func (r *rule) compile() error {
	for _, p := range r.parts {
		if err := p.compile(r.text); err != nil {
			return err
		}
		r.pieces = append(r.pieces, piece{literal: "/"})
		r.pieces = append(r.pieces, p.pieces...)
	}
	return nil
}

func (p *part) add(v *variable) {
	p.vars = append(p.vars, v)
	p.pieces = append(p.pieces, piece{v: v})
	if _, path := v.conv.(pathConverter); path {
		p.tail = true
	}
}

// variable parses the variable at text[pos], and returns the length of its text.
func (r *rule) variable(pos int, converters map[string]func(ConverterArgs) (Converter, error)) (*variable, int, error) {
	m := variableSyntax.FindStringSubmatch(r.text[pos:])
	if m == nil {
		return nil, 0, fmt.Errorf("hipflask: rule %q is malformed at %q (byte %d): "+
			"a variable is written <name>, <converter:name> or <converter(arguments):name>", r.text, r.text[pos:], pos)
	}
	whole, converter, arguments, name := m[0], m[1], m[2], m[3]
	if slices.Contains(r.names(), name) {
		return nil, 0, fmt.Errorf("hipflask: rule %q has two variables named %q; give each its own name", r.text, name)
	}
	if converter == "" {
		converter = "string"
	}
	conv, err := newConverter(r.text, converter, arguments, converters)
	if _, swapped := builtinConverters[name]; err != nil && swapped && builtinConverters[converter] == nil {
		return nil, 0, fmt.Errorf("hipflask: rule %q: the converter stands before the name: <%s:%s>", r.text, name, converter)
	}
	if err != nil {
		return nil, 0, err
	}
	spec := strings.TrimSuffix(strings.TrimPrefix(whole, "<"), name+">")
	v := &variable{name: name, spec: cmp.Or(strings.TrimSuffix(spec, ":"), "string"), conv: conv}
	if c, ok := conv.(intConverter); ok {
		v.anyInt = c == intConverter{min: math.MinInt, max: math.MaxInt}
	}
	return v, len(whole), nil
}

// compile sets what matching and the precedence need.
func (p *part) compile(rule string) (err error) {
	var expr, key strings.Builder
	variables := 0
	for _, piece := range p.pieces {
		if v := piece.v; v != nil {
			variables++
			expr.WriteString("(" + v.pattern() + ")")
			key.WriteString("<" + v.key() + ">")
			continue
		}
		if variables == 0 {
			p.prefix += piece.literal
		} else {
			p.suffix += piece.literal
		}
		if piece.literal != "/" { // a slash inside a tail is no literal run
			p.runs = append(p.runs, utf8.RuneCountInString(piece.literal))
		}
		expr.WriteString(regexp.QuoteMeta(piece.literal))
		key.WriteString(piece.literal)
	}
	p.key = fmt.Sprint(p.literal(), p.slash, key.String())
	if len(p.vars) > 1 {
		if p.expr, err = regexp.Compile(`\A` + expr.String() + `\z`); err != nil {
			return fmt.Errorf("hipflask: rule %q: %q cannot be matched beside another variable: %w", rule, key.String(), err)
		}
	}
	return nil
}

// compareParts is Werkzeug's order of two parts that may match the same text:
// a literal first, then more literal runs, longer ones, more variables, and
// lighter converters. 0 leaves the order of registration.
func compareParts(a, b *part) int {
	if a.literal() || b.literal() {
		return cmp.Compare(len(a.vars), len(b.vars))
	}
	return cmp.Or(
		cmp.Compare(len(b.runs), len(a.runs)),
		slices.Compare(b.runs, a.runs),
		cmp.Compare(len(b.vars), len(a.vars)),
		slices.CompareFunc(a.vars, b.vars, func(v, w *variable) int {
			return cmp.Compare(v.conv.Weight(), w.conv.Weight())
		}))
}

// --- kinds of rules

// Alias makes the rule another spelling of its endpoint's: a request for it is
// redirected to the rule that is no alias, with 308 and its query, and URLFor
// never builds it. It is Flask's alias=True. [App.Check] reports an alias whose
// endpoint has no rule that its variables and defaults can fill.
func (r *Route) Alias() *Route {
	r.owner.setup("Route.Alias")
	r.alias = true
	return r
}

// BuildOnly adds a rule that no request matches, for URLs of what another server
// answers. It is Flask's build_only=True:
//
//	app.BuildOnly("/<path:filename>").Host("cdn.example.com").Name("asset")
//
// It has no handler, and so no endpoint before [Route.Name] gives it one.
func (s *scaffold) BuildOnly(rule string) *Route {
	r := s.add("BuildOnly", rule, noHandler)
	r.endpoint, r.function, r.code, r.buildOnly = "", "build only", 0, true
	return r
}

// Redirect sends requests for a rule elsewhere, with 308: to a path, or to a URL
// that begins with http:// or https://. The target may repeat the rule's
// variables. It is Flask's redirect_to; as there, the query of the request is
// dropped, and no methods mean GET:
//
//	app.Redirect("/old/<slug>", "/posts/<slug>")
//
// The target is a URL: what stands between its variables is not encoded again. A
// path is below Config.ApplicationRoot, and always on this site, whatever the
// variables hold. The route has no endpoint before [Route.Name] gives it one.
// Redirect panics if the target names a variable that the rule does not have, or
// has one in its host.
func (s *scaffold) Redirect(rule, target string, methods ...string) *Route {
	r := s.add("Redirect", rule, noHandler, methods...)
	r.endpoint, r.function, r.code = "", "redirect to "+target, 0
	err := r.refine(func(r *Route) (err error) {
		r.redirect, err = parseRedirect(target, r.rule)
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("hipflask: Redirect(%q, %q): %v", rule, target, err))
	}
	return r
}

// noHandler stands in a route that is never served.
func noHandler(*Context) error { return ErrNoReply }

// A redirectTarget is the target of Redirect.
type redirectTarget struct {
	pieces   []piece
	absolute bool // with scheme and host
}

// simpleVariable is a variable in the target of a redirect.
var simpleVariable = regexp.MustCompile(`<([^>]*)>`)

func parseRedirect(text string, r *rule) (*redirectTarget, error) {
	t := &redirectTarget{absolute: absoluteURL.MatchString(text)}
	if before, _, found := strings.Cut(text, "<"); t.absolute && found && !hostAndSlash.MatchString(before) {
		return nil, fmt.Errorf("a variable cannot stand in the host of a redirect")
	}
	for text != "" {
		at := simpleVariable.FindStringSubmatchIndex(text)
		if at == nil {
			t.pieces = append(t.pieces, piece{literal: text})
			break
		}
		name := text[at[2]:at[3]]
		i := slices.Index(r.names(), name)
		if i < 0 {
			return nil, fmt.Errorf("the rule has no variable %q, only %q", name, r.names())
		}
		t.pieces = append(t.pieces, piece{literal: text[:at[0]]}, piece{v: r.vars[i]})
		text = text[at[1]:]
	}
	return t, nil
}

var (
	absoluteURL  = regexp.MustCompile(`^(?i:https?)://`)
	hostAndSlash = regexp.MustCompile(`^(?i:https?)://[^/?#\\]+[/?#]`)
)

// location is the target for the values of m. A path begins with exactly one
// slash, so that no value can name another site.
func (t *redirectTarget) location(m *match) string {
	var out []byte
	for _, p := range t.pieces {
		if p.v == nil {
			out = appendQuoted(out, p.literal, &locationSafe)
			continue
		}
		text, _ := m.param(p.v.name)
		out = appendQuoted(out, p.v.canonical(text), &pathSafe)
	}
	if t.absolute {
		return string(out)
	}
	return "/" + strings.TrimLeft(string(out), "/")
}

// checkKinds reports the routes whose kind lacks something.
func (rt *router) checkKinds() error {
	if rt == nil {
		return nil
	}
	var errs []error
	for _, t := range rt.targets {
		switch {
		case t.buildOnly && t.endpoint == "":
			errs = append(errs, fmt.Errorf("hipflask: no URL can be built for a route that is for nothing else; give it a Name:\n\t%s", t.Route))
		case t.alias && len(t.shorter) == 0:
			errs = append(errs, fmt.Errorf("hipflask: an alias whose endpoint %q has no rule of its variables %q to redirect to:\n\t%s",
				t.endpoint, t.arguments, t.Route))
		}
	}
	return errors.Join(errs...)
}
