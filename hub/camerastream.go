package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/keyframe"
	"gatehouse/hub/camera/onvif"
	"gatehouse/hub/home"
)

// stream are the pictures of a camera's own stream that stand alone: of a camera that
// gives no other. One comes as often as the camera makes them, every 2 to 4 s.
type stream struct{ camera *camera.Camera }

// next waits for the next one.
func (s stream) next(ctx context.Context) (detect.Picture, time.Time, error) {
	k, err := s.camera.Key(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && s.camera.State().Condition == camera.Up:
		return nil, time.Time{}, errors.New("no picture that stands alone came for some seconds: set the camera to one every 2 to 4 s")
	case err != nil:
		return nil, time.Time{}, err
	}
	return keyPicture(k), k.At, decodable(k)
}

// stillNow is how old a picture of now may be.
const stillNow = 3 * time.Second

// now is the last one as JPEG, or the next if the last is old.
func (c *cameras) now(ctx context.Context, s stream) ([]byte, error) {
	k, ok := s.camera.LastKey()
	if !ok || time.Since(k.At) > stillNow {
		in, cancel := context.WithTimeout(ctx, pictureTime)
		defer cancel()
		p, _, err := s.next(in)
		if err != nil {
			return nil, err
		}
		k = camera.Key(p.(keyPicture))
	}
	if err := decodable(k); err != nil {
		return nil, err
	}
	c.darkroom.Lock()
	defer c.darkroom.Unlock()
	m, err := keyPicture(k).decode()
	if err != nil {
		return nil, err
	}
	return asJPEG(m)
}

// decodable refuses what keyframe can't decode.
func decodable(k camera.Key) error {
	if !strings.HasPrefix(k.Video, "avc1.") {
		return errors.New("pictures are decoded from H.264 streams, and this is another (" + k.Video + "): set the camera to H.264, or say where its picture of now is, as snapshot_url")
	}
	return nil
}

// keyPicture is a picture of a stream that waits to be decoded.
type keyPicture camera.Key

// Image implements detect.Picture.
func (k keyPicture) Image() (image.Image, error) {
	m, err := k.decode()
	if err != nil {
		return nil, err // not a picture that is nil and yet is one
	}
	return m, nil
}

func (k keyPicture) decode() (*image.YCbCr, error) {
	units, err := keyframe.Split(k.Bytes)
	if err != nil {
		return nil, err
	}
	d := new(keyframe.Decoder)
	m, err := d.Decode(units, nil)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, fmt.Errorf("keyframe: no picture in %d units", len(units))
	case !d.Full():
		keyframe.Widen(m)
	}
	return m, nil
}

// began has a clip get its first picture.
func (w *watched) began(st camera.State) {
	if st.Recording == "" {
		return
	}
	select {
	case w.wants <- struct{}{}:
	default:
	}
}

// posters gives each clip of a camera the picture that shows what there was when it
// was set off, so that it can be told from others.
func (c *cameras) posters(ctx context.Context, id home.DeviceID, w *watched) {
	var last home.Tape
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wants:
		}
		tape := w.camera.Tape()
		if tape == nil || tape == last {
			continue
		}
		last = tape
		at, b, err := c.poster(ctx, w)
		if err == nil {
			err = tape.Still(at, b)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, onvif.ErrLacks) {
			c.hub.log.Warn("a clip has no picture", "device", id, "err", err)
		}
	}
}

// poster is the picture for a clip that has just begun: the last of its stream that
// stood alone, or else the one that the camera itself gives.
func (c *cameras) poster(ctx context.Context, w *watched) (time.Time, []byte, error) {
	if k, ok := w.camera.LastKey(); ok && decodable(k) == nil {
		c.darkroom.Lock() // an alarm sets all cameras off at once, and has more to do than pictures
		defer c.darkroom.Unlock()
		m, err := keyPicture(k).decode()
		if err != nil {
			return k.At, nil, err
		}
		b, err := asJPEG(modest(m))
		return k.At, b, err
	}
	in, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	b, err := w.own(in)
	if err == nil && len(b) > mostStill {
		err = fmt.Errorf("its own picture has %d bytes, more than the %d that are kept: make it smaller in the camera", len(b), mostStill)
	}
	return time.Now(), b, err
}

// modestWide is the width up to which a picture is kept as it is.
const modestWide = 1280

// modest is a picture that is not larger than it takes to see who is on it.
func modest(m *image.YCbCr) *image.YCbCr {
	for m.Rect.Dx() > modestWide {
		m = keyframe.Halve(m)
	}
	return m
}

func asJPEG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 70}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
