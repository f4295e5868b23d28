package alarm

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

func TestSuggest(t *testing.T) {
	all := home.Modes
	away := []home.Mode{home.Away}
	traits := func(list ...home.Trait) map[home.Trait]home.State {
		m := map[home.Trait]home.State{}
		for _, t := range list {
			m[t] = home.State{}
		}
		return m
	}
	for _, c := range []struct {
		device home.Device
		want   []home.Zone
	}{
		{
			home.Device{ID: "zwave-2", Name: "Front door", Traits: traits(home.Contact, home.Tamper, home.Battery)},
			[]home.Zone{
				{ID: "front-door", Name: "Front door", Device: "zwave-2", Trait: home.Contact, Kind: home.ZoneEntry, Modes: all, Chime: true},
				{ID: "front-door-tamper", Name: "Front door tamper", Device: "zwave-2", Trait: home.Tamper, Kind: home.ZoneTamper, Modes: all},
			},
		},
		{
			home.Device{ID: "zwave-3", Name: "Küche: Fenster (links)", Traits: traits(home.Contact)},
			[]home.Zone{{ID: "k-che-fenster-links", Name: "Küche: Fenster (links)", Device: "zwave-3", Trait: home.Contact, Kind: home.ZonePerimeter, Modes: all}},
		},
		{
			home.Device{ID: "zwave-4", Name: " ", Traits: traits(home.Motion, home.Temperature)},
			[]home.Zone{{ID: "zwave-4", Name: "zwave-4", Device: "zwave-4", Trait: home.Motion, Kind: home.ZoneInterior, Modes: away}},
		},
		{
			home.Device{ID: "zwave-5", Name: "Landing", Traits: traits(home.Smoke, home.CO)},
			[]home.Zone{
				{ID: "landing", Name: "Landing", Device: "zwave-5", Trait: home.Smoke, Kind: home.ZoneFire, Modes: all},
				{ID: "landing-co", Name: "Landing co", Device: "zwave-5", Trait: home.CO, Kind: home.ZoneCO, Modes: all},
			},
		},
		{home.Device{ID: "zwave-6", Name: "Lamp", Traits: traits(home.Switch, home.Power, home.Keypad, home.Siren)}, nil},
	} {
		got := Suggest(c.device)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.device.Name, diff)
		}
		for _, z := range got {
			if err := newConfig(DefaultSettings(), nil, nil).checkZone(filled(z)); err != nil {
				t.Errorf("%s: a suggested zone is refused: %v", z.ID, err)
			}
		}
	}
}

// Every kind of zone in every mode: what its opening starts.
func TestEveryKindInEveryMode(t *testing.T) {
	traits := map[home.ZoneKind]home.Trait{
		home.ZoneInterior: home.Motion, home.ZoneTamper: home.Tamper, home.ZoneFire: home.Smoke, home.ZoneCO: home.CO,
		home.ZoneGas: home.Gas, home.ZoneWater: home.Water, home.ZonePanic: home.Button, home.ZoneMedical: home.Button,
	}
	const alarm, entry, nothing = home.PhaseAlarm, home.PhaseEntry, home.Phase("")
	for _, c := range []struct {
		kind                        home.ZoneKind
		disarmed, inHome, inN, away home.Phase
		pattern                     Pattern
	}{
		{home.ZoneEntry, nothing, entry, entry, entry, Silent},
		{home.ZonePerimeter, nothing, alarm, alarm, alarm, Steady},
		{home.ZoneInstant, nothing, alarm, alarm, alarm, Steady},
		{home.ZoneInterior, nothing, nothing, nothing, alarm, Steady},
		{home.ZoneDay, nothing, alarm, alarm, alarm, Steady},
		{home.Zone24h, alarm, alarm, alarm, alarm, Steady},
		{home.ZoneTamper, alarm, alarm, alarm, alarm, Steady},
		{home.ZoneFire, alarm, alarm, alarm, alarm, Temporal3},
		{home.ZoneCO, alarm, alarm, alarm, alarm, Temporal4},
		{home.ZoneGas, alarm, alarm, alarm, alarm, Temporal4},
		{home.ZoneWater, alarm, alarm, alarm, alarm, Slow},
		{home.ZonePanic, alarm, alarm, alarm, alarm, Steady},
		{home.ZoneMedical, alarm, alarm, alarm, alarm, Pulse},
	} {
		for mode, want := range map[home.Mode]home.Phase{home.Disarmed: c.disarmed, home.Home: c.inHome, home.Night: c.inN, home.Away: c.away} {
			trait, ok := traits[c.kind]
			if !ok {
				trait = home.Contact
			}
			calm, disturbed := home.False, home.True
			switch trait {
			case home.Contact:
				calm, disturbed = home.Closed, home.Open
			case home.Button:
				calm, disturbed = home.Value{}, home.Word("press")
			}
			p, _ := New().Step(midnight, PutZone{Zone: home.Zone{ID: "z", Device: "d", Trait: trait, Kind: c.kind}})
			p, _ = p.Step(midnight, Reading{"d", trait, calm})
			if mode != home.Disarmed {
				var effects []Effect
				p, effects = p.Step(midnight, SetMode{Request: home.ModeRequest{Mode: mode, ExitDelay: new(home.Duration)}})
				if err := answerOf(effects); err != nil {
					t.Fatalf("%s: arm %s: %v", c.kind, mode, err)
				}
			}
			was := p.Phase()
			p, _ = p.Step(midnight.Add(time.Second), Reading{"d", trait, disturbed})
			got := p.Phase()
			if got == was {
				got = nothing
			}
			if got != want {
				t.Errorf("%s opened in mode %s: phase %q, want %q", c.kind, mode, got, want)
			}
			if s := p.Sounding(midnight.Add(time.Second)); want == alarm && s.Pattern != c.pattern {
				t.Errorf("%s opened in mode %s: sounds %q, want %q", c.kind, mode, s.Pattern, c.pattern)
			}
		}
	}
}

// What each trait says: open, closed, or nothing that is known.
func TestSense(t *testing.T) {
	for _, c := range []struct {
		trait       home.Trait
		value       home.Value
		open, known bool
	}{
		{home.Contact, home.Open, true, true},
		{home.Contact, home.Closed, false, true},
		{home.Contact, home.Unknown, false, false},
		{home.Contact, home.True, false, false},
		{home.Motion, home.True, true, true},
		{home.Motion, home.False, false, true},
		{home.Motion, home.Number(1), false, false},
		{home.Smoke, home.Value{}, false, false},
		{home.Lock, home.Locked, false, true},
		{home.Lock, home.Unlocked, true, true},
		{home.Lock, home.Jammed, true, true},
		{home.Lock, home.Unknown, true, false},
		{home.Battery, home.Number(3), false, false},
	} {
		open, known, _ := sense(c.trait, c.value)
		if open != c.open && c.known || known != c.known {
			t.Errorf("%s %v: open %t, known %t; want %t, %t", c.trait, c.value, open, known, c.open, c.known)
		}
	}
}

// F3: the beats of each pattern.
func TestPatterns(t *testing.T) {
	const ms = time.Millisecond
	for pattern, want := range map[Pattern][]time.Duration{
		Temporal3: {500 * ms, 500 * ms, 500 * ms, 500 * ms, 500 * ms, 1500 * ms},
		Temporal4: {100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 5 * time.Second},
		Steady:    nil,
		Silent:    nil,
	} {
		if diff := cmp.Diff(want, pattern.Beats()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
}

func TestZonesAndCodesHaveALimit(t *testing.T) {
	p := big(t, maxZones)
	_, effects := p.Step(midnight, PutZone{Zone: home.Zone{ID: "one-more", Device: "d", Trait: home.Contact, Kind: home.ZoneEntry}})
	var invalid *home.Invalid
	if err := answerOf(effects); !errors.As(err, &invalid) {
		t.Errorf("zone %d: got %v, want it refused", maxZones+1, err)
	}
}
