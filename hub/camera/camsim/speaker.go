package camsim

import (
	"slices"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// heardMost is what of the sound that came last is kept: a minute of G.711.
const heardMost = 60 * 8000

// backchannel is how a client asks for the way back (ONVIF Streaming Specification
// §5.3.1).
const backchannel = "www.onvif.org/ver20/backchannel"

// MuLaw is how most cameras take sound: G.711 µ-law, payload type 0 of RFC 3551.
func MuLaw() format.Format {
	return &format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1}
}

// speaker is the loudspeaker of a camera.
type speaker struct {
	media   *description.Media // nil: it has none
	talkers map[*gortsplib.ServerSession]struct{}
	talked  int
	heard   []byte
}

func newSpeaker(f format.Format) speaker {
	s := speaker{talkers: map[*gortsplib.ServerSession]struct{}{}}
	if f != nil {
		s.media = &description.Media{Type: description.MediaTypeAudio, IsBackChannel: true, Formats: []format.Format{f}}
	}
	return s
}

// Heard is what came out of the loudspeaker, as it was coded; the last minute of it.
func (c *Camera) Heard() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.speaker.heard)
}

// Talkers counts those who hold the loudspeaker now, and all there ever were.
func (c *Camera) Talkers() (now, ever int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.speaker.talkers), c.speaker.talked
}

// HangUp ends what is said now, as a camera does that has enough of it.
func (c *Camera) HangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.speaker.talkers {
		go s.Close() // it comes back by OnSessionClose
	}
}

// refuses tells whether a request wants what this camera does not even answer.
func (c *Camera) refuses(r *base.Request) bool {
	return c.o.Strict && slices.Contains(r.Header["Require"], backchannel)
}

// listen has a session that set the loudspeaker up be heard; the lock is held.
func (s *speaker) listen(c *Camera, session *gortsplib.ServerSession) {
	if s.media == nil || !slices.Contains(session.Medias(), s.media) {
		return
	}
	s.talkers[session] = struct{}{}
	s.talked++
	session.OnPacketRTP(s.media, s.media.Formats[0], func(p *rtp.Packet) {
		c.mu.Lock()
		defer c.mu.Unlock()
		s.heard = append(s.heard, p.Payload...)
		s.heard = s.heard[max(0, len(s.heard)-heardMost):]
	})
}

// OnSessionClose implements gortsplib.ServerHandlerOnSessionClose.
func (d door) OnSessionClose(x *gortsplib.ServerHandlerOnSessionCloseCtx) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	delete(d.c.speaker.talkers, x.Session)
	delete(d.c.viewers, x.Session)
}
