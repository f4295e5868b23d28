package zigbeehome

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// TestDevicesAsReviewed holds DEVICES.md to the tables that it is made from.
func TestDevicesAsReviewed(t *testing.T) {
	const file = "DEVICES.md"
	got := coverage(t)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("devices changed (-got +reviewed); if meant, go test ./hub/radio/zigbeehome -update:\n%s", diff)
	}
}

func coverage(t *testing.T) string {
	t.Helper()
	all, err := quirks.All()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Which Zigbee devices work

Made from the tables of this package and of zigbee/quirks by
` + "`go test ./hub/radio/zigbeehome -update`" + `. None of it was tried on a real radio:
the clusters are held to npm zigbee-herdsman, the quirks to npm
zigbee-herdsman-converters, and both to simulated devices.

| what a device says or does | by the standard | by quirks: data points | tags | attributes | alarm bits | |
|---|---|---|---|---|---|---|
`)
	for _, trait := range home.Traits {
		standard := strings.Join(clustersOf(trait), ", ")
		sources := make(map[quirks.Source]int)
		told := 0
		for _, q := range all {
			seen := make(map[quirks.Source]bool)
			for _, r := range q.Readings {
				if home.Trait(r.Trait) == trait && !seen[r.Source] {
					seen[r.Source] = true
					sources[r.Source]++
				}
			}
			if slices.ContainsFunc(q.Sets, func(s quirks.Set) bool { return home.Trait(s.Trait) == trait }) {
				told++
			}
		}
		words := ""
		switch {
		case told > 0:
			words = fmt.Sprintf("%d are told by data points", told)
		case standard == "" && len(sources) == 0:
			words = "**not**"
			if slices.Contains(quirks.Traits(), string(trait)) {
				words += ", but by a quirk file of the owner's"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", trait, dash(standard),
			number(sources[quirks.FromPoint]), number(sources[quirks.FromTag]), number(sources[quirks.FromAttribute]), number(sources[quirks.FromAlarm]), words)
	}
	fmt.Fprintf(&b, `
A device may be counted in several rows. The quirks know %d sorts of device; one
that they do not know works by its clusters.

## Of the definitions of npm zigbee-herdsman-converters

What the table that is derived from them covers; Xiaomi's devices are beside it,
by hand.

| class | by data points | by zone |
|---|---|---|
`, len(all))
	text, err := os.ReadFile("../../../zigbee/quirks/herdsman.quirks")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^# (\w+): (\d+ of \d+) by data points, (\d+ of \d+) by zone$`).FindAllStringSubmatch(string(text), -1) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m[1], m[2], m[3])
	}
	return b.String()
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func number(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// clustersOf are the clusters, and the types of zone, that make a device one with
// that trait: each alone is tried.
func clustersOf(trait home.Trait) (names []string) {
	has := func(e zigbee.Endpoint) bool {
		_, ok := traits(&zigbee.Device{Endpoints: []zigbee.Endpoint{e}})[trait]
		return ok
	}
	for c := range zcl.Cluster(0x1000) {
		switch with := []zcl.Cluster{c}; {
		case c == zcl.IASZone:
			for _, z := range zoneKinds {
				if has(zigbee.Endpoint{In: with, Zone: zigbee.Zone{Type: z}}) && !has(zigbee.Endpoint{In: with, Zone: zigbee.Zone{Type: zcl.TypeInvalid}}) {
					names = append(names, fmt.Sprintf("%s (%s)", c, z))
				}
			}
			if has(zigbee.Endpoint{In: with, Zone: zigbee.Zone{Type: zcl.TypeInvalid}}) {
				names = append(names, c.String())
			}
		case has(zigbee.Endpoint{In: with}), c == zcl.Level && has(zigbee.Endpoint{In: []zcl.Cluster{c, zcl.OnOff}}) && !has(zigbee.Endpoint{In: []zcl.Cluster{zcl.OnOff}}):
			names = append(names, c.String())
		case has(zigbee.Endpoint{Out: with}):
			names = append(names, c.String()+" (client)")
		case c == zcl.Electrical && has(zigbee.Endpoint{In: with, PowerCount: 1}), c == zcl.Metering && has(zigbee.Endpoint{In: with, EnergyCount: 1}):
			names = append(names, c.String())
		}
	}
	return names
}

// zoneKinds are the types of zones.
var zoneKinds = []zcl.ZoneType{
	zcl.TypeStandard, zcl.TypeMotion, zcl.TypeContact, zcl.TypeDoorHandle, zcl.TypeFire, zcl.TypeWater, zcl.TypeCO, zcl.TypeEmergency,
	zcl.TypeVibration, zcl.TypeRemote, zcl.TypeKeyFob, zcl.TypeKeypad, zcl.TypeWarningDevice, zcl.TypeGlass, zcl.TypeRepeater,
}

// Every word that a quirk has for what a device says is one of the house.
func TestQuirksSpeakTheHousesWords(t *testing.T) {
	for _, word := range quirks.Traits() {
		if !slices.Contains(home.Traits, home.Trait(word)) {
			t.Errorf("%s is no trait of the house", word)
		}
	}
}
