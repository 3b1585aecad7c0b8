package hipflask_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/hipflask/hipflask"
)

// slug matches lower-case words joined by dashes, and makes a slug of any title
// that a URL is built for.
type slug struct{}

func (slug) Match(text string) (bool, error) {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == "", nil
}

func (slug) Text(value any) (string, error) {
	title, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%v is no title", value)
	}
	return strings.ReplaceAll(strings.ToLower(title), " ", "-"), nil
}

func (slug) Weight() int { return 100 } // as a string's

// A converter of your own has a name in rules.
func ExampleApp_Converter() {
	app := hipflask.New("converter")
	app.Converter("slug", func(hipflask.ConverterArgs) (hipflask.Converter, error) { return slug{}, nil })
	app.Get("/read/<slug:title>", func(c *hipflask.Context) error {
		return c.Text(c.Param("title"))
	}).Name("read")

	c := app.NewContext(nil, httptest.NewRequest("GET", "/", nil))
	fmt.Println(c.URLFor("read", "title", "Hello World"))
	for _, path := range []string{"/read/hello-world", "/read/Hello"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}

	// Output:
	// /read/hello-world <nil>
	// /read/hello-world 200
	// /read/Hello 404
}
