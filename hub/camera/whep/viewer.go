package whep

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"

	"gatehouse/hub/camera"
)

// Times of a view.
const (
	within  = 10 * time.Second // for a browser to come, and to prove who it is
	consent = 30 * time.Second // without a check it has gone (RFC 7675 §5.1)
	listens = 5 * time.Second  // between two looks at that
	reports = 2 * time.Second  // between two reports of a stream's time
)

// Why a view ends by itself.
var (
	errGone    = errors.New("whep: the browser has gone")
	errNever   = errors.New("whep: the browser did not come")
	errAnother = errors.New("whep: what the camera sends is another film")
)

// Viewer is one browser that looks.
type Viewer struct {
	door           *Door
	socket         *socket
	offer          *offer
	chosen         chosen
	there          netip.Addr
	user, password string
	answer         string
	begun          chan struct{} // closed when the browser was heard
	records        *packetio.Buffer
	reports        chan []byte // what it says of what it got, sealed
	leave          func()

	mu   sync.Mutex
	peer netip.AddrPort // where packets go
	last time.Time      // it was heard

	sending sync.Mutex // kept
	kept    kept
}

// heldMost is what waits of the DTLS of one browser, in bytes.
const heldMost = 64 << 10

func newViewer(d *Door, s *socket, o *offer, c chosen, there netip.Addr) *Viewer {
	v := &Viewer{
		door: d, socket: s, offer: o, chosen: c, there: there, user: rand.Text(), password: rand.Text(), // 4 and 22 characters at least (RFC 8445 §5.3)
		begun: make(chan struct{}), records: packetio.NewBuffer(), reports: make(chan []byte, 32),
	}
	v.records.SetLimitSize(heldMost)
	v.leave = sync.OnceFunc(func() {
		d.leave(v)
		_ = v.records.Close() // it has no error
	})
	c.video.ssrc = mathrand.Uint32() //nolint:gosec // RFC 3550 §8.1 asks for no more
	if c.audio != nil {
		c.audio.ssrc = c.video.ssrc + 1
	}
	return v
}

// Answer is what the browser is told.
func (v *Viewer) Answer() string { return v.answer }

// Sound tells whether sound is sent.
func (v *Viewer) Sound() bool { return v.chosen.audio != nil }

// Close ends a view that was not begun.
func (v *Viewer) Close() { v.leave() }

// checked hears that the browser sends from an address; the socket's lock is held.
func (v *Viewer) checked(from netip.AddrPort, nominated bool, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.peer.IsValid() {
		close(v.begun)
	}
	if nominated || !v.peer.IsValid() {
		v.peer = from
	}
	v.last = now
}

// take takes what came. What does not fit is lost, as packets are.
func (v *Viewer) take(b []byte) {
	switch {
	case b[0] >= 20 && b[0] <= 63:
		_, _ = v.records.Write(b) // as above
	case b[0] >= 128 && b[0] <= 191:
		select {
		case v.reports <- append([]byte(nil), b...):
		default:
		}
	}
}

// send sends a packet. UDP does not wait for who takes it.
func (v *Viewer) send(b []byte) error {
	_, err := v.socket.conn.WriteToUDPAddrPort(b, v.address())
	if errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil // an address that nobody is at any more: the checks tell
}

// Run shows what a feed brings until ctx or the view ends, and says why.
func (v *Viewer) Run(ctx context.Context, feed *camera.Feed) error {
	defer v.leave()
	soon, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case <-v.begun:
	case <-soon.Done():
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errNever
	}
	line, err := v.meet(soon)
	if err != nil {
		return err
	}
	defer func() { _ = line.Close() }() // it tells the browser
	state, ok := line.ConnectionState()
	if !ok {
		return errors.New("whep: dtls: no state")
	}
	here, there, err := keys(line, &state)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	var both sync.WaitGroup
	defer both.Wait()
	defer end(nil)
	both.Go(func() { v.watch(ctx, end) })
	both.Go(func() { v.hear(ctx, there, end) })
	both.Go(func() {
		var b [256]byte
		for {
			if _, err := line.Read(b[:]); err != nil {
				end(errGone)
				return
			}
		}
	})
	err = v.show(ctx, feed, here)
	_ = line.Close() // it ends the reading
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// meet has the browser prove that it holds the certificate of its offer.
func (v *Viewer) meet(ctx context.Context) (*dtls.Conn, error) {
	v.door.mu.Lock()
	shown := v.door.shown.tls
	v.door.mu.Unlock()
	line, err := dtls.ServerWithOptions(records{v}, net.UDPAddrFromAddrPort(v.address()),
		dtls.WithCertificates(shown),
		dtls.WithCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), // RFC 8827 §6.5
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithInsecureSkipVerify(true), // what is verified is the next line
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || sha256.Sum256(raw[0]) != v.offer.print {
				return errors.New("it is another than the offer named")
			}
			return nil
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("whep: dtls: %w", err)
	}
	if err := line.HandshakeContext(ctx); err != nil {
		_ = line.Close() // the other fault is told
		return nil, fmt.Errorf("whep: dtls: %w", err)
	}
	return line, nil
}

// address is where packets go.
func (v *Viewer) address() netip.AddrPort {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.peer
}

// keys are what packets are sealed with, here and there (RFC 5764 §4.2).
func keys(line *dtls.Conn, state *dtls.State) (here, there *srtp.Context, err error) {
	p, ok := line.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, nil, errors.New("whep: dtls: the browser wants no SRTP")
	}
	c := srtp.Config{Profile: srtp.ProtectionProfile(p)}
	if err := c.ExtractSessionKeysFromDTLS(state, false); err != nil {
		return nil, nil, fmt.Errorf("whep: srtp: %w", err)
	}
	if here, err = srtp.CreateContext(c.Keys.LocalMasterKey, c.Keys.LocalMasterSalt, c.Profile); err != nil {
		return nil, nil, fmt.Errorf("whep: srtp: %w", err)
	}
	if there, err = srtp.CreateContext(c.Keys.RemoteMasterKey, c.Keys.RemoteMasterSalt, c.Profile); err != nil {
		return nil, nil, fmt.Errorf("whep: srtp: %w", err)
	}
	return here, there, nil
}

// watch ends the view when the browser is heard no more.
func (v *Viewer) watch(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(listens)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			v.mu.Lock()
			last := v.last
			v.mu.Unlock()
			if now.Sub(last) >= consent {
				end(errGone)
				return
			}
		}
	}
}

// hear takes what the browser says of what it got, and sends again what it misses.
func (v *Viewer) hear(ctx context.Context, there *srtp.Context, end context.CancelCauseFunc) {
	for {
		var sealed []byte
		select {
		case <-ctx.Done():
			return
		case sealed = <-v.reports:
		}
		b, err := there.DecryptRTCP(nil, sealed, nil)
		if err != nil {
			continue
		}
		list, err := rtcp.Unmarshal(b)
		if err != nil {
			continue
		}
		for _, p := range list {
			switch p := p.(type) {
			case *rtcp.TransportLayerNack:
				v.again(p)
			case *rtcp.Goodbye:
				end(errGone)
				return
			}
		}
	}
}

// again sends what is missing once more, if it is still there.
func (v *Viewer) again(lost *rtcp.TransportLayerNack) {
	now := time.Now()
	for _, pair := range lost.Nacks {
		for _, number := range pair.PacketList() {
			v.sending.Lock()
			packet := append([]byte(nil), v.kept.find(number, now)...)
			v.sending.Unlock()
			if len(packet) > 0 {
				_ = v.send(packet) // it asks again
			}
		}
	}
}

// show sends what comes.
func (v *Viewer) show(ctx context.Context, feed *camera.Feed, seal *srtp.Context) error {
	s := &show{viewer: v, seal: seal}
	var err error
	if s.video, err = pictures(v.chosen.film.Video, v.chosen.video); err != nil {
		return err
	}
	if v.chosen.audio != nil {
		s.audio = sounds(v.chosen.film, v.chosen.audio)
	}
	for {
		list, err := feed.Next(ctx)
		if err != nil {
			return err
		}
		if err := s.take(ctx, list); err != nil {
			return err
		}
	}
}

// show is how far a view has come.
type show struct {
	viewer       *Viewer
	seal         *srtp.Context
	video, audio *stream
	begun        bool // what follows is of the film that was agreed on
	moves        bool // the pictures that were there at first were sent
	last         int64
	zero         time.Time // when the camera's time was 0
	reported     time.Time
	burst        int
}

// hurried is how far apart pictures are said to be that were there before anybody
// looked: the browser then shows the newest at once, and is not behind for good.
const hurried = clockRate / 1000

// take sends a list of pieces.
func (s *show) take(ctx context.Context, list []camera.Piece) error {
	shown := 0
	var newest int64
	for _, p := range list {
		if p.Film == nil && p.Sound == nil {
			shown, newest = shown+1, p.PTS
		}
	}
	for _, p := range list {
		switch {
		case p.Film != nil && s.begun, p.Film != nil && !p.Film.Same(s.viewer.chosen.film):
			return errAnother
		case p.Film != nil:
			s.begun = true
		case p.Sound != nil:
			if s.audio == nil || !s.moves {
				continue
			}
			if err := s.send(ctx, s.audio, p, p.PTS); err != nil {
				return err
			}
		default:
			if p.PTS < s.last && !s.zero.IsZero() {
				return errTurned
			}
			s.last, s.zero = p.PTS, p.At.Add(-time.Duration(p.PTS)*time.Second/clockRate)
			pts := p.PTS
			if shown--; !s.moves {
				pts = newest - int64(shown)*hurried
			}
			if err := s.send(ctx, s.video, p, pts); err != nil {
				return err
			}
		}
	}
	s.moves = !s.zero.IsZero()
	return s.report()
}

// Packets go out in bursts of so many, so far apart, when there are many at once: 70
// Mbit/s, which the buffers of a browser and of a wireless line take.
const (
	burstPackets = 16
	burstPause   = 2 * time.Millisecond
)

// send sends one piece.
func (s *show) send(ctx context.Context, of *stream, p camera.Piece, pts int64) error {
	packets, err := of.pack(p)
	if err != nil {
		return fmt.Errorf("whep: %w", err)
	}
	v := s.viewer
	for _, packet := range packets {
		packet.Timestamp = of.offset + uint32(pts)
		raw, err := packet.Marshal()
		if err != nil {
			return fmt.Errorf("whep: %w", err)
		}
		v.sending.Lock()
		var alone []byte
		to := &alone
		if of == s.video {
			to = v.kept.next(packet.SequenceNumber)
		}
		*to, err = s.seal.EncryptRTP((*to)[:0], raw, nil)
		sealed := *to
		if err == nil {
			err = v.send(sealed)
		}
		v.sending.Unlock()
		if err != nil {
			return fmt.Errorf("whep: %w", err)
		}
		of.packets++
		of.bytes += uint32(len(packet.Payload))
		if s.burst++; s.burst%burstPackets == 0 && (len(packets) > burstPackets || !s.moves) {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(burstPause):
			}
		}
	}
	return nil
}

// report says when what was sent is to be played.
func (s *show) report() error {
	now := time.Now()
	if s.zero.IsZero() || now.Sub(s.reported) < reports {
		return nil
	}
	s.reported = now
	for _, of := range []*stream{s.video, s.audio} {
		if of == nil {
			continue
		}
		b, err := of.report(now, s.zero)
		if err != nil {
			return err
		}
		sealed, err := s.seal.EncryptRTCP(nil, b, nil)
		if err != nil {
			return fmt.Errorf("whep: %w", err)
		}
		if err := s.viewer.send(sealed); err != nil {
			return fmt.Errorf("whep: %w", err)
		}
	}
	return nil
}

// records are the DTLS of one browser, as a net.PacketConn.
type records struct{ of *Viewer }

func (r records) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := r.of.records.Read(b)
	return n, net.UDPAddrFromAddrPort(r.of.address()), err
}

func (r records) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), r.of.send(b) }

func (r records) Close() error { return r.of.records.Close() }

func (r records) LocalAddr() net.Addr { return r.of.socket.conn.LocalAddr() }

func (r records) SetDeadline(t time.Time) error { return r.SetReadDeadline(t) }

func (r records) SetReadDeadline(t time.Time) error { return r.of.records.SetReadDeadline(t) }

// SetWriteDeadline implements net.PacketConn: nothing waits to be written.
func (r records) SetWriteDeadline(time.Time) error { return nil }
