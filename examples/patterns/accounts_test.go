package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask/hipflasktest"
)

const (
	demoPassword  = "green tea"
	shortPassword = "Field must be at least 8 characters long."
)

func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func TestLogin(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	for _, sent := range []url.Values{
		form("name", "mallory", "password", demoPassword),
		form("name", "ada", "password", "black tea"),
		form("name", "ada", "password", ""),
		form("name", ""),
	} {
		page := client.PostForm("/login", sent)
		again := fmt.Sprintf(`value="%s"`, sent.Get("name"))
		if page.StatusCode != 422 || !strings.Contains(page.Body, "The name or the password is wrong.") || !strings.Contains(page.Body, again) {
			t.Errorf("%v: got %s\nwant the form again, with the name in it", sent, page)
		}
		if password := sent.Get("password"); password != "" && strings.Contains(page.Body, password) {
			t.Errorf("got %s\nwith the password in it", page)
		}
	}
	ada := form("name", "ada", "password", demoPassword)
	client.PostForm("/login?next=/staff", form("name", "ada")) // the address stays while the form is wrong
	page := client.FollowRedirects().PostForm("/login?next=/staff", ada)
	if !strings.Contains(page.Body, "For staff") {
		t.Errorf("got %s\nwant the page that was asked for first", page)
	}
	client = hipflasktest.New(t, newTestApp(t))
	for _, next := range []string{"//evil.example", `/\evil.example`} {
		if got := client.PostForm("/login?next="+url.QueryEscape(next), ada).Header.Get("Location"); got != "/" {
			t.Errorf("next %q: got %q, want /", next, got)
		}
	}
	page = client.PostForm("/logout", nil)
	if page.Header.Get("Location") != "/" || client.Get("/staff").StatusCode != 302 {
		t.Errorf("got %s\nand still a page for staff", page)
	}
}

// TestRememberMe closes the browser, which forgets the session.
func TestRememberMe(t *testing.T) {
	app := newTestApp(t)
	for remember, want := range map[string]int{"": 302, "y": 200} {
		client := hipflasktest.New(t, app)
		client.PostForm("/login", form("name", "ada", "password", demoPassword, "remember", remember))
		client.DeleteCookie("session")
		if page := client.Get("/account/"); page.StatusCode != want {
			t.Errorf("remember %q: got %s\nwant %d", remember, page, want)
		}
		client.PostForm("/logout", nil)
		if page := client.Get("/account/"); page.StatusCode != 302 {
			t.Errorf("remember %q: got %s\nafter signing out", remember, page)
		}
	}
}

func TestRegister(t *testing.T) {
	app := newTestApp(t)
	client := hipflasktest.New(t, app)
	for _, test := range []struct{ name, password, problem string }{
		{"", "long enough", "This field is required."},
		{"   ", "long enough", "This field is required."},
		{strings.Repeat("b", 41), "long enough", "Field cannot be longer than 40 characters."},
		{"bob", "short", shortPassword},
		{"ada", "long enough", "The name is taken."},
	} {
		page := client.PostForm("/register", form("name", test.name, "password", test.password))
		if page.StatusCode != 422 || !strings.Contains(page.Body, test.problem) || strings.Contains(page.Body, test.password) {
			t.Errorf("got %s\nwant 422 with %q, and not the password", page, test.problem)
		}
	}
	page := client.FollowRedirects().PostForm("/register", form("name", "bob", "password", "long enough"))
	if page.StatusCode != 200 || !strings.Contains(page.Body, "<h1>bob</h1>") {
		t.Errorf("got %s\nwant the new account", page)
	}
	other := hipflasktest.New(t, app)
	if page := other.PostForm("/login", form("name", "bob", "password", "long enough")); page.StatusCode != 302 {
		t.Errorf("got %s\nwant to be signed in", page)
	}
}

func TestGuard(t *testing.T) {
	client := hipflasktest.New(t, newTestApp(t))
	for _, test := range []struct{ method, path, want string }{
		{"GET", "/account/", "/login?next=%2Faccount%2F"},
		{"POST", "/account/password", "/login"}, // there is nothing to come back to
		{"POST", "/account/sign-out-everywhere", "/login"},
		{"GET", "/staff?tab=2", "/login?next=%2Fstaff%3Ftab%3D2"},
	} {
		reply := client.Do(client.NewRequest(test.method, test.path, nil))
		if got := reply.Header.Get("Location"); got != test.want {
			t.Errorf("%s: got %s\nwant a redirect to %s", test.path, reply, test.want)
		}
	}
}

// TestSignOutEverywhere has one user in two browsers, and another user.
func TestSignOutEverywhere(t *testing.T) {
	app := newTestApp(t)
	signIn := func(name string) *hipflasktest.Client {
		client := hipflasktest.New(t, app)
		client.PostForm("/login", form("name", name, "password", demoPassword, "remember", "y"))
		return client
	}
	here, there, other := signIn("ada"), signIn("ada"), signIn("grace")
	time.Sleep(2 * time.Millisecond)

	if reply := here.PostForm("/account/password", form("old", "wrong", "new", "x")); reply.StatusCode != 422 ||
		!strings.Contains(reply.Body, "That is not your password.") || !strings.Contains(reply.Body, shortPassword) {
		t.Errorf("got %s\nwant both problems", reply)
	}
	here.PostForm("/account/password", form("old", demoPassword, "new", "black tea"))
	for who, test := range map[string]struct {
		client *hipflasktest.Client
		want   int
	}{"here": {here, 200}, "there": {there, 302}, "another user": {other, 200}} {
		if got := test.client.Get("/account/").StatusCode; got != test.want {
			t.Errorf("after the change of the password, %s: got %d, want %d", who, got, test.want)
		}
	}

	reply := here.PostForm("/account/sign-out-everywhere", nil)
	if reply.Header.Get("Location") != "/" || here.Get("/account/").StatusCode != 302 {
		t.Errorf("got %s\nand the account is still open", reply)
	}
	reply = here.PostForm("/login", form("name", "ada", "password", "black tea"))
	if reply.StatusCode != 302 || here.Get("/account/").StatusCode != 200 {
		t.Errorf("got %s\nwant to be signed in anew", reply)
	}
}
