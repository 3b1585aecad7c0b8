package hipflask_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/hipflask/hipflask"
)

type todo struct {
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

func addTodo(c *hipflask.Context) error {
	var item todo
	if err := c.BindJSON(&item); err != nil {
		return err // 400, 413 or 415
	}
	if item.Title == "" {
		return hipflask.Error(422, "A todo needs a title.")
	}
	return c.Status(http.StatusCreated).JSON(item)
}

func jsonError(c *hipflask.Context, err *hipflask.HTTPError) error {
	return c.JSON(hipflask.Data{"error": err.Message, "status": err.Code})
}

// A JSON API: typed in, typed out, and errors as JSON too.
func ExampleContext_BindJSON() {
	app := hipflask.New("api")
	app.Post("/todos", addTodo)
	hipflask.OnError(app, jsonError)

	for _, body := range []string{`{"title": "write docs"}`, `{"title": ""}`, `{"title": 7}`, `{`} {
		r := httptest.NewRequest("POST", "/todos", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}

	// Output:
	// 201 {"title":"write docs","done":false}
	// 422 {"error":"A todo needs a title.","status":422}
	// 400 {"error":"The JSON field \"title\" has the wrong type.","status":400}
	// 400 {"error":"The body is not the JSON this address accepts.","status":400}
}
