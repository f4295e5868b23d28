package detect

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// The grid of brightnesses in which movement is looked for. A row of it has as many
// cells as a word has bits.
const (
	gridW = 64
	gridH = 36

	moved    = 12  // levels of 255 by which a cell has to change
	stirred  = 6   // and by which it does so a little
	minCells = 3   // fewer is noise, a leaf, an insect
	maxCrops = 2   //
	small    = 0.6 // what is larger than this part of the picture needs no enlarging
	margin   = 0.5 // of its size around what moved
	minCrop  = 0.2 // of the picture's height: nothing is enlarged beyond that

	reach = 2 // cells: what moves has an edge, of which a cell shows half at worst
	dark  = 8 // levels that are added before brightnesses are held against each other: noise has some

	plainLevels = 6 // levels of 255 within which all is one brightness
	plainParts  = 19
	plainOf     = 20
)

// grid is a picture's brightness.
type grid [gridW * gridH]float32

func newGrid(brightness plane) *grid {
	var g grid
	brightness.scale(g[:], Box{0, 0, 1, 1}, gridW, gridH)
	return &g
}

// changed tells which cells show something else than before, which do so at least a
// little, and whether so much of the picture does that it was a light. What most of the
// picture did is the light's doing; so is what a cell and those around it did alike in
// proportion: the shadow of a cloud has no edge. Cells that ignored says true of never
// change.
func (g *grid) changed(before *grid, ignored func(x, y float64) bool) (on, stirs cells, light bool) {
	var diff grid
	lit := 0
	for i := range g {
		diff[i] = g[i] - before[i]
		if diff[i] > moved || diff[i] < -moved {
			lit++
		}
	}
	most := diff.middle()
	for i, d := range diff {
		d = max(d-most, most-d)
		if d <= stirred {
			continue
		}
		x, y := i%gridW, i/gridW
		if g.shaded(before, x, y, stirred) || ignored((float64(x)+0.5)/gridW, (float64(y)+0.5)/gridH) {
			continue
		}
		stirs.put(x, y)
		if d > moved && !g.shaded(before, x, y, moved) {
			on.put(x, y)
		}
	}
	return on, stirs, lit*lightOf >= gridW*gridH*lightParts
}

// middle is the level that half of the cells are above, to a whole one.
func (g *grid) middle() float32 {
	var count [512]int
	for _, v := range g {
		count[int(v+256.5)]++
	}
	i, sum := 0, count[0]
	for sum*2 < gridW*gridH {
		i++
		sum += count[i]
	}
	return float32(i - 256)
}

// shaded tells whether a cell became as much brighter or darker as those around it, to
// so many levels.
func (g *grid) shaded(before *grid, x, y int, slack float32) bool {
	i := y*gridW + x
	alike := func(n int) bool {
		off := g[i] + dark - (before[i]+dark)*(g[n]+dark)/(before[n]+dark)
		return off <= slack && off >= -slack
	}
	return (x < reach || alike(i-reach)) && (x >= gridW-reach || alike(i+reach)) &&
		(y < reach || alike(i-reach*gridW)) && (y >= gridH-reach || alike(i+reach*gridW))
}

// plain tells whether a picture shows one brightness and hardly anything else: a
// covered lens, a wall, the dark. What a camera writes into its own picture may
// differ.
func (g *grid) plain() bool {
	sorted := slices.Clone(g[:])
	slices.Sort(sorted)
	middle := sorted[len(sorted)/2]
	same := 0
	for _, v := range sorted {
		if math.Abs(float64(v-middle)) <= plainLevels {
			same++
		}
	}
	return same*plainOf >= len(sorted)*plainParts
}

// cells are some of a grid's, a word for each row.
type cells [gridH]uint64

func (c *cells) put(x, y int)      { c[y] |= 1 << x }
func (c *cells) take(x, y int)     { c[y] &^= 1 << x }
func (c *cells) has(x, y int) bool { return c[y]>>x&1 == 1 }

func (c *cells) count() (n int) {
	for _, row := range c {
		n += bits.OnesCount64(row)
	}
	return n
}

func (c cells) and(o cells) cells {
	for y := range c {
		c[y] &= o[y]
	}
	return c
}

func (c cells) or(o cells) cells {
	for y := range c {
		c[y] |= o[y]
	}
	return c
}

func (c cells) but(o cells) cells {
	for y := range c {
		c[y] &^= o[y]
	}
	return c
}

// around are the cells and all that touch them.
func (c *cells) around() (wide cells) {
	for y, row := range c {
		row |= row<<1 | row>>1
		for n := max(y-1, 0); n <= min(y+1, gridH-1); n++ {
			wide[n] |= row
		}
	}
	return wide
}

// things are the boxes around cells that touch each other, the largest first, and the
// cells in them. Fewer than least cells are none.
func (c cells) things(least int) (boxes []Box, in cells) {
	for y := range c {
		for c[y] != 0 {
			b, part := c.flood(bits.TrailingZeros64(c[y]), y)
			if part.count() >= least {
				boxes, in = append(boxes, b), in.or(part)
			}
		}
	}
	slices.SortStableFunc(boxes, func(a, b Box) int { return cmp.Compare(b.area(), a.area()) })
	return boxes, in
}

// flood takes out a cell and all that it touches, and returns them and the box around
// them.
func (c *cells) flood(x, y int) (b Box, part cells) {
	part.put(x, y)
	for grown := true; grown; {
		wide := part.around().and(*c)
		grown, part = wide != part, wide
	}
	*c = c.but(part)
	return part.box(), part
}

// box is the one around the cells, of which there are some.
func (c *cells) box() Box {
	var cols uint64
	top, base := gridH, 0
	for y, row := range c {
		if row != 0 {
			cols, top, base = cols|row, min(top, y), y+1
		}
	}
	left, right := bits.TrailingZeros64(cols), bits.Len64(cols)
	return Box{float64(left) / gridW, float64(top) / gridH, float64(right) / gridW, float64(base) / gridH}
}

// crops are the parts of a picture that are looked at enlarged: squares around
// what moved. aspect is width by height.
func crops(motion []Box, aspect float64) []Box {
	var out []Box
	for _, b := range motion {
		// As parts of the height a square is a square.
		h := max((b.right-b.left)*aspect, b.base-b.top) * (1 + 2*margin)
		h = max(h, minCrop)
		w := h / aspect
		if max(w, h) > small {
			continue
		}
		x := min(max((b.left+b.right-w)/2, 0), 1-w)
		y := min(max((b.top+b.base-h)/2, 0), 1-h)
		crop := Box{x, y, x + w, y + h}
		if slices.ContainsFunc(out, func(o Box) bool { return o.overlap(b) > 0.9*b.area() }) {
			continue // the one before shows it too
		}
		if out = append(out, crop); len(out) == maxCrops {
			break
		}
	}
	return out
}
