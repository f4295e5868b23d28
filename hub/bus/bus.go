// Package bus fans news out inside the hub.
//
// A Topic carries values of one type from whoever publishes to any number of
// subscriptions. Its promises:
//
//   - Publish never waits for a subscriber and never allocates per subscriber.
//   - Each subscription sees values in the order in which they were published.
//   - A subscription holds at most its capacity. One that falls behind loses
//     everything it holds and is told so once (Item.Gap): it must then read the
//     present state from the source. A slow subscriber harms only itself.
//
// The alarm never depends on a Topic: readings reach the panel by a direct
// call before they are published here.
package bus

import (
	"context"
	"sync"
)

// Item is one value, or the news that values were lost before this one.
type Item[T any] struct {
	Value T
	Gap   bool // values were dropped right before this one
}

// Topic fans values of one type out. The zero Topic is ready for use.
type Topic[T any] struct {
	mu   sync.Mutex
	subs map[*Subscription[T]]struct{}
}

// Subscription is one reader of a Topic.
type Subscription[T any] struct {
	topic  *Topic[T]
	wake   chan struct{}
	wanted func(T) bool // nil: every value

	mu   sync.Mutex
	ring []T
	head int
	n    int
	gap  bool
}

// Subscribe begins a subscription that holds up to capacity values (at least 1).
func (t *Topic[T]) Subscribe(capacity int) *Subscription[T] {
	return t.SubscribeTo(capacity, nil)
}

// SubscribeTo subscribes to the values that are wanted; the others do not wake
// the reader, which on a busy topic is most of what reading costs. wanted is
// asked about each value in turn, by its publisher: it must be quick, must not
// wait and must not come back to the topic.
func (t *Topic[T]) SubscribeTo(capacity int, wanted func(T) bool) *Subscription[T] {
	s := &Subscription[T]{topic: t, wake: make(chan struct{}, 1), wanted: wanted, ring: make([]T, max(capacity, 1))}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subs == nil {
		t.subs = make(map[*Subscription[T]]struct{})
	}
	t.subs[s] = struct{}{}
	return s
}

// Publish hands v to every subscription.
func (t *Topic[T]) Publish(v T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.subs {
		s.put(v)
	}
}

// Subscribers counts the open subscriptions.
func (t *Topic[T]) Subscribers() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.subs)
}

func (s *Subscription[T]) put(v T) {
	s.mu.Lock()
	if s.wanted != nil && !s.wanted(v) {
		s.mu.Unlock()
		return
	}
	if s.n == len(s.ring) {
		clear(s.ring)
		s.head, s.n, s.gap = 0, 0, true
	}
	s.ring[(s.head+s.n)%len(s.ring)] = v
	s.n++
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next value. It returns ctx's error when ctx ends.
func (s *Subscription[T]) Next(ctx context.Context) (Item[T], error) {
	for {
		if it, ok := s.TryNext(); ok {
			return it, nil
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return Item[T]{}, ctx.Err()
		}
	}
}

// TryNext returns the next value if one is there.
func (s *Subscription[T]) TryNext() (Item[T], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 {
		return Item[T]{}, false
	}
	var zero T
	it := Item[T]{Value: s.ring[s.head], Gap: s.gap}
	s.ring[s.head] = zero
	s.head = (s.head + 1) % len(s.ring)
	s.n--
	s.gap = false
	return it, true
}

// Wake is signalled when a value may be there: for readers that select on more
// than one thing and then call TryNext until it says no.
func (s *Subscription[T]) Wake() <-chan struct{} { return s.wake }

// Close ends the subscription.
func (s *Subscription[T]) Close() {
	s.topic.mu.Lock()
	defer s.topic.mu.Unlock()
	delete(s.topic.subs, s)
}
