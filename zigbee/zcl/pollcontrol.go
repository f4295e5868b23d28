package zcl

// CheckIn asks whether there is anything to be told: the device listens for a few
// seconds (3.16.5.3). It comes every hour unless it was set otherwise, from
// devices that poll seldom.
type CheckIn struct{}

// CheckInResponse has it listen on, or not (3.16.5.4.1).
type CheckInResponse struct {
	FastPoll bool
	Timeout  uint16 // quarters of a second; 0: as it is set to
}

func parsePollControl(p *params) Command {
	switch p.command {
	case 0x00:
		return CheckInResponse{p.byte() == 1, p.uint16()}
	case fromServer + 0x00:
		return CheckIn{}
	default:
		return nil
	}
}

// Head says which command it is.
func (CheckIn) Head() Head { return toClient(PollControl, 0x00) }

// Head says which command it is.
func (CheckInResponse) Head() Head { return toServer(PollControl, 0x00) }

// Append writes the payload, which is empty.
func (CheckIn) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c CheckInResponse) Append(b []byte) []byte {
	return put16(append(b, bit(c.FastPoll, 0)), c.Timeout)
}
