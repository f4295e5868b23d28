// Package zigbee is the room of the Zigbee radio: a coordinator behind one
// adapter interface, ZDO, ZCL, IAS zones and keypads. It is not furnished yet.
package zigbee
