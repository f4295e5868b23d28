package whep

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/home"
)

// Options are what a Door needs.
type Options struct {
	// Listen is where packets come and go, as host:port. Without a host it is wherever
	// the browser reached the hub. Port 0: any; "": nobody is shown anything.
	Listen string
	Log    *slog.Logger
}

// Most is how many look at once.
const Most = 16

// Door is where browsers come in. It has a port and a certificate while somebody looks.
type Door struct {
	o Options

	mu      sync.Mutex
	shown   *certificate
	sockets map[netip.Addr]*socket
	viewers int
}

// certificate is what the hub shows in DTLS. Who looks was told its sum over the
// connection on which they signed in, so nobody has to vouch for it.
type certificate struct {
	tls   tls.Certificate
	print [32]byte
	until time.Time
}

// New makes a door. It opens nothing.
func New(o Options) *Door { return &Door{o: o, sockets: map[netip.Addr]*socket{}} }

// Ask is what a browser asks.
type Ask struct {
	Offer string
	Here  netip.Addr // where it reached the hub
	There netip.Addr // where it is
	Film  camera.Film
}

// Answer answers an offer. Nothing is sent before the viewer's Run; without that it is
// to be closed. Errors: *home.Invalid, *home.Conflict.
func (d *Door) Answer(ctx context.Context, a Ask) (*Viewer, error) {
	a.Here, a.There = a.Here.Unmap(), a.There.Unmap().WithZone("")
	if d.o.Listen == "" {
		return nil, &home.Conflict{Reason: "WebRTC is off in this hub's configuration: watch over the WebSocket"}
	}
	if !near(a.There) || !near(a.Here) {
		return nil, &home.Conflict{Reason: "WebRTC is for browsers in the house: from elsewhere watch over the WebSocket"}
	}
	o, err := parseOffer(a.Offer)
	if err != nil {
		return nil, err
	}
	c, err := o.choose(a.Film)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.viewers >= Most {
		return nil, &home.Conflict{Reason: "too many look by WebRTC at once: watch over the WebSocket"}
	}
	if err := d.certify(time.Now()); err != nil {
		return nil, err
	}
	s, err := d.open(ctx, a.Here)
	if err != nil {
		return nil, err
	}
	v := newViewer(d, s, o, c, a.There)
	d.viewers++
	s.enter(v)
	v.answer = o.answer(c, s.at, secrets{user: v.user, password: v.password, print: d.shown.print})
	return v, nil
}

// near tells whether an address is of the house: private, of the link, or the hub's own.
func near(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }

// open is the socket at an address; the lock is held.
func (d *Door) open(ctx context.Context, here netip.Addr) (*socket, error) {
	if s, ok := d.sockets[here]; ok {
		return s, nil
	}
	host, port, err := net.SplitHostPort(d.o.Listen)
	if err != nil {
		return nil, fmt.Errorf("whep: %w", err)
	}
	if only, err := netip.ParseAddr(host); host != "" && (err != nil || only.Unmap() != here.WithZone("") && !only.IsUnspecified()) {
		return nil, &home.Conflict{Reason: "WebRTC is shown at another address than this: watch over the WebSocket"}
	}
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(here.String(), port))
	if err != nil {
		d.o.Log.Warn("no port for WebRTC", "addr", d.o.Listen, "err", err)
		return nil, &home.Conflict{Reason: "the hub's port for WebRTC is taken: watch over the WebSocket"}
	}
	s := newSocket(conn.(*net.UDPConn))
	d.sockets[here] = s
	return s, nil
}

// leave forgets a viewer, and closes the port behind the last one.
func (d *Door) leave(v *Viewer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.viewers--
	if v.socket.leave(v) > 0 {
		return
	}
	for here, s := range d.sockets {
		if s == v.socket {
			delete(d.sockets, here)
		}
	}
	v.socket.close()
}

// certifiedFor is how long a certificate is shown: as short as nobody notices.
const certifiedFor = 30 * 24 * time.Hour

// certify makes a certificate unless there is one; the lock is held. The curve is what
// browsers must know (RFC 8827 §6.5).
func (d *Door) certify(now time.Time) error {
	if d.shown != nil && now.Before(d.shown.until) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("whep: certificate: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "WebRTC"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(2 * certifiedFor),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("whep: certificate: %w", err)
	}
	d.shown = &certificate{
		tls:   tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		print: sha256.Sum256(der), until: now.Add(certifiedFor),
	}
	return nil
}

// socket is a UDP port at one address.
type socket struct {
	conn  *net.UDPConn
	at    netip.AddrPort
	ended chan struct{}

	mu     sync.RWMutex
	byUser map[string]*Viewer
	byPeer map[netip.AddrPort]*Viewer
}

func newSocket(conn *net.UDPConn) *socket {
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s := &socket{
		conn: conn, at: netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), ended: make(chan struct{}),
		byUser: map[string]*Viewer{}, byPeer: map[netip.AddrPort]*Viewer{},
	}
	go s.read() // until close, which waits for it
	return s
}

func (s *socket) close() {
	_ = s.conn.Close()
	<-s.ended
}

func (s *socket) enter(v *Viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byUser[v.user] = v
}

// leave forgets a viewer, and returns how many are left.
func (s *socket) leave(v *Viewer) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byUser, v.user)
	for peer, of := range s.byPeer {
		if of == v {
			delete(s.byPeer, peer)
		}
	}
	return len(s.byUser)
}

// packetMost is what is read of a packet. A browser sends none that is larger.
const packetMost = 2048

// read takes what comes, until the socket is closed. What it is, its first byte says
// (RFC 7983 §7).
func (s *socket) read() {
	defer close(s.ended)
	b := make([]byte, packetMost)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil || n == 0: // of a packet that did not reach somebody who has gone
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if b[0] < 4 {
			s.check(b[:n], from)
			continue
		}
		s.mu.RLock()
		v := s.byPeer[from]
		s.mu.RUnlock()
		if v != nil {
			v.take(b[:n])
		}
	}
}

// pairsMost is from how many ports one browser may be heard.
const pairsMost = 8

// check answers a check of a viewer's browser, and nothing else.
func (s *socket) check(b []byte, from netip.AddrPort) {
	c, err := parseCheck(b)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.byUser[c.to]
	if v == nil || c.from != v.offer.user || from.Addr().WithZone("") != v.there || !c.by(v.password) {
		return
	}
	if s.byPeer[from] != v {
		pairs := 0
		for _, of := range s.byPeer {
			if of == v {
				pairs++
			}
		}
		if pairs >= pairsMost {
			return
		}
		s.byPeer[from] = v
	}
	v.checked(from, c.nominates, time.Now())
	_, _ = s.conn.WriteToUDPAddrPort(c.appendSuccess(nil, from, v.password), from) // it asks again
}
