package tflite

import (
	"errors"
	"fmt"
)

// What a model may ask for. The SSD-MobileNetV2 of 300×300 needs 389 tensors,
// 10 MB of weights and 3.4 million numbers of arena for 0.67 G multiplications.
const (
	maxFile    = 64 << 20
	maxTensors = 4096
	maxNumbers = 1 << 24       // in one tensor, and in the arena
	maxWork    = 2_000_000_000 // multiplications of one Run
)

// Types and operators of schema.fbs that are known.
const (
	typeFloat32 = 0
	typeFloat16 = 1

	opAdd         = 0
	opConcat      = 2
	opConv        = 3
	opDepthwise   = 4
	opDequantize  = 6
	opReshape     = 22
	opPlaceholder = 127 // builtin codes from 127 on stand in another field

	paddingSame = 0

	activationNone  = 0
	activationReLU6 = 3
)

var opNames = map[int]string{
	opAdd: "ADD", opConcat: "CONCATENATION", opConv: "CONV_2D",
	opDepthwise: "DEPTHWISE_CONV_2D", opDequantize: "DEQUANTIZE", opReshape: "RESHAPE",
}

// tensor is one of a model's arrays: a constant of the file or a span of the
// arena.
type tensor struct {
	shape []int
	kind  int
	data  []byte // of a constant
	place int    // of an activation, from 1; 0 is nowhere yet
}

func (t *tensor) numbers() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// operator is one line of the graph.
type operator struct {
	code        int
	ins, outs   []int
	options     table
	haveOptions bool
}

// graph is what a file says, before anything of it is believed.
type graph struct {
	tensors   []tensor
	operators []operator
	ins, outs []int
}

func readGraph(file []byte) (graph, error) {
	if len(file) > maxFile {
		return graph{}, fmt.Errorf("tflite: a model of %d bytes: more than %d", len(file), maxFile)
	}
	f := &buffer{b: file}
	model, err := f.root()
	if err != nil {
		return graph{}, err
	}
	if v := model.int32(0, 0); f.err == nil && v != 3 {
		return graph{}, fmt.Errorf("tflite: schema version %d: only 3 is known", v)
	}
	var codes []int
	for _, t := range model.tables(1) {
		code := t.int8(0)
		if code == opPlaceholder {
			code = t.int32(3, 0)
		}
		codes = append(codes, code)
	}
	subgraphs, buffers := model.tables(2), model.tables(4)
	if f.err != nil {
		return graph{}, f.err
	}
	if len(subgraphs) != 1 {
		return graph{}, fmt.Errorf("tflite: %d graphs in the file: one is wanted", len(subgraphs))
	}
	sub := subgraphs[0]
	g := graph{ins: sub.ints(1), outs: sub.ints(2)}
	for i, t := range sub.tables(0) {
		if err := g.readTensor(i, t, buffers); err != nil {
			return graph{}, err
		}
	}
	for i, t := range sub.tables(3) {
		n := t.int32(0, 0)
		if n < 0 || n >= len(codes) {
			return graph{}, fmt.Errorf("tflite: operator %d: no code %d", i, n)
		}
		op := operator{code: codes[n], ins: t.ints(1), outs: t.ints(2)}
		op.options, op.haveOptions = t.table(4)
		g.operators = append(g.operators, op)
	}
	return g, f.err
}

func (g *graph) readTensor(i int, t table, buffers []table) error {
	x := tensor{shape: t.ints(0), kind: t.int8(1)}
	size := 1
	for _, d := range x.shape {
		if d < 1 || d > maxNumbers/size {
			return fmt.Errorf("tflite: tensor %d: shape %v: every side at least 1, %d numbers at most", i, x.shape, maxNumbers)
		}
		size *= d
	}
	if n := t.int32(2, 0); n > 0 && n < len(buffers) {
		x.data = buffers[n].bytes(0)
	} else if n != 0 {
		return fmt.Errorf("tflite: tensor %d: no buffer %d", i, n)
	}
	g.tensors = append(g.tensors, x)
	return t.f.err
}

// halves is a constant of float16 numbers of the wanted shape.
func (g *graph) halves(i int, shape ...int) ([]byte, error) {
	t, err := g.tensor(i)
	if err != nil {
		return nil, err
	}
	if t.kind != typeFloat16 || len(t.data) == 0 {
		return nil, fmt.Errorf("tensor %d: weights are wanted as float16 constants", i)
	}
	if !equal(t.shape, shape) {
		return nil, fmt.Errorf("tensor %d: shape %v where %v fits", i, t.shape, shape)
	}
	if len(t.data) != 2*t.numbers() {
		return nil, fmt.Errorf("tensor %d: %d bytes for %d float16 numbers", i, len(t.data), t.numbers())
	}
	return t.data, nil
}

func (g *graph) tensor(i int) (*tensor, error) {
	if i < 0 || i >= len(g.tensors) {
		return nil, fmt.Errorf("no tensor %d", i)
	}
	return &g.tensors[i], nil
}

// live is an activation that has been made by now.
func (g *graph) live(i int) (*tensor, error) {
	t, err := g.tensor(i)
	if err != nil {
		return nil, err
	}
	if t.place == 0 {
		return nil, fmt.Errorf("tensor %d is used before it is made", i)
	}
	return t, nil
}

// picture is a live activation of one picture: height, width and channels.
func (g *graph) picture(i int) (t *tensor, h, w, c int, err error) {
	if t, err = g.live(i); err != nil {
		return nil, 0, 0, 0, err
	}
	if len(t.shape) != 4 || t.shape[0] != 1 {
		return nil, 0, 0, 0, fmt.Errorf("tensor %d: shape %v where one picture [1 height width channels] is wanted", i, t.shape)
	}
	return t, t.shape[1], t.shape[2], t.shape[3], nil
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

var errActivation = errors.New("only ReLU6 or no activation is known")

// bounds are what an activation keeps results within.
func bounds(activation int) (lo, hi float32, err error) {
	switch activation {
	case activationNone:
		return -maxFloat, maxFloat, nil
	case activationReLU6:
		return 0, 6, nil
	}
	return 0, 0, errActivation
}
