package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
	"gatehouse/zigbee"
)

// devicePath is the id in the path of a device.
type devicePath struct {
	ID home.DeviceID `path:"id" maxLength:"64" example:"zwave-5"`
}

func (a *API) devices(context.Context, *none) (*out[[]home.Device], error) {
	devices := []home.Device{}
	for _, d := range a.o.Devices.Devices() {
		devices = append(devices, described(d))
	}
	return &out[[]home.Device]{devices}, nil
}

func (a *API) device(_ context.Context, in *devicePath) (*out[home.Device], error) {
	d, ok := a.o.Devices.Device(in.ID)
	if !ok {
		return nil, &home.NotFound{What: "device", ID: string(in.ID)}
	}
	return &out[home.Device]{described(d)}, nil
}

func (a *API) signature(_ context.Context, in *devicePath) (*out[zigbee.Signature], error) {
	if a.o.Signature != nil {
		if s, ok := a.o.Signature(in.ID); ok {
			return &out[zigbee.Signature]{s}, nil
		}
	}
	return nil, &home.NotFound{What: "Zigbee device", ID: string(in.ID)}
}

func described(d home.Device) home.Device {
	if d.Traits == nil {
		d.Traits = map[home.Trait]home.State{}
	}
	return d
}

type renameInput struct {
	devicePath
	Body renameRequest
}

// renameRequest changes what it names and leaves the other.
type renameRequest struct {
	Name  *string     `json:"name,omitempty" minLength:"1" maxLength:"80"`
	Room  *string     `json:"room,omitempty" maxLength:"80" doc:"empty: in no room"`
	Place *home.Place `json:"place,omitempty" enum:"inside,outside" doc:"where a siren hangs; one outside keeps quiet in a disarmed house unless a life is in danger"`
	Chirp *bool       `json:"chirp,omitempty" doc:"whether a siren that can sounds shortly when the house is armed and disarmed; never as a mode like night begins"`
}

func (a *API) rename(ctx context.Context, in *renameInput) (*out[home.Device], error) {
	d, ok := a.o.Devices.Device(in.ID)
	if !ok {
		return nil, &home.NotFound{What: "device", ID: string(in.ID)}
	}
	by := ask(ctx).caller.Name
	if p := in.Body.Place; p != nil { // first: it is refused for what is no siren
		if _, err := a.o.Devices.Hang(in.ID, *p, by); err != nil {
			return nil, err
		}
	}
	if c := in.Body.Chirp; c != nil {
		if _, err := a.o.Devices.LetChirp(in.ID, *c, by); err != nil {
			return nil, err
		}
	}
	set(&d.Name, in.Body.Name)
	set(&d.Room, in.Body.Room)
	d, err := a.o.Devices.Rename(in.ID, d.Name, d.Room, by)
	if err != nil {
		return nil, err
	}
	return &out[home.Device]{described(d)}, nil
}

func (a *API) removeDevice(ctx context.Context, in *devicePath) (*none, error) {
	return nil, a.o.Devices.Remove(ctx, in.ID, ask(ctx).caller.Name)
}

type commandInput struct {
	devicePath
	Body commandRequest
}

type commandRequest struct {
	Trait home.Trait     `json:"trait"`
	Value wanted         `json:"value" doc:"what the trait shall become"`
	Code  string         `json:"code,omitempty" writeOnly:"true" pattern:"^[0-9]{4,10}$" patternDescription:"4 to 10 digits" doc:"that a lock wants for what it is told"`
	For   *home.Duration `json:"for,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"a siren falls silent after so long, 15 minutes at most; left out: after 10s"`
}

// wanted is a value that is asked for: never null.
type wanted struct{ home.Value }

func (wanted) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeBoolean}, {Type: huma.TypeNumber}}}
}

type commandTaken struct {
	ID string `json:"id" doc:"a later event of kind command carries it and says done, or failed and why"`
}

// command is answered when the command is on its way, not when it is done. A
// person steps up to make a siren sound or to open a lock: the one frightens a
// house and the other lets somebody in, and whoever holds a phone that lies about
// should do neither.
func (a *API) command(ctx context.Context, in *commandInput) (*status[commandTaken], error) {
	caller := ask(ctx).caller
	cmd := home.Command{Device: in.ID, Trait: in.Body.Trait, Value: in.Body.Value.Value}
	set(&cmd.Sound.For, in.Body.For)
	if cmd.Code = home.PIN(in.Body.Code); cmd.Code != "" && cmd.Trait != home.Lock {
		return nil, &home.Invalid{Field: "code", Reason: "only a lock takes a code"}
	}
	grave := cmd.Trait == home.Siren && cmd.Value != home.Off || cmd.Trait == home.Lock && cmd.Value != home.Locked
	if grave && caller.Kind == auth.BySession && !caller.Fresh(time.Now()) {
		return nil, auth.ErrStepUp
	}
	id, err := a.o.Devices.Command(cmd, caller.Name)
	if err != nil {
		return nil, err
	}
	return &status[commandTaken]{http.StatusAccepted, commandTaken{id}}, nil
}
