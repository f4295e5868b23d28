package soak

import (
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
)

const (
	studio = home.AreaID("studio")
	guests = home.Mode("guests") // like home, for visitors in the living room
)

// device is a thing with a radio and perhaps a battery.
type device struct {
	id      home.DeviceID
	sensors []*sensor
	class   supervision.Class
	drain   float64 // percent a day; 0: on mains
	battery float64
	health  home.Health
	heard   time.Time // since the hub started
	mute    bool      // broken: says nothing
	low     bool      // its battery was told to be low
}

// sensor is one trait of a device that the panel watches.
type sensor struct {
	home.Zone
	on      *device
	open    bool // as it is, whatever it says
	stuck   bool // says open whatever is
	chatter bool // loose: opens and closes by itself
	slow    bool // reports come up to a minute late
}

// says is the value for what the sensor sees.
func (s *sensor) says(open bool) home.Value {
	switch {
	case s.Trait == home.Button:
		return home.Word("press")
	case s.Trait != home.Contact:
		return home.Bool(open)
	case open:
		return home.Open
	default:
		return home.Closed
	}
}

func span(d time.Duration) *home.Duration { v := home.Duration(d); return &v }

var (
	always = []home.Mode{home.Home, home.Night, home.Away, guests}
	aired  = []home.Mode{home.Night, home.Away} // windows that may stand open while somebody is up
	gone   = []home.Mode{home.Away}
)

// plan is the house: what guards it, in the order in which it was furnished.
func plan() []home.Zone {
	at := func(a home.AreaID, zones ...home.Zone) []home.Zone {
		for i := range zones {
			zones[i].Areas = []home.AreaID{a}
		}
		return zones
	}
	z := func(id home.ZoneID, t home.Trait, k home.ZoneKind, modes []home.Mode) home.Zone {
		return home.Zone{ID: id, Trait: t, Kind: k, Modes: modes}
	}
	front, back, garage := z("front-door", home.Contact, home.ZoneEntry, always), z("back-door", home.Contact, home.ZoneEntry, always), z("garage", home.Contact, home.ZoneEntry, gone)
	front.Chime, back.Chime = true, true
	garage.ExitDelay = span(90 * time.Second)
	back.EntryDelays = map[home.Mode]home.Duration{home.Night: 0} // nobody comes in by it at night
	stairs := z("stairs", home.Motion, home.ZoneInterior, gone)
	stairs.CrossZone = "living" // where the cat sleeps
	hatch, purse := z("cellar-hatch", home.Contact, home.ZoneInstant, always), z("purse", home.Button, home.ZonePanic, nil)
	hatch.AbortWindow, purse.Silent = new(bool), true // told at once; told to nobody inside
	zones := at(home.TheHouse,
		front, back, garage,
		z("kitchen-window", home.Contact, home.ZonePerimeter, always),
		z("living-window", home.Contact, home.ZonePerimeter, always),
		z("study-window", home.Contact, home.ZonePerimeter, always),
		z("bath-window", home.Contact, home.ZonePerimeter, aired),
		z("bedroom-window", home.Contact, home.ZonePerimeter, gone),
		z("nursery-window", home.Contact, home.ZonePerimeter, aired),
		z("attic-hatch", home.Contact, home.ZoneInstant, always),
		hatch,
		z("living-glass", home.Glass, home.ZonePerimeter, always),
		z("hall", home.Motion, home.ZoneInterior, gone),
		z("living", home.Motion, home.ZoneInterior, gone),
		stairs,
		z("cellar", home.Motion, home.ZoneInterior, aired),
		z("shed", home.Contact, home.ZoneDay, always),
		z("safe", home.Vibration, home.Zone24h, nil),
		z("keypad-lid", home.Tamper, home.ZoneTamper, nil),
		z("siren-lid", home.Tamper, home.ZoneTamper, nil),
		z("kitchen-smoke", home.Smoke, home.ZoneFire, nil),
		z("hall-smoke", home.Smoke, home.ZoneFire, nil),
		z("attic-smoke", home.Smoke, home.ZoneFire, nil),
		z("boiler-co", home.CO, home.ZoneCO, nil),
		z("stove-gas", home.Gas, home.ZoneGas, nil),
		z("bath-leak", home.Water, home.ZoneWater, nil),
		z("washer-leak", home.Water, home.ZoneWater, nil),
		z("bedside", home.Button, home.ZonePanic, nil),
		z("pendant", home.Button, home.ZoneMedical, nil),
		purse,
	)
	return append(zones, at(studio,
		z("studio-door", home.Contact, home.ZoneEntry, always),
		z("studio-window", home.Contact, home.ZonePerimeter, always),
		z("studio-motion", home.Motion, home.ZoneInterior, gone),
		z("studio-smoke", home.Smoke, home.ZoneFire, nil),
	)...)
}

// build makes a device for each zone of the plan. Those of the kitchen listen,
// for they hang on mains.
func build() (devices []*device, sensors map[home.ZoneID]*sensor) {
	sensors = map[home.ZoneID]*sensor{}
	for i, z := range plan() {
		d := &device{id: home.DeviceID("zwave-" + string(z.ID)), class: supervision.ZwaveSleeping, health: home.HealthOK, battery: 100}
		d.drain = 0.25 + 0.05*float64(i%7)
		if z.ID == "siren-lid" || z.ID == "stove-gas" || z.ID == "boiler-co" {
			d.class, d.drain = supervision.ZwaveListening, 0
		}
		z.Device = d.id
		s := &sensor{Zone: z, on: d}
		d.sensors = append(d.sensors, s)
		devices, sensors[z.ID] = append(devices, d), s
	}
	return devices, sensors
}
