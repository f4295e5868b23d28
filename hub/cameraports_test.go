package hub

import (
	"bytes"
	"crypto/tls"
	"errors"
	"image"
	"image/jpeg"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// pictureServer is one of a camera's that gives its picture at a port of its own; it gives
// the address.
func pictureServer(t *testing.T, shows *face) (address, port string) {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 36)), nil); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(b.Bytes())
	})}
	srv.SetKeepAlivesEnabled(false) // what it shows next is shown at once
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(tls.NewListener(l, shows.config())) }()
	t.Cleanup(func() { _ = srv.Close(); <-ended })
	if _, port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return "https://" + l.Addr().String() + "/snapshot.jpg", port
}

// TestACameraOfSeveralCertificates: the services of a camera and its picture may each show
// a certificate of their own, and neither passes for a stranger of the other. Who shows
// another there is refused and said, and trusted by the owner alone.
func TestACameraOfSeveralCertificates(t *testing.T) {
	t.Parallel()
	var services, pictures face
	https, own := services.another(t), pictures.another(t)
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{TLS: services.config(), Quirks: onvifsim.Quirks{Digest: true}})
	c := h.smartCamera(t, d)
	var port string
	c.SnapshotURL, port = pictureServer(t, &pictures)
	c = h.put(t, c)
	now := func() home.Camera { c, _ := h.cameras.Camera(c.ID); return c }
	for range 2 {
		if _, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil {
			t.Fatalf("its picture, from a server of its own: %v", err)
		}
		soon(t, "its services are heard", func() bool { return now().Status.ONVIF.Heard })
	}
	soon(t, "both certificates are kept", func() bool {
		kept, ok, err := h.cameras.table.Get(string(c.ID))
		return err == nil && ok && kept.HTTPSCertificate == https && kept.PortCertificates[port] == own
	})
	if s := now().Status; h.board.Present(health.CameraCertificate, c.ID) || len(s.OtherPortCertificates) > 0 || s.OtherHTTPSCertificate != "" {
		t.Errorf("one of them passes for a stranger: %+v", s)
	}

	// Somebody stands where its picture comes from, also after its settings were saved.
	c = h.put(t, now())
	stranger := pictures.another(t)
	if b, err := h.cameras.Snapshot(t.Context(), c.ID); err == nil {
		t.Errorf("somebody else's picture, %d bytes", len(b))
	}
	soon(t, "everybody hears", func() bool { return h.board.Present(health.CameraCertificate, c.ID) })
	soon(t, "its services are heard", func() bool { return now().Status.ONVIF.Heard })
	if s := now().Status; s.OtherPortCertificates[port] != stranger || s.OtherHTTPSCertificate != "" {
		t.Errorf("shown is %+v, want %s at %s", s.OtherPortCertificates, stranger, port)
	}
	bad, invalid := now(), new(home.Invalid)
	bad.PortCertificates = map[string]string{port: "mine"}
	if _, err := h.cameras.PutCamera(t.Context(), bad, nil, "Ada"); !errors.As(err, &invalid) || invalid.Field != "port_certificates" {
		t.Errorf("a certificate that is none: %v", err)
	}

	c = now()
	c.PortCertificates = map[string]string{port: stranger}
	c = h.put(t, c)
	if _, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil {
		t.Errorf("its owner trusts it: %v", err)
	}
	soon(t, "nobody is told any more", func() bool { return !h.board.Present(health.CameraCertificate, c.ID) })
	soon(t, "the journal says so", func() bool {
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindDevice})
		return err == nil && slices.ContainsFunc(lines, func(e home.Event) bool {
			return strings.Contains(e.Text, "changed the camera Porch, which may show another certificate from now on.")
		})
	})
}
