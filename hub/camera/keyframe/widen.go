package keyframe

import "image"

// Widen makes a picture one as JPEG has it (JFIF 1.02): brightness from 0 to 255, and
// not from 16 for black to 235 for white as most cameras send it (§E.2.1).
func Widen(m *image.YCbCr) {
	for i, v := range m.Y {
		m.Y[i] = widened.y[v]
	}
	for _, p := range [][]byte{m.Cb, m.Cr} {
		for i, v := range p {
			p[i] = widened.c[v]
		}
	}
}

var widened = func() (t struct{ y, c [256]uint8 }) {
	for v := range int32(256) {
		t.y[v] = clip(((v-16)*2*255 + 219) / (2 * 219))
		t.c[v] = clip(128 + ((v-128)*2*255+224*sign(v-128))/(2*224))
	}
	return t
}()

func sign(v int32) int32 {
	if v < 0 {
		return -1
	}
	return 1
}

// Halve makes a picture of half the width and height, each sample the mean of four.
// What is left over at the right and below, less than four samples, is cut off.
func Halve(m *image.YCbCr) *image.YCbCr {
	w, h := m.Rect.Dx()/4*2, m.Rect.Dy()/4*2
	out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	halve(out.Y, m.Y, w, h, m.YStride)
	halve(out.Cb, m.Cb, w/2, h/2, m.CStride)
	halve(out.Cr, m.Cr, w/2, h/2, m.CStride)
	return out
}

func halve(to, from []byte, w, h, stride int) {
	for y := range h {
		above, below := from[2*y*stride:][:2*w], from[(2*y+1)*stride:][:2*w]
		line := to[y*w:][:w]
		for x := range line {
			line[x] = uint8((uint32(above[2*x]) + uint32(above[2*x+1]) + uint32(below[2*x]) + uint32(below[2*x+1]) + 2) >> 2)
		}
	}
}
