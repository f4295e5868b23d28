package zwave

import (
	"maps"
	"slices"
	"time"

	"gatehouse/zwave/cc"
)

// State is how a node is doing.
type State string

// States.
const (
	StateUnknown State = "unknown" // not heard since Run began
	StateAlive   State = "alive"   // a listening node that answers
	StateDead    State = "dead"    // a listening node that missed several commands in a row
	StateAsleep  State = "asleep"  // a battery node between two wake-ups
	StateAwake   State = "awake"   // a battery node that listens right now
)

// Stage is how far the interview of a node has come.
type Stage string

// Stages, in order. A stage names what is to be done next.
const (
	StageProtocol  Stage = "protocol"  // ask the controller what it knows
	StageClasses   Stage = "classes"   // ask the node for its command classes
	StageIdentity  Stage = "identity"  // who made it, which versions it speaks
	StageLifeline  Stage = "lifeline"  // have it report to us and wake up for us
	StageAbilities Stage = "abilities" // which events, tones, keys it has
	StageValues    Stage = "values"    // what it says right now
	StageDone      Stage = "done"
)

// Node is what is known about one node. It is both what faces show and what
// the Store keeps.
type Node struct {
	ID       NodeID   `json:"id"`
	State    State    `json:"state"`
	Stage    Stage    `json:"stage"`
	Attempts int      `json:"attempts,omitempty"` // of the present stage
	Security Security `json:"security"`

	// What the controller knows (protocol).
	Listening bool `json:"listening"`      // always on
	Beamed    bool `json:"beamed"`         // battery, but can be woken by a beam within a second (FLiRS)
	Routing   bool `json:"routing"`        // passes frames on
	Basic     byte `json:"basic_type"`     // 1, 2 controllers, 3 slave, 4 routing slave
	Generic   byte `json:"generic_type"`   // kind of device
	Specific  byte `json:"specific_type"`  // within its generic type
	LongRange bool `json:"long,omitempty"` // joined with Long Range

	// What the node says of itself.
	Classes  map[cc.Class]byte `json:"classes,omitempty"` // supported, with version (0: not asked yet)
	PlusRole byte              `json:"plus_role,omitempty"`
	PlusIcon uint16            `json:"plus_icon,omitempty"`
	Maker    uint16            `json:"maker,omitempty"`
	Type     uint16            `json:"type,omitempty"`
	Product  uint16            `json:"product,omitempty"`
	Firmware string            `json:"firmware,omitempty"`
	Protocol string            `json:"protocol,omitempty"`

	Lifeline      bool            `json:"lifeline,omitempty"`      // reports to this controller
	WakeInterval  uint32          `json:"wake_interval,omitempty"` // seconds; 0: never by itself
	Notifications map[byte][]byte `json:"notifications,omitempty"` // type → events
	Sensors       []byte          `json:"sensors,omitempty"`       // binary sensor types
	Tones         []Tone          `json:"sounds,omitempty"`        // what it can play; numbered as it does
	DefaultTone   byte            `json:"default_tone,omitempty"`  // 0: not told
	Volume        byte            `json:"volume,omitempty"`        // of the default tone, %
	EntryEvents   []byte          `json:"entry_events,omitempty"`
	Indicators    map[byte][]byte `json:"indicators,omitempty"`    // indicator → properties
	SuperSession  byte            `json:"super_session,omitempty"` // of the last supervised command to it, 0–63
	Waiting       []Waiting       `json:"waiting,omitempty"`       // what to tell it when it wakes up
	LastSeen      time.Time       `json:"last_seen"`
	LastWake      time.Time       `json:"last_wake"`
	Sent          uint64          `json:"sent"`   // commands acknowledged by the node
	Failed        uint64          `json:"failed"` // commands that it did not acknowledge
	Heard         uint64          `json:"heard"`  // commands received from it
}

// Tone is one sound of a Sound Switch.
type Tone struct {
	Number  byte   `json:"number"`
	Seconds uint16 `json:"seconds"` // how long it plays; 0: not told
	Name    string `json:"name"`    // as its maker wrote it
}

// Waiting is one command for a node that sleeps.
type Waiting struct {
	Endpoint byte   `json:"endpoint,omitempty"`
	Payload  []byte `json:"payload"`
	Lane     Lane   `json:"lane"`
}

// Sleeps tells whether the node can be spoken to only after it woke up.
func (n *Node) Sleeps() bool { return !n.Listening && !n.Beamed }

// Has tells whether the node supports a class.
func (n *Node) Has(c cc.Class) bool {
	_, ok := n.Classes[c]
	return ok
}

// node is a Node with what is only of interest while the controller runs.
type node struct {
	Node

	box      []*command          // what to tell it when it wakes up
	idle     *entry              // lets it sleep again
	studied  bool                // an interview of it runs
	again    time.Time           // not to be interviewed before
	strikes  int                 // commands that it did not acknowledge, in a row
	struck   time.Time           // when the first of them was
	check    *entry              // the next ping
	saved    time.Time           // LastSeen as it was last saved
	supers   map[byte]supervised // by session, the last Supervision Get from it
	keySeq   byte                // the last Entry Control notification from it
	keyAt    time.Time
	keyHeard bool
}

// snapshot is what others may know of it.
func (n *node) snapshot() Node {
	c := n.clone()
	c.Waiting = nil
	for _, cmd := range n.box {
		c.Waiting = append(c.Waiting, Waiting{Endpoint: cmd.endpoint, Payload: slices.Clone(cmd.payload), Lane: cmd.lane})
	}
	return c
}

// clone is a copy that shares nothing that can change.
func (n *Node) clone() Node {
	c := *n
	c.Classes = maps.Clone(n.Classes)
	c.Notifications = maps.Clone(n.Notifications)
	c.Indicators = maps.Clone(n.Indicators)
	c.Sensors = slices.Clone(n.Sensors)
	c.Tones = slices.Clone(n.Tones)
	c.EntryEvents = slices.Clone(n.EntryEvents)
	c.Waiting = slices.Clone(n.Waiting)
	return c
}

// Store keeps what is known about nodes over a restart. It is called from one
// goroutine at a time and may wait for a disk.
type Store interface {
	// LoadNodes returns every node of the network.
	LoadNodes(homeID uint32) ([]Node, error)
	// SaveNode keeps a node, in place of what was kept under its ID.
	SaveNode(homeID uint32, n Node) error
	// DeleteNode forgets a node.
	DeleteNode(homeID uint32, id NodeID) error
}
