package zwave

import "bytes"

// queueLimit is how many commands may wait. Sirens and answers always may.
const queueLimit = 1000

// queue holds what waits to be sent, in lanes; within a lane first in, first
// out. Requests to the controller itself, which start it, have a lane before
// all others.
type queue struct {
	control fifo
	lanes   [lanes]fifo
	n       int // in lanes
}

// fifo is a queue that can be pushed at both ends without moving what waits.
type fifo struct {
	items []*request
	head  int
}

func (f *fifo) len() int            { return len(f.items) - f.head }
func (f *fifo) waiting() []*request { return f.items[f.head:] }

func (f *fifo) push(r *request) {
	if f.head > 64 && f.head*2 > len(f.items) {
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	f.items = append(f.items, r)
}

func (f *fifo) pushFront(r *request) {
	if f.head == 0 {
		f.items = append([]*request{nil}, f.items...)
		f.head = 1
	}
	f.head--
	f.items[f.head] = r
}

func (f *fifo) pop() *request {
	if f.len() == 0 {
		return nil
	}
	r := f.items[f.head]
	f.items[f.head] = nil
	f.head++
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	}
	return r
}

// filter keeps the requests for which keep says yes.
func (f *fifo) filter(keep func(*request) bool) {
	w := f.items[:f.head]
	for _, r := range f.waiting() {
		if keep(r) {
			w = append(w, r)
		}
	}
	clear(f.items[len(w):])
	f.items = w
}

func (q *queue) push(r *request) {
	if r.control {
		q.control.push(r)
		return
	}
	q.lanes[r.lane].push(r)
	q.n++
}

func (q *queue) pushFront(r *request) {
	if r.control {
		q.control.pushFront(r)
		return
	}
	q.lanes[r.lane].pushFront(r)
	q.n++
}

// pop takes the most urgent request of lanes up to and including last.
func (q *queue) pop(last Lane) *request {
	if r := q.control.pop(); r != nil {
		return r
	}
	for i := range q.lanes[:last+1] {
		if r := q.lanes[i].pop(); r != nil {
			q.n--
			return r
		}
	}
	return nil
}

// popQuestion takes the first question to the controller itself, for which
// nothing goes on the air.
func (q *queue) popQuestion() *request {
	var first *request
	q.lanes[LanePoll].filter(func(r *request) bool {
		if first != nil || r.cmd != nil {
			return true
		}
		first = r
		q.n--
		return false
	})
	return first
}

// head is the lane of what pop would take, or lanes when nothing waits.
func (q *queue) head() Lane {
	for i := range q.lanes {
		if q.lanes[i].len() > 0 {
			return Lane(i)
		}
	}
	return lanes
}

// filter keeps the requests for which keep says yes, control aside.
func (q *queue) filter(keep func(*request) bool) {
	q.n = 0
	for i := range q.lanes {
		q.lanes[i].filter(keep)
		q.n += q.lanes[i].len()
	}
}

// holds tells whether anything waits for a node.
func (q *queue) holds(node NodeID) bool {
	for i := range q.lanes {
		for _, r := range q.lanes[i].waiting() {
			if r.cmd != nil && r.cmd.node == node {
				return true
			}
		}
	}
	return false
}

// merge looks whether cmd need not be queued of its own: the last command that
// waits for the same node is the same one. The waiting one then answers for
// both, in the more urgent of the two lanes.
func (q *queue) merge(cmd *command) bool {
	var last *request
	for i := range q.lanes {
		for _, r := range q.lanes[i].waiting() {
			if r.cmd != nil && r.cmd.node == cmd.node && (last == nil || r.cmd.seq > last.cmd.seq) {
				last = r
			}
		}
	}
	if last == nil || last.cmd.ended || last.cmd.endpoint != cmd.endpoint || !bytes.Equal(last.cmd.payload, cmd.payload) {
		return false
	}
	last.cmd.dones = append(last.cmd.dones, cmd.dones...)
	if cmd.lane < last.lane {
		old := &q.lanes[last.lane]
		old.filter(func(r *request) bool { return r != last })
		last.lane, last.cmd.lane = cmd.lane, cmd.lane
		q.lanes[last.lane].push(last)
	}
	return true
}

// supersede takes out a siren command that waits and that cmd makes void: the
// same command of the same class to the same endpoint, with another value. It
// returns it, or nil. Who is told "on" and then "off" while the stick is away
// is only told "off".
func (q *queue) supersede(cmd *command) *command {
	if cmd.lane != LaneSiren || len(cmd.payload) < 2 {
		return nil
	}
	var old *command
	q.lanes[LaneSiren].filter(func(r *request) bool {
		c := r.cmd
		if old == nil && c != nil && c.node == cmd.node && c.endpoint == cmd.endpoint &&
			len(c.payload) >= 2 && bytes.Equal(c.payload[:2], cmd.payload[:2]) {
			old = c
			q.n--
			return false
		}
		return true
	})
	return old
}
