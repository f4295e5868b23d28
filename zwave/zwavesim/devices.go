package zwavesim

import (
	"slices"
	"time"
)

// Device classes (generic, specific) and role types.
const (
	genericSwitch, specificPlug, specificSiren    = 0x10, 0x01, 0x05
	genericSensor, specificSensor                 = 0x07, 0x01
	genericEntry, specificKeypad                  = 0x40, 0x0b
	roleAlwaysOn, roleSleepReports, roleSleepCall = 0x05, 0x06, 0x07
)

// Sensor types of the Binary Sensor class.
const (
	sensorWater  = 0x06
	sensorDoor   = 0x0a
	sensorMotion = 0x0c
)

// sensor makes a battery device that reports an event of a notification type.
func (s *Stick) sensor(m Make, icon, kind byte, events []byte, binary byte) *sensing {
	d := &sensing{kind: kind, binary: binary}
	classes := []class{{ccBattery, 1}, {ccWakeUp, 2}, {ccNotification, 8}}
	if m.BinarySensor {
		classes = append(classes, class{ccBinarySensor, 2})
	}
	d.Node = &Node{
		generic: genericSensor, specific: specificSensor, role: roleSleepReports, icon: icon,
		events: map[byte][]byte{kind: events},
	}
	d.events[typeHomeSecurity] = append(slices.Clone(d.events[typeHomeSecurity]), eventTamper)
	d.handle = d.command
	s.newNode(m, d.Node, classes...)
	return d
}

type sensing struct {
	*Node
	kind, binary byte
	on           bool
}

func (d *sensing) command(cmd []byte) bool {
	if cmd[0] != ccBinarySensor {
		return false
	}
	switch cmd[1] {
	case 0x02:
		d.answer(d.binaryReport()...)
	case 0x01: // types supported
		d.answer(append([]byte{ccBinarySensor, 0x04}, bitmask([]byte{d.binary}, 0, 2)...)...)
	default:
		return false
	}
	return true
}

func (d *sensing) binaryReport() []byte {
	return []byte{ccBinarySensor, 0x03, 0xff * truth(d.on), d.binary}
}

// set turns the sensor and reports by each class that it speaks.
func (d *sensing) set(on bool, event byte, idle bool) {
	d.act(func() {
		if d.on == on {
			return
		}
		d.on = on
		if idle {
			d.idle(d.kind, event)
		} else {
			d.notify(d.kind, event)
		}
		if d.make.BinarySensor {
			d.report(d.binaryReport())
		}
	})
}

// Contact is a door or window sensor on a battery.
type Contact struct{ *sensing }

// NewContact makes one, closed.
func (s *Stick) NewContact(m Make) *Contact {
	c := &Contact{s.sensor(m, 0x0c, typeAccess, []byte{eventWindowOpen, eventWindowClosed}, sensorDoor)}
	c.states[typeAccess] = eventWindowClosed
	return c
}

// Open opens the door.
func (c *Contact) Open() { c.set(true, eventWindowOpen, false) }

// Close closes it.
func (c *Contact) Close() { c.set(false, eventWindowClosed, false) }

// IsOpen tells how it stands.
func (c *Contact) IsOpen() bool { return c.is() }

func (d *sensing) is() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.on
}

// Motion is a motion sensor on a battery.
type Motion struct{ *sensing }

// NewMotion makes one that sees nobody.
func (s *Stick) NewMotion(m Make) *Motion {
	return &Motion{s.sensor(m, 0x0c, typeHomeSecurity, []byte{eventMotion}, sensorMotion)}
}

// Walk walks past it.
func (m *Motion) Walk() { m.set(true, eventMotion, false) }

// Still leaves it alone.
func (m *Motion) Still() { m.set(false, eventMotion, true) }

// Sees tells whether it sees someone.
func (m *Motion) Sees() bool { return m.is() }

// Leak is a water sensor on a battery.
type Leak struct{ *sensing }

// NewLeak makes a dry one.
func (s *Stick) NewLeak(m Make) *Leak {
	return &Leak{s.sensor(m, 0x0c, typeWater, []byte{eventLeak}, sensorWater)}
}

// Spill wets it.
func (l *Leak) Spill() { l.set(true, eventLeak, false) }

// Dry dries it.
func (l *Leak) Dry() { l.set(false, eventLeak, true) }

// IsWet tells how it stands.
func (l *Leak) IsWet() bool { return l.is() }

// Smoke is a smoke detector on a battery.
type Smoke struct{ *sensing }

// NewSmoke makes one in clear air.
func (s *Stick) NewSmoke(m Make) *Smoke {
	return &Smoke{s.sensor(m, 0x0c, typeSmoke, []byte{eventSmoke, eventSmokeTest}, 0x02)}
}

// Fill fills the room with smoke.
func (d *Smoke) Fill() { d.set(true, eventSmoke, false) }

// Air airs it.
func (d *Smoke) Air() { d.set(false, eventSmoke, true) }

// Test presses the detector's test button.
func (d *Smoke) Test() {
	d.act(func() { d.report(notificationReport(typeSmoke, eventSmokeTest)) })
}

// switching is what a plug and a siren share.
type switching struct {
	*Node
	on      bool
	tone    byte
	volume  byte
	defTone byte
	turned  func() // reports a change
	since   time.Time
	tones   []Tone
	plays   uint64 // numbers what it plays: a tone that began anew does not end with the old one
	lights  map[byte]byte
}

func (d *switching) command(cmd []byte) bool {
	p := cmd[2:]
	switch cmd[0] {
	case ccBasic, ccBinarySwitch:
		switch {
		case cmd[1] == 0x01 && len(p) >= 1:
			if p[0] > 99 && p[0] != 0xff {
				return false
			}
			d.turn(p[0] != 0)
		case cmd[1] == 0x02 && cmd[0] == ccBasic:
			d.answer(ccBasic, 0x03, 0xff*truth(d.on))
		case cmd[1] == 0x02:
			d.answer(d.switchReport()...)
		default:
			return false
		}
		return true
	case ccSoundSwitch:
		return d.sound(cmd[1], p)
	case ccIndicator:
		return d.light(cmd[1], p)
	}
	return false
}

// turn switches on or off, and says so if that is news.
func (d *switching) turn(on bool) {
	tone := byte(0)
	if on {
		tone = d.defTone
	}
	d.play(on, tone)
}

func (d *switching) play(on bool, tone byte) {
	d.plays++
	if lasts := d.lasts(tone); on && lasts > 0 {
		this := d.plays
		time.AfterFunc(lasts, func() {
			d.act(func() {
				if d.plays == this {
					d.play(false, 0)
				}
			})
		})
	}
	if d.on == on && d.tone == tone {
		return
	}
	d.on, d.tone, d.since = on, tone, time.Now()
	d.turned()
}

// lasts is how long it plays a tone, or sounds at all; 0: until it is told.
func (d *switching) lasts(tone byte) time.Duration {
	if i := int(tone) - 1; i >= 0 && i < len(d.tones) {
		return time.Duration(d.tones[i].Seconds) * time.Second
	}
	return d.make.Longest
}

func (d *switching) switchReport() []byte {
	v := 0xff * truth(d.on)
	return []byte{ccBinarySwitch, 0x03, v, v, 0}
}

// Plug is a switched socket on the mains.
type Plug struct{ *switching }

// NewPlug makes one that is off.
func (s *Stick) NewPlug(m Make) *Plug {
	d := &switching{Node: &Node{
		listening: true, generic: genericSwitch, specific: specificPlug, role: roleAlwaysOn, icon: 0x07,
	}}
	d.turned = func() { d.report(d.switchReport()) }
	d.handle = d.command
	s.newNode(m, d.Node, class{ccBinarySwitch, 2})
	return &Plug{d}
}

// Turn is somebody at the plug's own button.
func (p *Plug) Turn(on bool) {
	p.act(func() {
		if !p.off {
			p.turn(on)
		}
	})
}

// On tells how it stands.
func (p *Plug) On() bool { return p.is() }

func (d *switching) is() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.on
}

// Siren is a siren on the mains with a battery for power cuts.
type Siren struct{ *switching }

// Tone is one sound of a siren. It ends by itself.
type Tone struct {
	Name    string
	Seconds uint16
}

func usualTones() []Tone {
	return []Tone{{"Siren", 180}, {"Chime", 2}, {"Beep", 1}, {"Fire", 60}, {"CO", 60}}
}

// NewSiren makes a silent one.
func (s *Stick) NewSiren(m Make) *Siren {
	d := &switching{Node: &Node{
		listening: true, generic: genericSwitch, specific: specificSiren, role: roleAlwaysOn, icon: 0x0a,
		events: map[byte][]byte{typeHomeSecurity: {eventTamper}},
	}, volume: 100, defTone: 1}
	classes := []class{{ccBinarySwitch, 2}, {ccBattery, 1}, {ccNotification, 8}}
	if !m.Plain {
		classes = append(classes, class{ccSoundSwitch, 2})
		if d.tones = m.Tones; d.tones == nil {
			d.tones = usualTones()
		}
	}
	if m.Strobe {
		classes = append(classes, class{ccIndicator, 3})
		d.lights = map[byte]byte{}
	}
	d.turned = func() {
		d.report(d.switchReport())
		if !m.Plain {
			d.report([]byte{ccSoundSwitch, 0x0a, d.tone, d.volume})
		}
	}
	d.handle = d.command
	s.newNode(m, d.Node, classes...)
	return &Siren{d}
}

// Sounding tells whether it sounds its siren (any tone).
func (s *Siren) Sounding() bool { return s.is() }

// Tone is the number of the tone that it plays: 0 none; of the usual ones 1
// siren, 2 chime, 3 beep, 4 fire, 5 carbon monoxide.
func (s *Siren) Tone() int {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	return int(s.tone)
}

// Plays is the name of the tone that it plays, or "".
func (s *Siren) Plays() string {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	if s.tone == 0 || int(s.tone) > len(s.tones) {
		return ""
	}
	return s.tones[s.tone-1].Name
}

// Flashing tells whether its lights flash.
func (s *Siren) Flashing() bool {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	const multilevel, binary, cycles = 1, 2, 4
	return s.lights[multilevel] != 0 || s.lights[binary] != 0 || s.lights[cycles] != 0
}

// Since is when it last began or stopped.
func (s *Siren) Since() time.Time {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	return s.since
}

// sound carries out Sound Switch.
func (d *switching) sound(command byte, p []byte) bool {
	switch {
	case command == 0x01:
		d.answer(ccSoundSwitch, 0x02, byte(len(d.tones)))
	case command == 0x03 && len(p) >= 1:
		if p[0] == 0 || int(p[0]) > len(d.tones) {
			d.answer(ccSoundSwitch, 0x04, p[0], 0, 0, 0)
			return true
		}
		t := d.tones[p[0]-1]
		b := []byte{ccSoundSwitch, 0x04, p[0], byte(t.Seconds >> 8), byte(t.Seconds), byte(len(t.Name))}
		d.answer(append(b, t.Name...)...)
	case command == 0x05 && len(p) >= 2:
		if p[0] != 0xff { // 0xff leaves the volume
			d.volume = min(p[0], 100)
		}
		if p[1] != 0 && int(p[1]) <= len(d.tones) {
			d.defTone = p[1]
		}
	case command == 0x06:
		d.answer(ccSoundSwitch, 0x07, d.volume, d.defTone)
	case command == 0x08 && len(p) >= 1:
		tone := p[0]
		switch {
		case tone == 0xff:
			tone = d.defTone
		case int(tone) > len(d.tones):
			return false
		}
		d.play(tone != 0, tone)
	case command == 0x09:
		d.answer(ccSoundSwitch, 0x0a, d.tone, d.volume)
	default:
		return false
	}
	return true
}

// light carries out Indicator, of the one indicator "alarming".
func (d *switching) light(command byte, p []byte) bool {
	const alarming, properties = 0x0c, 0x3e // multilevel, binary, on/off period, cycles, on time
	switch {
	case d.lights == nil:
		return false
	case command == 0x01 && len(p) >= 2 && len(p) >= 2+3*int(p[1]&0x1f):
		for i := range int(p[1] & 0x1f) {
			if o := p[2+3*i:]; o[0] == alarming {
				d.lights[o[1]] = o[2]
			}
		}
	case command == 0x02:
		d.answer(ccIndicator, 0x03, 0, 1, alarming, 0x02, d.lights[0x02])
	case command == 0x04 && len(p) >= 1 && (p[0] == 0 || p[0] == alarming):
		d.answer(ccIndicator, 0x05, alarming, 0, 1, properties)
	case command == 0x04:
		d.answer(ccIndicator, 0x05, 0, 0, 0)
	default:
		return false
	}
	return true
}
