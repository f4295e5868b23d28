package api

import (
	"context"
	"slices"

	"gatehouse/hub/home"
)

// ZonePath is the id in the path of a zone. It is exported because huma looks
// into exported parts of a request only; so are its like.
type ZonePath struct {
	ID home.ZoneID `path:"id" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" patternDescription:"lower-case letters, digits and dashes" doc:"the zone's id, chosen by whoever makes it" example:"front-door"`
}

func (a *API) zones(context.Context, *none) (*out[[]home.Zone], error) {
	zones := slices.Clone(a.o.Zones.Zones())
	for i := range zones {
		zones[i].Modes = list(zones[i].Modes)
	}
	return &out[[]home.Zone]{list(zones)}, nil
}

func (a *API) zone(_ context.Context, in *ZonePath) (*out[home.Zone], error) {
	for _, z := range a.o.Zones.Zones() {
		if z.ID == in.ID {
			z.Modes = list(z.Modes)
			return &out[home.Zone]{z}, nil
		}
	}
	return nil, &home.NotFound{What: "zone", ID: string(in.ID)}
}

type putZoneInput struct {
	ZonePath
	Body zoneRequest
}

// zoneRequest is a zone as it is written: what is read can be written back.
type zoneRequest struct {
	ID         home.ZoneID    `json:"id,omitempty" doc:"if given, the one of the path"`
	Name       string         `json:"name" minLength:"1" maxLength:"80"`
	Device     home.DeviceID  `json:"device" minLength:"1" maxLength:"64"`
	Trait      home.Trait     `json:"trait"`
	Kind       home.ZoneKind  `json:"kind"`
	Modes      []home.Mode    `json:"modes,omitempty" maxItems:"8" doc:"the armed modes that use it; kinds that always watch ignore it"`
	EntryDelay *home.Duration `json:"entry_delay,omitempty" nullable:"true" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"without it the panel's own"`
	Chime      bool           `json:"chime,omitempty"`
	CrossZone  home.ZoneID    `json:"cross_zone,omitempty" maxLength:"64"`
	Bypassed   bool           `json:"bypassed,omitempty" readOnly:"true" doc:"ignored: a bypass belongs to an arming"`
}

func (a *API) putZone(ctx context.Context, in *putZoneInput) (*out[home.Zone], error) {
	b := in.Body
	if b.ID != "" && b.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	err := a.o.Zones.PutZone(ctx, home.Zone{
		ID: in.ID, Name: b.Name, Device: b.Device, Trait: b.Trait, Kind: b.Kind, Modes: list(b.Modes),
		EntryDelay: b.EntryDelay, Chime: b.Chime, CrossZone: b.CrossZone,
	}, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return a.zone(ctx, &in.ZonePath)
}

func (a *API) deleteZone(ctx context.Context, in *ZonePath) (*none, error) {
	return nil, a.o.Zones.DeleteZone(ctx, in.ID, ask(ctx).caller.Name)
}
