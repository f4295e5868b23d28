// Package zigbeehome translates between Zigbee devices and the devices of the
// house: a device with clusters becomes one with traits, a zone's status becomes
// readings, a command becomes the cluster's own. The tables in meaning.go and
// ace.go are the whole of what it knows.
//
// Events come on the goroutine that reads the stick, and a reading goes from
// there to the panel without a detour.
//
// # Devices that sleep
//
// A command to one waits in the stick's driver until the device is heard, for as
// long as makes sense for its trait (the table patience in orders.go); the house
// shows it meanwhile. Keypads are no exception for what they are answered, which
// goes at once.
//
// # Locks
//
// How the bolt stands is what the lock says. Who moved it is told to the house
// beside that: by hand, by a key, by the PIN of a user. PINs go to the lock and
// stay there.
//
// # Firmware
//
// A device asks, part by part (upgrades.go). The house says whether it may.
//
// # Keypads
//
// The cluster is IAS ACE (0x0501), section 8.3 of the Zigbee Cluster Library
// (revision 8). The hub is its server. A keypad asks (Arm, Bypass, Emergency,
// Fire, Panic, and the Get commands) and is answered; and it is told by
// PanelStatusChanged of each view that hub/alarm/keypads has for it, during a
// delay once a second, because a Zigbee keypad does not count by itself. One
// that sleeps is told one thing at a time, and what is told is the newest.
//
// Codes are taken: everything in a Zigbee network is encrypted with its key.
package zigbeehome
