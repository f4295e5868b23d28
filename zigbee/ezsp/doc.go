// Package ezsp speaks EZSP, the language of Silicon Labs' EmberZNet on a
// coordinator stick, over ASH, which carries it safely over a serial line, and is
// a [zigbee.Adapter].
//
// # ASH (Silicon Labs UG101)
//
//	control, data (randomised), CRC-CCITT (high byte first), flag 0x7E
//
// Bytes that the line needs for itself are escaped. DATA frames are numbered
// from 0 to 7, may be up to three on their way, and are sent again until they
// are acknowledged:
//
//   - An acknowledgement that does not come within an adaptive time (0.4–3.2 s)
//     has everything unacknowledged sent again; four in a row end the link.
//   - A damaged frame, or one out of sequence, is answered by one NAK, and what
//     follows is passed over until the missing one comes (the reject condition).
//   - A frame that comes a second time is acknowledged again and not handed on.
//   - Acknowledgements go before data and need no room in the window, and the
//     host never says that it is not ready: two sides that both wait for each
//     other cannot come about.
//   - A stick is reset by RST and says RSTACK; any later RSTACK or ERROR tells
//     that it has restarted, and the link is over.
//
// # EZSP (Silicon Labs UG100)
//
//	sequence, two bytes of frame control, two of command, data
//
// One command is in flight; the stick answers it, and says by itself what happens
// in the network (a callback). Versions 13 to 19 are spoken, which are EmberZNet
// 7.4 to 8.x. They differ:
//
//	          13                          14 and later
//	status    1 byte                      4 bytes, other numbers
//	tag       1 byte                      2 bytes
//	confirm   status at the end           status at the front
//	message   sender behind the quality   quality behind the sender
//	key       before its status           behind it
//
// Older and newer sticks are refused with what to do about it.
//
// # What the hub makes of it
//
// A stick is restarted by [Stick.Hello] and forgets everything but its network,
// so policies and the hub's endpoint are set each time, and before the network is
// up. It tells of its network only when that is up, so [Stick.Network] brings it
// up. Each network has a link key of its own, from which the stick makes one for
// each device; the key that all devices know is taken only while joining is
// permitted.
//
// # Backup
//
// The keys that the stick makes for devices stand in no table: exportLinkKeyByIndex
// names those alone that were written there. What they are made of is exported, and
// another stick of Silicon Labs that is given it makes the same. How they are made is
// not published, so a stick of another family cannot be told them; zigbee-herdsman,
// which exports the same, can't either. Devices are heard by the network's key all
// the same: one has to be joined again only if it should lose that.
//
// # Deadlines
//
// A stick that does not come back from a reset within 3.2 s is reset again. Three
// such resets, four acknowledgements in a row that do not come, or no answer to a
// command within 10 s end Serve so that the port is opened anew. After 30 s
// without a byte the stick is sent a command that does nothing. A message has 30 s
// for its confirm: one to a sleeper waits in the stick for 7.68 s.
package ezsp
