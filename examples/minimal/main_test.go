package main

import (
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

func TestHelloWorld(t *testing.T) {
	page := hipflasktest.New(t, newApp()).Get("/")
	if page.StatusCode != 200 || page.Body != "<p>Hello, World!</p>" {
		t.Errorf("got %s", page)
	}
}
