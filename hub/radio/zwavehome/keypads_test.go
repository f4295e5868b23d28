package zwavehome

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"gatehouse/hub/alarm"
	"gatehouse/hub/alarm/keypads"
	"gatehouse/hub/home"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// indicators gives every panel indicator and a few sounds the properties.
func indicators(properties ...byte) map[byte][]byte {
	m := map[byte][]byte{}
	for _, id := range append(slices.Clone(panelIndicators), cc.IndicatorNode, cc.IndicatorSound1, cc.IndicatorSound1+3) {
		m[id] = properties
	}
	return m
}

// without leaves indicators out.
func without(m map[byte][]byte, ids ...byte) map[byte][]byte {
	m = maps.Clone(m)
	for _, id := range ids {
		delete(m, id)
	}
	return m
}

func keypadOf(version byte, maker uint16, ind map[byte][]byte) zwave.Node {
	c := classes(cc.EntryControl, cc.Battery, cc.Configuration)
	c[cc.Indicator] = version
	return zwave.Node{
		ID: 20, State: zwave.StateAlive, Stage: zwave.StageDone, Beamed: true,
		Maker: maker, Type: 0x0101, Product: 0x0401, Classes: c, Indicators: ind,
	}
}

var every = []byte{
	cc.PropertyMultilevel, cc.PropertyBinary, cc.PropertyPeriod, cc.PropertyCycles, cc.PropertyOnTime,
	cc.PropertyTimeoutMin, cc.PropertyTimeoutSec, cc.PropertySound,
}

// keypadsForTest are one keypad of each way of speaking.
var keypadsForTest = map[string]zwave.Node{
	"any":    keypadOf(3, 0x7fff, indicators(every...)),
	"ring":   keypadOf(3, 0x0346, without(indicators(every...), cc.IndicatorArmed, cc.IndicatorReady, cc.IndicatorFault, cc.IndicatorAlarmWater, cc.IndicatorAlarmPanic)),
	"binary": keypadOf(2, 0x7fff, without(indicators(cc.PropertyBinary, cc.PropertyTimeoutSec), cc.IndicatorAlarmCO, cc.IndicatorArmedHome, cc.IndicatorSound1)),
	"v1":     keypadOf(1, 0x7fff, nil),
}

// TestKeypadsAsReviewed holds the tables to the form in which a person reviewed
// them: what is sent to each kind of keypad, one view after the other.
func TestKeypadsAsReviewed(t *testing.T) {
	end := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	shown := []struct {
		name string
		view keypads.View
	}{
		{"disarmed", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed}},
		{"dark", keypads.View{}},
		{"disarmed, ready", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Ready: true}},
		{"disarmed, trouble", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Ready: true, Trouble: true}},
		{"disarmed, memory", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Memory: true}},
		{"wrong code", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Error: keypads.Wrong}},
		{"error over", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed}},
		{"codes locked", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Error: keypads.Locked}},
		{"something is open", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Error: keypads.NotReady}},
		{"exit, 75 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Until: end, Seconds: 75}},
		{"exit, 74 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Until: end, Seconds: 74}},
		{"exit, 10 s, hurry", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Until: end, Seconds: 10, Hurry: true}},
		{"exit begins again", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArming, Until: end.Add(50 * time.Second), Seconds: 60}},
		{"armed away", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArmed}},
		{"armed, something left out", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArmed, Bypass: true}},
		{"dark", keypads.View{}},
		{"entry, 30 s", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseEntry, Until: end, Seconds: 30}},
		{"burglary", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "burglary"}},
		{"fire", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "fire"}},
		{"co", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "co"}},
		{"gas", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "gas"}},
		{"panic", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "panic"}},
		{"medical", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "medical"}},
		{"water", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "water"}},
		{"tamper", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "tamper"}},
		{"an alarm of a new kind", keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseAlarm, Alarm: "flying saucer"}},
		{"disarmed, nothing was sent", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneAbort, Volume: 70}},
		{"a door", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneChime, Volume: 100}},
		{"a door, volume 0", keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed, Tone: alarm.ToneChime}},
		{"exit in silence", keypads.View{Mode: home.Home, Like: home.Home, Phase: home.PhaseArming, Until: end, Seconds: 120, Silent: true}},
		{"armed home", keypads.View{Mode: home.Home, Like: home.Home, Phase: home.PhaseArmed}},
		{"armed for guests, like away", keypads.View{Mode: "guests", Like: home.Away, Phase: home.PhaseArmed}},
		{"armed night", keypads.View{Mode: home.Night, Like: home.Night, Phase: home.PhaseArmed}},
	}
	var b strings.Builder
	for _, event := range slices.Sorted(maps.Keys(pressed)) {
		fmt.Fprintf(&b, "keypad event 0x%02x  →  %s\n", byte(event), pressed[event])
	}
	for _, name := range slices.Sorted(maps.Keys(keypadsForTest)) {
		n := keypadsForTest[name]
		fmt.Fprintf(&b, "\n%s\n", name)
		was := &face{}
		for _, s := range shown {
			sets, now := told(&n, was, s.view)
			var sent []string
			for _, set := range sets {
				if set.Objects == nil {
					sent = append(sent, fmt.Sprintf("%02x", byte(set.Value)))
				}
				for _, o := range set.Objects {
					sent = append(sent, fmt.Sprintf("%02x.%d=%d", o.Indicator, o.Property, o.Value))
				}
			}
			fmt.Fprintf(&b, "  %-28s %s\n", s.name, strings.Join(sent, " "))
			was = now
		}
	}
	for _, m := range slices.SortedFunc(maps.Keys(models), func(a, b product) int { return int(a.product) - int(b.product) }) {
		fmt.Fprintf(&b, "\n%04x:%04x:%04x %s\n", m.maker, m.kind, m.product, models[m].name)
		for _, p := range models[m].parameters {
			fmt.Fprintf(&b, "  parameter %2d (%d byte)  %-10s quiet and dim %3d, default %3d, full %3d\n", p.number, p.size, p.ability,
				p.value(home.KeypadSettings{}), p.value(home.DefaultKeypadSettings()), p.value(home.KeypadSettings{Volume: 100, Backlight: 100}))
		}
	}
	reviewed(t, "testdata/keypads.txt", b.String())
}

// hung is a radio with one keypad that is there and lit by nothing.
func hung(t *testing.T, n zwave.Node) (*house, *Radio) {
	t.Helper()
	h := &house{nodes: []zwave.Node{n}}
	r := New(h, h, slog.New(slog.DiscardHandler))
	r.Attach(h)
	r.OnEvent(zwave.Ready{})
	h.take()
	return h, r
}

var (
	away     = keypads.View{Mode: home.Away, Like: home.Away, Phase: home.PhaseArmed}
	disarmed = keypads.View{Mode: home.Disarmed, Phase: home.PhaseDisarmed}
)

// Of a keypad that nobody has told anything, each light that should not be on is
// put out; a modal one is only told its mode.
func TestKeypadOfUnknownFace(t *testing.T) {
	n := keypadsForTest["any"]
	n.Indicators = without(n.Indicators, cc.IndicatorAlarmWater, cc.IndicatorAlarmPanic)
	h, r := hung(t, n)
	r.Show("zwave-20", away)
	r.Show("zwave-20", away)
	h.want(t, "any keypad",
		"send 20 87 01 00 08 01 01 00 02 01 00 03 01 00 04 01 00 09 01 00 0a 01 00 0c 01 00 0d 01 00 user",
		"send 20 87 01 00 07 0e 01 00 0f 01 00 10 01 00 11 01 00 12 01 00 13 01 00 0b 01 63 user")
	h, r = hung(t, keypadsForTest["ring"])
	r.Show("zwave-20", away)
	h.want(t, "ring's", "send 20 87 01 00 01 0b 01 63 user")
	r.Show("zwave-21", away)
	r.Show("camera-porch", away)
	h.want(t, "no such keypad")
}

// A keypad that was out of reach is told anew as soon as it is heard again, and
// one that was not is not disturbed.
func TestKeypadOutOfReach(t *testing.T) {
	n := keypadsForTest["ring"]
	h, r := hung(t, n)
	r.Show("zwave-20", disarmed)
	h.take()
	r.OnEvent(zwave.Ready{})
	h.want(t, "the stick was reset", "zwave-20 ok", "up")

	h.err = errors.New("no ack")
	r.Show("zwave-20", away)
	h.take()
	h.err = nil
	r.OnEvent(zwave.Report{Node: 20, Command: cc.EntryControlNotification{Event: cc.EntryCaching}})
	h.want(t, "a key", "zwave-20 seen", "zwave-20 here", "zwave-20 keypad encrypted=false touch code=")
	r.Show("zwave-20", away)
	h.want(t, "told anew", "send 20 87 01 00 01 0b 01 63 user")
	r.OnEvent(zwave.Report{Node: 20, Command: cc.BatteryReport{Level: 80}})
	h.want(t, "heard, and knows already", "zwave-20 battery 80", "zwave-20 low_battery false")

	h.err = errors.New("no ack")
	r.Show("zwave-20", disarmed)
	n.State = zwave.StateDead
	r.OnEvent(zwave.NodeChanged{Node: n})
	h.err = nil
	h.take()
	n.State = zwave.StateAlive
	r.OnEvent(zwave.NodeChanged{Node: n})
	h.want(t, "back from the dead", "zwave-20 ok", "zwave-20 here")
	r.Show("zwave-20", disarmed)
	h.take()
	r.OnEvent(zwave.NodeChanged{Node: n})
	h.want(t, "nothing new", "zwave-20 ok")

	n.Stage = zwave.StageClasses
	r.OnEvent(zwave.NodeChanged{Node: n})
	h.take()
	r.Show("zwave-20", away)
	h.want(t, "while it is interviewed")
	n.Stage = zwave.StageDone
	r.OnEvent(zwave.NodeChanged{Node: n})
	if said := h.take(); !slices.Contains(said, "zwave-20 here") {
		t.Errorf("interviewed: %q, want it here", said)
	}
	r.OnEvent(zwave.NodeRemoved{Node: 20})
	r.Show("zwave-20", away)
	h.want(t, "gone", "zwave-20 left")
}

func TestKeypadSettingsOnTheAir(t *testing.T) {
	h, r := hung(t, keypadsForTest["ring"])
	if diff := gocmp.Diff(r.Abilities("zwave-20"), []Ability{HasVolume, HasBacklight, HasTones}); diff != "" {
		t.Errorf("abilities (-got +want):\n%s", diff)
	}
	var got []error
	r.Configure("zwave-20", home.KeypadSettings{Volume: 34, Backlight: 50}, func(err error) { got = append(got, err) })
	h.want(t, "sent",
		"send 20 70 04 04 01 03 normal", "send 20 70 04 05 01 03 normal",
		"send 20 70 04 0c 01 32 normal", "send 20 70 04 0d 01 32 normal",
		"send 20 70 04 16 02 00 00 normal")
	if len(got) != 1 || got[0] != nil {
		t.Errorf("answers %v, want one and no error", got)
	}
	h.err, got = errors.New("no ack"), nil
	r.Configure("zwave-20", home.DefaultKeypadSettings(), func(err error) { got = append(got, err) })
	if len(got) != 1 || !errors.Is(got[0], h.err) {
		t.Errorf("answers %v, want one: no ack", got)
	}
	h.take()

	h, r = hung(t, keypadsForTest["binary"])
	if got := r.Abilities("zwave-20"); got != nil {
		t.Errorf("a keypad that nobody knows has %v", got)
	}
	got = nil
	r.Configure("zwave-20", home.DefaultKeypadSettings(), func(err error) { got = append(got, err) })
	h.want(t, "a keypad that nobody knows is not configured")
	r.Configure("zwave-99", home.DefaultKeypadSettings(), func(err error) { got = append(got, err) })
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], zwave.ErrNoNode) {
		t.Errorf("answers %v, want nil and no such node", got)
	}
}
