package main

import (
	"bytes"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/hipflask/hipflask"
)

// maxCached bounds what a decorator keeps: visitors choose the addresses.
const maxCached = 1000

type cachedPage struct {
	header http.Header
	body   []byte
	until  time.Time
}

// cached keeps the page of each address for a while. It is for pages that are
// the same for everybody: not for those that show a session or a user.
func cached(lifetime time.Duration) func(hipflask.HandlerFunc) hipflask.HandlerFunc {
	var mu sync.Mutex
	pages := map[string]cachedPage{}

	return func(next hipflask.HandlerFunc) hipflask.HandlerFunc {
		return func(c *hipflask.Context) error {
			if c.Request.Method != http.MethodGet {
				return next(c)
			}
			address := c.Request.Host + c.Request.URL.RequestURI()
			mu.Lock()
			page, found := pages[address]
			mu.Unlock()
			if found && time.Now().Before(page.until) {
				maps.Copy(c.Header(), page.header.Clone())
				return c.Bytes(page.header.Get("Content-Type"), page.body)
			}

			if err := next(c); err != nil {
				return err
			}
			if !mayBeKept(c) {
				return nil
			}
			page = cachedPage{c.Header().Clone(), bytes.Clone(c.Response().Body), time.Now().Add(lifetime)}
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

// mayBeKept reports whether the reply that a handler prepared is a whole page, and
// has no header against keeping it. It cannot see that a page shows a session: the
// session's Vary: Cookie is added when the reply is sent.
func mayBeKept(c *hipflask.Context) bool {
	reply, header := c.Response(), c.Header()
	if reply.Status != 0 && reply.Status != http.StatusOK || reply.Body == nil {
		return false // an error, a redirect, a stream
	}
	return len(header["Vary"]) == 0 && len(header["Set-Cookie"]) == 0
}

// report takes long to make.
func report(c *hipflask.Context) error {
	all, err := teas()
	if err != nil {
		return err
	}
	return c.HTML("<p>%d teas, as of %s</p>", len(all), time.Now().Format(time.TimeOnly))
}
