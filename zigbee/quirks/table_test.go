package quirks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/zigbee/zcl"
)

// The tables parse as a whole, and no device is meant twice.
func TestTables(t *testing.T) {
	devices := 0
	twice := make(map[string]string)
	for _, e := range embedded {
		list, err := Parse(e.file, e.text)
		if err != nil {
			t.Fatal(err)
		}
		devices += len(list)
		for _, q := range list {
			for _, m := range q.Matches {
				for _, maker := range append(m.Makers, "")[:max(len(m.Makers), 1)] {
					key := strings.ToLower(m.Model) + " " + maker
					if other, ok := twice[key]; ok {
						t.Errorf("%q is meant by %q and by %q", key, other, q.Name)
					}
					twice[key] = q.Name
				}
			}
			if len(q.Readings) == 0 && len(q.Sets) == 0 && len(q.Steps) == 0 {
				t.Errorf("%q says nothing", q.Name)
			}
		}
	}
	if devices < 480 {
		t.Errorf("%d devices are known", devices)
	}
}

func TestFind(t *testing.T) {
	owners, err := Parse("shed.quirks", "device Mine\nmatch TS0601 _TZE200_ntcy3xu1\npoint 1 gas\n")
	if err != nil {
		t.Fatal(err)
	}
	tuya := []zcl.Cluster{zcl.Basic, Tuya}
	for _, tt := range []struct {
		name   string
		owners []Quirk
		like   Likeness
		want   string
	}{
		{"model and maker", nil, Likeness{Model: "TS0601", Maker: "_TZE200_ntcy3xu1", Serves: tuya}, "Tuya TS0601_smoke_6: Smoke sensor"},
		{"the owner's goes first", owners, Likeness{Model: "TS0601", Maker: "_TZE200_ntcy3xu1", Serves: tuya}, "Mine"},
		{"another maker", owners, Likeness{Model: "TS0601", Maker: "_TZE200_nobody", Serves: tuya}, "Tuya, of which no data point is known"},
		{"model", nil, Likeness{Model: "lumi.sensor_magnet.aq2", Maker: "LUMI"}, "Aqara MCCGQ11LM: Door and window sensor"},
		{"filled up", nil, Likeness{Model: "LUMI.sensor_magnet.aq2\x00\x00x ", Maker: "LUMI"}, "Aqara MCCGQ11LM: Door and window sensor"},
		{"model in quotes", nil, Likeness{Model: "CSW_ADUROLIGHT", Maker: "AduroSmart ERIA"}, "AduroSmart 81822: ERIA Wireless Contact Sensor"},
		{"model of another maker", nil, Likeness{Model: "CSW_ADUROLIGHT", Maker: "Somebody"}, ""},
		{"nobody", nil, Likeness{}, ""},
		{"half a model", nil, Likeness{Model: "lumi.sensor_magne", Maker: "LUMI"}, ""},
	} {
		q, ok := Find(tt.owners, tt.like)
		if q.Name != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.name, q.Name, ok, tt.want)
		}
	}
}

// Every device of the tables is found by what it is meant by.
func TestFindAll(t *testing.T) {
	for _, e := range embedded {
		list, err := Parse(e.file, e.text)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range list {
			for _, m := range q.Matches {
				for _, maker := range append(m.Makers, "somebody")[:max(len(m.Makers), 1)] {
					got, ok := Find(nil, Likeness{Model: m.Model, Maker: maker, Serves: q.Serving})
					if diff := cmp.Diff(got, q, cmp.AllowUnexported(Reading{})); !ok || diff != "" {
						t.Errorf("%s %s (-found +meant):\n%s", m.Model, maker, diff)
					}
				}
			}
		}
	}
}

// What is wrong with a file is said with its line, its word, and the mend.
func TestFaults(t *testing.T) {
	const device = "device Shed\nmatch TS0601 _TZE200_x\n"
	for _, tt := range []struct{ text, want string }{
		{"point 1 smoke", `f.quirks, line 1: "point": a file begins by a line that names the device: device Smoke sensor of the shed`},
		{"device", `f.quirks, line 1: name the device behind it: device Smoke sensor of the shed`},
		{"device A\n", `f.quirks, line 2: "A": the device before this line has no match: say which devices are meant, as by match TS0601 _TZE200_aycxwiau`},
		{"device A\n\ndevice B\nmatch x\n", `f.quirks, line 3: "A": the device before this line has no match: say which devices are meant, as by match TS0601 _TZE200_aycxwiau`},
		{device + device, `f.quirks, line 3: "Shed": line 1 has a device of that name; give this one another`},
		{device + "pint 1 smoke", `f.quirks, line 3: "pint": a line begins by one of device, alarm, attribute, bind, clock, enroll, every, match, point, query, read, send, serving, set, tag, unasked, without, write`},
		{device + "match *", `f.quirks, line 3: any device of any maker would match; name a maker, or what it serves: serving 0xEF00`},
		{device + "serving 0x12345", `f.quirks, line 3: "0x12345": it is a cluster, a number from 0 to 65535`},
		{device + "point", `f.quirks, line 3: something is missing at the end of the line: a data point`},
		{device + "point 0 smoke", `f.quirks, line 3: "0": it is a data point, a number from 1 to 255`},
		{device + "point 1 fire", `f.quirks, line 3: "fire": it is a trait, one of battery, button, co, contact, energy, gas, glass, humidity, illuminance, level, lock, low_battery, motion, occupancy, power, siren, smoke, switch, tamper, temperature, trouble, vibration, water`},
		{device + "point 1 smoke 0=yes", `f.quirks, line 3: "yes": right of = stands one of false, true`},
		{device + "point 1 smoke zero=true", `f.quirks, line 3: "zero": left of = stands a number, or * for every other`},
		{device + "point 1 smoke *=true 0=false", `f.quirks, line 3: "0=false": * stands for every number; write it last`},
		{device + "point 1 smoke true", `f.quirks, line 3: "true": a pair is a number, =, and what stands for it, such as 0=false`},
		{device + "point 1 battery /0", `f.quirks, line 3: "/0": behind a sign stands a number above 0, such as /10`},
		{device + "point 1 battery 0=full", `f.quirks, line 3: "full": right of = stands a number`},
		{device + "point 1 battery /10 0=1", `f.quirks, line 3: "battery": it has arithmetic and a table; leave out one`},
		{device + "point 1 battery curve 3000=100", `f.quirks, line 3: a curve has two pairs at least, such as 2850=0 3000=100`},
		{device + "point 1 battery curve 3000=100 2850=0", `f.quirks, line 3: "2850=0": a curve is pairs of numbers in rising order, such as 2850=0 3000=100`},
		{device + "point 1 smoke curve 1=1 2=2", `f.quirks, line 3: only a number can follow a curve`},
		{device + "point 1 smoke bit 32", `f.quirks, line 3: "32": it is the number of a bit, a number from 0 to 31`},
		{device + "point 1 lock", `f.quirks, line 3: "lock": say which number stands for what, such as 0=locked`},
		{device + "point 1 contact lasts 60s", `f.quirks, line 3: "contact": only what is true or false can be over by itself; leave out lasts`},
		{device + "point 1 motion lasts soon", `f.quirks, line 3: "soon": it is a time from 1s to 720h, such as 90s or 50m`},
		{device + "tag 256 contact", `f.quirks, line 3: "256": it is a tag, a number from 0 to 255`},
		{device + "attribute 6 0 maker 0 contact", `f.quirks, line 3: "0": it is the code of a maker, a number from 1 to 65535`},
		{device + "alarm 3 contact", `f.quirks, line 3: "3": it is a bit, one of 1, 2, any`},
		{device + "alarm 1 water\nalarm 2 water", `f.quirks, line 4: "water": one bit says the same already; write alarm any if both do`},
		{device + "set siren 13 bool on=1", `f.quirks, line 3: say which number stands for off`},
		{device + "set siren 13 bool loud=1", `f.quirks, line 3: "loud=1": a pair is one of off, on, =, and the number that stands for it`},
		{device + "set smoke 13 bool on=1", `f.quirks, line 3: "smoke": a device can be told only switch, siren, level and lock`},
		{device + "set siren 13 text on=1", `f.quirks, line 3: "text": it is a type, one of bool, enum, number`},
		{device + "set duration 7 number hours 1", `f.quirks, line 3: "hours": it is a unit, one of minutes, seconds`},
		{device + "write 0 0x10 0x42 1", `f.quirks, line 3: "0x42": only numbers can be written, such as of type 0x20 (one byte) or 0x21 (two)`},
		{device + "enroll never", `f.quirks, line 3: "never": it is how, one of asked`},
		{device + "clock 1900", `f.quirks, line 3: "1900": it is a clock, one of 1970, 2000, off`},
		{device + "send now", `f.quirks, line 3: "now": nothing is expected behind the rest of the line; leave it out`},
		{device + `match "TS`, `f.quirks, line 3: "\"TS": the word in quotes does not end; close it by a double quote`},
	} {
		list, err := Parse("f.quirks", tt.text)
		var fault *Fault
		if !errors.As(err, &fault) || err.Error() != tt.want {
			t.Errorf("%q:\n got %v\nwant %s", tt.text, err, tt.want)
		}
		if list != nil {
			t.Errorf("%q is read in part", tt.text)
		}
	}
}

// Numbers mean what a line says.
func TestReadings(t *testing.T) {
	for _, tt := range []struct {
		line string
		n    []int64
		want string
	}{
		{"smoke", []int64{0, 1, 2}, "false true true"},
		{"contact", []int64{0, 1}, "closed open"},
		{"contact 0=open *=closed", []int64{0, 1, 7}, "open closed closed"},
		{"siren", []int64{0, 1}, "off on"},
		{"smoke 0=true 1=false", []int64{0, 1, 2}, "true false -"},
		{"battery", []int64{55}, "55"},
		{"temperature /10", []int64{215, -45}, "21.5 -4.5"},
		{"illuminance -65536", []int64{65540}, "4"},
		{"humidity *10 +5", []int64{4}, "45"},
		{"battery 0=10 1=50 2=100", []int64{0, 2, 3}, "10 100 -"},
		{"battery curve 2850=0 3000=100", []int64{2000, 2850, 2925, 3000, 3300}, "0 0 50 100 100"},
		{"battery *100 curve 2100=0 2440=6 2740=18 2900=42 3000=100", []int64{21, 25, 29, 30}, "0 8.4 42 100"},
		{"low_battery bit 3", []int64{0, 7, 8, 9}, "false false true true"},
		{"tamper bit 0 0=true 1=false", []int64{2, 3}, "true false"},
		{"lock 0=unlocked 1=locked", []int64{0, 1}, "unlocked locked"},
		{"button 0=press 1=double 2=hold", []int64{2}, "hold"},
	} {
		list, err := Parse("f.quirks", "device A\nmatch x\npoint 1 "+tt.line+"\n")
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		var got []string
		for _, n := range tt.n {
			v, ok := list[0].Readings[0].Of(n)
			switch {
			case !ok:
				got = append(got, "-")
			case v.Word != "":
				got = append(got, v.Word)
			default:
				got = append(got, fmt.Sprint(v.Number))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s of %v is %s, want %s", tt.line, tt.n, got, tt.want)
		}
	}
}

// A siren is told how loud and for how long before it is told to sound.
func TestSirenIsTold(t *testing.T) {
	q, ok := Find(nil, Likeness{Model: "TS0601", Maker: "_TZE204_t1blo2bj"})
	if !ok || q.Longest() != 30*time.Minute {
		t.Fatalf("found %v, sounds for %s", ok, q.Longest())
	}
	minutes, ok := Find(nil, Likeness{Model: "TS0601", Maker: "_TZE204_k7mfgaen"})
	if !ok {
		t.Fatal("not found")
	}
	for _, tt := range []struct {
		q     Quirk
		word  string
		lasts time.Duration
		want  []Point
	}{
		{q, "on", 90 * time.Second, []Point{MakePoint(5, PointEnum, 2), MakePoint(7, PointNumber, 90), MakePoint(13, PointBool, 1)}},
		{q, "on", time.Hour, []Point{MakePoint(5, PointEnum, 2), MakePoint(7, PointNumber, 1800), MakePoint(13, PointBool, 1)}},
		{q, "on", 0, []Point{MakePoint(5, PointEnum, 2), MakePoint(7, PointNumber, 1800), MakePoint(13, PointBool, 1)}},
		{q, "off", 0, []Point{MakePoint(13, PointBool, 0)}},
		{minutes, "on", 90 * time.Second, []Point{MakePoint(5, PointEnum, 2), MakePoint(7, PointNumber, 2), MakePoint(13, PointBool, 1)}},
	} {
		got, ok := tt.q.Points("siren", Value{Word: tt.word}, tt.lasts)
		if diff := cmp.Diff(got, tt.want); !ok || diff != "" {
			t.Errorf("%s for %s: %v (-got +want):\n%s", tt.word, tt.lasts, ok, diff)
		}
	}
	if _, ok := q.Points("siren", Value{Word: "loud"}, 0); ok {
		t.Error("it is told a word that it does not know")
	}
	if _, ok := q.Points("lock", Value{Word: "locked"}, 0); ok {
		t.Error("it is told to lock")
	}
}

// Every trait that a quirk can name has its words.
func TestTraits(t *testing.T) {
	if !slices.IsSorted(Traits()) || len(Traits()) != 23 {
		t.Errorf("traits are %v", Traits())
	}
}

// FuzzParse: no file has the parser panic, and what is wrong with one is said of a
// line that it has.
func FuzzParse(f *testing.F) {
	f.Add(own[:2000])
	f.Add("device A\nmatch \"a b\" c\nserving 0xEF00\npoint 1 contact 0=open *=closed\nset duration 7 number minutes 60\nset level 2 number *10\nwrite 0x0500 0x10 0x20 1 maker 0x115f\n")
	f.Add("device A # no\r\nmatch * x\nattribute 6 0 maker 1 lock bit 3 0=locked\nread 0 4 5 maker 3\nenroll asked\nclock off\nevery 1h\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse("f", text)
		var fault *Fault
		if errors.As(err, &fault) && (fault.Line < 1 || fault.Line > strings.Count(text, "\n")+1 || fault.Mend == "") || err != nil && fault == nil {
			t.Errorf("%q: %v", text, err)
		}
		for i := range list {
			for j := range list[i].Readings {
				list[i].Readings[j].Of(int64(len(text)))
			}
			list[i].Points("siren", Value{Word: "on"}, time.Minute)
			list[i].Points("level", Value{Number: 50}, 0)
		}
		Find(list, Likeness{Model: "TS0601", Maker: "_TZE200_ntcy3xu1"})
	})
}

func BenchmarkFind(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Find(nil, Likeness{Model: "TS0601", Maker: "_TZE200_ntcy3xu1", Serves: []zcl.Cluster{Tuya}}); !ok {
			b.Fatal("not found")
		}
	}
}
