package main

import (
	"fmt"

	"github.com/hipflask/hipflask"
)

// item is a line of the basket, which is kept in the session.
type item struct {
	Tea   string `json:"tea"`
	Count int    `json:"count"`
}

// maxItems bounds the basket: a session must fit into its cookie.
const maxItems = 20

func addToBasket(c *hipflask.Context) error {
	var basket []item
	c.Session().Get("basket", &basket) // stays empty for a new visitor
	if len(basket) >= maxItems {
		c.FlashAs("error", "The basket is full.")
		return c.RedirectTo("showBasket")
	}
	basket = append(basket, item{Tea: c.Param("tea"), Count: 1})
	c.Session().Set("basket", basket) // Get gave a copy: without Set nothing changes
	c.FlashAs("success", c.Param("tea")+" is in the basket.")
	return c.RedirectTo("showBasket")
}

func showBasket(c *hipflask.Context) error {
	return c.Render("basket.html", nil)
}

// checkout empties the basket and says, once, what was in it.
func checkout(c *hipflask.Context) error {
	var basket []item
	if !c.Session().Pop("basket", &basket) {
		return hipflask.Error(409, "The basket is empty.")
	}
	c.Flash(fmt.Sprint("Thank you! Ordered: ", len(basket)))
	return c.RedirectTo("showBasket")
}
