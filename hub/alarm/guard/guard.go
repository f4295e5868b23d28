package guard

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/bus"
	"gatehouse/hub/home"
)

// Patience is how long a retreat waits for a disk that hangs.
const Patience = 5 * time.Second

// Glance is how long faces wait for the disk before they show a new phase. What
// they show before then would be gone after a power cut.
const Glance = 250 * time.Millisecond

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
	Store   Store
	Journal Journal
	Siren   Sounder
	CodeKey []byte    // device key under which codes are hashed, at least 32 bytes
	Keypads Indicator // nil: none
	// AreaOf is the area that a keypad arms; nil: TheHouse. Called without the
	// panel held.
	AreaOf func(keypad home.DeviceID) home.AreaID
	Notify func(alarm.Notice) // nil: nobody. Called with the panel held: must not block
	// Recall is every event of the journal, of any kind, from since on for at
	// least two minutes: a line that a power cut took is written again. nil:
	// such lines are lost.
	Recall   func(since time.Time) ([]home.Event, error)
	Fault    func(code string, present bool, detail error) // raises and clears the condition storage-fault. Called without the panel held
	Defaults *home.AlarmSettings                           // figures of a new panel; nil: alarm.DefaultSettings
	Log      *slog.Logger                                  // nil: none
}

// Guard keeps one panel alive. All methods may be called by many goroutines.
type Guard struct {
	// Changes carries the panel as faces may show it, after each change.
	Changes bus.Topic[home.Alarm]

	o     Options
	log   *slog.Logger
	start time.Time // with the monotonic clock
	shown atomic.Pointer[shown]

	dirty  chan struct{} // the saver has something to do
	retime chan struct{} // Run's timer may be wrong
	probe  chan chan struct{}

	mu      sync.Mutex
	clock   clock
	panel   alarm.Panel
	begun   bool            // the panel has been resumed
	early   []alarm.Trouble // conditions from before Run
	lost    []home.Event    // lines that a power cut took, to be written again
	settled alarm.Panel     // last panel that is on disk, or that waiting for was given up
	sound   alarm.Sound     // what the sirens were last told
	driven  bool            // they were told at all
	line    func()          // writes what the reading at hand says; nil once it has
	waiting []*retreat      // oldest first
	written uint64          // revision that is on disk
	fault   error           // why the panel cannot be saved, or nil
	hangs   bool            // a Save was given up and has not come back

	challenges map[home.DeviceID]challenge // armings that keypads may ask for again

	held      uint64    // revision whose phase is shown once it is on disk
	heldUntil time.Time // or then at the latest; with the monotonic clock

	stopped bool
}

// shown is the panel as faces see it.
type shown struct {
	alarm home.Alarm
	made  time.Time // with the monotonic clock
}

// Open loads the panel, or makes a disarmed one. It starts nothing and moves
// nothing: what became due while the hub was off is settled when Run starts or
// the first reading or request comes, whichever is sooner.
func Open(o Options) (*Guard, error) {
	switch {
	case o.Store == nil, o.Journal == nil, o.Siren == nil:
		return nil, errors.New("guard: open: store, journal and siren must be given")
	case len(o.CodeKey) < sha256.Size:
		return nil, fmt.Errorf("guard: open: the code key has %d bytes, want at least %d", len(o.CodeKey), sha256.Size)
	}
	p, ok, err := o.Store.Load()
	if err != nil {
		return nil, fmt.Errorf("guard: load panel: %w", err)
	}
	g := &Guard{
		o: o, log: o.Log, start: time.Now(), settled: p,
		dirty: make(chan struct{}, 1), retime: make(chan struct{}, 1), probe: make(chan chan struct{}),
		challenges: make(map[home.DeviceID]challenge),
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.clock = clock{wall: g.start.Round(0)}
	if !ok {
		p, err = newPanel(o.Defaults)
		if err != nil {
			return nil, fmt.Errorf("guard: default settings: %w", err)
		}
	} else if g.lost, err = lostLines(p, o.Recall); err != nil {
		return nil, fmt.Errorf("guard: recall journal: %w", err)
	}
	g.panel, g.written = p, p.Revision()
	// Stepping a panel is free of effects until they are acted on: faces see
	// at once what the resumed panel will say.
	now := g.clock.wall
	if set := behind(now, p.LastSeen()); set != 0 {
		p, _ = p.Step(now, alarm.ClockStepped{By: set})
	}
	p, _ = p.Step(now, alarm.Resumed{})
	g.shown.Store(&shown{p.View(now), g.start})
	return g, nil
}

func newPanel(defaults *home.AlarmSettings) (alarm.Panel, error) {
	if defaults == nil {
		return alarm.New(), nil
	}
	return alarm.NewWith(*defaults)
}

// lateness is more than a journal that works is ever behind the panel.
const lateness = time.Minute

// lostLines are the lines that the panel asked for and the journal does not
// hold: it is written beside the panel, and a power cut may have come between.
// Only the lines of the last save can be missing so.
func lostLines(p alarm.Panel, recall func(time.Time) ([]home.Event, error)) ([]home.Event, error) {
	since := p.LastSeen().Add(-lateness)
	var asked []home.Event
	for _, e := range p.Outbox() {
		if !e.At.Before(since) && !e.At.After(p.LastSeen()) {
			asked = append(asked, e)
		}
	}
	if len(asked) == 0 || recall == nil {
		return nil, nil
	}
	have, err := recall(since)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(have))
	for _, e := range have {
		ids[alarm.LineID(e)] = true
	}
	var lost []home.Event
	for _, e := range asked {
		if !ids[alarm.LineID(e)] {
			lost = append(lost, e)
		}
	}
	return lost, nil
}

// State is the panel as faces may show it. It never waits. Its slices and maps
// are shared: they must not be changed.
func (g *Guard) State() home.Alarm {
	s := g.shown.Load()
	a := s.alarm
	a.Now = home.At(a.Now.Add(time.Since(s.made)))
	return a
}

// Reading is the inlet: it takes what a device said. It never drops one and
// never waits for disk or network. line writes what was said into the journal; it
// is called once, unless it is nil: the sirens go before it, and the lines of what
// follows from the reading after it.
func (g *Guard) Reading(r home.Reading, line func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.line = line
	g.input(alarm.Reading{Device: r.Device, Trait: r.Trait, Value: r.Value})
	g.writeLine()
}

func (g *Guard) writeLine() {
	if line := g.line; line != nil {
		g.line = nil
		line()
	}
}

// Trouble tells the panel that a condition came or went.
func (g *Guard) Trouble(item home.TroubleItem, present bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := alarm.Trouble{Item: item, Present: present}
	if !g.begun {
		g.early = append(g.early, in) // while the house is still being put together
		return
	}
	g.input(in)
}

// SetMode arms or disarms, and returns once that is on disk. Errors:
// *home.NotReady, *home.WrongCode, *home.CodeNeeded, *home.CodesLocked,
// *home.Invalid.
func (g *Guard) SetMode(ctx context.Context, r home.ModeRequest) (home.Alarm, error) {
	in := alarm.SetMode{Request: r}
	if r.Code != "" {
		in.Code = g.digest(r.Code)
		in.Request.Code = ""
	}
	err := g.request(ctx, in)
	return g.State(), err
}

// Silence stops the siren and leaves the house armed.
func (g *Guard) Silence(ctx context.Context, by string, ch home.Channel) error {
	return g.request(ctx, alarm.Silence{By: by, Channel: ch})
}

// Panic raises an alarm by hand: kind is "panic", "medical" or "fire". Errors:
// *home.Invalid.
func (g *Guard) Panic(ctx context.Context, kind, by string, ch home.Channel) error {
	return g.request(ctx, alarm.Panic{Kind: home.ZoneKind(kind), By: by, Channel: ch})
}

// SilentPanic calls people outside the house for help and shows nothing inside.
func (g *Guard) SilentPanic(ctx context.Context, by string, ch home.Channel) error {
	return g.request(ctx, alarm.Panic{Kind: home.ZonePanic, Silent: true, By: by, Channel: ch})
}

// Acknowledge forgets the alarms that are over, and returns once that is on
// disk.
func (g *Guard) Acknowledge(ctx context.Context, by string) error {
	return g.request(ctx, alarm.Acknowledge{By: by})
}

// Test begins or ends a walk test. Errors: *home.Conflict.
func (g *Guard) Test(ctx context.Context, on bool, by string) error {
	return g.request(ctx, alarm.Test{On: on, By: by})
}

// PersonSeen is the inlet of the cameras: one saw somebody where nobody should
// be. It never waits. name is what the family calls it, at when the picture was taken.
func (g *Guard) PersonSeen(camera home.DeviceID, name string, area home.AreaID, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.input(alarm.PersonSeen{Camera: camera, Name: name, Area: area, At: at})
}

// Hidden tells whether nobody inside may see what the trait of the device says.
func (g *Guard) Hidden(d home.DeviceID, t home.Trait) bool { return g.peek().Hidden(d, t) }

// Zones lists the zones.
func (g *Guard) Zones() []home.Zone {
	return g.peek().Zones()
}

// ZoneOf is the zone that watches a trait of a device; "" when none does.
func (g *Guard) ZoneOf(d home.DeviceID, t home.Trait) home.ZoneID {
	return g.peek().ZoneOf(d, t)
}

// PutZone adds or changes a zone. Errors: *home.Invalid, and *home.Conflict
// for a change that would weaken an armed house.
func (g *Guard) PutZone(ctx context.Context, z home.Zone, by string) error {
	return g.request(ctx, alarm.PutZone{Zone: z, By: by})
}

// DeleteZone removes a zone. Errors: *home.NotFound, *home.Conflict.
func (g *Guard) DeleteZone(ctx context.Context, id home.ZoneID, by string) error {
	return g.request(ctx, alarm.DeleteZone{ID: id, By: by})
}

// Settings are the panel's figures.
func (g *Guard) Settings() home.AlarmSettings {
	return g.peek().Settings()
}

// PutSettings changes the panel's figures. Errors: *home.Invalid,
// *home.Conflict.
func (g *Guard) PutSettings(ctx context.Context, s home.AlarmSettings, by string) error {
	return g.request(ctx, alarm.PutSettings{Settings: s, By: by})
}

// SetTimeZone tells where the clock on the wall of the house stands: codes that
// follow a timetable go by it.
func (g *Guard) SetTimeZone(zone *time.Location) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.panel = g.panel.In(zone)
}

// Areas lists the parts of the house that are armed by themselves.
func (g *Guard) Areas() []home.Area { return g.peek().Areas() }

// PutArea adds or changes an area. Errors: *home.Invalid.
func (g *Guard) PutArea(ctx context.Context, a home.Area, by string) error {
	return g.request(ctx, alarm.PutArea{Area: a, By: by})
}

// DeleteArea removes an area. Errors: *home.NotFound, *home.Conflict.
func (g *Guard) DeleteArea(ctx context.Context, id home.AreaID, by string) error {
	return g.request(ctx, alarm.DeleteArea{ID: id, By: by})
}

// Modes lists the armed modes.
func (g *Guard) Modes() []home.AlarmMode { return g.peek().Modes() }

// PutMode adds or changes a mode. Errors: *home.Invalid, *home.Conflict.
func (g *Guard) PutMode(ctx context.Context, m home.AlarmMode, by string) error {
	return g.request(ctx, alarm.PutMode{Mode: m, By: by})
}

// DeleteMode removes a mode. Errors: *home.NotFound, *home.Conflict.
func (g *Guard) DeleteMode(ctx context.Context, id home.Mode, by string) error {
	return g.request(ctx, alarm.DeleteMode{ID: id, By: by})
}

func (g *Guard) peek() alarm.Panel {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.panel
}

// digest is a code under the device key.
func (g *Guard) digest(digits string) alarm.Digest {
	h := hmac.New(sha256.New, g.o.CodeKey)
	h.Write([]byte(digits))
	return alarm.Digest(h.Sum(nil))
}
