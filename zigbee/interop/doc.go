// Package interop holds the codecs of zigbee/zcl and zigbee/zdo, and
// zigbee/zigbeesim, to an implementation that is not ours: npm zigbee-herdsman
// (package.json; `npm ci` in this folder fetches it, and a Node.js that is new
// enough for it).
//
// For each command: ours is written and they read it, theirs is written and we
// read it, and the bytes are the same. What each should read stands in the tables
// in both tongues. Theirs are a host's codecs: of the device profile they write
// questions and read answers only, so ours are held to that.
//
// TestQuirks holds zigbee/quirks to npm zigbee-herdsman-converters: of the same bytes
// of each device of the tables it must make the same.
//
// And as a host it judges the simulated sticks of both families: its zstack and
// ember adapters form a network there, let devices join, also by an install code or
// near another device, interview them, enroll their zones, hear and tell them
// things, listen to the noise on a channel, take the network to another, have
// devices leave, and come back to the network.
//
// Its network moves in with us by the backup that it writes, and it takes ours.
//
// What both sides get wrong in the same way is not seen here.
//
// The tests are behind the build tag interop.
package interop
