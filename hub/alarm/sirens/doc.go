// Package sirens keeps every siren of the house doing what the panel wants.
//
// What the panel wants is one level for the whole house, an [alarm.Sound]: a
// pattern until a time, lights, inside only. [Sirens.Sound] makes of it a level
// for each siren, by where it hangs and what it can do (level.go), and tells
// every siren at once, on the caller's goroutine and without waiting.
//
// # Promises
//
//   - Two conflicting commands are never on their way to one siren: a newer
//     level waits for the answer to the older one, 10 s at most, and then is
//     sent at once, on the goroutine that brings the answer. A siren with
//     nothing on its way is told within the call: the stop at a disarming as
//     much as the start. What was decided last is sent last.
//   - A siren that fails to confirm is told again, after 1 s and then with
//     longer pauses up to 15 s, for as long as the level is wanted. After the
//     second failure, or 5 s without a confirmation, it is reported, with since
//     when; when it confirms, the report is taken back.
//   - A siren that falls silent by itself is told again before it does, if it
//     is known when; 5 s before its end, a quarter of a short time before. One
//     that falls silent all the same is told again at once, and what it took
//     is remembered. One of which nothing is known is told once a minute.
//   - A siren that says that it does the opposite of what it confirmed is told
//     again, at most every 15 s after the first times, so that a broken one is
//     not flooded; the third time it is reported.
//   - Nothing sounds longer than 3 s past the time that the panel named, even
//     if the panel never says a word again. How often sirens sound, and how
//     long, is the panel's decision alone; this is the stop behind it.
//
// When the hub ends, by a fault of the guard or an order, sirens are left as
// they are: whoever stops the hub must not silence an alarm by it. The hub that
// starts next tells them what its panel wants, silence included. A siren that
// takes a time with its command also ends by itself.
//
// # Rhythm
//
// A rhythm is made by the siren or not at all: what has no tone of its own for
// a pattern sounds steadily (level.go has the table). Beats sent by radio come
// late by whatever else is on the air, cost two commands a turn and siren just
// when sensors have most to say, make a stop wait behind a beat, and leave the
// siren silent if the hub is lost in a pause.
//
// # Chirps
//
// A siren whose owner wants it sounds shortly when the house was armed or
// disarmed ([Sirens.Chirp]). A chirp is no level: it is told once and never again,
// only to a siren that should be silent, has confirmed that and has nothing on its
// way; nothing waits for its answer, and a failed one is no fault of a siren.
//
// # People
//
// A person's or program's command to one siren is a test: it ends by itself
// after 10 s, or after the time that it names. While an alarm sounds or
// flashes the sirens are the panel's: such commands are refused, and whoever
// wants silence silences the alarm or disarms, which is on the record. An alarm
// ends every test.
package sirens
