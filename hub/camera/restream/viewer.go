package restream

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/pion/rtp"

	"gatehouse/hub/camera"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// viewer is one player. It has a stream of its own, so that it begins where it came.
type viewer struct {
	server *server
	conn   *gortsplib.ServerConn
	late   *time.Timer // hangs up on a stranger
	token  string      // whose, once it was shown; server.mu guards it

	mu      sync.Mutex
	who     auth.Caller
	agent   string
	camera  home.DeviceID
	stream  *gortsplib.ServerStream
	pack    packer
	feed    *camera.Feed
	end     func()
	playing bool
	left    bool
}

// open makes the stream of a camera. A player asks several times on its way.
func (v *viewer) open(who auth.Caller, id home.DeviceID, agent string) (*gortsplib.ServerStream, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stream != nil {
		if v.camera != id || v.who.ID != who.ID {
			return nil, errors.New("restream: one connection, one camera, one token")
		}
		return v.stream, nil
	}
	film, err := v.server.o.House.Film(id)
	if err != nil {
		return nil, err
	}
	pack, err := newPacker(film)
	if err != nil {
		return nil, err
	}
	stream := &gortsplib.ServerStream{Server: v.server.rtsp, Desc: &description.Session{Title: string(id), Medias: pack.medias}}
	if err := stream.Initialize(); err != nil {
		return nil, fmt.Errorf("restream: %w", err)
	}
	v.who, v.agent, v.camera, v.stream, v.pack = who, agent, id, stream, pack
	return stream, nil
}

// begin puts the view on record and begins it.
func (v *viewer) begin() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.feed != nil || v.stream == nil || v.left {
		return errors.New("restream: it plays already, or nothing was set up")
	}
	select {
	case <-v.who.Ended():
		return errors.New("restream: the token was withdrawn since the player came")
	default:
	}
	from, err := netip.ParseAddrPort(v.conn.NetConn().RemoteAddr().String())
	if err != nil {
		return fmt.Errorf("restream: %w", err)
	}
	feed, end, err := v.server.o.House.Look(v.server.ctx, v.who, from.Addr().Unmap(), v.agent, v.camera)
	if err != nil {
		return err
	}
	v.feed, v.end = feed, end
	return nil
}

// play sends what comes, once something may.
func (v *viewer) play() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.feed == nil || v.playing || v.left {
		return
	}
	v.playing = true
	v.server.all.Go(v.run)
}

func (v *viewer) run() {
	defer v.conn.Close()
	ctx, cancel := context.WithCancel(v.server.ctx)
	defer cancel()
	go func() {
		select {
		case <-v.who.Ended():
			cancel()
		case <-ctx.Done():
		}
	}()
	begun := false
	for {
		list, err := v.feed.Next(ctx)
		if err != nil {
			return
		}
		for _, p := range list {
			switch {
			case p.Film != nil && begun: // another film, or another clock: players come back by themselves
				return
			case p.Film != nil:
				begun = true
				if !v.pack.fits(*p.Film) {
					return
				}
			default:
				if v.send(p) != nil {
					return
				}
			}
		}
	}
}

func (v *viewer) send(p camera.Piece) error {
	packets, err := v.pack.pack(p)
	if err != nil {
		return err
	}
	media := v.pack.medias[0]
	if p.Sound != nil {
		media = v.pack.medias[1]
	}
	for _, packet := range packets {
		if p.Sound != nil {
			err = v.stream.WritePacketRTP(media, packet)
		} else {
			err = v.stream.WritePacketRTPWithNTP(media, packet, p.At)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leave lets go of everything. The library calls it once the connection is closed.
func (v *viewer) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.left = true
	if v.feed != nil {
		v.feed.Close()
		v.end()
	}
	if v.stream != nil {
		v.stream.Close()
	}
}

// packer makes packets of pictures and sounds.
type packer struct {
	film   camera.Film
	medias []*description.Media
	video  func([][]byte) ([]*rtp.Packet, error)
	audio  func([]byte) ([]*rtp.Packet, error)
}

const (
	videoType = 96 // RFC 3551 §6: dynamic
	audioType = 97
)

func newPacker(film camera.Film) (packer, error) {
	p := packer{film: film}
	var video format.Format
	switch c := film.Video.(type) {
	case *codecs.H264:
		f := &format.H264{PayloadTyp: videoType, PacketizationMode: 1, SPS: c.SPS, PPS: c.PPS}
		e, err := f.CreateEncoder()
		if err != nil {
			return p, fmt.Errorf("restream: %w", err)
		}
		video, p.video = f, e.Encode
	case *codecs.H265:
		f := &format.H265{PayloadTyp: videoType, VPS: c.VPS, SPS: c.SPS, PPS: c.PPS}
		e, err := f.CreateEncoder()
		if err != nil {
			return p, fmt.Errorf("restream: %w", err)
		}
		video, p.video = f, e.Encode
	default:
		return p, fmt.Errorf("restream: %T can't be sent", film.Video)
	}
	p.medias = []*description.Media{{Type: description.MediaTypeVideo, Formats: []format.Format{video}}}
	audio, err := p.hear(film.Audio)
	if audio != nil {
		p.medias = append(p.medias, &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{audio}})
	}
	return p, err
}

func (p *packer) hear(c codecs.Codec) (format.Format, error) {
	switch c := c.(type) {
	case *codecs.MPEG4Audio:
		config := c.Config
		f := &format.MPEG4Audio{PayloadTyp: audioType, Config: &config, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3}
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("restream: %w", err)
		}
		p.audio = func(b []byte) ([]*rtp.Packet, error) { return e.Encode([][]byte{b}) }
		return f, nil
	case *codecs.Opus:
		f := &format.Opus{PayloadTyp: audioType, ChannelCount: c.ChannelCount}
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("restream: %w", err)
		}
		p.audio = func(b []byte) ([]*rtp.Packet, error) {
			packet, err := e.Encode(b)
			return []*rtp.Packet{packet}, err
		}
		return f, nil
	case *codecs.LPCM:
		f := &format.LPCM{PayloadTyp: audioType, BitDepth: c.BitDepth, SampleRate: c.SampleRate, ChannelCount: c.ChannelCount}
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("restream: %w", err)
		}
		p.audio = e.Encode
		return f, nil
	default:
		return nil, nil
	}
}

// fits tells whether what is sent is still what the player was told.
func (p *packer) fits(f camera.Film) bool {
	return p.film.Same(f)
}

func (p *packer) pack(piece camera.Piece) ([]*rtp.Packet, error) {
	var packets []*rtp.Packet
	var err error
	if piece.Sound != nil {
		packets, err = p.audio(piece.Sound)
	} else {
		packets, err = p.video(piece.Units)
	}
	if err != nil {
		return nil, fmt.Errorf("restream: %w", err)
	}
	for _, packet := range packets {
		packet.Timestamp += uint32(piece.PTS)
	}
	return packets, nil
}
