package zigbee_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/zigbee"
	"gatehouse/zigbee/zcl"
	"gatehouse/zigbee/zigbeesim"
)

// sticks are one of each kind.
var sticks = []struct {
	name string
	o    zigbeesim.Options
}{
	{"znp", zigbeesim.Options{}},
	{"znp packed", zigbeesim.Options{Packed: true}},
	{"ezsp 13", zigbeesim.Options{EZSP: 13}},
	{"ezsp 14", zigbeesim.Options{EZSP: 14}},
}

// on runs a house with a stick of one kind. What the driver may not do fails it.
func on(t *testing.T, o zigbeesim.Options, do func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, ezsp: o.EZSP, store: newMemory(), sim: zigbeesim.New(o)}
		r.restart()
		do(t, r)
		if v := r.sim.Violations(); len(v) > 0 {
			t.Errorf("the driver did what it may not: %q", v)
		}
	})
}

// replaced has another stick in the place of the one before, and the hub started
// anew for its family.
func (r *rig) replaced(o zigbeesim.Options) {
	r.sim.ReplaceBy(o)
	<-r.ended
	r.ezsp = o.EZSP
	r.restart()
}

// refused attaches the stick and wants it refused.
func (r *rig) refused(why error, words string) {
	r.t.Helper()
	r.attach()
	select {
	case err := <-r.ended:
		if !errors.Is(err, why) || !strings.Contains(err.Error(), words) {
			r.t.Fatalf("refused by %v, want %q", err, words)
		}
	default:
		r.t.Fatalf("taken, want it refused: %s", words)
	}
	r.take()
}

// comesUp attaches the stick until the network is up: one that was given another
// address has to be started again.
func (r *rig) comesUp() {
	r.t.Helper()
	for range 3 {
		r.attach()
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, _, up := r.Info(); up {
			return
		}
		if err := <-r.ended; !errors.Is(err, zigbee.ErrAgain) {
			r.t.Fatalf("%v; log:\n%s", err, r.log.String())
		}
	}
	r.t.Fatal("it never came up")
}

// A stick of every kind takes the place of one of every kind, and no device is
// the wiser.
func TestRestore(t *testing.T) {
	for _, from := range sticks {
		for _, to := range sticks {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				on(t, from.o, func(t *testing.T, r *rig) {
					r.comesUp()
					door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
					plug := r.sim.NewPlug(zigbeesim.Make{IEEE: 0xF})
					r.joinOne(door, door.Press)
					r.joinOne(plug, plug.Press)
					r.detach() // counters are written down now
					r.comesUp()
					b, err := r.Backup(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if len(b.Devices) != 2 || b.IEEE != 0x00124B00_0000C0DE || b.Counter == 0 {
						t.Errorf("backup of %s counts from %d and holds %v", b.IEEE, b.Counter, b.Devices)
					}
					time.Sleep(12 * time.Hour) // and then the stick breaks
					fresh := to.o
					fresh.IEEE = 0x00124B00_00000002
					r.replaced(fresh)
					r.refused(zigbee.ErrForeign, "it is empty, and the house has")
					if err := r.Restore(false); err != nil {
						t.Fatal(err)
					}
					r.comesUp()
					r.take()
					if info, n, _ := r.Info(); info.IEEE != b.IEEE || n.Restoring {
						t.Errorf("the stick is %s, want %s; restoring: %v", info.IEEE, b.IEEE, n.Restoring)
					}
					door.Open()
					r.want("a door opens", "d zone 0: 0x1")
					told := make(chan error, 1)
					r.Send(0xF, 1, zcl.OnOff, zcl.TurnOn{}, zigbee.LaneUser, func(err error) { told <- err })
					if err := <-told; err != nil || !plug.On() {
						t.Errorf("the plug is told %v, and on %v", err, plug.On())
					}
					// ZNP tells the link keys that it makes; those that EZSP makes cannot be told.
					if same := (from.o.EZSP == 0) == (to.o.EZSP == 0); (same || from.o.EZSP == 0) && (!door.Trusts() || !plug.Trusts()) {
						t.Error("the stick has other link keys than the devices")
					}
					again, err := r.Backup(t.Context())
					if err != nil || again.Holds(b) != nil || again.Counter < b.Counter+counted(12*time.Hour) {
						t.Errorf("backup of the new stick: %v, %v, counts from %d", err, again.Holds(b), again.Counter)
					}
					r.detach()
					r.attach()
					r.take()
					door.Close()
					r.want("a door closes after a restart", "d zone 0: 0x0")
					r.detach()
				})
			})
		}
	}
}

// counted is by how much counters go forward at least.
func counted(d time.Duration) uint32 { return uint32(10 * d / time.Second) }

// A stick that holds another network is not overwritten by one word.
func TestRestoreOverAnotherNetwork(t *testing.T) {
	for _, s := range sticks {
		t.Run(s.name, func(t *testing.T) {
			on(t, s.o, func(t *testing.T, r *rig) {
				r.comesUp()
				if err := r.Restore(true); !errors.Is(err, zigbee.ErrUp) {
					t.Errorf("restoring over the house's own network: %v", err)
				}
				if _, err := r.Backup(t.Context()); err != nil {
					t.Fatal(err)
				}
				mine, _, _ := r.store.LoadNetwork()
				r.replaced(s.o)
				other := r.store
				r.store = newMemory()
				r.restart()
				r.comesUp() // another house's
				r.detach()
				theirs, _, _ := r.store.LoadNetwork()
				r.store = other
				r.restart()
				for range 2 {
					var f *zigbee.ForeignError
					r.attach()
					if err := <-r.ended; !errors.As(err, &f) || f.Held == nil || !f.Held.Same(theirs) || !f.House.Same(mine) || strings.Count(err.Error(), "PAN 0x") != 2 {
						t.Fatalf("it is refused by %v", err)
					}
					if err := r.Restore(false); err != nil {
						t.Fatal(err)
					}
				}
				if err := r.Restore(true); err != nil {
					t.Fatal(err)
				}
				r.comesUp()
				if _, n, _ := r.Info(); !n.Same(mine) {
					t.Errorf("it came up with %s, want %s", n, mine)
				}
				r.detach()
			})
		})
	}
}

func TestRestoreWithoutABackup(t *testing.T) {
	on(t, zigbeesim.Options{}, func(t *testing.T, r *rig) {
		if err := r.Restore(false); !errors.Is(err, zigbee.ErrNoBackup) {
			t.Errorf("a house without a network: %v", err)
		}
		r.comesUp()
		r.detach()
		if err := r.Restore(false); !errors.Is(err, zigbee.ErrNoBackup) {
			t.Errorf("a house without a backup: %v", err)
		}
	})
}

// A power cut in the midst of it: it is taken up again.
func TestRestoreCutShort(t *testing.T) {
	for _, s := range sticks {
		for _, at := range []uint16{0x211D, 0x2134, 0x2540, 0x0076, 0x001E, 0x0116} {
			if old := at>>8 == 0x21 || at>>8 == 0x25; old == (s.o.EZSP != 0) {
				continue
			}
			t.Run(fmt.Sprintf("%s %#04x", s.name, at), func(t *testing.T) {
				on(t, s.o, func(t *testing.T, r *rig) {
					r.comesUp()
					door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
					r.joinOne(door, door.Press)
					if _, err := r.Backup(t.Context()); err != nil {
						t.Fatal(err)
					}
					r.replaced(s.o)
					r.refused(zigbee.ErrForeign, "it is empty")
					if err := r.Restore(false); err != nil {
						t.Fatal(err)
					}
					r.sim.Inject(zigbeesim.Fault{Kind: zigbeesim.Unknown, Command: at})
					r.attach()
					time.Sleep(time.Minute)
					if err := <-r.ended; err == nil {
						t.Fatal("it came up although the stick did not do everything")
					}
					r.sim.Heal()
					r.restart()
					r.comesUp()
					r.take()
					door.Open()
					r.want("a door opens", "d zone 0: 0x1")
					r.detach()
				})
			})
		}
	}
}

// Firmware that keeps its address: the network is restored all the same, and
// devices are told to report to the new one when they are heard.
func TestRestoreToAFixedAddress(t *testing.T) {
	on(t, zigbeesim.Options{EZSP: 14}, func(t *testing.T, r *rig) {
		r.comesUp()
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		b, err := r.Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.replaced(zigbeesim.Options{EZSP: 13, IEEE: 2, FixedAddress: true})
		r.refused(zigbee.ErrForeign, "it is empty")
		if err := r.Restore(false); err != nil {
			t.Fatal(err)
		}
		r.attach()
		if info, n, up := r.Info(); !up || info.IEEE != 2 || !n.Same(b.Network) {
			t.Errorf("up %v as %s with %s", up, info.IEEE, n)
		}
		if !strings.Contains(r.log.String(), "does not take another address") {
			t.Error("nobody is told that the address has changed")
		}
		time.Sleep(time.Hour)
		r.take()
		door.Open()
		if l := r.take(); len(l) == 0 || !strings.HasPrefix(l[len(l)-1], "d zone ") || r.device(0xD).Hub != 2 {
			t.Errorf("a door opens: %q; it was told to report to %s", l, r.device(0xD).Hub)
		}
		r.detach()
	})
}

// A network of another program is adopted from its backup alone: by the stick that
// it lives on, and by an empty one of every kind. Devices that the backup names are
// studied, and those that it does not are learned when they speak.
func TestAdopt(t *testing.T) {
	for _, s := range append(sticks, struct {
		name string
		o    zigbeesim.Options
	}{name: "its own stick"}) {
		t.Run(s.name, func(t *testing.T) {
			on(t, zigbeesim.Options{}, func(t *testing.T, r *rig) {
				r.comesUp()
				door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
				motion := r.sim.NewMotion(zigbeesim.Make{IEEE: 0xE})
				r.joinOne(door, door.Press)
				r.joinOne(motion, motion.Press)
				b, err := r.Backup(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if b.Devices = b.Devices[:1]; b.Devices[0].IEEE != 0xD {
					t.Fatalf("backup of %v", b.Devices)
				}
				if s.name == "its own stick" {
					r.detach()
				} else {
					fresh := s.o
					fresh.IEEE = 3
					r.replaced(fresh)
				}
				r.store = newMemory() // of a new hub
				if err := zigbee.Adopt(r.store, b, time.Now()); err != nil {
					t.Fatal(err)
				}
				if err := zigbee.Adopt(r.store, b, time.Now()); err == nil {
					t.Error("a house with a network adopts another")
				}
				r.restart()
				r.comesUp()
				motion.Walk()
				time.Sleep(time.Minute)
				for _, want := range []zigbee.IEEE{0xD, 0xE} {
					if d := r.device(want); !d.Studied || d.Model == "" {
						t.Errorf("%x: %+v", uint64(want), d)
					}
				}
				r.take()
				door.Open()
				motion.Still()
				if l := r.take(); len(l) != 2 || !strings.HasPrefix(l[0], "d zone ") || !strings.HasPrefix(l[1], "e zone ") {
					t.Errorf("they say %q; log:\n%s", l, r.log.String())
				}
				r.detach()
			})
		})
	}
}

// Once that time is over, and in a network of the house's own, who is not known is
// not taken in.
func TestStrangersAreNotLearned(t *testing.T) {
	on(t, zigbeesim.Options{}, func(t *testing.T, r *rig) {
		r.comesUp()
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.sim.Settle(door)
		door.Open()
		time.Sleep(time.Minute)
		if l := r.Devices(); len(l) > 0 {
			t.Errorf("in a network of its own: %+v", l)
		}
		b, err := r.Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.detach()
		b.Devices = nil
		r.store = newMemory()
		if err := zigbee.Adopt(r.store, b, time.Now().Add(-8*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		r.restart()
		r.comesUp()
		door.Close()
		time.Sleep(time.Minute)
		if l := r.Devices(); len(l) > 0 {
			t.Errorf("a week after it was adopted: %+v", l)
		}
		r.detach()
	})
}

// What the stick has lost is kept from the backup before.
func TestBackupKeepsLinkKeys(t *testing.T) {
	on(t, zigbeesim.Options{}, func(t *testing.T, r *rig) {
		r.comesUp()
		door := r.sim.NewContact(zigbeesim.Make{IEEE: 0xD})
		r.joinOne(door, door.Press)
		before, err := r.Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.sim.Forget(door)
		after, err := r.Backup(t.Context())
		if err != nil || len(after.Devices) != 1 || after.Devices[0].Link == nil || *after.Devices[0].Link != *before.Devices[0].Link {
			t.Errorf("%v: %+v, want %+v", err, after.Devices, before.Devices)
		}
		r.detach()
	})
}
