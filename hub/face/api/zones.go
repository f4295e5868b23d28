package api

import (
	"context"
	"slices"

	"gatehouse/hub/home"
)

// zonePath is the id in the path of a zone.
type zonePath struct {
	ID home.ZoneID `path:"id" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" patternDescription:"lower-case letters, digits and dashes" doc:"the zone's id, chosen by whoever makes it" example:"front-door"`
}

func (a *API) zones(context.Context, *none) (*out[[]home.Zone], error) {
	zones := slices.Clone(a.o.Zones.Zones())
	for i := range zones {
		zones[i] = settledZone(zones[i])
	}
	return &out[[]home.Zone]{list(zones)}, nil
}

func (a *API) zone(_ context.Context, in *zonePath) (*out[home.Zone], error) {
	for _, z := range a.o.Zones.Zones() {
		if z.ID == in.ID {
			return &out[home.Zone]{settledZone(z)}, nil
		}
	}
	return nil, &home.NotFound{What: "zone", ID: string(in.ID)}
}

// settledZone makes lists out of what is nothing, so that they read as [].
func settledZone(z home.Zone) home.Zone {
	z.Modes, z.Areas = list(z.Modes), list(z.Areas)
	return z
}

type putZoneInput struct {
	zonePath
	Body zoneRequest
}

// zoneRequest is a zone as it is written: what is read can be written back.
type zoneRequest struct {
	ID          home.ZoneID                 `json:"id,omitempty" doc:"if given, the one of the path"`
	Name        string                      `json:"name" minLength:"1" maxLength:"80"`
	Device      home.DeviceID               `json:"device" minLength:"1" maxLength:"64"`
	Trait       home.Trait                  `json:"trait"`
	Kind        home.ZoneKind               `json:"kind"`
	Areas       []home.AreaID               `json:"areas,omitempty" maxItems:"16" doc:"the parts of the house that it guards; without them the area house"`
	Modes       []home.Mode                 `json:"modes,omitempty" maxItems:"16" doc:"the armed modes that use it; kinds that always watch ignore it"`
	EntryDelay  *home.Duration              `json:"entry_delay,omitempty" nullable:"true" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"without it the mode's, or the panel's"`
	EntryDelays map[home.Mode]home.Duration `json:"entry_delays,omitempty" doc:"its entry delays in single modes; 0s is an alarm at once"`
	ExitDelay   *home.Duration              `json:"exit_delay,omitempty" nullable:"true" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"what this way out needs at least, such as a garage"`
	Chime       bool                        `json:"chime,omitempty"`
	CrossZone   home.ZoneID                 `json:"cross_zone,omitempty" maxLength:"64" doc:"another zone: only both of them raise an alarm, or one that stays open; the other one names this one hereby"`
	AbortWindow *bool                       `json:"abort_window,omitempty" nullable:"true" doc:"false: its alarms are told at once"`
	Silent      bool                        `json:"silent,omitempty" doc:"a panic zone that nobody in the house hears or sees"`
	Bypassed    bool                        `json:"bypassed,omitempty" readOnly:"true" doc:"ignored: a bypass belongs to an arming"`
}

func (a *API) putZone(ctx context.Context, in *putZoneInput) (*out[home.Zone], error) {
	b := in.Body
	if b.ID != "" && b.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	err := a.o.Zones.PutZone(ctx, home.Zone{
		ID: in.ID, Name: b.Name, Device: b.Device, Trait: b.Trait, Kind: b.Kind, Areas: b.Areas, Modes: list(b.Modes),
		EntryDelay: b.EntryDelay, EntryDelays: b.EntryDelays, ExitDelay: b.ExitDelay,
		Chime: b.Chime, CrossZone: b.CrossZone, AbortWindow: b.AbortWindow, Silent: b.Silent,
	}, ask(ctx).caller.Name)
	if err != nil {
		return nil, err
	}
	return a.zone(ctx, &in.zonePath)
}

func (a *API) deleteZone(ctx context.Context, in *zonePath) (*none, error) {
	return nil, a.o.Zones.DeleteZone(ctx, in.ID, ask(ctx).caller.Name)
}
