// Package zigbeehome translates between Zigbee devices and the devices of the
// house. It holds the tables of keypads so far, the IAS ACE cluster; the bytes
// and the radio are not there yet.
//
// The cluster is 0x0501, section 8.3 of the Zigbee Cluster Library (revision 8).
// The library itself was not at hand: the values are those of csa-iot/data-model
// IASACE.xml and IASZone.xml, its machine-readable form.
//
// The hub is the server. A keypad asks (Arm, Bypass, Emergency, Fire, Panic, and
// the Get commands) and is answered; and it is told by PanelStatusChanged of
// each view that hub/alarm/keypads has for it, during a delay once a second,
// because a Zigbee keypad does not count by itself.
package zigbeehome
