package keyframe

import (
	"encoding/binary"
	"math/bits"
)

// arith is the arithmetic decoding engine of CABAC (§9.3.1.2, §9.3.3.2).
//
// value is codIOffset with spare bits of the stream behind it, so that bytes are
// fetched by sixes and not bit by bit.
type arith struct {
	value  uint64
	span   uint32 // codIRange
	spare  int
	at     int
	b      []byte     // with its pad
	states [512]uint8 // of the contexts: pStateIdx<<1 | valMPS
}

// begin starts at a byte.
func (a *arith) begin(b []byte, at int) {
	a.b, a.at = b, at
	a.value, a.spare, a.span = 0, -9, 510
	a.fetch()
}

const fetched = 48 // bits at a time

// fetch gets bits; behind the end they are zeros.
func (a *arith) fetch() {
	a.value <<= fetched
	if uint(a.at)+8 <= uint(len(a.b)) {
		a.value |= binary.BigEndian.Uint64(a.b[a.at:]) >> (64 - fetched)
	}
	a.at += fetched / 8
	a.spare += fetched
}

// place is how far the engine has read, in bits.
func (a *arith) place() int { return a.at*8 - a.spare }

func (a *arith) over() bool { return a.place() > (len(a.b)-pad)*8 }

// decision decodes a bin with a context (§9.3.3.2.1). The two ways it can go are not
// branches: which is taken is what the encoder made as hard to foretell as it could.
func (a *arith) decision(context int) int {
	state := a.states[context&511]
	lps := uint32(rangeLPS[state&^1<<1|uint8(a.span>>6&3)])
	mps := a.span - lps
	scaled := uint64(mps) << (a.spare & 63)
	likely := uint64(int64(a.value-scaled) >> 63) // all ones, or zero
	a.value -= scaled &^ likely
	span := lps ^ (mps^lps)&uint32(likely)
	a.states[context&511] = next[state|^uint8(likely)&0x80]
	shift := bits.LeadingZeros32(span) - 23
	a.span = span << (shift & 31)
	if a.spare -= shift; a.spare < 0 {
		a.fetch()
	}
	return int((state ^ ^uint8(likely)) & 1)
}

// bypass decodes a bin without one (§9.3.3.2.3).
func (a *arith) bypass() int {
	if a.spare--; a.spare < 0 {
		a.fetch()
	}
	scaled := uint64(a.span) << (a.spare & 63)
	likely := uint64(int64(a.value-scaled) >> 63)
	a.value -= scaled &^ likely
	return int(^likely & 1)
}

// last decodes the bin that ends a slice, or begins I_PCM samples (§9.3.3.2.2).
func (a *arith) last() bool {
	a.span -= 2
	if a.value >= uint64(a.span)<<(a.spare&63) {
		return true
	}
	if a.span < 256 {
		a.span <<= 1
		if a.spare--; a.spare < 0 {
			a.fetch()
		}
	}
	return false
}

// prepare sets the contexts of an I slice (§9.3.1.1).
func (a *arith) prepare(qp int) {
	for _, c := range contexts {
		for i := 0; i < len(c.mn); i += 2 {
			pre := min(max(int(c.mn[i])*qp>>4+int(c.mn[i+1]), 1), 126)
			state := uint8(63-pre) << 1
			if pre >= 64 {
				state = uint8(pre-64)<<1 | 1
			}
			a.states[c.from+i/2] = state
		}
	}
}

// rangeLPS is rangeTabLPS (table 9-44), four for each pStateIdx.
var rangeLPS = [256]uint8{
	128, 176, 208, 240, 128, 167, 197, 227, 128, 158, 187, 216, 123, 150, 178, 205, 116, 142, 169, 195, 111, 135, 160, 185, 105, 128, 152, 175, 100, 122, 144, 166,
	95, 116, 137, 158, 90, 110, 130, 150, 85, 104, 123, 142, 81, 99, 117, 135, 77, 94, 111, 128, 73, 89, 105, 122, 69, 85, 100, 116, 66, 80, 95, 110,
	62, 76, 90, 104, 59, 72, 86, 99, 56, 69, 81, 94, 53, 65, 77, 89, 51, 62, 73, 85, 48, 59, 69, 80, 46, 56, 66, 76, 43, 53, 63, 72,
	41, 50, 59, 69, 39, 48, 56, 65, 37, 45, 54, 62, 35, 43, 51, 59, 33, 41, 48, 56, 32, 39, 46, 53, 30, 37, 43, 50, 29, 35, 41, 48,
	27, 33, 39, 45, 26, 31, 37, 43, 24, 30, 35, 41, 23, 28, 33, 39, 22, 27, 32, 37, 21, 26, 30, 35, 20, 24, 29, 33, 19, 23, 27, 31,
	18, 22, 26, 30, 17, 21, 25, 28, 16, 20, 23, 27, 15, 19, 22, 25, 14, 18, 21, 24, 14, 17, 20, 23, 13, 16, 19, 22, 12, 15, 18, 21,
	12, 14, 17, 20, 11, 14, 16, 19, 11, 13, 15, 18, 10, 12, 15, 17, 10, 12, 14, 16, 9, 11, 13, 15, 9, 11, 12, 14, 8, 10, 12, 14,
	8, 9, 11, 13, 7, 9, 11, 12, 7, 9, 10, 12, 7, 8, 10, 11, 6, 8, 9, 11, 6, 7, 9, 10, 6, 7, 8, 9, 2, 2, 2, 2,
}

// next is transIdxLPS and transIdxMPS (table 9-45) for the states as they are kept
// here: those after the likely bin, then those after the other.
var next = func() (t [256]uint8) {
	for state := range 64 {
		for mps := range 2 {
			t[state<<1|mps] = uint8(min(state+1, 62)<<1 | mps)
			other := mps
			if state == 0 {
				other = 1 - mps
			}
			t[0x80|state<<1|mps] = transLPS[state]<<1 | uint8(other)
		}
		t[63<<1], t[63<<1|1] = 63<<1, 63<<1|1
	}
	return t
}()

var transLPS = [64]uint8{
	0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12, 13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21, 21, 22, 22, 23, 24,
	24, 25, 26, 26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34, 34, 35, 35, 35, 36, 36, 36, 37, 37, 37, 38, 38, 63,
}

// Contexts (table 9-34).
const (
	ctxKind         = 3
	ctxDelta        = 60
	ctxChromaMode   = 64
	ctxForetold     = 68
	ctxMode         = 69
	ctxPattern      = 73
	ctxChromaCoded  = 77
	ctxCoded        = 85
	ctxSignificant  = 105
	ctxFinal        = 166
	ctxLevel        = 227
	ctxEight        = 399
	ctxSignificant8 = 402
	ctxFinal8       = 417
	ctxLevel8       = 426
)

// contexts are m and n of the contexts that I slices use (tables 9-12 to 9-33).
var contexts = []struct {
	from int
	mn   []int8
}{
	{3, []int8{ // mb_type (table 9-12)
		20, -15, 2, 54, 3, 74, -28, 127, -23, 104, -6, 53, -1, 54, 7, 51,
	}},
	{60, []int8{ // mb_qp_delta, intra_chroma_pred_mode, prev_intra4x4_pred_mode_flag and rem_intra4x4_pred_mode (tables 9-16, 9-17)
		0, 41, 0, 63, 0, 63, 0, 63, -9, 83, 4, 86, 0, 97, -7, 72, 13, 41, 3, 62,
	}},
	{73, []int8{ // coded_block_pattern (table 9-18)
		-17, 127, -13, 102, 0, 82, -7, 74, -21, 107, -27, 127, -31, 127, -24, 127, -18, 95, -27, 127,
		-21, 114, -30, 127,
	}},
	{85, []int8{ // coded_block_flag (table 9-18)
		-17, 123, -12, 115, -16, 122, -11, 115, -12, 63, -2, 68, -15, 84, -13, 104, -3, 70, -8, 93,
		-10, 90, -30, 127, -1, 74, -6, 97, -7, 91, -20, 127, -4, 56, -5, 82, -7, 76, -22, 125,
	}},
	{105, []int8{ // significant_coeff_flag (table 9-19)
		-7, 93, -11, 87, -3, 77, -5, 71, -4, 63, -4, 68, -12, 84, -7, 62, -7, 65, 8, 61,
		5, 56, -2, 66, 1, 64, 0, 61, -2, 78, 1, 50, 7, 52, 10, 35, 0, 44, 11, 38,
		1, 45, 0, 46, 5, 44, 31, 17, 1, 51, 7, 50, 28, 19, 16, 33, 14, 62, -13, 108,
		-15, 100, -13, 101, -13, 91, -12, 94, -10, 88, -16, 84, -10, 86, -7, 83, -13, 87, -19, 94,
		1, 70, 0, 72, -5, 74, 18, 59, -8, 102, -15, 100, 0, 95, -4, 75, 2, 72, -11, 75,
		-3, 71, 15, 46, -13, 69, 0, 62, 0, 65, 21, 37, -15, 72, 9, 57, 16, 54, 0, 62,
		12, 72,
	}},
	{166, []int8{ // last_significant_coeff_flag (table 9-22)
		24, 0, 15, 9, 8, 25, 13, 18, 15, 9, 13, 19, 10, 37, 12, 18, 6, 29, 20, 33,
		15, 30, 4, 45, 1, 58, 0, 62, 7, 61, 12, 38, 11, 45, 15, 39, 11, 42, 13, 44,
		16, 45, 12, 41, 10, 49, 30, 34, 18, 42, 10, 55, 17, 51, 17, 46, 0, 89, 26, -19,
		22, -17, 26, -17, 30, -25, 28, -20, 33, -23, 37, -27, 33, -23, 40, -28, 38, -17, 33, -11,
		40, -15, 41, -6, 38, 1, 41, 17, 30, -6, 27, 3, 26, 22, 37, -16, 35, -4, 38, -8,
		38, -3, 37, 3, 38, 5, 42, 0, 35, 16, 39, 22, 14, 48, 27, 37, 21, 60, 12, 68,
		2, 97,
	}},
	{227, []int8{ // coeff_abs_level_minus1 (tables 9-24, 9-25)
		-3, 71, -6, 42, -5, 50, -3, 54, -2, 62, 0, 58, 1, 63, -2, 72, -1, 74, -9, 91,
		-5, 67, -5, 27, -3, 39, -2, 44, 0, 46, -16, 64, -8, 68, -10, 78, -6, 77, -10, 86,
		-12, 92, -15, 55, -10, 60, -6, 62, -4, 65, -12, 73, -8, 76, -7, 80, -9, 88, -17, 110,
		-11, 97, -20, 84, -11, 79, -6, 73, -4, 74, -13, 86, -13, 96, -11, 97, -19, 117, -8, 78,
		-5, 33, -4, 48, -2, 53, -3, 62, -13, 71, -10, 79, -12, 86, -13, 90, -14, 97,
	}},
	{399, []int8{ // transform_size_8x8_flag (table 9-16)
		31, 21, 31, 31, 25, 50,
	}},
	{402, []int8{ // significant_coeff_flag of 8×8 blocks (table 9-26)
		-17, 120, -20, 112, -18, 114, -11, 85, -15, 92, -14, 89, -26, 71, -15, 81, -14, 80, 0, 68,
		-14, 70, -24, 56, -23, 68, -24, 50, -11, 74,
	}},
	{417, []int8{ // last_significant_coeff_flag of 8×8 blocks
		23, -13, 26, -13, 40, -15, 49, -14, 44, 3, 45, 6, 44, 34, 33, 54, 19, 82,
	}},
	{426, []int8{ // coeff_abs_level_minus1 of 8×8 blocks
		-3, 75, -1, 23, 1, 34, 1, 43, 0, 54, -2, 55, 0, 61, 1, 64, 0, 68, -9, 92,
	}},
}
