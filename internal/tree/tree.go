// Package tree reads the files of the repository, for the tests of its rules.
// They run in its root.
package tree

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files returns the files of the repository, with slashes, but for those that
// Git and Python keep and what a test was built into.
func Files(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case d.IsDir() && strings.HasPrefix(name, ".") && name != "." && name != ".ci", name == "__pycache__":
			return fs.SkipDir
		case d.Type().IsRegular() && name != ".git" && !strings.HasSuffix(name, ".test"):
			files = append(files, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Text returns what a file holds, each line ended by a line feed alone.
func Text(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
