package tflite

import (
	"cmp"
	"fmt"
	"slices"
)

// place is where an activation stands in the arena and during which steps.
type place struct {
	numbers  int
	from, to int
	at       int
}

// arenaLine keeps places apart by whole cache lines.
const arenaLine = 16

// zerosAt: the arena begins with as many zeros as any convolution has channels,
// for taps that fall outside the picture.
const zerosAt = 0

// layOut gives every place its offset, so that two that are alive in the same
// step never overlap: the largest first, each at the lowest offset that is free
// for its whole life. It returns the numbers that the arena needs.
func layOut(places []place, zeros int) (int, error) {
	first := roundUp(zeros, arenaLine)
	size := first
	order := make([]*place, len(places))
	for i := range places {
		order[i] = &places[i]
	}
	slices.SortStableFunc(order, func(a, b *place) int { return cmp.Compare(b.numbers, a.numbers) })
	var laid []*place // by offset
	for _, p := range order {
		p.at = first
		for _, q := range laid {
			if q.from > p.to || q.to < p.from {
				continue
			}
			if p.at+p.numbers <= q.at {
				break
			}
			p.at = max(p.at, roundUp(q.at+q.numbers, arenaLine))
		}
		if p.at > maxNumbers-p.numbers {
			return 0, fmt.Errorf("tflite: the activations need more than %d numbers at once", maxNumbers)
		}
		size = max(size, p.at+p.numbers)
		i, _ := slices.BinarySearchFunc(laid, p, func(a, b *place) int { return cmp.Compare(a.at, b.at) })
		laid = slices.Insert(laid, i, p)
	}
	return size, nil
}

func roundUp(n, to int) int {
	return (n + to - 1) / to * to
}
