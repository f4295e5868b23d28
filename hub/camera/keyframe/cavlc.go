package keyframe

import (
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"sync"
)

// codes reads one set of variable-length codes: by the zeros before the first one of
// a code, and the three bits behind that, which is as much as any code has.
type codes [16 * 8]code

type code struct {
	bits  uint8 // 0: there is no such code
	value uint8
}

// read returns the value of the next code; ok is false when there is none such.
func (c *codes) read(r *reader) (value int, ok bool) {
	v := r.peek()
	zeros := bits.LeadingZeros32(v | 1<<16)
	found := c[(zeros<<3|int(v<<(zeros&31+1)>>29))&127]
	r.pos += int(found.bits)
	return int(found.value), found.bits > 0
}

// add adds a code as the tables write it.
func (c *codes) add(written string, value int) {
	entry := code{uint8(len(written)), uint8(value)}
	zeros := strings.IndexByte(written, '1')
	if zeros < 0 { // only zeros: whatever comes behind them
		for i := len(written) << 3; i < len(c); i++ {
			c[i] = entry
		}
		return
	}
	rest := written[zeros+1:]
	var from int
	for i := range 3 {
		from <<= 1
		if i < len(rest) && rest[i] == '1' {
			from |= 1
		}
	}
	for i := range 8 >> len(rest) {
		c[zeros<<3|from|i] = entry
	}
}

// vlc are the sets of codes of CAVLC.
type vlc struct {
	token       [4]codes // by nC: 0, 1; 2, 3; 4 to 7; chroma DC
	zeros       [15]codes
	chromaZeros [3]codes
	run         [7]codes
}

// vlcs is made when the first stream needs it.
var vlcs = sync.OnceValue(func() *vlc {
	v := &vlc{}
	for line := range strings.Lines(tokenCodes) {
		cells := strings.Fields(line)
		ones, _ := strconv.Atoi(cells[0])
		total, _ := strconv.Atoi(cells[1])
		for i, written := range cells[2:] {
			if written != "-" {
				v.token[i].add(written, total<<2|ones)
			}
		}
	}
	read := func(to []codes, table string) {
		i := 0
		for line := range strings.Lines(table) {
			for value, written := range strings.Fields(line) {
				to[i].add(written, value)
			}
			i++
		}
	}
	read(v.zeros[:], zerosCodes)
	read(v.chromaZeros[:], chromaZerosCodes)
	read(v.run[:], runCodes)
	return v
})

// readToken reads how many levels a block has, and how many of its last are 1 or -1
// (§9.2.1). From nC 8 on these are two numbers side by side.
func (v *vlc) readToken(r *reader, nc int) (total, ones int, ok bool) {
	set := &v.token[3]
	switch {
	case nc >= 8:
		const none = 3
		token := int(r.bits(6))
		if token == none {
			return 0, 0, true
		}
		return token>>2 + 1, token & 3, token&3 <= token>>2+1
	case nc >= 4:
		set = &v.token[2]
	case nc >= 2:
		set = &v.token[1]
	case nc >= 0:
		set = &v.token[0]
	}
	token, ok := set.read(r)
	return token >> 2, token & 3, ok
}

var (
	errLevels = errors.New("levels that can't be")
	errRuns   = errors.New("more zeros than a block has")
)

// levels reads one block (§7.3.5.3.2, §9.2): nc is what its neighbours foretell of the
// number of its levels, and -1 for chroma DC. The number of levels is returned.
func (w *walk) levels(nc int, t *target) (int, error) {
	r, v := &w.bits, w.vlc
	total, ones, ok := v.readToken(r, nc)
	if !ok || total > t.size {
		return 0, errLevels
	}
	if total == 0 {
		return 0, nil
	}
	var level [16]int32
	if err := readLevels(r, &level, total, ones); err != nil {
		return 0, err
	}
	zeros := 0
	if total < t.size {
		from := &v.zeros[total-1]
		if nc < 0 {
			from = &v.chromaZeros[total-1]
		}
		if zeros, ok = from.read(r); !ok || total+zeros > t.size {
			return 0, errRuns
		}
	}
	at := total + zeros - 1
	for i := range total {
		t.put(at, level[i&15])
		if at--; zeros > 0 && i < total-1 {
			run, ok := v.run[min(zeros, 7)-1].read(r)
			if !ok || run > zeros {
				return 0, errRuns
			}
			zeros -= run
			at -= run
		}
	}
	return total, nil
}

// readLevels reads the levels, the last one of the block first (§9.2.2).
func readLevels(r *reader, level *[16]int32, total, ones int) error {
	for i := range ones {
		level[i&15] = 1 - 2*int32(r.bits(1))
	}
	suffix := 0
	if total > 10 && ones < 3 {
		suffix = 1
	}
	for i := ones; i < total; i++ {
		prefix := bits.LeadingZeros32(r.peek())
		if prefix > 15+10 { // of which the standard knows up to 15 for these profiles, and encoders a few more
			return errLevels
		}
		r.pos += prefix + 1
		v := int32(min(prefix, 15)) << suffix
		more := suffix
		switch {
		case prefix >= 15:
			more = prefix - 3
		case prefix == 14 && suffix == 0:
			more = 4
		}
		v += int32(r.bits(more))
		if prefix >= 15 && suffix == 0 {
			v += 15
		}
		if prefix >= 16 {
			v += 1<<(prefix-3) - 4096
		}
		if i == ones && ones < 3 {
			v += 2
		}
		size := (v + 2) >> 1
		if level[i&15] = size; v&1 == 1 {
			level[i&15] = -size
		}
		if suffix == 0 {
			suffix = 1
		}
		if size > 3<<(suffix-1) && suffix < 6 {
			suffix++
		}
	}
	return nil
}

// intraPatterns are the coded_block_patterns of I_NxN macroblocks (table 9-4).
var intraPatterns = [48]uint8{
	47, 31, 15, 0, 23, 27, 29, 30, 7, 11, 13, 14, 39, 43, 45, 46, 16, 3, 5, 10, 12, 19, 21, 26,
	28, 35, 37, 42, 44, 1, 2, 4, 8, 17, 18, 20, 24, 6, 9, 22, 25, 32, 33, 34, 36, 40, 38, 41,
}

// tokenCodes is table 9-5: trailing ones, levels, and the code for nC 0 and 1, 2 and 3,
// 4 to 7, and of chroma DC.
const tokenCodes = `0  0 1                11             1111       01
0  1 000101           001011         001111     000111
0  2 00000111         000111         001011     000100
0  3 000000111        0000111        001000     000011
0  4 0000000111       00000111       0001111    000010
0  5 00000000111      00000100       0001011    -
0  6 0000000001111    000000111      0001001    -
0  7 0000000001011    00000001111    0001000    -
0  8 0000000001000    00000001011    00001111   -
0  9 00000000001111   000000001111   00001011   -
0 10 00000000001011   000000001011   000001111  -
0 11 000000000001111  000000001000   000001011  -
0 12 000000000001011  0000000001111  000001000  -
0 13 0000000000001111 0000000001011  0000001101 -
0 14 0000000000001011 0000000000111  0000001001 -
0 15 0000000000000111 00000000001001 0000000101 -
0 16 0000000000000100 00000000000111 0000000001 -
1  1 01               10             1110       1
1  2 000100           00111          01111      000110
1  3 00000110         001010         01100      0000011
1  4 000000110        000110         01010      00000011
1  5 0000000110       0000110        01000      -
1  6 00000000110      00000110       001110     -
1  7 0000000001110    000000110      001010     -
1  8 0000000001010    00000001110    0001110    -
1  9 00000000001110   00000001010    00001110   -
1 10 00000000001010   000000001110   00001010   -
1 11 000000000001110  000000001010   000001110  -
1 12 000000000001010  0000000001110  000001010  -
1 13 000000000000001  0000000001010  000000111  -
1 14 0000000000001110 00000000001011 0000001100 -
1 15 0000000000001010 00000000001000 0000001000 -
1 16 0000000000000110 00000000000110 0000000100 -
2  2 001              011            1101       001
2  3 0000101          001001         01110      0000010
2  4 00000101         000101         01011      00000010
2  5 000000101        0000101        01001      -
2  6 0000000101       00000101       001101     -
2  7 00000000101      000000101      001001     -
2  8 0000000001101    00000001101    0001101    -
2  9 0000000001001    00000001001    0001010    -
2 10 00000000001101   000000001101   00001101   -
2 11 00000000001001   000000001001   00001001   -
2 12 000000000001101  0000000001101  000001101  -
2 13 000000000001001  0000000001001  000001001  -
2 14 0000000000001101 0000000000110  0000001011 -
2 15 0000000000001001 00000000001010 0000000111 -
2 16 0000000000000101 00000000000101 0000000011 -
3  3 00011            0101           1100       000101
3  4 000011           0100           1011       0000000
3  5 0000100          00110          1010       -
3  6 00000100         001000         1001       -
3  7 000000100        000100         1000       -
3  8 0000000100       0000100        01101      -
3  9 00000000100      000000100      001100     -
3 10 0000000001100    00000001100    0001100    -
3 11 00000000001100   00000001000    00001100   -
3 12 00000000001000   000000001100   00001000   -
3 13 000000000001100  0000000001100  000001100  -
3 14 000000000001000  0000000001000  0000001010 -
3 15 0000000000001100 0000000000001  0000000110 -
3 16 0000000000001000 00000000000100 0000000010 -`

// zerosCodes are tables 9-7 and 9-8: a line for each number of levels, with the codes
// of total_zeros from 0.
const zerosCodes = `1 011 010 0011 0010 00011 00010 000011 000010 0000011 0000010 00000011 00000010 000000011 000000010 000000001
111 110 101 100 011 0101 0100 0011 0010 00011 00010 000011 000010 000001 000000
0101 111 110 101 0100 0011 100 011 0010 00011 00010 000001 00001 000000
00011 111 0101 0100 110 101 100 0011 011 0010 00010 00001 00000
0101 0100 0011 111 110 101 100 011 0010 00001 0001 00000
000001 00001 111 110 101 100 011 010 0001 001 000000
000001 00001 101 100 011 11 010 0001 001 000000
000001 0001 00001 011 11 10 010 001 000000
000001 000000 0001 11 10 001 01 00001
00001 00000 001 11 10 01 0001
0000 0001 001 010 1 011
0000 0001 01 1 001
000 001 1 01
00 01 1
0 1`

// chromaZerosCodes is table 9-9(a).
const chromaZerosCodes = `1 01 001 000
1 01 00
1 0`

// runCodes is table 9-10: a line for each number of zeros left, the last one for more
// than six, with the codes of run_before from 0.
const runCodes = `1 0
1 01 00
11 10 01 00
11 10 01 001 000
11 10 011 010 001 000
11 000 001 011 010 101 100
111 110 101 100 011 010 001 0001 00001 000001 0000001 00000001 000000001 0000000001 00000000001`
