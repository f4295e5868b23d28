package zwavehome

import (
	"slices"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// The tables of what keypads show. Indicators and their properties are those of
// SDS13781, Indicator Command Class; the names of zwave-js/zwave-js
// packages/core/src/registries/Indicators.ts were compared. A keypad is told only
// of indicators that it named in its interview.

// steady lists the indicators that stand for a state of the panel, best first.
func steady(v keypads.View) []byte {
	switch v.Phase {
	case home.PhaseArming:
		return []byte{cc.IndicatorExitDelay}
	case home.PhaseEntry:
		return []byte{cc.IndicatorEntryDelay}
	case home.PhaseAlarm:
		return []byte{alarming[v.Alarm], cc.IndicatorAlarming}
	case home.PhaseArmed:
		if v.Like == home.Away {
			return []byte{cc.IndicatorArmedAway, cc.IndicatorArmed}
		}
		return []byte{cc.IndicatorArmedHome, cc.IndicatorArmed} // no indicator tells night from home
	case home.PhaseDisarmed:
		return []byte{cc.IndicatorDisarmed}
	default:
		return nil
	}
}

// alarming is the table of alarms by kind; the common indicator stands for those
// that a keypad has none for.
var alarming = map[string]byte{
	"burglary":   cc.IndicatorAlarmBurglar,
	"exit_error": cc.IndicatorAlarmBurglar,
	"tamper":     cc.IndicatorAlarmBurglar,
	"panic":      cc.IndicatorAlarmPanic,
	"fire":       cc.IndicatorAlarmSmoke,
	"co":         cc.IndicatorAlarmCO,
	"gas":        cc.IndicatorAlarmCO, // bad air: out of the house
	"medical":    cc.IndicatorAlarmMedical,
	"water":      cc.IndicatorAlarmWater,
}

// besides lists the further indicators of a view.
func besides(v keypads.View) []byte {
	var list []byte
	if v.Ready {
		list = append(list, cc.IndicatorReady)
	}
	if v.Trouble || v.Memory || v.Bypass {
		list = append(list, cc.IndicatorFault)
	}
	switch v.Error {
	case keypads.NotReady:
		list = append(list, cc.IndicatorBypass)
	case keypads.Wrong, keypads.Locked, keypads.Refused:
		list = append(list, cc.IndicatorCodeRejected)
	case keypads.OK:
	}
	return list
}

// chimes is the table of tones that are played once, best first. They are asked
// for by their volume, and left out where there is none.
var chimes = map[alarm.Tone][]byte{
	alarm.ToneChime: {cc.IndicatorSound1 + 3, cc.IndicatorSound1},
	alarm.ToneAbort: {cc.IndicatorSound1},
}

// panelIndicators are all that the tables light: what a keypad shows of them that
// it should not is put out.
var panelIndicators = []byte{
	cc.IndicatorArmed, cc.IndicatorDisarmed, cc.IndicatorReady, cc.IndicatorFault, cc.IndicatorCodeRejected,
	cc.IndicatorArmedHome, cc.IndicatorArmedAway, cc.IndicatorAlarming, cc.IndicatorAlarmBurglar, cc.IndicatorAlarmSmoke,
	cc.IndicatorAlarmCO, cc.IndicatorBypass, cc.IndicatorEntryDelay, cc.IndicatorExitDelay, cc.IndicatorAlarmMedical,
	cc.IndicatorAlarmWater, cc.IndicatorAlarmPanic,
}

// model is a keypad whose ways are known.
type model struct {
	name string
	// modal: one indicator is a mode of the keypad. Setting the next one ends it;
	// it goes dark by itself and must not be put out.
	modal bool
	// timed: a delay is set by its time-out alone.
	timed      bool
	parameters []parameter
}

// product names a model on the air.
type product struct{ maker, kind, product uint16 }

// ringKeypad is Ring's Alarm Keypad, second generation (4AK1SZ). What its
// indicators do was found out by its users: ImSorryButWho/HomeAssistantNotes
// RingKeypadV2.md and keypad_blueprint.yaml (0x02 0x09–0x13 0x60–0x64; a mode is
// set by property 1, a delay by 6 and 7 alone, it counts by itself and speeds up
// near the end). It lights up when a key is pressed or somebody comes near and
// goes dark after parameters 9–11, 5 s each. Unverified, for want of the device:
// that property 9 with 0 silences a delay, and that a bypass challenge ends by
// itself.
var ringKeypad = model{name: "Ring Alarm Keypad 2", modal: true, timed: true, parameters: ringParameters}

// models is the table of known keypads, by the ids of
// zwave-js/zwave-js packages/config/config/devices/0x0346/keypad_v2.json.
var models = map[product]model{
	{0x0346, 0x0101, 0x0301}: ringKeypad,
	{0x0346, 0x0101, 0x0401}: ringKeypad,
}

func modelOf(n *zwave.Node) model { return models[product{n.Maker, n.Type, n.Product}] }

// face is what a keypad was last told to show.
type face struct {
	view keypads.View
	main byte   // the indicator of the panel's state; 0: none
	lit  []byte // those besides
}

func (f *face) shows(id byte) bool { return id == f.main || slices.Contains(f.lit, id) }

// lights is what to tell a keypad so that it shows the view: the indicator
// objects, in order, and what it shows then. was is what it shows now; nil when
// nobody knows.
func lights(n *zwave.Node, was *face, v keypads.View) ([]cc.IndicatorObject, *face) {
	m := modelOf(n)
	now := &face{view: v, main: pick(n, steady(v)...)}
	if m.modal && v.Dark() && was != nil {
		now.main = was.main
	}
	for _, id := range besides(v) {
		if pick(n, id) != 0 {
			now.lit = append(now.lit, id)
		}
	}
	var list []cc.IndicatorObject
	for _, id := range panelIndicators {
		if pick(n, id) != 0 && !m.modal && !now.shows(id) && (was == nil || was.shows(id)) {
			list = append(list, cc.IndicatorObject{Indicator: id, Property: onProperty(n, id)})
		}
	}
	if id := now.main; id != 0 {
		delay := id == cc.IndicatorExitDelay || id == cc.IndicatorEntryDelay
		fresh := was == nil || id != was.main
		if (fresh || v.Silent != was.view.Silent) && (!delay || !m.timed) {
			list = append(list, lighted(n, id))
		}
		// A keypad counts by itself: it is told the seconds once, and again if the
		// delay ends at another time.
		if delay && (fresh || v.Silent != was.view.Silent || !v.Until.Equal(was.view.Until)) {
			list = append(list, countdown(n, id, v)...)
		}
	}
	for _, id := range now.lit {
		if was == nil || !was.shows(id) {
			list = append(list, lighted(n, id))
		}
	}
	if id := pick(n, chimes[v.Tone]...); v.Volume > 0 && hasProperty(n, id, cc.PropertySound) {
		list = append(list, cc.IndicatorObject{Indicator: id, Property: cc.PropertySound, Value: byte(min(v.Volume, 99))})
	}
	return list, now
}

// lighted turns an indicator on, by the property that the node has for it.
func lighted(n *zwave.Node, id byte) cc.IndicatorObject {
	o := cc.IndicatorObject{Indicator: id, Property: onProperty(n, id), Value: 99}
	if o.Property == cc.PropertyBinary {
		o.Value = 0xFF
	}
	return o
}

func onProperty(n *zwave.Node, id byte) byte {
	if !hasProperty(n, id, cc.PropertyMultilevel) && hasProperty(n, id, cc.PropertyBinary) {
		return cc.PropertyBinary
	}
	return cc.PropertyMultilevel
}

// countdown gives a delay its seconds, and takes its sound if it has to be
// silent.
func countdown(n *zwave.Node, id byte, v keypads.View) []cc.IndicatorObject {
	var list []cc.IndicatorObject
	seconds := max(1, v.Seconds) // 0 would be for ever
	if hasProperty(n, id, cc.PropertyTimeoutMin) {
		list = append(list, cc.IndicatorObject{Indicator: id, Property: cc.PropertyTimeoutMin, Value: byte(min(seconds/60, 255))})
		seconds %= 60
	}
	if hasProperty(n, id, cc.PropertyTimeoutSec) {
		list = append(list, cc.IndicatorObject{Indicator: id, Property: cc.PropertyTimeoutSec, Value: byte(min(seconds, 255))})
	}
	if hasProperty(n, id, cc.PropertySound) && v.Silent {
		list = append(list, cc.IndicatorObject{Indicator: id, Property: cc.PropertySound})
	}
	return list
}

// pick is the first of the indicators that the node has; 0 when it has none.
func pick(n *zwave.Node, list ...byte) byte {
	for _, id := range list {
		if _, ok := n.Indicators[id]; ok {
			return id
		}
	}
	return 0
}

func hasProperty(n *zwave.Node, id, property byte) bool {
	return slices.Contains(n.Indicators[id], property)
}
