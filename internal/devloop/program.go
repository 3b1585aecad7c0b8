package devloop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Program is a main package that can be built.
type Program struct {
	Dir   string   // of its source
	flags []string // that it was built with
}

// Find finds the source of the running program. Its error says why it cannot be
// built; it is [ErrTest] in a test.
func Find() (*Program, error) {
	info, ok := debug.ReadBuildInfo()
	switch {
	case flag.Lookup("test.v") != nil:
		return nil, ErrTest
	case !Supported:
		return nil, errors.New("this system cannot hand a listener to another process")
	case !ok:
		return nil, errors.New("the program does not know how it was built")
	}
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("there is no go command: %w", err)
	}
	return find(mainFile(), info)
}

// find is Find for a program of which main.main stands in a file, "" if that is not
// known.
func find(file string, info *debug.BuildInfo) (*Program, error) {
	// Nobody asks this build for its commit, and git refuses in a clone of another
	// owner.
	p := &Program{flags: []string{"-buildvcs=false"}}
	for _, s := range info.Settings {
		switch {
		case (s.Key == "-tags" || s.Key == "-ldflags") && s.Value != "":
			p.flags = append(p.flags, s.Key+"="+s.Value)
		case s.Key == "-race" && s.Value == "true":
			p.flags = append(p.flags, s.Key)
		}
	}
	asked := info.Path // with -trimpath, or where main did not call
	if file != "" {
		p.Dir, asked = filepath.Dir(file), "."
	}
	cmd := exec.Command("go", slices.Concat([]string{"list", "-json=Name,Dir,GoFiles,CgoFiles"}, p.flags, []string{"--", asked})...)
	cmd.Dir = p.Dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("its source is not found: %s", strings.TrimSpace(stderr.String()+problem(stderr.Bytes(), err)))
	}
	var l listed
	if err := json.Unmarshal(out, &l); err != nil {
		return nil, fmt.Errorf("its source is not found: %w", err)
	}
	if l.Name != "main" {
		return nil, fmt.Errorf("%s is package %s, not main", l.Dir, l.Name)
	}
	if name := filepath.Base(file); file != "" && !slices.Contains(l.GoFiles, name) && !slices.Contains(l.CgoFiles, name) {
		return nil, fmt.Errorf("%s does not belong to the program that go build makes of %s", name, l.Dir)
	}
	p.Dir = l.Dir
	return p, nil
}

// ErrTest is why a program of go test is not built anew.
var ErrTest = errors.New("a test runs it")

// mainFile is the source of main.main, if that has called.
func mainFile() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		if frame.Function == "main.main" && filepath.IsAbs(frame.File) {
			if _, err := os.Stat(frame.File); err == nil {
				return frame.File
			}
		}
		if !more {
			return ""
		}
	}
}

// build builds the program and returns what the go command says.
func (p *Program) build(ctx context.Context, binary string) ([]byte, error) {
	return p.goCommand(ctx, slices.Concat([]string{"build"}, p.flags, []string{"-o", binary, "."})...).CombinedOutput()
}

func (p *Program) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = p.Dir
	return cmd
}

// listed is what is asked of go list of a package.
type listed struct {
	Name       string
	Dir        string
	GoFiles    []string
	CgoFiles   []string
	Standard   bool
	EmbedFiles []string
	Module     *module
}

type module struct {
	Main    bool
	GoMod   string
	Dir     string
	Version string
	Replace *module
}

// isLocal reports whether the package's source can be expected to change.
func (l *listed) isLocal() bool {
	m := l.Module
	return !l.Standard && m != nil && (m.Main || m.Replace != nil && m.Replace.Version == "")
}

// files returns what the program consists of. Where the go command cannot tell, it
// is the files of the main package, and there is an error too.
func (p *Program) files(ctx context.Context, live, extra, exclude []string) (*fileSet, error) {
	fs := &fileSet{exclude: exclude}
	fs.addFolder(p.Dir)
	for _, file := range extra {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			fs.trees = append(fs.trees, absolute(file))
		} else {
			fs.files = append(fs.files, absolute(file))
		}
	}
	fs.files = append(fs.files, absolute(".env"))
	if out, err := p.goCommand(ctx, "env", "GOWORK").Output(); err == nil {
		if work := strings.TrimSpace(string(out)); filepath.IsAbs(work) { // else it is off, or there is none
			fs.files = append(fs.files, work)
		}
	}
	for dir := p.Dir; ; dir = filepath.Dir(dir) {
		fs.files = append(fs.files, filepath.Join(dir, ".env"), filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"), filepath.Join(dir, "go.work"))
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			fs.addModule(dir)
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	out, err := p.goCommand(ctx, slices.Concat(
		[]string{"list", "-e", "-deps", "-json=Dir,Standard,EmbedFiles,Module"}, p.flags, []string{"."})...).Output()
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var l listed
		if bad := decoder.Decode(&l); bad != nil {
			err = errors.Join(err, bad)
			break
		}
		if l.Dir == "" || !l.isLocal() {
			continue
		}
		fs.addFolder(l.Dir)
		for _, file := range l.EmbedFiles {
			if file = filepath.Join(l.Dir, file); !isWithin(file, live) {
				fs.files = append(fs.files, file)
			}
		}
		fs.addModule(l.Module.Dir)
		if l.Module.GoMod != "" {
			fs.files = append(fs.files, l.Module.GoMod, strings.TrimSuffix(l.Module.GoMod, ".mod")+".sum")
		}
	}
	return fs, err
}

func isWithin(file string, folders []string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool {
		return strings.HasPrefix(file, dir+string(filepath.Separator))
	})
}

func absolute(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}

// fileSet is the files that are watched.
type fileSet struct {
	folders []string // all Go files in them but tests
	files   []string
	trees   []string // all files in and below them
	modules []string // all Go files in and below them, while the program does not compile
	broken  bool     // it does not: what it lacks may be a package that is not there yet
	exclude []string
}

func (fs *fileSet) addModule(dir string) {
	if dir != "" && !slices.Contains(fs.modules, dir) {
		fs.modules = append(fs.modules, dir)
	}
}

func (fs *fileSet) addFolder(dir string) {
	if !slices.Contains(fs.folders, dir) {
		fs.folders = append(fs.folders, dir)
	}
}

// state is what shows that a file has changed.
type state struct{ modified, size int64 }

// snapshot has the state of each file that there is.
type snapshot map[string]state

// differs names the first file that is not the same in both, "" if there is none.
func (s snapshot) differs(other snapshot) string {
	var names []string
	for name, st := range s {
		if o, found := other[name]; !found || o != st {
			names = append(names, name)
		}
	}
	for name := range other {
		if _, found := s[name]; !found {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

func (fs *fileSet) snapshot() snapshot {
	s := snapshot{}
	for _, dir := range fs.folders {
		entries, _ := os.ReadDir(dir) // one that has gone has no files
		for _, e := range entries {
			if isSource(e.Name()) && !isEditors(e.Name()) {
				fs.look(s, filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, file := range fs.files {
		fs.look(s, file)
	}
	for _, tree := range fs.trees {
		walk(tree, func(file string) { fs.look(s, file) })
	}
	if fs.broken {
		fs.addModules(s)
	}
	return s
}

func (fs *fileSet) addModules(s snapshot) {
	for _, dir := range fs.modules {
		walk(dir, func(file string) {
			if isSource(file) {
				fs.look(s, file)
			}
		})
	}
}

// isSource reports the files that the go command may compile.
func isSource(name string) bool {
	switch filepath.Ext(name) {
	case ".go":
		return !strings.HasSuffix(name, "_test.go")
	case ".c", ".cc", ".cpp", ".h", ".s", ".syso":
		return true
	}
	return false
}

func (fs *fileSet) look(s snapshot, file string) {
	for _, pattern := range fs.exclude {
		if matches(pattern, file) {
			return
		}
	}
	if info, err := os.Stat(file); err == nil && !info.IsDir() {
		s[file] = state{info.ModTime().UnixNano(), info.Size()}
	}
}

// matches matches a whole path, or its last part, against a pattern as the shell
// has them. Here, as in Python's fnmatch, a star also matches a slash.
func matches(pattern, file string) bool {
	const slash = "\x00" // which path.Match takes for a letter
	flat := func(s string) string { return strings.ReplaceAll(filepath.ToSlash(s), "/", slash) }
	whole, _ := path.Match(flat(pattern), flat(file))
	base, _ := path.Match(pattern, filepath.Base(file))
	return whole || base
}

// isEditors reports the names of the files that editors keep beside those that are
// edited, and other hidden ones. Those that begin with .env are the program's.
func isEditors(name string) bool {
	env := (name == ".env" || strings.HasPrefix(name, ".env.")) && !strings.HasPrefix(filepath.Ext(name), ".sw")
	return strings.HasSuffix(name, "~") || strings.HasPrefix(name, ".") && !env
}

// walk visits the files in and below dir. Of what npm installs there are too many
// to look at again and again.
func walk(dir string, visit func(file string)) {
	_ = filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
		case !d.IsDir() && !isEditors(d.Name()):
			visit(file)
		case d.IsDir() && file != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return filepath.SkipDir
		}
		return nil
	})
}
