package camera

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"
)

// reel makes pictures of packets.
type reel struct {
	video  codec
	to     sink
	audio  codecs.Codec
	rate   int
	spoken string
	law    Law

	times times
	film  film
	ready bool // a picture that stands alone was there
}

// codec is what differs between H.264 and H.265.
type codec interface {
	// decode returns the NAL units of a picture when the packet ends one.
	decode(*rtp.Packet) ([][]byte, error)
	// refine notes the parameter sets among the units, drops what is of no use in a
	// file, and puts the sets before a picture that stands alone and lacks them.
	refine(units [][]byte) (picture [][]byte, key bool)
	// sets are the parameter sets; nil: not all of them are known.
	sets() codecs.Codec
	// dts is when the picture is decoded.
	dts(units [][]byte, pts int64) (int64, error)
	// reset forgets what was before.
	reset()
}

func newReel(f format.Format, to sink) (*reel, error) {
	r := &reel{to: to, times: newTimes(clockRate)}
	var err error
	switch f := f.(type) {
	case *format.H264:
		r.video, err = newAVC(f)
	case *format.H265:
		r.video, err = newHEVC(f)
	}
	if err != nil {
		return nil, fmt.Errorf("camera: %s: %w", f.Codec(), err)
	}
	return r, nil
}

// take takes a packet and tells whether it ended a picture that stands alone. A
// picture of which a packet is missing is left out: what depends on it is smeared
// until the next that stands alone, which is more than nothing.
func (r *reel) take(p *rtp.Packet, pts int64, now time.Time) bool {
	units, err := r.video.decode(p)
	if err != nil || len(units) == 0 {
		return false // more packets are needed, or one was lost; the client counts those
	}
	return r.picture(units, pts, now)
}

// picture takes the NAL units of one picture.
func (r *reel) picture(units [][]byte, pts int64, now time.Time) bool {
	units = usable(units)
	units, key := r.video.refine(units)
	if len(units) == 0 {
		return false
	}
	if !key && !r.ready {
		r.to.wait()
		return false
	}
	if key && !r.open() {
		return false
	}
	pts = r.times.follow(pts, now)
	dts, err := r.video.dts(units, pts)
	if err != nil { // the order of pictures is not understood any more: begin anew
		r.video.reset()
		if !key {
			r.ready = false
			return false
		}
		if dts, err = r.video.dts(units, pts); err != nil {
			r.ready = false
			return false
		}
	}
	b, err := h264.AVCC(units).Marshal()
	if err != nil {
		return false
	}
	r.to.see(picture{at: now, dts: r.times.grow(dts), pts: pts, key: key, bytes: b})
	return key
}

// open says what the stream is made of, if that is new. It tells whether it is known.
func (r *reel) open() bool {
	sets := r.video.sets()
	if sets == nil {
		return false
	}
	if r.ready && r.film.same(film{video: sets}) {
		return true
	}
	f, err := newFilm(sets)
	if err != nil {
		return false
	}
	f.audio, f.rate, f.spoken, f.law = r.audio, r.rate, r.spoken, r.law
	r.film, r.ready = f, true
	r.to.open(f)
	return true
}

// usable leaves out empty units, which no codec knows.
func usable(units [][]byte) [][]byte {
	kept := units[:0]
	for _, u := range units {
		if len(u) > 0 {
			kept = append(kept, u)
		}
	}
	return kept
}

// times follows the time of a stream across jumps of the camera's clock.
type times struct {
	rate    int64 // ticks in a second
	offset  int64
	last    int64 // as handed on
	at      time.Time
	began   bool
	decoded int64
}

const (
	jumpBack  = 1 // s: pictures are shown at most so much out of their order
	jumpAhead = 3 // s: and are at most so much ahead of the hub's clock since the last
)

// newTimes begins at a second: the first picture is decoded before it is shown, and no
// decoding time is 0, which is for none.
func newTimes(rate int64) times { return times{rate: rate, offset: rate} }

// follow is the time of a picture on a clock that goes on.
func (t *times) follow(pts int64, now time.Time) int64 {
	out := pts + t.offset
	if t.began {
		passed := int64(now.Sub(t.at).Seconds() * float64(t.rate))
		if d := out - t.last; d < -jumpBack*t.rate || d > passed+jumpAhead*t.rate {
			t.offset -= d - max(t.rate/25, min(passed, jumpAhead*t.rate))
			out = pts + t.offset
		}
	}
	t.began, t.last, t.at = true, out, now
	return out
}

// grow keeps decoding times in their order.
func (t *times) grow(dts int64) int64 {
	t.decoded = max(dts, t.decoded)
	return t.decoded
}

// avc is H.264 (RFC 6184).
type avc struct {
	packets interface {
		Decode(*rtp.Packet) ([][]byte, error)
	}
	order    h264.DTSExtractor
	sps, pps []byte
}

func newAVC(f *format.H264) (*avc, error) {
	d, err := f.CreateDecoder()
	if err != nil {
		return nil, err
	}
	sps, pps := f.SafeParams()
	a := &avc{packets: d, sps: sps, pps: pps}
	a.reset()
	return a, nil
}

func (a *avc) decode(p *rtp.Packet) ([][]byte, error) { return a.packets.Decode(p) }

func (a *avc) refine(units [][]byte) ([][]byte, bool) {
	var out [][]byte
	key, sps, pps := false, false, false
	for _, u := range units {
		switch h264.NALUType(u[0] & 0x1f) {
		case h264.NALUTypeSPS:
			a.sps, sps = keep(a.sps, u), true
		case h264.NALUTypePPS:
			a.pps, pps = keep(a.pps, u), true
		case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeFillerData:
			continue
		case h264.NALUTypeIDR:
			key = true
		default:
		}
		out = append(out, u)
	}
	if !hasSlice(out, func(u []byte) bool { t := u[0] & 0x1f; return t >= 1 && t <= 5 }) {
		return nil, false
	}
	if key && (!sps || !pps) && a.sets() != nil {
		out = append([][]byte{a.sps, a.pps}, without(out, func(u []byte) bool {
			t := h264.NALUType(u[0] & 0x1f)
			return t == h264.NALUTypeSPS || t == h264.NALUTypePPS
		})...)
	}
	return out, key
}

func (a *avc) sets() codecs.Codec {
	if len(a.sps) < 4 || len(a.pps) == 0 {
		return nil
	}
	return &codecs.H264{SPS: a.sps, PPS: a.pps}
}

func (a *avc) dts(units [][]byte, pts int64) (int64, error) { return a.order.Extract(units, pts) }

func (a *avc) reset() {
	a.order = h264.DTSExtractor{}
	a.order.Initialize()
}

// hevc is H.265 (RFC 7798).
type hevc struct {
	packets interface {
		Decode(*rtp.Packet) ([][]byte, error)
	}
	order         h265.DTSExtractor
	vps, sps, pps []byte
}

func newHEVC(f *format.H265) (*hevc, error) {
	if f.MaxDONDiff != 0 {
		return nil, errors.New("packets out of their order are not understood")
	}
	d, err := f.CreateDecoder()
	if err != nil {
		return nil, err
	}
	vps, sps, pps := f.SafeParams()
	h := &hevc{packets: d, vps: vps, sps: sps, pps: pps}
	h.reset()
	return h, nil
}

func (h *hevc) decode(p *rtp.Packet) ([][]byte, error) { return h.packets.Decode(p) }

func hevcType(u []byte) h265.NALUType { return h265.NALUType(u[0] >> 1 & 0x3f) }

func (h *hevc) refine(units [][]byte) ([][]byte, bool) {
	var out [][]byte
	key, vps, sps, pps := false, false, false, false
	for _, u := range units {
		switch hevcType(u) {
		case h265.NALUType_VPS_NUT:
			h.vps, vps = keep(h.vps, u), true
		case h265.NALUType_SPS_NUT:
			h.sps, sps = keep(h.sps, u), true
		case h265.NALUType_PPS_NUT:
			h.pps, pps = keep(h.pps, u), true
		case h265.NALUType_AUD_NUT, h265.NALUType_FD_NUT:
			continue
		case h265.NALUType_IDR_W_RADL, h265.NALUType_IDR_N_LP, h265.NALUType_CRA_NUT:
			key = true
		default:
		}
		out = append(out, u)
	}
	if !hasSlice(out, func(u []byte) bool { return hevcType(u) < h265.NALUType_VPS_NUT }) {
		return nil, false
	}
	if key && (!vps || !sps || !pps) && h.sets() != nil {
		out = append([][]byte{h.vps, h.sps, h.pps}, without(out, func(u []byte) bool {
			t := hevcType(u)
			return t == h265.NALUType_VPS_NUT || t == h265.NALUType_SPS_NUT || t == h265.NALUType_PPS_NUT
		})...)
	}
	return out, key
}

func (h *hevc) sets() codecs.Codec {
	if len(h.vps) == 0 || len(h.sps) == 0 || len(h.pps) == 0 {
		return nil
	}
	return &codecs.H265{VPS: h.vps, SPS: h.sps, PPS: h.pps}
}

func (h *hevc) dts(units [][]byte, pts int64) (int64, error) { return h.order.Extract(units, pts) }

func (h *hevc) reset() {
	h.order = h265.DTSExtractor{}
	h.order.Initialize()
}

// keep is the set to remember: a copy if it is another than before, as packets are
// not the reel's to keep.
func keep(before, now []byte) []byte {
	if bytes.Equal(before, now) {
		return before
	}
	return bytes.Clone(now)
}

func hasSlice(units [][]byte, is func([]byte) bool) bool {
	for _, u := range units {
		if is(u) {
			return true
		}
	}
	return false
}

func without(units [][]byte, is func([]byte) bool) [][]byte {
	var out [][]byte
	for _, u := range units {
		if !is(u) {
			out = append(out, u)
		}
	}
	return out
}
