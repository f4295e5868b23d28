// Package zdo is what Zigbee nodes tell each other about themselves and the
// network: the bodies of the Zigbee Device Profile, without the sequence number
// in front, which is the coordinator's affair.
//
// Everything here is pure. Section numbers are those of the Zigbee Specification,
// revision 22 (05-3474); every number on the wire is little-endian. The
// specification itself was not at hand: npm zigbee-herdsman, whose codecs are not
// ours, judges what it can read or write of it (zigbee/interop).
//
// Promises, held by a fuzz test over every cluster:
//
//   - Parse never panics and never keeps or changes the slice it was given.
//   - A cluster that is not known becomes [Raw]; only a known body that is too
//     short for its own layout is an error (of type [*Malformed]).
//   - An answer that is not a success may end behind its status, as that of much
//     firmware does.
//   - Bytes behind a known layout (revision 23 adds some) are ignored.
//   - What parses appends to bytes that parse to the same value.
package zdo

import (
	"bytes"
	"fmt"
)

// Cluster is what a body is about; an answer has that of its question with the
// highest bit set (2.4.3, 2.4.4).
type Cluster uint16

// Response is the bit of an answer.
const Response Cluster = 0x8000

// The clusters that this package speaks.
const (
	IEEEAddress       Cluster = 0x0001 // 2.4.3.1.2
	NodeDescription   Cluster = 0x0002 // 2.4.3.1.3
	SimpleDescription Cluster = 0x0004 // 2.4.3.1.5
	ActiveEndpoints   Cluster = 0x0005 // 2.4.3.1.6
	DeviceAnnounce    Cluster = 0x0013 // 2.4.3.1.11, which has no answer
	Bind              Cluster = 0x0021 // 2.4.3.2.2
	Leave             Cluster = 0x0034 // Mgmt_Leave, 2.4.3.3.5
	PermitJoining     Cluster = 0x0036 // Mgmt_Permit_Joining, 2.4.3.3.7
)

// String names the cluster for a person.
func (c Cluster) String() string {
	name, ok := map[Cluster]string{
		IEEEAddress: "IEEE address", NodeDescription: "node descriptor",
		SimpleDescription: "simple descriptor", ActiveEndpoints: "active endpoints",
		DeviceAnnounce: "device announcement", Bind: "bind", Leave: "leave",
		PermitJoining: "permit joining",
	}[c&^Response]
	switch {
	case !ok:
		return fmt.Sprintf("cluster 0x%04x", uint16(c))
	case c&Response != 0:
		return name + " response"
	default:
		return name
	}
}

// Status is how a question fared (2.4.5).
type Status byte

// Statuses.
const (
	Success           Status = 0x00
	InvalidRequest    Status = 0x80
	DeviceNotFound    Status = 0x81
	InvalidEndpoint   Status = 0x82
	NotActive         Status = 0x83
	NotSupported      Status = 0x84
	Timeout           Status = 0x85
	NoMatch           Status = 0x86
	NoEntry           Status = 0x88
	NoDescriptor      Status = 0x89
	InsufficientSpace Status = 0x8A
	NotPermitted      Status = 0x8B
	TableFull         Status = 0x8C
	NotAuthorized     Status = 0x8D
	BindingTableFull  Status = 0x8E
	InvalidIndex      Status = 0x8F
)

// String names the status as the specification does.
func (s Status) String() string {
	switch s {
	case Success:
		return "success"
	case InvalidRequest:
		return "invalid request type"
	case DeviceNotFound:
		return "device not found"
	case InvalidEndpoint:
		return "invalid endpoint"
	case NotActive:
		return "endpoint not active"
	case NotSupported:
		return "not supported"
	case Timeout:
		return "timeout"
	case NoMatch:
		return "no match"
	case NoEntry:
		return "no entry"
	case NoDescriptor:
		return "no descriptor"
	case InsufficientSpace:
		return "insufficient space"
	case NotPermitted:
		return "not permitted"
	case TableFull:
		return "table full"
	case NotAuthorized:
		return "not authorized"
	case BindingTableFull:
		return "binding table full"
	case InvalidIndex:
		return "invalid index"
	default:
		return fmt.Sprintf("status 0x%02x", byte(s))
	}
}

// Body is a question, an answer or an announcement.
type Body interface {
	Cluster() Cluster
	// Append writes the body behind b.
	Append(b []byte) []byte
}

// StatusOf is how a question fared by its answer. What is no answer, and an answer
// that is not known, is a success.
func StatusOf(b Body) Status {
	switch r := b.(type) {
	case IEEEAddressResponse:
		return r.Status
	case NodeDescriptorResponse:
		return r.Status
	case SimpleDescriptorResponse:
		return r.Status
	case ActiveEndpointsResponse:
		return r.Status
	case StatusResponse:
		return r.Status
	default:
		return Success
	}
}

// Raw is a body that this package does not know.
type Raw struct {
	Of    Cluster
	Bytes []byte
}

// Cluster is what it is about.
func (r Raw) Cluster() Cluster { return r.Of }

// Append writes the bytes as they came.
func (r Raw) Append(b []byte) []byte { return append(b, r.Bytes...) }

// Malformed says that a known body is too short for its own layout or contradicts
// itself.
type Malformed struct {
	Cluster Cluster
	Reason  string
}

func (e *Malformed) Error() string { return fmt.Sprintf("zdo: %s: %s", e.Cluster, e.Reason) }

// Parse reads one body.
func Parse(c Cluster, b []byte) (Body, error) {
	p := params{rest: b}
	body := parseDiscovery(c, &p)
	if body == nil {
		body = parseNetwork(c, &p)
	}
	if p.reason != "" {
		return nil, &Malformed{Cluster: c, Reason: p.reason}
	}
	if body == nil {
		return Raw{Of: c, Bytes: clone(b)}, nil
	}
	return body, nil
}

// params reads a body from front to back. The first fault is kept and everything
// after it reads as zero.
type params struct {
	rest   []byte
	reason string
}

func (p *params) fail(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
	p.rest = nil
}

func (p *params) uint(n int) uint64 {
	if n > len(p.rest) {
		p.fail("too short")
		return 0
	}
	var v uint64
	for i, b := range p.rest[:n] {
		v |= uint64(b) << (8 * i)
	}
	p.rest = p.rest[n:]
	return v
}

func (p *params) byte() byte     { return byte(p.uint(1)) }
func (p *params) uint16() uint16 { return uint16(p.uint(2)) }
func (p *params) uint64() uint64 { return p.uint(8) }

// optional reads a number of n bytes that may be left out.
func (p *params) optional(n int) uint64 {
	if len(p.rest) < n {
		p.rest = nil
		return 0
	}
	return p.uint(n)
}

// bytes reads n bytes into memory of their own; nil when n is 0.
func (p *params) bytes(n int) []byte {
	if n > len(p.rest) {
		p.fail("too short")
		return nil
	}
	b := clone(p.rest[:n])
	p.rest = p.rest[n:]
	return b
}

// list reads n records.
func list[T any](p *params, n byte, one func() T) []T {
	var all []T
	for range n {
		r := one()
		if p.reason != "" {
			return nil
		}
		all = append(all, r)
	}
	return all
}

// clone copies b; nothing is nil.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}

func put(b []byte, v uint64, n int) []byte {
	for i := range n {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

func put16(b []byte, v uint16) []byte { return put(b, uint64(v), 2) }

// putList writes a list behind its length; what one byte cannot count is cut off.
func putList[T any](b []byte, all []T, one func([]byte, T) []byte) []byte {
	all = all[:min(len(all), 0xFF)]
	b = append(b, byte(len(all)))
	for _, v := range all {
		b = one(b, v)
	}
	return b
}

func putByte(b []byte, v byte) []byte { return append(b, v) }

func bit(on bool, n int) byte {
	if on {
		return 1 << n
	}
	return 0
}
