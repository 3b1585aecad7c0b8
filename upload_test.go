package hipflask

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// twoFiles is a form with two files under one name.
func twoFiles(t *testing.T) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range []string{"b.txt", "a.txt"} {
		part, err := w.CreateFormFile("docs", name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, "this is "+name)
	}
	w.Close()
	return post(w.FormDataContentType(), b.String())
}

func TestFiles(t *testing.T) {
	app, _ := newTestApp(t)
	w := request(t, app, twoFiles(t), func(c *Context) error {
		var names []string
		for _, file := range c.Files("docs") {
			names = append(names, file.Filename)
		}
		return c.Text(fmt.Sprint(names, len(c.Files("other"))))
	})
	if got := w.Body.String(); got != "[b.txt a.txt] 0" {
		t.Errorf("got %s, want both files in the order sent", got)
	}

	app, _ = newTestApp(t)
	app.Config.MaxFormParts = 1
	w = request(t, app, twoFiles(t), func(c *Context) error { return c.Text(fmt.Sprint(len(c.Files("docs")))) })
	if w.Code != 413 {
		t.Errorf("over the limit: got %d %s, want 413", w.Code, w.Body)
	}
}

func TestSaveFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "uploads")
	outside := filepath.Join(filepath.Dir(folder), "outside")
	for _, dir := range []string{folder, filepath.Join(folder, "inner"), outside} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "taken.txt"), []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"away": outside, "link.txt": filepath.Join(outside, "new.txt")} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	for _, test := range []struct {
		name string
		want int // the status of the error, 0 for none
	}{
		{"a.txt", 0},
		{"inner/a.txt", 0},
		{"taken.txt", 409},
		{"inner", 409},
		{"link.txt", 409},
		{"", 400},
		{".", 400},
		{"..", 400},
		{"inner/..", 400},
		{"../a.txt", 400},
		{"inner/../../a.txt", 400},
		{"/etc/passwd", 400},
		{"a\x00.txt", 400},
		{strings.Repeat("x", 300), 400},
		{"missing/a.txt", 500}, // the programmer's folder
		{"away/a.txt", 500},
	} {
		app, _ := newTestApp(t)
		request(t, app, twoFiles(t), func(c *Context) error {
			err := SaveFile(c.Files("docs")[0], folder, test.name)
			got := 0
			if err != nil {
				got = StatusCode(err)
			}
			if got != test.want || (got == 409) != errors.Is(err, fs.ErrExist) {
				t.Errorf("SaveFile to %.20q: got %d, %v; want %d", test.name, got, err, test.want)
			}
			return c.NoContent()
		})
	}
	for name, want := range map[string]string{"a.txt": "this is b.txt", "inner/a.txt": "this is b.txt", "taken.txt": "first"} {
		if got, err := os.ReadFile(filepath.Join(folder, name)); string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
		}
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("outside of the folder: %v, %v", left, err)
	}
}

// TestSecureFilename holds names to Werkzeug's (§12, its last line; more of them
// asked of Werkzeug 3.1.8).
func TestSecureFilename(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"My cool movie.mov", "My_cool_movie.mov"},
		{"../../../etc/passwd", "etc_passwd"},
		{"i contain cool ümläuts.txt", "i_contain_cool_umlauts.txt"},
		{"i contain cool u\u0308mla\u0308uts.txt", "i_contain_cool_umlauts.txt"},
		{".bashrc", "bashrc"},
		{`a/b\c.txt`, "a_bc.txt"},
		{"☃", ""},
		{"..", ""},
		{"", ""},
		{"__x__.py", "x__.py"},
		{"._x_.", "x"},
		{"-rf", "-rf"},
		{"a..", "a"},
		{"a:b", "ab"},
		{"a  b", "a_b"},
		{"a\tb\nc", "a_b_c"},
		{"a\u00a0b", "a_b"},
		{"a\x00b.txt", "ab.txt"},
		{"日本.txt", "txt"},
		{"Straße.txt", "Strae.txt"},
		{"Łódź.pdf", "odz.pdf"},
		{"Ærø.txt", "r.txt"},
		{"ẤÅİÝ", "AAIY"},
		{"\xff.txt", "txt"},
		// Werkzeug takes these apart; see accented.
		{"ﬁn.txt", "n.txt"}, // fin.txt
		{"½.txt", "txt"},    // 12.txt
		{"ＡＢＣ.txt", "txt"},  // ABC.txt
		{"Ⅷ™²Ǆ.txt", "txt"}, // VIIITM2DZ.txt
	} {
		if got := SecureFilename(test.name); got != test.want {
			t.Errorf("SecureFilename(%q) = %q, want %q", test.name, got, test.want)
		}
	}
	device := "CON"
	if runtime.GOOS == "windows" {
		device = "_CON"
	}
	if got := SecureFilename("CON"); got != device {
		t.Errorf("SecureFilename(CON) = %q, want %q", got, device)
	}
}

// FuzzSecureFilename: whatever comes out stays in a folder and is secure already.
func FuzzSecureFilename(f *testing.F) {
	for _, name := range []string{"a b.txt", "../é", `C:\x`, "_-_.", "\xff\u00a0ﬁ"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := SecureFilename(name)
		if got != "" && (!filepath.IsLocal(got) || filepath.Base(got) != got) {
			t.Errorf("%q became %q, which leads elsewhere", name, got)
		}
		if again := SecureFilename(got); again != got && "_"+again != got {
			t.Errorf("%q became %q, then %q", name, got, again)
		}
	})
}
