package detect

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// footage is what a camera of 640 × 360 sees, a picture a second: a garden with a tree,
// with the noise of a sensor, coded as H.264 by ffmpeg and looked at as JPEG.
type footage struct {
	seconds int
	tree    string // where the crown is, in pixels beside its place at time t; "": it stands still
	clock   string // what is written into the picture; "": nothing
	size    string // of its letters, in pixels; "": 30
	ink     string // and their colour; "": white
	walk    string // where somebody's left side is at time t, who is 36 × 96; "": nobody
	head    string // and their head; "": 200
	cloud   string // where the left side of a shadow is at time t; "": none
	light   string // what ffmpeg does to the whole; "": nothing
}

// date is a camera's clock, as most write it.
const date = `%{pts\:gmtime\:1764000000\:%Y-%m-%d %H\\\:%M\\\:%S}`

// garden draws what the footage is put together of, once for each test.
func garden(t testing.TB, folder string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	blotch := func(w, h, size int, low, high float64) func(x, y int) float64 {
		cols := w/size + 2
		v := make([]float64, cols*(h/size+2))
		for i := range v {
			v[i] = low + (high-low)*r.Float64()
		}
		return func(x, y int) float64 {
			cx, cy := x/size, y/size
			fx, fy := float64(x%size)/float64(size), float64(y%size)/float64(size)
			top := v[cy*cols+cx]*(1-fx) + v[cy*cols+cx+1]*fx
			base := v[(cy+1)*cols+cx]*(1-fx) + v[(cy+1)*cols+cx+1]*fx
			return top*(1-fy) + base*fy
		}
	}
	draw := func(name string, w, h int, at func(x, y int) (level, alpha float64)) {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				l, a := at(x, y)
				v := uint8(l)
				m.SetNRGBA(x, y, color.NRGBA{v, v, v, uint8(255 * a)})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	coarse, fine := blotch(640, 360, 40, -25, 25), blotch(640, 360, 5, -12, 12)
	draw("ground.png", 640, 360, func(x, y int) (float64, float64) {
		level := 190.0 // sky
		if y > 100 {
			level = 90 + float64(y)/8
		}
		if y > 220 && x > 300 && x < 420 {
			level = 150 // the path
		}
		return level + coarse(x, y) + fine(x, y), 1
	})
	leaf, gap := blotch(160, 150, 9, 30, 130), blotch(160, 150, 7, 0, 1)
	draw("crown.png", 160, 150, func(x, y int) (float64, float64) {
		dx, dy := float64(x-80)/80, float64(y-75)/75
		if dx*dx+dy*dy > 0.55+0.45*gap(x, y) {
			return 0, 0
		}
		return leaf(x, y), 1
	})
	draw("shadow.png", 1280, 360, func(x, _ int) (float64, float64) { // edges of 240 pixels, as a cloud's are some metres
		edge := math.Min(float64(x), float64(1280-x)) / 240
		return 0, 0.45 * math.Min(edge, 1)
	})
	cloth := blotch(400, 400, 8, 35, 75)
	draw("person.png", 36, 96, func(x, y int) (float64, float64) {
		switch dx := float64(x-18) / 18; {
		case y < 16:
			if math.Abs(dx) > 0.5 {
				return 0, 0
			}
			return 170, 1
		case y > 60 && math.Abs(dx) < 0.15:
			return 0, 0
		}
		return cloth(x, y), 1
	})
}

// pictures makes the footage: one JPEG a second.
func (f footage) pictures(t testing.TB) []JPEG {
	t.Helper()
	folder := t.TempDir()
	garden(t, folder)
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	crown := or(f.tree, "0")
	graph := []string{
		"[0]loop=-1:1:0[a]",
		"[a][1]overlay=eval=frame:x='440+(" + crown + ")':y='40+0.3*(" + crown + ")'[b]",
		fmt.Sprintf("[b][2]overlay=eval=frame:x='%s':y='%s'[c]", or(f.walk, "-999"), or(f.head, "200")),
		fmt.Sprintf("[c][3]overlay=eval=frame:x='%s':y=0[d]", or(f.cloud, "-9999")),
		"[d]noise=alls=10:allf=t," + or(f.light, "null") + "[e]",
	}
	last := "e"
	if f.clock != "" {
		graph = append(graph, "[e]drawtext=font=DejaVu Sans Mono:fontsize="+or(f.size, "30")+":fontcolor="+or(f.ink, "white")+":box=1:boxcolor=black@0.6:x=10:y=8:text='"+f.clock+"'[f]")
		last = "f"
	}
	args := []string{"-v", "error"}
	for _, n := range []string{"ground", "crown", "person", "shadow"} {
		args = append(args, "-framerate", "1", "-i", filepath.Join(folder, n+".png"))
	}
	film := filepath.Join(folder, "film.nut")
	args = append(args, "-filter_complex", strings.Join(graph, ";"), "-map", "["+last+"]", "-t", fmt.Sprint(f.seconds), "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "1", "-crf", "26", film)
	ffmpeg(t, args...)
	all := ffmpeg(t, "-v", "error", "-i", film, "-q:v", "4", "-f", "image2pipe", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-")
	var list []JPEG
	for _, b := range bytes.SplitAfter(all, []byte{0xff, 0xd9}) { // which nothing else in a JPEG is
		if len(b) > 0 {
			list = append(list, JPEG(b))
		}
	}
	if len(list) != f.seconds {
		t.Fatalf("ffmpeg made %d pictures, want %d", len(list), f.seconds)
	}
	return list
}

func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "ffmpeg", args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg (of the Debian package): %v\n%s", err, complaints.String())
	}
	return out.Bytes()
}

// wind is where it blows a crown.
const wind = "14*sin(t*2.3)+9*sin(t*5.1)"
