package flac

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type kind struct {
	name string
	at   func(r *rand.Rand, i, full int) int // full is the greatest sample
}

// sounds are samples of each kind: from silence to what nothing makes shorter.
var sounds = []kind{
	{"silence", func(*rand.Rand, int, int) int { return 0 }},
	{"one level", func(_ *rand.Rand, _, full int) int { return -full / 3 }},
	{"noise at full scale", func(r *rand.Rand, _, full int) int { return r.IntN(2*full+2) - full - 1 }},
	{"from end to end", func(_ *rand.Rand, i, full int) int { return []int{full, -full - 1}[i%2] }},
	{"faint noise", func(r *rand.Rand, _, _ int) int { return r.IntN(7) - 3 }},
	{"a tone", func(_ *rand.Rand, i, full int) int { return int(float64(full) * math.Sin(float64(i)/9)) }},
	{"a ramp", func(_ *rand.Rand, i, full int) int { return i * 3 % full }},
	{"a click", func(_ *rand.Rand, i, full int) int { return []int{0, -full - 1}[min(1, i%200/199)] }},
	{"ends in zeros", func(r *rand.Rand, _, full int) int { return (r.IntN(full+1) - full/2) &^ 7 }},
	{"one bit", func(r *rand.Rand, _, full int) int { return -r.IntN(2) * (full + 1) }},
}

// channels makes samples of a kind, of each channel others.
func (f Format) channels(k kind, count int) [][]int32 {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([][]int32, f.Channels)
	for c := range all {
		all[c] = make([]int32, count)
		for i := range all[c] {
			all[c][i] = int32(k.at(r, i+c, 1<<(f.Depth-1)-1))
		}
	}
	return all
}

// decode decodes a frame, strictly: what RFC 9639 forbids, and what is not written here, is a fault.
func (f Format) decode(b []byte) (first uint64, channels [][]int32, err error) {
	if crc16(b) != 0 { // over its own sum it is
		return 0, nil, fmt.Errorf("the sum of the frame is wrong")
	}
	r := &reader{b: b}
	if r.take(16) != 0xfff9 || r.take(4) != 7 {
		return 0, nil, fmt.Errorf("not a frame of its own length: % x", b[:3])
	}
	rate := r.take(4)
	if n, depth := r.take(4)+1, r.take(3); int(n) != f.Channels || depth != uint64(depths[f.Depth]) || r.take(1) != 0 {
		return 0, nil, fmt.Errorf("%d channels, depth %d", n, depth)
	}
	if first = r.take(8); first >= 0x80 {
		more := bytes.IndexByte([]byte{0xc0, 0xe0, 0xf0, 0xf8, 0xfc, 0xfe}, byte(first)&^(0xff>>(leading(byte(first))+1)))
		first &= 0xff >> (more + 3)
		for range more + 1 {
			first = first<<6 | r.take(8)&0x3f
		}
	}
	count := int(r.take(16)) + 1
	switch rate {
	case 13:
		if got := r.take(16); int(got) != f.Rate {
			return 0, nil, fmt.Errorf("%d Hz", got)
		}
	case 14:
		if got := r.take(16) * 10; int(got) != f.Rate {
			return 0, nil, fmt.Errorf("%d Hz", got)
		}
	default:
		if byte(rate) != rates[f.Rate] {
			return 0, nil, fmt.Errorf("rate %d", rate)
		}
	}
	if crc8(b[:r.at/8+1]) != 0 {
		return 0, nil, fmt.Errorf("the sum of the header is wrong")
	}
	r.take(8)
	for range f.Channels {
		c, err := r.channel(count, f.Depth)
		if err != nil {
			return 0, nil, err
		}
		channels = append(channels, c)
	}
	if r.take(-r.at&7) != 0 || r.at+16 != 8*len(b) {
		return 0, nil, fmt.Errorf("%d bits of %d bytes were read", r.at, len(b))
	}
	return first, channels, nil
}

func leading(b byte) (n int) {
	for ; b&0x80 != 0; b <<= 1 {
		n++
	}
	return n
}

// reader takes bits; past the end there are zeros.
type reader struct {
	b  []byte
	at int
}

func (r *reader) take(n int) (v uint64) {
	for range n {
		v <<= 1
		if r.at < 8*len(r.b) {
			v |= uint64(r.b[r.at/8] >> (7 - r.at%8) & 1)
		}
		r.at++
	}
	return v
}

func (r *reader) signed(n int) int64 { return int64(r.take(n)<<(64-n)) >> (64 - n) }

// unary is how many zeros there are before a one.
func (r *reader) unary() (n int) {
	for r.at < 8*len(r.b) && r.take(1) == 0 {
		n++
	}
	return n
}

func (r *reader) channel(count, depth int) ([]int32, error) {
	head, wasted := r.take(8), 0
	if head&1 != 0 {
		wasted = r.unary() + 1
	}
	depth -= wasted
	kind := int(head >> 1)
	out := make([]int64, 0, count)
	switch {
	case kind == constant:
		out = slices.Repeat([]int64{r.signed(depth)}, count)
	case kind == verbatim:
		for range count {
			out = append(out, r.signed(depth))
		}
	case kind >= fixed && kind < fixed+orders:
		order := kind - fixed
		if order >= count {
			return nil, fmt.Errorf("order %d of %d samples", order, count)
		}
		for range order {
			out = append(out, r.signed(depth))
		}
		wide := r.take(2)
		if r.take(4) != 0 || wide > 1 {
			return nil, fmt.Errorf("residual in another way")
		}
		rice := int(r.take(4 + int(wide)))
		if rice == 1<<(4+wide)-1 {
			return nil, fmt.Errorf("an escape")
		}
		for i := order; i < count; i++ {
			u := uint64(r.unary())<<rice | r.take(rice)
			left := int64(u>>1) ^ -int64(u&1)
			if left != int64(int32(left)) || left == math.MinInt32 {
				return nil, fmt.Errorf("a residual of %d", left)
			}
			for k, c := range [orders][]int64{{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}}[order] {
				left += c * out[i-1-k]
			}
			out = append(out, left)
		}
	default:
		return nil, fmt.Errorf("kind %d", kind)
	}
	samples := make([]int32, count)
	for i, v := range out {
		samples[i] = int32(v << wasted)
	}
	return samples, nil
}

// coded codes samples and decodes them: they are the same, their numbers follow, and no
// frame is longer than it may be.
func (f Format) coded(t *testing.T, first uint64, channels [][]int32) (all []byte) {
	t.Helper()
	got := make([][]int32, f.Channels)
	n := first
	for _, frame := range f.Frames(first, channels) {
		number, block, err := f.decode(frame.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if number != n&(1<<numberBits-1) || frame.Samples != len(block[0]) || frame.Samples > blockMost {
			t.Errorf("frame %d of %d samples says %d of %d", n, frame.Samples, number, len(block[0]))
		}
		if most := (frame.Samples*f.Channels*f.Depth+7)/8 + 18 + f.Channels; len(frame.Bytes) > most {
			t.Errorf("%d samples take %d bytes, more than %d", frame.Samples, len(frame.Bytes), most)
		}
		n += uint64(frame.Samples)
		for c := range got {
			got[c] = append(got[c], block[c]...)
		}
		all = append(all, frame.Bytes...)
	}
	for c := range got {
		if !slices.Equal(got[c], channels[c]) {
			t.Fatalf("channel %d of %d samples is another: %v… of %v…", c, len(channels[c]), got[c][:min(9, len(got[c]))], channels[c][:min(9, len(channels[c]))])
		}
	}
	return all
}

// TestFrames: whatever is coded comes out as it was, by a decoder of our own and by
// ffmpeg's.
func TestFrames(t *testing.T) {
	for _, f := range []Format{
		{8000, 1, 16},
		{16000, 1, 16},
		{48000, 2, 24},
		{44100, 2, 8},
		{8000, 1, 20},
		{11025, 8, 16}, // neither rate has a word of its own
		{96010, 3, 12},
	} {
		t.Run(fmt.Sprint(f), func(t *testing.T) {
			t.Parallel()
			var all []byte
			var want []int32
			for _, k := range sounds {
				for _, count := range []int{1, 2, 3, 4, 5, 15, 160, 1281, blockMost, blockMost + 1, 3*blockMost - 1} {
					channels := f.channels(k, count)
					frames := f.coded(t, uint64(len(want)/f.Channels), channels)
					if count >= blockLeast { // of what is shorter a stream has the last frame alone
						all, want = append(all, frames...), append(want, f.mixed(channels)...)
					}
				}
			}
			if got := f.ffmpeg(t, all); !slices.Equal(got, want) {
				t.Errorf("ffmpeg decodes %d samples of %d, or others", len(got), len(want))
			}
		})
	}
}

// ffmpeg decodes frames as a stream.
func (f Format) ffmpeg(t *testing.T, frames []byte) []int32 {
	t.Helper()
	info := f.Info()
	name := filepath.Join(t.TempDir(), "sound.flac")
	if err := os.WriteFile(name, slices.Concat([]byte("fLaC\x80\x00\x00"), []byte{byte(len(info))}, info, frames), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	args := "-v warning -err_detect crccheck+bitstream+explode -i " + name + " -f s32le -"
	cmd := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields(args)...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg (of the Debian package ffmpeg): %v\n%s", err, complaints.String())
	}
	list := make([]int32, out.Len()/4)
	for i := range list { // it has them in the highest bits
		list[i] = int32(binary.LittleEndian.Uint32(out.Bytes()[4*i:])) >> (32 - f.Depth)
	}
	return list
}

// mixed has the samples of all channels beside each other.
func (f Format) mixed(channels [][]int32) (list []int32) {
	for i := range channels[0] {
		for _, c := range channels {
			list = append(list, c[i])
		}
	}
	return list
}

// TestNumbers: each length that the number of a sample may have.
func TestNumbers(t *testing.T) {
	f := Format{Rate: 8000, Channels: 1, Depth: 16}
	for n := range numberBits + 1 {
		for _, first := range []uint64{1<<n - 1, 1 << n} {
			f.coded(t, first, f.channels(sounds[5], 2*blockMost))
		}
	}
}

// TestSize: what is easy to tell takes little, and what nothing tells no more than it is.
func TestSize(t *testing.T) {
	f := Format{Rate: 8000, Channels: 1, Depth: 16}
	most := map[string]int{"silence": 14, "one level": 14, "ends in zeros": 160*13/8 + 20, "a ramp": 60, "a tone": 200, "noise at full scale": 2*160 + 19}
	for _, k := range sounds {
		if got, want := len(f.coded(t, 0, f.channels(k, 160))), most[k.name]; want > 0 && got > want {
			t.Errorf("%s of 160 samples takes %d bytes, more than %d", k.name, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		f  Format
		ok bool
	}{
		{Format{8000, 1, 16}, true},
		{Format{1, 8, 4}, true},
		{Format{rateMost, 1, 24}, true},
		{Format{0, 1, 16}, false},
		{Format{rateMost + 1, 1, 16}, false},
		{Format{8000, 0, 16}, false},
		{Format{8000, 9, 16}, false},
		{Format{8000, 1, 3}, false},
		{Format{8000, 1, 25}, false},
	} {
		if err := tt.f.Check(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.f, err)
		}
	}
}

// FuzzFrames codes any samples of any format.
func FuzzFrames(f *testing.F) {
	f.Add(uint32(8000), byte(0), byte(12), uint64(0), []byte{1, 2, 3, 0xff, 0xff, 0x80})
	f.Add(uint32(48000), byte(1), byte(20), uint64(1)<<36-1, bytes.Repeat([]byte{0x80, 0, 0x7f}, 9000))
	f.Add(uint32(12345), byte(7), byte(0), uint64(1)<<63, bytes.Repeat([]byte{7}, 300))
	f.Fuzz(func(t *testing.T, rate uint32, channels, depth byte, first uint64, b []byte) {
		format := Format{
			Rate: 1 + int(rate%rateMost), Channels: 1 + int(channels%channelsMost), Depth: depthLeast + int(depth)%(depthMost-depthLeast+1),
		}
		if err := format.Check(); err != nil {
			t.Fatal(err)
		}
		bytesOf := (format.Depth + 7) / 8
		samples := make([][]int32, format.Channels)
		for n := format.Channels * bytesOf; len(b) >= n; b = b[n:] {
			for c := range samples {
				v := uint32(0)
				for _, x := range b[c*bytesOf:][:bytesOf] {
					v = v<<8 | uint32(x)
				}
				samples[c] = append(samples[c], int32(v)<<(32-format.Depth)>>(32-format.Depth))
			}
		}
		format.coded(t, first, samples)
	})
}

// BenchmarkFrames codes a second of a camera's sound.
func BenchmarkFrames(b *testing.B) {
	for _, f := range []Format{{8000, 1, 16}, {48000, 2, 16}} {
		channels := f.channels(sounds[8], f.Rate)
		b.Run(fmt.Sprint(f), func(b *testing.B) {
			for b.Loop() {
				f.Frames(0, channels)
			}
		})
	}
}
