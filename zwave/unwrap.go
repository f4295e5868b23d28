package zwave

import (
	"bytes"
	"time"

	"gatehouse/zwave/cc"
	"gatehouse/zwave/serialapi"
)

// envelope is what is known of a command from the envelopes that it came in.
type envelope struct {
	depth     depth
	endpoint  byte
	security  Security
	multicast bool
	heard     bool // the node has been given credit for it
}

// depth is how far in an envelope may stand. From the outside: security (and
// the checksum that stands in its place), multi channel, supervision, multi
// command, command (SDS13783, "command class encapsulation"). An envelope that
// stands anywhere else is dropped.
type depth byte

const (
	depthNone depth = iota
	depthSecurity
	depthMultiChannel
	depthSupervision
	depthMultiCommand
)

// superviseRepeat is how long a Supervision Get with the same session and the
// same command is the same one, sent again.
const superviseRepeat = 5 * time.Second

// unwrap takes a command out of its envelopes.
func (c *Controller) unwrap(now time.Time, n *node, env envelope, payload []byte) {
	cmd, err := cc.Parse(payload)
	if err != nil {
		c.count.malformed.Add(1)
		return
	}
	enter := func(d depth) bool {
		if env.depth >= d {
			c.count.malformed.Add(1)
			return false
		}
		env.depth = d
		return true
	}
	switch v := cmd.(type) {
	case cc.CRC16Encap:
		if enter(depthSecurity) {
			c.unwrap(now, n, env, v.Command)
		}
		return
	// Security 0 and Security 2 come here: decrypt, set env.security, go on
	// with what was inside.
	case cc.MultiChannelEncap:
		if enter(depthMultiChannel) {
			env.endpoint = v.Source
			c.unwrap(now, n, env, v.Command)
		}
		return
	}
	if env.security < n.Security {
		// In clear, or below what the node was granted: not its word.
		c.count.dropped.Add(1)
		return
	}
	if !env.heard { // only what is truly the node's own is a sign of life
		env.heard = true
		n.Heard++
		c.answers(now, n)
		c.stayAwake(now, n)
	}
	switch v := cmd.(type) {
	case cc.SupervisionGet:
		if enter(depthSupervision) && c.supervise(now, n, env, v) {
			c.unwrap(now, n, env, v.Command)
		}
	case cc.MultiCommandEncap:
		if enter(depthMultiCommand) {
			for _, inner := range v.Commands {
				c.unwrap(now, n, env, inner)
			}
		}
	default:
		c.dispatch(now, n, env, cmd)
	}
}

// supervised is the last command that came under a session id.
type supervised struct {
	at      time.Time
	command []byte
}

// repeats tells whether a node sends again what it sent under the same session,
// perhaps with newer sessions since: a node whose report of an open door was
// not confirmed may repeat it after the door was closed. A node that has one
// session id for everything says something new each time.
func (n *node) repeats(now time.Time, g cc.SupervisionGet) bool {
	for id, s := range n.supers {
		if now.Sub(s.at) >= superviseRepeat {
			delete(n.supers, id)
		}
	}
	last, heard := n.supers[g.Session]
	if n.supers == nil {
		n.supers = make(map[byte]supervised)
	}
	n.supers[g.Session] = supervised{now, g.Command}
	return heard && bytes.Equal(last.command, g.Command)
}

// supervise answers a Supervision Get and tells whether its command is new.
func (c *Controller) supervise(now time.Time, n *node, env envelope, g cc.SupervisionGet) bool {
	known := n.repeats(now, g)
	if env.multicast {
		return !known
	}
	status := cc.SupervisionSuccess
	if _, err := cc.Parse(g.Command); err != nil {
		status = cc.SupervisionFail
	}
	c.submit(now, &command{
		node: n.ID, endpoint: env.endpoint, lane: LaneNonce, options: serialapi.TxDefault,
		payload: cc.SupervisionReport{Session: g.Session, Status: status}.Append(nil),
	})
	if known {
		c.count.duplicates.Add(1)
	}
	return !known
}
