package hipflask

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown writes messages as Flask's with_categories does: category:text.
func shown(messages []Message) string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = m.Category + ":" + m.Text
	}
	return strings.Join(texts, " ")
}

// Flask's table of flash, sequence by sequence: each step is a request.
func TestFlash(t *testing.T) {
	type step struct {
		view   func(c *Context) string
		want   string
		cookie string
	}
	flash := func(messages ...Message) step {
		return step{view: func(c *Context) string {
			for _, m := range messages {
				c.FlashAs(m.Category, m.Text)
			}
			return ""
		}, cookie: "yes"}
	}
	read := func(want, cookie string, categories ...string) step {
		return step{func(c *Context) string { return shown(c.FlashedMessages(categories...)) }, want, cookie}
	}
	a, b, c := Message{"message", "a"}, Message{"error", "b"}, Message{"info", "c"}

	tests := []struct {
		name  string
		steps []step
	}{
		{"flash; a page that does not read; read; read", []step{
			{func(c *Context) string { c.Flash("Hello"); return "" }, "", "yes"},
			{func(c *Context) string { return "" }, "", "no"},
			read("message:Hello", "deletion"),
			read("", "no"),
		}},
		{"flash in two requests, read", []step{flash(a), flash(b), read("message:a error:b", "deletion")}},
		{"read three times in one request", []step{flash(a, b),
			{func(c *Context) string {
				return fmt.Sprint(c.FlashedMessages(), " ", shown(c.FlashedMessages()), " ", c.FlashedMessages("error"))
			}, "[a b] message:a error:b [b]", "deletion"},
			read("", "no")}},
		{"a filter keeps the order and removes everything", []step{flash(a, b, c), read("message:a info:c", "deletion", "info", "message"), read("", "no")}},
		{"a filter that matches nothing", []step{flash(a), read("", "deletion", "other"), read("", "no")}},
		{"an empty filter is none", []step{flash(a), read("message:a", "deletion", []string{}...)}},
		{"flash and read in the same view", []step{
			{func(c *Context) string { c.Flash("now"); return shown(c.FlashedMessages()) }, "message:now", "deletion"}}},
		{"read, flash later, read again in one view", []step{
			{func(c *Context) string { c.Flash("x"); return "" }, "", "yes"},
			{func(c *Context) string {
				first := shown(c.FlashedMessages())
				c.Flash("later")
				return first + " " + shown(c.FlashedMessages())
			}, "message:x message:x", "yes"},
			read("message:later", "deletion")}},
		{"flash, then clear", []step{
			{func(c *Context) string { c.Flash("x"); c.Session().Clear(); return "" }, "", "deletion"},
			read("", "no")}},
		{"clear, then flash", []step{
			{func(c *Context) string { c.Session().Clear(); c.Flash("x"); return "" }, "", "yes"},
			read("message:x", "deletion")}},
		{"clear after reading shows what was read", []step{flash(a),
			{func(c *Context) string {
				first := shown(c.FlashedMessages())
				c.Session().Clear()
				return first + " " + shown(c.FlashedMessages())
			}, "message:a message:a", "deletion"}}},
		{"flash beside other keys, then read", []step{
			{func(c *Context) string { c.Session().Set("name", "Ada"); c.Flash("x"); return "" }, "", "yes"},
			read("message:x", "yes"),
			{func(c *Context) string { return strings.Join(c.Session().Keys(), " ") }, "name", "no"}}},
		{"markup is text", []step{
			// Flask shows flash(Markup("<b>")) unescaped. A Message is text and
			// no more: a page escapes it, whoever flashed it.
			{func(c *Context) string { c.Flash("<b>&\u2028é\x00"); return "" }, "", "yes"},
			read("message:<b>&\u2028é\x00", "deletion")}},
		{"an empty message", []step{flash(Message{}), read(":", "deletion")}},
		{"what is no message under _flashes", []step{
			{func(c *Context) string { c.Session().Set("_flashes", []int{1}); return "" }, "", "yes"},
			read("", "deletion")}},
		// "flash then abort(404)" and "flash + redirect followed by the test
		// client" are app.go's and hipflasktest's; flash(5), flash(None) do not
		// compile; there are no signals.
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisitor(t, sessionApp(t))
			for i, s := range tt.steps {
				var got string
				reply := v.visit(func(c *Context) { got = s.view(c) })
				if reply.err != nil || got != s.want {
					t.Errorf("step %d: got %q, error %v, want %q", i+1, got, reply.err, s.want)
				}
				if kind := reply.kind(); kind != s.cookie {
					t.Errorf("step %d: Set-Cookie: got %s, want %s", i+1, kind, s.cookie)
				}
			}
		})
	}
}

// In the session, messages are Flask's list of [category, text].
func TestFlashInSession(t *testing.T) {
	newVisitor(t, sessionApp(t)).visit(func(c *Context) {
		c.Flash("a")
		c.FlashAs("error", "<b>")
		var got json.RawMessage
		c.Session().Get("_flashes", &got)
		if want := `[["message","a"],["error","<b>"]]`; string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := c.Session().Keys(), []string{"_flashes"}; !slices.Equal(got, want) {
			t.Errorf("keys: got %q, want %q", got, want)
		}
	})
}

func TestAppendFlash(t *testing.T) {
	tests := []struct{ list, want string }{
		{``, `["","x"]`},
		{`null`, `["","x"]`},
		{`{"a":1}`, `["","x"]`},
		{`[]`, `["","x"]`},
		{` [ ] `, `["","x"]`},
		{`[["a","b"]]`, `["a","b"],["","x"]`},
		{" [ [\"a\",\"b\"]\n] ", `["a","b"],["","x"]`},
	}
	for _, tt := range tests {
		newVisitor(t, sessionApp(t)).visit(func(c *Context) {
			s := c.Session()
			s.put(flashesKey, tt.list)
			for i, want := range []string{"[" + tt.want + "]", "[" + tt.want + `,["","y"]]`} {
				s.flash(Message{"", []string{"x", "y"}[i]})
				if got, _ := s.raw(flashesKey); strings.ReplaceAll(got, " ", "") != want {
					t.Errorf("%q: got %s, want %s", tt.list, got, want)
				}
			}
		})
	}
}

// TestFlashFloodThroughTheApp is threat 14: what nobody shows costs little, and gives way.
func TestFlashFloodThroughTheApp(t *testing.T) {
	app, log := newTestApp(t)
	app.Get("/", func(c *Context) error {
		c.Session().Set("name", "Ada")
		for i := range 20_000 {
			c.Flash(fmt.Sprint("message ", i))
		}
		return c.Text("ok")
	})
	app.Get("/show", func(c *Context) error {
		messages := c.FlashedMessages()
		return c.Text(fmt.Sprint(c.Session().GetString("name"), " ", messages[len(messages)-1]))
	})
	start := time.Now()
	w := ask(app, "GET", "/")
	if took := time.Since(start); w.Code != 200 || took > 5*time.Second {
		t.Fatalf("got %d after %s", w.Code, took)
	}
	cookie := w.Result().Cookies()[0]
	if got := ask(app, "GET", "/show", "Cookie", cookie.Name+"="+cookie.Value).Body.String(); got != "Ada message 19999" {
		t.Errorf("got %q, want the session with the newest messages", got)
	}
	if !strings.Contains(log.String(), "WARN") {
		t.Errorf("the log does not tell of the dropped messages: %s", log)
	}
}

func TestMessage(t *testing.T) {
	m := Message{"error", `a "quoted" <text>`}
	if got := fmt.Sprintf("%s|%v", m, []Message{m}); got != m.Text+"|["+m.Text+"]" {
		t.Errorf("prints as %s", got)
	}
	text, err := json.Marshal([]Message{m})
	var got []Message
	if err != nil || json.Unmarshal(text, &got) != nil || !reflect.DeepEqual(got, []Message{m}) {
		t.Errorf("got %v from %s, error %v", got, text, err)
	}
	for _, bad := range []string{`null`, `"a"`, `[]`, `["a"]`, `["a","b","c"]`, `["a",1]`, `{"a":"b"}`} {
		if err := json.Unmarshal([]byte(bad), &m); err == nil || !strings.Contains(err.Error(), "[category, text]") {
			t.Errorf("%s: got error %v", bad, err)
		}
	}
}

// A caller may keep and change what it got.
func TestFlashedMessagesAreACopy(t *testing.T) {
	newVisitor(t, sessionApp(t)).visit(func(c *Context) {
		c.Flash("a")
		c.FlashedMessages()[0].Text = "changed"
		if got := c.FlashedMessages()[0].Text; got != "a" {
			t.Errorf("got %q", got)
		}
	})
}

// A thousand messages, and no page that shows them: no visitor is shut out, the
// newest messages stay, and the log tells.
func TestFlashFlood(t *testing.T) {
	logged := captureLog(t)
	v := newVisitor(t, sessionApp(t))
	v.visit(func(c *Context) { c.Session().Set("user", 7) })
	for i := range 200 {
		reply := v.visit(func(c *Context) {
			for j := range 5 {
				c.Flash(fmt.Sprintf("Your settings were saved (%d).", 5*i+j))
			}
		})
		if reply.err != nil {
			t.Fatalf("page %d: %v", i, reply.err)
		}
	}
	v.visit(func(c *Context) {
		got := c.FlashedMessages()
		if len(got) < 20 || got[len(got)-1].Text != "Your settings were saved (999)." {
			t.Errorf("got %d messages: %v", len(got), got)
		}
		for i, m := range got {
			if want := fmt.Sprintf("Your settings were saved (%d).", 1000-len(got)+i); m.Text != want {
				t.Fatalf("message %d: got %q, want %q", i, m.Text, want)
			}
		}
		if c.Session().GetInt("user") != 7 {
			t.Error("the session lost a value")
		}
	})
	if got := logged.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "dropped=5") || strings.Contains(got, "settings") {
		t.Errorf("got log %.300q", got)
	}
}

// Messages give way to values, the oldest first, and to the limit.
func TestFlashGivesWay(t *testing.T) {
	captureLog(t)
	text := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name string
		view func(c *Context)
		want int // messages kept
		err  bool
	}{
		{"all fit", func(c *Context) { c.Flash(text(900)); c.Flash(text(900)) }, 2, false},
		{"one must go", func(c *Context) { c.Flash(text(900)); c.Flash(text(900)); c.Flash(text(900)) }, 2, false},
		{"a thousand at once", func(c *Context) {
			for range 1000 {
				c.Flash(text(80))
			}
		}, 23, false},
		{"an old one for a value", func(c *Context) { c.Flash(text(900)); c.Flash(text(900)); c.Session().Set("a", text(1200)) }, 1, false},
		{"one too large by itself", func(c *Context) { c.Flash("small"); c.Flash(text(5000)) }, 0, false},
		{"one too large, beside a value", func(c *Context) { c.Session().Set("a", 1); c.Flash(text(5000)) }, 0, false},
		{"a value too large even so", func(c *Context) { c.Flash("small"); c.Session().Set("a", text(5000)) }, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisitor(t, sessionApp(t))
			if tt.err {
				v.visit(func(c *Context) { c.Flash("old") })
			}
			if reply := v.visit(tt.view); (reply.err != nil) != tt.err {
				t.Fatalf("got error %v", reply.err)
			}
			v.visit(func(c *Context) {
				if got := len(c.FlashedMessages()); got != tt.want {
					t.Errorf("got %d messages, want %d", got, tt.want)
				}
			})
		})
	}
}

// However little is to go, a message goes: saving tries again until it fits.
func TestWithoutOldestFlashes(t *testing.T) {
	list := `[["a","1"],["b","2"],["c","3"]]`
	for size, want := range map[int]string{0: `[["b","2"],["c","3"]]`, 9: `[["b","2"],["c","3"]]`, 10: `[["c","3"]]`, 100: ``} {
		values := sessionValues{{"_flashes", list}, {"a", "1"}}
		got, dropped := values.withoutOldestFlashes(size)
		flashes, _ := got.get("_flashes")
		if a, _ := got.get("a"); !dropped || flashes != want || a != "1" || values[0].json != list {
			t.Errorf("%d bytes: got %s, want %s", size, flashes, want)
		}
	}
	if got, dropped := (sessionValues{{"a", "1"}}).withoutOldestFlashes(1); dropped {
		t.Errorf("no messages: got %s, want it left alone", got)
	}
}

func BenchmarkFlashAndShow(b *testing.B) {
	app := sessionApp(b)
	v := newVisitor(b, app)
	b.ReportAllocs()
	for b.Loop() {
		v.visit(func(c *Context) { c.Flash("saved") })
		v.visit(func(c *Context) {
			if len(c.FlashedMessages()) != 1 {
				b.Fatal("lost")
			}
		})
	}
}
