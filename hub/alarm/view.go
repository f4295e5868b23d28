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
		Seq: p.st.seq, Mode: p.st.mode, Phase: p.Phase(), Since: home.At(p.st.since), Now: home.At(now),
		Open: p.openZones(), Bypassed: p.bypassedZones(),
		Ready: map[home.Mode]bool{
			home.Home:  p.ready(home.Home),
			home.Night: p.ready(home.Night),
			home.Away:  p.ready(home.Away),
		},
		Troubles:  p.troubles(),
		Alarm:     p.remembered(),
		ChangedBy: p.st.changedBy,
	}
	switch v.Phase {
	case home.PhaseArming, home.PhaseEntry:
		until := home.At(p.st.until)
		v.Until = &until
	case home.PhaseAlarm:
		v.Since = home.At(p.top().Since)
	case home.PhaseDisarmed, home.PhaseArmed:
	}
	return v
}

// Indication is the panel as a keypad shows it. A keypad that joins late is
// given the same.
func (p Panel) Indication(now time.Time) Indication {
	p = p.orNew()
	in := Indication{Mode: p.st.mode, Phase: p.Phase(), Memory: len(p.st.memory) > 0}
	for _, w := range p.st.bypassed {
		in.Bypass = in.Bypass || w != 0
	}
	switch in.Phase {
	case home.PhaseArming:
		in.Tone = ToneExit
		in.Seconds = secondsUp(p.st.until.Sub(now))
	case home.PhaseEntry:
		in.Tone = ToneEntry
		in.Seconds = secondsUp(p.st.until.Sub(now))
	case home.PhaseAlarm:
		in.Alarm = p.top().Kind
	case home.PhaseDisarmed, home.PhaseArmed:
	}
	return in
}

func secondsUp(d time.Duration) int {
	return int((max(d, 0) + time.Second - 1) / time.Second)
}

// zoneIDs lists the zones whose bit pick returns, word by word.
func (p Panel) zoneIDs(pick func(word int) uint64) []home.ZoneID {
	ids := []home.ZoneID{} // faces show [], not null
	for w := range (len(p.cfg.zones) + 63) / 64 {
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

func (p Panel) bypassedZones() []home.ZoneID {
	return p.zoneIDs(p.st.bypassed.word)
}

// blocks is the word of zones that keep the mode from being armed. Interior
// zones that see movement count only when nobody is given time to leave.
func (p Panel) blocks(mode home.Mode, leave bool, w int) uint64 {
	m := p.cfg.mode[modeIndex(mode)]
	open, unknown := p.st.open.word(w), p.cfg.speaks[w]&^p.st.known.word(w)
	b := m.barrier[w]&(open|unknown) | m.interior[w]&unknown | p.cfg.alwaysOn[w]&open
	if !leave {
		b |= m.interior[w] & open
	}
	return b
}

// ready tells whether the mode could be armed now with its exit delay.
func (p Panel) ready(mode home.Mode) bool {
	leave := p.cfg.settings.ExitDelay > 0
	for w := range p.cfg.alwaysOn {
		if p.blocks(mode, leave, w) != 0 {
			return false
		}
	}
	for _, t := range p.st.troubles {
		if slices.Contains(t.Blocks, mode) {
			return false
		}
	}
	return true
}

// troubles are those that the house told, and the panel's own.
func (p Panel) troubles() []home.TroubleItem {
	items := make([]home.TroubleItem, 0, len(p.st.troubles)+1)
	items = append(items, p.st.troubles...)
	for _, s := range p.st.swings {
		if limit := p.cfg.settings.Swinger; limit > 0 && s.n > limit {
			var device home.DeviceID
			if i, ok := p.cfg.byID[s.zone]; ok {
				device = p.cfg.zones[i].Device
			}
			items = append(items, home.TroubleItem{
				Code: "zone-ignored", Device: device, Severity: home.SeverityWarning, Since: home.At(s.since), Blocks: []home.Mode{},
				Text: p.cfg.name(s.zone) + " has raised " + times(p.cfg.settings.Swinger) + " since arming and is ignored until the next one.",
				Mend: "Look at the sensor, then disarm.",
			})
		}
	}
	return items
}

func times(n int) string {
	if n == 1 {
		return "an alarm"
	}
	return strconv.Itoa(n) + " alarms"
}
