package hub

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/whep"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// TestViewByWebRTC asks as a browser does: the view is on record before there is an
// answer, and ends with the token. That nobody comes to the port who was answered, as
// here, is no view that every face shows for good.
func TestViewByWebRTC(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	h.cameras.door = whep.New(whep.Options{Listen: "127.0.0.1:0", Log: h.log})
	srv := h.served(t)
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	_, secret, err := h.people.CreateToken(t.Context(), "Ada", "Kitchen screen", auth.Onlooker, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	offer, err := os.ReadFile("camera/whep/testdata/chromium.sdp")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(offer string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/api/v1/cameras/camera-porch/live", strings.NewReader(offer))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+string(secret))
		r.Header.Set("Content-Type", "application/sdp")
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	var p struct{ Detail string }
	if status, body := ask("v=0\r\n"); status != http.StatusUnprocessableEntity || json.Unmarshal([]byte(body), &p) != nil {
		t.Errorf("an offer of nothing: %d %s", status, body)
	}
	if got := h.seenLive(t); len(got) != 0 {
		t.Errorf("a view that was not answered is on record: %+v", got)
	}
	status, answer := ask(string(offer))
	port := regexp.MustCompile(`m=video (\d+) UDP/TLS/RTP/SAVPF`).FindStringSubmatch(answer)
	if status != http.StatusCreated || port == nil || port[1] == "0" {
		t.Fatalf("%d %s", status, answer)
	}
	if got := h.seenLive(t); len(got) != 1 || got[0].Who != "Kitchen screen" || got[0].Role != "onlooker" || got[0].Ends != 0 {
		t.Errorf("on record is %+v", got)
	}
	soon(t, "every face shows it", func() bool { d, _ := h.devices.Device(c.ID); return len(d.Watched) == 1 })
	if err := h.people.RevokeToken(t.Context(), "Ada", "Kitchen screen"); err != nil {
		t.Fatal(err)
	}
	soon(t, "nobody looks", func() bool { d, _ := h.devices.Device(c.ID); return len(d.Watched) == 0 })
	soon(t, "the end is on record", func() bool { got := h.seenLive(t); return len(got) == 2 && got[0].Ends == got[1].N })
	// The port is closed: somebody else can have it.
	var lc net.ListenConfig
	soon(t, "its port is free", func() bool {
		conn, err := lc.ListenPacket(t.Context(), "udp", "127.0.0.1:"+port[1])
		return err == nil && conn.Close() == nil
	})
}
