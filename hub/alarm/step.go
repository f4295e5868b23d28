package alarm

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// Step moves the panel: it settles what is due at now, takes the input, and
// returns the panel that results with what is to be done. The panel that was
// stepped is left as it was.
func (p Panel) Step(now time.Time, in Input) (Panel, []Effect) {
	s := step{p: p.orNew()}
	now = now.UTC().Round(0) // wall time alone is what survives a restart
	if c, ok := in.(ClockStepped); ok {
		s.shift(c.By)
	}
	if now.Before(s.p.st.at) {
		now = s.p.st.at
	}
	before := s.p
	beforeSound := before.Sounding(before.st.at)
	s.p.st.at, s.now = now, now
	if _, ok := in.(Resumed); ok {
		s.resumed()
	}
	s.settle()
	s.take(in)
	s.settle() // a delay or window of no length ends at once
	s.finish(before, beforeSound)
	return s.p, s.effects
}

// step is one step in the making.
type step struct {
	p       Panel
	now     time.Time
	effects []Effect

	durable   bool // something changed that must be saved
	visible   bool // something changed that a face can see
	request   bool // a person asked: what changes waits until it is written
	again     bool // the hub started: the sirens are told what sounds even if it is what sounded
	aborted   bool
	tone      Tone
	toneAreas []int         // whose keypads play it, beside those that show a change; nil: the house
	device    home.DeviceID // the keypad that the input came from, or ""

	ownStands bool // the stands were copied and may be written
}

func (s *step) cfg() *config { return s.p.cfg }

func (s *step) effect(e Effect) { s.effects = append(s.effects, e) }

func (s *step) take(in Input) {
	switch in := in.(type) {
	case Reading:
		s.reading(in)
	case SetMode:
		s.request = true
		s.device = in.Device
		s.setMode(in)
	case Silence:
		s.request = true
		s.silence(in)
	case Acknowledge:
		s.request = true
		s.acknowledge(in)
	case PersonSeen:
		s.personSeen(in)
	case Test:
		s.request = true
		s.answer(s.test(in))
	case Panic:
		s.device = in.Device
		s.panicked(in)
	case RefusedCode:
		s.device = in.Device
		s.line(home.KindAccess, "", nil, AtOnce,
			"A keypad sent a code over a link that is not encrypted: it was refused.")
		s.tone = ToneError
	case Trouble:
		s.trouble(in)
	case PutZone:
		s.request = true
		s.answer(s.putZone(in))
	case DeleteZone:
		s.request = true
		s.answer(s.deleteZone(in))
	case PutCode:
		s.request = true
		s.answer(s.putCode(in))
	case DeleteCode:
		s.request = true
		s.answer(s.deleteCode(in))
	case PutSettings:
		s.request = true
		s.answer(s.putSettings(in))
	case PutArea:
		s.request = true
		s.answer(s.putArea(in))
	case DeleteArea:
		s.request = true
		s.answer(s.deleteArea(in))
	case PutMode:
		s.request = true
		s.answer(s.putMode(in))
	case DeleteMode:
		s.request = true
		s.answer(s.deleteMode(in))
	case ClockStepped:
		s.durable = true
		s.line(home.KindSystem, "", nil, AtOnce, clockText(in.By))
	case Tick, Resumed:
	}
}

// finish compares what sounds and shows with what did before.
func (s *step) finish(before Panel, beforeSound Sound) {
	when := When(s.request)
	if sound := s.p.Sounding(s.now); sound != beforeSound || s.again && sound != (Sound{}) {
		w := when
		if sound.On() && (!beforeSound.On() || sound.ID != beforeSound.ID || sound.Until.After(beforeSound.Until) ||
			beforeSound.Inside && !sound.Inside) {
			w = AtOnce
		}
		s.effect(Siren{sound, w})
	}
	if s.aborted {
		s.tone = ToneAbort
	}
	if s.durable || s.visible {
		s.p.st.hindrances = s.p.hindrances()
	}
	if s.durable || s.visible || s.tone != ToneNone || s.p.counts() { // else keypads show what they showed
		for a := range s.p.st.stands {
			s.indicate(a, before, when)
		}
	}
	if s.durable {
		s.p.st.rev++
	}
	if s.durable || s.visible {
		s.p.st.seq++
	}
}

// indicate shows an area on its keypads if it changed. A tone without a change
// is for the keypads of the house alone.
func (s *step) indicate(a int, before Panel, when When) {
	is := s.p.indication(a, s.now)
	changed, passing := true, false
	if a < len(before.st.stands) && before.cfg.areas[a].ID == is.Area {
		was := before.indication(a, before.st.at)
		left := was.Seconds
		was.Seconds, was.Hurry = is.Seconds, is.Hurry
		changed = is != was || !s.p.st.stands[a].ends().Equal(before.st.stands[a].ends())
		passing = !changed && is.Seconds != left
	}
	toned := s.tone != ToneNone && (a == 0 && s.toneAreas == nil || slices.Contains(s.toneAreas, a))
	if !changed && !passing && !toned {
		return
	}
	if s.tone != ToneNone && (changed || toned) {
		is.Tone = s.tone
	}
	is.Passing = passing && !toned
	is.When = when && When(changed)
	s.effect(is)
}

// settle does what is due, in the order of time.
func (s *step) settle() {
	for {
		d := s.p.nextDue()
		if d.kind == dueNothing || d.at.After(s.now) {
			return
		}
		switch d.kind {
		case dueDelay:
			if s.p.st.stands[d.i].watch == home.PhaseArming {
				s.exitEnds(d.i, d.at)
			} else {
				s.entryEnds(d.i)
			}
		case dueReport:
			s.reportDue(d.i)
		case dueOutside:
			s.outsideDue(d.i)
		case dueSiren:
			s.sirenDue(d.i)
		case dueCross:
			s.crossDue(d.i)
		case dueSwing:
			s.swingDue(d.i)
		case dueTest:
			s.endTest("Walk test ended after "+say(TestTime), "", AtOnce)
		case dueNothing:
		}
	}
}

// watch moves an area to a phase. A zero until is no deadline.
func (s *step) watch(a int, phase home.Phase, until time.Time) {
	st := s.stand(a)
	st.watch, st.until, st.since = phase, until, s.now
	st.closing = time.Time{}
	if phase == home.PhaseArmed && st.armedAt.IsZero() {
		st.armedAt = s.now
	}
	s.durable = true
}

// exitEnds arms an area at the end of the exit delay. Whoever armed away at a
// keypad and left by no door is still there: it becomes home. A door or window
// that is open then is an exit error: it begins the entry delay.
func (s *step) exitEnds(a int, at time.Time) {
	if s.unvacated(a) {
		s.stand(a).mode = home.Home
		s.line(home.KindAlarm, "", nil, AtOnce, s.inArea(a, "Nobody left by a door: home instead of away."))
	}
	if i := s.leftOpen(a); i >= 0 {
		z := &s.cfg().zones[i]
		d := s.cfg().entryDelay(z, s.p.st.stands[a].mode)
		s.watch(a, home.PhaseEntry, s.now.Add(d))
		st := s.stand(a)
		st.entryZone, st.entryKind = z.ID, kindExitError
		s.line(home.KindAlarm, z.ID, nil, AtOnce,
			z.Name+" was left open on leaving. "+capital(say(d))+" to enter a code.")
		return
	}
	s.watch(a, home.PhaseArmed, time.Time{})
	s.stand(a).since, s.stand(a).armedAt = at, at
	s.line(home.KindAlarm, "", nil, AtOnce, s.inArea(a, s.armedText(a)))
}

// unvacated tells whether an area was armed away by somebody who is still in it.
// Programs, pages and remote keys arm from anywhere, so only a keypad on the wall
// counts; and only when every way out is watched can one say that nobody left.
// Away is meant as such: a mode of the owner's own stays what it is.
func (s *step) unvacated(a int) bool {
	st := &s.p.st.stands[a]
	if !s.cfg().settings.UnvacatedHome || !st.atKeypad || st.mode != home.Away || st.exit != exitUnused {
		return false
	}
	_, watched := s.waysOut(a)
	return watched
}

// leftOpen is the first zone of the area's barrier that is known to be open,
// or -1.
func (s *step) leftOpen(a int) int {
	st := &s.p.st.stands[a]
	m := s.cfg().used[s.cfg().modeIndex(st.mode)]
	for i := range s.cfg().zones {
		w, bit := i>>6, uint64(1)<<(i&63)
		if m.barrier.has(i) && s.cfg().in[a].has(i) && s.p.st.open.has(i) && !st.bypassed.has(i) && s.p.asleep(a, w)&bit == 0 {
			return i
		}
	}
	return -1
}

// entryEnds raises the alarm at the end of the entry delay.
func (s *step) entryEnds(a int) {
	st := s.p.st.stands[a]
	s.watch(a, home.PhaseArmed, time.Time{})
	s.trip(st.entryKind, st.entryZone, s.cfg().name(st.entryZone)+", no code in time.", nil)
	s.keepInside(st.entryZone)
}

// resumed readies a panel that was loaded: no sensor has spoken yet, and faces
// must see its changes as newer than those that were not saved.
func (s *step) resumed() {
	s.p.st.open, s.p.st.known, s.p.st.hindrances = nil, nil, hindrances{}
	s.p.st.troubles = nil
	s.p.st.seq = max(s.p.st.seq+1, uint64(max(s.now.UnixMicro(), 0)))
	s.durable = true
	s.endTest("Walk test ended, for the hub started again", "", AtOnce)
	for a := range s.p.st.stands {
		if s.p.st.stands[a].since.IsZero() { // its first life
			s.stand(a).since = s.now
		}
	}
	if !s.p.allDisarmed(nil) || len(s.p.st.running) > 0 {
		s.line(home.KindAlarm, "", nil, AtOnce, "The hub started again and the panel goes on: "+s.standing()+".")
	}
	for a := range s.p.st.stands {
		s.effect(s.p.indication(a, s.now))
	}
	s.again = true
}

// shift moves every deadline by d, as the wall clock was.
func (s *step) shift(d time.Duration) {
	st := &s.p.st
	move := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
	move(&st.at)
	move(&st.lockedUntil)
	move(&st.testUntil)
	for a := range st.stands {
		st := s.stand(a)
		for _, at := range []*time.Time{&st.until, &st.closing, &st.armedAt} {
			move(at)
		}
	}
	st.running, st.memory = slices.Clone(st.running), slices.Clone(st.memory)
	for _, trips := range [][]trip{st.running, st.memory} {
		for i := range trips {
			t := &trips[i]
			for _, at := range []*time.Time{&t.Since, &t.SirenUntil, &t.OutsideAt, &t.ReportAt, &t.CancelBy} {
				move(at)
			}
		}
	}
	st.swings, st.crossings, st.calls = slices.Clone(st.swings), slices.Clone(st.crossings), slices.Clone(st.calls)
	for i := range st.swings {
		move(&st.swings[i].since)
	}
	for i := range st.crossings {
		move(&st.crossings[i].Until)
	}
	for i := range st.calls {
		move(&st.calls[i].at)
	}
}

// trouble keeps a condition of the house in the list that faces show.
func (s *step) trouble(in Trouble) {
	items := make([]home.TroubleItem, 0, len(s.p.st.troubles)+1)
	news := true
	for _, t := range s.p.st.troubles {
		if t.Code != in.Item.Code || t.Device != in.Item.Device {
			items = append(items, t)
			continue
		}
		news = t.Severity != home.SeverityCritical
	}
	if in.Present {
		items = append(items, in.Item)
	}
	s.p.st.troubles = items
	s.visible = true
	if in.Present && news && in.Item.Severity == home.SeverityCritical && !s.p.allDisarmed(nil) {
		s.tone = ToneTrouble
		s.notice(Notice{Kind: "trouble", Text: in.Item.Text}, nil)
	}
}

// silence stops what sounds.
func (s *step) silence(in Silence) {
	any := false
	for i, t := range s.p.st.running {
		if !t.Silenced {
			s.editTrip(i, func(t *trip) { t.Silenced = true })
			any = true
		}
	}
	var zone home.ZoneID
	for a, st := range s.p.st.stands {
		if st.exitError() && !st.hushed {
			s.stand(a).hushed = true
			zone, any = st.entryZone, true
		}
	}
	if any {
		for a := range s.p.st.stands {
			s.stand(a).changedBy = in.By
		}
		if len(s.p.st.running) > 0 {
			zone = s.p.top().Zone
		}
		s.durable = true
		s.line(home.KindAlarm, zone, home.Who(in.By), OnceWritten, "Siren silenced. "+capital(s.standing())+".")
	}
	s.answer(nil)
}

// panicked raises an alarm by hand.
func (s *step) panicked(in Panic) {
	switch in.Kind {
	case home.ZonePanic, home.ZoneMedical, home.ZoneFire:
	default:
		s.answer(&home.Invalid{Field: "kind", Reason: strconv.Quote(string(in.Kind)) + " cannot be raised by hand: give panic, medical or fire"})
		return
	}
	if in.Silent && in.Kind != home.ZonePanic {
		s.answer(&home.Invalid{Field: "silent", Reason: "only a panic alarm can be silent"})
		return
	}
	who := home.Who(in.By)
	text := "raised by " + in.By + "."
	if in.By == "" {
		who, text = nil, "raised by hand."
	}
	if in.Silent {
		s.silently("by "+in.By+string(in.Device), text)
	} else {
		s.trip(string(in.Kind), "", text, who)
	}
	s.answer(nil)
}

// answer replies to a request. A refusal changes nothing and need not wait,
// except that a wrong code is counted first, so that pulling the plug does not
// win another try.
func (s *step) answer(err error) {
	var wrong *home.WrongCode
	s.effect(Answer{err, When(err == nil || errors.As(err, &wrong))})
}

// line adds a line to the journal and to the outbox.
func (s *step) line(kind string, zone home.ZoneID, who *string, when When, text string) {
	st := &s.p.st
	st.lastLine++
	e := home.Event{At: home.At(s.now), Kind: kind, Zone: zone, Who: who, Text: text, Device: s.device}
	if i, ok := s.cfg().byID[zone]; ok {
		e.Device = s.cfg().zones[i].Device
	}
	e.Data = append(e.Data, `{"line":"`...)
	e.Data = append(e.Data, lineID(s.now, st.lastLine)...)
	e.Data = append(e.Data, `"}`...)
	outbox := make([]home.Event, 0, keepLines)
	outbox = append(outbox, st.outbox[max(0, len(st.outbox)-keepLines+1):]...)
	st.outbox = append(outbox, e)
	s.durable = true
	s.effect(Line{e, when})
}

func lineID(now time.Time, n uint64) string {
	return strconv.FormatInt(now.UnixMilli(), 36) + "-" + strconv.FormatUint(n, 36)
}

// LineID is the panel's own id of a line, or "" if e is not one of its lines.
func LineID(e home.Event) string {
	rest, ok := strings.CutPrefix(string(e.Data), `{"line":"`)
	if !ok {
		return ""
	}
	id, ok := strings.CutSuffix(rest, `"}`)
	if !ok {
		return ""
	}
	return id
}
