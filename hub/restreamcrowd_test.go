package hub

import (
	"context"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/restream"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// television looks at a camera of the house from an address of its own.
type television struct {
	*gortsplib.Client
	url    *base.URL
	packet chan struct{}
}

// switchedOn has connected, and shown no token yet.
func switchedOn(t *testing.T, u *base.URL, address string) television {
	t.Helper()
	overTCP := gortsplib.ProtocolTCP
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	tv := television{&gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &overTCP, DialContext: dialer.DialContext}, u, make(chan struct{}, 1)}
	if err := tv.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tv.Close)
	if _, err := tv.Options(u); err != nil {
		t.Fatalf("the television of %s: %v", address, err)
	}
	return tv
}

// looks shows the token and waits for what the camera sees.
func (tv television) looks(t *testing.T, which string) {
	t.Helper()
	desc, _, err := tv.Describe(tv.url)
	if err == nil {
		err = tv.SetupAll(desc.BaseURL, desc.Medias)
	}
	if err == nil {
		tv.OnPacketRTPAny(func(*description.Media, format.Format, *rtp.Packet) {
			select {
			case tv.packet <- struct{}{}:
			default:
			}
		})
		_, err = tv.Play(nil)
	}
	if err != nil {
		t.Fatalf("%s: %v", which, err)
	}
	tv.sees(t, which)
}

// sees waits for more of it.
func (tv television) sees(t *testing.T, which string) {
	t.Helper()
	for range 2 { // the first may have come before
		select {
		case <-tv.packet:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s sees nothing", which)
		}
	}
}

// TestStrangersKeepNoTelevisionOut: two hundred connections of somebody who has no token
// are in the way of no television that has one, whether it came before them or after.
func TestStrangersKeepNoTelevisionOut(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	t.Cleanup(func() { stop(); all.Wait() })
	all.Go(func() { _ = h.views.Run(ctx) })
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	all.Go(func() {
		if err := restream.Run(ctx, restream.Options{Listener: l, House: players{h}, Log: h.log}); err != nil {
			t.Error(err)
		}
	})
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	_, token, err := h.people.CreateToken(t.Context(), "Ada", "tv", auth.Onlooker, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := base.ParseURL("rtsp://tv:" + string(token) + "@" + l.Addr().String() + "/camera-porch")
	if err != nil {
		t.Fatal(err)
	}

	looking, slow := switchedOn(t, u, "127.0.0.2"), switchedOn(t, u, "127.0.0.3")
	looking.looks(t, "who looks already")
	const stranger = "127.0.0.66"
	for range 200 {
		conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(stranger)}}).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	slow.looks(t, "who came before, and shows its token now")
	switchedOn(t, u, "127.0.0.4").looks(t, "who comes after")
	switchedOn(t, u, stranger).looks(t, "who comes after, from where the strangers are")
	looking.sees(t, "who looked already")
}
