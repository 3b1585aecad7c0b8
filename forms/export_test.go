package forms

import "time"

// SetClock sets what time it is, for tests.
func (csrf *CSRF) SetClock(now func() time.Time) { csrf.now = now }
