package quirks

import (
	"encoding/binary"
	"fmt"
	"time"

	"gatehouse/zigbee/zcl"
)

// Tuya is the cluster in which devices with a second processor, of Tuya's make,
// say everything. What they say are data points: a number, a type, and bytes,
// of which the device alone knows what they stand for. Names of commands are
// those of Tuya's document "Zigbee Generic Interfaces"; numbers on the wire are
// big-endian, other than everywhere else in Zigbee.
const Tuya zcl.Cluster = 0xEF00

// Commands of the cluster.
const (
	TuyaSet        = 0x00 // hub: set points
	TuyaAnswer     = 0x01 // device: points, as an answer
	TuyaReport     = 0x02 // device: points, by itself
	TuyaQuery      = 0x03 // hub: say all points
	TuyaSend       = 0x04 // hub: as TuyaSet, for devices that want this one
	TuyaStatusAlt  = 0x05 // device: points
	TuyaStatus     = 0x06 // device: points
	TuyaAskVersion = 0x10 // hub: which version has the second processor?
	TuyaVersion    = 0x11 // device: that one
	TuyaTime       = 0x24 // device: what time is it? hub: this
	TuyaOnline     = 0x25 // device: is the gateway connected? hub: yes
)

// PointType is how the bytes of a data point are meant.
type PointType byte

// Types of data points.
const (
	PointRaw    PointType = 0
	PointBool   PointType = 1 // 1 byte
	PointNumber PointType = 2 // 4 bytes, signed
	PointText   PointType = 3
	PointEnum   PointType = 4 // 1 byte
	PointBits   PointType = 5 // 1, 2 or 4 bytes
)

// pointTypes are the names of types in quirk files and signatures.
var pointTypes = [...]string{"raw", "bool", "number", "text", "enum", "bits"}

// String names the type.
func (t PointType) String() string {
	if int(t) < len(pointTypes) {
		return pointTypes[t]
	}
	return fmt.Sprintf("type 0x%02x", byte(t))
}

// Point is one data point and what it says.
type Point struct {
	ID   byte
	Type PointType
	Data []byte
}

// Points is the payload of the commands that carry data points.
type Points struct {
	Sequence uint16
	List     []Point
}

// MakePoint makes a point that says a number.
func MakePoint(id byte, t PointType, n int64) Point {
	switch t {
	case PointNumber:
		return Point{id, t, binary.BigEndian.AppendUint32(nil, uint32(n))}
	default:
		return Point{id, t, []byte{byte(n)}}
	}
}

// Number is what a point of a truth, a number, an enumeration or bits says.
func (p Point) Number() (int64, bool) {
	switch {
	case p.Type == PointRaw || p.Type == PointText || len(p.Data) == 0 || len(p.Data) > 4:
		return 0, false
	case p.Type == PointNumber && len(p.Data) == 4:
		return int64(int32(binary.BigEndian.Uint32(p.Data))), true
	}
	n := int64(0)
	for _, b := range p.Data {
		n = n<<8 | int64(b)
	}
	return n, true
}

// ParsePoints reads data points. Those before one that is cut off are returned
// beside the error: an alarm is none the less for what follows it.
func ParsePoints(b []byte) (Points, error) {
	if len(b) < 2 {
		return Points{}, fmt.Errorf("quirks: data points of %d bytes have no number", len(b))
	}
	p := Points{Sequence: binary.BigEndian.Uint16(b)}
	for b = b[2:]; len(b) > 0; {
		const head = 4
		if len(b) < head {
			return p, fmt.Errorf("quirks: %d bytes behind %d data points are no further one", len(b), len(p.List))
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if len(b)-head < n {
			return p, fmt.Errorf("quirks: data point %d says that it has %d bytes, and %d are there", b[0], n, len(b)-head)
		}
		p.List = append(p.List, Point{ID: b[0], Type: PointType(b[1]), Data: append([]byte(nil), b[head:head+n]...)})
		b = b[head+n:]
	}
	return p, nil
}

// Append writes the payload behind b.
func (p Points) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, p.Sequence)
	for _, d := range p.List {
		b = binary.BigEndian.AppendUint16(append(b, d.ID, byte(d.Type)), uint16(len(d.Data)))
		b = append(b, d.Data...)
	}
	return b
}

// PointsOf are the data points that a device says by a command, if it says any.
func PointsOf(c zcl.Command) ([]Point, bool) {
	raw, ok := c.(zcl.Raw)
	if !ok || raw.Of.Kind != zcl.Local || raw.Of.Cluster != Tuya || raw.Of.Direction != zcl.ToClient {
		return nil, false
	}
	switch raw.Of.Command {
	case TuyaAnswer, TuyaReport, TuyaStatus, TuyaStatusAlt:
		p, _ := ParsePoints(raw.Payload)
		return p.List, true
	}
	return nil, false
}

// toTuya is a command to a device.
func toTuya(command byte, payload []byte) zcl.Raw {
	return zcl.Raw{Of: zcl.Head{Kind: zcl.Local, Cluster: Tuya, Direction: zcl.ToServer, Command: command}, Payload: payload}
}

// SetPoints tells a device data points, by TuyaSet or TuyaSend.
func SetPoints(command byte, sequence uint16, list ...Point) zcl.Raw {
	return toTuya(command, Points{sequence, list}.Append(nil))
}

// QueryPoints asks a device for all its data points.
func QueryPoints() zcl.Raw { return toTuya(TuyaQuery, nil) }

// Clock is how a device counts the time that it asks for.
type Clock byte

// Clocks. A device that gets no answer asks for ever.
const (
	Clock1970 Clock = iota // seconds since 1970
	Clock2000              // seconds since 2000: its days of the week are wrong otherwise
	ClockOff               // it is not told: each answer has it ask again
)

// since2000 is how many seconds lie between the two.
const since2000 = 946684800

// Owed is what a device asked for by a command of the cluster, nil when it asked
// for nothing. It is told the time of day in the house, and that its gateway is
// connected: one that believes otherwise looks for its network.
func Owed(c zcl.Command, clock Clock, now time.Time) zcl.Command {
	raw, ok := c.(zcl.Raw)
	if !ok || raw.Of.Kind != zcl.Local || raw.Of.Cluster != Tuya || raw.Of.Direction != zcl.ToClient {
		return nil
	}
	switch {
	case raw.Of.Command == TuyaTime && clock != ClockOff:
		_, east := now.Zone()
		utc := now.Unix()
		if clock == Clock2000 {
			utc -= since2000
		}
		b := []byte{8, 0} // how many bytes follow; this number alone is little-endian
		b = binary.BigEndian.AppendUint32(b, uint32(utc))
		return toTuya(TuyaTime, binary.BigEndian.AppendUint32(b, uint32(utc+int64(east))))
	case raw.Of.Command == TuyaOnline:
		return toTuya(TuyaOnline, []byte{1, 0, 1})
	}
	return nil
}
