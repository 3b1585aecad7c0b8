package hipflask_test

import (
	"cmp"
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

func negotiate(c *hipflask.Context) error {
	c.Header().Add("Vary", "Accept, Accept-Language")
	text := "Hello!"
	if cmp.Or(hipflask.AcceptLanguages(c.Request).BestMatch("en", "de"), "en") == "de" {
		text = "Hallo!"
	}
	if hipflask.AcceptMimetypes(c.Request).BestMatch("text/html", "application/json") == "application/json" {
		return c.JSON(hipflask.Data{"greeting": text})
	}
	return c.HTML("<p>%s</p>\n", text)
}

// One address for people and programs, in the language they like best: Flask's
// request.accept_mimetypes and accept_languages.
func ExampleAccept_BestMatch() {
	app := hipflask.New("greeting")
	app.Get("/", negotiate)

	for _, header := range [][2]string{
		{"text/html,application/xml;q=0.9,*/*;q=0.8", "de-AT,de;q=0.9,en;q=0.5"}, // a browser
		{"application/json", "fr"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", header[0])
		r.Header.Set("Accept-Language", header[1])
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Print(w.Body)
	}

	// Output:
	// <p>Hallo!</p>
	// {"greeting":"Hello!"}
}
