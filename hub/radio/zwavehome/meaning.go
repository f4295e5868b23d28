package zwavehome

import (
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// meaning is what one event of one notification type, or one binary sensor,
// says in the house's words.
type meaning struct {
	trait home.Trait
	value home.Value
}

// notified is the table of notification events (SDS13713, the registry of
// notification types). Event 0 ends what its parameter names; see idle.
var notified = map[cc.NotificationType]map[byte]meaning{
	cc.NotifySmoke: {
		1: {home.Smoke, home.True},   // detected, location given
		2: {home.Smoke, home.True},   // detected
		4: {home.Trouble, home.True}, // replacement required
		5: {home.Trouble, home.True}, // end of life
		7: {home.Trouble, home.True}, // wants its inspection
		8: {home.Trouble, home.True}, // dust in the chamber
	},
	cc.NotifyCO: {
		1: {home.CO, home.True},
		2: {home.CO, home.True},
		4: {home.Trouble, home.True}, // replacement required
		5: {home.Trouble, home.True}, // end of life
	},
	cc.NotifyWater: {
		1: {home.Water, home.True},
		2: {home.Water, home.True},
	},
	cc.NotifyAccessControl: {
		1:  {home.Lock, home.Locked}, // by hand
		2:  {home.Lock, home.Unlocked},
		3:  {home.Lock, home.Locked}, // by radio
		4:  {home.Lock, home.Unlocked},
		5:  {home.Lock, home.Locked}, // by keypad
		6:  {home.Lock, home.Unlocked},
		9:  {home.Lock, home.Locked}, // by itself
		11: {home.Lock, home.Jammed},
		22: {home.Contact, home.Open},
		23: {home.Contact, home.Closed},
	},
	cc.NotifyHomeSecurity: {
		1: {home.Motion, home.True}, // intrusion, location given: older motion sensors say so
		2: {home.Motion, home.True}, // intrusion
		3: {home.Tamper, home.True}, // cover removed
		5: {home.Glass, home.True},
		6: {home.Glass, home.True},
		7: {home.Motion, home.True}, // location given
		8: {home.Motion, home.True},
		9: {home.Tamper, home.True}, // moved
	},
	cc.NotifyPowerManagement: {
		10: {home.LowBattery, home.True}, // replace soon
		11: {home.LowBattery, home.True}, // replace now
	},
	cc.NotifySystem: {
		1: {home.Trouble, home.True}, // hardware failure
		2: {home.Trouble, home.True}, // software failure
		3: {home.Trouble, home.True}, // hardware failure with a code
		4: {home.Trouble, home.True}, // software failure with a code
	},
	cc.NotifySiren: {
		1: {home.Siren, home.On},
	},
	cc.NotifyGas: {
		1: {home.Gas, home.True},
		2: {home.Gas, home.True},
		3: {home.Gas, home.True}, // toxic
		4: {home.Gas, home.True},
	},
}

// sensed is the table of binary sensor types (SDS13781, Binary Sensor).
var sensed = map[cc.SensorType]home.Trait{
	cc.SensorAny:        home.Contact, // version 1 does not say; doors were the most of them
	cc.SensorGeneral:    home.Contact,
	cc.SensorSmoke:      home.Smoke,
	cc.SensorCO:         home.CO,
	cc.SensorWater:      home.Water,
	cc.SensorTamper:     home.Tamper,
	cc.SensorDoorWindow: home.Contact,
	cc.SensorTilt:       home.Contact,
	cc.SensorMotion:     home.Motion,
	cc.SensorGlassBreak: home.Glass,
}

// measured is the table of multilevel sensors; the scale that is wanted, and
// how another is brought to it.
var measured = map[byte]struct {
	trait   home.Trait
	scale   byte
	convert map[byte]func(float64) float64
}{
	cc.MultilevelTemperature: {home.Temperature, 0, map[byte]func(float64) float64{
		1: func(f float64) float64 { return (f - 32) / 1.8 },
	}},
	cc.MultilevelLuminance: {home.Illuminance, 1, nil},
	cc.MultilevelPower:     {home.Power, 0, nil},
	cc.MultilevelHumidity:  {home.Humidity, 0, nil},
}

// quiet is the value of a trait that has ended.
func quiet(t home.Trait) (home.Value, bool) {
	switch t {
	case home.Siren:
		return home.Off, true
	case home.Lock, home.Contact:
		return home.Value{}, false // have words for both ends
	default:
		return home.False, true
	}
}

// meanings says in the house's words what a node reported. Most reports say
// one thing; the end of everything of a type can say several.
func meanings(n *zwave.Node, command cc.Command) []meaning {
	switch c := command.(type) {
	case cc.NotificationReport:
		return notification(n, c)
	case cc.BinarySensorReport:
		t, ok := sensed[c.Sensor]
		if !ok {
			return nil
		}
		return []meaning{{t, truth(t, c.Value.On())}}
	case cc.BatteryReport:
		return []meaning{
			{home.Battery, home.Number(float64(c.Percent()))},
			{home.LowBattery, home.Bool(c.Low())},
		}
	case cc.BinarySwitchReport:
		return []meaning{onOff(n, c.Value.On())}
	case cc.SoundSwitchTonePlayReport:
		return []meaning{{home.Siren, word(c.Tone != cc.ToneStop && !rings(n, c.Tone))}}
	case cc.BasicReport:
		return basic(n, c.Value.On())
	case cc.BasicSet:
		return basic(n, c.Value.On())
	case cc.MultilevelSensorReport:
		m, ok := measured[c.Sensor]
		if !ok {
			return nil
		}
		f := c.Number.Float()
		if c.Scale != m.scale {
			convert := m.convert[c.Scale]
			if convert == nil {
				return nil
			}
			f = convert(f)
		}
		return []meaning{{m.trait, home.Number(f)}}
	default:
		return nil
	}
}

func notification(n *zwave.Node, c cc.NotificationReport) []meaning {
	events := notified[c.Type]
	if c.Event != cc.NotificationIdle {
		m, ok := events[c.Event]
		if !ok {
			return nil
		}
		return []meaning{m}
	}
	// Idle: the parameter names the event that is over; without one, all that
	// the node can say of this type is.
	if len(c.Parameters) > 0 {
		m, ok := events[c.Parameters[0]]
		if !ok {
			return nil
		}
		if v, ok := quiet(m.trait); ok {
			return []meaning{{m.trait, v}}
		}
		return nil
	}
	var out []meaning
	seen := map[home.Trait]bool{}
	for _, event := range n.Notifications[byte(c.Type)] {
		m, ok := events[event]
		if !ok || seen[m.trait] {
			continue
		}
		seen[m.trait] = true
		if v, ok := quiet(m.trait); ok {
			out = append(out, meaning{m.trait, v})
		}
	}
	return out
}

// basic gives Basic a meaning only where the node has no better word: a switch
// or siren that reports, or a plain sensor that sets its associations.
func basic(n *zwave.Node, on bool) []meaning {
	switch {
	case n.Has(cc.BinarySwitch), isSiren(n):
		return []meaning{onOff(n, on)}
	case n.Has(cc.Notification), n.Has(cc.BinarySensor), n.Has(cc.EntryControl), n.Has(cc.MultilevelSwitch):
		return nil
	default:
		return []meaning{{home.Contact, truth(home.Contact, on)}}
	}
}

func onOff(n *zwave.Node, on bool) meaning {
	if isSiren(n) {
		return meaning{home.Siren, word(on)}
	}
	return meaning{home.Switch, word(on)}
}

func word(on bool) home.Value {
	if on {
		return home.On
	}
	return home.Off
}

func truth(t home.Trait, on bool) home.Value {
	if t != home.Contact {
		return home.Bool(on)
	}
	if on {
		return home.Open
	}
	return home.Closed
}

// Device types that matter here (SDS13740).
const (
	genericBinarySwitch = 0x10
	specificSiren       = 0x05
)

func isSiren(n *zwave.Node) bool {
	return n.Has(cc.SoundSwitch) || n.Generic == genericBinarySwitch && n.Specific == specificSiren
}

// traits lists what a node can say or be told, as far as its interview has
// shown.
func traits(n *zwave.Node) []home.Trait {
	found := map[home.Trait]bool{}
	for kind, events := range n.Notifications {
		for _, event := range events {
			if m, ok := notified[cc.NotificationType(kind)][event]; ok {
				found[m.trait] = true
			}
		}
	}
	for _, sensor := range n.Sensors {
		if t, ok := sensed[cc.SensorType(sensor)]; ok {
			found[t] = true
		}
	}
	if n.Has(cc.Battery) {
		found[home.Battery], found[home.LowBattery] = true, true
	}
	switch {
	case isSiren(n):
		found[home.Siren] = true
	case n.Has(cc.BinarySwitch):
		found[home.Switch] = true
	}
	if n.Has(cc.EntryControl) {
		found[home.Keypad] = true
	}
	var list []home.Trait
	for _, t := range home.Traits {
		if found[t] {
			list = append(list, t)
		}
	}
	return list
}

// kinds says what a device is called until the family names it, by its first
// trait in this order.
var kinds = []struct {
	trait home.Trait
	name  string
}{
	{home.Keypad, "Keypad"},
	{home.Siren, "Siren"},
	{home.Lock, "Lock"},
	{home.Smoke, "Smoke detector"},
	{home.CO, "Carbon monoxide detector"},
	{home.Gas, "Gas detector"},
	{home.Water, "Leak sensor"},
	{home.Contact, "Door or window sensor"},
	{home.Motion, "Motion sensor"},
	{home.Glass, "Glass break sensor"},
	{home.Switch, "Plug"},
}

func kindOf(n *zwave.Node) string {
	list := traits(n)
	if isSiren(n) && sounder(n) == nil {
		return "Chime"
	}
	for _, k := range kinds {
		for _, t := range list {
			if t == k.trait {
				return k.name
			}
		}
	}
	return "Z-Wave device"
}
