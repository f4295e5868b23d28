// Package hap is the session layer of the HomeKit Accessory Protocol over IP:
// pairing, encrypted connections, requests and events. It knows nothing of the
// house; what is read, written and told comes from a Home.
//
// brutella/hap is used for its descriptions of accessories only (see package
// homekit). Its server cannot be wrapped into what a house needs, so this one
// stands in its place. Its promises:
//
//   - Pairing (Setup) works only while the owner's window is open and nobody is
//     paired. A step is taken only after the one before it was proved, on the
//     same connection. Wrong codes have to wait, and after mostWrong the window
//     closes by itself.
//   - Nothing but pairing is answered on a connection that has not proved who it
//     is (Verify); from then on every byte of it is encrypted.
//   - One goroutine of a connection encrypts and writes: answers and events pass
//     through it in order. Notify never waits for a controller. A controller that
//     does not read is cut off after stalledAfter, or when it is mostEvents behind.
//   - Subscriptions belong to the connection and end with it. A pairing that is
//     removed has its connections closed at once.
//   - Of events that wait, a newer value takes the place of an older one, but for
//     those that are marked Keep: each of them is told.
//   - Whatever comes in is bounded: frames, heads, bodies, connections, pairings,
//     and the time that each may take. Who has proved nothing keeps nobody out who
//     can prove something, by however many connections.
//
// What is meant by § is the HomeKit Accessory Protocol Specification, release R2.
package hap
