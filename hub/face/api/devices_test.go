package api

import (
	"strings"
	"testing"

	"gatehouse/hub/home"
	"gatehouse/zigbee"
)

// A person steps up to make a siren sound, but not to end it, nor for a lamp.
func TestSirenByHandNeedsAStepUp(t *testing.T) {
	srv := newHouse().api(t).Handler()
	for _, c := range []struct {
		who, body string
		status    int
	}{
		{"stale", `{"trait":"siren","value":"on"}`, 403},
		{"stale", `{"trait":"siren","value":"on","for":"30s"}`, 403},
		{"stale", `{"trait":"siren","value":"off"}`, 202},
		{"stale", `{"trait":"switch","value":"on"}`, 202},
		{"owner", `{"trait":"siren","value":"on"}`, 202},
		{"member", `{"trait":"siren","value":"on"}`, 202},
		{"token-member", `{"trait":"siren","value":"on","for":"2m"}`, 202},
	} {
		w := call(t, srv, c.who, "POST", "/api/v1/devices/zwave-5/command", c.body)
		if w.Code != c.status {
			t.Errorf("%s %s: got %d %s, want %d", c.who, c.body, w.Code, w.Body, c.status)
		}
		if c.status == 403 {
			wantProblem(t, w, 403, codeStepUp)
		}
	}
}

// Nor does a phone that lies about open a door; locking one is nobody's harm.
func TestUnlockingNeedsAStepUp(t *testing.T) {
	srv := newHouse().api(t).Handler()
	for _, c := range []struct {
		who, body string
		status    int
	}{
		{"stale", `{"trait":"lock","value":"unlocked"}`, 403},
		{"stale", `{"trait":"lock","value":"unlocked","code":"1357"}`, 403},
		{"stale", `{"trait":"lock","value":"locked"}`, 202},
		{"owner", `{"trait":"lock","value":"unlocked"}`, 202},
		{"member", `{"trait":"lock","value":"unlocked"}`, 202},
		{"token-member", `{"trait":"lock","value":"unlocked"}`, 202},
	} {
		w := call(t, srv, c.who, "POST", "/api/v1/devices/zwave-5/command", c.body)
		if w.Code != c.status {
			t.Errorf("%s %s: got %d %s, want %d", c.who, c.body, w.Code, w.Body, c.status)
		}
		if c.status == 403 {
			wantProblem(t, w, 403, codeStepUp)
		}
	}
}

// A Zigbee device's signature is given to whoever may read devices; nothing else
// has one.
func TestSignature(t *testing.T) {
	h := newHouse()
	h.opt.Signature = func(id home.DeviceID) (zigbee.Signature, bool) {
		zone := zigbee.Hex(0x0015)
		return zigbee.Signature{
			Version: 1, Model: "TS0601", Maker: "_TZE200_x", Manufacturer: 0x1002,
			Endpoints: []zigbee.SignatureEndpoint{{ID: 1, In: []zigbee.Hex{0xEF00}, Out: []zigbee.Hex{}, Zone: &zone}},
		}, id == "zigbee-00158d0000000001"
	}
	srv := h.api(t).Handler()
	w := call(t, srv, "member", "GET", "/api/v1/devices/zigbee-00158d0000000001/signature", "")
	want := `"endpoints":[{"endpoint":1,"profile":"0x0000","device":"0x0000","in":["0xef00"],"out":[],"zone":"0x0015"}]`
	if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
		t.Errorf("got %d %s, want %s", w.Code, w.Body, want)
	}
	wantProblem(t, call(t, srv, "member", "GET", "/api/v1/devices/zwave-5/signature", ""), 404, codeNotFound)
	wantProblem(t, call(t, newHouse().api(t).Handler(), "member", "GET", "/api/v1/devices/zwave-5/signature", ""), 404, codeNotFound)
}
