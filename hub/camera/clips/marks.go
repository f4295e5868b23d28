package clips

import (
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// longBefore is how long before a window a clip may have begun that reaches into it. An
// owner may have clips of an hour; one goes on for as long again where no picture stands
// alone, and begins with what was before it was set off.
const longBefore = 3 * time.Hour

// atOnce is how many clips are looked at in one go.
const atOnce = 1000

// Marks are what stands on a ruler from q.Since to q.Until, in the order in which it
// began: clips of one camera, of one reason and with the same labels are one mark
// where no more than grain lies between them. A camera that records all the time is
// so one mark and not a thousand clips. What of a mark lies outside stays in it.
func (r *Recorder) Marks(q Query, grain time.Duration) ([]home.ClipMark, error) {
	ruler := ruler{since: q.Since, grain: grain, marks: []home.ClipMark{}, last: map[kind]int{}}
	sq := clip.Query{Group: string(q.Camera), Since: q.Since.Add(-longBefore), Until: q.Until, Limit: atOnce}
	for {
		list, next, err := r.store.List(sq)
		if err != nil {
			return nil, err
		}
		rows, err := r.unbriefed(list)
		if err != nil {
			return nil, err
		}
		for _, e := range list { // newest first
			if m, ok := r.mark(e, rows, q); ok {
				ruler.add(m, e.ID)
			}
		}
		if sq.Cursor = next; next == "" {
			return ruler.done(), nil
		}
	}
}

// unbriefed are the rows of those that have no brief: they are being recorded, or were
// before there were any.
func (r *Recorder) unbriefed(list []clip.Entry) (map[clip.ID]clip.Row, error) {
	var ids []clip.ID
	for _, e := range list {
		if _, ok := parseBrief(e.Brief); !ok {
			ids = append(ids, e.ID)
		}
	}
	rows, err := r.store.Rows(ids)
	byID := make(map[clip.ID]clip.Row, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	return byID, err
}

// mark is one clip on a ruler, but for its id. A day of a house that records all the time
// has ten thousand of them: a row is read only where there is no brief. Not ok: q does
// not want it, or it was deleted meanwhile.
func (r *Recorder) mark(e clip.Entry, rows map[clip.ID]clip.Row, q Query) (m home.ClipMark, ok bool) {
	if b, ok := parseBrief(e.Brief); ok {
		return home.ClipMark{
			Camera: home.DeviceID(e.Group), Start: home.At(e.At), End: b.end, Reason: b.reason, Labels: names(r.labels(e.ID)), Clips: 1,
		}, q.wants(b.reason, e.Class == clip.Kept)
	}
	row, ok := rows[e.ID]
	c := r.clip(row)
	return home.ClipMark{
		Camera: c.Camera, Start: c.Start, End: c.End, Reason: c.Reason, Labels: names(c.Labels), Clips: 1, Recording: c.State == home.ClipRecording,
	}, ok && q.wants(c.Reason, c.Kept)
}

func names(labels []home.ClipLabel) []string {
	list := make([]string, 0, len(labels))
	for _, l := range labels {
		list = append(list, l.Name)
	}
	slices.Sort(list)
	return list
}

// ruler puts clips together, the newest first.
type ruler struct {
	since time.Time
	grain time.Duration
	marks []home.ClipMark
	first []clip.ID    // of each mark
	last  map[kind]int // the mark that a clip before it may go on
}

// kind is what the clips of one mark have in common.
type kind struct {
	camera         home.DeviceID
	reason, labels string
}

func (r *ruler) add(m home.ClipMark, id clip.ID) {
	if !m.End.After(r.since) && !m.Recording {
		return
	}
	k := kind{m.Camera, m.Reason, strings.Join(m.Labels, "\n")}
	if i, ok := r.last[k]; ok && r.marks[i].Start.Sub(m.End.Time) <= r.grain {
		on := &r.marks[i]
		on.Start, on.Clips, r.first[i] = m.Start, on.Clips+1, id
		if m.End.After(on.End.Time) {
			on.End = m.End
		}
		return
	}
	r.last[k] = len(r.marks)
	r.marks, r.first = append(r.marks, m), append(r.first, id)
}

// done are the marks in the order in which they began.
func (r *ruler) done() []home.ClipMark {
	for i, id := range r.first {
		r.marks[i].Clip = home.ClipID(id.String())
	}
	slices.SortStableFunc(r.marks, func(a, b home.ClipMark) int { return a.Start.Compare(b.Start.Time) })
	return r.marks
}
