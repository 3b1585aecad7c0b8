package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/hipflask/hipflask"
)

//go:embed teas.json
var teasJSON []byte

type tea struct {
	Name  string
	Cents int
	Notes []string
	New   bool
}

// teas are read when somebody first asks for them, once.
var teas = sync.OnceValues(func() (all []tea, err error) {
	err = json.Unmarshal(teasJSON, &all)
	return all, err
})

func index(c *hipflask.Context) error {
	all, err := teas()
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.JSON(hipflask.Data{"teas": all})
	}
	return c.Render("index.html", hipflask.Data{"teas": all})
}

// euro is a filter: {{.Cents | euro}}.
func euro(cents int) string { return fmt.Sprintf("%d.%02d €", cents/100, cents%100) }
