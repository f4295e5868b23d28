// Package health holds every way in which the house can be unwell.
//
// A condition is declared once, in one table, with its severity, its sentence
// for a person, what to do about it, and which arm modes it stands in the way
// of. Whoever notices it raises it; whoever sees it mended clears it; every
// face shows the list. Nothing that lowers the safety of the house is only a
// log line.
package health

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatehouse/hub/bus"
	"gatehouse/hub/home"
)

// Board holds the conditions that are present now.
type Board struct {
	// Changes carries each condition that came (present) or went.
	Changes bus.Topic[Change]

	direct func(Change)

	mu    sync.Mutex
	items map[key]home.TroubleItem
}

// Change is a condition that came or went.
type Change struct {
	Item    home.TroubleItem
	Present bool
	Again   bool // it was present before: only its words are new
}

type key struct {
	code   Code
	device home.DeviceID
}

// NewBoard makes an empty board. direct, if not nil, is called with each
// change, in order, before it is published: the panel hears of a trouble
// without a detour. It must not wait and must not call the board.
func NewBoard(direct func(Change)) *Board {
	return &Board{direct: direct, items: make(map[key]home.TroubleItem)}
}

// Raise makes a condition present. The first time sets its Since; raising it
// again with other words updates the sentence only. It panics when code is not
// declared: that is a mistake in the program.
func (b *Board) Raise(code Code, device home.DeviceID, args ...any) {
	b.RaiseFor(Declarations[code].Blocks, code, device, args...)
}

// RaiseFor raises a condition of a device that guards only in some modes: of
// the modes in whose way the condition stands (see ByUse) only those count.
func (b *Board) RaiseFor(modes []home.Mode, code Code, device home.DeviceID, args ...any) {
	d, ok := Declarations[code]
	if !ok {
		panic("health: condition " + string(code) + " is not declared")
	}
	text := d.Text
	if len(args) > 0 {
		text = fmt.Sprintf(d.Text, args...)
	}
	blocks := []home.Mode{} // faces show [], not null
	for _, m := range d.Blocks {
		if slices.Contains(modes, m) {
			blocks = append(blocks, m)
		}
	}
	k := key{code, device}
	b.mu.Lock()
	defer b.mu.Unlock()
	old, present := b.items[k]
	if present && old.Text == text && slices.Equal(old.Blocks, blocks) {
		return
	}
	item := home.TroubleItem{
		Code: string(code), Device: device, Text: text, Severity: d.Severity,
		Since: home.At(time.Now()), Mend: d.Mend, Blocks: blocks,
	}
	if present {
		item.Since = old.Since
	}
	b.items[k] = item
	b.tell(Change{Item: item, Present: true, Again: present})
}

// Clear ends a condition. Clearing what is not present does nothing.
func (b *Board) Clear(code Code, device home.DeviceID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key{code, device}
	if item, ok := b.items[k]; ok {
		delete(b.items, k)
		b.tell(Change{Item: item})
	}
}

// Set raises or clears.
func (b *Board) Set(present bool, code Code, device home.DeviceID, args ...any) {
	if present {
		b.Raise(code, device, args...)
	} else {
		b.Clear(code, device)
	}
}

// Present tells whether a condition is present.
func (b *Board) Present(code Code, device home.DeviceID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.items[key{code, device}]
	return ok
}

// ClearDevice ends every condition of a device that has left.
func (b *Board) ClearDevice(device home.DeviceID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, item := range b.items {
		if k.device == device {
			delete(b.items, k)
			b.tell(Change{Item: item})
		}
	}
}

// List is what is present now: worst first, then oldest first.
func (b *Board) List() []home.TroubleItem {
	b.mu.Lock()
	list := make([]home.TroubleItem, 0, len(b.items))
	for _, item := range b.items {
		list = append(list, item)
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(x, y home.TroubleItem) int {
		return cmp.Or(
			cmp.Compare(rank(x.Severity), rank(y.Severity)),
			x.Since.Compare(y.Since.Time),
			cmp.Compare(x.Code, y.Code),
			cmp.Compare(x.Device, y.Device),
		)
	})
	return list
}

func rank(s home.Severity) int {
	switch s {
	case home.SeverityCritical:
		return 0
	case home.SeverityWarning:
		return 1
	default:
		return 2
	}
}

// tell runs under the lock so that changes keep their order.
func (b *Board) tell(c Change) {
	if b.direct != nil {
		b.direct(c)
	}
	b.Changes.Publish(c)
}
