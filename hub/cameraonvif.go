package hub

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/onvif"
	"gatehouse/hub/camera/reach"
	"gatehouse/hub/home"
)

// askTime is how long a camera that is added may take to say where its pictures are.
const askTime = 20 * time.Second

// ownWord is what a camera says itself, beside its stream.
type ownWord struct {
	cameras *cameras
	of      home.Camera
	camera  *camera.Camera
	onvif   *onvif.Camera
	since   time.Time
	covered atomic.Bool
	turns   chan string   // presets to look at
	look    chan struct{} // at its masks

	mu    sync.Mutex
	held  map[string]masked // by the name of the part
	asked time.Time         // when the camera last said which masks it has
}

// openWord makes the way to a camera's own services; nil when it has none.
func (c *cameras) openWord(s home.Camera, cam *camera.Camera, password string, pin *reach.Pin) (w *ownWord, err error) {
	if s.ONVIF == "" {
		return nil, nil
	}
	w = &ownWord{cameras: c, of: s, camera: cam, since: time.Now(), turns: make(chan string, 1), look: make(chan struct{}, 1)}
	w.onvif, err = onvif.New(onvif.Options{Address: s.ONVIF, Password: password, Pin: pin, Heard: w.heard, Changed: w.changed, Log: c.hub.log.With("device", s.ID)})
	return w, err
}

// changed has the conditions and the masks of a camera looked at.
func (w *ownWord) changed() {
	w.cameras.look()
	select {
	case w.look <- struct{}{}:
	default:
	}
}

// traitOf is what a camera's device says of what it notices.
var traitOf = map[onvif.Kind]home.Trait{onvif.Motion: home.Motion, onvif.Person: home.Occupancy, onvif.Doorbell: home.Button}

// heard has what a camera notices set it off, and be heard in the house. It does not
// wait.
func (w *ownWord) heard(kind onvif.Kind, edge onvif.Edge) {
	id, now := w.of.ID, time.Now()
	reason := string(kind)
	switch kind {
	case onvif.Covered:
		w.covered.Store(edge == onvif.Begins)
		w.cameras.look()
		return
	case onvif.Person:
		reason = "seen:person"
	case onvif.Motion, onvif.Doorbell:
	}
	switch {
	case kind == onvif.Doorbell: // rules, chimes and other cameras hear it first
		w.cameras.hub.devices.Report(home.Reading{Device: id, Trait: home.Button, Value: home.Word("press"), At: now})
		if w.cameras.hub.guard.Hidden(id, home.Button) { // a silent call for help: a camera that records would tell
			return
		}
	case edge != onvif.Happens:
		w.cameras.say(id, traitOf[kind], "onvif", edge == onvif.Begins, now)
	}
	if !slices.Contains(w.of.Heeds, string(kind)) {
		return
	}
	switch edge {
	case onvif.Begins:
		w.camera.Hold("onvif:"+string(kind), reason)
	case onvif.Ends:
		w.camera.Release("onvif:" + string(kind))
	case onvif.Happens:
		w.cameras.note(w.camera.Record(reason, time.Duration(w.of.Post)), id)
	}
}

// claim is one of those who say something of what is before a camera.
type claim struct {
	camera home.DeviceID
	trait  home.Trait
	by     string
}

// say has a camera's device say that something is so for as long as anybody says it:
// the camera itself, or whoever looks at its pictures.
func (c *cameras) say(id home.DeviceID, t home.Trait, by string, is bool, at time.Time) {
	c.saying.Lock()
	defer c.saying.Unlock()
	others := false
	for k := range c.claims {
		others = others || k.camera == id && k.trait == t && k.by != by
	}
	if is {
		c.claims[claim{id, t, by}] = true
	} else {
		delete(c.claims, claim{id, t, by})
	}
	if !others {
		c.hub.devices.Report(home.Reading{Device: id, Trait: t, Value: home.Bool(is), At: at})
	}
}

// quiet has a camera's device say that something is not so, when nobody has said
// anything of it yet: a camera that is heard tells what is, and else there is nothing.
func (c *cameras) quiet(id home.DeviceID, t home.Trait) {
	c.saying.Lock()
	defer c.saying.Unlock()
	for k := range c.claims {
		if k.camera == id && k.trait == t {
			return
		}
	}
	if d, ok := c.hub.devices.Device(id); ok && !d.Traits[t].Value.Known() {
		c.hub.devices.Report(home.Reading{Device: id, Trait: t, Value: home.False, At: time.Now()})
	}
}

// eventPatience is how long what a camera notices may not be heard before it is told.
const eventPatience = 30 * time.Second

// deaf says why what a camera notices can't be heard, "" when it can.
func (w *ownWord) deaf(now time.Time) string {
	if w == nil || w.camera.State().Condition != camera.Up { // else it has another trouble
		return ""
	}
	if st := w.onvif.State(); !st.Heard && now.Sub(st.Since) >= eventPatience {
		return st.Why
	}
	return ""
}

// meet brings what the house knows of a camera up to date with what it says of itself.
func (w *ownWord) meet() {
	if w == nil {
		return
	}
	d, ok := w.cameras.hub.devices.Device(w.of.ID)
	st := w.onvif.State()
	if !ok || !st.Known {
		return
	}
	traits := map[home.Trait]home.State{}
	for kind, trait := range traitOf {
		if st.Kinds[kind] && !hasTrait(d, trait) {
			traits[trait] = home.State{}
		}
	}
	a := st.About
	if len(traits) > 0 || d.Maker != a.Maker || d.Model != a.Model || d.Firmware != a.Firmware {
		d.Maker, d.Model, d.Firmware, d.Traits = a.Maker, a.Model, a.Firmware, traits
		w.cameras.hub.devices.Introduce(d)
	}
	for kind, trait := range traitOf {
		if st.Heard && st.Kinds[kind] && kind != onvif.Doorbell {
			w.cameras.quiet(w.of.ID, trait)
		}
	}
}

// isCovered tells whether a camera says that something is before its lens.
func (w *ownWord) isCovered() bool { return w != nil && w.covered.Load() }

// clockOff is by how much a camera says that its clock is off.
func (w *ownWord) clockOff() time.Duration {
	if w == nil {
		return 0
	}
	if off := w.onvif.State().Offset; off.Abs() >= clockSlack {
		return off
	}
	return 0
}

// clockSlack is that of the camera's pictures.
const clockSlack = 30 * time.Second

// status is a camera's own word as the faces show it; nil: it is not asked.
func (w *ownWord) status() *home.CameraONVIF {
	if w == nil {
		return nil
	}
	st := w.onvif.State()
	s := &home.CameraONVIF{
		Heard: st.Heard, Why: st.Why, Maker: st.About.Maker, Model: st.About.Model, Firmware: st.About.Firmware,
		Notices: []string{}, Turns: st.PTZ, TalkBack: st.TalkBack,
	}
	for _, k := range []onvif.Kind{onvif.Motion, onvif.Person, onvif.Doorbell, onvif.Covered} {
		if st.Kinds[k] {
			s.Notices = append(s.Notices, string(k))
		}
	}
	return s
}

// checkONVIF refuses an address of services that is not the camera's, and takes a
// password out of it.
func checkONVIF(s *home.Camera, secret *string) (*url.URL, error) {
	u, err := onvif.ParseAddress(s.ONVIF)
	bad := new(home.Invalid)
	if errors.As(err, &bad) {
		return nil, &home.Invalid{Field: "onvif", Reason: bad.Reason}
	}
	if err != nil {
		return nil, err
	}
	if p, ok := u.User.Password(); ok {
		*secret = p
		u.User = url.User(u.User.Username())
		s.ONVIF = u.String()
	}
	return u, nil
}

// ask fills in where a camera's pictures are, which it says itself.
func (c *cameras) ask(ctx context.Context, s *home.Camera, secret *string) error {
	if s.ONVIF == "" || s.URL != "" {
		return nil
	}
	u, err := checkONVIF(s, secret)
	if err != nil {
		return err
	}
	password := *secret
	if s.PasswordFile != "" {
		if err := c.checkPasswordFile(s.PasswordFile); err != nil {
			return err
		}
		if password, err = readPassword(s.PasswordFile); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	pin := reach.NewPin(s.HTTPSCertificate, func() {})
	pin.Remember(s.PortCertificates)
	stream, sub, err := streamsOf(ctx, s.ONVIF, password, pin)
	if errors.Is(err, onvif.ErrPassword) {
		return &home.Invalid{Field: "password", Reason: "the camera refuses the name or the password"}
	}
	if err != nil {
		return &home.Invalid{Field: "onvif", Reason: u.Hostname() + " does not say where its pictures are: " + plain(err)}
	}
	stream.User = u.User
	s.URL, s.HTTPSCertificate = stream.String(), pin.Known()
	s.PortCertificates, _ = pin.Ports()
	if s.SubURL == "" && sub != nil && checkSubURL(sub.String(), stream) == nil {
		s.SubURL = sub.String()
	}
	return nil
}

// streamsOf asks a camera where the best of its pictures come from, and where smaller
// ones that can be looked at; sub is nil when there are none.
func streamsOf(ctx context.Context, address, password string, pin *reach.Pin) (stream, sub *url.URL, err error) {
	client, err := onvif.Dial(ctx, address, password, pin)
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	profiles, err := client.Profiles(ctx)
	if err != nil {
		return nil, nil, err
	}
	if stream, err = client.Stream(ctx, profiles[0]); err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(profiles[1:], func(p onvif.Profile) bool { return p.Looked(profiles[0]) })
	if i < 0 {
		return stream, nil, nil
	}
	// Without it the camera is as good as one that has none.
	if sub, err = client.Stream(ctx, profiles[1+i]); err != nil || *sub == *stream {
		return stream, nil, nil
	}
	sub.User = nil
	return stream, sub, nil
}

// sameMachine refuses services on another machine than the pictures': the password
// would be told to both.
func sameMachine(own, stream *url.URL) error {
	if !strings.EqualFold(own.Hostname(), stream.Hostname()) {
		return &home.Invalid{Field: "onvif", Reason: "it must be on " + stream.Hostname() + ", where url leads to"}
	}
	return nil
}
