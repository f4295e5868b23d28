package detect

import (
	"cmp"
	"math"
	"slices"
)

// The grid of brightnesses in which movement is looked for.
const (
	gridW = 64
	gridH = 36

	moved    = 12  // levels of 255 by which a cell has to change
	minCells = 3   // fewer is noise, a leaf, an insect
	maxCrops = 2   //
	small    = 0.6 // what is larger than this part of the picture needs no enlarging
	margin   = 0.5 // of its size around what moved
	minCrop  = 0.2 // of the picture's height: nothing is enlarged beyond that

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

// motion lists where something moved between two pictures, the largest first.
// Cells that ignored says true of never move. When the whole picture gets
// brighter, that is the light and not a movement.
func (g *grid) motion(before *grid, ignored func(x, y float64) bool) []Box {
	var mean float64
	for i := range g {
		mean += float64(g[i] - before[i])
	}
	mean /= gridW * gridH
	var on [gridW * gridH]bool
	for i := range g {
		x, y := (float64(i%gridW)+0.5)/gridW, (float64(i/gridW)+0.5)/gridH
		on[i] = math.Abs(float64(g[i]-before[i])-mean) > moved && !ignored(x, y)
	}
	var out []Box
	for i := range on {
		if b, cells := flood(&on, i); cells >= minCells {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b Box) int { return cmp.Compare(b.area(), a.area()) })
	return out
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

// flood puts out cell i with all that touch it, and returns the box around them.
func flood(on *[gridW * gridH]bool, i int) (b Box, cells int) {
	if !on[i] {
		return Box{}, 0
	}
	on[i] = false
	b = Box{1, 1, 0, 0}
	waiting := []int{i}
	for len(waiting) > 0 {
		at := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		cells++
		x, y := at%gridW, at/gridW
		b.left, b.right = min(b.left, float64(x)/gridW), max(b.right, float64(x+1)/gridW)
		b.top, b.base = min(b.top, float64(y)/gridH), max(b.base, float64(y+1)/gridH)
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				n := (y+dy)*gridW + x + dx
				if x+dx >= 0 && x+dx < gridW && y+dy >= 0 && y+dy < gridH && on[n] {
					on[n] = false
					waiting = append(waiting, n)
				}
			}
		}
	}
	return b, cells
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
