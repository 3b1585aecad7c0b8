package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hipflask/hipflask/hipflasktest"
)

// TestMain is the program itself where TestNoSecret asks for it.
func TestMain(m *testing.M) {
	if os.Getenv("WEBHOOK_TEST_MAIN") != "" {
		os.Args = []string{"webhook", "run", "--port", "0"}
		main()
		return
	}
	m.Run()
}

// TestNoSecret: the program does not serve if everybody could sign.
func TestNoSecret(t *testing.T) {
	for _, list := range []string{"", " , "} {
		for _, debug := range []string{"0", "1"} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			program := exec.CommandContext(ctx, os.Args[0])
			program.Env = append(os.Environ(), "WEBHOOK_TEST_MAIN=1", "WEBHOOK_SECRETS="+list, "HIPFLASK_DEBUG="+debug, "HIPFLASK_RUN_RELOAD=0")
			out, err := program.CombinedOutput()
			cancel()
			if program.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "WEBHOOK_SECRETS has no secret") {
				t.Errorf("%q, debug %s: got %v and %s, want an error about the secrets", list, debug, err, out)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	app, r := newApp([]string{"new"})
	defer r.close()
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
}

// TestReplies: each case is a delivery to a receiver with the secrets new and old.
func TestReplies(t *testing.T) {
	const body = `{"id": "1", "type": "order.paid", "text": "tea"}`
	now := time.Now()
	good := sign([]string{"new"}, []byte(body), now)
	signed := func(body string) string { return sign([]string{"new"}, []byte(body), now) }
	large := `{"id": "2", "text": "` + strings.Repeat("x", maxBody) + `"}`
	for _, test := range []struct {
		what, header, body string
		status             int
	}{
		{"good", good, body, 204},
		{"by the old secret", sign([]string{"old"}, []byte(body), now), body, 204},
		{"one of two signatures", sign([]string{"next", "new"}, []byte(body), now), body, 204},
		{"an older version beside it", good + ",v0=zz", body, 204},
		{"at the edge of the tolerance", sign([]string{"new"}, []byte(body), now.Add(-tolerance+10*time.Second)), body, 204},
		{"no header", "", body, 401},
		{"no signature", "t=" + strconv.FormatInt(now.Unix(), 10), body, 401},
		{"no time", good[strings.Index(good, "v1"):], body, 401},
		{"two times", "t=1," + good, body, 401},
		{"a time that is no number", "t=soon,v1=00", body, 401},
		{"the least time", "t=-9223372036854775808,v1=00", body, 401},
		{"no hex", good + "x", body, 401},
		{"a short signature", good[:len(good)-2], body, 401},
		{"a long header", good + strings.Repeat(",v1=00", 1000), body, 401},
		{"wrong secret", sign([]string{"other"}, []byte(body), now), body, 401},
		{"tampered body", good, strings.Replace(body, "tea", "tee", 1), 401},
		{"another time", strings.Replace(good, "t=", "t=0", 1), body, 401},
		{"old", sign([]string{"new"}, []byte(body), now.Add(-tolerance-10*time.Second)), body, 401},
		{"ahead", sign([]string{"new"}, []byte(body), now.Add(tolerance+10*time.Second)), body, 401},
		{"no JSON", signed("tea"), "tea", 400},
		{"no id", signed("{}"), "{}", 400},
		{"a long id", signed(`{"id":"` + strings.Repeat("x", 101) + `"}`), `{"id":"` + strings.Repeat("x", 101) + `"}`, 400},
		{"too large", signed(large), large, 413},
	} {
		app, r := newApp([]string{"new", "old"})
		sender := hipflasktest.New(t, app)
		req := sender.NewRequest("POST", "/webhooks", strings.NewReader(test.body))
		req.Header.Set(signatureHeader, test.header)
		reply := sender.Do(req)
		r.close()
		accepted := len(r.list()) == 1
		if reply.StatusCode != test.status || accepted != (test.status == 204) {
			t.Errorf("%s: got %s\naccepted: %t, want %d", test.what, reply, accepted, test.status)
		}
	}
}

// TestAgain: a webhook that is known is answered as a new one is, and its work is
// not done again, whether it is a copy or the sender has signed it anew.
func TestAgain(t *testing.T) {
	app, r := newApp([]string{"new"})
	defer r.close()
	start := time.Now()
	now := start
	r.now = func() time.Time { return now }
	sender := hipflasktest.New(t, app)
	body := `{"id":"1"}`
	deliver := func(signed time.Time) int {
		req := sender.NewRequest("POST", "/webhooks", strings.NewReader(body))
		req.Header.Set(signatureHeader, sign([]string{"new"}, []byte(body), signed))
		return sender.Do(req).StatusCode
	}
	ahead := start.Add(tolerance)
	for _, test := range []struct {
		what         string
		after        time.Duration
		anew         bool // signed at that time, and not ahead
		status, work int
	}{
		{"new", 0, false, 204, 1},
		{"copy", 0, false, 204, 1},
		{"copy in the last second of the signature", 2 * tolerance, false, 204, 1},
		{"copy after it", 2*tolerance + 2*time.Second, false, 401, 1},
		{"sent again after a minute", time.Minute, true, 204, 1},
		{"sent again after a quarter of an hour", 16 * time.Minute, true, 204, 1},
		{"sent again at last", keepIDs - time.Second, true, 204, 1},
		{"another with an old id", 2 * keepIDs, true, 204, 2},
	} {
		now = start.Add(test.after)
		signed := ahead
		if test.anew {
			signed = now
		}
		if got := deliver(signed); got != test.status || len(r.list()) != test.work {
			t.Errorf("%s: got %d and the work %d times, want %d and %d", test.what, got, len(r.list()), test.status, test.work)
		}
	}
}

// TestBrowsersOfOtherSites: a program sends no Origin and passes, as in
// TestReplies; a page of another site does not.
func TestBrowsersOfOtherSites(t *testing.T) {
	app, r := newApp([]string{"new"})
	defer r.close()
	body := `{"id":"1"}`
	sender := hipflasktest.New(t, app)
	req := sender.NewRequest("POST", "/webhooks", strings.NewReader(body))
	req.Header.Set(signatureHeader, sign([]string{"new"}, []byte(body), time.Now()))
	req.Header.Set("Origin", "https://example.com")
	if got := sender.Do(req); got.StatusCode != 403 {
		t.Errorf("got %s, want 403", got)
	}
}

func TestBounds(t *testing.T) {
	release := make(chan bool)
	r := newReceiver(nil, func(event) error { <-release; return nil })
	now := time.Now()
	r.now = func() time.Time { return now }
	var err error
	n := 0
	for ; err == nil && n < 2*maxQueue; n++ {
		err = r.add(event{ID: strconv.Itoa(n)})
	}
	if !errors.Is(err, errFull) || n < maxQueue {
		t.Errorf("got %v after %d events, want that the queue is full after %d", err, n, maxQueue)
	}
	if got := len(r.list()); got != maxShown {
		t.Errorf("the page lists %d, want %d", got, maxShown)
	}
	close(release)
	r.close()
	if err := r.add(event{ID: "late"}); !errors.Is(err, errFull) {
		t.Errorf("after close: got %v, want %v", err, errFull)
	}

	r = newReceiver(nil, func(event) error { return nil })
	defer r.close()
	r.now = func() time.Time { return now }
	for i := range maxIDs {
		id := "old " + strconv.Itoa(i)
		r.seen[id] = r.ids.PushBack(known{id, now.Add(time.Duration(i))})
	}
	now = now.Add(2 * tolerance)
	for _, test := range []struct {
		what string
		wait time.Duration
		id   string
		err  error
		ids  int
		work int // in all
	}{
		{"all signatures hold", 0, "new", errFull, maxIDs, 0},
		{"a known one needs no room", 0, "old 2", nil, maxIDs, 0},
		{"nor does the oldest, whose signature holds no more", time.Second, "old 0", nil, maxIDs, 0},
		{"no signature of the next oldest holds", 1, "new", nil, maxIDs, 1},
		{"but it does of those that came again", 1, "old 0", nil, maxIDs, 1},
		{"and of one that came again before", 1, "old 2", nil, maxIDs, 1},
		{"the others are still known", 0, "old 9", nil, maxIDs, 1},
		{"the others are too old", keepIDs - 3, "newer", nil, 5, 2},
	} {
		now = now.Add(test.wait)
		err := r.add(event{ID: test.id})
		if !errors.Is(err, test.err) || r.ids.Len() != test.ids || len(r.seen) != test.ids || len(r.list()) != test.work {
			t.Errorf("%s: got %v with %d ids, %d in order, and %d to do; want %v, %d and %d",
				test.what, err, len(r.seen), r.ids.Len(), len(r.list()), test.err, test.ids, test.work)
		}
	}
}

// TestClose: what was accepted is done before close returns, whatever fails.
func TestClose(t *testing.T) {
	var done atomic.Int64
	r := newReceiver(nil, func(e event) error {
		time.Sleep(time.Millisecond)
		done.Add(1)
		switch e.ID {
		case "1":
			panic("no")
		case "2":
			return errors.New("no")
		}
		return nil
	})
	for _, id := range []string{"1", "2", "3"} {
		if err := r.add(event{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	r.close()
	r.close()
	var states []string
	for _, d := range r.list() {
		states = append(states, d.State)
	}
	if got := strings.Join(states, " "); done.Load() != 3 || got != "done failed failed" {
		t.Errorf("got %d done, %q", done.Load(), got)
	}
}

func TestSendAndPage(t *testing.T) {
	app, r := newApp([]string{"new"})
	server := httptest.NewServer(app)
	defer server.Close()
	sent := hipflasktest.RunCommand(t, app, "send", server.URL+"/webhooks", "order.paid", "<b>tea</b>")
	if sent.ExitCode != 0 || !strings.Contains(sent.Output, "204") {
		t.Fatalf("got %s", sent)
	}
	r.close()
	page := hipflasktest.New(t, app).Get("/")
	if !strings.Contains(page.Body, "&lt;b&gt;tea&lt;/b&gt;") || !strings.Contains(page.Body, `class="done"`) {
		t.Errorf("got %s", page)
	}
	for _, args := range [][]string{{"send"}, {"send", server.URL + "/nowhere"}} {
		if got := hipflasktest.RunCommand(t, app, args...); got.ExitCode != 1 {
			t.Errorf("%q: got %s", args, got)
		}
	}
}

func TestSecretsOf(t *testing.T) {
	for list, want := range map[string]string{" a, ,b,": "a|b", "a": "a", "": "", " , ": ""} {
		if got := strings.Join(secretsOf(list), "|"); got != want {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("t=1,v1=00", []byte("{}"))
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		now := time.Unix(1_700_000_000, 0)
		if verify([]string{"a secret nobody knows"}, header, body, now) == nil {
			t.Errorf("%q signs %q", header, body)
		}
		if err := verify([]string{"a"}, sign([]string{"b", "a"}, body, now), body, now); err != nil {
			t.Error(err)
		}
	})
}
