package zcl

import "fmt"

// Attr is the id of an attribute of a cluster.
type Attr uint16

// Attributes that every cluster has (2.3.5.1, 2.3.5.2).
const (
	ClusterRevision          Attr = 0xFFFD
	AttributeReportingStatus Attr = 0xFFFE
)

// Status is how something fared (table 2-12).
type Status byte

// Statuses.
const (
	Success               Status = 0x00
	Failure               Status = 0x01
	NotAuthorized         Status = 0x7E
	MalformedCommand      Status = 0x80
	UnsupportedCommand    Status = 0x81
	InvalidField          Status = 0x85
	UnsupportedAttribute  Status = 0x86
	InvalidValue          Status = 0x87
	ReadOnly              Status = 0x88
	InsufficientSpace     Status = 0x89
	NotFound              Status = 0x8B
	UnreportableAttribute Status = 0x8C
	InvalidDataType       Status = 0x8D
	WriteOnly             Status = 0x8F
	ActionDenied          Status = 0x93
	Timeout               Status = 0x94
	Abort                 Status = 0x95
	InvalidImage          Status = 0x96
	WaitForData           Status = 0x97
	NoImageAvailable      Status = 0x98
	RequireMoreImage      Status = 0x99
	NotificationPending   Status = 0x9A
	HardwareFailure       Status = 0xC0
	SoftwareFailure       Status = 0xC1
	UnsupportedCluster    Status = 0xC3
)

// String names the status as the library does.
func (s Status) String() string {
	switch s {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case NotAuthorized:
		return "not authorized"
	case MalformedCommand:
		return "malformed command"
	case UnsupportedCommand, 0x82, 0x83, 0x84: // those of older revisions for other kinds of command
		return "unsupported command"
	case InvalidField:
		return "invalid field"
	case UnsupportedAttribute:
		return "unsupported attribute"
	case InvalidValue:
		return "invalid value"
	case ReadOnly:
		return "read only"
	case InsufficientSpace:
		return "insufficient space"
	case NotFound:
		return "not found"
	case UnreportableAttribute:
		return "unreportable attribute"
	case InvalidDataType:
		return "invalid data type"
	case WriteOnly:
		return "write only"
	case ActionDenied:
		return "action denied"
	case Timeout:
		return "timeout"
	case Abort:
		return "abort"
	case InvalidImage:
		return "invalid image"
	case WaitForData:
		return "wait for data"
	case NoImageAvailable:
		return "no image available"
	case RequireMoreImage:
		return "require more image"
	case NotificationPending:
		return "notification pending"
	case HardwareFailure:
		return "hardware failure"
	case SoftwareFailure:
		return "software failure"
	case UnsupportedCluster:
		return "unsupported cluster"
	default:
		return fmt.Sprintf("status 0x%02x", byte(s))
	}
}

// ReadAttributes asks for attributes (2.5.1).
type ReadAttributes struct{ Attrs []Attr }

// ReadRecord is what became of one attribute that was asked for. Value is of
// NoData unless Status is Success.
type ReadRecord struct {
	Attr   Attr
	Status Status
	Value  Value
}

// ReadAttributesResponse is the answer (2.5.2). Rest is what stands behind the
// last record that can be read.
type ReadAttributesResponse struct {
	Records []ReadRecord
	Rest    []byte
}

// Attribute is an attribute and its value.
type Attribute struct {
	Attr  Attr
	Value Value
}

// WriteMode is one of the three ways to write.
type WriteMode byte

// Ways to write.
const (
	WriteEach    WriteMode = iota // those that can be written are (2.5.3)
	WriteAllOrNo                  // "undivided" (2.5.4)
	WriteUnheard                  // "no response" (2.5.6)
)

// WriteAttributes writes attributes.
type WriteAttributes struct {
	Mode       WriteMode
	Attributes []Attribute
}

// NoAttr stands for no attribute: some firmware refuses all with a lone status.
const NoAttr Attr = 0xFFFF

// WriteRecord is what became of one attribute.
type WriteRecord struct {
	Status Status
	Attr   Attr
}

// WriteAttributesResponse is the answer (2.5.5). No records: all were written.
type WriteAttributesResponse struct{ Records []WriteRecord }

// Reporting is when an attribute is reported. Received is for the one who gets
// the reports: it tells them (Timeout) when to give up waiting.
type Reporting struct {
	Attr     Attr
	Received bool
	Min, Max uint16 // seconds; Max 0xFFFF: never
	Change   Value  // its type is the attribute's; the number counts for an analog type only
	Timeout  uint16 // seconds, 0: no end
}

// ConfigureReporting sets when attributes are reported (2.5.7).
type ConfigureReporting struct{ Records []Reporting }

// ReportingStatus is what became of one attribute.
type ReportingStatus struct {
	Status   Status
	Received bool
	Attr     Attr
}

// ConfigureReportingResponse is the answer (2.5.8). No records: all are set.
type ConfigureReportingResponse struct{ Records []ReportingStatus }

// ReportingOf names one configuration.
type ReportingOf struct {
	Received bool
	Attr     Attr
}

// ReadReporting asks when attributes are reported (2.5.9).
type ReadReporting struct{ Records []ReportingOf }

// ReportingRecord is one configuration; only Attr and Received count unless
// Status is Success.
type ReportingRecord struct {
	Status Status
	Reporting
}

// ReadReportingResponse is the answer (2.5.10).
type ReadReportingResponse struct{ Records []ReportingRecord }

// ReportAttributes tells attributes unasked (2.5.11). Rest is what stands behind
// the last attribute that can be read.
type ReportAttributes struct {
	Attributes []Attribute
	Rest       []byte
}

// DefaultResponse tells how a command fared that has no answer of its own
// (2.5.12).
type DefaultResponse struct {
	Command byte
	Status  Status
}

func parseFoundation(p *params) Command {
	switch p.command {
	case 0x00:
		return ReadAttributes{list(p, p.attr)}
	case 0x01:
		var r ReadAttributesResponse
		r.Records, r.Rest = readable(p, func() ReadRecord {
			r := ReadRecord{Attr: p.attr(), Status: Status(p.byte())}
			if r.Status == Success {
				r.Value = p.value(Type(p.byte()))
			}
			return r
		})
		return r
	case 0x02:
		return WriteAttributes{WriteEach, list(p, p.attribute)}
	case 0x03:
		return WriteAttributes{WriteAllOrNo, list(p, p.attribute)}
	case 0x04:
		if s, ok := p.alone(); ok {
			if s == Success {
				return WriteAttributesResponse{}
			}
			return WriteAttributesResponse{[]WriteRecord{{s, NoAttr}}}
		}
		return WriteAttributesResponse{list(p, func() WriteRecord { return WriteRecord{Status(p.byte()), p.attr()} })}
	case 0x05:
		return WriteAttributes{WriteUnheard, list(p, p.attribute)}
	case 0x06:
		return ConfigureReporting{list(p, func() Reporting { return p.reporting(p.received(), p.attr()) })}
	case 0x07:
		if s, ok := p.alone(); ok {
			if s == Success {
				return ConfigureReportingResponse{}
			}
			return ConfigureReportingResponse{[]ReportingStatus{{Status: s, Attr: NoAttr}}}
		}
		return ConfigureReportingResponse{list(p, func() ReportingStatus {
			return ReportingStatus{Status(p.byte()), p.received(), p.attr()}
		})}
	case 0x08:
		return ReadReporting{list(p, func() ReportingOf { return ReportingOf{p.received(), p.attr()} })}
	case 0x09:
		return ReadReportingResponse{list(p, func() ReportingRecord {
			s, received, attr := Status(p.byte()), p.received(), p.attr()
			if s != Success {
				return ReportingRecord{s, Reporting{Received: received, Attr: attr}}
			}
			return ReportingRecord{s, p.reporting(received, attr)}
		})}
	case 0x0A:
		var r ReportAttributes
		r.Attributes, r.Rest = readable(p, p.attribute)
		return r
	case 0x0B:
		return DefaultResponse{p.byte(), Status(p.byte())}
	default:
		return nil
	}
}

// list reads records to the end.
func list[T any](p *params, one func() T) []T {
	var all []T
	for p.more() {
		all = append(all, one())
	}
	return all
}

// readable reads records to the end or to the first that cannot be read; what
// stands from there on is returned as it is, so that a device that spoils its
// last record is still heard. A first record that cannot be read is a fault.
func readable[T any](p *params, one func() T) (all []T, rest []byte) {
	for p.more() {
		from := p.rest
		r := one()
		if p.reason != "" && len(all) > 0 {
			p.reason = ""
			return all, clone(from)
		}
		all = append(all, r)
	}
	return all, nil
}

// alone reads a status that stands for all records.
func (p *params) alone() (Status, bool) {
	if len(p.rest) != 1 {
		return 0, false
	}
	return Status(p.byte()), true
}

func (p *params) attr() Attr { return Attr(p.uint16()) }

func (p *params) attribute() Attribute {
	return Attribute{p.attr(), p.value(Type(p.byte()))}
}

func (p *params) received() bool { return p.byte() == 1 }

func (p *params) reporting(received bool, attr Attr) Reporting {
	r := Reporting{Attr: attr, Received: received}
	if received {
		r.Timeout = p.uint16()
		return r
	}
	t := Type(p.byte())
	r.Min, r.Max, r.Change = p.uint16(), p.uint16(), Value{Type: t}
	if t.Analog() {
		r.Change = p.value(t)
	}
	return r
}

// Head says which command it is.
func (ReadAttributes) Head() Head { return Head{Command: 0x00} }

// Head says which command it is.
func (ReadAttributesResponse) Head() Head { return Head{Command: 0x01} }

// Head says which command it is.
func (c WriteAttributes) Head() Head {
	switch c.Mode {
	case WriteAllOrNo:
		return Head{Command: 0x03}
	case WriteUnheard:
		return Head{Command: 0x05}
	default:
		return Head{Command: 0x02}
	}
}

// Head says which command it is.
func (WriteAttributesResponse) Head() Head { return Head{Command: 0x04} }

// Head says which command it is.
func (ConfigureReporting) Head() Head { return Head{Command: 0x06} }

// Head says which command it is.
func (ConfigureReportingResponse) Head() Head { return Head{Command: 0x07} }

// Head says which command it is.
func (ReadReporting) Head() Head { return Head{Command: 0x08} }

// Head says which command it is.
func (ReadReportingResponse) Head() Head { return Head{Command: 0x09} }

// Head says which command it is.
func (ReportAttributes) Head() Head { return Head{Command: 0x0A} }

// Head says which command it is.
func (DefaultResponse) Head() Head { return Head{Command: 0x0B} }

// Append writes the payload.
func (c ReadAttributes) Append(b []byte) []byte {
	for _, a := range c.Attrs {
		b = put16(b, uint16(a))
	}
	return b
}

// Append writes the payload.
func (c ReadAttributesResponse) Append(b []byte) []byte {
	for _, r := range c.Records {
		b = append(put16(b, uint16(r.Attr)), byte(r.Status))
		if r.Status == Success {
			b = r.Value.Append(append(b, byte(r.Value.Type)))
		}
	}
	return append(b, c.Rest...)
}

// Append writes the payload.
func (c WriteAttributes) Append(b []byte) []byte { return appendAttributes(b, c.Attributes) }

func appendAttributes(b []byte, attributes []Attribute) []byte {
	for _, a := range attributes {
		b = append(put16(b, uint16(a.Attr)), byte(a.Value.Type))
		b = a.Value.Append(b)
	}
	return b
}

// Append writes the payload.
func (c WriteAttributesResponse) Append(b []byte) []byte {
	for _, r := range c.Records {
		b = put16(append(b, byte(r.Status)), uint16(r.Attr))
	}
	if len(c.Records) == 0 {
		b = append(b, byte(Success))
	}
	return b
}

// Append writes the payload.
func (c ConfigureReporting) Append(b []byte) []byte {
	for _, r := range c.Records {
		b = r.append(put16(append(b, bit(r.Received, 0)), uint16(r.Attr)))
	}
	return b
}

// append writes what stands behind direction and attribute.
func (r Reporting) append(b []byte) []byte {
	if r.Received {
		return put16(b, r.Timeout)
	}
	b = put16(put16(append(b, byte(r.Change.Type)), r.Min), r.Max)
	if r.Change.Type.Analog() {
		b = r.Change.Append(b)
	}
	return b
}

// Append writes the payload.
func (c ConfigureReportingResponse) Append(b []byte) []byte {
	for _, r := range c.Records {
		b = put16(append(b, byte(r.Status), bit(r.Received, 0)), uint16(r.Attr))
	}
	if len(c.Records) == 0 {
		b = append(b, byte(Success))
	}
	return b
}

// Append writes the payload.
func (c ReadReporting) Append(b []byte) []byte {
	for _, r := range c.Records {
		b = put16(append(b, bit(r.Received, 0)), uint16(r.Attr))
	}
	return b
}

// Append writes the payload.
func (c ReadReportingResponse) Append(b []byte) []byte {
	for _, r := range c.Records {
		b = put16(append(b, byte(r.Status), bit(r.Received, 0)), uint16(r.Attr))
		if r.Status == Success {
			b = r.append(b)
		}
	}
	return b
}

// Append writes the payload.
func (c ReportAttributes) Append(b []byte) []byte {
	return append(appendAttributes(b, c.Attributes), c.Rest...)
}

// Append writes the payload.
func (c DefaultResponse) Append(b []byte) []byte { return append(b, c.Command, byte(c.Status)) }
