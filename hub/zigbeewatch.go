package hub

import (
	"context"
	"fmt"

	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
)

// deskRadios are the radios as the desk shows them.
type deskRadios struct{ h *Hub }

func (d deskRadios) zigbee(radio string) (*zigbeeNetwork, error) {
	if radio != zigbeehome.Kind || d.h.zigbee == nil {
		return nil, &home.NotFound{What: "radio", ID: radio}
	}
	return d.h.zigbee, nil
}

// Dump implements desk.Radios.
func (d deskRadios) Dump(radio string) (any, error) {
	z, err := d.zigbee(radio)
	if err != nil {
		return nil, err
	}
	return z.stick.Dump(), nil
}

// Signature implements desk.Radios. device is the hub's id of it, or its address.
func (d deskRadios) Signature(radio, device string) (any, error) {
	z, err := d.zigbee(radio)
	if err != nil {
		return nil, err
	}
	a, ok := zigbeehome.AddressOf(home.DeviceID(device))
	if !ok {
		a, ok = zigbeehome.AddressOf(home.DeviceID("zigbee-" + device))
	}
	if ok {
		if s, known := z.stick.Signature(a); known {
			return s, nil
		}
	}
	return nil, &home.NotFound{What: "device", ID: device}
}

// linesAhead is how many lines wait for who reads them slowly.
const linesAhead = 256

// Listen implements desk.Radios.
func (d deskRadios) Listen(ctx context.Context, radio string, line func(string) error) error {
	z, err := d.zigbee(radio)
	if err != nil {
		return err
	}
	sub := z.lines.Subscribe(linesAhead)
	defer sub.Close()
	for {
		it, err := sub.Next(ctx)
		if err != nil {
			return nil
		}
		text := it.Value
		if it.Gap {
			text = fmt.Sprintf("(lines are missing here)\n%s", text)
		}
		if err := line(text); err != nil {
			return err
		}
	}
}

// overheard writes down what the stick says, as long as somebody looks on.
func (z *zigbeeNetwork) overheard(e zigbee.Event) {
	if z.lines.Subscribers() > 0 {
		z.lines.Publish(zigbee.Line(e))
	}
}
