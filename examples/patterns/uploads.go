package main

import (
	"errors"
	"io/fs"
	"mime/multipart"
	"os"
	"path"
	"slices"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
)

// uploadForm is the form of a file. Name and content must both be of a kind that
// accept has.
type uploadForm struct {
	Photo *multipart.FileHeader `label:"A file" validate:"required" accept:".txt,.pdf,.png,.jpg" message_accept:"Send one of .txt .pdf .png .jpg."`
	Send  forms.Submit
}

// ValidatePhoto refuses a name of which only the ending is left, such as "☃.txt".
func (f *uploadForm) ValidatePhoto(*hipflask.Context, *forms.Field) error {
	if path.Ext(hipflask.SecureFilename(f.Photo.Filename)) == "" {
		return forms.Invalid("Give the file another name.")
	}
	return nil
}

func uploads(c *hipflask.Context) error {
	var in uploadForm
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		return keep(c, in.Photo)
	}
	switch {
	case !form.IsSubmitted():
	case in.Photo == nil:
		c.Status(400)
	default:
		c.Status(415)
	}
	entries, err := os.ReadDir(uploadFolder(c.App()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries = slices.DeleteFunc(entries, fs.DirEntry.IsDir)
	return c.Render("uploads.html", hipflask.Data{"form": form, "files": entries})
}

// keep saves a file under the name that it came with, if that is free.
func keep(c *hipflask.Context, file *multipart.FileHeader) error {
	name := hipflask.SecureFilename(file.Filename)
	err := hipflask.SaveFile(file, uploadFolder(c.App()), name)
	if errors.Is(err, fs.ErrExist) {
		c.FlashAs("error", "There is a file "+name+" already.")
		return c.RedirectTo("uploads")
	}
	if err != nil {
		return err
	}
	c.FlashAs("success", name+" is saved.")
	return c.RedirectTo("uploads")
}

// showUpload sends a file that a visitor brought, as a download: a page of
// somebody else's must not run as one of this site.
func showUpload(c *hipflask.Context) error {
	root, err := os.OpenRoot(uploadFolder(c.App()))
	if err != nil {
		return hipflask.Abort(404).Wrap(err)
	}
	defer root.Close()
	return c.Attachment("").SendFile(root.FS(), c.Param("name"))
}
