// Package localpath tells a path on this site from what leads to another one. It is
// the one check of all targets that came with a request.
package localpath

import (
	"net/url"
	"strings"
)

// Is reports whether a browser takes target for a path on this site. Browsers read
// a backslash as a slash and skip tabs and line breaks, so that any of them could
// make a host of what follows.
func Is(target string) bool {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsRune(target, '\\') || strings.ContainsFunc(target, isControl) {
		return false
	}
	_, err := url.Parse(target)
	return err == nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
