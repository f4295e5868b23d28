package api

import (
	"context"
	"slices"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// Keypads is what the API needs of the house's keypads.
type Keypads interface {
	List() []Keypad
	Find(home.DeviceID) (Keypad, bool)
	// Put keeps the settings and brings them to the keypad as soon as it
	// can be reached. Errors: *home.Invalid.
	Put(id home.DeviceID, s home.KeypadSettings, by string) error
}

// Keypad is one keypad and what its owner chose for it.
type Keypad struct {
	Device    home.DeviceID       `json:"device"`
	Name      string              `json:"name"`
	Room      string              `json:"room"`
	Encrypted bool                `json:"encrypted" doc:"false: its codes are refused, and only its keys for help work"`
	Can       []string            `json:"can" enum:"volume,backlight,tones" doc:"settings that this keypad has: volume, backlight, and whether the tones of a delay can be turned off"`
	Settings  home.KeypadSettings `json:"settings"`
	Notes     []string            `json:"notes" doc:"what was asked for and this keypad does not have, one sentence each"`
}

// keypad fills what is empty.
func keypad(k Keypad, notes ...string) Keypad {
	k.Can, k.Notes, k.Settings.Modes = list(k.Can), list(notes), list(k.Settings.Modes)
	return k
}

func (a *API) keypads(context.Context, *none) (*out[[]Keypad], error) {
	all := []Keypad{}
	if a.o.Keypads != nil {
		for _, k := range a.o.Keypads.List() {
			all = append(all, keypad(k))
		}
	}
	return &out[[]Keypad]{all}, nil
}

func (a *API) findKeypad(id home.DeviceID) (Keypad, error) {
	if a.o.Keypads != nil {
		if k, ok := a.o.Keypads.Find(id); ok {
			return k, nil
		}
	}
	return Keypad{}, &home.NotFound{What: "keypad", ID: string(id)}
}

func (a *API) keypad(_ context.Context, in *devicePath) (*out[Keypad], error) {
	k, err := a.findKeypad(in.ID)
	if err != nil {
		return nil, err
	}
	return &out[Keypad]{keypad(k)}, nil
}

type keypadInput struct {
	devicePath
	Body keypadRequest
}

// keypadRequest changes the settings that it names and leaves the others.
type keypadRequest struct {
	Volume     *int         `json:"volume,omitempty" minimum:"0" maximum:"100" doc:"of its voice and keys, %; an alarm sounds as loud as ever"`
	Backlight  *int         `json:"backlight,omitempty" minimum:"0" maximum:"100" doc:"of its keys and mode lights, %"`
	ExitTones  *bool        `json:"exit_tones,omitempty" doc:"it sounds while people leave"`
	EntryTones *bool        `json:"entry_tones,omitempty" doc:"it sounds until a code is entered"`
	Area       *home.AreaID `json:"area,omitempty" maxLength:"64" doc:"the part of the house that it arms and shows"`
	Modes      *[]home.Mode `json:"modes,omitempty" maxItems:"64" doc:"what it may set; a keypad that may set night and not home arms night by its home key"`
}

// putKeypad changes one keypad. What it may set, and where, are figures of the
// alarm and want the same right.
func (a *API) putKeypad(ctx context.Context, in *keypadInput) (*out[Keypad], error) {
	k, err := a.findKeypad(in.ID)
	if err != nil {
		return nil, err
	}
	caller, s := ask(ctx).caller, k.Settings
	set(&s.Modes, in.Body.Modes)
	set(&s.Area, in.Body.Area)
	if !s.Equal(k.Settings) {
		if err := caller.Check(auth.AlarmSettings, time.Now()); err != nil {
			return nil, err
		}
	}
	var notes []string
	for _, f := range []struct {
		can   string
		asked bool
		set   func()
		not   string
	}{
		{"volume", in.Body.Volume != nil, func() { set(&s.Volume, in.Body.Volume) }, "This keypad has no volume that the hub could set."},
		{"backlight", in.Body.Backlight != nil, func() { set(&s.Backlight, in.Body.Backlight) }, "This keypad has no backlight that the hub could set."},
		{"tones", in.Body.ExitTones != nil || in.Body.EntryTones != nil, func() {
			set(&s.ExitTones, in.Body.ExitTones)
			set(&s.EntryTones, in.Body.EntryTones)
		}, "The tones of this keypad cannot be turned off by the hub."},
	} {
		switch {
		case f.asked && slices.Contains(k.Can, f.can):
			f.set()
		case f.asked:
			notes = append(notes, f.not)
		}
	}
	if !s.Equal(k.Settings) {
		if err := a.o.Keypads.Put(in.ID, s, caller.Name); err != nil {
			return nil, err
		}
	}
	k.Settings = s
	return &out[Keypad]{keypad(k, notes...)}, nil
}
