package onvif

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"gatehouse/hub/camera/reach"
	"gatehouse/hub/home"
)

// Why a camera does not give what it is asked for.
var (
	ErrPassword  = errors.New("it refuses the name or the password")
	errClear     = errors.New("it wants the password in the clear, which the hub does not send: switch digest authentication on in the camera")
	errElsewhere = errors.New("it sends the hub to another address, which is not followed")
	errSealed    = errors.New("it answers in TLS alone: begin its address with https://")
	errLarge     = errors.New("it answers with more than it may")
	errNoPicture = errors.New("what it answers is no JPEG picture")
)

const (
	mostAnswer  = 256 << 10 // of SOAP; the longest that is known, profiles of a camera with eight lenses, has 60 KB
	mostPicture = 8 << 20   // a JPEG of 4K at the best quality has 5 MB
	mostSide    = 16384     // of a picture, in pixels
	callTime    = 8 * time.Second
)

// Door is the way to one camera over HTTP, in TLS if its address says https. In that
// case nothing is asked in the clear, whatever the camera says.
type Door struct {
	base           *url.URL // scheme, host and port that the owner gave
	user, password string
	client         *http.Client

	mu        sync.Mutex
	challenge challenge // the last that it gave; zero: none
	count     uint32    // of answers to it
}

// NewDoor makes the way to the host of an address, with the user's name that stands
// in it. The camera is known by pin where the address says https, and at another port by
// the one beside it. Nothing is sent yet.
func NewDoor(address, password string, pin *reach.Pin) (*Door, error) {
	u, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	d := &Door{base: &url.URL{Scheme: u.Scheme, Host: u.Host}, user: u.User.Username(), password: password}
	want := hostPort(d.base)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err != nil || host != want.host {
			return nil, errElsewhere
		}
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, address)
	}
	d.client = &http.Client{
		Transport: &http.Transport{
			DialContext: dial,
			DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				raw, err := dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				known := pin
				if _, port, _ := net.SplitHostPort(address); port != want.port {
					known = pin.Beside(port)
				}
				config := known.TLS()
				config.ServerName = want.host
				conn := tls.Client(raw, config)
				if err := conn.HandshakeContext(ctx); err != nil {
					_ = raw.Close() // nobody was told anything
					return nil, err
				}
				return conn, nil
			},
			MaxIdleConns: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
		},
		CheckRedirect: func(to *http.Request, _ []*http.Request) error {
			if d.base.Scheme == "http" && to.URL.Scheme == "https" && hostPort(to.URL).host == want.host {
				return errSealed
			}
			return errElsewhere
		},
	}
	return d, nil
}

// Close lets go of the connections.
func (d *Door) Close() { d.client.CloseIdleConnections() }

// ParseAddress reads the address of a camera's own service, or of a picture.
func ParseAddress(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil: // which would repeat a password that stands in it
		return nil, &home.Invalid{Reason: "it is no address such as http://user@192.168.1.20"}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &home.Invalid{Reason: "it must begin with http:// or https://"}
	case u.Hostname() == "":
		return nil, &home.Invalid{Reason: "it names no camera: give http://user@192.168.1.20"}
	}
	return u, nil
}

// place is a host and a port.
type place struct{ host, port string }

func hostPort(u *url.URL) place {
	p := place{strings.ToLower(u.Hostname()), u.Port()}
	if p.port == "" {
		p.port = map[string]string{"http": "80", "https": "443", "rtsp": "554", "rtsps": "322"}[u.Scheme]
	}
	return p
}

// Port is the port of an address, whether it names one or not.
func Port(u *url.URL) string { return hostPort(u).port }

// bring makes of an address that the camera gave one that leads to the camera that
// the owner named: a camera behind NAT, or one that was moved, names another.
func (d *Door) bring(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || len(address) > 2000 {
		return nil, errors.New("it gives an address that is none")
	}
	u.User, u.Fragment = nil, ""
	switch {
	case u.Scheme == "rtsp" || u.Scheme == "rtsps":
		if hostPort(u).host != hostPort(d.base).host {
			u.Host = net.JoinHostPort(d.base.Hostname(), hostPort(u).port)
		}
	case u.Scheme != d.base.Scheme || hostPort(u).host != hostPort(d.base).host:
		u.Scheme, u.Host = d.base.Scheme, d.base.Host
	}
	return u, nil
}

// Picture fetches one picture (JPEG) of what the camera sees now.
func (d *Door) Picture(ctx context.Context, address string) ([]byte, error) {
	u, err := d.bring(address)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	b, err := d.ask(ctx, http.MethodGet, u, "", nil, mostPicture)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width > mostSide || c.Height > mostSide {
		return nil, fmt.Errorf("picture: %w", errNoPicture)
	}
	return b, nil
}

// ask sends a request, once more with a digest when that is asked for.
func (d *Door) ask(ctx context.Context, method string, u *url.URL, kind string, body []byte, most int64) ([]byte, error) {
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		req.Header.Set("User-Agent", "Gatehouse")
		if a := d.answer(method, u.RequestURI()); a != "" {
			req.Header.Set("Authorization", a)
		}
		resp, err := d.client.Do(req)
		if err != nil {
			return nil, d.inWords(err)
		}
		got, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
		_ = resp.Body.Close()
		switch {
		case err != nil:
			return nil, d.inWords(err)
		case int64(len(got)) > most:
			return nil, errLarge
		case resp.StatusCode == http.StatusUnauthorized:
			if err := d.challenged(resp.Header.Values("WWW-Authenticate"), try); err != nil {
				return nil, err
			}
			continue
		case resp.StatusCode >= 400 && (method == http.MethodGet || len(got) == 0):
			return nil, fmt.Errorf("it answers %s", http.StatusText(resp.StatusCode))
		}
		return got, nil
	}
}

// inWords leaves out the address, in which nothing is new.
func (d *Door) inWords(err error) error {
	var bad *url.Error
	if errors.As(err, &bad) {
		err = bad.Err
	}
	said := reach.Words(err)
	if d.base.Scheme == "http" && errors.Is(err, syscall.ECONNREFUSED) {
		return errors.New(said.Error() + "; if it answers in TLS alone, begin its address with https://")
	}
	return said
}

// challenged takes what a camera wants to know of the password.
func (d *Door) challenged(values []string, try int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := pick(values)
	if err != nil {
		return err
	}
	if again := try == 1 && c.stale; d.user == "" || try > 0 && !again {
		return ErrPassword
	}
	d.challenge, d.count = c, 0
	return nil
}

// answer is the answer to the last challenge; "" before the first.
func (d *Door) answer(method, uri string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.challenge.nonce == "" {
		return ""
	}
	d.count++
	return d.challenge.answer(d.user, d.password, method, uri, d.count, fresh())
}
