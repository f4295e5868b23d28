package zigbeehome

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
)

// TestMeaningsAsReviewed holds the tables to the form in which a person reviewed
// them: every zone type with every bit of its status, and sirens by pattern.
func TestMeaningsAsReviewed(t *testing.T) {
	var b strings.Builder
	types := []zcl.ZoneType{
		zcl.TypeStandard, zcl.TypeMotion, zcl.TypeContact, zcl.TypeDoorHandle, zcl.TypeFire, zcl.TypeWater, zcl.TypeCO, zcl.TypeEmergency,
		zcl.TypeVibration, zcl.TypeRemote, zcl.TypeKeyFob, zcl.TypeKeypad, zcl.TypeWarningDevice, zcl.TypeGlass, zcl.TypeRepeater, zcl.TypeInvalid, 0x4242,
	}
	says := func(zone zcl.ZoneType, s zcl.ZoneStatus) string {
		var words []string
		zoneSays(zone, s, func(t home.Trait, v home.Value) {
			if v != home.False {
				words = append(words, fmt.Sprintf("%s=%s", t, v))
			}
		})
		return strings.Join(words, " ")
	}
	for _, zone := range types {
		fmt.Fprintf(&b, "%s\n", zone)
		for n := -1; n < 10; n++ {
			status := zcl.ZoneStatus(0)
			if n >= 0 {
				status = 1 << n
			}
			if words := says(zone, status); n < 0 || words != says(zone, 0) {
				fmt.Fprintf(&b, "  0x%04x  %s\n", uint16(status), words)
			}
		}
	}
	for _, p := range []alarm.Pattern{alarm.Steady, alarm.Temporal3, alarm.Temporal4, alarm.Pulse, alarm.Slow} {
		for _, lasts := range []time.Duration{0, 1500 * time.Millisecond, 10 * time.Minute} {
			w := warn(home.Command{Trait: home.Siren, Value: home.On, Sound: home.Sounding{Pattern: string(p), For: home.Duration(lasts)}})
			fmt.Fprintf(&b, "siren %-10s for %-5s  →  mode %d, %d s, level %d, strobe %d\n", p, lasts, w.Mode, w.Seconds, w.Level, w.Strobe)
		}
	}
	off := warn(home.Command{Trait: home.Siren, Value: home.Off})
	fmt.Fprintf(&b, "siren off                    →  mode %d, %d s\n", off.Mode, off.Seconds)
	const file = "testdata/meaning.txt"
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

func TestAttributes(t *testing.T) {
	zone := zigbee.Endpoint{In: []zcl.Cluster{zcl.IASZone}, Zone: zigbee.Zone{Type: zcl.TypeContact}}
	for _, c := range []struct {
		cluster zcl.Cluster
		attr    zcl.Attr
		value   zcl.Value
		want    string
	}{
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 200), "battery=100"},
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 29), "battery=14.5"},
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 254), "battery=100"}, // some count whole percents
		{zcl.PowerConfiguration, zcl.BatteryPercentage, zcl.Of(zcl.Uint8, 255), ""},
		{zcl.OnOff, zcl.OnOffState, zcl.Of(zcl.Bool, 1), "switch=on"},
		{zcl.OnOff, zcl.OnOffState, zcl.Of(zcl.Bool, 0), "switch=off"},
		{zcl.OnOff, zcl.OnOffState, zcl.Of(zcl.Bool, 255), ""},
		{zcl.IASZone, zcl.ZoneStatusAttr, zcl.Of(zcl.Bitmap16, 5), "contact=open tamper=true low_battery=false trouble=false"},
		{zcl.Basic, zcl.BasicModel, zcl.OfText("x"), ""},
	} {
		var words []string
		attributeSays(zone, c.cluster, c.attr, c.value, func(t home.Trait, v home.Value) { words = append(words, fmt.Sprintf("%s=%s", t, v)) })
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.cluster, c.value, got, c.want)
		}
	}
}

func TestIDs(t *testing.T) {
	const a = zigbee.IEEE(0x00124b0012345678)
	if id := ID(a); id != "zigbee-00124b0012345678" {
		t.Errorf("got %s", id)
	}
	if got, ok := AddressOf(ID(a)); !ok || got != a {
		t.Errorf("got %s %v", got, ok)
	}
	for _, id := range []home.DeviceID{"zwave-5", "zigbee-", "zigbee-xyz", "zigbee-00124b00123456789"} {
		if got, ok := AddressOf(id); ok {
			t.Errorf("%s is %s", id, got)
		}
	}
}
