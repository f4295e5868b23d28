package homekit

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

var update = flag.Bool("update", false, "rewrite TRAITS.md")

// TestEveryTraitIsShownOrNamed walks every trait: each has a mapping, or a reason
// for having none. TRAITS.md is the table that a person reads.
func TestEveryTraitIsShownOrNamed(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What Apple Home shows\n\nEach trait of a device, made from `table.go` by `go test ./hub/face/homekit -update`.\n\n| trait | in Apple Home |\n|---|---|\n")
	for _, trait := range home.Traits {
		s := shownAs(trait)
		if (s.as == "") == (s.hidden == "") {
			t.Errorf("%s: shown as %q, hidden because %q: want one of them", trait, s.as, s.hidden)
		}
		what := s.as
		for _, k := range kinds() {
			if slices.Contains(k.traits, trait) {
				what += ", service " + k.about.Type
			}
		}
		if s.hidden != "" {
			what = "not shown: " + s.hidden
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", trait, what)
	}
	b.WriteString("\nWhat a camera's device has beside, if the owner has cameras shown:\n\n| | in Apple Home |\n|---|---|\n")
	bare := subject{device: home.Device{Radio: cameraRadio, Traits: map[home.Trait]home.State{home.Button: {}}}}
	for _, k := range kindsOf(&bare) {
		if what := map[uint64]string{20: "`button`, which is its bell", 21: "`records`", 22: "`watched` or `talks`"}[k.number]; what != "" {
			fmt.Fprintf(&b, "| %s | %s, service %s |\n", what, k.label, k.about.Type)
		}
	}
	if *update {
		if err := os.WriteFile("TRAITS.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("TRAITS.md")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.String(), string(want)); d != "" {
		t.Errorf("the table changed (-got +reviewed); if meant, go test ./hub/face/homekit -update:\n%s", d)
	}
	if s := shownAs("weather"); s != (shown{}) {
		t.Errorf("a trait that there is not: %+v", s)
	}
}

// TestInstanceIDsAreKeptForEver: Apple Home knows what it shows by these numbers.
// A new service gets a new number, and a new characteristic the next one of its
// service; none is ever another thing.
func TestInstanceIDsAreKeptForEver(t *testing.T) {
	var got []string
	for _, k := range kinds() {
		if len(k.reads) != len(k.about.Cs) || len(k.reads) > kindRoom-1 {
			t.Errorf("%s: %d readers for %d characteristics", k.label, len(k.reads), len(k.about.Cs))
		}
		line := fmt.Sprintf("%d %s:", k.iid(), k.about.Type)
		for n, c := range k.about.Cs {
			line += fmt.Sprintf(" %d=%s", (&accessory{}).id(k, n).IID, c.Type)
		}
		got = append(got, line)
	}
	want := []string{
		"1 3E: 2=14 3=20 4=21 5=23 6=30 7=52",
		"33 A2: 34=37",
		"65 7E: 66=66 67=67 68=23 69=77 70=7A",
		"641 121: 642=73 643=23",
		"97 80: 98=6A 99=23 100=75 101=77 102=7A",
		"129 85: 130=22 131=23 132=75 133=77 134=7A",
		"161 86: 162=71 163=23 164=75 165=77 166=7A",
		"193 87: 194=76 195=23 196=75 197=77 198=7A",
		"225 7F: 226=69 227=23 228=75 229=77 230=7A",
		"257 83: 258=70 259=23 260=75 261=77 262=7A",
		"289 83: 290=70 291=23 292=75 293=77 294=7A",
		"321 8A: 322=11 323=23 324=75 325=77 326=7A",
		"353 82: 354=10 355=23 356=75 357=77 358=7A",
		"385 84: 386=6B 387=23 388=75 389=77 390=7A",
		"417 96: 418=68 419=8F 420=79 421=23",
		"449 96: 450=79 451=23",
		"481 49: 482=25 483=23 484=77",
		"513 43: 514=25 515=8 516=23",
		"545 45: 546=1D 547=1E 548=23 549=75 550=77 551=7A",
		"577 89: 578=73 579=23",
		"609 8C: 610=6D 611=7C 612=72 613=23",
		"673 86: 674=71 675=23 676=75 677=77 678=7A 679=E3",
		"705 86: 706=71 707=23 708=75 709=77 710=7A 711=E3",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("numbers changed (-got +want); every Apple Home that is paired would lose its rooms:\n%s", d)
	}
}

// said is what the first characteristic of a service says, beside battery and
// names.
func said(d home.Device, s subject) map[string]any {
	s.device = d
	m := map[string]any{}
	for _, k := range kindsOf(&s) {
		for n, c := range k.about.Cs {
			if k.number > 1 && k.reads[n] != nil && c.Type != "23" {
				m[k.about.Type+"."+c.Type] = k.reads[n](&s)
			}
		}
	}
	return m
}

func TestWhatDevicesSay(t *testing.T) {
	val := func(v ...any) map[home.Trait]home.Value {
		m := map[home.Trait]home.Value{}
		for i := 0; i < len(v); i += 2 {
			m[v[i].(home.Trait)] = v[i+1].(home.Value)
		}
		return m
	}
	for _, x := range []struct {
		name   string
		traits map[home.Trait]home.Value
		about  subject
		key    string
		want   any
	}{
		{"closed", val(home.Contact, home.Closed), subject{}, "80.6A", 0},
		{"open", val(home.Contact, home.Open), subject{}, "80.6A", 1},
		{"never heard", val(home.Contact, home.Value{}), subject{}, "80.6A", nil},
		{"motion", val(home.Motion, home.True), subject{}, "85.22", true},
		{"presence", val(home.Occupancy, home.True), subject{}, "86.71", 1},
		{"smoke", val(home.Smoke, home.True), subject{}, "87.76", 1},
		{"no smoke", val(home.Smoke, home.False), subject{}, "87.76", 0},
		{"co", val(home.CO, home.True), subject{}, "7F.69", 1},
		{"water", val(home.Water, home.True), subject{}, "83.70", 1},
		{"gas", val(home.Gas, home.True), subject{}, "83.70", 1},
		{"frost", val(home.Temperature, home.Number(-12.5)), subject{}, "8A.11", -12.5},
		{"humidity", val(home.Humidity, home.Number(130)), subject{}, "82.10", 100.0},
		{"dark", val(home.Illuminance, home.Number(0)), subject{}, "84.6B", 0.0001},
		{"battery", val(home.Contact, home.Closed, home.Battery, home.Number(86.6)), subject{}, "96.68", 87},
		{"low battery", val(home.Contact, home.Closed, home.Battery, home.Number(5)), subject{low: true}, "96.79", 1},
		{"low battery without a level", val(home.Contact, home.Closed, home.LowBattery, home.True), subject{low: true}, "96.79", 1},
		{"switch", val(home.Switch, home.On), subject{}, "49.25", true},
		{"dimmer", val(home.Switch, home.Off, home.Level, home.Number(40)), subject{}, "43.8", 40},
		{"dimmer that is off", val(home.Switch, home.Off, home.Level, home.Number(40)), subject{}, "43.25", false},
		{"dimmer without a switch", val(home.Level, home.Number(40)), subject{}, "43.25", true},
		{"shutter", val(home.Cover, home.Number(25)), subject{}, "8C.6D", 25},
		{"shutter that says nothing yet", val(home.Cover, home.Value{}), subject{}, "8C.6D", nil},
		{"locked", val(home.Lock, home.Locked), subject{}, "45.1D", 1},
		{"jammed", val(home.Lock, home.Jammed), subject{}, "45.1D", 2},
		{"lock that says nothing", val(home.Lock, home.Unknown), subject{}, "45.1D", 3},
		{"asked to lock: the state is the lock's", val(home.Lock, home.Unlocked), subject{asked: home.Locked}, "45.1D", 0},
		{"asked to lock: the target is what was asked", val(home.Lock, home.Unlocked), subject{asked: home.Locked}, "45.1E", 1},
		{"tampered", val(home.Contact, home.Closed, home.Tamper, home.True), subject{}, "80.7A", 1},
		{"trouble", val(home.Smoke, home.False, home.Trouble, home.True), subject{}, "87.77", 1},
		{"fault of the house's", val(home.Smoke, home.False), subject{fault: true}, "87.77", 1},
		{"well", val(home.Smoke, home.False), subject{}, "87.77", 0},
	} {
		got := said(device("zwave-9", "Thing", x.traits), x.about)
		if v, ok := got[x.key]; !ok || v != x.want {
			t.Errorf("%s: %s says %v (%v), want %v", x.name, x.key, v, ok, x.want)
		}
	}
	lost := device("zwave-9", "Thing", val(home.Contact, home.Closed))
	lost.Health = home.HealthMissing
	if got := said(lost, subject{}); got["80.75"] != false || got["80.77"] != 1 {
		t.Errorf("a sensor that is missing: active %v, fault %v", got["80.75"], got["80.77"])
	}
	// What is no accessory by itself is none, and a siren is no switch.
	for name, d := range map[string]home.Device{
		"a keypad": device("zwave-9", "Keypad", val(home.Keypad, home.Value{}, home.Battery, home.Number(50), home.Tamper, home.False)),
		"a siren":  device("zwave-9", "Siren", val(home.Siren, home.Off, home.Switch, home.Off, home.LowBattery, home.False)),
	} {
		s := subject{device: d}
		if list := kindsOf(&s); list != nil {
			t.Errorf("%s is shown with %d services", name, len(list))
		}
	}
}

func TestHowTheAlarmStands(t *testing.T) {
	for _, x := range []struct {
		like    home.Mode
		phase   home.Phase
		current int
		target  int
	}{
		{home.Disarmed, home.PhaseDisarmed, 3, 3},
		{home.Away, home.PhaseArming, 3, 1}, // wanted, and not there yet
		{home.Home, home.PhaseArmed, 0, 0},
		{home.Away, home.PhaseArmed, 1, 1},
		{home.Night, home.PhaseArmed, 2, 2},
		{home.Away, home.PhaseEntry, 1, 1}, // somebody comes home: no alarm yet
		{home.Away, home.PhaseAlarm, 4, 1},
		{home.Disarmed, home.PhaseAlarm, 4, 3}, // a fire in a house that is not armed
	} {
		s := subject{area: &home.AreaState{Like: x.like, Phase: x.phase}, alarm: x.phase == home.PhaseAlarm}
		list := kindsOf(&s)
		i := slices.IndexFunc(list, func(k *kind) bool { return k.number == 2 })
		if current, target := list[i].reads[0](&s), list[i].reads[1](&s); current != x.current || target != x.target {
			t.Errorf("%s %s: current %v, target %v, want %d and %d", x.like, x.phase, current, target, x.current, x.target)
		}
		if mode := modeOf(x.target); mode != x.like {
			t.Errorf("target %d asks for %s, want %s", x.target, mode, x.like)
		}
	}
}

func TestRevision(t *testing.T) {
	for s, want := range map[string]string{"1.4": "1.4", "v2.10.3-rc1": "2.10.3", "": "0", "devel": "0", "0x11": "0.11", "1.2.3.4": "1.2.3", "99999999999": "9999999.999"} {
		if got := revision(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// The URI is one that Homebridge printed for a bridge with this code; the hash of
// the setup id was worked out by another program.
func TestSetupURI(t *testing.T) {
	if got, want := setupURI(State{Code: "133-45-678", SetupID: "45DL"}), "X-HM://0023OVLOU45DL"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s := State{Code: "518-04-233", SetupID: "AB12", ID: "AA:BB:CC:DD:EE:FF"}
	if got, want := setupURI(s), "X-HM://0024BRWI1AB12"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	got := text(s, "Maple House")
	want := []string{"c#=0", "ff=0", "id=AA:BB:CC:DD:EE:FF", "md=Maple House", "pv=1.1", "s#=1", "sf=1", "ci=2", "sh=SBPbIQ=="}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("the announcement (-got +want):\n%s", d)
	}
}

func TestCodesAreOnesOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s := newState()
		if len(s.Code) != 10 || len(s.SetupID) != 4 || len(s.ID) != 17 || seen[s.Code] && seen[s.ID] {
			t.Fatalf("%+v", s)
		}
		seen[s.Code], seen[s.ID] = true, true
	}
}
