package camsim

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"os/exec"
	"testing"
)

// samples are those of a drawn scene, picture by picture.
func samples(length int, at func(i int) *picture) (all [][]byte) {
	for i := range length {
		p := at(i)
		all = append(all, bytes.Join([][]byte{p.y, p.u, p.v}, nil))
	}
	return all
}

// TestScenesFollowEachOther has ffmpeg watch a place where nobody is, somebody walks by
// once, and something is put over the lens: without a complaint, each picture is the one
// that was to come, and what happens is seen from its beginning to its end.
func TestScenesFollowEachOther(t *testing.T) {
	const short = 7
	ground := Porch.ground()
	dark := newPicture(wide, high)
	dark.fill(0, 0, wide*16, high*16, shadow)
	first := Mask{Nth: 1, Shapes: [][]Point{{{0.1, 0.2}, {0.4, 0.2}, {0.4, 0.6}, {0.1, 0.6}}}}
	second := Mask{Nth: 2, Shapes: [][]Point{{{0.9, 0.9}, {1, 0.9}, {1, 1}}}}
	masked := func(m Mask) [][]byte {
		hide := m.brush()
		return samples(loop, func(i int) *picture { return hide(moment(ground, i, nobody)) })
	}
	scenes := map[string][][]byte{
		"first mask": masked(first), "second mask": masked(second),
		"rest":    samples(loop, func(i int) *picture { return moment(ground, i, nobody) }),
		"walk":    samples(short, func(i int) *picture { return moment(ground, i, i+40) }),
		"covered": samples(loop, func(i int) *picture { return moment(dark, i, nobody) }),
	}
	c, err := New(Options{Listen: "127.0.0.1:0", Scene: Rest(Porch, Mask{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})

	var complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "warning", "-rtsp_transport", "tcp", "-analyzeduration", "200000", "-i", c.URL(), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
	cmd.Stderr = &complaints
	pictures, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("ffmpeg (of the Debian package ffmpeg): %v", err)
	}
	shown := make([]byte, len(scenes["rest"][0]))
	next := func() {
		t.Helper()
		if _, err := io.ReadFull(pictures, shown); err != nil {
			t.Fatalf("%v\n%s", err, complaints.String())
		}
	}
	is := func(scene string, i int) bool { return bytes.Equal(shown, scenes[scene][i]) }
	// follow goes on in a scene until another begins, and tells how far it went.
	follow := func(scene string, from int, then string) int {
		t.Helper()
		for i := from; ; i++ {
			next()
			if is(then, 0) {
				return i
			}
			if !is(scene, i%len(scenes[scene])) {
				t.Fatalf("picture %d of %s is another", i, scene)
			}
		}
	}

	next()
	at := 0
	for !is("rest", at) {
		if at++; at == loop {
			t.Fatal("the first picture is none of the scene")
		}
	}
	c.Happen(code(short, 2, func(i int) *picture { return moment(ground, i, i+40) }))
	follow("rest", at+1, "walk")
	if n := follow("walk", 1, "rest"); n != short {
		t.Errorf("%d pictures of somebody who walked by, want %d", n, short)
	}
	if c.Happens() {
		t.Error("it is over and still happens")
	}
	c.Show(Covered())
	follow("rest", 1, "covered")
	c.Show(Rest(Porch, first))
	follow("covered", 1, "first mask")
	c.Show(Rest(Porch, second))
	follow("first mask", 1, "second mask")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if complaints.Len() > 0 {
		t.Errorf("ffmpeg says:\n%s", complaints.String())
	}
}

// TestUnplugged pulls the plug of a camera before it is on, twice, and puts it in again.
func TestUnplugged(t *testing.T) {
	c, err := New(Options{Listen: "127.0.0.1:0", Scene: Rest(Porch, Mask{})})
	if err != nil {
		t.Fatal(err)
	}
	c.Off()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	c.Off()
	if c.Plugged() {
		t.Error("it is plugged in")
	}
	c.On()
	c.On()
	if !c.Plugged() {
		t.Error("it is unplugged")
	}
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-analyzeduration", "200000", "-show_entries", "stream=width,height", "-of", "csv=p=0", c.URL()).CombinedOutput()
	if got := string(bytes.TrimSpace(out)); err != nil || got != "768,432" {
		t.Errorf("ffprobe (of the Debian package ffmpeg) sees %q, %v", got, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestMask: what is masked is black, to the pixel, and nothing else is.
func TestMask(t *testing.T) {
	shown := Still(Porch, 0, Mask{Shapes: [][]Point{{{0.25, 0.25}, {0.5, 0.25}, {0.5, 0.5}, {0.25, 0.5}}}}).(*image.YCbCr)
	plain := Still(Porch, 0, Mask{}).(*image.YCbCr)
	for y := range plain.Rect.Dy() {
		for x := range plain.Rect.Dx() {
			got, want := shown.YCbCrAt(x, y), plain.YCbCrAt(x, y)
			if x >= 192 && x < 384 && y >= 108 && y < 216 {
				want = color.YCbCr{Y: 16, Cb: 128, Cr: 128}
			}
			if got != want {
				t.Fatalf("%d, %d is %v, want %v", x, y, got, want)
			}
		}
	}
}
