package hub

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// reels is a recorder that keeps what clips are for.
type reels struct {
	mu    sync.Mutex
	clips []*reel
	most  map[home.DeviceID]int64
}

func (r *reels) Limit(camera home.DeviceID, bytes int64, _ int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.most == nil {
		r.most = map[home.DeviceID]int64{}
	}
	r.most[camera] = bytes
}

type reel struct {
	reels *reels
	home.Footage
	parts   int
	ended   bool
	stills  int
	picture []byte // the last of them
	sights  []string
}

func (r *reels) Begin(f home.Footage) (home.Tape, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &reel{reels: r, Footage: f}
	r.clips = append(r.clips, c)
	return c, nil
}

func (c *reel) Add(home.FootagePart) error { c.parts++; return nil }
func (c *reel) Stale() bool                { return false }

func (c *reel) Still(_ time.Time, jpeg []byte) error {
	c.reels.mu.Lock()
	defer c.reels.mu.Unlock()
	if len(jpeg) > 0 {
		c.stills++
		c.picture = jpeg
	}
	return nil
}

func (c *reel) See(s home.Sight) {
	c.reels.mu.Lock()
	defer c.reels.mu.Unlock()
	if !slices.Contains(c.sights, s.Label) {
		c.sights = append(c.sights, s.Label)
	}
}

func (c *reel) End(time.Time, error) {
	c.reels.mu.Lock()
	defer c.reels.mu.Unlock()
	c.ended = true
}

// over are the reasons of the clips that have ended.
func (r *reels) over() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.clips {
		if c.ended {
			list = append(list, c.Reason)
		}
	}
	return list
}

// cameraHouse is a hub with the parts that cameras need, and a simulated camera on
// loopback.
func cameraHouse(t *testing.T, scene camsim.Scene) (*Hub, *camsim.Camera, *reels) {
	t.Helper()
	return houseWith(t, camsim.Options{Listen: "127.0.0.1:0", Scene: scene})
}

// wiredHouse is the same in a synctest bubble, where the camera hangs on a wire.
func wiredHouse(t *testing.T, scene camsim.Scene) (*Hub, *camsim.Camera, *reels) {
	t.Helper()
	time.Sleep(time.Until(earliest().Add(30 * 24 * time.Hour))) // the bubble's clock begins in 2000
	return houseWith(t, camsim.Options{Wire: &camsim.Wire{}, Scene: scene})
}

func houseWith(t *testing.T, o camsim.Options) (*Hub, *camsim.Camera, *reels) {
	t.Helper()
	h, err := build(Options{Config: config.Config{Data: filepath.Join(t.TempDir(), "data"), Name: "Elm Street"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r := &reels{}
	h.cameras.recorder = r
	ctx, cancel := context.WithCancelCause(t.Context())
	parts := slices.DeleteFunc(h.core(), func(p part) bool {
		return !slices.Contains([]string{"panel", "devices", "cameras", "detector", "clips", "conditions", "people"}, p.name)
	})
	running := start(ctx, h.log, cancel, append(parts, part{name: "journal", run: h.journal.Run})...)
	t.Cleanup(func() {
		cancel(nil)
		running.wait()
		h.close()
	})
	if o.Wire != nil {
		h.cameras.dial = o.Wire.Dial
	}
	o.User, o.Password = "hub", "s3cret word"
	return h, turnOn(t, o), r
}

func turnOn(t *testing.T, o camsim.Options) *camsim.Camera {
	t.Helper()
	sim, err := camsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := sim.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(wg.Wait)
	return sim
}

// with is the camera's address with what it asks for.
func with(sim *camsim.Camera, user *url.Userinfo) string {
	u, _ := url.Parse(sim.URL())
	u.User = user
	return u.String()
}

// soon waits for something to be so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !is() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-limit:
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// waited waits for f to come back, and tells how long, by a clock that stands still
// while the machine has no time for this process.
func waited(t *testing.T, f func()) (took time.Duration) {
	t.Helper()
	const step = 10 * time.Millisecond
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	clock := time.NewTicker(step)
	defer clock.Stop()
	for {
		select {
		case <-done:
			return took
		case <-clock.C:
			if took += step; took > patience {
				t.Fatal("waited in vain")
			}
		}
	}
}

func (h *Hub) put(t *testing.T, c home.Camera) home.Camera {
	t.Helper()
	c, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *Hub) cameraIs(id home.DeviceID, state string) func() bool {
	return func() bool { c, _ := h.cameras.Camera(id); return c.Status.State == state }
}

// TestCamera leads a camera through its life: added with a password that is never
// shown again, set off by a person, a sensor, a doorbell and the alarm, at rest in a
// mode, moved, and removed.
func TestCamera(t *testing.T) {
	t.Parallel()
	scene := camsim.Draw(camsim.Porch)
	synctest.Test(t, func(t *testing.T) { leadThroughLife(t, scene) })
}

func leadThroughLife(t *testing.T, scene camsim.Scene) {
	h, sim, clips := wiredHouse(t, scene)
	h.devices.Introduce(home.Device{ID: "zwave-5", Name: "Front door", Radio: "zwave", Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {}, home.Button: {}}})
	if err := h.PutZone(t.Context(), home.Zone{ID: "front-door", Name: "Front door", Device: "zwave-5", Trait: home.Contact, Kind: home.ZoneInstant, Modes: []home.Mode{home.Away}}, "Ada"); err != nil {
		t.Fatal(err)
	}

	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	c.Zones, c.Buttons, c.OffIn = []home.ZoneID{"front-door"}, []home.DeviceID{"zwave-5"}, []home.Mode{home.Home}
	c.Pre, c.Post = home.Duration(time.Second), home.Duration(time.Second)
	c.Quota = "20MiB"
	c = h.put(t, c)
	if clips.most[c.ID] != 20<<20 {
		t.Errorf("its clips may take %d bytes, want 20 MiB", clips.most[c.ID])
	}
	if strings.Contains(c.URL, "s3cret") || !c.HasPassword {
		t.Errorf("%+v shows its password, or has none", c)
	}
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	soon(t, "its device is well", func() bool {
		d, ok := h.devices.Device(c.ID)
		return ok && d.Health == home.HealthOK && d.Name == "Porch"
	})
	if file, err := os.ReadFile(h.file("home.db")); err != nil || strings.Contains(string(file), "s3cret") {
		t.Errorf("the password stands in the database (%v)", err)
	}

	if err := h.cameras.Record(c.ID, time.Second, "Ada"); err != nil {
		t.Fatal(err)
	}
	soon(t, "every face says that it records", func() bool { d, _ := h.devices.Device(c.ID); return d.Records })
	says := func(tr home.Trait, v home.Value) {
		h.devices.Report(home.Reading{Device: "zwave-5", Trait: tr, Value: v, At: time.Now()})
	}
	for _, it := range []struct {
		reason string
		do     func()
	}{
		{"person:Ada", func() {}},
		{"zone:front-door", func() { says(home.Contact, home.Open); says(home.Contact, home.Closed) }},
		{"doorbell", func() { says(home.Button, home.Word("press")) }},
		{"phase:alarm", func() {
			if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Away, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
				t.Fatal(err)
			}
			says(home.Contact, home.Open)
			soon(t, "the alarm runs", func() bool { return h.guard.State().Phase == home.PhaseAlarm })
			says(home.Contact, home.Closed)
			if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Disarmed, By: "Ada", CodeFree: true}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		it.do()
		soon(t, "a clip for "+it.reason, func() bool {
			over := clips.over()
			return len(over) > 0 && (slices.Contains(over, it.reason) || it.reason == "phase:alarm" && slices.Contains(over, "zone:front-door"))
		})
	}

	// In a mode in which nobody may record it is not even connected.
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Home, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the camera rests", h.cameraIs(c.ID, "resting"))
	soon(t, "no face says that it records", func() bool { d, _ := h.devices.Device(c.ID); return !d.Records })
	if err := h.cameras.Record(c.ID, time.Second, "Ada"); !errors.As(err, new(*home.Conflict)) {
		t.Errorf("recording with a camera that rests: %v", err)
	}

	// What is saved while it rests is no reason to take it for one that is new.
	c = h.put(t, c)
	soon(t, "the camera rests again", h.cameraIs(c.ID, "resting"))
	if d, ok := h.devices.Device(c.ID); !ok || d.Health != home.HealthOK {
		t.Errorf("a camera that rests and was saved is %q", d.Health)
	}
	// Room for less than a clip is refused: nothing would be left of what it records.
	for _, quota := range []string{"0GiB", "1KiB", "15MiB", "0", "-1GiB"} {
		bad := c
		bad.Quota = quota
		if _, err := h.cameras.PutCamera(t.Context(), bad, nil, "Ada"); !errors.As(err, new(*home.Invalid)) || !strings.Contains(err.Error(), "quota") {
			t.Errorf("room of %s: %v", quota, err)
		}
	}

	// Another address wants the password anew: it would be told to whoever is there.
	c.URL = "rtsp://hub@127.0.0.1:9/main"
	if c = h.put(t, c); c.HasPassword {
		t.Error("the password went along to another address")
	}
	c.URL = "http://127.0.0.1/"
	if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, new(*home.Invalid)) {
		t.Errorf("a camera that speaks no RTSP: %v", err)
	}
	if err := h.cameras.DeleteCamera(t.Context(), c.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.devices.Device(c.ID); ok || len(h.cameras.Cameras()) != 0 {
		t.Error("a camera that was removed is still there")
	}
}

// TestCamerasThatAreUnwell brings about each trouble of a camera, and mends it.
func TestCamerasThatAreUnwell(t *testing.T) {
	t.Parallel()
	scene := camsim.Draw(camsim.Porch)
	synctest.Test(t, func(t *testing.T) { fallIll(t, scene) })
}

func fallIll(t *testing.T, scene camsim.Scene) {
	h, sim, clips := wiredHouse(t, scene)
	h.cameras.recorder = noRecorder{}
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	check := func(code health.Code, later time.Duration, want bool) {
		t.Helper()
		soon(t, string(code), func() bool {
			h.cameras.conditions(time.Now().Add(later))
			return h.board.Present(code, c.ID) == want
		})
	}

	// Nothing keeps what it records.
	if err := h.cameras.Record(c.ID, time.Second, "Ada"); !errors.As(err, new(*home.Conflict)) {
		t.Errorf("recording onto nothing: %v", err)
	}
	check(health.CameraNotRecorded, 0, true)
	h.cameras.recorder = clips
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	if err := h.cameras.Record(c.ID, time.Second, "Ada"); err != nil {
		t.Fatal(err)
	}
	check(health.CameraNotRecorded, 0, false)

	// It is unplugged; a moment without it is nothing to tell.
	sim.Off()
	soon(t, "the camera is lost", h.cameraIs(c.ID, "lost"))
	check(health.CameraLost, 0, false)
	check(health.CameraLost, lostPatience, true)
	if d, _ := h.devices.Device(c.ID); d.Health != home.HealthMissing {
		t.Errorf("a camera that is lost is %s", d.Health)
	}
	sim.On()
	check(health.CameraLost, lostPatience, false)

	// Its pre-roll is more than it may hold.
	h.cameras.ringBytes = 60_000
	c.Pre = home.Duration(20 * time.Second)
	c = h.put(t, c)
	check(health.CameraPreShort, 0, true)
	h.cameras.ringBytes = 24 << 20
	c = h.put(t, c)
	check(health.CameraPreShort, 0, false)

	// Its clock is an hour slow.
	sim.Misset(-time.Hour)
	c = h.put(t, c)
	check(health.CameraClock, 0, true)
	sim.Misset(0)
	c = h.put(t, c)
	check(health.CameraClock, 0, false)

	// No picture stands alone but the first, which was long ago.
	endless := scene
	endless.Pictures = slices.DeleteFunc(slices.Clone(scene.Pictures), func(p camsim.Picture) bool { return len(p.Units) > 1 })
	good, wire := c.URL, &camsim.Wire{}
	other := turnOn(t, camsim.Options{Wire: wire, Scene: endless})
	before := h.cameras.dial
	h.cameras.dial = wire.Dial
	c.URL = other.URL()
	c = h.put(t, c)
	check(health.CameraNoKey, keyPatience, true)
	c.URL, h.cameras.dial = good, before
	password := home.Secret("s3cret word")
	if _, err := h.cameras.PutCamera(t.Context(), c, &password, "Ada"); err != nil {
		t.Fatal(err)
	}
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	check(health.CameraNoKey, 0, false)
}
