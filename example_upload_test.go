package hipflask_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/hipflask/hipflask"
)

var uploads string // a folder

func upload(c *hipflask.Context) error {
	file, err := c.File("the_file")
	if err != nil {
		return err // 400, or 413 above the limits of Config
	}
	name := hipflask.SecureFilename(file.Filename)
	if err := hipflask.SaveFile(file, uploads, name); err != nil {
		return err // 400 if no name is left, 409 if it is taken
	}
	return c.HTML("%s: %d bytes", name, file.Size)
}

// uploadRequest is what a browser sends for a form with files.
func uploadRequest(field string, names ...string) *http.Request {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, name := range names {
		part, _ := form.CreateFormFile(field, name)
		io.WriteString(part, "some notes")
	}
	form.Close()
	r := httptest.NewRequest("POST", "/upload", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

// An uploaded file is a *multipart.FileHeader, as in net/http.
func ExampleContext_File() {
	uploads, _ = os.MkdirTemp("", "uploads")
	defer os.RemoveAll(uploads)

	app := hipflask.New("upload")
	app.Config.MaxContentLength = 32 << 20
	app.Post("/upload", upload)

	for range 2 {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, uploadRequest("the_file", "My nötes.txt"))
		fmt.Println(w.Code, w.Code == 200 && w.Body.String() == "My_notes.txt: 10 bytes")
	}

	// Output:
	// 200 true
	// 409 false
}

func ExampleContext_Files() {
	app := hipflask.New("upload")
	c := app.NewContext(nil, uploadRequest("photos", "sea.jpg", "sky.jpg"))
	for _, file := range c.Files("photos") {
		fmt.Println(file.Filename, file.Size)
	}

	// Output:
	// sea.jpg 10
	// sky.jpg 10
}

// A name of your own needs no care, and folders within a folder are fine.
func ExampleSaveFile() {
	folder, err := os.MkdirTemp("", "avatars")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	app := hipflask.New("upload")
	c := app.NewContext(nil, uploadRequest("avatar", "me.png"))
	file, err := c.File("avatar")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(hipflask.SaveFile(file, folder, "user-7.png"))
	fmt.Println(hipflask.StatusCode(hipflask.SaveFile(file, folder, "user-7.png")))
	fmt.Println(hipflask.StatusCode(hipflask.SaveFile(file, folder, "../user-7.png")))

	// Output:
	// <nil>
	// 409
	// 400
}

func ExampleSecureFilename() {
	for _, name := range []string{"My cool movie.mov", "../../../etc/passwd", "ümläuts.txt", "☃"} {
		fmt.Printf("%q\n", hipflask.SecureFilename(name))
	}

	// Output:
	// "My_cool_movie.mov"
	// "etc_passwd"
	// "umlauts.txt"
	// ""
}
