package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"gatehouse/hub/alarm"
	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/journal"
	"gatehouse/hub/radio/zigbeehome"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/storage"
	"gatehouse/zwave"
	"gatehouse/zwave/zwavesim"
)

// crowdTime is how long everybody does everything at once.
const crowdTime = 2 * time.Second

// Everybody does everything at once, as fast as they can: people, programs,
// keypads, sensors of two radios, radios that come and go, a disk that fails and
// is well again. Whoever holds a lock that another wants while he waits for that
// one's stops the house; see the order of locks in the package comment.
func TestNobodyWaitsForEachOther(t *testing.T) {
	stick := zwavesim.New(zwavesim.Options{})
	siren, pad := stick.NewSiren(zwavesim.Make{Strobe: true}), stick.NewKeypad(zwavesim.Make{})
	stick.Place(siren, pad)
	h := &house{t: t, stick: stick}
	ctx, cancel := context.WithCancelCause(context.Background())
	var err error
	h.Hub, err = build(Options{
		Config: config.Config{Data: filepath.Join(t.TempDir(), "data"), Name: "Test", Zwave: config.Zwave{Port: "pipe"}},
		Log:    slog.New(slog.DiscardHandler),
		Box:    Box{Power: t.TempDir(), Synced: func() (bool, error) { return true, nil }, Free: func(string) (int64, error) { return 1 << 40, nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	parts := start(ctx, h.log, cancel, append(h.core(),
		part{name: "journal", run: h.journal.Run, vital: true}, part{name: "zwave", run: h.keepStick, vital: true})...)
	sirenID, padID := zwavehome.ID(zwave.NodeID(siren.ID())), zwavehome.ID(zwave.NodeID(pad.ID()))
	known := func() bool { _, is := h.devices.Sounder(sirenID); _, has := h.keypads.Find(padID); return is && has }
	for wait := time.NewTicker(10 * time.Millisecond); !known(); {
		<-wait.C
	}
	sensors := h.furnishCrowd(ctx)
	modes := []home.Mode{home.Disarmed, home.Home, home.Away}
	jobs := map[string]func(n int) error{
		"arms and disarms": func(n int) error {
			zero := home.Duration(0)
			_, err := h.guard.SetMode(ctx, home.ModeRequest{Mode: modes[n%3], Force: true, CodeFree: true, ExitDelay: &zero, By: "Ada", Channel: home.ByAPI})
			return err
		},
		"silences and tests": func(n int) error {
			return errors.Join(h.guard.Silence(ctx, "Ada", home.ByAPI), h.guard.Acknowledge(ctx, "Ada"), conflictsAside(h.guard.Test(ctx, n%2 == 0, "Ada")))
		},
		"panics": func(n int) error {
			return errors.Join(h.guard.Panic(ctx, "panic", "Ada", home.ByAPI), h.guard.SilentPanic(ctx, "Ada", home.ByAPI))
		},
		"changes codes": func(n int) error {
			c, err := h.guard.PutCode(ctx, home.Code{Person: fmt.Sprint("Guest ", n), Kind: "user"}, "Ada")
			if err != nil {
				return err
			}
			return h.guard.DeleteCode(ctx, c.ID, "Ada")
		},
		"changes zones and areas": func(n int) error {
			z := home.Zone{ID: "attic", Name: "Attic", Device: "zigbee-attic", Trait: home.Contact, Kind: home.ZonePerimeter}
			return errors.Join(conflictsAside(h.PutZone(ctx, z, "Ada")), conflictsAside(h.guard.PutArea(ctx, home.Area{ID: "flat"}, "Ada")),
				conflictsAside(h.DeleteZone(ctx, "attic", "Ada")), conflictsAside(h.guard.DeleteArea(ctx, "flat", "Ada")))
		},
		"a radio hears":       func(n int) error { h.say(sensors[n%len(sensors)], n/len(sensors)); return nil },
		"another radio hears": func(n int) error { h.say(sensors[(n+3)%len(sensors)], n/len(sensors)); return nil },
		"a device comes, leaves": func(n int) error {
			d := home.Device{ID: "zigbee-attic", Radio: "zigbee", Health: home.HealthOK, Traits: map[home.Trait]home.State{home.Contact: {}, home.Keypad: {}, home.Battery: {}}}
			h.devices.Introduce(d)
			h.say(d, n)
			h.devices.SetHealth(d.ID, home.HealthFailed)
			return h.devices.Remove(ctx, d.ID, "Ada")
		},
		"a radio comes and goes": func(int) error {
			zwaveHouse{h.zwave}.RadioDown(errors.New("pulled"))
			zwaveHouse{h.zwave}.RadioUp()
			return nil
		},
		"keypads": func(n int) error {
			h.keypads.used(padID, true, []alarm.KeypadAction{alarm.KeyArmAway, alarm.KeyDisarm, alarm.KeyTouch, alarm.KeyPanic}[n%4], "13579", nil)
			h.keypads.here(padID)
			return h.keypads.Put(padID, home.DefaultKeypadSettings(), "Ada")
		},
		"tries a siren": func(n int) error {
			_, err := h.devices.Command(home.Command{Device: sirenID, Trait: home.Siren, Value: map[bool]home.Value{true: home.On, false: home.Off}[n%2 == 0]}, "Ada")
			return conflictsAside(err)
		},
		"conditions": func(n int) error {
			h.panelFault(string(health.StorageFault), n%2 == 0, errors.New("no space left"))
			h.storageFault(storage.Fault{Kind: storage.FaultWriting, Waiting: n}, n%2 == 0)
			h.board.Set(n%2 == 0, health.RFJamming, zwavehome.Kind, "Z-Wave", "noise")
			h.checkDevices()
			h.warden.look()
			return nil
		},
		"rules": func(n int) error {
			r, err := h.rules.PutRule(ctx, home.Rule{
				Name: "Leaving", Enabled: true, When: home.When{Event: home.WhenPerson, Move: home.LastOut},
				Then: []home.Act{{Do: home.ActArm, Mode: home.Away}, {Do: home.ActTell, Text: "Everybody left."}},
			}, "Ada")
			if err != nil {
				return err
			}
			_, err = h.rules.SetPresence(ctx, "Bo", n%2 == 0, "Ada")
			return errors.Join(err, h.rules.DeleteRule(ctx, r.ID, "Ada"))
		},
		"looks": func(int) error {
			_, _, err := h.journal.Page(journal.Query{Limit: 5})
			h.metrics(io.Discard)
			_ = []any{h.guard.State(), h.guard.Zones(), h.devices.Devices(), h.board.List(), h.keypads.List(), h.notices.Kept(), h.readiness(), h.rules.Rules()}
			return err
		},
	}
	crowd(t, jobs)
	alive, end := context.WithTimeout(ctx, 10*time.Second)
	defer end()
	if err := h.guard.Alive(alive); err != nil {
		t.Error(err)
	}
	if _, err := h.guard.SetMode(alive, home.ModeRequest{Mode: home.Disarmed, CodeFree: true, By: "Ada"}); err != nil {
		t.Errorf("after all, the house is not disarmed: %v", err)
	}
	h.stopping.Store(true)
	cancel(nil)
	parts.wait()
	h.close()
}

// crowd does all jobs again and again, and at once; it fails when one of them
// does not come back.
func crowd(t *testing.T, jobs map[string]func(n int) error) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	busy := map[string]int{} // rounds begun
	until := time.Now().Add(crowdTime)
	pace := time.NewTicker(100 * time.Microsecond)
	defer pace.Stop()
	for name, job := range jobs {
		all.Go(func() {
			for n := 0; time.Now().Before(until); n++ {
				<-pace.C
				mu.Lock()
				busy[name] = n + 1
				mu.Unlock()
				if err := job(n); err != nil {
					t.Errorf("%s, round %d: %v", name, n, err)
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			t.Logf("%s: %d rounds", name, busy[name])
			delete(busy, name)
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(crowdTime + 30*time.Second):
		mu.Lock()
		defer mu.Unlock()
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		t.Fatalf("these do not come back, by rounds: %v", busy)
	}
}

// furnishCrowd adds sensors of both radios and a zone for each.
func (h *house) furnishCrowd(ctx context.Context) []home.Device {
	h.t.Helper()
	kinds := map[home.Trait]home.ZoneKind{home.Contact: home.ZonePerimeter, home.Motion: home.ZoneInterior, home.Smoke: home.ZoneFire, home.Tamper: home.ZoneTamper}
	var list []home.Device
	for n := range 12 {
		trait := []home.Trait{home.Contact, home.Motion, home.Smoke, home.Tamper}[n%4]
		radio := []string{zwavehome.Kind, zigbeehome.Kind}[n%2]
		d := home.Device{ID: home.DeviceID(fmt.Sprintf("%s-9%02d", radio, n)), Radio: radio, Health: home.HealthOK, Traits: map[home.Trait]home.State{trait: {}}}
		h.devices.Introduce(d)
		z := home.Zone{ID: home.ZoneID(fmt.Sprint("z", n)), Device: d.ID, Trait: trait, Kind: kinds[trait]}
		if err := h.PutZone(ctx, z, "Ada"); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

// say has a device say of each of its traits what of values fits it.
func (h *house) say(d home.Device, n int) {
	for t := range d.Traits {
		v := home.Bool(n%2 == 0)
		switch t {
		case home.Contact:
			v = map[bool]home.Value{true: home.Open, false: home.Closed}[n%2 == 0]
		case home.Battery:
			v = home.Number(float64(n % 100))
		case home.Keypad:
			continue
		}
		h.devices.Report(home.Reading{Device: d.ID, Trait: t, Value: v, At: time.Now()})
	}
}

func conflictsAside(err error) error {
	var conflict *home.Conflict
	var missing *home.NotFound
	if errors.As(err, &conflict) || errors.As(err, &missing) {
		return nil
	}
	return err
}
