package api

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/hub/home"
)

// fakeUpgrades has two files, of which one is broken.
type fakeUpgrades struct{ done []string }

var fakeFile = strings.Repeat("ab", 32)

func (f *fakeUpgrades) Firmware() ([]home.Firmware, error) {
	return []home.Firmware{{ID: fakeFile, File: "contact.ota", Radio: "zigbee", Bytes: 387}, {File: "notes.txt", Fault: "this is no firmware file"}}, nil
}

func (f *fakeUpgrades) Start(id home.DeviceID, file string, older bool, by string) error {
	if file != fakeFile {
		return &home.NotFound{What: "firmware", ID: file}
	}
	word := "newer"
	if older {
		word = "any"
	}
	f.done = append(f.done, string(id)+" "+word+" by "+by)
	return nil
}

func (f *fakeUpgrades) Stop(id home.DeviceID, by string) error {
	f.done = append(f.done, string(id)+" stopped by "+by)
	return nil
}

func TestUpgrades(t *testing.T) {
	h := newHouse()
	f := &fakeUpgrades{}
	h.opt.Upgrades = f
	srv := h.api(t).Handler()
	all := decode[[]home.Firmware](t, call(t, srv, "viewer", "GET", "/api/v1/firmware", ""), http.StatusOK)
	if len(all) != 2 || all[0].ID != fakeFile || all[1].Fault == "" {
		t.Errorf("got %+v", all)
	}
	const path = "/api/v1/devices/zwave-5/upgrade"
	body := `{"file":"` + fakeFile + `"}`
	wantProblem(t, call(t, srv, "stale", "POST", path, body), http.StatusForbidden, codeStepUp)
	wantProblem(t, call(t, srv, "installer", "POST", path, body), http.StatusForbidden, codeForbidden)
	wantProblem(t, call(t, srv, "owner", "POST", path, `{"file":"x"}`), http.StatusUnprocessableEntity, "invalid")
	wantProblem(t, call(t, srv, "owner", "POST", path, `{"file":"`+strings.Repeat("0", 64)+`"}`), http.StatusNotFound, "not-found")
	decode[home.Device](t, call(t, srv, "owner", "POST", path, body), http.StatusAccepted)
	decode[home.Device](t, call(t, srv, "owner", "POST", path, `{"file":"`+fakeFile+`","older":true}`), http.StatusAccepted)
	if r := call(t, srv, "owner", "DELETE", path, ""); r.Code != http.StatusNoContent {
		t.Errorf("stopped: %d", r.Code)
	}
	if got := strings.Join(f.done, ", "); got != "zwave-5 newer by person-owner, zwave-5 any by person-owner, zwave-5 stopped by person-owner" {
		t.Errorf("done: %s", got)
	}
}
