package hub

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
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
	"gatehouse/hub/home/journal"
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

// televised is a house whose camera televisions look through; at is its address for a token.
func televised(t *testing.T) (h *Hub, at func(name string, token auth.Secret) *base.URL) {
	t.Helper()
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
	return h, func(name string, token auth.Secret) *base.URL {
		u, err := base.ParseURL("rtsp://" + name + ":" + string(token) + "@" + l.Addr().String() + "/camera-porch")
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
}

// onlooker is a new token of a television.
func onlooker(t *testing.T, h *Hub, name string) auth.Secret {
	t.Helper()
	_, token, err := h.people.CreateToken(t.Context(), "Ada", name, auth.Onlooker, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestStrangersKeepNoTelevisionOut: two hundred connections of somebody who has no token
// are in the way of no television that has one, whether it came before them or after.
func TestStrangersKeepNoTelevisionOut(t *testing.T) {
	t.Parallel()
	h, at := televised(t)
	u := at("tv", onlooker(t, h, "tv"))

	looking, slow := switchedOn(t, u, "127.0.0.2"), switchedOn(t, u, "127.0.0.3")
	looking.looks(t, "who looks already")
	const stranger = "127.0.0.66"
	for range 200 {
		conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(stranger)}}).DialContext(t.Context(), "tcp", u.Host)
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

// TestATokenLeavesRoomForTelevisions: a token that many show has a quarter of the places.
// Who comes with it then is told so, the journal says it once, and others look.
func TestATokenLeavesRoomForTelevisions(t *testing.T) {
	t.Parallel()
	h, at := televised(t)
	u, other := at("tv", onlooker(t, h, "tv")), at("den", onlooker(t, h, "den"))
	var all []television
	for i := range 8 {
		tv := switchedOn(t, u, fmt.Sprintf("127.0.0.%d", 2+i))
		if _, _, err := tv.Describe(u); err != nil {
			t.Fatalf("television %d: %v", i+1, err)
		}
		all = append(all, tv)
	}
	for range 2 {
		_, _, err := switchedOn(t, u, "127.0.0.66").Describe(u)
		if want := "503 (this token is shown by 8 players already)"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("one more is told %v, want %s", err, want)
		}
	}
	switchedOn(t, other, "127.0.0.66").looks(t, "another token")

	all[0].Close()
	soon(t, "a place is free again", func() bool {
		_, _, err := switchedOn(t, u, "127.0.0.66").Describe(u)
		return err == nil
	})
	const line = "tv was refused one more picture: 8 at once are the most. If you do not know who looks, withdraw that token."
	said := func() (n int) {
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindAccess})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if l.Text == line {
				n++
			}
		}
		return n
	}
	soon(t, "the journal says it", func() bool { return said() > 0 })
	if n := said(); n != 1 {
		t.Errorf("the journal says it %d times", n)
	}
}
