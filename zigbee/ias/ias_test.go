package ias_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/ias"
	"gatehouse/zigbee/zcl"
)

const (
	hub     = 0x00124B0011223344
	another = 0x00124B0055667788
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// zone is a device with the habits of a firmware.
type zone struct {
	asks     bool // sends a request once our address is written
	early    bool // and one before
	needs    bool // enrols by an answer only, asked for or not
	hurt     bool // forgets our address by an answer that it did not ask for
	refuses  bool // says "read only" to the write, but takes the address
	slow     int  // looks at the state until it says "enrolled"
	deaf     int  // commands that it sleeps through
	never    bool // says "not enrolled" for ever
	cie      uint64
	enrolled bool

	asked bool
}

// takes is what the zone says to a command; nothing when it sleeps.
func (z *zone) takes(c zcl.Command) []zcl.Command {
	if z.deaf > 0 {
		z.deaf--
		return nil
	}
	request := zcl.ZoneEnrollRequest{Type: zcl.TypeContact, Manufacturer: 0x115F}
	switch c := c.(type) {
	case zcl.ReadAttributes:
		var r zcl.ReadAttributesResponse
		state := uint64(0)
		if z.enrolled && !z.never {
			if z.slow > 0 {
				z.slow--
			} else {
				state = 1
			}
		}
		for _, a := range c.Attrs {
			v := map[zcl.Attr]zcl.Value{
				zcl.ZoneStateAttr: zcl.Of(zcl.Enum8, state), zcl.ZoneTypeAttr: zcl.Of(zcl.Enum16, uint64(zcl.TypeContact)),
				zcl.ZoneCIEAddress: zcl.Of(zcl.IEEE, z.cie),
			}[a]
			r.Records = append(r.Records, zcl.ReadRecord{Attr: a, Value: v})
		}
		if z.early {
			z.early, z.asked = false, true
			return []zcl.Command{request, r}
		}
		return []zcl.Command{r}
	case zcl.WriteAttributes:
		z.cie = c.Attributes[0].Value.N
		if !z.needs {
			z.enrolled = true
		}
		r := zcl.WriteAttributesResponse{}
		if z.refuses {
			r.Records = []zcl.WriteRecord{{Status: zcl.ReadOnly, Attr: zcl.ZoneCIEAddress}}
		}
		if z.asks {
			z.asked = true
			return []zcl.Command{r, request}
		}
		return []zcl.Command{r}
	case zcl.ZoneEnrollResponse:
		if z.hurt && !z.asked {
			z.cie, z.enrolled = 0, false
			return nil
		}
		z.enrolled = true
	}
	return nil
}

// life plays an enrolment with a zone until it is enrolled or the time is over;
// it tells what was sent, each with the milliseconds since the start.
func life(t *testing.T, z *zone, askedOnly bool, limit time.Duration) (ias.Enrolment, []string) {
	t.Helper()
	now := start
	e, out := ias.Enrolment{CIE: hub, Zone: 7, AskedOnly: askedOnly}.Begin(now)
	var sent []string
	for {
		for len(out) > 0 {
			c := out[0]
			out = out[1:]
			sent = append(sent, fmt.Sprintf("%d %s", now.Sub(start).Milliseconds(), word(c)))
			said := z.takes(c)
			if _, answer := c.(zcl.ZoneEnrollResponse); said == nil && !answer {
				var more []zcl.Command
				e, more = e.Step(now, ias.Unanswered{})
				out = append(out, more...)
			}
			for _, s := range said {
				var more []zcl.Command
				e, more = e.Step(now, ias.Heard{Command: s})
				out = append(out, more...)
			}
			if len(out) > 2 {
				t.Fatalf("%d commands at a time", len(out))
			}
		}
		if e.Phase == ias.Enrolled || e.Until.IsZero() {
			return e, sent
		}
		if now = e.Until; now.Sub(start) > limit {
			return e, sent
		}
		e, out = e.Step(now, ias.Tick{})
	}
}

func word(c zcl.Command) string {
	switch c.(type) {
	case zcl.ReadAttributes:
		return "read"
	case zcl.WriteAttributes:
		return "write"
	case zcl.ZoneEnrollResponse:
		return "answer"
	default:
		return fmt.Sprintf("%T", c)
	}
}

func TestEveryFirmwareEnrols(t *testing.T) {
	for _, tt := range []struct {
		name      string
		zone      zone
		askedOnly bool
		want      []string
	}{
		{"enrolled to us already", zone{cie: hub, enrolled: true}, false, []string{"0 read"}},
		{"enrolled to another house", zone{cie: another, enrolled: true, asks: true, needs: true}, false, []string{"0 read", "0 write", "0 answer", "500 read"}},
		{"asks once the address is written", zone{asks: true, needs: true}, false, []string{"0 read", "0 write", "0 answer", "500 read"}},
		{"waits for an answer it did not ask for", zone{needs: true}, false, []string{"0 read", "0 write", "500 answer", "1000 read"}},
		{"asks before the address is written", zone{early: true, needs: true}, false, []string{"0 read", "0 answer", "0 write", "500 read"}},
		{"enrols by the address alone", zone{}, false, []string{"0 read", "0 write", "500 answer", "1000 read"}},
		{"is hurt by an answer it did not ask for", zone{hurt: true}, true, []string{"0 read", "0 write", "1000 read"}},
		{"refuses to be written and is", zone{refuses: true, asks: true, needs: true}, false, []string{"0 read", "0 write", "0 answer", "500 read"}},
		{"takes its time", zone{asks: true, needs: true, slow: 3}, false, []string{"0 read", "0 write", "0 answer", "500 read", "1000 read", "1500 read", "2000 read"}},
		{"sleeps through the first question", zone{asks: true, needs: true, deaf: 1}, false, []string{"0 read", "60000 read", "60000 write", "60000 answer", "60500 read"}},
		{"sleeps twice", zone{asks: true, needs: true, deaf: 2}, false, []string{"0 read", "60000 read", "180000 read", "180000 write", "180000 answer", "180500 read"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, sent := life(t, &tt.zone, tt.askedOnly, time.Hour)
			if e.Phase != ias.Enrolled || tt.zone.cie != hub || !tt.zone.enrolled || e.Failures != 0 || !e.TypeKnown || e.Type != zcl.TypeContact {
				t.Errorf("is %+v, the zone %+v", e, tt.zone)
			}
			if d := cmp.Diff(sent, tt.want); d != "" {
				t.Errorf("sent (-got +want):\n%s", d)
			}
		})
	}
}

// A zone that does not enrol is tried for ever, and ever less.
func TestNeverGivesUpAndNeverFloods(t *testing.T) {
	e, sent := life(t, &zone{never: true}, false, 24*time.Hour)
	if _, out := e.Step(e.Until.Add(-time.Minute), ias.Awake{}); len(out) > 0 {
		t.Error("a device that answered is bothered because it is heard")
	}
	if e.Phase != ias.Resting || e.Until.Sub(start) <= 24*time.Hour {
		t.Errorf("after a day: %s until %v", e.Phase, e.Until)
	}
	// Each attempt: read, write, answer, 20 looks.
	if want := e.Failures * 23; len(sent) != want {
		t.Errorf("%d commands in %d attempts, want %d", len(sent), e.Failures, want)
	}
	// After 1, 2, 4, 8, 16 and 32 minutes, then 23 times after an hour.
	if e.Failures != 29 {
		t.Errorf("%d attempts in a day, want 29", e.Failures)
	}
}

// An answer that does not come is waited for, and no longer than that.
func TestPatience(t *testing.T) {
	e, _ := ias.Enrolment{CIE: hub, Patience: 5 * time.Second}.Begin(start)
	if !e.Until.Equal(start.Add(5 * time.Second)) {
		t.Errorf("until %v", e.Until)
	}
	e, out := e.Step(e.Until, ias.Tick{})
	if e.Phase != ias.Resting || e.Failures != 1 || len(out) != 0 {
		t.Errorf("%s after %d failures, %v", e.Phase, e.Failures, out)
	}
}

func TestHeardWhileResting(t *testing.T) {
	e, _ := ias.Enrolment{CIE: hub, Zone: 7, Patience: 5 * time.Second}.Begin(start)
	e, _ = e.Step(start, ias.Unanswered{})
	if e.Phase != ias.Resting || !e.Until.Equal(start.Add(time.Minute)) {
		t.Fatalf("unanswered: %s until %v", e.Phase, e.Until)
	}
	if _, out := e.Step(start.Add(9*time.Second), ias.Awake{}); len(out) != 0 {
		t.Error("a second attempt within 10 s")
	}
	awake, out := e.Step(start.Add(10*time.Second), ias.Awake{})
	if awake.Phase != ias.Asking || len(out) != 1 {
		t.Errorf("awake: %s, %d commands", awake.Phase, len(out))
	}
	asked, out := e.Step(start.Add(time.Second), ias.Heard{Command: zcl.ZoneEnrollRequest{Type: zcl.TypeContact}})
	if asked.Phase != ias.Settling || !slices.Equal(out, []zcl.Command{zcl.ZoneEnrollResponse{Zone: 7}}) {
		t.Errorf("asked while resting: %s, %v", asked.Phase, out)
	}
}

// A zone that says that it is not enrolled, and reports its status, is.
func TestZoneThatReportsIsEnrolled(t *testing.T) {
	e, _ := life(t, &zone{never: true}, false, time.Minute)
	if e.Phase != ias.Resting || e.Failures == 0 {
		t.Fatalf("%s after %d failures", e.Phase, e.Failures)
	}
	e, out := e.Step(start.Add(2*time.Minute), ias.Heard{Command: zcl.ZoneStatusChange{Status: zcl.ZoneAlarm1}})
	if e.Phase != ias.Enrolled || !e.Until.IsZero() || len(out) != 0 {
		t.Errorf("%s until %v, %v", e.Phase, e.Until, out)
	}
}

// A sensor whose battery was changed may have forgotten us.
func TestEnrolledZoneThatAsksAgain(t *testing.T) {
	e, _ := life(t, &zone{cie: hub, enrolled: true}, false, time.Hour)
	e, out := e.Step(start, ias.Heard{Command: zcl.ZoneEnrollRequest{Type: zcl.TypeContact}})
	if e.Phase != ias.Settling || !slices.Equal(out, []zcl.Command{zcl.ZoneEnrollResponse{Zone: 7}}) {
		t.Errorf("%s, %v", e.Phase, out)
	}
	e, out = e.Step(start.Add(500*time.Millisecond), ias.Tick{})
	if e.Phase != ias.Verifying || len(out) != 1 {
		t.Errorf("%s, %v", e.Phase, out)
	}
	// It has another address now: from the start.
	for range 20 {
		e, _ = e.Step(start, ias.Heard{Command: zcl.ReadAttributesResponse{Records: []zcl.ReadRecord{
			{Attr: zcl.ZoneStateAttr, Value: zcl.Of(zcl.Enum8, 1)}, {Attr: zcl.ZoneCIEAddress, Value: zcl.Of(zcl.IEEE, another)},
		}}})
		e, _ = e.Step(start.Add(time.Hour), ias.Tick{})
	}
	if e.Phase != ias.Asking {
		t.Errorf("a zone of another house is %s, want asking", e.Phase)
	}
}

// What does not belong to the phase changes nothing, and an early tick neither.
func TestStrayInput(t *testing.T) {
	e, _ := ias.Enrolment{CIE: hub, Zone: 7, Patience: 5 * time.Second}.Begin(start)
	for _, in := range []ias.Input{ias.Tick{}, ias.Awake{}, ias.Heard{Command: zcl.WriteAttributesResponse{}}, ias.Heard{Command: zcl.ZoneStatusChange{}}} {
		if got, out := e.Step(start, in); got != e || len(out) != 0 {
			t.Errorf("%T while asking: %+v, %v", in, got, out)
		}
	}
	done, _ := life(t, &zone{cie: hub, enrolled: true}, false, time.Hour)
	if got, out := done.Step(start, ias.Unanswered{}); got != done || len(out) != 0 {
		t.Errorf("unanswered when enrolled: %+v, %v", got, out)
	}
	other := zcl.ReadAttributesResponse{Records: []zcl.ReadRecord{{Attr: zcl.ZoneStatusAttr, Value: zcl.Of(zcl.Bitmap16, 1)}}}
	if got, out := e.Step(start, ias.Heard{Command: other}); got != e || len(out) != 0 {
		t.Errorf("the answer to another's question: %+v, %v", got, out)
	}
	// A zone that has no state is written to, and looked at, all the same.
	waiting, _ := e.Step(start, ias.Heard{Command: zcl.ReadAttributesResponse{Records: []zcl.ReadRecord{{Attr: zcl.ZoneStateAttr, Status: zcl.UnsupportedAttribute}}}})
	waiting, _ = waiting.Step(start, ias.Heard{Command: zcl.WriteAttributesResponse{}})
	if got, out := waiting.Step(start.Add(499*time.Millisecond), ias.Tick{}); got != waiting || len(out) != 0 {
		t.Errorf("an early tick: %+v, %v", got, out)
	}
}
