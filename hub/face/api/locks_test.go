package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/hub/home"
)

// fakeLocks is one lock with room for one code.
type fakeLocks struct {
	codes []home.LockCode
	pin   home.PIN
}

func (f *fakeLocks) Codes(d home.DeviceID) ([]home.LockCode, error) { return f.codes, nil }

func (f *fakeLocks) Put(_ context.Context, c home.LockCode, pin home.PIN, _ string) error {
	if len(f.codes) > 0 {
		return &home.Conflict{Reason: "the lock has no room for another code; remove one first"}
	}
	f.codes, f.pin = append(f.codes, c), pin
	return nil
}

func (f *fakeLocks) Delete(context.Context, home.DeviceID, int, string) error {
	f.codes = nil
	return nil
}

func TestLockCodes(t *testing.T) {
	h := newHouse()
	f := &fakeLocks{}
	h.opt.Locks = f
	srv := h.api(t).Handler()
	const path = "/api/v1/devices/zigbee-5/codes"
	const body = `{"person":"Ada","code":"24680"}`
	wantProblem(t, call(t, srv, "member", "PUT", path+"/1", body), http.StatusForbidden, codeForbidden)
	for _, bad := range []string{`{"person":"Ada","code":"123"}`, `{"person":"Ada","code":"12345a"}`, `{"person":"","code":"24680"}`} {
		wantProblem(t, call(t, srv, "owner", "PUT", path+"/1", bad), http.StatusUnprocessableEntity, "invalid")
	}
	wantProblem(t, call(t, srv, "owner", "PUT", path+"/65535", body), http.StatusUnprocessableEntity, "invalid")
	got := call(t, srv, "owner", "PUT", path+"/1", body)
	if c := decode[home.LockCode](t, got, http.StatusOK); c.Person != "Ada" || c.User != 1 || string(f.pin) != "24680" {
		t.Errorf("%+v", c)
	}
	wantProblem(t, call(t, srv, "owner", "PUT", path+"/2", body), http.StatusConflict, "conflict")
	list := call(t, srv, "owner", "GET", path, "")
	if all := decode[[]home.LockCode](t, list, http.StatusOK); len(all) != 1 || strings.Contains(list.Body.String()+got.Body.String(), "24680") {
		t.Errorf("%+v", all)
	}
	if r := call(t, srv, "owner", "DELETE", path+"/1", ""); r.Code != http.StatusNoContent || f.codes != nil {
		t.Errorf("deleted: %d", r.Code)
	}
	if s := fmt.Sprintf("%v %+v %s %q %d", f.pin, home.Command{Code: f.pin}, f.pin, f.pin, f.pin); strings.Contains(s, "24680") || strings.Contains(s, "50 52 54") {
		t.Errorf("it prints its PIN: %s", s)
	}
	wantProblem(t, call(t, srv, "owner", "POST", "/api/v1/devices/zwave-5/command", `{"trait":"switch","value":"on","code":"24680"}`), http.StatusUnprocessableEntity, "invalid")
}
