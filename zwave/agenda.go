package zwave

import (
	"container/heap"
	"time"
)

// agenda is what is to be done later, in order of time. It has no clock: it is
// told the time and says when it wants to be called.
type agenda struct{ items entries }

// entry is one thing to do; it may be dropped.
type entry struct {
	at    time.Time
	do    func(now time.Time)
	index int // in the heap; -1 when done or dropped
}

func (a *agenda) add(at time.Time, do func(now time.Time)) *entry {
	e := &entry{at: at, do: do}
	heap.Push(&a.items, e)
	return e
}

// drop forgets an entry; nil and one that is done already are fine.
func (a *agenda) drop(e *entry) {
	if e != nil && e.index >= 0 {
		heap.Remove(&a.items, e.index)
	}
}

func (a *agenda) deadline() (time.Time, bool) {
	if len(a.items) == 0 {
		return time.Time{}, false
	}
	return a.items[0].at, true
}

func (a *agenda) tick(now time.Time) {
	for len(a.items) > 0 && !now.Before(a.items[0].at) {
		heap.Pop(&a.items).(*entry).do(now)
	}
}

type entries []*entry

func (e entries) Len() int           { return len(e) }
func (e entries) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e entries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

func (e *entries) Push(x any) {
	n := x.(*entry)
	n.index = len(*e)
	*e = append(*e, n)
}

func (e *entries) Pop() any {
	old := *e
	x := old[len(old)-1]
	old[len(old)-1] = nil
	*e = old[:len(old)-1]
	x.index = -1
	return x
}
