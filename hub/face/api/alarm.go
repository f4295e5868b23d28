package api

import (
	"context"
	"slices"
	"time"

	"gatehouse/hub/home"
	"gatehouse/hub/people/auth"
)

// none and out are what most handlers take and give.
type (
	none          struct{}
	out[T any]    struct{ Body T }
	status[T any] struct {
		Status int
		Body   T
	}
)

type modeInput struct {
	Body modeRequest
}

type modeRequest struct {
	Mode      home.Mode      `json:"mode" doc:"what the house shall be guarded for"`
	Area      home.AreaID    `json:"area,omitempty" maxLength:"64" doc:"the part of the house that is meant; without it the area house"`
	Code      string         `json:"code,omitempty" maxLength:"32" writeOnly:"true" doc:"keypad code; a person needs one to change anything while the house is armed"`
	Bypass    []home.ZoneID  `json:"bypass,omitempty" maxItems:"512" doc:"zones to leave out of this arming"`
	Force     bool           `json:"force,omitempty" doc:"leave out every open zone, and arm in spite of troubles"`
	ExitDelay *home.Duration `json:"exit_delay,omitempty" nullable:"true" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"0s arms at once; without it the panel's own"`

	ArmOnClose bool `json:"arm_on_close,omitempty" doc:"end the exit delay 5 s after the last exit door was closed"`
}

func (a *API) alarm(context.Context, *none) (*out[home.Alarm], error) {
	return &out[home.Alarm]{settled(a.o.Panel.State())}, nil
}

// setMode arms and disarms. It answers with the panel's own state after the
// panel has saved it.
func (a *API) setMode(ctx context.Context, in *modeInput) (*out[home.Alarm], error) {
	as := ask(ctx)
	if in.Body.Mode == home.Disarmed {
		if err := as.caller.Check(auth.AlarmDisarm, time.Now()); err != nil {
			return nil, err
		}
	}
	state, err := a.o.Panel.SetMode(ctx, home.ModeRequest{
		Mode: in.Body.Mode, Area: in.Body.Area, Code: in.Body.Code, Bypass: in.Body.Bypass, Force: in.Body.Force,
		ExitDelay: in.Body.ExitDelay, By: as.caller.Name, Channel: home.ByAPI,
		CodeFree:  codeFree(as.caller, a.o.Panel.State(), in.Body.Area),
		SteppedUp: as.caller.Kind == auth.BySession && as.caller.Check(auth.AlarmSettings, time.Now()) == nil, // an owner's, and wants it fresh
		RequestID: as.key, ArmOnClose: in.Body.ArmOnClose,
	})
	if err != nil {
		return nil, err
	}
	return &out[home.Alarm]{settled(state)}, nil
}

// codeFree tells whether the caller's right stands in for a keypad code. A
// token of an owner or member always needs none. A person who is signed in
// needs none to stop an arming whose exit delay still runs, and none to arm a
// disarmed house (that is the panel's own rule). Once the house is armed, a
// snatched phone changes nothing without a code, not even to a mode that
// guards less.
func codeFree(c auth.Caller, state home.Alarm, area home.AreaID) bool {
	if area == "" {
		area = home.TheHouse
	}
	return c.CodeFree() || c.Kind == auth.BySession && slices.ContainsFunc(state.Areas, func(a home.AreaState) bool {
		return a.ID == area && a.Phase == home.PhaseArming
	})
}

type panicInput struct {
	Body *panicRequest
}

type panicRequest struct {
	Kind   string `json:"kind,omitempty" enum:"panic,medical,fire" default:"panic" doc:"what kind of help is wanted"`
	Silent bool   `json:"silent,omitempty" doc:"only for panic: people outside are called, and nothing inside sounds, shows or records it"`
}

func (a *API) panic(ctx context.Context, in *panicInput) (*out[home.Alarm], error) {
	kind, silent := "panic", false
	if in.Body != nil {
		kind, silent = in.Body.Kind, in.Body.Silent
	}
	by := ask(ctx).caller.Name
	var err error
	switch {
	case silent && kind != "panic":
		err = &home.Invalid{Field: "silent", Reason: "only a panic alarm can be silent"}
	case silent:
		err = a.o.Panel.SilentPanic(ctx, by, home.ByAPI)
	default:
		err = a.o.Panel.Panic(ctx, kind, by, home.ByAPI)
	}
	if err != nil {
		return nil, err
	}
	return &out[home.Alarm]{settled(a.o.Panel.State())}, nil
}

func (a *API) acknowledge(ctx context.Context, _ *none) (*out[home.Alarm], error) {
	if err := a.o.Panel.Acknowledge(ctx, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[home.Alarm]{settled(a.o.Panel.State())}, nil
}

type testInput struct {
	Body testRequest
}

type testRequest struct {
	On bool `json:"on" doc:"true begins a walk test, which ends by itself after 30 minutes"`
}

func (a *API) walkTest(ctx context.Context, in *testInput) (*out[home.Alarm], error) {
	if err := a.o.Panel.Test(ctx, in.Body.On, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[home.Alarm]{settled(a.o.Panel.State())}, nil
}

func (a *API) silence(ctx context.Context, _ *none) (*out[home.Alarm], error) {
	if err := a.o.Panel.Silence(ctx, ask(ctx).caller.Name, home.ByAPI); err != nil {
		return nil, err
	}
	return &out[home.Alarm]{settled(a.o.Panel.State())}, nil
}

// settled makes lists out of what is nothing, so that they read as [] and {}.
func settled(s home.Alarm) home.Alarm {
	s.Open, s.Bypassed, s.Troubles = list(s.Open), list(s.Bypassed), troubles(s.Troubles)
	if s.Ready == nil {
		s.Ready = map[home.Mode]bool{}
	}
	s.Areas = list(s.Areas)
	return s
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func troubles(l []home.TroubleItem) []home.TroubleItem {
	settled := make([]home.TroubleItem, len(l))
	for i, t := range l {
		t.Blocks = list(t.Blocks)
		settled[i] = t
	}
	return settled
}

func (a *API) settings(context.Context, *none) (*out[home.AlarmSettings], error) {
	return &out[home.AlarmSettings]{a.o.Panel.Settings()}, nil
}

type settingsInput struct {
	Body settingsRequest
}

// settingsRequest changes the figures that it names and leaves the others.
type settingsRequest struct {
	QuickArm        *bool          `json:"quick_arm,omitempty" doc:"keypads arm a disarmed house without a code; disarming always wants one"`
	ExitDelay       *home.Duration `json:"exit_delay,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	EntryDelay      *home.Duration `json:"entry_delay,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	AbortWindow     *home.Duration `json:"abort_window,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	CancelWindow    *home.Duration `json:"cancel_window,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"after a report, in which disarming takes it back"`
	CrossZoneTime   *home.Duration `json:"cross_zone_time,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"in which the second of two crossed zones must speak"`
	VerifyTime      *home.Duration `json:"verify_time,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\"" doc:"in which a second zone verifies a burglary"`
	SirenCycles     *int           `json:"siren_cycles,omitempty" minimum:"1" maximum:"10" doc:"siren times of one arming, for all but danger to life; the first alarm of a zone sounds in any case"`
	StrobeAfter     *bool          `json:"strobe_after,omitempty" doc:"lights go on after the siren time, until somebody disarms or acknowledges"`
	SirenTimeout    *home.Duration `json:"siren_timeout,omitempty" pattern:"^(0|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$" patternDescription:"a duration such as \"30s\" or \"4m\""`
	Swinger         *int           `json:"swinger,omitempty" minimum:"0" maximum:"14"`
	OutsideStandard *bool          `json:"outside_standard,omitempty" doc:"allow values outside the standard ranges; choosing a preset ends it"`
	Preset          *home.Preset   `json:"preset,omitempty" enum:",ul,ul2610,en" doc:"narrower ranges: entry and exit delay at most 45s and 120s (ul) or 60s each (ul2610), entry delay at most 45s (en)"`
	ExitRestart     *bool          `json:"exit_restart,omitempty" doc:"an exit door that opens again restarts the exit delay, once"`
	UnvacatedHome   *bool          `json:"unvacated_home,omitempty" doc:"armed away at a keypad, and nobody left by a door: it ends in home"`
	ArmOnClose      *bool          `json:"arm_on_close,omitempty" doc:"the exit delay ends 5 s after the last exit door was closed"`
}

func (a *API) putSettings(ctx context.Context, in *settingsInput) (*out[home.AlarmSettings], error) {
	s := a.o.Panel.Settings()
	set(&s.QuickArm, in.Body.QuickArm)
	set(&s.ExitDelay, in.Body.ExitDelay)
	set(&s.EntryDelay, in.Body.EntryDelay)
	set(&s.AbortWindow, in.Body.AbortWindow)
	set(&s.CancelWindow, in.Body.CancelWindow)
	set(&s.CrossZoneTime, in.Body.CrossZoneTime)
	set(&s.VerifyTime, in.Body.VerifyTime)
	set(&s.SirenCycles, in.Body.SirenCycles)
	set(&s.StrobeAfter, in.Body.StrobeAfter)
	set(&s.SirenTimeout, in.Body.SirenTimeout)
	set(&s.Swinger, in.Body.Swinger)
	set(&s.OutsideStandard, in.Body.OutsideStandard)
	set(&s.Preset, in.Body.Preset)
	set(&s.ExitRestart, in.Body.ExitRestart)
	set(&s.UnvacatedHome, in.Body.UnvacatedHome)
	set(&s.ArmOnClose, in.Body.ArmOnClose)
	if err := a.o.Panel.PutSettings(ctx, s, ask(ctx).caller.Name); err != nil {
		return nil, err
	}
	return &out[home.AlarmSettings]{a.o.Panel.Settings()}, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
