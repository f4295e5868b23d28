// Package flac writes sound without any loss as FLAC (RFC 9639), which players know
// that know no linear samples.
//
// What it promises:
//
//   - Each frame is decoded by itself, to the very samples.
//   - A frame is no longer than its samples, and 18 bytes, and one for each channel.
//   - It keeps nothing from one frame to the next. The first sample of a frame has the
//     number that it is told: a frame has no place of its own in a stream.
//
// A channel is what one of five fixed predictors leaves of it, coded by Rice, and what
// never is anything but 0 at the end of its samples is left out: of G.711 those are two or
// three bits of sixteen. Channels are not told from each other, and prediction is not
// adapted to the sound: that is a few per cent more of a camera's sound, which is
// little beside its pictures.
package flac

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Format is what a stream of samples is.
type Format struct {
	Rate     int // samples in a second, of each channel
	Channels int
	Depth    int // bits of a sample
}

// What the format holds (RFC 9639 §8.2).
const (
	rateMost     = 1<<20 - 1
	channelsMost = 8
	depthLeast   = 4
	depthMost    = 24 // it holds 32, which prediction would overflow here
)

// Blocks of samples. The longest is what every player takes (§7).
const (
	blockLeast = 16
	blockMost  = 4096
)

// Check tells what of f no stream has.
func (f Format) Check() error {
	switch {
	case f.Rate < 1 || f.Rate > rateMost:
		return fmt.Errorf("flac: %d samples in a second, of 1 to %d", f.Rate, rateMost)
	case f.Channels < 1 || f.Channels > channelsMost:
		return fmt.Errorf("flac: %d channels, of 1 to %d", f.Channels, channelsMost)
	case f.Depth < depthLeast || f.Depth > depthMost:
		return fmt.Errorf("flac: samples of %d bits, of %d to %d", f.Depth, depthLeast, depthMost)
	}
	return nil
}

// Info is what a player is told before the first frame: STREAMINFO (§8.2). How long the
// stream is, and how long its frames are, is left open.
func (f Format) Info() []byte {
	b := binary.BigEndian.AppendUint16(nil, blockLeast)
	b = binary.BigEndian.AppendUint16(b, blockMost)
	b = append(b, make([]byte, 6)...)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Rate)<<44|uint64(f.Channels-1)<<41|uint64(f.Depth-1)<<36)
	return append(b, make([]byte, 16)...)
}

// Frame is coded sound.
type Frame struct {
	Samples int // of each channel
	Bytes   []byte
}

// Frames codes samples, those of each channel by themselves: frames of one length, and of
// one sample more. first is the number of the first of them.
func (f Format) Frames(first uint64, channels [][]int32) []Frame {
	var list []Frame
	for count := len(channels[0]); count > 0; {
		n := (count + blockMost - 1) / blockMost
		n = (count + n - 1) / n
		block := make([][]int32, len(channels))
		for i, c := range channels {
			at := len(c) - count
			block[i] = c[at : at+n]
		}
		list = append(list, Frame{Samples: n, Bytes: f.frame(first, block)})
		first, count = first+uint64(n), count-n
	}
	return list
}

// frame codes one (§9).
func (f Format) frame(first uint64, block [][]int32) []byte {
	w := bitWriter{b: f.header(first, len(block[0]))}
	for _, samples := range block {
		w.channel(samples, f.Depth)
	}
	w.close()
	return binary.BigEndian.AppendUint16(w.b, crc16(w.b))
}

// numberBits is how long the number of a sample may be: past it the numbers begin anew,
// of 48000 samples in a second after two weeks.
const numberBits = 36

// header says of a frame all that a player must know (§9.1).
func (f Format) header(first uint64, samples int) []byte {
	const varying, wordBlock = 0xfff9, 7 // blocks differ in length, and tell it in 16 bits
	b := binary.BigEndian.AppendUint16(nil, varying)
	rate, more := f.rate()
	b = append(b, wordBlock<<4|rate, byte(f.Channels-1)<<4|depths[f.Depth]<<1)
	b = appendNumber(b, first&(1<<numberBits-1))
	b = binary.BigEndian.AppendUint16(b, uint16(samples-1))
	b = append(b, more...)
	return append(b, crc8(b))
}

// depths are the words for the bits of a sample (§9.1.4); 0: as was told before.
var depths = map[int]byte{8: 1, 12: 2, 16: 4, 20: 5, 24: 6}

// rates are the words for the samples in a second (§9.1.2).
var rates = map[int]byte{
	88200: 1, 176400: 2, 192000: 3, 8000: 4, 16000: 5, 22050: 6, 24000: 7, 32000: 8, 44100: 9, 48000: 10, 96000: 11,
}

// rate is the word for the samples in a second, and what stands behind.
func (f Format) rate() (word byte, more []byte) {
	const hertz, tens = 13, 14
	switch word, ok := rates[f.Rate]; {
	case ok:
		return word, nil
	case f.Rate <= 0xffff:
		return hertz, binary.BigEndian.AppendUint16(nil, uint16(f.Rate))
	case f.Rate%10 == 0 && f.Rate/10 <= 0xffff:
		return tens, binary.BigEndian.AppendUint16(nil, uint16(f.Rate/10))
	default:
		return 0, nil // as was told before
	}
}

// appendNumber codes a number as UTF-8 does a letter, of up to seven bytes (§9.1.5).
func appendNumber(b []byte, n uint64) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	more := (bits.Len64(n) - 2) / 5
	b = append(b, byte(0xff<<(7-more)|n>>(6*more)))
	for more--; more >= 0; more-- {
		b = append(b, byte(0x80|n>>(6*more)&0x3f))
	}
	return b
}
