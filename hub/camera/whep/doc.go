// Package whep shows the cameras of the house to browsers by WebRTC, as WHEP asks for
// it (draft-ietf-wish-whep, after RFC 9725): an offer comes in by HTTP, an answer goes
// out, and then pictures and sound go to the browser as the camera made them, in
// packets over UDP. Nothing is coded anew.
//
// It is as much of WebRTC as that takes, on one line between a hub and a browser in
// the same house:
//
//   - ICE (RFC 8445) as its lite half (§2.5): the hub has one address, the one at which the
//     browser reached it, and answers checks. It asks nobody where it is, and goes
//     through nobody: there are no STUN and no TURN servers.
//   - DTLS 1.2 and SRTP by pion. The browser must show the certificate that its offer
//     names, and the hub shows the one that its answer names; the answer came over the
//     connection on which the viewer signed in.
//   - H.264 (RFC 6184, packetization-mode 1) and, of browsers that offer it, H.265
//     (RFC 7798). Opus and G.711 as they are. AAC is not in WebRTC, and is left out.
//
// What it promises:
//
//   - Packets go to the address that asked over HTTP and to no other, and that address
//     is private (RFC 1918, RFC 4193), of the link, or the hub's own. A check that comes
//     from elsewhere, or without the password of the answer, is not answered.
//   - There is a UDP port only while somebody looks or is about to: at the address that
//     was reached, and closed with the last viewer.
//   - A viewer begins with the newest picture that stands alone. What is there already is
//     sent at once, and shown as fast as the browser can, so that the picture is not late
//     by as much as that was old.
//   - A packet that was lost is sent again if the browser says so in time (RFC 4585
//     §6.2.1); no more of them are kept than sentMost. What a viewer does not take is lost
//     to that viewer, and holds neither the camera nor anybody else.
//   - A view ends when its checks stop for 30 s (RFC 7675 §5.1), when the browser says so,
//     when its Context ends, and when what the camera sends is another film.
//   - Pictures in another order than they are shown (B-frames) are not in WebRTC: such a
//     camera is refused, and shown over a WebSocket.
//
// Who may look, and that it is on record first, is for who calls Answer and Run.
package whep
