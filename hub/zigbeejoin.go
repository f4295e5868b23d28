package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/hub/config"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
)

// nearHub is the word for the stick where a device is named.
const nearHub = "hub"

// Join implements api.Radio.
func (z *zigbeeNetwork) Join(ctx context.Context, in api.JoinRequest, by string) error {
	o := zigbee.Opening{For: time.Duration(in.Seconds) * time.Second}
	how := ""
	if in.Code == "" {
		if err := z.codeless(in.WithoutCode); err != nil {
			return err
		}
	} else {
		code, err := zigbee.ParseInstallCode(in.Code)
		if err != nil {
			return &home.Invalid{Field: "code", Reason: err.Error()}
		}
		o.Code, how = &code, " by its install code"
	}
	if in.Near != "" {
		name, err := z.near(in.Near, &o)
		if err != nil {
			return err
		}
		how += " near " + name
	}
	switch err := z.stick.PermitJoin(ctx, o); {
	case errors.Is(err, zigbee.ErrBusy):
		return &home.Conflict{Reason: "a device is already joining; wait, or cancel that first"}
	case errors.Is(err, zigbee.ErrDown):
		return &home.Conflict{Reason: "the Zigbee stick can't be reached; plug it in"}
	case errors.Is(err, zigbee.ErrNoAnswer), errors.Is(err, zigbee.ErrNoAck):
		return &home.Conflict{Reason: "the device that another was to join through does not answer; plug it in, or choose another place"}
	case err != nil:
		return err
	}
	z.hub.journal.Add(home.Event{
		At: home.At(time.Now()), Kind: home.KindDevice, Who: home.Who(by),
		Text: fmt.Sprintf("%s let a Zigbee device join%s, for %d s.", by, how, in.Seconds),
	})
	return nil
}

// near finds the device through which another is to join.
func (z *zigbeeNetwork) near(id string, o *zigbee.Opening) (name string, err error) {
	if id == nearHub {
		info, _, up := z.stick.Info()
		if !up {
			return "", &home.Conflict{Reason: "the Zigbee stick can't be reached; plug it in"}
		}
		o.Through = info.IEEE
		return "the hub", nil
	}
	address, ok := zigbeehome.AddressOf(home.DeviceID(id))
	all := z.stick.Devices()
	i := slices.IndexFunc(all, func(d zigbee.Device) bool { return d.IEEE == address })
	if !ok || i < 0 || !all[i].Router {
		return "", &home.Invalid{Field: "near", Reason: "no device joins through " + id + ": name the hub, or a Zigbee device on mains that is a router"}
	}
	o.Through = address
	if d, ok := z.hub.devices.Device(home.DeviceID(id)); ok {
		id = d.Name
	}
	return id, nil
}

// codes is how devices join by their codes.
//
// A device that joins without one is sent the network's key under a key that
// everybody knows, so who listens in that minute can read and say everything from
// then on: a keypad's code, a lock's bolt. It does not help to ask a code of the
// keypad alone, as the key is one for all. So once there is a lock or a keypad, a
// code is wanted of everything, and a person has to say so to go without.
func (z *zigbeeNetwork) codes() api.LabelCodes {
	switch {
	case z.hub.o.Config.Zigbee.InstallCodes == config.InstallCodesOnly:
		return api.CodesOnly
	case slices.ContainsFunc(z.stick.Devices(), guardsDoor):
		return api.CodesWanted
	default:
		return api.CodesOffered
	}
}

// guardsDoor tells whether a device is a lock or a keypad.
func guardsDoor(d zigbee.Device) bool {
	_, lock := d.Serving(zcl.DoorLock)
	_, keypad := d.Using(zcl.IASACE)
	return lock || keypad
}

// codeless tells what keeps a device from joining without a code.
func (z *zigbeeNetwork) codeless(meant bool) error {
	switch codes := z.codes(); {
	case codes == api.CodesOnly:
		return &home.Invalid{Field: "code", Reason: "devices join this house by their install code alone (zigbee.install_codes): give the code on the label"}
	case codes == api.CodesWanted && !meant:
		return &home.Invalid{Field: "code", Reason: "this house has a Zigbee lock or keypad, and who listens while a device joins without its code can work them from then on: give the code on the label, or say that the device has none (without_code)"}
	default:
		return nil
	}
}

// Joining implements api.Radio.
func (z *zigbeeNetwork) Joining() api.JoinState { return zigbeeJoin(z.stick.Join()) }

func zigbeeJoin(j zigbee.Join) api.JoinState {
	var d home.DeviceID
	if j.Device != 0 {
		d = zigbeehome.ID(j.Device)
	}
	return joinState(string(j.Step), d, j.Reason, j.Until)
}

// Pin implements api.Radio.
func (z *zigbeeNetwork) Pin(context.Context, string) error {
	return &home.Conflict{Reason: "no device waits for a PIN"}
}

// CancelJoin implements api.Radio.
func (z *zigbeeNetwork) CancelJoin(context.Context) error {
	z.stick.StopJoin()
	return nil
}

// Joining implements zigbeehome.House.
func (z zigbeeHouse) Joining(j zigbee.Join) { z.joining(zigbeeJoin(j), "Joining") }
