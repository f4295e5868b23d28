// Package onvif speaks with a camera beside its stream: what it is, where its
// pictures are, what it notices, where it can look and what it must not show
// (ONVIF Core, Media, Media2, PTZ; Profiles S and T).
//
// What it promises:
//
//   - It talks to the host that the owner named and to no other. An address that the
//     camera gives is brought back to that host, as one must behind NAT; a redirect is
//     not followed; no proxy is asked. Find alone asks everybody on a link, for as long as
//     it takes and not again, and heeds those of that link who answer this very question;
//     what they say is proven by nothing.
//   - A camera whose address says https is asked in TLS alone, whatever it says of itself,
//     and known by its certificate (reach.Pin): who shows another is told nothing.
//   - The password is never sent, only digests of it (WS-Security UsernameToken,
//     HTTP Digest, RFC 7616). A camera that wants it in the clear is refused.
//   - What a camera answers is bounded: in bytes, in depth, in elements, in pixels, in
//     words that are shown to people. A document type, and with it any entity of its own, is
//     refused.
//   - Times in digests are by the camera's clock, which may be wrong by years: it is
//     asked for first.
//
// Nothing here is on the alarm's way, and nothing is sent before somebody asks.
package onvif
