package main

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/hipflask/hipflask"
)

// newApp is the application factory: it makes the app. A test gives its own
// configuration, and nothing else is read then.
func newApp(testConfig map[string]any) (*hipflask.App, error) {
	app := hipflask.New("flaskr")
	if err := configure(&app.Config, testConfig); err != nil {
		return nil, err
	}

	app.Get("/hello", hello)
	return app, nil
}

// configure sets the defaults, then what the instance's file says, then what
// the environment says.
func configure(config *hipflask.Config, testConfig map[string]any) error {
	config.SecretKey = "dev" // for a first try; the instance has its own
	config.Set("DATABASE", filepath.Join("instance", "flaskr.sqlite"))
	if testConfig != nil {
		return config.FromMap(testConfig)
	}
	err := config.FromFile(filepath.Join("instance", "config.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := config.FromEnv("FLASKR"); err != nil {
		return err
	}
	if config.SecretKey == "" {
		return errors.New("flaskr: SECRET_KEY is empty, and without it nobody can log in; " +
			"set FLASKR_SECRET_KEY to a long random text, such as openssl rand -hex 32 prints")
	}
	return nil
}

func hello(c *hipflask.Context) error {
	return c.HTML("Hello, World!")
}
