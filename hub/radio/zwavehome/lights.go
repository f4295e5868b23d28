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
	r.mu.Lock()
	same := r.shown == shownOf(in)
	r.shown = shownOf(in)
	var list []*zwave.Node
	for _, n := range r.nodes {
		if n.Has(cc.EntryControl) && n.Has(cc.Indicator) {
			list = append(list, n)
		}
	}
	r.mu.Unlock()
	if same {
		return
	}
	for _, n := range list {
		r.stick.Send(n.ID, cc.Bytes(lights(in)), zwave.LaneUser, nil)
	}
}

// shown is what of an indication a keypad's lights show.
type shown struct {
	mode  home.Mode
	phase home.Phase
}

func shownOf(in alarm.Indication) shown { return shown{in.Mode, in.Phase} }

// lights is an indication as indicator objects: the one that holds is lit,
// which on keypads puts out the others of its group; a delay carries its
// seconds.
func lights(in alarm.Indication) cc.IndicatorSet {
	lit := func(indicator byte) cc.IndicatorSet {
		return cc.IndicatorSet{Objects: []cc.IndicatorObject{{Indicator: indicator, Property: cc.PropertyMultilevel, Value: 99}}}
	}
	delay := func(indicator byte) cc.IndicatorSet {
		s := lit(indicator)
		s.Objects = append(s.Objects,
			cc.IndicatorObject{Indicator: indicator, Property: cc.PropertyTimeoutMin, Value: byte(min(in.Seconds/60, 255))},
			cc.IndicatorObject{Indicator: indicator, Property: cc.PropertyTimeoutSec, Value: byte(in.Seconds % 60)})
		return s
	}
	switch {
	case in.Phase == home.PhaseAlarm:
		return lit(cc.IndicatorAlarming)
	case in.Phase == home.PhaseArming:
		return delay(cc.IndicatorExitDelay)
	case in.Phase == home.PhaseEntry:
		return delay(cc.IndicatorEntryDelay)
	case in.Mode == home.Away:
		return lit(cc.IndicatorArmedAway)
	case in.Mode == home.Disarmed:
		return lit(cc.IndicatorDisarmed)
	default:
		return lit(cc.IndicatorArmedHome)
	}
}
