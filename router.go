package hipflask

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/julienschmidt/httprouter"
)

// A router finds the route of a request, by Werkzeug's rules: which rule wins,
// 404 or 405, and redirects to the one right spelling of a path.
//
// httprouter finds paths fast, but refuses tables that Flask's own tutorial
// registers: /create beside /<int:id>/update. So the order of the rules is
// settled here (see [state]), and the rules are spread over several httprouter
// trees, the layers (see [router.place]). A table without such pairs has one
// layer, and a match costs one Lookup.
type router struct {
	tables    []*table             // by precedence
	only      *table               // the one table, if no route has a host
	hosts     bool                 // whether a route has a host
	targets   []*target            // in the order of registration
	endpoints map[string][]*target // in the order in which URLFor tries them
}

// A target is a route with what matching and URLFor need to know of it.
type target struct {
	*Route
	host      *part     // nil means every host
	allow     []string  // its methods, with HEAD and OPTIONS, sorted
	arguments []string  // its variables and its defaults, sorted
	location  string    // its URL, if it has no variables
	shorter   []*target // same arguments, but defaults stand in for some: redirected to
}

// A table holds the routes of one host pattern, or, with a nil one, those of
// every host.
type table struct {
	host     *part
	root     state
	layers   []*layer
	literals map[string][]*entry // the rules without variables, by their path
}

// A layer is one httprouter tree.
type layer struct {
	tree  *httprouter.Router
	shape *shape
}

// A bucket is what a layer holds for one pattern: the entries to try, in order.
type bucket struct {
	entries []*entry
	tail    bool // the pattern ends in a catch-all
}

// An entry is one way to match a path. A rule has up to three: itself, itself
// without its last slash, and (with StrictSlashes off) itself with one more.
type entry struct {
	*target
	parts    []*part // those that the pattern has a parameter for, in order
	plain    bool    // each of these is one variable: the parameters are the values
	whole    bool    // the rule itself, without a slash less or more
	tail     bool    // its pattern ends in a catch-all
	noSlash  bool    // the last slash of the rule is missing
	redirect bool    // ... so redirect to it
}

// newRouter settles the order of routes and where each lives. It is called once,
// when setup ends. Its error joins every conflict found.
func newRouter(routes []*Route) (*router, error) {
	rt := &router{endpoints: map[string][]*target{}}
	for _, route := range routes {
		t := newTarget(route)
		rt.targets = append(rt.targets, t)
		if t.endpoint != "" && !t.alias { // a function literal has none until named
			rt.endpoints[t.endpoint] = append(rt.endpoints[t.endpoint], t)
		}
	}
	errs := []error{rt.setHosts()}
	for _, t := range rt.targets {
		if !t.buildOnly {
			errs = append(errs, rt.table(t.host).root.add(t))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, targets := range rt.endpoints {
		slices.SortStableFunc(targets, compareTargets)
		for i, t := range targets {
			t.shorter = slices.DeleteFunc(slices.Clone(targets[:i]), func(s *target) bool { return !s.shortens(t) })
		}
	}
	for _, t := range rt.targets {
		if t.alias {
			t.shorter = slices.DeleteFunc(slices.Clone(rt.endpoints[t.endpoint]), func(s *target) bool { return !s.canonicalOf(t) })
		}
	}
	slices.SortStableFunc(rt.tables, compareTables)
	for _, t := range rt.tables {
		t.root.emit(t.place)
	}
	if !rt.hosts && len(rt.tables) > 0 {
		rt.only = rt.tables[0]
	}
	return rt, nil
}

func newTarget(r *Route) *target {
	t := &target{Route: r, allow: slices.Clone(r.methods), arguments: r.rule.names()}
	if slices.Contains(t.allow, http.MethodGet) {
		t.allow = append(t.allow, http.MethodHead)
	}
	if !r.noOptions {
		t.allow = append(t.allow, http.MethodOptions)
	}
	for name := range r.defaults {
		t.arguments = append(t.arguments, name)
	}
	t.allow, t.arguments = sortedSet(t.allow), sortedSet(t.arguments)
	if len(r.rule.vars) == 0 {
		path, _ := r.rule.build(nil, r.rule.pieces, nil, nil)
		t.location = string(appendLocation(nil, "", path))
	}
	return t
}

func sortedSet(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// compareTargets is the order in which URLFor tries the rules of an endpoint.
func compareTargets(a, b *target) int {
	return cmp.Or(
		cmp.Compare(len(b.arguments), len(a.arguments)),
		cmp.Compare(len(b.defaults), len(a.defaults)))
}

// shortens reports whether t may stand in for other where other's values are t's defaults.
func (t *target) shortens(other *target) bool {
	return len(t.defaults) > 0 && !t.buildOnly && slices.Equal(t.arguments, other.arguments) &&
		t.Route.host.String()+t.rule.text != other.Route.host.String()+other.rule.text
}

// canonicalOf reports whether an alias may be redirected to t.
func (t *target) canonicalOf(alias *target) bool {
	return !t.buildOnly && !slices.ContainsFunc(t.arguments, func(name string) bool { return !slices.Contains(alias.arguments, name) })
}

// --- precedence

// A state is a place in the tree of all rules, reached part by part. Rules that
// share a state match the same paths. Walking the tree depth first, in the order
// of [compareParts], meets the rules in the order of precedence.
type state struct {
	part    *part
	next    []*state
	targets []*target
}

// add puts t in the tree. It is an error if an earlier route hides it.
func (s *state) add(t *target) error {
	for _, p := range t.rule.parts {
		i := slices.IndexFunc(s.next, func(n *state) bool { return n.part.key == p.key })
		if i < 0 {
			i = len(s.next)
			s.next = append(s.next, &state{part: p})
		}
		s = s.next[i]
	}
	for _, earlier := range s.targets {
		for _, method := range t.methods {
			if slices.Contains(earlier.methods, method) {
				return fmt.Errorf("hipflask: two routes match the same paths for %s:\n\t%s\n\t%s\n"+
					"only the first would ever answer; change a rule or its methods", method, earlier.Route, t.Route)
			}
		}
		// A HEAD or OPTIONS of its own goes before one that comes by itself.
		earlier.allow = slices.DeleteFunc(earlier.allow, func(method string) bool { return slices.Contains(t.methods, method) })
	}
	s.targets = append(s.targets, t)
	return nil
}

// emit calls place for every entry of the tree, in the order of precedence.
func (s *state) emit(place func(pattern []string, e *entry)) {
	slices.SortStableFunc(s.next, func(a, b *state) int { return compareParts(a.part, b.part) })
	for _, t := range s.targets {
		pattern, e := newEntry(t, t.rule.parts)
		e.whole = true
		place(pattern, e)
	}
	// A missing slash comes just behind the rules of the shape without one.
	for _, n := range s.next {
		for _, t := range n.targets {
			if n.part.isEmpty() && len(t.rule.parts) > 1 {
				pattern, e := newEntry(t, t.rule.parts[:len(t.rule.parts)-1])
				e.noSlash, e.redirect = true, !t.lenient
				place(pattern, e)
			}
		}
	}
	for _, n := range s.next {
		n.emit(place)
	}
	// A slash too many comes last of all. A tail takes it for its own.
	for _, t := range s.targets {
		if t.lenient && !t.rule.hasTail() {
			place(newEntry(t, append(slices.Clip(t.rule.parts), &part{})))
		}
	}
}

// isEmpty reports whether the part is the nothing behind a last slash.
func (p *part) isEmpty() bool { return len(p.pieces) == 0 }

// newEntry returns the entry of t for its parts, with or without the last slash,
// and its pattern: literal parts, ":" for a parameter and "*" for a tail.
func newEntry(t *target, parts []*part) (pattern []string, e *entry) {
	e = &entry{target: t, plain: true}
	for _, p := range parts {
		switch {
		case p.tail:
			pattern = append(pattern, "*")
		case p.literal() && !strings.ContainsAny(p.prefix, ":*"):
			pattern = append(pattern, p.prefix)
			continue
		default: // to httprouter, a literal with a colon or a star is a parameter too
			pattern = append(pattern, ":")
		}
		e.parts = append(e.parts, p)
		e.plain = e.plain && p.lone()
		if p.tail {
			break // what follows it can only be its slash
		}
	}
	return pattern, e
}

// --- layers

// place puts e in the first layer behind every entry that httprouter would
// refuse beside it. Entries come in the order of precedence, so the earlier of
// two layers always holds the entry that must win; and since the patterns of
// one layer exclude each other, a path meets at most one bucket in each.
func (t *table) place(pattern []string, e *entry) {
	if e.whole && e.Route.redirect == nil && len(e.shorter) == 0 {
		e.Route.plain = e
	}
	e.tail = pattern[len(pattern)-1] == "*"
	if e.whole && len(e.rule.vars) == 0 {
		path := e.rule.path()
		t.literals[path] = append(t.literals[path], e)
	}
	home := len(t.layers)
	for ; home > 0; home-- {
		b, conflict := t.layers[home-1].shape.find(pattern)
		if b != nil {
			b.entries = append(b.entries, e)
			return
		}
		if conflict {
			break
		}
	}
	if home == len(t.layers) {
		t.layers = append(t.layers, &layer{tree: &httprouter.Router{}, shape: &shape{}})
	}
	t.layers[home].add(pattern, &bucket{entries: []*entry{e}, tail: pattern[len(pattern)-1] == "*"})
}

func (l *layer) add(pattern []string, b *bucket) {
	var path strings.Builder
	for i, p := range pattern {
		path.WriteString("/" + p)
		if p == ":" || p == "*" {
			path.WriteString(strconv.Itoa(i)) // positional names never disagree
		}
	}
	l.tree.Handle(treeMethod, path.String(), b.handle)
	l.shape.add(pattern, b)
}

// treeMethod is the one method of every tree: methods are told apart in the bucket.
const treeMethod = http.MethodGet

// A shape is what httprouter's tree holds below some path.
type shape struct {
	literals map[string]*shape
	param    *shape
	tail     *bucket
	end      *bucket
}

// find returns the bucket of a pattern if there is one, and otherwise whether
// httprouter would refuse the pattern.
func (s *shape) find(pattern []string) (b *bucket, conflict bool) {
	for i, p := range pattern {
		next := s.literals[p]
		switch {
		case p == "*":
			return s.tail, len(s.literals) > 0 || s.param != nil
		case s.tail != nil:
			return nil, true
		case p == ":":
			if s.hasLiteral() {
				return nil, true
			}
			next = s.param
		case s.param != nil && (p != "" || i < len(pattern)-1):
			return nil, true
		}
		if next == nil {
			return nil, false
		}
		s = next
	}
	return s.end, false
}

// hasLiteral reports whether a parameter would find literals in its place; a
// last slash is none.
func (s *shape) hasLiteral() bool {
	slash := s.literals[""]
	if slash == nil {
		return len(s.literals) > 0
	}
	return len(s.literals) > 1 || len(slash.literals) > 0
}

func (s *shape) add(pattern []string, b *bucket) {
	for _, p := range pattern {
		switch p {
		case "*":
			s.tail = b
			return
		case ":":
			if s.param == nil {
				s.param = &shape{}
			}
			s = s.param
		default:
			if s.literals == nil {
				s.literals = map[string]*shape{}
			}
			if s.literals[p] == nil {
				s.literals[p] = &shape{}
			}
			s = s.literals[p]
		}
	}
	s.end = b
}

// A finding carries a bucket out of its httprouter handle: a handle returns
// nothing and cannot be asked for its bucket, but it can be called.
type finding struct {
	http.ResponseWriter
	*bucket
}

var findings = sync.Pool{New: func() any { return new(finding) }}

func (b *bucket) handle(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
	switch w := w.(type) {
	case *found: // which asks for the first rule only
		if e := b.entries[0]; e.Route.plain == e {
			w.route = e.Route
		}
	case *finding:
		w.bucket = b
	}
}

// lookup returns the entries that path may match.
func (l *layer) lookup(path string) ([]*entry, httprouter.Params) {
	handle, params, _ := l.tree.Lookup(treeMethod, path)
	if handle == nil {
		return nil, nil
	}
	f := findings.Get().(*finding)
	handle(f, nil, nil)
	b := f.bucket
	findings.Put(f)
	if b.tail {
		cutSlash(params)
	}
	return b.entries, params
}

// --- matching

// A match is the router's answer. With route, redirect and allow empty it is
// 404; with allow it is 405.
type match struct {
	found
	automaticOptions bool         // an OPTIONS request that the route leaves to the router
	redirectKind     redirectKind // what redirect is
	redirect         string       // where to redirect to
	allow            []string     // the methods of the rules that fit but for the method, sorted
}

// found is the route of a match, nil if there is none.
type found struct {
	route  *Route
	values httprouter.Params // the values of route.rule.vars, in order
}

type redirectKind uint8

const (
	toPath redirectKind = iota // a path, not yet percent-encoded
	toHost                     // another host, and such a path behind it
	toURL                      // a URL, or a path below the root; the query is dropped
)

// matchRequest finds the route of a request.
func (rt *router) matchRequest(r *http.Request) match {
	return rt.match(r.Method, rt.hostOf(r), r.URL.Path)
}

// match finds the route of a request. path is the decoded path of its URL, and
// host is what hostOf gives.
func (rt *router) match(method, host, path string) (m match) {
	path = requestPath(path)
	e, values, err := rt.find(method, host, path, &m.allow)
	if e == nil {
		rt.matchMerged(method, host, path, &m)
		return m
	}
	if e.redirect {
		return match{redirect: path + "/"}
	}
	if err != nil {
		m.allow = sortedSet(m.allow)
		return m
	}
	m = match{found: found{route: e.Route, values: values}}
	if e.Route.redirect != nil {
		return match{redirectKind: toURL, redirect: e.Route.redirect.location(&m)}
	}
	for _, short := range e.shorter {
		if path, ok := short.redirectFrom(&m, method); ok {
			if other, ok := short.hostFrom(&m, host); ok && other == "" {
				return match{redirect: path}
			} else if ok {
				return match{redirectKind: toHost, redirect: other + path}
			}
		}
	}
	m.automaticOptions = method == http.MethodOptions && !slices.Contains(e.methods, method)
	return m
}

// matchMerged tries once more with doubled slashes made one. A path that matches
// then is redirected to.
func (rt *router) matchMerged(method, host, path string, m *match) {
	merged := mergeSlashes(path)
	if merged != path {
		e, _, _ := rt.find(method, host, merged, &m.allow)
		if e != nil && e.redirect {
			merged += "/"
		}
		if e != nil {
			*m = match{redirect: merged}
			return
		}
	}
	m.allow = sortedSet(m.allow)
}

// matchLiteral finds the route of a path without variables, where finding it is all
// there is to do, as it is for most requests. Such a path is canonical, and so is
// the method. It returns nil where something else is due.
func (rt *router) matchLiteral(r *http.Request) *Route {
	if rt.only == nil {
		return nil
	}
	for _, e := range rt.only.literals[r.URL.Path] {
		if e.Route.plain == e && slices.Contains(e.methods, r.Method) {
			return e.Route
		}
	}
	return nil
}

// matchPlain is matchLiteral for a path with variables, of a canonical request. It
// returns nil where a redirect, an error or the answer to an OPTIONS is due, or the
// search would have to go on.
func (rt *router) matchPlain(r *http.Request, m *found) *Route {
	if rt.only == nil || len(rt.only.layers) == 0 {
		return nil
	}
	handle, params, _ := rt.only.layers[0].tree.Lookup(treeMethod, r.URL.Path)
	if handle == nil {
		return nil
	}
	handle(m, nil, nil)
	if m.route == nil {
		return nil
	}
	e := m.route.plain
	if m.route = nil; !slices.Contains(e.methods, r.Method) {
		return nil
	}
	if e.tail {
		cutSlash(params)
	}
	values, ok, err := e.fit(params)
	if !ok || err != nil {
		return nil
	}
	m.route, m.values = e.Route, values
	return e.Route
}

// The methods that let a found carry a route out of an httprouter handle, as a
// finding does. They are not called.

func (m *found) Header() http.Header         { return nil }
func (m *found) Write(b []byte) (int, error) { return len(b), nil }
func (m *found) WriteHeader(int)             {}

// cutSlash takes the slash away with which httprouter's catch-all begins.
func cutSlash(params httprouter.Params) {
	tail := &params[len(params)-1]
	tail.Value = tail.Value[1:]
}

// find returns the entry that wins, and the values of its variables. An error
// says that one of them is no valid value. The methods of entries that fit but
// for the method go to allow.
func (rt *router) find(method, host, path string, allow *[]string) (*entry, httprouter.Params, error) {
	for _, t := range rt.tables {
		if hostValues, ok := t.fitHost(host); ok {
			if e, values, err := t.find(method, path, hostValues, allow); e != nil {
				return e, values, err
			}
		}
	}
	return nil, nil, nil
}

func (t *table) find(method, path string, hostValues httprouter.Params, allow *[]string) (*entry, httprouter.Params, error) {
	// Nothing goes before a rule whose literal text the path is, if it takes the
	// method.
	for _, e := range t.literals[path] {
		if slices.Contains(e.allow, method) {
			values, ok, err := httprouter.Params(nil), true, error(nil)
			if len(hostValues) > 0 {
				values, ok, err = e.addHost(nil, hostValues, nil)
			}
			if ok {
				return e, values, err
			}
		}
	}
	for _, l := range t.layers {
		entries, params := l.lookup(path)
		for _, e := range entries {
			values, ok, err := e.fit(params)
			if ok && len(hostValues) > 0 {
				values, ok, err = e.addHost(values, hostValues, err)
			}
			switch {
			case !ok:
			case slices.Contains(e.allow, method):
				return e, values, err
			case !e.noSlash:
				*allow = append(*allow, e.allow...)
			}
		}
	}
	return nil, nil, nil
}

// fitHost returns the values of the variables of the table's host, and whether
// it is this one.
func (t *table) fitHost(host string) (values httprouter.Params, ok bool) {
	if t.host == nil {
		return nil, true
	}
	return t.host.split(host, nil)
}

// addHost puts the values of the host behind those of the path, as the variables
// of a rule stand. ok and err are as those of fit.
func (e *entry) addHost(values, hostValues httprouter.Params, err error) (_ httprouter.Params, ok bool, _ error) {
	for i, v := range e.host.vars {
		ok, bad := v.match(hostValues[i].Value)
		if !ok {
			return nil, false, nil
		}
		err = cmp.Or(err, bad)
	}
	return append(slices.Clip(values), hostValues...), true, err
}

// fit reads the values of the entry's variables from the parameters of its pattern.
func (e *entry) fit(params httprouter.Params) (values httprouter.Params, ok bool, err error) {
	if !e.plain {
		return e.fitParts(params)
	}
	for i, p := range e.parts {
		ok, bad := p.vars[0].match(params[i].Value)
		if !ok {
			return nil, false, nil
		}
		if bad != nil {
			err = bad
		}
	}
	return params, true, err
}

func (e *entry) fitParts(params httprouter.Params) (values httprouter.Params, ok bool, err error) {
	values = make(httprouter.Params, 0, len(e.rule.vars))
	for i, p := range e.parts {
		text := params[i].Value
		if p.slash {
			cut, slash := strings.CutSuffix(text, "/")
			if slash == e.noSlash || strings.HasSuffix(cut, "/") {
				return nil, false, nil
			}
			text = cut
		}
		first := len(values)
		if values, ok = p.split(text, values); !ok {
			return nil, false, nil
		}
		for j, v := range p.vars {
			ok, bad := v.match(values[first+j].Value)
			if !ok {
				return nil, false, nil
			}
			if bad != nil {
				err = bad
			}
		}
	}
	return values, true, err
}

// match is the converter's, but for the empty text, which no variable matches.
func (v *variable) match(text string) (ok bool, err error) {
	switch {
	case text == "":
		return false, nil
	case v.anyInt && len(text) <= maxShortInt && isDigits(text):
		return true, nil
	}
	return v.conv.Match(text)
}

// split appends the texts of the part's variables to values.
func (p *part) split(text string, values httprouter.Params) (_ httprouter.Params, ok bool) {
	switch len(p.vars) {
	case 0:
		return values, text == p.prefix
	case 1:
		text, begins := strings.CutPrefix(text, p.prefix)
		text, ends := strings.CutSuffix(text, p.suffix)
		return append(values, httprouter.Param{Key: p.vars[0].name, Value: text}), begins && ends
	}
	groups := p.expr.FindStringSubmatch(text)
	if groups == nil {
		return values, false
	}
	for i, v := range p.vars {
		values = append(values, httprouter.Param{Key: v.name, Value: groups[i+1]})
	}
	return values, true
}

// allowed returns the methods that path takes, sorted: the Allow of an automatic
// OPTIONS. A rule that allows its last slash to be missing is no reason for a 405
// without it, as in Flask; but if it alone answers, the methods are its own.
func (rt *router) allowed(r *http.Request) []string {
	host := rt.hostOf(r)
	allow := rt.match("no method", host, r.URL.Path).allow
	if len(allow) > 0 {
		return allow
	}
	if e, _, _ := rt.find(r.Method, host, requestPath(r.URL.Path), new([]string)); e != nil {
		return e.allow
	}
	return nil
}

// requestPath is path with exactly one slash in front, and U+FFFD for what is
// not UTF-8.
func requestPath(path string) string {
	if isCanonicalPath(path) {
		return path
	}
	if !utf8.ValidString(path) {
		path = string([]rune(path))
	}
	return "/" + strings.TrimLeft(path, "/")
}

func isCanonicalPath(path string) bool {
	return path != "" && path[0] == '/' && (len(path) == 1 || path[1] != '/') && (isASCII(path) || utf8.ValidString(path))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mergeSlashes makes each run of slashes one.
func mergeSlashes(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	var b strings.Builder
	for i := range len(path) {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

// param returns the value of a variable, or of a default of the route, as text.
func (m *found) param(name string) (text string, ok bool) {
	if m.route == nil {
		return "", false
	}
	if value, ok := m.route.defaults[name]; ok {
		text, err := valueText(value)
		return text, err == nil
	}
	for i, v := range m.route.rule.vars {
		if v.name == name {
			text := m.values[i].Value
			if _, either := v.conv.(uuidConverter); either {
				text = strings.ToLower(text) // one value has one text
			}
			return text, true
		}
	}
	return "", false
}

// int returns the value of an int variable, or of a default that is a whole
// number. ok is false for a variable of another type, and for none.
func (m *found) int(name string) (n int, ok bool) {
	if m.route == nil {
		return 0, false
	}
	if value, ok := m.route.defaults[name]; ok {
		if whole, isWhole := numberText(value); isWhole {
			return atoi(whole)
		}
		return 0, false
	}
	for i, v := range m.route.rule.vars {
		if v.name == name {
			if _, isInt := v.conv.(intConverter); !isInt {
				return 0, false
			}
			return atoi(m.values[i].Value)
		}
	}
	return 0, false
}

func atoi(text string) (n int, ok bool) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, false
	}
	return n, true
}

// redirectFrom returns the path of t for the values of m, if t's defaults are
// among them and t takes the method.
func (t *target) redirectFrom(m *match, method string) (path string, ok bool) {
	if !slices.Contains(t.allow, method) {
		return "", false
	}
	var b strings.Builder
	for name, value := range t.defaults {
		if !m.is(name, value) {
			return "", false
		}
	}
	for _, p := range t.rule.pieces {
		b.WriteString(p.literal)
		if p.v != nil {
			text, _ := m.param(p.v.name)
			b.WriteString(p.v.canonical(text))
		}
	}
	return b.String(), true
}

// is reports whether the variable or default called name has this value.
func (m *found) is(name string, value any) bool {
	if own, ok := m.route.defaults[name]; ok {
		return sameValue(own, value)
	}
	for i, v := range m.route.rule.vars {
		if v.name == name {
			text, err := v.conv.Text(value)
			return err == nil && text == v.canonical(m.values[i].Value)
		}
	}
	return false
}

// canonical is the text as URLFor would write it: 1 for 01.
func (v *variable) canonical(text string) string {
	if own, err := v.conv.Text(text); err == nil {
		return own
	}
	return text // a converter whose values are no texts
}

// redirectLocation is the Location of a redirect made by the router. It is a
// path without a host, so that nothing in the request can name another site: it
// begins with exactly one slash and has no backslash. (Flask's is absolute, made
// from the Host header.)
func redirectLocation(root, path, rawQuery string) string {
	location := appendLocation(nil, root, path)
	if rawQuery != "" {
		location = append(append(location, '?'), rawQuery...)
	}
	return string(location)
}

// --- the list of routes

// RouteInfo describes a registered route, for listings.
type RouteInfo struct {
	Rule      string
	Endpoint  string
	Methods   []string // sorted, with the HEAD and OPTIONS that come by themselves
	Handler   string   // the full name of the handler function
	Host      string   // the pattern of Route.Host, or of Route.Subdomain with the ServerName; empty for every host
	Arguments []string // the names of its variables and defaults, sorted
}

// Routes returns the routes in the order of their registration. It is Flask's
// app.url_map.iter_rules().
func (a *App) Routes() []RouteInfo {
	routes := a.routes
	if !a.setupEnded.Load() {
		routes = a.expand().routes
	}
	list := make([]RouteInfo, len(routes))
	for i, r := range routes {
		t := newTarget(r)
		list[i] = RouteInfo{Rule: r.rule.text, Endpoint: r.endpoint, Methods: t.allow, Handler: r.function,
			Host: r.host.fullText(a.Config.ServerName), Arguments: t.arguments}
	}
	return list
}
