package flaskcompat_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/flaskcompat"
)

// Tests against real Flask: testdata/flask-app.py, run by the first python3 that
// has it. They are skipped where none has.

// python is the running program.
type python struct {
	t               *testing.T
	ask             *json.Encoder
	answers         *bufio.Scanner
	flask, werkzeug string
}

func startPython(t *testing.T) *python {
	t.Helper()
	if testing.Short() {
		t.Skip("it drives Python; run it without -short")
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import flask").Run() != nil {
			continue
		}
		cmd := exec.Command(name, "testdata/flask-app.py")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var log syncBuffer
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			stdin.Close()
			cmd.Wait()
			if t.Failed() {
				t.Logf("Flask's log:\n%s", &log)
			}
		})
		p := &python{t: t, ask: json.NewEncoder(stdin), answers: bufio.NewScanner(stdout)}
		p.answers.Buffer(nil, 1<<20)
		var versions struct{ Flask, Werkzeug string }
		p.answer(&versions)
		p.flask, p.werkzeug = versions.Flask, versions.Werkzeug
		t.Logf("Flask %s, Werkzeug %s", p.flask, p.werkzeug)
		return p
	}
	t.Skip("no python3 here has Flask; on Debian, apt-get install python3-flask")
	return nil
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (p *python) answer(dst any) {
	p.t.Helper()
	if !p.answers.Scan() {
		p.t.Fatalf("Python ended: %v", p.answers.Err())
	}
	if err := json.Unmarshal(p.answers.Bytes(), dst); err != nil {
		p.t.Fatalf("Python said %s: %v", p.answers.Bytes(), err)
	}
}

// atLeast reports whether Flask is of a version, such as 3.1.
func atLeast(version string, major, minor int) bool {
	parts := append(strings.Split(version, "."), "0", "0")
	m, _ := strconv.Atoi(parts[0])
	n, _ := strconv.Atoi(parts[1])
	return m > major || m == major && n >= minor
}

// flaskApp is a Flask application with a configuration.
type flaskApp struct {
	*python
	config map[string]any
}

// do has a view run statements for a visitor, and returns what it put into out.
func (f flaskApp) do(v *liveVisitor, statements string) []any {
	f.t.Helper()
	err := f.ask.Encode(map[string]any{"config": f.config, "cookie": v.header(), "do": statements})
	if err != nil {
		f.t.Fatal(err)
	}
	var reply struct {
		Status    int
		SetCookie []string `json:"set_cookie"`
		Out       []any
	}
	f.answer(&reply)
	if reply.Status != 200 {
		f.t.Fatalf("Flask answers %d to %s with %s", reply.Status, statements, v.header())
	}
	v.take(reply.SetCookie)
	return reply.Out
}

// liveVisitor goes from one application to the other with one cookie.
type liveVisitor struct{ cookie, attributes string }

func (v *liveVisitor) header() string {
	if v.cookie == "" {
		return ""
	}
	return "session=" + v.cookie
}

func (v *liveVisitor) take(setCookie []string) {
	v.attributes = ""
	for _, line := range setCookie {
		value, attributes, _ := strings.Cut(line, ";")
		v.cookie, v.attributes = strings.TrimPrefix(value, "session="), attributes
	}
}

// goes has a view of app run for the visitor.
func (v *liveVisitor) goes(t *testing.T, configure func(testing.TB, *hipflask.Config), view func(c *hipflask.Context)) {
	t.Helper()
	w := visit(newApp(t, configure, view), v.header())
	if w.Code != 200 {
		t.Fatalf("hipflask answers %d to %s", w.Code, v.header())
	}
	v.take(w.Header()["Set-Cookie"])
}

func TestLiveSession(t *testing.T) {
	flask := flaskApp{startPython(t), map[string]any{"SECRET_KEY": "secret"}}
	touch := func(c *hipflask.Context) { c.Session().Set("touched", 1) }
	count := map[string]int{}

	// Whatever Flask stores is there as it was when our side has stored something.
	for _, value := range []string{
		"None", "True", "0", "-7", "2**70", "1.0", "1e21", "5e-324", "-0.0", "float('nan')", "[float('inf'), -float('inf')]",
		"''", "'é \\U0001F600 \\u2028 \\x00\\x7f <>&\"\\\\'", "'\\ud800'", "[]", "{}", "()", "b''", "b'\\xff\\x00bin'", "Markup('<b>&amp;</b>')",
		"UUID('12345678-1234-5678-1234-567812345678')", "datetime(2024, 2, 29, 12, 34, 56, tzinfo=timezone.utc)",
		"(1, 'a', (2,), [b'x'])", "{' t': [1, 2]}", "{' b': 'x'}", "{' di': {' m': 'x'}}", "{' t': 1, 'x': 2}", "{' x': 1}",
		"{'a': {'b': [({'c': UUID(int=1)},)]}}", "'x' * 5000", "[{'id': i, 'name': 'item'} for i in range(50)]", "{'10': 1, '2': 2}",
	} {
		v := &liveVisitor{}
		flask.do(v, "session['v'] = "+value)
		before := flask.do(v, "out.append(repr(session['v']))")
		v.goes(t, nil, touch)
		after := flask.do(v, "out.append(repr(session['v'])); out.append(session['touched'])")
		if after[0] != before[0] || after[1] != 1.0 {
			t.Errorf("%s: got %v, want %v", value, after, before)
		}
		count["kept"]++
	}

	// What our side stores is what Flask reads, and what our side reads of Flask's.
	for _, tt := range []struct {
		value any
		repr  string
	}{
		{nil, "None"}, {true, "True"}, {-7, "-7"}, {1.5, "1.5"}, {"é😀\u2028<>&\"\\\x00", "'é😀\\u2028<>&\"\\\\\\x00'"},
		{[]int{1, 2}, "[1, 2]"}, {map[string]any{"a": []any{}}, "{'a': []}"}, {[]byte("x"), "'eA=='"},
		{flaskcompat.Bytes("\xff\x00bin"), "b'\\xff\\x00bin'"},
		{leapDay, "datetime.datetime(2024, 2, 29, 12, 34, 56, tzinfo=datetime.timezone.utc)"},
		{aUUID, "UUID('12345678-1234-5678-1234-567812345678')"},
		{flaskcompat.Markup("<b>é</b>"), "Markup('<b>é</b>')"},
		{flaskcompat.Tuple{1, "a", flaskcompat.Tuple{aUUID}}, "(1, 'a', (UUID('12345678-1234-5678-1234-567812345678'),))"},
		{flaskcompat.Tuple{}, "()"},
		{flaskcompat.Dict{" t": []any{flaskcompat.Bytes("x")}}, "{' t': [b'x']}"},
		{flaskcompat.Dict{" t": 1}, "{' t': 1}"}, {flaskcompat.Dict{" d": "soon"}, "{' d': 'soon'}"},
		{flaskcompat.Dict{" di": map[string]any{"x": 1}}, "{' di': {'x': 1}}"},
		{strings.Repeat("x", 5000), "'" + strings.Repeat("x", 5000) + "'"},
	} {
		v := &liveVisitor{}
		v.goes(t, nil, func(c *hipflask.Context) { c.Session().Set("v", tt.value) })
		if got := flask.do(v, "out.append(repr(session['v'])); session['again'] = session['v']"); got[0] != tt.repr {
			t.Errorf("%#v: got %v, want %s", tt.value, got[0], tt.repr)
		}
		if tt.value == nil {
			continue
		}
		got := reflect.New(reflect.TypeOf(tt.value))
		v.goes(t, nil, func(c *hipflask.Context) { c.Session().Get("again", got.Interface()) })
		if !reflect.DeepEqual(got.Elem().Interface(), tt.value) {
			t.Errorf("Flask stored it again: got %#v, want %#v", got.Elem(), tt.value)
		}
		count["stored"]++
	}

	// A map that looks tagged and cannot be meant so is a dict all the same.
	v := &liveVisitor{}
	v.goes(t, nil, func(c *hipflask.Context) {
		c.Session().Set("v", []any{map[string]any{" t": 1}, map[string]any{" u": "x"}, map[string]any{" di": nil}})
	})
	if got, want := flask.do(v, "out.append(repr(session['v']))")[0], "[{' t': 1}, {' u': 'x'}, {' di': None}]"; got != want {
		t.Errorf("got %v, want %s", got, want)
	}

	// Our side reads and changes, Flask reads.
	v = &liveVisitor{}
	flask.do(v, "session['cart'] = {'when': datetime(2024, 2, 29, tzinfo=timezone.utc), 'items': (b'a', 1)}; session['n'] = 1; session['gone'] = 1")
	v.goes(t, nil, func(c *hipflask.Context) {
		var cart flaskcompat.Dict
		c.Session().Get("cart", &cart)
		cart["items"] = append(cart["items"].(flaskcompat.Tuple), 2)
		cart["when"] = flaskcompat.Time{Time: cart["when"].(flaskcompat.Time).Add(time.Hour)}
		c.Session().Set("cart", cart)
		c.Session().Set("n", c.Session().GetInt("n")+1)
		c.Session().Delete("gone")
	})
	got := flask.do(v, "out.append(repr(dict(session)))")[0]
	want := "{'cart': {'items': (b'a', 1, 2), 'when': datetime.datetime(2024, 2, 29, 1, 0, tzinfo=datetime.timezone.utc)}, 'n': 2}"
	if got != want {
		t.Errorf("got %v, want %s", got, want)
	}
	v.goes(t, nil, func(c *hipflask.Context) { c.Session().Clear() })
	if v.cookie != "" || flask.do(v, "out.append(len(session))")[0] != 0.0 {
		t.Errorf("after Clear: got the cookie %q", v.cookie)
	}
	t.Logf("%v", count)
}

func TestLiveFlash(t *testing.T) {
	flask := flaskApp{startPython(t), map[string]any{"SECRET_KEY": "secret"}}
	const read = "out.append(repr(get_flashed_messages(with_categories=True)))"

	v := &liveVisitor{}
	flask.do(v, "flash('one'); flash('two', 'error'); flash(Markup('<b>'), 'info'); flash(5)")
	var got []hipflask.Message
	v.goes(t, nil, func(c *hipflask.Context) { got = c.FlashedMessages() })
	want := []hipflask.Message{{Category: "message", Text: "one"}, {Category: "error", Text: "two"}, {Category: "info", Text: "<b>"}, {Category: "message", Text: "5"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Flask flashes: got %v, want %v", got, want)
	}
	if out := flask.do(v, read)[0]; out != "[]" {
		t.Errorf("shown here, Flask still has %v", out)
	}

	v.goes(t, nil, func(c *hipflask.Context) { c.Flash("é"); c.FlashAs("error", "<b>") })
	flask.do(v, "flash('last')")
	if out, want := flask.do(v, read)[0], "[('message', 'é'), ('error', '<b>'), ('message', 'last')]"; out != want {
		t.Errorf("hipflask flashes: got %v, want %s", out, want)
	}
	v.goes(t, nil, func(c *hipflask.Context) { got = c.FlashedMessages() })
	if len(got) != 0 {
		t.Errorf("shown there, hipflask still has %v", got)
	}

	flask.do(v, "flash(Markup('<b>')); flash('x')")
	v.goes(t, nil, func(c *hipflask.Context) { c.Flash("<b>") })
	if out, want := flask.do(v, read)[0], "[('message', Markup('<b>')), ('message', 'x'), ('message', '<b>')]"; out != want {
		t.Errorf("both flash: got %v, want %s", out, want)
	}
}

func TestLivePermanence(t *testing.T) {
	flask := flaskApp{startPython(t), map[string]any{"SECRET_KEY": "secret", "PERMANENT_SESSION_LIFETIME": 3600}}
	hour := func(_ testing.TB, cfg *hipflask.Config) { cfg.PermanentSessionLifetime = time.Hour }
	isPermanent := func(who string, v *liveVisitor, got bool, want bool) {
		t.Helper()
		if sent := strings.Contains(v.attributes, "Expires="); got != want || sent != want {
			t.Errorf("%s: got permanent %v, Expires sent %v; want %v", who, got, sent, want)
		}
	}
	v := &liveVisitor{}
	flask.do(v, "session['name'] = 'ada'; session.permanent = True")
	isPermanent("Flask sets it", v, true, true)
	var got bool
	v.goes(t, hour, func(c *hipflask.Context) { got = c.Session().Permanent() })
	isPermanent("hipflask reads and refreshes it", v, got, true)
	out := flask.do(v, "out.append(session.permanent)")
	isPermanent("Flask reads and refreshes it", v, out[0] == true, true)
	v.goes(t, hour, func(c *hipflask.Context) { c.Session().SetPermanent(false) })
	out = flask.do(v, "out.append(session.permanent); session['n'] = 1")
	isPermanent("hipflask takes it back", v, out[0] == true, false)
	v.goes(t, hour, func(c *hipflask.Context) { c.Session().SetPermanent(true) })
	isPermanent("hipflask sets it", v, true, true)
	out = flask.do(v, "out.append(session.permanent); out.append(session['name'])")
	isPermanent("Flask reads it", v, out[0] == true && out[1] == "ada", true)

	// Both say the same of age, at the same second.
	for _, tt := range []struct {
		age  time.Duration
		want bool
	}{{0, true}, {30 * time.Minute, true}, {2 * time.Hour, false}, {-10 * time.Second, false}} {
		old := &liveVisitor{cookie: sign("secret", "eyJuYW1lIjoiYWRhIn0", time.Now().Add(-tt.age))}
		here := ""
		again := *old
		again.goes(t, hour, func(c *hipflask.Context) { here = c.Session().GetString("name") })
		there := flask.do(old, "out.append(session.get('name', ''))")[0]
		if got := here == "ada"; got != tt.want || here != there {
			t.Errorf("aged %v: got %q here and %q in Flask, want it valid: %v", tt.age, here, there, tt.want)
		}
	}
}

func TestLiveFallbacks(t *testing.T) {
	p := startPython(t)
	old := flaskApp{p, map[string]any{"SECRET_KEY": "old"}}
	rotated := flaskApp{p, map[string]any{"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": []string{"older", "old"}}}
	final := flaskApp{p, map[string]any{"SECRET_KEY": "new"}}
	key := func(key string, fallbacks ...string) func(testing.TB, *hipflask.Config) {
		return func(_ testing.TB, cfg *hipflask.Config) { cfg.SecretKey, cfg.SecretKeyFallbacks = key, fallbacks }
	}
	const read = "out.append(session.get('name', ''))"

	v := &liveVisitor{}
	old.do(v, "session['name'] = 'ada'")
	if got := final.do(v, read)[0]; got != "" {
		t.Errorf("without a fallback: got %q, want none", got)
	}
	var got string
	v.goes(t, key("new", "older", "old"), func(c *hipflask.Context) { got = c.Session().GetString("name") })
	if after := final.do(v, read)[0]; got != "ada" || after != "ada" {
		t.Errorf("rotated here: got %q, and Flask without fallbacks then %q; want ada", got, after)
	}

	if !atLeast(p.flask, 3, 1) {
		t.Skipf("Flask %s has no SECRET_KEY_FALLBACKS, 3.1 is the first", p.flask)
	}
	v = &liveVisitor{}
	v.goes(t, key("old"), func(c *hipflask.Context) { c.Session().Set("name", "ada") })
	if out := rotated.do(v, read+"; session['n'] = 1")[0]; out != "ada" {
		t.Errorf("rotated in Flask: got %q, want ada", out)
	}
	v.goes(t, key("new"), func(c *hipflask.Context) { got = c.Session().GetString("name") })
	if got != "ada" {
		t.Errorf("after Flask signed it anew: got %q, want ada", got)
	}
}

func TestLivePasswords(t *testing.T) {
	flask := flaskApp{startPython(t), map[string]any{}}
	if !atLeast(flask.werkzeug, 2, 3) {
		t.Skipf("Werkzeug %s knows no scrypt, 2.3 is the first", flask.werkzeug)
	}
	for _, password := range []string{"", "pässwörd 🔑"} {
		quoted, err := json.Marshal(password)
		if err != nil {
			t.Fatal(err)
		}
		hash := flaskcompat.GeneratePasswordHash(password)
		out := flask.do(&liveVisitor{}, fmt.Sprintf(`out.append(check_password_hash(%q, %s)); out.append(check_password_hash(%q, "x" + %s)); out.append(generate_password_hash(%s))`,
			hash, quoted, hash, quoted, quoted))
		if out[0] != true || out[1] != false {
			t.Errorf("%q: Werkzeug says %v of %s, want true and false", password, out[:2], hash)
		}
		theirs := out[2].(string)
		if !flaskcompat.CheckPasswordHash(theirs, password) || flaskcompat.CheckPasswordHash(theirs, password+"x") {
			t.Errorf("%q: Werkzeug's %s is not checked rightly", password, theirs)
		}
	}
}
