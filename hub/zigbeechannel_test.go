package hub

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/face/api"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

func TestSurveyChoosesAChannel(t *testing.T) {
	for _, c := range []struct {
		name  string
		noise map[byte]int // -90 elsewhere
		own   byte
		want  int
	}{
		{"all are quiet", nil, 15, 15},
		{"the own one is loud", map[byte]int{15: -60}, 15, 11},
		{"the own one is a little louder than others", map[byte]int{15: -81}, 15, 15},
		{"the quietest of several", map[byte]int{11: -50, 12: -70, 13: -70, 14: -70, 15: -40, 16: -70, 17: -71, 18: -70, 19: -70, 20: -70, 21: -70, 22: -70, 23: -70, 24: -70, 25: -70, 26: -95}, 15, 17},
	} {
		var all []zigbee.Energy
		for ch := zigbee.FirstChannel; ch <= zigbee.LastChannel; ch++ {
			power, loud := c.noise[ch]
			if !loud {
				power = -90
			}
			all = append(all, zigbee.Energy{Channel: ch, Power: power})
		}
		if s := survey(all, c.own); s.Quietest != c.want || s.Channel != int(c.own) || len(s.Channels) != 16 {
			t.Errorf("%s: %+v, want %d", c.name, s, c.want)
		}
	}
}

func TestZigbeeChangeOfChannel(t *testing.T) {
	eachFamily(t, func(t *testing.T, m *meadow) {
		own := m.zigbee.State().Channel
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Noise, Channel: byte(own), Level: -50})
		s, err := m.zigbee.Survey(t.Context())
		if err != nil || s.Channel != own || s.Quietest == own {
			t.Fatalf("survey: %+v, %v", s, err)
		}
		if _, err := m.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Away, Force: true, CodeFree: true, By: "Anna", Channel: home.ByAPI}); err != nil {
			t.Fatal(err)
		}
		var conflict *home.Conflict
		if _, err := m.zigbee.Move(t.Context(), s.Quietest, "Anna"); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "is armed") {
			t.Errorf("while armed: %v", err)
		}
		if _, err := m.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, CodeFree: true, By: "Anna", Channel: home.ByAPI}); err != nil {
			t.Fatal(err)
		}
		if _, err := m.zigbee.Move(t.Context(), own, "Anna"); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "already") {
			t.Errorf("to its own: %v", err)
		}
		move, err := m.zigbee.Move(t.Context(), s.Quietest, "Anna")
		if err != nil || move.From != own || move.To != s.Quietest || len(move.Following) != 4 {
			t.Fatalf("moved: %+v, %v", move, err)
		}
		if now := m.zigbee.State(); now.Channel != s.Quietest || now.State != "up" || now.Moved == nil {
			t.Errorf("afterwards: %+v", now)
		}
		m.door.Open() // it misses the network, looks for it and says so
		m.pass(40 * time.Minute)
		if now := m.zigbee.State(); now.Moved != nil {
			t.Errorf("not followed: %+v", now.Moved)
		}
		m.absent(health.ChannelLeft, zigbeehome.Kind)
		if d, _ := m.devices.Device(m.id(m.door)); d.Traits[home.Contact].Value != home.Open {
			t.Errorf("the door: %v", d.Traits)
		}
		m.sim.Heal()
	})
}

// Devices that stay behind are named when they have had their time, also by a hub
// that was started anew; and no more when the network comes back to them.
func TestZigbeeDevicesThatDoNotFollow(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		stuck := m.sim.NewPlug(zigbeesim.Make{IEEE: 0x00158D0000000F77, Stays: true})
		if err := m.lets(api.JoinRequest{WithoutCode: true}); err != nil {
			t.Fatal(err)
		}
		stuck.Press()
		m.pass(20 * time.Second)
		own := m.zigbee.State().Channel
		to := 26
		if _, err := m.zigbee.Move(t.Context(), to, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(14 * time.Minute)
		m.absent(health.ChannelLeft, zigbeehome.Kind)
		m.end()
		m.begin(filepath.Dir(m.o.Config.Data))
		m.pass(2 * time.Minute)
		d, _ := m.devices.Device(m.id(stuck))
		m.present(health.ChannelLeft, zigbeehome.Kind, "a device has not followed it to channel 26: "+d.Name)
		if _, err := m.zigbee.Move(t.Context(), own, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(2 * time.Minute)
		m.absent(health.ChannelLeft, zigbeehome.Kind)
		m.pass(40 * time.Minute)
		if now := m.zigbee.State(); now.Moved != nil {
			t.Errorf("not followed: %+v", now.Moved)
		}
	})
}
