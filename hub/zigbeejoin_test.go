package hub

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/config"
	"gatehouse/hub/face/api"
	"gatehouse/hub/home"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

// label is what stands on the label of a lock, and its link key: the example of
// Base Device Behavior 3.0.1, 10.1.2.
const label = "Z:000D6F0019107FDA$I:83FED3407A939723A5C639B26916D505C3B5"

func (m *meadow) lets(in api.JoinRequest) error {
	m.t.Helper()
	in.Seconds = 60
	return m.zigbee.Join(m.t.Context(), in, "Anna")
}

// refused tells what is wrong with a field of a request.
func (m *meadow) refused(in api.JoinRequest, field, words string) {
	m.t.Helper()
	err := m.lets(in)
	wrong, ok := errors.AsType[*home.Invalid](err)
	if !ok || wrong.Field != field || !strings.Contains(wrong.Reason, words) {
		m.t.Errorf("got %v, want %s: %q", err, field, words)
	}
	if m.sim.Permitted() {
		m.t.Error("the network is open")
	}
}

// A house with a keypad lets nobody in without a code unless somebody says that
// there is none; a device that has come by its code shows that.
func TestZigbeeJoinByInstallCode(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		if s := m.zigbee.State(); s.Codes != api.CodesWanted {
			t.Errorf("with a keypad codes are %q", s.Codes)
		}
		m.refused(api.JoinRequest{}, "code", "has a Zigbee lock or keypad")
		m.refused(api.JoinRequest{Code: label[:len(label)-1] + "6"}, "code", "check sum is wrong")
		m.refused(api.JoinRequest{Code: label[:30]}, "code", "has 9 digits")
		code, err := zigbee.ParseInstallCode(label)
		if err != nil {
			t.Fatal(err)
		}
		window := m.sim.NewContact(zigbeesim.Make{IEEE: uint64(code.Device), Key: code.Key, NeedsKey: true})
		if err := m.lets(api.JoinRequest{Code: label}); err != nil {
			t.Fatal(err)
		}
		window.Press()
		m.pass(20 * time.Second)
		d, ok := m.devices.Device(m.id(window))
		if j := m.zigbee.Joining(); j.Step != "done" || !ok || d.Security != home.SecurityInstallCode {
			t.Errorf("joining ended as %+v, the device: %+v", j, d)
		}
		if d, _ := m.devices.Device(m.id(m.pad)); d.Security != home.SecurityLinkKey {
			t.Errorf("the keypad, which came without a code: %s", d.Security)
		}
		m.o.Config.Zigbee.InstallCodes = config.InstallCodesOnly
		m.refused(api.JoinRequest{WithoutCode: true}, "code", "by their install code alone")
		if s := m.zigbee.State(); s.Codes != api.CodesOnly {
			t.Errorf("codes are %q", s.Codes)
		}
	})
}

func TestZigbeeJoinNearADevice(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.refused(api.JoinRequest{WithoutCode: true, Near: string(m.id(m.door))}, "near", "a router")
		m.refused(api.JoinRequest{WithoutCode: true, Near: "zwave-5"}, "near", "name the hub")
		var routers []home.DeviceID
		for _, n := range m.zigbee.State().Map {
			if n.Router {
				routers = append(routers, n.Device)
			}
		}
		if len(routers) != 2 { // the siren and the plug
			t.Fatalf("routers: %v", routers)
		}
		window := m.sim.NewContact(zigbeesim.Make{IEEE: 0x00158D0000000E00})
		if err := m.lets(api.JoinRequest{WithoutCode: true, Near: string(m.id(m.plug))}); err != nil {
			t.Fatal(err)
		}
		window.PressNear(m.siren)
		if window.Short() != 0 {
			t.Error("it joined near the siren")
		}
		window.PressNear(m.plug)
		m.pass(20 * time.Second)
		if j := m.zigbee.Joining(); j.Step != "done" {
			t.Errorf("joining ended as %+v", j)
		}
		other := m.sim.NewContact(zigbeesim.Make{IEEE: 0x00158D0000000E01})
		if err := m.lets(api.JoinRequest{WithoutCode: true, Near: "hub"}); err != nil {
			t.Fatal(err)
		}
		other.PressNear(m.plug)
		if other.Short() != 0 {
			t.Error("it joined near the plug")
		}
		if err := m.zigbee.CancelJoin(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Second)
		m.plug.TakeBattery()
		var conflict *home.Conflict
		if err := m.lets(api.JoinRequest{WithoutCode: true, Near: string(m.id(m.plug))}); !errors.As(err, &conflict) || !strings.Contains(conflict.Reason, "does not answer") {
			t.Errorf("near a plug that is pulled: %v", err)
		}
		if m.sim.Permitted() {
			t.Error("the network is open")
		}
	})
}
