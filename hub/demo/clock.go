package demo

import (
	"sync/atomic"
	"time"
)

// clock is what the clock of the simulated box shows. Only the hub's watch over its
// clock looks at it: the alarm's delays do not run by any clock that can be set.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// set sets the clock by so much, forward or back.
func (c *clock) set(by time.Duration) { c.ahead.Add(int64(by)) }

// off is how much it is wrong.
func (c *clock) off() time.Duration { return time.Duration(c.ahead.Load()) }
