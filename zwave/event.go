package zwave

import (
	"time"

	"gatehouse/zwave/cc"
)

// Event is one of Ready, Down, NodeAdded, NodeRemoved, NodeChanged, Report and
// Joining.
type Event interface{ event() }

// Ready says that the controller answers and its nodes are known. It comes
// once for each Run that gets so far, and again after each reset of the stick.
type Ready struct{ Info Info }

// Down says that the controller is gone: Run is about to end. Nothing that
// nodes last said is known to be true any more. A soft reset that helps is not
// told, other than by a further Ready.
type Down struct{ Err error }

// NodeAdded says that there is a node that was not there before. Nodes that
// were known from before are not announced: read Controller.Nodes at Ready.
type NodeAdded struct{ Node Node }

// NodeRemoved says that a node has left the network.
type NodeRemoved struct {
	Node   NodeID
	Reason string // "excluded", "reset by its user", "removed as failed", "not in the controller"
}

// NodeChanged says that something is now known otherwise about a node: its
// state (awake, dead …), its progress in the interview, or what it is.
type NodeChanged struct{ Node Node }

// Report is one command that a node sent of its own or as an answer, free of
// all envelopes.
type Report struct {
	Node      NodeID
	Endpoint  byte // 0: the node as a whole
	Command   cc.Command
	Security  Security // what it came under
	Multicast bool     // sent to more nodes than this one
	At        time.Time
}

// Joining says how far inclusion or exclusion has come.
type Joining struct{ Join Join }

func (Ready) event()       {}
func (Down) event()        {}
func (NodeAdded) event()   {}
func (NodeRemoved) event() {}
func (NodeChanged) event() {}
func (Report) event()      {}
func (Joining) event()     {}

// Info is what the controller says about itself.
type Info struct {
	HomeID   uint32
	NodeID   NodeID
	Version  string // "Z-Wave 7.19"
	Library  byte   // 1 static controller, 7 bridge controller
	Maker    uint16
	Type     uint16
	Product  uint16
	Firmware string // the Serial API's own, "1.2"
	SUC      NodeID // who keeps the routes; 0 none
	Chip     string // "7.0": type and version of the chip, as it says
	Region   byte   // 0xFF: the stick does not say
	LongIDs  bool   // node ids take 16 bits on the wire
	Role     byte   // bit 0 secondary, 1 on another network, 2 SIS present, 3 real primary, 4 SUC
}

// JoinStep is how far inclusion or exclusion has come.
type JoinStep string

// Join steps, in the words of the hub's contract. Pin and Securing do not
// occur until nodes are secured.
const (
	JoinIdle         JoinStep = ""
	JoinWaiting      JoinStep = "waiting"
	JoinFound        JoinStep = "found"
	JoinPin          JoinStep = "pin"
	JoinSecuring     JoinStep = "securing"
	JoinInterviewing JoinStep = "interviewing"
	JoinDone         JoinStep = "done"
	JoinFailed       JoinStep = "failed"
)

// Ended tells whether nothing further will come.
func (s JoinStep) Ended() bool { return s == JoinIdle || s == JoinDone || s == JoinFailed }

// Join is one inclusion or exclusion.
type Join struct {
	Step    JoinStep
	Leaving bool      // it is an exclusion
	Node    NodeID    // 0 until found
	Reason  string    // why it failed, in one plain sentence
	Until   time.Time // when waiting ends by itself
}
