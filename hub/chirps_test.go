package hub

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

// Who waits for another mode or phase is not woken by a door that opens.
func TestTurns(t *testing.T) {
	turned := turns()
	for i, c := range []struct {
		a    home.Alarm
		want bool
	}{
		{home.Alarm{Mode: home.Disarmed, Phase: home.PhaseDisarmed}, true},
		{home.Alarm{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Open: []home.ZoneID{"door"}}, false},
		{home.Alarm{Mode: home.Away, Phase: home.PhaseArming}, true},
		{home.Alarm{Mode: home.Away, Phase: home.PhaseArmed}, true},
		{home.Alarm{Mode: home.Away, Phase: home.PhaseArmed, Seq: 9}, false},
	} {
		if got := turned(c.a); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

// Armed and disarmed are worth a chirp; a night, an entry delay and the end of an
// alarm are not.
func TestChirpFor(t *testing.T) {
	state := func(p home.Phase, like home.Mode) home.Alarm { return home.Alarm{Phase: p, Like: like} }
	for _, c := range []struct {
		before, now home.Alarm
		want        home.Chirp
	}{
		{state(home.PhaseDisarmed, home.Disarmed), state(home.PhaseArming, home.Away), ""},
		{state(home.PhaseArming, home.Away), state(home.PhaseArmed, home.Away), home.ChirpArmed},
		{state(home.PhaseDisarmed, home.Disarmed), state(home.PhaseArmed, home.Home), home.ChirpArmed},
		{state(home.PhaseArming, home.Night), state(home.PhaseArmed, home.Night), ""},
		{state(home.PhaseArmed, home.Away), state(home.PhaseArmed, home.Away), ""},
		{state(home.PhaseArmed, home.Away), state(home.PhaseEntry, home.Away), ""},
		{state(home.PhaseEntry, home.Away), state(home.PhaseDisarmed, home.Disarmed), home.ChirpDisarmed},
		{state(home.PhaseArming, home.Away), state(home.PhaseDisarmed, home.Disarmed), home.ChirpDisarmed},
		{state(home.PhaseArmed, home.Away), state(home.PhaseAlarm, home.Away), ""},
		{state(home.PhaseAlarm, home.Away), state(home.PhaseDisarmed, home.Disarmed), ""},
		{state(home.PhaseAlarm, home.Away), state(home.PhaseArmed, home.Away), ""},
	} {
		if got, ok := chirpFor(c.before, c.now); got != c.want && (ok || c.want != "") || ok != (c.want != "") {
			t.Errorf("%s → %s like %s: got %q, %v, want %q", c.before.Phase, c.now.Phase, c.now.Like, got, ok, c.want)
		}
	}
}

// From the owner's wish to the squawk on the air.
func TestZigbeeSirenChirps(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		siren := m.id(m.siren)
		arm := func(mode home.Mode) {
			t.Helper()
			var none home.Duration
			if _, err := m.guard.SetMode(t.Context(), home.ModeRequest{Mode: mode, ExitDelay: &none, Force: true, CodeFree: true, By: "Anna"}); err != nil {
				t.Fatal(err)
			}
			m.pass(time.Second)
		}
		arm(home.Away)
		arm(home.Disarmed)
		if got := m.siren.Squawks(); len(got) > 0 {
			t.Errorf("before anybody wanted it the siren squawked %v", got)
		}
		if _, err := m.devices.LetChirp(siren, true, "Anna"); err != nil {
			t.Fatal(err)
		}
		arm(home.Away)
		arm(home.Disarmed)
		arm(home.Night)
		arm(home.Disarmed)
		if diff := cmp.Diff([]byte{0, 1, 1}, m.siren.Squawks()); diff != "" {
			t.Errorf("squawks (-want +got):\n%s", diff)
		}
		if d, _ := m.devices.Device(siren); !d.Sounder.Chirp || d.Traits[home.Siren].Value != home.Off {
			t.Errorf("the siren is %+v, %v", d.Sounder, d.Traits[home.Siren].Value)
		}
		if n := m.lines(m.nameOf(siren) + ": siren set to off."); n != 1 {
			t.Errorf("the journal has %d lines of a siren told to be silent; want the one from the start", n)
		}
		if _, err := m.devices.LetChirp(m.id(m.plug), true, "Anna"); err == nil {
			t.Error("a plug chirps")
		}
		m.siren.TakeBattery() // pulled out of its socket
		arm(home.Away)
		m.pass(time.Minute)
		if n := m.lines(m.nameOf(siren) + " did not chirp: the device did not acknowledge: no acknowledgement from the radio."); n != 1 {
			t.Errorf("the journal has %d lines of a chirp that failed, want 1", n)
		}
		if len(m.siren.Squawks()) != 3 {
			t.Error("it is told again")
		}
	})
}
