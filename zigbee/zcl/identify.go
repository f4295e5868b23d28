package zcl

// IdentifyTime is the attribute of Identify (3.5.2.2): Uint16, seconds left.
const IdentifyTime Attr = 0x0000

// IdentifySelf has a device blink or sound for that many seconds (3.5.2.3.1).
type IdentifySelf struct{ Seconds uint16 }

// IdentifyQuery asks who identifies itself now (3.5.2.3.2).
type IdentifyQuery struct{}

// IdentifyQueryResponse is the answer of one who does (3.5.2.4.1).
type IdentifyQueryResponse struct{ Seconds uint16 }

// IdentifyEffect has a light show something (3.5.2.3.3).
type IdentifyEffect struct{ Effect, Variant byte }

func parseIdentify(p *params) Command {
	switch p.command {
	case 0x00:
		return IdentifySelf{p.uint16()}
	case 0x01:
		return IdentifyQuery{}
	case 0x40:
		return IdentifyEffect{p.byte(), p.byte()}
	case fromServer + 0x00:
		return IdentifyQueryResponse{p.uint16()}
	default:
		return nil
	}
}

// Head says which command it is.
func (IdentifySelf) Head() Head { return toServer(Identify, 0x00) }

// Head says which command it is.
func (IdentifyQuery) Head() Head { return toServer(Identify, 0x01) }

// Head says which command it is.
func (IdentifyEffect) Head() Head { return toServer(Identify, 0x40) }

// Head says which command it is.
func (IdentifyQueryResponse) Head() Head { return toClient(Identify, 0x00) }

// Append writes the payload.
func (c IdentifySelf) Append(b []byte) []byte { return put16(b, c.Seconds) }

// Append writes the payload, which is empty.
func (IdentifyQuery) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c IdentifyEffect) Append(b []byte) []byte { return append(b, c.Effect, c.Variant) }

// Append writes the payload.
func (c IdentifyQueryResponse) Append(b []byte) []byte { return put16(b, c.Seconds) }
