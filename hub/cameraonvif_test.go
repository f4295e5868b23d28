package hub

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/onvif/onvifsim"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
)

// smart is a simulated camera that speaks ONVIF beside its stream.
func smart(t *testing.T, sim *camsim.Camera, o onvifsim.Options) *onvifsim.Device {
	t.Helper()
	return smartWith(t, sim, sim.URL(), o)
}

// smartWith is one that has a second stream.
func smartWith(t *testing.T, sim *camsim.Camera, sub string, o onvifsim.Options) *onvifsim.Device {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 36)), nil); err != nil {
		t.Fatal(err)
	}
	o.Listen, o.User, o.Password, o.Main, o.Sub = "127.0.0.1:0", "hub", "s3cret word", sim.URL(), sub
	o.Maker, o.Model, o.Picture = "Gatehouse", "Sim 1", picture.Bytes
	d, err := onvifsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return d
}

// smartCamera is one as an owner adds it: by address, name and password.
func (h *Hub) smartCamera(t *testing.T, d *onvifsim.Device) home.Camera {
	t.Helper()
	c := home.DefaultCamera("camera-porch")
	c.Name, c.ONVIF = "Porch", strings.Replace(d.Address(), "://", "://hub:s3cret word@", 1)
	c.Pre, c.Post = home.Duration(time.Second), home.Duration(time.Second)
	c.ONVIF = strings.Replace(c.ONVIF, " ", "%20", 1)
	return h.put(t, c)
}

// TestCameraByONVIF adds a camera by nothing but its address, name and password, and
// has what it notices set it off.
func TestCameraByONVIF(t *testing.T) {
	t.Parallel()
	h, sim, clips := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{Quirks: onvifsim.Quirks{Host: "192.0.2.7"}})
	c := h.smartCamera(t, d)
	if c.URL != strings.Replace(sim.URL(), "rtsp://", "rtsp://hub@", 1) || strings.Contains(c.ONVIF, "s3cret") || !c.HasPassword {
		t.Fatalf("%+v", c)
	}
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	soon(t, "it is heard", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.ONVIF != nil && c.Status.ONVIF.Heard })
	soon(t, "the house knows it", func() bool {
		d, _ := h.devices.Device(c.ID)
		return d.Maker == "Gatehouse" && d.Model == "Sim 1" && hasTrait(d, home.Button) && hasTrait(d, home.Motion)
	})

	soon(t, "nothing moves", func() bool {
		d, _ := h.devices.Device(c.ID)
		return d.Traits[home.Motion].Value == home.False && d.Traits[home.Occupancy].Value == home.False
	})

	news := h.devices.Readings.Subscribe(64)
	t.Cleanup(news.Close)
	d.Press()
	if took := waited(t, func() {
		for {
			it, err := news.Next(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if r := it.Value; r.Device == c.ID && r.Trait == home.Button && r.Value == home.Word("press") {
				return
			}
		}
	}); took > time.Second {
		t.Errorf("the bell was heard after %s, want 1 s at most", took)
	}
	soon(t, "a clip of whoever rang", func() bool { return slices.Contains(clips.over(), "doorbell") })
	d.Motion(true)
	soon(t, "it records", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.Recording == "motion" })
	d.Motion(false)
	soon(t, "a clip of what moved", func() bool { return slices.Contains(clips.over(), "motion") })
	d.Person(true)
	soon(t, "somebody is there", func() bool {
		d, _ := h.devices.Device(c.ID)
		return d.Traits[home.Occupancy].Value == home.True
	})
	d.Person(false)
	soon(t, "a clip of somebody", func() bool { return slices.Contains(clips.over(), "seen:person") })
	if got, err := h.cameras.Snapshot(t.Context(), c.ID); err != nil || len(got) == 0 {
		t.Errorf("its picture: %d bytes, %v", len(got), err)
	}

	// What the owner does not want heeded sets nothing off, and is heard all the same.
	c.Heeds = []string{"doorbell"}
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	soon(t, "it is heard", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.ONVIF.Heard })
	d.Motion(true)
	soon(t, "something moves", func() bool {
		d, _ := h.devices.Device(c.ID)
		return d.Traits[home.Motion].Value == home.True
	})
	if c, _ := h.cameras.Camera(c.ID); c.Status.Recording != "" {
		t.Errorf("it records because of %q", c.Status.Recording)
	}

	// In a mode in which nobody may record, nothing is asked of it either.
	c.OffIn = []home.Mode{home.Home}
	c = h.put(t, c)
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Home, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
	soon(t, "nobody listens to it", func() bool { return d.Subscribers() == 0 })

	// What can't be asked is not added.
	c.URL = ""
	for field, change := range map[string]func(*home.Camera) *home.Secret{
		"password": func(*home.Camera) *home.Secret { s := home.Secret("another"); return &s },
		"onvif":    func(c *home.Camera) *home.Secret { c.ONVIF = "http://hub@127.0.0.1:9"; return nil },
		"heeds": func(c *home.Camera) *home.Secret {
			c.URL, c.Heeds = "rtsp://127.0.0.1/x", []string{"weather"}
			return nil
		},
	} {
		bad, invalid := c, new(home.Invalid)
		password := change(&bad)
		if _, err := h.cameras.PutCamera(t.Context(), bad, password, "Ada"); !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: %v", field, err)
		} else if field == "onvif" && (!strings.Contains(invalid.Reason, "nothing answers at its port 9") || !strings.HasSuffix(invalid.Reason, "begin its address with https://")) {
			t.Errorf("why it can't be asked is told as %q", invalid.Reason)
		}
	}
	c.URL, c.ONVIF = "rtsp://hub@192.0.2.9/x", d.Address()
	if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, new(*home.Invalid)) {
		t.Errorf("services on another machine than the pictures: %v", err)
	}
}

// TestPictureOfNow is the camera's own where it gives one, and else one out of its
// stream.
func TestPictureOfNow(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{})
	c := h.smartCamera(t, d)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	wide := func() int {
		t.Helper()
		b, err := h.cameras.Snapshot(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.DecodeConfig(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return m.Width
	}
	if w := wide(); w != 64 {
		t.Errorf("its own picture is %d wide, want 64", w)
	}
	d.Have(onvifsim.Quirks{Blind: true})
	if w := wide(); w != 768 {
		t.Errorf("one of its stream is %d wide, want 768", w)
	}
}

// TestONVIFCamerasThatAreUnwell brings about each trouble that a camera has beside its
// stream, and mends it.
func TestONVIFCamerasThatAreUnwell(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{Quirks: onvifsim.Quirks{NoPull: true}})
	c := h.smartCamera(t, d)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	check := func(code health.Code, later time.Duration, want bool) {
		t.Helper()
		soon(t, string(code), func() bool {
			h.cameras.conditions(time.Now().Add(later))
			return h.board.Present(code, c.ID) == want
		})
	}
	check(health.CameraUnheard, eventPatience, true)

	year := 365 * 24 * time.Hour
	d.Have(onvifsim.Quirks{Clock: -year})
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	check(health.CameraUnheard, eventPatience, false)
	check(health.CameraClock, 0, true)
	d.Have(onvifsim.Quirks{})
	c = h.put(t, c)
	soon(t, "it is heard", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.ONVIF.Heard })
	check(health.CameraClock, 0, false)

	check(health.CameraCovered, 0, false)
	d.Cover(true)
	check(health.CameraCovered, 0, true)
	d.Cover(false)
	check(health.CameraCovered, 0, false)
}

// TestABellThatCallsInSilence: a camera's bell that is the button of a silent zone calls
// people outside, and no camera records because of it.
func TestABellThatCallsInSilence(t *testing.T) {
	t.Parallel()
	h, sim, clips := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{})
	c := h.smartCamera(t, d)
	soon(t, "its bell is known", func() bool { d, _ := h.devices.Device(c.ID); return hasTrait(d, home.Button) })
	c.Buttons = []home.DeviceID{c.ID}
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	soon(t, "it is heard", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.ONVIF != nil && c.Status.ONVIF.Heard })
	z := home.Zone{ID: "alert", Name: "Bell", Device: c.ID, Trait: home.Button, Kind: home.ZonePanic, Silent: true}
	if err := h.PutZone(t.Context(), z, "Ada"); err != nil {
		t.Fatal(err)
	}
	calls := h.notices.News.Subscribe(8)
	t.Cleanup(calls.Close)
	devices := h.devices.Changes.Subscribe(256)
	t.Cleanup(devices.Close)
	d.Press()
	if it, err := calls.Next(t.Context()); err != nil || !it.Value.Outside {
		t.Fatalf("told %+v, %v", it.Value, err)
	}
	d.Motion(true) // comes after it
	soon(t, "it records what moves", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.Recording != "" })
	if c, _ := h.cameras.Camera(c.ID); c.Status.Recording != "motion" {
		t.Errorf("it records because of %q", c.Status.Recording)
	}
	d.Motion(false)
	soon(t, "a clip", func() bool { return len(clips.over()) > 0 })
	if got := clips.over(); !slices.Equal(got, []string{"motion"}) {
		t.Errorf("clips because of %q, want of what moved alone", got)
	}
	moved := false
	for it, ok := devices.TryNext(); ok && !moved; it, ok = devices.TryNext() {
		moved = it.Value.Traits[home.Motion].Value == home.True
		if it.Value.ID == c.ID && (it.Value.Traits[home.Button].Value.Known() || it.Value.Records && !moved) {
			t.Errorf("the faces see %+v", it.Value)
		}
	}
	if !moved {
		t.Error("nothing of the camera was told at all")
	}
}

// TestFindCameras looks for cameras on the loopback, and adds the one that answers.
func TestFindCameras(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	h.o.Config.Interfaces = []string{"lo"}
	d := smart(t, sim, onvifsim.Options{Name: "Drive", Interface: "lo"})
	find := func() home.FoundCamera {
		t.Helper()
		list, err := h.cameras.Find(t.Context(), "Ada")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(f home.FoundCamera) bool { return strings.HasPrefix(f.ONVIF, d.Address()) })
		if i < 0 {
			t.Fatalf("found %+v, and not %s", list, d.Address())
		}
		return list[i]
	}
	if f := find(); f.Name != "Drive" || f.Model != "Sim 1" || f.Known != "" {
		t.Errorf("%+v", f)
	}
	c := h.smartCamera(t, d)
	if f := find(); f.Known != c.ID {
		t.Errorf("a camera of the house is found as %+v", f)
	}
	soon(t, "the journal says so", func() bool {
		lines, _, err := h.journal.Page(journal.Query{Kind: home.KindDevice})
		return err == nil && slices.ContainsFunc(lines, func(e home.Event) bool {
			return strings.HasPrefix(e.Text, "Ada looked for cameras on the network: ") && !strings.Contains(e.Text, "none")
		})
	})
}

// TestCameraLooksAtTheZoneThatTripped turns a camera to where something happens.
func TestCameraLooksAtTheZoneThatTripped(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	h.devices.Introduce(home.Device{ID: "zwave-5", Name: "Gate", Radio: "zwave", Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {}}})
	if err := h.PutZone(t.Context(), home.Zone{ID: "gate", Name: "Gate", Device: "zwave-5", Trait: home.Contact, Kind: home.ZoneInstant, Modes: []home.Mode{home.Away}}, "Ada"); err != nil {
		t.Fatal(err)
	}
	d := smart(t, sim, onvifsim.Options{Presets: []string{"Gate", "Drive"}})
	c := h.smartCamera(t, d)
	presets, err := h.cameras.Presets(t.Context(), c.ID)
	if err != nil || len(presets) != 2 || presets[0].Name != "Gate" {
		t.Fatalf("%+v, %v", presets, err)
	}
	if err := h.cameras.LookAt(t.Context(), c.ID, presets[1].ID); err != nil {
		t.Fatal(err)
	}
	if at, _ := d.Preset(); at != "Drive" {
		t.Errorf("it looks at %q", at)
	}
	if err := h.cameras.LookAt(t.Context(), c.ID, "none"); !errors.As(err, new(*home.Conflict)) {
		t.Errorf("somewhere that there is not: %v", err)
	}
	c.Looks = []home.CameraLook{{Zone: "none", Preset: "1"}}
	if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, new(*home.Invalid)) {
		t.Errorf("a zone that there is not: %v", err)
	}
	c.Looks = []home.CameraLook{{Zone: "gate", Preset: presets[0].ID}}
	c = h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	h.devices.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: home.Open, At: time.Now()})
	soon(t, "it looks at the gate", func() bool { at, _ := d.Preset(); return at == "Gate" })
}

// TestMasksOfACamera has a camera black out what its owner drew, says where it does
// not, and leaves alone what somebody drew in the camera itself.
func TestMasksOfACamera(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{})
	c := h.smartCamera(t, d)
	window := home.SightZone{Name: "Neighbour's window", Shape: []home.SightPoint{{X: .1, Y: .1}, {X: .4, Y: .1}, {X: .4, Y: .5}}, Mask: true}
	c.Seeing.Zones = []home.SightZone{window}
	if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, new(*home.Invalid)) {
		t.Errorf("what is blacked out is to be looked at: %v", err)
	}
	c.Seeing.Zones[0].Ignore = true
	c = h.put(t, c)
	mask := func() home.CameraMask {
		c, _ := h.cameras.Camera(c.ID)
		if len(c.Status.Masks) != 1 {
			t.Fatalf("%+v", c.Status.Masks)
		}
		return c.Status.Masks[0]
	}
	soon(t, "it is blacked out", func() bool { return mask().Black && mask().Why == "" })
	if d.Masks() != 1 {
		t.Errorf("it has %d masks", d.Masks())
	}
	d.Draw() // somebody, in the camera's own page

	// It is reset; what is missing is seen when it is looked at next, and made anew.
	d.LoseMasks()
	d.Draw()
	h.cameras.mu.Lock()
	word := h.cameras.known[c.ID].word
	h.cameras.mu.Unlock()
	word.changed()
	soon(t, "it is blacked out again", func() bool { return d.Masks() == 2 && mask().Black })

	// It does not say which masks it has: none of them is taken back for that.
	d.Have(onvifsim.Quirks{Mute: "GetMasks"})
	word.changed()
	soon(t, "it is not known whether it is blacked out", func() bool { return !mask().Black && mask().Why != "" })
	if d.Masks() != 2 {
		t.Errorf("a camera that did not answer has %d masks, want 2", d.Masks())
	}
	d.Have(onvifsim.Quirks{}) // and is asked again, though nothing tells that it answers
	soon(t, "it says again that it is", func() bool { return mask().Black })

	// The owner wants it no more.
	c.Seeing.Zones = nil
	c = h.put(t, c)
	soon(t, "the mask is gone, and not that of somebody else", func() bool { return d.Masks() == 1 })

	// A camera that takes masks and does not keep them is found out.
	d.Have(onvifsim.Quirks{MasksGone: true})
	c.Seeing.Zones = []home.SightZone{window}
	c.Seeing.Zones[0].Ignore = true
	c = h.put(t, c)
	soon(t, "it says that it does not", func() bool { return !mask().Black && strings.Contains(mask().Why, "does not have it") })
	soon(t, "and everybody hears", func() bool { return h.board.Present(health.CameraUnmasked, c.ID) })
	d.Have(onvifsim.Quirks{})
	c = h.put(t, c)
	soon(t, "until it does", func() bool { return !h.board.Present(health.CameraUnmasked, c.ID) })
}

// TestAMaskThatNobodyCanAskFor is not said to be there any more, once its camera has
// not been asked for long: one that was reset meanwhile shows everything.
func TestAMaskThatNobodyCanAskFor(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{})
	c := h.smartCamera(t, d)
	c.Seeing.Zones = []home.SightZone{{Name: "Window", Shape: []home.SightPoint{{X: .1, Y: .1}, {X: .4, Y: .1}, {X: .4, Y: .5}}, Mask: true, Ignore: true}}
	c = h.put(t, c)
	mask := func() home.CameraMask { c, _ := h.cameras.Camera(c.ID); return c.Status.Masks[0] }
	soon(t, "it is blacked out", func() bool { return mask().Black })
	h.cameras.mu.Lock()
	word := h.cameras.known[c.ID].word
	h.cameras.mu.Unlock()

	soon(t, "its pictures come", h.cameraIs(c.ID, "up"))
	d.Off() // its services alone
	soon(t, "it does not answer", func() bool { return !word.onvif.State().Answers })
	if m := mask(); !m.Black {
		t.Errorf("%+v; it was asked a moment ago", m)
	}
	word.mu.Lock()
	word.asked = time.Now().Add(-2 * maskEvery)
	word.mu.Unlock()
	if m := mask(); m.Black || !strings.Contains(m.Why, "can't be asked whether it still does") {
		t.Errorf("%+v; it was asked long ago", m)
	}
	soon(t, "everybody hears", func() bool { return h.board.Present(health.CameraUnmasked, c.ID) })
	d.On()
	soon(t, "it says again that it is", func() bool { return mask().Black && mask().Why == "" })
	soon(t, "and that is heard", func() bool { return !h.board.Present(health.CameraUnmasked, c.ID) })
}

// TestAMaskForACameraThatTakesNone is said as well where there is nobody to ask for it.
func TestAMaskForACameraThatTakesNone(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL = "Porch", with(sim, url.UserPassword("hub", "s3cret word"))
	c.Seeing.Zones = []home.SightZone{{Name: "Bed", Shape: []home.SightPoint{{X: .1, Y: .1}, {X: .4, Y: .1}, {X: .4, Y: .5}}, Mask: true, Ignore: true}}
	c = h.put(t, c)
	soon(t, "everybody hears that it is in the pictures", func() bool { return h.board.Present(health.CameraUnmasked, c.ID) })
	c.Seeing.Zones = nil
	c = h.put(t, c)
	soon(t, "until nothing is to be blacked out", func() bool { return !h.board.Present(health.CameraUnmasked, c.ID) })
}

// TestMasksOfACameraWithoutEvents are read back too: one that lost them is given them
// anew, one that does not keep them is said, and one that went away is not asked.
func TestMasksOfACameraWithoutEvents(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	deaf := onvifsim.Quirks{NoPull: true}
	d := smart(t, sim, onvifsim.Options{Quirks: deaf})
	c := h.smartCamera(t, d)
	c.Seeing.Zones = []home.SightZone{{Name: "Window", Shape: []home.SightPoint{{X: .1, Y: .1}, {X: .4, Y: .1}, {X: .4, Y: .5}}, Mask: true, Ignore: true}}
	c = h.put(t, c)
	now := func() home.Camera { c, _ := h.cameras.Camera(c.ID); return c }
	black := func(is bool) func() bool {
		return func() bool { m := now().Status.Masks[0]; return m.Black == is && m.Why != notAsked }
	}
	soon(t, "it is blacked out", black(true))
	soon(t, "it has no events", func() bool { return now().Status.ONVIF.Why != "" })
	h.cameras.mu.Lock()
	word := h.cameras.known[c.ID].word
	h.cameras.mu.Unlock()
	lookAgain := word.changed // as it is every ten minutes

	d.LoseMasks()
	lookAgain()
	soon(t, "it is blacked out again", func() bool { return d.Masks() == 1 })

	d.Have(onvifsim.Quirks{NoPull: true, MasksGone: true})
	d.LoseMasks()
	lookAgain()
	soon(t, "it is not blacked out", black(false))
	soon(t, "everybody hears", func() bool { return h.board.Present(health.CameraUnmasked, c.ID) })
	d.Have(deaf)
	lookAgain()
	soon(t, "it is blacked out in the end", black(true))
	soon(t, "nobody is told any more", func() bool { return !h.board.Present(health.CameraUnmasked, c.ID) })

	sim.Off()
	d.Off()
	soon(t, "it is lost", h.cameraIs(c.ID, "lost"))
	if word.canSay() {
		t.Error("a camera that went away is asked of its masks")
	}
}

// TestAMaskThatIsSavedIsNoTrouble: that a camera is asked anew when its owner saves
// something neither raises that it shows what it must not nor takes it back.
func TestAMaskThatIsSavedIsNoTrouble(t *testing.T) {
	t.Parallel()
	h, sim, _ := cameraHouse(t, camsim.Draw(camsim.Porch))
	d := smart(t, sim, onvifsim.Options{})
	c := h.smartCamera(t, d)
	soon(t, "it is heard", func() bool { c, _ := h.cameras.Camera(c.ID); return c.Status.ONVIF.Heard })
	news := h.board.Changes.Subscribe(64)
	t.Cleanup(news.Close)
	told := func() (n int) {
		h.cameras.conditions(time.Now())
		for it, ok := news.TryNext(); ok; it, ok = news.TryNext() {
			if it.Value.Item.Code == string(health.CameraUnmasked) {
				n++
			}
		}
		return n
	}
	black := func(is bool) func() bool {
		return func() bool {
			c, _ := h.cameras.Camera(c.ID)
			return c.Status.Masks[0].Black == is && c.Status.ONVIF.Heard && c.Status.Masks[0].Why != notAsked
		}
	}
	c.Seeing.Zones = []home.SightZone{{Name: "Window", Shape: []home.SightPoint{{X: .1, Y: .1}, {X: .4, Y: .1}, {X: .4, Y: .5}}, Mask: true, Ignore: true}}
	c = h.put(t, c)
	soon(t, "it is blacked out", black(true))
	c.Post = home.Duration(2 * time.Second)
	c = h.put(t, c)
	soon(t, "it is blacked out still", black(true))
	if n := told(); n != 0 {
		t.Errorf("a camera that masks was said %d times to show what it must not, or not to any more", n)
	}

	// One that does not is said to once, whatever its owner saves, until it does.
	d.Have(onvifsim.Quirks{MasksGone: true})
	d.LoseMasks()
	c.Seeing.Zones[0].Shape = slices.Clone(c.Seeing.Zones[0].Shape)
	c.Seeing.Zones[0].Shape[0].Y = .2
	c = h.put(t, c)
	soon(t, "it is not blacked out", black(false))
	c.Post = home.Duration(time.Second)
	c = h.put(t, c)
	soon(t, "it is heard", black(false))
	if n := told(); n != 1 || !h.board.Present(health.CameraUnmasked, c.ID) {
		t.Errorf("that it does not was told %d times, want once", n)
	}

	// One that was never asked is no better than one that does not.
	h.cameras.mu.Lock()
	w := h.cameras.known[c.ID]
	h.cameras.mu.Unlock()
	w.word.mu.Lock()
	w.word.held = nil
	w.word.mu.Unlock()
	if soon, late := w.unmasked(w.word.since), w.unmasked(w.word.since.Add(maskPatience)); soon != "" || late != "Window ("+notAsked+")" {
		t.Errorf("what was not asked is told as %q, and as %q after %s", soon, late, maskPatience)
	}
}
