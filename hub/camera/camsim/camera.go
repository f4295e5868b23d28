package camsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/auth"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"
)

// Scene is what a camera sees, coded.
type Scene struct {
	Video    format.Format // *format.H264 or *format.H265 with its parameter sets, or *format.MJPEG
	Pictures []Picture     // in the order of decoding
	Length   int64         // after which it begins again, in ticks of 90 kHz
	Audio    format.Format // nil: it hears nothing
	Sounds   []Sound

	drawn func(i int) *picture // what Pictures[i] shows; nil: it was not drawn here
}

// Picture is one coded picture: its NAL units, or the one JPEG that it is, and when it is
// decoded and shown, in ticks of 90 kHz since the scene began.
type Picture struct {
	DTS, PTS int64
	Units    [][]byte
}

// Sound is one piece of coded sound, at a time in ticks of its own rate.
type Sound struct {
	PTS   int64
	Bytes []byte
}

// Options of a Camera.
type Options struct {
	Listen         string // "127.0.0.1:0": any port
	Wire           *Wire  // instead of a port, for tests; nil: none
	Scene          Scene
	User, Password string              // User "": it asks for none
	Auth           []auth.VerifyMethod // what it offers to ask by; Digest (MD5) by default
	TLS            *tls.Config         // nil: in the clear
	// Speaker is how it takes sound, for who asks for a way back; nil: it has no loudspeaker.
	Speaker format.Format
	// SubOf is the camera whose sub-stream this one sends, instead of a Scene: one that
	// sees what was drawn here.
	SubOf *Camera
	// Strict has it refuse whoever asks for a way back, as RFC 2326 §12.32 wants of one
	// that does not know what that is.
	Strict bool
}

// Camera is a simulated camera.
type Camera struct {
	o        Options
	address  string
	listener net.Listener // of before the first start

	mu      sync.Mutex
	stream  *gortsplib.ServerStream
	scene   Scene         // what it sees over and over
	event   *Scene        // what happens once before that goes on
	turn    int           // counts what came between
	last    int           // of its pictures was sent last
	shift   uint32        // of the clock, in ticks
	wrong   time.Duration // of the clock that it writes into its pictures
	losing  int           // packets that get lost from now on
	asked   int           // connections that asked for pictures
	sent    int           // pictures
	viewers map[*gortsplib.ServerSession]struct{}
	looked  chan struct{} // somebody began to
	speaker speaker
	plugged bool
	off     context.CancelFunc
	on      chan struct{}
}

// New takes the address; the camera is on once Run is called.
func New(o Options) (*Camera, error) {
	if o.SubOf != nil {
		o.Scene = Scene{Video: &format.MJPEG{}}
	}
	l, err := o.listen(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("camsim: %w", err)
	}
	if o.Auth == nil {
		o.Auth = []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	}
	return &Camera{
		o: o, address: l.Addr().String(), listener: l, scene: o.Scene, plugged: true, on: make(chan struct{}, 1), speaker: newSpeaker(o.Speaker),
		viewers: map[*gortsplib.ServerSession]struct{}{}, looked: make(chan struct{}, 1),
	}, nil
}

// URL is where the pictures are, without user and password.
func (c *Camera) URL() string {
	scheme := "rtsp"
	if c.o.TLS != nil {
		scheme = "rtsps"
	}
	return scheme + "://" + c.address + "/main"
}

// Run keeps the camera on until ctx ends, but for the times when it was switched off.
func (c *Camera) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		on, off := context.WithCancel(ctx)
		c.mu.Lock()
		c.off = off
		plugged := c.plugged
		c.mu.Unlock()
		if plugged {
			if err := c.serve(on); on.Err() == nil {
				off()
				return err
			}
		}
		off()
		if !c.Plugged() {
			select {
			case <-ctx.Done():
			case <-c.on:
			}
		}
	}
	return nil
}

// Off switches the camera off, as whoever pulls its plug does.
func (c *Camera) Off() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugged = false
	if c.off != nil {
		c.off()
	}
}

// On switches the camera on again.
func (c *Camera) On() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugged = true
	select {
	case c.on <- struct{}{}:
	default:
	}
}

// Plugged tells whether the camera is on.
func (c *Camera) Plugged() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plugged
}

// Show has the camera see another scene from its next picture on. It and that of before
// have the same parameter sets, show their pictures in the order of decoding, and begin
// with one that stands alone.
func (c *Camera) Show(s Scene) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scene, c.event = s, nil
	c.turn++
	c.last = 0
}

// Happen has the camera see a scene once, from its next picture on, and then again what
// it saw before. What happens already is not disturbed.
func (c *Camera) Happen(s Scene) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.event != nil {
		return
	}
	c.event = &s
	c.turn++
	c.last = 0
}

// Happens tells whether something does that was brought about by Happen.
func (c *Camera) Happens() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.event != nil
}

// sees is what the camera sees now, and the turn that this is.
func (c *Camera) sees() (s Scene, turn int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.event != nil {
		return *c.event, c.turn
	}
	return c.scene, c.turn
}

// turned tells whether the camera sees something else since a turn.
func (c *Camera) turned(since int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turn != since
}

// over notes that what was seen since a turn was seen to its end.
func (c *Camera) over(since int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn == since {
		c.event, c.last = nil, 0
	}
}

// Jump sets the camera's clock forward, or back.
func (c *Camera) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shift += uint32(int64(d.Seconds() * 90000))
}

// Misset sets the time of day that the camera believes in, by so much off.
func (c *Camera) Misset(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = by
}

func (c *Camera) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.wrong)
}

// Lose has the next packets of pictures get lost.
func (c *Camera) Lose(packets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.losing = packets
}

// Asked counts how often somebody asked for pictures.
func (c *Camera) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// Sent counts the pictures that were sent.
func (c *Camera) Sent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// count notes that a picture of a scene was sent.
func (c *Camera) count(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	c.last = i
}

func (c *Camera) listen(string, string) (net.Listener, error) {
	if l := c.listener; l != nil {
		c.listener = nil
		return l, nil
	}
	return c.o.listen(c.address)
}

func (o Options) listen(address string) (net.Listener, error) {
	if o.Wire != nil {
		return o.Wire.listen(), nil
	}
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", address)
}

func (c *Camera) serve(ctx context.Context) error {
	desc := &description.Session{Medias: []*description.Media{{Type: description.MediaTypeVideo, Formats: []format.Format{c.o.Scene.Video}}}}
	if c.o.Scene.Audio != nil {
		desc.Medias = append(desc.Medias, &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{c.o.Scene.Audio}})
	}
	if c.speaker.media != nil {
		desc.Medias = append(desc.Medias, c.speaker.media)
	}
	server := &gortsplib.Server{
		Handler: door{c}, RTSPAddress: c.address, Listen: c.listen, TLSConfig: c.o.TLS,
		AuthMethods: c.o.Auth, WriteQueueSize: 4096,
	}
	stream := &gortsplib.ServerStream{Server: server, Desc: desc}
	c.mu.Lock() // who asks at once waits for the answer
	err := server.Start()
	if err == nil {
		defer server.Close()
		err = stream.Initialize()
	}
	if err != nil {
		c.mu.Unlock()
		return fmt.Errorf("camsim: %w", err)
	}
	defer stream.Close()
	c.stream = stream
	c.mu.Unlock()
	p, err := newPlayer(c, stream, desc)
	if err != nil {
		return err
	}
	if of := c.o.SubOf; of != nil {
		return p.follow(ctx, of)
	}
	return p.play(ctx)
}

// lost tells whether the next packet gets lost.
func (c *Camera) lost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.losing == 0 {
		return false
	}
	c.losing--
	return true
}

func (c *Camera) shifted() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shift
}

// door is who may see what: everything, with the password.
type door struct{ c *Camera }

func (d door) admit(conn *gortsplib.ServerConn, req *base.Request) (*base.Response, *gortsplib.ServerStream, error) {
	if d.c.o.User != "" && !conn.VerifyCredentials(req, d.c.o.User, d.c.o.Password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	if d.c.refuses(req) {
		return &base.Response{StatusCode: base.StatusOptionNotSupported, Header: base.Header{"Unsupported": base.HeaderValue{backchannel}}}, nil, nil
	}
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	if d.c.stream == nil { // it has not started up yet
		return &base.Response{StatusCode: base.StatusServiceUnavailable}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, d.c.stream, nil
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (d door) OnDescribe(x *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	resp, stream, err := d.admit(x.Conn, x.Request)
	if err == nil && x.Path != "/main" {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return resp, stream, err
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (d door) OnSetup(x *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return d.admit(x.Conn, x.Request)
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (d door) OnPlay(x *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	d.c.speaker.listen(d.c, x.Session)
	if slices.ContainsFunc(x.Session.Medias(), func(m *description.Media) bool { return m.Type == description.MediaTypeVideo }) {
		d.c.asked++
		d.c.viewers[x.Session] = struct{}{}
		select {
		case d.c.looked <- struct{}{}:
		default:
		}
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// player sends a scene at its own speed.
type player struct {
	c      *Camera
	stream *gortsplib.ServerStream
	desc   *description.Session
	video  func([][]byte) ([]*rtp.Packet, error)
	audio  func([]byte) ([]*rtp.Packet, error)
}

func newPlayer(c *Camera, stream *gortsplib.ServerStream, desc *description.Session) (*player, error) {
	p := &player{c: c, stream: stream, desc: desc}
	switch f := c.o.Scene.Video.(type) {
	case *format.H264:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.video = e.Encode
	case *format.H265:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.video = e.Encode
	case *format.MJPEG:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.video = func(units [][]byte) ([]*rtp.Packet, error) { return e.Encode(units[0]) }
	default:
		return nil, errors.New("camsim: a scene is H.264, H.265 or JPEG")
	}
	switch f := c.o.Scene.Audio.(type) {
	case nil:
	case *format.MPEG4Audio:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.audio = func(b []byte) ([]*rtp.Packet, error) { return e.Encode([][]byte{b}) }
	case *format.Opus:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.audio = func(b []byte) ([]*rtp.Packet, error) {
			packet, err := e.Encode(b)
			return []*rtp.Packet{packet}, err
		}
	case *format.G711:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.audio = e.Encode
	case *format.LPCM:
		e, err := f.CreateEncoder()
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		p.audio = e.Encode
	}
	return p, nil
}

// play plays until ctx ends.
func (p *player) play(ctx context.Context) error {
	began := time.Now()
	for from := int64(0); ; {
		scene, turn := p.c.sees()
		sounds := scene.Sounds
		next := from + scene.Length
		for i, picture := range scene.Pictures {
			due := began.Add(time.Duration(from+picture.DTS) * time.Second / 90000)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Until(due)):
			}
			if p.c.turned(turn) {
				next = from + picture.DTS
				break
			}
			if err := p.show(picture, from); err != nil {
				return err
			}
			p.c.count(i)
			var err error
			if sounds, err = p.sing(sounds, from, picture.DTS); err != nil {
				return err
			}
		}
		from = next
		p.c.over(turn)
	}
}

// show sends a picture of a scene that began at from.
func (p *player) show(picture Picture, from int64) error {
	packets, err := p.video(picture.Units)
	if err != nil {
		return fmt.Errorf("camsim: %w", err)
	}
	for _, packet := range packets {
		if p.c.lost() {
			continue
		}
		packet.Timestamp = uint32(from+picture.PTS) + p.c.shifted()
		if err := p.stream.WritePacketRTPWithNTP(p.desc.Medias[0], packet, p.c.now()); err != nil {
			return fmt.Errorf("camsim: %w", err)
		}
	}
	return nil
}

// sing sends the sounds that are due and returns the others.
func (p *player) sing(sounds []Sound, from, dts int64) ([]Sound, error) {
	if p.audio == nil {
		return nil, nil
	}
	rate := int64(p.c.o.Scene.Audio.ClockRate())
	for len(sounds) > 0 && sounds[0].PTS*90000/rate <= dts {
		packets, err := p.audio(sounds[0].Bytes)
		if err != nil {
			return nil, fmt.Errorf("camsim: %w", err)
		}
		for _, packet := range packets {
			packet.Timestamp += uint32(from*rate/90000+sounds[0].PTS) + uint32(int64(p.c.shifted())*rate/90000)
			if err := p.stream.WritePacketRTP(p.desc.Medias[1], packet); err != nil {
				return nil, fmt.Errorf("camsim: %w", err)
			}
		}
		sounds = sounds[1:]
	}
	return sounds, nil
}
