package camsim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"time"
)

// subEvery is how often a sub-stream sends a picture.
const subEvery = 500 * time.Millisecond

// follow sends what another camera sees as JPEG (RFC 2435), while somebody looks, until
// ctx ends.
func (p *player) follow(ctx context.Context, of *Camera) error {
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.c.looked:
		}
		for p.c.Viewers() > 0 {
			m := of.drawn()
			if m == nil {
				return errors.New("camsim: a sub-stream is of what was drawn")
			}
			var b bytes.Buffer
			if err := jpeg.Encode(&b, m.halved(), nil); err != nil {
				return fmt.Errorf("camsim: %w", err)
			}
			now := int64(time.Since(began)) * 90000 / int64(time.Second)
			if err := p.show(Picture{DTS: now, PTS: now, Units: [][]byte{b.Bytes()}}, 0); err != nil {
				return err
			}
			p.c.count(0)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(subEvery):
			}
		}
	}
}

// Viewers counts who is sent pictures now.
func (c *Camera) Viewers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.viewers)
}

// drawn is the picture that was sent last; nil: it was not drawn here.
func (c *Camera) drawn() *picture {
	c.mu.Lock()
	scene, i := c.scene, c.last
	if c.event != nil {
		scene = *c.event
	}
	c.mu.Unlock()
	if scene.drawn == nil {
		return nil
	}
	return scene.drawn(i)
}

// halved is a picture of half the width and height: 384×216 of a drawn scene, whole
// eights as RFC 2435 counts sides.
func (p *picture) halved() *image.YCbCr {
	wide, high := p.wide*8, p.high*8
	m := image.NewYCbCr(image.Rect(0, 0, wide, high), image.YCbCrSubsampleRatio420)
	for y := range high {
		for x := range wide {
			m.Y[m.YOffset(x, y)] = p.y[2*y*p.wide*16+2*x]
		}
	}
	for y := range high / 2 {
		for x := range wide / 2 {
			i, at := y*m.CStride+x, 2*y*p.wide*8+2*x
			m.Cb[i], m.Cr[i] = p.u[at], p.v[at]
		}
	}
	return m
}
