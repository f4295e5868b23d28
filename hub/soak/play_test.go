package soak

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

// TestRandomPlay gives the house whatever may come in any order, with no family
// and no sense, under the same oracle. What goes wrong is shrunk to a short game.
func TestRandomPlay(t *testing.T) {
	l := newLife(t, 1, season, alarm.Panel.Step)
	l.hub.now = l.hub.now.Add(time.Second) // all is written
	house, devices := l.hub, plan()
	for i := range devices {
		devices[i].Device = l.sensors[devices[i].ID].on.id
	}
	steps := 0
	rapid.Check(t, func(t *rapid.T) {
		h := house.again()
		defer func() { steps += h.steps }()
		for range rapid.IntRange(5, 50).Draw(t, "turns") {
			g := game{t, h, devices}
			g.turn()
			if h.strange != nil {
				t.Fatalf("%v\n\n%s", h.strange, strings.Join(h.past, "\n"))
			}
		}
	})
	t.Logf("%d steps", steps)
}

// again is the hub as it stands, to go on with a copy.
func (h *hub) again() *hub {
	c := *h
	o := *h.oracle
	o.belief = o.clone()
	o.open, o.known = append([]bool(nil), o.open...), append([]bool(nil), o.known...)
	o.troubles, o.refused, o.lines = map[trouble]home.TroubleItem{}, map[request]string{}, map[string]bool{}
	o.calls, o.shown = map[string]time.Time{}, maps.Clone(o.shown)
	c.oracle, c.past, c.steps = &o, nil, 0
	c.heed = func(alarm.Effect) {}
	return &c
}

// game is one turn of random play.
type game struct {
	t     *rapid.T
	h     *hub
	zones []home.Zone
}

var waits = []time.Duration{
	0, time.Millisecond, 20 * time.Millisecond, time.Second, 4 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 29900 * time.Millisecond,
	30 * time.Second, 59 * time.Second, time.Minute, 90 * time.Second, 4 * time.Minute, 31 * time.Minute, 7 * time.Hour, 8 * time.Hour,
}

func (g game) turn() {
	g.pass(rapid.SampledFrom(waits).Draw(g.t, "wait"))
	zone := func() home.Zone { return rapid.SampledFrom(g.zones).Draw(g.t, "zone") }
	read := func(z home.Zone, open bool) {
		s := sensor{Zone: z}
		g.h.take(alarm.Reading{Device: z.Device, Trait: z.Trait, Value: s.says(open)})
	}
	yes := func(what string) bool { return rapid.Bool().Draw(g.t, what) }
	switch rapid.SampledFrom([]string{
		"reading", "reading", "reading", "reading", "calm", "mode", "mode", "mode", "silence", "panic", "trouble",
		"power cut", "clock", "settings", "unknown", "crossed", "crossed", "acknowledge", "walk test", "seen", "silent", "in and out",
	}).Draw(g.t, "what") {
	case "reading":
		read(zone(), yes("open"))
	case "crossed":
		read(rapid.SampledFrom(g.zones[13:15]).Draw(g.t, "zone"), yes("open"))
	case "in and out": // somebody leaves who forgets one thing after another
		door := g.zones[slices.IndexFunc(g.zones, func(z home.Zone) bool { return z.ID == "front-door" })]
		for range rapid.IntRange(1, 3).Draw(g.t, "times") {
			read(door, true)
			g.pass(time.Second)
			read(door, false)
			g.pass(time.Second)
		}
	case "acknowledge":
		g.h.take(alarm.Acknowledge{By: "Ben"})
	case "walk test":
		g.h.take(alarm.Test{On: yes("on"), By: "Ben"})
	case "seen":
		g.h.take(alarm.PersonSeen{Camera: "camera-porch", At: g.h.wall()})
	case "silent":
		g.h.take(alarm.Panic{Kind: home.ZonePanic, Silent: true, By: "Oma"})
	case "unknown":
		z := zone()
		g.h.take(alarm.Reading{Device: z.Device, Trait: z.Trait})
	case "calm":
		for _, z := range g.zones {
			if z.Trait != home.Button {
				read(z, false)
			}
		}
	case "mode":
		g.mode()
	case "silence":
		g.h.take(alarm.Silence{By: "Anna", Channel: home.ByAPI})
	case "panic":
		g.h.take(alarm.Panic{Kind: rapid.SampledFrom([]home.ZoneKind{home.ZonePanic, home.ZoneMedical, home.ZoneFire}).Draw(g.t, "kind"), By: "Oma"})
	case "trouble":
		g.h.take(alarm.Trouble{Present: yes("present"), Item: home.TroubleItem{Code: "radio-down", Severity: rapid.SampledFrom([]home.Severity{home.SeverityWarning, home.SeverityCritical}).Draw(g.t, "severity"), Blocks: home.Modes}})
	case "power cut":
		g.h.cut()
		g.h.now = g.h.now.Add(150*time.Millisecond + rapid.SampledFrom(waits).Draw(g.t, "dark")) // a start takes so long at least
		g.h.boot(rapid.SampledFrom([]time.Duration{g.h.set, g.h.set, -100 * time.Hour}).Draw(g.t, "set"))
	case "clock":
		g.h.setClock(rapid.SampledFrom([]time.Duration{0, -time.Hour, 3 * time.Hour, 90 * time.Second, -20 * time.Second}).Draw(g.t, "set"))
	case "settings":
		s := g.h.panel.Settings()
		s.Swinger, s.OutsideStandard = rapid.IntRange(0, 3).Draw(g.t, "swinger"), true
		s.ExitRestart, s.UnvacatedHome, s.ArmOnClose = yes("restart"), yes("unvacated"), yes("on close")
		s.SirenCycles, s.StrobeAfter = rapid.IntRange(1, 3).Draw(g.t, "cycles"), yes("strobe")
		s.EntryDelay = home.Duration(rapid.SampledFrom([]time.Duration{0, 10 * time.Second, 30 * time.Second}).Draw(g.t, "entry"))
		s.AbortWindow = home.Duration(rapid.SampledFrom([]time.Duration{0, 15 * time.Second, 45 * time.Second}).Draw(g.t, "abort"))
		s.SirenTimeout = home.Duration(rapid.SampledFrom([]time.Duration{10 * time.Second, 4 * time.Minute}).Draw(g.t, "siren"))
		g.h.take(alarm.PutSettings{Settings: s, By: "Anna"})
	}
}

func (g game) mode() {
	r := home.ModeRequest{
		Mode:    rapid.SampledFrom([]home.Mode{home.Disarmed, home.Disarmed, home.Home, home.Night, home.Away, home.Away, guests}).Draw(g.t, "mode"),
		Area:    rapid.SampledFrom([]home.AreaID{home.TheHouse, home.TheHouse, studio, ""}).Draw(g.t, "area"),
		Channel: rapid.SampledFrom([]home.Channel{home.ByKeypad, home.ByAPI, home.ByMQTT, home.ByRule}).Draw(g.t, "channel"),
		Force:   rapid.Bool().Draw(g.t, "force"), CodeFree: rapid.Bool().Draw(g.t, "free"), SteppedUp: rapid.Bool().Draw(g.t, "stepped up"),
		RequestID: rapid.SampledFrom([]string{"", "", "", "one", "two"}).Draw(g.t, "request"),
		By:        "Ben", ArmOnClose: rapid.Bool().Draw(g.t, "on close"),
	}
	if rapid.Bool().Draw(g.t, "at once") {
		r.ExitDelay = new(home.Duration)
	}
	if rapid.IntRange(0, 3).Draw(g.t, "bypass") == 0 && r.Area != studio {
		r.Bypass = []home.ZoneID{rapid.SampledFrom([]home.ZoneID{"front-door", "kitchen-window", "hall"}).Draw(g.t, "left out")}
	}
	in := alarm.SetMode{Request: r}
	if code := rapid.SampledFrom([]string{"", "27182", "31415", "16180", "57721", "99999", "00000"}).Draw(g.t, "code"); code != "" {
		in.Code = digits(code)
	}
	g.h.take(in)
}

// pass lets time pass, waking the panel as it asks.
func (g game) pass(d time.Duration) {
	end := g.h.now.Add(d)
	for due := g.h.until(); !due.IsZero() && !due.After(end) && g.h.strange == nil; due = g.h.until() {
		g.h.now = due
		g.h.take(alarm.Tick{})
	}
	g.h.now = end
	g.h.take(alarm.Tick{})
}
