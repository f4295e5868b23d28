package zigbee

import (
	"context"
	"time"

	"gatehouse/zigbee/ias"
	"gatehouse/zigbee/zcl"
)

// zone is the enrolment of one zone, under way or done.
type zone struct {
	ias.Enrolment
	timer *time.Timer   // at Until
	first chan struct{} // closed when the first attempt is over
	over  bool          // it is
}

// enroll makes the hub the one that a zone reports to. It waits until the first
// attempt is over, however it ended: what failed goes on by itself, and the
// device is of use meanwhile.
func (c *Controller) enroll(ctx context.Context, id IEEE, endpoint byte) error {
	c.mu.Lock()
	n := c.nodes[id]
	if n == nil {
		c.mu.Unlock()
		return ErrNoDevice
	}
	z, begun := n.zones[endpoint], true
	if z == nil {
		z, begun = c.zone(n, endpoint), false
	}
	first := z.first
	c.mu.Unlock()
	if !begun {
		c.zoned(id, endpoint, nil, unasked)
	}
	select {
	case <-first:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// zone makes the enrolment of a zone. The lock is held.
func (c *Controller) zone(n *node, endpoint byte) *zone {
	z := &zone{first: make(chan struct{})}
	z.CIE, z.Zone, z.Patience, z.Phase = uint64(c.info.IEEE), c.zoneID(n.IEEE, endpoint), answerAwake, ias.Resting
	if n.sleeper() {
		z.Patience = answerAsleep
	}
	z.AskedOnly = c.quirk(&n.Device).AskedOnly
	if e, ok := n.endpoint(endpoint); ok && e.Zone.Enrolled {
		z.Zone, z.Phase = e.Zone.ID, ias.Enrolled
	}
	if n.zones == nil {
		n.zones = make(map[byte]*zone)
	}
	n.zones[endpoint] = z
	return z
}

// unasked stands for the number of a request that there is none of.
const unasked = -1

// zoned tells an enrolment what happened, nil that it is to begin, and does what
// it wants; asked is the number of a request that it may answer. The lock is not
// held.
func (c *Controller) zoned(id IEEE, endpoint byte, in ias.Input, asked int) {
	c.mu.Lock()
	n := c.nodes[id]
	var z *zone
	if n != nil {
		z = n.zones[endpoint]
	}
	if z == nil || c.adapter == nil {
		c.mu.Unlock()
		return
	}
	var out []zcl.Command
	if in == nil {
		z.Enrolment, out = z.Begin(time.Now())
	} else {
		z.Enrolment, out = z.Step(time.Now(), in)
	}
	z.arm(func() { c.zoned(id, endpoint, ias.Tick{}, unasked) })
	tell := c.zoneIs(n, endpoint, z)
	c.mu.Unlock()
	if tell {
		c.changed(id)
	}
	for _, cmd := range out {
		c.zoneTold(id, endpoint, cmd, asked)
	}
}

// arm has the enrolment called when it wants.
func (z *zone) arm(tick func()) {
	if z.timer != nil {
		z.timer.Stop()
	}
	if z.timer = nil; !z.Until.IsZero() {
		z.timer = time.AfterFunc(time.Until(z.Until), tick)
	}
}

// zoneIs notes of an endpoint what its enrolment has found, and says whether that
// is news of a device that was studied. The lock is held.
func (c *Controller) zoneIs(n *node, endpoint byte, z *zone) (tell bool) {
	if !z.over && (z.Phase == ias.Enrolled || z.Phase == ias.Resting) {
		z.over = true
		close(z.first)
	}
	e, ok := n.endpoint(endpoint)
	if !ok {
		return false
	}
	was := e.Zone
	if e.Zone.ID = z.Zone; z.TypeKnown {
		e.Zone.Type = z.Type
	}
	switch z.Phase {
	case ias.Enrolled:
		e.Zone.Enrolled = true
	case ias.Resting:
		e.Zone.Enrolled = false
	default: // not known yet
	}
	if e.Zone == was {
		return false
	}
	n.setEndpoint(e)
	c.keep(n.IEEE)
	return n.Studied
}

// zoneTold sends what an enrolment wants to be sent. An answer asks for no
// default response: it would be one more message for a sleeper.
func (c *Controller) zoneTold(id IEEE, endpoint byte, cmd zcl.Command, asked int) {
	c.mu.Lock()
	f := zcl.Send(c.number(), cmd)
	c.mu.Unlock()
	lane := LaneStudy
	if _, answer := cmd.(zcl.ZoneEnrollResponse); answer {
		f.Quiet, lane = true, LaneAnswer
		if asked != unasked {
			f.Sequence = byte(asked)
		}
	}
	c.send(id, endpoint, zcl.IASZone, f, lane, func(err error) {
		if err != nil {
			c.zoned(id, endpoint, ias.Unanswered{}, unasked)
		}
	})
}

// zoneHeard passes on to enrolments what a device said. A zone that is not
// enrolled, as the device was studied long ago, is taken up again.
func (c *Controller) zoneHeard(r Report) {
	_, asks := r.Command.(zcl.ZoneEnrollRequest)
	c.mu.Lock()
	n := c.nodes[r.Device]
	if n == nil {
		c.mu.Unlock()
		return
	}
	var awake, begin []byte
	for _, e := range n.Endpoints {
		z := n.zones[e.ID]
		switch {
		case !e.Serves(zcl.IASZone):
		case z == nil && asks && e.ID == r.Endpoint:
			c.zone(n, e.ID)
		case z == nil && n.Studied && !e.Zone.Enrolled:
			c.zone(n, e.ID)
			begin = append(begin, e.ID)
		case z != nil && z.Phase == ias.Resting && (!asks || e.ID != r.Endpoint):
			awake = append(awake, e.ID)
		}
	}
	known := n.zones[r.Endpoint] != nil
	c.mu.Unlock()
	for _, e := range begin {
		c.zoned(r.Device, e, nil, unasked)
	}
	for _, e := range awake {
		c.zoned(r.Device, e, ias.Awake{}, unasked)
	}
	switch {
	case r.Cluster != zcl.IASZone:
	case known:
		c.zoned(r.Device, r.Endpoint, ias.Heard{Command: r.Command}, int(r.Frame.Sequence))
	case asks: // before it was asked what it is
		c.Answer(r, zcl.ZoneEnrollResponse{}, func(error) {})
	}
}

// dropZones ends the enrolments of a device. The lock is held.
func (n *node) dropZones() {
	for _, z := range n.zones {
		if z.timer != nil {
			z.timer.Stop()
		}
		if !z.over { // nobody waits for what will not come
			z.over = true
			close(z.first)
		}
	}
	n.zones = nil
}
