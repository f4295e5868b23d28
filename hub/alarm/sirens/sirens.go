// Package sirens keeps every siren of the house doing what the panel wants.
//
// What the panel wants is one level, on or off. Sound tells every siren at
// once, on the caller's goroutine and without waiting; a siren that fails to
// confirm is told again, after 1 s and then with longer pauses up to 15 s,
// until it confirms or the panel wants the other level. Two conflicting
// commands are never on their way to one siren: a newer level waits for the
// answer to the older, and then is sent at once.
package sirens

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gatehouse/hub/home"
)

// House is what sirens need of the registry.
type House interface {
	WithTrait(home.Trait) []home.DeviceID
	// Tell sends a command without waiting; done is called once.
	Tell(cmd home.Command, done func(error))
}

// Conditions is where a silent siren is reported, from Run's goroutine.
type Conditions interface {
	// SirenSilent tells that a siren did not confirm (err) or did (nil).
	SirenSilent(device home.DeviceID, err error)
}

const (
	firstPause = time.Second
	lastPause  = 15 * time.Second
	// answerTime is how long a command may stay without an answer before the
	// siren is told again.
	answerTime = 10 * time.Second
)

// Sirens is the bank of all sirens of the house.
type Sirens struct {
	house House
	cond  Conditions
	log   *slog.Logger
	wake  chan struct{}

	mu    sync.Mutex
	news  []news // for the conditions, told by Run
	want  bool
	heard bool // Sound was called at least once
	each  map[home.DeviceID]*siren
}

// news is what became of a command. It is told from Run: the caller of Sound
// may hold the panel, and a condition goes back to the panel.
type news struct {
	device home.DeviceID
	err    error
}

type siren struct {
	confirmed bool // has confirmed the level it was last told
	level     bool // the level it was last told
	told      bool // anything was told at all
	inFlight  bool // a command is on its way
	try       uint64
	pause     time.Duration
	due       time.Time // when to tell it again
}

// New makes the bank. Nothing sounds before Sound is called.
func New(house House, cond Conditions, log *slog.Logger) *Sirens {
	return &Sirens{house: house, cond: cond, log: log, wake: make(chan struct{}, 1), each: make(map[home.DeviceID]*siren)}
}

// Sound tells every siren to sound or to be silent. It does not wait.
func (s *Sirens) Sound(on bool) {
	s.mu.Lock()
	s.want, s.heard = on, true
	s.mu.Unlock()
	s.tellAll(time.Now())
}

// Again tells every siren once more what the panel wants: after a radio came
// back, nobody knows what its sirens do.
func (s *Sirens) Again() {
	s.mu.Lock()
	if !s.heard {
		s.mu.Unlock()
		return
	}
	for _, sr := range s.each {
		sr.confirmed, sr.inFlight, sr.pause, sr.due = false, false, 0, time.Time{}
		sr.try++ // an answer to the old command no longer counts
	}
	s.mu.Unlock()
	s.tellAll(time.Now())
}

// tellAll sends to each siren that has not confirmed what is wanted and is due.
func (s *Sirens) tellAll(now time.Time) {
	for _, id := range s.house.WithTrait(home.Siren) {
		s.tell(id, now)
	}
}

func (s *Sirens) tell(id home.DeviceID, now time.Time) {
	s.mu.Lock()
	sr := s.each[id]
	if sr == nil {
		sr = &siren{}
		s.each[id] = sr
	}
	same := sr.told && sr.level == s.want
	switch {
	case !s.heard, same && sr.confirmed, sr.inFlight && now.Before(sr.due), same && now.Before(sr.due):
		s.mu.Unlock()
		return
	}
	if !same {
		sr.pause = 0
	}
	sr.told, sr.level, sr.confirmed, sr.inFlight = true, s.want, false, true
	sr.try++
	sr.due = now.Add(answerTime)
	try, level := sr.try, sr.level
	s.mu.Unlock()

	value := home.Off
	if level {
		value = home.On
	}
	s.house.Tell(home.Command{Device: id, Trait: home.Siren, Value: value}, func(err error) { s.answered(id, try, err) })
	s.nudge()
}

func (s *Sirens) answered(id home.DeviceID, try uint64, err error) {
	s.mu.Lock()
	sr := s.each[id]
	if sr == nil || sr.try != try {
		s.mu.Unlock()
		return
	}
	sr.inFlight = false
	if err == nil {
		sr.confirmed, sr.pause, sr.due = true, 0, time.Time{}
	} else {
		sr.pause = min(max(2*sr.pause, firstPause), lastPause)
		sr.due = time.Now().Add(sr.pause)
	}
	s.news = append(s.news, news{id, err})
	s.mu.Unlock()
	s.nudge()
}

func (s *Sirens) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run tells sirens again that did not confirm, until ctx ends.
func (s *Sirens) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-timer.C:
		}
		s.mu.Lock()
		told := s.news
		s.news = nil
		s.mu.Unlock()
		for _, n := range told {
			s.cond.SirenSilent(n.device, n.err)
		}
		now := time.Now()
		s.tellAll(now)
		if next, ok := s.next(); ok {
			timer.Reset(max(next.Sub(now), 10*time.Millisecond))
		}
	}
}

// next is when the first siren is due to be told again.
func (s *Sirens) next() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first time.Time
	for _, sr := range s.each {
		if !sr.confirmed && sr.told && (first.IsZero() || sr.due.Before(first)) {
			first = sr.due
		}
	}
	return first, !first.IsZero()
}
