//go:build !unix

package devloop

import "os"

// Supported reports whether a child can inherit a listener on this system.
const Supported = false

var terminate = os.Kill

func closeOnExec(int) {}
