package soak

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
)

var errDuress = errors.New("a code under duress can be told from another")

// fate throws what befalls the house in its life.
func (l *life) fate() {
	l.mayCut = true
	l.often(10, func() { l.blackout() })
	l.often(6, l.mainsFail)
	l.often(5, l.stickOut)
	l.often(40, func() { l.storms(int(l.within(10*time.Second, 40*time.Second) / (5 * time.Millisecond))) })
	l.often(5, func() { l.jams(l.within(5*time.Minute, 40*time.Minute)) })
	l.often(10, l.clockStepped)
	l.often(12, l.guestComes)
	l.often(6, l.ownerTinkers)
	l.often(3, l.goesOnHoliday)
	l.often(1, l.plumber)
	l.often(4, func() { l.key(home.TheHouse, l.codes["Cara"], home.Disarmed, false) }) // hers arms only
	l.often(8, l.walksThrough)
	l.often(2, func() { l.hub.take(alarm.Panic{Kind: home.ZonePanic, Silent: true, By: "Oma", Channel: home.ByAPI}) })
	l.often(60, func() { l.hub.take(alarm.Acknowledge{By: "Ben"}) })

	for _, b := range burglaries {
		l.often(3, func() { l.burgle(b, 300) })
	}
	for _, z := range []home.ZoneID{"kitchen-smoke", "hall-smoke", "attic-smoke", "studio-smoke"} {
		l.often(2, func() { l.burns(z) })
	}
	for _, z := range []home.ZoneID{"boiler-co", "stove-gas", "bath-leak", "washer-leak", "safe"} {
		l.often(2, func() { l.endangers(z) })
	}
	l.often(1, func() {
		l.count("panic")
		l.calls(alarm.Panic{Kind: home.ZonePanic, By: "Oma", Channel: home.ByAPI})
	})
	l.often(1, func() { l.calls(alarm.Panic{Kind: home.ZoneFire, By: "Cara", Channel: home.ByKeypad}) })
	l.often(2, func() { l.press("pendant") })
	l.often(1, func() { l.press("bedside") })
	l.often(2, func() { l.press("purse") })
	l.often(12, func() { l.cat(5) })
}

// calls calls for help, which is heard at once.
func (l *life) calls(in alarm.Panic) {
	if l.hub.take(in) == nil && !l.hub.panel.Sounding(l.hub.wall()).On() {
		l.hub.object(fmt.Errorf("%s was called for and nothing sounds", in.Kind))
	}
}

func (l *life) mainsFail() {
	l.count("mains failures on battery")
	l.trouble(health.MainsLost, "", true)
	l.after(l.within(time.Minute, 5*time.Hour), func() { l.trouble(health.MainsLost, "", false) })
}

func (l *life) stickOut() {
	l.count("stick unplugged")
	l.stick = false
	l.after(2*time.Second, func() { l.trouble(health.RadioDown, "", true) })
	l.after(l.within(30*time.Second, time.Hour), func() {
		l.stick, l.since = true, l.now
		l.trouble(health.RadioDown, "", false)
	})
}

// storms is a radio on which everybody speaks at once: 200 reports a second.
func (l *life) storms(left int) {
	if left == 0 {
		l.count("radio storms")
		return
	}
	s := l.devices[l.dice.IntN(len(l.devices))].sensors[0]
	if s.Trait != home.Button && l.hub.on && l.stick && !l.jam && !s.on.mute && s.on.battery > 0 {
		l.heard(s.on)
		l.hub.take(alarm.Reading{Device: s.Device, Trait: s.Trait, Value: s.says(s.open || s.stuck)})
	}
	l.after(5*time.Millisecond, func() { l.storms(left - 1) })
}

// jams fills the air. The hub hears that within the window that it listens for.
func (l *life) jams(lasts time.Duration) {
	if l.jam {
		return
	}
	l.count("jammed")
	l.jam = true
	began, found := l.now, false
	l.after(lasts, func() { l.jam = false })
	var air supervision.Air
	var listen func()
	listen = func() {
		if !l.hub.on || !l.stick {
			found = true // it was not there to hear
			return
		}
		noise := []int{-98, -101, -97}
		if l.jam {
			noise[1] = -55
		}
		air.Listened(l.now, noise)
		_, jammed := air.Jammed()
		if jammed && !found {
			found = true
			l.trouble(health.RFJamming, "", true)
		}
		if !found && l.now.Sub(began) > 2*supervision.JamFor+supervision.ListenIdle {
			l.hub.object(fmt.Errorf("the air is jammed since %s and nobody has noticed", began))
		}
		if found && !jammed && !l.jam {
			l.trouble(health.RFJamming, "", false)
			return
		}
		l.after(air.Next(), listen)
	}
	listen()
}

// clockStepped sets the hub's clock wrong, and right again.
func (l *life) clockStepped() {
	l.count("clock set wrong")
	l.hub.setClock(l.within(-3*time.Hour, 3*time.Hour))
	l.after(l.within(10*time.Second, 2*time.Hour), func() { l.hub.setClock(0) })
}

// guestComes is a guest whose code is good twice, and a third time is tried.
func (l *life) guestComes() {
	l.guest++
	name := "Guest " + strconv.Itoa(l.guest)
	l.codes[name] = strconv.Itoa(800000 + l.guest)
	twice, ends := 2, home.At(l.hub.wall().Add(72*time.Hour))
	c := home.Code{ID: "guest-" + strconv.Itoa(l.guest), Person: name, Kind: alarm.CodeGuest, UsesLeft: &twice, Expires: &ends}
	if l.hub.take(alarm.PutCode{Code: c, Digest: digits(l.codes[name]), By: "Anna"}) != nil {
		return
	}
	l.count("guests")
	for range 3 {
		l.after(l.within(time.Hour, 60*time.Hour), func() {
			if l.mode(home.TheHouse) != home.Disarmed {
				l.opens("front-door", 5*time.Second)
				l.enters(name, home.TheHouse, 3)
			}
		})
	}
	l.after(80*time.Hour, func() {
		l.key(home.TheHouse, l.codes[name], home.Disarmed, false) // is over
		l.hub.take(alarm.DeleteCode{ID: c.ID, By: "Anna"})
	})
}

// ownerTinkers changes what may be changed, and tries what may not.
func (l *life) ownerTinkers() {
	l.count("owner changed settings")
	s := l.hub.panel.Settings()
	s.Swinger = 1 + l.dice.IntN(3)
	s.SirenTimeout = home.Duration([]time.Duration{2 * time.Minute, 4 * time.Minute, 10 * time.Minute}[l.dice.IntN(3)])
	s.AbortWindow = home.Duration([]time.Duration{15 * time.Second, 30 * time.Second}[l.dice.IntN(2)])
	s.ArmOnClose, s.ExitRestart, s.UnvacatedHome = l.chance(0.3), l.chance(0.8), l.chance(0.8)
	if class(l.hub.take(alarm.PutSettings{Settings: s, By: "Anna"})) == "conflict" {
		l.count("changes refused while armed")
	}
	shed := l.sensors["shed"].Zone
	l.hub.take(alarm.DeleteZone{ID: shed.ID, By: "Anna"})
	l.after(time.Hour, func() {
		l.hub.take(alarm.PutZone{Zone: shed, By: "Anna"})
		l.speak(l.sensors["shed"].on)
	})
}

func (l *life) goesOnHoliday() {
	if l.holiday {
		return
	}
	l.count("holidays")
	back := l.within(4*24*time.Hour, 12*24*time.Hour)
	for _, p := range family[1:] {
		l.in[p] = false
	}
	l.holiday = true
	l.arms("Anna", home.Away, 0, func() { l.out("Anna") })
	l.after(back, func() {
		l.holiday = false
		for _, p := range family {
			l.after(l.within(0, time.Hour), func() { l.returns(p) })
		}
	})
}

// plumber is an installer, whose code begins and ends walk tests, and neither
// arms nor disarms.
func (l *life) plumber() {
	ends := home.At(l.hub.wall().Add(20 * time.Hour))
	c := home.Code{ID: "plumber", Person: "Plumber", Kind: alarm.CodeInstaller, Expires: &ends}
	l.hub.take(alarm.PutCode{Code: c, Digest: digits("55555"), By: "Anna"})
	for range 3 {
		l.after(l.within(time.Hour, 30*time.Hour), func() { l.key(home.TheHouse, "55555", home.Disarmed, false) })
	}
}

// walksThrough is a walk test: every sensor is tried, and one of them is smoke.
func (l *life) walksThrough() {
	if l.hub.take(alarm.Test{On: true, By: "Ben"}) != nil {
		l.count("walk tests refused")
		return
	}
	l.count("walk tests")
	for i, id := range []home.ZoneID{"front-door", "kitchen-window", "hall", "safe", "keypad-lid", "shed"} {
		l.after(time.Duration(i)*20*time.Second, func() { l.opens(id, 5*time.Second) })
	}
	if l.chance(0.5) {
		l.after(3*time.Minute, func() { l.hub.take(alarm.Test{By: "Ben"}) })
	}
}

// cat walks about in an empty house.
func (l *life) cat(steps int) {
	if steps == 0 {
		return
	}
	if l.mode(home.TheHouse) == home.Away && !l.anybody() {
		l.count("cat seen while away")
		l.opens("stairs", 40*time.Second)
	}
	l.after(l.within(6*time.Minute, 30*time.Minute), func() { l.cat(steps - 1) })
}

// burglary is a way to break in. The first zone is the one that must be heard.
type burglary struct {
	name   string
	area   home.AreaID
	path   []home.ZoneID
	before func(*life)
}

var burglaries = []burglary{
	{"through the door", home.TheHouse, []home.ZoneID{"front-door", "hall", "living", "safe"}, nil},
	{"through a window", home.TheHouse, []home.ZoneID{"kitchen-window", "living", "hall"}, nil},
	{"through the glass", home.TheHouse, []home.ZoneID{"living-glass", "living"}, nil},
	{"through the cellar", home.TheHouse, []home.ZoneID{"cellar-hatch", "cellar", "stairs"}, nil},
	{"through the back door", home.TheHouse, []home.ZoneID{"back-door", "living"}, nil},
	{"tears the keypad off", home.TheHouse, []home.ZoneID{"keypad-lid", "front-door", "hall"}, nil},
	{"in the studio", studio, []home.ZoneID{"studio-window", "studio-motion"}, nil},
	{"cuts the mains first", home.TheHouse, []home.ZoneID{"study-window", "hall"}, (*life).blackout},
	{"jams first", home.TheHouse, []home.ZoneID{"study-window", "hall"}, func(l *life) { l.jams(10 * time.Minute) }},
	{"guesses codes", home.TheHouse, []home.ZoneID{"front-door", "hall"}, func(l *life) {
		for i := range 5 {
			l.after(time.Duration(8+3*i)*time.Second, func() { l.key(home.TheHouse, strconv.Itoa(10000+i), home.Disarmed, false) })
		}
	}},
	{"forces somebody", home.TheHouse, []home.ZoneID{"front-door", "hall"}, func(l *life) {
		l.after(15*time.Second, func() {
			if l.key(home.TheHouse, "99999", home.Disarmed, false) == nil && !l.reported["duress "].Equal(l.now) {
				l.hub.object(errors.New("nobody outside learns of duress"))
			}
		})
	}},
}

// burgle waits until the area is armed, and breaks in.
func (l *life) burgle(b burglary, tries int) {
	if l.phase(b.area) != home.PhaseArmed {
		if tries > 0 {
			l.after(l.within(5*time.Minute, 20*time.Minute), func() { l.burgle(b, tries-1) })
		}
		return
	}
	l.count("burglar " + b.name)
	l.after(l.within(time.Minute, 20*time.Minute), func() {
		l.hub.take(alarm.PersonSeen{Camera: "camera-porch", At: l.hub.wall()})
	})
	if b.before != nil {
		b.before(l)
	}
	wait := l.within(0, 5*time.Second)
	for i, id := range b.path {
		l.after(wait, func() {
			if i == 0 {
				l.mustBeHeard(b.name, l.sensors[id])
			}
			l.opens(id, l.within(time.Minute, 20*time.Minute))
		})
		wait += l.within(2*time.Second, 20*time.Second)
	}
}

// mustBeHeard follows an incident to its end, by what left the house alone: who
// breaks in where the house is watched is heard after the entry delay at the
// latest, and told of when the abort window is over, unless somebody disarmed.
func (l *life) mustBeHeard(what string, s *sensor) {
	if reason := l.unheard(s); reason != "" {
		l.count("not heard: " + reason)
		return
	}
	began := l.now
	set := l.hub.panel.Settings()
	delay := time.Duration(0)
	if s.Kind == home.ZoneEntry {
		delay = time.Duration(set.EntryDelay)
	}
	const slack = 8 * time.Second // a report may be lost twice, or overtaken
	excused := func() bool { return !l.disarmed.Before(began) || !l.cut.Before(began) }
	l.after(delay+slack, func() {
		if l.rung.Before(began) && !excused() {
			l.hub.object(fmt.Errorf("burglar %s at %s: nothing sounds after %s", what, began, delay+slack))
		}
	})
	l.after(delay+slack+time.Duration(set.AbortWindow), func() {
		kind := "alarm burglary"
		if s.Kind == home.ZoneTamper {
			kind = "alarm tamper"
		}
		if l.reported[kind].Before(began) && !excused() {
			l.hub.object(fmt.Errorf("burglar %s at %s: nobody was told", what, began))
		}
		l.count("burglaries followed to their end")
	})
}

// unheard is why a sensor would not be heard, "" when it would.
func (l *life) unheard(s *sensor) string {
	v := l.hub.panel.View(l.hub.wall())
	a := v.Areas[slices.IndexFunc(v.Areas, func(a home.AreaState) bool { return slices.Contains(s.Areas, a.ID) })]
	switch {
	case !l.hub.on:
		return "the hub is dark"
	case !l.stick:
		return "the stick is out"
	case l.jam:
		return "the air is jammed"
	case s.on.mute || s.on.battery <= 0:
		return "the sensor is dead"
	case s.slow:
		return "the sensor is slow"
	case s.open || s.chatter || slices.Contains(v.Open, s.ID):
		return "it is open already"
	case l.hub.panel.View(l.hub.wall()).Test != nil:
		return "a walk test runs"
	case l.hub.oracle.area(a.ID).rounds >= l.hub.panel.Settings().SirenCycles:
		return "the sirens have sounded often enough"
	case a.Phase == home.PhaseAlarm:
		return "an alarm runs already"
	case s.Kind.AlwaysOn():
		return ""
	case a.Mode == home.Disarmed || !slices.Contains(s.Modes, a.Mode):
		return "the mode does not look"
	case slices.Contains(a.Bypassed, s.ID):
		return "it was left out"
	case l.hub.oracle.worn(s.ID, 0):
		return "it was wrong too often"
	default:
		return ""
	}
}

// burns is a fire, or a pan on the stove. Smoke is heard at once, whatever else.
func (l *life) burns(id home.ZoneID) {
	s := l.sensors[id]
	l.count("fires")
	began, heard := l.now, l.unheard(s)
	real := l.chance(0.4)
	lasts := l.within(time.Minute, 6*time.Minute)
	if real {
		lasts = l.within(10*time.Minute, 50*time.Minute)
		l.after(2*time.Minute, func() { l.opens("hall-smoke", lasts) })
		l.after(3*time.Minute, func() { l.opens("front-door", time.Minute) }) // everybody out
	}
	l.opens(id, lasts)
	if heard == "an alarm runs already" || heard == "a walk test runs" || heard == "the sirens have sounded often enough" { // which is no reason
		heard = ""
	}
	if heard != "" {
		l.count("not heard: " + heard)
		return
	}
	l.after(8*time.Second, func() {
		sound := l.hub.panel.Sounding(l.hub.wall())
		if sound.Pattern != alarm.Temporal3 && l.silenced.Before(began) && l.cut.Before(began) {
			l.hub.object(fmt.Errorf("it burns since %s at %s and %q sounds", began, id, sound.Pattern))
		}
		if l.reported["alarm fire"].Before(began) && l.cut.Before(began) && l.silenced.Before(began) && !l.hub.oracle.hasRun("fire") {
			l.hub.object(fmt.Errorf("it burns since %s at %s and nobody was told", began, id))
		}
		l.count("fires followed to their end")
	})
}

// endangers is carbon monoxide, gas, water, or somebody at the safe.
func (l *life) endangers(id home.ZoneID) {
	l.count("danger: " + string(id))
	l.opens(id, l.within(time.Minute, 30*time.Minute))
}
