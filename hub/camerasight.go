package hub

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"sync"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/home"
)

// How often a camera's picture is looked at, and for how long what it showed holds.
const (
	glanceEvery = time.Second      // while something has set it off, or movement is wanted
	coverEvery  = time.Minute      // else: whether it is covered
	pictureTime = 5 * time.Second  // in which a picture must come
	personHolds = 20 * time.Second // the last person who was seen is gone
	motionHolds = 10 * time.Second // nothing moves any more
	plainHolds  = 90 * time.Second // a picture that shows nothing is no lorry that stopped in front of it
)

// gaze is what looks at one camera's pictures.
type gaze struct {
	of   home.Camera // as it was set; what was doubted since stands elsewhere
	wake chan struct{}

	// telling is held while the device says what holds, so that it says it in order.
	telling   sync.Mutex
	told      map[home.Trait]bool
	toldRests float64 // percent; -1: nothing yet

	mu       sync.Mutex
	fault    string           // why there is no picture; "" when there is
	since    time.Time        // that it is so
	plain    time.Time        // the first of the pictures that show nothing; zero: the last shows something
	covered  bool             // and has for long
	person   time.Time        // who was seen last
	moved    time.Time        // what moved last
	restless []home.SightPart // where movement counts no more
	rests    float64          // how much of the picture that is, in whole percent
	tape     home.Tape        // the clip whose stills these are
	best     float64          // what the best of them shows
}

func newGaze(s home.Camera) *gaze {
	return &gaze{of: s, wake: make(chan struct{}, 1), since: time.Now(), told: map[home.Trait]bool{}, toldRests: -1}
}

// begins has a camera looked at that begins to record.
func (g *gaze) begins(st camera.State) {
	if st.Recording != "" {
		g.stir()
	}
}

// stir has it found out whether the camera is to be looked at now; nil: never.
func (g *gaze) stir() {
	if g == nil {
		return
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// setOff tells whether something has set a camera off, or it is to look for whoever
// raised an alarm.
func (c *cameras) setOff(w *watched) bool {
	return w.camera.SetOff() || w.gaze.of.Seeing.Verifies && c.hub.guard.State().Phase == home.PhaseAlarm
}

// gaze looks at a camera's pictures until ctx ends.
func (c *cameras) gaze(ctx context.Context, w *watched) {
	g := w.gaze
	defer g.forget(c)
	pause := time.NewTimer(0)
	defer pause.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		case <-pause.C:
		}
		now := time.Now()
		c.calm(g, now)
		every := coverEvery
		if g.of.Seeing.Motion || c.setOff(w) {
			every = glanceEvery
		}
		if now.Sub(last) >= every {
			last = now
			if !c.glance(ctx, w, now, every == glanceEvery) {
				every = max(every, pictureTime)
			}
		}
		wait := every - time.Since(last)
		if g.of.Continuous || g.tells() { // nobody says when more than that sets it off, or what it tells is over
			wait = min(wait, glanceEvery)
		}
		pause.Reset(max(wait, 0))
	}
}

// glance hands the camera's picture to the detector: often, of its sub-stream if it has
// one. It returns false when there is none.
func (c *cameras) glance(ctx context.Context, w *watched, now time.Time, often bool) bool {
	g := w.gaze
	if w.camera.State().Condition == camera.Resting {
		g.learns(detect.Judgement{})
		return true // nobody may look
	}
	if p, at, ok := w.small(ctx, often); ok {
		g.trouble("", now)
		c.detector.Look(g.of.ID, at, p)
		return true
	}
	in, cancel := context.WithTimeout(ctx, pictureTime)
	p, at, err := w.look(in)
	cancel()
	switch {
	case ctx.Err() != nil:
		return true
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("no picture came within " + pictureTime.String())
	}
	if err != nil {
		g.trouble(plain(err), now)
		return false
	}
	g.trouble("", now)
	c.detector.Look(g.of.ID, at, p) // of what was before the question nobody is told
	return true
}

// forget says that nobody is there and nothing moves: nobody looks any more.
func (g *gaze) forget(c *cameras) {
	g.mu.Lock()
	g.person, g.moved, g.restless, g.rests = time.Time{}, time.Time{}, nil, 0
	g.mu.Unlock()
	c.calm(g, time.Now())
}

// tells tells whether the camera's device says that somebody is there, or something
// moves.
func (g *gaze) tells() bool {
	g.telling.Lock()
	defer g.telling.Unlock()
	return len(g.told) > 0
}

// trouble notes why there is no picture, and since when.
func (g *gaze) trouble(why string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if (g.fault == "") != (why == "") {
		g.since = now
	}
	g.fault = why
}

// blind says why there has been no picture for long, "" when there is one.
func (g *gaze) blind(now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fault == "" || now.Sub(g.since) < lostPatience {
		return ""
	}
	return g.fault
}

// isCovered tells whether pictures have shown nothing for long.
func (g *gaze) isCovered() bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.covered
}

// watchOf says what the detector looks for on a camera.
func (c *cameras) watchOf(id home.DeviceID) detect.Watch {
	c.mu.Lock()
	w, ok := c.known[id]
	if !ok || w.camera == nil || w.gaze == nil {
		c.mu.Unlock()
		return detect.Watch{Blind: true}
	}
	s := w.settings.Seeing
	c.mu.Unlock()
	watch := detect.Watch{Mode: c.areaOf(s.Area).Mode, Doubts: s.Doubts, Blind: !s.On || !c.setOff(w), Alert: alert(c.hub.guard.State())}
	for _, z := range s.Zones {
		watch.Zones = append(watch.Zones, detect.Zone(z))
	}
	return watch
}

// alert tells whether an alarm or an entry delay runs anywhere in the house.
func alert(a home.Alarm) bool {
	is := func(p home.Phase) bool { return p == home.PhaseEntry || p == home.PhaseAlarm }
	return is(a.Phase) || slices.ContainsFunc(a.Areas, func(s home.AreaState) bool { return is(s.Phase) })
}

// areaOf is how an area stands; one that is gone is the house.
func (c *cameras) areaOf(id home.AreaID) home.AreaState {
	a := c.hub.guard.State()
	if i := slices.IndexFunc(a.Areas, func(s home.AreaState) bool { return s.ID == cmp.Or(id, home.TheHouse) }); i >= 0 {
		return a.Areas[i]
	}
	return home.AreaState{ID: home.TheHouse, Mode: a.Mode, Phase: a.Phase}
}

// judged takes what the detector makes of a picture. Nothing in it waits.
func (c *cameras) judged(id home.DeviceID, at time.Time, j detect.Judgement) {
	c.mu.Lock()
	w, ok := c.known[id]
	c.mu.Unlock()
	if !ok || w.gaze == nil || w.camera == nil || w.camera.State().Condition == camera.Resting {
		return
	}
	g := w.gaze
	wants := g.of.Seeing
	person := slices.ContainsFunc(j.Sights, func(s home.Sight) bool { return s.Label == "person" })
	if person && wants.Verifies {
		// A house that is disarmed has people in it who belong there.
		if area := c.areaOf(wants.Area); area.Mode != home.Disarmed {
			c.hub.guard.PersonSeen(id, c.hub.nameOf(id), area.ID, at)
		}
	}
	if wants.Motion && j.Moved {
		c.note(w.camera.Record("motion", time.Duration(g.of.Post)), id)
	}
	if wants.Motion {
		g.learns(j)
	}
	if g.note(at, person, wants.Motion && j.Moved, j.Plain) {
		c.look()
	}
	c.calm(g, at)
	if tape := w.camera.Tape(); tape != nil && w.camera.SetOff() {
		g.keep(tape, at, j)
	}
}

// note remembers what a picture showed. It returns true when the camera was covered
// or uncovered.
func (g *gaze) note(at time.Time, person, moved, plain bool) (turned bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !plain:
		g.plain = time.Time{}
	case g.plain.IsZero():
		g.plain = at
	}
	if person {
		g.person = at
	}
	if moved {
		g.moved = at
	}
	was := g.covered
	g.covered = plain && at.Sub(g.plain) >= plainHolds
	return g.covered != was
}

// learns notes where movement counts no more.
func (g *gaze) learns(j detect.Judgement) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.restless, g.rests = j.Restless, math.Ceil(100*j.Rests) // a small part is not none
}

// takesNoNoticeOf are the parts of the picture in which movement counts no more.
func (g *gaze) takesNoNoticeOf() []home.SightPart {
	if g == nil {
		return []home.SightPart{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]home.SightPart{}, g.restless...)
}

// calm has the camera's device say what holds now: that somebody is there, that
// something moves, and in how much of its picture that counts no more.
func (c *cameras) calm(g *gaze, now time.Time) {
	g.telling.Lock()
	defer g.telling.Unlock()
	g.mu.Lock()
	holds := map[home.Trait]bool{
		home.Occupancy: !g.person.IsZero() && now.Sub(g.person) < personHolds,
		home.Motion:    !g.moved.IsZero() && now.Sub(g.moved) < motionHolds,
	}
	rests := g.rests
	g.mu.Unlock()
	if rests != g.toldRests && g.of.Seeing.Motion { // else nothing that moves counts anyway
		g.toldRests = rests
		c.hub.devices.Report(home.Reading{Device: g.of.ID, Trait: home.Restless, Value: home.Number(rests), At: now})
	}
	for t, is := range holds {
		if is == g.told[t] {
			continue
		}
		if g.told[t] = is; !is {
			delete(g.told, t)
		}
		c.say(g.of.ID, t, "pictures", is, now)
	}
}

// better is by how much a picture must show more than those of its clip before it to
// be kept too.
const better = 0.1

// keep gives a clip what was seen, and the picture: the first, and each that shows
// more than those before.
func (g *gaze) keep(tape home.Tape, at time.Time, j detect.Judgement) {
	shows := 0.0
	for _, s := range j.Sights {
		tape.See(s)
		if s.Label == "person" {
			s.Score++ // is what somebody looks for first
		}
		shows = max(shows, s.Score)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if tape == g.tape && shows < g.best+better {
		return
	}
	still := asStill(j)
	if still == nil {
		return
	}
	if err := tape.Still(at, still); err == nil { // else it has ended, or holds enough
		g.tape, g.best = tape, shows
	}
}

// mostStill is the largest picture that is kept as it came.
const mostStill = 512 << 10

// asStill is a picture as JPEG, of a size that can be kept; nil when there is none.
func asStill(j detect.Judgement) []byte {
	of := j.Of
	if s, ok := of.(smallPicture); ok {
		of = s.Picture
	}
	if b, ok := of.(detect.JPEG); ok && len(b) <= mostStill {
		return b
	}
	if m, ok := j.Image.(*image.YCbCr); ok && m.SubsampleRatio == image.YCbCrSubsampleRatio420 {
		return encode(modest(m))
	}
	return encode(j.Image)
}

func encode(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil || b.Len() > 2*mostStill {
		return nil
	}
	return b.Bytes()
}
