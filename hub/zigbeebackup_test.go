package hub

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/zigbee"
	"gatehouse/zigbee/zigbeesim"
)

// A stick breaks and another one, of the other family, takes its place with the
// owner's word: no device is joined again, and the door is heard.
func TestZigbeeStickIsReplaced(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.pass(2 * time.Minute) // the devices have joined; the backup follows
		s, err := m.zigbee.Backup()
		if err != nil || s.At == nil || s.Devices != 4 || s.Restorable || s.Fault != "" {
			t.Fatalf("%v: %+v", err, s)
		}
		if err := m.zigbee.RestoreBackup(nil, true, "Anna"); !isConflict(err, "is up on this stick") {
			t.Errorf("restored over the house's own stick: %v", err)
		}
		m.zigbee.own.Lock()
		m.zigbee.family = familyEZSP
		m.zigbee.own.Unlock()
		m.sim.ReplaceBy(zigbeesim.Options{EZSP: 13, IEEE: 7})
		m.pass(time.Minute)
		m.present(health.RadioForeign, zigbeehome.Kind, "it is empty, and the house has")
		m.absent(health.RadioDown, zigbeehome.Kind)
		if s, err = m.zigbee.Backup(); err != nil || !s.Restorable || s.Erases != "" {
			t.Errorf("%v: %+v", err, s)
		}
		if err := m.zigbee.RestoreBackup(nil, false, "Anna"); err != nil {
			t.Fatal(err)
		}
		m.pass(2 * time.Minute)
		m.absent(health.RadioForeign, zigbeehome.Kind)
		m.door.Open()
		m.pass(time.Second)
		if d, _ := m.devices.Device(m.id(m.door)); d.Traits[home.Contact].Value != home.Open {
			t.Errorf("the door: %v", d.Traits)
		}
		if got := m.lines("Anna had the backup of the Zigbee network restored to the stick."); got != 1 {
			t.Errorf("%d lines in the journal", got)
		}
	})
}

// A stick of Silicon Labs makes the keys of devices by itself and gives none away:
// one of another family will not know them, and that is said before it is put in
// its place.
func TestZigbeeBackupWithoutLinkKeys(t *testing.T) {
	for _, c := range []struct {
		by      zigbeesim.Options
		family  string
		keyless int
	}{
		{zigbeesim.Options{IEEE: 7}, familyZNP, 4},
		{zigbeesim.Options{IEEE: 7, EZSP: 14}, familyEZSP, 0},
	} {
		inMeadowOf(t, zigbeesim.Options{EZSP: 13}, func(t *testing.T, m *meadow) {
			m.pass(2 * time.Minute)
			if s, err := m.zigbee.Backup(); err != nil || s.Devices != 4 || s.Keyless != 0 {
				t.Fatalf("on its own stick: %v: %+v", err, s)
			}
			m.zigbee.own.Lock()
			m.zigbee.family = c.family
			m.zigbee.own.Unlock()
			m.sim.ReplaceBy(c.by)
			m.pass(time.Minute)
			if s, err := m.zigbee.Backup(); err != nil || !s.Restorable || s.Keyless != c.keyless {
				t.Errorf("to %s: %v: %+v, want %d without keys", c.family, err, s, c.keyless)
			}
			if err := m.zigbee.RestoreBackup(nil, false, "Anna"); err != nil {
				t.Fatal(err)
			}
			m.pass(2 * time.Minute)
			m.door.Open()
			m.pass(time.Second)
			m.reads(m.id(m.door), home.Contact, home.Open) // by the network's key
			if trusts := m.door.Trusts(); trusts != (c.keyless == 0) {
				t.Errorf("to %s: the stick knows the door's link key: %v", c.family, trusts)
			}
		})
	}
}

func TestZigbeeBackupFile(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		if err := m.zigbee.TakeBackup(t.Context(), "Anna"); err != nil {
			t.Fatal(err)
		}
		file, err := m.zigbee.BackupFile("Anna")
		if err != nil {
			t.Fatal(err)
		}
		b, err := zigbee.ParseBackup(file)
		_, _, _, key := m.sim.Network()
		if err != nil || b.Network.Key != key || b.Source != "gatehouse@" {
			t.Errorf("%v: %s by %s", err, b, b.Source)
		}
		if m.lines("Anna downloaded the backup of the Zigbee network, which holds its keys.") != 1 {
			t.Error("nobody can see that it was downloaded")
		}
		for _, c := range []struct{ name, from, to, want string }{
			{"no backup", "zigpy/open-coordinator-backup", "x", "file"},
			{"another network's", fmt.Sprintf(`"pan_id": "%04x"`, b.Network.PAN), `"pan_id": "4711"`, "whose devices would be lost"},
		} {
			other := bytes.Replace(file, []byte(c.from), []byte(c.to), 1)
			if err := m.zigbee.RestoreBackup(other, true, "Anna"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		m.sim.Unplug()
		m.pass(time.Second)
		if err := m.zigbee.TakeBackup(t.Context(), "Anna"); !isConflict(err, "plug it in") {
			t.Errorf("without the stick: %v", err)
		}
	})
}

// Once the stick could not be read for days, the owner is told.
func TestZigbeeBackupThatFails(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.pass(2 * time.Minute)
		m.absent(health.RadioBackupOld, zigbeehome.Kind)
		m.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: 0x2132, Times: 1000})
		m.pass(25 * time.Hour)
		m.present(health.RadioBackupOld, zigbeehome.Kind, "does not know SYS_NV_LENGTH")
		if s, err := m.zigbee.Backup(); err != nil || s.At == nil || s.Fault == "" {
			t.Errorf("%v: %+v", err, s)
		}
		m.sim.Heal()
		m.pass(2 * time.Hour)
		m.absent(health.RadioBackupOld, zigbeehome.Kind)
	})
}

// Keys lie sealed: neither the database nor a snapshot of it holds them.
func TestZigbeeKeysAreSealed(t *testing.T) {
	inMeadow(t, func(t *testing.T, m *meadow) {
		m.pass(2 * time.Minute)
		b, ok, err := m.zigbee.store.LoadBackup()
		if err != nil || !ok || b.Seed == nil || b.Devices[0].Link == nil {
			t.Fatalf("%v %v %s", ok, err, b)
		}
		file, err := os.ReadFile(filepath.Join(m.o.Config.Data, "home.db"))
		if err != nil {
			t.Fatal(err)
		}
		for what, k := range map[string]zigbee.Key{"network": b.Network.Key, "seed": *b.Seed, "link": b.Devices[0].Link.Key} {
			text, _ := k.MarshalText()
			if bytes.Contains(file, text) || bytes.Contains(file, k[:]) {
				t.Errorf("the %s key is in the database in the clear", what)
			}
		}
	})
}

func isConflict(err error, words string) bool {
	c, ok := errors.AsType[*home.Conflict](err)
	return ok && strings.Contains(c.Reason, words)
}

// zigbee.backup_file is read once, and never forms a network in its place.
func TestZigbeeMovesIn(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "coordinator_backup.json")
	good, err := os.ReadFile("../zigbee/testdata/backup/herdsman-zstack.json")
	if err != nil {
		t.Fatal(err)
	}
	hub := func(text []byte) *Hub {
		t.Helper()
		_ = os.Remove(file)
		if text != nil {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h, err := build(Options{Config: config.Config{Data: filepath.Join(dir, "data"), Zigbee: config.Zigbee{Port: "pipe", Adapter: "auto", BackupFile: file}}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	other := bytes.Replace(good, []byte(`"pan_id": "711"`), []byte(`"pan_id": "712"`), 1)
	for _, c := range []struct {
		name string
		text []byte
		want string
		has  bool // the house has a network after it
	}{
		{"no file", nil, "no such file", false},
		{"no backup", []byte("{}"), "not an open coordinator backup", false},
		{"Zigbee2MQTT's", good, "", true},
		{"the same again", good, "", true},
		{"it is gone", nil, "", true},
		{"another network's", other, "take the line out of the configuration", true},
	} {
		h := hub(c.text)
		if err := h.zigbee.moveIn(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if n, ok, err := h.zigbee.store.LoadNetwork(); err != nil || ok != c.has || ok && (n.PAN != 0x0711 || !n.Restoring) {
			t.Errorf("%s: %v %v %s", c.name, ok, err, n)
		}
		h.close()
	}
}

// lines counts lines of the journal with that text.
func (m *meadow) lines(text string) int {
	m.t.Helper()
	if err := m.journal.Flush(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	page, _, err := m.journal.Page(journal.Query{Limit: 1000})
	if err != nil {
		m.t.Fatal(err)
	}
	n := 0
	for _, e := range page {
		if e.Text == text {
			n++
		}
	}
	return n
}
