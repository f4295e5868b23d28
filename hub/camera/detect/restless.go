package detect

import (
	"math/bits"
	"time"
)

// What a camera learns to take no notice of.
const (
	// restlessFrom is in how many of its last 64 comparisons a cell has to move until
	// it counts no more: the better part of a minute, of a picture each second. Who
	// walks through is in a cell for three seconds.
	restlessFrom = 48
	// restlessTo is in how many it has to move to stay so, and restFor how many
	// comparisons it may move in fewer: wind comes in gusts.
	restlessTo = 8
	restFor    = 120
	// restlessMost is how many cells count no more, at most: a fifth of the picture.
	restlessMost = gridW * gridH / 5
	// absent is how long nothing may be compared until all of it is forgotten.
	absent = 2 * time.Minute

	// What changes so much of the picture is a light, in so many of the last 64
	// comparisons and in no more: a lamp is one, and a camera that turns to infrared
	// takes some until it has found its exposure.
	lightParts = 4
	lightOf    = 5
	lightMost  = 5
)

// rest is what a camera has learnt of its picture: which cells never rest.
type rest struct {
	at      time.Time             // of the last comparison
	history [gridW * gridH]uint64 // of each cell, one bit for each comparison: it moved, or one beside it
	quiet   [gridW * gridH]uint8  // of each restless cell, for how many comparisons it has moved little
	is      cells                 // that are restless
	light   uint64                // one bit for each comparison, too: it was a light
}

// masked are the cells that count no more: those that are restless and all around
// them, where a twig gets now and then.
func (r *rest) masked() cells { return r.is.around() }

// known are the cells that something moved in lately.
func (r *rest) known() cells {
	known := r.is
	for i, h := range r.history {
		if h != 0 {
			known.put(i%gridW, i/gridW)
		}
	}
	return known
}

// sort says where something moved that counts, and where something did that does
// not. A cell first learns of what would count, were nothing restless beside it: three
// cells at once that touch each other. From then on it learns of whatever stirs in it: a
// clock's digits are now and then much alike.
func (r *rest) sort(at time.Time, on, stirs cells, light bool) (counts, rests []Box) {
	if at.Sub(r.at) >= absent {
		*r = rest{}
	}
	r.at = at
	r.light <<= 1
	if light {
		r.light |= 1
		if bits.OnesCount64(r.light) <= lightMost {
			return nil, nil
		}
	}
	mask := r.masked()
	counts, _ = on.but(mask).things(minCells)
	rests, _ = on.and(mask).things(minCells)
	if !light {
		_, fresh := on.but(r.is).things(minCells)
		r.learn(fresh.around().or(stirs.around().and(r.known())))
	}
	return counts, rests
}

// learn takes what moved in one comparison.
func (r *rest) learn(on cells) {
	for i := range r.history {
		x, y := i%gridW, i/gridW
		r.history[i] = r.history[i]<<1 | on[y]>>x&1
		switch times := bits.OnesCount64(r.history[i]); {
		case !r.is.has(x, y):
			if times >= restlessFrom {
				r.admit(i)
			}
		case times >= restlessTo:
			r.quiet[i] = 0
		case r.quiet[i] < restFor:
			r.quiet[i]++
		default:
			r.is.take(x, y)
		}
	}
}

// admit has a cell be restless, if there is room for it.
func (r *rest) admit(i int) {
	r.is.put(i%gridW, i/gridW)
	r.quiet[i] = 0
	if mask := r.masked(); mask.count() > restlessMost {
		r.is.take(i%gridW, i/gridW)
	}
}

// forget has everything within a box count at once, and be learnt anew.
func (r *rest) forget(b Box) {
	for i := range r.history {
		x, y := i%gridW, i/gridW
		if b.overlap(Box{float64(x) / gridW, float64(y) / gridH, float64(x+1) / gridW, float64(y+1) / gridH}) > 0 {
			r.history[i] = 0
			r.is.take(x, y)
		}
	}
}

// share is how much of the picture counts no more, 0 to 1.
func (r *rest) share() float64 {
	mask := r.masked()
	return float64(mask.count()) / (gridW * gridH)
}

// parts are the boxes around what counts no more.
func (r *rest) parts() []Box {
	parts, _ := r.masked().things(1)
	return parts
}
