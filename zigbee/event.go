package zigbee

import (
	"time"

	"gatehouse/zigbee/zcl"
)

// Event is one of Ready, Down, DeviceAdded, DeviceChanged, DeviceLeft, Report,
// Joining, OrdersChanged and OrderEnded.
type Event interface{ event() }

// Ready says that the network is up and its devices are known. It comes once
// for each Run that gets so far.
type Ready struct {
	Info    Info
	Network Network
}

// Down says that the stick is gone: Run is about to end. Nothing that devices
// last said is known to be true any more.
type Down struct{ Err error }

// DeviceAdded says that a device has joined. Those known from before are not
// announced: read Controller.Devices at Ready.
type DeviceAdded struct{ Device Device }

// DeviceChanged says that something is now known otherwise about a device: its
// address, or what it is.
type DeviceChanged struct{ Device Device }

// DeviceLeft says that a device has left the network.
type DeviceLeft struct{ Device IEEE }

// Report is one command that a device sent of its own or as an answer. Repeats
// are left out. Frame is for Answer.
type Report struct {
	Device   IEEE
	Endpoint byte
	Cluster  zcl.Cluster
	Frame    zcl.Frame
	Command  zcl.Command
	Quality  byte
	At       time.Time
}

// Joining says how far joining has come.
type Joining struct{ Join Join }

// OrdersChanged says which orders wait for a device that sleeps. One that is
// taken at once is never among them.
type OrdersChanged struct {
	Device  IEEE
	Waiting []Order
}

// OrderEnded says how an order ended; nil: the device has taken it.
type OrderEnded struct {
	Order Order
	Err   error
}

func (OrdersChanged) event() {}
func (OrderEnded) event()    {}
func (Ready) event()         {}
func (Down) event()          {}
func (DeviceAdded) event()   {}
func (DeviceChanged) event() {}
func (DeviceLeft) event()    {}
func (Report) event()        {}
func (Joining) event()       {}

// JoinStep is how far joining has come.
type JoinStep string

// Join steps, in the words of the hub's contract.
const (
	JoinIdle         JoinStep = ""
	JoinWaiting      JoinStep = "waiting"
	JoinFound        JoinStep = "found"
	JoinInterviewing JoinStep = "interviewing"
	JoinDone         JoinStep = "done"
	JoinFailed       JoinStep = "failed"
)

// Ended tells whether nothing further will come.
func (s JoinStep) Ended() bool { return s == JoinIdle || s == JoinDone || s == JoinFailed }

// Join is one joining.
type Join struct {
	Step   JoinStep
	Device IEEE      // 0 until found
	Reason string    // why it failed, in one plain sentence
	Until  time.Time // when waiting ends by itself
	// Expects is the only device that may join; 0: any.
	Expects IEEE
	// CodesOnly tells that it joins by its install code.
	CodesOnly bool
}
