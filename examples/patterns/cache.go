package main

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// maxCached bounds what a decorator keeps: visitors choose the addresses.
const maxCached = 1000

type cachedPage struct {
	body        []byte
	contentType string
	until       time.Time
}

// cached keeps the page of each address for a while. It is for pages that are
// the same for everybody: not for those that show a session or a user.
func cached(lifetime time.Duration) func(hipflask.HandlerFunc) hipflask.HandlerFunc {
	var mu sync.Mutex
	pages := map[string]cachedPage{}

	return func(next hipflask.HandlerFunc) hipflask.HandlerFunc {
		return func(c *hipflask.Context) error {
			address := c.Request.URL.RequestURI()
			mu.Lock()
			page, found := pages[address]
			mu.Unlock()
			if found && time.Now().Before(page.until) {
				return c.Bytes(page.contentType, page.body)
			}

			if err := next(c); err != nil {
				return err
			}
			reply := c.Response()
			if reply.Status != 0 && reply.Status != http.StatusOK || reply.Body == nil {
				return nil // an error, a redirect, a stream
			}
			page = cachedPage{bytes.Clone(reply.Body), c.Header().Get("Content-Type"), time.Now().Add(lifetime)}
			mu.Lock()
			defer mu.Unlock()
			if len(pages) >= maxCached {
				clear(pages)
			}
			pages[address] = page
			return nil
		}
	}
}

// report takes long to make.
func report(c *hipflask.Context) error {
	all, err := teas()
	if err != nil {
		return err
	}
	return c.HTML("<p>%d teas, as of %s</p>", len(all), time.Now().Format(time.TimeOnly))
}
