package hub

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee/zigbeesim"
)

// What whoever holds the box sees of the network: everything but keys, codes and
// the family's own words.
func TestZigbeeLookedAt(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		desk := deskRadios{m.Hub}
		ctx, enough := context.WithCancel(t.Context())
		var lines []string
		done := make(chan error, 1)
		go func() {
			done <- desk.Listen(ctx, zigbeehome.Kind, func(l string) error {
				lines = append(lines, l)
				return nil
			})
		}()
		synctest.Wait()
		m.door.Open()
		m.pad.Enter("12345", zigbeesim.ArmAway)
		m.pass(time.Second)
		enough()
		if err := <-done; err != nil {
			t.Error(err)
		}
		all := strings.Join(lines, "\n")
		for _, want := range []string{"IAS Zone: zcl.ZoneStatusChange", "IAS ACE: zcl.Arm arm [redacted]"} {
			if !strings.Contains(all, want) {
				t.Errorf("no line says %q in\n%s", want, all)
			}
		}
		d, err := desk.Dump(zigbeehome.Kind)
		if err != nil {
			t.Fatal(err)
		}
		s, err := desk.Signature(zigbeehome.Kind, string(m.id(m.door)))
		if err != nil {
			t.Fatal(err)
		}
		dump, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(dump), `"model":"SimKeypad"`) || !strings.Contains(string(dump), `"key":"[redacted]"`) {
			t.Errorf("dumped %s", dump)
		}
		if !strings.Contains(string(signature), `"model":"SimContact"`) || strings.Contains(string(signature), string(m.id(m.door))[7:]) {
			t.Errorf("signed %s", signature)
		}
		_, _, _, key := m.sim.Network()
		for _, secret := range []string{hex.EncodeToString(key[:]), string(key[:]), "12345"} {
			for _, text := range []string{all, string(dump), string(signature)} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
		}
		for _, c := range []struct{ radio, device string }{{"zwave", "zwave-5"}, {zigbeehome.Kind, "zigbee-0000000000000001"}, {zigbeehome.Kind, "x"}} {
			if _, err := desk.Signature(c.radio, c.device); err == nil {
				t.Errorf("%v has a signature", c)
			}
		}
		if _, err := desk.Dump("zwave"); err == nil {
			t.Error("the Z-Wave network is dumped by the Zigbee's")
		}
	})
}
