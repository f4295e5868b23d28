package quirks

import "gatehouse/zigbee/zcl"

// Say takes what a device said: by which reading, and what that means. An alarm
// comes as it stood in the frame, before what follows it.
type Say func(*Reading, Value)

// HearPoints hands on what data points say.
func (q *Quirk) HearPoints(points []Point, say Say) {
	for _, p := range points {
		n, ok := p.Number()
		for i := range q.Readings {
			if r := &q.Readings[i]; ok && r.Source == FromPoint && r.ID == p.ID {
				if v, ok := r.Of(n); ok {
					say(r, v)
				}
			}
		}
	}
}

// HearAttribute hands on what an attribute says, or the tags in it, and tells
// whether the quirk has a word for it. maker is whose attribute the frame says
// that it is.
func (q *Quirk) HearAttribute(cluster zcl.Cluster, maker uint16, a zcl.Attribute, say Say) (known bool) {
	tags, _ := TagsOf(cluster, a)
	for i := range q.Readings {
		r := &q.Readings[i]
		if r.Source == FromAttribute && r.Cluster == cluster && r.Attr == a.Attr && (maker == 0 || maker == r.Maker) {
			known = true
			r.hear(a.Value, say)
		}
		for _, t := range tags {
			if r.Source == FromTag && r.ID == t.ID {
				r.hear(t.Value, say)
			}
		}
	}
	return known
}

// hear hands on what a number says.
func (r *Reading) hear(v zcl.Value, say Say) {
	if !v.Known() || v.B != nil {
		return
	}
	if out, ok := r.OfFloat(v.Float()); ok {
		say(r, out)
	}
}

// HearZone hands on what the alarm bits of a zone say.
func (q *Quirk) HearZone(s zcl.ZoneStatus, say Say) {
	for i := range q.Readings {
		r := &q.Readings[i]
		if r.Source != FromAlarm {
			continue
		}
		bits := zcl.ZoneAlarm1 | zcl.ZoneAlarm2
		switch r.ID {
		case 1:
			bits = zcl.ZoneAlarm1
		case 2:
			bits = zcl.ZoneAlarm2
		}
		n := int64(0)
		if s&bits != 0 {
			n = 1
		}
		if v, ok := r.Of(n); ok {
			say(r, v)
		}
	}
}
