package homekit

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/face/homekit/hap"
	"gatehouse/hub/home"
)

// camera is one that notices what moves and has a bell.
func camera(id home.DeviceID, name string) home.Device {
	d := device(id, name, map[home.Trait]home.Value{home.Motion: home.False, home.Occupancy: home.False, home.Button: {}})
	d.Radio = cameraRadio
	return d
}

// is has a camera be otherwise.
func (h *house) is(id home.DeviceID, change func(*home.Device)) {
	h.mu.Lock()
	d := h.devices[id].Clone()
	change(&d)
	h.devices[id] = d
	h.mu.Unlock()
	h.changes.Publish(d)
}

// service is the first characteristic of an accessory's service, by the name that the
// service has.
func (p *phone) service(name string) (hap.ID, bool) {
	for _, a := range p.data.Accessories {
		for _, s := range a.Services {
			for _, c := range s.Characteristics {
				if s.Type != "3E" && c.Type == "23" && string(c.Value) == strconv.Quote(name) {
					return hap.ID{AID: a.AID, IID: s.Characteristics[0].IID}, true
				}
			}
		}
	}
	return hap.ID{}, false
}

func (p *phone) of(name string) hap.ID {
	p.t.Helper()
	id, ok := p.service(name)
	if !ok {
		p.t.Fatalf("there is no service %q", name)
	}
	return id
}

// TestCamerasInAppleHome: a camera that is live or records says so, and when that ends;
// its bell rings each time. Who looks, nobody hears, and nothing of it is a picture.
func TestCamerasInAppleHome(t *testing.T) {
	h := newHouse(camera("camera-door", "Door"), func() home.Device {
		d := device("camera-yard", "Yard", nil) // has nothing to say but that
		d.Radio = cameraRadio
		return d
	}())
	h.state, h.saved = newState(), true
	h.state.Settings.Cameras = true
	_, _, p := h.paired(t)
	records, watched := p.of("Door Recording"), p.of("Door Watched")
	bell, button, motion, person := p.of("Door Doorbell"), p.of("Door Button"), p.of("Door Motion"), p.of("Door Presence")
	p.subscribe(records, watched, bell, button, motion, person, p.of("Yard Watched"))
	if got := p.read(bell); got != `"value":null` {
		t.Errorf("the bell reads %s", got)
	}

	h.is("camera-door", func(d *home.Device) { d.Records = true })
	p.hears(records, "1")
	if r, w := p.read(records), p.read(watched); r != `"value":1` || w != `"value":0` {
		t.Errorf("while it records: recording %s, watched %s", r, w)
	}
	h.is("camera-door", func(d *home.Device) { d.Watched = []string{"Ada", "tv"} })
	p.hears(watched, "1")
	h.is("camera-door", func(d *home.Device) { d.Watched, d.Talks = nil, "Ada" }) // still on
	h.is("camera-door", func(d *home.Device) { d.Talks, d.Records = "", false })
	p.hears(watched, "0")
	p.hears(records, "0")
	h.is("camera-yard", func(d *home.Device) { d.Watched = []string{"Ada"} })
	p.hears(p.of("Yard Watched"), "1")

	// A look that was short is told all the same.
	h.is("camera-door", func(d *home.Device) { d.Watched = []string{"Ada"} })
	h.is("camera-door", func(d *home.Device) { d.Watched = nil })
	p.hears(watched, "1")
	p.hears(watched, "0")

	h.says("camera-door", home.Button, home.Word("press"))
	p.hears(bell, "0")
	p.hears(button, "0")
	h.says("camera-door", home.Button, home.Word("press"))
	p.hears(bell, "0")
	h.says("camera-door", home.Motion, home.True)
	p.hears(motion, "true")
	h.says("camera-door", home.Occupancy, home.True)
	p.hears(person, "1")

	p.look()
	var data strings.Builder
	for _, a := range p.data.Accessories {
		main := ""
		for _, s := range a.Services {
			if s.Primary {
				main += s.Type
			}
			// The stream of a camera, its recording, its loudspeaker and its microphone (§9).
			if slices.Contains([]string{"110", "129", "204", "111", "112", "113", "21A"}, s.Type) {
				t.Errorf("accessory %d has service %s", a.AID, s.Type)
			}
			for _, c := range s.Characteristics {
				data.Write(c.Value)
			}
		}
		if a.AID == bell.AID && main != "121" {
			t.Errorf("the first service of a camera with a bell is %s, want its doorbell", main)
		}
	}
	if strings.Contains(data.String(), "Ada") {
		t.Error("Apple Home is told who looks")
	}
}

// TestCamerasAreTheOwnersChoice: off at first; then at once, and nothing any more at
// once. Numbers stay and the shape is counted.
func TestCamerasAreTheOwnersChoice(t *testing.T) {
	h := newHouse(camera("camera-door", "Door"), device("zwave-5", "Front door", map[home.Trait]home.Value{home.Contact: home.Closed}))
	f, _, p := h.paired(t)
	if _, ok := p.service("Door Motion"); ok || f.Status().Cameras {
		t.Fatal("a camera is shown that nobody asked for")
	}
	shows := func(want bool) {
		t.Helper()
		config := f.keeper.state().Config
		if err := f.Put(Settings{Cameras: want}, "Ada"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "what the owner chose holds", func() bool {
			p.look()
			_, is := p.service("Door Recording")
			return is == want
		})
		if now := f.keeper.state().Config; now != config+1 {
			t.Errorf("the shape is %d, was %d", now, config)
		}
		if text := text(f.keeper.state(), ""); text[0] != "c#="+strconv.Itoa(config+1) {
			t.Errorf("announced as %s", text[0])
		}
	}
	shows(true)
	records, front := p.of("Door Recording"), p.must("Front door", typeContactState)
	p.subscribe(records, front)
	shows(false)
	h.is("camera-door", func(d *home.Device) { d.Records = true })
	h.says("zwave-5", home.Contact, home.Open)
	p.hears(front, "1") // in which an event of the camera would stand
	if strings.Contains(p.last, strconv.FormatUint(records.AID, 10)) {
		t.Errorf("told of a camera that is not shown: %s", p.last)
	}
	if got := p.read(records); !strings.Contains(got, "-70409") {
		t.Errorf("a camera that is not shown reads %s", got)
	}
	shows(true)
	if now := p.of("Door Recording"); now != records {
		t.Errorf("the camera has number %v, had %v", now, records)
	}
	want := "access Ada: Apple Home may show the cameras from now on.\naccess Ada: Apple Home may not show the cameras any more."
	if got := h.told(); !strings.Contains(got, want) {
		t.Errorf("the journal says\n%s\nand not\n%s", got, want)
	}
}

// TestCamerasKeepTheirNumbers: over a restart, over a change of their settings (after
// which they join anew), and whatever other cameras come and go.
func TestCamerasKeepTheirNumbers(t *testing.T) {
	h := newHouse(camera("camera-door", "Door"), camera("camera-yard", "Yard"))
	h.state, h.saved = newState(), true
	h.state.Settings.Cameras = true
	f, d, p := h.paired(t)
	all := func() (list []hap.ID) {
		p.look()
		for _, s := range []string{"Recording", "Watched", "Doorbell", "Button", "Motion", "Presence"} {
			list = append(list, p.of("Yard "+s))
		}
		return list
	}
	same := func(when string, was []hap.ID) {
		t.Helper()
		if d := cmp.Diff(all(), was); d != "" {
			t.Errorf("%s the camera has other numbers (-got +want):\n%s", when, d)
		}
	}
	yard := all()
	if got := h.Devices()[1].ID; got != "camera-yard" || yard[0].AID != firstDevice+1 || yard[0].IID != 674 {
		t.Errorf("numbers %v", yard)
	}

	tell := newTeller(f)
	defer tell.close()
	config := f.keeper.state().Config
	h.is("camera-yard", func(d *home.Device) { d.Health = home.HealthJoining })
	tell.everything() // what the teller itself does five seconds later, here and below
	same("while it joins anew", yard)
	if now := f.keeper.state().Config; now != config {
		t.Errorf("a camera that joins anew changes the shape: %d, was %d", now, config)
	}
	if got := p.read(hap.ID{AID: yard[0].AID, IID: yard[0].IID + 2}); got != `"value":false` {
		t.Errorf("while it joins its status is active: %s", got)
	}
	h.is("camera-yard", func(d *home.Device) { d.Health = home.HealthOK })

	fresh := camera("camera-garage", "Garage")
	fresh.Health = home.HealthJoining
	h.joins(fresh)
	tell.everything()
	same("while another joins", yard)
	if _, ok := p.service("Garage Recording"); ok {
		t.Error("shown before it is known what it can do")
	}
	h.is("camera-garage", func(d *home.Device) { d.Health = home.HealthOK })
	h.leaves("camera-door")
	tell.everything()
	same("after one came and one left", yard)
	if now := f.keeper.state().Config; now != config+1 {
		t.Errorf("the shape is %d, want %d", now, config+1)
	}
	if _, ok := p.service("Door Recording"); ok || p.of("Garage Recording").AID != firstDevice+2 {
		t.Errorf("the new one is %v", p.of("Garage Recording"))
	}

	g, err := New(h.options()) // what the disk has
	if err != nil {
		t.Fatal(err)
	}
	again := newTeller(g)
	defer again.close()
	again.everything()
	if err := json.Unmarshal(g.bridge.database(), &p.data); err != nil {
		t.Fatal(err)
	}
	if p.of("Yard Recording") != yard[0] || g.keeper.state().Config != f.keeper.state().Config || d.Bridge != g.Status().ID {
		t.Error("a restart changes numbers or shape")
	}
}

// TestCamerasOfAnOlderHub: what Apple Home showed before it was asked about stays.
func TestCamerasOfAnOlderHub(t *testing.T) {
	for kept, want := range map[string]bool{
		`{"accessories":{"camera-porch":12,"zwave-5":10},"settings":{"disarm":true}}`:             true,
		`{"accessories":{"zwave-5":10},"settings":{"disarm":true}}`:                               false,
		`{"accessories":{"camera-porch":12},"settings":{"disarm":true,"cameras":false},"form":1}`: false,
	} {
		var s State
		if err := json.Unmarshal([]byte(kept), &s); err != nil {
			t.Fatal(err)
		}
		k, err := openKeeper(&house{state: s, saved: true}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.state(); got.Settings != (Settings{Disarm: true, Cameras: want}) || got.Form != 1 {
			t.Errorf("%s: %+v, form %d", kept, got.Settings, got.Form)
		}
	}
}
