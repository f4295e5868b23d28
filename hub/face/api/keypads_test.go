package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
)

// fakeKeypads are two keypads: one that can be set, one that can do nothing.
type fakeKeypads struct {
	all []Keypad
	put []string
}

func newFakeKeypads() *fakeKeypads {
	return &fakeKeypads{all: []Keypad{
		{Device: "zwave-5", Name: "Hall keypad", Room: "Hall", Encrypted: true, Can: []string{"volume", "backlight", "tones"}, Settings: home.DefaultKeypadSettings()},
		{Device: "zwave-9", Name: "Shed keypad", Settings: home.DefaultKeypadSettings()},
	}}
}

func (f *fakeKeypads) List() []Keypad { return f.all }

func (f *fakeKeypads) Find(id home.DeviceID) (Keypad, bool) {
	i := slices.IndexFunc(f.all, func(k Keypad) bool { return k.Device == id })
	if i < 0 {
		return Keypad{}, false
	}
	return f.all[i], true
}

func (f *fakeKeypads) Put(id home.DeviceID, s home.KeypadSettings, by string) error {
	modes := []home.AlarmMode{{ID: home.Home}, {ID: home.Night}, {ID: home.Away}, {ID: "guests"}}
	if err := s.Check([]home.Area{{ID: home.TheHouse}, {ID: "flat"}}, modes); err != nil {
		return err
	}
	for i := range f.all {
		if f.all[i].Device == id {
			f.all[i].Settings = s
		}
	}
	f.put = append(f.put, by+" "+string(id))
	return nil
}

func TestKeypads(t *testing.T) {
	h := newHouse()
	pads := newFakeKeypads()
	h.opt.Keypads = pads
	srv := h.api(t).Handler()

	all := decode[[]Keypad](t, call(t, srv, "owner", "GET", "/api/v1/keypads", ""), http.StatusOK)
	if len(all) != 2 || all[0].Name != "Hall keypad" || all[1].Can == nil || all[1].Notes == nil {
		t.Errorf("got %+v, want two, and lists that are not null", all)
	}
	got := decode[Keypad](t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-5", `{"volume":30,"exit_tones":false}`), http.StatusOK)
	want := home.DefaultKeypadSettings()
	want.Volume, want.ExitTones = 30, false
	if d := cmp.Diff(got.Settings, want); d != "" || len(got.Notes) != 0 {
		t.Errorf("settings (-got +want):\n%s\nnotes %q", d, got.Notes)
	}
	got = decode[Keypad](t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-9", `{"volume":30,"backlight":5,"entry_tones":false}`), http.StatusOK)
	if d := cmp.Diff(got.Settings, home.DefaultKeypadSettings()); d != "" || len(got.Notes) != 3 || len(pads.put) != 1 {
		t.Errorf("a keypad that can do nothing: settings (-got +want):\n%s\nnotes %q, put %q", d, got.Notes, pads.put)
	}
	got = decode[Keypad](t, call(t, srv, "owner", "GET", "/api/v1/keypads/zwave-5", ""), http.StatusOK)
	if got.Settings.Volume != 30 {
		t.Errorf("read back %+v, want volume 30", got.Settings)
	}
	wantProblem(t, call(t, srv, "owner", "GET", "/api/v1/keypads/zwave-6", ""), http.StatusNotFound, "not-found")
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-6", `{"volume":3}`), http.StatusNotFound, "not-found")
	wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-5", `{"volume":101}`), http.StatusUnprocessableEntity, "invalid")
}

// What a keypad may set is a matter of the alarm: it wants the right to change
// the alarm's settings, and a fresh step-up. How loud it is does not.
func TestKeypadModesWantTheRightToTheAlarm(t *testing.T) {
	h := newHouse()
	pads := newFakeKeypads()
	h.opt.Keypads = pads
	srv := h.api(t).Handler()
	const modes = `{"modes":["home","night"],"area":"flat"}`
	wantProblem(t, call(t, srv, "stale", "PUT", "/api/v1/keypads/zwave-9", modes), http.StatusForbidden, codeStepUp)
	wantProblem(t, call(t, srv, "installer", "PUT", "/api/v1/keypads/zwave-9", modes), http.StatusForbidden, codeForbidden)
	wantProblem(t, call(t, srv, "member", "PUT", "/api/v1/keypads/zwave-9", modes), http.StatusForbidden, codeForbidden)
	wantProblem(t, call(t, srv, "installer", "PUT", "/api/v1/keypads/zwave-9", `{"area":"flat"}`), http.StatusForbidden, codeForbidden)
	if len(pads.put) != 0 {
		t.Errorf("changed by %q", pads.put)
	}
	decode[Keypad](t, call(t, srv, "installer", "PUT", "/api/v1/keypads/zwave-5", `{"backlight":10,"modes":["disarmed","home","night","away"]}`), http.StatusOK)
	got := decode[Keypad](t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-9", modes), http.StatusOK)
	if d := cmp.Diff(got.Settings.Modes, []home.Mode{home.Home, home.Night}); d != "" || got.Settings.Area != "flat" {
		t.Errorf("area %s, modes (-got +want):\n%s", got.Settings.Area, d)
	}
	decode[Keypad](t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-9", `{"modes":["guests"]}`), http.StatusOK)
	for field, body := range map[string]string{
		"modes": `{"modes":["home","home"]}`, "modes of another house": `{"modes":["siesta"]}`, "area": `{"area":"barn"}`,
	} {
		p := wantProblem(t, call(t, srv, "owner", "PUT", "/api/v1/keypads/zwave-9", body), http.StatusUnprocessableEntity, "invalid")
		if !strings.Contains(p.Detail, strings.Fields(field)[0]) {
			t.Errorf("%s: %q does not name what is wrong", field, p.Detail)
		}
	}
}
