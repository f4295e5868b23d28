package detect

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
)

// maxPixels is the largest picture that is opened: 4K has 8.3 million pixels.
// What a camera says of its own picture is looked at before memory is taken.
const maxPixels = 12_000_000

// Picture is a camera's picture that waits to be looked at: the bytes that it was
// sent as, which are made an image when their turn comes.
type Picture interface {
	Image() (image.Image, error)
}

// JPEG is a picture that a camera sends as one.
type JPEG []byte

// Image implements Picture.
func (j JPEG) Image() (image.Image, error) { return open(j) }

// open decodes a camera's picture.
func open(b []byte) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("detect: not a JPEG picture: %w", err)
	}
	if c.Width < 16 || c.Height < 16 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("detect: a picture of %d × %d: from 16 × 16 to %d pixels are looked at", c.Width, c.Height, maxPixels)
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("detect: a damaged JPEG picture: %w", err)
	}
	return img, nil
}

// plane is one colour of a picture.
type plane struct {
	pix          []byte
	stride, step int
	w, h         int
}

// planes of a picture: three, or one when it is grey. jfif tells whether they
// are brightness and two differences (JFIF 1.02) and not red, green and blue.
func planes(img image.Image) (all []plane, jfif bool) {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.YCbCr:
		chroma := m.SubsampleRatio
		cw, ch := b.Dx(), b.Dy()
		switch chroma {
		case image.YCbCrSubsampleRatio420:
			cw, ch = (cw+1)/2, (ch+1)/2
		case image.YCbCrSubsampleRatio422:
			cw = (cw + 1) / 2
		case image.YCbCrSubsampleRatio440:
			ch = (ch + 1) / 2
		case image.YCbCrSubsampleRatio411:
			cw = (cw + 3) / 4
		case image.YCbCrSubsampleRatio410:
			cw, ch = (cw+3)/4, (ch+1)/2
		case image.YCbCrSubsampleRatio444:
		}
		y, c := m.YOffset(b.Min.X, b.Min.Y), m.COffset(b.Min.X, b.Min.Y)
		return []plane{
			{m.Y[y:], m.YStride, 1, b.Dx(), b.Dy()},
			{m.Cb[c:], m.CStride, 1, cw, ch},
			{m.Cr[c:], m.CStride, 1, cw, ch},
		}, true
	case *image.Gray:
		return []plane{{m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, 1, b.Dx(), b.Dy()}}, false
	}
	m := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(m, m.Bounds(), img, b.Min, draw.Src)
	for c := range 3 {
		all = append(all, plane{m.Pix[c:], m.Stride, 4, b.Dx(), b.Dy()})
	}
	return all, false
}

// share is what one point of the result takes from a row of points: from the
// first one on, with these weights. They sum up to 1.
type share struct {
	first   int
	weights []float32
}

// shares spreads the points from lo to hi of n over out points. Where they get
// fewer each takes the mean of its stretch; where they get more they are drawn
// between the nearest two.
func shares(n int, lo, hi float64, out int) []share {
	all := make([]share, out)
	step := (hi - lo) / float64(out)
	for o := range all {
		if step <= 1 {
			at := min(max(lo+(float64(o)+0.5)*step-0.5, 0), float64(n-1))
			i := min(int(at), max(n-2, 0))
			part := float32(at - float64(i))
			all[o] = share{i, []float32{1 - part, part}[:min(2, n)]}
			continue
		}
		from, to := lo+float64(o)*step, lo+float64(o+1)*step
		s := share{first: min(int(from), n-1)}
		for i := s.first; i < n && float64(i) < to; i++ {
			s.weights = append(s.weights, float32((min(to, float64(i+1))-max(from, float64(i)))/step))
		}
		all[o] = s
	}
	return all
}

// scale draws the part of p on a square of w × h points.
func (p plane) scale(out []float32, part Box, w, h int) {
	cols := shares(p.w, part.left*float64(p.w), part.right*float64(p.w), w)
	rows := shares(p.h, part.top*float64(p.h), part.base*float64(p.h), h)
	var kept [2][]float32 // neighbouring results share rows
	keptRow := [2]int{-1, -1}
	for i := range kept {
		kept[i] = make([]float32, w)
	}
	for o, r := range rows {
		line := out[o*w : (o+1)*w]
		clear(line)
		for k, weight := range r.weights {
			y := r.first + k
			row := kept[y%2]
			if keptRow[y%2] != y {
				p.scaleRow(row, cols, y)
				keptRow[y%2] = y
			}
			for i, v := range row {
				line[i] += weight * v
			}
		}
	}
}

func (p plane) scaleRow(out []float32, cols []share, y int) {
	row := p.pix[y*p.stride:]
	for i, c := range cols {
		at := c.first * p.step
		var sum float32
		for _, weight := range c.weights {
			sum += weight * float32(row[at])
			at += p.step
		}
		out[i] = sum
	}
}

// canvas is where pictures are made as small as the network wants them.
type canvas [3][]float32

func newCanvas() canvas {
	var c canvas
	for i := range c {
		c[i] = make([]float32, side*side)
	}
	return c
}

// paint draws a part of the picture as the network's input: side × side points
// of red, green and blue from -1 to 1.
func (c *canvas) paint(in []float32, all []plane, jfif bool, part Box) {
	for i, p := range all {
		p.scale(c[i], part, side, side)
	}
	point := func(v float32) float32 { return min(max(v, 0), 255)/127.5 - 1 }
	for i := range side * side {
		rgb := in[3*i:][:3]
		switch {
		case len(all) == 1:
			v := point(c[0][i])
			rgb[0], rgb[1], rgb[2] = v, v, v
		case jfif:
			y, cb, cr := c[0][i], c[1][i]-128, c[2][i]-128
			rgb[0], rgb[1], rgb[2] = point(y+1.402*cr), point(y-0.344136*cb-0.714136*cr), point(y+1.772*cb)
		default:
			rgb[0], rgb[1], rgb[2] = point(c[0][i]), point(c[1][i]), point(c[2][i])
		}
	}
}
