package main

import (
	"fmt"
	"slices"
	"sync"

	"github.com/hipflask/hipflask"
)

// singlePage is the one page of a program that runs in the browser. Its script
// reads the path and asks the API for the rest.
func singlePage(c *hipflask.Context) error {
	return c.Render("app.html", hipflask.Data{"settings": map[string]any{"maxLength": maxNote}})
}

const maxNote = 200

type note struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

// notes is what the API serves. Handlers run at the same time, so it has a lock.
type notes struct {
	mu   sync.Mutex
	last int
	all  []note
}

// newAPI speaks JSON only, in its errors too.
func newAPI() *hipflask.Blueprint {
	n := &notes{}
	api := hipflask.NewBlueprint("api", "/api")
	api.Get("/notes", n.list)
	api.Post("/notes", n.add).MaxContentLength(16 << 10)
	api.Delete("/notes/<int:id>", n.remove)

	hipflask.OnError(api, jsonError)
	for _, code := range []int{404, 405} { // where no rule below /api fits
		api.ErrorHandler(code, func(c *hipflask.Context, err error) error {
			return c.JSON(hipflask.Data{"error": fmt.Sprint(code, " for ", c.Request.URL.Path)})
		})
	}
	return api
}

// jsonError answers for every error that has a status. The reply has it already.
func jsonError(c *hipflask.Context, err *hipflask.HTTPError) error {
	return c.JSON(hipflask.Data{"error": err.Message})
}

func (n *notes) list(c *hipflask.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return c.JSON(hipflask.Data{"notes": slices.Clone(n.all)})
}

func (n *notes) add(c *hipflask.Context) error {
	var sent note
	if err := c.BindJSON(&sent); err != nil {
		return err // 400, 413 or 415
	}
	if sent.Text == "" || len(sent.Text) > maxNote {
		return hipflask.Error(422, "A note has 1 to 200 bytes.")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	sent.ID = n.last
	n.all = append(n.all, sent)
	return c.Status(201).JSON(sent)
}

func (n *notes) remove(c *hipflask.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := len(n.all)
	n.all = slices.DeleteFunc(n.all, func(each note) bool { return each.ID == c.ParamInt("id") })
	if len(n.all) == before {
		return hipflask.Abort(404)
	}
	return c.NoContent()
}
