package onvif

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/camera/reach"
)

// certificate is one as cameras make them: by nobody, for no name, and valid from when
// their clock began.
func certificate(t *testing.T, lasts time.Duration) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(lasts)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func sumOf(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// shown is the certificate that a camera shows now.
type shown struct {
	atomic.Pointer[tls.Certificate]
}

func show(c *tls.Certificate) *shown {
	s := &shown{}
	s.Store(c)
	return s
}

func (s *shown) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.Load(), nil },
	}
}

// TestACameraIsKnownByItsCertificate: the first that it shows is taken, whatever its dates
// say. Who shows another hears nothing, and the camera is heard again when it is itself.
func TestACameraIsKnownByItsCertificate(t *testing.T) {
	t.Parallel()
	for name, most := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, another := certificate(t, -time.Hour), certificate(t, time.Hour) // its own has ended
			pic := picture(t, 64, 36)
			turned := func(now *shown) *onvifsim.Device {
				config := now.config()
				config.MaxVersion = most
				return turnOn(t, onvifsim.Options{TLS: config, Picture: func() []byte { return pic }})
			}
			d, pin := turned(show(own)), trusting()
			c, told := listenKnowing(t, d, "pw & <word>", pin)
			told.until(t, c, "it is heard", heard)
			if _, err := c.Picture(t.Context()); err != nil {
				t.Error(err)
			}
			if pin.Known() != sumOf(own) || pin.Stranger() != "" {
				t.Errorf("it is known by %q, and a stranger by %q", pin.Known(), pin.Stranger())
			}

			// The hub starts anew, and another is in its place.
			now := show(another)
			d = turned(now)
			var changes atomic.Int32
			pin = reach.NewPin(pin.Known(), func() { changes.Add(1) })
			c, told = listenKnowing(t, d, "pw & <word>", pin)
			told.until(t, c, "it is refused", func(s State) bool { return s.Why == reach.ErrStranger.Error() })
			if _, err := c.Picture(t.Context()); !errors.Is(err, reach.ErrStranger) {
				t.Errorf("a picture of another: %v", err)
			}
			door, err := NewDoor(addressOf(d), "pw & <word>", pin)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(door.Close)
			if _, err := door.Picture(t.Context(), d.Address()+"/onvif/snapshot"); !errors.Is(err, reach.ErrStranger) {
				t.Errorf("a picture from where another is: %v", err)
			}
			if n := d.Asked(""); n > 0 {
				t.Errorf("another was asked %d things", n)
			}
			if pin.Known() != sumOf(own) || pin.Stranger() != sumOf(another) || changes.Load() != 1 {
				t.Errorf("it is known by %q, and a stranger by %q, which was told %d times", pin.Known(), pin.Stranger(), changes.Load())
			}

			now.Store(own)
			if _, err := door.Picture(t.Context(), d.Address()+"/onvif/snapshot"); err != nil || pin.Stranger() != "" {
				t.Errorf("a picture of its own: %v, and a stranger by %q", err, pin.Stranger())
			}
		})
	}
}

// TestNothingIsAskedInTheClear: a camera that was named by https is not asked by http,
// though it says so itself, and though somebody listens there.
func TestNothingIsAskedInTheClear(t *testing.T) {
	t.Parallel()
	trap, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	clear := trap.Addr().String()
	pic := picture(t, 64, 36)
	d := turnOn(t, onvifsim.Options{
		TLS: show(certificate(t, time.Hour)).config(), Picture: func() []byte { return pic }, Quirks: onvifsim.Quirks{Plain: true, Host: clear},
	})
	c, told := listenTo(t, d, "pw & <word>")
	told.until(t, c, "it is heard", heard)
	if got, err := c.Picture(t.Context()); err != nil || len(got) != len(pic) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	sly := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+clear+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(sly.Close)
	if _, err := Dial(t.Context(), strings.Replace(sly.URL, "://", "://hub@", 1), "pw", trusting()); !errors.Is(err, errElsewhere) {
		t.Errorf("a camera that leads to where anybody listens: %v", err)
	}
	_ = trap.(*net.TCPListener).SetDeadline(time.Now())
	if _, err := trap.Accept(); err == nil {
		t.Error("it was asked in the clear")
	}
}

// TestWhichWayItSpeaks: what an owner typed that leads nowhere is said with what leads
// there.
func TestWhichWayItSpeaks(t *testing.T) {
	t.Parallel()
	sealed := turnOn(t, onvifsim.Options{TLS: show(certificate(t, time.Hour)).config()})
	open := turnOn(t, onvifsim.Options{})
	leads := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
	}))
	t.Cleanup(leads.Close)
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}
	old.StartTLS()
	t.Cleanup(old.Close)
	for address, want := range map[string]string{
		leads.URL: errSealed.Error(),
		old.URL:   "it speaks TLS in no way that is safe today (1.2 at least): update its firmware",
		"https" + strings.TrimPrefix(open.Address(), "http"):   "it does not speak in TLS there: look at the port, or at how the address begins",
		"http" + strings.TrimPrefix(sealed.Address(), "https"): errNoSOAP.Error(),
		"http://127.0.0.1:9": "nothing answers at its port 9: look whether this is switched on in the camera, and whether the port is right; if it answers in TLS alone, begin its address with https://",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		if _, err := Dial(ctx, address, "", trusting()); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
		cancel()
	}
}

// TestACameraIsKnownAtEachPort: an address that the camera gives may lead to another of
// its servers, which is known by its own certificate; the first stays known by its own.
func TestACameraIsKnownAtEachPort(t *testing.T) {
	t.Parallel()
	pic := picture(t, 64, 36)
	own, beside, stranger := certificate(t, time.Hour), certificate(t, time.Hour), certificate(t, time.Hour)
	d := turnOn(t, onvifsim.Options{TLS: show(own).config(), Picture: func() []byte { return pic }})
	now := show(beside)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(pic) })}
	srv.SetKeepAlivesEnabled(false)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(tls.NewListener(l, now.config())) }()
	t.Cleanup(func() { _ = srv.Close(); <-ended })
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}

	pin := trusting()
	for range 2 { // and as it is known after the hub has started anew
		door, err := NewDoor(addressOf(d), "pw & <word>", pin)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(door.Close)
		for _, at := range []string{d.Address() + "/onvif/snapshot", "https://" + l.Addr().String() + "/snapshot"} {
			now.Store(beside)
			if _, err := door.Picture(t.Context(), at); err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
		now.Store(stranger)
		if _, err := door.Picture(t.Context(), "https://"+l.Addr().String()+"/snapshot"); !errors.Is(err, reach.ErrStranger) {
			t.Errorf("somebody else at its other port: %v", err)
		}
		known, strangers := pin.Ports()
		if pin.Known() != sumOf(own) || pin.Stranger() != "" || len(known) != 1 || known[port] != sumOf(beside) || strangers[port] != sumOf(stranger) {
			t.Errorf("it is known by %s and %v, strangers are %q and %v", pin.Known(), known, pin.Stranger(), strangers)
		}
		pin = reach.NewPin(pin.Known(), func() {})
		pin.Remember(known)
	}
}
