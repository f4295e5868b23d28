package camera

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/keyframe"
)

// jpegs is a scene of JPEG pictures, five in a second, and the pictures themselves.
func jpegs(t testing.TB, seconds string) (s camsim.Scene, list [][]byte) {
	t.Helper()
	// RFC 2435 §3.1.8: the tables of Annex K are not sent.
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x184:rate=5", "-t", seconds,
		"-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-huffman", "default", "-q:v", "5", "-f", "image2pipe", "-").Output()
	if err != nil {
		t.Fatalf("ffmpeg (of the Debian package ffmpeg): %v", err)
	}
	begin := []byte{0xff, 0xd8, 0xff} // SOI, and the next marker
	for part := range bytes.SplitSeq(out, begin) {
		if len(part) > 0 {
			list = append(list, append(bytes.Clone(begin), part...))
		}
	}
	s.Video = &format.MJPEG{}
	s.Length = int64(len(list)) * 90000 / 5
	for i, b := range list {
		at := int64(i) * 90000 / 5
		s.Pictures = append(s.Pictures, camsim.Picture{DTS: at, PTS: at, Units: [][]byte{b}})
	}
	return s, list
}

// pixels is a picture as it is decoded.
func pixels(t testing.TB, k Key) *image.YCbCr {
	t.Helper()
	if k.Video == JPEG {
		m, err := jpeg.Decode(bytes.NewReader(k.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		return m.(*image.YCbCr)
	}
	units, err := keyframe.Split(k.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := new(keyframe.Decoder).Decode(units, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// twoStreams hangs a camera of two streams on wires, in a bubble. end has all of it end.
func twoStreams(t *testing.T, main, sub camsim.Scene) (c *Camera, mainSim, subSim *camsim.Camera, end func()) {
	t.Helper()
	wires := map[string]*camsim.Wire{"127.0.0.1:554": {}, "127.0.0.1:555": {}}
	sim := func(at string, scene camsim.Scene) *camsim.Camera {
		s, err := camsim.New(camsim.Options{Wire: wires[at], Scene: scene, User: "hub", Password: "s3cret word"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	mainSim, subSim = sim("127.0.0.1:554", main), sim("127.0.0.1:555", sub)
	c, err := New(Options{
		ID: "camera-porch", URL: "rtsp://hub@127.0.0.1/main", SubURL: "rtsp://127.0.0.1:555/main", Password: "s3cret word",
		Pre: time.Second, Post: time.Second, Longest: time.Minute, RingBytes: 8 << 20, Recorder: newShelf(), Log: slog.New(slog.DiscardHandler),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return wires[address].Dial(ctx, network, address)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, run := range []func(context.Context) error{mainSim.Run, subSim.Run, c.Run} {
		all.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	return c, mainSim, subSim, func() { cancel(); all.Wait() }
}

// connected tells whether the sub-stream is.
func (c *Camera) connected() bool {
	synctest.Wait()
	c.small.mu.Lock()
	defer c.small.mu.Unlock()
	return c.small.drop != nil
}

// TestSubStream: a second stream is connected while somebody looks at it, with the name
// and password of the first, and gives pictures that are bit for bit the camera's.
func TestSubStream(t *testing.T) {
	main := camsim.Draw(camsim.Porch)
	still, sent := jpegs(t, "4")
	avc := shoot(t, 4, "-vf", "scale=320:184", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-sc_threshold", "0")
	for _, tt := range []struct {
		name, video string
		scene       camsim.Scene
		known       func(*image.YCbCr) bool
	}{
		{"jpeg", JPEG, still, func(m *image.YCbCr) bool {
			for _, b := range sent {
				if bytes.Equal(pixels(t, Key{Video: JPEG, Bytes: b}).Y, m.Y) {
					return true
				}
			}
			return false
		}},
		{"h264", "avc1.42c00c", avc, func(m *image.YCbCr) bool { return m.Rect.Dx() == 320 && m.Rect.Dy() == 184 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, mainSim, subSim, end := twoStreams(t, main, tt.scene)
				defer end()
				time.Sleep(5 * time.Second)
				if c.State().Condition != Up || subSim.Asked() != 0 {
					t.Fatalf("camera is %+v, its sub-stream was asked for %d times though nobody looks", c.State(), subSim.Asked())
				}
				asked := time.Now()
				if _, ok := c.Small(t.Context(), false); ok || time.Since(asked) != 0 {
					t.Errorf("a sub-stream that is not connected is there after %v: %v", time.Since(asked), ok)
				}
				time.Sleep(3 * time.Second)
				for range 3 {
					asked = time.Now()
					k, ok := c.Small(t.Context(), false)
					if !ok || k.Video != tt.video || k.At.Before(asked) || !tt.known(pixels(t, k)) {
						t.Fatalf("picture is %s of %v after the question, %v", k.Video, k.At.Sub(asked), ok)
					}
				}
				time.Sleep(smallLinger + time.Second)
				if c.connected() || subSim.Asked() != 1 || mainSim.Asked() != 1 || c.State().Condition != Up {
					t.Errorf("nobody looks, and it is connected: %v; asked for %d times, the main one %d", c.connected(), subSim.Asked(), mainSim.Asked())
				}
				// Who has nothing else waits.
				if _, ok := c.Small(t.Context(), true); !ok {
					t.Error("who is patient gets no picture")
				}
				c.Rest(true)
				if _, ok := c.Small(t.Context(), true); ok || c.connected() {
					t.Error("a camera that rests shows something")
				}
				c.Rest(false)

				subSim.Off()
				time.Sleep(2 * time.Second)
				for range 5 {
					if _, ok := c.Small(t.Context(), false); ok {
						t.Error("a sub-stream that is off shows something")
					}
					time.Sleep(time.Second)
				}
				if why, _ := c.SmallFault(); why == "" || strings.Contains(why, "s3cret") {
					t.Errorf("it is off, and the fault is %q", why)
				}
				if c.State().Condition != Up {
					t.Errorf("the stream itself suffers: %+v", c.State())
				}
				time.Sleep(2 * lastRetry)
				if why, _ := c.SmallFault(); why != "" {
					t.Errorf("nobody wants it, and the fault is %q", why)
				}
				subSim.On()
				time.Sleep(time.Second)
				if _, ok := c.Small(t.Context(), true); !ok {
					t.Error("it is on again, and shows nothing")
				}
				c.SmallUnread(errUndecoded)
				time.Sleep(firstRetry / 2)
				if why, _ := c.SmallFault(); why != errUndecoded.Error() {
					t.Errorf("a picture could not be decoded, and the fault is %q", why)
				}
			})
		})
	}
}

var errUndecoded = errors.New("keyframe: interlaced pictures are not decoded")

// TestSubStreamOfAnotherKind is said, with what to do about it.
func TestSubStreamOfAnotherKind(t *testing.T) {
	main := camsim.Draw(camsim.Porch)
	hevc := shoot(t, 4, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:scenecut=0:log-level=error:bframes=0")
	synctest.Test(t, func(t *testing.T) {
		c, _, _, end := twoStreams(t, main, hevc)
		defer end()
		time.Sleep(5 * time.Second)
		if _, ok := c.Small(t.Context(), true); ok {
			t.Error("it shows something")
		}
		if why, _ := c.SmallFault(); !strings.Contains(why, "set it to one of them") {
			t.Errorf("the fault is %q", why)
		}
	})
}

// FuzzAlbum shows packets that no camera would send: what comes out begins and ends as a
// JPEG does, and whatever it is, nothing falls over when it is decoded.
func FuzzAlbum(f *testing.F) {
	// Figure 8×8, quality 50 (RFC 2435 §3.1, §4.2), one packet, and one with tables of its own.
	f.Add(packed(true, append([]byte{0, 0, 0, 0, 1, 50, 1, 1}, 0xff, 0xd9)))
	own := append([]byte{0, 0, 0, 0, 1, 255, 40, 23, 0, 0, 0, 128}, bytes.Repeat([]byte{16}, 128)...)
	f.Add(append(packed(false, append(own, 1, 2, 3)), packed(true, []byte{0, 0, 0, 3, 1, 255, 40, 23, 4, 5, 6})...))
	f.Add(packed(true, []byte{0, 0, 0, 0, 64, 0, 0, 0}))
	f.Add(packed(true, []byte{0, 0, 0, 0, 1, 127, 1, 1, 9, 9}))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := newAlbum(&format.MJPEG{}, seen(func(p picture) {
			if !p.key || !bytes.HasPrefix(p.bytes, []byte{0xff, 0xd8}) || !bytes.HasSuffix(p.bytes, []byte{0xff, 0xd9}) {
				t.Errorf("a picture that is none: % x", p.bytes)
			}
			_, _ = jpeg.Decode(bytes.NewReader(p.bytes)) // what is wrong with it is its own
		}))
		if err != nil {
			t.Fatal(err)
		}
		unpacked(b, func(p *rtp.Packet) { a.take(p, 0, time.Unix(1_800_000_000, 0)) })
	})
}

// seen is a sink that is told of pictures alone.
type seen func(picture)

func (s seen) see(p picture)        { s(p) }
func (seen) open(film)              {}
func (seen) hear(sound)             {}
func (seen) wait()                  {}
func (seen) miss(uint64)            {}
func (seen) compare(_, _ time.Time) {}
