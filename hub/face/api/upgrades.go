package api

import (
	"context"
	"net/http"

	"gatehouse/hub/home"
)

// Upgrades is what the API needs of firmware files and of what becomes of them.
type Upgrades interface {
	// Firmware are the files that lie in the data folder, with the faults of those
	// that can't be used.
	Firmware() ([]home.Firmware, error)
	// Start has a device offered a file. Errors: *home.NotFound, *home.Invalid,
	// *home.Conflict.
	Start(id home.DeviceID, file string, older bool, by string) error
	Stop(id home.DeviceID, by string) error
}

func (a *API) firmware(context.Context, *none) (*out[[]home.Firmware], error) {
	all, err := a.o.Upgrades.Firmware()
	if err != nil {
		return nil, err
	}
	return &out[[]home.Firmware]{list(all)}, nil
}

type upgradeInput struct {
	devicePath
	Body upgradeRequest
}

type upgradeRequest struct {
	File  string `json:"file" minLength:"64" maxLength:"64" doc:"id of the firmware"`
	Older bool   `json:"older,omitempty" doc:"it may be older than what the device runs"`
}

// startUpgrade is answered when the device is to be told, not when it has taken
// it: it asks for it when it likes.
func (a *API) startUpgrade(ctx context.Context, in *upgradeInput) (*status[home.Device], error) {
	if err := a.o.Upgrades.Start(in.ID, in.Body.File, in.Body.Older, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	d, _ := a.o.Devices.Device(in.ID)
	return &status[home.Device]{http.StatusAccepted, described(d)}, nil
}

func (a *API) stopUpgrade(ctx context.Context, in *devicePath) (*none, error) {
	return nil, a.o.Upgrades.Stop(in.ID, ask(ctx).caller.Name)
}
