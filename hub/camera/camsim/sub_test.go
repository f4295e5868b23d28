package camsim

import (
	"context"
	"os/exec"
	"testing"
	"time"
)

// TestSubStream: a sub-stream shows what its camera sees at that moment, at half the
// size, and sends nothing while nobody looks.
func TestSubStream(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	defer func() {
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}()
	hang := func(o Options) *Camera {
		t.Helper()
		o.Listen = "127.0.0.1:0"
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		go func() { ended <- c.Run(ctx) }()
		return c
	}
	of := hang(Options{Scene: Rest(Porch, Mask{})})
	sub := hang(Options{SubOf: of})
	until := func(what string, is func() bool) {
		t.Helper()
		late := time.After(20 * time.Second)
		for !is() {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-late:
				t.Fatalf("not in time: %s", what)
			}
		}
	}
	more := func(pictures int) {
		t.Helper()
		want := of.Sent() + pictures
		until("the camera sends pictures", func() bool { return of.Sent() >= want })
	}
	// seen is the brightness of one picture.
	seen := func() []byte {
		t.Helper()
		out, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-analyzeduration", "0", "-fpsprobesize", "0", "-i", sub.URL(), "-frames:v", "1", "-vf", "extractplanes=y", "-f", "rawvideo", "-").Output()
		if err != nil || len(out) != 384*216 {
			t.Fatalf("ffmpeg (of the Debian package ffmpeg) sees %d bytes, want 384 × 216; %v", len(out), err)
		}
		return out
	}
	is := func(want *picture) bool {
		off, small := 0, want.halved()
		for i, y := range seen() {
			if d := int(y) - int(small.Y[i]); d*d > 16*16 {
				off++
			}
		}
		return off < 384*216/50 // the seconds, and what JPEG makes of edges
	}

	more(6)
	if n := sub.Sent(); n != 0 {
		t.Errorf("it sent %d pictures to nobody", n)
	}
	if !is(moment(Porch.ground(), 0, nobody)) {
		t.Error("it shows something else than the camera sees")
	}
	of.Show(Covered())
	more(2)
	dark := newPicture(wide, high)
	dark.fill(0, 0, wide*16, high*16, shadow)
	if !is(dark) {
		t.Error("the camera is covered, and it shows something")
	}
	until("nobody looks", func() bool { return sub.Viewers() == 0 })
	n := sub.Sent()
	more(12)
	if got := sub.Sent(); got > n+1 { // one that was on its way
		t.Errorf("it sent %d pictures to nobody", got-n)
	}
}
