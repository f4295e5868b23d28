package zcl

// Image names a firmware.
type Image struct {
	Manufacturer uint16
	Type         uint16
	Version      uint32
}

// ImageNotify tells a device to ask for a newer firmware (11.13.3). Only what it
// names counts: with 0 the rest is left out.
type ImageNotify struct {
	Names  byte // 0 nothing, 1 the manufacturer, 2 the type too, 3 the version too
	Jitter byte // 1–100: % of devices that ask
	Image
}

// QueryNextImage asks for a newer firmware than the one named (11.13.4).
type QueryNextImage struct {
	Image
	HasHardware bool
	Hardware    uint16
}

// QueryNextImageResponse says which, and how long it is; only if Status is Success
// (11.13.5).
type QueryNextImageResponse struct {
	Status Status
	Image
	Size uint32
}

// ImageBlockRequest asks for a part (11.13.6).
type ImageBlockRequest struct {
	Image
	Offset    uint32
	Max       byte
	HasNode   bool
	Node      uint64
	HasPeriod bool
	Period    uint16 // the device's, ms between two requests
}

// ImagePageRequest asks for many parts (11.13.7).
type ImagePageRequest struct {
	Image
	Offset  uint32
	Max     byte
	Page    uint16 // bytes
	Spacing uint16 // ms between two parts
	HasNode bool
	Node    uint64
}

// ImageBlockResponse is a part, or says when to ask again (11.13.8).
type ImageBlockResponse struct {
	Status Status // Success: Image, Offset and Data; WaitForData: Now, Ask and Period; or Abort
	Image
	Offset uint32
	Data   []byte
	Now    uint32 // 0: Ask is from now on
	Ask    uint32
	Period uint16 // ms between two requests
}

// UpgradeEndRequest says how it went (11.13.9).
type UpgradeEndRequest struct {
	Status Status
	Image
}

// UpgradeEndResponse tells when to run the new firmware (11.13.9.6).
type UpgradeEndResponse struct {
	Image
	Now uint32 // 0: At is from now on
	At  uint32
}

func parseUpgrade(p *params) Command {
	switch p.command {
	case 0x01:
		control := p.byte()
		q := QueryNextImage{Image: p.image()}
		if q.HasHardware = control&1 != 0; q.HasHardware {
			q.Hardware = p.uint16()
		}
		return q
	case 0x03:
		control := p.byte()
		q := ImageBlockRequest{Image: p.image(), Offset: uint32(p.uint(4)), Max: p.byte()}
		if q.HasNode = control&1 != 0; q.HasNode {
			q.Node = p.uint64()
		}
		// Some firmware announces the period and leaves it out.
		if q.HasPeriod = control&2 != 0 && len(p.rest) >= 2; q.HasPeriod {
			q.Period = p.uint16()
		}
		return q
	case 0x04:
		control := p.byte()
		q := ImagePageRequest{Image: p.image(), Offset: uint32(p.uint(4)), Max: p.byte(), Page: p.uint16(), Spacing: p.uint16()}
		if q.HasNode = control&1 != 0; q.HasNode {
			q.Node = p.uint64()
		}
		return q
	case 0x06:
		return UpgradeEndRequest{Status(p.byte()), p.image()}
	case fromServer + 0x00:
		return p.notify()
	case fromServer + 0x02:
		r := QueryNextImageResponse{Status: Status(p.byte())}
		if r.Status == Success {
			r.Image, r.Size = p.image(), uint32(p.uint(4))
		}
		return r
	case fromServer + 0x05:
		r := ImageBlockResponse{Status: Status(p.byte())}
		switch r.Status {
		case Success:
			r.Image, r.Offset = p.image(), uint32(p.uint(4))
			r.Data = p.bytes(int(p.byte()))
		case WaitForData:
			r.Now, r.Ask, r.Period = uint32(p.uint(4)), uint32(p.uint(4)), uint16(p.optional(2))
		default: // alone
		}
		return r
	case fromServer + 0x07:
		return UpgradeEndResponse{p.image(), uint32(p.uint(4)), uint32(p.uint(4))}
	default:
		return nil
	}
}

func (p *params) image() Image { return Image{p.uint16(), p.uint16(), uint32(p.uint(4))} }

func (p *params) notify() Command {
	n := ImageNotify{Names: p.byte(), Jitter: p.byte()}
	if n.Names > 0 {
		n.Manufacturer = p.uint16()
	}
	if n.Names > 1 {
		n.Type = p.uint16()
	}
	if n.Names > 2 {
		n.Version = uint32(p.uint(4))
	}
	return n
}

func (i Image) append(b []byte) []byte {
	return putUint(put16(put16(b, i.Manufacturer), i.Type), uint64(i.Version), 4)
}

// Head says which command it is.
func (ImageNotify) Head() Head { return toClient(OTAUpgrade, 0x00) }

// Head says which command it is.
func (QueryNextImage) Head() Head { return toServer(OTAUpgrade, 0x01) }

// Head says which command it is.
func (QueryNextImageResponse) Head() Head { return toClient(OTAUpgrade, 0x02) }

// Head says which command it is.
func (ImageBlockRequest) Head() Head { return toServer(OTAUpgrade, 0x03) }

// Head says which command it is.
func (ImagePageRequest) Head() Head { return toServer(OTAUpgrade, 0x04) }

// Head says which command it is.
func (ImageBlockResponse) Head() Head { return toClient(OTAUpgrade, 0x05) }

// Head says which command it is.
func (UpgradeEndRequest) Head() Head { return toServer(OTAUpgrade, 0x06) }

// Head says which command it is.
func (UpgradeEndResponse) Head() Head { return toClient(OTAUpgrade, 0x07) }

// Append writes the payload.
func (c ImageNotify) Append(b []byte) []byte {
	b = append(b, c.Names, c.Jitter)
	if c.Names > 0 {
		b = put16(b, c.Manufacturer)
	}
	if c.Names > 1 {
		b = put16(b, c.Type)
	}
	if c.Names > 2 {
		b = putUint(b, uint64(c.Version), 4)
	}
	return b
}

// Append writes the payload.
func (c QueryNextImage) Append(b []byte) []byte {
	b = c.append(append(b, bit(c.HasHardware, 0)))
	if c.HasHardware {
		b = put16(b, c.Hardware)
	}
	return b
}

// Append writes the payload.
func (c QueryNextImageResponse) Append(b []byte) []byte {
	b = append(b, byte(c.Status))
	if c.Status != Success {
		return b
	}
	return putUint(c.append(b), uint64(c.Size), 4)
}

// Append writes the payload.
func (c ImageBlockRequest) Append(b []byte) []byte {
	b = c.append(append(b, bit(c.HasNode, 0)|bit(c.HasPeriod, 1)))
	b = append(putUint(b, uint64(c.Offset), 4), c.Max)
	if c.HasNode {
		b = putUint(b, c.Node, 8)
	}
	if c.HasPeriod {
		b = put16(b, c.Period)
	}
	return b
}

// Append writes the payload.
func (c ImagePageRequest) Append(b []byte) []byte {
	b = c.append(append(b, bit(c.HasNode, 0)))
	b = put16(put16(append(putUint(b, uint64(c.Offset), 4), c.Max), c.Page), c.Spacing)
	if c.HasNode {
		b = putUint(b, c.Node, 8)
	}
	return b
}

// Append writes the payload.
func (c ImageBlockResponse) Append(b []byte) []byte {
	b = append(b, byte(c.Status))
	switch c.Status {
	case Success:
		return putBytes(putUint(c.append(b), uint64(c.Offset), 4), c.Data)
	case WaitForData:
		return put16(putUint(putUint(b, uint64(c.Now), 4), uint64(c.Ask), 4), c.Period)
	default:
		return b
	}
}

// Append writes the payload.
func (c UpgradeEndRequest) Append(b []byte) []byte { return c.append(append(b, byte(c.Status))) }

// Append writes the payload.
func (c UpgradeEndResponse) Append(b []byte) []byte {
	return putUint(putUint(c.append(b), uint64(c.Now), 4), uint64(c.At), 4)
}
