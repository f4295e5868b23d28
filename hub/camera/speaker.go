package camera

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
	"github.com/pion/rtp"
)

// TalkRate is how many samples a second are said to a camera; one that takes more
// gets them filled up.
const TalkRate = 8000

// errNoSpeaker is why nobody can speak through a camera.
var errNoSpeaker = errors.New("it takes no sound")

// learn asks a camera that sends pictures whether it takes sound: by a connection of
// its own that asks for a description and nothing else, so that a camera that refuses
// the very question goes on sending. What it answers holds as long as the Camera is
// there; one that did not answer is asked again after the next connection.
func (c *Camera) learn(ctx context.Context) {
	if st := c.State(); st.Speaker != "" || st.NoSpeaker != "" {
		return
	}
	if _, err := c.Key(ctx); err != nil {
		return
	}
	client, desc, err := c.askBack(ctx)
	var v *voice
	if err == nil {
		client.Close()
		v, err = findVoice(desc)
	} else if refused(err) {
		err = errNoSpeaker
	} else {
		c.log.Info("camera was not asked whether it takes sound", "err", inWords(err, c.o.Password))
		return
	}
	c.change(func(st *State) {
		if err != nil {
			st.NoSpeaker = err.Error()
			return
		}
		st.Speaker = v.words
	})
}

// refused tells whether a camera answered that it knows no way back, and not that it
// has no room for another connection now.
func refused(err error) bool {
	var bad liberrors.ErrClientBadStatusCode
	return errors.As(err, &bad) && bad.Code != base.StatusNotEnoughBandwidth && bad.Code != base.StatusServiceUnavailable
}

// askBack makes a connection beside that of the pictures, and asks for a description
// with the way back in it (ONVIF Streaming Specification §5.3.1).
func (c *Camera) askBack(ctx context.Context) (*gortsplib.Client, *description.Session, error) {
	s := &source{url: c.url.Clone(), basicAuth: c.o.BasicAuth, pin: c.pin, dial: c.o.Dial}
	client := s.client()
	client.RequestBackChannels = true
	if err := client.Start(); err != nil {
		return nil, nil, fmt.Errorf("camera: %w", err)
	}
	stop := context.AfterFunc(ctx, client.Close)
	defer stop()
	desc, _, err := client.Describe(s.url)
	if err != nil {
		client.Close()
		return nil, nil, fmt.Errorf("camera: description with a way back: %w", err)
	}
	return client, desc, nil
}

// voice makes packets of what is said.
type voice struct {
	media *description.Media
	words string // for people
	rate  int
	code  func(linear []byte) ([]byte, error) // samples of 16 bits, the larger byte first
	pack  func([]byte) ([]*rtp.Packet, error)

	sent uint32 // ticks
	last int16  // sample, to fill up from
}

// findVoice is the best way in which a camera takes sound that the hub can make:
// G.711, which ONVIF wants of all of them, or linear samples.
func findVoice(desc *description.Session) (*voice, error) {
	offered := ""
	var linear *voice
	for _, m := range desc.Medias {
		if !m.IsBackChannel || m.Type != description.MediaTypeAudio {
			continue
		}
		for _, f := range m.Formats {
			offered = f.Codec()
			v, err := newVoice(m, f)
			if err != nil {
				return nil, err
			}
			switch _, coded := f.(*format.G711); {
			case v != nil && coded:
				return v, nil
			case v != nil && linear == nil:
				linear = v
			}
		}
	}
	switch {
	case linear != nil:
		return linear, nil
	case offered != "":
		return nil, fmt.Errorf("it takes sound as %s alone: set what it hears to G.711, one channel, at 8 kHz", offered)
	}
	return nil, errNoSpeaker
}

// newVoice speaks in a format; nil: not in this one.
func newVoice(m *description.Media, f format.Format) (*voice, error) {
	rates := func(rate, channels int) bool { return (rate == TalkRate || rate == 2*TalkRate) && channels == 1 }
	v := &voice{media: m, rate: f.ClockRate(), sent: rand.Uint32()} //nolint:gosec // where a clock begins; nobody gains by guessing it
	switch f := f.(type) {
	case *format.G711:
		if !rates(f.SampleRate, f.ChannelCount) {
			return nil, nil
		}
		v.words, v.code = "G.711 A-law", func(b []byte) ([]byte, error) { return g711.Alaw(b).Marshal() }
		if f.MULaw {
			v.words, v.code = "G.711 µ-law", func(b []byte) ([]byte, error) { return g711.Mulaw(b).Marshal() }
		}
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camera: g711: %w", err)
		}
		v.pack = e.Encode
	case *format.LPCM:
		if !rates(f.SampleRate, f.ChannelCount) || f.BitDepth != 16 {
			return nil, nil
		}
		v.words, v.code = "linear samples", func(b []byte) ([]byte, error) { return b, nil }
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camera: linear sound: %w", err)
		}
		v.pack = e.Encode
	default:
		return nil, nil
	}
	return v, nil
}

// packets are the next ones, of samples at TalkRate.
func (v *voice) packets(samples []int16) ([]*rtp.Packet, error) {
	b := make([]byte, 0, 4*len(samples))
	for _, s := range samples {
		if v.rate == 2*TalkRate {
			between := int16((int(v.last) + int(s)) / 2)
			b = append(b, byte(between>>8), byte(between))
		}
		b = append(b, byte(s>>8), byte(s))
		v.last = s
	}
	coded, err := v.code(b)
	if err != nil {
		return nil, fmt.Errorf("camera: sound: %w", err)
	}
	list, err := v.pack(coded)
	if err != nil {
		return nil, fmt.Errorf("camera: sound: %w", err)
	}
	for _, p := range list {
		p.Timestamp += v.sent
	}
	v.sent += uint32(len(b) / 2)
	return list, nil
}
