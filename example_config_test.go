package hipflask_test

import (
	"fmt"
	"os"
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
