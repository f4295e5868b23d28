package tflite

// Net is a loaded model.
type Net struct {
	block   []byte // arena and panels, outside of the heap
	arena   []float32
	places  []place
	steps   []step
	ins     []int // places
	outs    []int
	shapes  map[int][]int // of ins and outs, by place
	work    int
	plain   bool      // without assembly
	panel   []float32 // sixteen columns of weights, made float32
	offsets []int     // rows of a tile, or taps of a pixel
	edge    [tileRows * tileCols]float32
}

// step is one operator, ready to run.
type step interface {
	run(n *Net)
}

// Input is where the numbers of input i are put before Run, which may use the
// place for something else: each Run wants them anew.
func (n *Net) Input(i int) []float32 { return n.span(n.ins[i]) }

// Output is what Run made of output i, until the next one.
func (n *Net) Output(i int) []float32 { return n.span(n.outs[i]) }

// InputShapes are the shapes of the inputs.
func (n *Net) InputShapes() [][]int { return n.shapesOf(n.ins) }

// OutputShapes are the shapes of the outputs.
func (n *Net) OutputShapes() [][]int { return n.shapesOf(n.outs) }

// Work is how many multiplications a Run takes.
func (n *Net) Work() int { return n.work }

// Arena is how many bytes the activations take.
func (n *Net) Arena() int { return 4 * len(n.arena) }

// Close gives the memory back. Nothing of the Net, its inputs and outputs
// neither, may be used afterwards.
func (n *Net) Close() {
	freeBlock(n.block)
	n.block, n.arena, n.steps = nil, nil, nil
}

// Run makes the outputs of the inputs.
func (n *Net) Run() {
	for _, s := range n.steps {
		s.run(n)
	}
}

func (n *Net) span(p int) []float32 {
	at := n.places[p].at
	return n.arena[at : at+n.places[p].numbers]
}

func (n *Net) shapesOf(places []int) [][]int {
	out := make([][]int, len(places))
	for i, p := range places {
		out[i] = n.shapes[p]
	}
	return out
}

// add is ADD.
type add struct {
	a, b, out int
	lo, hi    float32
}

func (s *add) run(n *Net) {
	a, b, out := n.span(s.a), n.span(s.b), n.span(s.out)
	for i, v := range a {
		out[i] = within(v+b[i], s.lo, s.hi)
	}
}

// concat is CONCATENATION where all sides before the axis are 1: one input
// after the other.
type concat struct {
	ins []int
	out int
}

func (s *concat) run(n *Net) {
	out := n.span(s.out)
	for _, p := range s.ins {
		out = out[copy(out, n.span(p)):]
	}
}
