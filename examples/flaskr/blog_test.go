package main

import (
	"html"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

func TestIndex(t *testing.T) {
	app, _ := newTestApp(t)
	page := hipflasktest.New(t, app).Get("/")
	wantPage(t, page, 200, "Log In", "Register", "test title")
	for _, unwanted := range []string{`href="/create"`, `href="/1/update"`} {
		if strings.Contains(page.Body, unwanted) {
			t.Errorf("got %s\nwith %s, for a visitor who is not logged in", page, unwanted)
		}
	}
	wantPage(t, loggedIn(t, app).Get("/"), 200, "Log Out", "test title", "by test on 2018-01-01", "test\nbody",
		`href="/1/update"`, `href="/create"`)
}

// TestIndexOrder: the newest post is the first, also within one second.
func TestIndexOrder(t *testing.T) {
	app, db := newTestApp(t)
	execute(t, db, `INSERT INTO post (title, body, author_id, created) VALUES
		('old', '', 1, '2017-01-01 00:00:00'), ('new', '', 2, '2019-01-01 00:00:00'), ('newest', '', 2, '2019-01-01 00:00:00')`)
	page := hipflasktest.New(t, app).Get("/")
	last := 0
	for _, title := range []string{"newest", "new", "test title", "old"} {
		at := strings.Index(page.Body, "<h2>"+title+"</h2>")
		if at <= last {
			t.Errorf("got %s\nwith %q in the wrong place", page, title)
		}
		last = at
	}
	if n := strings.Count(page.Body, "<hr>"); n != 3 {
		t.Errorf("got %d lines between 4 posts, want 3", n)
	}
}

func TestLoginRequired(t *testing.T) {
	app, db := newTestApp(t)
	for _, path := range []string{"/create", "/1/update", "/1/delete", "/2/delete"} {
		wantRedirect(t, hipflasktest.New(t, app).PostForm(path, nil), "/auth/login")
	}
	for _, path := range []string{"/create", "/1/update"} {
		wantRedirect(t, hipflasktest.New(t, app).Get(path), "/auth/login")
	}
	if n := read[int](t, db, "SELECT COUNT(id) FROM post"); n != 1 {
		t.Errorf("got %d posts, want the one from before", n)
	}
}

func TestAuthorRequired(t *testing.T) {
	app, db := newTestApp(t)
	execute(t, db, "UPDATE post SET author_id = 2 WHERE id = 1")
	visitor := loggedIn(t, app)
	wantPage(t, visitor.Get("/1/update"), 403)
	wantPage(t, visitor.PostForm("/1/update", fields("title", "mine", "body", "")), 403)
	wantPage(t, visitor.PostForm("/1/delete", nil), 403)
	if page := visitor.Get("/"); strings.Contains(page.Body, `href="/1/update"`) {
		t.Errorf("got %s\nwith a link to edit what somebody else wrote", page)
	}
	if title := read[string](t, db, "SELECT title FROM post WHERE id = 1"); title != "test title" {
		t.Errorf("got the title %q, want it unchanged", title)
	}
}

func TestPostMustExist(t *testing.T) {
	app, _ := newTestApp(t)
	visitor := loggedIn(t, app)
	wantPage(t, visitor.Get("/2/update"), 404, "Post id 2 doesn&#39;t exist.")
	for _, path := range []string{"/2/update", "/2/delete", "/nine/delete", "/-1/delete", "/99999999999999999999/delete"} {
		wantPage(t, visitor.PostForm(path, nil), 404)
	}
	wantPage(t, visitor.Get("/1/delete"), 405)
}

func TestCreate(t *testing.T) {
	app, db := newTestApp(t)
	visitor := loggedIn(t, app)
	wantPage(t, visitor.Get("/create"), 200, "New Post", `name="title"`, `name="body"`, `value="Save"`)
	wantRedirect(t, visitor.PostForm("/create", fields("title", "created", "body", "")), "/")
	if n := read[int](t, db, "SELECT COUNT(id) FROM post"); n != 2 {
		t.Errorf("got %d posts, want 2", n)
	}
	if author := read[int](t, db, "SELECT author_id FROM post WHERE title = 'created'"); author != 1 {
		t.Errorf("got the author %d, want 1", author)
	}
}

func TestUpdate(t *testing.T) {
	app, db := newTestApp(t)
	visitor := loggedIn(t, app)
	wantPage(t, visitor.Get("/1/update"), 200, `<h1>Edit "test title"</h1>`, `value="test title"`, ">\ntest\nbody</textarea>", `action="/1/delete"`)
	created := read[string](t, db, "SELECT CAST(created AS TEXT) FROM post WHERE id = 1")
	wantRedirect(t, visitor.PostForm("/1/update", fields("title", "updated", "body", "")), "/")
	if title := read[string](t, db, "SELECT title FROM post WHERE id = 1"); title != "updated" {
		t.Errorf("got the title %q, want %q", title, "updated")
	}
	if now := read[string](t, db, "SELECT CAST(created AS TEXT) FROM post WHERE id = 1"); now != created {
		t.Errorf("created changed from %s to %s", created, now)
	}
}

// TestTitleIsRequired: and what was typed is still there.
func TestTitleIsRequired(t *testing.T) {
	app, _ := newTestApp(t)
	visitor := loggedIn(t, app)
	for _, test := range []struct{ path, body, want string }{
		{"/create", "", ">\n</textarea>"},
		{"/create", "typed", ">\ntyped</textarea>"},
		{"/1/update", "", ">\ntest\nbody</textarea>"},
		{"/1/update", "typed", ">\ntyped</textarea>"},
	} {
		wantPage(t, visitor.PostForm(test.path, fields("title", "", "body", test.body)), 200, "Title is required.", test.want)
	}
}

func TestDelete(t *testing.T) {
	app, db := newTestApp(t)
	wantRedirect(t, loggedIn(t, app).PostForm("/1/delete", nil), "/")
	if n := read[int](t, db, "SELECT COUNT(id) FROM post WHERE id = 1"); n != 0 {
		t.Error("the post is still there")
	}
}

// TestTextIsShownAsWritten: markup, quotes and white space are text.
func TestTextIsShownAsWritten(t *testing.T) {
	app, db := newTestApp(t)
	visitor := loggedIn(t, app)
	const title, body = `<b>"O'Hara" & Söhne</b>`, "first\n\n    <script>alert('x')</script>\n日本語 🦫"
	wantRedirect(t, visitor.PostForm("/create", fields("title", title, "body", body)), "/")
	if got := read[string](t, db, "SELECT body FROM post WHERE id = 2"); got != body {
		t.Errorf("got the body %q, want %q", got, body)
	}
	wantPage(t, visitor.Get("/"), 200, "<h2>"+html.EscapeString(title)+"</h2>", `<p class="body">`+html.EscapeString(body)+"</p>")
	wantPage(t, visitor.Get("/2/update"), 200, `value="`+html.EscapeString(title)+`"`, ">\n"+html.EscapeString(body)+"</textarea>")
}

// TestOtherSitesMayNotPost: a form that another site sends with the visitor's
// cookie deletes nothing.
func TestOtherSitesMayNotPost(t *testing.T) {
	app, _ := newTestApp(t)
	visitor := loggedIn(t, app)
	r := visitor.NewRequest("POST", "/1/delete", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantPage(t, visitor.Do(r), 403)
	wantPage(t, visitor.Get("/1/update"), 200)
}
