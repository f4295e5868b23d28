package flac

import (
	"math/bits"
	"slices"
)

// Kinds of a channel (§9.2.1).
const (
	constant = 0
	verbatim = 1
	fixed    = 8 // and the order of its prediction
)

// channel codes the samples of one, as short as it can (§9.2).
func (w *bitWriter) channel(samples []int32, depth int) {
	var some uint32 // what any sample has
	same := true
	for _, s := range samples {
		some |= uint32(s)
		same = same && s == samples[0]
	}
	if same {
		w.put(constant<<1, 8)
		w.signed(samples[0], depth)
		return
	}
	wasted := bits.TrailingZeros32(some)
	if wasted > 0 {
		samples = slices.Clone(samples)
		for i := range samples {
			samples[i] >>= wasted
		}
		depth -= wasted
	}
	p, size := predict(samples, depth)
	if size >= len(samples)*depth {
		w.kind(verbatim, wasted)
		for _, s := range samples {
			w.signed(s, depth)
		}
		return
	}
	w.kind(fixed+p.order, wasted)
	for _, s := range samples[:p.order] {
		w.signed(s, depth)
	}
	w.rice(p.left, p.rice)
}

// kind is what a channel begins with.
func (w *bitWriter) kind(kind, wasted int) {
	if wasted == 0 {
		w.put(uint64(kind<<1), 8)
		return
	}
	w.put(uint64(kind<<1|1), 8)
	w.put(1, wasted)
}

// prediction is how samples are told by those before them (§9.2.5).
type prediction struct {
	order int
	left  []int32 // what is wrong of each behind the first, which are as many as the order
	rice  int     // bits of these that are written as they are
}

const orders = 5 // of the fixed predictors: 0 to 4

// predict finds the prediction that leaves least, and its bits.
func predict(samples []int32, depth int) (best prediction, size int) {
	wrong := slices.Clone(samples) // by no prediction at all
	size = -1
	for order := range min(orders, len(samples)) {
		if order > 0 { // the predictor of an order is wrong by what that of the one before differs
			for i := len(wrong) - 1; i > 0; i-- {
				wrong[i] -= wrong[i-1]
			}
			wrong = wrong[1:]
		}
		rice, more := riceOf(wrong)
		if more += order * depth; size < 0 || more < size {
			best, size = prediction{order: order, left: slices.Clone(wrong), rice: rice}, more
		}
	}
	return best, size
}

// Rice codes, all of a channel with the same parameter (§9.2.7).
const (
	shortRice = 15 // parameters below it take four bits, and others five
	riceMost  = 30
	riceHead  = 2 + 4 // the method; how often the parameter changes
)

// folded is a number without its sign: 0, -1, 1, -2 … are 0, 1, 2, 3 …
func folded(v int32) uint32 { return uint32(v<<1 ^ v>>31) }

// riceOf is the parameter that makes the shortest codes, and their bits.
func riceOf(left []int32) (rice, size int) {
	sum := uint64(0)
	for _, v := range left {
		sum += uint64(folded(v))
	}
	// What is wrong is mostly small: 0.69 of its mean is in the middle.
	rice = min(bits.Len64(sum*69/100/uint64(len(left))), riceMost)
	size = riceSize(left, rice)
	if rice > 0 {
		if s := riceSize(left, rice-1); s < size {
			rice, size = rice-1, s
		}
	}
	return rice, size
}

func riceSize(left []int32, rice int) int {
	size := riceHead + 4 + len(left)*(rice+1)
	if rice >= shortRice {
		size++
	}
	for _, v := range left {
		size += int(folded(v) >> rice)
	}
	return size
}

func (w *bitWriter) rice(left []int32, rice int) {
	if rice < shortRice {
		w.put(uint64(rice), riceHead+4)
	} else {
		w.put(1<<9|uint64(rice), riceHead+5)
	}
	for _, v := range left {
		u := folded(v)
		zeros := int(u >> rice)
		for ; zeros > 24; zeros -= 24 {
			w.put(0, 24)
		}
		w.put(1, zeros+1)
		w.put(uint64(u)&(1<<rice-1), rice)
	}
}
