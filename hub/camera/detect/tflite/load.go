package tflite

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"
)

// LoadFile loads the model of that SHA-256, in hexadecimal, from a file. The
// file's bytes do not pass through the heap either.
func LoadFile(name, sum string) (*Net, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < 1 || info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes: from 1 to %d are a model", name, info.Size(), maxFile)
	}
	block, err := newBlock(int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: %d bytes of memory: %w", name, info.Size(), err)
	}
	defer freeBlock(block)
	if _, err := io.ReadFull(f, block); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if got := sha256.Sum256(block); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("%s is damaged, or another model: its SHA-256 is %x, wanted is %s", name, got, sum)
	}
	return Load(block)
}

// Load reads a model and makes it ready to run. It keeps nothing of file.
func Load(file []byte) (*Net, error) {
	g, err := readGraph(file)
	if err != nil {
		return nil, err
	}
	b := builder{graph: g, net: &Net{plain: !vectors, shapes: map[int][]int{}}}
	if err := b.inputs(); err != nil {
		return nil, err
	}
	for i, op := range g.operators {
		if err := b.operator(op); err != nil {
			name := opNames[op.code]
			if name == "" {
				name = fmt.Sprintf("operator code %d", op.code)
			}
			return nil, fmt.Errorf("tflite: operator %d, %s: %w", i, name, err)
		}
	}
	return b.finish()
}

// builder makes steps of operators.
type builder struct {
	graph
	net   *Net
	zeros int // the most channels of any convolution
	panel int // the largest panel
	taps  int // the most taps
	convs []*conv
}

// now is the number of the step that is being made.
func (b *builder) now() int { return len(b.net.steps) }

// use says that a tensor is read by the step that is being made.
func (b *builder) use(t *tensor) int {
	p := t.place - 1
	b.net.places[p].to = max(b.net.places[p].to, b.now())
	return p
}

// makeTensor gives a tensor that the step makes its place.
func (b *builder) makeTensor(i int, shape ...int) (int, error) {
	t, err := b.fresh(i)
	if err != nil {
		return 0, err
	}
	if !equal(t.shape, shape) {
		return 0, fmt.Errorf("tensor %d: shape %v where %v comes out", i, t.shape, shape)
	}
	b.net.places = append(b.net.places, place{numbers: t.numbers(), from: b.now(), to: b.now()})
	t.place = len(b.net.places)
	return t.place - 1, nil
}

// fresh is a float32 tensor that nothing has made yet.
func (b *builder) fresh(i int) (*tensor, error) {
	t, err := b.tensor(i)
	if err != nil {
		return nil, err
	}
	if t.place != 0 || len(t.data) != 0 {
		return nil, fmt.Errorf("tensor %d is made twice", i)
	}
	if t.kind != typeFloat32 {
		return nil, fmt.Errorf("tensor %d: type %d where float32 is wanted", i, t.kind)
	}
	return t, nil
}

func (b *builder) inputs() error {
	if len(b.ins) == 0 || len(b.outs) == 0 {
		return errors.New("tflite: a model without inputs or outputs")
	}
	for _, i := range b.ins {
		t, err := b.fresh(i)
		if err != nil {
			return fmt.Errorf("tflite: input: %w", err)
		}
		p, err := b.makeTensor(i, t.shape...)
		if err != nil {
			return fmt.Errorf("tflite: input: %w", err)
		}
		b.net.ins = append(b.net.ins, p)
		b.net.shapes[p] = t.shape
	}
	return nil
}

func (b *builder) operator(op operator) error {
	ins := map[int]int{opAdd: 2, opConv: 3, opDepthwise: 3, opDequantize: 1}[op.code]
	if ins != 0 && len(op.ins) != ins || len(op.ins) == 0 || len(op.outs) != 1 {
		return fmt.Errorf("%d inputs and %d outputs", len(op.ins), len(op.outs))
	}
	switch op.code {
	case opDequantize:
		return b.dequantize(op)
	case opConv:
		return b.conv(op)
	case opDepthwise:
		return b.depthwise(op)
	case opAdd:
		return b.add(op)
	case opConcat:
		return b.concat(op)
	case opReshape:
		return b.reshape(op)
	}
	return errors.New("not known")
}

// dequantize lets the float32 tensor stand for the float16 constant.
func (b *builder) dequantize(op operator) error {
	t, err := b.tensor(op.ins[0])
	if err != nil {
		return err
	}
	data, err := b.halves(op.ins[0], t.shape...)
	if err != nil {
		return err
	}
	to, err := b.fresh(op.outs[0])
	if err != nil {
		return err
	}
	if !equal(to.shape, t.shape) {
		return fmt.Errorf("shape %v of shape %v", to.shape, t.shape)
	}
	to.data, to.kind = data, typeFloat16
	return nil
}

// slide reads what both kinds of convolution have in common. Their options
// stand in different fields.
func (b *builder) slide(op operator, kernel func(c, out int) (h, w int, err error), activation, dilation int) (x window, in, channels int, lo, hi float32, err error) {
	if !op.haveOptions {
		return x, 0, 0, 0, 0, errors.New("no options")
	}
	o := op.options
	t, h, w, c, err := b.picture(op.ins[0])
	if err != nil {
		return x, 0, 0, 0, 0, err
	}
	bias, err := b.tensor(op.ins[2])
	if err != nil {
		return x, 0, 0, 0, 0, err
	}
	if len(bias.shape) != 1 {
		return x, 0, 0, 0, 0, fmt.Errorf("tensor %d: shape %v of a bias", op.ins[2], bias.shape)
	}
	channels = bias.shape[0]
	kernH, kernW, err := kernel(c, channels)
	if err != nil {
		return x, 0, 0, 0, 0, err
	}
	strideW, strideH := o.int32(1, 0), o.int32(2, 0)
	lo, hi, err = bounds(o.int8(activation))
	if err != nil {
		return x, 0, 0, 0, 0, err
	}
	if o.int8(0) != paddingSame {
		return x, 0, 0, 0, 0, errors.New("only SAME padding is known")
	}
	if strideW < 1 || strideH < 1 || strideW > h+w || strideH > h+w {
		return x, 0, 0, 0, 0, fmt.Errorf("strides %d and %d", strideW, strideH)
	}
	if o.int32(dilation, 1) != 1 || o.int32(dilation+1, 1) != 1 {
		return x, 0, 0, 0, 0, errors.New("dilated kernels are not known")
	}
	x = newWindow(h, w, c, kernH, kernW, strideH, strideW)
	b.zeros, b.taps = max(b.zeros, c), max(b.taps, x.taps())
	return x, b.use(t), channels, lo, hi, nil
}

// toil counts the multiplications of a step.
func (b *builder) toil(pixels, each int) error {
	if each > (maxWork-b.net.work)/pixels {
		return fmt.Errorf("more than %d multiplications in the model", maxWork)
	}
	b.net.work += pixels * each
	return nil
}

func (b *builder) conv(op operator) error {
	var weights []byte
	x, in, channels, lo, hi, err := b.slide(op, func(c, out int) (int, int, error) {
		t, err := b.tensor(op.ins[1])
		if err != nil {
			return 0, 0, err
		}
		if len(t.shape) != 4 {
			return 0, 0, fmt.Errorf("tensor %d: shape %v of weights", op.ins[1], t.shape)
		}
		weights, err = b.halves(op.ins[1], out, t.shape[1], t.shape[2], c)
		return t.shape[1], t.shape[2], err
	}, 3, 4)
	if err != nil {
		return err
	}
	bias, err := b.halves(op.ins[2], channels)
	if err != nil {
		return err
	}
	if err := b.toil(x.outH*x.outW, x.taps()*x.c*channels); err != nil {
		return err
	}
	out, err := b.makeTensor(op.outs[0], 1, x.outH, x.outW, channels)
	if err != nil {
		return err
	}
	b.panel = max(b.panel, x.taps()*x.c*tileCols)
	c := newConv(x, in, out, channels, weights, bias, lo, hi)
	b.convs = append(b.convs, c)
	b.net.steps = append(b.net.steps, c)
	return nil
}

func (b *builder) depthwise(op operator) error {
	var weights []byte
	x, in, channels, lo, hi, err := b.slide(op, func(c, out int) (int, int, error) {
		t, err := b.tensor(op.ins[1])
		if err != nil {
			return 0, 0, err
		}
		if len(t.shape) != 4 || out != c {
			return 0, 0, fmt.Errorf("tensor %d: shape %v: %d channels of %d: only one for each is known", op.ins[1], t.shape, out, c)
		}
		weights, err = b.halves(op.ins[1], 1, t.shape[1], t.shape[2], c)
		return t.shape[1], t.shape[2], err
	}, 4, 5)
	if err != nil {
		return err
	}
	bias, err := b.halves(op.ins[2], channels)
	if err != nil {
		return err
	}
	if err := b.toil(x.outH*x.outW, x.taps()*x.c); err != nil {
		return err
	}
	out, err := b.makeTensor(op.outs[0], 1, x.outH, x.outW, channels)
	if err != nil {
		return err
	}
	b.net.steps = append(b.net.steps, newDepthwise(x, in, out, weights, bias, lo, hi))
	return nil
}

func (b *builder) add(op operator) error {
	x, err := b.live(op.ins[0])
	if err != nil {
		return err
	}
	y, err := b.live(op.ins[1])
	if err != nil {
		return err
	}
	if !equal(x.shape, y.shape) {
		return fmt.Errorf("shapes %v and %v: only equal ones are known", x.shape, y.shape)
	}
	activation := 0
	if op.haveOptions {
		activation = op.options.int8(0)
	}
	lo, hi, err := bounds(activation)
	if err != nil {
		return err
	}
	out, err := b.makeTensor(op.outs[0], x.shape...)
	if err != nil {
		return err
	}
	b.net.steps = append(b.net.steps, &add{b.use(x), b.use(y), out, lo, hi})
	return nil
}

func (b *builder) concat(op operator) error {
	if !op.haveOptions {
		return errors.New("no options")
	}
	if _, _, err := bounds(op.options.int8(1)); err != nil || op.options.int8(1) != activationNone {
		return errors.New("an activation is not known here")
	}
	first, err := b.live(op.ins[0])
	if err != nil {
		return err
	}
	shape := append([]int(nil), first.shape...)
	axis := op.options.int32(0, 0)
	if axis < 0 || axis >= len(shape) {
		return fmt.Errorf("axis %d of shape %v", axis, shape)
	}
	for _, d := range shape[:axis] {
		if d != 1 {
			return fmt.Errorf("axis %d of shape %v: only the first that is not 1 is known", axis, shape)
		}
	}
	s := &concat{}
	shape[axis] = 0
	for _, i := range op.ins {
		t, err := b.live(i)
		if err != nil {
			return err
		}
		if len(t.shape) != len(shape) || !equal(t.shape[:axis], shape[:axis]) || !equal(t.shape[axis+1:], shape[axis+1:]) {
			return fmt.Errorf("tensor %d: shape %v beside %v", i, t.shape, first.shape)
		}
		shape[axis] += t.shape[axis]
		s.ins = append(s.ins, b.use(t))
	}
	if s.out, err = b.makeTensor(op.outs[0], shape...); err != nil {
		return err
	}
	b.net.steps = append(b.net.steps, s)
	return nil
}

// reshape lets both tensors stand in one place.
func (b *builder) reshape(op operator) error {
	from, err := b.live(op.ins[0])
	if err != nil {
		return err
	}
	to, err := b.fresh(op.outs[0])
	if err != nil {
		return err
	}
	if from.numbers() != to.numbers() {
		return fmt.Errorf("shape %v of shape %v", to.shape, from.shape)
	}
	to.place = from.place
	return nil
}

// finish lays the arena out.
func (b *builder) finish() (*Net, error) {
	n := b.net
	for _, i := range b.outs {
		t, err := b.live(i)
		if err != nil {
			return nil, fmt.Errorf("tflite: output: %w", err)
		}
		p := b.use(t) // by whoever asks after the last step
		n.outs = append(n.outs, p)
		n.shapes[p] = t.shape
	}
	size, err := layOut(n.places, b.zeros)
	if err != nil {
		return nil, err
	}
	weights := 0
	for _, c := range b.convs {
		weights += c.packed()
	}
	block, err := newBlock(4*size + 2*weights)
	if err != nil {
		return nil, fmt.Errorf("tflite: %d bytes of memory: %w", 4*size+2*weights, err)
	}
	n.block = block
	var panels []uint16
	n.arena, panels = split(block, size, weights)
	for _, c := range b.convs {
		c.pack(panels[:c.packed()])
		panels = panels[c.packed():]
	}
	n.panel = make([]float32, b.panel)
	n.offsets = make([]int, max(b.taps*tileRows, 1))
	return n, nil
}

// split makes float32 numbers and float16 ones after them of a block.
//
//nolint:gosec // a block begins at a page, and is as long as both together
func split(block []byte, floats, halves int) ([]float32, []uint16) {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(block))), floats),
		unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(block[4*floats:]))), halves)
}
