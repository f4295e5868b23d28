package zigbee

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// Likeness is what its quirks are looked up by.
func (d *Device) Likeness() quirks.Likeness {
	l := quirks.Likeness{Model: d.Model, Maker: d.Maker}
	for _, e := range d.Endpoints {
		l.Serves = append(l.Serves, e.In...)
	}
	return l
}

// quirk is what is known of a device that does not keep to the library; the zero
// Quirk: nothing.
func (c *Controller) quirk(d *Device) quirks.Quirk {
	look := c.opt.Quirks
	if look == nil {
		look = func(l quirks.Likeness) (quirks.Quirk, bool) { return quirks.Find(nil, l) }
	}
	q, _ := look(d.Likeness())
	return q
}

// Relearn has devices asked and told what their quirks want, where that is
// something else than they were when they joined.
func (c *Controller) Relearn() {
	c.mu.Lock()
	for _, n := range c.nodes {
		if q := c.quirk(&n.Device); n.Ways != waysOf(q) {
			n.recheck()
		}
	}
	c.mu.Unlock()
	poke(c.studies)
}

// waysOf stands for what a quirk wants a device to be asked and told.
func waysOf(q quirks.Quirk) string {
	if len(q.Steps) == 0 {
		return ""
	}
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%+v", q.Steps)
	return fmt.Sprintf("%016x", h.Sum64())
}

// setUp asks and tells a device what its quirk wants. What it refuses, or has no
// answer to, it has no need of; but what is to be written or bound must arrive.
func (c *Controller) setUp(ctx context.Context, id IEEE, q quirks.Quirk) error {
	d, ok := c.device(id)
	if !ok || len(d.Endpoints) == 0 {
		return nil
	}
	if d.Ways == waysOf(q) && d.Studied {
		return nil
	}
	for _, s := range q.Steps {
		e, ok := d.Serving(s.Cluster)
		if !ok {
			e = d.Endpoints[0]
		}
		var err error
		switch s.Do {
		case quirks.DoRead:
			if _, err = c.askAs(ctx, id, e.ID, s.Cluster, s.Maker, zcl.ReadAttributes{Attrs: s.Attrs}); errors.Is(err, ErrNoAnswer) {
				err = nil
			}
		case quirks.DoWrite:
			_, err = c.askAs(ctx, id, e.ID, s.Cluster, s.Maker, zcl.WriteAttributes{Attributes: []zcl.Attribute{{Attr: s.Attrs[0], Value: s.Value}}})
		case quirks.DoBind:
			err = c.bind(ctx, id, e.ID, s.Cluster)
		case quirks.DoQuery:
			c.Send(id, e.ID, quirks.Tuya, quirks.QueryPoints(), LaneStudy, func(error) {})
		}
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
	}
	c.note(id, func(n *node) { n.Ways = waysOf(q) })
	return nil
}

// assume takes a device for what its quirk says that it is, as it does not answer
// when it is asked. It has told its model by itself.
func (c *Controller) assume(id IEEE, q quirks.Quirk) {
	in := []zcl.Cluster{zcl.Basic}
	for _, r := range q.Readings {
		cluster := r.Cluster
		if r.Source == quirks.FromAlarm {
			cluster = zcl.IASZone
		}
		if !slices.Contains(in, cluster) {
			in = append(in, cluster)
		}
	}
	c.note(id, func(n *node) { n.Endpoints = []Endpoint{{ID: 1, Profile: homeAutomation, In: in}} })
}

// homeAutomation is the profile of whatever is in a house.
const homeAutomation = 0x0104

// tellsName takes the name that a device says by itself: some do, once they have
// joined, and answer nothing that they are asked.
func (n *node) tellsName(a zcl.Attribute) {
	switch {
	case a.Attr == zcl.BasicModel && n.Model == "":
		n.Model = a.Value.Text()
	case a.Attr == zcl.BasicManufacturer && n.Maker == "":
		n.Maker = a.Value.Text()
	}
}

// tuyaOwes answers what a device of Tuya's asks for, or tells it that it was heard.
func (c *Controller) tuyaOwes(r Report) {
	d, ok := c.device(r.Device)
	if !ok {
		return
	}
	if out := quirks.Owed(r.Command, c.quirk(&d).Clock, time.Now()); out != nil {
		c.Send(r.Device, r.Endpoint, quirks.Tuya, out, LaneAnswer, func(error) {})
		return
	}
	if !r.Frame.Quiet {
		c.Answer(r, zcl.DefaultResponse{Command: r.Frame.Command, Status: zcl.Success}, func(error) {})
	}
}
