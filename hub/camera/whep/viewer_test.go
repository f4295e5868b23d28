package whep

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	rtspformat "github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/home"
)

// noTapes records nothing.
type noTapes struct{}

func (noTapes) Begin(home.Footage) (home.Tape, error) { return nil, errors.New("nobody records") }

// seen is a camera that sees a scene, once it has sent some of it.
func seen(t *testing.T, scene camsim.Scene) *camera.Camera {
	t.Helper()
	sim, err := camsim.New(camsim.Options{Listen: "127.0.0.1:0", Scene: scene})
	if err != nil {
		t.Fatal(err)
	}
	c, err := camera.New(camera.Options{
		ID: "camera-porch", URL: sim.URL(), Pre: time.Second, Audio: true, RingBytes: 32 << 20, Recorder: noTapes{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- sim.Run(ctx) }()
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended; <-ended })
	for limit := time.After(20 * time.Second); c.Figures().Pictures < 12; {
		select {
		case <-limit:
			t.Fatal("the camera sends no pictures")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return c
}

// browser is a viewer's browser, as small as one can be.
type browser struct {
	certificate tls.Certificate
	conn        net.PacketConn
	hub         *net.UDPAddr
	got         chan []byte // packets of pictures and sound, as they come
	answered    chan []byte
	records     *packetio.Buffer // of DTLS
	profile     srtp.ProtectionProfile
	there       *srtp.Context // what the hub seals
	here        *srtp.Context // what the browser does
}

// own makes a certificate.
func own(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

var (
	anyPrint = regexp.MustCompile(`a=fingerprint:sha-256 [0-9A-F:]+`)
	anyName  = regexp.MustCompile(`a=ice-ufrag:(\S+)`)
	anyWord  = regexp.MustCompile(`a=ice-pwd:(\S+)`)
)

// offer is what Chromium offers, with the browser's own certificate.
func (b *browser) offer(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256(b.certificate.Certificate[0])
	print := strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"))
	return anyPrint.ReplaceAllString(chromium(t), "a=fingerprint:sha-256 "+print)
}

// house is a camera and a door, and what a browser asks of it.
func house(t *testing.T, scene camsim.Scene) (*camera.Camera, *Door, func(*browser) (*Viewer, error)) {
	t.Helper()
	c := seen(t, scene)
	d := New(Options{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	home := netip.MustParseAddr("127.0.0.1")
	return c, d, func(b *browser) (*Viewer, error) {
		film, ok := c.Film()
		if !ok {
			t.Fatal("no film")
		}
		return d.Answer(t.Context(), Ask{Offer: b.offer(t), Here: home, There: home, Film: film})
	}
}

// begin runs a view until it ends or the test does.
func begin(t *testing.T, c *camera.Camera, v *Viewer) chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	feed, err := c.Watch(v.Sound())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() { defer close(done); ended <- v.Run(ctx, feed); feed.Close() }()
	t.Cleanup(func() { cancel(); <-done })
	return ended
}

// reach takes a port, and hears what comes to it.
func (b *browser) reach(t *testing.T, v *Viewer) {
	t.Helper()
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.conn, b.hub = conn, net.UDPAddrFromAddrPort(v.socket.at)
	b.got, b.answered, b.records = make(chan []byte, 4096), make(chan []byte, 16), packetio.NewBuffer()
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		defer close(b.got)
		defer b.records.Close()
		for {
			p := make([]byte, packetMost)
			n, _, err := conn.ReadFrom(p)
			if err != nil {
				return
			}
			switch {
			case p[0] < 4:
				b.answered <- p[:n]
			case p[0] < 64:
				_, _ = b.records.Write(p[:n])
			default:
				b.got <- p[:n]
			}
		}
	}()
}

// How long an answer is waited for: one that has to come, and one that must not.
const (
	patience = 20 * time.Second
	silence  = 300 * time.Millisecond
)

// check sends a check, and tells whether it is answered.
func (b *browser) check(t *testing.T, v *Viewer, password string, waits time.Duration) bool {
	t.Helper()
	user := anyName.FindStringSubmatch(v.Answer())[1]
	theirs := anyName.FindStringSubmatch(chromium(t))[1]
	if _, err := b.conn.WriteTo(ask(user, theirs, password, true), b.hub); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.answered:
		return true
	case <-time.After(waits):
		return false
	}
}

// dtlsLine is a browser's DTLS, as a net.PacketConn.
type dtlsLine struct{ *browser }

func (l dtlsLine) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := l.records.Read(p)
	return n, l.hub, err
}
func (l dtlsLine) WriteTo(p []byte, _ net.Addr) (int, error) { return l.conn.WriteTo(p, l.hub) }
func (l dtlsLine) Close() error                              { return l.records.Close() }
func (l dtlsLine) LocalAddr() net.Addr                       { return l.conn.LocalAddr() }
func (l dtlsLine) SetDeadline(t time.Time) error             { return l.records.SetReadDeadline(t) }
func (l dtlsLine) SetReadDeadline(t time.Time) error         { return l.records.SetReadDeadline(t) }
func (l dtlsLine) SetWriteDeadline(time.Time) error          { return nil }

// meet proves who it is with a certificate, and has the hub prove it.
func (b *browser) meet(t *testing.T, v *Viewer, with tls.Certificate) (*dtls.Conn, error) {
	t.Helper()
	told := strings.TrimPrefix(anyPrint.FindString(v.Answer()), "a=fingerprint:sha-256 ")
	line, err := dtls.ClientWithOptions(dtlsLine{b}, b.hub,
		dtls.WithCertificates(with), dtls.WithInsecureSkipVerify(true), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(dtls.SRTPProtectionProfile(b.profile)),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if print := strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sha256.Sum256(raw[0])), " ", ":")); print != told {
				return fmt.Errorf("the hub shows %s, and the answer named %s", print, told)
			}
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := line.HandshakeContext(ctx); err != nil {
		_ = line.Close()
		return nil, err
	}
	// What it takes to be a server's end is the other way round here.
	state, _ := line.ConnectionState()
	c := srtp.Config{Profile: b.profile}
	if err := c.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		t.Fatal(err)
	}
	if b.here, err = srtp.CreateContext(c.Keys.LocalMasterKey, c.Keys.LocalMasterSalt, c.Profile); err != nil {
		t.Fatal(err)
	}
	if b.there, err = srtp.CreateContext(c.Keys.RemoteMasterKey, c.Keys.RemoteMasterSalt, c.Profile); err != nil {
		t.Fatal(err)
	}
	return line, nil
}

// joins has a browser come, and prove who it is.
func (b *browser) joins(t *testing.T, v *Viewer) *dtls.Conn {
	t.Helper()
	b.reach(t, v)
	if !b.check(t, v, anyWord.FindStringSubmatch(v.Answer())[1], patience) {
		t.Fatal("its check is not answered")
	}
	line, err := b.meet(t, v, b.certificate)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// scene is a drawn scene with sound as telephones have it.
func scene() camsim.Scene {
	s := camsim.Draw(camsim.Porch)
	s.Audio = &rtspformat.G711{MULaw: true, PayloadTyp: 0, SampleRate: 8000, ChannelCount: 1}
	for i := range int(s.Length / 1800) { // every 20 ms
		b := make([]byte, 160)
		for k := range b {
			if b[k] = byte(i + k); b[k] == 0x7f { // which is the same as 0xff: nothing, from below
				b[k] = 0xff
			}
		}
		s.Sounds = append(s.Sounds, camsim.Sound{PTS: int64(i) * 160, Bytes: b})
	}
	return s
}

// TestView has a browser look: the pictures and sounds that come are those that the camera
// sent, byte by byte, from one that stands alone on; what was there before is said to be a
// millisecond apart; a packet that is said to be lost comes again; and when it has gone
// the port is closed.
func TestView(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]srtp.ProtectionProfile{
		"AES-GCM": srtp.ProtectionProfileAeadAes128Gcm, "AES and HMAC": srtp.ProtectionProfileAes128CmHmacSha1_80,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene := scene()
			c, d, answer := house(t, scene)
			b := &browser{certificate: own(t), profile: profile}
			v, err := answer(b)
			if err != nil {
				t.Fatal(err)
			}
			ended := begin(t, c, v)
			line := b.joins(t, v)
			sent, heard := map[string]bool{}, map[string]bool{}
			for _, p := range scene.Pictures {
				sent[string(bytes.Join(p.Units, nil))] = true
			}
			for _, s := range scene.Sounds {
				heard[string(s.Bytes)] = true
			}
			var units rtph264.Decoder
			if err := units.Init(); err != nil {
				t.Fatal(err)
			}
			var lost *rtp.Packet
			var times []uint32
			pictures, sounds, reports, again := 0, 0, 0, 0
			// How many were there before depends on how long the browser took to prove itself.
			inTime := func() bool { n := len(times); return n > 1 && times[n-1]-times[n-2] >= 2*hurried }
			for pictures < 30 || sounds < 10 || reports == 0 || again == 0 || !inTime() && pictures < 100 {
				var raw []byte
				select {
				case raw = <-b.got:
				case err := <-ended:
					t.Fatalf("it ended after %d pictures: %v", pictures, err)
				case <-time.After(10 * time.Second):
					t.Fatalf("after %d pictures, %d sounds, %d reports, %d packets again nothing comes", pictures, sounds, reports, again)
				}
				if raw[1] == 200 { // a sender's report, which is not among the payload types (RFC 5761 §4)
					if plain, err := b.there.DecryptRTCP(nil, raw, nil); err != nil || len(plain) < 28 {
						t.Fatalf("a report reads as %x, %v", plain, err)
					} else if at := time.Unix(int64(binary.BigEndian.Uint32(plain[8:]))-2208988800, 0); time.Since(at).Abs() > 5*time.Second {
						t.Errorf("a report is of %v", at)
					}
					reports++
					continue
				}
				plain, err := b.there.DecryptRTP(nil, raw, nil)
				var p rtp.Packet
				if err == nil {
					err = p.Unmarshal(plain)
				}
				if err != nil {
					t.Fatal(err)
				}
				if lost != nil && p.SSRC == lost.SSRC && p.SequenceNumber == lost.SequenceNumber {
					if again++; !bytes.Equal(p.Payload, lost.Payload) {
						t.Error("what comes again is another packet")
					}
					continue
				}
				if len(raw) > 1232 { // with the heads of UDP and IPv6 1280
					t.Errorf("a packet is %d bytes", len(raw))
				}
				if p.PayloadType == 0 {
					if sounds++; !heard[string(p.Payload)] {
						t.Fatalf("sound %d is none that was sent", sounds)
					}
					continue
				}
				if lost == nil && pictures > 0 {
					lost = p.Clone()
					b.miss(t, lost)
				}
				list, err := units.Decode(&p)
				if err != nil {
					continue // more are to come
				}
				if pictures++; pictures == 1 && list[0][0]&0x1f != 7 {
					t.Errorf("it begins with a unit of type %d, want parameter sets", list[0][0]&0x1f)
				}
				times = append(times, p.Timestamp)
				if !sent[string(bytes.Join(list, nil))] {
					t.Fatalf("picture %d is none that was sent", pictures)
				}
			}
			if n := times[1] - times[0]; n != hurried {
				t.Errorf("the second picture is %d ticks after the first, want %d", n, hurried)
			}
			if !inTime() {
				t.Errorf("after %d pictures they are still said to be %d ticks apart", pictures, hurried)
			}
			if err := line.Close(); err != nil {
				t.Error(err)
			}
			select {
			case err := <-ended:
				if !errors.Is(err, errGone) {
					t.Errorf("it ended as %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("a browser that has gone is shown more")
			}
			d.closed(t)
		})
	}
}

// miss says that a packet did not come.
func (b *browser) miss(t *testing.T, p *rtp.Packet) {
	t.Helper()
	plain, err := (&rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: p.SSRC, Nacks: []rtcp.NackPair{{PacketID: p.SequenceNumber}}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := b.here.EncryptRTCP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.conn.WriteTo(sealed, b.hub); err != nil {
		t.Fatal(err)
	}
}

// closed fails unless nobody looks and no port is open.
func (d *Door) closed(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(5 * time.Second); ; {
		d.mu.Lock()
		viewers, sockets := d.viewers, len(d.sockets)
		d.mu.Unlock()
		if viewers == 0 && sockets == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d look, %d ports are open", viewers, sockets)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// TestWhoIsNotAnswered: who does not know the password, who comes from elsewhere, and who
// shows another certificate than the offer named sees nothing.
func TestWhoIsNotAnswered(t *testing.T) {
	t.Parallel()
	c, d, answer := house(t, camsim.Draw(camsim.Garden))
	b := &browser{certificate: own(t), profile: srtp.ProtectionProfileAeadAes128Gcm}
	v, err := answer(b)
	if err != nil {
		t.Fatal(err)
	}
	ended := begin(t, c, v)
	b.reach(t, v)
	password := anyWord.FindStringSubmatch(v.Answer())[1]
	if b.check(t, v, "a guess of 22 letters.", silence) {
		t.Error("a check with another password is answered")
	}
	there := v.there
	v.socket.mu.Lock()
	v.there = netip.MustParseAddr("127.0.0.2")
	v.socket.mu.Unlock()
	if b.check(t, v, password, silence) {
		t.Error("a check from elsewhere is answered")
	}
	v.socket.mu.Lock()
	v.there = there
	v.socket.mu.Unlock()
	if !b.check(t, v, password, patience) {
		t.Fatal("a check is not answered")
	}
	if _, err := b.meet(t, v, own(t)); err == nil {
		t.Error("another certificate is taken")
	}
	select {
	case err := <-ended:
		if err == nil || errors.Is(err, errGone) {
			t.Errorf("it ended as %v", err)
		}
	case <-time.After(within + 5*time.Second):
		t.Error("it goes on")
	}
	for len(b.got) > 0 {
		t.Errorf("% x… came", (<-b.got)[:12])
	}
	d.closed(t)
}

// TestWhereNobodyIsShown: outside the house, at another address than the one that is
// configured, with WebRTC off, and beyond the most that may look.
func TestWhereNobodyIsShown(t *testing.T) {
	t.Parallel()
	local := netip.MustParseAddr("127.0.0.1")
	film := camera.Film{Video: h264(0x42, 0xc0, 0x1e)}
	try := func(d *Door, here, there netip.Addr) error {
		v, err := d.Answer(t.Context(), Ask{Offer: chromium(t), Here: here, There: there, Film: film})
		if err == nil {
			t.Cleanup(v.Close)
		}
		return err
	}
	open := New(Options{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	var conflict *home.Conflict
	for name, err := range map[string]error{
		"off":                   try(New(Options{}), local, local),
		"a browser elsewhere":   try(open, local, netip.MustParseAddr("203.0.113.7")),
		"a hub elsewhere":       try(open, netip.MustParseAddr("203.0.113.7"), local),
		"another address":       try(open, netip.MustParseAddr("127.0.0.2"), local),
		"an address of nowhere": try(open, netip.Addr{}, netip.Addr{}),
	} {
		if !errors.As(err, &conflict) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	open.closed(t)
	for range Most {
		if err := try(open, local, local); err != nil {
			t.Fatal(err)
		}
	}
	if err := try(open, local, local); !errors.As(err, &conflict) {
		t.Errorf("one more than %d: got %v", Most, err)
	}
	if len(open.sockets) != 1 {
		t.Errorf("they have %d ports", len(open.sockets))
	}
}

// TestConsent: a browser that is heard no more is shown no more (RFC 7675 §5.1).
func TestConsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &Viewer{begun: make(chan struct{})}
		at := netip.MustParseAddrPort("127.0.0.1:1")
		ctx, end := context.WithCancelCause(t.Context())
		go v.watch(ctx, end)
		v.checked(at, true, time.Now())
		for range 12 {
			time.Sleep(consent / 2)
			v.checked(at, true, time.Now())
		}
		if err := context.Cause(ctx); err != nil {
			t.Fatalf("one who is there has ended: %v", err)
		}
		last := time.Now()
		<-ctx.Done()
		if took := time.Since(last); took < consent || took > consent+listens || !errors.Is(context.Cause(ctx), errGone) {
			t.Errorf("it ended %v after the last check: %v", took, context.Cause(ctx))
		}
	})
}

// TestKept: a packet is there until as many came after it as are kept, and is not sent
// again while it is on its way.
func TestKept(t *testing.T) {
	var k kept
	now := time.Now()
	packet := func(number uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0x80, 96}, number) }
	for n := range uint16(sentMost + 1) {
		*k.next(65000 + n) = packet(65000 + n)
	}
	if k.find(65000, now) != nil {
		t.Error("the oldest is still there")
	}
	if !bytes.Equal(k.find(65001, now), packet(65001)) {
		t.Error("the second oldest is gone")
	}
	if k.find(65001, now.Add(notAgain-1)) != nil {
		t.Error("it is sent while it is on its way")
	}
	if k.find(65001, now.Add(notAgain)) == nil {
		t.Error("it is not sent a second time")
	}
}
