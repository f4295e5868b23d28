package api

import (
	"context"

	"gatehouse/hub/home"
)

// modePath is the id in the path of an armed mode.
type modePath struct {
	ID home.Mode `path:"id" maxLength:"64" doc:"home, night, away, or one of the owner's own" example:"guests"`
}

// areaPath is the id in the path of an area.
type areaPath struct {
	ID home.AreaID `path:"id" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" patternDescription:"lower-case letters, digits and dashes" example:"flat"`
}

func (a *API) modes(context.Context, *none) (*out[[]home.AlarmMode], error) {
	return &out[[]home.AlarmMode]{a.o.Panel.Modes()}, nil
}

func (a *API) mode(_ context.Context, in *modePath) (*out[home.AlarmMode], error) {
	for _, m := range a.o.Panel.Modes() {
		if m.ID == in.ID {
			return &out[home.AlarmMode]{m}, nil
		}
	}
	return nil, &home.NotFound{What: "mode", ID: string(in.ID)}
}

type putModeInput struct {
	modePath
	Body armedModeRequest
}

type armedModeRequest struct {
	ID         home.Mode      `json:"id,omitempty" doc:"if given, the one of the path"`
	Name       string         `json:"name" minLength:"1" maxLength:"80"`
	Like       home.Mode      `json:"like,omitempty" doc:"home, night or away: how faces show it that know only these, and whose zones it begins with"`
	ExitDelay  *home.Duration `json:"exit_delay,omitempty" nullable:"true" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"without it the panel's own"`
	EntryDelay *home.Duration `json:"entry_delay,omitempty" nullable:"true" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"without it the panel's own"`
	Silent     bool           `json:"silent,omitempty" doc:"no progress tones on leaving; the exit delay is twice as long"`
}

func (a *API) putMode(ctx context.Context, in *putModeInput) (*out[home.AlarmMode], error) {
	b := in.Body
	if b.ID != "" && b.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	m := home.AlarmMode{ID: in.ID, Name: b.Name, Like: b.Like, ExitDelay: b.ExitDelay, EntryDelay: b.EntryDelay, Silent: b.Silent}
	if err := a.o.Panel.PutMode(ctx, m, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return a.mode(ctx, &in.modePath)
}

func (a *API) deleteMode(ctx context.Context, in *modePath) (*none, error) {
	return nil, a.o.Panel.DeleteMode(ctx, in.ID, ask(ctx).caller.Name)
}

func (a *API) areas(context.Context, *none) (*out[[]home.Area], error) {
	return &out[[]home.Area]{a.o.Panel.Areas()}, nil
}

type putAreaInput struct {
	areaPath
	Body areaRequest
}

type areaRequest struct {
	ID   home.AreaID `json:"id,omitempty" doc:"if given, the one of the path"`
	Name string      `json:"name" minLength:"1" maxLength:"80"`
}

func (a *API) putArea(ctx context.Context, in *putAreaInput) (*out[home.Area], error) {
	if in.Body.ID != "" && in.Body.ID != in.ID {
		return nil, &home.Invalid{Field: "id", Reason: "is not the one of the path; an id stays for ever"}
	}
	area := home.Area{ID: in.ID, Name: in.Body.Name}
	if err := a.o.Panel.PutArea(ctx, area, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[home.Area]{area}, nil
}

func (a *API) deleteArea(ctx context.Context, in *areaPath) (*none, error) {
	return nil, a.o.Panel.DeleteArea(ctx, in.ID, ask(ctx).caller.Name)
}
