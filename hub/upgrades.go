package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee/ota"
)

// upgrades are the firmware files in the data folder and what becomes of them. A
// file is put there by whoever holds the box: nothing is fetched from anywhere.
type upgrades struct{ h *Hub }

func (u upgrades) folder() string { return u.h.file("firmware") }

// Firmware implements api.Upgrades.
func (u upgrades) Firmware() ([]home.Firmware, error) {
	entries, err := os.ReadDir(u.folder())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("firmware: %w", err)
	}
	var list []home.Firmware
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		f, err := u.read(e.Name())
		if err != nil {
			list = append(list, home.Firmware{File: e.Name(), Fault: err.Error()})
			continue
		}
		list = append(list, home.Firmware{
			ID: f.SHA256, File: e.Name(), Radio: zigbeehome.Kind, Maker: fmt.Sprintf("0x%04x", f.Manufacturer), Type: fmt.Sprintf("0x%04x", f.Type),
			Version: fmt.Sprintf("0x%08x", f.Version), Header: f.Header, Bytes: f.Size(), SHA512: f.SHA512,
		})
	}
	return list, nil
}

// read reads a file, and no more of it than a firmware can have.
func (u upgrades) read(name string) (*ota.File, error) {
	root, err := os.OpenRoot(u.folder()) // a link that leads elsewhere is not followed
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, ota.MaxSize+1))
	if err != nil {
		return nil, err
	}
	return ota.Parse(b)
}

// find is the file with that hash.
func (u upgrades) find(id string) (*ota.File, error) {
	list, err := u.Firmware()
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if f.ID == id && id != "" {
			return u.read(f.File)
		}
	}
	return nil, &home.NotFound{What: "firmware", ID: id}
}

// Start implements api.Upgrades.
func (u upgrades) Start(id home.DeviceID, file string, older bool, by string) error {
	d, ok := u.h.devices.Device(id)
	switch {
	case !ok:
		return &home.NotFound{What: "device", ID: string(id)}
	case u.h.zigbee == nil || d.Radio != zigbeehome.Kind:
		return &home.Invalid{Field: "file", Reason: "only Zigbee devices take a firmware from this hub"}
	case d.Upgrade != nil && !d.Upgrade.State.Ended():
		return &home.Conflict{Reason: d.Name + " is being given a firmware already; cancel that first"}
	}
	f, err := u.find(file)
	if err != nil {
		return err
	}
	if err := u.h.zigbee.radio.Schedule(id, f, older); err != nil {
		return err
	}
	text := fmt.Sprintf("%s gave %s the firmware 0x%08x.", by, d.Name, f.Version)
	if older {
		text = fmt.Sprintf("%s gave %s the firmware 0x%08x, even if it is older.", by, d.Name, f.Version)
	}
	u.h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Device: id, Who: home.Who(by), Text: text})
	return nil
}

// Stop implements api.Upgrades.
func (u upgrades) Stop(id home.DeviceID, by string) error {
	d, ok := u.h.devices.Device(id)
	if !ok {
		return &home.NotFound{What: "device", ID: string(id)}
	}
	if d.Upgrade == nil {
		return nil
	}
	if u.h.zigbee != nil {
		u.h.zigbee.radio.Unschedule(id)
	} else {
		u.h.devices.SetUpgrade(id, nil)
	}
	if !d.Upgrade.State.Ended() {
		u.h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindDevice, Device: id, Who: home.Who(by), Text: by + " gave up the firmware of " + d.Name + "."})
	}
	return nil
}

// resume takes up what was under way when the hub ended.
func (u upgrades) resume() {
	for _, d := range u.h.devices.Devices() {
		if d.Upgrade == nil || d.Upgrade.State.Ended() || d.Radio != zigbeehome.Kind {
			continue
		}
		f, err := u.find(d.Upgrade.File)
		if err == nil {
			err = u.h.zigbee.radio.Schedule(d.ID, f, d.Upgrade.Older)
		}
		if err != nil {
			failed := *d.Upgrade
			failed.State, failed.Text = home.UpgradeFailed, "The file is not there any more: "+err.Error()+"."
			u.h.devices.SetUpgrade(d.ID, &failed)
		}
	}
}

// upgradesLookedAt is how often it is seen to what has come to a standstill.
const upgradesLookedAt = time.Minute

// seeToUpgrades takes up the upgrades of before once the radio is up, and sees to
// those that stand still.
func (h *Hub) seeToUpgrades(ctx context.Context) error {
	tick := time.NewTicker(upgradesLookedAt)
	defer tick.Stop()
	resumed := false
	for {
		if _, up := h.zigbee.upSince(); up && !resumed {
			upgrades{h}.resume()
			resumed = true
		}
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			h.zigbee.radio.SeeToUpgrades(now)
		}
	}
}

// freshBattery is how full a battery has to be, and how long ago that may have been
// said.
const (
	freshBattery = 50
	freshWithin  = 24 * time.Hour
)

// MayUpgrade implements zigbeehome.House.
func (z zigbeeHouse) MayUpgrade(id home.DeviceID) error {
	if z.Guarded() {
		return errors.New("the house is armed")
	}
	d, ok := z.hub.devices.Device(id)
	battery := d.Traits[home.Battery].Value
	switch {
	case !ok:
		return errors.New("it is not known")
	case d.Power == "mains":
		return nil
	case d.Traits[home.LowBattery].Value == home.True, battery.IsNumber() && battery.Float() < freshBattery:
		return fmt.Errorf("its battery is below %d %%: it could run out in the middle", freshBattery)
	case !battery.IsNumber() || time.Since(z.hub.devices.Heard(id)) > freshWithin:
		return errors.New("nobody knows how full its battery is")
	default:
		return nil
	}
}

// Guarded implements zigbeehome.House.
func (z zigbeeHouse) Guarded() bool { return z.hub.guard.State().Phase != home.PhaseDisarmed }
