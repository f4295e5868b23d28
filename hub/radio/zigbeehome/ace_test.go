package zigbeehome

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zigbee/zcl"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestACEAsReviewed holds the tables to the form in which a person reviewed
// them.
func TestACEAsReviewed(t *testing.T) {
	var b strings.Builder
	kinds := slices.Sorted(maps.Keys(alarming))
	views := []struct {
		name string
		view keypads.View
	}{
		{"dark", keypads.View{Volume: 70}},
		{"disarmed, not to be told more", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed}},
		{"disarmed, ready", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Ready: true}},
		{"disarmed, not ready", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Unready: true}},
		{"disarmed, nothing was sent", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneAbort, Volume: 70}},
		{"disarmed, a door", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneChime, Volume: 70}},
		{"disarmed, a door, volume 0", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneChime}},
		{"exit, 60 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Seconds: 60}},
		{"exit, 59 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Seconds: 59}},
		{"exit, 300 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Seconds: 300}},
		{"exit in silence", keypads.View{Mode: home.Home, Like: home.Home, Phase: home.PhaseArming, Seconds: 120, Silent: true}},
		{"armed away", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArmed}},
		{"armed night", keypads.View{Mode: home.Night, Like: home.Night, Phase: home.PhaseArmed}},
		{"armed home", keypads.View{Mode: home.Home, Like: home.Home, Phase: home.PhaseArmed}},
		{"armed for guests, like away", keypads.View{Mode: "guests", Like: home.Away, Phase: home.PhaseArmed}},
		{"entry, 30 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseEntry, Seconds: 30}},
	}
	for _, kind := range append(kinds, "flying saucer") {
		views = append(views, struct {
			name string
			view keypads.View
		}{"alarm: " + kind, keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: kind}})
	}
	for _, v := range views {
		p, told := PanelOf(v.view)
		if !told {
			fmt.Fprintf(&b, "%-30s  →  nothing\n", v.name)
			continue
		}
		fmt.Fprintf(&b, "%-30s  →  status 0x%02x  seconds %3d  audible 0x%02x  alarm 0x%02x\n",
			v.name, byte(p.Status), p.Seconds, byte(p.Audible), byte(p.Alarm))
	}
	b.WriteString("\n")
	for mode := range zcl.ArmMode(5) {
		for _, code := range []string{"", "12345", "+04A2197B"} {
			action, given := Asked(zcl.Arm{Mode: mode, Code: code})
			fmt.Fprintf(&b, "arm mode 0x%02x code %-11q  →  %s %q\n", byte(mode), code, action, given)
		}
	}
	fmt.Fprintf(&b, "emergency, fire, panic       →  %s, %s, %s\n\n", Emergency, Fire, Panicked)
	for _, err := range []error{
		nil, &home.WrongCode{}, &home.CodeNeeded{}, &home.CodesLocked{Until: time.Unix(90, 0)},
		fmt.Errorf("arm: %w", &home.NotReady{}), &home.Conflict{Reason: "it may not"}, errors.New("stopping"),
	} {
		fmt.Fprintf(&b, "%-42s  →", fmt.Sprint(err))
		for mode := range zcl.ArmMode(5) {
			fmt.Fprintf(&b, "  0x%02x/0x%02x", byte(Answer(mode, home.Disarmed, err)), byte(Answer(mode, home.Away, err)))
		}
		b.WriteString("\n")
	}
	const file = "testdata/ace.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(want)); diff != "" {
		t.Errorf("tables changed (-got +reviewed); if meant, go test -update:\n%s", diff)
	}
}

var (
	zones = ZonesOf([]home.Zone{
		{ID: "smoke", Name: "Landing smoke", Trait: home.Smoke, Kind: home.ZoneFire},
		{ID: "back-door", Name: "Back door", Trait: home.Contact, Kind: home.ZoneEntry},
		{ID: "window", Name: strings.Repeat("Küchenfenster ", 4), Trait: home.Contact, Kind: home.ZonePerimeter},
	})
	told = keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Zones: true}
	idle = keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed}
)

func TestZones(t *testing.T) {
	open := []home.ZoneID{"back-door", "smoke"}
	if got := zones.Map(told); got != [16]uint16{0b111} {
		t.Errorf("map %v, want bits 0 to 2", got)
	}
	got := zones.Information(told, 2)
	if want := (zcl.ZoneInformation{Zone: 2, Type: zcl.TypeContact, Address: noAddress, Label: "Küchenfenster Küchenfenster K"}); got != want {
		t.Errorf("information %+v, want %+v", got, want)
	}
	list, complete := zones.Statuses(told, open, zcl.GetZoneStatus{Max: 10})
	if d := cmp.Diff(list, []zcl.ZoneRecord{{Zone: 0, Status: 1}, {Zone: 1, Status: 1}, {Zone: 2, Status: 0}}); d != "" || !complete {
		t.Errorf("all zones, complete %v (-got +want):\n%s", complete, d)
	}
	list, complete = zones.Statuses(told, open, zcl.GetZoneStatus{First: 1, Max: 1})
	if d := cmp.Diff(list, []zcl.ZoneRecord{{Zone: 1, Status: 1}}); d != "" || complete {
		t.Errorf("one zone, complete %v (-got +want):\n%s", complete, d)
	}
	list, complete = zones.Statuses(told, open, zcl.GetZoneStatus{Max: 2, Masked: true, Mask: zcl.ZoneAlarm1})
	if d := cmp.Diff(list, []zcl.ZoneRecord{{Zone: 0, Status: 1}, {Zone: 1, Status: 1}}); d != "" || !complete {
		t.Errorf("open zones, complete %v (-got +want):\n%s", complete, d)
	}
	if d := cmp.Diff(zones.BypassedList(told, []home.ZoneID{"window"}), []byte{2}); d != "" {
		t.Errorf("left out (-got +want):\n%s", d)
	}
	b := zcl.Bypass{Zones: []byte{0, 1, 2, 9}}
	for _, c := range []struct {
		err  error
		want []zcl.BypassResult
	}{
		{nil, []zcl.BypassResult{zcl.Bypassed, zcl.BypassNotAllowed, zcl.NotBypassed, zcl.BypassUnknownZone}},
		{&home.WrongCode{}, []zcl.BypassResult{zcl.BypassInvalidCode, zcl.BypassInvalidCode, zcl.BypassInvalidCode, zcl.BypassInvalidCode}},
		{&home.Conflict{}, []zcl.BypassResult{zcl.NotBypassed, zcl.NotBypassed, zcl.NotBypassed, zcl.NotBypassed}},
	} {
		if d := cmp.Diff(BypassAnswer(b, zones, c.err, []home.ZoneID{"back-door"}), c.want); d != "" {
			t.Errorf("bypass answered %v (-got +want):\n%s", c.err, d)
		}
	}
}

// A keypad where no code was entered learns nothing of zones, not even how many
// there are.
func TestIdleKeypadLearnsNothingOfZones(t *testing.T) {
	open := []home.ZoneID{"back-door"}
	list, complete := zones.Statuses(idle, open, zcl.GetZoneStatus{Max: 255})
	if zones.Map(idle) != [16]uint16{} || zones.Information(idle, 0) != numbered(zones.Information(idle, 200), 0) ||
		len(list) != 0 || !complete || len(zones.BypassedList(idle, open)) != 0 {
		t.Error("an idle keypad is told of zones")
	}
}

func numbered(z zcl.ZoneInformation, n byte) zcl.ZoneInformation { z.Zone = n; return z }

// The cluster numbers 255 zones; a house with more keeps the rest to itself.
func TestMoreZonesThanNumbers(t *testing.T) {
	var many []home.Zone
	for i := range 300 {
		many = append(many, home.Zone{ID: home.ZoneID(fmt.Sprintf("z%03d", i))})
	}
	z := ZonesOf(many)
	m := z.Map(told)
	if len(z) != 255 || m[0] != 0xFFFF || m[15] != 0x7FFF {
		t.Errorf("%d zones, map %04x, want 255 and 0xFF unused", len(z), m)
	}
}

// A code is in no text that a log could hold.
func TestCodesAreNotPrinted(t *testing.T) {
	for _, v := range []any{zcl.Arm{Code: "12345"}, zcl.Bypass{Code: "12345"}} {
		if s := fmt.Sprintf("%v %+v %#v %s", v, v, v, v); strings.Contains(s, "12345") {
			t.Errorf("%T prints its code: %s", v, s)
		}
	}
}

// Whatever a keypad sends, it asks for something that the panel knows or for
// nothing, a code is passed on as it was typed, and only digits go with a mode.
func FuzzAsked(f *testing.F) {
	for mode := range zcl.ArmMode(5) {
		f.Add(byte(mode), "12345", byte(0))
	}
	f.Add(byte(0), "+04A2197B", byte(23))
	f.Add(byte(3), "", byte(255))
	f.Add(byte(0), "１２３４５", byte(0))
	f.Fuzz(func(t *testing.T, mode byte, code string, zone byte) {
		action, given := Asked(zcl.Arm{Mode: zcl.ArmMode(mode), Code: code, Zone: zone})
		switch action {
		case alarm.KeyTouch:
			if mode <= 3 || given != "" {
				t.Errorf("mode %d asks for nothing, code %q", mode, given)
			}
		case alarm.KeyTag:
			if given != code || code == "" {
				t.Errorf("tag %q became %q", code, given)
			}
		case alarm.KeyDisarm, alarm.KeyArmHome, alarm.KeyArmNight, alarm.KeyArmAway:
			if given != code || strings.ContainsFunc(given, func(r rune) bool { return r < '0' || r > '9' }) {
				t.Errorf("%s with code %q, sent %q", action, given, code)
			}
		default:
			t.Errorf("mode %d asks for %q", mode, action)
		}
	})
}

// Whatever zones a keypad asks for, no answer is longer than asked, and each
// names zones that there are.
func FuzzStatuses(f *testing.F) {
	f.Add(byte(0), byte(10), false, uint16(0), []byte{0, 1, 2})
	f.Add(byte(2), byte(0), true, uint16(1), []byte{255})
	f.Add(byte(255), byte(255), true, uint16(0xFFFF), []byte{})
	f.Fuzz(func(t *testing.T, first, limit byte, masked bool, mask uint16, ask []byte) {
		list, complete := zones.Statuses(told, []home.ZoneID{"window"}, zcl.GetZoneStatus{First: first, Max: limit, Masked: masked, Mask: zcl.ZoneStatus(mask)})
		if len(list) > int(limit) {
			t.Errorf("%d zones in an answer of %d", len(list), limit)
		}
		for _, r := range list {
			if _, ok := zones.Zone(r.Zone); !ok || r.Zone < first {
				t.Errorf("zone %d in an answer from %d on", r.Zone, first)
			}
		}
		if !complete && len(list) < int(limit) {
			t.Error("there is more, and there was room")
		}
		if got := BypassAnswer(zcl.Bypass{Zones: ask}, zones, nil, nil); len(got) != len(ask) {
			t.Errorf("%d results for %d zones", len(got), len(ask))
		}
		for _, n := range ask {
			if i := zones.Information(told, n); i.Zone != n || len(i.Label) > maxLabel {
				t.Errorf("information of %d: %+v", n, i)
			}
		}
	})
}
