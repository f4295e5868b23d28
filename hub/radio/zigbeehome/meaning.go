package zigbeehome

import (
	"math"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// watched is the table of zone types: what an alarm of such a zone says. Both
// alarm bits count: firmware disagrees which of them stands for what, and an
// alarm too many is better than one too few. A zone of another type says nothing
// but how it is itself; sensors of combustible gas have no type of their own.
var watched = map[zcl.ZoneType]home.Trait{
	zcl.TypeContact:    home.Contact,
	zcl.TypeDoorHandle: home.Contact,
	zcl.TypeMotion:     home.Motion,
	zcl.TypeFire:       home.Smoke,
	zcl.TypeWater:      home.Water,
	zcl.TypeCO:         home.CO,
	zcl.TypeVibration:  home.Vibration,
	zcl.TypeGlass:      home.Glass,
}

// ofItself is the table of the bits of a zone's status that tell how the zone
// itself is. Supervision, restore and test say nothing that the house needs: who
// speaks is there, and the end of an alarm is a status like any other.
var ofItself = []struct {
	bits  zcl.ZoneStatus
	trait home.Trait
}{
	{zcl.ZoneTamper, home.Tamper},
	{zcl.ZoneBatteryLow, home.LowBattery},
	{zcl.ZoneTrouble | zcl.ZoneMainsFault | zcl.ZoneBatteryDefect, home.Trouble},
}

// zoneSays hands on what a zone's status says, its alarm first.
func zoneSays(t zcl.ZoneType, s zcl.ZoneStatus, say func(home.Trait, home.Value)) {
	alarmed := s&(zcl.ZoneAlarm1|zcl.ZoneAlarm2) != 0
	if trait, ok := watched[t]; ok {
		value := home.Bool(alarmed)
		if trait == home.Contact {
			value = home.Closed
			if alarmed {
				value = home.Open
			}
		}
		say(trait, value)
	}
	zoneItself(s, say)
}

// zoneItself hands on how a zone itself is.
func zoneItself(s zcl.ZoneStatus, say func(home.Trait, home.Value)) {
	for _, b := range ofItself {
		say(b.trait, home.Bool(s&b.bits != 0))
	}
}

// attributeSays hands on what an attribute says.
func attributeSays(e zigbee.Endpoint, cluster zcl.Cluster, a zcl.Attr, v zcl.Value, say func(home.Trait, home.Value)) {
	switch {
	case !v.Known():
	case cluster == zcl.IASZone && a == zcl.ZoneStatusAttr:
		zoneSays(e.Zone.Type, zcl.ZoneStatus(v.N), say)
	case cluster == zcl.PowerConfiguration && a == zcl.BatteryPercentage:
		say(home.Battery, home.Number(min(v.Float()/2, 100)))
	case cluster == zcl.PowerConfiguration && a == zcl.BatteryVoltage:
		say(home.Voltage, home.Number(v.Float()/10))
	case cluster == zcl.OnOff && a == zcl.OnOffState:
		if v.N == 1 {
			say(home.Switch, home.On)
		} else {
			say(home.Switch, home.Off)
		}
	case cluster == zcl.Level && a == zcl.CurrentLevel:
		say(home.Level, home.Number(math.Round(v.Float()*100/zcl.LevelFull)))
	case cluster == zcl.DoorLock && a == zcl.LockStateAttr:
		if state, ok := states[zcl.LockState(v.N)]; ok {
			say(home.Lock, state)
		}
	case cluster == zcl.Occupancy && a == zcl.OccupancyState:
		say(home.Occupancy, home.Bool(v.N&1 != 0))
	case cluster == zcl.WindowCovering && a == zcl.CoveringLift:
		say(home.Cover, home.Number(100-min(v.Float(), 100)))
	case cluster == zcl.Electrical:
		for _, m := range []struct {
			attr  zcl.Attr
			count float64
			trait home.Trait
		}{
			{zcl.ActivePower, e.PowerCount, home.Power}, {zcl.RMSVoltage, e.VoltageCount, home.Voltage}, {zcl.RMSCurrent, e.CurrentCount, home.Current},
		} {
			if a == m.attr && m.count > 0 {
				say(m.trait, thousandths(v.Float()*m.count))
			}
		}
	case cluster == zcl.Metering:
		if a == zcl.MeterSummation && e.EnergyCount > 0 {
			say(home.Energy, thousandths(v.Float()*e.EnergyCount))
		}
	case a == zcl.MeasuredValue:
		if m, ok := measured[cluster]; ok {
			say(m.trait, home.Number(m.of(v)))
		}
	}
}

// full and flat are the volts of a lithium cell of 3 V, which most sensors have. A
// device that tells volts and no percent has as much left as lies between them.
const full, flat = 3.0, 2.5

// chargeOf is how full a battery is by its volts, in %.
func chargeOf(volts float64) home.Value {
	return home.Number(math.Round(100 * min(max((volts-flat)/(full-flat), 0), 1)))
}

// voltsAlone are the volts in an answer about a battery that tells no percent.
func voltsAlone(r zcl.ReadAttributesResponse) (volts float64, ok bool) {
	for _, a := range r.Records {
		switch {
		case a.Status != zcl.Success || !a.Value.Known():
		case a.Attr == zcl.BatteryPercentage:
			return 0, false
		case a.Attr == zcl.BatteryVoltage:
			volts, ok = a.Value.Float()/10, true
		}
	}
	return volts, ok
}

// pushed is the table of what a remote control sends, by what was done to it. A
// lamp is told the same by other means, and a presence sensor that switches it on
// for a while says nothing of a button.
func pushed(c zcl.Command) (home.Value, bool) {
	switch c.(type) {
	case zcl.TurnOn, zcl.TurnOff, zcl.Toggle, zcl.TurnOffWithEffect, zcl.TurnOnRecall, zcl.RecallScene, zcl.StepLevel, zcl.MoveToLevel:
		return home.Word("press"), true
	case zcl.MoveLevel:
		return home.Word("hold"), true
	default:
		return home.Value{}, false
	}
}

// states is the table of how a bolt stands.
var states = map[zcl.LockState]home.Value{
	zcl.LockHalf:     home.Jammed,
	zcl.LockLocked:   home.Locked,
	zcl.LockUnlocked: home.Unlocked,
}

// thousandths cuts off what a count cannot tell.
func thousandths(f float64) home.Value { return home.Number(math.Round(f*1000) / 1000) }

// hundredths is a value in hundredths of its unit.
func hundredths(v zcl.Value) float64 { return v.Float() / 100 }

// measured is the table of clusters that measure one thing.
var measured = map[zcl.Cluster]struct {
	trait home.Trait
	of    func(zcl.Value) float64
}{
	zcl.Temperature: {home.Temperature, hundredths},
	zcl.Humidity:    {home.Humidity, hundredths},
	zcl.Illuminance: {home.Illuminance, func(v zcl.Value) float64 { return math.Round(zcl.Lux(v)) }},
}

// dim finds how a lamp is told a level in percent; 0 switches it off.
func dim(v home.Value) zcl.MoveToLevel {
	const soon = 5 // tenths of a second
	return zcl.MoveToLevel{OnOff: true, Level: byte(math.Round(min(max(v.Float(), 0), 100) * zcl.LevelFull / 100)), Time: soon}
}

// cover finds how a shutter is told to go to so many percent open, or to stop. The
// cluster counts from the top.
func cover(v home.Value) zcl.Command {
	if v == home.Stop {
		return zcl.StopCovering{}
	}
	return zcl.LiftCovering{Percent: 100 - byte(math.Round(min(max(v.Float(), 0), 100)))}
}

// traits are those of a device.
func traits(d *zigbee.Device) map[home.Trait]home.State {
	m := make(map[home.Trait]home.State)
	for _, e := range d.Endpoints {
		if e.Serves(zcl.IASZone) {
			zoneSays(e.Zone.Type, 0, func(t home.Trait, _ home.Value) { m[t] = home.State{} })
		}
		for _, c := range []struct {
			has   bool
			trait home.Trait
		}{
			{e.Serves(zcl.PowerConfiguration) && !d.Mains, home.Battery},
			{e.Serves(zcl.OnOff), home.Switch},
			{e.Serves(zcl.Level) && e.Serves(zcl.OnOff), home.Level},
			{e.Serves(zcl.WindowCovering), home.Cover},
			{e.Serves(zcl.DoorLock), home.Lock},
			{e.Serves(zcl.DoorLock) && e.Serves(zcl.Alarms), home.Tamper},
			{e.Serves(zcl.Occupancy), home.Occupancy},
			{e.Serves(zcl.Temperature), home.Temperature},
			{e.Serves(zcl.Humidity), home.Humidity},
			{e.Serves(zcl.Illuminance), home.Illuminance},
			{e.PowerCount > 0, home.Power},
			{e.EnergyCount > 0, home.Energy},
			{e.VoltageCount > 0, home.Voltage},
			{e.CurrentCount > 0, home.Current},
			{e.Serves(zcl.IASWD), home.Siren},
			{e.Uses(zcl.IASACE), home.Keypad},
			{remote(e), home.Button},
		} {
			if c.has {
				m[c.trait] = home.State{}
			}
		}
	}
	if d.Mains {
		delete(m, home.LowBattery)
	}
	return m
}

// remote tells whether an endpoint is a remote control: it switches and is not
// switched itself, and is no sensor.
func remote(e zigbee.Endpoint) bool {
	return (e.Uses(zcl.OnOff) || e.Uses(zcl.Scenes)) && !e.Serves(zcl.OnOff) && !e.Serves(zcl.IASZone) && !e.Serves(zcl.Occupancy)
}

// kinds names devices by what they are first of all.
var kinds = []struct {
	trait home.Trait
	name  string
}{
	{home.Keypad, "Keypad"},
	{home.Siren, "Siren"},
	{home.Lock, "Lock"},
	{home.Smoke, "Smoke alarm"},
	{home.CO, "CO alarm"},
	{home.Gas, "Gas alarm"},
	{home.Water, "Leak sensor"},
	{home.Motion, "Motion sensor"},
	{home.Contact, "Contact"},
	{home.Glass, "Glass sensor"},
	{home.Vibration, "Vibration sensor"},
	{home.Occupancy, "Presence sensor"},
	{home.Cover, "Shutter"},
	{home.Level, "Dimmer"},
	{home.Switch, "Switch"},
	{home.Button, "Remote control"},
	{home.Temperature, "Thermometer"},
}

func kindOf(m map[home.Trait]home.State) string {
	for _, k := range kinds {
		if _, ok := m[k.trait]; ok {
			return k.name
		}
	}
	return "Device"
}

// warnings is the table of warning modes by the pattern that is wanted. What a
// siren makes of a mode is its maker's; every one sounds.
var warnings = map[alarm.Pattern]zcl.WarningMode{
	alarm.Steady:    zcl.WarnBurglar,
	alarm.Temporal3: zcl.WarnFire,
	alarm.Temporal4: zcl.WarnEmergency,
}

// longest is for how long a siren sounds at most that was not told otherwise:
// the default of its attribute MaxDuration (8.4.2.2).
const longest = 240 * time.Second

// sounder is what a device can do as a siren; nil when it is none.
func sounder(d *zigbee.Device, q *quirks.Quirk) *home.Sounder {
	if q != nil && q.Speaks("siren") {
		return &home.Sounder{Place: home.Inside, Patterns: map[string]home.Duration{string(alarm.Steady): home.Duration(q.Longest())}}
	}
	if _, ok := d.Serving(zcl.IASWD); !ok {
		return nil
	}
	s := &home.Sounder{Place: home.Inside, Patterns: make(map[string]home.Duration), Chirps: true}
	for p := range warnings {
		s.Patterns[string(p)] = home.Duration(longest)
	}
	return s
}

// chirp is a squawk. It is as low as there is: somebody may sleep.
func chirp(c home.Chirp) zcl.Squawk {
	mode := zcl.SquawkArmed
	if c == home.ChirpDisarmed {
		mode = zcl.SquawkDisarmed
	}
	return zcl.Squawk{Mode: mode, Level: zcl.LevelLow}
}

// warn finds how a siren is told to sound or to be silent. Its lights flash with
// it: whether it has any it does not say.
func warn(cmd home.Command) zcl.StartWarning {
	if cmd.Value != home.On {
		return zcl.StartWarning{Mode: zcl.WarnStop}
	}
	mode, ok := warnings[alarm.Pattern(cmd.Sound.Pattern)]
	if !ok {
		mode = zcl.WarnBurglar
	}
	lasts := time.Duration(cmd.Sound.For)
	if lasts <= 0 || lasts > longest {
		lasts = longest
	}
	const half = 50 // % of the time
	return zcl.StartWarning{
		Mode: mode, Strobe: 1, Level: zcl.LevelVeryHigh, Seconds: uint16((lasts + time.Second - 1) / time.Second),
		DutyCycle: half, StrobeLevel: zcl.LevelVeryHigh,
	}
}
