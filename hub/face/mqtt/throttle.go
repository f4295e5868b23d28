package mqtt

import (
	"sync"
	"time"
)

// throttle lets one log line through each second and counts the others: who
// guesses at the door must not fill the disk.
type throttle struct {
	mu   sync.Mutex
	last time.Time
	held int
}

// allow tells whether to log now, and how many were held back before.
func (t *throttle) allow(now time.Time) (held int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.last) < time.Second {
		t.held++
		return 0, false
	}
	held, t.held, t.last = t.held, 0, now
	return held, true
}
