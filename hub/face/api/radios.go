package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"gatehouse/hub/home"
)

// Radio is what the API needs of one radio network.
type Radio interface {
	State() RadioState
	// Join opens the network for a new device. Its progress is read by Joining.
	Join(ctx context.Context, in JoinRequest, by string) error
	Joining() JoinState
	Pin(ctx context.Context, pin string) error
	CancelJoin(ctx context.Context) error
	// Leave opens the network for a device that shall be excluded.
	Leave(ctx context.Context, seconds int, by string) error
}

// RadioState is one radio network as it stands.
type RadioState struct {
	Radio    string            `json:"radio" enum:"zwave,zigbee"`
	State    string            `json:"state" enum:"up,starting,down" doc:"down: the stick cannot be reached; text says why"`
	Text     string            `json:"text" doc:"one sentence for a person"`
	Port     string            `json:"port"`
	Stick    string            `json:"stick" doc:"what the stick calls itself"`
	Network  string            `json:"network" doc:"the network's id"`
	Since    *home.Time        `json:"since"`
	Counters map[string]uint64 `json:"counters"`
	Map      []RadioNode       `json:"map"`
	Channel  int               `json:"channel" doc:"0 where there is but one, or it is not known"`
	Moved    *ChannelMove      `json:"moved" doc:"a change of channel that not every device has followed"`
	Codes    LabelCodes        `json:"codes" enum:"none,offered,wanted,only" doc:"how devices join by the code on their label. none: the hub takes none; offered: they may; wanted: only by it, unless the person who lets one in says without_code; only: only by it"`
}

// LabelCodes is how devices join a network by the codes on their labels.
type LabelCodes string

// Values of LabelCodes.
const (
	CodesNone    LabelCodes = "none"
	CodesOffered LabelCodes = "offered"
	CodesWanted  LabelCodes = "wanted"
	CodesOnly    LabelCodes = "only"
)

// RadioNode is one device in the network's map.
type RadioNode struct {
	Device  home.DeviceID `json:"device"`
	Address string        `json:"address"`
	Routes  []string      `json:"routes" doc:"addresses that it is reached through, if known"`
	Router  bool          `json:"router" doc:"others can join near it"`
}

// JoinState is how far a joining has come.
type JoinState struct {
	Step   string        `json:"step" enum:"idle,waiting,found,pin,securing,interviewing,done,failed"`
	Device home.DeviceID `json:"device"`
	DSK    string        `json:"dsk"`
	Reason string        `json:"reason" doc:"failed: why, and the mend"`
	Until  *home.Time    `json:"until" doc:"when the network closes by itself"`
}

// radioPath is the kind of radio in a path.
type radioPath struct {
	Radio string `path:"radio" enum:"zwave,zigbee"`
}

func (a *API) radio(name string) (Radio, error) {
	r, ok := a.o.Radios[name]
	if !ok {
		return nil, &home.NotFound{What: "radio", ID: name}
	}
	return r, nil
}

func (a *API) radios(context.Context, *none) (*out[[]RadioState], error) {
	states := []RadioState{}
	for _, r := range a.o.Radios {
		s := r.State()
		if s.Counters == nil {
			s.Counters = map[string]uint64{}
		}
		s.Map = slices.Clone(list(s.Map))
		for i := range s.Map {
			s.Map[i].Routes = list(s.Map[i].Routes)
		}
		if s.Moved != nil {
			s.Moved.Following = list(s.Moved.Following)
		}
		states = append(states, s)
	}
	slices.SortFunc(states, func(x, y RadioState) int { return cmp.Compare(x.Radio, y.Radio) })
	return &out[[]RadioState]{states}, nil
}

type joinInput struct {
	radioPath
	Body *JoinRequest
}

// JoinRequest says who may join, and where.
type JoinRequest struct {
	Seconds     int    `json:"seconds,omitempty" minimum:"10" maximum:"254" default:"120" doc:"how long the network stays open"`
	Code        string `json:"code,omitempty" maxLength:"400" writeOnly:"true" doc:"install code with the device's address, DSK or the text of a QR code; a Zigbee network is then open to that device alone"`
	Near        string `json:"near,omitempty" maxLength:"100" doc:"only near this device, one with router: true in the network's map; hub: only near the hub. Zigbee"`
	WithoutCode bool   `json:"without_code,omitempty" doc:"let a device in that has no code, where codes are wanted"`
}

func (a *API) join(ctx context.Context, in *joinInput) (*status[JoinState], error) {
	r, err := a.radio(in.Radio)
	if err != nil {
		return nil, err
	}
	b := JoinRequest{Seconds: 120}
	if in.Body != nil {
		b = *in.Body
	}
	if err := r.Join(ctx, b, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &status[JoinState]{http.StatusAccepted, r.Joining()}, nil
}

func (a *API) joining(_ context.Context, in *radioPath) (*out[JoinState], error) {
	r, err := a.radio(in.Radio)
	if err != nil {
		return nil, err
	}
	return &out[JoinState]{r.Joining()}, nil
}

func (a *API) cancelJoin(ctx context.Context, in *radioPath) (*none, error) {
	r, err := a.radio(in.Radio)
	if err != nil {
		return nil, err
	}
	return nil, r.CancelJoin(ctx)
}

type pinInput struct {
	radioPath
	Body pinRequest
}

type pinRequest struct {
	Pin string `json:"pin" writeOnly:"true" pattern:"^[0-9]{5}$" patternDescription:"the 5 digits underlined on the label" doc:"the first five digits of the device's key"`
}

func (a *API) joinPin(ctx context.Context, in *pinInput) (*status[JoinState], error) {
	r, err := a.radio(in.Radio)
	if err != nil {
		return nil, err
	}
	if err := r.Pin(ctx, in.Body.Pin); err != nil {
		return nil, err
	}
	return &status[JoinState]{http.StatusAccepted, r.Joining()}, nil
}

type leaveInput struct {
	radioPath
	Body *leaveRequest
}

type leaveRequest struct {
	Seconds int `json:"seconds,omitempty" minimum:"10" maximum:"254" default:"60" doc:"how long the network waits for the device that shall leave"`
}

func (a *API) leave(ctx context.Context, in *leaveInput) (*status[JoinState], error) {
	r, err := a.radio(in.Radio)
	if err != nil {
		return nil, err
	}
	seconds := 60
	if in.Body != nil {
		seconds = in.Body.Seconds
	}
	if err := r.Leave(ctx, seconds, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &status[JoinState]{http.StatusAccepted, r.Joining()}, nil
}
