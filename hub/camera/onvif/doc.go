// Package onvif speaks with a camera beside its stream, over HTTP: so far it fetches
// the picture of what the camera sees now.
//
// What it promises:
//
//   - It talks to the host that the owner named and to no other. An address that the
//     camera gives is brought back to that host, as one must behind NAT; a redirect is
//     not followed; no proxy is asked.
//   - The password is never sent, only digests of it (HTTP Digest, RFC 7616). A camera
//     that wants it in the clear is refused.
//   - What a camera answers is bounded, in bytes and in pixels.
//
// Nothing here is on the alarm's way, and nothing is sent before somebody asks.
package onvif
