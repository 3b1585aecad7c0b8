package hipflask

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file is Werkzeug's matching written down part by part, slowly and without
// httprouter: what router.go must give, whatever the table. Its own agreement
// with Werkzeug is in TestAgainstWerkzeug.

type modelConverter struct {
	expr   string
	weight int
	valid  func(text string) bool // nil means every text that matches expr
}

func atMost(n int) func(string) bool {
	return func(text string) bool { i, err := strconv.Atoi(text); return err == nil && i <= n }
}

var modelConverters = map[string]modelConverter{
	"":                                 {`[^/]+`, 100, nil},
	"int:":                             {`[0-9]+`, 50, atMost(1 << 62)},
	"int(max=5):":                      {`[0-9]+`, 50, atMost(5)},
	"int(signed=True):":                {`-?[0-9]+`, 50, atMost(1 << 62)},
	"float:":                           {`[0-9]+\.[0-9]+`, 50, nil},
	"string(length=2):":                {`[^/]{2}`, 100, nil},
	"string(minlength=2,maxlength=3):": {`[^/]{2,3}`, 100, nil},
	"any(a,b):":                        {`(?:a|b)`, 100, nil},
	"path:":                            {`[^/].*?`, 200, nil},
}

type modelRule struct {
	text    string
	methods []string // with HEAD and OPTIONS
	own     []string // as registered
	lenient bool
	names   []string
	convs   []modelConverter
	shape   string // equal for rules that match the same paths
}

type modelEdge struct {
	expr          string
	re            *regexp.Regexp
	tail, slash   bool
	runs, weights []int
	next          *modelState
}

type modelState struct {
	literals map[string]*modelState
	dynamic  []*modelEdge
	rules    []*modelRule
}

func newModelState() *modelState { return &modelState{literals: map[string]*modelState{}} }

var modelToken = regexp.MustCompile(`/|[^</]+|<([^>]*?:)?([a-z]+)>`)

// add walks the rule's text, and makes an edge of each part.
func (s *modelState) add(r *modelRule) {
	var literal string
	edge := &modelEdge{}
	step := func() {
		if edge.weights == nil {
			if s.literals[literal] == nil {
				s.literals[literal] = newModelState()
			}
			s = s.literals[literal]
			r.shape += "/" + literal
		} else {
			s = s.through(edge)
			r.shape += "/" + edge.expr + fmt.Sprint(edge.slash)
		}
		literal, edge = "", &modelEdge{}
	}
	for _, token := range modelToken.FindAllStringSubmatch(r.text[1:], -1) {
		switch {
		case token[0] == "/" && edge.tail:
			edge.expr += "/"
		case token[0] == "/":
			step()
		case token[0][0] == '<':
			conv := modelConverters[token[1]]
			r.names, r.convs = append(r.names, token[2]), append(r.convs, conv)
			edge.expr += "(" + conv.expr + ")"
			edge.weights = append(edge.weights, conv.weight)
			edge.tail = edge.tail || token[1] == "path:"
		default:
			literal += token[0]
			edge.expr += regexp.QuoteMeta(token[0])
			edge.runs = append(edge.runs, -len([]rune(token[0])))
		}
	}
	if edge.tail && strings.HasSuffix(edge.expr, "/") {
		edge.expr, edge.slash = strings.TrimSuffix(edge.expr, "/"), true
		step()
	}
	step()
	s.rules = append(s.rules, r)
}

func (s *modelState) through(edge *modelEdge) *modelState {
	for _, e := range s.dynamic {
		if e.expr == edge.expr && e.slash == edge.slash && slices.Equal(e.weights, edge.weights) {
			return e.next
		}
	}
	edge.re = regexp.MustCompile(`\A` + edge.expr + `\z`)
	edge.next = newModelState()
	s.dynamic = append(s.dynamic, edge)
	slices.SortStableFunc(s.dynamic, func(a, b *modelEdge) int {
		return cmp.Or(
			cmp.Compare(-len(a.runs), -len(b.runs)), slices.Compare(a.runs, b.runs),
			cmp.Compare(-len(a.weights), -len(b.weights)), slices.Compare(a.weights, b.weights))
	})
	return edge.next
}

// A modelSearch goes depth first, and back where nothing fits.
type modelSearch struct {
	method string
	allow  []string
}

type modelFind struct {
	rule   *modelRule
	values []string
	slash  bool // a slash is missing
}

func (m *modelSearch) serves(r *modelRule) bool {
	if slices.Contains(r.methods, m.method) {
		return true
	}
	m.allow = append(m.allow, r.methods...)
	return false
}

func (m *modelSearch) find(s *modelState, parts, values []string) *modelFind {
	if len(parts) == 0 {
		for _, r := range s.rules {
			if m.serves(r) {
				return &modelFind{r, values, false}
			}
		}
		if slashed := s.literals[""]; slashed != nil {
			for _, r := range slashed.rules {
				if slices.Contains(r.methods, m.method) {
					return &modelFind{r, values, !r.lenient}
				}
			}
		}
		return nil
	}
	if next := s.literals[parts[0]]; next != nil {
		if f := m.find(next, parts[1:], values); f != nil {
			return f
		}
	}
	for _, e := range s.dynamic {
		text, rest := parts[0], parts[1:]
		if e.tail {
			text, rest = strings.Join(parts, "/"), nil
		}
		if e.slash {
			var had bool
			if text, had = strings.CutSuffix(text, "/"); had {
				rest = []string{""}
			}
			if strings.HasSuffix(text, "/") {
				continue
			}
		}
		if groups := e.re.FindStringSubmatch(text); groups != nil {
			if f := m.find(e.next, rest, append(slices.Clip(values), groups[1:]...)); f != nil {
				return f
			}
		}
	}
	if len(parts) == 1 && parts[0] == "" {
		for _, r := range s.rules {
			if r.lenient && m.serves(r) {
				return &modelFind{r, values, false}
			}
		}
	}
	return nil
}

func (s *modelState) answer(method, path string) string {
	m := &modelSearch{method: method}
	path = "/" + strings.TrimLeft(path, "/")
	f := m.find(s, strings.Split(path, "/")[1:], nil)
	if f == nil {
		path = regexp.MustCompile(`/{2,}`).ReplaceAllString(path, "/")
		f = m.find(s, strings.Split(path, "/")[1:], nil)
		if f != nil && !f.slash {
			return "308 " + path
		}
	}
	if f != nil && f.slash {
		return "308 " + path + "/"
	}
	if f != nil {
		var shown []string
		for i, c := range f.rule.convs {
			if c.valid != nil && !c.valid(f.values[i]) {
				f = nil
				break
			}
			shown = append(shown, f.rule.names[i]+":"+f.values[i])
		}
		if f != nil {
			return fmt.Sprintf("%s %v {%s}", f.rule.text, f.rule.own, strings.Join(shown, " "))
		}
	}
	if len(m.allow) > 0 {
		return "405 " + strings.Join(sortedSet(m.allow), ", ")
	}
	return "404"
}

// modelTable is a random table of rules, as the router and as the model.
type modelTable struct {
	rules []*modelRule
	rt    *router
	root  *modelState
}

var (
	modelLiterals = []string{"a", "b", "ab", "edit", "é", "a:b", "*", "1"}
	modelSpecs    = []string{"", "", "", "int:", "int:", "int(max=5):", "int(signed=True):", "float:",
		"string(length=2):", "string(minlength=2,maxlength=3):", "any(a,b):", "path:", "path:"}
	modelTexts = []string{"a", "b", "ab", "abc", "1", "7", "42", "-3", "1.5", "a.b", "a-b", "1-2", "é", "*", "edit", "a:b", "v1", "v1.2", "v1-aeditb.txt", "", "a\n", "x/y", "x/edit"}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func modelPart(r *rand.Rand, name func() string) string {
	variable := func() string { return "<" + pick(r, modelSpecs) + name() + ">" }
	switch n := r.IntN(100); {
	case n < 45:
		return pick(r, modelLiterals)
	case n < 78:
		return variable()
	case n < 86:
		return pick(r, []string{"v", "a", "ab"}) + variable()
	case n < 92:
		return variable() + pick(r, []string{".txt", "b"})
	default:
		return pick(r, []string{"", "v"}) + variable() + pick(r, []string{".", "-", "a", "edit"}) + variable()
	}
}

func randomTable(t *testing.T, r *rand.Rand) modelTable {
	table := modelTable{root: newModelState()}
	var rows []any
	for range 1 + r.IntN(7) {
		names := 0
		name := func() string { names++; return string(rune('p' + names)) }
		rule := &modelRule{lenient: r.IntN(7) == 0}
		for range 1 + r.IntN(3) {
			rule.text += "/" + modelPart(r, name)
		}
		if r.IntN(3) == 0 {
			rule.text += "/"
		}
		rule.own = strings.Split(pick(r, []string{"GET", "GET", "POST", "GET,POST"}), ",")
		rule.methods = append(slices.Clone(rule.own), "OPTIONS")
		if rule.own[0] == "GET" {
			rule.methods = append(rule.methods, "HEAD")
		}
		probe := *rule
		newModelState().add(&probe)
		if slices.ContainsFunc(table.rules, func(other *modelRule) bool {
			return other.shape == probe.shape && slices.ContainsFunc(other.own, func(m string) bool { return slices.Contains(rule.own, m) })
		}) {
			continue // an error: see TestSamePaths
		}
		table.root.add(rule)
		table.rules = append(table.rules, rule)
		rows = append(rows, testRoute{Rule: rule.text, Methods: strings.Join(rule.own, ","), Lenient: rule.lenient})
	}
	table.rt = testRouter(t, rows...)
	return table
}

// request is mostly one that a rule of the table could match.
func (table modelTable) request(r *rand.Rand) (method, path string) {
	path = regexp.MustCompile(`<[^>]*>`).ReplaceAllStringFunc(table.rules[r.IntN(len(table.rules))].text, func(string) string {
		return pick(r, modelTexts)
	})
	switch r.IntN(8) {
	case 0:
		path += "/"
	case 1:
		path = strings.TrimSuffix(path, "/")
	case 2:
		path = strings.Replace(path, "/", "//", r.IntN(3))
	case 3:
		i := r.IntN(len(path))
		path = path[:i] + pick(r, []string{"/", "a", "1", ".", "-"}) + path[i:]
	}
	return pick(r, []string{"GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PUT"}), strings.ToValidUTF8(path, "")
}

func (table modelTable) got(method, path string) string {
	m := table.rt.match(method, "", path)
	if fast := fastMatch(table.rt, method, path); fast != nil && show(match{found: *fast}) != show(m) {
		return "faster, " + show(match{found: *fast})
	}
	if m.route == nil {
		return show(m)
	}
	var shown []string
	for i, v := range m.route.rule.vars {
		shown = append(shown, v.name+":"+m.values[i].Value)
	}
	return fmt.Sprintf("%s %v {%s}", m.route.rule.text, m.route.methods, strings.Join(shown, " "))
}

// fastMatch is what findRoute asks first, nil if there is no fast answer.
func fastMatch(rt *router, method, path string) *found {
	r := &http.Request{Method: method, URL: &url.URL{Path: path}}
	if !isCanonicalPath(path) {
		return nil
	}
	if route := rt.matchLiteral(r); route != nil {
		return &found{route: route}
	}
	var m found
	if rt.matchPlain(r, &m) == nil {
		return nil
	}
	return &m
}

func TestAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const tables, requests = 2000, 10
	kinds, layers, fast := map[string]int{}, 0, 0
	for range tables {
		table := randomTable(t, r)
		layers = max(layers, len(table.rt.tables[0].layers))
		for range requests {
			method, path := table.request(r)
			got, want := table.got(method, path), table.root.answer(method, path)
			if got != want {
				var rules []string
				for _, rule := range table.rules {
					rules = append(rules, fmt.Sprint(rule.own, " ", rule.text, " ", rule.lenient))
				}
				t.Fatalf("rules\n  %s\n%s %q\n  got   %s\n  model %s", strings.Join(rules, "\n  "), method, path, got, want)
			}
			kinds[got[:3]]++
			if fastMatch(table.rt, method, path) != nil {
				fast++
			}
		}
	}
	// A comparison of nothing but misses would prove little.
	matched := tables*requests - kinds["404"] - kinds["405"] - kinds["308"]
	if matched < 3000 || kinds["405"] < 1500 || kinds["308"] < 500 || layers < 4 || fast < 1000 {
		t.Errorf("too tame: %d matched, %d of them fast, %d 405, %d 308, %d layers at most", matched, fast, kinds["405"], kinds["308"], layers)
	}
}
