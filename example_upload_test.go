package hipflask_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/hipflask/hipflask"
)

var uploads = os.TempDir()

func upload(c *hipflask.Context) error {
	header, err := c.File("the_file")
	if err != nil {
		return err // 400, or 413 above the limits of Config
	}
	in, err := header.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	// The name is the visitor's word; the file gets one of ours.
	out, err := os.Create(filepath.Join(uploads, "uploaded_file.txt"))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return c.HTML("%s: %d bytes", header.Filename, header.Size)
}

// An uploaded file is a *multipart.FileHeader, as in net/http.
func ExampleContext_File() {
	app := hipflask.New("upload")
	app.Config.MaxContentLength = 32 << 20
	app.Post("/upload", upload)

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("the_file", "notes.txt")
	io.WriteString(part, "some notes")
	form.Close()
	r := httptest.NewRequest("POST", "/upload", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	os.Remove(filepath.Join(uploads, "uploaded_file.txt"))

	// Output:
	// 200 notes.txt: 10 bytes
}
