package hub

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"gatehouse/hub/camera/camsim"
	"gatehouse/hub/camera/clips"
	"gatehouse/hub/camera/detect"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
)

// snaps is a camera's page that gives its picture of now.
type snaps struct {
	*httptest.Server

	mu    sync.Mutex
	show  []byte
	asked int // since another picture is shown
}

func newSnaps(t *testing.T) *snaps {
	t.Helper()
	s := &snaps{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		_, _ = w.Write(s.show)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *snaps) shows(jpeg []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show, s.asked = jpeg, 0
}

// looked waits until the picture was looked at so often, and once more has begun.
func (s *snaps) looked(t *testing.T, times int) {
	t.Helper()
	soon(t, "the picture is looked at", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.asked > times
	})
}

// scene is a grey picture of a yard with something in it as bright as that.
func yard(t *testing.T, what uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 320, 180))
	for y := range 180 {
		for x := range 320 {
			v := uint8(x / 3)
			if image.Pt(x, y).In(image.Rect(140, 60, 180, 120)) {
				v = what
			}
			m.SetGray(x, y, color.Gray{Y: v})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	nothing = 50
	aDog    = 150
	aPerson = 250
)

// byBrightness are eyes that know a yard.
type byBrightness struct{ hang chan struct{} }

func (e byBrightness) Look(img image.Image, _ []detect.Box) []home.Sight {
	if e.hang != nil {
		<-e.hang
	}
	y := color.GrayModel.Convert(img.At(160, 90)).(color.Gray).Y
	s := home.Sight{Score: 0.8, Left: 0.4, Right: 0.6, Top: 0.3, Base: 0.7}
	switch {
	case y > 200:
		s.Label = "person"
	case y > 100:
		s.Label = "dog"
	default:
		return nil
	}
	return []home.Sight{s}
}

func (byBrightness) Close() {}

// lookedAt is a house with a camera whose pictures are looked at, and a front door.
func lookedAt(t *testing.T) (*Hub, *snaps, *reels, home.Camera) {
	t.Helper()
	h, sim, clips := cameraHouse(t, camsim.Draw(camsim.Porch))
	doorOf(t, h)
	page := newSnaps(t)
	page.shows(yard(t, nothing))
	c := home.DefaultCamera("camera-porch")
	c.Name, c.URL, c.SnapshotURL = "Porch", with(sim, url.UserPassword("hub", "s3cret word")), page.URL+"/now.jpg"
	c.Pre, c.Post = home.Duration(time.Second), home.Duration(time.Second)
	c.Seeing.On, c.Seeing.Verifies = true, true
	return h, page, clips, c
}

// doorOf gives a house a front door that raises an alarm at once.
func doorOf(t *testing.T, h *Hub) {
	t.Helper()
	h.devices.Introduce(home.Device{ID: "zwave-5", Name: "Front door", Radio: "zwave", Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {}}})
	if err := h.PutZone(t.Context(), home.Zone{ID: "front-door", Name: "Front door", Device: "zwave-5", Trait: home.Contact, Kind: home.ZoneInstant, Modes: []home.Mode{home.Away}}, "Ada"); err != nil {
		t.Fatal(err)
	}
}

func (h *Hub) says(contact home.Value) {
	h.devices.Report(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: contact, At: time.Now()})
}

func (h *Hub) arm(t *testing.T, m home.Mode) {
	t.Helper()
	if _, err := h.guard.SetMode(t.Context(), home.ModeRequest{Mode: m, By: "Ada", CodeFree: true, ExitDelay: new(home.Duration)}); err != nil {
		t.Fatal(err)
	}
}

func (h *Hub) verified() bool {
	a := h.guard.State().Alarm
	return a != nil && a.Verified
}

func (h *Hub) told(id home.DeviceID, tr home.Trait) home.Value {
	d, _ := h.devices.Device(id)
	return d.Traits[tr].Value
}

// seen are the labels of all clips, and how many stills they have.
func (r *reels) seen() (labels []string, stills int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.clips {
		labels, stills = append(labels, c.sights...), stills+c.stills
	}
	return labels, stills
}

// TestAPersonSeenVerifiesAnAlarm leads what a camera shows to the panel: a dog is
// seen and verifies nothing, a person does, and what was seen is sealed with the clip.
func TestAPersonSeenVerifiesAnAlarm(t *testing.T) {
	t.Parallel()
	h, page, clips, c := lookedAt(t)
	h.cameras.open = func() (detect.Eyes, error) { return byBrightness{}, nil }
	h.says(home.Closed)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	verifiesOnlyPeople(t, h, page, clips, yard(t, aDog), yard(t, aPerson))

	zone := home.Zone{ID: "porch", Name: "Porch", Device: c.ID, Trait: home.Occupancy, Kind: home.ZoneInstant, Modes: []home.Mode{home.Away}}
	if err := h.PutZone(t.Context(), zone, "Ada"); err == nil || !strings.Contains(err.Error(), "raises no alarm") {
		t.Errorf("a zone of what a camera sees: %v", err)
	}

	// Of an alarm that was switched off nobody is told more: who comes home belongs there.
	h.arm(t, home.Disarmed)
	h.says(home.Closed)
	page.shows(yard(t, nothing))
	h.arm(t, home.Away)
	h.says(home.Open)
	soon(t, "another alarm runs", func() bool { return h.guard.State().Phase == home.PhaseAlarm })
	h.arm(t, home.Disarmed)
	page.shows(yard(t, aPerson))
	if err := h.cameras.Record(c.ID, 10*time.Second, "Ada"); err != nil {
		t.Fatal(err)
	}
	page.looked(t, 3)
	if h.guard.State().Alarm == nil || h.verified() {
		t.Errorf("somebody who was seen at home verified an alarm: %+v", h.guard.State().Alarm)
	}
}

// TestAnAlarmIsLookedAtThatIsNotRecorded: a camera that verifies looks for whoever
// raised an alarm, whatever sets off its clips.
func TestAnAlarmIsLookedAtThatIsNotRecorded(t *testing.T) {
	t.Parallel()
	h, page, clips, c := lookedAt(t)
	h.cameras.open = func() (detect.Eyes, error) { return byBrightness{}, nil }
	page.shows(yard(t, aPerson))
	c.Phases = []home.Phase{}
	h.says(home.Closed)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	h.arm(t, home.Away)
	h.says(home.Open)
	soon(t, "the alarm is verified", h.verified)
	if labels, stills := clips.seen(); len(labels)+stills > 0 {
		t.Errorf("a camera that does not record kept %v and %d pictures", labels, stills)
	}
}

// verifiesOnlyPeople raises an alarm and shows a dog, then a person.
func verifiesOnlyPeople(t *testing.T, h *Hub, page *snaps, clips *reels, dog, person []byte) {
	t.Helper()
	const id = "camera-porch"
	h.arm(t, home.Away)
	page.shows(dog)
	h.says(home.Open)
	soon(t, "the alarm runs", func() bool { return h.guard.State().Phase == home.PhaseAlarm })
	soon(t, "the dog is seen", func() bool { l, _ := clips.seen(); return slices.Contains(l, "dog") })
	page.looked(t, 3)
	if h.verified() || h.told(id, home.Occupancy) == home.True {
		t.Fatal("a dog verified an alarm")
	}
	page.shows(person)
	soon(t, "the alarm is verified", h.verified)
	soon(t, "its device says that somebody is there", func() bool { return h.told(id, home.Occupancy) == home.True })
	soon(t, "the clip has a picture of it", func() bool {
		l, stills := clips.seen()
		return slices.Contains(l, "person") && stills >= 2
	})
}

// TestEyesThatHangDelayNobody: the panel, the camera and its settings go on while the
// detector is stuck with more pictures than it can look at.
func TestEyesThatHangDelayNobody(t *testing.T) {
	t.Parallel()
	h, page, _, c := lookedAt(t)
	hang := make(chan struct{})
	h.cameras.open = func() (detect.Eyes, error) { return byBrightness{hang}, nil }
	defer close(hang)
	h.says(home.Closed)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	if err := h.cameras.Record(c.ID, time.Minute, "Ada"); err != nil {
		t.Fatal(err)
	}
	page.looked(t, 2)
	picture := detect.JPEG(yard(t, aPerson))
	for range 10_000 {
		h.cameras.detector.Look(c.ID, time.Now(), picture)
	}
	h.arm(t, home.Away)
	panel := h.guard.Changes.Subscribe(64)
	defer panel.Close()
	h.says(home.Open)
	if took := waited(t, func() {
		for h.guard.State().Phase != home.PhaseAlarm {
			if _, err := panel.Next(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	}); took > 2*time.Second { // the disk has 250 ms before the phase is shown anyway
		t.Errorf("the alarm took %v", took)
	}
	c.Name = "Front"
	h.put(t, c)
	if n := h.cameras.detector.Counts(); n.Dropped < 9_000 {
		t.Errorf("%+v: pictures were kept that nobody looks at", n)
	}
}

// TestMotionSetsACameraOff: something that moves in two pictures begins a clip, where
// it is not ignored.
func TestMotionSetsACameraOff(t *testing.T) {
	t.Parallel()
	h, page, clips, c := lookedAt(t)
	h.cameras.open = func() (detect.Eyes, error) { return nil, errors.New("movement needs no network") }
	c.Seeing = home.Seeing{Motion: true, Zones: []home.SightZone{{Name: "street", Ignore: true}}}
	c.Phases = []home.Phase{}
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	flicker, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for n := uint8(0); flicker.Err() == nil; n++ {
			page.mu.Lock()
			page.show = yard(t, 200*(n%2))
			page.mu.Unlock()
			select {
			case <-flicker.Done():
			case <-time.After(time.Second):
			}
		}
	}()
	page.looked(t, 4)
	if h.told(c.ID, home.Motion) == home.True || len(clips.over()) > 0 {
		t.Error("what moves in the street set the camera off")
	}
	c.Seeing.Zones = nil
	h.put(t, c)
	soon(t, "its device says that something moves", func() bool { return h.told(c.ID, home.Motion) == home.True })
	soon(t, "a clip of it begins", func() bool {
		clips.mu.Lock()
		defer clips.mu.Unlock()
		return slices.ContainsFunc(clips.clips, func(r *reel) bool { return r.Reason == "motion" })
	})
	h.put(t, c)
	if h.told(c.ID, home.Motion) == home.True && len(clips.over()) == 0 {
		t.Error("a camera that is looked at no more says that something moves")
	}
}

// TestZonesOfThePictureAreTheAskersOwn: those of a camera that runs may be among them.
func TestZonesOfThePictureAreTheAskersOwn(t *testing.T) {
	t.Parallel()
	h, _, _, c := lookedAt(t)
	zones := []home.SightZone{{Name: " street ", Ignore: true}}
	c.Seeing.Zones = zones
	if got := h.put(t, c).Seeing.Zones; len(got) != 1 || got[0].Name != "street" || zones[0].Name != " street " {
		t.Errorf("kept is %+v of %+v", got, zones)
	}
}

// TestPicturesThatAreNotLookedAt brings about each reason for which nobody looks at a
// camera's pictures, and mends it.
func TestPicturesThatAreNotLookedAt(t *testing.T) {
	t.Parallel()
	h, page, _, c := lookedAt(t)
	check := func(code health.Code, id home.DeviceID, later time.Duration, want bool) {
		t.Helper()
		soon(t, string(code), func() bool {
			h.cameras.conditions(time.Now().Add(later))
			return h.board.Present(code, id) == want
		})
	}
	c.Seeing.On = false
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	check(health.DetectorMissing, "", 0, false)
	c.Seeing.On = true
	h.put(t, c)
	check(health.DetectorMissing, "", 0, true)
	check(health.CameraUnseen, c.ID, lostPatience, false)

	page.shows([]byte("<html>Please sign in</html>"))
	c.Seeing.Motion = true
	h.put(t, c)
	check(health.CameraUnseen, c.ID, lostPatience, true)
	page.shows(yard(t, nothing))
	check(health.CameraUnseen, c.ID, lostPatience, false)
	address := c.SnapshotURL
	c.SnapshotURL = "" // its stream is looked at instead
	h.put(t, c)
	check(health.CameraUnseen, c.ID, lostPatience, false)
	c.SnapshotURL = address
	c.Seeing = home.Seeing{}
	h.put(t, c)
	check(health.CameraUnseen, c.ID, 0, false)
	check(health.DetectorMissing, "", 0, false)
}

// TestACoveredCameraIsSaid: a lens that shows nothing for long, until it shows
// something again.
func TestACoveredCameraIsSaid(t *testing.T) {
	t.Parallel()
	h, _, _, c := lookedAt(t)
	h.put(t, c)
	soon(t, "the camera is up", h.cameraIs(c.ID, "up"))
	at := time.Now()
	for _, tc := range []struct {
		after   time.Duration
		plain   bool
		covered bool
	}{
		{0, true, false},
		{plainHolds - time.Second, true, false},
		{plainHolds, true, true},
		{plainHolds + time.Minute, false, false},
		{plainHolds + 2*time.Minute, true, false},
	} {
		h.cameras.judged(c.ID, at.Add(tc.after), detect.Judgement{Plain: tc.plain})
		h.cameras.conditions(time.Now())
		if got := h.board.Present(health.CameraCovered, c.ID); got != tc.covered {
			t.Errorf("after %v, plain %v: covered is %v", tc.after, tc.plain, got)
		}
	}
}

// TestWhatCanBeLookedFor refuses what makes no sense, and says why.
func TestWhatCanBeLookedFor(t *testing.T) {
	t.Parallel()
	h, _, _, c := lookedAt(t)
	for _, tc := range []struct {
		want string
		zone home.SightZone
	}{
		{"needs a name", home.SightZone{Name: " "}},
		{"2 corners", home.SightZone{Name: "drive", Shape: make([]home.SightPoint, 2)}},
		{`no mode "holiday"`, home.SightZone{Name: "drive", Modes: []home.Mode{"holiday"}}},
		{"once not below twice", home.SightZone{Name: "drive", Once: 0.4, Twice: 0.6}},
		{`called "gate"`, home.SightZone{Name: "gate"}},
	} {
		c.Seeing.Zones = []home.SightZone{{Name: "gate"}, tc.zone}
		if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); !errors.As(err, new(*home.Invalid)) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %q", tc.zone, err, tc.want)
		}
	}
	c.Seeing.Zones, c.Seeing.Area = nil, "barn"
	if _, err := h.cameras.PutCamera(t.Context(), c, nil, "Ada"); err == nil || !strings.Contains(err.Error(), `no area "barn"`) {
		t.Errorf("an area that there is not: %v", err)
	}
}

// TestADoubtIsRemembered: who says that there was no person takes the label off the
// clip, and the camera wants to be surer from then on, after a restart too.
func TestADoubtIsRemembered(t *testing.T) {
	t.Parallel()
	h, _, _, c := lookedAt(t)
	c.Seeing.Zones = []home.SightZone{{Name: "drive"}}
	h.put(t, c)
	owner, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.clips.PutVault(home.Vault{Recipients: []string{owner.Recipient().String()}}, "Ada"); err != nil {
		t.Fatal(err)
	}
	tape, err := h.clips.Begin(porch())
	if err != nil {
		t.Fatal(err)
	}
	tape.See(home.Sight{Label: "person", Score: 0.45, Zone: "gate"})
	tape.See(home.Sight{Label: "person", Score: 0.6, Zone: "drive"})
	tape.See(home.Sight{Label: "dog", Score: 0.5, Zone: "drive"})
	clip := func() home.Clip {
		list, _, err := h.clips.Page(clips.Query{})
		if err != nil || len(list) == 0 {
			return home.Clip{}
		}
		return list[0]
	}
	soon(t, "the clip is written", func() bool { return clip().ID != "" })
	id := clip().ID
	if err := h.cameras.Doubt(id, "cat", "Ada"); !errors.As(err, new(*home.NotFound)) {
		t.Errorf("a cat that nobody saw: %v", err)
	}
	if err := h.cameras.Doubt(id, "person", "Ada"); err != nil {
		t.Fatal(err)
	}
	if l := clip().Labels; len(l) != 1 || l[0].Name != "dog" {
		t.Errorf("the clip shows %v, want a dog alone", l)
	}
	want := []home.Doubt{{Zone: "drive", Label: "person", Times: 1}}
	kept, _, err := h.cameras.table.Get(string(c.ID))
	if err != nil || !slices.Equal(kept.Seeing.Doubts, want) || !slices.Equal(h.cameras.watchOf(c.ID).Doubts, want) {
		t.Errorf("kept %+v, looks for %+v (%v)", kept.Seeing.Doubts, h.cameras.watchOf(c.ID).Doubts, err)
	}
	tape.See(home.Sight{Label: "person", Score: 0.9, Zone: "drive"}) // somebody, at last
	if err := h.cameras.DeleteCamera(t.Context(), c.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	if err := h.cameras.Doubt(id, "person", "Ada"); !errors.As(err, new(*home.Conflict)) {
		t.Errorf("a camera that was removed: %v", err)
	}
}
