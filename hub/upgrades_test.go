package hub

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/zigbee/zigbeesim"
)

// firmware puts a file into the data folder and gives its id.
func (m *meadow) firmware(kind uint16, version uint32) string {
	m.t.Helper()
	le := binary.LittleEndian
	body := bytes.Repeat([]byte{0xAA, byte(version)}, 5000)
	b := []byte("\x1e\xf1\xee\x0b")
	for _, n := range []uint16{0x0100, 56, 0, 0x117C, kind} {
		b = le.AppendUint16(b, n)
	}
	b = le.AppendUint16(le.AppendUint32(b, version), 2)
	b = le.AppendUint32(append(b, make([]byte, 32)...), uint32(56+6+len(body)))
	b = le.AppendUint32(le.AppendUint16(b, 0), uint32(len(body)))
	b = append(b, body...)
	u := upgrades{m.Hub}
	if err := os.MkdirAll(u.folder(), 0o700); err != nil {
		m.t.Fatal(err)
	}
	name := filepath.Join(u.folder(), "sim.ota")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		m.t.Fatal(err)
	}
	all, err := u.Firmware()
	if err != nil || len(all) != 1 || all[0].Fault != "" {
		m.t.Fatalf("%+v, %v", all, err)
	}
	return all[0].ID
}

func (m *meadow) upgrade(id home.DeviceID, state home.UpgradeState, words string) {
	m.t.Helper()
	d, _ := m.devices.Device(id)
	if u := d.Upgrade; u == nil || u.State != state || !strings.Contains(u.Text, words) {
		m.t.Errorf("the upgrade: %+v, want %s: %q", u, state, words)
	}
}

// A plug fetches its firmware at once; it waits while the house is armed, and runs
// it in the end.
func TestUpgradeOfAPlug(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		plug := m.sim.NewPlug(zigbeesim.Make{})
		plug.RunsFirmware(7, 1)
		id := m.welcome(plug)
		file := m.firmware(7, 3)
		u := upgrades{m.Hub}
		if err := u.Start(id, file, false, "Anna"); err != nil {
			t.Fatal(err)
		}
		if conflict, ok := errors.AsType[*home.Conflict](u.Start(id, file, false, "Anna")); !ok {
			t.Errorf("twice: %v", conflict)
		}
		m.pass(time.Second)
		m.upgrade(id, home.UpgradeRunning, "Leave it where it is")
		m.absent(health.DeviceUpdating, id) // it guards nothing
		m.pad.Enter("12345", zigbeesim.ArmAway)
		m.pass(2 * time.Second)
		m.upgrade(id, home.UpgradePaused, "when the house is disarmed")
		_, half := plug.Firmware()
		m.pass(5 * time.Minute)
		if _, now := plug.Firmware(); len(now) > len(half)+50 || plug.FirmwareWaits() < 4 {
			t.Errorf("armed, it went from %d to %d bytes, and was told to wait %d times", len(half), len(now), plug.FirmwareWaits())
		}
		m.pad.Enter("12345", zigbeesim.Disarm)
		m.pass(3 * time.Minute)
		m.upgrade(id, home.UpgradeDone, "runs it")
		version, got := plug.Firmware()
		d, _ := m.devices.Device(id)
		if version != 3 || len(got) != 10062 || d.Firmware != "3.0" {
			t.Errorf("it runs %d, of %d bytes, and says %q", version, len(got), d.Firmware)
		}
		if !m.journalled(home.KindDevice, "Anna gave "+d.Name+" the firmware 0x00000003.") {
			t.Error("nobody wrote down who did it")
		}
	})
}

// A sleeper is told when it wakes; nothing older without leave, nothing of another
// type, nothing on a low battery, and it goes on where it was after a restart.
func TestUpgradeOfASleeper(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		window := m.sim.NewContact(zigbeesim.Make{Poll: 10 * time.Hour})
		window.RunsFirmware(7, 5)
		id := m.welcome(window)
		u := upgrades{m.Hub}
		m.pass(time.Minute)
		if err := u.Start(id, m.firmware(7, 4), false, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(time.Minute)
		m.upgrade(id, home.UpgradeWaiting, "Press the button once that it was joined with")
		window.AskForFirmware()
		m.pass(time.Second)
		m.upgrade(id, home.UpgradeFailed, "runs the newer 0x00000005")
		if err := u.Start(id, m.firmware(8, 9), true, "Anna"); err != nil {
			t.Fatal(err)
		}
		window.AskForFirmware()
		m.pass(time.Second)
		m.upgrade(id, home.UpgradeFailed, "for devices of type 0x0008")

		window.SetBattery(40)
		if err := u.Start(id, m.firmware(7, 4), true, "Anna"); err != nil {
			t.Fatal(err)
		}
		window.AskForFirmware()
		m.pass(time.Second)
		m.upgrade(id, home.UpgradeWaiting, "its battery is below 50 %")
		m.absent(health.DeviceUpdating, id)
		window.SetBattery(90)
		window.AskForFirmware()
		m.pass(time.Second)
		m.upgrade(id, home.UpgradeRunning, "Leave it")
		name := m.nameOf(id)
		m.present(health.DeviceUpdating, id, name+" is being given a new firmware and is not watched meanwhile.")
		if ready := m.guard.State().Ready; ready[home.Away] {
			t.Errorf("the house is ready to be armed: %v", ready)
		}
		if _, err := m.guard.SetMode(t.Context(), home.ModeRequest{Mode: home.Away, CodeFree: true, By: "Anna"}); err == nil {
			t.Error("arming asks nothing")
		}
		window.TakeBattery()
		m.pass(20 * time.Minute)
		m.upgrade(id, home.UpgradeWaiting, "Press the button")
		m.absent(health.DeviceUpdating, id) // nor is it taken any more
		_, half := window.Firmware()
		if len(half) == 0 {
			t.Fatal("nothing was fetched")
		}
		window.PutBattery()
		m.pass(time.Minute) // it is told when it comes back
		m.upgrade(id, home.UpgradeDone, "runs it")
		m.absent(health.DeviceUpdating, id)
		if n := m.lines("Over: " + name + " is being given a new firmware and is not watched meanwhile."); n != 2 {
			t.Errorf("the journal says %d times that it is over, want 2", n)
		}
		if version, got := window.Firmware(); version != 4 || len(got) != 10062 {
			t.Errorf("it runs %d, of %d bytes", version, len(got))
		}
	})
}

func TestUpgradesThatCannotBe(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		u := upgrades{m.Hub}
		if all, err := u.Firmware(); err != nil || len(all) != 0 {
			t.Errorf("without a folder: %v, %v", all, err)
		}
		file := m.firmware(7, 1)
		if err := os.WriteFile(filepath.Join(u.folder(), "notes.txt"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		secret := filepath.Join(t.TempDir(), "secret.ota")
		b, err := os.ReadFile(filepath.Join(u.folder(), "sim.ota"))
		if err == nil {
			err = os.WriteFile(secret, b, 0o600)
		}
		if err == nil {
			err = os.Symlink(secret, filepath.Join(u.folder(), "link.ota"))
		}
		if err != nil {
			t.Fatal(err)
		}
		all, err := u.Firmware()
		if err != nil || len(all) != 2 || all[0].Fault == "" || all[1].ID != file {
			t.Errorf("%+v, %v", all, err)
		}
		if _, ok := errors.AsType[*home.NotFound](u.Start(m.id(m.plug), strings.Repeat("0", 64), false, "Anna")); !ok {
			t.Error("a file that is not there is given")
		}
		if err := u.Start(m.id(m.plug), file, false, "Anna"); err == nil || !strings.Contains(err.Error(), "takes no firmware") {
			t.Errorf("a device that takes none: %v", err)
		}
		if _, ok := errors.AsType[*home.NotFound](u.Start("zigbee-0000000000000000", file, false, "Anna")); !ok {
			t.Error("a device that is not there is given one")
		}
	})
}
