// Stocks keeps a visitor's stock in the session, field by field, and shows it in
// a table that the template fills from the session itself.
//
//	go run ./examples/stocks
package main

import (
	"embed"
	"log"

	"github.com/hipflask/hipflask"
)

//go:embed templates static
var files embed.FS

func main() {
	if err := newApp().Run(); err != nil {
		log.Fatal(err)
	}
}

func newApp() *hipflask.App {
	app := hipflask.New("stocks")
	app.Config.Root = files
	app.Config.SecretKey = "BAD_SECRET_KEY"

	app.Get("/", index)
	app.Route("/add_stock", addStock, "GET", "POST")
	app.Get("/stocks/", listStocks)
	app.Get("/blog_posts/<int:post_id>", displayBlogPost)
	return app
}

func index(c *hipflask.Context) error {
	return c.Render("index.html", nil)
}

func addStock(c *hipflask.Context) error {
	if c.Request.Method == "POST" {
		for _, field := range []string{"stock_symbol", "number_of_shares", "purchase_price"} {
			value, err := c.RequireForm(field) // request.form[field]
			if err != nil {
				return err
			}
			c.Session().Set(field, value)
		}
		return c.RedirectTo("listStocks")
	}
	return c.Render("add_stock.html", nil)
}

func listStocks(c *hipflask.Context) error {
	return c.Render("stocks.html", nil)
}

func displayBlogPost(c *hipflask.Context) error {
	return c.HTML("<h1>Blog Post #%d...</h1>", c.ParamInt("post_id"))
}
