package auth

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Figures of the brakes. The first freeTries wrong tries at one thing cost
// nothing; then the wait is 1 s and doubles up to MaxWait. Buckets slow one
// network and the whole hub, whatever is tried.
const (
	freeTries = 5
	forgetIn  = 24 * time.Hour // a thing that nobody tried for so long starts afresh

	networkBurst  = 20
	networkRefill = 15 * time.Second // one try a
	hubBurst      = 60
	hubRefill     = time.Second

	mostCounts = 8192 // things and networks that are remembered
)

// brakes slow guessing. They are told the time, and forget by restarting: who
// can restart the hub holds the box.
type brakes struct {
	mu      sync.Mutex
	counts  map[string]count
	buckets map[string]bucket
}

// count is the wrong tries at one thing: an account's password, its second
// factor, the claim codes as tried from one network.
type count struct {
	fails int
	last  time.Time
}

// wait is how long the next try has to wait at now, at most most.
func (c count) wait(now time.Time, most time.Duration) time.Duration {
	if c.fails < freeTries || now.Sub(c.last) > forgetIn {
		return 0
	}
	w := min(time.Second<<min(c.fails-freeTries, 30), most)
	// A clock that was set back must not make the wait longer than w.
	return min(w, max(0, c.last.Add(w).Sub(now)))
}

// bucket holds tries that have been made; they drain one by one.
type bucket struct {
	full float64
	last time.Time
}

func (b bucket) drained(now time.Time, refill time.Duration) bucket {
	if passed := now.Sub(b.last); passed > 0 {
		b.full = max(0, b.full-float64(passed)/float64(refill))
	}
	b.last = now
	return b
}

// wait is how long until there is room for one more, b being drained.
func (b bucket) wait(burst float64, refill time.Duration) time.Duration {
	return max(0, time.Duration((b.full+1-burst)*float64(refill)))
}

// try is one try that the brakes let through. It counts as wrong until right
// is called, so that many at once cannot slip past.
type try struct {
	b       *brakes
	thing   string
	network string // "" for a known browser, which the buckets leave alone
	most    time.Duration
}

// begin lets one try at thing through, or refuses it with *TooMany.
func (b *brakes) begin(now time.Time, thing string, from netip.Addr, known bool) (try, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.counts == nil {
		b.counts, b.buckets = make(map[string]count), make(map[string]bucket)
	}
	t := try{b: b, thing: thing, network: network(from), most: MaxWait}
	if known {
		t.thing, t.network, t.most = "known:"+thing, "", MaxWaitKnown
	}
	c := b.counts[t.thing]
	wait := c.wait(now, t.most)
	var hub, net bucket
	if t.network != "" {
		hub = b.buckets[""].drained(now, hubRefill)
		net = b.buckets[t.network].drained(now, networkRefill)
		wait = max(wait, hub.wait(hubBurst, hubRefill), net.wait(networkBurst, networkRefill))
	}
	if wait > 0 {
		return try{}, &TooMany{After: wait}
	}
	b.makeRoom()
	if now.Sub(c.last) > forgetIn {
		c.fails = 0
	}
	b.counts[t.thing] = count{fails: c.fails + 1, last: now}
	if t.network != "" {
		hub.full++
		net.full++
		b.buckets[""], b.buckets[t.network] = hub, net
	}
	return t, nil
}

// right takes the try back: it was no guess.
func (t try) right() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	delete(t.b.counts, t.thing)
	if t.network == "" {
		return
	}
	for _, name := range []string{"", t.network} {
		k := t.b.buckets[name]
		k.full = max(0, k.full-1)
		t.b.buckets[name] = k
	}
}

// wrong tells how many tries are left before waits begin, the wait that has
// begun, and how many wrong ones there were.
func (t try) wrong(now time.Time) (left int, wait time.Duration, fails int) {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	c := t.b.counts[t.thing]
	return max(0, freeTries-c.fails), c.wait(now, t.most), c.fails
}

// tally counts something that is only to be told of, and returns how often it
// was.
func (b *brakes) tally(now time.Time, thing string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts[thing]
	if now.Sub(c.last) > forgetIn {
		c.fails = 0
	}
	c.fails, c.last = c.fails+1, now
	b.counts[thing] = c
	return c.fails
}

// forget clears the counters of a thing, for everybody.
func (b *brakes) forget(thing string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.counts, thing)
	delete(b.counts, "known:"+thing)
}

// makeRoom forgets the oldest quarter when there are too many. At the hub's
// rate it takes well over an hour to push a count out, longer than any wait.
func (b *brakes) makeRoom() {
	if len(b.counts) >= mostCounts {
		byAge := slices.SortedFunc(maps.Keys(b.counts), func(x, y string) int {
			return b.counts[x].last.Compare(b.counts[y].last)
		})
		for _, k := range byAge[:mostCounts/4] {
			delete(b.counts, k)
		}
	}
	if len(b.buckets) >= mostCounts {
		// What drained long ago is as good as new; the rest was here lately.
		byAge := slices.SortedFunc(maps.Keys(b.buckets), func(x, y string) int {
			return b.buckets[x].last.Compare(b.buckets[y].last)
		})
		for _, k := range byAge[:mostCounts/4] {
			if k != "" {
				delete(b.buckets, k)
			}
		}
	}
}

// network is the /24 or /64 that a is in: neighbours share their tries.
func network(a netip.Addr) string {
	bits := 64
	if a.Is4() || a.Is4In6() {
		a, bits = a.Unmap(), 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "?" // no address: all such clients share one
	}
	return p.String()
}
