package zigbee

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zdo"
)

// Figures of studying.
const (
	studiesAtOnce = 2
	studyPause    = 10 * time.Second // before the second try; it doubles
	studyPauseMax = 10 * time.Minute
)

// hubEndpoint is the hub's own, to which devices report.
const hubEndpoint = 1

// keepStudying learns what devices are until ctx ends. One that does not answer
// is asked again later, and when it is next heard.
func (c *Controller) keepStudying(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.keepPolling(ctx) })
	room := make(chan struct{}, studiesAtOnce)
	for {
		id, at, ok := c.nextStudy(time.Now())
		if ok && at.IsZero() {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				c.studied(id, context.Cause(ctx))
				return
			}
			wg.Go(func() {
				c.studied(id, c.study(ctx, id))
				<-room
				poke(c.studies)
			})
			continue
		}
		wait := time.Hour
		if ok {
			wait = time.Until(at)
		}
		timer := time.NewTimer(wait)
		select {
		case <-c.studies:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// nextStudy takes a device that is to be studied now; or says when the next one
// is.
func (c *Controller) nextStudy(now time.Time) (id IEEE, at time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		switch {
		case n.Studied && !n.doubted || n.studying:
		case !n.next.After(now):
			n.studying = true
			return n.IEEE, time.Time{}, true
		case !ok || n.next.Before(at):
			at, ok = n.next, true
		}
	}
	return 0, at, ok
}

// studied notes how a study ended.
func (c *Controller) studied(id IEEE, err error) {
	c.mu.Lock()
	n := c.nodes[id]
	if n == nil {
		c.mu.Unlock()
		return
	}
	n.studying = false
	joining := c.join.Device == id && !c.join.Step.Ended()
	if err != nil {
		n.fails++
		pause := studyPauseMax
		if n.fails < 8 {
			pause = min(studyPause<<(n.fails-1), studyPauseMax)
		}
		if n.next = time.Now().Add(pause); n.Studied && n.sleeper() {
			n.next = time.Now().Add(unheard)
		}
		c.mu.Unlock()
		c.log.Info("device not understood yet", "device", id, "err", err)
		if joining && !errors.Is(err, ErrDown) {
			c.joined(Join{Step: JoinFailed, Device: id, Reason: "the device joined and does not answer; wake it by its button, and it is asked again"})
		}
		return
	}
	polls := n.polls()
	news, again := !slices.Equal(polls, n.told) || n.tells != n.Firmware, n.Studied
	n.tells = n.Firmware
	n.Studied, n.fails, n.doubted, n.asked, n.checked, n.told = true, 0, false, true, time.Now(), polls
	clear(n.says)
	c.mu.Unlock()
	if news || !again {
		c.changed(id)
	}
	if again { // what it is was known; whether it does what it was told was in doubt
		return
	}
	if joining {
		c.joined(Join{Step: JoinDone, Device: id})
	}
	c.Refresh(id)
}

// study asks a device what it is, enrolls its zones, and has it report.
func (c *Controller) study(ctx context.Context, id IEEE) error {
	c.mu.Lock()
	if c.join.Device == id && c.join.Step == JoinFound {
		c.mu.Unlock()
		c.joined(Join{Step: JoinInterviewing, Device: id})
	} else {
		c.mu.Unlock()
	}
	if err := c.describe(ctx, id); errors.Is(err, ErrNoAnswer) || errors.Is(err, ErrNoAck) {
		d, _ := c.device(id)
		q := c.quirk(&d)
		if !q.Unasked {
			return err
		}
		c.assume(id, q)
	} else if err != nil {
		return err
	}
	if err := c.basics(ctx, id); err != nil {
		return err
	}
	d, ok := c.device(id)
	if !ok {
		return ErrNoDevice
	}
	q := c.quirk(&d)
	for _, e := range d.Endpoints {
		if e.Serves(zcl.IASZone) && !e.Zone.Enrolled {
			if err := c.enroll(ctx, id, e.ID); err != nil {
				return err
			}
		}
		if q.Unasked {
			continue
		}
		if err := c.meters(ctx, id, e); err != nil {
			return err
		}
		if err := c.report(ctx, id, e); err != nil {
			return err
		}
	}
	return c.setUp(ctx, id, q)
}

func (c *Controller) device(id IEEE) (Device, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	if n == nil {
		return Device{}, false
	}
	return n.Device, true
}

// note changes what is known of a device.
func (c *Controller) note(id IEEE, do func(*node)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.nodes[id]; n != nil {
		do(n)
		c.keep(id)
	}
}

// describe asks for the descriptors, unless they are known from a study that was
// cut short.
func (c *Controller) describe(ctx context.Context, id IEEE) error {
	d, ok := c.device(id)
	switch {
	case !ok:
		return ErrNoDevice
	case len(d.Endpoints) > 0:
		return nil
	}
	short := uint16(d.Short)
	what, err := answerTo[zdo.NodeDescriptorResponse](ctx, c, id, zdo.NodeDescriptorRequest{Addr: short})
	if err != nil {
		return err
	}
	c.note(id, func(n *node) {
		can := what.Descriptor.Capability
		n.Listening, n.Mains, n.Manufacturer = can&zdo.ReceiverOn != 0, can&zdo.MainsPowered != 0, what.Descriptor.Manufacturer
		n.Router = what.Descriptor.Type == zdo.Router
	})
	active, err := answerTo[zdo.ActiveEndpointsResponse](ctx, c, id, zdo.ActiveEndpointsRequest{Addr: short})
	if err != nil {
		return err
	}
	var all []Endpoint
	for _, number := range active.Endpoints {
		simple, err := answerTo[zdo.SimpleDescriptorResponse](ctx, c, id, zdo.SimpleDescriptorRequest{Addr: short, Endpoint: number})
		if errors.Is(err, errRefused) {
			continue // it names an endpoint that it does not describe
		}
		if err != nil {
			return err
		}
		s := simple.Descriptor
		all = append(all, Endpoint{ID: s.Endpoint, Profile: s.Profile, Kind: s.Device, In: clusters(s.In), Out: clusters(s.Out)})
	}
	c.note(id, func(n *node) { n.Endpoints = all })
	return nil
}

func clusters(ids []uint16) []zcl.Cluster {
	var l []zcl.Cluster
	for _, id := range ids {
		l = append(l, zcl.Cluster(id))
	}
	return l
}

// read reads attributes; those that the device does not have are left out.
func (c *Controller) read(ctx context.Context, id IEEE, endpoint byte, cluster zcl.Cluster, attrs ...zcl.Attr) (map[zcl.Attr]zcl.Value, error) {
	cmd, err := c.ask(ctx, id, endpoint, cluster, zcl.ReadAttributes{Attrs: attrs})
	if err != nil {
		return nil, err
	}
	values := make(map[zcl.Attr]zcl.Value)
	if r, ok := cmd.(zcl.ReadAttributesResponse); ok {
		for _, rec := range r.Records {
			if rec.Status == zcl.Success {
				values[rec.Attr] = rec.Value
			}
		}
	}
	return values, nil
}

// basics asks who made the device. One that refuses to say stays nameless.
func (c *Controller) basics(ctx context.Context, id IEEE) error {
	c.mu.Lock()
	var d Device
	again := false
	if n := c.nodes[id]; n != nil {
		d, again = n.Device, n.reread
	}
	c.mu.Unlock()
	e, ok := d.Serving(zcl.Basic)
	if !ok || d.Model != "" && !again {
		return nil
	}
	v, err := c.read(ctx, id, e.ID, zcl.Basic, zcl.BasicManufacturer, zcl.BasicModel, zcl.BasicSoftwareBuild)
	if err != nil && !errors.Is(err, errRefused) {
		return err
	}
	c.note(id, func(n *node) {
		n.reread = false
		n.Maker, n.Model, n.Firmware = v[zcl.BasicManufacturer].Text(), v[zcl.BasicModel].Text(), v[zcl.BasicSoftwareBuild].Text()
	})
	return nil
}

// zoneID is a number for a zone that no other has; more than there are numbers
// share the last one, as nothing depends on it. The lock is held.
func (c *Controller) zoneID(id IEEE, endpoint byte) byte {
	var used [256]bool
	for _, n := range c.nodes {
		for _, e := range n.Endpoints {
			if e.Serves(zcl.IASZone) && e.Zone.Enrolled && (n.IEEE != id || e.ID != endpoint) {
				used[e.Zone.ID] = true
			}
		}
	}
	for i := range used {
		if !used[i] && i < 0xFF {
			return byte(i)
		}
	}
	return 0xFE
}
