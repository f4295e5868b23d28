package demo_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/hub/demo"
	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// TestZigbeeHome: the whole way on the second stick: a keypad that takes the
// family's code arms, a window raises the alarm, its siren sounds, the code ends
// it; and the stick is pulled and put back.
func TestZigbeeHome(t *testing.T) {
	v := visit(t, auth.Owner)
	var pad, window, siren home.DeviceID
	v.until("every Zigbee device has said what it is", func(event) bool {
		for _, d := range get[[]home.Device](v, "/api/v1/devices") {
			switch d.Name {
			case "Bedroom keypad":
				pad = d.ID
			case "Bedroom window":
				window = d.ID
			case "Hall siren":
				siren = d.ID
			}
		}
		return strings.HasPrefix(string(pad), "zigbee-") && window != "" && siren != ""
	})
	if d := get[home.Device](v, "/api/v1/devices/"+string(pad)); d.Security != home.SecurityLinkKey {
		t.Errorf("the keypad's link is %q", d.Security)
	}
	shows := func(words string) {
		t.Helper()
		v.until("the bedroom keypad shows "+words, func(event) bool {
			s := v.padShows("bedroom-keypad")
			return s.Light == words || slices.Contains(s.Besides, words)
		})
	}
	key := func(act, digits string) {
		t.Helper()
		if status, body := v.request(http.MethodPost, "/demo/do", map[string]string{"thing": "bedroom-keypad", "act": act, "digits": digits}); status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", act, status, body)
		}
	}
	key("arm-home", "11111")
	shows("not accepted")
	key("arm-home", demo.Code)
	v.untilPhase(home.PhaseArming)
	shows("time to leave")
	v.untilPhase(home.PhaseArmed)
	v.do("bedroom-window", "open")
	v.untilPhase(home.PhaseAlarm)
	v.untilTrait(siren, home.Siren, home.On)
	key("disarm", demo.Code)
	v.untilTrait(siren, home.Siren, home.Off)
	v.do("bedroom-window", "close")
	v.untilTrait(window, home.Contact, home.Closed)

	radio := func(state string) func(event) bool {
		return func(event) bool {
			for _, r := range get[[]struct{ Radio, State string }](v, "/api/v1/radios") {
				if r.Radio == "zigbee" {
					return r.State == state
				}
			}
			return false
		}
	}
	v.do("zigbee-stick", "pull")
	v.until("the stick is gone", radio("down"))
	v.do("zigbee-stick", "plug")
	v.until("the stick is back", radio("up"))
}

// TestZigbeeThings: what somebody does on the demo's page to each thing of the
// second stick reaches the hub.
func TestZigbeeThings(t *testing.T) {
	v := visit(t, auth.Owner)
	ids := map[string]home.DeviceID{}
	things := []struct {
		name, key, act string
		trait          home.Trait
		want           home.Value
	}{
		{"Landing motion", "landing-motion", "walk", home.Motion, home.True},
		{"Bathroom leak", "bathroom-leak", "spill", home.Water, home.True},
		{"Cellar smoke", "cellar-smoke", "fill", home.Smoke, home.True},
		{"Cellar smoke", "cellar-smoke", "cover-open", home.Tamper, home.True},
		{"Living room motion", "living-motion", "walk", home.Motion, home.True},
		{"Living room motion", "living-motion", "battery-low", home.Battery, home.Number(0)},
		{"Bedroom smoke", "bedroom-smoke", "fill", home.Smoke, home.True},
		{"Garden door lock", "garden-lock", "pin", home.Lock, home.Unlocked},
		{"Garden door lock", "garden-lock", "jam", home.Lock, home.Unlocked}, // nobody turns it
		{"Garden door lock", "garden-lock", "lock", home.Lock, home.Jammed},
		{"Garden door lock", "garden-lock", "force", home.Tamper, home.True},
		{"Reading lamp", "reading-lamp", "on", home.Switch, home.On},
		{"Washing machine", "washer", "on", home.Switch, home.On},
		{"Washing machine", "washer", "wash", home.Power, home.Number(2000)},
		{"Bedroom climate", "bedroom-climate", "freeze", home.Temperature, home.Number(1.5)},
		{"Bedroom shutter", "bedroom-shutter", "half", home.Cover, home.Number(50)},
	}
	v.until("every Zigbee device has said what it is", func(event) bool {
		for _, d := range get[[]home.Device](v, "/api/v1/devices") {
			ids[d.Name] = d.ID
		}
		return !slices.ContainsFunc(things, func(c struct {
			name, key, act string
			trait          home.Trait
			want           home.Value
		},
		) bool {
			return ids[c.name] == ""
		})
	})
	for _, c := range things {
		v.do(c.key, c.act)
		v.untilTrait(ids[c.name], c.trait, c.want)
	}
}
