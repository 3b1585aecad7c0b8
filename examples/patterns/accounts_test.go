package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hipflask/hipflask/hipflasktest"
)

const demoPassword = "green tea"

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
	ada := form("name", "ada", "password", demoPassword, "next", "/staff")
	page := client.FollowRedirects().PostForm("/login", ada)
	if !strings.Contains(page.Body, "For staff") {
		t.Errorf("got %s\nwant the page that was asked for first", page)
	}
	client = hipflasktest.New(t, newTestApp(t))
	ada.Set("next", "//evil.example")
	if got := client.PostForm("/login", ada).Header.Get("Location"); got != "/" {
		t.Errorf("the next of another site: got %q, want /", got)
	}
	page = client.PostForm("/logout", nil)
	if page.Header.Get("Location") != "/" || client.Get("/staff").StatusCode != 302 {
		t.Errorf("got %s\nand still a page for staff", page)
	}
}

func TestRememberMe(t *testing.T) {
	for _, remember := range []string{"", "on"} {
		client := hipflasktest.New(t, newTestApp(t))
		reply := client.PostForm("/login", form("name", "ada", "password", demoPassword, "remember", remember))
		cookie := reply.Header.Get("Set-Cookie")
		if got, want := strings.Contains(cookie, "Expires="), remember != ""; got != want {
			t.Errorf("remember %q: got %s", remember, cookie)
		}
	}
}

func TestRegister(t *testing.T) {
	app := newTestApp(t)
	client := hipflasktest.New(t, app)
	for _, test := range []struct{ name, password, problem string }{
		{"", "long enough", "A name has 1 to 40 bytes."},
		{"   ", "long enough", "A name has 1 to 40 bytes."},
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
		{"GET", "/account/", "/login?next=/account/"},
		{"POST", "/account/password", "/login"}, // there is nothing to come back to
		{"POST", "/account/sign-out-everywhere", "/login"},
		{"GET", "/staff?tab=2", "/login?next=/staff?tab%3D2"},
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
		client.PostForm("/login", form("name", name, "password", demoPassword))
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
