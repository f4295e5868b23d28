package clips

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// put writes clips of 50 s into an index, without footage.
func (h *room) put(first time.Time, each time.Duration, many int, camera, reason string) {
	h.t.Helper()
	h.putLong(first, each, many, 50*time.Second, camera, reason)
}

// putLong is put of clips of any length.
func (h *room) putLong(first time.Time, each time.Duration, many int, length time.Duration, camera, reason string) {
	h.t.Helper()
	var batch clip.Batch
	for i := range many {
		at := first.Add(time.Duration(i) * each)
		row := clip.Row{
			ID: clip.NewID(at), Group: camera, Class: clip.Events, At: at,
			About: fmt.Appendf(nil, `{"end":%q,"reason":%q}`, at.Add(length).Format(time.RFC3339), reason),
		}
		batch.Begin, batch.End = append(batch.Begin, row), append(batch.End, row)
		batch.Heads = append(batch.Heads, clip.Head{ID: row.ID, Bytes: []byte{1}})
	}
	if err := h.store.Write(batch); err != nil {
		h.t.Fatal(err)
	}
}

func TestMarksOfADay(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(hour, minute int) time.Time {
		return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	h.put(at(-24, 0), time.Minute, 1440*2, "camera-drive", "continuous") // all of yesterday and of the day
	h.put(at(8, 30), time.Minute, 1, "camera-porch", "zone:front-door")
	h.put(at(8, 31), time.Minute, 2, "camera-porch", "motion")
	h.put(at(9, 0), 2*time.Minute, 2, "camera-porch", "motion") // 70 s lie between them
	h.put(at(24, 1), time.Minute, 1, "camera-porch", "doorbell")
	type mark struct {
		What     string
		From, To time.Time
		Clips    int
	}
	ask := func(q Query, grain time.Duration) (list []mark) {
		t.Helper()
		got, err := h.Marks(q, grain)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got {
			c, err := h.Clip(m.Clip)
			if err != nil || c.Start != m.Start || c.Camera != m.Camera {
				t.Errorf("the first clip of %+v is %+v, %v", m, c, err)
			}
			list = append(list, mark{string(m.Camera) + " " + m.Reason, m.Start.Time, m.End.Time, m.Clips})
		}
		return list
	}
	s := 50 * time.Second
	porch := []mark{
		{"camera-porch zone:front-door", at(8, 30), at(8, 30).Add(s), 1},
		{"camera-porch motion", at(8, 31), at(8, 32).Add(s), 2},
		{"camera-porch motion", at(9, 0), at(9, 0).Add(s), 1},
		{"camera-porch motion", at(9, 2), at(9, 2).Add(s), 1},
	}
	whole := mark{"camera-drive continuous", day, at(23, 59).Add(s), 24 * 60}
	if d := cmp.Diff(append([]mark{whole}, porch...), ask(Query{Since: day, Until: at(24, 0)}, time.Minute)); d != "" {
		t.Error("the house, -want +got:\n", d)
	}
	if d := cmp.Diff(porch, ask(Query{Camera: "camera-porch", Since: day, Until: at(24, 0)}, time.Minute)); d != "" {
		t.Error("a camera, -want +got:\n", d)
	}
	near := append(porch[:1:1], mark{"camera-porch motion", at(8, 31), at(9, 2).Add(s), 4})
	if d := cmp.Diff(near, ask(Query{Camera: "camera-porch", Since: day, Until: at(24, 0)}, time.Hour)); d != "" {
		t.Error("from afar, -want +got:\n", d)
	}
	// A window begins in the midst of a clip and ends before another.
	if got := ask(Query{Camera: "camera-porch", Since: at(8, 30).Add(s / 2), Until: at(9, 0)}, 0); len(got) != 3 || got[0].From != at(8, 30) {
		t.Errorf("without a grain: %+v", got)
	}
	if got := ask(Query{Camera: "camera-porch", Since: at(10, 0), Until: at(11, 0)}, 0); len(got) != 0 {
		t.Errorf("an hour in which nothing was: %+v", got)
	}
	// A clip of an hour goes on for another while no picture of its camera stands alone.
	h.putLong(at(12, 0), time.Minute, 1, 2*time.Hour+time.Minute, "camera-gate", "motion")
	if got := ask(Query{Camera: "camera-gate", Since: at(14, 0), Until: at(15, 0)}, 0); len(got) != 1 || got[0].From != at(12, 0) {
		t.Errorf("the end of a clip of two hours: %+v", got)
	}
}

// What was seen, and that it is still recorded, stands on the ruler.
func TestMarksSayWhatWasSeen(t *testing.T) {
	h := openRoom(t, t.TempDir(), clip.Options{})
	f := footage()
	tape, err := h.Begin(f)
	if err != nil {
		t.Fatal(err)
	}
	tape.See(home.Sight{At: f.At, Label: "person", Score: .8})
	tape.See(home.Sight{At: f.At, Label: "car", Score: .9})
	if err := tape.Add(part(0, 1000)); err != nil {
		t.Fatal(err)
	}
	ask := func() home.ClipMark {
		t.Helper()
		got, err := h.Marks(Query{Since: f.At.Add(-time.Hour), Until: f.At.Add(time.Hour)}, 0)
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		return got[0]
	}
	h.wait(home.ClipID(tape.(*recording).id.String()), home.ClipRecording)
	if m := ask(); !m.Recording || cmp.Diff([]string{"car", "person"}, m.Labels) != "" {
		t.Errorf("%+v", m)
	}
	tape.End(f.At.Add(10*time.Second), nil)
	h.wait(home.ClipID(tape.(*recording).id.String()), home.ClipWhole)
	if m := ask(); m.Recording || m.End.Sub(m.Start.Time) != time.Second { // of its one part
		t.Errorf("%+v", m)
	}
}
