package zigbeesim

import "slices"

// Tuya is a device with a second processor of Tuya's make: everything that it has
// to say are data points in a cluster of its own. It says nothing at all before it
// was asked for a row of basic attributes, as Tuya's own hub asks.
type Tuya struct {
	*Node
	charmed bool
	count   byte
	said    map[byte][]byte // type and bytes, by data point
	told    map[byte][]byte
	order   []byte // of the points that it was told
	clock   []byte
}

// Tuya's cluster and its commands.
const (
	tuyaCluster  = 0xEF00
	tuyaSet      = 0x00
	tuyaAnswer   = 0x01
	tuyaReport   = 0x02
	tuyaQuery    = 0x03
	tuyaSend     = 0x04
	tuyaTime     = 0x24
	allAttribute = 0xFFFE // the last that Tuya's hub asks for
)

// NewTuya makes one that calls itself so. One on the mains does not sleep.
func (s *Stick) NewTuya(m Make, maker string, mains bool) *Tuya {
	m.sleepy = !mains
	d := &Tuya{Node: s.node(m, "TS0601", 0x0051), said: make(map[byte][]byte), told: make(map[byte][]byte)}
	d.maker, d.in, d.out = maker, []uint16{0x0000, 0x0004, 0x0005, tuyaCluster}, []uint16{0x000A, 0x0019}
	d.attribute = func(cluster, id uint16) (byte, []byte, bool) {
		if cluster == 0 && id == allAttribute {
			d.charmed = true
			d.s.change()
		}
		return 0x20, []byte{0}, cluster == 0
	}
	d.heard = d.hears
	return d
}

func (d *Tuya) hears(cluster uint16, command byte, payload []byte) byte {
	f := &fields{b: payload}
	switch {
	case cluster != tuyaCluster:
		return 0x81
	case command == tuyaQuery:
		for _, p := range d.points() {
			d.point(tuyaReport, p)
		}
	case command == tuyaTime:
		d.clock = slices.Clone(payload)
	case command == tuyaSet || command == tuyaSend:
		f.u16()
		for len(f.b) > 0 && !f.short {
			point, kind := f.u8(), f.u8()
			high, low := int(f.u8()), int(f.u8())
			data := f.bytes(high<<8 | low)
			d.told[point], d.order = slices.Clone(data), append(d.order, point)
			d.said[point] = append([]byte{kind}, data...)
			d.point(tuyaAnswer, point)
		}
	}
	d.s.change()
	return success
}

func (d *Tuya) points() (all []byte) {
	for p := range d.said {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// point says one data point.
func (d *Tuya) point(command, point byte) {
	if !d.charmed {
		return
	}
	d.count++
	v := d.said[point]
	n := len(v) - 1
	d.say(tuyaCluster, append([]byte{clusterCommand | fromServer, d.seq, command, 0, d.count, point, v[0], byte(n >> 8), byte(n)}, v[1:]...)...)
}

// Says has a data point say something, by Tuya's number of its type.
func (d *Tuya) Says(point, kind byte, data ...byte) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.said[point] = append([]byte{kind}, data...)
	d.point(tuyaReport, point)
	d.s.change()
}

// AsksTime has it ask what time it is, by a frame that wants no other answer.
func (d *Tuya) AsksTime() {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.say(tuyaCluster, clusterCommand|fromServer|noDefault, d.seq, tuyaTime, 0, 8)
}

// Clock is how it was answered.
func (d *Tuya) Clock() []byte {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return slices.Clone(d.clock)
}

// Told is what a data point was told, and in which order all were told.
func (d *Tuya) Told(point byte) (data, order []byte) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return slices.Clone(d.told[point]), slices.Clone(d.order)
}

// Xiaomi is a sensor of Xiaomi's: it tells its name by itself once it has joined,
// answers nothing that it is asked, and reports what it likes to report.
type Xiaomi struct{ *Node }

// NewXiaomi makes one of a model that serves those clusters beside its own.
func (s *Stick) NewXiaomi(m Make, model string, in ...uint16) *Xiaomi {
	m.sleepy, m.Mute = true, true
	x := &Xiaomi{s.node(m, model, 0x5F01)}
	x.maker = "LUMI"
	x.in = append(x.in, in...)
	x.hello = func() {
		x.say(0x0000, append([]byte{fromServer | noDefault, x.seq, 0x0A, 0x05, 0x00, 0x42, byte(len(model))}, model...)...)
	}
	return x
}

// Says reports an attribute of one byte.
func (x *Xiaomi) Says(cluster, attr uint16, kind, value byte) {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.say(cluster, join([]byte{fromServer | noDefault, x.seq, 0x0A}, le16(attr), []byte{kind, value})...)
	x.s.change()
}

// Tags reports its tags, each of them a number, a type and a value, in a string
// among the basic attributes, as about every 50 minutes.
func (x *Xiaomi) Tags(tags ...byte) {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.say(0x0000, append([]byte{0x04 | fromServer | noDefault, 0x5F, 0x11, x.seq, 0x0A, 0x01, 0xFF, 0x42, byte(len(tags))}, tags...)...)
	x.s.change()
}
