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
package ezsp
