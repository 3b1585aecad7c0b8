package devloop

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// inherited is what a supervisor gave to this process.
type inherited struct {
	build   string
	address string
	taken   atomic.Bool   // the listener, by one Run
	tell    *os.File      // the supervisor reads what is written here
	ended   chan struct{} // closed when the child is to end
}

// The files of a child, beside the usual three.
const (
	listenerFile = 3 + iota
	holdFile     // until it is closed at its other end the child is to run
	tellFile
)

// parent is nil in a process that no supervisor started. It is found before the
// program does anything, so that nothing the program starts takes hold of what is
// the child's.
var parent = findParent()

// findParent reads what the supervisor left. A process that a child starts may
// have the variable too, but another parent.
func findParent() *inherited {
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
	for _, fd := range []int{listenerFile, holdFile, tellFile} {
		closeOnExec(fd)
	}
	p := &inherited{build: pid + "-" + build, address: address, tell: os.NewFile(tellFile, "supervisor"), ended: make(chan struct{})}
	hold := os.NewFile(holdFile, "hold")
	go func() {
		hold.Read(make([]byte, 1)) // until the supervisor closes it, or is gone
		close(p.ended)
	}()
	return p
}

// IsChild reports whether a supervisor started this process.
func IsChild() bool { return parent != nil }

// Build names the running build, for the browser: another program has another name.
func Build() string {
	if parent != nil {
		return parent.build
	}
	return own
}

var own = strconv.Itoa(os.Getpid())

// Inherit returns the listener of the supervisor, once, if it is for this address.
// Else the listener is nil, and the supervisor is told of the address. The context
// also ends when the supervisor wants the child to, or is gone.
func Inherit(ctx context.Context, address string) (context.Context, net.Listener, error) {
	p := parent
	if p == nil {
		return ctx, nil, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-p.ended:
		case <-ctx.Done():
		}
	}()
	if p.address != address || !p.taken.CompareAndSwap(false, true) {
		fmt.Fprintf(p.tell, "%s\n", address)
		return ctx, nil, nil
	}
	file := os.NewFile(listenerFile, "listener")
	listener, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return ctx, nil, fmt.Errorf("devloop: the supervisor's listener: %w", err)
	}
	fmt.Fprintln(p.tell)
	return ctx, listener, nil
}
