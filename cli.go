package hipflask

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// command is an App's own command, or the group of a blueprint's.
type command struct {
	name, help string
	run        func(ctx context.Context, args []string) error
	group      []*command // of a group, whose run is nil
}

// Command adds a command to those of [App.Main], as Flask's app.cli.command
// does. The first line of help stands in the list of commands, all of it in the
// help of this one; it may be empty.
//
// run gets the arguments after the name; package flag parses options. It prints
// to [Output]. ctx ends with SIGINT or SIGTERM, and a second signal ends the
// program at once. An error is printed, and the program exits with 1.
//
// A command runs outside of any request: no hook and no teardown runs, routes
// and templates are not checked, and [App.URLFor] builds its URLs.
//
// Command belongs to setup. It panics if the name is empty, taken, or one that
// cannot be typed, or if run is nil.
func (a *App) Command(name, help string, run func(ctx context.Context, args []string) error) {
	a.setup("Command")
	if builtIn[name] != "" {
		panic(fmt.Sprintf("hipflask: Command(%q): every App has a command of this name; choose another", name))
	}
	addCommand(&a.commands, name, help, run)
}

// Command adds a command to the Blueprint's group, as Flask's bp.cli.command
// does: "hello admin create-user" for one of the Blueprint that is registered as
// "admin". [Registration.CommandGroup] renames the group or does without it. Two
// Blueprints may share a group. Else it is as [App.Command].
func (bp *Blueprint) Command(name, help string, run func(ctx context.Context, args []string) error) {
	bp.setup("Command")
	addCommand(&bp.recorded.commands, name, help, run)
}

func addCommand(to *[]*command, name, help string, run func(ctx context.Context, args []string) error) {
	call := fmt.Sprintf("Command(%q)", name)
	mustNotBeNil(call, "function", run == nil)
	switch {
	case !isCommandName(name):
		panic(fmt.Sprintf("hipflask: %s: a name is one word that begins with no -, such as init-db", call))
	case findCommand(*to, name) != nil:
		panic(fmt.Sprintf("hipflask: %s: there is a command of this name already", call))
	}
	*to = append(*to, &command{name: name, help: help, run: run})
}

func isCommandName(name string) bool {
	return name != "" && name[0] != '-' && !strings.ContainsAny(name, " \t\r\n")
}

// Output is where a command prints: the standard output, or what
// [App.RunCommand] was given, as a test does. Give it the command's context; any
// other has the standard output. It is for what Flask prints with click.echo.
func Output(ctx context.Context) io.Writer {
	if w, ok := ctx.Value(outputKey{}).(io.Writer); ok {
		return w
	}
	return os.Stdout
}

type outputKey struct{}

// allCommands returns the App's commands and those of its blueprints. Its error
// has the names that two of them want; the first keeps it.
func (a *App) allCommands() ([]*command, error) {
	t := &commandTree{all: slices.Clone(a.commands)}
	t.register("", a.registrations)
	return t.all, errors.Join(t.mistakes...)
}

type commandTree struct {
	all      []*command
	mistakes []error
}

// register adds the commands of blueprints, each to its group.
func (t *commandTree) register(parent string, regs []*Registration) {
	for _, reg := range regs {
		name := joinName(parent, reg.name)
		if commands := reg.bp.recorded.commands; len(commands) > 0 {
			to := t.group(reg, name)
			for _, c := range commands {
				t.add(to, c, reg)
			}
		}
		t.register(name, reg.bp.recorded.children)
	}
}

// group returns where the commands of a blueprint belong.
func (t *commandTree) group(reg *Registration, name string) *[]*command {
	if reg.group != nil {
		name = *reg.group
	}
	if name == "" {
		return &t.all
	}
	if !isCommandName(name) {
		t.mistakes = append(t.mistakes, fmt.Errorf("hipflask: the CommandGroup %q (%s): a name is one word that begins with no -", name, reg.where))
	}
	group := findCommand(t.all, name)
	if group == nil || group.run != nil {
		group = &command{name: name}
		t.add(&t.all, group, reg)
	}
	return &group.group
}

func (t *commandTree) add(to *[]*command, c *command, reg *Registration) {
	other := findCommand(*to, c.name)
	switch {
	case other == c: // of a blueprint that is registered twice
	case other != nil || to == &t.all && builtIn[c.name] != "":
		t.mistakes = append(t.mistakes, fmt.Errorf("hipflask: there is a command %q already; "+
			"give the blueprint registered at %s another Name or CommandGroup", c.name, reg.where))
	default:
		*to = append(*to, c)
	}
}

// builtIn has the commands of every App.
var builtIn = map[string]string{
	"help":   "Show the help of a command.",
	"routes": "Show the routes of the app.",
	"run":    "Serve the app.",
}

func findCommand(commands []*command, name string) *command {
	i := slices.IndexFunc(commands, func(c *command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return commands[i]
}

// Main does what the program's command line says. It is the flask command, built
// into the program:
//
//	hello                     serves the App, see [App.Run]
//	hello run --port 8000     so with another port; hello run --help has more
//	hello routes --sort rule  lists the routes
//	hello init-db             runs a command of the App's own, see [App.Command]
//	hello admin create-user   runs a command of a blueprint, see [Blueprint.Command]
//	hello help                lists the commands
//
// What run is told goes before HIPFLASK_RUN_HOST, HIPFLASK_RUN_PORT,
// HIPFLASK_RUN_CERT, HIPFLASK_RUN_KEY, HIPFLASK_RUN_RELOAD,
// HIPFLASK_RUN_EXTRA_FILES, HIPFLASK_RUN_EXCLUDE_PATTERNS and HIPFLASK_DEBUG, and
// --debug also before Config.Debug. With a certificate and its key, files in PEM form, it serves
// HTTPS.
//
// Main returns when the command is done, and so after SIGINT or SIGTERM has
// ended run. Else it prints the error and exits: with 1 if the command failed,
// and with 2 if the command line is wrong.
func (a *App) Main() {
	ctx, stop := untilSignal()
	defer stop()
	program, args := a.name, os.Args
	if len(args) > 0 {
		program, args = filepath.Base(args[0]), args[1:]
	}
	if code, _ := a.main(ctx, program, args, os.Stdout, os.Stderr); code != 0 {
		os.Exit(code)
	}
}

// RunCommand does what [App.Main] does, with the arguments that follow the
// program's name, for which the App's stands. It returns the code that the
// program would exit with, and the command's error, which stderr has already.
// Commands print to stdout by way of [Output]. A test calls it by
// hipflasktest.RunCommand.
func (a *App) RunCommand(ctx context.Context, stdout, stderr io.Writer, args ...string) (code int, err error) {
	return a.main(ctx, a.name, args, stdout, stderr)
}

func (a *App) main(ctx context.Context, program string, args []string, stdout, stderr io.Writer) (code int, err error) {
	l := &commandLine{app: a, program: program, usage: "[COMMAND]", builtIn: builtIn, stdout: stdout, stderr: stderr}
	if l.commands, err = a.allCommands(); err == nil {
		err = l.do(context.WithValue(ctx, outputKey{}, stdout), args)
	}
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp): // whose flag.FlagSet has printed the help
		return 0, nil
	case errors.As(err, &usage):
		fmt.Fprint(stderr, usage)
		return 2, err
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "Aborted!")
	default:
		fmt.Fprintf(stderr, "Error: %v\n", err)
	}
	return 1, err
}

// commandLine carries out one command line, or what follows the name of a group.
type commandLine struct {
	app            *App
	program        string // with the group's name
	usage          string // [COMMAND] where none is needed
	builtIn        map[string]string
	commands       []*command
	stdout, stderr io.Writer
}

func (l *commandLine) do(ctx context.Context, args []string) error {
	name := "run" // also for options without a command
	if len(args) > 0 && (args[0] == "" || args[0][0] != '-' || isHelp(args[0])) {
		name, args = args[0], args[1:]
	}
	switch {
	case name == "run":
		return l.run(ctx, args)
	case name == "routes":
		return l.routes(args)
	case name == "help", isHelp(name):
		return l.help(ctx, args)
	}
	return l.own(ctx, name, args)
}

// own runs one of the commands that are not of every App.
func (l *commandLine) own(ctx context.Context, name string, args []string) error {
	c := findCommand(l.commands, name)
	if c == nil {
		return l.unknown(name)
	}
	if c.run == nil {
		group := &commandLine{app: l.app, program: l.program + " " + name, usage: "COMMAND", commands: c.group, stdout: l.stdout, stderr: l.stderr}
		return group.inGroup(ctx, args)
	}
	// A command that looks at no arguments must not begin its work for --help.
	if len(args) > 0 && isHelp(args[0]) {
		fmt.Fprintf(l.stdout, "Usage: %s %s [ARGS]...\n", l.program, name)
		l.describe(c.help)
		return nil
	}
	return c.run(ctx, args)
}

func (l *commandLine) inGroup(ctx context.Context, args []string) error {
	switch {
	case len(args) == 0:
		return l.mistake("Missing command.%s", l.listed())
	case isHelp(args[0]):
		l.printHelp("")
		return nil
	}
	return l.own(ctx, args[0], args[1:])
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// --- the commands of every App

// run serves. As in Flask, its -h is the host.
func (l *commandLine) run(ctx context.Context, args []string) error {
	var host, port, certFile, keyFile string
	debug, reloading := l.app.Config.Debug, reloadingFromEnv()
	reload := func(on bool) func(string) error {
		return func(string) error { reloading.reload = &on; return nil }
	}
	p := l.parser("run", "Serve the app, until CTRL+C is pressed.", []option{
		{names: []string{"--debug"}, help: "Turn debug mode on.", set: func(string) error { debug = true; return nil }},
		{names: []string{"--no-debug"}, help: "Turn debug mode off.", set: func(string) error { debug = false; return nil }},
		{names: []string{"--reload"}, help: "Start anew when code changes; on in debug mode.", set: reload(true)},
		{names: []string{"--no-reload"}, help: "Do not.", set: reload(false)},
		{names: []string{"--extra-files"}, value: "PATH", help: "More files that count, separated by '" + string(filepath.ListSeparator) + "'.", set: func(text string) error {
			reloading.extra = pathList(text)
			return nil
		}},
		{names: []string{"--exclude-patterns"}, value: "PATH", help: "Patterns of files that do not count, likewise.", set: func(text string) error {
			reloading.exclude = pathList(text)
			return nil
		}},
		{names: []string{"-h", "--host"}, value: "TEXT", help: "The interface to bind to; 0.0.0.0 for all.", set: textOption(&host)},
		{names: []string{"-p", "--port"}, value: "INTEGER", help: "The port to bind to; 5000 if nothing says another.", set: func(text string) error {
			if !isPort(text) {
				return fmt.Errorf("'%s' is no port from 0 to 65535", text)
			}
			port = text
			return nil
		}},
		{names: []string{"--cert"}, value: "FILE", help: "A certificate file, to serve HTTPS.", set: textOption(&certFile)},
		{names: []string{"--key"}, value: "FILE", help: "The file of the certificate's private key.", set: textOption(&keyFile)},
	})
	if err := p.parse(args); err != nil {
		return err
	}
	certificate, err := p.certificate(
		cmp.Or(certFile, os.Getenv("HIPFLASK_RUN_CERT")), cmp.Or(keyFile, os.Getenv("HIPFLASK_RUN_KEY")))
	if err != nil {
		return err
	}
	address, err := addressOf(host, port)
	if err != nil {
		return p.mistake("%v", err)
	}
	l.app.Config.Debug = debug
	return l.app.runOn(ctx, serving{
		reloading:   reloading,
		address:     address,
		change:      "choose another port, as with --port 5001",
		certificate: certificate,
		stderr:      l.stderr,
	})
}

// certificate loads what --cert and --key name, nil if they name nothing.
func (p *parser) certificate(certFile, keyFile string) (*tls.Certificate, error) {
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case keyFile == "":
		return nil, p.mistake("'--cert' needs '--key' too, the file of the certificate's private key.")
	case certFile == "":
		return nil, p.mistake("'--key' needs '--cert' too, the file of the key's certificate.")
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, p.mistake("Invalid value for '--cert': %v.", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, p.mistake("Invalid value for '--key': %v.", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, p.mistake("'--cert' %s and '--key' %s are no certificate and its key: %v.", certFile, keyFile, err)
	}
	return &pair, nil
}

// A column of the table of routes, and what --sort calls it.
type column struct {
	sort, head string
	cell       func(RouteInfo) string
}

// routes prints the table that flask routes prints.
func (l *commandLine) routes(args []string) error {
	hidden := []string{"HEAD", "OPTIONS"}
	columns := []column{
		{"endpoint", "Endpoint", func(r RouteInfo) string { return r.Endpoint }},
		{"methods", "Methods", func(r RouteInfo) string {
			methods := slices.DeleteFunc(slices.Clone(r.Methods), func(m string) bool { return slices.Contains(hidden, m) })
			return strings.Join(methods, ", ")
		}},
		{"domain", "Host", func(r RouteInfo) string { return r.Host }}, // shown if there is one
		{"rule", "Rule", func(r RouteInfo) string { return r.Rule }},
	}
	sorts := []string{"match"} // the order of registration, as in Flask
	for _, c := range columns {
		sorts = append(sorts, c.sort)
	}
	slices.Sort(sorts)
	by := "endpoint"
	p := l.parser("routes", "Show all registered routes with endpoints and methods.", []option{
		{names: []string{"-s", "--sort"}, value: "COLUMN",
			help: "Sort by endpoint (the default), methods, domain or rule, or leave the order of registration: match.",
			set: func(text string) error {
				if !slices.Contains(sorts, text) {
					return fmt.Errorf("'%s' is not one of %s", text, strings.Join(sorts, ", "))
				}
				by = text
				return nil
			}},
		{names: []string{"--all-methods"}, help: "Show HEAD and OPTIONS too.", set: func(string) error { hidden = nil; return nil }},
	})
	if err := p.parse(args); err != nil {
		return err
	}
	err := l.app.endSetup() // which adds /static
	routes := l.app.Routes()
	for _, c := range columns {
		if c.sort == by {
			slices.SortStableFunc(routes, func(x, y RouteInfo) int { return strings.Compare(c.cell(x), c.cell(y)) })
		}
	}
	if !slices.ContainsFunc(routes, func(r RouteInfo) bool { return r.Host != "" }) {
		columns = slices.DeleteFunc(columns, func(c column) bool { return c.sort == "domain" })
	}
	printTable(l.stdout, columns, routes)
	return err // two routes that collide are found best in the table
}

// printTable prints as Flask does: two spaces between the columns, each as wide
// as its widest cell.
func printTable(w io.Writer, columns []column, routes []RouteInfo) {
	rows := make([][]string, 2+len(routes)) // the heads, the dashes, the routes
	for _, c := range columns {
		width := len(c.head)
		for i, r := range routes {
			cell := cmp.Or(c.cell(r), "-") // a function literal has no endpoint
			rows[2+i] = append(rows[2+i], cell)
			width = max(width, len([]rune(cell)))
		}
		rows[0], rows[1] = append(rows[0], c.head), append(rows[1], strings.Repeat("-", width))
		for _, row := range rows {
			last := &row[len(row)-1]
			*last = fmt.Sprintf("%-*s", width, *last)
		}
	}
	for _, row := range rows {
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "  "), " "))
	}
}

// help prints the list of commands, or the help of one.
func (l *commandLine) help(ctx context.Context, args []string) error {
	switch {
	case len(args) > 1 && (len(args) > 2 || !l.isGroup(args[0])):
		return l.mistake("Got unexpected extra argument (%s)", args[len(args)-1])
	case len(args) > 0 && !isHelp(args[0]) && args[0] != "help":
		return l.do(ctx, append(slices.Clone(args), "--help"))
	}
	l.printHelp(fmt.Sprintf("Without a command, the app is served as by %s run.", l.program))
	return nil
}

func (l *commandLine) isGroup(name string) bool {
	c := findCommand(l.commands, name)
	return c != nil && c.run == nil
}

func (l *commandLine) printHelp(text string) {
	fmt.Fprintf(l.stdout, "Usage: %s %s [ARGS]...\n", l.program, l.usage)
	l.describe(text)
	fmt.Fprintln(l.stdout)
	l.list(l.stdout)
	fmt.Fprintf(l.stdout, "\nTry '%s COMMAND --help' for the help of a command.\n", l.program)
}

func (l *commandLine) describe(help string) {
	if help = strings.TrimSpace(help); help == "" {
		return
	}
	fmt.Fprintln(l.stdout)
	for line := range strings.Lines(help) {
		fmt.Fprintln(l.stdout, strings.TrimRight("  "+wrapText(strings.TrimRight(line, "\n"), 2), " "))
	}
}

func (l *commandLine) list(w io.Writer) {
	var rows [][2]string
	for name, help := range l.builtIn {
		rows = append(rows, [2]string{name, help})
	}
	for _, c := range l.commands {
		first, _, _ := strings.Cut(strings.TrimSpace(c.help), "\n")
		rows = append(rows, [2]string{c.name, first})
	}
	slices.SortFunc(rows, func(x, y [2]string) int { return strings.Compare(x[0], y[0]) })
	fmt.Fprintln(w, "Commands:")
	printRows(w, rows)
}

// printRows prints two columns, indented, the second wrapped.
func printRows(w io.Writer, rows [][2]string) {
	width := 0
	for _, row := range rows {
		width = max(width, len([]rune(row[0])))
	}
	for _, row := range rows {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, row[0], wrapText(row[1], width+4)), " "))
	}
}

// wrapText breaks a line of text that is to stand behind indent columns, so that
// it ends before the 79th, as click's help does. A line that fits stays as it
// is; words are not broken, and a text that has little room gets 20 columns.
func wrapText(line string, indent int) string {
	room := max(78-indent, 20)
	if utf8.RuneCountInString(line) <= room {
		return line
	}
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(line) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+width > room:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}

// --- mistakes on the command line

// usageError is a mistake in how the program was called: exit code 2.
type usageError struct {
	usage   string // hello run [OPTIONS]
	help    string // hello run --help
	mistake string
}

func (e *usageError) Error() string {
	return fmt.Sprintf("Usage: %s\nTry '%s' for help.\n\nError: %s\n", e.usage, e.help, e.mistake)
}

func (l *commandLine) mistake(format string, args ...any) *usageError {
	return &usageError{l.program + " " + l.usage + " [ARGS]...", l.program + " --help", fmt.Sprintf(format, args...)}
}

func (l *commandLine) unknown(name string) error {
	names := slices.Collect(maps.Keys(l.builtIn))
	for _, c := range l.commands {
		names = append(names, c.name)
	}
	return l.mistake("No such command '%s'.%s%s", name, suggestion(name, names), l.listed())
}

// listed is the list of commands, as it stands behind a mistake.
func (l *commandLine) listed() string {
	var commands strings.Builder
	l.list(&commands)
	return "\n\n" + strings.TrimSuffix(commands.String(), "\n")
}

// suggestion suggests the nearest name where it is near, as click does.
func suggestion(asked string, names []string) string {
	slices.Sort(names)
	if near := nearest(asked, names); similarity(near, asked) >= 0.6 {
		return fmt.Sprintf(" Did you mean '%s'?", near)
	}
	return ""
}

// --- options

// An option of a command of every App. Package flag would parse them, but its
// help and its errors know neither --port nor that -p is the same.
type option struct {
	names []string // the long one last
	value string   // what the value is called in the help; empty for a switch
	help  string
	set   func(value string) error
}

func textOption(to *string) func(string) error {
	return func(text string) error { *to = text; return nil }
}

// parser parses the arguments of one command.
type parser struct {
	*commandLine
	name, help string
	options    []option
}

func (l *commandLine) parser(name, help string, options []option) *parser {
	p := &parser{l, name, help, nil}
	p.options = append(options, option{names: []string{"--help"}, help: "Show this message.", set: func(string) error {
		p.printHelp()
		return flag.ErrHelp
	}})
	return p
}

// parse sets the options. It returns flag.ErrHelp if the help was printed.
func (p *parser) parse(args []string) error {
	for len(args) > 0 {
		arg := args[0]
		if len(arg) < 2 || arg[0] != '-' {
			return p.mistake("Got unexpected extra argument (%s)", arg)
		}
		args = args[1:]
		name, value, hasValue := strings.Cut(arg, "=")
		o := p.find(name)
		switch {
		case o == nil:
			return p.mistake("No such option '%s'.%s", name, suggestion(name, p.optionNames()))
		case o.value == "" && hasValue:
			return p.mistake("Option '%s' does not take a value.", name)
		case o.value != "" && !hasValue:
			if len(args) == 0 {
				return p.mistake("Option '%s' requires an argument.", name)
			}
			value, args = args[0], args[1:]
		}
		if err := o.set(value); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
			return p.mistake("Invalid value for '%s': %v.", name, err)
		}
	}
	return nil
}

// find also takes -port for --port, as package flag does, and -h for --help in a
// command that has no other -h.
func (p *parser) find(name string) *option {
	for _, spelling := range []string{name, "-" + name} {
		for i := range p.options {
			if slices.Contains(p.options[i].names, spelling) {
				return &p.options[i]
			}
		}
	}
	if name == "-h" {
		return p.find("--help")
	}
	return nil
}

func (p *parser) optionNames() (names []string) {
	for _, o := range p.options {
		names = append(names, o.names[len(o.names)-1])
	}
	return names
}

func (p *parser) printHelp() {
	fmt.Fprintf(p.stdout, "Usage: %s %s [OPTIONS]\n\n  %s\n\nOptions:\n", p.program, p.name, p.help)
	var rows [][2]string
	for _, o := range p.options {
		rows = append(rows, [2]string{strings.TrimSpace(strings.Join(o.names, ", ") + " " + o.value), o.help})
	}
	printRows(p.stdout, rows)
}

func (p *parser) mistake(format string, args ...any) *usageError {
	command := p.program + " " + p.name
	return &usageError{command + " [OPTIONS]", command + " --help", fmt.Sprintf(format, args...)}
}
