package zcl

// AddGroup has a device hear what is said to a group; with IfIdentifying only
// while it identifies itself, and then it does not answer (3.6.2.3.2, 3.6.2.3.7).
type AddGroup struct {
	IfIdentifying bool
	Group         uint16
	Name          string
}

// ViewGroup asks for the name of a group (3.6.2.3.3).
type ViewGroup struct{ Group uint16 }

// GetGroups asks which of these groups it is in; none asks for all (3.6.2.3.4).
type GetGroups struct{ Groups []uint16 }

// RemoveGroup takes it out of one (3.6.2.3.5).
type RemoveGroup struct{ Group uint16 }

// RemoveGroups takes it out of all (3.6.2.3.6).
type RemoveGroups struct{}

// GroupResponse is the answer to AddGroup, or to RemoveGroup (3.6.2.4.1,
// 3.6.2.4.4).
type GroupResponse struct {
	Removed bool // it answers RemoveGroup
	Status  Status
	Group   uint16
}

// ViewGroupResponse is the answer to ViewGroup (3.6.2.4.2).
type ViewGroupResponse struct {
	Status Status
	Group  uint16
	Name   string
}

// GetGroupsResponse is the answer to GetGroups (3.6.2.4.3).
type GetGroupsResponse struct {
	Capacity byte // further groups that it can be in; 0xFE: some, 0xFF: it does not know
	Groups   []uint16
}

func parseGroups(p *params) Command {
	switch p.command {
	case 0x00, 0x05:
		return AddGroup{p.command == 0x05, p.uint16(), p.optionalText()}
	case 0x01:
		return ViewGroup{p.uint16()}
	case 0x02:
		return GetGroups{p.numbers()}
	case 0x03:
		return RemoveGroup{p.uint16()}
	case 0x04:
		return RemoveGroups{}
	case fromServer + 0x00, fromServer + 0x03:
		return GroupResponse{p.command == fromServer+0x03, Status(p.byte()), p.uint16()}
	case fromServer + 0x01:
		return ViewGroupResponse{Status(p.byte()), p.uint16(), p.optionalText()}
	case fromServer + 0x02:
		return GetGroupsResponse{p.byte(), p.numbers()}
	default:
		return nil
	}
}

// numbers reads a list of numbers of two bytes behind their count.
func (p *params) numbers() []uint16 {
	n := int(p.byte())
	if 2*n > len(p.rest) {
		p.fail("too short")
		return nil
	}
	var all []uint16
	for range n {
		all = append(all, p.uint16())
	}
	return all
}

// putNumbers writes a list of numbers of two bytes behind their count.
func putNumbers(b []byte, all []uint16) []byte {
	all = all[:min(len(all), 0xFF)]
	b = append(b, byte(len(all)))
	for _, n := range all {
		b = put16(b, n)
	}
	return b
}

// Head says which command it is.
func (c AddGroup) Head() Head {
	if c.IfIdentifying {
		return toServer(Groups, 0x05)
	}
	return toServer(Groups, 0x00)
}

// Head says which command it is.
func (ViewGroup) Head() Head { return toServer(Groups, 0x01) }

// Head says which command it is.
func (GetGroups) Head() Head { return toServer(Groups, 0x02) }

// Head says which command it is.
func (RemoveGroup) Head() Head { return toServer(Groups, 0x03) }

// Head says which command it is.
func (RemoveGroups) Head() Head { return toServer(Groups, 0x04) }

// Head says which command it is.
func (c GroupResponse) Head() Head {
	if c.Removed {
		return toClient(Groups, 0x03)
	}
	return toClient(Groups, 0x00)
}

// Head says which command it is.
func (ViewGroupResponse) Head() Head { return toClient(Groups, 0x01) }

// Head says which command it is.
func (GetGroupsResponse) Head() Head { return toClient(Groups, 0x02) }

// Append writes the payload.
func (c AddGroup) Append(b []byte) []byte { return putText(put16(b, c.Group), c.Name) }

// Append writes the payload.
func (c ViewGroup) Append(b []byte) []byte { return put16(b, c.Group) }

// Append writes the payload.
func (c GetGroups) Append(b []byte) []byte { return putNumbers(b, c.Groups) }

// Append writes the payload.
func (c RemoveGroup) Append(b []byte) []byte { return put16(b, c.Group) }

// Append writes the payload, which is empty.
func (RemoveGroups) Append(b []byte) []byte { return b }

// Append writes the payload.
func (c GroupResponse) Append(b []byte) []byte { return put16(append(b, byte(c.Status)), c.Group) }

// Append writes the payload.
func (c ViewGroupResponse) Append(b []byte) []byte {
	return putText(put16(append(b, byte(c.Status)), c.Group), c.Name)
}

// Append writes the payload.
func (c GetGroupsResponse) Append(b []byte) []byte {
	return putNumbers(append(b, c.Capacity), c.Groups)
}
