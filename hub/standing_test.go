package hub

import (
	"context"
	"encoding/base32"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pquerna/otp/totp"

	"gatehouse/hub/config"
	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
	"gatehouse/hub/people/auth"
	"gatehouse/hub/radio/bridge"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zwave/zwavesim"
)

func TestHubBelongsToNobodyUntilItIsClaimed(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.present(health.NotClaimed, "", "belongs to nobody")
		code, _, _ := h.people.ClaimCode()
		kitchen := auth.Client{Addr: netip.MustParseAddr("192.168.1.20")}
		ctx := context.Background()
		e, err := h.people.Claim(ctx, kitchen, code)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.people.ChoosePassword(ctx, e.Caller, "Anna", "seven green bottles on a wall"); err != nil {
			t.Fatal(err)
		}
		offer, err := h.people.OfferTOTP(ctx, e.Caller)
		if err != nil {
			t.Fatal(err)
		}
		key := strings.ReplaceAll(string(offer.Key), " ", "")
		if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key); err != nil {
			t.Fatal(err)
		}
		now, err := totp.GenerateCode(key, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.people.ConfirmTOTP(ctx, e.Caller, auth.Secret(now)); err != nil {
			t.Fatal(err)
		}
		go func() { _ = h.watch(h.running) }()
		h.pass(2 * time.Second)
		h.absent(health.NotClaimed, "")
	})
}

func TestKeypadInClearIsSaid(t *testing.T) {
	place := func(s *zwavesim.Stick) { s.Place(s.NewKeypad(zwavesim.Make{})) }
	inHouse(t, place, func(t *testing.T, h *house) {
		h.present(health.KeypadInClear, doorID, "without encryption")
		h.devices.Left(doorID, "test")
		h.pass(time.Second)
		h.absent(health.KeypadInClear, doorID)
	})
}

func TestSirenThatDoesNotConfirmIsSaid(t *testing.T) {
	var siren *zwavesim.Siren
	place := func(s *zwavesim.Stick) { siren = s.NewSiren(zwavesim.Make{}); s.Place(siren) }
	inHouse(t, place, func(t *testing.T, h *house) {
		siren.TakeBattery()
		if err := h.guard.Panic(context.Background(), "panic", "test", home.ByAPI); err != nil {
			t.Fatal(err)
		}
		h.pass(30 * time.Second)
		h.present(health.SirenSilent, doorID, "did not acknowledge")
		siren.PutBattery()
		h.pass(2 * time.Minute)
		h.absent(health.SirenSilent, doorID)
	})
}

func TestSettingsOutsideTheStandardAreSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		for _, on := range []bool{true, false} {
			s := h.guard.Settings()
			s.OutsideStandard = on
			if err := h.guard.PutSettings(context.Background(), s, "test"); err != nil {
				t.Fatal(err)
			}
			h.pass(10 * time.Second)
			if _, said := h.has(health.OutsideStandard, ""); said != on {
				t.Errorf("outside the standard %v, said %v", on, said)
			}
		}
	})
}

func TestZoneThatIsIgnoredIsSaid(t *testing.T) {
	var window *zwavesim.Contact
	inHouse(t, func(s *zwavesim.Stick) { window = s.NewContact(zwavesim.Make{}); s.Place(window) }, func(t *testing.T, h *house) {
		mode := func(m home.Mode) {
			t.Helper()
			skip := home.Duration(0)
			r := home.ModeRequest{Mode: m, ExitDelay: &skip, By: "test", Channel: home.ByAPI, CodeFree: true}
			if _, err := h.guard.SetMode(context.Background(), r); err != nil {
				t.Fatal(err)
			}
		}
		mode(home.Away)
		for range 3 {
			window.Open()
			h.pass(10 * time.Minute)
			window.Close()
			h.pass(time.Minute)
		}
		h.present(health.ZoneIgnored, doorID, "ignored")
		mode(home.Disarmed)
		h.pass(time.Second)
		h.absent(health.ZoneIgnored, doorID)
	})
}

// putRule has the house do something each time that the window opens.
func putRule(t *testing.T, h *house, then home.Act) home.Rule {
	t.Helper()
	r, err := h.rules.PutRule(context.Background(), home.Rule{
		Name: "Window", Enabled: true, Then: []home.Act{then},
		When: home.When{Event: home.WhenReading, Device: doorID, Trait: home.Contact, Value: home.Open},
	}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRuleThatCannotArmIsSaid(t *testing.T) {
	var window *zwavesim.Contact
	inHouse(t, func(s *zwavesim.Stick) { window = s.NewContact(zwavesim.Make{}); s.Place(window) }, func(t *testing.T, h *house) {
		putRule(t, h, home.Act{Do: home.ActArm, Mode: home.Away})
		window.Open()
		h.pass(10 * time.Second)
		h.present(health.RuleNotArmed, "", "Window could not arm away")
		window.Close()
		h.pass(time.Second)
		r := home.ModeRequest{Mode: home.Away, By: "test", Channel: home.ByAPI, CodeFree: true}
		if _, err := h.guard.SetMode(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		h.pass(5 * time.Minute)
		h.absent(health.RuleNotArmed, "")
	})
}

func TestRuleThatFiresTooOftenIsSaid(t *testing.T) {
	var window *zwavesim.Contact
	inHouse(t, func(s *zwavesim.Stick) { window = s.NewContact(zwavesim.Make{}); s.Place(window) }, func(t *testing.T, h *house) {
		r := putRule(t, h, home.Act{Do: home.ActTell, Text: "The window opened."})
		for range 13 {
			window.Open()
			h.pass(time.Second)
			window.Close()
			h.pass(time.Second)
		}
		h.present(health.RuleStopped, "", "Window")
		if _, err := h.rules.PutRule(context.Background(), r, "test"); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Second)
		h.absent(health.RuleStopped, "")
	})
}

func TestSafetyCopyThatCannotBeMadeIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		snapshot := h.file("home.db.snapshot")
		if err := os.MkdirAll(filepath.Join(snapshot, "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		go func() { _ = h.db.Run(h.running) }()
		h.pass(time.Hour + time.Second)
		h.present(health.SnapshotFault, "", "home.db")
		if err := os.RemoveAll(snapshot); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Hour)
		h.absent(health.SnapshotFault, "")
	})
}

func TestDatabaseThatWasPutBackIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		file, data := h.file("home.db"), h.o.Config.Data
		if err := h.db.Snapshot(); err != nil {
			t.Fatal(err)
		}
		h.end()
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(make([]byte, 64<<10)); err != nil { // both of its heads
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		h.start(data)
		h.present(health.StorageRestored, "", "home.db")
		if err := h.db.Acknowledge(); err != nil {
			t.Fatal(err)
		}
		h.absent(health.StorageRestored, "")
	})
}

func TestPanelThatCannotBeSavedIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		if err := h.panelDB.Close(); err != nil {
			t.Fatal(err)
		}
		skip := home.Duration(0)
		r := home.ModeRequest{Mode: home.Away, ExitDelay: &skip, By: "test", Channel: home.ByAPI, CodeFree: true}
		if _, err := h.guard.SetMode(context.Background(), r); err != nil {
			t.Errorf("arming with a disk that can't be written: %v, want it to go on", err)
		}
		h.pass(10 * time.Second)
		item := h.present(health.StorageFault, "", "can't be written")
		if len(item.Blocks) > 0 {
			t.Errorf("blocks %v: sensors are heard and sirens sound all the same", item.Blocks)
		}
	})
}

func TestHowFarTheJournalIsBehindStaysTrue(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		if err := h.journal.Close(); err != nil {
			t.Fatal(err)
		}
		add := func(n int) {
			for range n {
				h.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindSystem, Text: "A line."})
			}
			h.pass(10 * time.Second)
		}
		add(1)
		item := h.present(health.JournalBehind, "", "2 events are only in memory") // that one, and the trouble's own
		add(5)
		if again := h.present(health.JournalBehind, "", "7 events are only in memory"); again.Since != item.Since {
			t.Errorf("since %v, want %v, when it began", again.Since, item.Since)
		}
	})
}

func TestClockThatCannotBeRightIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		clock := supervision.Clock{Earliest: earliest()}
		now := time.Now()
		h.watchClock(&clock, 0, now)
		h.absent(health.ClockWrong, "")
		h.watchClock(&clock, 10*time.Second, now.Add(-2*time.Hour))
		h.present(health.ClockWrong, "", "it was set back by 2h0m10s")
		h.watchClock(&clock, 10*time.Second+day, now.Add(day-2*time.Hour))
		h.absent(health.ClockWrong, "")
	}, "box")
}

func TestCertificateThatCannotBeRenewedIsSaid(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(earliest()))
		h, err := build(Options{Config: config.Config{Data: data}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer h.close()
		time.Sleep(500 * day) // nobody was there to renew it
		dir := h.file("tls")
		if err := os.Rename(dir, dir+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		parts := start(ctx, h.log, cancel, part{name: "certificate", run: h.keepCertificate})
		synctest.Wait()
		if !h.board.Present(health.CertificateFault, "") {
			t.Error("a certificate that can't be renewed is not said")
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if h.board.Present(health.CertificateFault, "") {
			t.Errorf("said after it was renewed: %v", h.board.List())
		}
		cancel(nil)
		parts.wait()
	})
}

func TestNameThatAnotherHasIsSaid(t *testing.T) {
	inHouse(t, nil, func(t *testing.T, h *house) {
		h.named("gatehouse-2.local", true)
		h.present(health.NameTaken, "", "Another device answers to gatehouse.local, so this hub is gatehouse-2.local.")
		h.named(HostName, false)
		h.absent(health.NameTaken, "")
	})
}

// patience is how long something real may take before the test gives up on it;
// it judges nothing.
const patience = 30 * time.Second

// until waits, in real time, until ok.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestStickThatIsStarting, on a real connection: the stick takes it and says
// nothing yet.
func TestStickThatIsStarting(t *testing.T) {
	stick := zwavesim.New(zwavesim.Options{})
	tcp, err := bridge.Listen(t.Context(), stick, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, err := build(Options{
		Config: config.Config{Data: filepath.Join(t.TempDir(), "data"), Zwave: config.Zwave{Port: "tcp://" + tcp.Addr()}},
		Log:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	ctx, cancel := context.WithCancelCause(t.Context())
	parts := start(ctx, h.log, cancel, part{name: "zwave", run: h.zwave.run})
	until(t, "radio-starting", func() bool { return h.board.Present(health.RadioStarting, zwavehome.Kind) })
	sim := start(ctx, h.log, cancel, part{name: "stick", run: tcp.Run})
	until(t, "the stick is up", func() bool { return !h.board.Present(health.RadioStarting, zwavehome.Kind) })
	if h.board.Present(health.RadioDown, zwavehome.Kind) {
		t.Error("the stick is told to be down")
	}
	cancel(nil)
	parts.wait()
	sim.wait()
}

// TestPortsInUse: the hub guards on, says so and takes the ports once they are
// free.
func TestPortsInUse(t *testing.T) {
	var taken []net.Listener
	address := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, l)
		return l.Addr().String()
	}
	h, err := build(Options{
		Config: config.Config{
			Data: filepath.Join(t.TempDir(), "data"), Listen: config.Listen{HTTPS: address()}, MQTT: config.MQTT{Loopback: address()},
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	ctx, cancel := context.WithCancelCause(t.Context())
	var faces []part
	for _, p := range h.faces() {
		if p.name == "mqtt" || p.name == "page" {
			faces = append(faces, p)
		}
	}
	parts := start(ctx, h.log, cancel, faces...)
	both := func(want bool) func() bool {
		return func() bool {
			return h.board.Present(health.MQTTDown, "") == want && h.board.Present(health.PageDown, "") == want
		}
	}
	until(t, "both are said to be down", both(true))
	for _, l := range taken {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "both are well", both(false))
	cancel(nil)
	parts.wait()
}
