package hipflask

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newCommandApp has the routes of the table that was read from flask routes,
// registered in the order in which Python's decorators register them.
func newCommandApp(t *testing.T) *App {
	app, _ := newTestApp(t)
	answer := func(c *Context) error { return c.Text(fmt.Sprint(c.Request.Proto, " ", c.Request.TLS != nil)) }
	app.Static("/static", app.Config.Root)
	app.Get("/user/<name>", answer).Name("user")
	app.Route("/index", answer, "GET", "POST").Name("index")
	app.Route("/", answer, "GET", "POST").Name("index")
	app.Delete("/post/<int:id>", answer).Name("kill")
	return app
}

// runCommand runs the program hello and returns what it printed.
func runCommand(ctx context.Context, app *App, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code, _ = app.main(ctx, "hello", args, &out, &err)
	return code, out.String(), err.String()
}

// The tables are those of Flask 3.1.3, but for spaces at the end of a line.
func TestRoutesCommand(t *testing.T) {
	const byEndpoint = `
Endpoint  Methods    Rule
--------  ---------  -----------------------
index     GET, POST  /index
index     GET, POST  /
kill      DELETE     /post/<int:id>
static    GET        /static/<path:filename>
user      GET        /user/<name>
`
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, byEndpoint},
		{[]string{"--sort", "endpoint"}, byEndpoint},
		{[]string{"-s", "methods"}, `
Endpoint  Methods    Rule
--------  ---------  -----------------------
kill      DELETE     /post/<int:id>
static    GET        /static/<path:filename>
user      GET        /user/<name>
index     GET, POST  /index
index     GET, POST  /
`},
		{[]string{"--sort=rule"}, `
Endpoint  Methods    Rule
--------  ---------  -----------------------
index     GET, POST  /
index     GET, POST  /index
kill      DELETE     /post/<int:id>
static    GET        /static/<path:filename>
user      GET        /user/<name>
`},
		{[]string{"--sort", "match"}, `
Endpoint  Methods    Rule
--------  ---------  -----------------------
static    GET        /static/<path:filename>
user      GET        /user/<name>
index     GET, POST  /index
index     GET, POST  /
kill      DELETE     /post/<int:id>
`},
		{[]string{"--all-methods"}, `
Endpoint  Methods                   Rule
--------  ------------------------  -----------------------
index     GET, HEAD, OPTIONS, POST  /index
index     GET, HEAD, OPTIONS, POST  /
kill      DELETE, OPTIONS           /post/<int:id>
static    GET, HEAD, OPTIONS        /static/<path:filename>
user      GET, HEAD, OPTIONS        /user/<name>
`},
	} {
		code, out, err := runCommand(t.Context(), newCommandApp(t), append([]string{"routes"}, test.args...)...)
		if code != 0 || "\n"+out != test.want || err != "" {
			t.Errorf("routes %q: got %d, %q and\n%swant%s", test.args, code, err, out, test.want)
		}
	}
}

// A function literal has no endpoint. /static is there without a line for it,
// and two routes that collide are both shown, with the error.
// TestRoutesCommandHosts: a column more where a route has a host, as in Flask.
func TestRoutesCommandHosts(t *testing.T) {
	app, _ := newTestApp(t)
	app.Get("/", sayOK).Name("b").Host("b.example.com")
	app.Get("/a", sayOK).Name("a")
	code, out, _ := runCommand(t.Context(), app, "routes", "--sort", "domain")
	want := `Endpoint  Methods  Host           Rule
--------  -------  -------------  -----------------------
a         GET      -              /a
static    GET      -              /static/<path:filename>
b         GET      b.example.com  /
`
	if code != 0 || out != want {
		t.Errorf("got %d\n%swant\n%s", code, out, want)
	}
}

func TestRoutesCommandShows(t *testing.T) {
	app, _ := newTestApp(t)
	literal := func(c *Context) error { return c.NoContent() }
	app.Get("/größe", literal)
	app.Get("/größe", literal)
	code, out, err := runCommand(t.Context(), app, "routes", "-s", "rule")
	want := `Endpoint  Methods  Rule
--------  -------  -----------------------
-         GET      /größe
-         GET      /größe
static    GET      /static/<path:filename>
`
	if code != 1 || out != want || !strings.HasPrefix(err, "Error: hipflask: two routes match the same paths for GET:\n") {
		t.Errorf("got %d, %q and\n%swant\n%s", code, err, out, want)
	}
}

func TestCommandHelp(t *testing.T) {
	const list = `Usage: hello [COMMAND] [ARGS]...

  Without a command, the app is served as by hello run.

Commands:
  add-user
  help      Show the help of a command.
  init-db   Clear the data and make new tables.
  routes    Show the routes of the app.
  run       Serve the app.

Try 'hello COMMAND --help' for the help of a command.
`
	const run = `Usage: hello run [OPTIONS]

  Serve the app, until CTRL+C is pressed.

Options:
  --debug                  Turn debug mode on.
  --no-debug               Turn debug mode off.
  --reload                 Start anew when code changes; on in debug mode.
  --no-reload              Do not.
  --extra-files PATH       More files that count, separated by ':'.
  --exclude-patterns PATH  Patterns of files that do not count, likewise.
  -h, --host TEXT          The interface to bind to; 0.0.0.0 for all.
  -p, --port INTEGER       The port to bind to; 5000 if nothing says another.
  --cert FILE              A certificate file, to serve HTTPS.
  --key FILE               The file of the certificate's private key.
  --help                   Show this message.
`
	const routes = `Usage: hello routes [OPTIONS]

  Show all registered routes with endpoints and methods.

Options:
  -s, --sort COLUMN  Sort by endpoint (the default), methods, domain or rule,
                     or leave the order of registration: match.
  --all-methods      Show HEAD and OPTIONS too.
  --help             Show this message.
`
	const own = `Usage: hello init-db [ARGS]...

  Clear the data and make new tables.

  What was there is lost.
`
	for _, test := range []struct{ args, want string }{
		{"help", list},
		{"-h", list},
		{"-help", list},
		{"--help", list},
		{"help help", list},
		{"help --help", list},
		{"run --help", run},
		{"run --port 80 --help", run},
		{"help run", run},
		{"routes --help", routes},
		{"routes -h", routes},
		{"help init-db", own},
		{"init-db --help", own}, // the data is still there
		{"init-db -h", own},
		{"add-user --help", "Usage: hello add-user [ARGS]...\n"},
	} {
		app, _ := newTestApp(t)
		never := func(context.Context, []string) error {
			t.Errorf("%s: the command ran", test.args)
			return nil
		}
		app.Command("init-db", "Clear the data and make new tables.\n\nWhat was there is lost.\n", never)
		app.Command("add-user", "", never)
		code, out, err := runCommand(t.Context(), app, strings.Fields(test.args)...)
		if code != 0 || out != test.want || err != "" {
			t.Errorf("%s: got %d, %q and\n%swant\n%s", test.args, code, err, out, test.want)
		}
	}
}

// TestCommandHelpWraps: no line is longer than click's 78 columns, unless one word is.
func TestCommandHelpWraps(t *testing.T) {
	const long = "Send the digest of the week to every reader who asked for one and has not cancelled since. Él también.\n\n" +
		"    hello digest --since 2026-01-01   # a line that fits keeps its spaces\n" +
		"https://example.com/an/address/that/is/longer/than/the/seventy-eight/columns/of/a/terminal\n"
	app, _ := newTestApp(t)
	app.Command("digest", long, func(context.Context, []string) error { return nil })
	for args, want := range map[string]string{
		"digest --help": `Usage: hello digest [ARGS]...

  Send the digest of the week to every reader who asked for one and has not
  cancelled since. Él también.

      hello digest --since 2026-01-01   # a line that fits keeps its spaces
  https://example.com/an/address/that/is/longer/than/the/seventy-eight/columns/of/a/terminal
`,
		"help": `Usage: hello [COMMAND] [ARGS]...

  Without a command, the app is served as by hello run.

Commands:
  digest  Send the digest of the week to every reader who asked for one and
          has not cancelled since. Él también.
  help    Show the help of a command.
  routes  Show the routes of the app.
  run     Serve the app.

Try 'hello COMMAND --help' for the help of a command.
`,
	} {
		if _, out, _ := runCommand(t.Context(), app, strings.Fields(args)...); out != want {
			t.Errorf("%s: got\n%swant\n%s", args, out, want)
		}
	}
}

func TestCommandUsage(t *testing.T) {
	const (
		ofHello  = "Usage: hello [COMMAND] [ARGS]...\nTry 'hello --help' for help.\n\nError: "
		ofRun    = "Usage: hello run [OPTIONS]\nTry 'hello run --help' for help.\n\nError: "
		ofRoutes = "Usage: hello routes [OPTIONS]\nTry 'hello routes --help' for help.\n\nError: "
		commands = "\n\nCommands:\n  help    Show the help of a command.\n  routes  Show the routes of the app.\n  run     Serve the app.\n"
	)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"rout"}, ofHello + "No such command 'rout'. Did you mean 'routes'?" + commands},
		{[]string{"migrate"}, ofHello + "No such command 'migrate'." + commands},
		{[]string{""}, ofHello + "No such command ''." + commands},
		{[]string{"help", "rout"}, ofHello + "No such command 'rout'. Did you mean 'routes'?" + commands},
		{[]string{"help", "run", "x"}, ofHello + "Got unexpected extra argument (x)\n"},
		{[]string{"run", "--prt", "80"}, ofRun + "No such option '--prt'. Did you mean '--port'?\n"},
		{[]string{"run", "--with-threads"}, ofRun + "No such option '--with-threads'.\n"},
		{[]string{"--prt", "80"}, ofRun + "No such option '--prt'. Did you mean '--port'?\n"},
		{[]string{"run", "--port"}, ofRun + "Option '--port' requires an argument.\n"},
		{[]string{"run", "-h"}, ofRun + "Option '-h' requires an argument.\n"}, // the host, as in Flask
		{[]string{"run", "--debug=yes"}, ofRun + "Option '--debug' does not take a value.\n"},
		{[]string{"run", "--port", "x"}, ofRun + "Invalid value for '--port': 'x' is no port from 0 to 65535.\n"},
		{[]string{"run", "-p", "65536"}, ofRun + "Invalid value for '-p': '65536' is no port from 0 to 65535.\n"},
		{[]string{"run", "-port=-1"}, ofRun + "Invalid value for '-port': '-1' is no port from 0 to 65535.\n"},
		{[]string{"run", ":8000"}, ofRun + "Got unexpected extra argument (:8000)\n"},
		{[]string{"run", "-"}, ofRun + "Got unexpected extra argument (-)\n"},
		{[]string{"run", "--cert", "x"}, ofRun + "'--cert' needs '--key' too, the file of the certificate's private key.\n"},
		{[]string{"run", "--key", "x"}, ofRun + "'--key' needs '--cert' too, the file of the key's certificate.\n"},
		{[]string{"routes", "all"}, ofRoutes + "Got unexpected extra argument (all)\n"},
		{[]string{"routes", "--sort", "foo"}, ofRoutes + "Invalid value for '--sort': 'foo' is not one of domain, endpoint, match, methods, rule.\n"},
		{[]string{"routes", "--all-method"}, ofRoutes + "No such option '--all-method'. Did you mean '--all-methods'?\n"},
	} {
		app, _ := newTestApp(t)
		code, out, err := runCommand(t.Context(), app, test.args...)
		if code != 2 || out != "" || err != test.want {
			t.Errorf("%q: got %d, %q and\n%s\nwant 2 and\n%s", test.args, code, out, err, test.want)
		}
	}
}

func TestRunCommandEnvironment(t *testing.T) {
	t.Setenv("HIPFLASK_RUN_PORT", "five")
	app, _ := newTestApp(t)
	code, _, err := runCommand(t.Context(), app, "run")
	if code != 2 || !strings.Contains(err, `HIPFLASK_RUN_PORT is "five"`) {
		t.Errorf("got %d and %s", code, err)
	}
	// The options go before the environment.
	t.Setenv("HIPFLASK_RUN_PORT", "0")
	t.Setenv("HIPFLASK_RUN_KEY", "no.key")
	code, _, err = runCommand(t.Context(), app, "run")
	if code != 2 || !strings.Contains(err, "'--key' needs '--cert' too") {
		t.Errorf("got %d and %s", code, err)
	}
	cert, key, _ := writeCertificate(t)
	t.Setenv("HIPFLASK_RUN_CERT", cert)
	lines, _, stop := start(t, newCommandApp(t), "run", "--key", key)
	defer stop()
	if url := listensOn(t, lines); !strings.HasPrefix(url, "https://") {
		t.Errorf("got %s, want https", url)
	}
}

func TestOwnCommand(t *testing.T) {
	failed := errors.New("no such user")
	for _, test := range []struct {
		name   string
		err    error
		cancel bool
		code   int
		stderr string
	}{
		{"done", nil, false, 0, ""},
		{"failed", failed, false, 1, "Error: no such user\n"},
		{"help of its own flag.FlagSet", flag.ErrHelp, false, 0, ""},
		{"stopped", context.Canceled, true, 1, "Aborted!\n"},
		{"stopped, and all is well", nil, true, 0, ""},
		{"stopped something of its own", context.Canceled, false, 1, "Error: context canceled\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			app, _ := newTestApp(t)
			var got []string
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			app.Command("add", "", func(ctx context.Context, args []string) error {
				got = args
				if test.cancel {
					cancel()
					<-ctx.Done()
				}
				return test.err
			})
			code, out, err := runCommand(ctx, app, "add", "Ada", "--admin", "--", "--help")
			if want := []string{"Ada", "--admin", "--", "--help"}; !slices.Equal(got, want) {
				t.Errorf("got the arguments %q, want %q", got, want)
			}
			if code != test.code || out != "" || err != test.stderr {
				t.Errorf("got %d, %q and %q; want %d and %q", code, out, err, test.code, test.stderr)
			}
		})
	}
}

func TestCommandPanics(t *testing.T) {
	nothing := func(context.Context, []string) error { return nil }
	for _, test := range []struct {
		name string
		run  func(context.Context, []string) error
		want string
	}{
		{"", nothing, `hipflask: Command(""): a name is one word`},
		{"-x", nothing, `hipflask: Command("-x"): a name is one word`},
		{"init db", nothing, `hipflask: Command("init db"): a name is one word`},
		{"run", nothing, `hipflask: Command("run"): every App has`},
		{"routes", nothing, `hipflask: Command("routes"): every App has`},
		{"help", nothing, `hipflask: Command("help"): every App has`},
		{"taken", nothing, `hipflask: Command("taken"): there is a command`},
		{"init-db", nil, `hipflask: Command("init-db"): the function is nil`},
	} {
		app, _ := newTestApp(t)
		app.Command("taken", "", nothing)
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.HasPrefix(got, test.want) {
					t.Errorf("%q: got the panic %q, want %q", test.name, got, test.want)
				}
			}()
			app.Command(test.name, "", test.run)
		}()
	}
}

// start runs the program until the test stops it, and returns its lines up to
// the one that says how to.
func start(t *testing.T, app *App, args ...string) (lines []string, rest *bufio.Scanner, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stderr, write := io.Pipe()
	code := make(chan int, 1)
	go func() {
		ended, _ := app.main(ctx, "hello", args, io.Discard, write)
		code <- ended
		write.Close()
	}()
	t.Cleanup(cancel)
	rest = bufio.NewScanner(stderr)
	for rest.Scan() && rest.Text() != "Press CTRL+C to quit" {
		lines = append(lines, rest.Text())
	}
	return lines, rest, func() int {
		cancel()
		go io.Copy(io.Discard, stderr)
		return <-code
	}
}

// listensOn cuts the address from the last of the start-up lines.
func listensOn(t *testing.T, lines []string) string {
	t.Helper()
	if len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], " * Running on ") {
		t.Fatalf("got the lines %q, want one that says where it runs", lines)
	}
	return strings.TrimPrefix(lines[len(lines)-1], " * Running on ")
}

func TestRunCommand(t *testing.T) {
	for _, test := range []struct {
		args   []string
		config bool // Config.Debug
		mode   string
	}{
		{[]string{"run"}, false, "off"},
		{nil, false, "off"},
		{nil, true, "on"},
		{[]string{"run", "--debug"}, false, "on"},
		{[]string{"--debug"}, false, "on"},
		{[]string{"run", "-debug"}, false, "on"},
		{[]string{"run", "--no-debug"}, true, "off"},
		{[]string{"run", "--debug", "--no-debug"}, false, "off"}, // the last counts
	} {
		t.Setenv("HIPFLASK_RUN_HOST", "127.0.0.1")
		t.Setenv("HIPFLASK_RUN_PORT", "0")
		app := newCommandApp(t)
		app.Config.Debug = test.config
		lines, rest, stop := start(t, app, test.args...)
		url := listensOn(t, lines)
		want := []string{" * Serving hipflask app 'test'", " * Debug mode: " + test.mode, " * Running on " + url}
		if !slices.Equal(lines, want) || !strings.HasPrefix(url, "http://127.0.0.1:") {
			t.Errorf("%q: got %q, want %q", test.args, lines, want)
		}
		if test.mode == "on" {
			go http.Get(url + "/index")
			if !rest.Scan() || !strings.HasSuffix(rest.Text(), `"GET /index HTTP/1.1" 200 -`) {
				t.Errorf("%q: got %q, want the request's line", test.args, rest.Text())
			}
		}
		if code := stop(); code != 0 {
			t.Errorf("%q: got %d when it was stopped, want 0", test.args, code)
		}
	}
}

// What the command line says wins over the environment.
func TestRunCommandAddress(t *testing.T) {
	t.Setenv("HIPFLASK_RUN_HOST", "no.host.invalid")
	t.Setenv("HIPFLASK_RUN_PORT", "no port")
	for _, args := range [][]string{
		{"run", "--host", "127.0.0.1", "--port", "0"},
		{"run", "-h", "127.0.0.1", "-p", "0"},
		{"--host=127.0.0.1", "-port=0"},
	} {
		lines, _, stop := start(t, newCommandApp(t), args...)
		if url := listensOn(t, lines); !strings.HasPrefix(url, "http://127.0.0.1:") {
			t.Errorf("%q: got %s", args, url)
		}
		stop()
	}
}

func TestRunCommandFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	app := newCommandApp(t)
	code, _, got := runCommand(t.Context(), app, "run", "-h", "127.0.0.1", "-p", port)
	want := "Error: hipflask: " + l.Addr().String() + " is in use by another program; end that one or choose another port, as with --port 5001: "
	if code != 1 || !strings.HasPrefix(got, want) {
		t.Errorf("port in use: got %d and %q, want 1 and %q", code, got, want)
	}

	app, _ = newTestApp(t)
	app.Config.ServerName = "https://not.a.host/"
	code, _, got = runCommand(t.Context(), app, "run", "-p", "0")
	if code != 1 || !strings.HasPrefix(got, "Error: hipflask: Config.ServerName") {
		t.Errorf("a mistake in setup: got %d and %q", code, got)
	}
}

// writeCertificate makes a certificate for 127.0.0.1 and returns its files and
// who trusts it.
func writeCertificate(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certDER, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) (path string, text []byte) {
		path, text = filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path, text
	}
	cert, text := write("cert.pem", "CERTIFICATE", certDER)
	key, _ = write("key.pem", "PRIVATE KEY", keyDER)
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(text)
	return cert, key, trust
}

func TestRunCommandTLS(t *testing.T) {
	cert, key, trust := writeCertificate(t)
	lines, _, stop := start(t, newCommandApp(t), "run", "-p", "0", "--cert", cert, "--key", key)
	url := listensOn(t, lines)
	if !strings.HasPrefix(url, "https://127.0.0.1:") {
		t.Errorf("got %q", lines)
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: trust}}}
	res, err := client.Get(url + "/index")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if got := string(body); got != "HTTP/2.0 true" {
		t.Errorf("got %q, want HTTP/2 over TLS", got)
	}
	client.CloseIdleConnections()
	if code := stop(); code != 0 {
		t.Errorf("got %d when it was stopped, want 0", code)
	}
}

func TestRunCommandBadCertificate(t *testing.T) {
	cert, key, _ := writeCertificate(t)
	other, _, _ := writeCertificate(t)
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, test := range []struct {
		name, cert, key string
		want            []string
	}{
		{"no such certificate", missing, key, []string{"Error: Invalid value for '--cert': ", missing}},
		{"no such key", cert, missing, []string{"Error: Invalid value for '--key': ", missing}},
		{"the two in turned order", key, cert, []string{cert, key, "tls: "}},
		{"not its key", other, key, []string{other, key, "private key does not match public key"}},
	} {
		code, _, err := runCommand(t.Context(), newCommandApp(t), "run", "--cert", test.cert, "--key", test.key)
		for _, part := range test.want {
			if code != 2 || !strings.Contains(err, part) {
				t.Errorf("%s: got %d and\n%swant 2 and %q", test.name, code, err, part)
			}
		}
	}
}

// groupApp has the blueprints whose commands Flask 3.1.3 listed.
func groupApp(t *testing.T) *App {
	app, _ := newTestApp(t)
	say := func(ctx context.Context, args []string) error {
		_, err := fmt.Fprintf(Output(ctx), "%s\n", args)
		return err
	}
	p, c, d, e, f := NewBlueprint("p", ""), NewBlueprint("c", ""), NewBlueprint("d", ""), NewBlueprint("e", ""), NewBlueprint("f", "")
	p.Command("one", "Help one.\n\nAnd more.", say)
	c.Command("two", "Help two.", say)
	d.Command("three", "", say)
	f.Command("four", "", say)
	p.Register(c).CommandGroup("")
	p.Register(d).CommandGroup("dd")
	p.Register(f)
	app.Register(p)
	app.Register(e) // without commands, and so without a group
	app.Command("own", "", say)
	return app
}

func TestCommandGroups(t *testing.T) {
	const (
		inP    = "Commands:\n  one  Help one.\n"
		list   = "Commands:\n  dd\n  help    Show the help of a command.\n  own\n  p\n  p.f\n  routes  Show the routes of the app.\n  run     Serve the app.\n  two     Help two.\n"
		ofTest = "Usage: test [COMMAND] [ARGS]...\nTry 'test --help' for help.\n\nError: "
		ofP    = "Usage: test p COMMAND [ARGS]...\nTry 'test p --help' for help.\n\nError: "
		helpP  = "Usage: test p COMMAND [ARGS]...\n\n" + inP + "\nTry 'test p COMMAND --help' for the help of a command.\n"
		help1  = "Usage: test p one [ARGS]...\n\n  Help one.\n\n  And more.\n"
	)
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"p one x --y", 0, "[x --y]\n", ""},
		{"two", 0, "[]\n", ""},
		{"dd three", 0, "[]\n", ""},
		{"p.f four", 0, "[]\n", ""}, // a nested blueprint's dotted name, as in Flask
		{"p --help", 0, helpP, ""},
		{"help p", 0, helpP, ""},
		{"p one --help", 0, help1, ""},
		{"help p one", 0, help1, ""},
		{"p", 2, "", ofP + "Missing command.\n\n" + inP},
		{"p on", 2, "", ofP + "No such command 'on'. Did you mean 'one'?\n\n" + inP},
		{"p run", 2, "", ofP + "No such command 'run'.\n\n" + inP},
		{"one", 2, "", ofTest + "No such command 'one'. Did you mean 'own'?\n\n" + list},
		{"d", 2, "", ofTest + "No such command 'd'. Did you mean 'dd'?\n\n" + list},
		{"help p one x", 2, "", ofTest + "Got unexpected extra argument (x)\n"},
		{"help own x", 2, "", ofTest + "Got unexpected extra argument (x)\n"},
	} {
		var stdout, stderr bytes.Buffer
		code, err := groupApp(t).RunCommand(t.Context(), &stdout, &stderr, strings.Fields(test.args)...)
		if code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr || (err == nil) != (code == 0) {
			t.Errorf("%s: got %d, %v,\n%q and\n%q; want %d,\n%q and\n%q", test.args, code, err, &stdout, &stderr, test.code, test.stdout, test.stderr)
		}
	}
}

func TestCommandGroupNames(t *testing.T) {
	nothing := func(context.Context, []string) error { return nil }
	for _, test := range []struct {
		name  string
		setup func(app *App, a, b *Blueprint)
		args  string
		want  string // the mistake, or none
	}{
		{"under another name", func(app *App, a, b *Blueprint) { app.Register(a).Name("other") }, "other init", ""},
		{"twice", func(app *App, a, b *Blueprint) { app.Register(a); app.Register(a).Name("other").Prefix("/x") }, "other init", ""},
		{"twice, among the App's own", func(app *App, a, b *Blueprint) {
			app.Register(a).CommandGroup("")
			app.Register(a).Name("other").CommandGroup("")
		}, "init", ""},
		{"a group of two", func(app *App, a, b *Blueprint) { app.Register(a).CommandGroup("b"); app.Register(b) }, "b fill", ""},
		{"one name in a group of two", func(app *App, a, b *Blueprint) {
			b.Command("init", "", nothing)
			app.Register(a)
			app.Register(b).CommandGroup("a")
		}, "", `there is a command "init" already; give the blueprint registered at cli_test.go:`},
		{"the name of a command", func(app *App, a, b *Blueprint) { app.Command("a", "", nothing); app.Register(a) }, "", `there is a command "a" already`},
		{"a name of every App", func(app *App, a, b *Blueprint) { app.Register(a).CommandGroup("run") }, "", `there is a command "run" already`},
		{"among the App's own", func(app *App, a, b *Blueprint) {
			app.Command("init", "", nothing)
			app.Register(a).CommandGroup("")
		}, "", `there is a command "init" already`},
		{"two words", func(app *App, a, b *Blueprint) { app.Register(a).CommandGroup("a b") }, "", `the CommandGroup "a b" (cli_test.go:`},
	} {
		app, _ := newTestApp(t)
		a, b := NewBlueprint("a", ""), NewBlueprint("b", "")
		a.Command("init", "", nothing)
		b.Command("fill", "", nothing)
		test.setup(app, a, b)
		code, _, stderr := runCommand(t.Context(), app, strings.Fields(test.args)...)
		if test.want == "" {
			if err := app.Check(); code != 0 || err != nil {
				t.Errorf("%s: got %d and %s, Check: %v", test.name, code, stderr, err)
			}
			continue
		}
		if err := app.Check(); code != 1 || !strings.Contains(stderr, test.want) || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %d and %s, and of Check %v; want %s", test.name, code, stderr, err, test.want)
		}
	}
	for name, want := range map[string]string{"": "a name is one word", "init": "there is a command"} {
		bp := NewBlueprint("bp", "")
		bp.Command("init", "", nothing)
		if got := panicText(func() { bp.Command(name, "", nothing) }); !strings.Contains(got, want) {
			t.Errorf("%q: got panic %q, want %q", name, got, want)
		}
	}
}

func TestOutput(t *testing.T) {
	if got := Output(t.Context()); got != os.Stdout {
		t.Errorf("outside of commands: got %v, want the standard output", got)
	}
}
