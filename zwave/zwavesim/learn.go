package zwavesim

// learning is an inclusion or exclusion that the host has opened.
type learning struct {
	add bool
	cb  byte
	got *Node // the device that pressed its button, then nobody else may
}

// Modes and statuses of adding (0x4A) and removing (0x4B).
const (
	learnAny    = 0x01
	learnStop   = 0x05
	learnFailed = 0x06 // stop after a failure

	learnReady    = 0x01
	learnFound    = 0x02
	learnEndNode  = 0x03
	learnProtocol = 0x05 // adding: the protocol's part is done
	learnDone     = 0x06
	learnFull     = 0x07
)

func (s *Stick) learnFunction(add bool) byte {
	if add {
		return fnAdd
	}
	return fnRemove
}

func (s *Stick) learnStatus(add bool, cb, status byte, n *Node) {
	if cb == 0 {
		return
	}
	b := []byte{cb, status}
	if n == nil {
		b = append(s.putNode(b, 0), 0)
	} else {
		b = s.putNode(b, n.id)
		info := n.info()
		b = append(append(b, byte(len(info))), info...)
	}
	s.push(request, s.learnFunction(add), b)
}

// learn opens or closes inclusion or exclusion. The low nibble of mode says
// which; the flags above it are about power and reach.
func (s *Stick) learn(add bool, mode, cb byte) {
	switch mode & 0x0f {
	case learnAny:
		if s.joining != nil {
			s.violation("inclusion or exclusion opened while it is open")
		}
		if cb == 0 {
			s.violation("inclusion or exclusion opened without a callback id")
		}
		s.joining = &learning{add: add, cb: cb}
		s.learnStatus(add, cb, learnReady, nil)
	case learnStop, learnFailed:
		var got *Node
		if s.joining != nil {
			got = s.joining.got
		}
		s.joining = nil
		s.learnStatus(add, cb, learnDone, got)
	default:
		s.violation("function %#02x in mode %#02x, which the stick does not have", s.learnFunction(add), mode)
	}
}

// pressed is a device's button.
func (s *Stick) pressed(n *Node) {
	j := s.joining
	switch {
	case j != nil && j.got == nil && j.add && n.id == 0:
		j.got = n
		s.land(s.hop(), func() {
			s.learnStatus(true, j.cb, learnFound, nil)
			if !s.admit(n) {
				s.learnStatus(true, j.cb, learnFull, nil)
				return
			}
			s.learnStatus(true, j.cb, learnEndNode, n)
			s.land(3*s.hop(), func() { s.learnStatus(true, j.cb, learnProtocol, n) })
		})
	case j != nil && j.got == nil && !j.add:
		// A device of another network is removed from that, with id 0 here.
		j.got = n
		s.land(s.hop(), func() {
			s.learnStatus(false, j.cb, learnFound, nil)
			s.learnStatus(false, j.cb, learnEndNode, n)
			gone := &Node{generic: n.generic, specific: n.specific, classes: n.classes, id: n.id}
			if n.id != 0 {
				s.dismiss(n)
			}
			j.got = gone
			s.land(s.hop(), func() { s.learnStatus(false, j.cb, learnDone, gone) })
		})
	case n.id != 0:
		n.stayAwake()
		s.land(s.hop(), func() { s.push(request, fnUpdate, n.update()) })
	}
}

// removeFailed takes a node that does not answer out of the network.
func (s *Stick) removeFailed(id uint16, cb byte) {
	const started, notFailed = 0x00, 0x08
	const answered, removed = 0x00, 0x01
	n := s.nodes[id]
	if n == nil || !n.failed {
		s.reply(fnRemoveFailed, notFailed)
		return
	}
	s.reply(fnRemoveFailed, started)
	if cb == 0 {
		s.violation("RemoveFailed without a callback id")
	}
	s.reach(n, func(heard bool) {
		if heard {
			s.push(request, fnRemoveFailed, []byte{cb, answered})
			return
		}
		s.dismiss(n)
		s.push(request, fnRemoveFailed, []byte{cb, removed})
	})
}
