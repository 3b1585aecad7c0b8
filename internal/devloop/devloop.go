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
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
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
	moveTime   = time.Second            // a program may have two Apps, one of them at the old address
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
	s := &supervisor{Options: o}
	defer func() { s.Listener.Close() }()
	var err error
	if s.shared, err = o.Listener.File(); err != nil {
		return fmt.Errorf("devloop: the listener cannot be handed on: %w", err)
	}
	defer func() { s.shared.Close() }()
	folder, err := os.MkdirTemp("", "hipflask-run-")
	if err != nil {
		return fmt.Errorf("devloop: no folder for the program: %w", err)
	}
	defer os.RemoveAll(folder)
	s.folder = folder
	return s.run(ctx)
}

type supervisor struct {
	Options
	shared *os.File // the listener
	folder string   // of the binary
	binary string   // that runs, or ran last
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
		files.broken = false
		before := files.snapshot()
		sources := maps.Clone(before)
		files.addModules(sources)

		// 2. Build, and put the new program in the place of the old one.
		binary, failure := s.build(ctx)
		if failure != nil {
			before, files.broken = sources, true
		}
		if ctx.Err() != nil {
			return nil
		}
		s.endChild(ctx)
		s.page.end()
		s.page = nil
		if s.binary != "" {
			os.RemoveAll(filepath.Dir(s.binary)) // it is not small
		}
		s.binary = binary
		if failure == nil {
			failure = s.start()
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

func (s *supervisor) start() *Failure {
	c, err := startChild(s.binary, s.shared, s.Address, s.builds)
	if err != nil {
		return &Failure{Title: "The program does not start", Text: err.Error()}
	}
	s.child = c
	return nil
}

// move takes the supervisor to the address that the program now asks for, and
// starts it there: nobody would answer at the old one.
func (s *supervisor) move(ctx context.Context, address string) *Failure {
	s.endChild(ctx)
	fail := func(err error) *Failure {
		return &Failure{Title: "The program's new address cannot be listened on", Text: err.Error()}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fail(err)
	}
	listener := l.(*net.TCPListener)
	shared, err := listener.File()
	if err != nil {
		listener.Close()
		return fail(err)
	}
	s.Listener.Close()
	s.shared.Close()
	s.Listener, s.shared, s.Address = listener, shared, address
	fmt.Fprintf(s.Log, " * The address has changed; running on %s\n", listener.Addr())
	return s.start()
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
	var elsewhere string // where the child listens by itself
	var move <-chan time.Time
	for {
		var exited <-chan struct{}
		var moved <-chan string
		if s.child != nil {
			exited, moved = s.child.exited, s.child.moved
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
		case elsewhere = <-moved:
			move = time.After(moveTime)
		case <-move:
			move = nil
			if s.child == nil || s.child.taken.Load() || elsewhere == s.Address {
				continue
			}
			if failure := s.move(ctx, elsewhere); failure != nil {
				fmt.Fprintln(s.Log, failure.Text)
				s.show(failure)
			}
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
// ends with the program itself has longer than the limit of its own.
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
	hold   *os.File    // its other end closes when the child is to end
	told   *os.File    // the child writes a line here when it serves: where, if not on our listener
	ready  atomic.Bool // it has
	taken  atomic.Bool // the listener
	moved  chan string
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
	c := &child{hold: hold, told: told, tail: &tail{}, moved: make(chan string, 1), exited: make(chan struct{})}
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
	go c.listen()
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

// listen hears what the child tells until it ends.
func (c *child) listen() {
	for lines := bufio.NewScanner(c.told); lines.Scan(); {
		c.ready.Store(true)
		if lines.Text() == "" {
			c.taken.Store(true)
			continue
		}
		select {
		case c.moved <- lines.Text():
		default:
		}
	}
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
		limit = 4 * endTime // Serve's limit is 10 seconds
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
