// Package devloop is the loop of development behind [hipflask.App.Run] in debug
// mode. A supervisor builds the program, runs it as its child and builds it anew
// when its source changes; the browser reloads by itself. It is what Werkzeug's
// reloader is for Flask.
//
// The supervisor opens the listener and keeps it. A child inherits it, so that
// connections wait in its queue while one child ends and the next one starts. As
// long as there is no program to run, the supervisor answers itself, with what the
// compiler or the program said.
package devloop

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	pollTime   = 250 * time.Millisecond // between two looks at the files
	settleTime = 100 * time.Millisecond // an editor may write twice
	endTime    = 3 * time.Second        // for a child to end
	tailSize   = 32 << 10               // how much of what the child prints is kept
)

// Options say what to supervise.
type Options struct {
	Program  *Program
	Listener *net.TCPListener
	Address  string           // what Listener was asked to listen on
	TLS      *tls.Certificate // for the supervisor's own pages, or nil
	Log      io.Writer
	Live     []string                 // folders that the program itself reads anew
	Extra    []string                 // more files and folders that begin a new child
	Exclude  []string                 // patterns of files that do not
	Local    func(*http.Request) bool // reports who may see what the compiler said; nil means nobody
}

// environment is as the program was started with: what it read from a .env file
// may be other in the next child.
var environment = os.Environ()

// Supervise runs the program as a child until ctx is done or the child exits with
// 0. It closes the listener.
func Supervise(ctx context.Context, o Options) error {
	defer o.Listener.Close()
	shared, err := o.Listener.File()
	if err != nil {
		return fmt.Errorf("devloop: the listener cannot be handed on: %w", err)
	}
	defer shared.Close()
	folder, err := os.MkdirTemp("", "hipflask-run-")
	if err != nil {
		return fmt.Errorf("devloop: no folder for the program: %w", err)
	}
	defer os.RemoveAll(folder)
	s := &supervisor{Options: o, shared: shared, folder: folder}
	return s.run(ctx)
}

type supervisor struct {
	Options
	shared *os.File // the listener
	folder string   // of the binary
	builds int
	child  *child
	page   *pageServer
}

func (s *supervisor) run(ctx context.Context) error {
	defer func() {
		s.endChild(ctx)
		s.page.end()
	}()
	var files *fileSet
	for {
		// 1. The files as of now, before they are read: a change while the program
		// is built counts.
		if fresh, err := s.Program.files(ctx, s.Live, s.Extra, s.Exclude); err == nil || files == nil {
			files = fresh
		}
		before := files.snapshot()

		// 2. Build, and put the new program in the place of the old one.
		binary, failure := s.build(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.endChild(ctx)
		s.page.end()
		s.page = nil
		if failure == nil {
			failure = s.start(binary)
		}
		if failure != nil {
			fmt.Fprintln(s.Log, strings.TrimRight(failure.Text, "\n"))
			s.show(failure)
		}

		// 3. Wait for a change.
		changed, ended := s.wait(ctx, files, before)
		if ended {
			return nil
		}
		fmt.Fprintf(s.Log, " * Detected change in '%s', reloading\n", changed)
	}
}

// build builds the program into a new file.
func (s *supervisor) build(ctx context.Context) (binary string, failure *Failure) {
	s.builds++
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	binary = filepath.Join(s.folder, strconv.Itoa(s.builds), name)
	out, err := s.Program.build(ctx, binary)
	if err != nil {
		return "", &Failure{Title: "The program does not compile", Text: string(out) + problem(out, err), Places: places(string(out), s.Program.Dir)}
	}
	return binary, nil
}

// problem is err where the command itself has said nothing.
func problem(out []byte, err error) string {
	if len(out) > 0 {
		return ""
	}
	return err.Error()
}

func (s *supervisor) start(binary string) *Failure {
	c, err := startChild(binary, s.shared, s.Address, s.builds)
	if err != nil {
		return &Failure{Title: "The program does not start", Text: err.Error()}
	}
	s.child = c
	return nil
}

func (s *supervisor) show(f *Failure) {
	f.local = s.Local
	page, err := servePage(s.shared, s.TLS, f, strconv.Itoa(os.Getpid())+"-"+strconv.Itoa(s.builds))
	if err != nil {
		fmt.Fprintf(s.Log, " * The browser cannot be told: %v\n", err)
	}
	s.page = page
}

// wait returns when a file has changed, or when all is over. A child that fails
// has its output shown in its place until then.
func (s *supervisor) wait(ctx context.Context, files *fileSet, before snapshot) (changed string, ended bool) {
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	for {
		var exited <-chan struct{}
		if s.child != nil {
			exited = s.child.exited
		}
		select {
		case <-ctx.Done():
			return "", true
		case <-exited:
			c := s.child
			if c.err == nil {
				return "", true
			}
			c.release()
			s.child = nil
			text := c.tail.String()
			fmt.Fprintf(s.Log, " * The program ended (%v); waiting for a change\n", c.err)
			s.show(&Failure{
				Title:  "The program ended: " + c.err.Error(),
				Text:   text,
				Places: places(text, s.Program.Dir),
			})
		case <-tick.C:
			now := files.snapshot()
			name := before.differs(now)
			if name == "" {
				continue
			}
			for { // until the editor is done
				select {
				case <-ctx.Done():
					return "", true
				case <-time.After(settleTime):
				}
				again := files.snapshot()
				if now.differs(again) == "" {
					return name, false
				}
				now = again
			}
		}
	}
}

// endChild ends the child in order, and by force if it takes too long. One that
// has been told to end with the program itself has as long as it needs.
func (s *supervisor) endChild(ctx context.Context) {
	c := s.child
	if c == nil {
		return
	}
	s.child = nil
	c.end(ctx.Err() != nil)
}

// child is the running program.
type child struct {
	cmd    *exec.Cmd
	hold   *os.File // its other end closes when the child is to end
	ready  atomic.Bool
	told   *os.File // the child writes here when it serves
	tail   *tail
	exited chan struct{}
	err    error // how it exited, once exited is closed
}

// childVariable has the supervisor's process, the build and the address that the
// listener is for, for the child.
const childVariable = "HIPFLASK_RUN_CHILD"

func startChild(binary string, listener *os.File, address string, build int) (*child, error) {
	holdRead, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, holdRead.Close(), hold.Close())
	}
	c := &child{hold: hold, told: told, tail: &tail{}, exited: make(chan struct{})}
	c.cmd = &exec.Cmd{
		Path:       binary,
		Args:       os.Args,
		Env:        append(slices.Clip(environment), fmt.Sprintf("%s=%d %d %s", childVariable, os.Getpid(), build, address)),
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     io.MultiWriter(os.Stderr, c.tail),
		ExtraFiles: []*os.File{listener, holdRead, tell}, // 3, 4 and 5 of the child
		WaitDelay:  time.Second,                          // for what the child itself has started
	}
	err = c.cmd.Start()
	holdRead.Close()
	tell.Close()
	if err != nil {
		c.release()
		return nil, err
	}
	go func() {
		if n, _ := told.Read(make([]byte, 1)); n > 0 {
			c.ready.Store(true)
		}
	}()
	go func() {
		err := c.cmd.Wait()
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil
		}
		c.err = err
		close(c.exited)
	}()
	return c, nil
}

func (c *child) release() {
	c.hold.Close()
	c.told.Close()
}

// end ends the child. A terminal sends its Ctrl-C to both, so that a child which
// serves is told by its pipe: a second signal would end it at once.
func (c *child) end(withProgram bool) {
	defer c.release()
	c.hold.Close()
	if !c.ready.Load() {
		_ = c.cmd.Process.Signal(terminate)
	}
	limit := endTime
	if withProgram {
		limit = 4 * endTime // it has its own limit
	}
	select {
	case <-c.exited:
	case <-time.After(limit):
		_ = c.cmd.Process.Kill()
		<-c.exited
	}
}

// tail keeps the last of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if extra := len(t.text) - tailSize; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
