package hipflask_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/hipflask/hipflask"
)

// show asks an App and prints the status, and the Location or the body.
func show(app http.Handler, method, target string) {
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	said := w.Header().Get("Location")
	if said == "" {
		said = w.Body.String()
	}
	fmt.Println(strings.TrimSpace(fmt.Sprint(method, " ", target, " ", w.Code, " ", said)))
}

// The App behind a request is Flask's current_app, and a file of Config.Root
// its open_resource.
func ExampleContext_App() {
	app := hipflask.New("blog")
	app.Config.Root = fstest.MapFS{"schema.sql": {Data: []byte("create table post")}}
	app.Config.Set("PAGE_SIZE", 20)
	app.Get("/", func(c *hipflask.Context) error {
		schema, err := fs.ReadFile(c.App().Config.Root, "schema.sql")
		if err != nil {
			return err
		}
		return c.Text(fmt.Sprintf("%s, %v a page", schema, c.App().Config.Get("PAGE_SIZE")))
	})
	show(app, "GET", "/")

	// Output:
	// GET / 200 create table post, 20 a page
}

// Request is net/http's, with its body, its header and its lengths. Route is the
// rule that matched.
func ExampleContext_Route() {
	app := hipflask.New("raw")
	bp := hipflask.NewBlueprint("notes", "/notes")
	bp.Post("/<int:id>", func(c *hipflask.Context) error {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			return err
		}
		fmt.Printf("%s, %d bytes: %s\n", c.Request.Header.Get("Content-Type"), c.Request.ContentLength, body)
		fmt.Println(c.Route().Endpoint(), c.Route().Rule(), c.Route().Blueprint(), c.Param("id"))
		return c.NoContent()
	}).Name("save")
	app.Register(bp)

	r := httptest.NewRequest("POST", "/notes/7", strings.NewReader("# Milk"))
	r.Header.Set("Content-Type", "text/markdown")
	app.ServeHTTP(httptest.NewRecorder(), r)

	// Output:
	// text/markdown, 6 bytes: # Milk
	// notes.save /notes/<int:id> notes 7
}

// A reply is prepared and not yet sent, so a hook, or the handler itself, may
// change all of it.
func ExampleContext_Response() {
	app := hipflask.New("signed")
	app.Get("/", func(c *hipflask.Context) error { return c.Status(201).Text("made") })
	app.AfterRequest(func(c *hipflask.Context) error {
		reply := c.Response()
		reply.Status = 202
		reply.Body = append(reply.Body, " by us"...)
		c.Header().Set("X-Bytes", fmt.Sprint(len(reply.Body)))
		return nil
	})
	show(app, "GET", "/")

	// Output:
	// GET / 202 made by us
}

// stars is a grade, which is written so.
type stars int

func (s stars) MarshalJSON() ([]byte, error) { return json.Marshal(strings.Repeat("*", int(s))) }

// JSON is encoding/json's: a type says how it is written.
func ExampleContext_JSON() {
	type review struct {
		Title string `json:"title"`
		Grade stars  `json:"grade"`
		Draft bool   `json:"draft,omitempty"`
	}
	app := hipflask.New("reviews")
	app.Get("/", func(c *hipflask.Context) error { return c.JSON(review{"Tea & cake", 3, false}) })
	show(app, "GET", "/")

	var again struct{ Title string } // outside of requests
	if err := json.Unmarshal([]byte(`{"title":"Tea"}`), &again); err != nil {
		fmt.Println(err)
	}
	fmt.Println(again.Title)

	// Output:
	// GET / 200 {"title":"Tea & cake","grade":"***"}
	// Tea
}

// What a reply is told before it is prepared stays: here how long one file may
// be kept, and where the proxy finds the other (X-Sendfile, as nginx calls it).
func ExampleContext_Header() {
	app := hipflask.New("headers")
	app.Config.Root = fstest.MapFS{"static/logo.svg": {Data: []byte("<svg/>")}}
	app.Get("/logo", func(c *hipflask.Context) error {
		c.Header().Set("Cache-Control", "max-age=60")
		return c.SendFile(c.App().Config.Root, "static/logo.svg")
	})
	app.Get("/film", func(c *hipflask.Context) error {
		c.Header().Set("X-Accel-Redirect", "/films/1.mp4")
		return c.Attachment("film.mp4").Bytes("video/mp4", nil)
	})
	for _, path := range []string{"/logo", "/film"} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, w.Header()["Cache-Control"], w.Header()["X-Accel-Redirect"], w.Body)
	}

	// Output:
	// 200 [max-age=60] [] <svg/>
	// 200 [] [/films/1.mp4]
}

// dbKey is Flask's g.db: what a request opened, closed when it is over.
var dbKey = hipflask.NewKey[*connection]("db")

type connection struct{ query string }

func (d *connection) Close() { fmt.Println("closed after", d.query) }

func db(c *hipflask.Context) *connection {
	d, ok := dbKey.Get(c)
	if !ok {
		d = &connection{}
		dbKey.Set(c, d)
	}
	return d
}

// A database for each request that asks for one.
func ExampleApp_Teardown() {
	app := hipflask.New("db")
	app.Teardown(func(c *hipflask.Context, err error) {
		if d, ok := dbKey.Get(c); ok {
			d.Close()
		}
	})
	app.Get("/posts", func(c *hipflask.Context) error {
		db(c).query = "select 1"
		return c.Text("the posts")
	})
	app.Get("/about", func(c *hipflask.Context) error { return c.Text("about us") })
	show(app, "GET", "/posts")
	show(app, "GET", "/about")

	// Output:
	// closed after select 1
	// GET /posts 200 the posts
	// GET /about 200 about us
}
