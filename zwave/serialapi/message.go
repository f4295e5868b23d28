package serialapi

import (
	"fmt"
	"strings"
)

// IDs is how node ids are written: one byte, or two once the host has asked
// for it (Setup 0x80), which Long Range needs.
type IDs bool

// Widths of node ids.
const (
	Narrow IDs = false
	Wide   IDs = true
)

// Append writes a node id.
func (w IDs) Append(b []byte, id uint16) []byte {
	if w == Wide {
		return append(b, byte(id>>8), byte(id))
	}
	return append(b, byte(id))
}

// Short says that a response or callback is shorter than its layout.
type Short struct{ Function Function }

func (e *Short) Error() string { return fmt.Sprintf("%s: too short", e.Function) }

// reader reads a payload from front to back; reading past its end sets short.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.short = true
		return 0
	}
	v := r.rest[0]
	r.rest = r.rest[1:]
	return v
}

func (r *reader) uint16() uint16 { return uint16(r.byte())<<8 | uint16(r.byte()) }

func (r *reader) id(w IDs) uint16 {
	if w == Wide {
		return r.uint16()
	}
	return uint16(r.byte())
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.short = true
		return nil
	}
	v := r.rest[:n:n]
	r.rest = r.rest[n:]
	return v
}

func (r *reader) end(f Function) error {
	if r.short {
		return &Short{f}
	}
	return nil
}

// Bits is a mask of numbers from 1 on, as node lists and function lists are sent.
type Bits []byte

// Has tells whether n is in the mask.
func (b Bits) Has(n int) bool {
	n--
	return n >= 0 && n/8 < len(b) && b[n/8]&(1<<(n%8)) != 0
}

// List is every number in the mask, ascending.
func (b Bits) List() []uint16 {
	var l []uint16
	for i := range len(b) * 8 {
		if b.Has(i + 1) {
			l = append(l, uint16(i+1))
		}
	}
	return l
}

// Set puts n into the mask, which must be long enough.
func (b Bits) Set(n int) { b[(n-1)/8] |= 1 << ((n - 1) % 8) }

// Capabilities is the response to GetAPICapabilities.
type Capabilities struct {
	Version, Revision    byte // of the Serial API's firmware
	Maker, Type, Product uint16
	Functions            Bits // 32 bytes
}

// Supports tells whether the stick has a function.
func (c Capabilities) Supports(f Function) bool { return c.Functions.Has(int(f)) }

// ParseCapabilities reads a response.
func ParseCapabilities(b []byte) (Capabilities, error) {
	r := reader{rest: b}
	c := Capabilities{
		Version: r.byte(), Revision: r.byte(),
		Maker: r.uint16(), Type: r.uint16(), Product: r.uint16(),
	}
	c.Functions = Bits(append([]byte(nil), r.rest...))
	return c, r.end(GetAPICapabilities)
}

// Append writes a response.
func (c Capabilities) Append(b []byte) []byte {
	b = append(b, c.Version, c.Revision, byte(c.Maker>>8), byte(c.Maker),
		byte(c.Type>>8), byte(c.Type), byte(c.Product>>8), byte(c.Product))
	return append(b, c.Functions...)
}

// InitData is the response to GetInitData.
type InitData struct {
	APIVersion   byte
	Capabilities byte // bit 0 slave, 1 timers, 2 secondary, 3 SIS
	Nodes        Bits // 29 bytes: nodes 1–232
	ChipType     byte
	ChipVersion  byte
}

// ParseInitData reads a response.
func ParseInitData(b []byte) (InitData, error) {
	r := reader{rest: b}
	d := InitData{APIVersion: r.byte(), Capabilities: r.byte()}
	d.Nodes = Bits(append([]byte(nil), r.bytes(int(r.byte()))...))
	if len(r.rest) >= 2 {
		d.ChipType, d.ChipVersion = r.byte(), r.byte()
	}
	return d, r.end(GetInitData)
}

// Append writes a response.
func (d InitData) Append(b []byte) []byte {
	b = append(b, d.APIVersion, d.Capabilities, byte(len(d.Nodes)))
	return append(append(b, d.Nodes...), d.ChipType, d.ChipVersion)
}

// LibraryVersion is the response to GetVersion.
type LibraryVersion struct {
	Version string // "Z-Wave 7.19"
	Library byte   // 1 static controller, 7 bridge controller
}

// ParseLibraryVersion reads a response.
func ParseLibraryVersion(b []byte) (LibraryVersion, error) {
	i := strings.IndexByte(string(b), 0)
	if i < 0 {
		return LibraryVersion{}, &Short{GetVersion}
	}
	v := LibraryVersion{Version: strings.ToValidUTF8(string(b[:i]), "?")}
	if i+1 < len(b) {
		v.Library = b[i+1]
	}
	return v, nil
}

// Append writes a response.
func (v LibraryVersion) Append(b []byte) []byte {
	return append(append(b, v.Version...), 0, v.Library)
}

// HomeID is the response to GetHomeID.
type HomeID struct {
	HomeID uint32
	NodeID uint16
}

// ParseHomeID reads a response.
func ParseHomeID(b []byte, w IDs) (HomeID, error) {
	r := reader{rest: b}
	h := HomeID{HomeID: uint32(r.uint16())<<16 | uint32(r.uint16())}
	h.NodeID = r.id(w && len(b) >= 6)
	return h, r.end(GetHomeID)
}

// Append writes a response.
func (h HomeID) Append(b []byte, w IDs) []byte {
	b = append(b, byte(h.HomeID>>24), byte(h.HomeID>>16), byte(h.HomeID>>8), byte(h.HomeID))
	return w.Append(b, h.NodeID)
}

// ProtocolInfo is the response to GetProtocolInfo: what the controller knows
// of a node.
type ProtocolInfo struct {
	Listening, Routing       bool
	Beamed                   bool // woken by a beam of 1000 ms or 250 ms
	Basic, Generic, Specific byte // Generic 0: there is no such node
}

// ParseProtocolInfo reads a response.
func ParseProtocolInfo(b []byte) (ProtocolInfo, error) {
	r := reader{rest: b}
	caps, security := r.byte(), r.byte()
	r.byte()
	p := ProtocolInfo{
		Listening: caps&0x80 != 0, Routing: caps&0x40 != 0, Beamed: security&0x60 != 0,
		Basic: r.byte(), Generic: r.byte(), Specific: r.byte(),
	}
	return p, r.end(GetProtocolInfo)
}

// Append writes a response, with 1000 ms for the beam.
func (p ProtocolInfo) Append(b []byte) []byte {
	var caps, security byte = 0x13, 0x14 // version 4, 40 kbit/s; speed, optional
	if p.Listening {
		caps |= 0x80
	}
	if p.Routing {
		caps |= 0x40
	}
	if p.Beamed {
		security |= 0x40
	}
	return append(b, caps, security, 0, p.Basic, p.Generic, p.Specific)
}

// Received is an ApplicationCommand or BridgeApplicationCmd: a command from a
// node. Command aliases the payload it was read from.
type Received struct {
	Status      RxStatus
	Node        uint16
	Destination uint16 // bridge only, else 0
	Command     []byte
}

// ParseReceived reads either request.
func ParseReceived(f Function, b []byte, w IDs) (Received, error) {
	r := reader{rest: b}
	c := Received{Status: RxStatus(r.byte())}
	if f == BridgeApplicationCmd {
		c.Destination = r.id(w)
	}
	c.Node = r.id(w)
	c.Command = r.bytes(int(r.byte()))
	return c, r.end(f) // receive level and security key may follow
}

// Append writes the request of f.
func (c Received) Append(b []byte, f Function, w IDs) []byte {
	b = append(b, byte(c.Status))
	if f == BridgeApplicationCmd {
		b = w.Append(b, c.Destination)
	}
	b = append(w.Append(b, c.Node), byte(len(c.Command)))
	b = append(b, c.Command...)
	if f == BridgeApplicationCmd {
		b = append(b, 0) // no multicast mask
	}
	return append(b, 0x7F) // receive level is not known
}

// Send is a SendData or SendDataBridge request.
type Send struct {
	Source   uint16 // bridge only
	Node     uint16
	Command  []byte
	Options  TxOptions
	Callback byte
}

// Append writes the request of f.
func (s Send) Append(b []byte, f Function, w IDs) []byte {
	if f == SendDataBridge {
		b = w.Append(b, s.Source)
	}
	b = append(w.Append(b, s.Node), byte(len(s.Command)))
	b = append(append(b, s.Command...), byte(s.Options))
	if f == SendDataBridge {
		b = append(b, 0, 0, 0, 0)
	}
	return append(b, s.Callback)
}

// ParseSend reads a request of f, as a stick does.
func ParseSend(f Function, b []byte, w IDs) (Send, error) {
	r := reader{rest: b}
	var s Send
	if f == SendDataBridge {
		s.Source = r.id(w)
	}
	s.Node = r.id(w)
	s.Command = r.bytes(int(r.byte()))
	s.Options = TxOptions(r.byte())
	if f == SendDataBridge {
		r.bytes(4)
	}
	s.Callback = r.byte()
	return s, r.end(f)
}

// NodeInfo is what a node says of itself in its node information frame.
type NodeInfo struct {
	Basic, Generic, Specific byte
	Classes                  []byte // as sent; those behind 0xEF are controlled, not supported
}

// Supported are the classes that the node can be spoken to in. Two byte
// classes (0xF1 and up), which no one uses, are left out.
func (n NodeInfo) Supported() []byte {
	var l []byte
	for i := 0; i < len(n.Classes); i++ {
		c := n.Classes[i]
		switch {
		case c == 0xEF:
			return l
		case c >= 0xF1:
			i++
		case c >= 0x20:
			l = append(l, c)
		}
	}
	return l
}

func (r *reader) nodeInfo() NodeInfo {
	n := int(r.byte())
	if r.short || n == 0 {
		r.short = false
		return NodeInfo{}
	}
	in := reader{rest: r.bytes(n)}
	i := NodeInfo{Basic: in.byte(), Generic: in.byte(), Specific: in.byte()}
	i.Classes = append([]byte(nil), in.rest...)
	return i
}

func (n NodeInfo) append(b []byte) []byte {
	if n.Generic == 0 && len(n.Classes) == 0 {
		return append(b, 0)
	}
	return append(append(b, byte(3+len(n.Classes)), n.Basic, n.Generic, n.Specific), n.Classes...)
}

// Update is an ApplicationUpdate.
type Update struct {
	Status UpdateStatus
	Node   uint16
	Info   NodeInfo
}

// ParseUpdate reads the request. SmartStart updates carry a home id where Info
// would be and are read as far as Node only.
func ParseUpdate(b []byte, w IDs) (Update, error) {
	r := reader{rest: b}
	u := Update{Status: UpdateStatus(r.byte())}
	u.Node = r.id(w)
	if err := r.end(ApplicationUpdate); err != nil {
		return u, err
	}
	if u.Status == UpdateNodeInfo || u.Status == UpdateIncluded {
		u.Info = r.nodeInfo()
	}
	return u, r.end(ApplicationUpdate)
}

// Append writes the request.
func (u Update) Append(b []byte, w IDs) []byte {
	return u.Info.append(w.Append(append(b, byte(u.Status)), u.Node))
}

// Learn is a callback of AddNode or RemoveNode.
type Learn struct {
	Callback byte
	Status   LearnStatus
	Node     uint16
	Info     NodeInfo
}

// ParseLearn reads a callback.
func ParseLearn(f Function, b []byte, w IDs) (Learn, error) {
	r := reader{rest: b}
	l := Learn{Callback: r.byte(), Status: LearnStatus(r.byte())}
	if len(r.rest) > 0 {
		l.Node = r.id(w)
		l.Info = r.nodeInfo()
	}
	return l, r.end(f)
}

// Append writes a callback.
func (l Learn) Append(b []byte, w IDs) []byte {
	return l.Info.append(w.Append(append(b, l.Callback, byte(l.Status)), l.Node))
}

// RSSI is a level at the controller's antenna in dBm, or one of the values
// below, which are none.
type RSSI int8

// Values that are no level (ZW_transport_api: RSSI_…).
const (
	RSSIBelowSensitivity RSSI = 125
	RSSISaturated        RSSI = 126 // louder than can be measured
	RSSINotAvailable     RSSI = 127
)

// ParseBackgroundRSSI reads the response of GetBackgroundRSSI: the noise on
// each channel, of which there are two to five.
func ParseBackgroundRSSI(b []byte) ([]RSSI, error) {
	if len(b) == 0 {
		return nil, &Short{GetBackgroundRSSI}
	}
	levels := make([]RSSI, len(b))
	for i, v := range b {
		levels[i] = RSSI(int8(v))
	}
	return levels, nil
}

// AppendBackgroundRSSI writes the response.
func AppendBackgroundRSSI(b []byte, levels []RSSI) []byte {
	for _, l := range levels {
		b = append(b, byte(l))
	}
	return b
}
