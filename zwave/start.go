package zwave

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
)

// start asks the controller who it is and which nodes it has.
//
// A stick is not reset softly at every start: one that answers is well, a reset
// costs 1.5 s and more, and some sticks come back under another device name.
// What a reset would have undone is undone by hand: a transmission is cut
// short, a half finished inclusion is ended, node ids are set to one byte.
func (c *Controller) start(ctx context.Context) error {
	now := c.lock()
	c.phase = phaseStarting
	c.link, c.session.req, c.ids = link{}, nil, serialapi.Narrow
	select {
	case <-c.fault:
	default:
	}
	c.unlock(now)

	ask := func(f serialapi.Function, payload ...byte) ([]byte, error) {
		return c.do(ctx, request{control: true, function: f, payload: payload, respond: true})
	}
	tell := func(f serialapi.Function, payload ...byte) error {
		_, err := c.do(ctx, request{control: true, function: f, payload: payload})
		return err
	}

	b, err := ask(serialapi.GetAPICapabilities)
	if err != nil {
		return err
	}
	caps, err := serialapi.ParseCapabilities(b)
	if err != nil {
		return fmt.Errorf("zwave: %w", err)
	}
	info := Info{
		Maker: caps.Maker, Type: caps.Type, Product: caps.Product,
		Firmware: fmt.Sprintf("%d.%d", caps.Version, caps.Revision), Region: 0xFF,
	}
	if caps.Supports(serialapi.SendDataAbort) {
		// Of whoever drove the stick before and did not see it through.
		if err := tell(serialapi.SendDataAbort); err != nil {
			return err
		}
	}
	if caps.Supports(serialapi.Setup) {
		if err := c.setup(ctx, &info); err != nil {
			return err
		}
	}
	if caps.Supports(serialapi.GetVersion) {
		if b, err = ask(serialapi.GetVersion); err != nil {
			return err
		}
		v, err := serialapi.ParseLibraryVersion(b)
		if err != nil {
			return fmt.Errorf("zwave: %w", err)
		}
		info.Version, info.Library = v.Version, v.Library
	}
	if b, err = ask(serialapi.GetHomeID); err != nil {
		return err
	}
	home, err := serialapi.ParseHomeID(b, serialapi.Narrow)
	if err != nil {
		return fmt.Errorf("zwave: %w", err)
	}
	info.HomeID, info.NodeID = home.HomeID, NodeID(home.NodeID)
	if caps.Supports(serialapi.GetCapabilities) {
		if b, err = ask(serialapi.GetCapabilities); err != nil {
			return err
		}
		if len(b) > 0 {
			info.Role = b[0]
		}
	}
	if b, err = ask(serialapi.GetInitData); err != nil {
		return err
	}
	data, err := serialapi.ParseInitData(b)
	if err != nil {
		return fmt.Errorf("zwave: %w", err)
	}
	info.Chip = fmt.Sprintf("%d.%d", data.ChipType, data.ChipVersion)
	if caps.Supports(serialapi.GetSUC) {
		if b, err = ask(serialapi.GetSUC); err != nil {
			return err
		}
		if len(b) > 0 {
			info.SUC = NodeID(b[0])
		}
		if info.SUC == 0 && caps.Supports(serialapi.SetSUC) {
			// Become the one who gives out node ids. There is no callback
			// when a controller appoints itself; refusal is no fault.
			if _, err := c.do(ctx, request{
				control: true, function: serialapi.SetSUC, payload: []byte{byte(info.NodeID), 1, 0, 1}, respond: true, callback: true,
			}); err != nil {
				return err
			}
			info.SUC = info.NodeID
		}
	}
	if caps.Supports(serialapi.SetNodeInformation) {
		own := ownClasses()
		if err := tell(serialapi.SetNodeInformation, append([]byte{1, 2, 1, byte(len(own))}, own...)...); err != nil {
			return err
		}
	}
	// Who was killed while a node was joining has left the door open.
	for _, f := range [...]serialapi.Function{serialapi.AddNode, serialapi.RemoveNode} {
		if caps.Supports(f) {
			if err := tell(f, serialapi.LearnStop, 0); err != nil {
				return err
			}
		}
	}
	if err := c.meet(ctx, info, data.Nodes.List()); err != nil {
		return err
	}
	now = c.lock()
	if c.phase != phaseStarting {
		c.unlock(now)
		return errRestarted
	}
	c.info, c.caps, c.phase = info, caps, phaseReady
	c.emit(Ready{info})
	c.replayEarly()
	for _, id := range c.nodeIDs() {
		if n := c.nodes[id]; !n.Sleeps() {
			c.refresh(now, n)
		}
	}
	c.keepSeen(now)
	poke(c.studies)
	c.unlock(now)
	return nil
}

// setup asks what the stick's settings are, and for node ids of one byte.
func (c *Controller) setup(ctx context.Context, info *Info) error {
	ask := func(payload ...byte) ([]byte, error) {
		return c.do(ctx, request{control: true, function: serialapi.Setup, payload: payload, respond: true})
	}
	b, err := ask(serialapi.SetupSupported)
	if err != nil {
		return err
	}
	can := func(sub byte) bool { // each sub-command has the bit of its own value
		return len(b) > 1 && b[0] == serialapi.SetupSupported && b[1]&sub != 0
	}
	if can(serialapi.SetupNodeIDType) {
		if _, err := ask(serialapi.SetupNodeIDType, 1); err != nil {
			return err
		}
	}
	if can(serialapi.SetupGetRegion) {
		r, err := ask(serialapi.SetupGetRegion)
		if err != nil {
			return err
		}
		if len(r) > 1 {
			info.Region = r[1]
		}
	}
	return nil
}

// meet brings the known nodes in line with the controller's list.
func (c *Controller) meet(ctx context.Context, info Info, ids []uint16) error {
	c.mu.Lock()
	same := c.info.HomeID == info.HomeID
	c.mu.Unlock()
	var stored []Node
	if !same && c.opt.Store != nil {
		var err error
		if stored, err = c.opt.Store.LoadNodes(info.HomeID); err != nil {
			// The network is still there; only what was learned of it is lost.
			c.log.Error("loading nodes failed", "err", err)
		}
	}
	now := c.lock()
	if !same {
		for _, n := range c.nodes { // of another network
			for _, cmd := range n.box {
				c.end(cmd, ErrNoNode)
			}
		}
		clear(c.nodes)
		clear(c.dirty)
		for _, s := range stored {
			c.nodes[s.ID] = c.recall(now, s)
		}
	}
	c.info.HomeID = info.HomeID
	var unknown []NodeID
	for _, id := range ids {
		if id := NodeID(id); id != info.NodeID && c.nodes[id] == nil {
			unknown = append(unknown, id)
		}
	}
	for _, id := range c.nodeIDs() {
		if !slices.Contains(ids, uint16(id)) {
			c.forget(c.nodes[id], "not in the controller")
		}
	}
	c.unlock(now)
	for _, id := range unknown {
		b, err := c.do(ctx, request{
			control: true, function: serialapi.GetProtocolInfo, payload: c.ids.Append(nil, uint16(id)), respond: true,
		})
		if err != nil {
			return err
		}
		p, err := serialapi.ParseProtocolInfo(b)
		if err != nil {
			return fmt.Errorf("zwave: node %d: %w", id, err)
		}
		now := c.lock()
		n := &node{Node: Node{ID: id, State: StateUnknown, Stage: StageClasses}}
		n.know(p)
		c.nodes[id] = n
		c.changed(n)
		c.unlock(now)
	}
	return nil
}

// know takes what the controller knows of a node.
func (n *node) know(p serialapi.ProtocolInfo) {
	n.Listening, n.Beamed, n.Routing = p.Listening, p.Beamed, p.Routing
	n.Basic, n.Generic, n.Specific = p.Basic, p.Generic, p.Specific
}

// sessionLeap is how far supervision sessions jump at a start.
const sessionLeap = 16

// recall makes a node of what was saved.
func (c *Controller) recall(now time.Time, s Node) *node {
	n := &node{Node: s, saved: s.LastSeen}
	n.State = StateUnknown
	// A node takes a session that it knows for the same command again: it
	// confirms and does nothing. The last few may not have been saved.
	n.SuperSession = (n.SuperSession + sessionLeap) & 0x3F
	for _, w := range s.Waiting {
		c.sequence++
		n.box = append(n.box, &command{
			node: n.ID, endpoint: w.Endpoint, payload: w.Payload, lane: min(w.Lane, lanes-1),
			seq: c.sequence, options: serialapi.TxDefault,
		})
	}
	n.Waiting = nil
	if n.Stage == StageDone && n.Has(cc.SoundSwitch) && len(n.Tones) == 0 {
		n.Stage = StageAbilities // it did not say what it plays: perhaps it does now
	}
	return n
}

// Refresh asks a node for everything it can say about its state now (as far
// as it listens); answers come as Reports. It is done for every listening node
// at Ready.
func (c *Controller) Refresh(node NodeID) {
	now := c.lock()
	if n := c.nodes[node]; n != nil && !n.resting() {
		c.refresh(now, n)
	}
	c.leave(now)
}

func (c *Controller) refresh(now time.Time, n *node) {
	questions := n.questions()
	if len(questions) == 0 {
		c.ping(now, n)
		return
	}
	for _, q := range questions {
		c.submit(now, &command{node: n.ID, payload: q.Append(nil), lane: LanePoll, options: serialapi.TxDefault})
	}
}

// questions ask for all state that a node has.
func (n *node) questions() []cc.Command {
	var q []cc.Command
	if n.Has(cc.BinarySwitch) {
		q = append(q, cc.BinarySwitchGet{})
	}
	if n.Has(cc.SoundSwitch) {
		q = append(q, cc.SoundSwitchTonePlayGet{})
	}
	if n.Has(cc.BinarySensor) {
		if len(n.Sensors) == 0 {
			q = append(q, cc.BinarySensorGet{})
		}
		for _, s := range n.Sensors {
			q = append(q, cc.BinarySensorGet{Sensor: cc.SensorType(s)})
		}
	}
	for _, t := range slices.Sorted(maps.Keys(n.Notifications)) {
		q = append(q, cc.NotificationGet{Type: cc.NotificationType(t)})
	}
	if n.Has(cc.Battery) {
		q = append(q, cc.BatteryGet{})
	}
	if len(q) == 0 && n.Has(cc.Basic) {
		q = append(q, cc.BasicGet{})
	}
	return q
}
