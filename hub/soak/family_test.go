package soak

import (
	"slices"
	"strconv"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/home"
)

const rule = "Rule Last one out"

func (l *life) mode(a home.AreaID) home.Mode   { return l.stand(a).Mode }
func (l *life) phase(a home.AreaID) home.Phase { return l.stand(a).Phase }

func (l *life) stand(a home.AreaID) home.AreaState {
	v := l.hub.panel.View(l.hub.wall())
	return v.Areas[slices.IndexFunc(v.Areas, func(s home.AreaState) bool { return s.ID == a })]
}

func (l *life) anybody() bool {
	return slices.ContainsFunc(family, func(p string) bool { return l.in[p] })
}

// key is somebody at a keypad.
func (l *life) key(a home.AreaID, code string, m home.Mode, force bool) error {
	in := alarm.SetMode{Device: "zwave-keypad", Request: home.ModeRequest{Mode: m, Area: a, Force: force, Channel: home.ByKeypad}}
	if code != "" {
		in.Code = digits(code)
	}
	if m == home.Disarmed && code == l.codes["Anna"] && l.chance(0.3) {
		l.alike(in)
	}
	err := l.hub.take(in)
	if err == nil && m == home.Disarmed {
		l.disarmed = l.now
	}
	return err
}

// alike holds a disarming under duress against any other: nothing that anybody
// inside could see may differ.
func (l *life) alike(in alarm.SetMode) {
	if !l.hub.on {
		return
	}
	under := in
	under.Code = digits("99999")
	p, said := l.hub.step(l.hub.panel, l.hub.wall(), in)
	q, saidToo := l.hub.step(l.hub.panel, l.hub.wall(), under)
	saidToo = slices.DeleteFunc(saidToo, func(e alarm.Effect) bool { n, ok := e.(alarm.Notice); return ok && n.Outside })
	if !slices.EqualFunc(said, saidToo, func(a, b alarm.Effect) bool { return told(a) == told(b) }) || string(l.hub.form(p)) != string(l.hub.form(q)) {
		l.hub.object(errDuress)
	}
	l.count("duress codes held against others")
}

// app is somebody with a telephone and the right to do without a code.
func (l *life) app(by string, a home.AreaID, m home.Mode, force bool) error {
	in := alarm.SetMode{Request: home.ModeRequest{
		Mode: m, Area: a, By: by, Channel: home.ByAPI, CodeFree: true, Force: force,
		RequestID: strconv.FormatInt(l.now.UnixNano(), 36),
	}}
	err := l.hub.take(in)
	if l.chance(0.1) { // the answer was lost on its way: asked again
		l.hub.take(in)
	}
	if err == nil && m == home.Disarmed {
		l.disarmed = l.now
	}
	return err
}

// dawn plans the day that begins.
func (l *life) dawn() {
	local := l.now.In(l.hub.clock)
	next := time.Date(local.Year(), local.Month(), local.Day()+1, 3, 0, 0, 0, l.hub.clock)
	l.at(next, l.dawn)
	at := func(hour, minute int, spread time.Duration, do func()) {
		t := time.Date(local.Year(), local.Month(), local.Day(), hour, minute, 0, 0, l.hub.clock)
		l.at(t.Add(l.within(-spread/2, spread/2)), do)
	}
	l.strangers()
	if l.holiday {
		return
	}
	at(6, 30, 40*time.Minute, l.rises)
	goes := func(who string, hour, minute int, back, backMinute int) {
		at(hour, minute, 20*time.Minute, func() { l.leaves(who) })
		at(back, backMinute, 50*time.Minute, func() { l.returns(who) })
	}
	day := local.Weekday()
	if day != time.Saturday && day != time.Sunday {
		goes("Anna", 7, 45, 17, 30)
		goes("Cara", 7, 35, 13, 40)
		at(8, 10, 10*time.Minute, func() { l.works(true) })
		at(17, 0, 40*time.Minute, func() { l.works(false) })
		if day != time.Tuesday {
			goes("Oma", 10, 0, 11, 30)
		}
	} else {
		for _, p := range family {
			goes(p, 14, 30, 17, 30)
		}
	}
	if day == time.Tuesday {
		goes("Oma", 8, 30, 12, 40)
		at(9, 30, 30*time.Minute, l.cleans)
	}
	at(12, 0, time.Hour, func() { l.airs("kitchen-window", "living-window", "study-window") })
	at(21, 0, time.Hour, func() { l.airs("bath-window", "bedroom-window", "nursery-window") })
	if day == time.Friday {
		at(20, 0, 20*time.Minute, func() { l.key(home.TheHouse, l.codes["Ben"], guests, true) })
	}
	at(22, 50, 40*time.Minute, func() { l.sleeps(0) })
	at(23, 45, time.Minute, l.nightRule)
}

// strangers on the network ask for what they have no right to.
func (l *life) strangers() {
	for _, ch := range []home.Channel{home.ByMQTT, home.ByHomeKit, home.ByRule, home.ByAPI} {
		l.after(l.within(0, 24*time.Hour), func() {
			if err := l.hub.take(alarm.SetMode{Request: home.ModeRequest{Mode: home.Disarmed, Channel: ch, By: "somebody"}}); err == nil {
				l.disarmed = l.now
			}
		})
	}
	if l.chance(0.05) {
		l.after(l.within(0, 24*time.Hour), func() { l.hub.take(alarm.RefusedCode{Device: "zwave-keypad"}) })
	}
}

func (l *life) rises() {
	l.asleep = false
	if l.mode(home.TheHouse) != home.Disarmed && l.anybody() {
		l.enters("Anna", home.TheHouse, 0)
	}
}

// stirs is people moving about.
func (l *life) stirs() {
	pause := l.within(2*time.Minute, 9*time.Minute)
	if l.asleep {
		pause = l.within(30*time.Minute, 3*time.Hour)
	}
	l.after(pause, l.stirs)
	if !l.anybody() {
		return
	}
	rooms := []home.ZoneID{"hall", "living", "stairs"}
	l.opens(rooms[l.dice.IntN(len(rooms))], l.within(40*time.Second, 90*time.Second))
	if !l.asleep && l.chance(0.1) {
		l.opens([]home.ZoneID{"back-door", "cellar", "back-door", "cellar", "shed"}[l.dice.IntN(5)], l.within(3*time.Second, 5*time.Minute))
	}
}

// airs opens windows, which are forgotten at times.
func (l *life) airs(windows ...home.ZoneID) {
	if l.mode(home.TheHouse) != home.Disarmed || !l.anybody() {
		return
	}
	for _, w := range windows {
		d := l.within(5*time.Minute, 25*time.Minute)
		if l.chance(0.06) {
			d = l.within(4*time.Hour, 20*time.Hour)
			l.count("windows forgotten")
		}
		l.opens(w, d)
	}
}

// leaves takes somebody out of the house. The last one arms it.
func (l *life) leaves(who string) {
	if !l.in[who] || l.holiday {
		return
	}
	others := slices.ContainsFunc(family, func(p string) bool { return p != who && l.in[p] })
	if others || who == "Oma" && l.chance(0.1) { // who forgets to arm
		l.out(who)
		return
	}
	l.arms(who, home.Away, 0, func() { l.out(who) })
}

// out is the way through the door.
func (l *life) out(who string) {
	door := home.ZoneID("front-door")
	if l.chance(0.25) {
		door = "garage"
	}
	l.after(l.within(3*time.Second, 30*time.Second), func() {
		stays := l.within(3*time.Second, 9*time.Second)
		if l.chance(0.02) {
			stays = l.within(70*time.Second, 3*time.Minute) // the door did not fall shut
			l.count("doors left open on leaving")
			l.after(stays+5*time.Second, func() { l.enters(who, home.TheHouse, 0) })
		}
		l.opens(door, stays)
		l.in[who] = false
		if l.chance(0.06) { // the keys lie on the table
			l.count("came back for the keys")
			l.after(stays+l.within(4*time.Second, 15*time.Second), func() { l.opens(door, 4*time.Second) })
		}
		l.after(10*time.Minute, l.lastOut)
	})
}

// lastOut is the rule that arms when nobody is at home.
func (l *life) lastOut() {
	if l.anybody() || l.mode(home.TheHouse) != home.Disarmed {
		return
	}
	if err := l.hub.take(alarm.SetMode{Request: home.ModeRequest{Mode: home.Away, By: rule, Channel: home.ByRule}}); err == nil {
		l.count("armed by a rule")
	} else {
		l.count("rule refused: " + class(err))
	}
}

func (l *life) nightRule() {
	if l.anybody() && l.mode(home.TheHouse) == home.Disarmed {
		l.asleep = true
		l.hub.take(alarm.SetMode{Request: home.ModeRequest{Mode: home.Night, By: rule, Channel: home.ByRule}})
	}
}

func (l *life) sleeps(try int) {
	if !l.anybody() || l.holiday {
		return
	}
	l.asleep = true
	if l.mode(home.TheHouse) == home.Disarmed {
		l.arms("Ben", home.Night, 0, func() {})
	}
}

// arms tries to arm at the keypad: what is open is closed, and if that does not
// help it is left out.
func (l *life) arms(who string, m home.Mode, try int, then func()) {
	err := l.key(home.TheHouse, l.codes[who], m, try > 1)
	switch {
	case err == nil:
		l.count("armed " + string(m))
		then()
	case try > 2:
		l.count("left unarmed")
		then()
	default:
		l.count("arming refused: " + class(err))
		for _, d := range l.devices {
			if s := d.sensors[0]; s.open && s.Trait == home.Contact {
				l.after(l.within(5*time.Second, 40*time.Second), func() { l.set(s.ID, false) })
			}
		}
		l.after(l.within(45*time.Second, 2*time.Minute), func() { l.arms(who, m, try+1, then) })
	}
}

// returns brings somebody home.
func (l *life) returns(who string) {
	if l.in[who] || l.holiday {
		return
	}
	door := home.ZoneID("front-door")
	if l.chance(0.25) {
		door = "garage"
	}
	l.opens(door, l.within(4*time.Second, 12*time.Second))
	l.in[who] = true
	l.after(l.within(2*time.Second, 6*time.Second), func() { l.opens("hall", time.Minute) })
	l.enters(who, home.TheHouse, 0)
}

// enters is somebody who types a code and may slip.
func (l *life) enters(who string, a home.AreaID, try int) {
	l.after(l.within(4*time.Second, 20*time.Second), func() {
		if l.mode(a) == home.Disarmed && l.phase(a) == home.PhaseDisarmed {
			return
		}
		code := l.codes[who]
		if l.chance(0.07) {
			code = "00" + code
			l.count("slips of the finger")
		}
		err := l.key(a, code, home.Disarmed, false)
		switch {
		case err == nil || try > 5:
		case class(err) == "may-not" || class(err) == "codes-locked":
			l.count("disarmed for somebody else")
			l.after(l.within(5*time.Second, 50*time.Second), func() { l.app("Anna", a, home.Disarmed, false) })
		default:
			l.enters(who, a, try+1)
		}
	})
}

// works is Ben in the studio, which is armed by itself.
func (l *life) works(comes bool) {
	if comes {
		l.leaves("Ben")
		l.after(5*time.Minute, func() {
			l.opens("studio-door", 5*time.Second)
			l.enters("Ben", studio, 0)
		})
		l.after(10*time.Minute, func() { l.studioStirs(90) })
		return
	}
	err := l.key(studio, l.codes["Ben"], home.Away, false)
	if err != nil {
		l.set("studio-window", false)
		err = l.key(studio, l.codes["Ben"], home.Away, true)
	}
	if err == nil {
		l.count("studio armed")
	}
	l.after(20*time.Second, func() { l.opens("studio-door", 5*time.Second) })
	l.after(5*time.Minute, func() { l.returns("Ben") })
}

func (l *life) studioStirs(left int) {
	if left == 0 || l.mode(studio) != home.Disarmed {
		return
	}
	l.opens("studio-motion", 45*time.Second)
	if l.chance(0.02) {
		l.opens("studio-window", 20*time.Minute)
	}
	l.after(5*time.Minute, func() { l.studioStirs(left - 1) })
}

// cleans is Dana, whose code is good on Tuesday mornings.
func (l *life) cleans() {
	l.count("cleaner came")
	l.opens("front-door", 8*time.Second)
	l.enters("Dana", home.TheHouse, 0)
	l.after(90*time.Minute, func() {
		if err := l.key(home.TheHouse, l.codes["Dana"], home.Away, false); err != nil {
			l.key(home.TheHouse, l.codes["Dana"], home.Away, true)
		}
		l.after(20*time.Second, func() { l.opens("front-door", 6*time.Second) })
	})
}

// respond is whoever hears that a siren sounds or is told.
func (l *life) respond() {
	if !l.hub.panel.Sounding(l.hub.wall()).On() || l.now.Sub(l.disarmed) < 10*time.Second {
		return
	}
	if l.chance(0.5) {
		l.hub.take(alarm.Silence{By: "Anna", Channel: home.ByAPI})
		l.silenced = l.now
	}
	wait := l.within(20*time.Second, 5*time.Minute)
	if !l.anybody() {
		wait = l.within(2*time.Minute, 50*time.Minute)
	}
	l.after(wait, func() {
		for _, a := range []home.AreaID{home.TheHouse, studio} {
			if l.phase(a) == home.PhaseAlarm {
				l.app("Anna", a, home.Disarmed, false)
			}
		}
		l.after(l.within(20*time.Minute, 2*time.Hour), func() { l.lastOut() })
	})
}
