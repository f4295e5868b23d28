package clips

import (
	"slices"
	"strings"
	"time"

	"gatehouse/hub/home"
)

// longBefore is how long before a window a clip may have begun that reaches into it. An
// owner may have clips of an hour; one goes on for as long again where no picture stands
// alone, and begins with what was before it was set off.
const longBefore = 3 * time.Hour

// Marks are what stands on a ruler from q.Since to q.Until, in the order in which it
// began: clips of one camera, of one reason and with the same labels are one mark
// where no more than grain lies between them. A camera that records all the time is
// so one mark and not a thousand clips. What of a mark lies outside stays in it.
func (r *Recorder) Marks(q Query, grain time.Duration) ([]home.ClipMark, error) {
	since := q.Since
	q.Since, q.Limit = since.Add(-longBefore), 1000
	marks := []home.ClipMark{}
	open := map[string]int{} // the mark that a clip before it may go on
	for {
		page, next, err := r.Page(q)
		if err != nil {
			return nil, err
		}
		for _, c := range page { // newest first
			if !c.End.After(since) && c.State != home.ClipRecording {
				continue
			}
			labels := make([]string, 0, len(c.Labels))
			for _, l := range c.Labels {
				labels = append(labels, l.Name)
			}
			slices.Sort(labels)
			key := strings.Join(append([]string{string(c.Camera), c.Reason}, labels...), "\n")
			if i, ok := open[key]; ok && marks[i].Start.Sub(c.End.Time) <= grain {
				m := &marks[i]
				m.Start, m.Clip, m.Clips = c.Start, c.ID, m.Clips+1
				if c.End.After(m.End.Time) {
					m.End = c.End
				}
				continue
			}
			open[key] = len(marks)
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
