package alarm

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/hub/home"
)

// savedExample is a panel in the middle of things: armed with bypass, an alarm
// running, another remembered, a zone waiting for its partner, a code tried wrongly.
func savedExample(tb testing.TB) Panel {
	tb.Helper()
	p := New()
	now := midnight
	step := func(after time.Duration, in Input) {
		now = now.Add(after)
		next, effects := p.Step(now, in)
		for _, e := range effects {
			if a, ok := e.(Answer); ok && a.Err != nil {
				tb.Logf("%T: %v", in, a.Err)
			}
		}
		p = next
	}
	for _, z := range playZones {
		z.Device = home.DeviceID(z.ID)
		step(0, PutZone{Zone: z})
	}
	step(0, PutCode{Code: home.Code{ID: "anna", Person: "Anna"}, Digest: testDigest("12345")})
	step(0, Reading{"den", home.Motion, home.False})
	step(0, Reading{"pane", home.Glass, home.False})
	step(0, Reading{"cash", home.Contact, home.Closed})
	step(time.Second, SetMode{Request: home.ModeRequest{Mode: home.Away, By: "Anna", Force: true, RequestID: "r1"}})
	step(5*time.Minute, Reading{"cash", home.Contact, home.Open})
	step(4*time.Minute, Tick{})
	step(0, Reading{"pane", home.Glass, home.True})
	step(30*time.Second, Reading{"leak", home.Water, home.True})
	step(time.Second, SetMode{Request: home.ModeRequest{Mode: home.Disarmed}, Code: testDigest("00000")})
	return p
}

func TestASavedPanelThatIsGarbledIsRefused(t *testing.T) {
	whole, err := json.Marshal(savedExample(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"version", `"version":2`, `"version":3`, "version 3 is not known"},
		{"mode", `"mode":"away","watch"`, `"mode":"holiday","watch"`, `mode "holiday" is not known`},
		{"phase without mode", `"mode":"away","watch"`, `"mode":"disarmed","watch"`, `does not go with mode "disarmed"`},
		{"phase", `"watch":"armed"`, `"watch":"alarm"`, `phase "alarm" does not go with mode`},
		{"deadline", `"watch":"armed"`, `"watch":"entry"`, "do not go together"},
		{"bypassed zone", `"bypassed":["door"`, `"bypassed":["smoke"`, `bypassed zone "smoke"`},
		{"zone twice", `"id":"back"`, `"id":"door"`, `zone "door": there twice`},
		{"zone kind", `"kind":"perimeter"`, `"kind":"periscope"`, `"periscope" is not a kind of zone`},
		{"settings", `"exit_delay":"1m0s"`, `"exit_delay":"1s"`, "exit_delay: 1s is out of range"},
		{"digest", testHex("12345"), testHex("12345")[1:], "hexadecimal digits"},
		{"alarm", `"kind":"water","zone"`, `"kind":"meteor","zone"`, `alarm of kind "meteor" is not known`},
		{"siren time", `"siren_until":"2026`, `"siren_until":"2036`, "ends too far after"},
		{"tries", `"wrong_codes":1`, `"wrong_codes":7`, "wrong_codes is 7"},
		{"crossed zone", `"cross_zone":"den"`, `"cross_zone":"door"`, `zone "den" is crossed with "pane", which is not crossed with it`},
		{"waiting zone", `"crossings":[{"zone":"pane"`, `"crossings":[{"zone":"wall"`, `crossed zone "wall": not there`},
		{"blocking zone", `"blocking":["cash"`, `"blocking":["wall"`, `zone "wall" raised an alarm`},
		{"cancel window", `"cancel_by":"2026`, `"cancel_by":"2036`, "can be taken back too far after"},
		{"swing", `"swings":[{"zone":"cash","n":1,"since":"2026`, `"swings":[{"zone":"cash","n":1,"since":"2036`, "was disturbed after"},
		{"siren cycles", `"cycles":2`, `"cycles":11`, "cycles is 11"},
		{"walk test", `"test_until":"0001`, `"test_until":"2036`, "the walk test ends too far after"},
		{"cut short", `"outbox"`, ``, "invalid character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bytes.Replace(whole, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(b, whole) {
				t.Fatalf("%s is not in %s", c.old, whole)
			}
			var p Panel
			err := json.Unmarshal(b, &p)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func testHex(digits string) string {
	b, err := testDigest(digits).MarshalText()
	if err != nil {
		panic(err)
	}
	return string(b)
}

// FuzzSavedPanel loads anything: it is refused, or it is a panel that goes on
// for ever without a panic and saves to what loads again.
func FuzzSavedPanel(f *testing.F) {
	b, err := json.Marshal(savedExample(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Add(bytes.Replace(b, []byte(`"watch":"armed"`), []byte(`"watch":"entry"`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Panel
		if err := json.Unmarshal(b, &p); err != nil {
			return
		}
		now := p.LastSeen()
		play := func(in Input) {
			next, _ := p.Step(now, in)
			if until := next.Until(); !until.IsZero() && !until.After(now) && !now.Before(p.LastSeen()) {
				t.Fatalf("%T left a deadline behind: %s at %s", in, until, now)
			}
			p = next
		}
		play(Resumed{})
		for range 20 {
			if until := p.Until(); until.After(now) {
				now = until
			}
			play(Tick{})
		}
		for _, z := range p.Zones() {
			play(Reading{z.Device, z.Trait, home.True})
			play(Reading{z.Device, z.Trait, home.Open})
		}
		p.View(now)
		play(SetMode{Request: home.ModeRequest{Mode: home.Away, Force: true, CodeFree: true}})
		play(SetMode{Request: home.ModeRequest{Mode: home.Disarmed, CodeFree: true}})
		if p.Mode() != home.Disarmed {
			t.Fatalf("mode is %s after disarming", p.Mode())
		}
		once, err := json.Marshal(p)
		if err != nil {
			return // a time beyond the year 9999: the guard says so and goes on
		}
		var q Panel
		if err := json.Unmarshal(once, &q); err != nil {
			t.Fatalf("saved and refused: %v\n%s", err, once)
		}
		twice, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once, twice) {
			t.Fatalf("saved and loaded differ:\n%s\n%s", once, twice)
		}
	})
}
