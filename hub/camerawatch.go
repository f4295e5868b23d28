package hub

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/onvif"
	"gatehouse/hub/camera/reach"
	"gatehouse/hub/home"
)

// run listens to the camera, turns it and has it black out what it must not show,
// until ctx ends.
func (w *ownWord) run(ctx context.Context) {
	var beside sync.WaitGroup
	if len(w.of.Looks) > 0 {
		beside.Go(func() { w.turn(ctx) })
	}
	beside.Go(func() { w.keepMasks(ctx) })
	_ = w.onvif.Run(ctx) // ends with its context alone
	beside.Wait()
}

// tripped has the camera look at a zone that tripped, if it is to. It does not wait.
func (w *ownWord) tripped(zone home.ZoneID) {
	if w == nil {
		return
	}
	i := slices.IndexFunc(w.of.Looks, func(l home.CameraLook) bool { return l.Zone == zone })
	if i < 0 {
		return
	}
	select {
	case <-w.turns: // the newest counts
	default:
	}
	select {
	case w.turns <- w.of.Looks[i].Preset:
	default:
	}
}

// turn turns the camera to where it is to look, one turn after another.
func (w *ownWord) turn(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case preset := <-w.turns:
			if err := w.onvif.Look(ctx, preset); err != nil && ctx.Err() == nil {
				w.cameras.hub.log.Info("camera does not turn", "device", w.of.ID, "err", err)
			}
		}
	}
}

// maskEvery is how often it is read back that a camera still has its masks: one that
// was reset has none. One that did not answer is asked again after maskAgain, then after
// twice as long each time: until then it may show what it must not.
const (
	maskEvery = 10 * time.Minute
	maskAgain = 5 * time.Second
)

// masked is how it stands with one part of the picture that a camera is to black out.
type masked struct {
	token string // "": it does not
	why   string
}

// keepMasks has the camera black out what the owner drew, takes back what the owner
// drew no more, and looks now and then whether it still does.
func (w *ownWord) keepMasks(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	again := maskAgain
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.look:
		case <-timer.C:
		}
		if w.canSay() && !w.mask(ctx) {
			timer.Reset(reach.Drawn(again))
			again = min(2*again, maskEvery)
			continue
		}
		timer.Reset(maskEvery)
		again = maskAgain
	}
}

// refused tells whether a camera said that it does not do what it was asked for, and will
// not either when it is asked again soon.
func refused(err error) bool {
	return errors.As(err, new(*onvif.Fault)) || errors.Is(err, onvif.ErrPassword) ||
		errors.Is(err, onvif.ErrNoMasks) || errors.Is(err, onvif.ErrNotKept)
}

// canSay tells whether a camera is asked of its masks now. Of one that is not heard
// nobody would notice that it went away, but by its pictures.
func (w *ownWord) canSay() bool {
	st, seen := w.onvif.State(), w.camera.State().Condition
	return st.Answers && seen != camera.Resting && (st.Why == "" || seen != camera.Lost)
}

// mask brings the camera's masks to what the owner drew; false: it did not answer, and is
// to be asked again soon.
func (w *ownWord) mask(ctx context.Context) (answered bool) {
	c, id := w.cameras, w.of.ID
	made, _, err := c.masks.Load()
	if err != nil {
		c.hub.log.Error("masks of cameras not read", "err", err)
		return true
	}
	wanted := slices.ContainsFunc(w.of.Seeing.Zones, func(z home.SightZone) bool { return z.Mask })
	if !wanted && len(made[id]) == 0 {
		return true
	}
	answered = true
	held, tokens, answers := map[string]masked{}, []string{}, true
	for _, z := range w.of.Seeing.Zones {
		if !z.Mask {
			continue
		}
		shape := make([]onvif.Point, len(z.Shape))
		for i, p := range z.Shape {
			shape[i] = onvif.Point(p)
		}
		token, err := w.onvif.Mask(ctx, shape)
		if ctx.Err() != nil {
			return true
		}
		m := masked{token: token}
		if err != nil {
			m.why = plain(err)
			answers = answers && errors.As(err, new(*onvif.Fault))
			answered = answered && refused(err)
		} else {
			tokens = append(tokens, token)
		}
		held[z.Name] = m
	}
	for _, token := range made[id] {
		switch {
		case slices.Contains(tokens, token):
		case !answers: // which of them are still wanted is not known now
			tokens = append(tokens, token)
		default:
			if err := w.onvif.Unmask(ctx, token); err != nil && ctx.Err() == nil {
				c.hub.log.Info("camera does not take a mask back", "device", id, "err", err)
			}
		}
	}
	w.mu.Lock()
	w.held = held
	if answers {
		w.asked = time.Now()
	}
	w.mu.Unlock()
	c.noteMasks(id, tokens)
	c.look()
	return answered
}

// unsaid says why nobody knows any more whether a camera that sends pictures still has
// its masks, as one that was reset meanwhile has none; "": it was asked lately.
func (w *ownWord) unsaid(now time.Time) string {
	w.mu.Lock()
	asked := w.asked
	w.mu.Unlock()
	if st := w.onvif.State(); !st.Answers && now.Sub(asked) > maskEvery && w.camera.State().Condition == camera.Up {
		return st.Why
	}
	return ""
}

// notAsked is why nobody knows yet whether a camera blacks something out.
const notAsked = "the camera has not answered yet"

// maskPatience is how long a camera may take to be asked.
const maskPatience = 30 * time.Second

// maskStatus is how it stands with each part that is to be blacked out.
func (w *watched) maskStatus(now time.Time) []home.CameraMask {
	list := []home.CameraMask{}
	for _, z := range w.settings.Seeing.Zones {
		if !z.Mask {
			continue
		}
		m := home.CameraMask{Zone: z.Name, Why: notAsked}
		if w.word == nil {
			m.Why = "the hub knows of no ONVIF service of it"
		} else {
			w.word.mu.Lock()
			held, ok := w.word.held[z.Name]
			w.word.mu.Unlock()
			if ok {
				m.Black, m.Why = held.token != "", held.why
			}
			if why := w.word.unsaid(now); m.Black && why != "" {
				m.Black, m.Why = false, "it did, and can't be asked whether it still does: "+why
			}
		}
		list = append(list, m)
	}
	return list
}

// unmasked says which parts a camera shows that it was to black out; "" for none. What
// it was not asked yet is none, until it should have been.
func (w *watched) unmasked(now time.Time) string {
	var list []string
	late := w.word != nil && w.word.onvif.State().Known && now.Sub(w.word.since) >= maskPatience
	for _, m := range w.maskStatus(now) {
		if !m.Black && (m.Why != notAsked || late) {
			list = append(list, m.Zone+" ("+m.Why+")")
		}
	}
	return strings.Join(list, ", ")
}

// inherit has a camera that its owner saved stand as it stood with what is as it was,
// until it was asked anew.
func (w *ownWord) inherit(old *ownWord) {
	if w == nil || old == nil || w.of.ONVIF != old.of.ONVIF {
		return
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	held := map[string]masked{}
	for _, z := range w.of.Seeing.Zones {
		same := func(o home.SightZone) bool {
			return o.Mask == z.Mask && o.Name == z.Name && slices.Equal(o.Shape, z.Shape)
		}
		if m, ok := old.held[z.Name]; ok && slices.ContainsFunc(old.of.Seeing.Zones, same) {
			held[z.Name] = m
		}
	}
	w.held, w.asked = held, old.asked
}

// noteMasks remembers which masks are the hub's own: those that somebody drew in the
// camera itself stay.
func (c *cameras) noteMasks(id home.DeviceID, tokens []string) {
	c.noting.Lock()
	defer c.noting.Unlock()
	made, _, err := c.masks.Load()
	if err == nil && !slices.Equal(made[id], tokens) {
		made = maps.Clone(made)
		if made == nil {
			made = map[home.DeviceID][]string{}
		}
		if made[id] = tokens; len(tokens) == 0 {
			delete(made, id)
		}
		err = c.masks.Save(made)
	}
	if err != nil {
		c.hub.log.Error("masks of a camera not noted", "device", id, "err", err)
	}
}
