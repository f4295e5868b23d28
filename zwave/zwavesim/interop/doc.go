// Package interop sets the driver and the simulated stick against an
// implementation that is not ours: npm zwave-js, its driver and its mock
// controller (package.json; `npm ci` in this folder fetches it).
//
//   - their driver on our stick: it starts, interviews every virtual node, hears
//     a door, sounds the siren, includes a device, and the stick finds nothing to
//     blame;
//   - our driver, and the whole hub, on their stick: a contact's report raises
//     the alarm and the siren's command arrives at a node.
//
// What both sides get wrong in the same way is not seen here.
//
// The tests are behind the build tag interop. Limits of the peer: its mock nodes
// never sleep or wake up, do not know Supervision reports, and crash on an
// unknown node id.
package interop
