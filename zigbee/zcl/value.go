package zcl

import (
	"bytes"
	"fmt"
	"math"
)

// Type is a data type (table 2-10).
type Type byte

// The data types that have names of their own here. Numbers between them are
// the same kind in other sizes: Data8 + n, Bitmap8 + n, Uint8 + n and Int8 + n
// have n + 1 bytes.
const (
	NoData      Type = 0x00
	Data8       Type = 0x08 // to 0x0F
	Bool        Type = 0x10
	Bitmap8     Type = 0x18 // to 0x1F
	Bitmap16    Type = 0x19
	Bitmap32    Type = 0x1B
	Uint8       Type = 0x20 // to 0x27
	Uint16      Type = 0x21
	Uint24      Type = 0x22
	Uint32      Type = 0x23
	Uint48      Type = 0x25
	Uint64      Type = 0x27
	Int8        Type = 0x28 // to 0x2F
	Int16       Type = 0x29
	Int24       Type = 0x2A
	Int32       Type = 0x2B
	Int64       Type = 0x2F
	Enum8       Type = 0x30
	Enum16      Type = 0x31
	Semi        Type = 0x38
	Single      Type = 0x39
	Double      Type = 0x3A
	Octets      Type = 0x41
	Text        Type = 0x42
	LongOctets  Type = 0x43
	LongText    Type = 0x44
	Array       Type = 0x48
	Struct      Type = 0x4C
	Set         Type = 0x50
	Bag         Type = 0x51
	TimeOfDay   Type = 0xE0
	Date        Type = 0xE1
	UTC         Type = 0xE2
	ClusterID   Type = 0xE8
	AttributeID Type = 0xE9
	BACnetOID   Type = 0xEA
	IEEE        Type = 0xF0
	Key         Type = 0xF1
)

// Size is how many bytes a value has, or false when that is told by the value
// itself or the type is not known.
func (t Type) Size() (int, bool) {
	switch {
	case t == NoData:
		return 0, true
	case t >= Data8 && t <= 0x0F, t >= Bitmap8 && t <= Int64:
		return int(t&7) + 1, true
	case t == Bool, t == Enum8:
		return 1, true
	case t == Enum16, t == Semi, t == ClusterID, t == AttributeID:
		return 2, true
	case t == Single, t >= TimeOfDay && t <= UTC, t == BACnetOID:
		return 4, true
	case t == Double, t == IEEE:
		return 8, true
	case t == Key:
		return 16, true
	default:
		return 0, false
	}
}

// Analog tells whether values are measured: by how much they change then decides
// on a report (2.6.2, 2.5.7.1.5).
func (t Type) Analog() bool {
	return t >= Uint8 && t <= Int64 || t >= Semi && t <= Double || t >= TimeOfDay && t <= UTC
}

func (t Type) signed() bool { return t >= Int8 && t <= Int64 }

// Value is a value of any type. Numbers of every kind are in N: the low bytes of
// unsigned ones, bitmaps, enumerations and addresses, the two's complement of
// signed ones, the bits of floats. Strings are in B, and so are keys and, as they
// came, the bytes of arrays, structures, sets and bags and whatever follows a type
// that is not known. A string without a value has N 1 and no B.
type Value struct {
	Type Type
	N    uint64
	B    []byte
}

// Of is a number of that type.
func Of(t Type, n uint64) Value { return Value{Type: t, N: n} }

// OfInt is a signed number of that type.
func OfInt(t Type, n int64) Value { return Value{Type: t, N: uint64(n)} }

// OfText is a string of characters.
func OfText(s string) Value { return Value{Type: Text, B: clone([]byte(s))} }

// Int is a signed number, or any other as it is.
func (v Value) Int() int64 { return int64(v.N) }

// Text is a string of any kind.
func (v Value) Text() string { return string(v.B) }

// Float is a number of any type.
func (v Value) Float() float64 {
	switch {
	case v.Type == Semi:
		sign, exp, frac := v.N>>15&1, int(v.N>>10&0x1F), float64(v.N&0x3FF)/1024
		f := math.Ldexp(1+frac, exp-15)
		switch {
		case exp == 0x1F && frac != 0:
			return math.NaN()
		case exp == 0x1F:
			f = math.Inf(1)
		case exp == 0:
			f = math.Ldexp(frac, -14)
		}
		if sign == 1 {
			f = -f
		}
		return f
	case v.Type == Single:
		return float64(math.Float32frombits(uint32(v.N)))
	case v.Type == Double:
		return math.Float64frombits(v.N)
	case v.Type.signed():
		return float64(int64(v.N))
	default:
		return float64(v.N)
	}
}

// Known tells whether the device knows the value: most types keep one pattern
// for "invalid" (table 2-10).
func (v Value) Known() bool {
	size, fixed := v.Type.Size()
	ones := uint64(1)<<(8*min(size, 8)) - 1 // of 8 bytes: 0 - 1
	if size >= 8 {
		ones = math.MaxUint64
	}
	switch t := v.Type; {
	case t == NoData:
		return false
	case t == Bool:
		return v.N <= 1
	case t >= Octets && t <= LongText:
		return v.N == 0
	case t >= Semi && t <= Double:
		return !math.IsNaN(v.Float())
	case t.signed():
		return v.N&ones != uint64(1)<<(8*size-1)
	case t >= Data8 && t <= 0x0F, t >= Bitmap8 && t < Uint8, t == Key, !fixed:
		return true
	default:
		return v.N&ones != ones
	}
}

// String prints the value for a person.
func (v Value) String() string {
	switch t := v.Type; {
	case t == Key:
		return "[redacted]"
	case !v.Known():
		return "unknown"
	case t == Bool:
		return fmt.Sprint(v.N == 1)
	case t == Text, t == LongText:
		return fmt.Sprintf("%q", v.B)
	case len(v.B) > 0:
		return fmt.Sprintf("% x", v.B)
	case t.Analog():
		return fmt.Sprint(v.Float())
	default:
		return fmt.Sprintf("0x%x", v.N)
	}
}

// ParseValue reads one value of that type; the rest is what stands behind it. A
// type that is not known takes all.
func ParseValue(t Type, b []byte) (v Value, rest []byte, err error) {
	p := params{rest: b}
	v = p.value(t)
	if p.reason != "" {
		return Value{}, b, fmt.Errorf("zcl: value of type 0x%02x: %s", byte(t), p.reason)
	}
	return v, p.rest, nil
}

// maxDepth is how deep arrays and structures may stand in each other (2.6.2.15).
const maxDepth = 15

func (p *params) value(t Type) Value {
	v := Value{Type: t}
	size, fixed := t.Size()
	switch {
	case t == Key:
		v.B = p.bytes(size)
	case fixed:
		if v.N = p.uint(size); t.signed() {
			unused := 64 - 8*size
			v.N = uint64(int64(v.N<<unused) >> unused)
		}
	case t >= Octets && t <= LongText:
		if n, ok := p.length(t); ok {
			v.B = p.bytes(n)
		} else {
			v.N = 1
		}
	case t == Array || t == Struct || t == Set || t == Bag:
		all := p.rest
		p.skip(t, maxDepth)
		v.B = clone(all[:len(all)-len(p.rest)])
		if p.reason != "" {
			v.B = nil
		}
	default:
		v.B = p.bytes(len(p.rest))
	}
	return v
}

// length reads the length of a string; false when it has no value.
func (p *params) length(t Type) (int, bool) {
	if t == LongOctets || t == LongText {
		n := p.uint16()
		return int(n), n != 0xFFFF
	}
	n := p.byte()
	return int(n), n != 0xFF
}

// skip reads over one value.
func (p *params) skip(t Type, depth int) {
	size, fixed := t.Size()
	switch {
	case depth == 0:
		p.fail("nested too deep")
	case fixed:
		p.over(size)
	case t >= Octets && t <= LongText:
		if n, ok := p.length(t); ok {
			p.over(n)
		}
	case t == Array || t == Set || t == Bag:
		of, n := Type(p.byte()), p.uint16()
		for i := uint16(0); i < n && n != 0xFFFF && p.reason == "" && of != NoData; i++ {
			p.skip(of, depth-1)
		}
	case t == Struct:
		n := p.uint16()
		for i := uint16(0); i < n && n != 0xFFFF && p.reason == ""; i++ {
			p.skip(Type(p.byte()), depth-1)
		}
	default:
		p.fail(fmt.Sprintf("type 0x%02x is not known", byte(t)))
	}
}

func (p *params) over(n int) {
	if n > len(p.rest) {
		p.fail("too short")
		return
	}
	p.rest = p.rest[n:]
}

// Append writes the value without its type.
func (v Value) Append(b []byte) []byte {
	size, fixed := v.Type.Size()
	switch {
	case v.Type == Key:
		return append(b, append(bytes.Clone(v.B), make([]byte, size)...)[:size]...)
	case fixed:
		return putUint(b, v.N, size)
	case v.Type == Octets || v.Type == Text:
		if v.N != 0 {
			return append(b, 0xFF)
		}
		return putText(b, string(v.B))
	case v.Type == LongOctets || v.Type == LongText:
		if v.N != 0 {
			return append(b, 0xFF, 0xFF)
		}
		long := v.B[:min(len(v.B), 0xFFFE)]
		return append(put16(b, uint16(len(long))), long...)
	default:
		return append(b, v.B...)
	}
}
