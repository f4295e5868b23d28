package detect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

// The figures follow from mediapipe's ssd_anchors_calculator.cc with the options
// of object_detection_oidv4_fp16.
func TestAnchors(t *testing.T) {
	all := anchors()
	if len(all) != anchorSum {
		t.Fatalf("%d anchors, want %d", len(all), anchorSum)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
	for _, tc := range []struct {
		i    int
		want anchor
	}{
		{0, anchor{0.5 / 19, 0.5 / 19, 0.1, 0.1}},
		{1, anchor{0.5 / 19, 0.5 / 19, 0.2828427, 0.1414214}},
		{2, anchor{0.5 / 19, 0.5 / 19, 0.1414214, 0.2828427}},
		{3, anchor{1.5 / 19, 0.5 / 19, 0.1, 0.1}},
		{1083, anchor{0.05, 0.05, 0.35, 0.35}},
		{1083 + 5, anchor{0.05, 0.05, 0.4183300, 0.4183300}}, // between .35 and .5
		{1911, anchor{0.5, 0.5, 0.95, 0.95}},
		{1916, anchor{0.5, 0.5, 0.9746794, 0.9746794}}, // between .95 and 1
	} {
		if g := all[tc.i]; !near(g.x, tc.want.x) || !near(g.y, tc.want.y) || !near(g.w, tc.want.w) || !near(g.h, tc.want.h) {
			t.Errorf("anchor %d is %+v, want %+v", tc.i, g, tc.want)
		}
	}
}

func TestDecode(t *testing.T) {
	at := []anchor{{0.5, 0.5, 0.2, 0.4}, {0.5, 0.5, 0.2, 0.4}, {0.1, 0.1, 0.5, 0.5}}
	boxes := []float32{
		0, 0, 0, 0,
		5, -10, float32(5 * math.Log(2)), 0, // half of .4 down, .2 to the left, twice as high
		0, 0, float32(math.NaN()), 0,
	}
	odds := []float32{ // label 0 is nothing, whatever it says
		9, 0, -9,
		9, -9, float32(math.Log(3)),
		9, 5, 5,
	}
	got := decode(at, boxes, odds, 3, 0.3)
	if len(got) != 2 {
		t.Fatalf("%d boxes, want 2: %+v", len(got), got)
	}
	for i, want := range []found{
		{Box{0.4, 0.3, 0.6, 0.7}, 1, 0.5},
		{Box{0.2, 0.3, 0.4, 1}, 2, 0.75}, // .3 to 1.1, of which the picture has up to 1
	} {
		g := got[i]
		if g.label != want.label || math.Abs(g.score-want.score) > 1e-6 || math.Abs(g.left-want.left)+math.Abs(g.top-want.top)+math.Abs(g.right-want.right)+math.Abs(g.base-want.base) > 1e-6 {
			t.Errorf("box %d is %+v, want %+v", i, g, want)
		}
	}
}

func TestOneThingIsOneBox(t *testing.T) {
	got := distinct([]found{
		{Box{0, 0, 0.5, 0.5}, 1, 0.6},
		{Box{0.02, 0, 0.5, 0.5}, 1, 0.8}, // the same, seen better
		{Box{0, 0, 0.5, 0.5}, 2, 0.5},    // another kind
		{Box{0.4, 0.4, 0.9, 0.9}, 1, 0.4},
	})
	want := []float64{0.8, 0.5, 0.4}
	var scores []float64
	for _, f := range got {
		scores = append(scores, f.score)
	}
	if d := cmp.Diff(want, scores); d != "" {
		t.Error(d)
	}
}

func TestHalfAPersonIsAGuess(t *testing.T) {
	part := Box{0.5, 0, 1, 0.5}
	for _, tc := range []struct {
		in    Box
		whole bool
	}{
		{Box{0.2, 0.2, 0.6, 0.8}, true},
		{Box{0.2, 0, 1, 0.8}, true}, // cut off by the picture itself, above and to the right
		{Box{0, 0.2, 0.6, 0.8}, false},
		{Box{0.2, 0.2, 0.6, 0.99}, false},
	} {
		placed, whole := part.place(tc.in)
		if whole != tc.whole {
			t.Errorf("%v: whole is %v, want %v", tc.in, whole, tc.whole)
		}
		if want := (Box{0.5 + tc.in.left/2, tc.in.top / 2, 0.5 + tc.in.right/2, tc.in.base / 2}); placed != want {
			t.Errorf("%v stands at %v, want %v", tc.in, placed, want)
		}
	}
}

// drawn is a grey picture with a bright rectangle.
func drawn(w, h int, bright image.Rectangle) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := uint8(60)
			if image.Pt(x, y).In(bright) {
				v = 200
			}
			m.SetGray(x, y, color.Gray{v})
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// One colour stays that colour at every size, whatever its planes; what is
// painted of a part is that part.
func TestPaint(t *testing.T) {
	rgba := image.NewRGBA(image.Rect(0, 0, 401, 203))
	for y := range 203 {
		for x := range 401 {
			c := color.RGBA{200, 30, 90, 255}
			if x >= 200 {
				c = color.RGBA{20, 160, 40, 255}
			}
			rgba.SetRGBA(x, y, c)
		}
	}
	decoded, err := open(asJPEG(t, rgba)) // 4:2:0, with odd sides
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]image.Image{"rgba": rgba, "jpeg": decoded, "part": rgba.SubImage(image.Rect(1, 1, 401, 203))} {
		t.Run(name, func(t *testing.T) {
			all, jfif := planes(m)
			in := make([]float32, side*side*3)
			c := newCanvas()
			for _, tc := range []struct {
				part Box
				want [3]float64
			}{
				{Box{0, 0, 0.45, 1}, [3]float64{200, 30, 90}},
				{Box{0.55, 0.2, 1, 0.9}, [3]float64{20, 160, 40}},
				{Box{0.9, 0.9, 1, 1}, [3]float64{20, 160, 40}}, // enlarged
			} {
				c.paint(in, all, jfif, tc.part)
				for i, v := range in {
					if got := (float64(v) + 1) * 127.5; math.Abs(got-tc.want[i%3]) > 3 { // JPEG's own loss
						t.Fatalf("part %v, point %d, colour %d is %.1f, want %v", tc.part, i/3, i%3, got, tc.want[i%3])
					}
				}
			}
		})
	}
}

func TestSharesAreTheWhole(t *testing.T) {
	for _, tc := range []struct {
		n      int
		lo, hi float64
		out    int
	}{{1920, 0, 1920, 300}, {1080, 100.5, 700.25, 300}, {64, 0, 64, 300}, {300, 0, 300, 300}, {1, 0, 1, 5}, {301, 0, 301, 300}} {
		for i, s := range shares(tc.n, tc.lo, tc.hi, tc.out) {
			var sum float32
			for _, w := range s.weights {
				sum += w
			}
			if math.Abs(float64(sum)-1) > 1e-4 || s.first < 0 || s.first+len(s.weights) > tc.n {
				t.Fatalf("%+v: share %d is %+v", tc, i, s)
			}
		}
	}
}

func TestDamagedPictures(t *testing.T) {
	good := asJPEG(t, drawn(64, 48, image.Rectangle{}))
	huge := bytes.Clone(good)
	sof := bytes.Index(huge, []byte{0xff, 0xc0})
	copy(huge[sof+5:], []byte{0xff, 0xff, 0xff, 0xff}) // 65535 × 65535: 4 GB, if it were believed
	for _, tc := range []struct {
		name string
		jpeg []byte
		want string
	}{
		{"empty", nil, "not a JPEG picture"},
		{"text", []byte("<html>401 Unauthorized</html>"), "not a JPEG picture"},
		{"cut", good[:len(good)-40], "a damaged JPEG picture"},
		{"huge", huge, "65535 × 65535"},
		{"tiny", asJPEG(t, drawn(8, 8, image.Rectangle{})), "8 × 8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := open(tc.jpeg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(asJPEG(f, drawn(40, 24, image.Rect(8, 8, 20, 20))))
	f.Add(asJPEG(f, image.NewYCbCr(image.Rect(0, 0, 33, 17), image.YCbCrSubsampleRatio420)))
	f.Add(asJPEG(f, image.NewYCbCr(image.Rect(0, 0, 17, 17), image.YCbCrSubsampleRatio444)))
	c, in := newCanvas(), make([]float32, side*side*3)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := open(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "detect: ") {
				t.Errorf("error %q does not say where it is from", err)
			}
			return
		}
		all, jfif := planes(m)
		newGrid(all[0])
		c.paint(in, all, jfif, Box{0.3, 0.4, 1, 1})
		for i, v := range in {
			if !(v >= -1 && v <= 1) {
				t.Fatalf("number %d is %v", i, v)
			}
		}
	})
}

func nowhere(float64, float64) bool { return false }

func TestMotion(t *testing.T) {
	gridOf := func(m *image.Gray) *grid {
		all, _ := planes(m)
		return newGrid(all[0])
	}
	motion := func(now, before *grid, ignored func(x, y float64) bool) []Box {
		on, _, _ := now.changed(before, ignored)
		boxes, _ := on.things(minCells)
		return boxes
	}
	still := gridOf(drawn(640, 360, image.Rectangle{}))
	walker := gridOf(drawn(640, 360, image.Rect(100, 100, 130, 180)))
	got := motion(walker, still, nowhere)
	if len(got) != 1 || got[0] != (Box{10.0 / 64, 10.0 / 36, 13.0 / 64, 18.0 / 36}) {
		t.Errorf("movement at %v, want where the rectangle is", got)
	}
	if got := motion(walker, still, func(x, _ float64) bool { return x < 0.3 }); len(got) != 0 {
		t.Errorf("movement at %v in a part that is ignored", got)
	}
	lit := *still
	for i := range lit {
		lit[i] += 50
	}
	if got := motion(&lit, still, nowhere); len(got) != 0 {
		t.Errorf("movement at %v when a cloud passed", got)
	}
	leaf := gridOf(drawn(640, 360, image.Rect(100, 100, 110, 110)))
	if got := motion(leaf, still, nowhere); len(got) != 0 {
		t.Errorf("movement at %v of a single cell", got)
	}
}

func TestCrops(t *testing.T) {
	for _, tc := range []struct {
		name   string
		motion []Box
		want   []Box
	}{
		{"nothing", nil, nil},
		{"a figure at the gate", []Box{{0.5, 0.5, 0.52, 0.6}}, []Box{{0.45375, 0.45, 0.56625, 0.65}}}, // 0.2 of 16:9
		{"in a corner", []Box{{0, 0.9, 0.02, 1}}, []Box{{0, 0.8, 0.1125, 1}}},
		{"close by", []Box{{0.2, 0.1, 0.6, 1}}, nil},
		{"two beside each other", []Box{{0.5, 0.5, 0.52, 0.6}, {0.53, 0.5, 0.55, 0.6}}, []Box{{0.45375, 0.45, 0.56625, 0.65}}},
		{"many", []Box{{0.1, 0.1, 0.12, 0.2}, {0.5, 0.5, 0.52, 0.6}, {0.9, 0.8, 0.92, 0.9}}, []Box{{0.05375, 0.05, 0.16625, 0.25}, {0.45375, 0.45, 0.56625, 0.65}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := crops(tc.motion, 16.0/9)
			round := func(all []Box) string { return fmt.Sprintf("%.4f", all) }
			if round(got) != round(tc.want) {
				t.Errorf("crops %v, want %v", round(got), round(tc.want))
			}
		})
	}
}

// at is a thing whose feet are at x and y.
func at(label string, score, x, y float64) home.Sight {
	return home.Sight{Label: label, Score: score, Left: x - 0.05, Right: x + 0.05, Top: y - 0.2, Base: y}
}

// shape is the corners x, y, x, y …
func shape(places ...float64) (corners []home.SightPoint) {
	for i := 0; i < len(places); i += 2 {
		corners = append(corners, home.SightPoint{X: places[i], Y: places[i+1]})
	}
	return corners
}

func TestZones(t *testing.T) {
	garden := Zone{Name: "garden", Shape: shape(0, 0.5, 0.5, 0.5, 0.5, 1, 0, 1)}
	dogs := garden
	dogs.Name, dogs.Labels, dogs.Once, dogs.Twice = "dogs", []string{"dog"}, 0.8, 0.7
	street := Zone{Name: "street", Shape: shape(0, 0, 1, 0, 1, 0.3), Ignore: true}
	night := Zone{Name: "all at night", Once: 0.9, Modes: []home.Mode{home.Night, home.Away}}
	for _, tc := range []struct {
		name        string
		watch       Watch
		sight       home.Sight
		ok          bool
		once, twice float64
	}{
		{"no zones", Watch{}, at("person", 1, 0.5, 0.5), true, 0.5, 0.4},
		{"no zones, a laptop", Watch{}, at("laptop", 1, 0.5, 0.5), false, 0, 0},
		{"inside", Watch{Zones: []Zone{garden}}, at("cat", 1, 0.2, 0.7), true, 0.5, 0.4},
		{"outside", Watch{Zones: []Zone{garden}}, at("cat", 1, 0.7, 0.7), false, 0, 0},
		{"feet outside", Watch{Zones: []Zone{garden}}, at("cat", 1, 0.2, 0.45), false, 0, 0},
		{"its own label", Watch{Zones: []Zone{dogs}}, at("dog", 1, 0.2, 0.7), true, 0.8, 0.7},
		{"another label", Watch{Zones: []Zone{dogs}}, at("person", 1, 0.2, 0.7), false, 0, 0},
		{"the most watchful", Watch{Zones: []Zone{dogs, garden}}, at("dog", 1, 0.2, 0.7), true, 0.5, 0.4},
		{"ignored wins", Watch{Zones: []Zone{{Name: "all"}, street}}, at("person", 1, 0.8, 0.1), false, 0, 0},
		{"beside the ignored", Watch{Zones: []Zone{{Name: "all"}, street}}, at("person", 1, 0.2, 0.2), true, 0.5, 0.4},
		{"disarmed", Watch{Zones: []Zone{night}, Mode: home.Disarmed}, at("person", 1, 0.2, 0.2), false, 0, 0},
		{"at night", Watch{Zones: []Zone{night}, Mode: home.Night}, at("person", 1, 0.2, 0.2), true, 0.9, 0.4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, once, twice, ok := tc.watch.grade(tc.sight)
			if once != tc.once || twice != tc.twice || ok != tc.ok {
				t.Errorf("%v once, %v twice, %v; want %v, %v, %v", once, twice, ok, tc.once, tc.twice, tc.ok)
			}
		})
	}
	if (Watch{Zones: []Zone{night, street}, Mode: home.Home}).Idle() != true {
		t.Error("a camera that counts in no zone is not idle")
	}
	if (Watch{Mode: home.Disarmed}).Idle() {
		t.Error("a camera without zones is idle")
	}
}

func TestWhatAZoneMaySay(t *testing.T) {
	for _, tc := range []struct {
		zone Zone
		want string
	}{
		{Zone{Name: "a"}, ""},
		{Zone{Name: "a", Once: 0.9}, ""},
		{Zone{Name: "a", Once: 0.35}, ""}, // twice follows it down
		{Zone{Name: "a", Twice: 0.6}, ""}, // and once up
		{Zone{Name: "a", Shape: shape(0, 0, 1, 1)}, "2 corners"},
		{Zone{Name: "a", Shape: shape(0, 0, 1, 1, 1, 2)}, "corner 1, 2"},
		{Zone{Name: "a", Shape: shape(0, 0, 1, 1, 1, math.NaN())}, "corner 1, NaN"},
		{Zone{Name: "a", Shape: shape(0.1, 0.1, 0.2, 0.2, 0.3, 0.3)}, "nothing is inside"},
		{Zone{Name: "a", Shape: shape(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)}, "nothing is inside"},
		{Zone{Name: "a", Shape: shape(0, 0, 1, 1, 1, 0, 0, 1)}, ""}, // two triangles, one each way round
		{Zone{Name: "a", Twice: 0.1}, "scores 0.5 once and 0.1 twice"},
		{Zone{Name: "a", Once: 0.4, Twice: 0.5}, "once not below twice"},
		{Zone{Name: "a", Once: 1}, "below 1"},
	} {
		err := tc.zone.Validate()
		if got := fmt.Sprint(err); tc.want == "" && err != nil || !strings.Contains(got, tc.want) {
			t.Errorf("%+v: error %q, want one that says %q", tc.zone, got, tc.want)
		}
	}
}

func TestTwoOfThree(t *testing.T) {
	start := time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)
	type picture struct {
		second   int
		score    float64 // of a person, 0 for none
		believed bool
	}
	for _, tc := range []struct {
		name     string
		pictures []picture
	}{
		{"once is enough", []picture{{0, 0.5, true}}},
		{"half a belief alone", []picture{{0, 0.49, false}}},
		{"two in a row", []picture{{0, 0.4, false}, {1, 0.4, true}}},
		{"one between", []picture{{0, 0.4, false}, {1, 0, false}, {2, 0.4, true}}},
		{"two between", []picture{{0, 0.4, false}, {1, 0, false}, {2, 0, false}, {3, 0.4, false}}},
		{"below", []picture{{0, 0.39, false}, {1, 0.45, false}, {2, 0.39, false}, {3, 0.45, true}}},
		{"long ago", []picture{{0, 0.4, false}, {60, 0.4, false}}},
		{"late", []picture{{0, 0, false}, {2, 0.4, false}, {1, 0.4, true}}},
		{"the same again", []picture{{0, 0.4, false}, {0, 0.4, false}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m memory
			for _, p := range tc.pictures {
				var shown, believed []home.Sight
				if p.score > 0 {
					shown = []home.Sight{at("person", p.score, 0.5, 0.9)}
				}
				m, believed = m.believe(start.Add(time.Duration(p.second)*time.Second), shown, Watch{})
				if (len(believed) == 1) != p.believed {
					t.Errorf("second %d: believed %v, want %v", p.second, believed, p.believed)
				}
			}
		})
	}
}

// slow eyes take their time, and see a person in every picture.
type slowEyes struct{ took time.Duration }

func (e slowEyes) Look(image.Image, []Box) []home.Sight {
	time.Sleep(e.took)
	return []home.Sight{at("person", 0.9, 0.5, 0.9)}
}

func (slowEyes) Close() {}

// always are eyes that can be had.
func always(e Eyes) func() (Eyes, error) { return func() (Eyes, error) { return e, nil } }

func TestNewestFirstAndTheOldestIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		picture := JPEG(asJPEG(t, drawn(32, 24, image.Rectangle{})))
		start := time.Now()
		var mu sync.Mutex
		var seen []string
		d := New(Options{
			Open:  always(slowEyes{2 * time.Second}),
			Watch: func(home.DeviceID) Watch { return Watch{} },
			Seen: func(camera home.DeviceID, at time.Time, j Judgement) {
				mu.Lock()
				seen = append(seen, fmt.Sprintf("%s %v %s", camera, at.Sub(start), j.Sights[0].Label))
				mu.Unlock()
			},
			Log: slog.New(slog.DiscardHandler),
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		d.Look("porch", start, picture)
		synctest.Wait() // it looks at the first one; ten more come meanwhile
		for i := range 10 {
			d.Look(home.DeviceID(fmt.Sprintf("camera-%d", i)), start.Add(time.Duration(i)*time.Millisecond), picture)
		}
		time.Sleep(time.Minute)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		want := []string{
			"porch 0s person", "camera-9 9ms person", "camera-8 8ms person", "camera-7 7ms person", "camera-6 6ms person", "camera-5 5ms person", // the others had waited for 12 s, or found no room
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
		if c := d.Counts(); c != (Counts{Looked: 6, Dropped: 5}) {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestDamagedAndIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode := home.Disarmed
		saw := 0
		d := New(Options{
			Open: always(slowEyes{}),
			Watch: func(home.DeviceID) Watch {
				return Watch{Zones: []Zone{{Modes: []home.Mode{home.Away}}}, Mode: mode}
			},
			Seen: func(_ home.DeviceID, _ time.Time, j Judgement) { saw += len(j.Sights) },
			Log:  slog.New(slog.DiscardHandler),
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = d.Run(ctx) }()
		picture := asJPEG(t, drawn(32, 24, image.Rectangle{}))
		look := func(b JPEG) {
			d.Look("porch", time.Now(), b)
			synctest.Wait()
		}
		look(picture)
		if saw != 0 {
			t.Error("somebody was seen at home")
		}
		mode = home.Away
		look([]byte("no picture"))
		look(picture)
		if saw != 1 {
			t.Errorf("seen %d times, want once", saw)
		}
		if c := d.Counts(); c != (Counts{Looked: 3, Damaged: 1}) {
			t.Errorf("counts %+v", c)
		}
		cancel()
		synctest.Wait()
	})
}

// What moved is looked at enlarged, from the second picture on; and it moved once
// the next picture says so too.
func TestMovementIsEnlarged(t *testing.T) {
	start := time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)
	e := &counting{}
	d := New(Options{Open: always(e), Watch: func(home.DeviceID) Watch { return Watch{} }, Log: slog.New(slog.DiscardHandler)})
	still, walker := drawn(640, 360, image.Rectangle{}), drawn(640, 360, image.Rect(300, 100, 320, 150))
	for i, tc := range []struct {
		after time.Duration
		img   image.Image
		parts int
		moved bool
	}{
		{0, still, 1, false},
		{time.Second, walker, 2, false},
		{2 * time.Second, walker, 1, false},
		{1500 * time.Millisecond, still, 1, false}, // late: no neighbour
		{3 * time.Second, still, 2, false},
		{4 * time.Second, walker, 2, true},
		{time.Minute, still, 1, false}, // too long after
		{61 * time.Second, walker, 2, false},
	} {
		j, err := d.Judge("porch", start.Add(tc.after), ready{tc.img})
		if err != nil || e.parts != tc.parts || j.Moved != tc.moved {
			t.Errorf("picture %d: %d parts, moved %v (%v), want %d, %v", i, e.parts, j.Moved, err, tc.parts, tc.moved)
		}
	}
}

// ready is a picture that is an image already.
type ready struct{ img image.Image }

func (r ready) Image() (image.Image, error) { return r.img, nil }

// counting eyes say how many parts they were shown last.
type counting struct {
	parts  int
	closed atomic.Int32
}

func (e *counting) Look(_ image.Image, parts []Box) []home.Sight {
	e.parts = len(parts)
	return nil
}

func (e *counting) Close() { e.closed.Add(1) }

// The network is in memory while pictures want it, and not for movement alone.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, opened := &counting{}, 0
		watch := Watch{Blind: true}
		fault := errors.New("no such file")
		d := New(Options{
			Open:  func() (Eyes, error) { opened++; return e, fault },
			Watch: func(home.DeviceID) Watch { return watch }, Seen: func(home.DeviceID, time.Time, Judgement) {},
			Log: slog.New(slog.DiscardHandler),
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = d.Run(ctx) }()
		look := func(after time.Duration, wantOpened, wantClosed int) {
			t.Helper()
			time.Sleep(after)
			d.Look("porch", time.Now(), JPEG(asJPEG(t, drawn(64, 36, image.Rectangle{}))))
			synctest.Wait()
			if opened != wantOpened || int(e.closed.Load()) != wantClosed {
				t.Errorf("opened %d times, closed %d; want %d and %d", opened, e.closed.Load(), wantOpened, wantClosed)
			}
		}
		look(0, 0, 0)
		watch.Blind = false
		look(time.Second, 1, 0)
		look(Blindness/2, 1, 0) // not tried again yet
		fault = nil
		look(Blindness, 2, 0)
		look(Rest/2, 2, 0)
		look(Rest*2, 3, 1)
		cancel()
		synctest.Wait()
		if e.closed.Load() != 2 {
			t.Error("what was open at the end is open")
		}
	})
}

// What moves counts where something is looked for, and a covered lens shows one
// brightness.
func TestWhereMovementCounts(t *testing.T) {
	half := shape(0, 0, 0.5, 0, 0.5, 1, 0, 1)
	drive := Zone{Name: "drive", Shape: half, Modes: []home.Mode{home.Away}}
	street := Zone{Name: "street", Shape: half, Ignore: true}
	for _, tc := range []struct {
		name  string
		watch Watch
		x     float64
		still bool
	}{
		{"no zones", Watch{}, 0.2, false},
		{"inside", Watch{Zones: []Zone{drive}, Mode: home.Away}, 0.2, false},
		{"outside", Watch{Zones: []Zone{drive}, Mode: home.Away}, 0.7, true},
		{"in another mode", Watch{Zones: []Zone{drive}, Mode: home.Disarmed}, 0.2, true},
		{"ignored", Watch{Zones: []Zone{street}}, 0.2, true},
		{"beside the ignored", Watch{Zones: []Zone{street}}, 0.7, false},
		{"ignored within", Watch{Zones: []Zone{{Name: "all"}, street}}, 0.2, true},
	} {
		if got := tc.watch.still(tc.x, 0.5); got != tc.still {
			t.Errorf("%s: still is %v, want %v", tc.name, got, tc.still)
		}
	}
	if (Watch{Zones: []Zone{street}}).Idle() {
		t.Error("a camera with nothing but an ignored zone is idle")
	}
	for name, tc := range map[string]struct {
		img   *image.Gray
		plain bool
	}{
		"black with a date in it": {drawn(640, 360, image.Rect(10, 10, 120, 24)), true},
		"somebody on a wall":      {drawn(640, 360, image.Rect(200, 40, 320, 300)), false},
	} {
		all, _ := planes(tc.img)
		if got := newGrid(all[0]).plain(); got != tc.plain {
			t.Errorf("%s: plain is %v, want %v", name, got, tc.plain)
		}
	}
}

// Who says that somebody was not there has the camera want to be surer, there and
// of that alone, and never blinds it.
func TestDoubts(t *testing.T) {
	w := Watch{Zones: []Zone{{Name: "drive"}}}
	for _, tc := range []struct {
		doubt       home.Doubt
		label       string
		once, twice float64
	}{
		{home.Doubt{}, "person", 0.5, 0.4},
		{home.Doubt{Zone: "drive", Label: "person", Times: 1}, "person", 0.55, 0.45},
		{home.Doubt{Zone: "drive", Label: "person", Times: 1}, "dog", 0.5, 0.4},
		{home.Doubt{Zone: "", Label: "person", Times: 1}, "person", 0.5, 0.4},
		{home.Doubt{Zone: "drive", Label: "person", Times: 1000}, "person", 0.7, 0.6},
	} {
		w.Doubts = []home.Doubt{tc.doubt}
		zone, once, twice, ok := w.grade(at(tc.label, 1, 0.5, 0.9))
		if zone != "drive" || !ok || math.Abs(once-tc.once)+math.Abs(twice-tc.twice) > 1e-9 {
			t.Errorf("%+v: %s %v once, %v twice; want %v, %v", tc.doubt, tc.label, once, twice, tc.once, tc.twice)
		}
	}
}

func TestNoModel(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: error %v, want fs.ErrNotExist", err)
	}
	for name, content := range map[string]string{"labels.txt": "???\nPerson", "model.tflite": "TFL3, or so it says"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "model.tflite is damaged, or another model: its SHA-256 is ") {
		t.Errorf("another model: error %v", err)
	}
}
