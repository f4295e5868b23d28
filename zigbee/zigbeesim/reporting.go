package zigbeesim

import "time"

// report names an attribute that is reported.
type report struct{ cluster, attr uint16 }

// config is when it is.
type config struct {
	kind     byte
	min, max uint16
	change   []byte
	round    int // that it began in
}

// ForgetReports has a device forget what it was told to report and to whom, as
// some firmware does when its battery runs low.
func (n *Node) ForgetReports() {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	n.bound, n.configs = map[uint16]bool{}, map[report]config{}
}

// Reports tells whether the attribute is reported.
func (n *Node) Reports(cluster, attr uint16) bool {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	_, ok := n.configs[report{cluster, attr}]
	return ok && n.bound[cluster]
}

// size is how many bytes a value of that type has.
func size(kind byte) int {
	if kind == 0x10 || kind == 0x30 {
		return 1
	}
	return int(kind&7) + 1
}

// configure takes Configure Reporting and answers it.
func (n *Node) configure(cluster uint16, f *fields) []byte {
	if !n.bound[cluster] {
		n.s.violation("reporting of cluster %#04x of %s without a binding", cluster, n.model)
	}
	var refused []byte
	for len(f.b) > 0 && !f.short {
		direction, attr, c := f.u8(), f.u16(), config{kind: f.u8()}
		c.min, c.max = f.u16(), f.u16()
		if c.kind >= 0x20 && c.kind < 0x30 {
			c.change = f.bytes(size(c.kind))
		}
		kind, _, ok := n.read(cluster, attr)
		switch {
		case f.short || direction != 0:
			n.s.violation("%s is told to report with fields cut short, or in direction %d", n.model, direction)
		case n.make.KeepsQuiet:
			refused = join(refused, []byte{0x8C, 0}, le16(attr)) // unreportable attribute
		case !ok:
			refused = join(refused, []byte{0x86, 0}, le16(attr)) // unsupported attribute
		case kind != c.kind:
			n.s.violation("attribute %#04x of cluster %#04x of %s is of type %#02x, and not %#02x", attr, cluster, n.model, kind, c.kind)
		default:
			n.rounds++
			c.round = n.rounds
			n.configs[report{cluster, attr}] = c
			n.again(report{cluster, attr}, c)
		}
	}
	if refused == nil {
		return []byte{success}
	}
	return refused
}

// again reports an attribute when nothing else had it reported for so long.
func (n *Node) again(r report, c config) {
	if c.max == 0 || c.max == 0xFFFF {
		return
	}
	n.later(time.Duration(c.max)*time.Second, func() {
		if n.configs[r].round != c.round || !n.bound[r.cluster] || n.short == 0 {
			return
		}
		if kind, value, ok := n.read(r.cluster, r.attr); ok {
			n.attributeReport(r.cluster, r.attr, kind, value)
		}
		n.again(r, c)
	})
}

// configured answers Read Reporting Configuration.
func (n *Node) configured(cluster uint16, f *fields) []byte {
	var out []byte
	for len(f.b) > 0 && !f.short {
		direction, attr := f.u8(), f.u16()
		c, ok := n.configs[report{cluster, attr}]
		if direction != 0 || !ok {
			out = join(out, []byte{0x8B, direction}, le16(attr)) // not found
			continue
		}
		out = join(out, []byte{success, 0}, le16(attr), []byte{c.kind}, le16(c.min), le16(c.max), c.change)
	}
	return out
}

// attributeReport reports an attribute if that was configured.
func (n *Node) attributeReport(cluster, id uint16, kind byte, value []byte) {
	_, told := n.configs[report{cluster, id}]
	if n.bound[cluster] && (told || n.settled) {
		n.say(cluster, join([]byte{fromServer | noDefault, n.seq, 0x0A}, le16(id), []byte{kind}, value)...)
	}
}
