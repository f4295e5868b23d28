package zigbeesim

// Meter is a plug that measures what goes through it.
type Meter struct {
	*Plug
	watts  int
	counts uint64 // Wh
}

// NewMeter makes one, off. What hangs on it draws 60 W.
func (s *Stick) NewMeter(m Make) *Meter {
	d := &Meter{Plug: s.NewPlug(m), watts: 60}
	d.model = "SimMeter"
	d.in = append(d.in, 0x0702, 0x0B04)
	plug := d.attribute
	d.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		switch {
		case cluster == 0x0B04 && id == 0x050B:
			return 0x29, le16(d.draws()), true
		case cluster == 0x0B04 && id == 0x0505:
			return 0x21, le16(2300), true
		case cluster == 0x0B04 && id == 0x0508:
			return 0x21, le16(uint16(int(d.draws()) * 1000 / 2300)), true
		case cluster == 0x0B04 && (id == 0x0600 || id == 0x0602 || id == 0x0604):
			return 0x21, le16(1), true
		case cluster == 0x0B04 && id == 0x0603:
			return 0x21, le16(1000), true
		case cluster == 0x0B04 && (id == 0x0601 || id == 0x0605):
			return 0x21, le16(10), true
		case cluster == 0x0702 && id == 0x0000:
			return 0x25, le64(d.counts)[:6], true
		case cluster == 0x0702 && id == 0x0300:
			return 0x30, []byte{0}, true
		case cluster == 0x0702 && id == 0x0301:
			return 0x22, []byte{1, 0, 0}, true
		case cluster == 0x0702 && id == 0x0302:
			return 0x22, []byte{0xE8, 3, 0}, true
		}
		return plug(cluster, id)
	}
	d.turned = func() { d.attributeReport(0x0B04, 0x050B, 0x29, le16(d.draws())) }
	return d
}

// draws is the power in tenths of a watt.
func (d *Meter) draws() uint16 {
	if !d.on {
		return 0
	}
	return uint16(10 * d.watts)
}

// Draw has what hangs on it draw so many watts, and has drawn a tenth of a kWh
// since.
func (d *Meter) Draw(watts int) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.watts, d.counts = watts, d.counts+100
	d.turned()
	d.attributeReport(0x0702, 0, 0x25, le64(d.counts)[:6])
	d.s.change()
}

// Watts is what goes through it.
func (d *Meter) Watts() int {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return int(d.draws()) / 10
}

// Dimmer is a lamp on the mains.
type Dimmer struct {
	*Plug
	level byte // 1–254
}

// NewDimmer makes one, off.
func (s *Stick) NewDimmer(m Make) *Dimmer {
	d := &Dimmer{Plug: s.NewPlug(m), level: 254}
	d.model, d.deviceID = "SimDimmer", 0x0101
	d.in = append(d.in, 0x0004, 0x0005, 0x0008)
	plug, is := d.heard, d.attribute
	d.heard = func(cluster uint16, command byte, payload []byte) byte {
		if cluster != 0x0008 {
			return plug(cluster, command, payload)
		}
		if command != 0x00 && command != 0x04 {
			return 0x81
		}
		f := &fields{b: payload}
		level := f.u8()
		if f.u16(); f.short {
			return 0x80
		}
		if level == 0 && command == 0x04 {
			d.turn(false)
			return success
		}
		d.glow(max(level, 1))
		if command == 0x04 {
			d.turn(true)
		}
		return success
	}
	d.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		if cluster == 0x0008 && id == 0 {
			return 0x20, []byte{d.level}, true
		}
		return is(cluster, id)
	}
	return d
}

func (d *Dimmer) glow(level byte) {
	if d.level != level {
		d.level = level
		d.attributeReport(0x0008, 0, 0x20, []byte{level})
		d.s.change()
	}
}

// Level is how bright it is set, in %.
func (d *Dimmer) Level() int {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return (int(d.level)*100 + 127) / 254
}

// Climate measures temperature and humidity, on a battery.
type Climate struct {
	*Node
	celsius, percent int // hundredths
}

// NewClimate makes one, at 21 °C and 45 %.
func (s *Stick) NewClimate(m Make) *Climate {
	m.sleepy = true
	c := &Climate{Node: s.node(m, "SimClimate", 0x0302), celsius: 2100, percent: 4500}
	c.in = append(c.in, 0x0001, 0x0402, 0x0405)
	c.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		switch {
		case cluster == 0x0402 && id == 0:
			return 0x29, le16(uint16(c.celsius)), true
		case cluster == 0x0405 && id == 0:
			return 0x21, le16(uint16(c.percent)), true
		default:
			return 0, nil, false
		}
	}
	return c
}

// Feel sets what it measures, in hundredths of a degree and of a percent.
func (c *Climate) Feel(celsius, percent int) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.celsius, c.percent = celsius, percent
	c.attributeReport(0x0402, 0, 0x29, le16(uint16(celsius)))
	c.attributeReport(0x0405, 0, 0x21, le16(uint16(percent)))
	c.s.change()
}

// Feels is what it measures.
func (c *Climate) Feels() (celsius, percent int) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.celsius, c.percent
}
