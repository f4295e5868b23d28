package clips

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gatehouse/hub/home"
	"gatehouse/storage/clip"
)

// Query chooses clips; see clip.Query.
type Query struct {
	Camera       home.DeviceID
	Since, Until time.Time
	Reason       string // "zone:front-door", or what stands before the colon
	Kept         *bool
	Limit        int
	Cursor       string
}

// wants tells whether a clip is one of those that q chooses by what they are.
func (q Query) wants(reason string, kept bool) bool {
	return (q.Kept == nil || *q.Kept == kept) && (q.Reason == "" || reason == q.Reason || strings.HasPrefix(reason, q.Reason+":"))
}

// Page returns clips, newest first, and the cursor of the next page: "" at the end. Of
// a reason or of those kept at most a thousand are looked at for one page, which may so
// be shorter than q.Limit and not be the last.
func (r *Recorder) Page(q Query) (list []home.Clip, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	sq := clip.Query{Group: string(q.Camera), Since: q.Since, Until: q.Until, Limit: q.Limit, Cursor: q.Cursor}
	if q.Reason != "" || q.Kept != nil {
		sq.Limit = atOnce
	}
	entries, next, err := r.store.List(sq)
	if errors.Is(err, clip.ErrCursor) {
		return nil, "", &home.Invalid{Field: "cursor", Reason: clip.ErrCursor.Error()}
	}
	for i := 0; i < len(entries); {
		if len(list) == q.Limit {
			return list, entries[i-1].Cursor(), nil
		}
		var ids []clip.ID // as far as the page goes if all of them are wanted
		for ; i < len(entries) && len(list)+len(ids) < q.Limit; i++ {
			if b, ok := parseBrief(entries[i].Brief); !ok || q.wants(b.reason, entries[i].Class == clip.Kept) {
				ids = append(ids, entries[i].ID)
			}
		}
		rows, err := r.store.Rows(ids)
		if err != nil {
			return nil, "", err
		}
		for _, row := range rows {
			if c := r.clip(row); q.wants(c.Reason, c.Kept) {
				list = append(list, c)
			}
		}
	}
	return list, next, err
}

// Clip is one clip.
func (r *Recorder) Clip(id home.ClipID) (home.Clip, error) {
	row, err := r.row(id)
	if err != nil {
		return home.Clip{}, err
	}
	return r.clip(row), nil
}

func (r *Recorder) row(id home.ClipID) (clip.Row, error) {
	key, err := clip.ParseID(string(id))
	if err != nil {
		return clip.Row{}, &home.NotFound{What: "clip", ID: string(id)}
	}
	row, ok, err := r.store.Row(key)
	if err == nil && !ok {
		err = &home.NotFound{What: "clip", ID: string(id)}
	}
	return row, err
}

// File opens a sealed file of a clip: "film", "notes", or the number of a still.
// It is ciphertext, a standard age file; who may have it is not asked here.
func (r *Recorder) File(id home.ClipID, name string) (io.ReadSeeker, error) {
	row, err := r.row(id)
	if err != nil {
		return nil, err
	}
	track, err := parseTrack(name)
	if err != nil {
		return nil, err
	}
	file, err := r.store.Reader(row.ID, track)
	if errors.Is(err, clip.ErrNone) {
		return nil, &home.NotFound{What: name + " of the clip", ID: string(id)}
	}
	return file, err
}

func parseTrack(name string) (clip.Track, error) {
	switch name {
	case "film":
		return clip.Film, nil
	case "notes":
		return clip.Notes, nil
	}
	var n int
	if _, err := fmt.Sscanf(name, "%d", &n); err != nil || n < 0 || n >= maxStills || fmt.Sprint(n) != name {
		return 0, &home.Invalid{Field: "file", Reason: "want film, notes or the number of a still"}
	}
	return clip.Still + clip.Track(n), nil
}

// Delete deletes a clip: nothing opens it from here on.
func (r *Recorder) Delete(id home.ClipID, by string) (home.ClipDeletion, error) {
	row, err := r.row(id)
	if err != nil {
		return home.ClipDeletion{}, err
	}
	c := r.clip(row)
	if err := r.store.Delete(time.Now(), row.ID); err != nil {
		return home.ClipDeletion{}, refusal(err)
	}
	c.State = home.ClipDeleted
	r.Changes.Publish(c)
	r.line(c, by, by+" deleted a clip of "+r.stamp(c)+".")
	r.owe(time.Now())
	gone := home.At(time.Now().Add(GoneWithin))
	return home.ClipDeletion{Bytes: row.Bytes(), GoneBy: &gone}, nil
}

// stamp tells a clip from others in a sentence.
func (r *Recorder) stamp(c home.Clip) string {
	return r.name(c.Camera) + ", " + c.Start.UTC().Format(time.DateTime) + " UTC"
}

// line writes down what somebody did to a clip.
func (r *Recorder) line(c home.Clip, by, text string) {
	r.journal.Add(home.Event{At: home.At(time.Now()), Kind: home.KindAccess, Device: c.Camera, Who: home.Who(by), Text: text})
}

// Keep has a clip stay until somebody deletes it, or lets it go again.
func (r *Recorder) Keep(id home.ClipID, on bool, by string) (home.Clip, error) {
	row, err := r.row(id)
	if err != nil {
		return home.Clip{}, err
	}
	class := clip.Events
	if on {
		class = clip.Kept
	}
	if (row.Class == clip.Kept) != on {
		if row, err = r.store.Move(row.ID, class); err != nil {
			return home.Clip{}, refusal(err)
		}
		r.tell(row.ID)
		verb := " let go a clip of "
		if on {
			verb = " kept a clip of "
		}
		c := r.clip(row)
		r.line(c, by, by+verb+r.stamp(c)+".")
	}
	return r.clip(row), nil
}

// refusal is an error of the store in words that the faces know.
func refusal(err error) error {
	if errors.Is(err, clip.ErrOpen) {
		return &home.Conflict{Reason: "the clip is being recorded: wait until it has ended"}
	}
	if errors.Is(err, clip.ErrFull) {
		return &home.Conflict{Reason: "there is no room to copy it to: delete clips, or let go of what is kept"}
	}
	return err
}
