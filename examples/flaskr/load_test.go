package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var loadTime = flag.Duration("load", 3*time.Second, "how long TestLoad writes and reads; go test -run Load -v . -load 1m")

// TestLoad: 32 visitors over real connections write, read, edit and delete their
// posts, all at once. Each reads at once what it wrote, no request fails, and at
// the end the database holds exactly the posts that it should.
func TestLoad(t *testing.T) {
	const writers = 32
	app, db := newTestApp(t)
	execute(t, db, "DELETE FROM post")
	server := httptest.NewServer(app)
	defer server.Close()

	all := make([]*writer, writers)
	for i := range all {
		name := fmt.Sprintf("writer%d", i)
		execute(t, db, "INSERT INTO user (username, password) SELECT ?, password FROM user WHERE id = 1", name)
		all[i] = &writer{browser: newBrowser(t, server.URL), name: name, posts: map[string]string{}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), *loadTime)
	defer cancel()
	var running sync.WaitGroup
	for _, w := range all {
		running.Go(func() {
			if err := w.write(ctx); err != nil {
				t.Errorf("%s: %v", w.name, err)
				cancel()
			}
		})
	}
	running.Wait()

	created, requests, slowest := 0, 0, time.Duration(0)
	want := map[string]string{}
	for _, w := range all {
		maps.Copy(want, w.posts)
		created += w.created
		requests += w.requests
		slowest = max(slowest, w.slowest)
	}
	if got := titles(t, db); !maps.Equal(got, want) {
		t.Errorf("got %d posts: %v\nwant %d: %v", len(got), got, len(want), want)
	}
	if n := read[int](t, db, "SELECT seq FROM sqlite_sequence WHERE name = 'post'"); n != created+1 { // 1 is testData's
		t.Errorf("the table counted %d new posts, the writers %d", n-1, created)
	}
	t.Logf("%d connections, %v: %d requests (%.0f a second), %d posts written, %d left, the slowest reply took %v",
		writers, *loadTime, requests, float64(requests)/loadTime.Seconds(), created, len(want), slowest.Round(time.Millisecond))
}

// titles returns the title of each post by its id.
func titles(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT id, title FROM post")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var id, title string
		if err := rows.Scan(&id, &title); err != nil {
			t.Fatal(err)
		}
		all[id] = title
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// writer is one of TestLoad's visitors.
type writer struct {
	*browser
	name    string
	posts   map[string]string // the titles that are in the database, by id
	created int
}

// write goes on until ctx is done, once at least. It keeps the last three posts.
func (w *writer) write(ctx context.Context) error {
	if err := w.expect("POST", "/auth/login", fields("username", w.name, "password", "test"), 302); err != nil {
		return err
	}
	var ids []string
	for w.created == 0 || ctx.Err() == nil {
		w.created++
		title := fmt.Sprintf("%s-%d", w.name, w.created)
		if err := w.expect("POST", "/create", fields("title", title, "body", strings.Repeat("text ", 20)), 302); err != nil {
			return err
		}
		id, err := w.find(title)
		if err != nil {
			return err
		}
		w.posts[id] = title
		ids = append(ids, id)
		if w.created%2 == 0 {
			if err := w.expect("POST", "/"+id+"/update", fields("title", title+" edited", "body", ""), 302); err != nil {
				return err
			}
			w.posts[id] = title + " edited"
			if _, err := w.find(w.posts[id]); err != nil {
				return err
			}
		}
		if len(ids) > 3 {
			if err := w.expect("POST", "/"+ids[0]+"/delete", nil, 302); err != nil {
				return err
			}
			delete(w.posts, ids[0])
			ids = slices.Delete(ids, 0, 1)
		}
	}
	return nil
}

var editLink = regexp.MustCompile(`href="/(\d+)/update"`)

// find returns the id of the visitor's post with this title, from the index.
func (w *writer) find(title string) (id string, err error) {
	page, err := w.send("GET", "/", nil)
	if err != nil {
		return "", err
	}
	_, rest, found := strings.Cut(page.body, "<h2>"+title+"</h2>")
	if link := editLink.FindStringSubmatch(rest); found && link != nil {
		return link[1], nil
	}
	return "", fmt.Errorf("the index, %d, does not show the post %q", page.status, title)
}

// browser is a visitor over a real connection, whose errors are values.
type browser struct {
	t        *testing.T
	address  string
	client   *http.Client
	requests int
	slowest  time.Duration
}

type reply struct {
	status         int
	location, body string
}

func newBrowser(t *testing.T, address string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport:     &http.Transport{},
		Jar:           jar,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return &browser{t: t, address: address, client: client}
}

// send sends a request, with form as its body if there is one.
func (b *browser) send(method, path string, form url.Values) (*reply, error) {
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.address+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	begin := time.Now()
	response, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	b.requests++
	b.slowest = max(b.slowest, time.Since(begin))
	return &reply{response.StatusCode, response.Header.Get("Location"), string(body)}, err
}

// expect sends a request whose reply is to have a status.
func (b *browser) expect(method, path string, form url.Values, status int) error {
	page, err := b.send(method, path, form)
	if err == nil && page.status != status {
		err = errors.New(page.body)
	}
	if err != nil {
		return fmt.Errorf("%s %s: want %d: %w", method, path, status, err)
	}
	return nil
}

// must sends a request and fails the test unless the reply has the status and
// the texts.
func (b *browser) must(method, path string, form url.Values, status int, texts ...string) *reply {
	b.t.Helper()
	page, err := b.send(method, path, form)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, text := range append(texts, "") {
		if page.status != status || !strings.Contains(page.body, text) {
			b.t.Fatalf("%s %s: got %d\n%s\nwant %d with %q", method, path, page.status, page.body, status, text)
		}
	}
	return page
}
