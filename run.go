package hipflask

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hipflask/hipflask/internal/devloop"
)

const (
	shutdownTime      = 10 * time.Second
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 64 << 10
)

// Run checks the App and serves it until SIGINT or SIGTERM. It then takes no
// more requests, tells event streams to end, see [Context.Writer], waits at most
// 10 seconds for what is under way and returns nil; a second signal ends the
// program at once. It returns an error if the App has
// mistakes, see [App.Check], or if the address cannot be listened on. In Debug
// mistakes in templates are logged only, to be mended while it runs.
//
// The address is host:port. Without one it is HIPFLASK_RUN_HOST and
// HIPFLASK_RUN_PORT from the environment, 127.0.0.1 and 5000 where unset.
//
// In Debug, where the source and the go command are at hand, Run builds the
// program anew when its code changes and serves it in another process, so that
// only that one comes past Run's checks; HIPFLASK_RUN_RELOAD=0 turns that off.
// Pages in the browser reload by themselves.
//
// Run prints where it listens, and in Debug one line a request, to the standard
// error. It is Flask's app.run, but fit for production: the server is net/http's,
// with a limit on the time and size of a request's header.
func (a *App) Run(addr ...string) error {
	address, err := runAddress(addr)
	if err != nil {
		return errors.Join(a.checkBeforeRun(), err)
	}
	to := serving{reloading: reloadingFromEnv(), address: address, change: "choose another port, as with HIPFLASK_RUN_PORT=5001", stderr: os.Stderr}
	if len(addr) > 0 {
		to.change = "give Run another port"
	}
	ctx, stop := untilSignal()
	defer stop()
	return a.runOn(ctx, to)
}

// untilSignal returns a context that ends with SIGINT or SIGTERM.
func untilSignal() (ctx context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal has its usual effect again
	return ctx, stop
}

// serving is where and how to serve.
type serving struct {
	reloading
	address     string
	change      string           // what to do if the address is in use
	certificate *tls.Certificate // for HTTPS, else nil
	stderr      io.Writer
}

// runOn is Run, until ctx is done.
func (a *App) runOn(ctx context.Context, to serving) error {
	if program := a.supervised(to); program != nil {
		return a.supervise(ctx, to, program) // reload.go
	}
	if err := a.checkBeforeRun(); err != nil {
		return err
	}
	ctx, listener, err := devloop.Inherit(ctx, to.address)
	if err != nil {
		return fmt.Errorf("hipflask: %w", err)
	}
	if listener == nil {
		if listener, err = to.listen(); err != nil {
			return err
		}
		a.warnOfKey()
		a.printStart(to.stderr, to.scheme(), listener.Addr())
	}
	var handler http.Handler = a
	if a.Config.Debug {
		a.accessLog = to.stderr
		handler = a.withReload(ctx)
	}
	return a.serveUntil(ctx, listener, to.certificate, handler)
}

func (to *serving) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", to.address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("hipflask: %s is in use by another program; end that one or %s: %w", to.address, to.change, err)
	case err != nil:
		return nil, fmt.Errorf("hipflask: cannot listen on %s; an address is host:port, such as 127.0.0.1:5000 or :5000: %w", to.address, err)
	}
	return listener, nil
}

func (to *serving) scheme() string {
	if to.certificate != nil {
		return "https"
	}
	return "http"
}

func (a *App) checkBeforeRun() error {
	if err := a.endSetup(); err != nil {
		return err
	}
	err := a.Check()
	if err != nil && a.Config.Debug {
		a.Logger().Error("mistakes in templates", "error", err)
		return nil
	}
	return err
}

// minKeyBytes is the shortest SecretKey that Run takes without a word: 16 random
// bytes cannot be guessed.
const minKeyBytes = 16

// warnOfKey says that the session cookie can be forged. The tutorials' keys are
// short, so it is no mistake; and in Debug nobody is to be kept out.
func (a *App) warnOfKey() {
	if n := len(a.Config.SecretKey); n > 0 && n < minKeyBytes && !a.Config.Debug {
		a.Logger().Warn("Config.SecretKey is short enough to be guessed, and who knows it can sign in as anybody; "+
			"openssl rand -hex 32 prints a good one", "bytes", n)
	}
}

// runAddress settles Run's address.
func runAddress(given []string) (string, error) {
	switch len(given) {
	case 0:
	case 1:
		return given[0], nil
	default:
		return "", fmt.Errorf("hipflask: Run takes one address, not %q", given)
	}
	return addressOf("", "")
}

// addressOf takes what is left empty from the environment.
func addressOf(host, port string) (string, error) {
	host = cmp.Or(host, os.Getenv("HIPFLASK_RUN_HOST"), "127.0.0.1")
	if port == "" {
		port = cmp.Or(os.Getenv("HIPFLASK_RUN_PORT"), "5000")
		if !isPort(port) {
			return "", fmt.Errorf("hipflask: HIPFLASK_RUN_PORT is %q, which is no port from 0 to 65535", port)
		}
	}
	return net.JoinHostPort(host, port), nil
}

func isPort(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && n <= 65535
}

// printStart prints the lines that Flask prints.
func (a *App) printStart(w io.Writer, scheme string, addr net.Addr) {
	mode := "off"
	if a.Config.Debug {
		mode = "on"
	}
	fmt.Fprintf(w, " * Serving hipflask app '%s'\n * Debug mode: %s\n", a.name, mode)
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		fmt.Fprintf(w, " * Running on all addresses (%s)\n", tcp.IP)
		addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	fmt.Fprintf(w, " * Running on %s://%s\nPress CTRL+C to quit\n", scheme, addr)
}

// Serve serves the App on a listener, which it closes, until ctx is done, and
// ends as [App.Run] does. Serve prints nothing and does not run Check, but it
// returns the mistakes that no request can be served with.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	return a.serveUntil(ctx, l, nil, a)
}

// serveUntil is Serve, over TLS if there is a certificate. handler is the App, or
// what stands around it.
func (a *App) serveUntil(ctx context.Context, l net.Listener, certificate *tls.Certificate, handler http.Handler) error {
	l = &onceListener{Listener: l}
	if err := a.endSetup(); err != nil {
		l.Close()
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), stoppingKey{}, ctx)
		},
	}
	var silent devloop.Silent
	if a.Config.Debug {
		server.ConnState = silent.ConnState
	}
	serve := server.Serve
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	failed := make(chan error, 1)
	go func() { failed <- serve(l) }()

	select {
	case err := <-failed:
		server.Close()
		return fmt.Errorf("hipflask: serving: %w", err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	// Shutdown does not know of a connection that is just being accepted: it would
	// be cut when the program ends.
	l.Close()
	select {
	case <-failed:
	case <-wait.Done():
	}
	silent.End()
	err := server.Shutdown(wait)
	if errors.Is(err, context.DeadlineExceeded) {
		server.Close()
		return fmt.Errorf("hipflask: requests still ran %s after the end was asked for, and were cut: %w", shutdownTime, err)
	}
	return err
}

// onceListener closes a listener once. net/http closes it too, and a second Close
// of a listener of the caller's own may panic.
type onceListener struct {
	net.Listener
	once sync.Once
	err  error
}

func (l *onceListener) Close() error {
	l.once.Do(func() { l.err = l.Listener.Close() })
	return l.err
}

// stoppingKey is where a request's context has the one that ends when the server
// begins to shut down.
type stoppingKey struct{}

// endsWithServer returns r with a context that ends then, too.
func endsWithServer(r *http.Request) *http.Request {
	stopping, ok := r.Context().Value(stoppingKey{}).(context.Context)
	if !ok { // another server's, or it has one already
		return r
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), stoppingKey{}, nil))
	forget := context.AfterFunc(stopping, cancel)
	context.AfterFunc(ctx, func() { forget() }) // when the request is over
	return r.WithContext(ctx)
}

// logAccess prints a line once the reply is known, as Flask's server does:
//
//	127.0.0.1 - - [02/Jul/2021 14:03:08] "POST /add_stock HTTP/1.1" 302 -
func (a *App) logAccess(w http.ResponseWriter, r *http.Request) (*statusWriter, func()) {
	sw := &statusWriter{ResponseWriter: w}
	request := fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, r.Proto)
	return sw, func() {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		fmt.Fprintf(a.accessLog, "%s - - [%s] %q %d -\n", host, time.Now().Format("02/Jan/2006 15:04:05"), request, sw.status)
	}
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status < 200 && w.status != http.StatusSwitchingProtocols {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusWriter) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
