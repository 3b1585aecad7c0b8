package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCluster starts the cluster with cluster.sh, has visitors use it all the
// time, and takes its parts away one after the other. Nobody may be signed out.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and stops processes for a minute; not with -short")
	}
	for _, program := range []string{"bash", "nginx", "redis-server"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here; Debian's packages are bash, nginx-light and redis-server", program)
		}
	}
	for _, store := range []string{"redis", "cookie"} {
		t.Run(store, func(t *testing.T) { testCluster(t, store) })
	}
}

func testCluster(t *testing.T, store string) {
	c := newCluster(t, store)
	c.keys("the first key of twenty-five bytes")
	c.script("up")
	ann := c.visitor("Ann")
	loops := c.background("Bea", "Cid", "Dot")

	// Both processes have a request of Ann's in hand when one is killed. nginx
	// asks the other one.
	pages := c.slowly(ann)
	c.script("kill", "1")
	for page := range pages {
		c.same("Ann, whose page one of the processes was making, sees", page, "Hello, Ann!", "Process 2")
	}
	c.script("start", "1")

	// A process that is told to stop answers what it has in hand.
	pages = c.slowly(ann)
	c.script("stop", "2")
	seen := ""
	for page := range pages {
		c.same("Ann sees", page, "Hello, Ann!")
		seen += page
	}
	c.same("together they show", seen, "Process 1", "Process 2")
	c.script("start", "2")

	// A new key, one process after the other. First all learn to read it, then
	// they sign with it, and when no cookie of the old one is left it goes.
	for _, keys := range [][]string{
		{"the first key of twenty-five bytes", "the second key and the newer one"},
		{"the second key and the newer one", "the first key of twenty-five bytes"},
		{"the second key and the newer one"},
	} {
		c.keys(keys...)
		for _, process := range []string{"1", "2"} {
			c.script("stop", process)
			c.script("start", process)
		}
		c.same("Ann sees", ann.get("/").text, "Hello, Ann!")
	}
	loops.nobodyWasSignedOut()

	if store == "redis" {
		c.script("redis", "stop")
		page := ann.get("/")
		if page.status != 503 || page.header.Get("Retry-After") == "" || page.header.Get("Set-Cookie") != "" {
			t.Errorf("without Redis: got %d and %v, want 503, Retry-After and no Set-Cookie", page.status, page.header)
		}
		c.same("without Redis Ann sees", page.text, "We will be back in a moment")
		c.script("redis", "start")
		c.same("with Redis again she sees", ann.get("/").text, "Hello, Ann!")
	}

	ann.post("/logout")
	c.same("signed out, Ann sees", ann.get("/").text, "Hello, Stranger!")
	c.script("down")
}

// cluster is what cluster.sh runs for a test.
type cluster struct {
	t    *testing.T
	env  []string
	run  string
	base string
}

func newCluster(t *testing.T, store string) *cluster {
	t.Helper()
	port := freePorts(t, 4)
	c := &cluster{t: t, run: t.TempDir(), base: "http://127.0.0.1:" + strconv.Itoa(port)}
	c.env = append(os.Environ(), "CLUSTER_RUN="+c.run, "CLUSTER_PORT="+strconv.Itoa(port), "CLUSTER_STORE="+store)
	t.Cleanup(func() {
		c.script("down")
		if !t.Failed() {
			return
		}
		logs, _ := filepath.Glob(filepath.Join(c.run, "*.log"))
		for _, name := range logs {
			text, _ := os.ReadFile(name)
			t.Logf("the end of %s:\n%s", filepath.Base(name), text[max(0, len(text)-2000):])
		}
	})
	return c
}

// freePorts finds n ports in a row that nobody listens on.
func freePorts(t *testing.T, n int) int {
	t.Helper()
next:
	for first := 20000 + os.Getpid()%10000; first < 40000; first += n {
		for port := first; port < first+n; port++ {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				continue next
			}
			l.Close()
		}
		return first
	}
	t.Fatal("no free ports")
	return 0
}

// script runs cluster.sh. What it starts keeps no pipe of ours open.
func (c *cluster) script(args ...string) {
	c.t.Helper()
	c.t.Logf("cluster.sh %s", strings.Join(args, " "))
	cmd := exec.Command("./cluster.sh", args...)
	cmd.Env = c.env
	out, err := os.Create(filepath.Join(c.run, "script.log"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		c.t.Fatalf("cluster.sh %s: %v\n%s", strings.Join(args, " "), err, text)
	}
}

// keys are those of the processes that are started from now on.
func (c *cluster) keys(keys ...string) {
	c.t.Helper()
	text := strings.Join(keys, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(c.run, "keys"), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// same logs what was seen and holds it against what should be.
func (c *cluster) same(what, page string, want ...string) {
	c.t.Helper()
	c.t.Logf("%s %s", what, summary(page))
	for _, words := range want {
		if !strings.Contains(page, words) {
			c.t.Errorf("%s\n%s\nwant %q there", what, page, words)
		}
	}
}

// summary has a page's words in one line.
func summary(page string) string {
	words := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	return strings.Join(strings.Fields(words), " ")
}

// slowly asks for pages that take their time, two at once, until both processes
// are making one: nginx takes turns, but gives turns to the other visitors too.
func (c *cluster) slowly(v *visitor) <-chan string {
	c.t.Helper()
	pages := make(chan string, 22) // for all, also if nobody reads them
	var wait sync.WaitGroup
	first1, first2 := c.begun(1), c.begun(2)
	for asked := 0; c.begun(1) == first1 || c.begun(2) == first2; {
		if asked == 20 {
			c.t.Fatal("20 slow pages, and all of them from one process")
		}
		for range 2 {
			wait.Go(func() { pages <- v.get("/slow").text })
			asked++
		}
		for deadline := time.Now().Add(20 * time.Second); c.begun(1)+c.begun(2) < first1+first2+asked; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				c.t.Fatal("no process begins the slow page")
			}
		}
	}
	go func() {
		wait.Wait()
		close(pages)
	}()
	return pages
}

// begun counts the slow pages that a process has begun, by its log.
func (c *cluster) begun(process int) int {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.run, fmt.Sprintf("app%d.log", process)))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Count(string(text), "a slow page is begun")
}

// visitor is a browser with its cookies.
type visitor struct {
	c      *cluster
	name   string
	client *http.Client
}

type page struct {
	status int
	header http.Header
	text   string
}

// visitor returns one who has signed in.
func (c *cluster) visitor(name string) *visitor {
	jar, _ := cookiejar.New(nil)
	v := &visitor{c, name, &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	if p := v.post("/login", "username", name); !strings.Contains(p.text, "Hello, "+name+"!") {
		c.t.Errorf("%s could not sign in: %s", name, summary(p.text))
	}
	return v
}

func (v *visitor) get(path string) page { return v.read(v.client.Get(v.c.base + path)) }

func (v *visitor) post(path string, fields ...string) page {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.read(v.client.PostForm(v.c.base+path, form))
}

func (v *visitor) read(resp *http.Response, err error) page {
	if err != nil {
		v.c.t.Errorf("%s: %v", v.name, err)
		return page{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.c.t.Errorf("%s: %v", v.name, err)
	}
	return page{resp.StatusCode, resp.Header, string(body)}
}

// loops are visitors who ask for a page again and again.
type loops struct {
	c       *cluster
	end     context.CancelFunc
	wait    sync.WaitGroup
	results chan string
}

func (c *cluster) background(names ...string) *loops {
	ctx, end := context.WithCancel(context.Background())
	l := &loops{c: c, end: end, results: make(chan string, len(names))}
	for _, name := range names {
		l.wait.Go(func() { l.results <- l.visit(ctx, c.visitor(name)) })
	}
	c.t.Cleanup(func() { // a test that has failed ends them, too
		end()
		l.wait.Wait()
	})
	return l
}

// visit reads the counter of visits, which may not fall back: it is in the
// session. It may jump, where nginx asked twice.
func (l *loops) visit(ctx context.Context, v *visitor) string {
	counter := regexp.MustCompile(`Visits: (\d+)`)
	requests, last := 0, 0
	for {
		select {
		case <-ctx.Done():
			return fmt.Sprintf("%s asked %d times and is at visit %d", v.name, requests, last)
		case <-time.After(5 * time.Millisecond):
		}
		requests++
		p := v.get("/")
		m := counter.FindStringSubmatch(p.text)
		if p.status != 200 || m == nil || !strings.Contains(p.text, "Hello, "+v.name+"!") {
			l.c.t.Errorf("%s, request %d: got %d %s", v.name, requests, p.status, summary(p.text))
			continue
		}
		visits, _ := strconv.Atoi(m[1])
		if visits <= last {
			l.c.t.Errorf("%s, request %d: got visit %d after %d", v.name, requests, visits, last)
		}
		last = visits
	}
}

func (l *loops) nobodyWasSignedOut() {
	l.c.t.Helper()
	l.end()
	l.wait.Wait()
	close(l.results)
	for result := range l.results {
		l.c.t.Log(result)
	}
}
