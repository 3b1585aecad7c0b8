package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hipflask/hipflask"
)

// export writes rows as they come, however many there are.
func export(c *hipflask.Context) error {
	all, err := teas() // what can fail comes before the first byte
	if err != nil {
		return err
	}
	c.Header().Set("Content-Type", "text/csv; charset=utf-8")
	rows := csv.NewWriter(c.Attachment("teas.csv").Writer())
	for _, t := range all {
		if err := rows.Write([]string{t.Name, euro(t.Cents)}); err != nil {
			return err // the visitor has gone
		}
	}
	rows.Flush()
	return rows.Error()
}

// progress tells how far a long job is. Flush sends each line at once.
func progress(c *hipflask.Context) error {
	c.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.Header().Set("X-Accel-Buffering", "no") // nginx passes it on at once, too
	w := c.Writer()
	for done := 25; done <= 100; done += 25 {
		select {
		case <-c.Request.Context().Done():
			return nil // the visitor has gone, so nobody waits for the rest
		case <-time.After(stepTime):
		}
		if _, err := fmt.Fprintf(w, "%d %%\n", done); err != nil {
			return err
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
	}
	return nil
}

// stepTime stands for the work of a step.
var stepTime = 300 * time.Millisecond

// countLines reads a body of any size without keeping it.
func countLines(c *hipflask.Context) error {
	lines, buffer := 0, make([]byte, 32<<10)
	for {
		n, err := c.Request.Body.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte("\n"))
		if err == io.EOF {
			return c.JSON(hipflask.Data{"lines": lines})
		}
		if err != nil {
			return err // 413 above the route's MaxContentLength
		}
	}
}
