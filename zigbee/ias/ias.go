// Package ias is the protocol of alarm devices above their commands: how a zone
// comes to report to us.
//
// [Enrolment] is a value. It does no input or output and has no clock: Step is
// told what happened and when, and returns what is to be sent to the zone's
// endpoint; Until says when it wants to be called again. One enrolment has at
// most one question under way, so that a sleeping device is not flooded.
//
// Devices differ (ZCL 8.2.2.1 allows three ways), and one order fits all that
// are known:
//
//  1. It reads whether the zone is enrolled to us already. Then nothing is sent:
//     a house that restarts disturbs no sensor.
//  2. It writes our address into the zone.
//  3. It waits 500 ms for the zone to ask ("trip to pair", "auto enroll
//     request"). A request is answered at any time, before and after this too.
//  4. If none comes, it answers all the same ("auto enroll response"), unless the
//     device is known to be broken by an answer that it did not ask for.
//  5. It reads the state again, every 500 ms, until the zone says that it is
//     enrolled to us.
//
// A zone that never says so, and reports its status to us, is enrolled: what it
// does counts.
//
// Whatever fails is tried again from the start after 1, 2, 4 … 60 minutes, for
// ever; and what failed as the device did not answer, at once when it is heard. An enrolment never fails for good,
// and nobody need wait for it: a zone that is not enrolled is a state that can be
// shown.
package ias

import (
	"time"

	"gatehouse/zigbee/zcl"
)

// Phase is how far an enrolment is.
type Phase byte

// Phases.
const (
	Asking    Phase = iota // whether it is enrolled already
	Writing                // our address
	Waiting                // for the zone to ask
	Settling               // answered; the zone is given time to say so
	Verifying              // asked whether it is enrolled now
	Resting                // failed; tried again later
	Enrolled
)

// String names the phase.
func (p Phase) String() string {
	switch p {
	case Asking:
		return "asking"
	case Writing:
		return "writing"
	case Waiting:
		return "waiting"
	case Settling:
		return "settling"
	case Verifying:
		return "verifying"
	case Resting:
		return "resting"
	case Enrolled:
		return "enrolled"
	default:
		return "unknown phase"
	}
}

// The times of an enrolment.
const (
	pause     = 500 * time.Millisecond // for the request, and between two looks at the state
	looks     = 20                     // as npm zigbee-herdsman does before it gives up
	firstRest = time.Minute
	longRest  = time.Hour
	calm      = 10 * time.Second // at least between two attempts
)

// Enrolment brings one zone to report to us.
type Enrolment struct {
	// CIE is our address, Zone the number that the zone gets.
	CIE  uint64
	Zone byte
	// Patience is how long an answer may take; 0: for ever.
	Patience time.Duration
	// AskedOnly keeps back an answer that the zone did not ask for.
	AskedOnly bool

	Phase     Phase
	Until     time.Time    // when it wants a Tick; zero: not at all
	Type      zcl.ZoneType // as the zone said, when TypeKnown
	TypeKnown bool
	Failures  int // attempts that failed since it was last enrolled

	began    time.Time
	answered bool
	silent   bool // it rests as the device did not answer
	looked   int
}

// Input is what happened: Heard, Unanswered, Awake or Tick.
type Input interface{ input() }

// Heard is a command from the zone's endpoint.
type Heard struct{ Command zcl.Command }

// Unanswered tells that what was last sent did not arrive.
type Unanswered struct{}

// Awake tells that the device was heard, whatever it said: it listens now.
type Awake struct{}

// Tick tells that it is Until.
type Tick struct{}

func (Heard) input()      {}
func (Unanswered) input() {}
func (Awake) input()      {}
func (Tick) input()       {}

// Begin starts an attempt.
func (e Enrolment) Begin(now time.Time) (Enrolment, []zcl.Command) {
	e.Phase, e.began, e.answered, e.looked = Asking, now, false, 0
	return e.ask(now), []zcl.Command{zcl.ReadAttributes{Attrs: []zcl.Attr{zcl.ZoneStateAttr, zcl.ZoneTypeAttr, zcl.ZoneCIEAddress}}}
}

// Step tells what happened and returns what is to be sent.
func (e Enrolment) Step(now time.Time, in Input) (Enrolment, []zcl.Command) {
	switch in := in.(type) {
	case Heard:
		return e.heard(now, in.Command)
	case Unanswered:
		if e.Phase == Asking || e.Phase == Writing || e.Phase == Verifying {
			return e.rest(now, true), nil
		}
	case Awake:
		if e.Phase == Resting && e.silent && now.Sub(e.began) >= calm {
			return e.Begin(now)
		}
	case Tick:
		if !e.Until.IsZero() && !now.Before(e.Until) { // else it comes late
			return e.due(now)
		}
	}
	return e, nil
}

func (e Enrolment) heard(now time.Time, c zcl.Command) (Enrolment, []zcl.Command) {
	switch c := c.(type) {
	case zcl.ZoneEnrollRequest:
		e.Type, e.TypeKnown, e.answered = c.Type, true, true
		if e.Phase == Waiting || e.Phase == Resting || e.Phase == Enrolled {
			// One that is enrolled and asks again has forgotten it.
			e.looked = 0
			e = e.settle(now)
		}
		return e, []zcl.Command{e.answer()}
	case zcl.ZoneStatusChange:
		if e.Phase == Resting {
			e.Phase, e.Until, e.Failures = Enrolled, time.Time{}, 0
		}
	case zcl.ReadAttributesResponse:
		return e.told(now, c)
	case zcl.WriteAttributesResponse:
		if e.Phase == Writing {
			// Whatever it says: some firmware refuses an address that it has, and
			// whether the zone is ours is looked at in the end.
			e.Phase, e.Until = Waiting, now.Add(pause)
			if e.answered {
				e = e.settle(now)
			}
		}
	}
	return e, nil
}

func (e Enrolment) answer() zcl.Command {
	return zcl.ZoneEnrollResponse{Code: zcl.EnrollSuccess, Zone: e.Zone}
}

// told takes the zone's word on its state.
func (e Enrolment) told(now time.Time, r zcl.ReadAttributesResponse) (Enrolment, []zcl.Command) {
	asked, state, ours := false, false, true
	for _, a := range r.Records {
		asked = asked || a.Attr == zcl.ZoneStateAttr
		switch {
		case a.Status != zcl.Success:
		case a.Attr == zcl.ZoneStateAttr:
			state = zcl.ZoneState(a.Value.N) == zcl.ZoneEnrolled
		case a.Attr == zcl.ZoneTypeAttr:
			e.Type, e.TypeKnown = zcl.ZoneType(a.Value.N), true
		case a.Attr == zcl.ZoneCIEAddress:
			ours = a.Value.N == e.CIE
		}
	}
	switch {
	case !asked, e.Phase != Asking && e.Phase != Verifying: // the answer to another's question
		return e, nil
	case state && ours:
		e.Phase, e.Until, e.Failures = Enrolled, time.Time{}, 0
		return e, nil
	case e.Phase == Asking:
		e.Phase = Writing
		return e.ask(now), []zcl.Command{zcl.WriteAttributes{Attributes: []zcl.Attribute{
			{Attr: zcl.ZoneCIEAddress, Value: zcl.Of(zcl.IEEE, e.CIE)},
		}}}
	case e.looked < looks:
		return e.settle(now), nil
	default:
		return e.rest(now, false), nil
	}
}

func (e Enrolment) due(now time.Time) (Enrolment, []zcl.Command) {
	switch e.Phase {
	case Waiting:
		e = e.settle(now)
		if e.AskedOnly {
			return e, nil
		}
		return e, []zcl.Command{e.answer()}
	case Settling:
		e.Phase = Verifying
		e.looked++
		return e.ask(now), []zcl.Command{zcl.ReadAttributes{Attrs: []zcl.Attr{zcl.ZoneStateAttr, zcl.ZoneCIEAddress}}}
	case Resting:
		return e.Begin(now)
	case Asking, Writing, Verifying:
		return e.rest(now, true), nil
	default:
		return e, nil
	}
}

// ask waits for an answer.
func (e Enrolment) ask(now time.Time) Enrolment {
	if e.Until = (time.Time{}); e.Patience > 0 {
		e.Until = now.Add(e.Patience)
	}
	return e
}

// settle gives the zone time to make up its mind.
func (e Enrolment) settle(now time.Time) Enrolment {
	e.Phase, e.Until = Settling, now.Add(pause)
	return e
}

// rest gives up for now.
func (e Enrolment) rest(now time.Time, silent bool) Enrolment {
	e.silent = silent
	rest := longRest
	if e.Failures < 6 {
		rest = min(firstRest<<e.Failures, longRest)
	}
	e.Failures++
	e.Phase, e.Until = Resting, now.Add(rest)
	return e
}
