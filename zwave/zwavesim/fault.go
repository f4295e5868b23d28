package zwavesim

import "time"

// Kind is a kind of mishap.
type Kind int

// Kinds of fault. "Next" is the next frame that fits [Fault.Function].
const (
	// On the host's frames.

	LoseFrame   Kind = iota + 1 // the next frame of the host never arrives
	LoseACK                     // it arrives and is carried out, but the stick's ACK is lost
	SendNAK                     // it arrives garbled: NAK
	SendCAN                     // it collides: CAN
	LoseHostACK                 // the host's next ACK is lost: the stick sends its frame again

	// On the stick's frames.

	BadChecksum // the next frame arrives with a wrong checksum, then again as it should be
	HalfFrame   // it stops half way, then, unacknowledged, it is sent again
	Garbage     // noise before it, with a false start of frame of length 0xde in it
	Noise       // noise before it without a false start
	Duplicate   // it comes twice, as when the host's ACK was lost in the stick
	HighACK     // the stick's next ACK has its high nibble set, as 7.19 firmware does after a reset

	// On answers.

	LoseResponse         // the next response never comes
	LateResponse         // it comes after Fault.For
	LoseCallback         // the next callback of SendData never comes
	LateCallback         // it comes after Fault.For
	ReportBeforeCallback // what the node answers comes before the callback
	Refuse               // the next SendData is refused by its response
	Jam                  // the next SendData ends with status Fail: the channel is busy
	NoRoute              // the next SendData ends with status No Ack, and the node did not get it

	// On the whole line, until [Stick.Heal].

	Trickle // bytes come one at a time, Fault.For apart (3 ms is a real worst case)
	Split   // each write of the stick is cut into pieces of 1 to 5 bytes
	Mute    // the stick neither hears nor says anything; a soft reset does not help

	// On the socket.

	Reenumerate // the next soft reset makes the stick vanish from its port and come back after Fault.For
)

// Fault orders a mishap. Times is how often it happens (0 is once; Trickle,
// Split and Mute last until Heal whatever it says). Function limits it to
// frames of that Serial API function; 0 is any.
type Fault struct {
	Kind     Kind
	Times    int
	Function byte
	For      time.Duration
}

// Inject orders a fault.
func (s *Stick) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, f)
}

// Heal takes back every fault that has not happened yet, and the lasting ones.
func (s *Stick) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	if s.host != nil {
		s.host.poke()
	}
}

// Faults counts the faults that are still to happen.
func (s *Stick) Faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// takes uses up one ordered fault of the kind, if there is one for the function.
func (s *Stick) takes(k Kind, function byte) (Fault, bool) {
	for i := range s.faults {
		f := s.faults[i]
		if f.Kind != k || (f.Function != 0 && f.Function != function) {
			continue
		}
		if s.faults[i].Times--; s.faults[i].Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		s.change()
		return f, true
	}
	return Fault{}, false
}

// lasting looks for a fault that stays until Heal.
func (s *Stick) lasting(k Kind) (Fault, bool) {
	for _, f := range s.faults {
		if f.Kind == k {
			return f, true
		}
	}
	return Fault{}, false
}
