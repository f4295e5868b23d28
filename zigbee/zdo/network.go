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

// StatusResponse is an answer that is a status alone: to Bind, Leave,
// PermitJoining.
type StatusResponse struct {
	To     Cluster
	Status Status
}

// NeighborsRequest asks whom a node hears.
type NeighborsRequest struct{ First byte }

// RoutesRequest asks by whom a node reaches others.
type RoutesRequest struct{ First byte }

// BindingsRequest asks for the bindings of a node.
type BindingsRequest struct{ First byte }

func parseNetwork(c Cluster, p *params) Body {
	switch c {
	case Bind:
		return BindRequest{p.binding()}
	case Leave:
		ieee, flags := p.uint64(), byte(p.optional(1))
		return LeaveRequest{ieee, flags&0x80 != 0, flags&0x40 != 0}
	case PermitJoining:
		return PermitJoiningRequest{p.byte(), p.byte()}
	case Bind | Response, Leave | Response, PermitJoining | Response:
		return StatusResponse{c &^ Response, Status(p.byte())}
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

// Cluster is Bind.
func (BindRequest) Cluster() Cluster { return Bind }

// Cluster is Leave.
func (LeaveRequest) Cluster() Cluster { return Leave }

// Cluster is PermitJoining.
func (PermitJoiningRequest) Cluster() Cluster { return PermitJoining }

// Cluster is the answer to that of the question.
func (r StatusResponse) Cluster() Cluster { return r.To | Response }

// Append writes the body.
func (r BindRequest) Append(b []byte) []byte { return putBinding(b, r.Binding) }

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
