// Package lte is the room of the cellular modem: AT commands, SMS, PPP and the
// ladder that brings a stuck modem back. It is not furnished yet.
package lte
