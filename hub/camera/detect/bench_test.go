package detect

import (
	"testing"
	"time"
)

// BenchmarkCompare is what one comparison takes beside the decoding of its picture:
// the grid of brightnesses, what changed on it, and what is learnt of that, each alone.
func BenchmarkCompare(b *testing.B) {
	pictures := footage{seconds: 80, clock: date, tree: wind}.pictures(b)
	var grids []*grid
	for _, p := range pictures {
		img, err := p.Image()
		if err != nil {
			b.Fatal(err)
		}
		all, _ := planes(img)
		grids = append(grids, newGrid(all[0]))
		if len(grids) == 1 {
			b.Run("grid", func(b *testing.B) {
				for b.Loop() {
					newGrid(all[0])
				}
			})
		}
	}
	pair := func(i int) (now, before *grid) { return grids[1+i%(len(grids)-1)], grids[i%(len(grids)-1)] }
	b.Run("changed", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			now, before := pair(i)
			now.changed(before, Watch{}.still)
		}
	})
	b.Run("learnt", func(b *testing.B) {
		var r rest
		var ons, all []cells
		for i := range len(grids) - 1 {
			now, before := pair(i)
			on, stirs, _ := now.changed(before, Watch{}.still)
			ons, all = append(ons, on), append(all, stirs)
		}
		at := time.Unix(0, 0)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			at = at.Add(time.Second)
			r.sort(at, ons[i%len(ons)], all[i%len(ons)], false)
			r.parts()
		}
	})
}
