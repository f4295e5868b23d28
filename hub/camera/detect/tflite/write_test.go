package tflite

import (
	"encoding/binary"
	"math"
)

// A model file is written here by hand, parents before children: the reader is
// never asked to agree with a library's idea of the format, only with the
// format.

// node is a table, a vector of tables, ints or bytes.
type node interface{ write(w *writer) int }

type writer struct{ b []byte }

func (w *writer) align(n int) {
	for len(w.b)%n != 0 {
		w.b = append(w.b, 0)
	}
}

func (w *writer) u32(v int) { w.b = binary.LittleEndian.AppendUint32(w.b, uint32(v)) }

type (
	fields  map[int]node // a table
	tables  []node
	ints    []int
	raw     []byte
	scalar  int32 // an int32 in its table
	scalar8 int8  // a byte in its table
)

func (scalar) write(*writer) int  { panic("stands in its table") }
func (scalar8) write(*writer) int { panic("stands in its table") }

func (t fields) write(w *writer) int {
	last := -1
	for i := range t {
		last = max(last, i)
	}
	w.align(4)
	vtable := len(w.b)
	size := 4 + 4*(last+1)
	w.b = binary.LittleEndian.AppendUint16(w.b, uint16(4+2*(last+1)))
	w.b = binary.LittleEndian.AppendUint16(w.b, uint16(size))
	for i := range last + 1 {
		offset := 0
		if t[i] != nil {
			offset = 4 + 4*i
		}
		w.b = binary.LittleEndian.AppendUint16(w.b, uint16(offset))
	}
	w.align(4)
	at := len(w.b)
	w.u32(at - vtable)
	w.b = append(w.b, make([]byte, 4*(last+1))...)
	for i := range last + 1 {
		slot := at + 4 + 4*i
		switch v := t[i].(type) {
		case nil:
		case scalar:
			binary.LittleEndian.PutUint32(w.b[slot:], uint32(v))
		case scalar8:
			w.b[slot] = byte(v)
		default:
			child := v.write(w)
			binary.LittleEndian.PutUint32(w.b[slot:], uint32(child-slot))
		}
	}
	return at
}

func (t tables) write(w *writer) int {
	w.align(4)
	at := len(w.b)
	w.u32(len(t))
	w.b = append(w.b, make([]byte, 4*len(t))...)
	for i, v := range t {
		slot := at + 4 + 4*i
		child := v.write(w)
		binary.LittleEndian.PutUint32(w.b[slot:], uint32(child-slot))
	}
	return at
}

func (v ints) write(w *writer) int {
	w.align(4)
	at := len(w.b)
	w.u32(len(v))
	for _, x := range v {
		w.u32(x)
	}
	return at
}

func (v raw) write(w *writer) int {
	w.align(4)
	at := len(w.b)
	w.u32(len(v))
	w.b = append(w.b, v...)
	return at
}

// sketch collects a model.
type sketch struct {
	buffers, tensors, codes, operators tables
	codeOf                             map[int]int
	ins, outs                          ints
	version                            int
}

func newSketch() *sketch {
	return &sketch{buffers: tables{fields{}}, codeOf: map[int]int{}, version: 3}
}

// array is an activation.
func (s *sketch) array(shape ...int) int {
	s.tensors = append(s.tensors, fields{0: ints(shape), 1: scalar8(typeFloat32)})
	return len(s.tensors) - 1
}

// half is a constant, and the float32 tensor that it is dequantized to.
func (s *sketch) half(values []float32, shape ...int) int {
	var b raw
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, toHalf(v))
	}
	s.buffers = append(s.buffers, fields{0: b})
	s.tensors = append(s.tensors, fields{0: ints(shape), 1: scalar8(typeFloat16), 2: scalar(len(s.buffers) - 1)})
	from := len(s.tensors) - 1
	to := s.array(shape...)
	s.op(opDequantize, nil, []int{from}, []int{to})
	return to
}

func (s *sketch) op(code int, options node, ins, outs []int) {
	at, ok := s.codeOf[code]
	if !ok {
		at = len(s.codes)
		s.codeOf[code] = at
		s.codes = append(s.codes, fields{0: scalar8(code)})
	}
	f := fields{0: scalar(at), 1: ints(ins), 2: ints(outs)}
	if options != nil {
		f[4] = options
	}
	s.operators = append(s.operators, f)
}

func (s *sketch) file() []byte {
	w := &writer{b: []byte("\x00\x00\x00\x00TFL3")}
	root := fields{
		0: scalar(s.version), 1: s.codes, 4: s.buffers,
		2: tables{fields{0: s.tensors, 1: s.ins, 2: s.outs, 3: s.operators}},
	}.write(w)
	binary.LittleEndian.PutUint32(w.b, uint32(root))
	return w.b
}

// toHalf rounds to a float16, for numbers that are within its normal range.
func toHalf(v float32) uint16 {
	b := math.Float32bits(v)
	if math.Abs(float64(v)) < 0x1p-14 { // subnormal: 0 is near enough for a test
		return 0
	}
	return uint16(b>>16&0x8000 | ((b&0x7fffffff+0x1000)>>13 - (127-15)<<10))
}
