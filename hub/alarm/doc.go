// Package alarm is the panel of the house as a pure value.
//
// A Panel holds everything that guards the house: its zones, codes and figures,
// and where it stands. It is moved by one function,
//
//	next, effects := panel.Step(now, input)
//
// and says by Until when it wants to be called again if nothing happens before.
// There is no clock, goroutine, log or I/O in this package; time is an
// argument, effects are plain data, and a Panel that was stepped is left as it
// was: what a step changes is copied, so an older Panel may be saved or
// compared while newer ones go on.
//
// # Order
//
// A step first settles every deadline that is due, in the order of their times,
// and then takes the input: a code that arrives at the very moment at which the
// entry delay ends is too late. Time does not run backwards in a panel; a jump
// of the wall clock is told by the input ClockStepped, which moves every
// deadline along, so that a jump neither fires nor loses one.
//
// # Who may do what before it is written
//
// Every effect says whether it is an escalation, to be done at once, or a
// retreat or an answer, to be done once the panel is on disk (When). What should
// sound is a property of the panel itself, Sounding: whoever drives the sirens
// sounds what either the present panel or the last written one asks for.
//
// # What a zone does
//
//   - entry starts the entry delay; it is the way out during the exit delay
//   - perimeter, instant: alarm at once when the mode uses it
//   - interior follows a running exit or entry delay, else alarm at once
//   - day: a notice while disarmed, alarm while armed
//   - 24h, tamper, fire, co, gas, water, panic, medical: in every mode
//
// Unknown is not closed: a burglary zone whose sensor has not spoken since the
// panel was loaded keeps the house from being armed until it speaks or is left
// out by name. Two things are easier than that: movement seen by an interior
// zone does not keep the house from being armed when an exit delay gives people
// the time to leave, and a smoke or water detector that has not spoken yet is
// no reason to leave the doors unguarded (its silence is a trouble of its own).
//
// # Leaving
//
// While the exit delay runs people go through the entry zones. One that opens
// again restarts the delay, once (exit_restart); an arming may end it 5 s after
// the last one was closed (arm_on_close). One that is left open is an exit error:
// a sounder inside and the entry delay. Away armed at a keypad that nobody leaves
// ends in home (unvacated_home). While a delay runs the panel is stepped each
// second and shows keypads what is left of it; that is no change to be saved or
// shown elsewhere.
//
// # Areas and modes
//
// A house may have areas that are armed by themselves; home.TheHouse is always
// there. A common zone, of several areas, guards while all of them are armed.
// Owners may add armed modes; each is like one of home, night and away for faces
// that know no others, and begins with its zones.
//
// # False alarms
//
// A burglary, tamper or water alarm sounds at once and stays in the house for the
// abort window; who disarms within it is told that nothing was sent, and who
// disarms within the cancel window after the report takes it back. Danger to life
// and calls for help have neither. A zone raises so many burglary alarms in one
// arming and no more; sirens sound so many times in one arming, and for the first
// alarm of a zone in any case; of two crossed zones both must speak, or one for the whole
// time; a zone that raised an alarm raises another only after it closed. An alarm
// is verified by a second zone or by a camera, and is told as what it is.
//
// Alarms that are over are remembered until somebody acknowledges them or arms.
// A silent panic alarm is known to people outside and to nobody inside: it
// changes nothing that a face, a keypad or the journal could show.
//
// In a walk test zones chime instead of raising burglary and tamper alarms.
//
// The figures are modelled on SIA CP-01, EN 50131-1 grade 2 and the residential
// fire rules as panel manuals quote them; nothing here is certified or listed.
// The stories in testdata tell every rule with its figure.
package alarm
