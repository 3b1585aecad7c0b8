package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hipflask/hipflask"
)

var allowedExtensions = []string{".txt", ".pdf", ".png", ".jpg"}

func upload(c *hipflask.Context) error {
	file, err := c.File("photo")
	if err != nil {
		return err // 400 without a file, 413 above the limit
	}
	name := hipflask.SecureFilename(file.Filename)
	if !slices.Contains(allowedExtensions, strings.ToLower(filepath.Ext(name))) {
		return hipflask.Error(415, "Send one of "+strings.Join(allowedExtensions, " ")+".")
	}
	err = hipflask.SaveFile(file, uploadFolder(c.App()), name)
	if errors.Is(err, fs.ErrExist) {
		c.FlashAs("error", "There is a file "+name+" already.")
		return c.RedirectTo("listUploads")
	}
	if err != nil {
		return err
	}
	c.FlashAs("success", name+" is saved.")
	return c.RedirectTo("listUploads")
}

func listUploads(c *hipflask.Context) error {
	entries, err := os.ReadDir(uploadFolder(c.App()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries = slices.DeleteFunc(entries, fs.DirEntry.IsDir)
	return c.Render("uploads.html", hipflask.Data{"files": entries})
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
