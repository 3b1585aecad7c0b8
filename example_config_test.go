package hipflask_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing/fstest"
	"time"

	"github.com/hipflask/hipflask"
)

// Flask's keys are fields, with their Flask names for files and the
// environment. Keys of your own go through Set and Get.
func ExampleConfig() {
	app := hipflask.New("config")
	app.Config.PermanentSessionLifetime = 7 * 24 * time.Hour
	app.Config.Set("MAIL_SERVER", "localhost")

	// In a deployment: MYAPP_SECRET_KEY=... MYAPP_MAIL_SERVER=... ./myapp
	os.Setenv("MYAPP_MAIL_SERVER", "mail.example.com")
	os.Setenv("MYAPP_SESSION_COOKIE_SECURE", "true")
	defer os.Unsetenv("MYAPP_MAIL_SERVER")
	defer os.Unsetenv("MYAPP_SESSION_COOKIE_SECURE")
	if err := app.Config.FromEnv("MYAPP"); err != nil {
		fmt.Println(err)
	}

	fmt.Println(app.Config.Get("MAIL_SERVER"))
	fmt.Println(app.Config.SessionCookieSecure)
	fmt.Println(app.Config.Get("PERMANENT_SESSION_LIFETIME"))
	fmt.Println(app.Config.Get("MAX_CONTENT_LENGTH")) // nobody set it: the default

	err := app.Config.FromMap(map[string]any{"PERMANENT_SESSION_LIFETIME": "a week"})
	fmt.Println(err)

	// Output:
	// mail.example.com
	// true
	// 168h0m0s
	// 16777216
	// hipflask: Config.FromMap: PERMANENT_SESSION_LIFETIME cannot be "a week"; give seconds above 0, or text such as "168h"
}

// A program reads its .env file if there is one.
func ExampleConfig_FromDotEnv() {
	file, err := os.CreateTemp("", "*.env")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	defer os.Unsetenv("SECRET_KEY")
	fmt.Fprintln(file, "SECRET_KEY='5f352379324c22463451387a0aec5d2f'")
	file.Close()

	app := hipflask.New("dotenv")
	if err := app.Config.FromDotEnv(file.Name()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(app.Config.SecretKey)

	// Output:
	// 5f352379324c22463451387a0aec5d2f
}

// A file is JSON, or anything that a library's Unmarshal decodes into a map, as
// with Flask's from_file(name, load=tomllib.load). For TOML that is
//
//	err := app.Config.FromFile("config.toml", toml.Unmarshal)
//
// and examples/config is such a program.
func ExampleConfig_FromFile() {
	file, err := os.CreateTemp("", "*.conf")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	fmt.Fprintln(file, "SECRET_KEY = 5f352379324c22463451387a0aec5d2f")
	fmt.Fprintln(file, "PERMANENT_SESSION_LIFETIME = 3600")
	file.Close()

	app := hipflask.New("conf")
	if err := app.Config.FromFile(file.Name(), unmarshalLines); err != nil {
		fmt.Println(err)
	}
	fmt.Println(app.Config.SecretKey, app.Config.PermanentSessionLifetime)

	// Output:
	// 5f352379324c22463451387a0aec5d2f 1h0m0s
}

// unmarshalLines stands for the Unmarshal of a library.
func unmarshalLines(data []byte, v any) error {
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok {
			return fmt.Errorf("%q is no KEY = value", line)
		}
		(*v.(*map[string]any))[key] = value
	}
	return nil
}

// Where a template was looked for, and which file counts.
func ExampleConfig_explainTemplateLoading() {
	app := hipflask.New("blog")
	app.Config.Root = fstest.MapFS{"templates/index.html": {Data: []byte("home")}}
	app.Config.ExplainTemplateLoading = true
	app.Config.Logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	admin := hipflask.NewBlueprint("admin", "/admin")
	admin.Templates(fstest.MapFS{"index.html": {Data: []byte("the admin's")}})
	app.Register(admin)
	if err := app.Check(); err != nil {
		fmt.Println(err)
	}

	// Output:
	// level=INFO msg="locating template" template=index.html places.1="application blog: found (templates/index.html)" places.2="blueprint admin: found (index.html), hidden by an earlier place" warning="several places have the template; the first is used"
}
