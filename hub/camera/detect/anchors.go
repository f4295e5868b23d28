package detect

import (
	"cmp"
	"math"
	"slices"
)

// Box is a rectangle in parts of a picture, 0 to 1.
type Box struct{ left, top, right, base float64 }

func (b Box) area() float64 { return max(b.right-b.left, 0) * max(b.base-b.top, 0) }

func (b Box) overlap(c Box) float64 {
	return Box{max(b.left, c.left), max(b.top, c.top), min(b.right, c.right), min(b.base, c.base)}.area()
}

// likeness is intersection over union.
func (b Box) likeness(c Box) float64 {
	both := b.overlap(c)
	if both == 0 {
		return 0
	}
	return both / (b.area() + c.area() - both)
}

func (b Box) clip() Box {
	in := func(v float64) float64 { return min(max(v, 0), 1) }
	return Box{in(b.left), in(b.top), in(b.right), in(b.base)}
}

// anchor is a place from which the network measures.
type anchor struct{ x, y, w, h float64 }

// The network was trained with these anchors: mediapipe's
// object_detection_oidv4_fp16, SsdAnchorsCalculator.
const (
	side      = 300
	minScale  = 0.2
	maxScale  = 0.95
	anchorSum = 1917
)

var (
	layers = []int{19, 10, 5, 3, 2, 1} // cells to a side
	ratios = []float64{1, 2, 0.5, 3, 1.0 / 3}
)

// anchors are those of every cell, layer after layer. The lowest layer has
// three to a cell, the others six.
func anchors() []anchor {
	out := make([]anchor, 0, anchorSum)
	scale := func(layer int) float64 {
		if layer == len(layers) {
			return 1
		}
		return minScale + (maxScale-minScale)*float64(layer)/float64(len(layers)-1)
	}
	for layer, cells := range layers {
		var shapes []anchor
		add := func(scale, ratio float64) {
			shapes = append(shapes, anchor{w: scale * math.Sqrt(ratio), h: scale / math.Sqrt(ratio)})
		}
		if layer == 0 {
			add(0.1, 1)
			add(minScale, 2)
			add(minScale, 0.5)
		} else {
			for _, r := range ratios {
				add(scale(layer), r)
			}
			add(math.Sqrt(scale(layer)*scale(layer+1)), 1)
		}
		for y := range cells {
			for x := range cells {
				for _, s := range shapes {
					s.x, s.y = (float64(x)+0.5)/float64(cells), (float64(y)+0.5)/float64(cells)
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// found is a box that the network drew.
type found struct {
	Box
	label int
	score float64
}

// decode reads what the network said: for each anchor a box (y, x, h, w; places
// in tenths of the anchor, sizes as logarithms in fifths) and the logarithm of
// the odds of each label. Label 0 is nothing. Only the best label of an anchor
// counts.
func decode(at []anchor, boxes, odds []float32, labels int, least float64) []found {
	floor := float32(math.Log(least / (1 - least)))
	var out []found
	for i, a := range at {
		best, label := floor, 0
		for l, v := range odds[i*labels+1 : (i+1)*labels] {
			if v >= best {
				best, label = v, l+1
			}
		}
		if label == 0 {
			continue
		}
		b := boxes[4*i:][:4]
		y, x := float64(b[0])/10*a.h+a.y, float64(b[1])/10*a.w+a.x
		h, w := math.Exp(float64(b[2])/5)*a.h, math.Exp(float64(b[3])/5)*a.w
		drawn := Box{x - w/2, y - h/2, x + w/2, y + h/2}.clip()
		if !(drawn.area() > 0) { // NaN from a damaged model included
			continue
		}
		out = append(out, found{drawn, label, 1 / (1 + math.Exp(-float64(best)))})
	}
	return out
}

// sameThing is the likeness from which two boxes of one label are one thing.
const sameThing = 0.4

// distinct keeps the best of boxes that show the same thing, the best first.
func distinct(all []found) []found {
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.score, a.score) })
	var out []found
	for _, f := range all {
		if !slices.ContainsFunc(out, func(g found) bool { return g.label == f.label && g.likeness(f.Box) >= sameThing }) {
			out = append(out, f)
		}
	}
	return out
}
