package sirens

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// House is what sirens need of the registry.
type House interface {
	// WithTrait lists devices, always in the same order.
	WithTrait(home.Trait) []home.DeviceID
	// Sounder is what a siren can do; false: it is none, or has left.
	Sounder(home.DeviceID) (home.Sounder, bool)
	// Tell sends a command without waiting; done is called once.
	Tell(cmd home.Command, done func(error))
}

// Conditions is where a siren is reported that does not do what it should, from
// Run's goroutine.
type Conditions interface {
	// SirenSilent tells that a siren has not confirmed (why) what it was told
	// since a time, or that it has (nil).
	SirenSilent(device home.DeviceID, since time.Time, why error)
}

const (
	// grace is how long after the time that the panel named the sirens are
	// stopped here. The panel stops or prolongs them itself, by a clock that
	// may differ by 2 s from this one.
	grace = 3 * time.Second
	// endless stands in for a time that the panel did not name.
	endless = 15 * time.Minute
	// testTime is how long a siren sounds that a person turned on.
	testTime = 10 * time.Second
)

// Sirens is the bank of all sirens of the house.
type Sirens struct {
	house House
	cond  Conditions
	log   *slog.Logger
	wake  chan struct{}

	mu    sync.Mutex
	news  []news // for the conditions, told by Run
	sound alarm.Sound
	until time.Time // nothing sounds for the panel from then on; with the monotonic clock
	heard bool      // Sound was called at least once
	each  map[home.DeviceID]*siren
	count Counters
}

// Counters count since the start.
type Counters struct {
	Told     uint64 // commands sent
	Failed   uint64 // commands that were not confirmed
	Renewed  uint64 // told once more, so that it does not fall silent by itself
	Contrary uint64 // told once more because it said the opposite
}

// news is what became of a siren. It is told from Run: the caller of Sound may
// hold the panel, and a condition goes back to the panel.
type news struct {
	device home.DeviceID
	since  time.Time
	why    error
}

// New makes the bank. Nothing sounds before Sound is called.
func New(house House, cond Conditions, log *slog.Logger) *Sirens {
	return &Sirens{house: house, cond: cond, log: log, wake: make(chan struct{}, 1), each: make(map[home.DeviceID]*siren)}
}

// Counters are a snapshot.
func (s *Sirens) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Sound is the panel's whole wish from now on; see guard.Sounder. It does not
// wait.
func (s *Sirens) Sound(w alarm.Sound) {
	now := time.Now()
	s.mu.Lock()
	s.sound, s.heard, s.until = w, true, time.Time{}
	if w.On() {
		left := endless
		if !w.Until.IsZero() {
			left = w.Until.Sub(now.Round(0)) // both by the wall clock
		}
		s.until = now.Add(left + grace)
	}
	if w.On() || w.Strobe {
		for _, sr := range s.each {
			sr.test = time.Time{}
		}
	}
	s.mu.Unlock()
	s.tellAll(now)
	s.nudge()
}

// Again tells every siren once more what it should do: after a radio came back,
// nobody knows what its sirens do.
func (s *Sirens) Again() {
	now := time.Now()
	s.mu.Lock()
	for _, sr := range s.each {
		sr.told, sr.inFlight, sr.confirmed = false, false, time.Time{}
		sr.pause, sr.due, sr.contrary = 0, time.Time{}, false
		sr.try++ // an answer to the old command no longer counts
		sr.asked, sr.riding = append(sr.asked, sr.riding...), nil
	}
	s.mu.Unlock()
	s.tellAll(now)
	s.nudge()
}

// Heard takes what is known of a siren after something about it has changed:
// what it says that it does, where it hangs, what it can do.
func (s *Sirens) Heard(d home.Device) {
	if d.Sounder == nil {
		return
	}
	now := time.Now()
	s.mu.Lock()
	if sr, said := s.each[d.ID], d.Traits[home.Siren]; sr != nil && said.Fresh {
		sr.says(now, said.Value == home.On, longestOf(*d.Sounder, sr.level))
	}
	s.mu.Unlock()
	s.tell(d.ID, now)
	s.nudge()
}

// Ask takes a person's or program's command for one siren; see the package
// comment. Done is called once, when the siren has confirmed it or not, unless
// Ask refuses.
func (s *Sirens) Ask(cmd home.Command, done func(error)) error {
	now := time.Now()
	if _, ok := s.house.Sounder(cmd.Device); !ok {
		return &home.Invalid{Field: "device", Reason: "this siren can't be told to sound"}
	}
	s.mu.Lock()
	if s.loud(now) || s.sound.Strobe {
		s.mu.Unlock()
		return &home.Conflict{Reason: "the sirens are the alarm's now; silence the alarm or disarm"}
	}
	sr := s.siren(cmd.Device)
	sr.test = time.Time{}
	if cmd.Value == home.On {
		lasts := time.Duration(cmd.Sound.For)
		if lasts <= 0 {
			lasts = testTime
		}
		sr.test = now.Add(min(lasts, endless))
	}
	sr.asked = append(sr.asked, done)
	s.mu.Unlock()
	s.tell(cmd.Device, now)
	s.nudge()
	return nil
}

// Chirp has the sirens whose owners want it chirp, those that have nothing better
// to do. It does not wait; failed is told of each that could not.
func (s *Sirens) Chirp(what home.Chirp, failed func(home.DeviceID, error)) {
	now := time.Now()
	for _, id := range s.house.WithTrait(home.Siren) {
		d, ok := s.house.Sounder(id)
		if !ok || !d.Chirp {
			continue
		}
		s.mu.Lock()
		sr := s.siren(id)
		if !s.idle(sr, now) {
			s.mu.Unlock()
			continue
		}
		// Handed over as a level is, so that none that is decided meanwhile goes first.
		sr.leaving, sr.handing = &order{
			cmd: home.Command{Device: id, Trait: home.Siren, Value: home.Off, Sound: home.Sounding{Chirp: what}, Quiet: true},
			done: func(err error) {
				if err != nil {
					failed(id, err)
				}
			},
		}, true
		s.mu.Unlock()
		s.hand(id, sr)
	}
}

// loud tells whether the siren time of an alarm runs. The lock is held, as for
// all that follows unless it says otherwise.
func (s *Sirens) loud(now time.Time) bool { return s.sound.On() && now.Before(s.until) }

// idle tells whether a siren is silent, has said so, and shall stay so.
func (s *Sirens) idle(sr *siren, now time.Time) bool {
	return !s.loud(now) && !s.sound.Strobe && !now.Before(sr.test) && sr.told && sr.level == (level{}) && !sr.inFlight && !sr.handing && !sr.confirmed.IsZero()
}

func (s *Sirens) siren(id home.DeviceID) *siren {
	sr := s.each[id]
	if sr == nil {
		sr = &siren{}
		s.each[id] = sr
	}
	return sr
}

// want is the level of one siren, and when it ends by itself.
func (s *Sirens) want(sr *siren, d home.Sounder, now time.Time) (level, time.Time) {
	switch loud := s.loud(now); {
	case loud || s.sound.Strobe:
		return levelOf(s.sound, loud, d), s.until
	case now.Before(sr.test):
		return level{pattern: made(alarm.Steady, d)}, sr.test
	default:
		return level{}, time.Time{}
	}
}

func longestOf(d home.Sounder, l level) time.Duration {
	return time.Duration(d.Patterns[string(l.pattern)])
}

// tellAll tells each siren that is due or should do something else. The lock is
// not held.
func (s *Sirens) tellAll(now time.Time) {
	for _, id := range s.house.WithTrait(home.Siren) {
		s.tell(id, now)
	}
}

// tell tells one siren, if need be. The lock is not held.
func (s *Sirens) tell(id home.DeviceID, now time.Time) {
	d, ok := s.house.Sounder(id)
	if !ok {
		return
	}
	s.mu.Lock()
	if !s.heard {
		s.mu.Unlock()
		return
	}
	sr := s.siren(id)
	due := !sr.due.IsZero() && !now.Before(sr.due)
	if sr.inFlight && !due {
		s.mu.Unlock()
		return
	}
	var waited []func(error)
	if sr.inFlight { // it has waited for the answer long enough
		waited = s.ended(id, sr, now, errNoAnswer, 0)
	}
	want, ends := s.want(sr, d, now)
	same := sr.told && sr.level == want
	further := want.sounds() && ends.After(sr.ends.Add(time.Second)) // a device may have been told the end
	if same && !due && !further && len(sr.asked) == 0 {
		s.mu.Unlock()
		return
	}
	switch {
	case !same:
		sr.pause, sr.lies = 0, 0
	case sr.contrary:
		s.count.Contrary++
		sr.lies++
		sr.pause = longer(sr.pause)
	case !sr.confirmed.IsZero() && want.sounds():
		s.count.Renewed++
	}
	s.count.Told++
	sr.told, sr.level, sr.at, sr.ends = true, want, now, ends
	sr.inFlight, sr.confirmed, sr.contrary = true, time.Time{}, false
	sr.due = now.Add(answerTime)
	if sr.since.IsZero() {
		sr.since = now
	}
	sr.try++
	try, cmd := sr.try, sr.command(id, same || len(sr.asked) > 0)
	sr.riding, sr.asked = sr.asked, nil
	sr.leaving = &order{try: try, cmd: cmd}
	mine := !sr.handing // else whoever is at it hands over this one too
	sr.handing = true
	s.report(id, sr, now)
	s.mu.Unlock()

	for _, done := range waited {
		done(errNoAnswer)
	}
	if mine {
		s.hand(id, sr)
	}
}

// hand hands over what one siren is to be told, by one goroutine at a time: of
// two that each came with a command, the one that was overtaken would have the
// older command reach the radio last. The lock is not held.
func (s *Sirens) hand(id home.DeviceID, sr *siren) {
	for {
		s.mu.Lock()
		o := sr.leaving
		sr.leaving, sr.handing = nil, o != nil
		s.mu.Unlock()
		if o == nil {
			return
		}
		done := o.done
		if done == nil {
			done = func(err error) { s.answered(id, o.try, err) }
		}
		s.house.Tell(o.cmd, done)
	}
}

// answered takes the answer to a command, and tells the siren at once what it
// should do by now. The lock is not held.
func (s *Sirens) answered(id home.DeviceID, try uint64, err error) {
	now := time.Now()
	d, _ := s.house.Sounder(id)
	s.mu.Lock()
	sr := s.each[id]
	if sr == nil || sr.try != try || !sr.inFlight {
		s.mu.Unlock()
		return
	}
	waiting := s.ended(id, sr, now, err, longestOf(d, sr.level))
	s.mu.Unlock()
	for _, done := range waiting {
		done(err)
	}
	s.tell(id, now)
	s.nudge()
}

// ended notes how the command on its way ended, and returns who wants to know.
func (s *Sirens) ended(id home.DeviceID, sr *siren, now time.Time, err error, longest time.Duration) []func(error) {
	sr.answered(now, err, longest)
	if err != nil {
		s.count.Failed++
	}
	s.report(id, sr, now)
	waiting := sr.riding
	sr.riding = nil
	return waiting
}

// report notes for the conditions what is news of a siren.
func (s *Sirens) report(id home.DeviceID, sr *siren, now time.Time) {
	sr.forgives(now)
	why := sr.silent(now)
	if (why != nil) == sr.reported {
		return
	}
	sr.reported = why != nil
	s.news = append(s.news, news{id, sr.failing(), why})
}

func (s *Sirens) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run tells sirens again when they are due, until ctx ends.
func (s *Sirens) Run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now()
		s.tellAll(now)
		seen := s.look(now, s.house.WithTrait(home.Siren))
		for _, n := range seen.news {
			s.cond.SirenSilent(n.device, n.since, n.why)
		}
		for _, done := range seen.orphans {
			done(errLeft)
		}
		if !seen.next.IsZero() {
			timer.Reset(max(time.Until(seen.next), 10*time.Millisecond))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// seen is what a look at all sirens has found.
type seen struct {
	news    []news
	orphans []func(error) // who asked for what a siren that has left will not answer
	next    time.Time     // when to look again; zero: when something happens
}

// look reports what is overdue and forgets sirens that have left. It takes the
// lock.
func (s *Sirens) look(now time.Time, present []home.DeviceID) seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found seen
	if s.loud(now) {
		found.next = s.until
	}
	for id, sr := range s.each {
		if !slices.Contains(present, id) {
			found.orphans = append(append(found.orphans, sr.asked...), sr.riding...)
			delete(s.each, id)
			continue
		}
		if !now.Before(sr.test) {
			sr.test = time.Time{}
		}
		s.report(id, sr, now)
		if s.heard {
			found.next = sooner(found.next, sr.next())
		}
	}
	found.news, s.news = s.news, nil
	return found
}
