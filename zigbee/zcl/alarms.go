package zcl

// Alarm warns of something that the device noticed (3.11.2.4.1); what its code
// means is the cluster's that it names.
type Alarm struct {
	Code byte
	Of   Cluster
}

func parseAlarms(p *params) Command {
	if p.command == fromServer+0x00 {
		return Alarm{p.byte(), Cluster(p.uint16())}
	}
	return nil
}

// Head says which command it is.
func (Alarm) Head() Head { return toClient(Alarms, 0x00) }

// Append writes the payload.
func (c Alarm) Append(b []byte) []byte { return put16(append(b, c.Code), uint16(c.Of)) }
