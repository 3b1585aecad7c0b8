package main

import (
	"strings"
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

func TestHello(t *testing.T) {
	client := hipflasktest.New(t, newApp())
	for path, want := range map[string]string{
		"/":                  "<p>Hello, World!</p>",
		"/hello/":            "<h1>Hello, World!</h1>",
		"/hello/Ada":         "<h1>Hello, Ada!</h1>",
		"/hello/<b>":         "<h1>Hello, &lt;b&gt;!</h1>",
		"/static/style.css":  "max-width",
		"/hello/Ada/and/Bob": "<h1>Not Found</h1>",
	} {
		if page := client.Get(path); !strings.Contains(page.Body, want) {
			t.Errorf("got %s\nwant %q in it", page, want)
		}
	}
}

func TestSetup(t *testing.T) {
	if err := newApp().Check(); err != nil {
		t.Fatal(err)
	}
}
