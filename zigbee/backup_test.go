package zigbee

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func key(s string) Key {
	var k Key
	if err := k.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return k
}

// whole is a backup with everything in it.
func whole() Backup {
	seed := key("4973f5450493c3cd90552c5f1d388a12")
	return Backup{
		Network: Network{PAN: 0xCD0A, ExtendedPAN: 0x00124B0009D69F77, Channel: 21, Key: key("1a0355fd7abb5dc588a34998f8ee1233"), Formed: true},
		IEEE:    0x00124B0009D80BA7, At: time.Date(2021, 2, 8, 19, 35, 24, 761e6, time.UTC), Source: "gatehouse@1.0",
		Channels: 1 << 21, Level: 5, Counter: 108522, Seed: &seed,
		Devices: []Kept{
			{IEEE: 0x04CF8CDF3C79455F, Short: 0x1AD9, Child: true, Link: &Link{Key: key("9c88e969f3d3d23cd557304f2ac9cb97"), Received: 6, Sent: 10098}},
			{IEEE: 0x00158D0002EC571D, Short: NoShort},
		},
	}
}

// The file's form, as the format's own document has it.
func TestBackupFile(t *testing.T) {
	const want = `{
  "metadata": {
    "format": "zigpy/open-coordinator-backup",
    "version": 1,
    "source": "gatehouse@1.0",
    "internal": {
      "date": "2021-02-08T19:35:24.761Z",
      "znpVersion": 1
    }
  },
  "stack_specific": {
    "zstack": {
      "tclk_seed": "4973f5450493c3cd90552c5f1d388a12"
    }
  },
  "coordinator_ieee": "00124b0009d80ba7",
  "pan_id": "cd0a",
  "extended_pan_id": "00124b0009d69f77",
  "nwk_update_id": 0,
  "security_level": 5,
  "channel": 21,
  "channel_mask": [
    21
  ],
  "network_key": {
    "key": "1a0355fd7abb5dc588a34998f8ee1233",
    "sequence_number": 0,
    "frame_counter": 108522
  },
  "devices": [
    {
      "nwk_address": "1ad9",
      "ieee_address": "04cf8cdf3c79455f",
      "is_child": true,
      "link_key": {
        "key": "9c88e969f3d3d23cd557304f2ac9cb97",
        "rx_counter": 6,
        "tx_counter": 10098
      }
    },
    {
      "nwk_address": null,
      "ieee_address": "00158d0002ec571d",
      "is_child": false
    }
  ]
}
`
	b := whole()
	if diff := cmp.Diff(string(b.Append(nil)), want); diff != "" {
		t.Errorf("written (-got +want):\n%s", diff)
	}
	got, err := ParseBackup([]byte(want))
	if diff := cmp.Diff(got, b, cmp.Comparer(func(a, b Key) bool { return a == b })); diff != "" || err != nil {
		t.Errorf("read (-got +want), %v:\n%s", err, diff)
	}
}

// Files of other programs, in testdata: the first stands in zigbee-herdsman's
// own form of writing numbers, the second in that of its ember adapter, which has
// addresses backwards.
func TestBackupFilesOfOthers(t *testing.T) {
	for name, want := range map[string]struct {
		network Network
		ieee    IEEE
		devices int
		ezsp    byte
	}{
		"herdsman-zstack.json": {Network{PAN: 0x0711, ExtendedPAN: 0x0102030405060708, Channel: 20}, 0x00124B000000C0DE, 2, 0},
		"herdsman-ember.json":  {Network{PAN: 0x4711, ExtendedPAN: 0x0102030405060708, Channel: 20}, 0x00124B000000C0DE, 0, 13},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "backup", name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseBackup(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n := b.Network
		if n.PAN != want.network.PAN || n.ExtendedPAN != want.network.ExtendedPAN || n.Channel != want.network.Channel || n.Key != key("a102030405060708090a0b0c0d0e0f10") {
			t.Errorf("%s: network %s, want %s", name, n, want.network)
		}
		if b.IEEE != want.ieee || len(b.Devices) != want.devices || b.EZSP != want.ezsp || b.At.IsZero() {
			t.Errorf("%s: stick %s, %d devices, EZSP %d, of %s", name, b.IEEE, len(b.Devices), b.EZSP, b.At)
		}
	}
}

func TestBackupThatIsNone(t *testing.T) {
	good := string(whole().Append(nil))
	for _, c := range []struct{ name, from, to, want string }{
		{"not JSON", "{\n", "[", "not an open coordinator backup"},
		{"another format", backupFormat, "somebody/else", "coordinator_backup.json"},
		{"a version to come", `"version": 1`, `"version": 2`, "version 2"},
		{"no network", `"cd0a"`, `"ffff"`, "pan_id: ffff is no network's"},
		{"no PAN", `"cd0a"`, `"network"`, "pan_id: want 4 hexadecimal digits"},
		{"a PAN that is too long", `"cd0a"`, `"01cd0a"`, "pan_id: want 4"},
		{"a key that is cut", "1a0355fd7abb5dc588a34998f8ee1233", "1a0355fd7abb5dc588a34998f8ee12", "network_key.key: want 32"},
		{"no key", "1a0355fd7abb5dc588a34998f8ee1233", strings.Repeat("0", 32), "all zeros"},
		{"no channel", `"channel": 21`, `"channel": 27`, "channel: 27 is not from 11 to 26"},
		{"a counter that is none", "108522", "-1", "not an open coordinator backup"},
		{"a counter that is too large", "108522", "4294967296", "not an open coordinator backup"},
		{"a device twice", "00158d0002ec571d", "04cf8cdf3c79455f", "devices[1].ieee_address: 04cf8cdf3c79455f is there twice"},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		_, err := ParseBackup([]byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "7abb5d") {
			t.Errorf("%s: the key is in %q", c.name, err)
		}
	}
	if _, err := ParseBackup(make([]byte, MaxBackup+1)); err == nil {
		t.Error("a file of any length is read")
	}
}

// The counters go above all that a stick can have reached since.
func TestBackupForward(t *testing.T) {
	b := whole()
	for _, c := range []struct {
		name string
		age  time.Duration
		from uint32
		want uint32
	}{
		{"at once", 0, 100, 10_100},
		{"the clock went back", -time.Hour, 100, 10_100},
		{"a day later", 24 * time.Hour, 100, 874_100},
		{"never above the last", 24 * time.Hour, 1<<32 - 5, 1<<32 - 2},
	} {
		b.Counter = c.from
		b.Devices[0].Link.Sent = c.from
		f := b.Forward(b.At.Add(c.age))
		if f.Counter != c.want || f.Devices[0].Link.Sent != c.want {
			t.Errorf("%s: %d and %d, want %d", c.name, f.Counter, f.Devices[0].Link.Sent, c.want)
		}
		if f.Devices[0].Link.Received != 6 || b.Devices[0].Link.Sent != c.from {
			t.Errorf("%s: more than that has changed", c.name)
		}
	}
	b.At, b.Counter = time.Time{}, 100
	if f := b.Forward(time.Now()); f.Counter != 1_000_100 {
		t.Errorf("of unknown age: %d", f.Counter)
	}
}

func TestBackupPrintsNoKey(t *testing.T) {
	b := whole()
	for _, text := range []string{fmt.Sprint(b), fmt.Sprintf("%+v %#v %v", b, b, b.Devices), fmt.Sprintf("%+v", *b.Devices[0].Link)} {
		for _, k := range []Key{b.Network.Key, *b.Seed, b.Devices[0].Link.Key} {
			if strings.Contains(text, hex.EncodeToString(k[:])) || strings.Contains(text, fmt.Sprint(k[0], " ", k[1])) {
				t.Errorf("a key is in %q", text)
			}
		}
	}
}

// FuzzBackup: nothing panics, and what is read is written so that it reads the
// same.
func FuzzBackup(f *testing.F) {
	f.Add(whole().Append(nil))
	files, err := filepath.Glob("testdata/backup/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no files of others", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := ParseBackup(in)
		if err != nil {
			return
		}
		out := b.Append(nil)
		again, err := ParseBackup(out)
		if err != nil {
			t.Fatalf("what is written is not read: %v\n%s", err, out)
		}
		if third := again.Append(nil); !bytes.Equal(out, third) {
			t.Errorf("written %s\nthen %s", out, third)
		}
	})
}
