package hipflask_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"

	"github.com/hipflask/hipflask"
)

func publish(c *hipflask.Context) error {
	if c.Form("title") == "" {
		c.FlashAs("error", "Title cannot be empty")
		return c.RedirectTo("inbox")
	}
	c.FlashAs("success", "Published.")
	c.Flash("Tell your friends.") // the category "message"
	return c.RedirectTo("inbox")
}

func inbox(c *hipflask.Context) error {
	return c.RenderString(`
{{- range get_flashed_messages "category_filter" "error"}}<p class="error">{{.}}</p>{{end}}
{{- range get_flashed_messages "category_filter" (list "success" "message")}}<p class="{{.Category}}">{{.}}</p>{{end -}}
`, nil)
}

// A flashed message waits in the session for the next page that shows messages.
func ExampleContext_Flash() {
	app := hipflask.New("flash")
	app.Config.SecretKey = "change me"
	app.Get("/", inbox)
	app.Post("/publish", publish)

	server := httptest.NewServer(app)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar} // follows redirects

	show := func(reply *http.Response, err error) {
		if err != nil {
			fmt.Println(err)
			return
		}
		defer reply.Body.Close()
		body, _ := io.ReadAll(reply.Body)
		fmt.Printf("%s: %s\n", reply.Request.URL.Path, body)
	}
	show(browser.PostForm(server.URL+"/publish", url.Values{}))
	show(browser.PostForm(server.URL+"/publish", url.Values{"title": {"News"}}))
	show(browser.Get(server.URL + "/"))

	// Output:
	// /: <p class="error">Title cannot be empty</p>
	// /: <p class="success">Published.</p><p class="message">Tell your friends.</p>
	// /:
}
