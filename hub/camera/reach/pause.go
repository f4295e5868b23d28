package reach

import (
	"math/rand/v2"
	"time"
)

// Drawn is a pause of about so long before a camera is tried again, from half of it to
// half as much again: all cameras of a house do not come back at once after a power cut.
func Drawn(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause) //nolint:gosec // nobody gains by guessing it
}
