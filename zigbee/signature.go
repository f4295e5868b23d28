package zigbee

import (
	"fmt"
	"slices"
	"strconv"

	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// Signature is what there is to know of a device for whoever is to teach the hub
// its ways: what it says that it is, and which attributes, commands and data
// points were heard of it since the hub started. It is made to be given away.
// There is no address in it, no key, no time and no text but model, maker and
// version; and of what was heard only numbers of up to four bytes, and none at
// all of locks and keypads, whose numbers may be codes.
//
// Its JSON is the form in which it is shared: Controller.Signature makes it of a
// device that is heard, SignatureOf of one that is only remembered.
type Signature struct {
	Version      int                 `json:"signature"` // of this form: 1
	Model        string              `json:"model"`
	Maker        string              `json:"maker"`
	Manufacturer Hex                 `json:"manufacturer"`
	Firmware     string              `json:"firmware,omitempty"`
	Quirk        string              `json:"quirk,omitempty"` // by which the hub reads it
	Mains        bool                `json:"mains"`
	Listening    bool                `json:"listening"`
	Endpoints    []SignatureEndpoint `json:"endpoints"`
	Attributes   []SeenAttribute     `json:"attributes,omitempty"`
	Points       []SeenPoint         `json:"points,omitempty"` // of Tuya
	Commands     []SeenCommand       `json:"commands,omitempty"`
}

// SignatureEndpoint is one part of the device.
type SignatureEndpoint struct {
	ID      byte  `json:"endpoint"`
	Profile Hex   `json:"profile"`
	Kind    Hex   `json:"device"`
	In      []Hex `json:"in"`
	Out     []Hex `json:"out"`
	Zone    *Hex  `json:"zone,omitempty"` // type of its IAS zone
}

// SeenAttribute is an attribute that was heard, or a tag within one.
type SeenAttribute struct {
	Cluster Hex   `json:"cluster"`
	Attr    Hex   `json:"attribute"`
	Maker   Hex   `json:"maker,omitempty"`
	Tag     *byte `json:"tag,omitempty"`
	Type    Hex   `json:"type"`
	Span
}

// SeenPoint is a data point that was heard.
type SeenPoint struct {
	ID    byte   `json:"point"`
	Type  string `json:"type"`
	Bytes int    `json:"bytes"`
	Span
}

// SeenCommand is a command that was heard and that the hub has no words for.
type SeenCommand struct {
	Cluster Hex  `json:"cluster"`
	Command byte `json:"command"`
	Maker   Hex  `json:"maker,omitempty"`
	Bytes   int  `json:"bytes"`
}

// Span is between which numbers lies what was heard; nil where it is no number
// or may be a code.
type Span struct {
	Least *int64 `json:"least,omitempty"`
	Most  *int64 `json:"most,omitempty"`
}

// take widens the span.
func (s *Span) take(n int64) {
	if s.Least == nil || n < *s.Least {
		s.Least = &n
	}
	if s.Most == nil || n > *s.Most {
		s.Most = &n
	}
}

// Hex is a number that specifications have in hexadecimal digits.
type Hex uint16

// MarshalText writes "0x0500".
func (h Hex) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "0x%04x", uint16(h)), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hex) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 0, 16)
	if err != nil {
		return fmt.Errorf("zigbee: %q is not a number such as 0x0500", b)
	}
	*h = Hex(n)
	return nil
}

// SignatureOf is the signature of a device of which nothing else is known.
func SignatureOf(d Device) Signature {
	s := Signature{
		Version: 1, Model: d.Model, Maker: d.Maker, Manufacturer: Hex(d.Manufacturer), Firmware: d.Firmware,
		Mains: d.Mains, Listening: d.Listening, Endpoints: []SignatureEndpoint{},
	}
	for _, e := range d.Endpoints {
		part := SignatureEndpoint{ID: e.ID, Profile: Hex(e.Profile), Kind: Hex(e.Kind), In: hexes(e.In), Out: hexes(e.Out)}
		if e.Serves(zcl.IASZone) {
			zone := Hex(e.Zone.Type)
			part.Zone = &zone
		}
		s.Endpoints = append(s.Endpoints, part)
	}
	return s
}

func hexes(clusters []zcl.Cluster) []Hex {
	l := []Hex{}
	for _, c := range clusters {
		l = append(l, Hex(c))
	}
	return l
}

// Signature is the signature of a device; false: there is no such one.
func (c *Controller) Signature(id IEEE) (Signature, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[id]
	if n == nil {
		return Signature{}, false
	}
	s := SignatureOf(n.Device)
	s.Quirk = c.quirk(&n.Device).Name
	s.Attributes, s.Points, s.Commands = slices.Clone(n.seen.attributes), slices.Clone(n.seen.points), slices.Clone(n.seen.commands)
	return s, true
}

// maxSeen is how many things of each sort are kept of a device.
const maxSeen = 64

// seen is what was heard of a device since the hub started.
type seen struct {
	attributes []SeenAttribute
	points     []SeenPoint
	commands   []SeenCommand
}

// saw notes for its signature what a device said.
func (c *Controller) saw(r Report) {
	var said []zcl.Attribute
	switch cmd := r.Command.(type) {
	case zcl.ReportAttributes:
		said = cmd.Attributes
	case zcl.ReadAttributesResponse:
		for _, rec := range cmd.Records {
			if rec.Status == zcl.Success {
				said = append(said, zcl.Attribute{Attr: rec.Attr, Value: rec.Value})
			}
		}
	case zcl.Raw:
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[r.Device]
	if n == nil {
		return
	}
	for _, a := range said {
		n.sawAttribute(r, a)
		if r.Cluster == zcl.Basic && r.Frame.Manufacturer == 0 {
			n.tellsName(a)
		}
	}
	if raw, ok := r.Command.(zcl.Raw); ok {
		n.sawCommand(r, raw)
	}
}

// secretive tells that numbers of the device may be codes.
func (n *node) secretive() bool {
	return slices.ContainsFunc(n.Endpoints, func(e Endpoint) bool { return e.Serves(zcl.DoorLock) || e.Uses(zcl.IASACE) })
}

func (n *node) sawAttribute(r Report, a zcl.Attribute) {
	what := SeenAttribute{Cluster: Hex(r.Cluster), Attr: Hex(a.Attr), Maker: Hex(r.Frame.Manufacturer), Type: Hex(a.Value.Type)}
	tags, ok := quirks.TagsOf(r.Cluster, a)
	if !ok {
		n.saw(what, a.Value)
	}
	for _, t := range tags {
		id := t.ID
		what.Tag, what.Type = &id, Hex(t.Value.Type)
		if t.ID == quirks.LumiParent { // an address
			t.Value = zcl.Value{Type: t.Value.Type, B: []byte{0}}
		}
		n.saw(what, t.Value)
	}
}

// numeric tells that a value is a number that gives nothing away.
func numeric(v zcl.Value) bool {
	size, fixed := v.Type.Size()
	return fixed && size <= 4 && v.B == nil && v.Known() && v.Type != zcl.UTC && v.Type != zcl.Date && v.Type != zcl.TimeOfDay && v.Type != zcl.Single
}

func (n *node) saw(what SeenAttribute, v zcl.Value) {
	same := func(o SeenAttribute) bool {
		tag := o.Tag == nil && what.Tag == nil || o.Tag != nil && what.Tag != nil && *o.Tag == *what.Tag
		return tag && o.Cluster == what.Cluster && o.Attr == what.Attr && o.Maker == what.Maker && o.Type == what.Type
	}
	i := slices.IndexFunc(n.seen.attributes, same)
	if i < 0 {
		if len(n.seen.attributes) == maxSeen {
			return
		}
		i, n.seen.attributes = len(n.seen.attributes), append(n.seen.attributes, what)
	}
	if numeric(v) && !n.secretive() {
		n.seen.attributes[i].take(v.Int())
	}
}

func (n *node) sawCommand(r Report, raw zcl.Raw) {
	points, ok := quirks.PointsOf(raw)
	for _, p := range points {
		what := SeenPoint{ID: p.ID, Type: p.Type.String(), Bytes: len(p.Data)}
		i := slices.IndexFunc(n.seen.points, func(o SeenPoint) bool { return o.ID == what.ID && o.Type == what.Type && o.Bytes == what.Bytes })
		if i < 0 {
			if len(n.seen.points) == maxSeen {
				continue
			}
			i, n.seen.points = len(n.seen.points), append(n.seen.points, what)
		}
		if v, ok := p.Number(); ok && !n.secretive() {
			n.seen.points[i].take(v)
		}
	}
	if ok {
		return
	}
	what := SeenCommand{Cluster: Hex(r.Cluster), Command: r.Frame.Command, Maker: Hex(r.Frame.Manufacturer), Bytes: len(raw.Payload)}
	if len(n.seen.commands) < maxSeen && !slices.Contains(n.seen.commands, what) {
		n.seen.commands = append(n.seen.commands, what)
	}
}
