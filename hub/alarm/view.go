package alarm

import (
	"math/bits"
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/home"
)

// View is the panel as every face shows it.
func (p Panel) View(now time.Time) home.Alarm {
	p = p.orNew()
	v := home.Alarm{
		Seq: p.st.seq, Now: home.At(now), Open: p.openZones(), Troubles: p.troubles(), Alarm: p.remembered(),
		Areas: make([]home.AreaState, len(p.cfg.areas)),
	}
	if p.testing() {
		v.Test = &home.AlarmTest{Until: home.At(p.st.testUntil), Seen: p.zoneIDs(p.st.tested.word)}
	}
	for a := range v.Areas {
		v.Areas[a] = p.areaState(a)
	}
	house := v.Areas[0]
	v.Mode, v.Like, v.Phase, v.Since, v.Until = house.Mode, house.Like, house.Phase, house.Since, house.Until
	v.Bypassed, v.Ready, v.ChangedBy = house.Bypassed, house.Ready, house.ChangedBy
	if len(p.st.running) > 0 { // wherever it is, everybody must know
		v.Phase, v.Since, v.Until = home.PhaseAlarm, home.At(p.top().Since), nil
	}
	return v
}

func (p Panel) areaState(a int) home.AreaState {
	st := &p.st.stands[a]
	v := home.AreaState{
		ID: p.cfg.areas[a].ID, Name: p.cfg.areas[a].Name, Mode: st.mode, Like: p.cfg.like(st.mode), Phase: p.phase(a),
		Since: home.At(st.since), Bypassed: p.zoneIDs(st.bypassed.word), ChangedBy: st.changedBy,
		Ready: make(map[home.Mode]bool, len(p.cfg.modes)),
	}
	for _, m := range p.cfg.modes {
		v.Ready[m.ID] = p.ready(a, m.ID)
	}
	switch v.Phase {
	case home.PhaseArming, home.PhaseEntry:
		until := home.At(st.ends())
		v.Until = &until
	case home.PhaseAlarm:
		v.Since = home.At(p.topOf(a).Since)
	case home.PhaseDisarmed, home.PhaseArmed:
	}
	return v
}

// Indications is every area as keypads show it. A keypad that joins late is
// given that of its area.
func (p Panel) Indications(now time.Time) []Indication {
	p = p.orNew()
	all := make([]Indication, len(p.cfg.areas))
	for a := range all {
		all[a] = p.indication(a, now)
	}
	return all
}

func (p Panel) indication(a int, now time.Time) Indication {
	st := &p.st.stands[a]
	in := Indication{Area: p.cfg.areas[a].ID, Mode: st.mode, Like: p.cfg.like(st.mode), Phase: p.phase(a), Trouble: p.troubled()}
	for _, t := range p.st.memory {
		in.Memory = in.Memory || t.covers(in.Area)
	}
	for _, w := range st.bypassed {
		in.Bypass = in.Bypass || w != 0
	}
	switch in.Phase {
	case home.PhaseArming:
		if i := p.cfg.modeIndex(st.mode); !p.cfg.modes[i].Silent {
			in.Tone = ToneExit
		}
		in.Seconds = secondsUp(st.ends().Sub(now))
	case home.PhaseEntry:
		in.Tone = ToneEntry
		in.Seconds = secondsUp(st.ends().Sub(now))
	case home.PhaseAlarm:
		in.Alarm = p.topOf(a).Kind
	case home.PhaseDisarmed:
		in.Ready = p.ready(a, home.Away)
	case home.PhaseArmed:
	}
	in.Hurry = in.Seconds > 0 && in.Seconds <= hurrySeconds
	return in
}

// Late is an indication of this panel that is only shown now: with the seconds
// that are left now.
func (p Panel) Late(in Indication, now time.Time) Indication {
	p = p.orNew()
	if a := p.cfg.areaIndex(in.Area); a >= 0 && in.Seconds > 0 {
		is := p.indication(a, now)
		in.Seconds, in.Hurry = is.Seconds, is.Hurry
	}
	return in
}

// hurrySeconds are the last ones of a delay, in which its tone is rapid.
const hurrySeconds = 10

// troubled tells whether something keeps the house from being guarded as it
// should.
func (p Panel) troubled() bool {
	for _, t := range p.st.troubles {
		if t.Severity != home.SeverityInfo {
			return true
		}
	}
	for _, s := range p.st.swings {
		if s.shut(p.cfg) {
			return true
		}
	}
	return false
}

// topOf is the most pressing alarm that runs in an area; there must be one.
func (p Panel) topOf(a int) trip {
	var top trip
	for _, t := range p.st.running {
		if t.covers(p.cfg.areas[a].ID) && (top.N == 0 || t.danger() < top.danger()) {
			top = t
		}
	}
	return top
}

func secondsUp(d time.Duration) int {
	return int((max(d, 0) + time.Second - 1) / time.Second)
}

// zoneIDs lists the zones whose bit pick returns, word by word.
func (p Panel) zoneIDs(pick func(word int) uint64) []home.ZoneID {
	words, n := (len(p.cfg.zones)+63)/64, 0
	for w := range words {
		n += bits.OnesCount64(pick(w))
	}
	ids := make([]home.ZoneID, 0, n) // faces show [], not null
	for w := range words {
		for b := pick(w); b != 0; b &= b - 1 {
			if i := w<<6 + bits.TrailingZeros64(b); i < len(p.cfg.zones) {
				ids = append(ids, p.cfg.zones[i].ID)
			}
		}
	}
	return ids
}

// openZones are those that are open, and those of the burglary kinds that are
// not known to be closed.
func (p Panel) openZones() []home.ZoneID {
	return p.zoneIDs(func(w int) uint64 { return p.st.open.word(w) | p.cfg.speaks[w]&^p.st.known.word(w) })
}

// blocks is the word of zones of a mode that keep the area from being armed in it.
// Interior zones that see movement count only when nobody is given time to
// leave; common zones only when their other areas are armed.
func (p *Panel) blocks(a int, m modeZones, leave bool, w int) uint64 {
	open, unknown := p.st.open.word(w), p.cfg.speaks[w]&^p.st.known.word(w)
	b := m.barrier[w]&(open|unknown) | m.interior[w]&unknown
	if !leave {
		b |= m.interior[w] & open
	}
	b &^= p.asleep(a, w)
	return (b | p.cfg.alwaysOn[w]&open) & p.cfg.in[a][w]
}

// blockedBy tells whether a trouble keeps a mode from being armed. Whoever
// raised it knows home, night and away only.
func (p Panel) blockedBy(t home.TroubleItem, mode home.Mode) bool {
	return slices.Contains(t.Blocks, mode) || slices.Contains(t.Blocks, p.cfg.like(mode))
}

// troubles are those that the house told, and the panel's own.
func (p Panel) troubles() []home.TroubleItem {
	items := make([]home.TroubleItem, 0, len(p.st.troubles)+1)
	items = append(items, p.st.troubles...)
	for _, s := range p.st.swings {
		if s.shut(p.cfg) {
			device := p.cfg.zones[p.cfg.byID[s.zone]].Device
			items = append(items, home.TroubleItem{
				Code: "zone-ignored", Device: device, Severity: home.SeverityWarning, Since: home.At(s.since), Blocks: []home.Mode{},
				Text: p.cfg.name(s.zone) + " has raised " + times(p.cfg.settings.Swinger) + " since arming and is ignored until the next one.",
				Mend: "Look at the sensor, then disarm.",
			})
		}
	}
	return items
}

// often is how many times something happened.
func often(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

func times(n int) string {
	if n == 1 {
		return "an alarm"
	}
	return strconv.Itoa(n) + " alarms"
}
