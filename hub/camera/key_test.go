package camera

import (
	"bytes"
	"context"
	"errors"
	"image"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/keyframe"
)

// TestKey asks a camera for pictures that stand alone, of a scene that has one every
// two seconds, and finds in them what was drawn.
func TestKey(t *testing.T) {
	scene := camsim.Draw(camsim.Porch)
	synctest.Test(t, func(t *testing.T) {
		c := still(t, Options{Pre: time.Second, Post: time.Second, Longest: time.Minute, RingBytes: 8 << 20, Recorder: newShelf()})
		if _, ok := c.LastKey(); ok {
			t.Error("there is a picture before the first")
		}
		began := time.Now()
		go func() {
			time.Sleep(9 * time.Second) // somebody has been on the porch for a second
			k, ok := c.LastKey()
			if !ok {
				t.Error("there is no picture after 9 s")
			}
			check(t, k, began, 8)
			answers := make(chan Key, 2)
			for range cap(answers) {
				go func() {
					k, err := c.Key(t.Context())
					if err != nil {
						t.Error(err)
					}
					answers <- k
				}()
			}
			for range cap(answers) {
				check(t, <-answers, began, 10)
			}
			late, cancel := context.WithTimeout(t.Context(), 1900*time.Millisecond)
			defer cancel()
			if _, err := c.Key(late); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v while no picture came", err)
			}
			check(t, first(c.Key(t.Context())), began, 12)
			c.Rest(true)
			if _, ok := c.LastKey(); ok {
				t.Error("a camera that rests shows a picture")
			}
			resting, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if k, err := c.Key(resting); err == nil {
				t.Errorf("a camera that rests shows a picture of %v", k.At.Sub(began))
			}
		}()
		feed(t, c, scene, 20*time.Second)
	})
}

func first(k Key, _ error) Key { return k }

// check holds a picture against the scene at a second.
func check(t *testing.T, k Key, began time.Time, second int) {
	t.Helper()
	if at := k.At.Sub(began); at != time.Duration(second)*time.Second || k.Video != "avc1.42c01f" {
		t.Errorf("picture of %v, %s; want the one of %d s", at, k.Video, second)
	}
	units, err := keyframe.Split(k.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	got, err := new(keyframe.Decoder).Decode(units, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := camsim.Still(camsim.Porch, second, camsim.Mask{}).(*image.YCbCr)
	if !bytes.Equal(got.Y, want.Y) || !bytes.Equal(got.Cb, want.Cb) || !bytes.Equal(got.Cr, want.Cr) {
		t.Errorf("the picture of %d s is not the one that was drawn", second)
	}
}
