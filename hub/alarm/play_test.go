package alarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gatehouse/hub/home"
)

// TestRandomPlay plays at random against a few lines of model and checks, after
// every step, what must never happen.
func TestRandomPlay(t *testing.T) {
	house := furnished()
	rapid.Check(t, func(t *rapid.T) {
		g := &game{t: t, p: house, now: midnight, mode: map[home.AreaID]home.Mode{home.TheHouse: home.Disarmed, "flat": home.Disarmed}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			g.turn()
		}
	})
}

// game is a panel and what the model knows of it.
type game struct {
	t    *rapid.T
	p    Panel
	now  time.Time
	mode map[home.AreaID]home.Mode // as people asked for

	locked time.Time
	wrong  int

	figures time.Time // when the settings or zones were last changed

	steps int
}

var (
	playZones = []home.Zone{
		{ID: "door", Trait: home.Contact, Kind: home.ZoneEntry},
		{ID: "back", Trait: home.Contact, Kind: home.ZoneEntry},
		{ID: "window", Trait: home.Contact, Kind: home.ZonePerimeter},
		{ID: "hatch", Trait: home.Contact, Kind: home.ZoneInstant},
		{ID: "hall", Trait: home.Motion, Kind: home.ZoneInterior},
		{ID: "shed", Trait: home.Contact, Kind: home.ZoneDay},
		{ID: "safe", Trait: home.Contact, Kind: home.Zone24h},
		{ID: "box", Trait: home.Tamper, Kind: home.ZoneTamper},
		{ID: "smoke", Trait: home.Smoke, Kind: home.ZoneFire},
		{ID: "co", Trait: home.CO, Kind: home.ZoneCO},
		{ID: "gas", Trait: home.Gas, Kind: home.ZoneGas},
		{ID: "leak", Trait: home.Water, Kind: home.ZoneWater},
		{ID: "button", Trait: home.Button, Kind: home.ZonePanic},
		{ID: "pendant", Trait: home.Button, Kind: home.ZoneMedical},
		{ID: "alert", Trait: home.Button, Kind: home.ZonePanic, Silent: true},
		{ID: "den", Trait: home.Motion, Kind: home.ZoneInstant},
		{ID: "pane", Trait: home.Glass, Kind: home.ZonePerimeter, CrossZone: "den"},
		{ID: "cash", Trait: home.Contact, Kind: home.ZoneInstant, AbortWindow: new(false)},
		{ID: "flat-door", Trait: home.Contact, Kind: home.ZoneEntry, Areas: []home.AreaID{"flat"}},
		{ID: "flat-window", Trait: home.Contact, Kind: home.ZonePerimeter, Areas: []home.AreaID{"flat"}},
		{ID: "flat-smoke", Trait: home.Smoke, Kind: home.ZoneFire, Areas: []home.AreaID{"flat"}},
		{ID: "lobby", Trait: home.Contact, Kind: home.ZoneEntry, Areas: []home.AreaID{home.TheHouse, "flat"}},
		{ID: "stairs", Trait: home.Motion, Kind: home.ZoneInterior, Areas: []home.AreaID{home.TheHouse, "flat"}},
	}
	playAreas  = []home.AreaID{home.TheHouse, home.TheHouse, "flat"}
	playModes  = []home.Mode{home.Home, home.Night, home.Away, "guests"}
	playDelays = []time.Duration{
		0, time.Millisecond, time.Second, 9 * time.Second, 29900 * time.Millisecond, 30 * time.Second,
		59 * time.Second, time.Minute, 90 * time.Second, 4 * time.Minute, 7 * time.Hour,
	}
)

func furnished() Panel {
	p := New()
	p, _ = p.Step(midnight, PutArea{Area: home.Area{ID: "flat"}})
	for _, z := range playZones {
		z.Device = home.DeviceID(z.ID)
		p, _ = p.Step(midnight, PutZone{Zone: z})
	}
	p, _ = p.Step(midnight, PutMode{Mode: home.AlarmMode{ID: "guests", Like: home.Home, Silent: true}})
	p, _ = p.Step(midnight, PutCode{Code: home.Code{ID: "anna", Person: "Anna"}, Digest: testDigest("12345")})
	p, _ = p.Step(midnight, PutCode{Code: home.Code{ID: "child", Person: "Child", Only: OnlyArm}, Digest: testDigest("24680")})
	p, _ = p.Step(midnight, PutCode{Code: home.Code{ID: "duress", Person: "Anna", Kind: CodeDuress}, Digest: testDigest("67890")})
	return p
}

func (g *game) turn() {
	g.pass(rapid.SampledFrom(playDelays).Draw(g.t, "pass"))
	switch rapid.SampledFrom([]string{
		"reading", "reading", "reading", "reading", "lost", "calm", "arm", "arm", "disarm", "wrong", "silence",
		"panic", "silent panic", "trouble", "power cut", "clock", "zone", "no right", "settings", "acknowledge", "test", "person",
	}).Draw(g.t, "what") {
	case "reading":
		g.reading(rapid.SampledFrom(playZones).Draw(g.t, "zone"), rapid.Bool().Draw(g.t, "open"))
	case "lost":
		z := rapid.SampledFrom(playZones).Draw(g.t, "zone")
		g.step(Reading{home.DeviceID(z.ID), z.Trait, home.Unknown})
	case "calm":
		for _, z := range playZones {
			if z.Trait != home.Button {
				g.reading(z, false)
			}
		}
	case "arm":
		g.arm()
	case "disarm":
		g.disarm(rapid.SampledFrom([]string{"free", "code", "duress"}).Draw(g.t, "by"))
	case "wrong":
		g.try("00000")
	case "no right":
		g.noRight()
	case "silence":
		g.step(Silence{By: "Anna"})
		if s := g.p.Sounding(g.now); s.On() {
			g.t.Fatalf("silenced and yet %q sounds", s.Pattern)
		}
	case "panic":
		kind := rapid.SampledFrom([]home.ZoneKind{home.ZonePanic, home.ZoneMedical, home.ZoneFire}).Draw(g.t, "kind")
		g.step(Panic{Kind: kind, By: "Anna"})
		if !g.p.Sounding(g.now).On() {
			g.t.Fatalf("help was called and nothing sounds")
		}
	case "silent panic":
		g.secretly(func() []Effect { return g.step(Panic{Kind: home.ZonePanic, Silent: true, By: "Anna"}) })
	case "acknowledge":
		running := len(g.p.st.running)
		g.step(Acknowledge{By: "Anna"})
		if len(g.p.st.memory) > 0 || len(g.p.st.running) != running {
			g.t.Fatalf("acknowledged: %d alarms are remembered, %d run and %d did", len(g.p.st.memory), len(g.p.st.running), running)
		}
	case "test":
		on := rapid.Bool().Draw(g.t, "on")
		idle := g.p.allDisarmed(nil) && len(g.p.st.running) == 0
		if err := answerOf(g.step(Test{On: on, By: "Anna"})); (err != nil) != (on && !idle) {
			g.t.Fatalf("walk test %t in modes %v: %v", on, g.mode, err)
		}
	case "person":
		before := len(g.p.st.running)
		g.step(PersonSeen{Camera: "porch", Area: rapid.SampledFrom(playAreas).Draw(g.t, "area"), At: g.now})
		if len(g.p.st.running) != before {
			g.t.Fatalf("a camera raised an alarm")
		}
	case "trouble":
		g.step(Trouble{home.TroubleItem{Code: "radio-down", Blocks: home.Modes}, rapid.Bool().Draw(g.t, "present")})
	case "settings":
		length := func(name string) home.Duration {
			return home.Duration(rapid.SampledFrom([]time.Duration{0, time.Second, 10 * time.Second, 30 * time.Second, time.Minute}).Draw(g.t, name))
		}
		c := DefaultSettings()
		c.Preset = rapid.SampledFrom([]home.Preset{home.PresetNone, home.PresetUL, home.PresetUL2610, home.PresetEN}).Draw(g.t, "preset")
		c.ExitRestart, c.UnvacatedHome = rapid.Bool().Draw(g.t, "restart"), rapid.Bool().Draw(g.t, "unvacated")
		c.ArmOnClose = rapid.Bool().Draw(g.t, "on close")
		if c.Preset == home.PresetNone {
			c.ExitDelay, c.EntryDelay, c.AbortWindow, c.CancelWindow = length("exit"), length("entry"), length("abort"), length("cancel")
			c.SirenTimeout = 10*home.Duration(time.Second) + length("siren")
			c.Swinger = rapid.IntRange(0, 3).Draw(g.t, "swinger")
			c.OutsideStandard = true
		}
		c.CrossZoneTime = 10*home.Duration(time.Second) + length("cross")
		c.SirenCycles = rapid.IntRange(1, 3).Draw(g.t, "cycles")
		c.StrobeAfter = rapid.Bool().Draw(g.t, "strobe")
		g.figures = g.now
		if err := answerOf(g.step(PutSettings{Settings: c})); (err != nil) != !g.p.allDisarmed(nil) {
			g.t.Fatalf("settings in modes %v: %v", g.mode, err)
		}
	case "power cut":
		g.powerCut()
	case "clock":
		d := time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(g.t, "by")) * time.Second
		left := g.p.Until().Sub(g.now)
		g.now, g.locked, g.figures = g.now.Add(d), g.locked.Add(d), g.figures.Add(d)
		was := g.p.Phase()
		g.step(ClockStepped{d})
		if !g.p.Until().IsZero() && g.p.Until().Sub(g.now) != left {
			g.t.Fatalf("the clock was set and a deadline that was %s away is now %s away", left, g.p.Until().Sub(g.now))
		}
		if g.p.Phase() != was {
			g.t.Fatalf("the clock was set and the phase went from %s to %s", was, g.p.Phase())
		}
	case "zone":
		z := rapid.SampledFrom(playZones).Draw(g.t, "zone")
		z.Device = home.DeviceID(z.ID)
		g.figures = g.now
		if rapid.Bool().Draw(g.t, "delete") {
			err := answerOf(g.step(DeleteZone{ID: z.ID}))
			for _, area := range filled(z).Areas {
				if g.mode[area] != home.Disarmed && err == nil {
					g.t.Fatalf("zone %s was deleted while %s is armed", z.ID, area)
				}
			}
		} else {
			g.step(PutZone{Zone: z})
		}
	}
}

// pass lets time pass, waking the panel as it asks.
func (g *game) pass(d time.Duration) {
	end := g.now.Add(d)
	for {
		until := g.p.Until()
		if until.IsZero() || until.After(end) {
			break
		}
		g.now = until
		g.step(Tick{})
	}
	g.now = end
	g.step(Tick{})
}

func (g *game) reading(z home.Zone, open bool) {
	v := home.Bool(open)
	switch z.Trait {
	case home.Contact:
		v = home.Closed
		if open {
			v = home.Open
		}
	case home.Button:
		v = home.Word("press")
	}
	i, there := g.p.cfg.byID[z.ID]
	news := there && open && (!g.p.st.known.has(i) || !g.p.st.open.has(i))
	if z.Silent && there {
		g.secretly(func() []Effect { return g.step(Reading{home.DeviceID(z.ID), z.Trait, v}) })
		return
	}
	g.step(Reading{home.DeviceID(z.ID), z.Trait, v})
	if news && z.Kind == home.ZoneFire && g.p.Sounding(g.now).Pattern != Temporal3 {
		g.t.Fatalf("smoke, and %q sounds", g.p.Sounding(g.now).Pattern)
	}
}

// secretly does what nobody inside may learn of.
func (g *game) secretly(do func() []Effect) {
	before, seq, rev, sound := shownForm(g.t, g.p), g.p.Seq(), g.p.Revision(), g.p.Sounding(g.now)
	effects := do()
	for _, e := range effects {
		switch e := e.(type) {
		case Answer:
			continue
		case Notice:
			if e.Outside {
				continue
			}
		}
		g.t.Fatalf("a silent call for help shows inside: %s", describe(e))
	}
	if after := shownForm(g.t, g.p); !bytes.Equal(before, after) || g.p.Seq() != seq || g.p.Revision() != rev || g.p.Sounding(g.now) != sound {
		g.t.Fatalf("a silent call for help shows inside:\n%s\n%s", before, after)
	}
}

func (g *game) stand(area home.AreaID) home.AreaState {
	for _, a := range g.p.View(g.now).Areas {
		if a.ID == area {
			return a
		}
	}
	g.t.Fatalf("area %s is gone", area)
	return home.AreaState{}
}

func (g *game) arm() {
	area := rapid.SampledFrom(playAreas).Draw(g.t, "area")
	r := home.ModeRequest{
		Mode: rapid.SampledFrom(playModes).Draw(g.t, "mode"), Area: area,
		Force: rapid.Bool().Draw(g.t, "force"), CodeFree: true, By: "Anna",
		Channel:    rapid.SampledFrom([]home.Channel{home.ByAPI, home.ByKeypad}).Draw(g.t, "channel"),
		ArmOnClose: rapid.Bool().Draw(g.t, "on close"),
	}
	if rapid.Bool().Draw(g.t, "at once") {
		r.ExitDelay = new(home.Duration)
	}
	if rapid.Bool().Draw(g.t, "bypass") {
		r.Bypass = []home.ZoneID{"lobby"}
	}
	ready, was := g.stand(area).Ready[r.Mode], g.mode[area]
	err := answerOf(g.step(SetMode{Request: r}))
	switch {
	case err == nil && was != r.Mode:
		g.mode[area] = r.Mode
	case err != nil && g.stand(area).Mode != was:
		g.t.Fatalf("refused (%v) and yet %s", err, g.stand(area).Mode)
	}
	if err != nil && ready && r.ExitDelay == nil && r.Bypass == nil {
		g.t.Fatalf("ready for %s and yet refused: %v", r.Mode, err)
	}
	if err == nil && !ready && !r.Force && r.Bypass == nil && was != r.Mode {
		g.t.Fatalf("not ready for %s and yet armed", r.Mode)
	}
	g.agree(SetMode{})
}

// agree compares every area's mode with the model's, and what was counted with
// what is there to count.
func (g *game) agree(in Input) {
	anew := g.p
	anew.st.hindrances = hindrances{}
	if kept, there := g.p.hindrances(), anew.hindrances(); !slices.Equal(kept.each, there.each) {
		g.t.Fatalf("after %T zones that keep areas from being armed are counted as %+v, there are %+v", in, kept.each, there.each)
	}
	for a, area := range g.p.cfg.areas {
		if is := g.p.st.stands[a].mode; is != g.mode[area.ID] {
			g.t.Fatalf("%T moved %s from %s to %s", in, area.ID, g.mode[area.ID], is)
		}
	}
}

func (g *game) disarm(by string) {
	area := rapid.SampledFrom(playAreas).Draw(g.t, "area")
	in := SetMode{Request: home.ModeRequest{Mode: home.Disarmed, Area: area, CodeFree: by == "free", By: "Anna"}}
	switch by {
	case "code", "duress":
		in.Code = testDigest("12345")
		// The other code of the same person must do the same in every word.
		a, ea := g.p.Step(g.now, in)
		in.Code = testDigest("67890")
		b, eb := g.p.Step(g.now, in)
		eb = slices.DeleteFunc(eb, func(e Effect) bool { n, ok := e.(Notice); return ok && n.Outside })
		if told(g.t, ea) != told(g.t, eb) || !bytes.Equal(savedForm(g.t, a), savedForm(g.t, b)) {
			g.t.Fatalf("a duress code can be told from another:\n%v\n%v", ea, eb)
		}
		if by == "code" {
			in.Code = testDigest("12345")
		}
	}
	err := answerOf(g.step(in))
	if by != "free" && g.now.Before(g.locked) {
		if err == nil {
			g.t.Fatalf("a code was taken while codes are locked")
		}
		return
	}
	if err != nil {
		g.t.Fatalf("disarming with a right was refused: %v", err)
	}
	if by != "free" {
		g.wrong = 0
	}
	g.mode[area] = home.Disarmed
	v := g.stand(area)
	if v.Mode != home.Disarmed || len(v.Bypassed) > 0 {
		g.t.Fatalf("disarmed, and yet mode %s with bypass %v", v.Mode, v.Bypassed)
	}
	for _, r := range g.p.st.running {
		if r.covers(area) && r.danger() != fire {
			g.t.Fatalf("%s is disarmed, and an alarm of kind %s runs there", area, r.Kind)
		}
	}
	for _, r := range g.p.st.memory {
		if r.covers(area) && r.Flash {
			g.t.Fatalf("%s is disarmed, and the lights of an alarm of kind %s flash on", area, r.Kind)
		}
	}
	g.agree(in)
}

func (g *game) try(digits string) {
	err := answerOf(g.step(SetMode{Request: home.ModeRequest{Mode: home.Disarmed}, Code: testDigest(digits)}))
	if err == nil {
		g.t.Fatalf("a wrong code was taken")
	}
	if g.now.Before(g.locked) {
		return
	}
	if g.wrong++; g.wrong == WrongCodes {
		g.wrong, g.locked = 0, g.now.Add(LockTime)
	}
}

// noRight asks for everything that lowers the guard without a right to it.
func (g *game) noRight() {
	for _, area := range playAreas[1:] {
		if g.mode[area] == home.Disarmed {
			continue
		}
		for _, m := range append([]home.Mode{home.Disarmed}, playModes...) {
			before := g.p
			err := answerOf(g.step(SetMode{Request: home.ModeRequest{Mode: m, Area: area, Channel: home.ByKeypad, Force: true}, Code: testDigest("24680")}))
			if !g.p.Alike(before) {
				g.t.Fatalf("a code that may only arm asked for %s of %s (%v) and changed it", m, area, err)
			}
		}
		if !g.now.Before(g.locked) {
			g.wrong = 0 // it is a right code all the same
		}
	}
	for _, ch := range []home.Channel{home.ByAPI, home.ByMQTT, home.ByKeypad, home.ByHomeKit, home.ByRule} {
		for _, area := range playAreas[1:] {
			mode := g.mode[area]
			if err := answerOf(g.step(SetMode{Request: home.ModeRequest{Mode: home.Disarmed, Area: area, Channel: ch}})); err == nil {
				g.t.Fatalf("%s disarmed %s without a right", ch, area)
			}
			for _, m := range playModes {
				if mode != home.Disarmed && m != mode {
					if err := answerOf(g.step(SetMode{Request: home.ModeRequest{Mode: m, Area: area, Channel: ch, Force: true}})); err == nil {
						g.t.Fatalf("%s went from %s to %s without a right", ch, mode, m)
					}
				}
			}
		}
	}
}

// powerCut puts back what was saved, with or without time in the dark.
func (g *game) powerCut() {
	before := g.p
	b := savedForm(g.t, g.p)
	var p Panel
	if err := json.Unmarshal(b, &p); err != nil {
		g.t.Fatalf("a saved panel is refused: %v", err)
	}
	if again := savedForm(g.t, p); !bytes.Equal(b, again) {
		g.t.Fatalf("saved and loaded differ:\n%s\n%s", b, again)
	}
	g.p = p
	dark := rapid.SampledFrom(playDelays).Draw(g.t, "dark")
	g.now = g.now.Add(dark)
	g.step(Resumed{})
	if dark == 0 {
		soon := slices.ContainsFunc(before.st.stands, func(st stand) bool { return !st.closing.IsZero() })
		if g.p.Phase() != before.Phase() || !soon && !before.testing() && !g.p.Until().Equal(before.Until()) {
			g.t.Fatalf("went on in phase %s until %s, was %s until %s", g.p.Phase(), g.p.Until(), before.Phase(), before.Until())
		}
		if is, was := g.p.Sounding(g.now), before.Sounding(g.now); is != was {
			g.t.Fatalf("%v sounds, before the cut %v", is, was)
		}
	}
	for _, st := range before.st.stands {
		if st.watch == home.PhaseEntry && !g.now.Before(st.until) && g.p.Phase() != home.PhaseAlarm {
			g.t.Fatalf("the entry delay ran out in the dark and the phase is %s", g.p.Phase())
		}
	}
	v := g.p.View(g.now)
	for _, z := range g.p.Zones() {
		if !z.Kind.AlwaysOn() && !slices.Contains(v.Open, z.ID) {
			g.t.Fatalf("zone %s has not spoken since the cut and counts as closed", z.ID)
		}
	}
}

// unvacated lets the model follow an arming at a keypad that nobody left by a door.
func (g *game) unvacated(area home.AreaID, before, next Panel, a int) {
	if a >= len(before.st.stands) || next.st.stands[a].mode != home.Home || g.mode[area] != home.Away {
		return
	}
	was := before.st.stands[a]
	if was.watch == home.PhaseArming && was.atKeypad && was.exit == exitUnused && before.cfg.settings.UnvacatedHome {
		g.mode[area] = home.Home
	}
}

// seconds checks what keypads count along with.
func (g *game) seconds(in Input, before Panel, effects []Effect) {
	due := before.nextDue()
	passing := len(effects) > 0 && (due.kind == dueNothing || due.at.After(g.now))
	for _, e := range effects {
		i, ok := e.(Indication)
		passing = passing && ok && i.Passing
		if ok && i.Hurry != (i.Seconds > 0 && i.Seconds <= 10) {
			g.t.Fatalf("%d s are left and hurry is %t", i.Seconds, i.Hurry)
		}
	}
	if _, tick := in.(Tick); tick && passing && (g.p.Revision() != before.Revision() || g.p.Seq() != before.Seq()) {
		g.t.Fatalf("a second passed and the panel says that it changed")
	}
	for a, st := range g.p.st.stands {
		if st.closing.IsZero() {
			continue
		}
		for i, z := range g.p.cfg.zones {
			if z.Kind == home.ZoneEntry && g.p.cfg.in[a].has(i) && !g.p.leftOutOf(i) && g.p.cfg.uses(st.mode, i) &&
				(!g.p.st.known.has(i) || g.p.st.open.has(i)) {
				g.t.Fatalf("%T: %s is not closed and is to end the exit delay at %s", in, z.ID, st.closing)
			}
		}
	}
}

// step steps the panel and checks what holds after every step.
func (g *game) step(in Input) []Effect {
	before := g.p
	var savedBefore []byte
	g.steps++
	look := g.steps%11 == 0 // these two looks cost more than all else
	if look {
		savedBefore = savedForm(g.t, before)
	}
	next, effects := before.Step(g.now, in)
	if look && !bytes.Equal(savedBefore, savedForm(g.t, before)) {
		g.t.Fatalf("%T changed the panel that was stepped", in)
	}
	g.p = next
	for a, area := range next.cfg.areas {
		g.unvacated(area.ID, before, next, a)
	}
	if _, ok := in.(SetMode); !ok || answerOf(effects) != nil {
		g.agree(in)
	}
	g.seconds(in, before, effects)
	if until := next.Until(); !until.IsZero() && !until.After(g.now) {
		g.t.Fatalf("%T left a deadline behind: %s at %s", in, until, g.now)
	}
	if d := next.nextDue(); d.kind < dueSwing && d.at.Sub(g.now) > 20*time.Minute || d.at.Sub(g.now) > swingTime {
		g.t.Fatalf("%T set a deadline that never comes: %s", in, next.Until())
	}
	b, n := before.st, next.st
	_, clock := in.(ClockStepped)
	for a := range n.stands {
		is, was := n.stands[a], b.stands[a]
		if was.watch == is.watch && !was.until.IsZero() && is.until.After(was.until) && is.exit != exitRestarted && !clock && was.mode == is.mode {
			g.t.Fatalf("%T moved a %s deadline from %s to %s", in, was.watch, was.until, is.until)
		}
		if n.rev == b.rev && (is.mode != was.mode || is.watch != was.watch || !is.until.Equal(was.until)) {
			g.t.Fatalf("%T changed what must be saved and the revision stayed", in)
		}
	}
	type place struct {
		danger danger
		areas  string
	}
	dangers := map[place]bool{}
	for _, r := range n.running {
		at := place{r.danger(), fmt.Sprint(r.Areas)}
		if dangers[at] {
			g.t.Fatalf("two alarms of kind %s run", r.Kind)
		}
		dangers[at] = true
		// With an arming that still lasts in the model, SetMode ends what it may.
		if next.allDisarmed(r.Areas) && r.danger() == burglary && r.Zone != "safe" {
			g.t.Fatalf("disarmed, and a burglary alarm of %s runs", r.Zone)
		}
	}
	lines, sirens := 0, 0
	for _, e := range effects {
		switch e := e.(type) {
		case Line:
			lines++
		case Siren:
			sirens++
		case Notice:
			g.told(in, e, slices.Concat(b.running, b.memory), slices.Concat(n.running, n.memory, b.running, b.memory))
		}
	}
	if sirens > 1 {
		g.t.Fatalf("%T commands the sirens %d times", in, sirens)
	}
	if next.testing() && slices.ContainsFunc(n.running, func(r trip) bool { return r.danger() == burglary || r.danger() == tamper }) {
		g.t.Fatalf("%T: a burglary alarm in a walk test", in)
	}
	if next.testing() && !next.allDisarmed(nil) {
		g.t.Fatalf("%T: armed in a walk test", in)
	}
	is, was := next.Sounding(g.now), before.Sounding(b.at)
	if _, resumed := in.(Resumed); is.On() && is.ID != was.ID && lines == 0 && !resumed {
		// A less pressing alarm may be heard once a louder one has ended, which has its own line.
		g.t.Fatalf("%T: %v sounds without a line", in, is)
	}
	if !is.On() && was.On() && lines == 0 && !clock {
		g.t.Fatalf("%T: the siren went silent without a line", in)
	}
	if n.rev == b.rev && len(n.running) != len(b.running) {
		g.t.Fatalf("%T changed what must be saved and the revision stayed", in)
	}
	if look && n.seq == b.seq {
		if v, w := shownForm(g.t, before), shownForm(g.t, next); !bytes.Equal(v, w) {
			g.t.Fatalf("%T changed what faces see and the seq stayed:\n%s\n%s", in, v, w)
		}
	}
	return effects
}

// told checks that news of an alarm is of one that there is, and comes no sooner
// than its abort window allows. Of one that was told before, it was checked then:
// a zone without the window may have had it told.
func (g *game) told(in Input, n Notice, before, trips []trip) {
	if n.Outside || n.Alarm == "" {
		return
	}
	if slices.ContainsFunc(before, func(r trip) bool { return r.Kind == n.Alarm && r.Zone == n.Zone && r.Reported }) {
		return
	}
	cash, _ := in.(Reading)
	for _, r := range trips {
		if r.Kind != n.Alarm || r.Zone != n.Zone || !r.Reported {
			continue
		}
		atOnce := !r.danger().aborts() || r.Zone == "cash" || cash.Device == "cash" || !r.Since.After(g.figures)
		if wait := time.Duration(g.p.Settings().AbortWindow); atOnce || g.now.Sub(r.Since) >= wait {
			return
		}
	}
	g.t.Fatalf("%T: %q is told of no alarm, or within its abort window", in, n.Text)
}

func answerOf(effects []Effect) error {
	for _, e := range effects {
		if a, ok := e.(Answer); ok {
			return a.Err
		}
	}
	return nil
}

func savedForm(t *rapid.T, p Panel) []byte {
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shownForm(t *rapid.T, p Panel) []byte {
	b, err := json.Marshal(p.View(midnight))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// told is everything that effects say.
func told(t *rapid.T, effects []Effect) string {
	var all []byte
	for _, e := range effects {
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		all = fmt.Appendf(all, "%s %s %t\n", b, describe(e), e.Retreat())
	}
	return string(all)
}
