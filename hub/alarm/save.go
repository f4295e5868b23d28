package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/hub/home"
)

// savedVersion is the form of a saved panel.
const savedVersion = 1

// saved is a panel on disk. What sensors said is not part of it: after a
// restart every one must speak for itself.
type saved struct {
	Version  int                `json:"version"`
	Settings home.AlarmSettings `json:"settings"`
	Zones    []home.Zone        `json:"zones"`
	Codes    []savedCode        `json:"codes"`

	At          time.Time     `json:"at"`
	Seq         uint64        `json:"seq"`
	Rev         uint64        `json:"rev"`
	Mode        home.Mode     `json:"mode"`
	Watch       home.Phase    `json:"watch"`
	Since       time.Time     `json:"since"`
	Until       time.Time     `json:"until"`
	ExitDelay   home.Duration `json:"exit_delay"`
	Exit        uint8         `json:"exit"`
	EntryZone   home.ZoneID   `json:"entry_zone"`
	EntryKind   string        `json:"entry_kind"`
	ChangedBy   string        `json:"changed_by"`
	Bypassed    []home.ZoneID `json:"bypassed"`
	LastTrip    uint64        `json:"last_trip"`
	Running     []trip        `json:"running"`
	Memory      []trip        `json:"memory"`
	Swings      []savedSwing  `json:"swings"`
	WrongCodes  int           `json:"wrong_codes"`
	LockedUntil time.Time     `json:"locked_until"`
	Answers     []savedAnswer `json:"answers"`
	LastLine    uint64        `json:"last_line"`
	Outbox      []home.Event  `json:"outbox"`
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
	ID   string    `json:"id"`
	By   string    `json:"by"`
	Mode home.Mode `json:"mode"`
}

// MarshalJSON writes everything that must survive a power cut.
func (p Panel) MarshalJSON() ([]byte, error) {
	p = p.orNew()
	st := p.st
	s := saved{
		Version: savedVersion, Settings: p.cfg.settings, Zones: p.cfg.zones,
		At: st.at, Seq: st.seq, Rev: st.rev, Mode: st.mode, Watch: st.watch, Since: st.since, Until: st.until,
		ExitDelay: home.Duration(st.exitDelay), Exit: uint8(st.exit), EntryZone: st.entryZone, EntryKind: st.entryKind,
		ChangedBy: st.changedBy, Bypassed: p.bypassedZones(), LastTrip: st.lastTrip, Running: st.running, Memory: st.memory,
		WrongCodes: st.wrongCodes, LockedUntil: st.lockedUntil, LastLine: st.lastLine, Outbox: st.outbox,
	}
	for _, c := range p.cfg.codes {
		s.Codes = append(s.Codes, savedCode(c))
	}
	for _, w := range st.swings {
		s.Swings = append(s.Swings, savedSwing{w.zone, w.n, w.since})
	}
	for _, a := range st.answers {
		if a.err == nil {
			s.Answers = append(s.Answers, savedAnswer{a.id, a.by, a.mode})
		}
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads a saved panel and refuses one that could not have been
// saved: a guess about a garbled panel is worse than an error that a person
// sees. Its first input must be Resumed.
func (p *Panel) UnmarshalJSON(b []byte) error {
	var s saved
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("alarm: saved panel: %w", err)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("alarm: saved panel: %w", err)
	}
	codes := make([]code, len(s.Codes))
	for i, c := range s.Codes {
		codes[i] = code(c)
	}
	cfg := newConfig(s.Settings, s.Zones, codes)
	st := state{
		at: s.At, seq: s.Seq, rev: s.Rev, mode: s.Mode, watch: s.Watch, since: s.Since, until: s.Until,
		exitDelay: time.Duration(s.ExitDelay), exit: exitRoute(s.Exit), entryZone: s.EntryZone, entryKind: s.EntryKind,
		changedBy: s.ChangedBy, lastTrip: s.LastTrip, running: s.Running, memory: s.Memory,
		wrongCodes: s.WrongCodes, lockedUntil: s.LockedUntil, lastLine: s.LastLine, outbox: s.Outbox,
	}
	for _, id := range s.Bypassed {
		st.bypassed = st.bypassed.with(cfg.byID[id], true)
	}
	for _, w := range s.Swings {
		st.swings = append(st.swings, swing{w.Zone, w.N, w.Since})
	}
	for _, a := range s.Answers {
		st.answers = append(st.answers, answer{id: a.ID, by: a.By, mode: a.Mode})
	}
	*p = Panel{cfg, st}
	return nil
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
	zones := make(map[home.ZoneID]home.Zone, len(s.Zones))
	sources := make(map[source]bool, len(s.Zones))
	for _, z := range s.Zones {
		if err := CheckZone(z, s.Settings); err != nil {
			return fmt.Errorf("zone %q: %w", z.ID, err)
		}
		from := source{z.Device, z.Trait}
		if _, twice := zones[z.ID]; twice || sources[from] {
			return fmt.Errorf("zone %q: there twice", z.ID)
		}
		zones[z.ID], sources[from] = z, true
	}
	if err := s.checkCodes(); err != nil {
		return err
	}
	for _, id := range s.Bypassed {
		if z, ok := zones[id]; !ok || z.Kind.AlwaysOn() {
			return fmt.Errorf("bypassed zone %q: not a zone that can be bypassed", id)
		}
	}
	if err := s.checkStand(); err != nil {
		return err
	}
	return s.checkTrips()
}

func (s *saved) checkCodes() error {
	if len(s.Codes) > maxCodes {
		return fmt.Errorf("%d codes, at most %d", len(s.Codes), maxCodes)
	}
	ids := make(map[string]bool, len(s.Codes))
	for _, c := range s.Codes {
		if err := checkCode(c.Code); err != nil {
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
func (s *saved) checkStand() error {
	armed := modeIndex(s.Mode) >= 0
	if !armed && s.Mode != home.Disarmed {
		return fmt.Errorf("mode %q is not known", s.Mode)
	}
	deadline := false
	switch s.Watch {
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
		return fmt.Errorf("phase %q does not go with mode %q", s.Watch, s.Mode)
	}
	if deadline == s.Until.IsZero() {
		return fmt.Errorf("phase %q and deadline %s do not go together", s.Watch, s.Until)
	}
	if s.Watch == home.PhaseEntry && s.EntryKind != kindBurglary && s.EntryKind != kindExitError {
		return fmt.Errorf("entry_kind %q is not known", s.EntryKind)
	}
	// Deadlines are set from the time that is saved with them: one that lies
	// further ahead than any delay would never come.
	if s.Until.After(s.At.Add(wideMaxDelay)) || s.LockedUntil.After(s.At.Add(LockTime)) {
		return fmt.Errorf("a deadline lies too far after %s", s.At)
	}
	if s.ExitDelay < 0 || time.Duration(s.ExitDelay) > wideMaxDelay {
		return fmt.Errorf("exit_delay %s is out of range", time.Duration(s.ExitDelay))
	}
	if s.Exit > uint8(exitRestarted) {
		return fmt.Errorf("exit is %d, want 0 to %d", s.Exit, exitRestarted)
	}
	return nil
}

func (s *saved) checkTrips() error {
	var runs [water + 1]bool
	for _, t := range s.Running {
		if runs[t.danger()] {
			return fmt.Errorf("two alarms of kind %q run", t.Kind)
		}
		runs[t.danger()] = true
		if t.SirenUntil.IsZero() || (t.ReportAt.IsZero() && !t.Reported) {
			return fmt.Errorf("alarm of kind %q has no end", t.Kind)
		}
		if t.SirenUntil.After(s.At.Add(wideMaxSiren)) || t.ReportAt.After(s.At.Add(wideMaxAbort)) {
			return fmt.Errorf("alarm of kind %q ends too far after %s", t.Kind, s.At)
		}
	}
	for _, t := range append(append([]trip(nil), s.Running...), s.Memory...) {
		if !knownTrip(t.Kind) {
			return fmt.Errorf("alarm of kind %q is not known", t.Kind)
		}
		if t.N > s.LastTrip {
			return errors.New("an alarm's number lies ahead of last_trip")
		}
	}
	if len(s.Memory) > keepMemory || len(s.Outbox) > keepLines || len(s.Answers) > keepAnswers || len(s.Swings) > maxZones {
		return errors.New("a list is longer than any panel keeps")
	}
	for _, w := range s.Swings {
		if w.N < 0 {
			return fmt.Errorf("zone %q has raised %d alarms", w.Zone, w.N)
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
