package main

import (
	"encoding/csv"

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
