// Package onvifsim is the part of a simulated camera that speaks ONVIF: SOAP over
// HTTP or HTTPS, with the digests that the standard asks for, checked as a camera checks them.
// It says where the pictures are (camsim sends them), tells what it notices, turns to
// presets, takes masks, and answers whoever looks for cameras on one interface.
//
// Its Quirks are those of cameras on the market. It shares no code with the client:
// two that are wrong in the same way would understand each other.
package onvifsim
