package camera

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"gatehouse/hub/camera/reach"
)

// sink takes what a connection brings, from one goroutine.
type sink interface {
	open(film)                     // before the first picture, and when what follows is another film
	see(picture)                   //
	hear(sound)                    //
	wait()                         // a picture is of no use: none came yet that stands alone
	miss(packets uint64)           //
	compare(camera, hub time.Time) // clocks
}

// Why a camera can't be had; see State.
var (
	errElsewhere = errors.New("it sends the hub to another address, which is not followed")
	errNoVideo   = errors.New("it offers neither H.264 nor H.265: set it to one of them")
	errNoRTSP    = errors.New("it is there, and does not answer in RTSP: look at the port (554 for most cameras), and whether RTSP is switched on in the camera")
)

// taker makes pictures of packets, and tells when a packet ended one that stands alone.
type taker interface {
	take(p *rtp.Packet, pts int64, now time.Time) bool
}

// source is one connection to a camera.
type source struct {
	url       *base.URL
	basicAuth bool // the password may be sent where others can read it
	small     bool // it is looked at, and not recorded
	sound     bool // is wanted
	pin       *reach.Pin
	dial      Dial
	to        sink

	there, answered bool // somebody is, and has in RTSP
	clear           bool // what they want last is the password, in the clear
}

// silence is how long a camera may send nothing before it counts as lost.
const silence = 10 * time.Second

// client is a connection that is not made yet.
func (s *source) client() *gortsplib.Client {
	overTCP := gortsplib.ProtocolTCP
	return &gortsplib.Client{
		Scheme: s.url.Scheme, Host: s.url.Host, Protocol: &overTCP, UserAgent: "Gatehouse",
		ReadTimeout: silence, WriteTimeout: silence,
		DialContext: s.near, TLSConfig: s.pin.TLS(), OnResponse: func(r *base.Response) { s.answered = true; s.digestsOnly(r) },
	}
}

// run connects, and hands on what comes until ctx ends or the connection does.
func (s *source) run(ctx context.Context) error {
	err := s.play(ctx)
	if err != nil && s.clear {
		return fmt.Errorf("camera: %w", errClear)
	}
	return err
}

func (s *source) play(ctx context.Context) error {
	client := s.client()
	client.OnPacketsLost = s.to.miss
	client.OnDecodeError = func(error) { s.to.miss(1) }
	if err := client.Start(); err != nil {
		return fmt.Errorf("camera: %w", err)
	}
	defer client.Close()
	stop := context.AfterFunc(ctx, client.Close)
	defer stop()

	desc, _, err := client.Describe(s.url)
	switch {
	case s.there && !s.answered && mute(err):
		return fmt.Errorf("camera: %w", errNoRTSP)
	case err != nil:
		return fmt.Errorf("camera: description: %w", err)
	}
	if err := s.setUp(client, desc); err != nil {
		return err
	}
	if _, err := client.Play(nil); err != nil {
		return fmt.Errorf("camera: play: %w", err)
	}
	if err := client.Wait(); ctx.Err() == nil {
		return fmt.Errorf("camera: %w", err)
	}
	return nil
}

// setUp asks for the pictures, and for the sound if it is wanted.
func (s *source) setUp(client *gortsplib.Client, desc *description.Session) error {
	find, lacks := findVideo, errNoVideo
	if s.small {
		find, lacks = findSmall, errNoSmall
	}
	media, video := find(desc)
	if media == nil {
		return fmt.Errorf("camera: %w", lacks)
	}
	ask := func(m *description.Media) error {
		if _, err := client.Setup(desc.BaseURL, m, 0, 0); err != nil {
			return fmt.Errorf("camera: set up %s: %w", m.Type, err)
		}
		return nil
	}
	if err := ask(media); err != nil {
		return err
	}
	if f, ok := video.(*format.MJPEG); ok {
		album, err := newAlbum(f, s.to)
		if err != nil {
			return err
		}
		s.follow(client, media, video, album)
		return nil
	}
	reel, err := newReel(video, s.to)
	if err != nil {
		return err
	}
	if s.sound {
		if m, f := findAudio(desc); m != nil {
			if err := ask(m); err != nil {
				return err
			}
			ear, err := newEar(f)
			if err != nil {
				return err
			}
			reel.audio, reel.rate, reel.spoken, reel.law = ear.codec, f.ClockRate(), ear.words, ear.law
			client.OnPacketRTP(m, f, func(p *rtp.Packet) {
				if pts, ok := client.PacketPTS(m, p); ok {
					ear.hear(p, pts, time.Now(), s.to.hear)
				}
			})
		}
	}
	s.follow(client, media, video, reel)
	return nil
}

// follow hands the packets of pictures on.
func (s *source) follow(client *gortsplib.Client, media *description.Media, video format.Format, to taker) {
	client.OnPacketRTP(media, video, func(p *rtp.Packet) {
		pts, ok := client.PacketPTS(media, p)
		if !ok { // a stream's time begins with a picture that stands alone
			s.to.wait()
			return
		}
		now := time.Now()
		if to.take(p, pts, now) {
			if ntp, ok := client.PacketNTP(media, p); ok {
				s.to.compare(ntp, now)
			}
		}
	})
}

// near goes to the owner's address only: an answer that names another, as a redirect
// does, would take the password with it.
func (s *source) near(ctx context.Context, network, address string) (net.Conn, error) {
	if want := hostPort(s.url); address != want {
		return nil, fmt.Errorf("%w: %s", errElsewhere, address)
	}
	conn, err := s.dial(ctx, network, address)
	s.there = err == nil
	return conn, err
}

// hostPort is where an address leads to.
func hostPort(u *base.URL) string {
	port := (*url.URL)(u).Port()
	if port == "" {
		port = map[string]string{"rtsp": "554", "rtsps": "322"}[u.Scheme]
	}
	return net.JoinHostPort((*url.URL)(u).Hostname(), port)
}

// findVideo is the first stream of pictures that can be recorded.
func findVideo(desc *description.Session) (*description.Media, format.Format) {
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			switch f.(type) {
			case *format.H264, *format.H265:
				return m, f
			}
		}
	}
	return nil, nil
}

// findAudio is the first stream of sound that can be recorded. What goes to the
// camera is none.
func findAudio(desc *description.Session) (*description.Media, format.Format) {
	for _, m := range desc.Medias {
		if m.IsBackChannel {
			continue
		}
		for _, f := range m.Formats {
			switch f.(type) {
			case *format.MPEG4Audio, *format.Opus:
				return m, f
			case *format.G711, *format.LPCM:
				if _, ok := linearOf(f); ok {
					return m, f
				}
			}
		}
	}
	return nil, nil
}
