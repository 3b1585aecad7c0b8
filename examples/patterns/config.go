package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/hipflask/hipflask"
)

// loadConfig sets the configuration in layers: defaults, a file, the
// environment, and what a test asks for. The last one wins.
func loadConfig(app *hipflask.App, testConfig map[string]any) error {
	app.Config.Set("UPLOAD_FOLDER", "uploads")
	app.Config.Set("PAGE_SIZE", 20)

	err := app.Config.FromFile("patterns.json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := app.Config.FromEnv("PATTERNS"); err != nil { // PATTERNS_SECRET_KEY=…
		return err
	}
	if err := app.Config.FromMap(testConfig); err != nil {
		return err
	}
	if app.Config.SecretKey == "" {
		app.Config.SecretKey = rand.Text() // sessions end with the program
	}
	return nil
}

// pageSize is how many things a page of a long list has.
func pageSize(app *hipflask.App) int {
	size, _ := app.Config.Get("PAGE_SIZE").(int)
	return max(size, 1)
}

// pictureFolder has the pictures that savePicture made, and nothing else.
func pictureFolder(app *hipflask.App) string {
	return filepath.Join(uploadFolder(app), "pictures")
}

// uploadFolder is a key of the program's own, with its type.
func uploadFolder(app *hipflask.App) string {
	folder, _ := app.Config.Get("UPLOAD_FOLDER").(string)
	return folder
}
