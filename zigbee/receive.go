package zigbee

import (
	"slices"
	"time"

	"gatehouse/zigbee/ias"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zdo"
)

// maxEarly is how many messages of unknown addresses are kept until it is known
// whose they are.
const maxEarly = 16

// Heard implements Handler. What a device says is told before it is answered.
func (c *Controller) Heard(m Message) {
	now := time.Now()
	c.mu.Lock()
	n := c.shorts[m.Peer]
	if n == nil {
		c.unknown(m)
		return
	}
	n.LastSeen = now
	if n.repeats(now, m) {
		c.mu.Unlock()
		return
	}
	cluster := zcl.Cluster(m.Cluster)
	id, a := n.IEEE, c.adapter
	ask := a != nil && n.Studied && !n.asked
	n.asked = n.asked || ask
	f, err := zcl.ParseFrame(m.Payload)
	var cmd zcl.Command
	if err == nil {
		cmd, err = zcl.Parse(cluster, f)
	}
	if err == nil {
		c.answers(m.Peer, cluster, f, cmd)
		c.spoke(n, now, m.PeerEndpoint, cluster, cmd)
	}
	study := (!n.Studied || n.doubted) && !n.studying
	if study && now.Before(n.next) {
		n.next = now // a sleeper is awake now
	}
	orders := len(n.orders) > 0
	var polls []poll
	if n.sleeper() && n.Studied {
		polls = n.due(now)
	}
	c.mu.Unlock()
	r := Report{Device: id, Endpoint: m.PeerEndpoint, Cluster: cluster, Frame: f, Command: cmd, Quality: m.Quality, At: now}
	if err != nil {
		c.log.Debug("frame not understood", "device", id, "err", err)
	} else {
		c.tell(r)
	}
	c.owed(r, m, err)
	c.zoneHeard(r)
	c.saw(r)
	if ask {
		c.Refresh(id)
	}
	if orders {
		c.deliver(n)
	}
	c.poll(polls)
	if study {
		poke(c.studies)
	}
}

// owed answers what has to be answered. The arming of keypads and their
// questions are answered by who knows the house.
func (c *Controller) owed(r Report, m Message, err error) {
	_, raw := r.Command.(zcl.Raw)
	asks := raw && r.Cluster == quirks.Tuya // for the time, by a frame that wants no answer
	if m.Broadcast || r.Frame.Quiet && err == nil && !asks {
		return
	}
	status := zcl.Success
	switch cmd := r.Command.(type) {
	case zcl.CheckIn:
		c.Answer(r, c.checkedIn(r.Device), func(error) {})
		return
	case nil:
		status = zcl.MalformedCommand
	case zcl.Raw:
		if cmd.Of.Kind != zcl.Local {
			return
		}
		if cmd.Of.Cluster == quirks.Tuya {
			c.tuyaOwes(r)
			return
		}
		status = zcl.UnsupportedCommand
	case zcl.ReportAttributes, zcl.ZoneStatusChange, zcl.LockOperation, zcl.LockProgrammed, zcl.Alarm,
		zcl.TurnOff, zcl.TurnOn, zcl.Toggle, zcl.TurnOffWithEffect, zcl.TurnOnRecall, zcl.TurnOnTimed,
		zcl.MoveToLevel, zcl.MoveLevel, zcl.StepLevel, zcl.StopLevel, zcl.RecallScene, zcl.Emergency, zcl.Fire, zcl.Panic:
	default:
		return
	}
	c.Answer(r, zcl.DefaultResponse{Command: r.Frame.Command, Status: status}, func(error) {})
}

// listenFor is how long a device that checks in is to listen on, in quarters of a
// second: 10 s.
const listenFor = 40

// checkedIn has a device listen on while there is something that it is to be told
// or asked.
func (c *Controller) checkedIn(id IEEE) zcl.CheckInResponse {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	if n == nil {
		return zcl.CheckInResponse{}
	}
	busy := !n.Studied || n.doubted || len(n.orders) > 0 || slices.ContainsFunc(c.waiters, func(w *waiter) bool { return w.peer == n.Short })
	for _, z := range n.zones {
		busy = busy || z.Phase != ias.Enrolled
	}
	if !busy {
		return zcl.CheckInResponse{}
	}
	return zcl.CheckInResponse{FastPoll: true, Timeout: listenFor}
}

// unknown keeps a message of an address that nobody knows, asks whose it is, and
// releases the lock.
func (c *Controller) unknown(m Message) {
	a := c.adapter
	asked := slices.ContainsFunc(c.early, func(e Message) bool { return e.Peer == m.Peer })
	if a != nil && len(c.early) < maxEarly {
		m.Payload = slices.Clone(m.Payload)
		c.early = append(c.early, m)
	}
	c.mu.Unlock()
	if a != nil && !asked {
		q := zdo.IEEEAddressRequest{Addr: uint16(m.Peer)}
		a.Ask(m.Peer, uint16(q.Cluster()), q.Append(nil), func(error) {})
	}
}

// Answered implements Handler.
func (c *Controller) Answered(from Short, cluster uint16, b []byte) {
	body, err := zdo.Parse(zdo.Cluster(cluster), b)
	if err != nil {
		c.log.Debug("answer not understood", "short", from, "err", err)
		return
	}
	if r, ok := body.(zdo.IEEEAddressResponse); ok {
		c.located(r.Addresses)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.waiters {
		if w.zdo && w.peer == from && w.cluster == cluster {
			w.ch <- answer{zdo: body}
			c.waiters = slices.Delete(c.waiters, i, i+1)
			return
		}
	}
}

// located takes the two addresses of a device.
func (c *Controller) located(a zdo.Addresses) {
	if a.Status == zdo.Success {
		c.addressed(IEEE(a.IEEE), Short(a.Addr))
	}
}

// answers gives a frame to who waits for it. The lock is held.
func (c *Controller) answers(from Short, cluster zcl.Cluster, f zcl.Frame, cmd zcl.Command) {
	for i, w := range c.waiters {
		if w.zdo || w.peer != from || w.cluster != uint16(cluster) || w.seq != f.Sequence {
			continue
		}
		if d, ok := cmd.(zcl.DefaultResponse); ok && d.Command != w.command || !ok && f.Direction != zcl.ToClient {
			continue
		}
		w.ch <- answer{cmd: cmd}
		c.waiters = slices.Delete(c.waiters, i, i+1)
		return
	}
}

// addressed tells which device has an address. What it said before that was
// known is heard now.
func (c *Controller) addressed(id IEEE, short Short) {
	c.mu.Lock()
	n := c.nodes[id]
	moved, added := n != nil && n.Short != short, false
	if n == nil {
		n = c.learned(id, short)
		added = n != nil
	}
	if n != nil {
		c.move(n, short)
	}
	var d Device
	if added {
		d = n.Device
	}
	var said []Message
	c.early = slices.DeleteFunc(c.early, func(m Message) bool {
		if m.Peer == short && n != nil {
			said = append(said, m)
		}
		return m.Peer == short
	})
	c.mu.Unlock()
	if moved {
		c.changed(id)
	}
	if added {
		c.tell(DeviceAdded{d})
		poke(c.studies)
	}
	for _, m := range said {
		c.Heard(m)
	}
}

// move gives a device a short address.
func (c *Controller) move(n *node, short Short) {
	if c.shorts[n.Short] == n {
		delete(c.shorts, n.Short)
	}
	n.Short = short
	c.shorts[short] = n
}

// Announced implements Handler.
func (c *Controller) Announced(id IEEE, short Short, capability byte, announced bool) {
	c.mu.Lock()
	n := c.nodes[id]
	known := n != nil
	waiting := c.join.Step == JoinWaiting && (c.join.Expects == 0 || c.join.Expects == id)
	ours := waiting || c.join.Device == id && !c.join.Step.Ended() || c.learns()
	if !known && !ours {
		c.mu.Unlock()
		c.log.Warn("a device that nobody let in announces itself", "device", id)
		return
	}
	if !known {
		n = &node{Device: Device{IEEE: id}}
		c.nodes[id] = n
	}
	if waiting {
		n.dropZones()
		n.Studied, n.Endpoints = false, nil // joining makes it forget what it was told
		n.Coded = c.join.CodesOnly
	}
	c.move(n, short)
	n.LastSeen, n.next, n.asked = time.Now(), time.Time{}, false
	if announced {
		n.Listening, n.Mains, n.Router = capability&CapListening != 0, capability&CapMains != 0, capability&CapRouter != 0
		if n.recheck(); n.doubted { // who has lost its network may have lost more, and is awake now
			n.next = time.Time{}
		}
	}
	d, stage := n.Device, n.Studied
	c.keep(id)
	c.mu.Unlock()
	if known {
		c.changed(id)
	} else {
		c.tell(DeviceAdded{d})
	}
	if waiting && announced { // it has the network's key and needs the door no more
		c.joined(Join{Step: JoinFound, Device: id})
		c.shut()
	}
	if stage && announced {
		c.Refresh(id)
	}
	if announced {
		poke(c.studies)
	}
}

// Gone implements Handler.
func (c *Controller) Gone(id IEEE) {
	c.mu.Lock()
	n := c.nodes[id]
	if n == nil {
		c.mu.Unlock()
		return
	}
	n.dropZones()
	line, orders := n.line, n.orders
	n.line, n.orders = nil, nil
	for _, o := range orders {
		c.keepOrder(o)
	}
	delete(c.nodes, id)
	if c.shorts[n.Short] == n {
		delete(c.shorts, n.Short)
	}
	c.keep(id)
	joining := c.join.Device == id && !c.join.Step.Ended()
	c.mu.Unlock()
	if joining {
		c.joined(Join{Step: JoinFailed, Device: id, Reason: "the device left again"})
	}
	for _, e := range line {
		e.done(ErrNoDevice)
	}
	for _, o := range orders {
		c.tell(OrderEnded{o.Order, ErrNoDevice})
	}
	c.tell(DeviceLeft{id})
}

// Reread has a device asked anew who made it and what it runs, when it has come
// back. It does not wait.
func (c *Controller) Reread(id IEEE) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.nodes[id]; n != nil {
		n.reread = true
	}
}

// Refresh asks a device how it is; what it says comes as reports. It does not
// wait.
func (c *Controller) Refresh(id IEEE) {
	c.mu.Lock()
	n := c.nodes[id]
	var parts []Endpoint
	if n != nil {
		parts = n.Endpoints
	}
	c.mu.Unlock()
	for _, e := range parts {
		for _, q := range []struct {
			cluster zcl.Cluster
			attr    zcl.Attr
		}{
			{zcl.IASZone, zcl.ZoneStatusAttr},
			{zcl.OnOff, zcl.OnOffState},
			{zcl.Level, zcl.CurrentLevel},
			{zcl.DoorLock, zcl.LockStateAttr},
			{zcl.WindowCovering, zcl.CoveringLift},
			{zcl.Occupancy, zcl.OccupancyState},
			{zcl.PowerConfiguration, zcl.BatteryPercentage},
		} {
			if e.Serves(q.cluster) {
				c.Send(id, e.ID, q.cluster, zcl.ReadAttributes{Attrs: []zcl.Attr{q.attr}}, LanePoll, func(error) {})
			}
		}
	}
}
