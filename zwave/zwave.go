// Package zwave drives a Z-Wave controller stick through its Serial API, and
// through it a Z-Wave network.
//
// Bytes come in and go out through one open port that the caller owns
// ([Controller.Run]); what nodes say comes out as events; what they are told
// goes in by [Controller.Send]. The package knows nothing of houses: an event
// is a node, a command class and a value, and its meaning is the caller's.
//
// The layers, from the wire up, are pure values that are told the time; only
// Controller has goroutines:
//
//	frame      bytes ↔ frames: checksum, resync, half frames dropped
//	link       ACK, NAK, CAN; retransmission
//	session    one command outstanding; response and callback matched to it
//	queue      what waits, in lanes: a siren never stands behind a poll
//	serialapi  what the bytes of each request mean
//	cc         what nodes say to each other: one file for each command class
//
// # Promises
//
//   - A frame from the stick is acknowledged before anyone is told of it, and
//     no report waits for a disk: knowledge of nodes is saved behind the scenes.
//   - Events are handed over one at a time, in the order in which they happened,
//     normally on the goroutine that reads the port. The receiver must not block.
//   - Send never blocks and calls done exactly once.
//   - A fault of the stick is never held against a node.
//   - Garbage, half frames and unknown things are counted and passed over.
//
// # Recovery
//
// A frame that is not acknowledged three times, or a command that gets no
// response within 10 s, makes the controller reset the stick softly and wait 5 s
// for it to say that it has started. If it does not, Run ends with an error so
// that its caller opens the port anew.
//
// # Security
//
// Commands in clear only, for now. Every received command passes through one
// function that takes envelopes off in a fixed order and knows the class of
// security that the node was granted (unwrap.go); Security 0 and Security 2
// have their place there and nowhere else.
package zwave

// NodeID is the number of a node: 1–232, from 256 on with Long Range.
type NodeID uint16

// Security is the class of protection that a node was granted, or that a
// command came under. The order is the order of trust.
type Security byte

// Security classes. Only SecurityNone exists until nodes are secured.
const (
	SecurityNone Security = iota
	SecurityS0
	SecurityS2Unauthenticated
	SecurityS2Authenticated
	SecurityS2AccessControl
)

// String is the class in lower case: "none", "s0", "s2-authenticated".
func (s Security) String() string {
	switch s {
	case SecurityS0:
		return "s0"
	case SecurityS2Unauthenticated:
		return "s2-unauthenticated"
	case SecurityS2Authenticated:
		return "s2-authenticated"
	case SecurityS2AccessControl:
		return "s2-access-control"
	default:
		return "none"
	}
}

// Lane is how urgent a command is. What is in a lower lane goes first.
type Lane byte

// Lanes.
const (
	LaneNonce     Lane = iota // nonces and supervision answers, which another node waits for within milliseconds
	LaneSiren                 // sirens and locks
	LaneUser                  // someone stands there and waits
	LaneNormal                // the default
	LanePoll                  // asking for what may have changed
	LaneInterview             // learning what a node is
	LaneHeal                  // routes
	lanes
)

// String names the lane.
func (l Lane) String() string {
	switch l {
	case LaneNonce:
		return "nonce"
	case LaneSiren:
		return "siren"
	case LaneUser:
		return "user"
	case LaneNormal:
		return "normal"
	case LanePoll:
		return "poll"
	case LaneInterview:
		return "interview"
	case LaneHeal:
		return "heal"
	default:
		return "no lane"
	}
}
