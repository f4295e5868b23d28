package zigbee

import (
	"fmt"
	"time"

	"gatehouse/zigbee/zcl"
)

// Dump is all that there is to say of a network without its keys and without what
// the family calls anything: a table for whoever helps.
type Dump struct {
	Up      bool         `json:"up"`
	Stick   string       `json:"stick"`
	Address string       `json:"address"` // the stick's
	Network string       `json:"network"`
	Key     string       `json:"key"` // always the same word
	Devices []DumpDevice `json:"devices"`
}

// DumpDevice is one device in it.
type DumpDevice struct {
	Address string    `json:"address"`
	Short   string    `json:"short"`
	Studied bool      `json:"studied"`
	Hub     string    `json:"hub"` // the stick that it was told to report to
	Heard   time.Time `json:"heard"`
	Signature
}

// Dump is the network as it stands.
func (c *Controller) Dump() Dump {
	info, network, up := c.Info()
	d := Dump{Up: up, Stick: info.Version, Address: info.IEEE.String(), Network: network.String(), Key: redacted, Devices: []DumpDevice{}}
	for _, dev := range c.Devices() {
		s, ok := c.Signature(dev.IEEE)
		if !ok {
			continue // it has left just now
		}
		d.Devices = append(d.Devices, DumpDevice{
			Address: dev.IEEE.String(), Short: fmt.Sprintf("%04x", uint16(dev.Short)), Studied: dev.Studied,
			Hub: dev.Hub.String(), Heard: dev.LastSeen, Signature: s,
		})
	}
	return d
}

// Line is an event in one line, for whoever looks on. Codes and PINs are in none.
func Line(e Event) string {
	switch e := e.(type) {
	case Report:
		return fmt.Sprintf("%s endpoint %d %s: %s, quality %d", e.Device, e.Endpoint, e.Cluster, said(e), e.Quality)
	case Ready:
		return fmt.Sprintf("the network is up: %s on %s", e.Network, e.Info.Version)
	case Down:
		return fmt.Sprintf("the stick is gone: %v", e.Err)
	case DeviceAdded:
		return fmt.Sprintf("%s has joined at %04x", e.Device.IEEE, uint16(e.Device.Short))
	case DeviceChanged:
		return fmt.Sprintf("%s is %q of %q at %04x", e.Device.IEEE, e.Device.Model, e.Device.Maker, uint16(e.Device.Short))
	case DeviceLeft:
		return fmt.Sprintf("%s has left", e.Device)
	case Joining:
		return fmt.Sprintf("joining: %s %s", e.Join.Step, e.Join.Reason)
	default:
		return fmt.Sprintf("%T", e)
	}
}

// said is a command in words. What nobody here knows of a lock or a keypad may be a
// code, and is counted only.
func said(r Report) string {
	raw, ok := r.Command.(zcl.Raw)
	switch {
	case !ok:
		return fmt.Sprintf("%T %+v", r.Command, r.Command)
	case r.Cluster == zcl.DoorLock || r.Cluster == zcl.IASACE:
		return fmt.Sprintf("command 0x%02x, %d bytes", r.Frame.Command, len(raw.Payload))
	default:
		return fmt.Sprintf("command 0x%02x of maker 0x%04x: % x", r.Frame.Command, r.Frame.Manufacturer, raw.Payload)
	}
}
