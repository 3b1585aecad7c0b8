package forms_test

import (
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
	"github.com/hipflask/hipflask/hipflasktest"
)

const (
	png  = "\x89PNG\r\n\x1a\n and the rest"
	jpeg = "\xff\xd8\xff and the rest"
	page = "<!doctype html><script>alert(1)</script>"
	zip  = "PK\x03\x04 and the rest"
)

type uploads struct {
	Picture *multipart.FileHeader   `accept:"image/png,.jpg,.jpeg" maxsize:"1KB" minsize:"5"`
	Any     *multipart.FileHeader   `validate:"optional"`
	Must    *multipart.FileHeader   `validate:"required" message_required:"A file, please."`
	Images  []*multipart.FileHeader `accept:"image/*"`
	Notes   *multipart.FileHeader   `accept:"text/csv,.txt,.docx,audio/wav"`
	Least   *multipart.FileHeader   `minsize:"10"`
	Parts   []struct{ File *multipart.FileHeader }
}

// TestFiles: what is said of uploaded files, by their size, name and content.
func TestFiles(t *testing.T) {
	const types = "File does not have an approved extension: "
	const csv = types + "text/csv, .txt, .docx, audio/wav"
	for _, test := range []struct{ field, name, content, want string }{
		{"picture", "a.png", png, ""},
		{"picture", "A.PNG", png, ""},
		{"picture", "a.jpg", jpeg, ""},
		{"picture", "blob", png, ""},
		{"picture", "blob", page, types + "image/png, .jpg, .jpeg"},
		{"picture", "a.png", page, types + "image/png, .jpg, .jpeg"},
		{"picture", "a.png", jpeg, types + "image/png, .jpg, .jpeg"},
		{"picture", "a.html", png, types + "image/png, .jpg, .jpeg"},
		{"picture", "a.png.html", png, types + "image/png, .jpg, .jpeg"},
		{"picture", "a.gif", "GIF89a......", types + "image/png, .jpg, .jpeg"},
		{"picture", "a.png", png + strings.Repeat("x", 1100), "File must be between 5 and 1024 bytes."},
		{"picture", "a.png", "x", "File must be between 5 and 1024 bytes."},
		{"least", "a", "x", "File must be at least 10 bytes."},
		{"any", "a.exe", "MZ", ""},
		{"images", "a.gif", "GIF89a......", ""},
		{"images", "a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", ""},
		{"images", "a.svg", page, types + "image/*"},
		{"images", "a.pdf", "%PDF-1.7....", types + "image/*"},
		{"notes", "a.csv", "a,b\n1,2\n", ""},
		{"notes", "a.csv", page, csv},
		{"notes", "a.csv", zip, csv},
		{"notes", "a.txt", "text", ""},
		{"notes", "a.docx", zip, ""},
		{"notes", "a.docx", page, csv},
		{"notes", "a.wav", "RIFF\x00\x00\x00\x00WAVE", ""},
		{"notes", "a.wav", "text", csv},
	} {
		app := newApp()
		app.Post("/", func(c *hipflask.Context) error {
			var in uploads
			form := forms.New(c, &in)
			form.ValidateOnSubmit()
			return c.Text(strings.Join(form.Field(test.field).Errors(), " "))
		}).Name("index")
		got := hipflasktest.New(t, app).PostMultipart("/", nil, hipflasktest.File{Field: test.field, Name: test.name, Content: test.content})
		if got.Body != test.want {
			t.Errorf("%s %q %.20q: got %s, want %s", test.field, test.name, test.content, got, test.want)
		}
	}
}

// TestManyFiles: several files, files in a list, and none at all.
func TestManyFiles(t *testing.T) {
	app := newApp()
	app.Post("/", func(c *hipflask.Context) error {
		var in uploads
		form := forms.New(c, &in)
		form.ValidateOnSubmit()
		var parts []string
		for _, p := range in.Parts {
			parts = append(parts, p.File.Filename)
		}
		return c.Text(fmt.Sprint(len(in.Images), in.Picture == nil, parts, form.Errors()))
	}).Name("index")
	client := hipflasktest.New(t, app)
	got := client.PostMultipart("/", nil, hipflasktest.File{Field: "images", Name: "a.png", Content: png}, hipflasktest.File{Field: "images", Name: "b.png", Content: png},
		hipflasktest.File{Field: "parts-3-file", Name: "three", Content: "x"}, hipflasktest.File{Field: "parts-1-file", Name: "one", Content: "x"})
	if got.Body != "2 true [one three] map[must:[A file, please.]]" {
		t.Errorf("got %s", got)
	}
	if got := client.PostForm("/", url.Values{"picture": {"no file"}, "must": {""}}); got.Body != "0 true [] map[must:[A file, please.]]" {
		t.Errorf("got %s", got)
	}
}
