package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/hub/camera"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/camera/reach"
	"gatehouse/hub/camera/whep"
	"gatehouse/hub/home"
	"gatehouse/storage"
)

// cameras are the cameras of the house: what the owner wants of each, kept in the
// database, and each that runs. What sets them off is heard behind the alarm's back:
// no reading waits for a camera.
type cameras struct {
	hub       *Hub
	recorder  reelKeeper
	ringBytes int         // what the pre-roll of one camera may take
	dial      camera.Dial // nil: over the network
	table     *storage.Table[home.Camera]
	passwords *storage.SealedCell[map[home.DeviceID]string]
	changed   chan struct{} // a camera was made, changed or removed
	hears     atomic.Bool   // some camera is set off by what devices say
	detector  *detect.Detector
	network   network
	door      *whep.Door                  // to browsers
	open      func() (detect.Eyes, error) // the network

	saving   sync.Mutex // one change at a time
	darkroom sync.Mutex // one picture is decoded at a time, but for the detector's

	saying sync.Mutex // held while a device says what is before its camera, so that it says it in order
	claims map[claim]bool

	finding sync.Mutex // cameras on the LAN
	noting  sync.Mutex
	masks   *storage.Cell[map[home.DeviceID][]string] // that the hub had made, by their tokens

	mu    sync.Mutex
	known map[home.DeviceID]*watched
	eyes  map[home.DeviceID][]string // who looks through each, once for each view

	crowded map[string]time.Time // when it was last written that a caller looked too often at once

	talkers map[home.DeviceID]*speakingThrough
}

// reelKeeper keeps what cameras record.
type reelKeeper interface {
	camera.Recorder
	// Limit says how many bytes its clips may take, and how many days they stay; 0: as there is room.
	Limit(camera home.DeviceID, bytes int64, days int)
}

// watched is one camera.
type watched struct {
	settings home.Camera // under mu: it learns while it runs
	password string
	pin      *reach.Pin     // by which it is known over https
	camera   *camera.Camera // nil: it can't be had, see fault
	stills   *stills        // its present picture; nil: what onvif says
	word     *ownWord       // what it says itself; nil: it is not asked
	gaze     *gaze          // nil: its pictures are not looked at
	wants    chan struct{}  // a clip has begun, and has no picture yet
	fault    error
	again    bool               // its owner saved it anew
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
		changed:   make(chan struct{}, 1), known: map[home.DeviceID]*watched{}, eyes: map[home.DeviceID][]string{}, talkers: map[home.DeviceID]*speakingThrough{},
		crowded: map[string]time.Time{},
		claims:  map[claim]bool{},
		masks:   storage.NewCell[map[home.DeviceID][]string](h.db, "camera-masks"),
	}
	c.door = whep.New(whep.Options{Listen: h.o.Config.WebRTC.Listen, Log: h.log})
	if h.clips != nil {
		c.recorder = h.clips
	}
	c.open = c.openEyes
	c.detector = detect.New(detect.Options{
		Watch: c.watchOf, Seen: c.judged, Open: func() (detect.Eyes, error) { return c.open() }, Log: h.log,
	})
	c.network.folders = networkFolders(h.file("detector"))
	h.cameras = c
	list, err := values(c.table)
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	passwords, _, err := c.passwords.Load()
	if err != nil {
		return fmt.Errorf("cameras: %w", err)
	}
	if h.o.Demo != nil {
		if list, err = c.furnish(list); err != nil {
			return fmt.Errorf("cameras: %w", err)
		}
	}
	for _, s := range list {
		if s.Heeds == nil { // kept before a camera was listened to
			s.Heeds = slices.Clone(home.Heeded)
		}
		c.known[s.ID] = c.watch(s, passwords[s.ID])
	}
	h.devices.Attach(cameraKind, cameraRadio{c})
	return nil
}

// furnish gives a demo home the cameras that it begins with. Where they are is another
// port each time it starts.
func (c *cameras) furnish(list []home.Camera) ([]home.Camera, error) {
	begin := c.hub.o.Demo.Cameras
	if len(list) == 0 {
		list = slices.Clone(begin)
	}
	for i, s := range list {
		if now := slices.IndexFunc(begin, func(b home.Camera) bool { return b.ID == s.ID }); now >= 0 {
			list[i].URL, list[i].SubURL, list[i].ONVIF = begin[now].URL, begin[now].SubURL, begin[now].ONVIF
		}
		if err := c.table.Put(string(s.ID), list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// noRecorder stands in for one that can't be had.
type noRecorder struct{}

var errNoRecorder = errors.New("clips can't be kept on this disk")

func (noRecorder) Begin(home.Footage) (home.Tape, error) { return nil, errNoRecorder }
func (noRecorder) Limit(home.DeviceID, int64, int)       {}

// watch makes a camera of settings.
func (c *cameras) watch(s home.Camera, password string) *watched {
	w := &watched{settings: s, password: password, pin: reach.NewPin(s.HTTPSCertificate, c.look), wants: make(chan struct{}, 1)}
	w.pin.Remember(s.PortCertificates)
	if s.PasswordFile != "" {
		p, err := readPassword(s.PasswordFile)
		if err != nil {
			w.fault = err
			return w
		}
		password = p
	}
	quota, err := quotaOf(s)
	if err != nil {
		w.fault = err
		return w
	}
	c.recorder.Limit(s.ID, quota, s.KeepDays)
	cam, err := camera.New(camera.Options{
		ID: s.ID, URL: s.URL, SubURL: s.SubURL, Password: password, BasicAuth: s.BasicAuth, Certificate: s.Certificate,
		Pre: time.Duration(s.Pre), Post: time.Duration(s.Post), Longest: time.Duration(s.Longest),
		Audio: s.Audio, Continuous: s.Continuous, RingBytes: c.ringBytes,
		Recorder: c.recorder, Dial: c.dial, Changed: func(st camera.State) { c.look(); w.gaze.begins(st); w.began(st) }, Log: c.hub.log,
	})
	if err != nil {
		w.fault = err
		return w
	}
	w.camera = cam
	if s.SnapshotURL != "" {
		w.stills, err = openStills(s, password, w.pin)
	}
	if err == nil {
		w.word, err = c.openWord(s, cam, password, w.pin)
	}
	if err != nil {
		w.camera, w.fault = nil, err
	}
	if s.Seeing.Wanted() {
		w.gaze = newGaze(s)
	}
	return w
}

// look has the conditions of cameras looked at.
func (c *cameras) look() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

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
	var fresh []home.Camera
	again := map[home.DeviceID]bool{}
	hears := false
	for _, w := range c.known {
		hears = hears || len(w.settings.Zones)+len(w.settings.Buttons)+len(w.settings.Looks) > 0
		if w.stop != nil {
			continue
		}
		own, stop := context.WithCancel(ctx)
		w.stop, w.ended = stop, make(chan struct{})
		id := w.settings.ID
		fresh, again[id] = append(fresh, w.settings), w.again
		go func() {
			defer close(w.ended)
			if w.camera == nil {
				return
			}
			var beside sync.WaitGroup
			beside.Go(func() { c.posters(own, id, w) })
			if w.gaze != nil {
				beside.Go(func() { c.gaze(own, w) })
			}
			if w.word != nil {
				beside.Go(func() { w.word.run(own) })
			}
			_ = w.camera.Run(own) // ends with its context alone
			beside.Wait()
		}()
	}
	c.hears.Store(hears)
	c.mu.Unlock()
	for _, s := range fresh {
		room := ""
		if c.hub.o.Demo != nil {
			room = c.hub.o.Demo.Furniture[s.ID].Room
		}
		is := home.HealthJoining
		if d, ok := c.hub.devices.Device(s.ID); ok && again[s.ID] { // it is how it was, until its pictures say more
			is = d.Health
		}
		c.hub.devices.Introduce(home.Device{
			ID: s.ID, Name: s.Name, Room: room, Radio: cameraKind, Address: address(s.URL), Power: "mains", Health: is,
			Traits: s.Seeing.Traits(),
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
