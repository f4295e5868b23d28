package hub

import (
	"slices"
	"testing"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee/zigbeesim"
)

// eachFamily plays in a house with a stick of each family.
func eachFamily(t *testing.T, test func(*testing.T, *meadow)) {
	t.Helper()
	t.Run("znp", func(t *testing.T) { inMeadowOf(t, zigbeesim.Options{}, test) })
	t.Run("ezsp", func(t *testing.T) { inMeadowOf(t, zigbeesim.Options{EZSP: 14}, test) })
}

// A jammer is told within 80 s: found loud within 30 s, loud for 30 s, and 15 s in
// which nobody answers. It blocks arming, as Z-Wave's does, and goes when the air
// is free.
func TestZigbeeJammedAirIsHeard(t *testing.T) {
	eachFamily(t, func(t *testing.T, m *meadow) {
		m.pass(10 * time.Minute)
		m.absent(health.RFJamming, zigbeehome.Kind)
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Jam, Level: -45})
		m.pass(29 * time.Second)
		m.absent(health.RFJamming, zigbeehome.Kind)
		m.pass(51 * time.Second)
		item := m.present(health.RFJamming, zigbeehome.Kind, " dBm blocks its channel")
		if item.Severity != home.SeverityCritical || !slices.Equal(item.Blocks, home.Modes) {
			t.Errorf("severity %s, blocks %v; want critical, all", item.Severity, item.Blocks)
		}
		if !slices.ContainsFunc(m.guard.State().Troubles, func(x home.TroubleItem) bool { return x.Code == string(health.RFJamming) }) {
			t.Errorf("the panel's troubles: %+v", m.guard.State().Troubles)
		}
		m.absent(health.RadioDown, zigbeehome.Kind)
		m.sim.Heal()
		m.pass(65 * time.Second)
		m.absent(health.RFJamming, zigbeehome.Kind)
	})
}

// A loud channel through which devices get is Wi-Fi and no jam.
func TestZigbeeNoisyAirIsNoJam(t *testing.T) {
	eachFamily(t, func(t *testing.T, m *meadow) {
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Noise, Level: -40})
		m.pass(10 * time.Minute)
		m.absent(health.RFJamming, zigbeehome.Kind)
		m.sim.Heal()
	})
}

// A stick that does not tell its noise is asked once, and the silence of most
// devices is told all the same.
func TestZigbeeJamWithoutEars(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: 0x2537})
		m.pass(time.Minute)
		if n := m.sim.Faults(); n != 0 {
			t.Fatalf("it was not asked: %d", n)
		}
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Jam, Level: -45})
		m.pass(80 * time.Minute)
		m.present(health.RFJamming, zigbeehome.Kind, "devices fell silent together")
		m.sim.Heal()
	})
}
