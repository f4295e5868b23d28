package hub

import (
	"maps"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// Everything that deviceConditions looks at is looked at again when it
// changes; a door that opens and closes is not.
func TestStandsOtherwise(t *testing.T) {
	at := home.At(time.Date(2026, 3, 1, 12, 10, 0, 0, time.UTC))
	d := home.Device{
		ID: "zwave-5", Name: "Front door", Health: home.HealthOK, Security: home.SecurityNone, LastSeen: &at,
		Traits: map[home.Trait]home.State{home.Contact: {Value: home.Closed}, home.Battery: {Value: home.Number(80)}},
	}
	stands := standsOtherwise()
	if !stands(d) {
		t.Error("a device never seen before is no news")
	}
	says := func(tr home.Trait, v home.Value) func(*home.Device) {
		return func(d *home.Device) {
			d.Traits = maps.Clone(d.Traits)
			d.Traits[tr] = home.State{Value: v, Since: at, Fresh: true}
		}
	}
	for _, c := range []struct {
		name string
		do   func(*home.Device)
		want bool
	}{
		{"nothing", func(*home.Device) {}, false},
		{"open", says(home.Contact, home.Open), false},
		{"a minute later", func(d *home.Device) { at := home.At(at.Add(time.Minute)); d.LastSeen = &at }, false},
		{"an hour later", func(d *home.Device) { at := home.At(at.Add(time.Hour)); d.LastSeen = &at }, true},
		{"battery", says(home.Battery, home.Number(79)), true},
		{"the same level, said anew", func(d *home.Device) { says(home.Battery, home.Number(79))(d) }, false},
		{"low", says(home.LowBattery, home.True), true},
		{"tampered", says(home.Tamper, home.True), true},
		{"missing", func(d *home.Device) { d.Health = home.HealthMissing }, true},
		{"called otherwise", func(d *home.Device) { d.Name = "Back door" }, true},
		{"is a keypad", says(home.Keypad, home.Value{}), true},
		{"is a siren", says(home.Siren, home.Off), true},
		{"encrypted", func(d *home.Device) { d.Security = home.SecurityS2Authenticated }, true},
		{"gone", func(d *home.Device) { d.Health = "" }, true},
	} {
		c.do(&d)
		if got := stands(d); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	d.Health = home.HealthOK
	if !stands(d) {
		t.Error("a device that came back is no news")
	}
}
