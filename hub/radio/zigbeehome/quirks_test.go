package zigbeehome

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/hub/home/supervision"
	"gatehouse/zigbee"
	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

func (s *said) Introduce(home.Device)                     {}
func (s *said) SetHealth(home.DeviceID, home.Health)      {}
func (s *said) SetProblems(home.DeviceID, []home.Problem) {}
func (s *said) Left(home.DeviceID, string)                {}
func (quiet) DeviceReady(home.Device)                     {}
func (quiet) RadioDown(error)                             {}
func (quiet) KeypadHere(home.DeviceID)                    {}

func (s *said) take() (words []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	words, s.words = s.words, nil
	return words
}

// quiet is a house that is told nothing.
type quiet struct{ House }

// knows makes a radio with one device, known by a quirk of these lines.
func knows(t *testing.T, d zigbee.Device, lines string) (*Radio, *said) {
	t.Helper()
	list, err := quirks.Parse("test.quirks", "device Thing\nmatch thing\n"+lines)
	if err != nil {
		t.Fatal(err)
	}
	s := &said{}
	r := New(s, quiet{}, slog.New(slog.DiscardHandler))
	r.Attach(obeys{})
	r.Known(func(l quirks.Likeness) (quirks.Quirk, bool) { return quirks.Find(list, l) })
	d.IEEE, d.Model, d.Studied = 7, "thing", true
	r.OnEvent(zigbee.DeviceAdded{Device: d})
	return r, s
}

func report(cluster zcl.Cluster, maker uint16, a zcl.Attr, v zcl.Value) zigbee.Report {
	return zigbee.Report{
		Device: 7, Endpoint: 1, Cluster: cluster, Frame: zcl.Frame{Manufacturer: maker},
		Command: zcl.ReportAttributes{Attributes: []zcl.Attribute{{Attr: a, Value: v}}},
	}
}

func points(list ...quirks.Point) zigbee.Report {
	c := quirks.SetPoints(quirks.TuyaReport, 1, list...)
	c.Of.Direction = zcl.ToClient
	return zigbee.Report{Device: 7, Endpoint: 1, Cluster: quirks.Tuya, Command: c}
}

// A quirk says what it says in place of the standard's tables, and all else stays.
func TestQuirksInPlaceOfTheStandard(t *testing.T) {
	contact := zigbee.Endpoint{ID: 1, In: []zcl.Cluster{zcl.IASZone, zcl.OnOff, zcl.PowerConfiguration, quirks.Tuya}, Zone: zigbee.Zone{Type: zcl.TypeContact}}
	status := func(s zcl.ZoneStatus) zigbee.Report {
		return zigbee.Report{Device: 7, Endpoint: 1, Cluster: zcl.IASZone, Command: zcl.ZoneStatusChange{Status: s}}
	}
	for _, tt := range []struct {
		name, quirk string
		mains       bool
		report      zigbee.Report
		want        []string
	}{
		{"inverted", "alarm 1 contact 0=open *=closed\n", false, status(0), []string{"contact=open", "tamper=false", "low_battery=false", "trouble=false"}},
		{"the other bit", "alarm 2 contact\n", false, status(zcl.ZoneAlarm1 | zcl.ZoneTamper), []string{"contact=closed", "tamper=true", "low_battery=false", "trouble=false"}},
		{"either bit", "alarm any contact\n", false, status(zcl.ZoneAlarm2), []string{"contact=open", "tamper=false", "low_battery=false", "trouble=false"}},
		{"two things", "alarm 1 gas\nalarm 2 co\n", false, status(zcl.ZoneAlarm2), []string{"gas=false", "co=true", "tamper=false", "low_battery=false", "trouble=false"}},
		{"a status that is read", "alarm 1 contact 0=open *=closed\n", false, report(zcl.IASZone, 0, zcl.ZoneStatusAttr, zcl.Of(zcl.Bitmap16, 1)), []string{"contact=closed", "tamper=false", "low_battery=false", "trouble=false"}},
		{"no alarm bit", "point 1 smoke\n", false, status(zcl.ZoneAlarm1), []string{"contact=open", "tamper=false", "low_battery=false", "trouble=false"}},
		{"an attribute", "attribute 6 0 contact\nwithout switch\n", false, report(zcl.OnOff, 0, zcl.OnOffState, zcl.Of(zcl.Bool, 1)), []string{"contact=open"}},
		{"not the maker's", "attribute 6 0 maker 0x115f contact\n", false, report(zcl.OnOff, 0x1234, zcl.OnOffState, zcl.Of(zcl.Bool, 1)), []string{"seen"}},
		{"what it has not", "without switch\n", false, report(zcl.OnOff, 0, zcl.OnOffState, zcl.Of(zcl.Bool, 1)), []string{"seen"}},
		{"another's attribute", "point 1 smoke\n", false, report(zcl.OnOff, 0x115F, zcl.OnOffState, zcl.Of(zcl.Bool, 1)), []string{"seen"}},
		{"points", "point 1 smoke 0=true *=false\npoint 15 battery\n", false, points(quirks.MakePoint(1, quirks.PointEnum, 0), quirks.MakePoint(15, quirks.PointNumber, 80)), []string{"smoke=true", "battery=80"}},
		{"points that nobody knows", "point 1 smoke\n", false, points(quirks.MakePoint(2, quirks.PointEnum, 0)), []string{"seen"}},
		{"a battery on the mains", "point 14 low_battery\n", true, points(quirks.MakePoint(14, quirks.PointEnum, 1)), []string{"seen"}},
		{"unknown", "attribute 0x0400 0 illuminance\n", false, report(zcl.Illuminance, 0, 0, zcl.Of(zcl.Uint16, 0xFFFF)), []string{"seen"}},
	} {
		r, s := knows(t, zigbee.Device{Mains: tt.mains, Endpoints: []zigbee.Endpoint{contact}}, tt.quirk)
		r.OnEvent(tt.report)
		if d := cmp.Diff(s.take(), tt.want); d != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, d)
		}
	}
}

// What a device never ends, the hub ends, and says nothing of it when it can't be
// heard or has left.
func TestQuirksThatLast(t *testing.T) {
	motion := report(zcl.Occupancy, 0, zcl.OccupancyState, zcl.Of(zcl.Bitmap8, 1))
	part := zigbee.Endpoint{ID: 1, In: []zcl.Cluster{zcl.Occupancy}}
	for _, tt := range []struct {
		name string
		then func(*Radio)
		want []string
	}{
		{"and nothing else", func(*Radio) {}, []string{"motion=false"}},
		{"and again", func(r *Radio) { time.Sleep(30 * time.Second); r.OnEvent(motion); time.Sleep(45 * time.Second) }, []string{"motion=true"}},
		{"and the stick is pulled", func(r *Radio) { r.OnEvent(zigbee.Down{}) }, nil},
		{"and the device leaves", func(r *Radio) { r.OnEvent(zigbee.DeviceLeft{Device: 7}) }, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, s := knows(t, zigbee.Device{Endpoints: []zigbee.Endpoint{part}}, "attribute 0x0406 0 motion 1=true lasts 60s\nwithout occupancy\n")
			r.OnEvent(motion)
			if d := cmp.Diff(s.take(), []string{"motion=true"}); d != "" {
				t.Errorf("%s (-got +want):\n%s", tt.name, d)
			}
			tt.then(r)
			if tt.name != "and again" {
				time.Sleep(61 * time.Second)
			}
			synctest.Wait()
			if d := cmp.Diff(s.take(), tt.want); d != "" {
				t.Errorf("%s (-got +want):\n%s", tt.name, d)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		})
	}
}

// A sleeper is missed by how often its quirk says that it speaks.
func TestQuirkyHabits(t *testing.T) {
	tuya := zigbee.Endpoint{ID: 1, In: []zcl.Cluster{quirks.Tuya}}
	power := zigbee.Endpoint{ID: 1, In: []zcl.Cluster{quirks.Tuya, zcl.PowerConfiguration}}
	for _, tt := range []struct {
		name, quirk string
		part        zigbee.Endpoint
		want        time.Duration
	}{
		{"by its quirk", "point 1 smoke\nevery 1h\n", tuya, time.Hour},
		{"Tuya's", "point 1 smoke\n", tuya, 12 * time.Hour},
		{"Tuya's with a battery that reports", "point 1 smoke\n", power, 0},
	} {
		r, _ := knows(t, zigbee.Device{Endpoints: []zigbee.Endpoint{tt.part}}, tt.quirk)
		if got := r.Habit(ID(7)); got.Class != supervision.ZigbeeSleeping || got.Every != tt.want {
			t.Errorf("%s: %+v, want every %s", tt.name, got, tt.want)
		}
	}
}
