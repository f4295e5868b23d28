package hub

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zwave/zwavesim"
)

const (
	day     = 24 * time.Hour
	doorID  = home.DeviceID("zwave-2")
	sirenID = home.DeviceID("zwave-3")
)

func TestRadioThatIsPulledIsOneTroubleAndMakesNobodyMissing(t *testing.T) {
	place := func(s *zwavesim.Stick) {
		for range 5 {
			s.Place(s.NewContact(zwavesim.Make{}))
		}
	}
	inHouse(t, place, func(t *testing.T, h *house) {
		h.absent(health.RadioDown, zwavehome.Kind)
		h.stick.Unplug()
		h.pass(2 * time.Second)
		h.present(health.RadioDown, zwavehome.Kind, "Z-Wave stick")
		h.pass(12 * time.Hour)
		if got := h.codes(); !slices.Equal(got, []string{"radio-down zwave"}) {
			t.Errorf("after half a day without the stick: %v, want radio-down alone", got)
		}
		h.stick.Plug()
		h.pass(10 * time.Second)
		h.absent(health.RadioDown, zwavehome.Kind)
		if n, over := h.lines("stick can't be reached"), h.lines("Over: "); n != 2 || over != 1 {
			t.Errorf("%d lines, %d of them that it is over; want it to come and to go", n, over)
		}
	}, "air", "box")
}

func TestSensorThatFallsSilent(t *testing.T) {
	var door *zwavesim.Contact
	inHouse(t, func(s *zwavesim.Stick) { door = s.NewContact(zwavesim.Make{}); s.Place(door) }, func(t *testing.T, h *house) {
		if d, _ := h.devices.Device(doorID); d.Health != home.HealthOK {
			t.Fatalf("at the start: %+v", d)
		}
		door.WakeUp()
		h.pass(time.Second)
		heard := h.devices.Heard(doorID)
		door.TakeBattery()
		at := func(since time.Duration, want home.Health) {
			t.Helper()
			h.pass(time.Until(heard.Add(since)))
			if d, _ := h.devices.Device(doorID); d.Health != want {
				t.Errorf("%v after it was heard last: %s, want %s", since, d.Health, want)
			}
		}
		// A wake interval of 4 h: see supervision.Limits.
		at(4*time.Hour+24*time.Minute-time.Second, home.HealthOK)
		at(4*time.Hour+24*time.Minute, home.HealthLate)
		at(8*time.Hour+24*time.Minute-time.Second, home.HealthLate)
		h.absent(health.DeviceMissing, doorID)
		at(8*time.Hour+24*time.Minute, home.HealthMissing)
		item := h.present(health.DeviceMissing, doorID, "has not been heard")
		if !slices.Equal(item.Blocks, home.Modes) {
			t.Errorf("a door stands in the way of %v, want all modes", item.Blocks)
		}
		door.PutBattery()
		h.pass(0)
		at(9*time.Hour, home.HealthOK)
		h.absent(health.DeviceMissing, doorID)
	}, "air", "box")
}

// TestOnlyTheModesThatUseADeviceAreBlocked: a motion sensor that guards when
// everybody is out does not keep the house from being armed at night.
func TestOnlyTheModesThatUseADeviceAreBlocked(t *testing.T) {
	var motion *zwavesim.Motion
	inHouse(t, func(s *zwavesim.Stick) { motion = s.NewMotion(zwavesim.Make{}); s.Place(motion) }, func(t *testing.T, h *house) {
		motion.TakeBattery()
		h.pass(9 * time.Hour)
		item := h.present(health.DeviceMissing, doorID, "")
		if !slices.Equal(item.Blocks, []home.Mode{home.Away}) {
			t.Errorf("blocks %v, want away alone", item.Blocks)
		}
		ready := h.guard.State().Ready
		if ready[home.Away] || !ready[home.Night] {
			t.Errorf("ready %v, want night and not away", ready)
		}
		// Its zone is changed: so is what it stands in the way of.
		z := h.guard.Zones()[0]
		z.Modes = []home.Mode{home.Night, home.Away}
		if err := h.PutZone(t.Context(), z, "test"); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Second)
		if item := h.present(health.DeviceMissing, doorID, ""); !slices.Equal(item.Blocks, []home.Mode{home.Night, home.Away}) {
			t.Errorf("blocks %v after its zone was changed, want night and away", item.Blocks)
		}
	}, "air", "box")
}

func TestSirenThatIsUnpluggedIsMissedWithinMinutes(t *testing.T) {
	var siren *zwavesim.Siren
	place := func(s *zwavesim.Stick) {
		siren = s.NewSiren(zwavesim.Make{})
		s.Place(s.NewContact(zwavesim.Make{}), siren)
	}
	inHouse(t, place, func(t *testing.T, h *house) {
		h.pass(time.Hour) // it is asked and answers
		h.absent(health.DeviceMissing, sirenID)
		siren.TakeBattery()
		h.pass(11 * time.Minute)
		item := h.present(health.DeviceMissing, sirenID, "")
		if !slices.Equal(item.Blocks, home.Modes) {
			t.Errorf("blocks %v, want all modes", item.Blocks)
		}
		siren.PutBattery()
		h.pass(6 * time.Minute)
		h.absent(health.DeviceMissing, sirenID)
	})
}

func TestJammedAirIsHeard(t *testing.T) {
	place := func(s *zwavesim.Stick) { s.Place(s.NewContact(zwavesim.Make{})) }
	inHouse(t, place, func(t *testing.T, h *house) {
		h.pass(10 * time.Minute)
		h.absent(health.RFJamming, zwavehome.Kind)
		h.stick.SetNoise(-62)
		h.pass(29 * time.Second)
		h.absent(health.RFJamming, zwavehome.Kind)
		h.pass(31*time.Second + 2*time.Second)
		item := h.present(health.RFJamming, zwavehome.Kind, "-62 dBm")
		if item.Severity != home.SeverityCritical || !slices.Equal(item.Blocks, home.Modes) {
			t.Errorf("severity %s, blocks %v; want critical, all", item.Severity, item.Blocks)
		}
		h.stick.SetNoise(zwavesim.Quiet)
		h.pass(59 * time.Second)
		h.present(health.RFJamming, zwavehome.Kind, "")
		h.pass(4 * time.Second)
		h.absent(health.RFJamming, zwavehome.Kind)
		if v := h.stick.Violations(); len(v) > 0 {
			t.Errorf("the stick complains: %q", v)
		}
	})
}

// TestJamIsHeardWhileTheHouseWantsToSend: commands that can't go out, and the
// reset of the stick that is tried for them, do not keep the jam from being
// heard, and are not told as a stick that is gone.
func TestJamIsHeardWhileTheHouseWantsToSend(t *testing.T) {
	place := func(s *zwavesim.Stick) { s.Place(s.NewContact(zwavesim.Make{}), s.NewSiren(zwavesim.Make{})) }
	inHouse(t, place, func(t *testing.T, h *house) {
		h.pass(10 * time.Minute)
		h.stick.SetNoise(-48)
		if err := h.guard.Panic(t.Context(), "panic", "test", home.ByAPI); err != nil {
			t.Fatal(err)
		}
		h.pass(75 * time.Second)
		h.present(health.RFJamming, zwavehome.Kind, "-48 dBm")
		h.pass(4 * time.Minute)
		h.present(health.RFJamming, zwavehome.Kind, "")
		if n := h.lines("stick can't be reached"); n > 0 {
			t.Errorf("%d lines say that the stick is gone, and it was only jammed", n)
		}
		h.stick.SetNoise(zwavesim.Quiet)
		h.pass(3 * time.Minute)
		h.absent(health.RFJamming, zwavehome.Kind)
		h.absent(health.SirenSilent, sirenID)
	})
}

// TestManySensorsThatFallSilentAreOneTrouble: a jammer that the stick does not
// hear, close to the sensors.
func TestManySensorsThatFallSilentAreOneTrouble(t *testing.T) {
	var doors []*zwavesim.Contact
	place := func(s *zwavesim.Stick) {
		for range 6 {
			d := s.NewContact(zwavesim.Make{})
			doors = append(doors, d)
			s.Place(d)
		}
	}
	inHouse(t, place, func(t *testing.T, h *house) {
		for _, d := range doors {
			d.TakeBattery()
		}
		h.pass(4*time.Hour + 30*time.Minute)
		h.present(health.RFJamming, zwavehome.Kind, "6 of 6 devices fell silent together")
		h.pass(5 * time.Hour)
		if got := h.codes(); !slices.Equal(got, []string{"rf-jamming zwave"}) {
			t.Errorf("%v, want rf-jamming alone", got)
		}
		for _, d := range doors[:4] {
			d.PutBattery()
		}
		h.pass(time.Minute)
		h.absent(health.RFJamming, zwavehome.Kind)
		for _, id := range []home.DeviceID{"zwave-6", "zwave-7"} {
			h.present(health.DeviceMissing, id, "")
		}
		h.absent(health.DeviceMissing, doorID)
	}, "air", "box")
}

func TestBatteryThatRunsDown(t *testing.T) {
	var door *zwavesim.Contact
	inHouse(t, func(s *zwavesim.Stick) { door = s.NewContact(zwavesim.Make{}); s.Place(door) }, func(t *testing.T, h *house) {
		door.SetBattery(15)
		h.pass(time.Second)
		item := h.present(health.BatteryLow, doorID, "wants a new battery: it is at 15 %.")
		if !slices.Equal(item.Blocks, home.Modes) {
			t.Errorf("blocks %v, want all", item.Blocks)
		}
		door.SetBattery(90)
		h.pass(time.Second)
		h.absent(health.BatteryLow, doorID)

		// One percent a day, from 22 % to 14 %: 9 % are left above the 5 % at
		// which it is as good as empty.
		for percent := 22; percent >= 14; percent-- {
			h.pass(day)
			door.SetBattery(percent)
		}
		h.pass(time.Second)
		h.present(health.BatteryLow, doorID, "wants a new battery: it is at 14 % and lasts about 9 more days.")
		if n := h.lines("wants a new battery"); n != 3 {
			t.Errorf("%d lines, want that it came, went and came", n)
		}
		door.SetBattery(4) // the simulated sensor now only warns, without a level
		h.pass(time.Second)
		h.present(health.BatteryLow, doorID, "wants a new battery.")
		h.absent(health.BatteryEmpty, doorID)
		door.TakeBattery()
		h.pass(9 * time.Hour)
		item = h.present(health.BatteryEmpty, doorID, "it was low, and now nothing is heard")
		if item.Severity != home.SeverityCritical {
			t.Errorf("severity %s, want critical", item.Severity)
		}
		h.absent(health.BatteryLow, doorID)
		door.PutBattery()
		door.SetBattery(100)
		h.pass(time.Second)
		h.absent(health.BatteryEmpty, doorID)

		for percent, want := range map[byte]bool{5: true, 6: false} {
			door.Send(0x80, 0x03, percent)
			h.pass(time.Second)
			if _, empty := h.has(health.BatteryEmpty, doorID); empty != want {
				t.Errorf("at %d %%: empty %v, want %v", percent, empty, want)
			}
		}
	}, "air", "box")
}

func TestTamperWhileDisarmed(t *testing.T) {
	var door *zwavesim.Contact
	inHouse(t, func(s *zwavesim.Stick) { door = s.NewContact(zwavesim.Make{}); s.Place(door) }, func(t *testing.T, h *house) {
		door.Tamper(true)
		h.pass(time.Second)
		h.present(health.DeviceTampered, doorID, "cover is open")
		door.Tamper(false)
		h.pass(time.Second)
		h.absent(health.DeviceTampered, doorID)
	})
}

func TestMainsLostAndHubBattery(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.absent(health.MainsLost, "") // a box that says nothing of its power
		battery := func(status string, percent, hours int) {
			h.supply("BAT0", map[string]string{
				"type": "Battery", "present": "1", "status": status, "capacity": fmt.Sprint(percent),
				"energy_now": fmt.Sprint(hours * 1_000_000), "power_now": "1000000",
			})
			h.pass(10 * time.Second)
		}
		h.supply("AC", map[string]string{"type": "Mains", "online": "1"})
		battery("Full", 100, 9)
		h.absent(health.MainsLost, "")
		h.supply("AC", map[string]string{"online": "0"})
		battery("Discharging", 81, 4)
		since := h.present(health.MainsLost, "", "runs on its battery: 81 % left, about 4 hours.").Since
		h.absent(health.HubBatteryLow, "")
		battery("Discharging", 15, 1)
		if got := h.present(health.MainsLost, "", "15 % left").Since; got != since {
			t.Errorf("lost since %v, then since %v", since, got)
		}
		low := h.present(health.HubBatteryLow, "", "almost empty: 15 % left, about 60 minutes.")
		if low.Severity != home.SeverityCritical || !slices.Equal(low.Blocks, home.Modes) {
			t.Errorf("severity %s, blocks %v; want critical, all", low.Severity, low.Blocks)
		}
		h.supply("AC", map[string]string{"online": "1"})
		battery("Charging", 16, 1)
		h.absent(health.MainsLost, "")
		h.absent(health.HubBatteryLow, "")
		if n := h.lines("mains power"); n != 2 {
			t.Errorf("%d lines about the mains, want 2", n)
		}
	})
}

func TestDiskThatFillsUp(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		free := func(bytes int64) {
			h.mu.Lock()
			h.free = bytes
			h.mu.Unlock()
			h.pass(10 * time.Second)
		}
		free(100 << 20)
		h.absent(health.DiskLow, "")
		free(100<<20 - 1)
		h.present(health.DiskLow, "", "almost full: 99 MiB left")
		free(150<<20 - 1)
		h.present(health.DiskLow, "", "99 MiB")
		free(150 << 20)
		h.absent(health.DiskLow, "")
	})
}

func TestClockThatNobodySets(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.absent(health.ClockWrong, "")
		h.mu.Lock()
		h.synced = false
		h.mu.Unlock()
		h.pass(8 * time.Minute)
		h.absent(health.ClockUnsynced, "")
		h.pass(time.Minute)
		h.present(health.ClockUnsynced, "", "No time service")
		h.mu.Lock()
		h.synced = true
		h.mu.Unlock()
		h.pass(10 * time.Second)
		h.absent(health.ClockUnsynced, "")
	})
}
