package zwavehome

import (
	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// Indicate shows the panel on every keypad that has lights. It does not wait.
// The countdown is told once, when a delay begins: keypads count by themselves.
func (r *Radio) Indicate(in alarm.Indication) {
	light := lightOf(in)
	r.mu.Lock()
	before := r.lit
	r.lit = light
	var list []zwave.NodeID
	for id, n := range r.nodes {
		if n.Has(cc.EntryControl) && n.Has(cc.Indicator) {
			list = append(list, id)
		}
	}
	r.mu.Unlock()
	if before == light {
		return
	}
	for _, id := range list {
		r.stick.Send(id, cc.Bytes(lights(before, light, in.Seconds)), zwave.LaneUser, nil)
	}
}

// lightOf is the indicator that stands for an indication.
func lightOf(in alarm.Indication) byte {
	switch {
	case in.Phase == home.PhaseAlarm:
		return cc.IndicatorAlarming
	case in.Phase == home.PhaseArming:
		return cc.IndicatorExitDelay
	case in.Phase == home.PhaseEntry:
		return cc.IndicatorEntryDelay
	case in.Mode == home.Away:
		return cc.IndicatorArmedAway
	case in.Mode == home.Disarmed:
		return cc.IndicatorDisarmed
	default:
		return cc.IndicatorArmedHome
	}
}

// lights puts one indicator out (0: none) and lights another; a delay carries
// its seconds.
func lights(out, on byte, seconds int) cc.IndicatorSet {
	var s cc.IndicatorSet
	set := func(indicator, property, value byte) {
		s.Objects = append(s.Objects, cc.IndicatorObject{Indicator: indicator, Property: property, Value: value})
	}
	if out != 0 {
		set(out, cc.PropertyMultilevel, 0)
	}
	set(on, cc.PropertyMultilevel, 99)
	if on == cc.IndicatorExitDelay || on == cc.IndicatorEntryDelay {
		set(on, cc.PropertyTimeoutMin, byte(min(seconds/60, 255)))
		set(on, cc.PropertyTimeoutSec, byte(seconds%60))
	}
	return s
}
