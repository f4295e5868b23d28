// Package znp speaks MT, the language of Texas Instruments' Z-Stack on a
// coordinator stick (a "Zigbee network processor"), and is a [zigbee.Adapter].
//
//	SOF 0xFE, length, two bytes of command, data, FCS
//
// Three kinds of command go over the line: a request that is answered at once
// (SREQ, SRSP; one in flight), and a word that is not (AREQ, at any time, in
// either direction).
//
// # What real firmware does
//
// Two independent hosts for this protocol (zigbee-herdsman, MIT; zigpy-znp,
// read only) agree on the following; each is a test named TestTrap:
//
//   - AF_INCOMING_MSG carries three bytes behind its data. Bytes behind what is
//     known are passed over everywhere.
//   - Structures in NV are padded to words on CC26x2 and packed on older chips:
//     the length of the item tells which.
//   - STARTUP_OPTION clears itself at a reset, and a reset with it may give the
//     stick another IEEE address, which counts from then on.
//   - A command that the firmware does not know is answered by an RPC error and
//     not by its SRSP.
//   - One request is in flight at a time; words of the stick come in between, and
//     confirms in whatever order.
//   - A message to an absent device ends with a confirm of 0xE9 (a router) or
//     0xF0 (a sleeper that did not come).
//
// # Deadlines
//
// A request has 3 s for its answer and is sent once more; a second silence, or
// no answer to a ping after 30 s without a byte, ends Serve so that the port is
// opened anew. A message has 30 s for its confirm: one to a sleeper waits in the
// stick for 7 s, three times.
package znp
