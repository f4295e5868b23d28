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
