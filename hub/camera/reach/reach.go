// Package reach is what the ways to a camera have in common, whether it is asked for
// its stream or for its services: whom the hub takes for the camera, and how it says
// that it could not come there.
//
// A camera is known by its certificate, where it speaks in TLS. Hardly any has one that
// somebody else vouches for, so the one that it showed the first time is its Pin, and
// that decides alone: neither who signed it, nor the name in it, nor its dates, which a
// camera without a clock gets wrong. Who shows another is told nothing: neither a name
// nor a digest of a password, since the handshake ends before.
//
// A camera can have several servers, at ports of their own and with certificates of their
// own: its services and its picture, say. Each is known by its own.
package reach

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"maps"
	"sync"
)

// ErrStranger says that a camera shows another certificate than its Pin's.
var ErrStranger = errors.New("it shows another certificate than before, and was told nothing")

// Pin is the certificate by which a camera is known.
type Pin struct {
	changed func()

	mu       sync.Mutex
	known    string
	stranger string
	beside   map[string]*Pin // of other ports
}

// mostPorts bounds the other ports: a camera could name others for ever.
const mostPorts = 8

// NewPin makes one of the SHA-256 of a certificate, as hex; "": the first that the camera
// shows is taken. changed is called when Known or Stranger is another; it must not wait.
func NewPin(known string, changed func()) *Pin {
	return &Pin{known: known, changed: changed}
}

// Known is the SHA-256 of the camera's certificate, as hex; "" before it was reached.
func (p *Pin) Known() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known
}

// Stranger is the SHA-256 of a certificate that was shown instead, and refused; "" again
// once the camera's own is.
func (p *Pin) Stranger() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stranger
}

// Beside is the Pin of another port of the camera.
func (p *Pin) Beside(port string) *Pin {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.beside[port]; b != nil {
		return b
	}
	if len(p.beside) >= mostPorts {
		return p
	}
	b := NewPin("", p.changed)
	p.keep(port, b)
	return b
}

// keep adds one; p.mu is held.
func (p *Pin) keep(port string, b *Pin) {
	if p.beside == nil {
		p.beside = map[string]*Pin{}
	}
	p.beside[port] = b
}

// Remember has the camera be known at other ports by certificates that it showed before.
func (p *Pin) Remember(known map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for port, sum := range known {
		p.keep(port, NewPin(sum, p.changed))
	}
}

// Ports is what Known and Stranger are of other ports, where they are anything.
func (p *Pin) Ports() (known, strangers map[string]string) {
	p.mu.Lock()
	beside := maps.Clone(p.beside)
	p.mu.Unlock()
	known, strangers = map[string]string{}, map[string]string{}
	for port, b := range beside {
		if sum := b.Known(); sum != "" {
			known[port] = sum
		}
		if sum := b.Stranger(); sum != "" {
			strangers[port] = sum
		}
	}
	return known, strangers
}

// TLS is how the camera is spoken with.
func (p *Pin) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		//nolint:gosec // what is verified is below: the camera's own certificate and no other
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			return p.see(hex.EncodeToString(sum[:]))
		},
	}
}

func (p *Pin) see(shown string) error {
	p.mu.Lock()
	known, stranger := p.known, p.stranger
	if p.known == "" {
		p.known = shown
	}
	if p.stranger = ""; shown != p.known {
		p.stranger = shown
	}
	refused, changed := p.stranger != "", p.known != known || p.stranger != stranger
	p.mu.Unlock()
	if changed {
		p.changed()
	}
	if refused {
		return ErrStranger
	}
	return nil
}
