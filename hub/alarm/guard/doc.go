// Package guard keeps a panel alive: it owns the mutex, the timer and the
// saving around the pure value in hub/alarm. It holds no rule of its own about
// doors and codes.
//
// # Escalate at once, retreat only when written
//
// Raising an alarm never waits: the siren is commanded and the line numbered
// while the panel is being saved beside. Faces show the new phase once it is
// written, or after Glance if the disk takes longer, so that a power cut does
// not undo what somebody has seen. Arming,
// disarming, silencing, bypassing and every change of configuration take effect
// in the panel at once, so that a code that came in time stays in time, but are
// shown, told and answered only once the panel is on disk. After a power cut
// the house is therefore never less guarded than somebody was told.
//
// What sounds is a level, not a series of commands: the sirens sound what the
// present panel asks for or, failing that, what the last written one asks for.
// A retreat that is still being written can so never switch off an alarm that
// came after it.
//
// # A disk that fails or hangs
//
// A family must be able to stop its siren with a dead disk. A retreat whose
// save fails is done after the failed try, and one whose save hangs after
// Patience; the condition storage-fault is raised, a line says so, and saving
// is tried again with growing pauses. The price is named in that line: a power
// cut now would bring the last written state back, which is the more guarded
// one.
//
// # Time
//
// The panel lives in wall time, because its deadlines must survive a power cut,
// but it is driven by the monotonic clock: wall time is read once and carried
// on. When the wall clock is set, the panel is told by how much, and its
// deadlines move along. So it is when a box without a clock of its own starts
// before the latest time that its panel has seen.
package guard
