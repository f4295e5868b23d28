package zdo

// Binding tells a node to send what a cluster of an endpoint has to say to a node
// or to a group (2.4.3.2.2).
type Binding struct {
	Source         uint64
	SourceEndpoint byte
	Cluster        uint16
	ToGroup        bool
	Group          uint16 // when ToGroup
	Target         uint64 // when not
	TargetEndpoint byte   // when not
}

// BindRequest makes a binding.
type BindRequest struct{ Binding Binding }

// UnbindRequest ends one.
type UnbindRequest struct{ Binding Binding }

// LeaveRequest sends a node away, or that child of it (2.4.3.3.5).
type LeaveRequest struct {
	IEEE           uint64 // 0: the node that is asked
	Rejoin         bool
	RemoveChildren bool
}

// PermitJoiningRequest lets nodes join for that many seconds; 0 ends it. 255, for
// ever before revision 21, is 254 seconds since (2.4.3.3.7).
type PermitJoiningRequest struct {
	Seconds     byte
	TrustCenter byte // "TC_Significance", 1
}

// StatusResponse is an answer that is a status alone: to Bind, Unbind, Leave,
// PermitJoining.
type StatusResponse struct {
	To     Cluster
	Status Status
}

// NeighborsRequest asks whom a node hears.
type NeighborsRequest struct{ First byte }

// Neighbor is one node that another hears (2.4.4.3.2).
type Neighbor struct {
	ExtendedPAN  uint64
	IEEE         uint64
	Addr         uint16
	Type         NodeType // 3: not known
	ReceiverOn   byte     // when idle: 0 no, 1 yes, 2 not known
	Relationship byte     // 0 parent, 1 child, 2 sibling, 3 none, 4 former child
	Joining      byte     // permitted: 0 no, 1 yes, 2 not known
	Depth        byte
	LQI          byte
}

// NeighborsResponse is a part of the table.
type NeighborsResponse struct {
	Status    Status
	Total     byte // entries in the table
	First     byte
	Neighbors []Neighbor
}

// RoutesRequest asks by whom a node reaches others.
type RoutesRequest struct{ First byte }

// Route is one of them (2.4.4.3.3).
type Route struct {
	Addr              uint16
	Status            byte // 0 active, 1 under way, 2 failed, 3 inactive, 4 being checked
	MemoryConstrained bool
	ManyToOne         bool
	RecordRequired    bool
	NextHop           uint16
}

// RoutesResponse is a part of the table.
type RoutesResponse struct {
	Status Status
	Total  byte
	First  byte
	Routes []Route
}

// BindingsRequest asks for the bindings of a node.
type BindingsRequest struct{ First byte }

// BindingsResponse is a part of the table (2.4.4.3.4).
type BindingsResponse struct {
	Status   Status
	Total    byte
	First    byte
	Bindings []Binding
}

// Durations of a NetworkUpdateRequest that are none.
const (
	ChangeChannel byte = 0xFE
	ChangeManager byte = 0xFF
)

// NetworkUpdateRequest has a node measure the energy on channels, change the
// channel, or hear of another network manager (2.4.3.3.9).
type NetworkUpdateRequest struct {
	Channels uint32 // bit 11 to 26
	Duration byte   // of a scan 0–5: each channel takes (2^n + 1) × 15.36 ms; or one of the above
	Scans    byte   // of a scan only
	UpdateID byte   // of a change only
	Manager  uint16 // of ChangeManager only
}

// NetworkUpdateResponse tells the energy on each channel that was asked for
// (2.4.4.3.9).
type NetworkUpdateResponse struct {
	Status        Status
	Channels      uint32
	Transmissions uint16
	Failures      uint16
	Energy        []byte // 0–255, from the lowest channel up
}

func parseNetwork(c Cluster, p *params) Body {
	switch c {
	case Bind:
		return BindRequest{p.binding()}
	case Unbind:
		return UnbindRequest{p.binding()}
	case Leave:
		ieee, flags := p.uint64(), byte(p.optional(1))
		return LeaveRequest{ieee, flags&0x80 != 0, flags&0x40 != 0}
	case PermitJoining:
		return PermitJoiningRequest{p.byte(), p.byte()}
	case Bind | Response, Unbind | Response, Leave | Response, PermitJoining | Response:
		return StatusResponse{c &^ Response, Status(p.byte())}
	case Neighbors:
		return NeighborsRequest{p.byte()}
	case Neighbors | Response:
		r := NeighborsResponse{Status: Status(p.byte())}
		if r.Status == Success {
			r.Total, r.First, r.Neighbors = p.byte(), p.byte(), list(p, p.byte(), p.neighbor)
		}
		return r
	case Routes:
		return RoutesRequest{p.byte()}
	case Routes | Response:
		r := RoutesResponse{Status: Status(p.byte())}
		if r.Status == Success {
			r.Total, r.First, r.Routes = p.byte(), p.byte(), list(p, p.byte(), p.route)
		}
		return r
	case Bindings:
		return BindingsRequest{p.byte()}
	case Bindings | Response:
		r := BindingsResponse{Status: Status(p.byte())}
		if r.Status == Success {
			r.Total, r.First, r.Bindings = p.byte(), p.byte(), list(p, p.byte(), p.binding)
		}
		return r
	case NetworkUpdate:
		r := NetworkUpdateRequest{Channels: p.uint32(), Duration: p.byte()}
		switch {
		case r.Duration <= 5:
			r.Scans = p.byte()
		case r.Duration >= ChangeChannel:
			r.UpdateID = byte(p.optional(1)) // some stacks leave it to the receiver
		}
		if r.Duration == ChangeManager {
			r.Manager = uint16(p.optional(2))
		}
		return r
	case NetworkUpdate | Response:
		r := NetworkUpdateResponse{Status: Status(p.byte())}
		if r.Status == Success {
			r.Channels, r.Transmissions, r.Failures = p.uint32(), p.uint16(), p.uint16()
			r.Energy = p.bytes(int(p.byte()))
		}
		return r
	default:
		return nil
	}
}

func (p *params) binding() Binding {
	v := Binding{Source: p.uint64(), SourceEndpoint: p.byte(), Cluster: p.uint16()}
	switch mode := p.byte(); mode {
	case 0x01:
		v.ToGroup, v.Group = true, p.uint16()
	case 0x03:
		v.Target, v.TargetEndpoint = p.uint64(), p.byte()
	default:
		p.fail("binding is neither to a node nor to a group")
	}
	return v
}

func (p *params) neighbor() Neighbor {
	n := Neighbor{ExtendedPAN: p.uint64(), IEEE: p.uint64(), Addr: p.uint16()}
	is, joining := p.byte(), p.byte()
	n.Type, n.ReceiverOn, n.Relationship, n.Joining = NodeType(is&3), is>>2&3, is>>4&7, joining&3
	n.Depth, n.LQI = p.byte(), p.byte()
	return n
}

func (p *params) route() Route {
	addr, is := p.uint16(), p.byte()
	return Route{addr, is & 7, is&0x08 != 0, is&0x10 != 0, is&0x20 != 0, p.uint16()}
}

// Cluster is Bind.
func (BindRequest) Cluster() Cluster { return Bind }

// Cluster is Unbind.
func (UnbindRequest) Cluster() Cluster { return Unbind }

// Cluster is Leave.
func (LeaveRequest) Cluster() Cluster { return Leave }

// Cluster is PermitJoining.
func (PermitJoiningRequest) Cluster() Cluster { return PermitJoining }

// Cluster is the answer to that of the question.
func (r StatusResponse) Cluster() Cluster { return r.To | Response }

// Cluster is Neighbors.
func (NeighborsRequest) Cluster() Cluster { return Neighbors }

// Cluster is the answer to Neighbors.
func (NeighborsResponse) Cluster() Cluster { return Neighbors | Response }

// Cluster is Routes.
func (RoutesRequest) Cluster() Cluster { return Routes }

// Cluster is the answer to Routes.
func (RoutesResponse) Cluster() Cluster { return Routes | Response }

// Cluster is Bindings.
func (BindingsRequest) Cluster() Cluster { return Bindings }

// Cluster is the answer to Bindings.
func (BindingsResponse) Cluster() Cluster { return Bindings | Response }

// Cluster is NetworkUpdate.
func (NetworkUpdateRequest) Cluster() Cluster { return NetworkUpdate }

// Cluster is the answer to NetworkUpdate.
func (NetworkUpdateResponse) Cluster() Cluster { return NetworkUpdate | Response }

// Append writes the body.
func (r BindRequest) Append(b []byte) []byte { return putBinding(b, r.Binding) }

// Append writes the body.
func (r UnbindRequest) Append(b []byte) []byte { return putBinding(b, r.Binding) }

func putBinding(b []byte, v Binding) []byte {
	b = put16(append(put(b, v.Source, 8), v.SourceEndpoint), v.Cluster)
	if v.ToGroup {
		return put16(append(b, 0x01), v.Group)
	}
	return append(put(append(b, 0x03), v.Target, 8), v.TargetEndpoint)
}

// Append writes the body.
func (r LeaveRequest) Append(b []byte) []byte {
	return append(put(b, r.IEEE, 8), bit(r.Rejoin, 7)|bit(r.RemoveChildren, 6))
}

// Append writes the body.
func (r PermitJoiningRequest) Append(b []byte) []byte { return append(b, r.Seconds, r.TrustCenter) }

// Append writes the body.
func (r StatusResponse) Append(b []byte) []byte { return append(b, byte(r.Status)) }

// Append writes the body.
func (r NeighborsRequest) Append(b []byte) []byte { return append(b, r.First) }

// Append writes the body.
func (r NeighborsResponse) Append(b []byte) []byte {
	return putTable(b, r.Status, r.Total, r.First, r.Neighbors, func(b []byte, n Neighbor) []byte {
		b = put16(put(put(b, n.ExtendedPAN, 8), n.IEEE, 8), n.Addr)
		return append(b, byte(n.Type)&3|n.ReceiverOn&3<<2|n.Relationship&7<<4, n.Joining&3, n.Depth, n.LQI)
	})
}

// putTable writes a part of a table, or the status alone.
func putTable[T any](b []byte, s Status, total, first byte, all []T, one func([]byte, T) []byte) []byte {
	b = append(b, byte(s))
	if s != Success {
		return b
	}
	return putList(append(b, total, first), all, one)
}

// Append writes the body.
func (r RoutesRequest) Append(b []byte) []byte { return append(b, r.First) }

// Append writes the body.
func (r RoutesResponse) Append(b []byte) []byte {
	return putTable(b, r.Status, r.Total, r.First, r.Routes, func(b []byte, r Route) []byte {
		flags := r.Status&7 | bit(r.MemoryConstrained, 3) | bit(r.ManyToOne, 4) | bit(r.RecordRequired, 5)
		return put16(append(put16(b, r.Addr), flags), r.NextHop)
	})
}

// Append writes the body.
func (r BindingsRequest) Append(b []byte) []byte { return append(b, r.First) }

// Append writes the body.
func (r BindingsResponse) Append(b []byte) []byte {
	return putTable(b, r.Status, r.Total, r.First, r.Bindings, putBinding)
}

// Append writes the body.
func (r NetworkUpdateRequest) Append(b []byte) []byte {
	b = append(put(b, uint64(r.Channels), 4), r.Duration)
	switch {
	case r.Duration <= 5:
		return append(b, r.Scans)
	case r.Duration == ChangeChannel:
		return append(b, r.UpdateID)
	case r.Duration == ChangeManager:
		return put16(append(b, r.UpdateID), r.Manager)
	default:
		return b
	}
}

// Append writes the body.
func (r NetworkUpdateResponse) Append(b []byte) []byte {
	b = append(b, byte(r.Status))
	if r.Status != Success {
		return b
	}
	b = put16(put16(put(b, uint64(r.Channels), 4), r.Transmissions), r.Failures)
	return putList(b, r.Energy, putByte)
}
