package tflite

import (
	"encoding/binary"
	"math"
)

const maxFloat = math.MaxFloat32

// fromHalf is the float32 of an IEEE 754 binary16. Its exponent has another
// bias, which a multiplication by 2¹¹² puts right for subnormal numbers too.
func fromHalf(h uint16) float32 {
	sign := uint32(h>>15) << 31
	if h&0x7c00 == 0x7c00 { // infinite, or not a number
		return math.Float32frombits(sign | 0x7f800000 | uint32(h&0x3ff)<<13)
	}
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(uint32(h&0x7fff)<<13)*0x1p112))
}

// halvesToFloats reads little-endian float16 numbers.
func halvesToFloats(b []byte) []float32 {
	out := make([]float32, len(b)/2)
	for i := range out {
		out[i] = fromHalf(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

func widenGo(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = fromHalf(h)
	}
}
