package hipflask_test

import (
	"fmt"
	"testing/fstest"

	"github.com/hipflask/hipflask"
)

// Check finds at start, or in a test, what a visitor would find one by one. Run
// does it too.
func ExampleApp_Check() {
	app := hipflask.New("check")
	app.Config.Root = fstest.MapFS{
		"templates/a.html": {Data: []byte(`<a href="{{url_for "hom"}}">Home</a>`)},
		"templates/b.html": {Data: []byte(`{{extends "lay.html"}}`)},
	}
	app.Get("/", func(c *hipflask.Context) error { return c.Text("home") }).Name("home")

	fmt.Println(app.Check())

	// Output:
	// hipflask: template b.html:1:2: it extends "lay.html": file does not exist in templates/
	// hipflask: template a.html:1:11: cannot build a URL for endpoint "hom": there is no such endpoint; did you mean "home"?
}
