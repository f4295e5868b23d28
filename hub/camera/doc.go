// Package camera takes what a camera sends and keeps the last seconds of it, so
// that a clip begins before what set it off.
//
// A Camera is one RTSP stream: H.264 or H.265, with AAC, Opus, G.711 or linear
// sound if the owner wants any. It comes over TCP, in TLS where the address says
// rtsps. The packets become pictures with the time at which each is decoded and
// shown, and the pictures become groups: a group begins with a picture that stands
// alone and ends before the next such one.
//
// What it promises:
//
//   - The ring holds whole groups: as many as the pre-roll needs and not one more,
//     unless they would be more bytes than it may hold. A clip therefore begins at
//     least the pre-roll before its trigger, and at most one group earlier than that.
//   - A clip is one beginning (home.Footage) and parts of some 100 ms, or of one
//     picture where pictures are farther apart. Any number of parts from the
//     first on plays. A group begins with a part of its own, and clips that follow
//     each other meet between two groups.
//   - A picture is handed on once the part is whole that it is in. What a group takes
//     of memory, and how long it is, limits the pre-roll and no clip.
//   - A stream whose parameter sets stand only in its description (RFC 6184 §8.1)
//     plays from each of its groups: they are put before each picture that stands
//     alone and lacks them.
//   - The times of a clip have no holes that the camera did not leave: a camera that
//     sets its clock goes on where it was. When it arrived is told by the hub's clock.
//   - G.711 and linear samples are FLAC in clips and views, sample by sample: no browser
//     plays them. A Feed has the samples.
//   - Sound that nobody wants is never asked of the camera. A camera that rests is
//     not connected, and what it sent before is forgotten; so is what that connection
//     still brings when the rest is over at once.
//   - A camera that is not in TLS is told digests of its password, and never the password,
//     unless its owner allows that (Options.BasicAuth): anybody can take its address.
//   - The hub talks to the address that the owner gave, and to no other: a camera
//     that answers with another is not followed.
//
// A camera may have a sub-stream, H.264 or JPEG (RFC 2435): Small hands out its pictures
// that stand alone, so that whoever looks at what a camera shows decodes small ones. It is
// connected while somebody looks and ten seconds longer, and never recorded.
//
// Who looks gets a Feed, or a View of parts for a browser: from the newest picture
// that stands alone on, and each as it comes. A View of whole groups (Groups) begins with
// the last four, for players that fetch one after the other. One that does not follow
// misses pictures up to the next that stands alone. It holds neither the camera nor
// anybody else.
//
// Who speaks gets a Talk: one at a time, for two minutes at most, and only through a
// camera that says that it takes sound. It goes over a connection of its own, which is
// there only while somebody speaks, so that pictures and clips know nothing of it. The
// camera chirps before anything else is said.
//
// Recording is asked for by Record, for a time, and by Hold until Release, as long
// as something lasts; both go on for the post-roll. What was asked for of a camera that
// came back only afterwards is told as a clip that could not begin. Neither waits for a camera, a
// disk or a network, and nothing here is on the alarm's way.
package camera
