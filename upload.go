package hipflask

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
)

// Files returns all files uploaded under a field's name, in the order sent:
// Flask's request.files.getlist. There are none for a form over the limits, of
// which the reply will be 413 whatever the handler prepares. See [Context.File].
func (c *Context) Files(name string) []*multipart.FileHeader {
	return c.parseForm().files[name]
}

// SaveFile writes an uploaded file to a folder that exists: Flask's
// request.files[name].save(path), but it never leaves the folder, not even by a
// link, and never overwrites. The name may come from [SecureFilename], or it is
// yours; it may lie in folders within, which must exist.
//
// The error is right to return: 400 for a name that cannot be a file's, such as
// "" or "../x", 409 for one that is taken, which is also fs.ErrExist, else
// what went wrong on the disk; a file begun is then removed again.
func SaveFile(file *multipart.FileHeader, folder, name string) error {
	if !filepath.IsLocal(name) || strings.ContainsRune(name, 0) || filepath.Clean(name) == "." {
		return badName(fmt.Errorf("hipflask: SaveFile: %q is no name of a file in a folder", name))
	}
	in, err := file.Open()
	if err != nil {
		return fmt.Errorf("hipflask: SaveFile: %w", err)
	}
	defer in.Close()
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("hipflask: SaveFile: %w", err)
	}
	defer root.Close()
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	switch {
	case errors.Is(err, fs.ErrExist):
		return Error(http.StatusConflict, "There is a file of this name already.").Wrap(err)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return badName(err)
	case err != nil:
		return fmt.Errorf("hipflask: SaveFile: %w", err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		err = errors.Join(err, root.Remove(name))
		return fmt.Errorf("hipflask: SaveFile: %w", err)
	}
	return nil
}

func badName(err error) error {
	return Error(http.StatusBadRequest, "The file needs another name to be kept.").Wrap(err)
}

// SecureFilename makes a visitor's name for a file safe to use in a folder:
// ASCII letters, digits, dots, dashes and underscores, with no path and no dot
// at its front. Spaces become underscores, and Latin letters lose their accents. It
// is "" if nothing is left, so have a name of your own at hand; and two
// visitors may send one name. It is Werkzeug's secure_filename.
func SecureFilename(name string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '/' || unicode.IsSpace(r):
			return ' '
		case r == '_' || r == '-' || r == '.' || r > unicode.MaxASCII:
			return r
		case r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z':
			// a backslash too, on every system
			return -1
		}
		return r
	}, name)
	plain = strings.Map(withoutAccent, strings.Join(strings.Fields(plain), "_"))
	plain = strings.Trim(plain, "._")
	if plain != "" && !filepath.IsLocal(plain) {
		plain = "_" + plain // a device of Windows, such as CON or nul.txt
	}
	return plain
}

// withoutAccent returns the ASCII letter below a Latin letter's marks, and -1 for
// what has none.
func withoutAccent(r rune) rune {
	if r <= unicode.MaxASCII {
		return r
	}
	lower := unicode.ToLower(r)
	for _, letters := range accented {
		if !strings.ContainsRune(letters, lower) {
			continue
		}
		if base := rune(letters[0]); lower == r {
			return base
		} else {
			return unicode.ToUpper(base)
		}
	}
	return -1
}

// accented are the letters of Latin alphabets that Unicode takes apart into an
// ASCII letter, the first, and marks. Werkzeug decomposes all of Unicode, also
// signs such as ½ and the ligature fi, for which Go's library has no table.
var accented = []string{
	"aªàáâãäåāăąǎǟǡǻȁȃȧḁẚạảấầẩẫậắằẳẵặ",
	"bḃḅḇ",
	"cçćĉċčḉ",
	"dďḋḍḏḑḓ",
	"eèéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
	"fḟ",
	"gĝğġģǧǵḡ",
	"hĥȟḣḥḧḩḫẖ",
	"iìíîïĩīĭįǐȉȋḭḯỉị",
	"jĵǰ",
	"kķǩḱḳḵ",
	"lĺļľŀḷḹḻḽ",
	"mḿṁṃ",
	"nñńņňŉǹṅṇṉṋ",
	"oºòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ",
	"pṕṗ",
	"rŕŗřȑȓṙṛṝṟ",
	"sśŝşšſșṡṣṥṧṩẛ",
	"tţťțṫṭṯṱẗ",
	"uùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
	"vṽṿ",
	"wŵẁẃẅẇẉẘ",
	"xẋẍ",
	"yýÿŷȳẏẙỳỵỷỹ",
	"zźżžẑẓẕ",
}
