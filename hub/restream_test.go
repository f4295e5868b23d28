package hub

import (
	"context"
	"net"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/restream"
	"gatehouse/hub/config"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// TestRestream has a stock player open a camera of the house: with a token in its two
// places and not without one, on record from begin to end, and no longer than the
// token is good.
func TestRestream(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() { written <- h.views.Run(ctx) }()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving, stopServing := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- restream.Run(serving, restream.Options{Listener: l, House: players{h}, Log: h.log}) }()
	t.Cleanup(func() {
		stopServing()
		if err := <-served; err != nil {
			t.Error(err)
		}
		stop()
		<-written
	})
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	secrets := map[auth.Role]string{}
	for _, role := range []auth.Role{auth.Onlooker, auth.Member, auth.Viewer} {
		_, secret, err := h.people.CreateToken(t.Context(), "Ada", "tv "+string(role), role, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		secrets[role] = string(secret)
	}
	tv := secrets[auth.Onlooker]
	at := "rtsp://" + l.Addr().String() + "/camera-porch"
	withToken := "rtsp://tv:" + tv + "@" + l.Addr().String() + "/camera-porch"

	for name, address := range map[string]string{
		"nobody":                     at,
		"a token that there is none": "rtsp://tv:gh_nonsense@" + l.Addr().String() + "/camera-porch",
		"a member in the clear":      "rtsp://tv:" + secrets[auth.Member] + "@" + l.Addr().String() + "/camera-porch",
		"a wall display":             at + "?token=" + secrets[auth.Viewer],
		"another camera":             "rtsp://tv:" + tv + "@" + l.Addr().String() + "/camera-attic",
	} {
		if out, err := play(t, address); err == nil {
			t.Errorf("%s sees it: %s", name, out)
		}
	}
	if got := h.seenLive(t); len(got) != 0 {
		t.Errorf("views of which nothing was seen are on record: %+v", got)
	}

	for name, address := range map[string]string{"password": withToken, "query": at + "?token=" + tv} {
		if out, err := play(t, address); err != nil || out != "h264,768,432,20" {
			t.Errorf("with the token as %s ffprobe finds %q (%v)", name, out, err)
		}
	}
	soon(t, "both views and their ends are on record", func() bool { return len(h.seenLive(t)) == 4 })
	got := h.seenLive(t)[3]
	if got.Who != "tv onlooker" || got.Role != "onlooker" || got.By != "token" || got.From != "127.0.0.1" || !strings.HasPrefix(got.Agent, "Lavf") || got.Camera != c.ID {
		t.Errorf("on record is %+v", got)
	}
	soon(t, "nobody looks", func() bool { d, _ := h.devices.Device(c.ID); return len(d.Watched) == 0 })

	// A token that is withdrawn shows nothing more.
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", withToken, "-f", "null", "-")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	soon(t, "the television looks", func() bool {
		d, _ := h.devices.Device(c.ID)
		return slices.Equal(d.Watched, []string{"tv onlooker"})
	})
	if err := h.people.RevokeToken(t.Context(), "Ada", "tv onlooker"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it may complain that the line was cut
	soon(t, "nobody looks", func() bool { d, _ := h.devices.Device(c.ID); return len(d.Watched) == 0 })
	if out, err := play(t, withToken); err == nil {
		t.Errorf("a token that was withdrawn shows %s", out)
	}

	// Nor does one that was still good when the player asked what there is.
	_, secret, err := h.people.CreateToken(t.Context(), "Ada", "tv upstairs", auth.Onlooker, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	seen := len(h.seenLive(t))
	u, err := base.ParseURL(at + "?token=" + string(secret))
	if err != nil {
		t.Fatal(err)
	}
	overTCP := gortsplib.ProtocolTCP
	player := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &overTCP}
	if err := player.Start(); err != nil {
		t.Fatal(err)
	}
	defer player.Close()
	desc, _, err := player.Describe(u)
	if err == nil {
		err = player.SetupAll(desc.BaseURL, desc.Medias)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := h.people.RevokeToken(t.Context(), "Ada", "tv upstairs"); err != nil {
		t.Fatal(err)
	}
	if _, err := player.Play(nil); err == nil {
		t.Error("a token that was withdrawn meanwhile plays")
	}
	if got := h.seenLive(t); len(got) != seen {
		t.Errorf("%d views are on record, want %d", len(got), seen)
	}
}

// TestPlayerPorts: the page names the ports that players find somebody at, and no other.
func TestPlayerPorts(t *testing.T) {
	for _, row := range []struct {
		name string
		rtsp config.RTSP
		want []api.PlayerPort
	}{
		{"none", config.RTSP{}, nil},
		{"in the clear", config.RTSP{Listen: ":8554"}, []api.PlayerPort{{Scheme: "rtsp", Port: 8554}}},
		{"encrypted, without a certificate", config.RTSP{Listen: "127.0.0.1:554", TLS: ":8322"}, []api.PlayerPort{{Scheme: "rtsp", Port: 554}}},
		{"any port", config.RTSP{Listen: ":0"}, nil},
	} {
		h := &Hub{o: Options{Config: config.Config{RTSP: row.rtsp}}}
		if got := h.playerPorts(); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

// play has ffprobe read twenty pictures.
func play(t *testing.T, address string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-timeout", "20000000",
		"-read_intervals", "%+#20", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0", address).Output()
	return strings.TrimSpace(string(out)), err
}
