package camsim

import (
	"image"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
)

// Place is what a drawn scene shows.
type Place int

// Places.
const (
	Porch Place = iota
	Garden
	Doorbell
)

// Figures of drawn scenes.
const (
	wide, high   = 48, 27 // macroblocks: 768×432
	fps          = 10
	loop         = 24 * fps // pictures, after which it begins again
	groupLength  = 2 * fps
	ticks        = 90000 / fps
	walkFrom     = 8 * fps // somebody comes
	walkPictures = 12 * fps
)

// Draw codes a scene: a place, the seconds of the loop, and from the eighth second
// on somebody who walks through it.
func Draw(place Place) Scene {
	ground := place.ground()
	return code(loop, 0, func(i int) *picture { return place.picture(ground, i) })
}

// Rest codes a place where nobody is; Walk somebody who walks through it once; Covered
// what a camera sees that has something over its lens. Each can follow each of another
// kind at any picture (Camera.Show, Camera.Happen), and Rest one with the mask before.
func Rest(place Place, m Mask) Scene {
	ground, hide := place.ground(), m.brush()
	return unmoved(m.id(), func(i int) *picture { return hide(moment(ground, i, nobody)) })
}

// Walk is one of Rest's kind.
func Walk(place Place, m Mask) Scene {
	ground, hide := place.ground(), m.brush()
	return code(walkPictures, 2, func(i int) *picture { return hide(moment(ground, i, i)) })
}

// Covered is one of Rest's kind.
func Covered() Scene {
	dark := newPicture(wide, high)
	dark.fill(0, 0, wide*16, high*16, shadow)
	return unmoved(4, func(i int) *picture { return moment(dark, i, nobody) })
}

// unmoved codes a loop in which nothing but the seconds changes: what stays is drawn once.
func unmoved(id uint32, at func(i int) *picture) Scene {
	var now *picture
	s := code(loop, id, func(i int) *picture {
		if i%fps == 0 {
			now = at(i)
		}
		return now
	})
	s.drawn = at
	return s
}

// code codes pictures. id is even and tells one kind of scene from another: where one
// follows the other, no two pictures that stand alone are numbered alike (§7.4.3).
func code(length int, id uint32, at func(i int) *picture) Scene {
	sps, pps := sets(wide, high)
	s := Scene{Video: &format.H264{PayloadTyp: 96, PacketizationMode: 1, SPS: sps, PPS: pps}, Length: int64(length) * ticks, drawn: at}
	e := painter{id: id}
	for i := range length {
		units := [][]byte{e.code(at(i), i%groupLength == 0)}
		if i%groupLength == 0 {
			units = append([][]byte{sps, pps}, units...)
		}
		s.Pictures = append(s.Pictures, Picture{DTS: int64(i) * ticks, PTS: int64(i) * ticks, Units: units})
	}
	return s
}

// Still is one picture of a drawn scene, at a second of its loop.
func Still(place Place, second int, m Mask) image.Image {
	p := m.brush()(place.picture(place.ground(), second*fps%loop))
	return &image.YCbCr{
		Y: p.y, Cb: p.u, Cr: p.v, YStride: wide * 16, CStride: wide * 8,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, wide*16, high*16),
	}
}

// Colours of the scenes.
var (
	sky    = colour{180, 140, 118}
	grass  = colour{110, 108, 112}
	path   = colour{150, 124, 132}
	wall   = colour{130, 116, 146}
	wood   = colour{70, 112, 152}
	glass  = colour{95, 150, 112}
	hedge  = colour{70, 114, 116}
	coat   = colour{60, 150, 122}
	skin   = colour{165, 112, 150}
	white  = colour{220, 128, 128}
	shadow = colour{40, 128, 128}
)

// ground is the place with nobody in it.
func (p Place) ground() *picture {
	g := newPicture(wide, high)
	g.fill(0, 0, wide*16, high*16, sky)
	switch p {
	case Garden:
		g.fill(0, 128, 768, 80, hedge)
		g.fill(0, 208, 768, 224, grass)
		g.fill(560, 80, 64, 144, wood)  // a tree
		g.fill(512, 32, 160, 80, hedge) //
		g.fill(288, 208, 96, 224, path)
	case Doorbell:
		g.fill(0, 160, 768, 112, hedge)
		g.fill(0, 272, 768, 160, path)
		g.fill(0, 0, 96, 432, wall) // the door's frame, close by
		g.fill(672, 0, 96, 432, wall)
	case Porch:
		g.fill(0, 0, 768, 304, wall)
		g.fill(0, 304, 768, 128, path)
		g.fill(480, 96, 128, 208, wood) // the door
		g.fill(512, 128, 64, 64, glass)
		g.fill(128, 112, 160, 112, glass)
	}
	return g
}

// picture is the place at a picture of Draw's loop.
func (p Place) picture(ground *picture, i int) *picture {
	return moment(ground, i, i-walkFrom)
}

// nobody is a picture of a walk in which nobody is seen.
const nobody = -1

// moment is a ground with the seconds of a picture on it, and somebody in a picture of
// a walk.
func moment(ground *picture, i, walk int) *picture {
	g := ground.clone()
	if walk >= 0 && walk < walkPictures {
		person(g, -64+walk*7, 352, walk)
	}
	seconds(g, i/fps)
	return g
}

// person is somebody whose feet are at x, y, in the picture at of a walk.
func person(g *picture, x, y, at int) {
	step := []int{0, 8, 16, 8}[at/2%4]
	g.fill(x+12-step/2, y-72, 16, 72, shadow)
	g.fill(x+12+step, y-72, 16, 72, shadow)
	g.fill(x, y-152, 44, 88, coat)
	g.fill(x+10, y-184, 24, 32, skin)
	g.fill(x+8, y-192, 28, 12, shadow)
}

// digits are 3×5 each, row by row from the top.
var digits = [10]uint16{0x7b6f, 0x2c97, 0x73e7, 0x73cf, 0x5bc9, 0x79cf, 0x79ef, 0x7249, 0x7bef, 0x7bcf}

// seconds writes two digits into the upper right corner.
func seconds(g *picture, n int) {
	const dot, left = 8, wide*16 - 16 - 7*8
	for k, d := range []int{n / 10, n % 10} {
		for bit := range 15 {
			if digits[d]>>(14-bit)&1 == 1 {
				g.fill(left+k*32+bit%3*dot, 16+bit/3*dot, dot, dot, white)
			}
		}
	}
}
