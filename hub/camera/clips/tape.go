package clips

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// Bounds of one clip.
const (
	maxStills = 64
	maxSights = 2000
	maxStill  = 1 << 20
)

// behind is why a clip was cut short for which the disk was too slow, or full.
const behind = "the disk was too slow, or full"

// recording is one clip that is being recorded.
type recording struct {
	r       *Recorder
	id      clip.ID
	footage home.Footage
	to      recipients

	// Under r.mu.
	queue  []item
	ended  bool
	stills int
	labels []home.ClipLabel

	// The writer's alone.
	files  []*sealed // the film first
	begun  bool      // its row has been handed over
	over   bool      // all of it has been sealed
	overAt time.Time
	length time.Duration // of its parts: whatever a clock says that is set meanwhile
	about  about
	notes  notes
}

// item is what a tape was given.
type item struct {
	kind  itemKind
	given time.Time
	bytes []byte
	till  time.Time
	part  home.FootagePart
	sight home.Sight
	why   string
}

type itemKind byte

const (
	itemPart itemKind = iota
	itemStill
	itemSight
	itemEnd
)

// notes are what is sealed beside the film. Parts are where one can begin to look:
// each begins with a picture that stands alone.
type notes struct {
	Parts  []notePart       `json:"parts"`
	Sights []noteSight      `json:"sights"`
	Stills []noteStill      `json:"stills"`
	Labels []home.ClipLabel `json:"labels"`
}

type notePart struct {
	At       home.Time `json:"at"`
	Millis   int64     `json:"ms"`
	Pictures int       `json:"pictures"`
	Offset   int64     `json:"offset"` // in the film, once it is opened

	length time.Duration
}

// mark notes a part whose bytes begin at offset. One that needs those before it is
// theirs.
func (n *notes) mark(p home.FootagePart, offset int64) {
	if p.Key || len(n.Parts) == 0 {
		n.Parts = append(n.Parts, notePart{At: home.At(p.At), Offset: offset})
	}
	last := &n.Parts[len(n.Parts)-1]
	last.length += p.Duration
	last.Millis = last.length.Milliseconds()
	last.Pictures += p.Pictures
}

type noteSight struct {
	At    home.Time  `json:"at"`
	Label string     `json:"label"`
	Score float64    `json:"score"`
	Box   [4]float64 `json:"box"` // left, top, right, base: 0 to 1
}

type noteStill struct {
	At    home.Time `json:"at"`
	Still int       `json:"still"` // its number
}

// Add implements home.Tape.
func (t *recording) Add(p home.FootagePart) error {
	return t.give(item{kind: itemPart, bytes: p.Bytes, part: p})
}

// Still implements home.Tape.
func (t *recording) Still(at time.Time, jpeg []byte) error {
	if len(jpeg) > maxStill {
		return fmt.Errorf("clips: a picture of %d bytes is too large: at most %d", len(jpeg), maxStill)
	}
	return t.give(item{kind: itemStill, bytes: jpeg, till: at})
}

// Stale implements home.Tape.
func (t *recording) Stale() bool { return t.r.vault.epoch.Load() != int64(t.to.epoch) }

// See implements home.Tape.
func (t *recording) See(s home.Sight) {
	t.r.mu.Lock()
	i := slices.IndexFunc(t.labels, func(l home.ClipLabel) bool { return l.Name == s.Label })
	switch {
	case i >= 0 && s.Score > t.labels[i].Score:
		t.labels[i].Score, t.labels[i].Zone = s.Score, s.Zone
	case i < 0 && len(t.labels) < 16:
		t.labels = append(t.labels, home.ClipLabel{Name: s.Label, Score: s.Score, Zone: s.Zone})
	}
	slices.SortFunc(t.labels, func(a, b home.ClipLabel) int { return cmp.Compare(b.Score, a.Score) })
	t.r.remember(t.id, t.labels)
	t.r.mu.Unlock()
	_ = t.give(item{kind: itemSight, sight: s}) // what is seen after the end belongs to no clip
}

// End implements home.Tape.
func (t *recording) End(at time.Time, why error) {
	it := item{kind: itemEnd, till: at}
	if why != nil {
		it.why = why.Error()
	}
	_ = t.give(it) // ended twice is ended
}

// give queues an item.
func (t *recording) give(it item) error {
	it.given = time.Now()
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	if t.ended {
		return ErrEnded
	}
	switch it.kind {
	case itemEnd:
		t.ended = true
	case itemStill:
		if t.stills == maxStills {
			return fmt.Errorf("clips: %s: a clip has %d pictures at most", t.footage.Camera, maxStills)
		}
		t.stills++
	case itemPart:
		if t.r.queue+int64(len(it.bytes)) > backlog {
			t.ended = true
			t.r.push(t, item{kind: itemEnd, given: it.given, why: behind})
			return ErrBehind
		}
	case itemSight:
	}
	t.r.push(t, it)
	return nil
}

// takeAll seals items. It is the writer's.
func (t *recording) takeAll(items []item) error {
	for _, it := range items {
		if err := t.take(it); err != nil {
			return err
		}
	}
	return nil
}

// take seals an item.
func (t *recording) take(it item) error {
	if t.files == nil {
		film, err := seal(clip.Film, t.to.keys)
		if err != nil {
			return err
		}
		t.files = []*sealed{film}
		t.about = about{
			End: t.footage.At, Reason: t.footage.Reason, Codecs: t.footage.Codecs, Width: t.footage.Width, Height: t.footage.Height,
			SealedTo: t.to.names, Epoch: t.to.epoch,
		}
	}
	film := t.files[0]
	switch it.kind {
	case itemPart:
		if it.part.Bytes != nil {
			t.notes.mark(it.part, film.plain)
			t.length += it.part.Duration
			it.till = t.footage.At.Add(t.length)
			t.about.End = it.till
		}
		return film.add(it.bytes, it.given, it.till)
	case itemStill:
		n := len(t.notes.Stills)
		t.notes.Stills = append(t.notes.Stills, noteStill{home.At(it.till), n})
		return t.seal(clip.Still+clip.Track(n), it.bytes, it.given)
	case itemSight:
		if s := it.sight; len(t.notes.Sights) < maxSights {
			t.notes.Sights = append(t.notes.Sights, noteSight{home.At(s.At), s.Label, s.Score, [4]float64{s.Left, s.Top, s.Right, s.Base}})
		}
		return nil
	case itemEnd:
		return t.finish(it)
	}
	return nil
}

// seal makes a whole sealed file of the clip.
func (t *recording) seal(track clip.Track, b []byte, given time.Time) error {
	s, err := seal(track, t.to.keys)
	if err != nil {
		return err
	}
	if err := s.add(b, given, given); err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	s.since = given
	t.files = append(t.files, s)
	return nil
}

// finish seals the rest of the film, and the notes.
func (t *recording) finish(it item) error {
	film := t.files[0]
	if err := film.end(); err != nil {
		return err
	}
	t.over, t.overAt = true, it.given
	t.about.Sum, t.about.Why = hexSum(film), it.why
	t.r.mu.Lock()
	t.notes.Labels = slices.Clone(t.labels)
	t.r.mu.Unlock()
	b, err := json.Marshal(t.notes)
	if err != nil {
		return fmt.Errorf("clips: notes: %w", err)
	}
	return t.seal(clip.Notes, b, it.given)
}

// row is the clip as the index has it.
func (t *recording) row() clip.Row {
	class := clip.Events
	if t.footage.Reason == "continuous" {
		class = clip.Continuous
	}
	return clip.Row{ID: t.id, Group: string(t.footage.Camera), Class: class, At: t.footage.At, About: t.about.encode()}
}

const remembered = 256 // clips whose labels are shown from memory

// remember keeps what was seen in a clip. r.mu is held.
func (r *Recorder) remember(id clip.ID, labels []home.ClipLabel) {
	if _, known := r.seen[id]; !known {
		r.order = append(r.order, id)
	}
	r.seen[id] = slices.Clone(labels)
	if len(r.order) > remembered {
		delete(r.seen, r.order[0])
		r.order = r.order[1:]
	}
}

// Unsee takes what was seen in a clip off it; the sealed notes keep what they say.
// Errors: *home.NotFound.
func (r *Recorder) Unsee(id home.ClipID, label string) error {
	key, err := clip.ParseID(string(id))
	if err != nil {
		return &home.NotFound{What: "clip", ID: string(id)}
	}
	r.mu.Lock()
	was := r.seen[key]
	is := func(l home.ClipLabel) bool { return l.Name == label }
	if !slices.ContainsFunc(was, is) {
		r.mu.Unlock()
		return &home.NotFound{What: "label of this clip", ID: label}
	}
	r.seen[key] = slices.DeleteFunc(slices.Clone(was), is)
	for _, t := range r.tapes {
		if t.id == key {
			t.labels = slices.DeleteFunc(t.labels, is)
		}
	}
	r.mu.Unlock()
	r.tell(key)
	return nil
}

func (r *Recorder) labels(id clip.ID) []home.ClipLabel {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.seen[id]; l != nil {
		return slices.Clone(l)
	}
	return []home.ClipLabel{}
}
