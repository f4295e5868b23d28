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
		g := &game{t: t, p: house, now: midnight, mode: home.Disarmed}
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
	mode home.Mode // as people asked for

	locked time.Time
	wrong  int

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
	}
	playDelays = []time.Duration{
		0, time.Millisecond, time.Second, 9 * time.Second, 29900 * time.Millisecond, 30 * time.Second,
		59 * time.Second, time.Minute, 90 * time.Second, 4 * time.Minute, 7 * time.Hour,
	}
)

func furnished() Panel {
	p := New()
	for _, z := range playZones {
		z.Device = home.DeviceID(z.ID)
		p, _ = p.Step(midnight, PutZone{Zone: z})
	}
	p, _ = p.Step(midnight, PutCode{Code: home.Code{ID: "anna", Person: "Anna"}, Digest: testDigest("12345")})
	p, _ = p.Step(midnight, PutCode{Code: home.Code{ID: "duress", Person: "Anna", Kind: CodeDuress}, Digest: testDigest("67890")})
	return p
}

func (g *game) turn() {
	g.pass(rapid.SampledFrom(playDelays).Draw(g.t, "pass"))
	switch rapid.SampledFrom([]string{
		"reading", "reading", "reading", "reading", "calm", "arm", "arm", "disarm", "wrong", "silence",
		"panic", "trouble", "power cut", "clock", "zone", "no right", "settings",
	}).Draw(g.t, "what") {
	case "reading":
		g.reading(rapid.SampledFrom(playZones).Draw(g.t, "zone"), rapid.Bool().Draw(g.t, "open"))
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
	case "trouble":
		g.step(Trouble{home.TroubleItem{Code: "radio-down", Blocks: home.Modes}, rapid.Bool().Draw(g.t, "present")})
	case "settings":
		length := func(name string) home.Duration {
			return home.Duration(rapid.SampledFrom([]time.Duration{0, time.Second, 10 * time.Second, 30 * time.Second, time.Minute}).Draw(g.t, name))
		}
		c := home.AlarmSettings{
			ExitDelay: length("exit"), EntryDelay: length("entry"), AbortWindow: length("abort"),
			SirenTimeout: 10*home.Duration(time.Second) + length("siren"), Swinger: rapid.IntRange(0, 3).Draw(g.t, "swinger"),
			OutsideStandard: true,
		}
		if err := answerOf(g.step(PutSettings{Settings: c})); (err != nil) != (g.mode != home.Disarmed) {
			g.t.Fatalf("settings in mode %s: %v", g.mode, err)
		}
	case "power cut":
		g.powerCut()
	case "clock":
		d := time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(g.t, "by")) * time.Second
		left := g.p.Until().Sub(g.now)
		g.now, g.locked = g.now.Add(d), g.locked.Add(d)
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
		if rapid.Bool().Draw(g.t, "delete") {
			err := answerOf(g.step(DeleteZone{ID: z.ID}))
			if g.mode != home.Disarmed && err == nil {
				g.t.Fatalf("zone %s was deleted while armed", z.ID)
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
	g.step(Reading{home.DeviceID(z.ID), z.Trait, v})
	if news && z.Kind == home.ZoneFire && g.p.Sounding(g.now).Pattern != Temporal3 {
		g.t.Fatalf("smoke, and %q sounds", g.p.Sounding(g.now).Pattern)
	}
}

func (g *game) arm() {
	r := home.ModeRequest{
		Mode:  rapid.SampledFrom(home.Modes).Draw(g.t, "mode"),
		Force: rapid.Bool().Draw(g.t, "force"), CodeFree: true, By: "Anna",
	}
	if rapid.Bool().Draw(g.t, "at once") {
		r.ExitDelay = new(home.Duration)
	}
	if rapid.Bool().Draw(g.t, "bypass") {
		r.Bypass = []home.ZoneID{"window"}
	}
	ready, was := g.p.View(g.now).Ready[r.Mode], g.mode
	err := answerOf(g.step(SetMode{Request: r}))
	switch {
	case err == nil && was != r.Mode:
		g.mode = r.Mode
	case err != nil && g.p.Mode() != was:
		g.t.Fatalf("refused (%v) and yet %s", err, g.p.Mode())
	}
	if err != nil && ready && r.ExitDelay == nil && r.Bypass == nil {
		g.t.Fatalf("ready for %s and yet refused: %v", r.Mode, err)
	}
	if err == nil && !ready && !r.Force && r.Bypass == nil && was != r.Mode {
		g.t.Fatalf("not ready for %s and yet armed", r.Mode)
	}
}

func (g *game) disarm(by string) {
	in := SetMode{Request: home.ModeRequest{Mode: home.Disarmed, CodeFree: by == "free", By: "Anna"}}
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
	g.mode = home.Disarmed
	v := g.p.View(g.now)
	if v.Mode != home.Disarmed || len(v.Bypassed) > 0 {
		g.t.Fatalf("disarmed, and yet mode %s with bypass %v", v.Mode, v.Bypassed)
	}
	if s := g.p.Sounding(g.now); s.On() && s.Pattern != Temporal3 {
		g.t.Fatalf("disarmed, and %q sounds", s.Pattern)
	}
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
	for _, ch := range []home.Channel{home.ByAPI, home.ByMQTT, home.ByKeypad, home.ByHomeKit, home.ByRule} {
		if err := answerOf(g.step(SetMode{Request: home.ModeRequest{Mode: home.Disarmed, Channel: ch}})); err == nil {
			g.t.Fatalf("%s disarmed without a right", ch)
		}
		for _, m := range home.Modes {
			if g.mode != home.Disarmed && m != g.mode {
				if err := answerOf(g.step(SetMode{Request: home.ModeRequest{Mode: m, Channel: ch, Force: true}})); err == nil {
					g.t.Fatalf("%s went from %s to %s without a right", ch, g.mode, m)
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
		if g.p.Phase() != before.Phase() || !g.p.Until().Equal(before.Until()) {
			g.t.Fatalf("went on in phase %s until %s, was %s until %s", g.p.Phase(), g.p.Until(), before.Phase(), before.Until())
		}
		if is, was := g.p.Sounding(g.now), before.Sounding(g.now); is != was {
			g.t.Fatalf("%v sounds, before the cut %v", is, was)
		}
	}
	if before.st.watch == home.PhaseEntry && !g.now.Before(before.st.until) && g.p.Phase() != home.PhaseAlarm {
		g.t.Fatalf("the entry delay ran out in the dark and the phase is %s", g.p.Phase())
	}
	v := g.p.View(g.now)
	for _, z := range g.p.Zones() {
		if !z.Kind.AlwaysOn() && !slices.Contains(v.Open, z.ID) {
			g.t.Fatalf("zone %s has not spoken since the cut and counts as closed", z.ID)
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
	if next.Mode() != g.mode {
		if _, ok := in.(SetMode); !ok || answerOf(effects) != nil {
			g.t.Fatalf("%T moved the mode from %s to %s", in, g.mode, next.Mode())
		}
	}
	if until := next.Until(); !until.IsZero() && !until.After(g.now) {
		g.t.Fatalf("%T left a deadline behind: %s at %s", in, until, g.now)
	}
	if !next.Until().IsZero() && next.Until().Sub(g.now) > 16*time.Minute {
		g.t.Fatalf("%T set a deadline that never comes: %s", in, next.Until())
	}
	b, n := before.st, next.st
	_, clock := in.(ClockStepped)
	if b.watch == n.watch && !b.until.IsZero() && n.until.After(b.until) && n.exit != exitRestarted && !clock && b.mode == n.mode {
		g.t.Fatalf("%T moved a %s deadline from %s to %s", in, b.watch, b.until, n.until)
	}
	dangers := map[danger]bool{}
	for _, r := range n.running {
		if dangers[r.danger()] {
			g.t.Fatalf("two alarms of kind %s run", r.Kind)
		}
		dangers[r.danger()] = true
		// With an arming that still lasts in the model, SetMode ends what it may.
		if n.mode == home.Disarmed && r.danger() == burglary && r.Zone != "safe" {
			g.t.Fatalf("disarmed, and a burglary alarm of %s runs", r.Zone)
		}
	}
	lines := 0
	for _, e := range effects {
		if _, ok := e.(Line); ok {
			lines++
		}
	}
	is, was := next.Sounding(g.now), before.Sounding(b.at)
	if _, resumed := in.(Resumed); is.On() && is.ID != was.ID && lines == 0 && !resumed {
		// A less pressing alarm may be heard once a louder one has ended, which has its own line.
		g.t.Fatalf("%T: %v sounds without a line", in, is)
	}
	if !is.On() && was.On() && lines == 0 && !clock {
		g.t.Fatalf("%T: the siren went silent without a line", in)
	}
	if n.rev == b.rev && (n.mode != b.mode || n.watch != b.watch || !n.until.Equal(b.until) || len(n.running) != len(b.running)) {
		g.t.Fatalf("%T changed what must be saved and the revision stayed", in)
	}
	if look && n.seq == b.seq {
		if v, w := shownForm(g.t, before), shownForm(g.t, next); !bytes.Equal(v, w) {
			g.t.Fatalf("%T changed what faces see and the seq stayed:\n%s\n%s", in, v, w)
		}
	}
	return effects
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
