package hub

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// face is the certificate that a camera shows now.
type face struct {
	atomic.Pointer[tls.Certificate]
}

// another has a camera show another one from now on, and gives its SHA-256.
func (f *face) another(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(-time.Hour)} // it has ended
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	f.Store(&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

func (f *face) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.Load(), nil }}
}

// TestACameraThatShowsAnotherCertificate: what a camera shows when its owner adds it is
// what it is known by, for its pictures and for its services. Whoever shows another is
// told nothing and said, until its owner trusts them.
func TestACameraThatShowsAnotherCertificate(t *testing.T) {
	t.Parallel()
	var stream, services face
	rtsps, https := stream.another(t), services.another(t)
	h, sim, _ := houseWith(t, camsim.Options{Listen: "127.0.0.1:0", Scene: camsim.Draw(camsim.Porch), TLS: stream.config()})
	h.o.Config.Interfaces = []string{"lo"}
	d := smart(t, sim, onvifsim.Options{TLS: services.config(), Interface: "lo", Quirks: onvifsim.Quirks{Digest: true}})
	c := h.smartCamera(t, d)
	if c.HTTPSCertificate != https || !strings.HasPrefix(c.ONVIF, "https://hub@") || !strings.HasPrefix(c.URL, "rtsps://hub@") {
		t.Fatalf("%+v", c)
	}
	now := func() home.Camera { c, _ := h.cameras.Camera(c.ID); return c }
	soon(t, "it is heard", func() bool { return now().Status.ONVIF.Heard })
	soon(t, "its certificate is kept", func() bool { return now().Certificate == rtsps })
	if kept, ok, err := h.cameras.table.Get(string(c.ID)); err != nil || !ok || kept.Certificate != rtsps || kept.HTTPSCertificate != https {
		t.Errorf("kept are %q and %q, %v, %v", kept.Certificate, kept.HTTPSCertificate, ok, err)
	}
	if _, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil || d.Asked("snapshot") == 0 {
		t.Errorf("its picture, for which it was asked %d times: %v", d.Asked("snapshot"), err)
	}
	list, err := h.cameras.Find(t.Context(), "Ada")
	if err != nil || !slices.ContainsFunc(list, func(f home.FoundCamera) bool { return strings.HasPrefix(f.ONVIF, d.Address()) && f.Known == c.ID }) {
		t.Errorf("found are %+v, %v", list, err)
	}

	// Nothing in the clear stands beside it.
	c = now()
	bad, invalid := c, new(home.Invalid)
	bad.SnapshotURL = strings.Replace(d.Address(), "https://", "http://", 1) + "/onvif/snapshot"
	if _, err := h.cameras.PutCamera(t.Context(), bad, nil, "Ada"); !errors.As(err, &invalid) || invalid.Field != "snapshot_url" {
		t.Errorf("its picture in the clear: %v", err)
	}

	// Somebody stands in its place.
	c.SnapshotURL = d.Address() + "/onvif/snapshot"
	c.OffIn = []home.Mode{home.Home}
	c = h.put(t, c)
	soon(t, "it is heard", func() bool { return now().Status.ONVIF.Heard })
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Home, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
	soon(t, "nobody asks it", func() bool { return h.cameraIs(c.ID, "resting")() && d.Subscribers() == 0 && !now().Status.ONVIF.Heard })
	stranger, other := stream.another(t), services.another(t)
	asked, looked := d.Asked(""), sim.Asked()
	c.OffIn = nil
	c = h.put(t, c)
	soon(t, "it is lost", h.cameraIs(c.ID, "lost"))
	soon(t, "everybody hears", func() bool { return h.board.Present(health.CameraCertificate, c.ID) })
	soon(t, "which they are", func() bool {
		s := now().Status
		return s.OtherCertificate == stranger && s.OtherHTTPSCertificate == other
	})
	if b, err := h.cameras.Snapshot(t.Context(), c.ID); err == nil {
		t.Errorf("somebody else's picture, %d bytes", len(b))
	}
	if d.Asked("") != asked || sim.Asked() != looked {
		t.Errorf("they were asked %d things, and %d times for pictures", d.Asked("")-asked, sim.Asked()-looked)
	}
	c.URL = "" // nor does who asks where its pictures are take them for it
	if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, &invalid) || invalid.Field != "onvif" || !strings.Contains(invalid.Reason, "another certificate") {
		t.Errorf("somebody else's address of pictures: %v", err)
	}

	// It was only reset, and its owner says so.
	c = now()
	c.Certificate, c.HTTPSCertificate = stranger, other
	c = h.put(t, c)
	soon(t, "it is heard", func() bool { return now().Status.State == "up" && now().Status.ONVIF.Heard })
	soon(t, "nobody is told any more", func() bool { return !h.board.Present(health.CameraCertificate, c.ID) })
	soon(t, "the journal says so", func() bool {
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindDevice})
		return err == nil && slices.ContainsFunc(lines, func(e home.Event) bool {
			return e.Text == "Ada changed the camera Porch, which may show another certificate from now on."
		})
	})

	// Who has it asked in the clear from now on has to give its password anew.
	c.ONVIF, c.SnapshotURL = strings.Replace(c.ONVIF, "https://", "http://", 1), ""
	if c = h.put(t, c); c.HasPassword || c.HTTPSCertificate != "" {
		t.Errorf("the password of a camera that is asked in the clear now was kept: %+v", c)
	}
}
