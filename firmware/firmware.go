// Package firmware is the room of signed bundles, A/B slots and packages, and
// of updates for radio devices. It is not furnished yet.
package firmware
