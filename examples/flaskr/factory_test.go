package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hipflask/hipflask/hipflasktest"
)

func TestCheck(t *testing.T) {
	app, _ := newTestApp(t)
	if err := app.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestHello(t *testing.T) {
	app, _ := newTestApp(t)
	page := hipflasktest.New(t, app).Get("/hello")
	if page.StatusCode != 200 || page.Body != "Hello, World!" {
		t.Errorf("got %s", page)
	}
}

// TestConfig: the defaults, then the instance's file, then the environment; and
// a test's configuration in the place of both.
func TestConfig(t *testing.T) {
	const file = `{"SECRET_KEY": "from the file", "DATABASE": "file.sqlite", "OTHER": 7}`
	for _, test := range []struct {
		name     string
		file     string
		env      map[string]string
		given    map[string]any
		key      string
		database string
		testing  bool
	}{
		{name: "defaults", key: "dev", database: filepath.Join("instance", "flaskr.sqlite")},
		{name: "file", file: file, key: "from the file", database: "file.sqlite"},
		{name: "environment", env: map[string]string{"FLASKR_SECRET_KEY": "from outside", "FLASKR_DATABASE": "data/env.sqlite"},
			key: "from outside", database: "data/env.sqlite"},
		{name: "environment over file", file: file, env: map[string]string{"FLASKR_SECRET_KEY": "from outside"},
			key: "from outside", database: "file.sqlite"},
		{name: "test", file: file, env: map[string]string{"FLASKR_SECRET_KEY": "from outside"}, given: map[string]any{"TESTING": true},
			key: "dev", database: filepath.Join("instance", "flaskr.sqlite"), testing: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			inInstance(t, test.file)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			app, db, err := newApp(test.given)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if app.Config.SecretKey != test.key || app.Config.Get("DATABASE") != test.database || app.Config.Testing != test.testing {
				t.Errorf("got key %q, database %v, testing %t; want %q, %q, %t", app.Config.SecretKey,
					app.Config.Get("DATABASE"), app.Config.Testing, test.key, test.database, test.testing)
			}
		})
	}
}

// TestConfigMistakes: what is wrong is said before the app serves.
func TestConfigMistakes(t *testing.T) {
	for _, test := range []struct {
		name, file, variable, value, want string
	}{
		{"no secret key", "", "FLASKR_SECRET_KEY", "", "flaskr: SECRET_KEY is empty"},
		{"no database", "", "FLASKR_DATABASE", "", `flaskr: DATABASE is ""`},
		{"a number", "", "FLASKR_DATABASE", "7", "flaskr: DATABASE is 7; it must be the path of a file"},
		{"a folder that cannot be", "", "FLASKR_DATABASE", "instance/config.json/flaskr.sqlite", "flaskr: the folder of DATABASE: "},
		{"a key's type", "", "FLASKR_DEBUG", "perhaps", "DEBUG"},
		{"a broken file", "{", "", "", "config.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.file == "" {
				test.file = "{}"
			}
			inInstance(t, test.file)
			if test.variable != "" {
				t.Setenv(test.variable, test.value)
			}
			_, _, err := newApp(nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

// inInstance changes into an empty folder, where instance/config.json holds
// config; there is none if that is empty.
func inInstance(t *testing.T, config string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if config == "" {
		return
	}
	if err := os.Mkdir("instance", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("instance/config.json", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}
