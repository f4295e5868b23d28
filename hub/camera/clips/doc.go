// Package clips records footage so that only the family can see it.
//
// Each clip is sealed while it is being recorded, to public keys that the
// owner's own devices made (the vault); the hub never has what opens them. It
// can so record, detect and count, and never look at an old clip again. Without
// a vault nothing is recorded, and a condition says so. The private key it keeps
// as browsers wrapped it, to a passphrase and to each passkey: opaque, and for
// nothing but to be handed back.
//
// A clip is one standard age file (age-encryption.org/v1) for hybrid recipients,
// ML-KEM-768 and X25519, which the stock age tool opens from 1.3 on. Inside is a
// fragmented MP4 of which any beginning plays. Its notes (what was seen, where
// one can begin to look) and its stills are age files of their own.
//
// # What stays readable
//
// Whoever has the box reads of each clip: its camera, when it began and ended,
// why it was recorded, codec and size of the picture, how many bytes, stills and
// notes it has, to which keys it is sealed, the checksum of the sealed bytes, and
// whether it is kept or was cut short. Camera, end and reason stand there twice: in
// the clip's row, and in the listings that a ruler is drawn from. Nothing that was
// seen, no picture, no sound: what the detector saw is shown from memory as long as
// this process runs, and is written only into the sealed notes.
//
// # How much a power cut takes
//
// At most half a second. A camera hands over a part every 80 to 160 ms, whatever
// its groups of pictures, and what Add has taken is written after Hold: that leaves
// a commit 40 ms or more. A slower disk takes with it what its commit takes, and a
// camera of less than ten pictures a second the last of them. age seals 64 KiB at a
// time, and a quiet picture fills these slowly, so after Hold what waits is
// pressed: an MP4 box of kind "free" fills the chunk. No nonce is ever used
// twice, nothing is written twice, and the clip stays one file. The price is
// 64 KiB for each Hold at most, which only a stream of less than some 1.7 Mbit/s
// pays; and whoever counts bytes on the disk learns less of what happened.
//
// All cameras are written in one commit, and while it is under way what comes next is
// sealed beside it. Nobody waits for it: when the disk cannot follow, a tape says so by
// an error and a condition, and the clip ends where it stood.
package clips
