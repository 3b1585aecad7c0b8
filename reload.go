package hipflask

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/hipflask/hipflask/internal/devloop"
)

// reloading is when a change of code begins the program anew.
type reloading struct {
	reload  *bool    // nil means in Debug
	extra   []string // more files that count
	exclude []string // patterns of files that do not
}

// reloadingFromEnv is what the environment says, as Flask reads it.
func reloadingFromEnv() (r reloading) {
	text := os.Getenv("HIPFLASK_RUN_RELOAD")
	if on, ok := switchedOn(text); ok && text != "" {
		r.reload = &on
	}
	r.extra = pathList(os.Getenv("HIPFLASK_RUN_EXTRA_FILES"))
	r.exclude = pathList(os.Getenv("HIPFLASK_RUN_EXCLUDE_PATTERNS"))
	return r
}

// pathList splits what the system's separator joins, which is : or ;.
func pathList(text string) (paths []string) {
	for _, path := range filepath.SplitList(text) {
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

// supervised returns the program that is to be run by a supervisor, nil if this
// process serves itself.
func (a *App) supervised(to serving) *devloop.Program {
	if to.reload == nil && !a.Config.Debug || to.reload != nil && !*to.reload || devloop.IsChild() {
		return nil
	}
	program, err := devloop.Find()
	if err != nil {
		if !errors.Is(err, devloop.ErrTest) {
			fmt.Fprintf(to.stderr, " * Not reloading code: %v\n", err)
		}
		return nil
	}
	return program
}

// supervising is whether a supervisor runs in this process. Its child does what
// a second Run asks for.
var supervising atomic.Bool

// supervise has the program served by a child, until ctx is done.
func (a *App) supervise(ctx context.Context, to serving, program *devloop.Program) error {
	if !supervising.CompareAndSwap(false, true) {
		<-ctx.Done()
		return nil
	}
	defer supervising.Store(false)
	listener, err := to.listen()
	if err != nil {
		return err
	}
	if !signal.Ignored(syscall.SIGHUP) { // of a terminal that is closed; nohup has it ignored
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	a.warnOfKey()
	a.printStart(to.stderr, to.scheme(), listener.Addr())
	fmt.Fprintln(to.stderr, " * Reloading when code changes")
	err = devloop.Supervise(ctx, a.loopOptions(to, program, listener.(*net.TCPListener)))
	if err != nil {
		return fmt.Errorf("hipflask: %w", err)
	}
	return nil
}

func (a *App) loopOptions(to serving, program *devloop.Program, listener *net.TCPListener) devloop.Options {
	return devloop.Options{
		Program:  program,
		Listener: listener,
		Address:  to.address,
		TLS:      to.certificate,
		Log:      to.stderr,
		Live:     a.liveFolders(),
		Extra:    to.extra,
		Exclude:  to.exclude,
		Local:    isLocal,
	}
}

// liveFolders are the folders on disk of which the App reads each change in Debug.
func (a *App) liveFolders() []string {
	source := sourceFolder(a.sourceFile)
	if source == "" {
		return nil
	}
	if _, onDisk := a.Config.resolveRoot(a.sourceFile).(folder); !onDisk {
		return nil
	}
	return []string{filepath.Join(source, "templates"), filepath.Join(source, "static")}
}

// withReload is the App with what has the browser reload, which ends with ctx.
func (a *App) withReload(ctx context.Context) http.Handler {
	return devloop.NewReloader(ctx, devloop.Build(), a.liveFolders()...).Wrap(a)
}
