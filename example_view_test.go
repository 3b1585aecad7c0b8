package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

// userAPI answers for the users that it knows.
type userAPI struct{ names map[int]string }

func (v *userAPI) Get(c *hipflask.Context) error {
	name, ok := v.names[c.ParamInt("id")]
	if !ok {
		return hipflask.Abort(404)
	}
	return c.JSON(name)
}

func (v *userAPI) Delete(c *hipflask.Context) error {
	return c.NoContent()
}

// The methods of a value answer the methods of HTTP.
func ExampleApp_View() {
	app := hipflask.New("views")
	app.View("/users/<int:id>", &userAPI{names: map[int]string{1: "Ada"}})

	for _, request := range [][2]string{{"GET", "/users/1"}, {"GET", "/users/2"}, {"DELETE", "/users/1"}, {"PUT", "/users/1"}} {
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(request[0], request[1], nil))
		fmt.Printf("%s %s %d %q\n", request[0], request[1], w.Code, w.Header().Get("Allow"))
	}
	// Output:
	// GET /users/1 200 ""
	// GET /users/2 404 ""
	// DELETE /users/1 204 ""
	// PUT /users/1 405 "DELETE, GET, HEAD, OPTIONS"
}
