package quirks

import (
	"os"
	"regexp"
	"testing"
)

// The example of QUIRKS.md is understood, and means what is told there.
func TestWorkedExample(t *testing.T) {
	text, err := os.ReadFile("QUIRKS.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```\n(# the sensor.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatal("QUIRKS.md has no example")
	}
	list, err := Parse("leak.quirks", string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	q, ok := Find(list, Likeness{Model: "TS0601", Maker: "_TZE284_example1"})
	said := map[string]Value{}
	q.HearPoints([]Point{MakePoint(1, PointEnum, 0), MakePoint(4, PointNumber, 90)}, func(r *Reading, v Value) { said[r.Trait] = v })
	if !ok || said["water"].Word != "true" || said["battery"].Number != 90 {
		t.Errorf("found %v; it says %v", ok, said)
	}
}
