package camera

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"gatehouse/hub/home"
)

// film is what a stream is made of: all that a player must know before the first
// picture.
type film struct {
	video         codecs.Codec // *codecs.H264 or *codecs.H265
	width, height int
	words         string       // of the pictures, as in RFC 6381
	audio         codecs.Codec // nil: none
	rate          int          // ticks of the sound in a second
	spoken        string       // of the sound, as in RFC 6381
	law           Law          // that the sound came in
}

// newFilm reads the parameter sets. It is the one place that refuses a stream that
// no player could open.
func newFilm(video codecs.Codec) (film, error) {
	f := film{video: video}
	switch v := video.(type) {
	case *codecs.H264:
		var sps h264.SPS
		if err := sps.Unmarshal(v.SPS); err != nil {
			return film{}, fmt.Errorf("camera: h264 parameter sets: %w", err)
		}
		f.width, f.height = sps.Width(), sps.Height()
		f.words = fmt.Sprintf("avc1.%02x%02x%02x", v.SPS[1], v.SPS[2], v.SPS[3])
	case *codecs.H265:
		var sps h265.SPS
		if err := sps.Unmarshal(v.SPS); err != nil {
			return film{}, fmt.Errorf("camera: h265 parameter sets: %w", err)
		}
		f.width, f.height = sps.Width(), sps.Height()
		f.words = h265Words(v.SPS)
	default:
		return film{}, fmt.Errorf("camera: %T can't be recorded", video)
	}
	return f, nil
}

// h265Words names profile, tier and level as ISO/IEC 14496-15 annex E wants it:
// hev1.<profile>.<compatibility, bits reversed, hex>.<tier and level>.<constraints>.
// The twelve bytes of profile_tier_level() follow the first byte of the parameter
// set's body (Rec. ITU-T H.265 §7.3.2.2.1, §7.3.3); none of what they hold needs
// emulation prevention to be taken out twice, so it is taken out before.
func h265Words(sps []byte) string {
	const header, lead = 2, 1
	b := h264.EmulationPreventionRemove(sps)
	if len(b) < header+lead+12 {
		return "hev1"
	}
	ptl := b[header+lead:]
	space := []string{"", "A", "B", "C"}[ptl[0]>>6]
	tier := "L"
	if ptl[0]&0x20 != 0 {
		tier = "H"
	}
	var words strings.Builder
	fmt.Fprintf(&words, "hev1.%s%d.%x.%s%d", space, ptl[0]&0x1f, bits.Reverse32(binary.BigEndian.Uint32(ptl[1:])), tier, ptl[11])
	for _, c := range bytes.TrimRight(ptl[5:11], "\x00") {
		fmt.Fprintf(&words, ".%x", c)
	}
	return words.String()
}

// same tells whether a clip that was begun with f can go on with o.
func (f film) same(o film) bool {
	switch a := f.video.(type) {
	case *codecs.H264:
		b, ok := o.video.(*codecs.H264)
		return ok && bytes.Equal(a.SPS, b.SPS) && bytes.Equal(a.PPS, b.PPS)
	case *codecs.H265:
		b, ok := o.video.(*codecs.H265)
		return ok && bytes.Equal(a.SPS, b.SPS) && bytes.Equal(a.PPS, b.PPS) && bytes.Equal(a.VPS, b.VPS)
	default:
		return o.video == nil
	}
}

// The tracks of a clip.
const (
	videoTrack = 1
	audioTrack = 2
)

// footage is the beginning of a clip.
func (f film) footage(camera home.DeviceID, at time.Time, reason string) (home.Footage, error) {
	moov := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: videoTrack, TimeScale: clockRate, Codec: f.video}}}
	words := f.words
	if f.audio != nil {
		moov.Tracks = append(moov.Tracks, &fmp4.InitTrack{ID: audioTrack, TimeScale: uint32(f.rate), Codec: f.audio})
		words += "," + f.spoken
	}
	var b seekablebuffer.Buffer
	if err := moov.Marshal(&b); err != nil {
		return home.Footage{}, fmt.Errorf("camera: beginning of a clip: %w", err)
	}
	begin := b.Bytes()
	if l, ok := f.audio.(*codecs.LPCM); ok {
		begin = linear{l}.file(begin)
	}
	return home.Footage{
		Camera: camera, At: at, Reason: reason, Codecs: words, Width: f.width, Height: f.height, Init: begin,
	}, nil
}

// cutter makes parts of pictures. The first picture of the first one is decoded at 0. It
// is shown then too, or, with pictures that are shown in another order than decoded,
// as much later as that takes: players differ in what they make of a picture that is
// to be shown before it is decoded.
type cutter struct {
	film  film
	seq   uint32
	began bool
	zero  int64 // of the decoding times
	typed int64 // how long a picture usually is
}

// usualPicture is how long a picture is said to be that has no other beside it.
const usualPicture = clockRate / 25

// cut makes a part of pictures and sounds. until is when the picture after them is
// decoded; 0 when there is none.
func (c *cutter) cut(pictures []picture, sounds []sound, until int64) (home.FootagePart, error) {
	first := pictures[0]
	if !c.began {
		c.began, c.zero, c.typed = true, first.dts, usualPicture
	}
	video := &fmp4.PartTrack{ID: videoTrack, BaseTime: uint64(first.dts - c.zero)}
	for i, p := range pictures {
		next := until
		if i+1 < len(pictures) {
			next = pictures[i+1].dts
		}
		length := c.typed
		if next > p.dts {
			length = next - p.dts
			c.typed = length
		} else if next != 0 {
			length = 0 // decoded together with the next
		}
		video.Samples = append(video.Samples, &fmp4.Sample{
			Duration: uint32(length), PTSOffset: int32(p.pts - p.dts), IsNonSyncSample: !p.key, Payload: p.bytes,
		})
	}
	part := fmp4.Part{SequenceNumber: c.seq, Tracks: []*fmp4.PartTrack{video}}
	c.seq++
	if audio := c.cutSound(sounds); audio != nil {
		part.Tracks = append(part.Tracks, audio)
	}
	var b seekablebuffer.Buffer
	if err := part.Marshal(&b); err != nil {
		return home.FootagePart{}, fmt.Errorf("camera: part of a clip: %w", err)
	}
	var ticks int64
	for _, s := range video.Samples {
		ticks += int64(s.Duration)
	}
	return home.FootagePart{
		At: first.at, Duration: time.Duration(ticks) * time.Second / clockRate, Pictures: len(pictures), Key: first.key, Bytes: b.Bytes(),
	}, nil
}

// before parts the sounds that begin before the picture that is decoded at until from
// those that go with later ones.
func (c *cutter) before(sounds []sound, until int64) (now, later []sound) {
	if c.film.audio == nil || until == 0 {
		return sounds, nil
	}
	limit := until * int64(c.film.rate) / clockRate
	for i, s := range sounds {
		if s.pts >= limit {
			return sounds[:i], sounds[i:]
		}
	}
	return sounds, nil
}

// cutSound is the sound's half of a part. What is older than the first picture of
// the clip is left out. nil: none.
func (c *cutter) cutSound(sounds []sound) *fmp4.PartTrack {
	if c.film.audio == nil {
		return nil
	}
	zero := c.zero * int64(c.film.rate) / clockRate
	for len(sounds) > 0 && sounds[0].pts < zero {
		sounds = sounds[1:]
	}
	if len(sounds) == 0 {
		return nil
	}
	t := &fmp4.PartTrack{ID: audioTrack, BaseTime: uint64(sounds[0].pts - zero)}
	if l, ok := c.film.audio.(*codecs.LPCM); ok {
		l := linear{l}
		for _, f := range l.flac().Frames(t.BaseTime, l.channels(sounds)) {
			t.Samples = append(t.Samples, &fmp4.Sample{Duration: uint32(f.Samples), Payload: f.Bytes})
		}
		return t
	}
	for _, s := range sounds {
		t.Samples = append(t.Samples, &fmp4.Sample{Duration: s.ticks, Payload: s.bytes})
	}
	return t
}
