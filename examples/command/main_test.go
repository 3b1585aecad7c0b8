package main

import (
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

func TestGreet(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"greet", "Ada"}, "exit code 0\nHello, Ada\n"},
		{[]string{"greet"}, "exit code 1\nError: whom? Give one name\n"},
	} {
		if got := hipflasktest.RunCommand(t, newApp(), test.args...).String(); got != test.want {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}

func TestHelloWorld(t *testing.T) {
	page := hipflasktest.New(t, newApp()).Get("/")
	if page.StatusCode != 200 || page.Body != "<p>Hello, World!</p>" {
		t.Errorf("got %s", page)
	}
}
