package guard

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/bus"
	"gatehouse/hub/home"
)

// Store keeps one panel. Save replaces it whole and returns once it would
// survive a power cut. Only one Save runs at a time.
type Store interface {
	Load() (alarm.Panel, bool, error)
	Save(alarm.Panel) error
}

// Journal numbers a line now and writes it soon; Add never waits for the disk.
type Journal interface {
	Add(home.Event) uint64
}

// Sounder drives the sirens. Sound is the whole wish, not a change: after it,
// exactly this sounds. It is called with the panel held, so it must neither
// block nor call the guard; it may be called again with the same sound.
type Sounder interface {
	Sound(alarm.Sound)
}

// Indicator shows the panel on keypads, under the same rules as Sounder.
type Indicator interface {
	Indicate(alarm.Indication)
}

// Options are what a guard needs. Store, Journal, Siren and CodeKey must be
// given.
type Options struct {
	Store    Store
	Journal  Journal
	Siren    Sounder
	Keypads  Indicator                                     // nil: none
	Notify   func(alarm.Notice)                            // nil: nobody; must not block
	Recall   func(since time.Time) ([]home.Event, error)   // the journal's own lines, to find those lost in a power cut; nil: all are written again
	Fault    func(code string, present bool, detail error) // raises or clears a condition ("storage-fault"); called without the panel held
	CodeKey  []byte                                        // device key under which codes are hashed, 32 bytes
	Defaults *home.AlarmSettings                           // settings of a new panel; nil: 60 s, 30 s, 30 s, 4 min, 2
	Log      *slog.Logger
}

// Guard keeps one panel alive.
type Guard struct {
	// Changes carries the panel as faces may show it, after each change.
	Changes bus.Topic[home.Alarm]
}

var errSkeleton = errors.New("alarm: guard is not built yet")

// Open loads the panel, or makes a disarmed one, and settles what became due
// while the hub was off. It starts nothing.
func Open(o Options) (*Guard, error) { return &Guard{}, nil }

// Run keeps the panel's time and saves it until ctx ends (nil) or the guard
// cannot go on (an error).
func (g *Guard) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Alive proves that the guard still turns: it returns nil once Run has taken
// the panel and given it back.
func (g *Guard) Alive(ctx context.Context) error { return nil }

// Reading is the inlet: it takes what a device said. It never drops one and
// never waits for disk or network.
func (g *Guard) Reading(r home.Reading) {}

// Trouble tells the panel that a condition came or went.
func (g *Guard) Trouble(item home.TroubleItem, present bool) {}

// State is the panel as faces may show it. It never waits. Every call returns
// its own copy of nothing: treat slices and maps within as read only.
func (g *Guard) State() home.Alarm {
	return home.Alarm{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Ready: map[home.Mode]bool{}}
}

// SetMode arms or disarms, and returns once that is on disk. Errors:
// *home.NotReady, *home.WrongCode, *home.CodeNeeded, *home.CodesLocked,
// *home.Invalid.
func (g *Guard) SetMode(ctx context.Context, r home.ModeRequest) (home.Alarm, error) {
	return g.State(), errSkeleton
}

// Silence stops the siren and leaves the house armed.
func (g *Guard) Silence(ctx context.Context, by string, ch home.Channel) error { return errSkeleton }

// Panic raises an alarm by hand: kind is "panic", "medical" or "fire".
func (g *Guard) Panic(ctx context.Context, kind, by string, ch home.Channel) error {
	return errSkeleton
}

// Keypad takes what a person did at a keypad. A code that came over a link
// that is not encrypted is refused. The code is never logged.
func (g *Guard) Keypad(ctx context.Context, device home.DeviceID, encrypted bool, action alarm.KeypadAction, code string) error {
	return errSkeleton
}

// Zones lists the zones.
func (g *Guard) Zones() []home.Zone { return nil }

// PutZone adds or changes a zone. Errors: *home.Invalid.
func (g *Guard) PutZone(ctx context.Context, z home.Zone, by string) error { return errSkeleton }

// DeleteZone removes a zone. Errors: *home.NotFound, *home.Invalid.
func (g *Guard) DeleteZone(ctx context.Context, id home.ZoneID, by string) error { return errSkeleton }

// Codes lists the codes without their digits.
func (g *Guard) Codes() []home.Code { return nil }

// PutCode adds or changes a code. An empty id makes a new one; a new code
// without digits gets six from the hub, returned this once. Errors:
// *home.Invalid.
func (g *Guard) PutCode(ctx context.Context, c home.Code, by string) (home.Code, error) {
	return c, errSkeleton
}

// DeleteCode removes a code. Errors: *home.NotFound.
func (g *Guard) DeleteCode(ctx context.Context, id, by string) error { return errSkeleton }

// Settings are the panel's figures.
func (g *Guard) Settings() home.AlarmSettings { return home.AlarmSettings{} }

// PutSettings changes the panel's figures. Errors: *home.Invalid.
func (g *Guard) PutSettings(ctx context.Context, s home.AlarmSettings, by string) error {
	return errSkeleton
}
