package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage"
)

// cameras are the cameras of the house: what the owner wants of each, kept in the
// database, and each that runs. What sets them off is heard behind the alarm's back:
// no reading waits for a camera.
type cameras struct {
	hub       *Hub
	recorder  reelKeeper
	ringBytes int // what the pre-roll of one camera may take
	table     *storage.Table[home.Camera]
	passwords *storage.SealedCell[map[home.DeviceID]string]
	changed   chan struct{} // a camera was made, changed or removed
	hears     atomic.Bool   // some camera is set off by what devices say

	saving sync.Mutex // one change at a time

	mu    sync.Mutex
	known map[home.DeviceID]*watched
}

// reelKeeper keeps what cameras record.
type reelKeeper interface {
	camera.Recorder
	Limit(camera home.DeviceID, bytes int64) // that its clips may take; 0: as many as there are
}

// watched is one camera.
type watched struct {
	settings home.Camera
	password string
	camera   *camera.Camera // nil: it can't be had, see fault
	fault    string
	stop     context.CancelFunc // nil: it does not run yet
	ended    chan struct{}
}

// cameraKind is the Radio of cameras among the devices.
const cameraKind = "camera"

// openCameras reads the cameras; none is connected to before run.
func (h *Hub) openCameras() error {
	c := &cameras{
		hub: h, recorder: noRecorder{}, ringBytes: 24 << 20, // 4 s of 4 Mbit/s are 2 MB, a group of 30 s is 15 MB
		table:     storage.NewTable[home.Camera](h.db, "cameras"),
		passwords: storage.NewSealedCell[map[home.DeviceID]string](h.db, "camera-passwords", h.seal),
		changed:   make(chan struct{}, 1), known: map[home.DeviceID]*watched{},
	}
	if h.clips != nil {
		c.recorder = h.clips
	}
	h.cameras = c
	list, err := values(c.table)
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	passwords, _, err := c.passwords.Load()
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	if h.o.Demo != nil && len(list) == 0 {
		list = h.o.Demo.Cameras
	}
	for _, s := range list {
		c.known[s.ID] = c.watch(s, passwords[s.ID])
	}
	h.devices.Attach(cameraKind, cameraRadio{c})
	return nil
}

// noRecorder stands in for one that can't be had.
type noRecorder struct{}

var errNoRecorder = errors.New("clips can't be kept on this disk")

func (noRecorder) Begin(home.Footage) (home.Tape, error) { return nil, errNoRecorder }
func (noRecorder) Limit(home.DeviceID, int64)            {}

// watch makes a camera of settings.
func (c *cameras) watch(s home.Camera, password string) *watched {
	w := &watched{settings: s, password: password}
	if s.PasswordFile != "" {
		p, err := readPassword(s.PasswordFile)
		if err != nil {
			w.fault = err.Error()
			return w
		}
		password = p
	}
	quota, err := quotaOf(s)
	if err != nil {
		w.fault = err.Error()
		return w
	}
	c.recorder.Limit(s.ID, quota)
	cam, err := camera.New(camera.Options{
		ID: s.ID, URL: s.URL, Password: password, Certificate: s.Certificate,
		Pre: time.Duration(s.Pre), Post: time.Duration(s.Post), Longest: time.Duration(s.Longest),
		Audio: s.Audio, Continuous: s.Continuous, RingBytes: c.ringBytes,
		Recorder: c.recorder, Changed: func(camera.State) { c.look() }, Log: c.hub.log,
	})
	if err != nil {
		w.fault = err.Error()
		return w
	}
	w.camera = cam
	return w
}

// readPassword reads a file that holds a password and nothing else.
func readPassword(name string) (string, error) {
	const most = 1 << 10
	f, err := os.Open(name)
	if err != nil {
		return "", &home.Invalid{Field: "password_file", Reason: "it can't be read by the hub: " + errors.Unwrap(err).Error()}
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", &home.Invalid{Field: "password_file", Reason: "it is no file"}
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	password := strings.TrimRight(string(b), "\r\n")
	if err != nil || password == "" || len(b) > most || strings.ContainsAny(password, "\r\n") {
		return "", &home.Invalid{Field: "password_file", Reason: "it must hold the password on one line, and nothing else"}
	}
	return password, nil
}

// look has the conditions of cameras looked at.
func (c *cameras) look() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// lostPatience is how long a camera may be away before it is told: one that starts
// again takes less.
const lostPatience = 20 * time.Second

// keyPatience is how long pictures may come with none that stands alone. A group of
// 30 s exists.
const keyPatience = 65 * time.Second

// run keeps the cameras running and tells them what happens in the house.
func (c *cameras) run(ctx context.Context) error {
	h := c.hub
	readings := h.devices.Readings.SubscribeTo(256, func(home.Reading) bool { return c.hears.Load() })
	defer readings.Close()
	panel := h.guard.Changes.SubscribeTo(8, turns())
	defer panel.Close()
	defer c.stopAll()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	c.phase(h.guard.State())
	look := func() {
		c.startAll(ctx)
		c.conditions(time.Now())
	}
	look()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.changed:
			look()
		case <-tick.C:
			look()
		case <-readings.Wake():
			for it, ok := readings.TryNext(); ok; it, ok = readings.TryNext() {
				c.heard(it.Value)
			}
		case <-panel.Wake():
			for it, ok := panel.TryNext(); ok; it, ok = panel.TryNext() {
				c.phase(it.Value)
			}
		}
	}
}

// startAll starts the cameras that do not run yet.
func (c *cameras) startAll(ctx context.Context) {
	c.mu.Lock()
	var fresh []*watched
	hears := false
	for _, w := range c.known {
		hears = hears || len(w.settings.Zones)+len(w.settings.Buttons) > 0
		if w.stop != nil {
			continue
		}
		own, stop := context.WithCancel(ctx)
		w.stop, w.ended = stop, make(chan struct{})
		fresh = append(fresh, w)
		go func() {
			defer close(w.ended)
			if w.camera != nil {
				_ = w.camera.Run(own) // ends with its context alone
			}
		}()
	}
	c.hears.Store(hears)
	c.mu.Unlock()
	for _, w := range fresh {
		c.hub.devices.Introduce(home.Device{
			ID: w.settings.ID, Name: w.settings.Name, Radio: cameraKind, Address: address(w.settings.URL), Power: "mains", Health: home.HealthJoining,
		})
	}
	if len(fresh) > 0 {
		c.phase(c.hub.guard.State())
	}
}

// address is where a camera is, for people.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (c *cameras) stopAll() {
	c.mu.Lock()
	all := slices.Collect(maps.Values(c.known))
	c.mu.Unlock()
	for _, w := range all {
		c.end(w)
	}
}

// end stops a camera and waits for it; the clip that it records ends whole.
func (c *cameras) end(w *watched) {
	c.mu.Lock()
	stop, ended := w.stop, w.ended
	c.mu.Unlock()
	if stop != nil {
		stop()
		<-ended
	}
}

// list is every camera as it is now.
func (c *cameras) list() (all []watched) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.known {
		all = append(all, *w)
	}
	return all
}

// each does something with every camera that can be had.
func (c *cameras) each(do func(home.Camera, *camera.Camera)) {
	for _, w := range c.list() {
		if w.camera != nil {
			do(w.settings, w.camera)
		}
	}
}

// heard has a reading set off the cameras that look where it was made.
func (c *cameras) heard(r home.Reading) {
	h := c.hub
	if r.Trait == home.Button {
		c.each(func(s home.Camera, cam *camera.Camera) {
			if slices.Contains(s.Buttons, r.Device) {
				c.note(cam.Record("doorbell", time.Duration(s.Post)), s.ID)
			}
		})
		return
	}
	zone := h.guard.ZoneOf(r.Device, r.Trait)
	if zone == "" || h.guard.Hidden(r.Device, r.Trait) {
		return
	}
	open := r.Value == home.Open || r.Value == home.True
	c.each(func(s home.Camera, cam *camera.Camera) {
		switch {
		case !slices.Contains(s.Zones, zone):
		case open:
			cam.Hold("zone:"+string(zone), "zone:"+string(zone))
		default:
			cam.Release("zone:" + string(zone))
		}
	})
}

// note writes down that a camera did not record.
func (c *cameras) note(err error, id home.DeviceID) {
	if err != nil {
		c.hub.log.Info("camera does not record", "device", id, "err", err)
	}
}

// phase has the alarm set off cameras, or keep them from recording.
func (c *cameras) phase(a home.Alarm) {
	c.each(func(s home.Camera, cam *camera.Camera) {
		cam.Rest(slices.Contains(s.OffIn, a.Mode))
		if slices.Contains(s.Phases, a.Phase) {
			cam.Hold("phase", "phase:"+string(a.Phase))
		} else {
			cam.Release("phase")
		}
	})
}

// conditions shows how the cameras are doing, on the board and among the devices.
func (c *cameras) conditions(now time.Time) {
	h := c.hub
	for _, w := range c.list() {
		id, name := w.settings.ID, h.nameOf(w.settings.ID)
		if w.camera == nil {
			h.board.Raise(health.CameraLost, id, name, w.fault)
			h.devices.SetHealth(id, home.HealthFailed)
			continue
		}
		st := w.camera.State()
		keyed, coming := w.camera.Keyed()
		away := !coming && (st.Condition == camera.Lost || st.Condition == camera.Starting) && now.Sub(st.Since) >= lostPatience
		why := cmp.Or(st.Why, "it sends no picture")
		h.board.Set(away, health.CameraLost, id, name, why)
		h.board.Set(coming && now.Sub(keyed) >= keyPatience, health.CameraNoKey, id, name)
		h.board.Set(st.PreShort && st.Condition == camera.Up, health.CameraPreShort, id, name)
		h.board.Set(st.ClockOff != 0, health.CameraClock, id, name, st.ClockOff.String())
		h.board.Set(st.NoTape != "", health.CameraNotRecorded, id, name, st.NoTape)
		switch {
		case st.Condition == camera.Up:
			c.seen(id, now)
		case away:
			h.devices.SetHealth(id, home.HealthMissing)
		}
		if st.Certificate != w.settings.Certificate {
			c.pin(w.camera, id, st.Certificate)
		}
	}
}

// seenEvery is how often it is written down that a camera is there: each time is
// news for every face, and a write.
const seenEvery = 10 * time.Minute

func (c *cameras) seen(id home.DeviceID, now time.Time) {
	d, ok := c.hub.devices.Device(id)
	if ok && (d.Health != home.HealthOK || d.LastSeen == nil || now.Sub(d.LastSeen.Time) >= seenEvery) {
		c.hub.devices.SetHealth(id, home.HealthOK)
		c.hub.devices.Seen(id, now)
	}
}

// pin keeps the certificate that a camera showed the first time.
func (c *cameras) pin(cam *camera.Camera, id home.DeviceID, sum string) {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	w, ok := c.known[id]
	if !ok || w.camera != cam {
		c.mu.Unlock()
		return
	}
	s := w.settings
	c.mu.Unlock()
	s.Certificate = sum
	if err := c.table.Put(string(s.ID), s); err != nil {
		c.hub.log.Error("certificate of a camera not kept", "device", s.ID, "err", err)
		return
	}
	c.mu.Lock()
	w.settings = s
	c.mu.Unlock()
}

// shown is a camera as the faces show it.
func (w *watched) shown(name string) home.Camera {
	s := w.settings
	s.Name, s.HasPassword = name, w.password != ""
	s.Status = home.CameraStatus{State: string(camera.Lost), Why: w.fault}
	if w.camera != nil {
		st, n := w.camera.State(), w.camera.Figures()
		s.Status = home.CameraStatus{
			State: string(st.Condition), Why: st.Why, Since: home.At(st.Since), Recording: st.Recording, Codecs: st.Codecs(),
			Width: st.Width, Height: st.Height, PacketsLost: n.PacketsLost, Clips: n.Clips,
		}
	}
	return s
}

// Cameras implements api.Cameras.
func (c *cameras) Cameras() []home.Camera {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []home.Camera
	for _, w := range c.known {
		list = append(list, w.shown(c.hub.nameOf(w.settings.ID)))
	}
	slices.SortFunc(list, func(a, b home.Camera) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Camera implements api.Cameras.
func (c *cameras) Camera(id home.DeviceID) (home.Camera, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.known[id]
	if !ok {
		return home.Camera{}, false
	}
	return w.shown(c.hub.nameOf(id)), true
}

// PutCamera implements api.Cameras.
func (c *cameras) PutCamera(_ context.Context, s home.Camera, password *home.Secret, by string) (home.Camera, error) {
	c.saving.Lock()
	defer c.saving.Unlock()
	s.Status, s.HasPassword = home.CameraStatus{}, false
	c.mu.Lock()
	old := c.known[s.ID]
	c.mu.Unlock()
	secret := ""
	if old != nil {
		secret = old.password
		if moved(old.settings.URL, s.URL) { // it would be told to whoever is there
			secret, s.Certificate = "", ""
			if s.PasswordFile == old.settings.PasswordFile {
				s.PasswordFile = ""
			}
		}
	}
	if password != nil {
		secret = string(*password)
	}
	if err := c.check(&s, &secret); err != nil {
		return home.Camera{}, err
	}
	w := c.watch(s, secret)
	if w.camera == nil {
		return home.Camera{}, &home.Invalid{Field: "password_file", Reason: w.fault}
	}
	if err := c.keep(s, secret); err != nil {
		return home.Camera{}, err
	}
	c.mu.Lock()
	c.known[s.ID] = w
	c.mu.Unlock()
	if old != nil {
		c.end(old)
	}
	did := "changed"
	if old == nil {
		did = "added"
	}
	c.hub.journal.Add(home.Event{
		At: home.At(time.Now()), Kind: home.KindDevice, Device: s.ID, Who: home.Who(by),
		Text: fmt.Sprintf("%s %s the camera %s.", by, did, s.Name),
	})
	if d, ok := c.hub.devices.Device(s.ID); ok && d.Name != s.Name {
		if _, err := c.hub.devices.Rename(s.ID, s.Name, d.Room, by); err != nil {
			return home.Camera{}, err
		}
	}
	c.look()
	c.mu.Lock()
	defer c.mu.Unlock()
	return w.shown(s.Name), nil
}

// moved tells whether two addresses lead to different machines or users.
func moved(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX != nil || errY != nil || x.Host != y.Host || x.Scheme != y.Scheme || y.User != nil && x.User.String() != y.User.String()
}

// keep writes a camera and its password.
func (c *cameras) keep(s home.Camera, secret string) error {
	passwords, _, err := c.passwords.Load()
	if err == nil && passwords[s.ID] != secret {
		passwords = maps.Clone(passwords)
		if passwords == nil {
			passwords = map[home.DeviceID]string{}
		}
		passwords[s.ID] = secret
		if secret == "" {
			delete(passwords, s.ID)
		}
		err = c.passwords.Save(passwords)
	}
	if err == nil {
		err = c.table.Put(string(s.ID), s)
	}
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	return nil
}

// Figures that an owner may choose, ours.
const (
	mostPre     = home.Duration(30 * time.Second)
	mostPost    = home.Duration(5 * time.Minute)
	leastClip   = home.Duration(30 * time.Second)
	mostClip    = home.Duration(time.Hour)
	mostCameras = 32
)

// check refuses what makes no sense, and takes a password out of the address.
func (c *cameras) check(s *home.Camera, secret *string) error {
	u, err := camera.ParseURL(s.URL)
	if err != nil {
		return err
	}
	if p, ok := u.User.Password(); ok {
		*secret = p
		u.User = url.User(u.User.Username())
		s.URL = u.String()
	}
	s.Name = strings.TrimSpace(s.Name)
	c.mu.Lock()
	_, known := c.known[s.ID]
	many := len(c.known) >= mostCameras && !known
	c.mu.Unlock()
	switch {
	case many:
		return &home.Conflict{Reason: fmt.Sprintf("a hub has %d cameras at most: remove one first", mostCameras)}
	case s.Name == "" || len(s.Name) > 80:
		return &home.Invalid{Field: "name", Reason: "a camera needs a name of at most 80 bytes"}
	case s.PasswordFile != "" && !filepath.IsAbs(s.PasswordFile):
		return &home.Invalid{Field: "password_file", Reason: "give its full path"}
	case s.Pre < 0 || s.Pre > mostPre:
		return &home.Invalid{Field: "pre", Reason: "give 0s to 30s"}
	case s.Post < home.Duration(time.Second) || s.Post > mostPost:
		return &home.Invalid{Field: "post", Reason: "give 1s to 5m"}
	case s.Longest < leastClip || s.Longest > mostClip:
		return &home.Invalid{Field: "longest", Reason: "give 30s to 1h"}
	}
	if _, err := quotaOf(*s); err != nil {
		return err
	}
	return c.checkTriggers(s)
}

// quotaOf is how many bytes a camera's clips may take; 0: as many as there are.
func quotaOf(s home.Camera) (int64, error) {
	if s.Quota == "" {
		return 0, nil
	}
	var size config.Size
	if err := size.UnmarshalText([]byte(s.Quota)); err != nil {
		return 0, &home.Invalid{Field: "quota", Reason: err.Error()}
	}
	return int64(size), nil
}

// checkTriggers refuses what names nothing of this house.
func (c *cameras) checkTriggers(s *home.Camera) error {
	zones := c.hub.guard.Zones()
	for _, z := range s.Zones {
		if !slices.ContainsFunc(zones, func(o home.Zone) bool { return o.ID == z }) {
			return &home.Invalid{Field: "zones", Reason: fmt.Sprintf("there is no zone %q", z)}
		}
	}
	for _, id := range s.Buttons {
		if d, ok := c.hub.devices.Device(id); !ok || !hasTrait(d, home.Button) {
			return &home.Invalid{Field: "buttons", Reason: fmt.Sprintf("%q is no device with a button", id)}
		}
	}
	for _, p := range s.Phases {
		if !slices.Contains([]home.Phase{home.PhaseDisarmed, home.PhaseArming, home.PhaseArmed, home.PhaseEntry, home.PhaseAlarm}, p) {
			return &home.Invalid{Field: "phases", Reason: fmt.Sprintf("there is no phase %q", p)}
		}
	}
	modes := c.hub.guard.Modes()
	for _, m := range s.OffIn {
		if m != home.Disarmed && !slices.ContainsFunc(modes, func(o home.AlarmMode) bool { return o.ID == m }) {
			return &home.Invalid{Field: "off_in", Reason: fmt.Sprintf("there is no mode %q", m)}
		}
	}
	return nil
}

func hasTrait(d home.Device, t home.Trait) bool {
	_, ok := d.Traits[t]
	return ok
}

// DeleteCamera implements api.Cameras. Its clips stay until they expire.
func (c *cameras) DeleteCamera(ctx context.Context, id home.DeviceID, by string) error {
	if _, ok := c.hub.devices.Device(id); ok {
		return c.hub.devices.Remove(ctx, id, by)
	}
	return c.remove(id)
}

// remove stops a camera and forgets it.
func (c *cameras) remove(id home.DeviceID) error {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	w, ok := c.known[id]
	c.mu.Unlock()
	if !ok {
		return nil
	}
	if err := c.keep(home.Camera{ID: id}, ""); err != nil { // its password first
		return err
	}
	if err := c.table.Delete(string(id)); err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	c.mu.Lock()
	delete(c.known, id)
	c.mu.Unlock()
	c.end(w)
	return nil
}

// Record implements api.Cameras.
func (c *cameras) Record(id home.DeviceID, length time.Duration, by string) error {
	c.mu.Lock()
	w, ok := c.known[id]
	c.mu.Unlock()
	switch {
	case !ok:
		return &home.NotFound{What: "camera", ID: string(id)}
	case w.camera == nil:
		return &home.Conflict{Reason: w.fault}
	}
	if st := w.camera.State(); st.Condition != camera.Up {
		return &home.Conflict{Reason: fmt.Sprintf("%s sends no pictures now: it is %s", c.hub.nameOf(id), st.Condition)}
	}
	if err := w.camera.Record("person:"+by, length); err != nil {
		return err
	}
	if why := w.camera.State().NoTape; why != "" {
		return &home.Conflict{Reason: why}
	}
	return nil
}

// cameraRadio carries what the registry asks of cameras.
type cameraRadio struct{ c *cameras }

// Command implements registry.Radio.
func (cameraRadio) Command(_ home.Command, done func(error)) {
	if done != nil {
		done(errors.New("a camera can't be told anything yet"))
	}
}

// Remove implements registry.Radio.
func (r cameraRadio) Remove(_ context.Context, id home.DeviceID) error { return r.c.remove(id) }
