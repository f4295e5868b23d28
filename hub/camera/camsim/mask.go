package camsim

import "slices"

// Point is a place in a picture: parts of its width and height, from its upper left
// corner.
type Point struct{ X, Y float64 }

// Mask is what a camera blacks out of its pictures, whoever walks behind it.
type Mask struct {
	Shapes [][]Point
	Nth    uint32 // mask of this camera, from 1 on; 0: it has none
}

// id tells scenes of a place that follow each other from one another (see code).
func (m Mask) id() uint32 {
	if m.Nth == 0 {
		return 0
	}
	return 6 + m.Nth%2*2
}

var black = colour{16, 128, 128}

// brush blacks out a picture.
func (m Mask) brush() func(*picture) *picture {
	type dot struct{ x, y int }
	var dots []dot // of 2×2 samples, which have one colour
	for y := 0; y < high*16; y += 2 {
		for x := 0; x < wide*16; x += 2 {
			at := Point{float64(x+1) / (wide * 16), float64(y+1) / (high * 16)}
			if slices.ContainsFunc(m.Shapes, func(shape []Point) bool { return within(shape, at) }) {
				dots = append(dots, dot{x, y})
			}
		}
	}
	return func(p *picture) *picture {
		for _, d := range dots {
			p.fill(d.x, d.y, 2, 2, black)
		}
		return p
	}
}

// within tells whether a point lies in a shape: whether a line from it to the right
// crosses its edge an odd number of times.
func within(shape []Point, at Point) (in bool) {
	for i, a := range shape {
		b := shape[(i+1)%len(shape)]
		if (a.Y > at.Y) != (b.Y > at.Y) && at.X < (b.X-a.X)*(at.Y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}
