package hipflask_test

import (
	"fmt"
	"net/http/httptest"

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

	posted := httptest.NewRecorder()
	app.ServeHTTP(posted, httptest.NewRequest("POST", "/publish", nil))
	fmt.Println(posted.Code, posted.Header().Get("Location"))

	next := httptest.NewRequest("GET", "/", nil)
	for _, cookie := range posted.Result().Cookies() {
		next.AddCookie(cookie)
	}
	shown := httptest.NewRecorder()
	app.ServeHTTP(shown, next)
	fmt.Println(shown.Body)

	// Output:
	// 302 /
	// <p class="error">Title cannot be empty</p>
}
