package zigbeesim

import (
	"slices"
	"time"
)

// zoneNode is a sensor on a battery with a zone.
func (s *Stick) zoneNode(m Make, model string, zone uint16) *Node {
	m.sleepy = true
	n := s.node(m, model, 0x0402)
	n.in = append(n.in, 0x0001, 0x0500)
	n.zone = zone
	return n
}

// Contact is a magnet at a door.
type Contact struct{ *Node }

// NewContact makes one, closed.
func (s *Stick) NewContact(m Make) *Contact { return &Contact{s.zoneNode(m, "SimContact", 0x0015)} }

// Open opens the door.
func (c *Contact) Open() { c.set(true) }

// Close closes it.
func (c *Contact) Close() { c.set(false) }

// IsOpen tells which.
func (c *Contact) IsOpen() bool { return c.is() }

// Motion sees people.
type Motion struct{ *Node }

// NewMotion makes one.
func (s *Stick) NewMotion(m Make) *Motion { return &Motion{s.zoneNode(m, "SimMotion", 0x000D)} }

// Walk has somebody walk past.
func (m *Motion) Walk() { m.set(true) }

// Still has nobody there.
func (m *Motion) Still() { m.set(false) }

// Sees tells which.
func (m *Motion) Sees() bool { return m.is() }

// Smoke smells smoke.
type Smoke struct{ *Node }

// NewSmoke makes one.
func (s *Stick) NewSmoke(m Make) *Smoke { return &Smoke{s.zoneNode(m, "SimSmoke", 0x0028)} }

// Fill fills the room with smoke.
func (m *Smoke) Fill() { m.set(true) }

// Air airs it.
func (m *Smoke) Air() { m.set(false) }

// Smells tells which.
func (m *Smoke) Smells() bool { return m.is() }

// Leak feels water.
type Leak struct{ *Node }

// NewLeak makes one.
func (s *Stick) NewLeak(m Make) *Leak { return &Leak{s.zoneNode(m, "SimLeak", 0x002A)} }

// Spill wets it.
func (l *Leak) Spill() { l.set(true) }

// Dry dries it.
func (l *Leak) Dry() { l.set(false) }

// IsWet tells which.
func (l *Leak) IsWet() bool { return l.is() }

// Plug is a switch on the mains.
type Plug struct {
	*Node
	on     bool
	turned func() // what else is told of it; nil: nothing
}

// NewPlug makes one, off.
func (s *Stick) NewPlug(m Make) *Plug {
	p := &Plug{Node: s.node(m, "SimPlug", 0x0051)}
	p.in = append(p.in, 0x0006)
	p.heard = func(cluster uint16, command byte, _ []byte) byte {
		if cluster != 0x0006 || command > 2 {
			return 0x81
		}
		p.turn(command == 1 || command == 2 && !p.on)
		return success
	}
	p.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		return 0x10, p.value(), cluster == 0x0006 && id == 0
	}
	return p
}

func (p *Plug) value() []byte {
	if p.on {
		return []byte{1}
	}
	return []byte{0}
}

func (p *Plug) turn(on bool) {
	if p.on != on {
		p.on = on
		p.attributeReport(0x0006, 0, 0x10, p.value())
		if p.turned != nil {
			p.turned()
		}
		p.s.change()
	}
}

// Turn turns it by hand.
func (p *Plug) Turn(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.turn(on)
}

// On tells whether it is on.
func (p *Plug) On() bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.on
}

// Siren is a warning device on the mains.
type Siren struct {
	*Node
	mode, strobe byte
	until        time.Time
	squawks      []byte // the modes of its short sounds, 0 armed, 1 disarmed
}

// longest is for how long the siren sounds at most, whatever it is told.
const longest = 240 * time.Second

// NewSiren makes one, silent.
func (s *Stick) NewSiren(m Make) *Siren {
	d := &Siren{Node: s.node(m, "SimSiren", 0x0403)}
	d.in = append(d.in, 0x0500, 0x0502)
	d.zone = 0x0225
	d.heard = func(cluster uint16, command byte, payload []byte) byte {
		if cluster != 0x0502 || command > 1 {
			return 0x81
		}
		f := &fields{b: payload}
		if command == 1 {
			info := f.u8()
			if f.short {
				return 0x80
			}
			d.squawks = append(d.squawks, info>>4)
			d.s.change()
			return success
		}
		info, seconds := f.u8(), f.u16()
		f.bytes(2) // duty cycle and level of the lights
		if f.short {
			return 0x80
		}
		d.mode, d.strobe = info>>4, info>>2&0x03
		d.until = time.Now().Add(min(time.Duration(seconds)*time.Second, longest))
		d.s.after(time.Until(d.until), d.s.change)
		d.s.change()
		return success
	}
	d.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		return 0x21, le16(uint16(longest / time.Second)), cluster == 0x0502 && id == 0
	}
	return d
}

// Squawks are the modes of the short sounds that it has made: 0 armed, 1 disarmed.
func (d *Siren) Squawks() []byte {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return slices.Clone(d.squawks)
}

// Sounding tells whether it can be heard.
func (d *Siren) Sounding() bool { return d.Plays() != 0 }

// Plays is the warning mode that it sounds in; 0: silent.
func (d *Siren) Plays() byte {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if !time.Now().Before(d.until) {
		return 0
	}
	return d.mode
}

// Flashing tells whether its lights flash.
func (d *Siren) Flashing() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.strobe != 0 && time.Now().Before(d.until)
}

// Keypad is a keypad on a battery: a client of the hub's IAS ACE cluster.
type Keypad struct {
	*Node
	shown  Panel
	answer byte
	asked  byte
}

// Panel is what a keypad was last told to show.
type Panel struct {
	Status, Seconds, Audible, Alarm byte
}

// Arm modes.
const (
	Disarm   = 0
	ArmHome  = 1 // day, home zones only
	ArmNight = 2
	ArmAway  = 3
)

// NewKeypad makes one.
func (s *Stick) NewKeypad(m Make) *Keypad {
	m.sleepy = true
	k := &Keypad{Node: s.node(m, "SimKeypad", 0x0401), answer: 0xFF}
	k.in = append(k.in, 0x0001, 0x0500)
	k.out = append(k.out, 0x0501)
	k.zone = 0x010F
	k.heard = func(cluster uint16, command byte, payload []byte) byte {
		f := &fields{b: payload}
		switch {
		case cluster == 0x0501 && command == 0x00: // ArmResponse
			k.answer = f.u8()
			k.asked++
		case cluster == 0x0501 && (command == 0x04 || command == 0x05): // PanelStatusChanged, GetPanelStatusResponse
			k.shown = Panel{f.u8(), f.u8(), f.u8(), f.u8()}
		case cluster == 0x0501 && (command == 0x01 || command == 0x02 || command == 0x06 || command == 0x07 || command == 0x08):
		default:
			return 0x81
		}
		k.s.change()
		return success
	}
	return k
}

// Enter types a code and presses a mode's key.
func (k *Keypad) Enter(code string, mode byte) {
	k.command(0x00, join([]byte{mode, byte(len(code))}, []byte(code), []byte{0})...)
}

// Emergency, Fire and Panic press the keys for help.
func (k *Keypad) Emergency() { k.command(0x02) }

// Fire does.
func (k *Keypad) Fire() { k.command(0x03) }

// Panic does.
func (k *Keypad) Panic() { k.command(0x04) }

// Look asks for the panel's status, as a keypad does that somebody comes near to.
func (k *Keypad) Look() { k.command(0x07) }

func (k *Keypad) command(c byte, payload ...byte) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.say(0x0501, append([]byte{clusterCommand, k.seq, c}, payload...)...)
}

// Shows is what it shows.
func (k *Keypad) Shows() Panel {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.shown
}

// Answer is how its last request was answered: an arm notification, 0xFF: not at
// all. count counts the answers.
func (k *Keypad) Answer() (notification, count byte) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.answer, k.asked
}
