//go:build interop

package interop

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"testing"

	"gatehouse/zigbee/quirks"
	"gatehouse/zigbee/zcl"
)

// row is frames in which only one number differs.
type row struct {
	cluster zcl.Cluster
	frames  [][]byte
}

// rowsOf are the bytes of a device that speak of a reading. Of which type a data
// point is the table does not say, nor in which of two attributes tags are, nor
// whether a zone's status is notified or reported; so each is tried.
func rowsOf(r quirks.Reading) (rows []row) {
	numbers := []int64{0, 1, 2, 3, 4, 5}
	switch r.Trait {
	case "battery":
		numbers = []int64{0, 10, 55, 100}
	case "temperature", "humidity", "illuminance":
		numbers = []int64{0, 10, 200, 300}
	}
	frame := func(kind zcl.Kind, maker uint16, command byte, payload []byte) []byte {
		return zcl.Frame{Kind: kind, Direction: zcl.ToClient, Quiet: true, Manufacturer: maker, Sequence: 7, Command: command, Payload: payload}.Append(nil)
	}
	report := func(maker uint16, a zcl.Attribute) []byte {
		return frame(zcl.Foundation, maker, 0x0A, zcl.ReportAttributes{Attributes: []zcl.Attribute{a}}.Append(nil))
	}
	switch r.Source {
	case quirks.FromPoint:
		for i := range 9 {
			kind := []quirks.PointType{quirks.PointEnum, quirks.PointBool, quirks.PointNumber}[i%3]
			command := []byte{quirks.TuyaReport, quirks.TuyaAnswer, quirks.TuyaStatus}[i/3]
			list := row{cluster: quirks.Tuya}
			for _, n := range numbers {
				if kind == quirks.PointBool && n > 1 || kind != quirks.PointNumber && n > 5 {
					continue
				}
				p := quirks.Points{Sequence: 1, List: []quirks.Point{quirks.MakePoint(r.ID, kind, n)}}
				list.frames = append(list.frames, frame(zcl.Local, 0, command, p.Append(nil)))
			}
			rows = append(rows, list)
		}
		return rows
	case quirks.FromAlarm:
		list, read := row{cluster: zcl.IASZone}, row{cluster: zcl.IASZone}
		for _, status := range []zcl.ZoneStatus{0, zcl.ZoneAlarm1, zcl.ZoneAlarm2, zcl.ZoneTamper} {
			list.frames = append(list.frames, frame(zcl.Local, 0, 0x00, zcl.ZoneStatusChange{Status: status}.Append(nil)))
			read.frames = append(read.frames, report(0, zcl.Attribute{Attr: zcl.ZoneStatusAttr, Value: zcl.Of(zcl.Bitmap16, uint64(status))}))
		}
		return []row{list, read}
	case quirks.FromTag:
		numbers = []int64{0, 1}
		if r.Trait == "battery" {
			numbers = []int64{2800, 2900, 3000, 3100}
		}
		kind := zcl.Uint16
		if r.ID == 24 { // in %
			numbers, kind = []int64{1, 40, 100}, zcl.Uint8
		}
		for _, place := range []struct {
			cluster zcl.Cluster
			attr    zcl.Attr
			kind    zcl.Type
		}{{zcl.Basic, 0xFF01, zcl.Text}, {quirks.LumiCluster, 0x00F7, zcl.Octets}} {
			list := row{cluster: place.cluster}
			for _, n := range numbers {
				// a tag that means nothing stands before it, as no device sends one alone
				b := quirks.AppendTags(nil, []quirks.Tag{{ID: 5, Value: zcl.Of(zcl.Uint16, 9)}, {ID: r.ID, Value: zcl.Of(kind, uint64(n))}})
				list.frames = append(list.frames, report(quirks.LumiMaker, zcl.Attribute{Attr: place.attr, Value: zcl.Value{Type: place.kind, B: b}}))
			}
			rows = append(rows, list)
		}
		return rows
	default:
		kind := zcl.Uint8
		switch {
		case r.Attr == 0x0112:
			numbers, kind = []int64{65536, 65546, 66000}, zcl.Uint32
		case r.Cluster == zcl.PowerConfiguration:
			numbers = []int64{28, 29, 30}
		case r.Cluster == zcl.Illuminance:
			numbers, kind = []int64{0, 10, 300}, zcl.Uint16
		case r.Cluster == zcl.OnOff:
			numbers, kind = []int64{0, 1}, zcl.Bool
		case r.Cluster == zcl.Occupancy:
			numbers, kind = []int64{0, 1}, zcl.Bitmap8
		case r.Cluster == zcl.DoorLock:
			kind = zcl.Uint16
		}
		list := row{cluster: r.Cluster}
		for _, n := range numbers {
			list.frames = append(list.frames, report(r.Maker, zcl.Attribute{Attr: r.Attr, Value: zcl.Of(kind, uint64(n))}))
		}
		return []row{list}
	}
}

// meaning is what we make of a frame, by trait, and for how long it holds.
func meaning(t *testing.T, q *quirks.Quirk, cluster zcl.Cluster, b []byte) (traits map[string]any, lasts float64) {
	t.Helper()
	f, err := zcl.ParseFrame(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := zcl.Parse(cluster, f)
	if err != nil {
		t.Fatal(err)
	}
	traits = make(map[string]any)
	say := func(r *quirks.Reading, v quirks.Value) {
		if traits[r.Trait] = any(v.Word); v.Word == "" {
			traits[r.Trait] = v.Number
		}
		if v.Word == "true" && r.Lasts > 0 {
			lasts = r.Lasts.Seconds()
		}
	}
	switch c := c.(type) {
	case zcl.ZoneStatusChange:
		q.HearZone(c.Status, say)
	case zcl.ReportAttributes:
		for _, a := range c.Attributes {
			if cluster == zcl.IASZone && a.Attr == zcl.ZoneStatusAttr {
				q.HearZone(zcl.ZoneStatus(a.Value.N), say)
			}
			q.HearAttribute(cluster, f.Manufacturer, a, say)
		}
	case zcl.Raw:
		points, _ := quirks.PointsOf(c)
		q.HearPoints(points, say)
	}
	return traits, lasts
}

// TestQuirks: of every device of the tables, npm zigbee-herdsman-converters makes
// the same of the same bytes, by the definition that it finds for model and maker.
// Where it makes nothing of a row, the row is of a type that the device does not
// send; the last line says how much was compared.
func TestQuirks(t *testing.T) {
	all, err := quirks.All()
	if err != nil {
		t.Fatal(err)
	}
	peer := consultBy(t, "../quirks/gen/judge.mjs")
	devices, readings, compared := 0, 0, 0
	for i, q := range all {
		if len(q.Matches) == 0 || testing.Short() && i%10 != 0 {
			continue
		}
		devices++
		m := q.Matches[len(q.Matches)-1]
		maker := "somebody"
		if len(m.Makers) > 0 {
			maker = m.Makers[len(m.Makers)-1]
		}
		for _, r := range q.Readings {
			readings++
			told := 0
			for _, list := range rowsOf(r) {
				var theirs, ours []any
				var bytes [][]byte
				for _, b := range list.frames {
					var a struct {
						Traits map[string]any
						Lasts  float64
					}
					if refused := peer.ask(t, map[string]any{"model": m.Model, "maker": maker, "cluster": list.cluster, "bytes": hex.EncodeToString(b)}, &a); refused != "" {
						t.Fatalf("%s: %s", q.Name, refused)
					}
					mine, lasts := meaning(t, &q, list.cluster, b)
					theirs, ours, bytes = append(theirs, a.Traits[r.Trait]), append(ours, mine[r.Trait]), append(bytes, b)
					// of a status that is read they take nothing back by themselves
					read := r.Source == quirks.FromAlarm && b[0]&1 == byte(zcl.Foundation)
					if !read && mine[r.Trait] == "true" && a.Traits[r.Trait] == "true" && lasts != a.Lasts {
						t.Errorf("%s: %s lasts %v s, and %v s with them", q.Name, r.Trait, lasts, a.Lasts)
					}
				}
				if n := distinct(theirs); n == 0 || n == 1 && r.Lasts == 0 && len(list.frames) > 1 {
					continue
				}
				told++
				for k := range bytes {
					if theirs[k] == nil && ours[k] == nil || theirs[k] == nil && r.Source == quirks.FromPoint {
						continue // a number that they leave out
					}
					compared++
					if !same(theirs[k], ours[k]) {
						t.Errorf("%s: % x: they make %s %v of it, and we %v", q.Name, bytes[k], r.Trait, theirs[k], ours[k])
					}
				}
			}
			if told == 0 {
				t.Errorf("%s: they never make anything of what means %s to us", q.Name, r.Trait)
			}
		}
	}
	t.Logf("%d devices, %d readings, %d frames compared", devices, readings, compared)
}

func distinct(list []any) int {
	var seen []any
	for _, v := range list {
		if v != nil && !slices.Contains(seen, v) {
			seen = append(seen, v)
		}
	}
	return len(seen)
}

// same compares words; numbers are the same within what rounding does.
func same(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 {
		return math.Abs(x-y) <= 1
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}
