package camera

import (
	"bytes"
	"fmt"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"
)

// ear makes sound of packets. G.711 becomes linear samples of 16 bits.
type ear struct {
	codec codecs.Codec
	words string // as in RFC 6381
	law   Law    // that the samples came in
	// unpack returns the pieces of a packet, each with its ticks.
	unpack func(*rtp.Packet) ([]sound, error)
	times  times
}

func newEar(f format.Format) (*ear, error) {
	e, err := earFor(f)
	if err == nil {
		e.times = newTimes(int64(f.ClockRate()))
	}
	return e, err
}

func earFor(f format.Format) (*ear, error) {
	switch f := f.(type) {
	case *format.MPEG4Audio:
		return aacEar(f)
	case *format.Opus:
		return opusEar(f)
	case *format.G711:
		d, err := f.CreateDecoder()
		if err != nil {
			return nil, fmt.Errorf("camera: g711: %w", err)
		}
		e := linearEar(f, func(p *rtp.Packet) ([]byte, error) {
			b, err := d.Decode(p)
			if f.MULaw {
				var linear g711.Mulaw
				linear.Unmarshal(b)
				return linear, err
			}
			var linear g711.Alaw
			linear.Unmarshal(b)
			return linear, err
		})
		e.law = ALaw
		if f.MULaw {
			e.law = MuLaw
		}
		return e, nil
	case *format.LPCM:
		d, err := f.CreateDecoder()
		if err != nil {
			return nil, fmt.Errorf("camera: linear sound: %w", err)
		}
		return linearEar(f, d.Decode), nil
	default:
		return nil, fmt.Errorf("camera: sound in %s can't be recorded", f.Codec())
	}
}

func aacEar(f *format.MPEG4Audio) (*ear, error) {
	d, err := f.CreateDecoder()
	if err != nil {
		return nil, fmt.Errorf("camera: aac: %w", err)
	}
	return &ear{
		codec: &codecs.MPEG4Audio{Config: *f.Config},
		words: fmt.Sprintf("mp4a.40.%d", f.Config.Type),
		unpack: func(p *rtp.Packet) ([]sound, error) {
			units, err := d.Decode(p)
			var list []sound
			for _, u := range units {
				list = append(list, sound{ticks: mpeg4audio.SamplesPerAccessUnit, bytes: u})
			}
			return list, err
		},
	}, nil
}

func opusEar(f *format.Opus) (*ear, error) {
	d, err := f.CreateDecoder()
	if err != nil {
		return nil, fmt.Errorf("camera: opus: %w", err)
	}
	return &ear{
		codec: &codecs.Opus{ChannelCount: f.ChannelCount},
		words: "opus",
		unpack: func(p *rtp.Packet) ([]sound, error) {
			b, err := d.Decode(p)
			if err != nil {
				return nil, err
			}
			return []sound{{ticks: uint32(opus.PacketDuration2(b)), bytes: b}}, nil
		},
	}, nil
}

func linearEar(f format.Format, unpack func(*rtp.Packet) ([]byte, error)) *ear {
	l, _ := linearOf(f)
	return &ear{
		codec: l.LPCM,
		words: "flac",
		unpack: func(p *rtp.Packet) ([]sound, error) {
			b, err := unpack(p)
			if err != nil {
				return nil, err
			}
			return []sound{{ticks: uint32(len(b) / l.size()), bytes: b}}, nil
		},
	}
}

// hear hands on what is in a packet.
func (e *ear) hear(p *rtp.Packet, pts int64, now time.Time, to func(sound)) {
	list, err := e.unpack(p)
	if err != nil {
		return // a packet is missing, or more are needed
	}
	pts = e.times.follow(pts, now)
	for _, s := range list {
		s.pts = pts
		s.bytes = bytes.Clone(s.bytes)
		pts += int64(s.ticks)
		to(s)
	}
}
