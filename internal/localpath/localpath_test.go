package localpath_test

import (
	"net/url"
	"testing"

	"github.com/hipflask/hipflask/internal/localpath"
)

var targets = map[string]bool{
	"/": true, "/a?b=c#d": true, "/a//b": true, "/%2f%2fevil.example": true, "/é": true, "/?u=http://evil.example": true, "/..//x": true,
	"": false, "a": false, "//evil.example": false, "/\\evil.example": false, "\\\\evil.example": false, "http://evil.example/": false,
	"/\tevil.example": false, "/\n/evil.example": false, "\t/a": false, " /a": false, "/\x00": false, "/\x7f": false, "/%zz": false,
	"javascript:alert(1)": false, "?a": false, "#a": false,
}

func TestIs(t *testing.T) {
	for target, want := range targets {
		if got := localpath.Is(target); got != want {
			t.Errorf("%q: got %v, want %v", target, got, want)
		}
	}
}

// FuzzIs: what is a path on this site stays there, as Go resolves it.
func FuzzIs(f *testing.F) {
	for target := range targets {
		f.Add(target)
	}
	base, err := url.Parse("https://example.com/a/b?c")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if !localpath.Is(target) {
			return
		}
		if u, err := base.Parse(target); err != nil || u.Host != base.Host || u.Scheme != base.Scheme {
			t.Errorf("%q leads to %v, %v", target, u, err)
		}
	})
}
