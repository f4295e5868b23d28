// Package soak lives a year of a family's life in a minute. It has only tests:
// a family, its house with failing sensors, its radio, its burglars and its
// fires, all thrown from one seed, drive the real panel and the real supervision
// on a clock that jumps from one event to the next. (Rules live a year of their
// own in hub/alarm/rules.)
//
//	go test ./hub/soak -v -seeds 5           # five years, each of its own seed
//	go test ./hub/soak -v -seeds 1 -seed 7   # one of them again
//
// After every step an oracle says whether the panel did what it must. It is a
// second, plain telling of the rules that sees the panel only as faces and sirens
// do: how each area stands and until when, what is open, what sounds, what is
// answered, written down and sent out of the house. It knows that
//
//   - nothing is armed or disarmed but by somebody with the right to it, and a
//     disarming ends in disarmed, with no sound but that of a fire, in that step
//   - while disarmed nothing alarms but what always does; fire always sounds
//   - no deadline moves later, is lost or left behind, whatever the clock does
//   - what is not known does not count as closed; what was left out is left out
//     of one arming only
//   - a report leaves the house once, never before its abort window is over, and
//     a wrong code, a lockout or duress as they should
//   - keypads show each second of a delay, and no more than faces do
//   - there is one command for the sirens at a time; the louder one waits for
//     nothing and the quieter one until it is written
//   - what lasts has a line in the journal, and each line is there once
//   - the mains may fail at any step, and take the last save along: what was
//     written goes on, with the same deadlines
//
// Whoever breaks in is heard in time, or there is a reason that can be named:
// each incident is followed to its end by what left the house and by nothing else.
//
// That the oracle can fail is itself a test: some thirty panels that are broken on
// purpose are each found out. Two lives of one seed are the same to the last
// effect.
package soak
