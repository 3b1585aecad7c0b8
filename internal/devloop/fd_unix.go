//go:build unix

package devloop

import "syscall"

// Supported reports whether a child can inherit a listener on this system.
const Supported = true

const terminate = syscall.SIGTERM

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }
