// Stocks keeps a visitor's stock in the session, field by field, and shows it in
// a table that the template fills from the session itself.
//
//	go run ./examples/stocks
package main

import (
	"embed"
	"log"

	"github.com/hipflask/hipflask"
	"github.com/hipflask/hipflask/forms"
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

// stockForm has the names of the session: StockSymbol is stock_symbol in the page. The
// number is a pointer, so that it begins empty and not as 0.
type stockForm struct {
	StockSymbol    string `validate:"required" autocomplete:"off" attrs:"autocapitalize=characters"`
	NumberOfShares *int   `label:"Number of Shares" validate:"required,min=1" autocomplete:"off"`
	PurchasePrice  string `label:"Purchase Price ($)" validate:"required" pattern:"[0-9]+([.][0-9]+)?" message_pattern:"Write it as 302.17." autocomplete:"off" attrs:"inputmode=decimal"`
	Add            forms.Submit
}

func addStock(c *hipflask.Context) error {
	var in stockForm
	form := forms.New(c, &in)
	if form.ValidateOnSubmit() {
		c.Session().Set("stock_symbol", in.StockSymbol)
		c.Session().Set("number_of_shares", *in.NumberOfShares)
		c.Session().Set("purchase_price", in.PurchasePrice)
		return c.RedirectTo("listStocks")
	}
	if form.IsSubmitted() {
		c.Status(400) // as for request.form of a field that is missing
	}
	return c.Render("add_stock.html", hipflask.Data{"form": form})
}

func listStocks(c *hipflask.Context) error {
	return c.Render("stocks.html", nil)
}

func displayBlogPost(c *hipflask.Context) error {
	return c.HTML("<h1>Blog Post #%d...</h1>", c.ParamInt("post_id"))
}
