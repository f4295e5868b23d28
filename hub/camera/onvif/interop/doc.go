// Package interop holds the simulated ONVIF camera to a client that is not ours: npm
// onvif (package.json; `npm ci` in this folder fetches it). What it reads, hears and
// turns of onvifsim is what the hub's own client does, so that the two are not wrong in
// the same way.
//
// The test is behind the build tag interop.
package interop
