// Package interop holds the Apple Home face to a controller that is not ours: npm
// hap-controller (package.json; `npm ci` in this folder fetches it). The whole demo
// home is run; the controller pairs with a wrong code and the right one, reads,
// subscribes, arms, disarms, sees an alarm, comes back, lists and removes. Another sees
// cameras record, be watched and ring, before and after the home starts again.
//
// What Apple's own devices do is not seen here.
//
// The test is behind the build tag interop.
package interop
