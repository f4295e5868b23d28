package demo_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// TestEyes: the cameras of the house see, record what their own thing sets off once
// there is a vault, and are missed when they are unplugged.
func TestEyes(t *testing.T) {
	v := visit(t, auth.Owner)
	camera := func(id home.DeviceID) home.Camera { return get[home.Camera](v, "/api/v1/cameras/"+string(id)) }
	soon := func(what string, is func() bool) {
		t.Helper()
		late := time.After(patience)
		for !is() {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-late:
				t.Fatalf("not within %v: %s", patience, what)
			}
		}
	}
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
