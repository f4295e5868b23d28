package camera

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/pion/rtp"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
)

// packed are payloads of packets, each behind two bytes of flags and two of length. Of
// the flags one bit ends a picture, one loses a packet before, and the rest is how much
// later it is, in 25ths of a second.
func packed(last bool, payload []byte) []byte {
	flags := uint16(1) << 2
	if last {
		flags |= 1
	}
	b := binary.BigEndian.AppendUint16(nil, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	return append(b, payload...)
}

// unpacked calls each with the packets of packed.
func unpacked(b []byte, each func(*rtp.Packet)) {
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96}}
	for len(b) >= 4 {
		flags, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		b = b[4:]
		n = min(n, len(b))
		p.SequenceNumber++
		if flags&2 != 0 {
			p.SequenceNumber++
		}
		p.Marker = flags&1 != 0
		p.Timestamp += uint32(flags>>2) * clockRate / 25
		p.Payload = b[:n:n]
		b = b[n:]
		q := p
		each(&q)
	}
}

// watcher is a Recorder whose tapes look at every part.
type watcher struct {
	t     *testing.T
	at    uint64 // the next part is decoded not before
	begun bool
}

func (w *watcher) Begin(f home.Footage) (home.Tape, error) {
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(f.Init)); err != nil {
		w.t.Errorf("a clip begins with what can't be read: %v", err)
	}
	w.begun, w.at = true, 0
	return w, nil
}

func (w *watcher) Add(p home.FootagePart) error {
	var parts fmp4.Parts
	if err := parts.Unmarshal(p.Bytes); err != nil || len(parts) != 1 {
		w.t.Fatalf("%d parts in one: %v", len(parts), err)
	}
	video := parts[0].Tracks[0]
	if len(video.Samples) != p.Pictures || p.Pictures == 0 || p.Duration < 0 {
		w.t.Errorf("%d pictures in a part that says %d, of %v", len(video.Samples), p.Pictures, p.Duration)
	}
	if video.BaseTime < w.at || w.at == 0 && !p.Key {
		w.t.Errorf("a part is decoded at %d, the one before ends at %d", video.BaseTime, w.at)
	}
	w.at = video.BaseTime
	for i, s := range video.Samples {
		if s.IsNonSyncSample == (p.Key && i == 0) {
			w.t.Errorf("picture %d of a part that begins with one that stands alone (%v) does not say so", i, p.Key)
		}
		w.at += uint64(s.Duration)
	}
	return nil
}

func (w *watcher) Still(time.Time, []byte) error { return nil }
func (w *watcher) See(home.Sight)                {}
func (w *watcher) Stale() bool                   { return false }
func (w *watcher) End(time.Time, error)          { w.begun = false }

// FuzzReel shows a camera packets that no camera would send. Whatever comes, each part
// of a clip can be read, says how many pictures it has, and none is decoded before the
// one before.
func FuzzReel(f *testing.F) {
	drawn := camsim.Draw(camsim.Porch)
	video := drawn.Video.(*format.H264)
	encoder, err := video.CreateEncoder()
	if err != nil {
		f.Fatal(err)
	}
	var seed []byte
	for _, p := range drawn.Pictures[18:24] { // among them one that stands alone
		var units [][]byte
		for _, u := range p.Units {
			units = append(units, u[:min(len(u), 60)]) // what is behind its header is nobody's business here
		}
		packets, err := encoder.Encode(units)
		if err != nil {
			f.Fatal(err)
		}
		for i, packet := range packets {
			seed = append(seed, packed(i == len(packets)-1, packet.Payload)...)
		}
	}
	f.Add(false, seed)
	f.Add(false, packed(true, []byte{24, 0, 1, 9, 0, 2, 0x67, 0x42})) // STAP-A with a cut parameter set
	for _, units := range [][][]byte{
		{h265VPS, h265SPS, h265PPS, {0x26, 1, 0xaf, 8, 0x46}}, // IDR_W_RADL
		{{2, 1, 0xd0, 9}}, // TRAIL_R
	} {
		for i, u := range units {
			f.Add(true, packed(i == len(units)-1, u))
		}
	}
	f.Add(true, bytes.Join([][]byte{packed(false, h265VPS), packed(false, h265SPS), packed(false, h265PPS), packed(true, []byte{0x26, 1, 0xaf, 8}), packed(true, []byte{2, 1, 0xd0, 9})}, nil))
	f.Fuzz(func(t *testing.T, is265 bool, b []byte) {
		w := &watcher{t: t}
		c, err := New(Options{
			ID: "camera-porch", URL: "rtsp://127.0.0.1/main", Pre: time.Second, Post: time.Second, Longest: 2 * time.Second,
			RingBytes: 64 << 10, Recorder: w, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		var of format.Format = &format.H264{PayloadTyp: 96, PacketizationMode: 1, SPS: video.SPS, PPS: video.PPS}
		if is265 {
			of = &format.H265{PayloadTyp: 96}
		}
		r, err := newReel(of, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Hold("hall", "zone:hall")
		now := time.Unix(1_800_000_000, 0)
		unpacked(b, func(p *rtp.Packet) {
			now = now.Add(40 * time.Millisecond)
			r.take(p, int64(p.Timestamp), now)
		})
		c.hungUp(nil)
		if w.begun {
			t.Error("a clip has no end")
		}
		if c.ring.bytes != 0 {
			t.Errorf("%d bytes are in a ring that was emptied", c.ring.bytes)
		}
	})
}

// Parameter sets of x265: main profile, level 2.1, 640×360.
var (
	h265VPS = []byte{0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3f, 0x95, 0x98, 0x09}
	h265SPS = []byte{0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x69, 0x65, 0x95, 0x9a, 0x49, 0x32, 0xbc, 0x05, 0xa0, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03, 0x03, 0x21}
	h265PPS = []byte{0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40}
)

// codecWords is what may stand in codecs= (RFC 6381 §3.3, ISO/IEC 14496-15 annex E.3).
var codecWords = regexp.MustCompile(`^hev1(\.[ABC]?[0-9]+\.[0-9a-f]+\.[LH][0-9]+(\.[0-9a-f]{1,2}){0,6})?$`)

func FuzzH265Words(f *testing.F) {
	if got := h265Words(h265SPS); got != "hev1.1.6.L63.90" {
		f.Errorf("got %q", got)
	}
	f.Add(h265SPS)
	f.Add([]byte{0x42, 0x01, 0x01})
	f.Add(bytes.Repeat([]byte{0, 0, 3}, 9))
	f.Add(bytes.Repeat([]byte{0xff}, 15))
	f.Fuzz(func(t *testing.T, sps []byte) {
		if words := h265Words(sps); !codecWords.MatchString(words) {
			t.Errorf("%q", words)
		}
	})
}

// FuzzEar hears packets of every kind of sound: pieces have a length, and their times
// go on. Of samples each that is heard is in a part, whatever is damaged beside it.
func FuzzEar(f *testing.F) {
	formats := []func() format.Format{
		func() format.Format {
			return &format.MPEG4Audio{PayloadTyp: 97, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3, Config: &mpeg4audio.AudioSpecificConfig{Type: 2, SampleRate: 48000, ChannelConfig: 1}}
		},
		func() format.Format { return &format.Opus{PayloadTyp: 97, ChannelCount: 2} },
		func() format.Format { return &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1} },
		func() format.Format {
			return &format.G711{MULaw: true, PayloadTyp: 0, SampleRate: 8000, ChannelCount: 2}
		},
		func() format.Format {
			return &format.LPCM{PayloadTyp: 97, BitDepth: 16, SampleRate: 16000, ChannelCount: 2}
		},
		func() format.Format {
			return &format.LPCM{PayloadTyp: 97, BitDepth: 24, SampleRate: 48000, ChannelCount: 1}
		},
		func() format.Format {
			return &format.LPCM{PayloadTyp: 97, BitDepth: 8, SampleRate: 8000, ChannelCount: 8}
		},
	}
	f.Add(byte(0), packed(true, []byte{0, 16, 0, 4 << 3, 1, 2, 3, 4}))
	f.Add(byte(1), packed(true, []byte{0xfc, 0xff, 0xfe}))
	f.Add(byte(1), packed(true, nil))
	f.Add(byte(2), packed(true, bytes.Repeat([]byte{0xd5}, 160)))
	f.Add(byte(3), packed(false, []byte{1}))
	f.Add(byte(4), packed(true, []byte{1, 2, 3}))
	f.Add(byte(4), bytes.Join([][]byte{packed(true, []byte{1, 2, 3, 4}), packed(true, []byte{1, 2, 3}), packed(true, nil), packed(true, make([]byte, 640))}, nil))
	f.Add(byte(5), packed(true, []byte{1, 2, 3, 4, 5, 6}))
	f.Add(byte(6), packed(true, bytes.Repeat([]byte{0x80}, 16)))
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		of := formats[int(kind)%len(formats)]()
		e, err := newEar(of)
		if err != nil {
			t.Fatal(err)
		}
		var list []sound
		heard := 0
		now, last := time.Unix(1_800_000_000, 0), int64(-1<<62)
		unpacked(b, func(p *rtp.Packet) {
			now = now.Add(20 * time.Millisecond)
			first := true
			e.hear(p, int64(p.Timestamp), now, func(s sound) {
				if !first && s.pts < last {
					t.Errorf("a piece at %d follows one at %d in one packet", s.pts, last)
				}
				first, last = false, s.pts
				list, heard = append(list, s), heard+int(s.ticks)
			})
		})
		if e.words != "flac" || heard == 0 || list[0].pts < 0 {
			return
		}
		c := cutter{film: film{audio: e.codec, rate: of.ClockRate()}}
		for _, s := range c.cutSound(list).Samples {
			heard -= int(s.Duration)
		}
		if heard != 0 {
			t.Errorf("%d samples that were heard are in no part, or were none", heard)
		}
	})
}
