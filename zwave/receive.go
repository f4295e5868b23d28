package zwave

import (
	"bytes"
	"slices"
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/frame"
	"gatehouse/zwave/serialapi"
)

// A stick that saw no ACK sends its frame again 1.5 s or more after the first
// time, and nothing in between. A node that says the same thing twice in that
// very window says nothing new.
const (
	repeatFrom = 1400 * time.Millisecond
	repeatTo   = 2800 * time.Millisecond
)

// earlyLimit is how many commands are kept until the nodes are known.
const earlyLimit = 256

// early is a command that came before the nodes were known.
type early struct {
	rx serialapi.Received
	at time.Time
}

// framed sees to a data frame, which has been acknowledged. Its payload is
// only lent.
func (c *Controller) framed(now time.Time, f frame.Data) {
	c.count.framesIn.Add(1)
	c.link.clear(now)
	if c.repeated(now, f) {
		c.count.duplicates.Add(1)
		return
	}
	fn := serialapi.Function(f.Function)
	if f.Type == frame.Response {
		c.responded(now, fn, f.Payload)
		return
	}
	switch fn {
	case serialapi.ApplicationCommand, serialapi.BridgeApplicationCmd:
		rx, err := serialapi.ParseReceived(fn, f.Payload, c.ids)
		if err != nil {
			c.count.malformed.Add(1)
			return
		}
		c.received(now, rx)
	case serialapi.ApplicationUpdate:
		u, err := serialapi.ParseUpdate(f.Payload, c.ids)
		if err != nil {
			c.count.malformed.Add(1)
			return
		}
		c.updated(now, u)
	case serialapi.Started:
		if c.phase == phaseResetting {
			poke(c.started)
		} else {
			c.stickFault(now, errRestarted)
		}
	case serialapi.AddNode, serialapi.RemoveNode:
		l, err := serialapi.ParseLearn(fn, f.Payload, c.ids)
		if err != nil {
			c.count.malformed.Add(1)
			return
		}
		c.learned(now, fn, l)
	default:
		c.called(now, fn, f.Payload)
	}
}

// repeated tells whether a frame is a node's command, and the last frame
// again, and keeps it. Responses and callbacks need no such care: they count
// only while something waits for them.
func (c *Controller) repeated(now time.Time, f frame.Data) bool {
	since := now.Sub(c.lastAt)
	same := len(c.lastFrame) == len(f.Payload)+2 && c.lastFrame[0] == byte(f.Type) && c.lastFrame[1] == f.Function &&
		bytes.Equal(c.lastFrame[2:], f.Payload)
	c.lastFrame = append(append(c.lastFrame[:0], byte(f.Type), f.Function), f.Payload...)
	c.lastAt = now
	fn := serialapi.Function(f.Function)
	return same && (fn == serialapi.ApplicationCommand || fn == serialapi.BridgeApplicationCmd) && since >= repeatFrom && since < repeatTo
}

// responded matches a response to the outstanding request.
func (c *Controller) responded(now time.Time, fn serialapi.Function, payload []byte) {
	if !c.session.answers(fn) {
		c.count.unexpected.Add(1)
		return
	}
	if c.session.stage == stageAck { // the ACK was lost, but here is the proof
		c.link = link{}
		c.session.acked(now)
	}
	r := c.session.req
	if r.accept != nil {
		if err := r.accept(payload); err != nil {
			c.over(now, nil, err)
			return
		}
	}
	if !r.await {
		c.over(now, payload, nil)
		return
	}
	c.session.waitCallback(now)
}

// called matches a callback to the outstanding request.
func (c *Controller) called(now time.Time, fn serialapi.Function, payload []byte) {
	switch {
	case c.session.calls(fn, payload):
		if c.session.stage == stageAck || c.link.what == forAbort {
			c.link = link{}
		}
		c.over(now, payload[1:], nil)
	case fn == serialapi.SendData, fn == serialapi.SendDataBridge, fn == serialapi.RemoveFailedNode, fn == serialapi.SetSUC:
		c.count.unexpected.Add(1)
	default:
		c.count.unknownFunctions.Add(1)
	}
}

// received sees to a command from a node.
func (c *Controller) received(now time.Time, rx serialapi.Received) {
	if rx.Status&serialapi.RxForeign != 0 || len(rx.Command) == 0 {
		return
	}
	n := c.nodes[NodeID(rx.Node)]
	if n == nil {
		if c.phase == phaseStarting && len(c.early) < earlyLimit {
			rx.Command = slices.Clone(rx.Command)
			c.early = append(c.early, early{rx, now})
			return
		}
		c.count.dropped.Add(1)
		return
	}
	c.unwrap(now, n, envelope{multicast: rx.Status&(serialapi.RxBroadcast|serialapi.RxMulticast) != 0}, rx.Command)
}

// replayEarly sees to what came before the nodes were known.
func (c *Controller) replayEarly() {
	l := c.early
	c.early = nil
	for _, e := range l {
		if c.nodes[NodeID(e.rx.Node)] != nil {
			c.received(e.at, e.rx)
		}
	}
}

// dispatch sees to a command that is out of all its envelopes.
func (c *Controller) dispatch(now time.Time, n *node, env envelope, cmd cc.Command) {
	switch v := cmd.(type) {
	case cc.SupervisionReport:
		c.confirmed(now, n, v)
		return
	case cc.WakeUpNotification:
		c.woke(now, n)
	case cc.DeviceResetNotification:
		c.resetByUser(now, n)
	case cc.EntryControlNotification:
		if n.keyHeard && n.keySeq == v.Sequence && now.Sub(n.keyAt) < repeatTo {
			c.count.duplicates.Add(1)
			return
		}
		n.keyHeard, n.keySeq, n.keyAt = true, v.Sequence, now
	default:
		if reply := c.reply(cmd); reply != nil && !env.multicast {
			c.submit(now, &command{node: n.ID, endpoint: env.endpoint, payload: reply.Append(nil), lane: LaneNonce, options: serialapi.TxDefault})
		}
	}
	for i, w := range c.waiters {
		if w.node == n.ID && w.endpoint == env.endpoint && w.match(cmd) {
			w.answer <- cmd
			c.waiters = slices.Delete(c.waiters, i, i+1)
			break
		}
	}
	c.count.reports.Add(1)
	c.emit(Report{Node: n.ID, Endpoint: env.endpoint, Command: cmd, Security: env.security, Multicast: env.multicast, At: now})
}

// ownVersion is the version of a class that a controller of this package
// speaks when a node asks; 0 is none. ownClasses lists them.
func ownVersion(c cc.Class) byte {
	switch c {
	case cc.ZWavePlusInfo, cc.Supervision, cc.ManufacturerSpecific:
		return 2
	case cc.Version:
		return 3
	case cc.CRC16, cc.DeviceResetLocally:
		return 1
	default:
		return 0
	}
}

// ownClasses are announced in the controller's node information frame.
func ownClasses() []byte {
	return []byte{
		byte(cc.ZWavePlusInfo), byte(cc.Version), byte(cc.ManufacturerSpecific), byte(cc.Supervision),
		byte(cc.CRC16), byte(cc.DeviceResetLocally),
	}
}

// reply answers what a node may ask a controller.
func (c *Controller) reply(cmd cc.Command) cc.Command {
	switch v := cmd.(type) {
	case cc.ZWavePlusGet:
		return cc.ZWavePlusReport{Version: 2, Role: 0, InstallerIcon: 0x0500, UserIcon: 0x0500} // central static controller
	case cc.ManufacturerGet:
		return cc.ManufacturerReport{Maker: c.caps.Maker, ProductType: c.caps.Type, Product: c.caps.Product}
	case cc.VersionGet:
		return cc.VersionReport{Library: c.info.Library, Firmware: c.caps.Version, FirmwareSub: c.caps.Revision}
	case cc.VersionClassGet:
		return cc.VersionClassReport{Of: v.Of, Version: ownVersion(v.Of)}
	default:
		return nil
	}
}
