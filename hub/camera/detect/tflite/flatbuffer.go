package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// buffer reads a flatbuffer that nobody vouches for: each offset is checked
// before it is followed, and the first one that leads outside is kept as err.
// Whatever is read after that is zero.
type buffer struct {
	b   []byte
	err error
}

func (f *buffer) fail(at int, what string) {
	if f.err == nil {
		f.err = fmt.Errorf("tflite: byte %d: %s", at, what)
	}
}

func (f *buffer) has(at, n int) bool {
	if f.err == nil && (at < 0 || n < 0 || at > len(f.b)-n) {
		f.fail(at, "leads outside the file")
	}
	return f.err == nil
}

func (f *buffer) u8(at int) uint8 {
	if !f.has(at, 1) {
		return 0
	}
	return f.b[at]
}

func (f *buffer) u16(at int) int {
	if !f.has(at, 2) {
		return 0
	}
	return int(binary.LittleEndian.Uint16(f.b[at:]))
}

func (f *buffer) i32(at int) int {
	if !f.has(at, 4) {
		return 0
	}
	return int(int32(binary.LittleEndian.Uint32(f.b[at:])))
}

// ref follows an offset, which is unsigned and counts from where it stands.
func (f *buffer) ref(at int) int {
	if !f.has(at, 4) {
		return 0
	}
	return at + int(binary.LittleEndian.Uint32(f.b[at:])&0x7fffffff)
}

// table is a row of fields, each of which may be missing.
type table struct {
	f  *buffer
	at int
}

// field is where field i stands, 0 when it is missing.
func (t table) field(i int) int {
	vtable := t.at - t.f.i32(t.at)
	slot := 4 + 2*i
	if slot+2 > t.f.u16(vtable) {
		return 0
	}
	offset := t.f.u16(vtable + slot)
	if offset == 0 || t.f.err != nil {
		return 0
	}
	return t.at + offset
}

func (t table) int8(i int) int {
	if at := t.field(i); at != 0 {
		return int(int8(t.f.u8(at)))
	}
	return 0
}

// int32 is field i, or what the schema says of a missing one.
func (t table) int32(i, missing int) int {
	if at := t.field(i); at != 0 {
		return t.f.i32(at)
	}
	return missing
}

func (t table) table(i int) (table, bool) {
	at := t.field(i)
	if at == 0 {
		return table{t.f, 0}, false
	}
	return table{t.f, t.f.ref(at)}, t.f.err == nil
}

// vector is where field i's elements of size bytes begin and how many they are.
func (t table) vector(i, size int) (at, n int) {
	at = t.field(i)
	if at == 0 {
		return 0, 0
	}
	at = t.f.ref(at)
	n = t.f.i32(at)
	if !t.f.has(at+4, 0) || n < 0 || n > (len(t.f.b)-at-4)/size {
		t.f.fail(at, "a vector longer than the file")
		return 0, 0
	}
	return at + 4, n
}

func (t table) bytes(i int) []byte {
	at, n := t.vector(i, 1)
	return t.f.b[at : at+n]
}

func (t table) ints(i int) []int {
	at, n := t.vector(i, 4)
	if n > maxTensors {
		t.f.fail(at, "a list of more than 4096 numbers")
		return nil
	}
	out := make([]int, n)
	for k := range out {
		out[k] = t.f.i32(at + 4*k)
	}
	return out
}

func (t table) tables(i int) []table {
	at, n := t.vector(i, 4)
	if n > maxTensors {
		t.f.fail(at, "a list of more than 4096 tables")
		return nil
	}
	out := make([]table, n)
	for k := range out {
		out[k] = table{t.f, t.f.ref(at + 4*k)}
	}
	return out
}

// root checks the file's name and returns its first table.
func (f *buffer) root() (table, error) {
	if len(f.b) < 8 || string(f.b[4:8]) != "TFL3" {
		return table{}, errors.New("tflite: not a TensorFlow Lite model: no TFL3 at byte 4")
	}
	return table{f, f.ref(0)}, f.err
}
