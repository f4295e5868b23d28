package api

import (
	"context"

	"gatehouse/hub/home"
)

// AppleHome is what the API needs of the Apple Home face.
type AppleHome interface {
	Status() HomeKit
	// Open opens pairing for ten minutes. Errors: *home.Conflict.
	Open(by string) error
	Close(by string)
	// Unpair removes an Apple device. Errors: *home.NotFound.
	Unpair(id, by string) error
	// Put changes what is named.
	Put(change HomeKitChange, by string) error
}

// HomeKit is how this hub stands with Apple Home.
type HomeKit struct {
	SetupCode string        `json:"setup_code" doc:"what an Apple device asks for; it is this hub's alone and another one after each pairing" example:"518-04-233"`
	SetupURI  string        `json:"setup_uri" doc:"what the QR code says"`
	Port      int           `json:"port" doc:"where the bridge listens while somebody is paired or pairing is open"`
	ID        string        `json:"id" doc:"what the bridge calls itself on the LAN"`
	Until     *home.Time    `json:"until" doc:"pairing is open until then; null: it is closed"`
	Paired    []AppleDevice `json:"paired"`
	Disarm    bool          `json:"disarm" doc:"Apple Home may disarm; it asks for no code"`
	Unlock    bool          `json:"unlock" doc:"Apple Home may unlock"`
	ArmOpen   bool          `json:"arm_open" doc:"what is open is left out when Apple Home arms; else it is refused"`
	Cameras   bool          `json:"cameras" doc:"Apple Home shows the cameras: whether they record, are watched, ring and notice somebody; no picture"`
}

// AppleDevice is one that is paired.
type AppleDevice struct {
	ID        string    `json:"id"`
	Admin     bool      `json:"admin" doc:"may let others in"`
	Since     home.Time `json:"since"`
	Connected bool      `json:"connected"`
}

// HomeKitChange changes what it names and leaves the rest.
type HomeKitChange struct {
	Disarm  *bool `json:"disarm,omitempty" doc:"let Apple Home disarm"`
	Unlock  *bool `json:"unlock,omitempty" doc:"let Apple Home unlock"`
	ArmOpen *bool `json:"arm_open,omitempty" doc:"leave out what is open when Apple Home arms"`
	Cameras *bool `json:"cameras,omitempty" doc:"show the cameras in Apple Home"`
}

// apple is the face, if this hub has it.
func (a *API) apple() (AppleHome, error) {
	if a.o.AppleHome == nil {
		return nil, &home.Conflict{Reason: "this hub does without Apple Home: say homekit: {enabled: true} in its configuration"}
	}
	return a.o.AppleHome, nil
}

func (a *API) homekit(context.Context, *none) (*out[HomeKit], error) {
	f, err := a.apple()
	if err != nil {
		return nil, err
	}
	return &out[HomeKit]{f.Status()}, nil
}

type homekitInput struct {
	Body HomeKitChange
}

func (a *API) putHomeKit(ctx context.Context, in *homekitInput) (*out[HomeKit], error) {
	f, err := a.apple()
	if err != nil {
		return nil, err
	}
	if err := f.Put(in.Body, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[HomeKit]{f.Status()}, nil
}

func (a *API) openHomeKit(ctx context.Context, _ *none) (*out[HomeKit], error) {
	f, err := a.apple()
	if err != nil {
		return nil, err
	}
	if err := f.Open(ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[HomeKit]{f.Status()}, nil
}

func (a *API) closeHomeKit(ctx context.Context, _ *none) (*none, error) {
	f, err := a.apple()
	if err == nil {
		f.Close(ask(ctx).caller.Name)
	}
	return nil, err
}

type pairedPath struct {
	ID string `path:"id" maxLength:"64" doc:"as the list of the paired names it"`
}

func (a *API) unpairHomeKit(ctx context.Context, in *pairedPath) (*none, error) {
	f, err := a.apple()
	if err != nil {
		return nil, err
	}
	return nil, f.Unpair(in.ID, ask(ctx).caller.Name)
}
