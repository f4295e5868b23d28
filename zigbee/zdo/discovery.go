package zdo

// IEEEAddressRequest asks for the long address of a node.
type IEEEAddressRequest struct {
	Addr     uint16
	Children bool
	First    byte
}

// Addresses are the two addresses of a node, and its children if it was asked for
// them.
type Addresses struct {
	Status   Status
	IEEE     uint64
	Addr     uint16
	First    byte
	Children []uint16
}

// IEEEAddressResponse is the answer to IEEEAddressRequest (2.4.4.2.2).
type IEEEAddressResponse struct{ Addresses }

// NodeDescriptorRequest asks what a node is.
type NodeDescriptorRequest struct{ Addr uint16 }

// SimpleDescriptorRequest asks what an endpoint is.
type SimpleDescriptorRequest struct {
	Addr     uint16
	Endpoint byte
}

// ActiveEndpointsRequest asks which endpoints there are.
type ActiveEndpointsRequest struct{ Addr uint16 }

// NodeType is what a node does in the network (2.3.2.3.1).
type NodeType byte

// Node types.
const (
	Coordinator NodeType = 0
	Router      NodeType = 1
	EndDevice   NodeType = 2
)

// Capability is the MAC capability of a node (2.3.2.3.6).
type Capability byte

// MAC capabilities.
const (
	AlternateCoordinator Capability = 1 << 0
	FullFunction         Capability = 1 << 1 // may be a router
	MainsPowered         Capability = 1 << 2
	ReceiverOn           Capability = 1 << 3 // when idle; a node without it sleeps
	Secure               Capability = 1 << 6
	AllocateAddress      Capability = 1 << 7
)

// NodeDescriptor is what a node is (2.3.2.3).
type NodeDescriptor struct {
	Type                 NodeType
	Flags                byte // the five bits behind the type: complex and user descriptor
	APSFlags             byte // three bits
	Bands                byte // five bits, 0x08: 2.4 GHz
	Capability           Capability
	Manufacturer         uint16
	MaxBuffer            byte
	MaxIncoming          uint16
	Server               uint16 // the revision it complies with is in its highest seven bits
	MaxOutgoing          uint16
	DescriptorCapability byte
}

// Revision is the revision of the specification that the node complies with, 0
// before 21.
func (d NodeDescriptor) Revision() int { return int(d.Server >> 9) }

// NodeDescriptorResponse is the answer to NodeDescriptorRequest (2.4.4.2.3).
type NodeDescriptorResponse struct {
	Status     Status
	Addr       uint16
	Descriptor NodeDescriptor
}

// SimpleDescriptor is what an endpoint is (2.3.2.5).
type SimpleDescriptor struct {
	Endpoint byte
	Profile  uint16 // 0x0104 home automation
	Device   uint16
	Version  byte
	In, Out  []uint16 // served and used clusters
}

// SimpleDescriptorResponse is the answer to SimpleDescriptorRequest (2.4.4.2.5).
type SimpleDescriptorResponse struct {
	Status     Status
	Addr       uint16
	Descriptor SimpleDescriptor
}

// ActiveEndpointsResponse is the answer to ActiveEndpointsRequest (2.4.4.2.6).
type ActiveEndpointsResponse struct {
	Status    Status
	Addr      uint16
	Endpoints []byte
}

// Announcement tells that a node has joined, rejoined or has a new address.
type Announcement struct {
	Addr       uint16
	IEEE       uint64
	Capability Capability
}

func parseDiscovery(c Cluster, p *params) Body {
	switch c {
	case IEEEAddress:
		return IEEEAddressRequest{p.uint16(), p.byte() == 1, p.byte()}
	case IEEEAddress | Response:
		return IEEEAddressResponse{p.addresses()}
	case NodeDescription:
		return NodeDescriptorRequest{p.uint16()}
	case NodeDescription | Response:
		r := NodeDescriptorResponse{Status: Status(p.byte())}
		if r.Addr = p.interest(r.Status); r.Status == Success {
			one, two := p.byte(), p.byte()
			r.Descriptor = NodeDescriptor{
				NodeType(one & 7), one >> 3, two & 7, two >> 3, Capability(p.byte()), p.uint16(),
				p.byte(), p.uint16(), p.uint16(), p.uint16(), byte(p.optional(1)),
			}
		}
		return r
	case SimpleDescription:
		return SimpleDescriptorRequest{p.uint16(), p.byte()}
	case SimpleDescription | Response:
		r := SimpleDescriptorResponse{Status: Status(p.byte())}
		if r.Addr = p.interest(r.Status); r.Status == Success {
			p.byte() // its length, which its lists tell again
			r.Descriptor = SimpleDescriptor{
				p.byte(), p.uint16(), p.uint16(), p.byte() & 0xF,
				list(p, p.byte(), p.uint16), list(p, p.byte(), p.uint16),
			}
		}
		return r
	case ActiveEndpoints:
		return ActiveEndpointsRequest{p.uint16()}
	case ActiveEndpoints | Response:
		s, addr, endpoints := p.endpoints()
		return ActiveEndpointsResponse{s, addr, endpoints}
	case DeviceAnnounce:
		return Announcement{p.uint16(), p.uint64(), Capability(p.byte())}
	default:
		return nil
	}
}

// interest reads the address that an answer is about.
func (p *params) interest(s Status) uint16 {
	if s != Success {
		return uint16(p.optional(2))
	}
	return p.uint16()
}

func (p *params) addresses() Addresses {
	a := Addresses{Status: Status(p.byte())}
	if a.Status != Success {
		a.IEEE, a.Addr = p.optional(8), uint16(p.optional(2))
		return a
	}
	a.IEEE, a.Addr = p.uint64(), p.uint16()
	if n := byte(p.optional(1)); n > 0 {
		a.First, a.Children = p.byte(), list(p, n, p.uint16)
	}
	return a
}

func (p *params) endpoints() (s Status, addr uint16, endpoints []byte) {
	s = Status(p.byte())
	if addr = p.interest(s); s == Success {
		endpoints = p.bytes(int(p.byte()))
	}
	return s, addr, endpoints
}

// Cluster is IEEEAddress.
func (IEEEAddressRequest) Cluster() Cluster { return IEEEAddress }

// Cluster is the answer to IEEEAddress.
func (IEEEAddressResponse) Cluster() Cluster { return IEEEAddress | Response }

// Cluster is NodeDescription.
func (NodeDescriptorRequest) Cluster() Cluster { return NodeDescription }

// Cluster is the answer to NodeDescription.
func (NodeDescriptorResponse) Cluster() Cluster { return NodeDescription | Response }

// Cluster is SimpleDescription.
func (SimpleDescriptorRequest) Cluster() Cluster { return SimpleDescription }

// Cluster is the answer to SimpleDescription.
func (SimpleDescriptorResponse) Cluster() Cluster { return SimpleDescription | Response }

// Cluster is ActiveEndpoints.
func (ActiveEndpointsRequest) Cluster() Cluster { return ActiveEndpoints }

// Cluster is the answer to ActiveEndpoints.
func (ActiveEndpointsResponse) Cluster() Cluster { return ActiveEndpoints | Response }

// Cluster is DeviceAnnounce.
func (Announcement) Cluster() Cluster { return DeviceAnnounce }

// Append writes the body.
func (r IEEEAddressRequest) Append(b []byte) []byte {
	return append(put16(b, r.Addr), bit(r.Children, 0), r.First)
}

// Append writes the body.
func (a Addresses) Append(b []byte) []byte {
	b = put16(put(append(b, byte(a.Status)), a.IEEE, 8), a.Addr)
	if a.Status != Success || len(a.Children) == 0 {
		return b
	}
	children := a.Children[:min(len(a.Children), 0xFF)]
	b = append(b, byte(len(children)), a.First)
	for _, c := range children {
		b = put16(b, c)
	}
	return b
}

// Append writes the body.
func (r NodeDescriptorRequest) Append(b []byte) []byte { return put16(b, r.Addr) }

// Append writes the body.
func (r NodeDescriptorResponse) Append(b []byte) []byte {
	b = put16(append(b, byte(r.Status)), r.Addr)
	if r.Status != Success {
		return b
	}
	d := r.Descriptor
	b = append(b, byte(d.Type)&7|d.Flags<<3, d.APSFlags&7|d.Bands<<3, byte(d.Capability))
	b = put16(append(put16(b, d.Manufacturer), d.MaxBuffer), d.MaxIncoming)
	return append(put16(put16(b, d.Server), d.MaxOutgoing), d.DescriptorCapability)
}

// Append writes the body.
func (r SimpleDescriptorRequest) Append(b []byte) []byte { return append(put16(b, r.Addr), r.Endpoint) }

// Append writes the body.
func (r SimpleDescriptorResponse) Append(b []byte) []byte {
	b = put16(append(b, byte(r.Status)), r.Addr)
	if r.Status != Success {
		return append(b, 0)
	}
	d := r.Descriptor
	b = append(b, byte(8+2*(len(d.In)+len(d.Out))), d.Endpoint)
	b = append(put16(put16(b, d.Profile), d.Device), d.Version&0xF)
	return putList(putList(b, d.In, put16), d.Out, put16)
}

// Append writes the body.
func (r ActiveEndpointsRequest) Append(b []byte) []byte { return put16(b, r.Addr) }

// Append writes the body.
func (r ActiveEndpointsResponse) Append(b []byte) []byte {
	return putList(put16(append(b, byte(r.Status)), r.Addr), r.Endpoints, putByte)
}

// Append writes the body.
func (a Announcement) Append(b []byte) []byte {
	return append(put(put16(b, a.Addr), a.IEEE, 8), byte(a.Capability))
}
