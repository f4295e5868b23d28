package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"gatehouse/hub/home"
)

// DevicePath is the id in the path of a device.
type DevicePath struct {
	ID home.DeviceID `path:"id" maxLength:"64" example:"zwave-5"`
}

func (a *API) devices(context.Context, *none) (*out[[]home.Device], error) {
	devices := []home.Device{}
	for _, d := range a.o.Devices.Devices() {
		devices = append(devices, described(d))
	}
	return &out[[]home.Device]{devices}, nil
}

func (a *API) device(_ context.Context, in *DevicePath) (*out[home.Device], error) {
	d, ok := a.o.Devices.Device(in.ID)
	if !ok {
		return nil, &home.NotFound{What: "device", ID: string(in.ID)}
	}
	return &out[home.Device]{described(d)}, nil
}

func described(d home.Device) home.Device {
	if d.Traits == nil {
		d.Traits = map[home.Trait]home.State{}
	}
	return d
}

type renameInput struct {
	DevicePath
	Body renameRequest
}

// renameRequest changes what it names and leaves the other.
type renameRequest struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"80"`
	Room *string `json:"room,omitempty" maxLength:"80" doc:"empty: in no room"`
}

func (a *API) rename(ctx context.Context, in *renameInput) (*out[home.Device], error) {
	d, ok := a.o.Devices.Device(in.ID)
	if !ok {
		return nil, &home.NotFound{What: "device", ID: string(in.ID)}
	}
	set(&d.Name, in.Body.Name)
	set(&d.Room, in.Body.Room)
	d, err := a.o.Devices.Rename(in.ID, d.Name, d.Room, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &out[home.Device]{described(d)}, nil
}

func (a *API) removeDevice(ctx context.Context, in *DevicePath) (*none, error) {
	return nil, a.o.Devices.Remove(ctx, in.ID, ask(ctx).caller.Name)
}

type commandInput struct {
	DevicePath
	Body commandRequest
}

type commandRequest struct {
	Trait home.Trait `json:"trait"`
	Value wanted     `json:"value" doc:"what the trait shall become"`
}

// wanted is a value that is asked for: never null.
type wanted struct{ home.Value }

func (wanted) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeBoolean}, {Type: huma.TypeNumber}}}
}

type commandTaken struct {
	ID string `json:"id" doc:"a later event of kind command carries it and says done, or failed and why"`
}

// command is answered when the command is on its way, not when it is done.
func (a *API) command(ctx context.Context, in *commandInput) (*status[commandTaken], error) {
	id, err := a.o.Devices.Command(home.Command{Device: in.ID, Trait: in.Body.Trait, Value: in.Body.Value.Value}, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return &status[commandTaken]{http.StatusAccepted, commandTaken{id}}, nil
}
