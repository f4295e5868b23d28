package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/hub/home"
)

// savedVersion is the form of a saved panel.
const savedVersion = 2

// saved is a panel on disk. What sensors said is not part of it: after a
// restart every one must speak for itself.
type saved struct {
	Version  int                `json:"version"`
	Settings home.AlarmSettings `json:"settings"`
	Zones    []home.Zone        `json:"zones"`
	Codes    []savedCode        `json:"codes"`

	Areas []home.Area      `json:"areas"`
	Modes []home.AlarmMode `json:"modes"`

	At          time.Time     `json:"at"`
	Seq         uint64        `json:"seq"`
	Rev         uint64        `json:"rev"`
	Stands      []savedStand  `json:"stands"` // by area
	LastTrip    uint64        `json:"last_trip"`
	Running     []trip        `json:"running"`
	Memory      []trip        `json:"memory"`
	Swings      []savedSwing  `json:"swings"`
	Crossings   []crossing    `json:"crossings"`
	Blocking    []home.ZoneID `json:"blocking"`
	TestUntil   time.Time     `json:"test_until"`
	Tested      []home.ZoneID `json:"tested"`
	WrongCodes  int           `json:"wrong_codes"`
	LockedUntil time.Time     `json:"locked_until"`
	Answers     []savedAnswer `json:"answers"`
	LastLine    uint64        `json:"last_line"`
	Outbox      []home.Event  `json:"outbox"`
	LastNotice  uint64        `json:"last_notice"`
	Notices     []Notice      `json:"notices"`
}

type savedStand struct {
	Mode      home.Mode     `json:"mode"`
	Watch     home.Phase    `json:"watch"`
	Since     time.Time     `json:"since"`
	Until     time.Time     `json:"until"`
	ArmedAt   time.Time     `json:"armed_at"`
	Cycles    int           `json:"cycles"`
	ExitDelay home.Duration `json:"exit_delay"`
	Exit      uint8         `json:"exit"`
	EntryZone home.ZoneID   `json:"entry_zone"`
	EntryKind string        `json:"entry_kind"`
	ChangedBy string        `json:"changed_by"`
	Bypassed  []home.ZoneID `json:"bypassed"`
	Hushed    bool          `json:"hushed"`
}

type savedCode struct {
	home.Code
	Digest Digest `json:"digest"`
}

type savedSwing struct {
	Zone  home.ZoneID `json:"zone"`
	N     int         `json:"n"`
	Since time.Time   `json:"since"`
}

type savedAnswer struct {
	ID   string      `json:"id"`
	By   string      `json:"by"`
	Area home.AreaID `json:"area"`
	Mode home.Mode   `json:"mode"`
}

// MarshalJSON writes everything that must survive a power cut.
func (p Panel) MarshalJSON() ([]byte, error) {
	p = p.orNew()
	st := p.st
	s := saved{
		Version: savedVersion, Settings: p.cfg.settings, Zones: p.cfg.zones, Areas: p.cfg.areas, Modes: p.cfg.modes,
		At: st.at, Seq: st.seq, Rev: st.rev, LastTrip: st.lastTrip, Running: st.running, Memory: st.memory,
		WrongCodes: st.wrongCodes, LockedUntil: st.lockedUntil, LastLine: st.lastLine, Outbox: st.outbox, LastNotice: st.lastNotice, Notices: st.notices,
		Crossings: st.crossings, Blocking: p.zoneIDs(st.blocking.word), TestUntil: st.testUntil, Tested: p.zoneIDs(st.tested.word),
	}
	for _, d := range st.stands {
		s.Stands = append(s.Stands, savedStand{
			Mode: d.mode, Watch: d.watch, Since: d.since, Until: d.until, ArmedAt: d.armedAt, Cycles: d.cycles, ExitDelay: home.Duration(d.exitDelay), Exit: uint8(d.exit),
			EntryZone: d.entryZone, EntryKind: d.entryKind, ChangedBy: d.changedBy, Bypassed: p.zoneIDs(d.bypassed.word),
			Hushed: d.hushed,
		})
	}
	for _, c := range p.cfg.codes {
		s.Codes = append(s.Codes, savedCode(c))
	}
	for _, w := range st.swings {
		s.Swings = append(s.Swings, savedSwing{w.zone, w.n, w.since})
	}
	for _, a := range st.answers {
		if a.err == nil {
			s.Answers = append(s.Answers, savedAnswer{a.id, a.by, a.area, a.mode})
		}
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads a saved panel and refuses one that could not have been
// saved: a guess about a garbled panel is worse than an error that a person
// sees. Its first input must be Resumed.
func (p *Panel) UnmarshalJSON(b []byte) error {
	b, err := migrated(b)
	if err != nil {
		return fmt.Errorf("alarm: saved panel: %w", err)
	}
	s := saved{Settings: DefaultSettings()} // figures that came later have their defaults
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("alarm: saved panel: %w", err)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("alarm: saved panel: %w", err)
	}
	cfg := s.config()
	st := state{
		at: s.At, seq: s.Seq, rev: s.Rev, lastTrip: s.LastTrip, running: s.Running, memory: s.Memory,
		wrongCodes: s.WrongCodes, lockedUntil: s.LockedUntil, lastLine: s.LastLine, outbox: s.Outbox, lastNotice: s.LastNotice, notices: s.Notices,
		crossings: s.Crossings, testUntil: s.TestUntil,
	}
	for _, id := range s.Blocking {
		st.blocking = st.blocking.with(cfg.byID[id], true)
	}
	for _, id := range s.Tested {
		st.tested = st.tested.with(cfg.byID[id], true)
	}
	for _, d := range s.Stands {
		to := stand{
			mode: d.Mode, watch: d.Watch, since: d.Since, until: d.Until, armedAt: d.ArmedAt, cycles: d.Cycles, exitDelay: time.Duration(d.ExitDelay), exit: exitRoute(d.Exit),
			entryZone: d.EntryZone, entryKind: d.EntryKind, changedBy: d.ChangedBy, hushed: d.Hushed,
		}
		for _, id := range d.Bypassed {
			to.bypassed = to.bypassed.with(cfg.byID[id], true)
		}
		st.stands = append(st.stands, to)
	}
	for _, w := range s.Swings {
		st.swings = append(st.swings, swing{w.Zone, w.N, w.Since})
	}
	for _, a := range s.Answers {
		st.answers = append(st.answers, answer{id: a.ID, by: a.By, area: a.Area, mode: a.Mode})
	}
	*p = Panel{cfg, st}
	return nil
}

func (s *saved) config() *config {
	codes := make([]code, len(s.Codes))
	for i, c := range s.Codes {
		codes[i] = code(c)
	}
	c := config{settings: s.Settings, areas: s.Areas, modes: s.Modes, zones: s.Zones, codes: codes}
	return c.indexed()
}

// check looks for what no panel would have saved.
func (s *saved) check() error {
	if s.Version != savedVersion {
		return fmt.Errorf("version %d is not known to this program, which reads version %d", s.Version, savedVersion)
	}
	if err := CheckSettings(s.Settings); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if len(s.Zones) > maxZones {
		return fmt.Errorf("%d zones, at most %d", len(s.Zones), maxZones)
	}
	if err := s.checkHouse(); err != nil {
		return err
	}
	only := config{settings: s.Settings, areas: s.Areas, modes: s.Modes}
	zones := make(map[home.ZoneID]home.Zone, len(s.Zones))
	sources := make(map[source]bool, len(s.Zones))
	for _, z := range s.Zones {
		if err := only.checkZone(z); err != nil {
			return fmt.Errorf("zone %q: %w", z.ID, err)
		}
		from := source{z.Device, z.Trait}
		if _, twice := zones[z.ID]; twice || sources[from] {
			return fmt.Errorf("zone %q: there twice", z.ID)
		}
		zones[z.ID], sources[from] = z, true
	}
	if err := s.checkCodes(&only); err != nil {
		return err
	}
	if err := s.checkCrossings(zones); err != nil {
		return err
	}
	for a, st := range s.Stands {
		for _, id := range st.Bypassed {
			if z, ok := zones[id]; !ok || z.Kind.AlwaysOn() || !slices.Contains(z.Areas, s.Areas[a].ID) {
				return fmt.Errorf("bypassed zone %q: not a zone that can be bypassed", id)
			}
		}
		if err := s.checkStand(&only, st); err != nil {
			return fmt.Errorf("area %q: %w", s.Areas[a].ID, err)
		}
	}
	return s.checkTrips()
}

// checkHouse checks areas and modes.
func (s *saved) checkHouse() error {
	if len(s.Areas) == 0 || len(s.Areas) > maxAreas || s.Areas[0].ID != home.TheHouse || len(s.Stands) != len(s.Areas) {
		return fmt.Errorf("%d areas and %d stands, want as many of each, 1 to %d, the first being the house", len(s.Areas), len(s.Stands), maxAreas)
	}
	for i, a := range s.Areas {
		if err := checkArea(a); err != nil {
			return fmt.Errorf("area %q: %w", a.ID, err)
		}
		if slices.ContainsFunc(s.Areas[:i], func(o home.Area) bool { return o.ID == a.ID }) {
			return fmt.Errorf("area %q: there twice", a.ID)
		}
	}
	if len(s.Modes) < len(home.Modes) || len(s.Modes) > maxModes {
		return fmt.Errorf("%d modes, want %d to %d", len(s.Modes), len(home.Modes), maxModes)
	}
	only := config{settings: s.Settings}
	for i, m := range s.Modes {
		if err := only.checkMode(m, s.Settings); err != nil {
			return fmt.Errorf("mode %q: %w", m.ID, err)
		}
		if i < len(home.Modes) && (m.ID != home.Modes[i] || m.Like != m.ID) {
			return fmt.Errorf("mode %q: stands where %s must", m.ID, home.Modes[i])
		}
		if slices.ContainsFunc(s.Modes[:i], func(o home.AlarmMode) bool { return o.ID == m.ID }) {
			return fmt.Errorf("mode %q: there twice", m.ID)
		}
	}
	return nil
}

func (s *saved) checkCodes(cfg *config) error {
	if len(s.Codes) > maxCodes {
		return fmt.Errorf("%d codes, at most %d", len(s.Codes), maxCodes)
	}
	ids := make(map[string]bool, len(s.Codes))
	for _, c := range s.Codes {
		if err := cfg.checkCode(c.Code); err != nil {
			return fmt.Errorf("code %q: %w", c.ID, err)
		}
		if ids[c.ID] || c.Digest.IsZero() || c.Code.Code != "" {
			return fmt.Errorf("code %q: there twice, or without digest", c.ID)
		}
		ids[c.ID] = true
	}
	if s.WrongCodes < 0 || s.WrongCodes >= WrongCodes {
		return fmt.Errorf("wrong_codes is %d, want 0 to %d", s.WrongCodes, WrongCodes-1)
	}
	return nil
}

// checkStand checks that mode, phase and deadline belong together.
func (s *saved) checkStand(cfg *config, st savedStand) error {
	armed := cfg.modeIndex(st.Mode) >= 0
	if !armed && st.Mode != home.Disarmed {
		return fmt.Errorf("mode %q is not known", st.Mode)
	}
	deadline := false
	switch st.Watch {
	case home.PhaseDisarmed:
		armed = !armed
	case home.PhaseArming, home.PhaseEntry:
		deadline = true
	case home.PhaseArmed:
	case home.PhaseAlarm:
		armed = false
	default:
		armed = false
	}
	if !armed {
		return fmt.Errorf("phase %q does not go with mode %q", st.Watch, st.Mode)
	}
	if deadline == st.Until.IsZero() {
		return fmt.Errorf("phase %q and deadline %s do not go together", st.Watch, st.Until)
	}
	if st.Watch == home.PhaseEntry && st.EntryKind != kindBurglary && st.EntryKind != kindExitError {
		return fmt.Errorf("entry_kind %q is not known", st.EntryKind)
	}
	// Deadlines are set from the time that is saved with them: one that lies
	// further ahead than any delay would never come.
	if st.Until.After(s.At.Add(longestDelay)) || s.LockedUntil.After(s.At.Add(LockTime)) {
		return fmt.Errorf("a deadline lies too far after %s", s.At)
	}
	if st.Cycles < 0 || st.Cycles > maxCycles || st.ArmedAt.After(s.At) {
		return fmt.Errorf("cycles is %d, or the arming was complete after %s", st.Cycles, s.At)
	}
	if st.ExitDelay < 0 || time.Duration(st.ExitDelay) > longestDelay {
		return fmt.Errorf("exit_delay %s is out of range", time.Duration(st.ExitDelay))
	}
	if st.Exit > uint8(exitRestarted) {
		return fmt.Errorf("exit is %d, want 0 to %d", st.Exit, exitRestarted)
	}
	return nil
}

// checkCrossings checks what names zones beside the alarms.
func (s *saved) checkCrossings(zones map[home.ZoneID]home.Zone) error {
	for _, z := range s.Zones {
		if other := zones[z.CrossZone]; z.CrossZone != "" && other.CrossZone != z.ID {
			return fmt.Errorf("zone %q is crossed with %q, which is not crossed with it", z.ID, z.CrossZone)
		}
	}
	for _, c := range s.Crossings {
		if _, ok := zones[c.Zone]; !ok || c.Until.IsZero() || c.Until.After(s.At.Add(maxCross)) {
			return fmt.Errorf("crossed zone %q: not there, or it waits too long", c.Zone)
		}
	}
	for _, id := range slices.Concat(s.Blocking, s.Tested) {
		if _, ok := zones[id]; !ok {
			return fmt.Errorf("zone %q raised an alarm or was tested and is not there", id)
		}
	}
	if s.TestUntil.After(s.At.Add(TestTime)) {
		return fmt.Errorf("the walk test ends too far after %s", s.At)
	}
	return nil
}

func (s *saved) checkTrips() error {
	for i, t := range s.Running {
		if slices.ContainsFunc(s.Running[:i], func(o trip) bool { return o.danger() == t.danger() && slices.Equal(o.Areas, t.Areas) }) {
			return fmt.Errorf("two alarms of kind %q run", t.Kind)
		}
		if t.SirenUntil.IsZero() || (t.ReportAt.IsZero() && !t.Reported) {
			return fmt.Errorf("alarm of kind %q has no end", t.Kind)
		}
		if t.SirenUntil.After(s.At.Add(wideMaxSiren)) || t.ReportAt.After(s.At.Add(wideMaxAbort)) || t.OutsideAt.After(s.At.Add(outsideAfter)) {
			return fmt.Errorf("alarm of kind %q ends too far after %s", t.Kind, s.At)
		}
	}
	for _, t := range append(append([]trip(nil), s.Running...), s.Memory...) {
		if t.Areas != nil && !slices.ContainsFunc(s.Areas, func(a home.Area) bool { return t.covers(a.ID) }) {
			return fmt.Errorf("alarm of kind %q is in no area that there is", t.Kind)
		}
		if !knownTrip(t.Kind) {
			return fmt.Errorf("alarm of kind %q is not known", t.Kind)
		}
		if t.CancelBy.After(s.At.Add(wideMaxCancel)) {
			return fmt.Errorf("alarm of kind %q can be taken back too far after %s", t.Kind, s.At)
		}
		if t.N > s.LastTrip {
			return errors.New("an alarm's number lies ahead of last_trip")
		}
	}
	if len(s.Memory) > keepMemory || len(s.Outbox) > keepLines || len(s.Notices) > keepNotices || len(s.Answers) > keepAnswers || len(s.Swings) > maxZones {
		return errors.New("a list is longer than any panel keeps")
	}
	for _, w := range s.Swings {
		if w.N < 0 || w.Since.After(s.At) {
			return fmt.Errorf("zone %q has raised %d alarms, or was disturbed after %s", w.Zone, w.N, s.At)
		}
	}
	return nil
}

func knownTrip(kind string) bool {
	switch kind {
	case kindBurglary, kindExitError, string(home.ZoneFire), string(home.ZoneCO), string(home.ZoneGas), string(home.ZoneWater),
		string(home.ZoneTamper), string(home.ZonePanic), string(home.ZoneMedical):
		return true
	default:
		return false
	}
}
