package hipflask

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// URLFor builds the path of an endpoint:
//
//	c.URLFor("post", "id", 7)               // /post/7
//	c.URLFor("search", "q", "a b", "p", 2)  // /search?q=a+b&p=2
//
// values are names and values in turn. Values that the rule has no variable for
// become the query string, in the order given; a slice repeats its name, and nil
// is left out. Of several rules of the endpoint, the one with the most variables
// that the values can fill is taken, and then the one registered first.
//
// A value is a text, a number, a bool, or has a MarshalText or String method.
//
// Four names are options, as in Flask: "_anchor" appends a fragment, "_external"
// true asks for scheme and host, "_scheme" sets the scheme ("" for a URL that
// begins with //) and asks for the host, and "_method" takes a rule for that
// method. The host is Config.ServerName, or without one that of the request,
// which the client chose: set ServerName before a URL goes into a mail. A rule
// for another host than the request's is external in any case: see [Route.Host].
//
// An endpoint that begins with a dot belongs to the blueprint of the current
// route: ".index" is "admin.index" in the blueprint admin, and "index" outside
// of blueprints.
//
// The error is a [*BuildError] if the endpoint or its values fit no rule. URLFor
// is Flask's url_for.
func (c *Context) URLFor(endpoint string, values ...any) (string, error) {
	if name, relative := strings.CutPrefix(endpoint, "."); relative {
		endpoint = name
		if r := c.Route(); r != nil && r.owner.name != "" {
			endpoint = r.owner.name + "." + name
		}
	}
	return c.app.buildURL(c, endpoint, c.withURLDefaults(endpoint, values))
}

// withURLDefaults adds what the URLDefaults functions give: the App's first, then
// those of the blueprint of the endpoint, the outermost first.
func (c *Context) withURLDefaults(endpoint string, pairs []any) []any {
	if !c.app.addsURLDefaults {
		return pairs
	}
	given := Data{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			given[name] = pairs[i+1]
		}
	}
	ask := func(s *scaffold) {
		for _, add := range s.urlDefaults {
			add(c, endpoint, given)
		}
	}
	ask(&c.app.scaffold)
	for _, s := range c.app.blueprints {
		if strings.HasPrefix(endpoint, s.name+".") {
			ask(s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !hasPair(pairs, name) && c.app.router.expects(endpoint, name) {
			pairs = append(slices.Clip(pairs), name, given[name])
		}
	}
	return pairs
}

func hasPair(pairs []any, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == any(name) {
			return true
		}
	}
	return false
}

// expects reports whether a rule of the endpoint has a variable or a default of
// this name.
func (rt *router) expects(endpoint, name string) bool {
	return slices.ContainsFunc(rt.endpoints[endpoint], func(t *target) bool { return slices.Contains(t.arguments, name) })
}

// URLFor is [Context.URLFor] outside a request: in a command, or for a mail. The
// URL is external unless "_external" is false; it is made of Config.ServerName,
// Config.PreferredURLScheme and Config.ApplicationRoot, and without a ServerName
// it is an error.
func (a *App) URLFor(endpoint string, values ...any) (string, error) {
	return a.buildURL(nil, endpoint, values)
}

// buildURL is both URLFor; c is nil outside a request.
func (a *App) buildURL(c *Context, endpoint string, values []any) (string, error) {
	u, err := readURLValues(values)
	if err != nil {
		return "", fmt.Errorf("hipflask: URLFor(%q): %w", endpoint, err)
	}
	rt, err := a.routerNow()
	if err != nil {
		return "", err
	}
	u.defaultMethod = "GET"
	if c != nil {
		u.defaultMethod = c.Request.Method
	}
	t := rt.choose(endpoint, &u)
	if t == nil {
		return "", rt.buildError(endpoint, u.method, u.names())
	}
	host, err := t.buildHost(&u)
	if err != nil {
		return "", &BuildError{Endpoint: endpoint, Reason: err.Error(), err: err}
	}
	prefix := ""
	if u.isExternal(c) || host != "" && host != a.currentHost(c) {
		if prefix, err = a.urlPrefix(c, u.scheme, host); err != nil {
			return "", fmt.Errorf("hipflask: URLFor(%q): %w", endpoint, err)
		}
	}
	root := a.Config.ApplicationRoot
	if c != nil {
		root = c.root()
	}
	return t.build(endpoint, u, prefix, root)
}

// routerNow is the App's router, or during setup one for the routes so far.
func (a *App) routerNow() (*router, error) {
	if a.setupEnded.Load() && a.router != nil {
		return a.router, nil
	}
	return newRouter(a.expand().routes)
}

// urlPrefix is scheme and host. scheme is nil if it was not asked for. own is the
// host of the route, or empty; its port is that of the App's.
func (a *App) urlPrefix(c *Context, scheme *string, own string) (string, error) {
	used := a.Config.urlScheme()
	if c != nil {
		used = "http"
		if c.secure() {
			used = "https"
		}
	}
	if scheme != nil {
		used = *scheme
	}
	if used != "" && used != "https" {
		used = "http"
	}
	host := a.Config.ServerName
	if host == "" && c == nil && own == "" {
		return "", fmt.Errorf("a URL built outside a request needs Config.ServerName (and ApplicationRoot and " +
			`PreferredURLScheme where they differ from "/" and "http"); for a path alone, give "_external", false`)
	}
	if host == "" && own == "" && !a.Config.trustsHost(c.Request.Host) {
		return "", fmt.Errorf("the request's Host %q is not in Config.TrustedHosts; Config.ServerName goes before it", c.Request.Host)
	}
	if host == "" && c != nil {
		if host = c.host(); host == "" && own == "" {
			return "", fmt.Errorf("the request's Host %q is not the name of a host; Config.ServerName goes before it", c.Request.Host)
		}
	}
	if own != "" {
		host = own + portOf(host)
	}
	if used != "" {
		used += ":"
	}
	return used + "//" + host, nil
}

var hostSyntax = regexp.MustCompile(`\A(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[a-f0-9]*:[a-f0-9.:]+\])(?::[0-9]+)?\z`)

// requestHost is a Host header in lower case and without the scheme's own port,
// or "" if it is not the name of a host.
func requestHost(host string, secure bool) string {
	host = strings.ToLower(host)
	if !hostSyntax.MatchString(host) {
		return ""
	}
	if secure {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// --- the values

type urlValue struct {
	name  string
	value any
}

// urlValues are the arguments of URLFor, sorted out.
type urlValues struct {
	list          []urlValue // without nil ones and options
	anchor        *string
	scheme        *string
	external      *bool
	method        string
	defaultMethod string
}

func readURLValues(pairs []any) (u urlValues, err error) {
	if len(pairs)%2 != 0 {
		return u, fmt.Errorf("values are names and values in turn, but there are %d: the last, %v, has no partner",
			len(pairs), pairs[len(pairs)-1])
	}
	u.list = make([]urlValue, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return u, fmt.Errorf("value %d must be the name of a value, a string, not %v (%T)", i+1, pairs[i], pairs[i])
		}
		if _, twice := u.get(name); twice {
			return u, fmt.Errorf("value %q is given twice; a slice repeats a name in the query", name)
		}
		if value := pairs[i+1]; isNil(value) {
			continue
		} else if option, err := u.setOption(name, value); err != nil {
			return u, err
		} else if !option {
			u.list = append(u.list, urlValue{name, value})
		}
	}
	if u.scheme != nil && u.external != nil && !*u.external {
		return u, fmt.Errorf(`"_scheme" asks for an external URL, but "_external" is false`)
	}
	return u, nil
}

// setOption sets the option called name, if there is one.
func (u *urlValues) setOption(name string, value any) (option bool, err error) {
	if name == "_external" {
		external, ok := value.(bool)
		if !ok {
			return true, fmt.Errorf("%q must be true or false, not %v (%T)", name, value, value)
		}
		u.external = &external
		return true, nil
	}
	if name != "_anchor" && name != "_scheme" && name != "_method" {
		return false, nil
	}
	text, err := valueText(value)
	if err != nil {
		return true, fmt.Errorf("%q: %w", name, err)
	}
	switch name {
	case "_anchor":
		u.anchor = &text
	case "_scheme":
		u.scheme = &text
	case "_method":
		u.method = strings.ToUpper(text)
	}
	return true, nil
}

func (u *urlValues) get(name string) (value any, ok bool) {
	for i := range u.list {
		if u.list[i].name == name {
			return u.list[i].value, true
		}
	}
	return nil, false
}

func (u *urlValues) names() []string {
	names := make([]string, len(u.list))
	for i, v := range u.list {
		names[i] = v.name
	}
	slices.Sort(names)
	return names
}

// isExternal: a scheme asks for a host; outside a request there is no page to be
// relative to.
func (u *urlValues) isExternal(c *Context) bool {
	if u.external != nil {
		return *u.external
	}
	return u.scheme != nil || c == nil
}

// isNil reports whether value is nil, or a nil pointer.
func isNil(value any) bool {
	switch value.(type) {
	case nil:
		return true
	case string, int, bool:
		return false
	}
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// --- building

// build assembles the URL of t, which suits the values.
func (t *target) build(endpoint string, u urlValues, prefix, root string) (string, error) {
	if t.location != "" && prefix == "" && (root == "" || root == "/") && len(u.list) == 0 && u.anchor == nil {
		return t.location, nil
	}
	path, err := t.rule.build(make([]byte, 0, 64), t.rule.pieces, &u, t.defaults)
	if err != nil {
		return "", &BuildError{Endpoint: endpoint, Reason: err.Error(), err: err}
	}
	out := append(make([]byte, 0, 128), prefix...)
	out = appendLocation(out, root, path)
	if out, err = t.appendQuery(out, u.list); err != nil {
		return "", &BuildError{Endpoint: endpoint, Reason: err.Error(), err: err}
	}
	if u.anchor != nil {
		out = appendQuoted(append(out, '#'), *u.anchor, &anchorSafe)
	}
	return string(out), nil
}

// choose returns the target to build: one for the method asked for, else one for
// the request's method, else any.
func (rt *router) choose(endpoint string, u *urlValues) *target {
	targets := rt.endpoints[endpoint]
	suits := func(method string) func(t *target) bool {
		return func(t *target) bool { return t.suits(u, method) }
	}
	i := slices.IndexFunc(targets, suits(cmp.Or(u.method, u.defaultMethod)))
	if i < 0 && u.method == "" {
		i = slices.IndexFunc(targets, suits(""))
	}
	if i < 0 {
		return nil
	}
	return targets[i]
}

// suits reports whether values fill all variables of t, and agree with its
// defaults. The method "" is any.
func (t *target) suits(u *urlValues, method string) bool {
	if method != "" && !slices.Contains(t.allow, method) {
		return false
	}
	for name, value := range t.defaults {
		if given, ok := u.get(name); ok && !sameValue(given, value) {
			return false
		}
	}
	for _, v := range t.rule.vars {
		_, given := u.get(v.name)
		_, byDefault := t.defaults[v.name]
		if !given && !byDefault {
			return false
		}
	}
	return true
}

// build appends pieces, those of the rule or of its host, to path, not yet
// quoted. A default of a variable in the rule goes before the value, with which
// it agrees.
func (r *rule) build(path []byte, pieces []piece, u *urlValues, defaults map[string]any) ([]byte, error) {
	for _, p := range pieces {
		path = append(path, p.literal...)
		if p.v == nil {
			continue
		}
		value, ok := defaults[p.v.name]
		if !ok {
			value, _ = u.get(p.v.name)
		}
		text, err := p.v.conv.Text(value)
		if err != nil {
			return nil, fmt.Errorf("value %q of rule %s: %w", p.v.name, r.text, err)
		}
		path = append(path, text...)
	}
	return path, nil
}

// appendLocation appends a path below the ApplicationRoot, percent-encoded, with
// exactly one slash in front.
func appendLocation[T string | []byte](out []byte, root string, path T) []byte {
	if root = strings.Trim(root, "/"); root != "" {
		out = appendQuoted(append(out, '/'), root, &pathSafe)
	}
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return appendQuoted(append(out, '/'), path, &pathSafe)
}

// appendQuery appends the values that are no arguments of t.
func (t *target) appendQuery(out []byte, values []urlValue) ([]byte, error) {
	separator := byte('?')
	for _, v := range values {
		if slices.Contains(t.arguments, v.name) {
			continue
		}
		texts, err := queryTexts(v.value)
		if err != nil {
			return nil, fmt.Errorf("value %q: %w", v.name, err)
		}
		for _, text := range texts {
			out = appendQuoted(append(out, separator), v.name, &querySafe)
			out = appendQuoted(append(out, '='), text, &querySafe)
			separator = '&'
		}
	}
	return out, nil
}

// queryTexts writes a value, or each element of a slice or array that is not
// nil. A type that can write itself is one value even so: a UUID, an IP.
func queryTexts(value any) ([]string, error) {
	text, err := valueText(value)
	if err == nil {
		return []string{text}, nil
	}
	v := indirect(value)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return nil, err
	}
	var texts []string
	for i := range v.Len() {
		item := v.Index(i).Interface()
		if isNil(item) {
			continue
		}
		text, err := valueText(item)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// sameValue compares as Python does: numbers by value whatever their type, and
// a number never equals a text.
func sameValue(a, b any) bool {
	n, aIsNumber := numberText(a)
	m, bIsNumber := numberText(b)
	if aIsNumber || bIsNumber {
		return aIsNumber && bIsNumber && n == m
	}
	s, err := valueText(a)
	t, err2 := valueText(b)
	return err == nil && err2 == nil && s == t
}

func numberText(value any) (text string, ok bool) {
	switch v := indirect(value); {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits()), true
	}
	return "", false
}

// --- quoting

// charset says which bytes stand in a URL as they are.
type charset [256]bool

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"

func newCharset(chars string) (set charset) {
	for _, c := range []byte(unreserved + chars) {
		set[c] = true
	}
	return set
}

var (
	pathSafe   = newCharset("!$&'()*+,/:;=@")
	querySafe  = newCharset("!$'()*,/:;?@ ") // a space becomes +
	anchorSafe = newCharset("%!#$&'()*+,/:;=?@")
)

// holds reports whether all of text is safe as it stands.
func (safe *charset) holds(text string) bool {
	for i := range len(text) {
		if c := text[i]; !safe[c] || c == ' ' {
			return false
		}
	}
	return true
}

func appendQuoted[T string | []byte](out []byte, text T, safe *charset) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case !safe[c]:
			out = append(out, '%', hex[c>>4], hex[c&15])
		case c == ' ':
			out = append(out, '+')
		default:
			out = append(out, c)
		}
	}
	return out
}

// --- errors

// BuildError says why URLFor found no URL. It is Flask's BuildError.
type BuildError struct {
	Endpoint  string // what was asked for
	Reason    string // what is wrong with it
	Suggested string // the endpoint that was perhaps meant, if Endpoint does not exist

	err error
}

func (e *BuildError) Error() string {
	text := fmt.Sprintf("hipflask: cannot build a URL for endpoint %q: %s", e.Endpoint, e.Reason)
	if e.Suggested != "" {
		text += fmt.Sprintf("; did you mean %q?", e.Suggested)
	}
	return text
}

// Unwrap returns the converter's error, if it refused a value.
func (e *BuildError) Unwrap() error { return e.err }

// buildError finds out why no rule of the endpoint can be built from the values
// of these names.
func (rt *router) buildError(endpoint, method string, names []string) error {
	targets := rt.endpoints[endpoint]
	if len(targets) == 0 {
		return &BuildError{Endpoint: endpoint, Reason: "there is no such endpoint", Suggested: rt.suggest(endpoint, method, names)}
	}
	var methods, missing []string
	var closest *target
	for _, t := range targets {
		methods = append(methods, t.allow...)
		lacks := t.missing(names)
		if (method == "" || slices.Contains(t.allow, method)) && (closest == nil || len(lacks) < len(missing)) {
			closest, missing = t, lacks
		}
	}
	switch {
	case closest == nil:
		return &BuildError{Endpoint: endpoint, Reason: fmt.Sprintf("it does not take %s, only %s",
			method, strings.Join(sortedSet(methods), ", "))}
	case len(missing) == 0:
		return &BuildError{Endpoint: endpoint, Reason: fmt.Sprintf("the values differ from the defaults of its rule %s",
			closest.rule.text)}
	}
	reason := fmt.Sprintf("its rule %s needs the missing values %q", closest.rule.text, missing)
	if len(names) > 0 {
		reason += fmt.Sprintf(" beside %q", names)
	}
	return &BuildError{Endpoint: endpoint, Reason: reason}
}

// missing returns the arguments that have neither a value nor a default, sorted.
func (t *target) missing(names []string) []string {
	return slices.DeleteFunc(slices.Clone(t.arguments), func(name string) bool {
		_, byDefault := t.defaults[name]
		return byDefault || slices.Contains(names, name)
	})
}

// checkURLFor checks a URLFor whose endpoint and names are known before any
// request: those of a url_for in a template.
func (rt *router) checkURLFor(endpoint string, names []string) error {
	if name, relative := strings.CutPrefix(endpoint, "."); relative {
		return rt.checkRelative(name)
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains([]string{"_anchor", "_external", "_method", "_scheme"}, name)
	})
	for _, t := range rt.endpoints[endpoint] {
		if len(t.missing(names)) == 0 {
			return nil
		}
	}
	return rt.buildError(endpoint, "", sortedSet(names))
}

// checkRelative checks the endpoint "."+name. Only a request knows the blueprint
// that it belongs to; but one that has no such endpoint anywhere is a mistake in
// every request.
func (rt *router) checkRelative(name string) error {
	var names []string
	for endpoint := range rt.endpoints {
		if endpoint == name || strings.HasSuffix(endpoint, "."+name) {
			return nil
		}
		names = append(names, endpoint[strings.LastIndex(endpoint, ".")+1:])
	}
	return &BuildError{Endpoint: "." + name, Reason: "neither a blueprint nor the App has such an endpoint",
		Suggested: "." + nearest(name, sortedSet(names))}
}

// suggest returns the endpoint most like the one asked for; its values and the
// method break ties, as in Flask.
func (rt *router) suggest(endpoint, method string, names []string) string {
	best, score := "", -1.0
	for _, t := range rt.targets {
		if t.endpoint == "" {
			continue
		}
		s := 0.98 * similarity(t.endpoint, endpoint)
		if !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(t.arguments, name) }) {
			s += 0.01
		}
		if slices.Contains(t.allow, method) {
			s += 0.01
		}
		if s > score {
			best, score = t.endpoint, s
		}
	}
	return best
}

// nearest returns the name most like the one asked for, "" if there are none.
func nearest(asked string, names []string) string {
	best, score := "", -1.0
	for _, name := range names {
		if s := similarity(name, asked); s > score {
			best, score = name, s
		}
	}
	return best
}

// similarity is between 0 and 1: the share of both texts that lies in common
// runs, the longest first. Python's difflib calls it ratio.
func similarity(a, b string) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	return 2 * float64(commonRuns(a, b)) / float64(len(a)+len(b))
}

// maxCompared bounds what is compared, since it takes time by the product of the
// lengths and an endpoint may have come with the request.
const maxCompared = 200

func commonRuns(a, b string) int {
	a, b = a[:min(len(a), maxCompared)], b[:min(len(b), maxCompared)]
	start, length, other := 0, 0, 0
	for i := range len(a) {
		for j := range len(b) {
			n := 0
			for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
				n++
			}
			if n > length {
				start, length, other = i, n, j
			}
		}
	}
	if length == 0 {
		return 0
	}
	return length + commonRuns(a[:start], b[:other]) + commonRuns(a[start+length:], b[other+length:])
}
