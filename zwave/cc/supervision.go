package cc

// SupervisionStatus is how a supervised command fared.
type SupervisionStatus byte

// Supervision statuses.
const (
	SupervisionNoSupport SupervisionStatus = 0x00
	SupervisionWorking   SupervisionStatus = 0x01
	SupervisionFail      SupervisionStatus = 0x02
	SupervisionSuccess   SupervisionStatus = 0xFF
)

// String names the status.
func (s SupervisionStatus) String() string {
	switch s {
	case SupervisionNoSupport:
		return "not supported"
	case SupervisionWorking:
		return "working"
	case SupervisionFail:
		return "failed"
	case SupervisionSuccess:
		return "success"
	default:
		return "reserved status"
	}
}

// SupervisionGet carries a command whose outcome the sender wants to know.
type SupervisionGet struct {
	Updates bool // the sender wants further reports while the node works
	Session byte // 0–63
	Command []byte
}

// SupervisionReport says how the command of that session fared.
type SupervisionReport struct {
	More     bool // further reports will follow
	WakeUp   bool // the receiver should ask the sender for wake up on demand (version 2)
	Session  byte // 0–63
	Status   SupervisionStatus
	Duration Duration
}

func parseSupervision(p *params) Command {
	switch p.command {
	case 0x01:
		flags := p.byte()
		return SupervisionGet{Updates: flags&0x80 != 0, Session: flags & 0x3F, Command: p.bytes(int(p.byte()))}
	case 0x02:
		flags := p.byte()
		return SupervisionReport{
			More: flags&0x80 != 0, WakeUp: flags&0x40 != 0, Session: flags & 0x3F,
			Status: SupervisionStatus(p.byte()), Duration: Duration(p.byte()),
		}
	}
	return nil
}

// Class is Supervision.
func (SupervisionGet) Class() Class { return Supervision }

// Class is Supervision.
func (SupervisionReport) Class() Class { return Supervision }

// Append writes the command.
func (c SupervisionGet) Append(b []byte) []byte {
	b = append(b, byte(Supervision), 0x01, bit(c.Updates, 7)|c.Session&0x3F, byte(len(c.Command)))
	return append(b, c.Command...)
}

// Append writes the command.
func (c SupervisionReport) Append(b []byte) []byte {
	return append(b, byte(Supervision), 0x02, bit(c.More, 7)|bit(c.WakeUp, 6)|c.Session&0x3F, byte(c.Status), byte(c.Duration))
}

func bit(on bool, n int) byte {
	if on {
		return 1 << n
	}
	return 0
}
