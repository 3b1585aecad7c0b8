// Command config is a program whose configuration is a TOML file: Flask's
// app.config.from_file("config.toml", load=tomllib.load).
package main

import (
	"log"

	"github.com/hipflask/hipflask"
	"github.com/pelletier/go-toml/v2"
)

func main() {
	app, err := newApp("config.toml")
	if err != nil {
		log.Fatal(err)
	}
	app.Main()
}

func newApp(file string) (*hipflask.App, error) {
	app := hipflask.New("config")
	if err := app.Config.FromFile(file, toml.Unmarshal); err != nil {
		return nil, err
	}
	if err := app.Config.FromEnv("CONFIG"); err != nil { // what differs from place to place
		return nil, err
	}
	app.Get("/", index)
	return app, nil
}

func index(c *hipflask.Context) error {
	greetings := c.App().Config.Get("GREETINGS").([]any)
	mail := c.App().Config.Get("MAIL").(map[string]any)
	return c.HTML("<p>%s! Mail goes to %s, port %d.</p>", greetings[0], mail["SERVER"], mail["PORT"])
}
