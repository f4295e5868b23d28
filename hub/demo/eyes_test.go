package demo_test

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"net/http"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// soon waits for something to be so.
func (v *visitor) soon(what string, is func() bool) {
	v.t.Helper()
	late := time.After(patience)
	for !is() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-late:
			v.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// TestEyes: the cameras of the house see, record what their own thing sets off once
// there is a vault, and are missed when they are unplugged.
func TestEyes(t *testing.T) {
	v := visit(t, auth.Owner)
	camera := func(id home.DeviceID) home.Camera { return get[home.Camera](v, "/api/v1/cameras/"+string(id)) }
	soon := v.soon
	all := []home.DeviceID{"camera-porch", "camera-garden", "camera-doorbell"}
	for _, id := range all {
		soon(string(id)+" is up", func() bool { return camera(id).Status.State == "up" })
	}

	troubled := func(code string) bool {
		for _, c := range get[[]home.TroubleItem](v, "/api/v1/health") {
			if c.Code == code {
				return true
			}
		}
		return false
	}
	v.do("doorbell", "ring")
	soon("it is said that there is no vault", func() bool { return troubled("no-vault") })
	if troubled("camera-not-recorded") {
		t.Error("it is said of each camera too that there is no vault")
	}
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if status, body := v.request(http.MethodPut, "/api/v1/vault", map[string]any{"recipients": []string{identity.Recipient().String()}}); status != http.StatusOK {
		t.Fatalf("a vault: %d %s", status, body)
	}
	if troubled("no-vault") {
		t.Error("there is a vault, and it is said that there is none")
	}

	for _, it := range []struct {
		thing, act, why string
		by              []home.DeviceID
	}{
		{"doorbell", "ring", "doorbell", []home.DeviceID{"camera-porch", "camera-doorbell"}},
		{"garden-camera", "walk", "zone:garden-motion", []home.DeviceID{"camera-garden"}},
	} {
		v.do(it.thing, it.act)
		for _, id := range it.by {
			soon(string(id)+" records", func() bool { return camera(id).Status.Recording == it.why })
		}
	}
	if got := camera("camera-porch").Status.Recording; got != "doorbell" {
		t.Errorf("the porch camera records because of %q, want the bell alone", got)
	}

	state := func(key string) (says string) {
		var house struct{ Things []struct{ Key, State string } }
		_, body := v.request(http.MethodGet, "/demo/state", nil)
		if err := json.Unmarshal(body, &house); err != nil {
			t.Fatal(err)
		}
		for _, thing := range house.Things {
			if thing.Key == key {
				says = thing.State
			}
		}
		return says
	}
	if got := state("garden-camera"); got != "sees someone" {
		t.Errorf("somebody walks in the garden, whose camera says %q", got)
	}
	v.do("garden-camera", "cover")
	if got := state("garden-camera"); got != "covered" {
		t.Errorf("a camera that is covered says %q", got)
	}
	v.do("garden-camera", "walk")
	v.do("garden-camera", "uncover")
	if got := state("garden-camera"); got != "sees nobody" {
		t.Errorf("whoever walked by while it was covered: it says %q", got)
	}
	v.do("garden-camera", "unplug")
	soon("the garden camera is lost", func() bool { return camera("camera-garden").Status.State == "lost" })
	v.do("garden-camera", "plug")
	soon("the garden camera is back", func() bool { return camera("camera-garden").Status.State == "up" })
}

// TestTheDoorbellSpeaks: the hub asked the doorbell where its pictures are, hears its
// bell and what moves, and has it black out a part of the picture.
func TestTheDoorbellSpeaks(t *testing.T) {
	v := visit(t, auth.Owner)
	const path = "/api/v1/cameras/camera-doorbell"
	camera := func() home.Camera { return get[home.Camera](v, path) }
	device := func() home.Device { return get[home.Device](v, "/api/v1/devices/camera-doorbell") }
	v.soon("the doorbell is heard", func() bool { c := camera(); return c.Status.ONVIF != nil && c.Status.ONVIF.Heard })
	if s := camera().Status.ONVIF; s.Maker != "Gatehouse" || s.Model != "Demo doorbell" || !slices.Contains(s.Notices, "doorbell") {
		t.Errorf("it says of itself %+v", s)
	}
	if status, body := v.request(http.MethodPost, "/api/v1/cameras/discover", nil); status != http.StatusOK || !bytes.Contains(body, []byte(`"known":"camera-doorbell"`)) {
		t.Errorf("looked for cameras: %d %s", status, body)
	}

	v.do("doorbell-camera", "ring")
	v.soon("its bell is heard", func() bool { return device().Traits[home.Button].Value == home.Word("press") })
	v.soon("something moves", func() bool { return device().Traits[home.Motion].Value == home.True })
	v.soon("and has gone", func() bool { return device().Traits[home.Motion].Value == home.False })

	window := map[string]any{"name": "Window", "ignore": true, "mask": true, "shape": []map[string]float64{{"x": 0, "y": 0}, {"x": 0.5, "y": 0}, {"x": 0.5, "y": 1}, {"x": 0, "y": 1}}}
	if status, body := v.request(http.MethodPut, path, map[string]any{"seeing": map[string]any{"zones": []any{window}}}); status != http.StatusOK {
		t.Fatalf("a mask: %d %s", status, body)
	}
	v.soon("a part is blacked out", func() bool { c := camera(); return len(c.Status.Masks) == 1 && c.Status.Masks[0].Black })
	status, body := v.request(http.MethodGet, path+"/snapshot", nil)
	shown, err := jpeg.Decode(bytes.NewReader(body))
	if status != http.StatusOK || err != nil {
		t.Fatalf("its picture: %d, %v", status, err)
	}
	for x, want := range map[int]bool{100: true, 300: true, 450: false, 600: false} {
		r, _, _, _ := shown.At(x, 200).RGBA()
		if black := r>>8 < 40; black != want {
			t.Errorf("at %d it is black: %v, want %v", x, black, want)
		}
	}

	v.soon("it says that somebody can speak through it", func() bool { return camera().Status.Speaker })
	if status, wav := v.request(http.MethodGet, "/demo/heard/doorbell-camera", nil); status != http.StatusOK || !bytes.HasPrefix(wav, []byte("RIFF")) || len(wav) != 46 {
		t.Errorf("what it said, which is nothing: %d, %d bytes", status, len(wav))
	}
	v.do("doorbell-camera", "unplug")
	v.soon("it is lost", func() bool { c := camera(); return c.Status.State == "lost" && !c.Status.ONVIF.Heard })
	v.do("doorbell-camera", "plug")
	v.soon("it is heard again", func() bool { c := camera(); return c.Status.State == "up" && c.Status.ONVIF.Heard })
}
