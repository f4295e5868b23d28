package clips

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/hub/health"
	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// FuzzBrief reads what the listings hold: what can be read is written as it was.
func FuzzBrief(f *testing.F) {
	f.Add(brief{home.At(began), "zone:front-door"}.encode())
	f.Add(brief{home.At(time.Time{}), ""}.encode())
	f.Add("\x01\x00\x00")
	f.Add("\x02\x00\x00\x01\x9c\xa9\x5d\x8b\x80motion")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if b, ok := parseBrief(s); ok && b.encode() != s {
			t.Errorf("%q is read as %+v", s, b)
		}
	})
}

// marksByRows are the marks as the rows have them, which say all of a clip.
func (r *Recorder) marksByRows(q Query, grain time.Duration) ([]home.ClipMark, error) {
	since := q.Since
	q.Since, q.Limit = since.Add(-longBefore), 7
	marks := []home.ClipMark{}
	last := map[string]int{}
	for {
		page, next, err := r.Page(q)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if !c.End.After(since) && c.State != home.ClipRecording {
				continue
			}
			labels := names(c.Labels)
			key := fmt.Sprintf("%q", append([]string{string(c.Camera), c.Reason}, labels...))
			if i, ok := last[key]; ok && marks[i].Start.Sub(c.End.Time) <= grain {
				m := &marks[i]
				m.Start, m.Clip, m.Clips = c.Start, c.ID, m.Clips+1
				if c.End.After(m.End.Time) {
					m.End = c.End
				}
				continue
			}
			last[key] = len(marks)
			marks = append(marks, home.ClipMark{
				Camera: c.Camera, Start: c.Start, End: c.End, Reason: c.Reason, Labels: labels,
				Clips: 1, Clip: c.ID, Recording: c.State == home.ClipRecording,
			})
		}
		if q.Cursor = next; next == "" {
			slices.SortStableFunc(marks, func(a, b home.ClipMark) int { return a.Start.Compare(b.Start.Time) })
			return marks, nil
		}
	}
}

// pages are all clips of q by pages of so many.
func (r *Recorder) pages(q Query, limit int) (all []home.Clip, err error) {
	for q.Limit = limit; ; {
		page, next, err := r.Page(q)
		if err != nil {
			return nil, err
		}
		if len(page) > limit {
			return nil, fmt.Errorf("a page of %d clips, want %d at most", len(page), limit)
		}
		all = append(all, page...)
		if q.Cursor = next; next == "" {
			return all, nil
		}
	}
}

// TestBriefsSayWhatRowsSay asks for rulers and for pages of a reason of clips of every
// kind, with briefs, without, and with such as some later hub may write: all is as the
// rows say.
func TestBriefsSayWhatRowsSay(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	of := func(list ...string) string { return list[dice.IntN(len(list))] }
	dir := t.TempDir()
	open := func() (*clip.Store, *Recorder) {
		store, err := clip.Open(clip.Options{Dir: dir, VolumeSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		r, err := New(Options{Store: store, Vault: &drawer{}, Board: health.NewBoard(nil), Journal: &lines{}})
		if err != nil {
			t.Fatal(err)
		}
		return store, r
	}
	store, _ := open()
	var ids, keep []clip.ID
	var b clip.Batch
	write := func() {
		if err := store.Write(b); err != nil {
			t.Fatal(err)
		}
		for _, id := range keep {
			if _, err := store.Move(id, clip.Kept); err != nil {
				t.Fatal(err)
			}
		}
		b, keep = clip.Batch{}, nil
	}
	for i := range 600 {
		if i%40 == 0 {
			write()
			switch dice.IntN(4) {
			case 0:
				store.Briefs(func(clip.Row) string { return "" }) // a hub of before
			case 1:
				store.Briefs(func(r clip.Row) string { return "\x02" + briefOf(r)[1:] + "and more" })
			default:
				store.Briefs(briefOf)
			}
		}
		at := began.Add(time.Duration(dice.Int64N(int64(6 * time.Hour)))) // not of whole milliseconds
		end := at.Add(time.Duration(dice.Int64N(int64(10 * time.Minute))))
		if dice.IntN(50) == 0 {
			end = end.Add(time.Hour)
		}
		about := about{End: end, Reason: of("motion", "motion", "zone:front-door", "zone:back-door", "doorbell", "", "with\nlines and \x00"), SealedTo: []string{"owner"}}.encode()
		switch dice.IntN(50) {
		case 0:
			about = nil
		case 1:
			about = []byte(`{"reason":"motion","end":"yesterday"}`)
		case 2:
			about = []byte(`{"reason":7,"end":"2026-03-01T14:00:00.123456789+01:00"}`)
		}
		row := clip.Row{ID: clip.NewID(at), Group: of("camera-porch", "camera-drive", "camera-d"), Class: clip.Classes[dice.IntN(2)], At: at, About: about}
		ids = append(ids, row.ID)
		b.Begin = append(b.Begin, row)
		b.Heads = append(b.Heads, clip.Head{ID: row.ID, Bytes: noise(10)})
		if dice.IntN(10) == 0 {
			b.Pieces = append(b.Pieces, clip.Piece{ID: row.ID, Bytes: noise(100)})
		}
		if dice.IntN(10) == 0 {
			continue
		}
		if b.End = append(b.End, row); dice.IntN(20) == 0 {
			keep = append(keep, row.ID)
		}
	}
	write()
	// One volume is lost, and with it clips that are being recorded and others.
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	volumes, err := filepath.Glob(filepath.Join(dir, "events-*"))
	if err != nil || len(volumes) != 1 {
		t.Fatal(volumes, err)
	}
	if err := os.Remove(volumes[0]); err != nil {
		t.Fatal(err)
	}
	store, r := open()
	defer store.Close()
	for _, id := range ids {
		if dice.IntN(8) == 0 {
			r.tills[id] = began.Add(time.Duration(dice.Int64N(int64(7 * time.Hour))))
		}
	}
	for _, id := range ids[:200] {
		if dice.IntN(3) == 0 {
			r.remember(id, [][]home.ClipLabel{{{Name: "person"}}, {{Name: "person"}, {Name: "car"}}, {}}[dice.IntN(3)])
		}
	}
	states, briefs := map[home.ClipState]int{}, 0
	all, err := r.pages(Query{}, 1000)
	if err != nil || len(all) != len(ids) {
		t.Fatalf("%d clips, %v; want %d", len(all), err, len(ids))
	}
	for _, c := range all {
		states[c.State]++
	}
	listed, _, err := store.List(clip.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range listed {
		if _, ok := parseBrief(e.Brief); ok {
			briefs++
		}
	}
	if states[home.ClipRecording] < 10 || states[home.ClipLost] < 3 || briefs < 100 || briefs > 550 {
		t.Fatalf("of so little this test says nothing: %v, %d briefs", states, briefs)
	}
	if _, ok := r.mark(clip.Entry{ID: clip.NewID(began)}, nil, Query{}); ok {
		t.Error("a clip that was deleted meanwhile is on the ruler")
	}
	for range 100 {
		q := Query{Camera: home.DeviceID(of("", "", "camera-porch", "camera-drive", "camera-d", "camera-none")), Reason: of("", "", "motion", "zone", "zone:back-door")}
		if dice.IntN(3) == 0 {
			kept := dice.IntN(2) == 0
			q.Kept = &kept
		}
		q.Since = began.Add(time.Duration(dice.Int64N(int64(7 * time.Hour))))
		q.Until = q.Since.Add(time.Duration(dice.Int64N(int64(5 * time.Hour))))
		grain := time.Duration(dice.Int64N(int64(5 * time.Minute)))
		got, err := r.Marks(q, grain)
		if err != nil {
			t.Fatal(err)
		}
		want, err := r.marksByRows(q, grain)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("the ruler of %+v with %s, -want +got:\n%s", q, grain, d)
		}
		var chosen []home.Clip
		for _, c := range all {
			if (q.Camera == "" || c.Camera == q.Camera) && (q.Kept == nil || c.Kept == *q.Kept) &&
				(q.Reason == "" || c.Reason == q.Reason || strings.HasPrefix(c.Reason, q.Reason+":")) &&
				!c.Start.Before(q.Since.Truncate(time.Millisecond)) && c.Start.Before(q.Until.Truncate(time.Millisecond)) {
				chosen = append(chosen, c)
			}
		}
		page, err := r.pages(q, 1+dice.IntN(30))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(chosen, page); d != "" {
			t.Fatalf("the pages of %+v, -want +got:\n%s", q, d)
		}
	}
}
