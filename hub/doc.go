// Package hub builds the house from its rooms, connects them and keeps them
// running. It holds no rules of its own: what an alarm is, who may come in and
// what a byte means stand in the rooms below.
//
// # Locks
//
// Rooms call each other while they hold locks of their own: a reading goes from
// the radio to the siren on one goroutine. Nobody waits for ever as long as locks
// are taken downwards only, in this order:
//
//	ear of a radio     its driver tells one thing after another (OnEvent): zigbee's
//	                   hearing and telling; zwave has none that anybody waits for
//	rules              Rules.mu
//	gaze.telling       what a camera's device says of its pictures, in order
//	cameras.saying     what a camera's device says of all that look through it
//	devices' order     one sequence of all that devices say
//	board              health.Board.mu: conditions come and go in order
//	guard              Guard.mu: the panel
//	keypads            Keypads.mu: what each shows
//	leaves             all others
//
// A leaf is never held while another room is called: the list of devices, the
// sirens, both radios, warden, pads, parts, notices, journal, the topics of the bus, the
// drivers' mu, people, and what the faces have. So:
//
//   - Under the panel's lock run the sirens (and from there the registry's list
//     of devices, the radio and its driver), the keypads, the notices and the
//     journal. None of them may ask the panel, the board or the devices'
//     order.
//   - The panel is asked (Hidden, ZoneOf, Zones) with no leaf held.
//   - The board tells the panel of each condition under its own lock, so whoever
//     holds the panel must not touch the board: sirens tell theirs from Run, the
//     guard its own from the goroutine that keeps its time.
//   - A driver's Send never calls back before it returns, and waits for no ear;
//     what a command came to is told later, with no lock but the ear held.
//   - Nobody waits for a disk, a network or a person with any of these held. Who
//     saves has a lock for that alone (of the devices, of the rules).
//
// TestNobodyWaitsForEachOther has everybody do everything at once; the guard and
// the registry have tests of their own for whoever may ask them back.
package hub
