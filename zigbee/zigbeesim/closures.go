package zigbeesim

import "time"

// Lock is a door lock on a battery, with a keypad.
type Lock struct {
	*Node
	state    byte // 1 locked, 2 unlocked
	jams     bool
	wantsPIN bool // for what is told by radio
	pins     map[uint16]string
}

// pinSlots is how many PINs a lock keeps.
const pinSlots = 4

// NewLock makes one, locked.
func (s *Stick) NewLock(m Make) *Lock {
	m.sleepy = true
	if m.Poll == 0 {
		m.Poll = 2 * time.Second // somebody waits at the door
	}
	d := &Lock{Node: s.node(m, "SimLock", 0x000A), state: 1, pins: map[uint16]string{}}
	d.in = append(d.in, 0x0001, 0x0009, 0x0101)
	d.heard = d.told
	d.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		switch {
		case cluster != 0x0101:
		case id == 0x0000:
			return 0x30, []byte{d.state}, true
		case id == 0x0012:
			return 0x21, le16(pinSlots), true
		case id == 0x0017:
			return 0x20, []byte{8}, true
		case id == 0x0018:
			return 0x20, []byte{4}, true
		case id == 0x0033:
			return 0x10, []byte{flag(d.wantsPIN)}, true
		}
		return 0, nil, false
	}
	return d
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// told takes a command of the hub.
func (d *Lock) told(cluster uint16, command byte, payload []byte) byte {
	if cluster != 0x0101 {
		return 0x81
	}
	f := &fields{b: payload}
	status := byte(0)
	switch command {
	case 0x00, 0x01:
		pin := string(f.bytes(int(f.u8())))
		if user, ok := d.user(pin); d.wantsPIN && !ok {
			status = 1
		} else {
			d.bolt(2-(command^1), 1, user)
		}
	case 0x05:
		user := f.u16()
		f.u16() // status and type
		pin := string(f.bytes(int(f.u8())))
		owner, taken := d.user(pin)
		switch {
		case f.short || user >= pinSlots:
			status = 1
		case taken && owner != user:
			status = 3
		default:
			d.pins[user] = pin
		}
	case 0x07:
		delete(d.pins, f.u16())
	default:
		return 0x81
	}
	if f.short {
		return 0x80
	}
	d.s.change()
	d.say(0x0101, clusterCommand|fromServer|noDefault, d.hearing, command, status)
	return answered
}

func (d *Lock) user(pin string) (uint16, bool) {
	for user, p := range d.pins {
		if p == pin && pin != "" {
			return user, true
		}
	}
	return 0xFFFF, false
}

// bolt moves the bolt and tells the hub who did it, by keypad (0), radio (1) or
// hand (2).
func (d *Lock) bolt(state, source byte, user uint16) {
	if d.jams {
		d.state = 0
		d.attributeReport(0x0101, 0, 0x30, []byte{0})
		d.warn(0x00)
		d.s.change()
		return
	}
	d.state = state
	event := state // locked 1, unlocked 2
	if source == 2 {
		event = 0x0C + state // by hand
	}
	d.operated(source, event, user)
	d.attributeReport(0x0101, 0, 0x30, []byte{d.state})
	d.s.change()
}

func (d *Lock) operated(source, event byte, user uint16) {
	d.say(0x0101, join([]byte{clusterCommand | fromServer | noDefault, d.seq, 0x20, source, event}, le16(user), []byte{0}, le32(0), []byte{0})...)
}

// warn tells of an alarm of its own.
func (d *Lock) warn(code byte) {
	if d.bound[0x0009] || d.settled {
		d.say(0x0009, clusterCommand|fromServer|noDefault, d.seq, 0x00, code, 0x01, 0x01)
	}
}

// Know gives a user a PIN, as somebody does at the lock.
func (d *Lock) Know(user uint16, pin string) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.pins[user] = pin
}

// Turn turns the bolt by hand.
func (d *Lock) Turn(locked bool) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.bolt(2-flag(locked), 2, 0xFFFF)
}

// Enter types a PIN at its keypad, which unlocks it; a wrong one does not, and it
// says so.
func (d *Lock) Enter(pin string) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if user, ok := d.user(pin); ok {
		d.bolt(2, 0, user)
		return
	}
	d.operated(0, 0x05, 0xFFFF)
}

// Jam has its bolt meet something; Free takes that away.
func (d *Lock) Jam() { d.setJam(true) }

// Free does.
func (d *Lock) Free() { d.setJam(false) }

func (d *Lock) setJam(on bool) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.jams = on
}

// Force opens the door although it is locked.
func (d *Lock) Force() {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.warn(0x06)
}

// WantPIN has it do nothing by radio without a PIN; WantNoPIN ends that.
func (d *Lock) WantPIN() { d.wantPIN(true) }

// WantNoPIN does.
func (d *Lock) WantNoPIN() { d.wantPIN(false) }

func (d *Lock) wantPIN(on bool) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.wantsPIN = on
}

// State is "locked", "unlocked" or "jammed".
func (d *Lock) State() string {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return [...]string{"jammed", "locked", "unlocked"}[d.state]
}

// PIN is that of a user; "": none.
func (d *Lock) PIN(user uint16) string {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.pins[user]
}

// Covering is a roller shutter on the mains. It is where it goes to at once.
type Covering struct {
	*Node
	down byte // % of the way
}

// NewCovering makes one, open.
func (s *Stick) NewCovering(m Make) *Covering {
	c := &Covering{Node: s.node(m, "SimShutter", 0x0202)}
	c.in = append(c.in, 0x0102)
	c.heard = func(cluster uint16, command byte, payload []byte) byte {
		f := &fields{b: payload}
		switch {
		case cluster != 0x0102:
			return 0x81
		case command == 0x00:
			c.move(0)
		case command == 0x01:
			c.move(100)
		case command == 0x02: // it stands
		case command == 0x05:
			if p := f.u8(); f.short || p > 100 {
				return 0x85
			} else {
				c.move(p)
			}
		default:
			return 0x81
		}
		return success
	}
	c.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		return 0x20, []byte{c.down}, cluster == 0x0102 && id == 0x0008
	}
	return c
}

func (c *Covering) move(down byte) {
	if c.down != down {
		c.down = down
		c.attributeReport(0x0102, 0x0008, 0x20, []byte{down})
		c.s.change()
	}
}

// Turn goes to so many percent of the way down, by its switch.
func (c *Covering) Turn(down int) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.move(byte(down))
}

// Down is how far it is down, in %.
func (c *Covering) Down() int {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return int(c.down)
}
