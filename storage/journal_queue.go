package storage

// queue holds entries that wait for the disk, oldest first, in bounded memory.
type queue struct {
	entries []Entry
	inWork  int // how many at the front the writer has in a commit
	bytes   int
	urgent  int // how many of the waiting, not in work, are urgent
	dropped int
}

// entryOverhead is the memory of an Entry beside its words, roughly.
const entryOverhead = 128

func (e Entry) memory() int { return entryOverhead + len(e.Kind) + len(e.Device) + len(e.Body) }

func (q *queue) len() int { return len(q.entries) }

// oldest is the number of the oldest entry that waits, or the highest number
// there is when none does.
func (q *queue) oldest() uint64 {
	if len(q.entries) == 0 {
		return ^uint64(0)
	}
	return q.entries[0].Seq
}

func (q *queue) push(e Entry) {
	q.entries = append(q.entries, e)
	q.bytes += e.memory()
	if e.Urgent {
		q.urgent++
	}
	for (len(q.entries) > waitingMax || q.bytes > waitingMaxBytes) && len(q.entries)-q.inWork > 1 {
		q.drop()
	}
}

// drop gives up a sixteenth of the oldest entries that are not in work, those
// that are not urgent first: one at a time would move the rest each time.
func (q *queue) drop() {
	free := q.entries[q.inWork:]
	n := max(1, len(free)/16)
	ordinary := 0
	for _, e := range free[:len(free)-1] {
		if !e.Urgent {
			ordinary++
		}
	}
	kept := q.entries[:q.inWork]
	for i, e := range free {
		mayGo := i < len(free)-1 && (!e.Urgent || ordinary == 0)
		if n > 0 && mayGo {
			n--
			q.dropped++
			q.bytes -= e.memory()
			if e.Urgent {
				q.urgent--
			}
			continue
		}
		kept = append(kept, e)
	}
	clear(q.entries[len(kept):])
	q.entries = kept
}

// take hands out up to n entries from the front; they stay until done.
func (q *queue) take(n int) []Entry {
	q.inWork = min(n, len(q.entries))
	q.urgent = 0
	for _, e := range q.entries[q.inWork:] {
		if e.Urgent {
			q.urgent++
		}
	}
	return append([]Entry(nil), q.entries[:q.inWork]...)
}

// done removes what take handed out; failed leaves it to be taken again.
func (q *queue) done() {
	for _, e := range q.entries[:q.inWork] {
		q.bytes -= e.memory()
	}
	rest := copy(q.entries, q.entries[q.inWork:])
	clear(q.entries[rest:])
	q.entries = q.entries[:rest]
	q.inWork = 0
	if rest == 0 && cap(q.entries) > 1024 {
		q.entries = nil // a flood's memory is given back
	}
}

func (q *queue) failed() { q.inWork = 0 }

// hurry makes everything that waits urgent.
func (q *queue) hurry() {
	if q.urgent == 0 && len(q.entries) > q.inWork {
		q.urgent = 1
	}
}
