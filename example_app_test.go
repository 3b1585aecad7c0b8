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

func newNotes() *hipflask.App {
	app := hipflask.New("notes")
	app.Config.SecretKey = "change me"

	app.Get("/", index)
	app.Post("/save", save)
	app.Get("/note/<int:id>", note)
	app.ErrorHandler(404, notFound)
	return app
}

func index(c *hipflask.Context) error {
	return c.RenderString(page, nil)
}

func save(c *hipflask.Context) error {
	text, err := c.RequireForm("note")
	if err != nil {
		return err
	}
	c.Session().Set("note", text)
	c.FlashAs("success", "Note saved.")
	return c.RedirectTo("index")
}

func note(c *hipflask.Context) error {
	if c.ParamInt("id") > 99 {
		return hipflask.Abort(404)
	}
	return c.JSON(hipflask.Data{"id": c.ParamInt("id")})
}

func notFound(c *hipflask.Context, err error) error {
	return c.Text("No such note.") // the status is 404 already
}

const page = `<h1>Notes</h1>
{{range get_flashed_messages}}<p class="{{.Category}}">{{.}}</p>{{end}}
{{with session.note}}<p>Last: {{.}}</p>{{end}}
<form method="post" action="{{url_for "save"}}"><input name="note"></form>
`

// A small application, and a browser that uses it: a form, Post/Redirect/Get, a
// flash message that shows once, JSON, and an error page.
func Example() {
	server := httptest.NewServer(newNotes())
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}

	show := func(reply *http.Response, err error) {
		if err != nil {
			fmt.Println(err)
			return
		}
		defer reply.Body.Close()
		body, _ := io.ReadAll(reply.Body)
		fmt.Printf("%d %s\n%s\n", reply.StatusCode, reply.Request.URL.Path, body)
	}
	show(browser.PostForm(server.URL+"/save", url.Values{"note": {"buy <milk>"}}))
	show(browser.Get(server.URL + "/"))
	show(browser.Get(server.URL + "/note/7"))
	show(browser.Get(server.URL + "/note/100"))

	// Output:
	// 200 /
	// <h1>Notes</h1>
	// <p class="success">Note saved.</p>
	// <p>Last: buy &lt;milk&gt;</p>
	// <form method="post" action="/save"><input name="note"></form>
	// 200 /
	// <h1>Notes</h1>
	//
	// <p>Last: buy &lt;milk&gt;</p>
	// <form method="post" action="/save"><input name="note"></form>
	// 200 /note/7
	// {"id":7}
	//
	// 404 /note/100
	// No such note.
}
