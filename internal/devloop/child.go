package devloop

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// inherited is what a supervisor gave to this process.
type inherited struct {
	build   string
	address string
	taken   atomic.Bool // the listener, by one Run
}

// parent is nil in a process that no supervisor started. A process that a child
// starts has the variable too, but another parent.
var parent = sync.OnceValue(func() *inherited {
	given, found := os.LookupEnv(childVariable)
	if !found {
		return nil
	}
	os.Unsetenv(childVariable)
	pid, rest, _ := strings.Cut(given, " ")
	build, address, ok := strings.Cut(rest, " ")
	if n, err := strconv.Atoi(pid); err != nil || n != os.Getppid() || !ok || !Supported {
		return nil
	}
	return &inherited{build: pid + "-" + build, address: address}
})

// IsChild reports whether a supervisor started this process.
func IsChild() bool { return parent() != nil }

// Build names the running build, for the browser: another program has another name.
func Build() string {
	if p := parent(); p != nil {
		return p.build
	}
	return own
}

var own = strconv.Itoa(os.Getpid())

// Inherit returns the listener of the supervisor, once, if it is for this address,
// and a context that also ends when the supervisor wants the child to. Without one
// the listener is nil.
func Inherit(ctx context.Context, address string) (context.Context, net.Listener, error) {
	p := parent()
	if p == nil || p.address != address || !p.taken.CompareAndSwap(false, true) {
		return ctx, nil, nil
	}
	for _, fd := range []int{3, 4, 5} {
		closeOnExec(fd)
	}
	file := os.NewFile(3, "listener")
	listener, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return ctx, nil, fmt.Errorf("devloop: the supervisor's listener: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	hold := os.NewFile(4, "supervisor")
	go func() {
		hold.Read(make([]byte, 1)) // until the supervisor closes it, or is gone
		cancel()
	}()
	tell := os.NewFile(5, "ready")
	tell.Write([]byte{'\n'})
	tell.Close()
	return ctx, listener, nil
}
