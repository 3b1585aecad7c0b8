package hipflask_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/hipflask/hipflask"
)

// A test may ask what was rendered, with which data, and not only how it looks.
func ExampleSignal_Connect() {
	app := hipflask.New("signals")
	app.Get("/", func(c *hipflask.Context) error {
		return c.RenderString("Hello {{.name}}", hipflask.Data{"name": "Ada"})
	})

	disconnect := hipflask.TemplateRendered.Connect(app, func(c *hipflask.Context, r hipflask.Rendering) {
		fmt.Println("rendered for", c.Request.URL.Path, "with", r.Data["name"])
	})
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	disconnect()
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	// Output:
	// rendered for / with Ada
}

// orderPaid is a signal of the application's own.
var orderPaid = hipflask.NewSignal[int]("order_paid")

func ExampleNewSignal() {
	app := hipflask.New("shop")
	app.Post("/pay/<int:order>", func(c *hipflask.Context) error {
		orderPaid.Send(c, c.ParamInt("order"))
		return c.NoContent()
	})
	orderPaid.Connect(app, func(c *hipflask.Context, order int) { fmt.Println("paid:", order) })

	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/pay/7", nil))
	// Output:
	// paid: 7
}
