package homekit

import (
	"math"
	"slices"
	"sync"

	"github.com/brutella/hap/characteristic"
	"github.com/brutella/hap/service"

	"gatehouse/hub/home"
)

// subject is what an accessory is about: a device, or an area of the alarm.
type subject struct {
	bridge  string // name of the bridge itself; then all below is empty
	version string
	device  home.Device
	asked   home.Value // what Apple Home asked a lock for and it has not said yet
	low     bool       // wants a new battery
	fault   bool       // something about it is wrong
	unshown bool       // it has a number, if it ever had one, and no accessory
	area    *home.AreaState
	alarm   bool // one runs
	tamper  bool // of the house: a cover is open
}

// value is what a trait last said.
func (s *subject) value(t home.Trait) home.Value { return s.device.Traits[t].Value }

func (s *subject) has(t home.Trait) bool {
	_, ok := s.device.Traits[t]
	return ok
}

// active tells whether what is shown can be relied on.
func (s *subject) active() bool {
	return s.device.Health == home.HealthOK || s.device.Health == home.HealthLate
}

// reader says a value as Apple Home wants it: a bool, int, float64 or string; nil
// when it is not known.
type reader func(*subject) any

// kind is a service that an accessory can have. Its number is kept for ever: the
// instance ids of its characteristics hang on it.
type kind struct {
	number uint64
	label  string // of the service, beside the device's name
	traits []home.Trait
	about  *service.S
	reads  []reader // of about's characteristics, in their order
	wants  func(*subject) bool
	keeps  bool // what it said for a moment is told too
}

// kindRoom is how many instance ids a service has.
const kindRoom = 32

// iid is the instance id of the service; those of its characteristics follow.
// That of the first service has to be 1.
func (k *kind) iid() uint64 { return 1 + k.number*kindRoom }

// shown is how Apple Home shows a trait.
type shown struct {
	as     string // name of the service or characteristic
	hidden string // why it is not shown; then as is empty
}

// shownAs is the table of traits. Those of services stand in kinds.
func shownAs(t home.Trait) shown {
	for _, k := range kinds() {
		if slices.Contains(k.traits, t) {
			return shown{as: k.label}
		}
	}
	switch t {
	case home.Tamper:
		return shown{as: "Status Tampered of the device's other services"}
	case home.Trouble:
		return shown{as: "Status Fault of the device's other services"}
	case home.Vibration, home.Glass:
		return shown{hidden: "Apple Home has no such sensor; the alarm that it raises is shown"}
	case home.Siren:
		return shown{hidden: "Apple Home has no siren, and a switch would be turned on with everything else"}
	case home.Keypad:
		return shown{hidden: "has no state, and what is typed may be a code"}
	case home.Power, home.Energy, home.Voltage, home.Current, home.Link, home.Restless:
		return shown{hidden: "Apple Home has no word for it"}
	default:
		return shown{}
	}
}

// kinds is the table of services, made when it is first needed: nobody pays for
// it who has no Apple device.
var kinds = sync.OnceValue(makeKinds)

func makeKinds() []*kind {
	return []*kind{
		information(0),
		{number: 1, label: "Protocol", about: service.NewProtocolInformation().S, wants: isBridge, reads: []reader{text1("1.1.0")}},
		securitySystem(2),
		doorbell(20), // before what else its camera has: the first service is what an accessory is
		sensor(3, "Contact", home.Contact, service.NewContactSensor().S, func(s *subject) any {
			switch s.value(home.Contact) {
			case home.Closed:
				return 0
			case home.Open:
				return 1
			}
			return nil
		}),
		sensor(4, "Motion", home.Motion, service.NewMotionSensor().S, truth(home.Motion)),
		sensor(5, "Presence", home.Occupancy, service.NewOccupancySensor().S, bit(home.Occupancy)),
		sensor(6, "Smoke", home.Smoke, service.NewSmokeSensor().S, bit(home.Smoke)),
		sensor(7, "Carbon monoxide", home.CO, service.NewCarbonMonoxideSensor().S, bit(home.CO)),
		sensor(8, "Water", home.Water, service.NewLeakSensor().S, bit(home.Water)),
		// Gas that leaks is a leak: Apple Home has no other word, and tells it at once.
		sensor(9, "Gas", home.Gas, service.NewLeakSensor().S, bit(home.Gas)),
		temperature(10),
		sensor(11, "Humidity", home.Humidity, service.NewHumiditySensor().S, number(home.Humidity, 0, 100)),
		sensor(12, "Light", home.Illuminance, service.NewLightSensor().S, number(home.Illuminance, 0.0001, 100000)),
		battery(13), warning(14),
		plug(15), lamp(16), lock(17), button(18), shutter(19),
		eye(21, "Recording", func(d home.Device) bool { return d.Records }),
		eye(22, "Watched", func(d home.Device) bool { return len(d.Watched) > 0 || d.Talks != "" }),
	}
}

// common makes a kind of device of a library service, with what every service of a
// device tells beside its own.
func common(n uint64, label string, t home.Trait, about *service.S, reads ...reader) *kind {
	k := &kind{number: n, label: label, traits: []home.Trait{t}, about: about, reads: reads, wants: func(s *subject) bool { return s.has(t) }}
	return k.with(characteristic.NewName().C, k.name)
}

// name is what the service is called.
func (k *kind) name(s *subject) any { return short(s.device.Name+" "+k.label, 64) }

func (k *kind) with(c *characteristic.C, r reader) *kind {
	k.about.AddC(c)
	k.reads = append(k.reads, r)
	return k
}

// status adds whether a service can be relied on.
func (k *kind) status() *kind {
	k.with(characteristic.NewStatusActive().C, func(s *subject) any { return s.active() })
	k.with(characteristic.NewStatusFault().C, func(s *subject) any { return one(s.fault || !s.active() || s.value(home.Trouble) == home.True) })
	return k.with(characteristic.NewStatusTampered().C, func(s *subject) any { return one(s.value(home.Tamper) == home.True) })
}

func sensor(n uint64, label string, t home.Trait, about *service.S, r reader) *kind {
	return common(n, label, t, about, r).status()
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// truth and bit read true and false; everything else is not known.
func truth(t home.Trait) reader {
	return func(s *subject) any {
		switch s.value(t) {
		case home.True:
			return true
		case home.False:
			return false
		}
		return nil
	}
}

func bit(t home.Trait) reader {
	return func(s *subject) any {
		b, ok := truth(t)(s).(bool)
		if !ok {
			return nil
		}
		return one(b)
	}
}

func number(t home.Trait, low, high float64) reader {
	return func(s *subject) any {
		v := s.value(t)
		if !v.IsNumber() {
			return nil
		}
		return min(max(v.Float(), low), high)
	}
}

func percent(t home.Trait) reader {
	return func(s *subject) any {
		f, ok := number(t, 0, 100)(s).(float64)
		if !ok {
			return nil
		}
		return int(math.Round(f))
	}
}

func text1(v string) reader { return func(*subject) any { return v } }

func isBridge(s *subject) bool { return s.bridge != "" }

// information names the accessory. It is the first service of each.
func information(n uint64) *kind {
	either := func(bridge string, device func(home.Device) string) reader {
		return func(s *subject) any {
			switch {
			case s.bridge != "":
				return bridge
			case s.area != nil:
				return device(home.Device{Name: s.area.Name, ID: home.DeviceID("area/" + s.area.ID), Maker: "Gatehouse", Model: "Alarm"})
			}
			return device(s.device)
		}
	}
	return &kind{
		number: n, label: "Information", about: service.NewAccessoryInformation().S, wants: func(*subject) bool { return true },
		reads: []reader{
			nil, // identify is only written
			either("Gatehouse", func(d home.Device) string { return orElse(d.Maker, "Unknown") }),
			either("Hub", func(d home.Device) string { return orElse(d.Model, string(d.ID)) }),
			func(s *subject) any {
				if s.bridge != "" {
					return short(s.bridge, 64)
				}
				return either("", func(d home.Device) string { return orElse(d.Name, string(d.ID)) })(s)
			},
			either("hub", func(d home.Device) string { return short("gatehouse "+string(d.ID), 64) }),
			func(s *subject) any { return revision(orElse(s.device.Firmware, s.version)) },
		},
	}
}

func orElse(s, other string) string {
	if s = short(s, 64); s == "" {
		return other
	}
	return s
}

// revision is a version as Apple wants it: up to three numbers (§9.40).
func revision(s string) string {
	parts := []int{}
	digits := -1
	for _, r := range s + "." {
		switch {
		case r >= '0' && r <= '9' && digits < 1e6:
			digits = max(digits, 0)*10 + int(r-'0')
		case digits >= 0:
			parts, digits = append(parts, digits), -1
		}
	}
	out := ""
	for i, p := range append(parts, 0)[:min(3, len(parts)+1)] {
		if i == len(parts) && i > 0 {
			break
		}
		if i > 0 {
			out += "."
		}
		out += itoa(p)
	}
	return out
}

// States of a security system (§9.97, §9.98).
const (
	stateStay      = 0
	stateAway      = 1
	stateNight     = 2
	stateDisarmed  = 3
	stateTriggered = 4
)

// stateOf is a mode as a security system knows it.
func stateOf(like home.Mode) int {
	switch like {
	case home.Home:
		return stateStay
	case home.Away:
		return stateAway
	case home.Night:
		return stateNight
	default:
		return stateDisarmed
	}
}

// modeOf is the other way.
func modeOf(state int) home.Mode {
	switch state {
	case stateStay:
		return home.Home
	case stateAway:
		return home.Away
	case stateNight:
		return home.Night
	default:
		return home.Disarmed
	}
}

// securitySystem is an area of the alarm. While the exit delay runs it is wanted
// and not there yet; the entry delay is still armed: triggered would have Apple
// Home call people who are just coming home.
func securitySystem(n uint64) *kind {
	about := service.NewSecuritySystem()
	about.SecuritySystemCurrentState.ValidVals = []int{stateStay, stateAway, stateNight, stateDisarmed, stateTriggered}
	about.SecuritySystemTargetState.ValidVals = []int{stateStay, stateAway, stateNight, stateDisarmed}
	k := &kind{number: n, label: "Security System", about: about.S, wants: func(s *subject) bool { return s.area != nil }, keeps: true}
	k.reads = []reader{
		func(s *subject) any {
			switch {
			case s.alarm:
				return stateTriggered
			case s.area.Phase == home.PhaseArming:
				return stateDisarmed
			}
			return stateOf(s.area.Like)
		},
		func(s *subject) any { return stateOf(s.area.Like) },
	}
	k.with(characteristic.NewName().C, func(s *subject) any { return short(s.area.Name, 64) })
	k.with(characteristic.NewStatusFault().C, func(s *subject) any { return one(s.fault) })
	return k.with(characteristic.NewStatusTampered().C, func(s *subject) any { return one(s.tamper) })
}

// temperature knows winter, which the library's does not.
func temperature(n uint64) *kind {
	about := service.NewTemperatureSensor()
	const low, high = -100, 200
	about.CurrentTemperature.SetMinValue(low)
	about.CurrentTemperature.SetMaxValue(high)
	return sensor(n, "Temperature", home.Temperature, about.S, number(home.Temperature, low, high))
}

func battery(n uint64) *kind {
	about := service.NewBatteryService()
	const notChargeable = 2
	return common(n, "Battery", home.Battery, about.S, percent(home.Battery),
		func(*subject) any { return notChargeable }, func(s *subject) any { return one(s.low) })
}

// warning is the battery of a device that tells no level.
func warning(n uint64) *kind {
	about := service.New(service.TypeBatteryService)
	about.AddC(characteristic.NewStatusLowBattery().C)
	k := common(n, "Battery", home.LowBattery, about, func(s *subject) any { return one(s.low) })
	k.wants = func(s *subject) bool { return s.has(home.LowBattery) && !s.has(home.Battery) }
	return k
}

func on(t home.Trait) reader {
	return func(s *subject) any {
		switch s.value(t) {
		case home.On:
			return true
		case home.Off:
			return false
		}
		return nil
	}
}

// plug is a switch that is no dimmer and no siren.
func plug(n uint64) *kind {
	k := common(n, "Switch", home.Switch, service.NewSwitch().S, on(home.Switch))
	k.wants = func(s *subject) bool { return s.has(home.Switch) && !s.has(home.Level) && !s.has(home.Siren) }
	return k.with(characteristic.NewStatusFault().C, func(s *subject) any { return one(s.fault || !s.active()) })
}

// lamp is a dimmer.
func lamp(n uint64) *kind {
	about := service.NewLightbulb()
	about.AddC(characteristic.NewBrightness().C)
	return common(n, "Light", home.Level, about.S, func(s *subject) any {
		if s.has(home.Switch) {
			return on(home.Switch)(s)
		}
		level, ok := percent(home.Level)(s).(int)
		if !ok {
			return nil
		}
		return level > 0
	}, percent(home.Level))
}

// shutter goes to where it is asked to and says where it is; whether it moves it
// does not say, so it is shown to stand (§9.78).
func shutter(n uint64) *kind {
	const stopped = 2
	return common(n, "Window Covering", home.Cover, service.NewWindowCovering().S, percent(home.Cover), percent(home.Cover),
		func(*subject) any { return stopped })
}

// States of a lock (§9.52, §9.56).
const (
	lockUnsecured = 0
	lockSecured   = 1
	lockJammed    = 2
	lockUnknown   = 3
)

// lock shows what the lock says, never what it was asked for; that is its target
// until it answers.
func lock(n uint64) *kind {
	about := service.NewLockMechanism()
	about.LockTargetState.ValidVals = []int{lockUnsecured, lockSecured}
	current := func(v home.Value) int {
		switch v {
		case home.Locked:
			return lockSecured
		case home.Unlocked:
			return lockUnsecured
		case home.Jammed:
			return lockJammed
		default:
			return lockUnknown
		}
	}
	return common(n, "Lock", home.Lock, about.S,
		func(s *subject) any { return current(s.value(home.Lock)) },
		func(s *subject) any {
			v := s.value(home.Lock)
			if s.asked.Known() {
				v = s.asked
			}
			return one(current(v) == lockSecured)
		}).status()
}

// Presses of a button (§9.75).
var presses = map[home.Value]int{home.Word("press"): 0, home.Word("double"): 1, home.Word("hold"): 2}

// button has no state: what it says is told as it happens.
func button(n uint64) *kind {
	about := service.NewStatelessProgrammableSwitch()
	about.ProgrammableSwitchEvent.ValidVals = []int{0, 1, 2}
	k := common(n, "Button", home.Button, about.S, nil)
	return k
}

// cameraRadio is the radio of a device that is a camera.
const cameraRadio = "camera"

func isCamera(s *subject) bool { return s.device.Radio == cameraRadio }

// eye is something that people before a camera may know of it. See the package
// comment for why it is an occupancy sensor. That of a person is one too, so each has
// the name that Apple Home shows for one service of several.
func eye(n uint64, label string, is func(home.Device) bool) *kind {
	k := &kind{
		number: n, label: label, about: service.NewOccupancySensor().S, wants: isCamera, keeps: true,
		reads: []reader{func(s *subject) any { return one(is(s.device)) }},
	}
	k.with(characteristic.NewName().C, k.name).status()
	configured := characteristic.NewConfiguredName().C
	configured.Permissions = []string{characteristic.PermissionRead, characteristic.PermissionEvents} // the family names things in the hub
	return k.with(configured, k.name)
}

// doorbell is the bell of a camera: Apple's devices tell that it rings by themselves.
// Automations hang on its button, which is another service.
func doorbell(n uint64) *kind {
	about := service.NewDoorbell()
	about.ProgrammableSwitchEvent.ValidVals = []int{presses[home.Word("press")]}
	k := &kind{number: n, label: "Doorbell", about: about.S, reads: []reader{nil}, wants: func(s *subject) bool { return isCamera(s) && s.has(home.Button) }}
	return k.with(characteristic.NewName().C, k.name)
}
