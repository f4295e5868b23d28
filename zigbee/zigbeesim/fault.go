package zigbeesim

import "time"

// Kind is a kind of mishap.
type Kind int

// Kinds of fault. "Next" is the next frame that fits [Fault.Command]. A stick that
// speaks EZSP knows all but LateAnswer;
// what is lost or garbled on its line is sent again.
const (
	LoseRequest  Kind = iota + 1 // the next request of the host never arrives
	LoseAnswer                   // it is carried out, and its answer is lost
	DoubleAnswer                 // its answer comes twice
	LateAnswer                   // its answer comes after Fault.For
	Unknown                      // the firmware does not know it: an RPC error, or invalidCommand
	LoseConfirm                  // the confirm of the next message never comes
	BadFCS                       // the next frame of the stick arrives garbled, and never again
	HalfFrame                    // it stops half way
	Garbage                      // noise before it, with a false start of frame in it
	Full                         // the stick has no room for the next message
	Extra                        // the stick's next frame has bytes that no host knows of at its end

	// On the whole line, until [Stick.Heal].

	Split // each write of the stick is cut into pieces of 1 to 5 bytes
	Mute  // the stick neither hears nor says anything

	// On the air, until [Stick.Heal]: Fault.Level is heard on Fault.Channel, 0 is all.

	Noise // of others, between whose bytes there is room
	Jam   // nothing gets through
)

// Fault orders a mishap. Times is how often it happens (0 is once). Command
// limits it to frames with that command, of the host's request where it is
// about an answer; 0 is any.
type Fault struct {
	Kind    Kind
	Times   int
	Command uint16
	For     time.Duration
	Channel byte
	Level   int // dBm
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
}

// Faults counts the faults that are still to happen.
func (s *Stick) Faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// takes uses up one ordered fault of the kind, if there is one for the command.
func (s *Stick) takes(k Kind, command uint16) (Fault, bool) {
	for i, f := range s.faults {
		if f.Kind != k || f.Command != 0 && f.Command != command {
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

func (s *Stick) lasting(k Kind) bool {
	for _, f := range s.faults {
		if f.Kind == k {
			return true
		}
	}
	return false
}
