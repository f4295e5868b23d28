// Package zigbee drives a Zigbee coordinator stick, and through it a Zigbee
// network.
//
// Bytes come in and go out through one open port that the caller owns
// ([Controller.Run]); what devices say comes out as events; what they are told
// goes in by [Controller.Send]. The package knows nothing of houses: an event is
// a device, a cluster and a frame, and its meaning is the caller's.
//
// # Families
//
// Sticks of different makers speak different languages. Each is an [Adapter] in
// a package of its own, which turns its frames into the few things that every
// coordinator does: form or resume a network, let devices join, send and hear
// messages of applications (APS) and of the network itself (ZDO).
//
//	znp   Texas Instruments CC2652 and kin, Z-Stack 3.x.0
//	ezsp  Silicon Labs EFR32 and kin, EmberZNet 7.4 to 8.x
//
// # Promises
//
//   - A message is handed to the caller before any answer to it goes out, on the
//     goroutine that reads the port, and no report waits for a disk.
//   - Events are handed over one at a time. The receiver must not block; it may
//     call Send.
//   - Send never blocks and calls done exactly once.
//   - A device that sleeps is sent one thing at a time; an [Order] waits for it, on
//     disk, until it is heard or its time is over.
//   - What a device was told to report is read back, and told again when it rejoins,
//     does not know this stick, or falls silent about it.
//   - A device is known by its IEEE address; it may come back under another
//     short one.
//   - The network's parameters are random, drawn when it is formed. Its key is
//     in no text that this package makes ([Key]).
//   - The network is closed to new devices except for a time that a person asks
//     for.
//   - A stick that holds another network than the one that is remembered is
//     refused: forming anew would make every device of the house deaf.
package zigbee

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// IEEE is the address that a device has for life.
type IEEE uint64

// String is the address as it stands on labels: 16 hexadecimal digits.
func (a IEEE) String() string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(a)))
}

// Short is the address that a device has in the network until it gets another.
type Short uint16

// Short addresses that name no single device.
const (
	Coordinator Short = 0x0000
	Everyone    Short = 0xFFFC // routers and the coordinator
)

// Key is a network key. It prints as [redacted] whatever it is printed with.
type Key [16]byte

const redacted = "[redacted]"

// Format implements fmt.Formatter.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is for the store alone.
func (k Key) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *Key) UnmarshalText(b []byte) error {
	if n, err := hex.Decode(k[:], b); err != nil || n != len(k) || len(b) != 2*len(k) {
		return errors.New("zigbee: a network key is 32 hexadecimal digits")
	}
	return nil
}

// Network is what makes a network this one and no other.
type Network struct {
	PAN         uint16
	ExtendedPAN uint64
	Channel     byte // 11–26
	Key         Key
	// Formed tells that the stick has confirmed it. What is remembered and not
	// formed was interrupted on its way.
	Formed bool
	// Restoring tells that the stick that is in is to be given the network by its
	// backup, and Erasing that it may hold another one.
	Restoring, Erasing bool `json:",omitzero"`
	// Learning is until when devices that nobody knows are taken in: the network was
	// another program's.
	Learning time.Time `json:",omitzero"`
}

// String names the network without its key.
func (n Network) String() string {
	return fmt.Sprintf("%016x (PAN 0x%04x, channel %d)", n.ExtendedPAN, n.PAN, n.Channel)
}

// LogValue implements slog.LogValuer.
func (n Network) LogValue() slog.Value { return slog.StringValue(n.String()) }

// Same tells whether the two are one network. Its channel may change.
func (n Network) Same(o Network) bool {
	return n.PAN == o.PAN && n.ExtendedPAN == o.ExtendedPAN && n.Key == o.Key
}

// Info is what a stick says about itself.
type Info struct {
	Family  string // "znp" or "ezsp"
	Version string // "Z-Stack 3.x.0, 20240710"
	IEEE    IEEE
}

// Lane is how urgent a message is. What is in a lower lane goes first.
type Lane byte

// Lanes.
const (
	LaneSiren  Lane = iota // sirens
	LaneAnswer             // a device waits for it within seconds
	LaneUser               // somebody stands there and waits
	LanePoll               // asking for what may have changed
	LaneStudy              // learning what a device is
	Lanes
)

// Message is one message of an application.
type Message struct {
	Peer         Short // who it comes from or goes to
	PeerEndpoint byte
	Endpoint     byte // ours
	Cluster      uint16
	Lane         Lane // of what is sent
	Group        uint16
	Broadcast    bool // it came to several, a group's message too: it is not answered
	Quality      byte // of the link, 0–255
	Payload      []byte
}

// Permit says how devices may join. The zero Permit lets none in, anywhere.
type Permit struct {
	For time.Duration // at most 254 s
	// Through is where they may: Everyone is the stick and every router,
	// Coordinator the stick alone, and the address of a router nowhere as yet: the
	// stick is ready, and the router is asked by who knows it.
	Through Short
	// CodesOnly lets nobody in but those whom the stick was told to expect.
	CodesOnly bool
}

// Seconds is the time as it goes over the air.
func (p Permit) Seconds() byte { return byte(min(max(p.For/time.Second, 0), 254)) }

// Adapter is a stick of one family behind one open port.
type Adapter interface {
	// Serve reads and writes the port until it fails, the stick cannot be
	// recovered, or ctx ends, and says why. The other methods work meanwhile.
	Serve(ctx context.Context, h Handler) error
	// Hello asks who is there.
	Hello(ctx context.Context) (Info, error)
	// Network is the network that the stick holds; false: none.
	Network(ctx context.Context) (Network, bool, error)
	// Form makes the stick the coordinator of a new network. What it held is lost.
	Form(ctx context.Context, n Network) error
	// Resume brings up the network that the stick holds and the hub's endpoint in it.
	Resume(ctx context.Context) error
	// Follow has the hub's endpoint hear what is said to groups.
	Follow(ctx context.Context, groups []uint16) error
	// Backup reads what the stick holds of its network, which is up.
	Backup(ctx context.Context) (Backup, error)
	// Restore makes the stick the coordinator of the network of a backup, and reads
	// back whether it is. What it held is lost. Its counters must be forward
	// already. ErrAgain: the port is to be opened anew for that to go on.
	Restore(ctx context.Context, b Backup) error
	// PermitJoin lets devices join.
	PermitJoin(ctx context.Context, p Permit) error
	// Expect has the stick give the network's key to a device under the key of its
	// install code.
	Expect(ctx context.Context, c InstallCode) error
	// Energy measures how much is heard on a channel, in dBm. The stick hears no
	// device meanwhile, which must not take longer than 100 ms.
	Energy(ctx context.Context, channel byte) (int, error)
	// ChangeChannel has the network go to another channel, and waits until the stick
	// is there.
	ChangeChannel(ctx context.Context, channel byte) error
	// Send sends a message; done is called once with how that ended. It never
	// blocks, and keeps no part of m.
	Send(m Message, done func(error))
	// Ask sends a request of the network layer without its sequence number; done
	// tells that it is on its way. The answer comes by Handler.Answered.
	Ask(to Short, cluster uint16, request []byte, done func(error))
}

// Handler hears what a stick says. Its methods are called one at a time, on the
// goroutine that reads the port, and must not wait.
type Handler interface {
	// Heard takes a message; its payload is valid during the call.
	Heard(m Message)
	// Answered takes an answer of the network layer without its sequence number;
	// the same holds.
	Answered(from Short, cluster uint16, answer []byte)
	// Announced tells that a device has joined or come back. capability is that
	// of the announcement, and known only when announced.
	Announced(device IEEE, short Short, capability byte, announced bool)
	// Gone tells that a device has left for good.
	Gone(device IEEE)
}

// Bits of a device's capability (Zigbee specification, table 2-24).
const (
	CapRouter    = 1 << 1
	CapMains     = 1 << 2
	CapListening = 1 << 3 // its receiver is on when it has nothing to do
)

// Errors that a caller may decide on.
var (
	ErrDown      = errors.New("zigbee: the stick is not connected")
	ErrSilent    = errors.New("the stick does not answer") // each family names itself before it
	ErrNoAck     = errors.New("zigbee: the device did not acknowledge")
	ErrNoAnswer  = errors.New("zigbee: no answer")
	ErrQueueFull = errors.New("zigbee: too many messages wait to be sent")
	ErrNoDevice  = errors.New("zigbee: there is no such device")
	ErrBusy      = errors.New("zigbee: a device is already joining or leaving")
	ErrAgain     = errors.New("zigbee: the stick is to be started again")
	ErrForeign   = errors.New("zigbee: the stick does not hold the network of this house")
	ErrUnable    = errors.New("zigbee: the stick's firmware can't do that")
	ErrNoRouter  = errors.New("zigbee: no device can join through that one")
)
