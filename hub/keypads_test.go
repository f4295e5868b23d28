package hub

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/config"
	"gatehouse/hub/home"
	"gatehouse/hub/radio/zwavehome"
	"gatehouse/zwave"
	"gatehouse/zwave/cc"
)

// air is a stick that writes down what it is told to send, each with the
// seconds since the test began.
type air struct {
	nodes []zwave.Node
	start time.Time

	mu   sync.Mutex
	sent []string
}

func (a *air) Send(n zwave.NodeID, payload []byte, _ zwave.Lane, done func(error)) {
	a.mu.Lock()
	a.sent = append(a.sent, fmt.Sprintf("%g: %d % x", time.Since(a.start).Seconds(), n, payload))
	a.mu.Unlock()
	done(nil)
}
func (a *air) Refresh(zwave.NodeID)                          {}
func (a *air) RemoveFailed(_ zwave.NodeID, done func(error)) { done(nil) }
func (a *air) Nodes() []zwave.Node                           { return a.nodes }

func (a *air) take() (sent []string) {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	sent, a.sent = a.sent, nil
	return sent
}

// keypadHouse is a hub with one door and Ring's keypad with an encrypted link,
// as far as a test needs it: its panel and its keypads run.
type keypadHouse struct {
	*Hub
	t   *testing.T
	air *air
}

const pad zwave.NodeID = 20

func inKeypadHouse(t *testing.T, do func(h keypadHouse)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := config.Default()
		c.Data, c.Zwave.Port, c.MQTT = dir, "tcp://127.0.0.1:1", config.MQTT{}
		h, err := build(Options{Config: c, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer h.close()
		lights := map[byte][]byte{}
		for _, id := range []byte{
			cc.IndicatorDisarmed, cc.IndicatorCodeRejected, cc.IndicatorArmedHome, cc.IndicatorArmedAway, cc.IndicatorAlarmBurglar,
			cc.IndicatorBypass, cc.IndicatorEntryDelay, cc.IndicatorExitDelay,
		} {
			lights[id] = []byte{cc.PropertyMultilevel, cc.PropertyTimeoutMin, cc.PropertyTimeoutSec, cc.PropertySound}
		}
		k := keypadHouse{Hub: h, t: t, air: &air{start: time.Now(), nodes: []zwave.Node{{
			ID: pad, State: zwave.StateAlive, Stage: zwave.StageDone, Beamed: true, Security: zwave.SecurityS2AccessControl,
			Maker: 0x0346, Type: 0x0101, Product: 0x0401, Indicators: lights,
			Classes: map[cc.Class]byte{cc.EntryControl: 1, cc.Indicator: 3, cc.Configuration: 4},
		}}}}
		h.zwave.radio.Attach(k.air)
		ctx, cancel := context.WithCancel(t.Context())
		house := start(ctx, h.log, func(error) {},
			part{name: "journal", run: h.journal.Run}, part{name: "panel", run: h.guard.Run}, part{name: "keypads", run: h.keypads.Run},
			part{name: "devices", run: h.devices.Run})
		h.zwave.radio.OnEvent(zwave.Ready{})
		for _, code := range []home.Code{
			{ID: "anna", Person: "Anna", Code: "12345"}, {ID: "duress", Person: "Anna", Kind: "duress", Code: "98765"},
		} {
			if _, err := h.guard.PutCode(ctx, code, "Anna"); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.guard.PutZone(ctx, home.Zone{
			ID: "door", Name: "Front door", Device: "zwave-5", Trait: home.Contact, Kind: home.ZoneEntry, Modes: home.Modes,
		}, "Anna"); err != nil {
			t.Fatal(err)
		}
		k.door(home.Closed)
		do(k)
		cancel()
		house.wait()
	})
}

func (k keypadHouse) door(v home.Value) {
	k.guard.Reading(home.Reading{Device: "zwave-5", Trait: home.Contact, Value: v, At: time.Now()}, nil)
}

// press presses a key after digits.
func (k keypadHouse) press(event cc.EntryEvent, digits string) {
	k.zwave.radio.OnEvent(zwave.Report{
		Node: pad, Security: zwave.SecurityS2AccessControl, At: time.Now(),
		Command: cc.EntryControlNotification{DataType: cc.EntryASCII, Event: event, Data: []byte(digits)},
	})
	synctest.Wait()
}

func (k keypadHouse) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (k keypadHouse) want(what string, want ...string) {
	k.t.Helper()
	if diff := cmp.Diff(k.air.take(), want); diff != "" {
		k.t.Errorf("%s (-got +want):\n%s", what, diff)
	}
}

// A keypad as a family uses it, and every byte that it is told.
func TestKeypadOnTheAir(t *testing.T) {
	inKeypadHouse(t, func(k keypadHouse) {
		k.want("the hub starts", "0: 20 87 01 00 01 02 01 63")
		k.press(cc.EntryArmAway, "11111")
		k.want("a wrong code", "0: 20 87 01 00 01 09 01 63")
		k.pass(10 * time.Second)
		k.want("its end is the keypad's own affair")

		k.door(home.Open)
		k.press(cc.EntryArmHome, "12345")
		k.want("the door is open: the bypass challenge", "10: 20 87 01 00 01 10 01 63")
		k.door(home.Closed)
		k.press(cc.EntryCancel, "")
		k.press(cc.EntryArmAway, "12345")
		k.want("arming away", "10: 20 87 01 00 02 12 06 01 12 07 00")
		k.pass(20 * time.Second)
		k.door(home.Open)
		k.door(home.Closed)
		k.pass(40 * time.Second)
		k.want("armed: it counted by itself", "70: 20 87 01 00 01 0b 01 63")
		k.pass(5 * time.Minute)
		k.want("it goes dark by itself")
		k.door(home.Open)
		k.want("entry", "370: 20 87 01 00 02 11 06 00 11 07 1e")
		k.press(cc.EntryEnter, "12345")
		k.want("disarmed", "370: 20 87 01 00 01 02 01 63")
		k.pass(time.Minute)
		k.door(home.Open)
		k.press(cc.EntryArmAway, "12345")
		k.press(cc.EntryEnter, "")
		k.want("armed with the door left out", "430: 20 87 01 00 01 10 01 63", "430: 20 87 01 00 02 12 06 01 12 07 00")
		if a := k.guard.State(); len(a.Bypassed) != 1 {
			t.Errorf("left out %v, want the door", a.Bypassed)
		}
	})
}

// Duress never shows: the keypad is told the same bytes at the same times as
// after any other code, armed, in the entry delay, during an alarm and disarmed.
func TestDuressOnTheAir(t *testing.T) {
	told := map[string][]string{}
	for _, code := range []string{"12345", "98765"} {
		inKeypadHouse(t, func(k keypadHouse) {
			disarm := func() {
				k.press(cc.EntryDisarmAll, code)
				k.pass(40 * time.Second)
			}
			disarm()
			for _, wait := range []time.Duration{5 * time.Second, 70 * time.Second} {
				k.press(cc.EntryArmAway, code)
				k.pass(wait)
				disarm()
			}
			for _, wait := range []time.Duration{5 * time.Second, 40 * time.Second} {
				k.press(cc.EntryArmAway, code)
				k.pass(70 * time.Second)
				k.door(home.Open)
				k.pass(wait)
				k.door(home.Closed)
				disarm()
			}
			k.door(home.Open)
			k.press(cc.EntryArmAway, code)
			k.press(cc.EntryEnter, "")
			disarm()
			if a := k.guard.State(); a.Mode != home.Disarmed {
				t.Errorf("%s: %s", code, a.Mode)
			}
			told[code] = k.air.take()
		})
	}
	if diff := cmp.Diff(told["98765"], told["12345"]); diff != "" {
		t.Errorf("a code given under duress shows (-duress +normal):\n%s", diff)
	}
	if n := len(told["12345"]); n < 15 {
		t.Errorf("only %d commands to compare: %q", n, told["12345"])
	}
}

// A keypad sets what its owner lets it set, and refuses the rest before it looks
// at the code. One that may set night and not home arms night by its home key.
func TestKeypadSetsWhatItMay(t *testing.T) {
	inKeypadHouse(t, func(k keypadHouse) {
		id := zwavehome.ID(pad)
		s := home.DefaultKeypadSettings()
		s.Modes = []home.Mode{home.Night}
		if err := k.keypads.Put(id, s, "Anna"); err != nil {
			t.Fatal(err)
		}
		found, ok := k.keypads.Find(id)
		if !ok || !slices.Equal(found.Settings.Modes, s.Modes) || !found.Encrypted || !slices.Equal(found.Can, []string{"volume", "backlight", "tones"}) {
			t.Errorf("found %+v, want it with its settings and abilities", found)
		}
		k.air.take()
		k.press(cc.EntryArmAway, "12345")
		k.press(cc.EntryArmAway, "11111")
		k.want("away, whatever the code", "0: 20 87 01 00 01 09 01 63", "0: 20 87 01 00 01 09 01 63")
		k.press(cc.EntryArmHome, "12345")
		if a := k.guard.State(); a.Mode != home.Night {
			t.Errorf("the home key set %s, want night", a.Mode)
		}
		k.press(cc.EntryEnter, "12345")
		k.press(cc.EntryDisarmAll, "12345")
		if a := k.guard.State(); a.Mode != home.Night {
			t.Errorf("disarmed by a keypad that may not: %s", a.Mode)
		}

		if err := k.guard.PutArea(k.t.Context(), home.Area{ID: "flat", Name: "Flat"}, "Anna"); err != nil {
			t.Fatal(err)
		}
		s = home.DefaultKeypadSettings()
		s.Area = "flat"
		if err := k.keypads.Put(id, s, "Anna"); err != nil {
			t.Fatal(err)
		}
		k.press(cc.EntryArmAway, "12345")
		for _, a := range k.guard.State().Areas {
			if want := map[home.AreaID]home.Mode{home.TheHouse: home.Night, "flat": home.Away}[a.ID]; a.Mode != want {
				t.Errorf("area %s: %s, want %s", a.ID, a.Mode, want)
			}
		}
		// It would go on to show what is there no more, and arm the house.
		panel := housePanel{k.guard, k.keypads}
		zero := home.Duration(0)
		if _, err := k.guard.SetMode(k.t.Context(), home.ModeRequest{Mode: home.Disarmed, Area: "flat", CodeFree: true, ExitDelay: &zero}); err != nil {
			t.Fatal(err)
		}
		if err := panel.DeleteArea(k.t.Context(), "flat", "Anna"); err == nil || !strings.Contains(err.Error(), "keypad of this area") {
			t.Errorf("the area of a keypad was deleted: %v", err)
		}
		s.Area = home.TheHouse
		if err := k.keypads.Put(id, s, "Anna"); err != nil {
			t.Fatal(err)
		}
		if err := panel.DeleteArea(k.t.Context(), "flat", "Anna"); err != nil {
			t.Error(err)
		}
		s.Area = "barn"
		if err := k.keypads.Put(id, s, "Anna"); err == nil {
			t.Error("an area that there is not was taken")
		}
		k.keypads.left(id)
		if rows, err := k.keypads.table.All(); err != nil || len(rows) != 0 {
			t.Errorf("a keypad that left is remembered: %v, %v", rows, err)
		}
	})
}
