package znp

import (
	"encoding/hex"
	"testing"

	"gatehouse/zigbee"
)

func keyOf(t *testing.T, s string) (k zigbee.Key) {
	t.Helper()
	if err := k.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return k
}

// Link keys of devices that joined a real CC2538, and the seed of that stick: the
// sample of the open coordinator backup's own repository (z2m-sample-1.json).
func TestLinkKeysOfARealStick(t *testing.T) {
	seed := keyOf(t, "4973f5450493c3cd90552c5f1d388a12")
	for _, c := range []struct {
		device zigbee.IEEE
		key    string
		shift  byte
		made   bool
	}{
		{0x04CF8CDF3C79455F, "9c88e969f3d3d23cd557304f2ac9cb97", 6, true},
		{0x00124B002226EF87, "4422b6772c140f380dfd6f51f50e1693", 6, true},
		{0x680AE2FFFEAE5647, "184b9674edab799d02523d3d32725f44", 11, true},
		{0x0F01020304050607, "f1f2f3f4f5f6f7f8a1a2a3a4a5a6a7a8", 0, false}, // one that was made up
	} {
		want := keyOf(t, c.key)
		shift, made := shiftOf(&seed, zigbee.Kept{IEEE: c.device, Link: &zigbee.Link{Key: want}})
		if shift != c.shift || made != c.made {
			t.Errorf("%s: shift %d %v, want %d %v", c.device, shift, made, c.shift, c.made)
		}
		if got := (seeded{device: c.device, shift: c.shift}).key(seed); (got == want) != c.made {
			t.Errorf("%s: the key is another one", c.device)
		}
	}
	if _, made := shiftOf(nil, zigbee.Kept{Link: &zigbee.Link{}}); made {
		t.Error("a key is made of no seed")
	}
}

// Structures as a chip pads them, and as it does not.
func TestStructuresInMemory(t *testing.T) {
	for _, m := range []memory{{even: false}, {even: true}} {
		want := map[bool][3]string{
			false: {"03012a5f45793cdf8ccf04", "7227000006000000" + "5f45793cdf8ccf04" + "020006", "0100" + "0500020001" + "feff000000"},
			true:  {"03ff012a5f45793cdf8ccf04", "7227000006000000" + "5f45793cdf8ccf04" + "02000600", "0100" + "050002000100" + "feff00000000"},
		}[m.even]
		a := address{use: useChild | useKey, short: 0x2A01, device: 0x04CF8CDF3C79455F}
		e := seeded{sent: 10098, received: 6, device: 0x04CF8CDF3C79455F, shift: 6}
		l := []linked{{address: 5, key: 2}}
		for i, b := range [][]byte{m.appendAddress(a), m.appendSeeded(e), m.appendLinked(l, 2)} {
			if got := hex.EncodeToString(b); got != want[i] {
				t.Errorf("even %v: got %s, want %s", m.even, got, want[i])
			}
		}
		if got, ok := m.address(m.appendAddress(a)); got != a || !ok {
			t.Errorf("address %+v %v", got, ok)
		}
		if got, ok := m.seeded(m.appendSeeded(e)); got != e || !ok {
			t.Errorf("link %+v %v", got, ok)
		}
		if got := m.linked(m.appendLinked(l, 2)); len(got) != 1 || got[0] != l[0] {
			t.Errorf("places %+v", got)
		}
	}
}

// FuzzMemory: whatever stands in a stick's memory, nothing panics, and what is
// taken for an entry is written so that it reads the same.
func FuzzMemory(f *testing.F) {
	for _, s := range []string{"", "03012a5f45793cdf8ccf04", "03ff012a5f45793cdf8ccf04", "72270000060000005f45793cdf8ccf0402000600", "0100050002000100feff00000000"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, len(b)%2 == 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, even bool) {
		m := memory{even}
		if a, ok := m.address(b); ok {
			if again, ok := m.address(m.appendAddress(a)); again != a || !ok {
				t.Errorf("address %+v, then %+v", a, again)
			}
		}
		if e, ok := m.seeded(b); ok {
			if again, ok := m.seeded(m.appendSeeded(e)); again != e || !ok {
				t.Errorf("link %+v, then %+v", e, again)
			}
		}
		if l, ok := readKey(b); ok {
			if again, ok := readKey(appendKey(l)); again != l || !ok {
				t.Error("a key reads otherwise")
			}
		}
		if c, ok := readCounter(b); ok {
			if again, ok := readCounter(appendCounter(c)); again != c || !ok {
				t.Errorf("counter %+v, then %+v", c, again)
			}
		}
		if l := m.linked(b); len(l) > 0 {
			again := m.linked(m.appendLinked(l, len(l)))
			for i := range l {
				if len(again) != len(l) || again[i] != l[i] {
					t.Fatalf("places %+v, then %+v", l, again)
				}
			}
		}
	})
}
