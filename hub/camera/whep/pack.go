package whep

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"gatehouse/hub/camera"
)

// payloadMost is what a packet carries: with the heads of RTP, SRTP, UDP and IPv6, and a
// tunnel's, it fits into 1280 bytes, which every line takes (RFC 8200 §5).
const payloadMost = 1150

const clockRate = 90000 // of pictures

// stream makes packets of one of pictures and sound, and knows what was sent of it.
type stream struct {
	pack    func(camera.Piece) ([]*rtp.Packet, error)
	rate    int64
	offset  uint32 // of its times
	ssrc    uint32
	packets uint32
	bytes   uint32
}

func newStream(of *sent, rate int) *stream {
	return &stream{ssrc: of.ssrc, rate: int64(rate), offset: rand.Uint32()} //nolint:gosec // RFC 3550 §5.1 asks for no more
}

// pictures is the stream of a film's pictures.
func pictures(c codecs.Codec, of *sent) (*stream, error) {
	s := newStream(of, clockRate)
	var encode func([][]byte) ([]*rtp.Packet, error)
	switch c.(type) {
	case *codecs.H265:
		e := &rtph265.Encoder{PayloadType: of.format.number, SSRC: &of.ssrc, PayloadMaxSize: payloadMost}
		if err := e.Init(); err != nil {
			return nil, fmt.Errorf("whep: %w", err)
		}
		encode = e.Encode
	default:
		e := &rtph264.Encoder{PayloadType: of.format.number, SSRC: &of.ssrc, PayloadMaxSize: payloadMost, PacketizationMode: 1}
		if err := e.Init(); err != nil {
			return nil, fmt.Errorf("whep: %w", err)
		}
		encode = e.Encode
	}
	s.pack = func(p camera.Piece) ([]*rtp.Packet, error) { return encode(p.Units) }
	return s, nil
}

// sounds is the stream of a film's sound, each piece in a packet of its own.
func sounds(film camera.Film, of *sent) *stream {
	rate := 48000
	payload := func(b []byte) ([]byte, error) { return b, nil }
	if c, ok := film.Audio.(*codecs.LPCM); ok {
		rate = c.SampleRate
		payload = func(b []byte) ([]byte, error) {
			if film.Law == camera.ALaw {
				return g711.Alaw(b).Marshal()
			}
			return g711.Mulaw(b).Marshal()
		}
	}
	s := newStream(of, rate)
	number := uint16(rand.Uint32()) //nolint:gosec // as above
	s.pack = func(p camera.Piece) ([]*rtp.Packet, error) {
		b, err := payload(p.Sound)
		if err != nil || len(b) > payloadMost {
			return nil, err // no camera puts so much in one
		}
		number++
		return []*rtp.Packet{{
			Header:  rtp.Header{Version: 2, PayloadType: of.format.number, SequenceNumber: number, SSRC: of.ssrc},
			Payload: b,
		}}, nil
	}
	return s
}

// report tells when something of a time is to be played (RFC 3550 §6.4.1); zero is when
// the camera's time was 0, by the hub's clock.
func (s *stream) report(now, zero time.Time) ([]byte, error) {
	ticks := now.Sub(zero).Seconds() * float64(s.rate)
	r := rtcp.SenderReport{
		SSRC: s.ssrc, NTPTime: ntp(now), RTPTime: s.offset + uint32(int64(ticks)), PacketCount: s.packets, OctetCount: s.bytes,
	}
	b, err := r.Marshal()
	if err != nil {
		return nil, fmt.Errorf("whep: %w", err)
	}
	name, err := (&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: s.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "gatehouse"}},
	}}}).Marshal()
	if err != nil {
		return nil, fmt.Errorf("whep: %w", err)
	}
	return append(b, name...), nil
}

// ntp is a time as RFC 5905 §6 has it: seconds since 1900, and what is more.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// sentMost is how many packets are kept to be sent again: of a camera of 4 Mbit/s
// those of some 1.2 s, and 0.6 MB.
const sentMost = 512

// kept are the packets that were sent last, as they went out.
type kept struct {
	packets [sentMost][]byte
	again   [sentMost]time.Time // each was sent so the last time
}

// next is where a packet of a number is written.
func (k *kept) next(number uint16) *[]byte {
	k.again[number%sentMost] = time.Time{}
	return &k.packets[number%sentMost]
}

// notAgain is how long a packet that was sent again is on its way.
const notAgain = 20 * time.Millisecond

// find is a packet that is wanted again; nil: it is gone, or on its way.
func (k *kept) find(number uint16, now time.Time) []byte {
	p := k.packets[number%sentMost]
	if len(p) < 4 || binary.BigEndian.Uint16(p[2:]) != number || now.Sub(k.again[number%sentMost]) < notAgain {
		return nil
	}
	k.again[number%sentMost] = now
	return p
}
